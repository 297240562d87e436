"""The page with an officer's secret keys, to be printed and locked away: text to be typed, codes to be scanned.

The codes are QR codes (ISO/IEC 18004) with medium correction: they stand up to a fold or a stain of a tenth of their
area. What they hold one after the other is the text (`cipherpost.home.paper`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import segno
from markupsafe import Markup

from cipherpost.home.paper import FIRST, Paper
from cipherpost.pages.building import page

_GROUP: Final = 5
_GROUPED: Final = frozenset({"fingerprint", "sign", "seal"})


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it is printed: its number in the text, its word, and its value in groups to be typed."""

    number: int
    word: str
    groups: tuple[str, ...]


def paper_page(paper: Paper, *, made: str) -> str:
    """The keys of ``paper`` as one page of HTML that needs no network; ``made`` is a protocol time."""
    codes = [_code(text) for text in paper.codes()]
    return page(
        "paper.html.j2", style="paper.css", paper=paper, made=made, first=FIRST, lines=list(_lines(paper)), codes=codes
    )


def _lines(paper: Paper) -> Iterator[_Line]:
    for number, (word, value) in enumerate(paper.lines(), 2):
        grouped = word in _GROUPED
        groups = (value[at : at + _GROUP] for at in range(0, len(value), _GROUP)) if grouped else (value,)
        yield _Line(number, word, tuple(groups))


def _code(text: str) -> Markup:
    code = segno.make_qr(text, error="m", boost_error=False, encoding="utf-8")
    drawn = code.svg_inline(omitsize=True, border=4, light="#fff", dark="#000", svgclass="code", lineclass=None)
    return Markup(drawn)  # noqa: S704  made here of black squares alone
