"""Making proposals: what more officers must sign goes to them, in the office's own channel, instead of out.

The outbox holds the letter itself until its proposal is whole, so nothing is lost in between (I4). A proposer's own
endorsement needs the number of the proposal, and so is a message of its own behind it.
"""

import io
import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.dispatch.header import DraftRef
from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.text import CENTER, ROSTER, clean_free_text
from cipherpost.workflows import authority, guards, proposals, signing
from cipherpost.workflows.enclosed import opener, plain_size
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.proposal import votes
from cipherpost.workflows.proposal_data import (
    ATTACHED_HEADS,
    ATTACHED_LETTER,
    CARD_SUFFIX,
    draft_of_plan,
    proposal_data,
)
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.dispatch.draft import Draft
    from cipherpost.home.outbox import Item
    from cipherpost.letter import Attachment
    from cipherpost.roster.words import Statement
    from cipherpost.workflows.letters import Outline

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
_CARDS: Final = limits.MEMBERS - 2
"""Cards beside the body and the data of a proposal."""

_MOST_WORD: Final = 35
"""Characters of a word of a statement that a subject shows; keys and hashes are longer."""
_MOST_STATED: Final = 80


class TooManyCardsError(UseError):
    """More cards than one proposal holds."""


class LastDayError(UseError):
    """The last day on which a proposal may be posted is over already."""


def last_day(desk: "Desk", until: date | None = None) -> date:
    """The day given, or `limits.DRAFT_DAYS` from now; in UTC, as the header's own time that it is compared with.

    Raises:
        LastDayError: it is over.
    """
    today = desk.now().date()
    if until is not None and until < today:
        raise LastDayError(
            f"the day {until.isoformat()} is over", rule="the day of a draft ends in UTC", hints=("give a later day",)
        )
    return until or today + timedelta(days=limits.DRAFT_DAYS)


def needs_others(desk: "Desk", plan: Plan) -> bool:
    """Whether what is planned must be proposed first: others must sign it, and it bears no endorsements yet."""
    if plan.endorsed or desk.roster.newest == 0:
        return False
    if plan.kind == ROSTER:
        return not authority.needs_no_other(desk, plan.statements)
    return authority.signers_needed(desk, plan.channel, plan.kind) > 1


# ---- letters -----------------------------------------------------------------------------------------------------


def propose_item(desk: "Desk", item: "Item", plan: Plan) -> Posted:
    """Turn what waits in the outbox into a proposal and post that, with this officer's endorsement behind it.

    Raises:
        As `cipherpost.workflows.placing.post_item`; what waits is then the letter, or its proposal.
    """
    made = _made_of(desk, item)
    if made is None and plan.letter is not None:
        made = _put_letter(desk, item, plan)
    if made is None:
        made = _put_entry(desk, plan.statements, (), amends=_amends(plan), until=_until(desk, plan), mark=_mark(item))
    item.remove()
    return post_proposal(desk, made)


def _mark(item: "Item") -> str:
    return f"of {item.name}"


def _made_of(desk: "Desk", item: "Item") -> "Item | None":
    """The proposal that an earlier run made of this item, if it was killed before it removed the item."""
    for each in desk.outbox.items():
        kept = desk.vault.get(f"outgoing {each.name}")
        if kept is not None and _mark(item) in json.loads(kept)[2:]:
            return each
    return None


def _put_letter(desk: "Desk", item: "Item", plan: Plan) -> "Item":
    from cipherpost.letter import Attachment

    outline, digest = _kept(desk, item)
    archive = Attachment(
        name=ATTACHED_LETTER,
        type="application/x-tar",
        size=plain_size(desk, item.open_letter),
        open=opener(desk, item.open_letter),
    )
    attached = [archive]
    if plan.heads_file is not None:
        size = plan.heads_file.size
        attached.append(Attachment(name=ATTACHED_HEADS, type="text/plain", size=size, open=item.open_heads))
    draft = draft_of_plan(plan, fingerprint=desk.fingerprint, until=_until(desk, plan))
    return signing.put_message(
        desk,
        own_plan(desk, amends=_amends(plan)),
        subject=outline.subject if outline else "Letter",
        body=_in_words(draft),
        data=proposal_data(draft),
        attachments=attached,
        digest=digest,
        mark=_mark(item),
    )


def own_plan(desk: "Desk", *, amends: int | None = None, cancels: int | None = None, keeps: bool = False) -> Plan:
    """A message of the office to itself that supersedes or cancels another; ``keeps``: about a roster entry."""
    return Plan(
        channel=proposals.own_channel(desk),
        kind="message",
        created=desk.time(),
        supersedes=amends,
        cancels=cancels,
        keeps=keeps,
    )


