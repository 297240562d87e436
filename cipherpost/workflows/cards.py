"""Cards of the roster that the carrier lost: whoever holds their bytes lays them down again, under his own prefix.

Without one card nothing can be sealed to an audience that its officer belongs to. So the center keeps the bytes of each
card that it has met and puts back what is gone; an officer does so with his own card.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError, UnableError
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.text import CENTER
from cipherpost.workflows.restoring import Restored

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.state import OfficerInfo


class CardKeyError(NotAuthenticError):
    """The sealing key on a card is no key: nothing could be sealed to its officer, nor to any group he is in."""


def check_sealing_key(card: "SignedCard") -> None:
    """Seal something to the key on a card, since reading the card looks at its shape alone.

    Raises:
        CardKeyError: nothing can be sealed to it.
    """
    from cipherpost.age import HybridRecipient, KeyFormatError

    try:
        HybridRecipient.from_text(card.card.recipient_text).wrap(bytes(16))
    except KeyFormatError as error:
        raise CardKeyError(
            f"nothing can be sealed to the sealing key on it: {error.what}",
            where=f"the card of {card.card.office}/{card.card.officer}",
            rule="a letter is sealed to all its readers, or not at all; so each must have a key",
            hints=("let the clerk join again, with keys that the program makes",),
        ) from None


def put_back(desk: "Desk", done: Restored) -> None:
    """Look whether the cards that this home answers for lie there in their size; what is gone is put back.

    Raises:
        UnreachableError: the post office does not answer.
    """
    find_own(desk)
    mine = _own(desk)
    if mine is not None:
        _try_to_put(desk, desk.office, mine.hash, mine.note, f"card {desk.office}/{desk.officer}", done)
    if desk.is_center:
        for officer in _in_standing(desk):
            note = _kept(desk, officer)
            if note is not None:
                _try_to_put(desk, CENTER, officer.card, note, f"card {officer.office}/{officer.name}", done)


def find_own(desk: "Desk") -> bool:
    """Take up the cards of this officer's keys where the home has the keys alone, as one put together from paper.

    Returns:
        Whether the card of the current keys is in the home now.

    Raises:
        UnreachableError: the post office does not answer; the errors of `KeyRing`.
    """
    from cipherpost.card import parse_card
    from cipherpost.home import rotation
    from cipherpost.workflows.founding import own_card_file, save_own_card
    from cipherpost.workflows.owncards import forget_own_cards

    if own_card_file(desk.home, desk.settings).is_file():
        return True
    public = [identity.recipient.text for identity in desk.keys.identities]
    for officer in reversed(desk.roster.keys(desk.office, desk.officer)):
        note = _kept(desk, officer)
        if note is None:
            continue
        card = parse_card(note)
        if card.card.recipient_text == public[0]:
            save_own_card(desk, card)
        elif card.card.recipient_text in public:
            rotation.keep_card(desk.home, card)
    forget_own_cards(desk)
    return own_card_file(desk.home, desk.settings).is_file()


def lies_there(desk: "Desk", office: str, card: str, note: bytes) -> bool:
    """Whether these very bytes lie under a card's name; what else is there is as good as nothing."""
    try:
        return desk.post.get(names.card_name(desk.network, office, card), limits.CARD_BYTES) == note
    except (NoSuchObjectError, TooLargeError):
        return False


def lay_down(desk: "Desk", office: str, card: str, note: bytes) -> None:
    """Put a card under its name, over whatever is there; its name is the hash of its text, so nothing good is lost.

    Raises:
        UnableError: the post office does not take it, or something in the way is no file.
    """
    desk.post.put(names.card_name(desk.network, office, card), note)


def _in_standing(desk: "Desk") -> "Iterator[OfficerInfo]":
    newest = desk.roster.newest
    for office in desk.roster.offices(newest):
        yield from desk.roster.officers(office, newest)


def _kept(desk: "Desk", officer: "OfficerInfo") -> bytes | None:
    """The bytes of a card as this home keeps them; one not met before is taken up from the post office."""
    from cipherpost.card import parse_card

    kept = desk.mail.note(officer.card)
    if kept is not None:
        return kept
    for office in dict.fromkeys((CENTER, officer.office)):
        try:
            note = desk.post.get(names.card_name(desk.network, office, officer.card), limits.CARD_BYTES)
            if parse_card(note).hash == officer.card:
                desk.mail.keep_card(officer.card, note)
                return note
        except (NoSuchObjectError, NotAuthenticError, NewerError):
            continue
    return None


def _own(desk: "Desk") -> "SignedCard | None":
    """This officer's card, if the roster has it and the home too."""
    from cipherpost.workflows.founding import read_own_card

    try:
        mine = read_own_card(desk)
    except (UnableError, NotAuthenticError):
        return None  # `doctor` says so
    standing = desk.roster.officers(desk.office, desk.roster.newest)
    return mine if any(each.card == mine.hash for each in standing) else None


def _try_to_put(desk: "Desk", office: str, card: str, note: bytes, place: str, done: Restored) -> None:
    """Put one back if its size says that it is gone; one that cannot be stops no other (I7)."""
    if desk.post.size(names.card_name(desk.network, office, card)) == len(note):
        return
    try:
        lay_down(desk, office, card, note)
    except UnreachableError:
        raise
    except UnableError as error:
        done.failed.append(_about(error, place))
    else:
        done.places.append(place)


def _about(error: CipherpostError, place: str) -> CipherpostError:
    error.where = f"{place}, {error.where}" if error.where else place
    return error
