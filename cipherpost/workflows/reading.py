"""Reading: the letters that came, and one of them shown after every check, without a line."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import CipherpostError, GapError, NotAuthenticError, NotForUsError, UnableError, UseError
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import letters, syncing
from cipherpost.workflows.replacing import replaced, replaced_in

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter
    from cipherpost.workflows.forwarding import Forwarded
    from cipherpost.workflows.reviewing import Review

_QUIET: Final = frozenset({"receipt", "check", "roster"})
_ACTS: Final = frozenset({"complied", "unable", "withdrawn"})


class HeldLetterError(GapError):
    """The letter follows on a number that is missing."""


class BeforeYouError(NotForUsError):
    """The letter was sealed before this officer was a reader, or to keys that this home does not have."""


class NotALetterError(UseError):
    """The dispatch carries no letter."""


class NothingNewError(UnableError):
    """There is no new letter to show."""

    exit_code = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One letter in a list.

    ``title`` is the sender's. ``state``: new, read, answered, complied, held, unreadable, before-you. What only the
    letter tells is None while it is held, unreadable or before-you. ``act``: complied, unable or None. ``due``: (day,
    what).
    """

    channel: str
    number: int
    kind: str
    sender: str
    title: str
    to: str
    signers: tuple[str, ...]
    time: str
    state: str
    hash: str
    subject: str | None = field(default=None, repr=False)
    attachments: tuple[tuple[str, str, int], ...] | None = field(default=None, repr=False)
    due: tuple[str, str] | None = None
    act: str | None = None
    reply_to: str | None = None
    supersedes: int | None = None
    cancels: int | None = None
    superseded_by: int | None = None
    cancelled_by: int | None = None
    size: int = 0
    answered_by: str | None = None
    reason: str | None = None

    @property
    def place(self) -> str:
        """``center/all/14``."""
        return f"{self.channel}/{self.number}"

    def cells(self) -> list[str]:
        """For a table."""
        mark = ""  # before the subject: columns are cut at their ends
        if self.superseded_by:
            mark = f"[superseded by {self.superseded_by}] "
        if self.cancelled_by:
            mark = f"[cancelled by {self.cancelled_by}] "
        subject = "" if self.subject is None else self.subject
        return [self.place, self.title, (mark + subject).strip(), self.time[:10], self.state]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {
            "channel": self.channel,
            "number": self.number,
            "kind": self.kind,
            "from": self.sender,
            "to": self.to,
            "signers": list(self.signers),
            "time": self.time,
            "subject": self.subject,
            "state": self.state,
            "due": None if self.due is None else {"day": self.due[0], "what": self.due[1]},
            "reply_to": self.reply_to,
            "supersedes": self.supersedes,
            "cancels": self.cancels,
            "superseded_by": self.superseded_by,
            "cancelled_by": self.cancelled_by,
            "attachments": None
            if self.attachments is None
            else [{"name": name, "type": kind, "bytes": size} for name, kind, size in self.attachments],
            "bytes": self.size,
            "answered_by": self.answered_by,
        }


# ---- the list ----------------------------------------------------------------------------------------------------


def inbox(desk: "Desk", *, only_new: bool = False) -> list[Row]:
    """The letters that came to this office, oldest first, with their subjects."""
    rows = [row for row in received(desk) if not only_new or row.state == "new"]
    found = letters.outlines(desk, (row.hash for row in rows))
    return [_with_outline(row, found.get(row.hash)) for row in rows]


def _with_outline(row: Row, outline: letters.Outline | None) -> Row:
    if outline is None or row.state in {"held", "unreadable", "before-you"}:
        return row
    return replace(row, subject=outline.subject, attachments=outline.attachments)


def received(desk: "Desk") -> list[Row]:
    """The letters of other offices on the channels that this office reads, oldest first; needs no keys."""
    answers = _answers(desk)
    rows = []
    for channel in syncing.begun(desk):
        office, _, audience = channel.partition("/")
        if office == desk.office or audience == ROSTER or not _is_to_us(desk, audience):
            continue
        view = desk.chain.channel(channel)
        entries = [view.by_hash(row.hash) for row in desk.mail.rows(channel) if row.kind not in _QUIET]
        found = replaced(entry for entry in entries if entry is not None and entry.status == "counts")
        for entry in [*entries, *view.held()]:
            if entry is not None and entry.header.letter is not None and entry.status in {"counts", "held"}:
                rows.append(_row(desk, entry, found, answers))
    return sorted(rows, key=lambda row: (row.time, row.channel, row.number))


