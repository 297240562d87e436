"""What an audit found: the verdict, the findings in order, and the object for scripts.

`cipherpost.workflows.audit_text` makes a page of 80 columns of it, `cipherpost.pages.audit` one for a browser.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cipherpost import __version__
from cipherpost.chain.findings import CODES, Finding
from cipherpost.chain.history import History
from cipherpost.dispatch.header import Head
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import NotAuthenticError, UnableError, gravest
from cipherpost.ledger.debt import Debt
from cipherpost.text import sha256, spoken
from cipherpost.workflows.audit_phrases import APART, EITHER, NEVER_SHOWN, NEXT, WHO

_GRADES: Final = ("alarm", "warning", "notice")


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
            "program": self.program,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "roster": {"number": self.roster.number, "hash": self.roster.hash} if self.roster else None,
            "as_of": self.as_of,
            "dispatches": self.dispatches,
            "channels": [{"channel": h.channel, "number": h.number, "hash": h.hash} for h in self.heads],
            "findings": [_finding_json(each) for each in self.ordered()],
            "not_checked": self.unchecked(),
        }

    def ordered(self) -> list[Finding]:
        """The findings, the gravest first: new ones before known, then by grade, exit code, code, place."""
        codes = list(CODES)
        return sorted(
            self.findings,
            key=lambda each: (
                each.known_since is not None,
                _GRADES.index(each.grade),
                -CODES[each.code].exit_code,
                codes.index(each.code),
                each.points is not None,
                each.channel or "",
                each.number or 0,
                each.detail,
            ),
        )

    def unchecked(self, most: int | None = None) -> list[str]:
        """What was not checked, as clauses; of foreign things the first ``most``, and how many more."""
        foreign = [f"{name}: {why}; no reader looks at it" for name, why in sorted(self.skipped.items())]
        if most is not None and len(foreign) > most:
            foreign[most:] = [f"{len(foreign) - most} more such; no reader looks at them"]
        unread = [f"{name}: {why}" for name, why in sorted(self.unread.items())]
        return [*unread, *self.not_checked, *foreign]

    # ---- for people --------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """The page in 80 columns; the caller makes it harmless for a terminal."""
        from cipherpost.workflows.audit_text import report_lines

        return report_lines(self)

    @property
    def verdict(self) -> str:
        """One sentence that begins with its gist in capitals."""
        new = [each for each in self.findings if not each.known_since]
        if self.roster is None:
            return "NOTHING CAN BE VERIFIED: the roster's first entry is not here as its officer signed it."
        known = len(self.findings) - len(new)
        behind = f" ({many(known, 'finding')} known before)" if known else ""
        if self.unread:
            behind += f"; {many(len(self.unread), 'file')} could not be read"
        if not new:
            if self.unread:
                return f"NOT WHOLE: no findings in what could be read{behind}."
            verifies = "signature, sequence and sealed file" if self.sealed else "signature and sequence"
            unseen = "" if self.sealed else "; sealed files not looked at"
            if known:
                return f"IN ORDER, nothing new: but for {many(known, 'finding')} known before all verifies{unseen}."
            return f"ALL IS WELL: every {verifies} verifies{unseen}."
        graded = Counter(each.grade for each in new)
        counts = ", ".join(many(graded[grade], grade) for grade in _GRADES if graded[grade])
        if self.ok:
            return f"IN ORDER, with {counts}{behind}."
        return f"{'ALARM' if graded['alarm'] else 'NOT IN ORDER'}: {counts}{behind}."

    @property
    def standing(self) -> str:
        """The gist of the verdict: ``well``, ``notice``, ``warning`` or ``alarm``."""
        new = {each.grade for each in self.findings if not each.known_since}
        if "alarm" in new or self.roster is None:
            return "alarm"
        if not self.ok:
            return "warning"
        return "notice" if new else "well"

    def who(self, finding: Finding) -> str:
        """Where the explanation of a finding is to be sought, in words."""
        points = finding.points_to
        who = APART.get((finding.code, points)) or EITHER.get(finding.code, WHO[points])
        return f"{who}, {self.titled(finding.office)}" if who == WHO["sender"] and finding.office else who

    def do(self, finding: Finding) -> str:
        """What to do about a finding."""
        signed = finding.code == "malformed" and finding.points_to == "sender"
        return NEXT["unauthorized" if signed else finding.code]

    def titled(self, office: str) -> str:
        """``tver (Tver Gubernia Committee)``; without a title only the name."""
        title = self.titles.get(office, office)
        return office if title == office else f"{office} ({title})"

    @property
    def program(self) -> str:
        """Name and version of what audited."""
        return f"cipherpost {__version__}"

    @property
    def never_shown(self) -> tuple[str, ...]:
        """What no audit can show, as clauses."""
        return NEVER_SHOWN

    @property
    def command(self) -> str:
        """What somebody else types, with a copy of the same post office, to get the same."""
        sealed = " --sealed" if self.sealed else ""
        return f"cipherpost audit --post COPY --fingerprint {self.fingerprint} --as-of {self.as_of}{sealed}"


def many(count: int, noun: str, plural: str = "") -> str:
    """``1 alarm``, ``2 alarms``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _finding_json(finding: Finding) -> dict[str, Any]:
    names = ("code", "grade", "channel", "number", "office", "points_to", "rule", "detail", "time", "known_since")
    return {name: getattr(finding, name) for name in names}
