"""Headers: one form for each, printed and read back alike (V1)."""

import re
from datetime import date

import pytest
from dispatch_values import PLAIN, headers
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.dispatch.header import (
    Ack,
    Decision,
    Endorsement,
    Head,
    Header,
    HeaderMalformedError,
    Missing,
    NewerHeaderError,
    Report,
    RosterRef,
    Sealed,
    format_header,
    parse_header,
)
from cipherpost.errors import MalformedError, TooLargeError

PLAIN_BYTES = b"""\
cipherpost/v1
network rkpb
channel tver/center
number 12
previous 1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d
time 2026-11-22T09:00:00Z
by ivanov
kind message
roster 7 0909090909090909090909090909090909090909090909090909090909090909
letter 5555555555555555555555555555555555555555555555555555555555555555
sealed 8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f 18432
ack center/all 14 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa received
ack center/tver 3 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb seen
"""
ROSTER = Header(
    "rkpb", "center/roster", 1, None, "2026-11-22T09:00:00Z", "stasova", "roster", statements=b"keepers stasova\n"
)
HASH = "c" * 64


def test_v1_a_known_header_has_known_bytes():
    assert format_header(PLAIN) == PLAIN_BYTES
    assert parse_header(PLAIN_BYTES) == PLAIN
    assert (PLAIN.office, PLAIN.audience) == ("tver", "center")


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("roster", RosterRef(7, HASH), f"roster 7 {HASH}"),
        ("report", Report("monthly-return", "2026-10", None, False), "report monthly-return 2026-10"),
        ("report", Report("nil", "2026-q3", None, True), "report nil 2026-q3 nil"),
        (
            "report",
            Report("conference-before", "e7k2m4qaz", date(2026, 12, 10), False),
            "report conference-before e7k2m4qaz 2026-12-10",
        ),
        (
            "decision",
            Decision("excused", "tver", "monthly-return", "2026-10", None, None, None),
            "decision excused tver monthly-return 2026-10",
        ),
        (
            "decision",
            Decision("extended", "tver", "f", "2026-10-05", None, None, date(2026, 12, 1)),
            "decision extended tver f 2026-10-05 2026-12-01",
        ),
        (
            "decision",
            Decision("owed", "tver", None, None, "center/all", 14, None),
            "decision owed tver center/all 14",
        ),
        ("heads", (Head("center/all", 14, HASH),), f"head center/all 14 {HASH}"),
        ("acks", (Ack("tver/center", 0, None, "seen"),), "ack tver/center 0 none seen"),
        ("missing", (Missing("tver/center", 13, 15),), "missing tver/center 13-15"),
        ("missing", (Missing("tver/center", 13, 13),), "missing tver/center 13"),
        ("endorsed", (Endorsement("sverdlov", bytes(64)),), f"endorsed sverdlov {'A' * 86}=="),
    ],
)
def test_v1_every_line_has_its_words(field, value, line):
    header = PLAIN._replace(**{field: value})
    data = format_header(header)
    assert line.encode() in data.splitlines()
    assert parse_header(data) == header


@given(headers())
@settings(deadline=None, max_examples=100)
def test_v1_printing_what_was_parsed_gives_the_same_bytes(header):
    data = format_header(header)
    assert parse_header(data) == header
    assert format_header(parse_header(data)) == data


@given(headers(), st.data())
@settings(deadline=None, max_examples=150)
def test_v1_any_byte_changed_is_another_header_or_none(header, data):
    text = bytearray(format_header(header))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    _another_or_none(bytes(text), header)


@given(headers(), st.data())
@settings(deadline=None, max_examples=150)
def test_v1_any_byte_or_line_added_or_taken_away_is_another_header_or_none(header, data):
    text = format_header(header)
    lines = text.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    byte = data.draw(st.integers(0, len(text) - 1))
    for changed in (
        lines[:at] + lines[at + 1 :],
        lines[: at + 1] + lines[at:],
        [*lines[:at], b"\n", *lines[at:]],
        [text[:byte], text[byte + 1 :]],
        [text[:byte], data.draw(st.sampled_from([b" ", b"\n", b"\r", b"0", b"-", b"a", b"\0"])), text[byte:]],
    ):
        if b"".join(changed) != text:
            _another_or_none(b"".join(changed), header)


def _another_or_none(text, header):
    try:
        found = parse_header(text)
    except (MalformedError, NewerHeaderError):
        return
    assert found != header
    assert format_header(found) == text


def change(old, new):
    assert PLAIN_BYTES.count(old.encode()) == 1
    return PLAIN_BYTES.replace(old.encode(), new.encode())


