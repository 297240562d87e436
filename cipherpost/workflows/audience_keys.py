"""Audience keys as headers and roster show them: who was given one, and who ought not to hold it any more.

All of it is told by the roster and counting headers (docs/protocol.md, "Audience keys"); that the key dispatch really
is sealed to the right persons no audit can see.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.chain.findings import Finding
from cipherpost.text import ROSTER

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.network import Chain
    from cipherpost.chain.node import Node
    from cipherpost.roster.state import OfficerInfo

_KEY: Final = "key"


class Holder(NamedTuple):
    """An officer with the keys to whom an audience key is due to be sealed by a dispatch that carries it."""

    office: str
    name: str
    card: str


class Given(NamedTuple):
    """A dispatch that carries an audience key: the roster entry it relies on, and to whom it is due to be sealed."""

    entry: int
    holders: frozenset[Holder]


def look(chain: "Chain") -> Iterator[Finding]:
    """Dispatches under a key that somebody holds who has left, and offices that were not given one."""
    roster = chain.roster
    for view in chain.channels.values():
        audience = view.name.partition("/")[2]
        if audience == ROSTER or not roster.is_group(audience, roster.newest):
            continue
        sealed = [node for node in view.telling() if node.header.key is not None and node.kind != _KEY]
        if sealed:
            yield from _look(chain, view, sealed)


def _look(chain: "Chain", view: "Channel", sealed: "list[Node]") -> Iterator[Finding]:
    """Of one group channel: each dispatch under too old a key; each office without a key, where it first needs it."""
    given = _given(chain, view)
    told: set[tuple[int, str]] = set()
    for node in sealed:
        assert node.header.key is not None
        number = node.header.key.number
        dispatches = given.get(number)
        if dispatches is None:
            stands = view.standing(number)
            if stands is not None and stands.kind == _KEY:
                continue  # it carried one, and counts no more: that is said of it, and not held against who went by it
            yield _of(node, "not-given", f"number {number}, which it names, carries no key")
            continue
        due = _due(chain, view.name, node.roster)
        held = {holder for each in dispatches if each.entry <= node.roster for holder in each.holders}
        gone = sorted(held - due)
        if gone:
            who = f"{gone[0].office}/{gone[0].name}" + (f" and {len(gone) - 1} more" if len(gone) > 1 else "")
            yield _of(node, "removed-reader", f"the key of number {number} is held by {who}, no reader by now")
        offices = {holder.office for each in dispatches for holder in each.holders}
        for office in sorted({holder.office for holder in due} - offices):
            if (number, office) not in told:
                told.add((number, office))
                yield _of(node, "not-given", f"{office} was not given the key of number {number}")


def _given(chain: "Chain", view: "Channel") -> dict[int, list[Given]]:
    """By the number of a key, the dispatches that carry it: its own, and those that hand it on to one office."""
    found: dict[int, list[Given]] = {}
    for node in view.of_kind(_KEY):
        found.setdefault(node.number, []).append(Given(node.roster, _due(chain, view.name, node.roster)))
    for other in chain.channels.values():
        if other.office != view.office or other is view:
            continue
        for node in other.of_kind(_KEY):
            key = node.header.key
            if key is not None and key.channel == view.name and key.number in found:
                found[key.number].append(Given(node.roster, _due(chain, other.name, node.roster)))
    return found


def _due(chain: "Chain", channel: str, entry: int) -> frozenset[Holder]:
    """To whom a key dispatch in ``channel`` is due to be sealed, as of a roster entry."""
    office, _, audience = channel.partition("/")
    readers: tuple[OfficerInfo, ...] = chain.roster.readers(_KEY, (audience,), office, entry)
    return frozenset(Holder(each.office, each.name, each.card) for each in readers)


def _of(node: "Node", code: str, detail: str) -> Finding:
    return Finding(
        code=code, channel=node.channel, number=node.number, office=node.office, detail=detail, time=node.time
    )
