"""Finishing what a home has begun: every command that posts does this first (I4)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cipherpost.errors import CipherpostError, UseError
from cipherpost.workflows.guards import KeysUnderWayError
from cipherpost.workflows.placing import NothingToSayError, post_item
from cipherpost.workflows.replacing import ReplacedAlreadyError
from cipherpost.workflows.results import Posted
from cipherpost.workflows.stranded import AddresseeGoneError, is_stranded

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item

_WAIT_ON: Final = (KeysUnderWayError, ReplacedAlreadyError, AddresseeGoneError)
"""Why something waits that is to hinder no entry of the roster: it may be the one that ends the waiting."""


class NothingToDropError(UseError):
    """No letter waits in this channel, or it is signed already and may have been posted."""


def drain(desk: "Desk") -> Iterator[tuple[str, Posted | CipherpostError]]:
    """Post what waits, oldest first; one that cannot be posted stops those of its own channel only (I7).

    What waits for this officer's new keys does not stop what a keeper says of the roster meanwhile.

    Yields:
        The item's name, and what became of it.
    """
    from cipherpost.workflows import rotating
    from cipherpost.workflows.plans import Plan

    rotating.finish(desk)
    if desk.outbox.sweep():
        _sweep_vault(desk)
    stuck: dict[str, CipherpostError] = {}
    for item in desk.outbox.items():
        if not item.exists():  # a proposal, posted with the letter that it was made of
            continue
        plan = Plan.from_dict(item.plan())
        channel = plan.channel
        if channel in stuck and not (plan.keeps and isinstance(stuck[channel], KeysUnderWayError)):
            yield item.name, stuck[channel]
            continue
        try:
            yield item.name, post_item(desk, item)
        except NothingToSayError:
            continue
        except ReplacedAlreadyError as error:  # it will never go, so nothing waits for it
            yield item.name, error
        except CipherpostError as error:
            stuck[channel] = error
            yield item.name, error


def _sweep_vault(desk: "Desk") -> None:
    """Forget what was kept for items that never came to be."""
    for name, _ in desk.mail.boxes("outgoing "):
        if not any(name == f"outgoing {item.name}" for item in desk.outbox.items()):
            desk.mail.drop_box(name)


def drain_or_raise(desk: "Desk") -> None:
    """Post what waits, and raise the first refusal; what only an entry of the roster or its officer ends waits on."""
    for _, outcome in drain(desk):
        if isinstance(outcome, CipherpostError) and not isinstance(outcome, _WAIT_ON):
            raise outcome


def drop(desk: "Desk", channel: str) -> int:
    """Let go of letters that wait; where some of them can never be posted as things stand, of those alone.

    These wait in the place of one that was replaced meanwhile, or for an office that lost its standing.

    Returns:
        How many they were.

    Raises:
        NothingToDropError: no such letter waits there.
    """
    from cipherpost.workflows.placing import is_replaced
    from cipherpost.workflows.plans import Plan

    waiting = [(item, Plan.from_dict(item.plan())) for item in desk.outbox.items()]
    free = [
        (item, plan)
        for item, plan in waiting
        if plan.channel == channel and plan.letter is not None and not _may_be_signed(desk, item)
    ]
    gone = [item for item, plan in free if is_replaced(desk, plan) or is_stranded(desk, plan)]
    dropped = gone or [item for item, _ in free]
    for item in dropped:
        item.remove()
        desk.vault.remove(f"outgoing {item.name}")
    if not dropped:
        raise NothingToDropError(
            "no letter waits there that can be let go",
            where=channel,
            rule="what is signed already is posted by the next round",
            hints=("cipherpost outbox", "cipherpost fetch"),
        )
    return len(dropped)


def _may_be_signed(desk: "Desk", item: "Item") -> bool:
    """Whether the number of an item is journaled: then it is no other's any more (I3)."""
    from cipherpost.dispatch.header import parse_header

    if item.stage() not in {"headed", "signed"}:
        return False
    header = parse_header(item.header())
    return item.stage() == "signed" or desk.journal.find(header.channel, header.number) is not None
