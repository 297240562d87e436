"""The outbox: what waits to be posted, one folder an item, in the order in which it was written (I4, I5).

    outbox/20261122T090000123456Z-<16 hex>/
        plan.json        the lines of the header that are known already; nothing of the letter
        letter.age       the letter, sealed to the own office's officers; absent for receipts and checks
        heads.txt        of an audit, the public file of heads
        <hash>.age       sealed files as they will be posted, in ``sealed.json``'s order
        sealed.json      [{"hash":"<64 hex>","size":4096}]
        header           the text to be signed, written before it is journaled
        note             the signed note, to be posted as it stands or not at all

``plan.json`` is written last and removed first: a folder without it is half made or half removed, and swept up by
the next writer. All that changes an item wants the home's lock.
"""

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from cipherpost.errors import UnableError
from cipherpost.home.files import (
    FOLDER_MODE,
    NewFile,
    disk_error,
    disk_errors,
    flush_folder,
    make_folder,
    sweep,
    write_file,
)

if TYPE_CHECKING:
    from cipherpost.dispatch.header import Sealed

OUTBOX: Final = "outbox"
Stage = Literal["waiting", "sealed", "headed", "signed"]
"""How far an item is: a letter alone; sealed for its readers; with a header to sign; with the note to post."""

_ITEM = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{16}")
_SEALED = re.compile(r"[0-9a-f]{64}\.age")
_PLAN, _LETTER, _SEALED_LIST, _HEADER, _NOTE = "plan.json", "letter.age", "sealed.json", "header", "note"
_HEADS: Final = "heads.txt"
_STAMP: Final = "%Y%m%dT%H%M%S%f"


class ItemDamagedError(UnableError):
    """An item of the outbox cannot be read."""


class NoSuchItemError(UnableError):
    """There is no such item in the outbox, or it lacks the part that was asked for."""


class Outbox:
    """The outbox of ``home``."""

    def __init__(self, home: Path) -> None:
        self._folder = home / OUTBOX

    def items(self) -> tuple["Item", ...]:
        """Every item that is whole, the oldest first."""
        with disk_errors(self._folder):
            if not self._folder.is_dir():
                return ()
            names = sorted(path.name for path in self._folder.iterdir() if _ITEM.fullmatch(path.name))
            return tuple(Item(self._folder / name) for name in names if (self._folder / name / _PLAN).is_file())

    def item(self, name: str) -> "Item":
        """The item of this name.

        Raises:
            NoSuchItemError: it was posted or removed, or never was.
        """
        folder = self._folder / name
        if not _ITEM.fullmatch(name) or not (folder / _PLAN).is_file():
            raise NoSuchItemError("there is no such item", where=OUTBOX, hints=("cipherpost outbox",))
        return Item(folder)

    @contextmanager
    def compose(self, now: datetime) -> Iterator["Composing"]:
        """Begin an item; it exists from `Composing.commit` on, and leaves nothing behind if that is not called.

        Args:
            now: an aware datetime. Items keep the order in which they were begun, whatever the clock does.

        Raises:
            DiskError: also from writing within the block.
        """
        make_folder(self._folder)
        folder = self._folder / f"{self._next_stamp(now)}-{secrets.token_hex(8)}"
        with disk_errors(folder):
            folder.mkdir(mode=FOLDER_MODE)
        composing = Composing(folder)
        try:
            yield composing
        finally:
            if composing.item is None:
                shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> int:
        """Remove items half made or half removed, and temporary files in the others; gives how many items went."""
        gone = 0
        with disk_errors(self._folder):
            for folder in self._folder.iterdir() if self._folder.is_dir() else ():
                if not _ITEM.fullmatch(folder.name) or folder.is_symlink():
                    continue
                if (folder / _PLAN).is_file():
                    sweep(folder)
                else:
                    shutil.rmtree(folder)
                    gone += 1
        return gone

    def _next_stamp(self, now: datetime) -> str:
        wanted = now.astimezone(UTC)
        with disk_errors(self._folder):
            newest = max((path.name for path in self._folder.iterdir() if _ITEM.fullmatch(path.name)), default="")
        if newest:
            before = datetime.strptime(newest.partition("Z")[0], _STAMP).replace(tzinfo=UTC)
            wanted = max(wanted, before + timedelta(microseconds=1))
        return wanted.strftime(_STAMP) + "Z"


