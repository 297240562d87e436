"""Forks as an officer sees them: both sides listed, what other offices laid down as evidence, proofs, and settling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost.chain import forks as chain_forks
from cipherpost.errors import CipherpostError, ForkError, NewerError, NotAuthenticError, TooLargeError, UseError
from cipherpost.note import split
from cipherpost.text import CENTER, sha256
from cipherpost.workflows import entries, fork_news, proving, status, syncing
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.node import Node
    from cipherpost.desk import Desk

ROSTER_CHANNEL: Final = syncing.ROSTER_CHANNEL
_DIGITS: Final = 8
"""Of a hash, by which people may name a side."""


class SettleError(UseError):
    """Nothing is to be settled there, or it is not said which side stands."""


class EvidenceError(NotAuthenticError):
    """What lies under evidence, or in the file of a proof, is not what it says it is, or is of no use here."""


# ---- looking ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Forks:
    """What was found: ``forks`` by channel and number; ``taken`` places learned from evidence; ``refused`` evidence
    that proves nothing, with the reasons; ``proofs`` files written. ``before``: how many notes under evidence proved
    nothing at an earlier look, and were not fetched again.
    """

    forks: list[chain_forks.Fork] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refused: list[CipherpostError] = field(default_factory=list)
    proofs: list[Path] = field(default_factory=list)
    before: int = 0

    @property
    def exit_code(self) -> int:
        """7 while any fork is not settled."""
        return ForkError.exit_code if any(each.settled is None for each in self.forks) else 0

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {
            "forks": [fork_news.as_json(each) for each in self.forks],
            "evidence": self.taken,
            "refused": [str(each) for each in self.refused],
            "proofs": [str(path) for path in self.proofs],
        }


def look(desk: "Desk", proofs: Sequence[Path] = (), *, evidence: bool = True) -> Forks:
    """Every fork in what this office reads; the center and auditors look at all channels.

    Args:
        proofs: files of `write_proofs` that somebody handed over; their notes are judged like any others.
        evidence: go through what offices laid down under ``evidence/`` first.

    Raises:
        UnableError: the post office does not answer.
        OSError: a proof cannot be read.
    """
    result = Forks()
    if evidence:
        syncing.follow_roster(desk)
        _take_evidence(desk, result)
    for path in proofs:
        try:
            _take_proof(desk, path, result)
        except (NotAuthenticError, NewerError, TooLargeError) as error:
            error.where = f"{path}: {error.where}" if error.where else str(path)
            result.refused.append(error)
    result.forks = list(chain_forks.forks(desk.chain))
    return result


def _take_evidence(desk: "Desk", result: Forks) -> None:
    """Notes that offices saw and laid down: what is signed by an officer is judged with all the rest (I7)."""
    from cipherpost.workflows import witnesses

    heard = witnesses.listen(desk, lambda name, note: _take_one(desk, name, note, result))
    result.refused += heard.refused
    result.before = heard.before


def _take_proof(desk: "Desk", path: Path, result: Forks) -> None:
    """The notes of a proof; by the roster of this home, which may know more than the proof's."""
    proved = proving.verify(path, desk.fingerprint)
    if not _looks_at(desk, proved.channel):
        raise EvidenceError("it is about a channel that is not read here", rule=proved.channel)
    for side in proved.sides:
        for number, note in enumerate(side.notes, proved.number):
            text_hash = sha256(split(note).text)
            if desk.mail.note(text_hash) is None:
                _take(desk, proved.channel, number, note, text_hash, result)
    known = desk.chain.channel(proved.channel).tree.known
    if not all(side.hash in known and known[side.hash].signed for side in proved.sides):
        raise EvidenceError("its notes are not signed by officers of the roster here", rule="cipherpost fetch first")


def _take_one(desk: "Desk", name: str, note: bytes, result: Forks) -> None:
    from cipherpost.dispatch.header import parse_header
    from cipherpost.postoffice import names

    place, text = names.parse_object_name(name), split(note).text
    header, text_hash = parse_header(text), sha256(text)
    if not isinstance(place, names.Other) or text_hash != place.hash or header.network != desk.network:
        raise EvidenceError("it is not what its name says", rule="evidence lies under the hash of its text")
    if _looks_at(desk, header.channel):
        syncing.follow(desk, header.channel)  # so that the other side is here too
        _take(desk, header.channel, header.number, note, text_hash, result)


def _take(desk: "Desk", channel: str, number: int, note: bytes, text_hash: str, result: Forks) -> None:
    syncing.take_note(desk, channel, number, note)
    if desk.chain.channel(channel).by_hash(text_hash) is not None:
        result.taken.append(f"{channel}/{number}")


def _looks_at(desk: "Desk", channel: str) -> bool:
    if channel in syncing.readable(desk):
        return True
    sees_all = desk.is_center or desk.roster.role(desk.office) == "auditor"
    return sees_all and channel in desk.roster.channels_of(channel.partition("/")[0])


