"""When this home was backed up last, for reminders: ``mail/last-backup``, one protocol time.

Where it is lost the home asks for a backup once more than it had to, and nothing else depends on it.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

from cipherpost.home.files import DiskError, make_folder, write_file
from cipherpost.text import TextError, parse_time

LAST_BACKUP: Final = "mail/last-backup"


def note(home: Path, made: str) -> None:
    """Remember that a backup was made at ``made`` (a protocol time); wants the home's lock."""
    path = home / LAST_BACKUP
    with suppress(DiskError):  # the backup is whole, and one more reminder does no harm
        make_folder(path.parent)
        write_file(path, f"{made}\n".encode())


def last(home: Path) -> str | None:
    """The time of the newest backup; None where none is known."""
    try:
        found = (home / LAST_BACKUP).read_bytes()[:64].decode("ascii").removesuffix("\n")
        parse_time(found)
    except (OSError, UnicodeDecodeError, TextError):
        return None
    return found


def why_wanted(home: Path, *, posted: bool, keys_since: str | None) -> str | None:
    """Why a backup is to be made, None where there is no reason.

    Args:
        posted: this home has posted something.
        keys_since: when its newest keys were made, a protocol time.
    """
    made = last(home)
    if made is None:
        return "none of this home is known" if posted else None
    return f"the newest, of {made[:10]}, is older than the keys" if keys_since and made < keys_since else None
