"""The local mail: verified notes and what follows from them, in ``mail.sqlite3`` (see `database`).

Notes are its substance; all the rest can be had again from them, from the post office or from letters, but for the
own acts that were not posted yet (`Mail.mine`), which `database.rebuild` keeps. It holds public headers and locked
boxes of the vault, no plaintext (I5). Everything of one step of a fetch stands in one `Mail.transaction` (I4).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self

from cipherpost.chain.rows import Row
from cipherpost.home import database
from cipherpost.home.database import DamagedStateError, MailBusyError

if TYPE_CHECKING:
    from cipherpost.dispatch.header import Header

__all__ = ["AckRow", "DamagedStateError", "Mail", "MailBusyError", "Mine", "SealedFile"]


Status = Literal["counts", "void", "waiting"]
"""``counts`` and ``void`` (linked over) are the channel's path; ``waiting`` is offered to the chain again."""
FileState = Literal["have", "held", "missing", "bad"]
"""Of a sealed file: here; left at the post office on purpose; not there; there with other bytes."""
RECEIPTS: Final = frozenset({"seen", "received", "read", "failed"})
ACTS: Final = frozenset({"complied", "unable", "withdrawn"})


class AckRow(NamedTuple):
    """One counting ack line: whose word, about which dispatch, and in which dispatch it stood. Times as in headers."""

    channel: str
    number: int
    word: str
    office: str
    officer: str
    hash: str | None
    time: str
    via_channel: str
    via_number: int


class Mine(NamedTuple):
    """What this officer has or did with one dispatch; ``via`` are None until it was posted as an ack."""

    id: int
    channel: str
    number: int
    hash: str
    word: str
    time: str
    via_channel: str | None
    via_number: int | None


class SealedFile(NamedTuple):
    """A sealed file by its hash, its size in bytes as the header states, and where it is."""

    hash: str
    size: int
    state: FileState


