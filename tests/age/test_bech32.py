"""Bech32 by parity masks against the way the textbook does it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cipherpost.age import KeyFormatError
from cipherpost.age.bech32 import ALPHABET, LONGEST, decode, encode

PREFIXES = st.sampled_from(["age", "age1pq", "age-secret-key-", "age-secret-key-pq-", "a", "!~"])


def polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> bit & 1 else 0
    return state


def expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def textbook(prefix: str, data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return symbols_to_text(prefix, [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)])


def symbols_to_text(prefix: str, symbols: list[int], constant: int = 1) -> str:
    checksum = polymod(expanded(prefix) + symbols + [0] * 6) ^ constant
    symbols = symbols + [checksum >> 5 * (5 - at) & 31 for at in range(6)]
    return prefix + "1" + "".join(ALPHABET[symbol] for symbol in symbols)


@settings(max_examples=60, deadline=None)
@given(prefix=PREFIXES, data=st.binary(max_size=200))
@example(prefix="age1pq", data=bytes(range(256)) * 4 + bytes(192))
@example(prefix="age", data=b"")
@example(prefix="a", data=bytes(1272))
def test_like_the_textbook(prefix: str, data: bytes):
    text = encode(prefix, data)
    assert text == textbook(prefix, data)
    assert decode(text) == (prefix, data)
    assert decode(text.upper()) == (prefix.upper(), data)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(min_size=1, max_size=80), where=st.integers(min_value=0), other=st.integers(1, 31))
def test_one_wrong_character_is_noticed(data: bytes, where: int, other: int):
    text = encode("age", data)
    at = len("age1") + where % (len(text) - len("age1"))
    wrong = ALPHABET[ALPHABET.index(text[at]) ^ other]
    with pytest.raises(KeyFormatError):
        decode(text[:at] + wrong + text[at + 1 :])


def test_mixed_case_is_refused():
    text = encode("age", bytes(32))
    for wrong in (text[:3] + text[3:].upper(), text.upper()[:-1] + text[-1], "Age" + text[3:]):
        assert wrong not in (text, text.upper())
        with pytest.raises(KeyFormatError, match="upper and lower"):
            decode(wrong)


@pytest.mark.parametrize("symbols", [[1], [0], [0, 1], [31] * 7, [0, 0, 0]])
def test_bits_left_over_are_refused(symbols: list[int]):
    with pytest.raises(KeyFormatError, match="bits left over"):
        decode(symbols_to_text("age", symbols))


def test_the_later_checksum_bech32m_is_refused():
    with pytest.raises(KeyFormatError, match="checksum"):
        decode(symbols_to_text("age", [0] * 8, constant=0x2BC830A3))


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "age", "1qqqqqq", "age1", "age1qqqqq", "a e1qqqqqq", "\x7f1qqqqqq"),
        *("age1bqqqqqq", "age1_qqqqqq", "age1 qqqqqq", "age1+qqqqqq", "age1qqqqqq\n"),
        *("äge1qqqqqq", "age1qqqqqqé"),
    ],
)
def test_what_is_not_bech32_is_refused(text: str):
    with pytest.raises(KeyFormatError):
        decode(text)


def test_the_longest():
    data = bytes(5 * (LONGEST - 2 - 6) // 8)
    text = encode("a", data)
    assert len(text) in (LONGEST - 1, LONGEST)
    assert decode(text) == ("a", data)
    with pytest.raises(KeyFormatError, match="too long"):
        decode(encode("a", data + bytes(2)))
