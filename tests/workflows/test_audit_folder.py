"""A folder of evidence: it agrees with itself, anybody makes the same, and it is there whole or not at all."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from auditkit import NOW, Board, found
from chain.chainkit import NETWORK
from second_verifier import COMPARED
from simulator import HostilePost

from cipherpost import limits
from cipherpost.chain import proofs
from cipherpost.chain.findings import CODES
from cipherpost.dispatch.header import Ack
from cipherpost.pages.audit import audit_page
from cipherpost.postoffice import PostOffice, names
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.postoffice.errors import UnreadableObjectError
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time, sha256
from cipherpost.workflows import audit_folder, auditing, bundling, shipped
from cipherpost.workflows.audit_report import Report

ROOT = Path(__file__).parents[2]
BUNDLE = f"{NETWORK}.bundle"
LATER = "2026-11-22T09:30:00Z"
ALWAYS = {"README.txt", "SHA256SUMS", "audit.html", "audit.json", "audit.txt", BUNDLE, "mini_verify.py", "repeat.txt"}


def render(report: Report) -> dict[str, str]:
    return {
        "audit.html": audit_page(report),
        "audit.txt": "".join(f"{line}\n" for line in report.lines()),
        "audit.json": json.dumps(report.as_json()),
    }


def write(board: Board, folder: Path, *, post: PostOffice | None = None, **given: object) -> audit_folder.Evidence:
    return audit_folder.write(board.subject(post=post), folder, render=render, **given)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def forked(board: Board) -> Board:
    """tver signed its third dispatch twice; the center saw the second side and laid it down under evidence."""
    other = board.net.make("tver/center", board.sent[1], time=LATER)
    board.store.create(names.evidence_name(NETWORK, "center", other.hash), other.note)
    return board


# ---- what is in it ---------------------------------------------------------------------------------------------------


def test_i3_all_that_lies_in_it_agrees(forked: Board, tmp_path: Path) -> None:
    done = write(forked, tmp_path / "e")
    there = files(tmp_path / "e")
    assert set(there) == ALWAYS | {f"proofs/{name}" for name in done.proofs}
    sums = dict(reversed(line.split("  ")) for line in there["SHA256SUMS"].decode().splitlines())
    assert sums == {name: sha256(data) for name, data in there.items() if name != "SHA256SUMS"}
    assert done.sums == sha256(there["SHA256SUMS"])
    again = forked.audit(post=BundlePost(tmp_path / "e" / BUNDLE))
    assert json.loads(there["audit.json"]) == again.as_json() == done.report.as_json()
    assert there["audit.html"].decode() == audit_page(again)
    assert ("fork", "tver/center/3") in found(again)
    assert done.own is done.report or done.own.as_json() == done.report.as_json()


def test_i3_every_fork_that_the_audit_found_is_proved_to_a_stranger(forked: Board, tmp_path: Path) -> None:
    [name] = write(forked, tmp_path / "e").proofs
    proved = proofs.verify((tmp_path / "e" / "proofs" / name).read_bytes(), forked.net.fingerprint)
    assert (proved.what, proved.channel, proved.number) == ("twice", "tver/center", 3)
    assert proved.not_proved in " ".join((tmp_path / "e" / "proofs" / name).read_text(errors="replace").split())


def test_a_side_that_lies_there_damaged_too_is_found_whole(forked: Board, tmp_path: Path) -> None:
    name = forked.name("tver/center", 3)
    note = forked.store.objects[name]
    forked.store.objects[forked.name("tver/center", 3, forked.sent[2].hash)] = note
    forked.store.objects[name] = note[:-20] + b"AAAA" + note[-16:]
    assert len(write(forked, tmp_path / "e").proofs) == 1


def test_the_second_verifier_in_it_agrees(forked: Board, tmp_path: Path) -> None:
    done = write(forked, tmp_path / "e")
    folder = tmp_path / "e"
    readme = (folder / "README.txt").read_text()
    typed = re.search(r"python3 (mini_verify\.py .*)", readme)
    assert typed
    words = typed[1].replace("FINGERPRINT", forked.net.fingerprint).split()
    ran = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    told = {tuple(line.split()[:3]) for line in ran.stdout.splitlines()}
    assert ("fork", "tver/center", "3") in told
    shown = {(code, *place.rsplit("/", 1)) for code, place in found(done.report) if code in COMPARED}
    assert shown == {each for each in told if each[0] in COMPARED}
    assert done.report.spoken in ran.stdout
    assert " ".join(str(done.report.spoken).split()) in " ".join(readme.split())
    assert ran.returncode == done.report.exit_code(strict=False, everything=False) == 7


def test_the_page_for_the_court_tells_which_codes_only_one_verifier_knows(board: Board, tmp_path: Path) -> None:
    write(board, tmp_path / "e")
    readme = (tmp_path / "e" / "README.txt").read_text()
    assert all(len(line) <= 80 for line in readme.splitlines())
    told = re.search(r"it knows not these: (.*?)\.", " ".join(readme.split()))
    assert told
    assert set(told[1].split(", ")) == set(CODES) - COMPARED
    assert board.net.fingerprint in readme
    for name in ALWAYS:
        assert name in readme, name


def test_the_command_that_repeats_it_gives_the_same(forked: Board, tmp_path: Path) -> None:
    write(forked, tmp_path / "e", as_of=parse_time(NOW))
    repeat = (tmp_path / "e" / "repeat.txt").read_text()
    assert f"--as-of {NOW}" in repeat
    assert f"--bundle {BUNDLE} --fingerprint {forked.net.fingerprint}" in repeat
    inside = auditing.Subject(
        post=BundlePost(tmp_path / "e" / BUNDLE), network=NETWORK, fingerprint=forked.net.fingerprint
    )
    audit_folder.write(inside, tmp_path / "again", render=render, as_of=parse_time(NOW))
    assert files(tmp_path / "again") == files(tmp_path / "e")


def test_i5_sealed_files_go_in_only_when_asked_for(board: Board, tmp_path: Path) -> None:
    sealed = names.sealed_name(NETWORK, "center", "ab" * 32)
    board.store.put(sealed, b"sealed")
    write(board, tmp_path / "e")
    write(board, tmp_path / "s", sealed=True)
    assert sealed not in BundlePost(tmp_path / "e" / BUNDLE).names("")
    assert sealed in BundlePost(tmp_path / "s" / BUNDLE).names("")
    assert "sealed files, as they were posted" not in (tmp_path / "e" / "README.txt").read_text()
    assert "sealed files, as they were posted" in (tmp_path / "s" / "README.txt").read_text()
    assert "--sealed" in (tmp_path / "s" / "repeat.txt").read_text()


# ---- the same for everybody ------------------------------------------------------------------------------------------


def test_two_auditors_with_the_same_notes_make_equal_folders(forked: Board, tmp_path: Path) -> None:
    one = write(forked, tmp_path / "one")
    copied = MemoryPost()
    copied.objects = dict(reversed(forked.store.objects.items()))
    post = HostilePost(copied)
    post.knobs.unsorted = True
    two = write(forked, tmp_path / "two", post=post)
    assert one.sums == two.sums
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_i5_what_a_home_remembers_or_knows_is_told_and_does_not_go_in(board: Board, tmp_path: Path) -> None:
    plain = write(board, tmp_path / "plain")
    board.net.run("tver/center", 1, board.sent[2])
    remembered = board.net.run("tver/center", 2, board.sent[2])
    home = board.subject(remembered=remembered)
    home = auditing.Subject(
        post=home.post,
        network=home.network,
        fingerprint=home.fingerprint,
        remembered=home.remembered,
        clock=home.clock,
        office="audit",
    )
    done = audit_folder.write(home, tmp_path / "home", render=render)
    assert done.sums == plain.sums
    assert [each.code for each in done.own.findings if each not in done.report.findings] == ["rollback"]
    assert (done.left_out, done.known) == (1, 0)


def test_what_the_post_office_does_afterwards_changes_nothing(forked: Board, tmp_path: Path) -> None:
    class Turning(HostilePost):
        """Hides everything once it was read from end to end."""

        def close(self) -> None:
            super().close()
            self.withhold(f"{NETWORK}/tver/*")

    assert write(forked, tmp_path / "turned", post=Turning(forked.store)).sums == write(forked, tmp_path / "e").sums


def test_v8_what_no_list_names_but_an_ack_does_is_in_the_bundle_too(board: Board, tmp_path: Path) -> None:
    other = board.net.make("tver/center", board.sent[1], time=LATER)
    ack = Ack("tver/center", 3, other.hash, "seen")
    board.post(board.net.make("center/tver", board.receipt, by="stasova", kind="receipt", acks=(ack,)))
    name = names.evidence_name(NETWORK, "center", other.hash)
    board.store.create(name, other.note)
    post = HostilePost(board.store)
    post.knobs.unlisted.append(name)
    done = write(board, tmp_path / "e", post=post)
    assert name in BundlePost(tmp_path / "e" / BUNDLE).names("")
    assert len(done.proofs) == 1


# ---- whole, or not at all --------------------------------------------------------------------------------------------


def test_nothing_of_anybody_is_written_over(board: Board, tmp_path: Path) -> None:
    folder = tmp_path / "e"
    folder.mkdir()
    write(board, folder)  # an empty one is as good as none
    with pytest.raises(audit_folder.EvidencePlaceError) as earlier:
        write(board, folder)
    assert any("--force" in hint for hint in earlier.value.hints)
    first = files(folder)
    board.post(*board.net.run("tver/center", 1, board.sent[2]))
    write(board, folder, force=True)
    assert files(folder) != first
    (folder / "mine.txt").write_text("mine")
    for taken in (folder, folder / "mine.txt"):
        with pytest.raises(audit_folder.EvidencePlaceError) as refused:
            write(board, taken, force=True)
        assert not any("--force" in hint for hint in refused.value.hints)
    assert (folder / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("at", ["bundle", "audit", "page", "sums", "name"])
def test_i4_where_it_fails_on_the_way_nothing_is_there(board, tmp_path, monkeypatch, at) -> None:
    write(board, tmp_path / "e")
    first = files(tmp_path / "e")
    post = HostilePost(board.store)
    given = {"force": True, "render": render}

    def fail(*_args: object, **_given: object) -> None:
        raise KeyboardInterrupt

    if at == "bundle":
        monkeypatch.setattr(bundling, "make", fail)
    elif at == "audit":
        monkeypatch.setattr(auditing, "audit", fail)
    elif at == "page":
        given["render"] = fail
    elif at == "sums":
        monkeypatch.setattr(audit_folder, "sha256", fail)
    else:
        monkeypatch.setattr(audit_folder, "_give_name", fail)
    for folder in ("e", "new"):
        with pytest.raises(KeyboardInterrupt):
            audit_folder.write(board.subject(post=post), tmp_path / folder, **given)
    assert files(tmp_path / "e") == first
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_i4_what_a_kill_leaves_has_no_sums_and_another_name(board, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_given: None)  # as if nobody could tidy up

    def killed(report: Report) -> dict[str, str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit_folder.write(board.subject(), tmp_path / "e", render=killed)
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".new-")
    assert not (left / "SHA256SUMS").exists()


def test_where_something_cannot_be_read_there_is_no_folder(board: Board, tmp_path: Path) -> None:
    post = HostilePost(board.store)
    post.fail("stream", board.name("tver/center", 2), error=lambda: UnreadableObjectError("the disk is worn"))
    with pytest.raises(bundling.BundleIncompleteError):
        write(board, tmp_path / "e", post=post)
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_for_its_place_is_named(board: Board, tmp_path: Path) -> None:
    board.store.objects[board.name("tver/center", 4)] = b"x" * (limits.HEADER_BYTES + 1)
    write(board, tmp_path / "e")
    assert "tver/center/00000004.note: too large" in " ".join((tmp_path / "e" / "README.txt").read_text().split())


# ---- the second verifier comes along ---------------------------------------------------------------------------------


def test_the_second_verifier_is_shipped_with_the_package_and_found_in_both_places(tmp_path, monkeypatch) -> None:
    script = (ROOT / "scripts" / "mini_verify.py").read_text("utf-8")
    assert shipped.shipped("scripts", "mini_verify.py") == script
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = config["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["scripts/mini_verify.py"] == "cipherpost/scripts/mini_verify.py"
    inside = tmp_path / "cipherpost" / "scripts"
    inside.mkdir(parents=True)
    (inside / "mini_verify.py").write_text("installed")
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path / "cipherpost")
    assert shipped.shipped("scripts", "mini_verify.py") == "installed"
    with pytest.raises(OSError, match="mini"):
        shipped.shipped("scripts", "mini_other.py")
