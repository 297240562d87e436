"""The page of an audit in a browser: a clean network, one with every kind of finding, one of a thousand channels."""

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from auditpages import AS_OF, bad, clean, every_finding, large, past, report, sha
from chromium import Browser
from looks import can_be_read, fits, is_labelled, prints, words

from cipherpost.chain.findings import CODES, Finding
from cipherpost.pages.audit import SHOWN, audit_page
from cipherpost.pages.audit_picture import APART, WIDE, Placed, draw
from cipherpost.workflows.audit_phrases import APART as APART_WORDS
from cipherpost.workflows.audit_phrases import NEVER_SHOWN, NEXT
from cipherpost.workflows.audit_report import Report

Keep = Callable[[str], Path]
MADE: dict[str, Callable[[], Report]] = {"clean": clean, "bad": bad, "large": large}
_pages: dict[str, str] = {}


def made(name: str) -> str:
    if name not in _pages:
        _pages[name] = audit_page(MADE[name]())
    return _pages[name]


# ---- without a browser -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_the_same_audit_gives_the_same_bytes(name: str) -> None:
    assert audit_page(MADE[name]()) == made(name)


def test_a_fork_that_blames_nobody_is_not_told_under_the_words_about_one_that_does() -> None:
    """Of one code, but they point to different people: each stands with its own words, and every link leads to one."""
    places = dict.fromkeys(("tver", "samara"), "sender") | {"penza": "nobody"}
    forks = [
        Finding(code="fork", channel=f"{office}/center", number=2, office=office, points=None if to == "sender" else to)
        for office, to in places.items()
    ]
    page = audit_page(report({"tver/center": [1, 2]}, forks))
    told = re.findall(r"<dt>points to</dt><dd>(.*?)</dd>", page)
    assert told == ["the sender", unescape(APART_WORDS["fork", "nobody"])]
    assert len(re.findall(r' id="fork', page)) == len(set(re.findall(r' id="(fork[^"]*)"', page)))
    assert set(re.findall(r'href="#(fork[^"]*)"', page)) <= set(re.findall(r' id="([^"]*)"', page))
    alone = audit_page(report({"tver/center": [1, 2]}, forks[2:]))
    assert set(re.findall(r'href="#(fork[^"]*)"', alone)) <= set(re.findall(r' id="([^"]*)"', alone))


def test_the_order_in_which_findings_were_found_changes_nothing() -> None:
    found = every_finding()
    assert audit_page(report({"center/roster": [0]}, found)) == audit_page(report({"center/roster": [0]}, found[::-1]))


def test_what_comes_from_outside_is_escaped_and_shown_harmlessly() -> None:
    page = made("bad")
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(" in page
    assert "\\u202eesrever" in page


@pytest.mark.parametrize(
    "nasty",
    ['"><img src=x onerror=alert(1)>', "</title></svg><script>alert(1)</script>", "a\u2066b\x1b[2Jc", "' x=\"y"],
)
def test_hostile_words_break_out_of_nothing(nasty: str) -> None:
    where = {"code": "void", "channel": "tver/center", "number": 1, "office": "tver", "detail": nasty}
    page = audit_page(
        report(
            {"center/roster": [0], "tver/center": [1, 2]},
            [Finding(**where), Finding(**{**where, "code": "stale", "channel": None, "number": None})],
            titles={"tver": nasty, "center": nasty},
            owing={"tver": nasty},
            unread={nasty: nasty},
            skipped={nasty: nasty},
            not_checked=(nasty,),
        )
    )
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u2066" not in page
    assert not re.search(r"<[^>]*\sx=\"y\"", page)


def test_the_policy_allows_the_style_by_its_hash_and_nothing_else() -> None:
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', made("bad"))[0])
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'", policy
    )