# ---- proofs ----------------------------------------------------------------------------------------------------------


def write_proofs(desk: "Desk", result: Forks, folder: Path) -> None:
    """Write a proof for each two sides of each fork, for whoever is to be shown what happened.

    A proof is the same each time; one that lies there already is left alone.

    Raises:
        ProofFileError: another file of that name lies there.
        OSError: the folder cannot be written to.
    """
    branches = {name: chain_forks.Branches(view) for name, view in desk.chain.channels.items()}
    for fork in result.forks:
        result.proofs += proving.write(desk, fork, branches[fork.channel], folder)


# ---- settling --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Which dispatch of a number shall stand; ``statement`` False: it is settled so already."""

    channel: str
    number: int
    hash: str
    by: str
    notes: tuple[str, ...]
    already: bool

    @property
    def question(self) -> str:
        """What to ask before."""
        return f"Settle that {self.channel}/{self.number} is the one by {self.by}, {self.hash[:16]}...?"

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        yield f"{self.channel} up to number {self.number} is the one that ends in {self.hash[:16]}..., by {self.by}"
        yield from self.notes


def plan_settlement(desk: "Desk", place: str, named: str | None) -> Settlement:
    """Plan which of several dispatches of one number stands.

    Args:
        place: ``center/all/14``.
        named: the hash of the one that stands, or its first digits (at least 8).

    Raises:
        NotKeeperError: see `entries.prepare`.
        SettleError: only one dispatch has this number, or the side is not named.
    """
    from cipherpost.text import parse_place

    with typed("written like tver/center/14"):
        channel, number = parse_place(place)
    entries.prepare(desk)
    _check_channel(desk, channel)
    syncing.follow(desk, channel)
    _take_evidence(desk, Forks())
    view = desk.chain.channel(channel)
    sides = [node for node in view.tree.slots.get(number, ()) if node.signed and node.hangs]
    if len(sides) < 2:
        raise SettleError(
            f"{len(sides) or 'no'} signed dispatch{'' if len(sides) == 1 else 'es'} of this number hang"
            f"{'s' if len(sides) == 1 else ''} in the channel",
            channel=channel,
            number=number,
            rule="only where two or more do is anything to be settled",
            hints=("cipherpost forks", "cipherpost fetch"),
        )
    chosen = _chosen(place, sides, named)
    others = [node for node in sides if node is not chosen]
    return Settlement(
        channel=channel,
        number=number,
        hash=chosen.hash,
        by=chosen.by,
        notes=tuple(_counting_beside(node) for node in others),
        already=any((pin.number, pin.hash) == (number, chosen.hash) for pin in desk.roster.pins(channel)),
    )


def settle(desk: "Desk", plan: Settlement, *, dry_run: bool = False) -> Posted:
    """Post the settlement; one that stands already is answered with the newest entry."""
    from cipherpost.roster.words import Settle

    if not plan.already:
        posted = entries.post(desk, [Settle(plan.channel, plan.number, plan.hash)], dry_run=dry_run)
        if not dry_run:
            status.refresh(desk)
        return posted
    return entries.stated_before(desk)


def _check_channel(desk: "Desk", channel: str) -> None:
    if channel == syncing.ROSTER_CHANNEL:
        raise SettleError(
            "the roster cannot settle itself",
            rule="its entries are never void; the keepers compare by telephone what they signed",
            hints=("cipherpost forks -o DIR",),
        )
    if channel not in desk.roster.channels_of(channel.partition("/")[0]):
        raise SettleError(f"there is no channel {channel}", hints=(f"cipherpost roster {CENTER}",))


def _chosen(place: str, sides: "list[Node]", named: str | None) -> "Node":
    meant = [node for node in sides if named and len(named) >= _DIGITS and node.hash.startswith(named.lower())]
    if len(meant) == 1:
        return meant[0]
    there = "; ".join(f"{node.hash[:16]} by {node.by} of {node.time}" for node in sorted(sides, key=lambda n: n.hash))
    raise SettleError(
        f"which one stands: {there}?" if named is None else f"{named} is none of them: {there}",
        channel=sides[0].channel,
        number=sides[0].number,
        rule="the side is named by its hash, or by at least 8 digits of it",
        hints=(f"cipherpost settle {place} {min(node.hash for node in sides)[:16]}", "cipherpost forks"),
    )


def _counting_beside(node: "Node") -> str:
    """What will count no more of a side."""
    numbers, below = [], [node]
    for here in below:
        below += here.children
        if here.verdict is None:
            numbers.append(here.number)
    which = f"{min(numbers)} to {max(numbers)}" if len(set(numbers)) > 1 else str(node.number)
    return f"{node.by}'s {which} ({node.hash[:16]}...) will count no more; what was in it is sent again"
