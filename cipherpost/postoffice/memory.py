"""A post office in memory: for tests, and for whoever has all objects at hand already."""

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from cipherpost import limits, text
from cipherpost.errors import TooLargeError
from cipherpost.postoffice import names
from cipherpost.postoffice.errors import NoSuchObjectError

if TYPE_CHECKING:
    from cipherpost.postoffice import Source


class MemoryPost:
    """A `cipherpost.postoffice.PostOffice` in a dictionary, ``objects``, which a test may change as it likes.

    Args:
        clock: stamps each object when it is stored (an aware datetime); without one there are no stamps.
    """

    def __init__(self, url: str = "memory", *, clock: Callable[[], datetime] | None = None) -> None:
        self.url: str = url
        self.objects: dict[str, bytes] = {}
        self._clock = clock
        self._stamps: dict[str, datetime] = {}
        self._stamp: datetime | None = None
        self._skipped: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def stamp(self) -> datetime | None:
        """As `PostOffice.stamp`."""
        return self._stamp

    @property
    def skipped(self) -> Mapping[str, str]:
        """As `PostOffice.skipped`."""
        return MappingProxyType(self._skipped)

    def get(self, name: str, limit: int) -> bytes:
        """As `PostOffice.get`."""
        data = self._answer(name)
        if len(data) > limit:
            raise TooLargeError(f"an object of {len(data)} bytes", where=name, rule=f"at most {limit} bytes here")
        return data

    def stream(self, name: str, offset: int = 0) -> "BytesReader":
        """As `PostOffice.stream`."""
        if offset < 0:
            raise ValueError("an offset is not negative")
        return BytesReader(self._answer(name), offset)

    def size(self, name: str) -> int | None:
        """As `PostOffice.size`."""
        try:
            return len(self._answer(name))
        except NoSuchObjectError:
            return None

    def create(self, name: str, data: bytes) -> bool:
        """As `PostOffice.create`."""
        names.check_size(name, len(data))
        with self._lock:
            if name in self.objects:
                return False
            self._store(name, data)
        return True

    def put(self, name: str, source: "bytes | Source") -> None:
        """As `PostOffice.put`."""
        names.check_replaceable(name)
        data = source if isinstance(source, bytes) else _read_all(source, name)
        names.check_size(name, len(data))
        with self._lock:
            self._store(name, data)

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `PostOffice.names`."""
        names.check_prefix(prefix)
        for name in sorted(self.objects):
            if name.startswith(prefix) and name > after:
                if names.is_object_name(name):
                    yield name
                elif len(self._skipped) < limits.SKIPPED:
                    self._skipped[text.shown(name, 300)[1:-1]] = "not a name of the protocol"

    def discard(self, name: str) -> None:
        """As `PostOffice.discard`."""
        names.check_probe(name)
        with self._lock:
            self.objects.pop(name, None)

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, name: str) -> bytes:
        data = self.objects.get(names.check_object_name(name))
        if data is None:
            raise NoSuchObjectError("nothing is there", where=name)
        stamp = self._stamps.get(name)
        if stamp is not None and (self._stamp is None or stamp > self._stamp):
            self._stamp = stamp
        return data

    def _store(self, name: str, data: bytes) -> None:
        self.objects[name] = data
        if self._clock is not None:
            self._stamps[name] = self._clock()


class BytesReader(io.BytesIO):
    """An object in memory, read from an offset on."""

    def __init__(self, data: bytes, offset: int) -> None:
        super().__init__(data)
        self.size: int = len(data)
        self.seek(min(offset, len(data)))

    def __enter__(self) -> Self:
        """The reader itself."""
        return self


def _read_all(source: "Source", name: str) -> bytes:
    pieces = bytearray()
    while piece := source.read(limits.MIB):
        pieces += piece
        names.check_size(name, len(pieces))
    return bytes(pieces)
