"""`owed` and `returns` as a user sees them, and CSV that no spreadsheet takes for a program."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from cliharness import Net, refused
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.cli.csvout import cell, format_csv
from cipherpost.ledger.debt import State
from cipherpost.ledger.returns import COLUMNS

FORM = "monthly-return"
LINE = re.compile(r"\d+ of \d+ reported; \d+ late; \d+ nil; \d+ unknown.*; missing: .+")


@pytest.fixture
def owing(net: Net) -> Net:
    """Monthly returns since March 2024, due 5 days after the month; samara alone has reported March's, as nil."""
    net.ok("center", "form", "publish", FORM)
    net.ok("center", "duty", "add", FORM, "all", "monthly", "--due", "5", "--from", "2024-03")
    net.clock.now = datetime(2024, 4, 2, 9, 0, 0, tzinfo=UTC)
    net.ok("center", "send", "-", "--to", "tver", "--due", "2024-04-20", stdin="Say what you have.\n")
    net.ok("tver", "fetch")
    net.ok("samara", "fetch")
    net.ok("samara", "report", FORM, "2024-03", "--nil", "-m", "No reports were held.")
    net.clock.ahead(minutes=5)
    net.ok("center", "fetch")
    return net


def later(net: Net, day: int = 10) -> None:
    net.clock.now = datetime(2024, 4, day, 9, 0, 0, tzinfo=UTC)


# ---- owed --------------------------------------------------------------------------------------------------------


def test_owed_says_what_by_when_and_how_it_stands(owing):
    done = owing.ok("tver", "owed")
    assert [line.split("\t") for line in done.lines] == [
        [f"{FORM} 2024-03", "by 2024-04-05", "due in 3 days"],
        ["reply to center/tver/1", "by 2024-04-20", "due in 18 days"],
        [f"{FORM} 2024-04", "by 2024-05-05", "not over yet, due in 33 days"],
    ]
    assert done.hints == [f"cipherpost report {FORM} 2024-03 --edit"]
    later(owing)
    assert owing.ok("tver", "owed").lines[0].endswith("overdue by 5 days")
    assert owing.ok("tver", "owed", "--as-of", "2024-04-05").lines[0].endswith("due today")


def test_owed_as_json_has_the_documented_fields(owing):
    found = owing.ok("tver", "owed", "--json").json
    assert set(found) == {"debts"}
    assert all(tuple(row) == COLUMNS for row in found["debts"])
    assert found["debts"][1] == {
        "office": "tver",
        "title": "Tver Gubernia Committee",
        "form": None,
        "period": None,
        "event": None,
        "order": "center/tver/1",
        "state": "due",
        "facts": [],
        "due": "2024-04-20",
        "dispatch": None,
        "judged_by": None,
        "as_of": "2024-04-02T09:05:00Z",
    }


def test_fetch_and_status_speak_of_what_is_owed(owing):
    done = owing.ok("tver", "fetch")
    assert f"you owe 1 report and 1 answer; first: {FORM} 2024-03 by 2024-04-05" in done.err
    assert f"owed         {FORM} 2024-03 by 2024-04-05\n" in owing.ok("tver", "status").out
    assert owing.ok("tver", "status", "--json").json["owed"][0]["state"] == "due"
    assert "you owe" not in owing.ok("samara", "fetch").err


def test_the_center_owes_nothing_and_is_told_where_to_look(owing):
    done = owing.ok("center", "owed")
    assert done.out == ""
    assert "cipherpost returns" in done.err


# ---- returns -----------------------------------------------------------------------------------------------------


def test_returns_show_a_matrix_in_words_and_what_it_covers(owing):
    later(owing)
    done = owing.ok("center", "returns", "2024-03")
    assert done.lines[0] == "Returns 2024-03 of rkpb as of 2024-04-10T09:00:00Z"
    at = done.lines.index(FORM)
    assert done.lines[at + 1].split() == ["2024-03"]
    assert re.split(r"  +", done.lines[at + 2]) == ["tver", "Tver Gubernia Committee", "overdue"]
    assert re.split(r"  +", done.lines[at + 3]) == ["samara", "Samara Gubernia Committee", "nil"]
    assert done.lines[at + 4] == "2024-03: 1 of 2 reported; 0 late; 1 nil; 0 unknown; missing: tver"
    assert "on time, by month: 2024-03 50% (1 of 2)" in done.lines
    assert done.hints == ["cipherpost returns 2024-03 --html returns.html"]


