"""I4: every command that writes, disturbed once at a moment drawn by lot; the short form of ``scripts/faults``."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from faulting.breaking import FAULTS, KILL_9
from faulting.plays import NOT_PLAYED, PLAYS, Play
from faulting.stage import build
from faulting.trial import Trials

from cipherpost.cli import table
from cipherpost.cli.app import cli

SEED = 20261123
IN_PROCESS = FAULTS
PARTS = 6


def commands() -> Iterator[str]:
    """Every command of the program, as it is typed."""
    context = click.Context(cli)
    for _, section in table.SECTIONS:
        for name in section:
            command = cli.get_command(context, name)
            if isinstance(command, click.Group):
                yield from (f"{name} {part}" for part in command.list_commands(click.Context(command)))
            else:
                yield name


def test_every_command_is_played_or_is_known_to_write_nothing_of_its_own() -> None:
    played = {play.command.partition(" --")[0] for play in PLAYS}
    assert played.isdisjoint(NOT_PLAYED)
    assert sorted(commands()) == sorted(played | NOT_PLAYED.keys())
    assert len({play.command for play in PLAYS}) == len(PLAYS)


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIPHERPOST_STATE_DIR", str(root / "state"))
        build(root / "common")
        yield root / "common"


@pytest.mark.parametrize("part", range(PARTS))
def test_i4_what_is_disturbed_is_done_once_and_nothing_told_is_missing(
    part: int, common: Path, tmp_path: Path, record_property
) -> None:
    before, counts = dict(os.environ), {}
    for at, play in enumerate(PLAYS[part::PARTS]):
        folder = tmp_path / str(at)
        folder.mkdir()
        counts[play.command] = disturb(play, common, folder)
    assert min(counts.values()) > 0, counts
    record_property("disturbed", sum(counts.values()))
    assert dict(os.environ) == before


def disturb(play: Play, common: Path, folder: Path) -> int:
    """A fault at a moment, of those that the command has, drawn by its name: how many were tried."""
    trials, dice = Trials(play, common, folder, readers=1), random.Random(f"{SEED} {play.command}")
    fault = dice.choice([fault for fault in IN_PROCESS if trials.breaker.moments(fault)])
    tried = list(trials.some(dice, 1, (fault,)))
    for each in tried:
        assert each.wrong == (), (each.command, each.fault, each.at, each.wrong)
    return len(tried)


def test_i4_a_process_killed_by_the_system_goes_on_where_it_was(common: Path, tmp_path: Path) -> None:
    (play,) = (play for play in PLAYS if play.command == "send")
    trials = Trials(play, common, tmp_path, readers=2)
    tried = list(trials.some(random.Random(SEED), 4, (KILL_9,)))
    assert [each.wrong for each in tried] == [()] * 2


def test_a_fault_is_noticed_by_whoever_judges(common: Path, tmp_path: Path) -> None:
    """A dispatch that is there twice, or lost, or a home that does not read it, makes a difference."""
    (play,) = (play for play in PLAYS if play.command == "send")
    trials = Trials(play, common, tmp_path, readers=2)
    stage = trials._stage()
    with stage.lit():
        trials._run(stage)
        stage.run("center", *trials.words, "--even-if-sent")
        twice = list(trials._finish(stage).differs(trials.right))
    assert any("posted too often: center/all circular" in each for each in twice)
    stage = trials._stage()
    with stage.lit():
        lost = list(trials._finish(stage).differs(trials.right))
    assert any("not posted: center/all circular" in each for each in lost)
