"""Keys of any kind as text: what a person pastes, and identity files."""

from collections.abc import Iterable

from cipherpost.age.errors import KeyFormatError
from cipherpost.age.hybrid import HybridIdentity, HybridRecipient
from cipherpost.age.x25519 import X25519Identity, X25519Recipient
from cipherpost.errors import UseError
from cipherpost.limits import MIB

IDENTITY_FILE_BYTES = 1 * MIB
"""An identity file: some ten thousand secret keys, where one or two are usual."""


def parse_recipient(text: str) -> HybridRecipient | X25519Recipient:
    """The public key ``age1pq1…`` or ``age1…``.

    Raises:
        KeyFormatError: anything else.
    """
    if text.startswith("age1pq1"):
        return HybridRecipient.from_text(text)
    if text.startswith("age1"):
        return X25519Recipient.from_text(text)
    raise KeyFormatError("this is not a public key of age", rule="it begins with age1pq1 or age1")


def parse_identity(text: str) -> HybridIdentity | X25519Identity:
    """The secret key ``AGE-SECRET-KEY-PQ-1…`` or ``AGE-SECRET-KEY-1…``.

    Raises:
        KeyFormatError: anything else. The text is not quoted.
    """
    if text.startswith("AGE-SECRET-KEY-PQ-1"):
        return HybridIdentity.from_text(text)
    if text.startswith("AGE-SECRET-KEY-1"):
        return X25519Identity.from_text(text)
    raise KeyFormatError(
        "this is not a secret key of age", rule="it begins with AGE-SECRET-KEY-PQ-1 or AGE-SECRET-KEY-1"
    )


def parse_identity_file(data: bytes) -> list[HybridIdentity | X25519Identity]:
    """The secret keys in an identity file, one on a line; lines that are empty or begin with ``#`` are passed over.

    Raises:
        KeyFormatError: not UTF-8, too large, no key at all, or a line that is none; with the number of the line.
    """
    if len(data) > IDENTITY_FILE_BYTES:
        raise KeyFormatError("the identity file is too large", rule=f"at most {IDENTITY_FILE_BYTES} bytes")
    text = _text(data)
    if text is None:
        raise KeyFormatError("the identity file is not text", rule="UTF-8")
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        key = line.removesuffix("\r")
        if not key or key.startswith("#"):
            continue
        try:
            found.append(parse_identity(key))
        except KeyFormatError as error:
            error.where = f"line {number}"
            raise
    if not found:
        raise KeyFormatError("the identity file holds no key", rule="one secret key on a line")
    return found


def format_identity_file(identity: HybridIdentity | X25519Identity, comments: Iterable[str] = ()) -> bytes:
    """An identity file with one secret key under ``comments``, one on a line; stock age reads it.

    Raises:
        UseError: a comment that is more than a line.
    """
    lines = []
    for comment in comments:
        if not comment.isprintable():
            raise UseError("a comment holds a character that is not printable", rule="one line for each comment")
        lines.append(f"# {comment}\n")
    return f"{''.join(lines)}{identity.text}\n".encode()


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None  # the decoder's own error holds the whole file, and would go along with ours
