"""Signed notes and verifier keys as c2sp.org/signed-note has them, Ed25519 (type 0x01) through libsodium.

A note is a text, an empty line, and signature lines. `split` takes bytes apart and verifies nothing: what it gives
is `Unverified`, whose text should be used for nothing but to find the key that `Unverified.verify` then takes.
An officer's key signs only the three kinds of text of this protocol (`Text`), never bytes as such.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

from nacl.bindings import (
    crypto_sign,
    crypto_sign_BYTES,
    crypto_sign_open,
    crypto_sign_PUBLICKEYBYTES,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from cipherpost.errors import MalformedError, NotAuthenticError
from cipherpost.text import TextError, has_controls, parse_base64, parse_name, shown

ED25519: Final = b"\x01"
_MARK = "\u2014 ".encode()
_SIGNATURE_LINE = re.compile(_MARK + rb"([^ +\n]+) ([A-Za-z0-9+/]+={0,2})\n")
_SPACE = re.compile(r"\s")
_VKEY = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")

SMALL_ORDER: Final = frozenset(
    bytes.fromhex(y + last)
    for y, signs in (
        ("00" * 31, ("00", "80")),
        ("01" + "00" * 30, ("00", "80")),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc", ("05", "85")),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03", ("7a", "fa")),
        ("ec" + "ff" * 30, ("7f", "ff")),
        ("ed" + "ff" * 30, ("7f", "ff")),
        ("ee" + "ff" * 30, ("7f", "ff")),
    )
    for last in signs
)
"""Every encoding of the eight points of small order of edwards25519, those with y not below 2^255-19 and with a sign
that y has no use for included: as a key, each would verify signatures of nobody."""


class NoteError(MalformedError):
    """Bytes that are not a signed note (c2sp.org/signed-note, "Format")."""


class VerifierKeyError(MalformedError):
    """A verifier key that is not in the form of c2sp.org/signed-note, or that no officer may have."""


class SignatureInvalidError(NotAuthenticError):
    """The signature line of the key named does not verify, or the note bears none."""


class Purpose(StrEnum):
    """The first line of a text that an officer's key may sign."""

    DISPATCH = "cipherpost/v1"
    DRAFT = "cipherpost/v1 draft"
    CARD = "cipherpost/v1 card"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of this protocol that may be signed: ``data`` ends in LF and its first line is ``purpose``.

    Raises:
        NoteError: the first line or the end is another.
    """

    purpose: Purpose
    data: bytes

    def __post_init__(self) -> None:
        if not self.data.startswith(self.purpose.encode() + b"\n") or not self.data.endswith(b"\n"):
            raise NoteError(f"this is no text of the form {self.purpose.value!r}")

    @property
    def hash(self) -> str:
        """SHA-256 of the text in hex: the identity of a dispatch, draft or card, whoever signed it."""
        return hashlib.sha256(self.data).hexdigest()


def key_name(network: str, office: str, officer: str) -> str:
    """``rkpb/center/stasova``: the name of an officer's key."""
    return f"{network}/{office}/{officer}"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public signing key under its name.

    ``name`` has no spaces and no plus sign; ``public`` is the 32 bytes of RFC 8032.
    """

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that identify the key beside its name (c2sp.org/signed-note, "Signatures")."""
        return _key_id(self.name, self.public)

    def __str__(self) -> str:
        """The form of c2sp.org/signed-note, "Verifier keys": name, key id in hex, base64 of type and key."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, word: str) -> Self:
        """Read a verifier key and check its id.

        Raises:
            VerifierKeyError: not the form, another type than Ed25519, a wrong id, or a key of small order.
        """
        match = _VKEY.fullmatch(word)
        if match is None:
            raise VerifierKeyError(f"{shown(word, 60)} is not a verifier key", rule="name+id+base64")
        name, key_id, encoded = match.groups()
        try:
            raw = parse_base64(encoded)
        except TextError as error:
            raise VerifierKeyError(error.what, where=f"the key of {shown(name)}", rule=error.rule) from None
        if len(raw) != 1 + crypto_sign_PUBLICKEYBYTES or raw[:1] != ED25519:
            raise VerifierKeyError(f"the key of {shown(name)} is not an Ed25519 key", rule="type 0x01 and 32 bytes")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise VerifierKeyError(f"the id of the key of {shown(name)} is not that of its bytes")
        if key.public in SMALL_ORDER:
            raise VerifierKeyError(f"the key of {shown(name)} is of small order", rule="it would verify anything")
        return key

    def officer(self) -> tuple[str, str, str]:
        """The name as (network, office, officer).

        Raises:
            TextError: the name is not made of three names.
        """
        parts = self.name.split("/")
        if len(parts) != 3:
            raise TextError(f"{shown(self.name)} is not network/office/officer")
        network, office, officer = (parse_name(part, reserved=part == "center") for part in parts)
        return network, office, officer

    def verify_raw(self, signature: bytes, text: Text) -> None:
        """Check a bare signature of 64 bytes, as an endorsement carries it.

        Raises:
            SignatureInvalidError: it is not this key's signature of ``text``.
        """
        if len(signature) != crypto_sign_BYTES:
            raise SignatureInvalidError(f"a signature of {self.name} has {len(signature)} bytes", rule="64")
        try:
            crypto_sign_open(signature + text.data, self.public)
        except BadSignatureError:
            raise SignatureInvalidError(f"the signature of {self.name} does not verify") from None


@lru_cache(maxsize=1 << 10)  # a key that is read is asked for its id several times
def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


class SignerKey:
    """A secret signing key under its name; shows nothing of itself.

    Args:
        name: ``network/office/officer``.
        seed: the 32 bytes of RFC 8032.
    """

    __slots__ = ("_secret", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        public, self._secret = crypto_sign_seed_keypair(seed)
        self._seed = seed
        self.verifier = VerifierKey(name, public)

    def __repr__(self) -> str:
        return f"<SignerKey {self.verifier.name}>"

    def __reduce__(self) -> str:
        raise TypeError("a secret key is not pickled")

    def secret_seed(self) -> bytes:
        """The 32 secret bytes, for keeping under the officer's own sealing key only."""
        return self._seed

    def sign_raw(self, text: Text) -> bytes:
        """The bare Ed25519 signature of ``text``, 64 bytes."""
        return crypto_sign(text.data, self._secret)[:crypto_sign_BYTES]

    def sign(self, text: Text) -> bytes:
        """The whole note: text, empty line, one signature line."""
        return text.data + b"\n" + self.signature_line(text)

    def signature_line(self, text: Text) -> bytes:
        """One signature line, to stand beside others below one text."""
        return signature_line(self.verifier.name, self.verifier.key_id, self.sign_raw(text))


