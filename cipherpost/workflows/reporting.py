"""Reporting and correcting: is it owed, has it been sent, does it say what its form asks; then signed and sealed.

`begin` and `begin_correction` check all that can be checked before there is anything to send and give a `Task`; an
answer is found for it by whatever way, and `send`, `send_nil` or `cancel` end it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits
from cipherpost.dispatch.header import Report
from cipherpost.dispatch.periods import is_event, parse_period
from cipherpost.errors import CipherpostError, UseError
from cipherpost.ledger.debt import State
from cipherpost.text import CENTER, parse_name
from cipherpost.workflows import earlier, forms, obligations, proposals, status
from cipherpost.workflows.addressing import check_admitted
from cipherpost.workflows.dispatching import Outgoing, finish_begun, is_sent, line_error, send_one
from cipherpost.workflows.earlier import Earlier
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted
from cipherpost.workflows.sending import EmptyLetterError
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.forms.schema import Form

DATE_FIELD: Final = "date"
"""The field of an event's form that holds the day it is held."""


class AlreadyReportedError(UseError):
    """The debt has its report; another one would change nothing."""


class ReportWaitsError(UseError):
    """A report for this debt waits in the outbox or for signatures, and says something else."""


class NotReportedError(UseError):
    """There is no report to correct."""


class EventDayError(UseError):
    """The day of an event is missing, or two different days are given."""


class DataWithNilError(UseError):
    """A nil report has no figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A report that may be made.

    ``day``: an event's, as far as it is known; ``new_event``: nobody has heard of the event yet; ``supersedes``: the
    dispatch that is corrected; ``sent``: the report that stands already (not when correcting); ``known``: what fields
    are filled in before anybody types; ``before``: the report before the event, to be looked at; ``line``: why there
    is no line to the post office.
    """

    form: "Form"
    period: str
    day: date | None = None
    day_given: bool = False
    new_event: bool = False
    moves: bool = True
    supersedes: "Entry | None" = None
    sent: "Entry | None" = None
    known: Mapping[str, Any] = field(default_factory=dict, repr=False)
    corrected: Earlier | None = None
    before: Earlier | None = None
    line: CipherpostError | None = None

    @property
    def name(self) -> str:
        """``monthly-return 2026-10``."""
        return f"{self.form.name} {self.period}"

    def refuse_sent(self) -> None:
        """Refuse, before anybody types, what was reported already.

        Raises:
            AlreadyReportedError: with the command that corrects it.
        """
        if self.sent is not None:
            header = self.sent.header
            raise AlreadyReportedError(
                f"{self.name} was reported already, on {header.time[:10]}",
                where=f"{header.channel}/{header.number}",
                rule="the first report of a debt is the report; a correction supersedes it, and both stay",
                hints=(f"cipherpost correct {self.name} --edit", f"cipherpost read {header.channel}/{header.number}"),
            )


# ---- is it owed ----------------------------------------------------------------------------------------------------


def begin(
    desk: "Desk",
    name: str,
    period: str | None,
    *,
    new_event: bool = False,
    day: date | None = None,
    version: int | None = None,
    dry_run: bool = False,
) -> Task:
    """Look whether a report is owed.

    Args:
        name: of the form. period: as the protocol writes it, or an event; None: with ``new_event``, a new id is made.
        new_event: the event is heard of for the first time.
        day: on which it is held. version: of the form, the newest where None.

    Raises:
        UnknownFormError, FormNotHereError: see `forms.find_form`. TypedError: ``period`` is none.
        NotOwedError and its kin: see `cipherpost.workflows.obligations`.
    """
    line = _ready(desk, dry_run)
    form = _form(desk, name, version)
    if new_event:
        obligations.check_event_owed(desk, form.name, day)
        event = period or _new_event(desk)
        return _filled(Task(form=form, period=event, day=day, day_given=day is not None, new_event=True, line=line))
    if period is None:
        raise UseError(
            "a period is missing",
            rule="a report is about a period, or about an event",
            hints=(f"cipherpost report {form.name} PERIOD --edit", "cipherpost owed"),
        )
    with typed("cipherpost owed"):
        parse_period(period)
    debt = obligations.find(desk, form.name, period)
    sent = earlier.newest_version(desk, form.name, period)
    task = Task(form=form, period=period, line=line, day=debt.held, sent=sent)
    if is_event(period):
        task = _of_event(desk, task, day)
    elif day is not None:
        raise EventDayError(f"{period} has no day of its own", rule="--day goes with an event")
    _check_begun(desk, task)
    return _filled(task)


