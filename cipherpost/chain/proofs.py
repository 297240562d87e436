"""The proof of a fork: one file that convinces whoever knows the fingerprint, without a home and without a line.

    fork.txt                       what it proves, and what not, for people
    roster/00000001.note ...       the entries of the roster that it takes, number 1 first
    a/00000014.note ...            one side: the dispatch, and where both sides go on, those up to the next that counts
    b/00000014.note ...            the other side

An archive in the form of `cipherpost.tar`. All of it follows from the notes, each of which bears the one signature line
that counts; it is made anew and compared. So any byte that is changed is noticed, and a fork has one proof, whoever
makes it and whenever. docs/protocol.md, "Proof of a fork".

Nothing here knows files. `build` makes one, `verify` reads one.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cipherpost import limits
from cipherpost.chain.fingerprint import known_fingerprint
from cipherpost.chain.judging import Judge
from cipherpost.chain.network import Chain
from cipherpost.chain.opening import ROSTER_CHANNEL, Opened, open_note
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.errors import GapError, NotAuthenticError, TooLargeError
from cipherpost.note import split
from cipherpost.roster.standing import entry_signers
from cipherpost.tar import TarReader, TarStream
from cipherpost.text import spoken

PAGE: Final = "fork.txt"
_WIDTH: Final = 80
_NOTE: Final = re.compile(r"(roster|a|b)/[0-9]{8}\.note")
_GENESIS: Final = "roster/00000001.note"
AGAIN: Final = (
    "ask for the file again, as an attached file",
    "who has seen both sides makes it anew: cipherpost forks -o DIR",
)

What = Literal["twice", "roster", "went-on"]
"""One key signed two texts; enough keepers signed two entries of the roster; two keys' dispatches both went on."""


class ProofAlteredError(NotAuthenticError):
    """The file of a proof is not as it was made: altered, cut short, or put together by somebody else."""


