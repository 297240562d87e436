"""Audits of small networks that somebody tampered with: each finding names its channel and number."""

import hashlib

import pytest
from auditkit import NOW, found, lines, places
from chain.chainkit import Net, sha, signer
from simulator import HostilePost

from cipherpost import limits
from cipherpost.chain.findings import CODES, Finding
from cipherpost.dispatch.header import Head, Reply
from cipherpost.postoffice import UnreachableError, names
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.text import parse_time, spoken
from cipherpost.workflows import audit_phrases
from cipherpost.workflows.auditing import GenesisAlteredError, NoPostOfficeError, Report, Subject, audit
from cipherpost.workflows.networks import NetworkNameError, TooManyNetworksError, find_network

FIELDS = {
    "ok", "program", "network", "fingerprint", "roster", "as_of", "dispatches", "channels", "findings", "not_checked",
}  # fmt: skip
FINDING_FIELDS = {
    "code", "grade", "channel", "number", "office", "points_to", "rule", "detail", "time", "known_since",
}  # fmt: skip


# ---- a clean network -------------------------------------------------------------------------------------------------


def test_a_clean_network_gives_a_clean_report(board):
    report = board.audit()
    assert report.ok
    assert report.findings == ()
    assert report.exit_code(strict=True, everything=True) == 0
    assert report.dispatches == 9
    assert [(head.channel, head.number) for head in report.heads] == [
        ("center/all", 2), ("center/roster", 2), ("center/tver", 1), ("kursk/center", 1), ("tver/center", 3),
    ]  # fmt: skip


def test_the_page_begins_with_the_verdict_and_ends_with_the_number_over_all_heads(board):
    report = board.audit()
    shown = lines(report)
    assert shown[0].startswith("ALL IS WELL")
    listing = "".join(f"head {head.channel} {head.number} {head.hash}\n" for head in report.heads)
    assert shown[-1].strip() == spoken(hashlib.sha256(listing.encode()).hexdigest())
    assert any(board.net.fingerprint in line for line in shown)
    assert any("Central Committee" in line for line in shown)


def test_the_json_has_exactly_the_fields_that_scripts_rely_on(board):
    del board.store.objects[board.name("tver/center", 2)]
    told = board.audit().as_json()
    assert told.keys() == FIELDS
    assert all(finding.keys() == FINDING_FIELDS for finding in told["findings"])
    assert told["roster"] == {"number": 2, "hash": board.net.entries[1].hash}
    assert told["as_of"] == NOW
    assert not told["ok"]
    assert {"channel": "center/all", "number": 2, "hash": board.circulars[1].hash} in told["channels"]


def test_i8_two_auditors_with_the_same_notes_get_the_same_result_whatever_the_order(board):
    del board.store.objects[board.name("tver/center", 2)]
    board.store.objects[board.name("kursk/center", 2)] = b"junk"
    before = board.audit()
    board.store.objects = dict(reversed(board.store.objects.items()))
    after = board.audit(post=_unsorted(board.store))
    assert after.as_json() == before.as_json()
    assert list(after.lines()) == list(before.lines())


def _unsorted(store):
    post = HostilePost(store)
    post.knobs.unsorted = True
    return post


def test_what_was_not_checked_is_said(board):
    shown = " ".join(line.strip() for line in lines(board.audit()))
    assert "V9" in shown
    assert "V10" in shown
    assert "V11" not in shown, "the ledger is checked"
    assert "What no audit can show" in shown
    assert not any("V9" in clause for clause in board.audit(sealed=True).as_json()["not_checked"])


def test_every_finding_has_something_to_do():
    assert audit_phrases.NEXT.keys() == CODES.keys()


