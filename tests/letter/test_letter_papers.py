"""``members.json`` and ``letter.json``: one form, and commitments that hide and hold."""

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.errors import MalformedError, NewerError, NotAuthenticError, TooLargeError
from cipherpost.letter import (
    Letterhead,
    MemberInfo,
    MembersError,
    NewerLetterError,
    PaperError,
    commitment,
    parse_letterhead,
    parse_members,
    print_letterhead,
    print_members,
)
from cipherpost.strictjson import JsonError, canonical

HASH = "ab" * 32
BODY = MemberInfo(path="body.md", type="text/markdown", size=5, salt=bytes(32))
HEAD = Letterhead(
    fingerprint=HASH,
    from_office="center",
    to=("all", "tver"),
    kind="circular",
    written="2026-11-22T09:00:00Z",
    subject="To all",
    salt=bytes(range(32)),
    commitments=(HASH,),
)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in ("con", "nul", "aux", "prn") and name[:3] not in ("com", "lpt")
)
HEADS = st.builds(
    Letterhead,
    fingerprint=HASHES,
    from_office=NAMES,
    to=st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    kind=NAMES,
    written=st.just("2026-11-22T09:00:00Z"),
    subject=st.sampled_from(["To all", "Всем", 'a "b" \\ c', "\U0001f600"]),
    salt=st.binary(min_size=32, max_size=32),
    commitments=st.lists(HASHES, max_size=4).map(tuple),
)


def test_the_example_of_the_documentation() -> None:
    assert print_members([BODY]) == (
        b'{"format":"cipherpost/v1 members","members":[{"name":"body.md","salt":"' + b"00" * 32 + b'",'
        b'"size":5,"type":"text/markdown"}]}'
    )
    assert print_letterhead(HEAD) == (
        b'{"commitments":["' + HASH.encode() + b'"],"fingerprint":"' + HASH.encode() + b'",'
        b'"format":"cipherpost/v1 letter","from":"center","kind":"circular",'
        b'"salt":"' + bytes(range(32)).hex().encode() + b'","subject":"To all","to":["all","tver"],'
        b'"written":"2026-11-22T09:00:00Z"}'
    )


@settings(deadline=None)
@given(HEADS)
def test_letter_json_parses_to_what_was_printed(head: Letterhead) -> None:
    printed = print_letterhead(head)
    assert parse_letterhead(printed) == head
    assert print_letterhead(parse_letterhead(printed)) == printed


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_one_changed_byte_of_a_paper_is_refused_or_says_something_else(data: st.DataObject) -> None:
    for printed, parse in ((print_letterhead(HEAD), parse_letterhead), (print_members([BODY]), parse_members)):
        at = data.draw(st.integers(0, len(printed) - 1))
        changed = printed[:at] + bytes([printed[at] ^ data.draw(st.integers(1, 255))]) + printed[at + 1 :]
        try:
            found = parse(changed)
        except (NotAuthenticError, NewerError):
            continue
        assert found != parse(printed)


def test_a_commitment_is_what_the_format_says() -> None:
    info = MemberInfo(path="attachments/a.txt", type="text/plain", size=2, salt=b"s" * 32)
    expected = hashlib.sha256(
        b"cipherpost/v1 member\n" + b"s" * 32 + b"attachments/a.txt\ntext/plain\n2\nhi"
    ).hexdigest()
    assert commitment(info, b"hi") == expected


def test_i2_a_commitment_binds_every_property_of_a_member() -> None:
    changes: list[dict[str, Any]] = [{"path": "body.txt"}, {"type": "text/plain"}, {"size": 6}, {"salt": b"\x01" * 32}]
    found = {commitment(dataclasses.replace(BODY, **change), b"hello") for change in [{}, *changes]}
    assert len(found | {commitment(BODY, b"hellO")}) == 6


def head_with(**changes: Any) -> bytes:
    paper = json.loads(print_letterhead(HEAD)) | changes
    return canonical({key: value for key, value in paper.items() if value is not ...})


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "AB" * 32},
        {"fingerprint": None},
        {"commitments": ["x"]},
        {"commitments": HASH},
        {"commitments": [1]},
        {"from": "Center"},
        {"from": "con"},
        {"to": []},
        {"to": ["all", "all"]},
        {"to": [["all"]]},
        {"to": ["a b"]},
        {"kind": ""},
        {"written": "2026-11-22 09:00:00"},
        {"written": "2026-02-30T09:00:00Z"},
        {"subject": ""},
        {"subject": "a\nb"},
        {"subject": "x" * 121},
        {"subject": "\u202ex"},
        {"salt": "00" * 31},
        {"salt": "00" * 33},
        {"format": "cipherpost/v1 members"},
        {"format": 1},
        {"extra": 1},
        {"subject": ...},
    ],
)
def test_v10_letter_json_holds_exactly_what_it_must(changes: dict[str, Any]) -> None:
    with pytest.raises(PaperError):
        parse_letterhead(head_with(**changes))


