"""Reading what was filled in, from JSON, TOML and CSV; what cannot be meant in one way only is left to be refused."""

import pytest

from cipherpost import limits
from cipherpost.forms.answers import (
    AnswersError,
    AnswersTwiceError,
    CsvColumnsError,
    parse_csv,
    parse_json,
    parse_toml,
    read_answers,
)
from cipherpost.forms.builtin import builtin
from cipherpost.forms.checking import InvalidDataError, check
from cipherpost.forms.schema import Field

FORM = builtin("monthly-return")
HEAD = b"text,category,raised_by\n"
BREAD = {"text": "bread", "category": "land", "raised_by": 3}


def demands() -> Field:
    field = FORM.field("demands")
    assert field is not None
    return field


def rows(content: bytes) -> object:
    return read_answers(FORM, [("demands.csv", content)])["demands"]


# ---- JSON and TOML -------------------------------------------------------------------------------------------------


def test_json_and_toml_give_the_same_report() -> None:
    toml = b'reports_held_total = 1\ndemands_total = "not known"\n[[reports_held]]\ndate = 2026-10-05\n'
    json = b'{"reports_held_total": 1, "demands_total": "not known", "reports_held": [{"date": "2026-10-05"}]}'
    assert read_answers(FORM, [("a.toml", toml)]) == read_answers(FORM, [("dir/A.JSON", json)]) == parse_json(json)
    assert parse_toml(toml) == parse_json(json)


def test_a_byte_order_mark_and_other_line_ends_change_nothing() -> None:
    assert read_answers(FORM, [("a.json", b'\xef\xbb\xbf{"remarks": "a\\r\\nb"}')]) == {"remarks": "a\nb"}
    assert read_answers(FORM, [("a.toml", b'\xef\xbb\xbfremarks = """\r\na\r\nb"""\r\n')]) == {"remarks": "a\nb"}


def test_what_can_be_meant_in_one_way_only_is_taken_so() -> None:
    held = b'[[reports_held]]\nparty_member = "Yes"\nattendance = " 41 "\ndate = " 2026-10-05"\naudience = " 7 "\n'
    data = read_answers(FORM, [("a.toml", b'demands_total = "12"\n' + held)])
    item = {"party_member": True, "attendance": 41, "date": "2026-10-05", "audience": " 7 "}
    assert data == {"demands_total": 12, "reports_held": [item]}


