"""Writing: a letter is checked, put into the outbox sealed, and posted when the line is up."""

import mimetypes
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cipherpost import limits
from cipherpost.dispatch.header import Due, Reply
from cipherpost.errors import CipherpostError, UseError
from cipherpost.text import check_free_text, clean_free_text
from cipherpost.workflows import letters
from cipherpost.workflows.addressing import AudienceError, check_admitted, kind_for
from cipherpost.workflows.composing import put_bare
from cipherpost.workflows.dispatching import Outgoing, finish_begun, is_sent, line_error, post_all, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.home.mail import AckRow
    from cipherpost.letter import Attachment, BodyType

_PLAIN: Final = "application/octet-stream"
_UNANSWERED: Final = frozenset({"receipt", "check", "roster"})


class EmptyLetterError(UseError):
    """There is nothing to send."""


class NothingToProposeError(UseError):
    """One officer is enough for it, so that there is nothing to propose."""


class TextFileError(UseError):
    """The letter's text cannot be read as text."""


# ---- what the user gave ------------------------------------------------------------------------------------------


def read_text(
    file: str, *, subject: str | None, attachments: Sequence[Path], subject_from_text: bool = True
) -> Outgoing:
    """A letter from a file, or from standard input for ``-``.

    Raises:
        TextFileError: not UTF-8, or above `limits.BODY_BYTES`. EmptyLetterError: nothing in it.
        AttachmentNameError: see `cipherpost.letter.check_attachment_name`.
    """
    if file == "-":
        data = sys.stdin.buffer.read(limits.BODY_BYTES + 1)
    else:
        with Path(file).open("rb") as source:
            data = source.read(limits.BODY_BYTES + 1)
    if len(data) > limits.BODY_BYTES:
        raise TextFileError(
            "the text is above 4 MiB", where=file, rule="large files go as attachments", hints=(f"--attach {file}",)
        )
    try:
        body = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextFileError(
            f"byte {error.start} is not UTF-8",
            where=file,
            rule="the letter itself is text; other files go as attachments",
            hints=(f"--attach {file}",),
        ) from None
    kind: BodyType = "md" if Path(file).suffix.lower() in {".md", ".markdown"} else "txt"
    return text_of(body, subject=subject, attachments=attachments, kind=kind, subject_from_text=subject_from_text)


def text_of(
    body: str,
    *,
    subject: str | None,
    attachments: Sequence[Path],
    kind: "BodyType" = "txt",
    subject_from_text: bool = False,
) -> Outgoing:
    """A letter from a text; without ``subject`` its first line is the subject where ``subject_from_text``."""
    if not body.strip():
        raise EmptyLetterError("the letter is empty", rule="a letter says something", hints=("cipherpost send --help",))
    if subject is None and subject_from_text:
        first = next(line for line in body.splitlines() if line.strip())
        subject = clean_free_text(first.lstrip("# "))[: limits.FREE_TEXT].strip() or "Letter"
    elif subject is not None:
        with typed():
            subject = check_free_text(clean_free_text(subject), "subject")
    return Outgoing(
        body=body, body_type=kind, subject=subject, attachments=tuple(_attachment(path) for path in attachments)
    )


def _attachment(path: Path) -> "Attachment":
    from cipherpost.letter import Attachment, check_attachment_name

    if path.is_dir():
        raise UseError("a folder cannot be attached", where=str(path), hints=("attach the files in it",))
    if path.exists() and not path.is_file():
        raise UseError(
            "only a regular file can be attached",
            where=str(path),
            rule="a pipe or a device does not say how long it is",
            hints=("write it to a file first",),
        )
    name = check_attachment_name(unicodedata.normalize("NFC", path.name))
    guessed, encoding = mimetypes.guess_type(name)
    kind = guessed if guessed and not encoding else _PLAIN
    return Attachment(name=name, type=kind, size=path.stat().st_size, open=partial(_open_binary, path))


def _open_binary(path: Path) -> BinaryIO:
    return path.open("rb")


# ---- send, reply, comply -----------------------------------------------------------------------------------------


def send(
    desk: "Desk",
    letter: Outgoing,
    *,
    audiences: Sequence[str] = (),
    supersedes: str | None = None,
    cancels: str | None = None,
    due: date | None = None,
    due_what: str = "reply",
    propose: bool = False,
    until: date | None = None,
    even_if_sent: bool = False,
    dry_run: bool = False,
) -> list[Posted]:
    """Send a letter to offices and groups, each in its own channel; where more officers must sign, it is proposed.

    Args:
        supersedes, cancels: an earlier letter of this office that this one replaces, ``13`` or ``center/all/13``; it
            goes to the same audience then.
        propose: refuse what one officer sends alone; ``until``: the last day on which it may be posted then.

    Raises:
        AudienceError, UnknownAudienceError: before anything was made. NotAdmittedError: see there.
        ReplacePlaceError, NotReplaceableError, ReplacedAlreadyError: what is to be replaced cannot be.
    """
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    if due is not None:
        _check_day(desk, due)
    if supersedes is not None or cancels is not None:
        plan = _replacing(desk, audiences, supersedes, cancels, due=due, due_what=due_what)
        plan = _to_propose(desk, plan, until) if propose else plan
        return [_replace(desk, plan, letter, line, even_if_sent=even_if_sent, dry_run=dry_run)]
    plans = []
    for audience in dict.fromkeys(audiences):
        kind = kind_for(desk, audience)
        if due is not None and kind == "message":
            raise UseError("only circulars and instructions of the center can be due", hints=("leave out --due",))
        plans.append(
            Plan(
                channel=f"{desk.office}/{audience}",
                kind=kind,
                created=desk.time(),
                due=Due(due, due_what) if due else None,
            )
        )
    if propose:
        plans = [_to_propose(desk, plan, until) for plan in plans]
    return [send_one(desk, plan, letter, line, even_if_sent=even_if_sent, dry_run=dry_run) for plan in plans]


