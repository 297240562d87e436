"""``cipherpost.toml``: whose home this is, which network, which post office; and where a home is found.

    format = 1
    network = "rkpb"
    fingerprint = "<hash of the genesis>"        absent before the genesis
    office = "tver"
    officer = "ivanov"
    post = "/srv/post"                           always absolute
    created = "2026-11-22T09:00:00Z"

    [roster]                                     newest roster head named by the invitation
    number = 7
    hash = "<hash>"

Reading is strict: a key that is not known, or a value of another form, is refused with its name.
"""

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from cipherpost.errors import NewerError, UnableError, UseError
from cipherpost.home.files import AlreadyThereError, disk_error, disk_errors, make_folder, write_file
from cipherpost.text import CENTER, TextError, is_name, parse_hash, parse_name, parse_time, shown

SETTINGS: Final = "cipherpost.toml"
FORMAT: Final = 1
FOLDERS: Final = ("keys", "outbox", "mail", "mail/sealed")
UNFINISHED: Final = "unfinished"
"""Lies in a home while it is being made, and goes when its network is founded or its card is left."""
_OWN_NAMES: Final = frozenset({UNFINISHED, "keys", "outbox", "mail", "journal", "machine.json", "lock", "lock.holder"})
_SETTINGS_BYTES: Final = 64 * 1024
_MEND: Final = (
    f"put that line of {SETTINGS} right in a text editor",
    f"or take {SETTINGS} from a backup of this home",
)
_TEXTS: Final = ("network", "fingerprint", "office", "officer", "post", "created")


class SettingsError(UseError):
    """``cipherpost.toml`` does not say what it must; arguments as for the root, with hints of its own."""

    def __init__(self, what: str, *, where: str = "", rule: str = "", hints: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, rule=rule, hints=hints or _MEND)


class NewerSettingsError(NewerError):
    """The home was made by a newer cipherpost."""


class NoHomeError(UseError):
    """There is no home where one was looked for."""


class SeveralHomesError(UseError):
    """Several homes are there and none was named."""


class UnfinishedHomeError(UnableError):
    """The home was not founded or joined to the end: a kill came, or the line was lost."""


class HomeExistsError(UseError):
    """A home, or something else, is already in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPin:
    """A roster entry that this home was told of when it joined: the roster may not be shorter or another."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``cipherpost.toml`` holds.

    ``post`` is an absolute path or URL; ``created`` a protocol time; ``fingerprint`` None before the genesis.

    Raises:
        SettingsError: naming the first key whose value has not its form.
    """

    network: str
    office: str
    officer: str
    post: str
    created: str
    fingerprint: str | None = None
    roster: RosterPin | None = None

    def __post_init__(self) -> None:
        _check("network", parse_name, self.network)
        _check("office", lambda word: parse_name(word, reserved=word == CENTER), self.office)
        _check("officer", parse_name, self.officer)
        _check("created", parse_time, self.created)
        if self.fingerprint is not None:
            _check("fingerprint", parse_hash, self.fingerprint)
        if self.roster is not None:
            _check("roster.hash", parse_hash, self.roster.hash)
            if self.roster.number < 1:
                raise SettingsError("the number under [roster] is not a number of an entry", where=SETTINGS)
        if not is_absolute(self.post) or not self.post.isprintable():
            raise SettingsError(
                f"{shown(self.post, 80)} is not an absolute post office",
                where=SETTINGS,
                rule="an absolute folder, file:/// or s3://",
                hints=(f"put the folder's whole path behind post in {SETTINGS}",),
            )

    @property
    def key_name(self) -> str:
        """``rkpb/tver/ivanov``: the name of the officer's keys."""
        return f"{self.network}/{self.office}/{self.officer}"


def _check(key: str, parse: Callable[[str], object], word: str) -> None:
    try:
        parse(word)
    except TextError as error:
        raise SettingsError(f"{key}: {error.what}", where=SETTINGS, rule=error.rule) from None


def is_absolute(post: str) -> bool:
    """Whether ``post`` names the same post office from every folder: a URL, or a path with its root (or drive)."""
    if re.match(r"[a-z][a-z0-9+.-]+://.", post):
        return True
    return PurePosixPath(post).is_absolute() or PureWindowsPath(post).is_absolute()


# ---- the file ----------------------------------------------------------------------------------------------------


