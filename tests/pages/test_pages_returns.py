"""The page of the returns in a browser: at a desk, on a telephone, on paper; at 20 offices and at 500."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from pathlib import Path

import pytest
from chromium import Browser
from looks import can_be_read, fits, is_labelled, prints, words
from pagekit import AS_OF, NASTY, cited, debts, grid, titles

from cipherpost.ledger.debt import State
from cipherpost.ledger.returns import matrix
from cipherpost.pages.returns import COLUMNS, NAMES, returns_page, verdict

Keep = Callable[[str], Path]

REMARK = {"office-001/center/3": f"the letter does not open: {NASTY}"}


@lru_cache
def made(offices: int, months: int = 12) -> str:
    return built(offices, months)


def built(offices: int, months: int) -> str:
    found = grid(offices, months)
    return returns_page(found, network="rkpb", zone="Europe/Moscow", cited=cited(found), remarks=REMARK)


# ---- without a browser ---------------------------------------------------------------------------------------------


def test_the_same_returns_give_the_same_bytes() -> None:
    assert built(20, 12) == built(20, 12)


def test_what_comes_from_outside_is_escaped_and_shown_harmlessly() -> None:
    page = made(20)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(" in page
    assert "\\u202eesrever" in page


def test_the_policy_allows_the_style_by_its_hash_and_nothing_else() -> None:
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', made(20))[0])
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'", policy
    )


def test_i9_a_verdict_keeps_missing_late_and_unknown_apart() -> None:
    found = list(debts(20))
    by_state = {state: [debt for debt in found if debt.state is state] for state in State}
    one = by_state[State.ON_TIME][:1]
    assert verdict([]) == "Nothing was owed."
    assert verdict(by_state[State.EXCUSED]) == "Nothing was owed."
    assert verdict(by_state[State.NOT_DUE]) == "Nothing is owed yet."
    assert verdict(one) == "1 of 1 came, none late; nothing is missing."
    assert (
        verdict([*one, by_state[State.LATE][0], by_state[State.OVERDUE][0], by_state[State.UNKNOWN][0]])
        == "2 of 4 came, 1 of them late; 1 missing, 1 unknown."
    )


def test_i9_every_table_has_the_coverage_of_each_of_its_columns() -> None:
    found = grid(20)
    page = unescape(made(20))
    for line in found.coverage:
        assert line.line(NAMES) in page


def test_returns_without_any_debt_make_a_page() -> None:
    page = returns_page(matrix((), titles={}, as_of=AS_OF), network="rkpb", period="2026-10")
    assert "Nothing was owed." in page
    assert "Nothing is late or missing." in page


# ---- in a browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offices", [20, 500])
def test_each_cell_says_its_state_in_a_word_and_leads_to_its_dispatch(
    offices: int, browser: Browser, keep: Keep
) -> None:
    found = grid(offices)
    browser.open(keep(made(offices)))
    monthly = [at for at, column in enumerate(found.columns) if column.form == "monthly-return"]
    shown = browser.evaluate(
        """() => [...document.querySelector('.matrix').tBodies[0].rows].map((row) => [...row.cells].map((cell) =>
             [cell.firstChild.innerText?.split('\\n')[0] ?? '', cell.querySelector('a')?.hash ?? '',
              document.getElementById(cell.querySelector('a')?.hash.slice(1))?.textContent ?? '']))"""
    )
    rows = {line[0][0].split()[0]: line[1:] for line in shown}
    places = cited(found)
    assert len(monthly) == COLUMNS
    for row in found.rows:
        for at, (word, link, details) in zip(monthly, rows[row.office], strict=True):
            cell = row.cells[at]
            if cell is None:
                assert (word, link) == ("not owed", "")
                continue
            debt = cell.debts[0]
            assert word == debt.state
            assert debt.name in details
            assert str(debt.day) in details
            for place in (debt.report, debt.latest, debt.evidence, debt.decision):
                assert place is None or (place in details and places[place].hash in details)
            assert all(fact in details for fact in debt.facts)
            assert debt.judged_by is None or debt.judged_by in details
            assert debt.report is not None or "nothing" in details


def test_a_cell_that_is_pressed_shows_its_details(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(20)))
    browser("click", at=".matrix a.s-late >> nth=0")
    assert browser.evaluate(
        """() => { const box = document.querySelector('article:target').getBoundingClientRect();
                   return box.top >= 0 && box.bottom <= innerHeight; }"""
    )


@pytest.mark.parametrize("offices", [20, 500])
def test_on_a_telephone_only_the_matrix_scrolls_and_its_offices_stay(
    offices: int, browser: Browser, keep: Keep
) -> None:
    browser.open(keep(made(offices)), phone=True)
    fits(browser)
    before, scrolled, after, room = browser.evaluate(
        """() => { const box = document.querySelector('.box'), head = box.querySelector('tbody th');
                   const at = () => head.getBoundingClientRect().left, first = at();
                   box.scrollLeft = 400;
                   return [first, box.scrollLeft, at(), head.getBoundingClientRect().width]; }"""
    )
    assert scrolled == 400
    assert before == after
    assert room < 180


@pytest.mark.parametrize(("offices", "months"), [(20, 12), (20, 1), (500, 4)])
def test_on_paper_nothing_is_cut_off(offices: int, months: int, browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(made(offices, months)))
    prints(browser, tmp_path / "returns.pdf")


def test_details_are_printed_when_they_are_asked_for(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(20, 1)))
    assert browser.evaluate("() => document.querySelector('#paper').checked")
    browser.open(keep(made(20)))
    assert not browser.evaluate("() => document.querySelector('#paper').checked")
    shown = "() => document.querySelector('.details').checkVisibility()"
    assert browser.evaluate(shown)
    browser("media", media="print")
    assert not browser.evaluate(shown)
    browser("media", media="screen")
    browser("check", at="#paper")
    browser("media", media="print")
    assert browser.evaluate(shown)


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_stands_out_from_its_ground(dark: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(20)), dark=dark)
    can_be_read(browser)
    is_labelled(browser)
    assert len(set(words(browser, ".counts .s"))) == len({debt.state for debt in debts(20)})


def test_the_rate_by_month_is_drawn_and_told(browser: Browser, keep: Keep) -> None:
    found = grid(20)
    browser.open(keep(made(20)))
    widths = browser.evaluate(
        "() => [...document.querySelectorAll('.chart .bar')].map((bar) => bar.width.baseVal.value)"
    )
    assert widths == pytest.approx([rate.percent * 1.5 for rate in found.rates])
    labels = browser.evaluate("() => [...document.querySelectorAll('.chart text')].map((each) => each.textContent)")
    browser("click", at=".alternative summary")
    rows = words(browser, ".alternative tbody tr")
    for rate in found.rates:
        told = f"{rate.percent} %: {rate.on_time} of {rate.of}"
        assert labels[labels.index(rate.month) + 1] == told
        assert f"{rate.month} {rate.on_time} {rate.of} {rate.percent} % {rate.unknown}" in rows


def test_who_is_late_or_missing_is_named(browser: Browser, keep: Keep) -> None:
    found = grid(20)
    browser.open(keep(made(20)))
    text = browser.evaluate("() => document.querySelector('#named').parentElement.innerText")
    for office in (*found.late, *found.missing):
        assert office in text
    calm = [row.office for row in found.rows if row.office not in {*found.late, *found.missing}]
    unknown = {name for line in found.coverage for name in line.unknown}
    assert all(office not in text for office in calm if office not in unknown)


def test_offices_with_nothing_amiss_can_be_hidden(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(500, 1)))
    count = "() => [...document.querySelectorAll('.matrix tbody tr')].filter((row) => row.checkVisibility()).length"
    everyone = browser.evaluate(count)
    browser("check", at="#trouble")
    left = browser.evaluate(count)
    assert 0 < left < everyone
    assert set(titles(500)) >= {text.split()[0] for text in words(browser, ".matrix tbody tr:not(.fine) th")}
