"""Proposals as an officer's home knows them: what the messages of his office to itself come to.

Nothing is kept but what each message said, locked in the vault; how a proposal stands follows from that, the roster
and the channels each time it is asked for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cipherpost.dispatch.draft import Draft, format_draft
from cipherpost.errors import CipherpostError, NotAuthenticError, NotForUsError, UnableError, UseError
from cipherpost.note import SignatureInvalidError, Text, VerifierKey
from cipherpost.text import ROSTER
from cipherpost.workflows import authority
from cipherpost.workflows.proposal_data import Said, draft_in, endorsement_in, said_in

if TYPE_CHECKING:
    from datetime import date

    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.letter import Letter

State = Literal["open", "posted", "amended", "withdrawn", "overtaken", "expired", "declined"]
"""``overtaken``: another roster entry took the number; ``declined``: by so many that it cannot be posted any more."""


class NoSuchProposalError(UseError):
    """Nothing of that number is proposed in this office's own channel."""


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
    def text(self) -> Text:
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


# ---- looking -----------------------------------------------------------------------------------------------------


def own_channel(desk: "Desk") -> str:
    """The office's channel to itself."""
    return f"{desk.office}/{desk.office}"


def listing(desk: "Desk", *, fetch: bool = False) -> list[Proposal]:
    """Every proposal of this office that this officer can read, in the order of their numbers.

    Args:
        fetch: get letters that are not in the home yet; without it their proposals are left out.
    """
    messages = list(_messages(desk, fetch=fetch))
    proposed = dict(_proposed(desk, messages))
    if not proposed:
        return []
    gone = _gone(messages, proposed)
    about = _about(desk, messages, proposed)
    return [_judged(desk, each, gone.get(number), about[number]) for number, each in proposed.items()]


def waiting_for(desk: "Desk", *, fetch: bool = False) -> list[Proposal]:
    """The open proposals that this officer has neither signed nor declined."""
    return [each for each in listing(desk, fetch=fetch) if each.is_open and desk.officer in each.awaited]


def may_be_open(desk: "Desk") -> bool:
    """Whether a look at the proposals is worth the passphrase: something was said in the own channel since the last."""
    return any(row.kind == "message" for row in desk.mail.rows(own_channel(desk))) and (
        json.loads(desk.mail.meta("proposals") or "{}") != {"at": _mark(desk), "open": 0, "waiting": []}
    )


def count(desk: "Desk") -> list[str]:
    """The last days of the open proposals that wait for this officer; counted anew where something may have changed."""
    if not may_be_open(desk):
        return []
    found = listing(desk)
    waiting = [each.until.isoformat() for each in found if desk.officer in each.awaited]
    kept = {"at": _mark(desk), "open": sum(each.is_open for each in found), "waiting": waiting}
    desk.mail.set_meta("proposals", json.dumps(kept))
    return waiting


def _mark(desk: "Desk") -> str:
    """Changes whenever a proposal may have come; what closes one needs no look."""
    return desk.chain.channel(own_channel(desk)).tip[1] or ""


def find(desk: "Desk", word: str, *, fetch: bool = False) -> Proposal:
    """The proposal that a user named, ``31`` or ``center/center/31``.

    Raises:
        NoSuchProposalError: there is none.
    """
    number = word.removeprefix(f"{own_channel(desk)}/")
    found = [each for each in listing(desk, fetch=fetch) if str(each.number) == number]
    if not found:
        from cipherpost.text import shown

        raise NoSuchProposalError(
            f"{shown(word)} is no proposal",
            rule=f"a proposal is named by its number in {own_channel(desk)}",
            hints=("cipherpost proposals --all", "cipherpost fetch"),
        )
    return found[0]


def of_entry(desk: "Desk", entry: "Entry") -> Proposal | None:
    """The proposal that a dispatch of the own channel is, if it is one."""
    header = entry.header
    if header.channel != own_channel(desk) or header.kind != "message" or entry.status != "counts":
        return None
    return next((each for each in listing(desk) if each.hash == entry.hash), None)


def about_drafts(desk: "Desk") -> set[str]:
    """Hashes of the messages of the own channel that propose, endorse, decline or withdraw: they are no letters."""
    messages = list(_messages(desk, fetch=False))
    proposed = {each.header.number for each in messages if each.said.word == "proposal"}
    return {
        each.hash
        for each in messages
        if each.said.word or (each.header.cancels is not None and each.header.cancels in proposed)
    }


