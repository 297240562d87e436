"""age, version 1 (c2sp.org/age): encryption of files to public keys, post-quantum or classic, or a passphrase.

    with Encryptor([HybridRecipient.from_bytes(raw)], sink) as writer:
        writer.write(data)
    plain = decrypt([HybridIdentity.from_text(text)], source).read()

Who can open a file says nothing about who wrote it: any of its recipients knows its file key, and can put another
payload under the same header.
"""

from cipherpost.age.armor import ArmorReader, ArmorWriter, dearmor, enarmor
from cipherpost.age.decryption import Decryptor, HeaderInfo, decrypt, inspect, open_any
from cipherpost.age.encryption import Encryptor, encrypt
from cipherpost.age.errors import (
    ArmorError,
    HeaderError,
    HeaderTooLargeError,
    HmacError,
    KeyFormatError,
    MixedRecipientsError,
    NoMatchError,
    NoRecipientsError,
    PayloadError,
    WriterStateError,
)
from cipherpost.age.hybrid import HybridIdentity, HybridRecipient
from cipherpost.age.keys import format_identity_file, parse_identity, parse_identity_file, parse_recipient
from cipherpost.age.primitives import Identity, Kind, Recipient
from cipherpost.age.scrypt import EmptyPassphraseError, ScryptIdentity, ScryptRecipient
from cipherpost.age.x25519 import X25519Identity, X25519Recipient

__all__ = [
    "ArmorError",
    "ArmorReader",
    "ArmorWriter",
    "Decryptor",
    "EmptyPassphraseError",
    "Encryptor",
    "HeaderError",
    "HeaderInfo",
    "HeaderTooLargeError",
    "HmacError",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "KeyFormatError",
    "Kind",
    "MixedRecipientsError",
    "NoMatchError",
    "NoRecipientsError",
    "PayloadError",
    "Recipient",
    "ScryptIdentity",
    "ScryptRecipient",
    "WriterStateError",
    "X25519Identity",
    "X25519Recipient",
    "dearmor",
    "decrypt",
    "enarmor",
    "encrypt",
    "format_identity_file",
    "inspect",
    "open_any",
    "parse_identity",
    "parse_identity_file",
    "parse_recipient",
]
