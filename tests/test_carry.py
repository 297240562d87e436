"""Armor: what mail does to texts is undone; what it does to the payload is noticed."""

import hashlib
import random
import re
import string
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.carry import (
    CarriedTooLargeError,
    DamagedError,
    NothingCarriedError,
    SeveralCarriedError,
    armor,
    dearmor,
    dearmor_all,
    find,
)

DATA = random.Random(7).randbytes(3000)
TEXT = armor("CARD", DATA)
SMALL = armor("CARD", b"cipherpost/v1 card\n")
ALPHABET = string.ascii_letters + string.digits + "+/"


def lines(change: Callable[[str], str]) -> str:
    return "".join(change(line) + "\n" for line in TEXT.splitlines())


def rewrapped(columns: int) -> str:
    """All in one paragraph, as a mail program fills it: broken at spaces where it can be, else anywhere."""
    return textwrap.fill(TEXT.replace("\n", " "), columns)


def cut(columns: int) -> str:
    """Broken at a column whatever stands there, the words of the first and last line included."""
    return "\n".join(TEXT.replace("\n", "")[at : at + columns] for at in range(0, len(TEXT), columns))


HARMLESS = {
    "as it is": TEXT,
    "CRLF": TEXT.replace("\n", "\r\n"),
    "CR": TEXT.replace("\n", "\r"),
    "no line end at the end": TEXT.rstrip("\n"),
    "quoted": lines(lambda line: "> " + line),
    "quoted three times": lines(lambda line: "> >> " + line),
    "quoted with bars": lines(lambda line: "| > " + line),
    "quoted and rewrapped": "".join(f"> > {line}\n" for line in rewrapped(56).splitlines()),
    "indented": lines(lambda line: "    " + line),
    "tabs": lines(lambda line: "\t" + line + " \t"),
    "empty lines between": TEXT.replace("\n", "\n\n"),
    "wrapped at 60": rewrapped(60),
    "wrapped at 76": rewrapped(76),
    "wrapped at 20": rewrapped(20),
    "cut at 60": cut(60),
    "cut at 76": cut(76),
    "cut at 7": cut(7),
    "one line": TEXT.replace("\n", ""),
    "one line with spaces": TEXT.replace("\n", " "),
    "non-breaking spaces": lines(lambda line: "\u00a0" + line.replace(" ", "\u00a0") + "\u202f"),
    "zero-width spaces": lines(lambda line: "\u200b" + line[:9] + "\u200b" + line[9:]),
    "soft hyphens": lines(lambda line: line[:20] + "\u00ad" + line[20:]),
    "line separators": TEXT.replace("\n", "\u2028"),
    "byte-order mark": "\ufeff" + TEXT,
    "long dashes": TEXT.replace("-----", "\u2014\u2013-"),
    "dashes become one": TEXT.replace("-----", "\u2014"),
    "a letter around it": f"Dear comrade,\nhere is my card - keep it.\n-- \n{TEXT}-- \nIvanov, Тверь\n",
    "markdown": f"# Card\n```\n{TEXT}```\n---\n",
}


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_mail_and_editors_do_to_texts_does_no_harm(name: str, encoding: str) -> None:
    assert dearmor(HARMLESS[name].encode(encoding), "CARD") == DATA


def test_a_windows_code_page_does_no_harm() -> None:
    letter = "Привет\n" + TEXT.replace("-----", "\u2014\u2013-").replace("\n", "\u00a0\r\n") + "Иванов\n"
    assert dearmor(letter.encode("cp1251"), "CARD") == DATA


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["CARD", "INVITATION"]))
def test_armor_gives_back_the_same_bytes(data: bytes, kind: str) -> None:
    text = armor(kind, data)  # type: ignore[arg-type]
    assert dearmor(text.encode("ascii"), kind) == data  # type: ignore[arg-type]
    assert max(map(len, text.splitlines())) <= 64
    assert text.endswith("-----\n")


def test_armor_line_by_line() -> None:
    assert (
        "-----BEGIN CIPHERPOST CARD-----\nY2lwaGVycG9zdC92MSBjYXJkCg==\n-----END CIPHERPOST CARD "
        + hashlib.sha256(b"cipherpost/v1 card\n").hexdigest()[:16]
        + "-----\n"
    ) == SMALL


# ---- damage ------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_changed_character_of_the_payload_is_noticed(data: st.DataObject) -> None:
    start = TEXT.index("\n") + 1
    at = data.draw(st.integers(start, TEXT.index("-----END") - 2).filter(lambda at: TEXT[at] != "\n"))
    other = data.draw(st.sampled_from(ALPHABET + "=?*\u0430 >|-\u00a0").filter(lambda ch: ch != TEXT[at]))
    changed = TEXT[:at] + other + TEXT[at + 1 :]
    with pytest.raises(DamagedError) as caught:
        dearmor(changed.encode(), "CARD", where="a.card")
    assert caught.value.hints == ("ask for the file again, as an attachment",)
    assert caught.value.exit_code == 3
    assert "a.card, lines 1 to" in caught.value.where


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_lost_doubled_and_swapped_characters_are_noticed(data: st.DataObject) -> None:
    start, end = TEXT.index("\n") + 1, TEXT.index("-----END") - 1
    at = data.draw(st.integers(start, end - 2).filter(lambda at: "\n" not in TEXT[at : at + 2]))
    changes = [TEXT[:at] + TEXT[at + 1 :], TEXT[:at] + TEXT[at] * 2 + TEXT[at + 1 :]]
    if TEXT[at] != TEXT[at + 1]:
        changes.append(TEXT[:at] + TEXT[at + 1] + TEXT[at] + TEXT[at + 2 :])
    for changed in changes:
        with pytest.raises(DamagedError):
            dearmor(changed.encode(), "CARD")


