"""Demands: those that reports raise, and the letters in which the center says what became of them.

That some are one and the same the center writes to itself, and that one is answered to the office that raised it; both
as messages with a statement in ``data.json`` (docs/protocol.md, "Demands"). What a message said is kept locked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cipherpost.dispatch.periods import parse_period
from cipherpost.errors import CipherpostError, UnableError
from cipherpost.ledger.collation import Filing
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.demands import (
    FIELD,
    Demand,
    Group,
    Statement,
    carried,
    demands_of,
    groups,
    is_statement,
    judged,
    parse_id,
    parse_statement,
)
from cipherpost.ledger.returns import Coverage, within
from cipherpost.text import CENTER, parse_place, shown
from cipherpost.workflows import letters, remarks, syncing
from cipherpost.workflows.moments import judging_time
from cipherpost.workflows.opening import Opened, check_opened, open_reports
from cipherpost.workflows.returns import FormNotStatedError
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk

COLUMNS: Final = (
    "demand",
    "office",
    "title",
    "form",
    "period",
    "category",
    "text",
    "raised_by",
    "same_as",
    "answered_by",
)
OPENING: Final = frozenset({"answered", "open"})
"""What is said to those who raised a demand; the rest the center says to itself."""
_BOX: Final = "demands "


class AnswerDisagreesError(UnableError):
    """A statement names as answer a dispatch that has another hash here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """All demands asked for, in the order of offices, with what the center said of them.

    ``answered_at``: when it was said, by demand. ``refused``: statements that could not be read. ``renamed``: names in
    reports that were corrected to those of now.
    """

    as_of: str
    period: str | None
    form: str | None
    coverage: Coverage
    demands: tuple[Demand, ...]
    titles: dict[str, str]
    answered_at: dict[str, str]
    refused: tuple[CipherpostError, ...]
    remarks: tuple[Any, ...]
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Demands counted together; most stand alone."""
        return groups(self.demands)

    def cells(self) -> Iterator[list[str]]:
        """For a table: one line for each group."""
        for group in self.groups:
            first = group.demands[0]
            more = len(group.ids) - 1
            raised = "" if group.raised_by is None else str(group.raised_by)
            if more and group.said_by < len(group.ids):
                raised += f" ({group.said_by} of {len(group.ids)} say)"
            elif group.raised_by is None:
                raised = str(first.raised_by or "")
            yield [
                first.id + (f" and {more} more" if more else ""),
                " ".join(dict.fromkeys(demand.period for demand in group.demands)),
                first.category or "",
                first.text,
                raised,
                _answers(group),
            ]

    def rows(self) -> list[dict[str, Any]]:
        """Every demand for scripts, the keys those of `COLUMNS`."""
        return [
            {
                "demand": each.id,
                "office": each.office,
                "title": self.titles.get(each.office, each.office),
                "form": each.form,
                "period": each.period,
                "category": each.category,
                "text": each.text,
                "raised_by": each.raised_by,
                "same_as": each.same[0] if each.same else None,
                "answered_by": each.answered_by,
            }
            for each in self.demands
        ]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        together = [group for group in self.groups if len(group.demands) > 1]
        return {
            "as_of": self.as_of,
            "period": self.period,
            "form": self.form,
            "coverage": self.coverage.line(),
            "demands": self.rows(),
            "same": [
                {
                    "demands": list(each.ids),
                    "offices": list(each.offices),
                    "raised_by": each.raised_by,
                    "said_by": each.said_by,
                }
                for each in together
            ],
            "remarks": [each.as_json() for each in self.remarks],
        }


def _answers(group: Group) -> str:
    count = len(group.demands)
    return ", ".join(place if of == count else f"{place} ({of} of {count})" for place, of in group.answers.items())


# ---- the list ------------------------------------------------------------------------------------------------------


def listing(
    desk: "Desk",
    period: str | None = None,
    *,
    form: str | None = None,
    as_of: str | None = None,
    needs_key: bool = True,
) -> Demands:
    """Every demand that reports raise; for a committee those of its own.

    Args:
        period: only reports about days within it, or about the event of that name.
        form: only reports under this form.
        as_of: the judging time, as the protocol writes it; now where None is given.
        needs_key: refuse an officer to whom no report opens; else such a one gets no demands.

    Raises:
        FormNotStatedError, TypedError, TooFarAheadError: see `cipherpost.workflows.returns.returns`.
        NoKeyToReportsError: see there.
    """
    moment = judging_time(desk, as_of)
    titles = {name: desk.roster.title(name, desk.roster.newest) for name in desk.roster.offices(desk.roster.newest)}
    asking = _forms_that_ask(desk)
    debts = [debt for debt in _debts(desk, period, form, moment) if debt.form in asking]
    opened = open_reports(desk, debts, titles)
    if needs_key:
        check_opened(desk, opened)
    raised = [demand for filing in opened.filings for demand in _raised(desk, filing)]
    heard = _heard(desk, moment)
    names = _renamed(desk, [each for said in heard.said for each in said.statement.ids], opened, raised)
    found = judged(raised, [said.statement for said in heard.said], names)
    times = {names.get(name, name): said.time for said in heard.said for name in said.statement.ids}
    return Demands(
        as_of=moment,
        period=period,
        form=form,
        coverage=opened.coverage,
        demands=found,
        titles=titles,
        answered_at={each.id: times[each.id] for each in found if each.answered_by is not None},
        refused=heard.refused,
        remarks=opened.remarks,
        renamed=names,
    )


def _debts(desk: "Desk", period: str | None, form: str | None, moment: str) -> tuple[Debt, ...]:
    """The debts of all offices at the center and at auditors; elsewhere the office's own."""
    if period is not None:
        with typed("cipherpost demands 2026-10"):
            parse_period(period)
    stated = desk.roster.forms(desk.roster.newest)
    if form is not None and form not in stated:
        raise FormNotStatedError(
            f"the roster states no form {shown(form)}",
            rule=f"forms stated: {', '.join(stated) or 'none'}",
            hints=("cipherpost form list",),
        )
    everybody = desk.is_center or desk.roster.role(desk.office) == "auditor"
    debts = desk.ledger.debts(moment, offices=None if everybody else frozenset({desk.office}))
    return tuple(debt for debt in debts if form in (None, debt.form) and (period is None or within(debt, period)))