def keep_said(desk: "Desk", entry: "Entry", letter: "Letter") -> None:
    """Lock away what a letter of the own channel says of drafts, once it was opened."""
    if entry.header.channel == own_channel(desk):
        desk.vault.put(f"own {entry.hash}", said_in(letter).as_bytes())


# ---- what was said -----------------------------------------------------------------------------------------------


class _Message(NamedTuple):
    header: "Header"
    hash: str
    said: Said


class _Proposed(NamedTuple):
    message: _Message
    draft: Draft


class _About(NamedTuple):
    """What was said of one proposal."""

    signed: tuple[Signature, ...]
    declined: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


def _messages(desk: "Desk", *, fetch: bool) -> Iterator[_Message]:
    """The letters of the own channel that this officer can open, by number; one that cannot be stops no other (I7)."""
    channel = own_channel(desk)
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        entry = view.by_hash(row.hash) if row.kind == "message" and row.status == "counts" else None
        if entry is not None:
            said = _said(desk, entry, fetch=fetch)
            if said is not None:
                yield _Message(entry.header, entry.hash, said)


def _said(desk: "Desk", entry: "Entry", *, fetch: bool) -> Said | None:
    from cipherpost.workflows import letters

    kept = desk.vault.get(f"own {entry.hash}")
    if kept is not None:
        return Said.from_bytes(kept)
    header = entry.header
    if letters.is_before_you(desk, header):
        return None
    try:
        if not desk.copies.has(header.sealed[0].hash):
            if not fetch:
                return None
            letters.fetch_sealed(desk, header)
        letter = letters.open_letter(desk, header)
    except (NotAuthenticError, NotForUsError, UnableError):  # `fetch` says why
        return None
    keep_said(desk, entry, letter)
    return said_in(letter)


def _proposed(desk: "Desk", messages: Sequence[_Message]) -> Iterator[tuple[int, _Proposed]]:
    for each in messages:
        if each.said.word == "proposal":
            draft = draft_in(each.said, fingerprint=desk.fingerprint, number=each.header.number)
            if draft is not None and draft.channel.partition("/")[0] == desk.office:
                yield each.header.number, _Proposed(each, draft)


def _gone(messages: Sequence[_Message], proposed: Mapping[int, _Proposed]) -> dict[int, tuple[State, int]]:
    """Proposals that were amended or withdrawn, and by which message.

    Only its proposer withdraws one; a roster entry he alone amends too, since amending then sets those free who have
    signed the first for this number.
    """
    found: dict[int, tuple[State, int]] = {}
    for each in messages:
        header = each.header
        target = proposed.get(header.supersedes or header.cancels or 0)
        if target is None:
            continue
        by_proposer = target.message.header.by == header.by
        if header.cancels and by_proposer:
            found.setdefault(header.cancels, ("withdrawn", header.number))
        elif header.supersedes and each.said.word == "proposal" and (by_proposer or target.draft.kind != ROSTER):
            found.setdefault(header.supersedes, ("amended", header.number))
    return found


def _about(desk: "Desk", messages: Sequence[_Message], proposed: Mapping[int, _Proposed]) -> dict[int, _About]:
    """Endorsements and refusals of each proposal; an endorsement counts for the very message it answers alone."""
    signed: dict[int, list[Signature]] = {number: [] for number in proposed}
    declined: dict[int, dict[str, str]] = {number: {} for number in proposed}
    ignored: dict[int, list[str]] = {number: [] for number in proposed}
    for each in messages:
        reply, who = each.header.reply, each.header.by
        target = proposed.get(reply.number) if reply is not None else None
        if target is None or reply is None or each.said.word not in {"endorsement", "declined"}:
            continue
        number, where = reply.number, f"{own_channel(desk)}/{each.header.number} by {who}"
        if (reply.channel, reply.hash) != (own_channel(desk), target.message.hash):
            ignored[number].append(f"{where}: it speaks of another text")
        elif each.said.word == "declined":
            declined[number][who] = each.said.reason
        else:
            outcome = _signature(desk, target.draft, each)
            if isinstance(outcome, str):
                ignored[number].append(f"{where}: {outcome}")
            elif outcome not in signed[number]:
                signed[number].append(outcome)
                declined[number].pop(who, None)
    return {
        number: _About(tuple(signed[number]), tuple(declined[number].items()), tuple(ignored[number]))
        for number in proposed
    }


