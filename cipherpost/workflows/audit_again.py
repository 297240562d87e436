"""A second audit in a home: of a channel that was verified before, only its head and what came since is asked for.

What an older object has become is seen by an audit from zero. A channel that is not as it was left, or whose new notes
are not straight, is read from its first note on; so is what a new entry of the roster judges anew.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.chain import packing
from cipherpost.chain.columns import Columns
from cipherpost.chain.history import history
from cipherpost.chain.straight import StraightChannel
from cipherpost.postoffice import names
from cipherpost.text import sha256
from cipherpost.workflows.audit_straight import BATCH, Answer, ahead, get_note

if TYPE_CHECKING:
    from cipherpost.chain.network import Chain
    from cipherpost.desk import Progress
    from cipherpost.home.audited import Past
    from cipherpost.postoffice import PostOffice

EMPTY: Final = b""
"""What is kept of a channel of which nothing is there."""


class Again:
    """Takes up ``past`` into a chain whose roster is whole. ``done``: the channels that need no further look;
    ``grown``: those of them that have changed since. ``lost``: what was verified of channels that are not as they were.
    """

    def __init__(self, post: "PostOffice", chain: "Chain", past: "Past", *, sealed: bool) -> None:
        self.done: set[str] = set()
        self.grown: set[str] = set()
        self.lost: list[Columns] = []
        self._post = post
        self._chain = chain
        self._past = past
        self._sealed = sealed

    def read(self, progress: "Progress") -> None:
        """Ask for each channel's head and the two numbers behind it, then for what else is new.

        Raises:
            UnreachableError: the post office went away.
        """
        kept = list(self._kept())
        with progress.work("asking for what is new", len(kept)) as step:
            for at, group in groupby(ahead(self._post, self._names(kept)), key=itemgetter(0)):
                columns = kept[at]
                answers = [answer for _, answer in group]
                kept[at] = None  # the chain has it, or nobody
                step(1)
                if columns is not None and self._take(columns, answers):
                    self.done.add(columns.channel)
                    if columns.long:
                        self._chain.take_straight(columns)

    def _kept(self) -> "Iterator[Columns | None]":
        past, roster = self._past, self._chain.roster
        stale = past.stale(roster)
        for channel in sorted(past.channels.keys() - stale):
            if past.channels[channel] == EMPTY:
                yield Columns(channel, sealed=self._sealed)
                continue
            columns = past.columns(channel)
            if columns is not None and columns.sealed >= self._sealed:
                yield columns

    def _names(self, kept: "list[Columns | None]") -> Iterator[tuple[int, str]]:
        for at, columns in enumerate(kept):
            if columns is not None:
                prefix = names.channel_prefix(self._chain.network, columns.channel)
                first = max(1, columns.long)
                for number in range(first, min(columns.long + 2, limits.NUMBER) + 1):
                    yield at, f"{prefix}{number:08d}.note"

    def _take(self, columns: Columns, answers: list[Answer]) -> bool:
        """Whether all that there is of a channel is in its columns now."""
        if columns.long:
            head = answers.pop(0)
            if not isinstance(head, bytes) or sha256(head[: head.rfind(b"\n\n") + 1]) != columns.hash_at(columns.long):
                self.lost.append(columns)
                return False
        batch = self._coming(columns, answers)
        if not batch:
            return batch is not None
        line = self._chain.line(columns)
        while batch:
            if not line.take(batch):
                return False
            if len(batch) < BATCH:
                break
            batch = self._coming(columns, answers)
        if batch is None:
            return False
        roster = self._chain.roster
        silent_days = roster.check_days(columns.channel.partition("/")[0], roster.newest)
        columns.history = history(columns.channel, *columns.dated(), silent_days)
        self.grown.add(columns.channel)
        return True

    def _coming(self, columns: Columns, answers: list[Answer]) -> list[bytes] | None:
        """The notes behind the last one, up to `BATCH`; None where they do not follow one another.

        Args:
            answers: what lies in the next slots, as far as it was asked for; what is not used is left.
        """
        found: list[bytes] = []
        while len(found) < BATCH:
            while len(answers) < 2:
                answers.append(self._ask(columns, columns.long + len(found) + len(answers) + 1))
            answer = answers[0]
            if not isinstance(answer, bytes):
                return found if answers == ["absent", "absent"] else None
            found.append(answer)
            del answers[0]
        return found

    def _ask(self, columns: Columns, number: int) -> Answer:
        if number > limits.NUMBER:
            return "absent"
        return get_note(self._post, names.note_name(self._chain.network, columns.channel, number))


def rows(chain: "Chain", wanted: set[str], untouched: set[str]) -> Iterator[tuple[str, bytes | None]]:
    """What a home keeps of the channels that are not as they were kept; None of what was judged with a tree."""
    for channel in sorted(wanted - untouched):
        view = chain.channels.get(channel)
        if view is None or (not view.straight and not view.tree.known and view.whole):
            yield channel, EMPTY
        else:
            yield channel, packing.dump(view.columns) if isinstance(view, StraightChannel) else None
