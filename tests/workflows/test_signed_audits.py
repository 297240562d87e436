"""Signed audits: posted like any letter, known to the next audit, and found missing by everybody who audits."""

from dataclasses import replace

import pytest
from dying import every_death
from workflowkit import IVANOV, NETWORK, REVIZOR, STASOVA, Net, join, subjects

from cipherpost.dispatch.heads import parse_heads
from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.text import parse_time, sha256, spoken
from cipherpost.workflows import audit_signing, endorsing, entries, offices, proposals, reading
from cipherpost.workflows import outbox as outboxes
from cipherpost.workflows.audit_data import audit_in
from cipherpost.workflows.audit_report import Report
from cipherpost.workflows.auditing import Subject, audit
from cipherpost.workflows.results import Posted
from cipherpost.workflows.vetting import DraftUnfitError

MEMBER = "audit/kontrolyor"
OTHER = "control/kuusinen"


def sign(net: Net, who: str = REVIZOR, **given: object) -> Posted:
    """`audit --sign`, as the command line does it."""
    with net.desk(who) as desk:
        audit_signing.begin(desk)
        report = audit(Subject.of_home(desk, may_ask=True))
        return audit_signing.post(desk, report, **given)  # type: ignore[arg-type]


def look(net: Net, who: str = "", **given: object) -> Report:
    """An audit by an officer in his home, or by a stranger with the fingerprint alone."""
    if who:
        with net.desk(who) as desk:
            return audit(Subject.of_home(desk), **given)  # type: ignore[arg-type]
    subject = Subject(post=net.post or net.store, network=NETWORK, fingerprint=net.fingerprint, clock=net.clock)
    return audit(subject, **given)  # type: ignore[arg-type]


def told(report: Report) -> list[tuple[str, str, str | None]]:
    """(code, place, known since) of every finding, gravest first."""
    return [
        (each.code, f"{each.channel or each.office}/{each.number or '-'}", each.known_since)
        for each in report.ordered()
    ]


def lose(net: Net, place: str) -> bytes:
    """The carrier loses a note."""
    channel, _, number = place.rpartition("/")
    return net.store.objects.pop(names.note_name(NETWORK, channel, int(number)))


def ends_with(report: Report) -> int:
    return report.exit_code(strict=False, everything=False)


def letter_data(net: Net, who: str, place: str) -> bytes:
    with net.desk(who) as desk:
        shown = reading.read(desk, place)
        assert shown.data is not None  # type: ignore[union-attr]
        return shown.data  # type: ignore[union-attr]


@pytest.fixture
def gap(net: Net) -> Net:
    """Three circulars that all have; the carrier loses the second."""
    for text in ("one", "two", "three"):
        net.send(STASOVA, text, "all")
    net.everybody_fetches()
    lose(net, "center/all/2")
    return net


# ---- what is posted --------------------------------------------------------------------------------------------------


def test_a_signed_audit_is_a_dispatch_with_public_heads_and_sealed_findings(gap: Net) -> None:
    posted = sign(gap)
    assert (posted.place, posted.kind, posted.to) == ("audit/center/2", "audit", ("center",))
    header = gap.header(REVIZOR, "audit/center/2")
    assert header.heads_file is not None
    data = gap.objects()[names.heads_name(NETWORK, "audit", header.heads_file.hash)]
    assert (sha256(data), len(data)) == header.heads_file
    report = look(gap, REVIZOR)
    heads = {(head.channel, head.number) for head in parse_heads(data)}
    assert {("center/all", 1), ("center/roster", report.roster.number)} <= heads  # type: ignore[union-attr]
    signed = audit_in(letter_data(gap, REVIZOR, "audit/center/2"))
    assert signed.heads == header.heads_file.hash
    assert {(each.code, each.channel, each.number) for each in signed.findings} >= {("gap", "center/all", 2)}
    assert {each.known_since for each in signed.findings} == {None}
    assert signed.omitted == 0


def test_the_spoken_number_is_made_from_the_heads_file(net: Net) -> None:
    net.everybody_fetches()
    with net.desk(REVIZOR) as desk:
        audit_signing.begin(desk)
        report = audit(Subject.of_home(desk))
        place = audit_signing.post(desk, report).place
    stated = net.header(REVIZOR, place).heads_file
    assert stated is not None
    assert report.spoken == spoken(stated.hash)


