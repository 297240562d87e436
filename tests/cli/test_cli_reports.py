"""Reports as a clerk sends them: from files, in an editor, field by field, nil, corrected; and what is refused."""

import json

import pytest
from cliharness import check_words, copy_network, files, refused
from reportkit import AFTER, BEFORE, RETURN, Editor, at_terminal, header, impose


@pytest.fixture(scope="session")
def duties(tmp_path_factory, template):
    """The network of `template` with forms and duties."""
    from datetime import datetime

    from cliharness import CLOCK, Clock, Net

    root = tmp_path_factory.mktemp("duties")
    copy_network(template, root)
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(datetime.fromisoformat(json.loads((template / "clock.json").read_text())))
        patch.setattr(CLOCK, clock)
        net = Net(root, clock)
        impose(net)
        (root / "clock.json").write_text(json.dumps(clock.now.isoformat()))
    return root


@pytest.fixture
def net(tmp_path, duties, clock):
    from datetime import datetime

    from cliharness import Net

    clock.now = datetime.fromisoformat(json.loads((duties / "clock.json").read_text()))
    copy_network(duties, tmp_path)
    made = Net(tmp_path, clock)
    for name, words in {"return.json": RETURN, "before.json": BEFORE, "after.json": AFTER}.items():
        made.write(name, words)
    return made


@pytest.fixture
def editor(tmp_path):
    return Editor(tmp_path / "editor")


def report(net, *words, home="tver", **given):
    return net.ok(home, "report", *words, **given).lines[0]


def from_file(net, name="return.json"):
    return ("--data", str(net.root / name))


def new_event(net, home="tver"):
    """A conference reported beforehand; its place and its event."""
    place = report(net, "conference-before", "--new-event", *from_file(net, "before.json"), home=home)
    return place, header(net, place, home).report.period


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


# ---- the editor ----------------------------------------------------------------------------------------------------


GOOD = 'reports_held_total = 41\ndemands_total = "none held"\nremarks = "Zarya"\n'
BAD = 'reports_held_total = "many"\ndemands_total = "none held"\nremarks = "Zarya"\n'


def edit(net, editor, *words, tty=False, home="tver"):
    return net.run(home, *(words or ("report", "monthly-return", "2024-03")), "--edit", env=editor.env, tty=tty)


def left(net, word=b"Zarya", home="tver"):
    """Files of a home in which a word stands open."""
    return [name for name, data in files(net.home(home)).items() if word in data]


def test_i5_the_page_is_private_and_removed_with_what_the_editor_left(net, editor):
    editor.types(GOOD)
    done = edit(net, editor)
    assert done.code == 0
    check_words(done)
    assert "# Business reports held, in all (required)" in editor.seen[0]
    assert "Tver Gubernia Committee" in editor.seen[0]
    assert editor.modes == {"0o600"}
    assert not (net.home("tver") / "editing").exists()
    assert left(net) == []
    assert header(net, done.lines[0]).report.period == "2024-03"


def test_what_fails_opens_again_with_the_reasons_at_a_terminal(net, editor):
    editor.types(BAD, 'reports_held_total = 41\nremarks = "Zarya\n', GOOD)
    done = edit(net, editor, tty=True)
    assert done.code == 0, done
    assert len(editor.seen) == 3
    assert "#! reports_held_total: " in editor.seen[1]
    assert 'reports_held_total = "many"' in editor.seen[1]
    assert editor.seen[2].startswith("#! ")
    assert 'remarks = "Zarya\n' in editor.seen[2]
    assert net.ok("tver", "drafts", "--json").json["drafts"] == []


def test_comments_that_were_typed_come_back_too(net, editor):
    editor.types(BAD + "# ask Petrov\n", GOOD)
    assert edit(net, editor, tty=True).code == 0
    assert "# ask Petrov" in editor.seen[1]
    assert "#! reports_held_total: " in editor.seen[1]


