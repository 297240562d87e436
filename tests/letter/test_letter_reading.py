"""Reading letters: verified or nothing (I1), and every way a letter can be wrong has its own reason (V10)."""

import dataclasses
import hashlib
import io
from collections.abc import Callable
from typing import Any

import letters
import pytest

from cipherpost import limits
from cipherpost.dispatch.header import Header, RosterRef
from cipherpost.errors import NewerError, NotAuthenticError, TooLargeError
from cipherpost.letter import (
    BodyError,
    CommitmentError,
    Letter,
    LetterHashError,
    LetterheadError,
    MemberInfo,
    MembersError,
    NewerLetterError,
    PaperError,
    check_letterhead,
    print_members,
    read_letter,
)
from cipherpost.strictjson import JsonError
from cipherpost.tar import (
    ArchiveKindError,
    ArchivePaddingError,
    ArchiveTooLargeError,
    ArchiveTrailingError,
    ArchiveTruncatedError,
)

Members = list[tuple[str, bytes]]
SAMPLE, SAMPLE_HASH = letters.written(letters.draft())
SMALL, SMALL_HASH = letters.written(letters.draft(attachments=[letters.attachment("a", b"1234")]))


def read(data: bytes, letter_hash: str = SAMPLE_HASH) -> Letter:
    return read_letter(io.BytesIO(data), expect_hash=letter_hash)


def repack(change: Callable[[Members], Members]) -> bytes:
    """The sample with other members, packed in the right form."""
    return letters.archive(change(letters.members_of(SAMPLE)))


# ---- good letters ------------------------------------------------------------------------------------------------


def test_a_letter_is_read_as_it_was_written() -> None:
    saved: dict[str, io.BytesIO] = {}
    letter = read_letter(
        io.BytesIO(SAMPLE), expect_hash=SAMPLE_HASH, save=lambda info: saved.setdefault(info.name, io.BytesIO())
    )
    assert (letter.subject, letter.body, letter.body_type) == ("Conference before the tenth", letters.BODY, "md")
    assert (letter.from_office, letter.to, letter.kind) == ("center", ("all", "tver"), "circular")
    assert (letter.hash, letter.fingerprint) == (SAMPLE_HASH, letters.FINGERPRINT)
    assert letter.data == letters.DATA
    assert [info.name for info in letter.attachments] == list(letters.FILES)
    assert {name: sink.getvalue() for name, sink in saved.items()} == letters.FILES
    assert hashlib.sha256(letter.letter_json).hexdigest() == letter.hash


def test_attachments_may_be_dropped_or_chosen() -> None:
    kept = io.BytesIO()
    read_letter(
        io.BytesIO(SAMPLE), expect_hash=SAMPLE_HASH, save=lambda info: kept if info.name == "agenda.txt" else None
    )
    assert kept.getvalue() == letters.FILES["agenda.txt"]
    assert read(SAMPLE).attachments[0].size == len(letters.FILES["agenda.txt"])


def test_a_source_that_gives_a_byte_at_a_time_does_no_harm() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(1 if size else 0)

    assert read_letter(Dribble(SMALL), expect_hash=SMALL_HASH).body == letters.BODY


def test_names_that_only_windows_refuses_are_read() -> None:
    data, letter_hash = letters.forged([("attachments/nul", "a/b", b"1"), ("attachments/NUL", "a/b", b"2")])
    assert [info.name for info in read(data, letter_hash).attachments] == ["nul", "NUL"]


def test_i5_a_letter_shows_nothing_of_its_content() -> None:
    shown = repr(read(SAMPLE))
    assert not any(secret in shown for secret in ("onference", "rows", "agenda"))


# ---- I1 ----------------------------------------------------------------------------------------------------------


def test_i1_v10_a_letter_cut_at_any_byte_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(ArchiveTruncatedError):
            read(SMALL[:length], SMALL_HASH)


