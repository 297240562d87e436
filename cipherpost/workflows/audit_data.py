"""The findings of a signed audit as ``data.json`` of its letter (docs/protocol.md, "Signed audits").

    {"audit":{"as_of":"2026-12-02T12:00:00Z","dispatches":8,"findings":[...],"heads":"538d...","omitted":0,
    "program":"cipherpost 1.0.0","roster":{"hash":"de8b...","number":4},"sealed":false}}

A finding is an object of all its members, with null where one does not apply. What is read here was signed by an
auditor, who may err or lie: it marks findings as known, and never makes one go away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits
from cipherpost.chain.findings import Finding
from cipherpost.dispatch.header import Head
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import MalformedError
from cipherpost.strictjson import canonical, parse_canonical
from cipherpost.text import CENTER, ROSTER, TextError, parse_hash, parse_place, parse_time, sha256

if TYPE_CHECKING:
    from cipherpost.workflows.audit_report import Report

_TEXT: Final = 16 * limits.KIB
"""Characters of one text; the longest are the hashes of the sides of a fork."""
_ROOM: Final = limits.DATA_BYTES - 64 * limits.KIB
"""Bytes for findings, beside all else."""
_MEMBERS: Final = ("about", "channel", "code", "detail", "known_since", "last", "number", "office", "time")
_TEXTS: Final = frozenset({"about", "code", "detail"})
_NUMBERS: Final = frozenset({"last", "number"})
_AUDIT: Final = frozenset({"as_of", "dispatches", "findings", "heads", "omitted", "program", "roster", "sealed"})


class AuditDataError(MalformedError):
    """The ``data.json`` of a signed audit does not have its form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAudit:
    """What an auditor signed: ``heads`` is the hash of the heads file, ``omitted`` how many findings had no room."""

    as_of: str
    dispatches: int
    findings: tuple[Finding, ...]
    heads: str
    omitted: int
    program: str
    roster: Head
    sealed: bool

    @classmethod
    def of_report(cls, report: "Report") -> "SignedAudit":
        """The part of a report that is signed, the gravest findings first, as far as there is room.

        Raises:
            HeadsMalformedError: it has no heads, so that there is nothing to sign.
        """
        assert report.roster is not None
        ordered = [_clean(each) for each in report.ordered()]
        kept = _fitting(ordered)
        return cls(
            as_of=report.as_of,
            dispatches=report.dispatches,
            findings=kept,
            heads=sha256(format_heads(report.heads)),
            omitted=len(ordered) - len(kept),
            program=report.program,
            roster=report.roster,
            sealed=report.sealed,
        )

    def as_bytes(self) -> bytes:
        """The ``data.json``; `audit_in` gives the audit back."""
        about = {
            "as_of": self.as_of,
            "dispatches": self.dispatches,
            "findings": [_finding(each) for each in self.findings],
            "heads": self.heads,
            "omitted": self.omitted,
            "program": self.program,
            "roster": {"hash": self.roster.hash, "number": self.roster.number},
            "sealed": self.sealed,
        }
        return canonical({"audit": about})


def _clean(finding: Finding) -> Finding:
    """Names from a post office may hold what no text can: half of a surrogate pair."""
    from dataclasses import replace

    detail = finding.detail.encode("utf-8", "backslashreplace").decode()
    return finding if detail == finding.detail else replace(finding, detail=detail)


def _fitting(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    kept: list[Finding] = []
    room = _ROOM
    for each in findings:
        size = len(canonical(_finding(each))) + 1
        if len(each.detail) > _TEXT or len(each.about) > _TEXT:
            continue
        room -= size
        if room < 0 or len(kept) == limits.AUDIT_FINDINGS:
            break
        kept.append(each)
    return tuple(kept)


def _finding(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in _MEMBERS}


# ---- reading ---------------------------------------------------------------------------------------------------------


def audit_in(data: bytes) -> SignedAudit:
    """What a signed audit found, from the ``data.json`` of its letter; strict.

    Raises:
        AuditDataError, JsonError, JsonTooLargeError: it is of another form.
    """
    value = parse_canonical(data, limit=limits.DATA_BYTES, where="data.json")
    _check(isinstance(value, dict) and set(value) == {"audit"}, "it is an object with the member audit alone")
    about = value["audit"]
    _check(isinstance(about, dict) and set(about) == _AUDIT, f"an audit has the members {', '.join(sorted(_AUDIT))}")
    roster, findings = about["roster"], about["findings"]
    _check(isinstance(roster, dict) and set(roster) == {"hash", "number"}, "roster has a hash and a number")
    _check(isinstance(findings, list) and len(findings) <= limits.AUDIT_FINDINGS, "findings are a list, and not longer")
    _check(isinstance(about["sealed"], bool), "sealed is true or false")
    for number in (about["dispatches"], about["omitted"], roster["number"]):
        _check(_is_number(number), "numbers are integers from 0")
    try:
        parse_time(_text(about["as_of"]))
        for hashed in (about["heads"], roster["hash"]):
            parse_hash(_text(hashed))
    except TextError as error:
        raise _malformed(error.rule or error.what) from None
    return SignedAudit(
        as_of=about["as_of"],
        dispatches=about["dispatches"],
        findings=tuple(map(_read_finding, findings)),
        heads=about["heads"],
        omitted=about["omitted"],
        program=_text(about["program"]),
        roster=Head(f"{CENTER}/{ROSTER}", roster["number"], roster["hash"]),
        sealed=about["sealed"],
    )


def _read_finding(given: Any) -> Finding:
    _check(isinstance(given, dict) and set(given) == set(_MEMBERS), f"a finding has the members {', '.join(_MEMBERS)}")
    for name, value in given.items():
        if name in _NUMBERS:
            _check(value is None or _is_number(value), "numbers are integers from 0")
        else:
            _check(name not in _TEXTS or value is not None, f"{name} is a text")
            if value is not None:
                _text(value)
    if given["known_since"] is not None:
        try:
            parse_place(given["known_since"])
        except TextError as error:
            raise _malformed(error.rule or error.what) from None
    return Finding(**given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limits.SIZE


def _text(value: Any) -> str:
    _check(isinstance(value, str) and len(value) <= _TEXT, f"texts have at most {_TEXT} characters")
    found: str = value
    return found


def _check(holds: bool, rule: str) -> None:
    if not holds:
        raise _malformed(rule)


def _malformed(rule: str) -> AuditDataError:
    return AuditDataError("this is not what a signed audit found", where="data.json", rule=rule)
