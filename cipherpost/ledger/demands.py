"""Demands that reports raise, and what the center says of them (docs/protocol.md, "Demands").

A demand is named by its report and its place in the list, ``tver/center/12#3``, counted from 1. The center says which
are the same, and which dispatch of its own answers one, in sealed letters whose ``data.json`` is a `Statement`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

from cipherpost import limits
from cipherpost.errors import MalformedError, UseError
from cipherpost.strictjson import canonical, parse_canonical
from cipherpost.text import TextError, parse_hash, parse_number, parse_place, shown

FIELD: Final = "demands"
"""The list field in which a form asks for demands; its columns are text, category and raised_by."""
FORMAT: Final = "cipherpost/v1 demands"
MOST: Final = 1_000
"""Demands of one statement."""

Word = Literal["same", "apart", "answered", "open"]
_WORDS: Final[tuple[Word, ...]] = ("same", "apart", "answered", "open")


class DemandIdError(UseError):
    """A word that is not the name of a demand."""


class DemandStatementError(MalformedError):
    """A letter with a statement about demands that does not have its form."""


class DemandId(NamedTuple):
    """A demand by its report and its place there, from 1."""

    channel: str
    number: int
    at: int

    @property
    def place(self) -> str:
        """The report, ``tver/center/12``."""
        return f"{self.channel}/{self.number}"

    @property
    def office(self) -> str:
        """Who raised it."""
        return self.channel.partition("/")[0]

    def __str__(self) -> str:
        """``tver/center/12#3``."""
        return f"{self.place}#{self.at}"


