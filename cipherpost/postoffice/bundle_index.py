"""The index of a bundle: where each object begins, found by one strict pass over the headers of an archive.

A bundle is one archive as `cipherpost.tar` writes it, unpadded, whose members are objects of a post office, sorted by
name as bytes. The index holds four bytes a member and twelve a folder, however long the names are: names are read again
from the file. What may follow what is checked here once, so that readers can look names up by halving.
"""

from array import array
from collections.abc import Callable
from typing import Final, NamedTuple

from cipherpost import limits, ustar
from cipherpost.errors import MalformedError, TooLargeError
from cipherpost.postoffice import names
from cipherpost.postoffice.errors import ObjectNameError
from cipherpost.tar import TarReader
from cipherpost.text import shown
from cipherpost.ustar import BLOCK, END_BYTES, NAME_FIELD, filled

_WINDOW: Final = 8 * limits.PIECE
_KEPT_SIZES: Final = 1 << 12
_ZEROS: Final = tuple(bytes(count) for count in range(BLOCK))
_MODEL: Final = ustar.header(b"", 0, b"0")
_FIELDS: Final = slice(NAME_FIELD, 148)  # mode, owner, group; size; time
_SUM: Final = slice(148, 156)
_REST: Final = slice(156, BLOCK)
_OWNER_IS, _TIME_IS, _REST_IS = _MODEL[NAME_FIELD:124], _MODEL[136:148], _MODEL[_REST]
_BASE: Final = sum(_REST_IS) + 8 * ord(" ")
_SUMS: Final = {total: b"%06o\x00 " % total for total in range(_BASE, _BASE + 48 * 57 + NAME_FIELD * 127)}
_LEAF: Final = len("00000001.note")

Read = Callable[[int, int], bytes]
"""``read(offset, size)``: that many bytes of the file, fewer only at its end."""


class BundleDamagedError(MalformedError):
    """The file is not a bundle as it was made: cut short, altered, or put together by somebody else."""


class BundleOrderError(MalformedError):
    """The objects of a bundle are not sorted, or one is there twice."""


class BundleNameError(MalformedError):
    """A member of a bundle is no object of a post office."""


class BundleTooLargeError(TooLargeError):
    """A bundle, or an object in it, is larger than it may be."""


class Member(NamedTuple):
    """A member as its headers say it; ``start`` is the offset of its bytes, ``end`` that of the next member."""

    name: str
    size: int
    start: int

    @property
    def end(self) -> int:
        """Offset of the next member's headers."""
        return self.start + filled(self.size)


class Index:
    """Where the members of a bundle begin.

    ``blocks``: for each member, its first block. ``folders``: for each folder (all objects whose names agree up to the
    last slash), the place of its first member; ``runs``: its first number where it holds plain notes alone whose
    numbers follow one another, else 0. All of it is of machine words, so it travels cheaply to another process.
    """

    __slots__ = ("blocks", "folders", "runs")

    def __init__(self) -> None:
        self.blocks = array("I")
        self.folders = array("I")
        self.runs = array("I")

    def __len__(self) -> int:
        """How many members there are."""
        return len(self.blocks)

    def folder(self, at: int) -> range:
        """The places of the members of folder ``at``."""
        end = self.folders[at + 1] if at + 1 < len(self.folders) else len(self.blocks)
        return range(self.folders[at], end)


def build(read: Read, size: int, where: str) -> Index:
    """The index of a file of ``size`` bytes; ``where`` names it in messages.

    Raises:
        BundleDamagedError, BundleOrderError, BundleNameError, BundleTooLargeError: see there.
    """
    if size > limits.BUNDLE_BYTES:
        raise BundleTooLargeError(f"{size} bytes", where=where, rule=f"a bundle has at most {limits.BUNDLE_BYTES}")
    if size < END_BYTES or size % BLOCK:
        raise BundleDamagedError(
            f"a file of {size} bytes is no bundle, or one that was cut short",
            where=where,
            rule="an archive in blocks of 512 bytes that ends in two blocks of zeros",
            hints=("copy the bundle again", "who made it makes it anew: cipherpost bundle -o FILE"),
        )
    return _Scan(read, size - END_BYTES, where).run()


