"""The raw sealing keys of others, taken from their cards once: decoding 10,000 cards again would take seconds.

``mail/recipients`` is a row of records: hash of the card (32 bytes), SHA-256 of the key (32), the hybrid key (1,216).
It holds nothing secret and can be made again from the cards at the post office.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from cipherpost.home.files import FILE_MODE, disk_errors

RECIPIENTS: Final = "mail/recipients"
KEY_BYTES: Final = 1216
_RECORD: Final = 32 + 32 + KEY_BYTES
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Recipients:
    """The keys known to ``home``, read at the first use; `add` wants the home's lock."""

    def __init__(self, home: Path) -> None:
        self._path = home / RECIPIENTS
        self._known: dict[str, bytes] | None = None

    def get(self, card: str) -> bytes | None:
        """The raw key (1,216 bytes) of the card with this hash (hex), None if it was not taken up yet."""
        return self._load().get(card)

    def add(self, keys: dict[str, bytes]) -> None:
        """Keep raw keys by the hashes of their cards.

        Raises:
            DiskError: they could not be written; nothing is lost by that.
        """
        known = self._load()
        new = {card: raw for card, raw in keys.items() if card not in known}
        if not new:
            return
        with disk_errors(self._path), os.fdopen(os.open(self._path, _APPEND, FILE_MODE), "ab") as file:
            file.truncate(len(known) * _RECORD)  # a torn or damaged end
            for card, raw in new.items():
                file.write(bytes.fromhex(card) + hashlib.sha256(raw).digest() + raw)
        known.update(new)

    def _load(self) -> dict[str, bytes]:
        if self._known is None:
            self._known = {}
            with disk_errors(self._path):
                data = self._path.read_bytes() if self._path.exists() else b""
            for at in range(0, len(data) - _RECORD + 1, _RECORD):
                card, digest, raw = data[at : at + 32], data[at + 32 : at + 64], data[at + 64 : at + _RECORD]
                if hashlib.sha256(raw).digest() != digest or card.hex() in self._known:
                    break  # what follows a damaged record is read from the cards again
                self._known[card.hex()] = raw
        return self._known
