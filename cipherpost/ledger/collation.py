"""What reports add up to: sums, counts and lists by field, every figure traceable to the dispatch it came from.

Four things are kept apart in each field: a value; one of the words *none held*, *not known*, *not collected*; a field
left blank; and a field that the version of the form did not ask for. Only values are summed (I9). Whoever has the same
reports gets the same totals: they depend on what is given and its order alone.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from cipherpost.forms.schema import Field

NO_NUMBER: Final = ("none held", "not known", "not collected")
"""What a count may say instead of a number."""
_NUMBERS: Final = frozenset({"number", "count"})
_COUNTED: Final = frozenset({"choice", "yes-no"})
_ORDERED: Final = frozenset({"number", "count", "date"})


class Filing(NamedTuple):
    """A report that opened and fits its form: ``dispatch`` like ``tver/center/12``, ``fields`` those of its version."""

    office: str
    period: str
    dispatch: str
    fields: "tuple[Field, ...]"
    data: Mapping[str, Any]


class Said(NamedTuple):
    """One value and where it stands: the place of the report, in a list with the row, ``tver/center/12#3``."""

    office: str
    place: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What all reports say in one field, or in one column of a list field.

    ``kind`` as of the form's field. ``given``: every value, for a list its number of rows; ``no_number``: places by
    each of `NO_NUMBER`; ``blank`` and ``not_asked``: places where the field was left out, and where the report's
    version of the form does not have it. ``columns``: of a list field; ``choices``: what may be chosen.
    """

    name: str
    title: str
    kind: str
    given: tuple[Said, ...] = field(repr=False)
    no_number: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    blank: tuple[str, ...] = field(default=(), repr=False)
    not_asked: tuple[str, ...] = field(default=(), repr=False)
    choices: tuple[str, ...] = ()
    columns: "tuple[Total, ...]" = ()

    @property
    def sum(self) -> int | float | None:
        """Of the numbers given, of a list's rows; None where nothing can be added, or nothing was given."""
        if self.kind not in _NUMBERS | {"list"} or not self.given:
            return None
        values = [said.value for said in self.given]
        return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)

    @property
    def least(self) -> Said | None:
        """The smallest number or earliest date; of equal ones the first."""
        return min(self.given, key=_value) if self.kind in _ORDERED and self.given else None

    @property
    def most(self) -> Said | None:
        """The largest number or latest date; of equal ones the first."""
        return max(self.given, key=_value) if self.kind in _ORDERED and self.given else None

    @property
    def counts(self) -> dict[str, tuple[str, ...]]:
        """Choice to the places that chose it, in the form's order, those of nobody too; ``yes`` and ``no`` likewise."""
        if self.kind not in _COUNTED:
            return {}
        found: dict[str, list[str]] = {choice: [] for choice in self.choices}
        for said in self.given:
            found.setdefault(_word(said.value), []).append(said.place)
        return {choice: tuple(places) for choice, places in found.items()}

    def as_json(self) -> dict[str, Any]:
        """The object for scripts: only what the kind of field has."""
        found: dict[str, Any] = {"name": self.name, "title": self.title, "kind": self.kind, "given": len(self.given)}
        if self.kind in _NUMBERS:
            found["sum"] = self.sum
            found |= {word.replace(" ", "_"): list(self.no_number.get(word, ())) for word in NO_NUMBER}
        if self.kind in _ORDERED:
            found |= {"least": _said(self.least), "most": _said(self.most)}
        if self.kind in _COUNTED:
            found["choices"] = [{"choice": choice, "dispatches": list(at)} for choice, at in self.counts.items()]
        found |= {"blank": list(self.blank), "not_asked": list(self.not_asked)}
        if self.kind == "list":
            found |= {"rows": self.sum or 0, "columns": [column.as_json() for column in self.columns]}
        found["values"] = [_said(said) for said in self.given]
        return found


def _value(said: Said) -> Any:
    return said.value


def _said(said: Said | None) -> dict[str, Any] | None:
    return None if said is None else {"office": said.office, "dispatch": said.place, "value": said.value}


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


# ---- adding up ---------------------------------------------------------------------------------------------------


