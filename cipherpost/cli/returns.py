"""``owed`` and ``returns``: what this office owes, and who owes what."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.options import Moment, Session, command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cipherpost.chain.channel import Entry
    from cipherpost.workflows.returns import Returns

TIME = Moment()


def moment(given: datetime | None) -> str | None:
    """A time from the command line as the protocol writes it."""
    from cipherpost.text import format_time

    return format_time(given.replace(tzinfo=UTC)) if given else None


@command()
@click.option("--as-of", type=TIME, metavar="TIME", help="Judge as if it were this moment (UTC).")
def owed(session: Session, as_of: datetime | None) -> None:
    """What this office still owes, soonest first. Needs no line."""
    from cipherpost.workflows import owing

    desk = session.desk()
    found = owing.owed(desk, moment(as_of))
    if session.as_json:
        output.emit(found.as_json())
        return
    if found.debts:
        output.table(["what", "by", "state"], found.cells())
    if session.quiet:
        return
    if not found.debts:
        output.tell("nothing is owed" + ("; what others owe: cipherpost returns" if desk.is_center else ""))
    for line in found.hints():
        output.hint(line)


@command()
@click.argument("period", required=False, metavar="[PERIOD]")
@click.option("--form", metavar="FORM", help="Only what is owed of this form.")
@click.option("--group", metavar="GROUP", help="Only the offices of this group, or this office.")
@click.option("--as-of", type=TIME, metavar="TIME", help="Judge as if it were this moment (UTC).")
@click.option("--csv", "as_csv", is_flag=True, help="One line for each debt, as CSV.")
@click.option("--excel", is_flag=True, help="CSV that a spreadsheet opens right.")
@click.option("--html", metavar="FILE", help="Write a page that needs no network.")
@click.option("-o", "--output", "out", metavar="FILE", help="Write the CSV to FILE.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def returns(
    session: Session,
    period: str | None,
    form: str | None,
    group: str | None,
    as_of: datetime | None,
    as_csv: bool,
    excel: bool,
    html: str | None,
    out: str | None,
    force: bool,
) -> None:
    """Who owes what, who has sent it, and how late: offices by periods.

    For the center and for auditors; needs no line. PERIOD is 2026, 2026-q4,
    2026-10, 2026-w47, a day, or an event; without it all periods are shown.

    \b
    Examples:
      cipherpost returns 2026-10
      cipherpost returns 2026 --form monthly-return --html returns.html
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import returns as workflow

    if session.as_json and (as_csv or excel):
        raise UseError("--json and --csv exclude each other")
    if out is not None and not (as_csv or excel):
        raise UseError("-o goes with --csv or --excel", hints=("cipherpost returns --csv -o FILE",))
    desk = session.desk()
    found = workflow.returns(desk, period, form=form, group=group, as_of=moment(as_of))
    if html is not None:
        output.document(_page(found, workflow.cited(desk, found.debts)), html, force=force)
        output.saved(session, html)
    if session.as_json:
        output.emit(found.as_json())
    elif as_csv or excel:
        from cipherpost.cli.csvout import write_csv
        from cipherpost.ledger.returns import COLUMNS

        write_csv(COLUMNS, found.rows(), excel=excel, out=out, force=force)
        output.saved(session, out)
    elif html is None and found.debts:
        from cipherpost.cli.matrix import show

        show(found, quiet=session.quiet)
    if not found.debts and not session.quiet:
        output.tell(output.safe(_nothing(found)))
        for line in found.left_lines():
            output.tell(output.safe(line))


def _nothing(found: "Returns") -> str:
    """That nobody owes what was asked for."""
    about = (("", found.form or "anything"), ("for ", found.period), ("in ", found.group), ("as of ", found.as_of))
    return f"nobody owes or owed {' '.join(f'{word}{value}' for word, value in about if value)}"


def _page(found: "Returns", entries: "Mapping[str, Entry]") -> str:
    """The page of the returns."""
    from cipherpost.pages import returns as pages

    cited = {
        place: pages.Cited(place=place, hash=entry.hash, time=entry.header.time, by=entry.header.by)
        for place, entry in entries.items()
    }
    return pages.returns_page(
        found.matrix,
        network=found.network,
        period=found.period,
        form=found.form,
        group=found.group,
        zone=found.zone,
        cited=cited,
        remarks=found.remarks,
        left=tuple(found.left_lines()),
    )