# ---- one thing altered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", range(7))
def test_i2_any_byte_flipped_in_the_last_note_is_found_in_its_slot(board, offset):
    name = board.name("tver/center", 3)
    whole = board.store.objects[name]
    for at in range(offset, len(whole), 7):
        board.store.objects[name] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        report = board.audit()
        codes = {code for code, place in found(report) if place == "tver/center/3"}
        assert codes & {"malformed", "misplaced", "forged"}, (at, found(report))
        assert "gap" in codes  # the center acked it
        assert {place for _, place in found(report)} == {"tver/center/3"}  # and nothing else fell
        assert report.exit_code(strict=False, everything=False) == 3
        assert report.dispatches == 8


@pytest.mark.parametrize("left", [0, 1, 40, 200, -1])
def test_v1_a_truncated_note_is_malformed(board, left):
    name = board.name("center/all", 2)
    board.store.objects[name] = board.store.objects[name][:left]
    report = board.audit()
    assert places(report, "malformed") == ["center/all/2"]


def test_v1_a_note_above_its_limit_is_malformed_and_not_read(board):
    board.store.objects[board.name("tver/center", 4)] = b"x" * (limits.HEADER_BYTES + 1)
    assert found(board.audit()) == [("malformed", "tver/center/4")]


def test_v3_a_note_taken_from_the_middle_is_a_gap_and_the_rest_is_held(board):
    del board.store.objects[board.name("tver/center", 2)]
    report = board.audit()
    assert found(report) == [("gap", "tver/center/2"), ("held", "tver/center/3")]
    assert report.exit_code(strict=False, everything=False) == 6
    assert lines(report)[0] == "NOT IN ORDER: 2 warnings."


def test_v3_a_note_taken_from_the_end_is_a_gap_where_somebody_acked_it(board):
    del board.store.objects[board.name("tver/center", 3)]
    report = board.audit()
    assert found(report) == [("gap", "tver/center/3")]
    assert "center/tver/1" in report.findings[0].detail


@pytest.mark.parametrize("line", ["heads", "reply"])
def test_v3_a_number_that_somebody_names_is_missed(board, line):
    head = Head("kursk/tver", 4, sha("never posted"))
    more = {"heads": (head,)} if line == "heads" else {"reply": Reply(*head)}
    kind = "receipt" if line == "heads" else "message"
    board.post(board.net.make("kursk/center", board_last(board, "kursk/center"), kind=kind, **more))
    report = board.audit()
    gap = next(finding for finding in report.findings if finding.code == "gap")
    assert (gap.channel, gap.number) == ("kursk/tver", 1)
    assert "numbers 1 to 4" in gap.detail
    assert gap.points_to == "carrier"


def board_last(board, channel):
    """The last note of a channel, to go on from."""
    prefix = names.channel_prefix(board.net.network, channel)
    count = sum(name.startswith(prefix) for name in board.store.objects)
    entry = board.net.chain()
    for number in range(1, count + 1):
        entry.offer(channel, number, board.store.objects[board.name(channel, number)])
    last = entry.channel(channel).last
    return type("Last", (), {"number": last.header.number, "hash": last.hash})


def test_v2_notes_swapped_between_slots_are_both_misplaced(board):
    one, two = board.name("tver/center", 1), board.name("tver/center", 2)
    objects = board.store.objects
    objects[one], objects[two] = objects[two], objects[one]
    assert set(places(board.audit(), "misplaced")) == {"tver/center/1", "tver/center/2"}


def test_v2_a_note_copied_elsewhere_is_misplaced_and_harms_nothing(board):
    for channel, number in (("tver/center", 4), ("kursk/center", 2), ("tver/kursk", 1)):
        board.store.objects[board.name(channel, number)] = board.sent[0].note
    report = board.audit()
    assert set(found(report)) == {
        ("misplaced", "tver/center/4"), ("misplaced", "kursk/center/2"), ("misplaced", "tver/kursk/1"),
    }  # fmt: skip
    assert report.dispatches == 9


def test_v2_a_note_of_another_network_is_misplaced(board):
    other = Net(network="other")
    other.found("tver")
    board.store.objects[board.name("tver/center", 4)] = other.make("tver/center").note
    assert found(board.audit()) == [("misplaced", "tver/center/4")]