class Mail:
    """The database of ``home``, made at the first use.

    Every method raises `DamagedStateError`, `MailBusyError` or `DiskError`; all that writes wants the home's lock.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / database.MAIL
        self._depth = 0
        self._base = database.open_database(self._path)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is kept or none of it; blocks within blocks belong to the outermost."""
        if self._depth == 0:
            self._run("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0 and self._base.in_transaction:
                self._run("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                self._run("COMMIT")
            except BaseException:
                if self._base.in_transaction:  # a full disk leaves it open, and nothing could begin after it
                    self._run("ROLLBACK")
                raise

    # ---- notes and light rows ------------------------------------------------------------------------------------

    def put(self, channel: str, row: Row, note: bytes, *, status: Status | None = None, reason: str = "") -> None:
        """Keep a note that the chain took, with what it needs of it to go on.

        Args:
            row: as `Node.row` gives it; its own status holds unless ``status`` is given.
            note: the bytes as they came; the first note of a text is kept.
            reason: why it waits or is void, for people.
        """
        values = (channel, *row[:9], " ".join(row.endorsers), status or row.status, reason)
        with self.transaction():
            self._run("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", (row.hash, channel, row.number, note))
            self._run("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def rows(self, channel: str, above: int = 0) -> list[Row]:
        """The channel's path above number ``above`` as last judged, in order: what `Channel.restore` takes."""
        found = self._run(
            "SELECT number, hash, previous, time, officer, kind, roster, draft, target, endorsers, status FROM entries"
            " WHERE channel = ? AND number > ? AND status <> 'waiting' ORDER BY number",
            (channel, above),
        )
        return [_row(each) for each in found]

    def all_rows(self, but: str = "") -> Iterator[tuple[str, list[Row]]]:
        """(channel, its path) for every channel that has one, ``but`` this one, in order of names."""
        for (channel,) in self._run("SELECT DISTINCT channel FROM entries WHERE status <> 'waiting' ORDER BY channel"):
            if channel != but:
                yield channel, self.rows(channel)

    def waiting(self) -> list[tuple[str, int, bytes]]:
        """(channel, number, note) of all that is not on a path: to be offered to the chain again, in this order."""
        return self._run(
            "SELECT e.channel, e.number, n.note FROM entries e JOIN notes n ON n.hash = e.hash"
            " WHERE e.status = 'waiting' ORDER BY e.channel <> 'center/roster', e.channel, e.number, e.hash"
        )

    def mark(self, channel: str, number: int, hash: str, status: Status, reason: str = "") -> None:
        """Another judgement of a note that is kept."""
        self._run(
            "UPDATE entries SET status = ?, reason = ? WHERE channel = ? AND number = ? AND hash = ?",
            (status, reason, channel, number, hash),
        )

    def set_path(self, channel: str, rows: Iterable[Row], above: int = 0) -> None:
        """The channel's path above number ``above`` was judged anew: ``rows`` are on it, all others there wait.

        Only notes that are kept can be on a path.
        """
        with self.transaction():
            self._run("UPDATE entries SET status = 'waiting' WHERE channel = ? AND number > ?", (channel, above))
            for row in rows:
                self.mark(channel, row.number, row.hash, "void" if row.status == "void" else "counts")

    def drop(self, channel: str, number: int, hash: str) -> None:
        """Forget a note that turned out to be junk."""
        with self.transaction():
            self._run("DELETE FROM entries WHERE channel = ? AND number = ? AND hash = ?", (channel, number, hash))
            self._run("DELETE FROM notes WHERE hash = ?", (hash,))

    def note(self, hash: str) -> bytes | None:
        """The note whose text has this hash, or None."""
        found = self._run("SELECT note FROM notes WHERE hash = ?", (hash,))
        return found[0][0] if found else None

    def keep_card(self, hash: str, card: bytes) -> None:
        """Keep a card, a note of its own kind, by the hash of its text; `note` gives it back."""
        self._run("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", (hash, "center/cards", 0, card))

    def notes(self, channel: str, above: int = 0) -> Iterator[tuple[int, bytes]]:
        """(number, note) of the channel's path above number ``above``, in order; one at a time, for 100,000 of them."""
        with database.errors(self._path):
            yield from self._base.execute(
                "SELECT e.number, n.note FROM entries e JOIN notes n ON n.hash = e.hash"
                " WHERE e.channel = ? AND e.number > ? AND e.status <> 'waiting' ORDER BY e.number",
                (channel, above),
            )

    def last_times(self) -> dict[str, str]:
        """The newest time of any counting dispatch, by channel."""
        return dict(self._run("SELECT channel, MAX(time) FROM entries WHERE status = 'counts' GROUP BY channel"))

    def count(self) -> int:
        """How many notes are kept."""
        return int(self._run("SELECT COUNT(*) FROM entries")[0][0])

    # ---- acks of others ------------------------------------------------------------------------------------------

    def add_acks(self, header: "Header") -> None:
        """Keep the ack lines of a counting header."""
        rows = [
            AckRow(
                ack.channel,
                ack.number,
                ack.word,
                header.office,
                header.by,
                ack.hash,
                header.time,
                header.channel,
                header.number,
            )
            for ack in header.acks
        ]
        self._run_many("INSERT OR REPLACE INTO acks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def drop_acks(self, channel: str, number: int) -> None:
        """Forget the acks that a dispatch carried, since it does not count any more."""
        self._run("DELETE FROM acks WHERE via_channel = ? AND via_number = ?", (channel, number))

    def acks(self, channel: str, number: int) -> list[AckRow]:
        """Who said what of one dispatch, in order of the offices' numbers; `seen` of higher numbers included."""
        return self._acks(
            "SELECT * FROM acks WHERE channel = ? AND (number = ? OR (number > ? AND word = 'seen'))"
            " ORDER BY via_channel, via_number, number, word",
            (channel, number, number),
        )

    def acks_above(self, channel: str, number: int) -> list[AckRow]:
        """Every ack of one channel that names a number above ``number``."""
        return self._acks(
            "SELECT * FROM acks WHERE channel = ? AND number > ? ORDER BY via_channel, via_number, number, word",
            (channel, number),
        )

    def acks_of(self, channel: str) -> list[AckRow]:
        """Every ack of one channel."""
        return self._acks(
            "SELECT * FROM acks WHERE channel = ? ORDER BY via_channel, via_number, number, word", (channel,)
        )

    def failed(self) -> list[AckRow]:
        """Every ack that says failed."""
        return self._acks("SELECT * FROM acks WHERE word = ? ORDER BY channel, number, via_channel", ("failed",))

    def _acks(self, sql: str, values: Sequence[object]) -> list[AckRow]:
        return [AckRow._make(row) for row in self._run(sql, values)]

    # ---- what this officer has and did ---------------------------------------------------------------------------

    def add_mine(self, channel: str, number: int, hash: str, word: str, time: str) -> bool:
        """Remember ``word`` (of `RECEIPTS` or `ACTS`) about a dispatch; it waits to be posted as an ack.

        Returns:
            False when it says nothing new: a receipt that was stated before, or the act that holds already.
        """
        if word not in RECEIPTS | ACTS:
            raise ValueError(f"not a word of acks: {word}")
        with self.transaction():
            words = [each.word for each in self.mine(channel, number) if each.hash == hash]
            acts = [each for each in words if each in ACTS]
            if word in words if word in RECEIPTS else acts[-1:] == [word]:
                return False
            self._run(
                "INSERT INTO mine (channel, number, hash, word, time) VALUES (?, ?, ?, ?, ?)",
                (channel, number, hash, word, time),
            )
            return True

    def mine(self, channel: str | None = None, number: int | None = None) -> list[Mine]:
        """What is remembered of one dispatch, one channel, or all, in the order in which it was said."""
        found = self._run(
            "SELECT * FROM mine WHERE channel = coalesce(?, channel) AND number = coalesce(?, number) ORDER BY id"
            if channel is None
            else "SELECT * FROM mine WHERE channel = ? AND number = coalesce(?, number) ORDER BY id",
            (channel, number),
        )
        return [Mine._make(row) for row in found]

    def unposted(self, office: str | None = None) -> list[Mine]:
        """What is still to be said to others, or about the channels of one ``office``; the oldest first."""
        where, values = "via_channel IS NULL", tuple[str, ...]()
        if office is not None:
            where, values = f"{where} AND channel >= ? AND channel < ?", (f"{office}/", f"{office}0")  # "0" follows "/"
        found = self._run(f"SELECT * FROM mine WHERE {where} ORDER BY id", values)  # noqa: S608  constant parts only
        return [Mine._make(row) for row in found]

    def offices_to_tell(self) -> set[str]:
        """The offices about whose dispatches something is still to be said."""
        found = self._run("SELECT DISTINCT channel FROM mine WHERE via_channel IS NULL")
        return {channel.partition("/")[0] for (channel,) in found}

    def mark_posted(self, ids: Iterable[int], channel: str, number: int) -> None:
        """These were said in dispatch ``number`` of ``channel``."""
        self._run_many(
            "UPDATE mine SET via_channel = ?, via_number = ? WHERE id = ?", ((channel, number, i) for i in ids)
        )

    def unpost(self, channel: str, number: int) -> None:
        """What was said in dispatch ``number`` of ``channel`` is to be said again: the dispatch does not stand."""
        self._run(
            "UPDATE mine SET via_channel = NULL, via_number = NULL WHERE via_channel = ? AND via_number = ?",
            (channel, number),
        )

    # ---- sealed files, own heads, odds and ends ------------------------------------------------------------------

    def set_file(self, hash: str, size: int, state: FileState) -> None:
        """State where a sealed file is."""
        self._run("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (hash, size, state))

    def file(self, hash: str) -> SealedFile | None:
        """What is known of one sealed file."""
        found = self._run("SELECT * FROM files WHERE hash = ?", (hash,))
        return SealedFile._make(found[0]) if found else None

    def files(self, state: FileState) -> list[SealedFile]:
        """All sealed files of one state, the small ones first."""
        found = self._run("SELECT * FROM files WHERE state = ? ORDER BY size, hash", (state,))
        return [SealedFile._make(row) for row in found]

    def set_posted(self, channel: str, number: int, hash: str) -> None:
        """The last number of an own channel that was read back from the post office."""
        self._run("INSERT OR REPLACE INTO posted VALUES (?, ?, ?)", (channel, number, hash))

    def posted(self) -> dict[str, tuple[int, str]]:
        """(number, hash) of the last number read back, by own channel."""
        return {channel: (number, hash) for channel, number, hash in self._run("SELECT * FROM posted")}

    def set_meta(self, name: str, value: str) -> None:
        """Remember a small public fact, such as the time of the last fetch."""
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def meta(self, name: str) -> str | None:
        """A small public fact, or None."""
        found = self._run("SELECT value FROM meta WHERE name = ?", (name,))
        return found[0][0] if found else None

    def metas(self, prefix: str) -> list[tuple[str, str]]:
        """All small public facts whose names begin with ``prefix``, in order of names."""
        end = prefix + "\U0010ffff"
        return self._run("SELECT name, value FROM meta WHERE name >= ? AND name < ? ORDER BY name", (prefix, end))

    # ---- boxes of the vault --------------------------------------------------------------------------------------

    def put_box(self, name: str, box: bytes) -> None:
        """Keep a locked box; see `cipherpost.home.vault`."""
        self._run("INSERT OR REPLACE INTO boxes VALUES (?, ?)", (name, box))

    def box(self, name: str) -> bytes | None:
        """The box of this name, or None."""
        found = self._run("SELECT box FROM boxes WHERE name = ?", (name,))
        return found[0][0] if found else None

    def boxes(self, prefix: str) -> list[tuple[str, bytes]]:
        """All boxes whose names begin with ``prefix``, in order of names."""
        end = prefix + "\U0010ffff"
        return self._run("SELECT name, box FROM boxes WHERE name >= ? AND name < ? ORDER BY name", (prefix, end))

    def drop_box(self, name: str) -> None:
        """Forget a box."""
        self._run("DELETE FROM boxes WHERE name = ?", (name,))

    def wipe_boxes(self, names: Iterable[str]) -> None:
        """Forget boxes for good: what held them is overwritten, as far as the file system lets it."""
        self._run("PRAGMA secure_delete = ON")
        with self.transaction():
            for name in names:
                self.drop_box(name)
        self._run("PRAGMA wal_checkpoint(TRUNCATE)")  # the log holds older pages

    # ---- SQLite --------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Have SQLite look through the whole file.

        Raises:
            DamagedStateError: it found something.
        """
        found = self._run("PRAGMA quick_check(1)")
        if found != [("ok",)]:
            raise database.damaged(self._path)

    def _run(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with database.errors(self._path):
            return self._base.execute(sql, values).fetchall()

    def _run_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        with self.transaction(), database.errors(self._path):
            self._base.executemany(sql, values)


def _row(values: tuple[Any, ...]) -> Row:
    endorsers = values[9]
    return Row._make((*values[:9], tuple(endorsers.split(" ")) if endorsers else (), values[10]))
