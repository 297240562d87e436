"""``suspend`` and ``reinstate``: an office's standing."""

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm


@command()
@click.argument("office")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and the cuts.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def suspend(session: Session, office: str, dry_run: bool, yes: bool) -> None:
    """Take OFFICE's standing away: nothing more is sealed to it or counts of it.

    What it sent up to now stays valid: the entry names, for each of its
    channels, the last number that the center has verified.
    """
    from cipherpost.workflows import standing

    desk = session.desk(write=True)
    plan = standing.plan_suspension(desk, office)
    if not session.quiet and not session.as_json:
        for line in plan.lines():
            output.tell(line)
    if not dry_run:
        confirm(f"Suspend {office}?", yes=yes)
    output.posted(session, standing.suspend(desk, plan, dry_run=dry_run))


@command()
@click.argument("office")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def reinstate(session: Session, office: str, dry_run: bool) -> None:
    """Take OFFICE back with the keys it had; it reads and counts from now on."""
    from cipherpost.workflows import standing

    output.posted(session, standing.reinstate(session.desk(write=True), office, dry_run=dry_run))
