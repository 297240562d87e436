"""Where a home lives, so that a restored, copied or moved one is noticed before it signs (I3).

``machine.json`` in the home and a small record outside it, in the user's state folder, both hold the machine, the
path and a generation number that grows with every signature:

    {"format":1,"home":"<32 hex>","machine":"<64 hex>","path":"/home/ivanov/...","generation":41,
     "moved":{"reason":"...","since":"2026-11-22T09:00:00Z","cleared":["tver/center"]},
     "away":{"to":"13539 46393 02648 77452","since":"2026-11-22T09:00:00Z"}}

A home on another machine or path, or with a lower generation than the record outside, has moved. One that was given
to another machine is ``away`` and signs nothing; the record outside says so too, so that no older copy of it that is
put back on this machine forgets it. What none of this can notice: a whole machine put back with its state folder, as
a virtual machine's snapshot is.
"""

import hashlib
import json
import secrets
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cipherpost.errors import NewerError, UnableError
from cipherpost.home.files import (
    AlreadyThereError,
    DiskError,
    disk_errors,
    make_folder,
    write_file,
)
from cipherpost.text import TextError, parse_channel, parse_time

MACHINE: Final = "machine.json"
FORMAT: Final = 1
_RECORD_BYTES: Final = 16 * 1024 * 1024
_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


class MachineRecordError(UnableError):
    """``machine.json`` cannot be understood."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Why a home counts as moved: one clause for people, with the home as its subject."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedState:
    """A home that has moved and is not yet free to sign everywhere.

    ``since`` is the protocol time at which it was noticed; on ``cleared`` channels it may sign again.
    """

    reason: str
    since: str
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A home that was given to another machine: the number of that machine, and the protocol time of the giving."""

    to: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    home: str
    machine: str
    path: str
    generation: int
    moved: MovedState | None = None
    away: Away | None = None


