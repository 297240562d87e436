"""Machines between which homes are carried: each has an id and a state folder of its own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from workflowkit import Net, send

from cipherpost.home import arrivals
from cipherpost.workflows import backing, fetching, putting_back
from cipherpost.workflows.fetching import Fetched
from cipherpost.workflows.putting_back import PutBack, World
from cipherpost.workflows.results import Posted

PASSPHRASE = "six words that were drawn by lot"


class RefusedError(Exception):
    """The person at the machine said no."""


@dataclass
class Machine:
    """One computer; ``at_work`` is where commands run that are given it."""

    net: Net
    name: str
    passphrase: str = PASSPHRASE
    refuses: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.net.root / f"state-{self.name}"
        self.id = hashlib.sha256(self.name.encode()).hexdigest()

    def home(self, who: str) -> Path:
        return self.net.root / self.name / who.replace("/", "-")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with (
            patch("cipherpost.home.machine.machine_id", lambda _state: self.id),
            patch("cipherpost.home.arrivals.machine_id", lambda _state: self.id),
            patch("cipherpost.home.machine.state_folder", lambda _environ: self.state),
        ):
            yield

    def await_home(self) -> str:
        with self.at_work():
            return arrivals.await_home(self.state)

    def put_back(self, file: Path, who: str, *, force: bool = False, home: Path | None = None) -> PutBack:
        with self.at_work():
            return putting_back.put_back(
                file,
                World(
                    home=home or self.home(who),
                    user_data=self.net.root / self.name,
                    state_dir=self.state,
                    passphrase=lambda: self.passphrase,
                    new_passphrase=None,
                    agree=self._agree,
                    clock=self.net.clock,
                    force=force,
                ),
            )

    def _agree(self, question: str) -> None:
        self.asked.append(question)
        if self.refuses:
            raise RefusedError

    def send(self, who: str, text: str, to: str, *, home: Path | None = None, **given: object) -> Posted:
        with self.at_work(), self.net.desk(who, home=home or self.home(who), **given) as desk:
            return send(desk, text, to)

    def fetch(self, who: str, *, home: Path | None = None, **given: object) -> Fetched:
        with self.at_work(), self.net.desk(who, home=home or self.home(who), **given) as desk:
            return fetching.fetch(desk)


def back_up(net: Net, who: str, name: str = "backup", *, home: Path | None = None, **given: bool) -> Path:
    file = net.root / name
    with net.desk(who, home=home) as desk:
        backing.back_up(desk, file, new_passphrase=lambda: PASSPHRASE, **given)
    return file


def move(net: Net, who: str, to: str, name: str = "moved", *, home: Path | None = None) -> Path:
    file = net.root / name
    with net.desk(who, home=home) as desk:
        backing.move(desk, file, to, new_passphrase=lambda: PASSPHRASE, force=True)
    return file


def each_number_signed_once(*homes: Path) -> None:
    """Over all copies of a home together."""
    signed: dict[tuple[str, str], set[str]] = {}
    for home in homes:
        for line in (home / "journal").read_text().splitlines():
            _, _, channel, number, digest = line.split()
            signed.setdefault((channel, number), set()).add(digest)
    assert all(len(digests) == 1 for digests in signed.values())