def _is_to_us(desk: "Desk", audience: str) -> bool:
    if audience == desk.office:
        return True
    newest = desk.roster.newest
    if audience == "all":
        return desk.roster.role(desk.office) == "committee"
    return desk.office in desk.roster.groups(newest).get(audience, ())


def _answers(desk: "Desk") -> dict[str, str]:
    """Hash of a dispatch to the place of this office's last reply to it."""
    found = {}
    for channel in syncing.begun(desk):
        if channel.partition("/")[0] != desk.office or channel == syncing.ROSTER_CHANNEL:
            continue
        view = desk.chain.channel(channel)
        for row in desk.mail.rows(channel):
            entry = view.by_hash(row.hash) if row.kind not in _QUIET and row.status == "counts" else None
            if entry is not None and entry.header.reply is not None:
                found[entry.header.reply.hash] = f"{channel}/{row.number}"
    return found


def _row(desk: "Desk", entry: "Entry", replaced: dict[int, tuple[str, int]], answers: dict[str, str]) -> Row:
    header = entry.header
    said = desk.mail.mine(header.channel, header.number)
    acts = [each.word for each in said if each.word in _ACTS]
    acts += [] if acts else _colleagues_act(desk, entry)
    act = acts[-1] if acts and acts[-1] != "withdrawn" else None
    words = {each.word for each in said if each.hash == entry.hash}
    answered = answers.get(entry.hash)
    by = replaced.get(header.number, ("", 0))
    return Row(
        channel=header.channel,
        number=header.number,
        kind=header.kind,
        sender=header.office,
        title=desk.roster.title(header.office, desk.roster.newest),
        to=header.audience,
        signers=(header.by, *(each.officer for each in header.endorsed)),
        time=header.time,
        state=_state(desk, entry, words, act, answered),
        hash=entry.hash,
        due=(header.due.day.isoformat(), header.due.what) if header.due else None,
        act=act,
        reply_to=f"{header.reply.channel}/{header.reply.number}" if header.reply else None,
        supersedes=header.supersedes,
        cancels=header.cancels,
        superseded_by=by[1] if by[0] == "superseded" else None,
        cancelled_by=by[1] if by[0] == "cancelled" else None,
        size=sum(part.size for part in header.sealed),
        answered_by=answered,
        reason=entry.reason.what if entry.reason else None,
    )


def _colleagues_act(desk: "Desk", entry: "Entry") -> list[str]:
    rows = desk.mail.acks(entry.header.channel, entry.header.number)
    return [row.word for row in rows if row.office == desk.office and row.word in _ACTS]


def _state(desk: "Desk", entry: "Entry", words: set[str], act: str | None, answered: str | None) -> str:
    if entry.status == "held":
        return "held"
    if act is not None:
        return "complied"
    if answered is not None:
        return "answered"
    if "read" in words:
        return "read"
    if "received" in words:
        return "new"
    if letters.is_before_you(desk, entry.header):
        return "before-you"
    return "unreadable" if "failed" in words else "held"


