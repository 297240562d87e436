"""``audit --sign``: an auditor's own dispatch with what he found, sealed to the center, and public heads.

It goes the way of every letter: outbox, threshold, proposals, a slot. What is signed can be looked at by everybody: so
it is the home's own post office that was audited, the whole of it, and not as of a day to come.
"""

import hashlib
import io
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.dispatch.header import HeadsFile
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import UnableError, UseError
from cipherpost.strictjson import canonical
from cipherpost.text import CENTER, clean_free_text, format_time
from cipherpost.workflows.audit_data import SignedAudit
from cipherpost.workflows.audit_known import identity
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.plans import Plan

if TYPE_CHECKING:
    from cipherpost.chain.findings import Finding
    from cipherpost.desk import Desk
    from cipherpost.letter import Attachment
    from cipherpost.workflows.audit_report import Report
    from cipherpost.workflows.results import Posted

_AUDIT: Final = "audit"
_PAGE: Final = "audit.html"
_PAGE_BYTES: Final = limits.MIB
"""A page that goes along with the letter."""
_BODY_BYTES: Final = 3 * limits.MIB
"""Of the text; all heads stand in the heads file, and findings in the data."""


class NotAuditorError(UseError):
    """Only an auditor's office signs audits."""


class SignedElsewhereError(UseError):
    """An audit of another place than the home's own post office is not signed."""


class SignedAheadError(UseError):
    """An audit as of a time to come is not signed."""


class AuditNotWholeError(UnableError):
    """An audit that could not read everything is not signed."""


def begin(desk: "Desk", *, moment: datetime | None = None, dry_run: bool = False) -> None:
    """Before the audit: refuse what cannot be signed, and finish what this home has begun, so that it is audited too.

    Args:
        moment: the judging time that was asked for.

    Raises:
        NotAuditorError, SignedAheadError: as they say. UnableError: there is no line, so nothing can be audited.
    """
    from cipherpost.workflows.addressing import check_admitted

    line = line_error(desk)
    check_admitted(desk)
    _check_auditor(desk)
    if line is not None:
        raise line
    if moment is not None and moment > desk.now():
        raise SignedAheadError(
            f"{format_time(moment)} is still to come",
            rule="what will be silent or overdue by then was not seen by anybody",
            hints=("cipherpost audit --sign", f"cipherpost audit --as-of {format_time(moment)}    (unsigned)"),
        )
    if not dry_run:
        finish_begun(desk, line)


def _check_auditor(desk: "Desk") -> None:
    role = desk.roster.role(desk.office)
    if role != "auditor":
        raise NotAuditorError(
            f"{desk.office} is no auditor's office",
            rule="audits are signed by auditors; everybody may audit",
            hints=(
                "cipherpost audit --html audit.html    (to be handed on, unsigned)",
                f"cipherpost office add {_AUDIT} --role auditor    (at the center, to have an auditor)",
            ),
        )


def post(
    desk: "Desk",
    report: "Report",
    *,
    page: bytes | None = None,
    moment: datetime | None = None,
    even_if_sent: bool = False,
    dry_run: bool = False,
) -> "Posted":
    """Post what was found, or propose it where more officers of the office must sign.

    Args:
        report: of an audit of this home's own post office, after `begin`.
        page: the same for a browser; it goes along up to 1 MiB.
        moment: the judging time that was asked for, None for the time of the audit.
        even_if_sent: though the last one said the same of the same heads.

    Raises:
        AuditNotWholeError: something could not be read.
        As `cipherpost.workflows.dispatching.send_one`.
    """
    check_whole(report)
    heads = format_heads(report.heads)
    signed = SignedAudit.of_report(report)
    letter = Outgoing(
        body=_body(report),
        body_type="txt",
        subject=subject(report),
        attachments=_attached(page),
        data=signed.as_bytes(),
        heads=heads,
        same=_same(desk, report, moment),
    )
    plan = Plan(
        channel=f"{desk.office}/{CENTER}",
        kind=_AUDIT,
        created=desk.time(),
        heads_file=HeadsFile(signed.heads, len(heads)),
    )
    return send_one(desk, plan, letter, None, even_if_sent=even_if_sent, dry_run=dry_run)


def check_whole(report: "Report") -> None:
    """Refuse to sign what was not seen whole.

    Raises:
        AuditNotWholeError: naming the first thing that could not be read.
    """
    if report.roster is None or not report.heads:
        raise AuditNotWholeError(
            "nothing could be verified",
            rule="without the first entry of the roster nobody is known, and there is nothing to sign",
            hints=("cipherpost audit    (says what is missing)", "audit another copy: cipherpost audit --post PLACE"),
        )
    if report.unread:
        name, why = min(report.unread.items())
        more = f", and {len(report.unread) - 1} more" if len(report.unread) > 1 else ""
        raise AuditNotWholeError(
            f"{name} could not be read: {why}{more}",
            rule="signed is what was read whole: what is gone is a finding, what cannot be read is none",
            hints=("cipherpost audit --sign    (again later)", "cipherpost audit    (unsigned, of what can be read)"),
        )


def subject(report: "Report") -> str:
    """``Audit of 2026-11-22: ALARM``."""
    gist = report.verdict.partition(":")[0].partition(",")[0].rstrip(".")
    return clean_free_text(f"Audit of {report.as_of[:10]}: {gist}")[: limits.FREE_TEXT].strip()


def _body(report: "Report") -> str:
    """The page of 80 columns, as far as there is room for it."""
    lines: list[str] = []
    room = _BODY_BYTES
    for line in report.lines():
        clean = line.encode("utf-8", "backslashreplace").decode()
        room -= len(clean.encode()) + 1
        if room < 0:
            lines.append("(The rest has no room here: all findings are in data.json, all heads in the heads file.)")
            break
        lines.append(clean)
    return "".join(f"{line}\n" for line in lines)


def _attached(page: bytes | None) -> "tuple[Attachment, ...]":
    from cipherpost.letter import Attachment

    if page is None or not fits(page):
        return ()
    return (Attachment(name=_PAGE, type="text/html", size=len(page), open=partial(io.BytesIO, page)),)


def fits(page: bytes) -> bool:
    """Whether a page is small enough to go along."""
    return len(page) <= _PAGE_BYTES


def _same(desk: "Desk", report: "Report", moment: datetime | None) -> str:
    """What two audits share that say the same: entry, heads and findings, but not the time of day.

    The own office's channels are left out, for the audit itself, its proposal and receipts go there.
    """
    own = f"{desk.office}/"
    assert report.roster is not None
    said = {
        "as_of": format_time(moment) if moment else None,
        "findings": [[*identity(each), each.last] for each in _by_place(report)],
        "heads": [list(head) for head in report.heads if not head.channel.startswith(own)],
        "roster": list(report.roster),
        "sealed": report.sealed,
    }
    clean = repr(said).encode("utf-8", "backslashreplace").decode()
    return hashlib.sha256(canonical({_AUDIT: clean})).hexdigest()


def _by_place(report: "Report") -> "list[Finding]":
    return sorted(report.findings, key=lambda each: repr(identity(each)))
