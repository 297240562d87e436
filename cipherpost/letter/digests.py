"""SHA-256 of large members beside the rest of the work: hashlib lets go of the interpreter's lock while it runs."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from cipherpost.letter.papers import MemberInfo, commitment_start

_LARGE: Final = 8 << 20
"""Bytes of a member from which on a second thread pays for itself."""
_WAITING: Final = 4
"""Chunks that may wait for the helper: this bounds the memory."""


class CommitmentDigest:
    """The commitment of one member whose bytes come in chunks; a context, at whose end the helper thread is gone."""

    def __init__(self, info: MemberInfo) -> None:
        self._digest = commitment_start(info)
        self._helper = ThreadPoolExecutor(1, "sha256") if info.size >= _LARGE else None
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._helper is not None:
            self._helper.shutdown(cancel_futures=True)

    def update(self, chunk: bytes) -> None:
        """Take the next bytes; they must not change afterwards."""
        if self._helper is None:
            self._digest.update(chunk)
            return
        self._waiting.append(self._helper.submit(self._digest.update, chunk))
        if len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """The commitment, once all bytes were given."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._digest.hexdigest()
