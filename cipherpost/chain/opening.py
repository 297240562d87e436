"""A note taken apart, and its place compared: checks V1 and V2, and the arithmetic of V5.

Nothing here knows the roster. Almost every note bears one signature line, that of the officer named by ``by``; such a
note is taken apart without `note.split`, under the same rules, since tens of thousands are read at once.
"""

import re
from binascii import a2b_base64
from functools import lru_cache
from typing import Final, NamedTuple

from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from cipherpost import limits
from cipherpost.chain.checks import MisplacedError
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.errors import TooLargeError
from cipherpost.note import key_name, split
from cipherpost.text import sha256

ROSTER_CHANNEL: Final = "center/roster"

_ONE_LINE: Final = re.compile(b"\xe2\x80\x94 " + rb"([^ +\n]+) ([A-Za-z0-9+/]{90}[AEIMQUYcgkosw048]=)\n")
"""One signature line whose base64, of 68 bytes, is canonical: the two bits left over are zero."""
_KEY_ID: Final = 4


Lines = tuple[tuple[bytes, bytes], ...]
"""Signature lines: (key id, signature)."""


class Opened(NamedTuple):
    """A note whose form and place are right, and whose signature nobody has looked at.

    ``hash`` is that of ``text``. ``lines``: (key id, signature) of each signature line under the name of ``by``.
    """

    header: Header
    hash: str
    text: bytes
    lines: Lines


def most_bytes(channel: str) -> int:
    """The limit on a whole note of ``channel``, in bytes."""
    return limits.ROSTER_BYTES if channel == ROSTER_CHANNEL else limits.HEADER_BYTES


def open_note(note: bytes, *, network: str, channel: str, number: int) -> Opened:
    """Checks V1 and V2 of a note fetched from slot ``number`` of ``channel``.

    Raises:
        TooLargeError, NoteError, HeaderMalformedError: V1.
        NewerHeaderError: V1, a later version of the protocol; junk unless its signature is an officer's.
        MisplacedError: V2.
    """
    # V1: limits before anything else, then the strict parse, which prints back to the same bytes
    most = most_bytes(channel)
    if len(note) > most:
        raise TooLargeError(f"the note has {len(note)} bytes", rule=f"at most {most}")
    at = note.rfind(b"\n\n")
    one = _ONE_LINE.fullmatch(note, at + 2) if at > 0 and channel != ROSTER_CHANNEL else None
    parts = split(note) if one is None else None
    text = note[: at + 1] if parts is None else parts.text
    header = parse_header(text)
    # V2: network and channel are the slot's, number is the slot's
    if header.number != number or header.channel != channel or header.network != network:
        raise MisplacedError(
            f"this is {header.network}: {header.channel}/{header.number}, found in another place",
            rule=f"what lies there is {network}: {channel}/{number}",
            hints=("tell who runs the post office",),
        )
    signer = _signer(network, channel, header.by)
    if one is not None and one[1] == signer:
        raw = a2b_base64(one[2])
        own: Lines = ((raw[:_KEY_ID], raw[_KEY_ID:]),)
    else:
        named = (parts or split(note)).lines
        own = tuple((key_id, signature) for name, key_id, signature in named if name.encode() == signer)
    return Opened(header, sha256(text), text, own)


@lru_cache(maxsize=1 << 14)
def _signer(network: str, channel: str, by: str) -> bytes:
    """The name under which ``by`` signs in ``channel``."""
    return key_name(network, channel.partition("/")[0], by).encode()


def verifies(public: bytes, signature: bytes, text: bytes) -> bool:
    """V5, the arithmetic: whether ``signature`` of ``text`` is by the Ed25519 key ``public`` (32 bytes)."""
    if len(signature) != crypto_sign_BYTES:
        return False
    try:
        crypto_sign_open(signature + text, public)
    except BadSignatureError:
        return False
    return True
