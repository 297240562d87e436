"""Names and media types of attachments: what a letter may hold at all, and what we refuse to send.

The first is part of the format and the same in every version of Unicode and Python; the second guards the readers:
a file that Windows cannot save, or two that fall on each other where case is not told apart.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from cipherpost import limits
from cipherpost.errors import UseError
from cipherpost.text import DEVICES, shown

MEDIA_TYPE: Final = re.compile(r"(?=.{3,127}\Z)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
"""A media type without parameters, in lower case (RFC 6838 section 4.2), at most 127 characters."""

_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WINDOWS_CHARACTERS: Final = frozenset('<>:"|?*')
_WINDOWS_DEVICES: Final = (
    DEVICES | {"conin$", "conout$"} | {port + digit for port in ("com", "lpt") for digit in "\u00b9\u00b2\u00b3"}
)


class AttachmentNameError(UseError):
    """An attachment cannot be sent under this name."""


class MediaTypeError(UseError):
    """An attachment cannot be sent with this media type."""


def name_problem(name: str) -> str | None:
    """Why ``name`` can be no attachment's name in any letter; None when it can.

    One component of a path, 1 to 255 bytes of UTF-8, NFC; no control characters, separators of lines and paths,
    halves of surrogate pairs, nor the marks that turn the direction of writing (``fdp.exe`` would look like a text).
    """
    if any(unicodedata.category(ch) in _UNSEEN for ch in name):
        return "it holds a control character, a separator of lines or half a character"
    if not _OVERRIDES.isdisjoint(name):
        return "it holds a mark that turns the direction of writing"
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        return "it is not the plain name of a file"
    if len(name.encode("utf-8")) > limits.ATTACHMENT_NAME_BYTES:
        return f"it has more than {limits.ATTACHMENT_NAME_BYTES} bytes"
    if unicodedata.normalize("NFC", name) != name:
        return "it is not in Unicode's composed form (NFC)"
    return None


def windows_problem(name: str) -> str | None:
    """Why Windows cannot save a file under ``name``; None when it can."""
    if not _WINDOWS_CHARACTERS.isdisjoint(name):
        return 'Windows allows none of < > : " | ? *'
    if name.endswith((".", " ")):
        return "Windows allows no full stop or space at the end"
    if name.partition(".")[0].rstrip().lower() in _WINDOWS_DEVICES:
        return "Windows keeps this name for a device"
    return None


def check_attachment_name(name: str) -> str:
    """``name``, if an attachment may be sent under it.

    Raises:
        AttachmentNameError: with the rule (`name_problem`, `windows_problem`).
    """
    problem = name_problem(name) or windows_problem(name)
    if problem:
        raise AttachmentNameError(
            f"{shown(name, 80)} cannot be the name of an attachment",
            rule=problem,
            hints=("rename the file and send it again",),
        )
    return name


def check_attachment_names(names: Iterable[str]) -> None:
    """Check every name, and that no two differ in case only.

    Raises:
        AttachmentNameError: the first that fails.
    """
    seen: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFC", check_attachment_name(name).casefold())
        if folded in seen:
            raise AttachmentNameError(
                f"two attachments have the names {shown(seen[folded], 80)} and {shown(name, 80)}",
                rule="names differ by more than case",
                hints=("rename one of the files and send again",),
            )
        seen[folded] = name


def check_media_type(word: str) -> str:
    """``word``, if it is a media type such as ``application/pdf``.

    Raises:
        MediaTypeError: parameters, upper case, or another form.
    """
    if not MEDIA_TYPE.fullmatch(word):
        raise MediaTypeError(
            f"{shown(word)} is not a media type", rule="lower case, without parameters, like application/pdf"
        )
    return word
