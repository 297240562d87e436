"""``remind``: one letter to each office that owes something, all its debts, and nothing else."""

from typing import Any

import pytest
from cliharness import Clock, Net, refused
from owedkit import MARCH, decided, header_of, nil, order, round_, texts


def remind(net: Net, *words: str) -> dict[str, dict[str, Any]]:
    """Office to what was posted to it."""
    told = net.ok("center", "remind", *words, "--json").json
    return {each["office"]: each for each in told["dispatches"]}


def debts_of(reminded: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["period"] or each["order"], each["state"]) for each in reminded["debts"]]


def test_each_office_gets_one_instruction_with_its_debts_in_words(owed: Net, clock: Clock) -> None:
    done = owed.ok("center", "remind", "-m", "We meet on Monday.")
    assert [line.rpartition("/")[0] for line in done.lines] == ["center/tver", "center/samara"]
    assert "reminded tver (Tver Gubernia Committee): monthly-return 2024-03, due on 2024-04-05\n" in done.err
    assert "reminded samara (Samara Gubernia Committee): " in done.err
    header = header_of(owed, done.lines[0])
    assert (header.kind, header.due) == ("instruction", None)
    round_(owed, clock, "tver")
    told = texts(owed, "tver", done.lines[0])
    assert told["subject"] == "Reminder: monthly-return 2024-03"
    assert told["body"] == (
        "Tver Gubernia Committee: one thing is owed to the center on 2024-04-02.\n\n"
        "We meet on Monday.\n\n"
        "- monthly-return 2024-03: due on 2024-04-05\n"
        "  cipherpost report monthly-return 2024-03 --edit\n\n"
        "What has been sent in the meantime is not meant.\n"
    )


def test_who_reads_a_reminder_is_told_what_settles_it_and_not_to_reply(owed: Net, clock: Clock) -> None:
    place = owed.ok("center", "remind", "--group", "tver").lines[0]
    owed.write("letter.txt", "Reminder: bring the lists.\n")
    other = owed.ok("center", "send", str(owed.root / "letter.txt"), "--to", "tver").lines[0]
    round_(owed, clock, "tver")
    assert owed.ok("tver", "read", place).hints == ["cipherpost owed", "cipherpost report FORM PERIOD --edit"]
    assert owed.ok("tver", "read", other).hints == [f'cipherpost reply {other} -m "..."']


def test_the_same_reminder_goes_out_once_a_day(owed: Net, clock: Clock) -> None:
    first = owed.ok("center", "remind")
    again = owed.ok("center", "remind")
    assert again.lines == first.lines
    assert again.err.count("sent before") == 2
    clock.ahead(days=1)
    assert owed.ok("center", "remind").lines != first.lines


def test_who_settled_gets_none_and_what_is_far_off_is_not_named(owed: Net, clock: Clock) -> None:
    nil(owed, clock)
    assert list(remind(owed)) == ["samara"]
    decided(owed, "excuse", "samara", *MARCH, "-m", "A flood.")
    done = owed.ok("center", "remind")
    assert done.out == ""
    assert "nobody is to be reminded" in done.err
    assert owed.ok("center", "remind", "--json").json == {"dispatches": [], "left_out": [], "unknown": []}


def test_overdue_sent_back_and_soon_due_are_named_with_how_to_settle_them(owed: Net, clock: Clock) -> None:
    report = nil(owed, clock)
    decided(owed, "send-back", report, "--until", "2024-04-15", "-m", "You held two.")
    clock.now = clock.now.replace(day=14)
    reminded = remind(owed)
    assert debts_of(reminded["tver"]) == [("2024-03", "sent-back"), (order(owed), "due")]
    assert debts_of(reminded["samara"]) == [("2024-03", "overdue"), (order(owed), "due")]
    round_(owed, clock, "tver", "samara")
    told = texts(owed, "tver", f"center/tver/{reminded['tver']['number']}")
    assert told["subject"] == "Reminder: 2 open, 1 pressing"
    assert "- monthly-return 2024-03: sent back, is to be corrected by 2024-04-15" in told["body"]
    assert "  cipherpost correct monthly-return 2024-03 --edit\n" in told["body"]
    assert f"- reply to {order(owed)}: due on 2024-04-20\n  cipherpost reply {order(owed)} FILE\n" in told["body"]
    told = texts(owed, "samara", f"center/samara/{reminded['samara']['number']}")
    assert "- monthly-return 2024-03: overdue, it was due on 2024-04-05" in told["body"]


def test_an_order_or_period_named_is_spoken_of_whenever_it_is_due(owed: Net) -> None:
    place = order(owed)
    assert {name: debts_of(each) for name, each in remind(owed, place).items()} == {
        "tver": [(place, "due")],
        "samara": [(place, "due")],
    }
    assert debts_of(remind(owed, "2024-03")["tver"]) == [("2024-03", "due")]
    assert remind(owed, "2024-05") == {}


def test_what_runs_still_is_named_only_when_its_day_is_near(owed: Net) -> None:
    """April's return is due on 5 May, in 33 days; the order is due in April."""
    assert debts_of(remind(owed, "2024-04")["tver"]) == [(order(owed), "due")]
    assert debts_of(remind(owed, "--soon", "32")["tver"]) == [("2024-03", "due"), (order(owed), "due")]
    assert debts_of(remind(owed, "--soon", "33")["tver"])[-1] == ("2024-04", "not-due")


