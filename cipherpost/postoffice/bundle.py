"""A bundle: all objects of a network in one file, read as the post office it was made of (docs/protocol.md, "Bundles").

Nothing in it is trusted: it was carried like everything else. Its form is checked once, when it is first asked; what an
object is worth, the checks of the chain say.
"""

import os
import stat
import threading
import weakref
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Never, Self

from cipherpost.errors import MalformedError, TooLargeError
from cipherpost.postoffice import names, system
from cipherpost.postoffice.bundle_index import BundleDamagedError, Index, Member, build, member_at
from cipherpost.postoffice.errors import NoSuchObjectError, ReadOnlyError, UnreachableError
from cipherpost.text import shown
from cipherpost.ustar import BLOCK, NAME_FIELD

if TYPE_CHECKING:
    from cipherpost.postoffice import Source

_AHEAD: Final = 4096
_LEAF: Final = len("00000001.note")
_FOLDERS_KEPT: Final = 1 << 12
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

_Stamp = tuple[int, int, int]


class BundleMissingError(UnreachableError):
    """There is no such file, or it cannot be read."""


class BundleChangedError(UnreachableError):
    """The file of a bundle was written to, or replaced, while it was read."""


class BundlePost:
    """A read-only `cipherpost.postoffice.PostOffice` in the file ``path`` (made absolute).

    The file is opened and its form checked when something is first asked of it; each method raises the errors of
    `cipherpost.postoffice.bundle_index.build` then, and `BundleMissingError`. May be used by several threads. One that
    is pickled takes its index along, so another process need not make it again.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.url: str = os.path.abspath(path)  # noqa: PTH100 - a share of Windows stays as it is
        self._index: Index | None = None
        self._file_was: _Stamp | None = None
        self._begin()

    def _begin(self) -> None:
        self._held: list[int] = []
        self._lock = threading.Lock()
        self._folders: dict[str, range] = {}
        self._runs: dict[str, tuple[int, range]] = {}
        weakref.finalize(self, _close_all, self._held)

    def __getstate__(self) -> tuple[str, Index | None, _Stamp | None]:
        return self.url, self._index, self._file_was

    def __setstate__(self, state: tuple[str, Index | None, _Stamp | None]) -> None:
        self.url, self._index, self._file_was = state
        self._begin()

    @property
    def stamp(self) -> datetime | None:
        """None: a bundle says nothing of when things came."""
        return None

    @property
    def skipped(self) -> Mapping[str, str]:
        """Nothing: a bundle with foreign things in it is refused."""
        return MappingProxyType({})

    # ---- reading -------------------------------------------------------------------------------------------------

    def get(self, name: str, limit: int) -> bytes:
        """As `PostOffice.get`."""
        offset = self._opened().blocks[self._find(name)] * BLOCK
        ahead = self._read(offset, _AHEAD)
        member = self._parsed(ahead, offset)
        if member.name != name:
            raise self._changed(offset)
        size, start = member.size, member.start - offset
        if size > limit:
            raise TooLargeError(f"an object of {size} bytes", where=name, rule=f"at most {limit} bytes here")
        data = ahead[start : start + size]
        if len(data) < size:
            data += self._read(member.start + len(data), size - len(data))
            if len(data) < size:
                raise self._changed(offset)
        return data

    def stream(self, name: str, offset: int = 0) -> "PieceReader":
        """As `PostOffice.stream`."""
        if offset < 0:
            raise ValueError("an offset is not negative")
        member = self._member(self._find(name))
        return PieceReader(self, member, min(offset, member.size))

    def size(self, name: str) -> int | None:
        """As `PostOffice.size`."""
        try:
            return self._member(self._find(name)).size
        except NoSuchObjectError:
            return None

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `PostOffice.names`; the names of a whole channel cost nothing but their making."""
        names.check_prefix(prefix)
        index = self._opened()
        at = max(self._first(prefix, range(len(index))), self._first(f"{after}\0", range(len(index))))
        while at < len(index):
            for name in self._names_of_folder(at):
                if not name.startswith(prefix):
                    return
                yield name
                at += 1

    def close(self) -> None:
        """As `PostOffice.close`; the index is kept."""
        with self._lock:
            _close_all(self._held)

    # ---- no writing ----------------------------------------------------------------------------------------------

    def create(self, name: str, data: bytes) -> bool:
        """Refused.

        Raises:
            ReadOnlyError: always, for a name of the protocol.
        """
        names.check_size(name, len(data))
        self._refuse(name)

    def put(self, name: str, source: "bytes | Source") -> None:
        """Refused.

        Raises:
            ReadOnlyError: always, for a name that may be put.
        """
        names.check_replaceable(name)
        self._refuse(name)

    def discard(self, name: str) -> None:
        """Refused.

        Raises:
            ReadOnlyError: always, for the name of a probe.
        """
        names.check_probe(name)
        self._refuse(name)

    def _refuse(self, name: str) -> Never:
        raise ReadOnlyError(
            "a bundle is only read",
            where=f"{name} in {shown(self.url, 200)}",
            hints=("make a new one of the post office: cipherpost bundle -o FILE",),
        )

    # ---- looking up ----------------------------------------------------------------------------------------------

    def _opened(self) -> Index:
        index = self._index
        if index is not None:
            return index
        with self._lock:
            if self._index is None:
                descriptor = self._descriptor()
                self._index = build(self._read, os.fstat(descriptor).st_size, shown(self.url, 200))
            return self._index

    def _find(self, name: str) -> int:
        """The place of an object in the index.

        Raises:
            NoSuchObjectError: it is not in the bundle.
        """
        index = self._opened()
        cut = len(name) - _LEAF
        run = self._runs.get(name[:cut])
        digits = name[cut : cut + 8]
        if run is not None and name[cut + 8 :] == ".note" and digits.isdigit() and digits.isascii():
            at = int(digits) - run[0]
            if 0 <= at < len(run[1]):
                return run[1][at]
        names.check_object_name(name)
        place = self._first(name, self._folder(name[: name.rindex("/") + 1]))
        if place < len(index) and self._member(place).name == name:
            return place
        raise NoSuchObjectError("nothing is there", where=name)

    def _folder(self, folder: str) -> range:
        """The places of the members of a folder; remembered, and where its notes are a run, with their first number."""
        places = self._folders.get(folder)
        if places is None:
            index = self._opened()
            low, high = 0, len(index.folders)
            while low < high:
                middle = (low + high) // 2
                if self._member(index.folders[middle]).name < folder:
                    low = middle + 1
                else:
                    high = middle
            if low == len(index.folders) or not self._member(index.folders[low]).name.startswith(folder):
                return range(0)
            if len(self._folders) >= _FOLDERS_KEPT:
                self._folders.clear()
                self._runs.clear()
            places = self._folders[folder] = index.folder(low)
            if index.runs[low]:
                self._runs[folder] = (index.runs[low], places)
        return places

    def _first(self, name: str, places: range) -> int:
        """The first of ``places`` whose name is not less than ``name``; the end of them if none is."""
        low, high = places.start, places.stop
        while low < high:
            middle = (low + high) // 2
            if self._member(middle).name < name:
                low = middle + 1
            else:
                high = middle
        return low

    def _names_of_folder(self, at: int) -> Iterator[str]:
        """The names from place ``at`` to the end of its folder."""
        index = self._opened()
        low, high = 0, len(index.folders)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if index.folders[middle] <= at else (low, middle)
        places, run = index.folder(low), index.runs[low]
        if run:
            name = self._member(at).name
            folder = name[: name.rindex("/") + 1]
            first = run + at - places.start
            yield from (f"{folder}{number:08d}.note" for number in range(first, run + len(places)))
        else:
            yield from (self._member(place).name for place in range(at, places.stop))

    # ---- the file ------------------------------------------------------------------------------------------------

    def _member(self, at: int) -> Member:
        offset = self._opened().blocks[at] * BLOCK
        return self._parsed(self._read(offset, BLOCK), offset)

    def _parsed(self, ahead: bytes, offset: int) -> Member:
        """The member at ``offset``, of which ``ahead`` is the beginning; its form was checked before."""
        if ahead[156:157] == b"0":
            try:
                name = ahead[:NAME_FIELD].rstrip(b"\x00").decode("ascii")
                return Member(name, int(ahead[124:135], 8), offset + BLOCK)
            except ValueError:
                raise self._changed(offset) from None
        try:
            return member_at(self._read, offset)
        except MalformedError:
            raise self._changed(offset) from None

    def _read(self, offset: int, size: int) -> bytes:
        """Bytes of the file, fewer at its end; the form of a member is not looked at."""
        try:
            data = _read_at(self._descriptor(), offset, size) if size > 0 else b""
            while len(data) < size and (more := _read_at(self._descriptor(), offset + len(data), size - len(data))):
                data += more  # a network file system may give less than it was asked for
        except OSError as error:
            raise system.unable(error, self.url, self.url) from error
        return data

    def _descriptor(self) -> int:
        try:
            return self._held[0]
        except IndexError:  # not opened yet, or closed by another thread
            pass
        try:
            descriptor = os.open(self.url, _FLAGS)
        except OSError as error:
            raise BundleMissingError(
                f"this bundle cannot be opened: {error.strerror}",
                where=shown(self.url, 200),
                hints=("name the file: cipherpost audit --bundle FILE --fingerprint F",),
            ) from error
        status = os.fstat(descriptor)
        now = (status.st_ino, status.st_size, status.st_mtime_ns)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise BundleDamagedError(
                "this is no bundle", where=shown(self.url, 200), rule="a bundle is one regular file"
            )
        if self._file_was is not None and self._file_was != now:
            os.close(descriptor)
            raise self._changed(0)
        self._file_was = now
        self._held.append(descriptor)
        return descriptor

    def _changed(self, offset: int) -> BundleChangedError:
        return BundleChangedError(
            "the bundle changed while it was read",
            where=f"{shown(self.url, 200)}: byte {offset}",
            hints=("repeat the command",),
        )


class PieceReader:
    """An object of a bundle, from the offset that was asked for."""

    def __init__(self, post: BundlePost, member: Member, offset: int) -> None:
        self.size: int = member.size
        self._post = post
        self._member = member
        self._offset = offset

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Nothing is held."""

    def read(self, size: int = -1, /) -> bytes:
        """As `ObjectReader.read`."""
        left = self.size - self._offset
        wanted = left if size < 0 else min(size, left)
        data = self._post._read(self._member.start + self._offset, wanted)
        if len(data) != wanted:
            raise self._post._changed(self._member.start)
        self._offset += wanted
        return data


def _seek_and_read(descriptor: int, offset: int, size: int) -> bytes:
    with _SEEKING:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


def _pread(descriptor: int, offset: int, size: int) -> bytes:
    return os.pread(descriptor, size, offset)


_SEEKING: Final = threading.Lock()
_read_at: Final = _pread if hasattr(os, "pread") else _seek_and_read  # Windows has none


def _close_all(held: list[int]) -> None:
    while held:
        os.close(held.pop())
