"""Who may write, to whom, and whom it would not reach."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cipherpost.errors import NotForUsError, UseError
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.state import OfficerInfo


class AudienceError(UseError):
    """Nobody, or somebody who cannot be written to by this office."""


class NotAdmittedError(NotForUsError):
    """This officer is not in the roster yet, or not any more."""


def check_admitted(desk: "Desk") -> None:
    """Refuse to go on for an officer who is not in the roster; one whose new keys are under way is.

    Raises:
        NotAdmittedError: with the number to read out, or saying since when he is out.
    """
    from cipherpost.workflows.founding import read_own_card

    newest = desk.roster.newest
    admitted = desk.roster.officer(desk.office, desk.officer, newest)
    if admitted is not None:
        mine = read_own_card(desk)
        if admitted.vkey in {mine.card.vkey, mine.card.replaces}:
            return
        raise _other_keys(desk, mine)
    state = desk.roster.state(desk.office, newest)
    if state in {"suspended", "dissolved"}:
        raise NotAdmittedError(
            f"{desk.office} is {state}",
            rule="an office without standing sends nothing",
            hints=("ask the center why; what you received stays readable: cipherpost inbox",),
        )
    tenures = desk.roster.keys(desk.office, desk.officer)
    if tenures and tenures[-1].compromised is not None:
        raise _keys_compromised(desk, tenures[-1].compromised)
    if tenures:
        raise NotAdmittedError(
            f"{desk.office}/{desk.officer} has no standing any more{_since(desk, tenures[-1])}",
            rule="nothing is sealed to you since, and nothing you sign counts",
            hints=("ask the center", "cipherpost inbox    (what you received stays readable)"),
        )
    raise NotAdmittedError(
        "you are not admitted yet",
        rule=f"tell the center this number: {read_own_card(desk).spoken}",
        hints=(
            "cipherpost card    (to send the card again)",
            "cipherpost fetch    (after the center has admitted you)",
        ),
    )


def _other_keys(desk: "Desk", mine: "SignedCard") -> NotAdmittedError:
    """The roster has keys of this name that are not this home's: older ones of his own, or somebody else's."""
    if any(each.card == mine.hash for each in desk.roster.keys(desk.office, desk.officer)):
        return NotAdmittedError(
            f"the roster has newer keys of {desk.office}/{desk.officer} than this home",
            rule=f"another card of this name was admitted after this one, whose number is {mine.spoken}",
            hints=("tell the center, if you have made no new keys: somebody else has joined under your name",),
        )
    return NotAdmittedError(
        f"the roster has older keys of {desk.office}/{desk.officer}; your new keys are not admitted yet",
        rule=f"tell the center this number: {mine.spoken}",
        hints=(
            "cipherpost fetch    (after the center has admitted the new keys)",
            "tell the center too, if you never were this officer",
        ),
    )


def _since(desk: "Desk", last: "OfficerInfo") -> str:
    """`` (retired in entry 8)``."""
    return f" (retired in entry {last.until})" if last.cause == "retire" else ""


def _keys_compromised(desk: "Desk", entry: int) -> NotAdmittedError:
    """His keys were declared compromised: he makes new ones, and their number is read aloud as at first."""
    from cipherpost.workflows.founding import read_own_card

    mine = read_own_card(desk)
    if any(each.card == mine.hash for each in desk.roster.keys(desk.office, desk.officer)):
        return NotAdmittedError(
            f"your keys were declared compromised in entry {entry} of the roster",
            rule="what is signed with them counts no more, and nothing is sealed to them",
            hints=("cipherpost keys rotate    (new keys, once this machine is in order)", "ask the center"),
        )
    return NotAdmittedError(
        "your new keys are not admitted yet",
        rule=f"tell the center this number: {mine.spoken}",
        hints=("cipherpost fetch    (after the center has admitted you)", "cipherpost card    (to send it again)"),
    )


def kind_for(desk: "Desk", audience: str) -> str:
    """The kind of a letter to this audience; refuses what the matrix of kinds would refuse, in words.

    Raises:
        AudienceError: this office cannot write to it, or nobody is there.
        UnknownAudienceError: no such office or group.
    """
    newest = desk.roster.newest
    members = desk.roster.members(audience, newest)
    group = desk.roster.is_group(audience, newest)
    if group and not members:
        raise AudienceError(
            f"nobody is in {audience!r}",
            rule="a letter has at least one reader",
            hints=("cipherpost group", "cipherpost roster"),
        )
    if not group:
        state = desk.roster.state(audience, newest)
        if state in {"suspended", "dissolved"}:
            raise AudienceError(
                f"{audience} is {state}",
                rule="nothing is sealed to an office without standing",
                hints=(f"cipherpost reinstate {audience}",)
                if state == "suspended" and desk.is_center
                else ("cipherpost roster",),
            )
    if desk.is_center:
        return "message" if audience == desk.office else "circular" if group else "instruction"
    if audience in {CENTER, desk.office} or desk.roster.lateral_member(desk.office, audience, newest):
        return "message"
    raise AudienceError(
        f"{desk.office} does not write to {audience}",
        rule="a committee writes to the center, to itself, and within its lateral groups",
        hints=("cipherpost send FILE --to center",),
    )


def unreached(desk: "Desk", audience: str) -> dict[str, str]:
    """Offices of an audience that could not read a letter now, each with the reason."""
    newest = desk.roster.newest
    if desk.roster.is_group(audience, newest) and audience != "all":
        names: Sequence[str] = desk.roster.groups(newest).get(audience, ())
    elif audience == "all":
        names = [name for name in desk.roster.offices(newest) if desk.roster.role(name) == "committee"]
    else:
        names = [audience]
    found = {}
    for name in names:
        state = desk.roster.state(name, newest)
        if state == "declared" or (state == "good" and not desk.roster.officers(name, newest)):
            found[name] = "nobody of it is admitted yet"
        elif state != "good":
            found[name] = str(state)
    return found
