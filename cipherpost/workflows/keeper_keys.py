"""New keys for a keeper of the roster: the entry that states them bears the old key's signature and the new one's.

More than half of the keepers sign an entry that changes a keeper's keys, and more than half of the keepers as it leaves
them, with their new keys. So the keeper himself posts it where the others are too few without him: he signs the note
with the key that he has before the entry, and endorses it with the one that he has after it. What is endorsed names the
number of a proposal; an only keeper, who proposes to nobody, announces his new keys in the center's own channel and
names that letter.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from cipherpost.errors import CipherpostError, NotAuthenticError
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import syncing

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item
    from cipherpost.roster.words import Cut
    from cipherpost.workflows.proposals import Proposal


class NotOnlyKeysError(NotAuthenticError):
    """A colleague proposed more than this keeper's new keys, and nobody has looked it through."""


_DAYS = 1
"""Days within which the entry may be posted: it follows at once, and a new try sets a new day."""


def keeps_alone(desk: "Desk") -> bool:
    """Whether this officer is the only keeper of the roster."""
    return desk.is_center and desk.roster.keepers(desk.roster.newest) == (desk.officer,)


# ---- an only keeper ----------------------------------------------------------------------------------------------


def announce(desk: "Desk", line: CipherpostError | None) -> int:
    """Say in the center's own channel that new keys come; gives the letter's number, which the entry names.

    It is the last that the old key signs but the entry itself, and so comes before the card.

    Raises:
        CipherpostError: it could not be posted, and nothing has begun.
    """
    from cipherpost.workflows.dispatching import Outgoing, send_one
    from cipherpost.workflows.plans import Plan

    if line is not None:
        raise line
    plan = Plan(channel=f"{CENTER}/{CENTER}", kind="message", created=desk.time())
    body = f"{desk.officer} replaces his keys. The entry of the roster that states the new ones names this letter.\n"
    letter = Outgoing(body=body, body_type="txt", subject=f"New keys of {desk.officer}")
    posted = send_one(desk, plan, letter, line, even_if_sent=True, dry_run=False)
    if posted.waiting is not None:
        raise posted.waiting
    assert posted.number is not None
    return posted.number


def enter(desk: "Desk", card: "SignedCard", draft: int) -> CipherpostError | None:
    """Post the entry with an only keeper's new keys, unless the roster has them; why not, where it could not be."""
    from cipherpost.workflows.placing import post_item

    now = desk.roster.officer(desk.office, desk.officer, desk.roster.newest)
    if now is None or now.card == card.hash or not keeps_alone(desk):
        return None
    try:
        syncing.follow_roster(desk)
        post_item(desk, _waiting(desk, draft) or _put_entry(desk, card, draft))
    except CipherpostError as error:
        return error
    return None


def _waiting(desk: "Desk", draft: int) -> "Item | None":
    """The entry that an earlier run has put into the outbox, of this draft."""
    from cipherpost.workflows.plans import Plan

    for item in desk.outbox.items():
        plan = Plan.from_dict(item.plan())
        if plan.kind == ROSTER and plan.draft is not None and plan.draft.number == draft:
            return item
    return None


def _put_entry(desk: "Desk", card: "SignedCard", draft: int) -> "Item":
    from cipherpost.dispatch.draft import draft_text
    from cipherpost.dispatch.header import DraftRef, Endorsement, Header
    from cipherpost.roster import build, words
    from cipherpost.workflows import entries
    from cipherpost.workflows.composing import put_bare
    from cipherpost.workflows.cuts import verified_heads
    from cipherpost.workflows.plans import Plan

    newest = desk.roster.newest
    now = desk.roster.officer(desk.office, desk.officer, newest)
    assert now is not None
    new = words.Officer(desk.office, desk.officer, card.card.vkey, card.hash, unchecked=now.unchecked)
    stated = build.rotate_with_cuts(desk.roster, new, verified_heads(desk, desk.office), told=card.card.heads)
    data = entries.try_out(desk, stated)
    entries.lay_cards(desk, [card.note])
    header = Header(
        network=desk.network,
        channel=syncing.ROSTER_CHANNEL,
        number=newest + 1,
        previous=desk.roster.hash_of(newest),
        time=desk.time(),
        by=desk.officer,
        kind=ROSTER,
        draft=DraftRef(draft, desk.now().date() + timedelta(days=_DAYS)),
        statements=data,
    )
    text = draft_text(desk.fingerprint, header)
    # Not journaled as a draft: nobody sees the signature before the entry is, whose header is.
    endorsed = (Endorsement(desk.officer, desk.keys.signer.sign_raw(text)),)
    plan = Plan(
        channel=header.channel,
        kind=ROSTER,
        created=header.time,
        statements=data,
        draft=header.draft,
        endorsed=endorsed,
    )
    return put_bare(desk, plan)