class NothingProvedError(NotAuthenticError):
    """Two dispatches of one number that prove no fork: mostly a race of two officers, which blames nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedSide:
    """One side: its dispatch of the number in question, and the last number of it that the proof holds.

    ``notes`` are the dispatches from the one to the other, each with the one signature that counts.
    """

    header: Header
    hash: str
    last: int
    notes: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What a proof proves.

    ``both`` are those who signed both sides, as ``tver/ivanov``: none where the sides only went on. ``roster`` are the
    entries that it takes to judge the sides.
    """

    network: str
    fingerprint: str
    what: What
    sides: tuple[ProvedSide, ProvedSide]
    both: tuple[str, ...]
    roster: tuple[bytes, ...] = field(repr=False)

    @property
    def channel(self) -> str:
        """The channel that forks."""
        return self.sides[0].header.channel

    @property
    def number(self) -> int:
        """The number that two dispatches bear."""
        return self.sides[0].header.number

    @property
    def proved(self) -> str:
        """What is proved, in one sentence."""
        if self.what == "twice":
            return f"whoever held this key of {self.both[0]} signed two dispatches with one number"
        if self.what == "roster":
            return (
                f"two entries of the roster have one number, each signed by more than half of the keepers of then; "
                f"both by {', '.join(self.both)}"
            )
        return f"the channel was written on from two dispatches with one number, signed under {self._keys}"

    @property
    def not_proved(self) -> str:
        """What is not, in one sentence."""
        if self.what == "twice":
            return (
                "that the officer meant to: the key may be stolen, or a home restored from a copy; nor that it was "
                f"still his: {self._cut_short}"
            )
        if self.what == "roster":
            return (
                "that they meant to: keys may be stolen, and who endorsed both may have been told that one was "
                "withdrawn; nor that they keep the roster today"
            )
        return (
            "anything against either of them: the carrier may have shown officers different post offices, or a key "
            f"be stolen; nor that the keys were still theirs: {self._cut_short}"
        )

    @property
    def _keys(self) -> str:
        one, other = (f"{side.header.office}/{side.header.by}" for side in self.sides)
        return f"a key of {one} and a key of {other}" if one != other else f"two keys of {one}"

    @property
    def _cut_short(self) -> str:
        return f"entries of the roster after number {len(self.roster)} are not in this file"

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, value) of what is shown."""
        yield "fork", f"proved: number {self.number} of {self.channel}"
        yield "proved", self.proved
        yield "not proved", self.not_proved
        for side in self.sides:
            header, goes_on = side.header, f", goes on to {side.last}" if side.last > self.number else ""
            yield "side", f"{side.hash[:16]} by {header.by}, {header.kind}, {header.time} by his clock{goes_on}"
        yield "roster", f"entries 1 to {len(self.roster)}; what came after them is not in it"

    def as_json(self) -> dict[str, Any]:
        """The object that ``verify --json`` prints."""
        return {
            "proof": self.what,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "channel": self.channel,
            "number": self.number,
            "both": list(self.both),
            "proved": self.proved,
            "not_proved": self.not_proved,
            "sides": [
                {
                    "hash": side.hash,
                    "by": side.header.by,
                    "kind": side.header.kind,
                    "time": side.header.time,
                    "last": side.last,
                }
                for side in self.sides
            ],
            "roster": len(self.roster),
        }


# ---- making and reading ----------------------------------------------------------------------------------------------


def build(fingerprint: str, roster: Sequence[bytes], one: Sequence[bytes], other: Sequence[bytes]) -> bytes:
    """The file that proves a fork; the same for the same fork.

    Args:
        fingerprint: of the network, in hex or as it is spoken.
        roster: the notes of its entries from number 1 on; those that are needed go into the file.
        one, other: the notes of the two sides: the dispatches of the number that forks, and those that follow on each,
            at least up to one that counts. Where the former alone prove it, the latter are left out.

    Raises:
        NothingProvedError: the two prove no fork. TooLargeError: `limits.PROOF_BYTES`, `limits.PROOF_NOTES`.
        Whatever a note is refused with (V1, V2, V5).
    """
    network, full = _network(roster, fingerprint)
    proved, needed = _judge(network, full, roster, (one, other))
    while needed < len(proved.roster):  # what is judged without later cuts decides: they are not in the file
        left, right = (side.notes for side in proved.sides)
        proved, needed = _judge(network, full, proved.roster[:needed], (left, right))
    data = _pack(proved)
    if len(data) > limits.PROOF_BYTES:
        raise TooLargeError(f"a proof of {len(data)} bytes", rule=f"at most {limits.PROOF_BYTES}")
    return data


def verify(data: bytes, fingerprint: str) -> Proved:
    """Verify a proof, to the last byte.

    Args:
        fingerprint: of the network, in hex or as it is spoken; from elsewhere than the proof.

    Raises:
        ProofAlteredError, ArchiveError: not as it was made. NothingProvedError: it proves no fork.
        OtherNetworkError: of another network than the fingerprint's. TooLargeError: as for `build`.
        NoteError, HeaderMalformedError, ForgedError, UnauthorizedError and others of V1 to V6: a note in it.
        NewerError: made by a newer program. TextError: the fingerprint is none.
    """
    if len(data) > limits.PROOF_BYTES:
        raise TooLargeError("the proof is too long", rule=f"at most {limits.PROOF_BYTES} bytes")
    notes: dict[str, list[bytes]] = {"roster": [], "a": [], "b": []}
    for at, member in enumerate(TarReader(io.BytesIO(data))):
        named = _NOTE.fullmatch(member.name)
        if named is None and (at or member.name != PAGE):
            raise _altered("it holds something that is no part of a proof")
        if named is not None:
            notes[named[1]].append(member.read_all(limits.ROSTER_BYTES))
    network, full = _network(notes["roster"], fingerprint)
    proved, needed = _judge(network, full, notes["roster"], (notes["a"], notes["b"]))
    if needed != len(proved.roster) or _pack(proved) != data:
        raise _altered("it is not what its notes make")
    return proved


def _altered(what: str) -> ProofAlteredError:
    return ProofAlteredError(what, rule="a proof is verified as a whole, each byte of it", hints=AGAIN)


def _nothing(what: str, header: Header) -> NothingProvedError:
    return NothingProvedError(
        what,
        rule="proof is one key under both, or that both sides went on; in the roster, enough keepers under both",
        channel=header.channel,
        number=header.number,
    )


def _network(roster: Sequence[bytes], fingerprint: str) -> tuple[str, str]:
    """Name and fingerprint of the network whose first entry this is."""
    if not roster:
        raise _altered("it does not hold the first entry of the roster")
    full = known_fingerprint(roster[0], fingerprint, where=_GENESIS)
    return parse_header(split(roster[0]).text).network, full


def _pack(proved: Proved) -> bytes:
    sides = [("a", proved.sides[0]), ("b", proved.sides[1])]
    members = [(PAGE, page(proved))]
    members += [(f"roster/{number:08d}.note", note) for number, note in enumerate(proved.roster, 1)]
    members += [
        (f"{folder}/{number:08d}.note", note)
        for folder, side in sides
        for number, note in enumerate(side.notes, proved.number)
    ]
    with TarStream((name, len(content), content) for name, content in members) as stream:
        return stream.read()


# ---- judging ---------------------------------------------------------------------------------------------------------


class _Side:
    """One side as it is judged: every note opened, linked to the one before, and signed by an officer."""

    def __init__(self, judge: Judge, network: str, notes: Sequence[bytes]) -> None:
        if not notes:
            raise _altered("one of its sides is missing")
        if len(notes) > limits.PROOF_NOTES:
            raise TooLargeError(f"a side of {len(notes)} dispatches", rule=f"at most {limits.PROOF_NOTES} in a proof")
        first = parse_header(split(notes[0]).text)
        self.opened = [
            open_note(note, network=network, channel=first.channel, number=number)
            for number, note in enumerate(notes, first.number)
        ]
        self.keys = [judge.signer(each) for each in self.opened]
        self._judge = judge
        for each, keys in zip(self.opened, self.keys, strict=True):
            if not keys:
                raise _nothing("who signed is told by an entry of the roster that is not in it", each.header)
        for above, below in zip(self.opened, self.opened[1:], strict=False):
            if below.header.previous != above.hash:
                raise _nothing("its dispatches do not follow one another", below.header)

    @property
    def first(self) -> Opened:
        return self.opened[0]

    def end_of_going_on(self) -> int | None:
        """How many notes it takes to the first that counts by itself after the first of all."""
        for count, each in enumerate(self.opened[1:], 2):
            try:
                self._judge.by_itself(each)
            except (NotAuthenticError, GapError):
                continue
            return count
        return None

    def proved(self, count: int) -> ProvedSide:
        """The side with so many of its notes."""
        return ProvedSide(
            header=self.first.header,
            hash=self.first.hash,
            last=self.opened[count - 1].header.number,
            notes=tuple(_bare(self._judge, each) for each in self.opened[:count]),
        )


def _judge(
    network: str, fingerprint: str, roster: Sequence[bytes], sides: tuple[Sequence[bytes], Sequence[bytes]]
) -> tuple[Proved, int]:
    """What two sides prove, and how many entries of the roster it takes to see it."""
    chain, entries = _read_roster(network, fingerprint, roster)
    judge = Judge(chain.roster)
    one, other = sorted((_Side(judge, network, notes) for notes in sides), key=lambda side: side.first.hash)
    first, second = one.first.header, other.first.header
    if (first.channel, first.number) != (second.channel, second.number) or one.first.hash == other.first.hash:
        raise _nothing("it does not hold two dispatches of one number", first)
    counts: tuple[int, int] = (1, 1)
    both = _signed_entries(chain, one.first, other.first)
    what: What = "roster"
    needed = first.number - 1
    if not both:
        what, common = "twice", set(one.keys[0]) & set(other.keys[0]) if first.by == second.by else set()
        both = (f"{first.office}/{first.by}",) if common else ()
        needed = min((_since(chain, first, key) for key in common), default=0)
    if not both:
        what, counts = "went-on", _both_go_on(one, other)
        needed = max(_needed(chain, side, count) for side, count in zip((one, other), counts, strict=True))
    proved = Proved(
        network=network,
        fingerprint=fingerprint,
        what=what,
        sides=(one.proved(counts[0]), other.proved(counts[1])),
        both=both,
        roster=tuple(entries),
    )
    return proved, needed


def _read_roster(network: str, fingerprint: str, roster: Sequence[bytes]) -> tuple[Chain, list[bytes]]:
    """The roster, each entry judged and reduced to the signature that counts."""
    chain = Chain(network, fingerprint)
    judge = Judge(chain.roster)
    entries = []
    for number, note in enumerate(roster, 1):
        chain.offer(ROSTER_CHANNEL, number, note)
        if chain.roster.newest != number:
            raise _altered("entries of its roster are missing, or do not follow one another")
        judge.roster_grew()
        entries.append(_bare(judge, open_note(note, network=network, channel=ROSTER_CHANNEL, number=number)))
    return chain, entries


def _bare(judge: Judge, opened: Opened) -> bytes:
    note = judge.bare(opened)
    if note is None:
        raise _altered("a note in it bears no signature that counts")
    return note


def _signed_entries(chain: Chain, one: Opened, other: Opened) -> tuple[str, ...]:
    """Who signed two entries of the roster each of which enough keepers signed; nobody where it is not so."""
    header = one.header
    if header.channel != ROSTER_CHANNEL or not 1 < header.number <= chain.roster.newest + 1:
        return ()
    signed = []
    for each in (one, other):
        if each.header.previous != chain.roster.hash_of(header.number - 1):
            return ()
        try:
            chain.check_entry(each)
        except NotAuthenticError:
            return ()
        signed.append(entry_signers(chain.roster, each.header))
    return tuple(f"{header.office}/{name}" for name in sorted(signed[0].keys() & signed[1].keys()))


def _both_go_on(one: _Side, other: _Side) -> tuple[int, int]:
    first = one.first.header
    counts = (one.end_of_going_on(), other.end_of_going_on())
    if first.channel == ROSTER_CHANNEL or first.previous != other.first.header.previous or None in counts:
        who = f"by {first.by} and by {other.first.header.by}"
        raise _nothing(f"two dispatches, {who}, and not both sides go on: this blames nobody", first)
    assert counts[0] is not None
    assert counts[1] is not None
    return counts[0], counts[1]


def _needed(chain: Chain, side: _Side, count: int) -> int:
    """The entry that brings the last key of a side, or that its last dispatch relies on."""
    last = side.opened[count - 1].header
    since = [
        min(_since(chain, each.header, key) for key in keys)
        for each, keys in zip(side.opened[:count], side.keys, strict=False)
    ]
    return max(last.roster.number if last.roster is not None else 0, *since)


def _since(chain: Chain, header: Header, key: bytes) -> int:
    """The entry that stated a public key of the officer who posts."""
    return min(info.since for info in chain.roster.keys(header.office, header.by) if info.vkey.public == key)


# ---- the page --------------------------------------------------------------------------------------------------------


def page(proved: Proved) -> bytes:
    """``fork.txt``: for people, UTF-8 with LF."""
    place = f"number {proved.number} of {proved.channel}"
    lines = [
        f"A FORK: two dispatches that are both {place}",
        "",
        *_filled(f"This file proves: {proved.proved}."),
        *_filled(f"It does not prove: {proved.not_proved}."),
        "",
    ]
    for name, side in zip("ab", proved.sides, strict=True):
        header = side.header
        lines += _filled(
            f"Side {name}, by {header.office}/{header.by}, {header.kind}, dated {header.time} by his own clock"
        )
        lines += [f"  hash {side.hash}"]
        lines += [f"  goes on to number {side.last}"] if side.last > proved.number else []
    groups = spoken(proved.fingerprint).split()
    lines += [
        "",
        *_filled(_NEXT[proved.what]),
        "",
        *_filled(f"The network {proved.network} is known by its fingerprint, to be had from the center by telephone:"),
        f"  {proved.fingerprint}",
        f"  {' '.join(groups[:6])}",
        f"  {' '.join(groups[6:])}",
        "Whoever knows it verifies this file with:",
        "  cipherpost verify FILE --fingerprint FINGERPRINT",
        "",
    ]
    return "\n".join(lines).encode()


def _filled(words: str) -> list[str]:
    """Lines of at most 80 columns, where no word is longer; its own, since a proof is compared byte for byte."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


_NEXT: Final[dict[str, str]] = {
    "twice": (
        "Next: the officer says which one is his. The center declares the key compromised if it was stolen, "
        "and settles in the roster which side stands."
    ),
    "roster": "Next: the keepers compare by telephone what they signed. Those who signed both make new keys.",
    "went-on": "Next: the officers compare by telephone, and the center settles in the roster which side stands.",
}
