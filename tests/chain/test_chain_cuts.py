"""Cuts that are wrong or low, and what auditors list of them."""

import sys

import pytest
from chainkit import NOW, Net, ack, counting, offer, officer, reason, status

from cipherpost.chain.forks import forks

CHANNEL = "tver/center"


@pytest.fixture
def net():
    """Entry 2: tver with ivanov and petrova."""
    made = Net()
    made.found("tver")
    return made


def listed(chain):
    return {(found.code, found.channel, found.number) for found in chain.findings(NOW)}


def test_cut_with_a_wrong_hash_takes_its_number_along_and_is_listed_until_it_is_mended(net):
    notes = net.run(CHANNEL, 3)
    chain = net.chain(*notes)
    offer(chain, net.entry("retire tver/ivanov", f"cut 3 {CHANNEL} 3 {'ab' * 32}"))
    assert counting(chain, CHANNEL) == [notes[0].hash, notes[1].hash]
    assert status(chain, notes[2]) == "void"
    assert ("disagrees", CHANNEL, 3) in listed(chain)
    offer(chain, net.entry(f"cut 3 {CHANNEL} 3 {notes[2].hash}"))
    assert counting(chain, CHANNEL) == [each.hash for each in notes]
    assert listed(chain) == set()


def test_cut_beyond_the_head_lets_the_old_key_write_on_until_it_is_moved_down(net):
    notes = net.run(CHANNEL, 2)
    chain = net.chain(*notes)
    offer(chain, net.entry("retire tver/ivanov", f"cut 3 {CHANNEL} 4 {'ab' * 32}"))
    later = net.make(CHANNEL, notes[1], roster=2)
    offer(chain, later)
    assert status(chain, later) == "counts"
    offer(chain, net.entry(f"cut 3 {CHANNEL} 2 {notes[1].hash}"))
    assert (status(chain, later), reason(chain, later)) == ("void", "CutError")
    assert counting(chain, CHANNEL) == [each.hash for each in notes]


def receipt_of(net, note, after=None, **changes):
    return net.make("center/tver", after, by="stasova", kind="receipt", acks=(ack(note, "seen"),), **changes)


@pytest.mark.parametrize(
    ("statement", "found"),
    [("retire tver/ivanov", {2, 3}), ("suspend tver", {2, 3}), ("compromised tver/ivanov", set())],
)
def test_cut_below_what_the_center_acknowledged_is_uncounted_for_the_honest(net, statement, found):
    notes = net.run(CHANNEL, 4)
    chain = net.chain(*notes, receipt_of(net, notes[2]))
    offer(chain, net.entry(statement, f"cut 3 {CHANNEL} 1 {notes[0].hash}"))
    assert {number for code, _, number in listed(chain) if code == "uncounted"} == found


def test_cut_what_was_acknowledged_after_it_with_a_colleague_is_not_uncounted(net):
    """The retired man goes on; his colleague links over it, and the center acknowledges the colleague."""
    one = net.make(CHANNEL)
    chain = net.chain(one)
    offer(chain, net.entry("retire tver/ivanov", f"cut 3 {CHANNEL} 1 {one.hash}"))
    late = net.make(CHANNEL, one, roster=2)
    colleague = net.make(CHANNEL, late, by="petrova", roster=2)
    for each in (late, colleague, receipt_of(net, colleague)):
        offer(chain, each)
    assert counting(chain, CHANNEL) == [one.hash, colleague.hash]
    assert listed(chain) == {("void", CHANNEL, 2)}


def test_cut_what_is_then_declared_compromised_is_nobodys_loss(net):
    notes = net.run(CHANNEL, 2)
    chain = net.chain(*notes, receipt_of(net, notes[1]))
    offer(chain, net.entry("retire tver/ivanov", f"cut 3 {CHANNEL} 2 {notes[1].hash}"))
    offer(chain, net.entry("compromised tver/ivanov", f"cut 3 {CHANNEL} 1 {notes[0].hash}"))
    assert listed(chain) == {("void", CHANNEL, 2)}


def test_fork_lists_both_sides_with_how_far_each_went_and_what_settled_it(net):
    one = net.make(CHANNEL)
    left, right = (net.make(CHANNEL, one, time=f"2026-11-22T0{hour}:00:00Z") for hour in (8, 9))
    after = net.run(CHANNEL, 2, left), net.run(CHANNEL, 1, right, by="petrova")
    chain = net.chain(one, left, right, *after[0], *after[1])
    (fork,) = forks(chain)
    assert (fork.channel, fork.number, fork.settled, fork.stops) == (CHANNEL, 2, None, True)
    assert {side.hash: (side.by, side.stands, side.last) for side in fork.sides} == {
        left.hash: ("ivanov", False, 4),
        right.hash: ("ivanov", False, 3),
    }
    offer(chain, net.entry(officer("tver/orlov"), f"settle {CHANNEL} 2 {right.hash}"))
    (fork,) = forks(chain)
    assert (fork.settled, fork.stops) == ("center/roster/3", False)
    assert [side.hash for side in fork.sides if side.stands] == [right.hash]


def work_of_looking(net, count):
    """Calls that an audit and a list of forks make where a dismissed man has written ``count`` dispatches on."""
    first = net.run(CHANNEL, 2)
    chain = net.chain(*first, receipt_of(net, first[1]))
    offer(chain, net.entry("retire tver/ivanov", f"cut 3 {CHANNEL} 1 {first[0].hash}"))
    offer(chain, net.entry(officer("tver/orlov"), f"settle {CHANNEL} 1 {first[0].hash}"))
    late = net.run(CHANNEL, count, first[1], roster=2)
    twice = net.run(CHANNEL, count, first[1], roster=2, time="2026-11-22T10:00:00Z")
    honest = net.run(CHANNEL, count, first[0], by="petrova", roster=2)
    for each in (*late, *twice, *honest):
        offer(chain, each)
    calls = 0

    def count_calls(_frame, event, _arg):
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count_calls)
    try:
        assert {code for code, _, _ in listed(chain)} == {"fork", "uncounted", "void", "disagrees"}
        assert len(list(forks(chain))) == count
    finally:
        sys.setprofile(None)
    return calls


def test_i11_who_was_cut_off_and_writes_on_makes_nobody_look_at_each_of_his_texts_for_each_of_them():
    few, many = Net(), Net()
    few.found("tver")
    many.found("tver")
    assert work_of_looking(many, 160) < 6 * work_of_looking(few, 40)
