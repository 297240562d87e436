"""What is to be posted before it has a place: the lines of its header that are known when it is written.

A plan lies open in the outbox, so it holds nothing but what the header will say to everybody.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from cipherpost.dispatch.header import Ack, Decision, DraftRef, Due, Endorsement, HeadsFile, Reply, Report

if TYPE_CHECKING:
    from cipherpost.dispatch.draft import Draft

_Line = TypeVar("_Line", Due, Report, Decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The lines known beforehand; ``acks`` are explicit acts (complied, unable, withdrawn), all other acks are added
    when the dispatch gets its place. ``created`` is a protocol time; ``statements`` the bytes of a roster entry.

    With ``endorsed``, ``draft`` is the line of the header, and the dispatch is what that proposal proposes. Without, it
    says how the dispatch is to be proposed where more officers must sign it: until which day, and the number of the
    proposal that it amends, 0 for none.

    ``keeps``: it speaks of a roster entry, and so is signed by a keeper whose own new keys are under way, too.
    """

    channel: str
    kind: str
    created: str
    letter: str | None = None
    reply: Reply | None = None
    supersedes: int | None = None
    cancels: int | None = None
    due: Due | None = None
    report: Report | None = None
    decision: Decision | None = None
    heads_file: HeadsFile | None = None
    acks: tuple[Ack, ...] = ()
    statements: bytes = b""
    draft: DraftRef | None = None
    endorsed: tuple[Endorsement, ...] = ()
    keeps: bool = False

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
            "supersedes": self.supersedes,
            "cancels": self.cancels,
            "due": _with_day(self.due),
            "report": _with_day(self.report),
            "decision": _with_day(self.decision),
            "heads_file": list(self.heads_file) if self.heads_file else None,
            "acks": [list(ack) for ack in self.acks],
            "statements": self.statements.decode(),
            "draft": [self.draft.number, self.draft.until.isoformat()] if self.draft else None,
            "endorsed": [[each.officer, base64.b64encode(each.signature).decode()] for each in self.endorsed],
            "keeps": self.keeps,
        }

    @classmethod
    def of_draft(cls, of: "Draft", *, created: str, draft: DraftRef | None) -> "Plan":
        """The plan of another dispatch that says what the draft ``of`` says, but its letter; ``draft`` as above."""
        return cls(
            channel=of.channel,
            kind=of.kind,
            created=created,
            reply=of.reply,
            supersedes=of.supersedes,
            cancels=of.cancels,
            due=of.due,
            report=of.report,
            decision=of.decision,
            heads_file=of.heads_file,
            draft=draft,
        )

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Plan":
        """The plan of an item in this home's own outbox."""
        return cls(
            channel=given["channel"],
            kind=given["kind"],
            created=given["created"],
            letter=given["letter"],
            reply=Reply(*given["reply"]) if given["reply"] else None,
            supersedes=given.get("supersedes"),
            cancels=given.get("cancels"),
            due=_made(Due, given["due"]),
            report=_made(Report, given.get("report")),
            decision=_made(Decision, given.get("decision")),
            heads_file=HeadsFile(*given["heads_file"]) if given.get("heads_file") else None,
            acks=tuple(Ack(*ack) for ack in given["acks"]),
            statements=given["statements"].encode(),
            draft=_made_draft(given.get("draft")),
            endorsed=tuple(Endorsement(name, base64.b64decode(word)) for name, word in given.get("endorsed", ())),
            keeps=given.get("keeps", False),
        )

    def about(self) -> str:
        """What makes it another dispatch though its letter says the same: for the question whether it was sent."""
        return repr((self.reply, self.supersedes, self.cancels, self.due, self.report, self.decision, self.acks))


def _made_draft(given: list[Any] | None) -> DraftRef | None:
    return None if given is None else DraftRef(given[0], date.fromisoformat(given[1]))


def _with_day(line: Due | Report | Decision | None) -> dict[str, Any] | None:
    """The fields of a line, its day as text."""
    if line is None:
        return None
    return {**line._asdict(), "day": line.day.isoformat() if line.day else None}


def _made(line: type[_Line], given: Mapping[str, Any] | None) -> _Line | None:
    """The line that `_with_day` wrote down."""
    if given is None:
        return None
    return line(**{**given, "day": date.fromisoformat(given["day"]) if given["day"] else None})
