"""The page of a form: what a clerk types in it becomes the file that a report is made of, and what is wrong is said."""

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any, Final

import pytest
from chromium import Browser
from looks import can_be_read, fits, is_labelled, prints, words
from pagekit import NASTY

from cipherpost.forms.answers import read_answers
from cipherpost.forms.builtin import BUILTIN, builtin
from cipherpost.forms.checking import check
from cipherpost.forms.schema import Form, parse_form
from cipherpost.pages.form import form_page

Keep = Callable[[str], Path]

MONTHLY: Final = builtin("monthly-return")
DEMAND: Final = "Дрова для школы\nдо «первого» снега"
COMMAND: Final = "cipherpost report monthly-return 2026-10 --data {file}"


def page(form: Form = MONTHLY, **more: Any) -> str:
    return form_page(form, "2026-10", command=COMMAND, network="rkpb", office="tver", title=NASTY, **more)


def all_kinds() -> Form:
    """A form with a field of every kind and every bound, and titles that mean mischief."""
    fields: dict[str, Any] = {
        "short": {
            "type": "string",
            "minLength": 3,
            "maxLength": 5,
            "title": '</template><b onclick="x">',
            "examples": ["'>"],
        },
        "whole": {"type": "integer", "minimum": -5, "maximum": 1000, "title": "Whole"},
        "count": {"$ref": "#/$defs/count", "title": "Count"},
        "day": {"type": "string", "format": "date", "title": "Day"},
        "pick": {"enum": ['"one"', "two & <three>"], "title": "Pick"},
        "agreed": {"type": "boolean", "title": "Agreed"},
        "rows": {
            "type": "array",
            "title": "Rows",
            "minItems": 2,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "word": {"type": "string", "title": "Word"},
                    "number": {"type": "integer", "title": "Number"},
                },
                "required": ["word"],
                "additionalProperties": False,
            },
        },
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cipherpost:form:all-kinds:1",
        "title": NASTY.replace("\u202e", ""),
        "type": "object",
        "properties": fields,
        "required": ["short", "count", "agreed"],
        "additionalProperties": False,
        "$defs": {
            "count": {
                "oneOf": [{"type": "integer", "minimum": 0}, {"enum": ["none held", "not known", "not collected"]}]
            }
        },
    }
    return parse_form(json.dumps(schema).encode())


def saved(browser: Browser, form: Form, at: str = "#save") -> tuple[str, dict[str, Any]]:
    """What the browser saves, as `report --data` reads it."""
    file = browser("save", at=at)
    return file["name"], read_answers(form, [(file["name"], file["text"].encode())])


def summary(browser: Browser) -> list[str]:
    """What the page says after a button was pressed, line by line."""
    return words(browser, "#summary p")


def fill_monthly(browser: Browser) -> dict[str, Any]:
    """Fill in a monthly return; what should come of it."""
    browser("fill", at="#x-reports_held_total", text="12")
    browser("select", at="#x-demands_total-word", value="not known")
    browser("click", at="#x-reports_held > .add")
    browser("fill", at="#x-reports_held-1-date", text="2026-10-05")
    browser("fill", at="#x-reports_held-1-speaker_office", text="food supply")
    browser("select", at="#x-reports_held-1-party_member", value="no")
    browser("fill", at="#x-reports_held-1-audience", text="workers of the Volga mill")
    browser("fill", at="#x-reports_held-1-attendance", text="0")
    browser("click", at="#x-demands > .add")
    browser("fill", at="#x-demands-2-text", text=DEMAND)
    browser("select", at="#x-demands-2-category", value="education")
    browser("fill", at="#x-demands-2-raised_by", text="240")
    return {
        "reports_held_total": 12,
        "demands_total": "not known",
        "reports_held": [
            {
                "date": "2026-10-05",
                "speaker_office": "food supply",
                "party_member": False,
                "audience": "workers of the Volga mill",
                "attendance": 0,
            }
        ],
        "demands": [{"text": DEMAND, "category": "education", "raised_by": 240}],
    }


# ---- what it is ----------------------------------------------------------------------------------------------------


def test_the_page_holds_one_script_of_ours_and_data_that_cannot_end_it() -> None:
    text = page(data={"remarks": "</script><script>alert(1)</script>"})
    assert text.count("<script") == 2
    assert text.count("</script") == 2
    assert "\u202e" not in text
    assert "script-src 'sha256-" in unescape(text)
    assert "unsafe" not in text.split("</head>")[0].split("<style>")[0]


@pytest.mark.parametrize("name", BUILTIN)
@pytest.mark.parametrize("phone", [False, True])
def test_every_form_that_ships_fits_its_window_and_is_labelled(
    name: str, phone: bool, browser: Browser, keep: Keep
) -> None:
    form = builtin(name)
    browser.open(keep(page(form)), phone=phone)
    for each in form.lists:
        browser("click", at=f"#x-{each.name} > .add")
    fits(browser)
    is_labelled(browser)
    shown = " ".join(words(browser, "main"))
    for field in form.fields:
        assert field.title in shown
        assert field.help in shown
    assert shown.count("required") == sum(each.required for field in form.fields for each in (field, *field.items))


