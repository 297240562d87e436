"""How the home writes: private, flushed, and whole or not at all (I4, I5).

Every file comes into being beside its place under a temporary name and takes its name only when its bytes are on
the disk. Temporary files are recognised by their names and swept up by the next writer.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cipherpost import limits
from cipherpost.digest import Sha256
from cipherpost.errors import UnableError

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
DOCUMENT_MODE: Final = 0o666
"""Of what the user has made elsewhere, to be shown and given away: the system's mask says who reads it."""
_PREFIX: Final = ".new-"
_GONE: Final = ".old-"
_AHEAD: Final = 32 << 20
"""Bytes after which the disk is told to begin."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
_CLOSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EINVAL})
_NEW: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class DiskError(UnableError):
    """The disk did not take or give what was asked of it."""


class AlreadyThereError(UnableError):
    """A file that is never written over is already there."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the block into a `DiskError` that names ``path``."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> DiskError:
    """The refusal for ``error`` at ``path``, in words, with what to do next."""
    if error.errno in _FULL:
        return DiskError(
            "the disk is full",
            where=str(path),
            rule="what was there before is unchanged",
            hints=("make room on the disk and run the command again",),
        )
    reason = error.strerror or type(error).__name__
    if error.errno in _NOT_THERE:
        return DiskError(
            "there is no such file or folder",
            where=str(path),
            hints=("look whether the name is right, and whether the stick or share is there",),
        )
    if error.errno in _CLOSED:
        return DiskError(
            f"the disk refused: {reason}",
            where=str(path),
            rule="you must be allowed to read and write there",
            hints=("name another place, or ask whoever looks after this computer",),
        )
    return DiskError(f"the disk refused: {reason}", where=str(path))


class NewFile:
    """A file being written; it takes its name when the ``with`` block ends well, and never exists by halves.

    Args:
        path: the name it gets; the folder must exist.
        replace: whether an older file of that name gives way; without it, an older file is never written over.
        hashed: whether `hash` will be asked for; large letters are spared the work.
        mode: of the file, as far as the system's mask lets it.

    `hash` (SHA-256, hex) and `size` (bytes) speak of what was written so far.

    Raises:
        DiskError: from `write` and the end of the block.
        AlreadyThereError: at the end of the block, without ``replace``; at once, where a device or pipe would give way.
    """

    __slots__ = ("_begun", "_digest", "_file", "_replace", "_temporary", "path", "size")

    def __init__(self, path: Path, *, replace: bool = True, hashed: bool = False, mode: int = FILE_MODE) -> None:
        self.path = path
        self.size = 0
        self._begun = 0
        self._replace = replace
        self._digest = Sha256() if hashed else None
        self._temporary = path.with_name(_PREFIX + secrets.token_hex(8))
        with disk_errors(path):
            if path.exists() and not (path.is_file() or path.is_dir()):  # a rename would put a file in its place
                raise AlreadyThereError(
                    "there is a device or a pipe of this name",
                    where=str(path),
                    rule="only a file ever gives way to another",
                    hints=("name another file",),
                )
            self._file = os.fdopen(os.open(self._temporary, _NEW, mode), "wb", buffering=limits.PIECE)

    @property
    def hash(self) -> str:
        """SHA-256 of what was written so far, in hex."""
        assert self._digest is not None
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Append ``data``; gives its length in bytes."""
        if self._digest is not None:
            self._digest.update(data)
        self.size += len(data)
        with disk_errors(self.path):
            written = self._file.write(data)
        if self.size - self._begun >= _AHEAD:
            self._begin_flush()
        return written

    def _begin_flush(self) -> None:
        """Let the disk begin with what was written, so that the flush at the end has less to wait for."""
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):  # an advice only
                length = self.size - self._begun
                os.posix_fadvise(self._file.fileno(), self._begun, length, os.POSIX_FADV_DONTNEED)
        self._begun = self.size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with disk_errors(self.path):
                    self._finish()
        finally:
            if self._digest is not None:
                self._digest.close()
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._temporary.unlink()

    def _finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._replace:
            _claim(self._temporary, self.path)
        else:
            self._temporary.replace(self.path)
        flush_folder(self.path.parent)


def _claim(temporary: Path, path: Path) -> None:
    """Give ``temporary`` its name unless something has it: by a link, which is one step; else by an empty file."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise _there(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            os.close(os.open(path, _NEW, FILE_MODE))
        except FileExistsError:
            raise _there(path) from None
        temporary.replace(path)


def _there(path: Path) -> AlreadyThereError:
    return AlreadyThereError("there is a file of this name already", where=str(path), rule="it is never written over")


def write_file(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write a small file whole; see `NewFile` for the rules and errors."""
    with NewFile(path, replace=replace) as file:
        file.write(data)


def write_document(path: Path, data: bytes, *, replace: bool) -> None:
    """Write what the user asked for outside of the home: whole, or nothing at all.

    A file that gives way hands on its mode; a link or device that is there is written through.

    Raises:
        DiskError, AlreadyThereError: see `NewFile`.
    """
    if replace and (path.is_symlink() or (path.exists() and not path.is_file())):
        with disk_errors(path):
            path.write_bytes(data)
        return
    mode = path.stat().st_mode & 0o777 if replace and path.exists() else DOCUMENT_MODE
    with NewFile(path, replace=replace, mode=mode) as file:
        file.write(data)


def replace_file(path: Path, data: bytes) -> None:
    """Write a small file whole instead of an older one, and overwrite the bytes of that where the system lets it.

    A disk that never writes in place, a snapshot and a backup keep them nevertheless (docs/keys.md).
    """
    old = path.with_name(_GONE + secrets.token_hex(8))
    with suppress(OSError):  # no such file, or a file system without links: then it is removed only
        old.hardlink_to(path)
    try:
        write_file(path, data)
    finally:
        wipe(old)


def wipe(path: Path) -> None:
    """Overwrite a file and remove it; one that has another name too is only removed."""
    with disk_errors(path):
        try:
            state = path.stat()
            if state.st_nlink == 1:
                with path.open("r+b", buffering=0) as file:
                    file.write(secrets.token_bytes(state.st_size))
                    os.fsync(file.fileno())
            path.unlink()
            flush_folder(path.parent)
        except FileNotFoundError:
            return


def wipe_left(folder: Path) -> None:
    """Overwrite and remove what a kill left of older files in ``folder``; only while holding the home's lock."""
    with disk_errors(folder):
        left = [path for path in folder.iterdir() if path.name.startswith(_GONE)] if folder.is_dir() else []
    for path in left:
        wipe(path)


def flush_folder(folder: Path) -> None:
    """Put a folder's new names on the disk, where the system can (Windows does so by itself)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a private folder (mode 0700) unless it is there; parents get the system's usual mode."""
    with disk_errors(folder):
        if folder.is_dir():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        flush_folder(folder.parent)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left in ``folder``; only while holding the home's lock."""
    if not folder.is_dir():
        return
    with disk_errors(folder):
        for path in folder.iterdir():
            if path.name.startswith(_PREFIX) and path.is_file():
                path.unlink(missing_ok=True)
