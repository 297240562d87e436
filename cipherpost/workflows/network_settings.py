"""What the roster says of the network as a whole: time zone, who else reads, usual silence, how many sign."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cipherpost import limits
from cipherpost.errors import UseError
from cipherpost.roster.words import CHECK_DAYS, LETTER_KINDS, NONE, THRESHOLD_MOST
from cipherpost.text import CENTER, TextError, parse_number, shown
from cipherpost.workflows import entries
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement

NAMES = ("timezone", "escrow", "check", "threshold")
"""The settings that can be stated."""


class UnknownSettingError(UseError):
    """No setting of this name, or not so many words behind it."""


class ZoneNameError(UseError):
    """No time zone of this name."""


class EscrowError(UseError):
    """Not a kind of letter, or nobody who could read it."""


class IntervalError(UseError):
    """No interval of this name."""


class ThresholdNumberError(UseError):
    """Not a number of officers who could sign."""


# ---- what is -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is stated: ``escrow`` by kind of letter; ``check`` days of silence by office, those stated and the center's.

    ``default`` tells that nothing was stated for the center. ``threshold``: how many officers sign, by office, where
    it is more than one; ``waiting``: thresholds that bind as soon as the office has so many officers.
    """

    timezone: str
    escrow: Mapping[str, tuple[str, ...]]
    check: Mapping[str, int]
    titles: Mapping[str, str]
    default: bool
    threshold: Mapping[str, int]
    waiting: Mapping[str, int]

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, value) for people."""
        yield "timezone", self.timezone
        for kind, offices in self.escrow.items():
            yield "escrow", f"{kind}: read by {', '.join(map(self._titled, offices))} too"
        if not self.escrow:
            yield "escrow", "none: nobody reads but those written to and the sender's own office"
        for office, days in self.check.items():
            unsaid = ", since none is stated" if office == CENTER and self.default else ""
            yield "check", f"{self._titled(office)}: {_interval(days)}{unsaid}"
        for office, count in self.threshold.items():
            yield "threshold", f"{self._titled(office)}: {count} officers sign"
        for office, count in self.waiting.items():
            yield "threshold", f"{self._titled(office)}: {count}, as soon as it has so many officers"

    def _titled(self, office: str) -> str:
        title = self.titles[office]
        return office if title == office else f"{office} ({title})"

    def as_json(self) -> dict[str, Any]:
        """The object for scripts; ``check`` in days."""
        return {
            "timezone": self.timezone,
            "escrow": {kind: list(offices) for kind, offices in self.escrow.items()},
            "check": dict(self.check),
            "threshold": dict(self.threshold),
        }


def _interval(days: int) -> str:
    word = next((word for word, length in CHECK_DAYS.items() if length == days), None)
    return f"{days} days" if word is None else f"{word} ({days} day{'s' if days > 1 else ''})"


def show(desk: "Desk") -> Settings:
    """The settings as this home has verified them."""
    roster, newest = desk.roster, desk.roster.newest
    offices = roster.offices(newest)
    check = {name: roster.check_days(name, newest) for name in offices}
    usual = limits.CHECK_INTERVAL_DAYS
    return Settings(
        timezone=roster.timezone(newest),
        escrow={kind: found for kind in LETTER_KINDS if (found := roster.escrow(kind, newest))},
        check={name: days for name, days in check.items() if name == CENTER or days != usual},
        titles={name: roster.title(name, newest) for name in offices},
        default=check.get(CENTER) == usual,
        threshold={name: count for name in offices if (count := roster.threshold(name, newest)) > 1},
        waiting={name: later for name in offices if (later := roster.threshold_waiting(name))},
    )


# ---- what shall be ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting about to be stated; ``statement`` None: it is so already.

    ``opens``: offices that will read what they do not read now, so that a person is asked; ``lines`` what it means.
    """

    statement: "Statement | None"
    lines: tuple[str, ...]
    opens: tuple[str, ...] = ()


