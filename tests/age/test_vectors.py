"""The CCTV test vectors of age: each expectation has its own class, and no byte too many is given out."""

import hashlib
import io
from collections.abc import Callable

import pytest

from cipherpost.age import (
    ArmorError,
    ArmorReader,
    HeaderError,
    HmacError,
    NoMatchError,
    PayloadError,
    decrypt,
    enarmor,
    inspect,
)
from cipherpost.age.header import parse_header, print_end, print_unsigned, read_header
from cipherpost.age.primitives import header_mac, payload_key
from cipherpost.age.stream import PayloadWriter

from .support import Vector, cctv, npm_module, parse_vector, released

npm_module("cctv-age")

CLASSES = {
    "no match": NoMatchError,
    "HMAC failure": HmacError,
    "header failure": HeaderError,
    "armor failure": ArmorError,
    "payload failure": PayloadError,
}


def test_all_vectors_are_there():
    assert len(cctv()) == 143
    expectations = {parse_vector(stored).expect for stored in cctv().values()}
    assert expectations == {"success", *CLASSES}


def vectors(condition: Callable[[Vector], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Run a test for each vector that meets the condition."""
    parsed = {name: parse_vector(stored) for name, stored in sorted(cctv().items())}
    chosen = {name: vector for name, vector in parsed.items() if condition(vector)}
    assert chosen
    return pytest.mark.parametrize("vector", chosen.values(), ids=chosen.keys())


def run(vector: Vector, size: int) -> tuple[bytes, Exception | None]:
    source = io.BytesIO(vector.file)
    try:
        plain = decrypt(vector.identities, ArmorReader(source) if vector.armored else source)
    except Exception as error:
        return b"", error
    return released(plain, size)


@vectors()
@pytest.mark.parametrize("size", [1009, 65536, 1 << 20])
def test_vector(vector: Vector, size: int):
    plain, error = run(vector, size)
    assert type(error) is CLASSES.get(vector.expect, type(None))
    if vector.payload is None:
        assert plain == b""
    else:
        assert hashlib.sha256(plain).hexdigest() == vector.payload


@vectors(lambda vector: not vector.armored and vector.expect != "header failure")
def test_header_prints_back(vector: Vector):
    header, rest = read_header(io.BytesIO(vector.file))
    printed = print_unsigned(header.stanzas) + print_end(header.mac)
    assert printed == vector.file[: header.size]
    assert vector.file[header.size :].startswith(rest)
    assert parse_header(printed) == header
    assert inspect(io.BytesIO(vector.file)).types == tuple(stanza.type for stanza in header.stanzas)
    if vector.expect == "success":
        assert vector.file_key is not None
        assert header_mac(vector.file_key, header.signed) == header.mac


@vectors(lambda vector: not vector.armored and vector.expect == "success")
def test_payload_is_made_the_same(vector: Vector):
    assert vector.file_key is not None
    plain, _ = run(vector, 1 << 20)
    header, _ = read_header(io.BytesIO(vector.file))
    payload = vector.file[header.size :]
    sink = io.BytesIO()
    writer = PayloadWriter(payload_key(vector.file_key, payload[:16]), sink)
    writer.write(plain)
    writer.finish()
    assert sink.getvalue() == payload[16:]


@vectors(lambda vector: vector.armored and vector.expect != "armor failure")
def test_armor_is_made_the_same(vector: Vector):
    binary = ArmorReader(io.BytesIO(vector.file)).read()
    assert enarmor(binary) == vector.file.replace(b"\r\n", b"\n").strip() + b"\n"
