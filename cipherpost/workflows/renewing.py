"""New keys for an officer whom the roster knows: by a card that the old key signed too, or anew after a loss.

A rotation card needs no number heard: the old key speaks for the new one. A card without that signature replaces keys
only with the number read aloud and a person's yes, or after the old keys were declared compromised. The entry that
states new keys cuts the old ones at what the center has verified, or at what the card states, whichever is higher.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import NotAuthenticError, UseError
from cipherpost.workflows.cuts import PlannedCut, verified_heads

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.build import Heads
    from cipherpost.roster.state import OfficerInfo
    from cipherpost.roster.words import Statement


_FAR: Final = 1_000
"""Numbers that a card may state above what was verified before a person is asked."""


class RotationKeyError(NotAuthenticError):
    """A rotation card signed by another key than the one that the officer has now."""


class CardHeadsError(NotAuthenticError):
    """A rotation card states another text for a number than the center has verified."""


class NameTakenError(UseError):
    """The officer was retired; his name is not given again."""


class HeardNeededError(UseError):
    """New keys that no old key vouches for, and nobody has heard their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """New keys about to be stated; ``cuts``: what counts of the old ones, nothing where they had no standing.

    ``vouched``: the old key signed the card; ``beyond``: the numbers that only the card states, as places;
    ``far``: those of them that no clerk can have written unseen.
    """

    office: str
    officer: str
    vouched: bool
    cuts: tuple[PlannedCut, ...]
    beyond: tuple[str, ...] = ()
    far: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """``tver/ivanov``."""
        return f"{self.office}/{self.officer}"

    @property
    def question(self) -> str | None:
        """What a person must say yes to; None: nothing."""
        if self.far:
            return f"Let the card of {self.who} state numbers so far above what was verified ({', '.join(self.far)})?"
        if self.vouched or not self.cuts:
            return None
        return f"Give {self.who} new keys, though the old ones do not vouch for them?"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "officer": self.who,
            "vouched": self.vouched,
            "cuts": [cut.as_json() for cut in self.cuts],
            "beyond": list(self.beyond),
        }

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        if not self.cuts:
            yield f"new keys for {self.who}; the old ones have no standing to lose"
            return
        yield f"new keys for {self.who}; what counts of the old ones ends with:"
        yield from (f"  {cut.line()}" for cut in self.cuts)
        if self.beyond:
            yield f"not here yet, and stated by the card alone: {', '.join(self.beyond)}"
        if self.far:
            yield f"more than {_FAR} numbers above what was verified: a thief of the old key may have made this card"


# ---- one card ----------------------------------------------------------------------------------------------------


def statements_for(desk: "Desk", card: "SignedCard", *, heard: bool) -> "list[Statement]":
    """The statement of new keys for an officer whom the roster knows; the cuts are for all together (`with_cuts`).

    Raises:
        RotationKeyError: the card replaces another key than the one in force.
        CardHeadsError: it states other texts than were verified.
        NameTakenError: he was retired. HeardNeededError: see there.
    """
    from cipherpost.roster import words

    said = card.card
    now = desk.roster.officer(said.office, said.officer, desk.roster.newest)
    if said.replaces is not None:
        _check_vouched(desk, card, now)
        assert now is not None
        return [words.Officer(said.office, said.officer, said.vkey, card.hash, unchecked=now.unchecked and not heard)]
    _check_anew(desk, card, now, heard=heard)
    return [words.Officer(said.office, said.officer, said.vkey, card.hash, unchecked=not heard)]


def is_vouched(desk: "Desk", card: "SignedCard") -> bool:
    """Whether the key that the officer has now signed the card too."""
    now = desk.roster.officer(card.card.office, card.card.officer, desk.roster.newest)
    return now is not None and card.card.replaces == now.vkey


def _check_vouched(desk: "Desk", card: "SignedCard", now: "OfficerInfo | None") -> None:
    said = card.card
    where = f"the card of {said.office}/{said.officer}"
    if now is not None and now.vkey == said.replaces:
        return
    known = desk.roster.keys(said.office, said.officer)
    mine = next((each for each in known if each.vkey == said.replaces), None)
    if mine is None:
        raise RotationKeyError(
            f"it replaces a key that {said.office}/{said.officer} never had",
            where=where,
            rule="new keys are vouched for by the key in force",
            hints=("admit nobody by this card, and tell who runs the post office",),
        )
    why = f"lost its standing in entry {mine.until} of the roster ({mine.cause})"
    anew = f"let {said.officer} run: cipherpost keys rotate    (a card whose number he reads aloud)"
    raise RotationKeyError(
        f"it is vouched for by a key that {why}",
        where=where,
        rule="new keys are vouched for by the key in force; a card that was used, or comes late, is worth nothing",
        hints=("cipherpost roster", *([anew] if now is None else [])),
    )


