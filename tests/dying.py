"""A program that dies at its n-th step: from then on nothing it does reaches the disk, the database or the post office.

Steps are the calls that change something: of the system on files, statements and commits of the local database, and
what a `HostilePost` is asked to store (before it is, and when it is stored and the answer is lost).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from simulator import HostilePost, Killed

from cipherpost.home.lock import HOLDER, LOCK
from cipherpost.home.mail import Mail

FILES = ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir", "ftruncate", "write", "open")
_LOCKS = tuple(f"{os.sep}{name}" for name in (LOCK, HOLDER))
_MOST = 400


@contextmanager
def dies_at(step: int) -> Iterator[None]:
    """Die at the ``step``-th step of whatever is done in the block; `Killed` comes out of it."""
    count = 0

    def take_step() -> None:
        nonlocal count
        count += 1
        if count >= step:
            raise Killed

    def dead() -> bool:
        return count >= step

    with pytest.MonkeyPatch.context() as patch:
        for name in FILES:
            patch.setattr(os, name, _file_call(name, take_step))
        patch.setattr(Mail, "_run", _statement(Mail._run, take_step, dead))
        patch.setattr(HostilePost, "_begin", _asked(HostilePost._begin, take_step, dead))
        patch.setattr(HostilePost, "_end", _stored(HostilePost._end, take_step))
        yield


def _file_call(name: str, take_step: Callable[[], None]) -> Callable[..., Any]:
    real = getattr(os, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if args and str(args[0]).endswith(_LOCKS):  # the system frees a dead program's lock
            return real(*args, **kwargs)
        if name != "open" or args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            take_step()
        return real(*args, **kwargs)

    return call


def _statement(real: Callable[..., Any], take_step: Callable[[], None], dead: Callable[[], bool]) -> Callable[..., Any]:
    """SQLite keeps a transaction whole by itself, so a step is a commit, or a change outside of any."""

    def run(self: Mail, sql: str, values: Any = ()) -> Any:
        word = sql.split(maxsplit=1)[0]
        if word == "ROLLBACK":
            return real(self, sql, values)
        if dead():
            raise Killed
        if word == "COMMIT" or (word not in {"SELECT", "PRAGMA", "BEGIN"} and not self._base.in_transaction):
            take_step()
            result = real(self, sql, values)
            take_step()
            return result
        return real(self, sql, values)

    return run


def _asked(real: Callable[..., Any], take_step: Callable[[], None], dead: Callable[[], bool]) -> Callable[..., Any]:
    def begin(self: HostilePost, operation: Any, name: str) -> None:
        if dead():
            raise Killed
        if operation in {"create", "put", "discard"}:
            take_step()
        real(self, operation, name)

    return begin


def _stored(real: Callable[..., Any], take_step: Callable[[], None]) -> Callable[..., Any]:
    def end(self: HostilePost, operation: Any, name: str) -> None:
        if operation in {"create", "put", "discard"}:
            take_step()
        real(self, operation, name)

    return end


def every_death(act: Callable[[int], object], *, stride: int = 1) -> Iterator[int]:
    """``act(1)`` dies at its first step, ``act(2)`` at its second (its ``stride``-th further on), and so on.

    It yields after each death, and ends after the first run that lives: the last value is the number of deaths.
    """
    for death in range(1, _MOST):
        try:
            with dies_at(1 + (death - 1) * stride):
                act(death)
        except Killed:
            yield death
        else:
            assert death > 1, "nothing was changed at all"
            return
    raise AssertionError("it never ends")
