"""Collation: the reports of a form and period opened one by one, and what they add up to. No plaintext is kept.

Whoever may open the same reports (the center, an auditor to whom they are escrowed) gets the same, to the byte.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import CipherpostError, NotForUsError, UnableError, UseError
from cipherpost.ledger.collation import Filing, Total, cell, list_rows, totals
from cipherpost.ledger.debt import REPORTED, Debt
from cipherpost.ledger.returns import Coverage, coverage
from cipherpost.text import parse_place, shown
from cipherpost.workflows import letters, remarks
from cipherpost.workflows.returns import choose

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.forms.schema import Field, Form
    from cipherpost.letter import Letter


class NothingToCollateError(UseError):
    """No office owes or sent the report that was asked for."""


class NoSuchListError(UseError):
    """The form has no list field of the name given."""


class SealedBeforeError(NotForUsError):
    """A report was sealed before this officer was among its readers."""


class AwayError(UnableError):
    """The sealed file of a report is not in this home, and the post office does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A report that was left out: its debt, its dispatch and why; ``theirs``: its sender can do better."""

    debt: Debt
    dispatch: str
    reason: str
    theirs: bool

    @property
    def place(self) -> tuple[str, str, str]:
        """For a table: office, dispatch, reason."""
        return self.debt.office, self.dispatch, self.reason

    @property
    def hint(self) -> str:
        """The command by which the center has it corrected."""
        debt = self.debt
        why = self.reason.replace('"', "'")
        return f'cipherpost send-back {debt.office} {debt.form} {debt.period} --until DATE -m "{why}"'

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {
            "office": self.debt.office,
            "period": self.debt.period,
            "dispatch": self.dispatch,
            "reason": self.reason,
            "propose": "send-back" if self.theirs else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Reports that were opened for ``debts``; both in the order of offices, then of time."""

    debts: tuple[Debt, ...]
    filings: tuple[Filing, ...] = field(repr=False)
    forms: "dict[str, Form]" = field(repr=False)
    remarks: tuple[Remark, ...]
    coverage: Coverage


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
        """Figures for a table: field, sum, given, none held, not known, not collected, blank, least, most."""
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
    words = [str(len(total.no_number[word])) if word in total.no_number else "" for word in total.no_number]
    ends = [f"{said.value} ({said.office})" if said is not None else "" for said in (total.least, total.most)]
    summed = "" if total.sum is None else str(total.sum)
    words += [""] * (3 - len(words))
    yield [before + total.title, summed, str(len(total.given)), *words, str(len(total.blank)), *ends]
    for choice, places in total.counts.items():
        yield [f"{before}  {choice}", str(len(places)), "", "", "", "", "", "", ""]
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
        NotForCommitteesError, FormNotStatedError, NoSuchGroupError, TypedError: see `returns`.
        UnknownFormError, FormNotHereError: see `cipherpost.workflows.forms.find_form`.
        NothingToCollateError: nobody owes such a report.
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


def open_reports(desk: "Desk", owed: Iterable[Debt], offices: Iterable[str]) -> Opened:
    """Open the report behind each debt; what cannot be read becomes a remark and stops nothing (I7).

    Args:
        owed: debts of offices in ``offices``, which are in their order of admission.
    """
    rank = {office: at for at, office in enumerate(offices)}
    debts = tuple(sorted(owed, key=lambda debt: (rank[debt.office], str(debt.held or ""), debt.period or "")))
    todo = [debt for debt in debts if debt.latest is not None and debt.state in REPORTED and debt.form is not None]
    reader = _Reader(desk)
    filings, left_out = [], []
    if todo:
        desk.keys.identities  # noqa: B018  a wrong passphrase is no fault of any report
    with desk.progress.work("reports", len(todo)) as step:
        for debt in todo:
            outcome = reader.read(debt)
            if isinstance(outcome, Filing):
                filings.append(outcome)
            elif outcome is not None:
                left_out.append(outcome)
            step(1)
    reader.close()
    unread = tuple(f"{each.debt.office} (unreadable)" for each in left_out)
    return Opened(
        debts=debts,
        filings=tuple(filings),
        forms=reader.forms_read,
        remarks=tuple(left_out),
        coverage=replace(coverage(debts), left_out=unread),
    )


class _Reader:
    """Opens reports one after the other; remarks found and remarks that are over are kept at the end."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._forms = remarks.Forms(desk)
        self._bad: list[tuple[Entry, CipherpostError]] = []
        self._good: list[Entry] = []
        self._kept = set(remarks.hashes(desk))
        self._away: CipherpostError | None = None
        self.forms_read: dict[str, Form] = {}

    def read(self, debt: Debt) -> "Filing | Remark | None":
        """The report of a debt, or why it cannot be read; None where it is nil."""
        assert debt.latest is not None
        channel, number = parse_place(debt.latest)
        entry = self._desk.chain.channel(channel).entry(number)
        assert entry is not None  # the ledger names what counts here
        header = entry.header
        if header.report is not None and header.report.nil:
            return None
        try:
            letter = self._open(entry)
            form, data = remarks.examine(self._forms, header, letter)
        except CipherpostError as error:
            theirs = remarks.is_theirs(error)
            if theirs:
                self._bad.append((entry, error))
            return Remark(debt=debt, dispatch=debt.latest, reason=error.what, theirs=theirs)
        if entry.hash in self._kept:
            self._good.append(entry)
        self.forms_read[form.hash] = form
        return Filing(debt.office, debt.period or "", debt.latest, form.fields, data)

    def _open(self, entry: "Entry") -> "Letter":
        header = entry.header
        if letters.is_before_you(self._desk, header):
            raise SealedBeforeError(
                "it was sealed before you were a reader, or to others",
                channel=header.channel,
                number=header.number,
            )
        if not self._desk.copies.has(header.sealed[0].hash):
            self._fetch(entry)
        try:
            return letters.open_letter(self._desk, header)
        except letters.LetterSwappedError:  # the copy here was damaged, and is gone now
            self._fetch(entry)
            return letters.open_letter(self._desk, header)

    def _fetch(self, entry: "Entry") -> None:
        """Get a sealed file that was left behind; once the post office did not answer, it is not asked again."""
        from cipherpost.postoffice import UnreachableError

        if self._away is not None:
            raise self._away
        try:
            letters.fetch_sealed(self._desk, entry.header)
        except UnreachableError:
            self._away = AwayError("its sealed file is not in this home", hints=("cipherpost fetch",))
            raise self._away from None

    def close(self) -> None:
        """Keep what was found out."""
        if self._bad or self._good:
            with self._desk.mail.transaction():
                for entry, error in self._bad:
                    remarks.keep(self._desk, entry, error)
                for entry in self._good:
                    remarks.forget(self._desk, entry)
