"""Bad input, one test an item: keys, passphrases, and the home's own files; two commands at once."""

import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from cliharness import check_words, files, refused, state_of

LETTER = "Order\n\nDo it.\n"


def send(net, home="center", *more, **given):
    return net.run(home, "send", "-", "--to", "center" if home != "center" else "all", *more, stdin=LETTER, **given)


def works_again(net, home="tver"):
    """The home does what it did before: it fetches, sends and reads."""
    net.ok(home, "fetch")
    net.ok(home, "read", "center/all/1")
    assert send(net, home).code == 0


# ---- passphrases and keys ------------------------------------------------------------------------------------------


@pytest.fixture
def locked(net, monkeypatch):
    """The keys of tver lie under the passphrase in ``good``; cheap ones, as `limits` are no subject here."""
    monkeypatch.setattr("cipherpost.home.keys.limits.SCRYPT_LOG_N", 4)
    net.write("good", "correct horse\n")
    net.write("bad", "wrong horse\n")
    net.ok("tver", "keys", "passphrase", "--new-passphrase-file", str(net.root / "good"))
    return net


def test_a_wrong_passphrase(locked):
    before = state_of(locked.home("tver"))
    for words in (
        ("read",),
        ("inbox",),
        ("reply", "center/all/1", "-m", "x"),
        ("keys", "passphrase", "--no-passphrase"),
        ("unlock",),
    ):
        done = locked.run("tver", *words, "--passphrase-file", str(locked.root / "bad"))
        refused(done, 4, "the passphrase does not open the key", "ivanov.seal")
        assert "wrong horse" not in done.err + done.out
        assert "Prepare" not in done.out
    assert state_of(locked.home("tver")) == before
    locked.ok("tver", "read", "--passphrase-file", str(locked.root / "good"))
    locked.ok("tver", "read", env={"CIPHERPOST_PASSPHRASE_FILE": str(locked.root / "good")})


def test_a_passphrase_that_nobody_can_be_asked_for(locked):
    done = locked.run("tver", "read")
    refused(done, 4, "under a passphrase")
    assert any("--passphrase-file" in hint for hint in done.hints)
    locked.ok("tver", "status")
    locked.ok("tver", "roster")


@pytest.mark.parametrize("data", [None, b"", b"\n", b"\xff\n"])
def test_a_passphrase_file_that_is_missing_empty_or_no_text(locked, data):
    if data is not None:
        locked.write("none", data)
    done = locked.run("tver", "read", "--passphrase-file", str(locked.root / "none"))
    refused(done, 1, str(locked.root / "none"))


def test_a_new_passphrase_that_is_empty_changes_nothing(locked):
    before = files(locked.home("tver") / "keys")
    locked.write("none", "\n")
    words = ("keys", "passphrase", "--passphrase-file", str(locked.root / "good"))
    refused(locked.run("tver", *words, "--new-passphrase-file", str(locked.root / "none")), 1, "empty")
    assert files(locked.home("tver") / "keys") == before


def test_founding_without_a_terminal_and_without_a_passphrase_makes_nothing(empty):
    (empty.root / "homes").mkdir()
    words = ("init", "rkpb", "--officer", "stasova", "--post", str(empty.post))
    done = empty.run("center", *words)
    refused(done, 4, "no terminal to ask at")
    assert not empty.home("center").exists()
    assert not [name for name in files(empty.post) if name.endswith(".note")]
    empty.ok("center", *words, "--no-passphrase")


def test_joining_without_a_terminal_and_without_a_passphrase_makes_nothing(net):
    invitation = net.invite("penza")
    refused(net.run("penza", "join", str(invitation), "--officer", "sidorov"), 4, "no terminal to ask at")
    assert not net.home("penza").exists()


@pytest.mark.parametrize(
    ("title", "zone", "part"),
    [("x" * 121, None, "title"), ("\u200b", None, "title"), ("C", "Mars/Olympus", "Mars/Olympus"), ("C", "", "zone")],
)
def test_founding_with_a_title_or_zone_that_is_none_makes_nothing(empty, title, zone, part):
    (empty.root / "homes").mkdir()
    words = ["init", "rkpb", "--officer", "stasova", "--post", str(empty.post), "--no-passphrase", "--title", title]
    refused(empty.run("center", *words, *(("--timezone", zone) if zone is not None else ())), 2, part)
    assert not empty.home("center").exists()


