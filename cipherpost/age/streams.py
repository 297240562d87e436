"""What this package asks of the files it reads and writes, and the helpers that several of its modules need."""

from typing import Protocol, TypeAlias

Octets: TypeAlias = bytes | bytearray | memoryview
"""What may be written."""


class Source(Protocol):
    """A binary stream: ``read(n)`` gives 1 to ``n`` bytes, or none at the end."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none only at the end."""
        ...


class Sink(Protocol):
    """A binary stream to write to. A raw file, which may take less than it was given, will do."""

    def write(self, data: bytes, /) -> object:
        """Take ``data``; an integer below its length means that the rest was not taken."""
        ...


class Pushback:
    """A source whose first bytes were already read."""

    def __init__(self, first: bytes, rest: Source) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes: what was read before, then the rest."""
        if not self._first:
            return self._rest.read(size)
        taken, self._first = self._first[:size], self._first[size:]
        return taken


def read_full(source: Source, size: int) -> bytes:
    """``size`` bytes of ``source``, fewer only where it ends; pipes and sockets give less than asked at a time."""
    data = source.read(size)
    if len(data) == size or not data:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def write_full(sink: Sink, data: bytes) -> None:
    """Write all of ``data``, also where the sink takes it piece by piece."""
    taken = sink.write(data)
    while isinstance(taken, int) and taken < len(data):
        data = data[taken:]
        taken = sink.write(data)
