"""Armor for what people carry by hand, in mail, in chats: cards and invitations.

Armored text is two lines and base64 between them; the last line holds the first 16 hex digits of the SHA-256 of
what the base64 stands for::

    -----BEGIN CIPHERPOST CARD-----
    Y2lwaGVycG9zdC92MSBjYXJkCmZpbmdlcnByaW50IG5vbmUKbmV0d29yayBya3Bi
    Cm9mZmljZSB0dmVyCg==
    -----END CIPHERPOST CARD 0123456789abcdef-----

What mail does to texts does no harm: other line ends, ``> `` quoting at any depth, lines broken or joined at any
column, spaces of any kind, byte-order marks, UTF-16, text around and between, dashes made long. So white space,
``>`` and ``|``, and marks that cannot be seen are passed over wherever they stand. But any other character added
among the base64, and any of its own changed or lost, is noticed by the checksum. The checksum finds accidents only;
what is carried proves itself by its own signature, or by the number that two people compare aloud.
"""

import base64
import binascii
import codecs
import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal, get_args

from cipherpost import limits
from cipherpost.errors import MalformedError, TooLargeError, UseError
from cipherpost.text import shown

Kind = Literal["CARD", "INVITATION"]

COLUMNS: Final = 64
CHECKSUM_DIGITS: Final = 16
HINTS: Final = ("ask for the file again, as an attachment",)

_KINDS = "|".join(get_args(Kind))
_BEGIN = re.compile(rf"-BEGINCIPHERPOST({_KINDS})-++")
_END = re.compile(rf"-ENDCIPHERPOST({_KINDS})([^-]{{0,100}}+)-")
_NEXT = re.compile(r"-(?:BEGIN|END)CIPHERPOST")
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")
_PASSED_OVER = re.compile(r"[\s>|\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d", "-"))
_LINE = re.compile(r"\r\n|\r|\n")


class DamagedError(MalformedError):
    """An armored text was cut off or changed on its way."""


class NothingCarriedError(MalformedError):
    """The file holds no armored text of the kind wanted."""


class SeveralCarriedError(UseError):
    """The file holds several armored texts where one is wanted."""


class CarriedTooLargeError(TooLargeError):
    """The file is above `limits.CARRIED_BYTES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One armored text in a file: its kind, first and last line, and its bytes, or the error that tells the damage."""

    kind: str
    first_line: int
    last_line: int
    data: bytes | None = field(repr=False)
    error: DamagedError | None


def armor(kind: Kind, data: bytes) -> str:
    """``data`` in armor: lines of at most 64 characters of ASCII, each ending in LF."""
    encoded = base64.b64encode(data).decode()
    lines = [encoded[at : at + COLUMNS] for at in range(0, len(encoded), COLUMNS)]
    begin, end = f"-----BEGIN CIPHERPOST {kind}-----", f"-----END CIPHERPOST {kind} {_checksum(data)}-----"
    return "".join(f"{line}\n" for line in (begin, *lines, end))


def dearmor(raw: bytes, kind: Kind, *, where: str = "") -> bytes:
    """The one object of ``kind`` in ``raw``; the same object several times, as in a quoted answer, is one.

    Raises:
        SeveralCarriedError: different ones; then `dearmor_all` takes them.
        DamagedError, NothingCarriedError, CarriedTooLargeError: as `dearmor_all`.
    """
    found = dearmor_all(raw, kind, where=where)
    if len(found) > 1:
        raise SeveralCarriedError(
            f"there are {len(found)} different ones", where=where, rule=f"one {kind.lower()} is wanted here"
        )
    return found[0]


