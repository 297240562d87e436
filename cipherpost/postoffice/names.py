"""The name of every object in a post office, and nothing else makes or reads one (docs/protocol.md, "Post office").

    <network>/<office>/<audience>/00000014.note             the slot of number 14
    <network>/<office>/<audience>/00000014.<16 hex>.note    its alternate: first digits of its own text's hash
    <network>/<office>/sealed/<hash>.age                    a sealed file; the hash is that of its bytes
    <network>/<office>/cards/<hash>.card                    the hash is that of the card's text
    <network>/<office>/evidence/<hash>.note                 a note as an officer of this office saw it
    <network>/<office>/heads/<hash>.txt                     the public heads of an audit
    <network>/<office>/evidence/<hash>.probe                what `prove` leaves where it may not remove it

Names are ASCII without capitals, so that a file system that ignores case keeps them apart, and no part of one is a
device of Windows, ends in a dot or holds a character that any file system refuses.
"""

import re
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from cipherpost import limits, text
from cipherpost.errors import TooLargeError
from cipherpost.postoffice.errors import ObjectNameError

OtherKind = Literal["sealed", "card", "evidence", "heads", "probe"]

_FOLDER_AND_SUFFIX: Final[dict[OtherKind, tuple[str, str]]] = {
    "sealed": ("sealed", "age"),
    "card": ("cards", "card"),
    "evidence": ("evidence", "note"),
    "heads": ("heads", "txt"),
    "probe": ("evidence", "probe"),
}
_KINDS: Final = {place: kind for kind, place in _FOLDER_AND_SUFFIX.items()}
_ALTERNATE_DIGITS: Final = 16
_DEPTH: Final = 3


def _word(group: str, refused: frozenset[str]) -> str:
    """A regular expression for one folder: the form of a name, and none of ``refused`` as a whole."""
    return rf"(?!(?:{'|'.join(sorted(refused))})/)(?P<{group}>{text.NAME.decode()})/"


@cache  # not compiled at the start: lists of what the home has ask for no name
def _form() -> re.Pattern[str]:
    """Of every name."""
    return re.compile(
        _word("network", text.DEVICES | text.RESERVED)
        + rf"(?!(?!{text.CENTER}/)[^/]+/{text.ROSTER}/)"  # only the center has a roster
        + _word("office", text.DEVICES | text.RESERVED - {text.CENTER})
        + "(?:"
        + _word("audience", text.DEVICES | text.RESERVED - {text.CENTER, text.ALL, text.ROSTER})
        + r"(?!0{8})(?P<number>[0-9]{8})(?:\.(?P<alternate>[0-9a-f]{16}))?\.note"
        + "|"
        + "|".join(rf"{folder}/[0-9a-f]{{64}}\.{suffix}" for folder, suffix in _FOLDER_AND_SUFFIX.values())
        + ")",
        re.ASCII,
    )


class Slot(NamedTuple):
    """The place of a note: ``channel`` as ``center/all``, ``alternate`` the 16 hex digits of an alternate name."""

    network: str
    channel: str
    number: int
    alternate: str | None = None


class Other(NamedTuple):
    """Any other object: under which ``office``, of which kind, and the hash in its name (64 hex)."""

    network: str
    office: str
    kind: OtherKind
    hash: str


def note_name(network: str, channel: str, number: int) -> str:
    """The name of the slot ``number`` of ``channel`` (``center/all``).

    Raises:
        ObjectNameError: not a network, channel or number.
    """
    return f"{_channel_folder(network, channel)}{_digits(number)}.note"


def alternate_name(network: str, channel: str, number: int, text_hash: str) -> str:
    """The alternate name of a note, by the SHA-256 of its own text (64 hex): nobody can occupy it beforehand."""
    _check_hash(text_hash)
    return f"{_channel_folder(network, channel)}{_digits(number)}.{text_hash[:_ALTERNATE_DIGITS]}.note"


def slot_prefix(network: str, channel: str, number: int) -> str:
    """What the slot's name and its alternates all begin with, for ``names``."""
    return f"{_channel_folder(network, channel)}{_digits(number)}."


def channel_prefix(network: str, channel: str) -> str:
    """What all notes of a channel begin with, for ``names``; ends in a slash."""
    return _channel_folder(network, channel)


def sealed_name(network: str, office: str, sealed_hash: str) -> str:
    """The name of a sealed file, by the SHA-256 of its bytes."""
    return _other_name(network, office, "sealed", sealed_hash)


def card_name(network: str, office: str, card_hash: str) -> str:
    """The name of a card, by the SHA-256 of its text."""
    return _other_name(network, office, "card", card_hash)


def evidence_name(network: str, office: str, text_hash: str) -> str:
    """Where ``office`` lays a note that it saw, by the SHA-256 of the note's text."""
    return _other_name(network, office, "evidence", text_hash)


def heads_name(network: str, office: str, file_hash: str) -> str:
    """The name of the public heads of an audit, by the SHA-256 of the file."""
    return _other_name(network, office, "heads", file_hash)