def _check_begun(desk: "Desk", task: Task) -> None:
    """Refuse to report after an event that is still to come; where it was held sooner, its day is corrected first."""
    if task.day is not None and task.form.name not in obligations.before_forms(desk):
        obligations.check_begun(desk, task.name, task.day)


def _ready(desk: "Desk", dry_run: bool) -> CipherpostError | None:
    """Bring the home up to date and post what waits; why there is no line, if there is none."""
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    return line


def _form(desk: "Desk", name: str, version: int | None) -> "Form":
    with typed("cipherpost form list"):
        parse_name(name)
    return forms.find_form(desk, name, version)


def _new_event(desk: "Desk") -> str:
    """A name of an event that nobody can guess, and that tells nothing."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "e" + "".join(alphabet[byte & 31] for byte in desk.random(10))


def _of_event(desk: "Desk", task: Task, day: date | None) -> Task:
    """The day that is known, and what was said before the event."""
    before = _day_said(desk, task, day)
    if before is None:
        return replace(task, day=day or task.day, day_given=day is not None)
    said = earlier.open_earlier(desk, before.entry)
    return replace(task, day=before.held, day_given=day is not None, before=said, moves=False)


def _day_said(desk: "Desk", task: Task, day: date | None) -> "obligations.Before | None":
    """The report that says the day of the event, if it is not this one; it alone can move the event to ``day``."""
    before = obligations.before_report(desk, task.period, besides=task.form.name) if is_event(task.period) else None
    if before is not None and day not in (None, before.held):
        raise EventDayError(
            f"by {before.form} it is held on {before.held}",
            rule="the report before an event says its day",
            hints=(f"cipherpost correct {before.form} {task.period} --day {day}",),
        )
    return before


def _filled(task: Task) -> Task:
    """The task with the fields that are known: what the report before the event said, and the event's day."""
    known: dict[str, Any] = dict(task.known)
    if task.before is not None and task.before.data is not None and task.corrected is None:
        said = task.before.data
        kinds = {each.name: each.kind for each in task.before.fields}
        known = {each.name: said[each.name] for each in task.form.fields if _same(each, kinds, said)} | known
    if task.day is not None and _dates(task.form) and (task.day_given or DATE_FIELD not in known):
        known[DATE_FIELD] = task.day.isoformat()
    return replace(task, known=known)


def _same(one: Any, kinds: Mapping[str, str], said: Mapping[str, Any]) -> bool:
    return one.name in said and kinds.get(one.name) == one.kind and one.kind != "list"


def _dates(form: "Form") -> bool:
    """Whether the form asks for the day of its event."""
    asked = form.field(DATE_FIELD)
    return asked is not None and asked.kind == "date"


# ---- corrections ---------------------------------------------------------------------------------------------------


def begin_correction(
    desk: "Desk",
    word: str,
    period: str | None,
    *,
    day: date | None = None,
    version: int | None = None,
    dry_run: bool = False,
) -> Task:
    """Open what was reported, so that it can be corrected.

    Args:
        word: the form's name with ``period``, or alone the place of the report, ``tver/center/12``.
        day: an event was moved to it. version: of the form; where None, that of the report.

    Raises:
        NotReportedError: nothing was, or it was cancelled. NoSuchDispatchError: see `letters.entry_at`.
    """
    line = _ready(desk, dry_run)
    name, period = (word, period) if period is not None else earlier.debt_at(desk, word)
    with typed("cipherpost owed"):
        parse_name(name), parse_period(period)
    newest = earlier.newest_version(desk, name, period)
    if newest is None:
        raise NotReportedError(
            f"{name} {period} was not reported" + (" or was cancelled" if earlier.reports(desk, name, period) else ""),
            rule="only what was sent is corrected",
            hints=(
                f"cipherpost report {name} {'--new-event --day DATE' if is_event(period) else period} --edit",
                "cipherpost owed",
            ),
        )
    said = earlier.open_earlier(desk, newest)
    form = _form(desk, name, version if version is not None else said.version)
    assert newest.header.report is not None
    held = newest.header.report.day
    if day is not None and held is None:
        raise EventDayError(f"{period} has no day of its own", rule="--day goes with an event")
    task = Task(
        form=form,
        period=period,
        day=day or held,
        day_given=day is not None,
        supersedes=newest,
        corrected=said,
        known=said.data or {},
        line=line,
    )
    before = _day_said(desk, task, day)
    return _filled(task if before is None else replace(task, day=before.held, moves=False))


