"""The dispatches of a straight channel, packed: what others ask of a dispatch that counts, in some sixty bytes.

A channel is *straight* when every note of it counts and follows the one before, and nothing lies beside. Nearly all
are, and a network may have a million dispatches: as objects they would fill gigabytes. What is not kept here
(signatures, letters, sealed files unless asked for) nobody needs once the note was verified.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern
from typing import Any, Final, NamedTuple

from cipherpost.chain.history import History, stamp_of, time_of
from cipherpost.chain.node import Node
from cipherpost.dispatch.header import ACK_WORDS, KIND_WORDS, LINES, Ack, Head, Header, Reply, RosterRef, Sealed

HEAD: Final = "head"
REPLY: Final = "reply"
_WORDS: Final = (*map(intern, ACK_WORDS), HEAD, REPLY)
WORD: Final = {word: at for at, word in enumerate(_WORDS)}
_HEAD: Final = WORD[HEAD]
_REPLY: Final = WORD[REPLY]
_SEEN: Final = WORD["seen"]
_ANSWERS: Final = frozenset({WORD["complied"], WORD["unable"], WORD["withdrawn"], _REPLY})
_KIND: Final = {word: at for at, word in enumerate(KIND_WORDS)}
_HASH: Final = 32
_NO_HASH: Final = "0" * 64

_FIELDS: Final = Header._fields
_FIRST: Final = _FIELDS.index("supersedes")
_LAST: Final = _FIELDS.index("heads_file") + 1
_NONE: Final = (None,) * (_LAST - _FIRST)
_LINES: Final = {name: LINES[_FIELDS.index(name)] for name in ("draft", "key", *_FIELDS[_FIRST:_LAST])}
"""Lines that few headers have; they are kept as they are written."""


COLUMNS: Final = (
    "_hashes",
    "_stamps",
    "_kinds",
    "_rosters",
    "_cite_at",
    "_cite_words",
    "_cite_channels",
    "_cite_numbers",
    "_cite_hashes",
    "_rest",
    "_rest_at",
    "_rest_ends",
    "_sealed_at",
    "_sealed_hashes",
    "_sealed_sizes",
    "backs",
)
"""The attributes of `Columns` that hold a column, each an array or bytes."""


class Cite(NamedTuple):
    """What dispatch ``number`` says of number ``cited`` of ``channel``.

    ``word``: one of acks, `HEAD` or `REPLY`. ``hash`` is None with number 0: nothing there yet.
    """

    number: int
    word: str
    channel: str
    cited: int
    hash: str | None


class Spoken(NamedTuple):
    """What a channel says of ``channel``: the highest number it names, and the first dispatch that does.

    ``seen``: the highest number up to which it was seen whole, 0 for none. ``named``: the numbers that were acked.
    """

    channel: str
    most: int
    at: int
    seen: int
    named: Sequence[int]


def spoken(cites: "Iterable[tuple[int, int, str, int]]") -> Iterator[Spoken]:
    """What cites say by channel; of each its number, word (of `WORD`), channel and number cited."""
    found: dict[str, list[Any]] = {}
    for number, word, channel, cited in cites:
        if not cited:
            continue
        said = found.get(channel)
        if said is None:
            said = found[channel] = [0, 0, 0, array("I")]
        if cited > said[0]:
            said[0], said[1] = cited, number
        if word == _SEEN:
            said[2] = max(said[2], cited)
        elif word < _HEAD:
            said[3].append(cited)
    return (Spoken(channel, *said) for channel, said in found.items())


class Columns:
    """Numbers 1 to `long` of one channel, all of which count.

    ``backs``: the numbers whose time is before that of the one below. ``entries``: hash by number of the roster entries
    relied on. ``sealed``: whether the lines of sealed files are kept too. ``history``: kept here by whoever judged all.
    """

    __slots__ = (*COLUMNS, "_channels", "channel", "entries", "history", "sealed")

    def __init__(self, channel: str, *, sealed: bool = False) -> None:
        self.channel = channel
        self.sealed = sealed
        self.history: History | None = None
        self.backs = array("I")
        self.entries: dict[int, str] = {}
        self._hashes = bytearray()
        self._stamps = array("Q")
        self._kinds = bytearray()
        self._rosters = array("I")
        self._channels: dict[str, int] = {}
        self._cite_at = array("I")
        self._cite_words = bytearray()
        self._cite_channels = array("I")
        self._cite_numbers = array("I")
        self._cite_hashes = bytearray()
        self._rest = bytearray()
        self._rest_at = array("I")
        self._rest_ends = array("Q")
        self._sealed_at = array("I")
        self._sealed_hashes = bytearray()
        self._sealed_sizes = array("Q")

    @property
    def cited(self) -> list[str]:
        """The channels that are spoken of, in the order in which the columns count them."""
        return list(self._channels)

    @cited.setter
    def cited(self, channels: list[str]) -> None:
        self._channels = {channel: at for at, channel in enumerate(channels)}

    # ---- growing -----------------------------------------------------------------------------------------------------

    def add(self, node: Node) -> None:
        """Take up the next dispatch, which counts."""
        header, stamps = node.header, self._stamps
        stamp = stamp_of(node.time)
        if stamps and stamp < stamps[-1]:
            self.backs.append(node.number)
        stamps.append(stamp)
        self._hashes += bytes.fromhex(node.hash)
        self._kinds.append(_KIND[node.kind])
        self._rosters.append(node.roster)
        if node.roster not in self.entries and node.roster_hash is not None:
            self.entries[node.roster] = node.roster_hash
        if header.acks or header.heads or header.reply is not None:
            self._add_cites(header)
        if header[_FIRST:_LAST] != _NONE or header.key is not None or header.draft is not None:
            for name, line in _LINES.items():
                value = getattr(header, name)
                if value is not None:
                    self._rest += f"{line.word} {line.write(value)}".encode()
                    self._rest_at.append(node.number)
                    self._rest_ends.append(len(self._rest))
        for each in header.sealed if self.sealed else ():
            self._sealed_at.append(node.number)
            self._sealed_hashes += bytes.fromhex(each.hash)
            self._sealed_sizes.append(each.size)

    def _add_cites(self, header: Header) -> None:
        cited: list[tuple[str, int, str | None, str]] = [*header.acks]
        cited += [(*head, HEAD) for head in header.heads]
        if header.reply is not None:
            cited.append((*header.reply, REPLY))
        channels = self._channels
        self._cite_at.extend([header.number] * len(cited))
        self._cite_channels.extend([channels.setdefault(each[0], len(channels)) for each in cited])
        self._cite_numbers.extend([each[1] for each in cited])
        self._cite_hashes += bytes.fromhex("".join([each[2] or _NO_HASH for each in cited]))
        self._cite_words += bytes([WORD[each[3]] for each in cited])

    # ---- one dispatch ------------------------------------------------------------------------------------------------

    @property
    def long(self) -> int:
        """How many there are."""
        return len(self._stamps)

    def hash_at(self, number: int) -> str | None:
        """The hash of number ``number``, None where it is none of these."""
        if not 0 < number <= len(self._stamps):
            return None
        return self._hashes[_HASH * (number - 1) : _HASH * number].hex()

    def time_at(self, number: int) -> str:
        """The time of a number that is here."""
        return time_of(self._stamps[number - 1])

    def bare(self, number: int) -> Node:
        """The dispatch ``number``, which is here, without what its header says beside its kind."""
        hashed = self._hashes[_HASH * (number - 1) : _HASH * number].hex()
        kind, entry = KIND_WORDS[self._kinds[number - 1]], self._rosters[number - 1]
        return Node(self.channel, number, hashed, None, self.time_at(number), "", kind, entry, None, None, ())

    def node(self, number: int) -> Node:
        """The dispatch ``number``, which is here, with as much of its header as is kept."""
        (found,) = self.nodes(number, number)
        return found

    # ---- all of them -------------------------------------------------------------------------------------------------

    def nodes(self, first: int = 1, last: int | None = None) -> Iterator[Node]:
        """The dispatches ``first`` to ``last`` as nodes, with as much of their headers as is kept."""
        last = self.long if last is None else last
        return self._make(range(first, last + 1), first, last)

    def telling(self, first: int = 1, last: int | None = None, *, about: str | None = None) -> Iterator[Node]:
        """Of `nodes`, those that say something of others or of a debt, or whose time matters beyond their channel.

        Args:
            about: the one channel of which all that is said matters; of others, answers, the highest ack and head do.
        """
        last = self.long if last is None else last
        stamps = self._stamps[first - 1 : last]
        numbers = {number for number in self.backs if first <= number <= last}
        if stamps:
            numbers.add(first + stamps.index(max(stamps)))
        low, high = bisect_left(self._cite_at, first), bisect_left(self._cite_at, last + 1)
        numbers.update(self._cite_at[low:high] if about is None else self._cites_about(about, low, high))
        low, high = bisect_left(self._rest_at, first), bisect_left(self._rest_at, last + 1)
        numbers.update(self._rest_at[low:high])
        return self._make(sorted(numbers), first, last)

    def _cites_about(self, channel: str, low: int, high: int) -> Iterator[int]:
        wanted = self._channels.get(channel, -1)
        most: dict[tuple[int, bool], tuple[int, int]] = {}
        for number, word, about, cited in zip(
            self._cite_at[low:high],
            self._cite_words[low:high],
            self._cite_channels[low:high],
            self._cite_numbers[low:high],
            strict=True,
        ):
            if about == wanted or word in _ANSWERS:
                yield number
            elif cited > most.get((about, word == _HEAD), (0, 0))[0]:  # a head is no ack, and tells how far it goes too
                most[about, word == _HEAD] = cited, number
        for _, number in most.values():
            yield number

    def of_kind(self, kind: str) -> Iterator[Node]:
        """Of `nodes`, those of one kind."""
        at, wanted = -1, _KIND[kind]
        while (at := self._kinds.find(wanted, at + 1)) >= 0:
            yield self.node(at + 1)

    def _make(self, numbers: Iterable[int], first: int, last: int) -> Iterator[Node]:
        channel, stamps, kinds, rosters, entries = self.channel, self._stamps, self._kinds, self._rosters, self.entries
        cite_at, cite = self._cite_at, bisect_left(self._cite_at, first)
        cites = len(cite_at)
        said, sealed = self._said(first, last), self._sealed_of(first, last)
        channels = list(self._channels)
        nothing: dict[str, Any] = {}
        for number in numbers:
            at = number - 1
            time, kind, entry = time_of(stamps[at]), KIND_WORDS[kinds[at]], rosters[at]
            acks: list[Ack] = []
            heads: list[Head] = []
            reply: Reply | None = None
            while cite < cites and cite_at[cite] < number:
                cite += 1
            while cite < cites and cite_at[cite] == number:
                word, about, cited, hashed = self._cite_parts(cite, channels)
                if word < _HEAD:
                    acks.append(Ack(about, cited, hashed, _WORDS[word]))
                elif word == _HEAD:
                    heads.append(Head(about, cited, hashed or ""))
                else:
                    reply = Reply(about, cited, hashed or "")
                cite += 1
            get = said.get(number, nothing).get
            draft, supersedes, cancels = get("draft"), get("supersedes"), get("cancels")
            header = Header(
                "",
                channel,
                number,
                None,
                time,
                "",
                kind,
                RosterRef(entry, entries.get(entry, "")),
                draft,
                None,
                sealed.get(number, ()),
                get("key"),
                reply,
                supersedes,
                cancels,
                get("due"),
                get("report"),
                get("decision"),
                get("heads_file"),
                tuple(heads),
                tuple(acks),
            )
            hashed = self._hashes[_HASH * at : _HASH * number].hex()
            yield Node.of(header, hashed)

    def _cite_parts(self, at: int, channels: Sequence[str]) -> tuple[int, str, int, str | None]:
        cited = self._cite_numbers[at]
        hashed = self._cite_hashes[_HASH * at : _HASH * (at + 1)].hex() if cited else None
        return self._cite_words[at], channels[self._cite_channels[at]], cited, hashed

    def cites(self) -> Iterator[Cite]:
        """All that is said of other dispatches."""
        channels, hashes, start = list(self._channels), self._cite_hashes, 0
        for number, word, about, cited in zip(
            self._cite_at, self._cite_words, self._cite_channels, self._cite_numbers, strict=True
        ):
            end = start + _HASH
            yield Cite(number, _WORDS[word], channels[about], cited, hashes[start:end].hex() if cited else None)
            start = end

    def spoken(self) -> Iterator[Spoken]:
        """What is said of other dispatches, by channel."""
        channels = list(self._channels)
        abouts = [channels[about] for about in self._cite_channels]
        return spoken(zip(self._cite_at, self._cite_words, abouts, self._cite_numbers, strict=True))

    def unborne(self, others: "Mapping[str, Columns]") -> Iterator[Cite]:
        """Of `cites`, those with a hash, but those that name the hash that stands in ``others``."""
        channels = list(self._channels)
        known = [others.get(channel) for channel in channels]
        hashes, start = self._cite_hashes, 0
        for number, word, about, cited in zip(
            self._cite_at, self._cite_words, self._cite_channels, self._cite_numbers, strict=True
        ):
            end = start + _HASH
            other = known[about]
            if cited and (other is None or other._hashes[_HASH * (cited - 1) : _HASH * cited] != hashes[start:end]):
                yield Cite(number, _WORDS[word], channels[about], cited, hashes[start:end].hex())
            start = end

    def _said(self, first: int, last: int) -> dict[int, dict[str, Any]]:
        """The lines that few headers have, by number."""
        found: dict[int, dict[str, Any]] = {}
        low, high = bisect_left(self._rest_at, first), bisect_left(self._rest_at, last + 1)
        start = self._rest_ends[low - 1] if low else 0
        for number, end in zip(self._rest_at[low:high], self._rest_ends[low:high], strict=True):
            word, value = self._rest[start:end].decode().split(" ", 1)
            name = _NAMES[word]
            found.setdefault(number, {})[name] = _LINES[name].read(value)
            start = end
        return found

    def _sealed_of(self, first: int, last: int) -> dict[int, tuple[Sealed, ...]]:
        found: dict[int, tuple[Sealed, ...]] = {}
        for at in range(bisect_left(self._sealed_at, first), bisect_left(self._sealed_at, last + 1)):
            number, hashed = self._sealed_at[at], self._sealed_hashes[_HASH * at : _HASH * (at + 1)].hex()
            found[number] = (*found.get(number, ()), Sealed(hashed, self._sealed_sizes[at]))
        return found

    # ---- over time ---------------------------------------------------------------------------------------------------

    def times(self) -> Sequence[str]:
        """All times, by number."""
        return [time_of(stamp) for stamp in self._stamps]

    def later(self, than: str) -> Iterator[int]:
        """The numbers whose time is later than ``than``."""
        limit = stamp_of(than)
        if self._stamps and max(self._stamps) > limit:
            yield from (number for number, stamp in enumerate(self._stamps, 1) if stamp > limit)

    def older(self, than: str, but: Iterable[str]) -> Iterator[int]:
        """The numbers whose time is before ``than``, but those of certain kinds."""
        limit, without = stamp_of(than), {_KIND[kind] for kind in but}
        pairs = zip(self._stamps, self._kinds, strict=True)
        return (number for number, (stamp, kind) in enumerate(pairs, 1) if stamp < limit and kind not in without)

    def dated(self) -> tuple[Sequence[int], Sequence[int]]:
        """All numbers and their stamps."""
        return range(1, self.long + 1), self._stamps


_NAMES: Final = {line.word: name for name, line in _LINES.items()}