def _amends(plan: Plan) -> int | None:
    return plan.draft.number or None if plan.draft else None


def _until(desk: "Desk", plan: Plan) -> date:
    """The last day asked for; one that is over by now, since the letter waited for a line, gives way to the usual."""
    wanted = plan.draft.until if plan.draft else None
    return wanted if wanted is not None and wanted >= desk.now().date() else last_day(desk)


def _kept(desk: "Desk", item: "Item") -> "tuple[Outline | None, str]":
    from cipherpost.workflows.letters import Outline

    kept = desk.vault.get(f"outgoing {item.name}")
    if kept is None:
        return None, ""
    digest, outline, *_ = json.loads(kept)
    return Outline.from_bytes(outline.encode()), digest


def _in_words(draft: "Draft") -> str:
    """The body of a proposal, for whoever opens it without this program."""
    until = draft.draft.until.isoformat()
    if draft.kind == ROSTER:
        what = f"entry {draft.number} of the roster; data.json holds its statements"
    else:
        what = f"a dispatch of kind {draft.kind} for {draft.channel}; the attachment {ATTACHED_LETTER!r} is its letter"
    return f"Proposed: {what}. It may be posted until {until}.\n"


# ---- roster entries ----------------------------------------------------------------------------------------------


def propose_entry(
    desk: "Desk",
    statements: "Sequence[Statement]",
    *,
    cards: Sequence[bytes] = (),
    until: date | None = None,
    amends: int | None = None,
    dry_run: bool = False,
) -> Posted:
    """Propose the next roster entry to the other keepers, with this keeper's own endorsement.

    Where that makes it enough, since the entry only gives him new keys, it is posted at once.

    Args:
        cards: notes of the cards whose keys it states.
        amends: the proposal in whose place this one stands.

    Raises:
        KeeperBoundError: this keeper has endorsed another draft for that number.
        TooManyCardsError: nothing was made. As `guards.check_ready`: likewise.
        UnableError: it waits in the outbox.
    """
    from cipherpost.roster.statements import format_statements

    data = format_statements(statements)
    if len(cards) > _CARDS:
        raise TooManyCardsError(
            f"{len(cards)} cards in one entry that other keepers must sign",
            rule=f"a proposal brings them at most {_CARDS} cards",
            hints=("cipherpost admit FILE    (with fewer cards, in several entries)",),
        )
    if amends is None:
        before = _same_entry(desk, data)
        if before is not None:
            return signing.as_posted(desk, before, already=True)
        signing.check_free(desk, desk.roster.newest + 1)
    if dry_run:
        return would_be(desk, Plan(channel=ROSTER_CHANNEL, kind=ROSTER, created=desk.time(), statements=data))
    guards.check_ready(desk, own_plan(desk, amends=amends, keeps=True))
    made = _put_entry(desk, data, cards, amends=amends, until=last_day(desk, until))
    return post_proposal(desk, made)


def _same_entry(desk: "Desk", statements: bytes) -> "proposals.Proposal | None":
    """The open proposal that states the same, signed by this keeper: the command was typed a second time."""
    for each in proposals.listing(desk):
        if each.is_open and each.draft.statements == statements and desk.officer in each.signers:
            return each
    return None


def _put_entry(
    desk: "Desk", statements: bytes, cards: Sequence[bytes], *, amends: int | None, until: date, mark: str = ""
) -> "Item":
    number = desk.roster.newest + 1
    plan = Plan(channel=ROSTER_CHANNEL, kind=ROSTER, created=desk.time(), statements=statements)
    draft = draft_of_plan(
        plan, fingerprint=desk.fingerprint, until=until, number=number, previous=desk.roster.hash_of(number - 1)
    )
    return signing.put_message(
        desk,
        own_plan(desk, amends=amends, keeps=True),
        subject=clean_free_text(f"{_stated(statements)} (entry {number})")[: limits.FREE_TEXT].strip(),
        body=_in_words(draft),
        data=proposal_data(draft),
        attachments=[_card(note) for note in cards],
        mark=mark,
    )


def _stated(statements: bytes) -> str:
    """What an entry states, in few words: ``compromised center/stasova``, ``officer tver/ivanov, and 2 more``."""
    lines = statements.decode().splitlines()
    others = [line for line in lines if not line.startswith("cut ")] or lines
    words = " ".join(word for word in others[0].split(" ") if len(word) <= _MOST_WORD)[:_MOST_STATED].strip()
    return words + (f", and {len(others) - 1} more" if len(others) > 1 else "")


