"""Which channels the roster lets exist, and since which entry.

Every office has one to the center and one to itself, the center one to each office and group, to all, to itself and
for the roster. These follow from offices and groups; only what lateral groups open is written down.
"""

from collections.abc import Iterator

from cipherpost.roster.state import State, Undo
from cipherpost.text import ALL, CENTER, ROSTER

_OF_CENTER = (ROSTER, ALL, CENTER)


def since(state: State, channel: str) -> int | None:
    """The entry from which a channel exists; None where it does not."""
    office, _, audience = channel.partition("/")
    found = state.offices.get(office)
    if found is None:
        return None
    if audience in (_OF_CENTER if office == CENTER else (CENTER, office)):
        return found.info.since
    if office == CENTER and audience in state.offices:
        return state.offices[audience].info.since
    if office == CENTER and audience in state.groups:
        return state.groups[audience].first
    return state.opened.get(office, {}).get(audience)


def every(state: State) -> Iterator[str]:
    """All channels: those of each office, in order of admission, then those to groups and those that these open."""
    for name in state.offices:
        yield from (f"{name}/{audience}" for audience in (_OF_CENTER if name == CENTER else (CENTER, name)))
        if name != CENTER:
            yield f"{CENTER}/{name}"
    yield from (f"{CENTER}/{group}" for group in state.groups)
    yield from (f"{office}/{audience}" for office, audiences in state.opened.items() for audience in audiences)


def sent_by(state: State, office: str) -> Iterator[str]:
    """The channels in which an office sends."""
    if office == CENTER:
        audiences = (*_OF_CENTER, *(name for name in state.offices if name != CENTER), *state.groups)
        yield from (f"{CENTER}/{audience}" for audience in audiences if CENTER in state.offices)
    elif office in state.offices:
        yield from (f"{office}/{CENTER}", f"{office}/{office}")
    yield from (f"{office}/{audience}" for audience in state.opened.get(office, ()))


def sent_to(state: State, audience: str) -> Iterator[str]:
    """The channels to an office, a group or all."""
    if audience == CENTER:
        yield from (f"{name}/{CENTER}" for name in state.offices)
    elif audience in state.offices:
        yield from (f"{audience}/{audience}", f"{CENTER}/{audience}")
    elif audience == ALL or audience in state.groups:
        yield f"{CENTER}/{audience}"
    yield from (f"{office}/{audience}" for office, audiences in state.opened.items() if audience in audiences)


def let_write(state: State, office: str, audience: str, entry: int, undo: Undo) -> None:
    """Open a channel for a member of a lateral group from ``entry`` on, if it does not exist yet."""
    if since(state, f"{office}/{audience}") is not None:
        return
    if office not in state.opened:
        undo.put(state.opened, office, {})
    undo.put(state.opened[office], audience, entry)
