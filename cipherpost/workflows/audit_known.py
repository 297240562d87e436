"""Which findings an earlier signed audit lists already (docs/protocol.md, "Known findings").

Two findings are the same when they have the same code, place, office and time, and are about the same: `Finding.about`
where there is one (hashes, a debt), else the clause in words. Words that grow from day to day while the thing stays as
it is do not count; and what has become more is new: a third side of a fork, a gap that reaches further.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from cipherpost.chain.findings import Finding

_GROWING: Final = frozenset({"stale", "unheard"})
"""Codes whose clause says how long or how much by now; the first number, or the time since, tells one from another."""
_RUNS: Final = frozenset({"gap", "rollback"})
"""Codes of numbers that are gone; it is known where each of them was listed, in one run or in several. Numbers above
all that is here are known only while the same is said of them: whoever names a number that never was would else hide
what is lost below it."""
_OF_DEBTS: Final = frozenset({"late", "overdue", "unknown"})
"""Codes of a debt, which may be told of another dispatch after a correction."""


class Listing(NamedTuple):
    """The findings of a signed audit, and the dispatch that lists them (``audit/center/3``)."""

    place: str
    findings: tuple[Finding, ...]


class _Run(NamedTuple):
    first: int
    last: int
    since: str


def identity(finding: Finding) -> tuple[object, ...]:
    """What two findings share that are the same; of runs of numbers and forks see `Known`."""
    code = finding.code
    number = None if code in _OF_DEBTS else finding.number
    words = finding.about or ("" if code in _GROWING else finding.detail)
    return code, finding.channel, number, finding.office, finding.time, words


class Known:
    """All that ``listings`` list, to be asked of one finding after another; the first listing that has it is named."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._exact: dict[tuple[object, ...], str] = {}
        self._runs: dict[tuple[object, ...], list[_Run]] = {}
        self._forks: dict[tuple[object, ...], list[tuple[frozenset[str], str]]] = {}
        self._named: dict[tuple[object, ...], _Run] = {}
        for listing in listings:
            for each in listing.findings:
                self._take(each, _since(each, listing.place))
        for runs in self._runs.values():
            runs[:] = _outer(sorted(runs))

    def _take(self, finding: Finding, since: str) -> None:
        if _is_run(finding) and finding.number is not None:
            run = _Run(finding.number, finding.last or finding.number, since)
            self._runs.setdefault(_channel(finding), []).append(run)
        elif _is_named(finding) and finding.number is not None:
            run = _Run(finding.number, finding.last or finding.number, since)
            self._named[_said(finding)] = min(run, self._named.get(_said(finding), run))
        elif finding.code == "fork":
            sides = frozenset(finding.about.split())
            self._forks.setdefault(_slot(finding), []).append((sides, since))
        else:
            self._exact.setdefault(identity(finding), since)

    def since(self, finding: Finding) -> str | None:
        """The dispatch that listed a finding already; None for a new one."""
        if _is_run(finding) and finding.number is not None:
            return self._run_since(
                finding.number, finding.last or finding.number, self._runs.get(_channel(finding), [])
            )
        if _is_named(finding) and finding.number is not None:
            named = self._named.get(_said(finding))
            return named.since if named is not None and named.first <= finding.number else None
        if finding.code == "fork":
            sides = frozenset(finding.about.split())
            listed = self._forks.get(_slot(finding), ())
            return next((since for known, since in listed if sides <= known), None)
        return self._exact.get(identity(finding))

    def _run_since(self, first: int, last: int, runs: list[_Run]) -> str | None:
        """Walks from run to run; every number must be in one."""
        since: str | None = None
        while first <= last:
            at = bisect_right(runs, first, key=lambda run: run.first) - 1
            if at < 0 or runs[at].last < first:
                return None
            first, since = runs[at].last + 1, runs[at].since
        return since


def _outer(runs: Iterable[_Run]) -> Iterator[_Run]:
    """Those of sorted runs that reach further than all before them."""
    furthest = 0
    for run in runs:
        if run.last > furthest:
            furthest = run.last
            yield run


def _since(finding: Finding, place: str) -> str:
    """Where it was listed first: an audit names an earlier one of its own channel, or the entry that settled it."""
    told = finding.known_since
    if told is None:
        return place
    channel, _, number = told.rpartition("/")
    mine, _, last = place.rpartition("/")
    return told if channel == mine and int(number) < int(last) else place


def _is_run(finding: Finding) -> bool:
    return finding.code in _RUNS and not finding.about


def _is_named(finding: Finding) -> bool:
    """Whether it is about numbers above all that is here, which others name."""
    return finding.code == "gap" and bool(finding.about)


def _said(finding: Finding) -> tuple[object, ...]:
    return finding.channel, finding.office, finding.about


def _channel(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.channel, finding.office


def _slot(finding: Finding) -> tuple[object, ...]:
    return finding.channel, finding.number, finding.office


def mark(findings: Iterable[Finding], listings: Iterable[Listing]) -> Iterator[Finding]:
    """``findings``, those that are new and listed already marked with the dispatch that listed them."""
    known = Known(listings)
    for each in findings:
        since = known.since(each) if each.known_since is None else None
        yield each if since is None else each.known(since)