def format_settings(settings: Settings) -> bytes:
    """The whole of ``cipherpost.toml``; `parse_settings` gives ``settings`` back."""
    lines = ["# cipherpost: whose home this is", f"format = {FORMAT}"]
    for key in _TEXTS:
        value = getattr(settings, key)
        if value is not None:
            lines.append(f"{key} = {_quoted(value)}")
    if settings.roster is not None:
        lines += ["", "[roster]", f"number = {settings.roster.number}", f"hash = {_quoted(settings.roster.hash)}"]
    return ("\n".join(lines) + "\n").encode()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(ch if ch >= " " and ch != "\x7f" else f"\\u{ord(ch):04x}" for ch in escaped) + '"'


def parse_settings(data: bytes, *, where: str = SETTINGS) -> Settings:
    """Read ``cipherpost.toml``.

    Raises:
        SettingsError: not TOML, a key missing, unknown, or with a value of another form.
        NewerSettingsError: ``format`` is above `FORMAT`.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"this is not TOML: {error}", where=where) from None
    version = table.pop("format", None)
    if type(version) is not int or version < 1:
        raise SettingsError("format is missing or not a number", where=where)
    if version > FORMAT:
        raise NewerSettingsError(
            "a newer cipherpost made this home", where=where, hints=("update cipherpost and run the command again",)
        )
    roster = table.pop("roster", None)
    for key in table:
        if key not in _TEXTS:
            raise SettingsError(f"{shown(key)} is not a setting", where=where)
    for key in _TEXTS:
        if key not in table and key != "fingerprint":
            raise SettingsError(f"{key} is missing", where=where)
        if not isinstance(table.get(key, ""), str):
            raise SettingsError(f"{key} is not a text in quotes", where=where)
    return Settings(**table, roster=None if roster is None else _parse_pin(roster, where))


def _parse_pin(table: object, where: str) -> RosterPin:
    if isinstance(table, Mapping) and set(table) == {"number", "hash"}:
        number, digest = table["number"], table["hash"]
        if type(number) is int and isinstance(digest, str):
            return RosterPin(number=number, hash=digest)
    raise SettingsError("[roster] holds something else than number and hash", where=where)


def read_settings(home: Path) -> Settings:
    """The settings of ``home``.

    Raises:
        NoHomeError: there is no ``cipherpost.toml``.
        SettingsError, NewerSettingsError: see `parse_settings`.
        DiskError: it cannot be read.
    """
    path = home / SETTINGS
    try:
        with path.open("rb") as file:
            data = file.read(_SETTINGS_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _no_home(home) from None
    except OSError as error:
        raise disk_error(error, path) from error
    if len(data) > _SETTINGS_BYTES:
        raise SettingsError("the file is above 64 KiB", where=str(path))
    return parse_settings(data, where=str(path))


def save_settings(home: Path, settings: Settings) -> None:
    """Replace the settings of ``home`` (the fingerprint after the genesis, another post office)."""
    write_file(home / SETTINGS, format_settings(settings))


# ---- making a home -----------------------------------------------------------------------------------------------


def default_home(user_data: Path, settings: Settings) -> Path:
    """Where `init` and `join` make a home unless told otherwise; ``user_data`` is the program's own data folder."""
    return user_data / settings.key_name.replace("/", "-")


def prepare_home(home: Path) -> None:
    """Make the folders of a home, so that keys can be made before the settings say that it is one.

    Running it again after a kill is harmless.

    Raises:
        HomeExistsError: a home, or a folder with other things in it, is there.
        DiskError: it cannot be made.
    """
    if (home / SETTINGS).exists():
        raise HomeExistsError(
            "this folder is a home already",
            where=str(home),
            rule="a home is never written over",
            hints=(f"cipherpost --home {home} status",),
        )
    if home.exists():
        with disk_errors(home):
            foreign = sorted(path.name for path in home.iterdir() if not _is_own(path.name))
        if foreign:
            raise HomeExistsError(
                f"the folder holds other things ({shown(foreign[0])})",
                where=str(home),
                rule="a home is a folder of its own",
                hints=("name a new folder with --home",),
            )
    for folder in (home, *(home / name for name in FOLDERS)):
        make_folder(folder)


def _is_own(name: str) -> bool:
    return name in _OWN_NAMES or name.startswith((".new-", "mail.sqlite3"))


def begin_home(home: Path) -> None:
    """Make ready a folder for a home, and mark it as unfinished.

    Raises:
        HomeExistsError, DiskError: see `prepare_home`.
    """
    prepare_home(home)
    write_file(home / UNFINISHED, b"")


