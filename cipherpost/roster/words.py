"""What each statement of the roster says, as values; `str` of one is its line (see `cipherpost.roster.statements`).

A value made by hand may say what no line may: `cipherpost.roster.statements.format_statement` checks before it prints.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cipherpost import limits
from cipherpost.dispatch.periods import PeriodKind
from cipherpost.note import VerifierKey
from cipherpost.text import CENTER

LEVEL: Final = 1
"""What ``requires`` asks for at most where this program goes on."""
THRESHOLD_MOST: Final = limits.ENDORSED + 1
"""``by`` and his endorsers."""
NONE: Final = "none"
"""The word for an empty list, hence no name of an office or group."""
ROLES: Final = (CENTER, "committee", "auditor")
LETTER_KINDS: Final = ("circular", "instruction", "decision", "report", "audit", "message", "key")
"""The kinds of dispatch that carry a letter, hence those that escrow can name."""
CHECK_DAYS: Final = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92}
"""Days of silence that each word of ``check`` allows."""
RHYTHMS: Final = {
    "weekly": PeriodKind.WEEK,
    "monthly": PeriodKind.MONTH,
    "quarterly": PeriodKind.QUARTER,
    "yearly": PeriodKind.YEAR,
    "once": PeriodKind.DAY,
    "event": PeriodKind.EVENT,
}
"""The words of a duty and the sort of period that each debt of it is about."""
Role = Literal["center", "committee", "auditor"]


@dataclass(frozen=True, slots=True)
class Keepers:
    """All keepers, by name, sorted."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"keepers {' '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Reserved: ``count`` of these keys may one day found the roster anew."""

    count: int
    keys: tuple[VerifierKey, ...]

    def __str__(self) -> str:
        return f"recovery {self.count} {' '.join(map(str, self.keys))}"


@dataclass(frozen=True, slots=True)
class Office:
    """A new office."""

    name: str
    role: Role

    def __str__(self) -> str:
        return f"office {self.name} {self.role}"


@dataclass(frozen=True, slots=True)
class Title:
    """What people call an office or group."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"title {self.name} {self.text}"


@dataclass(frozen=True, slots=True)
class Officer:
    """A new officer, or new keys of one; ``card`` is the hash of the card, ``unchecked``: nobody heard its number."""

    office: str
    name: str
    vkey: VerifierKey
    card: str
    unchecked: bool = False

    def __str__(self) -> str:
        return f"officer {self.office}/{self.name} {self.vkey} {self.card}{' unchecked' if self.unchecked else ''}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many officers of ``office`` sign its threshold kinds."""

    office: str
    count: int

    def __str__(self) -> str:
        return f"threshold {self.office} {self.count}"


@dataclass(frozen=True, slots=True)
class Group:
    """All members of a group, by name, sorted; may be empty."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return f"group {self.name} {' '.join(self.members) or NONE}"


@dataclass(frozen=True, slots=True)
class Lateral:
    """Whether the members of ``group`` may write to it and to each other."""

    group: str
    on: bool = True

    def __str__(self) -> str:
        return f"lateral {self.group}{'' if self.on else ' end'}"


@dataclass(frozen=True, slots=True)
class Retire:
    """An officer leaves."""

    office: str
    officer: str

    def __str__(self) -> str:
        return f"retire {self.office}/{self.officer}"


@dataclass(frozen=True, slots=True)
class Compromised:
    """An officer's keys may be in other hands."""

    office: str
    officer: str

    def __str__(self) -> str:
        return f"compromised {self.office}/{self.officer}"


@dataclass(frozen=True, slots=True)
class Suspend:
    """All officers of an office lose their standing, until it is reinstated."""

    office: str

    def __str__(self) -> str:
        return f"suspend {self.office}"


@dataclass(frozen=True, slots=True)
class Reinstate:
    """The officers of a suspended office regain their standing, with the same keys."""

    office: str

    def __str__(self) -> str:
        return f"reinstate {self.office}"


@dataclass(frozen=True, slots=True)
class Dissolve:
    """An office ends for good."""

    office: str

    def __str__(self) -> str:
        return f"dissolve {self.office}"


@dataclass(frozen=True, slots=True)
class Cut:
    """The last number that counts in ``channel`` of those who lost their standing in ``entry``; 0 has no hash."""

    entry: int
    channel: str
    number: int
    hash: str | None

    def __str__(self) -> str:
        return f"cut {self.entry} {self.channel} {self.number} {self.hash or NONE}"


@dataclass(frozen=True, slots=True)
class Settle:
    """Up to ``number`` the channel is the one that ends in ``hash``."""

    channel: str
    number: int
    hash: str

    def __str__(self) -> str:
        return f"settle {self.channel} {self.number} {self.hash}"


@dataclass(frozen=True, slots=True)
class Form:
    """A version of a form; ``hash`` is that of its schema's bytes."""

    name: str
    version: int
    hash: str

    def __str__(self) -> str:
        return f"form {self.name} {self.version} {self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A standing obligation to report.

    ``rhythm`` is a word of `RHYTHMS`. ``due`` is days after the period's end (weekly to yearly), ``within`` days after
    the event's day (None: before it), ``day`` the one deadline of ``once``; ``first`` is the first period or day.
    """

    form: str
    audience: str
    rhythm: str
    due: int | None = None
    within: int | None = None
    day: date | None = None
    grace: int = 0
    first: str | None = None

    def __str__(self) -> str:
        words = ["duty", self.form, self.audience, self.rhythm]
        words += [str(self.day)] if self.day is not None else []
        words += ["due", str(self.due)] if self.due is not None else []
        words += ["within", str(self.within)] if self.within is not None else []
        words += ["grace", str(self.grace)] if self.grace else []
        words += ["from", self.first] if self.first is not None else []
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class DutyEnd:
    """Nothing is owed of this form by this audience for periods after ``last``."""

    form: str
    audience: str
    last: str

    def __str__(self) -> str:
        return f"duty {self.form} {self.audience} end {self.last}"


@dataclass(frozen=True, slots=True)
class Escrow:
    """The offices, sorted, that read letters of ``kind`` beside those they are meant for; may be empty."""

    kind: str
    offices: tuple[str, ...]

    def __str__(self) -> str:
        return f"escrow {self.kind} {' '.join(self.offices) or NONE}"


@dataclass(frozen=True, slots=True)
class Timezone:
    """The zone in which days end."""

    zone: str

    def __str__(self) -> str:
        return f"timezone {self.zone}"


@dataclass(frozen=True, slots=True)
class Check:
    """How long silence of ``office`` is usual: a word of `CHECK_DAYS`."""

    office: str
    interval: str

    def __str__(self) -> str:
        return f"check {self.office} {self.interval}"


@dataclass(frozen=True, slots=True)
class Requires:
    """Reserved: the level a program must have to go on."""

    level: int

    def __str__(self) -> str:
        return f"requires {self.level}"


Statement = (
    Keepers | Recovery | Office | Title | Officer | Threshold | Group | Lateral | Retire | Compromised | Suspend
    | Reinstate | Dissolve | Cut | Settle | Form | Duty | DutyEnd | Escrow | Timezone | Check | Requires
)  # fmt: skip
