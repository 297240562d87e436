"""Stories of backups: a home put back, moved, copied, put together from paper, and what it signs then (I3, I5)."""

import json
import shutil
from pathlib import Path

import pytest
from backupkit import PASSPHRASE, Machine, RefusedError, back_up, each_number_signed_once, move
from simulator import HostilePost, Killed
from workflowkit import IVANOV, NETWORK, PETROV, REVIZOR, STASOVA, Net, subjects

from cipherpost.errors import ForkError, GapError, StaleError, UnableError
from cipherpost.home.backup import BackupDamagedError
from cipherpost.home.keys import WrongPassphraseError
from cipherpost.home.machine import MACHINE
from cipherpost.postoffice import names
from cipherpost.workflows import admission, backing, rotating
from cipherpost.workflows.moving import ForgottenError, MovedAwayError, MovedError
from cipherpost.workflows.putting_back import HomeThereError


@pytest.fixture
def new(net: Net) -> Machine:
    """The computer that was bought after the old one was gone."""
    return Machine(net, "new")


def hide(net: Net, who: str, *places: str) -> None:
    """The carrier hides these dispatches from one officer."""
    post = net.posts.setdefault(who, HostilePost(net.store))
    for place in places:
        channel, _, number = place.rpartition("/")
        post.withhold(names.note_name(NETWORK, channel, int(number)))


# ---- an old backup -----------------------------------------------------------------------------------------------


def test_i3_story_a_lost_machine_comes_back_from_an_old_backup_and_is_freed_by_the_centers_word(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "center")
    net.later(hours=1)
    # The computer burns. A month-old backup is put back on another, and Ivanov writes at once.
    done = new.put_back(file, IVANOV)
    assert done.moved is not None
    waiting = new.send(IVANOV, "three", "center").waiting
    assert isinstance(waiting, MovedError)
    assert "backup of" in waiting.what
    # The center fetches, and its receipt tells what it has; the letter goes out under the next number.
    net.later(minutes=1)
    net.fetch(STASOVA)
    posted = new.fetch(IVANOV).posted
    assert ("tver/center", 3) in [(each.channel, each.number) for each in posted]
    assert subjects(net.fetch(STASOVA)) == ["three"]
    each_number_signed_once(net.home(IVANOV), new.home(IVANOV))
    net.clean()


def test_i3_story_the_carrier_hides_everything_since_the_backup_and_the_home_signs_nothing(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    net.fetch(IVANOV)
    file = back_up(net, IVANOV)
    hostile = net.posts[IVANOV] = HostilePost(net.store)
    hostile.freeze()
    net.send(IVANOV, "two, which nobody shall see", "center")
    new.put_back(file, IVANOV)
    for _ in range(3):
        net.later(days=1)
        net.fetch(STASOVA)
        assert isinstance(new.send(IVANOV, "another two", "center", clock_ok=True).waiting, StaleError)
        assert new.fetch(IVANOV, clock_ok=True).posted == []
    each_number_signed_once(net.home(IVANOV), new.home(IVANOV))
    net.clean()


def test_i3_story_the_carrier_shows_the_centers_acks_and_hides_what_was_acked(net: Net, new: Machine) -> None:
    net.send(IVANOV, "one", "center")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "center")
    net.send(IVANOV, "three", "center")
    net.later(minutes=1)
    new.put_back(file, IVANOV)
    net.later(minutes=1)
    net.fetch(STASOVA)  # acks 2 and 3, later than the home was put back
    hide(net, IVANOV, "tver/center/2", "tver/center/3")
    new.fetch(IVANOV)
    waiting = new.send(IVANOV, "another two", "center").waiting
    assert isinstance(waiting, ForgottenError)
    assert (waiting.channel, waiting.number, waiting.exit_code) == ("tver/center", 3, GapError.exit_code)
    # No override makes it sign what was signed.
    assert isinstance(new.send(IVANOV, "another two", "center", alone=True).waiting, ForgottenError)
    net.posts[IVANOV].heal()
    assert [each.number for each in new.fetch(IVANOV).posted if each.channel == "tver/center"][:1] == [4]
    each_number_signed_once(net.home(IVANOV), new.home(IVANOV))
    net.clean()


