"""One command, one fault, one moment: what it said, what a second try makes of it, and whether all is there."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cliharness import Result  # type: ignore[import-not-found]
from simulator import Killed  # type: ignore[import-not-found]

from faulting.breaking import FAULTS, KILL_9, Breaker, Fault
from faulting.judging import Outcome, chain, counts, outcome, promised
from faulting.plays import Play
from faulting.stage import Stage

_PATIENCE: Final = 60
"""Seconds for a process of its own."""
_ENDED: Final = {0, 1, 2, 3, 4, 5, 6, 7}
"""How a command may end that was disturbed and not killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one trial; ``wrong``: what must not be, empty where all is well; ``told``: it said it was done."""

    command: str
    fault: str
    at: int
    told: bool
    wrong: tuple[str, ...]


class Trials:
    """All trials of one command.

    Args:
        common: the network that every play begins with.
        folder: where copies may be made.
        readers: so many homes fetch in the end; None: all.
    """

    def __init__(self, play: Play, common: Path, folder: Path, *, readers: int | None = None) -> None:
        self.play = play
        self._folder = folder
        self._kept = folder / "kept"
        self._count = 0
        stage = Stage.at(common).copy(self._kept)
        with stage.lit():
            filled = play.before(stage) or ()
        stage.keep()
        self.words = [_fill(word, filled) for word in play.words]
        with stage.lit():
            self.readers = tuple(
                path.name for path in sorted((self._kept / "homes").iterdir()) if (path / "cipherpost.toml").exists()
            )[:readers]
            self.fingerprint = stage.fingerprint
        self.right, self.breaker, self.seconds = self._without()

    def _stage(self) -> Stage:
        self._count += 1
        return Stage.at(self._kept).copy(self._folder / str(self._count))

    def _without(self) -> tuple[Outcome, Breaker, float]:
        """The command undisturbed: how it ends, the moments that it has, and how long it takes in seconds."""
        stage = self._stage()
        breaker = self._breaker(stage)
        with stage.lit():
            begun = time.monotonic()
            with breaker.at_work():
                done = self._run(stage)
            seconds = time.monotonic() - begun
            assert done.code == self.play.code, f"{self.play.command} without any fault: {done}"
            found = self._finish(stage)
        stage.remove()
        return found, breaker, seconds

    def _breaker(self, stage: Stage, fault: Fault | None = None, at: int = 0) -> Breaker:
        post = stage.root / self.play.post
        return Breaker(stage.root, post, fault=fault, at=at, late=lambda by: stage.clock.ahead(seconds=by))

    def _run(self, stage: Stage) -> Result:
        return stage.run(self.play.home, *self.words, env=self.play.env)

    # ---- trials --------------------------------------------------------------------------------------------------

    def some(self, dice: random.Random, each: int, faults: tuple[Fault, ...] = (*FAULTS, KILL_9)) -> Iterator[Tried]:
        """Up to ``each`` trials of each of ``faults``, at moments drawn by lot."""
        for fault in dice.sample(faults, len(faults)):
            if fault is KILL_9:
                yield from (self.killed_dead(dice) for _ in range(max(1, each // 2)))
                continue
            moments = self.breaker.moments(fault)
            chosen = dice.sample(range(1, moments + 1), min(each, moments))
            for at in sorted(chosen):
                yield self.one(fault, at)

    def one(self, fault: Fault, at: int) -> Tried:
        """One trial in this process."""
        stage = self._stage()
        breaker = self._breaker(stage, fault, at)
        done: Result | None = None
        wrong: list[str] = []
        with stage.lit():
            try:
                with breaker.at_work():
                    done = self._run(stage)
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - a traceback is what must not be
                wrong.append(f"ended with {type(error).__name__}: {error}")
            if not breaker.struck and done is not None and done.code != self.play.code:
                wrong.append(f"ended with {done.code} though nothing went wrong")
            wrong += self._after(stage, done, again=at % 2 == 1)
        stage.remove()
        return self._tried(fault, at, done, wrong)

    def killed_dead(self, dice: random.Random) -> Tried:
        """One trial in a process of its own, killed by the system."""
        stage = self._stage()
        delay = dice.uniform(0, self.seconds * 1.2)
        with stage.lit():
            done = _in_a_process(stage, self.play, self.words, delay)
            stage.clock.ahead(seconds=5)
            wrong = self._after(stage, done, again=dice.random() < 0.5)
        stage.remove()
        return self._tried(KILL_9, round(delay * 1000), done, wrong)

    def _tried(self, fault: Fault, at: int, done: Result | None, wrong: list[str]) -> Tried:
        told = done is not None and done.code == self.play.code
        return Tried(command=self.play.command, fault=fault.word, at=at, told=told, wrong=tuple(wrong))

    def _after(self, stage: Stage, done: Result | None, *, again: bool) -> list[str]:
        """Everything is well again: what was promised is there, and trying once more makes the rest."""
        wrong = []
        stage.clock.ahead(minutes=1)
        if done is not None:
            if done.code not in _ENDED or "Traceback" in done.err:
                wrong.append(f"ended with {done.code}: {done.err}")
            judged = chain(stage, self.play, self._known(stage))
            wrong += [f"told, and not there: {place}" for place in promised(done.out) if not counts(judged, place)]
        told = done is not None and done.code == self.play.code
        second = None
        if not told:
            if again and (stage.root / "homes" / self.play.home / "cipherpost.toml").exists():
                stage.run(self.play.home, "fetch", env=self.play.env)
                stage.clock.ahead(minutes=1)
            second = self._run(stage)
            if self.play.again and second.code == 1 and "there already" in second.err:
                second = stage.run(self.play.home, *self.words, *self.play.again, env=self.play.env)
            stage.clock.ahead(minutes=1)
        differences = list(self._finish(stage).differs(self.right, () if told else self.play.more))
        if differences and second is not None and second.code != self.play.code:
            differences.append(f"the second time: {second.err.strip()}")
        return wrong + [f"told, and {each}" if told else each for each in differences]

    def _known(self, stage: Stage) -> str:
        if self.play.network == "rkpb":
            return self.fingerprint
        home = stage.root / "homes" / self.play.home
        from cipherpost.errors import CipherpostError
        from cipherpost.home.settings import read_settings

        try:
            return read_settings(home).fingerprint or "0" * 64
        except CipherpostError:
            return "0" * 64

    def _finish(self, stage: Stage) -> Outcome:
        """Everybody fetches, the one whose command it was first and last; then all is compared."""
        others = [home for home in self.readers if home != self.play.home]
        for home in (self.play.home, *others, self.play.home):
            stage.run(home, "fetch", env=self.play.env if home == self.play.home else None)
            stage.clock.ahead(seconds=10)
        return outcome(stage, self.play, self._known(stage), (*others, self.play.home))


def _fill(word: str, filled: object) -> str:
    for at, given in enumerate(filled if isinstance(filled, list | tuple) else ()):
        word = word.replace(f"{{{at}}}", given)
    return word


def _in_a_process(stage: Stage, play: Play, words: list[str], delay: float) -> Result | None:
    """What a process of its own said; None where it was killed, ``delay`` seconds after it had begun."""
    home = str(stage.root / "homes" / play.home)
    filled = {name: value.replace("{root}", str(stage.root)) for name, value in play.env.items()}
    filled_words = stage.words(words)
    environ = stage.net.process_environ(filled) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with ExitStack() as stack:
        child = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "faulting.child", stage.clock.now.isoformat(), "--home", home, *filled_words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, cwd=stage.net.cwd,
            )
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.stdin.write(b"go\n")
        child.stdin.flush()
        try:
            child.wait(delay)
        except subprocess.TimeoutExpired:
            child.kill()
        out, err = child.communicate(timeout=_PATIENCE)
    if child.returncode == -signal.SIGKILL:
        return None
    return Result(tuple(words), child.returncode, out.decode(), err.decode(), home)
