"""Opening age files as streams, and what can be told of them without a key."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cipherpost.age import scrypt
from cipherpost.age.armor import BLANKS, WHITE, ArmorReader
from cipherpost.age.errors import HeaderError, HmacError, NoMatchError
from cipherpost.age.header import Header, read_header
from cipherpost.age.primitives import NONCE, Identity, header_mac, payload_key
from cipherpost.age.stream import PayloadReader
from cipherpost.age.streams import Pushback, Source, read_full
from cipherpost.errors import NotAuthenticError


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderInfo:
    """What a header tells without a key: the type of each stanza, in order, and the header's size in bytes."""

    types: tuple[str, ...]
    size: int

    @property
    def count(self) -> int:
        """How many stanzas; as many recipients, if the sender was honest."""
        return len(self.types)


class Decryptor:
    """The plaintext of an age file as a binary stream; every byte it gives out has been authenticated.

    What was read before an error is only the beginning of the file. Who stops before the end calls ``finish``,
    to know that the file is whole.
    """

    def __init__(self, payload: PayloadReader, header: Header, opened: int) -> None:
        """Made by ``decrypt``."""
        self.stanzas = tuple(stanza.type for stanza in header.stanzas)
        """The type of each stanza of the header, in order."""
        self.opened = opened
        """Which stanza was opened, counted from 0; worth remembering for ``first``."""
        self._payload = payload
        self._plain = b""
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        """``size`` bytes, fewer only where the file ends; all that is left where ``size`` is negative.

        Where the file proves to be broken, what was verified before is given out first, unless all was asked for.

        Raises:
            PayloadError: altered, cut short, or followed by something.
            ArmorError: the armor is broken, where there is one.
        """
        parts: list[bytes] = []
        missing = size
        while missing and (part := self._some(missing, keep=size > 0 and bool(parts))):
            parts.append(part)
            missing -= len(part) if size > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> int:
        """Read and verify the rest without keeping it; how many bytes it was.

        Raises:
            PayloadError, ArmorError: as ``read``.
        """
        rest = len(self._plain) - self._at
        self._plain = b""
        self._at = 0
        while chunk := self._payload.chunk():
            rest += len(chunk)
        return rest

    def readable(self) -> bool:
        """True, as of every binary stream that can be read."""
        return True

    def _some(self, most: int, *, keep: bool) -> bytes:
        """1 to ``most`` bytes of one chunk, or none at the end; all of it where ``most`` is negative."""
        if self._at == len(self._plain):
            self._at = 0
            self._plain = b""
            try:
                self._plain = self._payload.chunk()
            except NotAuthenticError:
                if not keep:
                    raise
        end = len(self._plain) if most < 0 else min(len(self._plain), self._at + most)
        part = self._plain[self._at : end]  # the chunk itself, not a copy, where it is asked for whole
        self._at = end
        return part


def decrypt(identities: Sequence[Identity], source: Source, *, first: int | None = None) -> Decryptor:
    """The plaintext of the binary age file that ``source`` holds from here to its end.

    Args:
        identities: tried one after the other, each with all stanzas.
        source: binary; ``open_any`` and ``ArmorReader`` take off the armor.
        first: the stanza to try before all others, counted from 0: in a file for a thousand, one's own is found
            at once if its place is known. A wrong or impossible number costs one try.

    Raises:
        HeaderError: not an age file, a malformed header, a malformed stanza of an identity's type.
        NoMatchError: no identity opens any stanza, or there is no identity.
        HmacError: the header was altered.
        ArmorError: the armor is broken, where ``source`` is an ``ArmorReader``.

    Source: c2sp.org/age, "Encrypted file format".
    """
    header, rest = read_header(source)
    # Found out before anything is opened: a passphrase vouches for a file only where it is the only key.
    if len(header.stanzas) > 1 and any(stanza.type == scrypt.TYPE for stanza in header.stanzas):
        raise HeaderError("a passphrase stands beside another recipient", rule="c2sp.org/age: scrypt stands alone")
    opened, file_key = _unwrap(identities, header, first)
    if not hmac.compare_digest(header_mac(file_key, header.signed), header.mac):
        raise HmacError(
            "the header was altered", rule="c2sp.org/age: Header MAC", hints=("fetch or copy the file again",)
        )
    source = Pushback(rest, source)
    nonce = read_full(source, NONCE)
    if len(nonce) < NONCE:
        raise HeaderError("the file ends before its payload", rule="c2sp.org/age: Payload")
    return Decryptor(PayloadReader(payload_key(file_key, nonce), source), header, opened)


def inspect(source: Source) -> HeaderInfo:
    """What the header of the binary age file in ``source`` tells without a key; up to 1 MiB beyond it is read.

    Nothing of it is authenticated: only who holds a key can check the MAC.

    Raises:
        HeaderError: not an age file, or a malformed header.
    """
    header, _ = read_header(source)
    return HeaderInfo(types=tuple(stanza.type for stanza in header.stanzas), size=header.size)


def open_any(source: Source) -> Source:
    """``source`` as a binary age file, whether it is in ASCII armor or not.

    Never raises for what is neither: ``decrypt`` does.
    """
    head = read_full(source, BLANKS + 1)
    # Binary files begin with a letter, armor with dashes, and only armor may have blanks before it.
    text = head.lstrip(WHITE)
    whole = Pushback(head, source)
    return ArmorReader(whole) if text.startswith(b"-") or (head and not text) else whole


def _unwrap(identities: Sequence[Identity], header: Header, first: int | None) -> tuple[int, bytes]:
    """Which stanza an identity opens, and the file key in it."""
    order = list(range(len(header.stanzas)))
    if first is not None and 0 < first < len(order):
        order.insert(0, order.pop(first))
    for identity in identities:
        for index in order:
            try:
                file_key = identity.unwrap(header.stanzas[index])
            except HeaderError as error:
                error.where = f"stanza {index + 1}"
                raise
            if file_key is not None:
                return index, file_key
    raise NoMatchError(
        f"no key at hand opens the file, which is for {len(header.stanzas)} other recipients",
        rule="one identity opens one stanza",
        hints=("use the secret key or passphrase that the file was made for",),
    )
