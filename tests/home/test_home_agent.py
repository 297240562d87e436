import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cipherpost.home import agent
from cipherpost.home.keys import create_keys, open_ring
from cipherpost.home.settings import Settings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the socket's folder is looked at")
SECRET = b"# sealing key\nAGE-SECRET-KEY-PQ-1NOTREALLY\n"
SEAL = "ab" * 32


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    runtime = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder = tmp_path_factory.mktemp("home")
    yield folder
    agent.lock(folder)
    until(lambda: not list(runtime.iterdir()))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_keys_are_held_until_locked(home: Path) -> None:
    assert agent.ask(home, SEAL) is None
    assert agent.seconds_left(home) is None
    agent.unlock(home, SECRET, SEAL, 5)
    assert agent.ask(home, SEAL) == SECRET
    assert agent.ask(home, SEAL) == SECRET
    left = agent.seconds_left(home)
    assert left is not None
    assert 200 < left <= 300
    assert agent.lock(home)
    assert agent.ask(home, SEAL) is None
    assert not agent.lock(home)


def test_keys_changed_since_are_not_handed_out(home: Path) -> None:
    agent.unlock(home, SECRET, SEAL, 5)
    assert agent.ask(home, "cd" * 32) is None
    agent.unlock(home, b"new", "cd" * 32, 5)
    assert agent.ask(home, "cd" * 32) == b"new"


def test_i5_the_identity_is_on_no_disk_and_in_no_argument(home: Path) -> None:
    agent.unlock(home, SECRET, SEAL, 5)
    folder = agent.place(home).key.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert SECRET not in files[0].read_bytes()
    assert (folder.stat().st_mode & 0o777, files[0].stat().st_mode & 0o777) == (0o700, 0o600)
    processes = Path("/proc")
    if processes.is_dir():
        lines = [_read(path) for path in processes.glob("[0-9]*/cmdline")]
        assert not any("AGE-SECRET-KEY-PQ-1NOTREALLY" in line for line in lines)


def test_it_ends_by_itself_and_takes_its_files_along(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(agent.time, "time", lambda: real() - 58)
    agent.unlock(home, SECRET, SEAL, 1)
    folder = agent.place(home).key.parent
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder.parent))
    until(lambda: not folder.exists())
    assert agent.ask(home, SEAL) is None


def test_it_takes_its_files_along_when_the_session_ends(home: Path) -> None:
    agent.unlock(home, SECRET, SEAL, 5)
    where = agent.place(home)
    ends = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if where.address in _read(path)]
    if not ends:
        pytest.skip("the process cannot be found on this system")
    os.kill(int(ends[0].name), signal.SIGTERM)
    until(lambda: not where.key.parent.exists())


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_who_cannot_read_the_key_file_gets_nothing(home: Path) -> None:
    agent.unlock(home, SECRET, SEAL, 5)
    key = agent.place(home).key
    right = key.read_bytes()
    key.write_bytes(b"x" * 32)
    assert agent.ask(home, SEAL) is None
    key.write_bytes(right)
    assert agent.ask(home, SEAL) == SECRET


def test_requests_that_make_no_sense_do_not_end_it(home: Path) -> None:
    agent.unlock(home, SECRET, SEAL, 5)
    assert agent._request(agent.place(home), b"dance") is None
    assert agent._request(agent.place(home), b"") is None
    assert agent.ask(home, SEAL) == SECRET


def test_a_folder_that_others_can_look_into_is_refused(home: Path) -> None:
    folder = agent.place(home).key.parent
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "something").touch()
    with pytest.raises(agent.UnlockError, match="own"):
        agent.unlock(home, SECRET, SEAL, 5)
    (folder / "something").unlink()
    folder.rmdir()


def test_what_a_killed_process_left_is_cleaned_up(home: Path) -> None:
    where = agent.place(home)
    where.key.parent.mkdir(mode=0o700)
    where.key.write_bytes(b"old")
    Path(where.address).touch()
    agent.unlock(home, SECRET, SEAL, 5)
    assert agent.ask(home, SEAL) == SECRET


@pytest.mark.parametrize("minutes", [0, -1, agent.MINUTES + 1])
def test_nobody_unlocks_for_ever(home: Path, minutes: int) -> None:
    with pytest.raises(agent.UnlockTimeError):
        agent.unlock(home, SECRET, SEAL, minutes)


def test_the_command_that_unlocks_ends_and_its_output_with_it(home: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cipherpost.home import agent\n"
        f"agent.unlock(Path(sys.argv[1]), {SECRET!r}, {SEAL!r}, 5)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, timeout=60, check=True, cwd=Path.cwd()
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    assert agent.ask(home, SEAL) == SECRET


def test_a_ring_asks_nobody_while_unlocked(home: Path) -> None:
    made = create_keys(home, "rkpb/tver/ivanov", "correct horse", log_n=4)
    settings = Settings(
        network="rkpb", office="tver", officer="ivanov", post="/srv/post", created="2026-11-22T09:00:00Z"
    )
    agent.unlock(home, made.identity_file(), made.seal_hash(), 5)
    assert open_ring(home, settings).signer.verifier == made.signer.verifier
    made.change_passphrase("another", log_n=4)
    assert open_ring(home, settings, lambda: "another").signer.verifier == made.signer.verifier
