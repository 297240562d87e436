"""The debts of the calendar of one office. There are many, and most are plain: those take the short way."""

from bisect import bisect_left
from collections.abc import Sequence

from cipherpost.ledger.account import Account
from cipherpost.ledger.book import Book
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.judging import Claim, Clock, judge_debt
from cipherpost.ledger.stories import NOTHING, Told, tell
from cipherpost.ledger.terms import Term


def regular_debts(book: Book, account: Account, terms: Sequence[Term], clock: Clock, told: list[Told]) -> list[Debt]:
    """What an office owes for each term, in their order; ``told`` is given those of which V11 has something to say."""
    office, filings, decisions, as_of = account.office, account.filings, account.decisions, clock.as_of
    present, unknown = account.latest <= as_of, account.trouble
    found: list[Debt] = []
    for term in terms:
        if office not in term.circle:
            continue
        key = term.key
        debt = None
        if key not in decisions:
            if key not in filings:
                if office in term.owing:
                    state = State.UNKNOWN if unknown else term.state
                    debt = Debt(office, term.form, term.period, term.day, term.deadline, state)
                    if unknown or state is State.OVERDUE:
                        told.append(Told(debt, NOTHING))
                    found.append(debt)
                continue
            if present:
                debt = _plain(account, term, as_of)
        if debt is None:
            story = tell(account, key, as_of)
            if not story.versions and office not in term.owing:
                continue
            debt = judge_debt(book, account, _claim(term), story, clock, unknown=unknown)
            told.append(Told(debt, story))
        found.append(debt)
    return found


def _plain(account: Account, term: Term, as_of: str) -> Debt | None:
    """A debt with one report, acked in time, of which nothing else is to be said; None where it is not so plain."""
    reports = account.filings[term.key]
    number, time, nil, _, _, cancels = reports[0]
    if nil or cancels or len(reports) > 1 or number in account.targets or (term.end is not None and time < term.end):
        return None
    numbers, best = account.own_sights.acked()
    at = bisect_left(numbers, number)
    if at == len(numbers):
        return None
    seen = best[at]
    if seen[0] > term.deadline or seen[0] > as_of:
        return None
    place = f"{account.own}/{number}"
    return Debt(
        account.office,
        term.form,
        term.period,
        term.day,
        term.deadline,
        State.ON_TIME,
        (),
        None,
        None,
        None,
        place,
        place,
        "receipt",
        f"{seen[1]}/{seen[2]}",
    )


def _claim(term: Term) -> Claim:
    return Claim(
        key=term.key,
        form=term.form,
        period=term.period,
        end=term.end,
        day=term.day,
        deadline=term.deadline,
        grace=term.grace,
        limit=term.limit,
        zone=term.zone,
    )
