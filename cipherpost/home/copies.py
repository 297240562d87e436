"""The sealed files that a home keeps, each under its hash: ``mail/sealed/<hash>.age``.

A download grows as ``<hash>.part`` and goes on where it broke off; it gets its name only when it has its hash.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from cipherpost import limits
from cipherpost.errors import NotAuthenticError, UnableError
from cipherpost.home.files import FILE_MODE, NewFile, disk_error, disk_errors, flush_folder, make_folder

SEALED: Final = "mail/sealed"
_NAME = re.compile(r"([0-9a-f]{64})\.age")
_OPEN: Final = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


class CopyMissingError(UnableError):
    """The sealed file is not in this home."""


class CopyIncompleteError(UnableError):
    """A download ended before the file did; what came is kept."""


class CopySwappedError(NotAuthenticError):
    """A sealed file does not have the hash or size that the header signs (V9)."""


class Copies:
    """The sealed files of ``home``; all that writes wants the home's lock."""

    def __init__(self, home: Path) -> None:
        self._folder = home / SEALED

    def path(self, hash: str) -> Path:
        """Where the sealed file of this hash (64 hex) lies, or would."""
        return self._folder / f"{hash}.age"

    def has(self, hash: str) -> bool:
        """Whether it is here, whole."""
        return self.path(hash).is_file()

    def hashes(self) -> set[str]:
        """The hashes of all that is here."""
        with disk_errors(self._folder):
            names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        return {match.group(1) for match in map(_NAME.fullmatch, names) if match}

    def open(self, hash: str) -> BinaryIO:
        """The sealed file as a binary stream; `check` tells whether the disk kept it well.

        Raises:
            CopyMissingError: it is not here.
        """
        path = self.path(hash)
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise CopyMissingError(
                "the sealed file is not in this home", where=path.name, hints=("cipherpost fetch",)
            ) from None
        except OSError as error:
            raise disk_error(error, path) from error

    def check(self, hash: str) -> int:
        """Read the whole file and compare; gives its size in bytes.

        Raises:
            CopyMissingError: it is not here.
            CopySwappedError: the disk kept other bytes; the file was removed, so that it is fetched again.
        """
        digest, size = hashlib.sha256(), 0
        with self.open(hash) as file, disk_errors(self.path(hash)):
            while block := file.read(limits.PIECE):
                digest.update(block)
                size += len(block)
        if digest.hexdigest() != hash:
            self.remove(hash)
            raise _swapped(hash, "the disk kept other bytes than were fetched")
        return size

    def take(self, source: Path, hash: str) -> None:
        """Keep a file that lies elsewhere in the home (the outbox), without moving it away.

        Raises:
            CopySwappedError: ``source`` does not have this hash.
        """
        if self.has(hash):
            return
        make_folder(self._folder)
        with disk_errors(source), source.open("rb") as file, NewFile(self.path(hash), hashed=True) as sink:
            shutil.copyfileobj(file, sink, limits.PIECE)
            if sink.hash != hash:
                raise _swapped(hash, "the file to be kept has another hash")

    def remove(self, hash: str) -> None:
        """Let go of a sealed file and of what was downloaded of it."""
        with disk_errors(self._folder):
            for path in (self.path(hash), self._part(hash)):
                path.unlink(missing_ok=True)

    def partial(self, hash: str) -> int:
        """How many bytes of it were downloaded before the line broke."""
        path = self._part(hash)
        return path.stat().st_size if path.is_file() else 0

    @contextmanager
    def download(self, hash: str, size: int) -> Iterator["Download"]:
        """Download a sealed file, or the rest of it: ``download.offset`` says from where, ``download.write`` how.

        At the end of the block the file is whole and has its hash. A block that ends in an exception keeps what
        came, for the next time.

        Args:
            size: bytes that the header states.

        Raises:
            CopySwappedError: at the end, another hash; from `write`, more bytes than stated. Nothing is kept.
            CopyIncompleteError, DiskError: what came is kept.
        """
        make_folder(self._folder)
        part = self._part(hash)
        with disk_errors(part):
            file = os.fdopen(os.open(part, _OPEN, FILE_MODE), "r+b")
        try:
            download = Download(file, part, size)
            yield download
            download.finish(hash)
        except CopySwappedError:
            file.close()
            part.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        with disk_errors(part):
            part.replace(self.path(hash))
            flush_folder(self._folder)

    def _part(self, hash: str) -> Path:
        return self._folder / f"{hash}.part"


class Download:
    """A download under way; see `Copies.download`. ``offset`` is the number of bytes that are here already."""

    __slots__ = ("_digest", "_file", "_path", "_size", "offset")

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self._file = file
        self._path = path
        self._size = size
        self._digest = hashlib.sha256()
        self.offset = 0
        with disk_errors(path):
            while block := file.read(limits.PIECE):
                self._digest.update(block)
                self.offset += len(block)
            if self.offset > size:  # of another size than stated: begin anew
                file.seek(0)
                file.truncate()
                self._digest, self.offset = hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Append ``data``."""
        if self.offset + len(data) > self._size:
            raise _swapped(self._path.stem, f"there are more than the {self._size} bytes stated")
        with disk_errors(self._path):
            self._file.write(data)
        self._digest.update(data)
        self.offset += len(data)
        return len(data)

    def finish(self, hash: str) -> None:
        """Check size and hash, and put all on the disk; called at the end of the block."""
        if self.offset != self._size:
            raise CopyIncompleteError(
                f"{self.offset} of {self._size} bytes came",
                where=f"{hash}.age",
                rule="a sealed file is taken whole",
                hints=("cipherpost fetch",),
            )
        if self._digest.hexdigest() != hash:
            raise _swapped(hash, "the bytes have another hash")
        with disk_errors(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())


def _swapped(hash: str, what: str) -> CopySwappedError:
    return CopySwappedError(
        what,
        where=f"{hash}.age",
        rule="V9: a sealed file has the hash and size that the header signs",
        hints=("cipherpost fetch",),
    )