def test_v5_a_note_signed_by_a_stranger_is_forged(board):
    after = board.net.make("tver/center", board.sent[2], key=signer("tver/ivanov", 7))
    board.post(after)
    report = board.audit()
    assert found(report) == [("forged", "tver/center/4")]
    assert "ALARM  forged  tver/center/4" in lines(report)


def test_v5_an_office_that_the_roster_does_not_know_is_forged(board):
    board.post(board.net.make("samara/center"))
    assert found(board.audit()) == [("forged", "samara/center/1")]


def test_v6_a_kind_that_may_not_stand_there_is_unauthorized_and_points_to_its_sender(board):
    board.post(board.net.make("tver/center", board.sent[2], kind="instruction"))
    report = board.audit()
    assert found(report) == [("unauthorized", "tver/center/4")]
    assert any("points to: the sender, tver" in line for line in lines(report))


# ---- the same text under other names ---------------------------------------------------------------------------------


def test_a_note_under_its_alternate_name_counts_without_a_finding(board):
    name = board.name("tver/center", 3)
    note = board.store.objects.pop(name)
    board.store.objects[board.name("tver/center", 3, board.sent[2].hash)] = note
    assert board.audit().findings == ()
    board.store.objects[name] = b""
    report = board.audit()
    assert found(report) == [("malformed", "tver/center/3")]
    assert report.dispatches == 9


def test_v2_an_alternate_name_that_is_not_of_its_own_hash_is_misplaced(board):
    board.store.objects[board.name("tver/center", 3, "0" * 64)] = board.sent[2].note
    report = board.audit()
    assert found(report) == [("misplaced", "tver/center/3")]
    assert report.dispatches == 9


def test_i11_a_slot_stuffed_with_alternates_is_looked_at_up_to_the_limit(board):
    post = HostilePost(board.store)
    for at in range(limits.ALTERNATES + 9):
        board.store.objects[board.name("tver/center", 3, f"{at:064x}"[::-1])] = f"junk {at}".encode()
    report = board.audit(post=post)
    assert set(found(report)) == {("malformed", "tver/center/3")}
    assert post.count("get", "*/tver/center/00000003.*.note") == limits.ALTERNATES
    assert any(str(limits.ALTERNATES + 9) in finding.detail for finding in report.findings)


def test_a_race_is_told_and_a_fork_is_exit_7(board):
    other = board.net.make("tver/center", board.sent[2], by="petrova")
    mine = board.net.make("tver/center", board.sent[2])
    board.post(mine)
    board.store.objects[board.name("tver/center", 4, other.hash)] = other.note
    report = board.audit()
    assert found(report) == [("race", "tver/center/4")]
    assert report.ok
    assert report.exit_code(strict=True, everything=False) == 3
    again = board.net.make("tver/center", board.sent[2], time="2026-11-22T09:00:09Z")
    board.store.objects[board.name("tver/center", 4, again.hash)] = again.note
    report = board.audit()
    assert ("fork", "tver/center/4") in found(report)
    assert report.exit_code(strict=False, everything=False) == 7


def test_a_settled_fork_is_known_and_sets_no_exit_code_but_with_all(board):
    mine = board.net.make("tver/center", board.sent[2])
    again = board.net.make("tver/center", board.sent[2], time="2026-11-22T09:00:09Z")
    board.net.entry(f"settle tver/center 4 {mine.hash}")
    board.post(mine)
    board.store.objects[board.name("tver/center", 4, again.hash)] = again.note
    report = board.audit()
    fork = next(finding for finding in report.as_json()["findings"] if finding["code"] == "fork")
    assert fork["known_since"] == "center/roster/3"
    assert report.exit_code(strict=False, everything=False) == 0
    assert report.exit_code(strict=False, everything=True) == 7
    assert any("known since: center/roster/3" in line for line in lines(report))