def test_i9_no_column_is_shown_without_its_coverage(owing):
    done = owing.ok("center", "returns")
    heads = [head for line in done.lines if line.startswith("   ") for head in line.split()]
    assert heads == ["2024-03", "2024-04", "center/tver/1"]
    for head in heads:
        (line,) = [line for line in done.lines if line.startswith(f"{head}: ")]
        assert LINE.fullmatch(line.removeprefix(f"{head}: "))


def test_i8_center_and_auditor_print_the_same(owing):
    later(owing)
    owing.ok("center", "fetch")
    owing.ok("audit", "fetch")
    for words in (("--json",), ("--csv",), ()):
        mine, theirs = (owing.ok(home, "returns", "--as-of", "2024-04-10", *words).out for home in ("center", "audit"))
        assert mine == theirs
        assert mine


def test_a_terminal_of_80_columns_shows_the_newest_that_fit_and_says_so(net):
    net.ok("center", "form", "publish", FORM)
    net.ok("center", "duty", "add", FORM, "all", "monthly", "--due", "5", "--from", "2024-03")
    done = net.ok("center", "returns", "--as-of", "2025-05-20", tty=True)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.out).replace("\r", "")
    assert all(len(line) <= 80 for line in plain.splitlines())
    (head,) = [line for line in plain.splitlines() if line.startswith("   ")]
    assert head.split()[-1] == "2025-05"
    shown = len(head.split())
    assert f"the newest {shown} of 15" in plain
    assert "Tver Gubernia" in plain


def test_returns_as_json(owing):
    owing.ok("audit", "fetch")
    found = owing.ok("audit", "returns", "--json").json
    assert {"debts", "coverage"} < set(found)
    assert all(tuple(row) == COLUMNS for row in found["debts"])
    assert found["coverage"][0]["line"] == "1 of 2 reported; 0 late; 1 nil; 0 unknown; missing: none; not due yet: tver"
    assert {row["state"] for row in found["debts"]} <= set(State)


def test_the_page_is_written_once_and_over_nothing(owing):
    page = owing.root / "returns.html"
    done = owing.ok("center", "returns", "--html", str(page))
    assert done.out == ""
    assert f"cipherpost: saved: {page}\n" in done.err
    assert owing.ok("center", "returns", "--html", str(owing.root / "quiet.html"), "-q").err == ""
    assert "saved" not in owing.ok("center", "returns", "--html", "-").err
    text = page.read_text(encoding="utf-8")
    assert "Tver Gubernia Committee" in text
    assert "samara/center/" in text
    refused(owing.run("center", "returns", "--html", str(page)), 1, "written over")
    owing.ok("center", "returns", "--html", str(page), "--force")


def test_returns_are_refused_in_words(owing):
    done = owing.run("tver", "returns")
    refused(done, 2, "center and for auditors")
    assert done.hints == ["cipherpost owed"]
    refused(owing.run("center", "returns", "2024-13"), 2, "2024-13")
    refused(owing.run("center", "returns", "--form", "weekly-return"), 2, "weekly-return", "monthly-return")
    refused(owing.run("center", "returns", "--group", "volgo"), 2, "volgo")
    refused(owing.run("center", "returns", "--json", "--csv"), 2, "exclude each other")
    refused(owing.run("center", "returns", "-o", "x.csv"), 2, "--csv")


