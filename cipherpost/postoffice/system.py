"""Files and errors of the operating system, in the words of a post office."""

import errno
import io
import os
from typing import Final, Self

from cipherpost import limits, text
from cipherpost.errors import UnableError
from cipherpost.postoffice.errors import (
    OccupiedError,
    ReadOnlyError,
    StoreFullError,
    UnreachableError,
    UnreadableObjectError,
)

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


class FileReader(io.RawIOBase):
    """An object of a directory, from the offset that was asked for to the end that it had when opened."""

    def __init__(self, descriptor: int, size: int, left: int, *, url: str, name: str) -> None:
        self.size: int = size
        self._url = url
        self._name = name
        self._descriptor = descriptor
        self._left = left

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill ``buffer``, less only at the end."""
        view = memoryview(buffer)[: self._left]
        filled = 0
        try:
            while filled < len(view) and (data := os.read(self._descriptor, min(len(view) - filled, limits.MIB))):
                view[filled : filled + len(data)] = data
                filled += len(data)
        except OSError as error:
            raise unable(error, self._url, self._name) from error
        self._left -= filled
        return filled

    def close(self) -> None:
        """Give the file back."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def no_root(error: OSError, url: str) -> UnreachableError:
    """Why the folder of a post office could not be opened; it is never made silently, the stick may be missing."""
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    return UnreachableError(
        "there is no such folder" if missing else f"the folder cannot be opened: {error.strerror}",
        where=text.shown(url, 200),
        rule="the folder of a post office must exist",
        hints=("connect the stick or the share, and repeat the command",),
    )


def unable(error: OSError, url: str, name: str, *, writing: bool = False) -> UnableError:
    """The system's error in the words of a post office; ``error`` itself stays its cause."""
    place = url if name == url else f"{name} in {text.shown(url, 200)}"
    if error.errno in _FULL:
        hints = ("make room there, and repeat the command: nothing is lost",)
        return StoreFullError("the post office is full", where=place, rule=str(error.strerror), hints=hints)
    if error.errno == errno.EFBIG:
        hints = ("use a file system that takes larger files, not FAT",)
        return StoreFullError("the file is too large for this file system", where=place, hints=hints)
    if error.errno == errno.EROFS or (writing and error.errno in {errno.EACCES, errno.EPERM}):
        hints = ("ask whoever keeps the folder for the right to write there",)
        return ReadOnlyError(
            "the post office takes nothing from us", where=place, rule=str(error.strerror), hints=hints
        )
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        hints = ("look at what stands there, and move it away",)
        return OccupiedError(
            "something else stands where an object or folder belongs",
            where=place,
            rule="folders and regular files only, no links",
            hints=hints,
        )
    if isinstance(error, PermissionError):
        hints = ("ask whoever keeps the folder for the right to read there",)
        return UnreadableObjectError("this may not be read", where=place, rule=str(error.strerror), hints=hints)
    return UnreachableError(
        "the post office does not answer",
        where=place,
        rule=str(error.strerror or error),
        hints=("repeat the command when it does: nothing is lost",),
    )
