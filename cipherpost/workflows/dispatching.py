"""One letter on its way: not sent twice, put into the outbox, posted with all that waits; whoever writes it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cipherpost.errors import CipherpostError, UnableError
from cipherpost.workflows import letters, syncing
from cipherpost.workflows.addressing import unreached
from cipherpost.workflows.composing import put_letter
from cipherpost.workflows.draining import drain
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item
    from cipherpost.letter import Attachment, BodyType, LetterDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A letter before it has an audience; ``subject`` None: to be made from what it answers; ``data``: JSON.

    ``heads``: the heads file of an audit. ``same``: what to compare with the last letter instead of all that it says,
    for one that tells the time: a hash that two such letters share which say the same otherwise.
    """

    body: str | None = field(repr=False)
    body_type: "BodyType"
    subject: str | None = field(repr=False)
    attachments: "tuple[Attachment, ...]" = field(default=(), repr=False)
    data: bytes | None = field(default=None, repr=False)
    heads: bytes | None = field(default=None, repr=False)
    same: str = field(default="", repr=False)


def line_error(desk: "Desk") -> CipherpostError | None:
    """Bring roster and own channels up to date; without a line, the reason why, and one goes on with what is known."""
    try:
        syncing.follow_roster(desk)
        own = [name for name in syncing.readable(desk) if name.partition("/")[0] == desk.office]
        for channel in own:
            if channel != syncing.ROSTER_CHANNEL:
                syncing.follow(desk, channel)
    except UnableError as error:
        if desk.roster.newest == 0:
            raise
        return error
    return None


def finish_begun(desk: "Desk", line: CipherpostError | None) -> None:
    """Post what waits before anything new is made (I4); what cannot be posted stops nothing here: `fetch` tells."""
    from cipherpost.workflows import proposals, proposing

    if line is None:
        for _ in drain(desk):
            pass
        if proposals.may_be_open(desk):
            proposing.finish(desk)


def send_one(
    desk: "Desk",
    plan: Plan,
    letter: Outgoing,
    line: CipherpostError | None,
    *,
    even_if_sent: bool,
    dry_run: bool,
) -> Posted:
    """Put one letter into the outbox and post all that waits; what was sent last, or waits, is not sent again (I4).

    Raises:
        LetterDraftError, AttachmentNameError: it cannot be a letter; nothing was made.
    """
    from cipherpost.letter import letter_size
    from cipherpost.workflows import proposing

    draft = _draft(desk, plan, letter)
    letter_size(draft)  # refuses what cannot be a letter, before anything is made
    newest = desk.roster.newest
    to = desk.roster.members(plan.audience, newest)
    who_not = unreached(desk, plan.audience)
    if proposing.needs_others(desk, plan):
        return _propose(desk, plan, letter, draft, line, even_if_sent=even_if_sent, dry_run=dry_run)
    if dry_run:
        due = desk.roster.readers(plan.kind, (plan.audience,), plan.office, newest)
        readers = tuple(f"{each.office}/{each.name}" for each in due)
        number = desk.chain.channel(plan.channel).tip[0] + 1
        return Posted(
            channel=plan.channel, kind=plan.kind, number=number, to=to, unreached=who_not, readers=readers, dry_run=True
        )
    digest = _digest(plan, letter, draft)
    if not even_if_sent:
        before = _sent_before(desk, plan.channel, digest)
        if before is not None:
            return before
        waiting = _waiting_same(desk, plan.channel, digest)
        if waiting is not None:
            return _outcome(desk, waiting, line, who_not)
    item = put_letter(desk, plan, draft, keep=lambda name: keep_sent(desk, name, draft, digest), heads=letter.heads)
    return _outcome(desk, item, line, who_not)


def _digest(plan: Plan, letter: Outgoing, draft: "LetterDraft") -> str:
    """What tells a letter from the others of its channel."""
    from cipherpost.letter import content_digest

    return letter.same or content_digest(draft, about=plan.about())


def _propose(
    desk: "Desk",
    plan: Plan,
    letter: Outgoing,
    draft: "LetterDraft",
    line: CipherpostError | None,
    *,
    even_if_sent: bool,
    dry_run: bool,
) -> Posted:
    """As `send_one`, for what other officers must sign first: it becomes a proposal (docs/protocol.md, "Endorsing")."""
    from cipherpost.workflows import proposing, status

    who_not = unreached(desk, plan.audience)
    if dry_run:
        return replace(proposing.would_be(desk, plan), unreached=who_not)
    digest = _digest(plan, letter, draft)
    amends = plan.draft is not None and plan.draft.number > 0
    before = None if amends else proposing.proposed_before(desk, plan.channel, digest, only_open=even_if_sent)
    if before is not None:
        return before
    if not even_if_sent:
        before = _sent_before(desk, plan.channel, digest)
        if before is not None:
            return before
        waiting = _waiting_same(desk, plan.channel, digest)
        if waiting is not None:
            return _outcome(desk, waiting, line, who_not)
    if plan.draft is None:
        plan = replace(plan, draft=proposing.wants(desk, until=None))
    item = put_letter(desk, plan, draft, keep=lambda name: keep_sent(desk, name, draft, digest), heads=letter.heads)
    outcome = _outcome(desk, item, line, who_not)
    status.refresh(desk)
    return outcome


