"""A post office in a directory: a local folder, a stick, a network share.

Only regular files are read and no link below the root is followed. An object is written to a temporary file beside
its place, synced, and given its name in one step, so a kill at any instant leaves the old state or the new one.
Temporary files and claims begin with a dot and are nothing to readers.
"""

import errno
import io
import os
import re
import secrets
import stat
import threading
import weakref
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Never

from cipherpost import limits, text
from cipherpost.errors import TooLargeError, UnableError
from cipherpost.postoffice import claims, folders, names, system
from cipherpost.postoffice.errors import ForeignObjectError, NoSuchObjectError
from cipherpost.postoffice.folders import Folder

if TYPE_CHECKING:
    from cipherpost.postoffice import Source

_PIECE: Final = limits.PIECE
_HELD: Final = 16  # open folders kept for the next read; macOS lends a process 256 files
_LISTED_AT_ONCE: Final = 1 << 17  # names of one folder in memory, however many it holds
_LEAF_DEPTH: Final = 3
_PART: Final = re.compile(r"\.[0-9a-f]{32}\.part")
_CLAIM: Final = re.compile(r"\.[0-9a-f.]+\.[a-z]+\.[0-9]\.claim")
_PART_NANOSECONDS: Final = 86_400 * 10**9  # a temporary file this old was left by a crash
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_NO_LINKS: Final = {
    getattr(errno, code) for code in ("EPERM", "EACCES", "EMLINK", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")
}
_FOREIGN: Final = {errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR, getattr(errno, "EFTYPE", errno.ELOOP)}


class DirectoryPost:
    """A `cipherpost.postoffice.PostOffice` in the directory ``root`` (made absolute), which must exist.

    Args:
        folder: how folders are held; what suits the system if not given (tests put a failing disk here).
        patience: seconds before a claim on a file system without hard links counts as left behind.

    May be used by several threads.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, folder: type[Folder] | None = None, patience: float = claims.PATIENCE
    ) -> None:
        self.url: str = os.path.abspath(root)  # noqa: PTH100 - a share of Windows stays as it is
        self._root = folders.extended(self.url) if os.name == "nt" else self.url
        self._kind: type[Folder] = folder or folders.suited()
        self._patience = patience
        self._newest = -1
        self._skipped: dict[str, str] = {}
        self._swept: set[str] = set()
        self._held: dict[str, Folder] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._held)

    @property
    def stamp(self) -> datetime | None:
        """The newest modification time of any file that was read or looked at."""
        if self._newest < 0:
            return None
        try:
            return _EPOCH + timedelta(microseconds=self._newest // 1000)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    @property
    def skipped(self) -> Mapping[str, str]:
        """As `PostOffice.skipped`."""
        return MappingProxyType(self._skipped)

    def create_root(self) -> None:
        """Make the directory if it is missing, but none above it."""
        above, _, leaf = self._root.rpartition(os.sep)
        with self._translated(self.url, writing=True), closing(self._kind.root(above + os.sep)) as folder:
            if leaf:
                folder.make(leaf)

    # ---- reading -------------------------------------------------------------------------------------------------

    def get(self, name: str, limit: int) -> bytes:
        """As `PostOffice.get`."""
        descriptor, size = self._open(name)
        try:
            if size > limit:
                raise TooLargeError(f"an object of {size} bytes", where=name, rule=f"at most {limit} bytes here")
            data = os.read(descriptor, size + 1)
            while len(data) < size and (more := os.read(descriptor, size - len(data))):
                data += more  # only a network file system gives less than it was asked for
        except OSError as error:
            self._fail(error, name)
        finally:
            os.close(descriptor)
        return data[:size]

    def stream(self, name: str, offset: int = 0) -> system.FileReader:
        """As `PostOffice.stream`."""
        if offset < 0:
            raise ValueError("an offset is not negative")
        descriptor, size = self._open(name)
        try:
            os.lseek(descriptor, min(offset, size), os.SEEK_SET)
        except OSError as error:
            os.close(descriptor)
            self._fail(error, name)
        return system.FileReader(descriptor, size, max(0, size - offset), url=self.url, name=name)

    def size(self, name: str) -> int | None:
        """As `PostOffice.size`."""
        try:
            descriptor, size = self._open(name)
        except NoSuchObjectError:
            return None
        os.close(descriptor)
        return size

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `PostOffice.names`; holds a bounded number of names of a folder, and looks again for more."""
        return self._below(names.check_prefix(prefix), prefix, after)

    def close(self) -> None:
        """As `PostOffice.close`."""
        with self._lock:
            _close_all(self._held)

    def _open(self, name: str) -> tuple[int, int]:
        """A descriptor of the regular file of an object, and its size."""
        names.check_object_name(name)
        place, _, leaf = name.rpartition("/")
        try:
            with self._lock:
                descriptor = self._folder(place).open(leaf, folders.READ)
        except FileNotFoundError:
            raise NoSuchObjectError("nothing is there", where=name) from None
        except NotADirectoryError:
            raise self._foreign(name, "its folder is a link or no folder") from None
        except OSError as error:
            if error.errno in _FOREIGN:
                raise self._foreign(name, "a link, a folder or a device") from None
            self._fail(error, name)
        try:
            status = os.fstat(descriptor)
        except OSError as error:
            os.close(descriptor)
            self._fail(error, name)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise self._foreign(name, "no regular file")
        self._newest = max(self._newest, status.st_mtime_ns)
        return descriptor, status.st_size

    def _folder(self, place: str) -> Folder:
        """The folder of the last parts, kept from one read to the next while its path still leads to it."""
        held = self._held.get(place)
        if held is not None:
            if held.is_at(f"{self._root}/{place}"):
                return held
            del self._held[place]
            held.close()
        folder = self._walk(tuple(place.split("/")))
        while len(self._held) >= _HELD:
            self._held.pop(next(iter(self._held))).close()
        self._held[place] = folder
        return folder

    def _walk(self, parts: tuple[str, ...], *, make: bool = False) -> Folder:
        """The folder below the root, each part looked at.

        Raises:
            UnreachableError: there is no root.
            OSError: FileNotFoundError or NotADirectoryError for a part below the root.
        """
        try:
            folder = self._kind.root(self._root)
        except OSError as error:
            raise system.no_root(error, self.url) from None
        for part in parts:
            try:
                try:
                    below = folder.child(part)
                except FileNotFoundError:
                    if not make:
                        raise
                    folder.make(part)
                    below = folder.child(part)
            finally:
                folder.close()
            folder = below
        return folder

    def _below(self, parts: tuple[str, ...], prefix: str, after: str) -> Iterator[str]:
        last, again = after, False
        while True:
            batch = self._batch(parts, prefix, last, again=again)
            for key in batch:
                if key.endswith("/"):
                    yield from self._below(tuple(key[:-1].split("/")), prefix, after)
                else:
                    yield key
            if len(batch) < _LISTED_AT_ONCE:
                return
            last, again = batch[-1], True

    def _batch(self, parts: tuple[str, ...], prefix: str, last: str, *, again: bool) -> list[str]:
        """The least names in a folder after ``last``, sorted; those of folders end in a slash."""
        base = "".join(f"{part}/" for part in parts)
        try:
            folder = self._walk(parts)
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            self._skip(base, "a link or no folder")
            return []
        except PermissionError:
            self._skip(base, "may not be read")
            return []
        except OSError as error:
            self._fail(error, base)
        with closing(folder), self._translated(base or self.url):
            keys = (key for entry in folder.scan() if (key := self._key(base, len(parts), entry)) is not None)
            wanted = (
                key
                for key in keys
                if key.startswith(prefix) and (key > last or (not again and key[-1] == "/" and last.startswith(key)))
            )
            return _least(wanted)

    def _key(self, base: str, depth: int, entry: os.DirEntry[str]) -> str | None:
        name = base + entry.name
        if depth == _LEAF_DEPTH:
            if names.is_object_name(name):
                if entry.is_file(follow_symlinks=False):
                    return name
                self._skip(name, "a link, a folder or a device")
            elif not (_PART.fullmatch(entry.name) or _CLAIM.fullmatch(entry.name)):
                self._skip(name, "not a name of the protocol")
        elif not text.is_name(entry.name):
            self._skip(name, "not a name of the protocol")
        elif entry.is_dir(follow_symlinks=False):
            return name + "/"
        else:
            self._skip(name, "a link or no folder")
        return None

    # ---- writing -------------------------------------------------------------------------------------------------

    def create(self, name: str, data: bytes) -> bool:
        """As `PostOffice.create`: a hard link to the finished file, or a claim where links are refused."""
        names.check_size(name, len(data))
        place, _, leaf = name.rpartition("/")
        with self._translated(name, writing=True), closing(self._walk(tuple(place.split("/")), make=True)) as folder:
            if folder.look(leaf) is not None:
                return False
            with self._part(folder, place, io.BytesIO(data), name) as part:
                return self._commit(folder, part, leaf)

    def put(self, name: str, source: "bytes | Source") -> None:
        """As `PostOffice.put`: a rename of the finished file."""
        names.check_replaceable(name)
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        place, _, leaf = name.rpartition("/")
        with (
            self._translated(name, writing=True),
            closing(self._walk(tuple(place.split("/")), make=True)) as folder,
            self._part(folder, place, source, name) as part,
        ):
            folder.replace(part, leaf)
            folder.sync()

    def discard(self, name: str) -> None:
        """As `PostOffice.discard`."""
        names.check_probe(name)
        place, _, leaf = name.rpartition("/")
        with (
            self._translated(name, writing=True),
            suppress(FileNotFoundError),
            closing(self._walk(tuple(place.split("/")))) as folder,
        ):
            folder.remove(leaf)

    def _commit(self, folder: Folder, part: str, leaf: str) -> bool:
        try:
            folder.link(part, leaf)
        except FileExistsError:
            # A network file system may repeat a request that had worked: the name is then our own file.
            ours, there = folder.look(part), folder.look(leaf)
            if ours is None or there is None or not os.path.samestat(ours, there):
                return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return claims.rename_if_absent(folder, part, leaf, patience=self._patience)
        folder.sync()
        return True

    @contextmanager
    def _part(self, folder: Folder, place: str, source: "Source", name: str) -> Generator[str]:
        """A temporary file with all of ``source``, synced; removed at the end, which a rename has made needless."""
        part = f".{secrets.token_hex(16)}.part"
        descriptor = folder.open(part, folders.CREATE)
        try:
            try:
                _copy(source, descriptor, name)
                folders.sync_file(descriptor)
                now = os.fstat(descriptor).st_mtime_ns
            finally:
                os.close(descriptor)
            self._sweep(folder, place, now)
            yield part
        finally:
            with suppress(OSError):  # done or not, the object is as it must be; the rest is swept a day later
                folder.remove(part)

    def _sweep(self, folder: Folder, place: str, now: int) -> None:
        """Remove temporary files that a crash left here over a day ago by the store's clock; looked for once."""
        if place in self._swept:
            return
        self._swept.add(place)
        with suppress(OSError):
            for entry in folder.scan():
                if _PART.fullmatch(entry.name):
                    found = folder.look(entry.name)
                    if found is not None and now - found.st_mtime_ns > _PART_NANOSECONDS:
                        folder.remove(entry.name)

    # ---- what goes wrong -----------------------------------------------------------------------------------------

    def _skip(self, name: str, reason: str) -> None:
        if len(self._skipped) < limits.SKIPPED:
            self._skipped[text.shown(name, 300)[1:-1]] = reason

    def _foreign(self, name: str, reason: str) -> ForeignObjectError:
        self._skip(name, reason)
        return ForeignObjectError(
            "what is there is no object", where=name, rule=f"regular files only; this is {reason}"
        )

    def _fail(self, error: OSError, name: str, *, writing: bool = False) -> Never:
        raise system.unable(error, self.url, name, writing=writing) from error

    @contextmanager
    def _translated(self, name: str, *, writing: bool = False) -> Generator[None]:
        try:
            yield
        except OSError as error:
            self._fail(error, name, writing=writing)


def _copy(source: "Source", descriptor: int, name: str) -> None:
    written = 0
    while True:
        try:
            piece = source.read(_PIECE)
        except OSError as error:
            raise UnableError(f"what is to be stored cannot be read: {error.strerror}", where=name) from error
        if not piece:
            return
        written += len(piece)
        names.check_size(name, written)
        view = memoryview(piece)
        while view:
            view = view[os.write(descriptor, view) :]


def _least(keys: Iterator[str]) -> list[str]:
    """The least `_LISTED_AT_ONCE` of ``keys``, sorted, never holding more than twice as many."""
    least: list[str] = []
    for key in keys:
        least.append(key)
        if len(least) >= 2 * _LISTED_AT_ONCE:
            least = sorted(least)[:_LISTED_AT_ONCE]
    return sorted(least)[:_LISTED_AT_ONCE]


def _close_all(held: dict[str, Folder]) -> None:
    while held:
        held.popitem()[1].close()
