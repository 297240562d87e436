"""``keys backup``, ``restore``, ``move`` and ``paper`` as a user types them."""

import re

from cliharness import Net, refused

BACKUP_PASSPHRASE = "words of the backup\n"


def backed_up(net: Net, home: str = "tver") -> str:
    net.write("words", BACKUP_PASSPHRASE)
    file = str(net.root / f"{home}.backup")
    net.ok(home, "keys", "backup", "-o", file, "--new-passphrase-file", str(net.root / "words"))
    return file


def restored(net: Net, home: str, file: str, *more: str):
    return net.run(home, "keys", "restore", file, "--passphrase-file", str(net.root / "words"), *more)


def test_a_backup_says_what_it_wrote_and_is_private(net: Net) -> None:
    net.write("words", BACKUP_PASSPHRASE)
    file = net.root / "b"
    words = ("keys", "backup", "-o", str(file), "--new-passphrase-file", str(net.root / "words"))
    done = net.ok("tver", *words, "--json").json
    assert done["file"] == str(file)
    assert done["to"] is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size == done["bytes"]
    refused(net.run("tver", *words), 2, "already")
    assert net.ok("tver", *words, "--force").lines == [str(file)]


def test_a_backup_needs_a_passphrase_where_the_keys_have_none(net: Net) -> None:
    refused(net.run("tver", "keys", "backup", "-o", str(net.root / "b")), 4)
    assert not (net.root / "b").exists()


def test_a_backup_inside_of_the_home_is_refused(net: Net) -> None:
    refused(net.run("tver", "keys", "backup", "-o", str(net.home("tver") / "b")), 2, "inside of the home")
    refused(net.run("tver", "keys", "paper", "-o", str(net.home("tver") / "b")), 2, "inside of the home")
    refused(net.run("tver", "keys", "backup", "-o", str(net.root)), 2, "folder")


def test_keys_under_a_passphrase_are_backed_up_under_the_same_one_or_another(net: Net) -> None:
    old, own = net.write("old", "of the keys\n"), net.write("words", BACKUP_PASSPHRASE)
    net.ok("tver", "keys", "passphrase", "--new-passphrase-file", str(old))
    net.ok("tver", "keys", "backup", "-o", str(net.root / "same"), "--passphrase-file", str(old))
    net.ok(
        "tver", "keys", "backup", "-o", str(net.root / "own"), "--passphrase-file", str(old),
        "--new-passphrase-file", str(own),
    )  # fmt: skip
    net.ok("one", "keys", "restore", str(net.root / "same"), "--passphrase-file", str(old))
    refused(net.run("two", "keys", "restore", str(net.root / "own"), "--passphrase-file", str(old)), 4, "passphrase")
    assert not net.home("two").exists()
    net.ok("two", "keys", "restore", str(net.root / "own"), "--passphrase-file", str(own))
    assert "Prepare" in net.ok("two", "read", "center/all/1", "--passphrase-file", str(own)).out


def test_a_home_put_back_reads_and_says_when_it_signs(net: Net) -> None:
    file = backed_up(net)
    done = restored(net, "again", file)
    assert done.code == 0
    assert done.lines == [str(net.home("again"))]
    assert "signs on a channel when another office has answered" in done.err
    assert "Prepare" in net.ok("again", "read", "center/all/1").out
    refused(net.run("again", "send", str(net.write("l", "one\n")), "--to", "center"), 5, "put back from a backup")
    net.clock.ahead(minutes=1)
    net.ok("center", "send", str(net.write("o", "an order\n")), "--to", "tver")
    assert "sent: tver/center/2" in net.ok("again", "fetch").err


BACK_UP = "cipherpost keys backup -o FILE"


def reminded(net: Net, home: str) -> str:
    """What `status` says of backups."""
    (line,) = [line for line in net.ok(home, "status").lines if line.startswith("backup")] or [""]
    return line.removeprefix("backup").strip()


def doctored(net: Net, home: str) -> str:
    done = net.run(home, "doctor")
    (line,) = [line for line in done.lines if line.startswith(("ok    backup: ", "ok    the newest backup"))]
    return line.removeprefix("ok    ")


