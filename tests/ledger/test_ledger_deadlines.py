"""Deadlines: both sides of each, in the network's zone, whatever the month, the year and the clocks do."""

import pytest
from ledgerkit import AFTER, BEFORE, EVENT, MONTHLY, RETURN, Net, midnight, moment

PERIODS = [
    # zone, rhythm and what follows it, period, its end, the deadline: UTC
    ("Europe/Moscow", "monthly due 5", "2026-10", "2026-10-31T21:00:00Z", "2026-11-05T21:00:00Z"),
    ("Europe/Moscow", "monthly due 0", "2026-09", "2026-09-30T21:00:00Z", "2026-09-30T21:00:00Z"),
    ("Europe/Moscow", "monthly due 5", "2027-02", "2027-02-28T21:00:00Z", "2027-03-05T21:00:00Z"),
    ("Europe/Moscow", "monthly due 1", "2028-02", "2028-02-29T21:00:00Z", "2028-03-01T21:00:00Z"),
    ("Europe/Moscow", "monthly due 5", "2026-12", "2026-12-31T21:00:00Z", "2027-01-05T21:00:00Z"),
    ("+00:00", "monthly due 5", "2026-11", "2026-12-01T00:00:00Z", "2026-12-06T00:00:00Z"),
    ("-09:30", "monthly due 5", "2026-11", "2026-12-01T09:30:00Z", "2026-12-06T09:30:00Z"),
    ("Europe/Berlin", "monthly due 5", "2026-10", "2026-10-31T23:00:00Z", "2026-11-05T23:00:00Z"),
    ("Europe/Berlin", "monthly due 24", "2026-09", "2026-09-30T22:00:00Z", "2026-10-24T22:00:00Z"),  # summer time
    ("Europe/Berlin", "monthly due 25", "2026-09", "2026-09-30T22:00:00Z", "2026-10-25T23:00:00Z"),  # it has ended
    ("Europe/Berlin", "monthly due 28", "2027-02", "2027-02-28T23:00:00Z", "2027-03-28T22:00:00Z"),  # it has begun
    ("Europe/Berlin", "weekly due 2", "2026-w53", "2027-01-03T23:00:00Z", "2027-01-05T23:00:00Z"),
    ("Europe/Berlin", "weekly due 0", "2026-w43", "2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z"),  # ends that night
    ("Europe/Moscow", "quarterly due 10", "2026-q4", "2026-12-31T21:00:00Z", "2027-01-10T21:00:00Z"),
    ("Europe/Moscow", "yearly due 31", "2028", "2028-12-31T21:00:00Z", "2029-01-31T21:00:00Z"),
]


@pytest.mark.parametrize(("zone", "rhythm", "period", "end", "deadline"), PERIODS)
def test_v11_a_debt_changes_at_its_ends_and_a_report_is_late_after_the_deadline(
    zone, rhythm, period, end, deadline
) -> None:
    name = f"{RETURN} {period}"
    net = Net(duties=(f"duty {RETURN} all {rhythm} grace 3 from {period}",), zone=zone)
    assert net.debt(end, name).deadline == deadline
    assert net.state(moment(end, -1), name) == "not-due"
    assert net.state(end, name) == "due"
    assert net.state(deadline, name) == "due"
    assert net.state(moment(deadline, 1), name) == "overdue"
    far = moment(deadline, 40 * 86400)
    for seconds, state in ((0, "on-time"), (1, "late")):
        again = Net(duties=(f"duty {RETURN} all {rhythm} grace 3 from {period}",), zone=zone)
        again.report(moment(deadline, seconds), period=period)
        assert again.state(far, name) == state


def test_v11_a_period_is_listed_when_it_begins() -> None:
    net = Net()
    begins = midnight("2026-10-31")
    assert net.names(moment(begins, -1)) == ["monthly-return 2026-10"]
    assert net.names(begins) == ["monthly-return 2026-10", "monthly-return 2026-11"]


def test_v11_a_report_before_the_end_of_its_period_is_early_and_on_time() -> None:
    for seconds, facts in ((-1, ("early",)), (0, ())):
        net = Net()
        net.report(moment(midnight("2026-10-31"), seconds))
        debt = net.debt("2026-11-20T00:00:00Z")
        assert (str(debt.state), debt.facts) == ("on-time", facts)


def test_v11_what_is_owed_once_is_due_until_its_day_ends() -> None:
    net = Net(duties=("duty census all once 2026-11-15 grace 2",))
    name, ends = "census 2026-11-15", midnight("2026-11-15")
    assert net.state("2026-09-02T00:00:00Z", name) == "due"
    assert net.state(ends, name) == "due"
    assert net.state(moment(ends, 1), name) == "overdue"
    net.report(ends, "census", "2026-11-15")
    assert net.state(moment(ends, 600), name) == "on-time"


def test_v11_a_duty_stated_after_a_period_gives_its_days_from_then() -> None:
    net = Net(duties=())
    net.entry("2026-12-10T20:59:59Z", MONTHLY)  # in Moscow still the 10th
    as_of = "2026-12-11T00:00:00Z"
    assert {debt.period: str(debt.day) for debt in net.debts(as_of)} == {
        "2026-10": "2026-12-15",
        "2026-11": "2026-12-15",
        "2026-12": "2027-01-05",
    }
    assert net.state(midnight("2026-12-15")) == "due"
    assert net.state(moment(midnight("2026-12-15"), 1)) == "overdue"


