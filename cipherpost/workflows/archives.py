"""The exact archive of a letter that this home keeps sealed: decrypted while it is read, never on the disk (I5)."""

import io
from typing import TYPE_CHECKING, BinaryIO

from cipherpost import limits
from cipherpost.workflows import letters

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header


def open_archive(desk: "Desk", header: "Header") -> BinaryIO:
    """The archive of the letter under ``header``, from its first byte to its last.

    A reader has the letter opened and checked whole first (`letters.open_letter`): only that compares the hash of the
    sealed file. What comes here is the same file a second time.

    Raises:
        CopyMissingError, NotForUsError, NotAuthenticError: as `letters.open_letter`, here or from reading.
    """
    return io.BufferedReader(_Plain(desk, header), limits.PIECE)


class _Plain(io.RawIOBase):
    """The plaintext of a sealed file, which is closed with it."""

    def __init__(self, desk: "Desk", header: "Header") -> None:
        super().__init__()
        self._file = desk.copies.open(header.sealed[0].hash)
        try:
            first = letters.own_stanza(desk, letters.readers(desk, header))
            self._plain = letters.decrypt(header, desk.keys.identities, self._file, first)
        except BaseException:
            self._file.close()
            raise

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """The next bytes; 0 at the end only."""
        room = memoryview(buffer).cast("B")
        data = self._plain.read(len(room))
        room[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the sealed file too."""
        self._file.close()
        super().close()
