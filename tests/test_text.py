"""The small grammar of all texts: each value has one form, everything else is refused."""

import base64
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost import limits, text
from cipherpost.text import TextError

HASH = "13" * 32


@pytest.mark.parametrize("word", ["a", "7", "tver", "a-b", "a--b", "com", "com10", "lpt0", "a" * 63, "0-9"])
def test_names(word):
    assert text.parse_name(word) == word
    assert text.is_name(word)


@pytest.mark.parametrize(
    "word", ["", "-a", "a-", "A", "a b", "a_b", "a.b", "ä", "a" * 64, "a\n", "a/b", "a+b", "\u0430"]
)
def test_what_is_no_name_is_refused(word):
    assert not text.is_name(word)
    with pytest.raises(TextError, match="not a name"):
        text.parse_name(word)


@pytest.mark.parametrize("word", ["con", "nul", "aux", "prn", "com1", "com9", "lpt1", "lpt9"])
def test_names_of_devices_are_never_names(word):
    assert not text.is_name(word)
    with pytest.raises(TextError, match="Windows"):
        text.parse_name(word, reserved=True)


@pytest.mark.parametrize("word", ["center", "all", "roster", "sealed", "cards", "evidence", "heads", "keepers"])
def test_reserved_names_need_leave(word):
    assert text.parse_name(word, reserved=True) == word
    with pytest.raises(TextError, match="a meaning of its own"):
        text.parse_name(word)


@pytest.mark.parametrize(
    "word", ["center/all", "center/roster", "tver/center", "center/center", "tver/tver", "tver/all", "a/b"]
)
def test_channels(word):
    assert "/".join(text.parse_channel(word)) == word


NO_CHANNELS = """
    center center/ /all a/b/c all/center roster/a tver/roster tver/sealed cards/a tver/keepers con/a a/nul A/b a//b
    heads/center center/evidence
"""


@pytest.mark.parametrize("word", [*NO_CHANNELS.split(), "", " a/b", "a/b\n"])
def test_what_is_no_channel_is_refused(word):
    with pytest.raises(TextError):
        text.parse_channel(word)


def test_places():
    assert text.parse_place("center/all/14") == ("center/all", 14)
    for word in ("center/all", "center/all/0", "center/all/014", "center/14", "14", "center/all/14/"):
        with pytest.raises(TextError):
            text.parse_place(word)


@given(st.integers(1, limits.NUMBER))
def test_numbers_have_one_form(number):
    assert text.parse_number(str(number)) == number
    for word in (f"0{number}", f"+{number}", f" {number}", f"{number} ", f"-{number}", f"{number}\n", f"{number}.0"):
        with pytest.raises(TextError):
            text.parse_number(word)


def test_numbers_have_bounds():
    assert text.parse_number("0", zero=True) == 0
    for word in ("0", "", "100000000", "1_0", "٣", "１"):
        with pytest.raises(TextError):
            text.parse_number(word)


def test_sizes_have_bounds():
    assert text.parse_size("0") == 0
    assert text.parse_size(str(2**40)) == 2**40
    for word in ("", "00", "01", str(2**40 + 1), "9" * 5000, "-1", "1e3", "٣"):
        with pytest.raises(TextError):
            text.parse_size(word)


def test_hashes_have_one_form():
    assert text.parse_hash(HASH) == HASH
    for word in (HASH[:-1], HASH + "0", HASH.replace("1", "A"), HASH[:-1] + "g", HASH + "\n", ""):
        with pytest.raises(TextError):
            text.parse_hash(word)


@given(st.binary(max_size=70))
def test_base64_has_one_form(data):
    word = base64.b64encode(data).decode()
    assert text.parse_base64(word) == data
    for other in (word + "=", word + "\n", " " + word, word[:-1]):
        if other != word:
            with pytest.raises(TextError):
                text.parse_base64(other)


@pytest.mark.parametrize("word", ["AB==", "AAB=", "A", "AA", "AAA", "____", "AAAA=", "é", "AA=="[:3]])
def test_loose_base64_is_refused(word):
    with pytest.raises(TextError):
        text.parse_base64(word)


def test_base64_of_a_length():
    assert text.parse_base64("AAAA", size=3) == bytes(3)
    with pytest.raises(TextError, match="3 bytes where 4"):
        text.parse_base64("AAAA", size=4)


@given(st.datetimes(datetime(1000, 1, 1)).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC)))
def test_times_have_one_form(moment):
    word = text.format_time(moment)
    assert text.parse_time(word) == moment
    assert text.parse_date(word[:10]) == moment.date()