def is_sent(desk: "Desk", plan: Plan, letter: Outgoing) -> bool:
    """Whether `send_one` would answer that just this was sent last, or waits in the outbox."""
    from cipherpost.workflows import proposing

    digest = _digest(plan, letter, _draft(desk, plan, letter))
    if _sent_before(desk, plan.channel, digest) or _waiting_same(desk, plan.channel, digest):
        return True
    return proposing.needs_others(desk, plan) and proposing.proposed_before(desk, plan.channel, digest) is not None


def _draft(desk: "Desk", plan: Plan, letter: Outgoing) -> "LetterDraft":
    from cipherpost.letter import LetterDraft

    return LetterDraft(
        fingerprint=desk.fingerprint,
        from_office=desk.office,
        to=(plan.audience,),
        kind=plan.kind,
        written=plan.created,
        subject=letter.subject or "Letter",
        body=letter.body,
        body_type=letter.body_type,
        attachments=letter.attachments,
        data=letter.data,
    )


def keep_sent(desk: "Desk", item: str, draft: "LetterDraft", digest: str) -> None:
    """Lock away what lists and a second `send` need to know of a letter in the outbox."""
    outline = letters.Outline(
        subject=draft.subject, attachments=tuple((each.name, each.type, each.size) for each in draft.attachments)
    )
    desk.vault.put(f"outgoing {item}", json.dumps([digest, outline.as_bytes().decode()]).encode())


def _sent_before(desk: "Desk", channel: str, digest: str) -> Posted | None:
    """The own office's last letter in the channel, if it says the same (I4)."""
    kept = desk.vault.get(f"last {channel}")
    if kept is None:
        return None
    last, number, text_hash = json.loads(kept)
    entry = desk.chain.channel(channel).entry(number)
    if last != digest or entry is None or entry.hash != text_hash:
        return None
    newer = [row for row in desk.mail.rows(channel) if row.number > number and row.kind not in {"receipt", "check"}]
    if newer:
        return None
    return Posted(
        channel=channel,
        kind=entry.header.kind,
        number=number,
        hash=entry.hash,
        time=entry.header.time,
        to=desk.roster.members(entry.header.audience, desk.roster.newest),
        already=True,
    )


def _waiting_same(desk: "Desk", channel: str, digest: str) -> "Item | None":
    for item in desk.outbox.items():
        if item.plan().get("channel") == channel:
            kept = desk.vault.get(f"outgoing {item.name}")
            if kept is not None and json.loads(kept)[0] == digest:
                return item
    return None


def _outcome(desk: "Desk", item: "Item", line: CipherpostError | None, who_not: dict[str, str]) -> Posted:
    """Post everything that waits; what became of this item."""
    plan = Plan.from_dict(item.plan())
    failed: CipherpostError | None = line
    if line is None:
        for name, outcome in drain(desk):
            if name == item.name:
                if isinstance(outcome, Posted):
                    return replace(outcome, unreached=who_not)
                failed = outcome
    return Posted(
        channel=plan.channel,
        kind=plan.kind,
        to=desk.roster.members(plan.audience, desk.roster.newest),
        unreached=who_not,
        waiting=waits(failed),
    )


def waits(error: CipherpostError | None) -> CipherpostError:
    """Why something waits in the outbox, with a hint that nothing is lost."""
    assert error is not None
    if isinstance(error, UnableError) and not any("outbox" in hint for hint in error.hints):
        # Not "repeat the command" too: fetch sends what waits, and there is nothing to write again.
        acts = [hint.partition("repeat the command")[0].removesuffix(", and ") for hint in error.hints]
        sends = "cipherpost fetch    (it sends the letter, which waits in the outbox: nothing is lost)"
        error.hints = (sends, *(act for act in acts if act))
    return error


def post_all(desk: "Desk", channel: str, line: CipherpostError | None) -> list[Posted]:
    """Post everything that waits; the outcomes on one channel."""
    if line is not None:
        return [Posted(channel=channel, kind="receipt", waiting=waits(line))]
    return list(_of_channel(desk, channel))


def _of_channel(desk: "Desk", channel: str) -> Iterator[Posted]:
    for _, outcome in drain(desk):
        if isinstance(outcome, Posted):
            if outcome.channel == channel:
                yield outcome
        else:
            yield Posted(channel=channel, kind="receipt", waiting=waits(outcome))
