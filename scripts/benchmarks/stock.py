"""Stock age beside ours, where it is installed: hybrid recipients from version 1.3 on, classic ones before."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure import MIB, Figure, Job, in_turns
from cipherpost import age

GROUP: Final = "stock age"


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module; none without age on the path."""
    program = shutil.which("age")
    if program is None:
        return
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", version)[:2])
    hybrid = numbers >= (1, 3)
    yield from _Stock(folder, program, hybrid=hybrid, called=f"age {version}").figures(quick=quick)


class _Stock:
    def __init__(self, folder: Path, program: str, *, hybrid: bool, called: str) -> None:
        self._folder = folder
        self._program = program
        self._kind = "hybrid" if hybrid else "classic"
        self._called = called
        self._new = age.HybridIdentity.generate if hybrid else age.X25519Identity.generate

    def figures(self, *, quick: bool) -> Iterator[Figure]:
        """A small letter to many, and a large one to one."""
        runs = 3 if quick else 5
        for count, size in ((1, 10_000), (1_000, 10_000), (1, (32 if quick else 256) * MIB)):
            keys = [self._new() for _ in range(count)]
            plain = self._folder / "plain"
            plain.write_bytes(os.urandom(size))
            named = f"{size // MIB} MiB" if size >= MIB else "10 kB"
            yield self._sealing(keys, plain, f"seal {named} to {count:,} {self._kind}", runs)
            yield self._opening(keys, plain, f"open {named} among {count:,} {self._kind}", runs)

    def _sealing(
        self, keys: Sequence[age.HybridIdentity | age.X25519Identity], plain: Path, name: str, runs: int
    ) -> Figure:
        listed, sealed = self._folder / "recipients", self._folder / "theirs.age"
        listed.write_text("".join(f"{key.recipient.text}\n" for key in keys), "ascii")
        recipients = [key.recipient for key in keys]

        def ours() -> None:
            with plain.open("rb") as source, (self._folder / "ours.age").open("wb") as sink:
                age.encrypt(recipients, source, sink)

        return self._figure(name, runs, ours, ["-R", str(listed), "-o", str(sealed), str(plain)])

    def _opening(
        self, keys: Sequence[age.HybridIdentity | age.X25519Identity], plain: Path, name: str, runs: int
    ) -> Figure:
        identity, sealed = self._folder / "identity", self._folder / "ours.age"
        identity.write_text(f"{keys[-1].text}\n", "ascii")

        def ours() -> None:
            with sealed.open("rb") as source, (self._folder / "opened").open("wb") as sink:
                shutil.copyfileobj(age.decrypt([keys[-1]], source), sink, MIB)

        return self._figure(name, runs, ours, ["-d", "-i", str(identity), "-o", str(plain), str(sealed)])

    def _figure(self, name: str, runs: int, ours: Job, arguments: Sequence[str]) -> Figure:
        def theirs() -> None:
            subprocess.run([self._program, *arguments], check=True)

        mine, stock = in_turns(runs, ours, theirs)
        return Figure(group=GROUP, name=name, ours=mine, floor=stock, floor_is=self._called)
