"""``forks`` and ``settle``: two dispatches with one number."""

from pathlib import Path

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm


@command()
@click.argument("proofs", nargs=-1, metavar="[PROOF...]", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "folder", metavar="DIR", help="Write a proof of each fork into DIR.")
@click.option("--no-evidence", is_flag=True, help="Only what this home knows; needs no line.")
def forks(session: Session, proofs: tuple[Path, ...], folder: str | None, no_evidence: bool) -> int:
    """List both sides of every fork: one number, and two signed dispatches.

    What other offices laid down as evidence is looked at too, since the
    carrier may show each of them something else. A proof holds both notes
    whole, with a page that says what they prove and what not; PROOF is one
    that somebody handed over. Ends with 7 while any fork is not settled; one of
    the roster is, once too few of today's keepers have signed the other side.

    \b
    Examples:
      cipherpost forks
      cipherpost forks -o proofs
      cipherpost forks tver-center-00000014-3f2a9c01-b86e70d2.proof
    """
    from cipherpost.workflows import forks as work

    desk = session.desk(write=True)
    found = work.look(desk, proofs, evidence=not no_evidence)
    if folder is not None:
        work.write_proofs(desk, found, Path(folder))
    if session.as_json:
        output.emit(found.as_json())
        return found.exit_code
    for refused in found.refused:
        output.tell(f"proves nothing: {output.safe(str(refused))}")
    if found.before and not session.quiet:
        output.tell(f"{found.before} under evidence proved nothing before, and are not looked at again")
    rows = [
        [
            f"{fork.channel}/{fork.number}",
            side.by,
            side.kind,
            side.time,
            side.hash[:16],
            str(side.last) if side.last > fork.number else "",
            "stands" if side.stands else "",
        ]
        for fork in found.forks
        for side in fork.sides
    ]
    output.table(["dispatch", "by", "kind", "dated", "hash", "goes on to", ""], rows)
    for path in found.proofs:
        output.tell(f"proof: {output.safe(str(path))}")
    if session.quiet:
        return found.exit_code
    for fork in found.forks:
        stops = "; reading stops there" if fork.stops else ""
        settled = f"settled in {fork.settled}" if fork.settled else f"not settled{stops}"
        output.tell(output.safe(f"{fork.channel}/{fork.number}: {fork.what}; {settled}"))
    if not rows:
        output.tell("no fork is known here")
    elif found.exit_code:
        open_one = next(fork for fork in found.forks if fork.settled is None)
        if open_one.channel == work.ROSTER_CHANNEL:
            output.hint("the keepers compare by telephone what they signed, and make new keys: cipherpost keys rotate")
        elif desk.is_center:
            output.hint(f"cipherpost settle {open_one.channel}/{open_one.number} HASH    (of the side that stands)")
        else:
            output.hint(f"tell the center by telephone about {open_one.channel}/{open_one.number}")
    return found.exit_code


@command()
@click.argument("place", metavar="C/N")
@click.argument("side", required=False, metavar="HASH")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def settle(session: Session, place: str, side: str | None, dry_run: bool, yes: bool) -> None:
    """State which of several dispatches with number C/N stands.

    HASH names it, or its first 8 digits or more; `forks` lists them. Ask the
    officers by telephone what they signed. Everybody's reading goes on with
    the next fetch; what the other side sent is sent again by its officer.

    \b
    Example:
      cipherpost settle tver/center/14 3f2a9c01d5e6b789
    """
    from cipherpost.workflows import forks as work

    desk = session.desk(write=True)
    plan = work.plan_settlement(desk, place, side)
    if not session.quiet and not session.as_json:
        for line in plan.lines():
            output.tell(output.safe(line))
    if not dry_run and not plan.already:
        confirm(plan.question, yes=yes)
    done = work.settle(desk, plan, dry_run=dry_run)
    output.posted(session, done)
    if done.already and not session.quiet and not session.as_json:
        output.tell("the roster says so already; nothing was posted")
