"""``share``: letters for those who cannot open them."""

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, override
from cipherpost.errors import gravest


@command()
@click.argument("letters", nargs=-1, metavar="[CHANNEL/NUMBERS]...")
@click.option("--to", required=True, metavar="OFFICE[/OFFICER]", help="Who cannot open them.")
@click.option("--all", "everything", is_flag=True, help="All of that office's letters for which the key is lacking.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be shared.")
@override
def share(session: Session, letters: tuple[str, ...], to: str, everything: bool, dry_run: bool) -> int:
    """Seal letters anew to an office that cannot open them.

    For officers admitted later, and for a committee that lost its keys. Each letter
    goes exactly as it was sealed first, and is proved to them by its own signed
    header. It is sealed to the whole office, also where one officer is named.

    \b
    Examples:
      cipherpost share center/all/10-14 --to tver
      cipherpost share --all --to tver/petrov
    """
    from cipherpost.workflows import sharing

    desk = session.desk(write=True)
    done = sharing.share(desk, letters, to=to, everything=everything, dry_run=dry_run)
    whole = {
        "dispatches": [item.as_json() for item in done.posted],
        "shared": list(done.places),
        "left_out": [{"channel": each.channel, "number": each.number, "reason": each.what} for each in done.left_out],
    }
    code = output.sent(session, done.posted, whole=whole)
    if not session.quiet and not session.as_json:
        verb = "would be shared" if dry_run else "shared"
        output.tell(f"{verb} with {to}: {output.many(len(done.places), 'letter')}")
        for each in done.left_out:
            output.tell(output.safe(f"left out: {each}"))
    return gravest({code, *(each.exit_code for each in done.left_out)} - {0})
