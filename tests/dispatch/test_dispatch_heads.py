"""Heads files: sorted head lines, nothing else."""

import pytest
from dispatch_values import heads, rising
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.dispatch.header import Head
from cipherpost.dispatch.heads import HeadsMalformedError, format_heads, parse_heads
from cipherpost.errors import TooLargeError

HASH = "c" * 64
TWO = f"head center/all 14 {HASH}\nhead tver/center 12 {HASH}\n".encode()


@given(rising(heads, lambda each: each.channel).filter(bool), st.data())
@settings(deadline=None, max_examples=100)
def test_printing_what_was_parsed_gives_the_same_bytes_and_any_byte_changed_does_not(found, data):
    text = bytearray(format_heads(reversed(found)))
    assert parse_heads(bytes(text)) == found
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    try:
        other = parse_heads(bytes(text))
    except HeadsMalformedError:
        return
    assert other != found
    assert format_heads(other) == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        TWO[:-1],
        TWO + b"\n",
        b"\n" + TWO,
        TWO.replace(b"head tver/center 12", b"head center/all 15"),
        b"".join(reversed(TWO.splitlines(keepends=True))),
        TWO.replace(b"14", b"014"),
        TWO.replace(b"tver/center", b"tver/roster"),
        TWO + f"ack tver/center 12 {HASH} seen\n".encode(),
    ],
)
def test_a_malformed_heads_file_is_refused(data):
    with pytest.raises(HeadsMalformedError):
        parse_heads(data)


def test_two_heads_of_one_channel_are_not_printed():
    with pytest.raises(HeadsMalformedError, match="no two alike"):
        format_heads([Head("center/all", 14, HASH), Head("center/all", 15, HASH)])


def test_i11_a_heads_file_has_a_limit():
    with pytest.raises(TooLargeError):
        parse_heads(b"x" * (limits.HEADS_FILE_BYTES + 1))
