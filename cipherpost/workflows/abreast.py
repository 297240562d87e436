"""Many reports opened at once, each processor with its share: opening holds the interpreter's lock.

The secret keys go to the helping processes through pipes, and nothing is written to the disk. A report that does not
open there is left to the caller, who tries again by himself and learns why.
"""

import gc
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from cipherpost.errors import CipherpostError

if TYPE_CHECKING:
    from cipherpost.age import HybridIdentity
    from cipherpost.dispatch.header import Header
    from cipherpost.letter import Letter
    from cipherpost.workflows.remarks import Forms

LEAST: Final = 1_000
"""Reports from which on the start of other processes pays for itself: it takes them about half a second."""
_MOST: Final = 8
"""Helpers, each of some 50 MiB; Windows would take at most 61."""
_SHARE: Final = 128
"""Reports handed over at a time, and taken together through one step after the other."""


_Before = TypeVar("_Before")
_After = TypeVar("_After")


class Job(NamedTuple):
    """A report to open: the path of its sealed file, its header, and the stanza to try first."""

    path: str
    header: "Header"
    first: int | None


class Found(NamedTuple):
    """A report that was opened and fits its form: the hash of that form, and the data."""

    form: str
    data: dict[str, Any]


class _Tools(NamedTuple):
    identities: "Sequence[HybridIdentity]"
    fingerprint: str
    forms: "Forms"


_tools: _Tools | None = None
"""Of a process that opens reports for another."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_many(
    jobs: Sequence[Job], identities: "Sequence[HybridIdentity]", fingerprint: str, forms: "Forms"
) -> Iterator[Found | None]:
    """Each report in order; None for one that the caller has to look at himself."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    tools = _Tools(identities, fingerprint, forms)
    given = (tuple(each.seed for each in identities), fingerprint, forms)
    shares = [jobs[at : at + _SHARE] for at in range(0, len(jobs), _SHARE)]
    with ProcessPoolExecutor(
        min(processors() - 1, _MOST), mp_context=get_context("spawn"), initializer=_begin, initargs=given
    ) as helpers:
        # The helpers begin at the end, this process at the beginning, until they meet.
        handed = [helpers.submit(_help, share) for share in reversed(shares)][::-1]
        for share, promised in zip(shares, handed, strict=True):
            if promised.cancel():
                yield from _open_share(share, tools)
                continue
            try:
                found = promised.result()
            except BrokenProcessPool:  # a helper was killed, for want of memory or by somebody: nothing is lost
                found = _open_share(share, tools)
            yield from found


def _begin(seeds: tuple[bytes, ...], fingerprint: str, forms: "Forms") -> None:
    global _tools  # noqa: PLW0603  one process, one home
    from cipherpost.age import HybridIdentity

    gc.set_threshold(200_000)  # nearly all that is made here is kept: seldom is there garbage to find
    _tools = _Tools(tuple(HybridIdentity.from_seed(seed) for seed in seeds), fingerprint, forms)


def _help(jobs: Sequence[Job]) -> list[Found | None]:
    assert _tools is not None
    return _open_share(jobs, _tools)


# ---- opening -------------------------------------------------------------------------------------------------------


def _open_share(jobs: Sequence[Job], tools: _Tools) -> list[Found | None]:
    """Reports after every check to their last byte (V9, V10) and against their form; None where anything fails.

    All take a step before any takes the next, so that the processor finds the code and the tables of each at hand:
    this saves a third of the time.
    """
    small = [job for job in jobs if _is_small(job)]
    plain = [_step(_decrypt, job, tools, job) for job in small]
    letters = [_step(_read, job, tools, data) for job, data in zip(small, plain, strict=True)]
    found = iter([_step(_examine, job, tools, letter) for job, letter in zip(small, letters, strict=True)])
    return [next(found) if _is_small(job) else _step(_open_large, job, tools, job) for job in jobs]


def _is_small(job: Job) -> bool:
    from cipherpost.workflows.letters import SMALL

    return job.header.sealed[0].size <= SMALL


def _step(
    does: Callable[[Job, _Tools, _Before], _After | None], job: Job, tools: _Tools, before: _Before | None
) -> _After | None:
    """The next step, unless an earlier one failed."""
    if before is None:
        return None
    try:
        return does(job, tools, before)
    except (CipherpostError, OSError):
        return None


def _decrypt(job: Job, tools: _Tools, _: Job) -> bytes | None:
    """The plaintext of a small sealed file, once it is the one that the header signs."""
    from cipherpost.workflows.letters import SMALL, decrypt

    sealed = job.header.sealed[0]
    with open(job.path, "rb") as file:  # noqa: PTH123
        data = file.read(SMALL + 1)
    if len(data) != sealed.size or hashlib.sha256(data).hexdigest() != sealed.hash:
        return None
    return decrypt(job.header, tools.identities, io.BytesIO(data), job.first).read()


def _read(job: Job, tools: _Tools, plain: bytes) -> "Letter":
    from cipherpost.letter import check_letterhead, read_letter

    assert job.header.letter is not None
    letter = read_letter(io.BytesIO(plain), expect_hash=job.header.letter)
    check_letterhead(letter, job.header, tools.fingerprint)
    return letter


def _examine(job: Job, tools: _Tools, letter: "Letter") -> Found:
    from cipherpost.workflows import remarks

    form, data = remarks.examine(tools.forms, job.header, letter)
    return Found(form.hash, {intern(name): _with_names_shared(value) for name, value in data.items()})


def _with_names_shared(value: Any) -> Any:
    """A value with the names of columns, which the form knows, once for all reports and not in each."""
    if isinstance(value, list):
        return [{intern(name): inner for name, inner in row.items()} for row in value]
    return value


def _open_large(job: Job, tools: _Tools, _: Job) -> Found | None:
    """The same with a file that is better not held as a whole."""
    from cipherpost.letter import check_letterhead
    from cipherpost.workflows.letters import unseal

    with open(job.path, "rb") as file:  # noqa: PTH123
        letter, hash = unseal(file, job.header, tools.identities, first=job.first)
    if hash != job.header.sealed[0].hash or isinstance(letter, CipherpostError):
        return None
    check_letterhead(letter, job.header, tools.fingerprint)
    return _examine(job, tools, letter)