def _card(note: bytes) -> "Attachment":
    from cipherpost.card import parse_card
    from cipherpost.letter import Attachment

    name = f"{parse_card(note).hash}{CARD_SUFFIX}"
    return Attachment(name=name, type="text/plain", size=len(note), open=partial(io.BytesIO, note))


# ---- both --------------------------------------------------------------------------------------------------------


def post_proposal(desk: "Desk", item: "Item") -> Posted:
    """Post a proposal that waits, then sign it; what cannot be signed now is signed by the next round.

    Raises:
        UnableError: the proposal waits in the outbox.
    """
    from cipherpost.workflows.placing import post_item

    posted = post_item(desk, item)
    proposal = proposals.find(desk, str(posted.number))
    if proposal.is_open and desk.officer not in proposal.signers:
        try:
            return sign_own(desk, proposal)
        except UnableError:  # the line is down again: the endorsement waits in the outbox, or the next round makes it
            proposal = proposals.find(desk, str(posted.number))
    return signing.as_posted(desk, proposal)


def sign_own(desk: "Desk", proposal: "proposals.Proposal") -> Posted:
    """Endorse a proposal of this officer's own, and post it if that is enough."""
    from cipherpost.workflows.placing import post_item

    post_item(desk, signing.put_endorsement(desk, proposal))
    proposal = proposals.find(desk, str(proposal.number))
    return signing.complete(desk, proposal) or signing.as_posted(desk, proposal)


def would_be(desk: "Desk", plan: Plan) -> Posted:
    """The answer to a dry run of what must be proposed."""
    channel = proposals.own_channel(desk)
    number = desk.roster.newest + 1 if plan.kind == ROSTER else None
    draft = draft_of_plan(
        plan,
        fingerprint=desk.fingerprint,
        until=_until(desk, plan),
        number=number,
        previous=desk.roster.hash_of(number - 1) if number is not None else None,
    )
    needed, names = authority.who_must(desk, draft)
    tallies = authority.tallies(desk, draft, [(desk.officer, False)])
    return Posted(
        channel=channel,
        kind="message",
        number=desk.chain.channel(channel).tip[0] + 1,
        to=(desk.office,),
        dry_run=True,
        proposed=plan.channel,
        signed=(desk.officer,),
        needed=needed,
        awaited=tuple(name for name in names if name != desk.officer),
        votes=votes(tallies),
    )


def proposed_before(desk: "Desk", channel: str, digest: str, *, only_open: bool = False) -> Posted | None:
    """What became of the same letter if this officer proposed it before, and it is open or was this channel's last."""
    for proposal in reversed(proposals.listing(desk)):
        if proposal.draft.channel != channel or desk.vault.get(f"digest {proposal.hash}") != digest.encode():
            continue
        if proposal.is_open:
            return signing.as_posted(desk, proposal, already=True)
        if only_open:
            continue
        place = proposal.posted_as
        rows = desk.mail.rows(channel)
        if place is not None and not any(
            row.number > place.number and row.kind not in {"receipt", "check"} for row in rows
        ):
            return signing.as_posted(desk, proposal, already=True)
    return None


def finish(desk: "Desk") -> "list[Posted | CipherpostError]":
    """Finish what was cut off: this officer's own endorsements, and the posting of what he completed.

    Returns:
        What was posted, and why something could not be; one stops no other (I7).
    """
    done: list[Posted | CipherpostError] = []
    for proposal in proposals.listing(desk):
        if not proposal.is_open or signing.is_on_its_way(desk, proposal):
            continue
        try:
            if desk.officer in proposal.signers:
                posted = signing.complete(desk, proposal)
            elif _was_made_here(desk, proposal):
                posted = sign_own(desk, proposal)
            else:
                continue
        except CipherpostError as error:
            done.append(error)
        else:
            done += [posted] if posted is not None else []
    return done


def _was_made_here(desk: "Desk", proposal: "proposals.Proposal") -> bool:
    """Whether this home proposed it: what a thief proposed under this name, new keys must not sign by themselves."""
    return desk.journal.find(proposals.own_channel(desk), proposal.number) == proposal.hash


def wants(desk: "Desk", *, until: date | None, amends: int = 0) -> DraftRef:
    """How a letter is to be proposed: its last day, and the proposal that it amends."""
    return DraftRef(amends, last_day(desk, until))
