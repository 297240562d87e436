"""The main job as all three roles live it, command by command: what is printed, for people and for scripts."""

import csv
import io
import re
import shutil
import subprocess

import pytest
from cliharness import check_words, files, refused, state_of

from cipherpost.cli import output, table
from cipherpost.ledger.returns import COLUMNS

DISPATCH = {"channel", "number", "hash", "kind", "time", "posted", "to", "unreached"}
STATUS = {
    "network",
    "office",
    "officer",
    "new",
    "owed",
    "outbox",
    "silent",
    "proposals",
    "proposed",
    "declined",
    "forks",
}
ROSTER = {
    "network", "fingerprint", "spoken", "number", "head", "keepers", "offices", "groups", "duties", "forms", "escrow",
    "timezone",
}  # fmt: skip
OFFICE = {"name", "title", "role", "state", "since", "threshold", "groups", "last_heard", "officers"}
INBOX = {
    "channel", "number", "kind", "from", "to", "signers", "time", "subject", "state", "due", "reply_to", "supersedes",
    "cancels", "superseded_by", "cancelled_by", "attachments", "bytes", "answered_by",
}  # fmt: skip
OUTBOX = {
    "channel", "number", "kind", "to", "time", "subject", "due", "state", "seen", "received", "read", "complied",
    "unable", "silent", "superseded_by", "cancelled_by",
}  # fmt: skip
READ = INBOX | {"hash", "roster", "body", "body_type", "data", "readers", "forwarded", "shared_in"}
FETCH = {"new", "held", "unreadable", "posted", "restored", "missing", "voided", "forks"}
AUDIT = {
    "ok", "program", "network", "fingerprint", "roster", "as_of", "dispatches", "channels", "findings", "not_checked",
}  # fmt: skip
FINDING = {"code", "grade", "channel", "number", "office", "points_to", "rule", "detail", "time", "known_since"}
ERROR = {"class", "exit", "message", "hint", "channel", "number"}
LETTER = "# Order\n\nReport by December.\n"


# ---- the story -----------------------------------------------------------------------------------------------------


