"""Days and periods of the calendar, and the moments at which they begin and end in a network's zone.

The zones are those of the package tzdata, never the machine's: two auditors compute the same deadline. A day begins
with the first moment that bears its date there, and ends where the next begins; so a day may have 23 or 25 hours.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Final

from cipherpost.dispatch.periods import PeriodKind, parse_day, period_kind
from cipherpost.text import format_time, parse_time

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


# ---- periods ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def period_days(period: str) -> tuple[date, date]:
    """The first and the last day of a period of the calendar: year, quarter, month, week (of ISO 8601) or day.

    Raises:
        PeriodError: it is none.
        ValueError: it is an event, whose day its reports name.
    """
    kind = period_kind(period)
    if kind is PeriodKind.EVENT:
        raise ValueError(f"{period} is an event")
    if kind is PeriodKind.DAY:
        day = parse_day(period)
        return day, day
    year = int(period[:4])
    if kind is PeriodKind.WEEK:
        monday = date.fromisocalendar(year, int(period[6:]), 1)
        return monday, monday + _WEEK - _DAY
    if kind is PeriodKind.YEAR:
        return date(year, 1, 1), date(year, 12, 31)
    if kind is PeriodKind.QUARTER:
        month = 3 * int(period[6:]) - 2
        return date(year, month, 1), _month_end(year, month + 2)
    month = int(period[5:])
    return date(year, month, 1), _month_end(year, month)


def _month_end(year: int, month: int) -> date:
    return (date(year + month // 12, month % 12 + 1, 1)) - _DAY


def period_of(kind: PeriodKind, day: date) -> str:
    """The period of this sort that holds ``day``.

    Raises:
        ValueError: events hold no day by themselves.
    """
    if kind is PeriodKind.DAY:
        return day.isoformat()
    if kind is PeriodKind.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year:04}-w{week:02}"
    if kind is PeriodKind.MONTH:
        return f"{day.year:04}-{day.month:02}"
    if kind is PeriodKind.QUARTER:
        return f"{day.year:04}-q{(day.month + 2) // 3}"
    if kind is PeriodKind.YEAR:
        return f"{day.year:04}"
    raise ValueError("an event is no stretch of the calendar")


def next_period(period: str) -> str:
    """The period of the same sort that follows.

    Raises:
        PeriodError: it is none. ValueError: it is an event.
    """
    return period_of(period_kind(period), period_days(period)[1] + _DAY)


def previous_period(period: str) -> str:
    """The period of the same sort that goes before.

    Raises:
        PeriodError: it is none. ValueError: it is an event.
    """
    return period_of(period_kind(period), period_days(period)[0] - _DAY)


def periods_between(kind: PeriodKind, first: str, upto: date) -> Iterator[str]:
    """Every period from ``first``, of that sort, to the one that holds ``upto``; none where it begins later."""
    if period_kind(first) is not kind or period_days(first)[0] > upto:
        return
    yield first
    while period_days(first)[1] < upto:
        first = next_period(first)
        yield first


# ---- moments ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def zone_of(zone: str) -> tzinfo:
    """The rules of a zone as the roster states it: ``Europe/Moscow`` or ``+03:00``."""
    if zone[0] in "+-":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        return timezone(-offset if zone[0] == "-" else offset)
    from zoneinfo import ZoneInfo

    with resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, zone)


@lru_cache(maxsize=4096)
def start_of(day: date, zone: str) -> str:
    """The moment (UTC, as the protocol writes it) at which ``day`` begins in ``zone``."""
    # Where clocks skip or repeat midnight, fold 0 is the moment of the change, or the first of the two.
    return format_time(datetime.combine(day, time(), zone_of(zone)))


def end_of(day: date, zone: str) -> str:
    """24:00 of ``day`` in ``zone``: the moment (UTC, as the protocol writes it) at which the next day begins."""
    return start_of(day + _DAY, zone)


def local_day(moment: str, zone: str) -> date:
    """The day that a moment of the protocol falls on in ``zone``; a moment at which a day ends is the next day's."""
    return parse_time(moment).astimezone(zone_of(zone)).date()


def days_after(moment: str, days: int, zone: str) -> str:
    """``days`` days after a moment that is the end of a day in ``zone``: the end of that later day."""
    return start_of(local_day(moment, zone) + days * _DAY, zone)
