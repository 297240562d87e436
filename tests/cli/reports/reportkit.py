"""A network in which reports are owed, an editor that types what a test says, and a terminal that answers questions.

The forms that ship are in force: a monthly return from March 2024 on, a report before and one after each conference.
"""

import os
import pty
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from cliharness import Net, Result

from cipherpost.dispatch.header import Header

FORMS = ("monthly-return", "conference-before", "conference-after")
RETURN = '{"reports_held_total": 3, "demands_total": "not collected"}'
BEFORE = """{
    "place": "Tver, Workers' Club", "date": "2024-04-20", "agenda": [{"item": "Food supply"}],
    "conditions": "Quiet.", "preparedness": "Halls are hired.", "responsible": "The bureau"
}"""
AFTER = '{"attendance": 41, "course": "As planned.", "success": "full"}'
_EDITOR = """
import pathlib, shutil, sys
sheet, steps = pathlib.Path(sys.argv[-1]), pathlib.Path(sys.argv[1])
at = len(list(steps.glob("seen-*"))) + 1
(steps / f"seen-{at}").write_bytes(sheet.read_bytes())
(steps / f"mode-{at}").write_text(oct(sheet.stat().st_mode & 0o777))
(sheet.parent / "report.toml~").write_bytes(sheet.read_bytes())
typed = steps / f"type-{at}"
if typed.exists():
    sheet.write_bytes(typed.read_bytes())
sys.exit(int((steps / "code").read_text()) if (steps / "code").exists() else 0)
"""


def impose(net: Net) -> None:
    """Publish the forms and state the duties; everybody knows them, on the 2nd of April."""
    net.clock.ahead(days=29)
    for form in FORMS:
        net.ok("center", "form", "publish", form)
    net.ok("center", "duty", "add", FORMS[0], "all", "monthly", "--due", "5", "--from", "2024-03")
    net.ok("center", "duty", "add", FORMS[1], "all", "event")
    net.ok("center", "duty", "add", FORMS[2], "all", "event", "--within", "7")
    for home in ("tver", "samara", "audit"):
        net.clock.ahead(minutes=1)
        net.ok(home, "fetch")


def header(net: Net, place: str, home: str = "tver") -> Header:
    """The header of a dispatch as a home has it."""
    channel, _, number = place.rpartition("/")
    with net.desk(home) as desk:
        entry = desk.chain.channel(channel).entry(int(number))
        assert entry is not None
        return entry.header


class Editor:
    """A program that stands in for the user's editor: it notes what it was shown and types what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.script = folder / "editor.py"
        self.script.write_text(_EDITOR)

    @property
    def env(self) -> dict[str, str | None]:
        return {"VISUAL": f"{sys.executable} {self.script} {self.folder}", "EDITOR": "/nowhere"}

    def types(self, *pages: str | bytes) -> None:
        """What it leaves at each next time it is opened; where nothing is said it leaves the page as it is."""
        done = len(self.seen)
        for at, page in enumerate(pages, done + 1):
            (self.folder / f"type-{at}").write_bytes(page if isinstance(page, bytes) else page.encode())

    def fails(self, code: int) -> None:
        (self.folder / "code").write_text(str(code))

    @property
    def seen(self) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.glob("seen-*"))]

    @property
    def modes(self) -> set[str]:
        return {path.read_text() for path in self.folder.glob("mode-*")}


def _read(terminal: int) -> bytes:
    """What is shown next; nothing where the other end has gone, or is silent for long."""
    if not select.select([terminal], [], [], 20)[0]:
        return b""
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other end has gone
        return b""


def at_terminal(net: Net, home: str, words: Sequence[str], answers: str) -> Result:
    """A command in a process of its own at a real terminal, with what a person types; control characters too."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(net.cwd)
        line = [sys.executable, "-m", "cipherpost", "--home", str(net.home(home)), *words]
        os.execve(sys.executable, line, net.process_environ({"COLUMNS": "200", "TERM": "dumb"}))
    shown, waiting = b"", answers
    while block := _read(terminal):
        shown += block
        last = shown.rpartition(b"\n")[2]
        if (
            waiting and last.endswith(b": ") and not last.startswith(b"cipherpost:")
        ):  # a question: one line is the answer
            line, _, waiting = waiting.partition("\n")
            os.write(terminal, f"{line}\n".encode() if not line.endswith("\x04") else line.encode())
    os.close(terminal)
    os.kill(pid, signal.SIGHUP)  # it waits for an answer that nobody gives, or has ended
    _, status = os.waitpid(pid, 0)
    return Result(tuple(words), os.waitstatus_to_exitcode(status), "", shown.decode().replace("\r\n", "\n"))


def report(net, *words, home="tver", **given):
    return net.ok(home, "report", *words, **given).lines[0]


def from_file(net, name="return.json"):
    return ("--data", str(net.root / name))


def new_event(net, home="tver"):
    """A conference reported beforehand; its place and its event."""
    place = report(net, "conference-before", "--new-event", *from_file(net, "before.json"), home=home)
    return place, header(net, place, home).report.period
