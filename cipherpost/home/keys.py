"""An officer's secret keys at rest, and the ring that opens them (docs/protocol.md, "Keys at rest").

``keys/<officer>.seal`` is an age identity file, the current identity first and older ones after it, under a
passphrase unless the officer asked for none; stock ``age -i`` takes it as it is. ``keys/<officer>.sign`` is sealed to
the current identity and holds, in the same order, the seeds of the signing keys:

    cipherpost/v1 signing keys
    rkpb/tver/ivanov <base64 of 32 bytes>

So one passphrase, and one scrypt a command, opens both. Nothing here shows a secret in an error or a `repr`.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import NotForUsError, UnableError, UseError
from cipherpost.home.envelope import open_bytes, seal_bytes
from cipherpost.home.files import AlreadyThereError, disk_error, make_folder, replace_file, write_file
from cipherpost.note import SignerKey
from cipherpost.text import parse_base64, sha256, shown

if TYPE_CHECKING:
    from cipherpost.age import HybridIdentity, HybridRecipient, Identity
    from cipherpost.home.settings import Settings

KEYS: Final = "keys"
_SIGN_FIRST: Final = b"cipherpost/v1 signing keys\n"
_SIGN_LINE: Final = re.compile(r"([^ \n]+) ([A-Za-z0-9+/]{43}=)")
_AGE_FIRST: Final = b"age-encryption.org/"
_ARMOR_FIRST: Final = b"-----BEGIN AGE"
_FILE_BYTES: Final = limits.MIB
_SEED_BYTES: Final = 32
_BACKUP: Final = "put back a backup of the home (docs/operator.md, Backups)"

PassphraseSource = Callable[[], str]
"""Asks for the passphrase, or reads it from a file; called at most once a command."""


class WrongPassphraseError(NotForUsError):
    """The passphrase does not open the key."""


class PassphraseNeededError(NotForUsError):
    """The key is under a passphrase, and there is nobody to ask for it."""


class KeyMissingError(NotForUsError):
    """This home has no secret key where there must be one."""


class KeyOfAnotherError(NotForUsError):
    """The key belongs to another officer, office or network."""


class KeyDamagedError(UnableError):
    """A key file cannot be read any more."""


class KeyExistsError(UseError):
    """There are keys already; they are never written over."""


# ---- the ring ----------------------------------------------------------------------------------------------------


class KeyRing:
    """An officer's keys; opened at the first use, and only once.

    Args:
        folder: the home's ``keys``.
        key_name: ``network/office/officer``.
        passphrase: where the passphrase comes from, None when there is nobody to ask.
        unlocked: gives the plain identity file if `unlock` holds it for the sealed file of this hash, else None.

    Using it raises:
        KeyMissingError, KeyDamagedError, KeyOfAnotherError: what is wrong with which file.
        PassphraseNeededError, WrongPassphraseError: the passphrase.
        DiskError: the disk refuses.
    """

    __slots__ = ("_folder", "_identities", "_key_name", "_officer", "_passphrase", "_signers", "_typed", "_unlocked")

    def __init__(
        self,
        folder: Path,
        key_name: str,
        *,
        passphrase: PassphraseSource | None = None,
        unlocked: Callable[[str], bytes | None] | None = None,
    ) -> None:
        self._folder = folder
        self._key_name = key_name
        self._officer = key_name.rpartition("/")[2]
        self._passphrase = passphrase
        self._unlocked = unlocked
        self._typed: str | None = None
        self._identities: tuple[HybridIdentity, ...] = ()
        self._signers: tuple[SignerKey, ...] = ()

    def __repr__(self) -> str:
        return f"<KeyRing {self._key_name}>"

    def __reduce__(self) -> str:
        raise TypeError("secret keys are not pickled")

    @property
    def identities(self) -> "tuple[HybridIdentity, ...]":
        """The sealing identities, the current first."""
        if not self._identities:
            self._identities = self._parse_identities(self._plain_identity_file())
        return self._identities

    @property
    def recipient(self) -> "HybridRecipient":
        """To whom others seal now: the public half of the current identity."""
        return self.identities[0].recipient

    @property
    def signer(self) -> SignerKey:
        """The current signing key."""
        return self.signers[0]

    @property
    def signers(self) -> tuple[SignerKey, ...]:
        """The signing keys, the current first; older ones only until their rotation is done."""
        if not self._signers:
            sealed = self._read("sign")
            self._signers = self._parse_signers(self._opened("sign", self.identities, sealed))
        return self._signers

    @property
    def has_passphrase(self) -> bool:
        """Whether the keys are under a passphrase; nothing is opened."""
        return _is_sealed(self._read("seal"))

    def identity_file(self) -> bytes:
        """The plain identity file, for `unlock` and for a backup that its officer asked for."""
        return _identity_file(self.identities, self._key_name)

    def passphrase_of_keys(self) -> str | None:
        """The passphrase that the keys are under, proved by opening them; None when they are under none."""
        return self._known_passphrase()

    def sealed_under(self, passphrase: str, *, log_n: int = limits.SCRYPT_LOG_N) -> bytes:
        """The ``.seal`` file as it would be under another passphrase, for a backup that has one of its own."""
        return _seal_file(self.identities, self._key_name, passphrase, log_n)

    def seal_hash(self) -> str:
        """SHA-256 of the ``.seal`` file as it lies: `unlock` keeps what belongs to exactly this."""
        return sha256(self._read("seal"))

    # ---- changes: all want the home's lock -----------------------------------------------------------------------

    def change_passphrase(self, new: str | None, *, log_n: int = limits.SCRYPT_LOG_N) -> None:
        """Put the keys under another passphrase, or none; at a kill the old one or the new one opens them."""
        self._write_identities(self.identities, new, log_n)
        self._typed = new

    def rotate(self, identity: "HybridIdentity", seed: bytes, *, log_n: int = limits.SCRYPT_LOG_N) -> None:
        """Make ``identity`` and the signing key of ``seed`` (32 bytes) the current ones, and keep the old.

        A kill in between leaves the new identity beside the old signing key, which opens all and signs as before; given
        again, the identity is not added twice.
        """
        signers = (SignerKey(self._key_name, seed), *self.signers)
        if identity.recipient != self.recipient:
            self._write_identities((identity, *self.identities), self._known_passphrase(), log_n)
        self._write_signers(signers)

    def drop_old_signers(self) -> None:
        """Forget all signing keys but the current one, once the rotation is in the roster."""
        if len(self.signers) > 1:
            self._write_signers(self.signers[:1], wipe=True)

    def drop_identity(self, recipient: "HybridRecipient", *, log_n: int = limits.SCRYPT_LOG_N) -> None:
        """Destroy one older identity; what only it opens is lost on purpose. The current one cannot be dropped.

        The bytes of the older file are overwritten where the file system lets it (`cipherpost.home.files.wipe`).

        Raises:
            KeyMissingError: no older identity has this public half.
        """
        kept = [each for each in self.identities[1:] if each.recipient != recipient]
        if len(kept) != len(self.identities) - 2:
            raise KeyMissingError(
                "no older key has this public half", where=str(self._path("seal")), hints=("cipherpost keys show",)
            )
        for path in sorted(self._folder.glob("*.age")):  # small things of the home may be sealed to the one that goes
            plain = self._opened(path.stem, self.identities, self._read_path(path))
            write_file(path, seal_bytes([self.recipient], plain))
        self._write_signers(self.signers)
        self._write_identities((self.identities[0], *kept), self._known_passphrase(), log_n, wipe=True)

    # ---- the two files -------------------------------------------------------------------------------------------

    def _path(self, kind: str) -> Path:
        return self._folder / f"{self._officer}.{kind}"

    def _read(self, kind: str) -> bytes:
        return self._read_path(self._path(kind))

    def _read_path(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                data = file.read(_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise KeyMissingError(
                f"the secret key of {self._key_name} is missing",
                where=str(path),
                hints=(_BACKUP, "without one: join anew, as an officer of another name"),
            ) from None
        except OSError as error:
            raise disk_error(error, path) from error
        if not data or len(data) > _FILE_BYTES:
            raise _damaged(path)
        return data

    def _opened(self, kind: str, identities: "Sequence[Identity]", sealed: bytes) -> bytes:
        from cipherpost.age import ArmorError, HeaderError, HmacError, NoMatchError, PayloadError

        try:
            return open_bytes(identities, sealed)
        except NoMatchError:
            if kind == "seal":
                raise WrongPassphraseError(
                    "the passphrase does not open the key",
                    where=str(self._path(kind)),
                    hints=("run the command again and type it once more", _BACKUP),
                ) from None
            raise KeyOfAnotherError(
                "the signing key is sealed to another key than the one beside it",
                where=str(self._path(kind)),
                rule="both files come from one backup",
                hints=(_BACKUP,),
            ) from None
        except (HeaderError, HmacError, PayloadError, ArmorError):
            raise _damaged(self._path(kind)) from None

    def _plain_identity_file(self) -> bytes:
        data = self._read("seal")
        if not _is_sealed(data):
            return data
        kept = self._unlocked(sha256(data)) if self._unlocked else None
        return kept if kept is not None else self._unseal(data)

    def _unseal(self, data: bytes) -> bytes:
        from cipherpost.age import ScryptIdentity

        if self._passphrase is None:
            raise PassphraseNeededError(
                "the keys are under a passphrase",
                where=str(self._path("seal")),
                hints=("give --passphrase-file FILE", "cipherpost unlock MINUTES"),
            )
        typed = self._passphrase()
        plain = self._opened("seal", [ScryptIdentity(typed)], data)
        self._typed = typed
        return plain

    def _known_passphrase(self) -> str | None:
        """The passphrase that the keys are under, asked for if `unlock` has spared that so far; None when none."""
        data = self._read("seal")
        if not _is_sealed(data):
            return None
        if self._typed is None:
            self._unseal(data)
        return self._typed

    def _parse_identities(self, plain: bytes) -> "tuple[HybridIdentity, ...]":
        from cipherpost.age import HybridIdentity, KeyFormatError, parse_identity_file

        try:
            found = parse_identity_file(plain)
        except KeyFormatError:
            raise _damaged(self._path("seal")) from None
        hybrid = tuple(each for each in found if isinstance(each, HybridIdentity))
        if len(hybrid) != len(found):
            raise KeyDamagedError(
                "the key file holds a key that is not hybrid",
                where=str(self._path("seal")),
                rule="a network's sealing keys are post-quantum hybrids",
                hints=(_BACKUP,),
            )
        return hybrid

    def _parse_signers(self, plain: bytes) -> tuple[SignerKey, ...]:
        lines = plain.removeprefix(_SIGN_FIRST).decode("utf-8", "replace").split("\n")
        found = [_SIGN_LINE.fullmatch(line) for line in lines[:-1]]
        if not plain.startswith(_SIGN_FIRST) or lines[-1] or not found or None in found:
            raise _damaged(self._path("sign"))
        signers = []
        for name, seed in (match.groups() for match in found if match):
            if name != self._key_name:
                raise KeyOfAnotherError(
                    f"the signing key is that of {shown(name, 120)}",
                    where=str(self._path("sign")),
                    rule=f"this home signs as {self._key_name}",
                    hints=(_BACKUP,),
                )
            signers.append(SignerKey(name, parse_base64(seed, size=_SEED_BYTES)))
        return tuple(signers)

    def _write_identities(
        self, identities: "Sequence[HybridIdentity]", passphrase: str | None, log_n: int, *, wipe: bool = False
    ) -> None:
        write = replace_file if wipe else write_file
        write(self._path("seal"), _seal_file(identities, self._key_name, passphrase, log_n))
        self._identities = tuple(identities)

    def _write_signers(self, signers: Sequence[SignerKey], *, wipe: bool = False) -> None:
        write = replace_file if wipe else write_file
        write(self._path("sign"), seal_bytes([self.recipient], _sign_file(signers)))
        self._signers = tuple(signers)


# ---- making and opening ------------------------------------------------------------------------------------------


def create_keys(home: Path, key_name: str, passphrase: str | None, *, log_n: int = limits.SCRYPT_LOG_N) -> KeyRing:
    """Make an officer's keys in ``home`` and give the opened ring.

    Args:
        key_name: ``network/office/officer``.
        passphrase: None when the officer asked for none.
        log_n: work factor of scrypt, as a binary logarithm.

    Raises:
        KeyExistsError: there are keys; they are as they were.
        EmptyPassphraseError: the passphrase has no character.
        DiskError: nothing, or only a signing key that nobody can open, was written.
    """
    from cipherpost.age import HybridIdentity

    ring = KeyRing(home / KEYS, key_name)
    seal, sign = ring._path("seal"), ring._path("sign")
    if seal.exists():
        raise _exists(seal)
    make_folder(home / KEYS)
    if sign.exists():  # an earlier run was killed between the two files, or somebody removed the other one
        sign.rename(sign.with_name(f"{sign.name}.unused-{secrets.token_hex(4)}"))
    identity = HybridIdentity.generate()
    signer = SignerKey(key_name, secrets.token_bytes(_SEED_BYTES))
    sealed = _seal_file([identity], key_name, passphrase, log_n)
    try:
        write_file(sign, seal_bytes([identity.recipient], _sign_file([signer])), replace=False)
        write_file(seal, sealed, replace=False)
    except AlreadyThereError as error:
        raise _exists(Path(error.where)) from None
    ring._identities, ring._signers, ring._typed = (identity,), (signer,), passphrase
    return ring


def put_back_keys(
    home: Path,
    key_name: str,
    identities: "Sequence[HybridIdentity]",
    seeds: Sequence[bytes],
    passphrase: str | None,
    *,
    log_n: int = limits.SCRYPT_LOG_N,
) -> KeyRing:
    """Write keys that an officer has kept elsewhere into a home that has none.

    Args:
        identities: the sealing identities, the current first.
        seeds: of the signing keys, 32 bytes each, the current first.

    Raises:
        KeyExistsError, EmptyPassphraseError, DiskError: see `create_keys`.
    """
    ring = KeyRing(home / KEYS, key_name)
    if ring._path("seal").exists():
        raise _exists(ring._path("seal"))
    make_folder(home / KEYS)
    ring._identities = tuple(identities)
    ring._write_signers([SignerKey(key_name, seed) for seed in seeds])
    ring._write_identities(identities, passphrase, log_n)
    ring._typed = passphrase
    return ring


def open_ring(home: Path, settings: "Settings", passphrase: PassphraseSource | None = None) -> KeyRing:
    """The ring of the officer of ``home``; nothing is asked or opened before its first use."""
    from cipherpost.home import agent

    return KeyRing(
        home / KEYS,
        settings.key_name,
        passphrase=passphrase,
        unlocked=lambda seal_hash: agent.ask(home, seal_hash),
    )


def _exists(path: Path) -> KeyExistsError:
    return KeyExistsError(
        "there are keys already", where=str(path), rule="keys are never written over", hints=("cipherpost keys show",)
    )


def _damaged(path: Path) -> KeyDamagedError:
    return KeyDamagedError("the key file is damaged", where=str(path), hints=(_BACKUP,))


def _is_sealed(data: bytes) -> bool:
    return data.startswith((_AGE_FIRST, _ARMOR_FIRST))


def _identity_file(identities: "Sequence[HybridIdentity]", key_name: str) -> bytes:
    from cipherpost.age import format_identity_file

    parts = []
    for at, identity in enumerate(identities):
        title = f"sealing key of {key_name}" if at == 0 else f"older sealing key of {key_name}"
        parts.append(format_identity_file(identity, (title, f"public key: {identity.recipient.text}")))
    return b"".join(parts)


def _seal_file(identities: "Sequence[HybridIdentity]", key_name: str, passphrase: str | None, log_n: int) -> bytes:
    plain = _identity_file(identities, key_name)
    if passphrase is None:
        return plain
    from cipherpost.age import ScryptRecipient

    return seal_bytes([ScryptRecipient(passphrase, log_n)], plain)


def _sign_file(signers: Sequence[SignerKey]) -> bytes:
    import base64

    lines = (f"{each.verifier.name} {base64.b64encode(each.secret_seed()).decode()}\n" for each in signers)
    return _SIGN_FIRST + "".join(lines).encode()
