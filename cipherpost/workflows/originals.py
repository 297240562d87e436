"""Original letters inside of other letters: shared by who could open them, proved by the headers that this home has.

A message whose data is ``{"originals": [{"channel", "hash", "letter", "number"}, ...]}`` has the attachments
``1.letter``, ``2.letter``, ...: in this order the exact archives that were sealed under these numbers (see
docs/protocol.md, "Letters passed on"). Each is read like the letter itself, against the hash in its own signed header.
So whoever passes it on can add nothing and change nothing. Archives are decrypted while they are read and never lie on
a disk.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from cipherpost import limits
from cipherpost.errors import CipherpostError, GapError, NotAuthenticError
from cipherpost.text import TextError, is_name, parse_hash
from cipherpost.workflows import letters, syncing

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.letter import Letter, Save
    from cipherpost.tar import TarReader

TYPE: Final = "application/x-tar"
_FOLDER: Final = "attachments/"
_BOX: Final = "originals "
_ONE: Final = "original "
_SOME: Final = "originals wait "
_FIELDS: Final = {"channel", "hash", "letter", "number"}
_GOOD, _HAVE, _WAITS, _BAD = "good", "have", "waits", "bad"


class OriginalsError(NotAuthenticError):
    """A message does not list the originals that it brings as it must."""


class OriginalAlteredError(NotAuthenticError):
    """What is passed off as an original is not the letter that was sealed under that number (V10)."""


class OriginalUnknownError(GapError):
    """The dispatch whose original is shared is not here, or does not count, so that nothing proves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One letter that a message brings: its dispatch, hash of the header's text and of letter.json, and its place."""

    channel: str
    number: int
    hash: str
    letter: str
    at: int

    @property
    def place(self) -> str:
        """``center/all/10``."""
        return f"{self.channel}/{self.number}"

    @property
    def file(self) -> str:
        """The name of its attachment."""
        return f"{self.at}.letter"

    def row(self) -> dict[str, Any]:
        """What data.json says of it."""
        return {"channel": self.channel, "hash": self.hash, "letter": self.letter, "number": self.number}


# ---- what a message says that it brings ------------------------------------------------------------------------------


def named(letter: "Letter") -> tuple[Original, ...]:
    """The originals that a letter lists; none where it is no message that shares letters.

    Raises:
        OriginalsError: it lists some, but not as it must, or its attachments are others.
    """
    said = letter.said.value if letter.said is not None else None
    rows = said.get("originals") if isinstance(said, dict) and letter.kind == "message" else None
    if rows is None or (isinstance(rows, list) and any(isinstance(row, dict) and "network" in row for row in rows)):
        return ()  # nothing, or letters forwarded with a publication of each
    assert isinstance(said, dict)
    if said.keys() != {"originals"} or not isinstance(rows, list) or not rows:
        raise _malformed("its data is not a list of originals")
    found = tuple(_original(row, at) for at, row in enumerate(rows, 1))
    if [(each.name, each.type) for each in letter.attachments] != [(each.file, TYPE) for each in found]:
        raise _malformed("its attachments are not the originals that it lists")
    return found


def of(letter: "Letter") -> tuple[Original, ...]:
    """As `named`; none also where they are not listed as they must be."""
    try:
        return named(letter)
    except OriginalsError:
        return ()


def _original(row: Any, at: int) -> Original:
    if not isinstance(row, dict) or row.keys() != _FIELDS:
        raise _malformed(f"original {at} is not named by channel, number, hash and letter")
    channel, number = row["channel"], row["number"]
    try:
        office, _, audience = str(channel).partition("/")
        right = isinstance(channel, str) and is_name(office) and is_name(audience)
        right = right and type(number) is int and 0 < number <= limits.NUMBER
        hash, letter = parse_hash(str(row["hash"])), parse_hash(str(row["letter"]))
    except TextError:
        right = False
    if not right:
        raise _malformed(f"original {at} is not named by channel, number, hash and letter")
    return Original(channel=channel, number=number, hash=hash, letter=letter, at=at)


def _malformed(what: str) -> OriginalsError:
    return OriginalsError(
        what, rule="a message that shares letters lists them, and brings these", hints=("ask its sender to share anew",)
    )


# ---- the archives ----------------------------------------------------------------------------------------------------


@contextmanager
def members(desk: "Desk", header: "Header") -> "Iterator[TarReader]":
    """The members of a letter that was verified before, decrypted once more as they are read."""
    from cipherpost.tar import TarReader
    from cipherpost.workflows.archives import open_archive

    if not desk.copies.has(header.sealed[0].hash):
        letters.fetch_sealed(desk, header)
    with open_archive(desk, header) as source:
        yield TarReader(source, padded=True, max_members=limits.MEMBERS + 2)


