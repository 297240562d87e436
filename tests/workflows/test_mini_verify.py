"""The second verifier as a script of its own: its size, what it imports, its output, and stories that both judge."""

import ast
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from second_verifier import SCRIPT, agree, agree_on, load
from workflowkit import NETWORK, Net

from cipherpost.postoffice import names
from cipherpost.text import format_time, spoken
from cipherpost.workflows import auditing, bundling


def test_it_imports_nothing_but_pynacl_and_the_standard_library() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"nacl"}


def run(path: Path, fingerprint: str, as_of: datetime) -> tuple[int, list[str]]:
    words = [sys.executable, "-I", str(SCRIPT), str(path), fingerprint, "--as-of", format_time(as_of)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60, encoding="utf-8")
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def bundled(net: Net, path: Path) -> Path:
    subject = auditing.Subject(post=net.store, network=NETWORK, fingerprint=net.fingerprint)
    bundling.make(subject, path, force=True)
    return path


def report(net: Net) -> auditing.Report:
    subject = auditing.Subject(post=net.store, network=NETWORK, fingerprint=net.fingerprint, clock=net.clock)
    return auditing.audit(subject)


def test_run_by_itself_it_prints_what_an_audit_says(net: Net, tmp_path: Path) -> None:
    net.send("center/stasova", "Send your figures.\n", "all")
    net.everybody_fetches()
    code, lines = run(bundled(net, tmp_path / "b"), net.fingerprint, net.now)
    told = report(net).as_json()
    assert code == 0
    assert lines[:-1] == [f"head {each['channel']} {each['number']} {each['hash']}" for each in told["channels"]]
    assert lines[-1].partition(" ")[2] == report(net).spoken == spoken(lines[-1][:64])
    net.store.objects[names.note_name(NETWORK, "center/all", 1)] = b"junk\n"
    code, lines = run(bundled(net, tmp_path / "b"), net.fingerprint, net.now)
    assert code == report(net).exit_code(strict=False, everything=False) == 3
    assert "malformed center/all 1" in lines


def test_both_verifiers_agree_on_a_whole_network_and_on_every_note_lost_or_altered(net: Net) -> None:
    net.send("center/stasova", "Send your figures.\n", "all")
    net.send("tver/ivanov", "We have none.\n", "center")
    net.everybody_fetches()
    net.everybody_fetches()
    agree(net.store, NETWORK, net.fingerprint, net.now)
    objects = net.objects()
    for name in [each for each in objects if each.endswith(".note")][::3]:
        agree_on({other: data for other, data in objects.items() if other != name}, NETWORK, net.fingerprint, net.now)
        broken = objects[name].replace(b"number ", b"number 1", 1)
        agree_on({**objects, name: broken}, NETWORK, net.fingerprint, net.now)


@pytest.mark.parametrize("cut", [1, 512, 1024])
def test_a_bundle_that_was_cut_short_is_refused(net: Net, tmp_path: Path, cut: int) -> None:
    data = bundled(net, tmp_path / "b").read_bytes()
    with pytest.raises(load().Refused):
        load().verify(data[:-cut], net.fingerprint, format_time(net.now))
