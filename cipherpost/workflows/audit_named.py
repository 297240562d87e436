"""Texts that dispatches name by their hashes and that are not here: what is worth asking for under ``evidence/``.

A carrier who shows two people two things leaves out of its list what the other one saw. But its name follows from the
hash, which somebody's ack, head or link tells; so it is asked for, listed or not (docs/protocol.md, "Evidence").
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.chain.checks import RosterDisagreesError, RosterHeldError
from cipherpost.chain.opening import ROSTER_CHANNEL
from cipherpost.chain.straight import StraightChannel
from cipherpost.postoffice import names
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.network import Chain

ASKED: Final = 1_000
"""Names that are asked for: more would let a liar make every audit long."""


class Named(NamedTuple):
    """``office`` names the text ``hash`` as what stands at a place."""

    office: str
    channel: str
    number: int
    hash: str


def not_here(chain: "Chain") -> list[Named]:
    """What is named and is not here, at most `ASKED`: first what contradicts what is, then what is linked."""
    straight = {name: view.columns for name, view in chain.channels.items() if isinstance(view, StraightChannel)}
    contradicts: dict[Named, None] = {}
    missing: dict[Named, None] = {}
    views = [view for _, view in sorted(chain.channels.items())]
    for view in views:
        for _, _, channel, cited, hashed in view.unborne(straight):
            there = chain.channels.get(channel)
            if hashed is None or not cited or _knows(there, cited, hashed):
                continue
            found = missing if there is None or there.hash_at(cited) is None else contradicts
            if len(found) < ASKED:
                found[Named(view.office, channel, cited, hashed)] = None
        contradicts |= dict.fromkeys(_relied_on(chain, view))
    linked = [
        Named(view.office, view.name, number, hashed)
        for view in views
        if not view.straight
        for number, hashed in view.wanted()
    ]
    return [*dict.fromkeys((*contradicts, *linked, *missing))][:ASKED]


def places(chain: "Chain", named: Named) -> Iterator[str]:
    """The names under which it may lie: with who names it, the sender, the audience, the center."""
    office, _, audience = named.channel.partition("/")
    for each in dict.fromkeys((named.office, office, audience, CENTER)):
        if chain.roster.office(each) is not None:
            yield names.evidence_name(chain.network, each, named.hash)


def _knows(view: "Channel | None", number: int, hashed: str) -> bool:
    if view is None:
        return False
    if view.straight:
        return view.hash_at(number) == hashed
    known = view.tree.known.get(hashed)
    return known is not None and known.number == number


def _relied_on(chain: "Chain", view: "Channel") -> Iterator[Named]:
    """Entries of the roster that what waits relies on: others than those here, or later ones."""
    for entry in () if view.straight else view.held():
        node = view.tree.known[entry.hash]
        if isinstance(entry.reason, RosterDisagreesError | RosterHeldError) and node.roster_hash is not None:
            known = chain.channels.get(ROSTER_CHANNEL)
            if not _knows(known, node.roster, node.roster_hash):
                yield Named(view.office, ROSTER_CHANNEL, node.roster, node.roster_hash)
