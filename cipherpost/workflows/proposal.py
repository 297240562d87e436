"""One proposal of an office, and how it stands; made by `cipherpost.workflows.proposals`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cipherpost.dispatch.draft import Draft, format_draft
from cipherpost.errors import CipherpostError, UseError

if TYPE_CHECKING:
    from datetime import date

    from cipherpost.note import Text

State = Literal["open", "posted", "amended", "withdrawn", "overtaken", "expired", "declined"]
"""``overtaken``: another roster entry took the number; ``declined``: by so many that it cannot be posted any more."""


class ProposalClosedError(UseError):
    """The proposal was posted, amended, withdrawn, overtaken or declined, or its last day is over."""


class Signature(NamedTuple):
    """A valid signature of a draft; ``fresh``: by the key that the proposed roster entry gives to this officer."""

    officer: str
    signature: bytes
    fresh: bool = False


class Place(NamedTuple):
    """A dispatch that stands, by its hash."""

    channel: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal and how it stands.

    ``number`` and ``hash`` are those of the message that proposes; ``place`` where it was posted; ``amends`` the number
    of an earlier proposal, ``gone_by`` that of the message that amended or withdrew this one. ``signed`` are valid
    signatures of officers in good standing, ``declined`` names with their reasons, ``ignored`` why other endorsements
    count for nothing. ``awaited`` may still sign.
    """

    office: str
    number: int
    hash: str
    by: str
    time: str
    subject: str = field(repr=False)
    draft: Draft
    cards: tuple[str, ...]
    state: State
    amends: int | None
    gone_by: int | None
    posted_as: Place | None
    signed: tuple[Signature, ...]
    declined: tuple[tuple[str, str], ...] = field(repr=False)
    ignored: tuple[str, ...]
    needed: int
    awaited: tuple[str, ...]

    @property
    def place(self) -> str:
        """``center/center/31``."""
        return f"{self.office}/{self.office}/{self.number}"

    @property
    def until(self) -> "date":
        """The last day on which it may be posted."""
        return self.draft.draft.until

    @property
    def text(self) -> "Text":
        """The text that is endorsed."""
        return format_draft(self.draft)

    @property
    def signers(self) -> tuple[str, ...]:
        """Who has signed, in the order in which they did."""
        return tuple(dict.fromkeys(each.officer for each in self.signed))

    @property
    def is_open(self) -> bool:
        """Whether it may still be endorsed."""
        return self.state == "open"

    def stands(self) -> str:
        """How it stands, in a few words."""
        if self.posted_as is not None:
            return f"posted as {self.posted_as.channel}/{self.posted_as.number}"
        if self.gone_by is not None:
            return f"{self.state} by {self.gone_by}"
        return f"{len(self.signers)} of {self.needed} signed" if self.is_open else self.state

    def cells(self) -> list[str]:
        """For a table."""
        for_what = f"{self.draft.channel} ({self.draft.kind})"
        return [self.place, self.by, self.subject, for_what, self.stands(), self.until.isoformat()]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        posted = self.posted_as
        return {
            "channel": f"{self.office}/{self.office}",
            "number": self.number,
            "hash": self.hash,
            "by": self.by,
            "time": self.time,
            "subject": self.subject,
            "proposed": self.draft.channel,
            "kind": self.draft.kind,
            "until": self.until.isoformat(),
            "state": self.state,
            "posted_as": None if posted is None else f"{posted.channel}/{posted.number}",
            "amends": self.amends,
            "amended_by": self.gone_by if self.state == "amended" else None,
            "signed": list(self.signers),
            "needed": self.needed,
            "awaited": list(self.awaited),
            "declined": [{"officer": name, "reason": why} for name, why in self.declined],
            "ignored": list(self.ignored),
        }


def reported_by(draft: Draft) -> str:
    """The words with which the report of a draft is made anew: ``report monthly-return 2026-10``."""
    assert draft.report is not None
    verb = "report" if draft.supersedes is None else "correct"
    return f"{verb} {draft.report.form} {draft.report.period}"


def _again(proposal: Proposal) -> str:
    """The command that proposes anew what is closed."""
    draft = proposal.draft
    if draft.report is not None:
        return f"cipherpost {reported_by(draft)} --edit    (proposes it anew)"
    return f"cipherpost amend {proposal.number}{' FILE' if draft.letter is not None else ''}"


def why_closed(proposal: Proposal) -> CipherpostError | None:
    """Why nobody can sign it any more; None while it is open."""
    if proposal.is_open:
        return None
    what = {
        "posted": f"it was {proposal.stands()}",
        "amended": f"it was amended: proposal {proposal.gone_by} stands in its place",
        "withdrawn": f"{proposal.by} withdrew it",
        "overtaken": f"another entry took number {proposal.draft.number} of the roster",
        "expired": f"it might be posted until {proposal.until}",
        "declined": "so many declined it that it cannot be posted any more",
    }[proposal.state]
    hints = {
        "posted": ("cipherpost proposals",),
        "amended": (f"cipherpost read {proposal.office}/{proposal.office}/{proposal.gone_by}",),
        "overtaken": (f"{proposal.by} types: cipherpost amend {proposal.number}    (proposes it for the next number)",),
        "expired": (_again(proposal),),
        "declined": (_again(proposal),),
    }
    return ProposalClosedError(
        f"the proposal is closed: {what}",
        where=proposal.place,
        rule="an open proposal is endorsed, amended or withdrawn",
        hints=hints.get(proposal.state, ("cipherpost proposals",)),
    )
