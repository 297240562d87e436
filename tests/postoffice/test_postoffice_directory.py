"""What only a directory can do wrong: links, junk, full disks, file systems without hard links, crashes."""

import errno
import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest_postoffice import FullFolder, NoLinksPath, failing

from cipherpost import limits
from cipherpost.errors import UnableError
from cipherpost.postoffice import (
    ForeignObjectError,
    NoSuchObjectError,
    OccupiedError,
    ReadOnlyError,
    StoreFullError,
    UnfitStoreError,
    UnreachableError,
    claims,
    create_post_office,
    directory,
    folders,
    names,
    prove,
)
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.folders import CAN_ANCHOR, AnchoredFolder, PathFolder

HASH = "ab" * 32
NOTE = names.note_name("rkpb", "center/all", 1)
NEXT = names.note_name("rkpb", "center/all", 2)
SEALED = names.sealed_name("rkpb", "tver", HASH)
Opened = Callable[[], DirectoryPost]


def inside(post: DirectoryPost, name: str) -> Path:
    return Path(post.url, name)


def fail(code: int) -> None:
    raise OSError(code, os.strerror(code))


def error_of(call: Callable[[], object]) -> UnableError | None:
    try:
        call()
    except UnableError as error:
        return error
    return None


def open_files() -> int:
    gc.collect()
    return sum(1 for _ in Path("/dev/fd").iterdir())


def debris(post: DirectoryPost) -> list[Path]:
    return [path for path in Path(post.url).rglob(".*") if path.is_file()]


# ---- links ---------------------------------------------------------------------------------------------------------


def test_a_link_is_not_read_whatever_it_leads_to(opened: Opened, tmp_path: Path) -> None:
    post = opened()
    post.create(NOTE, b"one")
    secret = tmp_path / "secret"
    secret.write_bytes(b"of the user")
    for target in (secret, inside(post, NOTE), tmp_path / "nowhere", "/dev/zero", inside(post, NEXT)):
        inside(post, NEXT).symlink_to(target)
        with pytest.raises(ForeignObjectError) as caught:
            post.get(NEXT, 100)
        assert "of the user" not in str(caught.value)
        with pytest.raises(NoSuchObjectError), post.stream(NEXT):
            pass
        assert post.size(NEXT) is None
        assert list(post.names("")) == [NOTE]
        assert NEXT in post.skipped
        assert not post.create(NEXT, b"two")  # the name is taken: the note goes to its alternate name
        inside(post, NEXT).unlink()
    assert secret.read_bytes() == b"of the user"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_linked_folder_is_not_entered(opened: Opened, tmp_path: Path, depth: int) -> None:
    post, elsewhere = opened(), tmp_path / "elsewhere"
    parts = NOTE.split("/")
    target = elsewhere.joinpath(*parts[depth + 1 : -1])
    target.mkdir(parents=True)
    (target / parts[-1]).write_bytes(b"from elsewhere")
    at = Path(post.url).joinpath(*parts[:depth])
    at.mkdir(parents=True, exist_ok=True)
    (at / parts[depth]).symlink_to(elsewhere)
    with pytest.raises(ForeignObjectError):
        post.get(NOTE, 100)
    assert post.size(NOTE) is None
    assert list(post.names("")) == list(post.names("rkpb/center/all/")) == []
    assert len(post.skipped) > 0
    with pytest.raises(OccupiedError):
        post.create(NEXT, b"two")
    assert not list(elsewhere.rglob("*2.note*"))
    assert not debris(post)


def test_a_folder_swapped_for_a_link_after_it_was_read_is_not_entered(opened: Opened, tmp_path: Path) -> None:
    post = opened()
    post.create(NOTE, b"one")
    assert post.get(NOTE, 10) == b"one"
    folder = inside(post, NOTE).parent
    folder.rename(tmp_path / "aside")
    (tmp_path / "aside" / "00000002.note").write_bytes(b"from elsewhere")
    folder.symlink_to(tmp_path / "aside-2")
    (tmp_path / "aside-2").mkdir()
    (tmp_path / "aside-2" / "00000001.note").write_bytes(b"from elsewhere")
    for name in (NOTE, NEXT):
        with pytest.raises(ForeignObjectError):
            post.get(name, 100)


