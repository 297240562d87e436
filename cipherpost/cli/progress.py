"""Progress bars for long work: on a terminal only, and never where a script reads."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cipherpost.desk import Step

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE: Final = 0.7
"""Seconds that a piece of work may last before a bar is drawn: most are over by then."""


class Bars:
    """Draws a bar on standard error once a piece of work has lasted a moment; silent elsewhere.

    Work within work is drawn in one block, a line each.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._block: Progress | None = None
        self._depth = 0

    @contextmanager
    def work(self, title: str, total: int | None, unit: str = "") -> Iterator[Step]:
        """A piece of work of ``total`` units (bytes when ``unit`` is ``B``); yields what advances it."""
        if not self._shown:
            yield lambda _amount: None
            return
        bar = _Bar(self, title, total, unit)
        self._depth += 1
        try:
            yield bar.advance
        finally:
            bar.remove()
            self._depth -= 1
            if self._depth == 0 and self._block is not None:
                self._block.stop()
                self._block = None

    def block(self) -> "Progress":
        """What is drawn on the terminal; from the first call on it is there."""
        if self._block is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
            self._block = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._block.start()
        return self._block


class _Bar:
    """One piece of work; it counts from the start and is drawn when it has lasted long enough."""

    def __init__(self, bars: Bars, title: str, total: int | None, unit: str) -> None:
        self._bars = bars
        self._title = title
        self._total = total
        self._unit = unit
        self._done = 0
        self._began = time.monotonic()
        self._task: TaskID | None = None

    def advance(self, amount: int) -> None:
        """Some more of it is done."""
        self._done += amount
        if self._task is None and time.monotonic() - self._began < _PATIENCE:
            return
        block = self._bars.block()
        if self._task is None:
            self._task = block.add_task(self._title, total=self._total, count="")
        block.update(self._task, completed=self._done, count=self._count())

    def remove(self) -> None:
        """It is over, well or not."""
        if self._task is not None:
            self._bars.block().remove_task(self._task)

    def _count(self) -> str:
        from cipherpost.cli.output import size

        show = size if self._unit == "B" else str
        return show(self._done) if self._total is None else f"{show(self._done)} of {show(self._total)}"
