"""Tables as CSV: for scripts as they are, for spreadsheets in the one shape that all of them open right.

RFC 4180 with line feeds: https://www.rfc-editor.org/rfc/rfc4180. For spreadsheets UTF-16 with a byte-order mark, and
tabs: Excel splits UTF-8 at commas in one country and at semicolons in the next, and where a line ``sep=,`` tells it the
separator it forgets the mark and garbles every letter beyond ASCII
(https://github.com/alexcaza/export-to-csv/issues/119).

Spreadsheets take a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return for a formula
(https://owasp.org/www-community/attacks/CSV_Injection), so such text gets an apostrophe before it. Numbers given as
numbers are left alone.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cipherpost.cli.output import safe, write_document

BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with; also in the full width of East Asian keyboards, which some spreadsheets read alike."""


def cell(value: Any) -> str:
    """A value as it stands in a cell: text harmless, lists joined with ``; ``, nothing for None.

    Args:
        value: text, a number, a bool (``yes``, ``no``), None, or a list or tuple of these.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return _harmless("; ".join(str(each) for each in value))
    return _harmless(str(value))


def _harmless(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula, also after spaces, and no terminal for a command."""
    if text.lstrip(" \n\u00a0").startswith(_FORMULA):
        text = f"'{text}"
    return safe(text, lines=True)


def format_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, excel: bool = False) -> bytes:
    r"""The table: a line of ``columns``, then each row's values of them.

    Args:
        rows: what stands under each column; a column that a row does not have is left empty.
        excel: UTF-16 (little-endian) with a byte-order mark, tabs, and lines that end in ``\r\n``; else UTF-8, commas
            and ``\n``.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t" if excel else ",", lineterminator="\r\n" if excel else "\n")
    writer.writerow([cell(column) for column in columns])
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    return f"{BYTE_ORDER_MARK}{out.getvalue()}".encode("utf-16-le") if excel else out.getvalue().encode()


def write_csv(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    excel: bool = False,
    out: str | None = None,
    force: bool = False,
) -> None:
    """`format_csv` into the file ``out``, else byte for byte to standard output.

    Raises:
        UnableError: the file is there and ``force`` was not given.
    """
    data = format_csv(columns, rows, excel=excel)
    if out is None or out == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_document(data, out, force=force)
