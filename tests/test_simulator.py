"""The hostile post office itself: each knob does what it says, and only that."""

import pytest
from simulator import BelievedError, HostilePost, Killed

from cipherpost.errors import TooLargeError
from cipherpost.postoffice import (
    NoSuchObjectError,
    ReadOnlyError,
    StoreFullError,
    UnfitStoreError,
    UnreachableError,
    listed,
    names,
    prove,
)
from cipherpost.postoffice.memory import MemoryPost

ONE, TWO, THREE = (names.note_name("rkpb", "center/all", number) for number in (1, 2, 3))
SEALED = names.sealed_name("rkpb", "tver", "ab" * 32)


@pytest.fixture
def store() -> MemoryPost:
    store = MemoryPost()
    store.create(ONE, b"one")
    store.create(TWO, b"two")
    return store


def test_one_officer_is_shown_what_another_is_not(store: MemoryPost) -> None:
    honest, hostile = HostilePost(store), HostilePost(store)
    hostile.withhold(TWO)
    hostile.replace(ONE, b"another")
    assert (honest.get(ONE, 10), honest.get(TWO, 10)) == (b"one", b"two")
    assert hostile.get(ONE, 10) == b"another"
    assert hostile.size(ONE) == 7
    with hostile.stream(ONE, 2) as reader:
        assert reader.read() == b"other"
    with pytest.raises(TooLargeError):
        hostile.get(ONE, 3)
    with pytest.raises(NoSuchObjectError):
        hostile.get(TWO, 10)
    assert hostile.size(TWO) is None
    assert list(hostile.names("")) == [ONE]
    hostile.heal()
    assert hostile.get(TWO, 10) == b"two"


