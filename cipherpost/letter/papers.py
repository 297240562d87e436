"""The two papers of a letter, ``members.json`` and ``letter.json``, and the commitments that tie the members to them.

Both are canonical JSON (`cipherpost.strictjson`: sorted keys, no spaces, no line feed at the end)::

    {"format":"cipherpost/v1 members","members":[
      {"name":"body.md","salt":"<64 hex>","size":5,"type":"text/markdown"},
      {"name":"data.json","salt":"<64 hex>","size":2,"type":"application/json"},
      {"name":"attachments/plan.pdf","salt":"<64 hex>","size":31337,"type":"application/pdf"}]}

    {"commitments":["<64 hex>","<64 hex>","<64 hex>"],"fingerprint":"<64 hex>","format":"cipherpost/v1 letter",
     "from":"center","kind":"circular","salt":"<64 hex>","subject":"To all","to":["all"],
     "written":"2026-11-22T09:00:00Z"}

(broken into lines here only). Members stand in this order, each of the first two at most once and at least one in
all: ``body.md`` (``text/markdown``) or ``body.txt`` (``text/plain``), ``data.json`` (``application/json``), then
``attachments/<name>``. A commitment is SHA-256 of ``cipherpost/v1 member`` LF, the 32 bytes of the salt, name LF,
type LF, size in decimal LF, and the bytes. The hash of ``letter.json`` is what a header's ``letter`` line states;
salted as it is, it may be public.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from cipherpost import limits
from cipherpost.errors import NewerError, NotAuthenticError, TooLargeError
from cipherpost.letter.names import MEDIA_TYPE, name_problem
from cipherpost.strictjson import canonical, check_marked, parse_marked
from cipherpost.text import TextError, check_free_text, is_name, parse_hash, parse_time, shown

MEMBERS_JSON: Final = "members.json"
LETTER_JSON: Final = "letter.json"
DATA_JSON: Final = "data.json"
FOLDER: Final = "attachments/"
BODIES: Final = {"body.md": "text/markdown", "body.txt": "text/plain"}
DATA_TYPE: Final = "application/json"
SALT_BYTES: Final = 32

_LETTER_FORMAT: Final = "cipherpost/v1 letter"
_MEMBERS_FORMAT: Final = "cipherpost/v1 members"
_NEWER = re.compile(r"cipherpost/v(?:[2-9]|[1-9][0-9]+)(?: .*)?")
_MEMBER_LINE: Final = b"cipherpost/v1 member\n"


class LetterError(NotAuthenticError):
    """Root of the reasons why what was opened is not the letter that its header speaks of (V10)."""

    check: ClassVar[str] = "V10"


class PaperError(LetterError):
    """``members.json`` or ``letter.json`` does not hold what it must."""


class MembersError(LetterError):
    """The members are not exactly those of ``members.json``, in this order."""


class NewerLetterError(NewerError):
    """The letter was made by a newer cipherpost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberInfo:
    """One member of a letter as ``members.json`` lists it.

    ``path`` is its name in the archive, ``type`` its media type, ``size`` in bytes, ``salt`` 32 bytes of its own.
    """

    path: str = field(repr=False)
    type: str
    size: int
    salt: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The name for people and folders: of an attachment, without the folder."""
        return self.path.removeprefix(FOLDER)

    @property
    def is_attachment(self) -> bool:
        """Whether this is an attachment, and not the body or the data."""
        return self.path.startswith(FOLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What ``letter.json`` says; ``salt`` is 32 bytes, ``commitments`` are SHA-256 in hex, ``to`` is not empty."""

    fingerprint: str
    from_office: str
    to: tuple[str, ...]
    kind: str
    written: str
    subject: str = field(repr=False)
    salt: bytes = field(repr=False)
    commitments: tuple[str, ...]


def commitment_start(info: MemberInfo) -> "hashlib._Hash":
    """A running SHA-256 that has taken all of a commitment but the member's own bytes."""
    return hashlib.sha256(_MEMBER_LINE + info.salt + f"{info.path}\n{info.type}\n{info.size}\n".encode())


def commitment(info: MemberInfo, data: bytes) -> str:
    """The commitment of a member that is in memory, in hex."""
    digest = commitment_start(info)
    digest.update(data)
    return digest.hexdigest()


# ---- members.json ------------------------------------------------------------------------------------------------


def print_members(members: Sequence[MemberInfo]) -> bytes:
    """The bytes of ``members.json``."""
    return canonical({"format": _MEMBERS_FORMAT, "members": [print_member(each) for each in members]})


def print_member(info: MemberInfo) -> dict[str, Any]:
    """The row of one member."""
    return {"name": info.path, "salt": info.salt.hex(), "size": info.size, "type": info.type}


def parse_members(data: bytes) -> tuple[MemberInfo, ...]:
    """Read ``members.json``; printing the result gives ``data`` again.

    Raises:
        NewerLetterError: of a later version.
        PaperError: another structure. MembersError: members that a letter cannot hold, or in another order.
        JsonError, JsonTooLargeError: not canonical JSON, above its limit.
        TooLargeError: a body or data above its limit, too many members.
    """
    paper = _paper(data, MEMBERS_JSON, _MEMBERS_FORMAT, {"members": list})
    if len(paper["members"]) > limits.MEMBERS:
        raise TooLargeError(
            f"the letter has {len(paper['members'])} members", where=MEMBERS_JSON, rule=f"at most {limits.MEMBERS}"
        )
    members = tuple(parse_member(row, MEMBERS_JSON) for row in paper["members"])
    check_members(members)
    return members


