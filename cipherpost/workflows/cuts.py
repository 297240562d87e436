"""The last number that counts of those who lost their standing: found, chosen by a person, listed, moved later."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from cipherpost.errors import UseError
from cipherpost.text import CENTER, parse_channel, parse_number
from cipherpost.workflows import entries, syncing
from cipherpost.workflows.cut_effect import effect
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.chain.node import Node
    from cipherpost.desk import Desk
    from cipherpost.home.mail import AckRow
    from cipherpost.roster.build import Heads
    from cipherpost.workflows.cut_effect import Affected


class CutChoiceError(UseError):
    """A cut that was chosen does not belong to what is cut, or changes nothing."""


class CutBeyondError(UseError):
    """A cut at a number of which nothing is verified here, or above what may be chosen."""


class CutHashError(UseError):
    """The number to cut at bears another hash here than was named, or several dispatches claim it."""


class PlannedCut(NamedTuple):
    """The last number that will count in ``channel``; number 0 has no hash: nothing counts."""

    channel: str
    number: int
    hash: str | None

    def line(self) -> str:
        """For people."""
        return f"{self.channel}/{self.number} {self.hash[:16]}" if self.hash else f"{self.channel}: nothing"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"channel": self.channel, "number": self.number, "hash": self.hash}


# ---- what is verified ------------------------------------------------------------------------------------------------


def verified_heads(desk: "Desk", office: str) -> dict[str, tuple[int, str]]:
    """Every channel in which the office sends, brought up to date, with its last dispatch that counts.

    Raises:
        UnableError: the post office does not answer.
    """
    found = {}
    for channel in desk.roster.channels_of(office):
        if channel != syncing.ROSTER_CHANNEL:
            syncing.follow(desk, channel)
            last = desk.chain.channel(channel).last
            if last is not None:
                found[channel] = (last.header.number, last.hash)
    return found


def heads_before(desk: "Desk", heads: "Heads", since: date) -> dict[str, tuple[int, str]]:
    """The last of each channel that another office had acknowledged in a dispatch timed before ``since`` (UTC).

    A thief dates his letters as he likes; the words of others he cannot. Where nobody else reads a channel, its own
    times must do.
    """
    found = {}
    for channel, (last, _) in heads.items():
        office = channel.partition("/")[0]
        view, limit = desk.chain.channel(channel), since.isoformat()
        rows = [row for row in desk.mail.acks_of(channel) if row.office != office and row.number <= last]
        if rows:  # of a number at which another stands here, they acknowledged what is not to be cut at here
            known = (row for row in rows if row.time < limit and _stands(desk, row))
            number = max((row.number for row in known), default=0)
        else:
            number = max((node.number for node in view.counting() if node.time < limit), default=0)
        entry = view.entry(number) if number else None
        found[channel] = (number, entry.hash) if entry is not None else (0, "")
    return found


def acknowledged(desk: "Desk", channel: str) -> int:
    """The highest number of the channel that the center has acknowledged, as far as it stands here."""
    rows = [row for row in desk.mail.acks_of(channel) if row.office == CENTER]
    return max((row.number for row in rows if _stands(desk, row)), default=0)


def _stands(desk: "Desk", row: "AckRow") -> bool:
    """Whether what somebody acknowledged is what stands at its number here; there may be another side of a fork."""
    entry = desk.chain.channel(row.channel).entry(row.number) if row.number else None
    return entry is not None and entry.hash == row.hash


def count_held(desk: "Desk", channel: str) -> int:
    """How many dispatches by officers of the channel's office wait for something that is not here."""
    return sum(syncing.binds(desk, entry) for entry in desk.chain.channel(channel).held())


# ---- what a person chose ---------------------------------------------------------------------------------------------


