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
    office, filings, decisions, as_of = account.office, account.first, account.decisions, clock.as_of
    present, unknown, own, more = account.latest <= as_of, account.trouble, account.own, account.more
    numbers, best = account.own_sights.acked()
    found: list[Debt] = []
    for term in terms:
        if office not in term.circle:
            continue
        key = term.key
        debt = None
        if not decisions or key not in decisions:
            if key not in filings:
                if office in term.owing:
                    state = State.UNKNOWN if unknown else term.state
                    debt = Debt(office, term.form, term.period, term.day, term.deadline, state)
                    if unknown or state is State.OVERDUE:
                        told.append(Told(debt, NOTHING))
                    found.append(debt)
                continue
            number, time, nil, _, _, cancels = filings[key]
            acked = bisect_left(numbers, number)
            if (
                present
                and not (nil or cancels or key in more or number in account.targets)
                and (term.end is None or time >= term.end)
                and acked < len(best)
                and (seen := best[acked]).time <= term.deadline
            ):
                debt = _plain(office, term, f"{own}/{number}", f"{seen.channel}/{seen.number}")
        if debt is None:
            story = tell(account, key, as_of)
            if not story.versions and office not in term.owing:
                continue
            debt = judge_debt(book, account, _claim(term), story, clock, unknown=unknown)
            told.append(Told(debt, story))
        found.append(debt)
    return found


def _plain(office: str, term: Term, report: str, receipt: str) -> Debt:
    """A debt with one report, acked in time, of which nothing else is to be said."""
    return Debt(
        office,
        term.form,
        term.period,
        term.day,
        term.deadline,
        State.ON_TIME,
        (),
        None,
        None,
        None,
        report,
        report,
        "receipt",
        receipt,
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
