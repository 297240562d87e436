"""Letters that wait for the line while their addressee loses his standing: kept, and sealed to nobody."""

from typing import TYPE_CHECKING

from cipherpost.errors import UnableError
from cipherpost.workflows.addressing import AudienceError, kind_for

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.workflows.plans import Plan


class AddresseeGoneError(UnableError):
    """A letter waits for an office that may not be written to any more; it stays in the outbox."""


def check(desk: "Desk", plan: "Plan") -> None:
    """Refuse to seal and post a letter to whom none may be written as the roster is now.

    What others have endorsed is looked at by `cipherpost.workflows.signing.check_draft`.

    Raises:
        AddresseeGoneError: naming the roster entry and who posted it; the letter is kept.
    """
    if plan.letter is None or plan.endorsed or desk.roster.newest == 0:
        return
    try:
        kind_for(desk, plan.audience)
    except AudienceError as error:
        why = _by_whom(desk, plan.audience) or error.what
        raise AddresseeGoneError(
            f"the letter is not sealed to {plan.audience}: {why}",
            channel=plan.channel,
            rule=f"{error.rule}; nothing is lost: the letter waits in the outbox",
            hints=(*_reinstate(desk, plan.audience), f"cipherpost outbox {plan.channel} --drop    (to give it up)"),
        ) from None


def is_stranded(desk: "Desk", plan: "Plan") -> bool:
    """Whether a letter waits for an office that may not be written to now."""
    try:
        check(desk, plan)
    except AddresseeGoneError:
        return True
    return False


def _by_whom(desk: "Desk", audience: str) -> str | None:
    """``tver was suspended in entry 9 of the roster, posted by stasova``; None: that is not why."""
    roster = desk.roster
    state = roster.state(audience, roster.newest)
    if state not in {"suspended", "dissolved"}:
        return None
    since = next(number for number in range(roster.newest, 0, -1) if roster.state(audience, number - 1) != state)
    return f"{audience} was {state} in entry {since} of the roster, posted by {roster.entries[since - 1].by}"


def _reinstate(desk: "Desk", audience: str) -> tuple[str, ...]:
    if desk.roster.state(audience, desk.roster.newest) != "suspended":
        return ()
    command = f"cipherpost reinstate {audience}    (the next fetch sends the letter then)"
    return (command if desk.is_center else f"ask the center to type: {command}",)
