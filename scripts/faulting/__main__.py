"""``scripts/faults``: every writing command, disturbed in every way, at moments drawn by lot; counted and printed.

    scripts/faults                     about ten minutes on two processors
    scripts/faults --quick             about one
    scripts/faults --only send         one command
    scripts/faults --seed 7            other moments

Afterwards all is well again, the command is run once more unless it said that it had done it, everybody fetches, and
the network must be what it is without any fault: every dispatch once, every ack once, the audit's findings the same,
the letters in every home, the documents whole. Ends with 1 where it is not.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from faulting.breaking import FAULTS, KILL_9
from faulting.plays import PLAYS, Play
from faulting.stage import build
from faulting.trial import Trials, Tried

_MINUTES: Final = 10
_QUICK: Final = 1
_SHARE: Final = 0.9
"""Of the time goes to trials, the rest to making the network."""
_COLUMNS: Final = tuple(fault.word for fault in (*FAULTS, KILL_9))


def main() -> int:
    """Try, print the table and what is wrong."""
    asked = _arguments()
    plays = [play for play in PLAYS if not asked.only or play.command in asked.only]
    processes = os.cpu_count() or 1
    begun = time.monotonic()
    end = begun + 60 * (asked.minutes or (_QUICK if asked.quick else _MINUTES)) * _SHARE
    tried: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="cipherpost-faults-") as folder:
        os.environ["CIPHERPOST_STATE_DIR"] = f"{folder}/state"
        root = Path(folder)
        build(root / "common")
        with ProcessPoolExecutor(processes) as pool:
            rounds = [
                pool.submit(_play, play, root, f"{asked.seed} {play.command}", _share(at, plays, end, processes))
                for at, play in enumerate(plays)
            ]
            for done in as_completed(rounds):
                tried += done.result()
                sys.stderr.write(f"\r{len(tried)} trials ")
                sys.stderr.flush()
    sys.stderr.write("\n")
    _print(plays, tried, asked.seed, time.monotonic() - begun)
    return 1 if any(each.wrong for each in tried) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/faults", description="Disturb every command that writes.")
    parser.add_argument("--quick", action="store_true", help="for about a minute")
    parser.add_argument("--minutes", type=float, help=f"for so many (default: {_MINUTES})")
    parser.add_argument("--only", action="append", metavar="COMMAND", choices=[play.command for play in PLAYS])
    parser.add_argument("--seed", type=int, default=1, help="by which moments are drawn (default: 1)")
    return parser.parse_args()


def _share(at: int, plays: list[Play], end: float, processes: int) -> float:
    """When the trials of a command end at the latest: commands begin one after another, so many at once."""
    begun = time.monotonic()
    turn = (at // processes + 1) / -(-len(plays) // processes)
    return begun + (end - begun) * turn


def _play(play: Play, root: Path, lot: str, end: float) -> list[Tried]:
    """Trials of one command, each fault once and then again, until its time is over."""
    folder = root / play.command.replace(" ", "-")
    folder.mkdir()
    trials, dice = Trials(play, root / "common", folder), random.Random(lot)
    tried: list[Tried] = []
    while not tried or time.monotonic() < end:
        for each in trials.some(dice, 1):
            tried.append(each)
            if time.monotonic() > end:
                break
    return tried


def _print(plays: list[Play], tried: list[Tried], seed: int, seconds: float) -> None:
    """A line for each command, and for each fault how often it was tried; what is wrong below it."""
    number = Counter((each.command, each.fault) for each in tried)
    wrong = Counter((each.command, each.fault) for each in tried if each.wrong)

    def cell(command: str, fault: str) -> str:
        count, bad = number[command, fault], wrong[command, fault]
        return "-" if not count else f"{count - bad}/{count}" if bad else str(count)

    lines = [f"{'':<16}" + "".join(f"{word:>11}" for word in _COLUMNS)]
    lines += [f"{play.command:<16}" + "".join(f"{cell(play.command, word):>11}" for word in _COLUMNS) for play in plays]
    totals = Counter(each.fault for each in tried)
    lines.append(f"{'all':<16}" + "".join(f"{totals[word]:>11}" for word in _COLUMNS))
    bad = [each for each in tried if each.wrong]
    told = sum(each.told for each in tried)
    lines.append(
        f"{len(tried)} trials in {seconds:.0f} s (seed {seed}): {len(tried) - len(bad)} ok, {len(bad)} not;"
        f" {told} were told that it was done all the same"
    )
    for each in bad:
        lines.append(f"{each.command}, {each.fault} at {each.at}:")
        lines += [f"    {line}" for line in each.wrong]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
