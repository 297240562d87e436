"""A bundle is refused unless it is a bundle to the last byte, and read as the post office it was made of (I11)."""

import io
import os
import pickle
from pathlib import Path

import pytest
from bundles import archive, bundle

from cipherpost import limits, ustar
from cipherpost.errors import CipherpostError, MalformedError
from cipherpost.postoffice import ReadOnlyError, names
from cipherpost.postoffice.bundle import BundleChangedError, BundleMissingError, BundlePost
from cipherpost.postoffice.bundle_index import (
    BundleDamagedError,
    BundleNameError,
    BundleOrderError,
    BundleTooLargeError,
)
from cipherpost.tar import TarReader, TarWriter
from cipherpost.ustar import BLOCK

LONG = "n" * 60
HASH = "ab" * 32


def note(channel: str, number: int, network: str = "rkpb") -> str:
    return names.note_name(network, channel, number)


OBJECTS = {
    **{note("center/all", number): b"note %d" % number * number for number in range(1, 200)},
    **{note("center/roster", number): b"entry" * 40 * number for number in (1, 2, 3)},
    **{note(f"{LONG}/center", number, LONG): b"far" * number for number in range(1, 6)},  # behind pax headers
    **{note("tver/center", number): b"x" * 512 * (number % 3) for number in (1, 2, 4, 5)},
    names.alternate_name("rkpb", "tver/center", 2, HASH): b"beside",
    names.alternate_name("rkpb", "tver/center", 3, HASH): b"",
    names.evidence_name("rkpb", "tver", HASH): b"seen",
    names.sealed_name("rkpb", "tver", HASH): os.urandom(3 << 20),  # larger than a window
}


def read_all(post: BundlePost) -> dict[str, bytes]:
    return {name: post.get(name, names.size_limit(name)) for name in post.names("")}


def written(path: Path, data: bytes) -> BundlePost:
    path.write_bytes(data)
    return BundlePost(path)


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    assert read_all(post) == OBJECTS
    assert list(post.names("")) == sorted(OBJECTS)
    for name, data in OBJECTS.items():
        assert post.size(name) == len(data)
        assert list(post.names("", name))[:1] == sorted(OBJECTS)[sorted(OBJECTS).index(name) + 1 :][:1]
    for absent in (note("center/all", 200), note("tver/center", 3), note("kursk/center", 1), note("a/center", 1)):
        assert post.size(absent) is None
    assert (post.stamp, dict(post.skipped)) == (None, {})


