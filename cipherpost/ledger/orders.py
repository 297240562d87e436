"""Debts of one dispatch: circulars and instructions with a ``due`` line, and what answers them."""

from cipherpost.ledger import calendar
from cipherpost.ledger.account import Account, Answer, Filing, Order
from cipherpost.ledger.book import Book
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.judging import Claim, Clock, judge_debt, made_after, ruling_of
from cipherpost.ledger.rosters import Rosters
from cipherpost.ledger.stories import NOTHING, Story


def order_debt(book: Book, rosters: Rosters, account: Account, order: Order, clock: Clock) -> Debt | None:
    """What an office owes for one order; None where it owes nothing, or the order was not there yet."""
    as_of = clock.as_of
    if order.time > as_of:
        clock.note(order.time)
        if book.sights(order.channel).seen(order.number, as_of) is None:
            return None
    zone = rosters.end_zone(order.day, as_of)
    deadline = calendar.end_of(order.day, zone)
    clock.note(deadline)
    answers = _answers(account, order, as_of)
    paid = _paid(answers, order.what)
    if paid is None and account.office not in rosters.good(rosters.entry_at(min(deadline, as_of))):
        return None
    unable = [each for each in answers if each.word != "reply"][-1:]
    return judge_debt(
        book,
        account,
        Claim(
            key=(order.channel, order.number),
            form=None,
            period=None,
            end=None,
            day=order.day,
            deadline=deadline,
            grace=0,
            limit=deadline,
            zone=zone,
            order=f"{order.channel}/{order.number}",
            what=order.what,
        ),
        NOTHING if paid is None else Story((paid, *_after_return(book, account, order, answers, as_of))),
        clock,
        moot=_moot(book, order, as_of),
        facts=("unable",) if unable and unable[0].word == "unable" else (),
        unknown=account.trouble or order.channel in book.troubled,
    )


def _answers(account: Account, order: Order, as_of: str) -> list[Answer]:
    """What the office said to the order, by number; what was cancelled, or names another text, is left out."""
    return [
        each
        for each in account.answers.get((order.channel, order.number), ())
        if each.hash == order.hash
        and account.known(each.number, each.time, as_of)
        and not (each.word == "reply" and _cancelled(account, each, as_of))
    ]


def _after_return(book: Book, account: Account, order: Order, answers: list[Answer], as_of: str) -> list[Filing]:
    """The answers made after the verdict that sent the first one back."""
    sent_back = ruling_of(account, (order.channel, order.number), as_of).sent_back
    if sent_back is None:
        return []
    word = "reply" if order.what == "reply" else "complied"
    made = made_after(book, account, sent_back, [each for each in answers if each.word == word])
    return [_filing(each) for each in made]


def _filing(answer: Answer) -> Filing:
    return Filing(answer.number, answer.time, False, None, None, False)


def _cancelled(account: Account, answer: Answer, as_of: str) -> bool:
    takers = account.targets.get(answer.number, ())
    return any(each.cancels and account.known(each.number, each.time, as_of) for each in takers)


def _paid(answers: list[Answer], what: str) -> Filing | None:
    """The first reply; or the first ``complied`` after which neither ``unable`` nor ``withdrawn`` was said."""
    found: Answer | None = None
    for each in answers:
        if what == "reply":
            if each.word == "reply" and found is None:
                found = each
        elif each.word == "complied":
            found = found or each
        elif each.word != "reply":
            found = None
    return None if found is None else _filing(found)


def _moot(book: Book, order: Order, as_of: str) -> tuple[str, ...] | None:
    """Whether the order was superseded or cancelled."""
    for each in book.taken.get((order.channel, order.number), ()):
        if each.time <= as_of or book.sights(order.channel).seen(each.number, as_of) is not None:
            return ("order cancelled" if each.cancels else "order superseded",)
    return None