def test_a_folder_put_in_the_place_of_another_is_seen(opened: Opened) -> None:
    post = opened()
    post.create(NOTE, b"one")
    assert post.get(NOTE, 10) == b"one"
    folder = inside(post, NOTE).parent
    folder.rename(folder.with_name("aside"))
    assert post.size(NOTE) is None
    folder.mkdir()
    (folder / "00000001.note").write_bytes(b"restored")
    assert post.get(NOTE, 10) == b"restored"


def test_put_replaces_a_link_not_what_it_leads_to(opened: Opened, tmp_path: Path) -> None:
    post, secret = opened(), tmp_path / "secret"
    secret.write_bytes(b"of the user")
    inside(post, SEALED).parent.mkdir(parents=True)
    inside(post, SEALED).symlink_to(secret)
    post.put(SEALED, b"sealed")
    assert post.get(SEALED, 10) == b"sealed"
    assert secret.read_bytes() == b"of the user"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "post").symlink_to(tmp_path / "real")
    post = DirectoryPost(tmp_path / "post")
    assert post.create(NOTE, b"one")
    assert post.get(NOTE, 10) == b"one"


# ---- junk ----------------------------------------------------------------------------------------------------------


def test_i7_junk_is_passed_over_and_named(opened: Opened) -> None:
    post = opened()
    post.create(NOTE, b"one")
    root, folder = Path(post.url), inside(post, NOTE).parent
    (root / ".DS_Store").write_bytes(b"")
    (root / "System Volume Information").mkdir()
    (root / "rkpb" / "readme.txt").write_bytes(b"")
    (root / "rkpb" / "Center").mkdir()
    (folder / "00000002.note.tmp").write_bytes(b"")
    (folder / "00000003.note").mkdir()
    (folder / "bad\x1b[2J\u202e.note").write_bytes(b"")
    os.close(os.open(os.fsencode(folder) + b"/\xff.note", os.O_CREAT | os.O_WRONLY))
    os.mkfifo(folder / "00000004.note")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)
        try:
            server.bind("00000005.note")
        finally:
            os.chdir(here)
        for number in (3, 4, 5):
            name = names.note_name("rkpb", "center/all", number)
            with pytest.raises(ForeignObjectError):
                post.get(name, 100)
            assert not post.create(name, b"x")
        assert list(post.names("")) == [NOTE]
        assert len(post.skipped) == 10
        assert set(post.skipped) >= {".DS_Store", "rkpb/readme.txt", "rkpb/center/all/00000002.note.tmp"}
        assert all(name.isprintable() for name in post.skipped)