def signature_line(name: str, key_id: bytes, signature: bytes) -> bytes:
    """A signature line of a note as it is written: dash, name, base64 of key id and signature, LF."""
    return _MARK + name.encode() + b" " + base64.b64encode(key_id + signature) + b"\n"


@dataclass(frozen=True, slots=True)
class Unverified:
    """A note taken apart and not verified: the text, and its signature lines as (name, key id, signature)."""

    text: bytes
    lines: tuple[tuple[str, bytes, bytes], ...]

    def verify(self, key: VerifierKey) -> bytes:
        """The text, once ``key``'s signature line has verified; lines of other keys are not looked at.

        Raises:
            SignatureInvalidError: no line of this name and id, or its signature is wrong.
        """
        wanted = (key.name, key.key_id)
        found = [signature for name, key_id, signature in self.lines if (name, key_id) == wanted]
        if not found:
            raise SignatureInvalidError(f"the note bears no signature of {key.name}")
        for signature in found:
            if len(signature) != crypto_sign_BYTES:
                raise SignatureInvalidError(f"a signature of {key.name} has {len(signature)} bytes", rule="64")
            try:
                crypto_sign_open(signature + self.text, key.public)
            except BadSignatureError:
                raise SignatureInvalidError(f"the signature of {key.name} does not verify") from None
        return self.text


def split(note: bytes) -> Unverified:
    """Take a note apart at its last empty line; the caller has checked its size.

    Raises:
        NoteError: not UTF-8, control characters, no empty line, no or malformed signature lines.
    """
    at = note.rfind(b"\n\n")
    if at < 0:
        raise NoteError("there is no empty line before the signatures", rule="a note is text, empty line, signatures")
    text, tail = note[: at + 1], note[at + 2 :]
    if at == 0:
        raise NoteError("the text is empty")
    _check_characters(note)
    if not tail:
        raise NoteError("there is no signature line")
    lines: list[tuple[str, bytes, bytes]] = []
    position = 0
    while position < len(tail):
        match = _SIGNATURE_LINE.match(tail, position)
        if match is None:
            raise NoteError(f"signature line {len(lines) + 1} is malformed", rule="dash, name, base64, line feed")
        lines.append(_signature(match, len(lines) + 1))
        position = match.end()
    return Unverified(text, tuple(lines))


def _check_characters(note: bytes) -> None:
    try:
        note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError(f"byte {error.start} is not UTF-8") from None
    if has_controls(note):
        raise NoteError("there is a control character other than line feed")


def _signature(match: re.Match[bytes], at: int) -> tuple[str, bytes, bytes]:
    name, encoded = match.group(1).decode(), match.group(2).decode()
    if _SPACE.search(name):
        raise NoteError(f"signature line {at} has a space in its key name")
    try:
        raw = parse_base64(encoded)
    except TextError as error:
        raise NoteError(f"signature line {at}: {error.what}", rule=error.rule) from None
    if len(raw) < 5:
        raise NoteError(f"signature line {at} has no signature behind the key id")
    return name, raw[:4], raw[4:]
