"""Whether this office owes a report, and if not, why not and what it does owe."""

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.dispatch.periods import PeriodKind, is_event, period_kind
from cipherpost.errors import UseError
from cipherpost.ledger.calendar import local_day, period_days
from cipherpost.ledger.debt import Debt, State
from cipherpost.roster.words import RHYTHMS
from cipherpost.text import CENTER
from cipherpost.workflows import earlier, owing

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.roster.duties import DutyInfo

_EXAMPLES: Final = {
    PeriodKind.YEAR: "a year, 2026",
    PeriodKind.QUARTER: "a quarter, 2026-q3",
    PeriodKind.MONTH: "a month, 2026-10",
    PeriodKind.WEEK: "a week, 2026-w47",
    PeriodKind.DAY: "a day, 2026-12-15",
    PeriodKind.EVENT: "an event, e7k2m4qaz",
}
_NAMED: Final = 4
"""Debts that a refusal names."""


class NotOwedError(UseError):
    """No duty asks this office for it."""


class PeriodKindError(UseError):
    """The form is owed for periods of another sort."""


class FuturePeriodError(UseError):
    """The period has not begun."""


class UnknownEventError(UseError):
    """The event is another office's, or nobody's."""


class EventCancelledError(UseError):
    """The event was cancelled; nothing is owed about it any more."""


class NoReporterError(UseError):
    """The center decides on reports and owes none."""


class Before(NamedTuple):
    """The report before an event: its form, its newest version, the day that it says."""

    form: str
    entry: "Entry"
    held: date


def judging_time(desk: "Desk") -> str:
    """Now, but not before what this office has signed, should another machine's clock be ahead."""
    return max(desk.time(), desk.mail.last_times().get(f"{desk.office}/{CENTER}", ""))


def find(desk: "Desk", form: str, period: str) -> Debt:
    """The debt of this office that a report under ``form`` would pay.

    Raises:
        EventCancelledError, UnknownEventError, PeriodKindError, FuturePeriodError, NotOwedError, NoReporterError: as
        they say, with what is owed.
    """
    _check_reporter(desk)
    debts = desk.ledger.debts(judging_time(desk), offices={desk.office})
    found = next((debt for debt in debts if (debt.form, debt.period) == (form, period)), None)
    if found is None:
        raise _not_owed(desk, form, period)
    if found.state is State.MOOT and is_event(period) and form not in before_forms(desk):
        raise EventCancelledError(
            f"the event {period} was cancelled",
            rule="nothing is owed about it any more",
            hints=(f"cipherpost report {form} --new-event --day DATE --edit", "cipherpost owed"),
        )
    return found


def check_event_owed(desk: "Desk", form: str, day: date | None) -> None:
    """Refuse a new event that obliges this office to no report under ``form``; ``day`` None: any day's duty will do.

    Raises:
        PeriodKindError, NotOwedError, NoReporterError: as they say.
    """
    _check_reporter(desk)
    duties = _duties(desk, form)
    of_events = [duty for duty in duties if duty.rhythm == "event"]
    if duties and not of_events:
        raise _other_kind(form, duties, "an event")
    if not any(day is None or duty.covers(str(day)) for duty in of_events):
        when = "" if day is None or not of_events else f" about an event of {day}"
        raise _no_duty(desk, f"{desk.office} does not owe {form}{when}")


def before_forms(desk: "Desk") -> frozenset[str]:
    """The forms of reports that are due before an event; they say its day."""
    duties = desk.roster.duties(desk.roster.newest)
    return frozenset(duty.form for duty in duties if duty.rhythm == "event" and duty.within is None)


def before_report(desk: "Desk", event: str, *, besides: str) -> Before | None:
    """The standing report that says the day of an event, under another form than ``besides``; None: there is none."""
    names = before_forms(desk)
    found = None if besides in names else earlier.event_day(desk, event, names)
    if found is None:
        return None
    entry, form = found
    report = entry.header.report
    assert report is not None
    assert report.day is not None
    return Before(form, entry, report.day)