@pytest.mark.parametrize("kind", ["seal", "sign"])
def test_a_missing_key(net, kind):
    key = net.home("tver") / "keys" / f"ivanov.{kind}"
    aside = key.rename(net.root / "aside")
    before = files(net.post)
    net.ok("tver", "status")
    refused(send(net, "tver"), 4, "rkpb/tver/ivanov", str(key))
    if kind == "seal":
        refused(net.run("tver", "read", "center/all/1"), 4, "is missing", str(key))
    assert files(net.post) == before
    assert net.run("tver", "doctor").code == 1
    aside.rename(key)
    works_again(net)


def test_a_key_of_another_officer(net):
    """The key files of samara lie in tver's home."""
    keys = net.home("tver") / "keys"
    shutil.copytree(keys, net.root / "aside")
    for kind in ("seal", "sign"):
        shutil.copy(net.home("samara") / "keys" / f"petrova.{kind}", keys / f"ivanov.{kind}")
    before = files(net.post)
    refused(send(net, "tver"), 4, "the signing key is that of 'rkpb/samara/petrova'", "ivanov.sign")
    refused(net.run("tver", "read", "center/all/1"), 4)
    assert files(net.post) == before
    shutil.copytree(net.root / "aside", keys, dirs_exist_ok=True)
    net.ok("tver", "fetch")


def test_a_signing_key_sealed_to_another_key(net):
    keys = net.home("tver") / "keys"
    shutil.copy(keys / "ivanov.sign", net.root / "aside")
    shutil.copy(net.home("samara") / "keys" / "petrova.sign", keys / "ivanov.sign")
    before = files(net.post)
    refused(send(net, "tver"), 4, "sealed to another key", "ivanov.sign")
    assert files(net.post) == before
    shutil.copy(net.root / "aside", keys / "ivanov.sign")
    works_again(net)


@pytest.mark.parametrize("kind", ["seal", "sign"])
@pytest.mark.parametrize(
    "data", [b"", b"junk", b"AGE-SECRET-KEY-PQ-1", b"\0" * 100], ids=["empty", "junk", "cut", "zeros"]
)
def test_a_damaged_key(net, kind, data):
    key = net.home("tver") / "keys" / f"ivanov.{kind}"
    good = key.read_bytes()
    key.write_bytes(data)
    before = files(net.post)
    refused(send(net, "tver"), 1, "damaged", str(key))
    assert files(net.post) == before
    key.write_bytes(good)
    works_again(net)


# ---- the home's own files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["junk", "zeros in the middle", "cut", "a table gone"])
def test_a_damaged_database_is_rebuilt(net, how):
    net.ok("tver", "read")
    path = net.home("tver") / "mail.sqlite3"
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode = DELETE")
        if how == "a table gone":
            base.execute("DROP TABLE entries")
            base.commit()
    data = path.read_bytes()
    if how == "junk":
        path.write_bytes(b"junk" * 1000)
    elif how == "zeros in the middle":
        path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    for words in (("inbox",), ("fetch",), ("send", "-", "--to", "center")):
        done = net.run("tver", *words, stdin=LETTER)
        refused(done, 1, "local database is damaged", str(path))
        assert "cipherpost doctor --rebuild" in done.hints
    done = net.run("tver", "doctor", "--rebuild")
    check_words(done)
    works_again(net)
    assert net.ok("tver", "inbox", "--json").json["dispatches"][0]["subject"] == "Prepare the conferences"
    net.ok("center", "fetch")
    rows = net.ok("center", "inbox", "--json").json["dispatches"]
    assert [row["subject"] for row in rows] == ["Order"], "nothing was numbered twice"


def test_a_local_state_that_is_lost_is_fetched_again(net):
    net.ok("tver", "read")
    net.ok("tver", "fetch")
    for path in net.home("tver").glob("mail.sqlite3*"):
        path.unlink()
    shutil.rmtree(net.home("tver") / "mail")
    net.run("tver", "fetch")
    works_again(net)
    assert net.note("tver/center", 3).exists()


