import hashlib
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.home.copies import Copies, CopyIncompleteError, CopyMissingError, CopySwappedError

DATA = b"sealed file " * 1000
HASH = hashlib.sha256(DATA).hexdigest()


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "mail" / "sealed").iterdir())


def fetch(home: Path, data: bytes = DATA, size: int = len(DATA), upto: int | None = None) -> None:
    with Copies(home).download(HASH, size) as part:
        part.write(data[part.offset : upto])


def test_a_download_is_kept_under_its_hash(tmp_path: Path) -> None:
    assert not Copies(tmp_path).has(HASH)
    fetch(tmp_path)
    assert names(tmp_path) == [f"{HASH}.age"]
    assert Copies(tmp_path).hashes() == {HASH}
    with Copies(tmp_path).open(HASH) as file:
        assert file.read() == DATA
    assert Copies(tmp_path).check(HASH) == len(DATA)


def test_i4_a_download_goes_on_where_the_line_broke(tmp_path: Path) -> None:
    def broken() -> None:
        with Copies(tmp_path).download(HASH, len(DATA)) as part:
            part.write(DATA[:5000])
            raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert Copies(tmp_path).partial(HASH) == 5000
    assert not Copies(tmp_path).has(HASH)
    with Copies(tmp_path).download(HASH, len(DATA)) as part:
        assert part.offset == 5000
        part.write(DATA[5000:])
    assert Copies(tmp_path).check(HASH) == len(DATA)


def test_what_ends_too_early_is_kept_for_the_next_time(tmp_path: Path) -> None:
    with pytest.raises(CopyIncompleteError, match="5000 of 12000"):
        fetch(tmp_path, upto=5000)
    assert Copies(tmp_path).partial(HASH) == 5000
    fetch(tmp_path)
    assert Copies(tmp_path).has(HASH)


@pytest.mark.parametrize(
    ("data", "reason"), [(DATA[:-1] + b"X", "another hash"), (DATA + b"X", "more than"), (b"X" + DATA[1:], "hash")]
)
def test_v9_other_bytes_are_refused_and_not_kept(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(CopySwappedError, match=reason) as caught:
        fetch(tmp_path, data)
    assert caught.value.exit_code == 3
    assert names(tmp_path) == []


def test_v9_a_bad_beginning_is_found_when_the_rest_has_come(tmp_path: Path) -> None:
    with pytest.raises(CopyIncompleteError):
        fetch(tmp_path, b"X" * 5000)
    with pytest.raises(CopySwappedError):
        fetch(tmp_path)
    fetch(tmp_path)
    assert Copies(tmp_path).has(HASH)


def test_a_part_that_is_longer_than_the_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "mail" / "sealed").mkdir(parents=True)
    (tmp_path / "mail" / "sealed" / f"{HASH}.part").write_bytes(b"X" * 20_000)
    fetch(tmp_path)
    assert Copies(tmp_path).check(HASH) == len(DATA)


def test_i4_a_download_killed_anywhere_is_whole_or_goes_on(tmp_path: Path) -> None:
    for _ in every_kill(lambda: fetch(tmp_path)):
        if Copies(tmp_path).has(HASH):
            assert Copies(tmp_path).check(HASH) == len(DATA)
            Copies(tmp_path).remove(HASH)


def test_the_outbox_keeps_its_own_file(tmp_path: Path) -> None:
    source = tmp_path / "spool"
    source.write_bytes(DATA)
    Copies(tmp_path).take(source, HASH)
    Copies(tmp_path).take(source, HASH)
    assert source.read_bytes() == DATA
    assert Copies(tmp_path).check(HASH) == len(DATA)
    with pytest.raises(CopySwappedError):
        Copies(tmp_path).take(source, "0" * 64)
    assert names(tmp_path) == [f"{HASH}.age"]


def test_bytes_that_the_disk_lost_are_noticed_and_fetched_again(tmp_path: Path) -> None:
    fetch(tmp_path)
    Copies(tmp_path).path(HASH).write_bytes(DATA[:-1])
    with pytest.raises(CopySwappedError, match="disk"):
        Copies(tmp_path).check(HASH)
    with pytest.raises(CopyMissingError) as caught:
        Copies(tmp_path).open(HASH)
    assert caught.value.hints == ("cipherpost fetch",)
