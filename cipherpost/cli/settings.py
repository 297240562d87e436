"""``settings``: what the roster says of the network as a whole."""

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm


@command()
@click.argument("words", nargs=-1, metavar="[NAME VALUE...]")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def settings(session: Session, words: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Show the network's settings, or state one in the roster.

    \b
      timezone ZONE              the zone in which days end
      escrow KIND OFFICE...      who else reads letters of this kind; none ends it
      check OFFICE INTERVAL      how long its silence is usual: daily, weekly,
                                 monthly, quarterly
      threshold OFFICE NUMBER    how many of its officers sign circulars,
                                 instructions, decisions, reports, findings

    Escrow lets others read what is written from then on, and so needs a yes.

    \b
    Examples:
      cipherpost settings timezone Europe/Moscow
      cipherpost settings escrow report audit
      cipherpost settings check center weekly
      cipherpost settings threshold center 2
    """
    from cipherpost.workflows import network_settings as work

    if not words:
        shown = work.show(session.desk())
        if session.as_json:
            output.emit(shown.as_json())
        else:
            output.fields(shown.lines())
        return
    desk = session.desk(write=True)
    change = work.plan(desk, words)
    if not session.quiet and not session.as_json:
        for line in change.lines:
            output.tell(output.safe(line))
    if change.opens and not dry_run:
        confirm(
            f"Let {' and '.join(change.opens)} read every {words[1]} from now on?",
            yes=yes,
            because="what they have read they keep, so it needs a yes",
        )
    done = work.state(desk, change, dry_run=dry_run)
    output.posted(session, done)
    if done.already and not session.quiet and not session.as_json:
        output.tell("the roster says so already; nothing was posted")
