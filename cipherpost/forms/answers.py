"""Reading what somebody filled in: JSON, TOML, or CSV for one list; several files make one report.

Nothing is guessed. ``1 234``, ``1,5`` and ``١٢`` stay the texts they are, so that checking names the field and the
rule; only what can be meant in one way is made what it means: ``"41"`` in a field of numbers, ``yes`` in one of yes
and no, a day that TOML read as a day, the line ends of another system.
"""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any, Final

from cipherpost import limits, strictjson
from cipherpost.errors import TooLargeError, UseError
from cipherpost.forms.schema import Field, Form
from cipherpost.text import shown

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False}
_SEPARATORS: Final = ",;\t"
_HEADER_SHOWN: Final = 10
STDIN: Final = "-"
"""The name that stands for standard input."""

Data = dict[str, Any]


class AnswersError(UseError):
    """A file with what a report says cannot be read; the message never quotes what stands in it."""


class AnswersTwiceError(AnswersError):
    """Two files say something of one field."""


class CsvColumnsError(AnswersError):
    """The columns of a CSV file are not those of the list; names the missing and the unknown ones."""


def read_answers(form: Form, files: Sequence[tuple[str, bytes]]) -> Data:
    """The data of a report from one or several files, not yet checked.

    Args:
        files: for each its name and its bytes. ``.json`` and ``.toml`` hold the whole report or fields of it, a
            ``.csv`` the list of which it bears the name (``demands.csv``); ``demands=october.csv`` names the list.
            `STDIN` is what came on standard input: JSON where it begins with a brace, else TOML.

    Raises:
        AnswersError: a file cannot be read, or it is not known what it is.
        AnswersTwiceError: a field stands in two of them.
        CsvColumnsError: a CSV file with missing or unknown columns.
    """
    data: Data = {}
    for name, content in files:
        found = _read_file(form, name, content)
        if twice := sorted(set(found) & set(data)):
            raise AnswersTwiceError(
                f"field {shown(twice[0])} stands in two files", where=name, rule="each field is filled in once"
            )
        data |= found
    return data


def parse_json(content: bytes, *, where: str = "") -> Data:
    """The fields in a JSON file: an object (strict JSON, UTF-8).

    Raises:
        AnswersError: not JSON, too large, or no object.
    """
    try:
        data = strictjson.parse(content.removeprefix(b"\xef\xbb\xbf"), limit=limits.DATA_BYTES)
    except (strictjson.JsonError, TooLargeError) as error:
        raise AnswersError(error.what, where=where, rule=error.rule) from None
    if not isinstance(data, dict):
        raise AnswersError("the file is not one JSON object", where=where, rule="a report is a group of named fields")
    return data


def parse_toml(content: bytes, *, where: str = "") -> Data:
    """The fields in a TOML file; days become texts such as ``2026-10-05``.

    Raises:
        AnswersError: not TOML (says the line), or too large.
    """
    try:
        found = tomllib.loads(decoded(content, where))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (line [0-9]+, column [0-9]+|end of document)\)", str(error))
        raise AnswersError(
            f"this is not TOML at {place[1] if place else 'some place'}",
            where=where,
            rule='name = 41, name = "a text", or for several lines three quotes before and behind',
        ) from None
    except ValueError:  # Python reads no integer of thousands of digits
        raise AnswersError("a number is too long", where=where, rule="at most 2^53 - 1") from None
    except RecursionError:
        raise _too_deep(where) from None
    data: Data = _plain(found, where)
    return data


def _too_deep(where: str) -> AnswersError:
    return AnswersError("the TOML is nested too deep", where=where, rule=f"at most {limits.JSON_DEPTH}")


def parse_csv(form: Form, field: Field, content: bytes, *, where: str = "") -> list[Data]:
    """The entries of list ``field`` in a CSV file: one header line, then one line for each entry.

    The separator (comma, semicolon, tab) is found from the header, whose columns are named by name or title. An empty
    cell is left out, an empty line passed over.

    Raises:
        CsvColumnsError: a column is missing that has to be filled in, unknown, or stands twice.
        AnswersError: not CSV in UTF-8, a line with too many cells, too large.
    """
    text = decoded(content, where)
    first, _, rest = text.partition("\n")
    if re.fullmatch(r"sep=[,;\t]\r?", first):  # what spreadsheets put there, and are told by
        text = rest
    rows = _rows(text, _separator(text, field), where)
    try:
        columns = _columns(next(rows, (1, []))[1], field, where)
        return [_entry(columns, cells, line, where) for line, cells in rows if any(cell.strip() for cell in cells)]
    except CsvColumnsError as error:
        error.hints = (f"cipherpost form show {form.name}    (what a line of {field.name} holds)",)
        raise


def settled(form: Form, data: Data) -> Data:
    """``data`` with what can be meant in one way only made what it means; all else stays for checking to refuse."""
    known = {field.name: field for field in form.fields}
    return {key: _settled(known.get(key), value) for key, value in data.items()}


