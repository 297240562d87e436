"""``fetch``, ``inbox``, ``read``, ``complied``."""

from pathlib import Path

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, override
from cipherpost.errors import gravest


@command()
@click.option("--max-size", metavar="SIZE", help="Leave larger letters for later, such as 10MB.")
@click.option("--no-receipts", is_flag=True, help="Write nothing to the post office.")
@click.option("--full", is_flag=True, help="List every channel instead of asking for the next numbers.")
@override
def fetch(session: Session, max_size: str | None, no_receipts: bool, full: bool) -> int:
    """Get, verify, open and acknowledge what is new; post what waits.

    Running it again does no harm.
    """
    from cipherpost.cli import fetched
    from cipherpost.cli.sizes import parse_size
    from cipherpost.workflows import fetching

    limit = parse_size(max_size) if max_size else None
    result = fetching.fetch(session.desk(write=True), max_size=limit, receipts=not no_receipts, full=full)
    if session.as_json:
        output.emit(result.as_json())
    else:
        for line in fetched.result_lines(result):
            output.say(output.safe(line))
        if not session.quiet:
            for line in fetched.notice_lines(result):
                output.tell(output.safe(line))
            if no_receipts:
                output.notice("no-receipt")
            for line in fetched.hints(result):
                output.hint(line)
    return result.exit_code


@command()
@click.option(
    "--all", "everything", is_flag=True, help="Those already read or answered too (the default lists all).", hidden=True
)
@click.option("--new", "only_new", is_flag=True, help="Only those not read yet.")
def inbox(session: Session, everything: bool, only_new: bool) -> None:
    """The letters that came, oldest first. Needs no line."""
    from cipherpost.workflows import reading

    rows = reading.inbox(session.desk(), only_new=only_new and not everything)
    if session.as_json:
        output.emit({"dispatches": [row.as_json() for row in rows]})
        return
    output.table(["number", "from", "subject", "time", "state"], [row.cells() for row in rows])
    if not session.quiet:
        new = [row for row in rows if row.state == "new"]
        if new:
            output.hint(f"cipherpost read {new[0].place}")
        elif not rows:
            output.notice("nothing-new")


@command()
@click.argument("place", required=False, metavar="[CHANNEL/NUMBER]")
@click.option("--save", metavar="DIR", help="Write the letter's text and attachments into DIR.")
@click.option("--force", is_flag=True, help="Write over files in DIR.")
@click.option("--out-of-order", is_flag=True, help="Show one whose predecessor is missing, without receipt.")
def read(session: Session, place: str | None, save: str | None, force: bool, out_of_order: bool) -> int:
    """Show a letter: the one named, else the oldest new one. Needs no line."""
    from cipherpost.workflows import reading

    desk = session.desk(write=True)
    try:
        shown = reading.read(desk, place, save=Path(save) if save else None, force=force, out_of_order=out_of_order)
    except reading.NothingNewError as nothing:
        if session.as_json:
            raise
        output.notice("nothing-new")
        output.hint(nothing.hints[0])
        return 0
    if session.as_json:
        output.emit(shown.as_json())
        return gravest({error.exit_code for error in shown.refused})
    for name, detail in shown.banners():
        output.notice(name, detail)
    output.fields(shown.head_lines())
    output.say()
    output.body(shown.body)
    if shown.diff:
        output.say()
        for line in shown.diff:
            output.say(output.safe(line))
    for each in shown.forwarded:
        output.say()
        output.fields(each.lines())
        if each.published is not None:
            output.say()
            output.body(each.published.letter.body or "")
    for error in shown.refused:
        output.show_error(error, as_json=False)
    for line in shown.saved_lines():
        output.tell(output.safe(line))
    if not session.quiet and not shown.refused:
        for line in shown.hints():
            output.hint(line)
    return gravest({error.exit_code for error in shown.refused})


@command()
@click.argument("place", metavar="CHANNEL/NUMBER")
@click.option("--unable", is_flag=True, help="Say that it cannot be carried out; needs -m.")
@click.option("-m", "--message", metavar="TEXT", help="Why not; goes sealed to the sender.")
@click.option("--withdraw", is_flag=True, help="Take back what was said before.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def complied(session: Session, place: str, unable: bool, message: str | None, withdraw: bool, dry_run: bool) -> int:
    """Tell the sender that an instruction is carried out, or cannot be."""
    from cipherpost.errors import UseError
    from cipherpost.workflows import sending

    if unable and withdraw:
        raise UseError("--unable and --withdraw exclude each other")
    if unable and not message:
        raise UseError("say why it cannot be done", hints=(f'cipherpost complied {place} --unable -m "WHY"',))
    if message and not unable:
        raise UseError("-m goes with --unable", hints=(f'cipherpost reply {place} -m "TEXT"',))
    word = "unable" if unable else "withdrawn" if withdraw else "complied"
    desk = session.desk(write=True)
    sent = sending.comply(desk, place, word, why=message, dry_run=dry_run)
    output.replaced(desk, place)
    return output.sent(session, sent)