def dearmor_all(raw: bytes, kind: Kind, *, where: str = "") -> list[bytes]:
    """Every different object of ``kind`` in ``raw``, in order; at least one, and none is damaged.

    A caller that wants the good ones beside a damaged one uses `find`.

    Raises:
        DamagedError: naming the first that is damaged, and its lines.
        NothingCarriedError: there is none of this kind.
        CarriedTooLargeError: the file is too large.
    """
    everything = find(raw, where=where)
    wanted = [one for one in everything if one.kind == kind]
    for one in wanted:
        if one.error is not None:
            raise one.error
    if wanted:
        return list(dict.fromkeys(one.data for one in wanted if one.data is not None))
    others = sorted({one.kind.lower() for one in everything})
    raise NothingCarriedError(
        f"there is no {kind.lower()} in it" + (f", only: {', '.join(others)}" if others else ""),
        where=where,
        rule=f"it has a line -----BEGIN CIPHERPOST {kind}-----",
        hints=HINTS,
    )


def find(raw: bytes, *, where: str = "") -> list[Carried]:
    """Every armored text in ``raw``, of any kind, damaged or not, in order.

    A file that is one card or invitation without armor, as a post office keeps cards, is taken as it stands.

    Raises:
        CarriedTooLargeError: the file is too large.
    """
    if len(raw) > limits.CARRIED_BYTES:
        raise CarriedTooLargeError(
            f"the file has {len(raw)} bytes", where=where, rule=f"at most {limits.CARRIED_BYTES}"
        )
    for kind in get_args(Kind):
        if re.match(rb"cipherpost/v[0-9]+ " + kind.lower().encode() + rb"\n", raw):
            return [Carried(kind=kind, first_line=1, last_line=raw.count(b"\n"), data=raw, error=None)]
    page = _Page(raw)
    return [_one(page, begin, where) for begin in _BEGIN.finditer(page.text)]


class _Page:
    """The characters of a file that count, without those that are passed over, and the line each came from."""

    def __init__(self, raw: bytes) -> None:
        lines = [_PASSED_OVER.sub("", line) for line in _LINE.split(_decode(raw).translate(_DASHES))]
        self.text = "".join(lines)
        self._ends = list(accumulate(len(line) for line in lines))

    def line(self, at: int) -> int:
        """The line, from 1, of the character at ``at`` of `text`."""
        return min(bisect_right(self._ends, at) + 1, len(self._ends))


def _decode(raw: bytes) -> str:
    """The text of a file of any of the encodings that editors and mail programs save: UTF-8, UTF-16, Windows."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    wide = raw.find(b"C\0I\0P\0H\0E\0R")  # both byte orders hold this; a letter stands first in the little-endian one
    if wide >= 0:
        return raw.decode("utf-16-be" if wide % 2 else "utf-16-le", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _one(page: _Page, begin: re.Match[str], where: str) -> Carried:
    kind = begin[1]
    first = page.line(begin.start())
    following = _NEXT.search(page.text, begin.end() - 1)
    end = _END.match(page.text, following.start()) if following else None
    if end is None or end[1] != kind:
        last = page.line((following.start() if following else len(page.text)) - 1)
        return _damaged(kind, (first, last), "the line that ends it is missing or changed", where)
    last = page.line(end.end() - 1)
    payload = page.text[begin.end() : end.start()].rstrip("-")
    foreign = _FOREIGN.search(payload)
    if foreign is not None:
        line = page.line(begin.end() + foreign.start())
        return _damaged(kind, (first, last), f"line {line} holds {shown(foreign[0])}, which is no base64", where)
    try:
        data = base64.b64decode(payload, validate=True)
    except binascii.Error:
        return _damaged(kind, (first, last), "characters are missing or changed", where)
    if base64.b64encode(data).decode() != payload or _checksum(data) != end[2]:
        return _damaged(kind, (first, last), "the checksum in its last line is not that of its text", where)
    return Carried(kind=kind, first_line=first, last_line=last, data=data, error=None)


def _damaged(kind: str, lines: tuple[int, int], what: str, where: str) -> Carried:
    place = f"{where}, lines {lines[0]} to {lines[1]}" if where else f"lines {lines[0]} to {lines[1]}"
    error = DamagedError(
        f"the {kind.lower()} was damaged on its way: {what}",
        where=place,
        rule="it is taken only whole",
        hints=HINTS,
    )
    return Carried(kind=kind, first_line=lines[0], last_line=lines[1], data=None, error=error)


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:CHECKSUM_DIGITS]