class Composing:
    """An item being made within `Outbox.compose`."""

    __slots__ = ("_folder", "item")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.item: Item | None = None

    @property
    def name(self) -> str:
        """The name that the item will have."""
        return self._folder.name

    def letter(self) -> NewFile:
        """Where the sealed letter is written: ``with composing.letter() as sink``, then ``sink.write``."""
        return NewFile(self._folder / _LETTER, replace=False)

    def heads(self) -> NewFile:
        """Where the heads file of an audit is written, likewise; it is public, and so lies open."""
        return NewFile(self._folder / _HEADS, replace=False)

    def open_letter(self) -> BinaryIO:
        """The sealed letter as it was written just now, to be checked before the item exists."""
        return Item(self._folder).open_letter()

    def spool(self, name: str) -> NewFile:
        """Where something else is kept, sealed, as long as the item is being made: ``<name>.spool``."""
        return NewFile(self.spooled(name))

    def spooled(self, name: str) -> Path:
        """Where `spool` put it."""
        return self._folder / f"{name}.spool"

    def commit(self, plan: Mapping[str, object]) -> "Item":
        """Make the item exist, with ``plan``; see `Item.set_plan`."""
        item = Item(self._folder)
        with disk_errors(self._folder):
            for path in self._folder.glob("*.spool"):
                path.unlink()
        item.set_plan(plan)
        with disk_errors(self._folder):
            flush_folder(self._folder.parent)
        self.item = item
        return item


