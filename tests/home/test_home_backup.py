"""A home in one file: what is in it, what is not, and files that are no backups."""

import io
import tarfile
from pathlib import Path

import pytest

from cipherpost.age import Encryptor, ScryptIdentity, ScryptRecipient, decrypt
from cipherpost.home.backup import (
    About,
    BackupDamagedError,
    BackupError,
    NewerBackupError,
    open_backup,
    write_backup,
)
from cipherpost.home.keys import WrongPassphraseError
from cipherpost.tar import TarWriter

ABOUT = About(
    network="rkpb",
    fingerprint="ab" * 32,
    office="tver",
    officer="ivanov",
    home="cd" * 16,
    generation=41,
    made="2026-11-22T09:00:00Z",
)
FILES = {
    "cipherpost.toml": b"format = 1\n",
    "journal": b"line\n",
    "machine.json": b"{}\n",
    "keys/ivanov.seal": b"a key",
    "keys/ivanov.sign": b"another",
    "outbox/20261122T090000000000Z-0011223344556677/plan.json": b"{}\n",
    "tver-ivanov.card": b"card",
}
LEFT_OUT = {
    "lock": b"",
    "lock.holder": b"12",
    "editing/report.txt": b"bread is short",
    "mail/sealed/0a.age": b"sealed",
    "mail.sqlite3-wal": b"log",
    ".new-0011": b"half",
    "keys/.old-0011": b"an old key",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, data in (FILES | LEFT_OUT).items():
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "home"


def written(home: Path, **given: object) -> bytes:
    sink = io.BytesIO()
    write_backup(home, sink, ABOUT, "words", **{"instead": {}, "log_n": 4, **given})  # type: ignore[arg-type]
    return sink.getvalue()


def opened(tmp_path: Path, data: bytes, passphrase: str = "words") -> tuple[About, dict[str, bytes]]:
    file, folder = tmp_path / "file", tmp_path / "unpacked"
    file.write_bytes(data)
    folder.mkdir(exist_ok=True)
    with open_backup(file, passphrase) as backup:
        backup.unpack(folder)
        about = backup.about
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return about, {name: path.read_bytes() for name, path in found.items()}


def archive(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with Encryptor([ScryptRecipient("words", 4)], sink) as sealed:
        tar = TarWriter(sealed)
        for name, data in members:
            tar.add(name, len(data), data)
        tar.close()
    return sink.getvalue()


def test_what_is_kept_comes_back_and_what_is_not_does_not(home: Path, tmp_path: Path) -> None:
    about, found = opened(tmp_path, written(home))
    assert about == ABOUT
    assert found == FILES


def test_copies_of_letters_are_in_it_if_wanted(home: Path, tmp_path: Path) -> None:
    _, found = opened(tmp_path, written(home, letters=True))
    assert found == FILES | {"mail/sealed/0a.age": b"sealed"}


def test_other_bytes_may_stand_for_a_file_or_none(home: Path, tmp_path: Path) -> None:
    _, found = opened(tmp_path, written(home, instead={"keys/ivanov.seal": b"other", "journal": None}))
    assert found["keys/ivanov.seal"] == b"other"
    assert "journal" not in found


def test_i12_stock_tar_reads_what_age_opens(home: Path) -> None:
    plain = decrypt([ScryptIdentity("words")], io.BytesIO(written(home))).read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert tar.getnames() == ["backup.json", *(f"home/{name}" for name in sorted(FILES))]


def test_i5_no_link_is_followed_into_a_backup(home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"elsewhere")
    (home / "keys" / "link.age").symlink_to(secret)
    assert "keys/link.age" not in opened(tmp_path, written(home))[1]


@pytest.mark.parametrize(
    "name", ["home/../escaped", "/etc/x", "home/lock", "home/.hidden", "elsewhere", "home/editing/a", "home/a:b"]
)
def test_a_member_that_no_home_has_is_refused(tmp_path: Path, name: str) -> None:
    import cipherpost.tar

    sink = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cipherpost.tar, "check_name", lambda word: word.encode())
        with Encryptor([ScryptRecipient("words", 4)], sink) as sealed:
            tar = TarWriter(sealed)
            for member in ("backup.json", name):
                data = ABOUT.as_bytes() if member == "backup.json" else b"x"
                tar.add(member, len(data), data)
            tar.close()
    with pytest.raises(BackupError):
        opened(tmp_path, sink.getvalue())
    assert not (tmp_path / "escaped").exists()
    assert list((tmp_path / "unpacked").rglob("*")) == []


def test_other_files_are_refused_as_no_backups(tmp_path: Path) -> None:
    for data in (b"", b"dear diary", archive(("letter.txt", b"x")), archive(("backup.json", b'{"format":1}\n'))):
        with pytest.raises(BackupError):
            opened(tmp_path, data)


def test_a_newer_programs_backup_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(NewerBackupError):
        opened(tmp_path, archive(("backup.json", ABOUT.as_bytes().replace(b'"format":1', b'"format":2'))))


def test_another_passphrase_opens_nothing(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongPassphraseError):
        opened(tmp_path, written(home), "other words")


def test_i1_any_byte_changed_or_cut_off_is_noticed(home: Path, tmp_path: Path) -> None:
    data = written(home)
    for at in (len(data) - 1, len(data) // 2, 300):
        with pytest.raises((BackupDamagedError, BackupError, WrongPassphraseError)):
            opened(tmp_path / "", data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(BackupDamagedError):
        opened(tmp_path, data[:-1])
