"""Straight channels of an audit, judged without a tree; where there is much to do, by one process a processor.

A helping process opens the post office by its address, gets the roster as the audit folded it, and gives back packed
columns. What it finds not to be straight it leaves to the audit, which reads it again and says why. One that dies ends
the audit: nothing that was not looked at is ever taken for good.
"""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from cipherpost import limits
from cipherpost.chain.columns import Columns
from cipherpost.chain.history import history
from cipherpost.chain.network import Chain
from cipherpost.errors import TooLargeError, UnableError
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.roster.state import Entry

if TYPE_CHECKING:
    from cipherpost.postoffice import PostOffice

LEAST: Final = 10_000
"""Notes from which on the start of other processes, half a second, pays for itself."""
_MOST: Final = 16
"""Helpers, each of some 50 MiB; Windows would take at most 61."""
_SHARE: Final = 512
"""Notes handed over at a time, if their channels are that short."""
BATCH: Final = 256
"""Notes taken through one step of the judging after the other; at 64 KiB each, the most they may have, 16 MiB."""
_MOST_AT_ONCE: Final = 64
"""Requests that a post office is asked at the same time, whatever it says it likes."""

Step = Callable[[int], None]
Answer = bytes | Literal["absent", "unread"]
"""What lay under a name."""


class HelperDiedError(UnableError):
    """A process that verified for an audit was ended from outside; the audit has no result."""


class Job(NamedTuple):
    """A channel of which the plain numbers 1 to ``long`` are listed, and nothing else."""

    channel: str
    long: int


class _Stop(Protocol):
    def is_set(self) -> bool: ...


class _Tools(NamedTuple):
    post: "PostOffice"
    chain: Chain
    sealed: bool
    stop: _Stop


class _Given(NamedTuple):
    """What a helper begins with; ``roster`` is a `cipherpost.roster.snapshot` without the ``entries``."""

    post: "str | PostOffice"
    network: str
    fingerprint: str
    roster: bytes
    entries: tuple[tuple[int, str, str, str], ...]
    sealed: bool


_tools: _Tools | None = None
"""Of a process that judges for another."""


def judge_all(
    post: "PostOffice", chain: Chain, jobs: Sequence[Job], *, sealed: bool, step: Step
) -> Generator[Columns | None]:
    """Each channel in order: its columns, or None where it is not straight.

    Args:
        sealed: keep what headers say of sealed files.
        step: told how many notes are done with.

    Raises:
        HelperDiedError: see there.
    """
    portable = _portable(post)
    if portable is None or processors() < 2 or sum(job.long for job in jobs) < LEAST:
        yield from _judge_here(_Tools(post, chain, sealed, threading.Event()), jobs, step)
    else:
        yield from _judge_by_helpers(portable, chain, jobs, sealed=sealed, step=step)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_once(post: "PostOffice") -> int:
    """How many requests a post office likes to be asked at the same time: 1, if it does not say ``at_once``."""
    return max(1, min(_MOST_AT_ONCE, getattr(post, "at_once", 1)))


# ---- by other processes ----------------------------------------------------------------------------------------------


def _portable(post: "PostOffice") -> "str | PostOffice | None":
    """What another process opens the same post office with: an address, or the post office itself; None: nothing."""
    from cipherpost.postoffice.bundle import BundlePost
    from cipherpost.postoffice.directory import DirectoryPost

    if type(post) is DirectoryPost:
        return post.url
    return post if type(post) is BundlePost else None


def _judge_by_helpers(
    post: "str | PostOffice", chain: Chain, jobs: Sequence[Job], *, sealed: bool, step: Step
) -> Generator[Columns | None]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from cipherpost.roster import snapshot

    context = get_context("spawn")  # the one way that every system has
    stop = context.Event()
    entries = tuple((each.number, each.hash, each.time, each.by) for each in chain.roster.entries)
    folded = snapshot.dump(chain.roster.folded, chain.network)
    given = _Given(post, chain.network, chain.fingerprint, folded, entries, sealed)
    shares = list(_shares(jobs))
    with ProcessPoolExecutor(
        min(processors(), _MOST, len(shares)), mp_context=context, initializer=_begin, initargs=(given, stop)
    ) as helpers:
        try:
            promised = deque(helpers.submit(_help, share) for share in shares)
            for share in shares:
                yield from promised.popleft().result()
                step(sum(job.long for job in share))
        except BrokenProcessPool:
            raise HelperDiedError(
                "a process that verified for this audit was ended before it was done",
                rule="nothing counts as verified that was not looked at: there is no result",
                hints=("close other programs, if memory is short, and repeat the command",),
            ) from None
        finally:
            stop.set()
            helpers.shutdown(cancel_futures=True)


