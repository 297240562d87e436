"""Notes from the post office into the chain, and what the chain makes of them into the local database.

A reader asks for the next number of each channel, and for the one after it, so that a gap shows; only what does not
fit makes it list a slot or a channel (docs/protocol.md, "Reading").
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.chain.channel import Entry
from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError, UnableError
from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, UnreadableObjectError, listed, names
from cipherpost.roster.standing import StandingError, may_sign
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import voided
from cipherpost.workflows.moving import ANOTHER_COPY

if TYPE_CHECKING:
    from cipherpost.desk import Desk

ROSTER_CHANNEL = f"{CENTER}/{ROSTER}"
_LISTED: int = 10_000
"""Names of one channel that are looked at to explain a gap."""
_NAMED: int = 256
"""Texts of one channel that are asked for by their hashes at a time."""


class RosterShortError(NotAuthenticError):
    """The post office shows a shorter or another roster than this home was told of."""


class OtherNetworkError(NotAuthenticError):
    """The post office belongs to another network that has the same name."""


@dataclass(slots=True)
class Synced:
    """What one round found: entries newly known, notes refused with their reasons, numbers that are missing."""

    new: list[Entry] = field(default_factory=list)
    refused: list[CipherpostError] = field(default_factory=list)
    missing: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


# ---- one note ----------------------------------------------------------------------------------------------------


def take_note(desk: "Desk", channel: str, number: int, note: bytes) -> Entry:
    """Judge a note and keep what follows; one that nobody is known to have signed is held, and not kept.

    Raises:
        NotAuthenticError, NewerError: refused; nothing was kept.
    """
    view = desk.chain.channel(channel)
    before, count = view.tree.end, len(view.tree.known)
    desk.chain.forget_strangers()  # they are no part of what is kept, and are met again
    entry = desk.chain.offer(channel, number, note)
    node = view.tree.known[entry.hash]
    if not node.signed:
        # By nobody that the roster knows yet: left at the post office, where the next round meets it again.
        desk.trace(f"{channel}/{number}: held, {entry.reason.what if entry.reason else 'nobody is known to sign it'}")
        desk.chain.forget(channel, entry.hash)
        return entry
    if len(view.tree.known) > count:
        _notice_copy(desk, entry)
    elif view.tree.changed is None:
        return entry
    desk.trace(f"{channel}/{number}: {entry.header.kind} by {entry.header.by}, {entry.status}")
    appended = view.tree.changed == number and view.tree.end.hash == entry.hash and view.tree.end.parent is before
    with desk.mail.transaction():
        reason = entry.reason.what if entry.reason else ""
        desk.mail.put(channel, node.row("counts"), note, status="counts" if appended else "waiting", reason=reason)
        if appended:
            view.tree.changed = None
            learn(desk, entry)
        if channel != ROSTER_CHANNEL:
            voided.note_down(desk, channel, save_path(desk, channel))
        else:
            for name in tuple(desk.chain.channels):
                voided.note_down(desk, name, save_path(desk, name))
    return entry


def _notice_copy(desk: "Desk", entry: Entry) -> None:
    """A dispatch signed with this officer's key that this home never signed: another copy of it is at work (I3).

    One from before a home was put back is what such a home has to expect, while it waits for an answer there.
    """
    header = entry.header
    if not is_by_own_key(desk, entry):
        return
    moved = desk.machine.moved_state()
    if moved is not None and header.time <= moved.since and header.channel not in moved.cleared:
        return
    if desk.journal.find(header.channel, header.number) != entry.hash:
        reason = f"{ANOTHER_COPY}, or a thief, has signed {header.channel}/{header.number}"
        desk.machine.mark_moved(reason, desk.time())


def is_by_own_key(desk: "Desk", entry: Entry) -> bool:
    """Whether a dispatch is signed with the key that this home signs with, and not with an older one of this officer.

    What a thief signs with a key that was replaced, or lost with an older home, tells nothing of a copy of this one.
    """
    from cipherpost.home import rotation
    from cipherpost.workflows.owncards import own_cards

    header = entry.header
    node = desk.chain.channel(header.channel).tree.known[entry.hash]
    if (header.office, header.by) != (desk.office, desk.officer) or not node.signed:
        return False
    mine = own_cards(desk)[:1]
    keys = node.keys
    if not keys and header.roster is not None:  # taken up from what the home keeps, which was judged before
        then = desk.roster.officer(header.office, header.by, header.roster.number)
        keys = (then.vkey.public,) if then is not None else ()
    if not mine or not keys:
        return True
    own = {mine[0].card.vkey.public}
    if mine[0].card.replaces is not None and rotation.under_way(desk.home, desk.officer) is not None:
        own.add(mine[0].card.replaces.public)
    return not own.isdisjoint(keys)


def save_path(desk: "Desk", channel: str) -> list[tuple[int, str]]:
    """Write down a channel's path from where it has changed, if it has, with the acks of what counts there now.

    Returns:
        Number and hash of what counted there before and does not now.
    """
    view = desk.chain.channel(channel)
    if view.tree.changed is None:
        return []
    above, view.tree.changed = view.tree.changed - 1, None
    before = {row.hash: row.number for row in desk.mail.rows(channel, above) if row.status == "counts"}
    rows = list(view.rows(above))
    desk.mail.set_path(channel, rows, above)
    after = {row.hash: row.number for row in rows if row.status == "counts"}
    for text_hash, number in before.items():
        if text_hash not in after:
            desk.mail.drop_acks(channel, number)
    for text_hash, number in after.items():
        if text_hash not in before:
            entry = view.by_hash(text_hash)
            if entry is not None:
                desk.mail.drop_acks(channel, number)
                learn(desk, entry)
    _state_heads(desk, channel)
    _open_from(desk, channel, min((number for _, number in before.items() ^ after.items()), default=0))
    return [(number, hashed) for hashed, number in before.items() if hashed not in after]


def _open_from(desk: "Desk", channel: str, number: int) -> None:
    """Letters from ``number`` on are looked at again, since others count now or may come than when they were opened.

    What others say in them is answered again likewise (`restoring`).
    """
    for name in (f"opened {channel}", f"answered {channel}"):
        settled = int(desk.mail.meta(name) or 0)
        if 0 < number <= settled:
            desk.mail.set_meta(name, str(number - 1))


def learn(desk: "Desk", entry: Entry) -> None:
    """Keep what a counting header says of others: acks and missing numbers; and what its channel now states."""
    header = entry.header
    desk.mail.add_acks(header)
    if header.audience == desk.office and header.office != desk.office:
        lines = (f"{line.channel}/{line.first}-{line.last}" for line in header.missing)
        desk.mail.set_meta(f"missing {header.office}", " ".join((str(header.number), *lines)))
    _state_heads(desk, header.channel)


def _state_heads(desk: "Desk", channel: str) -> None:
    """Keep the head lines of a channel's last counting header; those of earlier and of void ones hold no more."""
    last = desk.chain.channel(channel).last
    desk.stated.state(channel, last.header.heads if last is not None else ())