def test_i11_what_is_remembered_of_junk_is_bounded(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SKIPPED", 5)
    post = opened()
    for number in range(9):
        Path(post.url, f"junk {number}").write_bytes(b"")
    assert list(post.names("")) == []
    assert len(post.skipped) == 5


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_i11_a_large_folder_is_listed_in_parts(opened: Opened, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(directory, "_LISTED_AT_ONCE", at_once)
    post = opened()
    made = [
        names.note_name("rkpb", f"{office}/center", number) for office in ("a", "a-b", "b", "c") for number in (1, 2, 3)
    ]
    for name in made:
        inside(post, name).parent.mkdir(parents=True, exist_ok=True)
        inside(post, name).write_bytes(b"x")
    for after in ["", *made, "rkpb/a-b/", "rkpb/a-b/center/00000001"]:
        assert list(post.names("", after)) == [name for name in sorted(made) if name > after]


def test_the_newest_stamp_is_that_of_what_was_answered(opened: Opened) -> None:
    post = opened()
    assert post.stamp is None
    post.create(NOTE, b"one")
    post.create(NEXT, b"two")
    os.utime(inside(post, NOTE), (2_000_000_000, 2_000_000_000))
    os.utime(inside(post, NEXT), (1_000_000_000, 1_000_000_000))
    post = opened()
    post.get(NEXT, 10)
    assert post.stamp is not None
    assert post.stamp.isoformat() == "2001-09-09T01:46:40+00:00"
    post.size(NOTE)
    post.get(NEXT, 10)
    assert post.stamp.isoformat() == "2033-05-18T03:33:20+00:00"


# ---- a store that fails --------------------------------------------------------------------------------------------


def test_a_missing_root_is_never_made(opened: Opened, tmp_path: Path) -> None:
    root = Path(opened().url)
    post = opened()
    post.create(NOTE, b"one")
    post.get(NOTE, 10)
    root.rename(tmp_path / "stick-pulled")
    for call in (
        lambda: post.get(NOTE, 10),
        lambda: post.size(NOTE),
        lambda: list(post.names("")),
        lambda: post.create(NEXT, b"two"),
        lambda: post.put(SEALED, b"x"),
        lambda: prove(post, "rkpb"),
    ):
        with pytest.raises(UnreachableError) as caught:
            call()
        assert str(root) in caught.value.where
        assert caught.value.rule
        assert caught.value.hints
    assert not root.exists()
    root.write_bytes(b"a file")
    with pytest.raises(UnreachableError):
        post.create(NOTE, b"one")
    assert root.read_bytes() == b"a file"


def test_founding_makes_the_folder_but_none_above(tmp_path: Path) -> None:
    post = create_post_office(str(tmp_path / "post"))
    prove(post, "rkpb")
    prove(create_post_office(str(tmp_path / "post")), "rkpb")
    with pytest.raises(UnreachableError):
        create_post_office(str(tmp_path / "a" / "b"))
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, StoreFullError),
        (errno.EDQUOT, StoreFullError),
        (errno.EFBIG, StoreFullError),
        (errno.EROFS, ReadOnlyError),
        (errno.EACCES, ReadOnlyError),
        (errno.EIO, UnreachableError),
        (errno.ESTALE, UnreachableError),
        (errno.EHOSTDOWN, UnreachableError),
    ],
)
@pytest.mark.parametrize("step", ["create", "fsync", "link", "replace", "make", "sync"])
def test_i10_every_failure_of_the_disk_is_explained_and_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, expected: type[UnableError]
) -> None:
    good = DirectoryPost(tmp_path)
    good.put(SEALED, b"old")
    good.create(NOTE, b"one")
    bad = DirectoryPost(tmp_path, folder=failing(step, code))
    if step == "fsync":
        monkeypatch.setattr(folders, "sync_file", lambda _: fail(code))
    refused = [
        caught
        for call in (
            lambda: bad.put(SEALED, b"new" * 1000),
            lambda: bad.create(NEXT, b"two" * 1000),
            lambda: bad.create(names.note_name("rkpb", "omsk/center", 1), b"three"),
        )
        if (caught := error_of(call)) is not None
    ]
    monkeypatch.undo()
    assert {type(error) for error in refused} == ({expected} if (step, code) != ("link", errno.EACCES) else set())
    assert all(str(tmp_path) in error.where and error.hints for error in refused)
    assert good.get(NOTE, 10) == b"one"
    assert good.get(SEALED, 3000) in ({b"old"} if step not in {"link", "make", "sync"} else {b"old", b"new" * 1000})
    if good.size(NEXT) is not None:
        assert good.get(NEXT, 3000) == b"two" * 1000
    assert not debris(good)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_i4_a_full_disk_leaves_the_old_state(tmp_path: Path) -> None:
    good, full = DirectoryPost(tmp_path), DirectoryPost(tmp_path, folder=FullFolder)
    good.put(SEALED, b"old")
    for call in (lambda: full.put(SEALED, b"new"), lambda: full.create(NOTE, b"one")):
        with pytest.raises(StoreFullError):
            call()
    assert good.get(SEALED, 10) == b"old"
    assert list(good.names("")) == [SEALED]
    assert not debris(good)


