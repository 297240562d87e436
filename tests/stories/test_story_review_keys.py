"""Stories of a second look at new keys: what a colleague slips in beside them, and keepers who wait for each other."""

from datetime import timedelta

import pytest
from dying import every_death
from test_story_rotate import admit, make_keepers, rotate
from workflowkit import BAZHANOV, IVANOV, ROSTER, STASOVA, Net, subjects

from cipherpost.chain.channel import Entry
from cipherpost.desk import Desk
from cipherpost.roster import build, words
from cipherpost.roster.words import Statement
from cipherpost.workflows import cuts, destroying, endorsing, entries, proposals, rotating
from cipherpost.workflows.founding import read_own_card


def propose_with(net: Net, *more: Statement, heads: build.Heads | None = None) -> str:
    """stasova proposes the entry with bazhanov's new keys, and with more; gives the proposal's place."""
    with net.desk(BAZHANOV) as desk:
        card = read_own_card(desk)
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        new = words.Officer("center", "bazhanov", card.card.vkey, card.hash, unchecked=False)
        verified = cuts.verified_heads(desk, "center")
        stated = build.rotate_with_cuts(desk.roster, new, verified if heads is None else heads)
        return entries.post(desk, [*more, *stated], cards=[card.note]).place


@pytest.mark.parametrize("slipped", ["another statement", "nothing of the old key", "a cut far above"])
def test_a_keeper_with_new_keys_signs_by_himself_nothing_that_is_slipped_in_beside_them(net: Net, slipped: str) -> None:
    """Two keepers: what one proposes, the other's program completes without a question, so it may be his keys only."""
    make_keepers(net, "stasova", "bazhanov")
    rotate(net, BAZHANOV)
    more = [words.Suspend("samara")] if slipped == "another statement" else []
    heads = {"nothing of the old key": {}, "a cut far above": {"center/all": (9_000_000, "ab" * 32)}}.get(slipped)
    place = propose_with(net, *more, heads=heads)
    round_ = net.fetch(BAZHANOV)
    assert round_.renewal is not None
    assert round_.renewal.entry is None
    [trouble] = round_.waiting
    assert type(trouble).__name__ == "NotOnlyKeysError"
    assert trouble.where == place
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        assert desk.roster.state("samara", desk.roster.newest) == "good"
        endorsing.withdraw(desk, place)
    admit(net, BAZHANOV)
    assert net.fetch(BAZHANOV).renewal.entry is not None
    net.fetch(STASOVA)
    net.clean()


def test_two_keepers_who_make_new_keys_at_the_same_time_do_not_wait_for_each_other(net: Net) -> None:
    make_keepers(net, "stasova", "bazhanov")
    rotate(net, BAZHANOV)
    rotate(net, STASOVA)
    waits = net.send(STASOVA, "written in between", "all")
    assert type(waits.waiting).__name__ == "KeysUnderWayError"
    assert admit(net, BAZHANOV).posted.proposed == ROSTER
    assert net.fetch(BAZHANOV).renewal.entry is not None
    assert net.fetch(STASOVA).renewal.entry is None
    assert admit(net, STASOVA, by=BAZHANOV).posted.proposed == ROSTER
    assert net.fetch(STASOVA).renewal.entry is not None
    for who in (BAZHANOV, STASOVA):
        net.fetch(who)
        net.send(who, f"new key of {who}", "all")
    assert "written in between" in subjects(net.fetch(IVANOV))
    net.clean()


def test_two_keepers_with_new_keys_who_admit_each_other_at_once_get_out_by_withdrawing(net: Net) -> None:
    make_keepers(net, "stasova", "bazhanov")
    rotate(net, BAZHANOV)
    rotate(net, STASOVA)
    first = admit(net, BAZHANOV).posted
    second = admit(net, STASOVA, by=BAZHANOV).posted
    assert (first.proposed, second.proposed) == (ROSTER, ROSTER)
    assert [type(error).__name__ for error in net.fetch(BAZHANOV).waiting] == ["KeeperBoundError"]
    with net.desk(BAZHANOV) as desk:
        endorsing.withdraw(desk, second.place)
    assert net.fetch(BAZHANOV).renewal.entry is not None
    net.fetch(STASOVA)
    admit(net, STASOVA, by=BAZHANOV)
    assert net.fetch(STASOVA).renewal.entry is not None
    net.send(STASOVA, "with the new key", "all")
    assert subjects(net.fetch(IVANOV)) == ["with the new key"]


def test_i4_a_keeper_killed_at_any_step_of_posting_his_own_entry_goes_on_by_fetching(net: Net) -> None:
    make_keepers(net, "stasova", "bazhanov")
    rotate(net, BAZHANOV)
    admit(net, BAZHANOV)
    for _ in every_death(lambda _: net.fetch(BAZHANOV)):
        pass
    with net.desk(BAZHANOV) as desk:
        assert rotating.under_way(desk) is None
        assert desk.outbox.items() == ()
    net.fetch(STASOVA)
    net.send(BAZHANOV, "with the new key", "all")
    assert "with the new key" in subjects(net.fetch(IVANOV))
    net.clean()


def test_i5_nothing_of_a_letter_stays_in_the_home_when_its_key_is_destroyed(net: Net) -> None:
    """The vault's own key is kept: so the boxes of such letters go, from the lists and from the disk."""
    make_keepers(net, "stasova", "bazhanov")  # the proposal of that is a letter too
    place = net.send(STASOVA, "sealed to the old key", "all").place
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        old = [desk.chain.channel("center/center").entry(1), net_entry(desk, place)]
        boxes = [desk.mail.box(f"{kind} {each.hash}") for each in old for kind in ("letter", "own") if each]
        kept = [box for box in boxes if box is not None]
        assert len(kept) == 3
    rotate(net, BAZHANOV)
    admit(net, BAZHANOV)
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        destroying.destroy(desk, destroying.plan(desk, net.now.date() + timedelta(days=1)))
    disk = b"".join(path.read_bytes() for path in net.home(BAZHANOV).rglob("*") if path.is_file())
    assert [box for box in kept if box in disk] == []
    with net.desk(BAZHANOV) as desk:
        proposals.listing(desk)
    assert net.fetch(BAZHANOV).unreadable == []


def net_entry(desk: Desk, place: str) -> Entry | None:
    channel, _, number = place.rpartition("/")
    return desk.chain.channel(channel).entry(int(number))