def choose(
    desk: "Desk", office: str, heads: "Heads", chosen: Sequence[str], *, top: "Heads"
) -> dict[str, tuple[int, str]]:
    """``heads`` with the cuts that a person chose instead, as places: ``tver/center/18``; (0, ""): nothing counts.

    Args:
        top: up to where one may choose.

    Raises:
        CutChoiceError: the channel is not one of the office.
        CutBeyondError: above what was verified.
        TypedError: no place.
    """
    found = dict(heads)
    for word in chosen:
        channel, number = parse_cut(word)
        if channel not in desk.roster.channels_of(office) or channel == syncing.ROSTER_CHANNEL:
            raise CutChoiceError(
                f"{channel} is no channel that {office} is cut off in",
                rule="a cut is about the channels in which the office sends, and never about the roster",
                hints=(f"cipherpost roster {office}",),
            )
        last = top.get(channel, (0, ""))[0]
        if number > last:
            raise CutBeyondError(
                f"number {number} is above the last that counts here, {last}",
                channel=channel,
                number=number,
                rule="nobody cuts above what was verified",
                hints=("cipherpost fetch", f"choose {last} or lower"),
            )
        entry = desk.chain.channel(channel).entry(number) if number else None
        found[channel] = (number, entry.hash) if entry is not None else (0, "")
    return found


def parse_cut(word: str) -> tuple[str, int]:
    """``tver/center/18`` as (channel, number); 0 means that nothing counts.

    Raises:
        TypedError: another form.
    """
    channel, _, number = word.rpartition("/")
    with typed("written like tver/center/18"):
        parse_channel(channel)
        return channel, parse_number(number, zero=True)


# ---- cuts that are in force ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CutInForce:
    """The cut of an entry in one channel: who was cut off, where, and how many dispatches it keeps from counting."""

    entry: int
    officers: tuple[str, ...]
    channel: str
    number: int
    hash: str | None
    above: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """For scripts; ``above`` are the numbers that would count without it."""
        return {
            "entry": self.entry,
            "officers": list(self.officers),
            "channel": self.channel,
            "number": self.number,
            "hash": self.hash,
            "above": list(self.above),
        }


def in_force(desk: "Desk") -> list[CutInForce]:
    """Every cut as it holds now, in the order of the entries that took standing away."""
    found = []
    for entry in range(1, desk.roster.newest + 1):
        for office, officers in desk.roster.taken(entry).items():
            for channel in sorted(desk.roster.channels_of(office)):
                if channel != syncing.ROSTER_CHANNEL:
                    cut = desk.roster.cut(entry, channel)
                    above = tuple(sorted({node.number for node in _cut_off(desk, channel, officers, cut.number)}))
                    found.append(
                        CutInForce(
                            entry=entry,
                            officers=tuple(f"{office}/{name}" for name in officers),
                            channel=channel,
                            number=cut.number,
                            hash=cut.hash,
                            above=above,
                        )
                    )
    return found


def _cut_off(desk: "Desk", channel: str, officers: Sequence[str], number: int) -> "Iterator[Node]":
    from cipherpost.chain.checks import CutError

    for slot, nodes in desk.chain.channel(channel).tree.slots.items():
        if slot > number:
            yield from (node for node in nodes if node.by in officers and isinstance(node.verdict, CutError))


