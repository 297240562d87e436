"""`collate` and `demands` as people and scripts use them."""

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cliharness import Net, refused

DEMANDS = [{"text": "Fuel for the schools", "category": "housing and fuel", "raised_by": 12}]
TVER: dict[str, Any] = {
    "reports_held_total": 3,
    "demands_total": 1,
    "demands": DEMANDS,
    "remarks": "=cmd|' /C calc'!A0",
}
SAMARA: dict[str, Any] = {"reports_held_total": "not known", "demands_total": 2}


@pytest.fixture
def month(net: Net) -> str:
    """The month that both committees have reported; samara's report names a demand that tver's has too."""
    net.ok("center", "form", "publish", "monthly-return")
    first = f"{net.clock.now:%Y-%m}"
    net.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", "--from", first)
    while f"{net.clock.now:%Y-%m}" == first:
        net.clock.ahead(days=1)
    net.ok("center", "fetch")
    for office, data in (("tver", TVER), ("samara", {**SAMARA, "demands": DEMANDS})):
        net.ok(office, "fetch")
        path = net.root / f"{office}.json"
        path.write_text(json.dumps(data))
        net.ok(office, "report", "monthly-return", first, "--data", str(path))
    net.clock.ahead(minutes=1)
    net.ok("center", "fetch")
    return first


def test_i9_every_way_to_show_a_collation_has_its_coverage(net: Net, month: str, tmp_path: Path) -> None:
    line = "2 of 2 reported; 0 late; 0 nil; 0 unknown; missing: none"
    page = tmp_path / "page.html"
    shown = net.ok("center", "collate", "monthly-return", month)
    assert line in shown.out
    assert "Business reports held, in all\t3\t1\t1 not known\t3 (tver)\t3 (tver)" in shown.lines
    assert line in net.ok("center", "collate", "monthly-return", month, "--csv").err
    assert net.ok("center", "collate", "monthly-return", month, "--json").json["coverage"]["line"] == line
    net.ok("center", "collate", "monthly-return", month, "--html", str(page))
    assert line in page.read_text(encoding="utf-8")


def test_csv_has_a_row_for_each_office_and_formulas_are_harmless(net: Net, month: str) -> None:
    rows = list(csv.DictReader(io.StringIO(net.ok("center", "collate", "monthly-return", month, "--csv").out)))
    assert [(row["office"], row["dispatch"], row["state"]) for row in rows] == [
        ("tver", "tver/center/3", "on-time"),
        ("samara", "samara/center/3", "on-time"),
    ]
    assert [row["reports_held_total"] for row in rows] == ["3", "not known"]
    assert rows[0]["remarks"].startswith("'=cmd")
    assert rows[1]["remarks"] == ""


def test_csv_of_items_has_a_row_for_each_item(net: Net, month: str) -> None:
    shown = net.ok("center", "collate", "monthly-return", month, "--csv", "--items", "demands")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert [(row["dispatch"], row["item"], row["text"]) for row in rows] == [
        ("tver/center/3", "1", "Fuel for the schools"),
        ("samara/center/3", "1", "Fuel for the schools"),
    ]
    out = net.root / "items.csv"
    net.ok("center", "collate", "monthly-return", month, "--items", "demands", "--excel", "-o", str(out))
    assert "Fuel for the schools" in out.read_text(encoding="utf-16")
    refused(net.run("center", "collate", "monthly-return", month, "--items", "wishes"), 2, "has no list")


ESCROW = "cipherpost settings escrow report audit    (at the center, for reports from then on)"


