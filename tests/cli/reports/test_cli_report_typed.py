"""Reports as a person types them: in an editor and field by field; nothing typed is lost."""

import json

import pytest
from cliharness import check_words, files, refused
from reportkit import BEFORE, at_terminal, from_file, header, new_event, report

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


def test_the_page_says_how_it_is_left_and_an_emptied_one_is_given_up_with_the_draft_kept(net, editor):
    editor.types(BAD, "\n")
    done = edit(net, editor, tty=True)
    refused(done, 2, "the page was emptied")
    assert "what you typed is kept as a draft" in done.err
    for page in editor.seen:
        said = " ".join(line.removeprefix("# ") for line in page.splitlines())
        assert "while something is wrong, it opens again" in said
        assert "To give up, empty it" in said
    edit(net, editor)
    assert editor.seen[2] == BAD


def test_an_emptied_page_of_a_correction_sends_nothing_and_keeps_nothing_that_nobody_typed(net, editor):
    editor.types("")
    refused(edit(net, editor), 2, "nothing was filled in")
    assert net.ok("tver", "drafts").lines == []
    report(net, "monthly-return", "2024-03", *from_file(net))
    editor.types("")
    done = net.run("tver", "correct", "monthly-return", "2024-03", "--edit", env=editor.env)
    refused(done, 2, "nothing was filled in")
    assert net.ok("tver", "drafts").lines == []


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
