"""Lists of statements that belong together: a founding, and whatever takes standing away with its cuts.

What these give is checked with `cipherpost.roster.fold.Roster.check` before anybody signs it.
"""

from collections.abc import Iterable, Mapping, Sequence

from cipherpost.dispatch.header import Head
from cipherpost.errors import UseError
from cipherpost.roster.fold import Roster
from cipherpost.roster.state import ROSTER_CHANNEL
from cipherpost.roster.statements import (
    Compromised,
    Cut,
    Dissolve,
    Keepers,
    Office,
    Officer,
    Retire,
    Statement,
    Suspend,
    Timezone,
    Title,
)
from cipherpost.text import CENTER

Taking = Retire | Compromised | Suspend | Dissolve | Officer
"""Statements that take standing away; an `Officer`, when the name has keys already."""
Heads = Mapping[str, tuple[int, str]]
"""Channel to the number and hash of its last dispatch that was verified."""


class LastKeeperError(UseError):
    """The only keeper cannot leave: nobody could sign the roster any more."""


def genesis(founder: Officer, *, title: str, timezone: str | None = None) -> tuple[Statement, ...]:
    """The statements of entry 1: ``founder`` is the one officer of the center and the one keeper."""
    stated: list[Statement] = [Keepers((founder.name,)), Office(CENTER, "center"), Title(CENTER, title), founder]
    return (*stated, *([Timezone(timezone)] if timezone else []))


def take_away(roster: Roster, taking: Sequence[Taking], heads: Heads) -> tuple[Statement, ...]:
    """``taking`` for the next entry, with a cut for every channel of every office that loses an officer by it.

    A channel is cut at its number in ``heads``, and at 0 where it has none there. Keepers who leave are left out of
    the keepers; who gets new keys stays one.

    Raises:
        LastKeeperError: the only keeper would leave.
    """
    losing = [each for each in taking if _loses(roster, each)]
    offices = dict.fromkeys(each.office for each in losing)
    cuts = [cut for office in offices for cut in _cuts(roster, office, heads)]
    return (*taking, *_keepers_left(roster, taking), *cuts)


def rotate_with_cuts(roster: Roster, new: Officer, heads: Heads, told: Iterable[Head] = ()) -> tuple[Statement, ...]:
    """New keys for an officer; the old ones are cut at ``heads`` or at what the card ``told``, whichever is higher."""
    return take_away(roster, (new,), higher(heads, {each.channel: (each.number, each.hash) for each in told}))


def higher(one: Heads, other: Heads) -> dict[str, tuple[int, str]]:
    """Both, for a channel in both that with the higher number; of equal numbers that of ``one``."""
    return {**other, **{name: head for name, head in one.items() if head[0] >= other.get(name, (0, ""))[0]}}


def _loses(roster: Roster, taking: Taking) -> bool:
    """Whether anybody loses standing by it: not so in an office without officers, or by new officers."""
    if isinstance(taking, Suspend | Dissolve):
        return bool(roster.officers(taking.office, roster.newest))
    officer = taking.name if isinstance(taking, Officer) else taking.officer
    return roster.officer(taking.office, officer, roster.newest) is not None


def _cuts(roster: Roster, office: str, heads: Heads) -> list[Cut]:
    entry = roster.newest + 1
    own = [channel for channel in roster.channels_of(office) if channel != ROSTER_CHANNEL]
    return [Cut(entry, channel, *heads.get(channel, (0, None))) for channel in sorted(own)]


def _keepers_left(roster: Roster, taking: Iterable[Taking]) -> tuple[Keepers, ...]:
    before = roster.keepers(roster.newest)
    gone, renewed = set(), set()
    for each in taking:
        if isinstance(each, Retire | Compromised) and each.office == CENTER:
            gone.add(each.officer)
        elif isinstance(each, Officer) and each.office == CENTER:
            renewed.add(each.name)
    after = tuple(name for name in before if name not in gone - renewed)
    if not after:
        raise LastKeeperError(
            f"{before[0]} is the only keeper" if before else "there is no keeper",
            rule="keepers sign the roster",
            hints=("another officer of the center becomes a keeper first",),
        )
    return (Keepers(after),) if after != before else ()
