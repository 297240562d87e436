"""Heads files: what an audit makes public, laid at the post office before its note, kept in the home, put back if lost.

They are public, so they lie open in the home, under ``mail/heads/<hash>.txt``.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cipherpost import limits
from cipherpost.errors import TooLargeError, UnableError
from cipherpost.home.files import NewFile, disk_errors, make_folder
from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, names

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import HeadsFile

_HEADS: Final = "mail/heads"


class HeadsNotPostedError(UnableError):
    """The post office did not keep the heads file of an audit; the audit waits in the outbox."""


def put(desk: "Desk", office: str, stated: "HeadsFile", open_file: Callable[[], BinaryIO]) -> bool:
    """Put a heads file where everybody looks, unless it is there already; whether it was put.

    Raises:
        HeadsNotPostedError: what is read back is not what was put.
    """
    name = names.heads_name(desk.network, office, stated.hash)
    if _is_there(desk, name, stated):
        return False
    desk.trace(f"putting {name} ({stated.size} bytes)")
    with open_file() as file:
        desk.post.put(name, file)
    if not _is_there(desk, name, stated):
        raise HeadsNotPostedError(
            "the post office did not keep the heads file",
            where=name,
            rule="only what is read back is posted; nothing is lost: the audit waits in the outbox",
            hints=("cipherpost fetch", "cipherpost doctor"),
        )
    return True


def _is_there(desk: "Desk", name: str, stated: "HeadsFile") -> bool:
    try:
        data = desk.post.get(name, min(stated.size, limits.HEADS_FILE_BYTES))
    except (NoSuchObjectError, ForeignObjectError, TooLargeError):
        return False
    return hashlib.sha256(data).hexdigest() == stated.hash


def keep(desk: "Desk", stated: "HeadsFile", open_file: Callable[[], BinaryIO]) -> None:
    """Keep the heads file of an own audit, to put it back where the carrier loses it."""
    path = _path(desk, stated)
    if path.is_file():
        return
    make_folder(path.parent)
    with disk_errors(path), open_file() as source, NewFile(path) as sink:
        sink.write(source.read())


def put_back(desk: "Desk", office: str, stated: "HeadsFile") -> bool:
    """Put back what this home keeps of it; whether it was lost.

    Raises:
        HeadsNotPostedError: see `put`.
    """
    path = _path(desk, stated)
    return path.is_file() and put(desk, office, stated, lambda: path.open("rb"))


def _path(desk: "Desk", stated: "HeadsFile") -> Path:
    return desk.home / _HEADS / f"{stated.hash}.txt"
