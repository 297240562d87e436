"""The findings of V11: what the ledger has to say of debts, each about an office and a dispatch where there is one."""

from collections.abc import Iterator

from cipherpost.chain.findings import Finding
from cipherpost.ledger.debt import Debt, State
from cipherpost.ledger.events import NO_BEFORE
from cipherpost.ledger.stories import Story
from cipherpost.text import CENTER


def debt_findings(debt: Debt, story: Story) -> Iterator[Finding]:
    """What is to be said of one debt, whose reports are told in ``story``."""
    if "late" in debt.facts and debt.state is State.LATE:
        yield _finding(debt, "late", f"{debt.name} was due by {debt.deadline}; shown by {debt.evidence}", debt.latest)
    if debt.state is State.OVERDUE or (debt.state is State.SENT_BACK and "overdue" in debt.facts):
        yield _finding(debt, "overdue", f"{debt.name} was due by {debt.deadline}", debt.latest)
    if debt.state is State.UNKNOWN:
        yield _finding(debt, "unknown", f"{debt.name}, due by {debt.deadline}: something of the channel is missing")
    if NO_BEFORE in debt.facts:
        yield _finding(debt, "order", f"{debt.name} is reported after the event, and not before it", debt.report)
    for each in story.repeats:
        place = f"{debt.office}/{CENTER}/{each.number}"
        yield _finding(debt, "repeat", f"{debt.name} was reported before, in {debt.report}", place, each.time)


def _finding(debt: Debt, code: str, detail: str, place: str | None = None, time: str | None = None) -> Finding:
    number = int(place.rpartition("/")[2]) if place is not None else None
    channel = f"{debt.office}/{CENTER}"
    about = f"{debt.name}, due by {debt.deadline}"
    return Finding(code=code, channel=channel, number=number, office=debt.office, detail=detail, time=time, about=about)
