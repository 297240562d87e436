"""The word for what a report is about: a stretch of the calendar, a day, or an event (docs/protocol.md, "Periods").

    2026   2026-q3   2026-10   2026-w47   2026-10-05   e7k2m4qaz

Years are 2000 to 2999, so that no deadline counted from a day of the calendar leaves what a computer can count. An
event is ``e`` and 8 to 16 of a-z and 2-7, made at random by the office that holds it.
"""

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final

from cipherpost.text import TextError, shown

YEAR: Final = r"2[0-9]{3}"
DAY: Final = YEAR + r"-[0-9]{2}-[0-9]{2}"
EVENT: Final = r"e[a-z2-7]{8,16}"
PERIOD: Final = rf"(?:{YEAR}(?:-(?:q[1-4]|w[0-9]{{2}}|[0-9]{{2}}(?:-[0-9]{{2}})?))?|{EVENT})"
"""Regular expressions of the forms; which months, weeks and days there are is checked by the functions below."""

_PERIOD = re.compile(
    rf"(?P<year>{YEAR})(?:-(?:(?P<quarter>q[1-4])|w(?P<week>[0-9]{{2}})|(?P<month>[0-9]{{2}})(?:-(?P<day>[0-9]{{2}}))?))?"
    rf"|(?P<event>{EVENT})"
)
_DAY = re.compile(DAY)


class PeriodKind(StrEnum):
    """The sort of a period, in the words that a duty uses for what it asks."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    EVENT = "event"


class PeriodError(TextError):
    """A word that is no period, or names a month, week or day that the calendar does not have."""


@lru_cache(maxsize=4096)
def period_kind(word: str) -> PeriodKind:
    """Which sort of period ``word`` is.

    Raises:
        PeriodError: it is none.
    """
    match = _PERIOD.fullmatch(word)
    if match is None:
        raise PeriodError(
            f"{shown(word)} is not a period", rule="2026, 2026-q3, 2026-10, 2026-w47, 2026-10-05, or an event"
        )
    found = match.groupdict()
    if found["event"]:
        return PeriodKind.EVENT
    if found["quarter"]:
        return PeriodKind.QUARTER
    year = int(found["year"])
    try:
        if found["week"]:
            date.fromisocalendar(year, int(found["week"]), 1)
            return PeriodKind.WEEK
        if found["month"]:
            date(year, int(found["month"]), int(found["day"] or 1))
            return PeriodKind.DAY if found["day"] else PeriodKind.MONTH
    except ValueError:
        raise PeriodError(f"the calendar has no {shown(word)}", rule="weeks are those of ISO 8601") from None
    return PeriodKind.YEAR


def parse_period(word: str) -> str:
    """``word`` itself, once it is known to be a period.

    Raises:
        PeriodError: it is none.
    """
    period_kind(word)
    return word


def is_event(period: str) -> bool:
    """Whether a checked period is an event (no other begins with a letter)."""
    return period.startswith("e")


@lru_cache(maxsize=4096)
def parse_day(word: str) -> date:
    """A day of the years 2000 to 2999, ``2026-12-15``.

    Raises:
        PeriodError: not that form, or no such day.
    """
    if _DAY.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            pass
    raise PeriodError(f"{shown(word)} is not a day", rule="written like 2026-12-15, in the years 2000 to 2999")