def _to_propose(desk: "Desk", plan: Plan, until: date | None) -> Plan:
    from cipherpost.workflows import proposing

    if not proposing.needs_others(desk, plan):
        raise NothingToProposeError(
            f"nobody else has to sign what goes to {plan.audience}",
            rule=f"a {plan.kind} of {plan.office} needs one signature",
            hints=(f"cipherpost send FILE --to {plan.audience}",),
        )
    return replace(plan, draft=proposing.wants(desk, until=until))


def _replacing(
    desk: "Desk",
    audiences: Sequence[str],
    supersedes: str | None,
    cancels: str | None,
    *,
    due: date | None,
    due_what: str,
) -> Plan:
    """The plan of a letter that supersedes or cancels another."""
    from cipherpost.workflows import replacing

    if supersedes is not None and cancels is not None:
        raise UseError("--supersedes and --cancels exclude each other", hints=("cipherpost send --help",))
    if cancels is not None and due is not None:
        raise UseError("a letter that only cancels asks for nothing", hints=("leave out --due", "--supersedes instead"))
    audience, number = replacing.place(desk, supersedes or cancels or "", audiences)
    kind = kind_for(desk, audience)
    if due is not None and kind == "message":
        raise UseError("only circulars and instructions of the center can be due", hints=("leave out --due",))
    channel = f"{desk.office}/{audience}"
    replacing.target(desk, channel, number)
    return Plan(
        channel=channel,
        kind=kind,
        created=desk.time(),
        supersedes=number if supersedes is not None else None,
        cancels=number if cancels is not None else None,
        due=Due(due, due_what) if due else None,
    )


def _replace(
    desk: "Desk", plan: Plan, letter: Outgoing, line: CipherpostError | None, *, even_if_sent: bool, dry_run: bool
) -> Posted:
    """Send it, unless something else than this very letter replaced the old one before."""
    from cipherpost.workflows import replacing

    if even_if_sent or not is_sent(desk, plan, letter):
        number = plan.supersedes or plan.cancels
        entry = letters.entry_at(desk, f"{plan.channel}/{number}")
        replacing.check_stands(desk, entry)
        replacing.check_not_proposed(desk, entry)
    return _counted(desk, [send_one(desk, plan, letter, line, even_if_sent=even_if_sent, dry_run=dry_run)])[0]


def cancel(desk: "Desk", place: str, why: str | None, *, dry_run: bool = False) -> Posted:
    """Cancel a letter of this office by a short one that says so, to the same audience.

    Args:
        why: the reason, None: none is given.

    Raises:
        ReplacePlaceError, NotReplaceableError, ReplacedAlreadyError: see `send`.
    """
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    plan = _replacing(desk, (), None, place, due=None, due_what="")
    place = f"{plan.channel}/{plan.cancels}"
    entry = letters.entry_at(desk, place)
    outline = letters.outlines(desk, [entry.hash]).get(entry.hash)
    title = outline.subject if outline else place
    body = f"{place} of {entry.header.time[:10]} is cancelled: {title}\n"
    if why is not None and why.strip():
        body += f"\n{why.strip()}\n"
    letter = text_of(body, subject=f"Cancelled: {title}"[: limits.FREE_TEXT].strip(), attachments=())
    return _replace(desk, plan, letter, line, even_if_sent=False, dry_run=dry_run)


def _check_day(desk: "Desk", due: date) -> None:
    """Refuse a day that has ended in the network's zone: nobody could keep it."""
    from cipherpost.ledger.calendar import end_of

    zone = desk.roster.timezone(desk.roster.newest)
    if end_of(due, zone) <= desk.time():
        raise UseError(
            f"the day {due.isoformat()} is over",
            rule=f"days end at 24:00 in the network's zone, {zone}",
            hints=("give a later day behind --due",),
        )


