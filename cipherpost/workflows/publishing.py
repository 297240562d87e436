"""Publishing a letter: its plaintext with what proves it, as a folder or as one file; and verifying one."""

import os
import unicodedata
from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from cipherpost import limits, publication
from cipherpost.errors import ForkError, NotAuthenticError, UnableError, UseError
from cipherpost.publication import MANIFEST, Content, Page, Published
from cipherpost.text import shown
from cipherpost.workflows import letters
from cipherpost.workflows.archives import open_archive

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter
    from cipherpost.tar import Reader, Sink

_LITTER: Final = frozenset({"Thumbs.db", "desktop.ini"})
"""What file managers leave in folders, beside files whose names begin with a full stop."""
_MOST_FILES: Final = 10_000_000


class PublishRefusedError(UseError):
    """What is held or void is not published."""


class NotEmptyError(UnableError):
    """The folder to publish into holds something already."""


class ForeignFileError(NotAuthenticError):
    """A published folder holds a file that is no part of the publication."""


class OtherSideError(ForkError):
    """This home has verified another dispatch under the number that is published."""


# ---- making one ------------------------------------------------------------------------------------------------------


def content(desk: "Desk", place: str, *, omit: Iterable[str] = ()) -> Content:
    """What a publication of a dispatch is made of, once its letter was opened and checked to the end.

    Args:
        omit: members to leave out: ``attachments/NAME``, ``NAME`` of an attachment, ``body.md``, ``data.json``.

    Raises:
        NoSuchDispatchError, PublishRefusedError: not here; held or void.
        NotAuthenticError, NotForUsError: V9 or V10 failed; not sealed to this officer.
    """
    entry = letters.entry_at(desk, place)
    _check_counts(entry, place)
    header = entry.header
    if header.letter is None:
        raise publication.NothingToPublishError(f"this is a {header.kind}; it carries no letter", where=place)
    if not desk.copies.has(header.sealed[0].hash):
        letters.fetch_sealed(desk, header)
    letter = letters.open_letter(desk, header)
    note = desk.mail.note(entry.hash)
    assert note is not None  # it counts, so it is kept
    return Content(
        network=desk.network,
        fingerprint=desk.fingerprint,
        note=note,
        roster=[note for _, note in desk.mail.notes("center/roster")],
        letter=letter,
        open=lambda: open_archive(desk, header),
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
    return f"attachments/{name}" if name not in paths and f"attachments/{name}" in paths else name


def later_word(desk: "Desk", published: Published) -> tuple[str, int] | None:
    """What replaced the dispatch: ("superseded" or "cancelled", by which number), as this home has verified it."""
    header = published.header
    found = None
    for node in desk.chain.channel(header.channel).counting():
        if node.target == header.number:
            word = "superseded" if node.header.supersedes is not None else "cancelled"
            found = (word, node.number)
    return found


def write_folder(packed: publication.Packed, folder: Path) -> None:
    """Write a publication as a folder, which is new or empty; what is cut off has no ``publication.json``.

    Raises:
        NotEmptyError: it holds something. AttachmentNameError: a name that cannot be saved everywhere.
        DiskError: the disk refused.
    """
    from cipherpost.home.files import NewFile, disk_errors
    from cipherpost.letter import check_attachment_names

    attachments = f"{publication.MEMBERS}attachments/"
    check_attachment_names(name.removeprefix(attachments) for name, _ in packed.sizes if name.startswith(attachments))
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NotEmptyError(
                "there is something in this folder already",
                where=str(folder),
                rule="nothing is written over; a publication has a folder of its own",
                hints=("name another folder behind -o",),
            )
    first: bytes | None = None
    for name, size, source in packed.members():
        if name == MANIFEST:  # last of all: without it the folder is no publication
            assert isinstance(source, bytes)
            first = source
            continue
        path = folder.joinpath(*name.split("/"))
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with NewFile(path, replace=False) as file:
            if isinstance(source, bytes):
                file.write(source)
            else:
                _copy(source, size, file)
    assert first is not None
    with NewFile(folder / MANIFEST, replace=False) as file:
        file.write(first)


def _copy(source: "Reader", size: int, sink: "Sink") -> None:
    left = size
    while left and (chunk := source.read(min(left, limits.PIECE))):
        sink.write(chunk)
        left -= len(chunk)


def write_archive(packed: publication.Packed, path: Path) -> None:
    """Write a publication as one file.

    Raises:
        AlreadyThereError: there is a file of this name. DiskError: the disk refused.
    """
    from cipherpost.home.files import NewFile

    with packed.open() as source, NewFile(path, replace=False) as file:
        while chunk := source.read(limits.PIECE):
            file.write(chunk)


# ---- verifying one ---------------------------------------------------------------------------------------------------


def is_publication(path: Path) -> bool:
    """Whether a path means to be a publication, however damaged: a folder, or an archive that begins like one."""
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MANIFEST) + 1) == MANIFEST.encode() + b"\x00"


