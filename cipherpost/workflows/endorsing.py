"""What officers do with a proposal: endorse, decline, withdraw, amend."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.text import ROSTER
from cipherpost.workflows import (
    authority,
    dispatching,
    enclosed,
    guards,
    proposals,
    proposing,
    signing,
    status,
    vetting,
)
from cipherpost.workflows.addressing import check_admitted
from cipherpost.workflows.proposal import reported_by, votes
from cipherpost.workflows.proposal_data import declined_data
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.workflows.dispatching import Outgoing
    from cipherpost.workflows.proposals import Proposal
    from cipherpost.workflows.restating import Restated


class NotASignerError(UseError):
    """This officer's signature does not count for what is proposed."""


class SignedAlreadyError(UseError):
    """This officer has signed the proposal; a signature cannot be taken back."""


class FiguresAmendedError(UseError):
    """What is proposed carries figures, a form or findings, which another text would not change."""


class SameTextError(UseError):
    """An amendment that says what the proposal says would only cost the signatures under it."""


class NotProposerError(UseError):
    """Only who proposed it may do this."""


_NOT_KEPT: Final = (signing.SignaturesShortError, signing.DraftLetGoError, guards.KeysUnderWayError)
"""Refusals after which nothing waits in the outbox."""


def endorse(desk: "Desk", word: str, *, dry_run: bool = False) -> Posted:
    """Sign the draft of a proposal; who completes the threshold posts what it proposes.

    Args:
        word: ``31`` or ``center/center/31``.

    Returns:
        The dispatch that was posted, or the proposal with who has signed; ``waiting`` where there is no line.

    Raises:
        NoSuchProposalError, ProposalClosedError, NotASignerError: as they say; nothing was signed.
        NotAuthenticError: what it proposes is not what it says; nothing was signed.
        KeeperBoundError: this keeper has signed another draft for the same number of the roster.
    """
    line = _begin(desk, dry_run=dry_run)
    proposal = proposals.find(desk, word, fetch=line is None)
    if proposal.is_open and desk.officer in proposal.signers and line is None and not dry_run:
        posted = _complete(desk, proposal)  # a colleague's signature came just now
        if posted is not None:
            status.refresh(desk)
            return posted
    if proposal.state == "posted" or (proposal.is_open and desk.officer in proposal.signers):
        return signing.as_posted(desk, proposal, already=True)
    if signing.is_on_its_way(desk, proposal):
        return _waits(desk, proposal, line)
    _check_open(desk, proposal)
    vetting.check(desk, proposal)
    if dry_run:
        return _would_be(desk, proposal)
    done = _sign(desk, proposal, line)
    status.refresh(desk)
    return replace(done, declined_before=any(name == desk.officer for name, _ in proposal.declined))


def _would_be(desk: "Desk", proposal: "Proposal") -> Posted:
    """What this officer's signature would do: post what is proposed, or leave it to others."""
    draft = proposal.draft
    newest, roster = desk.roster.newest, draft.kind == ROSTER
    if authority.enough(desk, draft, proposal.signed, desk.officer) is not None:
        return Posted(
            channel=draft.channel,
            kind=draft.kind,
            number=(newest if roster else desk.chain.channel(draft.channel).tip[0]) + 1,
            to=() if roster else desk.roster.members(draft.channel.partition("/")[2], newest),
            dry_run=True,
            signed=(*proposal.signers, desk.officer),
        )
    mine = (desk.officer, signing.signs_fresh(desk, draft))
    tallies = authority.tallies(desk, draft, [*((each.officer, each.fresh) for each in proposal.signed), mine])
    enough = all(each.full for each in tallies)
    return replace(
        signing.as_posted(desk, proposal),
        dry_run=True,
        signed=(*proposal.signers, desk.officer),
        awaited=() if enough else tuple(name for name in proposal.awaited if name != desk.officer),
        votes=votes(tallies),
        posters=tuple(name for name in tallies[0].signed if name != desk.officer) if enough else (),
    )


def _begin(desk: "Desk", *, dry_run: bool = False) -> CipherpostError | None:
    line = dispatching.line_error(desk)
    check_admitted(desk)
    if not dry_run:
        dispatching.finish_begun(desk, line)
    return line


def _check_open(desk: "Desk", proposal: "Proposal") -> None:
    closed = proposals.why_closed(proposal)
    if closed is not None:
        raise closed
    _, names = authority.who_must(desk, proposal.draft)
    if desk.officer not in names:
        raise NotASignerError(
            f"{desk.officer} does not sign this",
            where=proposal.place,
            rule=f"signatures of {', '.join(names)} count for {proposal.draft.channel}",
            hints=("cipherpost proposals",),
        )


