"""``send-back``, ``accept``, ``extend``, ``excuse``, each with ``--withdraw``: what the center decides on debts."""

import json

import pytest
from cliharness import Clock, Net, Result, refused
from owedkit import MARCH, debt, decided, decision, nil, order, round_, texts

from cipherpost.dispatch.header import Decision

# ---- what is posted ------------------------------------------------------------------------------------------------


def test_excused_is_a_signed_decision_with_a_sealed_reason(owed: Net, clock: Clock) -> None:
    place = decided(owed, "excuse", "tver", *MARCH, "-m", "The archive burned.")
    assert decision(owed, place) == Decision("excused", "tver", *MARCH, None, None, None)
    channel, _, number = place.rpartition("/")
    assert channel == "center/tver"
    assert b"burned" not in owed.note(channel, int(number)).read_bytes()
    assert debt(owed, "tver", "2024-03")["state"] == "excused"
    assert debt(owed, "samara", "2024-03")["state"] == "due"
    round_(owed, clock, "tver")
    told = texts(owed, "tver", place)
    assert told["subject"] == "Excused: monthly-return 2024-03"
    assert told["body"].strip() == "The archive burned."
    assert "monthly-return 2024-03" not in owed.ok("tver", "owed").out


def test_extended_moves_the_day_for_everybody(owed: Net, clock: Clock) -> None:
    place = decided(owed, "extend", "tver", *MARCH, "--until", "2024-04-25", "-m", "The roads are closed.")
    assert decision(owed, place).day is not None
    row = debt(owed, "tver", "2024-03")
    assert (row["state"], row["due"][:10]) == ("extended", "2024-04-25")
    assert "extended from 2024-04-05" in row["facts"]
    round_(owed, clock, "tver")
    assert "2024-04-25" in owed.ok("tver", "owed").out


def test_sent_back_asks_for_a_correction_and_a_correction_settles_it(owed: Net, clock: Clock) -> None:
    report = nil(owed, clock)
    place = decided(owed, "send-back", report, "--until", "2024-04-15", "-m", "You held two.")
    assert decision(owed, place)[:4] == ("sent-back", "tver", *MARCH)
    assert debt(owed, "tver", "2024-03")["state"] == "sent-back"
    round_(owed, clock, "tver")
    assert "2024-04-15" in owed.ok("tver", "owed").out
    told = texts(owed, "tver", place)["body"]
    assert told == (
        "You held two.\n\nThe last day is 2024-04-15.\n  cipherpost correct monthly-return 2024-03 --edit\n"
    )
    nil(owed, clock, "correct", *MARCH, "--nil", "-m", "They were held in March.")
    assert debt(owed, "tver", "2024-03")["state"] == "nil"
    again = owed.run("center", "send-back", report, "--until", "2024-04-15", "-m", "You held two.")
    assert again.code == 0, again  # the same words about the correction are another decision
    assert again.lines != [place]
    assert debt(owed, "tver", "2024-03")["state"] == "sent-back"


def test_the_same_figures_are_an_answer_to_a_report_sent_back(owed: Net, clock: Clock) -> None:
    report = nil(owed, clock)
    decided(owed, "send-back", report, "--until", "2024-04-15", "-m", "Is that so?")
    round_(owed, clock, "tver")
    again = nil(owed, clock, "correct", *MARCH, "--nil", "-m", "No reports were held.")
    assert again != report
    assert debt(owed, "tver", "2024-03")["state"] == "nil"
    repeated = owed.ok("tver", "correct", *MARCH, "--nil", "-m", "No reports were held.")
    assert repeated.lines == [again], "and once is enough"


def test_accepted_is_a_fact_beside_the_state(owed: Net, clock: Clock) -> None:
    nil(owed, clock)
    decided(owed, "accept", "tver", *MARCH, "-m", "Noted.")
    row = debt(owed, "tver", "2024-03")
    assert (row["state"], "accepted" in row["facts"]) == ("nil", True)


def test_an_order_is_named_by_its_place_with_an_office_or_a_group(owed: Net, clock: Clock) -> None:
    place = order(owed)
    made = decision(owed, decided(owed, "excuse", "tver", place, "-m", "Settled by telephone."))
    assert (made.channel, made.number, made.form) == ("center/all", int(place.rpartition("/")[2]), None)
    assert debt(owed, "tver", place)["state"] == "excused"
    alone = owed.run("center", "excuse", place, "-m", "Settled.")
    refused(alone, 2, "is owed by all it was written to")
    assert alone.hints == [f"cipherpost excuse OFFICE|GROUP {place} -m WHY"]


def test_i4_the_same_command_twice_is_answered_with_the_first_number(owed: Net) -> None:
    words = ("excuse", "tver", *MARCH, "-m", "The archive burned.")
    place = decided(owed, *words)
    again = owed.ok("center", *words)
    assert again.lines == [place]
    assert "sent before" in again.err


