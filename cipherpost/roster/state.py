"""What the roster keeps: values with the entry from which they hold, so that any past entry is a look-up.

Nothing is copied for an entry. Every change is an addition that `Undo` can take back, so that an entry which turns out
to make no sense leaves nothing behind.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Generic, Literal, NamedTuple, Self, TypeVar

from cipherpost.note import VerifierKey
from cipherpost.roster.duties import DutyBook
from cipherpost.roster.words import Role, Statement

T = TypeVar("T")
K = TypeVar("K")

Cause = Literal["retire", "compromised", "suspend", "dissolve", "rotate"]
"""What takes standing away; ``rotate``: new keys under the name."""
Standing = Literal["declared", "good", "suspended", "dissolved"]
"""Of an office; ``declared``: no officer yet."""


class Undo:
    """Steps that take changes back, last first; as a context, does so when an error leaves it."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.back()

    def back(self) -> None:
        """Take back all changes so far."""
        while self._steps:
            self._steps.pop()()

    def add(self, step: Callable[[], object]) -> None:
        """Note how to take back what was just done."""
        self._steps.append(step)

    def push(self, items: list[T], item: T) -> None:
        """Append."""
        items.append(item)
        self._steps.append(items.pop)

    def put(self, items: dict[K, T], key: K, item: T) -> None:
        """Set a key, new or not."""
        if key in items:
            self._steps.append(partial(items.__setitem__, key, items[key]))
        else:
            self._steps.append(partial(items.pop, key))
        items[key] = item

    def drop(self, items: dict[K, T], key: K) -> None:
        """Remove a key, if it is there."""
        if key in items:
            self._steps.append(partial(items.__setitem__, key, items.pop(key)))


class History(Generic[T]):
    """One value over time: each holds from its entry to the next; of several in one entry the last."""

    __slots__ = ("_entries", "_values")

    def __init__(self) -> None:
        self._entries: list[int] = []
        self._values: list[T] = []

    def set(self, entry: int, value: T, undo: Undo) -> None:
        """Let ``value`` hold from ``entry``, which is not before the last one given."""
        undo.push(self._entries, entry)
        undo.push(self._values, value)

    def at(self, entry: int) -> T | None:
        """The value at ``entry``, None before the first."""
        found = bisect_right(self._entries, entry)
        return self._values[found - 1] if found else None

    @property
    def last(self) -> T | None:
        """The newest value."""
        return self._values[-1] if self._values else None

    @property
    def newest(self) -> int:
        """The entry from which the newest value holds; 0 when there is none."""
        return self._entries[-1] if self._entries else 0


class Entry(NamedTuple):
    """An entry of the roster: number, hash of its text, time and ``by`` of its header, what it states."""

    number: int
    hash: str
    time: str
    by: str
    statements: tuple[Statement, ...]


class OfficeInfo(NamedTuple):
    """An office; ``since`` is the entry that declared it, ``order`` counts offices from 0."""

    name: str
    role: Role
    since: int
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerInfo:
    """One officer with one pair of keys, over one stretch of good standing: entries ``since`` to before ``until``.

    ``vkey`` is the signing key, ``card`` the hash of the card that bears the sealing key; ``unchecked``: nobody heard
    its number. ``until`` is the entry that took the standing away (None: it lasts) and ``cause`` what did;
    ``compromised`` the entry that declared these keys compromised. An officer whose office was reinstated has one more.
    """

    office: str
    name: str
    vkey: VerifierKey
    card: str
    unchecked: bool
    since: int
    until: int | None = None
    cause: Cause | None = None
    compromised: int | None = None

    def good(self, at: int) -> bool:
        """Whether this stretch of standing holds entry ``at``."""
        return self.since <= at and (self.until is None or at < self.until)


class CutInfo(NamedTuple):
    """The last number that counts of those who lost their standing; 0 has no hash."""

    number: int
    hash: str | None


class Pin(NamedTuple):
    """Up to ``number`` the channel is the one that ends in ``hash``."""

    number: int
    hash: str


class FormInfo(NamedTuple):
    """A version of a form; ``hash`` is that of its schema's bytes."""

    name: str
    version: int
    hash: str
    since: int


