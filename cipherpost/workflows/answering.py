"""What the center says of demands: which are one and the same, and which dispatch of its own answers one."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.ledger.demands import MOST, Demand, Statement, Word, format_statement, parse_id
from cipherpost.text import CENTER
from cipherpost.workflows import letters
from cipherpost.workflows.addressing import AudienceError, check_admitted
from cipherpost.workflows.demands import Demands, listing
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk

_SUBJECTS: Final[dict[Word, str]] = {
    "same": "Demands that are one and the same",
    "apart": "Demands that stand apart again",
    "answered": "Your demands are answered",
    "open": "Demands that are not answered yet",
}


class NoSuchDemandError(UnableError):
    """No report that this officer can open raises this demand."""


class SameDemandsError(UseError):
    """Fewer than two demands were named as one and the same."""


class NoAnswerError(UseError):
    """What was named answers no demand: not the center's, not counting, or not sent to who raised it."""


def say_same(desk: "Desk", names: Sequence[str], *, apart: bool = False, dry_run: bool = False) -> Posted:
    """Say that demands are one and the same, or with ``apart`` that each of them stands alone again.

    Raises:
        DemandIdError, NoSuchDemandError, SameDemandsError, AudienceError: nothing was posted.
    """
    line = _begin(desk, dry_run=dry_run)
    chosen = _chosen(listing(desk), names)
    if len(chosen) < 2 and not apart:
        raise SameDemandsError(
            "one demand alone is the same as nothing",
            rule="name two or more",
            hints=("cipherpost demands same ID ID",),
        )
    return _send(desk, CENTER, "apart" if apart else "same", chosen, None, line, dry_run=dry_run)


def say_answered(
    desk: "Desk", names: Sequence[str], by: str | None, *, dry_run: bool = False
) -> tuple[list[Posted], dict[str, str]]:
    """Say to those who raised them that demands, and those counted with them, are answered by a dispatch.

    Args:
        by: the dispatch, ``center/all/14``; None: nothing answered them, after all.

    Returns:
        What was posted, one letter to each office; and the offices that cannot be written to, with the reason.

    Raises:
        DemandIdError, NoSuchDemandError, NoAnswerError, NoSuchDispatchError, AudienceError: nothing was posted.
    """
    line = _begin(desk, dry_run=dry_run)
    found = listing(desk)
    wanted = {name for each in _chosen(found, names) for name in (each.same or (each.id,))}
    to: dict[str, list[Demand]] = {}
    for demand in found.demands:
        if demand.id in wanted:
            to.setdefault(demand.office, []).append(demand)
    answer = _answer(desk, by, to) if by is not None else None
    posted, left_out = [], {}
    for office, theirs in to.items():
        state = desk.roster.state(office, desk.roster.newest)
        if state != "good":
            left_out[office] = f"{office} is {state}"
            continue
        word: Word = "open" if answer is None else "answered"
        posted.append(_send(desk, office, word, theirs, answer, line, dry_run=dry_run))
    return posted, left_out


def _begin(desk: "Desk", *, dry_run: bool) -> CipherpostError | None:
    line = line_error(desk)
    check_admitted(desk)
    if not desk.is_center:
        raise AudienceError(
            "the center says what becomes of demands", rule="this is its command", hints=("cipherpost demands",)
        )
    if not dry_run:
        finish_begun(desk, line)
    return line


def _chosen(found: Demands, names: Sequence[str]) -> list[Demand]:
    """The demands named, each once; a name in a report that was corrected since is that of its correction."""
    known = {demand.id: demand for demand in found.demands}
    chosen = {}
    for name in names:
        wanted = parse_id(name)
        demand = known.get(found.renamed.get(str(wanted), str(wanted)))
        if demand is None:
            raise NoSuchDemandError(
                f"no report raises the demand {wanted}",
                rule="its newest version counts, and only reports that can be opened",
                hints=("cipherpost demands",),
            )
        chosen[demand.id] = demand
    return list(chosen.values())


def _answer(desk: "Desk", by: str, offices: Iterable[str]) -> "Entry":
    """The dispatch that answers, once it is known that those who raised the demands could read it."""
    entry = letters.entry_at(desk, by)
    header = entry.header
    wrong = ""
    if header.office != CENTER or header.letter is None or not entry.counts:
        wrong = "it is no letter of the center that counts"
    else:
        assert header.roster is not None
        reached = desk.roster.members(header.audience, header.roster.number)
        missed = [office for office in offices if office not in reached]
        if missed:
            wrong = f"it was not sent to {', '.join(missed)}"
    if wrong:
        raise NoAnswerError(
            f"this answers no demand: {wrong}",
            where=by,
            rule="an answer is a letter of the center to those who raised the demand",
            hints=("cipherpost outbox",),
        )
    return entry


def _send(
    desk: "Desk",
    audience: str,
    word: Word,
    chosen: Sequence[Demand],
    answer: "Entry | None",
    line: CipherpostError | None,
    *,
    dry_run: bool,
) -> Posted:
    if len(chosen) > MOST:
        raise UseError(
            f"{len(chosen)} demands are too many for one letter",
            rule=f"at most {MOST}",
            hints=("name fewer at a time",),
        )
    place = f"{answer.header.channel}/{answer.header.number}" if answer is not None else None
    said = Statement(
        word=word, ids=tuple(each.id for each in chosen), by=place, hash=answer.hash if answer is not None else None
    )
    head = f"{_SUBJECTS[word]}, by {place}:" if place else f"{_SUBJECTS[word]}:"
    body = "\n".join((head, "", *(f"- {each.id}: {' '.join(each.text.split())}" for each in chosen), ""))
    letter = Outgoing(body=body, body_type="txt", subject=_SUBJECTS[word], data=format_statement(said))
    plan = Plan(channel=f"{CENTER}/{audience}", kind="message", created=desk.time())
    return send_one(desk, plan, letter, line, even_if_sent=False, dry_run=dry_run)
