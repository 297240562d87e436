"""Cards and invitations: the two small texts that people carry to each other when an office joins.

A **card** is a signed note whose text is, in this order, those in brackets only where they apply::

    cipherpost/v1 card
    fingerprint 7c1e...                     64 hex; "none" on the founder's card, made before the network
    network rkpb
    office tver
    officer ivanov
    time 2026-11-22T09:00:00Z               when it was made
    sign rkpb/tver/ivanov+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
    seal age1pq1...                         1,959 characters; only the shape is checked here
    [replaces rkpb/tver/ivanov+...]         a rotation: the key that the new one stands for from now on
    [head tver/center 20 9f86...]           a rotation: last numbers of the office's channels, sorted, each once

It is signed by the key it names, and a rotation card by the key it replaces too. The hash of a card is that of its
text, whoever signed it; the spoken number is made from this hash.

An **invitation** bears no signature, since it only says where to look and what to compare::

    cipherpost/v1 invitation
    network rkpb
    fingerprint 7c1e...
    roster 7 9f86...                        the newest entry when it was written
    office tver
    [store YWdlLWVuY3J5cHRpb24ub3Jn...]     reserved: base64 of an age file under a one-time code
    post /media/stick/post                  free to the end of the line
    title Tver Gubernia Committee           free text

Both are printed anew after parsing, and refused when the bytes differ.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple, TypeVar

from cipherpost import limits
from cipherpost.dispatch.header import Head, RosterRef
from cipherpost.errors import MalformedError, NewerError, NotAuthenticError, TooLargeError
from cipherpost.note import (
    Purpose,
    SignatureInvalidError,
    SignerKey,
    Text,
    Unverified,
    VerifierKey,
    VerifierKeyError,
    key_name,
    split,
)
from cipherpost.text import (
    CENTER,
    HASH,
    NAME,
    NUMBER,
    TIME,
    TextError,
    check_free_text,
    decode_lines,
    parse_base64,
    parse_channel,
    parse_name,
    parse_time,
    sha256,
    spoken,
)

INVITATION: Final = "cipherpost/v1 invitation"
POST_CHARACTERS: Final = 1_024
"""Longest address of a post office in an invitation; paths of Windows may have 260, URLs are shorter than 1,024."""

_PART: Final = 32
"""Cards that one thread verifies at a time."""
_WORTH_HELP: Final = 2 * _PART
"""Cards from which on several threads verify them."""
_AT_ONCE: Final = 512
"""Cards that are read before they are verified; at 64 KiB each, the most they may have, 32 MiB."""
Refusal = NotAuthenticError | NewerError
_REFUSAL: Final = (NotAuthenticError, NewerError)
_Before = TypeVar("_Before")
_After = TypeVar("_After")

_RECIPIENT = rb"age1pq1[02-9ac-hj-np-z]{1952}"
_VKEY = rb"[!-~]{1,400}"


class _Row(NamedTuple):
    """One line of a text: its word, the form of its value, and how often it stands: ``1``, ``?`` or ``*``."""

    word: str
    value: bytes
    times: str = "1"


_CARD_ROWS: Final = (
    _Row("fingerprint", HASH + rb"|none"),
    _Row("network", NAME),
    _Row("office", NAME),
    _Row("officer", NAME),
    _Row("time", TIME),
    _Row("sign", _VKEY),
    _Row("seal", _RECIPIENT),
    _Row("replaces", _VKEY, "?"),
    _Row("head", rb"[a-z0-9/-]{3,127} " + NUMBER + rb" " + HASH, "*"),
)
_INVITATION_ROWS: Final = (
    _Row("network", NAME),
    _Row("fingerprint", HASH),
    _Row("roster", NUMBER + rb" " + HASH),
    _Row("office", NAME),
    _Row("store", rb"[A-Za-z0-9+/]+={0,2}", "?"),
    _Row("post", rb"[^\n]+"),
    _Row("title", rb"[^\n]+"),
)


def _pattern(first: str, rows: Sequence[_Row]) -> re.Pattern[str]:
    """A whole text in one step; each row is one group, of a row that may stand often all its lines."""
    forms = {"1": "{0} (?P<{0}>{1})\n", "?": "(?:{0} (?P<{0}>{1})\n)?", "*": "(?P<{0}>(?:{0} (?:{1})\n)*)"}
    lines = (forms[row.times].format(row.word, row.value.decode()) for row in rows)
    return re.compile(f"{re.escape(first)}\n{''.join(lines)}", re.ASCII)


_CARD: Final = _pattern(Purpose.CARD.value, _CARD_ROWS)
_NEWER = re.compile(rb"cipherpost/v(?:[2-9]|[1-9][0-9]+) (?:card|invitation)\n")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class CardError(MalformedError):
    """The bytes are no card of this protocol, or a card that contradicts itself."""


class CardSignatureError(NotAuthenticError):
    """A card without the good signature of the key it names, or of the key it replaces."""


class InvitationError(MalformedError):
    """The bytes are no invitation of this protocol."""


class CardTooLargeError(TooLargeError):
    """A card or invitation above `limits.CARD_BYTES`."""


class NewerCardError(NewerError):
    """A card or invitation made by a newer cipherpost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card says.

    ``fingerprint`` is None on a founder's card; ``recipient_text`` is ``age1pq1...``, checked for shape only;
    ``heads`` is empty unless ``replaces`` is there.
    """

    fingerprint: str | None
    network: str
    office: str
    officer: str
    time: str
    vkey: VerifierKey
    recipient_text: str
    replaces: VerifierKey | None = None
    heads: tuple[Head, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A card whose signatures have been verified: ``card``, the ``note`` it came as, and ``hash`` of its text."""

    card: Card
    note: bytes = field(repr=False)
    hash: str

    @property
    def spoken(self) -> str:
        """The number to read aloud: twelve groups of five digits."""
        return spoken(self.hash)