def test_a_changed_checksum_is_noticed() -> None:
    digits = re.search(r"CARD ([0-9a-f]{16})-", TEXT)
    assert digits is not None
    for at in range(*digits.span(1)):
        other = "0" if TEXT[at] != "0" else "1"
        with pytest.raises(DamagedError, match="checksum"):
            dearmor((TEXT[:at] + other + TEXT[at + 1 :]).encode(), "CARD")
    with pytest.raises(DamagedError, match="checksum"):
        dearmor(TEXT.replace(" " + digits[1], "").encode(), "CARD")


def test_a_text_cut_anywhere_is_noticed() -> None:
    begin = len("-----BEGIN CIPHERPOST CARD-")
    for length in range(begin, len(SMALL) - len("----\n")):
        with pytest.raises(DamagedError):
            dearmor(SMALL[:length].encode(), "CARD")
    for length in range(begin):
        with pytest.raises(NothingCarriedError):
            dearmor(SMALL[:length].encode(), "CARD")


def test_i10_damage_names_its_line() -> None:
    rows = TEXT.splitlines(keepends=True)
    rows[5] = rows[5][:10] + "?" + rows[5][11:]
    with pytest.raises(DamagedError, match=re.escape("line 9 holds '?'")) as caught:
        dearmor(("Hello,\n\n\n" + "".join(rows)).encode(), "CARD")
    assert caught.value.where == f"lines 4 to {len(rows) + 3}"


def test_an_end_of_another_kind_ends_nothing() -> None:
    with pytest.raises(DamagedError, match="ends it"):
        dearmor(TEXT.replace("END CIPHERPOST CARD", "END CIPHERPOST INVITATION").encode(), "CARD")


# ---- several, none -----------------------------------------------------------------------------------------------


def test_several_in_one_file_are_given_in_order() -> None:
    many = [bytes([at]) * at for at in range(1, 6)]
    mail = "\n".join(f"Card {at}:\n{armor('CARD', data)}" for at, data in enumerate(many))
    assert dearmor_all(mail.encode(), "CARD") == many
    with pytest.raises(SeveralCarriedError, match="5 different") as caught:
        dearmor(mail.encode(), "CARD")
    assert caught.value.exit_code == 2


def test_the_same_one_quoted_below_an_answer_is_one() -> None:
    mail = TEXT + "\nOn Monday he wrote:\n" + lines(lambda line: "> " + line)
    assert dearmor(mail.encode(), "CARD") == DATA


def test_i7_a_damaged_one_does_not_hide_the_others() -> None:
    damaged = SMALL.replace("Y2lw", "Y2lx")
    found = find(f"{TEXT}\n{damaged}\n{armor('INVITATION', b'x')}{SMALL[:50]}\n{SMALL}".encode())
    assert [one.kind for one in found] == ["CARD", "CARD", "INVITATION", "CARD", "CARD"]
    assert [one.data for one in found] == [DATA, None, b"x", None, b"cipherpost/v1 card\n"]
    assert [one.error is None for one in found] == [True, False, True, False, True]
    assert found[0].first_line == 1
    assert found[1].first_line == len(TEXT.splitlines()) + 2
    with pytest.raises(DamagedError):
        dearmor_all(f"{TEXT}\n{damaged}".encode(), "CARD")


def test_the_kind_is_looked_at() -> None:
    with pytest.raises(NothingCarriedError, match="no invitation in it, only: card"):
        dearmor(TEXT.encode(), "INVITATION")
    mail = TEXT + armor("INVITATION", b"x")
    assert dearmor(mail.encode(), "INVITATION") == b"x"
    assert dearmor(mail.encode(), "CARD") == DATA


@pytest.mark.parametrize("raw", [b"", b"hello", b"\xff\xfe", b"\x00" * 99, b"-----BEGIN PGP MESSAGE-----\n", DATA])
def test_a_file_with_nothing_in_it_says_so(raw: bytes) -> None:
    with pytest.raises(NothingCarriedError) as caught:
        dearmor(raw, "CARD", where="a.card")
    assert caught.value.where == "a.card"
    assert caught.value.hints


def test_an_object_without_armor_is_taken_as_it_stands() -> None:
    raw = b"cipherpost/v1 card\nfingerprint none\n\xe2\x80\x94 x\n"
    assert dearmor(raw, "CARD") == raw
    with pytest.raises(NothingCarriedError, match="only: card"):
        dearmor(raw, "INVITATION")


# ---- hostile files -----------------------------------------------------------------------------------------------


def test_i11_files_are_bounded() -> None:
    with pytest.raises(CarriedTooLargeError):
        find(b" " * (limits.CARRIED_BYTES + 1))


@pytest.mark.parametrize(
    "unit", [b"-", b" ", b">", b"-BEGINCIPHERPOSTCARD-", b"-ENDCIPHERPOSTCARD", b"-----BEGIN ", b"A"]
)
def test_i11_long_runs_cost_no_more_than_their_length(unit: bytes) -> None:
    # quadratic search in a file of the largest size would not end within the patience of any test run
    assert all(one.data is None for one in find(unit * (limits.CARRIED_BYTES // len(unit))))
    start = b"-----BEGIN CIPHERPOST CARD-----\n"
    assert all(one.data is None for one in find(start + unit * ((limits.CARRIED_BYTES - 40) // len(unit))))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_taken_without_another_kind_of_error(raw: bytes) -> None:
    assert all(one.error is not None or one.data is not None for one in find(b"-----BEGIN CIPHERPOST CARD-----" + raw))
