"""Whose signature counts: standing, cuts, endorsements, keepers (V5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosterkit import GENESIS, Net, dispatch, endorse, officer, sha, signer, vkey

from cipherpost.dispatch.header import Endorsement
from cipherpost.errors import NotAuthenticError
from cipherpost.roster.standing import (
    CutOffError,
    EndorsementError,
    KeeperSignersError,
    NoStandingError,
    StandingError,
    ThresholdError,
    UnknownSignerError,
    check_endorsements,
    check_roster_signers,
    may_sign,
)

H = sha("20")


@pytest.fixture
def net():
    """Entry 1 genesis, 2: tver with ivanov and petrov."""
    net = Net()
    net.state("office tver committee", officer("tver/ivanov"), officer("tver/petrov"))
    return net


def counts(net, number, at, who="ivanov", channel="tver/center"):
    try:
        may_sign(net.roster, channel=channel, number=number, officer=who, at=at)
    except StandingError:
        return False
    return True


def counting(net, at, who="ivanov", channel="tver/center", up_to=40):
    """The highest number that counts, when all below do too; else what counts."""
    found = [number for number in range(1, up_to + 1) if counts(net, number, at, who, channel)]
    assert found == list(range(1, len(found) + 1))
    return len(found)


# ---- standing and cuts -------------------------------------------------------------------------------------------


def test_v5_an_officer_in_good_standing_signs_with_the_key_of_that_entry(net):
    net.state(officer("tver/ivanov", 1), f"cut 3 tver/center 20 {H}")
    assert may_sign(net.roster, channel="tver/center", number=5, officer="ivanov", at=2) == vkey("tver/ivanov")
    assert may_sign(net.roster, channel="tver/center", number=21, officer="ivanov", at=3) == vkey("tver/ivanov", 1)


def test_v5_nobody_else_signs(net):
    net.state("office samara committee", officer("samara/orlov"))
    with pytest.raises(UnknownSignerError):
        may_sign(net.roster, channel="tver/center", number=1, officer="orlov", at=3)
    with pytest.raises(NoStandingError, match="from entry 3"):
        may_sign(net.roster, channel="samara/center", number=1, officer="orlov", at=2)
    with pytest.raises(UnknownSignerError):
        may_sign(net.roster, channel="kiev/center", number=1, officer="orlov", at=2)
    assert issubclass(StandingError, NotAuthenticError)


@pytest.mark.parametrize("cause", ["retire tver/ivanov", "compromised tver/ivanov", "suspend tver", "dissolve tver",
                                   str(officer("tver/ivanov", 1))])  # fmt: skip
def test_v5_what_took_the_standing_away_cuts(net, cause):
    net.state(cause, f"cut 3 tver/center 20 {H}")
    assert counting(net, at=2) == 20
    assert counting(net, at=2, channel="tver/tver") == 0  # not named: cut at 0
    if "officer" not in cause:
        assert counting(net, at=3) == 0
        with pytest.raises(NoStandingError, match="lost it in entry 3"):
            may_sign(net.roster, channel="tver/center", number=1, officer="ivanov", at=3)


def test_v5_a_refusal_tells_number_cut_and_what_the_center_can_do(net):
    net.state("retire tver/ivanov", f"cut 3 tver/center 20 {H}")
    with pytest.raises(CutOffError) as caught:
        may_sign(net.roster, channel="tver/center", number=21, officer="ivanov", at=2)
    assert (caught.value.channel, caught.value.number) == ("tver/center", 21)
    assert "ends with number 20" in str(caught.value)
    assert "move the cut of entry 3" in caught.value.hints[0]


def test_v5_a_colleague_who_honestly_cites_an_older_entry_still_counts(net):
    net.state("retire tver/ivanov", f"cut 3 tver/center 20 {H}")
    assert counting(net, at=2, who="petrov") == counting(net, at=3, who="petrov") == 40
    assert counting(net, at=2, who="ivanov") == 20


def test_v5_cuts_are_those_of_the_entry_that_took_the_signers_standing(net):
    net.state("retire tver/ivanov", f"cut 3 tver/center 20 {H}")
    net.state("retire tver/petrov", f"cut 4 tver/center 30 {sha('30')}")
    assert counting(net, at=2, who="ivanov") == 20
    assert counting(net, at=2, who="petrov") == counting(net, at=3, who="petrov") == 30


def test_v5_a_later_entry_moves_a_cut_and_the_last_holds(net):
    net.state("retire tver/ivanov", f"cut 3 tver/center 20 {H}")
    net.state(f"cut 3 tver/center 22 {sha('22')}")  # a report that was still on a stick
    assert counting(net, at=2) == 22
    net.state(f"cut 3 tver/tver 7 {sha('7')}")  # named for the first time
    assert counting(net, at=2, channel="tver/tver") == 7
    net.state("cut 3 tver/center 0 none")
    assert counting(net, at=2) == 0


def test_v5_a_reinstated_office_signs_again_and_the_cuts_of_its_suspension_stay(net):
    net.state("suspend tver", f"cut 3 tver/center 20 {H}")
    net.state("reinstate tver")
    assert counting(net, at=2) == counting(net, at=2, who="petrov") == 20
    assert counting(net, at=3) == 0
    assert counting(net, at=4) == 40
    assert may_sign(net.roster, channel="tver/center", number=40, officer="ivanov", at=4) == vkey("tver/ivanov")


def test_v5_every_later_entry_that_took_the_standing_of_a_key_cuts(net):
    net.state("suspend tver", f"cut 3 tver/center 20 {H}")
    net.state("reinstate tver")
    net.state("compromised tver/ivanov", f"cut 5 tver/center 8 {sha('8')}")
    assert counting(net, at=2) == 8  # the key was lost before the suspension
    assert counting(net, at=4) == 8
    assert counting(net, at=2, who="petrov") == 20
    net.state(f"cut 5 tver/center 33 {sha('33')}")
    assert (counting(net, at=2), counting(net, at=4)) == (20, 33)


def test_v5_new_keys_are_not_cut_by_what_befell_the_old(net):
    net.state("compromised tver/ivanov", officer("tver/ivanov", 1))
    net.state("suspend tver", f"cut 4 tver/center 20 {H}")
    assert (counting(net, at=2), counting(net, at=3)) == (0, 20)


def test_v5_an_officer_retired_while_suspended_is_judged_by_the_suspension(net):
    net.state("suspend tver", f"cut 3 tver/center 20 {H}")
    net.state("retire tver/ivanov")
    net.state("reinstate tver")
    assert counting(net, at=2) == 20
    assert (counting(net, at=5), counting(net, at=5, who="petrov")) == (0, 40)


def test_v5_the_office_dissolved_after_its_suspension_keeps_the_cuts_of_the_suspension(net):
    net.state("suspend tver", f"cut 3 tver/center 20 {H}")
    net.state("dissolve tver")
    assert counting(net, at=2) == 20


EVENTS = st.tuples(st.sampled_from(["suspend", "reinstate", "retire", "rotate", "cut"]), st.integers(0, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS, max_size=8), st.sampled_from(["ivanov", "petrov"]))
def test_v5_standing_is_the_rule_word_for_word(story, who):
    """Against a second reading of the rule: a plain list of what happened, and no intervals."""
    net = Net()
    net.state("office tver committee", officer("tver/ivanov"), officer("tver/petrov"))
    standing = {2: {"ivanov": 0, "petrov": 0}}  # entry -> officer in good standing -> which of his keys
    cuts, generation = {}, 0
    for what, number in story:
        before, entry = standing[net.roster.newest], net.roster.newest + 1
        cut = f"cut {entry} tver/center {number} {sha(str(number)) if number else 'none'}"
        generation += 1
        state = net.roster.state("tver", net.roster.newest)
        after = dict(before)
        if what == "suspend" and state == "good" and before:
            net.state("suspend tver", cut)
            after, suspended, cuts[entry] = {}, before, number
        elif what == "reinstate" and state == "suspended":
            net.state("reinstate tver")
            after = suspended
        elif what == "retire" and "petrov" in before:
            net.state("retire tver/petrov", cut)
            del after["petrov"]
            cuts[entry] = number
        elif what == "rotate" and "ivanov" in before:
            net.state(officer("tver/ivanov", generation), cut)
            after["ivanov"] = generation
            cuts[entry] = number
        elif what == "cut" and cuts:
            old = sorted(cuts)[number % len(cuts)]
            net.state(f"cut {old} tver/center {number} {sha(str(number)) if number else 'none'}")
            cuts[old] = number
        else:
            continue
        standing[entry] = after
    last = net.roster.newest
    for at in range(2, last + 1):
        key = standing[at].get(who)
        lost = [r for r in range(at + 1, last + 1) if standing[r - 1].get(who) == key != standing[r].get(who)]
        for number in range(1, 11):
            expected = key is not None and all(number <= cuts[r] for r in lost)
            assert counts(net, number, at, who) == expected, (at, number, lost)


# ---- endorsements --------------------------------------------------------------------------------------------------


@pytest.fixture
def two(net):
    """Entry 3: sidorov joins tver and a threshold of 2 binds. 4: samara."""
    net.state(officer("tver/sidorov"), "threshold tver 2")
    net.state("office samara committee", officer("samara/petrov", 5))
    net.fingerprint = net.roster.fingerprint
    return net


def tver(two, by, endorsers, at=3, kind="report", number=1, **more):
    return dispatch("tver/center", number, by, at, kind, endorsers, two.fingerprint, **more)


def test_v5_by_and_endorsers_reach_the_threshold(two):
    assert check_endorsements(two.roster, tver(two, "ivanov", ["petrov"])) == ("ivanov", "petrov")
    assert check_endorsements(two.roster, tver(two, "ivanov", ["petrov", "sidorov"])) == ("ivanov", "petrov", "sidorov")
    assert check_endorsements(two.roster, tver(two, "ivanov", [], kind="message")) == ("ivanov",)
    assert check_endorsements(two.roster, tver(two, "ivanov", [], at=2)) == ("ivanov",)


def test_v5_fewer_than_the_threshold_are_refused(two):
    with pytest.raises(ThresholdError, match="1 of 2"):
        check_endorsements(two.roster, tver(two, "ivanov", []))


@pytest.mark.parametrize(
    ("by", "endorsers", "at", "kind", "reason"),
    [
        ("ivanov", ["ivanov"], 3, "report", "endorses what he posts himself"),
        ("ivanov", ["ivanov", "petrov"], 3, "report", "endorses what he posts himself"),
        ("ivanov", ["orlov"], 3, "report", "no officer of tver"),
        ("ivanov", ["petrov", "sidorov"], 2, "report", "none endorses"),
        ("ivanov", ["petrov"], 3, "message", "none endorses"),
    ],
)
def test_v5_endorsers_are_others_of_the_office_in_good_standing(two, by, endorsers, at, kind, reason):
    with pytest.raises(EndorsementError, match=reason):
        check_endorsements(two.roster, tver(two, by, endorsers, at=at)._replace(kind=kind))


def test_v5_an_endorser_of_another_office_is_refused(two):
    header = tver(two, "ivanov", ["petrov"], signers={"petrov": signer("samara/petrov", 5)})
    with pytest.raises(EndorsementError, match="does not verify"):
        check_endorsements(two.roster, header)


def test_i2_an_endorsement_is_of_this_draft_and_this_network(two):
    good = tver(two, "ivanov", ["petrov"])
    check_endorsements(two.roster, good)
    check_endorsements(two.roster, good._replace(number=2, previous=sha("1"), time="2026-11-23T09:00:00Z"))
    for header in (
        good._replace(letter=sha("another letter")),
        good._replace(channel="tver/tver"),
        good._replace(kind="instruction"),
        good._replace(cancels=1),
        dispatch("tver/center", 1, "ivanov", 3, "report", ["petrov"], sha("another network")),
    ):
        with pytest.raises(EndorsementError, match="does not verify"):
            check_endorsements(two.roster, header)


def test_v5_an_endorser_above_his_cut_is_not_counted(two):
    two.state("retire tver/petrov", f"cut 5 tver/center 20 {H}")
    check_endorsements(two.roster, tver(two, "ivanov", ["petrov"], number=20))
    with pytest.raises(ThresholdError):
        check_endorsements(two.roster, tver(two, "ivanov", ["petrov"], number=21))
    names = check_endorsements(two.roster, tver(two, "ivanov", ["petrov", "sidorov"], number=21))
    assert names == ("ivanov", "sidorov")
    with pytest.raises(EndorsementError, match="no officer of tver"):
        check_endorsements(two.roster, tver(two, "ivanov", ["petrov"], at=5, number=20))


def test_v5_an_endorser_signs_with_the_key_of_the_headers_entry(two):
    two.state(officer("tver/petrov", 1), f"cut 5 tver/center 20 {H}")
    new = {"petrov": signer("tver/petrov", 1)}
    check_endorsements(two.roster, tver(two, "ivanov", ["petrov"], at=5, signers=new))
    check_endorsements(two.roster, tver(two, "ivanov", ["petrov"], at=3))
    for wrong in (tver(two, "ivanov", ["petrov"], at=5), tver(two, "ivanov", ["petrov"], at=3, signers=new)):
        with pytest.raises(EndorsementError, match="does not verify"):
            check_endorsements(two.roster, wrong)


# ---- keepers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def three():
    """Entry 2: keepers stasova, sverdlov, lenin; molotov is an officer of the center and no keeper."""
    net = Net()
    net.state(officer("center/sverdlov"), officer("center/lenin"), officer("center/molotov"),
              "keepers lenin stasova sverdlov")  # fmt: skip
    return net


def entry(net, lines, by="stasova", **endorsers):
    """A header for the next entry, endorsed by officers of the center: name to generation of their keys."""
    header = net.header("\n".join(str(line) for line in lines), by=by)
    keys = {name: signer(f"center/{name}", generation) for name, generation in endorsers.items()}
    return endorse(header, keys, net.roster.fingerprint)


def signed(net, lines, by="stasova", **endorsers):
    return check_roster_signers(net.roster, entry(net, lines, by, **endorsers), net.roster.fingerprint)


def test_v5_the_genesis_is_signed_by_its_one_keeper_alone():
    net = Net(genesis="")
    genesis = net.header(GENESIS)
    assert check_roster_signers(net.roster, genesis, sha("entry 1")) == vkey("center/stasova")
    with pytest.raises(KeeperSignersError):
        check_roster_signers(net.roster, genesis._replace(by="sverdlov"), sha("entry 1"))
    two = genesis._replace(statements=genesis.statements.replace(b"stasova", b"stasova sverdlov", 1))
    with pytest.raises(KeeperSignersError):
        check_roster_signers(net.roster, two, sha("entry 1"))
    with pytest.raises(EndorsementError):
        check_roster_signers(net.roster, genesis._replace(endorsed=(Endorsement("lenin", bytes(64)),)), sha("entry 1"))


def test_v5_one_keeper_signs_alone():
    net = Net()
    assert signed(net, ["office tver committee"]) == vkey("center/stasova")
    with pytest.raises(KeeperSignersError, match="no keeper"):
        signed(net, ["office tver committee"], by="sverdlov")


def test_v5_more_than_half_of_the_keepers_sign(three):
    lines = ["office tver committee"]
    with pytest.raises(KeeperSignersError, match="1 of 3"):
        signed(three, lines)
    signed(three, lines, lenin=0)
    signed(three, lines, by="sverdlov", lenin=0, stasova=0)
    three.state("keepers lenin molotov stasova sverdlov")
    with pytest.raises(KeeperSignersError, match="2 of 4"):
        signed(three, lines, lenin=0)
    signed(three, lines, lenin=0, molotov=0)


def test_v5_who_is_no_keeper_counts_for_nothing(three):
    lines = ["office tver committee"]
    with pytest.raises(KeeperSignersError, match="molotov is no keeper"):
        signed(three, lines, by="molotov", lenin=0, sverdlov=0)
    for endorsers in ({"molotov": 0}, {"lenin": 0, "molotov": 0}, {"lenin": 1}, {"nobody": 0}, {"stasova": 0}):
        with pytest.raises(EndorsementError, match="counts for nothing"):
            signed(three, lines, **endorsers)


def test_i2_an_endorsement_of_a_roster_entry_is_good_for_one_place(three):
    header = entry(three, ["office tver committee"], lenin=0)
    check_roster_signers(three.roster, header, three.roster.fingerprint)
    check_roster_signers(three.roster, header._replace(time="2026-11-23T09:00:00Z"), three.roster.fingerprint)
    for changed in (
        header._replace(number=4),
        header._replace(previous=sha("another")),
        header._replace(statements=b"office samara committee\n"),
    ):
        with pytest.raises(EndorsementError):
            check_roster_signers(three.roster, changed, three.roster.fingerprint)
    with pytest.raises(EndorsementError):
        check_roster_signers(three.roster, header, sha("another network"))


def test_v5_more_than_half_of_the_new_keepers_sign_too(three):
    lines = ["keepers molotov stasova"]
    with pytest.raises(KeeperSignersError, match=r"1 of 2 signed .*after"):
        signed(three, lines, lenin=0)
    with pytest.raises(KeeperSignersError, match=r"1 of 3 signed .*before"):
        signed(three, lines, molotov=0)
    signed(three, lines, lenin=0, molotov=0)
    # A keeper who joins with the entry that admits him proves that he has the key.
    lines = [officer("center/kalinin"), "keepers kalinin"]
    with pytest.raises(KeeperSignersError, match=r"0 of 1 signed .*after"):
        signed(three, lines, lenin=0, sverdlov=0)
    signed(three, lines, lenin=0, kalinin=0)


def test_v5_a_dismissed_keeper_cannot_bring_himself_back(three):
    three.state("keepers lenin sverdlov", "retire center/stasova")
    for lines in (["keepers stasova"], ["office tver committee"], ["keepers lenin stasova sverdlov"]):
        with pytest.raises(StandingError):
            signed(three, lines)


def test_v5_new_keys_of_a_keeper_are_proved_by_signing(three):
    lines = [officer("center/sverdlov", 1)]
    signed(three, lines, lenin=0)  # two of three before, and after
    with pytest.raises(KeeperSignersError, match=r"1 of 3 signed .*after"):
        signed(three, lines, sverdlov=0)
    with pytest.raises(KeeperSignersError, match=r"1 of 3 signed .*before"):
        signed(three, lines, sverdlov=1)


def test_v5_a_lone_keeper_replaces_his_keys_with_both():
    net = Net()
    lines = [officer("center/stasova", 1)]
    with pytest.raises(KeeperSignersError, match=r"0 of 1 signed .*after"):
        signed(net, lines)
    with pytest.raises(EndorsementError):
        signed(net, lines, stasova=0)
    assert signed(net, lines, stasova=1) == vkey("center/stasova")
    net.state(*lines)
    assert signed(net, ["office tver committee"]) == vkey("center/stasova", 1)
