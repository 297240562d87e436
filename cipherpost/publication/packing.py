"""Making a publication: streamed, and given to nobody before its notes were judged as whoever verifies it does."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple

from cipherpost import limits
from cipherpost.chain.judging import Judge
from cipherpost.chain.opening import ROSTER_CHANNEL
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.letter import Kept, Letter, archive_size, keep
from cipherpost.note import split
from cipherpost.publication.judging import bare_note, judge_notes, open_at, read_roster
from cipherpost.publication.parts import (
    LETTER_JSON,
    MANIFEST,
    MEMBERS,
    NOTE,
    PAGE,
    ROSTER,
    WHOLE,
    NothingToPublishError,
    Page,
    Published,
    print_manifest,
)
from cipherpost.tar import Reader, TarReader, TarStream, archive_bytes, member_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a publication is made of.

    ``note`` is the dispatch's and ``roster`` those of entries 1 to the newest known. ``letter`` was read from the
    dispatch's sealed file and checked to the end (V9, V10); ``open`` gives the exact archive it was read from, anew
    each time, at its beginning. ``omit``: the paths of members that are left out, such as ``attachments/plan.pdf``.
    """

    network: str
    fingerprint: str
    note: bytes
    roster: Sequence[bytes]
    letter: Letter = field(repr=False)
    open: Callable[[], BinaryIO] = field(repr=False)
    omit: frozenset[str] = frozenset()


class Packed(NamedTuple):
    """A publication about to be written.

    ``members``: (name, size in bytes, content) of each in order, made anew at each call and read one after the other.
    """

    published: Published
    sizes: tuple[tuple[str, int], ...]
    members: Callable[[], Iterator[tuple[str, int, bytes | Reader]]]

    @property
    def size(self) -> int:
        """Length in bytes of the archive that `open` gives."""
        return archive_bytes(sum(member_bytes(name, size) for name, size in self.sizes), padded=False)

    def open(self) -> BinaryIO:
        """The publication as one archive, which is made while it is read."""
        return io.BufferedReader(TarStream(self.members()), limits.PIECE)


def pack(content: Content, *, page: Page | None = None) -> Packed:
    """A publication of ``content``, verified as `verify` does before anything of it is given back.

    Args:
        page: makes ``index.html``; None: without a page.

    Raises:
        NothingToPublishError: no letter, an audience key, a member to be left out that is not there, none that stays.
        Whatever `verify` raises: what would be published proves nothing.
    """
    header = parse_header(split(content.note).text)
    _check_publishable(header, content)
    chain = read_roster(content.network, content.fingerprint, content.roster)
    judge = Judge(chain.roster)
    place = (content.network, header.channel, header.number)
    note = bare_note(judge, open_at(*place, content.note))
    opened = open_at(*place, note)
    start = [(NOTE, note)]
    for number, entry in enumerate(content.roster, 1):
        bare = bare_note(judge, open_at(content.network, ROSTER_CHANNEL, number, entry))
        start.append((f"{ROSTER}{number:08d}.note", bare))
    kept = keep(content.letter, content.omit) if content.omit else None
    published = judge_notes(judge, content.network, content.fingerprint, opened, _left(content.letter, kept))
    index = page(published) if page is not None else None
    start.insert(0, (MANIFEST, print_manifest(published, kept, page=index is not None)))
    end = [] if index is None else [(PAGE, index)]

    def members() -> Iterator[tuple[str, int, bytes | Reader]]:
        yield from ((name, len(data), data) for name, data in start)
        yield from _letter_members(content, kept)
        yield from ((name, len(data), data) for name, data in end)

    if kept is None:
        middle = [(WHOLE, archive_size(content.letter))]
    else:
        middle = [(LETTER_JSON, len(content.letter.letter_json))]
        middle += [(MEMBERS + each.info.path, each.info.size) for each in kept]
    sizes = [*((name, len(data)) for name, data in start), *middle, *((name, len(data)) for name, data in end)]
    return Packed(published, tuple(sizes), members)


def _check_publishable(header: Header, content: Content) -> None:
    place = f"{header.channel}/{header.number}"
    if header.letter is None or not header.sealed:
        raise NothingToPublishError(f"this is a {header.kind}; it carries no letter", where=place)
    if header.kind == "key":
        raise NothingToPublishError(
            "it carries the key of an audience", where=place, rule="whoever has it reads all that is sealed to it"
        )
    paths = {each.path for each in content.letter.members}
    unknown = sorted(content.omit - paths)
    if unknown:
        raise NothingToPublishError(
            f"the letter has no {unknown[0]!r} to leave out", where=place, rule="it has: " + ", ".join(sorted(paths))
        )
    if content.omit == paths:
        raise NothingToPublishError(
            "nothing of the letter would be left", where=place, rule="one member at least stays"
        )


def _left(letter: Letter, kept: Sequence[Kept] | None) -> Letter:
    """The letter as those see it who have only the members kept."""
    if kept is None:
        return letter

    paths = {each.info.path for each in kept}
    body = any(each.path.startswith("body.") and each.path in paths for each in letter.members)
    data = "data.json" in paths
    return replace(
        letter,
        body=letter.body if body else None,
        body_type=letter.body_type if body else None,
        data=letter.data if data else None,
        said=letter.said if data else None,
        members=tuple(each for each in letter.members if each.path in paths),
        attachments=tuple(each for each in letter.attachments if each.path in paths),
    )


def _letter_members(content: Content, kept: Sequence[Kept] | None) -> Iterator[tuple[str, int, bytes | Reader]]:
    with content.open() as archive:
        if kept is None:
            yield WHOLE, archive_size(content.letter), archive
            return
        yield LETTER_JSON, len(content.letter.letter_json), content.letter.letter_json
        paths = {each.info.path for each in kept}
        for member in TarReader(archive, padded=True, max_members=limits.MEMBERS + 2):
            if member.name in paths:
                yield MEMBERS + member.name, member.size, member
