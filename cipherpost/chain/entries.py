"""The channel center/roster: each entry is judged once, by the state before it, and never void.

Here no race is open and nothing is linked over: an entry is taken, refused or held. Two entries of one number that
enough keepers signed are a fork. A reader stays with the one he took, and takes no more once the other side goes on:
no entry of the roster can settle that, only people can. The other side must be signed by enough of those who keep the
roster now: a founder was its only keeper once, and his key, when it is stolen years later, shall stop nobody.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from cipherpost.chain.channel import Channel
from cipherpost.chain.checks import (
    AsideError,
    DraftExpiredError,
    DraftSpentError,
    ForgedError,
    MisplacedError,
    RosterForkError,
    StatementsError,
    UnauthorizedError,
)
from cipherpost.chain.node import Node
from cipherpost.chain.opening import ROSTER_CHANNEL, Opened, verifies
from cipherpost.chain.rows import Row
from cipherpost.chain.tree import Tree, gap
from cipherpost.dispatch.header import Header
from cipherpost.dispatch.kinds import check_lines, check_place
from cipherpost.errors import CipherpostError, MalformedError, NewerError, NotAuthenticError
from cipherpost.note import VerifierKey
from cipherpost.roster.fold import Roster
from cipherpost.roster.refusals import RosterEntryError
from cipherpost.roster.standing import StandingError, are_majority, check_roster_signers, entry_signers
from cipherpost.roster.state import Entry
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.roster.words import Statement

Refuse = Callable[[Opened, NotAuthenticError], None]


class RosterLine:
    """Takes entries of the roster, applies those that count to ``roster``, and keeps what waits.

    Args:
        refuse: told of an entry that waited and was then refused.
    """

    def __init__(self, roster: Roster, fingerprint: str, refuse: Refuse) -> None:
        self.roster: Final = roster
        self.fingerprint: Final = fingerprint
        self.channel: Final = Channel(ROSTER_CHANNEL, _judged_once, self._never_counts)
        self._tree: Final = self.channel.tree
        self._refuse = refuse
        self._drafts: dict[int, int] = {}
        self._waiting: dict[str, list[Opened]] = {}
        self._rivals: dict[str, dict[str, bytes]] = {}
        """Entries beside those that were taken, with who signed each, and with which keys."""

    def restore(self, rows: Iterable[Row], load: Callable[[int, str], bytes]) -> list[Entry]:
        """Take up the path as it was verified before; ``load`` gives the note of (number, hash)."""
        entries = []
        for row in rows:
            node = Node.restored(ROSTER_CHANNEL, row, load)
            self._tree.add_standing(node)
            entries.append(Entry(row.number, row.hash, row.time, row.by, partial(_stated, node)))
            if row.draft is not None:
                self._drafts[row.draft] = row.number
        self._tree.changed = None
        return entries

    def take(self, opened: Opened) -> list[int]:
        """Judge an entry, and what waited for it.

        Returns:
            The numbers of the entries that were applied, in order; none where this one is held or a rival.

        Raises:
            MisplacedError: the genesis of another network (V2).
            ForgedError, UnauthorizedError: V5.
            StatementsError, KindLinesError, KindPlaceError, DraftExpiredError, DraftSpentError: V6.
            NewerError: properly signed, and made by a newer cipherpost.
        """
        applied: list[int] = []
        queue = [opened] if self._take_copy(opened) else []
        while queue:
            done = queue.pop()
            applied.append(done.header.number)
            for node in self._tree.orphans.pop(done.hash, []):
                self._tree.drop(node)
                for copy in self._waiting.pop(node.hash):
                    try:
                        if self._take_copy(copy):
                            queue.append(copy)
                    except NotAuthenticError as error:
                        self._refuse(copy, error)
                    except NewerError as error:
                        self.channel.newer.setdefault(copy.header.number, error)
        return applied

    def _take_copy(self, opened: Opened) -> bool:
        """As `_take`; the signature of a note whose text is here is looked at all the same, as that of any note."""
        node = self._tree.known.get(opened.hash)
        if node is None:
            return self._take(opened)
        keys = self._keys_of(opened)
        if node.hash in self._waiting:
            if opened not in self._waiting[node.hash]:
                self._waiting[node.hash].append(opened)
            node.keys = tuple(dict.fromkeys(node.keys + keys))
            node.signed = bool(node.keys)
            self._stop_where_both_go_on()
        elif not keys:
            raise self._not_signed(opened)
        return False

    def _take(self, opened: Opened) -> bool:
        header, newest = opened.header, self.roster.newest
        number = header.number
        if number == 1 and opened.hash != self.fingerprint:
            raise MisplacedError(
                "this is the genesis of another network",
                rule=f"V2: the hash of the first roster entry is the network's fingerprint, {self.fingerprint}",
                hints=("compare the fingerprint with the center by telephone",),
                channel=ROSTER_CHANNEL,
                number=1,
            )
        # V3: all before it is here
        if number > newest + 1 or header.previous != self.roster.hash_of(number - 1):
            self._wait(opened)
            return False
        self.check(opened)
        if number <= newest:
            self._add_rival(opened)
            return False
        if self._tree.split is not None:
            self._wait(opened)
            return False
        self._apply(opened)
        return True

    def _apply(self, opened: Opened) -> None:
        header = opened.header
        try:
            self.roster.apply(header, opened.hash)
        except (RosterEntryError, MalformedError) as error:  # V6: it makes no sense in the state before it
            raise StatementsError(
                error.what, where=error.where, rule=error.rule, channel=ROSTER_CHANNEL, number=header.number
            ) from None
        if header.draft is not None:
            self._drafts[header.draft.number] = header.number
        self._tree.add_standing(Node.of(header, opened.hash))

    # ---- V5 and V6, by the state before ----------------------------------------------------------------------------

    def check(self, opened: Opened) -> None:
        """V5 and V6 of an entry by the state before it, which is here, but for what its statements say.

        Raises:
            ForgedError, UnauthorizedError, StatementsError, KindLinesError, KindPlaceError, DraftExpiredError,
            DraftSpentError: the check that failed.
        """
        header = opened.header
        # V5: the note is signed by a keeper, and enough keepers endorsed it
        before = self.roster.keeper_keys(header.number - 1).get(header.by) if header.number > 1 else None
        if header.number > 1 and (before is None or not _signed(opened, before)):
            raise self._not_signed(opened)
        try:
            key = check_roster_signers(self.roster, header, self.fingerprint)
        except StandingError as error:
            raise UnauthorizedError(
                error.what, rule=f"V5: {error.rule}", channel=ROSTER_CHANNEL, number=header.number
            ) from None
        except MalformedError as error:
            raise StatementsError(
                error.what, where=error.where, rule=error.rule, channel=ROSTER_CHANNEL, number=header.number
            ) from None
        if key != before and not _signed(opened, key):
            raise self._not_signed(opened)
        self._check_lines(header)

    def why_unfit(self, header: Header) -> NotAuthenticError | None:
        """V6 of an entry that nobody has signed yet, but for what its statements say; None: it would count."""
        try:
            self._check_lines(header)
        except NotAuthenticError as error:
            return error
        return None

    def _check_lines(self, header: Header) -> None:
        """V6: lines, place, draft."""
        check_lines(header)
        check_place(header, role=CENTER, audience_is="roster", audience_role=None, lateral_member=False)
        self._check_draft(header)

    def _check_draft(self, header: Header) -> None:
        draft = header.draft
        if draft is None:
            return
        if header.time[:10] > draft.until.isoformat():
            raise DraftExpiredError(
                f"the draft might be posted until {draft.until}, and it is dated {header.time}",
                rule="V6: the last day of a draft is compared with the header's own time, in UTC",
                channel=ROSTER_CHANNEL,
                number=header.number,
            )
        used = self._drafts.get(draft.number, header.number)
        if used < header.number:
            raise DraftSpentError(
                f"entry {used} bears the same draft, {draft.number}",
                rule="V6: a draft is posted once",
                channel=ROSTER_CHANNEL,
                number=header.number,
            )

    def _not_signed(self, opened: Opened) -> NotAuthenticError:
        by, number = opened.header.by, opened.header.number
        if self._keys_of(opened):
            return UnauthorizedError(
                f"center/{by} was no keeper with this key",
                rule=f"V5: keepers as of roster entry {number - 1} sign",
                channel=ROSTER_CHANNEL,
                number=number,
            )
        return ForgedError(
            f"no valid signature of center/{by}",
            rule="V5: the keeper named by the line by has signed",
            hints=("tell who runs the post office: somebody put this there",),
            channel=ROSTER_CHANNEL,
            number=number,
        )

    def _keys_of(self, opened: Opened) -> tuple[bytes, ...]:
        """Which of the keys that the officer named by ``by`` ever had have signed; nearly always one, or none."""
        known = self.roster.keys(CENTER, opened.header.by)
        return tuple(info.vkey.public for info in known if _signed(opened, info.vkey))

    # ---- what waits, and the other side ----------------------------------------------------------------------------

    def _wait(self, opened: Opened) -> None:
        node = Node.of(opened.header, opened.hash)
        node.keys = self._keys_of(opened)
        node.signed = bool(node.keys)
        node.verdict = gap(node)
        self._waiting[node.hash] = [opened]
        self._tree.wait(node)
        self._stop_where_both_go_on()

    def forget(self, node: Node) -> None:
        """Let go of an entry that waits and that no officer is known to have signed."""
        if self._waiting.pop(node.hash, None) is not None:
            beside = [each for each in self._tree.orphans.pop(node.previous, []) if each is not node]
            if beside:
                self._tree.orphans[node.previous] = beside

    def _add_rival(self, opened: Opened) -> None:
        node = Node.of(opened.header, opened.hash)
        node.verdict = RosterForkError(
            "another roster entry of this number was taken before, and enough keepers signed both",
            rule="one number, one header",
            hints=("cipherpost forks", "the keepers compare what they signed"),
            channel=ROSTER_CHANNEL,
            number=node.number,
        )
        self._tree.keep_beside(node)
        self._rivals[node.hash] = entry_signers(self.roster, opened.header)
        self._stop_where_both_go_on()

    def _never_counts(self, node: Node) -> NotAuthenticError | None:
        """Why an entry that hangs nowhere is not waited for: it follows no entry that was taken, or its key is out."""
        if node.number <= self.roster.newest and self._tree.split is None:
            return AsideError(
                "it follows another roster entry than the one here",
                rule="an entry that was taken stays",
                hints=("cipherpost forks",),
                channel=ROSTER_CHANNEL,
                number=node.number,
            )
        if any(each.until is None and each.vkey.public in node.keys for each in self.roster.keys(CENTER, node.by)):
            return None
        return UnauthorizedError(
            f"center/{node.by} has lost the standing of this key",
            rule="V5: keepers in good standing sign the roster",
            channel=ROSTER_CHANNEL,
            number=node.number,
        )

    def _stop_where_both_go_on(self) -> None:
        for hashed, signers in self._rivals.items():
            goes_on = any(node.signed for node in self._tree.orphans.get(hashed, ()))
            if goes_on and are_majority(self.roster, signers, self.roster.newest):
                rival = self._tree.known[hashed]
                first = min(rival.number, self._tree.split.number + 1 if self._tree.split else rival.number)
                self._tree.split = self._tree.standing(first - 1) or self._tree.root


def _stated(node: Node) -> "tuple[Statement, ...]":
    from cipherpost.roster.statements import parse_statements

    return parse_statements(node.header.statements)


def _signed(opened: Opened, key: VerifierKey) -> bool:
    key_id = key.key_id
    return any(verifies(key.public, signature, opened.text) for line, signature in opened.lines if line == key_id)


def _judged_once(tree: Tree, node: Node) -> CipherpostError | None:
    """Entries of the roster are never judged again."""
    return node.verdict
