"""Verifying what was published, a folder or one file; and comparing it with what a home has verified."""

import os
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from cipherpost import limits, publication
from cipherpost.errors import ForkError, NotAuthenticError, TooLargeError
from cipherpost.publication import MANIFEST, Page, Published
from cipherpost.text import shown

if TYPE_CHECKING:
    from cipherpost.desk import Desk

_LITTER: Final = frozenset({"Thumbs.db", "desktop.ini"})
"""What file managers leave in folders, beside files whose names begin with a full stop."""
_MOST_FILES: Final = 1_000_000
"""Files of a folder that are looked at: the entries of a roster, the parts of a letter, and a few more."""

_FOLDERS_WITHIN: Final = 2
"""How deep folders stand within each other: members/attachments."""


class ForeignFileError(NotAuthenticError):
    """A published folder holds a file that is no part of the publication."""


class TooManyFilesError(TooLargeError):
    """A folder holds more files than any publication."""


class OtherSideError(ForkError):
    """This home has verified another dispatch under the number that is published."""


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
    if same is not None and same.status == "void" and same.reason is not None:
        raise same.reason
    others = [each for each in view.candidates(header.number) if each.hash != published.hash]
    if (same is None and others) or any(each.status == "held" for each in others):
        raise OtherSideError(
            "this home has another dispatch under this number",
            channel=header.channel,
            number=header.number,
            rule="one number, one header: somebody signed two, or two at the same time",
            hints=("cipherpost fetch --full", "cipherpost forks"),
        )
    if same is not None:
        return "this home has the same dispatch under this number" + (" (held)" if same.status == "held" else "")
    if header.roster is not None and header.roster.number > desk.roster.newest:
        return "this home has neither this number nor, yet, the roster entry that it relies on"
    _judge_here(desk, published)
    return "this home does not have this number; by the roster here it is signed by those who may"


def _judge_here(desk: "Desk", published: Published) -> None:
    """Judge the dispatch by the roster of this home, which may be newer than that of the publication."""
    from cipherpost.chain.judging import Judge
    from cipherpost.publication.judging import check_settled, open_at

    header, roster = published.header, desk.roster
    Judge(roster).by_itself(open_at(published.network, header.channel, header.number, published.note))
    check_settled(roster, header, published.hash)


class _Folder:
    """The files of a published folder, one open at a time; links are no files."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Path] = {}
        self._foreign: list[str] = []
        for count, name in enumerate(_names(folder), 1):
            if count > _MOST_FILES:
                raise TooManyFilesError(
                    "there are too many files in it", where=str(folder), rule=f"at most {_MOST_FILES}"
                )
            if name.endswith("/"):
                continue
            path = folder / name
            composed = unicodedata.normalize("NFC", name)  # some file systems keep names taken apart
            if self._files.setdefault(composed, path) is not path:
                self._foreign.append(name)
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
        beside = sorted([*(self._files.keys() - self._taken), *self._foreign])
        rest = [name for name in beside if not _is_litter(name)]
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


def _names(folder: Path, within: str = "", deeper: int = _FOLDERS_WITHIN) -> Iterator[str]:
    """What a folder holds, by path; folders end in a slash; links and what is too deep are as files."""
    with os.scandir(folder / within) as found:
        for each in found:
            name = within + each.name
            if not each.is_dir(follow_symlinks=False) or not deeper:
                yield name
                continue
            yield f"{name}/"
            yield from _names(folder, f"{name}/", deeper - 1)


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
