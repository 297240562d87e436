"""Whether an alteration is noticed: by the audit, or by whoever would use the object.

An audit of the whole costs as much as the network is large. So an altered note is offered to a reader who has all the
others, an altered file is compared with the hash that its name and a header give, an altered card is given to who
would seal to it; and each `EACH`-th time the whole audit must find it too, by a finding that names the dispatch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Final

from cipherpost.chain.findings import Finding
from cipherpost.chain.network import Chain
from cipherpost.desk import Silent
from cipherpost.dispatch.header import Ack, Head, Header, Reply, parse_header
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError
from cipherpost.note import split
from cipherpost.postoffice import PostOffice, names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import ROSTER, parse_time, sha256
from cipherpost.workflows.auditing import Subject, audit
from cipherpost.workflows.sealing import recipients

EACH: Final = 400
"""So many alterations of an object are judged between two that the audit of the whole judges too."""
NOTICED: Final = "noticed"
UNNOTICED: Final = "NOT NOTICED"
HARMLESS: Final[Mapping[str, str]] = {
    "same dispatch": "the text and the signature that counts are as they were; a dispatch is its text",
    "last one": "nobody has acknowledged or cited it, so it may never have been sent",
    "spare copy": "a copy of what lies elsewhere too, where the audit and readers take it from",
    "names nothing": "no dispatch that counts names it, or nobody of today's officers is meant by it",
}
"""What is not noticed, and why it need not be: docs/threat-model.md says the same at length."""
_BYTES: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Place:
    """One object: its name, and what it is: roster, note, alternate, sealed, card, heads, evidence."""

    name: str
    kind: str


class Network:
    """All objects of one network of a post office, clean.

    Raises:
        UnreachableError: the post office does not answer.
    """

    def __init__(self, objects: dict[str, bytes], network: str, fingerprint: str) -> None:
        self.objects, self.network, self.fingerprint = objects, network, fingerprint

    @classmethod
    def of(cls, post: PostOffice, network: str, fingerprint: str) -> "Network":
        """Everything that a post office or a bundle holds of it."""
        listed = sorted(set(post.names(names.network_prefix(network))))
        return cls({name: post.get(name, _BYTES) for name in listed}, network, fingerprint)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every object of the network that bears a name of the protocol."""
        return tuple(
            Place(name, _kind(found)) for name in self.objects if (found := names.parse_object_name(name)) is not None
        )

    @cached_property
    def now(self) -> Any:
        """A day after the newest dispatch: all audits judge by it."""
        times = [header.time for header in self.headers.values()]
        return parse_time(max(times)) + timedelta(days=1)

    @cached_property
    def headers(self) -> dict[str, Header]:
        """The header of each note that has one, by the note's name."""
        found = {}
        for place in self.places:
            if place.kind in {"roster", "note", "alternate"}:
                try:
                    found[place.name] = parse_header(split(self.objects[place.name]).text)
                except CipherpostError:
                    continue  # junk that lies there
        return found

    # ---- the audit of the whole ----------------------------------------------------------------------------------

    def findings(self, objects: Mapping[str, bytes]) -> frozenset[Finding] | None:
        """What an audit with all sealed files finds; None where it refuses the whole."""
        post: Any = MemoryPost()
        post.objects = dict(objects)
        try:
            subject = Subject(post=post, network=self.network, fingerprint=self.fingerprint)
            return frozenset(audit(subject, sealed=True, as_of=self.now).findings)
        except CipherpostError:
            return None

    @cached_property
    def clean(self) -> frozenset[Finding]:
        """What is found in the network as it is."""
        found = self.findings(self.objects)
        assert found is not None
        return found

    def audited(self, changed: Mapping[str, bytes | None], about: set[tuple[str, int]]) -> bool:
        """Whether the audit finds something new that names one of the dispatches ``about``, or a channel of theirs."""
        objects = {name: data for name, data in {**self.objects, **changed}.items() if data is not None}
        found = self.findings(objects)
        if found is None:
            return True
        channels = {channel for channel, _ in about}
        return any(each.channel in channels or not channels for each in found ^ self.clean)

    # ---- one object ----------------------------------------------------------------------------------------------

    def about(self, place: Place) -> set[tuple[str, int]]:
        """The dispatches that an object belongs to."""
        parsed = names.parse_object_name(place.name)
        if isinstance(parsed, names.Slot):
            return {(parsed.channel, parsed.number)}
        assert parsed is not None
        return {
            (header.channel, header.number)
            for header in self.headers.values()
            if parsed.hash in {each.hash for each in header.sealed}
            or (header.heads_file is not None and header.heads_file.hash == parsed.hash)
        }

    def judge(self, place: Place) -> "Judge":
        """Who judges alterations of an object."""
        if place.kind in {"roster", "note", "alternate"}:
            return NoteJudge(self, place)
        if place.kind == "card":
            return CardJudge(self, place)
        if place.kind == "evidence":
            return Judge(self, place)
        return FileJudge(self, place)


class Judge:
    """Says of altered bytes of one object whether they are noticed; this one asks the whole audit each time."""

    harmless = "spare copy"

    def __init__(self, network: Network, place: Place) -> None:
        self.network, self.place = network, place
        self.about = network.about(place)

    def word(self, altered: bytes | None, *, thorough: bool) -> str:
        """`NOTICED`, a word of `HARMLESS`, or `UNNOTICED`; None for an object that is deleted."""
        quick = None if altered is None else self.quick(altered)
        if quick is not None and (quick in HARMLESS or not thorough):
            return quick
        whole = self.network.audited({self.place.name: altered}, self.about)
        if whole:
            return NOTICED if quick in {None, NOTICED} else UNNOTICED
        return self.unnoticed(altered)

    def quick(self, altered: bytes) -> str | None:
        """The same without an audit of the whole, where that can be said."""
        return None

    def unnoticed(self, altered: bytes | None) -> str:
        """What it is when the audit finds nothing new."""
        return self.harmless


