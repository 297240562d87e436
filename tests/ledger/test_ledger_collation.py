"""Totals of reports: what is summed and what is not, and where each figure stands."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.forms.schema import Field
from cipherpost.ledger.collation import NO_NUMBER, Filing, Total, cell, list_rows, totals

COUNT = Field(name="held", title="Meetings held", kind="count", required=False)
NUMBER = Field(name="members", title="Members", kind="number", required=False)
CHOICE = Field(name="success", title="Success", kind="choice", required=False, choices=("full", "none"))
YES = Field(name="member", title="Member", kind="yes-no", required=False)
DATE = Field(name="day", title="Day", kind="date", required=False)
TEXT = Field(name="course", title="Course", kind="text", required=False)
LIST = Field(name="reports", title="Reports", kind="list", required=False, items=(COUNT, TEXT))
FIELDS = (COUNT, NUMBER, CHOICE, YES, DATE, TEXT, LIST)


def filing(office: str, number: int = 1, *, fields: tuple[Field, ...] = FIELDS, **data: Any) -> Filing:
    return Filing(office, "2026-10", f"{office}/center/{number}", fields, data)


def total(name: str, *filings: Filing) -> Total:
    return next(each for each in totals(filings) if each.name == name)


def test_i9_a_number_a_word_for_none_a_blank_and_a_field_not_asked_are_four_things() -> None:
    older = tuple(field for field in FIELDS if field.name != "held")
    found = total(
        "held",
        filing("tver", held=4),
        filing("omsk", held=0),
        filing("perm", held="none held"),
        filing("kursk", held="not known"),
        filing("orel", held="not collected"),
        filing("ufa"),
        filing("tula", fields=older),
    )
    assert (found.sum, len(found.given)) == (4, 2)
    assert found.no_number == {
        "none held": ("perm/center/1",),
        "not known": ("kursk/center/1",),
        "not collected": ("orel/center/1",),
    }
    assert found.blank == ("ufa/center/1",)
    assert found.not_asked == ("tula/center/1",)


def test_i9_nothing_given_has_no_sum_rather_than_zero() -> None:
    assert total("held", filing("tver", held="not known")).sum is None
    assert total("members", filing("tver")).as_json()["sum"] is None


def test_the_least_and_the_most_name_office_and_dispatch() -> None:
    found = total("members", filing("tver", 3, members=7), filing("omsk", members=2), filing("perm", members=2))
    assert found.least is not None
    assert found.most is not None
    assert (found.least.office, found.least.place, found.least.value) == ("omsk", "omsk/center/1", 2)
    assert (found.most.office, found.most.place, found.most.value) == ("tver", "tver/center/3", 7)


def test_every_value_can_be_traced_to_its_dispatch() -> None:
    found = total("members", filing("tver", 3, members=7), filing("omsk", 9, members=2))
    assert found.as_json()["values"] == [
        {"office": "tver", "dispatch": "tver/center/3", "value": 7},
        {"office": "omsk", "dispatch": "omsk/center/9", "value": 2},
    ]


def test_choices_are_counted_in_the_order_of_the_form_those_of_nobody_too() -> None:
    found = total("success", filing("tver", success="none"), filing("omsk", success="none"))
    assert found.counts == {"full": (), "none": ("tver/center/1", "omsk/center/1")}
    found = total("member", filing("tver", member=False), filing("omsk", member=True), filing("perm"))
    assert found.counts == {"yes": ("omsk/center/1",), "no": ("tver/center/1",)}
    assert found.blank == ("perm/center/1",)


def test_dates_have_a_first_and_a_last_and_texts_are_listed_by_office() -> None:
    found = totals([filing("tver", day="2026-10-09", course="Well."), filing("omsk", day="2026-10-02")])
    day, course = (next(each for each in found if each.name == name) for name in ("day", "course"))
    assert day.least is not None
    assert (day.least.value, day.sum) == ("2026-10-02", None)
    assert [(said.office, said.value) for said in course.given] == [("tver", "Well.")]


def test_a_list_has_a_number_of_rows_and_the_same_figures_for_each_column() -> None:
    rows = [{"held": 2, "course": "a"}, {"held": "not known"}, {"held": 5}]
    found = total("reports", filing("tver", 12, reports=rows), filing("omsk", reports=[{"held": 1}]), filing("perm"))
    assert (found.sum, len(found.given), found.blank) == (4, 2, ("perm/center/1",))
    held, course = found.columns
    assert held.sum == 8
    assert held.no_number["not known"] == ("tver/center/12#2",)
    assert held.most is not None
    assert held.most.place == "tver/center/12#3"
    assert course.blank == ("tver/center/12#2", "tver/center/12#3", "omsk/center/1#1")


def test_a_field_that_changed_its_kind_is_a_field_of_its_own() -> None:
    text = Field(name="members", title="Members", kind="text", required=False)
    found = totals([filing("tver", fields=(text,), members="many"), filing("omsk", members=3)], newest=FIELDS)
    both = [each for each in found if each.name == "members"]
    assert [(each.kind, len(each.given)) for each in both] == [("number", 1), ("text", 1)]
    assert both[0].not_asked == ("tver/center/1",)
    assert both[1].not_asked == ("omsk/center/1",)


def test_without_reports_every_field_of_the_form_stands_there_empty() -> None:
    assert [each.name for each in totals([], newest=FIELDS)] == [field.name for field in FIELDS]
    assert all(each.sum is None and not each.given for each in totals([], newest=FIELDS))


def test_rows_of_a_list_are_counted_from_one() -> None:
    one = filing("tver", reports=[{"held": 2}, {"held": 3}])
    assert [(at, row["held"]) for _, at, row in list_rows([one, filing("omsk")], "reports")] == [(1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (0, 0), (False, "no"), (True, "yes"), ("none held", "none held"), ([{}, {}], 2)]
)
def test_i9_a_cell_tells_blank_from_zero_and_from_no(value: Any, shown: Any) -> None:
    assert cell(value) == shown


VALUE = st.one_of(st.none(), st.integers(0, 10**6), st.sampled_from(NO_NUMBER))


@given(st.lists(VALUE, max_size=20))
def test_i9_each_report_is_counted_once_in_each_field(values: list[Any]) -> None:
    filings = [filing("tver", at, held=value) for at, value in enumerate(values, 1)]
    found = total("held", *filings, filing("omsk"))
    places = [said.place for said in found.given] + [place for at in found.no_number.values() for place in at]
    assert sorted([*places, *found.blank]) == sorted(each.dispatch for each in [*filings, filing("omsk")])
    numbers = [value for value in values if isinstance(value, int)]
    assert found.sum == (sum(numbers) if numbers else None)


def test_i9_a_column_that_changed_is_told_apart_like_a_field() -> None:
    """A word of an older count, a text that became a number, and a column that went are kept, and none is blank."""
    newer = (replace(LIST, items=(replace(NUMBER, name="held"), NUMBER)),)
    older = (replace(LIST, items=(COUNT, TEXT)),)
    filings = (
        filing("tver", fields=older, reports=[{"held": "not known", "course": "Quiet."}, {"held": 4}]),
        filing("omsk", fields=newer, reports=[{"held": 3, "members": 7}]),
    )
    (found,) = totals(filings, newer)
    columns = {(each.name, each.kind): each for each in found.columns}
    assert [*columns] == [("held", "number"), ("members", "number"), ("held", "count"), ("course", "text")]
    assert columns["held", "number"].sum == 3
    assert columns["held", "number"].not_asked == ("tver/center/1#1", "tver/center/1#2")
    assert columns["members", "number"].not_asked == ("tver/center/1#1", "tver/center/1#2")
    assert columns["members", "number"].blank == ()
    assert columns["held", "count"].sum == 4
    assert columns["held", "count"].no_number["not known"] == ("tver/center/1#1",)
    assert [said.value for said in columns["course", "text"].given] == ["Quiet."]
    assert columns["course", "text"].blank == ("tver/center/1#2",)
