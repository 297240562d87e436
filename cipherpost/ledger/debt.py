"""One debt as the ledger shows it: who owes what, by when, and what became of it."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a debt is, the first that applies (docs/protocol.md, "Duties and debts")."""

    MOOT = "moot"
    EXCUSED = "excused"
    SENT_BACK = "sent-back"
    UNKNOWN = "unknown"
    OVERDUE = "overdue"
    EXTENDED = "extended"
    DUE = "due"
    NOT_DUE = "not-due"
    LATE = "late"
    NIL = "nil"
    CORRECTED = "corrected"
    ON_TIME = "on-time"


REPORTED = frozenset({State.LATE, State.NIL, State.CORRECTED, State.ON_TIME})
"""The states in which a report is there and stands."""
OPEN = frozenset({State.SENT_BACK, State.UNKNOWN, State.OVERDUE, State.EXTENDED, State.DUE, State.NOT_DUE})
"""The states in which something is still owed, or may be."""


class Debt(NamedTuple):
    """A row of the ledger: one debt of one office.

    Either ``form`` and ``period`` (for an event its id, and ``held`` the day it is held) or ``order``, the dispatch
    (``center/all/14``) whose ``due`` line asks for ``what``: reply or complied. ``day`` is the last day in the
    network's zone on which a report is on time, ``deadline`` the moment after which it is late (protocol time, UTC),
    both as last moved by a decision. ``report``: the place of the dispatch that pays it (the first counting one),
    ``latest`` that of its newest correction (the same where there is none), None where nothing came. ``facts``: words
    beside the state, sorted, such as ``late``, ``nil``, ``early``, ``corrected``, ``extended from 2026-11-05``,
    ``accepted``, ``by its own word``. ``judged_by``: receipt, own-time, relied, center-check or decision, None while
    nothing is judged. ``evidence``: the dispatch that made it late or proves it on time. ``decision``: the place of
    the center's verdict that holds.
    """

    office: str
    form: str | None
    period: str | None
    day: date
    deadline: str
    state: State
    facts: tuple[str, ...] = ()
    order: str | None = None
    what: str | None = None
    held: date | None = None
    report: str | None = None
    latest: str | None = None
    judged_by: str | None = None
    evidence: str | None = None
    decision: str | None = None

    @property
    def name(self) -> str:
        """What people call it: ``monthly-return 2026-10``, ``reply to center/all/14``."""
        if self.order is not None:
            return f"{'reply to' if self.what == 'reply' else 'compliance with'} {self.order}"
        return f"{self.form} {self.period}"

    @property
    def open(self) -> bool:
        """Whether something is still owed, or may be."""
        return self.state in OPEN
