"""A second audit in a home: what was verified is not fetched again, and nothing that is new goes unnoticed."""

import sqlite3

import pytest
from auditkit import NOW, found, places
from chain.chainkit import Ack, ack, sha
from simulator import HostilePost

from cipherpost.chain import packing
from cipherpost.chain.columns import Columns
from cipherpost.home.audited import KEPT, Audited
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time
from cipherpost.workflows import audit_again
from cipherpost.workflows.auditing import Subject, audit


class Home:
    """An auditor's home over the store of a board; each audit sees ``post`` anew and counts what is asked of it."""

    def __init__(self, board, folder):
        (folder / "mail").mkdir()
        self.board = board
        self.folder = folder
        self.store = board.store
        self.post = HostilePost(self.store)

    def audit(self, *, full=False, sealed=False, url=None):
        audited = Audited(self.folder, url=url or self.post.url, fingerprint=self.board.net.fingerprint)
        if full:
            audited.drop()
        self.post.calls.clear()
        subject = Subject(
            post=self.post,
            network=self.board.net.network,
            fingerprint=self.board.net.fingerprint,
            clock=lambda: parse_time(NOW),
            audited=audited,
        )
        return audit(subject, sealed=sealed)

    def asked(self, channel):
        """The notes of a channel that the last audit got, or asked for in vain."""
        prefix = names.channel_prefix(self.board.net.network, channel)
        return [int(name[len(prefix) : len(prefix) + 8]) for does, name in self.post.calls
                if does == "get" and name.startswith(prefix)]  # fmt: skip

    def listed(self, channel):
        return names.channel_prefix(self.board.net.network, channel) in [
            name for does, name in self.post.calls if does == "names"
        ]


@pytest.fixture
def home(board, tmp_path):
    board.sent += board.net.run("tver/center", 5, board.sent[2])
    board.post(*board.sent)
    made = Home(board, tmp_path)
    made.first = made.audit()
    return made


def same(report, other):
    """The same but for the clause that tells what was not fetched again."""
    one, two = report.as_json(), other.as_json()
    for each in (one, two):
        each["not_checked"] = [clause for clause in each["not_checked"] if "(--full)" not in clause]
    assert one == two
    assert (report.histories, report.debts) == (other.histories, other.debts)


def test_a_home_that_never_audited_begins_from_zero(home):
    assert not any("(--full)" in clause for clause in home.first.not_checked)
    assert home.first.ok


def test_a_second_audit_asks_for_the_head_and_the_next_numbers_of_each_channel(home):
    again = home.audit()
    assert home.asked("tver/center") == [8, 9, 10]
    assert home.asked("center/all") == [2, 3, 4]
    assert home.asked("kursk/tver") == []
    assert any("(--full)" in clause for clause in again.not_checked)
    same(again, home.first)


def test_what_is_new_is_verified_and_the_rest_not_fetched(home):
    net = home.board.net
    more = net.run("tver/center", 3, home.board.sent[-1])
    first = net.make("kursk/center", None, kind="message")
    wrong = net.make("center/kursk", by="stasova", kind="receipt", acks=(Ack("kursk/center", 1, sha("x"), "read"),))
    home.board.post(*more, wrong)
    again = home.audit()
    assert home.asked("tver/center") == [8, 9, 10, 11, 12, 13]
    assert found(again) == [("disagrees", "center/kursk/1")]
    same(again, home.audit(full=True))
    assert first.channel == "kursk/center"


def test_findings_of_untouched_channels_are_listed_again(home):
    net = home.board.net
    home.board.post(*net.run("kursk/center", 2, net.make("kursk/center", kind="receipt",
        acks=(Ack("center/all", 2, home.board.circulars[1].hash, "seen"),)), time="2026-11-22T08:00:00Z"))  # fmt: skip
    assert places(home.audit(), "clock") == ["kursk/center/2"]
    again = home.audit()
    assert home.asked("kursk/center") == [3, 4, 5]
    assert places(again, "clock") == ["kursk/center/2"]
    same(again, home.audit(full=True))


def test_i4_a_head_that_is_gone_is_a_rollback_at_once(home):
    last = home.board.sent[-1]
    del home.store.objects[home.board.name(*last.slot)]
    assert home.audit().as_json()["findings"] == home.audit().as_json()["findings"]
    again = home.audit()
    assert ("rollback", "tver/center/8") in found(again)
    assert again.exit_code(strict=False, everything=False) == 3


def test_i4_another_dispatch_in_the_place_of_a_head_is_a_rollback_at_once(home):
    net = home.board.net
    other = net.make("tver/center", home.board.sent[-2], time="2026-11-23T09:00:00Z")
    home.store.objects[home.board.name(*other.slot)] = other.note
    assert ("rollback", "tver/center/8") in found(home.audit())


