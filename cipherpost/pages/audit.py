"""The page of an audit: the verdict, all channels over time, what was found, who owed what, and every head.

A function of the report alone: nothing is read, judged or asked here, and the same report gives the same bytes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Protocol

from cipherpost.chain.findings import Finding
from cipherpost.chain.history import History
from cipherpost.dispatch.header import Head
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.returns import matrix
from cipherpost.pages.audit_picture import HIGH, THIN, WIDE, Picture, Placed, draw
from cipherpost.pages.building import page
from cipherpost.pages.returns import NAMES, Table, tables, verdict

SHOWN: Final = 200
"""Most findings of one code that stand in a list; of more, how many there are in each channel."""
CELLS: Final = 12_000
"""Most debts in tables; of older ones only the line of coverage of each period is shown."""

SYMBOLS: Final = {"well": "✓", "notice": "✓", "warning": "!", "alarm": "✗"}
"""What stands beside the verdict, so that colour is not all that tells it."""


class Audited(Protocol):
    """A report, `cipherpost.workflows.audit_report.Report`; see there for what each is."""

    @property
    def network(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def roster(self) -> Head | None: ...
    @property
    def as_of(self) -> str: ...
    @property
    def dispatches(self) -> int: ...
    @property
    def heads(self) -> tuple[Head, ...]: ...
    @property
    def titles(self) -> Mapping[str, str]: ...
    @property
    def histories(self) -> tuple[History, ...]: ...
    @property
    def debts(self) -> tuple[Debt, ...]: ...
    @property
    def owing(self) -> Mapping[str, str]: ...
    @property
    def zone(self) -> str: ...
    @property
    def spoken(self) -> str | None: ...
    @property
    def verdict(self) -> str: ...
    @property
    def standing(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def program(self) -> str: ...
    @property
    def never_shown(self) -> tuple[str, ...]: ...
    def ordered(self) -> list[Finding]: ...
    def unchecked(self, most: int | None = None) -> list[str]: ...
    def who(self, finding: Finding) -> str: ...
    def do(self, finding: Finding) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """All findings of one code, new or known; ``rest``: by channel, how many are not ``shown``."""

    code: str
    grade: str
    rule: str
    who: str
    do: str
    many: int
    anchor: str
    shown: tuple[Placed, ...]
    rest: tuple[tuple[str, int], ...]


def audit_page(report: Audited) -> str:
    """The audit as one self-contained page of HTML; the same report gives the same text."""
    ordered = report.ordered()
    placed = _placed(ordered)
    titles = {**report.owing, **report.titles}
    new = [each for each in placed if not each.finding.known_since]
    known = placed[len(new) :]
    kept, older = _tables(report)
    return page(
        "audit.html.j2",
        report=report,
        symbol=SYMBOLS[report.standing],
        spoken=_in_fours(report.spoken),
        titles={name: title for name, title in titles.items() if title != name},
        counts=_counts(ordered),
        picture=_picture(report, placed),
        sizes={"wide": WIDE, "high": HIGH, "thin": THIN},
        new=list(_by_code(report, new)),
        known=list(_by_code(report, known)),
        owed=verdict(report.debts),
        tables=kept,
        older=older,
        names=NAMES,
        found_in=_found_in(ordered),
        unchecked=report.unchecked(most=SHOWN),
    )


def _picture(report: Audited, placed: Sequence[Placed]) -> Picture | None:
    if not report.histories:
        return None
    return draw(report.histories, placed, titles={**report.owing, **report.titles}, as_of=report.as_of)


def _in_fours(number: str | None) -> list[str]:
    groups = number.split() if number else []
    return [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]


def _counts(ordered: Sequence[Finding]) -> list[tuple[str, str, int]]:
    """(code, grade, how many) of what is new, the gravest first."""
    counts = Counter((each.code, each.grade) for each in ordered if not each.known_since)
    return [(code, grade, many) for (code, grade), many in counts.items()]


def _found_in(ordered: Sequence[Finding]) -> dict[str, str]:
    """Channel to what was found in it, in words."""
    counts: dict[str, Counter[str]] = {}
    for each in ordered:
        if each.channel is not None:
            counts.setdefault(each.channel, Counter())[each.code] += 1
    return {name: ", ".join(f"{many} {code}" for code, many in found.items()) for name, found in counts.items()}


# ---- findings --------------------------------------------------------------------------------------------------------


def _placed(ordered: Sequence[Finding]) -> list[Placed]:
    """Each finding with its anchor; those that stand in no list have that of their code."""
    placed: list[Placed] = []
    before: tuple[bool, str] | None = None
    for (known, *kind), group in groupby(ordered, key=lambda each: (each.known_since is not None, *_kind(each))):
        code, points = kind
        anchor = f"{'known-' if known else ''}{code}{f'-{points}' if before == (known, code) else ''}"
        before = known, code
        placed += [Placed(each, f"{anchor}-{at}" if at <= SHOWN else anchor) for at, each in enumerate(group, 1)]
    return placed


def _by_code(report: Audited, placed: Sequence[Placed]) -> Iterator[_Found]:
    for (code, _), group in groupby(placed, key=lambda each: _kind(each.finding)):
        found = list(group)
        first = found[0].finding
        senders = {each.finding.office for each in found}
        rest = Counter(each.finding.channel or each.finding.office or "" for each in found[SHOWN:])
        who = report.who(first) if len(senders) == 1 else report.who(replace(first, office=None))
        yield _Found(
            code=code,
            grade=first.grade,
            rule=first.rule,
            who=who,
            do=report.do(first),
            many=len(found),
            anchor=found[0].anchor.rpartition("-")[0],
            shown=tuple(found[:SHOWN]),
            rest=tuple(sorted(rest.items())),
        )


def _kind(finding: Finding) -> tuple[str, str]:
    """What is told together."""
    return finding.code, finding.points_to


# ---- the ledger ------------------------------------------------------------------------------------------------------


def _tables(report: Audited) -> tuple[list[Table], list[Table]]:
    """The tables of offices by periods, and those too old for them, of which only the coverage is shown."""
    found = list(tables(matrix(report.debts, titles=report.owing, as_of=report.as_of)))
    room = CELLS
    kept: set[int] = set()
    for at in sorted(range(len(found)), key=lambda at: found[at].last, reverse=True):
        room -= len(found[at].rows) * len(found[at].columns)
        if room < 0 and kept:
            break
        kept.add(at)
    return [found[at] for at in sorted(kept)], [each for at, each in enumerate(found) if at not in kept]
