"""The moments of a command, and what goes wrong at them.

A moment is a call that changes something below a network's folder: of the system on files, a statement or commit of
a home's database, and what the post office is asked to store (before it has, and after). `Breaker` counts them, and
lets a `Fault` happen at one of them.
"""

import builtins
import errno
import io
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from simulator import Fail, HostilePost, Killed  # type: ignore[import-not-found]

from cipherpost.errors import CipherpostError
from cipherpost.home import database
from cipherpost.home.lock import HOLDER, LOCK
from cipherpost.home.mail import Mail
from cipherpost.postoffice import UnreachableError

_CALLS: Final = (
    "fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir", "ftruncate", "write", "open", "fdopen"
)  # fmt: skip
_FREED: Final = tuple(f"{os.sep}{name}" for name in (LOCK, HOLDER))
_GROWING: Final = frozenset({"write", "open", "link", "mkdir", "ftruncate", "commit"})
_CHANGING: Final = _GROWING | {"replace", "rename", "unlink", "rmdir"}
_FLUSHING: Final = frozenset({"fsync", "commit"})
_STORING: Final = frozenset({"create", "put"})
_SQLITE: Final = {
    errno.ENOSPC: (13, "database or disk is full"),
    errno.EROFS: (8, "attempt to write a readonly database"),
    errno.EIO: (1034, "disk I/O error"),  # SQLITE_IOERR_FSYNC
}
_SLOW: Final = 0.002
"""Seconds that each call to a slow post office really takes; the network's own clock goes on by `LATER`."""
_OPEN: Final = open
LATER: Final = 120
"""Seconds by the network's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a command can be disturbed.

    Args:
        word: as it stands in the table.
        moments: which calls count as moments; None for every one.
        error: number of the system's error; None where the fault is another.
        lasts: whether all later such calls on the same disk fail too, until it is mended.
    """

    word: str
    moments: frozenset[str] | None = None
    error: int | None = None
    lasts: bool = False


KILLED: Final = Fault(word="killed")
FAULTS: Final = (
    KILLED,
    Fault(word="disk full", moments=_GROWING, error=errno.ENOSPC, lasts=True),
    Fault(word="read-only", moments=_CHANGING, error=errno.EROFS, lasts=True),
    Fault(word="no fsync", moments=_FLUSHING, error=errno.EIO),
    Fault(word="not stored", moments=_STORING),
    Fault(word="unanswered", moments=_STORING),
    Fault(word="torn", moments=frozenset({"put"})),
    Fault(word="line lost", moments=frozenset({"asked"}), lasts=True),
    Fault(word="cut off", moments=frozenset({"stream"})),
    Fault(word="slow", moments=frozenset({"asked"}), lasts=True),
)
KILL_9: Final = Fault(word="kill -9")
"""A process of its own that is ended by the system; not a matter of moments."""


class _Raw(io.FileIO):
    """A file each of whose writes is a moment."""

    def __init__(self, file: Any, mode: str, moment: Callable[[str, str], None], path: str) -> None:
        super().__init__(file, mode)
        self._moment, self._path = moment, path

    def write(self, data: Any, /) -> int:
        """As the system does, if it does."""
        self._moment("write", self._path)
        return super().write(data)