def check_members(members: Sequence[MemberInfo]) -> None:
    """Check which members there are, their order, types and sizes.

    Raises:
        MembersError, TooLargeError: naming the first that fails.
    """
    if not members:
        raise MembersError("the letter holds nothing", rule="at least one member")
    ranks = [_rank(member) for member in members]
    if ranks != sorted(ranks) or ranks.count(0) > 1 or ranks.count(1) > 1:
        raise MembersError("the members are not in their order", rule="one body, data.json, attachments")
    if len({member.path for member in members}) != len(members):
        raise MembersError("two attachments have one name")


def _rank(member: MemberInfo) -> int:
    """0 for the body, 1 for the data, 2 for an attachment, once type, name and size are right."""
    if member.path in BODIES or member.path == DATA_JSON:
        limit = limits.BODY_BYTES if member.path in BODIES else limits.DATA_BYTES
        if member.type != BODIES.get(member.path, DATA_TYPE):
            raise MembersError(f"{member.path} has another media type than its own")
        if member.size > limit:
            raise TooLargeError(f"{member.path} has {member.size} bytes", rule=f"at most {limit}")
        return int(member.path == DATA_JSON)
    if not member.is_attachment:
        raise MembersError("a member has a name that no letter has", rule="body, data.json or attachments/")
    if problem := name_problem(member.name):
        raise MembersError("an attachment has a name that it must not have", rule=problem)
    if member.size > limits.SIZE:
        raise TooLargeError(f"an attachment has {member.size} bytes", rule="at most 2^40")
    return 2


def parse_member(row: Any, where: str) -> MemberInfo:
    """Read the row of one member; `check_members` judges them together.

    Raises:
        PaperError: another structure, in the paper ``where``.
    """
    fields = _fields(row, {"name": str, "salt": str, "size": int, "type": str}, where)
    if fields["size"] < 0 or not MEDIA_TYPE.fullmatch(fields["type"]):
        raise PaperError("a member has an impossible size or media type", where=where)
    salt = _salt(fields["salt"], where)
    return MemberInfo(path=fields["name"], type=fields["type"], size=fields["size"], salt=salt)


# ---- letter.json -------------------------------------------------------------------------------------------------


def print_letterhead(head: Letterhead) -> bytes:
    """The bytes of ``letter.json``."""
    return canonical(
        {
            "commitments": list(head.commitments),
            "fingerprint": head.fingerprint,
            "format": _LETTER_FORMAT,
            "from": head.from_office,
            "kind": head.kind,
            "salt": head.salt.hex(),
            "subject": head.subject,
            "to": list(head.to),
            "written": head.written,
        }
    )


def parse_letterhead(data: bytes) -> Letterhead:
    """Read ``letter.json``; printing the result gives ``data`` again.

    Raises:
        NewerLetterError: of a later version.
        PaperError: another structure, or a field that is not what it must be.
        JsonError, JsonTooLargeError: not canonical JSON, above its limit.
    """
    texts = dict.fromkeys(("fingerprint", "from", "kind", "salt", "subject", "written"), str)
    paper = _paper(data, LETTER_JSON, _LETTER_FORMAT, {**texts, "commitments": list, "to": list})
    if not all(isinstance(word, str) for word in (*paper["to"], *paper["commitments"])):
        raise PaperError("to or commitments hold something else than texts", where=LETTER_JSON)
    head = Letterhead(
        fingerprint=paper["fingerprint"],
        from_office=paper["from"],
        to=tuple(paper["to"]),
        kind=paper["kind"],
        written=paper["written"],
        subject=paper["subject"],
        salt=_salt(paper["salt"], LETTER_JSON),
        commitments=tuple(paper["commitments"]),
    )
    try:
        _check_head(head)
    except TextError as error:
        raise PaperError(error.what, where=LETTER_JSON, rule=error.rule) from None
    return head


def _check_head(head: Letterhead) -> None:
    for word in (head.fingerprint, *head.commitments):
        parse_hash(word)
    for word in (head.from_office, head.kind, *head.to):
        if not is_name(word):
            raise TextError(f"{shown(word)} is not a name")
    if not head.to or len(set(head.to)) != len(head.to):
        raise TextError("to names nobody, or somebody twice")
    parse_time(head.written)
    check_free_text(head.subject, "subject")


# ---- both --------------------------------------------------------------------------------------------------------


def _paper(data: bytes, name: str, version: str, fields: dict[str, type]) -> dict[str, Any]:
    """The object of a paper with exactly ``format`` and ``fields``."""
    value, canonical_form = parse_marked(data, limit=limits.LETTER_JSON_BYTES, where=name)
    found = value.get("format") if isinstance(value, dict) else None
    if isinstance(found, str) and _NEWER.fullmatch(found):
        raise NewerLetterError(
            "the letter was made by a newer cipherpost", where=name, hints=("update cipherpost, then read it again",)
        )
    if found != version:
        raise PaperError("this is not a paper of a letter", where=name, rule=f"its format is {version!r}")
    paper = _fields(value, {"format": str, **fields}, name)
    check_marked(canonical_form, name)
    return paper


def _fields(value: Any, fields: dict[str, type], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise PaperError("an object does not have exactly its members", where=where, rule=" ".join(sorted(fields)))
    for key, kind in fields.items():
        if type(value[key]) is not kind:
            raise PaperError(f"{key!r} is not what it must be", where=where)
    return value


def _salt(word: str, where: str) -> bytes:
    try:
        return bytes.fromhex(parse_hash(word))
    except TextError:
        raise PaperError("a salt is not 32 bytes in hex", where=where) from None