def reply(
    desk: "Desk", place: str, letter: Outgoing, *, even_if_sent: bool = False, dry_run: bool = False
) -> list[Posted]:
    """Answer a dispatch of another office.

    Raises:
        NoSuchDispatchError: it is not here. AudienceError: it is the own office's.
    """
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    entry = _answerable(desk, place)
    header = entry.header
    if letter.subject is None:
        outline = letters.outlines(desk, [entry.hash]).get(entry.hash)
        title = outline.subject if outline else f"{header.channel}/{header.number}"
        subject = title if title.startswith("Re: ") else f"Re: {title}"
        letter = Outgoing(
            body=letter.body,
            body_type=letter.body_type,
            subject=subject[: limits.FREE_TEXT].strip(),
            attachments=letter.attachments,
        )
    plan = Plan(
        channel=f"{desk.office}/{header.office}",
        kind="message",
        created=desk.time(),
        reply=Reply(header.channel, header.number, entry.hash),
    )
    return _counted(desk, [send_one(desk, plan, letter, line, even_if_sent=even_if_sent, dry_run=dry_run)])


def _counted(desk: "Desk", sent: list[Posted]) -> list[Posted]:
    """Count anew what is new and owed, since an answer changes it."""
    from cipherpost.workflows import status

    if not any(each.dry_run for each in sent):
        status.refresh(desk)
    return sent


def comply(desk: "Desk", place: str, word: str, *, why: str | None = None, dry_run: bool = False) -> list[Posted]:
    """Say that a dispatch is carried out (``complied``), cannot be (``unable``), or take that back (``withdrawn``).

    Raises:
        UseError: there is nothing to take back.
    """
    from cipherpost.dispatch.header import Ack

    line = line_error(desk)
    check_admitted(desk)
    finish_begun(desk, line)
    entry = _answerable(desk, place)
    header = entry.header
    said = [row.word for row in desk.mail.mine(header.channel, header.number)]
    said += [row.word for row in desk.mail.acks(header.channel, header.number) if row.office == desk.office]
    if word == "withdrawn" and not {"complied", "unable"} & set(said):
        raise UseError(
            "nothing was said of it that could be withdrawn",
            where=place,
            hints=(f"cipherpost complied {place}",),
        )
    before = _said_last(desk, entry)
    if why is None and before is not None and before.word == word:
        return [_stated(desk, before)]
    plan = Plan(channel=f"{desk.office}/{header.office}", kind="receipt", created=desk.time())
    act = Ack(header.channel, header.number, entry.hash, word)
    if why is None and dry_run:
        number = desk.chain.channel(plan.channel).tip[0] + 1
        return [Posted(channel=plan.channel, kind=plan.kind, number=number, to=(header.office,), dry_run=True)]
    if why is None:
        desk.mail.add_mine(header.channel, header.number, entry.hash, word, desk.time())
        put_bare(desk, Plan(channel=plan.channel, kind=plan.kind, created=plan.created, acks=(act,)))
        return _counted(desk, post_all(desk, plan.channel, line))
    letter = text_of(why, subject=f"Unable: {place}", attachments=())
    plan = Plan(
        channel=plan.channel,
        kind="message",
        created=plan.created,
        reply=Reply(header.channel, header.number, entry.hash),
        acks=(act,),
    )
    sent = send_one(desk, plan, letter, line, even_if_sent=False, dry_run=dry_run)
    if not sent.already and not dry_run:
        desk.mail.add_mine(header.channel, header.number, entry.hash, word, desk.time())
    return _counted(desk, [sent])


def _said_last(desk: "Desk", entry: "Entry") -> "AckRow | None":
    """The act of this office that holds for a dispatch, None while one of this officer's waits to be posted."""
    from cipherpost.home.mail import ACTS

    channel, number = entry.header.channel, entry.header.number
    if any(row.word in ACTS and row.via_channel is None for row in desk.mail.mine(channel, number)):
        return None
    rows = [row for row in desk.mail.acks(channel, number) if row.office == desk.office and row.hash == entry.hash]
    return max((row for row in rows if row.word in ACTS), key=lambda row: row.via_number, default=None)


def _stated(desk: "Desk", row: "AckRow") -> Posted:
    """The dispatch in which an act was stated, as the answer to saying the same again (I4)."""
    stated = desk.chain.channel(row.via_channel).entry(row.via_number)
    return Posted(
        channel=row.via_channel,
        kind=stated.header.kind if stated else "receipt",
        number=row.via_number,
        hash=stated.hash if stated else None,
        time=row.time,
        to=(row.channel.partition("/")[0],),
        already=True,
    )


def _answerable(desk: "Desk", place: str) -> "Entry":
    entry = letters.entry_at(desk, place)
    if entry.header.office == desk.office:
        raise AudienceError(
            "this is your own office's letter",
            where=place,
            rule="one answers what others sent",
            hints=("cipherpost inbox", f"cipherpost send FILE --to {entry.header.audience}"),
        )
    if entry.header.kind in _UNANSWERED:
        raise AudienceError(
            f"this is a {entry.header.kind}; it asks for nothing",
            where=place,
            rule="letters are answered; receipts, checks and roster entries are only seen",
            hints=("cipherpost inbox",),
        )
    if entry.status != "counts":
        raise AudienceError(
            f"this letter does not count: {entry.reason.what if entry.reason else entry.status}",
            where=place,
            rule="only what counts is answered",
            hints=("cipherpost fetch", "cipherpost inbox"),
        )
    return entry