def _complete(desk: "Desk", proposal: "Proposal") -> Posted | None:
    try:
        return signing.complete(desk, proposal)
    except UnableError as error:
        if isinstance(error, _NOT_KEPT):
            raise
        return _waits(desk, proposal, error)


def _sign(desk: "Desk", proposal: "Proposal", line: CipherpostError | None) -> Posted:
    from cipherpost.workflows.placing import post_item

    try:
        if line is None:
            posted = signing.complete(desk, proposal)
            if posted is not None:
                return posted
        item = signing.put_endorsement(desk, proposal)
        if line is not None:
            return _waits(desk, proposal, line)
        post_item(desk, item)
        proposal = proposals.find(desk, str(proposal.number))
        return signing.complete(desk, proposal) or signing.as_posted(desk, proposal)
    except UnableError as error:
        if isinstance(error, _NOT_KEPT):
            raise
        return _waits(desk, proposal, error)


def _waits(desk: "Desk", proposal: "Proposal", error: CipherpostError | None) -> Posted:
    """The signature waits in the outbox until there is a line."""
    posted = signing.as_posted(desk, proposal)
    return replace(posted, waiting=dispatching.waits(error)) if error is not None else posted


# ---- decline, withdraw -------------------------------------------------------------------------------------------


def decline(desk: "Desk", word: str, why: str, *, dry_run: bool = False) -> Posted:
    """Say to the colleagues that this officer will not sign, and why.

    Raises:
        ProposalClosedError: it is closed. SignedAlreadyError: he has signed it.
    """
    line = _begin(desk, dry_run=dry_run)
    proposal = proposals.find(desk, word, fetch=line is None)
    _check_open(desk, proposal)
    if desk.officer in proposal.signers or signing.has_signed(desk, proposal):
        raise SignedAlreadyError(
            "you have signed this proposal",
            where=proposal.place,
            rule="a signature cannot be taken back",
            hints=(signing.withdrawn_by(desk, proposal),),
        )
    if dry_run:
        return _would_say(desk)
    item = signing.answer(desk, proposal, word=signing.DECLINED, body=why, data=declined_data(proposal.number))
    return _posted_own(desk, item.name, line)


def withdraw(desk: "Desk", word: str, why: str | None = None, *, dry_run: bool = False) -> Posted:
    """Take back a proposal of one's own; what was signed for it is good for nothing any more.

    Raises:
        NotProposerError: it is a colleague's. ProposalClosedError: it is closed.
    """
    line = _begin(desk, dry_run=dry_run)
    proposal = proposals.find(desk, word, fetch=line is None)
    _check_proposer(desk, proposal, "withdraws")
    if proposal.state not in {"open", "expired", "declined", "overtaken"}:
        closed = proposals.why_closed(proposal)
        assert closed is not None
        raise closed
    if dry_run:
        return _would_say(desk)
    plan = proposing.own_plan(desk, cancels=proposal.number, keeps=proposal.draft.kind == ROSTER)
    guards.check_ready(desk, plan)
    item = signing.put_message(
        desk,
        plan,
        subject=f"Withdrawn: {proposal.subject}"[:120].strip(),
        body=why or f"{desk.officer} withdraws proposal {proposal.number}.\n",
    )
    return _posted_own(desk, item.name, line)


def _would_say(desk: "Desk") -> Posted:
    channel = proposals.own_channel(desk)
    number = desk.chain.channel(channel).tip[0] + 1
    return Posted(channel=channel, kind="message", number=number, to=(desk.office,), dry_run=True)


def _check_proposer(desk: "Desk", proposal: "Proposal", does: str) -> None:
    if proposal.by != desk.officer:
        raise NotProposerError(
            f"this is a proposal of {proposal.by}",
            where=proposal.place,
            rule=f"only who proposed it {does} it",
            hints=(f'cipherpost decline {proposal.number} -m "..."', f"ask {proposal.by}"),
        )


def _posted_own(desk: "Desk", name: str, line: CipherpostError | None) -> Posted:
    """Post a message of the own channel that waits as item ``name``."""
    from cipherpost.workflows.draining import drain

    failed = line
    if line is None:
        for item, outcome in drain(desk):
            if item == name:
                if isinstance(outcome, Posted):
                    status.refresh(desk)
                    return outcome
                failed = outcome
    assert failed is not None
    channel = proposals.own_channel(desk)
    return Posted(channel=channel, kind="message", to=(desk.office,), waiting=dispatching.waits(failed))


# ---- amend -------------------------------------------------------------------------------------------------------


