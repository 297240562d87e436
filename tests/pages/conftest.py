"""One browser for all tests of a run that want one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import Browser


@pytest.fixture(scope="session")
def running() -> Iterator[Browser]:
    """The browser, started once."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(running: Browser) -> Iterator[Browser]:
    """The browser; at the end nothing was asked for but the page itself, and nothing was complained of."""
    yield running
    seen = running("seen")
    assert [url for url in seen["requests"] if not url.startswith(("file:", "blob:"))] == []
    assert len([url for url in seen["requests"] if url.startswith("file:")]) == 1
    assert seen["console"] == []


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a page to a file."""

    def write(text: str) -> Path:
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    return write