def test_a_time_is_printed_in_utc_with_whole_seconds():
    moment = datetime(2026, 11, 22, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert text.format_time(moment) == "2026-11-22T09:00:00Z"


NO_TIMES = """
    2026-11-22 2026-11-22T09:00:00 2026-11-22T09:00:00+00:00 2026-11-22T09:00:00.5Z 2026-11-22t09:00:00z
    2026-11-31T09:00:00Z 2026-11-22T24:00:00Z 2026-11-22T09:00:60Z 2026-11-22T09:60:00Z 0000-11-22T09:00:00Z
    ２026-11-22T09:00:00Z 2026-11-22T9:00:00Z
"""


@pytest.mark.parametrize("word", [*NO_TIMES.split(), "", "2026-11-22 09:00:00Z", "2026-11-22T09:00:00Z\n"])
def test_what_is_no_time_is_refused(word):
    with pytest.raises(TextError):
        text.parse_time(word)


def test_what_is_no_day_is_refused():
    assert text.parse_date("2024-02-29") == date(2024, 2, 29)
    for word in ("", "2026-02-29", "20260101", "2026-1-1", "2026-w01-1", "2026-01-01 ", "２026-01-01"):
        with pytest.raises(TextError):
            text.parse_date(word)


@pytest.mark.parametrize(
    ("free", "what"),
    [
        ("", "0 characters"),
        ("x" * 121, "121 characters"),
        ("a\tb", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\u200bb", "cannot be seen"),
        ("a\u2028b", "cannot be seen"),
        ("a\u2029b", "cannot be seen"),
        ("a\u0085b", "cannot be seen"),
        ("a\ud800b", "cannot be seen"),
        ("e\u0301", "composed form"),
        (" a", "begins or ends"),
        ("a ", "begins or ends"),
        ("\u00a0a", "begins or ends"),
    ],
)
def test_free_text_that_could_deceive_is_refused(free, what):
    with pytest.raises(TextError, match=what) as refused:
        text.check_free_text(free)
    assert len(free) < 3 or free not in str(refused.value)


@given(st.text(min_size=1, max_size=120))
def test_cleaned_free_text_passes_and_is_clean_already(typed):
    cleaned = text.clean_free_text(typed)
    assert text.clean_free_text(cleaned) == cleaned
    if 1 <= len(cleaned) <= limits.FREE_TEXT:
        assert text.check_free_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Tver\tGubernia \r\n Committee ", "Tver Gubernia Committee"),
        ("e\u0301te\u0301", "été"),
        ("e\u200d\u0301", "é"),
        ("a\u202eb\x00", "ab"),
    ],
)
def test_cleaning_free_text(typed, cleaned):
    assert text.clean_free_text(typed) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20).map(str.rstrip), min_size=1))
def test_lines_split_at_line_feeds_only(lines):
    assert text.decode_lines("".join(line + "\n" for line in lines).encode()) == lines


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "does not end"),
        (b"a", "does not end"),
        (b"a\nb", "does not end"),
        (b"\xff\n", "byte 0 is not UTF-8"),
        (b"\xed\xa0\x80\n", "not UTF-8"),
        (b"a\r\n", "line 1 "),
        (b"a\nb \n", "line 2 "),
        (b"a\tb\n", "line 1 "),
        (b"a\0\n", "line 1 "),
        (b"\x7f\n", "line 1 "),
        ("a\u0085b\n".encode(), "line 1 "),
    ],
)
def test_what_are_no_lines_is_refused(data, what):
    with pytest.raises(TextError, match=what) as refused:
        text.decode_lines(data, where="the card")
    assert refused.value.where == "the card"


def test_sha256_is_that_of_sha256sum():
    assert text.sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_spoken_number_has_known_digits():
    spoken = text.spoken("00" * 32)
    groups = spoken.split()
    assert len(groups) == 12
    assert all(len(group) == 5 and group.isdigit() for group in groups)
    assert spoken == SPOKEN_OF_ZEROS


SPOKEN_OF_ZEROS = "07011 55067 58770 99448 36285 21709 33298 20625 21619 21428 73200 43402"


@given(st.binary(min_size=32, max_size=32).map(bytes.hex), st.sampled_from([" ", "", "-", ", ", ".", "\n", "_"]))
def test_a_spoken_number_is_heard_through_any_punctuation(fingerprint, between):
    spoken = text.spoken(fingerprint)
    heard = text.parse_spoken(spoken.replace(" ", between))
    assert text.first_difference(heard, spoken) is None


def test_the_first_group_heard_wrong_is_named():
    spoken = text.spoken(HASH)
    heard = text.parse_spoken(spoken)
    for at in range(12):
        wrong = list(heard)
        wrong[at] = f"{(int(wrong[at]) + 1) % 100_000:05}"
        assert text.first_difference(wrong, spoken) == at + 1


@pytest.mark.parametrize("heard", ["", "12345", "1" * 59, "1" * 61, "1" * 59 + "x", "١" * 60])
def test_a_number_heard_in_part_is_refused(heard):
    with pytest.raises(TextError, match="twelve groups"):
        text.parse_spoken(heard)


def test_i10_what_is_shown_of_strange_words_is_harmless_and_short():
    assert text.shown("tver") == "'tver'"
    assert text.shown("a\x1b[31m\u202e") == "'a\\u001b[31m\\u202e'"
    assert text.shown("x" * 50) == "'" + "x" * 39 + "…'"
