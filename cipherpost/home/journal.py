"""The journal: what this officer's keys have signed, written before they sign (I3).

One line a signature, only ever appended to:

    2026-11-22T09:00:00Z 41 tver/center 12 <hash of the text>

time, generation of the home, channel, number, hash; a keeper's endorsement of a roster entry has ``draft/roster``, the
number of the entry and the hash of the draft. A line counts when its line feed is on the disk; a torn last
line is what a kill leaves, means nothing was signed, and is cut off by the next writer.
"""

import os
import re
from pathlib import Path
from typing import Final

from cipherpost import text
from cipherpost.errors import NotAuthenticError, UnableError
from cipherpost.home.files import FILE_MODE, disk_errors, flush_folder

JOURNAL: Final = "journal"
DRAFTS: Final = "draft/roster"
"""Where drafts of roster entries stand in place of a channel; only the center has an audience of this name."""
_LINE: Final = re.compile(
    rb"%s (?:0|[1-9][0-9]*) %s/%s %s %s\n" % (text.TIME, *[text.NAME] * 2, text.NUMBER, text.HASH)
)
_LINES: Final = re.compile(rb"(?:[0-9TZ:-]{20} [0-9]++ [a-z0-9-]++/[a-z0-9-]++ [0-9]++ [0-9a-f]{64}\n)*+")
"""All lines at once, a little more loosely than `_LINE`: 100,000 take 60 ms."""
_OPEN: Final = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_APPEND
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)


class AlreadySignedError(NotAuthenticError):
    """This officer has signed another header for this number already."""


class JournalDamagedError(UnableError):
    """A line of the journal before the last is not in its form; the home cannot tell what it has signed."""


