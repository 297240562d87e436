"""The center's verdicts on one debt, by number: what of them holds."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from cipherpost.ledger.account import Decided


class Ruling(NamedTuple):
    """What holds of the verdicts on one debt.

    ``last`` is the newest one, None where it took the others back. ``day`` is the last day as moved (None: not moved).
    ``sent_back`` is the verdict that asks for a correction, ``before`` the day that held before it, for the report as
    it was. ``extended``: a later day was granted.
    """

    last: Decided | None = None
    day: date | None = None
    sent_back: Decided | None = None
    before: date | None = None
    extended: bool = False

    @property
    def excused(self) -> bool:
        """Whether nothing is owed."""
        return self.last is not None and self.last.verdict == "excused"

    @property
    def accepted(self) -> bool:
        """Whether the center took the report as it is."""
        return self.last is not None and self.last.verdict == "accepted"


NOTHING = Ruling()


def rule(decisions: Iterable[Decided]) -> Ruling:
    """What holds of ``decisions``, in the order of their numbers.

    The last one holds. A day that was given stays so beside a later ``excused`` or ``accepted``, which name none;
    ``owed`` takes everything back.
    """
    ruling = NOTHING
    for each in decisions:
        if each.verdict == "owed":
            ruling = NOTHING
        elif each.verdict == "extended":
            ruling = Ruling(last=each, day=each.day, extended=True)
        elif each.verdict == "sent-back":
            before = ruling.before if ruling.sent_back is not None else ruling.day
            ruling = ruling._replace(last=each, day=each.day, sent_back=each, before=before)
        else:
            ruling = ruling._replace(last=each)
    return ruling
