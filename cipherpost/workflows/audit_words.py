"""What counting headers say of others, held against what is there: stated heads, acks, silence.

All of it is computed from roster and headers alone, so two auditors with the same notes get the same findings (I8).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.chain.checks import RosterHeldError
from cipherpost.chain.findings import Finding
from cipherpost.chain.forks import pinned_by
from cipherpost.chain.freshness import is_stale, judged_now, newest_center_time
from cipherpost.dispatch.heads import parse_heads
from cipherpost.errors import NotAuthenticError, TooLargeError
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.text import CENTER, ROSTER, format_time, parse_time, sha256

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel
    from cipherpost.chain.columns import Spoken
    from cipherpost.chain.network import Chain
    from cipherpost.chain.node import Node
    from cipherpost.dispatch.header import Head
    from cipherpost.workflows.audit_reading import Reader

_ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
_UNANSWERED: Final = frozenset({"receipt", "check", "roster"})
"""Kinds to which nobody owes an ack of its own."""
_UNSEEN: Final = 100_000
"""Dispatches that heads files name and nobody shows, of which the hashes are compared."""
_OTHERS: Final = 1_000
"""Heads of one audit that disagree and are told one by one: a file of 64 MiB may hold 700,000."""


class Claim(NamedTuple):
    """Somebody's word that ``number`` of a channel exists, and the dispatch (``tver/center/12``) that says so."""

    number: int
    place: str


class Heard:
    """Which numbers of a channel others than its own office have acked; ``long`` is the highest that is asked for."""

    __slots__ = ("_named", "seen")

    def __init__(self, long: int) -> None:
        self.seen = 0
        self._named = bytearray(long + 1)

    def take(self, said: "Spoken") -> None:
        """What somebody acked."""
        self.seen = max(self.seen, said.seen)
        named, end = self._named, len(self._named)
        for number in said.named:
            if number < end:
                named[number] = 1

    def has(self, number: int) -> bool:
        """Whether anybody acked ``number``, or saw the channel whole beyond it."""
        return number <= self.seen or self._named[number] == 1


class Words:
    """The words of all headers about all channels, gathered in one pass over what counts."""

    def __init__(self, chain: "Chain") -> None:
        self.chain = chain
        self._claims: dict[str, dict[str, Claim]] = {}
        """The highest number of a channel that each office names: one that lies shall not drown what others say."""
        self._heard: dict[str, Heard] = {}
        self._heads_files: list[Node] = []
        self._gone: dict[tuple[str, Head], Node] = {}
        for _, view in sorted(chain.channels.items()):  # whatever was read first, the same word is told
            self._gather(view)
            for entry in view.held():
                node = view.tree.known[entry.hash]
                if node.signed and isinstance(entry.reason, RosterHeldError):
                    self._claim(_ROSTER_CHANNEL, node.roster, node)
        for channel in chain.roster.channels(chain.roster.newest):
            for pin in chain.roster.pins(channel):
                self._name(channel, pin.number, pinned_by(chain.roster, channel, pin))

    def _gather(self, view: "Channel") -> None:
        for said in view.spoken():
            self._name(said.channel, said.most, f"{view.name}/{said.at}")
            if view.office != said.channel.partition("/")[0]:
                self._heard_of(said.channel).take(said)
        self._heads_files += [node for node in view.of_kind("audit") if node.header.heads_file is not None]

    def _heard_of(self, channel: str) -> Heard:
        heard = self._heard.get(channel)
        if heard is None:
            view = self.chain.channels.get(channel)
            heard = self._heard[channel] = Heard(view.long if view is not None else 0)
        return heard

    def _claim(self, channel: str, number: int, node: "Node") -> None:
        self._name(channel, number, f"{node.channel}/{node.number}")

    def _name(self, channel: str, number: int, place: str) -> None:
        claims = self._claims.setdefault(channel, {})
        office = place.partition("/")[0]
        known = claims.get(office)
        if known is None or number > known.number:
            claims[office] = Claim(number, place)

    # ---- public heads of earlier audits ------------------------------------------------------------------------------

    def read_heads_files(self, reader: "Reader") -> Iterator[Finding]:
        """Take up the public heads of audits that count, each bound by hash and size to a signed header.

        Raises:
            UnreachableError: the post office went away.
        """
        unseen: dict[tuple[str, int], dict[str, list[Node]]] = {}
        last: tuple[object, tuple[Head, ...]] | None = None  # of many audits that name one long file, it is read once
        for node in self._heads_files:
            file = node.office, node.header.heads_file
            found = last[1] if last is not None and last[0] == file else _heads_file(reader, node)
            if isinstance(found, Finding):
                yield found
                continue
            last = file, found
            others = 0
            for head in found:
                self._claim(head.channel, head.number, node)
                view = self.chain.channels.get(head.channel)
                stands = view.hash_at(head.number) if view is not None else None
                if not _is_here(view, head):
                    self._gone.setdefault((node.office, head), node)
                if stands is None and len(unseen) < _UNSEEN:
                    unseen.setdefault((head.channel, head.number), {}).setdefault(head.hash, []).append(node)
                if stands is not None and stands != head.hash:
                    others += 1
                    if others <= _OTHERS:
                        what = f"another {head.channel}/{head.number} than the one that stands here"
                        yield _of(node, "disagrees", f"its public heads name {what}")
            if others > _OTHERS:
                yield _of(node, "disagrees", f"its public heads name {others - _OTHERS} more that do not stand here")
        for (channel, number), sides in unseen.items():
            if len(sides) > 1:
                yield from _two_views(f"{channel}/{number}", sides)

    def rollbacks(self, office: str | None, told: Iterable[Finding]) -> Iterator[Finding]:
        """What this office's own audits list and is not here any more, after `read_heads_files`.

        Args:
            told: findings so far; what is rolled back by one of them is not said again.
        """
        gone = [each for each in told if each.code == "rollback"]
        for (own, head), node in self._gone.items():
            if own != office or any(_covers(each, head) for each in gone):
                continue
            yield Finding(
                code="rollback",
                channel=head.channel,
                number=head.number,
                office=head.channel.partition("/")[0],
                detail=f"{node.channel}/{node.number} of this office lists {head.hash[:16]}..., which is not here",
                about=head.hash,
            )

    # ---- what is missing ---------------------------------------------------------------------------------------------

    def missing(self) -> Iterator[Finding]:
        """Numbers that somebody names and that are not here, above all that is (the chain lists those below)."""
        for channel, claims in sorted(self._claims.items()):
            view = self.chain.channels.get(channel)
            first = 1 + (_highest(view) if view is not None else 0)
            above = sorted(each for each in claims.values() if each.number >= first)
            if above:
                most = above[-1].number
                claim = next(each for each in above if each.number == most)
                numbers = _numbers(first, claim.number)
                yield Finding(
                    code="gap",
                    channel=channel,
                    number=first,
                    office=channel.partition("/")[0],
                    detail=f"{numbers} missing; {claim.place} names number {claim.number}",
                    last=claim.number,
                    about=sha256("".join(f"{each.place} {each.number}\n" for each in above).encode()),
                )

    # ---- silence -----------------------------------------------------------------------------------------------------

    def silence(self, as_of: str) -> Iterator[Finding]:
        """The center not heard of for its check interval at ``as_of``, and offices that nobody acks for as long."""
        roster = self.chain.roster
        days = roster.check_days(CENTER, roster.newest)
        center = [view for view in self.chain.channels.values() if view.office == CENTER]
        newest = newest_center_time(view.times() for view in center)
        if newest is not None and is_stale(newest, judged_now(as_of, newest_center=newest), days):
            yield Finding(
                code="stale", office=CENTER, detail=f"nothing of the center is newer than {newest}", time=newest
            )
        since = format_time(parse_time(as_of) - timedelta(days=days))
        for view in self.chain.channels.values():
            if self._has_readers(view.name):
                yield from self._unheard(view, since)

    def _has_readers(self, channel: str) -> bool:
        """Whether anybody but the sender is there to ack a channel."""
        office, _, audience = channel.partition("/")
        roster = self.chain.roster
        if audience in {ROSTER, office}:
            return False
        if roster.is_group(audience, roster.newest):
            return any(member != office for member in roster.members(audience, roster.newest))
        return roster.good(audience, roster.newest)

    def _unheard(self, view: "Channel", since: str) -> Iterator[Finding]:
        heard = self._heard.get(view.name) or Heard(view.long)
        silent = [number for number in view.older(since, _UNANSWERED) if not heard.has(number)]
        if silent:
            first, last, time = silent[0], silent[-1], view.time_at(silent[0])
            what = f"number {first}" if first == last else f"{len(silent)} dispatches, the last {last},"
            yield Finding(
                code="unheard",
                channel=view.name,
                number=first,
                office=view.office,
                detail=f"nobody acknowledges {what} since {time}",
                time=time,
            )