class NoteJudge(Judge):
    """Notes: offered to a reader who has all the others."""

    def __init__(self, network: Network, place: Place) -> None:
        super().__init__(network, place)
        ((self.channel, self.number),) = self.about
        self.alone = not any(
            other.name != place.name and network.about(other) == self.about
            for other in network.places
            if other.kind in {"roster", "note", "alternate"}
        )
        self.chain = self._chain()
        if self.alone and not self._counts(network.objects[place.name]):
            self.alone = False
        self.chain = self._chain()

    def _chain(self) -> Chain:
        chain = Chain(self.network.network, self.network.fingerprint)
        notes = sorted((each for each in self.network.headers if each != self.place.name), key=_order)
        for name in notes:
            slot = names.parse_object_name(name)
            assert isinstance(slot, names.Slot)
            try:
                chain.offer(slot.channel, slot.number, self.network.objects[name])
            except CipherpostError:
                continue  # it does not count, and never did
        return chain

    def _counts(self, note: bytes) -> bool:
        try:
            entry = self.chain.offer(self.channel, self.number, note)
        except (NotAuthenticError, NewerError):
            entry = None
        stands = self.chain.channel(self.channel).entry(self.number)
        return stands is not None or (entry is not None and entry.counts)

    def quick(self, altered: bytes) -> str | None:
        """A note that does not count any more is noticed: its number is missing, or the note is named as altered."""
        if not self.alone:
            return None
        if not self._counts(altered):
            return NOTICED
        self.chain = self._chain()
        same = split(altered).text == split(self.network.objects[self.place.name]).text
        return "same dispatch" if same else UNNOTICED

    def unnoticed(self, altered: bytes | None) -> str:
        """A number at the end that nobody knows of, a copy that does not count; else it should have been noticed."""
        if not self.alone:
            return self.harmless if altered is not None or self._lies_elsewhere() else UNNOTICED
        if altered is None and not self._known():
            return "last one"
        return UNNOTICED

    def _lies_elsewhere(self) -> bool:
        text = split(self.network.objects[self.place.name]).text
        return any(
            each != self.place.name and split(self.network.objects[each]).text == text for each in self.network.headers
        )

    def _known(self) -> bool:
        """Whether a later dispatch, or a word of another office, says that the number was there."""
        for header in self.network.headers.values():
            if header.channel == self.channel and header.number > self.number:
                return True
            cited: list[Ack | Head | Reply] = [*header.acks, *header.heads, *([header.reply] if header.reply else [])]
            if any(each.channel == self.channel and each.number >= self.number for each in cited):
                return True
            if self.place.kind == "roster" and header.roster and header.roster.number >= self.number:
                return True
        return False


class FileJudge(Judge):
    """Sealed files and heads files: headers give their hash and size."""

    harmless = "names nothing"

    def quick(self, altered: bytes) -> str | None:
        """Who reads it compares it with the hash that its name and the header give."""
        if not self.about:
            return self.harmless
        parsed = names.parse_object_name(self.place.name)
        assert isinstance(parsed, names.Other)
        return NOTICED if sha256(altered) != parsed.hash else UNNOTICED

    def unnoticed(self, altered: bytes | None) -> str:
        """The audit must find it where a dispatch names it."""
        return UNNOTICED if self.about else self.harmless


class CardJudge(Judge):
    """Cards: whoever seals takes none whose hash is not the roster's; both copies are altered at once."""

    harmless = "names nothing"

    def __init__(self, network: Network, place: Place) -> None:
        super().__init__(network, place)
        parsed = names.parse_object_name(place.name)
        assert isinstance(parsed, names.Other)
        chain = Chain(network.network, network.fingerprint)
        for name in sorted((each for each in network.headers if f"/{ROSTER}/" in each), key=_order):
            slot = names.parse_object_name(name)
            assert isinstance(slot, names.Slot)
            chain.offer(slot.channel, slot.number, network.objects[name])
        roster = chain.roster
        officers = [each for office in roster.offices(roster.newest) for each in roster.officers(office, roster.newest)]
        self.officer = next((each for each in officers if each.card == parsed.hash), None)
        self.copies = [each.name for each in network.places if each.name.endswith(f"/{parsed.hash}.card")]

    def word(self, altered: bytes | None, *, thorough: bool) -> str:
        """The audit reads no cards: who seals refuses."""
        if self.officer is None:
            return self.harmless
        try:
            sealed_to = self._keys({} if altered is None else dict.fromkeys(self.copies, altered))
        except CipherpostError:
            return NOTICED
        right = self._keys({name: self.network.objects[name] for name in self.copies})
        return "same dispatch" if sealed_to == right else UNNOTICED

    def _keys(self, objects: dict[str, bytes]) -> list[bytes]:
        known: dict[str, bytes] = {}
        post: Any = MemoryPost()
        post.objects = objects
        taken = SimpleNamespace(get=known.get, add=known.update)
        desk: Any = SimpleNamespace(
            post=post, network=self.network.network, recipients=taken, progress=Silent(), is_center=True
        )
        assert self.officer is not None
        return [each.raw for each in recipients(desk, [self.officer])]


def _kind(parsed: names.Slot | names.Other) -> str:
    if isinstance(parsed, names.Other):
        return parsed.kind
    return "alternate" if parsed.alternate else "roster" if parsed.channel.endswith(f"/{ROSTER}") else "note"


def _order(name: str) -> tuple[bool, str]:
    return f"/{ROSTER}/" not in name, name