def read_each(
    desk: "Desk", carrier: "Entry", wanted: Sequence[Original], save: "Save | None" = None
) -> "Iterator[tuple[Original, Letter | CipherpostError]]":
    """Originals out of a message, each verified, or why it is not what it is passed off as; in the message's order."""
    todo = {_FOLDER + each.file: each for each in wanted}
    with members(desk, carrier.header) as archive:
        for member in archive:
            original = todo.pop(member.name, None)
            if original is not None:
                try:
                    yield original, _read(desk, carrier, original, member, save)
                except CipherpostError as error:
                    yield original, error
            if not todo:
                return


def _read(desk: "Desk", carrier: "Entry", original: Original, member: Any, save: "Save | None") -> "Letter":
    from cipherpost.letter import check_letterhead, read_letter

    entry = known(desk, original)
    expect = entry.header.letter
    try:
        if expect is None or expect != original.letter:
            raise OriginalAlteredError("the header signs another letter")
        letter = read_letter(member, expect_hash=expect, save=save)
        check_letterhead(letter, entry.header, desk.fingerprint)
    except NotAuthenticError as error:
        by = f"{carrier.header.channel}/{carrier.header.number}"
        raise OriginalAlteredError(
            f"what {carrier.header.office}/{carrier.header.by} shared in {by} is not the letter of this number: "
            f"{error.what}",
            rule="V10: an original is what its own header signs",
            hints=(f"tell {entry.header.office}: {by} passes off another text as its letter",),
            channel=original.channel,
            number=original.number,
        ) from error
    return letter


def known(desk: "Desk", original: Original) -> "Entry":
    """The counting dispatch whose letter an original is said to be.

    Raises:
        OriginalUnknownError: it is not here, or does not count.
    """
    entry = desk.chain.channel(original.channel).by_hash(original.hash) if _is_read(desk, original) else None
    if entry is not None and entry.status == "counts" and entry.header.number == original.number:
        return entry
    raise OriginalUnknownError(
        "its own header is not here, or does not count",
        rule="a letter that is shared is proved by its header",
        hints=("cipherpost fetch    (again later)",),
        channel=original.channel,
        number=original.number,
    )


def _is_read(desk: "Desk", original: Original) -> bool:
    return original.channel in syncing.readable(desk)


