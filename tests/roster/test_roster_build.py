"""Lists of statements for what people want to do; each is one that the roster takes."""

import pytest
from rosterkit import Net, officer, sha

from cipherpost.dispatch.header import Head
from cipherpost.roster import build
from cipherpost.roster.statements import Compromised, Cut, Dissolve, Keepers, Retire, Suspend, format_statements

H = sha("20")
HEADS = {"tver/center": (20, H), "tver/tver": (3, sha("3")), "samara/center": (9, H), "center/all": (14, H)}


@pytest.fixture
def net():
    net = Net()
    net.offices("tver", "samara")
    return net


def test_the_genesis_is_one_that_the_roster_takes():
    net = Net(genesis="")
    net.state(*build.genesis(officer("center/stasova"), title="Central Committee", timezone="Europe/Moscow"))
    assert (net.roster.keepers(1), net.roster.timezone(1)) == (("stasova",), "Europe/Moscow")


def test_who_loses_standing_is_cut_in_every_channel_of_the_office(net):
    made = build.take_away(net.roster, [Suspend("tver")], HEADS)
    assert format_statements(made).decode().splitlines() == [
        "suspend tver", f"cut 3 tver/center 20 {H}", f"cut 3 tver/tver 3 {sha('3')}",
    ]  # fmt: skip
    net.state(*made)
    assert build.take_away(net.roster, [Dissolve("tver")], HEADS) == (Dissolve("tver"),)  # nobody is left to be cut
    net.state(*build.take_away(net.roster, [Dissolve("tver")], HEADS))
    net.state(*build.take_away(net.roster, [Dissolve("samara")], {}))
    assert net.roster.cut(5, "samara/center") == (0, None)


def test_several_offices_in_one_entry_are_cut_each(net):
    net.state(*build.take_away(net.roster, [Retire("tver", "ivanov"), Compromised("samara", "ivanov")], HEADS))
    assert net.roster.cut(3, "tver/center") == (20, H)
    assert net.roster.cut(3, "samara/center") == (9, H)
    assert net.roster.cut(3, "samara/samara") == (0, None)


def test_old_keys_are_cut_at_what_is_higher(net):
    told = [Head("tver/center", 22, sha("22")), Head("tver/tver", 2, sha("2"))]
    net.state(*build.rotate_with_cuts(net.roster, officer("tver/ivanov", 1), HEADS, told))
    assert net.roster.cut(3, "tver/center") == (22, sha("22"))
    assert net.roster.cut(3, "tver/tver") == (3, sha("3"))


def test_a_new_officer_cuts_nobody(net):
    assert build.take_away(net.roster, [officer("tver/petrov")], HEADS) == (officer("tver/petrov"),)


def test_a_keeper_who_leaves_is_left_out_of_the_keepers(net):
    with pytest.raises(build.LastKeeperError):
        build.take_away(net.roster, [Retire("center", "stasova")], HEADS)
    net.state(officer("center/sverdlov"), "keepers stasova sverdlov")
    made = build.take_away(net.roster, [Retire("center", "stasova")], HEADS)
    assert Keepers(("sverdlov",)) in made
    assert not any(isinstance(each, Cut) and each.channel == "center/roster" for each in made)
    net.state(*made)
    assert net.roster.cut(4, "center/all") == (14, H)


def test_a_keeper_whose_keys_are_replaced_stays_one(net):
    taking = [Compromised("center", "stasova"), officer("center/stasova", 1)]
    net.state(*build.take_away(net.roster, taking, HEADS))
    assert net.roster.keepers(3) == ("stasova",)
    assert not any(isinstance(each, Keepers) for each in net.roster.entries[2].statements)
