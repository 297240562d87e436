"""``collate`` and ``demands``: what reports add up to, and what became of the demands they raise."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.options import CONTEXT, Session, command, override
from cipherpost.cli.returns import TIME, moment

if TYPE_CHECKING:
    from cipherpost.workflows.collating import Collation
    from cipherpost.workflows.opening import Remark

_NAMES = 12
"""Most names of a sort in the line about all periods; `returns` and --json name all."""
_HEADS = ["field", "sum", "given", "no figure", "least", "most"]


@command()
@click.argument("form", metavar="FORM")
@click.argument("period", metavar="PERIOD")
@click.option("--group", metavar="GROUP", help="Only the offices of this group, or this office.")
@click.option("--as-of", type=TIME, metavar="TIME", help="Judge as if it were this moment (UTC).")
@click.option("--csv", "as_csv", is_flag=True, help="One line for each report, as CSV.")
@click.option("--items", metavar="FIELD", help="With --csv: one line for each item of this list.")
@click.option("--excel", is_flag=True, help="CSV that a spreadsheet opens right.")
@click.option("--html", metavar="FILE", help="Write a page that needs no network.")
@click.option("-o", "--output", "out", metavar="FILE", help="Write the CSV to FILE.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def collate(
    session: Session,
    form: str,
    period: str,
    group: str | None,
    as_of: datetime | None,
    as_csv: bool,
    items: str | None,
    excel: bool,
    html: str | None,
    out: str | None,
    force: bool,
) -> None:
    """Open the reports of a form and period, and add up what they say.

    For the center, and for auditors to whom reports are escrowed. PERIOD is as
    the form is owed; an event, or for events a stretch of time: all that were
    held in it. Nothing that was opened is kept.

    \b
    Examples:
      cipherpost collate monthly-return 2026-10
      cipherpost collate monthly-return 2026-10 --csv --items demands
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import collating

    as_csv = as_csv or excel or items is not None
    if session.as_json and as_csv:
        raise UseError("--json and --csv exclude each other")
    if out is not None and not as_csv:
        raise UseError("-o goes with --csv or --excel", hints=(f"cipherpost collate {form} {period} --csv -o FILE",))
    desk = session.desk(write=True)
    found = collating.collate(desk, form, period, group=group, as_of=moment(as_of))
    if html is not None:
        output.document(_page(found), html, force=force)
        output.saved(session, html)
    if session.as_json:
        output.emit(found.as_json())
    elif as_csv:
        from cipherpost.cli.csvout import write_csv

        columns, rows = found.table() if items is None else found.items(items)
        write_csv(columns, rows, excel=excel, out=out, force=force)
        output.saved(session, out)
    elif html is None:
        _show(found)
    if not session.quiet:
        if as_csv or html is not None:
            output.tell(output.safe(found.coverage.line()))
        _tell_remarks(found.remarks, can_send_back=desk.is_center)


def _show(found: "Collation") -> None:
    output.fields(found.lines())
    output.say()
    output.table(_HEADS, found.cells())
    for name, said in found.texts():
        output.say()
        output.say(output.safe(name))
        for office, words, place in said:
            output.quoted(f"  {office} ({place}):", words)


def _tell_remarks(found: "Sequence[Remark]", *, can_send_back: bool) -> None:
    """What was left out, and for the first the command by which it is corrected."""
    for each in found:
        output.tell(output.safe(f"left out: {each.debt.office}, {each.dispatch}: {each.reason}"))
    if can_send_back:
        for each in [remark for remark in found if remark.theirs][:1]:
            output.hint(output.safe(each.hint))


def _page(found: "Collation") -> str:
    from cipherpost.pages.collation import collation_page

    return collation_page(
        found.totals,
        network=found.network,
        form=found.form,
        period=found.period,
        as_of=found.as_of,
        coverage=found.coverage,
        titles=found.titles,
        group=found.group,
        remarks=[each.place for each in found.remarks],
    )


# ---- demands -------------------------------------------------------------------------------------------------------


class _Demands(click.Group):
    """A group that lists where no command of its own is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Demands, context_settings=CONTEXT)
def demands() -> None:
    """What reports demand, and what became of it.

    \b
    Examples:
      cipherpost demands 2026-10 --form monthly-return
      cipherpost demands same tver/center/12#3 samara/center/9#1
      cipherpost demands answer tver/center/12#3 --by center/all/14
    """


@command(name="list", group=demands)
@click.argument("period", required=False, metavar="[PERIOD]")
@click.option("--form", metavar="FORM", help="Only those of this form.")
@click.option("--as-of", type=TIME, metavar="TIME", help="Judge as if it were this moment (UTC).")
@click.option("--csv", "as_csv", is_flag=True, help="One line for each demand, as CSV.")
@click.option("--excel", is_flag=True, help="CSV that a spreadsheet opens right.")
@click.option("-o", "--output", "out", metavar="FILE", help="Write the CSV to FILE.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def listing(
    session: Session,
    period: str | None,
    form: str | None,
    as_of: datetime | None,
    as_csv: bool,
    excel: bool,
    out: str | None,
    force: bool,
) -> None:
    """List demands; at a committee its own (the same as `demands` alone)."""
    from cipherpost.errors import UseError
    from cipherpost.workflows import demands as workflow

    as_csv = as_csv or excel
    if session.as_json and as_csv:
        raise UseError("--json and --csv exclude each other")
    if out is not None and not as_csv:
        raise UseError("-o goes with --csv or --excel", hints=("cipherpost demands --csv -o FILE",))
    desk = session.desk(write=True)
    found = workflow.listing(desk, period, form=form, as_of=moment(as_of))
    if session.as_json:
        output.emit(found.as_json())
    elif as_csv:
        from cipherpost.cli.csvout import write_csv

        write_csv(workflow.COLUMNS, found.rows(), excel=excel, out=out, force=force)
        output.saved(session, out)
    else:
        output.table(["demand", "period", "category", "text", "raised by", "answered by"], found.cells())
    if not session.quiet:
        output.tell(output.safe(found.coverage.line(_NAMES)))
        for error in found.refused:
            output.tell(output.safe(f"not taken into account: {error}"))
        _tell_remarks(found.remarks, can_send_back=desk.is_center)


@command(name="same", group=demands)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--withdraw", is_flag=True, help="Each of them stands alone again.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def same(session: Session, ids: Sequence[str], withdraw: bool, dry_run: bool) -> int:
    """Say that demands are one and the same: they are counted together.

    The center writes it to itself, for all its officers.
    """
    from cipherpost.workflows import answering

    posted = answering.say_same(session.desk(write=True), ids, apart=withdraw, dry_run=dry_run)
    return output.sent(session, [posted])


@command(name="answer", group=demands)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--by", metavar="CHANNEL/NUMBER", help="The letter of the center that answers.")
@click.option("--withdraw", is_flag=True, help="Nothing answered them, after all.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def answer(session: Session, ids: Sequence[str], by: str | None, withdraw: bool, dry_run: bool) -> int:
    """Tell those who raised demands which letter answers them.

    Demands that are one and the same are answered together. Each office gets
    one letter, and its next form shows the answer.
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import answering

    if (by is None) != withdraw:
        raise UseError("give --by or --withdraw", hints=("cipherpost demands answer ID --by center/all/14",))
    posted, left_out = answering.say_answered(session.desk(write=True), ids, by, dry_run=dry_run)
    code = output.sent(session, posted)
    if left_out and not session.quiet:
        output.notice("unreached", output.safe("; ".join(left_out.values())))
    return code
