"""A process that dies at its n-th step on the disk: from then on, nothing it does reaches the disk any more."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

STEPS = ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir", "ftruncate", "write", "open")


class Killed(BaseException):
    """The process is gone; no handler of the program may catch this."""


@contextmanager
def killed_at(step: int) -> Iterator[Callable[[], int]]:
    """Die at the ``step``-th call that would change the disk; gives a function that counts the calls so far."""
    count = 0

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            if real is reals["open"] and not args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
                return real(*args, **kwargs)
            count += 1
            if count >= step:
                raise Killed
            return real(*args, **kwargs)

        return call

    reals = {name: getattr(os, name) for name in STEPS}
    with pytest.MonkeyPatch.context() as patch:
        for name, real in reals.items():
            patch.setattr(os, name, wrap(real))
        yield lambda: count


def every_kill(act: Callable[[], object], *, limit: int = 200) -> Iterator[int]:
    """Run ``act`` killed at its first step, then its second, ...; yields after each death, until one run lives."""
    for step in range(1, limit):
        try:
            with killed_at(step):
                act()
        except Killed:
            yield step
        else:
            assert step > 1, "the act never touched the disk"
            return
    raise AssertionError("the act never ends")
