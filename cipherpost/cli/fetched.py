"""What one `fetch` did, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cipherpost.cli.output import NOTICES, many
from cipherpost.text import ROSTER
from cipherpost.workflows.fork_news import lines as fork_lines
from cipherpost.workflows.voided import lines as voided_lines

if TYPE_CHECKING:
    from cipherpost.workflows.fetching import Fetched
    from cipherpost.workflows.rotating import Renewal


def result_lines(result: "Fetched") -> Iterator[str]:
    """One line for each letter that is new."""
    for entry in result.new:
        header = entry.header
        subject = result.subjects.get(entry.hash, "")
        yield f"{header.channel}/{header.number}  {header.kind}  {subject}".rstrip()


def notice_lines(result: "Fetched") -> Iterator[str]:
    """What else there is to know."""
    if result.renewal is not None:
        yield from renewal_lines(result.renewal)
    yield from _alarms(result)
    if result.not_admitted is not None:
        rule = result.not_admitted.rule
        yield f"{result.not_admitted.what}; {rule}" if rule else result.not_admitted.what
        return
    if result.just_admitted:
        letters = many(len(result.new), "letter") if result.new else "no letter"
        yield f"{NOTICES['admitted']}: {letters} {'wait' if len(result.new) > 1 else 'waits'}"
    elif not result.new:
        yield NOTICES["nothing-new"]
    if result.before_you:
        yield f"{NOTICES['before-you']} ({many(result.before_you, 'letter')})"
    if result.cards_waiting:
        yield f"{many(result.cards_waiting, 'card')} {'waits' if result.cards_waiting == 1 else 'wait'} for admission"
    yield from _trouble(result)
    if result.restored:
        yield f"{NOTICES['restored']}: {' '.join(result.restored)}"
    receipts = [item for item in result.posted if item.kind in {"receipt", "check"}]
    for item in result.posted:
        if item not in receipts:
            yield f"sent: {item.place}"
    if receipts:
        yield f"receipts sent to {many(len(receipts), 'office')}"
    for error in result.waiting:
        yield f"waits in the outbox: {error}"
    yield from _turns(result)


def _alarms(result: "Fetched") -> Iterator[str]:
    """What is gravest: what counts no more, contradictions, and this home's key in other hands."""
    for line in voided_lines(result.voided):
        yield f"counts no more: {line}"
    for line in fork_lines(result.forks):
        yield f"fork: {line}"
    if result.alarm is not None:
        yield f"attention: {result.alarm}"


def _turns(result: "Fetched") -> Iterator[str]:
    """What this officer and his office are to do."""
    sent = {item.place for item in result.posted}
    for own in result.own:
        place = own.posted_as
        if place is None or f"{place.channel}/{place.number}" not in sent:
            yield f"your proposal {own.place}: {own.stands()}" + (
                f"; the reason: cipherpost read {own.place}" if own.declined and place is None else ""
            )
        if own.state == "overtaken":
            yield f"proposal {own.number}: {own.next_word}"
        if own.draft.kind == ROSTER and place is not None:
            for line in own.draft.statements.decode().splitlines():
                if line.startswith("form "):
                    yield f"the form is in force; send it now: cipherpost form publish {line.split(' ')[1]}"
    if result.to_sign:
        count = len(result.to_sign)
        yield f"{many(count, 'proposal')} {'waits' if count == 1 else 'wait'} for your signature: {result.to_sign[0]}"
    if result.owed is not None:
        yield result.owed


def renewal_lines(renewal: "Renewal") -> Iterator[str]:
    """Where a change of this officer's keys stands."""
    if renewal.entry is not None:
        yield f"your new keys are in force: entry {renewal.entry} of the roster"
        return
    yield "your new keys wait for the roster; until then this home reads, and signs nothing"
    if renewal.waiting:
        yield f"{many(renewal.waiting, 'letter')} {'waits' if renewal.waiting == 1 else 'wait'} in the outbox"


def _trouble(result: "Fetched") -> Iterator[str]:
    yield from result.awaited
    for channel, number, why in result.held:
        yield f"held: {channel}/{number}: {why}"
    for channel, gaps in result.missing.items():
        numbers = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in gaps)
        yield f"missing: {channel}: {numbers}"
    for error in (*result.unreadable, *result.refused, *result.stopped):
        yield f"not accepted: {error}"
    for error in result.known:
        yield f"still not readable: {error}"


def hints(result: "Fetched") -> Iterator[str]:
    """What to do next, at most two."""
    if result.steps:
        yield from result.steps[:2]
        return
    if result.renewal is not None and result.renewal.entry is None:
        yield f"the center types: {result.renewal.admission}"
    if result.not_admitted is not None:
        yield from result.not_admitted.hints[: 1 if result.renewal else 2]
    elif result.new:
        header = result.new[0].header
        yield f"cipherpost read {header.channel}/{header.number}"
    elif result.to_sign:
        yield f"cipherpost read {result.to_sign[0]}"
    elif result.missing or result.held:
        yield "cipherpost fetch    (again later; the sender was told what is missing)"