def test_a_home_that_never_was_backed_up_is_reminded_until_it_was(net: Net) -> None:
    assert reminded(net, "tver") == f"none of this home is known: {BACK_UP}"
    assert doctored(net, "tver") == f"backup: none of this home is known: {BACK_UP}"
    made = net.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    file = backed_up(net)
    for home in ("tver", "again"):
        assert reminded(net, home) == ""
        assert doctored(net, home) == f"the newest backup is of {made}"
        net.clock.ahead(hours=1)
        if home == "tver":
            restored(net, "again", file)


def test_a_home_that_has_posted_nothing_is_not_reminded_by_status(net: Net) -> None:
    path = net.root / "tver-2.invitation"
    net.ok("center", "invite", "tver", "-o", str(path))
    net.join(path, "petrov", "petrov")
    assert reminded(net, "petrov") == ""


def test_a_backup_older_than_the_keys_is_not_enough(net: Net) -> None:
    backed_up(net)
    day = net.clock.now.date()
    net.clock.ahead(hours=1)
    net.ok("tver", "keys", "rotate")
    net.ok("tver", "fetch")
    why = f"the newest, of {day}, is older than the keys: {BACK_UP}"
    assert reminded(net, "tver") == why
    assert doctored(net, "tver") == f"backup: {why}"
    net.ok("tver", "keys", "backup", "-o", str(net.root / "newer"), "--new-passphrase-file", str(net.root / "words"))
    assert reminded(net, "tver") == ""


def test_over_a_home_it_asks_and_needs_force(net: Net) -> None:
    file = backed_up(net)
    refused(restored(net, "tver", file), 2, "here already")
    error = refused(restored(net, "tver", file, "--force"), 2, "no terminal to ask at")
    assert "has signed nothing since" in error
    done = restored(net, "tver", file, "--force", "-y", "--json").json
    assert not done["free"]
    assert done["set_aside"].startswith(str(net.home("tver")) + ".before-")
    refused(restored(net, "samara", file, "--force", "-y"), 2, "the home of rkpb/samara/petrova is here")
    (net.root / "homes" / "other").mkdir()
    (net.root / "homes" / "other" / "diary").write_text("x")
    refused(restored(net, "other", file, "--force", "-y"), 2, "other things")


def test_a_move_in_three_commands(net: Net) -> None:
    net.write("words", BACKUP_PASSPHRASE)
    shown = net.ok(None, "keys", "move", "--here")
    number = shown.lines[0]
    assert re.fullmatch(r"(\d{5} ){3}\d{5}", number)
    assert number in shown.hints[0]
    file = str(net.root / "m")
    words = ("keys", "move", "--to", number.replace(" ", "-"), "-o", file)
    told = refused(net.run("tver", *words, "--new-passphrase-file", str(net.root / "words")), 2, "needs a yes")
    assert number in told
    assert net.run("tver", "doctor").out.count("given to the machine") == 0
    done = net.ok("tver", *words, "--new-passphrase-file", str(net.root / "words"), "-y")
    assert "signs nothing more" in done.err
    refused(net.run("tver", "send", str(net.write("l", "one\n")), "--to", "center"), 5, "was given to the machine")
    assert "given to the machine" in net.run("tver", "doctor").out
    assert "only reads here" in net.ok("tver", "status").out
    assert net.ok("tver", "fetch").code == 0
    assert restored(net, "again", file, "--json").json["free"] is True
    assert net.ok("again", "send", str(net.root / "l"), "--to", "center").lines == ["tver/center/2"]
    late = restored(net, "late", file)
    assert "was meant for the machine" in late.err
    assert any("keys move --cancel" in hint for hint in late.hints)
    refused(net.run("tver", "keys", "move", "--cancel"), 2, number)
    assert "signs again where" in net.ok("tver", "keys", "move", "--cancel", "-y").err


