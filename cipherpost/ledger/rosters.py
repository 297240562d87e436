"""The roster over time: which entry was in force at a moment, and who belonged to what then."""

from bisect import bisect_right
from datetime import date
from typing import Final, NamedTuple

from cipherpost.ledger import calendar
from cipherpost.roster.duties import DutyInfo
from cipherpost.roster.fold import Roster
from cipherpost.roster.words import Dissolve, Suspend
from cipherpost.text import ALL

_Names = frozenset[str]
_NOBODY: Final[_Names] = frozenset()


class Left(NamedTuple):
    """An office without standing: ``suspended`` or ``dissolved``, by roster entry ``entry``, in force ``since``."""

    office: str
    state: str
    entry: int
    since: str


class Rosters:
    """The states of a roster by moment. An entry is in force from the latest of its own time and those before it."""

    def __init__(self, roster: Roster) -> None:
        self.roster: Final = roster
        self._since: list[str] = []
        self._members: dict[tuple[str, int], _Names] = {}
        self._circles: dict[tuple[str, int], _Names] = {}
        self._good: dict[int, _Names] = {}
        self._duties: dict[int, tuple[DutyInfo, ...]] = {}

    def grow(self) -> bool:
        """Take up new entries; whether there were any."""
        since, entries = self._since, self.roster.entries
        if len(since) == len(entries):
            return False
        for entry in entries[len(since) :]:
            since.append(max(entry.time, since[-1]) if since else entry.time)
        return True

    def entry_at(self, moment: str) -> int:
        """The number of the entry in force at ``moment``; 0 before the genesis."""
        return bisect_right(self._since, moment)

    def since(self, entry: int) -> str:
        """From when on an entry that is here was in force."""
        return self._since[entry - 1]

    def left(self, moment: str) -> tuple[Left, ...]:
        """The offices that are suspended or dissolved at ``moment``, the last one first."""
        at, found = self.entry_at(moment), {}
        for entry in reversed(self.roster.entries[:at]):
            for said in entry.statements:
                if isinstance(said, Suspend | Dissolve) and said.office not in found:
                    state = self.roster.state(said.office, at)
                    found[said.office] = Left(said.office, str(state), entry.number, self.since(entry.number))
        return tuple(each for each in found.values() if each.state in {"suspended", "dissolved"})

    def next_change(self, moment: str) -> str | None:
        """When the first entry after ``moment`` comes into force, among those known."""
        at = bisect_right(self._since, moment)
        return self._since[at] if at < len(self._since) else None

    def zone_at(self, moment: str) -> str:
        """The zone in which days end at ``moment``."""
        return self.roster.timezone(self.entry_at(moment))

    def end_zone(self, day: date, as_of: str) -> str:
        """The zone for the end of ``day``: that of the entry in force at its 24:00 UTC, or at ``as_of`` if earlier."""
        return self.zone_at(min(calendar.end_of(day, "+00:00"), as_of))

    def duties(self, at: int) -> tuple[DutyInfo, ...]:
        """The duties as they stand at an entry, in the order they were stated."""
        found = self._duties.get(at)
        if found is None:
            found = self._duties[at] = self.roster.duties(at)
        return found

    def members(self, audience: str, at: int) -> _Names:
        """The offices of an audience in good standing at an entry, at which the audience is known."""
        key = (audience, at)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = frozenset(self.circle(audience, at) & self.good(at))
        return found

    def circle(self, audience: str, at: int) -> _Names:
        """The offices of an audience at an entry, whatever their standing."""
        key = (audience, at)
        found = self._circles.get(key)
        if found is None:
            found = self._circles[key] = self._circle(audience, at)
        return found

    def _circle(self, audience: str, at: int) -> _Names:
        roster = self.roster
        if audience == ALL:
            return frozenset(name for name in roster.offices(at) if roster.role(name) == "committee")
        if roster.is_group(audience, at):
            return frozenset(roster.groups(at)[audience])
        return frozenset((audience,)) if roster.state(audience, at) is not None else _NOBODY

    def good(self, at: int) -> _Names:
        """The offices in good standing at an entry."""
        found = self._good.get(at)
        if found is None:
            roster = self.roster
            found = self._good[at] = frozenset(name for name in roster.offices(at) if roster.good(name, at))
        return found