def plan(desk: "Desk", words: Sequence[str]) -> Change:
    """Check a setting as it was typed: ``timezone ZONE``, ``escrow KIND OFFICE...|none``, ``check OFFICE INTERVAL``,
    ``threshold OFFICE NUMBER``.

    Raises:
        NotKeeperError, UnreachableError: see `entries.prepare`.
        UnknownSettingError, ZoneNameError, EscrowError, IntervalError, ThresholdNumberError, UnknownOfficeError: it
            makes no sense.
    """
    name, *rest = words
    usage = {
        "timezone": "timezone ZONE",
        "escrow": "escrow KIND OFFICE...|none",
        "check": "check OFFICE INTERVAL",
        "threshold": "threshold OFFICE NUMBER",
    }
    if name not in usage:
        raise UnknownSettingError(
            f"there is no setting {shown(name)}", rule=f"there are {', '.join(NAMES)}", hints=("cipherpost settings",)
        )
    if len(rest) < 2 if name == "escrow" else len(rest) != (1 if name == "timezone" else 2):
        raise UnknownSettingError(
            f"{name} with {len(rest)} words behind it",
            rule=f"it is said like: {usage[name]}",
            hints=("cipherpost settings --help",),
        )
    entries.prepare(desk)
    if name == "timezone":
        return _timezone(desk, rest[0])
    if name == "escrow":
        return _escrow(desk, rest[0], rest[1:])
    return (_check if name == "check" else _threshold)(desk, rest[0], rest[1])


def state(desk: "Desk", change: Change, *, dry_run: bool = False) -> Posted:
    """Post the entry; what is so already is answered with the newest entry, and nothing is posted."""
    if change.statement is not None:
        return entries.post(desk, [change.statement], dry_run=dry_run)
    return entries.stated_before(desk)


def _timezone(desk: "Desk", zone: str) -> Change:
    from cipherpost.roster.statements import StatementError, format_statement, is_offset
    from cipherpost.roster.words import Timezone

    statement = Timezone(zone)
    try:
        format_statement(statement)
        known = bool(zone) and (is_offset(zone) or zone in _zones())
    except StatementError:
        known = False
    if not known:
        near = _near_zones(zone)
        raise ZoneNameError(
            f"there is no time zone {shown(zone)}",
            rule="a name of the IANA data base such as Europe/Moscow, or an offset such as +03:00",
            hints=(f"did you mean {' or '.join(near)}?",) if near else ("cipherpost settings timezone +03:00",),
        )
    before = desk.roster.timezone(desk.roster.newest)
    if zone == before:
        return Change(statement=None, lines=(f"days end at 24:00 in {zone}",))
    changes = f"days end at 24:00 in {zone}, no longer in {before}; what ended before the entry stays as it was"
    return Change(statement=statement, lines=(changes,))


def _zones() -> frozenset[str]:
    from cipherpost.roster.rules import zones

    return zones()


def _near_zones(word: str) -> list[str]:
    """At most three zones whose name, or whose city, looks like ``word``."""
    import difflib

    wanted = word.lower().replace(" ", "_")
    by_name = {zone.lower(): zone for zone in sorted(_zones())}
    by_city = {name.rpartition("/")[2]: zone for name, zone in by_name.items()}
    near = difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.7)
    near_city = difflib.get_close_matches(wanted.rpartition("/")[2], by_city, n=3, cutoff=0.7)
    return list(dict.fromkeys([by_name[name] for name in near] + [by_city[name] for name in near_city]))[:3]


