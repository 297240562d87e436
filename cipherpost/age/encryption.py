"""Making age files, from a stream or by writing to them."""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from cipherpost.age.armor import ArmorWriter
from cipherpost.age.errors import MixedRecipientsError, NoRecipientsError, WriterStateError
from cipherpost.age.header import STANZAS, print_end, print_unsigned
from cipherpost.age.primitives import FILE_KEY, NONCE, Recipient, header_mac, payload_key
from cipherpost.age.stream import CHUNK, PayloadWriter
from cipherpost.age.streams import Octets, Sink, Source, write_full
from cipherpost.errors import UseError
from cipherpost.limits import AGE_HEADER_BYTES

_BLOCK = 4 * CHUNK


class Encryptor:
    """An age file that is made while it is written to; the header goes to ``sink`` at once.

    As a context manager it finishes the file at the end of the block, and leaves it unfinished, which no reader
    takes for a whole file, where the block ends in an exception. The sink stays open in any case.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient],
        sink: Sink,
        *,
        armor: bool = False,
        file_key: bytes | None = None,
    ) -> None:
        """Begin a file for ``recipients``, in ASCII armor where ``armor`` is set.

        Args:
            recipients: one or more, all of one kind; a passphrase alone.
            sink: where the file goes.
            armor: write text.
            file_key: 16 bytes from a CSPRNG that no other file has; made here where none is given.

        Raises:
            NoRecipientsError: no recipient.
            MixedRecipientsError: kinds that must not be in one file.
            KeyFormatError: a public key that is none.
            UseError: so many recipients that nobody would read the header; a file key of another size.

        Source: c2sp.org/age, "Encrypted file format".
        """
        if file_key is None:
            file_key = os.urandom(FILE_KEY)
        head = _head(recipients, file_key)
        self._open = True
        self._armor = ArmorWriter(sink) if armor else None
        inner: Sink = self._armor or sink
        nonce = os.urandom(NONCE)
        write_full(inner, head + nonce)
        self._payload = PayloadWriter(payload_key(file_key, nonce), inner)

    def write(self, data: Octets) -> int:
        """Encrypt ``data``; its size.

        Raises:
            WriterStateError: the file was finished, or left unfinished by a failure.
        """
        self._check_open()
        self._open = False  # stays so if the sink fails: a file with a hole must never get an end
        self._payload.write(data)
        self._open = True
        return memoryview(data).nbytes

    def close(self) -> None:
        """Finish the file.

        Raises:
            WriterStateError: it was finished before, or left unfinished by a failure.
        """
        self._check_open()
        self._open = False
        self._payload.finish()
        if self._armor is not None:
            self._armor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._open = False
        elif self._open:
            self.close()

    def _check_open(self) -> None:
        if not self._open:
            raise WriterStateError("the age file is finished, or a failure left it unfinished", rule="begin a new one")


def encrypt(
    recipients: Sequence[Recipient],
    source: Source,
    sink: Sink,
    *,
    armor: bool = False,
    file_key: bytes | None = None,
) -> None:
    """Write all of ``source`` to ``sink`` as an age file for ``recipients``.

    Arguments and errors are those of ``Encryptor``. Memory does not grow with the source.
    """
    with Encryptor(recipients, sink, armor=armor, file_key=file_key) as writer:
        while block := source.read(_BLOCK):
            writer.write(block)


def _head(recipients: Sequence[Recipient], file_key: bytes) -> bytes:
    """The whole header that gives ``file_key`` to ``recipients``."""
    kinds = {recipient.kind for recipient in recipients}
    if not kinds:
        raise NoRecipientsError("there is nobody to encrypt to", rule="at least one recipient")
    if len(kinds) > 1 or ("passphrase" in kinds and len(recipients) > 1):
        raise MixedRecipientsError(
            f"recipients that do not go together: {', '.join(sorted(kinds))}",
            rule="all of one kind, and a passphrase alone",
            hints=("make one file for each kind",),
        )
    if len(file_key) != FILE_KEY:
        raise UseError("the file key has another size", rule=f"{FILE_KEY} bytes")
    unsigned = print_unsigned(recipient.wrap(file_key) for recipient in recipients)
    head = unsigned + print_end(header_mac(file_key, unsigned))
    if len(head) > AGE_HEADER_BYTES or len(recipients) > STANZAS:
        raise UseError(
            "there are too many recipients for one file",
            rule=f"a header of at most {AGE_HEADER_BYTES} bytes and {STANZAS} stanzas",
            hints=("make several files",),
        )
    return head
