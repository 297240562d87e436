"""Drafts: what is endorsed, and that nothing else is: place, time and ciphertext stay open."""

import re
from datetime import date

import pytest
from dispatch_values import headers
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.dispatch.draft import (
    DraftMalformedError,
    draft_of,
    draft_text,
    format_draft,
    header_of,
    parse_draft,
)
from cipherpost.dispatch.header import DraftRef, Due, Header, Report, RosterRef, Sealed
from cipherpost.dispatch.kinds import KINDS, OPTIONAL
from cipherpost.errors import MalformedError, TooLargeError
from cipherpost.note import Purpose

FINGERPRINT = "4f" * 32
CIRCULAR = Header(
    "rkpb",
    "center/all",
    14,
    "1d" * 32,
    "2026-11-22T09:00:00Z",
    "stasova",
    "circular",
    roster=RosterRef(7, "09" * 32),
    draft=DraftRef(31, date(2026, 12, 22)),
    letter="55" * 32,
    sealed=(Sealed("8f" * 32, 18432),),
    due=Due(date(2026, 12, 15), "reply"),
)
ENTRY = Header(
    "rkpb",
    "center/roster",
    8,
    "1d" * 32,
    "2026-11-22T09:00:00Z",
    "stasova",
    "roster",
    draft=DraftRef(31, date(2026, 12, 22)),
    statements="title tver Тверь\n".encode(),
)
CIRCULAR_DRAFT = f"""\
cipherpost/v1 draft
fingerprint {FINGERPRINT}
channel center/all
kind circular
draft 31 2026-12-22
letter {"55" * 32}
due 2026-12-15 reply
"""
ENTRY_DRAFT = f"""\
cipherpost/v1 draft
fingerprint {FINGERPRINT}
channel center/roster
number 8
previous {"1d" * 32}
kind roster
draft 31 2026-12-22

title tver Тверь
"""


@pytest.mark.parametrize(("header", "text"), [(CIRCULAR, CIRCULAR_DRAFT), (ENTRY, ENTRY_DRAFT)])
def test_a_known_draft_has_known_bytes(header, text):
    signed = draft_text(FINGERPRINT, header)
    assert signed.purpose is Purpose.DRAFT
    assert signed.data.decode() == text
    assert parse_draft(signed.data) == draft_of(FINGERPRINT, header)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 15, "previous": "2e" * 32},
        {"time": "2026-11-23T09:00:00Z", "by": "sverdlov"},
        {"sealed": (Sealed("77" * 32, 5),), "roster": RosterRef(8, "0a" * 32)},
    ],
)
def test_a_lost_race_or_a_new_sealing_needs_no_new_endorsement(changes):
    assert draft_text(FINGERPRINT, CIRCULAR._replace(**changes)) == draft_text(FINGERPRINT, CIRCULAR)


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "center/volga"},
        {"draft": DraftRef(32, date(2026, 12, 22))},
        {"draft": DraftRef(31, date(2026, 12, 23))},
        {"letter": "56" * 32},
        {"due": None},
        {"supersedes": 3},
        {"cancels": 3, "due": None},
    ],
)
def test_i2_another_letter_audience_or_act_is_another_draft(changes):
    assert draft_text(FINGERPRINT, CIRCULAR._replace(**changes)) != draft_text(FINGERPRINT, CIRCULAR)


def test_i2_a_draft_is_of_one_network_and_a_roster_draft_of_one_place():
    assert draft_text("5e" * 32, CIRCULAR) != draft_text(FINGERPRINT, CIRCULAR)
    for changes in ({"number": 9}, {"previous": "2e" * 32}, {"statements": b"dissolve tver\n"}):
        assert draft_text(FINGERPRINT, ENTRY._replace(**changes)) != draft_text(FINGERPRINT, ENTRY)


@pytest.mark.parametrize("header", [CIRCULAR, ENTRY])
def test_the_header_that_carries_out_a_draft_has_that_draft(header):
    draft = draft_of(FINGERPRINT, header)
    placed = header_of(
        draft,
        network=header.network,
        number=header.number,
        previous=header.previous,
        time=header.time,
        by=header.by,
        roster=header.roster,
    )
    assert placed._replace(sealed=header.sealed) == header
    assert draft_of(FINGERPRINT, placed) == draft


def test_a_roster_draft_is_not_carried_out_elsewhere():
    with pytest.raises(DraftMalformedError, match="entry 8"):
        header_of(
            draft_of(FINGERPRINT, ENTRY),
            network="rkpb",
            number=9,
            previous="1d" * 32,
            time=ENTRY.time,
            by="stasova",
            roster=None,
        )


