"""Sharing: letters that an office or a new officer of it cannot open are sealed to it anew, as exact originals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import CipherpostError, NotAuthenticError, NotForUsError, UnableError, UseError
from cipherpost.strictjson import canonical
from cipherpost.text import CENTER, TextError, parse_channel, parse_number, shown
from cipherpost.workflows import letters, originals, syncing
from cipherpost.workflows.addressing import AudienceError, check_admitted, kind_for
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.originals import Original
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter
    from cipherpost.roster.state import OfficerInfo

_QUIET: Final = frozenset({"receipt", "check", "roster", "key"})
_AT_ONCE: Final = 200
_BYTES_AT_ONCE: Final = 256 * limits.MIB


class RangeError(UseError):
    """What is to be shared is not named by a channel and numbers."""


class NotItsLetterError(UseError):
    """The office does not read the channel, so nothing there would prove the letter to it."""


class NoSuchOfficerError(UseError):
    """The office has no such officer."""


class CannotShareError(NotForUsError):
    """A letter that does not open here cannot be shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What was shared: the messages, the places of the letters in them, and what was left out, with the reasons.

    All are empty where an office lacks nothing that is here.
    """

    posted: tuple[Posted, ...]
    places: tuple[str, ...]
    left_out: tuple[CipherpostError, ...]


def share(desk: "Desk", ranges: Sequence[str], *, to: str, everything: bool = False, dry_run: bool = False) -> Shared:
    """Seal letters anew to an office that cannot open them.

    Args:
        ranges: ``center/all/10-14``, ``center/tver/3``; none with ``everything``.
        to: an office, or one of its officers; it is sealed to the office as every letter is.
        everything: all that is the office's and that this officer, or somebody of it, has no key for.

    Raises:
        RangeError, NotItsLetterError, NoSuchOfficerError, AudienceError: nothing was made.
        CannotShareError: one that was named does not open here.
    """
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    if everything == bool(ranges):
        raise RangeError("name the letters, or give --all", hints=(f"cipherpost share center/all/10-14 --to {to}",))
    office, _, officer = to.partition("/")
    _check_office(desk, office, officer)
    entries = list(_lacking(desk, office, officer)) if everything else list(_named(desk, office, ranges))
    good, left_out = _open_all(desk, entries)
    if left_out and not everything:
        raise left_out[0]
    if not entries and not everything:
        raise RangeError("there is no letter in this range", where=" ".join(ranges), hints=("cipherpost inbox",))
    if not good:
        return Shared(posted=(), places=(), left_out=tuple(left_out))
    posted = tuple(
        send_one(desk, _plan(desk, office), _outgoing(desk, batch), line, even_if_sent=False, dry_run=dry_run)
        for batch in _batches(good)
    )
    _note_sent(desk, office)
    places = tuple(f"{entry.header.channel}/{entry.header.number}" for entry, _ in good)
    return Shared(posted=posted, places=places, left_out=tuple(left_out))


def _plan(desk: "Desk", office: str) -> Plan:
    return Plan(channel=f"{desk.office}/{office}", kind="message", created=desk.time())


def _check_office(desk: "Desk", office: str, officer: str) -> None:
    newest = desk.roster.newest
    if desk.roster.is_group(office, newest):
        raise AudienceError(
            f"{office} is a group", rule="letters are shared with one office", hints=("cipherpost group",)
        )
    kind_for(desk, office)
    if officer and desk.roster.officer(office, officer, newest) is None:
        raise NoSuchOfficerError(
            f"{office} has no officer {shown(officer)}",
            rule="letters are shared with those who are admitted",
            hints=(f"cipherpost roster {office}",),
        )
    if not desk.roster.officers(office, newest):
        raise NoSuchOfficerError(
            f"{office} has no admitted officer", rule="somebody must be there to read", hints=("cipherpost admit",)
        )


# ---- which letters ---------------------------------------------------------------------------------------------------


def _named(desk: "Desk", office: str, ranges: Sequence[str]) -> "Iterator[Entry]":
    """The letters of ranges, in their order, each once; what carries no letter is left out of a range."""
    seen = set()
    for word in ranges:
        channel, first, last = _range(word)
        if not desk.roster.reads(office, channel, desk.roster.newest):
            raise NotItsLetterError(
                f"{office} does not read {channel}",
                where=word,
                rule="what is shared is proved by its header, which the office must have",
                hints=(f"cipherpost forward {channel}/{first} --to {office}",),
            )
        for number in range(first, last + 1):
            entry = letters.entry_at(desk, f"{channel}/{number}")
            if _is_letter(entry) and entry.hash not in seen:
                seen.add(entry.hash)
                yield entry
            elif first == last and not _is_letter(entry):
                raise RangeError(f"this is a {entry.header.kind}, or does not count", where=word)


def _range(word: str) -> tuple[str, int, int]:
    channel, _, numbers = word.rpartition("/")
    begin, dash, end = numbers.partition("-")
    try:
        parse_channel(channel)
        first = parse_number(begin)
        last = parse_number(end) if dash else first
    except TextError:
        first, last = 1, 0
    if not first <= last:
        raise RangeError(
            f"{shown(word)} names no letters",
            rule="like center/all/14 or center/all/10-14",
            hints=("cipherpost inbox",),
        )
    return channel, first, last


def _is_letter(entry: "Entry") -> bool:
    header = entry.header
    return entry.status == "counts" and header.letter is not None and header.kind not in _QUIET


def _lacking(desk: "Desk", office: str, officer: str) -> "Iterator[Entry]":
    """Letters to or from an office for which an officer's present keys, or those of anybody in it, are not enough."""
    _note_sent(desk, office)
    holders = _holders(desk, office, officer)
    carriers = originals.carriers(desk)
    given = {}
    for channel in (f"{each}/{office}" for each in dict.fromkeys((desk.office, CENTER, office))):
        for hashed in carriers:
            entry = desk.chain.channel(channel).by_hash(hashed)
            if entry is not None and _all_open(desk, entry, holders):
                given.update(dict.fromkeys(each.hash for each in carriers[hashed]))
    for channel in syncing.readable(desk):
        if not desk.roster.reads(office, channel, desk.roster.newest):
            continue
        view = desk.chain.channel(channel)
        for row in desk.mail.rows(channel):
            if row.status != "counts" or row.kind in _QUIET or row.hash in given or row.hash in carriers:
                continue
            entry = view.by_hash(row.hash)
            wanted = entry is not None and _is_letter(entry) and _is_of(desk, office, entry)
            if wanted and entry is not None and not _all_open(desk, entry, holders):
                yield entry


