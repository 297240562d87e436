"""Writing letters: exact sizes, stock tools open them, and what cannot be read is not sent."""

import dataclasses
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import letters
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.errors import UseError
from cipherpost.letter import (
    AttachmentNameError,
    LetterDraftError,
    MediaTypeError,
    content_digest,
    letter_size,
    parse_letterhead,
    parse_members,
    read_letter,
    write_letter,
)
from cipherpost.tar import SourceChangedError, padme


class Nowhere:
    """A sink that must not be written to."""

    def write(self, data: bytes, /) -> None:
        raise AssertionError(f"{len(data)} bytes were written")


@settings(deadline=None, max_examples=40)
@given(
    st.none() | st.text(max_size=600),
    st.none() | st.just(letters.DATA),
    st.dictionaries(st.sampled_from(["a", "b.pdf", "ж" * 60, "n" * 120]), st.binary(max_size=1500), max_size=4),
)
def test_what_is_written_is_read_and_its_size_was_known(body: str | None, data: bytes | None, files: Any) -> None:
    made = letters.draft(body=body, data=data, attachments=[letters.attachment(n, b) for n, b in files.items()])
    if body is None and data is None and not files:
        with pytest.raises(LetterDraftError):
            letter_size(made)
        return
    sink = io.BytesIO()
    done = write_letter(made, sink, random=os.urandom)
    assert done.size == len(sink.getvalue()) == letter_size(made) == padme(done.size)
    saved: dict[str, io.BytesIO] = {}
    letter = read_letter(
        io.BytesIO(sink.getvalue()),
        expect_hash=done.letter_hash,
        save=lambda info: saved.setdefault(info.name, io.BytesIO()),
    )
    expected = None if body is None else body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert (letter.body, letter.data) == (expected, data)
    assert {name: held.getvalue() for name, held in saved.items()} == files
    assert letter.letter_json == done.letter_json
    assert letter.members == done.members


def test_i12_pythons_tarfile_opens_a_letter() -> None:
    data, _ = letters.written(letters.draft())
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|") as archive:
        found = {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]
    assert list(found) == [
        "members.json",
        "body.md",
        "data.json",
        *(f"attachments/{n}" for n in letters.FILES),
        "letter.json",
    ]
    assert found["body.md"].decode() == letters.BODY
    assert found["data.json"] == letters.DATA
    for name, content in letters.FILES.items():
        assert found[f"attachments/{name}"] == content


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar on this machine")
def test_i12_the_systems_tar_opens_a_letter(tmp_path: Path) -> None:
    data, _ = letters.written(letters.draft(body_type="txt"))
    done = subprocess.run(["tar", "-xf", "-"], input=data, cwd=tmp_path, check=True, capture_output=True)
    assert done.stderr == b""
    assert (tmp_path / "body.txt").read_text(encoding="utf-8") == letters.BODY
    for name, content in letters.FILES.items():
        assert (tmp_path / "attachments" / name).read_bytes() == content


def test_papers_of_a_written_letter_say_what_the_draft_says() -> None:
    data, _ = letters.written(letters.draft())
    members = dict(letters.members_of(data))
    head = parse_letterhead(members["letter.json"])
    assert (head.from_office, head.to, head.kind) == ("center", ("all", "tver"), "circular")
    assert (head.written, head.fingerprint) == ("2026-11-22T09:00:00Z", letters.FINGERPRINT)
    infos = parse_members(members["members.json"])
    assert [(info.path, info.size) for info in infos] == [
        (name, len(content)) for name, content in members.items() if name not in ("members.json", "letter.json")
    ]


def test_every_member_and_the_letter_have_a_salt_of_their_own() -> None:
    sink, asked = io.BytesIO(), []

    def salt(size: int) -> bytes:
        asked.append(size)
        return bytes([len(asked)]) * size

    done = write_letter(letters.draft(), sink, random=salt)
    assert asked == [32] * 6
    assert len({info.salt for info in done.members} | {parse_letterhead(done.letter_json).salt}) == 6


