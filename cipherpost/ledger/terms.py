"""The debts of the calendar: when each period of a duty ends, when it is due, and who owes it at a judging time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from cipherpost.dispatch.periods import PeriodKind, period_kind
from cipherpost.ledger import calendar
from cipherpost.ledger.account import Key
from cipherpost.ledger.debt import State
from cipherpost.ledger.rosters import Rosters
from cipherpost.roster.duties import DutyInfo
from cipherpost.roster.words import RHYTHMS

AFTER: Final = "~"
"""Behind a moment: the next one. It sorts above every text that goes on with a digit or ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One period of one duty, as it stands at a judging time.

    ``end``: the moment the period is over, None where nothing has to end first. ``day``, ``deadline``: the last day
    and moment; ``grace`` the days after it before a look of the center tells, ``limit`` when they are over. ``zone``:
    that of these days. ``owing``: the offices that owe it; ``circle``: those that it is meant for, whatever their
    standing. ``state``: of a debt of which nothing is known. ``key``: what a report of it names.
    """

    form: str
    period: str
    end: str | None
    day: date
    deadline: str
    grace: int
    limit: str
    zone: str
    owing: frozenset[str]
    circle: frozenset[str]
    state: State
    key: Key


def open_state(end: str | None, deadline: str, as_of: str) -> State:
    """The state of a debt of which nothing is known."""
    if as_of > deadline:
        return State.OVERDUE
    return State.NOT_DUE if end is not None and as_of < end else State.DUE


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms at a judging time, sorted by deadline, form and period; they hold until ``until``, not included."""

    terms: tuple[Term, ...]
    until: str | None


def terms_at(rosters: Rosters, as_of: str) -> Terms:
    """Every period of every duty of the calendar that has begun by ``as_of``, and of those that are due once."""
    found: list[Term] = []
    changes: list[str | None] = [rosters.next_change(as_of)]
    newest = rosters.entry_at(as_of)
    today = calendar.local_day(as_of, rosters.zone_at(as_of))
    for duty in rosters.duties(newest):
        kind = RHYTHMS[duty.rhythm]
        if kind is PeriodKind.EVENT:
            continue
        for period in _periods(duty, kind, today):
            if duty.covers(period):
                term = _term(rosters, duty, period, as_of)
                found.append(term)
                changes += [term.end, term.deadline + AFTER]
            elif duty.last is not None and period > duty.last:
                break
        if duty.day is None:
            following = calendar.period_days(calendar.period_of(kind, today))[1] + timedelta(days=1)
            changes.append(calendar.start_of(following, rosters.zone_at(as_of)))
    ahead = [change for change in changes if change is not None and change > as_of]
    terms = sorted(_without_doubles(found), key=lambda term: (term.deadline, term.form, term.period))
    return Terms(tuple(terms), min(ahead, default=None))


def _periods(duty: DutyInfo, kind: PeriodKind, today: date) -> Iterator[str]:
    if duty.day is not None:
        yield duty.day.isoformat()
    elif duty.first is not None:
        yield from calendar.periods_between(kind, duty.first, today)


def _term(rosters: Rosters, duty: DutyInfo, period: str, as_of: str) -> Term:
    last = calendar.period_days(period)[1]
    zone = rosters.end_zone(last, as_of)
    over = calendar.end_of(last, zone)
    stated = rosters.since(duty.entry)
    from_day = max(last, calendar.local_day(stated, zone)) if stated > over else last
    day = from_day + timedelta(days=duty.due or 0)
    deadline = calendar.end_of(day, zone)
    end = None if period_kind(period) is PeriodKind.DAY else over
    return Term(
        form=duty.form,
        period=period,
        end=end,
        day=day,
        deadline=deadline,
        grace=duty.grace,
        limit=calendar.end_of(day + timedelta(days=duty.grace), zone),
        zone=zone,
        owing=owing(rosters, duty, over, deadline, as_of),
        circle=rosters.circle(duty.audience, max(rosters.entry_at(min(over, as_of)), duty.entry)),
        state=open_state(end, deadline, as_of),
        key=(duty.form, period),
    )


def owing(rosters: Rosters, duty: DutyInfo, over: str, deadline: str, as_of: str) -> frozenset[str]:
    """The offices that owe a duty for a period that is over at ``over``.

    They are of the audience and in good standing when the period ends, and still in good standing at the deadline; of
    a duty stated later, of the audience then, too. What is still to come is looked at as it is at ``as_of``.
    """
    then, finally_ = rosters.entry_at(min(over, as_of)), rosters.entry_at(min(deadline, as_of))
    asked = max(then, duty.entry)
    found = rosters.members(duty.audience, asked)
    for entry in {then, finally_} - {asked}:
        found &= rosters.good(entry)
    return found


def first_owed(rosters: Rosters, duty: DutyInfo, as_of: str) -> str | None:
    """The first period of a duty of the calendar that any office owes; None: nobody owes one that has begun."""
    today = calendar.local_day(as_of, rosters.zone_at(as_of))
    periods = _periods(duty, RHYTHMS[duty.rhythm], today)
    return next((period for period in periods if _term(rosters, duty, period, as_of).owing), None)


def _without_doubles(terms: list[Term]) -> Iterator[Term]:
    """Of several duties that ask one office for the same, the one stated last holds; ``terms`` stand in that order."""
    by_key: dict[Key, list[Term]] = {}
    for term in terms:
        by_key.setdefault(term.key, []).append(term)
    for same in by_key.values():
        yield from same if len(same) == 1 else _disjoint(same)


def _disjoint(terms: list[Term]) -> Iterator[Term]:
    everybody = frozenset[str]().union(*(term.owing for term in terms))
    others = frozenset[str]()
    owing = frozenset[str]()
    for term in reversed(terms):
        mine, beside = term.owing - owing, term.circle - everybody - others
        yield replace(term, owing=mine, circle=mine | beside)
        owing |= term.owing
        others |= beside
