"""Stories that a review of moves, backups, cuts and forks added (I3, I4, I11)."""

import shutil

import pytest
from backupkit import Machine, back_up, move
from filelock import FileLock
from simulator import HostilePost
from storykit import next_header, signed
from workflowkit import IVANOV, NETWORK, REVIZOR, STASOVA, Net

from cipherpost.dispatch.header import Ack
from cipherpost.home.lock import HomeBusyError
from cipherpost.postoffice import names
from cipherpost.workflows import standing
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


def test_i10_story_two_commands_put_a_home_back_at_once_and_the_second_is_told_to_wait(
    net: Net, new: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = back_up(net, IVANOV)
    home = new.home(IVANOV)
    home.parent.mkdir(parents=True)
    monkeypatch.setattr("cipherpost.workflows.putting_back._PATIENCE", 0.05)
    with FileLock(home.with_name(f".{home.name}.restoring.lock")), pytest.raises(HomeBusyError) as caught:
        new.put_back(file, IVANOV)
    assert caught.value.hints
    new.put_back(file, IVANOV)


# ---- cuts --------------------------------------------------------------------------------------------------------


def test_v5_story_a_thiefs_side_of_a_fork_is_not_cut_at_because_others_acknowledged_the_honest_one(net: Net) -> None:
    """The carrier shows the keeper another number 2 than the auditor has acknowledged."""
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    net.fetch(IVANOV, receipts=False)
    acks = (Ack("center/roster", 1, net.fingerprint, "seen"),)
    header = next_header(net, IVANOV, "tver/center", kind="receipt", acks=acks)
    net.later(minutes=1)
    net.send(IVANOV, "honest", "center")
    net.fetch(REVIZOR)
    net.posts[STASOVA] = HostilePost(net.store)
    net.posts[STASOVA].replace(names.note_name(NETWORK, "tver/center", 2), signed(net, IVANOV, header))
    net.later(minutes=1)
    net.fetch(STASOVA, receipts=False)
    net.later(days=1)
    with net.desk(STASOVA) as desk:
        assert desk.chain.channel("tver/center").entry(2) is not None
        assert (2, "audit") in {(row.number, row.office) for row in desk.mail.acks_of("tver/center")}
        plan = standing.plan(desk, "compromised", IVANOV, since=net.now.date())
    assert {cut.channel: cut.number for cut in plan.cuts}["tver/center"] == 1
