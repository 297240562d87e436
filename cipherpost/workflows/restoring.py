"""Putting back what the carrier lost: identical bytes of the own office's dispatches, from the copies in this home."""

import re
from typing import TYPE_CHECKING

from cipherpost.postoffice import NoSuchObjectError, names
from cipherpost.text import ROSTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cipherpost.desk import Desk

_MISSING = re.compile(r"([a-z0-9-]+/[a-z0-9-]+)/([0-9]+)-([0-9]+)")


def restore(desk: "Desk") -> list[str]:
    """Put back what others called missing, or could not open; an office writes under its own prefix only.

    Returns:
        The places, such as ``center/all/13``.
    """
    done = []
    for channel, number in dict.fromkeys([*_called_missing(desk), *_failed_elsewhere(desk)]):
        if _put_back(desk, channel, number):
            done.append(f"{channel}/{number}")
    return done


def _called_missing(desk: "Desk") -> "Iterator[tuple[str, int]]":
    """Own numbers that any office's last word calls missing."""
    for office in desk.roster.offices(desk.roster.newest):
        said = desk.mail.meta(f"missing {office}") or ""
        for channel, first, last in _MISSING.findall(said):
            if channel.partition("/")[0] == desk.office:
                numbers = [row.number for row in desk.mail.rows(channel)]
                yield from ((channel, number) for number in numbers if int(first) <= number <= int(last))


def _failed_elsewhere(desk: "Desk") -> "Iterator[tuple[str, int]]":
    """Own letters that somebody could not open and has not received since."""
    for channel in desk.roster.channels(desk.roster.newest):
        office, _, audience = channel.partition("/")
        if office != desk.office or audience == ROSTER:
            continue
        failed: set[tuple[int, str]] = set()
        for row in desk.mail.acks_of(channel):
            if row.word == "failed":
                failed.add((row.number, row.office))
            elif row.word in {"received", "read"}:
                failed.discard((row.number, row.office))
        yield from ((channel, number) for number, _ in sorted(failed))


def _put_back(desk: "Desk", channel: str, number: int) -> bool:
    """Whether anything of this dispatch had to be put back."""
    entry = desk.chain.channel(channel).entry(number)
    note = desk.mail.note(entry.hash) if entry is not None else None
    if entry is None or note is None:
        return False
    put = False
    for sealed in entry.header.sealed:
        name = names.sealed_name(desk.network, entry.header.office, sealed.hash)
        if desk.copies.has(sealed.hash) and not _is_whole(desk, name, sealed.hash, sealed.size):
            with desk.copies.open(sealed.hash) as source:
                desk.post.put(name, source)
            put = True
    plain = names.note_name(desk.network, channel, number)
    alternate = names.alternate_name(desk.network, channel, number, entry.hash)
    if note in (_read(desk, plain), _read(desk, alternate)):
        return put
    if not desk.post.create(plain, note) or _read(desk, plain) != note:
        desk.post.create(alternate, note)
    return True


def _read(desk: "Desk", name: str) -> bytes | None:
    from cipherpost.errors import TooLargeError
    from cipherpost.postoffice import ForeignObjectError

    try:
        return desk.post.get(name, names.size_limit(name))
    except (NoSuchObjectError, ForeignObjectError, TooLargeError):
        return None


def _is_whole(desk: "Desk", name: str, text_hash: str, size: int) -> bool:
    from cipherpost.workflows.placing import stored_hash

    return desk.post.size(name) == size and stored_hash(desk, name, size) == text_hash
