"""One dispatch verified from its file, with the roster and its channel read from the same folder."""

import shutil

import pytest
from auditkit import Board
from chain.chainkit import Net, draft, sha, signer

from cipherpost.chain.checks import (
    ForgedError,
    ForkHeldError,
    GapHeldError,
    MisplacedError,
    RaceLostError,
    RosterHeldError,
    UnauthorizedError,
)
from cipherpost.dispatch.header import HeaderMalformedError, Report, Sealed
from cipherpost.note import NoteError
from cipherpost.postoffice import NoSuchObjectError
from cipherpost.text import TextError, spoken
from cipherpost.workflows.verifying import GenesisMissingError, NotePathError, OtherNetworkError, verify_file


@pytest.fixture
def board(tmp_path):
    made = Board()
    made.sent = made.net.run("tver/center", 3)
    made.post(*made.sent)
    made.root = tmp_path / "post"
    lay(made)
    return made


def lay(board):
    shutil.rmtree(board.root, ignore_errors=True)
    for name, data in board.store.objects.items():
        path = board.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def verify(board, channel="tver/center", number=3, alternate=None, fingerprint=None):
    lay(board)
    path = board.root / board.name(channel, number, alternate)
    return verify_file(path, fingerprint or board.net.fingerprint)


def add(board, made, alternate=None):
    board.store.objects[board.name(*made.slot, alternate)] = made.note
    return made


def test_a_dispatch_that_counts_tells_what_it_is(board):
    done = verify(board)
    told = done.as_json()
    assert (told["channel"], told["number"], told["hash"]) == ("tver/center", 3, board.sent[2].hash)
    assert (told["kind"], told["from"], told["to"], told["signers"]) == ("message", "tver", "center", ["ivanov"])
    assert told["counts"] is True
    assert told["sealed"] == [{"hash": sha("sealed"), "bytes": 1000}]
    shown = dict(done.lines())
    assert shown["dispatch"] == "tver/center/3"
    assert shown["to"] == "center (Central Committee)"
    assert shown["hash"] == board.sent[2].hash


def test_the_fingerprint_may_be_spoken(board):
    assert verify(board, fingerprint=spoken(board.net.fingerprint)).hash == board.sent[2].hash
    with pytest.raises(OtherNetworkError):
        verify(board, fingerprint=spoken(sha("another")))
    with pytest.raises(OtherNetworkError):
        verify(board, fingerprint=sha("another"))
    with pytest.raises(TextError):
        verify(board, fingerprint="12345")


def test_an_entry_of_the_roster_and_an_alternate_verify_too(board):
    assert verify(board, "center/roster", 2).as_json()["kind"] == "roster"
    made = add(board, board.net.make("tver/center", board.sent[2]), alternate=None)
    note = board.store.objects.pop(board.name(*made.slot))
    board.store.objects[board.name(*made.slot, made.hash)] = note
    assert verify(board, number=4, alternate=made.hash).hash == made.hash


def test_endorsers_are_among_the_signers(board):
    board.net.entry("threshold tver 2")
    board.store.objects.update({board.name(*entry.slot): entry.note for entry in board.net.entries})
    report = {"kind": "report", "letter": sha("letter"), "sealed": (Sealed(sha("sealed"), 9),)}
    report["report"] = Report("monthly-return", "2026-10", None, False)
    made = board.net.make("tver/center", board.sent[2], endorsers=("petrova",), draft=draft(), **report)
    add(board, made)
    assert verify(board, number=4).signers == ["ivanov", "petrova"]
    add(board, board.net.make("tver/center", made, **report))
    with pytest.raises(UnauthorizedError):
        verify(board, number=5)


def test_a_wrong_alternate_name_is_told_and_the_dispatch_counts(board):
    add(board, board.sent[2], alternate="0" * 64)
    assert [finding.code for finding in verify(board, alternate="0" * 64).findings] == ["misplaced"]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"kind message", b"kind massage", HeaderMalformedError),
        (b"number 3", b"number 4", MisplacedError),
        (b"network rkpb", b"network rkpc", MisplacedError),
        (b"T09:00:00Z", b"T09:00:01Z", ForgedError),
    ],
)
def test_a_changed_byte_ends_with_the_class_of_the_check(board, old, new, error):
    name = board.name("tver/center", 3)
    board.store.objects[name] = board.store.objects[name].replace(old, new)
    with pytest.raises(error) as caught:
        verify(board)
    assert (caught.value.channel, caught.value.number) == ("tver/center", 3)
    assert caught.value.exit_code == 3


def test_what_comes_before_must_be_there(board):
    del board.store.objects[board.name("tver/center", 2)]
    with pytest.raises(GapHeldError) as caught:
        verify(board)
    assert caught.value.exit_code == 6
    assert verify(board, number=1).hash == board.sent[0].hash


def test_the_roster_entry_relied_on_must_be_there(board):
    board.net.entry("title tver Tver")
    add(board, board.net.make("tver/center", board.sent[2]))
    with pytest.raises(RosterHeldError):
        verify(board, number=4)


def test_the_loser_of_a_race_and_the_sides_of_a_fork_do_not_count(board):
    mine = add(board, board.net.make("tver/center", board.sent[2]))
    other = board.net.make("tver/center", board.sent[2], by="petrova")
    add(board, other, alternate=other.hash)
    assert verify(board, number=4).hash == mine.hash
    with pytest.raises(RaceLostError):
        verify(board, number=4, alternate=other.hash)
    add(board, board.net.make("tver/center", mine))
    next_of_other = board.net.make("tver/center", other, by="petrova")
    add(board, next_of_other, alternate=next_of_other.hash)
    with pytest.raises(ForkHeldError) as caught:
        verify(board, number=4)
    assert caught.value.exit_code == 7


def test_a_stranger_is_forged(board):
    add(board, board.net.make("tver/center", board.sent[2], key=signer("tver/ivanov", 9)))
    with pytest.raises(ForgedError):
        verify(board, number=4)


def test_a_folder_without_a_genesis_or_with_a_broken_one_says_so(board):
    note = board.store.objects.pop(board.name("center/roster", 1))
    with pytest.raises(GenesisMissingError):
        verify(board)
    board.store.objects[board.name("center/roster", 1)] = b"junk"
    with pytest.raises(NoteError, match="center/roster/00000001"):
        verify(board)
    board.store.objects[board.name("center/roster", 1)] = note.replace(b"Central", b"Cantral")
    with pytest.raises(OtherNetworkError):
        verify(board)


def test_a_note_of_another_network_in_the_same_post_office_needs_its_own_fingerprint(board):
    other = Net(network="other")
    board.store.objects["other/center/roster/00000001.note"] = other.entries[0].note
    lay(board)
    path = board.root / "other/center/roster/00000001.note"
    with pytest.raises(OtherNetworkError):
        verify_file(path, board.net.fingerprint)
    assert verify_file(path, other.fingerprint).network == "other"


@pytest.mark.parametrize("name", ["3.note", "rkpb/tver/center/3.note", "rkpb/tver/cards/00000003.note", "letter.age"])
def test_only_the_path_of_a_note_in_a_post_office_will_do(board, name):
    with pytest.raises(NotePathError) as caught:
        verify_file(board.root / name, board.net.fingerprint)
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_no_such_object(board):
    with pytest.raises(NoSuchObjectError):
        verify(board, number=9)


def test_a_path_may_be_relative(board, monkeypatch):
    folder = board.root / "rkpb" / "tver" / "center"
    monkeypatch.chdir(folder)
    from pathlib import Path

    assert verify_file(Path("00000003.note"), board.net.fingerprint).header.number == 3
