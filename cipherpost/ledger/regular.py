"""The debts of the calendar of one office. There are many, and most are plain: those take the short way."""

from collections.abc import Iterator

from cipherpost.ledger.account import Account
from cipherpost.ledger.book import Book
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.judging import Claim, Clock, judge_debt
from cipherpost.ledger.stories import NOTHING, Story, tell
from cipherpost.ledger.terms import Term


def regular_debts(book: Book, account: Account, terms: tuple[Term, ...], clock: Clock) -> Iterator[tuple[Debt, Story]]:
    """What an office owes for each term, in their order, with the story of each debt."""
    office, filings, as_of = account.office, account.filings, clock.as_of
    present = account.latest <= as_of
    for term in terms:
        if office not in term.circle:
            continue
        key = term.key
        if key in account.decisions:
            pass
        elif key not in filings:
            if office in term.owing:
                yield _nothing(office, term, unknown=account.trouble), NOTHING
            continue
        elif present:
            debt = _plain(account, term, as_of)
            if debt is not None:
                yield debt
                continue
        story = tell(account, key, as_of)
        if story.versions or office in term.owing:
            yield judge_debt(book, account, _claim(term), story, clock, unknown=account.trouble), story


def _nothing(office: str, term: Term, *, unknown: bool) -> Debt:
    """A debt of which nothing is known."""
    return Debt(
        office=office,
        form=term.form,
        period=term.period,
        day=term.day,
        deadline=term.deadline,
        state=State.UNKNOWN if unknown else term.state,
    )


def _plain(account: Account, term: Term, as_of: str) -> tuple[Debt, Story] | None:
    """A debt with one report, acked in time, of which nothing else is to be said; None where it is not so plain."""
    found = account.filings[term.key]
    report = found[0]
    if len(found) > 1 or report.nil or report.cancels or report.number in account.targets:
        return None
    seen = account.own_sights.seen(report.number, as_of)
    if seen is None or seen.time > term.deadline or (term.end is not None and report.time < term.end):
        return None
    place = f"{account.own}/{report.number}"
    debt = Debt(
        office=account.office,
        form=term.form,
        period=term.period,
        day=term.day,
        deadline=term.deadline,
        state=State.ON_TIME,
        report=place,
        latest=place,
        judged_by="receipt",
        evidence=f"{seen.channel}/{seen.at}",
    )
    return debt, Story((report,))


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
