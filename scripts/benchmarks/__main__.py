"""``scripts/bench``: measures, prints a table, and writes JSON where asked to."""

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cipherpost
from benchmarks.measure import Figure
from cipherpost.cli import collect_seldom

NAMES: Final = ("sealing", "large", "chain", "audit", "roster", "ledger", "collating", "starting", "stock")


def main() -> int:
    """Measure what was asked for; 1 where a target was missed."""
    asked = _arguments()
    load = _load()
    if load is not None and load > 0.5:
        sys.stdout.write(
            f"other work is going on here (load {load:.1f}): what uses two processors is slower by that\n\n"
        )
    collect_seldom()  # as the program does
    sys.stdout.write(f"{_row('', 'ours', 'floor', 'ratio', 'target', '')}\n")
    found = []
    group = ""
    for figure in _figures(asked.only or NAMES, quick=asked.quick):
        if figure.group != group:
            group = figure.group
            sys.stdout.write(f"\n{group}\n")
        sys.stdout.write(f"{_line(figure)}\n")
        sys.stdout.flush()
        found.append(figure)
    missed = [figure for figure in found if figure.reached is False]
    sys.stdout.write(f"\n{len(missed)} of {sum(figure.target is not None for figure in found)} targets missed\n")
    if asked.json:
        asked.json.write_text(json.dumps(_report(found, quick=asked.quick, load=load), indent=2) + "\n", "utf-8")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Speed and memory, each beside its floor.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here too")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer runs")
    return parser.parse_args()


def _figures(names: Sequence[str], *, quick: bool) -> Iterator[Figure]:
    for name in names:
        with tempfile.TemporaryDirectory(prefix="cipherpost-bench-") as folder:
            os.environ["CIPHERPOST_STATE_DIR"] = str(Path(folder) / "state")
            module = importlib.import_module(f"benchmarks.{name}")
            yield from module.figures(Path(folder), quick=quick)


def _line(figure: Figure) -> str:
    target = "" if figure.target is None else f"{'>=' if figure.faster else '<='} {figure.target:g}"
    verdict = {True: "reached", False: "MISSED", None: ""}[figure.reached]
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    floor = "" if figure.floor is None else _amount(figure, figure.floor)
    line = _row(figure.name, _amount(figure, figure.ours), floor, ratio, target, verdict)
    return f"  {line}  {figure.floor_is}".rstrip()


def _row(name: str, ours: str, floor: str, ratio: str, target: str, verdict: str) -> str:
    return f"{name:<36}{ours:>10}{floor:>10}{ratio:>7}{target:>9} {verdict:<7}"


def _amount(figure: Figure, value: float) -> str:
    if figure.unit == "MiB":
        return f"{value:.0f} MiB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def _load() -> float | None:
    """How many programs wanted a processor over the last minute; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _report(found: Sequence[Figure], *, quick: bool, load: float | None) -> dict[str, object]:
    return {
        "version": 1,
        "program": cipherpost.__version__,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {"system": platform.platform(), "python": platform.python_version(), "processors": os.cpu_count()},
        "load_before": load,
        "quick": quick,
        "figures": [figure.as_json() for figure in found],
    }


if __name__ == "__main__":
    sys.exit(main())