@pytest.mark.parametrize("dark", [False, True])
def test_a_form_can_be_read_also_where_something_is_wrong(dark: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(page(before="What was said.", due="2026-11-05")), dark=dark)
    browser("click", at="#save")
    can_be_read(browser)


def test_a_form_filled_in_can_be_printed(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(page()))
    browser("fill", at="#x-remarks", text="a long story\n" * 60)
    prints(browser, tmp_path / "form.pdf")
    assert (
        browser.evaluate(
            "() => { const box = document.querySelector('#x-remarks'); return box.scrollHeight - box.clientHeight; }"
        )
        <= 1
    )


# ---- filling in and saving -----------------------------------------------------------------------------------------


def test_what_is_filled_in_is_saved_as_data_that_passes_the_checks(browser: Browser, keep: Keep) -> None:
    browser.open(keep(page()))
    expected = fill_monthly(browser)
    name, data = saved(browser, MONTHLY)
    assert name == "monthly-return-2026-10.json"
    assert data == expected
    check(MONTHLY, data)
    assert summary(browser)[-1] == "cipherpost report monthly-return 2026-10 --data monthly-return-2026-10.json"


def test_a_saved_file_is_loaded_again_as_it_was(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(page()))
    fill_monthly(browser)
    file = browser("save", at="#save")
    again = tmp_path / file["name"]
    again.write_text(file["text"], encoding="utf-8")
    browser.open(keep(page(data={"remarks": "to be replaced"})))
    browser("load", at="#load", file=str(again))
    assert browser("save", at="#save")["text"] == file["text"]


def test_data_known_beforehand_are_filled_in(browser: Browser, keep: Keep) -> None:
    known = {
        "reports_held_total": "none held",
        "demands_total": 1,
        "demands": [{"text": f"</script>{NASTY}", "category": "other", "raised_by": "not collected"}],
        "remarks": "\u202ekept as it was\nand this",
    }
    browser.open(keep(page(data=known)))
    _, data = saved(browser, MONTHLY)
    assert data == known
    check(MONTHLY, data)


def test_a_page_can_be_filled_in_with_the_keyboard_alone(browser: Browser, keep: Keep) -> None:
    browser.open(keep(page()))
    browser("press", keys=["Tab"])  # the file to load
    browser("press", keys=["Tab"])
    browser("type", text="7")
    browser(
        "press", keys=["Tab", "Tab", "Tab", "Tab", "n"]
    )  # the word, adding a report, the number, the word: none held
    browser("press", keys=["Tab", "Enter"])  # a demand; its first field has the focus
    browser("type", text="Bread")
    browser("press", keys=["Tab", "f", "Tab"])
    browser("type", text="30")
    browser("press", keys=["Tab", "Tab", "Tab", "Tab"])  # the word, removing, adding, remarks
    browser("type", text="No more.")
    browser("press", keys=["Tab"])
    assert browser.evaluate("() => document.activeElement.id") == "save"
    file = browser("save", at="*:focus")
    data = read_answers(MONTHLY, [(file["name"], file["text"].encode())])
    assert data == {
        "reports_held_total": 7,
        "demands_total": "none held",
        "demands": [{"text": "Bread", "category": "food and supply", "raised_by": 30}],
        "remarks": "No more.",
    }


def test_entries_are_removed_and_counted_anew(browser: Browser, keep: Keep) -> None:
    browser.open(keep(page()))
    for at in (1, 2, 3):
        browser("click", at="#x-demands > .add")
        browser("fill", at=f"#x-demands-{at}-text", text=f"demand {at}")
    browser("click", at="#x-demands .row >> nth=1 >> .remove")
    assert words(browser, "#x-demands .row > legend") == ["Demands raised, 1", "Demands raised, 2"]
    assert browser.evaluate("() => document.activeElement.className") == "remove"
    _, data = saved(browser, MONTHLY, at="#unfinished")
    assert [each["text"] for each in data["demands"]] == ["demand 1", "demand 3"]


# ---- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["1 234", "1,5", "١٢", "1.000", "-", "1e3", "99999999999999999", "007"])
def test_i9_a_figure_in_another_script_or_format_is_refused_in_words(typed: str, browser: Browser, keep: Keep) -> None:
    browser.open(keep(page()))
    browser("select", at="#x-demands_total-word", value="none held")
    browser("fill", at="#x-reports_held_total", text=typed)
    browser("click", at="#save")
    head, wrong = summary(browser)
    assert head == "One thing is not right; nothing was saved."
    assert wrong.startswith("Business reports held, in all: a whole number in the digits 0 to 9")
    assert browser.evaluate("() => document.querySelector('#x-reports_held_total-wrong').checkVisibility()")
    assert browser.evaluate("() => document.querySelector('#x-reports_held_total').ariaInvalid") == "true"


