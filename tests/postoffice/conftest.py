import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from simulator import HostilePost

from cipherpost.postoffice import PostOffice
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.folders import CAN_ANCHOR, AnchoredFolder, PathFolder
from cipherpost.postoffice.memory import MemoryPost


class NoLinksAnchored(AnchoredFolder):
    """FAT on Linux."""

    __slots__ = ()

    def link(self, old: str, new: str) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


class NoLinksPath(PathFolder):
    """exFAT on Windows."""

    __slots__ = ()

    def link(self, old: str, new: str) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


DIRECTORIES = {"path": PathFolder, "path-no-links": NoLinksPath}
if CAN_ANCHOR:
    DIRECTORIES |= {"anchored": AnchoredFolder, "no-links": NoLinksAnchored}
Open = Callable[[], PostOffice]


@pytest.fixture(params=sorted(DIRECTORIES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], DirectoryPost]:
    """Opens the same directory again and again, in every way of holding folders."""
    root = tmp_path / "post"
    root.mkdir()
    return lambda: DirectoryPost(root, folder=DIRECTORIES[request.param], patience=0.5)


@pytest.fixture(params=[*sorted(DIRECTORIES), "memory", "honest-wrapper"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> PostOffice:
    """Every post office there is."""
    if request.param == "memory":
        return MemoryPost()
    if request.param == "honest-wrapper":
        return HostilePost()
    return DirectoryPost(tmp_path, folder=DIRECTORIES[request.param])
