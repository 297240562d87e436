"""Strict JSON (RFC 8259, within the bounds of RFC 7493) and the one canonical way of printing it (RFC 8785).

Python's own reader takes the last of two equal keys, ``NaN``, integers of any length and any nesting, and lone
surrogates that no file can hold. Two programs that read such a text see two different letters; here it is refused.
Error texts name places, never keys or values: what is read may be the plaintext of a letter.

Canonical form: UTF-8, keys sorted, no spaces, no line feed at the end, integers only:
``{"format":"cipherpost/v1 members","members":[]}``.
"""

import json
import re
from typing import Any, Final, NamedTuple, NoReturn

from cipherpost import limits
from cipherpost.errors import MalformedError, TooLargeError

SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493 section 2.2)."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_QUICK: Final = 1 << 20
"""Bytes of JSON that are read without counting its values first."""
_UNKNOWN: Final = object()
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class JsonError(MalformedError):
    """The bytes are not JSON, or not JSON that all programs read alike."""


class JsonTooLargeError(TooLargeError):
    """The JSON is longer, deeper or of more values than its limit."""


class JsonKeyError(JsonError):
    """An object has two members of one name."""


class JsonNumberError(JsonError):
    """``NaN``, ``Infinity``, or a number that other programs read as another."""


class JsonTextError(JsonError):
    """A text holds half of a surrogate pair, or the whole is not UTF-8."""


class NotCanonicalError(JsonError):
    """Right JSON, but not in its one canonical form."""


class Marked(NamedTuple):
    """A value that was read, and whether the bytes are what `canonical` prints for it."""

    value: Any
    canonical: bool


def parse(data: bytes, *, limit: int, where: str = "") -> Any:
    """Read one JSON value.

    Args:
        data: the whole text.
        limit: most bytes allowed, one of `limits`.
        where: what is read, for error messages.

    Returns:
        dict, list, str, int, float, bool or None, nested at most `limits.JSON_DEPTH` deep.

    Raises:
        JsonTooLargeError: above ``limit``, `limits.JSON_DEPTH` or `limits.JSON_VALUES`.
        JsonTextError, JsonKeyError, JsonNumberError: as they say.
        JsonError: anything else that is not JSON.
    """
    return parse_marked(data, limit=limit, where=where).value


def parse_marked(data: bytes, *, limit: int, where: str = "") -> Marked:
    """What `parse` gives, and whether ``data`` is what `canonical` prints for it.

    Raises:
        As `parse`.
    """
    value = _quickly(data, limit)
    if value is not _UNKNOWN:
        return Marked(value, True)
    value = _parse(data, limit, where, _DECODER)
    try:
        return Marked(value, canonical(value) == data)
    except TypeError:
        return Marked(value, False)


def _quickly(data: bytes, limit: int) -> Any:
    """The value of plain canonical JSON; `_UNKNOWN` of any other, which is to be looked at closely.

    What comes back printed as it was read has no member twice, no space and no escape that it needs not. Whatever is
    deep or not ASCII is left to the close look.
    """
    deep = data.count(b"{") + data.count(b"[") > limits.JSON_DEPTH
    if deep or len(data) > min(limit, _QUICK) or not data.isascii():
        return _UNKNOWN
    text = data.decode("ascii")
    try:
        value = _PLAIN_DECODER.decode(text)
        return value if _ENCODER.encode(value) == text else _UNKNOWN
    except (ValueError, JsonError):
        return _UNKNOWN


def _parse(data: bytes, limit: int, where: str, decoder: json.JSONDecoder) -> Any:
    if len(data) > limit:
        raise JsonTooLargeError(f"the JSON has {len(data)} bytes", where=where, rule=f"at most {limit}")
    _check_shape(data, where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonTextError(f"byte {error.start} is not UTF-8", where=where) from None
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"this is not JSON at line {error.lineno}, column {error.colno}", where=where) from None
    except JsonError as error:
        raise type(error)(error.what, where=where, rule=error.rule) from None
    if _SURROGATE_ESCAPE.search(data):
        _check_surrogates(value, where)
    return value


