"""Sealing to the right people: their cards, their keys, and the file that only they can open."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError, UnableError
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.age import HybridRecipient
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Sealed
    from cipherpost.home.outbox import Item
    from cipherpost.roster.state import OfficerInfo


_AT_ONCE: Final = 500
"""Cards that are fetched and verified together."""


class CardMissingError(UnableError):
    """The card of an officer of the roster is not at the post office, so nothing can be sealed to him."""


class CardWrongError(NotAuthenticError):
    """What lies under a card's name is not the card that the roster states."""


def recipients(desk: "Desk", officers: "Sequence[OfficerInfo]") -> "list[HybridRecipient]":
    """The sealing keys of officers, in their order; cards not met before are fetched and checked once.

    Raises:
        CardMissingError, CardWrongError: naming the officer.
        UnreachableError: the post office does not answer.
    """
    from cipherpost.age import HybridRecipient

    missing = [officer for officer in officers if desk.recipients.get(officer.card) is None]
    if missing:
        with desk.progress.work("cards", len(missing)) as step:
            for at in range(0, len(missing), _AT_ONCE):
                fetched = _raw_keys(desk, missing[at : at + _AT_ONCE])
                desk.recipients.add(fetched)
                step(len(fetched))
    found = (desk.recipients.get(officer.card) for officer in officers)
    return [HybridRecipient.from_bytes(raw) for raw in found if raw is not None]


def _raw_keys(desk: "Desk", officers: "Sequence[OfficerInfo]") -> dict[str, bytes]:
    """The keys on cards that lie where the center puts them, verified together; the rest are looked at one by one."""
    from cipherpost.card import SignedCard, parse_cards

    notes = {officer.card: note for officer in officers if (note := _of_center(desk, officer.card)) is not None}
    read = dict(zip(notes, parse_cards(list(notes.values())), strict=True))
    found = {}
    for officer in officers:
        signed = read.get(officer.card)
        raw = key_on(signed, officer) if isinstance(signed, SignedCard) else None
        found[officer.card] = _raw_key(desk, officer) if raw is None else raw
    return found


def _of_center(desk: "Desk", card: str) -> bytes | None:
    from cipherpost.postoffice import NoSuchObjectError, names

    try:
        return desk.post.get(names.card_name(desk.network, CENTER, card), limits.CARD_BYTES)
    except (NoSuchObjectError, TooLargeError):
        return None


def key_on(signed: "SignedCard", officer: "OfficerInfo") -> bytes | None:
    """The sealing key on a card, if it is the one that the roster states."""
    from cipherpost.age import HybridRecipient

    if (signed.hash, signed.card.vkey) != (officer.card, officer.vkey):
        return None
    return HybridRecipient.from_text(signed.card.recipient_text).raw


def _raw_key(desk: "Desk", officer: "OfficerInfo") -> bytes:
    """The key on one card, wherever it lies; or why it is not to be had."""
    from cipherpost.card import parse_card
    from cipherpost.postoffice import NoSuchObjectError, names

    name = f"{officer.office}/{officer.name}"
    wrong: CipherpostError | None = None
    for office in dict.fromkeys((CENTER, officer.office)):
        try:
            data = desk.post.get(names.card_name(desk.network, office, officer.card), limits.CARD_BYTES)
        except NoSuchObjectError:
            continue
        except TooLargeError as error:
            wrong = error
            continue
        try:
            signed = parse_card(data)
        except (NotAuthenticError, NewerError) as error:  # of a newer program too: its text is not the one admitted
            wrong = error
            continue
        raw = key_on(signed, officer)
        if raw is not None:
            return raw
        wrong = CardWrongError("another card lies under the name of this one")
    if wrong is not None:
        raise CardWrongError(
            f"the card of {name} at the post office is not the one of the roster: {wrong.what}",
            rule="a card is what the roster's hash says",
            hints=_how_to_put_back(desk, name),
        )
    raise CardMissingError(
        f"the card of {name} is not at the post office",
        rule="a letter is sealed to all its readers, or not at all",
        hints=_how_to_put_back(desk, name),
    )


def _how_to_put_back(desk: "Desk", name: str) -> tuple[str, ...]:
    """Whose turn it is: the officer's own round puts back his card, the center's all that it keeps."""
    if not desk.is_center:
        return ("ask the center to run: cipherpost fetch    (it puts back lost cards)", "cipherpost fetch    (then)")
    return (
        f"ask {name} to run: cipherpost fetch    (it puts back the own card), or for the file of: cipherpost card",
        "cipherpost admit FILE    (with that file, by a keeper; it puts back the card)",
    )


def seal_item(desk: "Desk", item: "Item", officers: "Sequence[OfficerInfo]") -> "Sealed":
    """Seal an item's letter to its readers, beside the letter; what was sealed before gives way."""
    from cipherpost.age import Encryptor, decrypt
    from cipherpost.dispatch.header import Sealed

    keys = recipients(desk, officers)
    item.clear_sealed()
    with item.open_letter() as source, item.new_sealed() as sink:
        plain = decrypt(desk.keys.identities, source)
        with Encryptor(keys, sink) as writer, desk.progress.work("sealing", None, "B") as step:
            while block := plain.read(limits.PIECE):
                writer.write(block)
                step(len(block))
    sealed = Sealed(sink.hash, sink.size)
    item.set_sealed([sealed])
    return sealed
