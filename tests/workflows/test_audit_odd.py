"""Whatever may lie in a post office, channels judged straight give what the whole judging gives, byte for byte (I8)."""

import pickle
import random
import threading
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from auditkit import NOW, Board, found, places
from chain.chainkit import ack, officer, sha
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oddtowns import OddTown

from cipherpost.dispatch.header import Due, Head, HeadsFile, Sealed
from cipherpost.dispatch.heads import format_heads
from cipherpost.ledger.debt import State
from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time, sha256
from cipherpost.workflows import audit_reading, audit_straight
from cipherpost.workflows.auditing import Remembered, Subject, audit


def look(net, post, *, remembered=(), sealed=False, office=None):
    subject = Subject(
        post=post,
        network=net.network,
        fingerprint=net.fingerprint,
        remembered=lambda: [Remembered(m.channel, m.number, m.hash, lambda m=m: m.note) for m in remembered],
        clock=lambda: parse_time(NOW),
        office=office,
    )
    return audit(subject, sealed=sealed)


def look_with_trees(*what, **given):
    with mock.patch.object(audit_reading.Listed, "straight", new=False):
        return look(*what, **given)


class Helpers:
    """Helping processes without the processes: all that goes to them and comes back is written out and read again."""

    def __init__(self, _many, *, mp_context, initializer, initargs):
        given, stop = initargs
        with mock.patch("signal.signal"), mock.patch("gc.set_threshold"), mock.patch("threading.Thread"):
            initializer(pickle.loads(pickle.dumps(given)), stop)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        audit_straight._tools = None

    def submit(self, does, share):
        done = pickle.loads(pickle.dumps(does(pickle.loads(pickle.dumps(share)))))
        return mock.Mock(result=lambda: done)

    def shutdown(self, **_):
        pass


def look_with_help(*what, **given):
    with (
        mock.patch("concurrent.futures.ProcessPoolExecutor", Helpers),
        mock.patch("multiprocessing.get_context", return_value=mock.Mock(Event=threading.Event)),
        mock.patch.multiple(audit_straight, LEAST=1, _SHARE=3, processors=lambda: 2),
    ):
        return look(*what, **given)


def same(left, right):
    assert [str(each) for each in left.ordered()] == [str(each) for each in right.ordered()]
    assert (left.heads, left.histories, left.debts) == (right.heads, right.histories, right.debts)
    assert left.as_json() == right.as_json()
    assert list(left.lines()) == list(right.lines())


def stored(folder, objects):
    for name, data in objects.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return DirectoryPost(Path(folder))


@settings(max_examples=14, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
@example(seed=90)
@example(seed=227)
def test_i8_no_network_however_odd_is_judged_otherwise_without_trees(seed):
    rng = random.Random(seed)
    town = OddTown(rng)
    given = {"sealed": rng.random() < 0.3, "office": "audit", "remembered": town.remembered()}
    post = town.lay(MemoryPost())
    straight = look(town.net, post, **given)
    same(straight, look_with_trees(town.net, post, **given))
    with TemporaryDirectory() as folder:
        same(straight, look_with_help(town.net, stored(folder, post.objects), **given))


def test_odd_networks_are_odd_and_yet_mostly_straight():
    taken, codes, states = 0, set(), set()
    for seed in range(6):
        town = OddTown(random.Random(seed))
        with mock.patch.object(audit_straight, "history", wraps=audit_straight.history) as made:
            report = look(town.net, town.lay(MemoryPost()))
        taken += made.call_count / len(report.heads)
        codes |= {each.code for each in report.findings}
        states |= {each.state for each in report.debts}
    assert taken > 3
    assert {"unauthorized", "gap", "held", "clock", "disagrees", "unknown", "void", "old-roster"} <= codes
    assert {State.UNKNOWN, State.DUE, State.ON_TIME} <= states


# ---- what was otherwise ----------------------------------------------------------------------------------------------


def test_v11_nobody_is_overdue_whose_order_the_carrier_keeps_back():
    """The center's head tells of a second instruction, which the carrier has; the office is not blamed for it."""
    board = Board()
    net = board.net
    due = Due(date(2026, 11, 24), "reply")
    first = net.make("center/tver", by="stasova", kind="instruction", due=due)
    second = net.make("center/tver", first, by="stasova", kind="instruction", cancels=1)
    said = net.make("center/kursk", by="stasova", heads=(Head(*second.slot, second.hash),))
    later = net.make("center/kursk", said, by="stasova", time="2026-11-22T10:00:00Z")
    board.post(first, said, later)
    report = board.audit()
    assert ("gap", "center/tver/2") in found(report)
    (debt,) = (each for each in report.debts if each.office == "tver")
    assert debt.state is State.UNKNOWN
    same(report, look_with_trees(net, board.store))


def test_i8_what_names_a_missing_number_is_told_alike_whatever_else_was_read_again():
    """A second side of a channel, under evidence, makes the audit read that channel once more, and changes no word."""
    board = Board()
    net = board.net
    head = Head("center/kursk", 5, sha("far"))
    one = net.make("center/center", by="stasova", heads=(head,))
    two = net.make("center/tver", by="stasova", heads=(head,))
    board.post(one, two)
    before = places(board.audit(), "gap")
    told = [each.detail for each in board.audit().findings if each.code == "gap"]
    twin = net.make("center/center", by="stasova", heads=(head,), time="2026-11-22T09:00:01Z")
    board.store.put(names.evidence_name(net.network, "tver", twin.hash), twin.note)
    report = board.audit()
    assert places(report, "gap") == before == ["center/kursk/1"]
    assert [each.detail for each in report.findings if each.code == "gap"] == told
    same(report, look_with_trees(net, board.store))


def test_i8_a_head_that_gives_a_number_the_hash_of_another_is_missed_alike():
    """The auditors' own list says that number 3 has the hash of number 1: number 3 is missed, trees or none."""
    board = Board()
    net = board.net
    net.entry("office audit auditor", officer("audit/ivanov"))
    first = net.make("tver/center")
    data = format_heads((Head("tver/center", 3, first.hash),))
    board.store.put(names.heads_name(net.network, "audit", sha256(data)), data)
    listing = HeadsFile(sha256(data), len(data))
    sealed = (Sealed(sha("sealed"), 1000),)
    signed = net.make("audit/center", kind="audit", heads_file=listing, letter=sha("l"), sealed=sealed)
    board.post(first, signed, net.make("audit/center", signed, kind="receipt", acks=(ack(first),)))
    report = look(net, board.store, office="audit")
    assert ("rollback", "tver/center/3") in found(report)
    same(report, look_with_trees(net, board.store, office="audit"))
