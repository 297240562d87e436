"""One debt judged: its state, the facts beside it, and the dispatches that show them (docs/protocol.md, V11)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from cipherpost.ledger import calendar
from cipherpost.ledger.account import Account, Answer, Decided, Filing, Key
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.lateness import Judgement, judge
from cipherpost.ledger.stories import Story
from cipherpost.ledger.terms import AFTER, open_state
from cipherpost.ledger.verdicts import NOTHING, Ruling, rule

if TYPE_CHECKING:
    from cipherpost.ledger.book import Book

_Made = TypeVar("_Made", Filing, Answer)
OWN_WORD: Final = "by its own word"
AGREED: Final = "agreed"


class Clock:
    """The judging time of one office, and how long what was judged with it holds.

    ``until``: the first moment after ``as_of`` at which something may change, None where nothing will by itself.
    """

    __slots__ = ("as_of", "until")

    def __init__(self, as_of: str, until: str | None) -> None:
        self.as_of: Final = as_of
        self.until = until

    def note(self, *moments: str | None) -> None:
        """Something may change at these moments."""
        for moment in moments:
            if moment is not None and self.as_of < moment and (self.until is None or moment < self.until):
                self.until = moment


class Claim(NamedTuple):
    """A debt before it is judged; the fields are those of `Debt` and `cipherpost.ledger.terms.Term`."""

    key: Key
    form: str | None
    period: str | None
    end: str | None
    day: date
    deadline: str
    grace: int
    limit: str
    zone: str
    order: str | None = None
    what: str | None = None
    held: date | None = None


def ruling_of(account: Account, key: Key, as_of: str) -> Ruling:
    """What the center decided about a debt by ``as_of``."""
    return rule(account.decided(key, as_of)) if key in account.decisions else NOTHING


def judge_debt(
    book: "Book",
    account: Account,
    claim: Claim,
    story: Story,
    clock: Clock,
    *,
    moot: tuple[str, ...] | None = None,
    facts: tuple[str, ...] = (),
    unknown: bool = False,
) -> Debt:
    """Judge one debt.

    Args:
        moot: the facts that say why nothing is owed any more; None where it is.
        facts: what else is to stand beside the state.
        unknown: whether what would pay it may be missing here.
    """
    ruling = ruling_of(account, claim.key, clock.as_of)
    answer = _answer(book, account, story, ruling)
    as_it_was = ruling.sent_back is None or (answer is None and ruling.accepted)
    moved = _moved(claim, ruling.before if as_it_was and ruling.sent_back is not None else ruling.day)
    clock.note(claim.end, moved.deadline + AFTER)
    judgement = None
    if as_it_was:
        judgement = _judge_story(book, account, story.versions, moved, clock.as_of)
    elif answer is not None:
        judgement = _judge(book, account, answer, moved, clock.as_of)
    said = {*facts, *_ruling_facts(claim, ruling), *_report_facts(story, claim.end)}
    if judgement is not None and judgement.late:
        said.add("late")
    if moot is not None:
        state = State.MOOT
        said.update(moot)
    elif ruling.excused:
        state = State.EXCUSED
    elif judgement is not None:
        state = _reported(said)
    elif not as_it_was:
        state = State.SENT_BACK
        if clock.as_of > moved.deadline:
            said.add("overdue")
    else:
        state = _open(ruling, claim, moved.deadline, clock.as_of, unknown=unknown)
    decision = None if ruling.last is None else f"{account.told}/{ruling.last.number}"
    by, evidence = _shown(state, said, judgement, decision)
    versions = story.versions
    return Debt(
        office=account.office,
        form=claim.form,
        period=claim.period,
        order=claim.order,
        what=claim.what,
        held=claim.held,
        day=moved.day,
        deadline=moved.deadline,
        state=state,
        facts=tuple(sorted(said)),
        report=f"{account.own}/{versions[0].number}" if versions else None,
        latest=f"{account.own}/{versions[-1].number}" if versions else None,
        judged_by=by,
        evidence=evidence,
        decision=decision,
    )


def _moved(claim: Claim, day: date | None) -> Claim:
    """The debt with the day that the center gave, None where it gave none."""
    if day is None:
        return claim
    limit = calendar.end_of(day + timedelta(days=claim.grace), claim.zone)
    return claim._replace(day=day, deadline=calendar.end_of(day, claim.zone), limit=limit)


def _shown(
    state: State, facts: set[str], judgement: Judgement | None, decision: str | None
) -> tuple[str | None, str | None]:
    """What settled the state, and the place of the dispatch that shows it."""
    if state in {State.EXCUSED, State.SENT_BACK} or (state is State.MOOT and AGREED in facts):
        return "decision", decision
    if judgement is None or state is State.MOOT:
        return None, None
    return judgement.by, judgement.evidence


def _ruling_facts(claim: Claim, ruling: Ruling) -> Iterator[str]:
    if ruling.extended:
        yield f"extended from {claim.day}"
    if ruling.accepted:
        yield "accepted"
    if ruling.sent_back is not None:
        yield "sent back"


def _open(ruling: Ruling, claim: Claim, deadline: str, as_of: str, *, unknown: bool) -> State:
    if unknown:
        return State.UNKNOWN
    if ruling.extended and as_of <= deadline:
        return State.EXTENDED
    return open_state(claim.end, deadline, as_of)


def _reported(facts: set[str]) -> State:
    for word, state in (("late", State.LATE), ("nil", State.NIL), ("corrected", State.CORRECTED)):
        if word in facts:
            return state
    return State.ON_TIME


def _report_facts(story: Story, end: str | None) -> Iterator[str]:
    versions = story.versions
    if not versions:
        return
    if versions[-1].nil:
        yield "nil"
    if len(versions) > 1:
        yield "corrected"
    if end is not None and versions[0].time < end:
        yield "early"
    if story.repeats:
        yield "repeat"


def _answer(book: "Book", account: Account, story: Story, ruling: Ruling) -> Filing | None:
    """The first correction made after the verdict that asks for one; None where nothing was sent back."""
    if ruling.sent_back is None:
        return None
    later = made_after(book, account, ruling.sent_back, (*story.versions, *story.repeats))
    return min(later, default=None, key=lambda each: each.number)


def made_after(book: "Book", account: Account, verdict: Decided, all_made: Iterable[_Made]) -> list[_Made]:
    """Those of an office's dispatches that were made after a verdict: dated after it, or when the office had acked it.

    Clocks differ: an office whose own is behind that of the center has answered all the same.
    """
    acked = book.acked_from(account.own, account.told, verdict.number)
    return [each for each in all_made if each.time > verdict.time or (acked is not None and each.number >= acked)]


def _judge_story(
    book: "Book", account: Account, versions: Sequence[Filing], claim: Claim, as_of: str
) -> Judgement | None:
    """The facts of the first report; where it was nil and in time, those of the first correction that is not nil."""
    if not versions:
        return None
    found = _judge(book, account, versions[0], claim, as_of)
    if versions[0].nil and not found.late:
        data = next((each for each in versions if not each.nil), None)
        if data is not None:
            return _judge(book, account, data, claim, as_of)
    return found


def _judge(book: "Book", account: Account, filing: Filing, claim: Claim, as_of: str) -> Judgement:
    channel = account.own
    return judge(
        channel,
        filing.number,
        filing.time,
        deadline=claim.deadline,
        limit=claim.limit,
        as_of=as_of,
        sights=account.own_sights,
        relied=lambda number: book.relied(channel, number),
    )