def cancelled_before(desk: "Desk", word: str, period: str | None, why: str) -> Posted | None:
    """The dispatch that took this report back with the same sentence, if the last word on it is that one (I4).

    Args:
        word, period: as in `begin_correction`, which has found nothing to correct.
    """
    name, period = (word, period) if period is not None else earlier.debt_at(desk, word)
    entry = next(reversed(earlier.reports(desk, name, period)), None)
    if entry is None or entry.header.cancels is None or entry.header.report is None:
        return None
    letter = Outgoing(body=why.strip() + "\n", body_type="txt", subject=None)
    return _already(entry) if earlier.says_the_same(desk, entry, letter, entry.header.report) else None


# ---- sending -------------------------------------------------------------------------------------------------------


def send(desk: "Desk", task: Task, data: Mapping[str, Any], *, dry_run: bool = False) -> Posted:
    """Check the figures against the form, and send them.

    Raises:
        InvalidDataError, EmptyReportError: see `cipherpost.forms.checking.check`; nothing was sent.
        EventDayError, AlreadyReportedError, ReportWaitsError: as they say.
    """
    from cipherpost.forms.checking import check

    check(task.form, data)
    day = _day(desk, task, data)
    if task.new_event:
        task = _known_event(desk, task, data, day)
    return _post(desk, task, *_written(task, data, day), dry_run=dry_run)


def _written(task: Task, data: Mapping[str, Any], day: date | None) -> tuple[Outgoing, Report]:
    from cipherpost.forms.rendering import envelope, render

    letter = Outgoing(
        body=render(task.form, data),
        body_type="txt",
        subject=_subject(task, ""),
        data=envelope(task.form, task.period, data),
    )
    return letter, Report(task.form.name, task.period, day, nil=False)


def _known_event(desk: "Desk", task: Task, data: Mapping[str, Any], day: date | None) -> Task:
    """The task under the name that the event got when just this was sent before, or put into the outbox (I4).

    Names of events are made at random: without this, a command given twice would make two events of one.
    """
    for event in dict.fromkeys((*earlier.events_on(desk, task.form.name, day), *_waiting_events(desk, task, day))):
        again = replace(task, period=event, sent=earlier.newest_version(desk, task.form.name, event))
        letter, report = _written(again, data, day)
        if again.sent is None and is_sent(desk, _plan(desk, report), letter):
            return again
        if again.sent is not None and earlier.says_the_same(desk, again.sent, letter, report):
            return again
    return task


def _waiting_events(desk: "Desk", task: Task, day: date | None) -> list[str]:
    waiting = (Plan.from_dict(item.plan()).report for item in desk.outbox.items())
    return [each.period for each in waiting if each is not None and (each.form, each.day) == (task.form.name, day)]


def send_nil(desk: "Desk", task: Task, why: str, *, dry_run: bool = False) -> Posted:
    """Say that there is nothing to report, with a sentence why.

    Raises:
        EmptyLetterError: no sentence. DataWithNilError: a new event with nothing to report.
    """
    if task.new_event:
        raise DataWithNilError(
            "an event with nothing to report is none",
            rule="--nil is for a period, or for an event that was reported before",
        )
    letter = _sentence(task, why, "Nil: ", "a nil report says why there is nothing", '--nil -m "No reports were held."')
    return _post(desk, task, letter, Report(task.form.name, task.period, _held(task), nil=True), dry_run=dry_run)


def cancel(desk: "Desk", task: Task, why: str, *, dry_run: bool = False) -> Posted:
    """Take a report back, with a sentence why; the debt is open again, and an event is off.

    Raises:
        EmptyLetterError: no sentence.
    """
    assert task.supersedes is not None
    letter = _sentence(task, why, "Cancelled: ", "a report is cancelled with a reason", '--cancel -m "WHY"')
    report = Report(task.form.name, task.period, _held(task), nil=False)
    number = task.supersedes.header.number
    plan = replace(_plan(desk, report), cancels=number)
    return _sent(desk, task, plan, letter, dry_run=dry_run)


def _sentence(task: Task, why: str, mark: str, rule: str, hint: str) -> Outgoing:
    if not why.strip():
        raise EmptyLetterError("a sentence why is missing", rule=rule, hints=(f"add {hint}",))
    return Outgoing(body=why.strip() + "\n", body_type="txt", subject=_subject(task, mark))


