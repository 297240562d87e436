"""The tree of a channel's linkable notes, and the one path of it that is the channel.

The rules are those of docs/protocol.md, "Races and forks". Every *linkable* note is a node: it passes V1 and V2, bears
a signature by a key that the roster knows or ever knew for its officer, and hangs below the node that its ``previous``
names (V3). Whether a node counts depends on the nodes above it and on the roster, never on the order in which notes
came. The path leads down from number 1:

- at a node with several children, a child leads on when it or something below it counts;
- where the roster pins a number (settle, cut), the path goes through the pinned note;
- of several that lead on, the one with a counting node further down stands (the next header links to it);
- where none has one, the race is open, and the one taken first stays;
- where several have, it is a fork: the path ends above them, and all below is held until it is settled.

The path ends at its last counting node. So honest dispatches may link over void ones, and what no counting dispatch
links back to is junk.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from cipherpost.chain.checks import FETCH, GapHeldError, is_held
from cipherpost.chain.node import Node
from cipherpost.errors import CipherpostError

Judge = Callable[["Tree", Node], CipherpostError | None]
"""V4 to V6 of a node that hangs in the tree: None where it counts, else why not."""


class Tree:
    """The nodes of one channel, hanging or waiting, and the path."""

    def __init__(self, name: str, judge: Judge) -> None:
        self.name = name
        self.root = Node.root(name)
        self.path: list[Node] = []
        """``path[i]`` has number i + 1."""
        self.split: Node | None = None
        """While two sides go on: the last node that they share."""
        self.slots: dict[int, list[Node]] = {}
        self.top = 0
        """The highest number of a node that hangs."""
        self.changed: int | None = None
        """The lowest number from which on the path is another since whoever writes it down has set this to None."""
        self.turns = 0
        """How often something that stood was judged otherwise, or gave way to something else."""
        self.known: dict[str, Node] = {}
        self.orphans: dict[str | None, list[Node]] = {}
        """Signed nodes that wait, by the hash they link to."""
        self._judge = judge
        self._drafts: dict[int, list[Node]] = {}
        self._pins: tuple[tuple[int, str], ...] = ()
        self._pinned: dict[int, str] = {}
        self._pin_hashes: frozenset[str] = frozenset()
        self._taken = 0

    # ---- looking -------------------------------------------------------------------------------------------------

    @property
    def end(self) -> Node:
        """The last node of the path; the root when nothing counts."""
        return self.path[-1] if self.path else self.root

    def standing(self, number: int) -> Node | None:
        """The node of the path at ``number``."""
        return self.path[number - 1] if 0 < number <= len(self.path) else None

    def stands(self, node: Node) -> bool:
        """Whether ``node`` is on the path (the root is)."""
        return node is self.root or self.standing(node.number) is node

    def ancestor(self, node: Node, number: int) -> Node:
        """The node above ``node``, or itself, at ``number``: every way down passes each number exactly once."""
        if number == 0:
            return self.root
        hanging = [each for each in self.slots[number] if each.parent is not None]
        if len(hanging) == 1:
            return hanging[0]
        while node.number > number and node.parent is not None:
            node = node.parent
        return node

    def draft_used(self, node: Node) -> int | None:
        """The number of a counting dispatch above ``node`` that bears its draft number."""
        for other in self._drafts.get(node.draft or 0, ()):
            if other.number < node.number and other.verdict is None and self.ancestor(node, other.number) is other:
                return other.number
        return None

    def is_pinned_away(self, node: Node) -> bool:
        """Whether the roster settled that another note than this one stands at its number."""
        return self._pinned.get(node.number, node.hash) != node.hash

    def follows_pinned_away(self, node: Node) -> bool:
        """Whether what ``node`` links to is not here, and the roster settled that another stands at that number."""
        return node.parent is None and self._pinned.get(node.number - 1, node.previous) != node.previous

    def goes_on(self, node: Node) -> bool:
        """Whether something below ``node`` counts on its own path, settled away or not."""
        below = list(node.children)
        while below:
            here = below.pop()
            if here.verdict is None:
                return True
            below += here.children
        return False

    # ---- taking up -----------------------------------------------------------------------------------------------

    def add(self, node: Node) -> None:
        """Take up a note; one that is not ``signed`` only waits."""
        self._keep(node)
        if node.signed:
            self.hang(node)

    def wait(self, node: Node) -> None:
        """Keep a note that only waits for what it links to."""
        self._keep(node)
        self.orphans.setdefault(node.previous, []).append(node)

    def drop(self, node: Node) -> None:
        """Forget a waiting note that turned out to be signed by no officer."""
        del self.known[node.hash]
        self.slots[node.number].remove(node)
        if not self.slots[node.number]:
            del self.slots[node.number]

    def add_standing(self, node: Node) -> None:
        """Take up the next node of the path, which was chosen before; judged anew unless it was."""
        self._keep(node)
        node.parent = parent = self.end
        parent.children.append(node)
        self.top = node.number
        if node.judged:
            node.last = node
            self._note_draft(node)
        else:
            self._evaluate(node, parent)
        self._append(node)

    def keep_beside(self, node: Node) -> None:
        """Keep a judged node of a number at which another stands; it links to the one below."""
        self._keep(node)
        node.parent = self.standing(node.number - 1) or self.root
        node.parent.children.append(node)
        node.last = node.parent.last

    def hang(self, node: Node) -> None:
        """Hang a signed node below the one it links to (V3), then all that waited for it, and choose the path."""
        parent = self.root if node.previous is None else self.known.get(node.previous)
        if parent is None or not parent.hangs or parent.number != node.number - 1:
            self.orphans.setdefault(node.previous, []).append(node)
            return
        if parent is self.end and not (parent.children or self.split or self._pins or node.hash in self.orphans):
            self._hang_below(node, parent)  # nearly always: the next number
            if node.verdict is None:
                self._append(node)
            return
        hung = self._hang_all(node, parent)
        if any(each.hash in self._pin_hashes for each in hung):
            self._choose_with_pins()
        elif all(each.verdict is not None for each in hung):
            return  # nothing more counts
        else:
            while not self.stands(parent) and parent.parent is not None:
                parent = parent.parent
            if parent is not self.split:  # both sides go on already, and what hangs below them cannot end that
                self._choose(parent)

    def judge_again(self, pins: Sequence[tuple[int, str]]) -> None:
        """The roster has grown: judge all that hangs anew. ``pins``: (number, hash), the latest statement last."""
        self._drafts.clear()
        for number in sorted(self.slots):
            for node in self.slots[number]:
                if node.parent is not None:
                    counted = node.verdict is None
                    self._evaluate(node, node.parent)
                    if counted != (node.verdict is None):
                        self._mark(number)
                        self.turns += self.stands(node)
        self._pins = tuple(pins)
        self._pin_hashes = frozenset(hashed for _, hashed in pins)
        self._choose_with_pins()

    def _append(self, node: Node) -> None:
        self.path.append(node)
        self._mark(node.number)

    def _mark(self, number: int) -> None:
        if self.changed is None or number < self.changed:
            self.changed = number

    def _keep(self, node: Node) -> None:
        self._taken += 1
        node.taken = self._taken
        self.known[node.hash] = node
        self.slots.setdefault(node.number, []).append(node)

    def _hang_all(self, node: Node, parent: Node) -> list[Node]:
        """Hang ``node``, and what waited for it; gives all that hangs now."""
        hung: list[Node] = []
        stack = [(node, parent)]
        while stack:
            here, above = stack.pop()
            self._hang_below(here, above)
            if here.hash in self.orphans:
                waiting = self.orphans.pop(here.hash)
                stack += [(kid, here) for kid in waiting if kid.number == here.number + 1]
                never = [kid for kid in waiting if kid.number != here.number + 1]  # link to another number's hash
                if never:
                    self.orphans[here.hash] = never
            hung.append(here)
        return hung

    def _hang_below(self, node: Node, parent: Node) -> None:
        node.parent = parent
        parent.children.append(node)
        self._evaluate(node, parent)

    def _evaluate(self, node: Node, parent: Node) -> None:
        self.top = max(self.top, node.number)
        node.verdict = gap(node) if is_held(parent.verdict) else self._judge(self, node)
        node.last = node if node.verdict is None else parent.last
        self._note_draft(node)

    def _note_draft(self, node: Node) -> None:
        if node.draft is not None:
            self._drafts.setdefault(node.draft, []).append(node)

    # ---- choosing the path ---------------------------------------------------------------------------------------

    def _choose_with_pins(self) -> None:
        """Find the numbers that the pins settle, latest statement first; an older one that contradicts it is void."""
        pinned: dict[int, str] = {}
        for number, hashed in reversed(self._pins):
            if pinned.get(number, hashed) != hashed:
                continue
            node = self.known.get(hashed)
            way: dict[int, str] = {}
            if node is None or node.number != number or not node.hangs:
                way[number] = hashed  # not here yet: settles its own number only
            else:
                while node.number and (node.number not in pinned or node.number == number):
                    way[node.number] = node.hash
                    assert node.parent is not None
                    node = node.parent
                if node.number and pinned[node.number] != node.hash:
                    continue
            pinned.update(way)
        self._pinned = pinned
        self._choose(self.root)

    def _choose(self, base: Node) -> None:
        """Choose the path anew below ``base``, which stands."""
        tail = self.path[base.number :]
        before = set(tail)
        del self.path[base.number :]
        self.split = None
        deepest = self._deepest(base)
        here: Node | None = base
        while here is not None:
            sides = [kid for kid in here.children if deepest[kid] and not self.is_pinned_away(kid)]
            here = self._choose_side(here, sides, deepest, before)
            if here is not None:
                self.path.append(here)
        self._mark_difference(base.number, tail)

    def _mark_difference(self, number: int, tail: list[Node]) -> None:
        """Mark where the path above ``number`` is not what ``tail`` was."""
        chosen = self.path[number:]
        if chosen != tail:
            same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(chosen, tail, strict=False)))
            self._mark(number + same + 1)
            self.turns += same < len(tail)

    def _choose_side(self, here: Node, sides: list[Node], deepest: dict[Node, int], before: set[Node]) -> Node | None:
        if len(sides) <= 1:
            return sides[0] if sides else None
        going_on = [kid for kid in sides if deepest[kid] > kid.number]
        if len(going_on) > 1:
            self.split = here
            return None
        if going_on:
            return going_on[0]
        return min(sides, key=lambda kid: (kid not in before, kid.taken))

    def _deepest(self, base: Node) -> dict[Node, int]:
        """For each node below ``base`` the highest number at or below it that counts, 0 where none does.

        A node that the roster pins leads on though nothing below it counts; one that it settled away never does.
        """
        order = [base]
        for node in order:
            order += node.children
        deepest: dict[Node, int] = {}
        for node in reversed(order):
            below = max((deepest[kid] for kid in node.children), default=0)
            if self.is_pinned_away(node):
                deepest[node] = 0
            else:
                pinned = node.number in self._pinned
                deepest[node] = max(below, node.number if node.verdict is None or pinned else 0)
        return deepest


def gap(node: Node) -> GapHeldError:
    """The reason of a node that waits for what it links to."""
    return GapHeldError(
        f"number {node.number - 1}, which it links to, is missing or held",
        rule="V3: a dispatch counts when the one before it is here",
        hints=(FETCH,),
        channel=node.channel,
        number=node.number,
    )


def by_number(nodes: Iterable[Node]) -> list[Node]:
    """By number, then hash: the same for everybody."""
    return sorted(nodes, key=lambda node: (node.number, node.hash))
