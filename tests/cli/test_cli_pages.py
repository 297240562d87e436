"""`form page`, and the pages of `returns` and `collate`, as commands make them; tests/pages looks at them."""

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from cliharness import Net, refused

FORM = "monthly-return"
DATA = {"reports_held_total": 3, "demands_total": "not known", "remarks": "</script>The roads were closed."}


@pytest.fixture
def owing(net: Net) -> Net:
    """Monthly returns since March 2024, and reports before and after conferences."""
    net.ok("center", "form", "publish", FORM)
    net.ok("center", "duty", "add", FORM, "all", "monthly", "--due", "5", "--from", "2024-03")
    net.ok("center", "form", "publish", "conference-before")
    net.ok("center", "form", "publish", "conference-after")
    net.ok("center", "duty", "add", "conference-before", "all", "event")
    net.ok("center", "duty", "add", "conference-after", "all", "event", "--within", "14")
    net.clock.now = datetime(2024, 4, 2, 9, 0, 0, tzinfo=UTC)
    net.ok("tver", "fetch")
    return net


def page(net: Net, home: str | None, *words: str) -> str:
    """A page that a command wrote to standard output."""
    made = net.ok(home, "form", "page", *words).out
    assert made.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in unescape(made)
    return made


def known(made: str) -> dict:
    """What is filled in to begin with."""
    return json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', made)[0])


def test_the_page_of_an_own_debt_says_whose_it_is_by_when_and_what_reports_it(owing):
    made = page(owing, "tver", FORM, "2024-03")
    for words in ("Tver Gubernia Committee", "due 2024-04-05", f"cipherpost report {FORM} 2024-03 --data {{file}}"):
        assert words in made
    assert known(made) == {}
    assert "Monthly return" in made


def test_what_was_reported_is_filled_in_to_be_corrected(owing):
    path = owing.write("return.json", json.dumps(DATA))
    owing.ok("tver", "report", FORM, "2024-03", "--data", str(path))
    made = page(owing, "tver", FORM, "2024-03")
    assert known(made) == DATA
    assert made.count("</script>") == 2
    assert f"cipherpost correct {FORM} 2024-03 --data {{file}}" in made


def test_a_page_for_an_event_says_what_was_reported_before_it(owing):
    first = page(owing, "tver", "conference-before", "--new-event")
    assert "cipherpost report conference-before --new-event --data {file}" in first
    before = {
        "place": "Tver, <Workers' Club>",
        "date": "2024-04-20",
        "agenda": [{"item": "Report on food supply"}],
        "conditions": "Good.",
        "preparedness": "The papers are ready.",
        "responsible": "Ivanov",
    }
    path = owing.write("before.json", json.dumps(before))
    place = owing.ok("tver", "report", "conference-before", "--new-event", "--data", str(path)).lines[0]
    owed = owing.ok("tver", "owed", "--json").json["debts"]
    event = next(row["event"] for row in owed if row["form"] == "conference-after")
    refused(owing.run("tver", "form", "page", "conference-after", event), 2, "has not begun")
    owing.clock.now = datetime(2024, 4, 21, 9, 0, 0, tzinfo=UTC)
    made = page(owing, "tver", "conference-after", event)
    assert "What was reported before" in made
    assert "Report on food supply" in made
    assert "<Workers" not in made
    assert place.startswith("tver/center/")


def test_the_next_form_shows_which_demands_were_answered(owing):
    demand = {"text": "Firewood for the <school>", "category": "housing and fuel", "raised_by": 30}
    path = owing.write("return.json", json.dumps({**DATA, "demands": [demand]}))
    place = owing.ok("tver", "report", FORM, "2024-03", "--data", str(path)).lines[0]
    assert "From the center" not in page(owing, "tver", FORM, "2024-04")
    owing.clock.ahead(minutes=5)
    owing.ok("center", "fetch")
    answer = owing.ok("center", "send", "-", "--to", "all", stdin="Firewood comes by rail.\n").lines[0]
    owing.ok("center", "demands", "answer", f"{place}#1", "--by", answer)
    owing.clock.ahead(minutes=5)
    owing.ok("tver", "fetch")
    made = page(owing, "tver", FORM, "2024-04")
    assert "From the center" in made
    assert f"demand {place}#1 is answered by {answer}: Firewood for the &lt;school&gt;" in made


def test_the_center_and_a_person_without_a_home_get_a_page_for_anybody(owing):
    assert "Tver" not in page(owing, "center", FORM, "2024-03")
    assert "rkpb" in page(owing, "center", FORM, "2024-03")
    assert "rkpb" not in page(owing, None, FORM, "2024-03")


def test_a_page_is_refused_for_what_is_not_owed_or_no_period(owing):
    out = owing.root / "return.html"
    refused(owing.run("tver", "form", "page", FORM), 2, "a period is missing")
    refused(owing.run("tver", "form", "page", FORM, "2024-03", "--new-event"), 2, "--new-event makes the name")
    refused(owing.run("tver", "form", "page", FORM, "March", "-o", str(out)), 2, "not a period")
    refused(owing.run("tver", "form", "page", FORM, "2024-02", "-o", str(out)), 2)
    refused(owing.run("tver", "form", "page", "nonsense", "2024-03", "-o", str(out)), 2, "no form")
    refused(owing.run(None, "form", "page", FORM, "March"), 2, "not a period")
    assert not out.exists()
    done = owing.ok("tver", "form", "page", FORM, "2024-03", "-o", str(out))
    assert done.err == f"cipherpost: saved: {out}\n"
    refused(owing.run("tver", "form", "page", FORM, "2024-03", "-o", str(out)), 1, "there already")


def test_returns_and_collations_are_written_as_pages(owing):
    path = owing.write("return.json", json.dumps(DATA))
    owing.ok("tver", "report", FORM, "2024-03", "--data", str(path))
    owing.clock.ahead(minutes=5)
    owing.ok("center", "fetch")
    owing.clock.now = datetime(2024, 4, 10, 9, 0, 0, tzinfo=UTC)
    returns, collation = owing.root / "returns.html", owing.root / "collation.html"
    owing.ok("center", "returns", "2024-03", "--html", str(returns))
    shown = returns.read_text(encoding="utf-8")
    assert "1 of 2 came, none late; 1 missing." in shown
    report = next(row for row in owing.ok("center", "returns", "2024-03", "--json").json["debts"] if row["dispatch"])
    assert report["dispatch"] in shown
    assert "Samara Gubernia Committee" in shown
    assert f"saved: {collation}" in owing.ok("center", "collate", FORM, "2024-03", "--html", str(collation)).err
    shown = collation.read_text(encoding="utf-8")
    assert "1 of 2 reported" in shown
    assert "&lt;/script&gt;The roads were closed." in shown
    assert report["dispatch"] in shown