# ---- one letter --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One letter, opened and checked; ``saved``: the files that were written.

    ``acts``: the commands by which it is acted on, where that is no reply.
    """

    row: Row
    titles: dict[str, str]
    roster: int | None
    body: str = field(repr=False)
    body_type: str | None
    data: bytes | None = field(repr=False)
    readers: tuple[str, ...]
    saved: tuple[Path, ...]
    out_of_order: bool
    incoming: bool
    acts: tuple[str, ...] = ()
    shared_in: tuple[str, str] | None = None
    """The message by which the letter came, and its office, where it does not open here by itself."""

    forwarded: "tuple[Forwarded, ...]" = ()
    refused: tuple[CipherpostError, ...] = ()
    """Of what the letter passes on, that which is not what it is passed off as."""
    diff: tuple[str, ...] = ()

    def banners(self) -> Iterator[tuple[str, str]]:
        """Notices that stand above the letter, by name, each with what it is about."""
        if self.out_of_order:
            yield "held", self.row.place
        if self.row.superseded_by:
            yield "superseded", f"{self.row.channel}/{self.row.superseded_by}"
        if self.row.cancelled_by:
            yield "cancelled", f"{self.row.channel}/{self.row.cancelled_by}"

    def head_lines(self) -> Iterator[tuple[str, str]]:
        """The letter's head for a person."""
        row = self.row
        yield "number", row.place
        yield "from", f"{self._titled(row.sender)}, signed by {', '.join(row.signers)}"
        yield "to", self._titled(row.to)
        yield "kind", row.kind
        yield "time", row.time
        yield "subject", row.subject or ""
        if row.reply_to:
            yield "answers", row.reply_to
        if row.supersedes:
            yield "supersedes", f"{row.channel}/{row.supersedes}"
        if row.cancels:
            yield "cancels", f"{row.channel}/{row.cancels}"
        if row.due:
            yield "due", f"{row.due[1]} by {row.due[0]}"
        for name, _, size in row.attachments or ():
            yield "attached", f"{name} ({size:,} bytes)".replace(",", " ")
        if self.shared_in:
            place, office = self.shared_in
            yield "shared", f"by {self._titled(office)} in {place}; it is the original, as its header proves"
        yield "readers", f"{len(self.readers)} officers can open it" if len(self.readers) > 1 else ""

    def _titled(self, office: str) -> str:
        title = self.titles.get(office, office)
        return office if title == office else f"{office} ({title})"

    def saved_lines(self) -> Iterator[str]:
        """What was written where."""
        for path in self.saved:
            yield f"saved: {path}"

    def hints(self) -> Iterator[str]:
        """What to do next."""
        later = self.row.cancelled_by or self.row.superseded_by
        if later and not self.out_of_order:
            yield f"cipherpost read {self.row.channel}/{later}"
            return
        if not self.incoming or self.out_of_order:
            return
        if self.row.attachments and not self.saved:
            yield f"cipherpost read {self.row.place} --save DIR"
        if self.row.due is not None and self.row.due[1] == "complied" and self.row.act is None:
            yield f"cipherpost complied {self.row.place}"
        elif self.acts:
            yield from self.acts
        elif self.row.answered_by is None:
            yield f'cipherpost reply {self.row.place} -m "..."'

    def as_json(self) -> dict[str, Any]:
        """As in the inbox, and the letter itself."""
        import json

        return {
            **self.row.as_json(),
            "hash": self.row.hash,
            "roster": self.roster,
            "body": self.body,
            "body_type": self.body_type,
            "data": None if self.data is None else json.loads(self.data),
            "readers": list(self.readers),
            "forwarded": [each.as_json() for each in self.forwarded],
            "shared_in": self.shared_in[0] if self.shared_in else None,
        }


def read(
    desk: "Desk",
    place: str | None,
    *,
    save: Path | None = None,
    force: bool = False,
    out_of_order: bool = False,
) -> "Shown | Review":
    """Open a letter and say that it was read; the oldest new one where none is named. Of a proposal, what it proposes.

    Raises:
        NothingNewError, NoSuchDispatchError, NotALetterError, HeldLetterError, BeforeYouError: as they say.
        NotAuthenticError: V9 or V10 failed; nothing was shown or saved.
        UnableError: a file is in the way and ``force`` was not given.
    """
    from cipherpost.workflows import forms, forwarding, originals, proposals, reviewing, status

    if place is None:
        place = _oldest_new(desk)
    entry = letters.entry_at(desk, place)
    header = entry.header
    proposal = proposals.of_entry(desk, entry)
    if proposal is not None:
        return reviewing.review(desk, proposal, save=save, force=force)
    shared = originals.find(desk, entry)
    _check_readable(desk, entry, out_of_order, shared=shared is not None)
    if shared is None and not desk.copies.has(header.sealed[0].hash):
        letters.fetch_sealed(desk, header)
    try:
        letter, saved, forwarded = _open(desk, entry, save, force=force)
    except (NotAuthenticError, NotForUsError) as error:
        raise syncing.placed(error, header.channel, header.number) from None
    outline = letters.outline_of(letter)
    incoming = header.office != desk.office
    refused: list[CipherpostError] = [each.refused for each in forwarded if each.refused is not None]
    if not out_of_order:
        refused += originals.take(desk, entry, letter)[1]
        with desk.mail.transaction():
            letters.keep_outline(desk, entry.hash, outline)
            forms.keep_form(desk, header, letter)
            if incoming:
                desk.mail.add_mine(header.channel, header.number, entry.hash, "received", desk.time())
                desk.mail.add_mine(header.channel, header.number, entry.hash, "read", desk.time())
            forwarding.remember(desk, forwarded)
        status.refresh(desk)
    shown = _shown(desk, entry, letter, saved, out_of_order=out_of_order and entry.status == "held")
    shown = replace(shown, forwarded=forwarded, refused=tuple(refused))
    if shared is None:
        return shown
    via = shared[0].header
    return replace(shown, shared_in=(f"{via.channel}/{via.number}", via.office))