# ---- junk and hostile stores -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", [b"", b"<html>502 Bad Gateway</html>", b"\x00" * 99, b"\xff\n\n\xff"])
def test_v1_i7_junk_under_a_notes_name_is_malformed_and_the_rest_goes_on(board, junk):
    spots = [("center/all", 1), ("kursk/kursk", 77), ("nobody/center", 1), ("center/roster", 9)]
    for channel, number in spots:
        board.store.objects[board.name(channel, number)] = junk
    report = board.audit()
    assert set(places(report, "malformed")) == {f"{channel}/{number}" for channel, number in spots}
    assert "tver/center" in [head.channel for head in report.heads]


def test_i7_foreign_things_are_listed_as_not_checked_and_no_error(board, tmp_path):
    post = on_disk(board, tmp_path)
    folder = tmp_path / "rkpb" / "tver" / "center"
    (folder / "READ ME.txt").write_text("hello")
    (folder / "4.note").write_text("hello")
    (folder / "00000004.note").symlink_to(folder / "00000003.note")
    report = board.audit(post=post)
    assert report.ok
    told = " ".join(report.as_json()["not_checked"])
    for name in ("READ ME.txt", "4.note", "00000004.note"):
        assert name in told
    lines(report)


def test_many_foreign_things_do_not_fill_the_page_and_are_all_in_the_json(board):
    for at in range(30):
        board.store.objects[f"rkpb/tver/center/photo-{at}.jpg"] = b"x"
    report = board.audit()
    assert sum("photo-" in clause for clause in report.as_json()["not_checked"]) == 30
    assert sum("photo-" in line for line in lines(report)) < 12
    assert any("25 more such" in line for line in lines(report))


def on_disk(board, root):
    for name, data in board.store.objects.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return DirectoryPost(str(root))


def test_what_the_store_does_not_list_is_asked_for_as_readers_do(board):
    post = HostilePost(board.store)
    post.knobs.unlisted = ["*/tver/center/*", "*/center/roster/*"]
    report = board.audit(post=post)
    assert report.findings == ()
    assert report.dispatches == 9
    assert any("does not list" in clause for clause in report.as_json()["not_checked"])


def test_an_unlisted_alternate_is_found_by_what_links_to_it(board):
    note = board.store.objects.pop(board.name("tver/center", 2))
    board.store.objects[board.name("tver/center", 2, board.sent[1].hash)] = note
    post = HostilePost(board.store)
    post.knobs.unlisted = ["*/tver/center/00000002.*"]
    report = board.audit(post=post)
    assert report.findings == ()
    assert report.dispatches == 9


def test_what_the_store_lists_and_does_not_give_out_is_a_gap(board):
    post = HostilePost(board.store)
    post.knobs.invented = [board.name("kursk/center", 9)]
    assert found(board.audit(post=post)) == [("gap", "kursk/center/9")]


def test_i7_one_file_that_cannot_be_read_is_said_and_ends_with_1(board):
    post = HostilePost(board.store)
    post.fail("get", board.name("kursk/center", 1), times=None)
    report = board.audit(post=post)
    assert report.exit_code(strict=False, everything=False) == 1
    assert not report.ok
    assert "kursk/center" in " ".join(report.as_json()["not_checked"])
    assert "could not be read" in lines(report)[0]
    assert report.dispatches == 8


def test_a_post_office_that_goes_away_ends_the_audit(board):
    post = HostilePost(board.store)
    post.fail("get", board.name("kursk/center", 1), times=None)
    post.fail("size", times=None)
    with pytest.raises(UnreachableError):
        board.audit(post=post)


# ---- whose audit -----------------------------------------------------------------------------------------------------


def test_an_outsider_names_the_network_by_its_fingerprint_in_hex_or_spoken(board, tmp_path):
    on_disk(board, tmp_path)
    full = board.net.fingerprint
    for said in (full, full.upper(), spoken(full), spoken(full).replace(" ", " - ")):
        subject = Subject.outside(str(tmp_path), said)
        assert (subject.network, subject.fingerprint) == ("rkpb", full)
        assert audit(subject, as_of=parse_time(NOW)).findings == ()


