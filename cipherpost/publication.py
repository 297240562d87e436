"""A publication: a letter in plain, with what proves to anybody that it was sealed under its number.

Its members, in this order, as an archive of `cipherpost.tar`'s form or as the files of a folder::

    publication.json             what is in it, in canonical JSON
    header.note                  the dispatch
    roster/00000001.note ...     every entry of the roster, from number 1 to the newest known
    letter.tar                   the exact archive that was sealed; or, of a letter that is not published whole:
    letter.json                  its letterhead and commitments, and
    members/body.md ...          the members that are not left out, by their names in the letter
    index.html                   the page for people, where there is one

All of it follows from the header, the roster and the letter: each note bears the one signature line that counts, and
``publication.json`` and the page are made anew and compared. So any byte that is changed is noticed.

Nothing here knows files, a home or a line. `pack` makes one, `verify` reads one; both stream.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NamedTuple, Protocol, TypeGuard

from cipherpost import limits
from cipherpost.chain.checks import RosterHeldError
from cipherpost.chain.fingerprint import known_fingerprint
from cipherpost.chain.judging import Judge
from cipherpost.chain.network import Chain
from cipherpost.chain.opening import ROSTER_CHANNEL, Opened, open_note, verifies
from cipherpost.dispatch.header import Header, parse_header
from cipherpost.errors import NewerError, NotAuthenticError, UseError
from cipherpost.letter import (
    Kept,
    Letter,
    Save,
    archive_size,
    check_letterhead,
    keep,
    left_out,
    parse_kept,
    print_kept,
    read_letter,
    read_partial,
)
from cipherpost.letter.partial import Piece
from cipherpost.note import key_name, signature_line, split
from cipherpost.roster.fold import Roster
from cipherpost.strictjson import canonical, parse_canonical
from cipherpost.tar import Reader, TarReader, TarStream, archive_bytes, member_bytes
from cipherpost.text import is_name

MANIFEST: Final = "publication.json"
NOTE: Final = "header.note"
ROSTER: Final = "roster/"
WHOLE: Final = "letter.tar"
LETTER_JSON: Final = "letter.json"
MEMBERS: Final = "members/"
PAGE: Final = "index.html"
PAGE_VERSION: Final = 1
"""Of the page's wording and form; publications that were handed out hold it byte for byte."""

_FORMAT: Final = "cipherpost/v1 publication"
_MANIFEST_BYTES: Final = 2 * limits.LETTER_JSON_BYTES
_PAGE_BYTES: Final = 8 * (limits.BODY_BYTES + limits.DATA_BYTES)
_AGAIN: Final = (
    "ask for it again, as it was made",
    "who published it makes it anew: cipherpost publish CHANNEL/NUMBER",
)


class PublicationError(NotAuthenticError):
    """Not a publication as it was made: altered, cut short, or put together by somebody else."""


class PublicationRosterError(NotAuthenticError):
    """The roster in a publication is not whole, or not the one that the dispatch relies on."""


class PublicationPageError(NotAuthenticError):
    """The page for people does not say what was verified."""


class SettledOtherwiseError(NotAuthenticError):
    """The roster settles that another dispatch than the one published stands under its number."""


class NewerPublicationError(NewerError):
    """The publication was made by a newer cipherpost."""