def _highest(view: "Channel") -> int:
    """The highest number of which a signed note is here."""
    if view.straight:
        return view.long
    slots = view.tree.slots
    beyond = (number for number, nodes in slots.items() if number > view.tree.end.number)
    return max(
        (number for number in beyond if any(node.signed for node in slots[number])), default=view.tree.end.number
    )


def _two_views(place: str, sides: "Mapping[str, list[Node]]") -> Iterator[Finding]:
    """Auditors saw two dispatches of one number, neither of which stands here."""
    for hashed, nodes in sides.items():
        others = sorted(f"{node.channel}/{node.number}" for each in sides if each != hashed for node in sides[each])
        told = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        for node in nodes:
            yield _of(node, "disagrees", f"its public heads name another {place} than those of {told}")


def _is_here(view: "Channel | None", head: "Head") -> bool:
    """Whether a dispatch that was listed is here, whatever became of it."""
    if view is None:
        return False
    if view.straight:
        return view.hash_at(head.number) == head.hash
    known = view.by_hash(head.hash)
    return known is not None and known.header.number == head.number  # the text of another number is not this one


def _covers(rollback: Finding, head: "Head") -> bool:
    first = rollback.number or 0
    return rollback.channel == head.channel and first <= head.number <= (rollback.last or first)


def _heads_file(reader: "Reader", node: "Node") -> "tuple[Head, ...] | Finding":
    stated = node.header.heads_file
    assert stated is not None
    name = names.heads_name(reader.chain.network, node.office, stated.hash)
    try:
        data = reader.post.get(name, min(stated.size, names.size_limit(name)))
    except UnreachableError as error:
        reader.pass_over(name, error)
        return ()
    except NoSuchObjectError:
        return _of(node, "letter-missing", "the file of its public heads is not there")
    except TooLargeError:
        return _of(node, "swapped", "the file of its public heads is longer than the header says")
    if sha256(data) != stated.hash:
        return _of(node, "swapped", "the file of its public heads has another hash than the header says")
    try:
        return parse_heads(data)
    except NotAuthenticError as error:
        return _of(node, "malformed", f"the file of its public heads: {error.what}")


def _of(node: "Node", code: str, detail: str) -> Finding:
    return Finding(
        code=code, channel=node.channel, number=node.number, office=node.office, detail=detail, time=node.time
    )


def _numbers(first: int, last: int) -> str:
    return f"number {first} is" if first == last else f"numbers {first} to {last} are"