def _check_anew(desk: "Desk", card: "SignedCard", now: "OfficerInfo | None", *, heard: bool) -> None:
    said = card.card
    name = f"{said.office}/{said.officer}"
    before = desk.roster.keys(said.office, said.officer)
    if now is None and before and before[-1].compromised is None and before[-1].cause == "retire":
        raise NameTakenError(
            f"{name} was retired",
            rule="names are given once, ever",
            hints=("let the clerk join as an officer of another name",),
        )
    if not heard:
        raise HeardNeededError(
            f"the roster has keys of {name}, and none of them has signed this card",
            rule="such keys replace older ones only when the clerk has read the number of the card aloud",
            hints=(
                f"cipherpost admit {name} --heard NUMBER",
                f"if {name} still has the old keys: let {said.officer} run: cipherpost keys rotate",
            ),
        )


# ---- the cuts of all together ------------------------------------------------------------------------------------


class Cutting:
    """What one entry with new keys cuts; every office is brought up to date once.

    Args:
        cards: all those that may come into the entry.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._verified: dict[str, dict[str, tuple[int, str]]] = {}

    def verified(self, office: str) -> "Heads":
        """The last dispatch that counts of each channel of ``office``.

        Raises:
            UnableError: the post office does not answer.
        """
        if office not in self._verified:
            self._verified[office] = verified_heads(self._desk, office)
        return self._verified[office]

    def check_heads(self, card: "SignedCard") -> None:
        """Compare what a rotation card states with what was verified.

        Raises:
            CardHeadsError: another text has that number here.
        """
        said = card.card
        known = self.verified(said.office) if said.heads else {}
        for head in said.heads:
            if head.channel not in self._desk.roster.channels_of(said.office):
                raise CardHeadsError(f"it states a channel that does not exist, {head.channel}", where=_where(card))
            view = self._desk.chain.channel(head.channel)
            if head.number <= known.get(head.channel, (0, ""))[0] and view.by_hash(head.hash) is None:
                raise CardHeadsError(
                    f"it states another text for {head.channel}/{head.number} than is verified here",
                    where=_where(card),
                    rule="the old key ends with numbers that all agree on",
                    hints=(
                        "cipherpost fetch --full",
                        f"ask {said.officer} what he sent; if somebody else has his key: "
                        f"cipherpost compromised {said.office}/{said.officer}",
                    ),
                )

    def with_cuts(self, statements: "Sequence[Statement]", cards: "Sequence[SignedCard]") -> "list[Statement]":
        """``statements``, then one cut for each channel of those offices whose officers get new keys by them."""
        from cipherpost.roster import build, words

        roster = self._desk.roster
        new = [each for each in statements if isinstance(each, words.Officer)]
        losing = {each.office for each in new if roster.officer(each.office, each.name, roster.newest) is not None}
        if not losing:
            return list(statements)
        heads: dict[str, tuple[int, str]] = {}
        for office in losing:
            heads |= self.verified(office)
        for card in cards:
            if card.card.office in losing:
                heads = build.higher(heads, {each.channel: (each.number, each.hash) for each in card.card.heads})
        cut = build.take_away(roster, new, heads)
        return [*statements, *(each for each in cut if isinstance(each, words.Cut))]

    def replaced(self, statements: "Sequence[Statement]", card: "SignedCard") -> Replaced:
        """What the entry of ``statements`` does to the older keys of the card's officer, for whoever decides."""
        from cipherpost.roster import words

        said = card.card
        standing = self._desk.roster.officer(said.office, said.officer, self._desk.roster.newest) is not None
        cuts = tuple(
            PlannedCut(each.channel, each.number, each.hash)
            for each in statements
            if standing and isinstance(each, words.Cut) and each.channel.partition("/")[0] == said.office
        )
        verified = self.verified(said.office) if standing else {}
        above = {cut: cut.number - verified.get(cut.channel, (0, ""))[0] for cut in cuts}
        return Replaced(
            office=said.office,
            officer=said.officer,
            vouched=said.replaces is not None,
            cuts=cuts,
            beyond=tuple(f"{cut.channel}/{cut.number}" for cut, numbers in above.items() if numbers > 0),
            far=tuple(f"{cut.channel}/{cut.number}" for cut, numbers in above.items() if numbers > _FAR),
        )


def _where(card: "SignedCard") -> str:
    return f"the card of {card.card.office}/{card.card.officer}"
