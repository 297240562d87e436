"""A folded roster as one text, so that a home folds each entry once and not at every start.

    cipherpost roster 1 0.1.0 <SHA-256 of all that follows>
    {"fingerprint":"7c1e...","head":"9f86...","network":"rkpb","number":503,"parts":[["offices",2710034],...]}
    <each part of `cipherpost.roster.state.State`, so many bytes of JSON>

It is made from the entries up to ``number``, whose text has the hash ``head``, and can be made from them again at any
time. Whatever does not fit, another program's included, is as good as nothing. Parts are read when they are asked for;
of a table (its names as one list, then a line for each value) each value is.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, ItemsView, ValuesView
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from cipherpost import __version__
from cipherpost.note import VerifierKey, key_name
from cipherpost.roster.state import (
    NEW,
    FormInfo,
    History,
    Move,
    Office,
    OfficeInfo,
    OfficerInfo,
    Pin,
    Pinned,
    State,
)
from cipherpost.text import sha256

VERSION: Final = 1
"""Of this layout, and of what the rules make of statements."""
_FIRST: Final = re.compile(rb"cipherpost roster (\S+) (\S+) ([0-9a-f]{64})\n")
_MINE: Final = (str(VERSION).encode(), __version__.encode())
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The roster as it is after entry ``number``, whose text has the hash ``head``; ``state`` is without entries."""

    number: int
    head: str
    state: State


def dump(state: State, network: str) -> bytes:
    """The text of ``state``, which has at least one entry."""
    first, last = state.entries[0], state.entries[-1]
    parts = {name: _text(state, name, codec) for name, codec in _CODECS.items()}
    about = {
        "network": network,
        "fingerprint": first.hash,
        "number": last.number,
        "head": last.hash,
        "parts": [[name, len(text)] for name, text in parts.items()],
    }
    rest = b"".join((_json(about), b"\n", *parts.values()))
    return b"cipherpost roster %s %s %s\n" % (*_MINE, sha256(rest).encode()) + rest


def load(text: bytes, *, network: str, fingerprint: str) -> Snapshot | None:
    """Take up what `dump` gave; None where it is torn, altered, of another network or of another program."""
    match = _FIRST.match(text)
    if match is None or (match[1], match[2]) != _MINE:
        return None
    rest = text[match.end() :]
    if sha256(rest).encode() != match[3]:
        return None
    end = rest.index(b"\n") + 1
    about = json.loads(rest[:end])
    if (about["network"], about["fingerprint"]) != (network, fingerprint):
        return None
    later: dict[str, Callable[[], Any]] = {"entries": list}
    for name, size in about["parts"]:
        later[name] = _Unread(rest[end : end + size], network, _CODECS[name])
        end += size
    return Snapshot(number=about["number"], head=about["head"], state=State(later))


class Table(dict[str, V]):
    """A dict of which each value is made when it is asked for; until then it is the bytes of its JSON."""

    __slots__ = ("_read",)

    def __init__(self, text: bytes, read: Callable[[str, Any], V]) -> None:
        names, *values = text.split(b"\n")
        unread: Any = zip(json.loads(names), values, strict=False)  # behind the last line feed stands nothing
        super().__init__(unread)
        self._read = read

    def __getitem__(self, name: str) -> V:
        value: V | bytes = super().__getitem__(name)
        if isinstance(value, bytes):
            made = self[name] = self._read(name, json.loads(value))
            return made
        return value

    def get(self, name: str, other: Any = None) -> Any:
        """As of a dict."""
        try:
            return self[name]
        except KeyError:
            return other

    def values(self) -> ValuesView[V]:  # type: ignore[override]
        """As of a dict."""
        self._read_all()
        return super().values()

    def items(self) -> ItemsView[str, V]:  # type: ignore[override]
        """As of a dict."""
        self._read_all()
        return super().items()

    def _read_all(self) -> None:
        for name in self:
            self[name]

    def kept(self, name: str) -> object:
        """The bytes of a value that nobody asked for, else the value."""
        return super().__getitem__(name)


# ---- the parts -----------------------------------------------------------------------------------------------------


class _Codec(NamedTuple):
    """How a part becomes JSON and comes back, of a table each value; ``read`` is given network, name in it, JSON."""

    plain: Callable[[Any], Any]
    read: Callable[[str, str, Any], Any]
    table: bool = True


class _Unread:
    """A part that nobody has asked for."""

    __slots__ = ("_codec", "_network", "text")

    def __init__(self, text: bytes, network: str, codec: _Codec) -> None:
        self.text = text
        self._network = network
        self._codec = codec

    def __call__(self) -> Any:
        codec, network = self._codec, self._network
        if codec.table:
            return Table(self.text, lambda name, value: codec.read(network, name, value))
        return codec.read(network, "", json.loads(self.text))