def test_i3_story_a_number_that_another_office_only_calls_missing_is_not_signed_again(net: Net, new: Machine) -> None:
    net.send(IVANOV, "one", "volga")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "volga")
    net.later(minutes=1)
    new.put_back(file, IVANOV)
    net.later(minutes=1)
    hide(net, "samara/orlov", "tver/volga/2")
    net.send(IVANOV, "told of", "samara")  # states the head of tver/volga
    net.fetch("samara/orlov")  # acks 1 and calls 2 missing
    hide(net, IVANOV, "tver/volga/2", "tver/samara/1")
    new.fetch(IVANOV)
    assert isinstance(new.send(IVANOV, "another two", "volga").waiting, ForgottenError)
    each_number_signed_once(net.home(IVANOV), new.home(IVANOV))


def test_i3_story_a_keeper_put_back_from_a_backup_makes_no_second_entry_of_a_number_that_others_rely_on(
    net: Net, new: Machine
) -> None:
    file = back_up(net, STASOVA)
    with net.desk(STASOVA) as desk:
        admission.set_group(desk, "kama", ["tver"], lateral=False)
        entry = desk.roster.newest
    new.put_back(file, STASOVA)
    net.later(minutes=1)
    net.fetch(IVANOV)
    net.send(IVANOV, "relies on the entry", "center")
    net.send(REVIZOR, "so does this", "center")
    hide(net, STASOVA, f"center/roster/{entry}")
    with (
        new.at_work(),
        net.desk(STASOVA, home=new.home(STASOVA)) as desk,
        pytest.raises((ForgottenError, MovedError)),
    ):
        admission.set_group(desk, "oka", ["samara"], lateral=False)
    each_number_signed_once(net.home(STASOVA), new.home(STASOVA))


def test_i3_story_new_keys_free_a_home_and_it_still_signs_no_number_that_the_old_ones_used(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "center")
    net.send(IVANOV, "three", "center")
    net.fetch(STASOVA)
    new.put_back(file, IVANOV)
    hide(net, IVANOV, "tver/center/2", "tver/center/3")
    with new.at_work(), net.desk(IVANOV, home=new.home(IVANOV)) as desk:
        rotating.rotate(desk)
    with net.desk(STASOVA) as desk:
        admission.admit(desk, [IVANOV])
    new.fetch(IVANOV)
    waiting = new.send(IVANOV, "another two", "center").waiting
    assert isinstance(waiting, GapError)
    assert waiting.number == 3
    net.posts[IVANOV].heal()
    posted = new.fetch(IVANOV).posted
    assert [each.number for each in posted if each.channel == "tver/center"][:1] == [4]
    signed = {line.split()[3] for line in (new.home(IVANOV) / "journal").read_text().splitlines() if "/center " in line}
    assert signed.isdisjoint({"2", "3"})
    net.clean()


def test_i3_story_the_new_machines_clock_is_behind_and_an_older_answer_frees_nothing(net: Net, new: Machine) -> None:
    net.send(IVANOV, "one", "center")
    net.later(hours=10)
    net.fetch(STASOVA)
    net.fetch(IVANOV)  # the answer is known when the backup is made
    file = back_up(net, IVANOV)
    now = net.now
    net.later(hours=-20)
    done = new.put_back(file, IVANOV)
    net.now = now
    assert done.moved is not None
    assert isinstance(new.send(IVANOV, "two", "center").waiting, MovedError)


