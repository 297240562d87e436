"""Reports as a clerk sends them: from files, nil, corrected; and what is refused."""

import json

import pytest
from cliharness import files, refused
from reportkit import BEFORE, RETURN, from_file, header, new_event, report

# ---- from files ----------------------------------------------------------------------------------------------------


def test_a_report_goes_to_the_center_and_the_debt_is_paid(net):
    place = report(net, "monthly-return", "2024-03", *from_file(net))
    said = header(net, place)
    assert (said.kind, said.report.form, said.report.period, said.report.nil) == (
        "report", "monthly-return", "2024-03", False,
    )  # fmt: skip
    net.ok("center", "fetch")
    letter = net.ok("center", "read", place, "--json").json
    assert letter["data"]["data"] == json.loads(RETURN)
    assert (letter["data"]["form"], letter["data"]["version"], letter["data"]["period"]) == (
        "monthly-return", 1, "2024-03",
    )  # fmt: skip
    assert "not collected" in letter["body"]
    assert letter["subject"] == "Monthly return 2024-03"


def test_several_files_make_one_report(net):
    net.write("fields.toml", 'reports_held_total = 1\ndemands_total = 2\nremarks = """\nFirst.\nSecond.\n"""\n')
    net.write("demands.csv", "text;category;raised_by\nBread;food and supply;12\nWood;housing and fuel;not known\n")
    place = report(net, "monthly-return", "2024-03", *from_file(net, "fields.toml"), *from_file(net, "demands.csv"))
    net.ok("center", "fetch")
    data = net.ok("center", "read", place, "--json").json["data"]["data"]
    assert [each["raised_by"] for each in data["demands"]] == [12, "not known"]


@pytest.mark.parametrize("words", [RETURN, " \n" + RETURN, 'reports_held_total = 3\ndemands_total = "not collected"\n'])
def test_a_report_comes_from_standard_input_as_json_or_toml(net, words):
    done = net.ok("tver", "report", "monthly-return", "2024-03", "--data", "-", stdin=words)
    assert done.err == ""
    net.ok("center", "fetch")
    assert net.ok("center", "read", done.lines[0], "--json").json["data"]["data"] == json.loads(RETURN)
    corrected = ("correct", "monthly-return", "2024-03", "--data", "-")
    assert net.ok("tver", *corrected, stdin=RETURN.replace("3", "4")).lines != done.lines


def test_standard_input_that_gives_nothing_or_something_else_is_refused(net):
    words = ("report", "monthly-return", "2024-03", "--data", "-")
    refused(net.run("tver", *words), 2, "standard input: nothing came")
    refused(net.run("tver", *words, stdin='{"a": '), 2, "standard input")
    refused(net.run("tver", *words, stdin="reports_held_total: 3"), 2, "standard input: this is not TOML at line 1")
    refused(net.run("tver", *words, "--data", "-", stdin=RETURN), 2, "stands there twice")
    refused(net.run("tver", *words, "--edit", stdin=RETURN), 2, "neither --edit nor --interactive")


def test_at_a_terminal_standard_input_is_not_waited_for_without_a_word(net):
    done = net.ok("tver", "report", "monthly-return", "2024-03", "--data", "-", stdin=RETURN, tty=True)
    assert "waiting for the report on standard input" in done.err


def test_a_data_file_that_is_not_there_is_named_with_the_one_that_is_like_it(net):
    done = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "retrun.json"))
    refused(done, 1, f"{net.root / 'retrun.json'}: there is no such file")
    assert done.hints == [f"did you mean {net.root / 'return.json'}?"]
    done = net.run("tver", "report", "monthly-return", "2024-03", "--data", "demands=/nowhere/at/all.csv")
    refused(done, 1, "/nowhere/at/all.csv: there is no such file")
    assert "--edit" in done.hints[0]


def test_a_dry_run_checks_everything_and_sends_nothing(net):
    before = files(net.post)
    done = net.ok("tver", "report", "monthly-return", "2024-03", *from_file(net), "-n")
    assert "nothing was sent" in done.err
    net.write("bad.json", '{"reports_held_total": -1}')
    refused(net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "bad.json"), "-n"), 2, "not right")
    assert files(net.post) == before


