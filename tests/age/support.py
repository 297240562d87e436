"""What several tests of age share."""

import io
import os
import re
import zlib
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cipherpost.age import Decryptor, Encryptor, Recipient, decrypt, parse_identity
from cipherpost.age.primitives import Identity
from cipherpost.age.scrypt import ScryptIdentity

MODULES = Path(__file__).parent.parent / "npm" / "node_modules"
_VECTOR = re.compile(r'^// \.\./testdata/(\w+)\nvar \w+ = __toBinary\("([A-Za-z0-9+/=]*)"\);', re.MULTILINE)


def npm_module(name: str) -> Path:
    """The folder of an npm package of tests/npm; the test is skipped where it is not installed."""
    folder = MODULES / name
    if not folder.is_dir():
        pytest.skip(f"npm package {name} is missing: run npm install --prefix tests/npm", allow_module_level=True)
    return folder


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One CCTV vector: what to expect, and the file."""

    expect: str
    payload: str | None
    file_key: bytes | None
    identities: tuple[Identity, ...]
    armored: bool
    file: bytes


@cache
def cctv() -> dict[str, bytes]:
    """All CCTV vectors of age as they are stored, by name."""
    text = (npm_module("cctv-age") / "index.js").read_text("utf-8")
    return {name: b64decode(data) for name, data in _VECTOR.findall(text)}


def parse_vector(stored: bytes) -> Vector:
    """The head of a vector says what it is; the rest is an age file, perhaps compressed."""
    head, _, file = stored.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, value = line.split(": ", 1)
        fields.setdefault(key, []).append(value)
    unknown = fields.keys() - {
        "expect",
        "payload",
        "file key",
        "identity",
        "passphrase",
        "armored",
        "comment",
        "compressed",
    }
    assert not unknown
    if "compressed" in fields:
        assert fields["compressed"] == ["zlib"]
        file = zlib.decompress(file)
    keys = [parse_identity(text) for text in fields.get("identity", [])]
    passphrases = [ScryptIdentity(text) for text in fields.get("passphrase", [])]
    return Vector(
        expect=fields["expect"][0],
        payload=fields.get("payload", [None])[0],
        file_key=bytes.fromhex(fields["file key"][0]) if "file key" in fields else None,
        identities=(*keys, *passphrases),
        armored="armored" in fields,
        file=file,
    )


def seal(recipients: Iterable[Recipient], plain: bytes, *, armor: bool = False) -> bytes:
    """An age file of ``plain``."""
    sink = io.BytesIO()
    with Encryptor(list(recipients), sink, armor=armor) as writer:
        writer.write(plain)
    return sink.getvalue()


def unseal(identity: Identity, file: bytes, *, first: int | None = None) -> bytes:
    """The whole plaintext of a binary file."""
    return decrypt([identity], io.BytesIO(file), first=first).read()


def released(plain: Decryptor, size: int) -> tuple[bytes, Exception | None]:
    """All that ``plain`` gives out in reads of ``size``, and the error it ends with."""
    parts = []
    try:
        while part := plain.read(size):
            parts.append(part)
    except Exception as error:
        return b"".join(parts), error
    return b"".join(parts), None


class Dribble:
    """A source that gives a byte or a few at a time, as pipes may, in a fixed order of sizes."""

    def __init__(self, data: bytes, sizes: tuple[int, ...] = (1, 7, 64, 4096)) -> None:
        self._data = io.BytesIO(data)
        self._sizes = sizes
        self._calls = 0

    def read(self, size: int, /) -> bytes:
        self._calls += 1
        return self._data.read(min(size, self._sizes[self._calls % len(self._sizes)]))


class Random:
    """A source of ``size`` bytes that holds none of them; the same 64 KiB again and again."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = os.urandom(64 * 1024)

    def read(self, size: int, /) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return (self._block * (size // len(self._block) + 1))[:size]
