"""I4 where several must sign: a kill at any step loses no proposal and no signature, and posts nothing twice."""

import pytest
from dying import every_death
from workflowkit import BAZHANOV, IVANOV, ROSTER, STASOVA, Net, join, subjects

from cipherpost.roster import words
from cipherpost.workflows import endorsing, entries, proposals
from cipherpost.workflows.results import Posted

KAGAN = "center/kagan"


@pytest.fixture
def two(net: Net) -> Net:
    """Two officers of the center sign what it sends."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("center", 2)])
    net.fetch(BAZHANOV)
    return net


def endorse(net: Net, number: int) -> Posted:
    with net.desk(BAZHANOV) as desk:
        return endorsing.endorse(desk, str(number))


def listing(net: Net, who: str) -> list[proposals.Proposal]:
    net.fetch(who)
    with net.desk(who) as desk:
        return proposals.listing(desk)


def test_i4_a_proposal_killed_at_every_step_is_made_and_signed_once(two: Net) -> None:
    deaths = 0
    for step in every_death(lambda step: two.send(STASOVA, f"letter {step}", "all"), stride=7):
        deaths = step
        if step % 2:  # a round finishes it, or finds nothing begun
            two.fetch(STASOVA)
        posted = two.send(STASOVA, f"letter {step}", "all")
        assert posted.proposed == "center/all", f"died at step {step}"
        assert posted.signed == ("stasova",)
    assert deaths >= 15
    found = listing(two, BAZHANOV)
    assert [each.subject for each in found] == [f"letter {at}" for at in range(1, deaths + 2)]
    assert {(each.state, each.signers) for each in found} == {("open", ("stasova",))}
    messages = list(two.clean().channel("center/center").counting())
    assert len(messages) == 2 * len(found)  # each proposal, and one signature behind it


def test_i4_an_endorsement_killed_at_every_step_posts_the_letter_once(two: Net) -> None:
    numbers = [two.send(STASOVA, "letter 1", "all").number]

    def act(_step: int) -> None:
        assert numbers[-1] is not None
        endorse(two, numbers[-1])

    deaths = 0
    for step in every_death(act, stride=7):
        deaths = step
        assert numbers[-1] is not None
        if step % 2:
            two.fetch(BAZHANOV)
        assert endorse(two, numbers[-1]).place == f"center/all/{step}", f"died at step {step}"
        numbers.append(two.send(STASOVA, f"letter {step + 1}", "all").number)
    assert deaths >= 8
    headers = [node.header for node in two.clean().channel("center/all").counting()]
    assert [header.draft.number for header in headers if header.draft] == numbers
    assert subjects(two.fetch(IVANOV)) == [f"letter {at}" for at in range(1, deaths + 2)]


# ---- entries of the roster -----------------------------------------------------------------------------------------


@pytest.fixture
def three(net: Net) -> Net:
    """Three keepers; two of them sign each entry."""
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
        posted = entries.post(desk, [words.Keepers(("bazhanov", "kagan", "stasova"))])
    endorse(net, posted.number or 0)
    for who in (STASOVA, BAZHANOV, KAGAN):
        net.fetch(who)
    return net


def title(net: Net, step: int) -> Posted:
    """What `office title` does: two of three keepers must sign it."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        return entries.post(desk, [words.Title("tver", f"Tver {step}")])


def newest(net: Net, who: str) -> int:
    with net.desk(who) as desk:
        return desk.roster.newest


def signatures_for(net: Net, who: str, number: int) -> int:
    """How many drafts of one entry a keeper has bound himself to."""
    with net.desk(who) as desk:
        return len(desk.journal.drafts(number))


def test_i4_a_proposed_entry_killed_at_every_step_is_signed_once_and_posted_once(three: Net) -> None:
    """A round finishes what was begun; what was not begun is asked for again, for the same number of the roster."""
    before = newest(three, STASOVA)
    deaths = 0
    for step in every_death(lambda step: title(three, step), stride=9):
        deaths = step
        three.fetch(STASOVA)
        open_ones = [each for each in listing(three, BAZHANOV) if each.is_open]
        assert len(open_ones) <= 1, f"died at step {step}"
        number = open_ones[0].number if open_ones else title(three, step).number
        assert endorse(three, number or 0).place == f"{ROSTER}/{before + step}", f"died at step {step}"
        three.fetch(STASOVA)
        assert signatures_for(three, STASOVA, before + step) == 1
    assert deaths >= 8
    assert {each.signers for each in listing(three, KAGAN) if each.state == "posted"} == {("stasova", "bazhanov")}
    three.clean()


def test_i3_an_entry_completed_and_killed_at_every_step_has_one_header_and_one_draft(three: Net) -> None:
    numbers = [title(three, 0).number or 0]
    before = newest(three, STASOVA)

    def act(_step: int) -> None:
        endorse(three, numbers[-1])

    deaths = 0
    for step in every_death(act, stride=7):
        deaths = step
        if step % 3:  # by a round, by asking again, or by the third keeper, who knows nothing of it
            three.fetch(BAZHANOV)
        with three.desk(KAGAN if step % 3 == 2 else BAZHANOV) as desk:
            done = endorsing.endorse(desk, str(numbers[-1]))
        assert done.place == f"{ROSTER}/{before + step}", f"died at step {step}"
        three.fetch(BAZHANOV)
        assert signatures_for(three, BAZHANOV, before + step) <= 1
        numbers.append(title(three, step).number or 0)
    assert deaths >= 8
    assert newest(three, KAGAN) <= before + deaths + 1
    three.fetch(KAGAN)
    assert newest(three, KAGAN) == before + deaths + 1
    three.clean()