def test_i4_the_same_report_twice_is_one_report(net):
    place = report(net, "monthly-return", "2024-03", *from_file(net))
    again = net.ok("tver", "report", "monthly-return", "2024-03", *from_file(net))
    assert again.lines == [place]
    assert "was sent before" in again.err
    net.write("letter.txt", "Something else")
    net.ok("tver", "send", str(net.root / "letter.txt"), "--to", "center")
    assert report(net, "monthly-return", "2024-03", *from_file(net)) == place


def test_another_report_for_the_same_debt_is_refused_with_the_way_to_correct(net):
    place = report(net, "monthly-return", "2024-03", *from_file(net))
    net.write("other.json", RETURN.replace("3", "4"))
    for words in (from_file(net, "other.json"), ("--edit",), ("--nil", "-m", "None.")):
        done = net.run("tver", "report", "monthly-return", "2024-03", *words)
        refused(done, 2, place, "reported already")
        assert done.hints[0] == "cipherpost correct monthly-return 2024-03 --edit"


def test_i4_without_a_line_the_report_waits_and_no_second_one_joins_it(net):
    away = net.post.rename(net.root / "away")
    first = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net))
    assert first.code == 1
    assert "nothing is lost" in " ".join(first.hints)
    assert net.run("tver", "report", "monthly-return", "2024-03", *from_file(net)).code == 1
    net.write("other.json", RETURN.replace("3", "4"))
    other = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "other.json"))
    refused(other, 2, "waits in the outbox")
    away.rename(net.post)
    posted = net.ok("tver", "fetch", "--json").json["posted"]
    assert [each["kind"] for each in posted if each["kind"] == "report"] == ["report"]
    assert report(net, "monthly-return", "2024-03", *from_file(net)).startswith("tver/center/")


# ---- nil -----------------------------------------------------------------------------------------------------------


def test_nil_says_why_and_carries_no_figures(net):
    place = report(net, "monthly-return", "2024-03", "--nil", "-m", "No reports were held.")
    assert header(net, place).report.nil
    net.ok("center", "fetch")
    letter = net.ok("center", "read", place, "--json").json
    assert (letter["body"], letter["data"]) == ("No reports were held.\n", None)
    assert report(net, "monthly-return", "2024-03", "--nil", "-m", "No reports were held.") == place


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--nil",), "needs a sentence"),
        (("--nil", "-m", " "), "needs a sentence"),
        (("--nil", "-m", "None.", "--data", "x.json"), "no figures"),
        (("-m", "None."), "-m goes with"),
        ((), "how the form is filled in"),
        (("--edit", "--interactive"), "exclude each other"),
        (("--interactive",), "no terminal"),
        (("--day", "2024-04-01", "--nil", "-m", "None."), "no day of its own"),
    ],
)
def test_options_that_do_not_go_together_are_refused(net, words, part):
    refused(net.run("tver", "report", "monthly-return", "2024-03", *words), 2, part)


def test_a_nil_report_becomes_figures_by_a_correction(net):
    nil = report(net, "monthly-return", "2024-03", "--nil", "-m", "No reports were held.")
    place = net.ok("tver", "correct", "monthly-return", "2024-03", *from_file(net)).lines[0]
    assert header(net, place).supersedes == int(nil.rpartition("/")[2])
    assert not header(net, place).report.nil


# ---- what is not owed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("nonsense", "2024-03"), ("no form 'nonsense'",)),
        (("Monthly", "2024-03"), ("'Monthly'",)),
        (("monthly-return", "2024-13"), ("no '2024-13'",)),
        (("monthly-return", "last month"), ("not a period",)),
        (("monthly-return", "2024-05"), ("monthly-return 2024-05", "has not begun", "begins on 2024-05-01")),
        (
            ("monthly-return", "2024-02"),
            ("does not owe monthly-return for 2024-02", "owed are: monthly-return 2024-03"),
        ),
        (("monthly-return", "2024"), ("not owed for a year", "a month, 2026-10")),
        (("monthly-return", "e7k2m4qaz"), ("not owed for an event",)),
        (("conference-before", "2024-03"), ("not owed for a month", "an event")),
        (("conference-after", "e7k2m4qaz"), ("no report of tver names the event",)),
        (("monthly-return",), ("a period is missing",)),
        (("monthly-return", "--new-event"), ("not owed for an event",)),
    ],
)
def test_what_is_not_owed_is_refused_with_the_rule(net, words, parts):
    before = files(net.post)
    done = net.run("tver", "report", *words, *from_file(net))
    refused(done, 2, *parts)
    assert done.hints
    assert files(net.post) == before


