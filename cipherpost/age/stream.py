"""The payload of an age file: STREAM, chunks of 64 KiB that are encrypted and authenticated one by one.

Memory does not grow with the file in either direction. A reader never gives out a byte before its chunk is verified,
but what it gave out before an error is only a beginning of the file: the end is what says that it is whole.
"""

from typing import Final

from cipherpost.age.errors import PayloadError
from cipherpost.age.streams import Octets, Sink, Source, read_full, write_full
from cipherpost.errors import NotAuthenticError

CHUNK: Final = 64 * 1024
"""Bytes of plaintext in every chunk but the last."""
TAG: Final = 16
"""Bytes that encryption adds to a chunk."""

_RULE = "c2sp.org/age: Payload"
_AGAIN = ("fetch or copy the file again",)


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11) + (b"\x01" if last else b"\x00")


class PayloadWriter:
    """Encrypts what is written to it, chunk by chunk, into ``sink``. Only ``finish`` makes a valid end."""

    def __init__(self, key: bytes, sink: Sink) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._encrypt = ChaCha20Poly1305(key).encrypt
        self._sink = sink
        self._counter = 0
        self._held = bytearray()  # never empty once something was written: the last chunk must not be

    def write(self, data: Octets) -> None:
        """Encrypt ``data``; up to 64 KiB are held back until it is known whether they are the last."""
        view = memoryview(data).cast("B")
        start = CHUNK - len(self._held)
        if len(view) <= start:
            self._held += view
            return
        if self._held:
            self._held += view[:start]
            self._put(self._held, last=False)
            self._held = bytearray()
        else:
            start = 0
        while len(view) - start > CHUNK:
            self._put(view[start : start + CHUNK], last=False)
            start += CHUNK
        self._held += view[start:]

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(self._held, last=True)

    def _put(self, chunk: Octets, *, last: bool) -> None:
        write_full(self._sink, self._encrypt(_nonce(self._counter, last=last), chunk, None))
        self._counter += 1


class PayloadReader:
    """Decrypts the payload that ``source`` holds from here to its end."""

    def __init__(self, key: bytes, source: Source) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._decrypt = ChaCha20Poly1305(key).decrypt
        self._invalid = InvalidTag
        self._source = source
        self._counter = 0
        self._ended = False
        self._failure: NotAuthenticError | None = None

    def chunk(self) -> bytes:
        """The next verified chunk, 1 to 65,536 bytes; none at the end, when the whole payload has been verified.

        Raises:
            PayloadError: altered, cut short, or followed by something; again at every later call.
            ArmorError: the armor around it is broken, where there is one; again at every later call.
        """
        if self._failure is not None:
            raise self._failure
        try:
            return self._end() if self._ended else self._next()
        except NotAuthenticError as failure:
            self._failure = failure
            raise

    def _end(self) -> bytes:
        if self._source.read(1):
            raise PayloadError("something follows the end of the file", rule=_RULE, hints=_AGAIN)
        return b""

    def _next(self) -> bytes:
        sealed = read_full(self._source, CHUNK + TAG)
        short = len(sealed) < CHUNK + TAG
        if len(sealed) < TAG:
            raise PayloadError("the file is cut short", where=self._place(), rule=_RULE, hints=_AGAIN)
        if len(sealed) == TAG and self._counter:
            raise PayloadError("the last chunk is empty", where=self._place(), rule=_RULE)
        # A full chunk may be the last one too; only its authentication tells.
        plain = None if short else self._open(sealed, last=False)
        if plain is None:
            plain = self._open(sealed, last=True)
            self._ended = True
        if plain is None:
            raise PayloadError("the file is altered or cut short", where=self._place(), rule=_RULE, hints=_AGAIN)
        self._counter += 1
        return plain

    def _open(self, sealed: bytes, *, last: bool) -> bytes | None:
        try:
            return self._decrypt(_nonce(self._counter, last=last), sealed, None)
        except self._invalid:
            return None

    def _place(self) -> str:
        return f"chunk {self._counter + 1}"