@pytest.mark.parametrize("words", [("owed",), ("returns",), ("collate", FORM, "2024-03"), ("demands",), ("audit",)])
def test_i11_a_judging_time_far_after_all_that_is_known_is_refused(owing, words):
    home = "tver" if words == ("owed",) else "center"
    done = owing.run(home, *words, "--as-of", "2998-01-01")
    refused(done, 2, "2998-01-01T00:00:00Z is too far ahead", "2024-04-02T09:05:00Z", "2034")
    assert owing.run(home, *words, "--as-of", "2034-12-31").code in {0, 5}, (
        "5: to an audit the center is silent by then"
    )


def test_i11_a_slow_clock_does_not_narrow_the_judging_time(owing):
    owing.clock.now = datetime(2001, 1, 1, tzinfo=UTC)
    assert owing.ok("tver", "owed", "--as-of", "2024-04-10").out
    assert owing.ok("center", "audit", "--as-of", "2024-04-10").out


@pytest.mark.parametrize("word", ["2024-13", "2024-w60", "March", "e1", "2024-3", ""])
def test_returns_of_what_is_no_period_are_refused(owing, word):
    refused(owing.run("center", "returns", word), 2)
    refused(owing.run("center", "returns", word, "--csv"), 2)


def test_returns_of_a_period_in_which_nothing_is_owed_say_so(owing):
    words = "nobody owes or owed anything for 2031-01 as of 2024-04-02T09:05:00Z"
    done = owing.ok("center", "returns", "2031-01")
    assert (done.out, done.err) == ("", f"cipherpost: {words}\n")
    for more in (("--csv",), ("--json",), ("--html", str(owing.root / "nothing.html"))):
        assert words in owing.ok("center", "returns", "2031-01", *more).err
    assert owing.ok("center", "returns", "e7k2m4qaz", "--form", FORM).err.startswith(
        f"cipherpost: nobody owes or owed {FORM} for e7k2m4qaz as of"
    )
    assert "nobody" not in owing.ok("center", "returns", "2024-03").err


# ---- CSV ---------------------------------------------------------------------------------------------------------


def test_returns_as_csv_are_the_rows_of_the_json(owing):
    rows = list(csv.DictReader(io.StringIO(owing.ok("center", "returns", "--csv").out)))
    found = owing.ok("center", "returns", "--json").json["debts"]
    assert list(rows[0]) == list(COLUMNS)
    for row, debt in zip(rows, found, strict=True):
        assert row == {name: "; ".join(v) if isinstance(v, list) else v or "" for name, v in debt.items()}


def test_csv_for_spreadsheets_goes_into_a_file_with_mark_and_tabs(owing):
    path = owing.root / "returns.csv"
    owing.ok("center", "returns", "--excel", "-o", str(path))
    data = path.read_bytes()
    assert data.startswith(b"\xff\xfe")
    lines = data.decode("utf-16").split("\r\n")
    assert lines[0].split("\t") == list(COLUMNS)
    refused(owing.run("center", "returns", "--excel", "-o", str(path)), 1, "written over")


@pytest.mark.parametrize("text", ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_a_title_that_is_a_formula_is_written_harmlessly(text):
    table = format_csv(["a", "b"], [{"a": text, "b": 1}]).decode()
    assert next(iter(list(csv.reader(io.StringIO(table)))[1])).startswith("'")


def test_numbers_stay_numbers_and_nothing_stays_empty():
    rows = [{"a": -5, "b": 0, "c": None, "d": 1.5, "e": ["x", "y"], "f": True}]
    assert format_csv("abcdefg", rows) == b"a,b,c,d,e,f,g\n-5,0,,1.5,x; y,yes,\n"


@given(st.text())
def test_no_text_whatever_begins_a_formula_or_breaks_the_table(text):
    for excel in (False, True):
        data = format_csv(["a", "b"], [{"a": text, "b": "end"}], excel=excel)
        decoded = data.decode("utf-16" if excel else "utf-8")
        rows = list(csv.reader(io.StringIO(decoded, newline=""), delimiter="\t" if excel else ","))
        assert rows[1:] == [[cell(text), "end"]]
        assert not cell(text).lstrip().startswith(("=", "+", "-", "@"))
    assert json.dumps(cell(text))