def test_who_owes_nothing_is_told_so(net):
    refused(net.run("center", "report", "monthly-return", "2024-03", *from_file(net)), 2, "the center owes no report")
    done = net.run("audit", "report", "monthly-return", "2024-03", *from_file(net))
    refused(done, 2, "audit does not owe monthly-return", "no report is owed now")


def test_a_running_period_may_be_reported_early(net):
    assert report(net, "monthly-return", "2024-04", *from_file(net)).startswith("tver/center/")


# ---- invalid data --------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_at_once_with_field_rule_and_value(net):
    net.write(
        "bad.json",
        '{"reports_held_total": "1 234", "demands": [{"text": "Bread", "category": "bread", "raised_by": 1}], "x": 1}',
    )
    done = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "bad.json"))
    refused(done, 2, "reports_held_total", "demands_total", "demands 1, category", "x")
    assert '"1 234"' in done.err
    failed = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "bad.json"), "--json").json["error"]
    assert failed["class"] == "InvalidDataError"
    assert {each["field"] for each in failed["problems"]} == {
        "reports_held_total", "demands_total", "demands 1, category", "x",
    }  # fmt: skip


def test_an_empty_form_is_refused(net):
    net.write("empty.json", '{"remarks": " "}')
    done = net.run("tver", "report", "monthly-return", "2024-03", *from_file(net, "empty.json"))
    refused(done, 2, "the report is empty")
    assert "--nil" in done.hints[0]


# ---- events --------------------------------------------------------------------------------------------------------


def test_a_new_event_gets_a_name_of_its_own_and_its_day_from_the_form(net):
    place, event = new_event(net)
    said = header(net, place).report
    assert (len(event), str(said.day)) == (11, "2024-04-20")
    _, other = new_event(net, "samara")
    assert other != event


def test_i4_the_same_new_event_twice_is_one_event(net):
    place, _ = new_event(net)
    assert new_event(net)[0] == place
    away = net.post.rename(net.root / "away")
    net.write("other.json", BEFORE.replace("Quiet", "Restless"))
    for _ in range(2):
        assert net.run("tver", "report", "conference-before", "--new-event", *from_file(net, "other.json")).code == 1
    away.rename(net.post)
    posted = net.ok("tver", "fetch", "--json").json["posted"]
    assert len([each for each in posted if each["kind"] == "report"]) == 1


def test_the_day_is_the_same_in_header_and_form(net):
    net.write("dayless.json", json.dumps({k: v for k, v in json.loads(BEFORE).items() if k != "date"}))
    done = net.run(
        "tver", "report", "conference-before", "--new-event", *from_file(net, "before.json"), "--day", "2024-04-21"
    )
    refused(done, 2, "held on 2024-04-21", "says 2024-04-20")
    place = report(net, "conference-before", "--new-event", *from_file(net, "dayless.json"), "--day", "2024-04-21")
    net.ok("center", "fetch")
    assert net.ok("center", "read", place, "--json").json["data"]["data"]["date"] == "2024-04-21"
    done = net.run("tver", "report", "conference-after", "--new-event", *from_file(net, "after.json"))
    refused(done, 2, "the day of the event is missing")


def test_the_report_after_takes_the_day_and_shows_what_was_said_before(net):
    before, event = new_event(net)
    after = ("tver", "report", "conference-after", event, *from_file(net, "after.json"))
    refused(net.run(*after), 2, "has not begun", "begins on 2024-04-20")
    net.clock.ahead(days=18)
    done = net.ok("tver", "report", "conference-after", event, *from_file(net, "after.json"))
    assert f"what was said before it, in {before}" in done.err
    assert "Halls are hired." in done.err
    assert str(header(net, done.lines[0]).report.day) == "2024-04-20"


def test_the_report_after_does_not_move_the_day(net):
    _, event = new_event(net)
    done = net.run("tver", "report", "conference-after", event, *from_file(net, "after.json"), "--day", "2024-04-22")
    refused(done, 2, "held on 2024-04-20")
    assert done.hints[0] == f"cipherpost correct conference-before {event} --day 2024-04-22"


def test_an_event_of_another_office_is_refused(net):
    _, event = new_event(net, "samara")
    done = net.run("tver", "report", "conference-after", event, *from_file(net, "after.json"))
    refused(done, 2, f"no report of tver names the event {event}")


