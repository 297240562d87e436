import os
import subprocess
import sys
from pathlib import Path

import pytest

from cipherpost.home.lock import HomeBusyError, writing

HOLD = """
import sys
from pathlib import Path
from cipherpost.home.lock import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(home: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_writer_at_a_time_and_the_other_is_named(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        with pytest.raises(HomeBusyError, match=f"process {other.pid} is changing"), writing(tmp_path):
            pass
        other.communicate("")
    with writing(tmp_path):
        assert (tmp_path / "lock.holder").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "lock.holder").exists()


def test_i4_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    with hold(tmp_path) as other:
        other.kill()
        other.wait()
    (tmp_path / "keys").mkdir()
    for left in (tmp_path / ".new-0123456789abcdef", tmp_path / "keys" / ".new-0123456789abcdef"):
        left.touch()
    with writing(tmp_path):
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["keys", "lock"]