class Item:
    """One item of the outbox; it reads the disk at each call and keeps nothing in memory."""

    __slots__ = ("_folder",)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Its name within the outbox; names sort by age."""
        return self._folder.name

    def exists(self) -> bool:
        """Whether it is still there."""
        return self._has(_PLAN)

    def stage(self) -> Stage:
        """How far the item is; each stage keeps what the earlier ones made."""
        if self._has(_NOTE):
            return "signed"
        if self._has(_HEADER):
            return "headed"
        return "sealed" if self._has(_SEALED_LIST) else "waiting"

    # ---- the plan and the letter ---------------------------------------------------------------------------------

    def plan(self) -> dict[str, Any]:
        """What was planned, as it was given.

        Raises:
            ItemDamagedError: it cannot be read.
        """
        plan = self._json(_PLAN)
        if not isinstance(plan, dict):
            raise self._damaged(_PLAN)
        return plan

    def set_plan(self, plan: Mapping[str, object]) -> None:
        """Replace the plan.

        Args:
            plan: lines of the header, which are public, when it was made, the audiences of the letter, and whether a
                keeper speaks of the roster in it; values that JSON can hold.

        Raises:
            ValueError: a field that is none of these: a plan lies open on the disk.
        """
        from cipherpost.dispatch.header import Header

        foreign = sorted(set(plan) - set(Header._fields) - {"created", "to", "keeps"})
        if foreign:
            raise ValueError(f"not fields of a plan: {', '.join(foreign)}")
        write_file(self._folder / _PLAN, _dump(dict(plan)))

    def has_letter(self) -> bool:
        """Whether there is a letter; receipts and checks have none."""
        return self._has(_LETTER)

    def open_letter(self) -> BinaryIO:
        """The letter as it lies here, an age file sealed to the own office.

        Raises:
            NoSuchItemError: the item has none.
        """
        return self._open(_LETTER)

    def open_heads(self) -> BinaryIO:
        """The heads file of an audit.

        Raises:
            NoSuchItemError: the item has none.
        """
        return self._open(_HEADS)

    # ---- sealed files --------------------------------------------------------------------------------------------

    @contextmanager
    def new_sealed(self) -> Iterator[NewFile]:
        """Write one sealed file; afterwards its `hash` and `size` are the sink's. See `set_sealed`."""
        with NewFile(self._folder / "spool.age", hashed=True) as spool:
            yield spool
            spool.path = self.sealed_path(spool.hash)  # known only now

    def set_sealed(self, sealed: "Sequence[Sealed]") -> None:
        """State which sealed files the dispatch has, in the header's order; others of this item are removed."""
        write_file(self._folder / _SEALED_LIST, _dump([part._asdict() for part in sealed]))
        self._drop_sealed(keep={f"{part.hash}.age" for part in sealed})

    def clear_sealed(self) -> None:
        """Drop the sealed files and any header, to seal anew; only while nothing is journaled.

        Raises:
            ValueError: the item is signed.
        """
        if self.stage() == "signed":
            raise ValueError("a signed item is posted as it stands, or not at all")
        for name in (_HEADER, _SEALED_LIST):
            self._remove(name)
        self._drop_sealed(keep=set())

    def sealed(self) -> "tuple[Sealed, ...]":
        """The sealed files of the dispatch; empty when there are none yet."""
        from cipherpost.dispatch.header import Sealed

        if not self._has(_SEALED_LIST):
            return ()
        try:
            return tuple(Sealed(str(part["hash"]), int(part["size"])) for part in self._json(_SEALED_LIST))
        except (TypeError, KeyError, ValueError):
            raise self._damaged(_SEALED_LIST) from None

    def sealed_path(self, hash: str) -> Path:
        """Where the sealed file of this hash lies, or will."""
        return self._folder / f"{hash}.age"

    def _drop_sealed(self, *, keep: set[str]) -> None:
        with disk_errors(self._folder):
            for path in self._folder.iterdir():
                if _SEALED.fullmatch(path.name) and path.name not in keep:
                    path.unlink()

    # ---- header and note -----------------------------------------------------------------------------------------

    def set_header(self, text: bytes) -> None:
        """Keep the text that is about to be journaled, so that a kill in between leaves no unknown signature."""
        write_file(self._folder / _HEADER, text)

    def header(self) -> bytes:
        """The text to be signed.

        Raises:
            NoSuchItemError: the item has none yet.
        """
        with self._open(_HEADER) as file:
            return file.read()

    def set_note(self, note: bytes) -> None:
        """Keep the signed note, to be posted."""
        write_file(self._folder / _NOTE, note)

    def note(self) -> bytes:
        """The signed note.

        Raises:
            NoSuchItemError: the item has none yet.
        """
        with self._open(_NOTE) as file:
            return file.read()

    def clear_header(self) -> None:
        """Drop header and note, since their number was taken by somebody else; the letter is numbered anew."""
        for name in (_NOTE, _HEADER):
            self._remove(name)

    def remove(self) -> None:
        """Remove the item, after it was posted and read back, or at its officer's word."""
        self._remove(_PLAN)
        shutil.rmtree(self._folder, ignore_errors=True)  # the rest is swept up by the next command
        with suppress(OSError):
            flush_folder(self._folder.parent)

    # ---- files ---------------------------------------------------------------------------------------------------

    def _has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def _open(self, name: str) -> BinaryIO:
        path = self._folder / name
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise NoSuchItemError(
                f"the item has no {name}", where=f"{OUTBOX}/{self.name}", hints=("cipherpost outbox",)
            ) from None
        except OSError as error:
            raise disk_error(error, path) from error

    def _remove(self, name: str) -> None:
        with disk_errors(self._folder), suppress(FileNotFoundError):
            (self._folder / name).unlink()
            flush_folder(self._folder)

    def _json(self, name: str) -> Any:
        with self._open(name) as file:
            data = file.read()
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise self._damaged(name) from None

    def _damaged(self, name: str) -> ItemDamagedError:
        return ItemDamagedError(
            f"{name} cannot be read",
            where=f"{OUTBOX}/{self.name}",
            rule="the other items are not touched",
            hints=("cipherpost doctor", "send the letter again"),
        )


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
