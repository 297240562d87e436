"""The table of a header's lines: how each is recognised, read and printed (docs/protocol.md, "The header")."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import compress, pairwise
from typing import Any, Final, NamedTuple

from cipherpost import limits
from cipherpost.dispatch.parts import (
    ACK_WORDS,
    DATED_VERDICTS,
    DUE_WORDS,
    KIND_WORDS,
    VERDICTS,
    Ack,
    Decision,
    DraftRef,
    Due,
    Endorsement,
    Head,
    HeadsFile,
    KeyRef,
    Missing,
    Reply,
    Report,
    RosterRef,
    Sealed,
)
from cipherpost.dispatch.periods import DAY, PERIOD, is_event, parse_day, parse_period
from cipherpost.errors import TooLargeError
from cipherpost.text import TextError, parse_channel, parse_name, shown

# ---- reading values: the line's form is known from the regular expression ------------------------------------------


@lru_cache(maxsize=1 << 14)
def _name(word: str) -> str:
    return parse_name(word)


@lru_cache(maxsize=1 << 14)
def _channel(word: str) -> str:
    parse_channel(word)
    return word


def _time(word: str) -> str:
    try:
        datetime.fromisoformat(word)
    except ValueError:
        raise TextError(f"{shown(word)} is not a time") from None
    return word


def _read_draft(value: str) -> DraftRef:
    number, until = value.split(" ")
    return DraftRef(int(number), parse_day(until))


@lru_cache(maxsize=1 << 8)
def _read_roster(value: str) -> RosterRef:
    number, hashed = value.split(" ")
    return RosterRef(int(number), hashed)


def _read_sealed(lines: str) -> tuple[Sealed, ...]:
    if lines.count("\n") == 1:
        size = int(lines[72:])
        found: tuple[Sealed, ...] = (Sealed(lines[7:71], size),)
    else:
        found = tuple([Sealed(line[7:71], int(line[72:])) for line in lines.split("\n")[:-1]])
        size = max(each.size for each in found)
        if len({each.hash for each in found}) < len(found):
            raise TextError("a sealed file is named twice", rule="each line sealed names another file")
    if size > limits.SIZE:
        raise TextError("a sealed file is too large", rule="at most 2^40 bytes")
    return found


def _read_key(value: str) -> KeyRef:
    channel, _, number = value.rpartition(" ")
    return KeyRef(_channel(channel) if channel else None, int(number))


def _read_head(value: str) -> Head:
    channel, number, hashed = value.split(" ")
    return Head(_channel(channel), int(number), hashed)


def _read_due(value: str) -> Due:
    day, what = value.split(" ")
    return Due(parse_day(day), what)


def _read_report(value: str) -> Report:
    form, period, *rest = value.split(" ")
    nil = rest[-1:] == ["nil"]
    days = rest[: len(rest) - nil]
    if is_event(parse_period(period)) != bool(days):
        raise TextError(f"the report for {period} is wrong about the day", rule="given for an event, and only there")
    return Report(_name(form), period, parse_day(days[0]) if days else None, nil)


def _read_decision(value: str) -> Decision:
    verdict, office, of, which, *days = value.split(" ")
    if bool(days) != (verdict in DATED_VERDICTS):
        raise TextError(
            f"the decision {verdict} is wrong about the day", rule="given to extend or send back, only then"
        )
    day = parse_day(days[0]) if days else None
    if "/" in of:
        return Decision(verdict, _name(office), None, None, _channel(of), int(which), day)
    return Decision(verdict, _name(office), _name(of), parse_period(which), None, None, day)


def _read_heads_file(value: str) -> HeadsFile:
    hashed, size = value.split(" ")
    if int(size) > limits.HEADS_FILE_BYTES:
        raise TextError("the file of heads is too large", rule=f"at most {limits.HEADS_FILE_BYTES} bytes")
    return HeadsFile(hashed, int(size))


def _read_heads(lines: str) -> tuple[Head, ...]:
    found = tuple([Head(_channel(channel), int(number), hashed) for _, channel, number, hashed in _split(lines)])
    _check_rising("head", [each.channel for each in found])
    return found


def _read_acks(lines: str) -> tuple[Ack, ...]:
    found = tuple(
        [
            Ack(_channel(channel), int(number), None if hashed == "none" else hashed, word)
            for _, channel, number, hashed, word in _split(lines)
        ]
    )
    _check_rising("ack", [(each.channel, each.number, each.word) for each in found])
    return found


def _read_missing(lines: str) -> tuple[Missing, ...]:
    found: list[Missing] = []
    for _, channel, numbers in _split(lines):
        first, dash, last = numbers.partition("-")
        found.append(Missing(_channel(channel), int(first), int(last or first)))
        if dash and int(first) >= int(last):
            raise TextError(f"{shown(numbers)} is not a range of numbers", rule="the first below the last")
    for before, after in pairwise(found):
        if (before.channel, before.last + 1) >= (after.channel, after.first):
            raise TextError("missing lines are out of order", rule="sorted; ranges neither meet nor overlap")
    return tuple(found)


def _read_endorsed(lines: str) -> tuple[Endorsement, ...]:
    found = tuple(Endorsement(_name(officer), base64.b64decode(signed)) for _, officer, signed in _split(lines))
    _check_rising("endorsed", [each.officer for each in found])
    return found


def _split(lines: str) -> list[list[str]]:
    return [line.split(" ") for line in lines.split("\n")[:-1]]


def _check_rising(word: str, keys: list[Any]) -> None:
    if len(keys) > 1 and sorted(set(keys)) != keys:
        raise TextError(f"{word} lines are out of order", rule="sorted, and no two alike")


# ---- the table -----------------------------------------------------------------------------------------------------

_HASH: Final = r"[0-9a-f]{64}"
_NAME: Final = r"[a-z0-9-]{1,63}"
_CHANNEL: Final = rf"{_NAME}/{_NAME}"
_NUMBER: Final = r"[1-9][0-9]{0,7}"
_SIZE: Final = r"(?:0|[1-9][0-9]{0,12})"
_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_SIGNATURE: Final = r"[A-Za-z0-9+/]{85}[AQgw]=="  # 64 bytes; the four bits left over are zero
_ACKED: Final = rf"(?:0 none seen|{_NUMBER} {_HASH} (?:{'|'.join(ACK_WORDS)}))"


Reader = Callable[[str], Any]
"""What reads the group of a line in an expression."""


class Line(NamedTuple):
    """A row of the table: how one sort of line is read and printed.

    ``most`` is 0 where the line always stands, 1 where it may, else how often it may. ``read`` takes the value, of a
    line that may repeat all lines with their words; ``write`` gives the value of one line. ``form`` is for messages.
    """

    word: str
    form: str
    pattern: str
    most: int
    read: Reader
    write: Callable[[Any], str]


def _spaced(value: Iterable[object]) -> str:
    return " ".join(str(part) for part in value if part is not None)


def _write_report(value: Report) -> str:
    return _spaced((value.form, value.period, value.day, "nil" if value.nil else None))


def _write_ack(value: Ack) -> str:
    return _spaced((value.channel, value.number, value.hash or "none", value.word))


def _write_missing(value: Missing) -> str:
    return f"{value.channel} {value.first}" + (f"-{value.last}" if value.last != value.first else "")


def _write_endorsed(value: Endorsement) -> str:
    return f"{value.officer} {base64.b64encode(value.signature).decode()}"


LINES: Final = (
    Line("network", "NAME", _NAME, 0, _name, str),
    Line("channel", "OFFICE/AUDIENCE", _CHANNEL, 0, _channel, str),
    Line("number", "N", _NUMBER, 0, int, str),
    Line(
        "previous", "HASH or none", f"(?:none|{_HASH})", 0, lambda v: None if v == "none" else v, lambda v: v or "none"
    ),
    Line("time", "2026-11-22T09:00:00Z", _TIME, 0, _time, str),
    Line("by", "OFFICER", _NAME, 0, _name, str),
    Line("kind", "a kind of dispatch", f"(?:{'|'.join(KIND_WORDS)})", 0, str, str),
    Line("roster", "N HASH", f"{_NUMBER} {_HASH}", 1, _read_roster, _spaced),
    Line("draft", "N DAY", f"{_NUMBER} {DAY}", 1, _read_draft, _spaced),
    Line("letter", "HASH", _HASH, 1, str, str),
    Line("sealed", "HASH BYTES", f"{_HASH} {_SIZE}", limits.SEALED_OF_KEY, _read_sealed, _spaced),
    Line("key", "[CHANNEL] N", f"(?:{_CHANNEL} )?{_NUMBER}", 1, _read_key, _spaced),
    Line("reply", "CHANNEL N HASH", f"{_CHANNEL} {_NUMBER} {_HASH}", 1, lambda v: Reply(*_read_head(v)), _spaced),
    Line("supersedes", "N", _NUMBER, 1, int, str),
    Line("cancels", "N", _NUMBER, 1, int, str),
    Line("due", "DAY reply|complied", f"{DAY} (?:{'|'.join(DUE_WORDS)})", 1, _read_due, _spaced),
    Line("report", "FORM PERIOD [DAY] [nil]", f"{_NAME} {PERIOD}(?: {DAY})?(?: nil)?", 1, _read_report, _write_report),
    Line(
        "decision",
        "VERDICT OFFICE FORM PERIOD|CHANNEL N [DAY]",
        rf"(?:{'|'.join(VERDICTS)}) {_NAME} (?:{_CHANNEL} {_NUMBER}|{_NAME} {PERIOD})(?: {DAY})?",
        1,
        _read_decision,
        _spaced,
    ),
    Line("heads", "HASH BYTES", f"{_HASH} {_SIZE}", 1, _read_heads_file, _spaced),
    Line("head", "CHANNEL N HASH", f"{_CHANNEL} {_NUMBER} {_HASH}", limits.HEADS, _read_heads, _spaced),
    Line("ack", "CHANNEL N HASH WORD", f"{_CHANNEL} {_ACKED}", limits.ACKS, _read_acks, _write_ack),
    Line(
        "missing",
        "CHANNEL N[-N]",
        f"{_CHANNEL} {_NUMBER}(?:-{_NUMBER})?",
        limits.MISSING,
        _read_missing,
        _write_missing,
    ),
    Line("endorsed", "OFFICER SIGNATURE", f"{_NAME} {_SIGNATURE}", limits.ENDORSED, _read_endorsed, _write_endorsed),
)
"""Every line of a header, in order; row i is field i of `Header`."""


def expression(line: Line) -> str:
    """Possessive where a line may be absent: no other line begins with its word, so going back finds nothing."""
    if line.most == 0:
        return f"{line.word} ({line.pattern})\n"
    if line.most == 1:
        return f"(?:{line.word} ({line.pattern})\n)?+"
    return f"((?:{line.word} {line.pattern}\n){{0,{line.most}}}+)"


def read_values(match: re.Match[str], readers: Sequence[Reader], absent: Iterable[Any]) -> list[Any]:
    """The values of all groups of ``match``, each through its reader or, where the line is absent, as in ``absent``."""
    values, groups = list(absent), match.groups()
    for at in compress(range(len(groups)), groups):
        values[at] = readers[at](groups[at])
    return values


def format_lines(lines: Iterable[Line], values: Iterable[Any]) -> bytes:
    """The lines, each with its value, in order; those that may be absent and have no value are left out."""
    out: list[str] = []
    for line, value in zip(lines, values, strict=True):
        if value or not line.most:
            out += [f"{line.word} {line.write(each)}\n" for each in (value if line.most > 1 else (value,))]
    return "".join(out).encode()


def check_statements(statements: bytes) -> None:
    """Check what follows the empty line of a roster entry, as far as lines go; their grammar is the roster's.

    Raises:
        TextError: none, or an empty line among them. TooLargeError: too many.
    """
    if not statements.endswith(b"\n") or b"\n\n" in b"\n" + statements:
        raise TextError("statements are missing, or an empty line is among them", rule="at least one, one a line")
    if statements.count(b"\n") > limits.STATEMENTS:
        raise TooLargeError("there are too many statements", rule=f"at most {limits.STATEMENTS}")