def test_i3_story_the_new_machines_clock_stays_behind_and_answers_from_before_free_nothing(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    net.fetch(IVANOV)
    file = back_up(net, IVANOV)
    net.later(hours=20)
    net.fetch(STASOVA)  # answers number 1, after the backup and before it is put back
    net.later(hours=-19)
    new.put_back(file, IVANOV)
    new.fetch(IVANOV)
    assert isinstance(new.send(IVANOV, "two", "center").waiting, MovedError)
    net.later(hours=20)
    net.send(STASOVA, "an order", "tver")
    net.later(hours=-19)
    assert ("tver/center", 2) in [(each.channel, each.number) for each in new.fetch(IVANOV).posted]


def test_i3_story_a_letter_that_was_sent_after_the_backup_is_not_sent_again(net: Net, new: Machine) -> None:
    assert net.post is not None
    net.fetch(IVANOV)
    net.post.knobs.down = True
    assert isinstance(net.send(IVANOV, "written on the train", "center").waiting, UnableError)
    net.post.heal()
    file = back_up(net, IVANOV)
    assert [each.number for each in net.fetch(IVANOV).posted] == [1]
    net.later(minutes=1)
    new.put_back(file, IVANOV)
    net.later(minutes=1)
    net.fetch(STASOVA)
    new.fetch(IVANOV)
    new.fetch(IVANOV)
    with new.at_work(), net.desk(IVANOV, home=new.home(IVANOV)) as desk:
        assert desk.outbox.items() == ()
    assert net.verify()[0].channel("tver/center").last.header.number == 1  # type: ignore[union-attr]


def test_i6_story_a_home_put_back_reads_all_it_could_read_before(net: Net, new: Machine) -> None:
    net.send(STASOVA, "before the backup", "all")
    net.fetch(IVANOV)
    file = back_up(net, IVANOV)
    net.send(STASOVA, "after it", "all")
    shutil.rmtree(net.home(IVANOV))
    new.put_back(file, IVANOV)
    assert subjects(new.fetch(IVANOV)) == ["after it"]
    from cipherpost.workflows import reading

    with new.at_work(), net.desk(IVANOV, home=new.home(IVANOV)) as desk:
        opened = [reading.read(desk, f"center/all/{number}") for number in (1, 2)]
    assert [each.row.subject for each in opened] == ["before the backup", "after it"]


# ---- over a newer home -------------------------------------------------------------------------------------------


def test_i3_story_a_backup_over_a_newer_home_is_refused_and_with_force_what_was_signed_is_remembered(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    here = Machine(net, "homes")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "center")
    before = (net.home(IVANOV) / "journal").read_bytes()
    with pytest.raises(HomeThereError) as refused:
        here.put_back(file, IVANOV, home=net.home(IVANOV))
    assert "--force" in refused.value.hints[1]
    assert (net.home(IVANOV) / "journal").read_bytes() == before
    done = here.put_back(file, IVANOV, home=net.home(IVANOV), force=True)
    assert "has signed 1 since" in here.asked[0]
    assert done.aside is not None
    assert (done.aside / "journal").read_bytes() == before, "nothing is lost"
    assert set(before.splitlines()) == set((net.home(IVANOV) / "journal").read_bytes().splitlines())
    # Even alone on purpose, and with number 2 hidden, no second number 2 is signed.
    hide(net, IVANOV, "tver/center/2")
    waiting = here.send(IVANOV, "another two", "center", home=net.home(IVANOV), alone=True).waiting
    assert waiting is not None
    each_number_signed_once(net.home(IVANOV), done.aside)
    net.clean()


def test_i4_story_the_answer_no_leaves_the_newer_home_as_it_was(net: Net) -> None:
    here = Machine(net, "homes")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "two", "center")
    before = {path.name: path.read_bytes() for path in net.home(IVANOV).iterdir() if path.name in {"journal", MACHINE}}

    here.refuses = True
    with pytest.raises(RefusedError):
        here.put_back(file, IVANOV, home=net.home(IVANOV), force=True)
    assert {name: (net.home(IVANOV) / name).read_bytes() for name in before} == before
    assert [path.name for path in net.home(IVANOV).parent.iterdir() if "restoring" in path.name] == []
    assert net.send(IVANOV, "three", "center").number == 2


def test_i3_story_a_kill_between_putting_aside_and_putting_in_place_forgets_nothing_that_was_signed(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Machine(net, "homes")
    file = back_up(net, IVANOV)
    net.send(IVANOV, "one", "center")
    signed = (net.home(IVANOV) / "journal").read_bytes()
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".restoring"):
            raise Killed
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(Killed):
        here.put_back(file, IVANOV, home=net.home(IVANOV), force=True)
    monkeypatch.setattr(Path, "rename", real)
    assert not net.home(IVANOV).exists()
    done = here.put_back(file, IVANOV, home=net.home(IVANOV))
    assert done.moved is not None
    assert (net.home(IVANOV) / "journal").read_bytes() == signed


# ---- moving ------------------------------------------------------------------------------------------------------