@pytest.mark.parametrize("name", MADE)
def test_every_anchor_is_there_once_and_every_link_leads_to_one(name: str) -> None:
    page = made(name)
    anchors = re.findall(r'\bid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def test_a_network_of_which_nothing_can_be_verified_makes_a_page() -> None:
    gap = Finding(code="gap", channel="center/roster", number=1, office="center", detail="the first entry is missing")
    page = audit_page(report({}, [gap], roster=None, zone=""))
    assert "NOTHING CAN BE VERIFIED" in page
    assert 'id="picture"' not in page


def test_very_many_findings_of_one_code_are_listed_so_far_and_counted_beyond() -> None:
    found = [Finding(code="gap", channel=f"office-{n % 300}/center", number=n, office="tver") for n in range(1, 1001)]
    page = audit_page(report({"center/roster": [0]}, found))
    assert page.count('<tr id="gap-') == SHOWN
    assert f"And {1000 - SHOWN} more of this code" in page
    assert "1000 found" in page


def test_many_debts_leave_the_newest_periods_and_the_coverage_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cipherpost.pages.audit.CELLS", 40)
    page = audit_page(bad())
    assert "Older periods: coverage only" in page
    assert page.count('<table class="matrix">') < made("bad").count('<table class="matrix">')
    for line in re.findall(r'<tr><th scope="row">[^<]*</th><td>\d+ of [^<]*</td></tr>', made("bad")):
        assert line in page


# ---- the picture -----------------------------------------------------------------------------------------------------


def picture(channels: dict[str, list[int]], *found: Finding):
    histories = [past(name, days) for name, days in sorted(channels.items()) if days]
    return draw(histories, [Placed(each, f"f-{at}") for at, each in enumerate(found)], titles={}, as_of=AS_OF)


def strips(drawn) -> dict:
    return {strip.name: strip for office in drawn.offices for strip in office.strips}


def test_a_finding_without_a_time_stands_beside_its_number() -> None:
    gap = {"code": "gap", "channel": "tver/center", "office": "tver"}
    drawn = picture({"center/roster": [0], "tver/center": [10, 100, 300]}, *(Finding(**gap, number=n) for n in (2, 4)))
    bars = [float(x) for x in re.findall(r"M([\d.]+) ", strips(drawn)["tver/center"].bars)]
    at_two, at_four = (mark.x for mark in strips(drawn)["tver/center"].marks)
    assert at_two == pytest.approx(bars[1], abs=4)
    assert at_four > bars[2]


def test_findings_that_would_cover_each_other_share_a_mark_of_the_gravest() -> None:
    where = {"channel": "tver/center", "office": "tver", "number": 2, "time": "2026-05-05T09:00:00Z"}
    drawn = picture({"tver/center": [10, 100]}, *(Finding(code=code, **where) for code in ("late", "forged", "clock")))
    (mark,) = strips(drawn)["tver/center"].marks
    assert (mark.shape, mark.grade, mark.many) == ("alarm", "alarm", 3)
    assert {line.split()[0] for line in mark.words.split("\n")} == {"late", "forged", "clock"}


def test_a_known_finding_hides_no_new_one_below_it() -> None:
    where = {"channel": "tver/center", "office": "tver", "number": 2}
    known = Finding(code="fork", **where).known("center/roster/3")
    (mark,) = strips(picture({"tver/center": [10, 100]}, known, Finding(code="gap", **where)))["tver/center"].marks
    assert (mark.shape, mark.known) == ("gap", False)


def test_dates_far_away_stand_at_the_edge_and_do_not_squeeze_the_rest() -> None:
    far = {"center/roster": [0, 300], "tver/center": [-9000, 5, 12000]}
    drawn = picture(far)
    assert (drawn.start, drawn.days) == ("2026-01-05", 4)
    numbers = [float(x) for x in re.findall(r"[MH]([\d.]+)", strips(drawn)["tver/center"].bars)]
    assert 0 <= min(numbers) <= max(numbers) <= WIDE


def test_a_channel_in_which_nothing_counts_has_a_row_for_its_finding() -> None:
    drawn = picture({"center/roster": [0]}, Finding(code="forged", channel="samara/center", number=1, office="samara"))
    assert [mark.grade for mark in strips(drawn)["samara/center"].marks] == ["alarm"]
    assert strips(drawn)["samara/center"].bars == ""


def test_of_too_many_channels_those_with_the_gravest_findings_have_a_strip_of_their_own() -> None:
    days = {f"office-{at}/center": [1, 2] for at in range(APART + 100)}
    found = [Finding(code="late", channel=name, number=1, office=name.partition("/")[0]) for name in days]
    alarm = Finding(code="forged", channel="office-99/center", number=2, office="office-99")
    drawn = picture({"center/roster": [0], **days}, *found, alarm)
    assert len(strips(drawn)) == APART
    assert "office-99/center" in strips(drawn)
    assert len(drawn.thin) == len(days) + 1
    together = [office.together for office in drawn.offices if office.together]
    assert sum(len(each.marks) for each in together) + sum(len(each.marks) for each in strips(drawn).values()) == len(
        days
    )


@pytest.mark.parametrize("days", [1, 5, 30, 90, 370, 1500, 4000, 20000])
def test_the_days_named_on_the_axis_do_not_touch(days: int) -> None:
    history = past("center/roster", [372 - days])
    ticks = draw([history], [], titles={}, as_of=AS_OF).ticks
    assert all(after.x - before.x >= 60 for before, after in pairwise(ticks))
    assert ticks
    assert len({tick.name for tick in ticks}) == len(ticks)


# ---- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("phone", [False, True])
def test_only_the_tables_scroll_sideways(name: str, phone: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(made(name)), phone=phone)
    if phone:
        browser("resize", width=375, height=740)
    fits(browser)


@pytest.mark.parametrize("name", MADE)
def test_on_paper_nothing_is_cut_off(name: str, browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(made(name)))
    prints(browser, tmp_path / "audit.pdf")


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_stands_out_from_its_ground(dark: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("bad")), dark=dark)
    can_be_read(browser)
    is_labelled(browser)


