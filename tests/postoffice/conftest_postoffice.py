"""Folders that fail, for tests of the directory."""

import errno
import os
from typing import Any

from cipherpost.postoffice.folders import CREATE, AnchoredFolder, PathFolder


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


def failing(step: str, code: int) -> type[PathFolder]:
    """Folders in which one step fails with ``code``: create (of new files), read, link, replace, make, child, sync."""

    def fail(*_: Any) -> Any:
        raise OSError(code, os.strerror(code))

    class Failing(PathFolder):
        __slots__ = ()

        def open(self, name: str, flags: int) -> int:
            if step == ("create" if flags == CREATE else "read"):
                fail()
            return super().open(name, flags)

    if step not in {"create", "read"}:
        setattr(Failing, step, fail)
    return Failing


class FullFolder(PathFolder):
    """New files can be made, but take not one byte: the system's own /dev/full."""

    __slots__ = ()

    def open(self, name: str, flags: int) -> int:
        descriptor = super().open(name, flags)
        if flags == CREATE:
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, descriptor)
            os.close(full)
        return descriptor