def test_i1_v10_a_letter_with_any_byte_changed_is_refused() -> None:
    for at in range(len(SMALL)):
        for flip in (0x01, 0x80):
            changed = SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :]
            with pytest.raises((NotAuthenticError, NewerError)):
                read(changed, SMALL_HASH)


def test_i1_a_letter_is_given_only_after_the_end_of_its_source() -> None:
    class Failing(io.BytesIO):
        """A decryption that finds at the very end that its last chunk is not authentic."""

        def read(self, size: int | None = -1, /) -> bytes:
            chunk = super().read(size)
            if not chunk:
                raise NotAuthenticError("the payload does not verify")
            return chunk

    with pytest.raises(NotAuthenticError, match="payload"):
        read_letter(Failing(SAMPLE), expect_hash=SAMPLE_HASH)


# ---- V10, one reason each ----------------------------------------------------------------------------------------


def test_v10_a_letter_of_another_hash() -> None:
    with pytest.raises(LetterHashError):
        read(SAMPLE, "0" * 64)


def test_i2_v10_another_letter_json_is_noticed_by_its_hash() -> None:
    with pytest.raises(LetterHashError):
        read(repack(lambda m: [*m[:-1], ("letter.json", m[-1][1].replace(b'"circular"', b'"report"'))]))


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_i1_v10_other_content_of_the_same_size(at: int) -> None:
    def change(members: Members) -> Members:
        name, data = members[at]
        members[at] = (name, data[:-1] + bytes([data[-1] ^ 1]))
        return members

    with pytest.raises(CommitmentError, match=f"member {at} "):
        read(repack(change))


def test_v10_another_salt_or_type_in_members_json() -> None:
    for old, new in ((b"text/markdown", b"text/markdowN"), (b"octet-stream", b"octet-strean")):
        with pytest.raises((CommitmentError, PaperError)):
            read(repack(lambda m, old=old, new=new: [(m[0][0], m[0][1].replace(old, new)), *m[1:]]))  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m[1:],
        lambda m: m[:-1],
        lambda m: m[:1] + m[2:],
        lambda m: m[:4] + m[5:],
        lambda m: [m[-1], *m[:-1]],
        lambda m: [m[0], m[2], m[1], *m[3:]],
        lambda m: [*m[:3], m[4], m[3], *m[5:]],
        lambda m: [*m[:1], ("extra", b""), *m[1:]],
        lambda m: [*m[:-1], ("attachments/extra", b""), m[-1]],
        lambda m: [*m, ("extra", b"")],
        lambda m: [*m, m[-1]],
        lambda m: [m[0], *m],
        lambda m: [m[0], ("body.txt", m[1][1]), *m[2:]],
        lambda m: [m[0], ("body.md", m[1][1] + b"."), *m[2:]],
        lambda m: [m[0], ("body.md", b""), *m[2:]],
        lambda m: [],
        lambda m: m[:1],
    ],
)
def test_v10_exactly_the_members_in_their_order(change: Callable[[Members], Members]) -> None:
    with pytest.raises(MembersError):
        read(repack(change))


def test_v10_a_member_taken_out_of_both_papers_is_noticed_by_the_commitments() -> None:
    def change(members: Members) -> Members:
        infos = [
            MemberInfo(path=name, type="text/markdown", size=len(data), salt=bytes(32)) for name, data in members[1:2]
        ]
        return [("members.json", print_members(infos)), members[1], members[-1]]

    with pytest.raises(CommitmentError, match="another number"):
        read(repack(change))


def test_v10_padding() -> None:
    with pytest.raises(ArchiveTrailingError):
        read(SAMPLE + bytes(512))
    unpadded = letters.archive(letters.members_of(SAMPLE), padded=False)
    if len(unpadded) < len(SAMPLE):
        with pytest.raises(ArchiveTruncatedError):
            read(unpadded)
    with pytest.raises(ArchivePaddingError):
        read(SAMPLE[:-1] + b"\x01")


