"""Putting a home back from a backup, from the file of a move, or from paper (I1, I3, I4).

It is put together in a hidden folder beside its place and takes its name when all of it was read, opened and marked
as moved. So a kill leaves what was there, and a file that proves to be damaged leaves nothing.
"""

import glob
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import CipherpostError, NotAuthenticError, UnableError, UseError
from cipherpost.home import arrivals, backup, journal, last_backup
from cipherpost.home.files import FOLDER_MODE, disk_errors, flush_folder, make_folder, write_file
from cipherpost.home.keys import KEYS, KeyRing, put_back_keys
from cipherpost.home.lock import HomeBusyError, writing
from cipherpost.home.machine import MachineRecord, MachineRecordError, MovedState
from cipherpost.home.paper import PAPER_BYTES, is_paper, parse_paper
from cipherpost.home.settings import (
    FOLDERS,
    SETTINGS,
    HomeExistsError,
    Settings,
    SettingsError,
    default_home,
    read_settings,
    save_settings,
)
from cipherpost.text import format_time

if TYPE_CHECKING:
    from cipherpost.home.paper import Paper

_PAPER: Final = "it was put together from paper"
_PATIENCE: Final = 10.0
"""Seconds to wait for another command."""


class HomeThereError(UseError):
    """A home of this officer is where the backup would go; it stays as it is."""


class BackupOtherError(NotAuthenticError):
    """A backup whose files are not those of the home that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A home that was put back.

    ``moved``: it signs only where others have answered since; None: it came from the machine that gave it away.
    ``aside``: where the home lies that was there before. ``other``: the number of another machine it was meant for.
    ``card``: whether this officer's card is in it.
    """

    home: Path
    whose: str
    made: str | None
    moved: MovedState | None
    aside: Path | None = None
    other: str | None = None
    card: bool = True
    has_passphrase: bool = True

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "home": str(self.home),
            "officer": self.whose,
            "made": self.made,
            "free": self.moved is None,
            "set_aside": str(self.aside) if self.aside else None,
            "card": self.card,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where homes are put back: places, the clock, and what only a person can give.

    ``home``: None for the usual place. ``agree`` is asked before a home that is there gives way, and raises if not.
    ``new_passphrase`` None: keys from paper are to lie under none. ``post``: another post office than the file names.
    """

    home: Path | None
    user_data: Path
    state_dir: Path
    passphrase: Callable[[], str]
    new_passphrase: Callable[[], str] | None
    agree: Callable[[str], None]
    clock: Callable[[], datetime]
    force: bool = False
    post: str | None = None
    machine: str | None = None

    def time(self) -> str:
        """The moment in the protocol's form."""
        return format_time(self.clock().replace(microsecond=0))

    def record(self, home: Path, lives_at: Path) -> MachineRecord:
        """What is known of where a home lives."""
        return MachineRecord(home, state_dir=self.state_dir, machine=self.machine, lives_at=lives_at)


def put_back(file: Path, world: World) -> PutBack:
    """Put back the home that ``file`` holds.

    Raises:
        BackupError, BackupDamagedError, BackupOtherError, PaperFormError, NewerError: of the file.
        WrongPassphraseError: it does not open the file.
        HomeThereError: a home of this officer is there, and ``force`` is not set.
        HomeExistsError: something else is there, or the home of another officer.
    """
    with disk_errors(file), file.open("rb") as opened:
        data = opened.read(PAPER_BYTES + 1)
    if is_paper(data):
        return _from_paper(parse_paper(data, where=str(file)), world)
    return _from_backup(file, world)


def _from_backup(file: Path, world: World) -> PutBack:
    passphrase = world.passphrase()
    with ExitStack() as stack:
        opened = stack.enter_context(backup.open_backup(file, passphrase))
        about = opened.about
        place = _Place(world, about.whose, about.fingerprint, world.home)
        building = stack.enter_context(place.building())
        opened.unpack(building)
        settings = _check_files(building, about, passphrase)
        if world.post is not None:
            save_settings(building, _with_post(settings, world.post))
        if about.to is None:
            last_backup.note(building, about.made)  # the file itself, which its record inside cannot tell of
        inside = world.record(building, place.home).moved_state()
        moved: MovedState | None
        moved = MovedState(reason=f"it was put back from a backup of {about.made}", since=_since(building, world))
        aside = place.take(building, moved)
    free = about.to is not None and arrivals.use_up(world.state_dir, about.to, machine=world.machine)
    if free:  # from here on no other copy of the file is free on any machine
        world.record(place.home, place.home).restored(inside, arrived=True)
        moved = inside
    return PutBack(
        home=place.home,
        whose=about.whose,
        made=about.made,
        moved=moved,
        aside=aside,
        other=about.to if about.to is not None and not free else None,
        has_passphrase=KeyRing(place.home / KEYS, about.whose).has_passphrase,
    )


