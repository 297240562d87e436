"""Debts seen together: offices by periods, how complete a column is, how many were on time, rows for scripts.

Everything here is made from `Debt`s alone, so that whoever has the same ledger has the same returns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from cipherpost.dispatch.periods import PeriodKind, is_event, period_kind
from cipherpost.ledger.calendar import period_days
from cipherpost.ledger.debt import OPEN, REPORTED, Debt, State

COLUMNS: Final = (
    "office",
    "title",
    "form",
    "period",
    "event",
    "order",
    "state",
    "facts",
    "due",
    "dispatch",
    "judged_by",
    "as_of",
)
"""The columns of a row, in JSON and CSV alike."""

GRAVEST: Final = (
    State.OVERDUE,
    State.UNKNOWN,
    State.SENT_BACK,
    State.DUE,
    State.EXTENDED,
    State.NOT_DUE,
    State.LATE,
    State.NIL,
    State.CORRECTED,
    State.ON_TIME,
    State.EXCUSED,
    State.MOOT,
)
"""All states, first what wants most attention: the one that a cell of several debts shows."""
_RANK: Final = {state: rank for rank, state in enumerate(GRAVEST)}
_NOTHING_OWED: Final = frozenset({State.MOOT, State.EXCUSED})
_MISSED: Final = frozenset({State.OVERDUE, State.SENT_BACK})
_AWAITED: Final = OPEN - _MISSED - {State.UNKNOWN}
_EVERYBODY: Final = 4
"""From so many on, a short line of coverage counts those that are all and does not name them."""


# ---- one debt ----------------------------------------------------------------------------------------------------


def span(debt: Debt) -> tuple[date, date]:
    """The first and last day that a debt is about: of its period; of an event the day held; of an order the day due."""
    if debt.period is not None and not is_event(debt.period):
        return period_days(debt.period)
    day = debt.held or debt.day
    return day, day


def within(debt: Debt, period: str) -> bool:
    """Whether a debt is about ``period``: the event of that name, or days that all lie in that stretch of time."""
    if is_event(period):
        return debt.period == period
    first, last = span(debt)
    start, end = period_days(period)
    return start <= first and last <= end


def row(debt: Debt, title: str, as_of: str) -> dict[str, Any]:
    """A debt for scripts: the fields of `COLUMNS`, ``facts`` a list, what does not apply None.

    ``due`` is the last day on which a report is on time; ``dispatch`` the newest version of the report.
    """
    event = debt.period is not None and is_event(debt.period)
    return {
        "office": debt.office,
        "title": title,
        "form": debt.form,
        "period": None if event else debt.period,
        "event": debt.period if event else None,
        "order": debt.order,
        "state": str(debt.state),
        "facts": list(debt.facts),
        "due": debt.day.isoformat(),
        "dispatch": debt.latest,
        "judged_by": debt.judged_by,
        "as_of": as_of,
    }


# ---- the matrix --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """What the debts of one column have in common, in the order of time.

    A form and a period; a form and the month (``2026-12``) in which its events are held; or an order,
    ``center/all/14``, and what it wants.
    """

    last: date
    """The last day it is about."""
    form: str = ""
    period: str = ""
    events: bool = False
    order: str = ""
    what: str = ""

    @property
    def group(self) -> str:
        """What stands over all columns of the same sort: the form, or ``orders``."""
        return self.form or "orders"

    @property
    def head(self) -> str:
        """What tells it from the others of its group: the period, or the order."""
        return self.period or self.order

    @property
    def name(self) -> str:
        """``monthly-return 2026-10``, ``conference-before held in 2026-12``, ``reply to center/all/14``."""
        if self.order:
            return f"{'reply to' if self.what == 'reply' else 'compliance with'} {self.order}"
        return f"{self.form} {'held in ' if self.events else ''}{self.period}"


@dataclass(frozen=True, slots=True)
class Cell:
    """The debts of one office in one column: one, or for events any number above."""

    debts: tuple[Debt, ...]

    @property
    def state(self) -> State:
        """The state that wants most attention."""
        return min((debt.state for debt in self.debts), key=_RANK.__getitem__)

    @property
    def count(self) -> int:
        """How many of the debts are in that state."""
        state = self.state
        return sum(debt.state is state for debt in self.debts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An office with one cell for each column; None where it owes nothing there."""

    office: str
    title: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How complete debts are: of ``owed`` ones (moot and excused not among them) so many were reported.

    ``late`` and ``nil`` are among the ``reported``, ``late_offices`` who the late ones are of. ``missing`` names those
    whose time is over, or whose report was sent back; ``awaited`` those who still have time. ``left_out``: reports that
    cannot be read, where sums are made of them; they are among ``reported`` all the same. Names are those of `naming`.
    """

    reported: int
    owed: int
    late: int = 0
    nil: int = 0
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    late_offices: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def line(self, most: int | None = None) -> str:
        """``18 of 20 reported; 2 late; 1 nil; 0 unknown; missing: omsk, perm``.

        Args:
            most: name at most so many of a sort, and say ``all 20`` where it is everybody; None: name all.
        """
        parts = [
            f"{self.reported} of {self.owed} reported",
            f"{self.late} late",
            f"{self.nil} nil",
            f"{len(self.unknown)} unknown" + (f": {self._of_owed(self.unknown, most)}" if self.unknown else ""),
            f"missing: {self._of_owed(self.missing, most)}",
        ]
        if self.awaited:
            parts.append(f"not due yet: {self._of_owed(self.awaited, most)}")
        if self.excused:
            parts.append(f"excused: {_names(self.excused, most)}")
        if self.left_out:
            parts.append(f"left out: {_names(self.left_out, most)}")
        return "; ".join(parts)

    def _of_owed(self, names: Sequence[str], most: int | None) -> str:
        """Names that are all of debts counted as owed."""
        if most is not None and _EVERYBODY <= len(names) == self.owed and not any(map(_is_marked, names)):
            return f"all {len(names)}"
        return _names(names, most)


def _names(names: Sequence[str], most: int | None) -> str:
    if most is None or len(names) <= most:
        return ", ".join(names) or "none"
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _is_marked(name: str) -> bool:
    """Whether a name says more than whose debt it is, as ``tver (sent back)`` does."""
    return name.endswith(")")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Of the debts about ``month`` (``2026-10``) whose time is over so many were ``on_time``; unknown ones apart."""

    month: str
    on_time: int
    of: int
    unknown: int = 0

    @property
    def percent(self) -> int:
        """Rounded down, so that only all of them are 100; 0 where nothing is judged."""
        return 100 * self.on_time // self.of if self.of else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Offices by columns as of a moment; ``coverage`` has one line for each column, ``rates`` one for each month."""

    as_of: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    coverage: tuple[Coverage, ...]
    rates: tuple[Rate, ...]

    def groups(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Each sort of column (a form, ``orders``) with the places of its columns, in the order of names."""
        places: dict[str, list[int]] = {}
        for at, column in enumerate(self.columns):
            places.setdefault(column.group, []).append(at)
        for group in sorted(places, key=lambda name: (name == "orders", name)):
            yield group, tuple(places[group])

    @property
    def late(self) -> dict[str, list[Debt]]:
        """Office to its late reports."""
        return self._where(is_late)

    @property
    def missing(self) -> dict[str, list[Debt]]:
        """Office to what it has not sent though its time is over, or what was sent back."""
        return self._where(lambda debt: debt.state in _MISSED)

    def _where(self, wanted: Callable[[Debt], bool]) -> dict[str, list[Debt]]:
        found: dict[str, list[Debt]] = {}
        for each in self.rows:
            for cell in each.cells:
                for debt in cell.debts if cell else ():
                    if wanted(debt):
                        found.setdefault(each.office, []).append(debt)
        return found


def is_late(debt: Debt) -> bool:
    """Whether a report is there and came late."""
    return debt.state is State.LATE or (debt.state in REPORTED and "late" in debt.facts)


def column_of(debt: Debt) -> Column:
    """The column that a debt belongs to; for an order, its last day is that of this debt."""
    first, last = span(debt)
    if debt.order is not None:
        return Column(last, order=debt.order, what=debt.what or "")
    form, period = debt.form or "", debt.period or ""
    if period_kind(period) is PeriodKind.EVENT:
        month = f"{first:%Y-%m}"
        return Column(period_days(month)[1], form, month, events=True)
    return Column(last, form, period)


def _key(debt: Debt) -> tuple[str | None, str | None]:
    """What the debts of one column share: form and period, form and month of the event, or the order."""
    if debt.form is not None and debt.held is not None:
        return debt.form, f"{debt.held:%Y-%m}"
    return debt.form, debt.period if debt.order is None else debt.order


def matrix(debts: Iterable[Debt], *, titles: Mapping[str, str], as_of: str) -> Matrix:
    """Lay debts out by office and column.

    Args:
        debts: as a ledger gives them.
        titles: title by office, in the order of the rows; every office that owes is in it.
        as_of: the judging time, a protocol time.
    """
    kept = list(debts)
    found: dict[tuple[str | None, str | None], tuple[Column, dict[str, list[Debt]]]] = {}
    for debt in kept:
        key = _key(debt)
        group = found.get(key)
        if group is None:
            group = found[key] = column_of(debt), {}
        elif debt.order is not None:  # extended for one office, it is still one column, where it was due first
            group = found[key] = min(group[0], column_of(debt)), group[1]
        group[1].setdefault(debt.office, []).append(debt)
    groups = sorted(found.values(), key=lambda pair: pair[0])
    columns = tuple(column for column, _ in groups)
    owing = {debt.office for debt in kept}
    rows = tuple(
        Row(
            office=office,
            title=title,
            cells=tuple(Cell(tuple(here[office])) if office in here else None for _, here in groups),
        )
        for office, title in titles.items()
        if office in owing
    )
    lines = []
    for at in range(len(columns)):
        lines.append(coverage(debt for each in rows if (cell := each.cells[at]) is not None for debt in cell.debts))
    return Matrix(as_of=as_of, columns=columns, rows=rows, coverage=tuple(lines), rates=rates(kept, as_of))


def coverage(debts: Iterable[Debt]) -> Coverage:
    """How complete ``debts`` are; names stand in the order given."""
    kept = list(debts)
    name = naming(kept)

    def who(debt: Debt) -> str:
        return f"{name(debt)} (sent back)" if debt.state is State.SENT_BACK else name(debt)

    owed = [debt for debt in kept if debt.state not in _NOTHING_OWED]
    late = [debt for debt in owed if is_late(debt)]
    reported = [debt for debt in owed if debt.state in REPORTED]
    return Coverage(
        reported=len(reported),
        owed=len(owed),
        late=len(late),
        nil=sum(debt.state is State.NIL or "nil" in debt.facts for debt in reported),
        unknown=tuple(who(debt) for debt in owed if debt.state is State.UNKNOWN),
        missing=tuple(who(debt) for debt in owed if debt.state in _MISSED),
        awaited=tuple(who(debt) for debt in owed if debt.state in _AWAITED),
        excused=tuple(who(debt) for debt in kept if debt.state is State.EXCUSED),
        late_offices=tuple(who(debt) for debt in late),
    )


def naming(debts: Sequence[Debt]) -> Callable[[Debt], str]:
    """How each of ``debts`` is named beside the others: by its office, and by what tells several of an office apart.

    ``tver``; of several periods or orders ``tver 2026-10``, of several forms ``tver monthly-return 2026-10``; an event
    is always named.
    """
    forms = len({debt.form for debt in debts}) > 1
    spans = len({debt.period or debt.order for debt in debts}) > 1

    def name(debt: Debt) -> str:
        words = [debt.office]
        if forms and debt.form is not None:
            words.append(debt.form)
        if spans or (debt.period is not None and is_event(debt.period)):
            words.append(debt.period or debt.order or "")
        return " ".join(words)

    return name


def rates(debts: Iterable[Debt], as_of: str) -> tuple[Rate, ...]:
    """How many were on time, by the month that the debts are about; only those whose time is over at ``as_of``."""
    counts: dict[tuple[int, int], list[int]] = {}
    for debt in debts:
        if debt.deadline > as_of or debt.state in _NOTHING_OWED:
            continue
        last = span(debt)[1]
        month = counts.setdefault((last.year, last.month), [0, 0, 0])
        if debt.state is State.UNKNOWN:
            month[2] += 1
            continue
        month[0] += debt.state in REPORTED and not is_late(debt)
        month[1] += 1
    return tuple(
        Rate(month=f"{year:04}-{month:02}", on_time=on_time, of=of, unknown=unknown)
        for (year, month), (on_time, of, unknown) in sorted(counts.items())
    )
