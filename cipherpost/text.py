"""The small grammar that all texts of the protocol share: lines, names, integers, hex, base64, times, spoken numbers.

Every ``parse_*`` takes what stands in a text and gives the value, or raises `TextError`; printing the value gives
the same characters back, since each value has one form only (docs/protocol.md, "Conventions").
"""

import binascii
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

from cipherpost import limits
from cipherpost.errors import MalformedError

HASH = rb"[0-9a-f]{64}"
NAME = rb"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NUMBER = rb"[1-9][0-9]{0,7}"
SIZE = rb"(?:0|[1-9][0-9]{0,12})"
DATE = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = DATE + rb"T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
"""Building blocks of the regular expressions over protocol bytes; numbers and times are checked further below."""

CENTER: Final = "center"
ALL: Final = "all"
ROSTER: Final = "roster"

FOLDER_NAMES: Final = frozenset({"sealed", "cards", "evidence", "heads"})
RESERVED: Final = FOLDER_NAMES | {CENTER, ALL, ROSTER, "keepers"}
"""Names with one meaning everywhere; nothing else may bear them."""
DEVICES: Final = frozenset(
    {"con", "nul", "aux", "prn"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10)}
)
"""Names that Windows keeps for devices, in any folder."""

_NAME = re.compile(NAME.decode())
_HASH = re.compile(HASH.decode())
_NUMBER = re.compile(NUMBER.decode())
_DATE = re.compile(DATE.decode())
_TIME = re.compile(DATE.decode() + "T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {0x0A})
_SPOKEN_GROUPS: Final = 12


class TextError(MalformedError):
    """A word or line does not have the form that the protocol prescribes."""


# ---- lines -------------------------------------------------------------------------------------------------------


def decode_lines(data: bytes, *, where: str = "") -> list[str]:
    """Split a protocol text into its lines, each without its LF.

    Args:
        data: the bytes of the whole text; not empty, ends in LF.

    Raises:
        TextError: not UTF-8, a control character, a trailing space, or no LF at the end.
    """
    if not data.endswith(b"\n"):
        raise TextError("the text does not end with a line feed", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(f"byte {error.start} is not UTF-8", where=where) from None
    lines = text.split("\n")
    lines.pop()
    if data.isascii() and not has_controls(data) and b" \n" not in data:
        return lines
    for at, line in enumerate(lines, 1):
        if not check_line(line):
            raise TextError(
                f"line {at} has a control character or ends with a space",
                where=where,
                rule="lines end in a bare LF and hold neither",
            )
    return lines


def has_controls(data: bytes) -> bool:
    """Whether there is a C0 control character other than LF, or DEL; C1 is not told apart from other UTF-8."""
    return len(data.translate(None, _CONTROLS)) != len(data)


def check_line(line: str) -> bool:
    """Whether ``line`` (without LF) holds no C0 or C1 control character and no space at its end."""
    return not line.endswith(" ") and not _CONTROL.search(line)


# ---- words -------------------------------------------------------------------------------------------------------


def parse_name(word: str, *, reserved: bool = False) -> str:
    """A name of a network, office, officer, group or form.

    Args:
        reserved: accept `RESERVED` words, whose meaning the caller then checks.

    Raises:
        TextError: not the form of a name, a device name of Windows, or reserved.
    """
    if not _NAME.fullmatch(word):
        raise TextError(
            f"{shown(word)} is not a name",
            rule="names are 1 to 63 of a-z, 0-9 and hyphens, with no hyphen at either end",
        )
    if word in DEVICES:
        raise TextError(f"{word!r} cannot be a name", rule="Windows keeps it for a device")
    if word in RESERVED and not reserved:
        raise TextError(f"{word!r} cannot be a name", rule="it has a meaning of its own in every network")
    return word


def is_name(word: str) -> bool:
    """Whether ``word`` has the form of a name and is no device name; reserved words count."""
    return bool(_NAME.fullmatch(word)) and word not in DEVICES


def parse_number(word: str, *, zero: bool = False) -> int:
    """A dispatch number, 1 (or 0 with ``zero``) to `limits.NUMBER`, without leading zeros or sign."""
    if zero and word == "0":
        return 0
    if not _NUMBER.fullmatch(word):
        raise TextError(f"{shown(word)} is not a number", rule="1 to 99999999, no leading zero")
    return int(word)


def parse_size(word: str) -> int:
    """A size in bytes, 0 to `limits.SIZE`, canonical decimal."""
    if not re.fullmatch(SIZE.decode(), word) or int(word) > limits.SIZE:
        raise TextError(f"{shown(word)} is not a size in bytes", rule="0 to 2^40, no leading zero")
    return int(word)


def parse_hash(word: str) -> str:
    """A SHA-256 in lower-case hex (64 characters), kept as text."""
    if not _HASH.fullmatch(word):
        raise TextError(f"{shown(word)} is not a SHA-256", rule="64 characters of lower-case hex")
    return word


def parse_base64(word: str, *, size: int | None = None) -> bytes:
    """Standard base64 with padding, canonical (RFC 4648 section 4); ``size`` is the length expected, in bytes."""
    try:
        data = binascii.a2b_base64(word, strict_mode=True)
    except ValueError:
        raise TextError("this is not base64", rule="RFC 4648 section 4, with padding") from None
    if word.endswith("=") and binascii.b2a_base64(data, newline=False).decode() != word:  # else no bit is unused
        raise TextError("this base64 is not canonical", rule="unused bits are zero")
    if size is not None and len(data) != size:
        raise TextError(f"base64 of {len(data)} bytes where {size} are due")
    return data


def parse_date(word: str) -> date:
    """A calendar day, ``2026-12-15``."""
    if _DATE.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            pass
    raise TextError(f"{shown(word)} is not a day", rule="written like 2026-12-15")


def parse_time(word: str) -> datetime:
    """A moment in UTC with whole seconds, ``2026-11-22T09:00:00Z``."""
    if _TIME.fullmatch(word):
        try:
            return datetime.fromisoformat(word)
        except ValueError:
            pass
    raise TextError(f"{shown(word)} is not a time", rule="written like 2026-11-22T09:00:00Z")


def format_time(moment: datetime) -> str:
    """The protocol's form of an aware datetime; parts of a second are dropped."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_free_text(text: str, what: str = "text") -> str:
    """A title or subject: NFC, 1 to 120 characters, none of Cc, Cf, Zl, Zp, no space at either end.

    Raises:
        TextError: naming the first thing that is wrong; the text itself is not quoted.
    """
    if not 1 <= len(text) <= limits.FREE_TEXT:
        raise TextError(f"the {what} has {len(text)} characters", rule=f"1 to {limits.FREE_TEXT}")
    if text.isascii() and text.isprintable() and text == text.strip():
        return text
    if any(unicodedata.category(ch) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for ch in text):
        raise TextError(f"the {what} holds a character that cannot be seen", rule="none of Cc, Cf, Zl, Zp")
    if unicodedata.normalize("NFC", text) != text:
        raise TextError(f"the {what} is not in Unicode's composed form", rule="NFC")
    if text != text.strip():
        raise TextError(f"the {what} begins or ends with a space")
    return text


def clean_free_text(text: str) -> str:
    """What a person typed, brought as near to `check_free_text` as can be without changing what is seen."""
    composed = unicodedata.normalize("NFC", text)
    kept = (" " if ch.isspace() else ch for ch in composed)
    seen = "".join(ch for ch in kept if unicodedata.category(ch) not in {"Cc", "Cf", "Cs"})
    return " ".join(unicodedata.normalize("NFC", seen).split())  # again: what is dropped may have stood in between


# ---- channels ----------------------------------------------------------------------------------------------------


def parse_channel(word: str) -> tuple[str, str]:
    """``center/all`` as (office, audience); each a name, `RESERVED` words only where they have their meaning."""
    office, slash, audience = word.partition("/")
    if not slash or not is_name(office) or not is_name(audience):
        raise TextError(f"{shown(word)} is not a channel", rule="an office, a slash, an office or group")
    if office in RESERVED - {CENTER} or audience in RESERVED - {CENTER, ALL, ROSTER}:
        raise TextError(f"{shown(word)} is not a channel", rule="it uses a word with a meaning of its own")
    if audience == ROSTER and office != CENTER:
        raise TextError(f"{shown(word)} is not a channel", rule="only the center has a roster")
    return office, audience


def parse_place(word: str) -> tuple[str, int]:
    """``center/all/14`` as (channel, number): how people name one dispatch."""
    channel, _, number = word.rpartition("/")
    parse_channel(channel)
    return channel, parse_number(number)


# ---- hashes and spoken numbers -----------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 characters of lower-case hex, as ``sha256sum`` prints it."""
    return hashlib.sha256(data).hexdigest()


def spoken(fingerprint: str) -> str:
    """The form of a hash that is read aloud: twelve groups of five digits (docs/protocol.md, "Spoken numbers").

    SHAKE256 of the 32 raw bytes gives 60 bytes: twelve big-endian numbers of five bytes, each modulo 100000.
    """
    stream = hashlib.shake_256(bytes.fromhex(fingerprint)).digest(5 * _SPOKEN_GROUPS)
    groups = (int.from_bytes(stream[at : at + 5], "big") % 100_000 for at in range(0, len(stream), 5))
    return " ".join(f"{group:05d}" for group in groups)


def parse_spoken(heard: str) -> list[str]:
    """The twelve groups of a number that was read aloud and typed; any spaces and punctuation between digits.

    Raises:
        TextError: other characters, or not sixty digits.
    """
    digits = re.sub(r"[\s.,;:_-]+", "", heard)
    if stray := re.search(r"[^0-9]", digits):
        raise TextError(f"the spoken number holds {shown(stray[0])}", rule="twelve groups of five digits, nothing else")
    if len(digits) != 5 * _SPOKEN_GROUPS:
        raise TextError(f"the spoken number has {len(digits)} digits", rule="twelve groups of five digits")
    return [digits[at : at + 5] for at in range(0, len(digits), 5)]


def first_difference(heard: Sequence[str], true: str) -> int | None:
    """1 to 12: the first group of ``heard`` that is not that of `spoken` number ``true``; None when all agree."""
    pairs = zip(heard, true.split(), strict=True)
    return next((at for at, (left, right) in enumerate(pairs, 1) if left != right), None)


def shown(word: str, limit: int = 40) -> str:
    """``word`` quoted for an error message: control characters escaped, no longer than ``limit`` characters."""
    cut = word if len(word) <= limit else word[: limit - 1] + "…"
    return "'" + "".join(ch if ch.isprintable() else f"\\u{ord(ch):04x}" for ch in cut) + "'"
