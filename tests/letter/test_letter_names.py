"""Names of attachments: any letters, and nothing that harms the one who saves."""

import pytest

from cipherpost.letter import (
    AttachmentNameError,
    MediaTypeError,
    check_attachment_name,
    check_attachment_names,
    windows_problem,
)
from cipherpost.letter.names import check_media_type, name_problem


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a",
            "plan.pdf",
            "отчёт за ноябрь.ods",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",
            "-rf",
            ".env",
        ),
        *("a" * 255, "é.txt", "console.txt", "com10.txt", "letter.json", "members.json", "# 1; 'x' $HOME `y` %PATH%"),
    ],
)
def test_names_of_any_letters_may_be_sent(name: str) -> None:
    assert check_attachment_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "/a", "a\\b", "a\nb", "a\x00b", "a\x7f", "a\x9b", "a\u2028b", "\ud800"),
        *("\u202efdp.exe", "\u2066a", "a" * 256, "\u0436" * 128, "e\u0301.txt", "\u212b"),
    ],
)
def test_names_that_no_letter_has(name: str) -> None:
    assert name_problem(name) is not None
    with pytest.raises(AttachmentNameError):
        check_attachment_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("con", "CON.txt", "nul.tar.gz", "Aux", "prn.", "com1", "LPT9.doc", "com\u00b9", "con .txt", "CONIN$", "a:b"),
        *("a.", "a ", "what?", "a*b", 'a"b', "a<b", "a>b", "a|b", "..."),
    ],
)
def test_names_that_windows_cannot_save_are_not_sent(name: str) -> None:
    assert name_problem(name) is None, "a reader elsewhere takes it"
    assert windows_problem(name) is not None
    with pytest.raises(AttachmentNameError) as caught:
        check_attachment_name(name)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("pair", [("a.txt", "A.TXT"), ("a", "a"), ("Ж.pdf", "ж.pdf"), ("straße", "STRASSE")])
def test_names_that_differ_in_case_only_are_not_sent(pair: tuple[str, str]) -> None:
    with pytest.raises(AttachmentNameError, match="two attachments"):
        check_attachment_names(pair)


def test_different_names_may_be_sent_together() -> None:
    check_attachment_names(["a.txt", "b.txt", "a.pdf"])


@pytest.mark.parametrize("word", ["application/pdf", "text/plain", "application/vnd.oasis.opendocument.text", "a/b+c"])
def test_media_types(word: str) -> None:
    assert check_media_type(word) == word


@pytest.mark.parametrize(
    "word",
    ["", "pdf", "Text/plain", "text/plain; charset=utf-8", "a/b/c", "a/", "/b", "text/plain\n", "a/" + "b" * 126],
)
def test_what_is_no_media_type(word: str) -> None:
    with pytest.raises(MediaTypeError):
        check_media_type(word)
