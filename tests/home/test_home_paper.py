"""Keys on paper: what is printed is read back, however it was typed, and a slip is found."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost.age import HybridIdentity
from cipherpost.home.paper import FIRST, NewerPaperError, Paper, PaperFormError, is_paper, parse_paper


def paper(keys: int = 1, post: str = "/srv/post") -> Paper:
    return Paper(
        network="rkpb",
        fingerprint="ab" * 32,
        office="tver",
        officer="ivanov",
        post=post,
        seeds=tuple(secrets.token_bytes(32) for _ in range(keys)),
        identities=tuple(HybridIdentity.generate() for _ in range(keys)),
    )


def same(one: Paper, other: Paper) -> None:
    assert one.text() == other.text()
    assert one.seeds == other.seeds


@pytest.mark.parametrize("keys", [1, 4])
def test_what_is_printed_is_read_back(keys: int) -> None:
    printed = paper(keys)
    same(parse_paper(printed.text().encode()), printed)
    assert is_paper(printed.text().encode())


def test_the_codes_together_are_the_text_and_each_is_small_enough_to_be_scanned() -> None:
    printed = paper(5, post="/srv/пост")
    assert len(printed.codes()) > 1
    assert "".join(printed.codes()) == printed.text()
    assert max(len(code.encode()) for code in printed.codes()) <= 420
    assert len(paper().codes()) == 1


def test_it_may_be_typed_in_groups_in_small_letters_with_other_line_ends_and_a_mark() -> None:
    printed = paper(2)
    typed = []
    for line in printed.text().splitlines():
        word, _, value = line.partition(" ")
        groups = " ".join(value[at : at + 5] for at in range(0, len(value), 5))
        typed.append(f"  {word}   {groups.lower()}" if word in {"sign", "seal", "fingerprint"} else line)
    same(parse_paper(("\ufeff" + "\r\n\r\n".join(typed) + "\r\n").encode()), printed)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_one_character_changed_is_refused_or_means_the_same(data: st.DataObject) -> None:
    printed = paper()
    text = printed.text()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("abcxyz0189QZ/- "))
    try:
        read = parse_paper((text[:at] + other + text[at + 1 :]).encode())
    except (PaperFormError, NewerPaperError):
        return
    same(read, printed)


def test_a_refusal_quotes_no_key_and_names_the_line() -> None:
    printed = paper()
    key = printed.identities[0].text
    wrong = key[:-1] + ("Q" if key[-1] != "Q" else "P")
    with pytest.raises(PaperFormError, match="seal, number 1") as refused:
        parse_paper(printed.text().replace(key, wrong).encode())
    assert key[30:60] not in str(refused.value)


def test_a_missing_line_a_second_one_and_another_file_are_refused() -> None:
    lines = paper().text().splitlines()
    for broken in (lines[:-1], [line for line in lines if not line.startswith("sign")], [*lines, lines[1]]):
        with pytest.raises(PaperFormError):
            parse_paper("\n".join(broken).encode())
    with pytest.raises(PaperFormError):
        parse_paper(b"dear diary")
    with pytest.raises(PaperFormError):
        parse_paper(b"x" * 300_000)
    assert not is_paper(b"dear diary")


def test_a_paper_of_a_newer_program_is_said_to_be_one() -> None:
    with pytest.raises(NewerPaperError):
        parse_paper(paper().text().replace(FIRST, "cipherpost/v2 paper").encode())


def test_i5_no_repr_shows_a_key() -> None:
    printed = paper()
    assert printed.identities[0].text not in repr(printed)
    assert repr(printed.seeds[0]) not in repr(printed)