def _oldest_new(desk: "Desk") -> str:
    new = [row for row in received(desk) if row.state == "new"]
    if not new:
        raise NothingNewError("there is no new letter", hints=("cipherpost fetch", "cipherpost inbox"))
    return new[0].place


def _check_readable(desk: "Desk", entry: "Entry", out_of_order: bool, *, shared: bool) -> None:
    header = entry.header
    if header.letter is None:
        raise NotALetterError(
            f"this is a {header.kind}; it carries no letter",
            where=f"{header.channel}/{header.number}",
            hints=("cipherpost inbox",),
        )
    if entry.status == "held" and not out_of_order:
        raise HeldLetterError(
            f"it is held: {entry.reason.what if entry.reason else 'an earlier number is missing'}",
            rule="letters are read in the order of their numbers",
            hints=(
                "cipherpost fetch    (again later)",
                f"cipherpost read {header.channel}/{header.number} --out-of-order",
            ),
            channel=header.channel,
            number=header.number,
        )
    if entry.status == "void":
        reason = entry.reason
        assert reason is not None
        raise reason
    if not shared and letters.is_before_you(desk, header):
        older = any((each.office, each.name) == (desk.office, desk.officer) for each in letters.readers(desk, header))
        raise BeforeYouError(
            "it was sealed to older keys of yours, which this home does not have"
            if older
            else "it was sealed before you were a reader, or to others",
            rule="lost and destroyed keys open nothing"
            if older
            else "a letter is sealed to those who belong to its audience when it is signed",
            hints=(f"ask the center to run: cipherpost share {header.channel}/{header.number} --to {desk.office}",),
            channel=header.channel,
            number=header.number,
        )


_Opened = tuple["Letter", tuple[Path, ...], tuple["Forwarded", ...]]


def _open(desk: "Desk", entry: "Entry", save: Path | None, *, force: bool) -> _Opened:
    from cipherpost.workflows import forwarding, originals
    from cipherpost.workflows.saving import Saver

    if save is None:
        letter = originals.open_letter(desk, entry)
        return letter, (), forwarding.read_each(desk, entry, letter)
    with Saver(save, force=force) as saver:
        letter = originals.open_letter(desk, entry, save=saver.attachment)
        if letter.body is not None:
            header = entry.header
            name = f"{header.channel.replace('/', '-')}-{header.number}.{letter.body_type}"
            saver.text(name, letter.body)
        forwarded = forwarding.read_each(desk, entry, letter, saver.attachment)
        for each in forwarded:
            if each.published is None:
                assert each.refused is not None
                raise each.refused
            if each.published.letter.body is not None:
                name = f"{each.passed.network}-{each.passed.place.replace('/', '-')}"
                saver.text(f"{name}.{each.published.letter.body_type}", each.published.letter.body)
        return letter, saver.commit(), forwarded


def _shown(desk: "Desk", entry: "Entry", letter: "Letter", saved: tuple[Path, ...], *, out_of_order: bool) -> Shown:
    from cipherpost.workflows import forms

    header = entry.header
    later = replaced_in(desk, header.channel, header.number)
    row = _with_outline(_row(desk, entry, later, _answers(desk)), letters.outline_of(letter))
    if out_of_order:
        outline = letters.outline_of(letter)
        row = replace(row, subject=outline.subject, attachments=outline.attachments)
    newest = desk.roster.newest
    return Shown(
        row=row,
        titles={name: desk.roster.title(name, newest) for name in {header.office, header.audience, CENTER}},
        roster=header.roster.number if header.roster else None,
        body=letter.body or forms.readable(desk, letter.data),
        body_type=letter.body_type,
        data=letter.data,
        readers=tuple(f"{each.office}/{each.name}" for each in letters.readers(desk, header)),
        saved=saved,
        out_of_order=out_of_order,
        incoming=header.office != desk.office,
        acts=_acts(desk, entry, letter),
    )


def _acts(desk: "Desk", entry: "Entry", letter: "Letter") -> tuple[str, ...]:
    """What a form or a reminder asks for."""
    from cipherpost.workflows import forms, originals
    from cipherpost.workflows.reminding import is_reminder

    if (form := forms.brought(desk, entry.header, letter)) is not None:
        return (f"cipherpost form show {form[0]} --version {form[1]}", "cipherpost owed")
    if brings := originals.of(letter):
        return tuple(f"cipherpost read {each.place}" for each in brings[:2])
    if entry.header.office == CENTER and is_reminder(letter):
        return ("cipherpost owed", "cipherpost report FORM PERIOD --edit")
    return ()