def test_an_unreadable_file_or_folder_is_explained(tmp_path: Path) -> None:
    DirectoryPost(tmp_path).create(NOTE, b"one")
    with pytest.raises(UnreachableError) as caught:
        DirectoryPost(tmp_path, folder=failing("read", errno.EACCES)).get(NOTE, 10)
    assert "may not be read" in str(caught.value)
    post = DirectoryPost(tmp_path, folder=failing("child", errno.EACCES))
    assert list(post.names("")) == []
    assert dict(post.skipped) == {"rkpb/": "may not be read"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are of Unix")
def test_a_file_too_large_for_the_file_system_leaves_nothing(tmp_path: Path) -> None:
    import resource

    post = DirectoryPost(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreFullError):
            post.put(SEALED, bytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert post.size(SEALED) is None
    assert not debris(post)
    post.put(SEALED, bytes(200_000))


def test_a_source_that_fails_stores_nothing_and_is_not_blamed_on_the_store(opened: Opened) -> None:
    class Source:
        def read(self, size: int, /) -> bytes:
            raise OSError(errno.EIO, "the outbox cannot be read")

    post = opened()
    post.put(SEALED, b"old")
    with pytest.raises(UnableError) as caught:
        post.put(SEALED, Source())
    assert not isinstance(caught.value, UnreachableError)
    assert post.get(SEALED, 10) == b"old"
    assert not debris(post)


def test_a_link_that_worked_but_was_reported_as_taken_counts_as_created(tmp_path: Path) -> None:
    class Repeating(PathFolder):
        __slots__ = ()

        def link(self, old: str, new: str) -> None:
            super().link(old, new)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    assert DirectoryPost(tmp_path, folder=Repeating).create(NOTE, b"one")
    assert DirectoryPost(tmp_path).get(NOTE, 10) == b"one"


def test_init_finds_a_store_that_creates_what_is_there(tmp_path: Path) -> None:
    class Forgetful(DirectoryPost):
        def create(self, name: str, data: bytes) -> bool:
            self.put(name, data)
            return True

    post = Forgetful(tmp_path)
    with pytest.raises(UnfitStoreError):
        prove(post, "rkpb")
    assert list(post.names("")) == []


def test_objects_follow_the_umask_so_that_colleagues_can_read(opened: Opened) -> None:
    before = os.umask(0o027)
    try:
        post = opened()
        post.create(NOTE, b"one")
        post.put(SEALED, b"sealed")
    finally:
        os.umask(before)
    assert {inside(post, name).stat().st_mode & 0o777 for name in (NOTE, SEALED)} == {0o640}


# ---- what crashes leave --------------------------------------------------------------------------------------------


def test_old_temporary_files_are_swept_and_young_ones_left(opened: Opened) -> None:
    post = opened()
    post.create(NOTE, b"one")
    folder = inside(post, NOTE).parent
    old, young, other = (folder / f".{digit * 32}.part" for digit in "abc")
    other = folder / ".precious.part"
    for path in (old, young, other):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * 86_400
    for path in (old, other):
        os.utime(path, (long_ago, long_ago))
    post = opened()
    assert post.create(NEXT, b"two")
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)
    assert list(post.names("")) == [NOTE, NEXT]
    assert set(post.skipped) == {"rkpb/center/all/.precious.part"}


def test_a_claim_left_behind_long_ago_is_taken_over_at_once(tmp_path: Path) -> None:
    post = DirectoryPost(tmp_path, folder=NoLinksPath, patience=3600)
    post.create(NEXT, b"two")
    for number, name in enumerate((NOTE, names.note_name("rkpb", "center/all", 3)), 1):
        for generation in range(1, number + 1):
            claim = tmp_path / "rkpb/center/all" / f".{name.rpartition('/')[2]}.{generation}.claim"
            claim.write_bytes(b"")
            os.utime(claim, (1_000_000_000, 1_000_000_000))
        assert post.create(name, b"one")
        assert not post.create(name, b"other")
        assert post.get(name, 10) == b"one"
    assert not debris(post)


def test_a_young_claim_left_behind_is_waited_for_then_taken_over(tmp_path: Path) -> None:
    post = DirectoryPost(tmp_path, folder=NoLinksPath, patience=0.3)
    post.create(NEXT, b"two")
    (tmp_path / "rkpb/center/all/.00000001.note.1.claim").write_bytes(b"")
    assert post.create(NOTE, b"one")
    assert not debris(post)


def test_who_waits_for_a_claim_sees_what_its_holder_made(tmp_path: Path) -> None:
    post = DirectoryPost(tmp_path, folder=NoLinksPath, patience=3600)
    post.create(NEXT, b"two")
    claim = tmp_path / "rkpb/center/all/.00000001.note.1.claim"
    claim.write_bytes(b"")
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(post.create(NOTE, b"late")))
    waiting.start()
    inside(post, NOTE).write_bytes(b"first")
    claim.unlink()
    waiting.join(20)
    assert answers == [False]
    assert post.get(NOTE, 10) == b"first"


