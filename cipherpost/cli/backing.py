"""``keys backup``, ``keys restore``, ``keys move``, ``keys paper``: a home in a file, and back."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.keys import keys
from cipherpost.cli.options import Session, command, confirm

if TYPE_CHECKING:
    from cipherpost.workflows.backing import BackedUp
    from cipherpost.workflows.putting_back import PutBack


@command(name="backup", group=keys)
@click.option("-o", "out", metavar="FILE", required=True, help="The file to write, best on another disk.")
@click.option("--letters", is_flag=True, help="With the copies of sealed letters, too.")
@click.option("--own-passphrase", is_flag=True, help="Under a passphrase of its own, and the keys in it too.")
@click.option("--new-passphrase-file", metavar="FILE", help="That passphrase, where there is no terminal.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def backup(
    session: Session, out: str, letters: bool, own_passphrase: bool, new_passphrase_file: str | None, force: bool
) -> None:
    """Write keys, journal and all else of this home into one file.

    The file is under the passphrase of the keys; where they have none you are
    asked for one. Letters lie at the post office and are fetched again, unless
    you want their sealed copies in it with --letters. Nothing else of this home
    changes. Make one again after new keys, and every month.

    \b
    Example:
      cipherpost keys backup -o /media/stick/tver-ivanov.backup
    """
    from cipherpost.workflows import backing

    done = backing.back_up(
        session.desk(write=True),
        Path(out).expanduser(),
        new_passphrase=lambda: _new_passphrase(session, new_passphrase_file),
        own_passphrase=own_passphrase or new_passphrase_file is not None,
        letters=letters,
        force=force,
    )
    _written(session, done)


@command(name="move", group=keys)
@click.option("--here", is_flag=True, help="On the new machine: show the number under which it awaits a home.")
@click.option("--to", metavar="NUMBER", help="On the old machine: the number that the new one shows.")
@click.option("-o", "out", metavar="FILE", help="On the old machine: the file to carry to the new one.")
@click.option("--letters", is_flag=True, help="With the copies of sealed letters, too.")
@click.option("--new-passphrase-file", metavar="FILE", help="A passphrase for FILE, if the keys have none.")
@click.option("--force", is_flag=True, help="Write over FILE.")
@click.option("--cancel", is_flag=True, help="On the old machine: take it back; FILE was destroyed unused.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def move(
    session: Session,
    here: bool,
    to: str | None,
    out: str | None,
    letters: bool,
    new_passphrase_file: str | None,
    force: bool,
    cancel: bool,
    yes: bool,
) -> None:
    """Move this home to another machine, where it signs at once.

    The old machine signs nothing more from then on; it still reads. The file is
    good for one machine and for one time, so that never two sign with one key.

    \b
    Example:
      on the new machine:  cipherpost keys move --here
      on the old one:      cipherpost keys move --to "13539 46393 02648 77452" -o FILE
      on the new one:      cipherpost keys restore FILE
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import backing

    if [here, to is not None or out is not None, cancel].count(True) != 1 or (to is None) is not (out is None):
        raise UseError(
            "say what this machine is",
            rule="--here on the new one, --to NUMBER -o FILE on the old one, or --cancel",
            hints=("on the new machine: cipherpost keys move --here", "cipherpost keys move --to NUMBER -o FILE"),
        )
    if here:
        _await_home(session)
        return
    desk = session.desk(write=True)
    if to is None or out is None:
        away = backing.check_given_away(desk)
        question = f"Was the file for the machine {away.to} destroyed, and never put back anywhere?"
        confirm(question, yes=yes, because=question)
        backing.take_back(desk)
        if session.as_json:
            output.emit({"number": away.to})
        else:
            output.tell("this home signs again where another office has answered it since")
        return
    number = backing.check_may_go(desk, to)
    if desk.machine.away() is None:
        confirm(
            f"Give this home to the machine {number}? From then on it signs there, and only reads here.",
            yes=yes,
            because=f"this home signs nothing more once it is given to the machine {number}; that needs a yes",
        )
    done = backing.move(
        desk,
        Path(out).expanduser(),
        to,
        new_passphrase=lambda: _new_passphrase(session, new_passphrase_file),
        letters=letters,
        force=force,
    )
    _written(session, done)


def _await_home(session: Session) -> None:
    from cipherpost.home.arrivals import await_home
    from cipherpost.home.machine import state_folder

    number = await_home(state_folder(os.environ))
    if session.as_json:
        output.emit({"number": number})
        return
    output.say(number)
    if not session.quiet:
        output.tell("this machine awaits one home under this number")
        output.hint(f'on the old machine: cipherpost keys move --to "{number}" -o FILE')


