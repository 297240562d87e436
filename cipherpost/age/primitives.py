"""What the kinds of keys share: derivation of keys, wrapping of the file key, and what a kind of key must offer.

Nothing here is cryptography of our own: HKDF, HMAC and ChaCha20-Poly1305 are those of the libraries, put together
as the specification says.
"""

import hmac
from typing import Final, Literal, Protocol, TypeAlias

from cipherpost.age.errors import HeaderError, KeyFormatError
from cipherpost.age.header import Stanza

FILE_KEY: Final = 16
"""Bytes of a file key."""
WRAPPED: Final = FILE_KEY + 16
"""Bytes of the body of every native stanza: an encrypted file key and its tag."""
NONCE: Final = 16
"""Bytes before the payload that make its key."""

_NO_NONCE = bytes(12)  # a wrap key is used once

Kind: TypeAlias = Literal["classic", "hybrid", "passphrase"]
"""What files can be sealed to together: a classic stanza beside hybrid ones would undo what they are for, and a
passphrase says who wrote the file only as long as nobody else can open it."""


class Recipient(Protocol):
    """Somebody to encrypt to."""

    @property
    def kind(self) -> Kind:
        """All recipients of one file are of one kind, and a passphrase stands alone."""
        ...

    def wrap(self, file_key: bytes, /) -> Stanza:
        """The stanza that gives ``file_key`` (16 bytes) to this recipient and nobody else."""
        ...


class Identity(Protocol):
    """A secret that opens stanzas."""

    def unwrap(self, stanza: Stanza, /) -> bytes | None:
        """The file key (16 bytes) of ``stanza``; none where it is of another type or for somebody else.

        Raises:
            HeaderError: the stanza is of this identity's type and malformed.
        """
        ...


def derive(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """32 bytes of HKDF-SHA-256.

    Source: RFC 5869; c2sp.org/age, "Conventions".
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def header_mac(file_key: bytes, signed: bytes) -> bytes:
    """The MAC (32 bytes) of the header up to and including its mark ``---``.

    Source: c2sp.org/age, "Header MAC".
    """
    return hmac.digest(derive(file_key, salt=b"", info=b"header"), signed, "sha256")


def payload_key(file_key: bytes, nonce: bytes) -> bytes:
    """The key (32 bytes) of the payload that begins with ``nonce`` (16 bytes).

    Source: c2sp.org/age, "Payload".
    """
    return derive(file_key, salt=nonce, info=b"payload")


def wrap_file_key(wrap_key: bytes, file_key: bytes) -> bytes:
    """``file_key`` encrypted under a key that is used only here; 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(wrap_key).encrypt(_NO_NONCE, file_key, None)


def unwrap_file_key(wrap_key: bytes, body: bytes) -> bytes | None:
    """The file key in a body whose size was checked; none under another wrap key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(wrap_key).decrypt(_NO_NONCE, body, None)
    except InvalidTag:
        return None


def check_body(stanza: Stanza) -> None:
    """Refuse another size of body than that of a file key, before any decryption.

    ChaCha20-Poly1305 does not commit to its key: a long body can be made to open under many keys at once, and an
    answer would tell which.

    Raises:
        HeaderError: another size.
    """
    if len(stanza.body) != WRAPPED:
        raise HeaderError(
            f"the body of a stanza of type {stanza.type} is not {WRAPPED} bytes",
            rule=f"c2sp.org/age: {stanza.type} recipient stanza",
        )


def decode_key(text: str, *, prefix: str, size: int, what: str) -> bytes:
    """The ``size`` bytes of the key ``text``, whose prefix and case must be exactly ``prefix``.

    Raises:
        KeyFormatError: not Bech32, another prefix, another size. The text is not quoted.
    """
    from cipherpost.age.bech32 import decode

    found, data = decode(text)
    if found != prefix or len(data) != size:
        raise KeyFormatError(f"this is not {what}", rule=f"it begins with {prefix}1 and holds {size} bytes")
    return data


def check_size(data: bytes, size: int, *, what: str) -> bytes:
    """``data``, of which there must be ``size`` bytes.

    Raises:
        KeyFormatError: another size.
    """
    if len(data) != size:
        raise KeyFormatError(f"this is not {what}", rule=f"{size} bytes")
    return bytes(data)
