"""Create-if-absent by a rename, for file systems that refuse hard links (FAT, exFAT, some shares).

A rename replaces what is there, so whoever renames must be alone: he first creates an exclusive *claim* file for
the name. A claim left by a killed process is taken over by creating the next *generation* of it, never by removing
it first: of two who would do that, the second would remove the first one's new claim. After creating a claim one
looks at all others again; of two live claimants the later therefore sees the earlier, and steps back.

What is left: a holder who sleeps longer than `PATIENCE` between his last look and his rename. Then two may both
have been told that they created the name, which the protocol bears (docs/protocol.md, "Races and forks").
"""

import errno
import os
import random
import time
from contextlib import suppress
from typing import Final

from cipherpost.postoffice.folders import CREATE, Folder

PATIENCE: Final = 30.0
"""Seconds after which a claim counts as left behind; a live one is held for milliseconds."""
_GENERATIONS: Final = range(1, 10)
_PAUSE: Final = 0.02

_Seen = dict[int, int]  # generation -> time of the claim in nanoseconds, by the store's clock


def rename_if_absent(folder: Folder, old: str, new: str, *, patience: float = PATIENCE) -> bool:
    """Rename ``old`` to ``new`` unless something is there; True if it was done.

    Raises:
        OSError: the system's; EBUSY when more claims were left behind than there are generations.
    """
    while folder.look(new) is None:
        held = _claim(folder, old, new, patience)
        if held is None:
            continue
        try:
            if folder.look(new) is not None:
                return False
            if max(_claims(folder, new), default=0) != held:
                continue  # we slept so long that we were taken for dead
            folder.replace(old, new)
            folder.sync()
            return True
        finally:
            for generation in range(held, 0, -1):
                with suppress(OSError):  # a claim left behind is taken over
                    folder.remove(_name(new, generation))
    return False


def _claim(folder: Folder, old: str, new: str, patience: float) -> int | None:
    """The generation we hold; None if ``new`` came to be, or another stood in the way and has to be looked at again.

    The claims' times are compared with that of ``old``, just written: both are by the store's clock. Either way
    round, since FAT stores local time and a stick travels.
    """
    part = folder.look(old)
    now = part.st_mtime_ns if part is not None else time.time_ns()
    first, since = _claims(folder, new), time.monotonic()
    while True:
        seen = _claims(folder, new)
        if seen != first:
            first, since = seen, time.monotonic()
        top = max(seen, default=0)
        waited = time.monotonic() - since >= patience
        if not seen or waited or abs(now - seen[top]) > patience * 1e9:
            return _take(folder, new, seen)
        if folder.look(new) is not None:
            return None
        time.sleep(_PAUSE * (1 + random.random()))  # noqa: S311 - only so that two do not stay in step


def _take(folder: Folder, new: str, stale: _Seen) -> int | None:
    """Claim the generation after ``stale``, all judged left behind; None if somebody else is at it."""
    generation = max(stale, default=0) + 1
    if generation not in _GENERATIONS:
        raise OSError(errno.EBUSY, "many claims were left behind", _name(new, generation - 1))
    mine = _name(new, generation)
    try:
        os.close(folder.open(mine, CREATE))
    except FileExistsError:
        return None
    others = _claims(folder, new)
    others.pop(generation, None)
    if any(stale.get(other) != moment for other, moment in others.items()):
        with suppress(OSError):
            folder.remove(mine)
        time.sleep(_PAUSE * random.random())  # noqa: S311 - as above
        return None
    return generation


def _claims(folder: Folder, new: str) -> _Seen:
    looked = ((generation, folder.look(_name(new, generation))) for generation in _GENERATIONS)
    return {generation: status.st_mtime_ns for generation, status in looked if status is not None}


def _name(new: str, generation: int) -> str:
    return f".{new}.{generation}.claim"
