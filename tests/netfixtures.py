"""Fixtures for tests that need the network of `workflowkit`: founded once a session, and copies of it.

A test gets copies that count as never moved. A folder of tests has them by importing them in its `conftest.py`.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from workflowkit import Net, build, settle

from cipherpost.home.settings import SETTINGS


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    root = tmp_path_factory.mktemp("network")
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIPHERPOST_STATE_DIR", str(root / "state"))
        build(root, start)
    return root, start


@pytest.fixture
def make_net(template: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Net]:
    """Makes independent copies of the network, each in a folder of the given name."""
    source, start = template
    monkeypatch.setenv("CIPHERPOST_STATE_DIR", str(tmp_path / "state"))
    shutil.copytree(source / "state", tmp_path / "state")

    def make(name: str = "net") -> Net:
        root = tmp_path / name
        shutil.copytree(source, root, ignore=lambda *_: ["state"])
        for home in (root / "homes").iterdir():
            settle(home)
            settings = home / SETTINGS
            settings.write_text(settings.read_text().replace(str(source), str(root)))
        net = Net(root, start + timedelta(minutes=5))
        folder = root / "post"
        for path in folder.rglob("*"):
            if path.is_file():
                net.store.objects[path.relative_to(folder).as_posix()] = path.read_bytes()
        return net

    return make


@pytest.fixture
def net(make_net: Callable[[str], Net]) -> Net:
    return make_net("net")