def test_an_event_that_nobody_knows_is_refused_with_how_it_gets_its_name(net):
    start = "cipherpost report conference-before --new-event --day DATE --edit"
    for words in (("report", "conference-after"), ("report", "conference-before"), ("correct", "conference-before")):
        done = net.run("tver", *words, "e7k2m4qaz", "--edit")
        assert done.code == 2
        assert done.hints[0] == start, done


def test_a_conference_nobody_announced_can_be_reported_after_it(net):
    words = ("conference-after", "--new-event", "--day", "2024-04-02", *from_file(net, "after.json"))
    place = report(net, *words)
    assert str(header(net, place).report.day) == "2024-04-02"
    assert report(net, *words) == place


def test_new_event_and_its_name_exclude_each_other(net):
    refused(net.run("tver", "report", "conference-before", "e7k2m4qaz", "--new-event", "--edit"), 2, "makes the name")
    done = net.run("tver", "report", "conference-before", "--new-event", "--nil", "-m", "None.")
    refused(done, 2, "an event with nothing to report")


# ---- corrections ---------------------------------------------------------------------------------------------------


def test_a_correction_supersedes_the_newest_version_and_both_stay(net):
    first = report(net, "monthly-return", "2024-03", *from_file(net))
    net.write("better.json", RETURN.replace("3", "4"))
    second = net.ok("tver", "correct", "monthly-return", "2024-03", *from_file(net, "better.json")).lines[0]
    net.write("best.json", RETURN.replace("3", "5"))
    third = net.ok("tver", "correct", first, *from_file(net, "best.json")).lines[0]
    assert header(net, second).supersedes == int(first.rpartition("/")[2])
    assert header(net, third).supersedes == int(second.rpartition("/")[2])
    again = net.ok("tver", "correct", "monthly-return", "2024-03", *from_file(net, "best.json"))
    assert again.lines == [third]
    net.ok("center", "fetch")
    assert net.ok("center", "read", first, "--json").json["data"]["data"]["reports_held_total"] == 3


def test_a_correction_opens_what_was_sent_filled_in(net, editor):
    report(net, "monthly-return", "2024-03", *from_file(net))
    editor.types('reports_held_total = 14\ndemands_total = "not collected"\n')
    place = net.ok("tver", "correct", "monthly-return", "2024-03", "--edit", env=editor.env).lines[0]
    assert "reports_held_total = 3" in editor.seen[0]
    assert "correction of tver/center/" in editor.seen[0]
    net.ok("center", "fetch")
    assert net.ok("center", "read", place, "--json").json["data"]["data"]["reports_held_total"] == 14


def test_a_conference_moves_to_another_day(net):
    _, event = new_event(net)
    place = net.ok("tver", "correct", "conference-before", event, "--day", "2024-04-25").lines[0]
    assert str(header(net, place).report.day) == "2024-04-25"
    net.ok("center", "fetch")
    data = net.ok("center", "read", place, "--json").json["data"]["data"]
    assert (data["date"], data["place"]) == ("2024-04-25", "Tver, Workers' Club")
    net.clock.ahead(days=24)
    done = net.ok("tver", "report", "conference-after", event, *from_file(net, "after.json"))
    assert str(header(net, done.lines[0]).report.day) == "2024-04-25"
    refused(net.run("tver", "correct", "conference-after", event, "--day", "2024-04-26"), 2, "held on 2024-04-25")


def test_a_day_given_beside_a_file_fills_in_the_day_that_the_file_leaves_out(net):
    _, event = new_event(net)
    net.write("dayless.json", json.dumps({k: v for k, v in json.loads(BEFORE).items() if k != "date"}))
    words = ("correct", "conference-before", event, *from_file(net, "dayless.json"))
    refused(net.run("tver", *words), 2, "date")
    place = net.ok("tver", *words, "--day", "2024-04-25").lines[0]
    assert str(header(net, place).report.day) == "2024-04-25"
    done = net.run("tver", "correct", "conference-before", event, *from_file(net, "before.json"), "--day", "2024-04-27")
    refused(done, 2, "held on 2024-04-27", "says 2024-04-20")


