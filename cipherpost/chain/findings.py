"""What a verifier lists: one record for each thing found, and the table of the codes (docs/protocol.md, "Findings").

A finding does not say that somebody cheated. ``points_to`` says where the explanation is to be sought: with the
``carrier`` (it holds back, moves or replaces), the ``sender``, the ``center`` (roster and cuts), or ``nobody``.
"""

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple


class Code(NamedTuple):
    """A row of the table: ``grade`` is alarm, warning or notice; ``exit_code`` what it makes a command end with."""

    grade: str
    points_to: str
    rule: str
    exit_code: int


CODES: Final[dict[str, Code]] = {
    "malformed": Code(
        "alarm", "carrier", "V1, V6: a note has the one strict form of its kind, and keeps the limits", 3
    ),
    "misplaced": Code("alarm", "carrier", "V2: a dispatch stands under its own network, channel and number", 3),
    "forged": Code("alarm", "carrier", "V5: the officer named signed it, with a key of the roster", 3),
    "unauthorized": Code("alarm", "sender", "V5, V6: who signs is in standing, is enough, and may send this there", 3),
    "gap": Code("warning", "carrier", "V3: numbers follow one another; these are missing", 6),
    "held": Code("warning", "nobody", "V3, V4: what a dispatch builds upon must be here before it is judged", 6),
    "fork": Code("alarm", "sender", "one number, one header", 7),
    "race": Code("notice", "nobody", "of two officers' dispatches with one number, the one linked to next stands", 0),
    "rollback": Code("alarm", "carrier", "what was there before is still there", 3),
    "stale": Code("warning", "carrier", "the center is heard of at least once in the check interval", 5),
    "unheard": Code("warning", "nobody", "what an office sends is acknowledged", 5),
    "swapped": Code("alarm", "carrier", "V9: the sealed file has the hash and size that the header signs", 3),
    "letter-missing": Code("warning", "carrier", "V9: the sealed file is there", 6),
    "downgraded": Code("alarm", "sender", "V9: recipients are of the roster's kind or stronger", 3),
    "readers": Code("notice", "sender", "V9: as many recipients as the roster has readers for it", 0),
    "removed-reader": Code("notice", "sender", "an audience key is renewed when somebody who holds it leaves", 0),
    "not-given": Code("notice", "sender", "every office of an audience is given the audience's key", 0),
    "old-roster": Code("notice", "sender", "V4: no dispatch relies on an older roster entry than the one before it", 0),
    "void": Code("notice", "nobody", "it stands in the chain and does not count", 0),
    "uncounted": Code("notice", "center", "a cut leaves standing what the center had acknowledged", 0),
    "disagrees": Code("notice", "nobody", "V4, V8: all who name a dispatch name the same hash", 0),
    "clock": Code("notice", "sender", "V7: times do not go back, nor run a day ahead", 0),
    "repeat": Code("notice", "sender", "V11: a debt has one report; a further one says that it supersedes it", 0),
    "order": Code("notice", "sender", "V11: the report after an event follows the one before it", 0),
    "late": Code("notice", "sender", "V11: a report is in by its deadline", 0),
    "overdue": Code("notice", "sender", "V11: what is owed is reported", 0),
    "unknown": Code("notice", "nobody", "V11: a debt is judged only where the channel is whole", 0),
}
"""Every finding code. An exit code of 0 becomes 3 under ``--strict``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found.

    ``channel``, ``number``, ``office``: what it is about, where that applies. ``detail``: a clause in plain words.
    ``last``: the last of a run of numbers that begins with ``number``. ``about``: what tells it from another finding of
    the same code and place, and stays as it is from day to day, where ``detail`` may not: hashes, or a debt.
    ``time``: the dispatch's own time. ``known_since``: the dispatch (``audit/center/3``, ``center/roster/9``) that
    listed or settled it already, None for a new one; known findings do not set the exit code. ``points``: where this
    one points, if not where others of its code do.
    """

    code: str
    channel: str | None = None
    number: int | None = None
    office: str | None = None
    detail: str = ""
    time: str | None = None
    known_since: str | None = None
    last: int | None = None
    about: str = ""
    points: str | None = field(default=None, compare=False)

    @property
    def grade(self) -> str:
        """``alarm``, ``warning`` or ``notice``."""
        return CODES[self.code].grade

    @property
    def points_to(self) -> str:
        """``carrier``, ``sender``, ``center`` or ``nobody``."""
        return self.points or CODES[self.code].points_to

    @property
    def rule(self) -> str:
        """The rule in words."""
        return CODES[self.code].rule

    @property
    def exit_code(self) -> int:
        """What this finding alone makes a command end with; 0 for a known one."""
        return 0 if self.known_since else CODES[self.code].exit_code

    def known(self, since: str) -> "Finding":
        """The same finding, listed or settled before in the dispatch ``since``."""
        return replace(self, known_since=since)


def sort_key(finding: Finding) -> tuple[str, int, str, str]:
    """By channel, number, code and detail: the same notes give the same list to everybody."""
    return finding.channel or "", finding.number or 0, finding.code, finding.detail
