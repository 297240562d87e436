import json
import shutil
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.errors import UnableError
from cipherpost.home.machine import (
    MACHINE,
    Away,
    MachineRecord,
    MachineRecordError,
    MovedState,
    machine_id,
    state_folder,
)

HERE, THERE = "1" * 64, "2" * 64
SINCE = "2026-11-22T09:00:00Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    record(folder).register()
    return folder


def record(home: Path, machine: str = HERE) -> MachineRecord:
    return MachineRecord(home, state_dir=home.parent / "state", machine=machine)


def reason(home: Path, machine: str = HERE) -> str | None:
    moved = record(home, machine).check()
    return moved and moved.reason


def test_i3_a_home_that_stays_has_not_moved(home: Path) -> None:
    assert reason(home) is None
    assert [record(home).bump() for _ in range(3)] == [1, 2, 3]
    assert reason(home) is None
    assert record(home).moved_state() is None


def test_i3_a_home_on_another_machine_has_moved(home: Path) -> None:
    record(home).bump()
    assert reason(home, THERE) == "it was last used on another machine"


def test_i3_a_copied_home_has_moved_and_the_one_left_behind_too(home: Path) -> None:
    record(home).bump()
    copy = home.with_name("copy")
    shutil.copytree(home, copy)
    assert reason(copy) == "it was last used in another folder"
    record(copy).mark_moved("copied", SINCE)
    assert reason(copy) is None
    assert "older than" in (reason(home) or "")


def test_i3_a_restored_backup_has_moved(home: Path) -> None:
    record(home).bump()
    backup = home.with_name("backup")
    shutil.copytree(home, backup)
    record(home).bump()
    shutil.rmtree(home)
    backup.rename(home)
    assert "restored backup" in (reason(home) or "")


def test_i3_a_home_without_its_record_has_moved(home: Path) -> None:
    (home / "machine.json").unlink()
    assert reason(home) == "it has no record of its machine"


def test_i3_a_lost_state_folder_is_no_move_and_is_written_again(home: Path) -> None:
    record(home).bump()
    shutil.rmtree(home.parent / "state")
    assert reason(home) is None
    assert record(home).bump() == 2
    assert len(list((home.parent / "state" / "homes").iterdir())) == 1


def test_i3_moving_is_remembered_until_each_channel_is_cleared(home: Path) -> None:
    record(home, THERE).mark_moved("it was last used on another machine", SINCE)
    assert reason(home, THERE) is None
    state = record(home, THERE).moved_state()
    assert state is not None
    assert (state.since, state.cleared) == (SINCE, frozenset())
    record(home, THERE).clear("tver/center")
    record(home, THERE).bump()
    state = record(home, THERE).moved_state()
    assert state is not None
    assert state.cleared == {"tver/center"}
    record(home, THERE).clear_all()
    assert record(home, THERE).moved_state() is None


def test_i3_a_second_move_takes_the_clearance_back(home: Path) -> None:
    record(home).mark_moved("first", SINCE)
    record(home).clear("tver/center")
    record(home).mark_moved("second", SINCE)
    state = record(home).moved_state()
    assert state is not None
    assert (state.reason, state.cleared) == ("second", frozenset())


def test_i3_a_kill_while_counting_is_not_taken_for_a_move(home: Path) -> None:
    for _ in every_kill(lambda: record(home).bump()):
        assert reason(home) is None


def test_i3_nothing_is_counted_when_the_state_folder_refuses(home: Path) -> None:
    shutil.rmtree(home.parent / "state")
    (home.parent / "state").write_text("a file where a folder must be")
    with pytest.raises(UnableError) as caught:
        record(home).bump()
    assert any("CIPHERPOST_STATE_DIR" in hint for hint in caught.value.hints)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"format":1}',
        b"\xff",
        b'{"format":1,"home":"x","machine":"","path":1}',
        b'{"format":1,"home":"%s","machine":"%s","path":"/","generation":1e999}' % (b"0" * 32, b"0" * 64),
    ],
)
def test_a_damaged_record_is_named_not_guessed_at(home: Path, damage: bytes) -> None:
    (home / "machine.json").write_bytes(damage)
    with pytest.raises(MachineRecordError, match="damaged"):
        record(home).check()