class _Read(NamedTuple):
    """A card whose signatures nobody has looked at."""

    card: Card
    note: bytes
    unverified: Unverified


# ---- cards -------------------------------------------------------------------------------------------------------


def card_text(card: Card) -> Text:
    """The text of ``card``, ready to be signed.

    Raises:
        CardError: the card contradicts itself or a field has not its form.
    """
    text = Text(Purpose.CARD, _print_card(card))
    if _parse_text(text.data) != card:
        raise CardError("the card cannot be written so that it reads the same", where=_where(card))
    return text


def sign_card(card: Card, signer: SignerKey, replaced: SignerKey | None = None) -> bytes:
    """The whole note of ``card``.

    Args:
        signer: the secret of ``card.vkey``.
        replaced: the secret of ``card.replaces``, there exactly when that is.

    Raises:
        CardError: the secrets are not those of the keys on the card, or as `card_text`.
    """
    text = card_text(card)
    if signer.verifier != card.vkey or (replaced.verifier if replaced else None) != card.replaces:
        raise CardError("the card is to be signed with other keys than it names", where=_where(card))
    note = signer.sign(text)
    return note + replaced.signature_line(text) if replaced else note


def parse_card(note: bytes) -> SignedCard:
    """Read a card and verify its signature, and for a rotation that of the replaced key.

    Whether the keys may enter the roster is not judged here: anybody can sign a card with a key of his own.

    Raises:
        CardTooLargeError: above `limits.CARD_BYTES`.
        NewerCardError: of a later version. NoteError: no signed note. CardError: no card.
        CardSignatureError: a signature is missing or wrong.
    """
    (found,) = _parse_some((note,))
    if not isinstance(found, SignedCard):
        raise found
    return found


def parse_cards(notes: Sequence[bytes]) -> Iterator[SignedCard | Refusal]:
    """What `parse_card` returns or raises for each note, in order, in less time: libsodium lets other threads run."""
    if len(notes) < _WORTH_HELP:
        yield from _parse_some(notes)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as helpers:
        for at in range(0, len(notes), _AT_ONCE):
            read = _read_some(notes[at : at + _AT_ONCE])
            parts = [read[part : part + _PART] for part in range(0, len(read), _PART)]
            yield from chain.from_iterable(helpers.map(_verify_some, parts))


def _parse_some(notes: Sequence[bytes]) -> list[SignedCard | Refusal]:
    return _verify_some(_read_some(notes))