def _subject(task: Task, mark: str) -> str:
    return f"{mark}{task.form.title} {task.period}"[: limits.FREE_TEXT].strip()


def _held(task: Task) -> date | None:
    if is_event(task.period) and task.day is None:
        raise _no_day(task)
    return task.day if is_event(task.period) else None


def _day(desk: "Desk", task: Task, data: Mapping[str, Any]) -> date | None:
    """The day for the header: an event's, as option, form and earlier reports agree on it."""
    from cipherpost.dispatch.periods import parse_day

    if not is_event(task.period):
        return None
    said = data.get(DATE_FIELD) if _dates(task.form) else None
    with typed():
        written = parse_day(said) if isinstance(said, str) else None
    day = task.day if task.day_given or not task.moves or written is None else written
    if day is None:
        raise _no_day(task)
    if written not in (None, day):
        raise EventDayError(
            f"the event is held on {day}, but the form's field {DATE_FIELD} says {written}",
            rule="header and form name the same day",
            hints=(f"write {day} into the field, or give --day {written}",)
            if task.moves
            else (f"cipherpost correct FORM {task.period} --day {written}    (the report before it says the day)",),
        )
    if task.new_event:
        obligations.check_event_owed(desk, task.form.name, day)
        _check_begun(desk, replace(task, day=day))
    return day


def _no_day(task: Task) -> EventDayError:
    return EventDayError(
        "the day of the event is missing",
        rule="who owes what about an event is reckoned from its day",
        hints=(f"cipherpost report {task.form.name} --new-event --day 2026-12-10 --edit",),
    )


def _wanted_again(desk: "Desk", report: Report) -> bool:
    """Whether the center sent the report back and waits: then the same figures are an answer too."""
    debts = desk.ledger.debts(obligations.judging_time(desk), offices={desk.office})
    return any(debt.state is State.SENT_BACK for debt in debts if (debt.form, debt.period) == report[:2])


def _post(desk: "Desk", task: Task, letter: Outgoing, report: Report, *, dry_run: bool) -> Posted:
    plan = _plan(desk, report)
    stands = task.sent or task.supersedes
    if stands is not None and not _wanted_again(desk, report) and earlier.says_the_same(desk, stands, letter, report):
        return _already(stands)
    task.refuse_sent()
    if task.supersedes is not None:
        plan = replace(plan, supersedes=task.supersedes.header.number)
    return _sent(desk, task, plan, letter, dry_run=dry_run)


def _already(entry: "Entry") -> Posted:
    header = entry.header
    return Posted(
        channel=header.channel,
        kind=header.kind,
        number=header.number,
        hash=entry.hash,
        time=header.time,
        to=(CENTER,),
        already=True,
    )


def _plan(desk: "Desk", report: Report) -> Plan:
    return Plan(channel=f"{desk.office}/{CENTER}", kind="report", created=desk.time(), report=report)


def _sent(desk: "Desk", task: Task, plan: Plan, letter: Outgoing, *, dry_run: bool) -> Posted:
    if not is_sent(desk, plan, letter):
        _refuse_waiting(desk, task)
    done = send_one(desk, plan, letter, task.line, even_if_sent=False, dry_run=dry_run)
    if not dry_run:
        status.refresh(desk)
    return done


def _refuse_waiting(desk: "Desk", task: Task) -> None:
    """A report that waits cannot be called back; a second one would only be a repeat."""
    for item in desk.outbox.items():
        waiting = Plan.from_dict(item.plan()).report
        if waiting is not None and (waiting.form, waiting.period) == (task.form.name, task.period):
            raise ReportWaitsError(
                f"a report for {task.name} waits in the outbox",
                rule="it is sent as soon as there is a line; then it can be corrected",
                hints=("cipherpost fetch", f"cipherpost correct {task.name} --edit"),
            )
    for proposal in proposals.listing(desk):
        proposed = proposal.draft.report if proposal.is_open else None
        if proposed is not None and (proposed.form, proposed.period) == (task.form.name, task.period):
            raise ReportWaitsError(
                f"a report for {task.name} is proposed to your colleagues",
                where=proposal.place,
                rule="it is sent as soon as enough of them have signed it",
                hints=(f"cipherpost read {proposal.place}", f"cipherpost withdraw {proposal.number}"),
            )
