"""Putting what is to be sent into the outbox, sealed to the own office before it touches the disk (I5)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from cipherpost.workflows.moving import check_not_away
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.sealing import recipients

if TYPE_CHECKING:
    from collections.abc import Callable

    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item
    from cipherpost.letter import LetterDraft
    from cipherpost.roster.state import OfficerInfo


def put_letter(
    desk: "Desk",
    plan: Plan,
    draft: "LetterDraft",
    *,
    keep: "Callable[[str], None] | None" = None,
    heads: bytes | None = None,
) -> "Item":
    """A dispatch with a letter, whole in the outbox when this returns.

    Args:
        keep: given the item's name before the item exists, so that what it keeps under it is there at any kill.
        heads: the heads file that the plan names, of an audit.

    Raises:
        LetterDraftError, AttachmentNameError: before anything is written.
        MovedAwayError: this home was given to another machine, and would never send it.
        DiskError: the outbox is as it was.
    """
    from cipherpost.age import Encryptor
    from cipherpost.letter import letter_size, write_letter

    check_not_away(desk)
    keys = recipients(desk, colleagues_known(desk))
    total = letter_size(draft)
    with desk.outbox.compose(desk.now()) as composing, desk.progress.work("writing", total, "B") as step:
        with composing.letter() as file, Encryptor(keys, file) as writer:
            written = write_letter(draft, _Counted(writer, step), random=desk.random)
        if heads is not None:
            with composing.heads() as file:
                file.write(heads)
        if keep is not None:
            keep(composing.name)
        return composing.commit(replace(plan, letter=written.letter_hash).as_dict())


def colleagues_known(desk: "Desk") -> "list[OfficerInfo]":
    """The own office's officers whose keys need no line: this one always, the others once they were met."""
    officers = desk.roster.officers(desk.office, desk.roster.newest)
    return [each for each in officers if each.name == desk.officer or desk.recipients.get(each.card) is not None]


def put_bare(desk: "Desk", plan: Plan) -> "Item":
    """A dispatch without a letter: receipt, check, roster entry.

    Raises:
        MovedAwayError: see `put_letter`.
    """
    check_not_away(desk)
    with desk.outbox.compose(desk.now()) as composing:
        return composing.commit(plan.as_dict())


class _Counted:
    """Passes bytes on and counts them for a progress bar."""

    def __init__(self, sink: object, step: object) -> None:
        self._write = sink.write  # type: ignore[attr-defined]
        self._step = step

    def write(self, data: bytes, /) -> int:
        """As the sink's."""
        self._write(data)
        self._step(len(data))  # type: ignore[operator]
        return len(data)
