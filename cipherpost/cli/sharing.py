"""``share`` and ``forward``: letters for those who cannot open them, and for those who never had them."""

from pathlib import Path

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
    if not done.places and not done.left_out and not session.as_json:
        output.tell(f"nothing to share: every letter that is here was sealed to keys of {to}")
        if not session.quiet:
            office = to.partition("/")[0]
            output.tell("which keys were destroyed or lost since, nobody can see from here: name such letters")
            output.hint(f"cipherpost share {desk.office}/{office}/NUMBERS --to {to}")
        return code
    if not session.quiet and not session.as_json:
        verb = "would be shared" if dry_run else "shared"
        output.tell(f"{verb} with {to}: {output.many(len(done.places), 'letter')}")
        for each in done.left_out:
            output.tell(output.safe(f"left out: {each}"))
    return gravest({code, *(each.exit_code for each in done.left_out)} - {0})


@command()
@click.argument("place", metavar="CHANNEL/NUMBER")
@click.option("--to", "audiences", multiple=True, required=True, metavar="AUDIENCE", help="An office, a group, or all.")
@click.option("-m", "--message", metavar="TEXT", help="What you say of it.")
@click.option("--with-home", "through", metavar="DIR", help="Send through this home, such as one of another network.")
@click.option("--with-passphrase-file", "other_file", metavar="FILE", help="With the passphrase of that home.")
@click.option("--even-if-sent", is_flag=True, help="Send it although the last letter there was the same.")
@click.option("-n", "--dry-run", is_flag=True, help="Say who would get it.")
@override
def forward(
    session: Session,
    place: str,
    audiences: tuple[str, ...],
    message: str | None,
    through: str | None,
    other_file: str | None,
    even_if_sent: bool,
    dry_run: bool,
) -> int:
    """Pass a letter on with its signed header and the exact text.

    The readers see who forwarded it, and that its sender signed this very text
    under this number. With it goes the roster that proves it: offices, officers
    and public keys. With --with-home a committee passes a circular on in a network
    of its own.

    \b
    Examples:
      cipherpost forward center/all/14 --to volga
      cipherpost forward center/all/14 --to uyezds --with-home ~/uyezds
    """
    from cipherpost.workflows import forwarding

    desk = session.desk(write=True)
    other = session.other_desk(Path(through), other_file) if through is not None else None
    sent = forwarding.forward(
        desk,
        place,
        audiences=audiences,
        through=other,
        text=message,
        even_if_sent=even_if_sent,
        dry_run=dry_run,
    )
    return output.sent(session, sent)
