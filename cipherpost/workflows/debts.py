"""Debts as a person at the center names them: by office, form and period, by a report's place, by an order's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cipherpost.dispatch.periods import PeriodKind, period_kind
from cipherpost.errors import UseError
from cipherpost.text import CENTER, TextError, parse_name, parse_place, shown
from cipherpost.workflows import letters
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Decision
    from cipherpost.ledger.debt import Debt


class NotCenterError(UseError):
    """Only the center decides, and reminds."""


class TargetError(UseError):
    """The words name no debt."""


class NoDebtError(UseError):
    """Nobody owes what was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was named: ``form`` and ``period``, or ``order``, of ``audience``, which is a group where ``group``."""

    audience: str
    group: bool = False
    form: str | None = None
    period: str | None = None
    order: str | None = None


def check_center(desk: "Desk", command: str) -> None:
    """Refuse what only the center does.

    Raises:
        NotCenterError: with what this office can do.
    """
    if not desk.is_center:
        raise NotCenterError(
            f"{desk.office} is not the center",
            rule=f"only the center can {command.replace('-', ' ')}",
            hints=("cipherpost owed", "cipherpost send FILE --to center    (to ask for it)"),
        )


# ---- naming one ------------------------------------------------------------------------------------------------------


def is_place(word: str) -> bool:
    """Whether a word has the form of a dispatch's place, ``center/all/14``."""
    try:
        parse_place(word)
    except TextError:
        return False
    return True


def target(desk: "Desk", words: Sequence[str], *, usage: str) -> Target:
    """What ``words`` name: ``OFFICE FORM PERIOD``, ``OFFICE center/all/14``, or a report's place ``tver/center/12``.

    Raises:
        TargetError: they name no debt; the hint is ``usage``. UnknownAudienceError: no such office or group.
        NoSuchDispatchError: nothing of that place is here. NoDebtError: the dispatch there asks for nothing.
    """
    if len(words) == 1 and is_place(words[0]):
        return _of_report(desk, words[0], usage)
    if len(words) == 2 and is_place(words[1]):
        audience, group = _audience(desk, words[0])
        return Target(audience=audience, group=group, order=order(desk, words[1]))
    if len(words) != 3:
        raise TargetError(
            "these words name no debt" if words else "no debt is named",
            rule="OFFICE FORM PERIOD, or OFFICE and an order's place like center/all/14, or a report's place",
            hints=(usage,),
        )
    audience, group = _audience(desk, words[0])
    with typed(usage):
        form, period = parse_name(words[1]), words[2]
        period_kind(period)
    return Target(audience=audience, group=group, form=form, period=period)


def _audience(desk: "Desk", word: str) -> tuple[str, bool]:
    newest = desk.roster.newest
    desk.roster.members(word, newest)  # refuses an unknown name, with the nearest
    return word, desk.roster.is_group(word, newest)


def _of_report(desk: "Desk", place: str, usage: str) -> Target:
    entry = letters.entry_at(desk, place)
    header = entry.header
    if header.office == CENTER and header.due is not None:
        raise TargetError(
            f"{place} is owed by all it was written to",
            rule="name the office or group too",
            hints=(usage.replace("FORM PERIOD", place),),
        )
    if header.report is None or not entry.counts:
        why = f"it is a {header.kind}" if header.report is None else f"it is {entry.status}"
        raise TargetError(
            "this is no report" if header.report is None else "this report does not count",
            where=place,
            rule=f"{why}; a debt is named by a report that counts",
            hints=(usage,),
        )
    return Target(audience=header.office, form=header.report.form, period=header.report.period)


def order(desk: "Desk", place: str) -> str:
    """``place``, after the question whether the dispatch there asks for anything.

    Raises:
        NoSuchDispatchError: it is not here. NoDebtError: it asks for nothing, or does not count.
    """
    entry = letters.entry_at(desk, place)
    if entry.header.due is None or not entry.counts:
        raise NoDebtError(
            f"{place} asks for nothing" if entry.header.due is None else f"{place} does not count",
            rule="owed is an answer to what was sent with --due",
            hints=("cipherpost outbox",),
        )
    return place


# ---- finding it ------------------------------------------------------------------------------------------------------


def find(desk: "Desk", target: Target, office: str) -> "Debt":
    """The debt of one office.

    Raises:
        NoDebtError: it never owed this, or not yet; with what it owes.
    """
    mine = desk.ledger.debts(desk.time(), offices=(office,))
    key = (target.form, target.period, target.order)
    found = next((debt for debt in mine if (debt.form, debt.period, debt.order) == key), None)
    if found is not None:
        return found
    if target.order is not None:
        raise NoDebtError(
            f"{office} does not owe an answer to {target.order}",
            rule="it is owed by the offices in good standing that it was written to",
            hints=(f"cipherpost outbox {target.order}",),
        )
    raise _no_debt(desk, target, office, mine)


def _no_debt(desk: "Desk", target: Target, office: str, mine: "Sequence[Debt]") -> NoDebtError:
    assert target.form is not None
    assert target.period is not None
    same_form = [debt for debt in mine if debt.form == target.form and debt.period is not None]
    if period_kind(target.period) is PeriodKind.EVENT:
        return NoDebtError(
            f"no event {target.period} of {office} is known here",
            rule="an event is known by the first report that names it",
            hints=("cipherpost returns", "cipherpost fetch"),
        )
    if not same_form:
        known = desk.roster.forms(desk.roster.newest)
        rule = "no duty obliges it" if target.form in known else "the network has no such form"
        return NoDebtError(f"{office} owes no {shown(target.form)[1:-1]}", rule=rule, hints=("cipherpost duty list",))
    periods = sorted(str(debt.period) for debt in same_form)
    which = f"for {periods[0]}" if len(periods) == 1 else f"from {periods[0]} to {periods[-1]}"
    return NoDebtError(
        f"{office} does not owe {target.form} {target.period}",
        rule=f"it owes it {which}, as far as time has come",
        hints=("cipherpost duty list", "cipherpost returns"),
    )


# ---- of one that was found -------------------------------------------------------------------------------------------


def order_of(debt: "Debt") -> tuple[str | None, int | None]:
    """Channel and number of the order that a debt is about, None twice where it is a report's."""
    return (None, None) if debt.order is None else parse_place(debt.order)


def whose(debt: "Debt") -> str:
    """``tver, monthly-return 2026-10``."""
    return f"{debt.office}, {debt.name}"


def word(debt: "Debt") -> str:
    """The period or the order."""
    return debt.order or str(debt.period)


def words(debt: "Debt") -> str:
    """The words by which commands name it."""
    return f"{debt.office} {debt.order or f'{debt.form} {debt.period}'}"


def verdict_of(desk: "Desk", debt: "Debt") -> "Decision | None":
    """The center's verdict that holds for a debt; None: none was given, or it was taken back."""
    if debt.decision is None:
        return None
    channel, number = parse_place(debt.decision)
    entry = desk.chain.channel(channel).entry(number)
    found = entry.header.decision if entry is not None else None
    return None if found is None or found.verdict == "owed" else found
