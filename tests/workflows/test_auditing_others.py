"""Audits of what dispatches say of others: the roster, silence, public heads, what a home remembers."""

import hashlib

import pytest
from auditkit import found, lines, places
from chain.chainkit import officer, sha, signer
from simulator import HostilePost

from cipherpost.dispatch.header import Ack, Head, HeadsFile, Report
from cipherpost.dispatch.heads import format_heads
from cipherpost.postoffice import names
from cipherpost.workflows import audit_words
from cipherpost.workflows.auditing import audit
from cipherpost.workflows.earlier_audits import last_audits

REPORT = Report("monthly-return", "2026-10", None, nil=False)

# ---- the roster ------------------------------------------------------------------------------------------------------


def test_without_the_genesis_nothing_can_be_verified(board):
    name = board.name("center/roster", 1)
    for broken in (None, b"junk", board.net.entries[0].text.data + b"\n\xe2\x80\x94 x AAAAAAAA\n"):
        board.store.objects.pop(name, None)
        if broken is not None:
            board.store.objects[name] = broken
        report = board.audit()
        assert ("gap", "center/roster/1") in found(report)
        assert report.exit_code(strict=False, everything=False) in {3, 6}
        assert lines(report)[0].startswith("NOTHING CAN BE VERIFIED")
        assert report.as_json()["roster"] is None


def test_v4_a_roster_entry_held_back_shows_in_what_relies_on_it(board):
    board.net.entry("title tver Tver")
    board.post(board.net.make("tver/center", board.sent[2]))
    del board.store.objects[board.name("center/roster", 3)]
    report = board.audit()
    assert found(report) == [("gap", "center/roster/3"), ("held", "tver/center/4")]
    assert report.exit_code(strict=False, everything=False) == 6


def test_a_rotten_roster_entry_is_named(board):
    name = board.name("center/roster", 2)
    board.store.objects[name] = board.store.objects[name].replace(b"office kursk", b"office kirov")
    report = board.audit()
    assert ("forged", "center/roster/2") in found(report) or ("unauthorized", "center/roster/2") in found(report)
    assert report.exit_code(strict=False, everything=False) == 3


def test_a_roster_entry_of_a_newer_program_is_held_and_said_to_need_an_update(board):
    board.net.entry("zodiac tver aries")
    board.post(board.net.make("tver/center", board.sent[2]))
    report = board.audit()
    assert places(report, "held") == ["center/roster/3", "tver/center/4"]
    assert any("center/roster from number 3 on" in clause for clause in report.as_json()["not_checked"])


def test_uncounted_is_said_where_a_suspension_cuts_what_the_center_had_acked(board):
    board.net.entry("suspend tver", f"cut 3 tver/center 2 {board.sent[1].hash}")
    board.post()
    report = board.audit()
    assert set(found(report)) == {("void", "tver/center/3"), ("uncounted", "tver/center/3")}
    uncounted = next(finding for finding in report.findings if finding.code == "uncounted")
    assert uncounted.points_to == "center"


@pytest.mark.parametrize("statement", ["compromised tver/ivanov", "suspend tver"])
def test_uncounted_is_not_said_of_stolen_keys_nor_of_what_nobody_acked(board, statement):
    last = board.net.make("tver/center", board.sent[2])
    cut = board.sent[2] if statement.startswith("suspend") else board.sent[1]
    board.net.entry(statement, f"cut 3 tver/center {cut.number} {cut.hash}")
    board.post(last)
    codes = {code for code, _ in found(board.audit())}
    assert "void" in codes
    assert "uncounted" not in codes


# ---- silence ---------------------------------------------------------------------------------------------------------


def test_stale_is_said_when_the_center_was_silent_for_the_interval(board):
    assert board.audit(as_of="2026-12-22T08:59:59Z").findings == ()
    report = board.audit(as_of="2026-12-22T09:00:01Z")
    assert found(report) == [("stale", "")]
    assert report.exit_code(strict=False, everything=False) == 5
    assert "WARNING  stale  center" in lines(report)
    board.net.entry("check center weekly", time="2026-11-22T09:00:00Z")
    board.post()
    assert found(board.audit(as_of="2026-11-30T09:00:00Z")) == [("stale", "")]


