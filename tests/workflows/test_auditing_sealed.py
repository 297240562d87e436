"""V9 without a key: sealed files that are missing, swapped, too weak, or sealed to too few."""

import hashlib
import io

import pytest
from auditkit import Board, found, places
from chain.chainkit import Made, officer, signer
from simulator import HostilePost

from cipherpost import age
from cipherpost.dispatch.header import KeyRef, Sealed
from cipherpost.postoffice import UnreachableError, names

KEYS = [age.HybridIdentity.from_seed(bytes([n]) * 32).recipient for n in range(1, 8)]
OFFICERS = 5  # the center's one, and two each of tver and kursk


def sealed_to(recipients, data=b"letter"):
    sink = io.BytesIO()
    age.encrypt(recipients, io.BytesIO(data), sink)
    return sink.getvalue()


GOOD = sealed_to(KEYS[:OFFICERS])


@pytest.fixture
def board():
    return Board()


def circular(board, data, **more):
    made = board.net.make("center/all", by="stasova", kind="circular", sealed=board.seal(data), **more)
    board.post(made)
    return made


def file_of(board, made, at=0):
    return names.sealed_name(board.net.network, made.header.office, made.header.sealed[at].hash)


def code(report):
    return report.exit_code(strict=False, everything=False)


def test_v9_a_whole_file_sealed_to_all_readers_is_well(board):
    circular(board, GOOD)
    report = board.audit(sealed=True)
    assert report.findings == ()
    assert report.exit_code(strict=True, everything=True) == 0


def test_v9_is_not_looked_at_unless_asked_for(board):
    made = circular(board, GOOD)
    del board.store.objects[file_of(board, made)]
    post = HostilePost(board.store)
    assert board.audit(post=post).findings == ()
    assert post.count("stream") == 0


def test_v9_a_missing_file_is_letter_missing(board):
    made = circular(board, GOOD)
    del board.store.objects[file_of(board, made)]
    report = board.audit(sealed=True)
    assert found(report) == [("letter-missing", "center/all/1")]
    assert code(report) == 6


@pytest.mark.parametrize(
    "how", ["flip the first", "flip the header", "flip the last", "cut", "longer", "another", "empty"]
)
def test_v9_an_altered_file_is_swapped_and_the_header_counts(board, how):
    made = circular(board, GOOD)
    middle = len(GOOD) // 2
    board.store.objects[file_of(board, made)] = {
        "flip the first": b"\x00" + GOOD[1:],
        "flip the header": GOOD[:middle] + bytes([GOOD[middle] ^ 1]) + GOOD[middle + 1 :],
        "flip the last": GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
        "cut": GOOD[:-1],
        "longer": GOOD + b"x",
        "another": sealed_to(KEYS[:OFFICERS]),
        "empty": b"",
    }[how]
    report = board.audit(sealed=True)
    assert found(report) == [("swapped", "center/all/1")]
    assert report.dispatches == 3
    assert code(report) == 3


def test_v9_weaker_recipients_are_downgraded_and_point_to_the_sender(board):
    made = circular(board, sealed_to([age.X25519Identity.generate().recipient for _ in range(OFFICERS)]))
    report = board.audit(sealed=True)
    assert found(report) == [("downgraded", f"center/all/{made.number}")]
    assert report.findings[0].points_to == "sender"
    assert code(report) == 3


def test_v9_a_signed_file_that_is_no_age_file_is_downgraded(board):
    circular(board, b"PK\x03\x04" + bytes(300))
    assert found(board.audit(sealed=True)) == [("downgraded", "center/all/1")]


def test_v9_fewer_recipients_than_readers_is_the_finding_readers(board):
    circular(board, sealed_to(KEYS[: OFFICERS - 1]))
    report = board.audit(sealed=True)
    assert found(report) == [("readers", "center/all/1")]
    assert f"{OFFICERS - 1} of {OFFICERS}" in report.findings[0].detail
    assert code(report) == 0
    assert report.exit_code(strict=True, everything=False) == 3