class _Within:
    """The archive of an original inside of a message, entered with ``with`` and read once."""

    def __init__(self, desk: "Desk", carrier: "Entry", original: Original) -> None:
        self._name = _FOLDER + original.file
        self._opening = members(desk, carrier.header)
        self._member: Any = None

    def __enter__(self) -> Self:
        self._member = next(each for each in self._opening.__enter__() if each.name == self._name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._opening.__exit__(kind, error, trace)

    def read(self, size: int = limits.PIECE, /) -> bytes:
        """At most ``size`` bytes; ``b""`` at the end only."""
        data: bytes = self._member.read(size)
        return data


def archive(desk: "Desk", entry: "Entry") -> "BinaryIO":
    """The exact archive of a letter that `open_letter` has opened; entered with ``with``, and read once."""
    from cipherpost.workflows.archives import open_archive

    found = find(desk, entry)
    if found is None:
        return open_archive(desk, entry.header)
    return _Within(desk, *found)  # type: ignore[return-value]


# ---- letters, by whatever way they came ------------------------------------------------------------------------------


def open_letter(desk: "Desk", entry: "Entry", *, save: "Save | None" = None) -> "Letter":
    """A letter after every check, from its own sealed file or from an original that was shared.

    Raises:
        As `letters.open_letter` and `letters.fetch_sealed`; OriginalAlteredError, OriginalUnknownError.
    """
    found = find(desk, entry)
    if found is None:
        if not desk.copies.has(entry.header.sealed[0].hash):
            letters.fetch_sealed(desk, entry.header)
        return letters.open_letter(desk, entry.header, save=save)
    carrier, original = found
    [(_, outcome)] = read_each(desk, carrier, [original], save)
    if isinstance(outcome, CipherpostError):
        raise outcome
    return outcome


def find(desk: "Desk", entry: "Entry") -> "tuple[Entry, Original] | None":
    """The message in which a letter was shared that does not open here by itself; None: there is none."""
    if desk.mail.box(_ONE + entry.hash) is None:  # nearly always; needs no keys
        return None
    channel, hashed, at = json.loads(desk.vault.get(_ONE + entry.hash) or b"")
    carrier = desk.chain.channel(channel).by_hash(hashed)
    header = entry.header
    if carrier is None or header.letter is None:
        return None
    return carrier, Original(channel=header.channel, number=header.number, hash=entry.hash, letter=header.letter, at=at)


# ---- what this home knows of -----------------------------------------------------------------------------------------


def take(
    desk: "Desk", carrier: "Entry", letter: "Letter"
) -> "tuple[list[tuple[Entry, Letter]], list[CipherpostError]]":
    """Take up what a letter shares, before it counts as opened: letters that did not open here, and what was refused.

    One that is refused stops no other (I7).
    """
    try:
        wanted = named(letter)
    except OriginalsError as error:
        return [], [syncing.placed(error, carrier.header.channel, carrier.header.number)]
    if not wanted:
        return [], []
    states = {each.at: _HAVE for each in wanted}
    todo = [each for each in wanted if desk.mail.box(f"letter {each.hash}") is None]
    return _take(desk, carrier, wanted, todo, states)


def _take(
    desk: "Desk", carrier: "Entry", wanted: Sequence[Original], todo: Sequence[Original], states: dict[int, str]
) -> "tuple[list[tuple[Entry, Letter]], list[CipherpostError]]":
    good, bad = [], []
    for original, outcome in read_each(desk, carrier, todo):
        if isinstance(outcome, CipherpostError):
            bad.append(outcome)
            states[original.at] = _WAITS if isinstance(outcome, OriginalUnknownError) else _BAD
        else:
            states[original.at] = _GOOD
            good.append((known(desk, original), outcome))
    with desk.mail.transaction():  # all of it, or it is taken up when the message is opened again (I4)
        record(desk, carrier, wanted, states)
        for entry, letter in good:
            _keep(desk, entry, letter)
    return good, bad


def _keep(desk: "Desk", entry: "Entry", letter: "Letter") -> None:
    """From now on it is a letter that came, as if its own sealed file had opened."""
    from cipherpost.workflows import forms, remarks

    header = entry.header
    letters.keep_outline(desk, entry.hash, letters.outline_of(letter))
    forms.keep_form(desk, header, letter)
    remarks.look(desk, entry, letter)
    if header.office != desk.office:
        desk.mail.add_mine(header.channel, header.number, entry.hash, "received", desk.time())


def record(desk: "Desk", carrier: "Entry", wanted: Sequence[Original], states: dict[int, str] | None = None) -> None:
    """Remember what a message shares; without ``states`` the letters open here by themselves."""
    rows = [[*each.row().values(), (states or {}).get(each.at, _HAVE)] for each in wanted]
    with desk.mail.transaction():
        desk.vault.put(_BOX + carrier.hash, json.dumps([carrier.header.channel, rows]).encode())
        waits = _WAITS in (states or {}).values()
        if waits or desk.mail.meta(_SOME + carrier.hash) is not None:
            desk.mail.set_meta(_SOME + carrier.hash, "1" if waits else "")
        for each in wanted:
            if (states or {}).get(each.at) == _GOOD:
                way = [carrier.header.channel, carrier.hash, each.at]
                desk.vault.put(_ONE + each.hash, json.dumps(way).encode())


def again(desk: "Desk") -> "tuple[list[tuple[Entry, Letter]], list[CipherpostError]]":
    """Take up originals whose headers had not come yet."""
    good, bad = [], []
    waiting = [name.removeprefix(_SOME) for name, some in desk.mail.metas(_SOME) if some]
    for carrier_hash in waiting:  # nearly always none: no keys are asked for then
        channel, rows = _record(desk, carrier_hash)
        todo = [original for original, state in rows if state == _WAITS and _has_come(desk, original)]
        carrier = desk.chain.channel(channel).by_hash(carrier_hash) if todo else None
        if carrier is not None:
            states = {original.at: state for original, state in rows}
            more, refused = _take(desk, carrier, [original for original, _ in rows], todo, states)
            good += more
            bad += refused
    return good, bad


def _has_come(desk: "Desk", original: Original) -> bool:
    try:
        known(desk, original)
    except OriginalUnknownError:
        return False
    return True


def _record(desk: "Desk", carrier_hash: str) -> tuple[str, list[tuple[Original, str]]]:
    """The channel of a message that shares letters, and these, each with its state; nothing where it is lost."""
    kept = desk.vault.get(_BOX + carrier_hash)
    return _opened(kept) if kept is not None else ("", [])


def _opened(kept: bytes) -> tuple[str, list[tuple[Original, str]]]:
    carried_in, rows = json.loads(kept)
    return carried_in, [
        (Original(channel=channel, number=number, hash=hash, letter=letter, at=at), state)
        for at, (channel, hash, letter, number, state) in enumerate(rows, 1)
    ]


def carriers(desk: "Desk") -> dict[str, tuple[Original, ...]]:
    """Hash of every message that shares letters to what it shares, as far as this home has opened it."""
    if not desk.mail.boxes(_BOX):
        return {}
    return {
        name.removeprefix(_BOX): tuple(original for original, _ in _opened(kept)[1])
        for name, kept in desk.vault.get_all(_BOX).items()
    }
