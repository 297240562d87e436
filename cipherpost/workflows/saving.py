"""Writing a letter's text and attachments into a folder of the user's, where nothing unverified takes a name."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cipherpost.errors import UnableError, UseError

if TYPE_CHECKING:
    from cipherpost.letter import MemberInfo


class NoFolderError(UseError):
    """What is named behind --save is no folder, and cannot become one."""


class Saver:
    """Writes beside the final names, and gives the names only when the whole letter has been verified (I1).

    Args:
        folder: made if it is not there.
        force: write over files of the same names.

    Raises:
        NoFolderError: ``folder`` cannot be one.
        UnableError: a file is in the way.
    """

    def __init__(self, folder: Path, *, force: bool) -> None:
        self._folder = folder
        self._force = force
        self._open: list[tuple[Path, Path, BinaryIO]] = []

    def __enter__(self) -> "Saver":
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise NoFolderError(
                "there is a file where a folder is wanted",
                where=str(self._folder),
                rule="a letter is saved into a folder, which is made if it is not there",
                hints=("name another folder behind --save",),
            ) from None
        return self

    def __exit__(self, *_exc: object) -> None:
        for part, _, file in self._open:
            file.close()
            part.unlink(missing_ok=True)

    def attachment(self, info: "MemberInfo") -> BinaryIO:
        """Where the bytes of an attachment go, for now."""
        return self._new(info.name)

    def text(self, name: str, body: str) -> None:
        """The letter's own text."""
        self._new(name).write(body.encode())

    def _new(self, name: str) -> BinaryIO:
        from cipherpost.letter import windows_problem

        safe = (
            name
            if windows_problem(name) is None
            else "".join(ch if ch.isalnum() or ch in "._-" else "_" for ch in name)
        )
        path = self._folder / safe
        taken = {final.name.casefold() for _, final, _ in self._open}
        if safe.casefold() in taken:
            path = self._folder / f"{len(taken) + 1}-{safe}"
        if path.exists() and not self._force:
            raise UnableError(
                "a file of this name is there already",
                where=str(path),
                rule="nothing is written over",
                hints=("add --force", "name another folder behind --save"),
            )
        # A name that nobody can foresee, and made anew: a link laid there would lead what is not verified elsewhere.
        part = self._folder / f".{secrets.token_hex(16)}.part"
        file = part.open("xb")
        self._open.append((part, path, file))
        return file

    def commit(self) -> tuple[Path, ...]:
        """Give the files their names."""
        done = []
        for part, path, file in self._open:
            file.close()
            part.replace(path)
            done.append(path)
        self._open.clear()
        return tuple(done)
