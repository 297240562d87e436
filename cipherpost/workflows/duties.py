"""Standing obligations to report: stated by the center in the roster, ended there, and listed in words."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from cipherpost.dispatch.periods import PeriodKind, parse_day, period_kind
from cipherpost.errors import UseError
from cipherpost.ledger.calendar import end_of, local_day, period_of, previous_period
from cipherpost.roster.words import RHYTHMS
from cipherpost.text import parse_name, shown
from cipherpost.workflows import entries
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.duties import DutyInfo
    from cipherpost.roster.words import Duty
    from cipherpost.workflows.proposals import Proposal


class UnpublishedFormError(UseError):
    """The roster states no form of this name; one that ships with the program is published first, too."""


class DutyOptionError(UseError):
    """An option that this rhythm of a duty does not have, or lacks."""


class NoDutyError(UseError):
    """Nothing of this form is owed by this audience, or not in such periods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be owed, as a person says it.

    ``rhythm``: weekly, monthly, quarterly, yearly, once, event. ``due``: days after the period's end; ``within``: days
    after the event's day, None: before it; ``grace``: days; ``first``: a period of the rhythm, for events a day;
    ``day``: the one day of ``once``.
    """

    form: str
    audience: str
    rhythm: str
    due: int | None = None
    within: int | None = None
    grace: int = 0
    first: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """An entry about a duty: ``words`` say what is owed, ``notes`` what else there is to know of it, for people."""

    posted: Posted
    words: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A duty as it stands, with the title of its audience."""

    duty: "DutyInfo"
    title: str
    words: str

    def cells(self) -> list[str]:
        """For a table."""
        return [self.duty.form, self.duty.audience, self.title, self.words]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts; days as text, what does not apply null."""
        duty = self.duty
        return {
            "form": duty.form,
            "audience": duty.audience,
            "title": self.title,
            "rhythm": duty.rhythm,
            "due": duty.due,
            "within": duty.within,
            "day": str(duty.day) if duty.day else None,
            "grace": duty.grace,
            "from": duty.first,
            "until": duty.last,
            "before": duty.before,
            "entry": duty.entry,
            "words": self.words,
        }


# ---- in words --------------------------------------------------------------------------------------------------------


def in_words(duty: "DutyInfo | Duty") -> str:
    """What is owed and when: ``every month, due 5 days after its end, grace 3, from 2026-12``."""
    kind = RHYTHMS[duty.rhythm]
    if duty.day is not None:
        parts = [f"once, by {duty.day}"]
    elif kind is PeriodKind.EVENT:
        parts = ["before each event" if duty.within is None else f"within {_days(duty.within)} after each event"]
    else:
        due = duty.due or 0
        parts = [f"every {kind}", f"due {_days(due)} after its end" if due else "due on its last day"]
    parts += [f"grace {duty.grace}"] if duty.grace else []
    parts += [f"from {duty.first}"] if duty.first else []
    last, before = getattr(duty, "last", None), getattr(duty, "before", None)
    if last is not None and duty.day is None and (before is None or last < before):
        parts.append(f"until {last}")
    elif before is not None:
        parts.append(f"only before {before}")
    return ", ".join(parts)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def listing(desk: "Desk") -> list[Listed]:
    """Every duty that is about any period, in the order they were stated."""
    newest = desk.roster.newest
    return [
        Listed(duty=duty, title=desk.roster.title(duty.audience, newest), words=in_words(duty))
        for duty in desk.roster.duties(newest)
    ]


# ---- stating one -----------------------------------------------------------------------------------------------------


def add(desk: "Desk", asked: Asked, *, dry_run: bool = False) -> Stated:
    """State a duty in the roster; one that stands so already is not stated again.

    Raises:
        NotKeeperError, UnreachableError: see `entries.prepare`.
        UnpublishedFormError, DutyOptionError: it makes no sense. UnknownAudienceError: see there.
        AudienceError: who is named owes no reports.
    """
    entries.prepare(desk)
    _check_form(desk, asked.form)
    _check_audience(desk, asked.audience)
    duty = _duty(desk, asked)
    words = in_words(duty)
    same = _standing(desk, duty, stated_first=asked.first is not None)
    if same is not None:
        return Stated(posted=_already(desk, same.entry), words=in_words(same))
    before = [each for each in _of(desk, duty.form, duty.audience) if _meet(each, duty)]
    notes = [f"it takes the place of: {'; '.join(map(in_words, before))}"] if before else []
    notes += _owed_by_nobody(desk, duty)
    posted = entries.post(desk, [duty], dry_run=dry_run)
    return Stated(posted=posted, words=words, notes=tuple(notes))


def _owed_by_nobody(desk: "Desk", duty: "Duty") -> list[str]:
    """Of which periods that are over nobody will owe anything, since none of the audience was admitted by then."""
    from cipherpost.ledger.rosters import Rosters
    from cipherpost.ledger.terms import first_owed

    kind = RHYTHMS[duty.rhythm]
    zone = desk.roster.timezone(desk.roster.newest)
    if duty.first is None or kind in {PeriodKind.DAY, PeriodKind.EVENT}:
        return []
    rosters = Rosters(desk.roster)
    rosters.grow()
    now = desk.time()
    running = period_of(kind, local_day(now, zone))
    if duty.first >= running:
        return []
    owed = first_owed(rosters, _as_stated(duty, desk.roster.newest), now)
    if owed == duty.first:
        return []
    last = previous_period(owed or running)
    which = duty.first if last == duty.first else f"{duty.first} to {last}"
    return [
        f"nobody owes {duty.form} for {which}: no office of {duty.audience} was admitted by then",
        f"the first period owed is {owed}" if owed else "nobody owes it for the running period either, as it is",
    ]


def _as_stated(duty: "Duty", entry: int) -> "DutyInfo":
    from cipherpost.roster.duties import DutyInfo

    return DutyInfo(
        form=duty.form,
        audience=duty.audience,
        rhythm=duty.rhythm,
        due=duty.due,
        within=duty.within,
        day=duty.day,
        grace=duty.grace,
        first=duty.first,
        entry=entry,
    )


def _check_form(desk: "Desk", name: str) -> None:
    import difflib

    with typed("cipherpost form list"):
        parse_name(name)
    known = desk.roster.forms(desk.roster.newest)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    proposed = _proposed_form(desk, name)
    if proposed is not None:
        raise UnpublishedFormError(
            f"the form {name} is only proposed, as {proposed.place}",
            rule="a form is owed once it is in force",
            hints=(f"{' or '.join(proposed.awaited) or 'a keeper'} types: cipherpost endorse {proposed.number}",),
        )
    raise UnpublishedFormError(
        f"the network has no form {name}",
        rule="a form is published before it is owed, those that ship with the program too",
        hints=(*([f"did you mean {near[0]}?"] if near else []), f"cipherpost form publish {name}"),
    )


def _proposed_form(desk: "Desk", name: str) -> "Proposal | None":
    from cipherpost.workflows import proposals

    if not proposals.may_be_open(desk):
        return None
    start = f"form {name} "
    for each in proposals.listing(desk):
        if each.is_open and any(line.startswith(start) for line in each.draft.statements.decode().splitlines()):
            return each
    return None


def _check_audience(desk: "Desk", audience: str) -> None:
    from cipherpost.workflows.addressing import AudienceError

    newest = desk.roster.newest
    desk.roster.members(audience, newest)  # refuses an unknown name, with the nearest
    if desk.roster.is_group(audience, newest):
        return
    role, state = desk.roster.role(audience), desk.roster.state(audience, newest)
    if role != "committee" or state == "dissolved":
        why = f"is {state}" if role == "committee" else f"is the {role}" if role == "center" else f"is an {role}"
        raise AudienceError(
            f"{audience} {why}",
            rule="reports are owed by committees: one, a group, or all",
            hints=("cipherpost roster", "cipherpost group"),
        )


def _duty(desk: "Desk", asked: Asked) -> "Duty":
    from cipherpost.roster.words import Duty

    kind = RHYTHMS[asked.rhythm]
    _check_options(asked, kind)
    zone = desk.roster.timezone(desk.roster.newest)
    today = local_day(desk.time(), zone)
    first = asked.first
    if kind is PeriodKind.DAY:
        assert asked.day is not None
        if end_of(asked.day, zone) <= desk.time():
            raise DutyOptionError(
                f"the day {asked.day} is over",
                rule=f"days end at 24:00 in the network's zone, {zone}",
                hints=("give a later day behind --on",),
            )
    elif kind is PeriodKind.EVENT:
        with typed("give a day like 2026-12-01 behind --from"):
            first = str(parse_day(first)) if first is not None else str(today)
    else:
        first = _first_period(first, kind, asked.rhythm) if first is not None else period_of(kind, today)
    return Duty(
        form=asked.form,
        audience=asked.audience,
        rhythm=asked.rhythm,
        due=asked.due,
        within=asked.within,
        day=asked.day,
        grace=asked.grace,
        first=first,
    )


_EXAMPLES = {
    PeriodKind.YEAR: "2027",
    PeriodKind.QUARTER: "2027-q1",
    PeriodKind.MONTH: "2027-01",
    PeriodKind.WEEK: "2027-w01",
    PeriodKind.DAY: "2027-01-05",
    PeriodKind.EVENT: "2027-01-05",
}


def _first_period(word: str, kind: PeriodKind, rhythm: str) -> str:
    with typed(f"--from {_EXAMPLES[kind]}"):
        found = period_kind(word)
    if found is not kind:
        raise DutyOptionError(
            f"a {rhythm} duty does not begin with {shown(word)}",
            rule=f"--from names a {kind}, like {_EXAMPLES[kind]}",
            hints=(f"--from {_EXAMPLES[kind]}",),
        )
    return word


def _check_options(asked: Asked, kind: PeriodKind) -> None:
    """Refuse what this rhythm does not say, and what it must say."""
    given = {"--due": asked.due, "--within": asked.within, "--from": asked.first, "--on": asked.day}
    may = {PeriodKind.DAY: {"--on"}, PeriodKind.EVENT: {"--within", "--from"}}.get(kind, {"--due", "--from"})
    named = f"a duty {asked.rhythm}" if kind is PeriodKind.DAY else f"a duty for each {kind}"
    wrong = [option for option, value in given.items() if value is not None and option not in may]
    if wrong:
        raise DutyOptionError(
            f"{named} has no {wrong[0]}",
            rule=f"it has {' and '.join(sorted(may))}, and --grace",
            hints=("cipherpost duty add --help",),
        )
    needed = {PeriodKind.DAY: "--on", PeriodKind.EVENT: None}.get(kind, "--due")
    if needed is not None and given[needed] is None:
        example, what = (
            ("5", f"how many days after the {kind}'s end") if needed == "--due" else (_EXAMPLES[kind], "when")
        )
        raise DutyOptionError(f"{named} says {what} it is due", hints=(f"add {needed} {example}",))


# ---- what stands already ---------------------------------------------------------------------------------------------


def _of(desk: "Desk", form: str, audience: str) -> list["DutyInfo"]:
    duties = desk.roster.duties(desk.roster.newest)
    return [each for each in duties if (each.form, each.audience) == (form, audience)]


def _standing(desk: "Desk", duty: "Duty", *, stated_first: bool) -> "DutyInfo | None":
    """The duty that stands and says the same; without a first period that was asked for, from whenever it began."""
    for each in _of(desk, duty.form, duty.audience):
        same = (each.rhythm, each.due, each.within, each.grace, each.day) == (
            duty.rhythm,
            duty.due,
            duty.within,
            duty.grace,
            duty.day,
        )
        begun = each.first == duty.first or (not stated_first and (each.first or "") <= (duty.first or ""))
        if same and begun and each.last is None and each.before is None:
            return each
    return None


def _meet(old: "DutyInfo", new: "Duty") -> bool:
    """Whether a new statement takes periods from one that stands."""
    if RHYTHMS[old.rhythm] is not RHYTHMS[new.rhythm]:
        return False
    if new.day is not None:
        return old.day == new.day
    start = new.first or ""
    return (old.last is None or old.last >= start) and (old.before is None or old.before > start)


def _already(desk: "Desk", entry: int) -> Posted:
    roster = desk.roster
    return Posted(
        channel=entries.ROSTER_CHANNEL,
        kind="roster",
        number=entry,
        hash=roster.hash_of(entry),
        time=roster.time_of(entry),
        already=True,
    )


# ---- ending one ------------------------------------------------------------------------------------------------------


def end(desk: "Desk", form: str, audience: str, last: str, *, dry_run: bool = False) -> Stated:
    """State that nothing of ``form`` is owed by ``audience`` after the period ``last``.

    Raises:
        NoDutyError: there is nothing to end. UnknownAudienceError: see there.
    """
    from cipherpost.roster.words import DutyEnd

    entries.prepare(desk)
    with typed("cipherpost duty list"):
        kind = period_kind(last)
        parse_name(form)
    desk.roster.members(audience, desk.roster.newest)
    duties = _of(desk, form, audience)
    if not duties:
        raise _not_its_own(desk, form, audience, last)
    kinds = {RHYTHMS[each.rhythm] for each in duties}
    fits = {PeriodKind.DAY, PeriodKind.EVENT} if kind is PeriodKind.DAY else {kind}
    if kind is PeriodKind.EVENT or not fits & kinds:
        first = duties[0]
        example = _EXAMPLES[RHYTHMS[first.rhythm]]
        raise NoDutyError(
            f"this duty does not end with {shown(last)}",
            rule=f"it is owed {in_words(first)}",
            hints=(f"cipherpost duty end {form} {audience} --until {example}",),
        )
    if not any(_reaches(each, last) for each in duties if RHYTHMS[each.rhythm] in fits):
        raise NoDutyError(
            f"{audience} owes no {form} after {last} as it is",
            rule=f"it is owed {in_words(duties[-1])}",
            hints=("cipherpost duty list",),
        )
    posted = entries.post(desk, [DutyEnd(form, audience, last)], dry_run=dry_run)
    zone = desk.roster.timezone(desk.roster.newest)
    running = period_of(kind, local_day(desk.time(), zone))
    note = f"what was owed for a {kind} after {last} is owed no longer, reported or not"
    return Stated(posted=posted, words=f"until {last}", notes=(note,) if last < running else ())


def _not_its_own(desk: "Desk", form: str, audience: str, last: str) -> NoDutyError:
    """Why there is nothing to end under this audience: it owes nothing, or owes it as a part of another."""
    newest = desk.roster.newest
    offices = set(desk.roster.members(audience, newest))
    through = [
        duty
        for duty in desk.roster.duties(newest)
        if duty.form == form and offices & set(desk.roster.members(duty.audience, newest))
    ]
    if not through:
        return NoDutyError(
            f"{audience} owes no {form}",
            rule="only what is owed can end, under the audience it was stated for",
            hints=("cipherpost duty list",),
        )
    whole = through[-1]
    return NoDutyError(
        f"{audience} owes {form} only through {whole.audience}",
        rule=f"a duty ends for all it was stated for; {whole.audience} owes it {in_words(whole)}",
        hints=(
            f"cipherpost excuse {audience} {form} PERIOD -m WHY    (lets {audience} alone off one period)",
            f"cipherpost duty end {form} {whole.audience} --until {last}    (ends it for {whole.audience})",
        ),
    )


def _reaches(duty: "DutyInfo", last: str) -> bool:
    """Whether a duty is about any period after ``last``."""
    if duty.day is not None:
        return str(duty.day) > last
    return (duty.last is None or duty.last > last) and (duty.before is None or duty.before > last)