def test_a_dispatch_without_a_draft_has_no_text_to_endorse():
    with pytest.raises(DraftMalformedError, match="no line draft"):
        draft_text(FINGERPRINT, CIRCULAR._replace(draft=None))


@pytest.mark.parametrize("kind", ["message", "key", "receipt", "check"])
def test_what_one_officer_posts_is_not_endorsed(kind):
    with pytest.raises(DraftMalformedError, match="one officer"):
        draft_text(FINGERPRINT, CIRCULAR._replace(kind=kind, due=None))


def drop(line):
    return CIRCULAR_DRAFT.replace(line, "", 1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not a draft"),
        (CIRCULAR_DRAFT[:-1], "not a draft"),
        (drop(" draft"), "not a draft"),
        (drop(f"fingerprint {FINGERPRINT}\n"), "not a draft"),
        (drop("draft 31 2026-12-22\n"), "not a draft"),
        (CIRCULAR_DRAFT + "roster 7 " + "09" * 32 + "\n", "not a draft"),
        (CIRCULAR_DRAFT + "\n", "statements do not fit"),
        (CIRCULAR_DRAFT + "\ntitle tver Tver\n", "statements do not fit"),
        (CIRCULAR_DRAFT.replace("kind", "number 8\nkind"), "number, previous and statements"),
        (CIRCULAR_DRAFT.replace("kind", f"previous {'1d' * 32}\nkind"), "number, previous and statements"),
        (CIRCULAR_DRAFT.replace("kind", "previous none\nkind"), "not a draft"),
        (CIRCULAR_DRAFT.replace("due", "report f 2026-10\ndue"), "not a draft"),
        (CIRCULAR_DRAFT + "report f 2026-10\n", "with the line report"),
        (CIRCULAR_DRAFT.replace("due", "supersedes 3\ncancels 3\ndue"), "both supersedes and cancels"),
        (CIRCULAR_DRAFT.replace("2026-12-15", "2026-02-30"), "is not a day"),
        (CIRCULAR_DRAFT.replace("center/all", "all/center"), "not a channel"),
        (ENTRY_DRAFT.replace("number 8\n", ""), "number, previous and statements"),
        (ENTRY_DRAFT.replace(f"previous {'1d' * 32}\n", ""), "number, previous and statements"),
        (ENTRY_DRAFT.partition("\n\n")[0] + "\n", "statements are missing"),
        (ENTRY_DRAFT + "\n", "empty line"),
    ],
)
def test_i10_each_malformed_draft_is_refused_for_its_own_reason(text, what):
    with pytest.raises(DraftMalformedError) as refused:
        parse_draft(text.encode())
    assert re.search(what, str(refused.value))


def test_i11_a_draft_is_no_larger_than_its_dispatch():
    with pytest.raises(TooLargeError):
        parse_draft(CIRCULAR_DRAFT.encode() + b"x" * limits.HEADER_BYTES)
    with pytest.raises(TooLargeError):
        parse_draft(ENTRY_DRAFT.encode() + b"x" * limits.ROSTER_BYTES)


def endorsable(header):
    """``header`` with those of its lines alone that its kind has, and a draft."""
    kind = KINDS[header.kind]
    if kind.threshold == "one":
        return None
    field = {"heads": "heads_file", "head": "heads", "ack": "acks"}
    bare = {
        field.get(word, word): Header._field_defaults[field.get(word, word)]
        for word in OPTIONAL
        if word not in kind.required | kind.allowed
    }
    return header._replace(**bare, draft=header.draft or DraftRef(3, date(2026, 12, 22)))


@given(headers(), st.data())
@settings(deadline=None, max_examples=150)
def test_printing_what_was_parsed_gives_the_same_bytes_and_any_byte_changed_does_not(header, data):
    header = endorsable(header)
    assume(header is not None and not (header.kind == "roster" and header.previous is None))
    draft = draft_of(FINGERPRINT, header)
    text = bytearray(format_draft(draft).data)
    assert parse_draft(bytes(text)) == draft
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    try:
        found = parse_draft(bytes(text))
    except MalformedError:
        return
    assert found != draft
    assert format_draft(found).data == text


@pytest.mark.parametrize("changes", [{"letter": "5"}, {"report": Report("f", "2026-10", None, False)}])
def test_i10_a_draft_that_could_not_be_read_back_is_not_signed(changes):
    with pytest.raises(DraftMalformedError):
        draft_text(FINGERPRINT, CIRCULAR._replace(**changes))