class Office:
    """What is kept of one office: its info, its states, every stretch of standing in order of admission."""

    __slots__ = ("by_name", "info", "states", "tenures")

    def __init__(self, info: OfficeInfo) -> None:
        self.info = info
        self.states: History[Standing] = History()
        self.tenures: list[OfficerInfo] = []
        self.by_name: dict[str, list[int]] = {}
        """Places in ``tenures``, oldest first."""

    def last(self, officer: str) -> OfficerInfo | None:
        """The newest stretch of an officer's standing."""
        places = self.by_name.get(officer)
        return self.tenures[places[-1]] if places else None

    def present(self) -> list[OfficerInfo]:
        """Those in good standing now, in order of admission."""
        return [each for each in self.tenures if each.until is None]

    def add(self, tenure: OfficerInfo, undo: Undo) -> None:
        """A stretch of standing begins."""
        if tenure.name not in self.by_name:
            undo.put(self.by_name, tenure.name, [])
        undo.push(self.by_name[tenure.name], len(self.tenures))
        undo.push(self.tenures, tenure)

    def mark(self, tenure: OfficerInfo, undo: Undo) -> None:
        """Put ``tenure`` in the place of the newest one of that name."""
        place = self.by_name[tenure.name][-1]
        undo.add(partial(self.tenures.__setitem__, place, self.tenures[place]))
        self.tenures[place] = tenure

    def end(self, tenure: OfficerInfo, entry: int, cause: Cause, undo: Undo) -> None:
        """The newest stretch of that name ends with ``entry``."""
        compromised = entry if cause == "compromised" else None
        self.mark(replace(tenure, until=entry, cause=cause, compromised=compromised), undo)


class Channels:
    """Every channel that the roster let exist, with the entry from which it does."""

    __slots__ = ("of_audience", "of_office", "since")

    def __init__(self) -> None:
        self.since: dict[str, int] = {}
        self.of_office: dict[str, list[str]] = {}
        self.of_audience: dict[str, list[str]] = {}

    def add(self, office: str, audience: str, entry: int, undo: Undo) -> None:
        """Let the channel exist from ``entry``, if it does not yet."""
        channel = f"{office}/{audience}"
        if channel in self.since:
            return
        undo.put(self.since, channel, entry)
        for index, name in ((self.of_office, office), (self.of_audience, audience)):
            if name not in index:
                undo.put(index, name, [])
            undo.push(index[name], channel)


class State:
    """All that the roster says, over all its entries."""

    def __init__(self) -> None:
        self.network: str | None = None
        self.entries: list[Entry] = []
        self.offices: dict[str, Office] = {}
        self.titles: dict[str, History[str]] = {}
        self.groups: dict[str, History[tuple[str, ...]]] = {}
        self.lateral: dict[str, History[bool]] = {}
        self.groups_of: dict[str, dict[str, int]] = {}
        """Office to every group it ever was in, with the entry it first was."""
        self.channels = Channels()
        self.keepers: History[tuple[str, ...]] = History()
        self.recovery: tuple[int, tuple[VerifierKey, ...]] | None = None
        self.keys: dict[bytes, str] = {}
        self.cards: dict[str, str] = {}
        """Public keys and hashes of cards, each with the name it was first given to."""
        self.left: dict[tuple[str, str], Cause] = {}
        """Officers (office, name) who were retired, or whose keys were compromised and not replaced yet."""
        self.thresholds: dict[str, History[int]] = {}
        self.waiting: dict[str, int] = {}
        """Thresholds that bind as soon as the office has so many officers."""
        self.taken: dict[int, dict[str, list[str]]] = {}
        """Entry to office to the officers who lost their standing in it."""
        self.cuts: dict[tuple[int, str], list[CutInfo]] = {}
        self.pins: dict[str, list[tuple[int | None, Pin | None]]] = {}
        """Channel to its cuts (with the entry cut) and settlements (None), oldest first; no pin: cut at 0."""
        self.forms: dict[str, History[FormInfo]] = {}
        self.duties = DutyBook()
        self.escrow: dict[str, History[tuple[str, ...]]] = {}
        self.escrowed: dict[str, int] = {}
        """Every office that ever was escrow, with the entry it first was."""
        self.timezone: History[str] = History()
        self.checks: dict[str, History[int]] = {}
