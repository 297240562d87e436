"""I4: a decision on a group that is killed between its letters is finished by giving it again, none twice."""

from collections import Counter

from dying import every_death
from workflowkit import IVANOV, STASOVA, Net

from cipherpost.workflows import deciding, sending

OFFICES = ("samara", "tver")


def ask(net: Net, text: str) -> str:
    """An order to all that owes an answer; its place."""
    with net.desk(STASOVA) as desk:
        letter = sending.text_of(text, subject=None, attachments=())
        day = net.now.date().replace(year=net.now.year + 1)
        return sending.send(desk, letter, audiences=["all"], due=day, due_what="reply")[0].place


def excuse(net: Net, place: str) -> deciding.Decided:
    with net.desk(STASOVA) as desk:
        return deciding.decide(desk, ["volga", place], deciding.Verdict(word="excused", why="Floods."))


def decided(net: Net, place: str) -> Counter[str]:
    """How many decisions that count each office has about an order."""
    chain = net.clean()
    found: Counter[str] = Counter()
    for office in OFFICES:
        for node in chain.channel(f"center/{office}").counting():
            said = node.header.decision
            if said is not None and f"{said.channel}/{said.number}" == place:
                found[said.office] += 1
    return found


def test_i4_a_decision_on_a_group_killed_midway_is_finished_by_the_same_command(net: Net) -> None:
    places: dict[int, str] = {}

    def place(step: int) -> str:
        if step not in places:
            places[step] = ask(net, f"Question {step}.")
        return places[step]

    midway, deaths = 0, 0
    place(1)
    for step in every_death(lambda step: excuse(net, places[step]), stride=7):
        deaths = step
        before = decided(net, places[step])
        midway += sum(before.values()) == 1
        if step % 3 == 0:  # any command that posts finishes what was begun
            net.fetch(STASOVA)
        done = excuse(net, places[step])
        assert sorted(each.channel for each in done.posted) == ["center/samara", "center/tver"], f"died at {step}"
        assert done.left_out == {}
        assert decided(net, places[step]) == dict.fromkeys(OFFICES, 1), f"died at step {step}"
        with net.desk(STASOVA) as desk:
            assert not desk.outbox.items()
        place(step + 1)
    assert midway >= 3, "some died when one office had its letter and the other had not"
    assert deaths >= 15
    assert all(decided(net, each) == dict.fromkeys(OFFICES, 1) for each in places.values())
    assert len(net.fetch(IVANOV).new) == 2 * len(places)