def test_the_center_reads_the_audit_and_a_committee_is_not_bothered(gap: Net) -> None:
    sign(gap)
    fetched = gap.fetch(STASOVA)
    (subject,) = subjects(fetched)
    assert subject.startswith("Audit of 20")
    with gap.desk(STASOVA) as desk:
        assert [row.place for row in reading.inbox(desk) if row.kind == "audit"] == ["audit/center/2"]
        shown = reading.read(desk, "audit/center/2")
    assert "gap  center/all/2" in shown.body
    assert "Heads (the last of each channel that counts):" in shown.body
    assert subjects(gap.fetch(IVANOV)) == []
    with gap.desk(IVANOV) as desk:
        assert all(row.kind != "audit" for row in reading.inbox(desk))


def test_a_page_goes_along_if_it_is_small(net: Net) -> None:
    sign(net, page=b"<!doctype html>")
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        shown = reading.read(desk, "audit/center/1")
        assert [name for name, _, _ in shown.row.attachments] == ["audit.html"]  # type: ignore[union-attr]
    assert not audit_signing.fits(bytes(1 + (1 << 20)))


def test_i4_the_same_audit_again_is_answered_with_its_number(gap: Net) -> None:
    first = sign(gap)
    gap.later(hours=3)
    again = sign(gap)
    assert (again.place, again.already) == (first.place, True)
    anew = sign(gap, even_if_sent=True)
    assert (anew.number, anew.already) == (3, False)
    gap.send(IVANOV, "news", "center")
    gap.fetch(IVANOV)
    assert not sign(gap).already


def test_a_dry_run_says_who_reads_it_and_posts_nothing(gap: Net) -> None:
    before = gap.objects()
    posted = sign(gap, dry_run=True)
    assert (posted.place, posted.dry_run, posted.to) == ("audit/center/2", True, ("center",))
    assert {"center/stasova", "center/bazhanov", REVIZOR} == set(posted.readers)
    assert gap.objects() == before


def test_without_a_line_an_audit_that_was_made_waits_in_the_outbox(gap: Net) -> None:
    assert gap.post is not None
    with gap.desk(REVIZOR) as desk:
        audit_signing.begin(desk)
        report = audit(Subject.of_home(desk))
        gap.post.fail("create", "*.note")
        posted = audit_signing.post(desk, report)
        assert posted.waiting is not None
        assert [row.state for row in outboxes.listing(desk) if row.kind == "audit"] == ["waiting"]
    done = [each for each in gap.fetch(REVIZOR).posted if each.kind == "audit"]
    assert [each.number for each in done] == [2]
    assert "center/all" in {head.channel for head in look(gap).heads}
    assert not [each for each in look(gap, sealed=True).findings if each.office == "audit"]


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_only_an_auditor_signs(net: Net) -> None:
    for who in (STASOVA, IVANOV):
        with net.desk(who) as desk, pytest.raises(audit_signing.NotAuditorError) as refused:
            audit_signing.begin(desk)
        assert any("cipherpost audit --html" in hint for hint in refused.value.hints)


def test_a_time_to_come_is_not_signed(net: Net) -> None:
    with net.desk(REVIZOR) as desk, pytest.raises(audit_signing.SignedAheadError):
        audit_signing.begin(desk, moment=parse_time("2099-01-01T00:00:00Z"))


def test_what_was_not_read_whole_is_not_signed(gap: Net) -> None:
    with gap.desk(REVIZOR) as desk:
        report = audit(Subject.of_home(desk))
        outbox = len(desk.outbox.items())
        for bad in (replace(report, unread={"a": "b"}), replace(report, roster=None), replace(report, heads=())):
            with pytest.raises(audit_signing.AuditNotWholeError):
                audit_signing.post(desk, bad)
        assert len(desk.outbox.items()) == outbox


# ---- the next audit --------------------------------------------------------------------------------------------------


def test_findings_of_the_last_signed_audit_are_known_and_set_no_exit_code(gap: Net) -> None:
    before = look(gap, REVIZOR)
    assert ends_with(before) == 3  # this home misses what it had
    place = sign(gap).place
    after = look(gap, REVIZOR)
    assert {since for _, _, since in told(after)} == {place}
    assert ends_with(after) == 0
    assert after.exit_code(strict=False, everything=True) == 3
    assert after.verdict.startswith("IN ORDER, nothing new")


def test_the_first_audit_that_listed_a_finding_is_named_ever_after(gap: Net) -> None:
    first = sign(gap).place
    gap.send(IVANOV, "news", "center")
    gap.fetch(REVIZOR)
    second = sign(gap).place
    assert second != first
    assert {since for code, _, since in told(look(gap, REVIZOR)) if code == "gap"} == {first}


