"""A change of this officer's own keys while it is under way, and the cards of his older keys.

``keys/<officer>.rotating`` is there from before new keys are made until the roster has them; it holds nothing secret:

    {"format":1,"since":"2026-11-22T09:00:00Z","card":"<64 hex>","draft":null}

``card`` is the hash of the card that is replaced; ``draft`` the number on center/center under which a lone keeper
announced his new keys. Beside it lie the cards of older keys,
``keys/<officer>.<first 16 digits of the card's hash>.card``, each for as long as the secret key itself: they tell which
letters this home can open, and how old a key is.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import NewerError, NotAuthenticError, UnableError
from cipherpost.home.files import disk_errors, flush_folder, write_file
from cipherpost.home.keys import KEYS
from cipherpost.text import TextError, parse_hash, parse_time

if TYPE_CHECKING:
    from cipherpost.card import SignedCard

FORMAT: Final = 1
_FILE_BYTES: Final = 4096


class RotationRecordError(UnableError):
    """What the home noted of its change of keys cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """New keys under way: since when (a protocol time), the hash of the card they replace, the draft's number."""

    since: str
    card: str
    draft: int | None = None


# ---- under way ---------------------------------------------------------------------------------------------------


def under_way(home: Path, officer: str) -> Rotation | None:
    """The change of keys that has begun and is not in the roster yet.

    Raises:
        RotationRecordError, NewerError: the record cannot be understood.
        DiskError: the disk refuses.
    """
    path = _marker(home, officer)
    with disk_errors(path):
        try:
            with path.open("rb") as file:
                data = file.read(_FILE_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        table: dict[str, Any] = json.loads(data)
        if table["format"] > FORMAT:
            raise NewerError("a newer cipherpost wrote this", where=str(path), hints=("update cipherpost",))
        parse_time(table["since"])
        draft = table["draft"]
        return Rotation(
            since=table["since"], card=parse_hash(table["card"]), draft=None if draft is None else int(draft)
        )
    except (ValueError, KeyError, TypeError, TextError, RecursionError):
        raise RotationRecordError(
            "the record of new keys under way is damaged",
            where=str(path),
            rule="nothing is signed before it is known with which key",
            hints=("remove this file, then: cipherpost keys rotate",),
        ) from None


def begin(home: Path, officer: str, rotation: Rotation) -> None:
    """Note that new keys are under way; wants the home's lock."""
    table = {"format": FORMAT, "since": rotation.since, "card": rotation.card, "draft": rotation.draft}
    write_file(_marker(home, officer), json.dumps(table, separators=(",", ":")).encode() + b"\n")


def end(home: Path, officer: str) -> None:
    """Forget it: the roster has the new keys."""
    path = _marker(home, officer)
    with disk_errors(path):
        path.unlink(missing_ok=True)
        flush_folder(path.parent)


def _marker(home: Path, officer: str) -> Path:
    return home / KEYS / f"{officer}.rotating"


# ---- cards of older keys -----------------------------------------------------------------------------------------


def keep_card(home: Path, card: "SignedCard") -> None:
    """Keep the card of a key that is about to be replaced."""
    write_file(_card_path(home, card), card.note)


def drop_card(home: Path, card: "SignedCard") -> None:
    """Forget the card of a key that was destroyed."""
    path = _card_path(home, card)
    with disk_errors(path):
        path.unlink(missing_ok=True)
        flush_folder(path.parent)


def older_cards(home: Path, officer: str) -> "tuple[SignedCard, ...]":
    """The cards of older keys that this home has, the newest first; what is no card is passed over.

    Raises:
        DiskError: the disk refuses.
    """
    from cipherpost.card import parse_card

    folder = home / KEYS
    pattern = re.compile(re.escape(officer) + r"\.[0-9a-f]{16}\.card")
    found = []
    with disk_errors(folder):
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        for name in names:
            if pattern.fullmatch(name):
                try:
                    found.append(parse_card((folder / name).read_bytes()))
                except NotAuthenticError:
                    continue
    return tuple(sorted(found, key=lambda each: (each.card.time, each.hash), reverse=True))


def _card_path(home: Path, card: "SignedCard") -> Path:
    return home / KEYS / f"{card.card.officer}.{card.hash[:16]}.card"
