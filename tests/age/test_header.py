"""The grammar of the header: what is printed parses back, and nothing else parses."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost.age import HeaderError, HeaderTooLargeError, inspect
from cipherpost.age.header import (
    STANZAS,
    VERSION_LINE,
    Stanza,
    decode_base64,
    encode_base64,
    parse_header,
    print_end,
    print_unsigned,
    read_header,
)
from cipherpost.limits import AGE_HEADER_BYTES

from .support import Dribble

END = b"--- " + b"A" * 43 + b"\n"

arguments = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
stanzas = st.builds(
    lambda words, body: Stanza(" ".join(words), body),
    st.lists(arguments, min_size=1, max_size=4),
    st.binary(max_size=150) | st.sampled_from([bytes(48), bytes(96), bytes(47), bytes(49)]),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(stanzas, min_size=1, max_size=5), st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_what_is_printed_parses_back(parts: list[Stanza], mac: bytes, payload: bytes):
    unsigned = print_unsigned(parts)
    raw = unsigned + print_end(mac)
    header, rest = read_header(Dribble(raw + payload))
    assert header.stanzas == tuple(parts)
    assert (header.mac, header.signed, header.size) == (mac, unsigned, len(raw))
    assert payload.startswith(rest)
    assert print_unsigned(header.stanzas) + print_end(header.mac) == raw


@settings(max_examples=100, deadline=None)
@given(st.lists(stanzas, min_size=1, max_size=2), st.data())
def test_an_altered_byte_is_refused_or_shows(parts: list[Stanza], data: st.DataObject):
    raw = bytearray(print_unsigned(parts) + print_end(bytes(32)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        header = parse_header(bytes(raw))
    except HeaderError:
        return
    assert print_unsigned(header.stanzas) + print_end(header.mac) == raw
    assert header.stanzas != tuple(parts) or header.mac != bytes(32)


@pytest.mark.parametrize(
    "middle",
    [
        b"",
        b"->\n\n",
        b"-> \n\n",
        b"->  a\n\n",
        b"-> a \n\n",
        b"-> a  b\n\n",
        b"-> a\tb\n\n",
        b"-> a\r\n\n",
        b"-> \xc3\xa4\n\n",
        b"-> a\n",
        b"-> a\nA\n",
        b"-> a\nAB\n",
        b"-> a\nAAB\n",
        b"-> a\nAA==\n",
        b"-> a\nAA\nAA\n",
        b"-> a\nA-A_\n",
        b"-> a\n" + b"A" * 64 + b"\n",
        b"-> a\n" + b"A" * 65 + b"\n",
        b"-> a\n" + b"A" * 68 + b"\n\n",
        b"-> a\n\n\n",
        b"\n-> a\n\n",
        b"a\n\n",
    ],
)
def test_malformed_stanzas(middle: bytes):
    with pytest.raises(HeaderError):
        read_header(io.BytesIO(VERSION_LINE + middle + END))


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"---",
        b"---\n",
        b"--- \n",
        END[:-1],
        END[:-2] + b"\n",
        END[:-2] + b"B\n",
        END[:-1] + b"=\n",
        END[:-1] + b" \n",
        b"---  " + END[4:],
        b"----" + END[4:],
        b"--- " + END[5:-1] + b"\xff\n",
    ],
)
def test_malformed_end(end: bytes):
    with pytest.raises(HeaderError):
        read_header(io.BytesIO(VERSION_LINE + b"-> a\n\n" + end))


@pytest.mark.parametrize("data", [b"", b"age", b"age-encryption.org/v2\n", b"x" * 100, b"\n" + VERSION_LINE])
def test_not_an_age_file(data: bytes):
    with pytest.raises(HeaderError, match="not an age file"):
        read_header(io.BytesIO(data))


def test_armor_is_named():
    with pytest.raises(HeaderError, match="ASCII armor"):
        read_header(io.BytesIO(b"\n-----BEGIN AGE ENCRYPTED FILE-----\n"))


def test_a_foreign_file_is_not_read_further():
    source = io.BytesIO(bytes(10_000_000))
    with pytest.raises(HeaderError):
        read_header(source)
    assert source.tell() <= 16 * 1024


def test_a_header_without_end_is_not_read_beyond_the_limit():
    class Endless:
        taken = 0

        def read(self, size: int, /) -> bytes:
            self.taken += size
            return (VERSION_LINE + b"-> a\n")[:size] if self.taken == size else b"A" * size

    source = Endless()
    with pytest.raises(HeaderTooLargeError):
        read_header(source)
    assert AGE_HEADER_BYTES < source.taken <= AGE_HEADER_BYTES + 2 * 1024 * 1024


@pytest.mark.parametrize("above", [0, 1, 40_000])
def test_the_limit_is_that_of_the_whole_header(above: int):
    frame = len(VERSION_LINE) + len(b"-> \n\n") + len(END)
    raw = VERSION_LINE + b"-> " + b"a" * (AGE_HEADER_BYTES + above - frame) + b"\n\n" + END
    if not above:
        assert read_header(io.BytesIO(raw))[0].size == AGE_HEADER_BYTES
        return
    with pytest.raises(HeaderTooLargeError):
        read_header(io.BytesIO(raw))


def test_too_many_stanzas():
    raw = VERSION_LINE + b"-> a\n\n" * STANZAS
    assert len(parse_header(raw + END).stanzas) == STANZAS
    with pytest.raises(HeaderTooLargeError, match="too many stanzas"):
        parse_header(raw + b"-> a\n\n" + END)


def test_a_stanza_of_a_million_arguments_parses():
    line = b"a" + b" b" * 1_000_000
    (stanza,) = parse_header(VERSION_LINE + b"-> " + line + b"\n\n" + END).stanzas
    assert stanza.type == "a"
    with pytest.raises(HeaderError, match="number of arguments"):
        stanza.arguments(1)


def test_ten_thousand_hybrid_stanzas():
    one = Stanza(f"mlkem768x25519 {'A' * 1494}", bytes(32))
    raw = print_unsigned([one] * 10_000) + print_end(bytes(32))
    info = inspect(io.BytesIO(raw + b"payload"))
    assert (info.count, info.size) == (10_000, len(raw))
    assert set(info.types) == {"mlkem768x25519"}


@pytest.mark.parametrize(("line", "count", "found"), [("a", 0, []), ("a b", 1, ["b"]), ("a b c", 2, ["b", "c"])])
def test_arguments(line: str, count: int, found: list[str]):
    assert Stanza(line, b"").arguments(count) == found
    for other in {0, 1, 2, 3} - {count}:
        with pytest.raises(HeaderError):
            Stanza(line, b"").arguments(other)


@given(st.binary(max_size=60))
def test_base64(data: bytes):
    text = encode_base64(data)
    assert decode_base64(text, len(data), what="it") == data
    with pytest.raises(HeaderError):
        decode_base64(text, len(data) + 1, what="it")
    for wrong in (text + "=", text + "\n", " " + text, text + "AAAA"):
        with pytest.raises(HeaderError):
            decode_base64(wrong, len(data), what="it")


@pytest.mark.parametrize("text", ["AB", "A", "AA==", "A-", "A_", "AAAAA"])
def test_base64_that_is_not_canonical(text: str):
    with pytest.raises(HeaderError, match="it is not the base64"):
        decode_base64(text, 1, what="it")
