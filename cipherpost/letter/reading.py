"""Reading a letter: one pass over the archive, nothing given back before the last byte was checked (I1, V10)."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cipherpost import limits
from cipherpost.digest import Sha256
from cipherpost.dispatch.header import Header
from cipherpost.letter.papers import (
    BODIES,
    DATA_JSON,
    LETTER_JSON,
    MEMBERS_JSON,
    LetterError,
    Letterhead,
    MemberInfo,
    MembersError,
    commitment,
    commitment_start,
    parse_letterhead,
    parse_members,
    print_members,
)
from cipherpost.letter.writing import BodyType
from cipherpost.strictjson import Marked, parse_marked
from cipherpost.tar import CHUNK, Member, Reader, Sink, TarReader, archive_bytes, member_bytes

Save = Callable[[MemberInfo], Sink | None]
"""Says where an attachment's bytes go while they are read; None drops them (they are checked all the same)."""


class LetterHashError(LetterError):
    """``letter.json`` is not the one whose hash the header states."""


class CommitmentError(LetterError):
    """A member's bytes, name, type or size are not those that ``letter.json`` commits to."""


class BodyError(LetterError):
    """The body is not UTF-8 with lines that end in LF alone."""


class LetterheadError(LetterError):
    """The letter says another network, sender, audience or kind than the header it came under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that has been read to its end and whose every byte is committed to by ``hash``.

    ``hash`` is that of ``letter_json``; ``body_type`` is None exactly when ``body`` is; ``data`` is the JSON as it
    was sent, checked to be strict JSON, and ``said`` its value; ``members`` are all of ``members.json``,
    ``attachments`` those of them.
    """

    subject: str = field(repr=False)
    body: str | None = field(repr=False)
    body_type: BodyType | None
    data: bytes | None = field(repr=False)
    said: Marked | None = field(repr=False)
    attachments: tuple[MemberInfo, ...]
    fingerprint: str
    from_office: str
    to: tuple[str, ...]
    kind: str
    written: str
    hash: str
    members: tuple[MemberInfo, ...] = field(repr=False)
    letter_json: bytes = field(repr=False)


def read_letter(source: Reader, *, expect_hash: str, save: Save | None = None) -> Letter:
    """Read and check the archive of a letter, to the end of ``source``.

    Args:
        source: the plaintext, as the decryption gives it.
        expect_hash: the header's ``letter``.
        save: called once for each attachment, in order. What it returns gets the bytes *as they come, before they
            are known to be right*: a caller writes them beside the place where they shall stand, and when this
            function raises, whatever it raises, discards what it wrote. It closes what it opened itself.

    Raises:
        ArchiveError: not exactly an archive of our form, Padmé length and zeros at the end included.
        MembersError: members missing, added, renamed or in another order.
        LetterHashError, CommitmentError, PaperError, BodyError, JsonError, TooLargeError: as they say.
        NewerLetterError: made by a newer cipherpost.
        Whatever ``source`` raises when the decryption fails, and a sink when it cannot write.
    """
    archive = TarReader(source, padded=True, max_members=limits.MEMBERS + 2)
    members = parse_members(_paper(archive, MEMBERS_JSON))
    kept: dict[str, bytes] = {}
    commitments = []
    for info in members:
        member = _next(archive, info.path)
        if member.size != info.size:
            raise MembersError(f"a member has {member.size} bytes where {MEMBERS_JSON} says {info.size}")
        if info.is_attachment:
            commitments.append(pass_member_on(member, info, save(info) if save is not None else None))
        else:
            kept[info.path], hashed = keep_member(member, info)
            commitments.append(hashed)
    letter_json = _paper(archive, LETTER_JSON)
    if next(archive, None) is not None:
        raise MembersError("another member follows letter.json", rule="it is the last")
    head = _check_commitments(letter_json, expect_hash, commitments)
    return assemble(head, members, kept, letter_json)


