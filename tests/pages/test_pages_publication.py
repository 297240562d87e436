"""The page of a publication: what it says, that it says it to a telephone and on paper, and that it never changes."""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from chromium import Browser
from looks import can_be_read, fits, words
from pagekit import NASTY

from cipherpost.dispatch.header import Due, Endorsement, Header, RosterRef, Sealed
from cipherpost.letter import Letter, Letterhead, MemberInfo, print_letterhead
from cipherpost.pages.publication import publication_page
from cipherpost.publication import Published

Keep = Callable[[str], Path]

BODY = (
    """Dear comrades,

each committee holds its conference before the tenth, and reports how it was prepared.

\tPlace and date are told to the center a week before.
Выборы состоятся в декабре.
لجنة المحافظة

"""
    + "A long word: "
    + "conference" * 30
    + "\n"
)


def made(*, omit: tuple[str, ...] = (), body: str | None = BODY, subject: str = "Conferences in December") -> Published:
    """A publication of a circular with two attachments, of which some parts are left out."""
    names = ("body.md", "data.json", "attachments/plan of the hall.pdf", f"attachments/{NASTY[:40].replace('/', '-')}")
    whole = [MemberInfo(path=name, type="application/pdf", size=31_337, salt=bytes(32)) for name in names]
    kept = tuple(each for each in whole if each.path not in omit)
    fingerprint, salt = "9c" * 32, "5a" * 32
    paper = print_letterhead(
        Letterhead(
            fingerprint=fingerprint,
            from_office="center",
            to=("all",),
            kind="circular",
            written="2026-11-22T08:55:00Z",
            subject="Conferences in December",
            salt=bytes(32),
            commitments=(salt,) * len(whole),
        )
    )
    letter = Letter(
        subject=subject,
        body=body if "body.md" not in omit else None,
        body_type="md",
        data=b'{"demands":["<b>bread</b>"]}' if "data.json" not in omit else None,
        said=None,
        attachments=tuple(each for each in kept if each.is_attachment),
        fingerprint=fingerprint,
        from_office="center",
        to=("all",),
        kind="circular",
        written="2026-11-22T08:55:00Z",
        hash="1e" * 32,
        members=kept,
        letter_json=paper,
    )
    header = Header(
        network="rkpb",
        channel="center/all",
        number=14,
        previous="ab" * 32,
        time="2026-11-22T09:00:00Z",
        by="stasova",
        kind="circular",
        roster=RosterRef(7, "cd" * 32),
        letter=letter.hash,
        sealed=(Sealed("ef" * 32, 4096),),
        supersedes=13,
        due=Due(date(2026, 12, 15), "reply"),
        endorsed=(Endorsement("sverdlov", bytes(64)),),
    )
    return Published(
        network="rkpb",
        fingerprint=fingerprint,
        header=header,
        note=b"",
        hash="77" * 32,
        title=NASTY,
        to_title="Все комитеты",
        letter=letter,
        left_out=len(whole) - len(kept),
        entries=9,
        roster_hash="cd" * 32,
    )


def text(published: Published) -> str:
    return publication_page(published).decode()


# ---- without a browser ---------------------------------------------------------------------------------------------


def test_a_page_that_was_handed_out_is_made_the_same_for_ever() -> None:
    """Publications hold version 1 byte for byte. Who changes it makes a version 2 beside it."""
    found = [hashlib.sha256(publication_page(made(omit=omit))).hexdigest()[:16] for omit in ((), ("body.md",))]
    assert found == ["f386d683abfe5a26", "e39e459648e2b850"]


def test_what_comes_from_outside_is_escaped_and_shown_harmlessly() -> None:
    page = text(made(body=f"{NASTY}\n\x07\x1b[31m", subject=NASTY))
    assert "<script" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)
    assert "&lt;script&gt;alert(" in page
    assert "<b>bread" not in page
    assert 'href="letter.tar"' in page
    assert "attachments/%3Cscript" in text(made(omit=("body.md",)))


def test_it_says_what_is_proved_what_is_not_and_how_to_check() -> None:
    page = " ".join(unescape(text(made())).split())
    for sentence in (
        "Do not believe this page by itself.",
        "cipherpost verify FOLDER <span>--fingerprint</span> " + "9c" * 32,
        "signed the dispatch center/all/14",
        "1 other officer of this office signed the same",
        "That it is the last word.",
        "That no other letter was signed under the same number.",
        "What the network decided after entry 9 of its roster.",
    ):
        assert sentence in page
    assert "left out" not in page


def test_it_says_how_much_was_left_out_and_names_none_of_it() -> None:
    page = " ".join(text(made(omit=("body.md", "attachments/plan of the hall.pdf"))).split())
    assert "2 of the 4 parts of this letter were left out" in page
    assert "about how long they were together can" in page  # by the size that the header states
    assert "perhaps the text too" in page
    assert "There is no text in this publication." in page
    assert "plan of the hall" not in page
    one = " ".join(text(made(omit=("attachments/plan of the hall.pdf",))).split())
    assert "1 of the 4 parts of this letter was left out" in one
    assert "perhaps the text too" not in one


# ---- in a browser --------------------------------------------------------------------------------------------------

KINDS = {"whole": (), "partial": ("data.json", "attachments/plan of the hall.pdf")}


@pytest.mark.parametrize("omit", KINDS.values(), ids=KINDS)
def test_on_a_telephone_nothing_reaches_over_the_edge(omit: tuple[str, ...], browser: Browser, keep: Keep) -> None:
    browser.open(keep(text(made(omit=omit))), phone=True)
    fits(browser)
    assert words(browser, "h1") == ["Conferences in December"]
    assert browser.evaluate("() => document.querySelector('.text').innerText") == BODY


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_stands_out_from_its_ground(dark: bool, browser: Browser, keep: Keep) -> None:
    browser.open(keep(text(made(omit=("data.json",)))), dark=dark)
    can_be_read(browser)
    fits(browser)


def test_on_paper_all_of_it_is_there(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(text(made())))
    browser("media", media="print")
    browser("resize", width=660, height=900)
    fits(browser)
    pdf = tmp_path / "circular.pdf"
    assert browser("pdf", path=str(pdf)) > 10_000
    assert pdf.read_bytes().startswith(b"%PDF")
