"""Periods, and the moments at which days end in a zone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.dispatch.periods import PeriodError, PeriodKind, period_kind
from cipherpost.ledger.calendar import (
    end_of,
    local_day,
    next_period,
    period_days,
    period_of,
    periods_between,
    previous_period,
    start_of,
)
from cipherpost.text import parse_time

DAYS = st.dates(date(2000, 1, 3), date(2998, 12, 31))  # the weeks at both ends belong to years that no period has
KINDS = st.sampled_from([kind for kind in PeriodKind if kind is not PeriodKind.EVENT])


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026-01", "2026-01-01", "2026-01-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2100-02", "2100-02-01", "2100-02-28"),
        ("2400-02", "2400-02-01", "2400-02-29"),
        ("2026-04", "2026-04-01", "2026-04-30"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2026-q1", "2026-01-01", "2026-03-31"),
        ("2026-q4", "2026-10-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-w01", "2025-12-29", "2026-01-04"),
        ("2026-w53", "2026-12-28", "2027-01-03"),
        ("2026-10-05", "2026-10-05", "2026-10-05"),
    ],
)
def test_a_period_has_its_first_and_last_day(period: str, first: str, last: str) -> None:
    assert tuple(map(str, period_days(period))) == (first, last)


def test_an_event_and_what_is_no_period_have_no_days() -> None:
    with pytest.raises(ValueError, match="event"):
        period_days("e7k2m4qaz")
    with pytest.raises(PeriodError):
        period_days("2026-13")


@given(KINDS, DAYS)
def test_every_day_lies_in_one_period_of_a_sort_and_they_follow_without_a_gap(kind: PeriodKind, day: date) -> None:
    period = period_of(kind, day)
    first, last = period_days(period)
    assert period_kind(period) is kind
    assert first <= day <= last
    assert period_days(next_period(period))[0] == last + timedelta(days=1)
    assert previous_period(next_period(period)) == period


def test_periods_go_on_to_the_one_that_holds_the_day() -> None:
    assert [*periods_between(PeriodKind.MONTH, "2026-11", date(2027, 1, 1))] == ["2026-11", "2026-12", "2027-01"]
    assert [*periods_between(PeriodKind.WEEK, "2026-w52", date(2027, 1, 4))] == ["2026-w52", "2026-w53", "2027-w01"]
    assert [*periods_between(PeriodKind.MONTH, "2026-11", date(2026, 10, 31))] == []
    assert [*periods_between(PeriodKind.YEAR, "2998", date(2999, 12, 31))] == ["2998", "2999"]


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-11-05", "+00:00", "2026-11-06T00:00:00Z"),
        ("2026-11-05", "+03:00", "2026-11-05T21:00:00Z"),
        ("2026-11-05", "-09:30", "2026-11-06T09:30:00Z"),
        ("2026-11-05", "Europe/Moscow", "2026-11-05T21:00:00Z"),
        ("2026-03-28", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        ("2026-03-29", "Europe/Berlin", "2026-03-29T22:00:00Z"),  # 23 hours
        ("2026-10-24", "Europe/Berlin", "2026-10-24T22:00:00Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-25T23:00:00Z"),  # 25 hours
        ("2028-02-28", "Europe/Berlin", "2028-02-28T23:00:00Z"),
        ("2018-11-03", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # midnight is skipped: the day begins at 01:00
        ("2018-11-03", "America/Havana", "2018-11-04T04:00:00Z"),  # midnight comes twice: the first of the two
        ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00Z"),  # the next day was left out
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_day_ends_where_the_next_begins_in_its_zone(day: str, zone: str, end: str) -> None:
    assert end_of(date.fromisoformat(day), zone) == end
    assert start_of(date.fromisoformat(day) + timedelta(days=1), zone) == end


@given(DAYS, st.sampled_from(["Europe/Moscow", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "-11:00"]))
def test_a_moment_is_of_the_day_that_begins_with_it(day: date, zone: str) -> None:
    begins = start_of(day, zone)
    assert local_day(begins, zone) == day
    assert local_day(end_of(day, zone), zone) == day + timedelta(days=1)
    assert timedelta(hours=22) < parse_time(end_of(day, zone)) - parse_time(begins) < timedelta(hours=26)


def test_the_zones_are_those_of_the_package_not_of_the_machine(monkeypatch) -> None:
    import zoneinfo

    from cipherpost.ledger import calendar

    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    calendar.zone_of.cache_clear()
    calendar.start_of.cache_clear()
    assert end_of(date(2026, 11, 5), "Europe/Moscow") == "2026-11-05T21:00:00Z"