def canonical(value: Any) -> bytes:
    """The one canonical form of a value of dicts, lists, texts, integers, booleans and None (RFC 8785).

    Keys are ASCII, so that sorting by characters, bytes and UTF-16 is the same; numbers are integers.

    Raises:
        TypeError: a float, another type, or a key that is not ASCII text: a mistake of the caller.
        JsonTextError: a text holds half of a surrogate pair.
    """
    _check_canonical_types(value)
    return _printed(value)


def _printed(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise JsonTextError("a text holds half of a surrogate pair") from None


def parse_canonical(data: bytes, *, limit: int, where: str = "") -> Any:
    """Like `parse`, and the bytes must be what `canonical` prints for the value.

    Raises:
        NotCanonicalError: spaces, other order of keys, other escapes, a float.
        JsonError, JsonTooLargeError: as `parse`.
    """
    value = _quickly(data, limit)
    if value is not _UNKNOWN:
        return value
    value = _parse(data, limit, where, _CANONICAL_DECODER)
    _check_printed(_printed(value), data, where)
    return value


def check_marked(canonical: bool, where: str) -> None:
    """Refuse what `parse_marked` did not find to be in its canonical form.

    Raises:
        NotCanonicalError: it was not.
    """
    if not canonical:
        raise _not_canonical(where)


def _check_printed(printed: bytes, data: bytes, where: str) -> None:
    if printed != data:
        raise _not_canonical(where)


def _not_canonical(where: str = "") -> NotCanonicalError:
    return NotCanonicalError(
        "the JSON is not in its canonical form", where=where, rule="sorted keys, no spaces, integers, UTF-8"
    )


def _check_shape(data: bytes, where: str) -> None:
    """Bound the number of values and the nesting before anything is built, in a few passes over the bytes."""
    frame = _STRING.sub(b"", data)
    values = frame.count(b",") + frame.count(b"[") + frame.count(b"{")
    if values > limits.JSON_VALUES:
        raise JsonTooLargeError("the JSON has too many values", where=where, rule=f"at most {limits.JSON_VALUES}")
    depth = 0
    for byte in frame.translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth < 0:
            return  # no JSON: the reader itself says where
        if depth > limits.JSON_DEPTH:
            raise JsonTooLargeError("the JSON is nested too deep", where=where, rule=f"at most {limits.JSON_DEPTH}")


def _check_surrogates(value: Any, where: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise JsonTextError("a text holds half of a surrogate pair", where=where) from None


def _check_canonical_types(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError("keys of canonical JSON are ASCII texts")
            _check_canonical_types(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_canonical_types(inner)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"canonical JSON holds no {type(value).__name__}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonKeyError("an object has two members of one name", rule="names of members are distinct")
    return members


def _constant(word: str) -> NoReturn:
    raise JsonNumberError(f"{word} is not JSON")


def _integer(word: str) -> int:
    if len(word) > 17 or abs(value := int(word)) > SAFE_INTEGER:
        raise JsonNumberError("an integer is too large to be read alike everywhere", rule="at most 2^53 - 1")
    if word == "-0":
        raise JsonNumberError("-0 is not an integer that all programs keep")
    return value


def _float(word: str) -> float:
    if len(word) > 100 or (value := float(word)) in (float("inf"), float("-inf")):
        raise JsonNumberError("a number is too long or too large to be read alike everywhere", rule="RFC 7493")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float, strict=True
)


def _canonical_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = _object(pairs)
    if not "".join(members).isascii():
        raise _not_canonical()
    return members


def _no_float(word: str) -> NoReturn:
    raise _not_canonical()


_CANONICAL_DECODER = json.JSONDecoder(
    object_pairs_hook=_canonical_object,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_no_float,
    strict=True,
)
_PLAIN_DECODER = json.JSONDecoder(parse_constant=_constant, parse_int=_integer, parse_float=_no_float, strict=True)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
