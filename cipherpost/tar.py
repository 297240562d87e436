"""A strict writer and reader of POSIX archives, for letters, bundles and publications; both stream.

Python's ``tarfile`` loses members silently when a byte flips, and believes any size it is told. Here every archive
has one form: the reader prints anew what it has understood, and refuses what is not the same byte for byte.

The form (POSIX.1-2017, ``pax``, "ustar Interchange Format"), in blocks of 512 bytes:

* for each member one header: name, mode ``0000644``, owner and group ``0000000``, size and time as eleven octal
  digits (time 0), the checksum, type ``0``, magic ``ustar``, version ``00``, empty owner names, device numbers
  ``0000000``, empty prefix; then the bytes, filled up with zeros;
* before it, only where the name has more than 100 bytes or is not ASCII, or the size is 8 GiB or more, a pax header
  (type ``x``, name ``././@PaxHeader``) with the records ``path`` and ``size``, those that are needed, in this order.
  In the member's own header each byte of the name outside ASCII is then ``_``, the name is cut after 100 bytes,
  and a size given in the pax header is 0;
* at the end two blocks of zeros, and for a letter as many more as bring the whole to its Padmé length
  (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019), which
  leaves log log of the length in view and adds at most 12 per cent.

Example: ``body.txt`` with ``hello`` alone is a header, one block of data, two of zeros: 2,048 bytes, and that is
its Padmé length too.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol, Self

from cipherpost import limits
from cipherpost.errors import UnableError, UseError
from cipherpost.text import shown
from cipherpost.ustar import (
    BLOCK,
    NAME_FIELD,
    PAX_BYTES,
    PAX_NAME,
    ArchiveChecksumError,
    ArchiveError,
    ArchiveFieldError,
    ArchiveKindError,
    ArchiveNameError,
    ArchivePaddingError,
    ArchivePaxError,
    ArchiveTooLargeError,
    ArchiveTrailingError,
    ArchiveTruncatedError,
    archive_bytes,
    check_checksum,
    check_kind,
    check_name,
    filled,
    header,
    headers,
    member_bytes,
    padme,
    parse_octal,
    parse_records,
    plain_member,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "CHUNK",
    "ArchiveChecksumError",
    "ArchiveError",
    "ArchiveFieldError",
    "ArchiveKindError",
    "ArchiveNameError",
    "ArchivePaddingError",
    "ArchivePaxError",
    "ArchiveTooLargeError",
    "ArchiveTrailingError",
    "ArchiveTruncatedError",
    "Member",
    "MemberRefusedError",
    "Reader",
    "Sink",
    "SourceChangedError",
    "TarReader",
    "TarStream",
    "TarWriter",
    "archive_bytes",
    "check_name",
    "member_bytes",
    "padme",
]

CHUNK: Final = limits.PIECE
"""Bytes that are read and written at a time."""
_ZEROS: Final = bytes(BLOCK)


class Reader(Protocol):
    """What gives bytes: ``read(n)`` returns at most n bytes, fewer only if it likes, ``b""`` only at the end."""

    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    """What takes bytes: all of ``data``, or it raises."""

    def write(self, data: bytes, /) -> object: ...


class SourceChangedError(UnableError):
    """What was to be packed has other bytes than announced; most likely a file that changed meanwhile."""


class MemberRefusedError(UseError):
    """The caller wants to pack something that the format does not hold."""


# ---- writing -----------------------------------------------------------------------------------------------------


class TarWriter:
    """Writes an archive to ``sink``, which stays open; `close` ends it, and without `close` it has no valid end.

    Args:
        padded: fill up to the Padmé length, as letters are.
    """

    def __init__(self, sink: Sink, *, padded: bool = False) -> None:
        self._sink = sink
        self._padded = padded
        self._written = 0

    def add(self, name: str, size: int, source: bytes | Reader) -> None:
        """Append one member of exactly ``size`` bytes.

        Raises:
            ArchiveNameError: the name (`check_name`).
            MemberRefusedError: the size is out of bounds.
            SourceChangedError: ``source`` has more or fewer bytes; the archive cannot be finished then.
        """
        for piece in _pieces(name, size, source):
            self._put(piece)

    def close(self) -> int:
        """Write the end of the archive; returns the length of the whole in bytes."""
        left = archive_bytes(self._written, padded=self._padded) - self._written
        while left:
            self._put(bytes(min(CHUNK, left)))
            left -= min(CHUNK, left)
        return self._written

    def _put(self, data: bytes) -> None:
        if data:
            self._sink.write(data)
            self._written += len(data)


def _pieces(name: str, size: int, source: bytes | Reader) -> Iterator[bytes]:
    """One member as it stands in an archive: headers, content, zeros."""
    if not 0 <= size <= limits.SIZE:
        raise MemberRefusedError(f"a member of {size} bytes", where=shown(name), rule="0 to 2^40")
    reader = io.BytesIO(source) if isinstance(source, bytes) else source
    yield headers(check_name(name), size)
    left = size
    while left:
        chunk = reader.read(min(CHUNK, left))
        if not chunk:
            raise SourceChangedError(f"it ends {left} bytes before its announced size", where=shown(name))
        yield chunk
        left -= len(chunk)
    if reader.read(1):
        raise SourceChangedError(f"it goes on after its announced {size} bytes", where=shown(name))
    yield bytes(filled(size) - size)


class TarStream(io.RawIOBase):
    """An archive, not padded, that is made while it is read.

    Args:
        members: (name, size in bytes, content) of each; asked for one after the other, when it is its turn.

    Raises:
        ArchiveNameError, MemberRefusedError, SourceChangedError: from reading; as `TarWriter.add`.
    """

    def __init__(self, members: Iterable[tuple[str, int, bytes | Reader]]) -> None:
        super().__init__()
        self._coming = self._all(members)
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """The next bytes; 0 at the end only."""
        while not self._ready:
            piece = next(self._coming, None)
            if piece is None:
                return 0
            self._ready = memoryview(piece)
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._ready))
        room[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        """Let go of the members."""
        self._coming.close()
        super().close()

    @staticmethod
    def _all(members: Iterable[tuple[str, int, bytes | Reader]]) -> Generator[bytes]:
        for name, size, source in members:
            yield from _pieces(name, size, source)
        yield _ZEROS * 2


# ---- reading -----------------------------------------------------------------------------------------------------


class Member:
    """One member that is being read: ``name``, ``size``, and its bytes, once."""

    __slots__ = ("_archive", "left", "name", "size")

    def __init__(self, archive: "TarReader", name: str, size: int) -> None:
        self._archive = archive
        self.name = name
        self.size = size
        self.left = size

    def read(self, size: int = CHUNK, /) -> bytes:
        """At most ``size`` bytes; ``b""`` at the end of the member only.

        Raises:
            ArchiveTruncatedError: the archive ends first.
            ArchivePaddingError: found when the last byte is taken: the rest of the block is not zero.
        """
        wanted = min(size, self.left)
        if wanted <= 0:
            return b""
        chunk = self._archive.take(wanted)
        self.left -= len(chunk)
        if not self.left:
            self._archive.skip_zeros(filled(self.size) - self.size, "the last block of a member")
        return chunk

    def read_all(self, limit: int) -> bytes:
        """All bytes of a small member.

        Raises:
            ArchiveTooLargeError: it has more than ``limit`` bytes; none is read then.
        """
        if self.size > limit:
            raise ArchiveTooLargeError(f"a member has {self.size} bytes", rule=f"at most {limit}")
        parts = []
        while self.left:
            parts.append(self.read(self.left))
        return b"".join(parts)


class TarReader:
    """Reads an archive of the one form: iterate once; the iteration ends only when the whole source has been checked.

    What a member has left unread is read and dropped when the next one is asked for.

    Args:
        source: the bytes, from the first to the last.
        padded: the archive must have its Padmé length, as letters have; else exactly two blocks of zeros at the end.
        max_members: how many members there may be.

    Raises:
        ArchiveError, ArchiveTooLargeError: while iterating and reading; one class for each reason.
    """

    def __init__(self, source: Reader, *, padded: bool = False, max_members: int = limits.NUMBER) -> None:
        self._source = source
        self._padded = padded
        self._max_members = max_members
        self._members = 0
        self._offset = 0
        self._current: Member | None = None
        self._done = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Member:
        if self._done:
            raise StopIteration
        if self._current is not None:
            while self._current.read():
                pass
        block = self._block("a header")
        if block == _ZEROS:
            self._finish()
            raise StopIteration
        self._members += 1
        if self._members > self._max_members:
            raise ArchiveTooLargeError("there are too many members", rule=f"at most {self._max_members}")
        self._current = self._member(block)
        return self._current

    def take(self, size: int) -> bytes:
        """At least one and at most ``size`` of the next bytes."""
        chunk = self._source.read(size)
        if not chunk:
            raise ArchiveTruncatedError(f"the archive ends after {self._offset} bytes", rule="within a member")
        self._offset += len(chunk)
        return chunk

    def skip_zeros(self, size: int, what: str) -> None:
        """Pass over ``size`` bytes that must be zero."""
        while size:
            chunk = self.take(min(size, CHUNK))
            if chunk != bytes(len(chunk)):
                raise ArchivePaddingError(f"{what} is not filled with zeros", where=f"byte {self._offset}")
            size -= len(chunk)

    def _block(self, what: str) -> bytes:
        block = b""
        while len(block) < BLOCK:
            chunk = self._source.read(BLOCK - len(block))
            if not chunk:
                raise ArchiveTruncatedError(f"the archive ends after {self._offset} bytes", rule=f"{what} is due")
            block += chunk
            self._offset += len(chunk)
        return block

    def _finish(self) -> None:
        members = self._offset - BLOCK
        left = archive_bytes(members, padded=self._padded) - self._offset
        self.skip_zeros(left, "the end of the archive")
        if self._source.read(1):
            raise ArchiveTrailingError(f"bytes follow the end of the archive at byte {self._offset}")
        self._done = True
        self._current = None  # a member knows its archive: no circle is left, which would be freed late

    def _member(self, block: bytes) -> Member:
        plain = plain_member(block)
        if plain is not None:
            return Member(self, *plain)
        path: bytes | None = None
        long_size: int | None = None
        raw = block
        check_checksum(block)
        if block[156:157] == b"x":
            records = self._pax(block)
            path, long_size = parse_records(records)
            raw = block + records.ljust(filled(len(records)), b"\x00")
            block = self._block("the header behind a pax header")
            raw += block
            check_checksum(block)
        check_kind(block)
        name = block[:NAME_FIELD].rstrip(b"\x00") if path is None else path
        size = parse_octal(block[124:136]) if long_size is None else long_size
        return self._checked(raw, name, size, path is not None or long_size is not None)

    def _checked(self, raw: bytes, name: bytes, size: int, pax: bool) -> Member:
        try:
            text = name.decode("utf-8")
        except UnicodeDecodeError:
            raise ArchiveNameError("the name of a member is not UTF-8") from None
        check_name(text)
        if size > limits.SIZE:
            raise ArchiveTooLargeError(f"member {self._members} claims {size} bytes", rule="at most 2^40")
        if headers(name, size) != raw:
            if pax:
                raise ArchivePaxError(f"the headers of member {self._members} are not those of its name and size")
            raise ArchiveFieldError(f"a field of the header of member {self._members} does not have its fixed value")
        return Member(self, text, size)

    def _pax(self, block: bytes) -> bytes:
        size = parse_octal(block[124:136])
        if not 0 < size <= PAX_BYTES:
            raise ArchivePaxError(f"a pax header claims {size} bytes", rule=f"1 to {PAX_BYTES}")
        if block != header(PAX_NAME, size, b"x"):
            raise ArchivePaxError("a field of a pax header does not have its fixed value")
        data = b"".join(self._block("the rest of a pax header") for _ in range(filled(size) // BLOCK))
        if any(data[size:]):
            raise ArchivePaddingError("a pax header is not filled with zeros", where=f"byte {self._offset}")
        return data[:size]