class NothingToPublishError(UseError):
    """The dispatch cannot be published: it carries no letter, or nothing of it would be left."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publication proves.

    ``hash`` is that of the header's text; ``title`` and ``to_title`` what people called its office and audience at the
    roster entry relied on. ``letter`` holds the members that are there, ``left_out`` says how many are not.
    ``entries``: the newest roster entry in it, ``roster_hash`` its hash. ``settled``: the lowest number of the
    channel, not below the dispatch's, that the roster settles; None: none.
    """

    network: str
    fingerprint: str
    header: Header
    hash: str
    title: str
    to_title: str
    letter: Letter = field(repr=False)
    left_out: int
    entries: int
    roster_hash: str
    settled: int | None = None

    @property
    def place(self) -> str:
        """``center/all/14``."""
        return f"{self.header.channel}/{self.header.number}"

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signed: the officer who posted it, then those who endorsed it."""
        return (self.header.by, *(each.officer for each in self.header.endorsed))


Page = Callable[[Published], bytes]
"""Makes ``index.html``; the same of the same (see `cipherpost.pages.publication`)."""


# ---- packing ---------------------------------------------------------------------------------------------------------


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
        import io

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
    chain = _chain(content.network, content.fingerprint, content.roster)
    judge = Judge(chain.roster)
    place = (content.network, header.channel, header.number)
    note = _bare(judge, _open(*place, content.note))
    opened = _open(*place, note)
    start = [(NOTE, note)]
    for number, entry in enumerate(content.roster, 1):
        bare = _bare(judge, _open(content.network, ROSTER_CHANNEL, number, entry))
        start.append((f"{ROSTER}{number:08d}.note", bare))
    kept = keep(content.letter, content.omit) if content.omit else None
    published = _judge(judge, content.network, content.fingerprint, opened, _left(content.letter, kept))
    index = page(published) if page is not None else None
    start.insert(0, (MANIFEST, _manifest(published, kept, page=index is not None)))
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
    from dataclasses import replace

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


def _bare(judge: Judge, opened: Opened) -> bytes:
    """A note with the one signature line that counts: others would be bytes that nobody verifies."""
    keys = judge.keys(opened.header)
    name = key_name(opened.header.network, opened.header.office, opened.header.by)
    for key_id, signature in opened.lines:
        if key_id in keys and verifies(keys[key_id].public, signature, opened.text):
            return opened.text + b"\n" + signature_line(name, key_id, signature)
    raise PublicationError(
        "its signature does not verify", channel=opened.header.channel, number=opened.header.number, hints=_AGAIN
    )


def _manifest(published: Published, kept: Sequence[Kept] | None, *, page: bool) -> bytes:
    header = published.header
    return canonical(
        {
            "channel": header.channel,
            "fingerprint": published.fingerprint,
            "format": _FORMAT,
            "hash": published.hash,
            "members": None if kept is None else print_kept(kept),
            "network": published.network,
            "number": header.number,
            "page": PAGE_VERSION if page else 0,
            "roster": {"hash": published.roster_hash, "number": published.entries},
        }
    )


# ---- verifying -------------------------------------------------------------------------------------------------------


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
    data = coming.whole(MANIFEST, _MANIFEST_BYTES)
    told = _parse_manifest(data)
    note = coming.whole(NOTE, limits.HEADER_BYTES)
    chain = _read_roster(coming, told, fingerprint)
    judge = Judge(chain.roster)
    opened = _open(told.network, told.channel, told.number, note)
    _check_bare(judge, opened, note)
    expect = opened.header.letter
    if expect is None or opened.header.kind == "key":
        raise _altered("its dispatch is none that can be published")
    if told.kept is None:
        letter = read_letter(coming.take(WHOLE), expect_hash=expect, save=save)
    else:
        paper = coming.whole(LETTER_JSON, limits.LETTER_JSON_BYTES)
        pieces = (_Renamed(coming.take(MEMBERS + each.info.path), each.info.path) for each in told.kept)
        letter = read_partial(paper, told.kept, pieces, expect_hash=expect, save=save)
    published = _judge(judge, told.network, chain.fingerprint, opened, letter)
    if data != _manifest(published, told.kept, page=bool(told.page)):
        raise _altered(f"{MANIFEST} does not say what the rest of it says")
    if told.page:
        _check_page(coming.whole(PAGE, _PAGE_BYTES), published, page)
    coming.end()
    return published


class _Told(NamedTuple):
    network: str
    channel: str
    number: int
    kept: tuple[Kept, ...] | None
    page: int
    entries: int


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
            raise _altered(f"{name} is missing, or something else stands where it is due")
        return piece

    def whole(self, name: str, limit: int) -> bytes:
        piece = self.take(name)
        if piece.size > limit:
            raise _altered(f"{name} has {piece.size} bytes, and at most {limit} are allowed")
        parts, left = [], piece.size
        while left and (chunk := piece.read(left)):
            parts.append(chunk)
            left -= len(chunk)
        return b"".join(parts)

    def end(self) -> None:
        if not self._members.end():
            raise _altered("it holds something that is no part of it")


def _parse_manifest(data: bytes) -> _Told:
    value = parse_canonical(data, limit=_MANIFEST_BYTES, where=MANIFEST)
    found = value if isinstance(value, dict) else {}
    word = found.get("format")
    newer_page = type(found.get("page")) is int and found["page"] > PAGE_VERSION
    if isinstance(word, str) and word.startswith("cipherpost/v") and (word != _FORMAT or newer_page):
        raise NewerPublicationError(
            "the publication was made by a newer cipherpost",
            where=MANIFEST,
            hints=("update cipherpost, then verify it again",),
        )
    roster: Any = found.get("roster")
    entries = roster.get("number") if isinstance(roster, dict) else None
    network, channel, number = found.get("network"), found.get("channel"), found.get("number")
    office, _, audience = channel.partition("/") if isinstance(channel, str) else ("", "", "")
    if (
        not (isinstance(network, str) and is_name(network) and is_name(office) and is_name(audience))
        or not isinstance(channel, str)
        or not (_is_number(number) and _is_number(entries))
        or found.get("page") not in (0, PAGE_VERSION)
    ):
        raise _altered(f"{MANIFEST} does not say what is published")
    rows = found.get("members")
    kept = None if rows is None else parse_kept(rows, MANIFEST)
    return _Told(network, channel, number, kept, found["page"], entries)


def _is_number(value: Any) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= limits.NUMBER


def _read_roster(coming: _Coming, told: _Told, fingerprint: str) -> Chain:
    """The roster, each entry judged; its first has the fingerprint."""
    notes = (coming.whole(f"{ROSTER}{at:08d}.note", limits.ROSTER_BYTES) for at in range(1, told.entries + 1))
    genesis = next(notes)
    full = known_fingerprint(genesis, fingerprint, where=f"{ROSTER}00000001.note")
    chain = Chain(told.network, full)
    judge = Judge(chain.roster)
    for number, note in enumerate(_after(genesis, notes), 1):
        _offer(chain, number, note)
        _check_bare(judge, _open(told.network, ROSTER_CHANNEL, number, note), note)
        judge.roster_grew()
    return chain


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _chain(network: str, fingerprint: str, roster: Sequence[bytes]) -> Chain:
    chain = Chain(network, fingerprint)
    for number, note in enumerate(roster, 1):
        _offer(chain, number, note)
    return chain


def _offer(chain: Chain, number: int, note: bytes) -> None:
    chain.offer(ROSTER_CHANNEL, number, note)
    if chain.roster.newest != number:
        raise PublicationRosterError(
            "entries of its roster are missing, or do not follow one another",
            where=f"{ROSTER}{number:08d}.note",
            rule="who may sign is told by the roster, from its first entry on",
            hints=_AGAIN,
        )


def _open(network: str, channel: str, number: int, note: bytes) -> Opened:
    """V1 and V2, with the place in the refusal."""
    try:
        return open_note(note, network=network, channel=channel, number=number)
    except (NotAuthenticError, NewerError) as error:
        error.channel, error.number = error.channel or channel, error.number or number
        raise


def _check_bare(judge: Judge, opened: Opened, note: bytes) -> None:
    if _bare(judge, opened) != note:
        raise PublicationError(
            "its note bears other lines than the signature that counts",
            channel=opened.header.channel,
            number=opened.header.number,
            rule="a publication is verified as a whole, each byte of it",
            hints=_AGAIN,
        )


def _judge(judge: Judge, network: str, fingerprint: str, opened: Opened, letter: Letter) -> Published:
    """V4 to V6 as far as the roster tells, the pins, and the letterhead."""
    header, roster = opened.header, judge.roster
    try:
        judge.by_itself(opened)
    except RosterHeldError as error:
        raise PublicationRosterError(
            error.what, channel=header.channel, number=header.number, rule="it is in the publication", hints=_AGAIN
        ) from None
    check_letterhead(letter, header, fingerprint)
    at = header.roster.number if header.roster is not None else 0
    return Published(
        network=network,
        fingerprint=fingerprint,
        header=header,
        hash=opened.hash,
        title=roster.title(header.office, at),
        to_title=roster.title(header.audience, at),
        letter=letter,
        left_out=left_out(letter),
        entries=roster.newest,
        roster_hash=roster.hash_of(roster.newest) or "",
        settled=_settled(roster, header, opened.hash),
    )


def _settled(roster: Roster, header: Header, hashed: str) -> int | None:
    """The lowest number from this one on that the roster settles in the channel.

    Raises:
        SettledOtherwiseError: it settles this very number otherwise.
    """
    pins = [pin for pin in roster.pins(header.channel) if pin.number >= header.number]
    for pin in pins:
        if pin.number == header.number and pin.hash != hashed:
            raise SettledOtherwiseError(
                "the roster settles that another dispatch stands under this number",
                channel=header.channel,
                number=header.number,
                rule=f"the one that stands has the hash {pin.hash}",
                hints=("ask who published it for the other side",),
            )
    return min((pin.number for pin in pins), default=None)


def _check_page(data: bytes, published: Published, page: Page | None) -> None:
    if page is None or data != page(published):
        raise PublicationPageError(
            f"{PAGE} does not say what the rest of it proves",
            where=PAGE,
            rule="the page is made from what was verified, and is the same byte for byte",
            hints=_AGAIN,
        )


def _altered(what: str) -> PublicationError:
    return PublicationError(what, rule="a publication is verified as a whole, each byte of it", hints=_AGAIN)
