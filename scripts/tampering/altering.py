"""The ways in which the bytes of one object are altered. Each gives only what differs from the clean bytes."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

Manner = Callable[[bytes], Iterator[bytes]]


def _flipped(data: bytes) -> Iterator[bytes]:
    """Each byte with one bit changed: another bit from byte to byte, so that all eight have their turn."""
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def _cut(data: bytes) -> Iterator[bytes]:
    """The first so many bytes, from none on."""
    for length in range(len(data)):
        yield data[:length]


def _byte_repeated(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        yield data[: at + 1] + data[at:]


def _byte_deleted(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        yield data[:at] + data[at + 1 :]


def _bytes_swapped(data: bytes) -> Iterator[bytes]:
    for at in range(len(data) - 1):
        if data[at] != data[at + 1]:
            yield data[:at] + bytes([data[at + 1], data[at]]) + data[at + 2 :]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _line_repeated(data: bytes) -> Iterator[bytes]:
    lines = _lines(data)
    for at in range(len(lines)):
        yield b"".join([*lines[: at + 1], *lines[at:]])


def _line_deleted(data: bytes) -> Iterator[bytes]:
    lines = _lines(data)
    for at in range(len(lines)):
        yield b"".join([*lines[:at], *lines[at + 1 :]])


def _lines_swapped(data: bytes) -> Iterator[bytes]:
    lines = _lines(data)
    for at in range(len(lines) - 1):
        if lines[at] != lines[at + 1]:
            yield b"".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])


MANNERS: Final[Mapping[str, Manner]] = MappingProxyType(
    {
        "flipped": _flipped,
        "cut": _cut,
        "byte repeated": _byte_repeated,
        "byte deleted": _byte_deleted,
        "bytes swapped": _bytes_swapped,
        "line repeated": _line_repeated,
        "line deleted": _line_deleted,
        "lines swapped": _lines_swapped,
    }
)
DELETED: Final = "object deleted"
EXCHANGED: Final = "objects swapped"
COLUMNS: Final = (*MANNERS, DELETED, EXCHANGED)
