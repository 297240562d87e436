"""``office``, ``invite``, ``card``, ``cards``, ``admit``, ``roster``, ``group``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm, subcommands

if TYPE_CHECKING:
    from cipherpost.workflows.renewing import Replaced


@subcommands()
def office() -> None:
    """Declare committees and auditors."""


@command(name="add", group=office)
@click.argument("name", required=False)
@click.option("--title", metavar="TEXT", help="Its name for people.")
@click.option("--role", type=click.Choice(["committee", "auditor"]), default="committee", show_default=True)
@click.option("--from", "table", metavar="FILE", help="Many at once: a CSV file with name,title[,role].")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def office_add(
    session: Session, name: str | None, title: str | None, role: str, table: str | None, dry_run: bool
) -> None:
    """Declare an office, so that it can be invited.

    \b
    Examples:
      cipherpost office add tver --title "Tver Gubernia Committee"
      cipherpost office add audit --role auditor --title "Audit Commission"
      cipherpost office add --from offices.csv
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import offices

    if (name is None) == (table is None):
        raise UseError("name one office, or a file with --from", hints=("cipherpost office add --help",))
    if table is not None:
        declared = offices.read_offices(Path(table))
    else:
        assert name is not None
        declared = [offices.NewOffice(name=name, title=title or name, role=role)]
    posted = offices.declare(session.desk(write=True), declared, dry_run=dry_run)
    output.posted(session, posted)
    if not session.as_json and not session.quiet and not dry_run:
        invited = f"cipherpost invite {declared[0].name} -o {declared[0].name}.invitation"
        output.hint(invited if posted.proposed is None else f"once the entry is posted: {invited}")


@command(name="title", group=office)
@click.argument("name")
@click.argument("title")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def office_title(session: Session, name: str, title: str, dry_run: bool) -> None:
    """Give an office another title; its name stays.

    \b
    Example:
      cipherpost office title tver "Tver Gubernia Committee"
    """
    from cipherpost.workflows import offices

    output.stated(session, offices.set_title(session.desk(write=True), name, title, dry_run=dry_run))


@command()
@click.argument("office")
@click.option("-o", "out", metavar="FILE", help="Write here (else to standard output).")
@click.option("--force", is_flag=True, help="Write over FILE.")
def invite(session: Session, office: str, out: str | None, force: bool) -> None:
    """Write OFFICE its invitation, to be handed to its clerk by any way.

    It holds no secret; but who alters it can lead the clerk to another
    network, so let the clerk read you the number that `join` shows.
    """
    from cipherpost.workflows import admission

    document = admission.invite(session.desk(), office)
    output.document(document, out, force=force)
    if out and not session.quiet:
        output.hint(f"the clerk types: cipherpost join {Path(out).name} --officer NAME")


@command()
@click.option("-o", "out", metavar="FILE", help="Write here (else to standard output).")
@click.option("--force", is_flag=True, help="Write over FILE.")
def card(session: Session, out: str | None, force: bool) -> None:
    """Show this officer's card, as it is sent to the center.

    The number to read aloud goes to standard error.
    """
    from cipherpost.workflows import admission

    mine = admission.own_card(session.desk())
    if session.as_json:
        output.emit(mine.as_json())
    else:
        output.document(mine.armored, out, force=force)
    if not session.quiet:
        output.notice("read-aloud", mine.spoken)


@command()
def cards(session: Session) -> None:
    """List the cards that lie at the post office and wait for admission."""
    from cipherpost.workflows import admission

    waiting = admission.waiting_cards(session.desk(write=True))
    if session.as_json:
        output.emit({"cards": [item.as_json() for item in waiting]})
        return
    output.table(
        ["officer", "title", "made", "card"],
        [[f"{item.office}/{item.officer}", item.title, item.time, item.hash[:16]] for item in waiting],
    )
    if not session.quiet:
        if waiting:
            first = waiting[0]
            said = ' --heard "..."    (what the clerk reads aloud)'
            heard = "    (the key in force vouches for it)" if first.vouched else said
            output.hint(f"cipherpost admit {first.office}/{first.officer}{heard}")
        else:
            output.tell("no card waits")


