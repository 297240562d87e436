"""Checking a report against its form: all that is wrong at once, each with field, rule and value."""

import json
from typing import Any

import pytest
from forms.samples import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.forms.builtin import BUILTIN, builtin
from cipherpost.forms.checking import (
    BLANK,
    UNKNOWN,
    WHOLE,
    EmptyReportError,
    InvalidDataError,
    Problem,
    check,
    is_blank,
    shown_value,
)
from cipherpost.forms.schema import COUNT, Form, parse_form

FORM = builtin("monthly-return")
GOOD: dict[str, Any] = {"reports_held_total": "none held", "demands_total": 0}
DEMAND = {"text": "bread", "category": "land", "raised_by": 3}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def problems(data: object, form: Form = FORM) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDataError) as caught:
        check(form, data)
    assert caught.value.exit_code == 2
    return caught.value.problems


def said(data: object, form: Form = FORM) -> list[tuple[str, str, str]]:
    return [(each.place, each.rule, each.value) for each in problems(data, form)]


@pytest.mark.parametrize("name", BUILTIN)
def test_sample_reports_are_right_and_vary(name: str) -> None:
    for seed in range(100):
        check(builtin(name), sample(name, seed))
    assert sample(name, 7) == sample(name, 7)
    assert len({json.dumps(sample(name, seed)) for seed in range(20)}) > 15


@pytest.mark.parametrize("word", [0, 41, 2**53 - 1, "none held", "not known", "not collected"])
def test_i9_a_count_is_a_number_or_one_of_three_words(word: object) -> None:
    check(FORM, GOOD | {"demands_total": word})


@pytest.mark.parametrize(
    "value",
    ["١٢", "१२", "\uff11\uff12", "12", "1 234", "1\u00a0234", "1,5", "1.5", "1.234", "1e3", "0x10", "-1", -1, 1.0, 1.5,
     "many", "Not known", "none", True, [1], {"a": 1}, "½"],
)  # fmt: skip
def test_numbers_in_other_scripts_and_formats_are_refused_with_field_rule_and_value(value: object) -> None:
    ((place, rule, shown),) = said(GOOD | {"demands_total": value})
    assert place == "demands_total"
    assert rule.startswith(WHOLE)
    assert shown == shown_value(value)


@pytest.mark.parametrize("blank", ["", " ", "\n\t", None, [], {}, "\u3000"])
def test_i9_blank_is_never_zero(blank: object) -> None:
    assert said(GOOD | {"demands_total": blank}) == [("demands_total", BLANK, "")]
    assert said(GOOD | {"demands": [DEMAND | {"raised_by": blank}]}) == [("demands 1, raised_by", BLANK, "")]


@pytest.mark.parametrize("data", [{}, {"demands": []}, {"remarks": " "}, {"demands": [{"text": ""}, {}]}, None, [], ""])
def test_an_empty_form_is_refused_and_says_how_nothing_is_reported(data: object) -> None:
    with pytest.raises(EmptyReportError) as caught:
        check(FORM, data)
    assert caught.value.exit_code == 2
    assert "--nil" in caught.value.hints[0]


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_form() -> None:
    data = {
        "zeal": 3,
        "remarks": "a\x1b[2Jb",
        "demands": [DEMAND, {"text": "x" * 100_001, "category": "sport", "who": "me"}, 5],
        "reports_held": [{"date": "2026-02-30", "speaker_office": "a" * 501, "audience": "all", "attendance": 1.5}],
        "reports_held_total": "viele",
    }
    count = f"{WHOLE}, from 0, or: none held, not known, not collected"
    categories = "one of: food and supply, work and wages, land, housing and fuel, health, education, administration, "
    assert said(data) == [
        ("reports_held_total", count, '"viele"'),
        ("reports_held 1, date", "a day written like 2026-10-05", '"2026-02-30"'),
        ("reports_held 1, speaker_office", "at most 500 characters", f'"{"a" * 60}"... of 501 characters'),
        ("reports_held 1, attendance", WHOLE, "1.5"),
        ("demands_total", "has to be filled in", ""),
        ("demands 2, text", "at most 100000 characters", f'"{"x" * 60}"... of 100001 characters'),
        ("demands 2, category", categories + "army and war, other", '"sport"'),
        ("demands 2, raised_by", "has to be filled in", ""),
        ("demands 2, who", UNKNOWN, '"me"'),
        ("demands 3", "an entry of a list is a group of named fields", "5"),
        ("remarks", "no control characters but line feed and tab", '"a\N{REPLACEMENT CHARACTER}[2Jb"'),
        ("zeal", UNKNOWN, "3"),
    ]
    assert str(problems(data)[1]) == 'reports_held 1, date: a day written like 2026-10-05 (is "2026-02-30")'
    assert problems(data)[6].path == ("demands", 1, "category")


def test_i5_the_message_names_places_and_never_what_was_typed() -> None:
    with pytest.raises(InvalidDataError) as caught:
        check(FORM, GOOD | {"demands_total": "secret", "remarks": "secret\x00", "demands": "secret"})
    assert "secret" not in str(caught.value)
    assert "demands_total; demands; remarks" in caught.value.what
    assert str(FORM) in caught.value.rule


