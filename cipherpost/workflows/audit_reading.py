"""Every note of a network, out of a post office and into a chain: listed, and asked for where the list may lie.

An office reads what comes next; an audit lists all, so that stray, misplaced and junk files are found too. Nothing read
here stops the rest (I7): what is not right becomes a finding, and what could not be read is said.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import tee
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from cipherpost import limits
from cipherpost.chain.checks import code_of
from cipherpost.chain.findings import Finding
from cipherpost.dispatch.header import parse_header
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError
from cipherpost.note import split
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.text import CENTER, ROSTER, sha256, shown

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.network import Chain
    from cipherpost.desk import Progress
    from cipherpost.postoffice import PostOffice

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
LISTED: Final = 10_000_000
"""Names of one network that are taken from a listing: ten times those of a large one."""
Outcome = Literal["read", "absent", "unread"]


@dataclass(slots=True)
class Listed:
    """What a post office lists of one channel: plain numbers, and by number the digits of alternate names."""

    plain: set[int] = field(default_factory=set)
    alternates: dict[int, set[str]] = field(default_factory=dict)

    def add(self, slot: names.Slot) -> None:
        """Take up one name; the same name twice changes nothing."""
        if slot.alternate is None:
            self.plain.add(slot.number)
        else:
            self.alternates.setdefault(slot.number, set()).add(slot.alternate)


class Note(NamedTuple):
    """A note as it lay there: ``alternate`` holds the digits of its name where that is not the plain one."""

    number: int
    alternate: str | None
    data: bytes


class Reader:
    """Reads one network from ``post`` into ``chain``; findings of V1 to V8 are the chain's, the others are here.

    ``unread``: names that the post office failed to give, and why. ``unlisted``: how many notes were there and not
    listed. ``newer``: names of what a newer cipherpost left under evidence.
    """

    def __init__(self, post: "PostOffice", chain: "Chain", progress: "Progress") -> None:
        self.post = post
        self.chain = chain
        self.progress = progress
        self.unread: dict[str, str] = {}
        self.unlisted = 0
        self.newer: list[str] = []
        self._found: set[Finding] = set()
        self._only_aside: dict[str, tuple[str, int, str]] = {}
        self._genesis = names.note_name(chain.network, ROSTER_CHANNEL, 1)

    # ---- what to read ------------------------------------------------------------------------------------------------

    def read_channel(self, channel: str) -> None:
        """All notes of one channel.

        Raises:
            UnreachableError: the post office went away.
        """
        listed = Listed()
        for name in self._listed(names.channel_prefix(self.chain.network, channel)):
            slot = names.parse_object_name(name)
            if isinstance(slot, names.Slot):
                listed.add(slot)
        self._take_channel(channel, listed)

    def read_all(self) -> None:
        """The roster first, since it says who may sign; then all channels, and what lies under evidence.

        Without the first entry of the roster nothing can be verified, and nothing else is read.

        Raises:
            UnreachableError: the post office went away.
        """
        self.read_channel(ROSTER_CHANNEL)
        roster = self.chain.roster
        if roster.newest == 0:
            return
        channels, evidence = self._list()
        count = sum(len(each.plain) + len(each.alternates) for each in channels.values())
        with self.progress.work("verifying", count) as step:
            for channel in sorted(channels.keys() | set(roster.channels(roster.newest)) - {ROSTER_CHANNEL}):
                listed = channels.pop(channel, Listed())
                self._take_channel(channel, listed)
                step(len(listed.plain) + len(listed.alternates))
        for name, other in sorted(evidence):
            self._take_evidence(name, other)

    def findings(self) -> Iterable[Finding]:
        """What the chain cannot know: where things lay."""
        yield from self._found
        for hashed, (channel, number, name) in self._only_aside.items():
            stands = self.chain.channel(channel).entry(number)
            if stands is not None and stands.hash == hashed:
                yield _finding("gap", channel, number, f"it is not in its slot; there is a copy only at {name}")

    def _listed(self, prefix: str) -> Iterator[str]:
        """What the post office lists there; a listing that goes on and on is cut off, and that is said."""
        for at, name in enumerate(self.post.names(prefix)):
            if at == LISTED:
                self.unread[prefix] = f"the post office lists more than {LISTED:,} names; the rest were not looked at"
                return
            if name.startswith(prefix):
                yield name

    def _list(self) -> tuple[dict[str, Listed], set[tuple[str, names.Other]]]:
        channels: dict[str, Listed] = {}
        evidence: set[tuple[str, names.Other]] = set()
        for name in self._listed(names.network_prefix(self.chain.network)):
            place = names.parse_object_name(name)
            if isinstance(place, names.Slot) and place.channel != ROSTER_CHANNEL:
                channels.setdefault(place.channel, Listed()).add(place)
            elif isinstance(place, names.Other) and place.kind == "evidence":
                evidence.add((name, place))
        return channels, evidence

    # ---- one channel -------------------------------------------------------------------------------------------------

    def _take_channel(self, channel: str, listed: Listed) -> None:
        self._offer_all(channel, self._read_slots(channel, listed))
        view = self.chain.channel(channel)
        while self._ask_for_next(view, listed) or self._ask_for_wanted(view, listed):
            pass

    def _read_slots(self, channel: str, listed: Listed) -> Iterator[Note]:
        """All notes listed; in each slot the plain name first: of an open race, readers take that one."""
        for number in sorted(listed.plain | listed.alternates.keys()):
            if number in listed.plain:
                note = self._read(channel, number)
                if isinstance(note, Note):
                    yield note
                elif note == "absent":
                    gone = "the post office lists it and does not give it out"
                    self._found.add(_finding("gap", channel, number, gone))
            digits = sorted(listed.alternates.get(number, ()))
            for alternate in digits[: limits.ALTERNATES]:
                note = self._read(channel, number, alternate)
                if isinstance(note, Note):
                    yield note
            if len(digits) > limits.ALTERNATES:
                many = f"{len(digits)} notes lie beside this slot, and only the first {limits.ALTERNATES} are looked at"
                self._found.add(_finding("malformed", channel, number, many))

    def _ask_for_next(self, view: "Channel", listed: Listed) -> bool:
        """As readers do, ask for the next number and the one after it; whether the channel went on."""
        number = view.next
        for asked in (number, number + 1):
            if asked <= limits.NUMBER and asked not in listed.plain and self._take(view.name, asked) == "read":
                listed.plain.add(asked)
                self.unlisted += 1
        return view.next > number

    def _ask_for_wanted(self, view: "Channel", listed: Listed) -> bool:
        """Ask for what signed dispatches link to, by the alternate names; whether anything came."""
        came = False
        for number, hashed in view.wanted():
            digits = names.alternate_name(self.chain.network, view.name, number, hashed).split(".")[1]
            known = listed.alternates.setdefault(number, set())
            if digits not in known and self._take(view.name, number, digits) == "read":
                self.unlisted += 1
                came = True
            known.add(digits)
        return came

    def _take(self, channel: str, number: int, alternate: str | None = None) -> Outcome:
        """Offer the chain what lies under one name of a slot."""
        note = self._read(channel, number, alternate)
        if not isinstance(note, Note):
            return note
        self._offer_all(channel, [note])
        return "read"

    def _read(self, channel: str, number: int, alternate: str | None = None) -> Note | Outcome:
        name = names.note_name(self.chain.network, channel, number)
        if alternate is not None:
            name = f"{name.removesuffix('.note')}.{alternate}.note"
        note = self._get(name, channel, number)
        return Note(number, alternate, note) if isinstance(note, bytes) else note

    def _offer_all(self, channel: str, notes: Iterable[Note]) -> None:
        """Offer notes of one channel; the chain lists those it refuses."""
        first, again = tee(notes)
        results = self.chain.offer_all(channel, ((note.number, note.data) for note in first))
        for result, note in zip(results, again, strict=True):
            if note.alternate is None or isinstance(result, CipherpostError):
                continue
            if not result.hash.startswith(note.alternate):
                wrong = f"it lies under the alternate name {note.alternate}, which is not of its own hash"
                self._found.add(_finding("misplaced", channel, note.number, wrong))

    def _get(self, name: str, channel: str, number: int | None) -> bytes | Outcome:
        try:
            return self.post.get(name, names.size_limit(name))
        except NoSuchObjectError:
            return "absent"
        except TooLargeError as error:
            self._found.add(_finding("malformed", channel, number, error.what))
            return "read"
        except UnreachableError as error:
            self.pass_over(name, error)
            return "unread"

    def pass_over(self, name: str, error: UnreachableError) -> None:
        """One file that cannot be read is noted in `unread`; a post office that went away ends the audit.

        Raises:
            UnreachableError: it went away.
        """
        self.post.size(self._genesis)
        self.unread[name] = error.what

    # ---- evidence ----------------------------------------------------------------------------------------------------

    def _take_evidence(self, name: str, place: names.Other) -> None:
        """A note as an officer saw it: it may be the other side of a fork, or all that is left of a dispatch."""
        where = f"{place.office}/evidence/{place.hash[:16]}..."
        note = self._get(name, place.office, None)
        if not isinstance(note, bytes):
            return
        try:
            text = split(note).text
            header = parse_header(text)
        except NewerError:
            self.newer.append(name)
            return
        except NotAuthenticError as error:
            self._found.add(_finding("malformed", place.office, None, f"{where}: {error.what}"))
            return
        hashed = sha256(text)
        if hashed != place.hash or header.network != self.chain.network:
            wrong = (
                f"{where}: this is {shown(header.network)[1:-1]}: {header.channel}/{header.number}, {hashed[:16]}..."
            )
            self._found.add(_finding("misplaced", place.office, None, wrong))
            return
        known = self.chain.channel(header.channel).by_hash(hashed) is not None
        self._offer_aside(header.channel, header.number, note, where)
        if not known:
            self._only_aside[hashed] = (header.channel, header.number, where)

    def _offer_aside(self, channel: str, number: int, note: bytes, where: str) -> None:
        before = len(self.chain.refused)
        try:
            self.chain.offer(channel, number, note)
        except (NotAuthenticError, NewerError) as error:
            refusal = _finding(code_of(error), channel, number, error.what)
            if len(self.chain.refused) > before:
                self.chain.refused.discard(refusal)  # nothing is wrong with the slot itself
            self._found.add(_finding(refusal.code, channel, number, f"{where}: {error.what}"))


def _finding(code: str, channel: str, number: int | None, detail: str) -> Finding:
    """A finding about ``channel``, or about an office where there is no slash."""
    office, slash, _ = channel.partition("/")
    return Finding(code=code, channel=channel if slash else None, number=number, office=office, detail=detail)
