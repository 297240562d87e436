"""Standing obligations over time: what each restatement and each end leaves of the duties stated before.

Statements about one form and audience are kept apart by the sort of period, since debts of different sorts never
meet. A duty stated anew holds from its first period on, and the one before for the periods below that; without a first
period (events only) it takes the place of all before. An end leaves the periods up to its own.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from cipherpost.dispatch.periods import PeriodKind, period_kind
from cipherpost.roster.words import RHYTHMS, Duty, DutyEnd

Key = tuple[str, str, PeriodKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyInfo:
    """A duty with the periods it is about; the fields of `Duty`, and three more.

    ``entry`` states it; ``last`` is the last period owed (None: no end was stated), ``before`` the first period that a
    newer statement took over (None: none did). For events, both are days on which an event is held.
    """

    form: str
    audience: str
    rhythm: str
    due: int | None
    within: int | None
    day: date | None
    grace: int
    first: str | None
    entry: int
    last: str | None = None
    before: str | None = None

    def covers(self, period: str) -> bool:
        """Whether the duty is about ``period``, of its own rhythm; for events, the day held, ``2026-12-10``."""
        if self.day is not None:
            return period == str(self.day)
        return (
            (self.first is None or self.first <= period)
            and (self.last is None or period <= self.last)
            and (self.before is None or period < self.before)
        )

    def empty(self) -> bool:
        """Whether no period is left."""
        start = self.first or ""
        return (self.last is not None and self.last < start) or (self.before is not None and self.before <= start)


class _Stated(NamedTuple):
    order: int
    entry: int
    statement: Duty | DutyEnd


class DutyBook:
    """All statements about duties, in order."""

    __slots__ = ("count", "stated")

    def __init__(self) -> None:
        self.stated: dict[Key, list[_Stated]] = {}
        self.count = 0

    def told(self) -> list[tuple[int, Duty | DutyEnd]]:
        """Every statement with its entry, in the order they were stated."""
        stated = {each.order: each for kept in self.stated.values() for each in kept}
        return [(stated[order].entry, stated[order].statement) for order in sorted(stated)]

    def keys_of(self, statement: Duty | DutyEnd) -> tuple[Key, ...]:
        """Where ``statement`` belongs; an end with a day ends what is owed once and for events."""
        if isinstance(statement, Duty):
            return ((statement.form, statement.audience, RHYTHMS[statement.rhythm]),)
        kind = period_kind(statement.last)
        kinds = (kind, PeriodKind.EVENT) if kind is PeriodKind.DAY else (kind,)
        return tuple((statement.form, statement.audience, each) for each in kinds)

    def changes(self, statement: DutyEnd, entry: int) -> bool:
        """Whether ``statement`` would end anything."""
        return any(_ended(duties := self._of(key, entry), statement.last) != duties for key in self.keys_of(statement))

    def add(self, statement: Duty | DutyEnd, entry: int) -> None:
        """Take up a statement of ``entry``."""
        for key in self.keys_of(statement):
            self.stated.setdefault(key, []).append(_Stated(self.count, entry, statement))
        self.count += 1

    def remove(self, statement: Duty | DutyEnd) -> None:
        """Take back the newest statement, which is ``statement``."""
        for key in self.keys_of(statement):
            self.stated[key].pop()
        self.count -= 1

    def at(self, entry: int) -> tuple[DutyInfo, ...]:
        """The duties as they stand at ``entry``, in the order they were stated."""
        found = [each for key in self.stated for each in self._of(key, entry)]
        return tuple(duty for _, duty in sorted(found, key=_order))

    def _of(self, key: Key, entry: int) -> list[tuple[int, DutyInfo]]:
        duties: list[tuple[int, DutyInfo]] = []
        for order, stated_in, statement in self.stated.get(key, ()):
            if stated_in > entry:
                break
            if isinstance(statement, DutyEnd):
                duties = _ended(duties, statement.last)
            else:
                duties = [*_restated(duties, statement), (order, _info(statement, stated_in))]
        return duties


def _order(found: tuple[int, DutyInfo]) -> int:
    return found[0]


def _info(duty: Duty, entry: int) -> DutyInfo:
    return DutyInfo(
        form=duty.form,
        audience=duty.audience,
        rhythm=duty.rhythm,
        due=duty.due,
        within=duty.within,
        day=duty.day,
        grace=duty.grace,
        first=duty.first,
        entry=entry,
    )


def _ended(duties: list[tuple[int, DutyInfo]], last: str) -> list[tuple[int, DutyInfo]]:
    found: list[tuple[int, DutyInfo]] = []
    for order, duty in duties:
        if duty.day is not None:
            ended, kept = duty, str(duty.day) <= last
        else:
            ended = replace(duty, last=last if duty.last is None else min(last, duty.last))
            kept = not ended.empty()
        if kept:
            found.append((order, ended))
    return found


def _restated(duties: list[tuple[int, DutyInfo]], new: Duty) -> list[tuple[int, DutyInfo]]:
    """What is left of ``duties`` of one key beside ``new``."""
    if new.day is not None:
        return [(order, duty) for order, duty in duties if duty.day != new.day]
    start = new.first or ""
    found = [
        (order, replace(duty, before=start if duty.before is None else min(start, duty.before)))
        for order, duty in duties
    ]
    return [(order, duty) for order, duty in found if not duty.empty()]
