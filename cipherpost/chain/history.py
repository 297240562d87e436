"""When a channel was written to: what a picture over time needs of it, in bounded room."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.text import parse_time

if TYPE_CHECKING:
    from cipherpost.chain.node import Node

SPANS: Final = 128
"""Most spans of one channel: a picture on a sheet of paper shows no more beside each other."""
SILENCES: Final = 16
"""Most silences of one channel that are kept: the longest."""
_DAY: Final = 10**6
"""What a stamp is divided by to give its day."""


def stamp_of(time: str) -> int:
    """A time as a number that sorts as it does, ``20261122090000``."""
    return int(time.encode().translate(None, b"-T:Z"))


def time_of(stamp: int) -> str:
    """The time of a stamp."""
    digits = f"{stamp:014d}"
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}Z"


class Span(NamedTuple):
    """Some days of a channel, the first as an ordinal of the calendar (UTC): so many dispatches, the last number."""

    day: int
    many: int
    last: int


class Silence(NamedTuple):
    """Two times between which a channel was silent for longer than usual."""

    after: str
    before: str


class History(NamedTuple):
    """When the dispatches of ``channel`` were signed, by their own word.

    ``first`` and ``last``: numbers of the first and last that count, with their times; ``many``: how many count.
    ``days``: how many days each of ``spans`` is long, a power of two; a span begins at a multiple of it. Spans without
    any dispatch are left out. ``usual``: how many days of silence are usual; ``silences``: the longest between two
    dispatches that were longer, in the order of time.
    """

    channel: str
    first: int
    first_time: str
    last: int
    last_time: str
    many: int
    days: int
    spans: tuple[Span, ...]
    usual: int
    silences: tuple[Silence, ...] = ()


def history(channel: str, numbers: Sequence[int], stamps: Sequence[int], silent_days: int) -> History | None:
    """What counts of one channel, seen over time; None where nothing does.

    Args:
        numbers: those of all that counts, rising; ``stamps`` their times, see `stamp_of`.
        silent_days: how many days of silence are usual.
    """
    if not numbers:
        return None
    days = [_ordinal(stamp // _DAY) for stamp in stamps]
    long = 1
    while len({day // long for day in days}) > SPANS:
        long *= 2
    begins = [day // long * long for day in days]
    last = dict(zip(begins, numbers, strict=True))
    many = Counter(begins)
    silences: list[Silence] = []
    for at, (before, day) in enumerate(pairwise(days)):
        if day - before >= silent_days:
            _note_silence(silences, time_of(stamps[at]), time_of(stamps[at + 1]), timedelta(days=silent_days))
    return History(
        channel,
        numbers[0],
        time_of(stamps[0]),
        numbers[-1],
        time_of(stamps[-1]),
        len(numbers),
        long,
        tuple(sorted(Span(begin, many[begin], last[begin]) for begin in last)),
        silent_days,
        tuple(sorted(silences)),
    )


def dated(nodes: "Iterable[Node]") -> tuple[list[int], list[int]]:
    """The numbers and stamps of dispatches of one channel."""
    listed = list(nodes)
    return [node.number for node in listed], [stamp_of(node.time) for node in listed]


@lru_cache(maxsize=1 << 14)
def _ordinal(day: int) -> int:
    return date(day // 10_000, day // 100 % 100, day % 100).toordinal()


def widened(spans: Iterable[Span], days: int) -> tuple[Span, ...]:
    """The same in spans of ``days`` days, a multiple of what they were."""
    return tuple(sorted(_wider(spans, days).values()))


def _wider(spans: Iterable[Span], days: int) -> dict[int, Span]:
    wide: dict[int, Span] = {}
    for span in spans:
        _add(wide, span, days)
    return wide


def _add(spans: dict[int, Span], span: Span, days: int) -> None:
    day = span.day // days * days
    known = spans.get(day, Span(day, 0, 0))
    spans[day] = Span(day, known.many + span.many, max(known.last, span.last))


def _note_silence(silences: list[Silence], after: str, before: str, usual: timedelta) -> None:
    if parse_time(before) - parse_time(after) <= usual:
        return
    silences.append(Silence(after, before))
    if len(silences) > SILENCES:
        silences.remove(min(silences, key=lambda each: (parse_time(each.before) - parse_time(each.after), each)))