def decoded(content: bytes, where: str) -> str:
    """The text of a file from a person: UTF-8 with or without a byte order mark.

    Raises:
        AnswersError: above `limits.DATA_BYTES`, or not UTF-8.
    """
    if len(content) > limits.DATA_BYTES:
        raise AnswersError(f"the file has {len(content)} bytes", where=where, rule=f"at most {limits.DATA_BYTES}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnswersError(
            f"byte {error.start} of the file is not UTF-8",
            where=where,
            rule="files are in UTF-8",
            hints=('save it anew; a spreadsheet calls it "CSV UTF-8"',),
        ) from None


# ---- files ---------------------------------------------------------------------------------------------------------


def _read_file(form: Form, name: str, content: bytes) -> Data:
    if name == STDIN:
        return settled(form, _parse_unnamed(content, where="standard input"))
    chosen, _, path = name.rpartition("=")
    ending = PurePath(path).suffix.lower()
    parsers: dict[str, Callable[..., Data]] = {".json": parse_json, ".toml": parse_toml}
    if ending in parsers and not chosen:
        return settled(form, parsers[ending](content, where=name))
    if ending != ".csv" and not chosen:
        raise AnswersError("it is not known what this file is", where=name, rule="it ends in .json, .toml or .csv")
    field = form.field(chosen or PurePath(path).stem)
    if field is None or field.kind != "list" or ending != ".csv":
        lists = ", ".join(each.name for each in form.lists) or "none"
        raise AnswersError(
            "the file fills no list of the form",
            where=name,
            rule=f"a CSV file bears the name of a list; those of {form}: {lists}",
            hints=tuple(f"--data {each.name}={path}" for each in form.lists[:1]),
        )
    return settled(form, {field.name: parse_csv(form, field, content, where=name)})


def _parse_unnamed(content: bytes, *, where: str) -> Data:
    """JSON or TOML, of which nobody said what it is; no TOML begins with a brace."""
    begins = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begins:
        raise AnswersError("nothing came", where=where, rule="the report is read from there: JSON or TOML")
    return (parse_json if begins.startswith(b"{") else parse_toml)(content, where=where)


def _plain(value: Any, where: str, depth: int = 0) -> Any:
    if depth > limits.JSON_DEPTH:  # dotted keys nest without a bracket
        raise _too_deep(where)
    if isinstance(value, dict):
        return {key: _plain(inner, where, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, where, depth + 1) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


# ---- CSV -----------------------------------------------------------------------------------------------------------


def _separator(text: str, field: Field) -> str:
    """The separator that finds most columns of the list in the header."""
    known = _known(field)

    def found(separator: str) -> int:
        return sum(_named(cell) in known for cell in next(_cells(text, separator), []))

    return max(_SEPARATORS, key=found)


def _cells(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error:
        return


def _rows(text: str, separator: str, where: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        large = "field larger" in str(error)
        raise AnswersError(
            f"line {reader.line_num} {'has a cell that is too long' if large else 'is not CSV'}",
            where=where,
            rule=f"a text has at most {limits.REPORT_TEXT} characters" if large else "quotes stand in pairs",
        ) from None


def _named(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _known(field: Field) -> dict[str, str]:
    titles = {_named(column.title): column.name for column in field.items}
    return titles | {column.name: column.name for column in field.items}


def _columns(header: list[str], field: Field, where: str) -> list[str]:
    known = _known(field)
    while header and not header[-1].strip():  # spreadsheets leave empty columns behind
        header = header[:-1]
    named = [known.get(_named(cell), "") for cell in header]
    unknown = [shown(cell.strip()) for cell, name in zip(header, named, strict=True) if not name]
    missing = [column.name for column in field.items if column.required and column.name not in named]
    twice = sorted({name for name in named if name and named.count(name) > 1})
    said = {"missing": missing, "unknown": unknown, "twice": twice}
    wrong = [f"{word}: {', '.join(names[:_HEADER_SHOWN])}" for word, names in said.items() if names]
    if wrong:
        raise CsvColumnsError(
            f"the columns are not those of list {field.name}; {'; '.join(wrong)}",
            where=where,
            rule="the first line names: " + ", ".join(column.name for column in field.items),
        )
    return named


def _entry(columns: list[str], cells: list[str], line: int, where: str) -> Data:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise CsvColumnsError(
            f"the entry that ends in line {line} has {len(cells)} cells, the first line has {len(columns)}",
            where=where,
            rule="a cell that holds the separator stands in quotes",
        )
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}


# ---- values --------------------------------------------------------------------------------------------------------


def _settled(field: Field | None, value: Any) -> Any:
    if isinstance(value, str):
        return _settled_text(field, value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, list) and field is not None and field.kind == "list":
        known = {column.name: column for column in field.items}
        return [
            {key: _settled(known.get(key), inner) for key, inner in item.items()} if isinstance(item, dict) else item
            for item in value
        ]
    return value


def _settled_text(field: Field | None, text: str) -> Any:
    word = text.strip()
    if field is None or field.kind == "text" or not word:
        return text
    if field.kind == "yes-no":
        return _YES_NO.get(word.casefold(), text)
    if field.kind in {"number", "count"} and _INTEGER.fullmatch(word) and word != "-0":
        return int(word)
    return word
