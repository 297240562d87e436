"""Where dispatches lie between their writers and their readers: a store that nobody needs to trust.

`PostOffice` is all that the rest of the program asks of one. A store may drop, delay, repeat, replace, and answer
wrongly; what is read from it counts only after the checks of the chain. So ``create`` answering True is the store's
courtesy, not a proof: only bytes read back count as posted.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

from cipherpost import text
from cipherpost.postoffice import names
from cipherpost.postoffice.errors import (
    ForeignObjectError,
    NoSuchObjectError,
    ObjectNameError,
    OccupiedError,
    PostOfficeUrlError,
    ReadOnlyError,
    StoreFullError,
    UnfitStoreError,
    UnreachableError,
    UnreadableObjectError,
)

__all__ = [
    "ForeignObjectError",
    "NoSuchObjectError",
    "ObjectNameError",
    "ObjectReader",
    "OccupiedError",
    "PostOffice",
    "PostOfficeUrlError",
    "ReadOnlyError",
    "Source",
    "StoreFullError",
    "UnfitStoreError",
    "UnreachableError",
    "UnreadableObjectError",
    "create_post_office",
    "describe",
    "fresh_stamp",
    "listed",
    "open_post_office",
    "prove",
]


class Source(Protocol):
    """What ``put`` reads from: any binary file open for reading."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""


class ObjectReader(Protocol):
    """An object being read from a store."""

    @property
    def size(self) -> int:
        """Bytes of the whole object, whatever the offset; no more than these are ever given."""

    def read(self, size: int = -1, /) -> bytes | None:
        """``size`` bytes, fewer only at the end, all that is left for -1 (never None: files do not wait).

        Raises:
            UnreachableError: the store went away meanwhile.
        """


class PostOffice(Protocol):
    """A store of small objects under the names of `cipherpost.postoffice.names`; no other name is accepted.

    Every method raises `ObjectNameError` for another name and `UnreachableError` when the store does not answer;
    those that write also raise `StoreFullError`, `ReadOnlyError` and `OccupiedError`, and leave what was there.
    """

    @property
    def url(self) -> str:
        """How a user names this post office, made absolute."""

    @property
    def stamp(self) -> datetime | None:
        """The newest time that the store stamped on anything it answered; None before it stamped anything."""

    @property
    def skipped(self) -> Mapping[str, str]:
        """Foreign things seen so far, at most `limits.SKIPPED`: a name fit to be shown, and why it was skipped."""

    def get(self, name: str, limit: int) -> bytes:
        """The bytes of an object of at most ``limit`` bytes.

        Raises:
            NoSuchObjectError: nothing there; `ForeignObjectError` if something that no reader takes.
            TooLargeError: more than ``limit`` bytes; none were read.
        """

    def stream(self, name: str, offset: int = 0) -> AbstractContextManager[ObjectReader]:
        """The bytes of an object from ``offset`` on (none beyond its end), for large ones and resumed downloads.

        Raises:
            NoSuchObjectError: nothing there.
        """

    def size(self, name: str) -> int | None:
        """Bytes of an object; None if nothing is there that a reader takes."""

    def create(self, name: str, data: bytes) -> bool:
        """Store an object unless something is under its name; True if it was stored, whole and for good.

        Raises:
            TooLargeError: above `names.size_limit`.
        """

    def put(self, name: str, source: bytes | Source) -> None:
        """Store an object, in the place of any other under its name; not for notes, which are only created.

        Raises:
            ObjectNameError: the name of a note's slot.
            TooLargeError: above `names.size_limit`; nothing was stored.
        """

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """The names that begin with ``prefix`` and are greater than ``after``, sorted, found while they are taken."""

    def discard(self, name: str) -> None:
        """Remove a probe if it is there: nothing else is ever deleted.

        Raises:
            ObjectNameError: the name of anything but a probe.
        """

    def close(self) -> None:
        """Give back what the system lent us; a closed post office may be used again."""


_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def open_post_office(url: str) -> PostOffice:
    r"""The post office that a user named; nothing is asked of it yet.

    Args:
        url: a folder (the caller made it absolute), a drive letter, ``\\server\share``, or ``file:///...``.

    Raises:
        PostOfficeUrlError: another kind of address, or one that this system cannot reach.
    """
    from cipherpost.postoffice.directory import DirectoryPost

    return DirectoryPost(_folder_of(url))


def create_post_office(url: str) -> PostOffice:
    """As `open_post_office`, and make its folder if it is missing (not the folders above it): for founding only.

    Raises:
        PostOfficeUrlError: as `open_post_office`.
        UnreachableError, ReadOnlyError, StoreFullError: the folder cannot be made.
    """
    from cipherpost.postoffice.directory import DirectoryPost

    post = DirectoryPost(_folder_of(url))
    post.create_root()
    return post