@pytest.mark.parametrize(("name", "begin", "symbol"), [("clean", "ALL IS WELL", "✓"), ("bad", "ALARM", "✗")])
def test_the_verdict_stands_at_the_top_in_words_and_with_a_symbol(
    name: str, begin: str, symbol: str, browser: Browser, keep: Keep
) -> None:
    browser.open(keep(made(name)))
    found = MADE[name]()
    assert words(browser, ".judged") == [f"{symbol} {found.verdict}"]
    assert found.verdict.startswith(begin)
    assert browser.evaluate("() => document.querySelector('.judged').getBoundingClientRect().bottom") < 300
    top = words(browser, "header")[0]
    for told in (found.network, found.fingerprint, found.as_of, f"{found.dispatches} dispatches", found.roster.hash):
        assert told in top
    assert found.spoken in top


def test_each_channel_has_a_row_with_its_numbers_and_words_for_who_cannot_see(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("bad")))
    rows = browser.evaluate(
        """() => [...document.querySelectorAll('.picture:not(.thin) tbody tr:not(.office)')].map((row) =>
             [row.cells[0].innerText, row.cells[1].innerText, row.cells[3].innerText,
              row.querySelector('svg').getAttribute('aria-label')])"""
    )
    told = {name: (first, last, label) for name, first, last, label in rows}
    found = bad()
    assert told.keys() == {each.channel for each in found.histories} | {"samara/center"}
    for each in found.histories:
        first, last, label = told[each.channel]
        assert (first, last) == (str(each.first), str(each.last))
        assert each.first_time in label
        assert each.last_time in label


def test_every_finding_has_a_mark_that_tells_it_and_leads_to_it(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("bad")))
    marks = browser.evaluate(
        """() => [...document.querySelectorAll('.picture:not(.thin) a')].map((each) =>
             [each.querySelector('title').textContent, each.getBoundingClientRect().width])"""
    )
    told = "\n".join(title for title, _ in marks)
    for finding in bad().findings:
        assert f"{finding.code} {finding.channel or finding.office}" in told
    assert all(width > 4 for _, width in marks)
    browser("click", at=".picture a >> nth=2")
    assert browser.evaluate("() => document.querySelector(':target').getBoundingClientRect().top < innerHeight")


def test_each_code_is_told_with_rule_whom_it_points_to_and_what_to_do_the_gravest_first(
    browser: Browser, keep: Keep
) -> None:
    browser.open(keep(made("bad")))
    blocks = words(browser, "article.found")
    found = bad()
    codes = list(dict.fromkeys((each.code, each.known_since is not None) for each in found.ordered()))
    assert len(blocks) == len(codes) == len(CODES) + 1
    for block, (code, known) in zip(blocks, codes, strict=True):
        assert f"{code}" in block.split("rule")[0]
        assert CODES[code].rule in block
        assert NEXT[code] in block
        assert ("known since center/roster/6" in block) is known
        for each in found.findings:
            if each.code == code and bool(each.known_since) is known and each.number is not None:
                assert f"{each.channel}/{each.number}" in block
    assert blocks[0].startswith("ALARM fork")
    assert "Known before" in words(browser, "#known")


def test_the_same_stands_in_a_table_for_who_cannot_see_the_picture(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("clean")))
    browser("click", at=".alternative summary")
    rows = words(browser, ".told tbody tr")
    for each, row in zip(clean().histories, rows, strict=True):
        assert row.startswith(
            f"{each.channel} {each.many} {each.first}, {each.first_time} {each.last}, {each.last_time}"
        )
        for silence in each.silences:
            assert f"{silence.after[:10]} to {silence.before[:10]}" in row
    assert sum(len(each.silences) for each in clean().histories) > 2


def test_all_heads_stand_there_with_their_whole_hashes(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("large")))
    shown = words(browser, ".heads tbody tr")
    assert shown == [f"{head.channel} {head.number} {head.hash}" for head in large().heads]


def test_what_was_owed_what_was_not_checked_and_how_to_repeat_it_are_told(browser: Browser, keep: Keep) -> None:
    browser.open(keep(made("bad")))
    text = " ".join(words(browser, "main"))
    for clause in (*NEVER_SHOWN, *bad().not_checked, bad().command):
        assert clause in text
    states = set(words(browser, ".matrix:not(.picture, .told) td .s"))
    assert {"overdue", "on-time"} <= {state.split()[0] for state in states}


def test_a_thousand_channels_stay_within_bounds_and_all_of_them_are_drawn(browser: Browser, keep: Keep) -> None:
    assert len(made("large")) < 4_000_000
    browser.open(keep(made("large")))
    offices = {each.channel.partition("/")[0] for each in large().histories}
    assert browser.evaluate("() => document.querySelectorAll('.picture .office').length") == len(offices)
    assert browser.evaluate("() => document.querySelectorAll('.picture.thin tbody tr').length") == 1001
    named = {each.channel for each in large().findings}
    rows = set(words(browser, ".picture:not(.thin) tbody tr:not(.office) th"))
    assert rows == named
    assert sha("genesis") in made("large")