def test_digits_of_other_scripts_are_no_numbers(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    assert post.size(note("center/all", 1)) == 6
    with pytest.raises(names.ObjectNameError):
        post.get("rkpb/center/all/0000000١.note", 10)


def test_nothing_is_written_to_a_bundle(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    before = (tmp_path / "b").read_bytes()
    probe = names.probe_name("rkpb", "center", HASH)
    calls = (
        lambda: post.create(note("center/all", 7000), b"x"),
        lambda: post.put(names.sealed_name("rkpb", "tver", HASH), b"x"),
        lambda: post.discard(probe),
    )
    for call in calls:
        with pytest.raises(ReadOnlyError):
            call()
    assert (tmp_path / "b").read_bytes() == before


def test_a_worker_opens_it_anew_and_takes_the_index_along(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    list(post.names(""))
    again = pickle.loads(pickle.dumps(post))
    assert again._index is not None
    assert read_all(again) == OBJECTS
    assert read_all(BundlePost(tmp_path / "b")) == OBJECTS


def test_a_bundle_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    first = note("center/all", 1)
    assert post.get(first, 100) == OBJECTS[first]
    post.close()
    (tmp_path / "b").write_bytes(archive({**OBJECTS, first: b"another"}))
    with pytest.raises(BundleChangedError):
        post.get(first, 100)


def test_an_object_that_changes_its_name_meanwhile_is_noticed(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", {note("center/all", 1): b"one", note("center/all", 2): b"two"})
    assert post.get(note("center/all", 1), 10) == b"one"
    data = bytearray((tmp_path / "b").read_bytes())
    data[:512] = ustar.header(note("center/all", 3).encode(), 3, b"0")
    (tmp_path / "b").write_bytes(data)  # the same file, still open
    with pytest.raises(BundleChangedError):
        post.get(note("center/all", 1), 10)


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleMissingError) as caught:
        list(BundlePost(tmp_path / "none").names(""))
    assert "none" in str(caught.value)
    with pytest.raises(BundleDamagedError):
        list(BundlePost(tmp_path).names(""))
    (tmp_path / "text").write_bytes(b"a letter, not a bundle")
    with pytest.raises(BundleDamagedError):
        list(BundlePost(tmp_path / "text").names(""))


SEEN = names.evidence_name("rkpb", "tver", HASH)


def raw(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name, data in members:
        writer.add(name, len(data), data)
    writer.close()
    return sink.getvalue()


ONE, TWO, THREE = note("center/all", 1), note("center/all", 2), note("center/all", 3)


@pytest.mark.parametrize(
    ("members", "error", "says"),
    [
        ([(TWO, b"2"), (ONE, b"1")], BundleOrderError, ONE),
        ([(ONE, b"1"), (TWO, b"2"), (TWO, b"2")], BundleOrderError, "twice"),
        ([(ONE, b"1"), (THREE, b"3"), (TWO, b"2")], BundleOrderError, TWO),
        ([(note("tver/center", 1), b"1"), (ONE, b"1")], BundleOrderError, ONE),
        ([(ONE, b"1"), ("rkpb/center/all/note", b"1")], BundleNameError, "all/note"),
        ([("etc/passwd", b"1")], BundleNameError, "passwd"),
        ([("rkpb/center/all/00000000.note", b"1")], BundleNameError, "00000000"),
        ([(ONE, b"1"), (ONE[:-5] + "é.note", b"1")], BundleNameError, "no object"),
        ([("rkpb/tver/evidence/00000001.note", b"")], BundleNameError, "evidence"),
        ([(SEEN, b""), ("rkpb/tver/evidence/bbbbbbbb.note", b"")], BundleNameError, "bbbb"),
        ([(SEEN, b""), (SEEN[:-69] + "99999999.note", b"")], BundleOrderError, "9999"),
        ([(ONE, bytes(limits.HEADER_BYTES + 1))], BundleTooLargeError, str(limits.HEADER_BYTES)),
        ([(ONE, b"1"), (TWO, bytes(limits.HEADER_BYTES + 1))], BundleTooLargeError, TWO),
    ],
)  # fmt: skip
def test_i11_members_that_do_not_belong_are_refused(
    tmp_path: Path, members: list[tuple[str, bytes]], error: type[CipherpostError], says: str
) -> None:
    with pytest.raises(error) as caught:
        list(written(tmp_path / "b", raw(*members)).names(""))
    assert says in str(caught.value)
    assert str(tmp_path) in caught.value.where
    assert "byte" in caught.value.where


def test_i11_every_cut_is_refused(tmp_path: Path) -> None:
    whole = raw((note(f"{LONG}/center", 1, LONG), b"3"), (ONE, b"1" * 700), (TWO, b""))
    assert len(list(written(tmp_path / "b", whole).names(""))) == 3
    for length in {0, 1, 511, *range(512, len(whole), 512), len(whole) - 1}:
        with pytest.raises(MalformedError):
            list(written(tmp_path / "b", whole[:length]).names(""))
    for more in (bytes(512), bytes(1), b"x" * 512):
        with pytest.raises(MalformedError):
            list(written(tmp_path / "b", whole + more).names(""))


def test_i11_every_changed_byte_is_refused_or_is_of_an_object(tmp_path: Path) -> None:
    """A change of a header, a filling or the end is refused; one in an object gives that object changed, no other."""
    objects = {ONE: b"1" * 30, TWO: b"2" * 20, note(f"{LONG}/center", 1, LONG): b"3" * 10}
    whole = archive(objects)
    content = {whole.index(data) + at for data in objects.values() for at in range(len(data))}
    far = range(BLOCK, 2 * BLOCK)
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        post = written(tmp_path / "b", bytes(data))
        try:
            now = read_all(post)
        except MalformedError:
            continue
        finally:
            post.close()
        different = [name for name in objects if now.get(name) != objects[name]]
        assert len(different) == 1, at
        assert at in content or at in far  # no checksum covers what a pax header says: the object is gone by its name
        assert at in far or set(now) == set(objects)


def test_i11_a_size_beyond_the_file_is_refused(tmp_path: Path) -> None:
    sealed = names.sealed_name("rkpb", "tver", HASH)
    for size in (513, 8**10, 2**41):
        head = ustar.headers(sealed.encode(), size)
        with pytest.raises(MalformedError):
            list(written(tmp_path / "b", head + bytes(1024)).names(""))


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"5", b"6", b"7", b"\0", b"x", b"g", b"L"])
def test_i11_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(MalformedError):
        list(written(tmp_path / "b", ustar.header(ONE.encode(), 0, kind) + bytes(1024)).names(""))


def test_i11_a_checksum_that_is_right_excuses_no_other_field(tmp_path: Path) -> None:
    good = bytearray(ustar.header(ONE.encode(), 0, b"0"))
    for at in (*range(len(ONE), 148), *range(157, 512, 5)):
        block = bytearray(good)
        block[at] ^= 1
        block[148:156] = b"%06o\x00 " % (sum(block) - sum(block[148:156]) + 8 * 32)
        with pytest.raises(MalformedError):
            list(written(tmp_path / "b", bytes(block) + bytes(1024)).names(""))


def test_the_index_agrees_with_the_reader_of_archives(tmp_path: Path) -> None:
    post = bundle(tmp_path / "b", OBJECTS)
    with (tmp_path / "b").open("rb") as file:
        read = [(member.name, member.size) for member in TarReader(file)]
    assert read == [(name, post.size(name)) for name in post.names("")]
