"""Publishing a letter: its plaintext with what proves it, as a folder or as one file."""

import io
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cipherpost import limits, publication
from cipherpost.errors import UnableError, UseError
from cipherpost.publication import Content, Page, Published
from cipherpost.text import sha256
from cipherpost.workflows import letters, originals, published

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter
    from cipherpost.tar import Reader, Sink


class PublishRefusedError(UseError):
    """What is held or void is not published."""


class NotEmptyError(UnableError):
    """The place to publish into is taken already."""


def content(desk: "Desk", place: str, *, omit: Iterable[str] = ()) -> Content:
    """What a publication of a dispatch is made of, once its letter was opened and checked to the end.

    Args:
        omit: parts to leave out: ``attachments/NAME``, or ``NAME`` alone; ``body``, ``data``.

    Raises:
        NoSuchDispatchError, PublishRefusedError: not here; held or void.
        NotAuthenticError, NotForUsError: V9 or V10 failed; not sealed to this officer.
    """
    entry = letters.entry_at(desk, place)
    _check_counts(entry, place)
    header = entry.header
    if header.letter is None:
        raise publication.NothingToPublishError(f"this is a {header.kind}; it carries no letter", where=place)
    letter = originals.open_letter(desk, entry)
    note = desk.mail.note(entry.hash)
    assert note is not None  # it counts, so it is kept
    return Content(
        network=desk.network,
        fingerprint=desk.fingerprint,
        note=note,
        roster=[note for _, note in desk.mail.notes("center/roster")],
        letter=letter,
        open=lambda: originals.archive(desk, entry),
        omit=frozenset(_path(letter, name) for name in omit),
    )


def _check_counts(entry: "Entry", place: str) -> None:
    if not entry.counts:
        raise PublishRefusedError(
            f"this dispatch is {entry.status}",
            where=place,
            rule="only what counts is published",
            hints=("cipherpost fetch", "cipherpost inbox"),
        )


def _path(letter: "Letter", name: str) -> str:
    """The member that a user named; whatever is none is for `publication.pack` to refuse."""
    paths = {each.path for each in letter.members}
    parts = {path.partition(".")[0]: path for path in paths if "/" not in path}
    named = (name, f"attachments/{name}", parts.get(name, name))
    return next((path for path in named if path in paths), name)


def later_word(desk: "Desk", about: Published) -> tuple[str, int] | None:
    """What replaced the dispatch: ("superseded" or "cancelled", by which number), as this home has verified it."""
    header = about.header
    found = None
    for node in desk.chain.channel(header.channel).counting():
        if node.target == header.number:
            word = "superseded" if node.header.supersedes is not None else "cancelled"
            found = (word, node.number)
    return found


def save(desk: "Desk", packed: publication.Packed, path: Path, *, one_file: bool, page: Page) -> None:
    """Write a publication, and verify what was written as whoever gets it will: all of it is there, or nothing.

    Wants the home's lock: what an earlier run of this home was killed over, beside the same place, is removed first.

    Raises:
        NotEmptyError: there is something already. AttachmentNameError: a name that cannot be saved everywhere.
        DiskError: the disk refused. Whatever `published.verify` raises.
    """
    from cipherpost.home.files import disk_errors

    begun = _beside(desk, path)
    _sweep(path.parent, begun)
    _check_free(path, one_file=one_file)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.parent / f"{begun}{secrets.token_hex(8)}"
    try:
        with disk_errors(path):
            if one_file:
                _write_archive(packed, beside)
            else:
                _write_folder(packed, beside)
        published.verify(beside, packed.published.fingerprint, page=page)
        with disk_errors(path):
            if not one_file and path.is_dir():
                path.rmdir()
            beside.rename(path)
    finally:
        _clear(beside)


def _clear(beside: Path) -> None:
    if beside.is_dir():
        shutil.rmtree(beside, ignore_errors=True)
    else:
        beside.unlink(missing_ok=True)


def _beside(desk: "Desk", path: Path) -> str:
    """How what is written beside ``path`` begins: by it this home, which writes one thing at a time, knows its own."""
    whose = f"{desk.machine.home_id()} {desk.home.resolve()} {path.resolve().name}"
    return f".new-{sha256(whose.encode())[:16]}-"


def _sweep(folder: Path, begun: str) -> None:
    """Remove what a kill left behind in ``folder``: it may hold a letter in plain (I5). Links are not followed."""
    from cipherpost.home.files import disk_errors

    with disk_errors(folder):
        for left in list(folder.iterdir()) if folder.is_dir() else ():
            if left.name.startswith(begun) and not left.is_symlink():
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _check_free(path: Path, *, one_file: bool) -> None:
    taken = path.is_symlink() or path.exists()
    if taken and not one_file and path.is_dir() and not any(path.iterdir()):
        return
    if taken:
        raise NotEmptyError(
            "there is a file of this name already" if one_file else "there is something in this place already",
            where=str(path),
            rule="nothing is written over; a publication has a place of its own",
            hints=("name another place behind -o",),
        )


def _write_folder(packed: publication.Packed, folder: Path) -> None:
    from cipherpost.letter import check_attachment_names

    attachments = f"{publication.MEMBERS}attachments/"
    check_attachment_names(name.removeprefix(attachments) for name, _ in packed.sizes if name.startswith(attachments))
    for name, size, source in packed.members():
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            _copy(io.BytesIO(source) if isinstance(source, bytes) else source, size, file)


def _write_archive(packed: publication.Packed, path: Path) -> None:
    with packed.open() as source, path.open("xb") as file:
        shutil.copyfileobj(source, file, limits.PIECE)


def _copy(source: "Reader", size: int, sink: "Sink") -> None:
    left = size
    while left and (chunk := source.read(min(left, limits.PIECE))):
        sink.write(chunk)
        left -= len(chunk)