@pytest.mark.parametrize("words", [("collate", "monthly-return", "MONTH", "--csv"), ("demands",)])
def test_i8_an_auditor_without_any_key_is_refused_in_one_sentence(
    net: Net, month: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    net.ok("audit", "fetch")
    page = tmp_path / "page.html"
    words = tuple(month if word == "MONTH" else word for word in words)
    for more in ((), ("--html", str(page))) if words[0] == "collate" else ((),):
        done = net.run("audit", *words, *more)
        refused(done, 4, "you hold no key to any of the 2 reports", "escrow")
        assert done.out == ""
        assert done.hints == ["cipherpost returns    (who has reported; needs no key)", ESCROW]
        assert len(done.err.splitlines()) == 3
    assert not page.exists()
    assert net.ok("audit", "returns").out


def test_i8_an_auditor_with_a_key_to_some_sees_why_others_are_left_out(net: Net, month: str) -> None:
    net.ok("center", "settings", "escrow", "report", "audit", "-y")
    net.ok("tver", "fetch")
    net.clock.ahead(minutes=1)
    path = net.root / "better.json"
    path.write_text(json.dumps({**TVER, "reports_held_total": 4}))
    net.ok("tver", "correct", "monthly-return", month, "--data", str(path))
    net.ok("audit", "fetch")
    found = net.ok("audit", "collate", "monthly-return", month)
    assert "left out: samara, samara/center/3: it was sealed before you were a reader, or to others" in found.err
    assert "send-back" not in found.err
    assert "Business reports held, in all\t4" in found.out


def test_i9_what_was_sent_back_is_in_no_sum_and_is_named_until_it_is_corrected(net: Net, month: str) -> None:
    until = f"{net.clock.now + timedelta(days=20):%Y-%m-%d}"
    net.ok("center", "send-back", "tver", "monthly-return", month, "--until", until, "-m", "Count again.")
    line = "1 of 2 reported; 0 late; 0 nil; 0 unknown; missing: tver (sent back)"
    found = net.ok("center", "collate", "monthly-return", month)
    assert line in found.out
    assert "Demands raised, in all\t2\t1\t\t2 (samara)\t2 (samara)" in found.lines
    listed = net.ok("center", "demands", month)
    assert [row.split("\t")[0] for row in listed.lines] == ["samara/center/3#1"]
    assert line in listed.err
    net.ok("tver", "fetch")
    net.clock.ahead(minutes=1)
    path = net.root / "better.json"
    path.write_text(json.dumps({**TVER, "reports_held_total": 4}))
    net.ok("tver", "correct", "monthly-return", month, "--data", str(path))
    net.ok("center", "fetch")
    found = net.ok("center", "collate", "monthly-return", month)
    assert "2 of 2 reported; 0 late; 0 nil; 0 unknown; missing: none" in found.out


def test_wrong_use_is_refused_in_words(net: Net, month: str) -> None:
    refused(net.run("center", "collate", "monthly-return", "octobre"), 2, "not a period")
    refused(net.run("center", "collate", "monthly-return", "2031-01"), 2, "no office owes monthly-return for 2031-01")
    refused(net.run("center", "collate", "weekly", month), 2, "states no form")
    refused(net.run("center", "collate", "monthly-return", month, "--csv", "--json"), 2, "exclude")
    refused(net.run("center", "collate", "monthly-return", month, "-o", "x.csv"), 2, "--csv")
    refused(net.run("tver", "collate", "monthly-return", month), 2, "for the center and for auditors")
    refused(net.run("center", "demands", "answer", "tver/center/3#1"), 2, "--by or --withdraw")
    refused(net.run("center", "demands", "same", "tver/center/3", "tver/center/3#1"), 2, "names no demand")
    refused(net.run("center", "demands", "same", "tver/center/3#9", "tver/center/3#1"), 1, "tver/center/3#9")
    refused(net.run("tver", "demands", "same", "tver/center/3#1"), 2, "the center says")


def test_the_coverage_of_demands_over_many_periods_stays_one_line(net: Net, month: str) -> None:
    year = int(month[:4]) + 3
    done = net.ok("center", "demands", "--as-of", f"{year}-01-15")
    (line,) = [line for line in done.err.splitlines() if " reported; " in line]
    assert re.search(
        rf"missing: (\w+ \d{{4}}-\d\d, ){{11}}\w+ \d{{4}}-\d\d and \d+ more; not due yet: tver {year}-01,", line
    )
    whole = net.ok("center", "demands", "--as-of", f"{year}-01-15", "--json").json["coverage"]
    assert f"samara {year - 1}-11" in whole


def test_demands_are_listed_called_the_same_answered_and_shown_in_the_next_form(net: Net, month: str) -> None:
    listed = net.ok("center", "demands", month).lines
    assert [line.split("\t")[0] for line in listed] == ["tver/center/3#1", "samara/center/3#1"]
    assert net.ok("center", "demands", "same", "tver/center/3#1", "samara/center/3#1").lines == ["center/center/1"]
    (line,) = net.ok("center", "demands").lines
    assert line.split("\t") == [
        "tver/center/3#1 and 1 more",
        month,
        "housing and fuel",
        "Fuel for the schools",
        "24",
        "",
    ]
    done = net.ok("center", "demands", "answer", "tver/center/3#1", "--by", "center/all/1", "--json")
    assert [each["to"] for each in done.json["dispatches"]] == [["tver"], ["samara"]]
    found = net.ok("center", "demands", "--json").json
    assert {each["answered_by"] for each in found["demands"]} == {"center/all/1"}
    assert found["same"][0]["demands"] == ["tver/center/3#1", "samara/center/3#1"]
    net.ok("tver", "fetch")
    assert [line.split("\t")[0::5] for line in net.ok("tver", "demands").lines] == [["tver/center/3#1", "center/all/1"]]
    rows = list(csv.DictReader(io.StringIO(net.ok("tver", "demands", "--csv").out)))
    assert [(row["demand"], row["answered_by"]) for row in rows] == [("tver/center/3#1", "center/all/1")]


def test_no_line_of_a_text_passes_for_what_another_office_said(net: Net, month: str) -> None:
    path = net.root / "lines.json"
    forged = "  samara (samara/center/3): We give up."
    path.write_text(json.dumps({**TVER, "remarks": f"Quiet.\n{forged}\n\u202eabc"}))
    net.ok("tver", "correct", "monthly-return", month, "--data", str(path))
    net.ok("center", "fetch")
    shown = net.ok("center", "collate", "monthly-return", month).lines
    assert "  tver (tver/center/4): Quiet." in shown
    assert forged not in shown
    assert f"    {forged}" in shown
    path.write_text(json.dumps({**TVER, "remarks": f"Quiet. {'all of it ' * 5}{forged.strip()} " * 3}))
    net.ok("tver", "correct", "monthly-return", month, "--data", str(path))
    net.ok("center", "fetch")
    shown = net.run("center", "collate", "monthly-return", month, tty=True).lines
    shown = shown[shown.index("Remarks") :]
    assert max(map(len, shown)) <= 80
    assert not any(line.startswith(("samara (", "  samara (")) for line in shown)
