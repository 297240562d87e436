"""The header of a dispatch: the text of its note (docs/protocol.md, "The header").

    cipherpost/v1
    network rkpb
    channel center/all
    number 14
    previous 1d7e...
    time 2026-11-22T09:00:00Z
    by stasova
    kind circular
    roster 7 09ab...
    letter 55c0...
    sealed 8fd2... 18432

One table, `LINES`, makes the regular expression that a whole header is matched with, the readers of its values and the
printer. Every value has one form only, so that printing what was parsed gives the same bytes. What a line may say is
settled here; which lines a kind carries, and where it may stand, in `cipherpost.dispatch.kinds`.

Decided here, beyond the form of each line: ``previous none`` stands exactly at number 1; ``supersedes`` and ``cancels``
exclude each other; an event's report, and no other, gives the day; a decision gives a day exactly when it extends or
sends back; of one channel there is one ``head`` line, one ``ack`` of one word for a number, and ranges of ``missing``
numbers neither meet nor overlap; days are of the years 2000 to 2999.
"""

import base64
import re
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from cipherpost import limits
from cipherpost.dispatch.periods import DAY, PERIOD, is_event, parse_day, parse_period
from cipherpost.errors import MalformedError, NewerError, TooLargeError
from cipherpost.text import CENTER, TextError, parse_channel, parse_name, shown

MAGIC: Final = "cipherpost/v1"
KIND_WORDS: Final = (
    "roster", "circular", "instruction", "decision", "report", "audit", "message", "key", "receipt", "check",
)  # fmt: skip
ACK_WORDS: Final = ("seen", "received", "read", "failed", "complied", "unable", "withdrawn")
VERDICTS: Final = ("excused", "extended", "sent-back", "accepted", "owed")
DATED_VERDICTS: Final = frozenset({"extended", "sent-back"})
"""The verdicts that name a new day; the others name none."""
DUE_WORDS: Final = ("reply", "complied")


class HeaderMalformedError(MalformedError):
    """Bytes that are not a header (V1)."""


class NewerHeaderError(NewerError):
    """The first line names a later version of the protocol; junk unless its signature is an officer's."""


class RosterRef(NamedTuple):
    """The roster head relied on: number of the entry, hash of its text."""

    number: int
    hash: str


class DraftRef(NamedTuple):
    """Number of the proposal in the office's own channel, and the last day on which it may be posted."""

    number: int
    until: date


class Sealed(NamedTuple):
    """One age file: SHA-256 in hex, size in bytes."""

    hash: str
    size: int


class KeyRef(NamedTuple):
    """The dispatch that carried an audience key; ``channel`` is None where it is the header's own channel."""

    channel: str | None
    number: int


class Reply(NamedTuple):
    """The dispatch answered."""

    channel: str
    number: int
    hash: str


class Due(NamedTuple):
    """A debt of every addressee until the end of ``day``: ``what`` is ``reply`` or ``complied``."""

    day: date
    what: str


class Report(NamedTuple):
    """The debt that a report pays; ``day`` is the day an event is held, None for other periods."""

    form: str
    period: str
    day: date | None
    nil: bool


class Decision(NamedTuple):
    """A verdict on one debt of ``office``: of ``form`` and ``period``, or of the ``due`` of ``channel`` and ``number``.

    ``day`` is the new day of the verdicts ``extended`` and ``sent-back``, None for the others.
    """

    verdict: str
    office: str
    form: str | None
    period: str | None
    channel: str | None
    number: int | None
    day: date | None


class HeadsFile(NamedTuple):
    """The public file of head lines of an audit: SHA-256 in hex, size in bytes."""

    hash: str
    size: int


class Head(NamedTuple):
    """The last dispatch of a channel: its number and the hash of its text."""

    channel: str
    number: int
    hash: str


class Ack(NamedTuple):
    """An officer's ``word`` (of `ACK_WORDS`) about a dispatch; number 0 and hash None: nothing there yet."""

    channel: str
    number: int
    hash: str | None
    word: str


class Missing(NamedTuple):
    """Numbers of a channel that are not to be found, ``first`` and ``last`` included."""

    channel: str
    first: int
    last: int


class Endorsement(NamedTuple):
    """A colleague's signature (64 bytes) of the draft."""

    officer: str
    signature: bytes


