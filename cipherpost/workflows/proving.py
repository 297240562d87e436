"""Proofs of forks as files: written from what a home has, taken up by another home, verified without any."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.chain import proofs
from cipherpost.errors import NotAuthenticError, TooLargeError, UseError

if TYPE_CHECKING:
    from cipherpost.chain.forks import Branches, Fork, Side
    from cipherpost.chain.node import Node
    from cipherpost.desk import Desk

_DIGITS: Final = 8
"""Of a hash, in the name of a file."""


class ProofFileError(UseError):
    """Another file lies where a proof is to be written."""


def is_proof(path: Path) -> bool:
    """Whether a file means to be the proof of a fork, however damaged."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(proofs.PAGE) + 1) == proofs.PAGE.encode() + b"\x00"


def verify(path: Path, fingerprint: str) -> proofs.Proved:
    """Verify the file of a proof, without a home.

    Raises:
        Whatever `cipherpost.chain.proofs.verify` raises. OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(limits.PROOF_BYTES + 1)
    try:
        return proofs.verify(data, fingerprint)
    except NotAuthenticError as error:
        error.where = error.where or ("" if error.channel else str(path))
        error.hints = error.hints or proofs.AGAIN
        raise


def write(desk: "Desk", fork: "Fork", branches: "Branches", folder: Path) -> Iterator[Path]:
    """Write a proof for each two sides of a fork that prove something; gives the files, those too that lay there.

    Raises:
        ProofFileError: another file of that name lies there.
        OSError: the folder cannot be written to.
    """
    roster = [note for _, note in desk.mail.notes("center/roster")]

    def note_of(node: "Node") -> bytes | None:
        return desk.mail.note(node.hash)

    for name, data in proofs_of(desk.fingerprint, fork, branches, roster, note_of, desk.trace):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / name, data)
        yield folder / name


def proofs_of(
    fingerprint: str,
    fork: "Fork",
    branches: "Branches",
    roster: Sequence[bytes],
    note_of: "Callable[[Node], bytes | None]",
    trace: Callable[[str], None] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """(name of the file, proof) for each two sides of a fork that prove something.

    Args:
        roster: the notes of its entries from number 1 on.
        note_of: the note of a dispatch, None where it is not at hand.
        trace: is told of two sides that prove nothing, and why.
    """
    sides = {side.hash: _notes(branches, side, note_of) for side in fork.sides}
    for one, other in combinations((each for each in fork.sides if sides[each.hash]), 2):
        if len(fork.sides) > 2 and one.by != other.by and fork.number in (one.last, other.last):
            continue  # of many, only those that may prove something are tried
        try:
            data = proofs.build(fingerprint, roster, sides[one.hash], sides[other.hash])
        except (NotAuthenticError, TooLargeError) as error:
            if trace is not None:
                two = f"{one.hash[:16]} and {other.hash[:16]}"
                trace(f"{fork.channel}/{fork.number}: no proof of {two}: {error.what}")
            continue
        stem = f"{fork.channel.replace('/', '-')}-{fork.number:08d}"
        yield f"{stem}-{one.hash[:_DIGITS]}-{other.hash[:_DIGITS]}.proof", data


def _notes(branches: "Branches", side: "Side", note_of: "Callable[[Node], bytes | None]") -> list[bytes]:
    """The notes of a side, from the number that forks to the next that counts; none where one is not at hand."""
    found = [note_of(node) for node in branches.way_on(branches.view.tree.known[side.hash])]
    whole = [note for note in found if note is not None]
    return whole if len(whole) == len(found) else []


def _write(path: Path, data: bytes) -> None:
    from cipherpost.home.files import AlreadyThereError, write_document

    try:
        write_document(path, data, replace=False)
    except AlreadyThereError:
        if path.read_bytes() != data:
            raise ProofFileError(
                "another file lies there",
                where=str(path),
                rule="nothing is overwritten",
                hints=("name another folder",),
            ) from None