def _from_paper(paper: "Paper", world: World) -> PutBack:
    with ExitStack() as stack:
        place = _Place(world, paper.whose, paper.fingerprint, world.home)
        passphrase = world.new_passphrase() if world.new_passphrase is not None else None
        building = stack.enter_context(place.building())
        put_back_keys(building, paper.whose, paper.identities, paper.seeds, passphrase)
        settings = paper.settings(world.time())
        save_settings(building, settings if world.post is None else _with_post(settings, world.post))
        moved = MovedState(reason=_PAPER, since=world.time())
        aside = place.take(building, moved)
    return PutBack(
        home=place.home,
        whose=paper.whose,
        made=None,
        moved=moved,
        aside=aside,
        card=_find_cards(place.home, world, passphrase),
        has_passphrase=passphrase is not None,
    )


def _with_post(settings: Settings, post: str) -> Settings:
    from dataclasses import replace

    from cipherpost.desk import absolute

    return replace(settings, post=absolute(post))


# ---- the place ---------------------------------------------------------------------------------------------------


class _Place:
    """Where a home is to lie, and what is there now."""

    def __init__(self, world: World, whose: str, fingerprint: str, home: Path | None) -> None:
        network, office, officer = whose.split("/")
        settings = Settings(
            network=network, office=office, officer=officer, post="/", created=world.time(), fingerprint=fingerprint
        )
        self.home = (home or default_home(world.user_data, settings)).absolute()
        self._world = world
        self._there = self._look(settings)
        if self._there and not world.force:
            raise HomeThereError(
                f"a home of {whose} is here already",
                where=str(self.home),
                rule="a backup is older than the home, and a home is never written over unasked",
                hints=("--home DIR puts it elsewhere", "--force puts it here, and the home that is here aside"),
            )

    def _look(self, settings: Settings) -> bool:
        """Whether a home of this officer is there.

        Raises:
            HomeExistsError: something else is.
        """
        if not self.home.exists():
            return False
        if not (self.home / SETTINGS).is_file():
            with disk_errors(self.home):
                if self.home.is_dir() and not any(self.home.iterdir()):
                    return False
            raise self._taken("other things are here")
        try:
            there = read_settings(self.home)
        except SettingsError:
            return True  # a damaged home is what backups are for; it is only put aside
        if (there.key_name, there.fingerprint or settings.fingerprint) != (settings.key_name, settings.fingerprint):
            raise self._taken(f"the home of {there.key_name} is here")
        return True

    def _taken(self, what: str) -> HomeExistsError:
        return HomeExistsError(
            what,
            where=str(self.home),
            rule="a home is a folder of its own",
            hints=("name a new folder with --home",),
        )

    @contextmanager
    def building(self) -> Iterator[Path]:
        """A hidden folder beside the place, gone after the block; what a kill left of an earlier one goes first."""
        from filelock import FileLock, Timeout

        with disk_errors(self.home):
            self.home.parent.mkdir(parents=True, exist_ok=True)
        folder = self.home.with_name(f".{self.home.name}.restoring")
        lock = folder.with_name(f"{folder.name}.lock")
        try:
            held = FileLock(lock).acquire(timeout=_PATIENCE)
        except Timeout:
            raise HomeBusyError(
                "another command is putting a home back here",
                where=str(self.home),
                rule="one command at a time writes",
                hints=("wait until it has ended and run the command again",),
            ) from None
        with held:
            try:
                with disk_errors(folder):
                    if folder.exists():
                        shutil.rmtree(folder)
                    folder.mkdir(mode=FOLDER_MODE)
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):
                    lock.unlink()

    def take(self, building: Path, moved: MovedState) -> Path | None:
        """Make what was built the home, marked as moved; gives where a home went that was there before."""
        for name in FOLDERS:
            make_folder(building / name)
        with ExitStack() as held:
            above = 0
            if self._there:
                held.enter_context(writing(self.home, timeout=_PATIENCE))
                above = self._generation()
                self._world.agree(self._question(building))
            self._merge_journals(building)
            self._world.record(building, self.home).restored(moved, above=above)
            if os.name == "nt":
                held.close()  # Windows renames no folder in which a file is open
            return self._swap(building)

    def _swap(self, building: Path) -> Path | None:
        aside = None
        with disk_errors(self.home):
            if self._there:
                stamp = self._world.time().replace(":", "").replace("-", "")
                aside = next(path for path in self._asides(stamp) if not path.exists())
                self.home.rename(aside)
            elif self.home.exists():
                self.home.rmdir()
            building.rename(self.home)
            flush_folder(self.home.parent)
        return aside

    def _asides(self, stamp: str) -> Iterator[Path]:
        yield self.home.with_name(f"{self.home.name}.before-{stamp}")
        for at in range(2, 100):
            yield self.home.with_name(f"{self.home.name}.before-{stamp}-{at}")

    def _generation(self) -> int:
        try:
            return self._world.record(self.home, self.home).generation()
        except MachineRecordError:
            return 0

    def _journals(self) -> list[bytes]:
        """The journals of the home that is there, and of those that were put aside before: all that they signed."""
        homes = [self.home, *sorted(self.home.parent.glob(f"{glob.escape(self.home.name)}.before-*"))]
        paths = [path for home in homes for path in sorted(home.glob(f"{journal.JOURNAL}*"))]
        with disk_errors(self.home):
            return [path.read_bytes() for path in paths if path.is_file()]

    def _merge_journals(self, building: Path) -> None:
        """What any home of this officer has signed here is remembered in the one that comes in its place (I3)."""
        others = self._journals()
        path = building / journal.JOURNAL
        with disk_errors(path):
            mine = path.read_bytes() if path.is_file() else b""
        merged = journal.merged(mine, *others)
        if merged != mine:
            write_file(path, merged)

    def _question(self, building: Path) -> str:
        """What gives way, in words: how much newer the home is that is there."""
        path = building / journal.JOURNAL
        mine = path.read_bytes() if path.is_file() else b""
        ahead = len(journal.merged(mine, *self._journals()).splitlines()) - len(journal.merged(mine).splitlines())
        newer = f"has signed {ahead} since that are not in the file" if ahead else "has signed nothing since"
        return f"{self.home} is a home of this officer and {newer}. Put it aside, and the older one in its place?"


