"""Columns as bytes, so that a home that audited a channel need not verify it again.

    CRC-32 of all that follows (4 bytes), bytes of JSON (4 bytes), JSON, then each column as the machine holds it

They are kept by the same program on the same machine: bytes of any other version, or damaged ones, are as good as none.
"""

import json
import sys
from array import array
from typing import Any, Final
from zlib import crc32

from cipherpost import __version__
from cipherpost.chain.columns import COLUMNS, Columns
from cipherpost.chain.history import History, Silence, Span

_FORM: Final = f"1 {__version__} {sys.byteorder} {array('I').itemsize} {array('Q').itemsize}"
_SIZE: Final = 4


def dump(columns: Columns) -> bytes:
    """The bytes of some columns."""
    parts = [bytes(getattr(columns, name)) for name in COLUMNS]
    about = {
        "form": _FORM,
        "channel": columns.channel,
        "sealed": columns.sealed,
        "entries": list(columns.entries.items()),
        "cited": columns.cited,
        "history": columns.history,
        "sizes": [len(part) for part in parts],
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    rest = b"".join((len(text).to_bytes(_SIZE, "big"), text, *parts))
    return crc32(rest).to_bytes(_SIZE, "big") + rest


def load(data: bytes, channel: str) -> Columns | None:
    """The columns of a channel that `dump` gave; None where they are not whole, or another program's."""
    rest = memoryview(data)[_SIZE:]
    if crc32(rest).to_bytes(_SIZE, "big") != data[:_SIZE] or len(rest) < _SIZE:
        return None
    end = _SIZE + int.from_bytes(rest[:_SIZE], "big")
    about = json.loads(bytes(rest[_SIZE:end]))
    if (about["form"], about["channel"]) != (_FORM, channel):
        return None
    columns = Columns(channel, sealed=about["sealed"])
    columns.entries = dict(about["entries"])
    columns.cited = about["cited"]
    columns.history = _history(about["history"])
    for name, size in zip(COLUMNS, about["sizes"], strict=True):
        column = getattr(columns, name)
        part = rest[end : end + size]
        if isinstance(column, array):
            column.frombytes(part)
        else:
            column += part
        end += size
    return columns


def _history(plain: Any) -> History | None:
    if plain is None:
        return None
    *first, spans, usual, silences = plain
    shown = tuple(Span(*each) for each in spans)
    return History._make((*first, shown, usual, tuple(Silence(*each) for each in silences)))
