"""A large attachment, sealed and opened, each time with all its hashes; in a process of its own, for its memory.

The floor of one way is the bare cipher, two passes of SHA-256 (the commitment, the hash of the sealed file) and a
copy of the file; where the program flushes its file to the disk, so does the copy.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from benchmarks.measure import MIB, Figure, in_turns, peak_memory
from benchmarks.stage import Stage
from cipherpost.age import Encryptor
from cipherpost.dispatch.header import Header, Sealed
from cipherpost.home.files import NewFile
from cipherpost.letter import Attachment, write_letter
from cipherpost.workflows.letters import open_letter
from cipherpost.workflows.sealing import recipients, seal_item

GROUP: Final = "large files"
_CHUNK: Final = 64 * 1024
_MEMORY: Final = 100.0


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    mib = 128 if quick else 1024
    command = [sys.executable, "-m", "benchmarks.large", str(folder), str(mib), "5"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    name = "1 GiB" if mib == 1024 else f"{mib} MiB"
    floor_is = "cipher, 2 x SHA-256, copy"
    yield Figure(
        group=GROUP,
        name=f"seal a letter of {name}",
        ours=found["seal"],
        floor=found["flushed"],
        floor_is=f"{floor_is} (flushed)",
        target=1.0,
    )
    yield Figure(
        group=GROUP,
        name="open and save it",
        ours=found["open"],
        floor=found["unflushed"],
        floor_is=floor_is,
        target=1.0,
    )
    yield Figure(
        group=GROUP,
        name="send it: outbox, then sealed anew",
        ours=found["send"],
        floor=found["flushed"],
        floor_is=f"{floor_is} (flushed)",
    )
    yield Figure(group=GROUP, name="peak memory of all this", ours=found["memory"], target=_MEMORY, unit="MiB")


class _Letter:
    """The work that is measured, and its floor."""

    def __init__(self, stage: Stage, folder: Path, file: Path) -> None:
        self._stage = stage
        self._folder = folder
        self._file = file
        self._to = stage.audience(2)
        attachment = Attachment(
            name="large.bin", type="application/octet-stream", size=file.stat().st_size, open=partial(_opened, file)
        )
        self._draft = stage.draft(self._to, body="See the attachment.\n", attachments=(attachment,))
        self._readers = stage.desk.roster.readers(self._to.kind, (self._to.name,), "center", stage.desk.roster.newest)
        self._header: Header | None = None
        self._aead = ChaCha20Poly1305(bytes(32))

    def tidy(self) -> None:
        """Nothing of the job before is in the way of the next, nor waits to be flushed to the disk.

        The memory that the job's files will take is used and given back: on a virtual machine, memory that was not
        used for some seconds costs the next who takes it up to eight times as much, ours or the floor by chance.
        """
        for name in ("letter.age", "saved", "copy"):
            (self._folder / name).unlink(missing_ok=True)
        used, block = self._folder / "used", bytes(_CHUNK)
        with used.open("wb") as file:
            for _ in range(2 * self._file.stat().st_size // _CHUNK):
                file.write(block)
        if hasattr(os, "sync"):
            os.sync()
        used.unlink()

    def seal(self) -> None:
        """Archive and commitments, encryption, hash of the sealed file; onto the disk."""
        path = self._folder / "letter.age"
        keys = recipients(self._stage.desk, self._readers)
        with NewFile(path, hashed=True) as sink, Encryptor(keys, sink) as writer:
            written = write_letter(self._draft, writer, random=os.urandom)
        if self._header is None:
            self._header = self._stage.header(self._to, written.letter_hash, Sealed(sink.hash, sink.size))
            self._stage.desk.copies.take(path, sink.hash)

    def open(self) -> None:
        """Hash of the sealed file, decryption, commitments; the attachment into a file."""
        assert self._header is not None
        with contextlib.ExitStack() as stack:
            open_letter(self._stage.desk, self._header, save=lambda _info: stack.enter_context(self._saved()))

    def _saved(self) -> BinaryIO:
        return (self._folder / "saved").open("wb")

    def send(self) -> None:
        """As `send` does it: sealed to the own office in the outbox first, then to its readers."""
        item = self._stage.write(self._to, body="See the attachment.\n", attachments=tuple(self._draft.attachments))
        seal_item(self._stage.desk, item, self._readers)
        item.remove()

    def floor_of_seal(self) -> None:
        """What sealing cannot do without."""
        self._cipher(self._file.stat().st_size)
        self._hash_twice()
        copy = self._copy()
        with copy.open("rb+") as file:
            os.fsync(file.fileno())

    def floor_of_open(self) -> None:
        """What opening cannot do without."""
        self._decipher(self._file.stat().st_size)
        self._hash_twice()
        self._copy()

    def _cipher(self, size: int) -> None:
        nonce, chunk = bytes(12), bytes(_CHUNK)
        for _ in range(size // _CHUNK):
            self._aead.encrypt(nonce, chunk, None)

    def _decipher(self, size: int) -> None:
        nonce = bytes(12)
        sealed = self._aead.encrypt(nonce, bytes(_CHUNK), None)
        for _ in range(size // _CHUNK):
            self._aead.decrypt(nonce, sealed, None)

    def _hash_twice(self) -> None:
        block = bytes(MIB)
        for _ in range(2):
            digest = hashlib.sha256()
            for _ in range(self._file.stat().st_size // MIB):
                digest.update(block)

    def _copy(self) -> Path:
        return Path(shutil.copyfile(self._file, self._folder / "copy"))


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")


def main(folder: Path, mib: int, runs: int) -> None:
    """Measure in ``folder`` with an attachment of so many MiB; prints an object of seconds, and MiB of memory."""
    file = folder / "large.bin"
    block = os.urandom(MIB)
    with file.open("wb") as sink:
        for _ in range(mib):
            sink.write(block)
    with Stage(folder, (2,)) as stage:
        letter = _Letter(stage, folder, file)
        jobs = {
            "seal": letter.seal,
            "open": letter.open,
            "send": letter.send,
            "flushed": letter.floor_of_seal,
            "unflushed": letter.floor_of_open,
        }
        found = dict(zip(jobs, in_turns(runs, *jobs.values(), before=letter.tidy), strict=True))
    print(json.dumps({**found, "memory": peak_memory()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
