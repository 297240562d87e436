"""The report of an audit as a page of 80 columns: the verdict first, then findings, the gravest first."""

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cipherpost.workflows.audit_report import many

if TYPE_CHECKING:
    from cipherpost.chain.findings import Finding
    from cipherpost.workflows.audit_report import Report

_WIDTH: Final = 80
_IN_FULL: Final = 3
"""Findings of one code that are told in full; of more, the first, and a line or two on those of each other channel."""
_CHANNELS: Final = 8
"""Channels of one code that are told of; of more, how many."""
_BY_CODE: Final = 12
"""Findings from which on a line counts them by code, and of each code one is told in full."""
_RUNS: Final = 10
"""Runs of numbers that are named of one channel."""
_SKIPPED: Final = 5
_HALF: Final = "\ufffe"
"""No character of any text; stands for half of a wide one while lines are measured."""


def report_lines(report: "Report") -> Iterator[str]:
    """The page; the caller makes it harmless for a terminal."""
    yield from _wrapped(report.verdict)
    if report.roster is not None:
        yield from _wrapped(
            f"{many(report.dispatches, 'dispatch', 'dispatches')} in {many(len(report.heads), 'channel')} count; "
            f"the roster ends with entry {report.roster.number}. As of {report.as_of}."
        )
    yield from _finding_lines(report)
    yield from _head_lines(report)
    yield from _listed("Not checked:", report.unchecked(most=_SKIPPED))
    yield from _listed("What no audit can show:", report.never_shown)
    yield ""
    yield f"Network {report.network}, fingerprint"
    yield f"  {report.fingerprint}"
    if report.spoken is not None:
        yield "All heads as one number; compare it by telephone with who else audited:"
        yield f"  {report.spoken}"


# ---- findings --------------------------------------------------------------------------------------------------------


def _finding_lines(report: "Report") -> Iterator[str]:
    ordered = report.ordered()
    new = [each for each in ordered if not each.known_since]
    known = ordered[len(new) :]
    if len(new) >= _BY_CODE:
        counts = Counter(each.code for each in new)
        yield from _wrapped(f"By code: {', '.join(f'{code} {count}' for code, count in counts.items())}.", hang=2)
    yield from _by_code(report, new)
    if known:
        yield ""
        yield "Known before: listed in a signed audit, or settled"
        yield from _by_code(report, known)


def _by_code(report: "Report", ordered: "Sequence[Finding]") -> Iterator[str]:
    for _, group in groupby(ordered, key=lambda each: (each.code, each.points_to)):
        found = list(group)
        if len(found) <= (_IN_FULL if len(ordered) < _BY_CODE else 1):
            for each in found:
                yield ""
                yield from _told(report, each)
            continue
        channels = [list(same) for _, same in groupby(found, key=lambda each: each.channel)]
        yield ""
        yield from _told(report, channels[0][0], more=channels[0][1:])
        for same in channels[1:_CHANNELS]:
            also = f"also {_place(same[0])}: {same[0].detail}"
            yield from _wrapped(f"{also}; {_more(same[1:])}" if same[1:] else also, indent=2)
        if rest := channels[_CHANNELS:]:
            left = f"{many(sum(map(len, rest)), 'more such', 'more such')}, in {many(len(rest), 'more channel')}"
            yield from _wrapped(f"and {left}; all of them: --json, or --html FILE", indent=2)


def _told(report: "Report", finding: "Finding", more: "Sequence[Finding]" = ()) -> Iterator[str]:
    yield from _wrapped(f"{finding.grade.upper()}  {finding.code}  {_place(finding)}")
    yield from _wrapped(finding.detail, indent=2)
    if finding.known_since:
        yield from _wrapped(f"known since: {finding.known_since}", indent=2)
    yield from _wrapped(f"rule: {finding.rule}", indent=2)
    yield from _wrapped(f"points to: {report.who(finding)}", indent=2)
    yield from _wrapped(f"do: {report.do(finding)}", indent=2)
    if more:
        yield from _wrapped(_more(more), indent=2)


def _place(finding: "Finding") -> str:
    return "/".join(str(each) for each in (finding.channel or finding.office, finding.number) if each is not None)


def _more(found: "Sequence[Finding]") -> str:
    numbers = [each.number for each in found if each.number is not None]
    return f"and {len(found)} more such in this channel{f': {_ranges(numbers)}' if numbers else ''}"


def _ranges(numbers: Sequence[int]) -> str:
    """``4-9, 12``."""
    told: list[str] = []
    ordered = sorted(set(numbers))
    for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0]):
        first, *rest = [number for _, number in run]
        told.append(f"{first}-{rest[-1]}" if rest else str(first))
    if len(told) > _RUNS:
        told[_RUNS:] = [f"and so on to {ordered[-1]}"]
    return ", ".join(told)


# ---- heads, lists ----------------------------------------------------------------------------------------------------


def _head_lines(report: "Report") -> Iterator[str]:
    if not report.heads:
        return
    yield ""
    yield "Heads (the last of each channel that counts):"
    places = [f"{head.channel}/{head.number}" for head in report.heads]
    width = min(max(map(len, places)), 44)
    for head, place in zip(report.heads, places, strict=True):
        row = f"  {place:<{width}}  {head.hash[:16]}"
        if len(row) > _WIDTH:
            yield from _wrapped(place, indent=2)
            row = f"  {'':<{width}}  {head.hash[:16]}"
        title = report.titles.get(head.channel.partition("/")[0], "")
        room = _WIDTH - len(row) - 2
        if title and room >= 8:
            row += f"  {_cut(title, room)}"
        yield row


def _listed(title: str, clauses: Sequence[str]) -> Iterator[str]:
    if clauses:
        yield ""
        yield title
        for clause in clauses:
            yield from _wrapped(clause, bullet="  - ")


def _wrapped(words: str, *, indent: int = 0, bullet: str = "", hang: int = 0) -> list[str]:
    begin = bullet or " " * indent
    behind = " " * (len(bullet) or hang or indent + 2)
    wide = _widened(words)
    width = _WIDTH if wide == words else _WIDTH - 1  # a line may end between a wide letter and what stands for its half
    lines = textwrap.wrap(wide, width, initial_indent=begin, subsequent_indent=behind, break_on_hyphens=False)
    return [line.replace(_HALF, "") for line in lines]


def _cut(words: str, width: int) -> str:
    """``words`` in at most so many columns."""
    wide = _widened(words)
    return words if len(wide) <= width else wide[: width - 1].replace(_HALF, "") + "…"


def _widened(words: str) -> str:
    """``words`` with a placeholder before each letter that takes two columns, as those of East Asia do."""
    return "".join(f"{_HALF}{ch}" if unicodedata.east_asian_width(ch) in "WF" else ch for ch in words)
