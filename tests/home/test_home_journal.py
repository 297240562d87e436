import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.home.journal import AlreadySignedError, Journal, JournalDamagedError

TIME = "2026-11-22T09:00:00Z"
A, B = "a" * 64, "b" * 64


def put(home: Path, number: int, hash: str = A, channel: str = "tver/center") -> bool:
    return Journal(home).record(time=TIME, generation=number, channel=channel, number=number, hash=hash)


def test_i3_one_number_one_header(tmp_path: Path) -> None:
    assert put(tmp_path, 12)
    with pytest.raises(AlreadySignedError, match="another header") as caught:
        put(tmp_path, 12, B)
    assert (caught.value.channel, caught.value.number) == ("tver/center", 12)
    Journal(tmp_path).may_sign("tver/center", 12, A)
    Journal(tmp_path).may_sign("tver/center", 1, B)
    Journal(tmp_path).may_sign("tver/all", 12, B)
    Journal(tmp_path).may_sign("wtver/center", 12, B)
    assert Journal(tmp_path).signed("tver/center") == {12: A}


def test_i3_the_same_header_is_journaled_once(tmp_path: Path) -> None:
    assert put(tmp_path, 12)
    assert not put(tmp_path, 12)
    assert (tmp_path / "journal").read_text() == f"{TIME} 12 tver/center 12 {A}\n"


def test_i3_the_line_is_on_the_disk_before_the_caller_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bytes] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        if (tmp_path / "journal").exists():
            flushed.append((tmp_path / "journal").read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    put(tmp_path, 1)
    assert flushed
    assert flushed[0].endswith(f" tver/center 1 {A}\n".encode())


def test_i3_a_kill_at_any_step_journals_the_line_or_not(tmp_path: Path) -> None:
    put(tmp_path, 1)
    for _ in every_kill(lambda: put(tmp_path, 2, B)):
        assert Journal(tmp_path).signed("tver/center") in ({1: A}, {1: A, 2: B})
    assert Journal(tmp_path).signed("tver/center") == {1: A, 2: B}


@pytest.mark.parametrize("torn", range(1, 12))
def test_i3_a_torn_last_line_is_tolerated_and_repaired(tmp_path: Path, torn: int) -> None:
    put(tmp_path, 1)
    whole = (tmp_path / "journal").read_bytes()
    put(tmp_path, 2, B)
    both = (tmp_path / "journal").read_bytes()
    cut = len(whole) + torn * (len(both) - len(whole) - 1) // 11
    (tmp_path / "journal").write_bytes(both[:cut])
    assert Journal(tmp_path).signed("tver/center") == {1: A}
    put(tmp_path, 3)
    assert Journal(tmp_path).signed("tver/center") == {1: A, 3: A}
    assert (tmp_path / "journal").read_bytes().startswith(whole + TIME.encode() + b" 3 ")


@pytest.mark.parametrize("tail", [b"\0" * 80, b"\0" * 40 + b"a" * 20 + b"\n"])
def test_i3_zeros_that_a_lost_power_leaves_are_a_torn_line(tmp_path: Path, tail: bytes) -> None:
    put(tmp_path, 1)
    with (tmp_path / "journal").open("ab") as file:
        file.write(tail)
    put(tmp_path, 2)
    assert Journal(tmp_path).signed("tver/center") == {1: A, 2: A}


def test_i3_damage_before_the_last_line_stops_signing(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put(tmp_path, number)
    data = (tmp_path / "journal").read_bytes()
    (tmp_path / "journal").write_bytes(data.replace(b"center 2 ", b"center\t2 "))
    with pytest.raises(JournalDamagedError, match="line 2"):
        put(tmp_path, 4)
    (tmp_path / "journal").write_bytes(data.replace(b"center 3 ", b"center\t3 "))
    with pytest.raises(JournalDamagedError, match="line 3"):
        put(tmp_path, 4)


def test_i3_an_open_journal_notices_what_another_command_wrote(tmp_path: Path) -> None:
    early = Journal(tmp_path)
    assert early.signed("tver/center") == {}
    put(tmp_path, 1)
    with pytest.raises(AlreadySignedError):
        early.may_sign("tver/center", 1, B)


def test_a_line_that_would_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a line"):
        Journal(tmp_path).record(time=TIME, generation=1, channel="a/b 1", number=1, hash=A)
    assert not (tmp_path / "journal").exists()


def test_i3_a_killed_process_leaves_whole_lines(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cipherpost.home.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(1, 99999):\n"
        f"    journal.record(time={TIME!r}, generation=number, channel='tver/center', number=number, hash={A!r})\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) as process:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not (
            (tmp_path / "journal").exists() and (tmp_path / "journal").stat().st_size > 2000
        ):
            time.sleep(0.01)
        process.kill()
    signed = Journal(tmp_path).signed("tver/center")
    assert sorted(signed) == list(range(1, len(signed) + 1))
    assert len(signed) > 10
    put(tmp_path, 99_999)
