"""A fingerprint that a person gives, compared with the first entry of a roster that is at hand."""

import re

from cipherpost.errors import NotAuthenticError
from cipherpost.note import split
from cipherpost.text import TextError, first_difference, parse_hash, parse_spoken, sha256, spoken


class OtherNetworkError(NotAuthenticError):
    """What is to be verified is of another network than the fingerprint's."""


def known_fingerprint(genesis: bytes, fingerprint: str, *, where: str) -> str:
    """``fingerprint`` in hex, after comparing it with the note of a roster's first entry, found at ``where``.

    Args:
        fingerprint: in hex or as it is spoken.

    Raises:
        OtherNetworkError: it is another network's. NoteError: the bytes are no note. TextError: no fingerprint.
    """
    wanted = check_fingerprint(fingerprint)
    try:
        found = sha256(split(genesis).text)
    except NotAuthenticError as error:
        error.where = where
        raise
    if found == wanted or (isinstance(wanted, list) and first_difference(wanted, spoken(found)) is None):
        return found
    raise OtherNetworkError(
        "this is another network than the fingerprint's",
        where=where,
        rule=f"a network is known by the hash of its genesis, here {found}",
        hints=("compare the fingerprint with the center by telephone",),
    )


def check_fingerprint(fingerprint: str) -> str | list[str]:
    """The hash in hex, or the groups of the spoken form.

    Raises:
        TextError: it is neither.
    """
    try:
        return parse_hash(fingerprint.strip().lower())
    except TextError:
        if re.search("[a-f]", fingerprint, re.IGNORECASE) and re.fullmatch(r"\s*[0-9a-fA-F]+\s*", fingerprint):
            raise TextError(
                f"the fingerprint has {len(fingerprint.strip())} characters in hex",
                rule="64 in hex, or twelve groups of five digits: never shortened",
            ) from None
        return parse_spoken(fingerprint)
