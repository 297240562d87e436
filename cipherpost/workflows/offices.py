"""Offices are declared: by name, or many from a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cipherpost.errors import UseError
from cipherpost.text import check_free_text, clean_free_text, parse_name
from cipherpost.workflows import entries
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement


class OfficesFileError(UseError):
    """The table of offices cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffice:
    """An office to declare."""

    name: str
    title: str
    role: str = "committee"


def read_offices(path: Path) -> list[NewOffice]:
    """Offices from a CSV file with the columns name, title and, where it is not committee, role.

    Raises:
        OfficesFileError: naming the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OfficesFileError("the file is not UTF-8", where=str(path), hints=("save it as CSV in UTF-8",)) from None
    found = []
    for at, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (at == 1 and cells[0].lower() == "name"):
            continue
        if len(cells) not in {2, 3}:
            raise OfficesFileError(
                f"line {at} has {len(cells)} columns",
                where=str(path),
                rule="name,title or name,title,role, parted by commas",
            )
        role = cells[2] if len(cells) == 3 and cells[2] else "committee"
        if role not in {"committee", "auditor"}:
            raise OfficesFileError(f"line {at} has the role {role!r}", where=str(path), rule="committee or auditor")
        found.append(NewOffice(name=cells[0], title=cells[1], role=role))
    if not found:
        raise OfficesFileError("the file names no office", where=str(path))
    return found


def office_statements(offices: Sequence[NewOffice]) -> "list[Statement]":
    """The statements that declare ``offices``.

    Raises:
        TypedError: a name or title that cannot be one.
    """
    from cipherpost.roster import words

    made: list[Statement] = []
    for office in offices:
        with typed():
            made.append(words.Office(parse_name(office.name), office.role))  # type: ignore[arg-type]
            title = check_free_text(clean_free_text(office.title or office.name), "title")
        if title != office.name:
            made.append(words.Title(office.name, title))
    return made


def declare(desk: "Desk", offices: Sequence[NewOffice], *, dry_run: bool = False) -> Posted:
    """Declare offices in one roster entry.

    Raises:
        RosterEntryError: a name is taken; none of them was declared.
    """
    statements = office_statements(offices)
    entries.prepare(desk)
    return entries.post(desk, statements, dry_run=dry_run)


def set_title(desk: "Desk", name: str, title: str, *, dry_run: bool = False) -> Posted:
    """Give an office another title; one that it has already is not stated again.

    Raises:
        UnknownOfficeError: there is none of this name. TypedError: not a title.
    """
    from cipherpost.roster import words
    from cipherpost.workflows.admission import known_office

    with typed():
        text = check_free_text(clean_free_text(title), "title")
    entries.prepare(desk)
    known_office(desk, name)
    if desk.roster.title(name, desk.roster.newest) == text:
        return entries.stated_before(desk)
    return entries.post(desk, [words.Title(name, text)], dry_run=dry_run)
