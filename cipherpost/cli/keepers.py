"""``keepers``: who signs the roster."""

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm


@command()
@click.argument("names", nargs=-1, metavar="[OFFICER...]")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def keepers(session: Session, names: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Show who keeps the roster, or name all keepers from now on.

    Keepers are officers of the center. More than half of them sign each entry
    of the roster, so that no dismissed officer and no stolen computer can make
    another one; a change of keepers is signed by more than half of the old
    and of the new. Three are good: one may be away, and no one is alone.

    \b
    Examples:
      cipherpost keepers
      cipherpost keepers stasova sverdlov lenin
    """
    from cipherpost.workflows import keepers as work

    if not names:
        shown = work.show(session.desk())
        if session.as_json:
            output.emit(shown.as_json())
        else:
            output.fields(shown.lines())
        return
    desk = session.desk(write=True)
    change = work.plan(desk, names)
    if not session.quiet and not session.as_json:
        for line in change.lines:
            output.tell(output.safe(line))
    if change.question is not None and not dry_run:
        confirm(change.question, yes=yes, because="this may lock everybody out and needs a yes")
    done = work.state(desk, change, dry_run=dry_run)
    output.posted(session, done)
