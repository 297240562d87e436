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

One table, `cipherpost.dispatch.lines.LINES`, makes the regular expression that a whole header is matched with, the
readers of its values and the printer. Every value has one form only, so that printing what was parsed gives the same
bytes. What a line may say is settled here; which lines a kind carries, and where, in `cipherpost.dispatch.kinds`.

Decided here, beyond the form of each line: ``previous none`` stands exactly at number 1; ``supersedes`` and ``cancels``
exclude each other; an event's report, and no other, gives the day; a decision gives a day exactly when it extends or
sends back; of one channel there is one ``head`` line, one ``ack`` of one word for a number, and ranges of ``missing``
numbers neither meet nor overlap; days are of the years 2000 to 2999.
"""

import re
from typing import Final

from cipherpost import limits
from cipherpost.dispatch.lines import LINES, check_statements, expression, format_lines, read_values
from cipherpost.dispatch.parts import (
    ACK_WORDS,
    DATED_VERDICTS,
    DUE_WORDS,
    KIND_WORDS,
    MAGIC,
    VERDICTS,
    Ack,
    Decision,
    DraftRef,
    Due,
    Endorsement,
    Head,
    Header,
    HeadsFile,
    KeyRef,
    Missing,
    Reply,
    Report,
    RosterRef,
    Sealed,
)
from cipherpost.errors import MalformedError, NewerError, TooLargeError
from cipherpost.text import ROSTER, TextError, shown

__all__ = [
    "ACK_WORDS",
    "DATED_VERDICTS",
    "DUE_WORDS",
    "KIND_WORDS",
    "LINES",
    "MAGIC",
    "VERDICTS",
    "Ack",
    "Decision",
    "DraftRef",
    "Due",
    "Endorsement",
    "Head",
    "Header",
    "HeaderMalformedError",
    "HeadsFile",
    "KeyRef",
    "Missing",
    "NewerHeaderError",
    "Reply",
    "Report",
    "RosterRef",
    "Sealed",
    "format_header",
    "parse_header",
]


class HeaderMalformedError(MalformedError):
    """Bytes that are not a header (V1)."""


class NewerHeaderError(NewerError):
    """The first line names a later version of the protocol; junk unless its signature is an officer's."""


_HEADER: Final = re.compile(MAGIC + "\n" + "".join(map(expression, LINES)))
_READERS: Final = tuple(line.read for line in LINES)
_ABSENT: Final = tuple(map(Header._field_defaults.get, Header._fields[:-1]))
_LF: Final = 0x0A
_NEWER: Final = re.compile(rb"cipherpost/v(?:[2-9]|[1-9][0-9]{1,3})(?=[ .\n])")
_ROWS: Final = {line.word: at for at, line in enumerate(LINES)}


# ---- parsing and printing ------------------------------------------------------------------------------------------


def parse_header(text: bytes) -> Header:
    """The header that ``text``, the text of a note, is (check V1).

    Raises:
        NewerHeaderError: the first line names a later version; whether an officer signed it is not known here.
        TooLargeError: above the limits of its kind.
        HeaderMalformedError: any other form than the one that `format_header` gives.
    """
    if len(text) > limits.HEADER_BYTES:
        _check_size(text)
    match = _HEADER.match(text.decode("latin-1"))
    end = match.end() if match is not None else 0
    if match is None or (end < len(text) and text[end] != _LF):
        raise _refusal(_lines(text))
    try:
        values = read_values(match, _READERS, _ABSENT)
        values.append(text[end + 1 :])
        header = Header._make(values)
        if header.kind == ROSTER:
            check_statements(header.statements)
    except TextError as error:
        raise HeaderMalformedError(error.what, where="the header", rule=error.rule) from None
    if end < len(text) and header.kind != ROSTER:
        raise HeaderMalformedError("an empty line follows the header", rule="only kind roster carries statements")
    if (header.previous is None) != (header.number == 1):
        raise HeaderMalformedError("the line previous does not fit the number", rule="none at number 1, and only there")
    if header.supersedes and header.cancels:
        raise HeaderMalformedError("the header both supersedes and cancels", rule="one of the two")
    return header


def _lines(text: bytes) -> bytes:
    """The lines of the header, up to the first empty one."""
    at = text.find(b"\n\n")
    return text if at < 0 else text[: at + 1]


def _check_size(text: bytes) -> None:
    if len(_lines(text)) > limits.HEADER_BYTES or len(text) > limits.ROSTER_BYTES:
        raise TooLargeError(
            f"the header has {len(text)} bytes",
            rule=f"at most {limits.HEADER_BYTES}, with the statements of a roster entry {limits.ROSTER_BYTES}",
        )


def format_header(header: Header) -> bytes:
    """The one text that parses to ``header``.

    Raises:
        HeaderMalformedError, TooLargeError: there is none, since a field has a value that no header may have.
    """
    data = f"{MAGIC}\n".encode() + format_lines(LINES, header[:-1])
    if header.statements:
        data += b"\n" + header.statements
    if parse_header(data) != header:
        raise HeaderMalformedError("this header cannot be printed", rule="it would be read as another")
    return data


def _refusal(lines: bytes) -> HeaderMalformedError | NewerHeaderError:
    """Why the lines (up to the first empty one) do not match: says which line, and which form it should have."""
    if _NEWER.match(lines):
        return NewerHeaderError(
            "this dispatch was made by a newer cipherpost",
            rule=f"this program knows {MAGIC}",
            hints=("update cipherpost, then run cipherpost fetch again",),
        )
    first, *rest = lines.decode("ascii", "backslashreplace").split("\n")
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


def _malformed(at: int, what: str, rule: str) -> HeaderMalformedError:
    return HeaderMalformedError(what, where=f"line {at} of the header", rule=rule)