def stated_head(desk: "Desk", channel: str) -> int | None:
    """The highest number of a channel that its own office states to anybody here, while it is in good standing."""
    head = desk.stated.of(channel)
    good = head is not None and desk.roster.good(channel.partition("/")[0], desk.roster.newest)
    return head.number if head is not None and good else None


# ---- slots and channels ------------------------------------------------------------------------------------------


def take_slot(desk: "Desk", channel: str, number: int, synced: Synced | None = None) -> bool:
    """Take whatever lies in one slot; whether any note of it was kept.

    The plain name comes first; the alternates are listed when it is junk, or not what the next header links to.
    """
    result = synced if synced is not None else Synced()
    plain = names.note_name(desk.network, channel, number)
    found, junk = _take_object(desk, channel, number, plain, result)
    held = desk.chain.channel(channel).next <= number
    if junk or (found and (held or _unlinked(desk, channel, number))):
        found = _take_alternates(desk, channel, number, result) or found
    return found


def _take_alternates(desk: "Desk", channel: str, number: int, result: Synced) -> bool:
    found = False
    names_there = listed(desk.post, names.slot_prefix(desk.network, channel, number), most=_LISTED)
    for name in islice(names_there, limits.ALTERNATES):
        if names.parse_object_name(name) != names.parse_object_name(names.note_name(desk.network, channel, number)):
            found = _take_object(desk, channel, number, name, result)[0] or found
    return found