@command()
@click.argument("officers", nargs=-1, required=True, metavar="OFFICE/OFFICER|FILE...")
@click.option("--heard", metavar="NUMBER", help="The spoken number as the clerk read it aloud.")
@click.option("--role", type=click.Choice(["committee", "auditor"]), help="Declare the office too, in this role.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def admit(
    session: Session, officers: tuple[str, ...], heard: str | None, role: str | None, dry_run: bool, yes: bool
) -> int:
    """Admit officers: their keys enter the roster.

    Name them as OFFICE/OFFICER when their cards lie at the post office, or name
    the files they sent. Let the clerk read the spoken number aloud and type it
    behind --heard; without it the roster says `unchecked` to everybody.

    A card made by `cipherpost keys rotate` needs no number: the old key has
    signed it. An officer who has lost his keys joins anew under his name; his
    new card needs the number, and a yes. Either way the entry states up to
    which numbers the old keys count.

    \b
    Examples:
      cipherpost admit tver/ivanov --heard "13539 46393 ..."
      cipherpost admit tver/ivanov              (new keys, by keys rotate)
    """
    from cipherpost.errors import gravest
    from cipherpost.workflows import admission

    def agree(change: "Replaced") -> None:
        if not session.quiet and not session.as_json:
            for line in change.lines():
                output.tell(line)
        if change.question is not None and not dry_run:
            confirm(change.question, yes=yes)

    desk = session.desk(write=True)
    result = admission.admit(desk, officers, heard=heard, role=role, agree=agree, dry_run=dry_run)
    for refused in result.refused:
        output.tell(f"not admitted: {output.safe(str(refused))}")
        for text in refused.hints[:2]:
            output.hint(output.safe(text))
    if result.restored and session.as_json and result.posted is None:
        output.emit({"admitted": [], "restored": result.restored})
    elif result.restored and not session.as_json:
        output.notice("restored", ", ".join(f"the card of {name}" for name in result.restored))
    if result.posted is not None:
        extra: dict[str, Any] = {"admitted": list(result.admitted)}
        if result.replaced:
            extra["replaced"] = [each.as_json() for each in result.replaced]
        output.posted(session, result.posted, extra=extra)
        if result.admitted and not session.quiet and not session.as_json and not dry_run:
            output.tell(f"admitted: {' '.join(result.admitted)}")
            if heard is None and len(result.admitted) > sum(each.vouched for each in result.replaced):
                output.notice("unchecked")
    return gravest({refused.exit_code for refused in result.refused})


@command()
@click.argument("office", required=False)
def roster(session: Session, office: str | None) -> None:
    """Who belongs, with which keys, and who owes what; or all of one OFFICE."""
    from cipherpost.workflows import roster as work
    from cipherpost.workflows.key_ages import advice

    view = work.view(session.desk())
    if session.as_json:
        output.emit(view.as_json())
        return
    if office is not None:
        output.fields(view.office_lines(office))
        return
    output.fields(view.head_lines())
    output.say()
    rows = list(view.rows())
    output.table(["office", "title", "role", "state", "officers", "last heard"], rows)
    if not session.quiet:
        if any("*" in row[4] for row in rows):
            output.tell("* unchecked: admitted without comparing the spoken number (cipherpost roster OFFICE)")
        for line in advice(view.old_keys()):
            output.tell(line)
            output.hint("each of them types: cipherpost keys rotate")


@command()
@click.argument("name", required=False)
@click.argument("offices", nargs=-1)
@click.option("--lateral", is_flag=True, help="Its members may write to each other.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def group(session: Session, name: str | None, offices: tuple[str, ...], lateral: bool, dry_run: bool) -> None:
    """Name a set of offices, or list the groups.

    Naming a group again replaces its members.

    \b
    Examples:
      cipherpost group
      cipherpost group volga samara saratov
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import admission
    from cipherpost.workflows import roster as work

    if name is None:
        view = work.view(session.desk())
        if session.as_json:
            output.emit({"groups": view.groups()})
        else:
            output.table(["group", "members"], [[key, " ".join(members)] for key, members in view.groups().items()])
        return
    if not offices:
        raise UseError(f"no offices are named for the group {output.safe(name)!r}", hints=("cipherpost group --help",))
    posted = admission.set_group(session.desk(write=True), name, offices, lateral=lateral, dry_run=dry_run)
    output.stated(session, posted)
