"""What this office owes: soonest first, in words, and the few debts that `status` and `fetch` speak of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from cipherpost.ledger.calendar import local_day
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.returns import row, span
from cipherpost.text import CENTER
from cipherpost.workflows import proposals
from cipherpost.workflows.moments import judging_time

if TYPE_CHECKING:
    from cipherpost.desk import Desk

SOON: Final = timedelta(days=31)
"""Debts whose time runs longer than this, of periods that are not over, are not spoken of without being asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """The open debts of an office, soonest first; ``today`` is the day of ``as_of`` in the network's zone.

    ``proposed``: (form, period) to the proposal of a report that colleagues have to sign, and whether this officer has.
    """

    office: str
    title: str
    as_of: str
    today: date
    debts: tuple[Debt, ...]
    proposed: Mapping[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {"debts": [row(debt, self.title, self.as_of) for debt in self.debts]}

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """What, by when, and how it stands, for people."""
        for debt in self.debts:
            proposal = self._proposal(debt)
            where = f"; proposed in {proposal[0]}" if proposal else ""
            yield spelled(debt), f"by {debt.day}", f"{standing(debt, self.today)}{where}"

    def hints(self) -> Iterator[str]:
        """The command that pays the first debt, or that looks at what colleagues have to sign for it."""
        for debt in self.debts[:1]:
            proposal = self._proposal(debt)
            if proposal is None:
                yield pays(debt)
            else:
                yield f"cipherpost read {proposal[0]}"
                if proposal[1]:
                    yield f"cipherpost endorse {proposal[0].rpartition('/')[2]}"

    def _proposal(self, debt: Debt) -> tuple[str, bool] | None:
        return self.proposed.get((debt.form, debt.period)) if debt.form and debt.period else None


def owed(desk: "Desk", as_of: str | None = None) -> Owed:
    """What this office still owes, or may owe, by what this home has verified.

    Args:
        as_of: the judging time, as the protocol writes it; now where None is given.

    Raises:
        TooFarAheadError: see `cipherpost.workflows.moments`.
    """
    moment = judging_time(desk, as_of)
    newest = desk.roster.newest
    found = desk.ledger.debts(moment, offices={desk.office})
    return Owed(
        office=desk.office,
        title=desk.roster.title(desk.office, newest),
        as_of=moment,
        today=local_day(moment, desk.roster.timezone(newest)),
        debts=soonest(debt for debt in found if debt.open),
        proposed=proposals.reported(desk),
    )


def soonest(debts: Iterable[Debt]) -> tuple[Debt, ...]:
    """Debts by their deadlines; of several alike the order of the ledger."""
    return tuple(sorted(debts, key=lambda debt: debt.deadline))


def pressing(found: Owed) -> tuple[Debt, ...]:
    """The debts to speak of without being asked."""
    return tuple(d for d in found.debts if d.state is not State.NOT_DUE or d.day - found.today <= SOON)


def kept(desk: "Desk", *, asked: bool) -> list[dict[str, Any]]:
    """The pressing debts as `cipherpost.workflows.status` keeps them: ``row`` for scripts, ``name``, ``deadline``.

    Args:
        asked: some letter that came has a ``due`` line; without one, only committees owe anything, and auditors are
            spared the looking through of a whole network.
    """
    if desk.office == CENTER or not (asked or desk.roster.role(desk.office) == "committee"):
        return []
    found = owed(desk)
    return [
        {"row": row(debt, found.title, found.as_of), "name": spelled(debt), "deadline": debt.deadline}
        for debt in pressing(found)
    ]


# ---- words -------------------------------------------------------------------------------------------------------


def spelled(debt: Debt) -> str:
    """What is owed: ``monthly-return 2026-10``, ``conference-after e7k2m4qaz, held 2026-12-10``."""
    return debt.name if debt.held is None else f"{debt.name}, held {debt.held}"


def standing(debt: Debt, today: date) -> str:
    """How an open debt stands, in words."""
    days = (debt.day - today).days
    left = f"overdue by {_days(-days)}" if days < 0 else "due today" if days == 0 else f"due in {_days(days)}"
    words = {
        State.DUE: left,
        State.EXTENDED: f"extended, {left}",
        State.OVERDUE: left if days < 0 else "overdue",
        State.SENT_BACK: f"sent back, correction {left}",
        State.UNKNOWN: "not known: a dispatch of this office is missing or not settled",
        State.NOT_DUE: f"not over yet, {left}" if span(debt)[1] >= today else left,
    }[debt.state]
    return f"{words}; said to be unable" if "unable" in debt.facts else words


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def pays(debt: Debt) -> str:
    """The command with which a debt is paid."""
    if debt.order is not None:
        return f"cipherpost complied {debt.order}" if debt.what == "complied" else f"cipherpost reply {debt.order} FILE"
    verb = "correct" if debt.state is State.SENT_BACK else "report"
    return f"cipherpost {verb} {debt.form} {debt.period} --edit"
