"""``publish``: a letter in plain, with what proves it to anybody."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.options import Session, command, confirm

if TYPE_CHECKING:
    from cipherpost.publication import Packed


@command()
@click.argument("place", metavar="CHANNEL/NUMBER")
@click.option("-o", "target", metavar="DIR", help="A folder that is new or empty; with --one-file, a new file.")
@click.option("--omit", multiple=True, metavar="PART", help="Leave out an attachment, body or data.")
@click.option("--one-file", is_flag=True, help="Write one archive instead of a folder.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be published, and write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def publish(
    session: Session, place: str, target: str | None, omit: tuple[str, ...], one_file: bool, dry_run: bool, yes: bool
) -> None:
    """Write a letter in plain, with the proof that it was sent under its number.

    `cipherpost verify` convinces anybody who knows the network's fingerprint:
    the text, who signed it, when by his clock. The folder holds a page to be
    read, index.html. It also shows the roster: offices, titles, officers and
    public keys. Parts that are left out are neither named nor shown, and the
    rest is proved all the same; subject and audience are always shown.

    \b
    Examples:
      cipherpost publish center/all/14 -o circular-14
      cipherpost publish center/all/14 -o circular-14 --omit attachments/names.pdf
    """
    from cipherpost import publication
    from cipherpost.errors import UseError
    from cipherpost.pages.publication import publication_page
    from cipherpost.workflows import publishing

    if target is None and not dry_run:
        raise UseError("where to?", hints=(f"cipherpost publish {place} -o DIR",))
    desk = session.desk(write=True)
    packed = publication.pack(publishing.content(desk, place, omit=omit), page=publication_page)
    published = packed.published
    if not session.quiet:
        _tell(packed, publishing.later_word(desk, published))
    if dry_run or target is None:
        _show(session, packed, None)
        return
    confirm(f"Make {place} public, for good?", yes=yes, because="what is public stays public; this needs a yes")
    publishing.save(desk, packed, Path(target), one_file=one_file, page=publication_page)
    _show(session, packed, target)
    if not session.quiet:
        output.hint(f"cipherpost verify {target} --fingerprint {published.fingerprint}")


def _show(session: Session, packed: "Packed", target: str | None) -> None:
    if session.as_json:
        output.emit({**packed.published.as_json(), "file": target})
    elif target is not None:
        output.say(target)
    else:
        parts = [each.path for each in packed.published.letter.members]
        output.fields([("would publish", name) for name in (*parts, f"roster, {packed.published.entries} entries")])


def _tell(packed: "Packed", later: tuple[str, int] | None) -> None:
    published = packed.published
    if later is not None:
        word, number = later
        output.notice(word, f"{published.header.channel}/{number}")
    count = len(published.letter.members)
    parts = f"{count} of {count + published.left_out} parts" if published.left_out else "all of it"
    output.tell(output.safe(f"public will be: {parts} of {published.place}, {published.letter.subject!r}"))
    output.tell(f"and the roster, entries 1 to {published.entries}: offices, titles, officers and public keys")