def listed(post: PostOffice, prefix: str, after: str = "", *, most: int) -> Iterator[str]:
    """The names that were asked for, whatever else a store lists, in its order; it ends after ``most`` names.

    A listing is the store's word as all else is: it may repeat names, give others, and have no end.
    """
    for name in islice(post.names(prefix, after), most):
        if name.startswith(prefix) and name > after:
            yield name


def describe(post: PostOffice) -> str:
    """A post office in words, for messages."""
    return f"the post office {text.shown(post.url, 200)}"


def prove(post: PostOffice, network: str, *, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
    """Try out whether a store keeps its word: create, create again (refused), read back, listed.

    The probe lies under the center's ``evidence/`` with a suffix of its own, which readers pass over, and is
    removed at the end if the store lets us.

    Raises:
        UnfitStoreError: the store answers wrongly; the message says in what.
        UnableError: as `PostOffice`.
    """
    first = f"{network} probe {random(16).hex()}\n".encode()
    name = names.probe_name(network, text.CENTER, text.sha256(first))
    try:
        if not post.create(name, first):
            raise _unfit(post, "it says that a new object was there before")
        if post.create(name, b"another probe\n"):
            raise _unfit(post, "it creates an object that is there already")
        try:
            back = post.get(name, names.size_limit(name))
        except NoSuchObjectError:
            raise _unfit(post, "an object that was created is not there") from None
        if back != first:
            raise _unfit(post, "an object comes back with other bytes")
        if post.size(name) != len(first) or name not in set(post.names(name)):
            raise _unfit(post, "an object that was created is not listed with its size")
    finally:
        with suppress(UnreachableError, ReadOnlyError):  # a store may refuse; the probe is in nobody's way
            post.discard(name)


def fresh_stamp(
    post: PostOffice, network: str, office: str, *, random: Callable[[int], bytes] = secrets.token_bytes
) -> datetime | None:
    """The newest stamp of a store after it was made to stamp something new: a probe of ``office``, removed again.

    Raises:
        UnableError: as `PostOffice`.
    """
    data = f"{network} probe {random(16).hex()}\n".encode()
    name = names.probe_name(network, office, text.sha256(data))
    try:
        post.create(name, data)
        post.size(name)
    finally:
        with suppress(UnreachableError, ReadOnlyError):  # as above
            post.discard(name)
    return post.stamp


def _unfit(post: PostOffice, what: str) -> UnfitStoreError:
    return UnfitStoreError(
        what,
        where=describe(post),
        rule="a post office creates what is absent, refuses what is there, and gives back what it took",
        hints=("name another folder with --post",),
    )


def _folder_of(url: str, *, windows: bool | None = None) -> str:
    """The folder that ``url`` names; ``windows`` stands in for this system in tests."""
    windows = os.name == "nt" if windows is None else windows
    if not url or "\0" in url:
        raise PostOfficeUrlError("this is no post office", where=text.shown(url), rule="a folder or file:///...")
    if url.startswith("\\\\") or _DRIVE.match(url):
        if not windows:
            raise PostOfficeUrlError(
                "this is a path of Windows",
                where=text.shown(url, 200),
                hints=("mount it and name the folder: --post /mnt/post",),
            )
        return url
    scheme = _SCHEME.match(url)
    if scheme is None:
        return url
    if scheme[1].lower() == "file":
        return _folder_of_file_url(url, windows=windows)
    if scheme[1].lower() == "s3":
        raise PostOfficeUrlError(
            "buckets are not supported",
            where=text.shown(url, 200),
            rule="this version carries directories only",
            hints=("name a folder: --post ./post",),
        )
    if "://" in url:
        raise PostOfficeUrlError(
            "no such kind of post office",
            where=text.shown(url, 200),
            rule="a folder or file:///...",
            hints=("name a folder: --post ./post",),
        )
    return url


def _folder_of_file_url(url: str, *, windows: bool) -> str:
    """RFC 8089: ``file:///srv/post``, ``file:///C:/post``, ``file://server/share`` (Windows only)."""
    from urllib.parse import unquote

    rest = url[len("file:") :]
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "/", rest.removeprefix("/"))
    path = unquote(path)
    unknown = not slash or not path or "\0" in path or not rest.startswith("/")
    if unknown or (host not in {"", "localhost"} and not windows):
        raise PostOfficeUrlError(
            "this address names no folder here",
            where=text.shown(url, 200),
            rule="written like file:///srv/post",
            hints=("mount it and name the folder: --post /mnt/post",) if host else (),
        )
    if host not in {"", "localhost"}:
        return "\\\\" + host + "\\" + path.replace("/", "\\")
    return path if windows and _DRIVE.match(path + "/") else "/" + path
