"""Many reports opened at once, each processor with its share: opening holds the interpreter's lock.

The secret keys go to the helping processes through pipes, and nothing is written to the disk. A report that does not
open there is left to the caller, who tries again by himself and learns why.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cipherpost.errors import CipherpostError

if TYPE_CHECKING:
    from cipherpost.age import HybridIdentity
    from cipherpost.dispatch.header import Header
    from cipherpost.workflows.remarks import Forms

LEAST: Final = 1_000
"""Reports from which on the start of other processes pays for itself: it takes them about half a second."""
_SHARE: Final = 64
"""Reports handed over at a time."""


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
    from multiprocessing import get_context

    tools = _Tools(identities, fingerprint, forms)
    given = (tuple(each.seed for each in identities), fingerprint, forms)
    shares = [jobs[at : at + _SHARE] for at in range(0, len(jobs), _SHARE)]
    with ProcessPoolExecutor(
        processors() - 1, mp_context=get_context("spawn"), initializer=_begin, initargs=given
    ) as helpers:
        # The helpers begin at the end, this process at the beginning, until they meet.
        handed = [helpers.submit(_open_share, share) for share in reversed(shares)][::-1]
        for share, promised in zip(shares, handed, strict=True):
            if promised.cancel():
                yield from (open_one(job, *tools) for job in share)
            else:
                yield from promised.result()


def _begin(seeds: tuple[bytes, ...], fingerprint: str, forms: "Forms") -> None:
    global _tools  # noqa: PLW0603  one process, one home
    from cipherpost.age import HybridIdentity

    gc.set_threshold(50_000)  # nearly all that is made here is kept: seldom is there garbage to find
    _tools = _Tools(tuple(HybridIdentity.from_seed(seed) for seed in seeds), fingerprint, forms)


def _open_share(jobs: Sequence[Job]) -> list[Found | None]:
    assert _tools is not None
    return [open_one(job, *_tools) for job in jobs]


def open_one(job: Job, identities: "Sequence[HybridIdentity]", fingerprint: str, forms: "Forms") -> Found | None:
    """One report after every check to its last byte (V9, V10) and against its form; None where anything fails."""
    from cipherpost.letter import check_letterhead
    from cipherpost.workflows import remarks
    from cipherpost.workflows.letters import unseal

    header = job.header
    try:
        with open(job.path, "rb") as file:  # noqa: PTH123
            outcome, hash = unseal(file, header, identities, first=job.first)
        if hash != header.sealed[0].hash or isinstance(outcome, CipherpostError):
            return None
        check_letterhead(outcome, header, fingerprint)
        form, data = remarks.examine(forms, header, outcome)
    except (CipherpostError, OSError):
        return None
    return Found(form.hash, data)
