"""Periods: what a report is about."""

from datetime import date

import pytest

from cipherpost.dispatch.periods import PeriodError, is_event, parse_day, parse_period, period_kind


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("2026", "year"),
        ("2026-q1", "quarter"),
        ("2026-q4", "quarter"),
        ("2026-10", "month"),
        ("2026-w01", "week"),
        ("2026-w53", "week"),
        ("2024-02-29", "day"),
        ("2999-12-31", "day"),
        ("eabcdefgh", "event"),
        ("e" + "7" * 16, "event"),
    ],
)
def test_periods_are_told_apart_by_their_form(word, kind):
    assert period_kind(word) == kind
    assert parse_period(word) == word
    assert is_event(word) == (kind == "event")


NO_PERIODS = """
    26 1999 3000 2026- 2026-q0 2026-q5 2026-Q1 2026-1 2026-00 2026-13 2026-w00 2026-w54 2025-w53 2026-w1
    2026-02-29 2026-10-5 2026-10-05-01 ２０２６ e eabcdefg eABCDEFGH eabcdefg1 eabcdefghijklmnopq
"""


@pytest.mark.parametrize("word", [*NO_PERIODS.split(), "", " 2026", "2026 ", "2026\n"])
def test_what_is_no_period_is_refused(word):
    with pytest.raises(PeriodError):
        parse_period(word)


def test_days_are_days_of_the_calendar():
    assert parse_day("2026-12-15") == date(2026, 12, 15)
    for word in ("2026-02-29", "1999-12-31", "3000-01-01", "2026-1-1", "20260101", "2026-12-15\n"):
        with pytest.raises(PeriodError):
            parse_day(word)