def _read_some(notes: Sequence[bytes]) -> list[_Read | Refusal]:
    """All are read before any is verified, so that the processor finds the code and the tables of each step at hand."""
    return [_step(_read, note) for note in notes]


def _verify_some(read: Sequence[_Read | Refusal]) -> list[SignedCard | Refusal]:
    return [_step(_verify, each) if isinstance(each, _Read) else each for each in read]


def _step(does: Callable[[_Before], _After], before: _Before) -> _After | Refusal:
    try:
        return does(before)
    except _REFUSAL as error:
        return error


def _read(note: bytes) -> _Read:
    _check_size(note, "the card")
    unverified = split(note)
    return _Read(_parse_text(unverified.text), note, unverified)


def _verify(read: _Read) -> SignedCard:
    for key in (read.card.vkey, read.card.replaces):
        if key is not None:
            _verify_with(key, read.unverified, read.card)
    return SignedCard(read.card, read.note, sha256(read.unverified.text))


def _verify_with(key: VerifierKey, unverified: Unverified, card: Card) -> None:
    try:
        unverified.verify(key)
    except SignatureInvalidError as error:
        raise CardSignatureError(
            error.what,
            where=_where(card),
            rule="a card is signed by the key it names and by the key it replaces",
            hints=("ask for the card again, as an attachment",),
        ) from None


def _where(card: Card) -> str:
    return f"the card of {card.office}/{card.officer}"


def _check_size(data: bytes, where: str) -> None:
    if len(data) > limits.CARD_BYTES:
        raise CardTooLargeError(f"there are {len(data)} bytes", where=where, rule=f"at most {limits.CARD_BYTES}")
    if _NEWER.match(data):
        raise NewerCardError("it was made by a newer cipherpost", where=where, hints=("update cipherpost",))


def _print_card(card: Card) -> bytes:
    lines = [
        Purpose.CARD.value,
        f"fingerprint {card.fingerprint or 'none'}",
        f"network {card.network}",
        f"office {card.office}",
        f"officer {card.officer}",
        f"time {card.time}",
        f"sign {card.vkey}",
        f"seal {card.recipient_text}",
    ]
    if card.replaces is not None:
        lines.append(f"replaces {card.replaces}")
    lines += [f"head {head.channel} {head.number} {head.hash}" for head in card.heads]
    return "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")


def _parse_text(text: bytes) -> Card:
    match = _CARD.fullmatch(text.decode("ascii", "replace"))
    try:
        found = _looked_at_closely(text) if match is None else match.groupdict()
        card = Card(
            fingerprint=None if found["fingerprint"] == "none" else found["fingerprint"],
            network=parse_name(found["network"]),
            office=parse_name(found["office"], reserved=found["office"] == CENTER),
            officer=parse_name(found["officer"]),
            time=_time(found["time"]),
            vkey=VerifierKey.parse(found["sign"]),
            recipient_text=found["seal"],
            replaces=VerifierKey.parse(found["replaces"]) if found["replaces"] else None,
            heads=tuple([_head(line) for line in found["head"].splitlines()]),
        )
    except (TextError, VerifierKeyError) as error:
        raise CardError(error.what, where="the card", rule=error.rule) from None
    _check_card(card)
    if match is None and _print_card(card) != text:  # what the pattern takes has one form
        raise CardError("the card is not in its one form", where=_where(card))
    return card


def _looked_at_closely(text: bytes) -> dict[str, str]:
    """What the pattern would find, line by line: to say which one is wrong."""
    found = _take_apart(text, Purpose.CARD.value, _CARD_ROWS)
    heads = "".join(f"head {value}\n" for value in found.pop("head"))
    return {**{word: "".join(values) for word, values in found.items()}, "head": heads}


def _time(word: str) -> str:
    parse_time(word)
    return word


def _head(line: str) -> Head:
    _, channel, number, digest = line.split(" ")
    parse_channel(channel)
    return Head(channel, int(number), digest)