def test_lists_may_lie(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.knobs.unlisted.append(ONE)
    post.knobs.invented.append(THREE)
    assert list(post.names("rkpb/")) == [TWO, THREE]
    assert post.get(ONE, 10) == b"one"
    post.knobs.unsorted = True
    assert list(post.names("rkpb/", ONE)) == [THREE, THREE, TWO, TWO]


def test_a_frozen_store_shows_the_past(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.freeze()
    assert post.create(THREE, b"three")
    assert post.size(THREE) is None
    assert list(post.names("")) == [ONE, TWO]
    assert post.get(ONE, 10) == b"one"
    assert store.get(THREE, 10) == b"three"


@pytest.mark.parametrize(
    ("knob", "answer", "kept"),
    [
        ("deaf", False, None),
        ("refuse_but_keep", False, b"three"),
        ("lose", True, None),
        ("both_created", True, b"three"),
        ("overwrite", True, b"three"),
    ],
)
def test_answers_to_create_may_lie(store: MemoryPost, knob: str, answer: bool, kept: bytes | None) -> None:
    post = HostilePost(store)
    getattr(post.knobs, knob).append("*/0000000[13].note")
    assert post.create(THREE, b"three") is answer
    assert store.objects.get(THREE) == kept
    again = post.create(ONE, b"other")
    assert again is (knob in {"lose", "both_created", "overwrite"})
    assert store.objects[ONE] == (b"other" if knob == "overwrite" else b"one")
    assert not post.create(TWO, b"other")


def test_uploads_may_be_torn_or_lost(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.knobs.torn |= {SEALED: 3, THREE: 0}
    post.put(SEALED, b"sealed")
    post.create(THREE, b"three")
    assert (store.objects[SEALED], store.objects[THREE]) == (b"sea", b"")
    post.heal()
    post.knobs.lose.append(SEALED)
    post.put(SEALED, b"sealed")
    assert store.objects[SEALED] == b"sea"


def test_calls_fail_before_or_after_they_take_effect(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.fail("create", "*.note", when="before")
    with pytest.raises(UnreachableError):
        post.create(THREE, b"three")
    assert THREE not in store.objects
    post.fail("create", "*.note", when="after", skip=1)
    assert not post.create(ONE, b"x")
    with pytest.raises(UnreachableError):
        post.create(THREE, b"three")
    assert store.objects[THREE] == b"three"
    post.kill("put", when="after")
    with pytest.raises(Killed):
        post.put(SEALED, b"sealed")
    post.put(SEALED, b"again")
    assert post.count("put") == 2
    assert post.count("create", THREE) == 2


def test_a_download_breaks_midway_and_resumes(store: MemoryPost) -> None:
    store.put(SEALED, b"0123456789")
    post = HostilePost(store)
    post.fail("stream", SEALED, when="midway")
    with post.stream(SEALED) as reader:
        got = b"".join(reader.read(2) or b"" for _ in range(3))
        with pytest.raises(UnreachableError):
            reader.read(2)
    assert got == b"01234"
    with post.stream(SEALED, len(got)) as reader:
        assert got + (reader.read() or b"") == b"0123456789"


def test_a_store_is_down_full_or_read_only(store: MemoryPost) -> None:
    post = HostilePost(store)
    for knob, error in (("full", StoreFullError), ("read_only", ReadOnlyError), ("down", UnreachableError)):
        post.heal()
        setattr(post.knobs, knob, True)
        with pytest.raises(error):
            post.create(THREE, b"three")
        if knob != "down":
            assert post.get(ONE, 10) == b"one"
    with pytest.raises(UnreachableError):
        post.get(ONE, 10)
    assert THREE not in store.objects


@pytest.mark.parametrize(
    "knob", ["deaf", "refuse_but_keep", "lose", "both_created", "overwrite", "withheld", "unlisted"]
)
def test_init_finds_out_a_store_that_lies(knob: str) -> None:
    post = HostilePost()
    getattr(post.knobs, knob).append("*.probe")
    with pytest.raises(UnfitStoreError) as caught:
        prove(post, "rkpb")
    assert "memory" in caught.value.where
    assert list(post.inner.names("")) == []


def test_init_finds_out_a_store_that_tears() -> None:
    post = HostilePost()
    post.knobs.torn["*.probe"] = 5
    with pytest.raises(UnfitStoreError):
        prove(post, "rkpb")


def test_a_view_lies_to_its_reader_alone(store: MemoryPost) -> None:
    post = HostilePost(store)
    view = post.view()
    view.withhold("*")
    assert list(view.names("")) == []
    assert post.state() == {ONE: b"one", TWO: b"two"}


def test_earlier_states_are_shown_again_whole_or_in_part(store: MemoryPost) -> None:
    post = HostilePost(store)
    before = post.state()
    store.create(THREE, b"three")
    store.put(SEALED, b"sealed")
    post.mix("rkpb/center/", before)
    assert list(post.names("")) == [ONE, TWO, SEALED]
    assert (post.size(THREE), post.get(SEALED, 10)) == (None, b"sealed")
    post.roll_back(before)
    assert list(post.names("")) == [ONE, TWO]
    with pytest.raises(NoSuchObjectError):
        post.get(SEALED, 10)


def test_objects_are_shown_under_other_names(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.swap(ONE, TWO)
    assert (post.get(ONE, 10), post.get(TWO, 10)) == (b"two", b"one")
    post.heal()
    store.create(THREE, b"three")
    post.reorder("rkpb/center/all/")
    assert [post.get(name, 10) for name in post.names("")] == [b"three", b"two", b"one"]
    post.heal()
    far = names.note_name("rkpb", "center/all", 99)
    post.fast_forward(THREE, 99)
    post.replay(ONE, "other/tver/center/00000001.note")
    assert list(post.names("")) == ["other/tver/center/00000001.note", ONE, TWO, THREE, far]
    assert post.get(far, 10) == post.get(THREE, 10) == b"three"
    assert post.get("other/tver/center/00000001.note", 10) == b"one"


def test_objects_are_cut_or_have_no_end(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.truncate("*", 2)
    assert (post.get(ONE, 10), post.size(TWO)) == (b"on", 2)
    post.heal()
    store.put(SEALED, b"sealed")
    post.make_endless("*")
    with pytest.raises(TooLargeError):
        post.get(ONE, 1 << 40)
    with post.stream(SEALED, 3) as reader:
        assert (reader.size, reader.read(5)) == (6, b"led\0\0")
        with pytest.raises(BelievedError):
            reader.read()
    with post.stream(SEALED) as reader, pytest.raises(BelievedError):
        sum(map(len, iter(lambda: reader.read(1 << 20), b"")))


def test_lists_are_repeated_cut_careless_or_have_no_end(store: MemoryPost) -> None:
    post = HostilePost(store)
    post.repeat_names(2)
    assert list(post.names("")) == [ONE, ONE, TWO, TWO]
    post.truncate_listing(3)
    assert list(post.names("")) == [ONE, ONE, TWO]
    post.heal()
    post.ignore_bounds()
    assert list(post.names("rkpb/tver/", TWO)) == [ONE, TWO]
    post.list_endlessly(str)
    with pytest.raises(BelievedError):
        list(post.names(""))
    assert next(listed(post, "rkpb/", most=9)) == ONE
    assert list(listed(post, "rkpb/", ONE, most=9)) == [TWO]