def totals(filings: Sequence[Filing], newest: "Sequence[Field]" = ()) -> tuple[Total, ...]:
    """What the reports say, field by field, in the order of the form.

    Args:
        filings: in the order in which their offices are to be listed.
        newest: fields of the form's newest version, which give order and titles; fields that only older versions have
            follow, and one that changed its kind is a field of its own.
    """
    whole = _Tallies()
    for fields in (tuple(newest), *{id(filing.fields): filing.fields for filing in filings}.values()):
        whole.learn(fields)
    for filing in filings:
        whole.add(filing.office, filing.dispatch, filing.fields, filing.data)
    return whole.totals()


_Key = tuple[str, str]
"""Name and kind of a field: one that changed its kind is a field of its own."""


class _Tallies:
    """The fields of all versions of a form, or of a list in it, while reports are read."""

    __slots__ = ("_asked", "_tallies")

    def __init__(self) -> None:
        self._tallies: dict[_Key, _Tally] = {}
        self._asked: dict[int, tuple[Sequence[Field], dict[_Key, Field]]] = {}

    def learn(self, fields: "Sequence[Field]") -> None:
        """Take up what a version asks for; kept, so that no other gets its id."""
        asked: dict[_Key, Field] = {(each.name, each.kind): each for each in fields}
        self._asked[id(fields)] = fields, asked
        for key, each in asked.items():
            if key not in self._tallies:
                self._tallies[key] = _Tally(each)
            self._tallies[key].columns.learn(each.items)

    def add(self, office: str, place: str, fields: "Sequence[Field]", data: Mapping[str, Any]) -> None:
        """Take up what a report, or a row of a list, says that was made for ``fields``."""
        asked = self._asked[id(fields)][1]
        for key, tally in self._tallies.items():
            field = asked.get(key)
            if field is None:
                tally.not_asked.append(place)
            else:
                tally.add(office, place, field, data)

    def totals(self) -> tuple[Total, ...]:
        """All that was taken up."""
        return tuple(tally.total() for tally in self._tallies.values())


class _Tally:
    """One field while reports are read; ``columns``: those of a list."""

    __slots__ = ("_field", "blank", "columns", "given", "no_number", "not_asked")

    def __init__(self, field: "Field") -> None:
        self._field = field
        self.columns = _Tallies()
        self.given: list[Said] = []
        self.no_number: dict[str, list[str]] = {}
        self.blank: list[str] = []
        self.not_asked: list[str] = []

    def add(self, office: str, place: str, field: "Field", data: Mapping[str, Any]) -> None:
        """Take up what one report, or one row of a list, says in ``field``, as its own version has it."""
        value = data.get(field.name)
        if value is None:
            self.blank.append(place)
        elif field.kind == "list":
            self.given.append(Said(office, place, len(value)))
            for at, row in enumerate(value, 1):
                self.columns.add(office, f"{place}#{at}", field.items, row)
        elif field.kind in _NUMBERS and isinstance(value, str):
            self.no_number.setdefault(value, []).append(place)
        else:
            self.given.append(Said(office, place, value))

    def total(self) -> Total:
        """All that was taken up."""
        field = self._field
        return Total(
            name=field.name,
            title=field.title,
            kind=field.kind,
            given=tuple(self.given),
            no_number={word: tuple(self.no_number.get(word, ())) for word in NO_NUMBER if field.kind == "count"},
            blank=tuple(self.blank),
            not_asked=tuple(self.not_asked),
            choices=("yes", "no") if field.kind == "yes-no" else field.choices,
            columns=self.columns.totals(),
        )


# ---- rows --------------------------------------------------------------------------------------------------------


def list_rows(filings: Iterable[Filing], name: str) -> Iterator[tuple[Filing, int, Mapping[str, Any]]]:
    """(report, number of the row from 1, the row) of every row of the list field ``name``."""
    for filing in filings:
        for at, row in enumerate(filing.data.get(name) or (), 1):
            yield filing, at, row


def cell(value: Any) -> str | int | float:
    """A value as it stands in a row of a table: blank where nothing was given, lists as their number of rows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _word(value)
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int | float) else str(value)
