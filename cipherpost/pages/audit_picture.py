"""The picture of an audit: all channels over time, with what was found where; only where things stand, no markup.

One strip for each channel, `WIDE` units long whatever the time it shows. Of many channels, those in which nothing was
found share one strip with the others of their office, so that the picture is no longer than people can look at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from math import log1p
from typing import Final, NamedTuple

from cipherpost.chain.findings import Finding
from cipherpost.chain.history import History, Span, widened
from cipherpost.text import CENTER, parse_time

WIDE: Final = 800
"""Units that a strip is long."""
HIGH: Final = 26
"""Units that a strip is high; its line runs at `_LINE`."""
THIN: Final = 10
"""The same of a strip that is only to be glanced at."""
APART: Final = 150
"""Most channels that have a strip each; of more, those with the gravest findings."""
OFFICES: Final = 60
"""Offices from which on those with nothing to be looked at are drawn thin."""
FOLDED: Final = 2000
"""Most channels that are drawn thin, folded away."""
_EDGE: Final = 9
_LINE: Final = 22
_BAR: Final = 12
_SPANS: Final = 128
_NEAR: Final = 24
"""Findings that stand nearer to each other share a mark, so that none covers how many another one stands for."""
_TOLD: Final = 4
"""Findings that the words of one mark tell."""
_TICK: Final = 78
_LETTER: Final = 3.3
_DAYS: Final = (1, 2, 7, 14)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200)
_GRADES: Final = ("alarm", "warning", "notice")
SHAPES: Final = {"fork": "fork", "gap": "gap", "race": "race"}
"""Codes with a shape of their own; the others have that of their grade."""


class Placed(NamedTuple):
    """A finding, and the anchor of the words about it."""

    finding: Finding
    anchor: str


class Mark(NamedTuple):
    """Some findings at one place of a strip: the shape and grade of the gravest; ``words`` for who points at it."""

    x: float
    shape: str
    grade: str
    many: int
    words: str
    anchor: str
    known: bool


class Tick(NamedTuple):
    """A day named on the axis."""

    x: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One channel, or some of one office: ``name``; numbers at its ends; SVG paths of its line, silences and bars."""

    name: str
    words: str
    first: str = ""
    last: str = ""
    line: str = ""
    silent: str = ""
    bars: str = ""
    bar: float = 2.0
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The strips of one office; ``together``: of its other channels, and of findings about it as a whole.

    ``thin``: nothing is to be looked at closely.
    """

    office: str
    strips: tuple[Strip, ...]
    together: Strip | None = None
    thin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of it. ``days``: how many days a bar stands for; ``thin``: every channel once more where some share a strip.

    ``left_out``: how many channels more than `FOLDED` there are.
    """

    start: str
    end: str
    days: int
    channels: int
    ticks: tuple[Tick, ...]
    grid: str
    offices: tuple[Office, ...]
    thin: tuple[Strip, ...] = ()
    left_out: int = 0


def draw(histories: Sequence[History], placed: Sequence[Placed], *, titles: Mapping[str, str], as_of: str) -> Picture:
    """Lay everything out.

    Args:
        histories: of all channels in which something counts.
        placed: the findings, gravest first.
        titles: title by office, the order of the offices too; others follow by name.
        as_of: the judging time, where the picture ends.
    """
    drawing = _Drawing(histories, as_of)
    known = {each.channel: each for each in histories}
    found: dict[str, list[Placed]] = {}
    about: dict[str, list[Placed]] = {}
    for each in placed:
        of, key = (found, each.finding.channel) if each.finding.channel else (about, each.finding.office or CENTER)
        of.setdefault(key or "", []).append(each)
    channels = sorted(known.keys() | found.keys())
    apart = _apart(channels, found)
    order = {name: at for at, name in enumerate(titles)}
    by_office: dict[str, list[str]] = {name: [] for name in about}
    for channel in channels:
        by_office.setdefault(channel.partition("/")[0], []).append(channel)
    offices: list[Office] = []
    for office in sorted(by_office, key=lambda name: (name != CENTER, order.get(name, len(order)), name)):
        own = [name for name in by_office[office] if name in apart]
        rest = [name for name in by_office[office] if name not in apart]
        thin = not own and office not in about and len(by_office) > OFFICES
        offices.append(
            Office(
                office=office,
                strips=tuple(drawing.strip(name, known.get(name), found.get(name, ())) for name in own),
                together=drawing.together(office, rest, known, found, about.get(office, ()), THIN if thin else HIGH),
                thin=thin,
            )
        )
    folded = channels[:FOLDED] if len(apart) < len(channels) else []
    return Picture(
        start=date.fromordinal(drawing.start).isoformat(),
        end=as_of,
        days=drawing.days,
        channels=len(channels),
        ticks=drawing.ticks(),
        grid="".join(f"M{tick.x:g} 0V{HIGH}" for tick in drawing.ticks()),
        offices=tuple(offices),
        thin=tuple(drawing.strip(name, known.get(name), found.get(name, ()), high=THIN) for name in folded),
        left_out=len(channels) - len(folded) if folded else 0,
    )


