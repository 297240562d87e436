"""This officer's own keys: shown, put under another passphrase, kept open for a while."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cipherpost import limits
from cipherpost.text import parse_time, spoken

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.state import OfficerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKeys:
    """Public keys, and how the secret ones lie on the disk.

    ``made`` is when the card was; ``entry`` states the keys, None while they are not in force; ``days`` is their age.
    ``lost`` says in which entry they lost their standing, and how (None: they did not).
    ``older`` are those kept for reading: when each was made, when it was replaced, and its sealing key.
    """

    key_name: str
    signs: str
    seals: str
    card: str
    passphrase: bool
    unlocked: bool
    home: str
    made: str
    entry: int | None
    days: int
    lost: str | None
    older: tuple[tuple[str, str, str], ...]

    @property
    def is_old(self) -> bool:
        """Whether new ones are advised."""
        return self.entry is not None and self.lost is None and self.days > limits.KEY_ADVICE_DAYS

    def lines(self) -> Iterator[tuple[str, str]]:
        """For a person."""
        yield "officer", self.key_name
        yield "signs with", self.signs
        yield "sealed to with", f"{self.seals[:40]}... ({len(self.seals)} characters, in the card)"
        yield "card", self.card
        yield "spoken", spoken(self.card)
        force = "not in force yet" if self.entry is None else f"in force since entry {self.entry}"
        if self.lost is not None:
            force = f"in force from entry {self.entry} until {self.lost}"
        yield "made", f"{self.made}, {force}, {self.days} days old"
        for made, replaced, seals in self.older:
            yield "older key", f"{seals[:24]}..., made {made[:10]}, replaced {replaced[:10]}; kept for reading"
        yield "kept in", f"{self.home}/keys"
        yield "passphrase", "yes" if self.passphrase else "no: the keys lie unprotected on this disk"
        yield "unlocked", "yes, until `cipherpost lock`" if self.unlocked else "no"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "officer": self.key_name,
            "signing_key": self.signs,
            "sealing_key": self.seals,
            "card": self.card,
            "spoken": spoken(self.card),
            "passphrase": self.passphrase,
            "unlocked": self.unlocked,
            "made": self.made,
            "entry": self.entry if self.lost is None else None,
            "days": self.days,
            "older": [
                {"made": made, "replaced": replaced, "sealing_key": seals} for made, replaced, seals in self.older
            ],
        }


def show(desk: "Desk") -> ShownKeys:
    """The public side of this officer's keys; asks for no passphrase."""
    from cipherpost.home import agent
    from cipherpost.workflows import owncards
    from cipherpost.workflows.destroying import replaced_at
    from cipherpost.workflows.founding import read_own_card

    signed = read_own_card(desk)
    tenures = [each for each in desk.roster.keys(desk.office, desk.officer) if each.card == signed.hash]
    older = owncards.own_cards(desk)[1:]
    return ShownKeys(
        made=signed.card.time,
        entry=tenures[-1].since if tenures else None,
        lost=_lost(tenures[-1]) if tenures else None,
        days=max((desk.now() - parse_time(signed.card.time)).days, 0),
        older=tuple((card.card.time, replaced_at(desk, card), card.card.recipient_text) for card in older),
        key_name=desk.settings.key_name,
        signs=str(signed.card.vkey),
        seals=signed.card.recipient_text,
        card=signed.hash,
        passphrase=desk.keys.has_passphrase,
        unlocked=agent.seconds_left(desk.home) is not None,
        home=str(desk.home),
    )


def _lost(tenure: "OfficerInfo") -> str | None:
    """When and how keys lost their standing; None while they have it."""
    return None if tenure.until is None else f"entry {tenure.until} (lost by: {tenure.cause})"


def change_passphrase(desk: "Desk", new: Callable[[], str] | None) -> None:
    """Put the keys under another passphrase, None: under none.

    Raises:
        WrongPassphraseError: the old one was wrong; nothing changed.
    """
    from cipherpost.home import agent

    desk.keys.signer  # noqa: B018  opens the keys with the old passphrase before a new one is asked for
    desk.keys.change_passphrase(new() if new is not None else None)
    agent.lock(desk.home)


def unlock(desk: "Desk", minutes: int) -> None:
    """Keep the keys open in the memory of a process of their own, for so many minutes."""
    from cipherpost.home import agent

    agent.unlock(desk.home, desk.keys.identity_file(), desk.keys.seal_hash(), minutes)


def lock(desk: "Desk") -> bool:
    """End that process; whether there was one."""
    from cipherpost.home import agent

    return agent.lock(desk.home)
