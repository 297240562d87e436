"""I4 where several must sign: a kill at any step loses no proposal and no signature, and posts nothing twice."""

import pytest
from dying import every_death
from workflowkit import BAZHANOV, IVANOV, STASOVA, Net, subjects

from cipherpost.roster import words
from cipherpost.workflows import endorsing, entries, proposals
from cipherpost.workflows.results import Posted


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
