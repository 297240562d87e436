"""Letters of which members were left out: what is kept is proved, what is not stays untold."""

import hashlib
import io
from itertools import combinations

import letters
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.errors import NotAuthenticError
from cipherpost.letter import (
    CommitmentError,
    Kept,
    Letter,
    LetterHashError,
    MembersError,
    PaperError,
    archive_size,
    keep,
    left_out,
    parse_kept,
    print_kept,
    read_letter,
    read_partial,
)
from cipherpost.tar import TarReader

ARCHIVE, HASH = letters.written(letters.draft())
WHOLE = read_letter(io.BytesIO(ARCHIVE), expect_hash=HASH)
BYTES = {each.name: each.read_all(1 << 20) for each in TarReader(io.BytesIO(ARCHIVE), padded=True)}
PATHS = [each.path for each in WHOLE.members]


class Piece:
    """A member in memory."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size = name, len(data)
        self.read = io.BytesIO(data).read


def read(
    kept: tuple[Kept, ...], *, changed: dict[str, bytes] | None = None, paper: bytes = WHOLE.letter_json
) -> Letter:
    held = {**BYTES, **(changed or {})}
    pieces = [Piece(each.info.path, held[each.info.path]) for each in kept]
    return read_partial(paper, kept, pieces, expect_hash=HASH)


def test_v10_whatever_is_left_out_the_rest_is_the_letter() -> None:
    for count in range(len(PATHS)):
        for omit in combinations(PATHS, count):
            kept = keep(WHOLE, omit)
            found = read(kept)
            assert left_out(found) == count
            assert [each.path for each in found.members] == [path for path in PATHS if path not in omit]
            assert found.body == (None if "body.md" in omit else WHOLE.body)
            assert found.data == (None if "data.json" in omit else WHOLE.data)
            assert (found.subject, found.to, found.hash) == (WHOLE.subject, WHOLE.to, WHOLE.hash)
            assert parse_kept(print_kept(kept), "publication.json") == kept


def test_v10_a_member_changed_longer_or_shorter_is_refused() -> None:
    kept = keep(WHOLE, ["data.json"])
    path = "attachments/agenda.txt"
    data = BYTES[path]
    with pytest.raises(CommitmentError):
        read(kept, changed={path: data[:-1] + b"?"})
    for other in (data + b"!", data[:-1]):
        with pytest.raises(MembersError):
            read(kept, changed={path: other})


def test_v10_a_member_under_another_name_type_salt_or_place_is_refused() -> None:
    kept = keep(WHOLE, ["body.md"])
    at = next(index for index, each in enumerate(kept) if each.info.name == "agenda.txt")
    info = kept[at].info
    for row in (
        {"type": "text/plain"},
        {"salt": bytes(32)},
    ):
        values = {name: getattr(info, name) for name in ("path", "type", "size", "salt")} | row
        other = (*kept[:at], Kept(kept[at].at, type(info)(**values)), *kept[at + 1 :])
        with pytest.raises(CommitmentError):
            read(other)
    with pytest.raises(CommitmentError):
        read((Kept(1, kept[0].info), *kept[1:]))
    with pytest.raises(CommitmentError):
        read((*kept[:-1], Kept(len(PATHS) + 1, kept[-1].info)))


def test_v10_another_letterhead_is_not_the_one_that_the_header_names() -> None:
    with pytest.raises(LetterHashError):
        read(keep(WHOLE, ["body.md"]), paper=WHOLE.letter_json.replace(b"circular", b"decision"))


@given(st.permutations(range(4)))
def test_members_kept_stand_in_their_order_each_once(order: list[int]) -> None:
    rows = print_kept(keep(WHOLE, ["body.md"]))
    mixed = [rows[at] for at in order]
    if order == sorted(order):
        assert parse_kept(mixed, "x") == keep(WHOLE, ["body.md"])
    else:
        with pytest.raises(MembersError):
            parse_kept(mixed, "x")
    with pytest.raises(NotAuthenticError):
        parse_kept([rows[0], *rows], "x")


@pytest.mark.parametrize("rows", [None, {}, [], [1], [{}], [{"at": "1"}], [{"at": True}], "body.md"])
def test_what_is_no_list_of_members_is_refused(rows: object) -> None:
    with pytest.raises((PaperError, MembersError)):
        parse_kept(rows, "publication.json")


def test_the_size_of_the_archive_is_known_from_the_letter() -> None:
    assert archive_size(WHOLE) == len(ARCHIVE)
    assert hashlib.sha256(WHOLE.letter_json).hexdigest() == HASH
