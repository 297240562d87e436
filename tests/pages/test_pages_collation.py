"""The page of a collation: every figure with its coverage, its bar, and the dispatches behind it."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from pathlib import Path

import pytest
from chromium import Browser
from figures import FORM, collated
from looks import can_be_read, fits, is_labelled, prints, words
from pagekit import AS_OF, NASTY, titles

from cipherpost.ledger.collation import Total
from cipherpost.pages.collation import NAMES, collation_page

Keep = Callable[[str], Path]


@lru_cache
def made(offices: int) -> str:
    return built(offices)


def built(offices: int, *, older: int = 0) -> str:
    """``older``: so many reports are made for a version of the form that asks for no demands."""
    totals, coverage = collated(offices, older)
    return collation_page(
        totals,
        network="rkpb",
        form=FORM,
        period="2026-10",
        as_of=AS_OF,
        coverage=coverage,
        titles=titles(offices),
        remarks=[("office-001", "office-001/center/3", f"the letter does not open: {NASTY}")],
    )


def named(totals: tuple[Total, ...], name: str) -> Total:
    return next(total for total in totals if total.name == name)


# ---- without a browser ---------------------------------------------------------------------------------------------


def test_the_same_reports_give_the_same_bytes() -> None:
    assert built(20) == built(20)


def test_what_reports_say_is_escaped_and_shown_harmlessly() -> None:
    page = made(20)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(" in page


def test_i9_coverage_that_is_that_of_all_figures_stands_once_above_them() -> None:
    page = unescape(made(500))
    line = collated(500)[1].line()
    assert page.count(line.partition(";")[0]) == 1
    assert f'<p class="verdict">{line}</p>\n<p class="help">This holds for every figure below.</p>' in page
    assert page.index(line) < page.index("<table")


def test_i9_a_figure_that_some_were_not_asked_for_has_a_line_of_coverage_of_its_own() -> None:
    page = unescape(built(20, older=3))
    line = collated(20)[1].line(NAMES)
    assert "This holds for every figure below, but for those with a line of their own." in page
    own = dict(re.findall(r'<h[23] id="(f[0-9-]+)">.*?</h[23]>\n<p><b>.*?</b></p>\n<p class="cover">(.*?)</p>', page))
    listed = next(at for at, field in enumerate(FORM.fields, 1) if field.name == "demands")
    expected = {f"f{listed}", *(f"f{listed}-{at}" for at in range(1, 4))}
    assert own == dict.fromkeys(expected, f"{line}; not asked: 3 of those reported")


def test_i9_words_and_blanks_are_listed_apart_from_numbers() -> None:
    totals, _ = collated(500)
    page = made(500)
    total = named(totals, "reports_held_total")
    for word, places in total.no_number.items():
        assert places
        assert f"{word}: {len(places)}" in page
        assert all(place in page for place in places)
    remarks = named(totals, "remarks")
    assert f"left blank: {len(remarks.blank)}" in page


# ---- in a browser --------------------------------------------------------------------------------------------------


def test_every_figure_can_be_traced_to_its_dispatch(browser: Browser, keep: Keep) -> None:
    totals, _ = collated(20)
    browser.open(keep(made(20)))
    total = named(totals, "reports_held_total")
    rows = words(browser, "[aria-labelledby=f1] tbody tr")
    assert len(rows) == len(total.given)
    for said, row in zip(total.given, rows, strict=True):
        assert row.startswith(said.office)
        assert row.endswith(f"{said.value} {said.place}")
    demands = named(totals, "demands")
    assert words(browser, "[aria-labelledby=f4-rows] tbody th") == [
        f"{said.place}#{at}" for said in demands.given for at in range(1, said.value + 1)
    ]


def test_sums_and_counts_stand_in_one_table(browser: Browser, keep: Keep) -> None:
    totals, _ = collated(20)
    browser.open(keep(made(20)))
    rows = words(browser, "[aria-labelledby=all] tbody tr")
    flat = [each for total in totals for each in (total, *total.columns)]
    assert len(rows) == len(flat)
    for total, row in zip(flat, rows, strict=True):
        cells = row.removeprefix(total.title).replace(" rows", "").split()
        told = ["–" if total.sum is None else str(total.sum), str(len(total.given))]
        told += [str(len(total.no_number[word])) for word in total.no_number] or ["–"] * 3
        assert cells == [*told, str(len(total.blank)), str(len(total.not_asked))]


def test_bars_are_as_long_as_their_numbers_say(browser: Browser, keep: Keep) -> None:
    total = named(collated(20)[0], "reports_held_total")
    browser.open(keep(made(20)))
    widths = browser.evaluate(
        "() => [...document.querySelectorAll('[aria-labelledby=f1] .bar')].map((bar) => bar.width.baseVal.value)"
    )
    longest = max(said.value for said in total.given)
    assert widths == pytest.approx([100 * said.value / longest for said in total.given], abs=0.1)


@pytest.mark.parametrize("offices", [20, 500])
def test_on_a_telephone_only_tables_scroll(offices: int, browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(offices)), phone=True)
    fits(browser)


def test_on_paper_nothing_of_a_collation_is_cut_off(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(made(20)))
    prints(browser, tmp_path / "collation.pdf")


@pytest.mark.parametrize("dark", [False, True])
def test_every_figure_stands_out_from_its_ground(dark: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(20)), dark=dark)
    can_be_read(browser)
    is_labelled(browser)
