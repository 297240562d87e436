"""One folder of a post office, held so that nobody can lead us out of it by a link.

Where the system can open relative to an open folder (Linux, macOS), `AnchoredFolder` holds a descriptor: whatever
happens to the path afterwards, we stay where we walked. Elsewhere (Windows), `PathFolder` looks before it opens and
compares afterwards; between the two, someone who may write to the folder can still win a race.

Errors are the system's (`OSError`); a link or a file in the place of a folder is `NotADirectoryError`.
"""
# ruff: noqa: PTH102, PTH105, PTH108, PTH116
# pathlib knows neither descriptors nor the long paths of Windows

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Protocol, Self

try:
    import fcntl
except ImportError:  # Windows
    _FULL_SYNC = None
else:
    _FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)

_COMMON: Final = (
    getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
)
READ: Final = os.O_RDONLY | _COMMON | getattr(os, "O_NONBLOCK", 0)
"""How an object is opened: a link is refused, and a pipe put in its place does not keep us waiting."""
CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NOT_A_FOLDER: Final = {errno.ENOTDIR, errno.ELOOP, errno.EMLINK, getattr(errno, "EFTYPE", errno.ENOTDIR)}
_MODE: Final = 0o666  # the user's umask decides: colleagues share a post office
_MOUNT_POINT: Final = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, a junction of Windows


class Folder(Protocol):
    """An open folder; every name is one part of a path, never ``.`` or ``..``."""

    @classmethod
    def root(cls, path: str) -> Self:
        """The root, whose own path may hold links: the user named it."""

    def child(self, name: str) -> Self:
        """The folder ``name`` in this one, no link."""

    def make(self, name: str) -> None:
        """Make the folder ``name`` unless it is there, for good."""

    def open(self, name: str, flags: int) -> int:
        """A descriptor of the file ``name``, no link; the caller closes it."""

    def look(self, name: str) -> os.stat_result | None:
        """What is under ``name``, links not followed; None for nothing."""

    def link(self, old: str, new: str) -> None:
        """Give the file ``old`` the second name ``new``, unless something has it."""

    def replace(self, old: str, new: str) -> None:
        """Rename ``old`` to ``new``, in the place of what is there."""

    def remove(self, name: str) -> None:
        """Remove the file or link ``name``."""

    def scan(self) -> Iterator[os.DirEntry[str]]:
        """What is in the folder, in no order."""

    def sync(self) -> None:
        """Return when the folder's names are safe from a power failure, where the system can say so."""

    def is_at(self, path: str) -> bool:
        """Whether this folder, as it is held, is still the one at ``path``."""

    def close(self) -> None:
        """Give the folder back; it cannot be used afterwards."""


def is_link(status: os.stat_result) -> bool:
    """Whether this is a symbolic link or a junction of Windows."""
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _MOUNT_POINT


def sync_file(descriptor: int) -> None:
    """fsync; on macOS through to the medium, which fsync alone does not do there."""
    if _FULL_SYNC is not None:
        with suppress(OSError):  # not every file system of macOS knows it
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
    os.fsync(descriptor)


class AnchoredFolder:
    """A folder held by its descriptor."""

    __slots__ = ("_descriptor", "_identity")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        self._identity = (status.st_ino, status.st_dev)

    @classmethod
    def root(cls, path: str) -> Self:
        return cls(os.open(path, _FOLDER))

    def child(self, name: str) -> Self:
        try:
            return type(self)(os.open(name, _FOLDER | _COMMON, dir_fd=self._descriptor))
        except OSError as error:
            if error.errno in _NOT_A_FOLDER:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name) from None
            raise

    def make(self, name: str) -> None:
        try:
            os.mkdir(name, dir_fd=self._descriptor)
        except FileExistsError:
            return
        self.sync()

    def open(self, name: str, flags: int) -> int:
        return os.open(name, flags, _MODE, dir_fd=self._descriptor)

    def look(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def link(self, old: str, new: str) -> None:
        here = self._descriptor
        os.link(old, new, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=False)

    def replace(self, old: str, new: str) -> None:
        os.replace(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self._descriptor)

    def scan(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._descriptor) as entries:
            yield from entries

    def sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:  # some network file systems have no such thing for folders
            if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
                raise

    def is_at(self, path: str) -> bool:
        """Links in ``path`` do no harm: only the answer whether it is the same folder is used."""
        try:
            there = os.stat(path)
        except OSError:
            return False
        return (there.st_ino, there.st_dev) == self._identity

    def close(self) -> None:
        os.close(self._descriptor)


class PathFolder:
    """A folder held by its path: looked at before each step."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def root(cls, path: str) -> Self:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return cls(path.rstrip(os.sep))

    def child(self, name: str) -> Self:
        path = self._of(name)
        status = os.lstat(path)
        if is_link(status) or not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
        return type(self)(path)

    def make(self, name: str) -> None:
        try:
            os.mkdir(self._of(name))
        except FileExistsError:
            return
        self.sync()

    def open(self, name: str, flags: int) -> int:
        path = self._of(name)
        if flags & os.O_EXCL:
            return os.open(path, flags, _MODE)
        before = os.lstat(path)
        if is_link(before):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        if not stat.S_ISREG(before.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        descriptor = os.open(path, flags)
        if not os.path.samestat(before, os.fstat(descriptor)):
            os.close(descriptor)
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), name)
        return descriptor

    def look(self, name: str) -> os.stat_result | None:
        try:
            return os.lstat(self._of(name))
        except FileNotFoundError:
            return None

    def link(self, old: str, new: str) -> None:
        os.link(self._of(old), self._of(new))

    def replace(self, old: str, new: str) -> None:
        os.replace(self._of(old), self._of(new))

    def remove(self, name: str) -> None:
        os.unlink(self._of(name))

    def scan(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._path) as entries:
            yield from entries

    def sync(self) -> None:
        """Windows cannot, and needs not: NTFS journals names in order."""

    def is_at(self, path: str) -> bool:
        """Never taken for granted: a path is walked anew each time."""
        return False

    def close(self) -> None:
        """Nothing is held."""

    def _of(self, name: str) -> str:
        return f"{self._path}{os.sep}{name}"


CAN_ANCHOR: Final = hasattr(os, "O_NOFOLLOW") and {os.open, os.stat, os.mkdir, os.link, os.unlink} <= os.supports_dir_fd
"""Whether this system can open relative to an open folder."""


def suited() -> type[Folder]:
    """The kind of folder that suits this system."""
    return AnchoredFolder if CAN_ANCHOR else PathFolder


def extended(path: str) -> str:
    r"""``path`` (absolute) in the form ``\\?\C:\...`` in which Windows takes more than 260 characters."""
    if path.startswith("\\\\?\\"):
        return path
    return "\\\\?\\UNC\\" + path[2:] if path.startswith("\\\\") else "\\\\?\\" + path
