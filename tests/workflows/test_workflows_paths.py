"""What a home writes down of a channel's path grows with what changed, not with the channel."""

import pytest
from workflowkit import IVANOV, NETWORK, PETROV, STASOVA, Net

from cipherpost.desk import Desk
from cipherpost.dispatch.header import Ack, Header, RosterRef, format_header
from cipherpost.note import Purpose, Text
from cipherpost.workflows import syncing

LONG = 60
"""Dispatches of the channel; writing its path anew would touch each of them twice."""


def check(desk: Desk, number: int, previous: str | None, *, time: str | None = None) -> tuple[str, bytes]:
    """A check that the officer of ``desk`` signs in tver/center: its hash and its note."""
    newest = desk.roster.newest
    header = Header(
        network=NETWORK,
        channel="tver/center",
        number=number,
        previous=previous,
        time=time or desk.time(),
        by=desk.officer,
        kind="check",
        roster=RosterRef(newest, desk.roster.hash_of(newest) or ""),
        acks=(Ack("center/tver", 0, None, "seen"),),
    )
    text = Text(Purpose.DISPATCH, format_header(header))
    return text.hash, desk.keys.signer.sign(text)


def written(desk: Desk, number: int, note: bytes) -> int:
    """How many rows of the database one note changes."""
    before = desk.mail._base.total_changes
    syncing.take_note(desk, "tver/center", number, note)
    return desk.mail._base.total_changes - before


@pytest.fixture
def long(net: Net) -> tuple[Net, list[str]]:
    """A network whose center knows a long channel, and the hashes of that channel."""
    net.everybody_fetches()
    hashes: list[str] = []
    with net.desk(IVANOV) as ivanov, net.desk(STASOVA) as desk:
        for number in range(1, LONG + 1):
            hashed, note = check(ivanov, number, hashes[-1] if hashes else None)
            syncing.take_note(desk, "tver/center", number, note)
            hashes.append(hashed)
        assert len(desk.mail.rows("tver/center")) == LONG
    return net, hashes


def test_i11_what_hangs_nowhere_or_lost_its_race_rewrites_no_path(long: tuple[Net, list[str]]) -> None:
    net, hashes = long
    with net.desk(STASOVA) as desk, net.desk(PETROV) as petrov:
        _, orphan = check(petrov, LONG + 20, "ab" * 32)
        assert written(desk, LONG + 20, orphan) < 5
        assert written(desk, LONG + 20, orphan) == 0, "nor does the same note, met at every fetch"
        _, rival = check(petrov, LONG, hashes[-2])
        assert written(desk, LONG, rival) < 5


def test_a_path_that_changes_sides_is_written_from_where_it_changed(long: tuple[Net, list[str]]) -> None:
    net, hashes = long
    with net.desk(STASOVA) as desk, net.desk(PETROV) as petrov:
        side, first = check(petrov, LONG, hashes[-2])
        _, second = check(petrov, LONG + 1, side)
        assert written(desk, LONG, first) < 5
        assert written(desk, LONG + 1, second) < 20, "the next header chose the other side"
        path = [node.hash for node in desk.chain.channel("tver/center").tree.path]
        assert path[:-2] == hashes[:-1]
    with net.desk(STASOVA) as again:
        assert [row.hash for row in again.mail.rows("tver/center")] == path, "and so it is read again"
        assert [node.hash for node in again.chain.channel("tver/center").tree.path] == path
        held = [number for _, number, _ in again.mail.waiting()]
        assert held == [LONG], "the side that lost waits"


def test_a_path_is_kept_whole_when_what_was_missing_comes_last(long: tuple[Net, list[str]]) -> None:
    net, hashes = long
    with net.desk(STASOVA) as desk, net.desk(IVANOV) as ivanov:
        notes, previous = [], hashes[-1]
        for number in range(LONG + 1, LONG + 4):
            previous, note = check(ivanov, number, previous)
            notes.append((number, note))
        for number, note in reversed(notes):
            syncing.take_note(desk, "tver/center", number, note)
    with net.desk(STASOVA) as again:
        assert [row.number for row in again.mail.rows("tver/center")] == list(range(1, LONG + 4))
        assert again.mail.waiting() == []
