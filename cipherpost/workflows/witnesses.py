"""What offices laid down under their ``evidence/``, taken up and judged with all the rest (I7).

The store may list what it likes there: thousands of names that hide the true ones, or not those that matter. So what a
dispatch names by its hash, and is not here, is asked for by its own name; and a name that told nothing is passed over
next time, so that each look goes on where the last one ended. What is remembered is rebuilt by looking again, and is
dropped when the roster has grown, since a new entry may know who signed it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from cipherpost.errors import CipherpostError, NewerError, NotAuthenticError, TooLargeError
from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, names
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.desk import Desk

_LISTED: Final = 20_000
"""Names of one office's evidence that are gone through."""
_FETCHED: Final = 1_000
"""Notes of one office's evidence that are fetched at a time."""
_REMEMBERED: Final = 20_000
"""Names that told nothing, of all offices, that are remembered: 2 MiB."""
_NEEDED: Final = 1_000
"""Names of evidence that are asked for, listed or not, at a time."""
_MEMORY: Final = "evidence passed over"

Take = Callable[[str, bytes], None]
"""Judges a note found under a name of evidence."""


@dataclass(slots=True)
class Heard:
    """What a look brought: ``refused`` notes with the reasons; ``before``: how many names told nothing before."""

    refused: list[CipherpostError] = field(default_factory=list)
    before: int = 0


def listen(desk: "Desk", take: Take) -> Heard:
    """Fetch what was laid down, and give it to ``take``.

    Args:
        take: raises NotAuthenticError, NewerError or TooLargeError for what proves nothing.

    Raises:
        UnableError: the post office does not answer.
    """
    heard = Heard()
    for name in _needed(desk):
        _fetch(desk, name, take, heard)
    newest, memory = desk.roster.newest, _remembered(desk)
    passed, heard.before = dict.fromkeys(memory), len(memory)
    offices = desk.roster.offices(desk.roster.newest)
    with desk.progress.work("evidence", len(offices)) as step:
        for office in offices:
            for name in _unknown(desk, office, passed):
                if not _fetch(desk, name, take, heard):
                    passed[name] = None
            step(1)
    if len(passed) > len(memory):
        kept = list(passed)[:_REMEMBERED]
        desk.mail.set_meta(_MEMORY, json.dumps({"roster": newest, "names": kept}))
    return heard


def _unknown(desk: "Desk", office: str, passed: dict[str, None]) -> Iterator[str]:
    """Names listed of one office's evidence of which this home knows nothing yet."""
    prefix = names.kind_prefix(desk.network, office, "evidence")

    def unknown() -> Iterator[str]:
        for name in islice(desk.post.names(prefix), _LISTED):
            place = names.parse_object_name(name)
            if name in passed or not isinstance(place, names.Other) or place.kind != "evidence":
                continue
            if desk.mail.note(place.hash) is None:
                yield name

    return islice(unknown(), _FETCHED)


def _needed(desk: "Desk") -> list[str]:
    """Names of the texts that a dispatch here names for a number, and that are not here."""
    found: dict[str, None] = {}
    for channel, view in desk.chain.channels.items():
        office, _, audience = channel.partition("/")
        named = [(row.hash, row.office) for row in reversed(desk.mail.acks_of(channel)) if row.hash is not None]
        named += [(text_hash, office) for _, text_hash in view.wanted()]
        head = desk.stated.of(channel)
        named += [(head.hash, office)] if head is not None else []
        for text_hash, who in named:
            if text_hash not in view.tree.known:
                holders = (each for each in (who, office, audience, CENTER) if desk.roster.office(each) is not None)
                found |= dict.fromkeys(names.evidence_name(desk.network, each, text_hash) for each in holders)
    return list(found)[:_NEEDED]


def _fetch(desk: "Desk", name: str, take: Take, heard: Heard) -> bool:
    """Whether something was there that this home has now."""
    place = names.parse_object_name(name)
    assert isinstance(place, names.Other)
    if desk.mail.note(place.hash) is not None:
        return True
    try:
        take(name, desk.post.get(name, names.size_limit(name)))
    except (NoSuchObjectError, ForeignObjectError):
        return False
    except (NotAuthenticError, NewerError, TooLargeError) as error:
        error.where = f"{name}: {error.where}" if error.where else name
        heard.refused.append(error)
        return False
    return desk.mail.note(place.hash) is not None


def _remembered(desk: "Desk") -> list[str]:
    kept = json.loads(desk.mail.meta(_MEMORY) or "{}")
    return list(kept["names"]) if kept.get("roster") == desk.roster.newest else []
