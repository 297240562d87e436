"""`unlock`: a process that holds the opened identity in memory for some minutes, and hands it to this user's commands.

It listens on a socket in a folder of mode 0700 (a named pipe on Windows) and answers only who proves that he has
read a key file of mode 0600 beside it. Requests and answers are plain bytes, never pickled:

    identity <hash of the .seal file>     the plain identity file, or nothing when the keys were changed since
    left                                  seconds that are left, in decimal
    lock                                  "locked"; the process ends

The identity comes to it through a pipe and is never written to a disk. It ends at its time by the wall clock, so
that a laptop asleep does not stay unlocked, and takes its two files with it.
"""

import hashlib
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost.errors import UnableError, UseError
from cipherpost.home.files import FILE_MODE, FOLDER_MODE, disk_errors

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection
    else:
        PipeConnection = Connection

MINUTES: Final = 24 * 60
"""The longest time for which keys are held."""
_MESSAGE_BYTES: Final = 1 << 20
_SOCKET_PATH: Final = 100
"""Bytes that every system takes for the path of a socket."""
_ANSWER_SECONDS: Final = 5.0
_START_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 2.0


class UnlockError(UnableError):
    """The keys could not be unlocked for other commands."""


class UnlockTimeError(UseError):
    """Not a number of minutes for which keys are held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the process of one home is reached: ``address`` of the socket or pipe, ``key`` the key file."""

    family: str
    address: str
    key: Path


