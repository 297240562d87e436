"""What the notes in a publication prove, each of them reduced to the one signature line that counts."""

from collections.abc import Iterable

from cipherpost.chain.checks import RosterHeldError
from cipherpost.chain.judging import Judge
from cipherpost.chain.network import Chain
from cipherpost.chain.opening import ROSTER_CHANNEL, Opened, open_note
from cipherpost.dispatch.header import Header
from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.letter import Letter, check_letterhead, left_out
from cipherpost.publication.parts import (
    AGAIN,
    ROSTER,
    PublicationError,
    PublicationRosterError,
    Published,
    SettledOtherwiseError,
)
from cipherpost.roster.fold import Roster


def read_roster(network: str, fingerprint: str, roster: Iterable[bytes]) -> Chain:
    """The chain of a network's roster, the notes of whose entries are given from number 1 on; as `offer_entry`."""
    chain = Chain(network, fingerprint)
    for number, note in enumerate(roster, 1):
        offer_entry(chain, number, note)
    return chain


def offer_entry(chain: Chain, number: int, note: bytes) -> None:
    """Judge the next entry of the roster.

    Raises:
        PublicationRosterError: it does not follow the one before. Whatever `Chain.offer` raises.
    """
    chain.offer(ROSTER_CHANNEL, number, note)
    if chain.roster.newest != number:
        raise PublicationRosterError(
            "entries of its roster are missing, or do not follow one another",
            where=f"{ROSTER}{number:08d}.note",
            rule="who may sign is told by the roster, from its first entry on",
            hints=AGAIN,
        )


def open_at(network: str, channel: str, number: int, note: bytes) -> Opened:
    """V1 and V2, with the place in the refusal."""
    try:
        return open_note(note, network=network, channel=channel, number=number)
    except (NotAuthenticError, NewerError) as error:
        error.channel, error.number = error.channel or channel, error.number or number
        raise


def bare_note(judge: Judge, opened: Opened) -> bytes:
    """A note with the one signature line that counts: others would be bytes that nobody verifies."""
    note = judge.bare(opened)
    if note is not None:
        return note
    raise PublicationError(
        "its signature does not verify", channel=opened.header.channel, number=opened.header.number, hints=AGAIN
    )


def check_bare(judge: Judge, opened: Opened, note: bytes) -> None:
    """Refuse a note that is not what `bare_note` makes of it (PublicationError)."""
    if bare_note(judge, opened) != note:
        raise PublicationError(
            "its note bears other lines than the signature that counts",
            channel=opened.header.channel,
            number=opened.header.number,
            rule="a publication is verified as a whole, each byte of it",
            hints=AGAIN,
        )


def judge_notes(judge: Judge, network: str, fingerprint: str, opened: Opened, letter: Letter) -> Published:
    """V4 to V6 as far as the roster tells, the pins, and the letterhead."""
    header, roster = opened.header, judge.roster
    try:
        judge.by_itself(opened)
    except RosterHeldError as error:
        raise PublicationRosterError(
            error.what, channel=header.channel, number=header.number, rule="it is in the publication", hints=AGAIN
        ) from None
    check_letterhead(letter, header, fingerprint)
    at = header.roster.number if header.roster is not None else 0
    return Published(
        network=network,
        fingerprint=fingerprint,
        header=header,
        note=bare_note(judge, opened),
        hash=opened.hash,
        title=roster.title(header.office, at),
        to_title=roster.title(header.audience, at),
        letter=letter,
        left_out=left_out(letter),
        entries=roster.newest,
        roster_hash=roster.hash_of(roster.newest) or "",
        settled=check_settled(roster, header, opened.hash),
    )


def check_settled(roster: Roster, header: Header, hashed: str) -> int | None:
    """The lowest number from this one on that the roster settles in the channel.

    Raises:
        SettledOtherwiseError: it settles this very number otherwise.
    """
    pins = [pin for pin in roster.pins(header.channel) if pin.number >= header.number]
    for pin in pins:
        if pin.number == header.number and pin.hash != hashed:
            raise SettledOtherwiseError(
                "the roster settles that another dispatch stands under this number",
                channel=header.channel,
                number=header.number,
                rule=f"the one that stands has the hash {pin.hash}",
                hints=("ask who published it for the other side",),
            )
    return min((pin.number for pin in pins), default=None)
