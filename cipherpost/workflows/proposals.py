"""Proposals as an officer's home knows them: what the messages of his office to itself come to.

Nothing is kept but what each message said, locked in the vault; how a proposal stands follows from that, the roster
and the channels each time it is asked for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cipherpost.dispatch.draft import Draft, format_draft
from cipherpost.dispatch.header import DraftRef
from cipherpost.errors import NotAuthenticError, NotForUsError, UnableError, UseError
from cipherpost.note import SignatureInvalidError, Text, VerifierKey
from cipherpost.text import ROSTER
from cipherpost.workflows import authority
from cipherpost.workflows.proposal import (
    Place,
    Proposal,
    ProposalClosedError,
    Signature,
    State,
    Tally,
    why_closed,
)
from cipherpost.workflows.proposal_data import Said, draft_in, endorsement_in, said_in

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.letter import Letter

__all__ = [
    "NoSuchProposalError",
    "Place",
    "Proposal",
    "ProposalClosedError",
    "Signature",
    "about_drafts",
    "count",
    "find",
    "keep_said",
    "listing",
    "may_be_open",
    "of_entry",
    "own_channel",
    "waiting_for",
    "why_closed",
]


_TOLD = "told of own proposals"
"""The vault's box with how this officer's own proposals stood when he was told last."""


class NoSuchProposalError(UseError):
    """Nothing of that number is proposed in this office's own channel."""


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
    standing = _Standing(desk)
    return [_judged(desk, each, gone.get(number), about[number], standing) for number, each in proposed.items()]


def waiting_for(desk: "Desk", *, fetch: bool = False) -> list[Proposal]:
    """The open proposals that this officer has neither signed nor declined."""
    return [each for each in listing(desk, fetch=fetch) if each.is_open and desk.officer in each.awaited]


def to_show(desk: "Desk") -> list[Proposal]:
    """The open proposals, and those of this officer's own that wait for his next word."""
    return [each for each in listing(desk) if each.is_open or _waits_for_proposer(desk, each)]


def _waits_for_proposer(desk: "Desk", each: Proposal) -> bool:
    """Whether it is this officer's own, and he should withdraw it or propose it anew."""
    in_time = desk.time()[:10] <= each.until.isoformat()
    return each.by == desk.officer and each.state in {"declined", "overtaken"} and in_time


def news_of_own(desk: "Desk") -> list[Proposal]:
    """This officer's own proposals with which something happened that he was not told yet: posted, amended, declined.

    Each is told of once.
    """
    if not may_be_open(desk):
        return []
    found = listing(desk)
    news = _untold(desk, found)
    now = {str(each.number): _stand(each) for each in found if each.by == desk.officer}
    desk.vault.put(_TOLD, json.dumps(now).encode())
    return news


def _stand(proposal: Proposal) -> list[str]:
    return [proposal.state, *(name for name, _ in proposal.declined)]


def _untold(desk: "Desk", found: Sequence[Proposal]) -> list[Proposal]:
    """Those of his own with which a colleague did something since he was told last."""
    told = json.loads(desk.vault.get(_TOLD) or b"{}")
    news = []
    for each in found:
        state, *refused = told.get(str(each.number), ["open"])
        moved = each.state != state and each.state not in {"open", "withdrawn"} and not _closed_by_me(desk, each)
        if each.by == desk.officer and (moved or {name for name, _ in each.declined} - set(refused)):
            news.append(each)
    return news


def _closed_by_me(desk: "Desk", proposal: Proposal) -> bool:
    if proposal.posted_as is not None:
        entry = desk.chain.channel(proposal.posted_as.channel).by_hash(proposal.posted_as.hash)
        return entry is not None and entry.header.by == desk.officer
    gone = desk.chain.channel(own_channel(desk)).entry(proposal.gone_by) if proposal.gone_by is not None else None
    return gone is not None and gone.header.by == desk.officer


def reported(desk: "Desk") -> dict[tuple[str, str], tuple[str, bool]]:
    """(form, period) to the place of the open proposal of a report of it, and whether it waits for this officer.

    As it was counted last: this needs no passphrase.
    """
    kept = json.loads(desk.mail.meta("proposals") or "{}").get("reports", ())
    today = desk.time()[:10]
    return {(form, period): (place, mine) for form, period, place, mine, until in kept if until >= today}


def may_be_open(desk: "Desk") -> bool:
    """Whether a look at the proposals is worth the passphrase: something was said in the own channel since the last."""
    return any(row.kind == "message" for row in desk.mail.rows(own_channel(desk))) and (
        json.loads(desk.mail.meta("proposals") or "{}")
        != {"at": _mark(desk), "open": 0, "waiting": [], "own": [], "reports": [], "untold": 0}
    )


class Counted(NamedTuple):
    """Last days of the open proposals that ``waiting``: wait for this officer; ``own``: are his, and wait for others.

    Each of ``own`` with whether somebody declined it.
    """

    waiting: list[str]
    own: list[tuple[str, bool]]