def _holders(desk: "Desk", office: str, officer: str) -> list[frozenset[str]]:
    """For the officer, or each of the office, the cards of the keys that he has."""
    officers = desk.roster.officers(office, desk.roster.newest)
    return [_cards_of(desk, each) for each in officers if officer in {"", each.name}]


def _all_open(desk: "Desk", entry: "Entry", holders: "Sequence[frozenset[str]]") -> bool:
    readers = {each.card for each in letters.readers(desk, entry.header)}
    return all(not readers.isdisjoint(cards) for cards in holders)


def _cards_of(desk: "Desk", officer: "OfficerInfo") -> frozenset[str]:
    """The card of an officer's present keys, and of those that they replaced: he has these still.

    After a loss the new card replaces nothing. What cannot be found out now counts as lost, so that more is shared.
    """
    before = {str(each.vkey): each.card for each in desk.roster.keys(officer.office, officer.name)}
    found, card = {officer.card}, officer.card
    while len(found) < len(set(before.values())):
        replaced = before.get(_replaced_by(desk, officer.office, card))
        if replaced is None or replaced in found:
            break
        found.add(card := replaced)
    return frozenset(found)


def _replaced_by(desk: "Desk", office: str, card: str) -> str:
    """The verifier key that a card says it replaces; nothing where it replaces none, or cannot be had."""
    from cipherpost.card import parse_card
    from cipherpost.postoffice import NoSuchObjectError, names

    for where in dict.fromkeys((CENTER, office)):
        try:
            signed = parse_card(desk.post.get(names.card_name(desk.network, where, card), limits.CARD_BYTES))
        except NoSuchObjectError:
            continue
        except (UnableError, NotAuthenticError):
            return ""
        if signed.hash == card:
            return str(signed.card.replaces or "")
    return ""


