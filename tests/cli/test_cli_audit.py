"""``audit`` and ``verify`` as a user runs them: page, JSON, exit codes."""

import json
import shutil

import pytest
from cliharness import Net, refused

FIELDS = [
    "ok", "program", "network", "fingerprint", "roster", "as_of", "dispatches", "channels", "findings", "not_checked",
]  # fmt: skip


def fingerprint(net: Net) -> str:
    told = net.ok("center", "roster", "--json").json
    assert isinstance(told["fingerprint"], str)
    return told["fingerprint"]


def outside(net: Net, *more: str) -> list[str]:
    return ["audit", "--post", str(net.post), "--fingerprint", fingerprint(net), *more]


def codes(told: dict) -> list[tuple[str, str | None, int | None]]:
    return [(each["code"], each["channel"], each["number"]) for each in told["findings"]]


def flip(path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.chmod(0o600)
    path.write_bytes(data.replace(old, new, 1))


# ---- audit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["audit", "tver", "center"])
def test_a_home_audits_its_own_network(net: Net, home: str) -> None:
    done = net.ok(home, "audit", "--sealed")
    assert done.lines[0] == "ALL IS WELL: every signature, sequence and sealed file verifies."
    assert all(len(line) <= 80 for line in done.lines)
    assert done.err == ""


def test_the_verdict_says_when_the_sealed_files_were_not_looked_at(net: Net) -> None:
    verdict = " ".join(net.ok("audit", "audit").lines[:2])
    assert verdict.startswith("ALL IS WELL: every signature and sequence verifies; sealed files not looked at.")


def test_an_outsider_needs_the_post_office_and_the_fingerprint_alone(net: Net) -> None:
    told = net.ok(None, *outside(net, "--sealed", "--json")).json
    assert list(told) == FIELDS
    assert told["ok"] is True
    assert told["findings"] == []
    assert {"center/roster", "center/all"} <= {each["channel"] for each in told["channels"]}
    spoken = net.ok("center", "roster", "--json").json["spoken"]
    by_voice = net.ok(None, "audit", "--post", str(net.post), "--fingerprint", spoken, "--json").json
    assert by_voice["channels"] == told["channels"]


def test_i8_an_audit_writes_nothing_to_the_post_office(net: Net) -> None:
    before = {path: path.read_bytes() for path in net.post.rglob("*") if path.is_file()}
    net.ok("audit", "audit", "--sealed")
    net.ok(None, *outside(net))
    assert {path: path.read_bytes() for path in net.post.rglob("*") if path.is_file()} == before


def test_i8_the_home_and_the_outsider_get_the_same_heads(net: Net) -> None:
    home = net.ok("audit", "audit")
    stranger = net.ok(None, *outside(net))
    assert home.lines == stranger.lines


def test_without_a_post_office_or_a_home_it_says_what_is_needed(net: Net) -> None:
    refused(net.run(None, "audit", "--fingerprint", fingerprint(net)), 2, "post office")
    refused(net.run(None, "audit", "--post", str(net.post), "--fingerprint", "ab" * 32), 2, "fingerprint")
    refused(net.run(None, "audit", "--post", str(net.root / "none"), "--fingerprint", "ab" * 32), 1)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("audit", "--post", "here"), "cipherpost audit --post here --fingerprint F"),
        (("audit",), "cipherpost audit --post URL --fingerprint F"),
        (("verify", "some.receipt"), "cipherpost verify some.receipt --fingerprint F"),
    ],
)
def test_outside_of_a_home_the_fingerprint_is_asked_for(empty: Net, words: tuple[str, ...], hint: str) -> None:
    done = empty.run(None, *words)
    refused(done, 2, "named by its fingerprint")
    assert done.hints[0] == hint
    refused(empty.run(None, "--home", str(empty.root / "none"), *words), 2, "there is no home here")


def test_one_byte_changed_is_exit_3_and_names_the_place(net: Net) -> None:
    flip(net.note("center/all", 1), b"kind circular", b"kind cirkular")
    done = net.run(None, *outside(net))
    assert done.code == 3
    assert done.lines[0].startswith("ALARM")
    assert "ALARM  malformed  center/all/1" in done.lines
    told = json.loads(net.run(None, *outside(net, "--json")).out)
    assert told["ok"] is False
    assert ("malformed", "center/all", 1) in codes(told)


