"""The keepers change: who must sign, whose program posts it, and what everybody is told meanwhile."""

import pytest
from workflowkit import BAZHANOV, STASOVA, Net, join

from cipherpost.workflows import endorsing, keepers, standing
from cipherpost.workflows.results import Posted

KAGAN, LENIN = "center/kagan", "center/lenin"
CENTER = (STASOVA, BAZHANOV, KAGAN, LENIN)


@pytest.fixture
def three(net: Net) -> Net:
    """Stasova, bazhanov and kagan keep the roster; lenin is an officer of the center, and no keeper."""
    with net.desk(STASOVA) as desk:
        for who in (KAGAN, LENIN):
            join(net, desk, who, clock=net.clock)
    change = name_keepers(net, STASOVA, "stasova", "bazhanov", "kagan")
    assert endorse(net, BAZHANOV, change.number).posters == ("stasova",)
    for who in CENTER:
        net.fetch(who)
    return net


def name_keepers(net: Net, who: str, *names: str, dry_run: bool = False) -> Posted:
    with net.desk(who) as desk:
        return keepers.state(desk, keepers.plan(desk, names), dry_run=dry_run)


def endorse(net: Net, who: str, number: int | None, *, dry_run: bool = False) -> Posted:
    net.fetch(who)
    with net.desk(who) as desk:
        return endorsing.endorse(desk, str(number), dry_run=dry_run)


def test_where_a_keeper_to_be_signs_last_it_is_said_whose_fetch_posts_it(three: Net) -> None:
    """Kagan and stasova give way to lenin: of the old two sign, and all of the new two."""
    proposed = name_keepers(three, BAZHANOV, "bazhanov", "lenin")
    assert "1 of 2 keepers now and 1 of 2 keepers to be have signed" in proposed.proposal_words()
    assert set(proposed.awaited) == {"kagan", "stasova", "lenin"}
    second = endorse(three, STASOVA, proposed.number)
    assert "2 of 2 keepers now and 1 of 2 keepers to be have signed; waits for lenin" in second.proposal_words()
    tried = endorse(three, LENIN, proposed.number, dry_run=True)
    assert "2 of 2 keepers to be have signed; the next `fetch` of " in tried.proposal_words()
    third = endorse(three, LENIN, proposed.number)
    assert (third.proposed, set(third.posters)) == ("center/roster", {"bazhanov", "stasova"})
    assert "2 of 2 keepers now and 2 of 2 keepers to be have signed; the next `fetch` of" in third.proposal_words()
    for who in (LENIN, KAGAN):
        assert not any(each.channel == "center/roster" for each in three.fetch(who).posted)
    posted = [each.channel for each in three.fetch(f"center/{third.posters[0]}").posted]
    assert "center/roster" in posted
    with three.desk(LENIN) as desk:
        assert keepers.show(desk).keepers != ("bazhanov", "lenin")
    three.fetch(LENIN)
    with three.desk(LENIN) as desk:
        assert keepers.show(desk).keepers == ("bazhanov", "lenin")


def test_two_signatures_of_which_one_is_a_keepers_to_be_are_not_said_to_be_enough(three: Net) -> None:
    proposed = name_keepers(three, BAZHANOV, "bazhanov", "lenin", "kagan")
    second = endorse(three, LENIN, proposed.number)
    assert "1 of 2 keepers now and 2 of 2 keepers to be have signed; waits for kagan, stasova" in (
        second.proposal_words().replace("stasova, kagan", "kagan, stasova")
    )
    assert endorse(three, KAGAN, proposed.number).channel == "center/roster"


def test_a_lone_keepers_dry_run_says_that_new_keepers_must_sign(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        for who in (KAGAN,):
            join(net, desk, who, clock=net.clock)
    tried = name_keepers(net, STASOVA, "stasova", "bazhanov", "kagan", dry_run=True)
    assert "1 of 1 keepers now and 1 of 2 keepers to be have signed" in tried.proposal_words()
    assert set(tried.awaited) == {"bazhanov", "kagan"}


def test_the_last_signers_dry_run_says_that_it_would_be_posted(three: Net) -> None:
    proposed = name_keepers(three, BAZHANOV, "bazhanov", "stasova")
    tried = endorse(three, STASOVA, proposed.number, dry_run=True)
    assert (tried.proposed, tried.channel, tried.dry_run) == (None, "center/roster", True)
    done = endorse(three, STASOVA, proposed.number)
    assert (done.channel, done.number) == (tried.channel, tried.number)


def test_the_center_loses_one_officer_as_the_guide_to_keys_has_it(three: Net) -> None:
    """Stasova's computer is stolen: bazhanov proposes, kagan endorses, twice; lenin only looks on, and keeps then."""
    with three.desk(BAZHANOV) as desk:
        lost = standing.take(desk, standing.plan(desk, "compromised", "center/stasova"))
    assert endorse(three, KAGAN, lost.number).channel == "center/roster"
    three.fetch(BAZHANOV)
    change = name_keepers(three, BAZHANOV, "bazhanov", "kagan", "lenin")
    assert set(change.awaited) == {"kagan", "lenin"}
    done = endorse(three, KAGAN, change.number)
    assert (done.channel, done.proposed) == ("center/roster", None)
    three.fetch(LENIN)
    with three.desk(LENIN) as desk:
        assert keepers.show(desk).keepers == ("bazhanov", "kagan", "lenin")