# ---- what is in the file -----------------------------------------------------------------------------------------


def _check_files(building: Path, about: backup.About, passphrase: str) -> Settings:
    """The settings in a backup, once they and the keys are those of the officer it names.

    Raises:
        BackupOtherError: they are not.
        KeyMissingError, KeyDamagedError, KeyOfAnotherError: of the keys.
    """
    try:
        settings = read_settings(building)
    except UseError as error:
        raise BackupOtherError(
            f"the backup holds no home: {error.what}", rule="it is put back whole or not at all"
        ) from None
    if (settings.key_name, settings.fingerprint) != (about.whose, about.fingerprint):
        raise BackupOtherError(
            f"the backup says that it is of {about.whose}, and holds a home of {settings.key_name}",
            rule="it is put back whole or not at all",
        )
    KeyRing(building / KEYS, about.whose, passphrase=lambda: passphrase).signer  # noqa: B018  opens both key files
    return settings


def _since(building: Path, world: World) -> str:
    """From when on an answer frees the home: now, but not before what the home knows, if this clock is behind."""
    from cipherpost.desk import Desk
    from cipherpost.workflows.guards import newest_center_time

    try:
        with Desk.open(building) as desk:
            return max(world.time(), newest_center_time(desk) or "")
    except UnableError:  # a damaged database is made anew by `doctor --rebuild`
        return world.time()


def _find_cards(home: Path, world: World, passphrase: str | None) -> bool:
    """Whether the cards of the keys from paper could be fetched: the roster names them, the post office has them."""
    from cipherpost.desk import Desk
    from cipherpost.workflows import cards, syncing

    with Desk.open(home, passphrase=(lambda: passphrase) if passphrase else None, clock=world.clock) as desk:
        desk.lock()
        try:
            syncing.follow_roster(desk)
            return cards.find_own(desk)
        except CipherpostError:  # no line, or a post office that is another: `fetch` looks again
            return False