@pytest.mark.parametrize(
    "word", ["١٢", "1 234", "1,5", "1.5", "1.234", "007", "+3", "1e3", "\uff11\uff12", "-0", "1_000"]
)
def test_numbers_in_other_scripts_and_formats_stay_as_they_are_and_are_refused(word: str) -> None:
    for name, content in (
        ("demands.csv", f'text;category;raised_by\nbread;land;"{word}"\n'),
        ("a.toml", f'[[demands]]\ntext = "bread"\ncategory = "land"\nraised_by = "{word}"\n'),
        ("a.json", f'{{"demands": [{{"text": "bread", "category": "land", "raised_by": "{word}"}}]}}'),
    ):
        data = {"reports_held_total": 1, "demands_total": 1} | read_answers(FORM, [(name, content.encode())])
        with pytest.raises(InvalidDataError) as caught:
            check(FORM, data)
        (problem,) = caught.value.problems
        assert problem.place == "demands 1, raised_by"
        assert "digits 0 to 9" in problem.rule
        assert word in problem.value


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b""),
        ("a.json", b"[1]"),
        ("a.json", b'{"a": 1, "a": 2}'),
        ("a.json", b'{"a": NaN}'),
        ("a.json", b"\xff\xfe{\x00}\x00"),
        ("a.json", b'{"a":' * 100 + b"1" + b"}" * 100),
        ("a.toml", b"remarks = secret"),
        ("a.toml", b'remarks = "secret'),
        ("a.toml", b"a = 1\na = 2"),
        ("a.toml", b"remarks = '\xff'"),
        ("a.toml", b"a = " + b"[" * 5000),
        ("a.toml", b"#" * (limits.DATA_BYTES + 1)),
        ("a.json", b" " * (limits.DATA_BYTES + 1)),
        ("a.xlsx", b"PK"),
        ("answers", b"{}"),
        ("", b""),
        ("remarks.csv", HEAD),
        ("october.csv", HEAD),
        ("remarks=october.csv", HEAD),
        ("demands=october.json", b"{}"),
        ("demands.csv", b""),
        ("demands.csv", HEAD + b'"open,land,3\n'),
        ("demands.csv", HEAD + b'"a"b,land,3\n'),
        ("demands.csv", HEAD + b"x" * 200_000 + b",land,3\n"),
        ("demands.csv", HEAD.decode().encode("utf-16")),
        ("demands.csv", HEAD + b"caf\xe9,land,3\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_name_and_never_quoted(name: str, content: bytes) -> None:
    with pytest.raises(AnswersError) as caught:
        read_answers(FORM, [(name, content)])
    assert caught.value.exit_code == 2
    assert caught.value.where == name
    assert "secret" not in str(caught.value)


def test_the_line_of_a_slip_is_named() -> None:
    with pytest.raises(AnswersError, match="line 3"):
        parse_toml(b"a = 1\nb = 2\nc = = 3\n")
    with pytest.raises(AnswersError, match="line 2"):
        parse_json(b'{"a": 1,\n b}')


# ---- CSV -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_any_separator_mark_and_line_ends(separator: str, mark: str, end: str) -> None:
    lines = (
        ["text", "category", "raised_by"],
        ["bread", "land", "3"],
        ['"wages, soap; ""both"""', "other", "not known"],
    )
    content = mark + "".join(separator.join(cells) + end for cells in lines)
    other = {"text": 'wages, soap; "both"', "category": "other", "raised_by": "not known"}
    assert rows(content.encode()) == [BREAD, other]


def test_columns_may_stand_in_any_order_and_bear_titles() -> None:
    assert rows(b"Raised by;CATEGORY ;demand\n3;land;bread\n") == [BREAD]


def test_what_spreadsheets_leave_in_a_file_is_passed_over() -> None:
    assert rows(b"sep=;\r\ntext;category;raised_by;;\r\n;;;;\r\nbread;land;3;;\r\n\r\n") == [BREAD]


def test_an_empty_cell_is_left_out_and_a_text_of_several_lines_is_kept() -> None:
    assert rows(HEAD + b'"more\r\nbread",land,\n') == [{"text": "more\nbread", "category": "land"}]


def test_a_list_can_be_filled_from_a_file_of_another_name_beside_other_files() -> None:
    files = [("demands=C:\\returns\\october.csv", HEAD + b"bread,land,3\n"), ("a.toml", b"demands_total = 1\n")]
    assert read_answers(FORM, files) == {"demands": [BREAD], "demands_total": 1}


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"text,category", ["missing: raised_by"]),
        (b"category", ["missing: text, raised_by"]),
        (b"text,category,raised_by,who", ["unknown: 'who'"]),
        (b"text,who,category", ["missing: raised_by", "unknown: 'who'"]),
        (b"text,category,raised_by,text", ["twice: text"]),
        (b"text|category|raised_by", ["missing: text, category, raised_by", "unknown: "]),
        (b"bread,land,3", ["missing: text, category, raised_by"]),
        (b"text,,category,raised_by", ["unknown: ''"]),
    ],
)
def test_missing_and_unknown_columns_are_named_all_at_once(head: bytes, words: list[str]) -> None:
    with pytest.raises(CsvColumnsError) as caught:
        rows(head + b"\nbread,land,3\n")
    assert all(word in caught.value.what for word in words)
    assert caught.value.rule.endswith("text, category, raised_by")
    assert caught.value.hints[0].startswith(f"cipherpost form show {FORM.name} ")


def test_a_line_with_more_cells_than_the_first_is_refused_by_its_number() -> None:
    with pytest.raises(CsvColumnsError, match="line 3 has 4 cells"):
        rows(HEAD + b"bread,land,3\nwages, soap,land,3\n")


def test_a_column_that_need_not_be_filled_in_may_be_missing() -> None:
    held = b"date,speaker_office,audience,attendance\n2026-10-05,supply,all,7\n"
    item = {"date": "2026-10-05", "speaker_office": "supply", "audience": "all", "attendance": 7}
    assert read_answers(FORM, [("reports_held.csv", held)]) == {"reports_held": [item]}


def test_parsed_cells_are_still_texts_before_they_are_settled() -> None:
    assert parse_csv(FORM, demands(), HEAD + b"bread,land,3\n") == [BREAD | {"raised_by": "3"}]


def test_a_field_that_stands_in_two_files_is_refused() -> None:
    with pytest.raises(AnswersTwiceError, match="'demands'") as caught:
        read_answers(FORM, [("a.json", b'{"demands": []}'), ("demands.csv", HEAD)])
    assert caught.value.where == "demands.csv"


@pytest.mark.parametrize("text", ["a = " + "1" * 6000, "a." * 3000 + "b = 1", "a = " + "[" * 200 + "]" * 200])
def test_i11_toml_that_python_cannot_take_is_refused_with_the_file(text: str) -> None:
    with pytest.raises(AnswersError) as caught:
        parse_toml(text.encode(), where="return.toml")
    assert caught.value.where == "return.toml"
    assert caught.value.rule