class _Scan:
    """One pass over a file, in windows."""

    def __init__(self, read: Read, end: int, where: str) -> None:
        self._file = read
        self._end = end
        self._where = where
        self._index = Index()
        self._window = b""
        self._window_at = 0
        self._last = b""
        self._folder = b""
        self._slots = False  # this folder holds notes
        self._run = 0  # the number that goes on with the run of this folder, 0 outside of one
        self._kept: dict[bytes, tuple[int, int]] = {}  # size, and sum of the bytes, of mode to time

    def run(self) -> Index:
        offset = 0
        self._load(0)
        while offset < self._end:
            offset, fits = self._take_window(offset)
            if offset < self._end and (fits or offset == self._window_at):
                offset = self._take_one(offset)
            elif offset < self._end:
                self._load(offset)
        if self._file(self._end, END_BYTES) != bytes(END_BYTES):
            raise self._damaged("the file does not end in two blocks of zeros", self._end)
        self._close_run()
        return self._index

    def _load(self, offset: int) -> None:
        self._window = self._file(offset, min(_WINDOW, self._end - offset))
        self._window_at = offset

    def _read(self, offset: int, size: int) -> bytes:
        at = offset - self._window_at
        if at >= 0 and at + size <= len(self._window):
            return self._window[at : at + size]
        return self._file(offset, size)

    def _take_window(self, offset: int) -> tuple[int, bool]:
        """Take plain members as far as the window holds them whole: where that ends, and if for the next one's form."""
        window, base = self._window, self._window_at
        at, length = offset - base, len(self._window)
        while at + BLOCK <= length:
            found = self._plain(window[at : at + BLOCK])
            if found is None:
                return base + at, True
            name, size = found
            end = at + BLOCK + size
            next_at = end + -size % BLOCK
            if next_at > length:
                break
            if window[end:next_at] != _ZEROS[next_at - end]:
                raise self._damaged("an object is not filled up with zeros", base + end)
            self._place(name, size, base + at)
            self._index.blocks.append((base + at) // BLOCK)
            at = self._take_run(next_at) if self._run else next_at
        return base + at, False

    def _take_run(self, at: int) -> int:
        """Take the notes of one channel that follow one another without a gap; where in the window that ends.

        Nearly all of a bundle is this, so it is written for speed: all that is checked here is what `_plain` and
        `_place` check, and whatever is otherwise is left to them.
        """
        window, base, length = self._window, self._window_at // BLOCK, len(self._window)
        folder, number, known = self._folder, self._run, self._kept.get
        cut, folder_sum = len(folder), sum(folder) + sum(b".note")
        tail = b".note".ljust(NAME_FIELD - cut - 8, b"\x00")
        first, add = at, self._index.blocks.append
        while at + BLOCK <= length and window.startswith(folder, at):
            digits = b"%08d" % number
            fields = known(window[at + NAME_FIELD : at + 148])
            if (
                fields is None
                or window[at + cut : at + NAME_FIELD] != digits + tail
                or window[at + 148 : at + 156] != _SUMS.get(fields[1] + folder_sum + sum(digits))
                or window[at + 156 : at + BLOCK] != _REST_IS
            ):
                break
            end = at + BLOCK + fields[0]
            next_at = end + -end % BLOCK
            if next_at > length or window[end:next_at] != _ZEROS[next_at - end] or fields[0] > limits.HEADER_BYTES:
                break
            add(base + at // BLOCK)
            at = next_at
            number += 1
        if at > first:
            self._last = folder + b"%08d.note" % (number - 1)
            self._run = number
        return at

    def _plain(self, head: bytes) -> tuple[bytes, int] | None:
        """Name and size of a header without a pax header; None of anything that `_take_one` must look at."""
        fields = head[_FIELDS]
        known = self._kept.get(fields)
        if known is None:
            if fields[:24] != _OWNER_IS or fields[36:] != _TIME_IS:
                return None
            if len(self._kept) >= _KEPT_SIZES:
                self._kept.clear()
            try:
                known = self._kept[fields] = (ustar.parse_octal(fields[24:36]), _BASE + sum(fields))
            except ustar.ArchiveFieldError:
                return None
        name = head[:NAME_FIELD].rstrip(b"\x00")
        if head[_REST] != _REST_IS or head[_SUM] != _SUMS.get(known[1] + sum(name)) or b"\x00" in name:
            return None
        return name, known[0]

    def _take_one(self, offset: int) -> int:
        """One member that has pax headers, is longer than a window, or has something wrong; the offset of the next."""
        member = self._member(offset)
        if member.end > self._end:
            raise self._damaged(f"{shown(member.name, 300)} claims {member.size} bytes, and the file ends", offset)
        tail = member.start + member.size
        if self._read(tail, member.end - tail) != _ZEROS[member.end - tail]:
            raise self._damaged("an object is not filled up with zeros", tail)
        self._place(member.name.encode(), member.size, offset)
        self._index.blocks.append(offset // BLOCK)
        return member.end

    def _member(self, offset: int) -> Member:
        try:
            return member_at(self._read, offset)
        except TooLargeError as error:
            raise BundleTooLargeError(error.what, where=f"{self._where}: byte {offset}", rule=error.rule) from None
        except MalformedError as error:
            raise self._damaged(error.what, offset, error.rule) from None

    def _place(self, name: bytes, size: int, offset: int) -> None:
        """Check a name and its place behind the last one; ``offset`` is that of its headers."""
        if name <= self._last:
            twice = "twice" if name == self._last else "behind one that is greater"
            raise BundleOrderError(
                f"{_shown(name)} stands {twice}",
                where=f"{self._where}: byte {offset}",
                rule="objects are sorted by name as bytes, no two alike",
            )
        self._last = name
        cut = len(name) - _LEAF
        plain = name[cut + 8 :] == b".note" and name[cut : cut + 8].isdigit()
        number = int(name[cut : cut + 8]) if plain else 0
        if self._slots and name[:cut] == self._folder and number and size <= limits.HEADER_BYTES:
            self._run = number + 1 if number == self._run else 0
            return
        slot = self._check(name, size, offset)
        folder = name[: name.rindex(b"/") + 1]
        if folder == self._folder:
            self._run = number + 1 if number == self._run else 0
        else:
            self._close_run()
            self._folder, self._slots = folder, slot
            self._index.folders.append(len(self._index.blocks))
            self._index.runs.append(number)
            self._run = number + 1 if number else 0

    def _close_run(self) -> None:
        if self._index.runs and not self._run:
            self._index.runs[-1] = 0

    def _check(self, name: bytes, size: int, offset: int) -> bool:
        """Whether an object is a note in a slot."""
        try:
            names.check_size(name.decode(), size)
            return isinstance(names.parse_object_name(name.decode()), names.Slot)
        except (ObjectNameError, UnicodeDecodeError):
            raise BundleNameError(
                f"{_shown(name)} is no object of a post office",
                where=f"{self._where}: byte {offset}",
                rule="a bundle holds the objects of a network, under their names, and nothing else",
            ) from None
        except TooLargeError as error:
            raise BundleTooLargeError(
                f"{_shown(name)} has {size} bytes", where=f"{self._where}: byte {offset}", rule=error.rule
            ) from None

    def _damaged(self, what: str, offset: int, rule: str = "") -> BundleDamagedError:
        return BundleDamagedError(
            what,
            where=f"{self._where}: byte {offset}",
            rule=rule or "an archive in the one form, unpadded, of regular files alone",
            hints=("copy the bundle again", "who made it makes it anew: cipherpost bundle -o FILE"),
        )


class _Source:
    """The file from an offset on, for `TarReader`, which reads headers a block at a time."""

    def __init__(self, read: Read, offset: int) -> None:
        self._read = read
        self.offset = offset

    def read(self, size: int, /) -> bytes:
        data = self._read(self.offset, size)
        self.offset += len(data)
        return data


def member_at(read: Read, offset: int) -> Member:
    """The member whose headers begin at ``offset``.

    Raises:
        CipherpostError: an `ArchiveError` or `ArchiveTooLargeError` of `cipherpost.tar`; `BundleDamagedError`: the end
            of the archive.
    """
    source = _Source(read, offset)
    try:
        found = next(TarReader(source))
    except StopIteration:
        raise BundleDamagedError("the archive ends in the middle of the file", where=f"byte {offset}") from None
    return Member(found.name, found.size, source.offset)


def _shown(name: bytes) -> str:
    return shown(name.decode("utf-8", "replace"), 300)