class MachineRecord:
    """What is known of where ``home`` lives.

    Args:
        home: the home's folder.
        state_dir: the folder outside of any home; see `state_folder`.
        machine: the id of this machine, 64 hex; found out when not given.
        lives_at: where the home will lie, for one that is being put together in another folder.

    All methods but `check`, `moved_state`, `away`, `generation` and `home_id` write, and want the home's lock.
    """

    def __init__(
        self, home: Path, *, state_dir: Path, machine: str | None = None, lives_at: Path | None = None
    ) -> None:
        self._home = home
        self._lives_at = lives_at or home
        self._state_dir = state_dir
        self._machine = machine or machine_id(state_dir)

    def check(self) -> Moved | None:
        """Whether the home has moved since it last signed; None when it has not.

        Raises:
            MachineRecordError: the home's own record cannot be read.
            DiskError: the disk refuses.
        """
        inside = self._inside()
        if inside is None:
            return Moved("it has no record of its machine")
        if inside.machine != self._machine:
            return Moved("it was last used on another machine")
        if inside.path != self._path():
            return Moved("it was last used in another folder")
        if inside.generation < self._outside_generation(inside.home):
            return Moved("it is older than what this machine remembers of it, as after a restored backup")
        return None

    def register(self) -> None:
        """Write the first records of a new home; nothing happens when it has one."""
        if self._inside() is None:
            self._write(self._fresh())

    def bump(self) -> int:
        """Count one more signature, before it is made; gives the new generation number.

        The home's record is written first: a kill in between leaves it ahead, which is harmless.

        Raises:
            DiskError: one of the records cannot be written; then nothing may be signed.
        """
        record = self._current()
        generation = max(record.generation, self._outside_generation(record.home)) + 1
        self._write(replace(record, generation=generation))
        return generation

    def mark_moved(self, reason: str, since: str) -> None:
        """Make this machine and folder the home's own, and remember that it moved at ``since`` (a protocol time).

        It persists until `clear` was called for every channel that matters, or `clear_all`.
        """
        parse_time(since)
        record = self._current()
        self._write(
            replace(
                record,
                machine=self._machine,
                path=self._path(),
                generation=max(record.generation, self._outside_generation(record.home)) + 1,
                moved=MovedState(reason=reason, since=since),
            )
        )

    def moved_state(self) -> MovedState | None:
        """When the home moved and which channels are free again; None when it never moved, or all is clear."""
        record = self._inside()
        return record.moved if record else None

    def clear(self, channel: str) -> None:
        """Let the home sign on ``channel`` again; nothing happens when it has not moved."""
        parse_channel(channel)
        record = self._current()
        if record.moved and channel not in record.moved.cleared:
            moved = replace(record.moved, cleared=record.moved.cleared | {channel})
            self._write(replace(record, moved=moved))

    def clear_all(self) -> None:
        """Let the home sign everywhere again: it has new keys, or its officer took the risk (``--alone``)."""
        record = self._current()
        if record.moved:
            self._write(replace(record, moved=None))

    def generation(self) -> int:
        """How often this home has signed, as it knows itself; 0 without a record."""
        record = self._inside()
        return record.generation if record else 0

    def home_id(self) -> str | None:
        """The random id of this home, the same in all its copies."""
        record = self._inside()
        return record.home if record else None

    def restored(self, moved: MovedState | None, *, above: int = 0, arrived: bool = False) -> None:
        """Make a home that is being put together one of this machine, moved as ``moved`` says.

        Only the record inside is written; the next signature writes the one outside. So a backup that is put back to
        be looked at takes nothing from the home it was made of, before it signs.

        Args:
            above: a generation that the new one must pass, such as that of a home it comes in place of.
            arrived: it was given to this very machine. An older copy of a home that was given away stays away.
        """
        record = self._current()
        generation = max(record.generation, self._outside_generation(record.home), above) + 1
        self._write_inside(
            replace(
                record,
                machine=self._machine,
                path=self._path(),
                generation=generation,
                moved=moved,
                away=None if arrived else record.away,
            )
        )

    # ---- given to another machine --------------------------------------------------------------------------------

    def away(self) -> Away | None:
        """To which machine this home was given; None when it was not, or has signed elsewhere since and come back."""
        return self._current().away if self._inside() is not None else None

    def give_away(self, away: Away) -> None:
        """From now on this home signs nothing, on this machine and in all copies made of it from now on."""
        parse_time(away.since)
        record = self._current()
        generation = max(record.generation, self._outside_generation(record.home))
        self._write(replace(record, generation=generation, away=away))

    def take_back(self, since: str) -> None:
        """The home was not taken up by the other machine after all: it counts as moved at ``since``."""
        parse_time(since)
        record = self._current()
        generation = max(record.generation, self._outside_generation(record.home)) + 1
        moved = MovedState(reason="it was given to another machine, and taken back", since=since)
        self._write(
            replace(record, machine=self._machine, path=self._path(), generation=generation, moved=moved, away=None)
        )

    def forget(self) -> None:
        """Remove the record outside, when a home is destroyed on purpose."""
        record = self._inside()
        if record:
            path = self._outside_path(record.home)
            with disk_errors(path):
                path.unlink(missing_ok=True)

    # ---- the two records -----------------------------------------------------------------------------------------

    def _path(self) -> str:
        return str(self._lives_at.resolve())

    def _fresh(self) -> _Record:
        return _Record(home=secrets.token_hex(16), machine=self._machine, path=self._path(), generation=0)

    def _current(self) -> _Record:
        """The record inside, or a new one; an older copy of a home that was given away learns it from outside."""
        record = self._inside() or self._fresh()
        outside = self._outside(record.home)
        if record.away is None and outside is not None and outside.generation >= record.generation:
            return replace(record, away=outside.away)
        return record

    def _inside(self) -> _Record | None:
        data = _read(self._home / MACHINE)
        return None if data is None else _parse(data, self._home / MACHINE)

    def _outside_path(self, home: str) -> Path:
        return self._state_dir / "homes" / f"{home}.json"

    def _outside_generation(self, home: str) -> int:
        """The generation outside; 0 without a record, or with one that cannot be understood (a torn disk)."""
        record = self._outside(home)
        return record.generation if record else 0

    def _outside(self, home: str) -> _Record | None:
        path = self._outside_path(home)
        data = _read(path)
        try:
            return None if data is None else _parse(data, path)
        except MachineRecordError:
            return None

    def _write_inside(self, record: _Record) -> None:
        write_file(self._home / MACHINE, _format(record))

    def _write(self, record: _Record) -> None:
        self._write_inside(record)
        outside = self._outside_path(record.home)
        try:
            make_folder(outside.parent)
            write_file(outside, _format(replace(record, moved=None)))
        except DiskError as error:
            hints = error.hints or ("set CIPHERPOST_STATE_DIR to a folder that can be written",)
            raise DiskError(error.what, where=str(outside), rule=error.rule, hints=hints) from error


