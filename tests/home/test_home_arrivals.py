"""Numbers under which a machine awaits a home: each is good once, on one machine."""

from pathlib import Path

import pytest

from cipherpost.home.arrivals import ArrivalNumberError, await_home, is_awaited, parse_number, use_up

HERE, THERE = "a" * 64, "b" * 64


def test_i3_a_number_is_used_up_once(tmp_path: Path) -> None:
    number = await_home(tmp_path, machine=HERE)
    assert parse_number(number) == number
    assert is_awaited(tmp_path, number, machine=HERE)
    assert use_up(tmp_path, number, machine=HERE)
    assert not use_up(tmp_path, number, machine=HERE)


def test_i3_a_number_is_good_on_its_own_machine_only_though_the_state_folder_is_copied(tmp_path: Path) -> None:
    number = await_home(tmp_path, machine=HERE)
    assert not use_up(tmp_path, number, machine=THERE)
    assert use_up(tmp_path, number, machine=HERE)


def test_numbers_differ_and_wait_side_by_side(tmp_path: Path) -> None:
    numbers = {await_home(tmp_path, machine=HERE) for _ in range(5)}
    assert len(numbers) == 5
    assert all(is_awaited(tmp_path, number, machine=HERE) for number in numbers)
    assert not is_awaited(tmp_path / "none", numbers.pop(), machine=HERE)


@pytest.mark.parametrize("typed", ["13539-46393-02648-77452", " 13539 46393\n02648 77452", "13539463930264877452"])
def test_it_may_be_typed_with_other_separators(typed: str) -> None:
    assert parse_number(typed) == "13539 46393 02648 77452"


@pytest.mark.parametrize(
    "typed", ["13539 46393 02648 77453", "31539 46393 02648 77452", "46393 13539 02648 77452", "12345678901234567890"]
)
def test_i3_a_mistyped_number_is_noticed_before_a_home_gives_itself_up_for_it(typed: str) -> None:
    with pytest.raises(ArrivalNumberError, match="mistyped"):
        parse_number(typed)


@pytest.mark.parametrize("typed", ["", "13539", "13539 46393 02648 7741x", "1" * 21, "١٣٥٣٩ 46393 02648 77413"])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(ArrivalNumberError):
        parse_number(typed)
