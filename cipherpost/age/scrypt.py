"""The scrypt recipient type: a file under a passphrase, which is always its only key.

Source: c2sp.org/age, "The scrypt recipient type"; RFC 7914.
"""

import os
import re
from typing import ClassVar, Final

from cipherpost.age.errors import HeaderError
from cipherpost.age.header import Stanza, decode_base64, encode_base64
from cipherpost.age.primitives import Kind, check_body, unwrap_file_key, wrap_file_key
from cipherpost.errors import UseError
from cipherpost.limits import SCRYPT_LOG_N, SCRYPT_LOG_N_MAX

TYPE: Final = "scrypt"

_SALT = 16
_LABEL = b"age-encryption.org/v1/scrypt"
_DECIMAL = re.compile(r"[1-9][0-9]*")
_RULE = "c2sp.org/age: scrypt recipient stanza"


class EmptyPassphraseError(UseError):
    """A passphrase without a character."""


class ScryptRecipient:
    """A passphrase to encrypt under, with the binary logarithm of the work it takes to try one: 2^log_n KiB."""

    __slots__ = ("_log_n", "_passphrase")
    kind: ClassVar[Kind] = "passphrase"

    def __init__(self, passphrase: str | bytes, log_n: int = SCRYPT_LOG_N) -> None:
        """Raises EmptyPassphraseError for no passphrase, UseError for a work factor outside 1 to 30."""
        self._passphrase = _octets(passphrase)
        if not 1 <= log_n <= 30:
            raise UseError("the work factor makes no sense", rule="log N is 1 to 30")
        self._log_n = log_n

    def wrap(self, file_key: bytes, /) -> Stanza:
        """A stanza under this passphrase and a new salt; takes 2^log_n KiB of memory."""
        salt = os.urandom(_SALT)
        body = wrap_file_key(_wrap_key(self._passphrase, salt, self._log_n), file_key)
        return Stanza(f"{TYPE} {encode_base64(salt)} {self._log_n}", body)


class ScryptIdentity:
    """A passphrase to open with; a file that asks for more work than 2^max_log_n KiB is refused."""

    __slots__ = ("_max_log_n", "_passphrase")

    def __init__(self, passphrase: str | bytes, max_log_n: int = SCRYPT_LOG_N_MAX) -> None:
        """Raises EmptyPassphraseError for no passphrase."""
        self._passphrase = _octets(passphrase)
        self._max_log_n = max_log_n

    def unwrap(self, stanza: Stanza, /) -> bytes | None:
        """The file key of ``stanza``, or none; takes as much memory as the stanza says, within the limit.

        Raises:
            HeaderError: a malformed scrypt stanza, or one that asks for too much work.
        """
        if stanza.type != TYPE:
            return None
        text, work = stanza.arguments(2)
        salt = decode_base64(text, _SALT, what="the salt of a scrypt stanza")
        check_body(stanza)
        if not _DECIMAL.fullmatch(work):
            raise HeaderError("the work factor of a scrypt stanza is not a decimal number", rule=_RULE)
        # The length first: Python refuses to read numbers of thousands of digits.
        if len(work) > len(str(self._max_log_n)) or int(work) > self._max_log_n:
            raise HeaderError("the file asks for too much work", rule=f"scrypt log N is at most {self._max_log_n}")
        return unwrap_file_key(_wrap_key(self._passphrase, salt, int(work)), stanza.body)


def _octets(passphrase: str | bytes) -> bytes:
    octets = passphrase.encode("utf-8") if isinstance(passphrase, str) else bytes(passphrase)
    if not octets:
        raise EmptyPassphraseError("the passphrase is empty", rule="a passphrase has at least one character")
    return octets


def _wrap_key(passphrase: bytes, salt: bytes, log_n: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=_LABEL + salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase)