def test_v9_more_recipients_than_readers_may_be_since_a_letter_has_several_audiences(board):
    circular(board, sealed_to(KEYS))
    assert board.audit(sealed=True).findings == ()


def test_v9_readers_are_those_of_the_roster_entry_relied_on(board):
    made = board.net.make("center/all", by="stasova", kind="circular", sealed=board.seal(GOOD))
    board.net.entry("office samara committee", officer("samara/orlov"))
    board.post(made)
    assert board.audit(sealed=True).findings == ()


def test_v9_stanzas_that_mean_nothing_are_no_recipients(board):
    head, mac = GOOD.split(b"\n--- ", 1)
    greased = head + b"\n-> x-grease y\nAAAA\n--- " + mac
    circular(board, greased)
    assert board.audit(sealed=True).findings == ()


@pytest.mark.parametrize(("count", "codes"), [(1, []), (2, [("readers", "center/all/2")])])
def test_v9_under_an_audience_key_there_is_exactly_one_recipient(board, count, codes):
    key = board.net.make("center/all", by="stasova", kind="key", sealed=board.seal(GOOD))
    plain = board.net.make("center/all", key, by="stasova", kind="circular", sealed=board.seal(sealed_to(KEYS[:count])))
    under = Made(plain.header._replace(key=KeyRef(None, 1)), signer("center/stasova"))
    board.post(key, under)
    assert found(board.audit(sealed=True)) == codes


def test_v9_kind_key_is_counted_over_all_its_files(board):
    parts = [board.seal(sealed_to(KEYS[:2]))[0], board.seal(sealed_to(KEYS[2:OFFICERS]))[0]]
    key = board.net.make("center/all", by="stasova", kind="key", sealed=tuple(parts))
    board.post(key)
    assert board.audit(sealed=True).findings == ()
    del board.store.objects[file_of(board, key, 1)]
    assert places(board.audit(sealed=True), "letter-missing") == ["center/all/1"]


def test_v9_a_file_that_serves_two_channels_is_read_once(board):
    sealed = board.seal(GOOD)
    one = board.net.make("center/all", by="stasova", kind="circular", sealed=sealed)
    two = board.net.make("center/tver", by="stasova", kind="instruction", sealed=sealed)
    board.post(one, two)
    post = HostilePost(board.store)
    assert board.audit(post=post, sealed=True).findings == ()
    assert post.count("stream") == 1
    board.store.objects[file_of(board, one)] = GOOD[:-1]
    assert places(board.audit(sealed=True), "swapped") == ["center/all/1", "center/tver/1"]


def test_v9_the_sealed_file_of_a_dispatch_that_does_not_count_is_not_looked_for(board):
    nowhere = (Sealed(hashlib.sha256(b"nothing").hexdigest(), 9),)
    board.post(board.net.make("tver/center", kind="instruction", sealed=nowhere))
    assert found(board.audit(sealed=True)) == [("unauthorized", "tver/center/1")]


def test_i7_a_file_that_breaks_off_while_it_is_read_is_said_and_the_rest_goes_on(board):
    made = circular(board, GOOD)
    lone = board.net.make("center/tver", by="stasova", kind="instruction", sealed=board.seal(sealed_to(KEYS[:1])))
    board.post(lone)
    post = HostilePost(board.store)
    post.fail("stream", file_of(board, made), when="midway")
    report = board.audit(post=post, sealed=True)
    assert found(report) == [("readers", "center/tver/1")]
    assert code(report) == 1
    assert made.header.sealed[0].hash in " ".join(report.as_json()["not_checked"])


def test_a_post_office_that_goes_away_meanwhile_ends_the_audit(board):
    circular(board, GOOD)
    post = HostilePost(board.store)
    post.fail("stream", times=None)
    post.fail("size", times=None)
    with pytest.raises(UnreachableError):
        board.audit(post=post, sealed=True)
