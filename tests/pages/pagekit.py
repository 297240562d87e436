"""Returns of a network that never was: offices with titles in many scripts, every state, every fact."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from cipherpost.ledger.calendar import period_days
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.returns import Matrix, matrix
from cipherpost.pages.returns import Cited

AS_OF: Final = "2027-01-12T09:00:00Z"
NASTY: Final = "<script>alert(\"x\")</script> & 'quoted' \u202eesrever"
TITLES: Final = (
    "Tver Gubernia Committee",
    "Тверской губернский комитет",
    "Committee of the united railwaymen, dockers and inland navigation of the lower Volga and the north Caspian coast",
    NASTY,
    "لجنة المحافظة",
    "",
)
_WEIGHTS: Final = {
    State.ON_TIME: 60,
    State.LATE: 9,
    State.NIL: 6,
    State.CORRECTED: 6,
    State.OVERDUE: 5,
    State.UNKNOWN: 3,
    State.EXCUSED: 3,
    State.SENT_BACK: 2,
    State.EXTENDED: 2,
    State.MOOT: 1,
}


def titles(count: int) -> dict[str, str]:
    """Office to title."""
    return {f"office-{at:03}": TITLES[at % len(TITLES)] for at in range(count)}


def debts(count: int, months: int = 12) -> Iterator[Debt]:
    """Monthly returns of ``count`` offices up to December 2026, conferences of some, one order to all."""
    chance = random.Random(count)
    states = list(_WEIGHTS)
    periods = [f"2026-{month:02}" for month in range(13 - months, 13)]
    for office in titles(count):
        for number, period in enumerate(periods, 1):
            if chance.random() < 0.02:
                continue
            state = chance.choices(states, list(_WEIGHTS.values()))[0]
            if period == "2026-12" and state in {State.OVERDUE, State.UNKNOWN}:
                state = chance.choice([State.DUE, State.NOT_DUE, State.OVERDUE])
            day = period_days(period)[1] + timedelta(days=5)
            yield _debt(office, state, day, number, form="monthly-return", period=period)
        if chance.random() < 0.2:
            for form, offset, state in (("conference-before", 0, State.ON_TIME), ("conference-after", 14, State.LATE)):
                held = date(2026, 11, 20)
                day = held + timedelta(days=offset)
                yield _debt(office, state, day, 40 + offset, form=form, period=_event(office), held=held)
        state = chance.choice([State.ON_TIME, State.ON_TIME, State.OVERDUE])
        yield _debt(office, state, date(2026, 12, 20), 60, form=None, period=None, order="center/all/14", what="reply")


def _event(office: str) -> str:
    return "e" + "".join(ch for ch in office.translate(str.maketrans("0189", "abcd")) if ch.isalnum())


def _debt(office: str, state: State, day: date, number: int, **more: object) -> Debt:
    sent = state in {State.LATE, State.NIL, State.CORRECTED, State.ON_TIME, State.SENT_BACK}
    facts = {
        State.LATE: ("late",) if number % 2 else ("corrected", "late"),
        State.NIL: ("nil",),
        State.CORRECTED: ("corrected",),
        State.EXTENDED: (f"extended from {day - timedelta(days=9)}",),
    }.get(state, ())
    decided = state in {State.EXCUSED, State.SENT_BACK, State.EXTENDED}
    corrected = "corrected" in facts
    return Debt(
        office=office,
        day=day,
        deadline=datetime(day.year, day.month, day.day, 21, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        state=state,
        facts=facts,
        report=f"{office}/center/{number}" if sent else None,
        latest=f"{office}/center/{number + 100 * corrected}" if sent else None,
        judged_by="receipt" if sent else None,
        evidence=f"center/{office}/{number}" if sent else None,
        decision=f"center/{office}/{number + 50}" if decided else None,
        **more,  # type: ignore[arg-type]
    )


@lru_cache(maxsize=4)
def grid(count: int, months: int = 12) -> Matrix:
    """The matrix of those debts."""
    return matrix(debts(count, months), titles=titles(count), as_of=AS_OF)


def cited(grid: Matrix) -> dict[str, Cited]:
    """Every dispatch that the matrix names."""
    found = {}
    for row in grid.rows:
        for cell in row.cells:
            for debt in cell.debts if cell else ():
                for place in (debt.report, debt.latest, debt.evidence, debt.decision):
                    if place:
                        hash = random.Random(place).randbytes(32).hex()
                        found[place] = Cited(place=place, hash=hash, time="2026-11-03T09:00:00Z", by="ivanov")
    return found
