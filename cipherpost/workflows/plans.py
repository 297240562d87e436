"""What is to be posted before it has a place: the lines of its header that are known when it is written.

A plan lies open in the outbox, so it holds nothing but what the header will say to everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cipherpost.dispatch.header import Ack, Due, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The lines known beforehand; ``acks`` are explicit acts (complied, unable, withdrawn), all other acks are added
    when the dispatch gets its place. ``created`` is a protocol time; ``statements`` the bytes of a roster entry.
    """

    channel: str
    kind: str
    created: str
    letter: str | None = None
    reply: Reply | None = None
    due: Due | None = None
    acks: tuple[Ack, ...] = ()
    statements: bytes = b""

    @property
    def office(self) -> str:
        """Who sends."""
        return self.channel.partition("/")[0]

    @property
    def audience(self) -> str:
        """Who is addressed."""
        return self.channel.partition("/")[2]

    def as_dict(self) -> dict[str, Any]:
        """For the outbox; `from_dict` gives the plan back."""
        return {
            "channel": self.channel,
            "kind": self.kind,
            "created": self.created,
            "letter": self.letter,
            "reply": list(self.reply) if self.reply else None,
            "due": [self.due.day.isoformat(), self.due.what] if self.due else None,
            "acks": [list(ack) for ack in self.acks],
            "statements": self.statements.decode(),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Plan":
        """The plan of an item in this home's own outbox."""
        return cls(
            channel=given["channel"],
            kind=given["kind"],
            created=given["created"],
            letter=given["letter"],
            reply=Reply(*given["reply"]) if given["reply"] else None,
            due=Due(date.fromisoformat(given["due"][0]), given["due"][1]) if given["due"] else None,
            acks=tuple(Ack(*ack) for ack in given["acks"]),
            statements=given["statements"].encode(),
        )

    def about(self) -> str:
        """What makes it another dispatch though its letter says the same: for the question whether it was sent."""
        return repr((self.reply, self.due, self.acks))