def check_begun(desk: "Desk", name: str, first: date) -> None:
    """Refuse to report, under ``name``, what begins on a day that has not come.

    Raises:
        FuturePeriodError: with the day, and what is owed.
    """
    if first > local_day(desk.time(), desk.roster.timezone(desk.roster.newest)):
        raise FuturePeriodError(
            "what is reported has not begun",
            where=name,
            rule=f"it begins on {first}; {_owed(desk)}",
            hints=("cipherpost owed",),
        )


# ---- why not -------------------------------------------------------------------------------------------------------


def _check_reporter(desk: "Desk") -> None:
    if desk.is_center:
        raise NoReporterError(
            "the center owes no report",
            rule="committees and auditors report to the center",
            hints=("cipherpost returns",),
        )


def _duties(desk: "Desk", form: str) -> "list[DutyInfo]":
    """The duties about a form that bind this office as the roster stands."""
    newest = desk.roster.newest
    duties = (duty for duty in desk.roster.duties(newest) if duty.form == form)
    return [duty for duty in duties if desk.office in desk.roster.members(duty.audience, newest)]


def _not_owed(desk: "Desk", form: str, period: str) -> UseError:
    duties = _duties(desk, form)
    kind = period_kind(period)
    if duties and all(RHYTHMS[duty.rhythm] is not kind for duty in duties):
        return _other_kind(form, duties, _EXAMPLES[kind].partition(",")[0])
    if not duties:
        return _no_duty(desk, f"{desk.office} does not owe {form}")
    if is_event(period):
        return _unknown_event(desk, form, period)
    try:
        check_begun(desk, f"{form} {period}", period_days(period)[0])
    except FuturePeriodError as error:
        return error
    return _no_duty(desk, f"{desk.office} does not owe {form} for {period}")


def _other_kind(form: str, duties: "list[DutyInfo]", given: str) -> PeriodKindError:
    wanted = list(dict.fromkeys(_EXAMPLES[RHYTHMS[duty.rhythm]] for duty in duties))
    event = any(duty.rhythm == "event" for duty in duties)
    start = f"cipherpost report {form} --new-event --day DATE --edit"
    return PeriodKindError(
        f"{form} is not owed for {given}",
        rule=f"it is owed for {' or '.join(wanted)}",
        hints=(start, "cipherpost owed") if event else ("cipherpost owed",),
    )


def _unknown_event(desk: "Desk", form: str, event: str) -> UseError:
    if earlier.names_event(desk, event):
        return _no_duty(desk, f"{desk.office} does not owe {form} about the event {event}")
    others = [debt.office for debt in desk.ledger.debts(judging_time(desk)) if debt.period == event]
    what = f"{event} is an event of {others[0]}" if others else f"no report of {desk.office} names the event {event}"
    return UnknownEventError(
        what,
        rule="an office reports on its own events; the first report gives an event its name",
        hints=_first_reports(desk, form),
    )


def _first_reports(desk: "Desk", form: str) -> tuple[str, ...]:
    """How an event gets its name: by the report before it, else by the one that was wanted."""
    before = sorted(name for name in before_forms(desk) if _duties(desk, name))
    names = dict.fromkeys((*(() if form in before else before[:1]), form))
    starts = tuple(f"cipherpost report {name} --new-event --day DATE --edit" for name in names)
    return (*starts, "cipherpost owed")[:2]


def _no_duty(desk: "Desk", what: str) -> NotOwedError:
    return NotOwedError(what, rule=_owed(desk), hints=("cipherpost owed", "cipherpost roster"))


def _owed(desk: "Desk") -> str:
    names = [debt.name for debt in owing.owed(desk).debts if debt.form is not None]
    if not names:
        return "no report is owed now"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"owed are: {', '.join(names[:_NAMED])}{more}"
