"""Two dispatches with one number: which one an officer links to, and what becomes of his own that did not stand.

A race is open until the next dispatch of the channel links to one side. All officers of the office link to the side in
the plain slot, so that they settle it alike whichever each of them took first (docs/protocol.md, "Races and forks").
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cipherpost.chain.checks import AsideError, RaceLostError
from cipherpost.errors import CipherpostError, NotAuthenticError, UnableError
from cipherpost.home.mail import ACTS
from cipherpost.text import parse_time
from cipherpost.workflows import syncing
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.syncing import ROSTER_CHANNEL

if TYPE_CHECKING:
    from cipherpost.chain.channel import Channel, Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header

_LOOK_AGAIN: Final = timedelta(days=2)
"""How long a round looks at the last slot of an own channel again: a careless store replaces a note soon or never."""


# ---- open races --------------------------------------------------------------------------------------------------


def link(desk: "Desk", channel: str) -> tuple[int, str | None]:
    """Number and hash that a new dispatch of an own channel links to, after one more look at that slot.

    Raises:
        UnableError: the post office does not answer.
    """
    view = desk.chain.channel(channel)
    if view.tip[0] == 0 or channel == ROSTER_CHANNEL:
        return view.tip
    look_again(desk, channel)
    sides = open_sides(view)
    if sides:
        plain = _plain_hash(desk, channel, view.tip[0])
        if plain in sides:
            return view.tip[0], plain
    return view.tip


def open_sides(view: "Channel") -> set[str]:
    """The hashes of the dispatches that the next one may link to; empty unless there are at least two."""
    end = view.tree.end
    if end.number == 0 or view.tip != (end.number, end.hash):
        return set()
    sides = {
        node.hash
        for node in view.tree.slots[end.number]
        if node.parent is end.parent and node.verdict is None and not view.tree.is_pinned_away(node)
    }
    return sides if len(sides) > 1 else set()


def look_again(desk: "Desk", channel: str, synced: syncing.Synced | None = None) -> None:
    """Read the last slot of a channel once more, and take up what lies there now if it is another dispatch."""
    number, text_hash = desk.chain.channel(channel).tip
    if number and _plain_hash(desk, channel, number) not in {None, text_hash}:
        syncing.take_slot(desk, channel, number, synced)


def look_again_everywhere(desk: "Desk", synced: syncing.Synced) -> None:
    """Look at the last slot of each own channel that was used lately."""
    for channel, last in desk.mail.last_times().items():
        if _is_own(desk, channel) and abs(desk.now() - parse_time(last)) < _LOOK_AGAIN:
            look_again(desk, channel, synced)


def checks(desk: "Desk") -> Iterator[Plan]:
    """A check for each own channel with an open race: it links to the side in the plain slot, and so settles it."""
    for channel in syncing.readable(desk):
        if _is_own(desk, channel) and open_sides(desk.chain.channel(channel)):
            yield Plan(channel=channel, kind="check", created=desk.time())


def _is_own(desk: "Desk", channel: str) -> bool:
    return channel.partition("/")[0] == desk.office and channel != ROSTER_CHANNEL


def _plain_hash(desk: "Desk", channel: str, number: int) -> str | None:
    """The hash of the text in the plain slot; None when nothing readable is there."""
    from cipherpost import limits
    from cipherpost.errors import TooLargeError
    from cipherpost.note import NoteError, split
    from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, names
    from cipherpost.text import sha256

    try:
        note = desk.post.get(names.note_name(desk.network, channel, number), limits.HEADER_BYTES)
        return sha256(split(note).text)
    except (NoSuchObjectError, ForeignObjectError, TooLargeError, NoteError):
        return None


# ---- the own side that lost --------------------------------------------------------------------------------------


def send_again(desk: "Desk") -> list[CipherpostError]:
    """Put into the outbox what this officer posted and what then lost a race: the same letter gets a new number.

    What the lost header said of others waits to be said again.

    Returns:
        Why a letter could not be put there, by its lost number: it is tried again next time, and stops no other (I7).

    Raises:
        UnreachableError: the post office does not answer.
    """
    from cipherpost.postoffice import UnreachableError

    failed = []
    for channel, number, note in desk.mail.waiting():
        if _is_own(desk, channel):
            entry = _lost(desk, channel, number, note)
            if entry is not None and desk.mail.meta(f"again {entry.hash}") is None:
                desk.mail.unpost(channel, number)
                try:
                    _put_again(desk, entry)
                except UnreachableError:
                    raise
                except (UnableError, NotAuthenticError) as error:
                    failed.append(syncing.placed(error, channel, number))
                else:
                    desk.mail.set_meta(f"again {entry.hash}", desk.time())
    return failed


def _lost(desk: "Desk", channel: str, number: int, note: bytes) -> "Entry | None":
    """The entry of a note of this officer that is void because another one of its number stands for good."""
    from cipherpost.note import split
    from cipherpost.text import sha256

    view = desk.chain.channel(channel)
    entry = view.by_hash(sha256(split(note).text))
    if entry is None or entry.header.by != desk.officer or not isinstance(entry.reason, RaceLostError | AsideError):
        return None
    settled = view.tree.standing(number)
    return entry if settled is not None and view.tree.goes_on(settled) else None


def _put_again(desk: "Desk", entry: "Entry") -> None:
    header = entry.header
    acts = tuple(ack for ack in header.acks if ack.word in ACTS)
    plan = Plan(
        channel=header.channel,
        kind=header.kind,
        created=desk.time(),
        reply=header.reply,
        supersedes=header.supersedes,
        cancels=header.cancels,
        due=header.due,
        report=header.report,
        decision=header.decision,
        draft=header.draft,
        endorsed=header.endorsed,
        acks=acts,
    )
    if header.letter is None:
        if acts and not any(Plan.from_dict(item.plan()).acks == acts for item in desk.outbox.items()):
            with desk.outbox.compose(desk.now()) as composing:
                composing.commit(plan.as_dict())
    elif not _is_sent(desk, header):
        _put_letter_again(desk, replace(plan, letter=header.letter), entry)


def _is_sent(desk: "Desk", header: "Header") -> bool:
    """Whether this very letter waits in the outbox, or stands under a later number: a kill may have come in between."""
    if any(item.plan().get("letter") == header.letter for item in desk.outbox.items()):
        return True
    view = desk.chain.channel(header.channel)
    later = (row for row in desk.mail.rows(header.channel) if row.number > header.number and row.by == desk.officer)
    entries = (view.by_hash(row.hash) for row in later)
    return any(entry is not None and entry.header.letter == header.letter for entry in entries)


def _put_letter_again(desk: "Desk", plan: Plan, entry: "Entry") -> None:
    """The sealed file opens with the own office's keys too, so it is what the outbox wants."""
    import shutil

    from cipherpost.workflows import letters

    letters.fetch_sealed(desk, entry.header)
    with desk.outbox.compose(desk.now()) as composing:
        with desk.copies.open(entry.header.sealed[0].hash) as source, composing.letter() as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        outline = desk.vault.get(f"letter {entry.hash}")
        if outline is not None:
            last = json.loads(desk.vault.get(f"last {plan.channel}") or b'["", 0, ""]')
            digest = last[0] if last[2] == entry.hash else ""
            desk.vault.put(f"outgoing {composing.name}", json.dumps([digest, outline.decode()]).encode())
        composing.commit(plan.as_dict())
