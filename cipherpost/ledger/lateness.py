"""Whether a dispatch was in time, from headers alone, each fact naming its dispatch (docs/protocol.md, V11).

*dated*: its own time. *relied*: the newest time of what it, or an earlier dispatch of its channel, cites of the center,
an auditor or the roster. *seen*: the earliest time at which one of these acks its number or a higher one. *looked*: the
center, after deadline and grace, has the channel below it. So neither the center's holiday nor a stick under way makes
an office late, and nobody backdates beyond the grace.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cipherpost.chain.tree import Tree

LOOKS: Final = frozenset({"seen", "received", "failed"})
"""The words of an ack that tell how far the center's fetch came; others may be said long after it, without a line."""


class Sight(NamedTuple):
    """An ack by the center or an auditor of dispatch ``number``: when, and in which dispatch (``place``).

    ``look``: it is the center's, and tells how far it had the channel then.
    """

    number: int
    time: str
    channel: str
    at: int
    hash: str | None
    look: bool

    @property
    def place(self) -> str:
        """The dispatch that says so, ``center/tver/4``."""
        return f"{self.channel}/{self.at}"


class Judgement(NamedTuple):
    """Whether a dispatch was late, what settled it (``receipt``, ``own-time``, ``relied``, ``center-check``), and the
    place of the dispatch that shows it.
    """

    late: bool
    by: str
    evidence: str


def _earliest(sight: Sight) -> tuple[str, str, int]:
    return sight.time, sight.channel, sight.at


class Sights:
    """What the center and the auditors have acked of one channel; acks that name another text than stands are left out.

    Args:
        tree: of the channel, None while nothing of it is here.
    """

    __slots__ = ("_best", "_built", "_looks", "_numbers", "_raw", "tree")

    def __init__(self, tree: Tree | None = None) -> None:
        self.tree = tree
        self._raw: list[Sight] = []
        self._built = (0, 0)
        self._numbers: list[int] = []
        self._best: list[Sight] = []
        self._looks: list[Sight] = []

    def add(self, sight: Sight) -> None:
        """Take up an ack."""
        self._raw.append(sight)

    def _build(self) -> None:
        path = self.tree.path if self.tree is not None else []
        have = len(path)
        if self._built == (len(self._raw), have):
            return
        self._built = (len(self._raw), have)
        said = [each for each in self._raw if not 0 < each.number <= have or path[each.number - 1].hash == each.hash]
        said.sort()
        self._numbers = [each.number for each in said]
        best: Sight | None = None
        found: list[Sight] = []
        for each in reversed(said):
            if best is None or each.time < best.time or (each.time == best.time and _earliest(each) < _earliest(best)):
                best = each
            found.append(best)
        found.reverse()
        self._best = found
        self._looks = sorted([each for each in said if each.look], key=_earliest)

    def seen(self, number: int, as_of: str) -> Sight | None:
        """The earliest ack of ``number`` or a higher one that was there at ``as_of``."""
        if not self._raw:
            return None
        self._build()
        at = bisect_left(self._numbers, number)
        if at == len(self._numbers):
            return None
        found = self._best[at]
        return found if found.time <= as_of else None

    def looked(self, number: int, after: str, as_of: str) -> Sight | None:
        """The center's first look later than ``after`` that has the channel below ``number``, none yet having more."""
        self._build()
        seen = self.seen(number, as_of)
        for look in self._looks:
            if look.time > as_of or (seen is not None and seen.time <= look.time):
                return None
            if look.time > after and look.number < number:
                return look
        return None


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
        return Judgement(False, "receipt", f"{seen.channel}/{seen.at}")
    if time > deadline:
        return Judgement(True, "own-time", f"{channel}/{number}")
    newest = relied(number)
    if newest is not None and newest[0] > deadline:
        return Judgement(True, "relied", newest[1])
    look = sights.looked(number, limit, as_of)
    if look is not None:
        return Judgement(True, "center-check", look.place)
    return Judgement(False, "own-time", f"{channel}/{number}")


def believed(times: Sequence[str]) -> list[str]:
    """The times of one channel, in the order of numbers; one that a later dispatch goes back behind is that one's."""
    found = list(times)
    for at in range(len(found) - 2, -1, -1):
        found[at] = min(found[at], found[at + 1])
    return found
