"""How old the keys of officers are. A key is young from the entry that first stated it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.text import parse_time

if TYPE_CHECKING:
    from cipherpost.roster.fold import Roster
    from cipherpost.roster.state import OfficerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAge:
    """The keys of an officer in good standing: ``since`` is a protocol time, ``days`` their age in whole days."""

    office: str
    officer: str
    since: str
    days: int

    @property
    def is_old(self) -> bool:
        """Whether they are older than is advised."""
        return self.days > limits.KEY_ADVICE_DAYS


def key_age(roster: "Roster", officer: "OfficerInfo", now: datetime) -> KeyAge:
    """The age of an officer's keys; a reinstated officer's are as old as when he had them first."""
    first = min(each.since for each in roster.keys(officer.office, officer.name) if each.card == officer.card)
    since = roster.time_of(first) or ""
    days = max((now - parse_time(since)).days, 0)
    return KeyAge(office=officer.office, officer=officer.name, since=since, days=days)


def old_keys(roster: "Roster", now: datetime) -> list[KeyAge]:
    """The keys in force that are older than is advised, the oldest first."""
    newest = roster.newest
    officers = (each for office in roster.offices(newest) for each in roster.officers(office, newest))
    found = (key_age(roster, each, now) for each in officers)
    return sorted((each for each in found if each.is_old), key=lambda each: (each.since, each.office, each.officer))


def advice(old: list[KeyAge]) -> Iterator[str]:
    """What to say of old keys: at most one line."""
    if old:
        named = ", ".join(f"{each.office}/{each.officer} ({each.since[:10]})" for each in old[:5])
        more = f" and {len(old) - 5} more" if len(old) > 5 else ""
        yield f"keys older than {limits.KEY_ADVICE_DAYS} days: {named}{more}"
