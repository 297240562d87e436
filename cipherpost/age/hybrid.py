"""The post-quantum recipient type: public keys ``age1pq1…``, secret keys ``AGE-SECRET-KEY-PQ-1…``.

HPKE in base mode with the KEM MLKEM768-X25519 (X-Wing), HKDF-SHA256 and ChaCha20Poly1305: safe as long as one of
ML-KEM-768 and X25519 is. HPKE itself is the library's. Only the step from the seed of 32 bytes to the two secret
keys is put together here, since the library takes the two keys ready-made.

Source: c2sp.org/age, "The MLKEM768-X25519 hybrid post-quantum recipient type"; RFC 9180; draft-ietf-hpke-pq.
"""

import os
from dataclasses import dataclass
from functools import cache
from hashlib import shake_256
from typing import TYPE_CHECKING, ClassVar, Final

from cipherpost.age.bech32 import encode
from cipherpost.age.errors import HeaderError, KeyFormatError
from cipherpost.age.header import Stanza, decode_base64, encode_base64
from cipherpost.age.primitives import Kind, check_body, check_size, decode_key
from cipherpost.age.x25519 import exchange

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey, Suite

TYPE: Final = "mlkem768x25519"
SEED: Final = 32
"""Bytes of a secret key."""
PUBLIC_KEY: Final = 1184 + 32
"""Bytes of a public key: ML-KEM-768, then X25519."""
ENCAPSULATED: Final = 1088 + 32
"""Bytes of an encapsulated key: ML-KEM-768's, then X25519's."""

_ML_KEM_PUBLIC = 1184
_ML_KEM_ENCAPSULATED = 1088
_ML_KEM_SEED = 64
_RECIPIENT_PREFIX = "age1pq"
_IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"
_INFO = b"age-encryption.org/mlkem768x25519"
_A_RECIPIENT = "a post-quantum public key"
_AN_IDENTITY = "a post-quantum secret key"


@dataclass(frozen=True, slots=True, repr=False)
class HybridRecipient:
    """A public key of 1,216 bytes, ``raw``; two with the same bytes are equal.

    The library's key object is built for each use: it takes 45 of the 250 microseconds of a ``wrap``, most
    recipients of a program's run are used once, and ten thousand of them kept would be a burden.
    """

    kind: ClassVar[Kind] = "hybrid"
    raw: bytes

    @classmethod
    def from_bytes(cls, raw: bytes) -> "HybridRecipient":
        """The recipient with this public key of 1,216 bytes, which was checked when it was admitted.

        Only the size is checked here; ``wrap`` refuses what is not a key.

        Raises:
            KeyFormatError: another size.
        """
        return cls(check_size(raw, PUBLIC_KEY, what=_A_RECIPIENT))

    @classmethod
    def from_text(cls, text: str) -> "HybridRecipient":
        """The recipient written ``age1pq1…``.

        Raises:
            KeyFormatError: anything else, or bytes that are not an ML-KEM-768 key.
        """
        recipient = cls(decode_key(text, prefix=_RECIPIENT_PREFIX, size=PUBLIC_KEY, what=_A_RECIPIENT))
        recipient._key()
        return recipient

    @property
    def text(self) -> str:
        """``age1pq1…``, 1,959 characters."""
        return encode(_RECIPIENT_PREFIX, self.raw)

    def __repr__(self) -> str:
        return f"HybridRecipient({self.text[:20]}…)"

    def wrap(self, file_key: bytes, /) -> Stanza:
        """A stanza for this recipient.

        Raises:
            KeyFormatError: the bytes are not a public key, or the X25519 part is of low order.
        """
        key = self._key()
        try:
            sealed = _suite().encrypt(file_key, key, info=_INFO)
        except ValueError:
            raise _not_a_key() from None
        return Stanza(f"{TYPE} {encode_base64(sealed[:ENCAPSULATED])}", sealed[ENCAPSULATED:])

    def _key(self) -> "MLKEM768X25519PublicKey":
        from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
        from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

        try:
            ml_kem = MLKEM768PublicKey.from_public_bytes(self.raw[:_ML_KEM_PUBLIC])
        except ValueError:
            raise _not_a_key() from None
        return MLKEM768X25519PublicKey(ml_kem, X25519PublicKey.from_public_bytes(self.raw[_ML_KEM_PUBLIC:]))


class HybridIdentity:
    """A secret key. ``text`` and ``seed`` give it out; nothing else does."""

    __slots__ = ("_key", "_raw", "_seed", "_x25519")

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
        from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

        self._seed = check_size(seed, SEED, what=_AN_IDENTITY)
        # The seed expands as in X-Wing: d and z of ML-KEM-768 (FIPS 203), then the X25519 secret.
        expanded = shake_256(self._seed).digest(_ML_KEM_SEED + 32)
        ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED:])
        self._key = MLKEM768X25519PrivateKey(ml_kem, self._x25519)
        self._raw = ml_kem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> "HybridIdentity":
        """A new secret key from the system's randomness."""
        return cls(os.urandom(SEED))

    @classmethod
    def from_seed(cls, seed: bytes) -> "HybridIdentity":
        """The identity with this secret of 32 bytes.

        Raises:
            KeyFormatError: another size.
        """
        return cls(seed)

    @classmethod
    def from_text(cls, text: str) -> "HybridIdentity":
        """The identity written ``AGE-SECRET-KEY-PQ-1…``.

        Raises:
            KeyFormatError: anything else.
        """
        return cls(decode_key(text, prefix=_IDENTITY_PREFIX, size=SEED, what=_AN_IDENTITY))

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes."""
        return self._seed

    @property
    def text(self) -> str:
        """The secret, ``AGE-SECRET-KEY-PQ-1…``."""
        return encode(_IDENTITY_PREFIX, self._seed).upper()

    @property
    def recipient(self) -> HybridRecipient:
        """The public key."""
        return HybridRecipient(self._raw)

    def unwrap(self, stanza: Stanza, /) -> bytes | None:
        """The file key of ``stanza``, or none.

        Raises:
            HeaderError: a malformed mlkem768x25519 stanza, or one whose X25519 part is of low order.
        """
        from cryptography.exceptions import InvalidTag

        if stanza.type != TYPE:
            return None
        (text,) = stanza.arguments(1)
        encapsulated = decode_base64(text, ENCAPSULATED, what="the key in a mlkem768x25519 stanza")
        check_body(stanza)
        try:
            return _suite().decrypt(encapsulated + stanza.body, self._key, info=_INFO)
        except InvalidTag:
            # The library says the same of a stanza for somebody else and of one that was made to be wrong.
            if exchange(self._x25519, encapsulated[_ML_KEM_ENCAPSULATED:]) is None:
                raise HeaderError(
                    "the share of a mlkem768x25519 stanza is of low order", rule="c2sp.org/age: no zero secret"
                ) from None
            return None


@cache
def _suite() -> "Suite":
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _not_a_key() -> KeyFormatError:
    return KeyFormatError(
        f"this is not {_A_RECIPIENT}",
        rule="an ML-KEM-768 key with all coefficients below 3329, then an X25519 key that is not of low order",
    )
