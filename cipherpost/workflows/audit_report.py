"""What an audit found, for people (one page of 80 columns, the verdict first) and for scripts."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from cipherpost import __version__
from cipherpost.chain.findings import CODES, Finding
from cipherpost.chain.history import History
from cipherpost.dispatch.header import Head
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import NotAuthenticError, UnableError, gravest
from cipherpost.ledger.debt import Debt
from cipherpost.text import sha256, spoken

_WIDTH: Final = 80
_GRADES: Final = ("alarm", "warning", "notice")
_SHOWN: Final = 3
"""Findings of one code in one channel that are told in full; of more, the first and the numbers."""
_SKIPPED_SHOWN: Final = 5

WHO: Final[Mapping[str, str]] = {
    "carrier": "the carrier: whoever runs, copies or can write to the post office",
    "sender": "the sender",
    "center": "the center",
    "nobody": "nobody",
}
"""Where the explanation of a finding is to be sought, in words."""

_KEEP: Final = "Keep a copy of the post office as it is, and tell whoever runs it."
_PUT_BACK: Final = "Its sender puts it back: cipherpost fetch. Or look in another copy of the post office."
NEXT: Final[Mapping[str, str]] = {
    "malformed": f"It counts for nothing. {_KEEP}",
    "misplaced": f"It counts for nothing there. {_KEEP}",
    "forged": f"It counts for nothing. {_KEEP} Tell the office that it pretends to be from.",
    "unauthorized": "It does not count. Ask the sender whether he signed it; if he did not, his key was stolen.",
    "gap": _PUT_BACK,
    "held": "Nothing, if what is missing comes: then audit again.",
    "fork": "The officers compare by telephone what they signed; the center settles which side stands.",
    "race": "Nothing; the one that does not stand is sent again under a new number.",
    "rollback": f"{_KEEP} Senders put back what they have: cipherpost fetch.",
    "stale": "Ask the center by telephone whether it is silent, or somebody holds its dispatches back.",
    "unheard": "Ask those written to whether it reached them: cipherpost fetch.",
    "swapped": f"No program will open it. {_KEEP} {_PUT_BACK}",
    "letter-missing": _PUT_BACK,
    "downgraded": "No program will open it. The sender updates cipherpost and sends it again.",
    "readers": "Ask the sender who cannot read it, and why.",
    "removed-reader": "Ask the sender to renew the audience key.",
    "not-given": "Ask the sender to give the office the audience key.",
    "old-roster": "It does not count. Its sender fetches, then sends it again.",
    "void": "It does not count. If it should, its sender sends it again; a cut can be moved: cipherpost cut.",
    "uncounted": "Ask the center whether the cut was meant to go so far back.",
    "disagrees": "The two offices compare by telephone what they have; one of them was shown something else.",
    "clock": "Ask the sender to look at the clock of that machine.",
    "repeat": "The first report stands. If the second is right, its sender corrects the first: cipherpost correct.",
    "order": "Nothing can mend it; the center decides whether it accepts the report.",
    "late": "Nothing, unless the center excuses it.",
    "overdue": "The center reminds the office: cipherpost remind; or it decides: cipherpost extend, cipherpost excuse.",
    "unknown": "Nothing, if what is missing comes: then audit again.",
}
"""What to do about a finding, by code."""

NEVER_SHOWN: Final = (
    "what letters say, and whether a report is true",
    "whether those who can read a letter are the right persons",
    "what was withheld from everybody, if nothing here refers to it",
    "when something really happened: times are the senders' own",
)
"""What no audit can show (docs/threat-model.md, "How much an audit shows")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an audit.

    ``roster``: its newest entry, None where there is none. ``as_of``: the judging time. ``dispatches``: how many count.
    ``heads``: the last that counts of each channel. ``not_checked``: clauses. ``unread``: names that the post office
    failed to give, and why. ``skipped``: names of foreign things, and what they are. ``titles``: of the offices in
    findings and heads. ``sealed``: whether the sealed files were looked at. ``histories``: when each channel
    was written to; ``debts``: the ledger at the judging time; ``owing``: title by office for all who may owe, in order
    of admission; ``zone``: where days end.
    """

    network: str
    fingerprint: str
    roster: Head | None
    as_of: str
    dispatches: int
    heads: tuple[Head, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    sealed: bool = False
    histories: tuple[History, ...] = ()
    debts: tuple[Debt, ...] = ()
    owing: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""

    # ---- for scripts -------------------------------------------------------------------------------------------------

    @property
    def ok(self) -> bool:
        """Whether nothing new was found that sets the exit code, and everything could be read."""
        return self.exit_code(strict=False, everything=False) == 0

    @property
    def spoken(self) -> str | None:
        """Twelve groups of digits over all heads, the same for all who audited the same; None without any head."""
        return spoken(sha256(format_heads(self.heads))) if self.heads else None

    def exit_code(self, *, strict: bool, everything: bool) -> int:
        """The gravest of the findings' codes.

        Args:
            strict: a finding that would make 0 makes 3.
            everything: findings that were known before count too.
        """
        considered = [each for each in self.findings if everything or not each.known_since]
        codes = {CODES[each.code].exit_code or (NotAuthenticError.exit_code if strict else 0) for each in considered}
        if self.unread:
            codes.add(UnableError.exit_code)
        return gravest(codes)

    def as_json(self) -> dict[str, Any]:
        """The object of docs/troubleshooting.md, "What scripts may rely on"; ``findings`` gravest first."""
        return {
            "ok": self.ok,
            "program": f"cipherpost {__version__}",
            "network": self.network,
            "fingerprint": self.fingerprint,
            "roster": {"number": self.roster.number, "hash": self.roster.hash} if self.roster else None,
            "as_of": self.as_of,
            "dispatches": self.dispatches,
            "channels": [{"channel": h.channel, "number": h.number, "hash": h.hash} for h in self.heads],
            "findings": [_finding_json(each) for each in self._sorted()],
            "not_checked": self._not_checked(),
        }

    def _sorted(self) -> list[Finding]:
        """The gravest first: new ones before known, then by exit code, grade, place."""
        codes = list(CODES)
        return sorted(
            self.findings,
            key=lambda each: (
                each.known_since is not None,
                _GRADES.index(each.grade),
                -CODES[each.code].exit_code,
                codes.index(each.code),
                each.channel or "",
                each.number or 0,
                each.detail,
            ),
        )

    def _not_checked(self, most: int | None = None) -> list[str]:
        """What was not checked, as clauses; of foreign things the first ``most``, and how many more."""
        foreign = [f"{name}: {why}; no reader looks at it" for name, why in sorted(self.skipped.items())]
        if most is not None and len(foreign) > most:
            foreign[most:] = [f"{len(foreign) - most} more such; no reader looks at them"]
        unread = [f"{name}: {why}" for name, why in sorted(self.unread.items())]
        return [*unread, *self.not_checked, *foreign]

    # ---- for people --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """The page; the caller makes it harmless for a terminal."""
        yield from _wrapped(self._verdict())
        if self.roster is not None:
            yield from _wrapped(
                f"{_many(self.dispatches, 'dispatch', 'dispatches')} in {_many(len(self.heads), 'channel')} count; "
                f"the roster ends with entry {self.roster.number}. As of {self.as_of}."
            )
        yield from self._finding_lines()
        yield from self._head_lines()
        yield from _listed("Not checked:", self._not_checked(most=_SKIPPED_SHOWN))
        yield from _listed("What no audit can show:", NEVER_SHOWN)
        yield ""
        yield f"Network {self.network}, fingerprint"
        yield f"  {self.fingerprint}"
        if self.spoken is not None:
            yield "All heads as one number; compare it by telephone with who else audited:"
            yield f"  {self.spoken}"

    def _verdict(self) -> str:
        new = [each for each in self.findings if not each.known_since]
        if self.roster is None:
            return "NOTHING CAN BE VERIFIED: the roster's first entry is not here as its officer signed it."
        known = len(self.findings) - len(new)
        behind = f" ({_many(known, 'finding')} known before)" if known else ""
        if self.unread:
            behind += f"; {_many(len(self.unread), 'file')} could not be read"
        if not new:
            if self.unread:
                return f"NOT WHOLE: no findings in what could be read{behind}."
            well = "IN ORDER, nothing new" if known else "ALL IS WELL"
            verifies = "signature, sequence and sealed file" if self.sealed else "signature and sequence"
            unseen = "" if self.sealed else "; sealed files not looked at"
            return f"{well}: every {verifies} verifies{behind}{unseen}."
        graded = Counter(each.grade for each in new)
        counts = ", ".join(_many(graded[grade], grade) for grade in _GRADES if graded[grade])
        if self.ok:
            return f"IN ORDER, with {counts}{behind}."
        return f"{'ALARM' if graded['alarm'] else 'NOT IN ORDER'}: {counts}{behind}."

    def _finding_lines(self) -> Iterator[str]:
        ordered = self._sorted()
        for _, group in groupby(ordered, key=lambda each: (each.known_since, each.code, each.channel)):
            found = list(group)
            told = found if len(found) <= _SHOWN else found[:1]
            for each in told:
                yield ""
                yield from self._told(each)
            if len(told) < len(found):
                more = [each.number for each in found[1:] if each.number is not None]
                numbers = f": {_ranges(more)}" if more else ""
                yield from _wrapped(f"and {len(found) - 1} more such in this channel{numbers}", indent=2)

    def _told(self, finding: Finding) -> Iterator[str]:
        place = "/".join(str(each) for each in (finding.channel or finding.office, finding.number) if each is not None)
        yield from _wrapped(f"{finding.grade.upper()}  {finding.code}  {place}")
        yield from _wrapped(finding.detail, indent=2)
        if finding.known_since:
            yield from _wrapped(f"known since: {finding.known_since}", indent=2)
        yield from _wrapped(f"rule: {finding.rule}", indent=2)
        who = WHO[finding.points_to]
        if finding.points_to == "sender" and finding.office:
            who = f"{who}, {self._titled(finding.office)}"
        yield from _wrapped(f"points to: {who}", indent=2)
        yield from _wrapped(f"do: {NEXT[finding.code]}", indent=2)

    def _titled(self, office: str) -> str:
        title = self.titles.get(office, office)
        return office if title == office else f"{office} ({title})"

    def _head_lines(self) -> Iterator[str]:
        if not self.heads:
            return
        yield ""
        yield "Heads (the last of each channel that counts):"
        places = [f"{head.channel}/{head.number}" for head in self.heads]
        width = min(max(map(len, places)), 44)
        for head, place in zip(self.heads, places, strict=True):
            row = f"  {place:<{width}}  {head.hash[:16]}"
            if len(row) > _WIDTH:
                yield from _wrapped(place, indent=2)
                row = f"  {'':<{width}}  {head.hash[:16]}"
            title = self.titles.get(head.channel.partition("/")[0], "")
            room = _WIDTH - len(row) - 2
            if title and room >= 8:
                row += "  " + (title if len(title) <= room else title[: room - 1] + "…")
            yield row


def _finding_json(finding: Finding) -> dict[str, Any]:
    names = ("code", "grade", "channel", "number", "office", "points_to", "rule", "detail", "time", "known_since")
    return {name: getattr(finding, name) for name in names}


def _listed(title: str, clauses: Sequence[str]) -> Iterator[str]:
    if clauses:
        yield ""
        yield title
        for clause in clauses:
            yield from _wrapped(clause, bullet="  - ")


def _wrapped(words: str, *, indent: int = 0, bullet: str = "") -> list[str]:
    begin = bullet or " " * indent
    return textwrap.wrap(
        words, _WIDTH, initial_indent=begin, subsequent_indent=" " * (len(bullet) or indent + 2), break_on_hyphens=False
    )


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _ranges(numbers: Sequence[int]) -> str:
    """``4-9, 12``."""
    told: list[str] = []
    ordered = sorted(set(numbers))
    for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0]):
        first, *rest = [number for _, number in run]
        told.append(f"{first}-{rest[-1]}" if rest else str(first))
    return ", ".join(told)