def add(line, before="ack center/all"):
    return change(before, f"{line}\n{before}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "line 1 .*the first line is cipherpost/v1"),
        (b"\n", "line 1 "),
        (PLAIN_BYTES[:-1], "the last line does not end"),
        (PLAIN_BYTES + b"\n", "only kind roster carries statements"),
        (PLAIN_BYTES + b"\nkeepers stasova\n", "only kind roster carries statements"),
        (PLAIN_BYTES[: PLAIN_BYTES.index(b"kind")], "the line kind is missing"),
        (PLAIN_BYTES.replace(b"\n", b"\r\n"), "the first line is cipherpost/v1"),
        (change("network rkpb", "network rkpb\r"), "line 2 .* the line network does not have its form"),
        (change("network rkpb\n", ""), "the line network is missing"),
        (change("network rkpb", "network Rkpb"), "the line network does not have its form"),
        (change("network rkpb", "network rkpb "), "the line network does not have its form"),
        (change("network rkpb", "network  rkpb"), "the line network does not have its form"),
        (change("network rkpb", "network -rkpb"), "is not a name"),
        (change("network rkpb", "network com1"), "Windows keeps it"),
        (change("network rkpb", "network sealed"), "a meaning of its own"),
        (change("by ivanov", "by center"), "a meaning of its own"),
        (change("by ivanov", "by iv\u00e4nov"), "the line by does not have its form"),
        (change("channel tver/center", "channel tver/roster"), "only the center has a roster"),
        (change("channel tver/center", "channel all/center"), "a word with a meaning of its own"),
        (change("channel tver/center", "channel tver/sealed"), "a word with a meaning of its own"),
        (change("number 12", "number 012"), "the line number does not have its form"),
        (change("number 12", "number 0"), "the line number does not have its form"),
        (change("number 12", "number +12"), "the line number does not have its form"),
        (change("number 12", "number 100000000"), "the line number does not have its form"),
        (change("number 12", "number 1"), "none at number 1"),
        (change(f"previous {'1d' * 32}", "previous none"), "none at number 1"),
        (change(f"previous {'1d' * 32}", f"previous {'1D' * 32}"), "the line previous does not have its form"),
        (change("11-22T09", "11-31T09"), "is not a time"),
        (change("09:00:00Z", "24:00:00Z"), "the line time does not have its form"),
        (change("09:00:00Z", "09:00:60Z"), "the line time does not have its form"),
        (change("09:00:00Z", "09:00:00+00:00"), "the line time does not have its form"),
        (change("09:00:00Z", "09:00:00.0Z"), "the line time does not have its form"),
        (change("kind message", "kind letter"), "the line kind does not have its form"),
        (add("subject hello"), "begins no line of a header"),
        (add("due 2026-12-15 read"), "the line due does not have its form"),
        (add("due 2026-02-29 reply"), "is not a day"),
        (add("due 1999-12-31 reply"), "the line due does not have its form"),
        (add("supersedes 3\ncancels 3"), "one of the two"),
        (add("cancels 3\nsupersedes 3"), "twice or out of order"),
        (add("letter " + "5" * 64), "twice or out of order"),
        (add(f"sealed {HASH} 5", "letter"), "twice or out of order"),
        (add(f"sealed {'8f' * 32} 18432", "sealed"), "names another file"),
        (change("18432", "018432"), "the line sealed does not have its form"),
        (change("18432", str(2**40 + 1)), "at most 2.40 bytes"),
        (add("report f 2026-10 2026-12-01"), "given for an event, and only there"),
        (add("report f e7k2m4qaz"), "given for an event, and only there"),
        (add("report f 2026-13"), "the calendar has no"),
        (add("report f 2026-w54"), "the calendar has no"),
        (add("report f 2025-w53"), "the calendar has no"),
        (add("report f 2026-10 nil nil"), "the line report does not have its form"),
        (add("report all 2026-10"), "a meaning of its own"),
        (add("decision excused tver f 2026-10 2026-12-01"), "given to extend or send back"),
        (add("decision extended tver f 2026-10"), "given to extend or send back"),
        (add("decision excused tver center/all 014"), "the line decision does not have its form"),
        (add("decision refused tver f 2026-10"), "the line decision does not have its form"),
        (add(f"heads {HASH} {limits.HEADS_FILE_BYTES + 1}"), "the file of heads is too large"),
        (add("head tver/b 1 " + HASH + "\nhead tver/a 1 " + HASH), "head lines are out of order"),
        (add("head tver/a 1 " + HASH + "\nhead tver/a 2 " + HASH), "head lines are out of order"),
        (add(f"ack center/tver 3 {HASH} seen"), "ack lines are out of order"),
        (add(f"ack center/all 14 {HASH} received"), "ack lines are out of order"),
        (add(f"ack center/all 9 {HASH} received\nack center/all 10 {HASH} opened"), "the line ack does not have"),
        (add("ack center/all 0 none read"), "the line ack does not have its form"),
        (add(f"ack center/all 0 {HASH} seen"), "the line ack does not have its form"),
        (add("ack center/all 1 none seen"), "the line ack does not have its form"),
        (PLAIN_BYTES + b"missing a/b 13-13\n", "the first below the last"),
        (PLAIN_BYTES + b"missing a/b 14-13\n", "the first below the last"),
        (PLAIN_BYTES + b"missing a/b 13-14\nmissing a/b 15\n", "neither meet nor overlap"),
        (PLAIN_BYTES + b"missing a/b 15\nmissing a/b 13\n", "neither meet nor overlap"),
        (PLAIN_BYTES + b"endorsed b " + b"A" * 86 + b"==\nendorsed a " + b"A" * 86 + b"==\n", "endorsed lines are out"),
        (PLAIN_BYTES + b"endorsed a " + b"A" * 85 + b"B==\n", "the line endorsed does not have its form"),
        (PLAIN_BYTES + b"endorsed a " + b"A" * 84 + b"==\n", "the line endorsed does not have its form"),
    ],
)
def test_v1_each_malformed_header_is_refused_for_its_own_reason(text, what):
    with pytest.raises(HeaderMalformedError) as refused:
        parse_header(text)
    assert re.search(what, str(refused.value))
    assert refused.value.exit_code == 3