def test_a_report_is_taken_back_with_a_reason_and_can_be_sent_anew(net):
    place = report(net, "monthly-return", "2024-03", *from_file(net))
    taken = net.ok("tver", "correct", "monthly-return", "2024-03", "--cancel", "-m", "The wrong month.").lines[0]
    assert header(net, taken).cancels == int(place.rpartition("/")[2])
    refused(net.run("tver", "correct", "monthly-return", "2024-03", *from_file(net)), 2, "was cancelled")
    assert report(net, "monthly-return", "2024-03", *from_file(net)) not in (place, taken)


def test_i4_a_report_cancelled_twice_is_answered_with_the_first_and_with_another_reason_refused(net):
    report(net, "monthly-return", "2024-03", *from_file(net))
    words = ("correct", "monthly-return", "2024-03", "--cancel", "-m")
    place = net.ok("tver", *words, "The wrong month.").lines[0]
    again = net.ok("tver", *words, "The wrong month.")
    assert again.lines == [place]
    assert "was sent before" in again.err
    refused(net.run("tver", *words, "The wrong year."), 2, "was cancelled")
    second = report(net, "monthly-return", "2024-03", *from_file(net))
    anew = net.ok("tver", *words, "The wrong month.").lines[0]
    assert header(net, anew).cancels == int(second.rpartition("/")[2])
    refused(net.run("tver", "correct", "monthly-return", "2024-04", "--cancel", "-m", "Why."), 2, "was not reported")


def test_a_correction_that_leaves_a_list_out_says_so_before_it_is_sent(net):
    demand = {"text": "Bread", "category": "food and supply", "raised_by": 12}
    net.write("full.json", json.dumps({**json.loads(RETURN), "demands": [demand, {**demand, "text": "Wood"}]}))
    net.write("fewer.json", json.dumps({**json.loads(RETURN), "demands": [demand]}))
    place = report(net, "monthly-return", "2024-03", *from_file(net, "full.json"))
    words = ("correct", "monthly-return", "2024-03", "-n")
    assert "demands" not in net.ok("tver", *words, *from_file(net, "full.json")).err
    assert f"demands: 2 entries in {place}, 1 now\n" in net.ok("tver", *words, *from_file(net, "fewer.json")).err
    assert f"demands: 2 entries in {place}, none now" in net.ok("tver", *words, *from_file(net)).err


def test_a_cancelled_conference_owes_nothing_more_until_it_is_announced_again(net):
    _, event = new_event(net)
    net.ok("tver", "correct", "conference-before", event, "--cancel", "-m", "It is not held.")
    done = net.run("tver", "report", "conference-after", event, *from_file(net, "after.json"))
    refused(done, 2, f"{event} was cancelled")
    report(net, "conference-before", event, *from_file(net, "before.json"))
    net.clock.ahead(days=20)
    report(net, "conference-after", event, *from_file(net, "after.json"))


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("monthly-return", "2024-03", "--edit"), 2, "was not reported"),
        (("monthly-return", "--edit"), 2, "named by form and period"),
        (("center/all/1", "--edit"), 2, "no report of tver"),
        (("tver/center/99", "--edit"), 1, "no such dispatch"),
        (("monthly-return", "2024-03", "--cancel"), 2, "needs a sentence"),
        (("monthly-return", "2024-03", "--cancel", "-m", "x", "--edit"), 2, "stands alone"),
        (("monthly-return", "2024-03"), 2, "how the form is filled in"),
    ],
)
def test_what_cannot_be_corrected_is_refused(net, words, code, part):
    refused(net.run("tver", "correct", *words), code, part)


def test_a_correction_stays_under_the_version_it_was_made_for(net):
    first = report(net, "monthly-return", "2024-03", *from_file(net))
    schema = json.loads(net.ok("center", "form", "show", "monthly-return").out)
    schema["$id"] = schema["$id"].replace(":1", ":2")
    schema["required"].append("remarks")
    net.write("second.json", json.dumps(schema))
    net.ok("center", "form", "publish", str(net.root / "second.json"))
    net.ok("tver", "fetch")
    net.write("better.json", RETURN.replace("3", "4"))
    place = net.ok("tver", "correct", first, *from_file(net, "better.json")).lines[0]
    net.ok("center", "fetch")
    assert net.ok("center", "read", place, "--json").json["data"]["version"] == 1
    done = net.run("tver", "correct", first, "--version", "2", *from_file(net))
    refused(done, 2, "remarks")
    refused(net.run("tver", "report", "monthly-return", "2024-04", *from_file(net)), 2, "remarks")