def _forms_that_ask(desk: "Desk") -> frozenset[str]:
    """The forms of which any version at hand asks for demands."""
    from cipherpost.workflows.forms import form_by_hash, stated_versions

    found = set()
    for name in desk.roster.forms(desk.roster.newest):
        versions = (form_by_hash(desk, hash) for hash in stated_versions(desk, name).values())
        if any(version is not None and version.field(FIELD) is not None for version in versions):
            found.add(name)
    return frozenset(found)


def _raised(desk: "Desk", filing: Filing) -> tuple[Demand, ...]:
    channel, number = parse_place(filing.dispatch)
    entry = desk.chain.channel(channel).entry(number)
    assert entry is not None
    assert entry.header.report is not None
    return demands_of(
        office=filing.office,
        form=entry.header.report.form,
        period=filing.period,
        dispatch=filing.dispatch,
        data=filing.data,
    )


# ---- what the center says of them ----------------------------------------------------------------------------------


class _Said(NamedTuple):
    """A statement, and the dispatch of the center that made it."""

    time: str
    channel: str
    number: int
    statement: Statement


class _Heard(NamedTuple):
    """All statements, oldest first, and those that could not be read."""

    said: list[_Said]
    refused: tuple[CipherpostError, ...]


def _heard(desk: "Desk", moment: str) -> _Heard:
    """What the center has said in letters that this officer may open."""
    said, refused = [], []
    for channel in syncing.begun(desk):
        office, _, audience = channel.partition("/")
        if office != CENTER or desk.roster.role(audience) is None:
            continue
        for entry in _messages(desk, channel, moment):
            try:
                statement = _statement(desk, entry)
            except CipherpostError as error:
                refused.append(syncing.placed(error, channel, entry.header.number))
                continue
            if statement is not None:
                said.append(_Said(entry.header.time, channel, entry.header.number, statement))
    return _Heard(sorted(said), tuple(refused))