class Header(NamedTuple):
    """A header taken apart; fields stand in the order of its lines. ``time`` stays text: it sorts as time does."""

    network: str
    channel: str
    number: int
    previous: str | None
    time: str
    by: str
    kind: str
    roster: RosterRef | None = None
    draft: DraftRef | None = None
    letter: str | None = None
    sealed: tuple[Sealed, ...] = ()
    key: KeyRef | None = None
    reply: Reply | None = None
    supersedes: int | None = None
    cancels: int | None = None
    due: Due | None = None
    report: Report | None = None
    decision: Decision | None = None
    heads_file: HeadsFile | None = None
    heads: tuple[Head, ...] = ()
    acks: tuple[Ack, ...] = ()
    missing: tuple[Missing, ...] = ()
    endorsed: tuple[Endorsement, ...] = ()
    statements: bytes = b""

    @property
    def office(self) -> str:
        """Who sends: the first half of the channel."""
        return self.channel.partition("/")[0]

    @property
    def audience(self) -> str:
        """Who is addressed, an office or group: the second half of the channel."""
        return self.channel.partition("/")[2]


# ---- reading values: the line's form is known from the regular expression ------------------------------------------


@lru_cache(maxsize=1 << 14)
def _name(word: str) -> str:
    return parse_name(word)


@lru_cache(maxsize=1 << 14)
def _office(word: str) -> str:
    return parse_name(word, reserved=word == CENTER)


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


def _read_sealed(lines: str) -> tuple[Sealed, ...]:
    found = tuple([Sealed(line[7:71], int(line[72:])) for line in lines.split("\n")[:-1]])
    if found[0].size > limits.SIZE or (len(found) > 1 and max(each.size for each in found) > limits.SIZE):
        raise TextError("a sealed file is too large", rule="at most 2^40 bytes")
    if len(found) > 1 and len({each.hash for each in found}) < len(found):
        raise TextError("a sealed file is named twice", rule="each line sealed names another file")
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


def _check_rising(word: str, keys: Sequence[Any]) -> None:
    if len(keys) > 1 and any(before >= after for before, after in pairwise(keys)):
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


class Line(NamedTuple):
    """A row of the table: how one sort of line is read and printed.

    ``most`` is 0 where the line always stands, 1 where it may, else how often it may. ``read`` takes the value, of a
    line that may repeat all lines with their words; ``write`` gives the value of one line. ``form`` is for messages.
    """

    word: str
    form: str
    pattern: str
    most: int
    read: Callable[[str], Any]
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
    Line("roster", "N HASH", f"{_NUMBER} {_HASH}", 1, lambda v: RosterRef(int(v[:-65]), v[-64:]), _spaced),
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


def _expression(line: Line) -> str:
    """Possessive where a line may be absent: no other line begins with its word, so going back finds nothing."""
    if line.most == 0:
        return f"{line.word} ({line.pattern})\n"
    if line.most == 1:
        return f"(?:{line.word} ({line.pattern})\n)?+"
    return f"((?:{line.word} {line.pattern}\n){{0,{line.most}}}+)"


_HEADER: Final = re.compile(MAGIC + "\n" + "".join(map(_expression, LINES)))
_READS: Final = tuple(
    (line.read, Header._field_defaults.get(field)) for line, field in zip(LINES, Header._fields[:-1], strict=True)
)
ALL_WORDS: Final = frozenset(line.word for line in LINES)
_NEWER: Final = re.compile(rb"cipherpost/v(?:[2-9]|[1-9][0-9]{1,3})(?=[ .\n])")


# ---- parsing and printing ------------------------------------------------------------------------------------------


