"""Reports that were begun and not sent: kept sealed in the home, with whatever was typed (I4, I5).

While the user's editor is open, what is typed stands in a file that the user asked for, in a folder of its own below
``editing/``: whatever the editor leaves there is removed with it. What a killed editor left is taken up and sealed by
the next command that looks.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost.errors import UnableError, UseError
from cipherpost.home.files import disk_errors, make_folder, write_file

if TYPE_CHECKING:
    from cipherpost.desk import Desk

EDITING: Final = "editing"
SHEET: Final = "report.toml"
_BOX: Final = "draft "
_WAIT_SECONDS: Final = 10


class NoSuchDraftError(UseError):
    """No draft of this form and period is kept."""


class SheetBusyError(UnableError):
    """The same report is open in another editor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed of one report.

    ``text`` is TOML as the user left it; ``version`` of the form (None: the newest); ``day``: an event's day as far as
    it is known (as 2026-12-10); ``correcting``: the number it is to supersede; ``event``: it is the first report about
    a new event; ``saved``: protocol time; ``touched``: the user typed something since it was made.
    """

    form: str
    period: str
    version: int | None = None
    day: str | None = None
    correcting: int | None = None
    event: bool = False
    saved: str = ""
    touched: bool = True
    text: str = field(default="", repr=False)

    @property
    def held(self) -> date | None:
        """The event's day."""
        return date.fromisoformat(self.day) if self.day else None

    @property
    def command(self) -> str:
        """How to go on with it."""
        return f"cipherpost {'correct' if self.correcting else 'report'} {self.form} {self.period} --edit"

    def as_json(self) -> dict[str, object]:
        """The object for scripts; nothing of what was typed."""
        return {
            "form": self.form,
            "period": self.period,
            "form_version": self.version,
            "day": self.day,
            "correcting": self.correcting,
            "saved": self.saved,
        }


# ---- kept ----------------------------------------------------------------------------------------------------------


def save(desk: "Desk", draft: Draft) -> Draft:
    """Keep what was typed, instead of what was kept of the same report; gives it with the time of saving."""
    saved = replace(draft, saved=desk.time())
    desk.vault.put(_name(draft.form, draft.period), json.dumps(asdict(saved)).encode())
    return saved


def keep(desk: "Desk", draft: Draft) -> Draft:
    """As `save`, for a desk that does not hold the home's lock: other commands go on while a user types.

    Raises:
        HomeBusyError: another command holds it for long.
    """
    from cipherpost.home import lock

    with lock.writing(desk.home, timeout=_WAIT_SECONDS):
        return save(desk, draft)


def let_go(desk: "Desk", draft: Draft) -> None:
    """As `forget`, for a desk that does not hold the home's lock."""
    from cipherpost.home import lock

    with lock.writing(desk.home, timeout=_WAIT_SECONDS):
        forget(desk, draft.form, draft.period)


def load(desk: "Desk", form: str, period: str) -> Draft | None:
    """What was typed of a report, or None."""
    draft = _kept(desk, form, period)
    return draft if draft is not None and draft.touched else None


def listing(desk: "Desk") -> list[Draft]:
    """All drafts, the one saved last first."""
    if not desk.mail.boxes(_BOX):
        return []
    kept = (Draft(**json.loads(value)) for value in desk.vault.get_all(_BOX).values())
    return sorted((draft for draft in kept if draft.touched), key=lambda draft: draft.saved, reverse=True)


def forget(desk: "Desk", form: str, period: str) -> None:
    """Drop what was kept of a report: it was sent, or the user does not want it."""
    desk.vault.remove(_name(form, period))


def check_there(desk: "Desk", form: str, period: str) -> None:
    """Refuse what no draft is kept of.

    Raises:
        NoSuchDraftError: there is none.
    """
    if load(desk, form, period) is None:
        raise NoSuchDraftError(
            "there is no such draft",
            where=f"{form} {period}",
            rule="a draft is named by its form and period",
            hints=("cipherpost drafts",),
        )


def _kept(desk: "Desk", form: str, period: str) -> Draft | None:
    if desk.mail.box(_name(form, period)) is None:
        return None
    kept = desk.vault.get(_name(form, period))
    return None if kept is None else Draft(**json.loads(kept))


def _name(form: str, period: str) -> str:
    return f"{_BOX}{form} {period}"


# ---- the file for an editor ------------------------------------------------------------------------------------------


class Sheet:
    """The file that the user's editor is given (`open_sheet`)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str) -> None:
        """Put ``text`` into the file, readable by its owner alone."""
        write_file(self.path, text.encode("utf-8", "surrogateescape"))

    def read(self) -> str:
        """What stands there now, line ends as LF; bytes that are no UTF-8 stay as they are, for `write`."""
        with disk_errors(self.path):
            data = self.path.read_bytes() if self.path.exists() else b""
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        return text.replace("\r\n", "\n")


@contextmanager
def open_sheet(home: Path, form: str, period: str) -> Iterator[Sheet]:
    """A folder of its own with the file for an editor, for the block; removed afterwards with all that is in it (I5).

    Where the block ends with an error the file stays, since it may be the only copy: `rescue` seals it.

    Raises:
        SheetBusyError: the same report is open elsewhere. DiskError: see there.
    """
    from cipherpost.home import lock

    folder = _folder(home, form, period)
    make_folder(folder.parent)
    make_folder(folder)
    with ExitStack() as held:
        try:
            held.enter_context(lock.writing(folder))
        except lock.HomeBusyError:
            raise SheetBusyError(
                "this report is open in another editor",
                where=f"{form} {period}",
                rule="one at a time writes it",
                hints=("close the other editor",),
            ) from None
        yield Sheet(folder / SHEET)
        _clear(folder)
    _remove(folder)


def rescue(desk: "Desk") -> None:
    """Seal what editors that were killed left in the home, and remove it from the disk; wants the home's lock."""
    from cipherpost.home import lock

    for folder in _folders(desk.home):
        try:
            with lock.writing(folder):
                _take_up(desk, folder)
                _clear(folder)
        except lock.HomeBusyError:  # it is being written
            continue
        _remove(folder)


def _folders(home: Path) -> list[Path]:
    below = home / EDITING
    return sorted(each for each in below.iterdir() if each.is_dir()) if below.is_dir() else []


def _take_up(desk: "Desk", folder: Path) -> None:
    form, _, period = folder.name.partition("_")
    text = Sheet(folder / SHEET).read()
    draft = _kept(desk, form, period) or Draft(form=form, period=period)
    if text not in ("", draft.text):
        save(desk, replace(draft, text=text, touched=True))


def _folder(home: Path, form: str, period: str) -> Path:
    return home / EDITING / f"{form}_{period}"


def _clear(folder: Path) -> None:
    """Remove everything but the lock that is held; an editor may have left copies of its own."""
    from cipherpost.home import lock

    with disk_errors(folder):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in {lock.LOCK, lock.HOLDER}:
                path.unlink()


def _remove(folder: Path) -> None:
    with suppress(OSError):  # another command has just come for the same report; nothing is left to read in it
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        folder.parent.rmdir()
