"""``send``, ``reply``, ``cancel``, ``outbox``."""

from datetime import date
from pathlib import Path

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, confirm, override

_DAY = Day()


@command()
@click.argument("file", metavar="FILE|-")
@click.option("--to", "audiences", multiple=True, metavar="AUDIENCE", help="An office, a group, or all.")
@click.option("--subject", metavar="TEXT", help="Else the letter's first line.")
@click.option("--attach", multiple=True, metavar="FILE", help="Attach a file of any size; may be given again.")
@click.option("--supersedes", metavar="NUMBER", help="It takes the place of this earlier letter there.")
@click.option("--cancels", metavar="NUMBER", help="It only takes this earlier letter back.")
@click.option("--due", type=_DAY, metavar="DATE", help="A reply is owed by the end of this day.")
@click.option("--complied", is_flag=True, help="With --due: owed is `complied`, not a reply.")
@click.option("--even-if-sent", is_flag=True, help="Send it although the last letter there was the same.")
@click.option("-n", "--dry-run", is_flag=True, help="Say who would get it, and who could not.")
@override
def send(
    session: Session,
    file: str,
    audiences: tuple[str, ...],
    subject: str | None,
    attach: tuple[str, ...],
    supersedes: str | None,
    cancels: str | None,
    due: date | None,
    complied: bool,
    even_if_sent: bool,
    dry_run: bool,
) -> int:
    """Sign, seal and send a letter.

    FILE is text (.md for Markdown), or - for standard input. From the center, a
    letter to a group is a circular and one to an office an instruction; from a
    committee it is a message.

    \b
    Examples:
      cipherpost send circular.md --to all
      cipherpost send order.md --to tver --attach plan.pdf --due 2026-12-15
      cipherpost send better.md --to all --supersedes 13
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import sending

    if not audiences and supersedes is None and cancels is None:
        raise UseError("to whom?", rule="a letter has an audience", hints=(f"cipherpost send {file} --to all",))
    if complied and due is None:
        raise UseError("--complied needs a day", hints=("add --due DATE",))
    letter = sending.read_text(file, subject=subject, attachments=[Path(name) for name in attach])
    sent = sending.send(
        session.desk(write=True),
        letter,
        audiences=audiences,
        supersedes=supersedes,
        cancels=cancels,
        due=due,
        due_what="complied" if complied else "reply",
        even_if_sent=even_if_sent,
        dry_run=dry_run,
    )
    return output.sent(session, sent)


@command()
@click.argument("place", metavar="CHANNEL/NUMBER")
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("-m", "--message", metavar="TEXT", help="The reply itself, for a short one.")
@click.option("--subject", metavar="TEXT", help="Else 'Re:' and the subject answered.")
@click.option("--attach", multiple=True, metavar="FILE", help="Attach a file; may be given again.")
@click.option("--even-if-sent", is_flag=True, help="Send it although the last letter there was the same.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def reply(
    session: Session,
    place: str,
    file: str | None,
    message: str | None,
    subject: str | None,
    attach: tuple[str, ...],
    even_if_sent: bool,
    dry_run: bool,
) -> int:
    """Answer a letter; the answer goes to the office that sent it.

    \b
    Example:
      cipherpost reply center/all/14 -m "Received. Our conference is on the 10th."
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import sending

    if (file is None) == (message is None):
        raise UseError("give the reply as a FILE (or -), or behind -m", hints=("cipherpost reply --help",))
    attachments = [Path(name) for name in attach]
    if message is not None:
        letter = sending.text_of(message, subject=subject, attachments=attachments)
    else:
        assert file is not None
        letter = sending.read_text(file, subject=subject, attachments=attachments, subject_from_text=False)
    desk = session.desk(write=True)
    sent = sending.reply(desk, place, letter, even_if_sent=even_if_sent, dry_run=dry_run)
    output.replaced(desk, place)
    return output.sent(session, sent)


@command()
@click.argument("place", metavar="CHANNEL/NUMBER")
@click.option("-m", "--message", metavar="TEXT", help="Why; goes sealed to the same readers.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def cancel(session: Session, place: str, message: str | None, dry_run: bool) -> int:
    """Take back a letter of this office.

    A short letter to the same audience says so; whoever opens the old one is told
    at once. Both stay in the channel. A report is cancelled by `correct --cancel`.

    \b
    Example:
      cipherpost cancel center/all/13 -m "The conference is put off."
    """
    from cipherpost.workflows import sending

    return output.sent(session, [sending.cancel(session.desk(write=True), place, message, dry_run=dry_run)])


@command()
@click.argument("place", required=False, metavar="[CHANNEL/NUMBER]")
@click.option("--receipt", metavar="FILE", help="Write the proof that it was received into FILE.")
@click.option("--force", is_flag=True, help="Write over FILE.")
@click.option("--drop", is_flag=True, help="Let go of letters that wait in CHANNEL.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def outbox(session: Session, place: str | None, receipt: str | None, force: bool, drop: bool, yes: bool) -> None:
    """What this office sent and what waits; with a number, who has it.

    Needs no line. A receipt holds what the office written to has signed;
    `cipherpost verify` checks it, for anybody and without a home.

    A letter that would supersede or cancel one which a colleague has replaced
    meanwhile is not sent: it waits here, until you let it go with --drop. So does
    one to an office that was suspended or dissolved meanwhile. Where none of these
    waits in CHANNEL, --drop lets go of all letters there that are not signed yet.

    \b
    Examples:
      cipherpost outbox tver/center/12 --receipt october.receipt
      cipherpost outbox center/all --drop
    """
    from cipherpost.workflows import outbox as work

    if drop:
        _drop(session, place, yes=yes)
        return
    if receipt is not None:
        _save_receipt(session, place, receipt, force=force)
        return
    desk = session.desk()
    if place is not None:
        one = work.one(desk, place)
        if session.as_json:
            output.emit({"dispatches": [one.as_json()]})
            return
        output.fields(one.lines())
        output.say()
        output.table(
            ["office", "title", "state", "by", "time"],
            [[row.office, row.title, row.state, row.by or "", row.time or ""] for row in one.offices],
        )
        return
    rows = work.listing(desk)
    if session.as_json:
        output.emit({"dispatches": [row.as_json() for row in rows]})
        return
    output.table(
        ["number", "to", "subject", "received", "read", "complied", "silent"],
        [row.cells() for row in rows],
    )


def _drop(session: Session, channel: str | None, *, yes: bool) -> None:
    from cipherpost.errors import UseError
    from cipherpost.workflows import draining

    if channel is None:
        raise UseError("in which channel?", rule="--drop names one", hints=("cipherpost outbox",))
    confirm(f"Throw away what waits in {channel}?", yes=yes, because="this throws a letter away and needs a yes")
    count = draining.drop(session.desk(write=True), channel)
    if session.as_json:
        output.emit({"dropped": count})
    else:
        output.tell(f"{count} letter{'' if count == 1 else 's'} let go")


def _save_receipt(session: Session, place: str | None, file: str, *, force: bool) -> None:
    from cipherpost.errors import UseError
    from cipherpost.workflows import receipts

    if place is None:
        raise UseError("a receipt is for one dispatch", hints=(f"cipherpost outbox CHANNEL/NUMBER --receipt {file}",))
    done = receipts.save(session.desk(), place, Path(file), force=force)
    if session.as_json:
        output.emit({**done.as_json(), "file": file})
        return
    output.say(file)
    if not session.quiet:
        for name, value in done.lines():
            if name.startswith("said "):
                output.tell(f"{name}: {value}")
        output.hint(f"cipherpost verify {file} --fingerprint {done.fingerprint}")
