"""A dispatch in the tree of its channel: what judging needs of its header, and how it was judged so far."""

from collections.abc import Callable
from typing import Final, Self

from cipherpost.chain.rows import Row
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.errors import CipherpostError
from cipherpost.note import split


class Node:
    """One linkable or waiting note. Written by `tree` and `judging` only.

    ``signed``: an officer's signature was found; False while the roster entry that may know the key is missing.
    ``keys``: the public keys that signed it, empty when taken from a `Row`. ``flaw``: the failed check that no later
    roster entry can change (V5 endorsements, V6 lines and place); ``judged``: whether that was looked at. ``verdict``:
    why it does not count on its own path (None: it counts). ``last``: the nearest counting node, itself included.
    ``taken``: order of arrival.
    """

    __slots__ = (
        "_header",
        "_load",
        "by",
        "channel",
        "children",
        "draft",
        "endorsers",
        "flaw",
        "hash",
        "judged",
        "keys",
        "kind",
        "last",
        "number",
        "parent",
        "previous",
        "roster",
        "roster_hash",
        "signed",
        "taken",
        "target",
        "time",
        "verdict",
    )

    def __init__(
        self,
        channel: str,
        number: int,
        hashed: str,
        previous: str | None,
        time: str,
        by: str,
        kind: str,
        roster: int,
        draft: int | None,
        target: int | None,
        endorsers: tuple[str, ...],
    ) -> None:
        self.channel: Final = channel
        self.number: Final = number
        self.hash: Final = hashed
        self.previous: Final = previous
        self.time: Final = time
        self.by: Final = by
        self.kind: Final = kind
        self.roster: Final = roster
        self.draft: Final = draft
        self.target: Final = target
        self.endorsers: Final = endorsers
        self.roster_hash: str | None = None
        self.keys: tuple[bytes, ...] = ()
        self.signed = True
        self.judged = False
        self.flaw: CipherpostError | None = None
        self.verdict: CipherpostError | None = None
        self.parent: Node | None = None
        self.children: list[Node] = []
        self.last: Node | None = None
        self.taken = 0
        self._header: Header | None = None
        self._load: Callable[[int, str], bytes] | None = None

    @classmethod
    def of(cls, header: Header, hashed: str) -> Self:
        """The node of a header that was just parsed."""
        ref, draft = header.roster, header.draft
        node = cls(
            header.channel,
            header.number,
            hashed,
            header.previous,
            header.time,
            header.by,
            header.kind,
            ref.number if ref else 0,
            draft.number if draft else None,
            header.supersedes or header.cancels,
            tuple([each.officer for each in header.endorsed]) if header.endorsed else (),
        )
        node.roster_hash = ref.hash if ref else None
        node._header = header
        return node

    @classmethod
    def restored(cls, channel: str, row: Row, load: Callable[[int, str], bytes]) -> Self:
        """A node of what was verified before; ``load`` gives the note of (number, hash) when the header is needed."""
        node = cls(channel, *row[:-1])
        node.judged = True
        node._load = load
        return node

    @classmethod
    def root(cls, channel: str) -> Self:
        """What stands before number 1."""
        return cls(channel, 0, "", None, "", "", "", 0, None, None, ())

    @property
    def office(self) -> str:
        """Who sends: the first half of the channel."""
        return self.channel.partition("/")[0]

    @property
    def hangs(self) -> bool:
        """Whether its ``previous`` is here, down to number 1 (V3)."""
        return self.parent is not None or self.number == 0

    @property
    def header(self) -> Header:
        """The header; of a restored node read from the note that the home kept."""
        if self._header is None:
            assert self._load is not None
            self._header = parse_header(split(self._load(self.number, self.hash)).text)
        return self._header

    def row(self, status: str) -> Row:
        """What a home keeps of it."""
        return Row(
            self.number,
            self.hash,
            self.previous,
            self.time,
            self.by,
            self.kind,
            self.roster,
            self.draft,
            self.target,
            self.endorsers,
            status,
        )
