"""One writer at a time: whoever changes a home holds its lock; readers need none.

The system frees the lock when its process ends. The next writer first removes what a killed one left half written.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cipherpost.errors import UnableError
from cipherpost.home.files import FILE_MODE, disk_error, sweep

LOCK: Final = "lock"
HOLDER: Final = "lock.holder"
KEYS: Final = "keys"


class HomeBusyError(UnableError):
    """Another command is changing this home."""


@contextmanager
def writing(home: Path, *, timeout: float = 0) -> Iterator[None]:
    """Hold the lock of ``home`` for the block; the system frees it when the process ends, however it ends.

    Args:
        timeout: seconds to wait for another writer.

    Raises:
        HomeBusyError: another process holds it still; its process id is named when known.
        DiskError: the lock file cannot be made.
    """
    from filelock import FileLock, Timeout

    path = home / LOCK
    lock = FileLock(path, mode=FILE_MODE)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise _busy(home) from None
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        _name_holder(home)
        for folder in (home, home / KEYS):  # what a killed writer left; the outbox sweeps itself
            sweep(folder)
        yield
    finally:
        with suppress(OSError):
            (home / HOLDER).unlink()
        lock.release()


def _name_holder(home: Path) -> None:
    """Leave the process id for the message of others; beside the lock, since Windows lets nobody read a locked file."""
    with suppress(OSError):  # it only makes a message better
        (home / HOLDER).write_text(f"{os.getpid()}\n", encoding="ascii")


def _busy(home: Path) -> HomeBusyError:
    try:
        holder = int((home / HOLDER).read_text(encoding="ascii"))
    except (OSError, ValueError):
        holder = None
    who = f"process {holder}" if holder else "another process"
    return HomeBusyError(
        f"{who} is changing this home",
        where=str(home),
        rule="one command at a time writes",
        hints=("wait until it has ended and run the command again",),
    )
