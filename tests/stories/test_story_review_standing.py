"""Stories that a review of moves, backups, cuts and forks added (I3, I4, I11)."""

import shutil

import pytest
from backupkit import Machine, back_up, move
from workflowkit import IVANOV, Net

from cipherpost.workflows.moving import MovedError


@pytest.fixture
def new(net: Net) -> Machine:
    return Machine(net, "new")


def test_i3_story_an_older_copy_of_a_home_that_was_given_away_gives_no_freedom_away(net: Net, new: Machine) -> None:
    """The file for the new machine is lost; the old machine comes back from its own backup, and writes it again."""
    net.send(IVANOV, "one", "center")
    copy = net.root / "by hand"
    shutil.copytree(net.home(IVANOV), copy)
    net.send(IVANOV, "two", "center")
    number = new.await_home()
    move(net, IVANOV, number).unlink()
    shutil.rmtree(net.home(IVANOV))
    shutil.copytree(copy, net.home(IVANOV))
    done = new.put_back(move(net, IVANOV, number), IVANOV)
    assert done.moved is not None
    assert isinstance(new.send(IVANOV, "another two", "center").waiting, MovedError)


def test_i3_story_a_home_in_a_folder_with_brackets_in_its_name_remembers_what_was_signed(
    net: Net, new: Machine
) -> None:
    """A kill left only the home that was put aside; its journal is found again whatever its name is made of."""
    file = back_up(net, IVANOV)
    home = net.root / "new" / "tver [1]"
    new.put_back(file, IVANOV, home=home)
    new.send(IVANOV, "one", "center", home=home, alone=True)
    signed = (home / "journal").read_text().splitlines()
    home.rename(home.with_name(f"{home.name}.before-20261122T090000Z"))
    new.put_back(file, IVANOV, home=home)
    assert set(signed) <= set((home / "journal").read_text().splitlines())