def test_a_database_that_another_program_holds(net, monkeypatch):
    monkeypatch.setattr("cipherpost.home.database._WAIT_SECONDS", 0.1)
    before = files(net.post)
    with closing(sqlite3.connect(net.home("tver") / "mail.sqlite3", isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        refused(send(net, "tver"), 1, "another command holds the database", "mail.sqlite3")
        net.ok("tver", "status")
        base.execute("ROLLBACK")
    assert files(net.post) == before
    works_again(net)


def test_a_home_that_another_command_has_locked(net, monkeypatch):
    """A process that holds the lock; readers go on, writers wait a while and then say who holds it."""
    held = net.home("tver")
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom cipherpost.home import lock\n"
        "with lock.writing(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(held)], stdout=subprocess.PIPE, env=net.process_environ(), text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        from cipherpost.home import lock

        patient = lock.writing
        monkeypatch.setattr(lock, "writing", lambda home, timeout=0: patient(home, timeout=0.2))
        before = state_of(held)
        refused(net.run("tver", "fetch"), 1, f"process {holder.pid} is changing this home", str(held))
        refused(send(net, "tver"), 1, f"process {holder.pid}")
        assert state_of(held) == before
        net.ok("tver", "status")
        net.ok("tver", "inbox")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    works_again(net)


def test_a_damaged_journal_signs_nothing(net):
    journal = net.home("tver") / "journal"
    good = journal.read_bytes()
    journal.write_bytes(b"junk\n" + good)
    before = files(net.post)
    refused(send(net, "tver"), 1, "line 1 of the journal is damaged", str(journal))
    assert files(net.post) == before
    assert net.run("tver", "doctor").code == 1
    journal.write_bytes(good)
    works_again(net)


def test_a_journal_whose_last_line_was_torn_goes_on(net):
    journal = net.home("tver") / "journal"
    journal.write_bytes(journal.read_bytes() + b"2024-03-04T10:01:00Z 5 tver/cen")
    works_again(net)


def test_a_damaged_record_of_the_machine_signs_nothing(net):
    record = net.home("tver") / "machine.json"
    good = record.read_bytes()
    record.write_bytes(b"{}")
    before = files(net.post)
    refused(send(net, "tver"), 1, "record of where this home lives is damaged", str(record))
    assert files(net.post) == before
    record.write_bytes(good)
    works_again(net)


SETTINGS = {
    "no toml": (b"format = = 1\n", 2, "this is not TOML"),
    "no text": (b"\xff\xfe", 2, "this is not TOML"),
    "empty": (b"", 2, "format is missing"),
    "a newer home": (b"format = 2\n", 1, "a newer cipherpost made this home"),
    "an unknown setting": (b'format = 1\nperiwig = "x"\n', 2, "periwig"),
    "no post office": (None, 2, "not an absolute post office"),
}


@pytest.mark.parametrize(("data", "code", "part"), SETTINGS.values(), ids=SETTINGS)
def test_damaged_settings(net, data, code, part):
    path = net.home("tver") / "cipherpost.toml"
    good = path.read_bytes()
    path.write_bytes(re.sub(rb'post = "[^"]*"', b'post = "./post"', good) if data is None else data)
    for words in (("status",), ("fetch",), ("send", "-", "--to", "center"), ("doctor",)):
        done = net.run("tver", *words, stdin=LETTER)
        refused(done, code, part)
        assert done.hints, "what to do next"
    path.write_bytes(good)
    works_again(net)


def test_a_lost_card(net):
    card = net.home("tver") / "tver-ivanov.card"
    aside = card.rename(net.root / "aside")
    refused(net.run("tver", "card"), 1, "lost its card", str(card))
    aside.rename(card)
    works_again(net)


def test_a_damaged_item_of_the_outbox_names_itself_and_stops_no_other(net):
    net.post.rename(net.root / "away")
    assert send(net, "center").code == 1
    net.run("center", "send", "-", "--to", "tver", stdin="Second\n")
    (net.root / "away").rename(net.post)
    item = min((net.home("center") / "outbox").iterdir())
    plan = next(item.glob("plan*"))
    good = plan.read_bytes()
    plan.write_bytes(b"junk")
    done = net.run("center", "fetch")
    assert done.code == 1, done
    assert item.name in done.err
    check_words(done)
    plan.write_bytes(good)
    net.ok("center", "fetch")
    assert net.note("center/all", 2).exists()
    assert net.note("center/tver", 1).exists()


def test_a_damaged_copy_of_a_letter_is_fetched_again(net):
    for path in (net.home("tver") / "mail" / "sealed").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    refused(net.run("tver", "read"), 3, "center/all/1", "it will be fetched again")
    assert "Report before" in net.ok("tver", "read").out


@pytest.mark.parametrize("data", [None, b"", b"junk"], ids=["missing", "empty", "junk"])
def test_a_damaged_vault_is_made_anew(net, data):
    path = net.home("tver") / "keys" / "vault.age"
    path.unlink() if data is None else path.write_bytes(data)
    refused(net.run("tver", "inbox"), 1, "the key of the vault cannot be opened", str(path))
    done = net.ok("tver", "doctor", "--rebuild")
    assert "was made anew" in done.out
    net.ok("tver", "fetch")
    assert net.ok("tver", "inbox", "--json").json["dispatches"][0]["subject"] == "Prepare the conferences"
    works_again(net)


def test_one_damaged_value_of_the_vault_hides_no_other(net):
    net.ok("center", "send", "-", "--to", "all", stdin="Second\n")
    net.ok("tver", "fetch")
    with closing(sqlite3.connect(net.home("tver") / "mail.sqlite3")) as base:
        (name,) = base.execute("SELECT name FROM boxes WHERE name LIKE 'letter %' ORDER BY rowid").fetchone()
        base.execute("UPDATE boxes SET box = x'00' WHERE name = ?", (name,))
        base.commit()
    rows = net.ok("tver", "inbox", "--json").json["dispatches"]
    assert sorted(row["subject"] or "" for row in rows) == ["", "Second"]
    net.ok("tver", "doctor", "--rebuild")
    net.ok("tver", "fetch")
    rows = net.ok("tver", "inbox", "--json").json["dispatches"]
    assert [row["subject"] for row in rows] == ["Prepare the conferences", "Second"]


def test_a_disk_that_is_full_while_writing_a_letter(net, monkeypatch):
    """No room for the letter: the home is as it was, and nothing was posted."""
    net.ok("center", "fetch")
    before, kept = files(net.post), state_of(net.home("center"))
    real = os.fsync

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    done = send(net, "center")
    monkeypatch.setattr(os, "fsync", real)
    refused(done, 1, "full")
    assert files(net.post) == before
    assert state_of(net.home("center")) == kept
    assert send(net, "center").out == "center/all/2\n"


def test_a_home_that_is_not_there(net):
    refused(net.run("nowhere", "fetch"), 2, "there is no home here", str(net.home("nowhere")))
    refused(net.run(None, "fetch"), 2, "no home was found")
    refused(net.run(None, "fetch", env={"CIPHERPOST_HOME": str(net.root)}), 2, "there is no home here")
    assert not net.home("nowhere").exists()


def test_several_homes_and_none_named(net):
    for home in ("tver", "samara"):
        shutil.copytree(net.home(home), net.root / "data" / "cipherpost" / home)
    done = net.run(None, "status")
    refused(done, 2, "there are 2 homes", "tver", "samara")


# ---- two commands at once ------------------------------------------------------------------------------------------


def test_two_commands_at_once_in_one_home_take_turns(net):
    """Processes with the machine's own clock: four letters and a fetch at once; numbers 2 to 5, each once."""
    words = [("send", "-", "--to", "tver", f"--subject=Letter {at}") for at in range(4)] + [("fetch",)]
    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(lambda each: net.process("center", *each, stdin=f"{each}\n"), words))
    for each in done:
        assert each.code == 0, each
        check_words(each)
    assert sorted(each.out for each in done[:4]) == [f"center/tver/{at}\n" for at in range(1, 5)]
    assert sorted(path.name for path in net.note("center/tver", 1).parent.iterdir()) == [
        f"{at:08d}.note" for at in range(1, 5)
    ]


def test_a_reader_beside_a_writer_is_never_refused(net):
    with net.desk("tver") as desk:
        desk.lock()
        with desk.mail.transaction():
            for words in (("status",), ("inbox",), ("outbox",), ("roster",), ("doctor",)):
                net.ok("tver", *words)


def test_an_interrupted_command_says_that_nothing_is_half_done(net, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    before, kept = files(net.post), state_of(net.home("tver"))
    monkeypatch.setattr("cipherpost.workflows.fetching.fetch", interrupted)
    done = net.run("tver", "fetch")
    assert done.code == 130
    assert "interrupted" in done.err
    assert files(net.post) == before
    assert state_of(net.home("tver")) == kept


def test_a_pipe_whose_reader_has_gone_is_no_error(net):
    command = [sys.executable, "-m", "cipherpost", "--home", str(net.home("tver")), "roster", "--json"]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=net.process_environ())
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    words = done.stderr.read()
    done.stderr.close()
    deadline = time.monotonic() + 30
    while done.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (done.returncode, words) == (0, b"")
