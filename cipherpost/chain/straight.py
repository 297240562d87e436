"""Straight channels: judged note by note without a tree, and looked at without one object for each dispatch.

What is judged is the same, by the same `Judge`: a note that is anything but the next one that counts ends it, and the
channel is for `cipherpost.chain.network.Chain` to judge, from its first note on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from cipherpost.chain.channel import Channel, Entry
from cipherpost.chain.columns import Cite, Columns, Spoken
from cipherpost.chain.history import History
from cipherpost.chain.node import Node
from cipherpost.chain.opening import open_note
from cipherpost.errors import NewerError, NotAuthenticError

if TYPE_CHECKING:
    from cipherpost.chain.judging import Judge


class Line:
    """Judges one channel as long as it is straight; what counts is in ``columns``.

    Args:
        columns: how far it was judged before under this roster; none of it is judged again.
    """

    def __init__(self, network: str, judge: "Judge", columns: Columns) -> None:
        self.columns = columns
        self._network = network
        self._judge = judge
        long = columns.long
        self._drafts = {node.draft: node.number for node in columns.telling() if node.draft is not None}
        self._before = Node.root(columns.channel)
        if long:
            self._before = columns.bare(long)
            self._before.last = self._before

    def take(self, notes: Sequence[bytes]) -> bool:
        """V1 to V6 of the next notes; False as soon as one is not the next that counts.

        All take a step before any takes the next, so that the processor finds the code and the tables of each at hand.
        """
        judge, network, channel = self._judge, self._network, self.columns.channel
        first = self.columns.long + 1
        try:
            opened = [
                open_note(note, network=network, channel=channel, number=number)
                for number, note in enumerate(notes, first)
            ]
            signed = [judge.signer(each) for each in opened]
        except (NotAuthenticError, NewerError):
            return False
        before = self._before
        for each, keys in zip(opened, signed, strict=True):
            node = Node.of(each.header, each.hash)
            if not keys or node.previous != (before.hash or None):
                return False
            node.keys, node.parent, node.last = keys, before, node
            if judge.judge(self, node) is not None:
                return False
            if node.draft is not None:
                self._drafts[node.draft] = node.number
            node.parent = before.last = None  # a node that refers to itself would wait for the garbage collector
            self.columns.add(node)
            self._before = before = node
        return True

    # ---- what the judge asks of the dispatches before ------------------------------------------------------------

    def draft_used(self, node: Node) -> int | None:
        """As of a `cipherpost.chain.tree.Tree`."""
        return None if node.draft is None else self._drafts.get(node.draft)

    def ancestor(self, _node: Node, number: int) -> Node:
        """As of a `cipherpost.chain.tree.Tree`, with as much as `Judge` looks at."""
        return self.columns.bare(number)


class StraightChannel(Channel):
    """A channel that was judged straight, as its readers see it. It has no tree, and nothing can be offered to it."""

    def __init__(self, columns: Columns) -> None:
        self.name = columns.channel
        self.office = self.name.partition("/")[0]
        self.unsigned = {}
        self.newer = {}
        self.columns = columns

    @property
    def tree(self) -> NoReturn:  # type: ignore[override]
        """None: whoever asks for it would overlook the dispatches that are here.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"{self.name} was judged straight, and has no tree")

    @property
    def straight(self) -> bool:
        """As `Channel.straight`."""
        return True

    @property
    def last(self) -> Entry | None:
        """As `Channel.last`."""
        return self.entry(self.columns.long)

    @property
    def long(self) -> int:
        """As `Channel.long`."""
        return self.columns.long

    @property
    def top(self) -> int:
        """As `Channel.top`."""
        return self.columns.long

    @property
    def next(self) -> int:
        """As `Channel.next`."""
        return self.columns.long + 1

    @property
    def fork(self) -> None:
        """None."""

    @property
    def stopped(self) -> None:
        """None."""

    @property
    def whole(self) -> bool:
        """True."""
        return True

    @property
    def racing(self) -> bool:
        """False."""
        return False

    @property
    def state(self) -> tuple[int, int, int]:
        """As `Channel.state`."""
        return self.columns.long, 0, 0

    def entry(self, number: int) -> Entry | None:
        """As `Channel.entry`."""
        node = self.standing(number)
        return None if node is None else Entry(node.header, node.hash, "counts")

    def standing(self, number: int) -> Node | None:
        """As `Channel.standing`."""
        return self.columns.node(number) if 0 < number <= self.columns.long else None

    def hash_at(self, number: int) -> str | None:
        """As `Channel.hash_at`."""
        return self.columns.hash_at(number)

    def settled(self, number: int) -> str | None:
        """As `Channel.settled`."""
        return self.columns.hash_at(number)

    def counts_at(self, number: int) -> bool:
        """As `Channel.counts_at`."""
        return 0 < number <= self.columns.long

    def time_at(self, number: int) -> str:
        """As `Channel.time_at`."""
        return self.columns.time_at(number)

    def counting(self) -> Iterator[Node]:
        """As `Channel.counting`; each is made anew."""
        return self.columns.nodes()

    def path(self, above: int, upto: int) -> list[Node]:
        """As `Channel.path`."""
        return list(self.columns.nodes(above + 1, upto))

    def telling(self, above: int = 0, upto: int | None = None, *, about: str | None = None) -> Iterator[Node]:
        """As `Channel.telling`."""
        return self.columns.telling(above + 1, upto, about=about)

    def held(self) -> tuple[Entry, ...]:
        """None."""
        return ()

    def gaps(self) -> tuple[()]:
        """None."""
        return ()

    def of_kind(self, kind: str) -> Iterator[Node]:
        """As `Channel.of_kind`."""
        return self.columns.of_kind(kind)

    def cites(self) -> Iterator[Cite]:
        """As `Channel.cites`."""
        return self.columns.cites()

    def spoken(self) -> Iterator[Spoken]:
        """As `Channel.spoken`."""
        return self.columns.spoken()

    def unborne(self, others: Mapping[str, Columns]) -> Iterator[Cite]:
        """As `Channel.unborne`."""
        return self.columns.unborne(others)

    def history(self, silent_days: int) -> History | None:
        """As `Channel.history`; kept since the channel was judged, if it was asked for with as many days then."""
        kept = self.columns.history
        return kept if kept is not None and kept.usual == silent_days else super().history(silent_days)

    def times(self) -> Sequence[str]:
        """As `Channel.times`."""
        return self.columns.times()

    def path_times(self) -> Sequence[str]:
        """As `Channel.path_times`."""
        return self.columns.times()

    def backs(self) -> Iterator[tuple[int, int]]:
        """As `Channel.backs`."""
        return ((number, number - 1) for number in self.columns.backs)

    def later(self, than: str) -> Iterator[int]:
        """As `Channel.later`."""
        return self.columns.later(than)

    def older(self, than: str, but: Iterable[str]) -> Iterator[int]:
        """As `Channel.older`."""
        return self.columns.older(than, but)

    def dated(self) -> tuple[Sequence[int], Sequence[int]]:
        """As `Channel.dated`."""
        return self.columns.dated()
