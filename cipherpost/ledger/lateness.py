"""Whether a dispatch was in time, from headers alone, each fact naming its dispatch (docs/protocol.md, V11).

*dated*: its own time. *relied*: the newest time of what it, or an earlier dispatch of its channel, cites of the center,
an auditor or the roster. *seen*: the earliest time at which one of these acks its number or a higher one. *looked*: the
center, after deadline and grace, has the channel below it. So neither the center's holiday nor a stick under way makes
an office late, and nobody backdates beyond the grace.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from cipherpost.chain.channel import Channel
from cipherpost.chain.node import Node

LOOKS: Final = frozenset({"seen", "received", "failed"})
"""The words of an ack that tell how far the center's fetch came; others may be said long after it, without a line."""


class Sight(NamedTuple):
    """The dispatch of the center or an auditor that acks another: that other was there at its time.

    ``cited``: the number that it acks. ``look``: it is the center's, and tells how far it had the channel then. Sights
    sort by time; of several at one time the same for everybody.
    """

    time: str
    channel: str
    number: int
    cited: int
    look: bool


def place_of(sight: Sight) -> str:
    """Where it stands, ``center/tver/4``."""
    return f"{sight.channel}/{sight.number}"


class Judgement(NamedTuple):
    """Whether a dispatch was late, what settled it (``receipt``, ``own-time``, ``relied``, ``center-check``), and the
    place of the dispatch that shows it.
    """

    late: bool
    by: str
    evidence: str


_cited: Final = attrgetter("cited")


class Sights:
    """What the center and the auditors have acked of one channel; acks that name another text than stands are left out.

    While a race is open neither side stands, so that nothing depends on which one was read first.

    Args:
        view: the channel, None while nothing of it is here.
    """

    __slots__ = ("_best", "_built", "_numbers", "_raw", "_said", "_unsettled", "view")

    def __init__(self, view: Channel | None = None) -> None:
        self.view = view
        self._raw: list[Sight] = []
        self._unsettled: dict[int, str] | None = None
        """Of acks of what is not here yet, or still races, by their place in `_raw`: the hash that they name."""
        self._built = (0, 0)
        self._said: list[Sight] = []
        self._numbers: list[int] = []
        self._best: list[Sight] = []

    def add(self, number: int, node: Node, hashed: str | None, *, look: bool) -> None:
        """Take up the ack of ``number`` in ``node``, which names ``hashed``.

        What stands where it points to stays so, or the book is made anew. Of several in one dispatch the highest tells
        all.

        Args:
            look: it is the center's, and tells how far it had the channel then.
        """
        if hashed is not None:
            stands = self.view.settled(number) if self.view is not None else None
            if stands is None:
                self._unsettled = self._unsettled or {}
                self._unsettled[len(self._raw)] = hashed
            elif stands != hashed:
                return
        raw = self._raw
        if raw:
            last = raw[-1]
            if last.number == node.number and last.look == look and last.channel == node.channel:
                settled = not self._unsettled or not self._unsettled.keys() & {len(raw) - 1, len(raw)}
                if settled and number > last.cited:
                    raw[-1] = last._replace(cited=number)
                if settled:
                    return
        raw.append(Sight(node.time, node.channel, node.number, number, look))

    def acked(self) -> tuple[list[int], list[Sight]]:
        """The numbers that were acked, rising, and for each the earliest ack of it or a higher one."""
        raw, view = self._raw, self.view
        if not raw:
            return [], []
        have = view.long - (self._unsettled is not None and view.racing) if view is not None else 0
        if self._built != (len(raw), have):
            self._build(have)
        return self._numbers, self._best

    def _build(self, have: int) -> None:
        self._built = (len(self._raw), have)
        if self._unsettled:
            others = {at for at, hashed in self._unsettled.items() if self._is_other(self._raw[at].cited, hashed)}
            said = [each for at, each in enumerate(self._raw) if at not in others]
        else:
            said = self._raw.copy()
        said.sort(key=_cited)
        self._said, self._numbers = said, [each.cited for each in said]
        found = said.copy()
        for at in range(len(found) - 2, -1, -1):
            if found[at + 1].time <= found[at].time:
                found[at] = min(found[at], found[at + 1])
        self._best = found

    def _is_other(self, number: int, hashed: str) -> bool:
        stands = self.view.settled(number) if self.view is not None else None
        return stands is not None and stands != hashed

    def seen(self, number: int, as_of: str) -> Sight | None:
        """The earliest ack of ``number`` or a higher one that was there at ``as_of``."""
        numbers, best = self.acked()
        at = bisect_left(numbers, number)
        if at == len(numbers):
            return None
        found = best[at]
        return found if found.time <= as_of else None

    def looked(self, number: int, after: str, as_of: str) -> Sight | None:
        """The center's first look later than ``after`` that has the channel below ``number``, none yet having more."""
        seen = self.seen(number, as_of)
        looks = [each for each in self._said if each.look and each.cited < number and after < each.time <= as_of]
        first = min(looks, default=None)
        if first is None or (seen is not None and seen.time <= first.time):
            return None
        return first


Relied = Callable[[int], tuple[str, str] | None]
"""Gives, for a number of the channel, the newest time that it relies on and the place of what bears it."""


def judge(
    channel: str, number: int, time: str, *, deadline: str, limit: str, as_of: str, sights: Sights, relied: Relied
) -> Judgement:
    """Whether dispatch ``number`` of ``channel``, dated ``time``, met ``deadline``.

    Args:
        limit: the deadline and the grace after it.
        as_of: acks of a later time are not looked at.
    """
    seen = sights.seen(number, as_of)
    if seen is not None and seen.time <= deadline:
        return Judgement(False, "receipt", place_of(seen))
    if time > deadline:
        return Judgement(True, "own-time", f"{channel}/{number}")
    newest = relied(number)
    if newest is not None and newest[0] > deadline:
        return Judgement(True, "relied", newest[1])
    look = sights.looked(number, limit, as_of)
    if look is not None:
        return Judgement(True, "center-check", place_of(look))
    return Judgement(False, "own-time", f"{channel}/{number}")


def believed(times: Sequence[str]) -> list[str]:
    """The times of one channel, in the order of numbers; one that a later dispatch goes back behind is that one's."""
    found = list(times)
    for at in range(len(found) - 2, -1, -1):
        found[at] = min(found[at], found[at + 1])
    return found
