"""Bundles are made whole, the same from the same objects, and an audit of one finds what an audit of the store does."""

from pathlib import Path

import pytest
from auditkit import Board, found
from chain.chainkit import NETWORK
from simulator import HostilePost

from cipherpost import limits
from cipherpost.postoffice import UnreachableError, names
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.postoffice.errors import UnreadableObjectError
from cipherpost.workflows import bundling
from cipherpost.workflows.auditing import Report


def make(board: Board, path: Path, *, post: object = None, **given: object) -> bundling.Bundled:
    return bundling.make(board.subject(post=post), path, **given)  # type: ignore[arg-type]


def of_bundle(board: Board, path: Path, *, post: object = None, **given: object) -> Report:
    make(board, path, post=post, **given)
    return board.audit(post=BundlePost(path), sealed=bool(given.get("sealed")))


def test_an_audit_of_the_bundle_says_what_one_of_the_post_office_says(board: Board, tmp_path: Path) -> None:
    assert of_bundle(board, tmp_path / "b").as_json() == board.audit().as_json()


def test_the_same_objects_give_the_same_bytes(board: Board, tmp_path: Path) -> None:
    first = make(board, tmp_path / "a")
    board.store.objects = dict(reversed(board.store.objects.items()))
    second = make(board, tmp_path / "b", post=HostilePost(board.store))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert first.hash == second.hash
    assert first.objects == len(board.store.objects)


def test_junk_strays_and_other_sides_go_along(board: Board, tmp_path: Path) -> None:
    stray = board.sent[1]
    board.store.objects[board.name("tver/tver", 7)] = stray.note
    board.store.objects[board.name("nobody/center", 1)] = stray.note
    board.store.objects[board.name("tver/center", 3)] = b"junk"
    board.store.objects[board.name("tver/center", 3, board.sent[2].hash)] = board.sent[2].note
    board.store.objects[names.evidence_name(NETWORK, "kursk", stray.hash)] = stray.note
    board.store.objects[names.evidence_name(NETWORK, "kursk", "0" * 64)] = b"junk"
    assert of_bundle(board, tmp_path / "b").as_json() == board.audit().as_json()
    assert {"malformed", "misplaced"} <= {code for code, _ in found(board.audit())}


def test_sealed_files_go_along_only_when_asked_for(board: Board, tmp_path: Path) -> None:
    board.store.put(names.sealed_name(NETWORK, "center", "ab" * 32), b"sealed")
    probe = names.probe_name(NETWORK, "center", "ab" * 32)
    board.store.create(probe, b"probe")
    assert not any("sealed" in name for name in _packed(board, tmp_path / "a"))
    with_sealed = _packed(board, tmp_path / "b", sealed=True)
    assert set(with_sealed) == set(board.store.objects) - {probe}


def _packed(board: Board, path: Path, **given: object) -> list[str]:
    made = make(board, path, **given)
    packed = list(BundlePost(path).names(""))
    assert made.objects == len(packed)
    assert made.size == path.stat().st_size
    return packed


def test_a_part_holds_the_roster_and_the_channels_named(board: Board, tmp_path: Path) -> None:
    line = board.seal(b"sealed file")
    letter = board.net.make(
        "center/tver",
        by="stasova",
        kind="instruction",
        number=2,
        previous=board.receipt.hash,
        letter="1" * 64,
        sealed=line,
    )
    board.post(letter)
    packed = _packed(board, tmp_path / "b", channels=("tver/center",))
    assert {name.rpartition("/")[0] for name in packed} == {f"{NETWORK}/center/roster", f"{NETWORK}/tver/center"}
    packed = _packed(board, tmp_path / "c", channels=("center/tver", "tver/center"), sealed=True)
    assert names.sealed_name(NETWORK, "center", line[0].hash) in packed
    for wrong in ("center", "tver/roster", "nobody/center"):
        with pytest.raises(bundling.BundleChannelError):
            make(board, tmp_path / "d", channels=(wrong,))
    assert not (tmp_path / "d").exists()


def test_what_the_post_office_does_not_list_is_asked_for(board: Board, tmp_path: Path) -> None:
    post = HostilePost(board.store)
    post.knobs.unlisted += ["*/tver/center/*", "*/center/all/00000002.note"]
    assert of_bundle(board, tmp_path / "b", post=post).as_json() == board.audit().as_json()


def test_a_listing_out_of_order_and_twice_makes_the_same_bundle(board: Board, tmp_path: Path) -> None:
    post = HostilePost(board.store)
    post.knobs.unsorted = True
    make(board, tmp_path / "a", post=post)
    make(board, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_is_too_large_or_foreign_or_not_given_out_is_told(board: Board, tmp_path: Path) -> None:
    post = HostilePost(board.store)
    large, invented = board.name("kursk/kursk", 1), board.name("kursk/kursk", 9)
    board.store.objects[large] = bytes(limits.HEADER_BYTES + 1)
    board.store.objects[f"{NETWORK}/center/all/notes.txt"] = b"foreign"
    post.knobs.invented.append(invented)
    made = make(board, tmp_path / "b", post=post)
    assert list(made.skipped) == sorted([f"{NETWORK}/center/all/notes.txt", large, invented])
    assert made.objects == len(board.store.objects) - 2


def test_i4_objects_that_cannot_be_read_are_named_and_no_file_is_left(board: Board, tmp_path: Path) -> None:
    post = HostilePost(board.store)
    for number in (1, 2):
        post.fail("stream", board.name("tver/center", number), error=lambda: UnreadableObjectError("may not be read"))
    with pytest.raises(bundling.BundleIncompleteError) as caught:
        make(board, tmp_path / "b", post=post)
    assert caught.value.exit_code == 1
    assert board.name("tver/center", 1) in str(caught.value)
    assert board.name("tver/center", 2) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_i4_a_line_that_breaks_leaves_the_older_bundle(board: Board, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"older")
    post = HostilePost(board.store)
    post.fail("stream", "*/kursk/*", times=None)
    post.fail("size", "*", times=None, skip=post.count("size"))
    with pytest.raises(UnreachableError):
        make(board, tmp_path / "b", post=post, force=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("b", b"older")]


def test_nothing_is_written_over_without_force(board: Board, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"older")
    for place in (tmp_path / "b", tmp_path):
        with pytest.raises(bundling.BundlePlaceError):
            make(board, place)
    assert (tmp_path / "b").read_bytes() == b"older"
    make(board, tmp_path / "b", force=True)
    assert bundling.is_bundle(tmp_path / "b")


def test_without_a_genesis_the_rest_is_bundled_all_the_same(board: Board, tmp_path: Path) -> None:
    del board.store.objects[board.name("center/roster", 1)]
    assert set(_packed(board, tmp_path / "b")) == set(board.store.objects)