def _signature(desk: "Desk", draft: Draft, message: _Message) -> Signature | str:
    """The endorsement in a message, verified; or why it counts for nothing."""
    given = endorsement_in(message.said, draft=draft.draft.number)
    if given is None:
        return "it is no endorsement of this draft"
    if given.officer != message.header.by:
        return f"it was sent by another officer than {given.officer}, who is said to have signed"
    text = format_draft(draft)
    keys = authority.keys_of_signers(desk, draft)
    if given.officer not in keys:
        return f"{given.officer} is not one of those who sign it, or not any more"
    for key, fresh in keys[given.officer]:
        if _verifies(key, given.signature, text):
            return Signature(given.officer, given.signature, fresh)
    return f"the signature is not one of {given.officer} under this text"


def _verifies(key: VerifierKey, signature: bytes, text: Text) -> bool:
    try:
        key.verify_raw(signature, text)
    except SignatureInvalidError:
        return False
    return True


# ---- how it stands -----------------------------------------------------------------------------------------------


def _judged(desk: "Desk", proposed: _Proposed, gone: tuple[State, int] | None, about: _About) -> Proposal:
    message, draft = proposed
    needed, names = authority.who_must(desk, draft)
    place = _posted_as(desk, draft)
    refused = {name for name, _ in about.declined}
    signers = {each.officer for each in about.signed}
    able = [name for name in names if name in _readers(desk, message.header)]
    state: State = "open"
    if place is not None:
        state = "posted"
    elif gone is not None:
        state = gone[0]
    elif draft.number is not None and draft.number <= desk.roster.newest:
        state = "overtaken"
    elif desk.time()[:10] > draft.draft.until.isoformat():
        state = "expired"
    elif refused and len([name for name in names if name not in refused]) < needed:
        state = "declined"
    return Proposal(
        office=desk.office,
        number=message.header.number,
        hash=message.hash,
        by=message.header.by,
        time=message.header.time,
        subject=message.said.subject,
        draft=draft,
        cards=message.said.cards,
        state=state,
        amends=message.header.supersedes,
        gone_by=gone[1] if gone is not None and place is None else None,
        posted_as=place,
        signed=about.signed,
        declined=about.declined,
        ignored=about.ignored,
        needed=needed,
        awaited=tuple(name for name in able if name not in refused | signers) if state == "open" else (),
    )


def _readers(desk: "Desk", header: "Header") -> set[str]:
    """The colleagues to whom a message was sealed, under the keys that they have now."""
    from cipherpost.workflows import letters

    cards = {each.card for each in letters.readers(desk, header)}
    return {each.name for each in desk.roster.officers(desk.office, desk.roster.newest) if each.card in cards}


def _posted_as(desk: "Desk", draft: Draft) -> Place | None:
    """Where this draft was posted; where one signature is enough by now, the header names no draft."""
    view = desk.chain.channel(draft.channel)
    if draft.number is not None:
        entry = view.entry(draft.number) if draft.number <= desk.roster.newest else None
        if entry is None or not entry.counts or entry.header.statements != draft.statements:
            return None
        mine = entry.header.draft is None or entry.header.draft == draft.draft
        return Place(draft.channel, draft.number, entry.hash) if mine else None
    for node in view.counting():
        header = node.header if node.kind == draft.kind else None
        if header is not None and (
            header.draft == draft.draft or (header.draft is None and header.letter == draft.letter)
        ):
            return Place(draft.channel, node.number, node.hash)
    return None


def draft_hash(proposal: Proposal) -> str:
    """SHA-256 of the text that is endorsed, in hex."""
    return proposal.text.hash


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
        "expired": (f"cipherpost amend {proposal.number} FILE",),
        "declined": (f"cipherpost amend {proposal.number} FILE",),
    }
    return ProposalClosedError(
        f"the proposal is closed: {what}",
        where=proposal.place,
        rule="an open proposal is endorsed, amended or withdrawn",
        hints=hints.get(proposal.state, ("cipherpost proposals",)),
    )


class ProposalClosedError(UseError):
    """The proposal was posted, amended, withdrawn, overtaken or declined, or its last day is over."""
