"""Audience keys that an audit judges by roster and headers: who holds them still, and who was never given one."""

import pytest
from auditkit import Board, found
from chain.chainkit import Made, officer, signer

from cipherpost.dispatch.header import KeyRef

ALL = "center/all"


@pytest.fixture
def board():
    return Board()


def post(board, kind, after=None, *, channel=ALL, key=None, by="stasova"):
    """The next dispatch of the center, under the key of number ``key``, or handing it on from center/all."""
    made = board.net.make(channel, after, by=by, kind=kind)
    if key is not None:
        line = KeyRef(None if channel == ALL else ALL, key)
        made = Made(made.header._replace(key=line), signer(f"center/{by}"))
    board.post(made)
    return made


def test_i8_a_key_that_all_readers_hold_says_nothing(board):
    post(board, "circular", post(board, "key"), key=1)
    assert board.audit().findings == ()


def test_i8_a_line_that_names_no_key_is_not_given(board):
    first = post(board, "circular")
    post(board, "circular", post(board, "circular", first, key=1), key=1)
    assert found(board.audit()) == [("not-given", "center/all/2"), ("not-given", "center/all/3")]


def test_i8_who_went_by_a_key_that_was_cut_off_since_is_not_blamed(board):
    """The officer who sent the key was dismissed afterwards: of his dispatch it is said that it does not count."""
    board.net.entry(officer("center/bazhanov"))
    first = post(board, "circular")
    key = post(board, "key", first, by="bazhanov")
    post(board, "circular", key, key=2)
    board.net.entry("compromised center/bazhanov", f"cut 4 center/all 1 {first.hash}")
    board.post()
    assert ("not-given", "center/all/3") not in found(board.audit())
    assert ("void", "center/all/2") in found(board.audit())


@pytest.mark.parametrize(
    "change", ["retire tver/petrova", "compromised tver/petrova", "dissolve kursk", officer("tver/petrova", 1)]
)
def test_i8_a_key_outlives_whoever_leaves_or_changes_his_keys(board, change):
    before = post(board, "circular", post(board, "key"), key=1)
    board.net.entry(change)
    under = post(board, "circular", before, key=1)
    report = board.audit()
    assert found(report) == [("removed-reader", "center/all/3")]
    assert report.findings[0].detail.startswith("the key of number 1 is held by ")
    renewed = post(board, "key", under)
    post(board, "circular", renewed, key=4)
    assert found(board.audit()) == [("removed-reader", "center/all/3")]


def test_i8_a_second_officer_of_an_office_that_was_given_the_key_is_no_finding(board):
    before = post(board, "key")
    board.net.entry(officer("tver/sidorov"))
    post(board, "circular", before, key=1)
    assert board.audit().findings == ()


def test_i8_an_office_that_comes_later_is_given_the_key_in_its_own_channel(board):
    before = post(board, "key")
    board.net.entry("office samara committee", officer("samara/orlov"))
    under = post(board, "circular", before, key=1)
    post(board, "circular", under, key=1)
    report = board.audit()
    assert found(report) == [("not-given", "center/all/2")]
    assert report.findings[0].detail == "samara was not given the key of number 1"
    post(board, "key", channel="center/samara", key=1)
    assert board.audit().findings == ()


def test_i8_who_was_handed_the_key_and_leaves_holds_it_too(board):
    before = post(board, "key")
    board.net.entry("office samara committee", officer("samara/orlov"))
    post(board, "key", channel="center/samara", key=1)
    under = post(board, "circular", before, key=1)
    board.net.entry("dissolve samara")
    post(board, "circular", under, key=1)
    assert found(board.audit()) == [("removed-reader", "center/all/3")]


def test_i8_who_reads_circulars_by_escrow_is_due_to_hold_the_key(board):
    before = post(board, "key")
    board.net.entry("office audit auditor", officer("audit/revizor"), "escrow circular audit")
    post(board, "circular", before, key=1)
    assert found(board.audit()) == [("not-given", "center/all/2")]
