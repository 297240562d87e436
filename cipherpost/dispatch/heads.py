"""The file of heads that an audit makes public (docs/protocol.md, "Heads files").

    head center/all 14 1d7e...
    head tver/center 12 09ab...

``head`` lines as in a header, sorted, one for a channel, and nothing else; nothing in it counts as an ack.
"""

import re
from collections.abc import Iterable
from typing import Final

from cipherpost import limits
from cipherpost.dispatch.header import LINES, Head
from cipherpost.dispatch.lines import format_lines
from cipherpost.errors import MalformedError, TooLargeError
from cipherpost.text import TextError

_HEAD: Final = next(line for line in LINES if line.word == "head")
_FILE: Final = re.compile(f"(?:head {_HEAD.pattern}\n)++")


class HeadsMalformedError(MalformedError):
    """Bytes that are not a heads file."""


def parse_heads(data: bytes) -> tuple[Head, ...]:
    """The heads of a heads file, in its order.

    Raises:
        TooLargeError: above 64 MiB.
        HeadsMalformedError: any other form than that of `format_heads`; a file without a line too.
    """
    if len(data) > limits.HEADS_FILE_BYTES:
        raise TooLargeError(f"the heads file has {len(data)} bytes", rule=f"at most {limits.HEADS_FILE_BYTES}")
    lines = data.decode("latin-1")
    if not _FILE.fullmatch(lines):
        raise HeadsMalformedError("this is not a heads file", rule=f"lines head {_HEAD.form} and nothing else")
    try:
        found: tuple[Head, ...] = _HEAD.read(lines)
    except TextError as error:
        raise HeadsMalformedError(error.what, where="the heads file", rule=error.rule) from None
    return found


def format_heads(heads: Iterable[Head]) -> bytes:
    """The heads file of ``heads``, sorted by channel.

    Raises:
        HeadsMalformedError, TooLargeError: no head, two of one channel, or a value that no head may have.
    """
    data = format_lines((_HEAD,), (sorted(heads),))
    parse_heads(data)
    return data
