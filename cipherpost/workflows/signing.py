"""An officer's signature of a draft, and the dispatch that enough of them make (docs/protocol.md, "Endorsing").

Whoever completes the threshold posts the dispatch himself, with the endorsements of the others. Two who do so at the
same minute post it once: who comes second finds the draft used, and lets his go.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cipherpost.dispatch.header import Endorsement, Header, Reply
from cipherpost.errors import NotAuthenticError, UnableError
from cipherpost.text import ROSTER
from cipherpost.workflows import authority, guards, proposals
from cipherpost.workflows.composing import put_letter
from cipherpost.workflows.moving import check_not_moved
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.proposal import votes
from cipherpost.workflows.proposal_data import endorsement_data
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cipherpost.desk import Desk
    from cipherpost.dispatch.draft import Draft
    from cipherpost.home.outbox import Item
    from cipherpost.letter import Attachment
    from cipherpost.note import SignerKey
    from cipherpost.workflows.letters import Outline
    from cipherpost.workflows.proposals import Proposal


ENDORSED: Final = "Endorsed"
DECLINED: Final = "Declined"


class KeeperBoundError(NotAuthenticError):
    """This keeper has endorsed another draft for the same number of the roster."""


class SignaturesShortError(UnableError):
    """The endorsements that a dispatch was made with are not enough any more."""


# ---- one signature -----------------------------------------------------------------------------------------------


def sign_draft(desk: "Desk", proposal: "Proposal") -> Endorsement:
    """Sign the draft of a proposal; for a roster entry only after it is on the disk that this keeper has (I3).

    Raises:
        KeeperBoundError: he has signed another draft for this number.
        StaleError: a guard refused to sign (`cipherpost.workflows.guards`).
    """
    bind(desk, proposal)
    return Endorsement(desk.officer, _signer(desk, proposal.draft).sign_raw(proposal.text))


def bind(desk: "Desk", proposal: "Proposal") -> None:
    """Note down that this keeper is for this draft of a roster entry, and for no other of its number.

    Raises:
        KeeperBoundError: he is for another. The errors of `guards.check_signing`.
    """
    guards.check_signing(desk, _own_header(desk))
    if proposal.draft.number is None:
        return
    check_not_moved(desk, proposal.draft.channel, proposal.draft.number)
    check_free(desk, proposal.draft.number, proposal.text.hash)
    desk.journal.record_draft(
        time=desk.time(),
        generation=desk.machine.bump(),
        number=proposal.draft.number,
        hash=proposal.text.hash,
    )


def check_free(desk: "Desk", number: int, draft_hash: str | None = None) -> None:
    """Whether this keeper may endorse a draft for entry ``number`` of the roster: that of ``draft_hash`` or a new one.

    Raises:
        KeeperBoundError: he has endorsed another, which its proposer has not withdrawn.
    """
    mine = {each.text.hash: each for each in proposals.listing(desk) if each.draft.number == number}
    signed = set(desk.journal.drafts(number))
    signed |= {found for found, each in mine.items() if desk.officer in each.signers}
    for found in sorted(signed - {draft_hash}):
        other = mine.get(found)
        if other is None or other.state not in {"withdrawn", "amended"}:
            name = f"proposal {other.number}" if other else "another draft"
            raise KeeperBoundError(
                f"you have endorsed {name} for entry {number} of the roster",
                where=other.place if other else "",
                rule="a keeper endorses one draft for one number; another once the first is withdrawn by its proposer",
                hints=(
                    withdrawn_by(desk, other) if other else "cipherpost proposals",
                    f"or the others sign it until {other.until}: cipherpost endorse {other.number}"
                    if other and other.is_open
                    else "cipherpost fetch    (once the entry is posted, the next number is free)",
                ),
            )


def withdrawn_by(desk: "Desk", proposal: "Proposal") -> str:
    """What is typed to have a proposal withdrawn, and by whom where it is a colleague's."""
    command = f"cipherpost withdraw {proposal.number}"
    return command if proposal.by == desk.officer else f"ask {proposal.by} to type: {command}"


def _own_header(desk: "Desk") -> Header:
    """What the guards want to know of a signature that will be posted in the own channel."""
    channel = proposals.own_channel(desk)
    return Header(
        network=desk.network,
        channel=channel,
        number=desk.chain.channel(channel).tip[0] + 1,
        previous=None,
        time=desk.time(),
        by=desk.officer,
        kind="message",
    )


def _signer(desk: "Desk", draft: "Draft") -> "SignerKey":
    """The key that the roster, or the entry proposed, has of this officer: not the other one of a rotation."""
    known = {key.public: fresh for key, fresh in authority.keys_of_signers(desk, draft).get(desk.officer, ())}
    mine = [signer for signer in desk.keys.signers if signer.verifier.public in known]
    mine.sort(key=lambda signer: not known[signer.verifier.public])  # the new key, where the entry brings one
    return mine[0] if mine else desk.keys.signer