def test_the_main_job(empty):
    """Found, declare, invite, join, admit, send, fetch, read, reply, comply, outbox, audit: nobody is left guessing."""
    net = empty
    (net.root / "homes").mkdir()
    done = net.ok("center", "init", "rkpb", "--officer", "stasova", "--post", str(net.post), "--no-passphrase")
    assert "cipherpost office add NAME" in done.hints[0]
    assert "unprotected" in done.err
    fingerprint = next(line.split()[1] for line in done.lines if line.startswith("fingerprint"))
    assert net.ok("center", "roster", "--json").json["fingerprint"] == fingerprint

    for office, title, role in (
        ("tver", "Tver Gubernia Committee", "committee"),
        ("audit", "Audit Commission", "auditor"),
    ):
        done = net.ok("center", "office", "add", office, "--title", title, "--role", role)
        assert done.hints == [f"cipherpost invite {office} -o {office}.invitation"]
        done = net.ok("center", "invite", office, "-o", str(net.root / f"{office}.invitation"))
        assert done.out == ""
        assert done.hints == [f"the clerk types: cipherpost join {office}.invitation --officer NAME"]

    done = net.ok("tver", "join", str(net.root / "tver.invitation"), "--officer", "ivanov", "--no-passphrase")
    spoken = next(line.split(None, 1)[1] for line in done.lines if line.startswith("spoken"))
    assert "read this number aloud" in done.err
    assert "the center has only to admit it" in done.err
    done = net.run("tver", "fetch")
    assert done.code == 4
    assert spoken in done.err
    done = net.ok("center", "cards")
    assert done.out.startswith("tver/ivanov\tTver Gubernia Committee\t2024-")
    assert spoken[:5] not in done.out, "who sees the number is tempted to type it unheard"
    assert done.hints[0].startswith("cipherpost admit tver/ivanov --heard")
    assert net.ok("center", "admit", "tver/ivanov", "--heard", spoken).out == "center/roster/4\n"
    net.ok("audit", "join", str(net.root / "audit.invitation"), "--officer", "orlov", "--no-passphrase")
    done = net.ok("center", "admit", "audit/orlov")
    assert "without comparing the spoken number" in done.err

    net.clock.ahead(hours=1)
    net.write("order.md", LETTER)
    net.write("plan.pdf", b"%PDF")
    words = ("send", str(net.root / "order.md"), "--to", "all", "--attach", str(net.root / "plan.pdf"))
    done = net.ok("center", *words, "--due", "2024-12-15")
    assert (done.out, done.err) == ("center/all/1\n", "")

    net.clock.ahead(hours=1)
    done = net.ok("tver", "fetch")
    assert "you are admitted" in done.err
    assert "1 letter waits" in done.err
    assert done.out == "center/all/1  circular  Order\n"
    assert "cipherpost read center/all/1" in done.hints
    assert "reply to center/all/1 by 2024-12-15" in net.ok("tver", "status").out
    done = net.ok("tver", "read")
    assert "from      center (Center of rkpb), signed by stasova\n" in done.out
    assert "subject   Order\n" in done.out
    assert done.out.endswith("\n" + LETTER)
    done = net.ok("tver", "read", "center/all/1", "--save", str(net.root / "saved"))
    assert files(net.root / "saved") == {"plan.pdf": b"%PDF", "center-all-1.md": LETTER.encode()}
    assert net.ok("tver", "reply", "center/all/1", "-m", "It will be done.").out == "tver/center/2\n"
    assert net.ok("tver", "status", "--json").json["owed"] == []
    net.ok("tver", "complied", "center/all/1")

    net.clock.ahead(hours=1)
    done = net.ok("center", "fetch")
    assert done.out == "tver/center/2  message  Re: Order\n"
    assert "It will be done." in net.ok("center", "read").out
    done = net.ok("center", "outbox")
    assert done.out == "center/all/1\t1\tOrder\t1\t1\t1\t0\n"
    done = net.ok("center", "outbox", "center/all/1")
    assert "tver\tTver Gubernia Committee\tcomplied\tivanov\t2024-03-04T11:00:00Z\n" in done.out

    net.clock.ahead(hours=1)
    net.ok("audit", "fetch")
    assert net.ok("audit", "inbox").out == "", "an auditor who is sent nothing has nothing to read"
    for words in (("audit", "--sealed"), ("audit", "--post", str(net.post), "--fingerprint", fingerprint)):
        done = net.ok("audit" if "--sealed" in words else None, *words, "--json")
        assert done.json["ok"] is True
        assert done.json["findings"] == []


@pytest.mark.parametrize("below", ["", "deeper"])
def test_saving_into_a_file_is_refused_in_words(net, below):
    file = net.write("saved", "mine")
    done = net.run("tver", "read", "center/all/1", "--save", str(file / below))
    refused(done, 2, str(file), "there is a file where a folder is wanted")
    assert done.hints == ["name another folder behind --save"]
    assert file.read_bytes() == b"mine"


def test_the_names_of_saved_files_do_nothing_to_a_terminal(net):
    odd = net.root / "\u202egnp.exe"
    done = net.ok("tver", "read", "center/all/1", "--save", str(odd))
    assert "\u202e" not in done.err
    assert "saved: " in done.err
    assert "\\u202egnp.exe" in done.err
    assert files(odd), "and it was saved under the name given"


def test_saving_over_a_file_is_refused_and_leaves_nothing(net):
    saved = net.root / "saved"
    saved.mkdir()
    net.write("saved/center-all-1.md", "mine")
    refused(net.run("tver", "read", "center/all/1", "--save", str(saved)), 1, "center-all-1.md", "written over")
    assert files(saved) == {"center-all-1.md": b"mine"}
    assert net.ok("tver", "inbox", "--json").json["dispatches"][0]["state"] == "new"
    net.ok("tver", "read", "center/all/1", "--save", str(saved), "--force")
    assert files(saved)["center-all-1.md"].startswith(b"# Prepare")


