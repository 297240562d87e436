"""The findings over a whole network's judged state: V1 to V8 (docs/protocol.md, "Findings").

A function of the notes offered, the roster and the judging time: two people with the same notes get the same list.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final, Protocol

from cipherpost import limits
from cipherpost.chain import forks
from cipherpost.chain.channel import Channel
from cipherpost.chain.checks import CutError, RaceLostError, RosterDisagreesError, RosterForkError, code_of, points_of
from cipherpost.chain.columns import Cite
from cipherpost.chain.findings import Finding, sort_key
from cipherpost.chain.node import Node
from cipherpost.chain.straight import StraightChannel
from cipherpost.text import CENTER, format_time, parse_time

_HONEST: Final = frozenset({"retire", "suspend"})
"""Losses of those whom nobody accuses."""


class Judged(forks.Judged, Protocol):
    """What a survey looks at: `cipherpost.chain.network.Chain`."""

    @property
    def refused(self) -> set[Finding]:
        """The findings about notes that were refused."""


def survey(chain: Judged, now: str) -> tuple[Finding, ...]:
    """Every finding of V1 to V8 at the judging time ``now``, sorted by place."""
    found = set(chain.refused)
    latest = _a_day_after(now)
    straight = {name: view.columns for name, view in chain.channels.items() if isinstance(view, StraightChannel)}
    for view in chain.channels.values():
        found.update(_v7_clock(view, latest))
        found.update(_v8_disagrees(chain, view, view.unborne(straight)))
        if not view.straight:
            found.update(_waiting(view))
            found.update(_slots(chain, view))
            found.update(_pinned(chain, view))
    found.update(_uncounted(chain))
    return tuple(sorted(found, key=sort_key))


def survey_dispatch(chain: Judged, node: Node, now: str) -> tuple[Finding, ...]:
    """V7 and V8 of one counting dispatch."""
    view = chain.channels[node.channel]
    clock = (each for each in _v7_clock(view, _a_day_after(now)) if each.number == node.number)
    cites = (cite for cite in view.cites() if cite.number == node.number)
    return (*clock, *_v8_disagrees(chain, view, cites))


def _finding(node: Node, code: str, detail: str, points: str | None = None) -> Finding:
    return Finding(
        code=code,
        channel=node.channel,
        number=node.number,
        office=node.office,
        detail=detail,
        time=node.time,
        about=node.hash,
        points=points,
    )


# ---- V3, V4: what is missing, what waits -----------------------------------------------------------------------------


def _waiting(view: Channel) -> Iterator[Finding]:
    for first, last in view.gaps():
        missing = f"number {first} is missing" if first == last else f"numbers {first} to {last} are missing"
        yield Finding(code="gap", channel=view.name, number=first, office=view.office, detail=missing, last=last)
    for number, error in view.newer.items():
        if number > view.tree.end.number:
            yield Finding(code="held", channel=view.name, number=number, office=view.office, detail=error.what)
    for entry in view.held():
        node = view.tree.known[entry.hash]
        why = entry.reason.what if entry.reason else ""
        yield _finding(node, "held", why)
        if isinstance(entry.reason, RosterDisagreesError):
            yield _finding(node, "disagrees", why)


# ---- V5, V6, races and forks -----------------------------------------------------------------------------------------


def _slots(chain: Judged, view: Channel) -> Iterator[Finding]:
    branches = forks.Branches(view)
    for number, nodes in view.tree.slots.items():
        fork = forks.fork_in_slot(chain.roster, branches, number) if len(nodes) > 1 else None
        if fork is not None:
            finding = Finding(
                code="fork",
                channel=view.name,
                number=number,
                office=view.office,
                detail=fork.what,
                about=" ".join(sorted(node.hash for node in nodes if node.signed)),
                points=None if fork.blames else "nobody",
            )
            since = forks.settled_in(chain.roster, branches, number)
            yield finding if since is None else finding.known(since)
        for node in nodes:
            status, reason = view.status(node)
            if status != "void" or reason is None or isinstance(reason, RosterForkError):
                continue
            if isinstance(reason, RaceLostError):
                if fork is None:
                    yield _finding(node, "race", f"{node.by}'s dispatch does not stand; another of this number does")
            else:
                yield _finding(node, code_of(reason), reason.what, points_of(reason))


def _pinned(chain: Judged, view: Channel) -> Iterator[Finding]:
    """A cut or settlement names a hash that nobody has at its number, though others are there: a slip, or a side that
    the carrier keeps back. Where no such number is here at all, it is a gap.
    """
    for pin in chain.roster.pins(view.name):
        if pin.hash not in view.tree.known and any(node.signed for node in view.tree.slots.get(pin.number, ())):
            since = forks.pinned_by(chain.roster, view.name, pin)
            what = f"{since} names another {view.name}/{pin.number} than any that is here"
            yield Finding(code="disagrees", channel=view.name, number=pin.number, office=view.office, detail=what)


# ---- cuts below what was acknowledged --------------------------------------------------------------------------------


def _uncounted(chain: Judged) -> Iterator[Finding]:
    """What an officer who was retired or suspended had sent, and the center had acknowledged, before it was cut off.

    An ack counts for all that its dispatch links back to, and only if the center did not know of the loss yet: what a
    colleague links over afterwards was acknowledged with him, and not with the one who had left.
    """
    cut = {view.name: found for view in chain.channels.values() if (found := _honestly_cut(chain, view))}
    acked = _acked_by_center(chain, cut.keys())
    for channel, nodes in cut.items():
        known = _known_to_center(chain.channels[channel], acked[channel])
        for node in nodes:
            tenures = chain.roster.keys(node.office, node.by)
            good = [each for each in tenures if each.good(node.roster) and each.compromised is None]
            losses = [each.until for each in good if each.until is not None and each.cause in _HONEST]
            if any(known.get(node, until) < until for until in losses):
                what = f"the center had acknowledged number {node.number}, and it was cut off"
                yield _finding(node, "uncounted", what)


def _honestly_cut(chain: Judged, view: Channel) -> list[Node]:
    """What is cut off in a channel of an office of which somebody left with honour."""
    if view.straight or not any(each.cause in _HONEST for each in chain.roster.tenures(view.office)):
        return []
    return [node for nodes in view.tree.slots.values() for node in nodes if isinstance(node.verdict, CutError)]


def _acked_by_center(chain: Judged, channels: Collection[str]) -> dict[str, dict[str, int]]:
    """By channel the hashes that counting dispatches of the center ack, each with the lowest roster entry they cite."""
    acked: dict[str, dict[str, int]] = {channel: {} for channel in channels}
    for view in chain.channels.values() if channels else ():
        for node in view.telling() if view.office == CENTER else ():
            for ack in node.header.acks:
                if ack.hash is not None and ack.channel in acked:
                    hashes = acked[ack.channel]
                    hashes[ack.hash] = min(node.roster, hashes.get(ack.hash, node.roster))
    return acked


def _known_to_center(view: Channel, acked: Mapping[str, int]) -> dict[Node, int]:
    """The lowest roster entry at which the center acknowledged a node or one below it; each node is looked at once."""
    known: dict[Node, int] = {}
    slots = view.tree.slots
    for node in (node for number in sorted(slots, reverse=True) for node in slots[number]):
        entries = [known[kid] for kid in node.children if kid in known]
        entries += [acked[node.hash]] if node.hash in acked else []
        if entries:
            known[node] = min(entries)
    return known


# ---- V7, V8 ----------------------------------------------------------------------------------------------------------


def _v7_clock(view: Channel, latest: str) -> Iterator[Finding]:
    for number, before in view.backs():
        told = f"dated {view.time_at(number)}, before number {before}, dated {view.time_at(before)}"
        yield _about(view, number, "clock", told)
    for number in view.later(latest):
        yield _about(view, number, "clock", f"dated {view.time_at(number)}, more than a day ahead")


def _a_day_after(now: str) -> str:
    return format_time(parse_time(now) + timedelta(seconds=limits.CLOCK_AHEAD_SECONDS))


def _v8_disagrees(chain: Judged, view: Channel, cites: Iterable[Cite]) -> Iterator[Finding]:
    """Acks, heads and replies that name another hash than what stands here; each may be the only honest witness."""
    stands: dict[str, Channel | None] = {}
    for number, _, channel, cited, hashed in cites:
        if hashed is None:
            continue
        if channel in stands:
            other = stands[channel]
        else:
            other = stands[channel] = chain.channels.get(channel)
        here = other.hash_at(cited) if other is not None else None
        if here is not None and here != hashed:
            told = f"names another {channel}/{cited} than the one that stands here"
            yield _about(view, number, "disagrees", told)


def _about(view: Channel, number: int, code: str, detail: str) -> Finding:
    """A finding about what stands at a number."""
    time = view.time_at(number)
    return Finding(code=code, channel=view.name, number=number, office=view.office, detail=detail, time=time)
