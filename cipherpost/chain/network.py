"""The judged state of a whole network: notes in, verified dispatches out (checks V1 to V8, docs/protocol.md).

A note is offered with the slot it was fetched from. It is *refused*, with the class of the check that failed, or kept
as an `Entry` that counts, is void or is held; what is held is judged again when what it waits for has come. What counts
is a function of the notes offered, save that an open race stays with the note taken first.

The roster is judged here too: its first entry is the one whose hash is the network's fingerprint.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TypeVar

from cipherpost import limits
from cipherpost.chain.channel import Channel, Entry
from cipherpost.chain.checks import ForgedError, RosterDisagreesError, RosterHeldError, code_of, points_of
from cipherpost.chain.columns import Columns
from cipherpost.chain.entries import RosterLine
from cipherpost.chain.judging import Judge
from cipherpost.chain.node import Node
from cipherpost.chain.opening import ROSTER_CHANNEL, Lines, Opened, open_note, verifies
from cipherpost.chain.rows import Row
from cipherpost.chain.straight import Line, StraightChannel
from cipherpost.chain.tree import Tree
from cipherpost.dispatch.header import Header, NewerHeaderError
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError, UnableError
from cipherpost.note import split
from cipherpost.roster.fold import Roster
from cipherpost.text import parse_channel

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from cipherpost.chain.findings import Finding
    from cipherpost.roster.snapshot import Snapshot

_MOST: Final = limits.ALTERNATES + 1
"""Notes of one slot that are kept though nobody is known to have signed them."""
_MOST_WAITING: Final = 1000
"""Notes of one channel that are kept likewise; at 64 KiB each, 64 MiB."""
_AT_ONCE: Final = 256
"""Notes that `Chain.offer_all` takes together; at 64 KiB each, the most they may have, 16 MiB."""
_PART: Final = 32
"""Notes whose signatures one thread verifies at a time."""
_WORTH_HELP: Final = 2 * _PART
"""Notes from which on several threads verify them."""

Refusal = NotAuthenticError | NewerError
Signed = tuple[Opened, tuple[bytes, ...]]
"""A note and the public keys that signed it, see `Judge.signer`."""
_Before = TypeVar("_Before")
_After = TypeVar("_After")


class RowsBrokenError(UnableError):
    """What a home kept of a channel does not hang together; it is fetched and verified anew."""


class Chain:
    """All channels of one network.

    Args:
        network: its name.
        fingerprint: the hash of its first roster entry, in hex.
    """

    def __init__(self, network: str, fingerprint: str) -> None:
        self.network: Final = network
        self.fingerprint: Final = fingerprint
        self.roster: Final = Roster(network, fingerprint)
        self.channels: Final[dict[str, Channel]] = {}
        self.refused: Final[set[Finding]] = set()
        """The findings about notes that were refused."""
        self._judge: Final = Judge(self.roster)
        self._line: Final = RosterLine(self.roster, fingerprint, self._refused_later)
        self.channels[ROSTER_CHANNEL] = self._line.channel
        self._wait_for_roster: set[str] = set()
        self._strangers: dict[tuple[str, int], dict[tuple[str, Lines], Opened]] = {}

    # ---- offering --------------------------------------------------------------------------------------------------

    def offer(self, channel: str, number: int, note: bytes) -> Entry:
        """Judge the bytes found in slot ``number`` of ``channel``. Offering the same text again changes nothing.

        Raises:
            TooLargeError, NoteError, HeaderMalformedError: V1. MisplacedError: V2. ForgedError: V5.
            NewerError: made by a newer cipherpost and signed by an officer; what links to it stays held.
            On center/roster also UnauthorizedError (V5) and the errors of V6, since no entry of it is void.
            TextError: ``channel`` is none.
        """
        (result,) = self._offer(self.channel(channel), [(number, note)])
        if isinstance(result, CipherpostError):
            raise result
        return result

    def offer_all(self, channel: str, notes: Iterable[tuple[int, bytes]]) -> Iterator[Entry | Refusal]:
        """What `offer` returns or raises for each (number, note), in order, in less time.

        Some hundred notes are taken together through one step of the judging after the other, so that the processor
        finds the code and the tables of each step at hand.

        Raises:
            TextError: ``channel`` is none.
        """
        view, coming = self.channel(channel), iter(notes)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(os.cpu_count()) as helpers:
            while batch := list(islice(coming, _AT_ONCE if channel != ROSTER_CHANNEL else 1)):
                yield from self._offer(view, batch, helpers)

    def _offer(
        self, view: Channel, notes: Sequence[tuple[int, bytes]], helpers: "Executor | None" = None
    ) -> list[Entry | Refusal]:
        """Notes of one channel, on center/roster only one: so what the first do to the roster concerns no other."""
        opened = [_step(self._open, view, note) for note in notes]
        if view.name == ROSTER_CHANNEL:
            results = [_step(self._offer_entry, view, each) for each in opened]
        else:
            signed = self._sign_all(view, opened, helpers)
            results = [_step(self._take, view, each) for each in signed]
        for (number, _), result in zip(notes, results, strict=True):
            if isinstance(result, NotAuthenticError):
                self.refused.add(_refusal(view.name, number, result))
        return results

    def _open(self, view: Channel, slot: tuple[int, bytes]) -> Opened:
        number, note = slot
        try:
            return open_note(note, network=self.network, channel=view.name, number=number)
        except NewerHeaderError as error:
            raise self._newer(view, number, note, error) from None

    def _sign_all(
        self, view: Channel, opened: Sequence[Opened | Refusal], helpers: "Executor | None"
    ) -> list[Signed | Refusal]:
        """V5, the signature, before all else: what nobody signed is junk. libsodium lets other threads run."""

        def sign(some: Sequence[Opened | Refusal]) -> list[Signed | Refusal]:
            return [_step(self._sign, view, each) for each in some]

        if helpers is None or len(opened) < _WORTH_HELP:
            signed = sign(opened)
        else:
            parts = [opened[at : at + _PART] for at in range(0, len(opened), _PART)]
            signed = list(chain.from_iterable(helpers.map(sign, parts)))
        for before, after in zip(opened, signed, strict=True):
            if isinstance(after, ForgedError) and isinstance(before, Opened):
                self._keep_stranger(before)
        return signed

    def _sign(self, _view: Channel, opened: Opened) -> Signed:
        return opened, self._judge.signer(opened)

    def _take(self, view: Channel, signed: Signed) -> Entry:
        opened, keys = signed
        if view.straight:
            return self._take_copy(view, opened)
        node = view.tree.known.get(opened.hash)
        if node is None:
            node = Node.of(opened.header, opened.hash)
            node.keys, node.signed = keys, bool(keys)
            if not keys:
                self._hold_unsigned(view, node)
            view.tree.add(node)
        else:
            self._more_keys(view, node, keys)
        if self._judge.may_know_more(opened):
            view.unsigned[opened.hash, opened.lines] = opened
            self._wait_for_roster.add(view.name)
        return view.entry_of(node)

    @staticmethod
    def _take_copy(view: Channel, opened: Opened) -> Entry:
        """Another copy of what stands in a straight channel; nothing else may be offered to one."""
        entry = view.entry(opened.header.number)
        if entry is None or entry.hash != opened.hash:
            raise RuntimeError(f"{view.name} was judged straight, and takes no other dispatch")
        return entry

    def line(self, columns: Columns) -> Line:
        """Judges a channel under the roster as it is, as long as it is straight; see `take_straight`."""
        return Line(self.network, self._judge, columns)

    def take_straight(self, columns: Columns) -> None:
        """Take up a channel that `line` judged, of which nothing else was offered here.

        From then on the roster does not grow, and only copies of what is here may be offered to it, until `drop`.
        """
        self.channels[columns.channel] = StraightChannel(columns)

    def drop(self, channel: str) -> None:
        """Forget a channel: it is offered anew from its first note on."""
        del self.channels[channel]

    def channel(self, name: str) -> Channel:
        """The state of a channel, empty where nothing of it was offered yet.

        Raises:
            TextError: ``name`` is no channel.
        """
        view = self.channels.get(name)
        if view is None:
            parse_channel(name)
            view = self.channels[name] = Channel(name, self._judge_node, self._judge.cut_off)
            view.tree.judge_again(self.roster.pins(name))
        return view

    def restore(self, channel: str, rows: Iterable[Row], load: Callable[[int, str], bytes]) -> None:
        """Take up what this same home verified before, under the roster as it is now, without verifying it again.

        Only the path is taken up; what lost a race or was held is offered again, after this, if it is to be listed.

        Args:
            rows: those of `Channel.rows`, from number 1 on, into a channel that is still empty.
            load: gives the note of (number, hash), as kept; asked only when a whole header is needed.

        Raises:
            RowsBrokenError: the rows do not follow one another.
        """
        tree = self.channel(channel).tree
        for row in rows:
            end = tree.end
            if (row.number, row.previous) != (end.number + 1, end.hash or None):
                raise RowsBrokenError(
                    "what is kept of this channel is damaged",
                    rule="each kept dispatch links to the one before",
                    hints=("cipherpost fetch --full",),
                    channel=channel,
                    number=row.number,
                )
            node = Node.restored(channel, row, load)
            if row.status != "counts":
                note = load(row.number, row.hash)
                opened = open_note(note, network=self.network, channel=channel, number=row.number)
                node = Node.of(opened.header, opened.hash)
                node.keys = self._judge.signer(opened)
            tree.add_standing(node)
        tree.changed = None

    def restore_roster(self, folded: "Snapshot", rows: Sequence[Row], load: Callable[[int, str], bytes]) -> bool:
        """Take up the roster as this same home folded it before, without verifying its entries again.

        Args:
            folded: up to an entry that is the last of ``rows``, which are those of `Channel.rows` from number 1 on.
            load: as for `restore`.

        Returns:
            False, and nothing was taken up, where the rows are not the entries that it was folded from.
        """
        links = [None, *(row.hash for row in rows)]
        if not rows or [(row.number, row.previous) for row in rows] != list(enumerate(links[:-1], 1)):
            return False
        if (rows[0].hash, links[folded.number :]) != (self.fingerprint, [folded.head]):
            return False
        folded.state.entries = self._line.restore(rows, load)
        self.roster.restore(folded.state)
        return True

    # ---- what it shows ---------------------------------------------------------------------------------------------

    def findings(self, now: str) -> "tuple[Finding, ...]":
        """All findings of V1 to V8, sorted; ``now`` is the judging time (``2026-11-22T09:00:00Z``)."""
        from cipherpost.chain.survey import survey

        return survey(self, now)

    def findings_of(self, channel: str, number: int, now: str) -> "tuple[Finding, ...]":
        """The findings of V7 and V8 about the dispatch that counts at ``number``; none where there is none."""
        from cipherpost.chain.survey import survey_dispatch

        node = self.channel(channel).tree.standing(number)
        return () if node is None or node.verdict is not None else survey_dispatch(self, node, now)

    def check_entry(self, opened: Opened) -> None:
        """V5 and V6 of an entry of the roster, the one before which is here, without taking it up.

        Raises:
            NotAuthenticError: the check that failed, see `RosterLine.check`.
        """
        self._line.check(opened)

    def why_unfit(self, header: Header) -> CipherpostError | None:
        """V6 of a header that nobody has signed yet: why it would not count after what it links to; None: it would."""
        view = self.channel(header.channel)
        if view.name == ROSTER_CHANNEL:
            return self._line.why_unfit(header)
        node = Node.of(header, "")
        node.parent = view.tree.known.get(header.previous or "", view.tree.root)
        return self._judge.v6(view.tree, node)

    # ---- the roster grows ------------------------------------------------------------------------------------------

    def _offer_entry(self, view: Channel, opened: Opened) -> Entry:
        try:
            applied = self._line.take(opened)
        except NewerError as error:
            view.newer.setdefault(opened.header.number, error)
            raise
        for number in applied:
            self._roster_grew(number)
        return view.entry_of(view.tree.known[opened.hash])

    def _roster_grew(self, number: int) -> None:
        self._judge.roster_grew()
        waiting, self._wait_for_roster = self._wait_for_roster, set()
        for name in waiting:
            self._sign_late(self.channels[name])
        if any(view.straight for view in self.channels.values()):
            raise RuntimeError("the roster grew after channels were judged straight")
        for name in waiting | (set(self.roster.rejudged(number)) & self.channels.keys()):
            self.channels[name].tree.judge_again(self.roster.pins(name))
        self._admit_strangers()

    def _judge_node(self, tree: Tree, node: Node) -> CipherpostError | None:
        error = self._judge.judge(tree, node)
        if error is not None and isinstance(error, (RosterHeldError, RosterDisagreesError)):
            self._wait_for_roster.add(tree.name)
        return error

    # ---- notes that nobody is known to have signed -------------------------------------------------------------------

    def forget(self, channel: str, hashed: str) -> None:
        """Let go of a note that nobody is known to have signed; it may be offered again."""
        view = self.channel(channel)
        node = view.tree.known.get(hashed)
        if node is not None and not node.signed:
            view.tree.drop(node)
            self._line.forget(node)
            view.unsigned = {which: opened for which, opened in view.unsigned.items() if which[0] != hashed}

    def forget_strangers(self) -> None:
        """Let go of what was refused and kept, since a later roster entry may know its key; it may be offered again."""
        self._strangers.clear()

    def _hold_unsigned(self, view: Channel, node: Node) -> None:
        """V4: the entry relied on may admit the key that signed; held until it is here."""
        if len(view.unsigned) >= _MOST_WAITING:
            raise TooLargeError(
                "too many notes of one channel wait for a roster entry",
                rule=f"at most {_MOST_WAITING}",
                channel=view.name,
            )
        if sum(not each.signed for each in view.tree.slots.get(node.number, ())) >= _MOST:
            raise TooLargeError(
                "too many notes in one slot wait for a roster entry", rule=f"at most {_MOST}", channel=view.name
            )
        node.verdict = self._judge.v4_roster(node)

    def _more_keys(self, view: Channel, node: Node, keys: tuple[bytes, ...]) -> None:
        """Another copy of a text that is here: one by a wrong key hides none by the right one."""
        if not node.signed and keys:
            node.keys, node.signed, node.verdict = keys, True, None
            view.tree.hang(node)
        elif node.keys and not set(keys) <= set(node.keys):
            node.keys = tuple(dict.fromkeys(node.keys + keys))
            view.tree.judge_again(self.roster.pins(view.name))

    def _sign_late(self, view: Channel) -> None:
        waiting, view.unsigned = view.unsigned, {}
        for opened in waiting.values():
            try:
                self._take(view, (opened, self._judge.signer(opened)))
            except ForgedError as error:
                self._refused_later(opened, error)
        for hashed in {hashed for hashed, _ in waiting} - {hashed for hashed, _ in view.unsigned}:
            node = view.tree.known[hashed]
            if not node.signed:
                view.tree.drop(node)

    def _keep_stranger(self, opened: Opened) -> None:
        """A signature by an unknown key: a later entry may give the officer this key.

        That does not make the dispatch count, but others may link over it, whichever of the two came first.
        """
        kept = self._strangers.setdefault((opened.header.channel, opened.header.number), {})
        if opened.lines and len(kept) < _MOST:
            kept[opened.hash, opened.lines] = opened

    def _admit_strangers(self) -> None:
        for kept in self._strangers.values():
            for which, opened in list(kept.items()):
                header = opened.header
                keys = self._judge.keys(header)
                if not any(key_id in keys for key_id, _ in opened.lines):
                    continue
                del kept[which]
                self.refused.discard(_refusal(header.channel, header.number, self._judge.unknown_key(header)))
                try:
                    self._take(self.channel(header.channel), (opened, self._judge.signer(opened)))
                except ForgedError as error:
                    self._refused_later(opened, error)

    def _refused_later(self, opened: Opened, error: NotAuthenticError) -> None:
        self.refused.add(_refusal(opened.header.channel, opened.header.number, error))

    # ---- a newer program ---------------------------------------------------------------------------------------------

    def _newer(self, view: Channel, number: int, note: bytes, error: NewerHeaderError) -> CipherpostError:
        """The error for a note of a later version: `NewerError` where an officer in good standing signed it.

        On center/roster more than half of the keepers have to have signed the note: nothing after it is trusted, so
        whoever stole one computer of the center would else stop the roster that could cut him off.
        """
        parts = split(note)
        signers: set[str] = set()
        for name, key_id, signature in parts.lines:
            network, _, rest = name.partition("/")
            office, _, officer = rest.partition("/")
            info = self.roster.officer(office, officer, self.roster.newest)
            if info is None or network != self.network or office != view.office or info.vkey.key_id != key_id:
                continue
            if verifies(info.vkey.public, signature, parts.text):
                signers.add(officer)
        keepers = self.roster.keepers(self.roster.newest)
        enough = 2 * len(signers.intersection(keepers)) > len(keepers) if view.name == ROSTER_CHANNEL else bool(signers)
        if enough:
            view.newer.setdefault(number, error)
            return error
        return ForgedError(
            "it names a later version of the protocol, and lacks the signatures for it",
            rule="V5: an officer of the office in good standing has signed; roster entries, over half of the keepers",
            channel=view.name,
            number=number,
        )


def _step(does: Callable[[Channel, _Before], _After], view: Channel, before: _Before | Refusal) -> _After | Refusal:
    """The next step of judging a note, unless an earlier one refused it."""
    if isinstance(before, (NotAuthenticError, NewerError)):
        return before
    try:
        return does(view, before)
    except (NotAuthenticError, NewerError) as error:
        return error


def _refusal(channel: str, number: int, error: NotAuthenticError) -> "Finding":
    from cipherpost.chain.findings import Finding

    office = channel.partition("/")[0]
    return Finding(
        code=code_of(error), channel=channel, number=number, office=office, detail=error.what, points=points_of(error)
    )