def test_a_dry_run_decides_nothing(owed: Net) -> None:
    done = owed.ok("center", "excuse", "tver", *MARCH, "-m", "The archive burned.", "-n")
    assert "nothing was sent; it would go to 1 office: tver" in done.err
    assert debt(owed, "tver", "2024-03")["state"] == "due"


def test_without_a_line_the_decision_waits(owed: Net) -> None:
    owed.post.rename(owed.root / "away")
    done = owed.run("center", "excuse", "tver", *MARCH, "-m", "The archive burned.")
    assert done.code == 1
    assert "nothing is lost" in done.err
    (owed.root / "away").rename(owed.post)
    owed.ok("center", "fetch")
    assert debt(owed, "tver", "2024-03")["state"] == "excused"


# ---- taken back ----------------------------------------------------------------------------------------------------


def test_withdrawn_the_debt_is_as_it_was(owed: Net) -> None:
    decided(owed, "excuse", "tver", *MARCH, "-m", "The archive burned.")
    place = decided(owed, "excuse", "tver", *MARCH, "--withdraw", "-m", "It did not.")
    assert decision(owed, place) == Decision("owed", "tver", *MARCH, None, None, None)
    assert debt(owed, "tver", "2024-03")["state"] == "due"
    again = owed.ok("center", "excuse", "tver", *MARCH, "--withdraw", "-m", "It did not.")
    assert again.lines == [place]
    other = owed.run("center", "excuse", "tver", *MARCH, "--withdraw", "-m", "Really not.")
    refused(other, 2, "nothing is decided about tver, monthly-return 2024-03")


def test_only_the_decision_that_holds_is_taken_back(owed: Net) -> None:
    decided(owed, "extend", "tver", *MARCH, "--until", "2024-04-25", "-m", "The roads are closed.")
    done = owed.run("center", "excuse", "tver", *MARCH, "--withdraw", "-m", "No.")
    refused(done, 2, "what holds about tver, monthly-return 2024-03 is: extended 2024-04-25, by center/tver/")
    assert done.hints == ["cipherpost extend tver monthly-return 2024-03 --withdraw -m WHY"]
    decided(owed, "extend", "tver", *MARCH, "--withdraw", "-m", "They are open.")
    assert debt(owed, "tver", "2024-03")["state"] == "due"


def test_a_withdrawal_names_each_decision_that_it_takes_back(owed: Net) -> None:
    first = decided(owed, "extend", "tver", *MARCH, "--until", "2024-04-20", "-m", "The roads are closed.")
    second = decided(owed, "excuse", "tver", *MARCH, "-m", "The archive burned.")
    words = ("excuse", "tver", *MARCH, "--withdraw", "-m", "It did not.")
    said = f"taken back in center/tver: extended to 2024-04-20 by {first}; excused by {second}\n"
    assert said in owed.ok("center", *words, "-n").err
    done = owed.ok("center", *words)
    assert said in done.err
    told = owed.ok("center", *words, "--json").json
    assert f"center/tver/{told['number']}" == done.lines[0], "said again it is answered with the same"
    assert told["takes_back"] == [
        {"dispatch": first, "verdict": "extended", "day": "2024-04-20"},
        {"dispatch": second, "verdict": "excused", "day": None},
    ]
    third = decided(owed, "excuse", "tver", *MARCH, "-m", "It burned after all.")
    told = owed.ok("center", "excuse", "volga", *MARCH, "--withdraw", "-m", "No.", "--json").json
    assert [each["dispatch"] for each in told["dispatches"][0]["takes_back"]] == [third]
    assert "takes_back" not in owed.ok("center", "excuse", "tver", *MARCH, "-m", "Once more.", "--json").json


def test_a_report_sent_back_by_mistake_stands_again(owed: Net, clock: Clock) -> None:
    report = nil(owed, clock)
    decided(owed, "send-back", report, "--until", "2024-04-15", "-m", "You held two.")
    decided(owed, "send-back", report, "--withdraw", "-m", "Our mistake.")
    assert debt(owed, "tver", "2024-03")["state"] == "nil"


# ---- a group -------------------------------------------------------------------------------------------------------


def test_i7_a_group_gives_one_decision_each_and_says_who_was_left_out(owed: Net, clock: Clock) -> None:
    nil(owed, clock)
    done = owed.ok("center", "excuse", "volga", *MARCH, "-m", "A flood.")
    assert [line.rpartition("/")[0] for line in done.lines] == ["center/samara"]
    assert "left out: tver: monthly-return 2024-03 was reported, by tver/center/" in done.err
    assert debt(owed, "samara", "2024-03")["state"] == "excused"
    assert debt(owed, "tver", "2024-03")["state"] == "nil"