def _messages(desk: "Desk", channel: str, moment: str) -> "list[Entry]":
    """The counting messages of a channel up to a moment that none of them cancels or supersedes."""
    view = desk.chain.channel(channel)
    rows = [row for row in desk.mail.rows(channel) if row.kind == "message" and row.status == "counts"]
    entries = [view.by_hash(row.hash) for row in rows if row.time <= moment]
    counting = [entry for entry in entries if entry is not None and entry.counts]
    gone = {entry.header.cancels or entry.header.supersedes for entry in counting}
    return [entry for entry in counting if entry.header.number not in gone]


def _statement(desk: "Desk", entry: "Entry") -> Statement | None:
    """The statement that a message of the center carries; None where it says nothing of demands, or is not for us."""
    kept = desk.vault.get(_BOX + entry.hash)
    if kept is None:
        if letters.is_before_you(desk, entry.header):
            return None
        if not desk.copies.has(entry.header.sealed[0].hash):
            letters.fetch_sealed(desk, entry.header)
        data = letters.open_letter(desk, entry.header).data
        kept = data if data is not None and is_statement(data) else b""
        desk.vault.put(_BOX + entry.hash, kept)
    if not kept:
        return None
    said = parse_statement(kept)
    audience = entry.header.audience
    _check_answer(desk, said)
    if audience == CENTER:
        return said
    mine = tuple(each for each in said.ids if parse_id(each).office == audience)  # of others it has nothing to say
    return Statement(word=said.word, ids=mine, by=said.by, hash=said.hash) if mine and said.word in OPENING else None


def _check_answer(desk: "Desk", said: Statement) -> None:
    """Refuse a statement whose answer is here and is another."""
    if said.by is None:
        return
    channel, number = parse_place(said.by)
    entry = desk.chain.channel(channel).entry(number)
    if entry is not None and entry.hash != said.hash:
        raise AnswerDisagreesError(
            f"it names as answer a {said.by} with another hash than the one here",
            rule="the hash of a dispatch is that of its text",
            hints=("cipherpost audit",),
        )


def _renamed(desk: "Desk", names: Iterable[str], opened: Opened, raised: Sequence[Demand]) -> dict[str, str]:
    """Names in reports that were corrected since, to those of the same demands now; opens such reports again."""
    now: dict[tuple[str, str, str], list[Demand]] = {}
    for demand in raised:
        now.setdefault((demand.office, demand.form, demand.period), []).append(demand)
    newest = {filing.dispatch for filing in opened.filings}
    found: dict[str, str] = {}
    for place in dict.fromkeys(parse_id(name).place for name in names):
        if place not in newest:
            before = _corrected(desk, place)
            if before:
                first = before[0]
                found |= carried(before, now.get((first.office, first.form, first.period), ()))
    return found


def _corrected(desk: "Desk", place: str) -> tuple[Demand, ...]:
    """The demands of a report that is not the newest version; none where it cannot be read."""
    channel, number = parse_place(place)
    entry = desk.chain.channel(channel).entry(number) if channel in syncing.readable(desk) else None
    if entry is None or not entry.counts or entry.header.report is None or not entry.header.sealed:
        return ()
    report = entry.header.report
    try:
        form, data = remarks.examine(
            remarks.known_forms(desk, {report.form}), entry.header, letters.open_letter(desk, entry.header)
        )
    except CipherpostError:  # what it said is not known any more; the list goes on without (I7)
        return ()
    office = channel.partition("/")[0]
    return demands_of(office=office, form=form.name, period=report.period, dispatch=place, data=data)


# ---- what a committee is told --------------------------------------------------------------------------------------


def news(desk: "Desk", form: str) -> list[str]:
    """A line for each demand of this office that the center answered since the office's last report under ``form``.

    The oldest answer stands first.
    """
    found = listing(desk, needs_key=False)
    since = _last_report(desk, form)
    mine = [each for each in found.demands if each.office == desk.office and each.answered_by is not None]
    times = found.answered_at
    return [
        f"demand {each.id} is answered by {each.answered_by}: {' '.join(each.text.split())}"
        for each in sorted(mine, key=lambda each: times[each.id])
        if times[each.id] > since
    ]


def _last_report(desk: "Desk", form: str) -> str:
    """The time of this office's last report under a form; before all times where there is none."""
    reports = (node for node in desk.chain.channel(f"{desk.office}/{CENTER}").counting() if node.kind == "report")
    said = (node.header for node in reports)
    return max((each.time for each in said if each.report is not None and each.report.form == form), default="")
