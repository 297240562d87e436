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
        fingerprint = stage.desk.fingerprint
        center = stage.desk.keys.signer
    bundle = folder / "all.bundle"
    town.pack(folder / "post", bundle)
    channels = [(f"{name}/center", town.signer_of(name)) for name in offices]
    channels += [(f"center/{name}", center) for name in offices]
    floors = []
    for name, where, target in (
        ("a bundle", ["--bundle", str(bundle)], 0.7),
        ("a directory", ["--post", str(folder / "post")], 0.5),
    ):
        floors.append(_floor(folder / "post", channels, many))
        ours, memory = _audit([*where, "--fingerprint", fingerprint], many)
        floors.append(_floor(folder / "post", channels, many))
        yield Figure(
            group=GROUP,
            name=f"{many:,} headers from {name}",
            ours=ours,
            floor=sum(floors[-2:]) / 2,
            floor_is=f"libsodium alone, {os.cpu_count()} processes",
            target=target,
            faster=True,
        )
        if memory is not None:
            yield Figure(group=GROUP, name="  memory of all its processes", ours=memory, target=300, unit="MiB")


def _audit(arguments: Sequence[str], many: int) -> tuple[float, float | None]:
    """Seconds and, where the system tells, the most MiB of all processes at one time."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "cipherpost", "audit", *arguments, "--json"], stdout=subprocess.PIPE
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


def _floor(post: Path, channels: Sequence[tuple[str, SignerKey]], many: int) -> float:
    """Seconds that libsodium takes for so many signatures, with all processors at work."""
    processes = os.cpu_count() or 1
    shares = [
        [
            (str(post / names.channel_prefix(NETWORK, channel)), key.verifier.public)
            for channel, key in channels[at::processes]
        ]
        for at in range(processes)
    ]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as helpers:
        rates = list(helpers.map(_verify_some, shares))
    return many / sum(rates)


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
