"""Channels judged straight, by this process or by helping ones, give what the whole judging gives (I8)."""

import os
import signal
import threading
from datetime import date

import pytest
from auditkit import NOW, found, places
from bundles import bundle
from chain.chainkit import Made, Net, ack, draft, officer, sha, signer
from simulator import HostilePost

from cipherpost.chain.columns import Columns
from cipherpost.chain.history import history
from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import Ack, Decision, Due, Head, HeadsFile, KeyRef, Reply, Report, Sealed
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import UnableError
from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time, sha256
from cipherpost.workflows import audit_reading, audit_straight
from cipherpost.workflows.auditing import Remembered, Subject, audit

FORM = "monthly-return"


class Town:
    """A network in which nearly everything that a header may say is said, and much is wrong."""

    def __init__(self):
        self.net = net = Net()
        net.found("tver", "kursk", "orel", "pskov")
        net.entry(f"form {FORM} 1 {sha('form')}", f"duty {FORM} all monthly due 5 grace 3 from 2026-08")
        net.entry("office audit auditor", officer("audit/ivanov"))
        net.entry("group east kursk orel pskov tver", "group north orel pskov", "lateral east")
        self.notes = []
        self.evidence = []
        self.sealed = (Sealed(sha("sealed"), 1000),)
        self.orders()
        self.reports()
        self.words()
        net.entry("suspend kursk", f"cut 6 kursk/center 2 {self.kursk[1].hash}")
        self.last = self.run("pskov/center", 2, self.notes_of("pskov/center")[-1])

    def add(self, *made):
        self.notes += made
        return made[-1]

    def run(self, channel, count, after=None, **changes):
        made = self.net.run(channel, count, after, **changes)
        self.add(*made)
        return made

    def center(self, channel, after=None, **changes):
        return self.add(self.net.make(channel, after, by="stasova", **changes))

    def orders(self):
        due = Due(date(2026, 11, 25), "complied")
        first = self.center("center/all", kind="circular", due=due)
        second = self.center("center/all", first, kind="circular", supersedes=1, time="2026-11-22T08:00:00Z")
        self.order = self.center("center/all", second, kind="circular", due=due)
        key = self.center("center/north", kind="key")
        plain = self.net.make("center/north", key, by="stasova", kind="circular")
        under = Made(plain.header._replace(key=KeyRef(None, 1)), signer("center/stasova"))
        self.add(under)

    def report(self, office, period, after=None, **changes):
        return self.add(
            self.net.make(
                f"{office}/center", after, kind="report", report=Report(FORM, period, None, nil=False),
                **{"letter": sha("letter"), "sealed": self.sealed, **changes},
            )
        )  # fmt: skip

    def reports(self):
        one = self.report("tver", "2026-08", time="2026-09-03T09:00:00Z")
        two = self.report("tver", "2026-09", one, time="2026-10-20T09:00:00Z")
        three = self.report("tver", "2026-09", two, time="2026-10-21T09:00:00Z", supersedes=2)
        four = self.report("tver", "2026-09", three, time="2026-10-22T09:00:00Z")
        told = self.center("center/tver", kind="receipt", acks=(ack(one),), time="2026-09-04T09:00:00Z")
        said = Decision("excused", "tver", FORM, "2026-10", None, None, None)
        told = self.center("center/tver", told, kind="decision", decision=said, time="2026-11-01T09:00:00Z")
        acks = (ack(self.order, "complied"), ack(told))
        self.tver = self.add(self.net.make("tver/center", four, kind="receipt", acks=acks))
        self.orel = self.report("orel", "2026-08", time="2026-11-20T09:00:00Z")

    def words(self):
        net = self.net
        wrong = Ack("center/all", 2, sha("another text"), "read")
        said = self.add(net.make("pskov/center", kind="receipt", acks=(wrong,), time="2027-01-01T09:00:00Z"))
        self.add(net.make("pskov/center", said, heads=(Head("pskov/east", 9, sha("beyond")),)))
        reply = Reply("center/all", 3, self.order.hash)
        self.add(net.make("orel/center", self.orel, reply=reply))
        self.heads = format_heads((Head("orel/center", 1, sha("not this")), Head("tver/east", 7, sha("far"))))
        file = HeadsFile(sha256(self.heads), len(self.heads))
        seen = Ack("tver/center", 4, self.notes_of("tver/center")[3].hash, "seen")
        self.add(net.make("audit/center", kind="audit", heads_file=file, letter=sha("l"), sealed=self.sealed))
        self.add(net.make("audit/center", self.notes[-1], kind="receipt", acks=(seen,)))
        # what is not straight: something void, a race, a fork, a gap, a cut
        after = self.run("pskov/east", 2)
        self.add(net.make("pskov/east", after[1], by="nobody", key=signer("pskov/ivanov")))
        self.kursk = self.run("kursk/center", 4)
        self.add(net.make("tver/east"))
        self.beside = net.make("tver/east", by="petrova")
        once = net.make("kursk/east")
        twice = net.make("kursk/east", time="2026-11-22T09:00:01Z")
        self.add(once)
        self.evidence = [("tver", once), ("tver", twice), ("orel", self.tver), ("orel", self.order)]
        self.forged = net.make("orel/center", self.orel, key=signer("orel/thief"))
        gap = net.run("audit/tver", 4)
        self.add(gap[0], gap[1], gap[3])

    def notes_of(self, channel):
        return [made for made in self.notes if made.channel == channel]

    def lay(self, post):
        net = self.net
        for made in (*net.entries, *self.notes):
            post.create(names.note_name(net.network, *made.slot), made.note)
        post.create(names.alternate_name(net.network, "tver/east", 1, self.beside.hash), self.beside.note)
        post.put(names.heads_name(net.network, "audit", sha256(self.heads)), self.heads)
        for office, made in self.evidence:
            post.put(names.evidence_name(net.network, office, made.hash), made.note)
        bad = self.order.text.data + self.forged.note[len(self.forged.text.data) :]
        post.put(names.evidence_name(net.network, "kursk", self.order.hash), bad)
        post.create(names.note_name(net.network, "audit/kursk", 1), b"junk")
        post.create(names.note_name(net.network, "audit/kursk", 2), self.tver.note)
        return post

    def audit(self, post, *, remembered=(), sealed=False):
        subject = Subject(
            post=post,
            network=self.net.network,
            fingerprint=self.net.fingerprint,
            remembered=lambda: [Remembered(m.channel, m.number, m.hash, lambda m=m: m.note) for m in remembered],
            clock=lambda: parse_time(NOW),
        )
        return audit(subject, sealed=sealed)


