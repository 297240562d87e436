"""The findings of a signed audit as data, and which of them are the same a day later."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.chain.findings import CODES, Finding
from cipherpost.dispatch.header import Head
from cipherpost.errors import CipherpostError
from cipherpost.strictjson import canonical
from cipherpost.workflows.audit_data import SignedAudit, audit_in
from cipherpost.workflows.audit_known import Listing, mark
from cipherpost.workflows.audit_report import Report

AS_OF = "2026-12-02T12:00:00Z"
PLACE = "audit/center/3"

numbers = st.none() | st.integers(1, limits.NUMBER)
places = st.sampled_from([None, "center/all", "tver/center"])
findings = st.builds(
    Finding,
    code=st.sampled_from(sorted(CODES)),
    channel=places,
    number=numbers,
    office=st.sampled_from([None, "center", "tver"]),
    detail=st.text(max_size=60),
    time=st.none() | st.just(AS_OF),
    known_since=st.none() | st.just("audit/center/2"),
    last=numbers,
    about=st.text("0123456789abcdef ", max_size=130),
).map(lambda each: replace(each, last=max(each.last, each.number)) if each.last and each.number else each)


def report_of(*found: Finding) -> Report:
    roster = Head("center/roster", 4, "ab" * 32)
    return Report(
        network="rkpb",
        fingerprint="cd" * 32,
        roster=roster,
        as_of=AS_OF,
        dispatches=7,
        heads=(roster,),
        findings=found,
    )


def since(found: Finding, *listed: Finding, place: str = PLACE) -> str | None:
    (marked,) = mark([found], [Listing(place, listed)])
    return marked.known_since


def finding(code: str, number: int | None = 5, **more: object) -> Finding:
    return Finding(code=code, channel="tver/center", number=number, office="tver", **more)  # type: ignore[arg-type]


# ---- there and back --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(findings, max_size=6))
def test_a_report_is_the_same_after_it_was_written_and_read(found: list[Finding]) -> None:
    signed = SignedAudit.of_report(report_of(*found))
    assert audit_in(signed.as_bytes()) == signed
    assert audit_in(signed.as_bytes()).as_bytes() == signed.as_bytes()
    assert set(signed.findings) == set(found)


@settings(deadline=None)
@given(st.lists(findings, max_size=6))
def test_what_an_audit_lists_it_knows_again(found: list[Finding]) -> None:
    listed = audit_in(SignedAudit.of_report(report_of(*found)).as_bytes()).findings
    assert all(each.known_since for each in mark(found, [Listing(PLACE, listed)]))


def test_half_of_a_character_in_a_file_name_stops_nothing() -> None:
    signed = SignedAudit.of_report(report_of(finding("malformed", detail="\udcff.note")))
    assert audit_in(signed.as_bytes()) == signed


def test_i11_of_too_many_findings_the_gravest_are_listed_and_the_others_counted() -> None:
    many = [finding("clock", number) for number in range(1, limits.AUDIT_FINDINGS + 3)]
    signed = SignedAudit.of_report(report_of(*many, finding("fork", about="ab" * 32)))
    assert signed.findings[0].code == "fork"
    assert (len(signed.findings), signed.omitted) == (limits.AUDIT_FINDINGS, 3)
    assert len(signed.as_bytes()) <= limits.DATA_BYTES


def test_i11_long_clauses_keep_the_data_within_its_limit() -> None:
    signed = SignedAudit.of_report(report_of(*(finding("void", n, detail="word " * 3000) for n in range(1, 2000))))
    assert signed.omitted > 0
    assert len(signed.as_bytes()) <= limits.DATA_BYTES


def changed(**members: object) -> bytes:
    value = json.loads(SignedAudit.of_report(report_of(finding("gap", last=7))).as_bytes())["audit"]
    return canonical({"audit": value | members})


FINDING = json.loads(changed())["audit"]["findings"][0]
BAD = {
    "not JSON": b"{",
    "a list": b"[]",
    "something else": b'{"originals":[]}',
    "two members": b'{"audit":{},"more":1}',
    "spaces": changed().replace(b":", b": ", 1),
    "a member too many": changed(more=1),
    "a time": changed(as_of="yesterday"),
    "a hash": changed(heads="ab"),
    "a number": changed(dispatches=-1),
    "no boolean": changed(sealed=0),
    "roster": changed(roster={"hash": "ab" * 32}),
    "findings": changed(findings={}),
    "a finding": changed(findings=[{"code": "gap"}]),
    "a number of a finding": changed(findings=[FINDING | {"number": True}]),
    "a text of a finding": changed(findings=[FINDING | {"detail": None}]),
    "a list for a text": changed(findings=[FINDING | {"channel": []}]),
    "an object for a time": changed(findings=[FINDING | {"time": {}}]),
    "false for an office": changed(findings=[FINDING | {"office": False}]),
    "nothing for a place": changed(findings=[FINDING | {"known_since": 0}]),
    "a place": changed(findings=[FINDING | {"known_since": "nowhere"}]),
    "a long text": changed(findings=[FINDING | {"detail": "x" * 20_000}]),
    "too many": changed(findings=[FINDING] * (limits.AUDIT_FINDINGS + 1)),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(CipherpostError):
        audit_in(data)


# ---- the same a day later --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Finding(code="stale", office="center", detail="since May", time=AS_OF),) * 2,
        (finding("unheard", time=AS_OF, detail="2 dispatches"), finding("unheard", time=AS_OF, detail="9 dispatches")),
        (finding("overdue", None, about="a debt"), finding("overdue", None, about="a debt", detail="longer overdue")),
        (finding("late", 3, about="a debt"), finding("late", 8, about="a debt", detail="corrected since")),
        (finding("gap", last=9, detail="kursk says so"), finding("gap", last=9, detail="penza says so")),
        (finding("gap", last=9), finding("gap", 7, last=8)),
        (finding("fork", about="aa bb cc"), finding("fork", about="aa cc", detail="in other words")),
        (finding("held", about="aa", detail="number 4 is missing"), finding("held", about="aa", detail="3 is missing")),
    ],
)
def test_what_only_goes_on_stays_known(before: Finding, after: Finding) -> None:
    assert since(after, before) == PLACE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            Finding(code="stale", office="center", time=AS_OF),
            Finding(code="stale", office="center", time="2027-01-01T00:00:00Z"),
        ),
        (finding("unheard", time=AS_OF), finding("unheard", 8, time="2027-01-01T00:00:00Z")),
        (finding("overdue", None, about="October"), finding("overdue", None, about="November")),
        (finding("gap", last=9), finding("gap", last=10)),
        (finding("rollback", last=9), finding("rollback", 4, last=9)),
        (finding("fork", about="aa bb"), finding("fork", about="aa bb cc")),
        (finding("fork", about="aa bb"), finding("fork", about="cc dd")),
        (finding("forged", detail="by ivanov"), finding("forged", detail="by petrov")),
        (finding("void", about="aa"), finding("void", about="bb")),
        (finding("clock"), finding("late")),
        (finding("clock"), Finding(code="clock", channel="samara/center", number=5, office="samara")),
    ],
)
def test_what_is_more_or_another_is_new(before: Finding, after: Finding) -> None:
    assert since(after, before) is None


def test_i8_who_names_a_number_that_never_was_hides_nothing_that_is_lost_below_it() -> None:
    """A committee acks number 99999999, an auditor signs that gap; what the center acked since is missed as new."""
    listed = finding("gap", 15, last=limits.NUMBER, about="ab" * 32)
    assert since(listed, listed) == PLACE
    assert since(finding("gap", 16, last=limits.NUMBER, about="ab" * 32), listed) == PLACE  # 15 came
    assert since(finding("gap", 14, last=limits.NUMBER, about="ab" * 32), listed) is None  # 14 went
    assert since(finding("gap", 15, last=limits.NUMBER, about="cd" * 32), listed) is None  # somebody names another
    assert since(finding("gap", 16, last=20), listed) is None  # 21 is here


def test_a_run_of_numbers_is_known_where_several_runs_listed_all_of_them() -> None:
    listed = [
        finding("gap", 1, last=3),
        finding("gap", 4, last=4),
        finding("gap", 5, last=9),
        finding("gap", 6, last=7),
    ]
    assert since(finding("gap", 2, last=9), *listed) == PLACE
    assert since(finding("gap", 2, last=9), listed[0], listed[2]) is None


def test_the_first_audit_of_the_channel_that_listed_it_is_named() -> None:
    clock = finding("clock")
    assert since(clock, clock.known("audit/center/1")) == "audit/center/1"
    for other in ("audit/center/3", "audit/center/9", "control/center/1", "center/roster/9"):
        assert since(clock, clock.known(other)) == PLACE


def test_what_was_settled_stays_with_the_entry_that_settled_it() -> None:
    settled = finding("fork", about="aa bb").known("center/roster/9")
    assert since(settled, finding("fork", about="aa bb")) == "center/roster/9"