# ---- moving one later ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Cuts of ``entry`` about to be moved; ``officers``: those cut off in it; ``before``: channel to the number up to
    now. ``again`` and ``gone``: what counts again and no more; either asks for a yes, as do ``lowers``.
    """

    entry: int
    officers: tuple[str, ...]
    cuts: tuple[PlannedCut, ...]
    before: Mapping[str, int]
    notes: tuple[str, ...]
    lowers: bool
    again: "tuple[Affected, ...]"
    gone: "tuple[Affected, ...]"

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        who = self.officers[0] if len(self.officers) == 1 else "those"
        for cut in self.cuts:
            yield f"what counts of {who} cut off in entry {self.entry} ends with {cut.line()}, not {self._before(cut)}"
        yield from (f"  counts again: {each.line()}" for each in self.again)
        yield from (f"  counts no more: {each.line()}" for each in self.gone)
        yield from self.notes

    @property
    def question(self) -> str | None:
        """What to ask before; None: nothing comes to count, or ceases to."""
        if self.again and self.gone:
            return "Let all of these count again, and let go of what counted up to now?"
        if self.again:
            return "Let all of these count again?"
        return "Let go of what counted up to now?" if self.gone or self.lowers else None

    @property
    def because(self) -> str:
        """Why the question is asked."""
        numbers = ", ".join(f"{each.channel}/{each.number}" for each in self.again[:8])
        numbers += f" and {len(self.again) - 8} more" if len(self.again) > 8 else ""
        said = [f"this lets {numbers} count again"] if self.again else []
        if self.gone or self.lowers:
            said.append("this lets go of what counted up to now")
        return f"{' and '.join(said)} (until a later cut) and needs a yes"

    def _before(self, cut: PlannedCut) -> str:
        number = self.before[cut.channel]
        return f"with number {number}" if number else "with nothing"


def plan_move(desk: "Desk", places: Sequence[str], *, entry: int | None = None, named: str | None = None) -> Move:
    """Plan to move cuts of one entry to other numbers, up or down.

    Args:
        places: ``tver/center/22`` or, for nothing, ``tver/center/0``; each of the same office.
        entry: the roster entry that took the standing away; None where only one did.
        named: the hash of the dispatch that shall be the last, or its first digits (at least 8); one place only.

    Raises:
        NotKeeperError: see `entries.prepare`.
        CutChoiceError: no such cut, or it is so already. CutBeyondError: nothing of that number is verified here.
        CutHashError: that number has another hash here, or several and none was named.
    """
    if named is not None and len(places) != 1:
        raise CutHashError("one hash was named for several places", rule="each dispatch has its own")
    entries.prepare(desk)
    wanted = [parse_cut(word) for word in places]
    office = _office_of(desk, [channel for channel, _ in wanted])
    for channel, number in wanted:
        syncing.follow(desk, channel)
        if number and any(office in desk.roster.taken(each) for each in range(1, desk.roster.newest + 1)):
            _known_at(desk, channel, number)
    at = _entry_of(desk, office, wanted, entry)
    cuts = tuple(
        PlannedCut(channel, number, _hash_at(desk, channel, number, named) if number else None)
        for channel, number in wanted
    )
    before = {cut.channel: desk.roster.cut(at, cut.channel) for cut in cuts}
    new = tuple(cut for cut in cuts if (cut.number, cut.hash) != before[cut.channel])
    if not new:
        raise CutChoiceError(f"the cuts of entry {at} are so already", hints=("cipherpost cut",))
    numbers = {channel: cut.number for channel, cut in before.items()}
    views = desk.chain.channel
    effects = [effect(desk.roster, views(cut.channel), at, cut.number, cut.hash) for cut in new]
    return Move(
        entry=at,
        officers=tuple(f"{office}/{name}" for name in desk.roster.taken(at)[office]),
        cuts=new,
        before=numbers,
        notes=tuple(_moving(desk, new, at, any(one.again for one in effects))),
        lowers=any(cut.number < numbers[cut.channel] for cut in new),
        again=tuple(each for one in effects for each in one.again),
        gone=tuple(each for one in effects for each in one.gone),
    )


def move(desk: "Desk", plan: Move, *, dry_run: bool = False) -> Posted:
    """Post the cuts that were planned."""
    from cipherpost.roster import words

    cuts = [words.Cut(plan.entry, *cut) for cut in plan.cuts]
    return entries.post(desk, cuts, dry_run=dry_run)


def _moving(desk: "Desk", cuts: Sequence[PlannedCut], entry: int, gives_back: bool) -> Iterator[str]:
    office = cuts[0].channel.partition("/")[0]
    if gives_back and "compromised" in _causes(desk, office, entry):
        yield "these keys were in other hands: ask the officer about each number; what is not his counts again too"
    for cut in cuts:
        acked = acknowledged(desk, cut.channel)
        if acked > cut.number:
            yield f"the center has acknowledged {cut.channel} up to {acked}"


def _office_of(desk: "Desk", channels: Sequence[str]) -> str:
    """The one office in whose channels cuts are to be moved."""
    offices = {channel.partition("/")[0] for channel in channels}
    if len(offices) != 1:
        raise CutChoiceError("cuts of several offices at once", rule="name places of one office")
    (office,) = offices
    for channel in channels:
        if channel not in desk.roster.channels_of(office) or channel == syncing.ROSTER_CHANNEL:
            raise CutChoiceError(
                f"{channel} is no channel in which anybody is cut off",
                rule="a cut is about the channels in which an office sends, and never about the roster",
                hints=("cipherpost cut",),
            )
    return office


def _causes(desk: "Desk", office: str, entry: int) -> set[str | None]:
    """Why officers of the office lost their standing in an entry."""
    return {each.cause for each in desk.roster.tenures(office) if each.until == entry}


def _entry_of(desk: "Desk", office: str, wanted: "Sequence[tuple[str, int]]", entry: int | None) -> int:
    """The entry whose cuts are meant: where several could be, the one that cut off who signed the numbers named; else
    the only one in which more was lost than keys that had new ones in their place.
    """
    those = [number for number in range(1, desk.roster.newest + 1) if office in desk.roster.taken(number)]
    if entry is not None and entry not in those:
        raise CutChoiceError(
            f"entry {entry} took nobody's standing away in {office}",
            rule=f"entries that did: {', '.join(map(str, those)) or 'none'}",
            hints=("cipherpost cut",),
        )
    if entry is not None:
        return entry
    meant = those if len(those) < 2 else [each for each in those if _concerns(desk, office, wanted, each)]
    if len(meant) != 1:  # where the numbers do not tell, nobody means the cut of a key that was only replaced
        meant = [each for each in meant or those if _causes(desk, office, each) != {"rotate"}]
    if len(meant) == 1:
        return meant[0]
    channel, number = wanted[0]
    named = [f"{each} ({', '.join(desk.roster.taken(each)[office])})" for each in those]
    raise CutChoiceError(
        f"{len(those)} entries took standing away in {office}",
        rule=f"name the one that is meant: {', '.join(named)}" if those else "there is nothing to move",
        hints=(f"cipherpost cut {channel}/{number} --entry {those[-1]}", "cipherpost cut")
        if those
        else ("cipherpost cut",),
    )


def _concerns(desk: "Desk", office: str, wanted: "Sequence[tuple[str, int]]", entry: int) -> bool:
    """Whether each number was signed, by one officer alone, with keys that lost their standing in ``entry``."""
    for channel, number in wanted:
        signers = {(each.by, each.roster) for each in _known_at(desk, channel, number)} if number else set()
        if len({by for by, _ in signers}) != 1:
            return False
        for by, relied in signers:
            tenures = desk.roster.keys(office, by)
            then = next((each for each in tenures if each.good(relied)), None)
            if then is None or not any(
                each.until == entry and each.vkey == then.vkey and entry > relied for each in tenures
            ):
                return False
    return True


def _known_at(desk: "Desk", channel: str, number: int) -> "list[Node]":
    """What is verified of a number, whether it counts or not."""
    view = desk.chain.channel(channel)
    known = [node for node in view.tree.slots.get(number, ()) if node.signed and node.hangs]
    if not known:
        raise CutBeyondError(
            f"there is no such number here: nothing of number {number} is verified, the last is {view.tree.top}",
            channel=channel,
            number=number,
            rule="nobody cuts above what was verified",
            hints=("cipherpost fetch",),
        )
    return known


def _hash_at(desk: "Desk", channel: str, number: int, named: str | None) -> str:
    """The hash of the one dispatch that may be meant by a place."""
    view, known = desk.chain.channel(channel), _known_at(desk, channel, number)
    if named is not None:
        meant = [node for node in known if len(named) >= 8 and node.hash.startswith(named.lower())]
    else:
        standing = view.entry(number)
        meant = [node for node in known if standing is None or node.hash == standing.hash]
    if len(meant) != 1:
        hashes = ", ".join(f"{node.hash[:16]} by {node.by}" for node in known[:3])
        raise CutHashError(
            f"number {number} is not {named}" if named is not None else f"{len(meant)} dispatches have this number",
            channel=channel,
            number=number,
            rule=f"here it is {hashes}",
            hints=(f"cipherpost cut {channel}/{number} --hash HASH", "cipherpost forks"),
        )
    return meant[0].hash
