"""What a home's audits verified of channels that are straight, so that the next one looks only at what is new.

``mail/audited.sqlite3`` holds for each channel its columns (`cipherpost.chain.packing`), none for one that was looked
at with a tree. It counts for one post office, and only while the roster still has the entry under which all was judged;
what a later entry judges anew is not taken from it. It can be removed at any time.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.home.database import make_private
from cipherpost.home.files import DiskError

if TYPE_CHECKING:
    from cipherpost.chain.columns import Columns
    from cipherpost.roster.fold import Roster

KEPT: Final = "mail/audited.sqlite3"
_WAIT_SECONDS: Final = 10


class Past(NamedTuple):
    """An earlier audit: the number of the newest roster entry then, and by channel what is kept of it."""

    roster: int
    channels: dict[str, bytes | None]

    def columns(self, channel: str) -> "Columns | None":
        """What was verified of a channel; it is given out once."""
        from cipherpost.chain import packing

        kept = self.channels.get(channel)
        self.channels[channel] = None  # what was taken up needs no second copy
        return packing.load(kept, channel) if kept else None

    def stale(self, roster: "Roster") -> set[str]:
        """The channels that entries of the roster since judge anew, or settle."""
        later = range(self.roster + 1, roster.newest + 1)
        found = {channel for entry in later for channel in roster.rejudged(entry)}
        return found | {channel for channel in self.channels if roster.pins(channel)}


class Audited:
    """The audits of the network with ``fingerprint`` at the post office ``url``, as ``home`` keeps them."""

    def __init__(self, home: Path, *, url: str, fingerprint: str) -> None:
        self._path = home / KEPT
        self._about = (url, fingerprint)

    def load(self, roster: "Roster") -> Past | None:
        """The last audit, None where there was none or it was of another roster."""
        if not self._path.exists():
            return None
        try:
            with closing(self._open()) as base:
                found = base.execute("SELECT url, fingerprint, roster, hash FROM about").fetchall()
                if len(found) != 1 or found[0][:2] != self._about:
                    return None
                number, hashed = found[0][2:]
                if not 1 <= number <= roster.newest or roster.hash_of(number) != hashed:
                    return None
                return Past(number, dict(base.execute("SELECT channel, data FROM channels")))
        except (sqlite3.Error, DiskError):
            return None  # torn, or held by another command: as if there were none

    def save(
        self, roster: "Roster", channels: Iterable[str], grown: Iterator[tuple[str, bytes | None]], *, anew: bool
    ) -> None:
        """Keep an audit, or go without where the disk does not let us.

        Args:
            channels: all that there are.
            grown: what is to be kept of those that are not kept so already.
            anew: nothing that is kept holds any more.
        """
        with suppress(sqlite3.Error, DiskError):
            make_private(self._path)
            with closing(self._open()) as base, base:
                base.execute("BEGIN IMMEDIATE")
                base.execute("CREATE TABLE IF NOT EXISTS about (url TEXT, fingerprint TEXT, roster INTEGER, hash TEXT)")
                base.execute("CREATE TABLE IF NOT EXISTS channels (channel TEXT PRIMARY KEY, data BLOB)")
                base.execute("DELETE FROM about")
                values = (*self._about, roster.newest, roster.hash_of(roster.newest))
                base.execute("INSERT INTO about VALUES (?, ?, ?, ?)", values)
                if anew:
                    base.execute("DELETE FROM channels")
                else:
                    here = set(channels)
                    kept = [name for (name,) in base.execute("SELECT channel FROM channels")]
                    base.executemany("DELETE FROM channels WHERE channel = ?", [(n,) for n in kept if n not in here])
                base.executemany("INSERT OR REPLACE INTO channels VALUES (?, ?)", grown)

    def drop(self) -> None:
        """Remove it: the next audit begins from zero."""
        with suppress(OSError):
            self._path.unlink()

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        base.execute("PRAGMA trusted_schema = OFF")
        return base