def _apart(channels: Sequence[str], found: Mapping[str, Sequence[Placed]]) -> set[str]:
    """The channels with a strip of their own."""
    if len(channels) <= APART:
        return set(channels)
    new = [name for name in channels if any(not each.finding.known_since for each in found.get(name, ()))]
    rank = {name: min(_GRADES.index(each.finding.grade) for each in found[name]) for name in new}
    return set(sorted(new, key=lambda name: (rank[name], name))[:APART])


class _Drawing:
    """Days become places on the strips: from the first day of the roster to the judging time."""

    def __init__(self, histories: Sequence[History], as_of: str) -> None:
        self.as_of = as_of
        self.end = _moment(as_of)
        roster = [_moment(each.first_time) for each in histories if each.channel == f"{CENTER}/roster"]
        first = min(roster or [_moment(each.first_time) for each in histories] or [self.end])
        self.start = int(min(first, self.end - 1))
        self.days = 1
        while (self.end - self.start) / self.days > _SPANS:
            self.days *= 2
        self._per_day = (WIDE - 2 * _EDGE) / (self.end - self.start)
        self._most = max((span.many for each in histories for span in self._spans(each)), default=1)

    def x(self, day: float) -> float:
        """The place of a day; what lies before or after all that is drawn stands at the edge."""
        return round(_EDGE + (min(max(day, self.start), self.end) - self.start) * self._per_day, 1)

    # ---- strips ------------------------------------------------------------------------------------------------------

    def strip(self, name: str, history: History | None, placed: Sequence[Placed], *, high: int = HIGH) -> Strip:
        """One channel."""
        words = f"{name}: nothing counts"
        if history is None:
            return Strip(name=name, words=f"{words}{_found(placed)}", marks=self.marks(placed, None, high=high))
        words = (
            f"{name}: {history.many} from number {history.first}, {history.first_time}, "
            f"to number {history.last}, {history.last_time}"
        )
        line, room = _line(high)
        return Strip(
            name=name,
            words=f"{words}{_silences(history, self.as_of)}{_found(placed)}",
            first=str(history.first),
            last=str(history.last),
            line=self._line(history, line),
            silent=self._silent(history, line),
            bars=self._bars(self._spans(history), line, room, self._most),
            bar=self._bar(max(self.days, history.days)),
            marks=self.marks(placed, history, high=high),
        )

    def together(
        self,
        office: str,
        names: Sequence[str],
        known: Mapping[str, History],
        found: Mapping[str, Sequence[Placed]],
        about: Sequence[Placed],
        high: int,
    ) -> Strip | None:
        """Some channels of one office in one strip, their bars on top of each other, and what is about the office."""
        if not names and not about:
            return None
        histories = [known[name] for name in names if name in known]
        spans: dict[int, Span] = {}
        for span in (span for each in histories for span in self._spans(each)):
            spans[span.day] = Span(span.day, span.many + (spans[span.day].many if span.day in spans else 0), 0)
        marks = [mark for name in names for mark in self.marks(found.get(name, ()), known.get(name))]
        marks += self.marks(about, None)
        many = sum(each.many for each in histories)
        told = f"{_many(len(names), 'channel', 's')}, {_many(many, 'dispatch', 'es')}" if names else ""
        most = max((span.many for span in spans.values()), default=1)
        return Strip(
            name=told,
            words=f"{office}: {told or 'as a whole'}{_found(about)}",
            bars=self._bars(sorted(spans.values()), *_line(high), most),
            bar=self._bar(self.days),
            marks=_merged(marks),
        )

    def _spans(self, history: History) -> Sequence[Span]:
        return widened(history.spans, max(self.days, history.days))

    def _bar(self, days: int) -> float:
        return round(min(max(days * self._per_day - 1, 2.0), 14.0), 1)

    def _bars(self, spans: Sequence[Span], line: int, room: int, most: int) -> str:
        """One upright stroke for each span, the higher the more dispatches; one with ``most`` takes all the room."""
        half = self.days / 2
        high = [max(3.0, room * log1p(span.many) / log1p(max(most, span.many))) for span in spans]
        return "".join(
            f"M{self.x(span.day + half):g} {line}v-{round(each, 1):g}" for span, each in zip(spans, high, strict=True)
        )

    def _line(self, history: History, line: int) -> str:
        """From the first to the last dispatch, but where it was silent."""
        parts: list[str] = []
        at = _moment(history.first_time)
        for after, before in history.silences:
            parts.append(self._stroke(at, _moment(after), line))
            at = _moment(before)
        return "".join([*parts, self._stroke(at, _moment(history.last_time), line)])

    def _silent(self, history: History, line: int) -> str:
        parts = [self._stroke(_moment(each.after), _moment(each.before), line) for each in history.silences]
        if _is_silent(history, self.as_of):
            parts.append(self._stroke(_moment(history.last_time), self.end, line))
        return "".join(parts)

    def _stroke(self, start: float, end: float, line: int) -> str:
        first, last = self.x(start), self.x(end)
        return f"M{first:g} {line}H{last:g}" if last > first else ""

    # ---- findings ----------------------------------------------------------------------------------------------------

    def marks(self, placed: Iterable[Placed], history: History | None, *, high: int = HIGH) -> tuple[Mark, ...]:
        """What was found, each at its time or beside its number."""
        return _merged([self._mark(each, history) for each in placed], near=_NEAR if high == HIGH else 6)

    def _mark(self, placed: Placed, history: History | None) -> Mark:
        finding = placed.finding
        where = "/".join(str(each) for each in (finding.channel or finding.office, finding.number) if each is not None)
        shape = SHAPES.get(finding.code, finding.grade)
        words = f"{finding.code} {where}: {finding.detail}"
        known = finding.known_since is not None
        return Mark(self._where(finding, history), shape, finding.grade, 1, words, placed.anchor, known)

    def _where(self, finding: Finding, history: History | None) -> float:
        if finding.time is not None:
            return self.x(_moment(finding.time))
        if history is None:
            return self.x(self.end)
        if finding.number is None:
            return self.x(_moment(history.last_time))
        for span in history.spans:
            if span.last >= finding.number:
                return self.x(span.day + history.days / 2)
        return min(self.x(_moment(history.last_time)) + _NEAR, self.x(self.end))

    # ---- the axis ----------------------------------------------------------------------------------------------------

    def ticks(self) -> tuple[Tick, ...]:
        """Days, months or years to be named, so far from each other that their names do not touch, nor are cut off."""
        least = _TICK / self._per_day
        days = next((step for step in _DAYS if step >= least), None)
        if days is not None:
            found = self._days(days)
        else:
            found = self._months(next((each for each in _MONTHS if each * 28 >= least), _MONTHS[-1]))
        return tuple(tick for tick in found if _LETTER * len(tick.name) <= tick.x <= WIDE - _LETTER * len(tick.name))

    def _days(self, step: int) -> Iterator[Tick]:
        for day in range(-(-self.start // step) * step, int(self.end) + 1, step):
            yield Tick(self.x(day), date.fromordinal(day).isoformat())

    def _months(self, step: int) -> Iterator[Tick]:
        start, end = date.fromordinal(self.start), date.fromordinal(int(self.end))
        for month in range(start.year * 12, end.year * 12 + end.month):
            if month % step == 0:
                day = date(month // 12, month % 12 + 1, 1)
                if day >= start:
                    yield Tick(self.x(day.toordinal()), day.isoformat()[: 4 if step % 12 == 0 else 7])


def _merged(marks: Sequence[Mark], near: int = _NEAR) -> tuple[Mark, ...]:
    """Those that would cover each other as one."""
    merged: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda each: (each.x, each.known, _GRADES.index(each.grade), each.words)):
        if merged and mark.x - merged[-1][0].x < near:
            merged[-1].append(mark)
        else:
            merged.append([mark])
    return tuple(_together(group) for group in merged)


def _together(marks: Sequence[Mark]) -> Mark:
    ordered = sorted(marks, key=lambda each: (each.known, _GRADES.index(each.grade), each.shape == each.grade))
    gravest, many = ordered[0], sum(each.many for each in marks)
    words = [each.words for each in ordered[:_TOLD]]
    if len(ordered) > _TOLD:
        words.append(f"and {len(ordered) - _TOLD} more")
    return gravest._replace(x=marks[0].x, many=many, words="\n".join(words))


def _line(high: int) -> tuple[int, int]:
    """Where the line of a strip runs, and the room for bars above it."""
    return (_LINE, _BAR) if high == HIGH else (high - 2, high - 3)


def _many(count: int, noun: str, more: str) -> str:
    return f"{count} {noun}{'' if count == 1 else more}"


def _moment(time: str) -> float:
    """A time as an ordinal of the calendar, with the part of the day."""
    moment: datetime = parse_time(time)
    return moment.toordinal() + (moment.hour * 60 + moment.minute) / 1440


def _is_silent(history: History, as_of: str) -> bool:
    return parse_time(as_of) - parse_time(history.last_time) > timedelta(days=history.usual)


def _silences(history: History, as_of: str) -> str:
    told = [f"{after[:10]} to {before[:10]}" for after, before in history.silences]
    if _is_silent(history, as_of):
        told.append(f"since {history.last_time[:10]}")
    return f"; silent {', '.join(told)}" if told else ""


def _found(placed: Sequence[Placed]) -> str:
    counts = [(code, len(list(same))) for code, same in groupby(sorted(each.finding.code for each in placed))]
    return "; found: " + ", ".join(f"{count} {code}" for code, count in counts) if counts else ""