def place(home: Path, environ: Mapping[str, str] | None = None) -> Place:
    """The place for ``home``: in ``XDG_RUNTIME_DIR``, which goes with the session, else where temporary files are."""
    import tempfile

    environ = os.environ if environ is None else environ
    name = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    base = Path(environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    if sys.platform == "win32":
        return Place(
            family="AF_PIPE", address=rf"\\.\pipe\cipherpost-{name}", key=base / "cipherpost-unlock" / f"{name}.key"
        )
    folder = base / f"cipherpost-{os.getuid()}"
    return Place(family="AF_UNIX", address=str(folder / f"{name}.sock"), key=folder / f"{name}.key")


# ---- for commands ------------------------------------------------------------------------------------------------


def ask(home: Path, seal_hash: str) -> bytes | None:
    """The plain identity file, if it is held for the ``.seal`` file of this hash; None when not."""
    answer = _request(place(home), b"identity " + seal_hash.encode())
    return answer or None


def seconds_left(home: Path) -> int | None:
    """For how long the keys are held yet; None when they are not."""
    answer = _request(place(home), b"left")
    return int(answer) if answer else None


def lock(home: Path) -> bool:
    """End the process at once and remove what a killed one left; False when nothing was unlocked."""
    where = place(home)
    answer = _request(where, b"lock")
    if answer is None:
        _clean(where)
    return answer is not None


def unlock(home: Path, identity_file: bytes, seal_hash: str, minutes: int) -> None:
    """Hold the opened identity in a process of its own, which goes on when this one ends.

    Args:
        identity_file: the plain identity file, as `KeyRing.identity_file` gives it.
        seal_hash: of the ``.seal`` file it was opened from.

    Raises:
        UnlockTimeError: ``minutes`` is not 1 to `MINUTES`.
        UnlockError: the process did not come up.
    """
    if not 1 <= minutes <= MINUTES:
        raise UnlockTimeError(f"keys are not held for {minutes} minutes", rule=f"1 to {MINUTES}")
    where = place(home)
    lock(home)
    if where.family == "AF_UNIX" and len(os.fsencode(where.address)) > _SOCKET_PATH:
        raise UnlockError(
            "the path of the socket is too long for this system",
            where=where.address,
            hints=("set XDG_RUNTIME_DIR to a folder with a short name",),
        )
    _make_private(where.key.parent)
    deadline = time.time() + 60 * minutes
    _start(where, f"{deadline:.0f} {seal_hash}\n".encode() + identity_file)


def _start(where: Place, secret: bytes) -> None:
    """Start the process, give it the secret through its input, and wait for its word that it listens."""
    import subprocess

    source = str(Path(__file__).parents[2])
    command = [sys.executable, "-I", "-c", _MAIN, source, where.family, where.address, str(where.key)]
    flags = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(where.key.anchor),
            start_new_session=True,
            creationflags=flags,
        )
    except OSError as error:
        raise UnlockError(f"the process did not start: {error.strerror}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    timer = threading.Timer(_START_SECONDS, process.kill)
    timer.start()
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(secret)
            process.stdin.close()
        ready = process.stdout.readline()
    finally:
        timer.cancel()
        process.stdout.close()
    if ready.strip() != b"ready":
        process.kill()
        process.wait()
        _clean(where)
        raise UnlockError("the process that holds the keys did not come up", hints=("use --passphrase-file FILE",))
    process.returncode = 0  # it lives on by itself: nothing to wait for


def _request(where: Place, message: bytes) -> bytes | None:
    """The answer of the process, or None when there is none."""
    if not where.key.exists() or not _is_private(where.key.parent):
        return None  # before the imports below, which every command would pay for
    from multiprocessing import AuthenticationError
    from multiprocessing.connection import Client

    try:
        secret = where.key.read_bytes()
        with Client(where.address, where.family, authkey=secret) as connection:
            connection.send_bytes(message)
            return connection.recv_bytes(_MESSAGE_BYTES) if connection.poll(_ANSWER_SECONDS) else None
    except (OSError, EOFError, AuthenticationError):
        return None


def _make_private(folder: Path) -> None:
    with disk_errors(folder):
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if not _is_private(folder):
        raise UnlockError(
            "the folder for the socket is not this user's own",
            where=str(folder),
            rule="mode 0700, and nobody else's",
            hints=("set XDG_RUNTIME_DIR to a folder of your own",),
        )


def _is_private(folder: Path) -> bool:
    """Whether ``folder`` is a real folder of this user that nobody else can look into."""
    try:
        state = folder.lstat()
    except OSError:
        return False
    if sys.platform == "win32":
        return folder.is_dir()
    return folder.is_dir() and not folder.is_symlink() and state.st_uid == os.geteuid() and not state.st_mode & 0o077


def _clean(where: Place) -> None:
    with suppress(OSError):
        where.key.unlink()
    if where.family == "AF_UNIX":
        with suppress(OSError):
            Path(where.address).unlink()
    with suppress(OSError):
        where.key.parent.rmdir()  # stays while another home is unlocked


# ---- the process -------------------------------------------------------------------------------------------------

_MAIN: Final = "import sys; sys.path.insert(0, sys.argv[1]); from cipherpost.home.agent import main; main(sys.argv[2:])"
"""Python runs it isolated (``-I``): the working folder is none of the places where modules are looked for."""


def main(arguments: list[str]) -> None:
    """Hold the identity that comes through the input, until its time or until told to lock."""
    from multiprocessing import AuthenticationError
    from multiprocessing.connection import Listener

    family, address, key = arguments
    where = Place(family=family, address=address, key=Path(key))
    first, _, identity = sys.stdin.buffer.read().partition(b"\n")
    deadline, seal_hash = float(first.split()[0]), first.split()[1]
    _no_core_files()
    secret = secrets.token_bytes(32)
    listener = Listener(where.address, where.family, authkey=secret)
    handle = os.open(where.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), FILE_MODE)
    os.write(handle, secret)
    os.close(handle)
    _end_on_sigterm(where)
    threading.Thread(target=_end_in_time, args=(where, deadline), daemon=True).start()
    print("ready", flush=True)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # who started this must not wait for the end of its streams
        os.dup2(nothing, stream)
    holding = True
    while holding:
        with suppress(OSError, EOFError, AuthenticationError), listener.accept() as connection:
            if time.time() >= deadline:
                break
            holding = _answer(connection, identity, seal_hash, deadline)
            if not holding:
                # Once, and before the other side knows: it may unlock anew in the same place.
                _clean(where)
                connection.send_bytes(b"locked")
                os._exit(0)  # the listener's own end would take away the socket of whoever came after
    _end(where)


def _answer(connection: "Connection | PipeConnection", identity: bytes, seal_hash: bytes, deadline: float) -> bool:
    """Answer one request; False when it was to lock."""
    if not connection.poll(_ANSWER_SECONDS):
        return True
    request = connection.recv_bytes(_MESSAGE_BYTES)
    if request == b"identity " + seal_hash:
        connection.send_bytes(identity)
    elif request.startswith(b"identity "):
        connection.send_bytes(b"")
    elif request == b"left":
        connection.send_bytes(str(max(1, round(deadline - time.time()))).encode())
    return request != b"lock"


def _end_in_time(where: Place, deadline: float) -> None:
    """Look at the wall clock often: a timer would stand still while the machine sleeps."""
    while (left := deadline - time.time()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))
    _end(where)


def _end_on_sigterm(where: Place) -> None:
    """End when the session ends; a thread waits for it, since a handler would wait for the next request."""
    if sys.platform == "win32":
        signal.signal(signal.SIGTERM, lambda *_: _end(where))
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        signal.sigwait({signal.SIGTERM})
        _end(where)

    threading.Thread(target=wait, daemon=True).start()


def _end(where: Place) -> None:
    _clean(where)
    os._exit(0)  # from any thread, whatever the others wait for


def _no_core_files() -> None:
    if sys.platform != "win32":
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
