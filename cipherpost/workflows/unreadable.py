"""Letters that came whole and did not open: remembered, so that no round opens them again for nothing.

What failed is known by the hash of the header, which signs that of the sealed file, and by whose keys and which program
tried. With other keys, or another version of the program, the letter is tried again; `read` tries whenever it is asked.
"""

import json
from typing import TYPE_CHECKING

from cipherpost import __version__
from cipherpost.errors import CipherpostError, NotAuthenticError
from cipherpost.workflows import letters

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk


class StillUnreadableError(NotAuthenticError):
    """A letter did not open in an earlier round, and nothing has changed since; it sets no exit code again."""


def remember(desk: "Desk", entry: "Entry", error: CipherpostError) -> None:
    """Keep why a letter did not open, unless its sealed file was at fault: another copy of that may be better."""
    if not isinstance(error, letters.LetterSwappedError):
        desk.mail.set_meta(_name(entry), json.dumps([_tried_with(desk), error.what, error.rule, error.hints]))


def known(desk: "Desk", entry: "Entry") -> StillUnreadableError | None:
    """Why it did not open when these keys tried; None: it is to be tried."""
    kept = desk.mail.meta(_name(entry))
    if kept is None:
        return None
    tried_with, what, rule, hints = json.loads(kept)
    if tried_with != _tried_with(desk):
        return None
    header = entry.header
    return StillUnreadableError(what, channel=header.channel, number=header.number, rule=rule, hints=tuple(hints))


def _name(entry: "Entry") -> str:
    return f"unreadable {entry.hash}"


def _tried_with(desk: "Desk") -> str:
    """The officer's sealing keys as they lie, which needs no passphrase, and the version of this program."""
    return f"{desk.keys.seal_hash()} {__version__}"