def test_v10_a_link_in_place_of_a_member() -> None:
    at = SAMPLE.index(b"attachments/agenda.txt\x00")
    block = SAMPLE[at : at + 156] + b"2/etc/passwd" + SAMPLE[at + 168 : at + 512]
    total = sum(block) - sum(block[148:156]) + 8 * 32
    block = block[:148] + b"%06o\x00 " % total + block[156:]
    with pytest.raises(ArchiveKindError):
        read(SAMPLE[:at] + block + SAMPLE[at + 512 :])


@pytest.mark.parametrize("body", [b"\xff", b"a\r\nb", b"a\rb", b"\xed\xa0\x80"])
def test_v10_a_body_in_another_form(body: bytes) -> None:
    with pytest.raises(BodyError):
        read(*letters.forged([("body.txt", "text/plain", body)]))


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1,"a":2}', b"NaN", b'"\\ud800"', b"[" * 100 + b"]" * 100])
def test_v10_data_that_is_no_strict_json(data: bytes) -> None:
    with pytest.raises((JsonError, TooLargeError)):
        read(*letters.forged([("data.json", "application/json", data)]))


@pytest.mark.parametrize("changes", [{"subject": "a\u202eb"}, {"to": ()}, {"written": "now"}, {"kind": "A"}])
def test_v10_a_letterhead_in_another_form(changes: dict[str, Any]) -> None:
    with pytest.raises(PaperError):
        read(*letters.forged([("body.txt", "text/plain", b"x")], **changes))


def test_i11_papers_of_a_letter_are_read_within_limits_only() -> None:
    with pytest.raises(ArchiveTooLargeError):
        read(letters.archive([("members.json", b" " * (limits.LETTER_JSON_BYTES + 1))]))


def test_i11_a_letter_of_too_many_members_is_refused() -> None:
    many = [(f"attachments/{at}", "a/b", b"") for at in range(limits.MEMBERS + 1)]
    with pytest.raises(TooLargeError):
        read(*letters.forged(many))


def test_a_newer_letter_says_so() -> None:
    with pytest.raises(NewerLetterError):
        read(repack(lambda m: [(m[0][0], m[0][1].replace(b"/v1 ", b"/v2 ")), *m[1:]]))


def test_what_a_sink_raises_goes_through() -> None:
    class Full:
        def write(self, data: bytes, /) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        read_letter(io.BytesIO(SAMPLE), expect_hash=SAMPLE_HASH, save=lambda _: Full())


# ---- the letterhead against the header ---------------------------------------------------------------------------

HEADER = Header(
    network="rkpb",
    channel="center/all",
    number=14,
    previous="1" * 64,
    time="2026-11-22T09:00:00Z",
    by="stasova",
    kind="circular",
    roster=RosterRef(7, "2" * 64),
    letter=SAMPLE_HASH,
)


def test_v10_a_letter_agrees_with_its_header() -> None:
    check_letterhead(read(SAMPLE), HEADER, letters.FINGERPRINT)
    check_letterhead(read(SAMPLE), HEADER._replace(channel="center/tver"), letters.FINGERPRINT)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("from", {"channel": "tver/all"}),
        ("to", {"channel": "center/samara"}),
        ("kind", {"kind": "instruction"}),
        ("hash", {"letter": "3" * 64}),
        ("hash", {"letter": None}),
    ],
)
def test_i2_v10_a_letter_under_another_header(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(LetterheadError, match=f"'{field}'") as caught:
        check_letterhead(read(SAMPLE), HEADER._replace(**change), letters.FINGERPRINT)
    assert caught.value.number == 14
    assert caught.value.check == "V10"


def test_i2_v10_a_letter_of_another_network() -> None:
    with pytest.raises(LetterheadError, match="'fingerprint'"):
        check_letterhead(read(SAMPLE), HEADER, "9" * 64)
    other = dataclasses.replace(read(SAMPLE), fingerprint="9" * 64)
    with pytest.raises(LetterheadError):
        check_letterhead(other, HEADER, letters.FINGERPRINT)
