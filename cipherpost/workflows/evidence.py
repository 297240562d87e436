"""Laying down what this office saw: when another hash than ours is shown or named for a slot, our note goes under the
own office's ``evidence/``, where auditors find it though the carrier shows them something else.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from cipherpost.errors import UnableError
from cipherpost.postoffice import ReadOnlyError, UnreachableError, names
from cipherpost.workflows.syncing import ROSTER_CHANNEL

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk

_DUE: Final = "evidence due"


def note_down(desk: "Desk", entries: "Iterable[Entry]") -> None:
    """Remember which of our notes are to be laid down after these entries were taken up."""
    due = dict.fromkeys(_due(desk))
    before = len(due)
    for entry in entries:
        due.update(dict.fromkeys(_contradicted(desk, entry)))
    if len(due) > before:
        desk.mail.set_meta(_DUE, json.dumps(list(due)))


def lay(desk: "Desk") -> list[UnableError]:
    """Lay down what is due; doing it twice changes nothing.

    Returns:
        What could not be laid down, and why: it stays due, and stops nothing else (I7). A post office that takes
        nothing from us is left alone.

    Raises:
        UnreachableError: the post office does not answer; all stays due.
    """
    due = _due(desk)
    failed: dict[str, UnableError] = {}
    for text_hash in due:
        note = desk.mail.note(text_hash)
        if note is not None:
            try:
                desk.post.create(names.evidence_name(desk.network, desk.office, text_hash), note)
            except UnreachableError:
                raise
            except UnableError as error:
                failed[text_hash] = error
    if due:
        desk.mail.set_meta(_DUE, json.dumps(list(failed)))
    return [error for error in failed.values() if not isinstance(error, ReadOnlyError)]


def _due(desk: "Desk") -> list[str]:
    found: list[str] = json.loads(desk.mail.meta(_DUE) or "[]")
    return found


def _contradicted(desk: "Desk", entry: "Entry") -> Iterator[str]:
    """Hashes of our notes that this entry stands against: in its own slot, or where it names another hash."""
    header = entry.header
    for other in desk.chain.channel(header.channel).candidates(header.number):
        if other.hash != entry.hash:
            yield other.hash
    named = [(ack.channel, ack.number, ack.hash) for ack in header.acks]
    named += [(head.channel, head.number, head.hash) for head in header.heads]
    if header.reply is not None:
        named.append((header.reply.channel, header.reply.number, header.reply.hash))
    if header.roster is not None:
        named.append((ROSTER_CHANNEL, header.roster.number, header.roster.hash))
    for channel, number, stated in named:
        view = desk.chain.channels.get(channel)
        ours = view.entry(number) if view is not None and number else None
        if ours is not None and stated is not None and stated != ours.hash:
            yield ours.hash
