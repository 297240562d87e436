"""Runs commands as a user would and looks at what they left; see `tests/cli/conftest.py`."""

import base64
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from cipherpost.cli import run, table
from cipherpost.desk import Desk
from cipherpost.dispatch.header import Header, RosterRef, format_header

CLOCK = "cipherpost.desk.utc_now"
HOMES = ("center", "tver", "samara", "audit")
SUBCOMMANDS = {
    "office": {"add"},
    "keys": {"show", "passphrase", "rotate", "destroy", "backup", "restore", "move", "paper"},
    "duty": {"add", "end", "list"},
}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def ahead(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Result:
    """What one command did."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    home: str | None = None

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert found.pop("version") == 1
        return found

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def pasted(self) -> list[str]:
        """The hints as they stand."""
        return [line.removeprefix("cipherpost: hint: ") for line in self.err.splitlines() if ": hint: " in line[:20]]

    @property
    def hints(self) -> list[str]:
        """The hints without the home that was named, which every one that is a command repeats."""
        return [hint.replace(f"cipherpost --home {self.home} ", "cipherpost ", 1) for hint in self.pasted]


class _Stream(io.TextIOWrapper):
    """A stream in memory that may say it is a terminal."""

    def __init__(self, data: bytes = b"", *, tty: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", newline="\n", write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def words(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


@contextmanager
def environment(values: Mapping[str, str | None]) -> Iterator[None]:
    """The environment of one command; None takes a variable away."""
    before = dict(os.environ)
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class Net:
    """A folder with homes, a post office and the state outside of homes."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.clock = clock
        self.post = root / "post"
        self.state = root / "state"
        self.cwd = root / "work"
        self.cwd.mkdir(exist_ok=True)

    def home(self, name: str) -> Path:
        return self.root / "homes" / name

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.root / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    # ---- running -------------------------------------------------------------------------------------------------

    def environ(self, more: Mapping[str, str | None] | None = None) -> dict[str, str | None]:
        return {
            "HOME": str(self.root),
            "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_STATE_HOME": None,
            "CIPHERPOST_STATE_DIR": str(self.state),
            "CIPHERPOST_HOME": None,
            "CIPHERPOST_PASSPHRASE_FILE": None,
            "COLUMNS": "80",
            "NO_COLOR": None,
            **(more or {}),
        }

    def run(
        self,
        home: str | None,
        *words: str,
        stdin: str | bytes = b"",
        env: Mapping[str, str | None] | None = None,
        tty: bool = False,
        cwd: Path | None = None,
    ) -> Result:
        """One command in this process, as the officer of ``home`` (None: without naming a home)."""
        given = [*(("--home", str(self.home(home))) if home else ()), *words]
        data = stdin.encode() if isinstance(stdin, str) else stdin
        streams = sys.stdin, sys.stdout, sys.stderr
        out, err = _Stream(tty=tty), _Stream(tty=tty)
        sys.stdin, sys.stdout, sys.stderr = _Stream(data, tty=tty), out, err
        try:
            with environment(self.environ(env)), working_in(cwd or self.cwd):
                code = run(given)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
        return Result(tuple(words), code, out.words(), err.words(), given[1] if home else None)

    def process(
        self,
        home: str | None,
        *words: str,
        stdin: str | bytes = b"",
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """One command in a process of its own, with the machine's clock."""
        given = [*(("--home", str(self.home(home))) if home else ()), *words]
        done = subprocess.run(
            [sys.executable, "-m", "cipherpost", *given],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=self.process_environ(env),
            cwd=cwd or self.cwd,
            timeout=60,
            check=False,
        )
        return Result(
            tuple(words), done.returncode, done.stdout.decode(), done.stderr.decode(), given[1] if home else None
        )

    def process_environ(self, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
        here = str(Path(__file__).parent.parent)
        named = {"PATH": os.environ["PATH"], "PYTHONPATH": here, **self.environ(env)}
        return {name: value for name, value in named.items() if value is not None}

    def ok(self, home: str | None, *words: str, **given: Any) -> Result:
        """A command that must succeed."""
        done = self.run(home, *words, **given)
        assert done.code == 0, f"{words}: {done}"
        return done

    # ---- the network ---------------------------------------------------------------------------------------------

    def found(self) -> None:
        (self.root / "homes").mkdir(exist_ok=True)
        self.ok("center", "init", "rkpb", "--officer", "stasova", "--post", str(self.post), "--no-passphrase")

    def invite(self, office: str, title: str = "", role: str = "committee") -> Path:
        """Declare an office; the file of its invitation."""
        self.ok("center", "office", "add", office, "--title", title or office.title(), "--role", role)
        path = self.root / f"{office}.invitation"
        self.ok("center", "invite", office, "-o", str(path))
        return path

    def join(self, invitation: Path, officer: str, home: str, *more: str) -> dict[str, Any]:
        done = self.ok(home, "join", str(invitation), "--officer", officer, "--no-passphrase", "--json", *more)
        return done.json

    def admit(self, office: str, officer: str, title: str = "", role: str = "committee") -> None:
        """The whole way in, for an office's first officer; the home gets the office's name."""
        joined = self.join(self.invite(office, title, role), officer, office)
        self.ok("center", "admit", f"{office}/{officer}", "--heard", joined["spoken"])

    # ---- what a hostile officer can do ---------------------------------------------------------------------------

    @contextmanager
    def desk(self, home: str) -> Iterator[Desk]:
        """The desk of a home, with which a test does what no command would."""
        with environment(self.environ()), Desk.open(self.home(home)) as desk:
            yield desk

    def sign(self, home: str, text: bytes) -> bytes:
        """A note over any bytes, signed with the key of a home's officer."""
        with self.desk(home) as desk:
            signer = desk.keys.signer
            signature = SigningKey(signer.secret_seed()).sign(text).signature
        packed = base64.b64encode(signer.verifier.key_id + signature).decode()
        return text + f"\n\u2014 {signer.verifier.name} {packed}\n".encode()

    def next_text(self, home: str, channel: str, kind: str = "check", **lines: Any) -> bytes:
        """The text of the next dispatch of a channel as this home knows it; ``lines`` as in `Header`."""
        with self.desk(home) as desk:
            number, previous = desk.chain.channel(channel).tip
            newest = desk.roster.newest
            head = desk.roster.hash_of(newest)
            assert head is not None
            return format_header(
                Header(
                    network="rkpb",
                    channel=channel,
                    number=number + 1,
                    previous=previous,
                    time=desk.time(),
                    by=desk.officer,
                    kind=kind,
                    **{"roster": RosterRef(newest, head), **lines},
                )
            )

    # ---- the post office -----------------------------------------------------------------------------------------

    def note(self, channel: str, number: int) -> Path:
        return self.post / "rkpb" / channel / f"{number:08d}.note"

    def sealed(self, office: str = "center") -> list[Path]:
        return sorted((self.post / "rkpb" / office / "sealed").glob("*.age"))


def copy_network(source: Path, target: Path) -> None:
    """Copy a network so that no home of the copy counts as moved."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for home in (target / "homes").iterdir():
        for name in ("cipherpost.toml", "machine.json"):
            path = home / name
            path.write_text(path.read_text().replace(str(source), str(target)))


# ---- what is to be seen --------------------------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


_FLEETING = ("lock", "lock.holder", "mail.sqlite3")
_FACTS = {"last fetch", "status"}


def state_of(home: Path) -> dict[str, Any]:
    """A home as it is: its files, and what stands in its database, but for the time of the last fetch."""
    found: dict[str, Any] = {
        name: data for name, data in files(home).items() if not name.startswith(_FLEETING) or "/" in name
    }
    base = home / "mail.sqlite3"
    if base.exists():
        with closing(sqlite3.connect(base)) as opened:
            for (name,) in opened.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                rows = opened.execute(f"SELECT * FROM {name}").fetchall()
                found[f"table {name}"] = sorted(row for row in rows if row[0] not in _FACTS)
    return found


def refused(done: Result, code: int, *parts: str) -> str:
    """The one error line of a command that was refused with ``code``; its hints name what exists."""
    errors = [line for line in done.err.splitlines() if line.startswith("cipherpost: error: ")]
    assert len(errors) == 1, done
    assert done.code == code, done
    check_words(done)
    for part in parts:
        assert part in errors[0], f"{part!r} is not in {errors[0]!r}"
    return errors[0]


def check_words(done: Result) -> None:
    """What is true of whatever a command says: every line bears the program's name, no traceback, hints that hold."""
    assert "Traceback" not in done.err + done.out, done
    for line in done.err.splitlines():
        assert line.startswith("cipherpost: "), line
        assert line.isprintable(), line
    assert len(done.hints) <= 2, done
    for hint in done.pasted if done.home else ():
        assert not hint.startswith("cipherpost ") or hint.startswith("cipherpost --home "), f"{hint!r} names no home"
    for hint in done.hints:
        check_hint(hint)


def check_hint(hint: str) -> None:
    """Whatever a hint calls a command of ours is one; an example of `keys` and `office` names its part too."""
    for name, part in re.findall(r"(?:^|[ `(])cipherpost (?:--home \S+ )?([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", hint):
        if name in _NO_COMMANDS:
            continue
        assert table.find(name) is not None, f"there is no command {name!r}: {hint!r}"
        if name in SUBCOMMANDS and part:
            assert part in SUBCOMMANDS[name], f"there is no command {name} {part}: {hint!r}"


_NO_COMMANDS = {"and"}
"""Words that follow the program's name where it is only spoken of: "update cipherpost and run ..."."""
