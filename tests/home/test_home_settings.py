import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.home.settings import (
    HomeExistsError,
    NewerSettingsError,
    NoHomeError,
    RosterPin,
    Settings,
    SettingsError,
    SeveralHomesError,
    create_home,
    default_home,
    find_home,
    format_settings,
    parse_settings,
    prepare_home,
    read_settings,
    save_settings,
)

SETTINGS = Settings(
    network="rkpb",
    office="tver",
    officer="ivanov",
    post="/srv/post",
    created="2026-11-22T09:00:00Z",
    fingerprint="ab" * 32,
    roster=RosterPin(number=7, hash="cd" * 32),
)
FOUNDER = replace(SETTINGS, office="center", officer="stasova", fingerprint=None, roster=None)


@given(post=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60))
def test_printed_settings_are_read_back(post: str) -> None:
    settings = replace(SETTINGS, post="/srv/" + post)
    assert parse_settings(format_settings(settings)) == settings


@pytest.mark.parametrize("post", ["/srv/post", "file:///C:/post", "C:\\post", "\\\\server\\share", "s3://bucket/a b"])
def test_absolute_post_offices_are_taken(post: str) -> None:
    assert parse_settings(format_settings(replace(FOUNDER, post=post))).post == post


@pytest.mark.parametrize("post", ["post", "./post", "C:post", "", "../x", "/a\nb"])
def test_a_post_office_that_depends_on_the_folder_is_refused(post: str) -> None:
    with pytest.raises(SettingsError, match="absolute post office"):
        replace(FOUNDER, post=post)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"network =", b"netwerk =", "'netwerk' is not a setting"),
        (b'network = "rkpb"\n', b"", "network is missing"),
        (b'"rkpb"', b'"Rkpb"', "not a name"),
        (b'"rkpb"', b"7", "not a text"),
        (b'"tver"', b'"all"', "meaning of its own"),
        (b"format = 1", b"format = true", "format is missing"),
        (b"number = 7", b"number = 0", "number under"),
        (b"number = 7", b"count = 7", "something else"),
        (b'"' + b"cd" * 32, b'"cd', "roster.hash"),
        (b"-11-22T", b"-13-22T", "created"),
        (b'"rkpb"', b'"rkpb', "not TOML"),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(old: bytes, new: bytes, reason: str) -> None:
    data = format_settings(SETTINGS)
    assert old in data
    with pytest.raises(SettingsError, match=reason):
        parse_settings(data.replace(old, new, 1))


def test_settings_of_a_newer_program_have_their_own_class() -> None:
    with pytest.raises(NewerSettingsError) as caught:
        parse_settings(format_settings(SETTINGS).replace(b"format = 1", b"format = 2"))
    assert caught.value.exit_code == 1


def test_a_home_is_made_once_and_private(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    create_home(home, FOUNDER)
    assert read_settings(home) == FOUNDER
    if os.name != "nt":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (home, home / "keys", home / "outbox")} == {0o700}
    with pytest.raises(HomeExistsError, match="already"):
        create_home(home, SETTINGS)
    assert read_settings(home) == FOUNDER
    save_settings(home, SETTINGS)
    assert read_settings(home) == SETTINGS


def test_a_home_takes_no_folder_with_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(HomeExistsError, match="thesis"):
        create_home(tmp_path, FOUNDER)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_i4_making_a_home_goes_on_after_a_kill(tmp_path: Path) -> None:
    prepare_home(tmp_path / "home")
    (tmp_path / "home" / "keys" / "stasova.seal").touch()
    create_home(tmp_path / "home", FOUNDER)
    assert (tmp_path / "home" / "keys" / "stasova.seal").exists()


# ---- finding a home ----------------------------------------------------------------------------------------------


def test_the_home_named_is_the_home(tmp_path: Path) -> None:
    for name in ("one", "two"):
        create_home(tmp_path / name, FOUNDER)
    environ = {"CIPHERPOST_HOME": str(tmp_path / "two")}
    assert find_home("one", environ, tmp_path, tmp_path / "data") == tmp_path / "one"
    assert find_home(None, environ, tmp_path / "one", tmp_path / "data") == tmp_path / "two"
    with pytest.raises(NoHomeError) as caught:
        find_home("three", {}, tmp_path / "one", tmp_path / "data")
    assert caught.value.exit_code == 2


def test_the_nearest_parent_comes_before_the_data_folder(tmp_path: Path) -> None:
    create_home(tmp_path / "home", FOUNDER)
    create_home(default_home(tmp_path / "data", SETTINGS), SETTINGS)
    assert find_home(None, {}, tmp_path / "home" / "keys", tmp_path / "data") == tmp_path / "home"
    assert find_home(None, {}, tmp_path, tmp_path / "data") == tmp_path / "data" / "rkpb-tver-ivanov"


def test_several_homes_in_the_data_folder_are_named(tmp_path: Path) -> None:
    for settings in (SETTINGS, FOUNDER):
        create_home(default_home(tmp_path / "data", settings), settings)
    with pytest.raises(SeveralHomesError, match="rkpb-center-stasova, rkpb-tver-ivanov") as caught:
        find_home(None, {}, tmp_path, tmp_path / "data")
    assert caught.value.hints


def test_without_any_home_the_hints_say_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(NoHomeError) as caught:
        find_home(None, {}, tmp_path, tmp_path / "data")
    assert [hint.split()[1] for hint in caught.value.hints] == ["init", "join"]


@pytest.mark.parametrize("below", ["", "rkpb/tver/sealed", "somewhere/else"])
def test_settings_planted_in_a_post_office_are_passed_over(tmp_path: Path, below: str) -> None:
    (tmp_path / "post" / "rkpb" / "center" / "roster").mkdir(parents=True)
    planted = tmp_path / "post" / below
    planted.mkdir(parents=True, exist_ok=True)
    (planted / "cipherpost.toml").write_bytes(format_settings(SETTINGS))
    with pytest.raises(NoHomeError):
        find_home(None, {}, planted, tmp_path / "data")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another owner")
def test_settings_of_another_user_are_passed_over(tmp_path: Path) -> None:
    create_home(tmp_path / "home", FOUNDER)
    os.chown(tmp_path / "home" / "cipherpost.toml", 12345, 12345)
    with pytest.raises(NoHomeError):
        find_home(None, {}, tmp_path / "home", tmp_path / "data")
