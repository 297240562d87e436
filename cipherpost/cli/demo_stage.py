"""The stage of ``cipherpost demo``: homes below one folder, commands shown as they would be typed, its own clock."""

import contextlib
import io
import json
import os
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cipherpost.cli import output
from cipherpost.errors import UnableError

_WIDTH: Final = 77
"""Characters of what a command printed, beside three of indentation."""


class Stage:
    """Plays all parts, each in its own home below ``folder``, at the time that the story has reached."""

    def __init__(self, folder: Path, *, start: datetime, quiet: bool) -> None:
        self.folder = folder
        self.now = start
        self.quiet = quiet
        self.post = folder / "post"
        self._parts = 0

    def later(self, **by: float) -> None:
        """Let time pass, as for `timedelta`."""
        self.now += timedelta(**by)

    def until(self, moment: datetime) -> None:
        """Let time pass up to ``moment``, never back."""
        self.now = max(self.now, moment)

    # ---- saying and doing ----------------------------------------------------------------------------------------

    def say(self, text: str = "") -> None:
        """A line of the story."""
        output.say(text)

    def run(self, home: str, *words: str, show: bool = True, expect: int = 0, lines: int = 4) -> str:
        """One command as ``home``; what it printed, of which a few lines are shown."""
        from cipherpost.cli import run

        if show and not self.quiet:
            shown = " ".join(quoted(word.replace(f"{self.folder}{os.sep}", "")) for word in words)
            for line in textwrap.wrap(
                f"{home + ' ' if home else ''}$ cipherpost {shown}", 74, break_on_hyphens=False, break_long_words=False
            ):
                self.say(f"  {line}" if "$ " in line[:20] else f"      {line}")
        place = ["--home", str(self.folder / home)] if home else []
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            code = run([*place, *words], clock=lambda: self.now)
        if code != expect:
            raise UnableError(
                f"a step of the demo ended with {code} where {expect} was due: {told.getvalue().strip()}",
                where=" ".join(words),
                hints=("cipherpost doctor",),
            )
        if show and not self.quiet:
            for line in _aligned((printed.getvalue() + told.getvalue()).splitlines()[:lines]):
                self.say(f"   {line}".rstrip())
        return printed.getvalue()

    def ask(self, home: str, *words: str) -> dict[str, Any]:
        """What a command answers a script."""
        found: dict[str, Any] = json.loads(self.run(home, *words, "--json", show=False))
        return found

    @contextlib.contextmanager
    def part(self, title: str) -> Iterator[None]:
        """A part of the story under its title."""
        self._parts += 1
        self.say(f"{self._parts}. {title}")
        yield
        self.say()

    def path(self, name: str) -> str:
        """Of a file below the folder."""
        return str(self.folder / name)

    def progress(self, done: int, total: int) -> None:
        """How many committees are done, on a terminal."""
        if sys.stdout.isatty() and not self.quiet:
            sys.stderr.write(f"\r      {done} of {total} committees" + ("\n" if done == total else ""))
            sys.stderr.flush()


def _aligned(lines: list[str]) -> Iterator[str]:
    """Tables, which are printed with tabs where nobody looks, in columns; long lines broken between words."""
    rows = [line.split("\t") for line in lines if "\t" in line]
    count = max(map(len, rows), default=0)
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(count)]
    for line in lines:
        if "\t" in line:
            cells = [cell.ljust(width) for cell, width in zip(line.split("\t"), widths, strict=False)]
            yield "  ".join(cells)
        elif len(line) <= _WIDTH:
            yield line
        else:
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            yield from textwrap.wrap(
                line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )


def quoted(word: str) -> str:
    """A word as a shell wants it."""
    import shlex

    return shlex.quote(word)
