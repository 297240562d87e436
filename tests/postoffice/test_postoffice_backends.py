"""One behaviour of all post offices."""

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from cipherpost import limits
from cipherpost.errors import TooLargeError, UnableError
from cipherpost.postoffice import NoSuchObjectError, ObjectNameError, PostOffice, describe, names, prove

HASHES = [f"{number:064x}" for number in range(5)]
NOTE = names.note_name("rkpb", "center/all", 1)
SEALED = names.sealed_name("rkpb", "tver", HASHES[1])


def test_an_object_comes_back_as_it_was_created(post: PostOffice) -> None:
    assert post.create(NOTE, b"one\0\r\n\xff")
    assert post.get(NOTE, 100) == b"one\0\r\n\xff"
    assert post.size(NOTE) == 7
    with post.stream(NOTE) as reader:
        assert reader.size == 7
        assert reader.read() == b"one\0\r\n\xff"


def test_a_second_create_is_refused_and_changes_nothing(post: PostOffice) -> None:
    assert post.create(NOTE, b"one")
    assert not post.create(NOTE, b"two")
    assert not post.create(NOTE, b"one")
    assert post.get(NOTE, 100) == b"one"


def test_an_empty_object_occupies_its_name(post: PostOffice) -> None:
    assert post.create(NOTE, b"")
    assert not post.create(NOTE, b"one")
    assert post.get(NOTE, 0) == b""


def test_put_replaces(post: PostOffice) -> None:
    post.put(SEALED, b"torn")
    post.put(SEALED, io.BytesIO(b"whole" * 1000))
    assert post.get(SEALED, 5000) == b"whole" * 1000


def test_nothing_there_is_said_so(post: PostOffice) -> None:
    post.create(NOTE, b"one")
    for name in (names.note_name("rkpb", "center/all", 2), names.note_name("other", "tver/center", 1), SEALED):
        assert post.size(name) is None
        with pytest.raises(NoSuchObjectError) as caught:
            post.get(name, 100)
        assert caught.value.where == name
        assert isinstance(caught.value, UnableError)
        with pytest.raises(NoSuchObjectError), post.stream(name):
            pass
    assert post.get(NOTE, 3) == b"one"


def test_i11_more_than_the_limit_is_not_read(post: PostOffice) -> None:
    post.create(NOTE, b"four")
    assert post.get(NOTE, 4) == b"four"
    with pytest.raises(TooLargeError):
        post.get(NOTE, 3)


def test_i11_more_than_the_limit_is_not_stored(post: PostOffice) -> None:
    with pytest.raises(TooLargeError):
        post.create(NOTE, bytes(limits.HEADER_BYTES + 1))
    card = names.card_name("rkpb", "tver", HASHES[0])
    post.put(card, b"small")
    for large in (bytes(limits.CARD_BYTES + 1), io.BytesIO(bytes(limits.CARD_BYTES + 1))):
        with pytest.raises(TooLargeError):
            post.put(card, large)
    assert post.size(NOTE) is None
    assert post.get(card, 10) == b"small"
    assert list(post.names("")) == [card]


def test_a_download_resumes(post: PostOffice) -> None:
    data = bytes(range(256)) * 20_000
    post.put(SEALED, io.BytesIO(data))
    with post.stream(SEALED) as reader:
        begun = reader.read(1_000_001) or b""
    while len(begun) < len(data):
        with post.stream(SEALED, len(begun)) as reader:
            assert reader.size == len(data)
            piece = reader.read(3_000_000) or b""
            assert len(piece) == min(3_000_000, len(data) - len(begun))
            begun += piece
    assert begun == data
    for offset in (len(data), len(data) + 10):
        with post.stream(SEALED, offset) as reader:
            assert (reader.read(), reader.size) == (b"", len(data))


def test_names_are_sorted_as_whole_strings(post: PostOffice) -> None:
    made = [
        names.note_name("rkpb", "tver/center", 2),
        names.note_name("rkpb", "tver/center", 1),
        names.alternate_name("rkpb", "tver/center", 1, HASHES[3]),
        names.note_name("rkpb", "tver-2/center", 1),
        names.note_name("rkpb", "tver2/center", 1),
        names.note_name("rkpb-2", "center/roster", 1),
        names.note_name("rkpb", "center/roster", 1),
    ]
    for name in made:
        post.create(name, b"x")
    post.put(SEALED, b"x")
    everything = sorted([*made, SEALED])
    assert list(post.names("")) == everything
    assert list(post.names("rkpb/")) == [name for name in everything if name.startswith("rkpb/")]
    assert list(post.names("rkpb/tver")) == [name for name in everything if name.startswith("rkpb/tver")]
    assert list(post.names(names.slot_prefix("rkpb", "tver/center", 1))) == everything[-5:-3]
    assert list(post.names("nobody/")) == list(post.names("rkpb/tver/center/9")) == []
    for after in [
        *everything,
        "rkpb/",
        "rkpb/tver",
        "rkpb/tver/",
        "rkpb/tver/center/",
        "zzz",
        "rkpb/tver/center/00000001.",
    ]:
        assert list(post.names("", after)) == [name for name in everything if name > after], after
        assert list(post.names("rkpb/t", after)) == [n for n in everything if n > after and n.startswith("rkpb/t")]
    assert all(left < right for left, right in pairwise(post.names("")))


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "rkpb/center/all/x.note", "", "rkpb/../../etc", "C:\\x", "a\0b", NOTE + "/x"]
)
def test_other_names_are_refused_by_every_method(post: PostOffice, name: str) -> None:
    for call in (
        lambda: post.get(name, 10),
        lambda: post.stream(name),
        lambda: post.size(name),
        lambda: post.create(name, b"x"),
        lambda: post.put(name, b"x"),
        lambda: post.discard(name),
    ):
        with pytest.raises(ObjectNameError):
            call()


def test_notes_are_neither_replaced_nor_removed(post: PostOffice) -> None:
    post.create(NOTE, b"one")
    with pytest.raises(ObjectNameError):
        post.put(NOTE, b"two")
    post.put(SEALED, b"sealed")
    for name in (NOTE, SEALED, names.card_name("rkpb", "tver", HASHES[0])):
        with pytest.raises(ObjectNameError):
            post.discard(name)
    assert post.get(NOTE, 10) == b"one"
    assert post.get(SEALED, 10) == b"sealed"


def test_of_many_creators_one_is_told_so(post: PostOffice) -> None:
    for number in range(1, 6):
        name = names.note_name("rkpb", "center/all", number)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda who, name=name: post.create(name, b"%d" % who), range(8)))
        assert answers.count(True) == 1
        assert post.get(name, 10) == b"%d" % answers.index(True)


def test_reading_from_several_threads(post: PostOffice) -> None:
    made = [names.note_name("rkpb", f"office{at % 40}/center", 1 + at // 40) for at in range(200)]
    for name in made:
        post.create(name, name.encode())
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda name: post.get(name, 100), made * 5)) == [name.encode() for name in made] * 5


def test_prove_leaves_nothing(post: PostOffice) -> None:
    post.create(NOTE, b"one")
    prove(post, "rkpb")
    prove(post, "rkpb")
    assert list(post.names("")) == [NOTE]
    assert dict(post.skipped) == {}


def test_a_closed_post_office_may_be_used_again(post: PostOffice) -> None:
    post.create(NOTE, b"one")
    assert post.get(NOTE, 10) == b"one"
    post.close()
    assert post.get(NOTE, 10) == b"one"
    post.close()


def test_it_is_described_in_words(post: PostOffice) -> None:
    assert describe(post) == f"the post office '{post.url}'"
