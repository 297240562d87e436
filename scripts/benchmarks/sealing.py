"""Sealing a letter of 10 kB to many recipients, and opening it among them.

The floor of sealing is what the library takes to build the key objects and to encrypt the file key to each; that of
opening among all, what it takes to try each stanza.
"""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from benchmarks.measure import Figure, in_turns
from benchmarks.stage import Stage
from cipherpost import age
from cipherpost.workflows.letters import open_letter
from cipherpost.workflows.sealing import recipients, seal_item

if TYPE_CHECKING:
    from benchmarks.stage import Audience
    from cipherpost.roster.state import OfficerInfo

GROUP: Final = "recipients"
SEALING: Final = (1, 94, 1_000, 10_000)
OPENING: Final = (1, 1_000, 10_000)
_BODY: Final = "A line of the letter that is sealed here.\n" * 244
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_ML_KEM: Final = 1184


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    most = 1_000 if quick else 10_000
    sizes = tuple(size for size in SEALING if size <= most)
    with Stage(folder, sizes) as stage:
        for size in sizes:
            yield from _sealing(stage, size, runs=_runs(size, quick=quick))
        yield from _opening(stage, [size for size in OPENING if size <= most], quick=quick)


def _runs(size: int, *, quick: bool) -> int:
    """Small ones are over in milliseconds, of which the disk takes most, and need many runs."""
    return 3 if quick or size >= 10_000 else 7 if size >= 1_000 else 25


def _sealing(stage: Stage, size: int, *, runs: int) -> Iterator[Figure]:
    to = stage.audience(size)
    item = stage.write(to, body=_BODY)
    readers = _readers(stage, to)
    raw = [key.raw for key in recipients(stage.desk, readers)]
    assert len(raw) == size

    def seal() -> None:
        with age.Encryptor(recipients(stage.desk, readers), io.BytesIO()) as writer:
            writer.write(_BODY.encode())

    ours, posted, floor = in_turns(runs, seal, lambda: seal_item(stage.desk, item, readers), lambda: _encrypt_bare(raw))
    item.remove()
    floor_is = "build the keys and encrypt to each"
    target = 1.2 if size >= 94 else None
    yield Figure(group=GROUP, name=f"seal 10 kB to {size:,}", ours=ours, floor=floor, floor_is=floor_is, target=target)
    yield Figure(group=GROUP, name="  from and into the outbox, flushed", ours=posted, floor=floor, floor_is=floor_is)


def _readers(stage: Stage, to: "Audience") -> "tuple[OfficerInfo, ...]":
    return stage.desk.roster.readers(to.kind, (to.name,), "center", stage.desk.roster.newest)


def _suite() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _encrypt_bare(raw: list[bytes]) -> None:
    suite, file_key = _suite(), os.urandom(16)
    for key in raw:
        ml_kem = MLKEM768PublicKey.from_public_bytes(key[:_ML_KEM])
        x25519 = X25519PublicKey.from_public_bytes(key[_ML_KEM:])
        suite.encrypt(file_key, MLKEM768X25519PublicKey(ml_kem, x25519), info=_INFO)


def _opening(stage: Stage, sizes: list[int], *, quick: bool) -> Iterator[Figure]:
    among: dict[int, float] = {}
    bare = _Bare()
    for size in sizes:
        to = stage.audience(size)
        item = stage.write(to, body=_BODY)
        sealed = seal_item(stage.desk, item, _readers(stage, to))
        stage.desk.copies.take(item.sealed_path(sealed.hash), sealed.hash)
        header = stage.header(to, item.plan()["letter"], sealed)
        data = item.sealed_path(sealed.hash).read_bytes()
        runs = 3 if quick or size >= 10_000 else 7
        own, among[size], floor = in_turns(
            runs,
            lambda header=header: open_letter(stage.desk, header),  # type: ignore[misc]
            lambda data=data: age.decrypt(stage.desk.keys.identities, io.BytesIO(data)).read(),  # type: ignore[misc]
            lambda size=size: bare.decrypt(size),  # type: ignore[misc]
        )
        item.remove()
        name = f"open among {size:,}"
        yield Figure(
            group=GROUP, name=f"{name}, trying all", ours=among[size], floor=floor, floor_is="try each of the stanzas"
        )
        yield Figure(
            group=GROUP,
            name=f"{name}, own first",
            ours=own,
            floor=among[size],
            floor_is="trying all",
            target=0.15 if size == 10_000 else None,
        )
    small, large = sizes[-2], sizes[-1]
    yield Figure(
        group=GROUP,
        name=f"opening is linear, {small:,} to {large:,}",
        ours=among[large],
        floor=among[small] * large / small,
        floor_is=f"{large // small} times {small:,}",
        target=1.2,
    )


class _Bare:
    """Trying stanzas with the library alone: all but the last are for somebody else."""

    def __init__(self) -> None:
        self._suite = _suite()
        self._key = _new_key()
        self._right, self._wrong = (
            self._suite.encrypt(bytes(16), key.public_key(), info=_INFO) for key in (self._key, _new_key())
        )

    def decrypt(self, count: int) -> None:
        """Try ``count`` stanzas."""
        for _ in range(count - 1):
            with contextlib.suppress(InvalidTag):
                self._suite.decrypt(self._wrong, self._key, info=_INFO)
        self._suite.decrypt(self._right, self._key, info=_INFO)


def _new_key() -> MLKEM768X25519PrivateKey:
    return MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())