def test_i3_story_a_moved_home_is_free_on_the_new_machine_and_signs_nothing_more_on_the_old(
    net: Net, new: Machine
) -> None:
    net.send(IVANOV, "one", "center")
    file = move(net, IVANOV, new.await_home())
    with pytest.raises(MovedAwayError):
        net.send(IVANOV, "two", "center")
    with pytest.raises(MovedAwayError):
        net.send(IVANOV, "two", "center", alone=True)
    assert new.put_back(file, IVANOV).moved is None
    assert new.send(IVANOV, "two", "center").number == 2
    net.send(STASOVA, "to all", "all")
    assert subjects(net.fetch(IVANOV)) == ["to all"], "the old machine still reads"
    assert net.fetch(IVANOV).posted == []
    assert net.fetch(STASOVA).new, "and nobody is misled"
    each_number_signed_once(net.home(IVANOV), new.home(IVANOV))
    net.clean()


def test_i3_story_the_file_of_a_move_is_good_for_one_machine_and_once(net: Net, new: Machine) -> None:
    file = move(net, IVANOV, new.await_home())
    new.put_back(file, IVANOV)
    # The file was kept, and years later the new machine dies as well.
    third = Machine(net, "third")
    done = third.put_back(file, IVANOV)
    assert done.moved is not None
    assert done.other is not None
    assert isinstance(third.send(IVANOV, "one", "center").waiting, MovedError)
    again = new.put_back(file, IVANOV, home=new.home("again"))
    assert again.moved is not None
    assert new.send(IVANOV, "one", "center").number == 1, "the home that came first is the one"


def test_i3_story_a_file_for_one_machine_is_an_ordinary_backup_on_another(net: Net, new: Machine) -> None:
    file = move(net, IVANOV, new.await_home())
    other = Machine(net, "other")
    other.await_home()
    assert other.put_back(file, IVANOV).moved is not None
    assert new.put_back(file, IVANOV).moved is None


def test_i3_story_a_kill_between_giving_away_and_the_file_is_mended_by_the_same_command(
    net: Net, new: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cipherpost.home.files import NewFile

    number = new.await_home()

    real = NewFile._finish

    def finish(self: NewFile) -> None:
        if self.path.name == "moved":
            raise Killed
        real(self)

    monkeypatch.setattr(NewFile, "_finish", finish)
    with pytest.raises(Killed):
        move(net, IVANOV, number)
    monkeypatch.undo()
    assert not (net.root / "moved").exists()
    with pytest.raises(MovedAwayError):
        net.send(IVANOV, "one", "center")
    with pytest.raises(MovedAwayError):
        move(net, IVANOV, Machine(net, "other").await_home())
    assert new.put_back(move(net, IVANOV, number), IVANOV).moved is None


def test_i3_story_an_older_backup_on_the_old_machine_does_not_forget_that_it_was_given_away(
    net: Net, new: Machine
) -> None:
    backup = back_up(net, IVANOV)
    copy = net.root / "by hand"
    shutil.copytree(net.home(IVANOV), copy)
    net.send(IVANOV, "one", "center")
    new.put_back(move(net, IVANOV, new.await_home()), IVANOV)
    here = net.root / "homes" / "elsewhere"
    from cipherpost.home.machine import machine_id, state_folder

    old = Machine(net, "old")
    old.state = state_folder({"CIPHERPOST_STATE_DIR": str(net.root.parent / "state")})
    old.id = machine_id(old.state)
    old.put_back(backup, IVANOV, home=here)
    shutil.rmtree(net.home(IVANOV))
    shutil.copytree(copy, net.home(IVANOV))  # somebody copies a folder back by hand
    for home in (here, net.home(IVANOV)):
        with pytest.raises(MovedAwayError):
            old.send(IVANOV, "another one", "center", home=home)


def test_i3_story_a_home_that_was_taken_back_waits_for_an_answer_as_any_that_moved(net: Net, new: Machine) -> None:
    net.send(IVANOV, "one", "center")
    move(net, IVANOV, new.await_home()).unlink()
    with net.desk(IVANOV) as desk:
        backing.take_back(desk)
    assert isinstance(net.send(IVANOV, "two", "center").waiting, MovedError)
    net.later(minutes=1)
    net.fetch(STASOVA)
    assert ("tver/center", 2) in [(each.channel, each.number) for each in net.fetch(IVANOV).posted]


def test_i3_story_a_home_that_is_not_free_gives_no_freedom_away(net: Net, new: Machine) -> None:
    net.send(IVANOV, "one", "center")
    path = net.home(IVANOV) / MACHINE
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"machine": "0" * 64}))
    assert new.put_back(move(net, IVANOV, new.await_home()), IVANOV).moved is not None
    assert isinstance(new.send(IVANOV, "two", "center").waiting, MovedError)


