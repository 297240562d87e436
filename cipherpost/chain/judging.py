"""Checks V4, V5 and V6 of a dispatch against the roster (docs/protocol.md, "Verification").

What a later roster entry cannot change (the signatures, the state at the entry cited, lines and place) is judged once a
note and kept in its node; what may change (cuts), and what depends on the dispatches before, is judged each time.
"""

from typing import Final, Protocol, TypedDict

from cipherpost.chain.checks import (
    FETCH,
    CutError,
    DraftExpiredError,
    DraftSpentError,
    ForgedError,
    RosterDisagreesError,
    RosterHeldError,
    RosterOlderError,
    UnauthorizedError,
    UncountedTargetError,
)
from cipherpost.chain.node import Node
from cipherpost.chain.opening import Opened, verifies
from cipherpost.dispatch.header import Header
from cipherpost.dispatch.kinds import (
    KINDS,
    Audience,
    KindLinesError,
    KindPlaceError,
    check_lines,
    check_place,
    same_threshold,
)
from cipherpost.errors import CipherpostError, MalformedError
from cipherpost.note import VerifierKey, signature_line
from cipherpost.roster.fold import Roster
from cipherpost.roster.standing import CutOffError, StandingError, ThresholdError, check_endorsements, may_sign


class Place(TypedDict):
    """What the roster says of the two halves of a channel at one entry; the arguments of `check_place`."""

    role: str
    audience_is: Audience
    audience_role: str | None
    lateral_member: bool


class Above(Protocol):
    """The dispatches before one that is judged: `cipherpost.chain.tree.Tree`, or a straight line of them."""

    def draft_used(self, node: Node) -> int | None:
        """The number of a counting dispatch above ``node`` that bears its draft number."""

    def ancestor(self, node: Node, number: int) -> Node:
        """The node above ``node``, or itself, at ``number``."""