def _unlinked(desk: "Desk", channel: str, number: int) -> bool:
    """Whether a later note here links to a text of this slot that we do not have."""
    return any(wanted == number for wanted, _ in desk.chain.channel(channel).wanted())


def _take_object(desk: "Desk", channel: str, number: int, name: str, result: Synced) -> tuple[bool, bool]:
    """(kept, junk) for one object: a refusal is listed, and never stops the rest (I7)."""
    limit = limits.ROSTER_BYTES if channel == ROSTER_CHANNEL else limits.HEADER_BYTES
    try:
        note = desk.post.get(name, limit)
    except (ForeignObjectError, TooLargeError) as error:
        result.refused.append(placed(error, channel, number))
        return False, True
    except NoSuchObjectError:
        return False, False
    except UnreadableObjectError as error:
        result.refused.append(placed(error, channel, number))
        return False, False
    try:
        entry = take_note(desk, channel, number, note)
    except (NotAuthenticError, NewerError) as error:
        result.refused.append(placed(error, channel, number))
        return False, True
    if desk.chain.channel(channel).by_hash(entry.hash) is None:
        return False, True
    result.new.append(entry)
    return True, False


def placed(error: CipherpostError, channel: str, number: int) -> CipherpostError:
    """The refusal with the dispatch it is about, before whatever part of it the check has named."""
    if error.channel is None:
        error.channel, error.number = channel, number
    place = f"{channel}/{number}"
    if error.where and place not in error.where:
        error.where = f"{place}, {error.where}"
    return error


def follow(desk: "Desk", channel: str, synced: Synced | None = None, *, full: bool = False) -> Synced:
    """Take everything new of one channel.

    Raises:
        UnableError: the post office does not answer; what was taken before is kept.
    """
    result = synced if synced is not None else Synced()
    view = desk.chain.channel(channel)
    with desk.mail.transaction():
        while True:
            number = view.next
            if take_slot(desk, channel, number, result) and view.next > number:
                continue
            if full or _more_is_known(desk, channel, number):
                before = view.next
                _take_listed(desk, channel, result)
                if view.next != before:  # lower, where the other side of a settled fork has come
                    continue
            break
    missing = missing_numbers(desk, channel)
    if missing:
        result.missing[channel] = missing
    return result


def _more_is_known(desk: "Desk", channel: str, number: int) -> bool:
    """Whether anything speaks of a number above the one that is not there, or of another text than we have."""
    stated = stated_head(desk, channel)
    if stated is not None and stated >= number:
        return True
    view = desk.chain.channel(channel)
    if view.gaps() or view.wanted() or _unseen_pins(desk, channel):
        return True
    return desk.post.size(names.note_name(desk.network, channel, number + 1)) is not None


def _unseen_pins(desk: "Desk", channel: str) -> list[tuple[int, str]]:
    """Numbers and hashes that the roster settled or cut at, of which this home has only another text."""
    view = desk.chain.channel(channel)
    pins = ((pin.number, pin.hash) for pin in desk.roster.pins(channel))
    return [(number, hashed) for number, hashed in pins if view.candidates(number) and view.by_hash(hashed) is None]


