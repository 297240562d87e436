"""Forks of a channel: the numbers at which one officer signed twice, or at which two sides both went on.

A function of the notes offered, like all of this package; docs/protocol.md, "Races and forks".
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, Protocol

from cipherpost.chain.channel import Channel
from cipherpost.chain.checks import RosterForkError
from cipherpost.chain.node import Node
from cipherpost.chain.opening import ROSTER_CHANNEL
from cipherpost.roster.fold import Roster
from cipherpost.roster.standing import are_majority, entry_signers, standing_signers
from cipherpost.roster.state import Pin


class Judged(Protocol):
    """What is looked at: `cipherpost.chain.network.Chain`."""

    @property
    def roster(self) -> Roster:
        """The roster."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Every channel by name."""


class Contradiction(NamedTuple):
    """What two dispatches of one number are, as a clause; ``blames``: not without a key that signed both."""

    what: str
    blames: bool


class Side(NamedTuple):
    """One dispatch of a fork. ``stands``: readers go on with it; ``last``: the highest number at or below it that
    counts on its own path, 0 where none does.
    """

    hash: str
    by: str
    kind: str
    time: str
    stands: bool
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Two or more signed dispatches for one number.

    ``what``: a clause in plain words. ``settled``: the first roster entry that pins the channel there
    (``center/roster/9``); of the roster itself, see `settled_in`. ``stops``: reading ends below it until it is settled.
    """

    channel: str
    number: int
    what: str
    sides: tuple[Side, ...]
    settled: str | None
    stops: bool


class Branches:
    """What counts below the nodes of a channel, and where they were settled away: found once for all its slots.

    A thief may write on beside an office for as long as he likes; each look from a node to the end would be one too
    many (I11). It holds for a channel as it is now.
    """

    def __init__(self, view: Channel) -> None:
        self.view: Final = view

    def last(self, node: Node) -> int:
        """The highest number at or below ``node`` that counts on its own path, settled away or not; 0: none does."""
        return self._lasts.get(node, 0)

    def goes_on(self, node: Node) -> bool:
        """Whether something below ``node`` counts on its own path, settled away or not."""
        return any(self.last(kid) for kid in node.children)

    def way_on(self, node: Node) -> list[Node]:
        """From ``node`` down to the nearest below it that counts on its own path; only itself where none does."""
        before: dict[Node, Node] = {}
        order = [node]
        for here in order:
            if here.verdict is None and here is not node:
                way = [here]
                while way[-1] is not node:
                    way.append(before[way[-1]])
                return way[::-1]
            before |= dict.fromkeys(here.children, here)
            order += here.children
        return [node]

    def settled_away(self, node: Node) -> int | None:
        """The nearest number at which another than ``node``, or than what it follows, was settled to stand."""
        return self._away.get(node)

    @cached_property
    def _lasts(self) -> dict[Node, int]:
        found: dict[Node, int] = {}
        slots = self.view.tree.slots
        for node in (node for number in sorted(slots, reverse=True) for node in slots[number]):
            below = max((found[kid] for kid in node.children), default=0)
            found[node] = below or (node.number if node.verdict is None and node.hangs else 0)
        return found

    @cached_property
    def _away(self) -> dict[Node, int]:
        found: dict[Node, int] = {}
        tree = self.view.tree
        for node in (node for number in sorted(tree.slots) for node in tree.slots[number]):
            if tree.is_pinned_away(node):
                found[node] = node.number
            elif node.parent in found:
                found[node] = found[node.parent]
            elif tree.follows_pinned_away(node):
                found[node] = node.number - 1
        return found


def forks(chain: Judged) -> Iterator[Fork]:
    """Every fork, by channel and number; sides by hash."""
    for name in sorted(chain.channels):
        view = chain.channels[name]
        if view.straight:
            continue  # one dispatch a number
        branches = Branches(view)
        for number in sorted(view.tree.slots):
            found = fork_in_slot(chain.roster, branches, number)
            if found is not None:
                sides = (node for node in view.tree.slots[number] if node.signed)
                yield Fork(
                    channel=name,
                    number=number,
                    what=found.what,
                    sides=tuple(_side(branches, node) for node in sorted(sides, key=lambda each: each.hash)),
                    settled=settled_in(chain.roster, branches, number),
                    stops=view.fork is not None and number == view.fork + 1,
                )


def fork_in_slot(roster: Roster, branches: Branches, number: int) -> Contradiction | None:
    """One key signed two texts for one number, whether they count or not; or two sides both went on."""
    nodes = branches.view.tree.slots.get(number, ())
    if len(nodes) < 2 or (branches.view.name == ROSTER_CHANNEL and branches.view.tree.standing(number) is None):
        return None  # of the roster's entries, those that wait contradict nothing yet
    signed = [node for node in nodes if node.signed]
    keys = Counter((node.by, key) for node in signed for key in _keys(roster, node))
    twice = sorted({by for (by, _), many in keys.items() if many > 1})
    if any(isinstance(node.verdict, RosterForkError) for node in nodes):
        return Contradiction("enough keepers signed two roster entries with this number", blames=True)
    if twice:
        what = f"whoever held the key of {' and that of '.join(twice)} signed two dispatches with this number"
        return Contradiction(what, blames=True)
    sides = [node for node in signed if node.parent is not None and branches.goes_on(node)]
    going_on = [node.by for node in sides if sum(other.parent is node.parent for other in sides) > 1]
    if going_on:
        what = f"what {' and '.join(sorted({*going_on}))} signed both goes on; it proves nothing against either"
        return Contradiction(what, blames=False)
    return None


def _keys(roster: Roster, node: Node) -> tuple[bytes, ...]:
    """The keys that signed a node; of one that a home kept, and that counts, the key of the entry it relies on."""
    if node.keys:
        return node.keys
    info = roster.officer(node.office, node.by, node.roster or max(node.number - 1, 1))
    return () if info is None else (info.vkey.public,)


def settled_in(roster: Roster, branches: Branches, number: int) -> str | None:
    """The first roster entry that pins the channel at ``number`` or above, or since which no two sides can ever stand.

    A side can not that is settled away, or cut off with the key that signed it: nobody goes by what such a key signs,
    and whoever stole it must not alarm people for ever.

    In the roster itself, where nothing can be pinned: the first entry since which those who signed other entries of
    this number, with the keys they signed them with, are no more than half of the keepers. So what the founder's key,
    or one keeper of three, signs alone is on record and alarms nobody for ever; and keepers end a fork with new keys.
    """
    view = branches.view
    if view.name == ROSTER_CHANNEL:
        return _powerless_since(roster, view, number)
    since = _pinned_in(roster, view.name, number)
    if since is None:
        ended = [_ended_in(roster, branches, node) for node in view.tree.slots.get(number, ()) if node.signed]
        entries = [entry for entry in ended if entry is not None]
        since = max(entries) if entries and len(ended) - len(entries) < 2 else None
    return None if since is None else f"{ROSTER_CHANNEL}/{since}"


def _pinned_in(roster: Roster, channel: str, number: int) -> int | None:
    stated = (each.entry for each in roster.pinned(channel) if each.pin is not None and each.pin.number >= number)
    return next(stated, None)


def _ended_in(roster: Roster, branches: Branches, node: Node) -> int | None:
    """The entry since which ``node`` cannot stand: settles it away, or took its key's standing and cuts below it."""
    below = branches.settled_away(node)
    if below is not None:
        return _pinned_in(roster, node.channel, below)
    keys = _keys(roster, node)
    lost = [each.until for each in roster.keys(node.office, node.by) if each.vkey.public in keys]
    until = lost[-1] if lost else None
    if until is None or (node.roster < until and node.number <= roster.cut(until, node.channel).number):
        return None
    return until