def test_i5_elsewhere_what_fails_is_kept_as_a_sealed_draft_and_gone_on_with(net, editor):
    editor.types(BAD)
    done = edit(net, editor)
    refused(done, 2, "reports_held_total")
    assert "kept as a draft" in done.err
    assert done.hints[0] == "cipherpost report monthly-return 2024-03 --edit"
    assert left(net) == []
    rows = net.ok("tver", "drafts").lines
    assert [row.split("\t")[:2] for row in rows] == [["monthly-return", "2024-03"]]
    drafts = net.ok("tver", "drafts", "--json").json["drafts"]
    assert [(each["form"], each["period"], each["correcting"]) for each in drafts] == [
        ("monthly-return", "2024-03", None)
    ]
    refused(
        net.run("tver", "report", "monthly-return", "2024-03", "--edit", *from_file(net), env=editor.env), 2, "draft"
    )
    editor.types(GOOD)
    assert edit(net, editor).code == 0
    assert editor.seen[1] == BAD
    assert net.ok("tver", "drafts").lines == []


def test_giving_up_at_a_terminal_keeps_the_draft(net, editor):
    editor.types(BAD)
    done = edit(net, editor, tty=True)
    assert done.code == 2
    assert len(editor.seen) == 2
    assert len(net.ok("tver", "drafts", "--json").json["drafts"]) == 1


def test_an_editor_closed_without_typing_sends_and_keeps_nothing(net, editor):
    done = edit(net, editor)
    refused(done, 2, "nothing was filled in")
    assert net.ok("tver", "drafts").lines == []
    with net.desk("tver") as desk:
        assert desk.mail.boxes("draft ") == []


@pytest.mark.parametrize("page", [GOOD, "\ufeff" + GOOD.replace("\n", "\r\n")])
def test_pages_of_other_systems_are_read(net, editor, page):
    editor.types(page)
    assert edit(net, editor).code == 0


def test_bytes_that_are_no_text_are_kept_as_they_are(net, editor):
    page = GOOD.encode() + b"# \xff\n"
    editor.types(page)
    refused(edit(net, editor), 2, "not UTF-8")
    editor.types()
    refused(edit(net, editor), 2, "not UTF-8")
    assert (editor.folder / "seen-2").read_bytes() == page


def test_an_editor_that_fails_loses_nothing(net, editor):
    editor.types(GOOD)
    editor.fails(1)
    refused(edit(net, editor), 1, "Editing failed")
    assert len(net.ok("tver", "drafts", "--json").json["drafts"]) == 1
    editor.fails(0)
    assert edit(net, editor).code == 0
    done = net.run("samara", "report", "monthly-return", "2024-03", "--edit", env={"VISUAL": "/nowhere/ed"})
    refused(done, 1, "/nowhere/ed")
    assert net.ok("samara", "drafts").lines == []


def test_i4_what_a_killed_editor_left_is_taken_up_as_a_draft(net, editor):
    editor.fails(1)
    editor.types(GOOD)
    edit(net, editor)
    folder = net.home("tver") / "editing" / "monthly-return_2024-03"
    folder.mkdir(parents=True)
    (folder / "report.toml").write_text(GOOD.replace("41", "42"))
    (folder / ".report.toml.swp").write_text("Zarya")
    net.ok("tver", "drafts")
    assert left(net) == []
    editor.fails(0)
    editor.types()
    place = edit(net, editor).lines[0]
    net.ok("center", "fetch")
    assert net.ok("center", "read", place, "--json").json["data"]["data"]["reports_held_total"] == 42


def test_the_home_is_free_while_somebody_types(net, editor):
    """A clerk reads the instruction in another window while he fills in the form."""
    script = editor.script.read_text()
    run = f"import subprocess; subprocess.run({[*_command(net), 'fetch']!r}, check=True)\n"
    editor.script.write_text(run + script)
    editor.types(GOOD)
    done = net.process("tver", "report", "monthly-return", "2024-03", "--edit", "--stale-ok", env=editor.env)
    assert done.code == 0, done


def _command(net):
    import sys

    return ["env", *(f"{name}={value}" for name, value in net.process_environ().items()), sys.executable, "-m",
            "cipherpost", "--home", str(net.home("tver"))]  # fmt: skip


def test_the_same_report_is_not_open_in_two_editors(net, editor):
    script = editor.script.read_text()
    words = ["report", "monthly-return", "2024-03", "--edit", "--stale-ok"]
    run = f"import subprocess; print(subprocess.run({[*_command(net), *words]!r}).returncode)\n"
    editor.script.write_text(run + script)
    editor.types(GOOD)
    done = net.process("tver", *words, env=editor.env)
    assert "open in another editor" in done.err or done.code == 0
    assert len(editor.seen) == 1


