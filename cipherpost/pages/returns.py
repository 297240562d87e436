"""The page of the returns: who reported what, when, and which dispatch shows it.

The builder takes the matrix of the ledger and what headers say of dispatches; it opens nothing and judges nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from cipherpost.dispatch.periods import is_event
from cipherpost.ledger.debt import REPORTED, Debt, State
from cipherpost.ledger.returns import Coverage, Matrix, is_late
from cipherpost.pages.building import page

COLUMNS: Final = 12
"""Most columns side by side, so that a table fits on a sheet of paper laid across."""
DETAILS_ON_PAPER: Final = 200
"""Most debts whose details are printed without being asked for: about ten sheets."""
NAMES: Final = 12
"""Most names of a sort in a line of coverage; all of them stand under "Late and missing"."""

_SMALL: Final = ("late", "nil", "early", "corrected", "accepted", "repeat", "order", "unable")
"""Facts short enough to stand in a cell; the details name all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What a page says of a dispatch: ``tver/center/12``, the hash of its text, the time it states, its officer."""

    place: str
    hash: str
    time: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One debt as the page shows it; ``id`` is the anchor of its details, ``small`` what stands below the state."""

    id: str
    debt: Debt
    small: tuple[str, ...]

    @property
    def event(self) -> str:
        """The event it is about, if it is one."""
        return _event(self.debt)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    office: str
    title: str
    cells: tuple[tuple[_Cell, ...], ...]
    fine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """At most `COLUMNS` columns of one sort, the line of coverage of each, and the offices that owe in any of them.

    ``last``: the last day that any column is about.
    """

    heading: str
    last: date
    columns: tuple[str, ...]
    coverage: tuple[Coverage, ...]
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What is not as it should be in one column: lists of (word, state, rows with the cell)."""

    name: str
    events: bool
    lists: tuple[tuple[str, State, tuple[tuple[_Row, _Cell], ...]], ...]


def returns_page(
    matrix: Matrix,
    *,
    network: str,
    period: str | None = None,
    form: str | None = None,
    group: str | None = None,
    zone: str = "",
    cited: Mapping[str, Cited] | None = None,
    remarks: Mapping[str, str] | None = None,
    left: Sequence[str] = (),
) -> str:
    """The returns as one self-contained page of HTML; the same values give the same text.

    Args:
        matrix: offices by columns, with coverage and rates.
        network: its name.
        period: what was asked for, like ``form`` and ``group``; None: everything up to the judging time.
        zone: the network's time zone, for the days named.
        cited: what is known of the dispatches that the debts name, by place; one that is not there is only named.
        remarks: by dispatch, what only a reader of its letter sees.
        left: a sentence on each office that lost its standing.
    """
    grid = list(_grid(matrix))
    debts = [cell.debt for cell in _flat(grid)]
    return page(
        "returns.html.j2",
        network=network,
        period=period,
        only=[word for word in (form, group) if word],
        as_of=matrix.as_of,
        zone=zone,
        verdict=verdict(debts),
        counts=_counts(debts),
        tables=list(_tables(matrix, grid)),
        rates=matrix.rates,
        named=list(_named(matrix, grid)),
        details=[(row, [cell for cells in row.cells for cell in cells]) for row in grid],
        cited=cited or {},
        remarks=remarks or {},
        left=left,
        names=NAMES,
        on_paper=len(debts) <= DETAILS_ON_PAPER,
    )


def verdict(debts: Iterable[Debt]) -> str:
    """One sentence about all of ``debts``: how many are met, what is missing, late, sent back or unknown."""
    states = [State.LATE if is_late(debt) else debt.state for debt in debts]
    counts = Counter(states)
    owed = sum(count for state, count in counts.items() if state not in {State.MOOT, State.EXCUSED, State.NOT_DUE})
    if not owed:
        return "Nothing is owed yet." if counts[State.NOT_DUE] else "Nothing was owed."
    met = sum(counts[state] for state in REPORTED)
    open_ = [
        f"{counts[state]} {word}"
        for state, word in (
            (State.OVERDUE, "missing"),
            (State.SENT_BACK, "sent back"),
            (State.UNKNOWN, "unknown"),
            (State.EXTENDED, "given more time"),
            (State.DUE, "still to come in time"),
        )
        if counts[state]
    ]
    came = f"{met} of {owed} came" + (f", {counts[State.LATE]} of them late" if counts[State.LATE] else ", none late")
    return f"{came}; {', '.join(open_) or 'nothing is missing'}."


def _event(debt: Debt) -> str:
    return debt.period if debt.period is not None and is_event(debt.period) else ""


def _small(debt: Debt) -> tuple[str, ...]:
    facts = tuple(fact for fact in debt.facts if fact in _SMALL and fact != debt.state.value)
    return (event, *facts) if (event := _event(debt)) else facts


def _counts(debts: Iterable[Debt]) -> list[tuple[State, int]]:
    counts = Counter(debt.state for debt in debts)
    return [(state, counts[state]) for state in reversed(State) if counts[state]]


def _grid(matrix: Matrix) -> Iterator[_Row]:
    """Every row with all columns, each debt with its anchor."""
    number = 0
    for row in matrix.rows:
        cells: list[tuple[_Cell, ...]] = []
        for cell in row.cells:
            debts = cell.debts if cell else ()
            cells.append(tuple(_Cell(id=f"d{number + at}", debt=d, small=_small(d)) for at, d in enumerate(debts, 1)))
            number += len(debts)
        yield _Row(office=row.office, title=row.title, cells=tuple(cells), fine=False)


def _flat(grid: Iterable[_Row]) -> Iterator[_Cell]:
    return (cell for row in grid for cells in row.cells for cell in cells)


# ---- tables ------------------------------------------------------------------------------------------------------


def tables(matrix: Matrix) -> Iterator[Table]:
    """The matrices of the page, for a page about something else too."""
    return _tables(matrix, list(_grid(matrix)))


def _tables(matrix: Matrix, grid: Sequence[_Row]) -> Iterator[Table]:
    """The matrices, `COLUMNS` side by side: forms for a stretch of the calendar, orders, then forms for events."""
    sorts = [
        (events, group, [at for at in places if matrix.columns[at].events is events])
        for group, places in matrix.groups()
        for events in (False, True)
    ]
    for events, group, places in sorted(sorts, key=lambda sort: sort[0]):
        for start in range(0, len(places), COLUMNS):
            wanted = places[start : start + COLUMNS]
            columns = [matrix.columns[at] for at in wanted]
            ends = " to ".join(dict.fromkeys((columns[0].head, columns[-1].head)))
            yield Table(
                last=max(column.last for column in columns),
                heading="orders" if columns[0].order else f"{group}, {'held in ' if events else ''}{ends}",
                columns=tuple(column.head for column in columns),
                coverage=tuple(matrix.coverage[at] for at in wanted),
                rows=tuple(row for row in (_part(row, wanted) for row in grid) if any(row.cells)),
            )


def _part(row: _Row, wanted: Sequence[int]) -> _Row:
    cells = tuple(row.cells[at] for at in wanted)
    fine = not any(_trouble(cell.debt) for each in cells for cell in each)
    return _Row(office=row.office, title=row.title, cells=cells, fine=fine)


def _trouble(debt: Debt) -> str:
    """What the lists call it when it is not as it should be; else nothing."""
    if is_late(debt):
        return "late"
    return {State.OVERDUE: "missing", State.SENT_BACK: "sent back", State.UNKNOWN: "unknown"}.get(debt.state, "")


def _named(matrix: Matrix, grid: Sequence[_Row]) -> Iterator[_Named]:
    """What is missing, late, sent back or unknown, the newest column first."""
    for at, column in sorted(enumerate(matrix.columns), reverse=True):
        found: dict[str, list[tuple[_Row, _Cell]]] = {}
        for row in grid:
            for cell in row.cells[at]:
                if word := _trouble(cell.debt):
                    found.setdefault(word, []).append((row, cell))
        lists = tuple(
            (word, state, tuple(found[word]))
            for word, state in (
                ("missing", State.OVERDUE),
                ("late", State.LATE),
                ("sent back", State.SENT_BACK),
                ("unknown", State.UNKNOWN),
            )
            if word in found
        )
        if lists:
            yield _Named(name=column.name, events=column.events, lists=lists)
