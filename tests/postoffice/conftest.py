from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import WrittenBundle
from conftest_postoffice import NoLinksAnchored, NoLinksPath
from simulator import HostilePost

from cipherpost.postoffice import PostOffice
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.folders import CAN_ANCHOR, AnchoredFolder, Folder, PathFolder
from cipherpost.postoffice.memory import MemoryPost

DIRECTORIES: dict[str, type[Folder]] = {"path": PathFolder, "path-no-links": NoLinksPath}
if CAN_ANCHOR:
    DIRECTORIES |= {"anchored": AnchoredFolder, "no-links": NoLinksAnchored}
Open = Callable[[], PostOffice]


@pytest.fixture(params=sorted(DIRECTORIES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], DirectoryPost]:
    """Opens the same directory again and again, in every way of holding folders."""
    root = tmp_path / "post"
    root.mkdir()
    return lambda: DirectoryPost(root, folder=DIRECTORIES[request.param], patience=0.5)


@pytest.fixture(params=[*sorted(DIRECTORIES), "memory", "honest-wrapper", "bundle"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> PostOffice:
    """Every post office there is."""
    if request.param == "memory":
        return MemoryPost()
    if request.param == "honest-wrapper":
        return HostilePost()
    if request.param == "bundle":  # written to in memory, read as a bundle
        return WrittenBundle(tmp_path)
    return DirectoryPost(tmp_path, folder=DIRECTORIES[request.param])
