"""SHA-256 of long streams beside the rest of the work: hashlib lets go of the interpreter's lock while it runs."""

import hashlib
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_BLOCK: Final = 1 << 20
"""Bytes that are hashed at once: changing between threads for less costs more than it gains."""
_LARGE: Final = 4 * _BLOCK
"""Bytes from which on a second thread pays for itself."""
_BUFFERS: Final = 4
"""Blocks that are filled, wait or are hashed: this bounds the memory, which is used again and again."""


class Source(Protocol):
    """What gives bytes: ``read(n)`` returns at most n bytes, ``b""`` only at the end."""

    def read(self, size: int, /) -> bytes: ...


class Sha256:
    """SHA-256 of what is given piece by piece; a context, at whose end the helper thread is gone.

    Args:
        start: a running digest to go on with.
    """

    __slots__ = ("_block", "_busy", "_digest", "_filled", "_helper", "_small")

    def __init__(self, start: "hashlib._Hash | None" = None) -> None:
        self._digest = start or hashlib.sha256()
        self._small = _LARGE
        self._helper: ThreadPoolExecutor | None = None
        self._block = memoryview(b"")
        self._filled = 0
        self._busy: deque[tuple[memoryview, Future[None]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hash what waits and let the helper go; `hexdigest` stays."""
        self._settle()
        if self._helper is not None:
            self._helper.shutdown()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        if self._small > 0:
            self._digest.update(data)
            self._small -= len(data)
            return
        if self._helper is None:
            from concurrent.futures import ThreadPoolExecutor

            self._helper = ThreadPoolExecutor(1, "sha256")
            self._block = memoryview(bytearray(_BLOCK))
        left = memoryview(data)
        while left:
            end = min(self._filled + len(left), _BLOCK)
            taken = end - self._filled
            self._block[self._filled : end] = left[:taken]
            left, self._filled = left[taken:], end
            if end == _BLOCK:
                self._pass_on(self._helper)

    def hexdigest(self) -> str:
        """The digest of all that was given, in hex."""
        self._settle()
        return self._digest.hexdigest()

    def _pass_on(self, helper: "ThreadPoolExecutor") -> None:
        """Let the helper hash the block, and go on with one that it is done with."""
        self._busy.append((self._block, helper.submit(self._digest.update, self._block[: self._filled])))
        self._filled = 0
        if len(self._busy) < _BUFFERS:
            self._block = memoryview(bytearray(_BLOCK))
        else:
            self._block, done = self._busy.popleft()
            done.result()

    def _settle(self) -> None:
        if self._helper is not None and self._filled:
            self._pass_on(self._helper)
        for _, done in self._busy:
            done.result()


class HashedReader:
    """A source whose bytes are hashed as they are read: once, so that what was hashed is what was used."""

    __slots__ = ("_digest", "_source")

    def __init__(self, source: Source, digest: Sha256) -> None:
        self._source = source
        self._digest = digest

    def read(self, size: int, /) -> bytes:
        """At most ``size`` of the next bytes, ``b""`` only at the end."""
        data = self._source.read(size)
        self._digest.update(data)
        return data

    def hexdigest(self) -> str:
        """SHA-256 in hex of the whole source, to its end, whatever was read of it."""
        while self.read(_BLOCK):
            pass
        return self._digest.hexdigest()