def test_the_center_knows_what_auditors_told_it_and_another_auditor_does_not(gap: Net) -> None:
    with gap.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="control", title="Control", role="auditor")])
        join(gap, desk, OTHER, clock=gap.clock)
    place = sign(gap).place
    gap.fetch(STASOVA)
    assert ("gap", "center/all/2", place) in told(look(gap, STASOVA))
    other = look(gap, OTHER)
    assert ("gap", "center/all/2", None) in told(other)
    assert any(f"{place} may list them, and it was not sealed to you" in clause for clause in other.not_checked)


def test_a_stranger_is_told_that_known_findings_could_not_be_told_apart(gap: Net) -> None:
    place = sign(gap).place
    report = look(gap)
    assert ("gap", "center/all/2", None) in told(report)
    assert any(place in clause and "no key" in clause for clause in report.not_checked)
    assert any(place in clause and "not sealed to you" in clause for clause in look(gap, IVANOV).not_checked)


def test_what_was_filled_and_is_lost_again_is_new(net: Net) -> None:
    for text in ("one", "two"):
        net.send(STASOVA, text, "all")
    net.everybody_fetches()
    lost = lose(net, "center/all/1")
    place = sign(net).place
    assert ("gap", "center/all/1", place) in told(look(net, REVIZOR))
    net.store.objects[names.note_name(NETWORK, "center/all", 1)] = lost
    assert sign(net).place != place
    lose(net, "center/all/1")
    assert ("gap", "center/all/1", None) in told(look(net, REVIZOR))


def test_a_silence_stays_known_while_it_lasts_and_the_next_one_is_new(net: Net) -> None:
    net.everybody_fetches()
    net.later(days=40)
    with net.desk(REVIZOR, stale_ok=True) as desk:
        audit_signing.begin(desk)
        place = audit_signing.post(desk, audit(Subject.of_home(desk))).place
    net.later(days=3)
    assert ("stale", "center/-", place) in told(look(net, REVIZOR))
    net.send(STASOVA, "here again", "all")
    net.later(days=40)
    assert ("stale", "center/-", None) in told(look(net, REVIZOR))


def test_an_audit_whose_letter_cannot_be_had_hides_nothing(gap: Net) -> None:
    place = sign(gap).place
    sealed = gap.header(REVIZOR, place).sealed[0]
    with gap.desk(REVIZOR) as desk:
        desk.copies.remove(sealed.hash)
    del gap.store.objects[names.sealed_name(NETWORK, "audit", sealed.hash)]
    report = look(gap, REVIZOR)
    assert ("gap", "center/all/2", None) in told(report)
    assert any(place in clause and "not there" in clause for clause in report.not_checked)


def test_an_audit_of_another_program_is_named_and_believed_in_nothing(gap: Net) -> None:
    with gap.desk(REVIZOR) as desk:
        audit_signing.begin(desk)
        report = audit(Subject.of_home(desk))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(audit_signing.SignedAudit, "as_bytes", lambda _self: b'{"audit":{"all":"well"}}')
            place = audit_signing.post(desk, report).place
    report = look(gap, REVIZOR)
    assert ("gap", "center/all/2", None) in told(report)
    assert any(place in clause for clause in report.not_checked)


# ---- what was listed and is gone -------------------------------------------------------------------------------------


def test_everybody_misses_what_a_signed_audit_listed(net: Net) -> None:
    """No letter but the audit speaks of the circular; the office that listed it calls that a rollback."""
    net.send(STASOVA, "one", "all")
    place = sign(net).place
    lost = names.note_name(NETWORK, "center/all", 1)
    net.store.objects.pop(lost)
    stranger = look(net)
    (missing,) = [each for each in stranger.findings if each.code == "gap"]
    assert (missing.channel, missing.number) == ("center/all", 1)
    assert place in missing.detail
    own = look(net, REVIZOR)
    (back,) = [each for each in own.findings if each.code == "rollback"]
    assert (back.channel, back.number) == ("center/all", 1)
    assert ends_with(own) == 3


def test_a_heads_file_that_is_lost_is_missed_and_put_back_by_its_office(net: Net) -> None:
    place = sign(net).place
    stated = net.header(REVIZOR, place).heads_file
    assert stated is not None
    name = names.heads_name(NETWORK, "audit", stated.hash)
    data = net.store.objects.pop(name)
    assert ("letter-missing", place, None) in told(look(net))
    assert place in net.fetch(REVIZOR).restored
    assert net.store.objects[name] == data
    assert told(look(net)) == []