def count(desk: "Desk") -> Counted:
    """The open proposals; counted anew where something may have changed."""
    if not may_be_open(desk):
        return Counted([], [])
    found = listing(desk)
    waiting = [each.until.isoformat() for each in found if desk.officer in each.awaited]
    own = [
        (each.until.isoformat(), bool(each.declined))
        for each in found
        if (each.is_open and each.by == desk.officer) or _waits_for_proposer(desk, each)
    ]
    reports = [
        [*each.draft.report[:2], each.place, desk.officer in each.awaited, each.until.isoformat()]
        for each in found
        if each.is_open and each.draft.report is not None
    ]
    opened = sum(each.is_open for each in found)
    untold = len(_untold(desk, found))
    kept = {"at": _mark(desk), "open": opened, "waiting": waiting, "own": own, "reports": reports, "untold": untold}
    desk.mail.set_meta("proposals", json.dumps(kept))
    return Counted(waiting, own)


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
    """The letters of the own channel, by number; of one that cannot be opened here what its header says (I7)."""
    channel = own_channel(desk)
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        entry = view.by_hash(row.hash) if row.kind == "message" and row.status == "counts" else None
        if entry is not None:
            yield _Message(entry.header, entry.hash, _said(desk, entry, fetch=fetch) or Said())


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
        elif header.supersedes and (by_proposer or target.draft.kind != ROSTER):
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


def _judged(
    desk: "Desk", proposed: _Proposed, gone: tuple[State, int] | None, about: _About, standing: "_Standing"
) -> Proposal:
    message, draft = proposed
    place = standing.place(draft)
    poster = _poster(desk, draft, place)
    needed, names = authority.who_must(desk, draft)
    tallies = authority.tallies(desk, draft, ((each.officer, each.fresh) for each in about.signed))
    refused = {name for name, _ in about.declined}
    signers = {each.officer for each in about.signed}
    able = [name for name in names if name in _readers(desk, message.header)]
    state: State = "open"
    if place is not None:
        state = "posted"
    elif gone is not None:
        state = gone[0]
    elif standing.overtakes(draft):
        state = "overtaken"
    elif desk.time()[:10] > draft.draft.until.isoformat():
        state = "expired"
    elif any(len([name for name in each.able if name not in refused]) < each.needed for each in tallies if refused):
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
        posted_by=poster,
        signed=about.signed,
        declined=tuple(each for each in about.declined if each[0] != poster),  # he signed it in the end
        ignored=about.ignored,
        needed=needed,
        awaited=_awaited(tallies, able, refused | signers) if state == "open" else (),
        tallies=tallies,
        posters=authority.posters(desk, draft, about.signed)
        if state == "open" and all(each.full for each in tallies)
        else (),
    )


def _poster(desk: "Desk", draft: Draft, place: Place | None) -> str | None:
    """Who posted this draft; None where the letter was posted under another."""
    entry = desk.chain.channel(place.channel).by_hash(place.hash) if place is not None else None
    return entry.header.by if entry is not None and entry.header.draft in {None, draft.draft} else None


def _awaited(tallies: Sequence[Tally], able: Sequence[str], done: set[str]) -> tuple[str, ...]:
    """Who may still sign; where old and new keepers are counted apart, those whose signature is still needed."""
    useful = {name for each in tallies if len(tallies) == 1 or not each.full for name in each.able}
    return tuple(name for name in able if name in useful and name not in done)


def _readers(desk: "Desk", header: "Header") -> set[str]:
    """The colleagues to whom a message was sealed, under the keys that they have now."""
    from cipherpost.workflows import letters

    cards = {each.card for each in letters.readers(desk, header)}
    return {each.name for each in desk.roster.officers(desk.office, desk.roster.newest) if each.card in cards}


class _Standing:
    """What stands in the channels for which something is proposed; each is gone through once."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._found: dict[str, dict[DraftRef | str, Place]] = {}
        self._replaced: dict[str, dict[int, tuple[str, int]]] = {}

    def place(self, draft: Draft) -> Place | None:
        """Where this draft was posted, or this very letter: without a draft, or under another."""
        if draft.kind == ROSTER:
            return self._entry(draft)
        found = self._found.get(draft.channel)
        if found is None:
            found = self._found[draft.channel] = dict(self._posted(draft.channel))
        return found.get(draft.draft) or found.get(draft.letter or "")

    def overtakes(self, draft: Draft) -> bool:
        """Whether the number of an entry is taken, or what a letter would replace was replaced; see `place` first."""
        if draft.number is not None:
            return draft.number <= self._desk.roster.newest
        target = draft.supersedes or draft.cancels
        if target is None or draft.report is not None:
            return False
        if draft.channel not in self._replaced:
            from cipherpost.workflows.replacing import replaced_in

            self._replaced[draft.channel] = replaced_in(self._desk, draft.channel)
        return target in self._replaced[draft.channel]

    def _posted(self, channel: str) -> "Iterator[tuple[DraftRef | str, Place]]":
        for node in self._desk.chain.channel(channel).counting():
            header = node.header
            for what in (header.letter, header.draft):
                if what is not None:
                    yield what, Place(channel, node.number, node.hash)

    def _entry(self, draft: Draft) -> Place | None:
        assert draft.number is not None
        if draft.number > self._desk.roster.newest:
            return None
        entry = self._desk.chain.channel(draft.channel).entry(draft.number)
        if entry is None or not entry.counts or entry.header.statements != draft.statements:
            return None
        return Place(draft.channel, draft.number, entry.hash) if entry.header.draft in {None, draft.draft} else None
