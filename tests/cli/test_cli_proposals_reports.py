"""Reports and forms that two officers sign: what is counted is what they were shown."""

import json

import pytest
from cliharness import Net, refused

from cipherpost.roster import words
from cipherpost.workflows import entries

MONTH = "2024-03"


@pytest.fixture
def pair(owed: Net) -> Net:
    """Tver has two officers, and both sign its reports."""
    path = owed.root / "tver-2.invitation"
    owed.ok("center", "invite", "tver", "-o", str(path))
    joined = owed.join(path, "petrov", "petrov")
    owed.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    with owed.desk("center") as desk:
        desk.lock()
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("tver", 2)])
    for home in ("tver", "petrov"):
        owed.ok(home, "fetch")
    return owed


def figures(net: Net, held: int) -> str:
    """A filled-in form, as a file."""
    return str(net.write("figures.json", json.dumps({"reports_held_total": held, "demands_total": 0})))


def report(net: Net, held: int) -> str:
    """A report of tver proposed; its number."""
    done = net.ok("tver", "report", "monthly-return", MONTH, "--data", figures(net, held))
    assert "proposed as tver/tver/" in done.err
    return done.out.strip().rpartition("/")[2]


def test_a_proposed_report_is_not_amended_with_a_text_that_would_change_no_figure(pair: Net) -> None:
    number = report(pair, 41)
    pair.ok("petrov", "fetch")
    other = str(pair.write("other.json", json.dumps({"reports_held_total": 44, "demands_total": 0})))
    by_colleague = pair.run("petrov", "amend", number, other)
    refused(by_colleague, 2, "not amended with a text")
    assert f"ask ivanov to type: cipherpost withdraw {number}" in by_colleague.err
    mine = pair.run("tver", "amend", number, other)
    refused(mine, 2, "not amended with a text")
    assert mine.hints == [
        f"cipherpost withdraw {number}",
        f"then: cipherpost report monthly-return {MONTH} --edit",
    ]
    assert [row["number"] for row in pair.ok("tver", "proposals", "--all", "--json").json["proposals"]] == [int(number)]


def test_what_is_owed_names_the_proposal_under_way_for_it_wherever_it_is_told(pair: Net) -> None:
    number = report(pair, 41)
    place = f"tver/tver/{number}"

    def lines(home: str) -> tuple[str, str]:
        told = next(line for line in pair.ok(home, "fetch").err.splitlines() if "you owe" in line)
        shown = next(line for line in pair.ok(home, "status").lines if line.startswith("owed"))
        return told, shown

    for home in ("petrov", "tver"):
        assert all(line.endswith(f"; proposed in {place}") for line in lines(home)), home
    pair.ok("tver", "withdraw", number)
    for home in ("petrov", "tver"):
        assert all("monthly-return 2024-03" in line and "proposed" not in line for line in lines(home)), home


def test_a_report_proposed_anew_shows_what_changed_in_its_figures(pair: Net) -> None:
    first = report(pair, 41)
    pair.ok("tver", "withdraw", first)
    second = report(pair, 44)
    pair.ok("petrov", "fetch")
    shown = pair.ok("petrov", "read", f"tver/tver/{second}").out
    assert f"monthly-return {MONTH}" in shown
    changed = [line for line in shown.split("\n") if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert any(line.startswith("-") and "41" in line for line in changed), shown
    assert any(line.startswith("+") and "44" in line for line in changed), shown


def test_a_report_that_was_declined_is_made_anew_and_not_amended(pair: Net) -> None:
    number = report(pair, 41)
    pair.ok("petrov", "fetch")
    pair.ok("petrov", "decline", number, "-m", "44 were there.")
    again = pair.run("petrov", "endorse", number)
    refused(again, 2, "declined")
    assert again.hints[0].startswith(f"cipherpost report monthly-return {MONTH} --edit")


def test_the_reason_of_a_nil_report_may_be_amended(pair: Net) -> None:
    done = pair.ok("tver", "report", "monthly-return", MONTH, "--nil", "-m", "Nothing was held.")
    number = done.out.strip().rpartition("/")[2]
    pair.ok("petrov", "fetch")
    pair.ok("petrov", "amend", number, str(pair.write("why.txt", "The hall burned down.\n")))
