"""The center decides on debts: a report sent back or accepted, more time, an office let off; each with its reason.

A decision is a dispatch to the office whose debt it is. Everybody sees the verdict; only the office reads why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cipherpost.dispatch.header import Decision
from cipherpost.dispatch.periods import PeriodKind
from cipherpost.errors import UseError
from cipherpost.ledger.debt import OPEN, REPORTED, Debt, State
from cipherpost.roster.words import RHYTHMS
from cipherpost.text import CENTER
from cipherpost.workflows import debts
from cipherpost.workflows.addressing import check_admitted, unreached
from cipherpost.workflows.debts import Target
from cipherpost.workflows.dispatching import Outgoing, finish_begun, is_sent, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk

COMMANDS: Final = {"sent-back": "send-back", "accepted": "accept", "extended": "extend", "excused": "excuse"}
"""Verdict to the command that gives it."""
FOR_GROUPS: Final = frozenset({"extended", "excused"})
"""The verdicts that may be given to a group at once; the others speak of one report."""
_SUBJECTS: Final = {
    "sent-back": "Sent back: {}",
    "accepted": "Accepted: {}",
    "extended": "More time: {}",
    "excused": "Excused: {}",
    "owed": "Owed again: {}",
}


_NOT_REMINDED: Final = frozenset({State.NOT_DUE, State.UNKNOWN})
"""Of what is still running, and of what nobody knows, no reminder is sent."""


class NothingReportedError(UseError):
    """Nothing was reported yet, so there is nothing to send back or accept."""


class SettledError(UseError):
    """The debt is settled, so the decision would change nothing."""


class DecidedError(UseError):
    """It was decided so already."""


class NothingDecidedError(UseError):
    """There is no decision of this sort to take back."""


class DayError(UseError):
    """The new day is over, or not after the one that holds."""


class OneOfficeError(UseError):
    """A decision on one report, given to a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the center says: a verdict of `COMMANDS`, ``day`` with those that name one; ``withdraw`` takes it back."""

    word: str
    why: str = field(repr=False)
    day: date | None = None
    withdraw: bool = False

    @property
    def command(self) -> str:
        """The command that gives it."""
        return COMMANDS[self.word]

    def line(self, debt: Debt) -> Decision:
        """The header's line for one debt."""
        channel, number = debts.order_of(debt)
        return Decision(
            verdict="owed" if self.withdraw else self.word,
            office=debt.office,
            form=debt.form,
            period=debt.period,
            channel=channel,
            number=number,
            day=None if self.withdraw else self.day,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was posted; ``left_out``: the offices of a ``group`` about which nothing was decided, with the reason.

    ``takes_back``: of a withdrawal, by the channel it was posted in, the decisions that hold no more, oldest first.
    """

    posted: tuple[Posted, ...]
    group: bool
    left_out: dict[str, str]
    takes_back: "dict[str, tuple[TakenBack, ...]] | None" = None

    def as_json(self) -> dict[str, Any]:
        """The object for scripts: of a group the list of dispatches, else the one dispatch."""
        objects = [each.as_json() | self._taken(each.proposed or each.channel) for each in self.posted]
        if not self.group:
            return objects[0]
        left_out = [{"office": office, "reason": reason} for office, reason in self.left_out.items()]
        return {"dispatches": objects, "left_out": left_out}

    def _taken(self, channel: str) -> dict[str, Any]:
        if self.takes_back is None:
            return {}
        return {"takes_back": [each.as_json() for each in self.takes_back.get(channel, ())]}


class TakenBack(NamedTuple):
    """A decision that a withdrawal takes back: its place, the verdict, and the day that it named, if any."""

    place: str
    verdict: str
    day: date | None

    def __str__(self) -> str:
        """``extended to 2026-11-20 by center/tver/7``."""
        return f"{self.verdict}{f' to {self.day}' if self.day else ''} by {self.place}"

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {"dispatch": self.place, "verdict": self.verdict, "day": str(self.day) if self.day else None}


def decide(desk: "Desk", words: Sequence[str], verdict: Verdict, *, dry_run: bool = False) -> Decided:
    """Decide on the debt that ``words`` name: ``OFFICE FORM PERIOD``, ``OFFICE center/all/14`` or ``tver/center/12``.

    Raises:
        NotCenterError: this office is not the center. TargetError, NoDebtError and others of `debts`: no such debt.
        NothingReportedError, SettledError, DecidedError, NothingDecidedError, DayError: it makes no sense there; for a
            group, when it makes none anywhere.
    """
    debts.check_center(desk, verdict.command)
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    target = debts.target(desk, words, usage=_usage(verdict))
    letters = _letters(desk, target, verdict)
    posted = [
        send_one(desk, each.plan, each.letter, line, even_if_sent=each.anew and line is None, dry_run=dry_run)
        for each in letters.sendable
    ]
    taken = {each.plan.channel: each.takes_back for each in letters.sendable} if verdict.withdraw else None
    return Decided(posted=tuple(posted), group=target.group, left_out=letters.left_out, takes_back=taken)


def _usage(verdict: Verdict) -> str:
    whom = "OFFICE|GROUP" if verdict.word in FOR_GROUPS else "OFFICE"
    until = " --until DATE" if verdict.word in {"extended", "sent-back"} and not verdict.withdraw else ""
    back = " --withdraw" if verdict.withdraw else ""
    return f"cipherpost {verdict.command} {whom} FORM PERIOD{until}{back} -m WHY"


# ---- whom it concerns ------------------------------------------------------------------------------------------------


class _Letter(NamedTuple):
    """A decision on its way; ``anew``: it makes sense though the same was said before, of what came in between.

    ``takes_back``: the decisions that hold no more by it, if it is a withdrawal.
    """

    plan: Plan
    letter: Outgoing
    anew: bool
    takes_back: tuple[TakenBack, ...]


@dataclass(slots=True)
class _Letters:
    sendable: list[_Letter] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def _letters(desk: "Desk", target: Target, verdict: Verdict) -> _Letters:
    """A letter for each office of the target; one bad item of a group does not stop the others (I7)."""
    found = _Letters()
    if not target.group:
        debt = debts.find(desk, target, target.audience)
        found.sendable.append(_letter(desk, debt, verdict))
        return found
    if verdict.word not in FOR_GROUPS:
        raise OneOfficeError(
            f"{target.audience} is a group",
            rule="a report is sent back or accepted one by one",
            hints=(_usage(verdict),),
        )
    found.left_out.update(unreached(desk, target.audience))
    first: UseError | None = None
    for office in desk.roster.members(target.audience, desk.roster.newest):
        if office in found.left_out:
            continue
        try:
            found.sendable.append(_letter(desk, debts.find(desk, target, office), verdict))
        except UseError as error:
            first = first or error
            found.left_out[office] = error.what.removeprefix(f"{office}, ")
    if not found.sendable:
        if first is not None:
            first.where = first.where or f"no office of {target.audience}"
            raise first
        raise debts.NoDebtError(f"nobody of {target.audience} can be written to", hints=("cipherpost roster",))
    return found


def _body(debt: Debt, verdict: Verdict) -> str:
    """The reason, and for the clerk who reads it the day and what to do."""
    if verdict.day is None or verdict.withdraw:
        return verdict.why
    act = "cipherpost owed"
    if verdict.word == "sent-back" and debt.order is None:
        act = f"cipherpost correct {debt.form} {debt.period} --edit"
    return f"{verdict.why.rstrip()}\n\nThe last day is {verdict.day}.\n  {act}\n"


def _letter(desk: "Desk", debt: Debt, verdict: Verdict) -> _Letter:
    """The decision on one debt, if it makes sense; the same command said twice is answered with the first (I4)."""
    plan = Plan(channel=f"{CENTER}/{debt.office}", kind="decision", created=desk.time(), decision=verdict.line(debt))
    assert plan.decision is not None
    subject = _SUBJECTS[plan.decision.verdict].format(debt.name)
    letter = Outgoing(body=_body(debt, verdict), body_type="txt", subject=subject)
    taken = _taken_back(desk, debt) if verdict.withdraw else ()
    try:
        _check(desk, debt, verdict)
    except UseError:
        if is_sent(desk, plan, letter):
            return _Letter(plan, letter, anew=False, takes_back=taken)
        raise
    return _Letter(plan, letter, anew=True, takes_back=taken)


def _taken_back(desk: "Desk", debt: Debt) -> tuple[TakenBack, ...]:
    """What a withdrawal takes back, or, where it was said last, what it took back: all since the one before it."""
    found = desk.ledger.decisions(debt, desk.time())
    if found and found[-1].verdict == "owed":
        found = found[:-1]
    earlier = max((at for at, each in enumerate(found, 1) if each.verdict == "owed"), default=0)
    return tuple(TakenBack(f"{CENTER}/{debt.office}/{each.number}", each.verdict, each.day) for each in found[earlier:])


# ---- whether it makes sense ------------------------------------------------------------------------------------------


def _check(desk: "Desk", debt: Debt, verdict: Verdict) -> None:
    if verdict.withdraw:
        _check_withdrawal(desk, debt, verdict)
        return
    _check_again(desk, debt, verdict)
    if verdict.word in {"sent-back", "accepted"}:
        _check_report(desk, debt, verdict)
    else:
        _check_open(desk, debt, verdict)
    if verdict.day is not None:
        _check_day(desk, debt, verdict, verdict.day)


def _check_withdrawal(desk: "Desk", debt: Debt, verdict: Verdict) -> None:
    holds = debts.verdict_of(desk, debt)
    if holds is None:
        raise NothingDecidedError(
            f"nothing is decided about {debts.whose(debt)}",
            rule="--withdraw takes back what holds now",
            hints=("cipherpost returns",),
        )
    if holds.verdict != verdict.word:
        raise NothingDecidedError(
            f"what holds about {debts.whose(debt)} is: {_said(holds)}, by {debt.decision}",
            rule="of several decisions the last one holds, and only that one can be taken back",
            hints=(f"cipherpost {COMMANDS[holds.verdict]} {debts.words(debt)} --withdraw -m WHY",),
        )


def _said(holds: Decision) -> str:
    return f"{holds.verdict} {holds.day}" if holds.day else holds.verdict


def _check_again(desk: "Desk", debt: Debt, verdict: Verdict) -> None:
    holds = debts.verdict_of(desk, debt)
    if holds is None or (holds.verdict, holds.day) != (verdict.word, verdict.day):
        return
    if verdict.word == "sent-back" and debt.state is not State.SENT_BACK:
        return  # a correction came since, and may be sent back too
    raise DecidedError(
        f"{debts.whose(debt)} is {_said(holds)} already, by {debt.decision}",
        rule="the last decision holds until it is taken back",
        hints=(f"cipherpost {verdict.command} {debts.words(debt)} --withdraw -m WHY",),
    )


def _check_report(desk: "Desk", debt: Debt, verdict: Verdict) -> None:
    """Sent back and accepted is what was reported; a debt moot by the office's own word can be agreed to."""
    if debt.state in REPORTED or debt.state is State.SENT_BACK:
        return
    if debt.state is State.MOOT:
        if verdict.word == "accepted" and _to_agree(desk, debt):
            return
        raise _moot(debt)
    if debt.state is State.EXCUSED:
        raise _excused(debt)
    remind = (f"cipherpost remind {debts.word(debt)}",) if debt.state not in _NOT_REMINDED else ()
    raise NothingReportedError(
        f"{debts.whose(debt)}: nothing was reported yet",
        rule=f"only what was reported is sent back or accepted{_not_over(debt)}",
        hints=(*remind, "cipherpost fetch"),
    )


def _not_over(debt: Debt) -> str:
    return f", and {debt.period} is not over" if debt.state is State.NOT_DUE and debt.period else ""


def _check_open(desk: "Desk", debt: Debt, verdict: Verdict) -> None:
    """More time has, and let off is, who still owes something."""
    if debt.state is State.MOOT:
        if verdict.word == "excused" and _to_agree(desk, debt):
            return
        raise _moot(debt)
    if debt.state is State.EXCUSED:
        raise _excused(debt)
    if debt.state in REPORTED:
        raise SettledError(
            f"{debts.whose(debt)} was reported, by {debt.report}: {debt.state}",
            rule="more time is given, and an office let off, while something is owed",
            hints=(
                f"cipherpost accept {debts.words(debt)} -m WHY",
                f"cipherpost send-back {debts.words(debt)} --until DATE -m WHY",
            ),
        )
    if debt.state is State.SENT_BACK and verdict.word == "extended":
        raise SettledError(
            f"{debts.whose(debt)} was sent back, by {debt.decision}",
            rule="a report that was sent back has the day that was named with it",
            hints=(f"cipherpost send-back {debts.words(debt)} --until DATE -m WHY",),
        )
    assert debt.state in OPEN


def _to_agree(desk: "Desk", debt: Debt) -> bool:
    """Whether an event was called off by the office alone: the center agrees on the report due before it."""
    duties = desk.roster.duties(desk.roster.newest)
    before = {each.form for each in duties if RHYTHMS[each.rhythm] is PeriodKind.EVENT and each.within is None}
    return debt.form in before and "agreed" not in debt.facts


def _moot(debt: Debt) -> SettledError:
    why = "the event was called off" if debt.form is not None else "the letter was taken back or replaced"
    return SettledError(
        f"{debts.whose(debt)} is not owed any more: {why}",
        rule="nothing is decided about what nobody owes",
        hints=("cipherpost returns",),
    )


def _excused(debt: Debt) -> SettledError:
    return SettledError(
        f"{debts.whose(debt)} is excused, by {debt.decision}",
        rule="who is excused owes nothing",
        hints=(f"cipherpost excuse {debts.words(debt)} --withdraw -m WHY",),
    )


def _check_day(desk: "Desk", debt: Debt, verdict: Verdict, day: date) -> None:
    """A day that somebody can still keep; with more time, a later one than that which holds."""
    from cipherpost.ledger.calendar import end_of

    zone = desk.roster.timezone(desk.roster.newest)
    if end_of(day, zone) <= desk.time():
        raise DayError(
            f"the day {day} is over",
            rule=f"days end at 24:00 in the network's zone, {zone}",
            hints=("give a later day behind --until",),
        )
    if verdict.word == "extended" and day <= debt.day:
        raise DayError(
            f"{debts.whose(debt)} is due on {debt.day} as it is",
            rule="more time ends on a later day",
            hints=("give a later day behind --until",),
        )
