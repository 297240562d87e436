"""Several processes at once, and processes killed at any instant."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost

HERE = Path(__file__).parent
SEALED = names.sealed_name("rkpb", "tver", "ab" * 32)
BODY = 50_000

WRITER = """
import sys
from conftest_postoffice import NoLinksAnchored, NoLinksPath
from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost
root, kind, who, count = sys.argv[1:]
folder = {"links": None, "no-links": NoLinksAnchored}[kind]
post = DirectoryPost(root, folder=folder, patience=1)
print("ready", flush=True)
sys.stdin.readline()
for number in range(1, int(count) + 1):
    if number % 10 == 5:
        post.put(names.sealed_name("rkpb", "tver", "ab" * 32), who.encode() * 50_000)
    name = names.note_name("rkpb", "center/all", number)
    print(number, post.create(name, who.encode() * 50_000), flush=True)
"""


def start(root: Path, kind: str, who: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), kind, who, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="folders held by descriptors")
@pytest.mark.parametrize("kind", ["links", "no-links"])
def test_of_several_processes_exactly_one_creates(tmp_path: Path, kind: str) -> None:
    count = 25
    writers = {who: start(tmp_path, kind, who, count) for who in "abc"}
    for process in writers.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in writers.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {who: process.communicate(timeout=60)[0].splitlines() for who, process in writers.items()}
    post = DirectoryPost(tmp_path)
    for number in range(1, count + 1):
        creators = [who for who, lines in told.items() if f"{number} True" in lines]
        assert len(creators) == 1
        assert post.get(names.note_name("rkpb", "center/all", number), BODY) == creators[0].encode() * BODY
    assert post.get(SEALED, BODY) in {who.encode() * BODY for who in "abc"}
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="folders held by descriptors")
@pytest.mark.parametrize("kind", ["links", "no-links"])
def test_i4_a_kill_leaves_the_old_state_or_the_new_one(tmp_path: Path, kind: str) -> None:
    told: dict[int, str] = {}
    for turn, who in enumerate("abcdef"):
        process = start(tmp_path, kind, who, 10_000)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        created = 0
        while created < 4 + turn:
            number, answer = process.stdout.readline().split()
            if answer == "True":
                told[int(number)] = who
                created += 1
        process.kill()  # wherever it is by now
        rest = process.communicate(timeout=60)[0]
        for line in rest.splitlines():
            if line.endswith(" True"):
                told[int(line.split()[0])] = who
        post = DirectoryPost(tmp_path)
        there = list(post.names("rkpb/center/"))
        assert set(there) >= {names.note_name("rkpb", "center/all", number) for number in told}
        whole = {letter.encode() * BODY for letter in "abcdef"[: turn + 1]}
        for name in there:
            data = post.get(name, BODY)
            assert data in whole
            found = names.parse_object_name(name)
            assert isinstance(found, names.Slot)
            assert told.get(found.number, data[:1].decode()).encode() == data[:1]
        assert post.size(SEALED) is None or post.get(SEALED, BODY) in whole
        assert dict(post.skipped) == {}
    assert len(told) >= 4


REAL_DISK = """
import subprocess
import sys
from pathlib import Path
from cipherpost.postoffice import ReadOnlyError, StoreFullError, names, prove
from cipherpost.postoffice.directory import DirectoryPost
post = DirectoryPost(sys.argv[1])
prove(post, "rkpb")
sealed = names.sealed_name("rkpb", "tver", "ab" * 32)
post.put(sealed, b"old")
post.create(names.note_name("rkpb", "center/all", 1), b"one")
before = list(post.names(""))
for call in (lambda: post.put(sealed, bytes(10**6)), lambda: fill(post)):
    try:
        call()
    except StoreFullError:
        print("full")
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
try:
    post.put(sealed, b"new")
except ReadOnlyError:
    print("read-only")
assert post.get(sealed, 10) == b"old"
assert set(post.names("")) >= set(before)
assert not [path for path in Path(sys.argv[1]).rglob(".*") if path.is_file()]
print("unchanged")
"""
FILL = """
def fill(post):
    for number in range(2, 1000):
        post.create(names.note_name("rkpb", "center/all", number), bytes(60_000))
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="a disk of our own is made with Linux namespaces")
def test_i4_a_real_disk_full_or_read_only_keeps_what_it_had(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=256k tmpfs '{tmp_path}'"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("we may not mount here")
    done = subprocess.run(
        [
            "unshare",
            "-m",
            "sh",
            "-c",
            f'{mount} && exec "$@"',
            "sh",
            sys.executable,
            "-c",
            FILL + REAL_DISK,
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["full", "full", "read-only", "unchanged"], "")
