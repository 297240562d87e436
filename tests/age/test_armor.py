"""ASCII armor: one text for one file, whatever the sizes of reads and writes."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cipherpost.age import ArmorError, ArmorReader, ArmorWriter, dearmor, enarmor
from cipherpost.age.armor import BEGIN, BLANKS, END

from .support import Dribble


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=500), cuts=st.lists(st.integers(0, 100), max_size=6), size=st.integers(1, 200))
@example(data=bytes(48), cuts=[], size=1)
@example(data=bytes(96), cuts=[47, 1, 0, 1], size=48)
@example(data=b"", cuts=[], size=1)
def test_round_trip(data: bytes, cuts: list[int], size: int):
    sink = io.BytesIO()
    writer = ArmorWriter(sink)
    at = 0
    for cut in cuts:
        writer.write(data[at : at + cut])
        at += cut
    writer.write(memoryview(data)[at:])
    writer.close()
    text = sink.getvalue()
    assert text == enarmor(data)
    assert all(len(line) <= 64 for line in text.splitlines())
    assert dearmor(text.replace(b"\n", b"\r\n")) == data
    reader = ArmorReader(Dribble(b" \n\t\r\n" + text + b"\n  \n"))
    parts = []
    while part := reader.read(size):
        assert len(part) <= size
        parts.append(part)
    assert b"".join(parts) == data


def test_large():
    data = bytes(range(256)) * 4096
    assert dearmor(enarmor(data)) == data
    assert dearmor(Dribble(enarmor(data), (1000, 65, 66, 64))) == data


TEXT = enarmor(bytes(100))
LINES = TEXT.splitlines(keepends=True)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n",
        TEXT[:-1].removesuffix(END),
        TEXT.replace(END, END.lower()),
        TEXT.replace(b"AGE", b"age"),
        TEXT.replace(BEGIN, b" " + BEGIN),
        TEXT.replace(BEGIN, BEGIN + b" "),
        TEXT.replace(END, END + b" "),
        b"x\n" + TEXT,
        TEXT + b"x",
        TEXT + TEXT,
        TEXT.replace(BEGIN + b"\n", BEGIN + b"\nVersion: 1\n\n"),
        TEXT.replace(BEGIN + b"\n", BEGIN + b"\n\n"),
        TEXT.replace(END, b"\n" + END),
        LINES[0] + LINES[1] + b"\n" + b"".join(LINES[2:]),
        LINES[0] + LINES[1][:60] + b"\n" + b"".join(LINES[2:]),
        LINES[0] + LINES[1][:-1] + LINES[2] + b"".join(LINES[3:]),
        LINES[0] + LINES[1][:-1] + b" \n" + b"".join(LINES[2:]),
        LINES[0] + LINES[1].replace(b"\n", b"\r\r\n") + b"".join(LINES[2:]),
        LINES[0] + LINES[1].replace(b"\n", b"\r") + b"".join(LINES[2:]),
        LINES[0] + b"".join(LINES[2:-1]) + b"AAAA\n" + LINES[-1],
        enarmor(b"a").replace(b"YQ==", b"YQ"),
        enarmor(b"a").replace(b"YQ==", b"YR=="),
        enarmor(b"a").replace(b"YQ==", b"YQ=\n="),
        enarmor(b"a").replace(b"YQ==", b"===="),
        enarmor(b"a").replace(b"YQ==", b"Y_=="),
        b"\n" * (BLANKS + 1) + TEXT,
        TEXT + b"\n" * (BLANKS + 1),
    ],
)
@pytest.mark.parametrize("source", [io.BytesIO, Dribble])
def test_broken_armor(text: bytes, source: type[io.BytesIO] | type[Dribble]):
    reader = ArmorReader(source(text))
    with pytest.raises(ArmorError):
        reader.read()
    with pytest.raises(ArmorError):  # nor does it give out the rest when it is asked again
        reader.read(1)


def test_blanks_around_up_to_the_limit():
    assert dearmor(b"\n" * BLANKS + TEXT + b"\n" * BLANKS) == bytes(100)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), byte=st.integers(0, 255))
def test_no_second_text_of_one_file(at: int, byte: int):
    altered = TEXT[:at] + bytes([byte]) + TEXT[at + 1 :]
    try:
        data = dearmor(altered)
    except ArmorError:
        return
    # Only the white space at the very end may differ.
    assert data != bytes(100) or altered.rstrip() == TEXT.rstrip()
