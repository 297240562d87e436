"""Archives: one form, byte for byte; everything else is refused, each for its own reason."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.errors import MalformedError
from cipherpost.tar import (
    CHUNK,
    ArchiveChecksumError,
    ArchiveError,
    ArchiveFieldError,
    ArchiveKindError,
    ArchiveNameError,
    ArchivePaddingError,
    ArchivePaxError,
    ArchiveTooLargeError,
    ArchiveTrailingError,
    ArchiveTruncatedError,
    MemberRefusedError,
    SourceChangedError,
    TarReader,
    TarStream,
    TarWriter,
    archive_bytes,
    check_name,
    member_bytes,
    padme,
)
from cipherpost.ustar import header, headers

Members = list[tuple[str, bytes]]

SAMPLE: Members = [
    ("body.md", b"hello"),
    ("empty", b""),
    ("attachments/" + "n" * 100, b"x" * 513),
    ("attachments/отчёт.pdf", b"y" * 512),
]

COMPONENTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1, max_size=60
).filter(lambda part: part not in (".", ".."))
NAMES = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)


def pack(members: Members, *, padded: bool = True) -> bytes:
    sink = io.BytesIO()
    writer = TarWriter(sink, padded=padded)
    for name, data in members:
        writer.add(name, len(data), data)
    assert writer.close() == len(sink.getvalue())
    return sink.getvalue()


def unpack(data: bytes, *, padded: bool = True) -> Members:
    return [(member.name, b"".join(iter(member.read, b""))) for member in TarReader(io.BytesIO(data), padded=padded)]


def resum(block: bytes) -> bytes:
    """A header block with the checksum that its bytes call for."""
    return block[:148] + b"%06o\x00 " % (sum(block) - sum(block[148:156]) + 8 * 32) + block[156:]


def with_field(data: bytes, at: int, value: bytes) -> bytes:
    """An archive whose first header has another field, and the right checksum."""
    return resum(data[:at] + value + data[at + len(value) : 512]) + data[512:]


# ---- the form ----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NAMES, st.binary(max_size=1100)), max_size=5), st.booleans())
def test_what_is_packed_is_read_and_prints_the_same_bytes(members: Members, padded: bool) -> None:
    data = pack(members, padded=padded)
    assert unpack(data, padded=padded) == members
    assert len(data) == archive_bytes(sum(member_bytes(name, len(body)) for name, body in members), padded=padded)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NAMES, st.binary(max_size=1100)), max_size=5, unique_by=lambda member: member[0]))
def test_i12_pythons_tarfile_opens_what_is_packed(members: Members) -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(members)), mode="r:") as archive:
        found = [(info.name, archive.extractfile(info).read()) for info in archive]  # type: ignore[union-attr]
        assert all(info.isreg() and info.mode == 0o644 and info.mtime == 0 for info in archive)
    # tarfile takes slashes off the ends of names; ours end in none
    assert found == members


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar on this machine")
@pytest.mark.parametrize("padded", [True, False])
def test_i12_the_systems_tar_opens_what_is_packed(tmp_path: Path, padded: bool) -> None:
    done = subprocess.run(
        ["tar", "-x", "-f", "-"], input=pack(SAMPLE, padded=padded), cwd=tmp_path, check=True, capture_output=True
    )
    assert done.stderr == b""
    for name, data in SAMPLE:
        assert (tmp_path / name).read_bytes() == data


def test_a_small_archive_byte_for_byte() -> None:
    block = (
        b"body.txt".ljust(100, b"\x00")
        + b"0000644\x00"
        + b"0000000\x00" * 2
        + b"00000000005\x00"
        + b"00000000000\x00"
        + b"010676\x00 "
        + b"0"
        + bytes(100)
        + b"ustar\x0000"
        + bytes(64)
        + b"0000000\x00" * 2
        + bytes(167)
    )
    assert pack([("body.txt", b"hello")]) == block + b"hello".ljust(512, b"\x00") + bytes(1024)


def test_pax_headers_stand_only_where_they_are_needed() -> None:
    assert member_bytes("n" * 100, 0) == 512
    assert member_bytes("n" * 101, 0) == member_bytes("\u00e9", 0) == 3 * 512
    assert member_bytes("n", 8**11 - 1) == 512 + 8**11
    assert member_bytes("n", 8**11) == 3 * 512 + 8**11


def test_sizes_above_eight_gigabytes_are_read_by_tarfile_and_by_us() -> None:
    start = headers(b"big", 8**11 + 5)
    with tarfile.open(fileobj=io.BytesIO(start), mode="r:") as archive:
        assert archive.firstmember is not None
        assert archive.firstmember.size == 8**11 + 5
    member = next(TarReader(io.BytesIO(start)))
    assert (member.name, member.size) == ("big", 8**11 + 5)


@pytest.mark.parametrize(
    ("length", "padded"),
    [(0, 0), (1, 1), (2, 2), (8, 8), (9, 10), (100, 104), (1000, 1024), (4097, 4352), (999_999, 1_015_808)],
)
def test_padme_examples(length: int, padded: int) -> None:
    assert padme(length) == padded


@given(st.integers(2, 2**41))
def test_padme_never_shrinks_costs_at_most_twelve_per_cent_and_is_stable(length: int) -> None:
    padded = padme(length)
    assert length <= padded <= length * 1.12
    assert padme(padded) == padded
    exponent = padded.bit_length() - 1
    assert padded % 2 ** max(0, exponent - exponent.bit_length()) == 0


@given(st.integers(1, 2**31))
def test_padme_of_whole_blocks_is_whole_blocks(blocks: int) -> None:
    assert padme(512 * blocks) % 512 == 0


# ---- hostile archives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padded", [True, False])
def test_i1_an_archive_cut_at_any_byte_is_refused(padded: bool) -> None:
    data = pack(SAMPLE, padded=padded)
    for length in range(len(data)):
        with pytest.raises(ArchiveTruncatedError):
            unpack(data[:length], padded=padded)


def test_i1_any_one_changed_byte_is_refused_or_reads_as_something_else() -> None:
    data = pack(SAMPLE)
    refused = 0
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        try:
            found = unpack(changed)
        except MalformedError:
            refused += 1
            continue
        assert found != SAMPLE
        assert [len(body) for _, body in found] == [len(body) for _, body in SAMPLE]
    names = sum(len(name.encode()) for name, _ in SAMPLE)
    assert refused >= len(data) - names - sum(len(body) for _, body in SAMPLE)


@pytest.mark.parametrize("extra", [b"x", b"\x00", bytes(512), bytes(10240)])
@pytest.mark.parametrize("padded", [True, False])
def test_i12_nothing_follows_the_end(extra: bytes, padded: bool) -> None:
    with pytest.raises(ArchiveTrailingError):
        unpack(pack(SAMPLE, padded=padded) + extra, padded=padded)


def test_an_archive_without_its_padding_is_refused() -> None:
    with pytest.raises(ArchiveTruncatedError):
        unpack(pack([("a", bytes(20_000))], padded=False), padded=True)
    with pytest.raises(ArchiveTrailingError):
        unpack(pack([("a", bytes(20_000))], padded=True), padded=False)


def test_bytes_that_must_be_zero_are_looked_at() -> None:
    data = pack([("a", b"1")])
    for at in (513, 1023, 1024 + 512, len(data) - 1):
        with pytest.raises(ArchivePaddingError):
            unpack(data[:at] + b"\x01" + data[at + 1 :])


def test_a_wrong_checksum_is_named() -> None:
    data = pack(SAMPLE)
    for at in (0, 100, 130, 150, 200, 300, 511):
        with pytest.raises(ArchiveChecksumError):
            unpack(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((b"1", "hard link"), (b"2", "symbolic link"), (b"3", "device"), (b"4", "device"), (b"5", "directory")),
        *((b"6", "named pipe"), (b"7", "unknown type"), (b"\x00", "unknown type"), (b"g", "unknown type")),
        *((b"L", "unknown type"), (b"S", "unknown type")),
    ],
)
def test_i12_only_regular_files(kind: bytes, name: str) -> None:
    with pytest.raises(ArchiveKindError, match=name):
        unpack(with_field(pack([("a", b"")]), 156, kind))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (100, b"0000755\x00"),
        (108, b"0001750\x00"),
        (116, b"0000001\x00"),
        (136, b"14750000000\x00"),
        (157, b"target"),
        (257, b"ustar  \x00"),
        (265, b"root"),
        (297, b"root"),
        (329, b"0000001\x00"),
        (345, b"folder"),
        (511, b"x"),
        (124, b"0000000001\x00 "),
        (124, b"\x80" + bytes(10) + b"\x05"),
    ],
)
def test_i12_every_field_has_its_fixed_value(at: int, value: bytes) -> None:
    with pytest.raises(ArchiveFieldError):
        unpack(with_field(pack([("a", b"")]), at, value))


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        ".",
        "..",
        "a\\b",
        "a\nb",
        "a\x00b",
        "\x85",
        "",
        "n" * 1025,
    ],
)
def test_names_that_lead_elsewhere_are_refused_by_writer_and_reader(name: str) -> None:
    with pytest.raises(ArchiveNameError):
        TarWriter(io.BytesIO()).add(name, 0, b"")
    with pytest.raises(MalformedError):
        unpack(headers(name.encode(), 0) + bytes(1024))


def test_a_name_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ArchiveNameError):
        unpack(header(b"\xff", 0, b"0") + bytes(1024))
    with pytest.raises(ArchiveNameError):
        check_name("\ud800")


def pax(records: bytes, name: bytes = b"__", size: int = 0) -> bytes:
    blocks = -(-len(records) // 512) * 512
    return (
        header(b"././@PaxHeader", len(records), b"x")
        + records.ljust(blocks, b"\x00")
        + header(name, size, b"0")
        + bytes(1024)
    )


@pytest.mark.parametrize(
    "data",
    [
        pax(b"10 path=a\n"),  # needs none
        pax(b"11 path=\xc3\xa9\n", name=b"other"),
        pax(b"11 path=\xc3\xa9\n11 path=\xc3\xa9\n"),
        pax(b"11 path=\xc3\xa9\n20 mtime=1234567890\n"),
        pax(b"25 GNU.sparse.name=abcdef\n"),
        pax(b"11 path=\xc3\xa9\n12 size=12345\n"),
        pax(b"21 size=000000000001\n"),
        pax(b"12 path=\xc3\xa9\n"),
        pax(b"10 path=\xc3\xa9\n"),
        pax(b"011 path=\xc3\xa9\n"),
        pax(b"99999 path=\xc3\xa9\n"),
        pax(b"3 path="),
        pax(b"path"),
        pax(b"11 path=\xc3\xa9\n")[:1024] * 2,
        pax(b"20 size=10000000000\n11 path=\xc3\xa9\n"),
        header(b"././@PaxHeader", 0, b"x"),
        header(b"././@PaxHeader", 1_000_000, b"x"),
        header(b"pax", 11, b"x"),
    ],
)
def test_i12_a_pax_header_says_what_it_must_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ArchivePaxError):
        list(TarReader(io.BytesIO(data)))


def test_a_pax_header_is_filled_with_zeros() -> None:
    data = pax(b"11 path=\xc3\xa9\n")
    assert [name for name, _ in unpack(data, padded=False)] == ["\u00e9"]
    with pytest.raises(ArchivePaddingError):
        unpack(data[:600] + b"\x01" + data[601:], padded=False)


def test_i11_a_size_is_believed_only_within_limits() -> None:
    with pytest.raises(ArchiveTooLargeError):
        next(TarReader(io.BytesIO(headers(b"a", limits.SIZE + 1))))
    member = next(TarReader(io.BytesIO(headers(b"a", limits.SIZE))))
    with pytest.raises(ArchiveTooLargeError):
        member.read_all(1000)
    with pytest.raises(ArchiveTruncatedError):
        member.read()


def test_i11_the_number_of_members_is_bounded() -> None:
    data = pack([("a", b""), ("b", b""), ("c", b"")])
    assert len(list(TarReader(io.BytesIO(data), padded=True, max_members=3))) == 3
    with pytest.raises(ArchiveTooLargeError):
        list(TarReader(io.BytesIO(data), padded=True, max_members=2))


def test_i5_errors_do_not_tell_names_of_members() -> None:
    data = pack([("secret-name", b"1")])
    for at, value in ((136, b"1"), (156, b"5"), (99, b"x"), (0, b"/")):
        with pytest.raises(ArchiveError) as caught:
            unpack(with_field(data, at, value))
        assert "secret" not in str(caught.value)


# ---- streaming ---------------------------------------------------------------------------------------------------


class Endless:
    """Gives ``size`` zeros, at most ``most`` at a time, and remembers the largest amount asked for."""

    def __init__(self, size: int, most: int = CHUNK) -> None:
        self.left, self.most, self.largest = size, most, 0

    def read(self, size: int, /) -> bytes:
        self.largest = max(self.largest, size)
        taken = min(size, self.most, self.left)
        self.left -= taken
        return bytes(taken)


def test_i11_large_members_pass_in_blocks() -> None:
    source = Endless(5 * CHUNK + 7)
    written: list[int] = []

    class Sink:
        def write(self, data: bytes, /) -> None:
            written.append(len(data))

    TarWriter(Sink()).add("a", 5 * CHUNK + 7, source)
    assert source.largest == CHUNK
    assert max(written) == CHUNK


def test_short_reads_do_no_harm() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    found = [(m.name, b"".join(iter(m.read, b""))) for m in TarReader(Dribble(pack(SAMPLE)), padded=True)]
    assert found == SAMPLE
    sink = io.BytesIO()
    TarWriter(sink).add("a", 100, Dribble(b"z" * 100))
    assert sink.getvalue()[512:612] == b"z" * 100


def test_members_left_unread_are_still_checked() -> None:
    assert [member.name for member in TarReader(io.BytesIO(pack(SAMPLE)), padded=True)] == [n for n, _ in SAMPLE]
    data = bytearray(pack([("a", b"1"), ("b", b"")]))
    data[600] = 1
    with pytest.raises(ArchivePaddingError):
        list(TarReader(io.BytesIO(bytes(data)), padded=True))


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"x"])
def test_a_source_of_another_size_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(SourceChangedError):
        TarWriter(io.BytesIO()).add("a", 10, change(b"0123456789"))


@pytest.mark.parametrize("size", [-1, limits.SIZE + 1])
def test_sizes_out_of_bounds_are_not_packed(size: int) -> None:
    with pytest.raises(MemberRefusedError):
        TarWriter(io.BytesIO()).add("a", size, b"")


# ---- made while it is read -----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(NAMES, st.binary(max_size=3_000)), max_size=4), st.integers(1, 5_000))
def test_a_stream_gives_the_bytes_that_a_writer_writes_however_they_are_asked_for(members: Members, most: int) -> None:
    stream = TarStream((name, len(data), io.BytesIO(data)) for name, data in members)
    parts = iter(lambda: stream.read(most), b"")
    assert b"".join(parts) == pack(members, padded=False)


def test_a_stream_whose_member_is_shorter_than_announced_raises_and_has_no_end() -> None:
    stream = TarStream([("a", 10, io.BytesIO(b"0123"))])
    with pytest.raises(SourceChangedError):
        stream.readall()