def _check_card(card: Card) -> None:
    name = key_name(card.network, card.office, card.officer)
    if card.vkey.name != name or (card.replaces is not None and card.replaces.name != name):
        raise CardError("a key on the card bears another name", where=_where(card), rule=f"it must be {name}")
    if card.replaces is None:
        if card.heads:
            raise CardError("a card that replaces no key states heads", where=_where(card))
        return
    if card.fingerprint is None:
        raise CardError("a founder's card replaces a key", where=_where(card), rule="it comes before the network")
    if card.replaces.key_id == card.vkey.key_id:
        raise CardError("the card replaces a key by itself, or by one of the same id", where=_where(card))
    channels = [head.channel for head in card.heads]
    if channels != sorted(set(channels)):
        raise CardError("the heads are not sorted, or one is there twice", where=_where(card))
    if any(channel.partition("/")[0] != card.office for channel in channels):
        raise CardError("the card states the head of another office's channel", where=_where(card))


# ---- invitations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an invitation says; ``post`` is as the center writes it, ``store_key`` the base64 of an age file."""

    network: str
    fingerprint: str
    roster: RosterRef
    office: str
    post: str
    title: str
    store_key: str | None = None


def format_invitation(invitation: Invitation) -> bytes:
    """The text of an invitation.

    Raises:
        InvitationError: a field has not its form. CardTooLargeError: it is too long to be carried.
    """
    store = f"store {invitation.store_key}\n" if invitation.store_key is not None else ""
    text = (
        f"{INVITATION}\nnetwork {invitation.network}\nfingerprint {invitation.fingerprint}\n"
        f"roster {invitation.roster.number} {invitation.roster.hash}\noffice {invitation.office}\n"
        f"{store}post {invitation.post}\ntitle {invitation.title}\n"
    ).encode("utf-8", "surrogatepass")
    if parse_invitation(text) != invitation:
        raise InvitationError("the invitation cannot be written so that it reads the same")
    return text


def parse_invitation(text: bytes) -> Invitation:
    """Read an invitation; printing the result gives ``text`` again.

    Raises:
        CardTooLargeError: above `limits.CARD_BYTES`. NewerCardError: of a later version.
        InvitationError: another form.
    """
    _check_size(text, "the invitation")
    try:
        found = _take_apart(text, INVITATION, _INVITATION_ROWS)
        number, digest = found["roster"][0].split(" ")
        return Invitation(
            network=parse_name(found["network"][0]),
            fingerprint=found["fingerprint"][0],
            roster=RosterRef(int(number), digest),
            office=parse_name(found["office"][0], reserved=found["office"] == [CENTER]),
            post=_check_post(found["post"][0]),
            title=check_free_text(found["title"][0], "title"),
            store_key=_check_store(found["store"][0]) if found["store"] else None,
        )
    except TextError as error:
        raise InvitationError(error.what, where="the invitation", rule=error.rule) from None


def _check_store(word: str) -> str:
    parse_base64(word)
    return word


def _check_post(post: str) -> str:
    if not 1 <= len(post) <= POST_CHARACTERS or post != post.strip():
        raise TextError("the address of the post office is too long, or begins or ends with a space")
    if _UNSEEN.search(post):
        raise TextError("the address of the post office holds a character that cannot be seen")
    return post


# ---- both --------------------------------------------------------------------------------------------------------


def _take_apart(text: bytes, first: str, rows: Sequence[_Row]) -> dict[str, list[str]]:
    """The values of each row, in one walk down the lines, each used once and in its place.

    Raises:
        TextError: saying which line is wrong, and what was due there.
    """
    lines = decode_lines(text)
    if lines[0] != first:
        raise TextError("line 1 is another", rule=f"the first line is {first!r}")
    values: dict[str, list[str]] = {row.word: [] for row in rows}
    at = 1
    for row in rows:
        while at < len(lines) and lines[at].startswith(row.word + " "):
            value = lines[at].removeprefix(row.word + " ")
            if not re.fullmatch(row.value, value.encode()):
                raise TextError(f"line {at + 1} does not have the form of {row.word!r}")
            values[row.word].append(value)
            at += 1
            if row.times != "*":
                break
        if row.times == "1" and not values[row.word]:
            raise TextError(f"line {at + 1} is not {row.word!r}", rule="every line has its place")
    if at < len(lines):
        raise TextError(f"line {at + 1} must not be there", rule="every line has its place")
    return values