def test_unheard_is_said_when_nobody_acks_for_the_interval(board):
    board.net.entry("group volga kursk tver", "lateral volga")
    first = board.net.make("tver/volga", time="2026-10-01T00:00:00Z", kind="check")
    board.post(first)
    first = board.net.make(
        "tver/kursk", time="2026-10-01T00:00:00Z", kind="receipt", heads=(Head("tver/volga", 1, first.hash),)
    )
    two = board.net.make("tver/kursk", first, time="2026-10-02T00:00:00Z")
    three = board.net.make("tver/kursk", two, time="2026-10-03T00:00:00Z")
    four = board.net.make("tver/kursk", three, time="2026-11-30T00:00:00Z")
    board.post(first, two, three, four)
    report = board.audit()
    unheard = [finding for finding in report.findings if finding.code == "unheard"]
    assert [(each.channel, each.number) for each in unheard] == [("tver/kursk", 2)]
    assert "2 dispatches, the last 3," in unheard[0].detail
    assert report.exit_code(strict=False, everything=False) == 5
    heard = board.net.make("kursk/tver", kind="receipt", acks=(Ack("tver/kursk", 3, three.hash, "seen"),))
    board.post(heard)
    assert "unheard" not in {code for code, _ in found(board.audit())}


def test_unheard_is_not_said_of_own_channels_nor_of_an_office_that_is_gone(board):
    old = board.net.make("tver/tver", time="2026-10-01T00:00:00Z")
    gone = board.net.make("center/kursk", by="stasova", kind="instruction", time="2026-10-01T00:00:00Z")
    board.net.entry("suspend kursk")
    board.post(old, gone)
    assert "unheard" not in {code for code, _ in found(board.audit())}


def test_v7_a_clock_ahead_of_the_judging_time_is_a_notice(board):
    board.post(board.net.make("tver/center", board.sent[2], time="2026-12-05T00:00:00Z"))
    report = board.audit()
    assert found(report) == [("clock", "tver/center/4")]
    assert report.ok
    assert lines(report)[0] == "IN ORDER, with 1 notice."
    assert board.audit(as_of="2026-12-05T00:00:00Z").findings == ()


def test_v8_an_ack_of_another_hash_points_to_nobody(board):
    wrong = Ack("center/all", 1, sha("another"), "received")
    board.post(board.net.make("tver/center", board.sent[2], acks=(wrong,)))
    report = board.audit()
    assert found(report) == [("disagrees", "tver/center/4")]
    assert report.findings[0].points_to == "nobody"


# ---- evidence and public heads ---------------------------------------------------------------------------------------


def evidence(board, made, office="kursk"):
    board.store.put(names.evidence_name(board.net.network, office, made.hash), made.note)


def test_evidence_of_what_is_there_says_nothing(board):
    evidence(board, board.sent[0])
    assert board.audit().findings == ()


def test_evidence_shows_the_other_side_of_a_fork(board):
    again = board.net.make("tver/center", board.sent[1], time="2026-11-22T09:00:09Z")
    evidence(board, again)
    report = board.audit()
    assert ("fork", "tver/center/3") in found(report)
    assert report.exit_code(strict=False, everything=False) == 7


def test_a_dispatch_that_is_left_under_evidence_only_is_missing_from_its_slot(board):
    del board.store.objects[board.name("tver/center", 2)]
    evidence(board, board.sent[1])
    report = board.audit()
    assert found(report) == [("gap", "tver/center/2")]
    assert "kursk/evidence" in report.findings[0].detail


def test_junk_under_evidence_is_named_there_and_not_in_the_slot(board):
    network = board.net.network
    board.store.put(names.evidence_name(network, "kursk", sha("x")), b"junk")
    stranger = board.net.make("tver/center", board.sent[2], key=signer("tver/ivanov", 7))
    evidence(board, stranger)
    board.store.put(names.evidence_name(network, "kursk", sha("y")), board.sent[0].note)
    report = board.audit()
    assert {finding.code for finding in report.findings} == {"malformed", "forged", "misplaced"}
    assert all("kursk/evidence" in finding.detail for finding in report.findings)


def with_heads(board, heads):
    data = format_heads(heads)
    stated = HeadsFile(hashlib.sha256(data).hexdigest(), len(data))
    board.net.entry("office audit auditor", officer("audit/revizor"))
    board.post(board.net.make("audit/center", by="revizor", kind="audit", heads_file=stated))
    return names.heads_name(board.net.network, "audit", stated.hash), data


def test_the_public_heads_of_an_audit_are_held_against_what_is_there(board):
    last = board.sent[2]
    name, data = with_heads(board, [Head("tver/center", 3, last.hash), Head("kursk/tver", 2, sha("gone"))])
    assert found(board.audit()) == [("letter-missing", "audit/center/1")]
    board.store.put(name, data)
    assert found(board.audit()) == [("gap", "kursk/tver/1")]
    board.store.put(name, data[:-1] + b"x")
    assert found(board.audit()) == [("swapped", "audit/center/1")]
    board.store.put(name, data + b"\n")
    assert found(board.audit()) == [("swapped", "audit/center/1")]


