"""``keys``, ``unlock``, ``lock``."""

from datetime import date

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, confirm, subcommands


@subcommands()
def keys() -> None:
    """This officer's keys and passphrase."""


@command(name="show", group=keys)
def show(session: Session) -> None:
    """Show this officer's public keys.

    Says how the secret ones are kept. Needs no passphrase.
    """
    from cipherpost.workflows import keeping

    shown = keeping.show(session.desk())
    if session.as_json:
        output.emit(shown.as_json())
        return
    output.fields(shown.lines())
    if shown.is_old and not session.quiet:
        output.tell("new keys are advised once a year")
        output.hint("cipherpost keys rotate")


@command(name="passphrase", group=keys)
@click.option("--no-passphrase", is_flag=True, help="Leave the keys unprotected on this disk.")
@click.option("--new-passphrase-file", metavar="FILE", help="The new passphrase, where there is no terminal.")
def passphrase(session: Session, no_passphrase: bool, new_passphrase_file: str | None) -> None:
    """Change the passphrase of this officer's keys.

    If this is stopped half way, the old passphrase or the new one opens them.
    """
    from cipherpost.cli.asking import passphrase_from_file
    from cipherpost.workflows import keeping

    def new() -> str:
        if new_passphrase_file:
            return passphrase_from_file(new_passphrase_file)
        return session.ask_new_passphrase()

    keeping.change_passphrase(session.desk(write=True), None if no_passphrase else new)
    output.tell("the passphrase is changed")
    if no_passphrase:
        output.notice("no-passphrase")


@command(name="rotate", group=keys)
@click.option("-o", "out", metavar="FILE", help="Write the new card here too, to be carried to the center.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def rotate(session: Session, out: str | None, force: bool) -> None:
    """Make new keys for this officer, to be used once the roster has them.

    Both keys are renewed, the one that signs and the one that is sealed to: a
    key enters the roster once, ever. The new card is signed with the old key
    too, so the center needs to hear no number: it types `cipherpost admit`.

    From now on until then this home signs nothing: what you write waits in the
    outbox, and `cipherpost fetch` sends it. Letters under way to the old key
    still open; old keys are kept until `cipherpost keys destroy`.

    The center's only keeper states his new keys in the roster himself, at once;
    one of several signs entries of the roster with his old key until then.
    If your keys were declared compromised, the old one vouches for nothing: then
    the center hears the number of the new card, as at first.

    \b
    Example:
      cipherpost keys rotate
    """
    from cipherpost.cli.fetched import renewal_lines
    from cipherpost.workflows import admission, rotating

    desk = session.desk(write=True)
    renewal = rotating.rotate(desk)
    if out is not None:
        output.document(admission.own_card(desk).armored, out, force=force)
    if session.as_json:
        output.emit(renewal.as_json())
        return
    output.say(f"{renewal.office}/{renewal.officer} {renewal.signs}")
    if session.quiet:
        return
    for line in renewal_lines(renewal):
        output.tell(line)
    if renewal.entry is None:
        if renewal.replaces is None:
            output.notice("read-aloud", renewal.spoken)
        if not renewal.delivered and out is None:
            output.hint("cipherpost card -o FILE    (to be carried: the post office was not reached)")
        output.hint(f"the center types: {renewal.admission}")


@command(name="destroy", group=keys)
@click.option("--before", metavar="DATE", type=Day(), required=True, help="Keys replaced before this day (UTC).")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would no longer open.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def destroy(session: Session, before: date, dry_run: bool, yes: bool) -> None:
    """Destroy older secret keys; what only they open is lost on purpose.

    Names the letters first, and asks. Who takes this machine later cannot read
    them either, if no backup, paper or other disk holds the keys. The file is
    overwritten and removed as far as the file system lets it; a disk that never
    writes in place, and a snapshot, keep the old bytes.

    \b
    Example:
      cipherpost keys destroy --before 2026-01-01
    """
    from cipherpost.workflows import destroying

    desk = session.desk(write=True)
    doomed = destroying.plan(desk, before)
    if not session.quiet and not session.as_json:
        for key in doomed:
            for line in key.lines():
                output.tell(line)
    letters = output.many(sum(key.count for key in doomed), "letter")
    if not dry_run:
        confirm(f"Destroy {output.many(len(doomed), 'key')}? {letters} will no longer open here.", yes=yes)
        destroying.destroy(desk, doomed)
    if session.as_json:
        output.emit({"destroyed": [key.as_json() for key in doomed], "dry_run": dry_run})
    elif not session.quiet:
        done = "would be" if dry_run else "are" if len(doomed) > 1 else "is"
        output.tell(f"{output.many(len(doomed), 'key')} {done} destroyed")
        output.tell("backups, paper and other copies that hold them still open these letters")


@command()
@click.argument("minutes", type=click.IntRange(1, 24 * 60), default=15)
def unlock(session: Session, minutes: int) -> None:
    """Keep the keys open in memory for MINUTES (15), so that nobody is asked.

    Nothing is written to the disk. `cipherpost lock` ends it.
    """
    from cipherpost.workflows import keeping

    keeping.unlock(session.desk(), minutes)
    output.tell(f"the keys are open for {output.many(minutes, 'minute')}")


@command()
def lock(session: Session) -> None:
    """Close the keys that `unlock` opened."""
    from cipherpost.workflows import keeping

    output.tell("the keys are closed" if keeping.lock(session.desk()) else "the keys were not open")


from cipherpost.cli import backing  # noqa: E402, F401  its commands belong to the group `keys`
