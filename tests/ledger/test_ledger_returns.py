"""Debts laid out by office and column, how complete a column is, and rows for scripts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.ledger.calendar import end_of, period_days
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.returns import COLUMNS, Matrix, coverage, matrix, rates, row, within

TITLES = {"tver": "Tver Gubernia Committee", "omsk": "Omsk", "perm": "Perm", "audit": "Audit"}
AS_OF = "2026-12-10T00:00:00Z"
ZONE = "Europe/Moscow"


def monthly(office: str, period: str = "2026-10", state: State = State.ON_TIME, *facts: str, **given) -> Debt:
    day = given.pop("day", period_days(period)[1] + timedelta(days=5))
    return Debt(
        office=office,
        form="monthly-return",
        period=period,
        day=day,
        deadline=end_of(day, ZONE),
        state=state,
        facts=facts,
        **given,
    )


def event(office: str, name: str, held: date, state: State, form: str = "conference-before") -> Debt:
    return Debt(office=office, form=form, period=name, held=held, day=held, deadline=end_of(held, ZONE), state=state)


def order(
    office: str, day: date, state: State = State.ON_TIME, place: str = "center/all/14", what: str = "reply"
) -> Debt:
    return Debt(
        office=office, form=None, period=None, order=place, what=what, day=day, deadline=end_of(day, ZONE), state=state
    )


def laid(*debts: Debt, as_of: str = AS_OF) -> Matrix:
    return matrix(debts, titles=TITLES, as_of=as_of)


# ---- columns and rows --------------------------------------------------------------------------------------------


def test_rows_are_the_offices_that_owe_in_the_order_of_the_roster():
    found = laid(monthly("perm"), monthly("tver"), monthly("tver", "2026-11"))
    assert [(each.office, each.title) for each in found.rows] == [("tver", "Tver Gubernia Committee"), ("perm", "Perm")]
    assert [cell is None for cell in found.rows[1].cells] == [False, True], "perm owes nothing in November"


def test_columns_stand_in_the_order_of_time_whatever_their_sort():
    found = laid(
        order("tver", date(2026, 11, 12)),
        monthly("tver", "2026-11"),
        monthly("tver", "2026-q3"),
        monthly("tver", "2026-w40"),
        event("tver", "e7k2m4qaa", date(2026, 12, 20), State.DUE),
        monthly("tver", "2026-10"),
    )
    assert [column.head for column in found.columns] == [
        "2026-q3",
        "2026-w40",
        "2026-10",
        "center/all/14",
        "2026-11",
        "2026-12",
    ]


def test_events_of_a_month_share_a_column_and_show_what_wants_most_attention():
    found = laid(
        event("tver", "e7k2m4qaa", date(2026, 11, 2), State.ON_TIME),
        event("tver", "e7k2m4qab", date(2026, 11, 30), State.OVERDUE),
        event("omsk", "e7k2m4qac", date(2026, 11, 7), State.NIL),
        event("omsk", "e7k2m4qad", date(2026, 12, 1), State.DUE),
    )
    assert [column.name for column in found.columns] == [
        "conference-before held in 2026-11",
        "conference-before held in 2026-12",
    ]
    cell = found.rows[0].cells[0]
    assert cell is not None
    assert (cell.state, cell.count, len(cell.debts)) == (State.OVERDUE, 1, 2)
    assert found.coverage[0].missing == ("tver e7k2m4qab",)


def test_an_order_extended_for_one_office_is_still_one_column_where_it_was_due_first():
    late, early = order("tver", date(2026, 12, 24), State.EXTENDED), order("omsk", date(2026, 11, 15))
    for debts in ((late, early), (early, late)):
        found = laid(*debts)
        assert [(column.order, column.last) for column in found.columns] == [("center/all/14", date(2026, 11, 15))]
        assert [each.office for each in found.rows if each.cells[0]] == ["tver", "omsk"]


def test_groups_are_the_forms_by_name_and_then_the_orders():
    found = laid(
        order("tver", date(2026, 11, 1)), monthly("tver"), event("tver", "e7k2m4qaa", date(2026, 11, 2), State.NIL)
    )
    assert [group for group, _ in found.groups()] == ["conference-before", "monthly-return", "orders"]


def test_late_and_missing_are_found_by_office():
    found = laid(
        monthly("tver", "2026-10", State.CORRECTED, "corrected", "late"),
        monthly("omsk", "2026-10", State.OVERDUE),
        monthly("perm", "2026-10", State.SENT_BACK),
        monthly("perm", "2026-11", State.DUE),
    )
    assert {office: [debt.period for debt in debts] for office, debts in found.late.items()} == {"tver": ["2026-10"]}
    assert {office: [debt.period for debt in debts] for office, debts in found.missing.items()} == {
        "omsk": ["2026-10"],
        "perm": ["2026-10"],
    }


# ---- coverage ----------------------------------------------------------------------------------------------------


def test_i9_silence_nil_and_unknown_are_counted_apart_and_missing_ones_named():
    found = coverage(
        [
            monthly("tver", "2026-10", State.LATE, "late", "nil"),
            monthly("omsk", "2026-10", State.NIL, "nil"),
            monthly("perm", "2026-10", State.OVERDUE),
            monthly("audit", "2026-10", State.UNKNOWN),
        ]
    )
    assert found.line() == "2 of 4 reported; 1 late; 2 nil; 1 unknown: audit; missing: perm"


def test_i9_who_owes_nothing_is_in_no_total_and_who_has_time_is_not_missing():
    found = coverage(
        [
            monthly("tver", "2026-10", State.EXCUSED),
            monthly("omsk", "2026-10", State.MOOT),
            monthly("perm", "2026-10", State.EXTENDED),
            monthly("audit", "2026-10", State.SENT_BACK),
        ]
    )
    assert (found.reported, found.owed) == (0, 2)
    assert found.line() == (
        "0 of 2 reported; 0 late; 0 nil; 0 unknown; missing: audit (sent back); not due yet: perm; excused: tver"
    )


def test_a_long_line_of_coverage_says_how_many_names_it_leaves_out():
    found = coverage([monthly("tver"), *(monthly(f"office-{at}", "2026-10", State.OVERDUE) for at in range(5))])
    assert found.line(2).endswith("missing: office-0, office-1 and 3 more")
    assert found.line().endswith("office-4")


def test_a_short_line_of_coverage_says_all_only_of_all_that_owe():
    waiting = [monthly(f"office-{at}", "2026-10", State.NOT_DUE) for at in range(5)]
    free = [monthly(f"office-{at}", "2026-10", State.EXCUSED) for at in range(5, 10)]
    found = coverage(waiting + free)
    names, excused = (", ".join(f"office-{at}" for at in few) for few in (range(5), range(5, 10)))
    assert found.line(12).endswith(f"missing: none; not due yet: all 5; excused: {excused}")
    assert found.line().endswith(f"not due yet: {names}; excused: {excused}")
    assert f"not due yet: {names}" in coverage([*waiting, monthly("tver")]).line(12)
    back = coverage([monthly(f"office-{at}", "2026-10", State.SENT_BACK) for at in range(5)])
    assert "office-0 (sent back)" in back.line(12)


def test_of_several_periods_each_that_is_missing_is_named_with_its_own():
    found = coverage(
        [
            monthly("tver", "2026-09", State.OVERDUE),
            monthly("tver", "2026-10", State.SENT_BACK),
            monthly("omsk", "2026-10", State.UNKNOWN),
            monthly("perm", "2026-09", State.EXCUSED),
        ]
    )
    assert found.missing == ("tver 2026-09", "tver 2026-10 (sent back)")
    assert found.unknown == ("omsk 2026-10",)
    assert found.excused == ("perm 2026-09",)


def test_of_several_forms_each_that_is_missing_is_named_with_its_own():
    held = date(2026, 10, 7)
    found = coverage(
        [monthly("tver", "2026-10", State.OVERDUE), event("tver", "e7k2m4qaa", held, State.OVERDUE, "conference-after")]
    )
    assert found.missing == ("tver monthly-return 2026-10", "tver conference-after e7k2m4qaa")


@given(st.lists(st.tuples(st.sampled_from(sorted(TITLES)), st.sampled_from(list(State))), max_size=12))
def test_i9_every_debt_owed_is_reported_unknown_missing_or_awaited(drawn):
    debts = [monthly(office, "2026-10", state) for office, state in drawn]
    found = coverage(debts)
    assert found.owed == found.reported + len(found.unknown) + len(found.missing) + len(found.awaited)
    assert found.owed == len(debts) - sum(debt.state in {State.MOOT, State.EXCUSED} for debt in debts)


# ---- rates -------------------------------------------------------------------------------------------------------


def test_the_rate_of_a_month_counts_what_is_about_it_and_over():
    debts = [
        monthly("tver", "2026-10", State.ON_TIME),
        monthly("omsk", "2026-10", State.CORRECTED, "corrected", "late"),
        monthly("perm", "2026-10", State.OVERDUE),
        monthly("audit", "2026-10", State.UNKNOWN),
        monthly("tver", "2026-09", State.EXCUSED),
        monthly("tver", "2026-12", State.ON_TIME, "early"),
    ]
    found = rates(debts, AS_OF)
    assert [(each.month, each.on_time, each.of, each.unknown, each.percent) for each in found] == [
        ("2026-10", 1, 3, 1, 33)
    ], "December is not over, and who is excused is not judged"


@pytest.mark.parametrize(("moment", "judged"), [("2026-11-05T20:59:59Z", 0), ("2026-11-05T21:00:00Z", 1)])
def test_a_rate_begins_with_the_moment_of_the_deadline(moment, judged):
    assert len(rates([monthly("tver")], moment)) == judged


# ---- what a period holds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debt", "inside", "outside"),
    [
        (monthly("tver", "2026-10"), ("2026-10", "2026-q4", "2026"), ("2026-11", "2026-10-31", "e7k2m4qaa")),
        (monthly("tver", "2026-w40"), ("2026-w40", "2026"), ("2026-09", "2026-10")),
        (monthly("tver", "2026"), ("2026",), ("2026-12", "2026-q4")),
        (
            event("tver", "e7k2m4qaa", date(2026, 12, 10), State.DUE),
            ("e7k2m4qaa", "2026-12", "2026-12-10"),
            ("e7k2m4qab", "2026-11"),
        ),
        (order("tver", date(2026, 12, 15)), ("2026-12", "2026-w51"), ("2026-w50", "e7k2m4qaa")),
    ],
)
def test_a_period_holds_what_lies_in_it_whole(debt, inside, outside):
    assert [within(debt, period) for period in inside] == [True] * len(inside)
    assert [within(debt, period) for period in outside] == [False] * len(outside)


# ---- rows for scripts --------------------------------------------------------------------------------------------


def test_a_row_has_the_documented_columns_and_names_the_newest_version():
    debt = monthly(
        "tver",
        "2026-10",
        State.CORRECTED,
        "corrected",
        report="tver/center/12",
        latest="tver/center/14",
        judged_by="receipt",
    )
    assert row(debt, "Tver", AS_OF) == {
        "office": "tver",
        "title": "Tver",
        "form": "monthly-return",
        "period": "2026-10",
        "event": None,
        "order": None,
        "state": "corrected",
        "facts": ["corrected"],
        "due": "2026-11-05",
        "dispatch": "tver/center/14",
        "judged_by": "receipt",
        "as_of": AS_OF,
    }


def test_an_event_and_an_order_have_columns_of_their_own():
    held = row(event("tver", "e7k2m4qaa", date(2026, 12, 10), State.DUE), "Tver", AS_OF)
    sent = row(order("tver", date(2026, 12, 15)), "Tver", AS_OF)
    assert tuple(held) == COLUMNS
    assert (held["form"], held["period"], held["event"]) == ("conference-before", None, "e7k2m4qaa")
    assert (sent["form"], sent["period"], sent["event"], sent["order"]) == (None, None, None, "center/all/14")