def test_i11_ten_megabytes_in_a_text_field_are_refused_and_shown_short() -> None:
    ((place, rule, value),) = said(GOOD | {"remarks": "a" * 10_000_000})
    assert (place, rule) == ("remarks", f"at most {limits.REPORT_TEXT} characters")
    assert value.endswith("of 10000000 characters")
    assert len(value) < 200
    check(FORM, GOOD | {"remarks": "a" * limits.REPORT_TEXT})


def test_i11_lists_and_numbers_have_limits() -> None:
    assert [place for place, *_ in said(GOOD | {"demands": [DEMAND] * (limits.REPORT_ITEMS + 1)})] == ["demands"]
    ((place, rule, value),) = said(GOOD | {"demands_total": 10**400})
    assert (place, rule, value) == ("demands_total", "at most 2^53 - 1", "a number of more than 40 digits")


@pytest.mark.parametrize("data", ["text", 5, [GOOD], True])
def test_what_is_no_group_of_fields_is_refused(data: object) -> None:
    assert [place for place, *_ in said(data)] == [""]


def test_a_field_that_the_form_does_not_know_is_named_harmlessly_and_only_so() -> None:
    key = "\x1b[31m" + "k" * 500
    ((place, rule, _),) = said(GOOD | {key: ["", None, 1.5]})
    assert rule == UNKNOWN
    assert place.isprintable()
    assert len(place) < 100


def own_form(part: dict[str, Any], **more: Any) -> Form:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cipherpost:form:own:1",
        "title": "Own",
        "type": "object",
        "properties": {"it": part},
        "additionalProperties": False,
        "$defs": {"count": COUNT},
    }
    return parse_form(json.dumps(schema | more).encode())


ROWS = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ({"type": "integer", "minimum": 3}, 2, "at least 3"),
        ({"type": "integer", "maximum": 3}, 4, "at most 3"),
        ({"type": "integer", "exclusiveMinimum": 3}, 3, "more than 3"),
        ({"type": "integer", "exclusiveMaximum": 3}, 3, "less than 3"),
        ({"type": "integer"}, "3", WHOLE),
        ({"type": "string", "minLength": 3}, "ab", "at least 3 characters"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A1", "written like the pattern ^[a-z]+$"),
        ({"type": "string"}, 5, "a text"),
        ({"type": "string", "format": "date"}, "5 October 2026", "a day written like 2026-10-05"),
        ({"type": "string", "format": "date"}, "2026-10-5", "a day written like 2026-10-05"),
        ({"type": "boolean"}, "maybe", "yes or no (in JSON and TOML true or false)"),
        ({"enum": ["a", "b"]}, "A", "one of: a, b"),
        ({"type": "array", "items": ROWS}, "x", "a list of entries"),
        ({"type": "array", "items": ROWS, "maxItems": 1}, [{"a": 1}] * 2, "at most 1 entries"),
        ({"type": "array", "items": ROWS, "minItems": 2}, [{"a": 1}], "at least 2 entries"),
        ({"type": "array", "items": ROWS, "uniqueItems": True}, [{"a": 1}] * 2, "no two entries are alike"),
    ],
)
def test_rules_of_a_centers_own_form_are_said_in_words(part: dict[str, Any], value: object, rule: str) -> None:
    ((place, told, _),) = said({"it": value}, own_form(part))
    assert (place, told) == ("it", rule)


def test_a_rule_over_several_fields_is_said_without_what_was_typed() -> None:
    ((place, rule, value),) = said({"it": "secret"}, own_form({"type": "string"}, minProperties=2))
    assert place == value == ""
    assert rule
    assert "secret" not in rule


def test_i11_a_pattern_that_would_take_for_ever_does_not() -> None:
    check(own_form({"type": "string", "pattern": "^(a+)+b?c?$"}), {"it": "a" * 50_000})
    assert said({"it": "a" * 50_000 + "!"}, own_form({"type": "string", "pattern": "^(a+)+$"}))


@settings(deadline=None)
@given(JSON)
def test_anything_at_all_is_either_right_or_refused_with_problems_that_can_be_shown(value: object) -> None:
    for data in (value, GOOD | {"demands": value}, GOOD | {"demands": [value]}, GOOD | {"remarks": value}):
        if is_blank(data):
            with pytest.raises(EmptyReportError):
                check(FORM, data)
        elif not right(data):
            assert all(str(each).isprintable() for each in problems(data))


def right(data: object) -> bool:
    try:
        check(FORM, data)
    except InvalidDataError:
        return False
    return True


def test_i11_of_a_list_that_is_too_long_nothing_else_is_said() -> None:
    form = builtin("monthly-return")
    data = {"reports_held_total": 1, "demands_total": -1, "demands": [{"nope": 1}] * (limits.REPORT_ITEMS + 1)}
    with pytest.raises(InvalidDataError) as caught:
        check(form, data)
    assert [each.place for each in caught.value.problems] == ["demands_total", "demands"]