@pytest.fixture(scope="module")
def town():
    return Town()


@pytest.fixture
def directory(town, tmp_path):
    root = tmp_path / "post"
    root.mkdir()
    return town.lay(DirectoryPost(root))


@pytest.fixture
def whole(monkeypatch):
    """Audits judge every channel with a tree while this is asked for."""

    def use(on):
        monkeypatch.setattr(audit_reading.Listed, "straight", property(lambda listed: not on and listed.run > 0
            and not listed.others and not listed.alternates))  # fmt: skip

    return use


@pytest.fixture
def helpers(monkeypatch):
    """Audits let two other processes help, however little there is to do."""
    monkeypatch.setattr(audit_straight, "LEAST", 1)
    monkeypatch.setattr(audit_straight, "_SHARE", 3)
    monkeypatch.setattr(audit_straight, "processors", lambda: 2)


def same(left, right):
    assert left.as_json() == right.as_json()
    assert (left.histories, left.debts) == (right.histories, right.debts)
    assert set(left.findings) == set(right.findings)
    assert list(left.lines()) == list(right.lines())


@pytest.mark.parametrize("sealed", [False, True])
def test_i8_channels_judged_straight_give_what_trees_give(town, directory, whole, sealed):
    straight = town.audit(directory, sealed=sealed)
    whole(True)
    same(straight, town.audit(directory, sealed=sealed))
    codes = {code for code, _ in found(straight)}
    assert {"gap", "fork", "race", "void", "forged", "malformed", "misplaced", "clock", "disagrees", "late"} <= codes


def test_i8_helping_processes_find_what_one_process_finds(town, directory, helpers, monkeypatch):
    helped = town.audit(directory)
    monkeypatch.setattr(audit_straight, "LEAST", 10**6)
    same(helped, town.audit(directory))
    assert helped.dispatches >= 30


def test_i8_a_remembered_dispatch_in_a_straight_channel_gives_what_trees_give(town, directory, whole):
    net = town.net
    other = net.make("pskov/center", town.last[0], time="2026-11-22T10:00:00Z")
    later = net.make("pskov/center", town.last[1])
    remembered = [town.tver, other, later]
    straight = town.audit(directory, remembered=remembered)
    assert places(straight, "rollback") == ["pskov/center/4", "pskov/center/5"]
    assert ("fork", "pskov/center/4") in found(straight)
    whole(True)
    same(straight, town.audit(directory, remembered=remembered))


def test_i8_a_bundle_is_audited_by_helping_processes_too(town, directory, helpers, tmp_path):
    objects = {name: directory.get(name, names.size_limit(name)) for name in directory.names("")}
    same(town.audit(bundle(tmp_path / "all.bundle", objects)), town.audit(directory))


def test_nearly_all_channels_are_judged_straight_and_others_are_read_again(town, directory, monkeypatch):
    taken = []
    monkeypatch.setattr(Chain, "take_straight", _noting(Chain.take_straight, taken))
    town.audit(directory)
    assert {"center/all", "center/tver", "tver/center", "orel/center", "audit/center", "center/north"} <= set(taken)
    assert not {"kursk/center", "tver/east", "kursk/east", "audit/tver", "audit/kursk", "pskov/east"} & set(taken)


