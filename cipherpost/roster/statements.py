"""The statements of the roster, one a line (docs/protocol.md, "The roster").

    keepers NAME...                                       all keepers from now on: officers of the center
    recovery COUNT VKEY...                                genesis only; reserved: so many of these keys
    office NAME center|committee|auditor                  a new office; `center` in the genesis only
    title NAME TEXT                                       what people call an office or group
    officer OFFICE/NAME VKEY CARD-HASH [unchecked]        a new officer, or new keys of one
    threshold OFFICE COUNT                                how many officers sign: 1 to 17
    group NAME none|OFFICE...                             all members from now on; the first time founds it
    lateral GROUP                                         members may write to the group and to each other
    lateral GROUP end                                     no longer
    retire OFFICE/NAME                                    an officer leaves; the name is not given again
    compromised OFFICE/NAME                               an officer's keys may be in other hands
    suspend OFFICE    reinstate OFFICE    dissolve OFFICE
    cut ENTRY CHANNEL NUMBER HASH | cut ENTRY CHANNEL 0 none
    settle CHANNEL NUMBER HASH
    form NAME VERSION HASH                                a form's schema: SHA-256 of its bytes; versions rise
    duty FORM AUDIENCE weekly|monthly|quarterly|yearly due DAYS [grace DAYS] from PERIOD
    duty FORM AUDIENCE once DAY [grace DAYS]
    duty FORM AUDIENCE event [within DAYS] [grace DAYS] [from DAY]
    duty FORM AUDIENCE end PERIOD                         PERIOD is the last one owed; a day ends once and event
    escrow KIND none|OFFICE...                            who else reads letters of this kind
    timezone ZONE | timezone +HH:MM                       a zone of the IANA data base, or an offset
    check OFFICE daily|weekly|monthly|quarterly           how long silence is usual
    requires LEVEL                                        reserved: a program of a lower level stops here

Words are parted by one space. Lists are sorted as bytes, no two alike. ``[grace DAYS]`` is left out for 0; no day
count is above 366. PERIOD and DAY are those of reports; ``from`` names a period of the duty's own rhythm. A key is a
verifier key (c2sp.org/signed-note) named ``network/office/officer``. ``none`` is no name of an office or group. Every
line ends in LF and has one form only: `format_statement` of what was parsed gives the same bytes.

A first word that is none of these is made by a newer cipherpost, and so is ``requires`` above 1: such an entry
is told apart from a malformed one (`NewerStatementError`), whatever its other lines look like. So a later version adds
words and never arguments. Whether a statement makes sense where it stands is for `cipherpost.roster.fold`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from cipherpost import limits
from cipherpost.errors import TooLargeError
from cipherpost.note import VerifierKeyError
from cipherpost.roster.grammar import PARSERS, NewerStatementError, StatementError, is_offset, newer
from cipherpost.roster.words import (
    CHECK_DAYS,
    LETTER_KINDS,
    LEVEL,
    NONE,
    RHYTHMS,
    THRESHOLD_MOST,
    Check,
    Compromised,
    Cut,
    Dissolve,
    Duty,
    DutyEnd,
    Escrow,
    Form,
    Group,
    Keepers,
    Lateral,
    Office,
    Officer,
    Recovery,
    Reinstate,
    Requires,
    Retire,
    Role,
    Settle,
    Statement,
    Suspend,
    Threshold,
    Timezone,
    Title,
)
from cipherpost.text import TextError, has_controls, shown

__all__ = [
    "CHECK_DAYS",
    "LETTER_KINDS",
    "LEVEL",
    "NONE",
    "RHYTHMS",
    "THRESHOLD_MOST",
    "Check",
    "Compromised",
    "Cut",
    "Dissolve",
    "Duty",
    "DutyEnd",
    "Escrow",
    "Form",
    "Group",
    "Keepers",
    "Lateral",
    "NewerStatementError",
    "Office",
    "Officer",
    "Recovery",
    "Reinstate",
    "Requires",
    "Retire",
    "Role",
    "Settle",
    "Statement",
    "StatementError",
    "Suspend",
    "Threshold",
    "Timezone",
    "Title",
    "format_statement",
    "format_statements",
    "is_offset",
    "parse_statements",
]

# ---- lists of statements -------------------------------------------------------------------------------------------

_C1: Final = re.compile("[\x80-\x9f]")
_WORD: Final = re.compile(r"[a-z][a-z-]{0,30}")


@lru_cache(maxsize=1)  # of a new entry first the keys are asked for, then all else
def parse_statements(data: bytes) -> tuple[Statement, ...]:
    """The statements of one entry, at least one, each line ending in LF.

    Raises:
        NewerStatementError: a first word is unknown, or ``requires`` asks for a higher level.
        TooLargeError: above `limits.ROSTER_BYTES` or `limits.STATEMENTS`.
        StatementError: a line is no statement; names it by its number, 1 for the first.
    """
    lines = _lines(data)
    found: list[Statement] = []
    for at, line in enumerate(lines, 1):
        word, _, rest = line.partition(" ")
        try:
            found.append(PARSERS[word](rest.split(" ")))
        except KeyError:
            _check_newer(lines)
            raise StatementError(f"statement {at} begins with {shown(word)}, which no statement does") from None
        except ValueError:
            _check_newer(lines)
            raise StatementError(f"statement {at} ({word}) has too few or too many words") from None
        except (TextError, VerifierKeyError) as error:
            _check_newer(lines)
            raise StatementError(f"statement {at} ({word}): {error.what}", rule=error.rule) from None
    return tuple(found)


def format_statement(statement: Statement) -> bytes:
    """The line of ``statement``, LF included.

    Raises:
        StatementError: it says what no line may say.
    """
    return format_statements((statement,))


def format_statements(statements: Iterable[Statement]) -> bytes:
    """The lines of ``statements``, as they stand in an entry.

    Raises:
        TooLargeError: more than an entry may hold.
        StatementError: one says what no line may say.
    """
    given = tuple(statements)
    data = "".join(f"{statement}\n" for statement in given).encode()
    if parse_statements(data) != given:
        raise StatementError("these statements cannot be printed", rule="they would be read as others")
    return data


def _lines(data: bytes) -> list[str]:
    if len(data) > limits.ROSTER_BYTES:
        raise TooLargeError(f"the statements have {len(data)} bytes", rule=f"at most {limits.ROSTER_BYTES}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise StatementError(f"byte {error.start} is not UTF-8") from None
    if not data.endswith(b"\n") or has_controls(data) or b" \n" in data or (not data.isascii() and _C1.search(text)):
        raise StatementError("a control character, a space at a line's end, or no line feed at the end")
    lines = text[:-1].split("\n")
    if len(lines) > limits.STATEMENTS:
        raise TooLargeError(f"the entry has {len(lines)} statements", rule=f"at most {limits.STATEMENTS}")
    return lines


def _check_newer(lines: list[str]) -> None:
    """A line this program cannot read may be fine in a later version: so say, if any line tells that it is one."""
    for line in lines:
        word, _, rest = line.partition(" ")
        if word not in PARSERS and _WORD.fullmatch(word):
            raise newer(f"has the statement {shown(word)}")
        if word == "requires" and re.fullmatch("[1-9][0-9]{0,7}", rest):
            PARSERS[word]([rest])