# ---- where two must sign ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(gap: Net) -> Net:
    """Two officers of the auditor's office sign what it finds."""
    with gap.desk(STASOVA) as desk:
        join(gap, desk, MEMBER, clock=gap.clock)
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("audit", 2)])
    lose(gap, "center/all/3")
    gap.fetch(MEMBER)
    return gap


def test_two_sign_an_audit_and_its_heads_travel_in_the_proposal(two: Net) -> None:
    proposed = sign(two)
    assert (proposed.proposed, proposed.awaited) == ("audit/center", ("kontrolyor",))
    assert sign(two).already
    assert not [name for name in two.objects() if "/heads/" in name]
    two.fetch(MEMBER)
    with two.desk(MEMBER) as desk:
        found = proposals.find(desk, str(proposed.number))
        review = reading.read(desk, found.place)
        assert dict(review.head_lines())["heads"].startswith(found.draft.heads_file.hash)  # type: ignore[union-attr]
        assert "gap  center/all/2" in review.body
        posted = endorsing.endorse(desk, str(proposed.number))
    assert posted.kind == "audit"
    header = two.header(MEMBER, posted.place)
    assert [each.officer for each in header.endorsed] == ["revizor"]
    assert header.heads_file is not None
    assert names.heads_name(NETWORK, "audit", header.heads_file.hash) in two.objects()
    two.fetch(REVIZOR)
    assert {since for _, _, since in told(look(two, REVIZOR))} == {posted.place}


def test_who_saw_another_history_does_not_endorse(two: Net) -> None:
    """The heads file is compared with what the endorser's own home has verified."""
    with two.desk(REVIZOR) as desk:
        audit_signing.begin(desk)
        report = audit(Subject.of_home(desk))
        heads = tuple(h._replace(hash="ab" * 32) if h.channel == "center/all" else h for h in report.heads)
        proposed = audit_signing.post(desk, replace(report, heads=heads))
    two.fetch(MEMBER)
    with two.desk(MEMBER) as desk:
        review = reading.read(desk, f"audit/audit/{proposed.number}")
        assert any("ITS HEADS NAME ANOTHER" in why for why in review.warnings)  # type: ignore[union-attr]
        with pytest.raises(DraftUnfitError):
            endorsing.endorse(desk, str(proposed.number))


def test_a_proposed_audit_is_not_amended_with_a_text(two: Net) -> None:
    from cipherpost.workflows import sending

    proposed = sign(two)
    with two.desk(REVIZOR) as desk, pytest.raises(endorsing.FiguresAmendedError) as refused:
        endorsing.amend(desk, str(proposed.number), sending.text_of("All is well.", subject=None, attachments=()))
    assert "then: cipherpost audit --sign" in refused.value.hints


# ---- kills -----------------------------------------------------------------------------------------------------------


def test_i4_a_signed_audit_killed_at_every_step_is_posted_once_with_its_heads(net: Net) -> None:
    """Between the heads file, the sealed file and the note too: the next command finishes what was begun."""
    deaths = 0
    net.send(IVANOV, "0", "center")
    before = 0
    for step in every_death(lambda _step: sign(net), stride=2):
        deaths = step
        if step % 2:
            net.fetch(REVIZOR)
        posted = sign(net)
        mine = [node for node in net.clean().channel("audit/center").counting() if node.kind == "audit"]
        assert mine[-1].number == posted.number, f"died at step {step}"
        assert len(mine) == before + 1, f"died at step {step}"
        before = len(mine)
        with net.desk(REVIZOR) as desk:
            assert not desk.outbox.items()
        assert told(look(net, sealed=True)) == [], f"died at step {step}"
        net.send(IVANOV, f"{step}", "center")
    assert deaths >= 30


def test_i4_an_audit_endorsed_and_killed_at_every_step_is_posted_once_with_its_heads(two: Net) -> None:
    numbers = [sign(two).number]

    def act(_step: int) -> None:
        with two.desk(MEMBER) as desk:
            endorsing.endorse(desk, str(numbers[-1]))

    deaths = 0
    for step in every_death(act, stride=9):
        deaths = step
        if step % 2:
            two.fetch(MEMBER)
        with two.desk(MEMBER) as desk:
            posted = endorsing.endorse(desk, str(numbers[-1]))
        assert posted.kind == "audit", f"died at step {step}"
        header = two.header(MEMBER, posted.place)
        assert header.draft is not None
        assert header.draft.number == numbers[-1]
        assert not [each for each in look(two, sealed=True).findings if each.office == "audit"]
        two.send(IVANOV, f"{step}", "center")
        two.fetch(REVIZOR)
        numbers.append(sign(two).number)
    assert deaths >= 6
    assert len(set(numbers)) == deaths + 1
