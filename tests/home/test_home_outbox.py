import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.dispatch.header import Sealed
from cipherpost.home.files import sweep
from cipherpost.home.outbox import Item, ItemDamagedError, NoSuchItemError, Outbox

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PLAN = {"channel": "tver/center", "kind": "report", "created": "2026-11-22T09:00:00Z", "to": ["center"]}


def compose(home: Path, letter: bytes = b"sealed", **more: object) -> Item:
    with Outbox(home).compose(NOW) as composing:
        with composing.letter() as sink:
            sink.write(letter)
        return composing.commit(PLAN | more)


def letter_of(item: Item) -> bytes:
    with item.open_letter() as letter:
        return letter.read()


def leftovers(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_i4_an_item_goes_through_its_stages(tmp_path: Path) -> None:
    item = compose(tmp_path)
    assert (item.stage(), item.sealed()) == ("waiting", ())
    with item.new_sealed() as sink:
        sink.write(b"for the readers")
    assert item.stage() == "waiting"
    item.set_sealed([Sealed(sink.hash, sink.size)])
    assert item.stage() == "sealed"
    assert item.sealed_path(sink.hash).read_bytes() == b"for the readers"
    item.set_header(b"cipherpost/v1\n")
    assert item.stage() == "headed"
    item.set_note(b"note")
    assert item.stage() == "signed"
    (again,) = Outbox(tmp_path).items()
    assert (again.plan(), again.header(), again.note()) == (PLAN, b"cipherpost/v1\n", b"note")
    assert again.sealed() == (Sealed(sink.hash, 15),)
    with again.open_letter() as letter:
        assert letter.read() == b"sealed"
    again.remove()
    assert Outbox(tmp_path).items() == ()
    assert leftovers(tmp_path) == []


def test_items_keep_their_order_whatever_the_clock_does(tmp_path: Path) -> None:
    names = [compose(tmp_path).name for _ in range(3)]
    with Outbox(tmp_path).compose(datetime(2020, 1, 1, tzinfo=UTC)) as composing:
        names.append(composing.commit(PLAN).name)
    assert [item.name for item in Outbox(tmp_path).items()] == names
    assert Outbox(tmp_path).item(names[2]).name == names[2]


def test_a_receipt_waits_without_a_letter(tmp_path: Path) -> None:
    with Outbox(tmp_path).compose(NOW) as composing:
        item = composing.commit(PLAN | {"kind": "receipt"})
    assert not item.has_letter()
    with pytest.raises(NoSuchItemError, match=r"no letter\.age"):
        item.open_letter()


def test_i5_a_plan_holds_nothing_of_the_letter(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="subject"):
        compose(tmp_path, subject="the harvest")
    assert leftovers(tmp_path) == []


def test_i4_an_error_while_composing_leaves_nothing(tmp_path: Path) -> None:
    def act() -> None:
        with Outbox(tmp_path).compose(NOW) as composing, composing.letter() as sink:
            sink.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert leftovers(tmp_path) == []


def test_i4_composing_killed_anywhere_leaves_the_item_or_nothing(tmp_path: Path) -> None:
    for _ in every_kill(lambda: compose(tmp_path)):
        Outbox(tmp_path).sweep()
        for item in Outbox(tmp_path).items():
            assert item.plan() == PLAN
            assert letter_of(item) == b"sealed"
        assert len(leftovers(tmp_path)) == 2 * len(Outbox(tmp_path).items())
        shutil.rmtree(tmp_path / "outbox", ignore_errors=True)


def test_i4_removing_killed_anywhere_leaves_the_item_or_nothing(tmp_path: Path) -> None:
    for _ in every_kill(lambda: compose(tmp_path).remove()):
        Outbox(tmp_path).sweep()
        for item in Outbox(tmp_path).items():
            assert letter_of(item) == b"sealed"
        shutil.rmtree(tmp_path / "outbox", ignore_errors=True)


def test_i4_each_step_killed_anywhere_leaves_the_stage_before_or_after(tmp_path: Path) -> None:
    item = compose(tmp_path)

    def seal() -> None:
        with item.new_sealed() as sink:
            sink.write(b"anew")
        item.set_sealed([Sealed(sink.hash, sink.size)])

    for act, before, after in (
        (seal, "waiting", "sealed"),
        (lambda: item.set_header(b"text\n"), "sealed", "headed"),
        (lambda: item.set_note(b"note\n"), "headed", "signed"),
        (item.clear_header, "signed", "sealed"),
    ):
        for _ in every_kill(act):
            Outbox(tmp_path).sweep()
            stages = {before, after} | ({"headed"} if act == item.clear_header else set())
            assert item.stage() in stages
            for part in item.sealed():
                assert item.sealed_path(part.hash).stat().st_size == part.size
        assert item.stage() == after


def test_sealing_anew_drops_the_old_files_but_never_a_signed_one(tmp_path: Path) -> None:
    item = compose(tmp_path)
    for content in (b"one", b"two"):
        with item.new_sealed() as sink:
            sink.write(content)
        item.set_sealed([Sealed(sink.hash, sink.size)])
    assert len(leftovers(tmp_path)) == 4
    item.clear_sealed()
    assert (item.stage(), len(leftovers(tmp_path))) == ("waiting", 2)
    item.set_note(b"note")
    with pytest.raises(ValueError, match="as it stands"):
        item.clear_sealed()


def test_i7_a_damaged_item_does_not_hide_the_others(tmp_path: Path) -> None:
    bad, good = compose(tmp_path), compose(tmp_path)
    (tmp_path / "outbox" / bad.name / "plan.json").write_bytes(b"{")
    (first, second) = Outbox(tmp_path).items()
    with pytest.raises(ItemDamagedError, match=r"plan\.json"):
        first.plan()
    assert (second.name, second.plan()) == (good.name, PLAN)


def test_sweeping_leaves_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "notes of my own").mkdir()
    assert Outbox(tmp_path).sweep() == 0
    assert (tmp_path / "outbox" / "notes of my own").is_dir()
    sweep(tmp_path / "missing")


def test_an_item_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoSuchItemError):
        Outbox(tmp_path).item("../journal")
