"""What an ack, a head or a link names is asked for under evidence, though the post office does not list it."""

import pytest
from auditkit import Board, places
from chain.chainkit import NETWORK, Made, sha, signer
from simulator import HostilePost

from cipherpost.dispatch.header import Ack, RosterRef
from cipherpost.postoffice import names
from cipherpost.workflows import audit_named, audit_reading
from cipherpost.workflows.auditing import audit

LATER = "2026-11-22T09:30:00Z"


@pytest.fixture
def hidden(board: Board) -> HostilePost:
    """All that lies under evidence is there, and never listed."""
    post = HostilePost(board.store)
    post.knobs.unlisted.append(f"{NETWORK}/*/evidence/*")
    return post


def lay(board: Board, office: str, made) -> None:
    board.store.create(names.evidence_name(NETWORK, office, made.hash), made.note)


def acked(board: Board, channel: str, *hashes: tuple[int, str]) -> None:
    """The center acks dispatches of tver."""
    acks = tuple(Ack(channel, number, hashed, "seen") for number, hashed in hashes)
    board.post(board.net.make("center/tver", board.receipt, by="stasova", kind="receipt", acks=acks))


def other_side(board: Board):
    """The third dispatch of tver once more, and the center acks this one."""
    other = board.net.make("tver/center", board.sent[1], time=LATER)
    acked(board, "tver/center", (3, other.hash))
    return other


@pytest.mark.parametrize("office", ["tver", "center"])
def test_v8_the_other_side_of_a_fork_is_asked_for_by_the_hash_that_an_ack_names(board, hidden, office) -> None:
    lay(board, office, other_side(board))
    report = board.audit(post=hidden)
    assert places(report, "fork") == ["tver/center/3"]
    assert any("does not list all it holds (1 or more" in each for each in report.not_checked)


def test_v8_an_ack_of_what_nobody_laid_down_is_a_word_against_a_word(board, hidden) -> None:
    other_side(board)
    report = board.audit(post=hidden)
    assert (places(report, "fork"), places(report, "disagrees")) == ([], ["center/tver/2"])


def test_v3_what_is_missing_and_acked_comes_out_of_evidence_with_what_it_links_to(board, hidden) -> None:
    gone = board.net.run("tver/center", 3, board.sent[2])
    acked(board, "tver/center", (6, gone[2].hash))
    for made in gone:
        lay(board, "tver", made)
    report = board.audit(post=hidden)
    assert places(report, "gap") == ["tver/center/4", "tver/center/5", "tver/center/6"]
    assert {each.detail.split(";")[0] for each in report.findings if each.code == "gap"} == {"it is not in its slot"}
    assert ("tver/center", 6, gone[2].hash) in report.heads


def test_v4_an_entry_of_the_roster_on_which_somebody_relies_is_asked_for(board, hidden) -> None:
    board.net.entry("title tver One")
    other = board.net.entry("title tver Other", number=3, previous=board.net.entries[1].hash)
    honest = board.net.make("kursk/tver")
    misled = Made(honest.header._replace(roster=RosterRef(3, other.hash)), signer("kursk/ivanov"))
    board.post(misled)
    assert places(board.audit(post=hidden), "fork") == []
    lay(board, "kursk", other)
    report = board.audit(post=hidden)
    assert places(report, "fork") == ["center/roster/3"]
    assert report.unread == {}


def test_i11_a_liar_who_names_much_makes_no_long_audit(board, hidden, monkeypatch) -> None:
    monkeypatch.setattr(audit_named, "ASKED", 5)
    monkeypatch.setattr(audit_reading, "ASKED", 5)
    acked(board, "tver/center", *((number, sha(f"{number}")) for number in range(4, 40)))
    board.audit(post=hidden)
    asked = {name for operation, name in hidden.calls if operation == "get" and "/evidence/" in name}
    assert len(asked) == 5


def test_i11_an_audit_says_that_more_is_named_than_it_asks_for(board, hidden, monkeypatch) -> None:
    """A liar names so many texts that nobody asks for the true one; it does not go unsaid."""
    other = other_side(board)
    lay(board, "tver", other)
    assert not any("where another side may lie" in each for each in board.audit(post=hidden).not_checked)
    for module in (audit_named, audit_reading):
        monkeypatch.setattr(module, "ASKED", 1)
    report = audit(board.subject(post=hidden))
    assert sum("where another side may lie" in each for each in report.not_checked) == 1


def test_v9_an_audit_of_sealed_files_says_which_it_did_not_look_at(board) -> None:
    line = board.seal(b"sealed")
    gap = board.net.run("kursk/kursk", 3, sealed=line)
    board.post(gap[0], gap[2])
    told = audit(board.subject(), sealed=True).not_checked
    assert "V9, the sealed files of what is held or does not count: 1 dispatch" in told
    board.post(gap[1])
    assert not any("does not count" in each for each in audit(board.subject(), sealed=True).not_checked)