def test_a_group_for_scripts(owed: Net) -> None:
    owed.ok("center", "office", "add", "ufa", "--title", "Ufa")
    owed.ok("center", "group", "volga", "samara", "tver", "ufa")
    words = ("extend", "volga", *MARCH, "--until", "2024-04-25", "-m", "A flood.", "--json")
    told = owed.ok("center", *words).json
    assert [each["channel"] for each in told["dispatches"]] == ["center/tver", "center/samara"]
    assert told["left_out"] == [{"office": "ufa", "reason": "nobody of it is admitted yet"}]


def test_when_it_makes_sense_for_nobody_it_is_refused(owed: Net) -> None:
    owed.ok("center", "excuse", "volga", *MARCH, "-m", "A flood.")
    done = owed.run("center", "excuse", "volga", *MARCH, "-m", "Another flood.")
    refused(done, 2, "no office of volga", "is excused already")


def test_a_report_is_sent_back_one_by_one(owed: Net) -> None:
    done = owed.run("center", "accept", "volga", *MARCH, "-m", "Fine.")
    refused(done, 2, "volga is a group", "one by one")


# ---- what makes no sense -------------------------------------------------------------------------------------------


def number_of_notes(net: Net) -> int:
    return len(list(net.post.rglob("*.note")))


def check_refused(net: Net, words: tuple[str, ...], *parts: str, home: str = "center") -> Result:
    before = number_of_notes(net)
    done = net.run(home, *words)
    refused(done, 2, *parts)
    assert number_of_notes(net) == before
    return done