def verify(path: Path, fingerprint: str, *, page: Page | None = None) -> Published:
    """Verify a publication without a home: a folder or one file.

    Raises:
        ForeignFileError: a folder holds something else too. Whatever `cipherpost.publication.verify` raises.
    """
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return publication.verify(file, fingerprint, page=page)
        with closing(_Folder(path)) as members:
            return publication.verify_members(members, fingerprint, page=page)
    except NotAuthenticError as error:
        error.where = error.where or ("" if error.channel else str(path))
        raise


def compare(desk: "Desk", published: Published) -> str:
    """What this home, of the same network, knows of the dispatch: in words, for people.

    Raises:
        OtherSideError: it has verified another dispatch under this number.
        NotAuthenticError: by the newest roster here, it does not count (the class of the check).
    """
    header = published.header
    view = desk.chain.channel(header.channel)
    same = view.by_hash(published.hash)
    if same is not None:
        if same.status == "void" and same.reason is not None:
            raise same.reason
        return "this home has the same dispatch under this number" + (" (held)" if same.status == "held" else "")
    if view.entry(header.number) is not None:
        raise OtherSideError(
            "this home has another dispatch under this number",
            channel=header.channel,
            number=header.number,
            rule="one number, one header: somebody signed two, or two at the same time",
            hints=("cipherpost fetch --full", "cipherpost audit"),
        )
    return "this home does not have this number"


class _Folder:
    """The files of a published folder, one open at a time; links are no files."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            unicodedata.normalize("NFC", path.relative_to(folder).as_posix()): path
            for path in islice(folder.rglob("*"), _MOST_FILES)
            if path.is_symlink() or not path.is_dir()
        }
        self._open: BinaryIO | None = None
        self._taken: set[str] = set()

    def take(self, name: str) -> "_File | None":
        """The file of this name."""
        self.close()
        path = self._files.get(name)
        if path is None or path.is_symlink() or not path.is_file():
            return None
        self._taken.add(name)
        self._open = path.open("rb")
        return _File(name, os.fstat(self._open.fileno()).st_size, self._open)

    def end(self) -> bool:
        """Whether there is nothing else but what file managers leave.

        Raises:
            ForeignFileError: naming the first.
        """
        rest = [name for name in sorted(self._files.keys() - self._taken) if not _is_litter(name)]
        if rest:
            raise ForeignFileError(
                "this file is no part of the publication",
                where=shown(rest[0], 80),
                rule="a published folder holds nothing but what was verified",
                hints=("take it away, then verify the folder again", "do not trust what it says"),
            )
        return True

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _is_litter(name: str) -> bool:
    plain = name.rpartition("/")[2]
    return plain.startswith(".") or plain in _LITTER


class _File(NamedTuple):
    """A file of a folder as a member."""

    name: str
    size: int
    source: BinaryIO

    def read(self, size: int = limits.PIECE, /) -> bytes:
        """At most so many of the next bytes."""
        return self.source.read(size)
