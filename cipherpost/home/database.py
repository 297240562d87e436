"""The SQLite file under the local mail: its tables, how it is opened, and how it is rebuilt when it is damaged.

SQLite keeps a write-ahead log, flushed at each commit: readers see the last whole state while a fetch writes, and a
kill leaves the old state or the new one (I4).
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from cipherpost.errors import CipherpostError, NewerError, UnableError
from cipherpost.home.files import FILE_MODE, DiskError, disk_error, disk_errors, flush_folder

MAIL: Final = "mail.sqlite3"
SCHEMA: Final = 1
_APPLICATION: Final = 0x63706F73  # "cpos", for file(1)
_WAIT_SECONDS: Final = 10

TABLES: Final = {
    "meta": "name TEXT PRIMARY KEY, value TEXT NOT NULL",
    "entries": (
        "channel TEXT, number INTEGER, hash TEXT, previous TEXT, time TEXT, officer TEXT, kind TEXT, roster INTEGER,"
        " draft INTEGER, target INTEGER, endorsers TEXT, status TEXT, reason TEXT, PRIMARY KEY (channel, number, hash)"
    ),
    "notes": "hash TEXT PRIMARY KEY, channel TEXT, number INTEGER, note BLOB",
    "acks": (
        "channel TEXT, number INTEGER, word TEXT, office TEXT, officer TEXT, hash TEXT, time TEXT, via_channel TEXT,"
        " via_number INTEGER, PRIMARY KEY (channel, number, word, via_channel, via_number)"
    ),
    "mine": (
        "id INTEGER PRIMARY KEY, channel TEXT, number INTEGER, hash TEXT, word TEXT, time TEXT,"
        " via_channel TEXT, via_number INTEGER"
    ),
    "files": "hash TEXT PRIMARY KEY, size INTEGER, state TEXT",
    "posted": "channel TEXT PRIMARY KEY, number INTEGER, hash TEXT",
    "boxes": "name TEXT PRIMARY KEY, box BLOB",
}
_ROWID: Final = {"notes", "mine", "boxes"}
"""Tables with long rows, or an order of their own; the others lie in the order of their keys."""
_INDEXES: Final = (
    "CREATE INDEX entries_waiting ON entries (channel, number) WHERE status = 'waiting'",
    "CREATE INDEX acks_via ON acks (via_channel, via_number)",
    "CREATE INDEX acks_office ON acks (office, channel, number)",
    "CREATE INDEX mine_place ON mine (channel, number)",
    "CREATE INDEX mine_open ON mine (channel, id) WHERE via_channel IS NULL",
)


class DamagedStateError(UnableError):
    """The local database is damaged; nothing of value is lost."""


class MailBusyError(UnableError):
    """Another command holds the database for longer than a command should."""


def open_database(path: Path) -> sqlite3.Connection:
    """The database at ``path``, made private (0600) and with its tables if it is not there.

    Raises:
        DamagedStateError: it is no database of ours any more.
        NewerError: a newer cipherpost made it.
        MailBusyError, DiskError: as their names say.
    """
    make_private(path)
    with errors(path):
        base = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
    try:
        with errors(path):
            base.execute("PRAGMA synchronous = FULL")
            base.execute("PRAGMA trusted_schema = OFF")
            if _version(base) == 0:
                base.execute("PRAGMA journal_mode = WAL")
                _create(base)
            _check_schema(base, path)
    except BaseException:
        base.close()
        raise
    return base


def make_private(path: Path) -> None:
    """Make an empty file of the right mode first: SQLite would use that of the system."""
    if path.exists():
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), FILE_MODE))
    except OSError as error:
        raise disk_error(error, path) from error


def _version(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])


def _create(base: sqlite3.Connection) -> None:
    """Make the tables in one transaction; another command may be doing the same."""
    base.execute("BEGIN IMMEDIATE")
    if _version(base) == 0:
        for name, columns in TABLES.items():
            base.execute(f"CREATE TABLE {name} ({columns}){'' if name in _ROWID else ' WITHOUT ROWID'}")
        for index in _INDEXES:
            base.execute(index)
        base.execute(f"PRAGMA application_id = {_APPLICATION}")
        base.execute(f"PRAGMA user_version = {SCHEMA}")
    base.execute("COMMIT")


def _check_schema(base: sqlite3.Connection, path: Path) -> None:
    if _version(base) > SCHEMA:
        raise NewerError(
            "a newer cipherpost made this database",
            where=str(path),
            hints=("update cipherpost and run the command again",),
        )
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables >= set(TABLES):
        raise damaged(path)


# ---- errors ------------------------------------------------------------------------------------------------------

_FULL: Final = {sqlite3.SQLITE_FULL}
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors of the block into refusals; a mistake of the program stays what it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        refusal = _translated(error, path)
        if refusal is None:
            raise
        raise refusal from error


def _translated(error: sqlite3.DatabaseError, path: Path) -> CipherpostError | None:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary in _BROKEN or (primary is None and isinstance(error, sqlite3.OperationalError)):  # text that is no UTF-8
        return damaged(path)
    if primary in _BUSY:
        return MailBusyError(
            "another command holds the database", where=str(path), hints=("run the command again in a moment",)
        )
    if primary in _FULL:
        return DiskError(
            "the disk is full",
            where=str(path),
            rule="what was there before is unchanged",
            hints=("make room on the disk and run the command again",),
        )
    if primary in _DISK:
        return DiskError(f"the disk refused: {error}", where=str(path), rule="a home must be writable by its officer")
    return None


def damaged(path: Path) -> DamagedStateError:
    """The refusal for a database that cannot be read."""
    return DamagedStateError(
        "the local database is damaged",
        where=str(path),
        rule="keys, journal and outbox are apart from it; notes and letters are fetched again",
        hints=("cipherpost doctor --rebuild",),
    )


# ---- copying -----------------------------------------------------------------------------------------------------


@contextmanager
def snapshot(path: Path) -> Iterator[Path]:
    """A whole copy of the database in one file beside it, gone after the block; wants the home's lock.

    Raises:
        DamagedStateError: SQLite cannot read all of it.
        DiskError: there is no room for the copy.
    """
    copy = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        make_private(copy)
        with closing(open_database(path)) as base, errors(path):
            base.execute("VACUUM INTO ?", (str(copy),))
        yield copy
    finally:
        for tail in ("", "-journal"):
            with suppress(OSError):
                copy.with_name(copy.name + tail).unlink()


# ---- rebuilding --------------------------------------------------------------------------------------------------

_KEPT: Final = ("notes", "mine", "files", "posted", "boxes", "meta")
"""What is carried over as far as it can be read; entries are made from notes, and acks when these count again."""


def rebuild(path: Path) -> int:
    """Make the database anew from what can still be read of it; wants the home's lock, and nobody else reading.

    Each note is taken over only if it is the text of its hash, and waits to be judged again by the chain, so
    nothing is trusted that was not verified. The old file stands until the new one is whole.

    Returns:
        How many notes were kept.
    """
    fresh = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        with closing(open_database(fresh)) as new, errors(fresh):
            new.execute("PRAGMA journal_mode = DELETE")
            new.execute("BEGIN")
            if path.exists():
                _salvage(path, new)
            count = _enter_notes(new)
            new.execute("COMMIT")
        for tail in ("-wal", "-shm"):  # the old log must not be applied to the new file
            with disk_errors(path):
                path.with_name(path.name + tail).unlink(missing_ok=True)
        with disk_errors(path):
            _flush(fresh)
            fresh.replace(path)
            flush_folder(path.parent)
    finally:
        for tail in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                fresh.with_name(fresh.name + tail).unlink()
    return count


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _salvage(path: Path, new: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as old:
        old.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for table in _KEPT:  # no name from outside comes into the statements below
            for row in _readable(old, table):
                marks = ", ".join("?" * len(row))
                with suppress(sqlite3.DatabaseError):  # a row that does not fit is a damaged one
                    new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608


def _readable(old: sqlite3.Connection, table: str) -> Iterator[Sequence[Any]]:
    """The rows of ``table`` from both ends, up to the damage in between."""
    key = "rowid" if table in _ROWID else next(iter(TABLES[table].split(" ")))
    for order in ("ASC", "DESC"):
        try:
            yield from old.execute(f"SELECT * FROM {table} ORDER BY {key} {order}")  # noqa: S608
        except sqlite3.DatabaseError:
            continue
        return  # that was all of it


def _enter_notes(new: sqlite3.Connection) -> int:
    """One waiting entry for each note whose bytes are what its hash says; others are dropped."""
    from cipherpost.chain.node import Node
    from cipherpost.dispatch.header import parse_header
    from cipherpost.note import split
    from cipherpost.text import sha256

    count = 0
    for hash, note in new.execute("SELECT hash, note FROM notes").fetchall():
        try:
            text = split(note).text if isinstance(note, bytes) else b""
            if sha256(text) != hash:
                raise damaged(Path())
            header = parse_header(text)
        except CipherpostError:  # one bad note must not stop the rest; it is fetched again
            new.execute("DELETE FROM notes WHERE hash = ?", (hash,))
            continue
        row = Node.of(header, hash).row("waiting")
        new.execute(
            "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            (header.channel, *row[:9], " ".join(row.endorsers), "waiting"),
        )
        count += 1
    return count
