"""``audit --evidence``: what a user gets from a home, a post office and a bundle, and how a court checks it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cliharness import Net, check_words, refused

from cipherpost.postoffice.bundle import BundlePost
from cipherpost.text import sha256

TVER = "tver/center"
AS_OF = ("--as-of", "2024-03-05")


@pytest.fixture
def forked(net: Net) -> Net:
    """tver's key signed number 2 of its channel to the center twice; the center's clerk laid the second down."""
    second = net.next_text("tver", TVER, "check")
    net.write("report.md", "# All is well\n")
    net.ok("tver", "send", str(net.root / "report.md"), "--to", "center")
    evidence = net.post / "rkpb" / "center" / "evidence" / f"{sha256(second)}.note"
    evidence.parent.mkdir(parents=True, exist_ok=True)
    evidence.write_bytes(net.sign("tver", second))
    return net


def fingerprint(net: Net) -> str:
    return str(net.ok("center", "roster", "--json").json["fingerprint"])


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_a_home_a_post_office_and_a_bundle_the_folders_are_equal(forked: Net) -> None:
    known = fingerprint(forked)
    home, post, bundled = (forked.root / name for name in ("home", "outside", "bundled"))
    done = forked.run("audit", "audit", "--evidence", str(home), *AS_OF)
    assert done.code == 7
    assert done.lines[0].startswith("ALARM: ")
    assert len(done.lines) == 1
    assert f"forks proved: 1 file in {home}/proofs" in done.err
    assert f"SHA-256 of SHA256SUMS: {sha256((home / 'SHA256SUMS').read_bytes())}" in done.err
    check_words(done)
    outside = ("--fingerprint", known, *AS_OF)
    assert forked.run(None, "audit", "--evidence", str(post), "--post", str(forked.post), *outside).code == 7
    file = home / "rkpb.bundle"
    assert forked.run(None, "audit", "--evidence", str(bundled), "--bundle", str(file), *outside).code == 7
    assert files(home) == files(post) == files(bundled)


def test_i3_a_court_checks_it_with_tools_of_its_own(forked: Net) -> None:
    known, folder = fingerprint(forked), forked.root / "evidence"
    forked.run("audit", "audit", "--evidence", str(folder), *AS_OF)
    if shutil.which("sha256sum"):
        summed = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
        assert summed.returncode == 0, summed.stdout
    ran = subprocess.run(
        [sys.executable, "mini_verify.py", "rkpb.bundle", known, "--as-of", "2024-03-05T00:00:00Z"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"fork {TVER} 2" in ran.stdout
    told = json.loads((folder / "audit.json").read_text("utf-8"))
    assert told.pop("version") == 1
    shown = forked.run(None, "audit", "--bundle", str(folder / "rkpb.bundle"), "--fingerprint", known, *AS_OF, "--json")
    assert shown.json == told
    assert (folder / "audit.txt").read_text("utf-8").split("\n")[0].startswith("ALARM: ")
    (proof,) = (folder / "proofs").iterdir()
    proved = forked.ok(None, "verify", str(proof), "--fingerprint", known, "--json").json
    assert (proved["proof"], proved["channel"], proved["number"]) == ("twice", TVER, 2)


def test_the_audit_of_a_fork_says_how_it_is_proved(forked: Net) -> None:
    done = forked.run("audit", "audit", *AS_OF)
    assert "To prove it to others: cipherpost audit --evidence DIR" in " ".join(done.out.split())


def test_i5_no_plaintext_and_no_key_goes_in(forked: Net) -> None:
    folder = forked.root / "evidence"
    done = forked.run("audit", "audit", "--evidence", str(folder), "--sealed", *AS_OF, "--json")
    assert done.json["network"] == "rkpb"
    for name, data in files(folder).items():
        assert b"All is well" not in data.replace(b"ALL IS WELL", b""), name
        assert b"AGE-SECRET-KEY" not in data, name
    assert any("/sealed/" in name for name in BundlePost(folder / "rkpb.bundle").names(""))


def test_i10_what_makes_no_sense_is_refused_and_nothing_written_over(net: Net) -> None:
    folder = net.root / "evidence"
    net.ok("audit", "audit", "--evidence", str(folder), *AS_OF)
    earlier = net.run("audit", "audit", "--evidence", str(folder))
    assert "an earlier folder of evidence" in refused(earlier, 1)
    assert "add --force" in earlier.hints
    net.ok("audit", "audit", "--evidence", str(folder), "--force", *AS_OF)
    (folder / "mine").write_text("mine")
    message = refused(net.run("audit", "audit", "--evidence", str(folder), "--force"), 1)
    assert "something in this place" in message
    for more in (("--sign",), ("--html", str(net.root / "page.html"))):
        refused(net.run("audit", "audit", "--evidence", str(net.root / "other"), *more), 2)
    refused(net.run(None, "audit", "--evidence", str(net.root / "other")), 2)
    assert not (net.root / "other").exists()


def test_strict_counts_as_in_any_audit(net: Net) -> None:
    folder = net.root / "evidence"
    (net.post / "rkpb/center/all/00000001.note").unlink()
    plain = net.run("audit", "audit", *AS_OF)
    done = net.run("audit", "audit", "--evidence", str(folder), *AS_OF)
    assert done.code == plain.code == 3
    assert done.lines[0] == plain.lines[0]
    assert "with what this home remembers; not in the folder" in done.err
    codes = {each["code"] for each in json.loads((folder / "audit.json").read_text("utf-8"))["findings"]}
    assert "gap" in codes
    assert "rollback" not in codes