def is_unfinished(home: Path) -> bool:
    """Whether a kill came while this home was being made."""
    return (home / UNFINISHED).is_file()


def unfinished(home: Path) -> UnfinishedHomeError:
    """The refusal of what wants a home that is whole."""
    return UnfinishedHomeError(
        "this home is not made to the end yet",
        where=str(home),
        rule="the command that made it was interrupted; run again, it goes on where it was",
        hints=("repeat the command that made it: cipherpost init, or join", "cipherpost doctor"),
    )


def finish_home(home: Path) -> None:
    """The home is made."""
    with disk_errors(home):
        (home / UNFINISHED).unlink(missing_ok=True)


def drop_unfinished(home: Path) -> None:
    """Empty a home that a kill left unfinished, and whose keys nobody was told of; what else lies there is left.

    The mark goes last, so that another kill leaves an unfinished home again.
    """
    with disk_errors(home):
        (home / SETTINGS).unlink(missing_ok=True)
        for path in list(home.iterdir()):
            if path.is_dir() and _is_own(path.name) and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != UNFINISHED and (_is_own(path.name) or path.suffix == ".card"):
                path.unlink()
        (home / UNFINISHED).unlink()


def create_home(home: Path, settings: Settings) -> None:
    """Make ``home`` with ``settings``: folders of mode 0700, the settings last, since they make it a home.

    Raises:
        HomeExistsError: see `prepare_home`; nothing was changed.
        DiskError: it cannot be made.
    """
    prepare_home(home)
    try:
        write_file(home / SETTINGS, format_settings(settings), replace=False)
    except AlreadyThereError:
        raise HomeExistsError("this folder is a home already", where=str(home)) from None


# ---- finding a home ----------------------------------------------------------------------------------------------


def find_home(explicit: str | Path | None, environ: Mapping[str, str], cwd: Path, user_data: Path) -> Path:
    """The home that a command works in (docs/operator.md, "Where the home is").

    Args:
        explicit: what ``--home`` named, or None.
        environ: the environment; ``CIPHERPOST_HOME`` is looked at.
        cwd: the working folder; its parents are looked at from the nearest up.
        user_data: the program's own data folder (`platformdirs.user_data_dir("cipherpost")`).

    Raises:
        NoHomeError: there is none, or none where one was named.
        SeveralHomesError: ``user_data`` has several and none was named.
    """
    named = explicit or environ.get("CIPHERPOST_HOME")
    if named:
        home = Path(cwd, Path(named).expanduser())
        if not (home / SETTINGS).is_file():
            raise _no_home(home)
        return home
    for folder in (cwd, *cwd.parents):
        if is_own_home(folder) and not lies_in_post_office(folder):
            return folder
    homes = sorted(path.parent for path in user_data.glob(f"*/{SETTINGS}"))
    if len(homes) > 1:
        raise SeveralHomesError(
            f"there are {len(homes)} homes: {', '.join(home.name for home in homes)}",
            where=str(user_data),
            rule="name the one you mean",
            hints=(f"cipherpost --home {homes[0]}", "or set CIPHERPOST_HOME"),
        )
    if not homes:
        raise _no_home(None)
    return homes[0]


def _no_home(home: Path | None) -> NoHomeError:
    return NoHomeError(
        "there is no home here" if home else "no home was found",
        where=str(home or ""),
        rule=f"a home is a folder with {SETTINGS}",
        hints=("cipherpost init NETWORK --officer NAME --post URL", "cipherpost join INVITATION --officer NAME"),
    )


def is_own_home(folder: Path) -> bool:
    """Whether ``folder`` has settings, and both belong to the user who runs the program.

    Somebody else's ``cipherpost.toml`` in a shared folder must not decide where one's letters go.
    """
    path = folder / SETTINGS
    try:
        owners = {folder.stat().st_uid, path.stat().st_uid}
        regular = path.is_file()
    except OSError:
        return False
    return regular and (sys.platform == "win32" or owners == {os.geteuid()})


def lies_in_post_office(folder: Path) -> bool:
    """Whether ``folder`` or a folder above it has a network's roster below it: everybody writes there."""
    return any(_is_post_office(parent) for parent in (folder, *folder.parents))


def _is_post_office(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(
                is_name(entry.name) and os.path.isdir(os.path.join(entry.path, "center", "roster"))  # noqa: PTH112,PTH118
                for entry in entries
            )
    except OSError:
        return False