def archive_size(letter: Letter) -> int:
    """Length in bytes of the exact archive that a whole letter was read from."""
    members = sum(member_bytes(each.path, each.size) for each in letter.members)
    papers = ((MEMBERS_JSON, print_members(letter.members)), (LETTER_JSON, letter.letter_json))
    return archive_bytes(members + sum(member_bytes(name, len(data)) for name, data in papers), padded=True)


def check_letterhead(letter: Letter, header: Header, fingerprint: str) -> None:
    """The last of V10: the letter was written for this network and under this header.

    Raises:
        LetterheadError: naming the first field that disagrees.
    """
    agree = {
        "fingerprint": letter.fingerprint == fingerprint,
        "hash": letter.hash == header.letter,
        "from": letter.from_office == header.office,
        "to": header.audience in letter.to,
        "kind": letter.kind == header.kind,
    }
    wrong = [name for name, right in agree.items() if not right]
    if wrong:
        raise LetterheadError(
            f"the letter's own {wrong[0]!r} is not that of the header",
            channel=header.channel,
            number=header.number,
            rule="a letter is read only under the header it was sealed for",
            hints=(f"tell {header.office}: the letter was not written for this dispatch",),
        )


def _next(archive: TarReader, path: str) -> Member:
    member = next(archive, None)
    if member is None:
        raise MembersError("the archive ends before the last member is there", rule=f"{LETTER_JSON} is the last")
    if member.name != path:
        raise MembersError("another member stands where one is due", rule=f"as {MEMBERS_JSON} lists them")
    return member


def _paper(archive: TarReader, path: str) -> bytes:
    return _next(archive, path).read_all(limits.LETTER_JSON_BYTES)


def keep_member(member: Reader, info: MemberInfo) -> tuple[bytes, str]:
    """Bytes and commitment of a body or data, whose size `parse_members` has bounded."""
    parts, left = [], info.size
    while left and (chunk := member.read(left)):
        parts.append(chunk)
        left -= len(chunk)
    data = b"".join(parts)
    return data, commitment(info, data)


def pass_member_on(member: Reader, info: MemberInfo, sink: Sink | None) -> str:
    """The commitment of an attachment, whose bytes go to ``sink`` as they come."""
    with Sha256(commitment_start(info)) as digest:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
            if sink is not None:
                sink.write(chunk)
        return digest.hexdigest()


def _check_commitments(letter_json: bytes, expect_hash: str, commitments: Sequence[str]) -> Letterhead:
    if hashlib.sha256(letter_json).hexdigest() != expect_hash:
        raise LetterHashError("the letter is not the one that the header states", rule="SHA-256 of letter.json")
    head = parse_letterhead(letter_json)
    if len(head.commitments) != len(commitments):
        raise CommitmentError("letter.json commits to another number of members")
    for at, (said, found) in enumerate(zip(head.commitments, commitments, strict=True), 1):
        if said != found:
            raise CommitmentError(f"member {at} is not the one that letter.json commits to")
    return head


def assemble(head: Letterhead, members: tuple[MemberInfo, ...], kept: dict[str, bytes], letter_json: bytes) -> Letter:
    """The letter, once everything was checked; ``kept``: body and data, by path.

    Raises:
        BodyError, JsonError: body and data are what was sealed, but not what they must be.
    """
    body_path = next((path for path in BODIES if path in kept), None)
    data = kept.get(DATA_JSON)
    return Letter(
        subject=head.subject,
        body=None if body_path is None else _body(kept[body_path]),
        body_type=None if body_path is None else "md" if body_path == "body.md" else "txt",
        data=data,
        said=None if data is None else parse_marked(data, limit=limits.DATA_BYTES, where=DATA_JSON),
        attachments=tuple(info for info in members if info.is_attachment),
        fingerprint=head.fingerprint,
        from_office=head.from_office,
        to=head.to,
        kind=head.kind,
        written=head.written,
        hash=hashlib.sha256(letter_json).hexdigest(),
        members=members,
        letter_json=letter_json,
    )


def _body(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BodyError("the body is not UTF-8") from None
    if "\r" in text:
        raise BodyError("the body has a carriage return", rule="lines end in LF")
    return text
