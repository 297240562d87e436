"""Every note of a network, out of a post office and into a chain: listed, and asked for where the list may lie.

An office reads what comes next; an audit lists all, so that stray, misplaced and junk files are found too. Nothing read
here stops the rest (I7): what is not right becomes a finding, and what could not be read is said.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain as chained
from itertools import tee
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from cipherpost import limits
from cipherpost.chain.checks import code_of, points_of
from cipherpost.chain.findings import Finding
from cipherpost.dispatch.header import parse_header
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError
from cipherpost.note import split
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.text import CENTER, ROSTER, sha256, shown
from cipherpost.workflows.audit_again import Again
from cipherpost.workflows.audit_named import ASKED, not_here, places
from cipherpost.workflows.audit_straight import Job, judge_all

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.network import Chain
    from cipherpost.desk import Progress
    from cipherpost.dispatch.header import Header
    from cipherpost.home.audited import Audited
    from cipherpost.postoffice import PostOffice

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
LISTED: Final = 10_000_000
"""Names of one network that are taken from a listing: ten times those of a large one."""
Outcome = Literal["read", "absent", "unread"]
_ROUNDS: Final = 3
"""How often evidence that came by its name may lead to more."""


@dataclass(slots=True)
class Listed:
    """What a post office lists of one channel.

    ``run``: the plain numbers 1 to it; ``others``: those above the next one; ``alternates``: by number the digits of
    alternate names.
    """

    run: int = 0
    others: set[int] = field(default_factory=set)
    alternates: dict[int, set[str]] = field(default_factory=dict)

    def add(self, slot: names.Slot) -> None:
        """Take up one name; the same name twice changes nothing."""
        if slot.alternate is None:
            self.add_plain(slot.number)
        else:
            self.alternates.setdefault(slot.number, set()).add(slot.alternate)

    def add_plain(self, number: int) -> None:
        """Take up a plain name."""
        if number == self.run + 1:
            self.run = number
            while self.others and self.run + 1 in self.others:
                self.run += 1
                self.others.discard(self.run)
        elif number > self.run:
            self.others.add(number)

    def has(self, number: int) -> bool:
        """Whether the plain name of a number is listed."""
        return 0 < number <= self.run or number in self.others

    @property
    def many(self) -> int:
        """About how many names there are."""
        return self.run + len(self.others) + len(self.alternates)

    @property
    def straight(self) -> bool:
        """Whether there are plain names alone, without a gap."""
        return self.run > 0 and not self.others and not self.alternates

    def numbers(self) -> Iterator[int]:
        """The numbers of which anything is listed, rising."""
        beside = sorted(number for number in self.others | self.alternates.keys() if number > self.run)
        return chained(range(1, self.run + 1), beside)


class Note(NamedTuple):
    """A note as it lay there: ``alternate`` holds the digits of its name where that is not the plain one."""

    number: int
    alternate: str | None
    data: bytes


class Reader:
    """Reads one network from ``post`` into ``chain``; findings of V1 to V8 are the chain's, the others are here.

    ``sealed``: whether what headers say of sealed files will be asked for. ``unread``: names that the post office
    failed to give, and why. ``unlisted``: how many notes were there and not listed. ``newer``: names of what a newer
    cipherpost left under evidence. ``absent``: names that somebody's word led to, and that are not there;
    ``named_more``: whether not all of them were asked for. ``entries``:
    names of evidence of the roster that were not listed, found after all else was judged by it; another `Reader` takes
    them up as ``also``. ``audited``: what the home keeps of earlier audits; ``again``: what of it was taken up, None
    where all is read from zero. ``wanted``: all channels that were looked for.
    """

    def __init__(
        self,
        post: "PostOffice",
        chain: "Chain",
        progress: "Progress",
        *,
        sealed: bool = False,
        also: frozenset[str] = frozenset(),
        audited: "Audited | None" = None,
    ) -> None:
        self.post = post
        self.sealed = sealed
        self.chain = chain
        self.progress = progress
        self.unread: dict[str, str] = {}
        self.unlisted = len(also)
        self.newer: list[str] = []
        self.absent: set[str] = set()
        self.named_more = False
        self.entries: set[str] = set()
        self.again: Again | None = None
        self.wanted: set[str] = set()
        self._audited = audited
        self._also = also
        self._laid: frozenset[str] = frozenset()
        self._found: set[Finding] = set()
        self._channels: dict[str, Listed] = {}
        self._aside: list[tuple[str, names.Other]] = []
        self._only_aside: dict[str, tuple[str, int, str]] = {}
        self._genesis = names.note_name(chain.network, ROSTER_CHANNEL, 1)

    # ---- what to read ------------------------------------------------------------------------------------------------

    def read_channel(self, channel: str) -> None:
        """All notes of one channel.

        Raises:
            UnreachableError: the post office went away.
        """
        self._take_channel(channel, self._list_channel(channel))

    def read_roster(self) -> None:
        """The roster first, since it says who may sign: all that is listed of it, and what lies under evidence of it.

        Raises:
            UnreachableError: the post office went away.
        """
        self.read_channel(ROSTER_CHANNEL)
        if self.chain.roster.newest:
            past = self._audited.load(self.chain.roster) if self._audited is not None else None
            if past is not None:
                self.again = Again(self.post, self.chain, past, sealed=self.sealed)
                self.wanted = set(past.channels)
            self._channels, evidence = self._list() if past is None else ({}, self._list_evidence(past.channels))
            self._laid = frozenset(name for name, _ in evidence)
            self._aside = [name for name in sorted(evidence) if not self._take_evidence(*name, of_roster=True)]

    def read_rest(self) -> None:
        """All other channels, and what lies under evidence of them; the roster does not grow any more.

        Without the first entry of the roster nothing can be verified, and nothing else is read.

        Raises:
            UnreachableError: the post office went away. HelperDiedError: a helping process did.
        """
        roster, channels = self.chain.roster, self._channels
        if roster.newest == 0:
            return
        self.wanted |= channels.keys() | set(roster.channels(roster.newest)) - {ROSTER_CHANNEL}
        wanted = sorted(self.wanted)
        if self.again is not None:
            self.again.read(self.progress)
            wanted = sorted(self.wanted - self.again.done)
            channels |= {name: self._list_channel(name) for name in wanted}
        jobs = [
            Job(name, channels[name].run)
            for name in wanted
            if name in channels and channels[name].straight and not roster.pins(name)
        ]
        with (
            self.progress.work("verifying", sum(each.many for each in channels.values())) as step,
            closing(judge_all(self.post, self.chain, jobs, sealed=self.sealed, step=step)) as judged,
        ):
            straight = {job.channel for job in jobs}
            for name in wanted:
                columns = next(judged) if name in straight else None
                if columns is not None:
                    self.chain.take_straight(columns)
                else:
                    listed = channels.pop(name, Listed())
                    self._take_channel(name, listed)
                    if name not in straight:
                        step(listed.many)
        channels.clear()
        for name, other in self._aside:
            self._take_evidence(name, other, of_roster=False)
        self._ask_for_named()

    def whole(self, channel: str) -> "Channel":
        """A channel to which anything may be offered: one that was judged straight is read again."""
        view = self.chain.channel(channel)
        if not view.straight:
            return view
        self.chain.drop(channel)
        self._take_channel(channel, Listed(view.long))
        return self.chain.channel(channel)

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

    def _list_channel(self, channel: str) -> Listed:
        listed = Listed()
        for name in self._listed(names.channel_prefix(self.chain.network, channel)):
            slot = names.parse_object_name(name)
            if isinstance(slot, names.Slot):
                listed.add(slot)
        return listed

    def _list_evidence(self, channels: Iterable[str]) -> set[tuple[str, names.Other]]:
        """What lies under evidence of all offices of the roster, and of those that send in ``channels``."""
        roster = self.chain.roster
        offices = {*roster.offices(roster.newest), *(channel.partition("/")[0] for channel in channels)}
        found = set(self._also)
        for office in sorted(offices):
            found.update(self._listed(names.kind_prefix(self.chain.network, office, "evidence")))
        places = ((name, names.parse_object_name(name)) for name in found)
        return {(name, place) for name, place in places if isinstance(place, names.Other) and place.kind == "evidence"}

    def _list(self) -> tuple[dict[str, Listed], set[tuple[str, names.Other]]]:
        channels: dict[str, Listed] = {}
        evidence: set[tuple[str, names.Other]] = set()
        folder, listed = "", Listed()  # of the last note: nearly all names are like the one before
        for name in self._listed(names.network_prefix(self.chain.network)):
            if folder and name.startswith(folder) and (digits := _plain(name, len(folder))):
                listed.add_plain(int(digits))
                continue
            place = names.parse_object_name(name)
            if isinstance(place, names.Slot) and place.channel != ROSTER_CHANNEL:
                listed = channels.setdefault(place.channel, Listed())
                listed.add(place)
                folder = names.channel_prefix(self.chain.network, place.channel)
            elif isinstance(place, names.Other) and place.kind == "evidence":
                evidence.add((name, place))
        for name in self._also:
            place = names.parse_object_name(name)
            assert isinstance(place, names.Other)
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
        for number in listed.numbers():
            if listed.has(number):
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
            if asked <= limits.NUMBER and not listed.has(asked) and self._take(view.name, asked) == "read":
                listed.add_plain(asked)
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
            elif digits not in known and len(self.absent) < ASKED:
                self.absent.add(names.alternate_name(self.chain.network, view.name, number, hashed))
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

    def _take_evidence(self, name: str, place: names.Other, *, of_roster: bool) -> bool:
        """A note as an officer saw it: it may be the other side of a fork, or all that is left of a dispatch.

        Returns:
            False, and nothing was taken, where it is of a dispatch and ``of_roster`` asks for entries of the roster.
        """
        where = f"{place.office}/evidence/{place.hash[:16]}..."
        found = self._evidence(name, place, where)
        if found is None:
            return True
        header, note = found
        if (header.channel == ROSTER_CHANNEL) is not of_roster:
            if not of_roster:
                self.unread[name] = "the post office gave out another note when it was asked again"
            return False
        self._take_aside(header, note, place.hash, where)
        return True

    def _take_aside(self, header: "Header", note: bytes, hashed: str, where: str) -> None:
        view = self.chain.channel(header.channel)
        known = view.hash_at(header.number) == hashed if view.straight else view.by_hash(hashed) is not None
        if not known:
            self.whole(header.channel)
        self._offer_aside(header.channel, header.number, note, where)
        if not known:
            self._only_aside[hashed] = (header.channel, header.number, where)

    def _ask_for_named(self) -> None:
        """Ask for the evidence that acks, heads and links lead to, listed or not; what comes may name more."""
        asked: set[str] = set()
        for _ in range(_ROUNDS):
            before = len(asked), len(self.absent)
            named_here = not_here(self.chain)
            self.named_more = len(named_here) >= ASKED
            for named in named_here:
                for name in places(self.chain, named):
                    if name not in asked and name not in self._laid and len(asked) < ASKED:
                        asked.add(name)
                        self._ask_for_evidence(name)
            self.named_more |= len(asked) >= ASKED
            if len(asked) - before[0] == len(self.absent) - before[1]:
                return
        self.named_more = True

    def _ask_for_evidence(self, name: str) -> None:
        place = names.parse_object_name(name)
        assert isinstance(place, names.Other)
        where = f"{place.office}/evidence/{place.hash[:16]}..."
        found = self._evidence(name, place, where)
        if found is None:
            return
        self.unlisted += 1
        header, note = found
        if header.channel == ROSTER_CHANNEL:
            self.entries.add(name)  # the roster does not grow any more here
        else:
            self._take_aside(header, note, place.hash, where)

    def _evidence(self, name: str, place: names.Other, where: str) -> "tuple[Header, bytes] | None":
        note = self._get(name, place.office, None)
        if not isinstance(note, bytes):
            if note == "absent" and name not in self._laid:
                self.absent.add(name)
            return None
        try:
            text = split(note).text
            header = parse_header(text)
        except NewerError:
            self.newer.append(name)
            return None
        except NotAuthenticError as error:
            self._found.add(_finding("malformed", place.office, None, f"{where}: {error.what}"))
            return None
        hashed = sha256(text)
        if hashed != place.hash or header.network != self.chain.network:
            wrong = (
                f"{where}: this is {shown(header.network)[1:-1]}: {header.channel}/{header.number}, {hashed[:16]}..."
            )
            self._found.add(_finding("misplaced", place.office, None, wrong))
            return None
        return header, note

    def _offer_aside(self, channel: str, number: int, note: bytes, where: str) -> None:
        before = len(self.chain.refused)
        try:
            self.chain.offer(channel, number, note)
        except (NotAuthenticError, NewerError) as error:
            refusal = _finding(code_of(error), channel, number, error.what)
            if len(self.chain.refused) > before:
                self.chain.refused.discard(refusal)  # nothing is wrong with the slot itself
            self._found.add(replace(refusal, detail=f"{where}: {error.what}", points=points_of(error)))


def _finding(code: str, channel: str, number: int | None, detail: str) -> Finding:
    """A finding about ``channel``, or about an office where there is no slash."""
    office, slash, _ = channel.partition("/")
    return Finding(code=code, channel=channel if slash else None, number=number, office=office, detail=detail)


def _plain(name: str, cut: int) -> str | None:
    """The digits of a plain name behind its folder, which has ``cut`` characters; None of any other name."""
    digits = name[cut : cut + 8]
    if name[cut + 8 :] != ".note" or not (digits.isascii() and digits.isdigit()) or digits == "00000000":
        return None
    return digits
