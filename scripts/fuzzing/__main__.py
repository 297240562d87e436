"""``scripts/fuzz MINUTES``: each parser in turn, led by coverage, from the seeds and from what earlier runs found.

    scripts/fuzz 10                    all parsers, ten minutes in all, one process for each processor
    scripts/fuzz 5 --only header       one of them
    scripts/fuzz --replay header FILE  an input that was found, once more

What a run learned is kept in ``.fuzz/NAME/``, and an input that breaks a parser in ``.fuzz/NAME-broken-...``. Ends
with 1 where any was found.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).resolve().parents[2] / ".fuzz"
_LONGEST: Final = 1 << 16
"""Bytes of an input; a parser of larger things meets its limits at any size."""
_SLOW: Final = 20
"""Seconds that one input may take."""


def main() -> int:
    """Fuzz, or replay, as asked."""
    asked = _arguments()
    if asked.replay:
        return _replay(*asked.replay)
    from fuzzing.targets import TARGETS

    names = asked.only or list(TARGETS)
    processes = os.cpu_count() or 1
    seconds = max(5, int(asked.minutes * 60 * min(processes, len(names)) / len(names)))
    sys.stdout.write(f"{len(names)} parsers, {seconds} seconds each, {processes} at a time\n")
    with ThreadPoolExecutor(processes) as pool:
        broken = sum(pool.map(lambda name: _run(name, seconds), names))
    sys.stdout.write(f"{broken} of {len(names)} parsers let something through\n")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    from fuzzing.targets import TARGETS

    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Feed every parser what nobody meant.")
    parser.add_argument("minutes", type=float, nargs="?", default=10, help="for all together (default: 10)")
    parser.add_argument("--only", action="append", choices=sorted(TARGETS), metavar="NAME", help="one of the parsers")
    parser.add_argument("--replay", nargs=2, metavar=("NAME", "FILE"), help="one input, once more")
    return parser.parse_args()


def _replay(name: str, path: str) -> int:
    from fuzzing.targets import TARGETS, refused

    sys.stdout.write("refused\n" if refused(TARGETS[name], Path(path).read_bytes()) else "taken\n")
    return 0


def _run(name: str, seconds: int) -> bool:
    """Fuzz one parser in a process of its own; whether something came through."""
    from fuzzing.seeds import SEEDS

    corpus, seeds = KEPT / name, KEPT / f"{name}-seeds"
    for folder in (corpus, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for at, data in enumerate(SEEDS[name]()):
        (seeds / f"{at:04}").write_bytes(data[:_LONGEST])
    before = set(KEPT.glob(f"{name}-broken-*"))
    options = (
        f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={_SLOW}", "-rss_limit_mb=2048",
        f"-artifact_prefix={KEPT / name}-broken-", "-print_final_stats=1", str(corpus), str(seeds),
    )  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "fuzzing.guided", name, *options], capture_output=True, text=True, check=False
    )
    found = sorted(set(KEPT.glob(f"{name}-broken-*")) - before)
    ok = done.returncode == 0 and not found
    tried = _stat(done.stderr, "stat::number_of_executed_units:")
    sys.stdout.write(
        f"{name:<16}{'ok' if ok else 'BROKEN':<8}{tried:>12} inputs in {time.monotonic() - started:4.0f} s,"
        f" {len(list(corpus.iterdir()))} kept\n"
    )
    if not ok:
        _tell(name, done.stdout + done.stderr, found)
    sys.stdout.flush()
    return not ok


def _stat(text: str, word: str) -> str:
    return next((line.split()[-1] for line in text.splitlines() if line.startswith(word)), "?")


def _tell(name: str, text: str, found: Sequence[Path]) -> None:
    at = text.find("=== Uncaught Python exception")
    sys.stdout.write(text[at : at + 3000] if at >= 0 else text[-2000:])
    for path in found:
        sys.stdout.write(f"once more: scripts/fuzz --replay {name} {path.relative_to(KEPT.parent)}\n")


if __name__ == "__main__":
    sys.exit(main())
