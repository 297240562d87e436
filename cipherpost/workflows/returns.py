"""The returns: every debt of every office, for the center and for auditors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cipherpost.dispatch.periods import is_event, parse_period
from cipherpost.errors import UseError
from cipherpost.ledger.calendar import period_days
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.returns import Matrix, matrix, row, within
from cipherpost.ledger.rosters import Left
from cipherpost.text import ALL, shown
from cipherpost.workflows.moments import judging_time
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk


class NotForCommitteesError(UseError):
    """A committee asked for what only the center and auditors see whole."""


class FormNotStatedError(UseError):
    """The roster names no form of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """The debts asked for, laid out by office and column.

    ``titles``: of every office, in order of admission; ``zone``: of the network; ``remarks``: by dispatch
    (``tver/center/12``), what a reader of its letter saw that no header tells. ``left``: offices suspended or dissolved
    since the period began; they owe nothing from then on.
    """

    network: str
    as_of: str
    period: str | None
    form: str | None
    group: str | None
    debts: tuple[Debt, ...]
    matrix: Matrix
    titles: Mapping[str, str]
    zone: str
    remarks: Mapping[str, str] = field(default_factory=dict)
    left: tuple[Left, ...] = ()

    def left_lines(self) -> Iterator[str]:
        """For people: who stands no more among those who owe, and since when."""
        for each in self.left:
            title = self.titles.get(each.office, each.office)
            name = each.office if title == each.office else f"{each.office} ({title})"
            yield f"{name}: {each.state} since {each.since[:10]}, entry {each.entry} of the roster; owes nothing since"

    def rows(self) -> list[dict[str, Any]]:
        """The debts for scripts, in the order of the ledger: soonest due first."""
        return [row(debt, self.titles.get(debt.office, debt.office), self.as_of) for debt in self.debts]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        coverage = [
            {
                "form": column.form or None,
                "period": column.period or None,
                "events": column.events,
                "order": column.order or None,
                "reported": cover.reported,
                "owed": cover.owed,
                "late": cover.late,
                "nil": cover.nil,
                "unknown": list(cover.unknown),
                "missing": list(cover.missing),
                "awaited": list(cover.awaited),
                "excused": list(cover.excused),
                "line": cover.line(),
            }
            for column, cover in zip(self.matrix.columns, self.matrix.coverage, strict=True)
        ]
        rates = [
            {"month": rate.month, "on_time": rate.on_time, "of": rate.of, "unknown": rate.unknown}
            for rate in self.matrix.rates
        ]
        remarks = [{"dispatch": place, "remark": remark} for place, remark in self.remarks.items()]
        return {
            "as_of": self.as_of,
            "debts": self.rows(),
            "coverage": coverage,
            "on_time_rates": rates,
            "remarks": remarks,
            "left": [{**each._asdict(), "title": self.titles.get(each.office, each.office)} for each in self.left],
        }


def returns(
    desk: "Desk",
    period: str | None = None,
    *,
    form: str | None = None,
    group: str | None = None,
    as_of: str | None = None,
) -> Returns:
    """Who owes and owed what, and what became of it, by what this home has verified.

    Args:
        period: only what is about days within it, or the event of that name.
        form: only this form.
        group: only the offices of this group, or this one office.
        as_of: the judging time, as the protocol writes it; now where None is given.

    Raises:
        NotForCommitteesError: a committee has but its own channels; `cipherpost.workflows.owing` is for it.
        TypedError: not a period. FormNotStatedError, UnknownAudienceError: there is none such.
        TooFarAheadError: see `cipherpost.workflows.moments`.
    """
    chosen = choose(desk, period, form=form, group=group, as_of=as_of)
    moment, found, titles = chosen.as_of, chosen.debts, chosen.titles
    return Returns(
        network=desk.network,
        as_of=moment,
        period=period,
        form=form,
        group=group,
        debts=found,
        matrix=matrix(found, titles=titles, as_of=moment),
        titles=titles,
        zone=desk.roster.timezone(desk.roster.newest),
        remarks=_remarks(desk, found),
        left=tuple(_left(desk, moment, period, group)),
    )


def _left(desk: "Desk", moment: str, period: str | None, group: str | None) -> Iterator[Left]:
    """The offices asked for that lost their standing since the period began, and have it no more."""
    stated = desk.roster.groups(desk.roster.newest)
    offices = None if group in {None, ALL} else set(stated.get(group, (group,)))
    start = period_days(period)[0].isoformat() if period is not None and not is_event(period) else ""
    for each in desk.ledger.left(moment):
        if each.since[:10] >= start and (offices is None or each.office in offices):
            yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The debts asked for, as of a moment; ``titles``: of every office, in order of admission."""

    as_of: str
    debts: tuple[Debt, ...]
    titles: Mapping[str, str]


def choose(
    desk: "Desk",
    period: str | None = None,
    *,
    form: str | None = None,
    group: str | None = None,
    as_of: str | None = None,
) -> Chosen:
    """The debts that `returns` lays out, and no more; arguments and errors are the same."""
    _check_office(desk)
    moment = judging_time(desk, as_of)
    newest = desk.roster.newest
    if period is not None:
        with typed("cipherpost returns 2026-10"):
            parse_period(period)
    if form is not None and form not in desk.roster.forms(newest):
        known = ", ".join(desk.roster.forms(newest)) or "none"
        raise FormNotStatedError(
            f"the roster states no form {shown(form)}",
            rule=f"forms stated: {known}",
            hints=("cipherpost form list",),
        )
    debts = desk.ledger.debts(moment, offices=_offices(desk, group))
    found = tuple(debt for debt in debts if _wanted(debt, period, form))
    titles = {name: desk.roster.title(name, newest) for name in desk.roster.offices(newest)}
    return Chosen(as_of=moment, debts=found, titles=titles)


def _wanted(debt: Debt, period: str | None, form: str | None) -> bool:
    return (form is None or debt.form == form) and (period is None or within(debt, period))


def _check_office(desk: "Desk") -> None:
    if not desk.is_center and desk.roster.role(desk.office) != "auditor":
        raise NotForCommitteesError(
            "the returns of all offices are for the center and for auditors",
            rule="a committee knows only what it owes itself",
            hints=("cipherpost owed",),
        )


def _offices(desk: "Desk", group: str | None) -> frozenset[str] | None:
    """The offices of a group, or the one office named; None: all."""
    if group is None:
        return None
    return frozenset(desk.roster.members(group, desk.roster.newest))


def _remarks(desk: "Desk", debts: Iterable[Debt]) -> dict[str, str]:
    """What readers remarked about the dispatches that pay these debts."""
    from cipherpost.workflows.remarks import remarks

    kept = remarks(desk)
    return {debt.latest: kept[debt.latest] for debt in debts if debt.latest is not None and debt.latest in kept}


def cited(desk: "Desk", debts: Iterable[Debt]) -> "dict[str, Entry]":
    """The dispatches that ``debts`` name, by place; those that this home has not are left out."""
    named = {
        place
        for debt in debts
        for place in (debt.order, debt.report, debt.latest, debt.evidence, debt.decision)
        if place is not None
    }
    found = {}
    for place in sorted(named):
        channel, _, number = place.rpartition("/")
        entry = desk.chain.channel(channel).entry(int(number))
        if entry is not None:
            found[place] = entry
    return found