def test_v1_numbers_are_sorted_as_numbers():
    acks = tuple(Ack("center/all", number, HASH, "seen") for number in (2, 9, 10, 100))
    assert parse_header(format_header(PLAIN._replace(acks=acks))).acks == acks


@pytest.mark.parametrize(
    ("field", "most", "make"),
    [
        ("acks", limits.ACKS, lambda at: Ack("center/all", at, HASH, "seen")),
        ("heads", limits.HEADS, lambda at: Head(f"tver/o{at:03}", at, HASH)),
        ("missing", limits.MISSING, lambda at: Missing("center/all", 2 * at, 2 * at)),
        ("endorsed", limits.ENDORSED, lambda at: Endorsement(f"o{at:03}", bytes(64))),
        ("sealed", limits.SEALED_OF_KEY, lambda at: Sealed(f"{at:064}", at)),
    ],
)
def test_i11_lines_are_counted(field, most, make):
    full = PLAIN._replace(**{field: tuple(make(at) for at in range(1, most + 1))})
    assert parse_header(format_header(full)) == full
    with pytest.raises(HeaderMalformedError, match="too many lines"):
        format_header(PLAIN._replace(**{field: tuple(make(at) for at in range(1, most + 2))}))


def test_i11_size_is_limited_before_anything_is_read():
    with pytest.raises(TooLargeError):
        parse_header(PLAIN_BYTES + b"x" * limits.HEADER_BYTES)
    statements = b"x" * 100 + b"\n"
    big = ROSTER._replace(statements=statements * 15_000)
    assert parse_header(format_header(big)) == big
    with pytest.raises(TooLargeError):
        format_header(ROSTER._replace(statements=b"x" * limits.ROSTER_BYTES + b"\n"))
    with pytest.raises(TooLargeError, match="too many statements"):
        format_header(ROSTER._replace(statements=b"x\n" * (limits.STATEMENTS + 1)))


@pytest.mark.parametrize("statements", [b"", b"a", b"\na\n", b"a\n\nb\n", b"a\n\n"])
def test_v1_a_roster_entry_has_statements_without_empty_lines(statements):
    with pytest.raises(HeaderMalformedError, match="statements"):
        format_header(ROSTER._replace(statements=statements))


@pytest.mark.parametrize("first", ["cipherpost/v2", "cipherpost/v10", "cipherpost/v2 anything", "cipherpost/v2.1"])
def test_a_later_version_has_its_own_class(first):
    with pytest.raises(NewerHeaderError) as refused:
        parse_header(PLAIN_BYTES.replace(b"cipherpost/v1", first.encode(), 1))
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("first", ["cipherpost/v1 draft", "cipherpost/v1 card", "cipherpost/v", "cipherpost/v02", "x"])
def test_other_texts_are_no_headers(first):
    with pytest.raises(HeaderMalformedError):
        parse_header(PLAIN_BYTES.replace(b"cipherpost/v1", first.encode(), 1))


@pytest.mark.parametrize(
    "change",
    [
        {"by": "ivanov\nkind check"},
        {"number": 0},
        {"number": -1},
        {"network": "Ü"},
        {"letter": "xx"},
        {"kind": "letter"},
        {"acks": tuple(reversed(PLAIN.acks))},
        {"acks": list(PLAIN.acks)},
        {"statements": b"a\n"},
        {"roster": (7, "09" * 32 + "\n")},
    ],
)
def test_i10_a_header_that_could_not_be_read_back_is_not_printed(change):
    with pytest.raises(HeaderMalformedError):
        format_header(PLAIN._replace(**change))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(deadline=None)
def test_i7_any_bytes_are_refused_in_an_orderly_way(junk):
    for text in (junk, b"cipherpost/v1\n" + junk, PLAIN_BYTES + junk):
        if text != PLAIN_BYTES:
            with pytest.raises((MalformedError, NewerHeaderError)):
                parse_header(text)