def test_an_altered_genesis_is_exit_3(net: Net) -> None:
    whole = outside(net)
    flip(net.note("center/roster", 1), b"keepers", b"kaapers")
    refused(net.run(None, *whole), 3, "rkpb")


def test_a_home_misses_what_it_had_verified(net: Net) -> None:
    net.note("center/all", 1).unlink()
    told = json.loads(net.run("audit", "audit", "--json").out)
    assert ("rollback", "center/all", 1) in codes(told)
    assert ("gap", "center/all", 1) in codes(told)
    assert net.run("audit", "audit").code == 3
    assert net.run(None, *outside(net)).code == 6  # the committees acked it


def test_a_copy_of_the_post_office_is_audited_against_the_home(net: Net) -> None:
    copy = net.root / "copy"
    shutil.copytree(net.post, copy)
    assert net.run("audit", "audit", "--post", str(copy)).code == 0
    shutil.rmtree(copy / "rkpb" / "center" / "all")
    assert net.run("audit", "audit", "--post", str(copy)).code == 3


def test_sealed_files_are_looked_at_when_asked_for(net: Net) -> None:
    (sealed,) = net.sealed()
    flip(sealed, sealed.read_bytes()[-9:], b"x" * 9)
    assert net.run("audit", "audit").code == 0
    done = net.run("audit", "audit", "--sealed")
    assert done.code == 3
    assert "ALARM  swapped  center/all/1" in done.lines
    sealed.unlink()
    assert net.run("audit", "audit", "--sealed").code == 6


def test_as_of_a_later_day_the_center_is_stale(net: Net) -> None:
    done = net.run("audit", "audit", "--as-of", "2024-06-01", "--json")
    assert done.code == 5
    told = json.loads(done.out)
    assert told["as_of"] == "2024-06-01T00:00:00Z"
    assert "stale" in [code for code, _, _ in codes(told)]
    again = net.run(None, *outside(net, "--as-of", "2024-06-01", "--json"))
    assert json.loads(again.out) == told


def test_strict_makes_any_finding_an_exit_code(net: Net) -> None:
    early = ("audit", "--as-of", "2024-03-01")
    assert net.run("audit", *early).code == 0  # every dispatch is ahead of that day: notices
    assert net.run("audit", *early, "--strict").code == 3


def test_junk_and_foreign_files_do_not_stop_it(net: Net) -> None:
    folder = net.post / "rkpb" / "tver" / "center"
    (folder / "Thumbs.db").write_bytes(b"x")
    assert net.run("audit", "audit").code == 0
    (folder / "00000077.note").write_bytes(b"")
    done = net.run("audit", "audit", "--full")
    assert done.code == 3
    assert "ALARM  malformed  tver/center/77" in done.lines
    assert any("Thumbs.db" in line for line in done.lines)


def test_names_with_terminal_escapes_are_shown_harmlessly(net: Net) -> None:
    (net.post / "rkpb" / "tver" / "center" / "\x1b[31mred\u202e.note").write_bytes(b"x")
    done = net.ok("audit", "audit")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


# ---- verify ----------------------------------------------------------------------------------------------------------


def test_verify_tells_what_a_note_is(net: Net) -> None:
    done = net.ok(None, "verify", str(net.note("center/all", 1)), "--fingerprint", fingerprint(net))
    assert "center/all/1" in done.out
    assert "stasova" in done.out
    told = net.ok("tver", "verify", str(net.note("center/all", 1)), "--json").json
    assert told["counts"] is True
    assert told["signers"] == ["stasova"]
    assert told["sealed"][0]["hash"] == net.sealed()[0].stem


def test_verify_ends_with_the_class_of_the_failed_check(net: Net) -> None:
    note = net.note("center/all", 1)
    flip(note, b"time 20", b"time 21")
    done = net.run("tver", "verify", str(note), "--json")
    assert done.code == 3
    assert json.loads(done.out)["error"]["class"] == "ForgedError"
    refused(net.run("tver", "verify", str(note)), 3, "center/all/1", "V5")


def test_verify_wants_the_path_of_a_note(net: Net) -> None:
    refused(net.run("tver", "verify", str(net.root / "circular.md")), 2, "note")
    refused(net.run("tver", "verify", str(net.note("center/all", 9))), 1)
    other = ("--fingerprint", "ab" * 32)
    refused(net.run("tver", "verify", str(net.note("center/all", 1)), *other), 3, "another network")