# ---- paper -------------------------------------------------------------------------------------------------------


def test_i3_story_keys_from_paper_read_at_once_and_sign_after_an_answer(net: Net, new: Machine) -> None:
    net.send(STASOVA, "to all", "all")
    net.send(IVANOV, "one", "center")
    net.send(PETROV, "of a colleague", "center")
    with net.desk(IVANOV) as desk:
        text = backing.paper(desk).text()
    shutil.rmtree(net.home(IVANOV))
    sheet = net.root / "typed.txt"
    sheet.write_text(text.replace("\n", "\r\n"))
    done = new.put_back(sheet, IVANOV)
    assert done.moved is not None
    assert "to all" in subjects(new.fetch(IVANOV))
    waiting = new.send(IVANOV, "three", "center").waiting
    assert isinstance(waiting, MovedError)
    assert not isinstance(waiting, ForkError)
    net.later(minutes=1)
    net.fetch(STASOVA)
    assert ("tver/center", 3) in [(each.channel, each.number) for each in new.fetch(IVANOV).posted]
    assert (new.home(IVANOV) / "tver-ivanov.card").is_file()
    net.clean()


# ---- bad files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_i1_story_a_damaged_backup_leaves_nothing_behind(net: Net, new: Machine, damage: str) -> None:
    file = back_up(net, IVANOV)
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[: len(data) - 1]
    else:
        data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(BackupDamagedError):
        new.put_back(file, IVANOV)
    folder = new.home(IVANOV).parent
    assert list(folder.iterdir()) == []


def test_i4_story_a_kill_while_putting_back_leaves_nothing_that_the_next_try_does_not_clear(
    net: Net, new: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = back_up(net, IVANOV)
    half = new.home(IVANOV).with_name(f".{new.home(IVANOV).name}.restoring")
    half.mkdir(parents=True)
    (half / "keys").mkdir()
    (half / "keys" / "ivanov.seal").write_text("half of a key")
    new.put_back(file, IVANOV)
    assert [path.name for path in new.home(IVANOV).parent.iterdir()] == [new.home(IVANOV).name]
    assert b"half" not in (new.home(IVANOV) / "keys" / "ivanov.seal").read_bytes()


def test_i5_story_a_backup_shows_nothing_without_its_passphrase(net: Net, new: Machine) -> None:
    net.send(IVANOV, "a subject nobody shall see", "center")
    file = back_up(net, IVANOV)
    with net.desk(IVANOV) as desk:
        secret = desk.keys.identities[0].text
    data = file.read_bytes()
    for clear in (secret.encode(), b"nobody shall see", b"ivanov", b"rkpb", b"center/all"):
        assert clear not in data
    wrong = Machine(net, "wrong")
    wrong.passphrase += " not"
    with pytest.raises(WrongPassphraseError):
        wrong.put_back(file, IVANOV)
    assert not wrong.home(IVANOV).exists()


def test_i5_story_no_file_of_the_home_is_opened_on_the_way_into_a_backup(net: Net) -> None:
    """What an editor has open is plaintext, and stays out of it."""
    from cipherpost.home.backup import open_backup

    home: Path = net.home(IVANOV)
    (home / "editing").mkdir()
    (home / "editing" / "report.txt").write_text("bread is short")
    file = back_up(net, IVANOV)
    target = net.root / "unpacked"
    target.mkdir()
    with open_backup(file, PASSPHRASE) as opened:
        assert opened.about.whose == "rkpb/tver/ivanov"
        opened.unpack(target)
    found = [path for path in target.rglob("*") if path.is_file()]
    assert not [path for path in found if b"bread is short" in path.read_bytes() or path.name.startswith("lock")]
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
