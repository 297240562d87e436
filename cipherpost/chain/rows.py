"""What a home keeps of a dispatch once it is verified; by itself, since a home is read without verifying anything."""

from typing import NamedTuple


class Row(NamedTuple):
    """A counting dispatch, or a void one linked over, as a home keeps it once verified.

    It is enough to go on from, and to judge standing again after a cut, without the note.

    ``roster``: number of the entry relied on. ``target``: what it supersedes or cancels. ``status``: counts or void.
    """

    number: int
    hash: str
    previous: str | None
    time: str
    by: str
    kind: str
    roster: int
    draft: int | None
    target: int | None
    endorsers: tuple[str, ...]
    status: str = "counts"
