"""The page with secret keys: it prints on a sheet, its codes hold the text, and nothing leaves it."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
import segno
from chromium import Browser
from looks import fits, words

from cipherpost.age import HybridIdentity
from cipherpost.home.paper import Paper, parse_paper
from cipherpost.pages.paper import paper_page

Keep = Callable[[str], Path]
_PICTURES = """() => [...document.querySelectorAll('.code')].map((each) => each.getBoundingClientRect())
  .map((box) => [Math.floor(box.x + scrollX), Math.floor(box.y + scrollY), Math.ceil(box.width)])"""
MADE = "2026-11-22T09:00:00Z"


def paper(keys: int = 1) -> Paper:
    return Paper(
        network="rkpb",
        fingerprint="ab" * 32,
        office="tver",
        officer="ivanov",
        post="/srv/пост & <b>post</b>",
        seeds=tuple(secrets.token_bytes(32) for _ in range(keys)),
        identities=tuple(HybridIdentity.generate() for _ in range(keys)),
    )


def typed(browser: Browser) -> str:
    """What somebody types who copies the sheet line by line."""
    rows = words(browser, ".text tr")
    return "\n".join(re.sub(r"^\d+ ", "", row) for row in rows)


def drawn(page: str) -> list[list[str]]:
    """The dark modules of each code of a page, as its picture has them."""
    found = []
    for path in re.findall(r'<svg[^>]*class="code".*?</svg>', page, re.DOTALL):
        size = int(re.search(r'viewBox="0 0 (\d+) ', path)[1])  # type: ignore[index]
        grid = [[" "] * size for _ in range(size)]
        x = y = 0.0
        for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path[path.rindex(' d="') :]):
            if step == "h":
                for at in range(int(first)):
                    grid[int(y)][int(x) + at] = "#"
                x += float(first)
            elif step == "M":
                x, y = float(first), float(second)
            else:
                x, y = x + float(first), y + float(second)
        found.append(["".join(row) for row in grid])
    return found


@pytest.mark.parametrize("keys", [1, 4])
def test_each_code_is_drawn_as_the_qr_code_of_its_part_of_the_text(keys: int) -> None:
    printed = paper(keys)
    pictures = drawn(paper_page(printed, made=MADE))
    assert len(pictures) == len(printed.codes())
    for picture, text in zip(pictures, printed.codes(), strict=True):
        matrix = segno.make_qr(text, error="m", boost_error=False, encoding="utf-8").matrix_iter(border=4)
        assert picture == ["".join("#" if dark else " " for dark in row) for row in matrix]


@pytest.mark.parametrize("keys", [1, 4])
def test_a_scanner_reads_the_codes_off_the_page(browser: Browser, keep: Keep, tmp_path: Path, keys: int) -> None:
    printed = paper(keys)
    browser.open(keep(paper_page(printed, made=MADE)))
    browser("screenshot", path=str(tmp_path / "page.png"), whole=True)
    cv2 = pytest.importorskip("cv2", reason="nothing reads pictures: pip install opencv-python-headless")
    reader = pytest.importorskip("zxingcpp", reason="no reader of QR codes: pip install zxing-cpp")
    page = cv2.imread(str(tmp_path / "page.png"))
    scanned = ""
    for x, y, size in browser.evaluate(_PICTURES):
        (code,) = reader.read_barcodes(page[y : y + size, x : x + size])
        scanned += code.text
    assert parse_paper(scanned.encode()).text() == printed.text()


def test_what_is_typed_off_the_page_is_the_text(browser: Browser, keep: Keep) -> None:
    printed = paper(2)
    browser.open(keep(paper_page(printed, made=MADE)))
    assert parse_paper(typed(browser).encode()).text() == printed.text()


def test_it_fits_a_desk_and_a_telephone(browser: Browser, keep: Keep) -> None:
    file = keep(paper_page(paper(3), made=MADE))
    browser.open(file)
    fits(browser)
    browser.open(file, phone=True, dark=True)
    fits(browser)


def test_the_keys_of_one_officer_fit_on_one_sheet(browser: Browser, keep: Keep, tmp_path: Path) -> None:
    browser.open(keep(paper_page(paper(), made=MADE)))
    assert browser("pdf", path=str(tmp_path / "sheet.pdf")) > 10_000
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "sheet.pdf").read_bytes())) == 1


def test_it_tells_what_it_is_and_how_it_is_put_back(browser: Browser, keep: Keep) -> None:
    browser.open(keep(paper_page(paper(), made=MADE)))
    (warning,) = words(browser, ".secret")
    assert "No passphrase guards it" in warning
    assert "cipherpost keys restore FILE" in words(browser, "main")[0]
