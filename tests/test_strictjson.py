"""Strict JSON: what other readers would take differently is refused, each for its own reason."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits, strictjson
from cipherpost.strictjson import (
    SAFE_INTEGER,
    JsonError,
    JsonKeyError,
    JsonNumberError,
    JsonTextError,
    JsonTooLargeError,
    NotCanonicalError,
    canonical,
    parse,
    parse_canonical,
)

KEYS = st.text(string.ascii_letters + string.punctuation, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-SAFE_INTEGER, SAFE_INTEGER) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


def read(data: bytes) -> object:
    return parse(data, limit=1_000_000, where="data.json")


@settings(deadline=None)
@given(VALUES)
def test_canonical_json_parses_to_the_value_and_prints_the_same_bytes(value: object) -> None:
    printed = canonical(value)
    assert parse_canonical(printed, limit=1_000_000) == value
    assert json.loads(printed) == value


@settings(deadline=None, max_examples=50)
@given(VALUES, st.data())
def test_one_changed_byte_of_canonical_json_is_another_value_or_refused(value: object, data: st.DataObject) -> None:
    printed = bytearray(canonical(value))
    at = data.draw(st.integers(0, len(printed) - 1))
    printed[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_canonical(bytes(printed), limit=1_000_000)
    except (JsonError, JsonTooLargeError):
        return
    assert canonical(changed) != canonical(value)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"a":1,"a":2}', JsonKeyError),
        (b'{"a":1,"\\u0061":1}', JsonKeyError),
        (b'[{"b":{"c":0,"c":0}}]', JsonKeyError),
        (b"NaN", JsonNumberError),
        (b"[Infinity]", JsonNumberError),
        (b"[-Infinity]", JsonNumberError),
        (b"1e999", JsonNumberError),
        (b"-1e999", JsonNumberError),
        (b"-0", JsonNumberError),
        (b"9007199254740992", JsonNumberError),
        (b"1" * 5000, JsonNumberError),
        (b"0." + b"1" * 200, JsonNumberError),
        (b'"\\ud800"', JsonTextError),
        (b'{"\\udc00":1}', JsonTextError),
        (b'["\\ude00\\ud83d"]', JsonTextError),
        (b'"\xed\xa0\x80"', JsonTextError),
        (b'"\xff"', JsonTextError),
        (b"\xef\xbb\xbf{}", JsonError),
        (b"{}".decode().encode("utf-16"), JsonTextError),
        (b"", JsonError),
        (b"{} {}", JsonError),
        (b"{}x", JsonError),
        (b"{'a':1}", JsonError),
        (b"[1,]", JsonError),
        (b'{"a":1,}', JsonError),
        (b"// no\n1", JsonError),
        (b'"a\nb"', JsonError),
        (b'"a\x00b"', JsonError),
        (b"01", JsonError),
        (b"+1", JsonError),
        (b'"\\x41"', JsonError),
        (b'"open', JsonError),
        (b'"open\\', JsonError),
        (b"]" * 1000, JsonError),
    ],
)
def test_what_programs_read_differently_is_refused(data: bytes, error: type[JsonError]) -> None:
    with pytest.raises(error) as caught:
        read(data)
    assert type(caught.value) is error
    assert caught.value.where == "data.json"


def test_i5_errors_quote_nothing_of_what_was_read() -> None:
    for data in (b'{"secret":1,"secret":2}', b'{"secret": secret}', b'{"secret":"\\ud800"}', b'["secret", 1e999]'):
        with pytest.raises(JsonError) as caught:
            read(data)
        assert "secret" not in str(caught.value)


def test_ordinary_json_is_read() -> None:
    assert read(b' {"a" : [1, 2.5, -3e2, true, null, "\\ud83d\\ude00\\n"]}\n') == {
        "a": [1, 2.5, -300.0, True, None, "\U0001f600\n"]
    }


def test_i11_depth_is_bounded_before_anything_is_built() -> None:
    deepest = b"[" * limits.JSON_DEPTH + b"]" * limits.JSON_DEPTH
    read(deepest)
    for deep in (b"[" + deepest + b"]", b'{"a":' * 65 + b"1" + b"}" * 65, b"[" * 500_000):
        with pytest.raises(JsonTooLargeError, match="nested too deep"):
            read(deep)


def test_brackets_within_texts_are_no_nesting() -> None:
    text = '["' + "[" * 1000 + '\\"' + "{" * 1000 + '\\\\",[1]]'
    assert read(text.encode()) == json.loads(text)


def test_i11_number_of_values_and_bytes_is_bounded() -> None:
    many = b"[" + b"0," * limits.JSON_VALUES + b"0]"
    with pytest.raises(JsonTooLargeError, match="too many values"):
        parse(many, limit=len(many))
    with pytest.raises(JsonTooLargeError, match="3 bytes"):
        parse(b"[0]", limit=2)


@pytest.mark.parametrize(
    "data",
    [b'{"a": 1}', b'{"b":1,"a":2}', b"[1]\n", b'"\\u0041"', b'"\\/"', b"1.0", b"[1.5]", '{"\u00e9":1}'.encode()],
)
def test_right_json_in_another_form_is_not_canonical(data: bytes) -> None:
    read(data)
    with pytest.raises(NotCanonicalError):
        parse_canonical(data, limit=1000)


@pytest.mark.parametrize("value", [1.5, {"\u00e9": 1}, {1: 2}, b"x", {"a": [object()]}])
def test_canonical_printing_takes_only_what_it_can_give_back(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_canonical_printing_refuses_half_a_character() -> None:
    with pytest.raises(JsonTextError):
        canonical(["\ud800"])


# ---- the quick way -------------------------------------------------------------------------------------------------

TRICKY = (
    b'{"a":1,"a":1}',
    b'{"a":1.0}',
    b'{"a":1e3}',
    b'{"a":-0}',
    b'{"a":[1.5]}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":9007199254740993}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0041"}',
    b'{"a": 1}',
    b'{"b":1,"a":2}',
    '{"\u0444":1}'.encode(),
    b'{"a":1}\n',
    b'{"a":"\\/"}',
    b'{"a":' + b"[" * 70 + b"]" * 70 + b"}",
    b"1.0",
    b"1",
    b'"a"',
)


@pytest.mark.parametrize("data", TRICKY)
def test_what_is_not_plainly_canonical_is_looked_at_closely(data: bytes) -> None:
    """The quick way gives an answer only where the close look gives the same one."""
    try:
        expected = strictjson._parse(data, 1 << 20, "", strictjson._DECODER)
    except (JsonError, JsonTooLargeError) as error:
        with pytest.raises(type(error)):
            parse(data, limit=1 << 20)
        with pytest.raises((JsonError, JsonTooLargeError)):
            parse_canonical(data, limit=1 << 20)
    else:
        value, marked = strictjson.parse_marked(data, limit=1 << 20)
        assert (value, marked) == (expected, data in (b"1", b'"a"'))


@settings(deadline=None)
@given(VALUES)
def test_canonical_values_are_read_and_marked_alike_both_ways(value: object) -> None:
    data = canonical({"a": value, "b": [value]})
    assert strictjson.parse_marked(data, limit=1 << 20) == ({"a": value, "b": [value]}, True)
    quick = strictjson._quickly(data, 1 << 20)
    assert quick is strictjson._UNKNOWN or quick == {"a": value, "b": [value]}
