"""Putting back what the carrier lost: identical bytes of the own office's dispatches, from the copies in this home.

Each round looks whether the own tips still lie there, and the center whether the whole roster does, which nobody can
call missing who has not got it. All else is put back when others call it missing or could not open it: each of their
dispatches is answered once, so that words alone make nobody read what he has sent again and again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.errors import CipherpostError, NotAuthenticError, TooLargeError, UnableError
from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, UnreachableError, names
from cipherpost.workflows import heads_files
from cipherpost.workflows.syncing import ROSTER_CHANNEL, placed

if TYPE_CHECKING:
    from cipherpost.desk import Desk

_MISSING: Final = re.compile(r"([a-z0-9-]+/[a-z0-9-]+)/([0-9]+)-([0-9]+)")


class _Place(NamedTuple):
    """An own dispatch; ``whole``: its sealed file is to be read, since somebody could not open it."""

    channel: str
    number: int
    whole: bool = False


@dataclass(slots=True)
class Restored:
    """What was put back, as places such as ``center/all/13``, and what could not be."""

    places: list[str] = field(default_factory=list)
    failed: list[CipherpostError] = field(default_factory=list)


def restore(desk: "Desk") -> Restored:
    """Put back what is lost; an office writes under its own prefix only.

    Raises:
        UnreachableError: the post office does not answer.
    """
    done = Restored()
    for channel in sorted(_own_channels(desk)):
        number = desk.chain.channel(channel).tree.end.number
        while number and _try_to_put(desk, _Place(channel, number), done):
            number -= 1
    heard: dict[str, int] = {}
    lost = [*_lost_entries(desk), *_called_missing(desk, heard), *_failed_elsewhere(desk, heard)]
    for place in dict.fromkeys(lost):
        _try_to_put(desk, place, done)
    if not done.failed:
        for office, number in heard.items():
            desk.mail.set_meta(_answered(desk, office), str(number))
    return done


def _try_to_put(desk: "Desk", place: _Place, done: Restored) -> bool:
    """Whether anything of a dispatch was put back; one that cannot be stops no other (I7)."""
    try:
        put = _put_back(desk, place)
    except UnreachableError:
        raise
    except (UnableError, NotAuthenticError) as error:
        refusal = placed(error, place.channel, place.number)
        if str(refusal) not in map(str, done.failed):  # the own tip, and called missing too
            done.failed.append(refusal)
        return False
    name = f"{place.channel}/{place.number}"
    if put and name not in done.places:
        done.places.append(name)
    return put


# ---- what is lost ------------------------------------------------------------------------------------------------


def _own_channels(desk: "Desk") -> set[str]:
    """Those of which this home has posted the last number once; for the center the roster too."""
    return set(desk.mail.posted()) | ({ROSTER_CHANNEL} if desk.is_center else set())


def _lost_entries(desk: "Desk") -> Iterator[_Place]:
    """Roster entries that are not there in their size, for an officer of the center."""
    if desk.is_center:
        for number, note in desk.mail.notes(ROSTER_CHANNEL):
            if desk.post.size(names.note_name(desk.network, ROSTER_CHANNEL, number)) != len(note):
                yield _Place(ROSTER_CHANNEL, number)


def _called_missing(desk: "Desk", heard: dict[str, int]) -> Iterator[_Place]:
    """Own numbers that the last word of an office calls missing; into ``heard``: the dispatch that says it."""
    for name, value in desk.mail.metas("missing "):
        office = name.removeprefix("missing ")
        said, _, lines = value.partition(" ")
        if not lines or not _to_be_answered(desk, office, int(said)):
            continue
        heard[office] = max(heard.get(office, 0), int(said))
        for channel, first, last in _MISSING.findall(lines):
            if channel.partition("/")[0] == desk.office:
                numbers = [row.number for row in desk.mail.rows(channel)]
                yield from (_Place(channel, number) for number in numbers if int(first) <= number <= int(last))


def _failed_elsewhere(desk: "Desk", heard: dict[str, int]) -> Iterator[_Place]:
    """Own letters that somebody could not open and has not received since; into ``heard`` likewise."""
    for row in desk.mail.failed():
        own = row.channel.partition("/")[0] == desk.office and row.via_channel.partition("/")[2] == desk.office
        if not own or not _to_be_answered(desk, row.office, row.via_number):
            continue
        heard[row.office] = max(heard.get(row.office, 0), row.via_number)
        since = {each.word for each in desk.mail.acks(row.channel, row.number) if each.office == row.office}
        if not since & {"received", "read"}:
            yield _Place(row.channel, row.number, whole=True)


def _to_be_answered(desk: "Desk", office: str, said: int) -> bool:
    """Whether what an office said in dispatch ``said`` of its channel to this one was not answered yet."""
    answered = int(desk.mail.meta(_answered(desk, office)) or 0)
    return said > answered and desk.roster.good(office, desk.roster.newest)


def _answered(desk: "Desk", office: str) -> str:
    return f"answered {office}/{desk.office}"


# ---- putting back ------------------------------------------------------------------------------------------------


def _put_back(desk: "Desk", place: _Place) -> bool:
    """Whether anything of this dispatch had to be put back."""
    entry = desk.chain.channel(place.channel).entry(place.number)
    note = desk.mail.note(entry.hash) if entry is not None else None
    if entry is None or note is None:
        return False
    heads = entry.header.heads_file
    put = heads is not None and heads_files.put_back(desk, entry.header.office, heads)
    for sealed in entry.header.sealed:
        name = names.sealed_name(desk.network, entry.header.office, sealed.hash)
        if desk.copies.has(sealed.hash) and not _is_there(desk, name, sealed.hash, sealed.size, whole=place.whole):
            with desk.copies.open(sealed.hash) as source:
                desk.post.put(name, source)
            put = True
    return _put_note(desk, place, entry.hash, note) or put


def _put_note(desk: "Desk", place: _Place, text_hash: str, note: bytes) -> bool:
    """Whether a note lay under neither name, and does now; the plain one is better, since readers look there first."""
    plain = names.note_name(desk.network, place.channel, place.number)
    alternate = names.alternate_name(desk.network, place.channel, place.number, text_hash)
    if _read(desk, plain) == note:
        return False
    if desk.post.create(plain, note) and _read(desk, plain) == note:
        return True
    return _read(desk, alternate) != note and desk.post.create(alternate, note)


def _read(desk: "Desk", name: str) -> bytes | None:
    try:
        return desk.post.get(name, names.size_limit(name))
    except (NoSuchObjectError, ForeignObjectError, TooLargeError):
        return None


def _is_there(desk: "Desk", name: str, text_hash: str, size: int, *, whole: bool) -> bool:
    """Whether a sealed file lies there in its size, and if it is read as a ``whole``, with its hash."""
    from cipherpost.workflows.placing import stored_hash

    return desk.post.size(name) == size and (not whole or stored_hash(desk, name, size) == text_hash)
