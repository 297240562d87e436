"""New keys for a keeper of the roster: the entry that states them bears the old key's signature and the new one's.

More than half of the keepers sign an entry that changes a keeper's keys, and more than half of the keepers as it leaves
them, with their new keys. So the keeper himself posts it where the others are too few without him: he signs the note
with the key that he has before the entry, and endorses it with the one that he has after it. What is endorsed names the
number of a proposal; an only keeper, who proposes to nobody, announces his new keys in the center's own channel and
names that letter.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from cipherpost.errors import CipherpostError
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import syncing

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item

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
    """The entry that an earlier run has put into the outbox."""
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
    for proposal in proposals.listing(desk):
        if not proposal.is_open or mine not in proposal.draft.statements or signing.is_on_its_way(desk, proposal):
            continue
        try:
            own = proposals.Signature(desk.officer, desk.keys.signer.sign_raw(proposal.text), fresh=True)
            endorsed: tuple[Endorsement, ...] | None = authority.enough(
                desk, proposal.draft, (*proposal.signed, own), desk.officer
            )
            if endorsed is not None:
                post_item(desk, signing.put_dispatch(desk, proposal, endorsed))
        except NothingToSayError:
            continue
        except CipherpostError as error:
            return error
    return None
