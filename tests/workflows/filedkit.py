"""A network that owes monthly returns, and reports as programs send them, the careless ones too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from workflowkit import STASOVA, Net

from cipherpost.dispatch.header import Report
from cipherpost.forms.builtin import builtin
from cipherpost.forms.rendering import envelope
from cipherpost.forms.schema import Form
from cipherpost.roster import words
from cipherpost.workflows import entries
from cipherpost.workflows.dispatching import Outgoing, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

FORM: Final = "monthly-return"
MONTHLY: Final = builtin(FORM)


def period(net: Net) -> str:
    """The month before the network's day."""
    return f"{net.now.date().replace(day=1) - timedelta(days=1):%Y-%m}"


def oblige(net: Net, *more: words.Statement, escrow: bool = True) -> None:
    """State the form, the duty of every committee, and that reports are escrowed to the auditor.

    Then it is the second day of the next month: the one before is owed, and not late yet.
    """
    statements: list[words.Statement] = [
        words.Form(FORM, 1, MONTHLY.hash),
        words.Duty(form=FORM, audience="all", rhythm="monthly", due=5, first=f"{net.now:%Y-%m}"),
        *more,
    ]
    if escrow:
        statements.append(words.Escrow("report", ("audit",)))
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, statements)
    month = net.now.month
    while net.now.month == month:
        net.later(days=1)
    net.later(days=1)
    net.fetch(STASOVA)  # a check of the center, so that nobody's knowledge is stale


def figures(held: int | str = 3, raised: int | str = 0, *demands: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A monthly return."""
    listed = {"demands": [dict(each) for each in demands]} if demands else {}
    return {"reports_held_total": held, "demands_total": raised, **listed, **more}


def demand(text: str, raised_by: int | str = 12, category: str = "housing and fuel") -> dict[str, Any]:
    return {"text": text, "category": category, "raised_by": raised_by}


def report(
    net: Net,
    who: str,
    data: Mapping[str, Any] | None,
    *,
    raw: bytes | None = None,
    form: Form = MONTHLY,
    supersedes: int | None = None,
    about: str | None = None,
) -> Posted:
    """One report; without ``data`` a nil one, with ``raw`` whatever a careless program puts into data.json."""
    what = about or period(net)
    content = raw if raw is not None else None if data is None else envelope(form, what, data)
    with net.desk(who) as desk:
        line = line_error(desk)
        plan = Plan(
            channel=f"{desk.office}/center",
            kind="report",
            created=desk.time(),
            supersedes=supersedes,
            report=Report(form.name, what, None, nil=data is None and raw is None),
        )
        letter = Outgoing(body="A return.\n", body_type="txt", subject="Return", data=content)
        posted = send_one(desk, plan, letter, line, even_if_sent=True, dry_run=False)
    assert posted.number is not None
    return posted