@command(name="restore", group=keys, names_post="The post office, if it is another now.")
@click.argument("file", metavar="FILE")
@click.option("--no-passphrase", is_flag=True, help="Keys from paper: leave them unprotected on this disk.")
@click.option("--force", is_flag=True, help="Put it in the place of a home that is there.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def restore(session: Session, file: str, no_passphrase: bool, force: bool, yes: bool) -> None:
    """Put back a home from FILE: a backup, the file of a move, or text from paper.

    It goes where homes usually are, or to --home DIR. It reads at once. One that
    was moved to this machine signs at once; any other signs on a channel when
    another office has answered there since, as the lost home may have signed
    what the backup does not know. `cipherpost fetch` tells.

    A home that is there gives way only with --force: it is put aside, not
    removed, and what it has signed is remembered.

    \b
    Example:
      cipherpost keys restore /media/stick/tver-ivanov.backup
    """
    import platformdirs

    from cipherpost.desk import utc_now
    from cipherpost.home.machine import state_folder
    from cipherpost.workflows import putting_back

    named = session.home or os.environ.get("CIPHERPOST_HOME")
    done = putting_back.put_back(
        Path(file).expanduser(),
        putting_back.World(
            home=Path(named).expanduser() if named else None,
            user_data=Path(platformdirs.user_data_dir("cipherpost", appauthor=False)),
            state_dir=state_folder(os.environ),
            passphrase=session.passphrase,
            new_passphrase=None if no_passphrase else session.new_passphrase,
            agree=lambda question: confirm(question, yes=yes, because=question),
            clock=session.clock or utc_now,
            force=force,
            post=session.post,
        ),
    )
    if session.as_json:
        output.emit(done.as_json())
        return
    output.say(str(done.home))
    if not session.quiet:
        _tell_restored(done)


def _tell_restored(done: "PutBack") -> None:
    if done.aside is not None:
        output.tell(
            f"the home that was here lies in {output.safe(str(done.aside))}; remove it when you need it no more"
        )
    if not done.has_passphrase:
        output.notice("no-passphrase")
    if done.other is not None:
        output.tell(f"the file was meant for the machine {done.other}, which this is not, or was used before")
        output.hint("on the old machine, if no other has taken it up: cipherpost keys move --cancel")
    if done.moved is None:
        output.tell("this home signs here now; the old machine signs nothing more. Destroy the file")
    else:
        output.notice("put-back")
    if not done.card:
        output.tell("your card is not here yet: it comes with the first fetch")
    output.hint(f"cipherpost --home {done.home} fetch")


@command(name="paper", group=keys)
@click.option("-o", "out", metavar="FILE", required=True, help="The page to write, to be printed and removed.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def paper(session: Session, out: str, force: bool) -> None:
    """Write the secret keys as a page to be printed: text and QR codes.

    The page is not under a passphrase: whoever has it is this officer. Print
    it, remove the file, lock the sheet away. `cipherpost keys restore` takes
    the text, scanned or typed.

    \b
    Example:
      cipherpost keys paper -o paper.html
    """
    from cipherpost.home.files import write_file
    from cipherpost.pages.paper import paper_page
    from cipherpost.workflows import backing

    desk = session.desk()
    place = Path(out).expanduser()
    backing.check_place(desk, place, force=force)
    write_file(place, paper_page(backing.paper(desk), made=desk.time()).encode(), replace=force)
    if session.as_json:
        output.emit({"file": str(place)})
    elif not session.quiet:
        output.saved(session, out)
        output.notice("on-paper")


def _new_passphrase(session: Session, file: str | None) -> str:
    from cipherpost.cli.asking import passphrase_from_file

    return passphrase_from_file(file) if file else session.ask_new_passphrase()


def _written(session: Session, done: "BackedUp") -> None:
    if session.as_json:
        output.emit(done.as_json())
        return
    output.say(str(done.file))
    if session.quiet:
        return
    if done.without_mail:
        output.tell("the local database is damaged and was left out; notes and letters are fetched again")
    if done.to is None:
        output.tell("lock it away in another place; `cipherpost keys restore` puts it back")
    else:
        output.tell("this home signs nothing more; it still reads")
        output.hint(f"on the new machine: cipherpost keys restore {done.file}")
