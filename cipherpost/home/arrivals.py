"""Numbers under which a machine awaits a home that moves to it (I3).

A home is free on another machine only if the old one has given it to just this machine, once. So the new machine
makes a number of its own beforehand, of which half is drawn by lot and kept in the state folder outside of homes
(``arrivals/<16 hex>``, 32 random bytes); it is used up by the first home that comes under it. The number is the
first four groups of the spoken form of

    SHA-256 of "cipherpost arrival", LF, the machine's id, LF, the 32 bytes

and, read as one number, divisible by 97: the 32 bytes are drawn until it is. So a digit that was misheard, or two
that changed places, is noticed where it is typed, before the old home gives itself up.

A copy of the file that carries the home finds no number that waits for it, on no machine.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cipherpost.errors import UseError
from cipherpost.home.files import disk_errors, flush_folder, make_folder, write_file
from cipherpost.home.machine import machine_id
from cipherpost.text import spoken

_FOLDER: Final = "arrivals"
_NAME: Final = re.compile(r"[0-9a-f]{16}")
_BYTES: Final = 32
_GROUPS: Final = 4
_CHECK: Final = 97


class ArrivalNumberError(UseError):
    """The number of a machine is not four groups of five digits, or one of them was mistyped."""


def parse_number(word: str) -> str:
    """The number of a machine as it was typed, in its one form: ``13539 46393 02648 77452``.

    Raises:
        ArrivalNumberError: other characters, not twenty digits, or not the digits that any machine shows.
    """
    digits = re.sub(r"[\s.,;:_-]+", "", word)
    if not re.fullmatch(r"[0-9]{20}", digits):
        raise ArrivalNumberError(
            "this is not the number of a machine",
            rule="four groups of five digits",
            hints=("on the other machine: cipherpost keys move --here",),
        )
    if int(digits) % _CHECK:
        raise ArrivalNumberError(
            "this number was misheard or mistyped: no machine shows it",
            rule="the digits check each other; nothing was changed",
            hints=("compare it once more, or on the other machine: cipherpost keys move --here",),
        )
    return " ".join(digits[at : at + 5] for at in range(0, len(digits), 5))


def await_home(state_dir: Path, *, machine: str | None = None) -> str:
    """Make a number under which this machine awaits one home.

    Raises:
        DiskError: the state folder cannot be written.
    """
    id_ = machine or machine_id(state_dir)
    drawn = secrets.token_bytes(_BYTES)
    while int((number := _number(id_, drawn)).replace(" ", "")) % _CHECK:
        drawn = secrets.token_bytes(_BYTES)
    make_folder(state_dir / _FOLDER)
    write_file(state_dir / _FOLDER / secrets.token_hex(8), drawn, replace=False)
    return number


def is_awaited(state_dir: Path, number: str, *, machine: str | None = None) -> bool:
    """Whether this machine awaits a home under ``number``."""
    return next(_waiting(state_dir, number, machine), None) is not None


def use_up(state_dir: Path, number: str, *, machine: str | None = None) -> bool:
    """Await nothing under ``number`` any more; whether it was awaited. When this returns that is on the disk."""
    found = False
    for path in list(_waiting(state_dir, number, machine)):
        with disk_errors(path):
            path.unlink()
            flush_folder(path.parent)
        found = True
    return found


def _waiting(state_dir: Path, number: str, machine: str | None) -> Iterator[Path]:
    folder = state_dir / _FOLDER
    with disk_errors(folder):
        if not folder.is_dir():
            return
        id_ = machine or machine_id(state_dir)
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name) and path.is_file() and _number(id_, path.read_bytes()[:_BYTES]) == number:
                yield path


def _number(machine: str, drawn: bytes) -> str:
    digest = hashlib.sha256(b"cipherpost arrival\n" + machine.encode() + b"\n" + drawn).hexdigest()
    return " ".join(spoken(digest).split()[:_GROUPS])