def _is_of(desk: "Desk", office: str, entry: "Entry") -> bool:
    """Whether a letter was written by an office, or to it, or to a group in which it was or is now."""
    header = entry.header
    assert header.roster is not None
    if office in {header.office, header.audience}:
        return True
    return any(office in desk.roster.members(header.audience, at) for at in (header.roster.number, desk.roster.newest))


def _note_sent(desk: "Desk", office: str) -> None:
    """Remember what this office's own messages shared, also those that another home of it, or `fetch`, sent."""
    channel = f"{desk.office}/{office}"
    known = originals.carriers(desk)
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        if row.kind != "message" or row.status != "counts" or row.hash in known:
            continue
        outline = letters.outlines(desk, [row.hash]).get(row.hash)
        files = outline.attachments if outline is not None else ()
        entry = view.by_hash(row.hash)
        if entry is None or not files or any(kind != originals.TYPE for _, kind, _ in files):
            continue
        try:
            wanted = originals.named(originals.open_letter(desk, entry))
        except CipherpostError:  # somebody's bad message; it is listed where it is read
            continue
        if wanted:
            originals.record(desk, entry, wanted)


# ---- the messages ----------------------------------------------------------------------------------------------------


def _open_all(desk: "Desk", entries: "Sequence[Entry]") -> "tuple[list[tuple[Entry, Letter]], list[CipherpostError]]":
    """Every letter verified to its end before a byte of it is passed on (I1); those that do not open, with reasons."""
    good, bad = [], []
    with desk.progress.work("opening", len(entries)) as step:
        for entry in entries:
            header = entry.header
            try:
                if letters.is_before_you(desk, header) and originals.find(desk, entry) is None:
                    raise CannotShareError(
                        "it was sealed before you were a reader, or to others",
                        rule="shared is what opens here",
                        hints=("let a colleague share it who can read it",),
                    )
                good.append((entry, originals.open_letter(desk, entry)))
            except CipherpostError as error:
                bad.append(syncing.placed(error, header.channel, header.number))
            step(1)
    return good, bad


def _batches(good: "Sequence[tuple[Entry, Letter]]") -> "Iterator[list[tuple[Entry, Letter]]]":
    from cipherpost.letter import archive_size

    batch: list[tuple[Entry, Letter]] = []
    size = 0
    for entry, letter in good:
        more = archive_size(letter)
        if batch and (len(batch) == _AT_ONCE or size + more > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append((entry, letter))
        size += more
    yield batch


def _outgoing(desk: "Desk", batch: "Sequence[tuple[Entry, Letter]]") -> Outgoing:
    from cipherpost.letter import Attachment, archive_size

    rows = [
        Original(channel=e.header.channel, number=e.header.number, hash=e.hash, letter=letter.hash, at=at)
        for at, (e, letter) in enumerate(batch, 1)
    ]
    files = tuple(
        Attachment(
            name=row.file, type=originals.TYPE, size=archive_size(letter), open=partial(originals.archive, desk, entry)
        )
        for row, (entry, letter) in zip(rows, batch, strict=True)
    )
    lines = [f"- {row.place} of {e.header.time[:10]}: {m.subject}" for row, (e, m) in zip(rows, batch, strict=True)]
    first = rows[0].place if len(rows) == 1 else f"{rows[0].place} to {rows[-1].place}"
    return Outgoing(
        body="Shared with you, exactly as they were sealed; your program has checked each\n"
        "against its own signed header. Read them by their numbers.\n\n" + "\n".join(lines) + "\n",
        body_type="txt",
        subject=f"Shared: {first}"[: limits.FREE_TEXT],
        attachments=files,
        data=canonical({"originals": [row.row() for row in rows]}),
    )