def test_the_same_letter_is_not_sent_twice(net):
    before = net.ok("center", "send", "-", "--to", "tver", stdin=LETTER)
    again = net.ok("center", "send", "-", "--to", "tver", stdin=LETTER)
    assert again.out == before.out == "center/tver/1\n"
    assert "was not sent again" in again.err
    assert net.ok("center", "send", "-", "--to", "tver", "--even-if-sent", stdin=LETTER).out == "center/tver/2\n"


def test_the_same_act_is_not_stated_twice(net):
    first = net.ok("tver", "complied", "center/all/1")
    before = files(net.post)
    again = net.ok("tver", "complied", "center/all/1", "--json")
    assert f"{again.json['channel']}/{again.json['number']}\n" == first.out
    assert "sent before" in again.err
    assert files(net.post) == before
    net.ok("tver", "complied", "center/all/1", "--withdraw")
    net.ok("tver", "complied", "center/all/1")
    net.ok("center", "fetch")
    offices = net.ok("center", "outbox", "center/all/1", "--json").json["dispatches"][0]["offices"]
    assert {each["office"]: each["state"] for each in offices} == {"tver": "complied", "samara": "received"}


def test_what_is_owed_is_withdrawn_and_refused_in_its_turn(net):
    net.ok("center", "send", "-", "--to", "tver", "--due", "2024-12-15", "--complied", stdin=LETTER)
    net.ok("tver", "fetch")
    done = net.ok("tver", "read", "center/tver/1")
    assert "cipherpost complied center/tver/1" in done.hints
    refused(net.run("tver", "complied", "center/tver/1", "--withdraw"), 2, "nothing was said of it")
    refused(net.run("tver", "complied", "center/tver/1", "--unable"), 2, "say why")
    refused(net.run("tver", "complied", "center/tver/1", "--unable", "--withdraw"), 2, "exclude each other")
    states = []
    for words in ((), ("--withdraw",), ("--unable", "-m", "No paper")):
        net.clock.ahead(minutes=1)
        net.ok("tver", "complied", "center/tver/1", *words)
        net.ok("center", "fetch")
        states.append(
            net.ok("center", "outbox", "center/tver/1", "--json").json["dispatches"][0]["offices"][0]["state"]
        )
    assert states == ["complied", "read", "unable"]
    assert "No paper" in net.ok("center", "read").out


# ---- what scripts rely on ------------------------------------------------------------------------------------------


def test_json_of_every_reading_command_has_exactly_its_fields(net):
    net.ok("center", "send", "-", "--to", "tver", "--due", "2024-12-15", stdin=LETTER)
    found = net.ok("tver", "fetch", "--json").json
    assert set(found) == FETCH
    assert set(found["new"][0]) == {"channel", "number", "kind", "from"}
    assert all(set(each) == DISPATCH for each in found["posted"])
    found = net.ok("tver", "status", "--json").json
    assert set(found) == STATUS
    assert tuple(found["owed"][0]) == COLUMNS
    found = net.ok("tver", "roster", "--json").json
    assert set(found) == ROSTER
    assert all(set(each) == OFFICE for each in found["offices"])
    found = net.ok("tver", "inbox", "--json").json
    assert set(found) == {"dispatches"}
    assert all(set(each) == INBOX for each in found["dispatches"])
    found = net.ok("tver", "read", "center/tver/1", "--json").json
    assert set(found) == READ
    assert found["readers"] == ["tver/ivanov", "center/stasova"]
    found = net.ok("center", "outbox", "--json").json
    assert set(found) == {"dispatches"}
    assert all(set(each) == OUTBOX for each in found["dispatches"])
    found = net.ok("center", "outbox", "center/all/1", "--json").json
    assert set(found) == {"dispatches"}
    assert set(found["dispatches"][0]) == OUTBOX | {"offices"}
    assert set(found["dispatches"][0]["offices"][0]) == {"office", "title", "state", "time", "by"}
    net.note("center/all", 1).write_bytes(b"junk")
    done = net.run("audit", "audit", "--json")
    assert set(done.json) == AUDIT
    assert all(set(each) == FINDING for each in done.json["findings"])
    assert done.json["findings"]