def _escrow(desk: "Desk", kind: str, offices: Sequence[str]) -> Change:
    from cipherpost.roster.words import Escrow

    if kind not in LETTER_KINDS:
        raise EscrowError(
            f"{shown(kind)} is no kind of letter", rule=f"the kinds are {', '.join(LETTER_KINDS)}", hints=_ESCROW_HELP
        )
    wanted = set(offices)
    if NONE in wanted and len(wanted) > 1:
        raise EscrowError("none and an office together", rule="one or the other", hints=_ESCROW_HELP)
    wanted -= {NONE}
    for name in sorted(wanted):
        _check_reader(desk, name)
    before = set(desk.roster.escrow(kind, desk.roster.newest))
    more, fewer = _ordered(desk, wanted - before), _ordered(desk, before - wanted)
    lines = []
    if more:
        lines.append(f"from the next entry on, every {kind} is sealed to {_titles(desk, more)} too")
    if fewer:
        lines.append(f"no {kind} is sealed to {_titles(desk, fewer)} any more; what they have they keep")
    if wanted == before:
        lines.append(f"it is so already: {' '.join(sorted(before)) or 'nobody'} reads every {kind}")
    statement = None if wanted == before else Escrow(kind, tuple(sorted(wanted)))
    return Change(statement=statement, lines=tuple(lines), opens=more)


_ESCROW_HELP = ("cipherpost settings --help", "cipherpost settings")


def _check_reader(desk: "Desk", name: str) -> None:
    from cipherpost.workflows.admission import known_office

    known_office(desk, name)
    state = desk.roster.state(name, desk.roster.newest)
    if state in {"suspended", "dissolved"}:
        raise EscrowError(
            f"{name} is {state}",
            rule="nothing is sealed to an office without standing",
            hints=("cipherpost roster",),
        )


def _ordered(desk: "Desk", offices: set[str]) -> tuple[str, ...]:
    return tuple(name for name in desk.roster.offices(desk.roster.newest) if name in offices)


def _titles(desk: "Desk", offices: Sequence[str]) -> str:
    newest = desk.roster.newest
    titles = ((name, desk.roster.title(name, newest)) for name in offices)
    return ", ".join(name if title == name else f"{name} ({title})" for name, title in titles)


def _check(desk: "Desk", office: str, interval: str) -> Change:
    from cipherpost.roster.words import Check
    from cipherpost.workflows.admission import known_office

    known_office(desk, office)
    if interval not in CHECK_DAYS:
        raise IntervalError(
            f"{shown(interval)} is no interval",
            rule=f"the intervals are {', '.join(CHECK_DAYS)}",
            hints=(f"cipherpost settings check {office} weekly",),
        )
    days = CHECK_DAYS[interval]
    line = f"of {_titles(desk, [office])}, silence is usual for {_interval(days)}"
    same = desk.roster.check_days(office, desk.roster.newest) == days
    return Change(statement=None if same else Check(office, interval), lines=(line,))


def _threshold(desk: "Desk", office: str, number: str) -> Change:
    from cipherpost.roster.words import Threshold
    from cipherpost.workflows.admission import known_office

    known_office(desk, office)
    try:
        count = parse_number(number)
    except TextError:
        count = 0
    if not 1 <= count <= THRESHOLD_MOST:
        raise ThresholdNumberError(
            f"{shown(number)} officers cannot be asked for",
            rule=f"1 to {THRESHOLD_MOST}",
            hints=(f"cipherpost settings threshold {office} 2",),
        )
    newest = desk.roster.newest
    there, now = len(desk.roster.officers(office, newest)), desk.roster.threshold(office, newest)
    waiting = desk.roster.threshold_waiting(office)
    same = count == (waiting or now)
    lines = [f"of {_titles(desk, [office])}, {count} of {there} officers sign what binds it"]
    if count > there:
        lines = [
            f"{_titles(desk, [office])} has {there} officer{'' if there == 1 else 's'}: "
            f"the threshold binds from the entry at which it has {count}, and stays {now} until then"
        ]
    elif count > 1 and count == there:
        lines.append("all of them must sign: while one is away or has lost his keys, nothing of the kind can be sent")
    return Change(statement=None if same else Threshold(office, count), lines=tuple(lines))
