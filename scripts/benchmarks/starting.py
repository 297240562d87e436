"""How long the program takes to start, beside an interpreter that imports click and ends."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure import Figure, in_turns
from benchmarks.stage import Stage

GROUP: Final = "starting"


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    with Stage(folder, (21,)) as stage:
        item = stage.write(stage.audience(21), body="This one waits.\n")
        assert item.has_letter()
    program = str(Path(sys.executable).with_name("cipherpost"))
    environ = {**os.environ, "CIPHERPOST_HOME": str(folder / "home")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles a program anew at each start
    _run([program, "status"], environ)
    version, status, floor = in_turns(
        11 if quick else 41,
        lambda: _run([program, "--version"], environ),
        lambda: _run([program, "status"], environ),
        lambda: _run([sys.executable, "-c", "import click"], environ),
    )
    for name, ours, target in (("--version", version, 1.2), ("status", status, 3.0)):
        yield Figure(
            group=GROUP,
            name=f"cipherpost {name}",
            ours=ours,
            floor=floor,
            floor_is='python -c "import click"',
            target=target,
        )


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(environ))
