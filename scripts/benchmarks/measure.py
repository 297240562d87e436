"""Measuring: one thing and its floor in turns, and what follows from the medians."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, Literal

Job = Callable[[], object]
Unit = Literal["s", "MiB"]
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    ``ours`` and ``floor`` are in ``unit``; ``ratio`` is what ``target`` speaks of (None: nothing is asked);
    ``faster``: the target is a least rate, floor / ours, and not a most time, ours / floor.
    """

    group: str
    name: str
    ours: float
    floor: float | None = None
    floor_is: str = ""
    target: float | None = None
    faster: bool = False
    unit: Unit = "s"

    @property
    def ratio(self) -> float | None:
        """Ours by the floor, the other way round for a rate; None without a floor."""
        if not self.floor or not self.ours:
            return None
        return self.floor / self.ours if self.faster else self.ours / self.floor

    @property
    def measured(self) -> float:
        """What is compared with the target."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.measured >= self.target if self.faster else self.measured <= self.target

    def as_json(self) -> dict[str, object]:
        """The object for scripts."""
        return {
            "group": self.group,
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "floor": self.floor,
            "floor_is": self.floor_is or None,
            "ratio": self.ratio,
            "target": self.target,
            "target_is": None if self.target is None else "at least" if self.faster else "at most",
            "reached": self.reached,
        }


def seconds(job: Job, before: Job) -> float:
    """How long ``job`` takes, by the wall clock; ``before`` is done first and not counted."""
    before()
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def in_turns(runs: int, *jobs: Job, before: Job = gc.collect) -> tuple[float, ...]:
    """The median time of each job in seconds, over so many runs of all of them one after the other.

    Args:
        before: done before each, and not counted.
    """
    times = [[seconds(job, before) for job in jobs] for _ in range(runs)]
    return tuple(median(column) for column in zip(*times, strict=True))


def peak_memory() -> float:
    """The most memory that this process ever held, in MiB.

    The kernel's high-water mark where it has one: `resource` counts the process that started this one too.
    """
    import sys

    status = Path("/proc/self/status")
    if status.exists():
        return high_water(status)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MIB if sys.platform == "darwin" else most / 1024


def high_water(status: Path) -> float:
    """The same of the process whose file in ``/proc`` this is; StopIteration where it has ended."""
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
