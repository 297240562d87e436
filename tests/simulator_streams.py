"""What a hostile post office gives out instead of honest streams: broken ones, and ones without an end."""

from collections.abc import Callable, Iterator
from typing import Protocol

from cipherpost.postoffice.memory import BytesReader

PATIENCE: int = 8 << 20
"""Bytes that an endless object gives beyond its own before the reader is found to believe it."""
NAMES: int = 50_000
"""Names that an endless listing gives before the reader is found to believe it."""


class BelievedError(AssertionError):
    """A reader went on and on because a store did: no error of the program, so nothing catches it."""


class Breaks(Protocol):
    """Makes what is raised; `simulator.Fail` is one."""

    error: Callable[[], BaseException]


class BrokenReader(BytesReader):
    """Gives half of what is left, then fails."""

    def __init__(self, data: bytes, offset: int, fail: Breaks) -> None:
        super().__init__(data, offset)
        self._end = self.tell() + (len(data) - self.tell()) // 2
        self._fail = fail

    def read(self, size: int | None = -1, /) -> bytes:
        left = self._end - self.tell()
        if left <= 0:
            raise self._fail.error()
        return super().read(left if size is None or size < 0 else min(size, left))

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        return _into(self.read, buffer)


class EndlessReader(BytesReader):
    """Gives its own bytes and then more and more; its ``size`` stays what the store says it is."""

    def __init__(self, data: bytes, offset: int) -> None:
        super().__init__(data, offset)
        self._more = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise BelievedError("an endless object was to be read to its end")
        data = super().read(size)
        self._more += size - len(data)
        if self._more > PATIENCE:
            raise BelievedError(f"{self._more} bytes were read beyond the end of an object")
        return data.ljust(size, b"\0")

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        return _into(self.read, buffer)


def endless_names(make: Callable[[int], str]) -> Iterator[str]:
    """``make(1)``, ``make(2)``, and so on, for ever."""
    for at in range(1, NAMES + 1):
        yield make(at)
    raise BelievedError(f"{NAMES} names were taken from a listing without an end")


def _into(read: Callable[[int], bytes], buffer: "bytearray | memoryview") -> int:
    data = read(len(buffer))
    buffer[: len(data)] = data
    return len(data)
