"""Staleness and clocks, as pure functions over times."""

import pytest

from cipherpost.chain.freshness import (
    CenterSilentError,
    ClockAheadError,
    ClockBehindError,
    check_clock,
    check_fresh,
    clock_ahead,
    clock_behind,
    is_stale,
    judged_now,
    newest_center_time,
    newest_time,
)
from cipherpost.errors import StaleError


def day(number, clock="09:00:00"):
    return f"2026-11-{number:02}T{clock}Z"


def test_stale_is_older_than_the_interval_not_as_old():
    assert not is_stale(day(1), day(8), 7)
    assert is_stale(day(1), day(8, "09:00:01"), 7)
    assert not is_stale("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    check_fresh(day(1), day(8), 7)
    with pytest.raises(CenterSilentError) as refusal:
        check_fresh(day(1), day(9), 7)
    assert refusal.value.exit_code == StaleError.exit_code == 5
    assert any("--stale-ok" in hint for hint in refusal.value.hints)


def test_a_clock_set_back_hides_no_silence():
    assert judged_now(day(1), last_run=day(20), newest_center=day(5)) == day(20)
    assert judged_now(day(1), newest_center=day(5)) == day(5)
    assert judged_now(day(9)) == day(9)


def test_a_time_that_a_later_dispatch_goes_back_behind_is_left_out():
    assert newest_time([day(1), "2036-01-01T00:00:00Z", day(3)]) == day(3)
    assert newest_time([day(1), "2036-01-01T00:00:00Z"]) == "2036-01-01T00:00:00Z"
    assert newest_time([day(4), day(2), day(3)]) == day(3)
    assert newest_time([]) is None
    assert newest_center_time([[day(1)], [], ["2036-01-01T00:00:00Z", day(2)]]) == day(2)
    assert newest_center_time([]) is None


def test_a_day_is_allowed_and_no_more():
    assert not clock_behind(day(1), day(2))
    assert clock_behind(day(1), day(2, "09:00:01"))
    assert not clock_ahead(day(2), day(1))
    assert clock_ahead(day(2, "09:00:01"), day(1))
    assert not clock_behind(day(1), None)
    assert not clock_ahead(day(1), None)


def test_nothing_is_signed_with_a_clock_that_cannot_be_right():
    check_clock(day(2), day(2), day(2))
    with pytest.raises(ClockBehindError):
        check_clock(day(1), day(3), None)
    with pytest.raises(ClockAheadError):
        check_clock(day(5), day(3), day(3))
