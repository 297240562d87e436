"""The payload: chunks, their order, and their end."""

import io
import tracemalloc
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cipherpost.age import PayloadError, X25519Identity, decrypt, encrypt
from cipherpost.age.stream import CHUNK, TAG, PayloadReader, PayloadWriter

from .support import Dribble, Random

KEY = bytes(range(32))
BORDERS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK]


def sealed(plain: bytes, *cuts: int) -> bytes:
    sink = io.BytesIO()
    writer = PayloadWriter(KEY, sink)
    at = 0
    for cut in cuts:
        writer.write(plain[at : at + cut])
        at += cut
    writer.write(plain[at:])
    writer.finish()
    return sink.getvalue()


def chunk(number: int, plain: bytes, *, last: bool) -> bytes:
    """One chunk as the specification says it is made, independently of the writer."""
    return ChaCha20Poly1305(KEY).encrypt(bytes(3) + number.to_bytes(8) + bytes([last]), plain, None)


def opened(payload: bytes) -> tuple[list[bytes], str]:
    """The chunks that are given out, and the error at the end."""
    reader = PayloadReader(KEY, io.BytesIO(payload))
    chunks = []
    try:
        while plain := reader.chunk():
            chunks.append(plain)
    except PayloadError as error:
        with pytest.raises(PayloadError):  # what comes after an error is never given out
            reader.chunk()
        return chunks, error.what
    return chunks, ""


@settings(max_examples=25, deadline=None)
@given(
    size=st.sampled_from(BORDERS),
    cuts=st.lists(st.sampled_from([0, 1, 512, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]), max_size=4),
)
@example(size=2 * CHUNK, cuts=[CHUNK, CHUNK])
@example(size=3 * CHUNK, cuts=[1, 2 * CHUNK])
def test_the_same_however_it_is_written(size: int, cuts: list[int]):
    plain = (bytes(range(251)) * (size // 251 + 1))[:size]
    pieces = [plain[at : at + CHUNK] for at in range(0, size, CHUNK)] or [b""]
    expected = b"".join(chunk(number, piece, last=number == len(pieces) - 1) for number, piece in enumerate(pieces))
    assert sealed(plain, *cuts) == expected
    assert opened(expected) == ([piece for piece in pieces if piece], "")
    reader = PayloadReader(KEY, Dribble(expected, (70_000, 30_000, 65_552)))
    assert b"".join(iter(reader.chunk, b"")) == plain


FULL = bytes(CHUNK)


@pytest.mark.parametrize(
    ("payload", "chunks", "error"),
    [
        (b"", 0, "cut short"),
        (bytes(TAG - 1), 0, "cut short"),
        (bytes(TAG), 0, "altered"),
        (chunk(0, b"a", last=False), 0, "altered"),
        (chunk(0, FULL, last=False), 1, "cut short"),
        (chunk(0, FULL, last=False) + chunk(1, b"", last=True), 1, "last chunk is empty"),
        (chunk(0, FULL, last=False) + chunk(1, b"ab", last=True)[:-1], 1, "altered"),
        (chunk(0, FULL, last=False) + chunk(0, b"a", last=True), 1, "altered"),
        (chunk(0, FULL, last=False) + chunk(2, b"a", last=True), 1, "altered"),
        (chunk(1, FULL, last=False) + chunk(0, b"a", last=True), 0, "altered"),
        (chunk(0, FULL, last=True) + b"a", 1, "follows the end"),
        (chunk(0, FULL, last=True) + chunk(1, b"a", last=True), 1, "follows the end"),
        (chunk(0, b"a", last=True) + b"a", 0, "altered"),
        (chunk(0, b"a", last=True) + chunk(1, b"a", last=True), 0, "altered"),
        (chunk(0, b"", last=True) + b"a", 0, "altered"),
        (chunk(0, b"a" * 100, last=False) + chunk(1, b"a", last=True), 0, "altered"),
    ],
)
def test_broken_payloads(payload: bytes, chunks: int, error: str):
    given_out, message = opened(payload)
    assert given_out == [FULL] * chunks
    assert error in message


def test_every_cut_is_noticed():
    payload = sealed(b"hello")
    assert opened(payload) == ([b"hello"], "")
    for end in range(len(payload)):
        given_out, message = opened(payload[:end])
        assert given_out == []
        assert message


class Discard:
    def write(self, data: bytes, /) -> int:
        return len(data)


def peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("armor", [False, True])
def test_memory_does_not_grow_with_the_file(armor: bool, tmp_path):
    identity = X25519Identity.generate()
    size = (8 if armor else 64) * 1024 * 1024
    assert peak(lambda: encrypt([identity.recipient], Random(size), Discard(), armor=armor)) < 3 * 1024 * 1024
    file = tmp_path / "file.age"
    with file.open("wb") as sink:
        encrypt([identity.recipient], Random(size), sink)
    with file.open("rb") as source:
        plain = decrypt([identity], source)
        assert peak(lambda: sum(len(part) for part in iter(lambda: plain.read(CHUNK), b""))) < 3 * 1024 * 1024
    with file.open("rb") as source:
        plain = decrypt([identity], source)
        assert plain.finish() == size
