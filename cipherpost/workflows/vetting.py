"""Before an officer signs a draft: whether it would count, and whose keys a roster entry states by it.

What cannot count, or states keys that nobody may state, is refused. What only a person can judge is told to whoever
reads the proposal: a number said to be read aloud, letters that a cut leaves out.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cipherpost import limits
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import enclosed, renewing
from cipherpost.workflows.addressing import AudienceError, kind_for
from cipherpost.workflows.cards import check_sealing_key
from cipherpost.workflows.key_holders import KeyHolders
from cipherpost.workflows.proposal_data import CARD_SUFFIX

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.dispatch.draft import Draft
    from cipherpost.dispatch.header import Header
    from cipherpost.roster.words import Officer, Statement
    from cipherpost.workflows.proposals import Proposal


class DraftUnfitError(NotAuthenticError):
    """What was proposed would count for nobody (V6), or reach nobody, however many sign it."""


class EntryUnfitError(NotAuthenticError):
    """A roster entry was proposed that the roster would refuse, or whose keys are not those of good cards."""


class StatedKeys(NamedTuple):
    """Keys that an entry states, with the card that it names; None where that is not to be had."""

    officer: "Officer"
    card: "SignedCard | None"

    @property
    def who(self) -> str:
        """``tver/ivanov``."""
        return f"{self.officer.office}/{self.officer.name}"


def check(desk: "Desk", proposal: "Proposal") -> None:
    """Look through what is proposed before it is signed: the letter to its last byte, or every statement.

    Raises:
        DraftUnfitError: it would not count.
        EntryUnfitError: the roster would refuse it, or a card is wrong.
        NotAuthenticError: it is not what it says. UnableError: it is not at the post office.
    """
    why = why_unfit(desk, proposal.draft)
    if why is not None:
        raise DraftUnfitError(
            f"it is not to be signed: {why.what}", where=proposal.place, rule=why.rule, hints=_declined(proposal)
        )
    if proposal.draft.kind != ROSTER:
        with enclosed.reading(desk, proposal):
            _check_heads(desk, proposal)
            return
    from cipherpost.workflows.entries import try_out_bytes

    try:
        try_out_bytes(desk, proposal.draft.statements)
    except NotAuthenticError as error:
        raise _unfit(proposal, f"the roster would refuse this entry: {error.what}", error.rule) from None
    _check_attached(desk, proposal)
    holders = KeyHolders(desk)
    for stated in stated_keys(desk, proposal):
        _check_keys(desk, proposal, stated, holders)
    _check_pins(desk, proposal)


def _check_heads(desk: "Desk", proposal: "Proposal") -> None:
    others = other_heads(desk, proposal)
    if others:
        raise DraftUnfitError(
            f"its heads name another {others[0]} than the one verified here",
            where=proposal.place,
            rule="an auditor signs what he saw; that two of you saw different things is to be found out first",
            hints=("cipherpost audit    (and compare the heads with who proposed it)", *_declined(proposal)),
        )


def other_heads(desk: "Desk", proposal: "Proposal") -> list[str]:
    """The dispatches of which the heads file of a proposed audit names another hash than what stands in this home."""
    if proposal.draft.heads_file is None:
        return []
    found = []
    for head in enclosed.heads(desk, proposal):
        entry = desk.chain.channel(head.channel).entry(head.number)
        if entry is not None and entry.hash != head.hash:
            found.append(f"{head.channel}/{head.number}")
    return found


def _declined(proposal: "Proposal") -> tuple[str, ...]:
    return (f'cipherpost decline {proposal.number} -m "..."',)


def _unfit(proposal: "Proposal", what: str, rule: str) -> EntryUnfitError:
    return EntryUnfitError(what, where=proposal.place, rule=rule, hints=_declined(proposal))


# ---- V6 ----------------------------------------------------------------------------------------------------------


def why_unfit(desk: "Desk", draft: "Draft") -> CipherpostError | None:
    """Why the dispatch that a draft would become now would count for nobody, or reach nobody; None: it would."""
    from cipherpost.dispatch.draft import DraftMalformedError, header_of
    from cipherpost.dispatch.header import Endorsement, RosterRef

    newest = desk.roster.newest
    head = desk.roster.hash_of(newest)
    number, previous = (newest, head) if draft.kind == ROSTER else desk.chain.channel(draft.channel).tip
    assert head is not None
    try:
        header = header_of(
            draft,
            network=desk.network,
            number=number + 1,
            previous=previous,
            time=desk.time(),
            by=desk.officer,
            roster=None if draft.kind == ROSTER else RosterRef(newest, head),
        )
    except DraftMalformedError as error:
        return error
    return why_refused(desk, header._replace(endorsed=(Endorsement("colleague", bytes(64)),)))


def why_refused(desk: "Desk", header: "Header") -> CipherpostError | None:
    """V6 of a header that is not sealed yet where it carries a letter; and whether its audience has any standing."""
    from cipherpost.dispatch.header import Sealed

    unfit = desk.chain.why_unfit(header._replace(sealed=(Sealed("0" * 64, 1),) if header.letter else ()))
    if unfit is None and header.kind in {"circular", "instruction"}:  # a decision is for the ledger too
        try:
            kind_for(desk, header.audience)
        except AudienceError as error:
            return error
    return unfit


# ---- keys --------------------------------------------------------------------------------------------------------


def stated_keys(desk: "Desk", proposal: "Proposal", *, fetch: bool = True) -> Iterator[StatedKeys]:
    """The keys that a proposed entry states, each with the very card that it names.

    Args:
        fetch: look at the post office for what is not attached.

    Raises:
        NotAuthenticError: the proposal does not open. UnreachableError: a card is to be fetched, and there is no line.
    """
    from cipherpost.roster.statements import parse_statements
    from cipherpost.roster.words import Officer

    stated = [each for each in parse_statements(proposal.draft.statements) if isinstance(each, Officer)]
    attached = enclosed.cards(desk, proposal) if stated else {}
    for each in stated:
        note = attached.get(f"{each.card}{CARD_SUFFIX}")
        card = _card(each.card, note) if note is not None else None
        yield StatedKeys(each, _fetched(desk, each) if card is None and fetch else card)


def _card(named: str, note: bytes) -> "SignedCard | None":
    """The card of a note, if it is the one named."""
    from cipherpost.card import parse_card

    try:
        card = parse_card(note)
    except (NotAuthenticError, NewerError):
        return None
    return card if card.hash == named else None


def _fetched(desk: "Desk", stated: "Officer") -> "SignedCard | None":
    from cipherpost.errors import TooLargeError
    from cipherpost.postoffice import NoSuchObjectError, names

    for office in dict.fromkeys((CENTER, stated.office)):
        try:
            note = desk.post.get(names.card_name(desk.network, office, stated.card), limits.CARD_BYTES)
        except (NoSuchObjectError, TooLargeError):
            continue
        card = _card(stated.card, note)
        if card is not None:
            return card
    return None


def _check_attached(desk: "Desk", proposal: "Proposal") -> None:
    """Every card attached bears its hash as name: whoever completes the entry lays it down under that."""
    for name, note in enclosed.cards(desk, proposal).items():
        if _card(name.removesuffix(CARD_SUFFIX), note) is None:
            raise _unfit(proposal, "what is attached as a card is not the card of that name", "its name is its hash")


def _check_keys(desk: "Desk", proposal: "Proposal", stated: StatedKeys, holders: KeyHolders) -> None:
    if stated.card is None:
        raise _unfit(
            proposal,
            f"the card of {stated.who} is neither attached nor at the post office",
            "an entry states the keys of a card, and nothing can be sealed to who has none",
        )
    said, officer = stated.card.card, stated.officer
    if (said.office, said.officer, said.vkey) != (officer.office, officer.name, officer.vkey):
        raise _unfit(
            proposal,
            f"the card of {stated.who} has other keys than the entry states",
            "an entry states the keys of the card",
        )
    if (said.network, said.fingerprint) != (desk.network, desk.fingerprint):
        raise _unfit(
            proposal,
            f"the card of {stated.who} is for another network",
            "a card names the fingerprint of the network it is for",
        )
    known = said.replaces is not None or desk.roster.keys(officer.office, officer.name)
    try:
        check_sealing_key(stated.card)
        holders.take(stated.card)
        if known:
            renewing.statements_for(desk, stated.card, heard=not officer.unchecked)
    except CipherpostError as error:
        raise _unfit(proposal, f"the keys of {stated.who}: {error.what}", error.rule) from None


def keys_in_words(desk: "Desk", by: str, stated: StatedKeys) -> str:
    """Who vouches for keys that an entry proposed by ``by`` states."""
    officer = stated.officer
    now = desk.roster.officer(officer.office, officer.name, desk.roster.newest)
    heard = f"{by} says that the number was read aloud"
    if stated.card is None:
        return "NO CARD that has this hash is attached, nor here"
    if now is not None and renewing.is_vouched(desk, stated.card):
        return "the key in force vouches for it" + (f"; {heard}" if now.unchecked and not officer.unchecked else "")
    how = "unchecked" if officer.unchecked else heard
    return how if now is None else f"THE KEY IN FORCE DOES NOT VOUCH FOR IT; {how}"


# ---- cuts --------------------------------------------------------------------------------------------------------


def _check_pins(desk: "Desk", proposal: "Proposal") -> None:
    """A cut or settlement at a text that nobody has here would stop its channel for everybody.

    Raises:
        EntryUnfitError: naming the number. UnableError: a channel is to be brought up to date, and there is no line.
    """
    from cipherpost.roster.statements import parse_statements
    from cipherpost.roster.words import Cut, Settle
    from cipherpost.workflows import syncing

    for each in parse_statements(proposal.draft.statements):
        if not isinstance(each, Cut | Settle) or not each.number:
            continue
        if desk.chain.channel(each.channel).tip[0] < each.number:
            syncing.follow(desk, each.channel)
        view = desk.chain.channel(each.channel)
        if each.number <= view.tip[0] and view.by_hash(each.hash or "") is None:
            raise _unfit(
                proposal,
                f"it names another text for {each.channel}/{each.number} than any that is verified here",
                "a cut or settlement names what was verified",
            )


def cuts_in_words(desk: "Desk", proposal: "Proposal") -> Iterator[str]:
    """What a proposed entry keeps from counting any more, as far as that is here."""
    from cipherpost.roster.statements import parse_statements

    yield from uncounted(desk, parse_statements(proposal.draft.statements))


def uncounted(desk: "Desk", stated: "Sequence[Statement]") -> Iterator[str]:
    """What the next entry keeps from counting any more if it states this, in words."""
    from cipherpost.roster.words import Cut

    cuts = {
        each.channel: each.number for each in stated if isinstance(each, Cut) and each.entry == desk.roster.newest + 1
    }
    gone_by = losing(desk, stated)
    for office in dict.fromkeys(office for office, _ in gone_by):
        for channel in desk.roster.channels_of(office):
            gone = [
                node.number
                for node in (desk.chain.channel(channel).counting() if not channel.endswith(f"/{ROSTER}") else ())
                if node.number > cuts.get(channel, 0) and (office, node.by) in gone_by
            ]
            if gone:
                yield f"{channel}/{gone[0]} counts no more" + (f", up to {gone[-1]}" if len(gone) > 1 else "")


def losing(desk: "Desk", stated: "Sequence[Statement]") -> set[tuple[str, str]]:
    """The officers, with their offices, whose keys lose their standing by these statements."""
    from cipherpost.roster.words import Compromised, Dissolve, Officer, Retire, Suspend

    newest = desk.roster.newest
    found = set()
    for each in stated:
        if isinstance(each, Suspend | Dissolve):
            found |= {(each.office, info.name) for info in desk.roster.officers(each.office, newest)}
        elif isinstance(each, Retire | Compromised):
            found.add((each.office, each.officer))
        elif isinstance(each, Officer) and desk.roster.officer(each.office, each.name, newest) is not None:
            found.add((each.office, each.name))
    return found