def _take_listed(desk: "Desk", channel: str, result: Synced) -> None:
    """List the channel from where it breaks off, or from the lowest text that is wanted, and take all of it."""
    view = desk.chain.channel(channel)
    _take_named(desk, channel, result)
    lowest = min([view.next, *(number for number, _ in view.wanted())])
    prefix = names.channel_prefix(desk.network, channel)
    after = names.note_name(desk.network, channel, lowest - 1) if lowest > 1 else ""
    seen: Counter[int] = Counter()
    for name in listed(desk.post, prefix, after, most=_LISTED):
        slot = names.parse_object_name(name)
        if isinstance(slot, names.Slot) and slot.number >= lowest and seen[slot.number] <= limits.ALTERNATES:
            seen[slot.number] += 1
            _take_object(desk, channel, slot.number, name, result)
    _take_named(desk, channel, result)


def _take_named(desk: "Desk", channel: str, result: Synced) -> None:
    """Ask for the very texts that later ones or stated heads name, and for those that these name in turn.

    They are asked for under the alternate name, which is theirs however many others are listed in the slot, and then
    under the plain one: where the carrier showed us another side of a fork, the true one lies there.
    """
    view, head = desk.chain.channel(channel), desk.stated.of(channel)
    todo = [*view.wanted(), *_unseen_pins(desk, channel), *([(head.number, head.hash)] if head is not None else [])]
    asked: set[str] = set()
    while todo and len(asked) < _NAMED:
        number, text_hash = todo.pop()
        if text_hash not in asked and view.by_hash(text_hash) is None:
            asked.add(text_hash)
            plain = names.note_name(desk.network, channel, number)
            for name in (names.alternate_name(desk.network, channel, number, text_hash), plain):
                if view.by_hash(text_hash) is None and _take_object(desk, channel, number, name, result)[0]:
                    todo += view.wanted()


def binds(desk: "Desk", entry: Entry) -> bool:
    """Whether a held dispatch is a reason to wait: signed by an officer, and above no cut of his."""
    header = entry.header
    if not desk.chain.channel(header.channel).tree.known[entry.hash].signed:
        return False
    if header.roster is None:
        return True  # the roster's own entries are judged by the state before them
    try:
        may_sign(desk.roster, channel=header.channel, number=header.number, officer=header.by, at=header.roster.number)
    except StandingError:
        return False
    return True


def missing_numbers(desk: "Desk", channel: str) -> list[tuple[int, int]]:
    """The numbers of a channel that must exist and are not here: below anything held, or below a stated head."""
    view = desk.chain.channel(channel)
    found = [(gap.first, gap.last) for gap in view.gaps()]
    stated = stated_head(desk, channel)
    if stated is not None and stated >= view.next:
        lowest = max([last for _, last in found] + [entry.header.number for entry in view.held()], default=0)
        first = max(view.next, lowest + 1)
        if first <= stated:
            found.append((first, stated))
    return found


# ---- all channels ------------------------------------------------------------------------------------------------


def sync(desk: "Desk", *, full: bool = False) -> Synced:
    """One round over the roster and every channel this office reads.

    Raises:
        UnableError: the post office does not answer.
        RosterShortError: the roster is shorter than this home was told when it joined.
    """
    result = follow_roster(desk, full=full)
    channels = [name for name in readable(desk) if name != ROSTER_CHANNEL]
    with desk.progress.work("channels", len(channels)) as step:
        for channel in channels:
            follow(desk, channel, result, full=full)
            step(1)
    result.new = list(_distinct(result.new))
    desk.mail.set_meta("last fetch", desk.time())
    return result