def parse_header(text: bytes) -> Header:
    """The header that ``text``, the text of a note, is (check V1).

    Raises:
        NewerHeaderError: the first line names a later version; whether an officer signed it is not known here.
        TooLargeError: above the limits of its kind.
        HeaderMalformedError: any other form than the one that `format_header` gives.
    """
    if len(text) > limits.ROSTER_BYTES:
        raise TooLargeError(f"the header has {len(text)} bytes", rule=f"at most {limits.ROSTER_BYTES}")
    at = text.find(b"\n\n")
    lines = text if at < 0 else text[: at + 1]
    match = _HEADER.fullmatch(lines.decode("latin-1"))
    if match is None:
        raise _refusal(lines)
    try:
        values = [
            read(value) if value else default for value, (read, default) in zip(match.groups(), _READS, strict=True)
        ]
    except TextError as error:
        raise HeaderMalformedError(error.what, where="the header", rule=error.rule) from None
    header = Header._make((*values, b"" if at < 0 else text[at + 2 :]))
    if header.kind == KIND_WORDS[0]:
        _check_statements(header.statements)
    elif at >= 0:
        raise HeaderMalformedError("an empty line follows the header", rule="only kind roster carries statements")
    elif len(text) > limits.HEADER_BYTES:
        raise TooLargeError(f"the header has {len(text)} bytes", rule=f"at most {limits.HEADER_BYTES}")
    if (header.previous is None) != (header.number == 1):
        raise HeaderMalformedError("the line previous does not fit the number", rule="none at number 1, and only there")
    if header.supersedes and header.cancels:
        raise HeaderMalformedError("the header both supersedes and cancels", rule="one of the two")
    return header


def format_header(header: Header) -> bytes:
    """The one text that parses to ``header``.

    Raises:
        HeaderMalformedError, TooLargeError: there is none, since a field has a value that no header may have.
    """
    data = f"{MAGIC}\n".encode() + format_lines(header)
    if header.statements:
        data += b"\n" + header.statements
    if parse_header(data) != header:
        raise HeaderMalformedError("this header cannot be printed", rule="it would be read as another")
    return data


def format_lines(header: Header, words: Container[str] = ALL_WORDS) -> bytes:
    """The lines of ``header`` that are present and begin with one of ``words``, in order; checks nothing."""
    out: list[str] = []
    values: tuple[Any, ...] = header[:-1]
    for line, value in zip(LINES, values, strict=True):
        if line.word in words and (value or not line.most):
            out += [f"{line.word} {line.write(each)}\n" for each in (value if line.most > 1 else (value,))]
    return "".join(out).encode()


def _check_statements(statements: bytes) -> None:
    if not statements.endswith(b"\n") or b"\n\n" in b"\n" + statements:
        raise HeaderMalformedError(
            "there are no statements, or an empty line among them",
            rule="an empty line and at least one statement follow the header of kind roster",
        )
    if statements.count(b"\n") > limits.STATEMENTS:
        raise TooLargeError("the roster entry has too many statements", rule=f"at most {limits.STATEMENTS}")


def _refusal(lines: bytes) -> HeaderMalformedError | NewerHeaderError:
    """Why the lines (up to the first empty one) do not match: says which line, and which form it should have."""
    if _NEWER.match(lines):
        return NewerHeaderError(
            "this dispatch was made by a newer cipherpost",
            rule=f"this program knows {MAGIC}",
            hints=("update cipherpost, then run cipherpost fetch again",),
        )
    first, *rest = lines[: limits.HEADER_BYTES].decode("ascii", "backslashreplace").split("\n")
    if first != MAGIC:
        return _malformed(1, f"this is {shown(first)}", f"the first line is {MAGIC}")
    expected, count, last = 0, 0, -1  # the earliest row that the next line may be; how often the last row stood
    for at, text in enumerate(rest[:-1], 2):
        word, _, value = text.partition(" ")
        here = _ROWS.get(word)
        if here is None:
            return _malformed(at, f"{shown(word)} begins no line of a header", "only lines that the protocol defines")
        line, count, last = LINES[here], count + 1 if here == last else 1, here
        if here < expected:
            return _malformed(at, f"the line {word} stands twice or out of order", "every line has its place")
        if expected < here and LINES[expected].most == 0:
            return _malformed(at, f"the line {LINES[expected].word} is missing before it", LINES[expected].form)
        if not re.fullmatch(line.pattern, value):
            return _malformed(at, f"the line {word} does not have its form", f"{word} {line.form}")
        if count > max(1, line.most):
            return _malformed(at, f"there are too many lines {word}", f"at most {line.most}")
        expected = here + (line.most <= 1)
    if rest[-1:] == [""] and LINES[expected].most == 0:
        return _malformed(len(rest) + 1, f"the line {LINES[expected].word} is missing", LINES[expected].form)
    return _malformed(len(rest) + 1, "the last line does not end", "each line ends in a line feed")


_ROWS: Final = {line.word: at for at, line in enumerate(LINES)}


def _malformed(at: int, what: str, rule: str) -> HeaderMalformedError:
    return HeaderMalformedError(what, where=f"line {at} of the header", rule=rule)
