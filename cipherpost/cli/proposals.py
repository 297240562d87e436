"""``propose``, ``proposals``, ``amend``, ``endorse``, ``decline``, ``withdraw``."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, confirm, override

if TYPE_CHECKING:
    from cipherpost.workflows.restating import Restated

_DAY = Day()
_UNTIL = "The last day on which it may be posted (UTC); else 30 days from now."


@command()
@click.argument("file", metavar="FILE|-")
@click.option("--to", "audiences", multiple=True, metavar="AUDIENCE", help="An office, a group, or all.")
@click.option("--subject", metavar="TEXT", help="Else the letter's first line.")
@click.option("--attach", multiple=True, metavar="FILE", help="Attach a file of any size; may be given again.")
@click.option("--supersedes", metavar="NUMBER", help="It takes the place of this earlier letter there.")
@click.option("--cancels", metavar="NUMBER", help="It only takes this earlier letter back.")
@click.option("--due", type=_DAY, metavar="DATE", help="A reply is owed by the end of this day.")
@click.option("--complied", is_flag=True, help="With --due: owed is `complied`, not a reply.")
@click.option("--until", type=_DAY, metavar="DATE", help=_UNTIL)
@click.option("--even-if-sent", is_flag=True, help="Propose it although the last letter there was the same.")
@click.option("-n", "--dry-run", is_flag=True, help="Say who would have to sign it.")
@override
def propose(
    session: Session,
    file: str,
    audiences: tuple[str, ...],
    subject: str | None,
    attach: tuple[str, ...],
    supersedes: str | None,
    cancels: str | None,
    due: date | None,
    complied: bool,
    until: date | None,
    even_if_sent: bool,
    dry_run: bool,
) -> int:
    """Put a letter before the other officers of this office.

    Where more than one of them must sign a letter, `send` does the same; here the
    last day can be given on which it may be posted. It goes sealed to the office
    itself, with your signature; whoever completes the threshold posts it.

    \b
    Example:
      cipherpost propose circular.md --to all --until 2026-12-22
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import sending

    if not audiences and supersedes is None and cancels is None:
        raise UseError("to whom?", rule="a letter has an audience", hints=(f"cipherpost propose {file} --to all",))
    if complied and due is None:
        raise UseError("--complied needs a day", hints=("add --due DATE",))
    letter = sending.read_text(file, subject=subject, attachments=[Path(name) for name in attach])
    sent = sending.send(
        session.desk(write=True),
        letter,
        audiences=audiences,
        due=due,
        due_what="complied" if complied else "reply",
        supersedes=supersedes,
        cancels=cancels,
        propose=True,
        until=until,
        even_if_sent=even_if_sent,
        dry_run=dry_run,
    )
    return output.sent(session, sent)


@command()
@click.option("--all", "everything", is_flag=True, help="Those posted, amended, withdrawn or expired too.")
def proposals(session: Session, everything: bool) -> None:
    """What waits for the signatures of this office's officers. Needs no line.

    `cipherpost read` shows the very text of one, who signed it, and what an
    amendment changed.
    """
    from cipherpost.workflows import proposals as work

    desk = session.desk()
    rows = work.listing(desk) if everything else work.to_show(desk)
    if session.as_json:
        output.emit({"proposals": [each.as_json() for each in rows]})
        return
    if rows:
        output.table(["number", "by", "subject", "for", "state", "until"], [each.cells() for each in rows])
    if session.quiet:
        return
    for each in rows:
        if each.state == "overtaken":
            output.tell(f"proposal {each.number}: {each.next_word}")
    mine = [each for each in rows if desk.officer in each.awaited]
    if mine:
        output.hint(f"cipherpost read {mine[0].place}")
        output.hint(f"cipherpost endorse {mine[0].number}")
    elif not rows:
        output.tell("nothing is proposed" if everything else "nothing waits for signatures")


