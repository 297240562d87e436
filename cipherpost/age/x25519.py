"""The X25519 recipient type: public keys ``age1…``, secret keys ``AGE-SECRET-KEY-1…``.

Source: c2sp.org/age, "The X25519 recipient type".
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from cipherpost.age.bech32 import encode
from cipherpost.age.errors import HeaderError, KeyFormatError
from cipherpost.age.header import Stanza, decode_base64, encode_base64
from cipherpost.age.primitives import (
    Kind,
    check_body,
    check_size,
    decode_key,
    derive,
    unwrap_file_key,
    wrap_file_key,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

TYPE: Final = "X25519"
KEY: Final = 32
"""Bytes of a key, public or secret."""

_RECIPIENT_PREFIX = "age"
_IDENTITY_PREFIX = "AGE-SECRET-KEY-"
_INFO = b"age-encryption.org/v1/X25519"
_A_RECIPIENT = "an X25519 public key"
_AN_IDENTITY = "an X25519 secret key"


@dataclass(frozen=True, slots=True, repr=False)
class X25519Recipient:
    """A public key of 32 bytes, ``raw``; two with the same bytes are equal."""

    kind: ClassVar[Kind] = "classic"
    raw: bytes

    @classmethod
    def from_bytes(cls, raw: bytes) -> "X25519Recipient":
        """The recipient with this public key of 32 bytes.

        Raises:
            KeyFormatError: another size.
        """
        return cls(check_size(raw, KEY, what=_A_RECIPIENT))

    @classmethod
    def from_text(cls, text: str) -> "X25519Recipient":
        """The recipient written ``age1…``.

        Raises:
            KeyFormatError: anything else.
        """
        return cls(decode_key(text, prefix=_RECIPIENT_PREFIX, size=KEY, what=_A_RECIPIENT))

    @property
    def text(self) -> str:
        """``age1…``."""
        return encode(_RECIPIENT_PREFIX, self.raw)

    def __repr__(self) -> str:
        return f"X25519Recipient({self.text[:20]}…)"

    def wrap(self, file_key: bytes, /) -> Stanza:
        """A stanza for this recipient, under a new ephemeral key.

        Raises:
            KeyFormatError: the public key is one of the few points that lead every secret to zero.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        shared = exchange(ephemeral, self.raw)
        if shared is None:
            raise KeyFormatError("the public key is of low order", rule="RFC 7748, section 6.1: no zero secret")
        wrap_key = derive(shared, salt=share + self.raw, info=_INFO)
        return Stanza(f"{TYPE} {encode_base64(share)}", wrap_file_key(wrap_key, file_key))


class X25519Identity:
    """A secret key. ``text`` and ``seed`` give it out; nothing else does."""

    __slots__ = ("_key", "_public", "_seed")

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        self._seed = check_size(seed, KEY, what=_AN_IDENTITY)
        self._key = X25519PrivateKey.from_private_bytes(self._seed)
        self._public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> "X25519Identity":
        """A new secret key from the system's randomness."""
        return cls(os.urandom(KEY))

    @classmethod
    def from_seed(cls, seed: bytes) -> "X25519Identity":
        """The identity with this secret of 32 bytes.

        Raises:
            KeyFormatError: another size.
        """
        return cls(seed)

    @classmethod
    def from_text(cls, text: str) -> "X25519Identity":
        """The identity written ``AGE-SECRET-KEY-1…``.

        Raises:
            KeyFormatError: anything else.
        """
        return cls(decode_key(text, prefix=_IDENTITY_PREFIX, size=KEY, what=_AN_IDENTITY))

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes."""
        return self._seed

    @property
    def text(self) -> str:
        """The secret, ``AGE-SECRET-KEY-1…``."""
        return encode(_IDENTITY_PREFIX, self._seed).upper()

    @property
    def recipient(self) -> X25519Recipient:
        """The public key."""
        return X25519Recipient(self._public)

    def unwrap(self, stanza: Stanza, /) -> bytes | None:
        """The file key of ``stanza``, or none.

        Raises:
            HeaderError: a malformed X25519 stanza, or a share that leads every secret to zero.
        """
        if stanza.type != TYPE:
            return None
        (text,) = stanza.arguments(1)
        share = decode_base64(text, KEY, what="the share of an X25519 stanza")
        check_body(stanza)
        shared = exchange(self._key, share)
        if shared is None:
            raise HeaderError("the share of an X25519 stanza is of low order", rule="c2sp.org/age: no zero secret")
        return unwrap_file_key(derive(shared, salt=share + self._public, info=_INFO), stanza.body)


def exchange(secret: "X25519PrivateKey", public: bytes) -> bytes | None:
    """The shared secret (32 bytes); none where it is all zero, which the library refuses to give out.

    Source: RFC 7748, sections 5 and 6.1.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    key = X25519PublicKey.from_public_bytes(public)
    try:
        shared = secret.exchange(key)
    except ValueError:
        return None
    return shared if any(shared) else None