def test_json_of_every_writing_command_has_exactly_its_fields(net):
    joined = net.join(net.invite("penza"), "sidorov", "penza")
    for home, words in (
        ("center", ("office", "add", "tula")),
        ("center", ("group", "volga", "samara", "tver")),
        ("center", ("send", "-", "--to", "volga")),
        ("center", ("send", "-", "--to", "volga")),
        ("center", ("send", "-", "--to", "volga", "-n")),
        ("tver", ("reply", "center/all/1", "-m", "x")),
        ("tver", ("complied", "center/all/1")),
        ("center", ("suspend", "samara", "-y")),
        ("center", ("reinstate", "samara")),
    ):
        found = net.ok(home, *words, "--json", stdin=LETTER).json
        assert set(found) == (DISPATCH | {"cuts"} if words[0] == "suspend" else DISPATCH), words
    found = net.ok("center", "admit", "penza/sidorov", "--heard", joined["spoken"], "--json").json
    assert set(found) == DISPATCH | {"admitted"}
    found = net.ok("center", "send", "-", "--to", "tver", "--to", "samara", "--json", stdin=LETTER).json
    assert set(found) == {"dispatches"}
    assert [each["channel"] for each in found["dispatches"]] == ["center/tver", "center/samara"]
    found = net.ok("center", "send", "-", "--to", "all", "--json", stdin="Fresh\n").json
    assert found["posted"] is True
    assert found["unreached"] == [{"office": "tula", "reason": "nobody of it is admitted yet"}]


def test_json_of_a_refusal(net):
    for home, words, code in (
        ("center", ("send", "-", "--to", "tevr"), 2),
        ("tver", ("read", "center/all/99"), 1),
        ("tver", ("nonsense",), 2),
        ("nowhere", ("fetch",), 2),
    ):
        done = net.run(home, *words, "--json", stdin=LETTER)
        refused(done, code)
        found = done.json
        assert set(found) == {"error"}
        assert set(found["error"]) == ERROR
        assert found["error"]["exit"] == code
    found = net.run("tver", "read", "center/all/99", "--json").json["error"]
    assert (found["channel"], found["number"], found["class"]) == ("center/all", 99, "NoSuchDispatchError")


def test_json_of_a_letter_that_waits(net):
    net.post.rename(net.root / "away")
    done = net.run("center", "send", "-", "--to", "all", "--json", stdin=LETTER)
    assert done.code == 1
    assert set(done.json) == DISPATCH
    assert (done.json["posted"], done.json["number"], done.json["hash"]) == (False, None, None)
    refused(done, 1)


# ---- how it is shown -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("status",), ("inbox",), ("outbox",), ("outbox", "center/all/1"), ("roster",), ("roster", "tver"), ("group",),
     ("cards",), ("read", "center/all/1"), ("fetch",), ("keys", "show"), ("audit",), ("doctor",), ("--help",),
     ("send", "--help")],
    ids=" ".join,
)  # fmt: skip
def test_a_terminal_of_80_columns_is_never_exceeded(net, words):
    net.ok(
        "center", "office", "add", "kostroma", "--title", "Committee of the Kostroma Gubernia and its Northern Uyezds"
    )
    net.ok("center", "send", "-", "--to", "all", "--subject", "S" * 120, stdin="word " * 60 + "\n")
    done = net.run("center", *words, tty=True, env={"NO_COLOR": "1"})
    assert done.code in {0, 1}, done
    for line in map(bare, done.lines):
        if len(line.split()) > 1 and str(net.root) not in line:  # a key or a path is never broken
            assert len(line) <= 80, line


