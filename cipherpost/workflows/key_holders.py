"""Whose sealing keys are known already: a sealing key enters the roster once, ever, under one name.

The roster names cards by their hashes, and only cards show sealing keys. So no verifier holds a roster entry to this;
the keeper who admits does, and each who endorses, against the cards of the roster that lie in his home: those that he
met at a fetch (`cards.put_back`), at an admission, or when he sealed to their officers. Nothing is fetched for it.
"""

from typing import TYPE_CHECKING

from cipherpost.errors import NotAuthenticError

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.state import OfficerInfo


class SealingKeyTakenError(NotAuthenticError):
    """The sealing key on a card is that of another card, so that letters to one officer would open for another."""


class KeyHolders:
    """The cards that are known, by their sealing keys; one look at the roster for any number of new cards.

    ``keep``: what is read from cards is kept in the home, to be at hand next time; a dry run writes nothing.
    """

    def __init__(self, desk: "Desk", *, keep: bool = True) -> None:
        self._desk = desk
        self._keep = keep
        self._cards: dict[bytes, tuple[str, str]] | None = None

    def take(self, card: "SignedCard") -> None:
        """Refuse the sealing key of another card; else remember that of this one, for those that follow.

        Raises:
            SealingKeyTakenError: naming whose it is.
        """
        from cipherpost.age import HybridRecipient

        if self._cards is None:
            self._cards = _known(self._desk, keep=self._keep)
        said = card.card
        name = f"{said.office}/{said.officer}"
        mine = card.hash, name
        hash, holder = self._cards.setdefault(HybridRecipient.from_text(said.recipient_text).raw, mine)
        if hash != card.hash:
            whose = "an earlier one of the same officer" if holder == name else f"that of {holder}"
            raise SealingKeyTakenError(
                f"its sealing key is on another card too, {whose}",
                where=f"the card of {name}",
                rule="a sealing key enters the roster once, ever, under one name",
                hints=("let the clerk join again, with keys that the program makes",),
            )


def _known(desk: "Desk", *, keep: bool) -> dict[bytes, tuple[str, str]]:
    """Raw sealing keys of all officers that the roster ever had, as far as their cards are here; with card and name."""
    roster = desk.roster
    officers = {each.card: each for office in roster.offices(roster.newest) for each in roster.tenures(office)}
    read = _read(desk, [each for card, each in officers.items() if desk.recipients.get(card) is None])
    if keep:
        desk.recipients.add(read)
    found = ((read.get(card) or desk.recipients.get(card), each) for card, each in officers.items())
    return {raw: (each.card, f"{each.office}/{each.name}") for raw, each in found if raw is not None}


def _read(desk: "Desk", officers: "list[OfficerInfo]") -> dict[str, bytes]:
    """The sealing keys of cards that are kept as notes only, by card."""
    from cipherpost.card import SignedCard, parse_cards
    from cipherpost.workflows.sealing import key_on

    notes = {each: note for each in officers if (note := desk.mail.note(each.card)) is not None}
    read = zip(notes, parse_cards(list(notes.values())), strict=True)
    keys = {each.card: key_on(signed, each) for each, signed in read if isinstance(signed, SignedCard)}
    return {card: raw for card, raw in keys.items() if raw is not None}