def amend(
    desk: "Desk",
    word: str,
    letter: "Outgoing | None",
    *,
    until: date | None = None,
    keep_attachments: bool = True,
    agree: "Callable[[Restated], None] | None" = None,
    dry_run: bool = False,
) -> Posted:
    """Put a new text in the place of a proposal; whoever signed the old one signs again.

    Args:
        letter: the new text; without a subject the old one stays. None for a roster entry: its statements are
            proposed anew, for the next number.
        keep_attachments: with those of the old letter, in front of new ones; of one name the new one stays.
        agree: told what has changed since a roster entry was proposed; it raises where a person says no.

    Raises:
        ProposalClosedError: it was posted, amended or withdrawn, or what it would replace was replaced.
        NotProposerError: of a roster entry of a colleague.
        UseError: a text for a roster entry, or none for a letter.
        SameTextError: nothing would change.
        FiguresAmendedError: it is a report, or brings a form: those count by their data, and not by their text.
        EntryRefusedError: the roster, as it is by now, would refuse the statements; nothing was proposed.
    """
    line = _begin(desk, dry_run=dry_run)
    proposal = proposals.find(desk, word, fetch=line is None)
    if proposal.state in {"posted", "amended", "withdrawn"} or (letter is not None and proposal.state == "overtaken"):
        closed = proposals.why_closed(proposal)
        assert closed is not None
        raise closed
    if (letter is None) != (proposal.draft.kind == ROSTER):
        what = "a roster entry is amended without a text" if letter else "there is no new text"
        raise UseError(
            what,
            where=proposal.place,
            rule="a letter gets a new text; statements of the roster are proposed anew as they are",
            hints=(f"cipherpost amend {proposal.number}{'' if letter else ' FILE'}",),
        )
    if letter is None:
        return _amend_entry(desk, proposal, line, until=until, agree=agree, dry_run=dry_run)
    if proposal.draft.kind == "audit":
        raise _figures(desk, proposal, "a signed audit", "cipherpost audit --sign")
    report = proposal.draft.report
    if report is not None and not report.nil and proposal.draft.cancels is None:
        raise _figures(desk, proposal, "a report", f"cipherpost {reported_by(proposal.draft)} --edit")
    return _amend_letter(desk, proposal, letter, line, until=until, keep=keep_attachments, dry_run=dry_run)


def _amend_entry(
    desk: "Desk",
    proposal: "Proposal",
    line: CipherpostError | None,
    *,
    until: date | None,
    agree: "Callable[[Restated], None] | None",
    dry_run: bool,
) -> Posted:
    from cipherpost.workflows import entries, restating

    if line is not None:
        raise line
    _check_proposer(desk, proposal, "amends")
    entries.prepare(desk)
    restated = restating.restate(desk, proposal)
    if agree is not None:
        agree(restated)
    notes = tuple(each.card.note for each in vetting.stated_keys(desk, proposal) if each.card is not None)
    return proposing.propose_entry(
        desk, restated.statements, cards=notes, until=until, amends=proposal.number, dry_run=dry_run
    )


def _amend_letter(
    desk: "Desk",
    proposal: "Proposal",
    letter: "Outgoing",
    line: CipherpostError | None,
    *,
    until: date | None,
    keep: bool,
    dry_run: bool,
) -> Posted:
    from cipherpost.workflows.plans import Plan

    draft = proposal.draft
    plan = Plan.of_draft(draft, created=desk.time(), draft=proposing.wants(desk, until=until, amends=proposal.number))
    with enclosed.unpacked(desk, proposal) as (old, attachments):
        if old.data is not None and letter.data is None:
            raise _figures(desk, proposal, "data for programs, such as a form", "the command that proposed it")
        names = {each.name for each in letter.attachments}
        kept = tuple(each for each in attachments if each.name not in names) if keep else ()
        said = (letter.subject or old.subject, letter.body, letter.body_type)
        if (
            proposal.is_open
            and until is None
            and not letter.attachments
            and len(kept) == len(attachments)
            and said == (old.subject, old.body, old.body_type)
        ):
            raise SameTextError(
                "this is the text that is proposed already",
                where=proposal.place,
                rule="who has signed a text that is amended signs again",
                hints=(f"cipherpost read {proposal.place}",),
            )
        new = replace(
            letter,
            subject=letter.subject or old.subject,
            attachments=(*kept, *letter.attachments),
        )
        return dispatching.send_one(desk, plan, new, line, even_if_sent=True, dry_run=dry_run)


def _figures(desk: "Desk", proposal: "Proposal", what: str, again: str) -> FiguresAmendedError:
    return FiguresAmendedError(
        f"it carries {what}" if what.startswith("data") else f"it is {what}, and is not amended with a text",
        where=proposal.place,
        rule="another text would not change what is counted: it is withdrawn, then made anew",
        hints=(
            signing.withdrawn_by(desk, proposal),
            f"then: {again}",
        ),
    )