def _text(state: State, name: str, codec: _Codec) -> bytes:
    untouched = state.untouched(name)
    if isinstance(untouched, _Unread):
        return untouched.text
    part = getattr(state, name)
    if not codec.table:
        return _json(codec.plain(part)) + b"\n"
    kept = part.kept if isinstance(part, Table) else part.__getitem__
    values = (value if type(value) is bytes else _json(codec.plain(value)) for value in map(kept, part))
    return b"\n".join((_json(list(part)), *values, b""))


def _json(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("ascii")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def _office_plain(office: Office) -> Any:
    info = office.info
    return [info.role, info.since, info.order, office.states.told(), [_tenure(each) for each in office.tenures]]


def _tenure(each: OfficerInfo) -> list[Any]:
    key = b64encode(each.vkey.public).decode()
    return [each.name, key, each.card, each.unchecked, each.since, each.until, each.cause, each.compromised]


def _office(network: str, name: str, value: Any) -> Office:
    role, since, order, states, tenures = value
    office = Office(OfficeInfo(name, role, since, order))
    office.states = History(states)
    for at, (officer, key, card, unchecked, begun, until, cause, compromised) in enumerate(tenures):
        office.by_name.setdefault(officer, []).append(at)
        office.tenures.append(
            OfficerInfo(
                office=name,
                name=officer,
                vkey=VerifierKey(key_name(network, name, officer), b64decode(key)),
                card=card,
                unchecked=unchecked,
                since=begun,
                until=until,
                cause=cause,
                compromised=compromised,
            )
        )
    return office


def _told(history: History[Any]) -> Any:
    return history.told()


def _history(_network: str, _name: str, value: Any) -> History[Any]:
    return History(value)


def _lists(_network: str, _name: str, value: Any) -> History[tuple[str, ...]]:
    return History((entry, tuple(names)) for entry, names in value)


def _forms(_network: str, _name: str, value: Any) -> History[FormInfo]:
    return History((entry, FormInfo(*form)) for entry, form in value)


def _pins(_network: str, _name: str, value: Any) -> list[Pinned]:
    return [Pinned(cut, pin and Pin(*pin), entry) for cut, pin, entry in value]


def _as_is(value: Any) -> Any:
    return value


def _same(_network: str, _name: str, value: Any) -> Any:
    return value


def _duties_plain(duties: Any) -> Any:
    return [[entry, str(statement)] for entry, statement in duties.told()]


def _duties(_network: str, _name: str, value: Any) -> Any:
    from cipherpost.roster.duties import DutyBook
    from cipherpost.roster.statements import parse_statements

    book = DutyBook()
    for entry, line in value:
        (statement,) = parse_statements(f"{line}\n".encode())
        book.add(statement, entry)  # type: ignore[arg-type]  # nothing else was written there
    return book


def _recovery(_network: str, _name: str, value: Any) -> tuple[int, tuple[VerifierKey, ...]] | None:
    return None if value is None else (value[0], tuple(VerifierKey.parse(key) for key in value[1]))


_TABLE_OF_HISTORIES: Final = _Codec(_told, _history)
_TABLE_OF_LISTS: Final = _Codec(_told, _lists)
_AS_IS: Final = _Codec(_as_is, _same, table=False)
_CODECS: Final[dict[str, _Codec]] = {
    "offices": _Codec(_office_plain, _office),
    "moves": _Codec(
        lambda moves: [[getattr(each, column) for each in moves] for column in Move._fields],
        lambda _network, _name, value: list(map(Move._make, zip(*value, strict=True))),
        table=False,
    ),
    "titles": _TABLE_OF_HISTORIES,
    "groups": _TABLE_OF_LISTS,
    "lateral": _TABLE_OF_HISTORIES,
    "groups_of": _Codec(_as_is, _same),
    "opened": _Codec(_as_is, _same),
    "keepers": _Codec(_told, _lists, table=False),
    "recovery": _Codec(lambda kept: kept and [kept[0], [str(key) for key in kept[1]]], _recovery, table=False),
    "keys": _Codec(
        lambda kept: [[b64encode(key).decode(), holder] for key, holder in kept.items()],
        lambda _network, _name, value: {b64decode(key): holder for key, holder in value},
        table=False,
    ),
    "cards": _AS_IS,
    "left": _Codec(
        lambda kept: [[*who, cause] for who, cause in kept.items()],
        lambda _network, _name, value: {(office, name): cause for office, name, cause in value},
        table=False,
    ),
    "thresholds": _TABLE_OF_HISTORIES,
    "waiting": _AS_IS,
    "taken": _Codec(lambda kept: list(kept.items()), lambda _network, _name, value: dict(value), table=False),
    "pins": _Codec(_as_is, _pins),
    "forms": _Codec(_told, _forms),
    "duties": _Codec(_duties_plain, _duties, table=False),
    "escrow": _TABLE_OF_LISTS,
    "escrowed": _AS_IS,
    "timezone": _Codec(_told, _history, table=False),
    "checks": _TABLE_OF_HISTORIES,
}
assert _CODECS.keys() == NEW.keys() - {"entries"}
