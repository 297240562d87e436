"""The moment by which a command judges: now, or what a person gave with --as-of."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.errors import UseError

if TYPE_CHECKING:
    from cipherpost.desk import Desk


class TooFarAheadError(UseError):
    """A judging time so far after all that is known that it would only bring debts of periods to come."""


def judging_time(desk: "Desk", as_of: str | None) -> str:
    """The judging time of a command in a home; now where ``as_of`` is None.

    Raises:
        TooFarAheadError: see there.
    """
    now = desk.time()
    if as_of is None:
        return now
    if as_of > now:
        check_ahead(as_of, [now, *desk.mail.last_times().values()])
    return as_of


def check_ahead(as_of: str, known: Iterable[str]) -> None:
    """Refuse a judging time that is too far after the newest of the times ``known``, all in the protocol's form.

    Raises:
        TooFarAheadError: see there.
    """
    newest = max(known)
    latest = int(newest[:4]) + limits.AS_OF_YEARS_AHEAD
    if int(as_of[:4]) > latest:
        raise TooFarAheadError(
            f"{as_of} is too far ahead to judge by",
            rule=f"the newest time known is {newest}, and {latest} the last year that it reaches to",
            hints=("leave out --as-of, to judge by now",),
        )