def test_json_has_the_fields_that_the_page_names(net: Net) -> None:
    net.write("words", BACKUP_PASSPHRASE)
    words, file = str(net.root / "words"), str(net.root / "m")
    number = net.ok(None, "keys", "move", "--here", "--json").json["number"]
    moved = net.ok(
        "tver", "keys", "move", "--to", number, "-o", file, "--new-passphrase-file", words, "--json", "-y"
    ).json
    assert moved.keys() == {"file", "files", "bytes", "made", "to", "letters", "database"}
    assert moved["to"] == number
    back = restored(net, "again", file, "--json").json
    assert back.keys() == {"home", "officer", "made", "free", "set_aside", "card"}
    assert net.ok("tver", "keys", "move", "--cancel", "-y", "--json").json == {"number": number}
    assert net.ok("again", "keys", "paper", "-o", str(net.root / "p"), "--json").json == {"file": str(net.root / "p")}


def test_a_damaged_database_is_left_out_and_what_it_held_is_fetched_again(net: Net) -> None:
    (net.home("tver") / "mail.sqlite3").write_bytes(b"not a database" * 1000)
    net.write("words", BACKUP_PASSPHRASE)
    words, file = str(net.root / "words"), str(net.root / "b")
    done = net.ok("tver", "keys", "backup", "-o", file, "--new-passphrase-file", words)
    assert "was left out" in done.err
    assert restored(net, "again", file).code == 0
    net.ok("again", "fetch")
    assert "Prepare" in net.ok("again", "read", "center/all/1").out
    refused(net.run("again", "send", str(net.write("l", "one\n")), "--to", "center"), 5, "put back")


def test_move_says_what_it_wants(net: Net) -> None:
    for words in ((), ("--here", "--cancel"), ("--to", "1"), ("-o", "f"), ("--here", "-o", "f")):
        refused(net.run("tver", "keys", "move", *words), 2, "say what this machine is")
    refused(net.run("tver", "keys", "move", "--to", "12345", "-o", str(net.root / "f")), 2, "not the number")
    refused(net.run("tver", "keys", "move", "--cancel", "-y"), 2, "not given")


def test_i10_a_file_or_folder_that_is_not_there_is_called_so_and_the_home_is_not_blamed(net: Net) -> None:
    words = str(net.write("words", BACKUP_PASSPHRASE))
    out = str(net.root / "nodir" / "x")
    told = refused(net.run("tver", "keys", "backup", "-o", out, "--new-passphrase-file", words), 2, "no folder")
    assert "a home must be" not in told
    told = refused(restored(net, "again", str(net.root / "typo.backup")), 1, "there is no such file or folder")
    assert "a home must be" not in told
    other = restored(net, "again", str(net.write("wrong.md", "a letter\n")))
    refused(other, 3, "the file is no backup of a home")
    assert not any("--home" in hint for hint in other.hints)


def test_paper_is_private_says_so_and_is_put_back(net: Net) -> None:
    file = net.root / "paper.html"
    done = net.ok("tver", "keys", "paper", "-o", str(file))
    assert "lock the sheet away" in done.err
    assert file.stat().st_mode & 0o777 == 0o600
    refused(net.run("tver", "keys", "paper", "-o", str(file)), 2, "already")
    page = file.read_text()
    rows = re.findall(r'<td class="word">(\w+)</td><td>(.*?)</td>', page)
    text = [f"{word} {re.sub('<[^>]*>', '', value)}" for word, value in rows]
    typed = net.write("typed.txt", "\n".join(["cipherpost/v1 paper", *text]))
    done = net.ok("again", "keys", "restore", str(typed), "--no-passphrase")
    assert "reads now" in done.err
    net.ok("again", "fetch")
    assert "Prepare" in net.ok("again", "read", "center/all/1").out
    assert net.ok("again", "keys", "show", "--json").json == net.ok("tver", "keys", "show", "--json").json


def test_a_file_that_is_none_is_refused(net: Net) -> None:
    words = str(net.write("words", BACKUP_PASSPHRASE))
    for data in (b"", b"dear diary\n", b"cipherpost/v1 paper\nnetwork rkpb\n"):
        file = str(net.write("file", data))
        refused(net.run("again", "keys", "restore", file, "--passphrase-file", words), 3)
    refused(net.run("again", "keys", "restore", str(net.root / "nothing"), "--passphrase-file", words), 1)
    assert not net.home("again").exists()
