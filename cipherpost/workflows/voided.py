"""What counted in this home and counts no more, cut off by the roster or beaten in a race or fork: told of once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk

_NOTED: Final = "voided"
"""The fact in which the home keeps what nobody was told of yet: channel, number and hash of each."""


class Voided(NamedTuple):
    """A dispatch that counts no more; ``sender`` is ``tver/ivanov``."""

    channel: str
    number: int
    kind: str
    sender: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "channel": self.channel,
            "number": self.number,
            "kind": self.kind,
            "sender": self.sender,
            "reason": self.why,
        }


def note_down(desk: "Desk", channel: str, gone: Iterable[tuple[int, str]]) -> None:
    """Remember (number, hash) of what stopped counting in ``channel``, in the same transaction as that."""
    found = [[channel, number, text_hash] for number, text_hash in gone]
    if found:
        desk.mail.set_meta(_NOTED, json.dumps([*_noted(desk), *found]))


def news(desk: "Desk") -> list[Voided]:
    """What counts no more and was not told of yet, by channel and number; each is told of once."""
    noted = _noted(desk)
    if not noted:
        return []
    found, waiting = [], []
    for channel, number, text_hash in noted:
        entry = desk.chain.channel(channel).by_hash(text_hash)
        if entry is None or entry.status == "held":  # two sides go on: which of them counts is open
            waiting.append([channel, number, text_hash])
        elif entry.reason is not None and not _is_of_no_matter(desk, entry):
            header = entry.header
            found.append(Voided(channel, number, header.kind, f"{header.office}/{header.by}", entry.reason.what))
    desk.mail.set_meta(_NOTED, json.dumps(waiting) if waiting else "")
    return sorted(set(found))


def _is_of_no_matter(desk: "Desk", entry: "Entry") -> bool:
    """What lost a race or a fork and is no news: a receipt, whose words are said again, and what was one's own."""
    from cipherpost.chain.checks import AsideError, RaceLostError

    header = entry.header
    own = (header.office, header.by) == (desk.office, desk.officer)
    return isinstance(entry.reason, RaceLostError | AsideError) and (own or header.letter is None)


def lines(voided: Sequence[Voided]) -> Iterator[str]:
    """For people: one line for all of one sender in one channel for one reason, ``tver/center/3, 5-7``."""
    for (channel, sender, why), each in groupby(
        sorted(voided, key=lambda one: (one.channel, one.sender, one.why, one.number)),
        key=lambda one: (one.channel, one.sender, one.why),
    ):
        yield f"{channel}/{_ranges([one.number for one in each])} by {sender}: {why}"


def _ranges(numbers: Sequence[int]) -> str:
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = spans[-1][0], number
        else:
            spans.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _noted(desk: "Desk") -> list[Any]:
    found: list[Any] = json.loads(desk.mail.meta(_NOTED) or "[]")
    return found
