"""Writing a letter: the archive of `cipherpost.letter`, in one pass, with members of any size.

The plaintext goes to the sink only, which the caller has connected with the sealing; nothing is kept.
"""

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Literal, NamedTuple

from cipherpost import limits
from cipherpost.digest import Sha256
from cipherpost.errors import MalformedError, UseError
from cipherpost.letter.names import check_attachment_names, check_media_type
from cipherpost.letter.papers import (
    BODIES,
    DATA_JSON,
    DATA_TYPE,
    FOLDER,
    LETTER_JSON,
    MEMBERS_JSON,
    SALT_BYTES,
    LetterError,
    Letterhead,
    MemberInfo,
    check_members,
    commitment_start,
    parse_letterhead,
    print_letterhead,
    print_members,
)
from cipherpost.strictjson import canonical, parse
from cipherpost.tar import CHUNK, Reader, Sink, TarWriter, archive_bytes, member_bytes

BodyType = Literal["md", "txt"]

_LARGEST: Final = limits.SIZE - limits.SIZE // 1024
"""A letter above this could not be sealed within `limits.SIZE`: age adds a header, and 16 bytes for each 64 KiB."""
_NO_SALT: Final = bytes(SALT_BYTES)
_NO_HASH: Final = "0" * 64


class LetterDraftError(UseError):
    """What is to be sent cannot be made into a letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send: its plain name, media type, size in bytes, and how to open it for reading."""

    name: str
    type: str
    size: int
    open: Callable[[], BinaryIO] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDraft:
    """All that a letter says, before it has salts.

    ``to`` holds offices and groups; ``written`` is a time of the protocol; ``body`` is a text of any line ends, of
    the type ``md`` or ``txt``; ``data`` is the JSON of ``data.json`` as it stands. At least one of body, data and
    attachments is there.
    """

    fingerprint: str
    from_office: str
    to: tuple[str, ...]
    kind: str
    written: str
    subject: str = field(repr=False)
    body: str | None = field(default=None, repr=False)
    body_type: BodyType = "md"
    data: bytes | None = field(default=None, repr=False)
    attachments: Sequence[Attachment] = field(default=(), repr=False)


class Written(NamedTuple):
    """A letter that was written: hash and bytes of ``letter.json``, length of the archive, and its members."""

    letter_hash: str
    letter_json: bytes
    size: int
    members: tuple[MemberInfo, ...]


class _Piece(NamedTuple):
    path: str
    type: str
    size: int
    open: Callable[[], BinaryIO]


def write_letter(draft: LetterDraft, sink: Sink, *, random: Callable[[int], bytes]) -> Written:
    """Write the archive of a letter to ``sink``.

    Args:
        random: gives that many unpredictable bytes (``os.urandom``).

    Raises:
        LetterDraftError, AttachmentNameError, MediaTypeError: before anything is written.
        SourceChangedError: an attachment has another size than announced; what was written is no letter.
        OSError: from opening or reading an attachment, or from the sink.
    """
    pieces = _checked(draft)
    members = _members(pieces, lambda: random(SALT_BYTES))
    archive = TarWriter(sink, padded=True)
    paper = print_members(members)
    archive.add(MEMBERS_JSON, len(paper), paper)
    commitments = tuple(_add(archive, info, piece) for info, piece in zip(members, pieces, strict=True))
    letter_json = print_letterhead(_head(draft, random(SALT_BYTES), commitments))
    archive.add(LETTER_JSON, len(letter_json), letter_json)
    return Written(hashlib.sha256(letter_json).hexdigest(), letter_json, archive.close(), members)


def letter_size(draft: LetterDraft) -> int:
    """Exact length in bytes of the archive that `write_letter` makes of ``draft``, without reading attachments.

    Raises:
        LetterDraftError, AttachmentNameError, MediaTypeError: as `write_letter`.
    """
    return _size(draft, _checked(draft))


def content_digest(draft: LetterDraft, *, about: str = "") -> str:
    """SHA-256 in hex of what makes two letters the same to their sender: office, audiences, kind, subject, text,
    data and attachments, but neither time nor salts. It is a secret of the office: unsalted, it can be guessed.

    Args:
        about: what stands only in the header and makes it another dispatch all the same, such as its ``report``,
            ``reply`` and ``due`` lines.

    Raises:
        SourceChangedError, OSError: as `write_letter`; every attachment is read once.
    """
    pieces = _checked(draft)
    rows = [[piece.path, piece.type, piece.size, _plain_hash(piece)] for piece in pieces]
    said = {"about": about, "from": draft.from_office, "kind": draft.kind, "members": rows, "subject": draft.subject}
    return hashlib.sha256(canonical({**said, "to": sorted(draft.to)})).hexdigest()


