"""What the roster keeps: values with the entry from which they hold, so that any past entry is a look-up.

Nothing is copied for an entry. Every change is an addition that `Undo` can take back, so that an entry which turns out
to make no sense leaves nothing behind.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, Self, TypeVar

from cipherpost.note import VerifierKey
from cipherpost.text import CENTER, ROSTER

if TYPE_CHECKING:
    from cipherpost.roster.duties import DutyBook
    from cipherpost.roster.words import Role, Statement

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
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
        self._steps: list[Callable[[], object] | list[Any] | tuple[dict[Any, Any], Any]] = []
        """What to call; or a list that got longer by one, or a dict with its new key: an entry has 100,000 of these."""

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
            step = self._steps.pop()
            if isinstance(step, list):
                step.pop()
            elif isinstance(step, tuple):
                items, key = step
                del items[key]
            else:
                step()

    def add(self, step: Callable[[], object]) -> None:
        """Note how to take back what was just done."""
        self._steps.append(step)

    def push(self, items: list[T], item: T) -> None:
        """Append."""
        items.append(item)
        self._steps.append(items)

    def put(self, items: dict[K, T], key: K, item: T) -> None:
        """Set a key, new or not."""
        if key in items:
            self._steps.append(partial(items.__setitem__, key, items[key]))
        else:
            self._steps.append((items, key))
        items[key] = item

    def drop(self, items: dict[K, T], key: K) -> None:
        """Remove a key, if it is there."""
        if key in items:
            self._steps.append(partial(items.__setitem__, key, items.pop(key)))


class History(Generic[T]):
    """One value over time: each holds from its entry to the next; of several in one entry the last."""

    __slots__ = ("_told",)

    def __init__(self, told: Iterable[tuple[int, T]] = ()) -> None:
        self._told = [(entry, value) for entry, value in told]

    def told(self) -> Sequence[tuple[int, T]]:
        """Every value with its entry, oldest first."""
        return self._told

    def set(self, entry: int, value: T, undo: Undo) -> None:
        """Let ``value`` hold from ``entry``, which is not before the last one given."""
        undo.push(self._told, (entry, value))

    def at(self, entry: int) -> T | None:
        """The value at ``entry``, None before the first."""
        told = self._told
        if told and told[-1][0] <= entry:
            return told[-1][1]
        found = bisect_right(told, entry, key=itemgetter(0))
        return told[found - 1][1] if found else None

    @property
    def last(self) -> T | None:
        """The newest value."""
        return self._told[-1][1] if self._told else None

    @property
    def first(self) -> int | None:
        """The entry from which the oldest value holds."""
        return self._told[0][0] if self._told else None

    @property
    def newest(self) -> int:
        """The entry from which the newest value holds; 0 when there is none."""
        return self._told[-1][0] if self._told else 0


class Entry:
    """An entry of the roster: number, hash of its text, time and ``by`` of its header, what it states.

    ``stated`` may be a function that gives the statements, asked each time they are needed.
    """

    __slots__ = ("_stated", "by", "hash", "number", "time")

    def __init__(
        self,
        number: int,
        hash: str,
        time: str,
        by: str,
        stated: "tuple[Statement, ...] | Callable[[], tuple[Statement, ...]]",
    ) -> None:
        self.number: Final = number
        self.hash: Final = hash
        self.time: Final = time
        self.by: Final = by
        self._stated = stated

    @property
    def statements(self) -> "tuple[Statement, ...]":
        """What it states, in order."""
        return self._stated() if callable(self._stated) else self._stated


class OfficeInfo(NamedTuple):
    """An office; ``since`` is the entry that declared it, ``order`` counts offices from 0."""

    name: str
    role: "Role"
    since: int
    order: int


class OfficerInfo(NamedTuple):
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


class Move(NamedTuple):
    """A committee enters or leaves good standing, or is declared, in ``entry``."""

    entry: int
    office: str
    good: bool


class CutInfo(NamedTuple):
    """The last number that counts of those who lost their standing; 0 has no hash."""

    number: int
    hash: str | None


class Pin(NamedTuple):
    """Up to ``number`` the channel is the one that ends in ``hash``."""

    number: int
    hash: str


class Pinned(NamedTuple):
    """A cut of those who lost their standing in entry ``cut``, or a settlement (None), as ``entry`` states it.

    ``pin`` is None where the cut is at 0.
    """

    cut: int | None
    pin: Pin | None
    entry: int


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
        self.mark(tenure._replace(until=entry, cause=cause, compromised=compromised), undo)


def _no_duties() -> "DutyBook":
    from cipherpost.roster.duties import DutyBook

    return DutyBook()


NEW: Final[Mapping[str, Callable[[], Any]]] = {
    "recovery": lambda: None,
    **dict.fromkeys(("keepers", "timezone"), History),
    **dict.fromkeys(("entries", "moves"), list),
    "duties": _no_duties,
    **dict.fromkeys(("offices", "titles", "thresholds", "waiting", "checks", "groups_of", "opened"), dict),
    **dict.fromkeys(("groups", "lateral", "keys", "cards", "left", "taken", "pins"), dict),
    **dict.fromkeys(("forms", "escrow", "escrowed"), dict),
}
"""The parts of a state, and what makes each before the first entry."""


class State:
    """All that the roster says, over all its entries.

    Args:
        later: parts that are made when they are first asked for: name of an attribute to what makes it.
    """

    entries: list[Entry]
    offices: dict[str, Office]
    moves: list[Move]
    """What happened to the standing of committees, oldest first."""
    titles: dict[str, History[str]]
    groups: dict[str, History[tuple[str, ...]]]
    lateral: dict[str, History[bool]]
    groups_of: dict[str, dict[str, int]]
    """Office to every group it ever was in, with the entry it first was."""
    opened: dict[str, dict[str, int]]
    """Office to the audiences that lateral groups let it write to, with the entry from which they do."""
    keepers: History[tuple[str, ...]]
    recovery: tuple[int, tuple[VerifierKey, ...]] | None
    keys: dict[bytes, str]
    cards: dict[str, str]
    """Public keys and hashes of cards, each with the name it was first given to."""
    left: dict[tuple[str, str], Cause]
    """Officers (office, name) who were retired, or whose keys were compromised and not replaced yet."""
    thresholds: dict[str, History[int]]
    waiting: dict[str, int]
    """Thresholds that bind as soon as the office has so many officers."""
    taken: dict[int, dict[str, list[str]]]
    """Entry to office to the officers who lost their standing in it."""
    pins: dict[str, list[Pinned]]
    """Channel to its cuts and settlements, oldest first."""
    forms: dict[str, History[FormInfo]]
    duties: "DutyBook"
    escrow: dict[str, History[tuple[str, ...]]]
    escrowed: dict[str, int]
    """Every office that ever was escrow, with the entry it first was."""
    timezone: History[str]
    checks: dict[str, History[int]]

    def __init__(self, later: Mapping[str, Callable[[], Any]] | None = None) -> None:
        self._later = dict(NEW if later is None else later)

    def untouched(self, name: str) -> Callable[[], Any] | None:
        """What makes a part that nobody has asked for yet."""
        return None if name in self.__dict__ else self._later.get(name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A part that nobody has asked for yet."""
            try:
                make = self._later.pop(name)
            except KeyError:
                raise AttributeError(name) from None
            value = make()
            setattr(self, name, value)
            return value