def test_too_many_claims_left_behind_are_an_error_not_a_hang(tmp_path: Path) -> None:
    post = DirectoryPost(tmp_path, folder=NoLinksPath)
    post.create(NEXT, b"two")
    for generation in range(1, 10):
        claim = tmp_path / f"rkpb/center/all/.00000001.note.{generation}.claim"
        claim.write_bytes(b"")
        os.utime(claim, (1_000_000_000, 1_000_000_000))
    with pytest.raises(UnreachableError):
        post.create(NOTE, b"one")
    assert post.size(NOTE) is None


def test_a_holder_taken_for_dead_does_not_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").write_bytes(b"sleeper")
    (tmp_path / "whole").write_bytes(b"other")
    folder, real = PathFolder(str(tmp_path)), claims._claim
    others: list[threading.Timer] = []

    def finish() -> None:
        (tmp_path / "whole").rename(tmp_path / "x")
        (tmp_path / ".x.2.claim").unlink()

    def sleeps_after_claiming(*args: Any) -> int | None:
        held = real(*args)
        if not others:  # while we sleep, another takes over; a little later he renames and tidies up
            (tmp_path / ".x.2.claim").write_bytes(b"")
            others.append(threading.Timer(0.1, finish))
            others[0].start()
        return held

    monkeypatch.setattr(claims, "_claim", sleeps_after_claiming)
    assert not claims.rename_if_absent(folder, "part", "x", patience=3600)
    others[0].join()
    assert (tmp_path / "x").read_bytes() == b"other"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part", "x"]


@pytest.mark.skipif(not CAN_ANCHOR, reason="this system cannot hold a folder by a descriptor")
def test_folders_held_open_are_few_and_given_back(tmp_path: Path) -> None:
    before = open_files()
    post = DirectoryPost(tmp_path, folder=AnchoredFolder)
    for number in range(60):
        name = names.note_name("rkpb", f"office{number}/center", 1)
        post.create(name, b"x")
        post.get(name, 10)
        post.size(name)
        post.put(names.sealed_name("rkpb", f"office{number}", HASH), b"x")
        with pytest.raises(NoSuchObjectError):
            post.get(names.note_name("rkpb", f"office{number}/all", 1), 10)
    assert len(list(post.names(""))) == 120
    assert open_files() <= before + 16
    post.close()
    assert open_files() == before
    post.get(name, 10)
    del post
    assert open_files() == before
