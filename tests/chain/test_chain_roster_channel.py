"""The roster as a channel: V1 to V6 of its entries."""

import pytest
from chainkit import Net, codes, offer, officer, signer

from cipherpost.chain.checks import (
    ForgedError,
    StatementsError,
    UnauthorizedError,
)
from cipherpost.errors import NewerError


@pytest.fixture
def net():
    made = Net()
    made.found("tver", "kursk")
    return made


# ---- center/roster ---------------------------------------------------------------------------------------------------


def test_v5_an_entry_needs_more_than_half_of_the_keepers(net):
    net.entry(officer("center/sverdlov"), officer("center/orlov"))
    net.entry("keepers orlov stasova sverdlov", endorsers=("orlov", "sverdlov"), by="stasova", draft=1)
    chain = net.chain()
    alone = net.entry("title tver Alone", number=5)
    net.entries.pop()
    both = net.entry("title tver Both", endorsers=("orlov",), draft=2)
    with pytest.raises(UnauthorizedError):
        offer(chain, alone)
    assert offer(chain, both).counts
    assert chain.roster.title("tver", 5) == "Both"


def test_v5_an_entry_by_no_keeper_or_with_a_wrong_key_is_refused(net):
    chain = net.chain()
    for made, error in [
        (net.entry("title tver X", number=3, key=signer("center/stasova", 5)), ForgedError),
        (net.entry("title tver X", number=3, by="orlov", previous=net.entries[1].hash), ForgedError),
    ]:
        with pytest.raises(error):
            offer(chain, made)
    assert chain.roster.newest == 2


def test_v6_an_entry_that_makes_no_sense_is_refused_as_a_whole_and_never_void(net):
    chain = net.chain()
    senseless = net.entry("title tver New", "retire tver/nobody")
    net.entries.pop()
    with pytest.raises(StatementsError):
        offer(chain, senseless)
    assert chain.roster.title("tver", 3) == "tver"
    assert offer(chain, net.entry("title tver New")).counts
    assert chain.channel("center/roster").tip[0] == 3


def test_v6_an_entry_with_an_unknown_word_says_update(net):
    chain = net.chain()
    newer = net.entry("wonders never cease")
    with pytest.raises(NewerError):
        offer(chain, newer)
    assert isinstance(chain.channel("center/roster").stopped, NewerError)
    assert offer(chain, net.entry("title tver Later")).status == "held"
    unsigned = net.entry("wonders never cease", number=3, previous=net.entries[1].hash, key=signer("tver/ivanov"))
    with pytest.raises(ForgedError):
        offer(chain, unsigned)


def test_v5_one_stolen_key_of_three_keepers_does_not_stop_the_roster_with_a_word_nobody_knows():
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"))
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    chain = net.chain()
    alone = net.entry("wonders never cease")
    net.entries.pop()
    with pytest.raises(UnauthorizedError):
        offer(chain, alone)
    assert chain.channel("center/roster").stopped is None
    with pytest.raises(NewerError):
        offer(chain, net.entry("wonders never cease", endorsers=["kagan"]))
    assert isinstance(chain.channel("center/roster").stopped, NewerError)


def test_v3_an_entry_of_a_newer_program_that_waited_stops_the_roster_where_it_stands(net):
    known = net.entry("title tver Tver")
    newer = net.entry("wonders never cease")
    chain = net.chain(entries=2)
    assert offer(chain, newer).status == "held"
    assert offer(chain, known).counts
    assert chain.roster.newest == 3
    assert list(chain.channel("center/roster").newer) == [4]


def test_v3_entries_in_any_order_end_in_one_roster(net):
    net.entry("title tver Tver")
    net.entry("title tver Tver Gubernia Committee")
    chain = net.chain(entries=0)
    for made in reversed(net.entries):
        offer(chain, made)
    assert chain.roster.newest == 4
    assert chain.channel("center/roster").held() == ()
    assert chain.roster.fingerprint == net.fingerprint


def test_v3_a_missing_entry_is_a_gap(net):
    net.entry("title tver Tver")
    net.entry("title tver Tver Gubernia Committee")
    chain = net.chain(entries=2)
    assert offer(chain, net.entries[3]).status == "held"
    view = chain.channel("center/roster")
    assert view.gaps() == ((3, 3),)
    assert view.wanted() == ((3, net.entries[2].hash),)
    assert set(codes(chain)) == {"gap", "held"}
