"""Progress bars for long work: on a terminal only, and never where a script reads."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cipherpost.desk import Step


class Bars:
    """Draws a bar on standard error once a piece of work has lasted a moment; silent elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()

    @contextmanager
    def work(self, title: str, total: int | None, unit: str = "") -> Iterator[Step]:
        """A piece of work of ``total`` units (bytes when ``unit`` is ``B``); yields what advances it."""
        if not self._shown:
            yield lambda _amount: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        counted = DownloadColumn() if unit == "B" else MofNCompleteColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(title, total=total)
            yield lambda amount: bars.advance(task, amount)
