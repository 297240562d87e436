"""The textual header of an age file: its grammar alone, without any cryptography.

Reading is linear in the size of the header, whatever is in it, and holds little beside the bytes themselves: the
arguments of a stanza stay one text until a kind of key asks for them.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from typing import Final, NamedTuple

from cipherpost.age.errors import HeaderError, HeaderTooLargeError
from cipherpost.age.streams import Source
from cipherpost.limits import AGE_HEADER_BYTES, KIB, MIB

VERSION_LINE: Final = b"age-encryption.org/v1\n"
STANZAS: Final = 65_536
"""Stanzas of one header: three times the hybrid ones that fit its limit in bytes, so that a header of the shortest
stanzas possible, five million of them, does not fill the memory."""

_COLUMNS = 64
_END_LINE_BYTES = len("--- ") + 43 + len("\n")
_FIRST_READ = 16 * KIB
_AGAIN = ("fetch or copy the file again",)

# The last group of canonical base64 without padding has bits to spare, and they are zero.
_LAST_GROUP = rb"[A-Za-z0-9+/][AQgw]|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]"
_STANZA = re.compile(
    rb"-> ([ -~]++)\n"  # the arguments; that single spaces part them is checked after
    rb"((?:[A-Za-z0-9+/]{64}\n)*+"
    rb"(?:[A-Za-z0-9+/]{4}){0,15}+(?:" + _LAST_GROUP + rb")?)\n"
)
_END_LINE = re.compile(rb"--- ([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])\n")


class Stanza(NamedTuple):
    """One recipient stanza: ``line`` is its arguments, parted by single spaces; ``body`` its body, decoded."""

    line: str
    body: bytes

    @property
    def type(self) -> str:
        """The first argument: which kind of key the stanza is for."""
        return self.line.partition(" ")[0]

    def arguments(self, count: int) -> list[str]:
        """The arguments after the first, of which there must be ``count``.

        Raises:
            HeaderError: another number of arguments.
        """
        found = self.line.split(" ", count + 1)[1:]
        if len(found) != count or (found and " " in found[-1]):
            raise HeaderError(
                f"a stanza of type {self.type} has another number of arguments than {count + 1}",
                rule=f"c2sp.org/age: {self.type} recipient stanza",
            )
        return found


class Header(NamedTuple):
    """A whole header: its stanzas, its MAC (32 bytes), the bytes that the MAC is about, its size in the file."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    signed: bytes
    size: int


def encode_base64(data: bytes) -> str:
    """Base64 without padding, as everywhere in an age header."""
    return b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def decode_base64(text: str, size: int, *, what: str) -> bytes:
    """The ``size`` bytes that ``text`` is the canonical base64 of, without padding; ``what`` names it in errors.

    Raises:
        HeaderError: another size, padding, a foreign character, spare bits that are not zero.

    Source: RFC 4648, sections 3.5 and 4; c2sp.org/age, "Conventions".
    """
    try:
        data = a2b_base64(text + "=" * (-len(text) % 4))
    except Base64Error:
        data = b""
    # The decoder is lenient; that encoding leads back to the same text is what "canonical" means.
    if len(data) != size or encode_base64(data) != text:
        raise HeaderError(f"{what} is not the base64 of {size} bytes", rule="c2sp.org/age: canonical base64")
    return data


def print_unsigned(stanzas: Iterable[Stanza]) -> bytes:
    """The header up to and including the mark ``---``: what the MAC is computed over."""
    parts = [VERSION_LINE]
    for stanza in stanzas:
        text = encode_base64(stanza.body)
        # One more start than full lines: a body ends with a short line, empty if need be.
        lines = [text[start : start + _COLUMNS] for start in range(0, len(text) + 1, _COLUMNS)]
        parts.append(f"-> {stanza.line}\n{chr(10).join(lines)}\n".encode("ascii"))
    parts.append(b"---")
    return b"".join(parts)


def print_end(mac: bytes) -> bytes:
    """The rest of the header: what follows the mark ``---``."""
    return f" {encode_base64(mac)}\n".encode("ascii")


def parse_header(raw: bytes) -> Header:
    """The header that ``raw`` is, from the version line to the end of the MAC line.

    Raises:
        HeaderError: anything that the grammar does not allow, with the number of the stanza.
        HeaderTooLargeError: more than ``STANZAS`` stanzas.

    Source: c2sp.org/age, "ABNF definition of file header".
    """
    _check_version(raw)
    stanzas: list[Stanza] = []
    position = len(VERSION_LINE)
    while match := _STANZA.match(raw, position):
        if len(stanzas) == STANZAS:
            raise HeaderTooLargeError("the header has too many stanzas", rule=f"at most {STANZAS}")
        stanzas.append(_stanza(match[1], match[2], len(stanzas) + 1))
        position = match.end()
    end = _END_LINE.fullmatch(raw, position)
    if end is None or not stanzas:
        raise HeaderError(
            "a line of the header is malformed or missing",
            where=f"after stanza {len(stanzas)}" if stanzas else "stanza 1",
            rule="c2sp.org/age: ABNF definition of file header",
        )
    mac = decode_base64(end[1].decode("ascii"), 32, what="the MAC")
    return Header(tuple(stanzas), mac, raw[: position + len(b"---")], len(raw))


def read_header(source: Source) -> tuple[Header, bytes]:
    """The header at the start of ``source``, and what was read beyond it.

    Raises:
        HeaderError: not an age file, or a malformed header.
        HeaderTooLargeError: no end within ``limits.AGE_HEADER_BYTES``.
    """
    data = bytearray()
    size = _FIRST_READ
    searched = 0
    while True:
        block = source.read(size)
        data += block
        if not block or len(data) - len(block) < len(VERSION_LINE) <= len(data):
            _check_version(data)
        # No line within a stanza begins with a dash but the one that opens it, which goes on with ">".
        mark = data.find(b"\n---", searched)
        end = mark + 1 + _END_LINE_BYTES
        if mark >= 0 and (len(data) >= end or not block):
            break
        if not block:
            raise HeaderError("the file ends within its header", rule="c2sp.org/age: header", hints=_AGAIN)
        if len(data) > AGE_HEADER_BYTES:
            raise HeaderTooLargeError("the header is too large", rule=f"at most {AGE_HEADER_BYTES} bytes")
        searched = max(0, len(data) - 3) if mark < 0 else mark
        size = min(2 * size, MIB)
    if end > AGE_HEADER_BYTES:
        raise HeaderTooLargeError("the header is too large", rule=f"at most {AGE_HEADER_BYTES} bytes")
    return parse_header(bytes(data[:end])), bytes(data[end:])


def _check_version(data: bytes | bytearray) -> None:
    if data.startswith(VERSION_LINE):
        return
    if data.lstrip().startswith(b"-----BEGIN AGE"):
        raise HeaderError(
            "the file is in ASCII armor",
            rule=f"{VERSION_LINE.decode().strip()} is the first line",
            hints=("take off the armor first",),
        )
    raise HeaderError("this is not an age file of version 1", rule=f"{VERSION_LINE.decode().strip()} is the first line")


def _stanza(line: bytes, body: bytes, number: int) -> Stanza:
    if line[0] == 0x20 or line[-1] == 0x20 or b"  " in line:
        raise HeaderError("an argument is empty", where=f"stanza {number}", rule="c2sp.org/age: arg-line")
    flat = body.replace(b"\n", b"")
    return Stanza(line.decode("ascii"), a2b_base64(flat + b"=" * (-len(flat) % 4)))
