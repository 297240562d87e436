"""A whole home in one file under a passphrase, and back (docs/protocol.md, "Backups").

The file is an age file with one scrypt stanza, of an archive in our own form (`cipherpost.tar`): first
``backup.json``, then the files of the home under ``home/``. Stock ``age -d`` and ``tar`` open it.

    {"format":1,"fingerprint":"<hash>","generation":41,"home":"<32 hex>","made":"2026-11-22T09:00:00Z",
     "network":"rkpb","office":"tver","officer":"ivanov","to":null}

``to`` is the number of the machine to which the home moves, null in a backup. What is not in it: locks, what an
editor has open, and, unless they are wanted, the copies of sealed letters, which lie at the post office.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits
from cipherpost.errors import MalformedError, NewerError, NotAuthenticError
from cipherpost.home.copies import SEALED
from cipherpost.home.database import MAIL
from cipherpost.home.files import NewFile, disk_errors, make_folder
from cipherpost.home.keys import WrongPassphraseError
from cipherpost.home.lock import HOLDER, LOCK
from cipherpost.strictjson import canonical, parse_canonical
from cipherpost.tar import ArchiveError, ArchiveTooLargeError, TarReader, TarWriter
from cipherpost.text import TextError, parse_hash, parse_name, parse_time

if TYPE_CHECKING:
    from cipherpost.age.streams import Sink

FORMAT: Final = 1
_FIRST: Final = "backup.json"
_FOLDER: Final = "home/"
_FIRST_BYTES: Final = 64 * limits.KIB
_MEMBERS: Final = 1_000_000
"""Files of a home: ten years of a center's sealed letters, if they are wanted."""
_NOT_KEPT: Final = frozenset({LOCK, HOLDER, "editing", f"{MAIL}-wal", f"{MAIL}-shm", f"{MAIL}-journal"})
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_HOME_ID: Final = re.compile(r"[0-9a-f]{32}")


class BackupError(MalformedError):
    """The file is no backup of a home, or not in its one form."""


class BackupDamagedError(NotAuthenticError):
    """A backup that was altered or cut short; nothing was put back."""


class NewerBackupError(NewerError):
    """A newer cipherpost made the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose home a backup holds, as it was when: ``made`` is a protocol time; ``to`` the machine it moves to."""

    network: str
    fingerprint: str
    office: str
    officer: str
    home: str | None
    generation: int
    made: str
    to: str | None = None

    @property
    def whose(self) -> str:
        """``rkpb/tver/ivanov``."""
        return f"{self.network}/{self.office}/{self.officer}"

    def as_bytes(self) -> bytes:
        """``backup.json``."""
        table = {name: getattr(self, name) for name in self.__slots__}
        return canonical({"format": FORMAT, **table})


# ---- making ------------------------------------------------------------------------------------------------------


def write_backup(
    home: Path,
    sink: "Sink",
    about: About,
    passphrase: str,
    *,
    instead: Mapping[str, bytes | Path | None],
    letters: bool = False,
    log_n: int = limits.SCRYPT_LOG_N,
) -> int:
    """Write a backup of ``home`` to ``sink``; wants the home's lock.

    Args:
        instead: other bytes, or another file, for some of the home's files, by their names in it; None leaves one out.
        letters: with the copies of sealed letters.
        log_n: work factor of scrypt, as a binary logarithm.

    Returns:
        How many files of the home are in it.

    Raises:
        EmptyPassphraseError: the passphrase has no character.
        DiskError: a file cannot be read, or the sink cannot take it.
    """
    from cipherpost.age import Encryptor, ScryptRecipient

    count = 0
    with Encryptor([ScryptRecipient(passphrase, log_n)], sink) as sealed:
        archive = TarWriter(sealed)
        first = about.as_bytes()
        archive.add(_FIRST, len(first), first)
        for name, path in _files(home, letters=letters):
            source = instead.get(name, path)
            if source is None:
                continue
            _add(archive, _FOLDER + name, source)
            count += 1
        archive.close()
    return count


def _add(archive: TarWriter, name: str, source: bytes | Path) -> None:
    if isinstance(source, bytes):
        archive.add(name, len(source), source)
        return
    with disk_errors(source):
        file = source.open("rb")
    with file:
        archive.add(name, source.stat().st_size, file)


