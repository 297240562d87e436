"""``report``, ``correct``, ``drafts``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, override

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.workflows.drafts import Draft
    from cipherpost.workflows.reporting import Task

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How the figures are given, as the options said."""

    data: tuple[str, ...]
    edit: bool
    interactive: bool
    nil: bool
    message: str | None
    cancel: bool = False


def _inputs(function: Function) -> Function:
    """The options that `report` and `correct` share."""
    for option in reversed(
        (
            click.option(
                "--data",
                multiple=True,
                metavar="FILE|-",
                help="JSON, TOML, or CSV for a list; - is standard input; may be repeated.",
            ),
            click.option("--edit", is_flag=True, help="Fill it in with your editor; goes on from a draft."),
            click.option("--interactive", is_flag=True, help="Ask field by field."),
            click.option("--nil", is_flag=True, help="Nothing to report; needs -m."),
            click.option("-m", "--message", metavar="WHY", help="The sentence that --nil and --cancel need."),
            click.option("--day", type=Day(), metavar="DATE", help="The day on which an event is held."),
            click.option("--version", type=click.IntRange(min=1), metavar="N", help="Another version of the form."),
            click.option("-n", "--dry-run", is_flag=True, help="Check everything and send nothing."),
        )
    ):
        function = option(function)
    return function


@command()
@click.argument("form")
@click.argument("period", required=False, metavar="[PERIOD|EVENT]")
@click.option("--new-event", is_flag=True, help="The first report on an event, which gets a name by it.")
@_inputs
@override
def report(
    session: Session,
    form: str,
    period: str | None,
    new_event: bool,
    day: date | None,
    version: int | None,
    dry_run: bool,
    **ways: Any,
) -> int:
    """Report: fill in FORM for a period or an event, and send it to the center.

    \b
    Examples:
      cipherpost report monthly-return 2026-10 --edit
      cipherpost report monthly-return 2026-10 --data all.json --data demands.csv
      cipherpost report monthly-return 2026-10 --nil -m "No reports were held."
      cipherpost report conference-before --new-event --day 2026-12-10 --edit
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import reporting

    if new_event and period is not None:
        raise UseError(
            "--new-event makes the name of the event",
            rule="leave the event out, or --new-event",
            hints=(f"cipherpost report {form} --new-event --day DATE --edit",),
        )
    given = _checked(Ways(**ways), f"cipherpost report {form}{f' {period}' if period else ' --new-event'}")

    def begin(desk: "Desk", draft: "Draft | None") -> "Task":
        return reporting.begin(
            desk,
            form,
            draft.period if draft else period,
            new_event=draft.event if draft else new_event,
            day=day or (draft.held if draft else None),
            version=version or (draft.version if draft else None),
            dry_run=dry_run,
        )

    return _filled_in(session, begin, given, (form, period), dry_run=dry_run)


@command()
@click.argument("form", metavar="FORM|CHANNEL/NUMBER")
@click.argument("period", required=False, metavar="[PERIOD|EVENT]")
@click.option("--cancel", is_flag=True, help="Take the report back; needs -m.")
@_inputs
@override
def correct(
    session: Session,
    form: str,
    period: str | None,
    cancel: bool,
    day: date | None,
    version: int | None,
    dry_run: bool,
    **ways: Any,
) -> int:
    """Correct a report: the new figures take the place of the old, and both stay.

    With --edit and --interactive what was sent is filled in already. --day
    moves an event to another day; alone, the rest stays as it was.

    \b
    Examples:
      cipherpost correct monthly-return 2026-10 --edit
      cipherpost correct tver/center/12 --data return.json
      cipherpost correct conference-before e7k2m4qaz --day 2026-12-12
      cipherpost correct conference-before e7k2m4qaz --cancel -m "It is not held."
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import reporting

    again = f"cipherpost correct {form}{f' {period}' if period else ''}"
    if period is None and "/" not in form:
        raise UseError(
            "what is corrected is named by form and period, or by its place",
            rule="such as monthly-return 2026-10, or tver/center/12",
            hints=(f"{again} PERIOD --edit", "cipherpost outbox"),
        )
    given = _checked(Ways(cancel=cancel, **ways), again, moves=day is not None)

    def begin(desk: "Desk", draft: "Draft | None") -> "Task":
        return reporting.begin_correction(
            desk,
            form,
            period,
            day=day or (draft.held if draft and draft.correcting else None),
            version=version or (draft.version if draft else None),
            dry_run=dry_run,
        )

    return _filled_in(session, begin, given, (form, period), dry_run=dry_run)


