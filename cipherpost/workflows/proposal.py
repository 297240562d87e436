"""One proposal of an office, and how it stands; made by `cipherpost.workflows.proposals`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cipherpost.dispatch.draft import Draft, format_draft
from cipherpost.errors import CipherpostError, UseError
from cipherpost.text import ROSTER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cipherpost.note import Text

State = Literal["open", "posted", "amended", "withdrawn", "overtaken", "expired", "declined"]
"""``overtaken``: another roster entry took the number, or another letter replaced what this one would.
``declined``: by so many that it cannot be posted any more.
"""


class ProposalClosedError(UseError):
    """The proposal was posted, amended, withdrawn, overtaken or declined, or its last day is over."""


class Signature(NamedTuple):
    """A valid signature of a draft; ``fresh``: by the key that the proposed roster entry gives to this officer."""

    officer: str
    signature: bytes
    fresh: bool = False


class Tally(NamedTuple):
    """Of those whose signatures count together (``able``) ``signed`` have, and ``needed`` must; ``who`` says who.

    A roster entry that changes the keepers or their keys has two: of the keepers before it, and of those after it.
    """

    who: str
    able: tuple[str, ...]
    signed: tuple[str, ...]
    needed: int

    @property
    def full(self) -> bool:
        """Whether enough have signed."""
        return len(self.signed) >= self.needed


def votes(tallies: "Iterable[Tally]") -> str:
    """``1 of 2``, or ``1 of 2 keepers now and 2 of 2 keepers to be``."""
    words = (f"{min(len(each.signed), each.needed)} of {each.needed} {each.who}".strip() for each in tallies)
    return " and ".join(words)


class Place(NamedTuple):
    """A dispatch that stands, by its hash."""

    channel: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal and how it stands.

    ``number`` and ``hash`` are those of the message that proposes; ``posted_as`` where it was posted, and
    ``posted_by`` whom, if as this draft; ``amends`` the number of an earlier proposal, ``gone_by`` that of the
    message that amended or withdrew this one. ``signed`` are valid signatures of officers in good standing,
    ``declined`` names with their reasons, ``ignored`` why other endorsements count for nothing. ``awaited`` may still
    sign. ``tallies``: how many have signed, of whom; ``posters``: where that is enough, the signers whose next
    `fetch` posts it.
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
    posted_by: str | None
    signed: tuple[Signature, ...]
    declined: tuple[tuple[str, str], ...] = field(repr=False)
    ignored: tuple[str, ...]
    needed: int
    awaited: tuple[str, ...]
    tallies: tuple[Tally, ...]
    posters: tuple[str, ...]

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
        """Who has signed, in the order in which they did; who posted it signed the dispatch itself."""
        posted = () if self.posted_by is None else (self.posted_by,)
        return tuple(dict.fromkeys((*(each.officer for each in self.signed), *posted)))

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
        refused = f"declined by {', '.join(name for name, _ in self.declined)}" if self.declined else ""
        if self.is_open:
            return ", ".join(filter(None, (f"{votes(self.tallies)} signed", refused)))
        if self.state == "overtaken":
            return f"overtaken: {_overtaken(self.draft)}"
        return f"{refused}; too few are left" if self.state == "declined" else self.state

    @property
    def next_word(self) -> str:
        """What its proposer types once it was overtaken; it is listed as his until then."""
        anew = f"cipherpost amend {self.number}    (proposes it anew); or " if self.draft.kind == ROSTER else ""
        return f"{anew}cipherpost withdraw {self.number}    (lets it go)"

    def cells(self) -> list[str]:
        """For a table."""
        kind = "" if self.draft.kind == ROSTER else f" ({self.draft.kind})"
        for_what = f"{self.draft.channel}{kind}"
        return [str(self.number), self.by, self.subject, for_what, self.stands(), self.until.isoformat()]

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
            "posters": list(self.posters),
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


def _overtaken(draft: Draft) -> str:
    if draft.kind == ROSTER:
        return f"another entry took number {draft.number} of the roster"
    return f"another letter superseded or cancelled {draft.channel}/{draft.supersedes or draft.cancels} before"


def why_closed(proposal: Proposal) -> CipherpostError | None:
    """Why nobody can sign it any more; None while it is open."""
    if proposal.is_open:
        return None
    what = {
        "posted": f"it was {proposal.stands()}",
        "amended": f"it was amended: proposal {proposal.gone_by} stands in its place",
        "withdrawn": f"{proposal.by} withdrew it",
        "overtaken": _overtaken(proposal.draft),
        "expired": f"it might be posted until {proposal.until}",
        "declined": "so many declined it that it cannot be posted any more",
    }[proposal.state]
    hints = {
        "posted": ("cipherpost proposals",),
        "amended": (f"cipherpost read {proposal.office}/{proposal.office}/{proposal.gone_by}",),
        "overtaken": (
            (f"{proposal.by} types: cipherpost amend {proposal.number}    (proposes it for the next number)",)
            if proposal.draft.kind == ROSTER
            else (f"{proposal.by} types: cipherpost withdraw {proposal.number}", "cipherpost outbox")
        ),
        "expired": (_again(proposal),),
        "declined": (_again(proposal),),
    }
    return ProposalClosedError(
        f"the proposal is closed: {what}",
        where=proposal.place,
        rule="an open proposal is endorsed, amended or withdrawn",
        hints=hints.get(proposal.state, ("cipherpost proposals",)),
    )
