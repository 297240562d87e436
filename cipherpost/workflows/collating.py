"""Collation: the reports of a form and period opened one by one, and what they add up to. No plaintext is kept.

Whoever may open the same reports (the center, an auditor to whom they are escrowed) gets the same, to the byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import UseError
from cipherpost.ledger.collation import Total, cell, list_rows, totals
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.returns import Coverage
from cipherpost.text import shown
from cipherpost.workflows.opening import Opened, Remark, check_opened, open_reports
from cipherpost.workflows.returns import choose

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.forms.schema import Field, Form


class NothingToCollateError(UseError):
    """No office owes or sent the report that was asked for."""


class NoSuchListError(UseError):
    """The form has no list field of the name given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collation:
    """What the reports of a form and period say together: figures of each field in ``totals``.

    ``as_of``: the judging time; ``titles``: of every office, in order of admission.
    """

    network: str
    form: "Form"
    period: str
    group: str | None
    as_of: str
    titles: Mapping[str, str]
    opened: Opened
    totals: tuple[Total, ...] = field(repr=False)

    @property
    def coverage(self) -> Coverage:
        """How complete it is; no figure is shown without it."""
        return self.opened.coverage

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Reports that could not be read."""
        return self.opened.remarks

    def lines(self) -> Iterator[tuple[str, str]]:
        """What it is, for people."""
        yield "form", f"{self.form.name} {self.form.version}: {self.form.title}"
        yield "period", f"{self.period}{f', {self.group}' if self.group else ''}"
        yield "as of", self.as_of
        yield "reports", self.coverage.line()

    def cells(self) -> Iterator[list[str]]:
        """Figures for a table: field, sum, how many gave one, how many did not and what they said, least, most."""
        for total in self.totals:
            yield from _cells(total, "")

    def texts(self) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Each text field and column with what was said: (office, words, place)."""
        for total in self.totals:
            for column, name in (
                (total, total.title),
                *((each, f"{total.title}: {each.title}") for each in total.columns),
            ):
                if column.kind == "text" and column.given:
                    yield name, [(said.office, str(said.value), said.place) for said in column.given]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        cover = self.coverage
        return {
            "form": self.form.name,
            "form_version": self.form.version,
            "period": self.period,
            "group": self.group,
            "as_of": self.as_of,
            "coverage": {
                "reported": cover.reported,
                "owed": cover.owed,
                "late": cover.late,
                "nil": cover.nil,
                "unknown": list(cover.unknown),
                "missing": list(cover.missing),
                "excused": list(cover.excused),
                "left_out": list(cover.left_out),
                "line": cover.line(),
            },
            "reports": [
                {"office": each.office, "period": each.period, "dispatch": each.dispatch}
                for each in self.opened.filings
            ],
            "fields": [total.as_json() for total in self.totals],
            "remarks": [each.as_json() for each in self.remarks],
        }

    def table(self) -> tuple[list[str], list[dict[str, Any]]]:
        """Columns and rows of one line for each debt: whose, how it stands, and what its report says.

        Names of fields that meet those of the first columns get an underscore.
        """
        names = {each.name: _apart(each.name, _OF_DEBT) for each in self.totals}
        read = {each.dispatch: each for each in self.opened.filings}
        unread = {each.dispatch for each in self.remarks}
        rows = []
        for debt in self.opened.debts:
            filing = read.get(debt.latest or "")
            row = _of_debt(debt, self.titles, "unreadable" if debt.latest in unread else str(debt.state))
            if filing is not None:
                row |= {column: cell(filing.data.get(name)) for name, column in names.items()}
            rows.append(row)
        return [*_OF_DEBT, *names.values()], rows

    def items(self, name: str) -> tuple[list[str], list[dict[str, Any]]]:
        """Columns and rows of one line for each item of a list field.

        Raises:
            NoSuchListError: the form has no such list.
        """
        lists = {each.name: each for each in self.totals if each.kind == "list"}
        if name not in lists:
            raise NoSuchListError(
                f"{self.form.name} has no list {shown(name)}",
                rule=f"its lists: {', '.join(lists) or 'none'}",
                hints=(f"cipherpost form show {self.form.name}",),
            )
        names = {each.name: _apart(each.name, _OF_ITEM) for each in lists[name].columns}
        rows = [
            {
                "office": filing.office,
                "title": self.titles.get(filing.office, filing.office),
                "period": filing.period,
                "dispatch": filing.dispatch,
                "item": at,
                **{column: cell(row.get(key)) for key, column in names.items()},
            }
            for filing, at, row in list_rows(self.opened.filings, name)
        ]
        return [*_OF_ITEM, *names.values()], rows


_OF_DEBT: Final = ("office", "title", "period", "dispatch", "state")
_OF_ITEM: Final = ("office", "title", "period", "dispatch", "item")


def _apart(name: str, taken: Sequence[str]) -> str:
    return f"{name}_" if name in taken else name


def _of_debt(debt: Debt, titles: Mapping[str, str], state: str) -> dict[str, Any]:
    return {
        "office": debt.office,
        "title": titles.get(debt.office, debt.office),
        "period": debt.period,
        "dispatch": debt.latest,
        "state": state,
    }


def _cells(total: Total, before: str) -> Iterator[list[str]]:
    without = {**{word: len(said) for word, said in total.no_number.items()}, "blank": len(total.blank)}
    words = ", ".join(f"{count} {word}" for word, count in without.items() if count)
    ends = [f"{said.value} ({said.office})" if said is not None else "" for said in (total.least, total.most)]
    summed = "" if total.sum is None else str(total.sum)
    yield [before + total.title, summed, str(len(total.given)), words, *ends]
    for choice, places in total.counts.items():
        yield [f"{before}  {choice}", str(len(places)), "", "", "", ""]
    for column in total.columns:
        yield from _cells(column, f"{before}  ")


# ---- opening -------------------------------------------------------------------------------------------------------


def collate(desk: "Desk", form: str, period: str, *, group: str | None = None, as_of: str | None = None) -> Collation:
    """Open each office's newest version of a report and add up what they say.

    Args:
        period: as the form's duties have it; an event, or a stretch of time for all events held in it.
        group: only the offices of this group, or this one office.
        as_of: the judging time, as the protocol writes it; now where None is given.

    Raises:
        NotForCommitteesError, FormNotStatedError, NoSuchGroupError, TypedError, TooFarAheadError: see `returns`.
        UnknownFormError, FormNotHereError: see `cipherpost.workflows.forms.find_form`.
        NothingToCollateError: nobody owes such a report. NoKeyToReportsError: see there.
    """
    from cipherpost.workflows.forms import find_form

    found = choose(desk, period, form=form, group=group, as_of=as_of)
    newest = find_form(desk, form)
    if not found.debts:
        raise NothingToCollateError(
            f"no office owes {form} for {period}",
            rule="what is collated is owed by a duty, or was reported",
            hints=(f"cipherpost returns --form {form}",),
        )
    opened = open_reports(desk, found.debts, found.titles)
    check_opened(desk, opened)
    added = totals(opened.filings, _in_force(newest, opened))
    return Collation(
        network=desk.network,
        form=newest,
        period=period,
        group=group,
        as_of=found.as_of,
        titles=found.titles,
        opened=opened,
        totals=added,
    )


def _in_force(newest: "Form", opened: Opened) -> "tuple[Field, ...]":
    """The newest version's fields; the very same object where reports were made for it."""
    same = opened.forms.get(newest.hash)
    return (same or newest).fields