def signs_fresh(desk: "Desk", draft: "Draft") -> bool:
    """Whether this officer would sign a draft by the key that the proposed roster entry gives him."""
    mine = _signer(desk, draft).verifier.public
    return any(
        fresh for key, fresh in authority.keys_of_signers(desk, draft).get(desk.officer, ()) if key.public == mine
    )


def put_message(
    desk: "Desk",
    plan: Plan,
    *,
    subject: str,
    body: str,
    data: bytes | None = None,
    attachments: "Sequence[Attachment]" = (),
    digest: str = "",
    mark: str = "",
) -> "Item":
    """Put a message of the office to itself into the outbox.

    Args:
        digest: of the letter proposed, to know it again.
        mark: what this message was made of, to know after a kill that it was.
    """
    import json

    from cipherpost.letter import LetterDraft
    from cipherpost.workflows import letters

    draft = LetterDraft(
        fingerprint=desk.fingerprint,
        from_office=desk.office,
        to=(desk.office,),
        kind=plan.kind,
        written=plan.created,
        subject=subject,
        body=body,
        body_type="txt",
        data=data,
        attachments=attachments,
    )
    rows = tuple((each.name, each.type, each.size) for each in attachments)
    outline = letters.Outline(subject=subject, attachments=rows)

    def keep(name: str) -> None:
        desk.vault.put(f"outgoing {name}", json.dumps([digest, outline.as_bytes().decode(), mark]).encode())

    return put_letter(desk, plan, draft, keep=keep)


def answer(desk: "Desk", proposal: "Proposal", *, word: str, body: str, data: bytes | None) -> "Item":
    """Put an answer to a proposal into the outbox, unless one of the same ``word`` waits there."""
    waiting = _waiting_answer(desk, proposal, word)
    if waiting is not None:
        return waiting
    plan = _plan_of_answer(desk, proposal)
    guards.check_ready(desk, plan)
    subject = f"{word}: {proposal.subject}"[:120].strip()
    return put_message(desk, plan, subject=subject, body=body, data=data, mark=word)


def _waiting_answer(desk: "Desk", proposal: "Proposal", word: str) -> "Item | None":
    import json

    reply = _plan_of_answer(desk, proposal).reply
    for item in desk.outbox.items():
        kept = desk.vault.get(f"outgoing {item.name}") if Plan.from_dict(item.plan()).reply == reply else None
        if kept is not None and word in json.loads(kept)[2:]:
            return item
    return None


def has_signed(desk: "Desk", proposal: "Proposal") -> bool:
    """Whether this officer's signature of it waits in the outbox, on its own or on what is proposed."""
    return _waiting_answer(desk, proposal, ENDORSED) is not None or is_on_its_way(desk, proposal)


def _plan_of_answer(desk: "Desk", proposal: "Proposal") -> Plan:
    reply = Reply(proposals.own_channel(desk), proposal.number, proposal.hash)
    keeps = proposal.draft.kind == ROSTER
    return Plan(channel=reply.channel, kind="message", created=desk.time(), reply=reply, keeps=keeps)


def put_endorsement(desk: "Desk", proposal: "Proposal") -> "Item":
    """Sign, and put the endorsement into the outbox.

    Raises:
        As `guards.check_ready` and `sign_draft`. Nothing was made.
    """
    guards.check_ready(desk, _plan_of_answer(desk, proposal))  # under keys that go, the signature would be lost
    given = sign_draft(desk, proposal)
    return answer(
        desk,
        proposal,
        word=ENDORSED,
        body=f"{desk.officer} endorses proposal {proposal.number}, for {proposal.draft.channel}.\n",
        data=endorsement_data(proposal.number, given),
    )


# ---- enough of them ----------------------------------------------------------------------------------------------


def put_dispatch(desk: "Desk", proposal: "Proposal", endorsed: tuple[Endorsement, ...]) -> "Item":
    """Put what a proposal proposes into the outbox, to be posted by this officer with the endorsements of others.

    Raises:
        As `guards.check_ready`, `sign_draft` and `enclosed.take_out`; nothing was made.
    """
    from cipherpost.workflows import enclosed, entries, forms, letters, vetting

    draft = proposal.draft
    plan = replace(
        Plan.of_draft(draft, created=desk.time(), draft=draft.draft if endorsed else None),
        letter=draft.letter,
        statements=draft.statements,
        endorsed=endorsed,
    )
    guards.check_ready(desk, plan)
    bind(desk, proposal)
    if draft.kind == ROSTER:
        stated = vetting.stated_keys(desk, proposal, fetch=False)
        entries.lay_cards(desk, [each.card.note for each in stated if each.card is not None])
        with desk.outbox.compose(desk.now()) as composing:
            return composing.commit(plan.as_dict())
    with desk.outbox.compose(desk.now()) as composing:
        letter = enclosed.take_out(desk, composing, proposal)
        digest = desk.vault.get(f"digest {proposal.hash}") or b""
        _keep_outgoing(desk, composing.name, digest.decode(), letters.outline_of(letter))
        if letter.data is not None:
            forms.note_sent(desk, letter.data)
        return composing.commit(plan.as_dict())