def parse_id(word: str) -> DemandId:
    """The demand that ``word`` names.

    Raises:
        DemandIdError: not of the form ``tver/center/12#3``.
    """
    place, mark, at = word.partition("#")
    try:
        channel, number = parse_place(place)
        if mark:
            return DemandId(channel, number, parse_number(at))
    except TextError:
        pass
    raise DemandIdError(
        f"{shown(word)} names no demand", rule="a demand is named like tver/center/12#3", hints=("cipherpost demands",)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One demand. ``raised_by``: how many raised it, or a word for why that is not said; None: left blank.

    ``same``: the names of those the center counts with it, itself included, in the order of the list; empty while it
    stands alone. ``answered_by``: the dispatch of the center that answered it.
    """

    id: str
    office: str
    form: str
    period: str
    text: str = field(repr=False)
    category: str | None = field(default=None, repr=False)
    raised_by: int | str | None = field(default=None, repr=False)
    same: tuple[str, ...] = ()
    answered_by: str | None = None


def demands_of(*, office: str, form: str, period: str, dispatch: str, data: Mapping[str, Any]) -> tuple[Demand, ...]:
    """The demands that a checked report raises, in its order."""
    return tuple(
        Demand(
            id=f"{dispatch}#{at}",
            office=office,
            form=form,
            period=period,
            text=str(row.get("text", "")),
            category=row.get("category"),
            raised_by=row.get("raised_by"),
        )
        for at, row in enumerate(data.get(FIELD) or (), 1)
    )


def carried(before: Sequence[Demand], now: Sequence[Demand]) -> dict[str, str]:
    """Names in a report that was corrected to those in its correction, for demands whose text is the same.

    Of several with one text the first becomes the first, and so on; what the correction leaves out has no new name.
    """
    left: dict[str, list[str]] = {}
    for demand in now:
        left.setdefault(demand.text, []).append(demand.id)
    return {demand.id: left[demand.text].pop(0) for demand in before if left.get(demand.text)}


# ---- statements --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the center says of demands.

    ``same``: they are one and the same; ``apart``: each of them stands alone again; ``answered``: the dispatch ``by``
    of the center, whose text has the hash ``hash``, answers them; ``open``: nothing answered them, after all.
    """

    word: Word
    ids: tuple[str, ...]
    by: str | None = None
    hash: str | None = None


def format_statement(said: Statement) -> bytes:
    """The ``data.json`` of the letter that carries it."""
    by = {"by": said.by, "hash": said.hash} if said.word == "answered" else {}
    return canonical({"format": FORMAT, said.word: list(said.ids), **by})


def is_statement(data: bytes | None) -> bool:
    """Whether the ``data.json`` of a letter means to be a statement about demands."""
    return data is not None and FORMAT.encode() in data


def parse_statement(data: bytes) -> Statement:
    """The statement in a letter's ``data.json``.

    Raises:
        DemandStatementError, JsonError: another form than `format_statement` gives.
    """
    given = parse_canonical(data, limit=limits.DATA_BYTES, where="data.json")
    words = [word for word in _WORDS if isinstance(given, dict) and word in given]
    if len(words) != 1 or given.get("format") != FORMAT:
        raise _malformed("it is no statement about demands", f"format {FORMAT}, and one of {', '.join(_WORDS)}")
    (word,) = words
    ids, extra = given[word], {"by", "hash"} if word == "answered" else set()
    if set(given) != {"format", word} | extra:
        raise _malformed("it has other members than it must", "format, what is said, and with answered: by and hash")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST or not all(isinstance(each, str) for each in ids):
        raise _malformed("it names no demands", f"1 to {MOST} names")
    try:
        names = tuple(str(parse_id(each)) for each in ids)
        if extra:
            parse_place(str(given["by"]))
            parse_hash(str(given["hash"]))
    except (DemandIdError, TextError):
        raise _malformed(
            "a name in it is none", "demands like tver/center/12#3, dispatches like center/all/14"
        ) from None
    return Statement(word=word, ids=names, by=given.get("by"), hash=given.get("hash"))


def _malformed(what: str, rule: str) -> DemandStatementError:
    return DemandStatementError(what, where="data.json", rule=rule)


def judged(
    demands: Sequence[Demand], statements: Iterable[Statement], renamed: Mapping[str, str] | None = None
) -> tuple[Demand, ...]:
    """The demands with what the center said of them.

    Args:
        statements: oldest first; the last one about a demand holds.
        renamed: names in corrected reports to those of now (`carried`); what has none is not spoken of any more.
    """
    known = {demand.id: at for at, demand in enumerate(demands)}
    new_name = renamed or {}
    together: dict[str, set[str]] = {name: {name} for name in known}
    answers: dict[str, str | None] = {}
    for said in statements:
        ids = [name for each in said.ids if (name := new_name.get(each, each)) in known]
        if said.word == "same":
            merged = set().union(*(together[name] for name in ids))
            for name in merged:
                together[name] = merged
        elif said.word == "apart":
            for name in ids:
                together[name].discard(name)
                together[name] = {name}
        else:
            answers |= dict.fromkeys(ids, said.by)
    found = []
    for demand in demands:
        group = sorted(together[demand.id], key=known.__getitem__) if len(together[demand.id]) > 1 else ()
        found.append(replace(demand, same=tuple(group), answered_by=answers.get(demand.id)))
    return tuple(found)


# ---- counted together --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Demands that the center counts as one; most stand alone."""

    demands: tuple[Demand, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(demand.id for demand in self.demands)

    @property
    def offices(self) -> tuple[str, ...]:
        """Who raised it, each once."""
        return tuple(dict.fromkeys(demand.office for demand in self.demands))

    @property
    def raised_by(self) -> int | None:
        """How many raised it, by those reports that say a number; None where none does."""
        numbers = [each.raised_by for each in self.demands if isinstance(each.raised_by, int)]
        return sum(numbers) if numbers else None

    @property
    def said_by(self) -> int:
        """Of how many of its demands `raised_by` is the sum."""
        return sum(isinstance(each.raised_by, int) for each in self.demands)

    @property
    def answers(self) -> dict[str, int]:
        """Dispatch that answered to how many of the demands it answered; those without an answer are left out."""
        return dict(Counter(each.answered_by for each in self.demands if each.answered_by is not None))


def groups(demands: Sequence[Demand]) -> tuple[Group, ...]:
    """Demands counted together, each where its first one stands in the list."""
    found: dict[str, list[Demand]] = {}
    for demand in demands:
        found.setdefault(demand.same[0] if demand.same else demand.id, []).append(demand)
    return tuple(Group(demands=tuple(each)) for each in found.values())
