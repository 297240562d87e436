"""A letter of which members were left out: what is kept is proved all the same, what is not stays untold.

``letter.json`` is whole; its commitments stand in the order of the members, one for each, those left out included.
A member that is kept comes with its place among them and its salt, from which its commitment is computed anew. Of
one left out only the commitment is there, which tells nobody its name, size or content.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from cipherpost.letter.papers import (
    LETTER_JSON,
    MemberInfo,
    MembersError,
    PaperError,
    check_members,
    parse_letterhead,
    parse_member,
    print_member,
)
from cipherpost.letter.reading import (
    CommitmentError,
    Letter,
    LetterHashError,
    Save,
    assemble,
    keep_member,
    pass_member_on,
)


class Kept(NamedTuple):
    """A member that was not left out, and its place among all, from 1."""

    at: int
    info: MemberInfo


class Piece(Protocol):
    """A member of an archive, or a file of a folder: its bytes can be read once."""

    @property
    def name(self) -> str:
        """Its path."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """At most so many bytes, fewer only if it likes; ``b""`` at the end."""


def keep(letter: Letter, omit: Iterable[str]) -> tuple[Kept, ...]:
    """The members of a whole letter but those whose paths are in ``omit``."""
    left_out = frozenset(omit)
    return tuple(Kept(at, info) for at, info in enumerate(letter.members, 1) if info.path not in left_out)


def print_kept(kept: Sequence[Kept]) -> list[dict[str, Any]]:
    """As canonical JSON has them: the rows of ``members.json``, each with its place ``at``."""
    return [{"at": each.at, **print_member(each.info)} for each in kept]


def parse_kept(rows: Any, where: str) -> tuple[Kept, ...]:
    """Read what `print_kept` gave.

    Raises:
        PaperError, MembersError, TooLargeError: another structure, another order, a member no letter can hold.
    """
    if not isinstance(rows, list):
        raise PaperError("the members kept are no list", where=where)
    kept = []
    for row in rows:
        if not isinstance(row, dict) or type(row.get("at")) is not int:
            raise PaperError("a member that was kept does not say its place", where=where)
        info = parse_member({key: value for key, value in row.items() if key != "at"}, where)
        kept.append(Kept(row["at"], info))
    check_members([each.info for each in kept])
    places = [each.at for each in kept]
    if places[0] < 1 or sorted(set(places)) != places:
        raise MembersError("the members kept do not stand in their order", rule="each at its place, from 1")
    return tuple(kept)


def read_partial(
    letter_json: bytes,
    kept: Sequence[Kept],
    pieces: Iterable[Piece],
    *,
    expect_hash: str,
    save: Save | None = None,
) -> Letter:
    """Check the members that were kept against ``letter.json``, to the end of each.

    Args:
        pieces: the members by their names in the letter, in the order of ``kept``; not asked for more.
        expect_hash: the header's ``letter``.
        save: as for `cipherpost.letter.read_letter`.

    Returns:
        The letter; its ``members`` and ``attachments`` are those kept. `left_out` says how many are not.

    Raises:
        LetterHashError, CommitmentError, MembersError, BodyError: what is there is not what was committed to.
        PaperError, NewerLetterError, JsonError: ``letter.json`` is none.
    """
    if hashlib.sha256(letter_json).hexdigest() != expect_hash:
        raise LetterHashError("the letter is not the one that the header states", rule="SHA-256 of letter.json")
    head = parse_letterhead(letter_json)
    if not kept or kept[-1].at > len(head.commitments):
        raise CommitmentError(f"{LETTER_JSON} does not commit to so many members")
    coming, in_memory = iter(pieces), dict[str, bytes]()
    for at, info in kept:
        piece = next(coming, None)
        if piece is None or (piece.name, piece.size) != (info.path, info.size):
            raise MembersError("another member stands where one is due", rule="as the list of those kept has them")
        if info.is_attachment:
            found = pass_member_on(piece, info, save(info) if save is not None else None)
        else:
            in_memory[info.path], found = keep_member(piece, info)
        if found != head.commitments[at - 1]:
            raise CommitmentError(f"member {at} is not the one that {LETTER_JSON} commits to")
    return assemble(head, tuple(each.info for each in kept), in_memory, letter_json)


def left_out(letter: Letter) -> int:
    """How many members of a letter are not here."""
    return len(parse_letterhead(letter.letter_json).commitments) - len(letter.members)