def test_i5_the_same_letter_written_twice_has_two_hashes() -> None:
    hashes = {write_letter(letters.draft(), io.BytesIO(), random=os.urandom).letter_hash for _ in range(2)}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [("a\r\nb\r\n", b"a\nb\n"), ("a\rb", b"a\nb"), ("a\r\r\nb", b"a\n\nb"), ("\ufeffa", b"a"), ("", b"")],
)
def test_a_body_has_line_feeds_alone(body: str, expected: bytes) -> None:
    data, _ = letters.written(letters.draft(body=body))
    assert dict(letters.members_of(data))["body.md"] == expected


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"body": None, "data": None, "attachments": ()}, LetterDraftError),
        ({"body": "\ud800"}, LetterDraftError),
        ({"body": "x" * (limits.BODY_BYTES + 1)}, LetterDraftError),
        ({"body_type": "html"}, LetterDraftError),
        ({"data": b'{"a":1,"a":1}'}, LetterDraftError),
        ({"data": b"NaN"}, LetterDraftError),
        ({"subject": "two\nlines"}, LetterDraftError),
        ({"subject": ""}, LetterDraftError),
        ({"subject": "\ud800"}, LetterDraftError),
        ({"to": ()}, LetterDraftError),
        ({"to": ("all", "all")}, LetterDraftError),
        ({"from_office": "Center"}, LetterDraftError),
        ({"kind": "a b"}, LetterDraftError),
        ({"written": "today"}, LetterDraftError),
        ({"fingerprint": "none"}, LetterDraftError),
        ({"attachments": [letters.attachment("nul", b"")]}, AttachmentNameError),
        ({"attachments": [letters.attachment("a", b""), letters.attachment("A", b"")]}, AttachmentNameError),
        ({"attachments": [letters.attachment("a", b"", "pdf")]}, MediaTypeError),
        ({"attachments": [letters.attachment(str(at), b"") for at in range(999)]}, LetterDraftError),
        ({"attachments": [dataclasses.replace(letters.attachment("a", b""), size=limits.SIZE)]}, LetterDraftError),
        ({"attachments": [dataclasses.replace(letters.attachment("a", b""), size=-1)]}, LetterDraftError),
    ],
)
def test_i4_what_nobody_could_read_is_refused_before_anything_is_written(
    changes: dict[str, Any], error: type[UseError]
) -> None:
    for act in (letter_size, content_digest, lambda made: write_letter(made, Nowhere(), random=os.urandom)):
        with pytest.raises(error) as caught:
            act(letters.draft(**changes))
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_that_changes_meanwhile_makes_no_letter(size: int) -> None:
    changed = dataclasses.replace(letters.attachment("a", b"1234"), size=size)
    with pytest.raises(SourceChangedError):
        write_letter(letters.draft(attachments=[changed]), io.BytesIO(), random=os.urandom)


def test_an_attachment_is_closed_after_use_even_when_it_fails() -> None:
    held = io.BytesIO(b"123")
    broken = dataclasses.replace(letters.attachment("a", b"1234"), open=lambda: held)
    with pytest.raises(SourceChangedError):
        write_letter(letters.draft(attachments=[broken]), io.BytesIO(), random=os.urandom)
    assert held.closed


# ---- large members: the helper thread, and memory ----------------------------------------------------------------


class Zeros(io.RawIOBase):
    """A file of zeros that is in no memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1, /) -> bytes:
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


def large(size: int) -> Any:
    return letters.draft(
        attachments=[dataclasses.replace(letters.attachment("big", b""), size=size, open=lambda: Zeros(size))]
    )


def test_a_large_attachment_is_committed_to_like_a_small_one() -> None:
    from cipherpost.letter import commitment

    size = (9 << 20) + 11
    sink = io.BytesIO()
    done = write_letter(large(size), sink, random=letters.salts())
    assert parse_letterhead(done.letter_json).commitments[-1] == commitment(done.members[-1], bytes(size))
    letter = read_letter(io.BytesIO(sink.getvalue()), expect_hash=done.letter_hash)
    assert letter.attachments[0].size == size


@pytest.mark.slow
def test_i11_memory_does_not_grow_with_attachments(tmp_path: Path) -> None:
    import tracemalloc

    size = 64 << 20
    path = tmp_path / "letter.tar"
    tracemalloc.start()
    try:
        with path.open("wb") as sink:
            done = write_letter(large(size), sink, random=os.urandom)
        with path.open("rb") as source:
            read_letter(source, expect_hash=done.letter_hash)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size == done.size >= size
    assert peak < size // 4


def test_the_helper_thread_is_gone_after_a_failure() -> None:
    import threading

    before = threading.active_count()
    size = 9 << 20
    short = dataclasses.replace(letters.attachment("big", b""), size=size, open=lambda: Zeros(size - 1))
    with pytest.raises(SourceChangedError):
        write_letter(letters.draft(attachments=[short]), io.BytesIO(), random=os.urandom)
    assert threading.active_count() == before


# ---- the same letter again ---------------------------------------------------------------------------------------


def test_i4_the_same_content_has_the_same_digest() -> None:
    digest = content_digest(letters.draft())
    assert digest == content_digest(letters.draft(written="2027-01-01T00:00:00Z"))
    assert digest == content_digest(letters.draft(to=("tver", "all")))
    assert digest == content_digest(letters.draft(body=letters.BODY.replace("\n", "\r\n")))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Another"},
        {"body": letters.BODY + "."},
        {"body": None},
        {"body_type": "txt"},
        {"data": b"{}"},
        {"data": None},
        {"to": ("all",)},
        {"kind": "instruction"},
        {"from_office": "tver"},
        {"attachments": ()},
        {"attachments": [letters.attachment(n, b + b"x") for n, b in letters.FILES.items()]},
        {"attachments": [letters.attachment("x" + n, b) for n, b in letters.FILES.items()]},
        {"attachments": [letters.attachment(n, b, "text/plain") for n, b in letters.FILES.items()]},
    ],
)
def test_i4_other_content_has_another_digest(changes: dict[str, Any]) -> None:
    assert content_digest(letters.draft(**changes)) != content_digest(letters.draft())


def test_i4_what_the_header_alone_says_can_be_part_of_the_digest() -> None:
    october, november = (content_digest(letters.draft(), about=f"report monthly-return 2026-{m} nil") for m in (10, 11))
    assert len({october, november, content_digest(letters.draft())}) == 3


def test_i5_drafts_show_nothing_of_their_content() -> None:
    shown = repr(letters.draft())
    assert not any(secret in shown for secret in ("Conference", "conference", "rows", "agenda"))
