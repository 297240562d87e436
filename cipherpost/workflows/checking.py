"""Checks: "this is my last number, this is what I have", posted so that silence always means something."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cipherpost.ledger.calendar import days_after, local_day
from cipherpost.ledger.debt import State
from cipherpost.ledger.lateness import LOOKS
from cipherpost.text import ALL, CENTER, ROSTER, parse_time
from cipherpost.workflows import guards
from cipherpost.workflows.plans import Plan

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.ledger.debt import Debt


_LOOKED: Final = "looked for reports"
"""The day, in the network's zone, on which the center last asked itself who should have reported by now."""


def due_checks(desk: "Desk") -> Iterator[Plan]:
    """The checks that are due now, one for a channel at most.

    The center's to all when it has been silent for its interval; to each office that has not acknowledged for the
    interval what was sent to it alone; and the center's to each office that owes what should have come by now.
    """
    if desk.is_center and desk.roster.members(ALL, desk.roster.newest) and _silent(desk):
        yield Plan(channel=f"{CENTER}/{ALL}", kind="check", created=desk.time())
    for channel in dict.fromkeys((*_unheard(desk), *_looked_in_vain(desk))):
        yield Plan(channel=channel, kind="check", created=desk.time())


def _unheard(desk: "Desk") -> Iterator[str]:
    """The channels to one office whose last dispatch it has not acknowledged for the interval."""
    limit = timedelta(days=guards.check_days(desk))
    for channel, last in desk.mail.last_times().items():
        office, _, audience = channel.partition("/")
        if office != desk.office or audience in {ROSTER, desk.office}:
            continue
        if desk.roster.is_group(audience, desk.roster.newest) or not desk.roster.good(audience, desk.roster.newest):
            continue
        if _unacked(desk, channel, audience) and desk.now() - parse_time(last) > limit:
            yield channel


def _looked_in_vain(desk: "Desk") -> Iterator[str]:
    """The center's channels to offices whose debts are overdue beyond grace, and that were not told so since.

    The check says how far the office's channel goes here, so that nobody can date a report back behind this moment.
    Deadlines and graces end with days, so once a day is often enough.
    """
    if not desk.is_center:
        return
    now, newest = desk.time(), desk.roster.newest
    zone = desk.roster.timezone(newest)
    today = f"{local_day(now, zone)} {zone}"
    if desk.mail.meta(_LOOKED) == today:
        return
    told: dict[str, str] = {}
    graces = _graces(desk)
    for debt in desk.ledger.debts(now):
        if not _is_overdue(debt) or not desk.roster.good(debt.office, newest):
            continue
        of_form = graces.get(debt.form or "", ())
        grace = max((days for offices, days in of_form if debt.office in offices), default=0)  # of several the longest
        until = days_after(debt.deadline, grace, zone)
        if debt.office not in told:
            told[debt.office] = _last_word(desk, debt.office)
        if told[debt.office] <= until < now:
            told[debt.office] = now
            yield f"{CENTER}/{debt.office}"
    desk.mail.set_meta(_LOOKED, today)


def _is_overdue(debt: "Debt") -> bool:
    return debt.state is State.OVERDUE or (debt.open and "overdue" in debt.facts)


def _graces(desk: "Desk") -> dict[str, list[tuple[frozenset[str], int]]]:
    """By form, the offices of each duty and the days that a report of theirs may still be under way."""
    newest = desk.roster.newest
    found: dict[str, list[tuple[frozenset[str], int]]] = {}
    for duty in desk.roster.duties(newest):
        found.setdefault(duty.form, []).append((frozenset(desk.roster.members(duty.audience, newest)), duty.grace))
    return found


def _last_word(desk: "Desk", office: str) -> str:
    """The newest time of a dispatch of the center that says how far the office's channel to it goes."""
    rows = desk.mail.acks_of(f"{office}/{CENTER}")
    return max((row.time for row in rows if row.office == CENTER and row.word in LOOKS), default="")


def _silent(desk: "Desk") -> bool:
    """Whether nothing of the center that every committee reads, roster included, is younger than half its interval.

    What it writes to one alone tells the others nothing, and after a whole interval they would seal no more.
    """
    newest = guards.newest_center_time(desk, audiences=(ROSTER, ALL))
    return newest is not None and desk.now() - parse_time(newest) > timedelta(days=guards.check_days(desk)) / 2


def _unacked(desk: "Desk", channel: str, audience: str) -> bool:
    """Whether the last dispatch of a channel to one office has no ack of that office."""
    last = desk.chain.channel(channel).last
    if last is None or last.header.kind in {"receipt", "check"}:
        return False
    return not any(row.office == audience for row in desk.mail.acks(channel, last.header.number))