@pytest.mark.parametrize("paper", [b"[]", b"null", b"{}", b'"letter"'])
def test_v10_a_paper_is_an_object_of_its_format(paper: bytes) -> None:
    for parse in (parse_letterhead, parse_members):
        with pytest.raises(PaperError):
            parse(paper)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p + b"\n",
        lambda p: b" " + p,
        lambda p: p.replace(b":", b": "),
        lambda p: p.replace(b"all", b"\\u0061ll"),
    ],
)
def test_v10_a_paper_in_another_form_is_refused(change: Any) -> None:
    with pytest.raises(JsonError):
        parse_letterhead(change(print_letterhead(HEAD)))


def test_v10_doubled_keys_are_refused() -> None:
    with pytest.raises(JsonError, match="two members of one name"):
        parse_letterhead(print_letterhead(HEAD).replace(b'"kind":', b'"kind":"report","kind":'))


def test_a_newer_letter_says_so() -> None:
    for newer in ({"format": "cipherpost/v2 letter"}, {"format": "cipherpost/v10 letter", "extra": 1.5}):
        with pytest.raises(NewerLetterError) as caught:
            parse_letterhead(json.dumps(json.loads(print_letterhead(HEAD)) | newer).encode())
        assert caught.value.exit_code == 1
    with pytest.raises(NewerLetterError):
        parse_members(b'{"format":"cipherpost/v2 members"}')


def rows(*members: tuple[str, str, int]) -> bytes:
    return print_members([MemberInfo(path=path, type=kind, size=size, salt=bytes(32)) for path, kind, size in members])


MD, TXT = ("body.md", "text/markdown", 1), ("body.txt", "text/plain", 1)
DATA, FILE = ("data.json", "application/json", 1), ("attachments/a", "a/b", 1)


def test_members_in_their_order_are_taken() -> None:
    for members in ([MD], [TXT], [DATA], [FILE], [MD, DATA, FILE], [TXT, FILE, ("attachments/A", "a/b", limits.SIZE)]):
        assert print_members(parse_members(rows(*members))) == rows(*members)


@pytest.mark.parametrize(
    "members",
    [
        [],
        [MD, TXT],
        [MD, MD],
        [DATA, MD],
        [FILE, DATA],
        [DATA, DATA],
        [FILE, FILE],
        [FILE, MD],
        [("body.md", "text/plain", 1)],
        [("data.json", "text/plain", 1)],
        [("body.html", "text/html", 1)],
        [("letter.json", "application/json", 1)],
        [("members.json", "application/json", 1)],
        [("attachments/", "a/b", 1)],
        [("attachments/..", "a/b", 1)],
        [("attachments/a/b", "a/b", 1)],
        [("attachments/a\nb", "a/b", 1)],
        [("attachments/e\u0301", "a/b", 1)],
        [("../a", "a/b", 1)],
    ],
)
def test_v10_members_that_no_letter_has(members: list[tuple[str, str, int]]) -> None:
    with pytest.raises(MembersError):
        parse_members(rows(*members))


@pytest.mark.parametrize(
    "member", [("attachments/a", "a/b", -1), ("attachments/a", "A/B", 1), ("attachments/a", "", 1)]
)
def test_v10_impossible_members(member: tuple[str, str, int]) -> None:
    with pytest.raises(PaperError):
        parse_members(rows(member))


def test_v10_a_boolean_is_no_size() -> None:
    with pytest.raises(PaperError):
        parse_members(rows(MD).replace(b'"size":1', b'"size":true'))


@pytest.mark.parametrize(
    "members",
    [
        [("body.md", "text/markdown", limits.BODY_BYTES + 1)],
        [("data.json", "application/json", limits.DATA_BYTES + 1)],
        [("attachments/a", "a/b", limits.SIZE + 1)],
        [(f"attachments/{at}", "a/b", 1) for at in range(limits.MEMBERS + 1)],
    ],
)
def test_i11_members_are_bounded(members: list[tuple[str, str, int]]) -> None:
    with pytest.raises(TooLargeError):
        parse_members(rows(*members))


def test_i11_papers_are_bounded() -> None:
    for parse in (parse_members, parse_letterhead):
        with pytest.raises(MalformedError):
            parse(b" " * (limits.LETTER_JSON_BYTES + 1))


def test_as_many_members_as_allowed_with_the_longest_names_fit_the_paper() -> None:
    many = [(f"attachments/{at:03}" + "n" * 252, "a/" + "b" * 125, limits.SIZE) for at in range(limits.MEMBERS)]
    assert len(rows(*many)) <= limits.LETTER_JSON_BYTES
    assert len(parse_members(rows(*many))) == limits.MEMBERS


def test_i5_papers_show_no_names_subjects_or_salts() -> None:
    for shown in (repr(HEAD), repr(BODY)):
        assert "To all" not in shown
        assert "body" not in shown
        assert "salt" not in shown