def test_a_narrow_roster_names_every_officer_in_whole(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    names = ["ivanov-the-elder", "*petrovskaya", "lebedev", "krasnoshchekova", "bogdanov"]
    row = ["tver", "Tver Gubernia Committee", "committee", "good", ", ".join(names), "2026-11-22"]
    output.table(["office", "title", "role", "state", "officers", "last heard"], [row])
    shown = bare(capsys.readouterr().out)
    assert set(names) <= {word.strip(",") for word in shown.split()}
    assert all(len(line) <= 80 for line in shown.splitlines())


def bare(text):
    """A text without its weights and colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_terminal_gets_heads_and_others_get_tabs(net):
    shown = [bare(line) for line in net.ok("center", "outbox", tty=True).lines]
    assert shown[0].split() == ["number", "to", "subject", "received", "read", "complied", "silent"]
    assert shown[-1].startswith("center/all/1  2   Prepare the conferences")
    plain = net.ok("center", "outbox")
    assert next(csv.reader(io.StringIO(plain.out), delimiter="\t"))[0] == "center/all/1"
    for home, words in (("tver", ("inbox",)), ("center", ("outbox",)), ("tver", ("group",))):
        lines = net.ok(home, *words).lines
        assert lines
        assert all("\t" in line for line in lines)


def test_no_color_on_a_terminal_that_wants_none_and_nothing_at_all_in_a_pipe(net):
    for words in (("outbox",), ("roster",), ("status",), ("audit",)):
        shown = net.ok("center", *words, tty=True, env={"NO_COLOR": "1"}).out
        assert set(re.findall(r"\x1b\[([0-9;]*)m", shown)) <= {"0", "1"}, "bold is no colour"
        assert "\x1b" not in net.ok("center", *words).out


def test_quiet_leaves_results_and_errors(net):
    assert net.ok("tver", "-q", "fetch").err == ""
    assert net.ok("tver", "inbox", "--quiet").err == ""
    refused(net.run("tver", "-q", "read", "center/all/9"), 1)


# ---- options, help, completion -------------------------------------------------------------------------------------


def test_global_options_stand_before_and_after_the_command(net):
    home = str(net.home("tver"))
    want = net.ok("tver", "status", "--json").json
    for words in (
        ("--json", "--home", home, "status"),
        ("status", "--json", "--home", home),
        ("--home", str(net.home("samara")), "status", "--json", "--home", home),
    ):
        assert net.ok(None, *words).json == want
    assert net.ok(None, "status", "--json", env={"CIPHERPOST_HOME": home}).json == want
    assert net.ok(None, "status", "--json", cwd=net.home("tver") / "keys").json == want
    shutil.copytree(net.post, net.root / "stick")
    net.post.rename(net.root / "away")
    for words in (("--post", "../stick", "fetch"), ("fetch", "--post", str(net.root / "stick"))):
        net.ok("tver", *words)


def test_cipherpost_alone(net):
    inside = net.ok("tver")
    assert inside.out == net.ok("tver", "status").out
    assert "new letters  1" in inside.out
    assert "cipherpost read center/all/1" in inside.hints
    outside = net.ok(None)
    for word in ("found a network", "join one", "audit one", "try it out"):
        assert word in outside.out
    for line in outside.lines:
        if "cipherpost " in line:
            assert table.find(line.split("cipherpost ")[1].split()[0]) is not None


def test_help_groups_commands_by_what_people_want_to_do(net):
    done = net.ok(None, "--help")
    at = [done.out.index(f"\n{title}:\n") for title in ("Start", "People", "Write", "Read", "Audit", "Keys")]
    assert at == sorted(at)
    for _, commands in table.SECTIONS:
        for name, place in commands.items():
            assert (f"  {name} " in done.out) is not place.hidden, name
    assert net.ok(None, "-h").out == done.out


def test_every_command_has_help_that_fits(net):
    for _, commands in table.SECTIONS:
        for name in commands:
            done = net.ok(None, name, "--help")
            assert done.lines[0].startswith(f"Usage: cipherpost {name}")
            assert all(len(line) <= 80 for line in done.lines), name
    assert net.ok(None, "sync", "--help").lines[2:] == net.ok(None, "fetch", "--help").lines[2:]


def test_the_version_is_one_line(net):
    from cipherpost import __version__

    assert net.ok(None, "--version").out == f"cipherpost {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_and_completes(net, shell):
    done = net.ok(None, "completion", shell)
    assert "_CIPHERPOST_COMPLETE" in done.out
    if shell == "bash" and shutil.which("bash"):
        assert subprocess.run(["bash", "-n"], input=done.out, text=True, check=False).returncode == 0
    env = {"_CIPHERPOST_COMPLETE": f"{shell}_complete", "COMP_WORDS": "cipherpost re", "COMP_CWORD": "re"}
    if shell != "fish":
        env["COMP_CWORD"] = "1"
    found = net.process(None, env=env).out
    for name in ("reply", "read", "reinstate"):
        assert name in found


def test_a_shell_without_completion(net):
    refused(net.run(None, "completion", "csh"), 2, "csh")


# ---- dry runs ------------------------------------------------------------------------------------------------------


def test_dry_runs_write_nothing_and_say_what_would_be_done(net):
    net.join(net.invite("penza"), "sidorov", "penza")
    net.ok("center", "fetch")
    for home, words, part in (
        ("center", ("send", "-", "--to", "all"), "who can read it: tver/ivanov samara/petrova center/stasova"),
        ("center", ("office", "add", "tula"), "nothing was posted"),
        ("center", ("group", "volga", "tver"), "nothing was posted"),
        ("center", ("admit", "penza/sidorov"), "nothing was posted"),
        ("center", ("suspend", "tver"), "tver/center/1"),
        ("tver", ("reply", "center/all/1", "-m", "x"), "who can read it"),
    ):
        net.ok(home, "fetch")
        before, kept = files(net.post), state_of(net.home(home))
        done = net.ok(home, *words, "-n", stdin=LETTER)
        assert part in done.err, done
        check_words(done)
        assert files(net.post) == before, words
        assert state_of(net.home(home)) == kept, words
    net.ok("center", "suspend", "tver", "-y")
    done = net.ok("center", "send", "-", "--to", "all", "--dry-run", stdin=LETTER)
    assert "tver (suspended)" in done.err
    assert "penza (nobody of it is admitted yet)" in done.err


def test_what_cannot_be_undone_needs_a_yes(net):
    before = files(net.post)
    done = net.run("center", "suspend", "tver")
    refused(done, 2, "needs a yes")
    assert done.hints == ["add -y"]
    done = net.run("center", "suspend", "tver", tty=True, stdin="n\n")
    assert done.code == 2
    assert files(net.post) == before
    assert net.ok("center", "suspend", "tver", tty=True, stdin="y\n").out.endswith("center/roster/8\n")


# ---- exit codes ----------------------------------------------------------------------------------------------------


def test_exit_codes_of_batches_are_the_gravest(net):
    """A gap (6), junk (3) and a full success in one fetch: all is done first, and 3 weighs most."""
    net.ok("center", "send", "-", "--to", "all", stdin="Second\n")
    net.ok("center", "send", "-", "--to", "all", stdin="Third\n")
    net.ok("center", "send", "-", "--to", "tver", stdin=LETTER)
    net.note("center/all", 2).rename(net.root / "lost.note")
    assert net.run("tver", "fetch", "--json").code == 6
    net.note("center/tver", 2).write_bytes(b"junk")
    assert net.run("tver", "fetch", "--json").code == 3
    net.note("center/tver", 2).unlink()
    (net.root / "lost.note").rename(net.note("center/all", 2))
    assert net.run("tver", "fetch", "--json").code == 0


def test_reading_where_nothing_is_new_is_no_error(net):
    net.ok("tver", "read")
    done = net.ok("tver", "read")
    assert done.out == ""
    assert done.hints == ["cipherpost fetch"]
    assert "error" not in done.err
    assert "nothing new" in done.err


@pytest.mark.parametrize("words", [("--nonsense",), ("send",), ("send", "-"), ("audit", "--as-of", "x"), ("keys", "x")])
def test_wrong_use(net, words):
    refused(net.run("tver", *words, stdin=LETTER), 2)