def _powerless_since(roster: Roster, view: Channel, number: int) -> str | None:
    if view.fork is not None and number == view.fork + 1:
        return None
    others = [node for node in view.tree.slots.get(number, ()) if node.signed and not view.tree.stands(node)]
    since = [_lost_power(roster, node) for node in others]
    return f"{ROSTER_CHANNEL}/{max(since)}" if since and max(since) <= roster.newest else None


def _lost_power(roster: Roster, node: Node) -> int:
    """The entry since which those who signed ``node`` are no more than half of the keepers; one to come: not yet."""
    if isinstance(node.verdict, RosterForkError):
        signers = entry_signers(roster, node.header)
    else:
        signers = standing_signers(roster, node.header, node.keys, roster.hash_of(1) or "")
    at = roster.newest + 1
    while at > node.number and not are_majority(roster, signers, at - 1):
        at -= 1
    return at


def pinned_by(roster: Roster, channel: str, pin: Pin) -> str:
    """The newest roster entry that states ``pin``, one of `Roster.pins`: ``center/roster/9``."""
    stated = (each.entry for each in reversed(roster.pinned(channel)) if each.pin == pin)
    return f"center/roster/{next(stated)}"


def _side(branches: Branches, node: Node) -> Side:
    last = branches.last(node)
    return Side(node.hash, node.by, node.kind, node.time, branches.view.tree.stands(node), last)