def test_v11_what_is_stated_after_its_only_day_is_owed_on_the_day_it_is_stated() -> None:
    net = Net(duties=())
    net.entry("2026-12-10T08:00:00Z", "duty census all once 2026-11-15")
    assert str(net.debt("2026-12-10T09:00:00Z", "census 2026-11-15").day) == "2026-12-10"


def test_v11_a_zone_stated_later_moves_what_ends_after_it_alone() -> None:
    net = Net()
    net.entry("2026-11-10T08:00:00Z", "timezone +00:00")
    as_of = "2026-12-20T00:00:00Z"
    deadlines = {debt.period: debt.deadline for debt in net.debts(as_of)}
    assert deadlines["2026-10"] == "2026-11-05T21:00:00Z"
    assert deadlines["2026-11"] == "2026-12-06T00:00:00Z"


def test_v11_a_roster_entry_holds_from_its_time_on() -> None:
    net = Net(duties=())
    net.entry("2026-11-03T08:00:00Z", MONTHLY)
    assert net.names("2026-11-03T07:59:59Z") == []
    assert net.names("2026-11-03T08:00:00Z") == ["monthly-return 2026-10", "monthly-return 2026-11"]


def test_v11_a_roster_entry_dated_back_holds_from_the_latest_before_it() -> None:
    net = Net(founded="2026-11-03T08:00:00Z", duties=())
    net.entry("2026-01-01T00:00:00Z", MONTHLY)
    assert net.debts("2026-11-03T07:59:59Z") == ()
    assert net.names("2026-11-03T08:00:00Z") == ["monthly-return 2026-11"]


# ---- duties that begin, end, change ----------------------------------------------------------------------------------


def test_v11_a_duty_that_begins_or_ends_is_about_whole_periods() -> None:
    net = Net(duties=(f"duty {RETURN} all monthly due 5 from 2026-11",))
    net.entry("2026-12-15T08:00:00Z", f"duty {RETURN} all end 2026-12")
    assert net.names("2026-10-20T00:00:00Z") == []
    assert net.names("2027-03-01T00:00:00Z") == ["monthly-return 2026-11", "monthly-return 2026-12"]


def test_v11_a_duty_that_ends_before_the_running_period_takes_it_back() -> None:
    net = Net()
    net.entry("2026-11-15T08:00:00Z", f"duty {RETURN} all end 2026-10")
    assert net.names("2026-11-15T07:59:59Z") == ["monthly-return 2026-10", "monthly-return 2026-11"]
    assert net.names("2026-11-15T08:00:00Z") == ["monthly-return 2026-10"]


def test_v11_a_duty_stated_anew_holds_from_its_first_period() -> None:
    net = Net()
    net.entry("2026-11-15T08:00:00Z", f"duty {RETURN} all monthly due 10 from 2026-11")
    as_of = "2026-12-01T00:00:00Z"
    assert [str(debt.day) for debt in net.debts(as_of)] == ["2026-11-05", "2026-12-10", "2027-01-10"]


def test_v11_of_two_duties_that_ask_for_the_same_the_one_stated_last_holds() -> None:
    net = Net("tver", "kursk")
    net.entry("2026-10-01T08:00:00Z", "group volga tver", f"duty {RETURN} volga monthly due 10 from 2026-10")
    as_of = "2026-10-15T00:00:00Z"
    assert str(net.debt(as_of).day) == "2026-11-10"
    assert str(net.debt(as_of, office="kursk").day) == "2026-11-05"


def test_v11_a_form_of_a_new_version_asks_for_the_same_debts() -> None:
    net = Net()
    net.report("2026-11-02T09:00:00Z")
    net.entry("2026-11-10T08:00:00Z", f"form {RETURN} 2 {'ab' * 32}")
    net.report("2026-12-02T09:00:00Z", period="2026-11")
    states = [(debt.period, str(debt.state)) for debt in net.debts("2026-12-10T00:00:00Z")]
    assert states == [("2026-10", "on-time"), ("2026-11", "on-time"), ("2026-12", "not-due")]


# ---- events ----------------------------------------------------------------------------------------------------------


def test_v11_the_report_before_an_event_is_due_when_its_day_begins() -> None:
    begins = midnight("2026-12-09")
    for seconds, state in ((0, "on-time"), (1, "late")):
        net = Net(duties=(BEFORE, AFTER))
        net.report(moment(begins, seconds), "conference-before", EVENT, held="2026-12-10", seen=False)
        debt = net.debt("2026-12-20T00:00:00Z", f"conference-before {EVENT}")
        assert (str(debt.state), debt.deadline, str(debt.held)) == (state, begins, "2026-12-10")


def test_v11_the_report_after_an_event_is_due_so_many_days_after_it() -> None:
    ends = midnight("2026-12-17")
    net = Net(duties=(BEFORE, AFTER))
    net.report("2026-12-01T09:00:00Z", "conference-before", EVENT, held="2026-12-10")
    name = f"conference-after {EVENT}"
    assert net.state(moment(midnight("2026-12-09"), -1), name) == "not-due"
    assert net.state(midnight("2026-12-09"), name) == "due"
    assert net.state(ends, name) == "due"
    assert net.state(moment(ends, 1), name) == "overdue"  # an event that never got its after-report
    net.report(ends, "conference-after", EVENT, held="2026-12-10")
    assert net.state("2026-12-30T00:00:00Z", name) == "on-time"
