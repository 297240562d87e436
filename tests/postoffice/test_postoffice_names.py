"""Every object name: one form, read back as it was made, safe on every file system."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost import limits, text
from cipherpost.errors import TooLargeError
from cipherpost.postoffice import ObjectNameError, names

HASH = "0123456789abcdef" * 4

_words = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
plain = _words.filter(lambda word: word not in text.DEVICES | text.RESERVED)
offices = plain | st.just("center")
channels = st.builds("{}/{}".format, offices, offices | st.just("all")) | st.just("center/roster")
numbers = st.integers(1, limits.NUMBER)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
MAKERS = {
    "sealed": names.sealed_name,
    "card": names.card_name,
    "evidence": names.evidence_name,
    "heads": names.heads_name,
    "probe": names.probe_name,
}
made = st.one_of(
    st.builds(names.note_name, plain, channels, numbers),
    st.builds(names.alternate_name, plain, channels, numbers, hashes),
    *(st.builds(maker, plain, offices, hashes) for maker in MAKERS.values()),
)


def test_the_set_of_names_is_pinned() -> None:
    assert names.note_name("rkpb", "center/all", 14) == "rkpb/center/all/00000014.note"
    assert names.alternate_name("rkpb", "center/all", 14, HASH) == "rkpb/center/all/00000014.0123456789abcdef.note"
    assert names.sealed_name("rkpb", "tver", HASH) == f"rkpb/tver/sealed/{HASH}.age"
    assert names.card_name("rkpb", "tver", HASH) == f"rkpb/tver/cards/{HASH}.card"
    assert names.evidence_name("rkpb", "tver", HASH) == f"rkpb/tver/evidence/{HASH}.note"
    assert names.heads_name("rkpb", "audit", HASH) == f"rkpb/audit/heads/{HASH}.txt"
    assert names.probe_name("rkpb", "center", HASH) == f"rkpb/center/evidence/{HASH}.probe"


@given(plain, channels, numbers, hashes)
def test_slots_are_read_back_as_made(network: str, channel: str, number: int, digits: str) -> None:
    assert names.parse_object_name(names.note_name(network, channel, number)) == (network, channel, number, None)
    alternate = names.alternate_name(network, channel, number, digits)
    assert names.parse_object_name(alternate) == names.Slot(network, channel, number, digits[:16])
    for name in (alternate, names.note_name(network, channel, number)):
        assert name.startswith(names.slot_prefix(network, channel, number))
        assert name.startswith(names.channel_prefix(network, channel))
        assert name.startswith(names.network_prefix(network))


@given(plain, offices, hashes, st.sampled_from(sorted(MAKERS)))
def test_others_are_read_back_as_made(network: str, office: str, digits: str, kind: names.OtherKind) -> None:
    name = MAKERS[kind](network, office, digits)
    assert names.parse_object_name(name) == names.Other(network, office, kind, digits)
    assert name.startswith(names.kind_prefix(network, office, kind))


@given(made)
def test_every_name_is_safe_on_windows_and_short(name: str) -> None:
    assert names.is_object_name(name)
    assert names.check_object_name(name) == name
    assert len(name) <= 224
    allowed = set(string.ascii_lowercase + string.digits + "-.")
    for part in name.split("/"):
        assert set(part) <= allowed
        assert part.split(".")[0] not in text.DEVICES
        assert part[0] not in ".-"
        assert part[-1] not in ".-"


@given(made, st.data())
def test_any_one_character_changed_is_another_name_or_none(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    other = data.draw(st.characters().filter(lambda ch: ch != name[at]))
    changed = name[:at] + other + name[at + 1 :]
    found = names.parse_object_name(changed)
    assert names.is_object_name(changed) == (found is not None)
    assert found is None or found != names.parse_object_name(name)
    if isinstance(found, names.Slot) and found.alternate is None:
        assert names.note_name(found.network, found.channel, found.number) == changed
    if isinstance(found, names.Other):
        assert MAKERS[found.kind](found.network, found.office, found.hash) == changed


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "rkpb",
        "rkpb/center/all/",
        "/rkpb/center/all/00000001.note",
        "rkpb//all/00000001.note",
        "rkpb/center/all/00000000.note",
        "rkpb/center/all/0000001.note",
        "rkpb/center/all/1.note",
        "rkpb/center/all/00000001.NOTE",
        "rkpb/center/all/00000001.note\n",
        "rkpb/center/all/00000001.note ",
        "rkpb/center/all/00000001.0123456789abcde.note",
        "rkpb/center/all/00000001.0123456789ABCDEF.note",
        "rkpb/../all/00000001.note",
        "../rkpb/center/00000001.note",
        "rkpb/center/../00000001.note",
        "rkpb\\center\\all\\00000001.note",
        "rkpb/con/all/00000001.note",
        "con/center/all/00000001.note",
        "rkpb/center/lpt1/00000001.note",
        "rkpb/all/center/00000001.note",
        "rkpb/tver/roster/00000001.note",
        "rkpb/center/keepers/00000001.note",
        "rkpb/center/sealed/00000001.note",
        "rkpb/sealed/all/00000001.note",
        "all/center/all/00000001.note",
        "rkpb/center/all/0000000١.note",
        f"rkpb/center/sealed/{HASH}.note",
        f"rkpb/center/sealed/{HASH.upper()}.age",
        f"rkpb/center/cards/{HASH}.age",
        f"rkpb/center/all/{HASH}.age",
        f"rkpb/roster/sealed/{HASH}.age",
        f"{'a' * 64}/center/sealed/{HASH}.age",
    ],
)
def test_foreign_names_are_refused(name: str) -> None:
    assert names.parse_object_name(name) is None
    assert not names.is_object_name(name)
    with pytest.raises(ObjectNameError):
        names.check_object_name(name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (names.note_name, ("RKPB", "center/all", 1)),
        (names.note_name, ("rkpb", "center", 1)),
        (names.note_name, ("rkpb", "center/../all", 1)),
        (names.note_name, ("rkpb", "tver/roster", 1)),
        (names.note_name, ("rkpb", "center/all", 0)),
        (names.note_name, ("rkpb", "center/all", limits.NUMBER + 1)),
        (names.alternate_name, ("rkpb", "center/all", 1, "0" * 16)),
        (names.sealed_name, ("rkpb", "tver", HASH.upper())),
        (names.sealed_name, ("rkpb", "../x", HASH)),
        (names.sealed_name, ("rkpb", "all", HASH)),
        (names.card_name, ("con", "tver", HASH)),
        (names.network_prefix, ("../x",)),
    ],
)
def test_names_are_made_of_good_words_only(make: Callable[..., str], words: tuple[str | int, ...]) -> None:
    with pytest.raises(ObjectNameError):
        make(*words)


@given(made, st.integers(0, 300))
def test_every_beginning_of_a_name_is_a_prefix(name: str, length: int) -> None:
    names.check_prefix(name[:length])


@pytest.mark.parametrize("prefix", ["../", "/", "rkpb/../", "rkpb/center/all/x/", "a/b/c/d/e", "RKPB/", "con/"])
def test_prefixes_that_lead_elsewhere_are_refused(prefix: str) -> None:
    with pytest.raises(ObjectNameError):
        names.check_prefix(prefix)


def test_i11_each_kind_has_its_size_limit() -> None:
    assert names.size_limit(names.note_name("rkpb", "center/all", 1)) == limits.HEADER_BYTES
    assert names.size_limit(names.alternate_name("rkpb", "tver/center", 1, HASH)) == limits.HEADER_BYTES
    assert names.size_limit(names.note_name("rkpb", "center/roster", 1)) == limits.ROSTER_BYTES
    assert names.size_limit(names.evidence_name("rkpb", "tver", HASH)) == limits.ROSTER_BYTES
    assert names.size_limit(names.sealed_name("rkpb", "tver", HASH)) == limits.SIZE
    assert names.size_limit(names.heads_name("rkpb", "tver", HASH)) == limits.HEADS_FILE_BYTES
    with pytest.raises(TooLargeError):
        names.check_size(names.card_name("rkpb", "tver", HASH), limits.CARD_BYTES + 1)