def _files(home: Path, *, letters: bool) -> Iterator[tuple[str, Path]]:
    """Every file of the home that is kept, by its name in it, in the order of names."""
    with disk_errors(home):
        found = sorted(home.rglob("*"))
    for path in found:
        name = path.relative_to(home).as_posix()
        parts = name.split("/")
        if parts[0] in _NOT_KEPT or not all(_NAME.fullmatch(part) for part in parts):
            continue
        if name.startswith(f"{SEALED}/") and not letters:
            continue
        if path.is_file() and not path.is_symlink():
            yield name, path


# ---- putting back ------------------------------------------------------------------------------------------------


@contextmanager
def open_backup(file: Path, passphrase: str) -> Iterator["OpenBackup"]:
    """A backup with its first member read.

    Raises:
        WrongPassphraseError: it does not open it.
        BackupError, BackupDamagedError, NewerBackupError: see there; also from within the block.
        DiskError: the file cannot be read.
    """
    from cipherpost.age import HeaderError, HmacError, NoMatchError, PayloadError, ScryptIdentity, decrypt

    with disk_errors(file):
        source = file.open("rb")
    with source:
        try:
            plain = decrypt([ScryptIdentity(passphrase)], source)
            yield OpenBackup(TarReader(plain, max_members=_MEMBERS), file)
        except NoMatchError:
            raise WrongPassphraseError(
                "the passphrase does not open the backup",
                where=str(file),
                hints=("run the command again and type it once more", "it is the one of the day the backup was made"),
            ) from None
        except (HeaderError, HmacError):
            raise _no_backup(file, "it is no age file under a passphrase") from None
        except (ArchiveError, ArchiveTooLargeError) as error:
            raise _no_backup(file, error.what) from None
        except PayloadError:
            raise BackupDamagedError(
                "the backup was altered or cut short",
                where=str(file),
                rule="it is put back whole or not at all",
                hints=("take another copy of it",),
            ) from None


class OpenBackup:
    """A backup that is being read, once: first `about`, then `unpack`."""

    def __init__(self, archive: TarReader, file: Path) -> None:
        self._archive = archive
        self._file = file
        first = next(archive, None)
        if first is None or first.name != _FIRST:
            raise _no_backup(file, f"it does not begin with {_FIRST}")
        self.about = _parse_about(first.read_all(_FIRST_BYTES), file)

    def unpack(self, folder: Path) -> int:
        """Write the files of the home into ``folder``, which is empty; gives how many they are.

        Only when this returns is all of it known to be whole; who calls it removes the folder otherwise.
        """
        count = 0
        for member in self._archive:
            name = member.name.removeprefix(_FOLDER)
            parts = name.split("/")
            if name == member.name or parts[0] in _NOT_KEPT or not all(_NAME.fullmatch(part) for part in parts):
                raise _no_backup(self._file, "it holds a file that no home has")
            path = folder.joinpath(*parts)
            make_folders(folder, path.parent)
            with NewFile(path, replace=False) as kept:
                while block := member.read():
                    kept.write(block)
            count += 1
        return count


def make_folders(top: Path, folder: Path) -> None:
    """Make ``folder`` and what is between it and ``top``, all private."""
    for parent in (*reversed(folder.relative_to(top).parents), folder.relative_to(top)):
        make_folder(top / parent)


def _parse_about(data: bytes, file: Path) -> About:
    try:
        table: Any = parse_canonical(data, limit=_FIRST_BYTES, where=str(file))
        if table.pop("format") > FORMAT:
            raise NewerBackupError("a newer cipherpost made this backup", where=str(file), hints=("update cipherpost",))
        about = About(**table)
        for name in (about.network, about.officer):
            parse_name(name)
        parse_name(about.office, reserved=about.office == "center")
        parse_hash(about.fingerprint)
        parse_time(about.made)
    except (MalformedError, AttributeError, KeyError, TypeError, TextError):
        raise _no_backup(file, f"{_FIRST} does not say whose home it is") from None
    if about.home is not None and not (isinstance(about.home, str) and _HOME_ID.fullmatch(about.home)):
        raise _no_backup(file, f"{_FIRST} names no home")
    if type(about.generation) is not int or not (about.to is None or isinstance(about.to, str)):
        raise _no_backup(file, f"{_FIRST} does not have its form")
    return about


def _no_backup(file: Path, why: str) -> BackupError:
    return BackupError(
        f"the file is no backup of a home: {why}",
        where=str(file),
        rule="made by `cipherpost keys backup`, `move` or `paper`",
        hints=("name the file that one of these wrote, where the home was",),
    )
