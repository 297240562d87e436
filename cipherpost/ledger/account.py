"""What the headers say about one office: its reports, replies and acts, the center's decisions, who acked what when."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from cipherpost.chain.channel import Channel
from cipherpost.chain.node import Node
from cipherpost.dispatch.parts import Decision
from cipherpost.ledger.lateness import LOOKS, Sights
from cipherpost.text import CENTER

Key = tuple[str, str | int]
"""What a debt is about: (form, period), or (channel, number) of the dispatch whose ``due`` line makes it."""
ACTS: Final = frozenset({"complied", "unable", "withdrawn"})


class Filing(NamedTuple):
    """A report: its number in the office's channel to the center, its own time, and what its header says."""

    number: int
    time: str
    nil: bool
    day: date | None
    target: int | None
    cancels: bool


class Taken(NamedTuple):
    """A dispatch that supersedes or cancels another: its number and time, the debt it is about, whether it cancels."""

    number: int
    time: str
    key: Key | None
    cancels: bool


class Answer(NamedTuple):
    """A dispatch that answers an order, or an act about it: ``word`` is reply, complied, unable or withdrawn."""

    number: int
    time: str
    word: str
    hash: str | None


class Decided(NamedTuple):
    """A verdict on one debt: its number in the center's channel to the office, time, word and new day."""

    number: int
    time: str
    verdict: str
    day: date | None


class Account:
    """The headers about one office, grown dispatch by dispatch, each channel in the order of its numbers.

    ``own`` is the office's channel to the center, ``told`` the center's to it. ``latest`` is the latest time of
    anything here; ``dirty``: something came since the office was judged.
    """

    __slots__ = (
        "answers",
        "decisions",
        "dirty",
        "events",
        "first",
        "latest",
        "more",
        "office",
        "orders",
        "own",
        "own_sights",
        "targets",
        "told",
        "told_sights",
        "told_targets",
        "trouble",
    )

    def __init__(self, office: str, sights: Callable[[str], Sights]) -> None:
        self.office: Final = office
        self.own: Final = f"{office}/{CENTER}"
        self.told: Final = f"{CENTER}/{office}"
        self.first: dict[Key, Filing] = {}
        self.more: dict[Key, list[Filing]] = {}
        """Reports by what they are about: the first of each, and the others, where there are any."""
        self.events: dict[str, list[str]] = {}
        """Event to the forms under which something was reported of it."""
        self.targets: dict[int, list[Taken]] = {}
        self.told_targets: dict[int, list[Taken]] = {}
        """By number, what supersedes or cancels a dispatch of the office, and one of the center to it."""
        self.answers: dict[Key, list[Answer]] = {}
        self.decisions: dict[Key, list[Decided]] = {}
        self.orders: list[Order] = []
        self.own_sights: Final = sights(self.own)
        self.told_sights: Final = sights(self.told)
        self.latest = ""
        self.dirty = True
        self.trouble = False

    def touch(self, time: str) -> None:
        """Something of this time is new."""
        self.dirty = True
        self.latest = max(self.latest, time)

    def take_own(self, nodes: Sequence[Node]) -> int:
        """Take up counting dispatches of the office to the center.

        Returns:
            The highest number of `told` that they ack, 0 where they ack none.
        """
        highest, first, latest = 0, self.first, ""
        for node in nodes:
            header, time = node.header, node.time
            report, cancels, target = header.report, header.cancels is not None, node.target
            key: Key | None = None
            latest = max(latest, time)
            if report is not None:
                form, period, day, nil = report
                key = (form, period)
                filing = Filing(node.number, time, nil, day, target, cancels)
                if first.setdefault(key, filing) is not filing:
                    self.more.setdefault(key, []).append(filing)
                elif day is not None:
                    self.events.setdefault(period, []).append(form)
            if target is not None:
                self.targets.setdefault(target, []).append(Taken(node.number, time, key, cancels))
            if header.reply is not None and not cancels:
                channel, number, hashed = header.reply
                self._answer((channel, number), Answer(node.number, time, "reply", hashed))
            for ack in header.acks:
                if ack.channel == self.told:
                    highest = max(highest, ack.number)
                if ack.word in ACTS:
                    self._answer((ack.channel, ack.number), Answer(node.number, time, ack.word, ack.hash))
        self.touch(latest)
        return highest

    def _answer(self, key: Key, answer: Answer) -> None:
        self.answers.setdefault(key, []).append(answer)

    def take_told(self, nodes: Sequence[Node]) -> int:
        """Take up counting dispatches of the center to the office.

        Returns:
            The highest number of `own` that they ack, 0 where they ack none.
        """
        highest, own, add, latest = 0, self.own, self.own_sights.add, ""
        for node in nodes:
            header, time = node.header, node.time
            latest = max(latest, time)
            for channel, number, hashed, word in header.acks:
                if channel == own:
                    add(number, node, hashed, look=word in LOOKS)
                    highest = max(highest, number)
            if node.target is not None:
                taken = Taken(node.number, time, None, header.cancels is not None)
                self.told_targets.setdefault(node.target, []).append(taken)
            if header.decision is not None and header.cancels is None:
                self._decide(node, header.decision)
        self.touch(latest)
        return highest

    def _decide(self, node: Node, said: Decision) -> None:
        key: Key
        if said.form is not None and said.period is not None:
            key = (said.form, said.period)
        else:
            assert said.channel is not None
            assert said.number is not None
            key = (said.channel, said.number)
        self.decisions.setdefault(key, []).append(Decided(node.number, node.time, said.verdict, said.day))

    # ---- what was there at a time ------------------------------------------------------------------------------------

    def filings(self, key: Key) -> tuple[Filing, ...]:
        """The reports about one thing, by number."""
        first = self.first.get(key)
        return () if first is None else (first, *self.more.get(key, ()))

    def known(self, number: int, time: str, as_of: str) -> bool:
        """Whether a dispatch of the office was there: dated by then, or acked by then."""
        return time <= as_of or self.own_sights.seen(number, as_of) is not None

    def decided(self, key: Key, as_of: str) -> list[Decided]:
        """The verdicts on a debt that were there, by number, but those that the center took back or replaced."""
        return [
            each
            for each in self.decisions.get(key, ())
            if self.told_by(each.number, each.time, as_of)
            and not any(
                self.told_by(taken.number, taken.time, as_of) for taken in self.told_targets.get(each.number, ())
            )
        ]

    def told_by(self, number: int, time: str, as_of: str) -> bool:
        """Whether a dispatch of the center to the office was there."""
        return time <= as_of or self.told_sights.seen(number, as_of) is not None


class Order(NamedTuple):
    """A circular or instruction with a ``due`` line."""

    channel: str
    number: int
    hash: str
    time: str
    day: date
    what: str


def troubled(view: Channel | None, claimed: int) -> bool:
    """Whether a channel is not whole: a gap, something held, a race or fork, a newer program, or a number that is
    named (``claimed`` is the highest) and not here.
    """
    if view is None:
        return claimed > 0
    if claimed > view.top and claimed > view.long:
        return True
    if view.whole:
        return False
    return bool(view.racing or view.stopped is not None or view.gaps() or view.held())