def test_public_heads_of_another_hash_disagree(board):
    name, data = with_heads(board, [Head("tver/center", 3, sha("another"))])
    board.store.put(name, data)
    assert found(board.audit()) == [("disagrees", "audit/center/1")]


def test_i11_a_heads_file_that_many_audits_name_is_read_once(board):
    """It may have 64 MiB, and the note that names it again costs whoever stole an auditor's key nothing."""
    name, data = with_heads(board, [Head("tver/center", 3, sha("another"))])
    board.store.put(name, data)
    stated = HeadsFile(hashlib.sha256(data).hexdigest(), len(data))
    after = board.net.make("audit/center", by="revizor", kind="audit", heads_file=stated)
    for _ in range(3):
        after = board.net.make("audit/center", after, by="revizor", kind="audit", heads_file=stated)
        board.post(after)
    asked = []
    post = HostilePost(board.store)
    get = post.get
    post.get = lambda name, limit: asked.append(name) or get(name, limit)
    look = audit(board.subject(post=post))
    assert found(look) == [("disagrees", f"audit/center/{number}") for number in (1, 2, 3, 4)]
    assert asked.count(name) == 1


def test_i11_a_heads_file_of_which_nothing_stands_makes_no_endless_list(board, monkeypatch):
    monkeypatch.setattr(audit_words, "_OTHERS", 2)
    offices = [f"o{number}" for number in range(5)]
    board.net.found(*offices)
    letters = [board.net.make(f"{office}/center") for office in offices]
    board.post(*letters)
    name, data = with_heads(board, [Head(made.channel, 1, sha("another")) for made in letters])
    board.store.put(name, data)
    told = [each.detail for each in board.audit().ordered() if each.code == "disagrees"]
    assert len(told) == 3
    assert "its public heads name 3 more that do not stand here" in told


def test_an_audit_that_its_office_took_back_makes_nothing_known(board):
    """A thief signed that all is known; the office takes that back, and its audit before holds again."""
    net = board.net
    net.entry("office audit auditor", officer("audit/revizor"))
    stated = HeadsFile(sha("heads"), 100)
    honest = net.make("audit/center", by="revizor", kind="audit", heads_file=stated)
    theft = net.make("audit/center", honest, by="revizor", kind="audit", heads_file=stated)
    back = net.make("audit/center", theft, by="revizor", kind="report", report=REPORT, cancels=2)
    for notes, last in (((honest, theft), 2), ((honest, theft, back), 1)):
        assert [node.number for node in last_audits(net.chain(*notes))] == [last]


# ---- what a home remembers -------------------------------------------------------------------------------------------


def test_what_a_home_verified_and_the_post_office_still_has_says_nothing(board):
    assert board.audit(remembered=board.sent).findings == ()


def test_rollback_what_a_home_verified_is_gone_from_the_end(board):
    more = board.net.run("tver/center", 2, board.sent[2])
    report = board.audit(remembered=[*board.sent, *more])
    assert found(report) == [("rollback", "tver/center/4")]
    assert "numbers 4 to 5" in report.findings[0].detail
    assert report.exit_code(strict=False, everything=False) == 3


def test_rollback_of_a_whole_channel_and_of_the_roster(board):
    entry = board.net.entry("title tver Tver")
    report = board.audit(remembered=[*board.net.entries, board.net.make("kursk/tver")])
    assert set(found(report)) == {("rollback", "center/roster/3"), ("rollback", "kursk/tver/1")}
    assert entry.number == 3


def test_another_dispatch_in_the_place_of_a_remembered_one_is_a_fork(board):
    again = board.net.make("tver/center", board.sent[1], time="2026-11-22T09:00:09Z")
    report = board.audit(remembered=[*board.sent[:2], again])
    assert set(found(report)) == {("rollback", "tver/center/3"), ("fork", "tver/center/3")}
    assert report.exit_code(strict=False, everything=False) == 7


def test_junk_in_the_place_of_a_remembered_one_is_a_rollback_too(board):
    board.store.objects[board.name("center/tver", 1)] = b"junk"
    report = board.audit(remembered=[board.receipt])
    assert set(found(report)) == {("malformed", "center/tver/1"), ("rollback", "center/tver/1")}