def _noting(does, taken):
    def noting(chain, columns):
        taken.append(columns.channel)
        return does(chain, columns)

    return noting


def test_a_note_that_comes_while_the_audit_reads_is_read(town):
    post = town.lay(MemoryPost())
    hidden = town.net.run("pskov/center", 3, town.last[1])
    for made in hidden:
        post.create(names.note_name(town.net.network, *made.slot), made.note)
    hostile = HostilePost(post)
    hostile.omit(*(names.note_name(town.net.network, *made.slot) for made in hidden))
    report = town.audit(hostile)
    assert ("pskov/center", 7) in [(head.channel, head.number) for head in report.heads]
    assert any("does not list all it holds (3 or more" in clause for clause in report.as_json()["not_checked"])


def test_v6_a_draft_is_spent_once_in_a_straight_channel_too(board):
    net = board.net
    net.entry(officer("center/sverdlov"), "threshold center 2")
    fields = {"by": "stasova", "kind": "circular", "endorsers": ("sverdlov",)}
    first = net.make("center/all", board.circulars[1], draft=draft(3), **fields)
    other = net.make("center/all", first, draft=draft(4), **fields)
    board.post(first, other)
    assert board.audit().findings == ()
    board.post(net.make("center/all", other, draft=draft(3), **fields))
    assert found(board.audit()) == [("void", "center/all/5")]


def test_v6_what_a_straight_channel_supersedes_needs_the_same_signatures(board):
    net = board.net
    good = net.make("tver/center", board.sent[2], supersedes=2)
    board.post(
        good, net.make("tver/center", good, kind="report", supersedes=3, report=Report(FORM, "2026-10", None, nil=True))
    )
    assert found(board.audit()) == [("void", "tver/center/5")]


# ---- helpers ---------------------------------------------------------------------------------------------------------


def test_a_helper_that_is_killed_ends_the_audit_and_is_no_clean_report(town, directory, helpers, monkeypatch):
    monkeypatch.setattr(audit_straight, "_help", die)
    with pytest.raises(audit_straight.HelperDiedError) as raised:
        town.audit(directory)
    assert isinstance(raised.value, UnableError)
    assert any("memory" in hint for hint in raised.value.hints)


def die(_jobs):
    """What a helping process does in the place of its work."""
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def test_an_interrupted_audit_leaves_no_helper_behind(town, directory, helpers, monkeypatch):
    from multiprocessing import active_children

    before = set(active_children())
    monkeypatch.setattr(Chain, "take_straight", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        town.audit(directory)
    assert set(active_children()) <= before


def _interrupted(_chain, _columns):
    raise KeyboardInterrupt


# ---- stores that answer slowly ---------------------------------------------------------------------------------------


class Slow(MemoryPost):
    """A store that likes many requests at once; it answers only when as many are waiting, or none more comes."""

    at_once = 8

    def __init__(self):
        super().__init__()
        self.most = 0
        self._flying = 0
        self._gate = threading.Condition()

    def get(self, name, limit):
        with self._gate:
            self._flying += 1
            self.most = max(self.most, self._flying)
            self._gate.notify_all()
            self._gate.wait_for(lambda: self.most >= self.at_once, timeout=0.05)
        try:
            return super().get(name, limit)
        finally:
            with self._gate:
                self._flying -= 1


def test_a_post_office_that_likes_many_requests_at_once_gets_them(town, whole):
    post = town.lay(Slow())
    report = town.audit(post)
    assert post.most == post.at_once
    whole(True)
    same(report, town.audit(town.lay(MemoryPost())))


# ---- columns ---------------------------------------------------------------------------------------------------------


def test_columns_give_back_what_headers_say(town):
    chain = town.net.chain(*(made for made in town.notes if made.channel == "tver/center"))
    columns = Columns("tver/center", sealed=True)
    nodes = list(chain.channel("tver/center").counting())
    for node in nodes:
        columns.add(node)
    assert columns.long == len(nodes) == 5
    for node, made in zip(nodes, columns.nodes(), strict=True):
        one, two = node.header, made.header
        assert (node.number, node.hash, node.time, node.kind, node.roster, node.target) == (
            made.number, made.hash, made.time, made.kind, made.roster, made.target,
        )  # fmt: skip
        assert one[7:9] + one[10:21] == two[7:9] + two[10:21]
    view = chain.channel("tver/center")
    assert list(columns.cites()) == list(view.cites())
    assert columns.times() == view.times()
    assert [list(each) for each in columns.dated()] == [list(each) for each in view.dated()]
    assert view.history(30) == history(view.name, *columns.dated(), 30)
    assert list(columns.older("2026-10-21T00:00:00Z", {"receipt"})) == [1, 2]
    assert list(columns.later("2026-10-21T09:00:00Z")) == [4, 5]
