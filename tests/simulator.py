"""A hostile post office with knobs, so that an attack test reads as a story: post, break, fetch, look.

    store = MemoryPost()
    post = HostilePost(store)             # what one officer sees; another wrapper over the same store sees otherwise
    post.withhold("rkpb/center/all/00000003.note")
    post.replace(name, other_bytes)
    post.fails.append(Fail("create", "*.note", when="after"))    # stored, but the answer is lost
    ...
    post.heal()

Who sees what is a matter of wrappers: ``post.view()`` makes another one over the same store, honest until it is told
to lie to its reader. States of the store are taken with ``post.state()`` and shown again, whole or in part.

Names are given whole or as patterns of `fnmatch`. Nothing a wrapper does to what it answers changes the store.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Literal

from simulator_streams import BelievedError, BrokenReader, EndlessReader, endless_names

from cipherpost.errors import TooLargeError
from cipherpost.postoffice import (
    NoSuchObjectError,
    ObjectReader,
    PostOffice,
    ReadOnlyError,
    Source,
    StoreFullError,
    UnreachableError,
    names,
)
from cipherpost.postoffice.memory import BytesReader, MemoryPost

Operation = Literal["get", "stream", "size", "create", "put", "names", "discard"]
State = Mapping[str, bytes]
"""What a post office held at some moment, by name."""
_WRITES = {"create", "put", "discard"}


class Killed(BaseException):
    """Stands for kill -9: no ``except Exception`` of the program may catch it."""


@dataclass
class Fail:
    """One operation goes wrong.

    Args:
        operation, pattern: which call, on which names.
        when: "before": nothing is stored; "after": it is stored and the caller does not learn it; "midway" (stream):
            after half of the bytes.
        error: makes what is raised; `Killed` for a crash of the program.
        skip: so many matching calls go well first.
        times: so many go wrong then; None for all.
    """

    operation: Operation
    pattern: str = "*"
    when: Literal["before", "after", "midway"] = "before"
    error: Callable[[], BaseException] = lambda: UnreachableError("the line is down")
    skip: int = 0
    times: int | None = 1

    def due(self, operation: Operation, name: str, when: str) -> bool:
        """Whether this call is to fail now; counts."""
        if (operation, when) != (self.operation, self.when) or not fnmatchcase(name, self.pattern) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Knobs:
    """All that is wrong with a `HostilePost`; a new one is honest."""

    withheld: list[str] = field(default_factory=list)  # patterns: not there, not listed
    unlisted: list[str] = field(default_factory=list)  # patterns: there, but not listed
    replaced: dict[str, bytes] = field(default_factory=dict)  # name -> the bytes answered instead
    invented: list[str] = field(default_factory=list)  # names listed though nothing is there
    unsorted: bool = False  # lists backwards, and each name twice
    deaf: list[str] = field(default_factory=list)  # create answers False, stores nothing
    refuse_but_keep: list[str] = field(default_factory=list)  # create answers False but keeps the bytes
    lose: list[str] = field(default_factory=list)  # create answers True, put returns; nothing is stored
    both_created: list[str] = field(default_factory=list)  # create answers True to the second too, keeps the first
    overwrite: list[str] = field(default_factory=list)  # create answers True to the second too, keeps the second
    torn: dict[str, int] = field(default_factory=dict)  # pattern -> create and put keep only so many bytes
    frozen: State | None = None  # answers from this state, however much is posted
    mixed: list[tuple[str, State]] = field(default_factory=list)  # names with this prefix come from this state
    moved: dict[str, str] = field(default_factory=dict)  # name -> the name of the object that is shown there
    cut: dict[str, int] = field(default_factory=dict)  # pattern -> only so many bytes are shown
    endless: list[str] = field(default_factory=list)  # get and stream never end; size tells the truth
    repeated: int = 1  # each name is listed so often
    listed: int | None = None  # a listing ends after so many names
    careless: bool = False  # lists everything, whatever prefix and place were asked for
    endless_names: Callable[[int], str] | None = None  # a listing goes on with these, for ever
    down: bool = False
    full: bool = False
    read_only: bool = False


class HostilePost:
    """A `PostOffice` around another one; set ``knobs`` directly or by the methods."""

    def __init__(self, inner: PostOffice | None = None) -> None:
        self.inner: PostOffice = MemoryPost() if inner is None else inner
        self.knobs = Knobs()
        self.fails: list[Fail] = []
        self.calls: list[tuple[Operation, str]] = []
        self.stamp_lie: datetime | None = None

    def view(self) -> "HostilePost":
        """The same store as somebody else is shown it."""
        return HostilePost(self.inner)

    def state(self) -> State:
        """What the store holds now, to be shown again later."""
        return {name: self._stored(name) for name in self.inner.names("")}

    # ---- knobs ---------------------------------------------------------------------------------------------------

    def withhold(self, *patterns: str) -> None:
        """Say that nothing is under these names."""
        self.knobs.withheld += patterns

    def replace(self, name: str, data: bytes) -> None:
        """Answer ``data`` under ``name``, whatever is there."""
        self.knobs.replaced[name] = data

    def freeze(self) -> None:
        """From now on answer as things are now (a rollback for whoever saw more); writes still reach the store."""
        self.roll_back(self.state())

    def roll_back(self, state: State) -> None:
        """Answer as things were then; writes still reach the store."""
        self.knobs.frozen = state

    def mix(self, prefix: str, state: State) -> None:
        """Answer as things were then for names that begin with ``prefix``; the first of several prefixes holds."""
        self.knobs.mixed.append((prefix, state))

    def replay(self, name: str, *shown_at: str) -> None:
        """Show an object under other names too, of whatever channel, office or network."""
        self.knobs.moved |= dict.fromkeys(shown_at, name)

    def fast_forward(self, name: str, number: int) -> None:
        """Show a note under a number of its channel that is still far away."""
        slot = names.parse_object_name(name)
        assert isinstance(slot, names.Slot)
        self.replay(name, names.note_name(slot.network, slot.channel, number))

    def swap(self, one: str, other: str) -> None:
        """Show each of two objects under the name of the other."""
        self.knobs.moved |= {one: other, other: one}

    def reorder(self, prefix: str) -> None:
        """Show the objects whose names begin with ``prefix`` in the opposite order."""
        there = sorted(self.inner.names(prefix))
        self.knobs.moved |= dict(zip(there, reversed(there), strict=True))

    def truncate(self, pattern: str, size: int) -> None:
        """Show only the first ``size`` bytes of objects."""
        self.knobs.cut[pattern] = size

    def make_endless(self, *patterns: str) -> None:
        """Let objects never end; who believes it is told so by a `BelievedError`."""
        self.knobs.endless += patterns

    def omit(self, *patterns: str) -> None:
        """Leave names out of listings; the objects are given to whoever asks for them."""
        self.knobs.unlisted += patterns

    def invent(self, *listed: str) -> None:
        """List names under which nothing is, foreign ones too."""
        self.knobs.invented += listed

    def repeat_names(self, times: int) -> None:
        """List each name so often."""
        self.knobs.repeated = times

    def unsort(self) -> None:
        """List names backwards, and each twice."""
        self.knobs.unsorted = True

    def ignore_bounds(self) -> None:
        """List everything there is, whatever prefix and beginning were asked for."""
        self.knobs.careless = True

    def truncate_listing(self, count: int) -> None:
        """End each listing after ``count`` names, as if there were no more."""
        self.knobs.listed = count

    def list_endlessly(self, make: Callable[[int], str]) -> None:
        """Let listings go on with ``make(1)``, ``make(2)``, ... for ever; a `BelievedError` ends who believes it."""
        self.knobs.endless_names = make

    def lie_about_time(self, moment: datetime) -> None:
        """Stamp all answers with ``moment``."""
        self.stamp_lie = moment

    def fail(self, operation: Operation, pattern: str = "*", **how: object) -> Fail:
        """Add a `Fail`."""
        self.fails.append(Fail(operation, pattern, **how))  # type: ignore[arg-type]
        return self.fails[-1]

    def kill(
        self, operation: Operation, pattern: str = "*", *, when: Literal["before", "after"], skip: int = 0
    ) -> None:
        """The program is killed before or after the ``skip + 1``-th matching call takes effect."""
        self.fails.append(Fail(operation, pattern, when, Killed, skip))

    def heal(self) -> None:
        """Be honest again. What was lost stays lost."""
        self.knobs, self.fails, self.stamp_lie = Knobs(), [], None

    def count(self, operation: Operation, pattern: str = "*") -> int:
        """How many such calls were made so far."""
        return sum(done == operation and fnmatchcase(name, pattern) for done, name in self.calls)

    # ---- the post office -----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """That of the store."""
        return self.inner.url

    @property
    def stamp(self) -> datetime | None:
        """That of the store, or ``stamp_lie``."""
        return self.stamp_lie or self.inner.stamp

    @property
    def skipped(self) -> Mapping[str, str]:
        """That of the store."""
        return MappingProxyType(dict(self.inner.skipped))

    def get(self, name: str, limit: int) -> bytes:
        """As `PostOffice.get`, as far as the knobs let it."""
        self._begin("get", name)
        data = self._lied(name)
        if _any(self.knobs.endless, name):
            raise TooLargeError("an object without an end", where=name)  # as every backend does, at its limit
        if data is None:
            data = self.inner.get(name, limit)
        if len(data) > limit:
            raise TooLargeError(f"an object of {len(data)} bytes", where=name)
        self._end("get", name)
        return data

    def stream(self, name: str, offset: int = 0) -> AbstractContextManager[ObjectReader]:
        """As `PostOffice.stream`, as far as the knobs let it."""
        self._begin("stream", name)
        data = self._lied(name)
        broken = next((fail for fail in self.fails if fail.due("stream", name, "midway")), None)
        if broken is not None:
            return BrokenReader(self._stored(name) if data is None else data, offset, broken)
        if _any(self.knobs.endless, name):
            return EndlessReader(self._stored(name) if data is None else data, offset)
        return self.inner.stream(name, offset) if data is None else BytesReader(data, offset)

    def size(self, name: str) -> int | None:
        """As `PostOffice.size`, as far as the knobs let it."""
        self._begin("size", name)
        try:
            data = self._lied(name)
        except NoSuchObjectError:
            return None
        return self.inner.size(name) if data is None else len(data)

    def create(self, name: str, data: bytes) -> bool:
        """As `PostOffice.create`, as far as the knobs let it."""
        self._begin("create", name)
        created = self._create(name, data)
        self._end("create", name)
        return created

    def put(self, name: str, source: bytes | Source) -> None:
        """As `PostOffice.put`, as far as the knobs let it."""
        self._begin("put", name)
        if _any(self.knobs.lose, name):
            if not isinstance(source, bytes):
                while source.read(1 << 20):
                    pass
        else:
            cut = self._cut(name)
            if cut is not None:
                source = (source if isinstance(source, bytes) else source.read(cut))[:cut]
            self.inner.put(name, source)
        self._end("put", name)

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `PostOffice.names`, as far as the knobs let it."""
        self._begin("names", prefix)
        return self._list(prefix, after)

    def discard(self, name: str) -> None:
        """As `PostOffice.discard`."""
        self._begin("discard", name)
        self.inner.discard(name)
        self._end("discard", name)

    def close(self) -> None:
        """Close the store."""
        self.inner.close()

    # ---- inside --------------------------------------------------------------------------------------------------

    def _begin(self, operation: Operation, name: str) -> None:
        self.calls.append((operation, name))
        if self.knobs.down:
            raise UnreachableError("the line is down", where=name)
        if operation in _WRITES and self.knobs.read_only:
            raise ReadOnlyError("the post office takes nothing from us", where=name)
        if operation in {"create", "put"} and self.knobs.full:
            raise StoreFullError("the post office is full", where=name)
        self._fail(operation, name, "before")

    def _end(self, operation: Operation, name: str) -> None:
        self._fail(operation, name, "after")

    def _fail(self, operation: Operation, name: str, when: str) -> None:
        for fail in self.fails:
            if fail.due(operation, name, when):
                raise fail.error()

    def _create(self, name: str, data: bytes) -> bool:
        knobs = self.knobs
        if _any(knobs.deaf, name):
            return False
        if _any(knobs.lose, name):
            return True
        cut = self._cut(name)
        kept = data if cut is None else data[:cut]
        if _any(knobs.overwrite, name) and isinstance(self.inner, MemoryPost):
            self.inner.objects[name] = kept
            return True
        created = self.inner.create(name, kept)
        if _any(knobs.refuse_but_keep, name):
            return False
        return created or _any(knobs.both_created, name)

    def _cut(self, name: str) -> int | None:
        return next((size for pattern, size in self.knobs.torn.items() if fnmatchcase(name, pattern)), None)

    def _lied(self, name: str) -> bytes | None:
        """What is answered instead of the store's bytes; None for the truth."""
        knobs = self.knobs
        if _any(knobs.withheld, name):
            raise NoSuchObjectError("nothing is there", where=name)
        data = knobs.replaced.get(name)
        if data is None:
            data = self._moved(name)
        size = next((size for pattern, size in knobs.cut.items() if fnmatchcase(name, pattern)), None)
        return data if size is None else (self._stored(name) if data is None else data)[:size]

    def _moved(self, name: str) -> bytes | None:
        """The same for what comes from another name or another time."""
        source = self.knobs.moved.get(name, name)
        state = self._state_of(source)
        if state is None:
            return None if source == name else self._stored(source)
        if source not in state:
            raise NoSuchObjectError("nothing is there", where=name)
        return state[source]

    def _state_of(self, name: str) -> State | None:
        """The state from which a name is answered; None for that of now."""
        mixed = (state for prefix, state in self.knobs.mixed if name.startswith(prefix))
        return next(mixed, self.knobs.frozen)

    def _list(self, prefix: str, after: str) -> Iterator[str]:
        knobs = self.knobs
        if knobs.careless:
            prefix, after = "", ""
        listed = sorted(
            name
            for name in self._there(prefix, after) | {*knobs.invented, *knobs.replaced, *knobs.moved}
            if name.startswith(prefix) and name > after and not _any(knobs.withheld + knobs.unlisted, name)
        )
        times = 2 if knobs.unsorted else knobs.repeated
        given = [name for name in (reversed(listed) if knobs.unsorted else listed) for _ in range(times)]
        yield from given[: knobs.listed]
        if knobs.endless_names is not None:
            yield from endless_names(knobs.endless_names)

    def _there(self, prefix: str, after: str) -> set[str]:
        """The names that the state shown has."""
        states = [state for _, state in self.knobs.mixed]
        now = self.inner.names(prefix, after) if self.knobs.frozen is None else ()
        shown = {name for name in now if self._state_of(name) is None}
        for state in (*states, self.knobs.frozen or {}):
            shown |= {name for name in state if self._state_of(name) is state}
        return shown

    def _stored(self, name: str) -> bytes:
        with self.inner.stream(name) as reader:
            return reader.read() or b""


def _any(patterns: list[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


__all__ = ["BelievedError", "Fail", "HostilePost", "Killed", "Knobs", "Operation", "State"]