def _checked(ways: Ways, again: str, *, moves: bool = False) -> Ways:
    """Options that go together, or a refusal that says which do."""
    from cipherpost.cli.filling import StandardInputError
    from cipherpost.errors import UseError
    from cipherpost.workflows.reporting import DataWithNilError

    filled = bool(ways.data) or ways.edit or ways.interactive
    if ways.nil and filled:
        raise DataWithNilError(
            "--nil goes with no figures",
            rule="a nil report says why there are none",
            hints=(f'{again} --nil -m "WHY"',),
        )
    if "-" in ways.data and (ways.edit or ways.interactive):
        raise StandardInputError(
            "--data - goes with neither --edit nor --interactive",
            rule="standard input is taken already",
            hints=(f"{again} --data FILE --edit",),
        )
    if ways.cancel and (filled or ways.nil or moves):
        raise UseError("--cancel stands alone, with -m", hints=(f'{again} --cancel -m "WHY"',))
    if ways.edit and ways.interactive:
        raise UseError("--edit and --interactive exclude each other", hints=(f"{again} --edit",))
    if (ways.nil or ways.cancel) and not (ways.message or "").strip():
        word = "--nil" if ways.nil else "--cancel"
        raise UseError(f"{word} needs a sentence why", hints=(f'{again} {word} -m "WHY"',))
    if ways.message is not None and not (ways.nil or ways.cancel):
        raise UseError("-m goes with --nil and --cancel", hints=(f'{again} --nil -m "WHY"',))
    if not (filled or ways.nil or ways.cancel or moves):
        raise UseError(
            "say how the form is filled in",
            rule="--edit, --interactive, --data FILE or --nil",
            hints=(f"{again} --edit", f"{again} --data FILE"),
        )
    return ways


def _filled_in(
    session: Session,
    begin: "Callable[[Desk, Draft | None], Task]",
    ways: Ways,
    named: tuple[str, str | None],
    *,
    dry_run: bool,
) -> int:
    """Do what the options say, and show what was sent."""
    from cipherpost.cli import filling
    from cipherpost.workflows import drafts, reporting

    if ways.edit or ways.interactive:
        work = filling.Filling(session=session, begin=begin, named=named, files=ways.data, dry_run=dry_run)
        return filling.edit(work) if ways.edit else filling.interact(work)
    files = filling.read_files(ways.data)
    desk = session.desk(write=True)
    drafts.rescue(desk)
    try:
        task = begin(desk, None)
    except reporting.NotReportedError:
        before = reporting.cancelled_before(desk, *named, ways.message or "") if ways.cancel else None
        if before is None:
            raise
        return output.sent(session, [before])
    filling.show_before(session, task)
    if ways.nil:
        done = reporting.send_nil(desk, task, ways.message or "", dry_run=dry_run)
    elif ways.cancel:
        done = reporting.cancel(desk, task, ways.message or "", dry_run=dry_run)
    else:
        done = reporting.send(desk, task, filling.answers(task, files), dry_run=dry_run)
    return output.sent(session, [done])


@command(name="drafts")
@click.option("--drop", nargs=2, metavar="FORM PERIOD", help="Throw away the draft of this report.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def list_drafts(session: Session, drop: tuple[str, str] | None, yes: bool) -> None:
    """Reports that were begun and not sent; they lie sealed in this home."""
    from cipherpost.cli.options import confirm
    from cipherpost.workflows import drafts

    desk = session.desk(write=True)
    drafts.rescue(desk)
    if drop is not None:
        form, period = drop
        drafts.check_there(desk, form, period)
        confirm(f"Throw away the draft of {form} {period}?", yes=yes)
        drafts.forget(desk, form, period)
    rows = drafts.listing(desk)
    if session.as_json:
        output.emit({"drafts": [row.as_json() for row in rows]})
        return
    if drop is not None:
        return
    output.table(["form", "period", "saved"], [[row.form, row.period, row.saved] for row in rows])
    if not session.quiet:
        if rows:
            output.hint(rows[0].command)
        else:
            output.tell("there are no drafts")
