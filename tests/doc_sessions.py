"""Plays the sessions that documents show: fenced ``console`` blocks, run as they stand, output compared.

    python tests/doc_sessions.py README.md        writes what the program says now into the blocks

Commands run in a fresh folder, in a terminal of 80 columns. Numbers that differ in every network (spoken numbers,
hashes, months) are taken from the screen, as a reader takes them: where the document shows one and later types it, what
the program really showed in that place is typed.
"""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHOWN_FOLDER = "/home/you/play"
"""What a document shows where the program names the folder it works in."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SPOKEN = re.compile(r"\b(?:[0-9]{5}\s+){11}[0-9]{5}\b")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SHORT_HASH = re.compile(r"\b[0-9a-f]{16}\b")
_TIME = re.compile(r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9](?:T[0-9:]{8}Z)?")
_MONTH = re.compile(r"\b20[0-9]{2}-[01][0-9]\b(?!-)")
_DAYS = re.compile(r"\bdue (?:today|in [0-9]+ days?)")


@dataclass(frozen=True, slots=True)
class Turn:
    """One command and the lines below it."""

    command: str
    output: str


def turns(text: str) -> list[Turn]:
    """The commands of all console blocks of a document, in order; one that ends in a backslash goes on."""
    found: list[Turn] = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Turn(line[2:], ""))
            elif found[-1].command.endswith("\\") and not found[-1].output:
                found[-1] = Turn(f"{found[-1].command}\n{line}", "")
            else:
                found[-1] = Turn(found[-1].command, f"{found[-1].output}{line}\n")
    return found


def environment(folder: Path) -> dict[str, str]:
    """The environment of a newcomer: no home, nothing remembered."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CIPHERPOST")}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CIPHERPOST_STATE_DIR": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "TERM": "dumb",
        "COLUMNS": "80",
        "TZ": "UTC",
    }


def in_terminal(command: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a line of shell in a terminal of 80 columns; its exit code and what stood on the screen."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave, close_fds=True
    )
    os.close(slave)
    shown = bytearray()
    with contextlib.suppress(OSError):  # Linux ends a terminal with EIO
        while more := os.read(master, 65536):
            shown += more
    os.close(master)
    text = _ESCAPE.sub("", shown.decode()).replace("\r\n", "\n")
    return process.wait(), "\n".join(line.rstrip() for line in text.split("\n"))


@dataclass(frozen=True, slots=True)
class Played:
    """A turn as the document has it, and as it was."""

    shown: Turn
    command: str
    code: int
    output: str


def play(text: str, folder: Path) -> Iterator[Played]:
    """Run a document's session in ``folder`` (empty), turn by turn."""
    work = folder / "play"
    work.mkdir()
    env = environment(folder)
    known: dict[str, str] = {}
    for turn in turns(text):
        command = turn.command
        for shown, real in known.items():
            command = command.replace(shown, real)
        code, output = in_terminal(command, work, env)
        output = output.replace(str(work.resolve()), SHOWN_FOLDER).replace(str(work), SHOWN_FOLDER)
        for kind in (_SPOKEN, _HASH, _MONTH):
            pairs = zip(kind.findall(turn.output), kind.findall(output), strict=False)
            known |= {" ".join(shown.split()): " ".join(real.split()) for shown, real in pairs}
        yield Played(turn, command, code, output)


def leveled(output: str) -> str:
    """An output without what differs from run to run: numbers, hashes, times, width of columns."""
    kinds = (
        (_SPOKEN, "SPOKEN"),
        (_HASH, "HASH"),
        (_SHORT_HASH, "HASH"),
        (_TIME, "TIME"),
        (_MONTH, "MONTH"),
        (_DAYS, "due"),
    )
    for kind, word in kinds:
        output = kind.sub(word, output)
    return " ".join(output.replace("─", "").split())


def rewritten(text: str, folder: Path) -> str:
    """The document with what the program says now."""
    played = iter(list(play(text, folder)))

    def block(found: re.Match[str]) -> str:
        lines = []
        for _ in turns(found[0]):
            turn = next(played)
            lines += [f"$ {turn.command}", turn.output.rstrip("\n")]
        return "```console\n" + "\n".join(line for line in lines if line) + "\n```"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name)
        with tempfile.TemporaryDirectory() as made:
            page.write_text(rewritten(page.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
