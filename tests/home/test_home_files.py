import errno
import os
import stat
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.home import files
from cipherpost.home.files import AlreadyThereError, DiskError, NewFile, make_folder, sweep, write_file


def test_i4_replacing_leaves_the_old_or_the_new_file_at_any_kill(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    deaths = 0
    for _ in every_kill(lambda: write_file(path, b"new bytes")):
        deaths += 1
        assert path.read_bytes() in {b"old", b"new bytes"}
        sweep(tmp_path)
        assert [found.name for found in tmp_path.iterdir()] == ["file"]
    assert deaths >= 4
    assert path.read_bytes() == b"new bytes"


def test_i4_a_new_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def act() -> None:
        path.unlink(missing_ok=True)
        write_file(path, b"whole", replace=False)

    for _ in every_kill(act):
        assert not path.exists() or path.read_bytes() == b"whole"


def test_no_file_ever_takes_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    """Root, who writes to /dev/null by --force, would leave the machine without one."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("/dev/null")
    for path in (pipe, link):
        with pytest.raises(AlreadyThereError, match="a device or a pipe"):
            write_file(path, b"new")
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert {each.name for each in tmp_path.iterdir()} == {"pipe", "link"}


@pytest.mark.parametrize("links", [True, False])
def test_an_older_file_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
    write_file(tmp_path / "file", b"first", replace=False)
    with pytest.raises(AlreadyThereError):
        write_file(tmp_path / "file", b"second", replace=False)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"first")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_files_and_folders_are_the_officers_own(tmp_path: Path) -> None:
    make_folder(tmp_path / "folder")
    write_file(tmp_path / "folder" / "file", b"")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "folder" / "file").stat().st_mode) == 0o600


def test_a_sink_counts_and_hashes_what_it_was_given(tmp_path: Path) -> None:
    with NewFile(tmp_path / "file", hashed=True) as sink:
        sink.write(b"ab")
        sink.write(memoryview(b"c"))
    assert (sink.size, sink.hash) == (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_an_error_of_the_block_leaves_nothing(tmp_path: Path) -> None:
    def act() -> None:
        with NewFile(tmp_path / "file") as sink:
            sink.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert list(tmp_path.iterdir()) == []


def test_i4_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path / "file", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DiskError) as caught:
        write_file(tmp_path / "file", b"new")
    assert "full" in str(caught.value)
    assert caught.value.exit_code == 1
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]
