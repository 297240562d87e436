"""Older secret keys destroyed on purpose: what only they open is then lost to this home, and to whoever takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from cipherpost.errors import UnableError, UseError
from cipherpost.home import rotation
from cipherpost.workflows import letters, owncards, syncing
from cipherpost.workflows.rotating import under_way

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk


class NothingToDestroyError(UnableError):
    """No older key of this home was replaced before the day named."""


class KeysInUseError(UseError):
    """Something in this home still waits for its older keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldKey:
    """A secret sealing key that is kept for reading only.

    ``replaced`` is the time of the roster entry that took it out of force; ``letters`` are those that it alone opens
    here: channel to numbers.
    """

    card: "SignedCard"
    replaced: str
    letters: Mapping[str, tuple[int, ...]]

    @property
    def count(self) -> int:
        """How many letters."""
        return sum(len(numbers) for numbers in self.letters.values())

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        made, seals = self.card.card.time[:10], self.card.card.recipient_text
        yield f"the key {seals[:24]}..., made {made}, replaced {self.replaced[:10]}: {self.count} letters"
        for channel, numbers in self.letters.items():
            yield f"  {channel}: {spans(numbers)}"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "card": self.card.hash,
            "sealing_key": self.card.card.recipient_text,
            "made": self.card.card.time,
            "replaced": self.replaced,
            "letters": {channel: list(numbers) for channel, numbers in self.letters.items()},
        }


def spans(numbers: tuple[int, ...]) -> str:
    """Rising numbers as people write them: ``1-3, 5``."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def plan(desk: "Desk", before: date) -> tuple[OldKey, ...]:
    """The older keys that were replaced before the beginning of a day (UTC), with what they alone open.

    Raises:
        KeysInUseError: new keys are under way, or the outbox holds letters that may be sealed to older ones.
        NothingToDestroyError: there is no such key.
    """
    if under_way(desk) is not None:
        raise KeysInUseError(
            "your new keys are not in the roster yet", rule="the older ones are in use until then", hints=_FETCH
        )
    if desk.outbox.items():
        raise KeysInUseError(
            "letters wait in the outbox, and may be sealed to an older key", rule="they go first", hints=_FETCH
        )
    ended = ((card, replaced_at(desk, card)) for card in owncards.own_cards(desk)[1:])
    doomed = [(card, at) for card, at in ended if at < before.isoformat()]
    if not doomed:
        raise NothingToDestroyError(
            f"no key that was replaced before {before.isoformat()} is kept here",
            rule="keys in force are never destroyed",
            hints=("cipherpost keys show", "cipherpost keys rotate"),
        )
    opened = _opened_by(desk, {card.hash for card, _ in doomed})
    return tuple(OldKey(card=card, replaced=at, letters=opened.get(card.hash, {})) for card, at in doomed)


_FETCH = ("cipherpost fetch",)


def replaced_at(desk: "Desk", card: "SignedCard") -> str:
    """The time of the roster entry that took a key out of force; of one that never was in force, when it was made."""
    tenures = [each for each in desk.roster.keys(desk.office, desk.officer) if each.card == card.hash]
    if not tenures or tenures[-1].until is None:
        return card.card.time
    return desk.roster.time_of(tenures[-1].until) or card.card.time


def _opened_by(desk: "Desk", cards: set[str]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Card to channel to the numbers of the letters sealed to it."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for channel in syncing.readable(desk):
        view = desk.chain.channel(channel)
        for node in view.counting():
            entry = view.entry(node.number)
            if entry is None or entry.header.letter is None:
                continue
            due = letters.readers(desk, entry.header)
            mine = next((each.card for each in due if (each.office, each.name) == (desk.office, desk.officer)), None)
            if mine in cards:
                numbers = found.setdefault(mine, {})
                numbers[channel] = (*numbers.get(channel, ()), node.number)
    return found


def destroy(desk: "Desk", keys: tuple[OldKey, ...]) -> None:
    """Destroy keys: the file that held them is overwritten where the file system lets it, and subjects go too.

    A kill leaves some destroyed and the others whole; the command given again goes on.
    """
    from cipherpost.age import HybridRecipient
    from cipherpost.home import agent
    from cipherpost.home.files import wipe_left
    from cipherpost.home.keys import KEYS

    wipe_left(desk.home / KEYS)
    for key in keys:
        recipient = HybridRecipient.from_text(key.card.card.recipient_text)
        if any(each.recipient == recipient for each in desk.keys.identities[1:]):
            desk.keys.drop_identity(recipient)
        _forget_letters(desk, key)
        rotation.drop_card(desk.home, key.card)
    owncards.forget_own_cards(desk)
    agent.lock(desk.home)


def _forget_letters(desk: "Desk", key: OldKey) -> None:
    """What lists show of letters that nobody here opens any more, and what they say of drafts."""
    found = (
        desk.chain.channel(channel).entry(number) for channel, numbers in key.letters.items() for number in numbers
    )
    hashes = [entry.hash for entry in found if entry is not None]
    desk.mail.wipe_boxes(f"{kind} {each}" for each in hashes for kind in ("letter", "own"))