def follow_roster(desk: "Desk", synced: Synced | None = None, *, full: bool = False) -> Synced:
    """The roster first: it says which channels there are.

    Raises:
        RosterShortError: see `sync`.
    """
    check_right_post(desk)
    result = follow(desk, ROSTER_CHANNEL, synced, full=full)
    if desk.roster.newest == 0:
        raise _no_network(desk, result)
    pin = desk.settings.roster
    if pin is not None and desk.roster.hash_of(pin.number) != pin.hash:
        shorter = desk.roster.newest < pin.number
        raise RosterShortError(
            f"the roster ends with entry {desk.roster.newest}" if shorter else "the roster has another entry here",
            channel=ROSTER_CHANNEL,
            number=pin.number,
            rule=f"the invitation named entry {pin.number} with another hash"
            if not shorter
            else f"the invitation named entry {pin.number}; somebody holds the roster back",
            hints=("try again later: cipherpost fetch", "ask the center to compare: cipherpost roster"),
        )
    return result


def check_right_post(desk: "Desk") -> None:
    """Refuse an empty mount point or somebody else's folder before anything is written into it.

    Raises:
        UnableError: the first roster entry of this network is not there.
        OtherNetworkError: another network's is.
    """
    name = names.note_name(desk.network, ROSTER_CHANNEL, 1)
    if desk.post.size(name) is None:
        if any(_lies_there(desk, number, note) for number, note in desk.mail.notes(ROSTER_CHANNEL)):
            return  # only the first entry was lost: the center puts it back
        raise _no_network(desk, Synced())
    found = _genesis_hash(desk, name)
    if found is not None and found != desk.fingerprint:
        raise OtherNetworkError(
            f"another network of the name {desk.network} is at this post office",
            where=desk.post.url,
            rule=f"a network is known by its fingerprint: ours is {desk.fingerprint[:16]}..., there is {found[:16]}...",
            hints=("name the right one: --post PLACE", "compare the number with the center: cipherpost roster"),
        )


def _lies_there(desk: "Desk", number: int, note: bytes) -> bool:
    """Whether an entry that this home knows lies at the post office, byte for byte."""
    name = names.note_name(desk.network, ROSTER_CHANNEL, number)
    return desk.post.size(name) == len(note) and desk.post.get(name, limits.ROSTER_BYTES) == note


def _genesis_hash(desk: "Desk", name: str) -> str | None:
    """The fingerprint of the network whose genesis lies there; None for junk, which says nothing about whose it is."""
    from cipherpost.chain.network import Chain
    from cipherpost.note import split
    from cipherpost.text import sha256

    try:
        note = desk.post.get(name, limits.ROSTER_BYTES)
        found = sha256(split(note).text)
        if found != desk.fingerprint:
            Chain(desk.network, found).offer(ROSTER_CHANNEL, 1, note)
    except (NotAuthenticError, NewerError, NoSuchObjectError, ForeignObjectError):
        return None
    return found


def _no_network(desk: "Desk", result: Synced) -> CipherpostError:
    if result.refused:
        return result.refused[0]
    return UnableError(
        f"the network {desk.network} is not at this post office",
        where=desk.post.url,
        rule="its first roster entry is missing; it may be the wrong folder, or not mounted",
        hints=("cipherpost doctor", "name the right one: --post PLACE"),
    )


def _distinct(entries: list[Entry]) -> Iterator[Entry]:
    seen: set[str] = set()
    for entry in entries:
        if entry.hash not in seen:
            seen.add(entry.hash)
            yield entry


def readable(desk: "Desk") -> Mapping[str, None]:
    """The channels this office reads, the roster first; found once for each state of the roster."""
    newest = desk.roster.newest
    if desk.channels_at != newest:
        channels = desk.roster.channels_read_by(desk.office, newest)
        desk.channels, desk.channels_at = dict.fromkeys((ROSTER_CHANNEL, *channels)), newest
    return desk.channels


def begun(desk: "Desk") -> list[str]:
    """Those of the channels this office reads of which anything is here: a center has one with every office."""
    roster, newest = desk.roster, desk.roster.newest
    return sorted(name for name in desk.chain.channels if roster.reads(desk.office, name, newest))