def _keep_outgoing(desk: "Desk", name: str, digest: str, outline: "Outline") -> None:
    import json

    desk.vault.put(f"outgoing {name}", json.dumps([digest, outline.as_bytes().decode()]).encode())


def is_on_its_way(desk: "Desk", proposal: "Proposal") -> bool:
    """Whether what is proposed waits in this home's outbox, with all its signatures."""
    plans = (Plan.from_dict(item.plan()) for item in desk.outbox.items())
    return any(
        plan.channel == proposal.draft.channel
        and (plan.draft == proposal.draft.draft or (plan.letter is not None and plan.letter == proposal.draft.letter))
        for plan in plans
    )


def complete(desk: "Desk", proposal: "Proposal") -> Posted | None:
    """Post what is proposed if this officer's signature makes it enough; None where others must sign first.

    Raises:
        UnableError: it waits in the outbox.
    """
    from cipherpost.workflows.placing import NothingToSayError, post_item

    endorsed = authority.enough(desk, proposal.draft, proposal.signed, desk.officer)
    if endorsed is None or desk.officer not in authority.who_must(desk, proposal.draft)[1]:
        return None
    try:
        return post_item(desk, put_dispatch(desk, proposal, endorsed))
    except NothingToSayError:  # a colleague has posted it just before
        return as_posted(desk, proposals.find(desk, str(proposal.number)))


def as_posted(desk: "Desk", proposal: "Proposal", *, already: bool = False) -> Posted:
    """A proposal as the answer to a command: where it was posted, or who has signed and for whom it waits."""
    place = proposal.posted_as
    if place is not None:
        entry = desk.chain.channel(place.channel).by_hash(place.hash)
        assert entry is not None
        to = () if proposal.draft.kind == ROSTER else desk.roster.members(entry.header.audience, desk.roster.newest)
        return Posted(
            channel=place.channel,
            kind=entry.header.kind,
            number=place.number,
            hash=place.hash,
            time=entry.header.time,
            to=to,
            already=already,
            signed=proposal.signers,
        )
    return Posted(
        channel=proposals.own_channel(desk),
        kind="message",
        number=proposal.number,
        hash=proposal.hash,
        time=proposal.time,
        to=(desk.office,),
        already=already,
        proposed=proposal.draft.channel,
        signed=proposal.signers,
        needed=proposal.needed,
        awaited=proposal.awaited,
        votes=votes(proposal.tallies),
        posters=proposal.posters,
    )


# ---- as it is posted ---------------------------------------------------------------------------------------------


class DraftLetGoError(UnableError):
    """What waited to be posted was let go: its proposal was amended or withdrawn, or its last day is over."""


def check_draft(desk: "Desk", item: "Item", header: Header) -> Header:
    """A header as it may be signed now, by its endorsements; where one officer is enough by now it bears none.

    Raises:
        NothingToSayError: a colleague has posted it; the item is gone.
        DraftLetGoError, SignaturesShortError: it may not be posted any more; the item is gone, the proposal stays.
    """
    from cipherpost.roster.standing import StandingError, check_endorsements, check_roster_signers
    from cipherpost.workflows import vetting

    assert header.draft is not None
    found = [each for each in proposals.listing(desk) if each.number == header.draft.number]
    proposal = found[0] if found else None
    if proposal is not None and proposal.state == "posted":
        item.remove()
        raise _posted(proposal)
    closed = proposals.why_closed(proposal) if proposal is not None else None
    if closed is not None and proposal is not None and proposal.state not in {"open", "declined"}:
        item.remove()
        raise DraftLetGoError(closed.what, where=closed.where, rule="it was let go, and not posted", hints=closed.hints)
    unfit = vetting.why_refused(desk, header)
    if unfit is not None:
        item.remove()
        raise DraftLetGoError(
            f"it is not to be posted any more: {unfit.what}",
            channel=header.channel,
            rule=unfit.rule,
            hints=("cipherpost proposals",),
        )
    if header.kind != ROSTER and authority.signers_needed(desk, header.channel, header.kind) == 1:
        return header._replace(draft=None, endorsed=())
    try:
        if header.kind == ROSTER:
            check_roster_signers(desk.roster, header, desk.fingerprint)
        else:
            check_endorsements(desk.roster, header)
    except StandingError as error:
        item.remove()
        raise SignaturesShortError(
            f"its endorsements do not suffice any more: {error.what}",
            channel=header.channel,
            rule="who was retired, or has other keys now, does not sign",
            hints=("cipherpost proposals", f"the others type: cipherpost endorse {header.draft.number}"),
        ) from None
    return header


def _posted(proposal: "Proposal") -> UnableError:
    from cipherpost.workflows.placing import NothingToSayError

    return NothingToSayError(
        f"a colleague posted it: {proposal.stands()}", where=proposal.place, rule="a draft is posted once"
    )
