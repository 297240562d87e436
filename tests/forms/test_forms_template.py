"""The page for an editor: what was typed comes back, and what is wrong stands at its field."""

import string
from typing import Any

import pytest
from forms.samples import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost.forms.answers import AnswersError
from cipherpost.forms.builtin import BUILTIN, builtin
from cipherpost.forms.checking import InvalidDataError, Problem, check, is_blank
from cipherpost.forms.schema import Field
from cipherpost.forms.template import MARK, expected, from_toml, to_toml, with_note

FORM = builtin("monthly-return")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.text("\"\\\n\r\t'#=[] a", max_size=12)
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
KEYS = st.text(string.ascii_letters + '._- "é\n', min_size=1, max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
NAMES = st.sampled_from([field.name for field in FORM.fields]) | KEYS
ITEMS = st.lists(
    st.dictionaries(st.sampled_from(["text", "category", "raised_by", "who"]), VALUES, max_size=4), max_size=3
)


def without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_blanks(inner) for key, inner in value.items() if not is_blank(inner)}
    if isinstance(value, list):
        return [without_blanks(inner) for inner in value if not is_blank(inner)]
    return value


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4), ITEMS)
def test_whatever_was_typed_comes_back_known_or_not_right_or_not(data: dict[str, Any], items: list[Any]) -> None:
    whole = data | {"demands": items}
    assert from_toml(to_toml(FORM, whole, note="for\x00 Tver")) == without_blanks(whole)


@pytest.mark.parametrize("name", BUILTIN)
def test_sample_reports_come_back_from_the_page(name: str) -> None:
    form = builtin(name)
    for seed in range(50):
        page = to_toml(form, sample(name, seed))
        assert from_toml(page, form) == sample(name, seed)
        assert to_toml(form, from_toml(page, form)) == page


@pytest.mark.parametrize("name", BUILTIN)
def test_an_empty_page_reads_as_nothing_and_shows_every_field_with_its_help(name: str) -> None:
    form = builtin(name)
    page = to_toml(form)
    assert from_toml(page) == from_toml(page, form) == {}
    comments = " ".join(line.removeprefix("# ") for line in page.splitlines() if line.startswith("# "))
    for field in (*form.fields, *(column for each in form.lists for column in each.items)):
        assert field.title in comments
        assert field.help in comments
        assert field.kind == "list" or f'\n{field.name} = ""\n' in page
        assert all(word in comments for word in (*field.choices, *field.examples))
    assert "Demands raised, in all (required)" in comments or name != "monthly-return"
    assert max(len(line) for line in page.splitlines()) <= 100


def test_every_problem_stands_above_its_field() -> None:
    data = {
        "reports_held_total": "viele",
        "attendence": 5,
        "remarks": ["not", "a text"],
        "demands": [
            {"text": "bread", "category": "land", "raised_by": 1},
            {"text": "x", "category": "sport", "who": "me"},
        ],
    }
    with pytest.raises(InvalidDataError) as caught:
        check(FORM, data)
    found = caught.value.problems
    page = to_toml(FORM, data, problems=found)
    assert from_toml(page) == data
    lines = page.splitlines()
    for problem in found:
        at = next(at for at, line in enumerate(lines) if line.startswith(f"{MARK}{problem.place}:"))
        below = next(line for line in lines[at:] if not line.startswith(MARK))
        assert below.startswith(f"{problem.path[-1]} = ")
    assert sum(line.startswith(f"{MARK}demands 2") for line in lines) == 3


def test_a_problem_of_no_field_stands_once_at_the_top_in_comments_only() -> None:
    whole = Problem(path=(), place="", rule="two fields\nreports_held_total = 7")
    gone = Problem(path=("demands", 8, "text"), place="demands 9, text", rule="lost")
    page = to_toml(FORM, {}, problems=[whole, gone, whole])
    assert from_toml(page) == {}
    assert page.count(MARK) == 2
    assert page.index(MARK) < page.index("reports_held_total = ")


def test_i11_thousands_of_problems_all_find_their_place() -> None:
    data = {"demands": [{"text": "bread", "category": "sport", "who": "me"} for _ in range(3_000)]}
    with pytest.raises(InvalidDataError) as caught:
        check(FORM, data)
    page = to_toml(FORM, data, problems=caught.value.problems)
    assert len(caught.value.problems) == 9_002
    assert page.count(f"{MARK}demands 3000, ") == 3
    assert from_toml(page) == data


def test_an_entry_left_empty_is_left_out() -> None:
    page = to_toml(FORM, {"demands": [{"text": "bread"}, {}, {"text": "soap"}]})
    assert from_toml(page) == {"demands": [{"text": "bread"}, {"text": "soap"}]}


def test_words_of_people_are_taken_for_what_they_mean_where_the_form_is_known() -> None:
    page = (
        to_toml(FORM)
        .replace('party_member = ""', 'party_member = "yes"')
        .replace('attendance = ""', 'attendance = "7"')
    )
    assert from_toml(page, FORM) == {"reports_held": [{"party_member": True, "attendance": 7}]}


def test_a_page_that_cannot_be_read_opens_again_as_it_was_with_the_reason_on_top() -> None:
    typed = to_toml(FORM).replace('remarks = ""', 'remarks = "forgot\u2028 the quote')
    with pytest.raises(AnswersError) as caught:
        from_toml(typed)
    again = with_note(typed, str(caught.value))
    assert again.startswith(MARK)
    assert again.endswith(typed)
    assert with_note(again, "other").removeprefix(f"{MARK}other\n") == typed


@pytest.mark.parametrize(
    ("kind", "word"), [("count", '"not known"'), ("date", "2026-"), ("choice", '"a", "b"'), ("text", "")]
)
def test_what_is_expected_is_said_for_each_kind(kind: Any, word: str) -> None:
    choices = {"count": ("none held", "not known"), "choice": ("a", "b")}.get(kind, ())
    assert word in expected(Field(name="it", title="It", kind=kind, required=True, choices=choices))
