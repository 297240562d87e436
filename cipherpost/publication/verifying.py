"""Verifying a publication, wherever its members come from."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from cipherpost import limits
from cipherpost.chain.fingerprint import known_fingerprint
from cipherpost.chain.judging import Judge
from cipherpost.chain.network import Chain
from cipherpost.chain.opening import ROSTER_CHANNEL
from cipherpost.letter import Save, read_letter, read_partial
from cipherpost.letter.partial import Piece
from cipherpost.publication.judging import check_bare, judge_notes, offer_entry, open_at
from cipherpost.publication.parts import (
    AGAIN,
    LETTER_JSON,
    MANIFEST,
    MANIFEST_BYTES,
    MEMBERS,
    NOTE,
    PAGE,
    ROSTER,
    WHOLE,
    Page,
    PublicationPageError,
    Published,
    Told,
    altered,
    parse_manifest,
    print_manifest,
)
from cipherpost.tar import Reader, TarReader

_PAGE_BYTES: Final = 8 * (limits.BODY_BYTES + limits.DATA_BYTES)
"""A page, in which each character of text and data may be escaped."""


def verify(source: Reader, fingerprint: str, *, save: Save | None = None, page: Page | None = None) -> Published:
    """Verify a publication that is one archive, to the end of ``source``; needs no home, no key and no line.

    Args:
        fingerprint: of the network, in hex or as it is spoken; from elsewhere than the publication.
        save: as for `cipherpost.letter.read_letter`: nothing that it was given is verified until this returns.
        page: makes the page to compare with; a publication that has a page is not verified without it.

    Raises:
        PublicationError, PublicationRosterError, PublicationPageError, SettledOtherwiseError: as they say.
        OtherNetworkError: of another network than the fingerprint's. TextError: the fingerprint is none.
        ArchiveError, NoteError, HeaderMalformedError: not the form. NewerError: made by a newer program.
        ForgedError, UnauthorizedError, CutError, KindLinesError, KindPlaceError, DraftExpiredError: V5, V6.
        LetterError, JsonError: V10.
    """
    return verify_members(_Archive(source), fingerprint, save=save, page=page)


class Members(Protocol):
    """The members of a publication, wherever they are: each is asked for by the name it must have, in their order."""

    def take(self, name: str) -> Piece | None:
        """The next member, if it has this name; what was taken before is read to its end."""

    def end(self) -> bool:
        """Whether there is nothing but what was taken."""


def verify_members(
    members: Members, fingerprint: str, *, save: Save | None = None, page: Page | None = None
) -> Published:
    """As `verify`, of a publication in any other form than one archive."""
    coming = _Coming(members)
    data = coming.whole(MANIFEST, MANIFEST_BYTES)
    told = parse_manifest(data)
    note = coming.whole(NOTE, limits.HEADER_BYTES)
    chain = _read_roster(coming, told, fingerprint)
    judge = Judge(chain.roster)
    opened = open_at(told.network, told.channel, told.number, note)
    check_bare(judge, opened, note)
    expect = opened.header.letter
    if expect is None or opened.header.kind == "key":
        raise altered("its dispatch is none that can be published")
    if told.kept is None:
        letter = read_letter(coming.take(WHOLE), expect_hash=expect, save=save)
    else:
        paper = coming.whole(LETTER_JSON, limits.LETTER_JSON_BYTES)
        pieces = (_Renamed(coming.take(MEMBERS + each.info.path), each.info.path) for each in told.kept)
        letter = read_partial(paper, told.kept, pieces, expect_hash=expect, save=save)
    published = judge_notes(judge, told.network, chain.fingerprint, opened, letter)
    if data != print_manifest(published, told.kept, page=bool(told.page)):
        raise altered(f"{MANIFEST} does not say what the rest of it says")
    if told.page:
        _check_page(coming.whole(PAGE, _PAGE_BYTES), published, page)
    coming.end()
    return published


class _Renamed(NamedTuple):
    """A member under its name in the letter."""

    piece: Piece
    name: str

    @property
    def size(self) -> int:
        return self.piece.size

    def read(self, size: int = limits.PIECE, /) -> bytes:
        return self.piece.read(size)


class _Archive:
    """The members of one archive."""

    def __init__(self, source: Reader) -> None:
        self._members = TarReader(source)

    def take(self, name: str) -> Piece | None:
        found = next(self._members, None)
        return found if found is not None and found.name == name else None

    def end(self) -> bool:
        return next(self._members, None) is None


class _Coming:
    """The members, each of which must be there."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def take(self, name: str) -> Piece:
        piece = self._members.take(name)
        if piece is None:
            raise altered(f"{name} is missing, or something else stands where it is due")
        return piece

    def whole(self, name: str, limit: int) -> bytes:
        piece = self.take(name)
        if piece.size > limit:
            raise altered(f"{name} has {piece.size} bytes, and at most {limit} are allowed")
        parts, left = [], piece.size
        while left and (chunk := piece.read(left)):
            parts.append(chunk)
            left -= len(chunk)
        return b"".join(parts)

    def end(self) -> None:
        if not self._members.end():
            raise altered("it holds something that is no part of it")


def _read_roster(coming: _Coming, told: Told, fingerprint: str) -> Chain:
    """The roster, each entry judged; its first has the fingerprint."""
    notes = (coming.whole(f"{ROSTER}{at:08d}.note", limits.ROSTER_BYTES) for at in range(1, told.entries + 1))
    genesis = next(notes)
    full = known_fingerprint(genesis, fingerprint, where=f"{ROSTER}00000001.note")
    chain = Chain(told.network, full)
    judge = Judge(chain.roster)
    for number, note in enumerate(_after(genesis, notes), 1):
        offer_entry(chain, number, note)
        check_bare(judge, open_at(told.network, ROSTER_CHANNEL, number, note), note)
        judge.roster_grew()
    return chain


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _check_page(data: bytes, published: Published, page: Page | None) -> None:
    if page is None or data != page(published):
        raise PublicationPageError(
            f"{PAGE} does not say what the rest of it proves",
            where=PAGE,
            rule="the page is made from what was verified, and is the same byte for byte",
            hints=AGAIN,
        )
