"""Small secret things of a home: subjects, digests of contents, names of attachments, audience keys (I5).

A random key of 32 bytes, sealed to the officer's own identity as ``keys/vault.age``, locks each value in a box of
its own (libsodium's secretbox, XSalsa20-Poly1305, random nonces of 24 bytes: no two are ever alike). The name under
which a value is kept is locked in with it, so that no box can be put under another name. Boxes are as long as the
next multiple of 64 bytes, which hides how long a subject is.

Inside of a box: two bytes with the length of the name, the name, the value, one byte 0x80, zeros.
"""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nacl.bindings import (
    crypto_secretbox_easy,
    crypto_secretbox_KEYBYTES,
    crypto_secretbox_NONCEBYTES,
    crypto_secretbox_open_easy,
)
from nacl.exceptions import CryptoError

from cipherpost import limits
from cipherpost.errors import NotAuthenticError, NotForUsError, UnableError
from cipherpost.home.envelope import open_bytes, seal_bytes
from cipherpost.home.files import AlreadyThereError, disk_error, write_file

if TYPE_CHECKING:
    from cipherpost.home.keys import KeyRing
    from cipherpost.home.mail import Mail

VAULT_KEY: Final = "keys/vault.age"
_BLOCK: Final = 64
_NAME_BYTES: Final = 1024


class VaultDamagedError(UnableError):
    """A value of the vault cannot be opened: its bytes, its name or the key of the vault is another."""


class VaultLostError(VaultDamagedError):
    """The key of the vault is gone, or sealed to another key than this officer's: nothing in it can be opened."""


class Vault:
    """The vault of ``home``: values are kept in ``mail``, in whatever transaction is open there.

    Names are open on the disk and tell nothing secret: ``subject center/all 14 <hash>``. The key is made at the
    first `put` and opened at the first use.
    """

    __slots__ = ("_key", "_mail", "_path", "_ring")

    def __init__(self, home: Path, ring: "KeyRing", mail: "Mail") -> None:
        self._path = home / VAULT_KEY
        self._ring = ring
        self._mail = mail
        self._key: bytes | None = None

    def __repr__(self) -> str:
        return "<Vault>"

    def put(self, name: str, value: bytes) -> None:
        """Keep ``value`` under ``name`` (at most 1,024 bytes), instead of what was there.

        Raises:
            DiskError: it could not be written; the errors of `KeyRing` when the key must be opened.
        """
        self._mail.put_box(name, lock(self._opened_key(), name, value))

    def get(self, name: str) -> bytes | None:
        """The value kept under ``name``, or None.

        Raises:
            VaultDamagedError: it cannot be opened; the errors of `KeyRing` when the key must be opened.
        """
        box = self._mail.box(name)
        return None if box is None else unlock(self._kept_key(), name, box)

    def get_all(self, prefix: str) -> dict[str, bytes]:
        """All values whose names begin with ``prefix``, by name; damaged ones are left out."""
        found = {}
        for name, box in self._mail.boxes(prefix):
            try:
                found[name] = unlock(self._kept_key(), name, box)
            except VaultLostError:
                raise
            except VaultDamagedError:  # one bad value must not hide the others; it is read from its letter again
                continue
        return found

    def remove(self, name: str) -> None:
        """Forget the value kept under ``name``."""
        self._mail.drop_box(name)

    def _opened_key(self) -> bytes:
        if self._key is None:
            self._key = self._read_key() or self._new_key()
        return self._key

    def _kept_key(self) -> bytes:
        """The key that locked what is there; a new one would open none of it."""
        if self._key is None:
            self._key = self._read_key()
        if self._key is None:
            raise self._lost()
        return self._key

    def _read_key(self) -> bytes | None:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk_error(error, self._path) from error
        identities = self._ring.identities
        try:
            key = open_bytes(identities, sealed)
        except (NotAuthenticError, NotForUsError):
            self._ring.signer  # noqa: B018  keys of another officer are refused as what they are
            raise self._lost() from None
        if len(key) != crypto_secretbox_KEYBYTES:
            raise self._lost()
        return key

    def _new_key(self) -> bytes:
        key = secrets.token_bytes(crypto_secretbox_KEYBYTES)
        try:
            write_file(self._path, seal_bytes([self._ring.recipient], key), replace=False)
        except AlreadyThereError:  # another command was quicker
            return self._read_key() or b""
        return key

    def mend(self) -> bool:
        """Forget what cannot be opened any more; whether there was any. All of it can be read from letters again.

        Raises:
            The errors of `KeyRing`.
        """
        boxes = self._mail.boxes("")
        if not boxes:
            return False
        try:
            opened = self.get_all("")
        except VaultLostError:
            self.reset()
            return True
        for name, _ in boxes:
            if name not in opened:
                self._mail.drop_box(name)
        return len(opened) < len(boxes)

    def reset(self) -> None:
        """Begin an empty vault, when its key is lost for good; all values can be read from letters again."""
        for name, _ in self._mail.boxes(""):
            self._mail.drop_box(name)
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(error, self._path) from error
        self._key = None

    def _lost(self) -> VaultLostError:
        return VaultLostError(
            "the key of the vault cannot be opened",
            where=str(self._path),
            rule="it is sealed to this officer's own key",
            hints=("cipherpost doctor --rebuild",),
        )


def lock(key: bytes, name: str, value: bytes) -> bytes:
    """A box with ``value`` in it, bound to ``name``: nonce, then ciphertext."""
    label = name.encode()
    if len(label) > _NAME_BYTES or len(value) > limits.DATA_BYTES:
        raise ValueError("too long for the vault")
    plain = len(label).to_bytes(2, "big") + label + value + b"\x80"
    plain += bytes(-len(plain) % _BLOCK)
    nonce = secrets.token_bytes(crypto_secretbox_NONCEBYTES)
    return nonce + crypto_secretbox_easy(plain, nonce, key)


def unlock(key: bytes, name: str, box: bytes) -> bytes:
    """The value in ``box``.

    Raises:
        VaultDamagedError: another key, altered bytes, or a box made for another name.
    """
    nonce, sealed = box[:crypto_secretbox_NONCEBYTES], box[crypto_secretbox_NONCEBYTES:]
    if len(nonce) == crypto_secretbox_NONCEBYTES:
        try:
            plain = crypto_secretbox_open_easy(sealed, nonce, key)
        except CryptoError:
            plain = b""
        prefix = len(name.encode()).to_bytes(2, "big") + name.encode()
        if plain.startswith(prefix):
            return plain.rstrip(b"\0")[len(prefix) : -1]
    raise VaultDamagedError("a value of the vault cannot be opened", where=name, hints=("cipherpost doctor --rebuild",))
