"""A real Chromium without a window, for one test module at a time."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MODULES = Path(__file__).parent.parent / "npm" / "node_modules"


class BrowserError(Exception):
    """What the browser was asked for could not be done."""


class Browser:
    """One page open at a time; ``open`` begins anew, with nothing kept of the page before."""

    def __init__(self) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        driver = MODULES / "playwright-core" / "index.mjs"
        if program is None or shutil.which("node") is None or not driver.exists():
            pytest.skip("no browser: install chromium and node, then run npm install --prefix tests/npm")
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("browser.mjs")), str(driver), program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(self, job: str, **values: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"job": job, **values}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise BrowserError(answer["error"])
        return answer["result"]

    def open(self, file: Path, *, phone: bool = False, dark: bool = False) -> None:
        """Open a page at a desk, or on a telephone of 360 by 740."""
        size = {"width": 360, "height": 740, "touch": True} if phone else {"width": 1280, "height": 800}
        self("open", file=str(file), scheme="dark" if dark else "light", **size)

    def evaluate(self, script: str, value: Any = None) -> Any:
        """What a function of JavaScript gives for ``value``."""
        return self("evaluate", script=script, value=value)

    def close(self) -> None:
        """End the browser."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout
        self._process.stdout.close()
