"""Is the center still heard of, and can this clock be right? Pure functions over times (docs/protocol.md, "Freshness").

Times are the protocol's: ``2026-11-22T09:00:00Z``, UTC.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from cipherpost import limits
from cipherpost.errors import StaleError
from cipherpost.text import parse_time

_DAY: Final = timedelta(seconds=limits.CLOCK_AHEAD_SECONDS)


class CenterSilentError(StaleError):
    """The newest center dispatch known is older than the check interval."""


class ClockBehindError(StaleError):
    """This clock is more than a day behind the newest center time."""


class ClockAheadError(StaleError):
    """This clock is more than a day ahead of the newest time that the post office stamped on anything."""


def judged_now(own: str, last_run: str | None = None, newest_center: str | None = None) -> str:
    """Now, for staleness: the latest of the own clock, the last run and the newest center time.

    So a clock set back hides no silence.
    """
    return max(time for time in (own, last_run, newest_center) if time)


def is_stale(newest_center: str, now: str, interval_days: int = limits.CHECK_INTERVAL_DAYS) -> bool:
    """Whether the newest center dispatch known is older than ``interval_days`` at ``now`` (of `judged_now`)."""
    return parse_time(now) - parse_time(newest_center) > timedelta(days=interval_days)


def check_fresh(newest_center: str, now: str, interval_days: int = limits.CHECK_INTERVAL_DAYS) -> None:
    """Refuse to seal on what may be an old roster.

    Raises:
        CenterSilentError: `is_stale`.
    """
    if is_stale(newest_center, now, interval_days):
        raise CenterSilentError(
            f"nothing of the center is known that is newer than {newest_center}",
            rule=f"offices seal only if the center was heard of within {interval_days} days",
            hints=("cipherpost fetch", "--stale-ok, if you know that nobody was expelled since"),
        )


def newest_time(times: Sequence[str]) -> str | None:
    """The newest of one channel's counting times, in the order of numbers, but those that a later one goes back behind.

    One dead battery that dates a dispatch in 2036 is left out as soon as the channel goes on with a sane time.
    """
    newest: str | None = None
    after: str | None = None  # the earliest time of all that follow
    for time in reversed(times):
        if after is None or time <= after:
            newest = max(newest or time, time)
            after = time
    return newest


def newest_center_time(channels: Iterable[Sequence[str]]) -> str | None:
    """The newest of `newest_time` over the center's channels (the roster is one); None where there is none."""
    return max((time for time in map(newest_time, channels) if time), default=None)


def clock_behind(own: str, newest_center: str | None) -> bool:
    """Whether the own clock is more than a day behind the newest center time."""
    return newest_center is not None and parse_time(newest_center) - parse_time(own) > _DAY


def clock_ahead(own: str, store_stamp: str | None) -> bool:
    """Whether the own clock is more than a day ahead of the newest time that the store stamped on anything."""
    return store_stamp is not None and parse_time(own) - parse_time(store_stamp) > _DAY


def check_clock(own: str, newest_center: str | None, store_stamp: str | None) -> None:
    """Refuse to sign with a clock that cannot be right.

    Raises:
        ClockBehindError, ClockAheadError: by more than a day.
    """
    hints = ("set this machine's clock", "--clock-ok, if the clock is right and the others are wrong")
    if clock_behind(own, newest_center):
        raise ClockBehindError(
            f"this clock says {own}, and the center has signed at {newest_center}",
            rule="nothing is signed while the clock is over a day behind the center",
            hints=hints,
        )
    if clock_ahead(own, store_stamp):
        raise ClockAheadError(
            f"this clock says {own}, and the post office answered at {store_stamp}",
            rule="nothing is signed while the clock is over a day ahead of the post office",
            hints=hints,
        )
