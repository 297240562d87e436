"""The returns on a terminal: a matrix of words for each form, what each column covers, and what was remarked.

On a terminal the newest columns that fit beside names and titles are shown, elsewhere all of them.
"""

import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.cli import output
from cipherpost.ledger.debt import State
from cipherpost.ledger.returns import Cell, Matrix, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cipherpost.workflows.returns import Returns

WORDS: Final = {
    State.MOOT: "moot",
    State.EXCUSED: "excused",
    State.SENT_BACK: "sent back",
    State.UNKNOWN: "unknown",
    State.OVERDUE: "overdue",
    State.EXTENDED: "extended",
    State.DUE: "due",
    State.NOT_DUE: "not due",
    State.LATE: "late",
    State.NIL: "nil",
    State.CORRECTED: "corrected",
    State.ON_TIME: "on time",
}
"""What a cell says."""
NOTHING: Final = "-"
"""What a cell says where nothing is owed."""

_STYLES: Final = {
    State.SENT_BACK: "magenta",
    State.UNKNOWN: "magenta",
    State.OVERDUE: "bold red",
    State.LATE: "yellow",
    State.ON_TIME: "green",
    State.CORRECTED: "green",
    State.NIL: "green",
}
_GAP: Final = "  "
_TITLE: Final = 16
"""Columns of a terminal that titles keep before another period is shown."""
_NAMES: Final = 12
"""Most names of a sort in a line of coverage on a terminal; elsewhere there is no most."""


class _Word(NamedTuple):
    text: str
    style: str = ""


_Line = Sequence[_Word]


def show(found: "Returns", *, quiet: bool) -> None:
    """Print the returns; notes for the person on standard error unless ``quiet``."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    about = f" {found.period}" if found.period else ""
    _print([_Word(f"Returns{about} of {found.network} as of {found.as_of}")])
    marks: dict[str, str] = {}
    for group, places in found.matrix.groups():
        output.say()
        shown = _print_table(found.matrix, group, places, columns)
        for text in _covered(found.matrix, shown, columns):
            output.say(output.wrapped(output.safe(text), indent=2))
        marks = _key(found.matrix, places, shown) | marks
    for text in _notes(found, marks):
        output.say(output.wrapped(output.safe(text), indent=2))
    if not quiet:
        output.hint(f"cipherpost returns{about}{_narrowed(found)} --html returns.html")


def _narrowed(found: "Returns") -> str:
    """The options that chose what is shown."""
    given = (("--form", found.form), ("--group", found.group))
    return "".join(f" {option} {value}" for option, value in given if value)


def cell_word(cell: Cell | None) -> str:
    """``on time``; for several debts in one cell ``3 on time`` or ``1/3 overdue``."""
    if cell is None:
        return NOTHING
    word, count, total = WORDS[cell.state], cell.count, len(cell.debts)
    if total == 1:
        return word
    return f"{total} {word}" if count == total else f"{count}/{total} {word}"


# ---- the matrix --------------------------------------------------------------------------------------------------


def _print_table(matrix: Matrix, group: str, places: Sequence[int], columns: int | None) -> list[int]:
    """Print the table of one form in so many columns of a terminal (None: as wide as it is); the places shown."""
    rows = _rows(matrix, places)
    widths = {
        at: max(_width(matrix.columns[at].head), *(_width(cell_word(row.cells[at])) for row in rows)) for at in places
    }
    name = max(_width(row.office) for row in rows)
    title = max(_width(output.safe(row.title)) for row in rows)
    shown = list(places)
    if columns is not None:
        shown = _fitting(places, widths, columns - name - len(_GAP) - min(title, _TITLE))
        title = min(title, max(_TITLE, columns - name - len(_GAP) - _total(widths[at] for at in shown)))
    events = ", by the month it is held" if matrix.columns[places[0]].events else ""
    _print([_Word(_cut(f"{group}{events}", columns), "bold")])
    heads = [_padded(matrix.columns[at].head, widths[at]) for at in shown]
    _print([_Word(_GAP.join([" " * name, " " * title, *heads]).rstrip(), "bold")])
    for row in rows:
        line = [_Word(_padded(row.office, name)), _Word(_padded(_cut(output.safe(row.title), title), title))]
        for at in shown:
            cell = row.cells[at]
            line.append(_Word(_padded(cell_word(cell), widths[at]), _STYLES.get(cell.state, "") if cell else "dim"))
        _print(_spaced(line))
    if len(shown) < len(places):
        _print([_Word(f"the newest {len(shown)} of {len(places)}; all of them: --csv or --html FILE")])
    return shown


def _rows(matrix: Matrix, places: Sequence[int]) -> list[Row]:
    """The offices that owe anything in these columns."""
    return [row for row in matrix.rows if any(row.cells[at] is not None for at in places)]


def _fitting(places: Sequence[int], widths: dict[int, int], room: int) -> list[int]:
    """The newest columns that fit into ``room``, at least one."""
    shown: list[int] = []
    for at in reversed(places):
        room -= widths[at] + len(_GAP)
        if room < 0 and shown:
            break
        shown.insert(0, at)
    return shown


def _total(widths: Iterator[int]) -> int:
    return sum(width + len(_GAP) for width in widths)


def _covered(matrix: Matrix, shown: Sequence[int], columns: int | None) -> Iterator[str]:
    """What the columns shown cover."""
    most = _NAMES if columns is not None else sys.maxsize
    for at in shown:
        yield f"{matrix.columns[at].head}: {matrix.coverage[at].line(most)}"


def _key(matrix: Matrix, places: Sequence[int], shown: Sequence[int]) -> dict[str, str]:
    """What cells say that is no word, as far as any shown says it: an example, and what it means."""
    found = {}
    for cell in (row.cells[at] for row in _rows(matrix, places) for at in shown):
        if cell is None:
            found[NOTHING] = f"{NOTHING}: nothing was owed"
        elif cell.count < len(cell.debts):
            said = f"{cell_word(cell)}: {cell.count} of {len(cell.debts)} held in that month"
            found.setdefault("part", f"{said}; the state that wants most attention is shown")
    return found


def _notes(found: "Returns", marks: "Mapping[str, str]") -> Iterator[str]:
    """What marks mean, how many were on time by month, what readers remarked, who stands no more in the list."""
    yield ""
    yield from sorted(marks.values())
    rates = [f"{rate.month} {rate.percent}% ({rate.on_time} of {rate.of})" for rate in found.matrix.rates if rate.of]
    if rates:
        yield f"on time, by month: {', '.join(rates)}"
    for place, remark in found.remarks.items():
        yield f"remark: {place}: {remark}"
    yield from found.left_lines()


# ---- lines -------------------------------------------------------------------------------------------------------


def _spaced(words: Sequence[_Word]) -> list[_Word]:
    """Words with gaps between them, and nothing after the last."""
    line: list[_Word] = []
    for word in words:
        line += [_Word(_GAP), word] if line else [word]
    line[-1] = line[-1]._replace(text=line[-1].text.rstrip())
    return line


def _width(text: str) -> int:
    """How many columns ``text`` takes: none for marks set over a letter, two for the wide letters of East Asia."""
    wide = sum(unicodedata.east_asian_width(ch) in "WF" for ch in text)
    return len(text) + wide - sum(bool(unicodedata.combining(ch)) for ch in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str, width: int | None) -> str:
    if width is None or _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _print(line: _Line) -> None:
    """A line in colour on a terminal, plain elsewhere."""
    if not sys.stdout.isatty():
        output.say("".join(word.text for word in line).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text.assemble(*((word.text, word.style) for word in line)))
