"""Forks that are open: told of once by a fetch, and kept in sight by `status` until an entry settles them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.forks import Fork
    from cipherpost.desk import Desk
    from cipherpost.roster.fold import Roster

_TOLD: Final = "forks told"
"""The fact in which the home keeps of which open forks it has told: their places."""
_SIDES: Final = 4
"""So many sides of a fork are named; `forks` lists all."""


@dataclass(frozen=True, slots=True)
class _Odd:
    """The channels of a home in which anything lies beside the path: only there can a fork be."""

    roster: "Roster"
    channels: "Mapping[str, Channel]"


def open_forks(desk: "Desk") -> "list[Fork]":
    """Every fork that this home knows of and no entry of the roster settles, by channel and number."""
    from cipherpost.chain import forks

    odd = {name: view for name, view in desk.chain.channels.items() if not view.whole}
    return [each for each in forks.forks(_Odd(desk.roster, odd)) if each.settled is None]


def news(desk: "Desk") -> "list[Fork]":
    """The open forks of which nobody was told yet; each is told of once."""
    found = {place(each): each for each in open_forks(desk)}
    told: list[str] = json.loads(desk.mail.meta(_TOLD) or "[]")
    if list(found) != told:
        desk.mail.set_meta(_TOLD, json.dumps(list(found)))
    return [each for name, each in found.items() if name not in set(told)]


def place(fork: "Fork") -> str:
    """Where it is: ``tver/center/14``."""
    return f"{fork.channel}/{fork.number}"


def as_json(fork: "Fork") -> dict[str, Any]:
    """For scripts."""
    return {
        "channel": fork.channel,
        "number": fork.number,
        "what": fork.what,
        "settled": fork.settled,
        "stops": fork.stops,
        "sides": [side._asdict() for side in fork.sides],
    }


def lines(forks: "Iterable[Fork]") -> Iterator[str]:
    """For people: one line for each channel, with both sides of its first fork."""
    for _, each in groupby(forks, key=lambda fork: fork.channel):
        first, *more = each
        sides = "; ".join(
            f"{side.hash[:16]}... by {side.by}, {side.kind} of {side.time}{' (stands)' if side.stands else ''}"
            for side in first.sides[:_SIDES]
        )
        yield f"{place(first)}: {first.what}: {sides}" + (
            f"; and {len(more)} later number{'s' if len(more) > 1 else ''} likewise" if more else ""
        )


def steps(desk: "Desk", where: str) -> tuple[str, str]:
    """What to do about an open fork at ``where`` (``tver/center/14``): look, and telephone."""
    from cipherpost.workflows.syncing import ROSTER_CHANNEL

    channel = where.rpartition("/")[0]
    office = channel.partition("/")[0]
    if channel == ROSTER_CHANNEL:
        call = "the keepers compare by telephone what they signed, and make new keys: cipherpost keys rotate"
    elif not desk.is_center:
        call = f"tell the center by telephone about {where}"
    else:
        whom = "your colleagues" if office == desk.office else office
        call = f"ask {whom} by telephone what was signed; then cipherpost settle {where} HASH"
    return "cipherpost forks    (both sides; a copied home, or a thief with its key)", call
