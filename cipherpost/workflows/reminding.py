"""One letter to each office that owes something: all of it in words, and never what is not owed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cipherpost.dispatch.periods import parse_period
from cipherpost.ledger.calendar import days_after, local_day
from cipherpost.ledger.debt import OPEN, Debt, State
from cipherpost.text import CENTER
from cipherpost.workflows import debts
from cipherpost.workflows.addressing import check_admitted
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter

SOON_DAYS: Final = 7
"""Days before a deadline from which on a reminder speaks of it."""
_PRESSING: Final = frozenset({State.OVERDUE, State.SENT_BACK})
_NAMED: Final = frozenset({State.DUE, State.EXTENDED})
"""What is spoken of, however far its day is, where the period or order is named."""
_OPEN: Final = OPEN - {State.UNKNOWN}
"""What is owed for sure: of what is unknown, the report may be under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """One office with the debts it was reminded of, and what became of the letter."""

    office: str
    title: str
    debts: tuple[Debt, ...]
    posted: Posted

    def line(self) -> str:
        """For people: ``tver (Tver Gubernia Committee): monthly-return 2026-10, overdue since 2026-11-05``."""
        title = "" if self.title == self.office else f" ({self.title})"
        what = "; ".join(f"{debt.name}, {standing(debt)}" for debt in self.debts)
        return f"{self.office}{title}: {what}"

    def as_json(self) -> dict[str, Any]:
        """For scripts: the dispatch, with the debts that the letter names."""
        named = [
            {
                "form": debt.form,
                "period": debt.period,
                "order": debt.order,
                "state": debt.state.value,
                "due": debt.day.isoformat(),
            }
            for debt in self.debts
        ]
        return {**self.posted.as_json(), "office": self.office, "debts": named}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Who was reminded; ``left_out``: who owes something and cannot be written to, with the reason.

    ``unknown``: offices of which it is not known whether they owe something, since something of theirs is missing.
    """

    sent: tuple[Reminded, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def remind(
    desk: "Desk",
    about: str | None = None,
    *,
    group: str | None = None,
    text: str | None = None,
    soon: int = SOON_DAYS,
    dry_run: bool = False,
) -> Reminders:
    """Write one instruction to each office that owes something: overdue, sent back, or due within ``soon`` days.

    Args:
        about: only debts of this period or event, or of this order, ``center/all/14``; then also what is due later.
        group: only the offices of this group, or this one office.
        text: put before the list.

    Raises:
        NotCenterError, NotAdmittedError: who may not. TypedError: neither a period nor a place.
        NoDebtError, NoSuchDispatchError: the dispatch named asks for nothing, or is not here.
        UnknownAudienceError: no such group.
    """
    debts.check_center(desk, "remind")
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    newest = desk.roster.newest
    offices = None if group is None else desk.roster.members(group, newest)
    owed = _asked_for(desk, desk.ledger.debts(desk.time(), offices=offices), about)
    zone = desk.roster.timezone(newest)
    today = local_day(desk.time(), zone)
    until = days_after(desk.time(), soon + 1, zone)  # the end of the last of these days
    found: dict[str, list[Debt]] = {}
    for debt in owed:
        if _speaks_of(debt, until, named=about is not None):
            found.setdefault(debt.office, []).append(debt)
    sent, left_out = [], {}
    for office in (name for name in desk.roster.offices(newest) if name in found):
        why = _unwritable(desk, office)
        if why is not None:
            left_out[office] = why
            continue
        title = desk.roster.title(office, newest)
        letter = Outgoing(
            body=_body(title, found[office], today, text), body_type="txt", subject=_subject(found[office])
        )
        plan = Plan(channel=f"{CENTER}/{office}", kind="instruction", created=desk.time())
        posted = send_one(desk, plan, letter, line, even_if_sent=False, dry_run=dry_run)
        sent.append(Reminded(office=office, title=title, debts=tuple(found[office]), posted=posted))
    unknown = {debt.office for debt in owed if debt.state is State.UNKNOWN}
    return Reminders(
        sent=tuple(sent),
        left_out=left_out,
        unknown=tuple(name for name in desk.roster.offices(newest) if name in unknown),
    )


def _asked_for(desk: "Desk", found: Iterable[Debt], about: str | None) -> list[Debt]:
    from cipherpost.ledger.returns import within

    if about is None:
        return list(found)
    if debts.is_place(about):
        order = debts.order(desk, about)
        return [debt for debt in found if debt.order == order]
    with typed("cipherpost remind 2026-10", "cipherpost remind center/all/14"):
        period = parse_period(about)
    return [debt for debt in found if within(debt, period)]


def _speaks_of(debt: Debt, until: str, *, named: bool) -> bool:
    """Whether a reminder names this debt."""
    if debt.state in _PRESSING or (named and debt.state in _NAMED):
        return True
    return debt.state in _OPEN and debt.deadline <= until


def _unwritable(desk: "Desk", office: str) -> str | None:
    newest = desk.roster.newest
    state = desk.roster.state(office, newest)
    if state != "good":
        return str(state)
    return None if desk.roster.officers(office, newest) else "nobody of it is admitted"


# ---- the letter ------------------------------------------------------------------------------------------------------

_MARK: Final = "Reminder: "
_END: Final = "What has been sent in the meantime is not meant."


def is_reminder(letter: "Letter") -> bool:
    """Whether a letter of the center is one of those that `remind` writes."""
    return letter.subject.startswith(_MARK) and (letter.body or "").rstrip().endswith(_END)


def standing(debt: Debt) -> str:
    """How it stands with a debt, in words: ``overdue since 2026-11-05``."""
    day = debt.day
    if debt.state is State.SENT_BACK:
        return f"sent back, {'it was' if 'overdue' in debt.facts else 'is'} to be corrected by {day}"
    if debt.state is State.OVERDUE:
        return f"overdue, it was due on {day}"
    if debt.state is State.EXTENDED:
        return f"due on {day}, later than at first"
    return f"due on {day}"


def _subject(owed: Sequence[Debt]) -> str:
    late = sum(debt.state in _PRESSING for debt in owed)
    what = f"{len(owed)} open" if len(owed) > 1 else owed[0].name
    return f"{_MARK}{what}{', overdue' if late == len(owed) == 1 else f', {late} pressing' if late else ''}"[:120]


def _body(title: str, owed: Sequence[Debt], today: date, text: str | None) -> str:
    """The same on the same day while the same is owed, so that it is not sent twice (I4)."""
    count = "one thing is" if len(owed) == 1 else f"{len(owed)} things are"
    lines = [f"{title}: {count} owed to the center on {today}."]
    lines += [text.strip()] if text is not None and text.strip() else []
    lines += ["\n".join(f"- {debt.name}: {standing(debt)}\n  {_answer(debt)}" for debt in owed)]
    lines += [_END]
    return "\n\n".join(lines) + "\n"


def _answer(debt: Debt) -> str:
    """The command that settles it."""
    if debt.order is not None:
        return f"cipherpost reply {debt.order} FILE" if debt.what == "reply" else f"cipherpost complied {debt.order}"
    verb = "correct" if debt.state is State.SENT_BACK else "report"
    return f"cipherpost {verb} {debt.form} {debt.period} --edit"