def test_only_a_group_or_one_office(owed: Net) -> None:
    assert list(remind(owed, "--group", "samara")) == ["samara"]
    owed.ok("center", "group", "north", "tver")
    assert list(remind(owed, "--group", "north")) == ["tver"]
    refused(owed.run("center", "remind", "--group", "nroth"), 2, "no office or group")


def test_what_may_be_under_way_is_not_reminded_of(owed: Net, clock: Clock) -> None:
    """A later number of tver came and one is missing: it may be the report."""
    place = owed.ok("tver", "report", *MARCH, "--nil", "-m", "None.").lines[0]
    channel, _, number = place.rpartition("/")
    owed.write("letter.md", "More.\n")
    owed.ok("tver", "send", str(owed.root / "letter.md"), "--to", "center")
    note = owed.note(channel, int(number))
    kept = note.read_bytes()
    note.unlink()
    clock.ahead(minutes=1)
    owed.run("center", "fetch")
    done = owed.ok("center", "remind", "--json").json
    assert [each["office"] for each in done["dispatches"]] == ["samara"]
    assert done["unknown"] == ["tver"]
    assert "something of theirs is missing here: tver" in owed.ok("center", "remind").err
    note.write_bytes(kept)


def test_an_office_that_cannot_be_written_to_is_listed(owed: Net) -> None:
    owed.ok("center", "suspend", "samara", "-y")
    done = owed.ok("center", "remind")
    assert [line.rpartition("/")[0] for line in done.lines] == ["center/tver"]


def test_a_dry_run_says_who_would_be_reminded_of_what(owed: Net) -> None:
    before = len(list(owed.post.rglob("*.note")))
    done = owed.ok("center", "remind", "-n")
    assert "would remind tver (Tver Gubernia Committee): monthly-return 2024-03, due on 2024-04-05" in done.err
    assert done.err.count("nothing was sent") == 1
    assert "who can read it" not in done.err
    assert len(list(owed.post.rglob("*.note"))) == before


def test_without_a_line_reminders_wait_and_the_reason_is_said_once(owed: Net) -> None:
    owed.post.rename(owed.root / "away")
    done = owed.run("center", "remind")
    assert done.code == 1
    assert done.err.count("cipherpost: error: ") == 1
    assert len(done.lines) == 2
    (owed.root / "away").rename(owed.post)
    assert len(owed.ok("center", "fetch", "--json").json["posted"]) >= 2


@pytest.mark.parametrize(
    ("word", "code", "part", "hint"),
    [
        ("march", 2, "is not a period", "cipherpost remind 2026-10"),
        ("center/all/1", 2, "center/all/1 asks for nothing", "cipherpost outbox"),
        ("center/all/99", 1, "no such dispatch", "cipherpost fetch"),
    ],
)
def test_what_names_no_debt_is_refused(owed: Net, word: str, code: int, part: str, hint: str) -> None:
    done = owed.run("center", "remind", word)
    refused(done, code, part)
    assert done.hints[0] == hint


# ---- orders: `send --due`, and what settles them ---------------------------------------------------------------------


def order_states(net: Net, place: str) -> dict[str, tuple[str, list[str]]]:
    rows = net.ok("center", "returns", "--json").json["debts"]
    return {row["office"]: (row["state"], row["facts"]) for row in rows if row["order"] == place}


def test_an_order_is_a_debt_of_each_addressee_until_answered(owed: Net, clock: Clock) -> None:
    place = order(owed)
    assert order_states(owed, place) == {"tver": ("due", []), "samara": ("due", [])}
    assert place in owed.ok("tver", "owed").out
    owed.ok("tver", "reply", place, "-m", "We are forty.")
    round_(owed, clock, "center", "tver")
    assert order_states(owed, place) == {"tver": ("on-time", []), "samara": ("due", [])}
    assert place not in owed.ok("tver", "owed").out
    clock.now = clock.now.replace(day=21)
    assert order_states(owed, place)["samara"] == ("overdue", [])
    round_(owed, clock, "samara")
    owed.ok("samara", "reply", place, "-m", "We are thirty.")
    round_(owed, clock, "center")
    assert order_states(owed, place)["samara"] == ("late", ["late"])


def test_compliance_is_owed_where_it_was_asked_for(owed: Net, clock: Clock) -> None:
    owed.write("close.md", "Close the office.\n")
    words = ("send", str(owed.root / "close.md"), "--to", "tver", "--due", "2024-04-10", "--complied")
    place = owed.ok("center", *words).lines[0]
    round_(owed, clock, "tver", "center")
    assert order_states(owed, place) == {"tver": ("due", [])}
    owed.ok("tver", "reply", place, "-m", "We shall.")
    round_(owed, clock, "center")
    assert order_states(owed, place) == {"tver": ("due", [])}
    owed.ok("tver", "complied", place, "--unable", "-m", "The key is lost.")
    round_(owed, clock, "center")
    assert order_states(owed, place) == {"tver": ("due", ["unable"])}
    reminded = remind(owed, place)["tver"]
    round_(owed, clock, "tver")
    told = texts(owed, "tver", f"center/tver/{reminded['number']}")
    assert f"- compliance with {place}: due on 2024-04-10\n  cipherpost complied {place}\n" in told["body"]
    owed.ok("tver", "complied", place)
    round_(owed, clock, "center")
    assert order_states(owed, place)["tver"][0] == "on-time"
    owed.ok("tver", "complied", place, "--withdraw")
    round_(owed, clock, "center")
    assert order_states(owed, place)["tver"][0] == "due"
