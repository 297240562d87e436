"""What becomes of a text before it stands in a page."""

import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.pages.building import harmless, page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, \u0414\u0430 & <b>", "plain, \u0414\u0430 & <b>"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("\x1b[31m\x00\r", "\\u001b[31m\\u0000\\u000d"),
        ("\u2028\ufeff\u200b", "\\u2028\\ufeff\\u200b"),
        (
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
    ],
)
def test_what_cannot_be_seen_or_turns_words_around_is_shown_as_its_number(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_no_text_turns_the_page_around_or_ends_its_script(text: str) -> None:
    from cipherpost.forms.builtin import builtin
    from cipherpost.pages.form import form_page

    made = form_page(
        builtin("conference-before"), "e7k2m4qaz", command=text, title=text, office="x", data={"place": text}
    )
    assert made.count("<script") == made.count("</script") == 2
    assert not set(made) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\x00\x1b")


def test_a_value_that_a_template_names_and_nobody_gave_is_an_error() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        page("returns.html.j2", network="rkpb")


def test_templates_and_style_are_part_of_the_package() -> None:
    names = {each.name for each in resources.files("cipherpost.pages").joinpath("templates").iterdir()}
    assert {"base.html.j2", "returns.html.j2", "collation.html.j2", "form.html.j2", "form.js", "style.css"} <= names
    config = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["cipherpost"]


def test_nothing_in_the_package_reaches_for_the_network() -> None:
    for each in resources.files("cipherpost.pages").joinpath("templates").iterdir():
        text = each.read_text("utf-8")
        assert not [
            word for word in ("http:", "https:", "url(", "@import", "fetch(", "XMLHttp", "localStorage") if word in text
        ]