# ---- one of several ----------------------------------------------------------------------------------------------


def complete(desk: "Desk", card: "SignedCard") -> CipherpostError | None:
    """Post the entry with this keeper's new keys that a colleague proposed, if that is enough with his own signatures.

    Returns:
        Why it could not be posted, where it could not; None where it was, or others must sign first.
    """
    from cipherpost.dispatch.header import Endorsement
    from cipherpost.workflows import authority, proposals, signing
    from cipherpost.workflows.placing import NothingToSayError, post_item

    if not desk.is_center or desk.officer not in desk.roster.keepers(desk.roster.newest):
        return None
    mine = f" {desk.office}/{desk.officer} {card.card.vkey} ".encode()
    trouble: CipherpostError | None = None
    for proposal in proposals.listing(desk):
        if not proposal.is_open or mine not in proposal.draft.statements:
            continue
        try:
            _check_nothing_else(desk, card, proposal)
            item = _waiting(desk, proposal.draft.draft.number)  # an earlier run was cut off behind its signature
            if item is None:
                own = proposals.Signature(desk.officer, desk.keys.signer.sign_raw(proposal.text), fresh=True)
                endorsed: tuple[Endorsement, ...] | None = authority.enough(
                    desk, proposal.draft, (*proposal.signed, own), desk.officer
                )
                item = signing.put_dispatch(desk, proposal, endorsed) if endorsed is not None else None
            if item is not None:
                post_item(desk, item)
        except NothingToSayError:
            continue
        except NotOnlyKeysError as error:
            trouble = trouble or error
        except CipherpostError as error:
            return error
    return trouble


def _check_nothing_else(desk: "Desk", card: "SignedCard", proposal: "Proposal") -> None:
    """Nobody looks through what is signed here: so it may say no more than the card does.

    Raises:
        NotOnlyKeysError: the entry states something else too, or cuts the old key below what it signed.
    """
    from cipherpost.roster.statements import parse_statements
    from cipherpost.roster.words import Cut, Officer

    least = {head.channel: head.number for head in card.card.heads}
    cut = dict.fromkeys(least, 0)
    for each in parse_statements(proposal.draft.statements):
        if isinstance(each, Cut) and each.entry == proposal.draft.number:
            if not _stands(desk, each):
                raise _not_only(proposal, desk.officer, f"it cuts {each.channel} where nothing counts here")
            cut[each.channel] = each.number
        elif not isinstance(each, Officer) or (each.office, each.name, each.vkey, each.card) != (
            desk.office,
            desk.officer,
            card.card.vkey,
            card.hash,
        ):
            raise _not_only(proposal, desk.officer, "it states something else too")
    low = [channel for channel, number in least.items() if cut[channel] < number]
    if low:
        raise _not_only(proposal, desk.officer, f"it cuts off what the old key signed in {low[0]}")


def _stands(desk: "Desk", cut: "Cut") -> bool:
    """Whether a cut is at a dispatch of the own office that counts here; number 0 is none."""
    if cut.number == 0:
        return True
    view = desk.chain.channel(cut.channel)
    entry = view.by_hash(cut.hash) if cut.hash is not None and cut.channel.startswith(f"{desk.office}/") else None
    return entry is not None and entry.status == "counts" and entry.header.number == cut.number


def _not_only(proposal: "Proposal", officer: str, what: str) -> NotOnlyKeysError:
    return NotOnlyKeysError(
        f"the entry proposed with your new keys is not signed: {what}",
        where=proposal.place,
        rule="without a person only the new keys are signed, with the old ones cut at what they signed last",
        hints=(
            f"cipherpost read {proposal.place}",
            f"ask {proposal.by} to withdraw it, then to type: cipherpost admit {CENTER}/{officer}",
        ),
    )