def _shares(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    share: list[Job] = []
    notes = 0
    for job in jobs:
        share.append(job)
        notes += job.long
        if notes >= _SHARE:
            yield share
            share, notes = [], 0
    if share:
        yield share


def _begin(given: _Given, stop: _Stop) -> None:
    global _tools  # noqa: PLW0603  one process, one audit
    from cipherpost.postoffice import open_post_office
    from cipherpost.roster import snapshot

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the audit too, which ends its helpers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(200_000)  # nearly all that is made here goes by itself: seldom is there garbage to find
    chain = Chain(given.network, given.fingerprint)
    folded = snapshot.load(given.roster, network=given.network, fingerprint=given.fingerprint)
    assert folded is not None  # the same program wrote it
    folded.state.entries = [Entry(*each, ()) for each in given.entries]
    chain.roster.restore(folded.state)
    post = open_post_office(given.post) if isinstance(given.post, str) else given.post
    _tools = _Tools(post, chain, given.sealed, stop)


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _help(jobs: Sequence[Job]) -> list[Columns | None]:
    assert _tools is not None
    return list(_judge_here(_tools, jobs, lambda _amount: None))


# ---- one after the other ---------------------------------------------------------------------------------------------


def _judge_here(tools: _Tools, jobs: Sequence[Job], step: Step) -> Generator[Columns | None]:
    given_up: set[int] = set()
    answers = ahead(tools.post, _names(tools.chain.network, jobs, given_up))
    for at, group in groupby(answers, key=itemgetter(0)):
        job = jobs[at]
        columns = _judge(tools, job, (answer for _, answer in group), step)
        if columns is None:
            given_up.add(at)
        yield columns


def _names(network: str, jobs: Sequence[Job], given_up: set[int]) -> Iterator[tuple[int, str]]:
    """The names of all slots, and of the two behind each channel that readers ask for: nothing may be there."""
    for at, job in enumerate(jobs):
        prefix = names.channel_prefix(network, job.channel)
        for number in range(1, min(job.long + 2, limits.NUMBER) + 1):
            if at in given_up:
                break
            yield at, f"{prefix}{number:08d}.note"


def ahead(post: "PostOffice", wanted: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Answer]]:
    """What lies under each name, in order; from a post office that likes many requests at once, asked for ahead."""
    window = at_once(post)
    if window == 1:
        for at, name in wanted:
            yield at, get_note(post, name)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(window) as threads:
        asked: deque[tuple[int, Future[Answer]]] = deque()
        try:
            for at, name in wanted:
                asked.append((at, threads.submit(get_note, post, name)))
                if len(asked) > 2 * window:
                    first, answer = asked.popleft()
                    yield first, answer.result()
            while asked:
                first, answer = asked.popleft()
                yield first, answer.result()
        finally:
            threads.shutdown(cancel_futures=True)


def get_note(post: "PostOffice", name: str) -> Answer:
    """What lies under the name of a slot."""
    try:
        return post.get(name, limits.HEADER_BYTES)
    except NoSuchObjectError:
        return "absent"
    except (TooLargeError, UnreachableError):
        return "unread"


def _judge(tools: _Tools, job: Job, answers: Iterable[Answer], step: Step) -> Columns | None:
    columns = Columns(job.channel, sealed=tools.sealed)
    line = tools.chain.line(columns)
    batch: list[bytes] = []
    for number, answer in enumerate(answers, 1):
        if number > job.long:
            if answer != "absent":
                return None
            continue
        if not isinstance(answer, bytes):
            return None
        batch.append(answer)
        if len(batch) == BATCH or number == job.long:
            if tools.stop.is_set() or not line.take(batch):
                return None
            step(len(batch))
            batch.clear()
    roster = tools.chain.roster
    silent_days = roster.check_days(job.channel.partition("/")[0], roster.newest)
    columns.history = history(job.channel, *columns.dated(), silent_days)
    return columns
