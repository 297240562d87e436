"""Reports opened for their debts, with a remark for each that cannot be read. No plaintext is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cipherpost.errors import CipherpostError, NotForUsError, UnableError
from cipherpost.ledger.collation import Filing
from cipherpost.ledger.debt import REPORTED, Debt
from cipherpost.ledger.returns import Coverage, coverage, naming
from cipherpost.text import parse_place
from cipherpost.workflows import abreast, letters, originals, remarks

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk, Step
    from cipherpost.forms.schema import Form
    from cipherpost.letter import Letter


class SealedBeforeError(NotForUsError):
    """A report was sealed before this officer was among its readers."""


class NoKeyToReportsError(NotForUsError):
    """Reports are there, and all of them were sealed to others, or before this officer was among the readers."""


class AwayError(UnableError):
    """The sealed file of a report is not in this home, and the post office does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A report that was left out: its debt, its dispatch and why.

    ``theirs``: its sender can do better; ``sealed``: it was never sealed to this officer.
    """

    debt: Debt
    dispatch: str
    reason: str
    theirs: bool
    sealed: bool = False

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
    forms: "Mapping[str, Form]" = field(repr=False)
    remarks: tuple[Remark, ...]
    coverage: Coverage


# ---- opening -------------------------------------------------------------------------------------------------------


def open_reports(desk: "Desk", owed: Iterable[Debt], offices: Iterable[str]) -> Opened:
    """Open the report behind each debt; what cannot be read becomes a remark and stops nothing (I7).

    Args:
        owed: debts of offices in ``offices``, which are in their order of admission.
    """
    rank = {office: at for at, office in enumerate(offices)}
    debts = tuple(sorted(owed, key=lambda debt: (rank[debt.office], str(debt.held or ""), debt.period or "")))
    todo = []
    for debt in debts:
        if debt.latest is not None and debt.form is not None and debt.state in REPORTED:
            channel, number = parse_place(debt.latest)
            entry = desk.chain.channel(channel).entry(number)
            assert entry is not None  # the ledger names what counts here
            if entry.header.report is not None and not entry.header.report.nil:
                todo.append((debt, entry))
    reader = _Reader(desk, frozenset(debt.form or "" for debt, _ in todo))
    filings, left_out = [], []
    if todo:
        desk.keys.identities  # noqa: B018  a wrong passphrase is no fault of any report
    with desk.progress.work("reports", len(todo)) as step:
        reader.read_ahead([entry for _, entry in todo], step)
        for debt, entry in todo:
            outcome = reader.read(debt, entry, step)
            if isinstance(outcome, Filing):
                filings.append(outcome)
            else:
                left_out.append(outcome)
    reader.close()
    name = naming(debts)
    unread = tuple(f"{name(each.debt)} (unreadable)" for each in left_out)
    return Opened(
        debts=debts,
        filings=tuple(filings),
        forms=reader.forms.here,
        remarks=tuple(left_out),
        coverage=replace(coverage(debts), left_out=unread),
    )


def check_opened(desk: "Desk", opened: Opened) -> None:
    """Refuse an officer to whom none of the reports that were to be opened is sealed.

    Raises:
        NoKeyToReportsError: see there.
    """
    left_out = opened.remarks
    if opened.filings or not left_out or not all(each.sealed for each in left_out):
        return
    count = len(left_out)
    which = "the only report there is" if count == 1 else f"any of the {count} reports"
    if desk.roster.role(desk.office) == "auditor":
        rule = "an auditor reads only reports written after the center named it in escrow"
        hints: tuple[str, ...] = (
            "cipherpost returns    (who has reported; needs no key)",
            f"cipherpost settings escrow report {desk.office}    (at the center, for reports from then on)",
        )
    else:
        rule = "a letter opens to those who were its readers when it was sealed"
        hints = ("ask an officer who was among them",)
    raise NoKeyToReportsError(f"you hold no key to {which}", rule=rule, hints=hints)


class _Reader:
    """Opens reports; remarks found and remarks that are over are kept at the end."""

    def __init__(self, desk: "Desk", forms: frozenset[str]) -> None:
        self._desk = desk
        self.forms = remarks.known_forms(desk, forms)
        self._ahead: dict[str, abreast.Found] = {}
        self._bad: list[tuple[Entry, CipherpostError]] = []
        self._good: list[Entry] = []
        self._kept = set(remarks.hashes(desk))
        self._away: CipherpostError | None = None

    def read_ahead(self, entries: "Sequence[Entry]", step: "Step") -> None:
        """Open what opens without trouble on all processors, where there is enough of it."""
        desk = self._desk
        if len(entries) < abreast.LEAST or abreast.processors() < 2:
            return
        jobs, hashes = [], []
        for entry in entries:
            header = entry.header
            first = letters.own_stanza(desk, letters.readers(desk, header))
            if first is not None and header.key is None:
                jobs.append(abreast.Job(str(desk.copies.path(header.sealed[0].hash)), header, first))
                hashes.append(entry.hash)
        opened = abreast.open_many(jobs, desk.keys.identities, desk.fingerprint, self.forms)
        for hash, found in zip(hashes, opened, strict=True):
            if found is not None:
                self._ahead[hash] = found
                step(1)

    def read(self, debt: Debt, entry: "Entry", step: "Step") -> "Filing | Remark":
        """The report of a debt, or why it cannot be read."""
        assert debt.latest is not None
        found = self._ahead.pop(entry.hash, None)
        if found is None:
            step(1)
            try:
                form, data = remarks.examine(self.forms, entry.header, self._open(entry))
            except CipherpostError as error:
                theirs = remarks.is_theirs(error)
                if theirs:
                    self._bad.append((entry, error))
                sealed = isinstance(error, SealedBeforeError)
                return Remark(debt=debt, dispatch=debt.latest, reason=error.what, theirs=theirs, sealed=sealed)
            found = abreast.Found(form.hash, data)
        if entry.hash in self._kept:
            self._good.append(entry)
        return Filing(debt.office, debt.period or "", debt.latest, self.forms.here[found.form].fields, found.data)

    def _open(self, entry: "Entry") -> "Letter":
        header = entry.header
        if originals.find(self._desk, entry) is not None:
            return originals.open_letter(self._desk, entry)
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