class Journal:
    """The journal of ``home``, read at its first use and again whenever the file has grown.

    `record` wants the home's lock.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / JOURNAL
        self._data = bytearray()
        self._loaded: tuple[int, int] | None = None

    def signed(self, channel: str) -> dict[int, str]:
        """Every number that was journaled for ``channel``, with the hash of its text.

        Raises:
            JournalDamagedError, DiskError: see `record`.
        """
        self._load()
        pattern = rb" " + re.escape(channel.encode()) + rb" ([0-9]+) ([0-9a-f]{64})\n"
        return {int(number): digest.decode() for number, digest in re.findall(pattern, self._data)}

    def find(self, channel: str, number: int) -> str | None:
        """The hash that was journaled for one number of ``channel``, or None."""
        self._load()
        mark = f" {channel} {number} ".encode()
        at = self._data.find(mark)
        return None if at < 0 else self._data[at + len(mark) : at + len(mark) + 64].decode()

    def may_sign(self, channel: str, number: int, hash: str) -> None:
        """Whether the text ``hash`` may be signed for this place; it may when no other was journaled for it.

        Raises:
            AlreadySignedError: another was.
        """
        before = self.find(channel, number)
        if before is not None and before != hash:
            raise AlreadySignedError(
                "this officer has signed another header for this number",
                channel=channel,
                number=number,
                rule="one number, one header",
                hints=("cipherpost fetch", "cipherpost outbox"),
            )

    def record(self, *, time: str, generation: int, channel: str, number: int, hash: str) -> bool:
        """Journal a text that is about to be signed; when this returns the line is on the disk.

        Args:
            time: a protocol time.
            generation: of the home, as `MachineRecord.bump` gave it.
            hash: of the text, 64 hex.

        Returns:
            False when exactly this was journaled before (a command that finishes what a killed one began).

        Raises:
            AlreadySignedError: another text was journaled for this place; nothing is written.
            JournalDamagedError: a line before the last is not in its form.
            DiskError: the line may or may not be on the disk; nothing may be signed but this same text.
        """
        self.may_sign(channel, number, hash)
        if self.find(channel, number) is not None:
            return False
        line = f"{time} {generation} {channel} {number} {hash}\n".encode()
        if not _LINE.fullmatch(line):
            raise ValueError("not a line of the journal")
        with disk_errors(self._path):
            self._append(line)
        return True

    def put_aside(self) -> None:
        """Begin an empty journal for new keys, when those up to now can sign nothing that counts any more.

        The old one is kept beside it, ``journal.<16 hex>``. Nothing happens to an empty one.
        """
        self._load()
        if not self._data:
            return
        with disk_errors(self._path):
            self._path.rename(self._path.with_name(f"{JOURNAL}.{text.sha256(bytes(self._data))[:16]}"))
            flush_folder(self._path.parent)
        self._data, self._loaded = bytearray(), None

    def drafts(self, number: int) -> list[str]:
        """Hashes of the drafts that this keeper has endorsed for entry ``number`` of the roster, in order."""
        self._load()
        pattern = rb" " + DRAFTS.encode() + rb" %d ([0-9a-f]{64})\n" % number
        return [digest.decode() for digest in re.findall(pattern, self._data)]

    def record_draft(self, *, time: str, generation: int, number: int, hash: str) -> None:
        """Journal the draft of a roster entry that is about to be endorsed; when this returns the line is on the disk.

        Whether it may be endorsed beside those of `drafts` is the caller's to judge: one that its proposer has
        withdrawn binds nobody.

        Raises:
            JournalDamagedError, DiskError: see `record`.
        """
        if hash in self.drafts(number):
            return
        line = f"{time} {generation} {DRAFTS} {number} {hash}\n".encode()
        if not _LINE.fullmatch(line):
            raise ValueError("not a line of the journal")
        with disk_errors(self._path):
            self._append(line)

    def _append(self, line: bytes) -> None:
        new = not self._path.exists()
        handle = os.open(self._path, _OPEN, FILE_MODE)
        try:
            if os.fstat(handle).st_size > len(self._data):
                os.ftruncate(handle, len(self._data))  # a torn last line
            view = memoryview(line)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
            stamp = _stamp(os.fstat(handle))
        finally:
            os.close(handle)
        if new:
            flush_folder(self._path.parent)
        self._data += line
        self._loaded = stamp

    def _load(self) -> None:
        """Take up the whole lines of the file, unless it is as it was."""
        with disk_errors(self._path):
            try:
                stamp = _stamp(self._path.stat())
            except FileNotFoundError:
                self._data, self._loaded = bytearray(), None
                return
            if stamp == self._loaded:
                return
            data = self._path.read_bytes()
        self._data = self._whole_lines(data)
        self._loaded = stamp

    def _whole_lines(self, data: bytes) -> bytearray:
        """``data`` without its torn last line.

        Raises:
            JournalDamagedError: what does not fit is more than a kill or a lost power leaves at the end.
        """
        match = _LINES.match(data)
        end = match.end() if match else 0
        rest = data[end:]
        # A disk that lost power may keep the end of the last line and have zeros for its beginning.
        torn = b"\n" not in rest[:-1] and (not rest.endswith(b"\n") or b"\0" in rest)
        if rest and not torn:
            raise JournalDamagedError(
                f"line {data.count(10, 0, end) + 1} of the journal is damaged",
                where=str(self._path),
                rule="a home that cannot tell what it has signed signs nothing",
                hints=("join anew, as an officer of another name", "what came stays readable here: cipherpost inbox"),
            )
        return bytearray(data[:end])


def merged(data: bytes, *others: bytes) -> bytes:
    """The whole lines of a journal and those of other copies of it which it lacks: what any of them has signed.

    What is damaged in the others is passed over: each line by itself says that something was signed.
    """
    lines = dict.fromkeys(line for part in (data, *others) for line in _whole(part))
    return b"".join(lines)


def _whole(data: bytes) -> list[bytes]:
    return [line for line in data.splitlines(keepends=True) if _LINE.fullmatch(line)]


def _stamp(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns
