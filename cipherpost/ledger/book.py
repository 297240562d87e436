"""The index of a chain: every channel's counting headers sorted by the office whose debts they are about.

It grows with the chain. Where a channel does not only grow but is another below (a race that ended otherwise, a cut),
the index is made anew.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cipherpost.chain.channel import Channel
from cipherpost.chain.columns import HEAD, REPLY
from cipherpost.chain.network import Chain
from cipherpost.chain.node import Node
from cipherpost.dispatch.parts import Due, Header
from cipherpost.ledger.account import Account, Order, Taken, troubled
from cipherpost.ledger.lateness import LOOKS, Sights, believed
from cipherpost.text import CENTER, ROSTER

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"


_State = tuple[int, int, int, int, int, int]
"""Of a channel: the length of its path, how many notes stand aside, its turns, how many are newer, how many unsigned;
and, where some stand aside, the newest entry of the roster.
"""


class _Track:
    """How far a channel was taken up, and its state then."""

    __slots__ = ("audience", "done", "last_hash", "last_time", "office", "role", "state", "view")

    def __init__(self, view: Channel, role: str | None) -> None:
        self.view = view
        self.office, _, self.audience = view.name.partition("/")
        self.role = role
        self.done = 0
        self.last_hash: str | None = None
        self.last_time = ""
        self.state: _State | None = None


class Book:
    """All that the ledger asks of the headers of a chain. Read it after `refresh`."""

    def __init__(self, chain: Chain) -> None:
        self.chain: Final = chain
        self._start()

    def _start(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.taken: dict[tuple[str, int], list[Taken]] = {}
        """What supersedes or cancels a dispatch of the center."""
        self.troubled: set[str] = set()
        """The channels of the center to groups that are not whole."""
        self._sights: dict[str, Sights] = {}
        self._claims: dict[str, int] = {}
        self._tracks: dict[str, _Track] = {}
        self._strangers: set[str] = set()
        """Offices and audiences of channels that were no office of the roster when the channel was looked at."""
        self._waiting: dict[str, set[str]] = {}
        """Channel to the channels of offices that cite a number of it which is not here."""
        self._believed: dict[str, list[str]] = {}
        self._relied: dict[str, list[tuple[str, str] | None]] = {}

    def account(self, office: str) -> Account:
        """What is known about an office."""
        found = self.accounts.get(office)
        if found is None:
            found = self.accounts[office] = Account(office, self.sights)
        return found

    def sights(self, channel: str) -> Sights:
        """What the center and the auditors acked of a channel."""
        found = self._sights.get(channel)
        if found is None:
            found = self._sights[channel] = Sights(self.chain.channels.get(channel))
        return found

    # ---- growing -----------------------------------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take up what is new; whether everything had to be made anew."""
        changed = self._changed()
        admitted = any(self.chain.roster.role(name) is not None for name in self._strangers)
        anew = admitted or not all(self._same_below(track) for track, _ in changed)
        if anew:
            self._start()
            changed = self._changed()
        for track, state in changed:
            track.state = state
            self._grow(track)
        for track, _ in changed:
            account = self.accounts.get(track.audience if track.role == CENTER else track.office)
            if account is not None:
                account.dirty = True  # a race may have opened, or ended, with nothing taken up
            whole = track.view.whole and self._claims.get(track.view.name, 0) <= track.view.long
            if not whole or account is None or account.trouble:
                self._judge_trouble(track.view.name)
        return anew

    def _changed(self) -> list[tuple[_Track, _State]]:
        found: list[tuple[_Track, _State]] = []
        for name, view in self.chain.channels.items():
            track = self._tracks.get(name)
            if track is None:
                track = self._tracks[name] = _Track(view, self._role(view.office))
                if track.audience != CENTER:
                    self._role(track.audience)
                if name in self._sights:
                    self._sights[name].view = view
            long, aside, turns = view.state
            entry = self.chain.roster.newest if aside else 0  # with which what stands aside is judged anew
            state = (long, aside, turns, len(view.newer), len(view.unsigned), entry)
            if state != track.state:
                found.append((track, state))
        return found

    @staticmethod
    def _same_below(track: _Track) -> bool:
        """Whether all that was taken up of a channel still stands."""
        view = track.view
        if track.state is not None and view.state[2] != track.state[2]:
            return False
        stands = view.long - view.racing
        return track.done <= stands and (track.done == 0 or view.hash_at(track.done) == track.last_hash)

    def _grow(self, track: _Track) -> None:
        upto = track.view.long - track.view.racing
        if upto <= track.done:
            return
        new = list(track.view.telling(track.done, upto, about=self._said_of(track)))
        if track.role != "committee":
            self._forget_relied(track.view.name, back=_goes_back(track.last_time, new))
        if track.view.name == ROSTER_CHANNEL:
            pass
        elif track.role == CENTER:
            self._take_center(track, new)
        elif track.audience == CENTER:
            self._take_own(track, new)
        else:
            own = f"{track.office}/{CENTER}"
            for head in [head for node in new for head in node.header.heads if head.channel == own]:
                self._claim(own, head.number)
        track.done = upto
        track.last_hash, track.last_time = track.view.hash_at(upto), track.view.time_at(upto)

    @staticmethod
    def _said_of(track: _Track) -> str | None:
        """The one channel of which all matters that a channel says; None where all matters."""
        if track.role == CENTER and track.audience != CENTER:
            return f"{track.audience}/{CENTER}"
        return "" if track.role == "committee" and track.audience == CENTER else None

    def _take_own(self, track: _Track, nodes: Sequence[Node]) -> None:
        """Dispatches of an office to the center: what it reports, answers, and says of the center's to it."""
        account = self.account(track.office)
        highest = account.take_own(nodes)
        if track.role == "auditor":
            for node in nodes:
                self._take_acks(node, center=False)
        elif highest:
            self._claim(account.told, highest)

    def _take_center(self, track: _Track, nodes: Sequence[Node]) -> None:
        """Dispatches of the center: decisions and orders, what they take back, what they ack."""
        if track.audience != CENTER and self.chain.roster.role(track.audience) is not None:
            account = self.account(track.audience)
            highest = account.take_told(nodes)
            if highest:
                self._claim(account.own, highest)
        else:
            for node in nodes:
                self._take_acks(node, center=True)
        for node in nodes:
            header = node.header
            if header.heads:
                for head in header.heads:
                    self._claim(head.channel, head.number)
            if node.target is not None:
                self._take_back(track, node, header)
            if header.due is not None:
                self._take_order(track, node, header.due)

    def _take_back(self, track: _Track, node: Node, header: Header) -> None:
        target = header.supersedes or header.cancels or 0
        taken = Taken(node.number, node.time, None, header.cancels is not None)
        self.taken.setdefault((node.channel, target), []).append(taken)
        at = track.view.standing(target)
        assert at is not None  # V6
        if at.kind in {"circular", "instruction"} and at.header.due is not None:
            for name in self.chain.roster.members(track.audience, at.roster):
                self.account(name).touch(node.time)

    def _take_order(self, track: _Track, node: Node, due: Due) -> None:
        order = Order(node.channel, node.number, node.hash, node.time, due.day, due.what)
        for name in self.chain.roster.members(track.audience, node.roster):
            account = self.account(name)
            account.orders.append(order)
            account.touch(node.time)

    def _take_acks(self, node: Node, *, center: bool) -> None:
        """Acks by an auditor, or by the center in another channel than that to the office."""
        for channel, number, hashed, word in node.header.acks:
            self._claim(channel, number)
            self.sights(channel).add(number, node, hashed, look=center and word in LOOKS)
            self._touch(channel, node.time)

    def _touch(self, channel: str, time: str) -> None:
        """Something was said about a channel."""
        office, _, audience = channel.partition("/")
        if audience == CENTER and office != CENTER:
            account = self.account(office)
        elif office == CENTER and audience in self.accounts:
            account = self.accounts[audience]
        else:
            return
        account.touch(time)

    def _claim(self, channel: str, number: int) -> None:
        if number > self._claims.get(channel, 0):
            self._claims[channel] = number
            view = self.chain.channels.get(channel)
            if view is None or number > view.long:
                self._judge_trouble(channel)

    # ---- what is not whole -------------------------------------------------------------------------------------------

    def _judge_trouble(self, channel: str) -> None:
        """Whether the office that a channel is about can still be said to have sent nothing."""
        office, _, audience = channel.partition("/")
        if audience == CENTER and office != CENTER:
            account = self.account(office)
        elif office == CENTER and self._role(audience) in {"committee", "auditor"}:
            account = self.account(audience)
        else:
            if office == CENTER and channel != ROSTER_CHANNEL:
                self._judge_group(channel)
            return
        trouble = self._troubled(account.own) or self._troubled(account.told)
        if trouble != account.trouble:
            account.trouble = trouble
            account.dirty = True

    def _role(self, name: str) -> str | None:
        """The role of an office; who has none yet is remembered, since a later entry of the roster may give it one."""
        found = self.chain.roster.role(name)
        if found is None:
            self._strangers.add(name)
        return found

    def _judge_group(self, channel: str) -> None:
        trouble = self._troubled(channel)
        if trouble != (channel in self.troubled):
            (self.troubled.add if trouble else self.troubled.discard)(channel)
            for account in self.accounts.values():
                if any(order.channel == channel for order in account.orders):
                    account.dirty = True

    def _troubled(self, channel: str) -> bool:
        return troubled(self.chain.channels.get(channel), self._claims.get(channel, 0))

    def acked_from(self, channel: str, told: str, number: int) -> int | None:
        """The first dispatch of ``channel`` that acks ``number`` of channel ``told`` or a higher one, or None."""
        view, own = self.chain.channels.get(told), self.chain.channels.get(channel)
        for at, word, about, cited, hashed in own.cites() if own is not None else ():
            if about == told and cited >= number and word not in {HEAD, REPLY}:
                stands = view.settled(cited) if view is not None else None
                if stands is None or stands == hashed:
                    return at
        return None

    # ---- what a dispatch relies on -----------------------------------------------------------------------------------

    def relied(self, channel: str, number: int) -> tuple[str, str] | None:
        """The newest time of a dispatch of the center or an auditor, or an entry of the roster, that dispatch
        ``number``, or an earlier one of its channel, cites or acks; and the place of what bears it.
        """
        found = self._relied.setdefault(channel, [])
        for node in self.chain.channels[channel].path(len(found), number):
            best = found[-1] if found else None
            for cited in self._cited(node) if node.verdict is None else ():
                if best is None or cited[0] > best[0]:
                    best = cited
            found.append(best)
        return found[number - 1]

    def _cited(self, node: Node) -> Iterator[tuple[str, str]]:
        header = node.header
        named = [(ack.channel, ack.number, ack.hash) for ack in header.acks if ack.hash is not None]
        if header.reply is not None:
            named.append((header.reply.channel, header.reply.number, header.reply.hash))
        if header.roster is not None:
            named.append((ROSTER_CHANNEL, header.roster.number, header.roster.hash))
        for channel, number, hashed in named:
            if self.chain.roster.role(channel.partition("/")[0]) in {CENTER, "auditor"}:
                view = self.chain.channels.get(channel)
                stands = view.settled(number) if view is not None else None
                if stands is None:
                    self._waiting.setdefault(channel, set()).add(node.channel)
                elif stands == hashed and view is not None and view.counts_at(number):
                    yield self._time_of(channel, number), f"{channel}/{number}"

    def _time_of(self, channel: str, number: int) -> str:
        view = self.chain.channels[channel]
        kept = self._believed.get(channel)
        if kept is None or len(kept) != view.long:
            kept = self._believed[channel] = believed(view.path_times())
        return kept[number - 1]

    def _forget_relied(self, channel: str, *, back: bool) -> None:
        """A channel that others cite has grown: what waited for it is looked at again; where its clock was put right,
        all is.
        """
        stale = set(self._relied) if back else self._waiting.pop(channel, set())
        for own in stale:
            self._relied.pop(own, None)
            self.account(own.partition("/")[0]).dirty = True


def _goes_back(before: str, new: Sequence[Node]) -> bool:
    """Whether the time of a new dispatch is before that of the one below it, the first of them dated ``before``."""
    for node in new:
        if node.time < before:
            return True
        before = node.time
    return False
