"""``duty``: what is owed regularly."""

from datetime import date
from typing import TYPE_CHECKING

import click

from cipherpost import limits
from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, subcommands

if TYPE_CHECKING:
    from cipherpost.workflows.duties import Stated

_DAY = Day()
_DAYS = click.IntRange(0, limits.DUTY_DAYS)
_RHYTHMS = ("weekly", "monthly", "quarterly", "yearly", "once", "event")


@subcommands()
def duty() -> None:
    """What committees report regularly: state a duty, end it, list all."""


@command("add", group=duty)
@click.argument("form")
@click.argument("audience")
@click.argument("rhythm", type=click.Choice(_RHYTHMS), metavar="|".join(_RHYTHMS))
@click.option("--due", type=_DAYS, metavar="N", help="Due N days after the period's end.")
@click.option("--within", type=_DAYS, metavar="N", help="Of events: due N days after the event (else before it).")
@click.option("--grace", type=_DAYS, default=0, metavar="N", help="Days that the center waits before it looks.")
@click.option("--from", "first", metavar="PERIOD|DAY", help="The first period owed (else the running one).")
@click.option("--on", "day", type=_DAY, metavar="DATE", help="Of once: the day it is due.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def add(
    session: Session,
    form: str,
    audience: str,
    rhythm: str,
    due: int | None,
    within: int | None,
    grace: int,
    first: str | None,
    day: date | None,
    dry_run: bool,
) -> None:
    """State that AUDIENCE (an office, a group, or all) owes FORM.

    Stating it again changes it from the running period on; what was owed for
    earlier periods stays.

    \b
    Examples:
      cipherpost duty add monthly-return all monthly --due 5 --grace 3
      cipherpost duty add conference-before all event
      cipherpost duty add conference-after all event --within 7
    """
    from cipherpost.workflows import duties

    asked = duties.Asked(
        form=form, audience=audience, rhythm=rhythm, due=due, within=within, grace=grace, first=first, day=day
    )
    _show(session, f"{form} {audience}", duties.add(session.desk(write=True), asked, dry_run=dry_run))


@command("end", group=duty)
@click.argument("form")
@click.argument("audience")
@click.option("--until", "last", required=True, metavar="PERIOD", help="The last period owed (for events, a day).")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def end(session: Session, form: str, audience: str, last: str, dry_run: bool) -> None:
    """State that AUDIENCE owes FORM no longer after a period.

    \b
    Example:
      cipherpost duty end monthly-return all --until 2027-06
    """
    from cipherpost.workflows import duties

    done = duties.end(session.desk(write=True), form, audience, last, dry_run=dry_run)
    _show(session, f"{form} {audience}", done)


def _show(session: Session, whose: str, done: "Stated") -> None:
    output.posted(session, done.posted, extra={"duty": done.words})
    if session.quiet or session.as_json:
        return
    output.tell(f"{whose}: {done.words}")
    if done.posted.already:
        output.tell("the roster says so already; nothing was posted")
    for note in done.notes:
        output.tell(note)


@command("list", group=duty)
def list_(session: Session) -> None:
    """Every duty, in words. Needs no line."""
    from cipherpost.workflows import duties

    rows = duties.listing(session.desk())
    if session.as_json:
        output.emit({"duties": [row.as_json() for row in rows]})
        return
    output.table(["form", "audience", "title", "owed"], [row.cells() for row in rows])
    if not rows and not session.quiet:
        output.tell("nothing is owed regularly")
        output.hint("cipherpost duty add --help")
