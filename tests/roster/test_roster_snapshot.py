"""A kept roster says what the entries say that it was made from, goes on like them, and altered it is nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosterkit import NETWORK, Net, officer, seen, sha, whole

from cipherpost.note import SignerKey
from cipherpost.roster import snapshot
from cipherpost.roster.fold import Roster
from cipherpost.roster.refusals import KeyTakenError, NameTakenError

H = sha("form")
LATER = (
    ["threshold tver 2", officer("tver/petrov"), "title volga The Volga", "check tver weekly"],
    [officer("samara/ivanov", 1), f"cut 7 samara/center 20 {H}", "cut 7 samara/samara 0 none"],
    ["suspend saratov", f"cut 8 saratov/center 3 {H}", "retire tver/petrov", f"settle samara/center 14 {H}"],
    ["reinstate saratov", "duty f all end 2027-06", f"form f 2 {sha('two')}", "group volga tver"],
    [officer("center/sverdlov"), "keepers stasova sverdlov", "escrow report audit", "threshold saratov 3"],
    ["compromised samara/ivanov", f"cut 11 samara/center 21 {H}", "lateral volga end", "dissolve saratov"],
)


def long_lived() -> Net:
    """A roster with something in every part."""
    key = SignerKey(f"{NETWORK}/center/recovery", bytes(range(32))).verifier
    net = Net(
        "keepers stasova\noffice center center\ntitle center Центральный комитет\n"
        f"{officer('center/stasova')}\nrecovery 1 {key}\ntimezone Europe/Moscow\n"
    )
    net.offices("tver", "samara", "saratov")
    net.offices("audit", role="auditor")
    net.state("title tver Tver Committee", "group volga samara saratov", "lateral volga", f"form f 1 {H}")
    net.state("duty f all monthly due 5 grace 3 from 2026-12", "duty f tver event within 7", "escrow report audit tver")
    for lines in LATER:
        net.state(*lines)
    return net


def taken_up(net: Net) -> Roster:
    """The roster of ``net`` as it comes back from what was kept."""
    text = snapshot.dump(net.roster.folded, NETWORK)
    kept = snapshot.load(text, network=NETWORK, fingerprint=net.roster.fingerprint)
    assert kept is not None
    assert (kept.number, kept.head) == (net.roster.newest, net.roster.hash_of(net.roster.newest))
    roster = Roster(NETWORK, net.roster.fingerprint)
    kept.state.entries = list(net.roster.entries)
    roster.restore(kept.state)
    return roster


def test_what_was_kept_answers_like_what_was_folded() -> None:
    net = long_lived()
    assert whole(taken_up(net)) == whole(net.roster)


def test_it_goes_on_with_further_entries_and_refuses_the_same() -> None:
    folded, kept = long_lived(), long_lived()
    kept.roster = taken_up(kept)
    with pytest.raises(NameTakenError):
        kept.state("office tver committee")
    with pytest.raises(KeyTakenError):
        kept.state("office minsk committee", officer("minsk/ivanov", card=sha("card tver/ivanov 0")))
    for net in (folded, kept):
        net.state("office minsk committee", officer("minsk/ivanov"), "group volga minsk tver", "lateral volga")
        net.state(officer("tver/ivanov", 1), f"cut {net.roster.newest + 1} tver/center 9 {H}", "title tver T")
        net.state("duty f all monthly due 9 from 2027-09", f"cut 7 samara/center 22 {H}", "threshold minsk 1")
    assert whole(kept.roster) == whole(folded.roster)


def test_a_part_that_nobody_asked_for_is_kept_as_it_is() -> None:
    """Kept, taken up, touched here and there, kept again: nothing is lost by that."""
    net = long_lived()
    told = whole(net.roster)
    for touch in (lambda roster: None, lambda roster: roster.title("tver", 3), seen, whole):
        net.roster = taken_up(net)
        touch(net.roster)
    assert whole(taken_up(net)) == told


def test_what_a_refused_entry_changed_is_taken_back() -> None:
    net = long_lived()
    told = whole(net.roster)
    net.roster = taken_up(net)
    with pytest.raises(NameTakenError):
        net.state(
            officer("tver/ivanov", 1), "title tver T", "threshold tver 1", "group volga none", "office tver committee"
        )
    assert whole(net.roster) == told


TEXT = snapshot.dump(long_lived().roster.folded, NETWORK)
PRINT = long_lived().roster.fingerprint


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), flip=st.integers(1, 255))
def test_any_one_changed_byte_of_it_makes_it_nothing(at: int, flip: int) -> None:
    altered = TEXT[:at] + bytes([TEXT[at] ^ flip]) + TEXT[at + 1 :]
    assert snapshot.load(altered, network=NETWORK, fingerprint=PRINT) is None


def test_a_torn_one_is_nothing() -> None:
    for length in range(len(TEXT)):
        assert snapshot.load(TEXT[:length], network=NETWORK, fingerprint=PRINT) is None
    assert snapshot.load(TEXT + b"x", network=NETWORK, fingerprint=PRINT) is None


def test_one_of_another_network_or_program_is_nothing(monkeypatch) -> None:
    assert snapshot.load(TEXT, network=NETWORK, fingerprint=PRINT) is not None
    assert snapshot.load(TEXT, network=NETWORK, fingerprint=sha("other")) is None
    assert snapshot.load(TEXT, network="other", fingerprint=PRINT) is None
    for mine in ((b"2", snapshot._MINE[1]), (snapshot._MINE[0], b"99.0")):
        monkeypatch.setattr(snapshot, "_MINE", mine)
        assert snapshot.load(TEXT, network=NETWORK, fingerprint=PRINT) is None
