"""What moving a cut does to each dispatch: which ones count again, and which count no more, before anybody decides."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from cipherpost.chain.checks import CutError
from cipherpost.dispatch.kinds import KINDS

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.node import Node
    from cipherpost.roster.fold import Roster


class Affected(NamedTuple):
    """A dispatch that a moved cut lets count again, or keeps from counting; ``sender`` is ``tver/ivanov``."""

    channel: str
    number: int
    sender: str
    kind: str
    time: str

    def line(self) -> str:
        """For people."""
        return f"{self.channel}/{self.number} by {self.sender}, {self.kind} of {self.time}"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return self._asdict()


class Effect(NamedTuple):
    """What counts again, and what counts no more, by number."""

    again: tuple[Affected, ...]
    gone: tuple[Affected, ...]


def effect(roster: "Roster", view: "Channel", entry: int, number: int, hashed: str | None) -> Effect:
    """What moving the cut of ``entry`` in a channel to ``number``, with its hash, does.

    As the tree judges it: the path goes through what the cut names, on it counts what no cut is below.
    """
    now = {node.hash: node for node in view.counting()}
    then = {node.hash: node for node in _path(view, number, hashed) if _counts(roster, node, entry, number)}
    return Effect(
        again=tuple(_affected(node) for key, node in then.items() if key not in now),
        gone=tuple(_affected(node) for key, node in now.items() if key not in then),
    )


def _affected(node: "Node") -> Affected:
    return Affected(node.channel, node.number, f"{node.office}/{node.by}", node.kind, node.time)


def _path(view: "Channel", number: int, hashed: str | None) -> "Iterator[Node]":
    """The path once it goes through the dispatch named: as it is now where it does already."""
    named = next((node for node in view.tree.slots.get(number, ()) if node.hash == hashed), None)
    if named is None or view.tree.stands(named):
        yield from view.tree.path
        return
    below = []
    node: Node | None = named
    while node is not None and node.number:
        below.append(node)
        node = node.parent
    yield from reversed(below)
    node = named
    while len(node.children) == 1:
        node = node.children[0]
        yield node


def _counts(roster: "Roster", node: "Node", entry: int, number: int) -> bool:
    """Whether it counts with the cut of ``entry`` at ``number``; what fails for another reason goes on failing."""
    if node.verdict is not None and not isinstance(node.verdict, CutError):
        return False
    if not _signs(roster, node, node.by, entry, number):
        return False
    needed = roster.threshold(node.office, node.roster) if KINDS[node.kind].threshold == "office" else 1
    return 1 + sum(_signs(roster, node, name, entry, number) for name in node.endorsers) >= needed


def _signs(roster: "Roster", node: "Node", officer: str, entry: int, number: int) -> bool:
    """`cipherpost.roster.standing.may_sign`, with the cut of ``entry`` at ``number``."""
    tenures = roster.keys(node.office, officer)
    then = next((each for each in tenures if each.good(node.roster)), None)
    if then is None:
        return False
    ends = [each.until for each in tenures if each.until and each.until > node.roster and each.vkey == then.vkey]
    cuts = (number if end == entry else roster.cut(end, node.channel).number for end in ends)
    return all(node.number <= cut for cut in cuts)
