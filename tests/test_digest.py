"""SHA-256 beside the rest of the work gives what hashlib gives, however the bytes come."""

import hashlib
import io
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost.digest import HashedReader, Sha256

MIB = 1 << 20
LONG = bytes(range(256)) * (9 * MIB // 256) + b"the end"


def pieces_of(data, sizes):
    at = 0
    while at < len(data):
        for size in sizes:
            yield data[at : at + size]
            at += size


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 3 * MIB), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) > MIB // 2))
def test_any_pieces_of_a_long_stream_give_its_hash(sizes):
    with Sha256() as digest:
        for piece in pieces_of(LONG, sizes):
            digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(LONG).hexdigest()


@given(data=st.binary(max_size=300), start=st.binary(max_size=100))
def test_a_short_stream_goes_on_from_where_a_digest_stands(data, start):
    with Sha256(hashlib.sha256(start)) as digest:
        digest.update(data)
        assert digest.hexdigest() == hashlib.sha256(start + data).hexdigest()


def test_the_hash_may_be_asked_for_in_between():
    with Sha256() as digest:
        for at in range(0, len(LONG), MIB + 1):
            digest.update(LONG[at : at + MIB + 1])
            assert digest.hexdigest() == hashlib.sha256(LONG[: at + MIB + 1]).hexdigest()


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_buffer_that_is_filled_anew_afterwards_was_hashed_as_it_was(kind):
    buffer = bytearray(300_000)
    expected = hashlib.sha256()
    with Sha256() as digest:
        for number in range(40):
            buffer[:] = bytes([number]) * len(buffer)
            expected.update(buffer)
            digest.update(kind(buffer))
        buffer[:] = bytes(len(buffer))
        assert digest.hexdigest() == expected.hexdigest()


def test_the_helper_is_gone_afterwards_whatever_happened():
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError):
        fail_while_hashing(before)
    assert set(threading.enumerate()) == before


def fail_while_hashing(before):
    with Sha256() as digest:
        for _ in range(2):
            digest.update(LONG)
        assert set(threading.enumerate()) > before
        raise ZeroDivisionError


@pytest.mark.parametrize("read", [0, 1, 5 * MIB, len(LONG)])
def test_a_source_is_hashed_to_its_end_whatever_was_read_of_it(read):
    with Sha256() as digest:
        source = HashedReader(io.BytesIO(LONG), digest)
        assert source.read(read) == LONG[:read]
        assert source.hexdigest() == hashlib.sha256(LONG).hexdigest()
        assert source.read(1) == b""
