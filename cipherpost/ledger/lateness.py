"""Whether a dispatch was in time, from headers alone, each fact naming its dispatch (docs/protocol.md, V11).

*dated*: its own time. *relied*: the newest time of what it, or an earlier dispatch of its channel, cites of the center,
an auditor or the roster. *seen*: the earliest time at which one of these acks its number or a higher one. *looked*: the
center, after deadline and grace, has the channel below it. So neither the center's holiday nor a stick under way makes
an office late, and nobody backdates beyond the grace.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from cipherpost.chain.node import Node
from cipherpost.chain.tree import Tree

LOOKS: Final = frozenset({"seen", "received", "failed"})
"""The words of an ack that tell how far the center's fetch came; others may be said long after it, without a line."""


Sight = Node
"""The dispatch of the center or an auditor that acks another; what it shows is that the other was there at its time."""
_Said = tuple[int, Sight, str | None, bool]
"""The number that was acked, the dispatch that says so, the hash it names, and whether that is a look: the center's,
telling how far it had the channel then."""


def place_of(sight: Sight) -> str:
    """Where it stands, ``center/tver/4``."""
    return f"{sight.channel}/{sight.number}"


def _earliest(sight: Sight) -> tuple[str, str, int]:
    """By time; of several at one time the same for everybody."""
    return sight.time, sight.channel, sight.number


class Judgement(NamedTuple):
    """Whether a dispatch was late, what settled it (``receipt``, ``own-time``, ``relied``, ``center-check``), and the
    place of the dispatch that shows it.
    """

    late: bool
    by: str
    evidence: str


def racing(tree: Tree) -> bool:
    """Whether two dispatches contend for a channel's last number, and no next one tells which of them stands."""
    end = tree.end
    if len(tree.known) == len(tree.path) or not tree.path:
        return False
    return any(
        node is not end and node.parent is end.parent and node.verdict is None and not tree.is_pinned_away(node)
        for node in tree.slots.get(end.number, ())
    )


def settled(tree: Tree | None, number: int) -> Node | None:
    """The dispatch that stands at ``number``; None where none is here, or a race for it is open."""
    stands = None if tree is None else tree.standing(number)
    return None if tree is None or (stands is tree.end and racing(tree)) else stands


_number: Final = itemgetter(0)


class Sights:
    """What the center and the auditors have acked of one channel; acks that name another text than stands are left out.

    While a race is open neither side stands, so that nothing depends on which one was read first.

    Args:
        tree: of the channel, None while nothing of it is here.
    """

    __slots__ = ("_best", "_built", "_numbers", "_said", "raw", "tree")

    def __init__(self, tree: Tree | None = None) -> None:
        self.tree = tree
        self.raw: list[_Said] = []
        """Every ack; to be added to."""
        self._built = (0, 0)
        self._said: list[_Said] = []
        self._numbers: list[int] = []
        self._best: list[Sight] = []

    def acked(self) -> tuple[list[int], list[Sight]]:
        """The numbers that were acked, rising, and for each the earliest ack of it or a higher one."""
        raw, path = self.raw, self.tree.path if self.tree is not None else []
        have = len(path) - (self.tree is not None and racing(self.tree))
        if self._built == (len(raw), have):
            return self._numbers, self._best
        self._built = (len(raw), have)
        said = [each for each in raw if not 0 < each[0] <= have or path[each[0] - 1].hash == each[2]]
        said.sort(key=_number)
        self._said, self._numbers = said, [each[0] for each in said]
        found = [each[1] for each in said]
        for at in range(len(found) - 2, -1, -1):
            if found[at + 1].time <= found[at].time:
                found[at] = min(found[at], found[at + 1], key=_earliest)
        self._best = found
        return self._numbers, found

    def seen(self, number: int, as_of: str) -> Sight | None:
        """The earliest ack of ``number`` or a higher one that was there at ``as_of``."""
        if not self.raw:
            return None
        numbers, best = self.acked()
        at = bisect_left(numbers, number)
        if at == len(numbers):
            return None
        found = best[at]
        return found if found.time <= as_of else None

    def looked(self, number: int, after: str, as_of: str) -> Sight | None:
        """The center's first look later than ``after`` that has the channel below ``number``, none yet having more."""
        seen = self.seen(number, as_of)
        looks = [each[1] for each in self._said if each[3] and each[0] < number and after < each[1].time <= as_of]
        first = min(looks, default=None, key=_earliest)
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
