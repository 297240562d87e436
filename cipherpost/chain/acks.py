"""What officers say they have: acks, missing numbers and stated heads of counting headers (docs/protocol.md, "Acks").

For one dispatch the highest of seen < received < read holds, and failed only while neither received nor read; of
complied, unable and withdrawn the last said. Only ``seen`` covers lower numbers. Pure book-keeping: feed it counting
headers, of each channel in the order of its numbers.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cipherpost.dispatch.header import Ack, Head, Header, Missing

_RANK: Final = {"seen": 0, "failed": 1, "received": 2, "read": 3}
_ACTS: Final = frozenset({"complied", "unable", "withdrawn"})


class Word(NamedTuple):
    """What one officer said of one dispatch, where and when: ``word``, time, and the dispatch that says it."""

    word: str
    time: str
    channel: str
    number: int


class Standing(NamedTuple):
    """``have``: what one has of a dispatch: seen, failed, received or read. ``act``: what one did about it.

    An act is complied or unable; None also after ``withdrawn``.
    """

    have: Word | None
    act: Word | None


@dataclass(slots=True)
class _Said:
    """What one officer said of one channel."""

    seen: dict[int, Word] = field(default_factory=dict)
    high: int = 0
    have: dict[int, Word] = field(default_factory=dict)
    acts: dict[int, Word] = field(default_factory=dict)


class Acks:
    """The words of all officers about all channels, from counting headers."""

    def __init__(self) -> None:
        self._said: dict[str, dict[tuple[str, str], _Said]] = {}
        self._missing: dict[str, dict[str, tuple[Missing, ...]]] = {}
        self._heads: dict[str, dict[str, Head]] = {}

    def add(self, header: Header) -> None:
        """Take up the acks, missing and head lines of a counting header; later ones of its channel come later.

        What an office calls missing is what its last header with acks or missing lines says.
        """
        office = header.office
        for ack in header.acks:
            self._take(office, header, ack)
        if header.acks or header.missing:
            mine: dict[str, tuple[Missing, ...]] = {}
            for line in header.missing:
                mine[line.channel] = (*mine.get(line.channel, ()), line)
            spoken_of = {ack.channel for ack in header.acks} | set(mine)
            stated = self._missing.setdefault(office, {})
            for channel in spoken_of:
                stated[channel] = mine.get(channel, ())
        for head in header.heads:
            known = self._heads.setdefault(office, {}).get(head.channel)
            if known is None or head.number >= known.number:
                self._heads[office][head.channel] = head

    def _take(self, office: str, header: Header, ack: Ack) -> None:
        said = self._said.setdefault(ack.channel, {}).setdefault((office, header.by), _Said())
        word = Word(ack.word, header.time, header.channel, header.number)
        if ack.word in _ACTS:
            said.acts[ack.number] = _later(said.acts.get(ack.number), word)
        elif ack.word == "seen":
            said.high = max(said.high, ack.number)
            said.seen[ack.number] = _earlier(said.seen.get(ack.number), word)
        else:
            known = said.have.get(ack.number)
            if known is None or _RANK[word.word] > _RANK[known.word]:
                said.have[ack.number] = word
            elif word.word == known.word:
                said.have[ack.number] = _earlier(known, word)

    def of(self, channel: str, number: int) -> dict[str, dict[str, Standing]]:
        """Office -> officer -> what he said of dispatch ``number`` of ``channel``; who said nothing is left out."""
        found: dict[str, dict[str, Standing]] = {}
        for (office, officer), said in self._said.get(channel, {}).items():
            have = said.have.get(number) or _seen(said, number)
            act = said.acts.get(number)
            if act is not None and act.word == "withdrawn":
                act = None
            if have is not None or act is not None:
                found.setdefault(office, {})[officer] = Standing(have, act)
        return found

    def best(self, channel: str, number: int, office: str) -> Standing:
        """What ``office`` as a whole has of the dispatch: its officers' highest word, and what was last done."""
        have: Word | None = None
        act: Word | None = None
        for (who, _), said in self._said.get(channel, {}).items():
            if who != office:
                continue
            word = said.have.get(number) or _seen(said, number)
            if word and (have is None or (-_RANK[word.word], word.time) < (-_RANK[have.word], have.time)):
                have = word
            if number in said.acts:
                act = _later(act, said.acts[number])
        return Standing(have, None if act and act.word == "withdrawn" else act)

    def high(self, office: str, channel: str) -> int | None:
        """The highest number of ``channel`` that ``office`` saw whole (``seen``); 0 nothing yet; None: never said."""
        said = [each for (who, _), each in self._said.get(channel, {}).items() if who == office and each.seen]
        return max((each.high for each in said), default=None)

    def missing(self, office: str, channel: str) -> tuple[Missing, ...]:
        """The numbers of ``channel`` that ``office`` last said it lacks."""
        return self._missing.get(office, {}).get(channel, ())

    def stated_heads(self, office: str) -> dict[str, Head]:
        """Channel -> the highest head that ``office`` stated of its own other channels."""
        return dict(self._heads.get(office, {}))


def _later(known: Word | None, word: Word) -> Word:
    """The last said: by number where both stand in one channel, else by time."""
    if known is None:
        return word
    if known.channel == word.channel:
        return max(known, word, key=lambda each: each.number)
    return max(known, word, key=lambda each: (each.time, each.channel))


def _earlier(known: Word | None, word: Word) -> Word:
    """The first said, by time."""
    return word if known is None else min(known, word, key=lambda each: (each.time, each.channel, each.number))


def _seen(said: _Said, number: int) -> Word | None:
    """The earliest ``seen`` of ``number`` or above."""
    covering = [word for high, word in said.seen.items() if high >= number]
    return min(covering, key=lambda word: (word.time, word.channel, word.number), default=None)
