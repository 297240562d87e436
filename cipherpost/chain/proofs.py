"""The proof of a fork: both notes whole, and in words what they prove and what not.

The file is for people first, UTF-8 with LF. Its form (docs/protocol.md, "Proof of a fork"):

    cipherpost fork proof
    network rkpb
    fingerprint <hash>
    channel center/all
    number 14
                                  an empty line, then the explanation, lines of at most 100 characters
    ----- note <hash of the text>, <bytes> bytes
    <the note as it was, byte for byte>
    ----- end                     and the second note likewise

`read_proof` gives the notes back; what counts is that they verify, not what the file says of them.
"""

import re
from typing import Final, NamedTuple

from cipherpost import limits
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.errors import MalformedError, UseError
from cipherpost.note import split
from cipherpost.text import sha256, spoken

_TITLE: Final = b"cipherpost fork proof\n"
_OPEN: Final = re.compile(rb"^----- note ([0-9a-f]{64}), ([1-9][0-9]{0,7}) bytes\n", re.MULTILINE)
_CLOSE: Final = b"----- end\n"
_HEAD: Final = re.compile(
    rb"cipherpost fork proof\nnetwork ([a-z0-9-]{1,63})\nfingerprint ([0-9a-f]{64})\n"
    rb"channel ([a-z0-9-]+/[a-z0-9-]+)\nnumber ([1-9][0-9]{0,7})\n\n"
)


class ProofMalformedError(MalformedError):
    """The file is no proof of a fork as `fork_proof` writes it."""


class Proof(NamedTuple):
    """A proof file taken apart; nothing in it is verified. ``notes`` are the two notes, byte for byte."""

    network: str
    fingerprint: str
    channel: str
    number: int
    notes: tuple[bytes, bytes]


def fork_proof(fingerprint: str, first: bytes, second: bytes) -> bytes:
    """The proof file for two verified notes of one channel and number.

    Raises:
        UseError: they are one dispatch, or of different channels or numbers.
    """
    texts = sorted(((split(note).text, note) for note in (first, second)), key=lambda pair: sha256(pair[0]))
    left, right = (parse_header(text) for text, _ in texts)
    if (left.network, left.channel, left.number) != (right.network, right.channel, right.number) or left == right:
        raise UseError("these two notes prove nothing", rule="two different dispatches of one channel and number")
    head = (
        f"network {left.network}\nfingerprint {fingerprint}\nchannel {left.channel}\nnumber {left.number}\n\n"
        f"{_explanation(left, right)}\n\nThe network's fingerprint, read aloud:\n{spoken(fingerprint)}\n\n"
    )
    return _TITLE + head.encode() + b"".join(_framed(text, note) for text, note in texts)


def _framed(text: bytes, note: bytes) -> bytes:
    return f"----- note {sha256(text)}, {len(note)} bytes\n".encode() + note + _CLOSE


def _explanation(left: Header, right: Header) -> str:
    place = f"number {left.number} of {left.channel}"
    if left.by == right.by:
        return (
            f"Both notes below are {place}, and both bear a valid signature of {left.office}/{left.by}.\n"
            "An officer's program never signs two dispatches with one number. So this proves: whoever held this\n"
            "key signed both. It does not prove that the officer meant to: the key may have been stolen, or a home\n"
            "restored from a copy. Next: the officer says which one is his; the center retires or declares the key\n"
            "compromised as the case may be, and settles in the roster which side stands."
        )
    return (
        f"Below are two dispatches that are both {place}, by {left.by} and by {right.by}, and both sides went on.\n"
        "This proves that the two officers saw different things: each built upon a dispatch that the other does\n"
        "not build upon. It proves nothing against either of them; it may be the carrier that showed each a\n"
        "different post office. Next: the two compare by telephone, and the center settles in the roster\n"
        "which side stands."
    )


def read_proof(data: bytes) -> Proof:
    """Take a proof file apart; the two notes are then to be verified like any others.

    Raises:
        ProofMalformedError: not this form, or a note does not have the length and hash stated.
    """
    head = _HEAD.match(data[: limits.HEADER_BYTES])
    at = _OPEN.search(data)
    if head is None or at is None:
        raise ProofMalformedError("this is no proof of a fork", rule="the form of cipherpost fork proof")
    notes: list[bytes] = []
    position = at.start()
    while position < len(data):
        opening = _OPEN.match(data, position)
        if opening is None:
            break
        end = opening.end() + int(opening.group(2))
        note = data[opening.end() : end]
        if data[end : end + len(_CLOSE)] != _CLOSE or sha256(split(note).text).encode() != opening.group(1):
            raise ProofMalformedError(f"note {len(notes) + 1} of the proof was altered", rule="its length and hash")
        notes.append(note)
        position = end + len(_CLOSE)
    if len(notes) != 2 or position != len(data):
        raise ProofMalformedError("the proof does not hold two notes and nothing after them", rule="two notes")
    network, fingerprint, channel, number = (part.decode() for part in head.groups())
    return Proof(network, fingerprint, channel, int(number), (notes[0], notes[1]))