def test_the_id_of_a_machine_is_kept_and_is_not_the_systems_own(tmp_path: Path) -> None:
    first = machine_id(tmp_path / "state")
    assert machine_id(tmp_path / "state") == first
    assert len(bytes.fromhex(first)) == 32
    system = Path("/etc/machine-id")
    assert not system.exists() or system.read_text().strip() not in first


def test_a_system_without_an_id_gets_a_kept_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cipherpost.home.machine._system_id", lambda: None)
    first = machine_id(tmp_path / "a")
    assert machine_id(tmp_path / "a") == first
    assert machine_id(tmp_path / "b") != first


def test_the_state_folder_can_be_named(tmp_path: Path) -> None:
    assert state_folder({"CIPHERPOST_STATE_DIR": str(tmp_path)}) == tmp_path
    assert state_folder({}).name == "cipherpost"


def test_the_record_outside_tells_nothing_of_channels(home: Path) -> None:
    record(home).mark_moved("moved", SINCE)
    record(home).clear("tver/center")
    (outside,) = (home.parent / "state" / "homes").iterdir()
    assert json.loads(outside.read_bytes())["moved"] is None


# ---- given to another machine ------------------------------------------------------------------------------------

TO = Away(to="13539 46393 02648 77452", since="2026-11-22T09:00:00Z")


def machines(tmp_path: Path) -> tuple[Path, MachineRecord]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    record = MachineRecord(home, state_dir=tmp_path / "state", machine="a" * 64)
    record.register()
    return home, record


def test_i3_a_home_that_was_given_away_stays_so_whatever_is_written_after(tmp_path: Path) -> None:
    _, record = machines(tmp_path)
    assert record.away() is None
    record.give_away(TO)
    record.bump()
    record.mark_moved("somebody moved it", "2026-11-23T09:00:00Z")
    record.clear("tver/center")
    record.clear_all()
    assert record.away() == TO
    record.take_back("2026-11-24T09:00:00Z")
    assert record.away() is None
    assert record.moved_state() is not None, "it waits for an answer as any home that moved"


def test_i3_an_older_copy_on_the_same_machine_learns_that_the_home_was_given_away(tmp_path: Path) -> None:
    home, record = machines(tmp_path)
    record.bump()
    older = (home / MACHINE).read_bytes()
    record.bump()
    record.give_away(TO)
    (home / MACHINE).write_bytes(older)
    assert record.away() == TO
    record.mark_moved("it is older", "2026-11-23T09:00:00Z")
    (home / MACHINE).write_bytes(older)
    assert record.away() == TO


def test_i3_what_came_back_from_there_is_free_of_it(tmp_path: Path) -> None:
    home, record = machines(tmp_path)
    record.give_away(TO)
    record.restored(None, arrived=True)
    assert record.away() is None
    assert record.check() is None
    # A backup that was made on the other machine, where more was signed, is no older copy.
    record.give_away(TO)
    table = json.loads((home / MACHINE).read_bytes())
    del table["away"]
    table["generation"] += 5
    (home / MACHINE).write_text(json.dumps(table))
    assert record.away() is None


def test_i3_a_home_put_together_elsewhere_is_moved_from_its_first_day_in_its_place(tmp_path: Path) -> None:
    building, place = tmp_path / ".building", tmp_path / "home"
    building.mkdir()
    record = MachineRecord(building, state_dir=tmp_path / "state", machine="a" * 64, lives_at=place)
    record.restored(MovedState(reason="it was put back", since="2026-11-22T09:00:00Z"), above=41)
    building.rename(place)
    moved = MachineRecord(place, state_dir=tmp_path / "state", machine="a" * 64)
    assert moved.check() is None
    assert moved.moved_state() == MovedState(reason="it was put back", since="2026-11-22T09:00:00Z")
    assert moved.generation() == 42
    assert not (tmp_path / "state" / "homes").exists(), "a home that only reads takes nothing from another copy"
