"""Small things under age, sealed and opened in memory: keys, the vault's key."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cipherpost.age import Identity, Recipient


def seal_bytes(recipients: "Sequence[Recipient]", data: bytes) -> bytes:
    """``data`` as a binary age file; for what is small enough to be held in memory."""
    from cipherpost.age import encrypt

    sink = io.BytesIO()
    encrypt(recipients, io.BytesIO(data), sink)
    return sink.getvalue()


def open_bytes(identities: "Sequence[Identity]", sealed: bytes) -> bytes:
    """The whole plaintext of an age file, armored or not.

    Raises:
        NoMatchError, HeaderError, HmacError, PayloadError, ArmorError: see `cipherpost.age.decrypt`.
    """
    from cipherpost.age import decrypt, open_any

    return decrypt(identities, open_any(io.BytesIO(sealed))).read()
