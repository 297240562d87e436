"""Auditing a large network: from a bundle and from a directory, and again in a home when little is new.

The floor is libsodium verifying the same signatures and nothing else, by as many processes as the audit uses.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks import town
from benchmarks.measure import Figure
from benchmarks.stage import NETWORK, Stage
from cipherpost.note import SignerKey, split
from cipherpost.postoffice import names

GROUP: Final = "auditing"
_SAMPLE: Final = 20_000
"""Signatures that each process of the floor verifies; the time is taken times as many as there are."""
_PAUSE: Final = 0.1


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    committees, each = (49, 500) if quick else (499, 1_000)
    with Stage(folder) as stage:
        offices = town.begin(stage, committees)
        many = town.fill(stage, offices, each)
        town.pack(folder / "post", folder / "all.bundle")
        floor = _Floor(folder / "post", offices, stage.desk.keys.signer, many)
        outside = ["--fingerprint", stage.desk.fingerprint]
        yield from _from_zero("a bundle", ["--bundle", str(folder / "all.bundle"), *outside], floor, 0.7)
        yield from _from_zero("a directory", ["--post", str(folder / "post"), *outside], floor, 0.5)
        yield from _again(stage, offices, 100 if quick else 1_000, many)


def _from_zero(name: str, arguments: Sequence[str], floor: "_Floor", target: float) -> Iterator[Figure]:
    before = floor.seconds()
    ours, memory = _audit(arguments, floor.many)
    yield Figure(
        group=GROUP,
        name=f"{floor.many:,} headers from {name}",
        ours=ours,
        floor=(before + floor.seconds()) / 2,
        floor_is=f"libsodium alone, {os.cpu_count()} processes",
        target=target,
        faster=True,
    )
    if memory is not None:
        yield Figure(group=GROUP, name="  memory of all its processes", ours=memory, target=300, unit="MiB")


def _again(stage: Stage, offices: Sequence[str], new: int, many: int) -> Iterator[Figure]:
    """A second audit in a home. It may take twice what its new dispatches take, 20 us a channel, and the start: that of
    an audit of a network with the roster alone.
    """
    home = ["--home", str(stage.desk.home)]
    first, _ = _audit([], many, *home)
    new = town.extend(stage, offices, new)
    channels = 2 * len(offices) + 2
    ours, _ = _audit([], many + new, *home)
    idle, _ = _audit([], many + new, *home)
    start = _start(stage)
    checking = new * first / many * (os.cpu_count() or 1)
    yield Figure(
        group=GROUP,
        name=f"again, {new:,} new in {channels:,} channels",
        ours=ours,
        floor=2 * checking + 20e-6 * channels + start,
        floor_is="twice the checking of the new ones, 20 us a channel, start",
        target=1,
    )
    yield Figure(group=GROUP, name="  the same, nothing new", ours=idle)


def _start(stage: Stage) -> float:
    """Seconds for an audit of the roster alone."""
    roster = stage.post.parent / "roster-only"
    for path in (stage.post / NETWORK / "center" / "roster").iterdir():
        copy = roster / path.relative_to(stage.post)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return _audit(["--post", str(roster), "--fingerprint", stage.desk.fingerprint], 0)[0]


def _audit(arguments: Sequence[str], many: int, *before: str) -> tuple[float, float | None]:
    """Seconds and, where the system tells, the most MiB of all processes at one time."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "cipherpost", *before, "audit", *arguments, "--json"], stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        most = _watch(running)
        report = json.load(running.stdout)
    seconds = time.perf_counter() - start
    assert report["dispatches"] >= many, report["findings"][:5]
    return seconds, most


def _watch(running: "subprocess.Popen[bytes]") -> float | None:
    """Wait for the first output of a process; the most memory that it and its children held, in MiB."""
    import select

    most = 0.0
    assert running.stdout is not None
    while not select.select([running.stdout], [], [], _PAUSE)[0]:
        most = max(most, _memory(running.pid))
    return most or None


def _memory(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    return own / 1024 + sum(_memory(int(child)) for child in children)


# ---- the floor -------------------------------------------------------------------------------------------------------


class _Floor:
    """libsodium over a sample of the same notes, all processors at work."""

    def __init__(self, post: Path, offices: Sequence[str], center: SignerKey, many: int) -> None:
        self.many = many
        keys = [(f"{name}/center", town.signer_of(name)) for name in offices]
        keys += [(f"center/{name}", center) for name in offices]
        self._channels = [
            (str(post / names.channel_prefix(NETWORK, channel)), key.verifier.public) for channel, key in keys
        ]

    def seconds(self) -> float:
        """How long all of them would take."""
        processes = os.cpu_count() or 1
        shares = [self._channels[at::processes] for at in range(processes)]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as helpers:
            return self.many / sum(helpers.map(_verify_some, shares))


def _verify_some(channels: Sequence[tuple[str, bytes]]) -> float:
    """Verifications a second over the first notes of some channels."""
    signed: list[tuple[bytes, bytes]] = []
    for folder, public in channels:
        for path in sorted(Path(folder).iterdir())[: _SAMPLE - len(signed)]:
            parts = split(path.read_bytes())
            signed.append((parts.lines[0][2] + parts.text, public))
    start = time.perf_counter()
    for each, public in signed:
        crypto_sign_open(each, public)
    return len(signed) / (time.perf_counter() - start)
