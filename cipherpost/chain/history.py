"""When a channel was written to: what a picture over time needs of it, in bounded room."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.text import parse_time

if TYPE_CHECKING:
    from cipherpost.chain.node import Node

SPANS: Final = 128
"""Most spans of one channel: a picture on a sheet of paper shows no more beside each other."""
SILENCES: Final = 16
"""Most silences of one channel that are kept: the longest."""


class Day(NamedTuple):
    """Dispatches of one day that stand behind one another: numbers and times of the first and the last, how many."""

    first: int
    first_time: str
    last: int
    last_time: str
    many: int


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


def history(channel: str, days: Iterable[Day], silent_days: int) -> History | None:
    """What counts of one channel, seen over time; None where nothing does.

    Nothing of ``days`` is kept, and no more than `SPANS` and `SILENCES` are at any moment.

    Args:
        days: `cipherpost.chain.channel.Channel.days`.
        silent_days: how many days of silence are usual.
    """
    first: Day | None = None
    last: Day | None = None
    before = total = 0
    long, run, many, number = 1, 0, 0, 0
    """How long spans are; where the one begins that the days now are in, and what is in it so far."""
    spans: dict[int, Span] = {}
    silences: list[Silence] = []
    usual = timedelta(days=silent_days)
    for day in days:
        here = _ordinal(day.first_time[:10])
        if last is not None and here - before >= silent_days:
            _note_silence(silences, last.last_time, day.first_time, usual)
        first, last, before = first or day, day, here
        total += day.many
        if many and here // long * long == run:
            many, number = many + day.many, max(number, day.last)
            continue
        if many:
            _add(spans, Span(run, many, number), long)
            while len(spans) > SPANS:
                long *= 2
                spans = _wider(spans.values(), long)
        run, many, number = here // long * long, day.many, day.last
    if first is None or last is None:
        return None
    _add(spans, Span(run, many, number), long)
    while len(spans) > SPANS:
        long *= 2
        spans = _wider(spans.values(), long)
    return History(
        channel,
        first.first,
        first.first_time,
        last.last,
        last.last_time,
        total,
        long,
        tuple(sorted(spans.values())),
        silent_days,
        tuple(sorted(silences)),
    )


@lru_cache(maxsize=1 << 14)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def by_day(nodes: "Iterable[Node]") -> Iterator[Day]:
    """Dispatches of one channel, by number, day by day; none is kept."""
    for _, group in groupby(nodes, key=_day):
        first = last = next(group)
        many = 1
        while (node := next(group, None)) is not None:
            last, many = node, many + 1
        yield Day(first.number, first.time, last.number, last.time, many)


def widened(spans: Iterable[Span], days: int) -> tuple[Span, ...]:
    """The same in spans of ``days`` days, a multiple of what they were."""
    return tuple(sorted(_wider(spans, days).values()))


def _day(node: "Node") -> str:
    return node.time[:10]


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
