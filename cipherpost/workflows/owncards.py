"""The cards of this officer, and so the keys with which this home opens letters."""

from typing import TYPE_CHECKING

from cipherpost.errors import NotAuthenticError, UnableError
from cipherpost.home import rotation

if TYPE_CHECKING:
    from collections.abc import Collection

    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk


def own_cards(desk: "Desk") -> "tuple[SignedCard, ...]":
    """The cards of the keys that this home has, the newest first; empty where its own card is lost."""
    from cipherpost.workflows.founding import read_own_card

    if desk.own_cards is None:
        try:
            newest = read_own_card(desk)
        except (UnableError, NotAuthenticError):
            return ()  # `doctor` says so
        older = rotation.older_cards(desk.home, desk.officer)
        desk.own_cards = (newest, *(card for card in older if card.hash != newest.hash))
    return desk.own_cards


def keys_since(desk: "Desk") -> str | None:
    """When the newest keys of this home were made, a protocol time; None where its own card is lost."""
    return next((card.card.time for card in own_cards(desk)), None)


def forget_own_cards(desk: "Desk") -> None:
    """They have changed: read them anew."""
    desk.own_cards = None


def opens_with(desk: "Desk") -> "Collection[str] | None":
    """The hashes of the cards whose letters this home opens; None: it cannot tell, since its own card is lost."""
    cards = own_cards(desk)
    return {card.hash for card in cards} if cards else None