@command()
@click.argument("number", metavar="NUMBER")
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--subject", metavar="TEXT", help="Else that of the old text.")
@click.option("--attach", multiple=True, metavar="FILE", help="Attach a file; one of the same name gives way.")
@click.option("--no-attachments", is_flag=True, help="Leave out what was attached to the old text.")
@click.option("--until", type=_DAY, metavar="DATE", help=_UNTIL)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@override
def amend(
    session: Session,
    number: str,
    file: str | None,
    subject: str | None,
    attach: tuple[str, ...],
    no_attachments: bool,
    until: date | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Put a new text in the place of a proposal.

    Any officer of the office may. Who signed the old text signs again; `read` shows
    every officer the difference. A proposed roster entry is amended without FILE,
    by its proposer: its statements are proposed for the next number, where another
    entry came first. What has changed since is shown, and asked about: keepers and
    the cuts of new keys are made anew, all else is stated as it was. A report is
    not amended, since its figures would stay: it is withdrawn, then reported anew.

    \b
    Example:
      cipherpost amend 31 circular.md
    """
    from cipherpost.workflows import endorsing, sending

    def agree(restated: "Restated") -> None:
        if not session.quiet and not session.as_json:
            for line in restated.lines():
                output.tell(line)
        if restated.question is not None and not dry_run:
            confirm(restated.question, yes=yes, because="the roster has changed since; this needs a yes")

    letter = None
    if file is not None:
        attachments = [Path(name) for name in attach]
        letter = sending.read_text(file, subject=subject, attachments=attachments, subject_from_text=False)
    posted = endorsing.amend(
        session.desk(write=True),
        number,
        letter,
        until=until,
        keep_attachments=not no_attachments,
        agree=agree,
        dry_run=dry_run,
    )
    return output.sent(session, [posted])


@command()
@click.argument("number", metavar="NUMBER")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, and sign nothing.")
@override
def endorse(session: Session, number: str, dry_run: bool) -> int:
    """Sign a proposal. Whoever completes the threshold posts what it proposes.

    What you sign is the text that `cipherpost read` shows: it is opened and checked
    to its last byte before. A keeper endorses one entry for one number of the
    roster; another only after the first was withdrawn. A signature cannot be taken
    back.

    \b
    Example:
      cipherpost endorse 31
    """
    from dataclasses import replace

    from cipherpost.workflows import endorsing

    desk = session.desk(write=True)
    done = endorsing.endorse(desk, number, dry_run=dry_run)
    code = output.sent(session, [replace(done, already=False)])
    if done.declined_before:
        output.tell("you had declined it; your signature takes the place of that")
    if done.already and done.proposed is not None:
        output.tell("you have signed it before")
    elif done.already:
        needless = "" if desk.officer in done.signed else "; your signature was not needed"
        output.tell(f"posted already as {done.place}{needless}")
    return code


@command()
@click.argument("number", metavar="NUMBER")
@click.option("-m", "--message", required=True, metavar="TEXT", help="Why; the other officers read it.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def decline(session: Session, number: str, message: str, dry_run: bool) -> int:
    """Say that you will not sign a proposal, and why.

    \b
    Example:
      cipherpost decline 31 -m "The day is a holiday in Samara."
    """
    from cipherpost.workflows import endorsing

    done = endorsing.decline(session.desk(write=True), number, message, dry_run=dry_run)
    code = output.sent(session, [done])
    if done.hash is not None:
        output.tell(f"proposal {output.safe(number)} is declined; the other officers read why")
    return code


@command()
@click.argument("number", metavar="NUMBER")
@click.option("-m", "--message", metavar="TEXT", help="Why; the other officers read it.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@override
def withdraw(session: Session, number: str, message: str | None, dry_run: bool) -> int:
    """Take back a proposal of your own; signatures under it are good for nothing.

    \b
    Example:
      cipherpost withdraw 31
    """
    from cipherpost.workflows import endorsing

    done = endorsing.withdraw(session.desk(write=True), number, message, dry_run=dry_run)
    code = output.sent(session, [done])
    if done.hash is not None:
        output.tell(f"proposal {output.safe(number)} is withdrawn; nobody can endorse it any more")
    return code
