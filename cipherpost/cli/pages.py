"""What a page for a browser needs to know of this home: the form, what is owed, what was said before."""

from typing import TYPE_CHECKING

from cipherpost.errors import UseError

if TYPE_CHECKING:
    from cipherpost.cli.options import Session
    from cipherpost.desk import Desk
    from cipherpost.workflows.reporting import Task


def page_of_form(session: "Session", name: str, period: str | None, *, new_event: bool, version: int | None) -> str:
    """The page of a form for a period, or for an event that has no name yet.

    In the home of a committee it is the page of its own debt; elsewhere it is for anybody.

    Raises:
        UseError: both a period and ``new_event`` are given, or neither.
        UnknownFormError, FormNotHereError, NotOwedError and their kin: see `cipherpost.workflows.reporting.begin`.
    """
    from cipherpost.home.settings import NoHomeError

    if (period is None) is not new_event:
        raise UseError(
            "--new-event makes the name of the event" if new_event else "a period is missing",
            rule="leave the event out, or --new-event" if new_event else "a page is for a period, or for an event",
            hints=(f"cipherpost form page {name} {'--new-event' if new_event else '2026-10'} -o return.html",),
        )
    try:
        session.home_folder()
    except NoHomeError:
        return _for_anybody(None, name, period, version)
    desk = session.desk()
    if desk.roster.role(desk.office) != "committee":
        return _for_anybody(desk, name, period, version)
    return _for_committee(desk, name, period, version)


def _for_anybody(desk: "Desk | None", name: str, period: str | None, version: int | None) -> str:
    from cipherpost.dispatch.periods import parse_period
    from cipherpost.pages.form import form_page
    from cipherpost.workflows import forms
    from cipherpost.workflows.typed import typed

    with typed(f"cipherpost form page {name} 2026-10"):
        parse_period(period) if period is not None else None
    form = forms.builtin_form(name, version) if desk is None else forms.find_form(desk, name, version)
    return form_page(
        form,
        period,
        command=_command("report", form.name, period),
        network=desk.network if desk is not None else "",
    )


def _for_committee(desk: "Desk", name: str, period: str | None, version: int | None) -> str:
    from cipherpost.pages.form import form_page
    from cipherpost.workflows import obligations, reporting

    word = "report"
    task = reporting.begin(desk, name, period, new_event=period is None, version=version, dry_run=True)
    if task.sent is not None:
        word = "correct"
        task = reporting.begin_correction(desk, name, period, version=version, dry_run=True)
    due = obligations.find(desk, task.form.name, period).day.isoformat() if period is not None else ""
    return form_page(
        task.form,
        period,
        command=_command(word, task.form.name, period),
        network=desk.network,
        office=desk.office,
        title=desk.roster.title(desk.office, desk.roster.newest),
        data=task.known,
        before=_before(task),
        news=_news(desk, task),
        due=due,
    )


def _before(task: "Task") -> str:
    return task.before.body if task.before is not None and task.before.reason is None else ""


def _news(desk: "Desk", task: "Task") -> list[str]:
    """Demands of this office that the center answered since its last report under this form."""
    from cipherpost.ledger.demands import FIELD
    from cipherpost.workflows import demands

    return demands.news(desk, task.form.name) if task.form.field(FIELD) is not None else []


def _command(word: str, form: str, period: str | None) -> str:
    return f"cipherpost {word} {form} {period or '--new-event'} --data {{file}}"
