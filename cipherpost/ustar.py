"""The one form that a member's headers have in an archive (see `cipherpost.tar`), and the reasons for refusing another.

Grammar only: bytes in, bytes out, no streams. `headers` prints, `parse_records` and the checks read; what they let
pass is printed anew by the reader and compared.
"""

import re
from functools import lru_cache
from typing import Final

from cipherpost import limits
from cipherpost.errors import MalformedError, TooLargeError

BLOCK: Final = 512
END_BYTES: Final = 2 * BLOCK

NAME_FIELD: Final = 100
_NUL: Final = b"\x00"
_SUM: Final = slice(148, 156)
_KIND: Final = slice(156, 157)
_USTAR_SIZE: Final = 8**11
PAX_NAME: Final = b"././@PaxHeader"
PAX_BYTES: Final = limits.TAR_NAME_BYTES + 64
_OCTAL = re.compile(rb"[0-7]{11}\x00")
_RECORD = re.compile(rb"([1-9][0-9]{0,4}) (path|size)=")
_KINDS: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a directory",
    b"6": "a named pipe",
}


class ArchiveError(MalformedError):
    """Root of the reasons why bytes are not an archive of the one form."""


class ArchiveTruncatedError(ArchiveError):
    """The archive ends too early."""


class ArchiveChecksumError(ArchiveError):
    """The checksum of a member's header is not that of its bytes."""


class ArchiveKindError(ArchiveError):
    """A member is no regular file."""


class ArchiveFieldError(ArchiveError):
    """A field of a member's header does not have its fixed value."""


class ArchivePaxError(ArchiveError):
    """A pax header that says something else than it must, or stands where none is needed."""


class ArchiveNameError(ArchiveError):
    """A member's name is no relative path of plain components."""


class ArchivePaddingError(ArchiveError):
    """Bytes that must be zero are not."""


class ArchiveTrailingError(ArchiveError):
    """Bytes follow where the archive must have ended."""


class ArchiveTooLargeError(TooLargeError):
    """A member claims more bytes than allowed, or there are too many members."""


def padme(length: int) -> int:
    """The Padmé length of ``length`` bytes: never less, at most 12 per cent more (PURBs, section 4).

    Of the binary digits of the result, only as many as the exponent has digits may differ from zero behind the first.
    """
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << max(exponent - kept, 0)) - 1
    return (length + mask) & ~mask


def check_name(name: str) -> bytes:
    """The UTF-8 bytes of a member's name: a relative path, ``/`` between components, no ``.``, ``..`` or control.

    Raises:
        ArchiveNameError: naming the rule, not the name, which may be part of a letter.
    """
    try:
        raw = name.encode("utf-8")
    except UnicodeEncodeError:
        raise ArchiveNameError("the name of a member is not UTF-8") from None
    if not 1 <= len(raw) <= limits.TAR_NAME_BYTES:
        raise ArchiveNameError(f"the name of a member has {len(raw)} bytes", rule=f"1 to {limits.TAR_NAME_BYTES}")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ArchiveNameError("the name of a member is not a plain relative path")
    if "\\" in name or any(ch < " " or "\x7f" <= ch <= "\x9f" for ch in name):
        raise ArchiveNameError("the name of a member holds a backslash or a control character")
    return raw


def member_bytes(name: str, size: int) -> int:
    """How many bytes a member takes in an archive: its headers and its content, filled up to whole blocks."""
    return len(headers(check_name(name), size)) + filled(size)


def archive_bytes(members: int, *, padded: bool) -> int:
    """Length of an archive whose members take ``members`` bytes in all (`member_bytes`)."""
    return padme(members + END_BYTES) if padded else members + END_BYTES