def body_bytes(body: str) -> bytes:
    """The bytes of a body: UTF-8, without byte-order mark, lines ending in LF.

    Raises:
        LetterDraftError: half of a surrogate pair, which no file can hold.
    """
    try:
        return re.sub("\r\n?", "\n", body.removeprefix("\ufeff")).encode("utf-8")
    except UnicodeEncodeError:
        raise LetterDraftError("the text holds half of a character", rule="the body is UTF-8") from None


def _checked(draft: LetterDraft) -> list[_Piece]:
    """Check all that can be checked before writing, and give the members to write.

    Raises:
        LetterDraftError, AttachmentNameError, MediaTypeError: naming the rule.
    """
    pieces = _pieces(draft)
    try:
        check_members(_members(pieces, lambda: _NO_SALT))
        parse_letterhead(print_letterhead(_head(draft, _NO_SALT, (_NO_HASH,) * len(pieces))))
        if draft.data is not None:
            parse(draft.data, limit=limits.DATA_BYTES, where=DATA_JSON)
    except (LetterError, MalformedError) as error:
        raise LetterDraftError(error.what, where=error.where, rule=error.rule) from None
    size = _size(draft, pieces) if all(piece.size >= 0 for piece in pieces) else -1
    if len(pieces) > limits.MEMBERS or not 0 < size <= _LARGEST:
        raise LetterDraftError(
            f"the letter has {len(pieces)} members and {size} bytes",
            rule=f"at most {limits.MEMBERS} members and {_LARGEST} bytes",
        )
    return pieces


def _pieces(draft: LetterDraft) -> list[_Piece]:
    pieces = []
    if draft.body is not None:
        path = f"body.{draft.body_type}"
        if path not in BODIES:
            raise LetterDraftError("the text is of a type that letters do not have", rule="md or txt")
        pieces.append(_in_memory(path, BODIES[path], body_bytes(draft.body)))
    if draft.data is not None:
        pieces.append(_in_memory(DATA_JSON, DATA_TYPE, draft.data))
    check_attachment_names(attachment.name for attachment in draft.attachments)
    for attachment in draft.attachments:
        media_type = check_media_type(attachment.type)
        pieces.append(_Piece(FOLDER + attachment.name, media_type, attachment.size, attachment.open))
    return pieces


def _in_memory(path: str, media_type: str, data: bytes) -> _Piece:
    return _Piece(path, media_type, len(data), lambda: io.BytesIO(data))


def _members(pieces: Sequence[_Piece], salt: Callable[[], bytes]) -> tuple[MemberInfo, ...]:
    return tuple(MemberInfo(path=p.path, type=p.type, size=p.size, salt=salt()) for p in pieces)


def _head(draft: LetterDraft, salt: bytes, commitments: tuple[str, ...]) -> Letterhead:
    return Letterhead(
        fingerprint=draft.fingerprint,
        from_office=draft.from_office,
        to=draft.to,
        kind=draft.kind,
        written=draft.written,
        subject=draft.subject,
        salt=salt,
        commitments=commitments,
    )


def _size(draft: LetterDraft, pieces: Sequence[_Piece]) -> int:
    """Salts and hashes have a fixed length, so papers with zeros are as long as the real ones."""
    members = print_members(_members(pieces, lambda: _NO_SALT))
    letter = print_letterhead(_head(draft, _NO_SALT, (_NO_HASH,) * len(pieces)))
    papers = member_bytes(MEMBERS_JSON, len(members)) + member_bytes(LETTER_JSON, len(letter))
    return archive_bytes(papers + sum(member_bytes(p.path, p.size) for p in pieces), padded=True)


class _Tee:
    """A reader that shows the digest every chunk on its way into the archive."""

    def __init__(self, source: Reader, digest: Sha256) -> None:
        self._source = source
        self._digest = digest

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        if chunk:
            self._digest.update(chunk)
        return chunk


def _add(archive: TarWriter, info: MemberInfo, piece: _Piece) -> str:
    with Sha256(commitment_start(info)) as digest, piece.open() as source:
        archive.add(info.path, info.size, _Tee(source, digest))
        return digest.hexdigest()


def _plain_hash(piece: _Piece) -> str:
    digest = hashlib.sha256()
    with piece.open() as source:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