def test_a_network_behind_a_thousand_others_is_not_said_to_be_none(board):
    """Anybody who can write there founds them: who looks for his is not told that his fingerprint is wrong."""
    board.store.objects |= {f"a{at}/center/roster/00000001.note": b"" for at in range(1_100)}
    with pytest.raises(TooManyNetworksError):
        find_network(board.store, board.net.fingerprint)


def test_another_fingerprint_names_no_network_here(board, tmp_path):
    on_disk(board, tmp_path)
    with pytest.raises(NetworkNameError):
        Subject.outside(str(tmp_path), sha("another"))
    with pytest.raises(NoPostOfficeError):
        Subject.outside(None, board.net.fingerprint)


@pytest.mark.parametrize("genesis", [None, b"junk", "flipped"])
def test_a_genesis_that_was_altered_is_not_taken_for_a_wrong_fingerprint(board, tmp_path, genesis):
    name = board.name("center/roster", 1)
    note = board.store.objects.pop(name)
    if genesis is not None:
        board.store.objects[name] = note.replace(b"Central", b"Cantral") if genesis == "flipped" else genesis
    on_disk(board, tmp_path)
    with pytest.raises(GenesisAlteredError, match="rkpb"):
        Subject.outside(str(tmp_path), board.net.fingerprint)


# ---- the page --------------------------------------------------------------------------------------------------------


def report_of(*findings, **more):
    fields = {
        "network": "rkpb", "fingerprint": sha("genesis"), "roster": Head("center/roster", 1, sha("genesis")),
        "as_of": NOW, "dispatches": 1, "heads": (Head("center/roster", 1, sha("genesis")),), "findings": findings,
    }  # fmt: skip
    return Report(**{**fields, **more})


def test_findings_stand_gravest_first_and_known_ones_last():
    made = [Finding(code=code, channel="tver/center", number=1) for code in ("clock", "gap", "fork", "malformed")]
    known = Finding(code="fork", channel="a/b", number=1).known("center/roster/9")
    report = report_of(known, *made)
    told = [line for line in lines(report) if line.startswith(("ALARM ", "WARNING ", "NOTICE "))]
    assert [line.split()[1] for line in told] == ["fork", "malformed", "gap", "clock", "fork"]


def test_many_findings_of_one_kind_in_one_channel_are_told_as_one():
    made = [Finding(code="held", channel="tver/center", number=n, detail=f"number {n}") for n in range(6, 5000)]
    shown = lines(report_of(*made))
    assert len(shown) < 40
    assert any("and 4993 more such in this channel: 7-4999" in line for line in shown)


@pytest.mark.parametrize(
    ("codes", "exit_code", "strict"),
    [((), 0, 0), (("clock",), 0, 3), (("stale", "gap"), 6, 6), (("gap", "forged"), 3, 3), (("forged", "fork"), 7, 7)],
)
def test_the_exit_code_is_the_gravest(codes, exit_code, strict):
    report = report_of(*(Finding(code=code, channel="a/b", number=1) for code in codes))
    assert report.exit_code(strict=False, everything=False) == exit_code
    assert report.exit_code(strict=True, everything=False) == strict
    assert report.ok == (exit_code == 0)


def test_long_names_keep_to_80_columns():
    long = "-".join(["committee"] * 6)
    heads = (Head(f"{long}/{long}", 99_999_999, sha("x")), Head(f"{long[:29]}/center", 1, sha("y")))
    finding = Finding(code="gap", channel=f"{long}/{long}", number=99_999_999, office=long, detail="word " * 60)
    titles = {long: "Ж" * 120, long[:29]: "title " * 20}
    lines(report_of(finding, heads=heads, titles=titles, unread={"x" * 200: "y" * 200}))