class Judge:
    """Judges dispatches of all channels but center/roster against one roster."""

    def __init__(self, roster: Roster) -> None:
        self.roster: Final = roster
        self._keys: dict[tuple[str, str], dict[bytes, VerifierKey]] = {}
        self._heads: set[tuple[int, str | None]] = set()
        self._uncut: dict[tuple[str, str, int], VerifierKey] = {}
        self._places: dict[tuple[str, int], Place] = {}
        self._in_place: set[tuple[str, int, str]] = set()

    def roster_grew(self) -> None:
        """A new entry may bring keys and cuts; what was true at an entry stays true."""
        self._keys.clear()
        self._uncut.clear()

    # ---- V5, first half: the signature ---------------------------------------------------------------------------

    def signer(self, opened: Opened) -> tuple[bytes, ...]:
        """V5: which keys signed, of those that the roster knows or ever knew for the officer named by ``by``.

        Returns:
            The public keys, nearly always one; none where the header cites a roster entry that is not here yet, which
            may bring the key.

        Raises:
            ForgedError: no signature by a known key, or a wrong one.
        """
        header = opened.header
        keys = self.keys(header)
        good: tuple[bytes, ...] = ()
        tried = False
        for key_id, signature in opened.lines:
            key = keys.get(key_id)
            if key is not None:
                tried = True
                if verifies(key.public, signature, opened.text):
                    good += (key.public,)
        if good:
            return good
        if not tried and self.may_know_more(opened):
            return ()
        if not tried:
            raise self.unknown_key(header)
        raise ForgedError(
            f"the signature of {header.office}/{header.by} does not verify",
            rule="V5: the officer named by the line by has signed, with a key of the roster",
            hints=("tell who runs the post office: somebody put this there",),
            channel=header.channel,
            number=header.number,
        )

    def may_know_more(self, opened: Opened) -> bool:
        """Whether the roster entry relied on is not here yet, and may bring the key of a line unknown here."""
        header = opened.header
        if header.roster is None or header.roster.number <= self.roster.newest:
            return False
        keys = self.keys(header)
        return any(key_id not in keys for key_id, _ in opened.lines)

    def unknown_key(self, header: Header) -> ForgedError:
        """The refusal of a dispatch that bears no signature by a key of the roster."""
        return ForgedError(
            f"no signature by a key that {header.office}/{header.by} ever had",
            rule="V5: the officer named by the line by has signed, with a key of the roster",
            hints=("tell who runs the post office: somebody put this there",),
            channel=header.channel,
            number=header.number,
        )

    def keys(self, header: Header) -> dict[bytes, VerifierKey]:
        """Every key that the officer named by ``by`` ever had, by key id."""
        which = (header.channel, header.by)
        found = self._keys.get(which)
        if found is None:
            found = {info.vkey.key_id: info.vkey for info in self.roster.keys(header.office, header.by)}
            self._keys[which] = found
        return found

    def bare(self, opened: Opened) -> bytes | None:
        """The note with the one signature line that counts, others being bytes that nobody verifies; None: no line."""
        keys = self.keys(opened.header)
        for key_id, signature in opened.lines:
            if key_id in keys and verifies(keys[key_id].public, signature, opened.text):
                return opened.text + b"\n" + signature_line(keys[key_id].name, key_id, signature)
        return None

    def by_itself(self, opened: Opened) -> None:
        """V4 to V6 of a dispatch whose channel is not here: all that it and the roster tell without those before it.

        Raises:
            RosterHeldError, RosterDisagreesError: V4. ForgedError, UnauthorizedError, CutError: V5.
            KindLinesError, KindPlaceError, DraftExpiredError: V6.
        """
        node = Node.of(opened.header, opened.hash)
        node.keys = self.signer(opened)
        error = self._v4_entry(node) or self._v5_standing(node) or self._v5_endorsements(node)
        error = error or self._v5_threshold(node) or self._v6_at_entry(node)
        if error is not None:
            raise error

    # ---- a node that hangs in its tree ---------------------------------------------------------------------------

    def judge(self, tree: Above, node: Node) -> CipherpostError | None:
        """V4 to V6: None where the dispatch counts, else the failed check. Its ``previous`` is not held."""
        error = self.v4_roster(node) or self._v5_standing(node)
        if error is None:
            if not node.judged:  # what was so at the entry cited stays so
                node.flaw = self._v5_endorsements(node) or self._v6_at_entry(node)
                node.judged = True
            error = node.flaw or self._v5_threshold(node) or self._v6_among_others(tree, node)
        return error

    def v4_roster(self, node: Node) -> CipherpostError | None:
        """The roster entry relied on is here, is ours, and is not before that of the last counting dispatch."""
        head = (node.roster, node.roster_hash)
        if head not in self._heads:  # an entry that is here stays
            error = self._v4_entry(node)
            if error is not None:
                return error
            self._heads.add(head)
        before = node.parent.last if node.parent is not None else None
        if before is not None and node.roster < before.roster:
            return RosterOlderError(
                f"it relies on roster entry {node.roster}, and number {before.number} on entry {before.roster}",
                rule="V4: no dispatch relies on an older roster entry than the one before it",
                hints=("its sender fetches, then sends it again",),
                channel=node.channel,
                number=node.number,
            )
        return None

    def cut_off(self, node: Node) -> CipherpostError | None:
        """V5 of a signed node that hangs nowhere: why it would not count whatever it links to, as the roster is now.

        `RosterHeldError` where the roster entry relied on is not here, and might change that.
        """
        error = self._v5_standing(node)
        return error if error is None else self._v4_entry(node) or error

    def _v4_entry(self, node: Node) -> CipherpostError | None:
        if node.roster > self.roster.newest:
            return RosterHeldError(
                f"it relies on roster entry {node.roster}, and {self.roster.newest} is the newest here",
                rule="V4: held until that entry is here; a post office that stands still shows here",
                hints=(FETCH,),
                channel=node.channel,
                number=node.number,
            )
        if node.roster_hash is not None and node.roster_hash != self.roster.hash_of(node.roster):
            return RosterDisagreesError(
                f"it relies on a roster entry {node.roster} that is not the one here",
                rule="V4: all have one roster",
                hints=("compare the roster's head with the center by telephone", FETCH),
                channel=node.channel,
                number=node.number,
            )
        return None

    def _v5_standing(self, node: Node) -> CipherpostError | None:
        """The key that signed was in good standing at the entry cited, and no later entry cuts it off below."""
        which = (node.channel, node.by, node.roster)
        key = self._uncut.get(which)
        if key is None:
            try:
                key = may_sign(self.roster, channel=node.channel, number=node.number, officer=node.by, at=node.roster)
            except CutOffError as error:
                return CutError(
                    error.what, rule=error.rule, hints=error.hints, channel=node.channel, number=node.number
                )
            except StandingError as error:
                return UnauthorizedError(
                    error.what, rule=error.rule, hints=error.hints, channel=node.channel, number=node.number
                )
            if all(each.until is None for each in self.roster.keys(node.office, node.by)):  # no cut for any number
                self._uncut[which] = key
        if node.keys and key.public not in node.keys:
            return UnauthorizedError(
                f"it is signed with a key that {node.office}/{node.by} did not have at roster entry {node.roster}",
                rule="V5: the key of the roster entry relied on signs",
                channel=node.channel,
                number=node.number,
            )
        return None

    def _v5_endorsements(self, node: Node) -> CipherpostError | None:
        """All endorsements are by other officers of the office, and verify. Whether they are enough: see below."""
        if node.endorsers or node.header.draft is not None:
            try:
                check_endorsements(self.roster, node.header)
            except (ThresholdError, MalformedError):
                return None  # looked at below, by `_v5_threshold`; and by V6, since draft and endorsed stand together
            except StandingError as error:
                return UnauthorizedError(error.what, rule=error.rule, channel=node.channel, number=node.number)
        return None

    def _v5_threshold(self, node: Node) -> CipherpostError | None:
        """As many officers signed as the threshold at the entry cited asks; who is cut off below is not counted."""
        if KINDS[node.kind].threshold != "office":
            return None
        needed = self.roster.threshold(node.office, node.roster)
        if needed == 1:
            return None
        count = 1 + sum(self._is_uncut(node, officer) for officer in node.endorsers)
        if count >= needed:
            return None
        enough_then = 1 + len(node.endorsers) >= needed
        return (CutError if enough_then else UnauthorizedError)(
            f"{count} of {needed} officers signed" + (", not counting those cut off since" if enough_then else ""),
            rule=f"V5: the threshold of {node.office} at roster entry {node.roster}",
            channel=node.channel,
            number=node.number,
        )

    def _is_uncut(self, node: Node, officer: str) -> bool:
        try:
            may_sign(self.roster, channel=node.channel, number=node.number, officer=officer, at=node.roster)
        except StandingError:
            return False
        return True

    def v6(self, tree: Above, node: Node) -> CipherpostError | None:
        """V6 of a dispatch that is not signed yet, and would hang below ``node.parent``."""
        return self._v6_at_entry(node) or self._v6_among_others(tree, node)

    def _v6_at_entry(self, node: Node) -> CipherpostError | None:
        """Lines and place of the kind, and the last day of the draft."""
        header = node.header
        try:
            check_lines(header)
            self._check_place(node)
        except (KindLinesError, KindPlaceError) as error:
            return error
        draft = header.draft
        if draft is not None and header.time[:10] > draft.until.isoformat():
            return DraftExpiredError(
                f"the draft might be posted until {draft.until}, and it is dated {header.time}",
                rule="V6: the last day of a draft is compared with the header's own time, in UTC",
                channel=node.channel,
                number=node.number,
            )
        return None

    def _check_place(self, node: Node) -> None:
        """`check_place`, once for all headers of a kind, channel and roster entry that it does not look into."""
        header = node.header
        which = (node.channel, node.roster, node.kind)
        looked_into = header.key or header.heads or header.acks or header.missing
        if looked_into or which not in self._in_place:
            check_place(header, **self._place(node.channel, node.roster))
            if not looked_into:
                self._in_place.add(which)

    def _v6_among_others(self, tree: Above, node: Node) -> CipherpostError | None:
        """The draft was not used before, and the target is one that may be superseded or cancelled."""
        if node.draft is not None and (used := tree.draft_used(node)):
            return DraftSpentError(
                f"number {used} bears the same draft, {node.draft}",
                rule="V6: a draft is posted once",
                channel=node.channel,
                number=node.number,
            )
        if node.target is not None:
            target = tree.ancestor(node, node.target) if node.target < node.number else node
            if target is node or target.verdict is not None or not same_threshold(target.kind, node.kind):
                return UncountedTargetError(
                    f"number {node.target} cannot be superseded or cancelled by it",
                    rule="V6: a lower, counting number of the channel, of a kind that needs the same signatures",
                    channel=node.channel,
                    number=node.number,
                )
        return None

    def _place(self, channel: str, at: int) -> Place:
        found = self._places.get((channel, at))
        if found is None:
            found = self._places[channel, at] = self._find_place(channel, at)
        return found

    def _find_place(self, channel: str, at: int) -> Place:
        roster, (office, _, audience) = self.roster, channel.partition("/")
        role = roster.role(office) or ""
        member = roster.lateral_member(office, audience, at)
        if audience == office:
            return Place(role=role, audience_is="own", audience_role=role, lateral_member=member)
        if roster.is_group(audience, at):
            return Place(role=role, audience_is="group", audience_role=None, lateral_member=member)
        if roster.state(audience, at) is None:
            raise KindPlaceError(
                f"there was no office or group {audience} at roster entry {at}",
                rule="V6: a dispatch is written to whom the roster names",
                channel=channel,
            )
        return Place(role=role, audience_is="office", audience_role=roster.role(audience), lateral_member=member)