def filled(size: int) -> int:
    """``size`` filled up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def headers(name: bytes, size: int) -> bytes:
    """The header of a member, behind its pax header where one is needed."""
    records = b""
    if len(name) > NAME_FIELD or not name.isascii():
        records += _record(b"path", name)
    if size >= _USTAR_SIZE:
        records += _record(b"size", b"%d" % size)
    if not records:
        return header(name, size, b"0")
    pax = header(PAX_NAME, len(records), b"x") + records.ljust(filled(len(records)), _NUL)
    plain = bytes(byte if byte < 0x80 else ord("_") for byte in name[:NAME_FIELD])
    return pax + header(plain, size if size < _USTAR_SIZE else 0, b"0")


def _record(key: bytes, value: bytes) -> bytes:
    """``30 path=...`` with LF; the number counts the whole record, itself included."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


def header(name: bytes, size: int, kind: bytes) -> bytes:
    """One block: the header of a member of ``kind`` (``0`` or ``x``), with its checksum."""
    block = b"".join(
        (
            name.ljust(NAME_FIELD, _NUL),
            *(b"0000644", _NUL, b"0000000", _NUL, b"0000000", _NUL),  # mode, owner, group
            *(b"%011o" % size, _NUL, b"00000000000", _NUL),  # size, time
            b" " * 8,  # the checksum counts as spaces
            kind,
            bytes(100),  # the target of a link
            *(b"ustar", _NUL, b"00"),
            bytes(64),  # names of owner and group
            *(b"0000000", _NUL, b"0000000", _NUL),  # device
            bytes(167),  # prefix of the name, and the rest of the block
        )
    )
    return block[: _SUM.start] + _checksum(block) + block[_SUM.stop :]


@lru_cache(maxsize=256)
def plain_member(block: bytes) -> tuple[str, int] | None:
    """Name and size in a header that needs no pax header and is what `headers` prints; None of any other.

    Kept by all its bytes: letters have nearly always the same few headers.

    Raises:
        ArchiveNameError: it is, but the name is not one that a member may have.
    """
    name, size = block[:NAME_FIELD].rstrip(_NUL), block[124:136]
    if not _OCTAL.fullmatch(size) or headers(name, int(size[:11], 8)) != block:
        return None
    text = name.decode("ascii")
    check_name(text)
    return text, int(size[:11], 8)


def _checksum(block: bytes) -> bytes:
    """The field as it must be: the sum of all bytes of the block, its own eight taken as spaces."""
    return b"%06o\x00 " % (sum(block) - sum(block[_SUM]) + 8 * ord(" "))


def check_checksum(block: bytes) -> None:
    """Refuse a header whose checksum is wrong (ArchiveChecksumError)."""
    if block[_SUM] != _checksum(block):
        raise ArchiveChecksumError("the checksum of a header is not that of its bytes")


def check_kind(block: bytes) -> None:
    """Refuse a member that is no regular file (ArchiveKindError), or a second pax header (ArchivePaxError)."""
    kind = block[_KIND]
    if kind == b"x":
        raise ArchivePaxError("a pax header follows a pax header")
    if kind != b"0":
        raise ArchiveKindError(f"a member is {_KINDS.get(kind, 'of an unknown type')}", rule="regular files only")


def parse_octal(field: bytes) -> int:
    """A size as a header gives it."""
    if not _OCTAL.fullmatch(field):
        raise ArchiveFieldError("a size is not eleven octal digits")
    return int(field[:11], 8)


def parse_records(data: bytes) -> tuple[bytes | None, int | None]:
    """The values of ``path`` and ``size`` in a pax header; the comparison with the printed form checks all else."""
    found: dict[bytes, bytes] = {}
    position = 0
    while position < len(data):
        match = _RECORD.match(data, position)
        if match is None or match[2] in found:
            raise ArchivePaxError("a pax header holds a record that it must not", rule="path and size, once each")
        end = position + int(match[1])
        if end > len(data) or end <= match.end() or data[end - 1 : end] != b"\n":
            raise ArchivePaxError("a record of a pax header has a wrong length")
        found[match[2]] = data[match.end() : end - 1]
        position = end
    size = found.get(b"size")
    if size is not None and not re.fullmatch(rb"[1-9][0-9]{9,12}", size):
        raise ArchivePaxError("the size in a pax header is not one that needs it")
    return found.get(b"path"), None if size is None else int(size)
