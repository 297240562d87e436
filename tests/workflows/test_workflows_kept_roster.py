"""The roster that a home keeps is a shortcut: stale, torn, altered or foreign it changes nothing."""

import pytest
from workflowkit import IVANOV, NETWORK, STASOVA, Net

from cipherpost.desk import Desk
from cipherpost.home.verified import KEPT, load_chain
from cipherpost.roster import snapshot
from cipherpost.roster.fold import Roster
from cipherpost.text import sha256
from cipherpost.workflows import offices
from cipherpost.workflows.doctor import examine


def said(net: Net, who: str) -> bytes:
    """All that the roster says to an officer, by the home as the next command finds it."""
    with net.desk(who) as desk:
        return snapshot.dump(desk.roster.folded, NETWORK)


def folded(net: Net, who: str) -> bytes:
    """The same by the entries alone."""
    with net.desk(who) as desk:
        return snapshot.dump(load_chain(desk.mail, desk.network, desk.fingerprint).roster.folded, NETWORK)


def loaded(net: Net, text: bytes) -> snapshot.Snapshot:
    return snapshot.load(text, network=NETWORK, fingerprint=net.fingerprint)


def add_office(net: Net, name: str) -> None:
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name=name, role="committee", title=f"{name} committee")])


@pytest.fixture
def no_folding(monkeypatch):
    """From the call on, no entry may be folded."""

    def begin():
        def refuse(*_: object) -> None:
            raise AssertionError("an entry was folded again")

        monkeypatch.setattr(Roster, "apply", refuse)

    return begin


def test_what_was_folded_once_is_not_folded_again(net, no_folding):
    net.fetch(IVANOV)
    expected = folded(net, IVANOV)
    no_folding()
    assert said(net, IVANOV) == expected
    net.send(IVANOV, "a letter needs the roster", "center")


def test_a_stale_one_is_gone_on_from(net):
    net.fetch(IVANOV)
    kept = net.home(IVANOV) / KEPT
    stale = kept.read_bytes()
    at = loaded(net, stale).number
    add_office(net, "kaluga")
    net.fetch(IVANOV)
    fresh = kept.read_bytes()
    assert fresh != stale
    kept.write_bytes(stale)
    assert said(net, IVANOV) == folded(net, IVANOV)
    assert [loaded(net, text).number for text in (stale, fresh, kept.read_bytes())] == [at, at + 1, at + 1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: b"",
        lambda text: text.replace(b"tver", b"tvar"),
        lambda text: text.replace(b"cipherpost roster 1", b"cipherpost roster 9"),
        lambda text: b"\x00" * len(text),
    ],
    ids=["torn", "empty", "altered", "newer", "zeros"],
)
def test_i4_a_damaged_one_is_as_good_as_none_and_made_anew(net, damage):
    net.fetch(IVANOV)
    kept = net.home(IVANOV) / KEPT
    good = kept.read_bytes()
    kept.write_bytes(damage(good))
    assert said(net, IVANOV) == folded(net, IVANOV)
    assert kept.read_bytes() == good


def test_one_made_from_other_entries_is_as_good_as_none(net):
    """Whole, of this network, and of entries that this home has not verified: ahead of it, or other ones."""
    net.fetch(IVANOV)
    kept = net.home(IVANOV) / KEPT
    mine = kept.read_bytes()
    add_office(net, "kaluga")
    ahead = (net.home(STASOVA) / KEPT).read_bytes()
    head = loaded(net, mine).head
    rest = mine.partition(b"\n")[2].replace(head.encode(), sha256(b"another entry").encode())
    other = b" ".join((*mine.split(b" ")[:4], sha256(rest).encode())) + b"\n" + rest
    assert loaded(net, other) is not None
    for foreign in (ahead, other):
        kept.write_bytes(foreign)
        assert said(net, IVANOV) == folded(net, IVANOV)
        assert kept.read_bytes() == mine


def test_a_home_that_cannot_keep_it_does_without(net):
    kept = net.home(IVANOV) / KEPT
    kept.unlink(missing_ok=True)
    kept.mkdir()
    net.fetch(IVANOV)
    net.send(IVANOV, "it works", "center")
    assert said(net, IVANOV) == folded(net, IVANOV)


def test_who_does_not_hold_the_lock_writes_nothing(net):
    net.fetch(IVANOV)
    kept = net.home(IVANOV) / KEPT
    kept.unlink()
    with Desk.open(net.home(IVANOV), post=net.post, clock=net.clock) as desk:
        assert desk.roster.newest
    assert not kept.exists()


def test_a_rebuilt_database_is_folded_from_its_notes(net):
    net.fetch(IVANOV)
    kept = net.home(IVANOV) / KEPT
    kept.write_bytes(b"whatever")
    examine(net.home(IVANOV), rebuild=True)
    assert said(net, IVANOV) == folded(net, IVANOV)
    assert kept.read_bytes() != b"whatever"