def test_everything_that_is_wrong_is_said_at_once_beside_its_field(browser: Browser, keep: Keep) -> None:
    form = all_kinds()
    browser.open(keep(page(form)))
    browser("fill", at="#x-short", text="Дрова!")
    browser("fill", at="#x-whole", text="-6")
    browser("fill", at="#x-count", text="-1")
    browser("click", at="#x-rows > .add")
    browser("fill", at="#x-rows-1-number", text="1,5")
    browser("click", at="#save")
    title = form.fields[0].title
    whole = "a whole number in the digits 0 to 9, without spaces, points or commas"
    expected = {
        "x-short": (title, "at most 5 characters"),
        "x-whole": ("Whole", "at least -5"),
        "x-count": ("Count", "at least 0"),
        "x-agreed": ("Agreed", "has to be filled in"),
        "x-rows": ("Rows", "at least 2 entries"),
        "x-rows-1-word": ("Rows 1, Word", "has to be filled in"),
        "x-rows-1-number": ("Rows 1, Number", whole),
    }
    assert summary(browser) == [
        "7 things are not right; nothing was saved.",
        *(f"{place}: {rule}" for place, rule in expected.values()),
    ]
    for field, (_, rule) in expected.items():
        assert browser.evaluate("(at) => document.getElementById(at).textContent", f"{field}-wrong") == rule
    browser("click", at="#summary a >> nth=3")
    assert browser.evaluate("() => document.activeElement.id") == "x-agreed"


def test_what_the_page_accepts_in_fields_of_all_kinds_passes_the_checks(browser: Browser, keep: Keep) -> None:
    form = all_kinds()
    browser.open(keep(page(form)), phone=True)
    fits(browser)
    browser("fill", at="#x-short", text="Дрова")
    browser("fill", at="#x-whole", text="-5")
    browser("fill", at="#x-count", text="0")
    browser("fill", at="#x-day", text="2026-02-28")
    browser("select", at="#x-pick", value="two & <three>")
    browser("select", at="#x-agreed", value="yes")
    for at in (1, 2):
        browser("click", at="#x-rows > .add")
        browser("fill", at=f"#x-rows-{at}-word", text=f"row {at}")
    _, data = saved(browser, form)
    check(form, data)
    assert data == {
        "short": "Дрова",
        "whole": -5,
        "count": 0,
        "day": "2026-02-28",
        "pick": "two & <three>",
        "agreed": True,
        "rows": [{"word": "row 1"}, {"word": "row 2"}],
    }


def test_i9_a_blank_is_refused_where_it_is_required_and_left_out_elsewhere(browser: Browser, keep: Keep) -> None:
    browser.open(keep(page()))
    browser("fill", at="#x-reports_held_total", text="   ")
    browser("fill", at="#x-remarks", text=" \n ")
    browser("click", at="#x-demands > .add")
    browser("click", at="#save")
    assert summary(browser)[1:] == [
        "Business reports held, in all: has to be filled in",
        "Demands raised, in all: has to be filled in",
        "Demands raised 1: is empty: fill it in, or remove it",
    ]
    browser("click", at="#x-demands .remove")
    browser("fill", at="#x-reports_held_total", text="0")
    browser("fill", at="#x-demands_total", text="0")
    assert saved(browser, MONTHLY)[1] == {"reports_held_total": 0, "demands_total": 0}


def test_what_is_unfinished_is_saved_as_it_was_typed(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(page()))
    browser("fill", at="#x-reports_held_total", text="about 12")
    name, data = saved(browser, MONTHLY, at="#unfinished")
    assert (name, data) == ("monthly-return-2026-10-unfinished.json", {"reports_held_total": "about 12"})
    again = tmp_path / name
    again.write_text(json.dumps(data), encoding="utf-8")
    browser.open(keep(page()))
    browser("load", at="#load", file=str(again))
    assert browser.evaluate("() => document.querySelector('#x-reports_held_total').value") == "about 12"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("not json", "It is not JSON."),
        ("[1]", "it holds no group of fields"),
        ('{"loans": 3}', "loans: the form has no such field"),
        ('{"demands": [{"words": "x"}]}', "demands 1, words: the form has no such field"),
        ('{"demands": "x"}', "demands: not a list of entries"),
        ('{"demands": [3]}', "demands 1: not a group of fields"),
        ('{"demands": [{"category": "<b>bread"}]}', 'demands 1, category: "<b>bread" is none of what may stand there'),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(
    content: str, told: str, browser: Browser, keep: Keep, tmp_path: Path
) -> None:
    browser.open(keep(page(data={"remarks": "stays"})))
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    browser("load", at="#load", file=str(path))
    assert browser.evaluate("() => document.querySelector('#summary').checkVisibility()")
    assert summary(browser) == ["The file was not loaded; nothing here was changed.", told]
    assert browser.evaluate("() => document.querySelector('#x-remarks').value") == "stays"


def test_replacing_what_was_typed_is_asked_first(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(page()))
    browser("fill", at="#x-remarks", text="typed")
    path = tmp_path / "saved.json"
    path.write_text('{"remarks": "from the file"}', encoding="utf-8")
    browser("load", at="#load", file=str(path))
    assert browser.evaluate("() => document.querySelector('#x-remarks').value") == "from the file"
    assert browser("seen")["dialogs"] == ["Replace what is typed here by the file?"]
