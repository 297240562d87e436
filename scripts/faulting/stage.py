"""The network that commands are played in: homes and a post office on disk, built once by the commands themselves."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from cliharness import CLOCK, Clock, Net, Result, copy_network  # type: ignore[import-not-found]

from cipherpost.dispatch.header import Ack
from cipherpost.postoffice import names

BEGIN: Final = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
HOMES: Final = ("center", "second", "tver", "samara", "audit")
PASSPHRASE: Final = "six words that were drawn by lot"
_ATTACHED: Final = 70_000
"""Bytes: more than one piece of an age file."""


class Stage:
    """A network below one folder, which stands still at its own time until it is moved on."""

    def __init__(self, root: Path, now: datetime) -> None:
        self.root = root
        self.clock: Any = Clock(now)
        self.net: Any = Net(root, self.clock)

    @contextmanager
    def lit(self) -> Iterator[None]:
        """All commands in the block live by the network's clock."""
        with patch(CLOCK, self.clock):
            yield

    # ---- commands ------------------------------------------------------------------------------------------------

    def words(self, words: Sequence[str]) -> list[str]:
        """The words of a command with ``{root}`` filled in."""
        return [word.replace("{root}", str(self.root)) for word in words]

    def run(self, home: str | None, *words: str, env: Mapping[str, str] | None = None) -> Result:
        """One command in this process."""
        filled = {name: value.replace("{root}", str(self.root)) for name, value in (env or {}).items()}
        return self.net.run(home, *self.words(words), env=filled)

    def ok(self, home: str | None, *words: str) -> Result:
        """One command that is part of the setting."""
        done = self.run(home, *words)
        assert done.code == 0, f"{home} {words}: {done}"
        self.clock.ahead(minutes=1)
        return done

    def round(self, *homes: str) -> None:
        """Each fetches."""
        for home in homes or (*HOMES, *HOMES):
            self.ok(home, "fetch")

    def admit(self, office: str, officer: str, home: str) -> None:
        """An officer of a declared office joins and is admitted."""
        self.ok("center", "invite", office, "-o", f"{{root}}/{home}.invitation")
        joined = self.ok(home, "join", f"{{root}}/{home}.invitation", "--officer", officer, "--no-passphrase", "--json")
        self.ok("center", "admit", f"{office}/{officer}", "--heard", joined.json["spoken"])

    # ---- copies --------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Write down the time, so that a copy goes on from it."""
        (self.root / "clock.json").write_text(json.dumps(self.clock.now.isoformat()))

    def copy(self, root: Path) -> "Stage":
        """The same network elsewhere; none of its homes counts as moved."""
        copy_network(self.root, root)
        return Stage.at(root)

    @classmethod
    def at(cls, root: Path) -> "Stage":
        """A network that was kept."""
        return cls(root, datetime.fromisoformat(json.loads((root / "clock.json").read_text())))

    def remove(self) -> None:
        """Let the folder go."""
        shutil.rmtree(self.root)

    @cached_property
    def fingerprint(self) -> str:
        """The network's."""
        found: str = self.run("center", "roster", "--json").json["fingerprint"]
        return found


def build(root: Path) -> Stage:
    """Rkpb: a center with two officers, tver and samara who share a lateral group, an auditor; all has been fetched.

    A monthly return is owed from March 2024, and an answer to the center's order ``center/all/2``; it is 2 April.
    """
    root.mkdir(parents=True)
    stage = Stage(root, BEGIN)
    with stage.lit():
        stage.net.found()
        for name, role in (("tver", "committee"), ("samara", "committee"), ("audit", "auditor")):
            stage.ok("center", "office", "add", name, "--title", name.title(), "--role", role)
        for office, officer, home in (
            ("center", "bazhanov", "second"), ("tver", "ivanov", "tver"), ("samara", "petrova", "samara"),
            ("audit", "orlov", "audit"),
        ):  # fmt: skip
            stage.admit(office, officer, home)
        stage.ok("center", "group", "volga", "tver", "samara", "--lateral")
        stage.ok("center", "form", "publish", "monthly-return")
        stage.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", "--from", "2024-03")
        _write_files(stage)
        for name in ("circular.md", "order.md"):
            due = ("--due", "2024-04-20") if name == "order.md" else ()
            stage.ok("center", "send", f"{{root}}/{name}", "--to", "all", *due)
        stage.round()
        stage.clock.now = stage.clock.now.replace(month=4, day=2)
        stage.round()
        stage.ok("samara", "reply", "center/all/1", "-m", "We have it.")
        stage.round()
    stage.keep()
    return stage


def _write_files(stage: Stage) -> None:
    for name, text in {
        "circular.md": "# Prepare the conferences\n\nReport before and after each.\n",
        "order.md": "# Say how many you are\n\nBy the twentieth.\n",
        "new.md": "# On the tenth\n\nAll begin on the tenth.\n",
        "better.md": "# On the twelfth\n\nAll begin on the twelfth.\n",
        "words": PASSPHRASE,
    }.items():
        stage.net.write(name, text)
    stage.net.write("figures.bin", bytes(_ATTACHED))
    from cipherpost.cli.demo_reports import monthly_data

    stage.net.write("data.json", json.dumps(monthly_data("2024-03", seed=1)))
    stage.net.write("better.json", json.dumps(monthly_data("2024-03", seed=5)))


def fork(stage: Stage) -> tuple[str, str]:
    """Let tver sign one number of tver/center twice, and go on from the second; its place, and the hash that stands."""
    from cipherpost.text import sha256

    net = stage.net
    with net.desk("tver") as desk:
        acks = (Ack("center/all", 1, desk.chain.channel("center/all").hash_at(1), "seen"),)
        last, previous = desk.chain.channel("tver/center").tip
    one = net.next_text("tver", "tver/center", acks=acks)
    stage.clock.ahead(minutes=1)
    other = net.next_text("tver", "tver/center", acks=acks)
    stage.clock.ahead(minutes=1)
    before = f"number {last + 1}\nprevious {previous or 'none'}\n"
    after = f"number {last + 2}\nprevious {sha256(other)}\n"
    further = net.next_text("tver", "tver/center", acks=acks).replace(before.encode(), after.encode())
    for slot, text in (
        (names.note_name("rkpb", "tver/center", last + 1), one),
        (names.alternate_name("rkpb", "tver/center", last + 1, sha256(other)), other),
        (names.note_name("rkpb", "tver/center", last + 2), further),
    ):
        (net.post / slot).parent.mkdir(exist_ok=True)
        (net.post / slot).write_bytes(net.sign("tver", text))
        stage.run("center", "fetch")
    return f"tver/center/{last + 1}", sha256(one)
