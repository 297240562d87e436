"""Debts for events: a conference is reported before its day and after it; its reports themselves name the day."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from cipherpost.ledger import calendar
from cipherpost.ledger.account import Account, Filing
from cipherpost.ledger.book import Book
from cipherpost.ledger.judging import AGREED, OWN_WORD, Claim, Clock, judge_debt, ruling_of
from cipherpost.ledger.rosters import Rosters
from cipherpost.ledger.stories import Story, Told, tell
from cipherpost.ledger.terms import owing
from cipherpost.roster.duties import DutyInfo

NO_BEFORE: Final = "no report before it"
ACKED_AFTER: Final = "acked after the day"
MOVED_AFTER: Final = "moved after the day"


class _Event(NamedTuple):
    """An event of one office: the duties about it, the story under each form, and the day it is held.

    ``announced``: the day for which it was announced, a later one only where that was said before the day began.
    """

    id: str
    duties: tuple[DutyInfo, ...]
    stories: dict[str, Story]
    held: date
    announced: date


def event_debts(book: Book, rosters: Rosters, account: Account, clock: Clock) -> Iterator[Told]:
    """What an office owes for the events that its reports name, with the story of each debt."""
    newest = rosters.entry_at(clock.as_of)
    duties = [
        duty
        for duty in rosters.duties(newest)
        if duty.rhythm == "event" and account.office in rosters.circle(duty.audience, newest)
    ]
    asked = {duty.form: duty for duty in duties}  # of several about one form the one stated last
    for event, forms in account.events.items():
        found = _event(rosters, account, event, [asked[form] for form in forms if form in asked], clock)
        if found is not None:
            yield from _debts(book, rosters, account, found._replace(duties=tuple(asked.values())), clock)


def _event(rosters: Rosters, account: Account, event: str, duties: list[DutyInfo], clock: Clock) -> _Event | None:
    stories = {duty.form: tell(account, (duty.form, event), clock.as_of) for duty in duties}
    named = _named(account, event, duties, clock)
    if not named:
        return None
    announced = named[0].day
    for each in named[1:]:  # moved in time; afterwards nobody makes his report early by naming another day
        if announced is None or each.time <= calendar.start_of(announced, rosters.end_zone(announced, clock.as_of)):
            announced = each.day
    held = named[-1].day
    assert held is not None
    assert announced is not None
    return _Event(event, tuple(duties), stories, held, announced)


def _named(account: Account, event: str, duties: list[DutyInfo], clock: Clock) -> list[Filing]:
    """The reports that say on which day it is held, by number: those before it, else all."""
    for before in (True, False):
        filings = [
            each
            for duty in duties
            if (duty.within is None) is before
            for each in account.filings((duty.form, event))
            if not each.cancels and account.known(each.number, each.time, clock.as_of)
        ]
        if filings:
            return sorted(filings, key=lambda each: each.number)
    return []


def _debts(book: Book, rosters: Rosters, account: Account, event: _Event, clock: Clock) -> Iterator[Told]:
    before = [duty.form for duty in event.duties if duty.within is None and duty.covers(str(event.held))]
    stories = [event.stories.get(form, Story()) for form in before]
    moot = _moot(account, event.id, before, stories, clock)
    for duty in event.duties:
        if not duty.covers(str(event.held)):
            continue
        story = event.stories.get(duty.form, Story())
        claim, owes = _claim(rosters, account, duty, event, clock.as_of)
        if not (owes or story.versions or moot):
            clock.note(claim.deadline)
            continue
        facts = []
        if duty.within is None:
            if story.versions and _acked_after(account, story, claim.deadline, clock.as_of):
                facts.append(ACKED_AFTER)
            if event.announced != event.held:
                facts.append(MOVED_AFTER)
        elif story.versions and before and not _goes_before(stories, story.versions[0].number):
            facts.append(NO_BEFORE)
        debt = judge_debt(book, account, claim, story, clock, moot=moot, facts=tuple(facts), unknown=account.trouble)
        yield Told(debt, story)


def _claim(rosters: Rosters, account: Account, duty: DutyInfo, event: _Event, as_of: str) -> tuple[Claim, bool]:
    held = event.announced if duty.within is None else event.held
    zone = rosters.end_zone(held, as_of)
    start, over = calendar.start_of(held, zone), calendar.end_of(held, zone)
    stated = rosters.since(duty.entry)
    if duty.within is None:
        day, deadline, end = held - timedelta(days=1), start, None
        asked = any(each.form == duty.form for each in rosters.duties(rosters.entry_at(min(start, as_of))))
    else:
        last = max(event.held, calendar.local_day(stated, zone)) if stated > over else event.held
        day = last + timedelta(days=duty.within)
        deadline, end, asked = calendar.end_of(day, zone), start, True
    claim = Claim(
        key=(duty.form, event.id),
        form=duty.form,
        period=event.id,
        end=end,
        day=day,
        deadline=deadline,
        grace=duty.grace,
        limit=calendar.end_of(day + timedelta(days=duty.grace), zone),
        zone=zone,
        held=event.held,
    )
    return claim, asked and account.office in owing(rosters, duty, over, deadline, as_of)


def _moot(
    account: Account, event: str, before: list[str], stories: list[Story], clock: Clock
) -> tuple[str, ...] | None:
    """Whether the report before the event was cancelled, and with it the event."""
    if any(story.versions for story in stories) or not any(story.cancelled for story in stories):
        return None
    for form, story in zip(before, stories, strict=True):
        if story.cancelled:
            ruling = ruling_of(account, (form, event), clock.as_of)
            if ruling.excused or ruling.accepted:
                return (AGREED,)
    return (OWN_WORD,)


def _goes_before(stories: list[Story], number: int) -> bool:
    return any(story.versions and story.versions[0].number < number for story in stories)


def _acked_after(account: Account, story: Story, day: str, as_of: str) -> bool:
    seen = account.own_sights.seen(story.versions[0].number, as_of)
    return seen is not None and seen.time > day