def probe_name(network: str, office: str, probe_hash: str) -> str:
    """The name under which a store is tried out; no reader looks at it."""
    return _other_name(network, office, "probe", probe_hash)


def kind_prefix(network: str, office: str, kind: OtherKind) -> str:
    """The folder of all objects of a kind, for ``names``; ends in a slash."""
    return f"{_office_folder(network, office)}{_FOLDER_AND_SUFFIX[kind][0]}/"


def network_prefix(network: str) -> str:
    """What all objects of a network begin with, for ``names``; ends in a slash."""
    try:
        return f"{text.parse_name(network)}/"
    except text.TextError as error:
        raise ObjectNameError(error.what, rule=error.rule) from None


def parse_object_name(name: str) -> Slot | Other | None:
    """What an object's name says; None for any name that this module would not make."""
    match = _form().fullmatch(name)
    if match is None:
        return None
    network, office, audience, number, alternate = match.groups()
    if number is None:
        _, _, folder, leaf = name.split("/")
        digits, _, suffix = leaf.partition(".")
        return Other(network, office, _KINDS[folder, suffix], digits)
    return Slot(network, f"{office}/{audience}", int(number), alternate)


def is_object_name(name: str) -> bool:
    """Whether `parse_object_name` would give anything; quick, since every request asks."""
    return _form().fullmatch(name) is not None


def check_object_name(name: str) -> str:
    """``name`` itself.

    Raises:
        ObjectNameError: nothing in a post office is called so.
    """
    if _form().fullmatch(name) is None:
        raise ObjectNameError("nothing in a post office is called so", where=text.shown(name, 200))
    return name


def check_prefix(prefix: str) -> tuple[str, ...]:
    """The folders that all names beginning with ``prefix`` lie in (at most three; the rest of it is no folder).

    Raises:
        ObjectNameError: no name can begin with this.
    """
    *folders, _rest = prefix.split("/")
    if len(folders) > _DEPTH or not all(text.is_name(folder) for folder in folders):
        raise ObjectNameError("no name in a post office begins so", where=text.shown(prefix, 200))
    return tuple(folders)


def size_limit(name: str) -> int:
    """How many bytes the object of this name may have at most (docs/protocol.md, "Limits").

    Raises:
        ObjectNameError: nothing in a post office is called so.
    """
    place = parse_object_name(check_object_name(name))
    if isinstance(place, Slot):
        return limits.ROSTER_BYTES if place.channel == f"{text.CENTER}/{text.ROSTER}" else limits.HEADER_BYTES
    assert place is not None
    return {
        "sealed": limits.SIZE,
        "card": limits.CARD_BYTES,
        "evidence": limits.ROSTER_BYTES,
        "heads": limits.HEADS_FILE_BYTES,
        "probe": limits.KIB,
    }[place.kind]


def check_size(name: str, size: int) -> None:
    """Refuse to store more than `size_limit` under a name.

    Raises:
        TooLargeError: ``size`` bytes are too many.
        ObjectNameError: nothing in a post office is called so.
    """
    limit = size_limit(name)
    if size > limit:
        raise TooLargeError("the object is too large", where=name, rule=f"at most {limit} bytes under this name")


def check_replaceable(name: str) -> None:
    """Refuse to put what is only ever created.

    Raises:
        ObjectNameError: the name of a slot or its alternate, or no name at all.
    """
    if isinstance(parse_object_name(check_object_name(name)), Slot):
        raise ObjectNameError("a note is created, never written over", where=name)


def check_probe(name: str) -> None:
    """Refuse to remove anything but a probe.

    Raises:
        ObjectNameError: the name of anything else, or no name at all.
    """
    found = parse_object_name(check_object_name(name))
    if not isinstance(found, Other) or found.kind != "probe":
        raise ObjectNameError("only a probe is ever removed", where=name)


# A channel's folder is asked for once per number: checking the three words each time would double the cost.
@lru_cache(maxsize=1 << 15)
def _channel_folder(network: str, channel: str) -> str:
    try:
        text.parse_name(network)
        text.parse_channel(channel)
    except text.TextError as error:
        raise ObjectNameError(error.what, rule=error.rule) from None
    return f"{network}/{channel}/"


def _office_folder(network: str, office: str) -> str:
    try:
        text.parse_name(network)
        text.parse_name(office, reserved=office == text.CENTER)
    except text.TextError as error:
        raise ObjectNameError(error.what, rule=error.rule) from None
    return f"{network}/{office}/"


def _other_name(network: str, office: str, kind: OtherKind, digits: str) -> str:
    _check_hash(digits)
    folder, suffix = _FOLDER_AND_SUFFIX[kind]
    return f"{_office_folder(network, office)}{folder}/{digits}.{suffix}"


def _digits(number: int) -> str:
    if not 1 <= number <= limits.NUMBER:
        raise ObjectNameError(f"there is no number {number}", rule=f"1 to {limits.NUMBER}")
    return f"{number:08d}"


def _check_hash(digits: str) -> None:
    try:
        text.parse_hash(digits)
    except text.TextError as error:
        raise ObjectNameError(error.what, rule=error.rule) from None