@pytest.mark.parametrize(
    ("words", "part", "hint"),
    [
        ("send-back tver monthly-return 2024-03 --until 2024-04-15", "nothing was reported yet", "cipherpost remind"),
        ("accept tver monthly-return 2024-03", "nothing was reported yet", "cipherpost remind 2024-03"),
        ("accept tver monthly-return 2024-05", "does not owe monthly-return 2024-05", "cipherpost duty list"),
        ("excuse tver monthly-return 2024-01", "it owes it from 2024-03 to 2024-04", "cipherpost duty list"),
        ("excuse tver yearly-return 2024-03", "tver owes no yearly-return", "cipherpost duty list"),
        ("excuse tver conference-before e7k2m4qaz", "no event e7k2m4qaz of tver is known", "cipherpost returns"),
        ("excuse tver monthly-return feb", "is not a period", ""),
        ("excuse tevr monthly-return 2024-03", "no office or group", "did you mean tver?"),
        ("excuse audit monthly-return 2024-03", "audit owes no monthly-return", ""),
        ("extend tver monthly-return 2024-03 --until 2024-04-01", "is over", "give a later day behind --until"),
        ("extend tver monthly-return 2024-03 --until 2024-04-04", "is due on 2024-04-05", "give a later day"),
        ("excuse tver center/all/1", "center/all/1 asks for nothing", "cipherpost outbox"),
        ("excuse tver center/all/99", "no such dispatch", "cipherpost fetch"),
        ("excuse tver/center/1", "this is no report", ""),
        ("excuse", "no debt is named", "cipherpost excuse OFFICE|GROUP FORM PERIOD -m WHY"),
        ("excuse tver monthly-return", "these words name no debt", "cipherpost excuse OFFICE|GROUP FORM PERIOD -m WHY"),
        ("excuse tver monthly-return 2024-03 --withdraw", "nothing is decided", "cipherpost returns"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_rule(owed: Net, words: str, part: str, hint: str) -> None:
    before = number_of_notes(owed)
    done = owed.run("center", *words.split(), "-m", "Why.")
    assert done.code == (1 if "center/all/99" in words else 2)
    refused(done, done.code, part)
    assert not hint or any(each.startswith(hint) for each in done.hints), done
    assert number_of_notes(owed) == before


def test_what_is_settled_is_neither_excused_nor_extended(owed: Net, clock: Clock) -> None:
    nil(owed, clock)
    for words in (("excuse",), ("extend", "--until", "2024-04-25")):
        done = check_refused(owed, (words[0], "tver", *MARCH, *words[1:], "-m", "Why."), "was reported, by tver")
        assert done.hints[0] == "cipherpost accept tver monthly-return 2024-03 -m WHY"


@pytest.mark.parametrize("words", [("accept",), ("send-back", "--until", "2024-05-15")])
def test_no_reminder_is_hinted_at_that_would_remind_nobody(owed: Net, words: tuple[str, ...]) -> None:
    period = ("tver", "monthly-return", "2024-04")
    done = check_refused(owed, (words[0], *period, *words[1:], "-m", "Why."), "nothing was reported yet")
    assert "2024-04 is not over" in done.err
    assert done.hints == ["cipherpost fetch"]
    reminded = owed.ok("center", "remind", "2024-04", "-n").err
    assert "monthly-return" not in reminded


def test_excused_twice_and_sent_back_after_it_are_refused(owed: Net) -> None:
    decided(owed, "excuse", "tver", *MARCH, "-m", "A flood.")
    done = check_refused(owed, ("excuse", "tver", *MARCH, "-m", "Fire."), "is excused already, by center/tver/")
    assert done.hints == ["cipherpost excuse tver monthly-return 2024-03 --withdraw -m WHY"]
    words = ("extend", "tver", *MARCH, "--until", "2024-04-25", "-m", "Fire.")
    check_refused(owed, words, "is excused, by center/tver/", "owes nothing")
    check_refused(owed, ("accept", "tver", *MARCH, "-m", "Fine."), "is excused")


def test_a_day_a_reason_and_their_places_are_asked_for(owed: Net) -> None:
    assert check_refused(owed, ("excuse", "tver", *MARCH), "needs a reason").hints == ['add -m "WHY"']
    assert check_refused(owed, ("extend", "tver", *MARCH, "-m", "Why."), "needs a day").hints == ["add --until DATE"]
    words = ("extend", "tver", *MARCH, "-m", "Why.", "--until", "2024-04-25", "--withdraw")
    check_refused(owed, words, "exclude each other")


@pytest.mark.parametrize("home", ["tver", "audit"])
@pytest.mark.parametrize("command", ["send-back", "accept", "extend", "excuse", "remind"])
def test_only_the_center_decides(owed: Net, home: str, command: str) -> None:
    more = ("--until", "2024-04-25") if command in {"send-back", "extend"} else ()
    words = ("remind",) if command == "remind" else (command, "tver", *MARCH, *more, "-m", "Why.")
    done = check_refused(owed, words, f"{home} is not the center", home=home)
    assert done.hints[0] == "cipherpost owed"


def test_an_event_called_off_is_agreed_to_and_then_nothing_is_left_to_decide(owed: Net, clock: Clock) -> None:
    data = {"place": "Tver", "date": "2024-04-20", "agenda": [{"item": "Elections"}], "conditions": "good"}
    file = owed.write("conference.json", json.dumps({**data, "preparedness": "full", "responsible": "Ivanov"}))
    nil(owed, clock, "report", "conference-before", "--new-event", "--data", str(file))
    rows = owed.ok("center", "returns", "--json").json["debts"]
    event = next(row["event"] for row in rows if row["form"] == "conference-before")
    nil(owed, clock, "correct", "conference-before", event, "--cancel", "-m", "It is not held.")
    row = debt(owed, "tver", event)
    assert (row["state"], row["facts"]) == ("moot", ["by its own word"])
    words = ("extend", "tver", "conference-before", event, "--until", "2024-04-25", "-m", "Why.")
    check_refused(owed, words, "is not owed any more: the event was called off")
    decided(owed, "accept", "tver", "conference-before", event, "-m", "Understood.")
    assert debt(owed, "tver", event)["facts"] == ["accepted", "agreed"]
    words = ("excuse", "tver", "conference-before", event, "-m", "Why.")
    check_refused(owed, words, "the event was called off")


def test_days_that_no_deadline_can_be_counted_from_are_wrong_use(owed: Net) -> None:
    for day in ("9999-12-31", "3000-01-01", "1999-12-31", "0001-01-01"):
        refused(owed.run("center", "extend", "tver", *MARCH, "--until", day, "-m", "The line was down."), 2, day)
        refused(owed.run("center", "duty", "add", "monthly-return", "all", "once", "--on", day), 2, day)
        refused(owed.run("center", "send", str(owed.write("o.md", "Answer.\n")), "--to", "all", "--due", day), 2, day)
        for words in (("returns",), ("owed",), ("collate", *MARCH), ("demands",), ("audit",)):
            refused(owed.run("center", *words, "--as-of", day), 2, day, "2000 to 2998")
    owed.ok("center", "returns", "--as-of", "2034-12-31T23:59:59Z", "--json")


def test_a_slip_in_what_names_a_debt_says_how_it_is_named(owed: Net) -> None:
    for words in (
        ("tver", "monthly-return", "2024-13"),
        ("tver", "../x", "2024-03"),
        ("tver", "conference-before", "e1"),
    ):
        done = owed.run("center", "excuse", *words, "-m", "x")
        refused(done, 2)
        assert done.hints == ["cipherpost excuse OFFICE|GROUP FORM PERIOD -m WHY"]
    for words in (("returns", "--form", "nope"), ("demands", "--form", "nope"), ("collate", "nope", "2024-03")):
        done = owed.run("center", *words)
        refused(done, 2, "the roster states no form 'nope'")
        assert done.hints == ["cipherpost form list"]