def test_what_became_of_an_older_note_is_seen_from_zero(home):
    home.store.objects[home.board.name("tver/center", 3)] = b"junk"
    assert home.audit().ok
    assert ("malformed", "tver/center/3") in found(home.audit(full=True))


def test_v3_a_note_behind_a_gap_is_seen_by_the_second_audit(home):
    ahead = home.board.net.run("tver/center", 2, home.board.sent[-1])
    home.board.post(ahead[1])
    again = home.audit()
    assert home.listed("tver/center")
    assert found(again) == [("gap", "tver/center/9"), ("held", "tver/center/10")]
    same(again, home.audit(full=True))


def test_v5_what_a_new_entry_of_the_roster_cuts_is_judged_again(home):
    net, sent = home.board.net, home.board.sent
    net.entry("suspend tver", f"cut 3 tver/center 4 {sent[3].hash}")
    home.board.post()
    again = home.audit()
    assert home.asked("tver/center")[0] == 1
    assert home.asked("kursk/center") == [1, 2, 3]
    assert places(again, "void") == [f"tver/center/{number}" for number in (5, 6, 7, 8)]
    same(again, home.audit(full=True))
    assert home.audit().as_json()["findings"] == again.as_json()["findings"]


def test_a_channel_that_begins_is_found(home):
    net = home.board.net
    assert home.audit().ok
    home.board.post(net.make("center/kursk", by="stasova", kind="receipt", acks=(ack(home.board.sent[0]),)))
    again = home.audit()
    same(again, home.audit(full=True))
    assert "center/kursk" in [head.channel for head in again.heads] or found(again)


def test_evidence_is_looked_at_by_every_audit(home):
    net, sent = home.board.net, home.board.sent
    other = net.make("tver/center", sent[1], time="2026-11-22T09:30:00Z")
    home.store.put(names.evidence_name(net.network, "kursk", other.hash), other.note)
    again = home.audit()
    assert ("fork", "tver/center/3") in found(again)
    same(again, home.audit(full=True))


@pytest.mark.parametrize("damage", ["cut", "junk", "gone", "other-columns"])
def test_what_is_damaged_or_missing_is_verified_from_zero(home, damage):
    path = home.folder / KEPT
    if damage == "gone":
        path.unlink()
    elif damage == "other-columns":
        base = sqlite3.connect(path)
        base.execute(
            "UPDATE channels SET data = substr(data, 1, 40) || 'x' || substr(data, 42) WHERE length(data) > 50"
        )
        base.commit()
        base.close()
    else:
        path.write_bytes(path.read_bytes()[:1000] if damage == "cut" else b"junk" * 2000)
    again = home.audit()
    assert home.asked("tver/center")[:3] == [1, 2, 3]
    assert again.as_json()["findings"] == home.first.as_json()["findings"]
    assert [head.number for head in again.heads] == [head.number for head in home.first.heads]


def test_another_post_office_is_audited_from_zero(home):
    home.audit(url="/another/place")
    assert home.asked("tver/center")[:3] == [1, 2, 3]


def test_another_roster_is_as_good_as_no_earlier_audit(home):
    del home.store.objects[home.board.name("center/roster", 2)]
    again = home.audit()
    assert ("gap", "center/roster/2") in found(again)
    assert home.asked("tver/center")[:3] == [1, 2, 3]


def test_v9_an_audit_with_sealed_files_does_not_rely_on_one_without(home):
    sealed = home.audit(sealed=True)
    assert places(sealed, "letter-missing")
    assert home.asked("tver/center")[:3] == [1, 2, 3]
    again = home.audit(sealed=True)
    assert home.asked("tver/center") == [8, 9, 10]
    same(again, sealed)


def test_columns_come_back_from_their_bytes(home):
    chain = home.board.net.chain(*home.board.sent)
    columns = Columns("tver/center", sealed=True)
    for node in chain.channel("tver/center").counting():
        columns.add(node)
    data = packing.dump(columns)
    back = packing.load(data, "tver/center")
    assert [node.header for node in back.nodes()] == [node.header for node in columns.nodes()]
    assert packing.dump(back) == data
    assert packing.load(data, "kursk/center") is None
    assert all(packing.load(data[:at] + b"?" + data[at + 1 :], "tver/center") is None for at in range(0, len(data), 37))


def test_many_new_notes_are_taken_in_shares(home, monkeypatch):
    monkeypatch.setattr(audit_again, "BATCH", 3)
    home.board.post(*home.board.net.run("tver/center", 9, home.board.sent[-1]))
    again = home.audit()
    assert home.asked("tver/center") == list(range(8, 20))
    same(again, home.audit(full=True))


def test_a_home_that_cannot_write_audits_all_the_same(board, tmp_path):
    home = Home(board, tmp_path)
    (tmp_path / "mail").rmdir()
    assert home.audit().ok
    assert isinstance(home.store, MemoryPost)