def _read(path: Path) -> bytes | None:
    with disk_errors(path):
        try:
            with path.open("rb") as file:
                return file.read(_RECORD_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None


def _format(record: _Record) -> bytes:
    moved = record.moved
    table = {
        "format": FORMAT,
        "home": record.home,
        "machine": record.machine,
        "path": record.path,
        "generation": record.generation,
        "moved": moved and {"reason": moved.reason, "since": moved.since, "cleared": sorted(moved.cleared)},
    }
    if record.away is not None:
        table["away"] = {"to": record.away.to, "since": record.away.since}
    return json.dumps(table, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _parse(data: bytes, path: Path) -> _Record:
    try:
        table: dict[str, Any] = json.loads(data)
        if table["format"] > FORMAT:
            raise NewerError("a newer cipherpost wrote this record", where=str(path), hints=("update cipherpost",))
        record = _Record(
            home=_hex(table["home"], 32),
            machine=_hex(table["machine"], 64),
            path=str(table["path"]),
            generation=int(table["generation"]),
            moved=_parse_moved(table["moved"]),
            away=_parse_away(table.get("away")),
        )
    except (ValueError, KeyError, TypeError, OverflowError, TextError, RecursionError):
        raise MachineRecordError(
            "the record of where this home lives is damaged",
            where=str(path),
            rule="a home signs only where it is known to live",
            hints=("remove this file: the home then counts as moved",),
        ) from None
    return record


def _hex(word: object, length: int) -> str:
    if isinstance(word, str) and len(word) == length and all(ch in "0123456789abcdef" for ch in word):
        return word
    raise ValueError("not hex")


def _parse_moved(table: Mapping[str, Any] | None) -> MovedState | None:
    if table is None:
        return None
    parse_time(table["since"])
    return MovedState(reason=str(table["reason"]), since=table["since"], cleared=frozenset(map(str, table["cleared"])))


def _parse_away(table: Mapping[str, Any] | None) -> Away | None:
    if table is None:
        return None
    parse_time(table["since"])
    return Away(to=str(table["to"]), since=table["since"])


# ---- this machine ------------------------------------------------------------------------------------------------


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder outside of any home: ``CIPHERPOST_STATE_DIR``, else the user's state folder."""
    named = environ.get("CIPHERPOST_STATE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_state_dir("cipherpost", appauthor=False))


def machine_id(state_dir: Path) -> str:
    """An id of this machine, 64 hex: the system's own, hashed so that it is of no use to others.

    A system that has none gets a random one, kept in ``state_dir``.
    """
    found = _system_id() or _kept_id(state_dir)
    return hashlib.sha256(b"cipherpost machine\n" + found.encode()).hexdigest()


def _system_id() -> str | None:
    if sys.platform == "win32":
        return _windows_id()
    if sys.platform == "darwin":
        return _apple_id()
    for path in _IDS:
        try:
            found = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if found and found != "uninitialized":
            return found
    return None


def _windows_id() -> str | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    except OSError:
        return None


def _apple_id() -> str | None:
    command = ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    lines = (line.partition("=")[2].strip(' "') for line in shown.splitlines() if "IOPlatformUUID" in line)
    return next(lines, None)


def _kept_id(state_dir: Path) -> str:
    path = state_dir / "machine"
    kept = _read(path)
    if kept is None:
        make_folder(state_dir)
        with suppress(AlreadyThereError):  # another command was quicker
            write_file(path, uuid.uuid4().hex.encode(), replace=False)
        kept = _read(path) or b""
    return kept.decode("ascii", "replace")
