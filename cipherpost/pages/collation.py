"""The page of a collation: what reports add up to, how complete it is, and the dispatches each figure came from.

The builder takes totals as they were made; it opens no report and adds nothing up but bars.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cipherpost.forms.schema import Form
from cipherpost.ledger.collation import Total
from cipherpost.ledger.returns import Coverage
from cipherpost.pages.building import page

NAMES: Final = 8
"""Most names of a sort in the line of coverage at a field; all of them stand once at the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One figure: whose it is or which choice, the dispatches, and its bar in percent of the longest; None: no bar."""

    name: str
    title: str
    places: tuple[str, ...]
    value: str
    bar: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """Why some dispatches gave no figure: one of the words of a count, ``left blank`` or ``not asked``."""

    word: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One field, or one column of a list: its lines, and who was silent; ``summary`` in one phrase.

    ``cover``: how complete it is, where that is not what stands at the top for all.
    """

    total: Total
    id: str
    summary: str
    cover: str
    lines: tuple[_Line, ...]
    silent: tuple[_Silence, ...]
    parts: "tuple[_Part, ...]" = ()
    rows: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def collation_page(
    totals: Sequence[Total],
    *,
    network: str,
    form: Form,
    period: str,
    as_of: str,
    coverage: Coverage,
    titles: Mapping[str, str],
    group: str | None = None,
    remarks: Sequence[tuple[str, str, str]] = (),
) -> str:
    """A collation as one self-contained page of HTML; the same values give the same text.

    Args:
        totals: field by field, in the order of the form.
        network: its name.
        form: the form in its newest version.
        period: what was collated, for ``group`` where it was not all.
        as_of: the judging time, a protocol time.
        coverage: how complete the reports are; its line stands at the top, and again at each field for which some
            report was not asked, with how many.
        titles: title by office.
        remarks: (office, dispatch, reason) of each report that was left out.
    """
    return page(
        "collation.html.j2",
        network=network,
        form=form,
        period=period,
        group=group,
        as_of=as_of,
        coverage=coverage.line(),
        parts=[_part(total, f"f{at}", titles, coverage) for at, total in enumerate(totals, 1)],
        remarks=remarks,
        titles=titles,
    )


def _part(
    total: Total, id: str, titles: Mapping[str, str], coverage: Coverage, without: frozenset[str] = frozenset()
) -> _Part:
    """``without``: reports that were not asked for the list of which this is a column."""
    without |= {place.partition("#")[0] for place in total.not_asked}
    columns = tuple(
        _part(column, f"{id}-{at}", titles, coverage, without) for at, column in enumerate(total.columns, 1)
    )
    inner = "-" in id
    return _Part(
        total=total,
        id=id,
        summary=_summary(total),
        cover=f"{coverage.line(NAMES)}; not asked: {len(without)} of those reported" if without else "",
        lines=tuple(_choices(total) if total.counts else () if inner else _values(total, titles)),
        silent=tuple(_silent(total)),
        parts=columns,
        rows=tuple(_rows(total)),
    )


def _summary(total: Total) -> str:
    count = len(total.given)
    if total.kind == "list":
        return f"{total.sum or 0} rows in {count} reports"
    words = f"{count} given"
    if total.kind in {"number", "count"} and total.sum is not None:
        words = f"{total.sum} in all, {count} given"
    if total.least is not None and total.most is not None and count > 1:
        least, most = ("first", "last") if total.kind == "date" else ("least", "most")
        words += f"; {least} {total.least.value} ({total.least.place}), {most} {total.most.value} ({total.most.place})"
    return words


def _values(total: Total, titles: Mapping[str, str]) -> Iterator[_Line]:
    """What each report says; numbers and lengths of lists with a bar."""
    drawn = total.kind in {"number", "count", "list"}
    longest = max((abs(said.value) for said in total.given), default=0) if drawn else 0
    for said in total.given:
        yield _Line(
            name=said.office,
            title=titles.get(said.office, ""),
            places=(said.place,),
            value=_word(said.value),
            bar=_percent(said.value, longest) if drawn else None,
        )


def _choices(total: Total) -> Iterator[_Line]:
    """How often each choice was taken; inside a list the reports behind it are told once each."""
    longest = max((len(places) for places in total.counts.values()), default=0)
    for choice, places in total.counts.items():
        yield _Line(name=choice, title="", places=places, value=str(len(places)), bar=_percent(len(places), longest))


def _percent(value: float, longest: float) -> float:
    return round(100 * max(value, 0) / longest, 1) if longest else 0.0


def _silent(total: Total) -> Iterator[_Silence]:
    for word, places in (*total.no_number.items(), ("left blank", total.blank), ("not asked", total.not_asked)):
        if places:
            yield _Silence(word=word, places=places)


def _rows(total: Total) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(office, place, one word for each column) of every row of a list."""
    if total.kind != "list":
        return
    columns = [_by_place(column) for column in total.columns]
    for said in total.given:
        for at in range(1, int(said.value) + 1):
            place = f"{said.place}#{at}"
            yield said.office, place, tuple(column.get(place, "") for column in columns)


def _by_place(total: Total) -> dict[str, str]:
    found = {place: word for word, places in total.no_number.items() for place in places}
    return found | {said.place: _word(said.value) for said in total.given}


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
