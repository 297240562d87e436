"""One channel as its readers see it: what stands, what is void, what is held, what to ask for next.

The rules by which one path of a channel's notes is chosen are in `cipherpost.chain.tree`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from cipherpost.chain.checks import AsideError, ForkHeldError, RaceLostError, is_held
from cipherpost.chain.columns import HEAD, REPLY, WORD, Cite, Columns, Spoken, spoken
from cipherpost.chain.history import History, dated, history
from cipherpost.chain.node import Node
from cipherpost.chain.opening import ROSTER_CHANNEL, Lines, Opened
from cipherpost.chain.rows import Row
from cipherpost.chain.tree import Judge, Tree, by_number, gap
from cipherpost.dispatch.header import Header
from cipherpost.errors import CipherpostError, NewerError

Status = Literal["counts", "void", "held"]


class Entry(NamedTuple):
    """A dispatch as judged at the moment it was asked for; ``reason``: the failed check where it does not count."""

    header: Header
    hash: str
    status: Status
    reason: CipherpostError | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts."""
        return self.status == "counts"


class Numbers(NamedTuple):
    """The numbers ``first`` to ``last``, both included."""

    first: int
    last: int


class Channel:
    """The judged state of one channel; fed by `cipherpost.chain.network.Chain` alone.

    ``cut_off``: why a signed dispatch that hangs nowhere would not count whatever it links to, or None.
    """

    def __init__(
        self, name: str, judge: Judge, cut_off: Callable[[Node], CipherpostError | None] | None = None
    ) -> None:
        self.name = name
        self._cut_off = cut_off
        self.office = name.partition("/")[0]
        self.tree = Tree(name, judge)
        self.unsigned: dict[tuple[str, Lines], Opened] = {}
        """Notes, by hash and signatures, that may be signed with a key which a roster entry not yet here brings."""
        self.newer: dict[int, NewerError] = {}
        """Dispatches of a newer program, each signed by an officer; what links to them stays held."""

    # ---- the path ------------------------------------------------------------------------------------------------

    @property
    def last(self) -> Entry | None:
        """The last dispatch that counts."""
        node = self.tree.end.last
        return None if node is None else self.entry_of(node)

    @property
    def tip(self) -> tuple[int, str | None]:
        """Number and hash that a new dispatch links to, trailing void ones included; (0, None) before number 1.

        Void ones are linked over, since an officer must never sign a number twice, though his first was void.
        Before signing, look at `stopped`.
        """
        tip, trailing = self.tree.end, [self.tree.end]
        for node in trailing:
            trailing += [kid for kid in node.children if kid.verdict is not None and not is_held(kid.verdict)]
            tip = max(tip, node, key=lambda each: (each.number, each.hash))
        return (tip.number, tip.hash) if tip.number else (0, None)

    @property
    def next(self) -> int:
        """The number to ask the post office for: the one after all that hangs together with number 1."""
        return self.tree.top + 1

    @property
    def again(self) -> range:
        """The numbers below `next` where nothing counts yet: something may have come under an alternate name."""
        return range(self.tree.end.number + 1, self.next)

    @property
    def fork(self) -> int | None:
        """While two sides both go on: the last number that they share."""
        return None if self.tree.split is None else self.tree.split.number

    @property
    def stopped(self) -> CipherpostError | None:
        """Why nothing further counts here and nothing may be signed: a fork, or a dispatch of a newer program."""
        if self.tree.split is not None:
            return self._fork_error(self.tree.split.number + 1)
        return next((error for at, error in sorted(self.newer.items()) if at > self.tree.end.number), None)

    def entry(self, number: int) -> Entry | None:
        """What stands at ``number``, counting or void."""
        node = self.tree.standing(number)
        return None if node is None else self.entry_of(node)

    def counting(self) -> Iterator[Node]:
        """The nodes that count, by number."""
        return (node for node in self.tree.path if node.verdict is None)

    # ---- what counts, for those who look at whole channels --------------------------------------------------------
    # `cipherpost.chain.straight.StraightChannel` gives the same without one object for each dispatch.

    @property
    def straight(self) -> bool:
        """Whether it was judged straight: everything counts, nothing is beside, and there is no `tree`."""
        return False

    @property
    def long(self) -> int:
        """The number of the path's end."""
        return len(self.tree.path)

    @property
    def top(self) -> int:
        """The highest number that hangs together with number 1."""
        return self.tree.top

    @property
    def whole(self) -> bool:
        """Whether nothing lies beside the path, nothing waits, and nothing is of a newer program."""
        return len(self.tree.known) == len(self.tree.path) and not self.newer

    @property
    def racing(self) -> bool:
        """Whether two dispatches contend for the last number, and no next one tells which of them stands."""
        tree = self.tree
        end = tree.end
        if len(tree.known) == len(tree.path) or not tree.path:
            return False
        return any(
            node is not end and node.parent is end.parent and node.verdict is None and not tree.is_pinned_away(node)
            for node in tree.slots.get(end.number, ())
        )

    @property
    def state(self) -> tuple[int, int, int]:
        """How long the path is, how many notes are beside it, and how often something that stood was judged anew."""
        tree = self.tree
        return len(tree.path), len(tree.known) - len(tree.path), tree.turns

    def standing(self, number: int) -> Node | None:
        """What stands at ``number``, counting or void."""
        return self.tree.standing(number)

    def hash_at(self, number: int) -> str | None:
        """The hash of what stands at ``number``."""
        node = self.tree.standing(number)
        return None if node is None else node.hash

    def settled(self, number: int) -> str | None:
        """The hash of what stands at ``number``; None where nothing is here, or a race for it is open."""
        path = self.tree.path
        if not 0 < number <= len(path) or (number == len(path) and not self.whole and self.racing):
            return None
        return path[number - 1].hash

    def counts_at(self, number: int) -> bool:
        """Whether what stands at ``number`` counts."""
        node = self.tree.standing(number)
        return node is not None and node.verdict is None

    def time_at(self, number: int) -> str:
        """The time of what stands at ``number``."""
        return self.tree.path[number - 1].time

    def path(self, above: int, upto: int) -> list[Node]:
        """What stands above number ``above`` up to ``upto``, counting or void."""
        return self.tree.path[above:upto]

    def telling(self, above: int = 0, upto: int | None = None, *, about: str | None = None) -> Iterator[Node]:
        """Of what counts there all that says something of others or of a debt, or has the latest time.

        Args:
            about: the one channel of which all that is said matters; of others, answers, the highest ack and head do.
        """
        return (node for node in self.tree.path[above:upto] if node.verdict is None)

    def of_kind(self, kind: str) -> Iterator[Node]:
        """Of what counts all that is of one kind."""
        return (node for node in self.counting() if node.kind == kind)

    def cites(self) -> Iterator[Cite]:
        """All that counting dispatches say of other dispatches."""
        for node in self.counting():
            header, number = node.header, node.number
            for channel, cited, hashed, word in header.acks:
                yield Cite(number, word, channel, cited, hashed)
            for channel, cited, hashed in header.heads:
                yield Cite(number, HEAD, channel, cited, hashed)
            if header.reply is not None:
                yield Cite(number, REPLY, *header.reply)

    def spoken(self) -> Iterator[Spoken]:
        """What counting dispatches say of other dispatches, by channel."""
        return spoken((number, WORD[word], channel, cited) for number, word, channel, cited, _ in self.cites())

    def unborne(self, _others: Mapping[str, Columns]) -> Iterator[Cite]:
        """Of `cites`, those with a hash that may not be the one that stands in another channel."""
        return (cite for cite in self.cites() if cite.hash is not None)

    def history(self, silent_days: int) -> History | None:
        """`cipherpost.chain.history.history` of what counts."""
        return history(self.name, *self.dated(), silent_days)

    def times(self) -> Sequence[str]:
        """The times of all that counts, by number."""
        return [node.time for node in self.counting()]

    def path_times(self) -> Sequence[str]:
        """The times of all that stands, counting or void, by number."""
        return [node.time for node in self.tree.path]

    def backs(self) -> Iterator[tuple[int, int]]:
        """The counting numbers whose time is before that of the one before, and the number of that one."""
        for node in self.counting():
            before = node.parent.last if node.parent is not None else None
            if before is not None and node.time < before.time:
                yield node.number, before.number

    def later(self, than: str) -> Iterator[int]:
        """The counting numbers whose time is later than ``than``."""
        return (node.number for node in self.counting() if node.time > than)

    def older(self, than: str, but: Collection[str]) -> Iterator[int]:
        """The counting numbers whose time is before ``than``, but those of certain kinds."""
        return (node.number for node in self.counting() if node.time < than and node.kind not in but)

    def dated(self) -> tuple[Sequence[int], Sequence[int]]:
        """The numbers of what counts, and their stamps."""
        return dated(self.counting())

    # ---- the slots -----------------------------------------------------------------------------------------------

    def by_hash(self, hashed: str) -> Entry | None:
        """The note whose text has this hash, whatever its status."""
        node = self.tree.known.get(hashed)
        return None if node is None else self.entry_of(node)

    def entries(self) -> Iterator[Entry]:
        """Every note kept, by number; in each slot the one that stands first."""
        for number in sorted(self.tree.slots):
            yield from self.candidates(number)

    def candidates(self, number: int) -> tuple[Entry, ...]:
        """All notes kept for a slot: the one that stands first, then by hash."""
        stands = self.tree.standing(number)
        nodes = sorted(self.tree.slots.get(number, ()), key=lambda node: (node is not stands, node.hash))
        return tuple(self.entry_of(node) for node in nodes)

    def held(self) -> tuple[Entry, ...]:
        """What waits, by number."""
        end = self.tree.end.number
        beyond = (node for number, nodes in self.tree.slots.items() if number > end for node in nodes)
        below = (node for nodes in self.tree.orphans.values() for node in nodes if node.number <= end)
        late = (self.tree.known[hashed] for hashed, _ in self.unsigned)
        beside = (node for node in self._branches() if is_held(node.verdict))
        found = {node.hash: node for nodes in (beyond, below, late, beside) for node in nodes}
        entries = (self.entry_of(node) for node in by_number(found.values()))
        return tuple(entry for entry in entries if entry.status == "held")

    def gaps(self) -> tuple[Numbers, ...]:
        """The numbers of which no signed note is here, below any signed one that is and may count."""
        found: list[Numbers] = []
        before = self.tree.end.number
        for number, nodes in sorted(self.tree.slots.items()):
            if number > before and any(node.signed and not self._never_counts(node) for node in nodes):
                if number > before + 1:
                    found.append(Numbers(before + 1, number - 1))
                before = number
        return tuple(found)

    def wanted(self) -> tuple[tuple[int, str], ...]:
        """(number, hash) of dispatches that signed ones link to, which may count, and that are not here."""
        missing = {
            (node.number - 1, hashed)
            for hashed, nodes in self.tree.orphans.items()
            for node in nodes
            if hashed is not None and hashed not in self.tree.known and not self._never_counts(node)
        }
        return tuple(sorted(missing))

    def rows(self, above: int = 0) -> Iterator[Row]:
        """What a home keeps of the path above number ``above``, for `Chain.restore`."""
        return (node.row("counts" if node.verdict is None else "void") for node in self.tree.path[above:])

    # ---- judging -------------------------------------------------------------------------------------------------

    def entry_of(self, node: Node) -> Entry:
        """The entry of ``node`` as judged now."""
        status, reason = self.status(node)
        return Entry(node.header, node.hash, status, reason)

    def status(self, node: Node) -> tuple[Status, CipherpostError | None]:
        """How ``node`` is judged now, and the failed check where it does not count."""
        tree = self.tree
        if node.verdict is not None and not is_held(node.verdict):
            return "void", node.verdict
        if node.parent is None:
            lost = self._never_counts(node) or node.verdict or gap(node)
            return ("held" if is_held(lost) else "void"), lost
        if node.verdict is not None:
            return "held", node.verdict
        if tree.stands(node):
            return "counts", None
        split = tree.split
        if split is not None and node.number > split.number and tree.ancestor(node, split.number) is split:
            return "held", self._fork_error(node.number)
        if tree.stands(node.parent):
            return "void", RaceLostError(
                "another dispatch of this number stands",
                rule="the one stands that is settled, or that the next one links to, or that was taken first",
                channel=self.name,
                number=node.number,
            )
        return "void", AsideError(
            "it follows a dispatch that does not stand",
            rule="what belongs to a channel is what its last counting dispatch links back to",
            channel=self.name,
            number=node.number,
        )

    def _never_counts(self, node: Node) -> CipherpostError | None:
        """Why a dispatch that hangs nowhere is not waited for: its signer's standing is gone, or cut below it."""
        if self._cut_off is None or node.parent is not None or not node.signed:
            return None
        return self._cut_off(node)

    def _branches(self) -> Iterator[Node]:
        """The nodes that hang at or below the path's end number, and are not on it."""
        return (
            node
            for number, nodes in self.tree.slots.items()
            if len(nodes) > 1 and number <= self.tree.end.number
            for node in nodes
            if not self.tree.stands(node)
        )

    def _fork_error(self, number: int) -> ForkHeldError:
        people = f"ask the center to settle which side of {self.name} stands"
        if self.name == ROSTER_CHANNEL:
            people = "the keepers compare by telephone what they signed; nothing can settle the roster"
        return ForkHeldError(
            "two sides of this channel both go on",
            rule=f"reading stops at the last number they share, {self.fork}",
            hints=("cipherpost forks", people),
            channel=self.name,
            number=number,
        )