class Breaker:
    """Counts the moments of what runs under `at_work`; at moment ``at`` of ``fault``, it happens.

    Args:
        root: the network's folder; what lies outside is not watched.
        post: the folder of the post office below it; its disk is another than that of the homes.
        late: told that the network's clock goes on.
    """

    def __init__(
        self, root: Path, post: Path, *, fault: Fault | None = None, at: int = 0, late: Callable[[int], None]
    ) -> None:
        self.counts: dict[str, int] = {}
        self.struck = False
        self._root, self._post = f"{root}{os.sep}", f"{post}{os.sep}"
        self._fault, self._at, self._late = fault, at, late
        self._seen = 0
        self._disk: bool | None = None
        self._dead = False

    # ---- what is watched -----------------------------------------------------------------------------------------

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Watch everything that is done in the block."""
        with ExitStack() as stack:
            for name in _CALLS:
                stack.enter_context(patch.object(os, name, self._file_call(name)))
            for module in (io, builtins):
                stack.enter_context(patch.object(module, "open", self._open))
            stack.enter_context(patch.object(Mail, "_run", self._statement()))
            for name in ("open_post_office", "create_post_office"):
                stack.enter_context(patch(f"cipherpost.postoffice.{name}", self._opening(name)))
            yield

    def _file_call(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            path = _path(name, args, kwargs)
            if not path.startswith(self._root) or path.endswith(_FREED):
                return real(*args, **kwargs)
            if name == "fdopen":
                return self._file(path, *args, **kwargs)
            if name != "open" or args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
                self._moment(name, path)
            return real(*args, **kwargs)

        return call

    def _file(self, path: str, descriptor: int, mode: str = "r", buffering: int = -1) -> Any:
        if mode != "wb":
            return _OPEN(descriptor, mode, buffering)
        return io.BufferedWriter(_Raw(descriptor, "wb", self._moment, path), max(buffering, io.DEFAULT_BUFFER_SIZE))

    def _open(
        self, file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, *rest: Any, **more: Any
    ) -> Any:
        """The file that Python opens for writing; what it writes in pieces of its own goes through `_Raw`."""
        path = str(Path(file).absolute()) if isinstance(file, str | os.PathLike) else ""
        if not path.startswith(self._root) or path.endswith(_FREED) or not set(mode) & set("wxa"):
            return _OPEN(file, mode, buffering, encoding, *rest, **more)
        self._moment("open", path)
        raw = _Raw(file, mode.replace("t", ""), self._moment, path)
        if buffering == 0:
            return raw
        buffered = io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding or "utf-8", newline=more.get("newline"))

    def _statement(self) -> Callable[..., Any]:
        """SQLite keeps a transaction whole by itself: a moment is a commit, or a change outside of any."""
        real, breaker = Mail._run, self

        def run(mail: Mail, sql: str, values: Any = ()) -> Any:
            word = sql.split(maxsplit=1)[0]
            if breaker._dead and word != "ROLLBACK":
                raise Killed
            changes = word == "COMMIT" or (
                word not in {"SELECT", "PRAGMA", "BEGIN", "ROLLBACK"} and not mail._base.in_transaction
            )
            if changes:
                with database.errors(mail._path):
                    breaker._moment("commit", str(mail._path))
            done = real(mail, sql, values)
            if changes:
                breaker._moment("committed", str(mail._path))
            return done

        return run

    def _opening(self, name: str) -> Callable[..., Any]:
        import cipherpost.postoffice

        real = getattr(cipherpost.postoffice, name)

        def opened(*args: Any, **kwargs: Any) -> Any:
            post = HostilePost(real(*args, **kwargs))
            self._listen(post)
            return post

        return opened

    def _listen(self, post: Any) -> None:
        begin, end = post._begin, post._end

        def asked(operation: str, name: str) -> None:
            if operation == "put" and self._due("torn", "put"):
                post.knobs.torn[name] = 64
                post.fails.append(Fail("put", name, "after"))
            if operation == "stream" and self._due("cut off", "stream"):
                post.fails.append(Fail("stream", name, "midway"))
            self._moment("asked", self._post)
            if operation in _STORING:
                self._moment(operation if self._is("not stored") else "asked to store", self._post)
            begin(operation, name)

        def answered(operation: str, name: str) -> None:
            if operation in _STORING:
                self._moment(operation if self._is("unanswered") else "stored", self._post)
            end(operation, name)

        post._begin, post._end = asked, answered

    # ---- what goes wrong -----------------------------------------------------------------------------------------

    def _is(self, word: str) -> bool:
        return self._fault is not None and self._fault.word == word

    def _due(self, word: str, kind: str) -> bool:
        """Count a moment of a fault that is not raised here; whether it is the one."""
        if self._fault is None:
            self.counts[kind] = self.counts.get(kind, 0) + 1
        if not self._is(word):
            return False
        self._seen += 1
        if self._seen != self._at:
            return False
        self.struck = True
        return True

    def _moment(self, kind: str, path: str) -> None:
        if self._fault is None:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            return
        fault = self._fault
        if fault.word in {"torn", "cut off"} or (fault.moments is not None and kind not in fault.moments):
            return
        disk = path.startswith(self._post)
        self._seen += 1
        if self._seen < self._at:
            return
        if self._seen == self._at:
            self._disk = disk
        elif not (fault.lasts and disk == self._disk) and fault is not KILLED:
            return
        self.struck = True
        self._strike(fault, kind)

    def _strike(self, fault: Fault, kind: str) -> None:
        if fault is KILLED:
            self._dead = True
            raise Killed
        if fault.word == "slow":
            time.sleep(_SLOW)
            self._late(LATER)
        elif fault.error is None:
            raise _line_lost()
        elif kind == "commit":
            raise _sqlite_error(fault.error)
        else:
            raise OSError(fault.error, os.strerror(fault.error))

    def moments(self, fault: Fault) -> int:
        """How many moments a command has for ``fault``, after it ran without any."""
        if fault is KILLED:
            return sum(self.counts.values())
        assert fault.moments is not None
        stored = {"create": 0, "put": 0}
        if fault.moments == _STORING:
            return self.counts.get("asked to store", 0)
        return sum(
            (self.counts | stored if "asked" in fault.moments else self.counts).get(kind, 0) for kind in fault.moments
        )


def _path(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """What a call is about, whole; by its descriptors where it names none."""
    first = args[0]
    if isinstance(first, int):
        return _of_descriptor(first)
    base = next((kwargs[word] for word in ("dir_fd", "src_dir_fd") if kwargs.get(word) is not None), None)
    place = os.fspath(first)
    return str(place) if base is None else f"{_of_descriptor(base)}{os.sep}{place}"


def _of_descriptor(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - no Path is needed
    except OSError:
        return ""


def _line_lost() -> CipherpostError:
    return UnreachableError("the line is down")


def _sqlite_error(number: int) -> sqlite3.OperationalError:
    code, words = _SQLITE[number]
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error