def test_a_draft_of_a_new_event_keeps_its_name_and_day(net, editor):
    editor.types('place = "Tver"\n')
    done = edit(net, editor, "report", "conference-before", "--new-event", "--day", "2024-04-20")
    assert done.code == 2
    assert 'date = "2024-04-20"' in editor.seen[0]
    draft = net.ok("tver", "drafts", "--json").json["drafts"][0]
    assert draft["day"] == "2024-04-20"
    said = json.loads(BEFORE)
    lines = [f"{key} = {json.dumps(value)}" for key, value in said.items() if key != "agenda"]
    editor.types("\n".join([*lines, "[[agenda]]", 'item = "Food supply"', ""]))
    done = edit(net, editor, "report", "conference-before", draft["period"])
    assert done.code == 0, done
    assert header(net, done.lines[0]).report.period == draft["period"]


def test_the_page_after_a_conference_shows_what_was_said_before(net, editor):
    _, event = new_event(net)
    net.clock.ahead(days=20)
    editor.types('attendance = 41\ncourse = "As planned."\nsuccess = "full"\n')
    assert edit(net, editor, "report", "conference-after", event).code == 0
    assert "#   Preparedness: Halls are hired." in editor.seen[0]


def test_drafts_are_dropped_with_a_yes(net, editor):
    editor.types(BAD)
    edit(net, editor)
    refused(net.run("tver", "drafts", "--drop", "monthly-return", "2024-04", "-y"), 2, "no such draft")
    refused(net.run("tver", "drafts", "--drop", "monthly-return", "2024-03"), 2, "needs a yes")
    assert net.run("tver", "drafts", "--drop", "monthly-return", "2024-03", stdin="n\n", tty=True).code == 2
    assert len(net.ok("tver", "drafts").lines) == 1
    net.ok("tver", "drafts", "--drop", "monthly-return", "2024-03", "-y")
    assert net.ok("tver", "drafts").lines == []


# ---- field by field ------------------------------------------------------------------------------------------------

_ASK = ("report", "monthly-return", "2024-03", "--interactive", "--stale-ok")


def test_fields_are_asked_one_by_one_at_a_terminal(net):
    answers = "\n".join(
        ["1 234", "", "7", "n", "not collected", "y", "Bread", "bread", "food and supply", "12", "n", "Zarya", "y", ""]
    )
    done = at_terminal(net, "tver", _ASK, answers)
    assert done.code == 0, done.err
    assert "a whole number in the digits 0 to 9" in done.err
    assert "has to be filled in" in done.err
    assert "one of: food and supply" in done.err
    place = next(line for line in done.err.splitlines() if line.startswith("tver/center/"))
    net.ok("center", "fetch", "--stale-ok", "--clock-ok")
    data = net.ok("center", "read", place, "--json").json["data"]["data"]
    assert data == {
        "reports_held_total": 7,
        "demands_total": "not collected",
        "demands": [{"text": "Bread", "category": "food and supply", "raised_by": 12}],
        "remarks": "Zarya",
    }
    assert left(net) == []


def test_i4_what_was_answered_before_giving_up_is_a_draft(net):
    done = at_terminal(net, "tver", _ASK, "7\nn\n\x04")
    assert done.code == 130, done.err
    assert len(net.ok("tver", "drafts").lines) == 1
    no = at_terminal(net, "tver", _ASK, "\nn\nnone held\nn\n\nn\n")
    assert no.code == 2, no.err
    assert "not sent: the answer was no" in no.err
    done = at_terminal(net, "tver", _ASK, "\nn\n\nn\n\ny\n")
    assert done.code == 0, done.err
    assert net.ok("tver", "drafts").lines == []


def test_a_correction_is_asked_with_what_was_sent(net):
    report(net, "monthly-return", "2024-03", *from_file(net))
    words = ("correct", "monthly-return", "2024-03", "--interactive", "--stale-ok")
    done = at_terminal(net, "tver", words, "4\nn\n\nn\n\ny\n")
    assert done.code == 0, done.err
    assert "reports_held_total [3]" in done.err
    place = next(line for line in done.err.splitlines() if line.startswith("tver/center/"))
    assert header(net, place).supersedes is not None
