"""What workflows hand to whoever shows it: the same fields as the JSON that scripts may rely on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cipherpost.errors import CipherpostError


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One dispatch that was posted, would be (``dry_run``), was before (``already``), or waits (``waiting``).

    ``number``, ``hash`` and ``time`` are None as long as it has no place; ``to`` are the offices addressed;
    ``unreached`` are those of them who could not read it, each with the reason; ``readers`` all who can.

    ``proposed``: more officers must sign, so that it was only proposed for this channel; ``channel`` and ``number``
    are then those of the proposal in the office's own channel. ``signed``, ``needed``, ``awaited``: who signed it, how
    many must, and of whom it waits for any; ``votes`` says so where old and new keepers are counted apart; ``posters``:
    where it is enough, those whose next `fetch` posts it. Of what was posted ``signed`` are all who did.
    ``declined_before``: this officer had declined what he signed now.
    """

    channel: str
    kind: str
    number: int | None = None
    hash: str | None = None
    time: str | None = None
    to: tuple[str, ...] = ()
    unreached: Mapping[str, str] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    dry_run: bool = False
    already: bool = False
    waiting: CipherpostError | None = None
    proposed: str | None = None
    signed: tuple[str, ...] = ()
    needed: int = 1
    awaited: tuple[str, ...] = ()
    votes: str = ""
    posters: tuple[str, ...] = ()
    declined_before: bool = False

    @property
    def place(self) -> str:
        """``center/all/14``; without a number the channel and ``-``."""
        return f"{self.channel}/{'-' if self.number is None else self.number}"

    def proposal_words(self) -> str:
        """What became of it where others must sign: ``proposed as center/center/31 for center/all: 1 of 2 ...``."""
        votes = self.votes or f"{min(len(self.signed), self.needed)} of {self.needed}"
        words = f"for {self.proposed}: {votes} have signed"
        if len(self.posters) == 1:
            waits = f"; {self.posters[0]}'s next `fetch` posts it"
        elif self.posters:
            waits = f"; the next `fetch` of {' or '.join(self.posters)} posts it"
        else:
            waits = f"; waits for {', '.join(self.awaited)}" if self.awaited else ""
        if self.number is None:
            return f"a proposal {words}{waits}"
        return f"{'already ' if self.already else ''}proposed as {self.place} {words}{waits}"

    def as_json(self) -> dict[str, Any]:
        """The object of docs/center.md, "Scripts"."""
        values: dict[str, Any] = {
            "channel": self.channel,
            "number": self.number,
            "hash": self.hash,
            "kind": self.kind,
            "time": self.time,
            "posted": self.hash is not None and not self.dry_run and self.proposed is None,
            "to": list(self.to),
            "unreached": [{"office": office, "reason": reason} for office, reason in self.unreached.items()],
        }
        if self.proposed is not None:
            values |= {"proposed": self.proposed, "signed": list(self.signed), "needed": self.needed}
            values |= {"awaited": list(self.awaited), "posters": list(self.posters)}
        return values
