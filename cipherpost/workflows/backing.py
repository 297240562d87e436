"""A home in a file and back: backups, the move to another machine, keys on paper (I3, I4).

What comes back never counts as the home it was, unless that home has given itself up for just this machine. It reads
at once and signs where others have answered since (`cipherpost.workflows.moving`). What a home on the same place has
signed is taken over, and that home is set aside, not removed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cipherpost.errors import UseError
from cipherpost.home import arrivals, backup, last_backup
from cipherpost.home.database import MAIL, DamagedStateError, snapshot
from cipherpost.home.files import NewFile
from cipherpost.home.keys import KEYS
from cipherpost.home.machine import Away
from cipherpost.workflows.moving import check_not_away, note_moved

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.home.paper import Paper

Passphrase = Callable[[], str]


class BackupPlaceError(UseError):
    """Where the file is to be written there is something else, or the home itself."""


class NotAwayError(UseError):
    """The home was not given to another machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A file that holds a home: how many of its files, its own bytes, and the machine it is for (None: a backup).

    ``without_mail``: the local database was damaged and was left out; it can be made anew.
    """

    file: Path
    files: int
    bytes: int
    made: str
    to: str | None
    letters: bool
    without_mail: bool

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "file": str(self.file),
            "files": self.files,
            "bytes": self.bytes,
            "made": self.made,
            "to": self.to,
            "letters": self.letters,
            "database": not self.without_mail,
        }


def back_up(
    desk: "Desk",
    out: Path,
    *,
    new_passphrase: Passphrase,
    own_passphrase: bool = False,
    letters: bool = False,
    force: bool = False,
) -> BackedUp:
    """Write the whole home into one file under a passphrase.

    Args:
        new_passphrase: asked where the keys are under none, or with ``own_passphrase``.
        own_passphrase: not under that of the keys, but under one of its own, and the keys in it too.
        letters: with the copies of sealed letters.
        force: write over an older file.

    Raises:
        BackupPlaceError, UnfinishedHomeError, MovedAwayError: nothing was written.
        WrongPassphraseError, PassphraseNeededError: likewise.
    """
    check_not_away(desk)
    done = _write(desk, out, None, new_passphrase, own=own_passphrase, letters=letters, force=force)
    last_backup.note(desk.home, done.made)
    return done


def move(
    desk: "Desk",
    out: Path,
    to: str,
    *,
    new_passphrase: Passphrase,
    letters: bool = False,
    force: bool = False,
) -> BackedUp:
    """Give this home to the machine of number ``to``: it signs nothing here any more, and is free there.

    The home gives itself up before the file has its name. A kill in between is mended by the same command.

    Raises:
        ArrivalNumberError: no number of a machine.
        MovedAwayError: it was given to another one already.
        BackupPlaceError, UnfinishedHomeError, WrongPassphraseError, PassphraseNeededError: nothing was changed.
    """
    from cipherpost.home import agent

    number = check_may_go(desk, to)
    moved = desk.machine.check()
    if moved is not None:  # the other machine is to be no freer than this one, though it is an older copy given away
        note_moved(desk, moved.reason, desk.time())
    done = _write(desk, out, number, new_passphrase, own=False, letters=letters, force=force)
    agent.lock(desk.home)
    return done


def check_may_go(desk: "Desk", to: str) -> str:
    """The number of the machine ``to``, to which this home may be given, or was before.

    Raises:
        ArrivalNumberError: no number of a machine. MovedAwayError: it was given to another one already.
    """
    number = arrivals.parse_number(to)
    away = desk.machine.away()
    if away is not None and away.to != number:
        check_not_away(desk)
    return number


def take_back(desk: "Desk") -> None:
    """The file for the other machine was destroyed unused: this home goes on, as one that has moved.

    Raises:
        NotAwayError: it was never given away.
    """
    check_given_away(desk)
    desk.machine.take_back(desk.time())


def check_given_away(desk: "Desk") -> Away:
    """To which machine this home was given.

    Raises:
        NotAwayError: to none.
    """
    away = desk.machine.away()
    if away is None:
        raise NotAwayError("this home was not given to another machine", hints=("cipherpost doctor",))
    return away


def paper(desk: "Desk") -> "Paper":
    """The secret keys as they are to be printed; asks for the passphrase."""
    from cipherpost.home.paper import Paper

    desk.keys.passphrase_of_keys()  # though `unlock` holds the keys: whoever sits here has to be the officer
    return Paper(
        network=desk.network,
        fingerprint=_fingerprint(desk),
        office=desk.office,
        officer=desk.officer,
        post=desk.settings.post,
        seeds=tuple(signer.secret_seed() for signer in desk.keys.signers),
        identities=desk.keys.identities,
    )


def check_place(desk: "Desk", out: Path, *, force: bool) -> None:
    """Refuse a place where a file with keys may not be written.

    Raises:
        BackupPlaceError: something is there, there is no such folder, or it is inside of the home.
    """
    if out.is_dir():
        raise BackupPlaceError("this is a folder", where=str(out), hints=("name a file behind -o",))
    if not out.parent.is_dir():
        raise BackupPlaceError(
            "there is no folder to write it into",
            where=str(out.parent),
            rule="a stick or share may not be connected",
            hints=("make the folder, or name another place behind -o",),
        )
    if out.exists() and not force:
        raise BackupPlaceError(
            "there is a file of this name already", where=str(out), hints=("name another file, or add --force",)
        )
    if out.resolve().is_relative_to(desk.home.resolve()):
        raise BackupPlaceError(
            "this place is inside of the home",
            where=str(out),
            rule="what is kept there is lost with it",
            hints=("name a place on another disk, such as a stick",),
        )


# ---- writing -----------------------------------------------------------------------------------------------------


def _write(
    desk: "Desk", out: Path, to: str | None, new_passphrase: Passphrase, *, own: bool, letters: bool, force: bool
) -> BackedUp:
    about = backup.About(
        network=desk.network,
        fingerprint=_fingerprint(desk),
        office=desk.office,
        officer=desk.officer,
        home=desk.machine.home_id(),
        generation=desk.machine.generation(),
        made=desk.time(),
        to=to,
    )
    check_place(desk, out, force=force)
    instead: dict[str, bytes | Path | None] = {}
    passphrase = _passphrase(desk, new_passphrase, own=own, instead=instead)
    try:
        with snapshot(desk.home / MAIL) as copy:
            return _write_file(desk, out, about, passphrase, {**instead, MAIL: copy}, letters=letters, force=force)
    except DamagedStateError:
        return _write_file(desk, out, about, passphrase, {**instead, MAIL: None}, letters=letters, force=force)


def _write_file(
    desk: "Desk",
    out: Path,
    about: backup.About,
    passphrase: str,
    instead: "dict[str, bytes | Path | None]",
    *,
    letters: bool,
    force: bool,
) -> BackedUp:
    with NewFile(out, replace=force) as file:
        files = backup.write_backup(desk.home, file, about, passphrase, instead=instead, letters=letters)
        if about.to is not None:
            desk.machine.give_away(Away(to=about.to, since=about.made))
    return BackedUp(
        file=out,
        files=files,
        bytes=file.size,
        made=about.made,
        to=about.to,
        letters=letters,
        without_mail=instead[MAIL] is None,
    )


def _passphrase(
    desk: "Desk", new_passphrase: Passphrase, *, own: bool, instead: "dict[str, bytes | Path | None]"
) -> str:
    """The passphrase of the file; one passphrase opens the file and the keys in it."""
    under = desk.keys.passphrase_of_keys()
    if under is not None and not own:
        return under
    chosen = new_passphrase()
    if under is not None:
        instead[f"{KEYS}/{desk.officer}.seal"] = desk.keys.sealed_under(chosen)
    return chosen


def _fingerprint(desk: "Desk") -> str:
    from cipherpost.home.settings import is_unfinished, unfinished

    if is_unfinished(desk.home):
        raise unfinished(desk.home)
    return desk.fingerprint
