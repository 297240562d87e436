"""A bundle: all that a post office holds of a network in one file, to be audited where no post office is at hand.

Nothing is judged and nothing left out for being wrong: stray notes, junk and the second sides of forks go along, so
that an audit of the bundle finds what an audit of the post office finds. The same objects give the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cipherpost import limits
from cipherpost.errors import TooLargeError, UnableError, UseError
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.tar import SourceChangedError, TarWriter
from cipherpost.text import TextError, parse_channel, shown
from cipherpost.workflows import audit_reading
from cipherpost.workflows.audit_reading import ROSTER_CHANNEL

if TYPE_CHECKING:
    from cipherpost.desk import Progress
    from cipherpost.postoffice import ObjectReader, PostOffice
    from cipherpost.workflows.auditing import Subject

_NAMED: Final = 20
"""Objects that cannot be read and are named; of more the number is told."""
_ASKED: Final = 2
"""Numbers that are asked for where a channel's list ends or has a hole, as readers do."""
_KINDS: Final = frozenset({"card", "evidence", "heads"})


class BundlePlaceError(UnableError):
    """The place for a bundle is taken."""


class BundleIncompleteError(UnableError):
    """Some objects could not be read, so no bundle was made."""


class BundleChannelError(UseError):
    """What was given is no channel, or the post office holds nothing of it."""


class UnsortedListingError(UnableError):
    """The post office lists its objects out of order, and too many to be sorted here."""


class WholeBundleError(UseError):
    """A bundle is audited as a whole, not verified as one dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """A bundle that was made: ``hash`` is the SHA-256 of the file, ``skipped`` what was left out, and why.

    ``channels``: those it was restricted to, None where it holds all.
    """

    path: str
    network: str
    fingerprint: str
    channels: tuple[str, ...] | None
    sealed: bool
    objects: int
    size: int
    hash: str
    skipped: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The object that ``bundle --json`` prints."""
        return {
            "file": self.path,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "channels": None if self.channels is None else list(self.channels),
            "sealed": self.sealed,
            "objects": self.objects,
            "bytes": self.size,
            "hash": self.hash,
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped.items()],
        }


def is_bundle(path: Path) -> bool:
    """Whether a file means to be a bundle: an archive whose first member is an object of a post office."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(512)
    name = head[:100].rstrip(b"\x00").decode("ascii", "replace")
    return head[257:262] == b"ustar" and (names.is_object_name(name) or name == "././@PaxHeader")


def refuse_whole(path: Path, fingerprint: str | None) -> None:
    """Refuse to verify a whole bundle as if it were one dispatch.

    Raises:
        WholeBundleError: with the commands that do.
    """
    known = f" --fingerprint {fingerprint}" if fingerprint else ""
    raise WholeBundleError(
        "this is a bundle of many dispatches",
        where=str(path),
        rule="a bundle is audited; one dispatch in it is named like a file in a folder",
        hints=(
            f"cipherpost audit --bundle {path}{known}",
            f"cipherpost verify {path}/NETWORK/OFFICE/AUDIENCE/00000001.note{known}",
        ),
    )


def make(
    subject: "Subject",
    path: Path,
    *,
    channels: Iterable[str] = (),
    also: Iterable[str] = (),
    sealed: bool = False,
    force: bool = False,
    progress: "Progress | None" = None,
) -> Bundled:
    """Write the bundle of a network to ``path``: whole, or not at all.

    Args:
        channels: only these channels and the roster, no cards, evidence or heads; everything where none are given.
        also: names of objects that are looked for though nothing lists them.
        sealed: sealed files too; with ``channels`` those that their notes name.
        force: write over a file.

    Raises:
        BundlePlaceError: there is something. BundleChannelError: no such channel.
        UnreachableError: the post office went away. BundleIncompleteError: it did not give out some objects.
        DiskError: the disk refused.
    """
    from cipherpost.desk import Silent
    from cipherpost.home.files import NewFile

    _check_place(path, force=force)
    chosen = sorted({_channel(each) for each in channels})
    with closing(subject.post) as post:
        source = _Source(post, subject.network, chosen, sorted(also), sealed=sealed)
        source.prepare()
        with (
            NewFile(path, replace=force, hashed=True) as file,
            (progress or Silent()).work("bundling", source.count) as step,
        ):
            writer = TarWriter(file)
            for name in source.names():
                source.pack(name, writer)
                step(1)
            source.check_complete()
            writer.close()
        return Bundled(
            path=str(path),
            network=subject.network,
            fingerprint=subject.fingerprint,
            channels=tuple(chosen) or None,
            sealed=sealed,
            objects=source.packed,
            size=file.size,
            hash=file.hash,
            skipped=source.all_skipped(),
        )


def _check_place(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise BundlePlaceError("this is a folder", where=str(path), hints=("name a file behind -o",))
    if str(path) == "-":
        raise BundlePlaceError("a bundle goes into a file, and not out here", hints=("name a file behind -o",))
    if (path.exists() or path.is_symlink()) and not force:
        raise BundlePlaceError(
            "there is a file of this name already",
            where=str(path),
            rule="nothing is written over",
            hints=("name another file, or add --force",),
        )


def _channel(given: str) -> str:
    try:
        parse_channel(given)
    except TextError as error:
        raise BundleChannelError(
            error.what,
            where=shown(given),
            rule="a channel is named like center/all",
            hints=("cipherpost audit --json lists all channels",),
        ) from None
    return given


@dataclass(slots=True)
class _Source:
    """The objects of a network that a bundle is to hold, sorted; what was packed, left out, or could not be had."""

    post: "PostOffice"
    network: str
    channels: list[str]
    also: list[str]
    sealed: bool = field(kw_only=True)
    count: int = 0
    packed: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    _lost: list[str] = field(default_factory=list)
    _lost_more: int = 0
    _sorted: list[str] | None = None
    _folders: list[str] = field(default_factory=list)
    _wanted: frozenset[str] = frozenset()

    # ---- which objects -----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Count the objects, sort them if the store does not, and see which channels there must be."""
        self._folders = [names.channel_prefix(self.network, each) for each in self._known_channels()]
        if self.channels and self.sealed:
            self._wanted = frozenset(self._sealed_of_channels())
        last, ordered = "", True
        for name in self._listed():
            self.count += 1
            ordered = ordered and name > last
            last = name
        if not ordered:
            self._sort()

    def _sort(self) -> None:
        if self.count > limits.UNSORTED_NAMES:
            raise UnsortedListingError(
                f"the post office lists {self.count} objects out of order",
                where=self.post.url,
                rule="names come sorted; a few are sorted here",
                hints=("copy the post office into a folder, and bundle that",),
            )
        self._sorted = sorted(set(self._listed()))

    def _known_channels(self) -> list[str]:
        """The channels that are looked for though nothing lists them: those chosen, else all that the roster has."""
        if self.channels:
            for channel in self.channels:
                prefix = names.channel_prefix(self.network, channel)
                first = names.note_name(self.network, channel, 1)
                if next(iter(self.post.names(prefix)), None) is None and self.post.size(first) is None:
                    raise BundleChannelError(
                        "the post office holds nothing of this channel",
                        where=channel,
                        hints=("cipherpost audit --json lists all channels",),
                    )
            return sorted({*self.channels, ROSTER_CHANNEL})
        return self._channels_of_roster()

    def _channels_of_roster(self) -> list[str]:
        from cipherpost.chain.network import Chain
        from cipherpost.desk import Silent
        from cipherpost.note import NoteError, split
        from cipherpost.text import sha256
        from cipherpost.workflows.audit_reading import Reader

        try:
            genesis = self.post.get(names.note_name(self.network, ROSTER_CHANNEL, 1), limits.ROSTER_BYTES)
            chain = Chain(self.network, sha256(split(genesis).text))
        except (NoSuchObjectError, TooLargeError, NoteError):
            return [ROSTER_CHANNEL]
        Reader(self.post, chain, Silent()).read_channel(ROSTER_CHANNEL)
        return [*chain.roster.channels(chain.roster.newest)]

    def _listed(self) -> Iterator[str]:
        """What the store lists and a bundle holds, in the store's order."""
        prefixes = self._folders if self.channels else [names.network_prefix(self.network)]
        if self._wanted:
            prefixes = [*prefixes, *self._wanted]
        for prefix in sorted(prefixes):
            for name in [prefix] if prefix in self._wanted else self._names(prefix):
                if not name.startswith(prefix) or not self._fits(name):
                    continue
                yield name

    def _names(self, prefix: str) -> Iterator[str]:
        """What the store lists there.

        Raises:
            BundleIncompleteError: it goes on and on.
        """
        for at, name in enumerate(self.post.names(prefix)):
            if at == audit_reading.LISTED:
                raise BundleIncompleteError(
                    f"the post office lists more than {at:,} names",
                    where=self.post.url,
                    rule="a bundle holds all that is there; none was written",
                    hints=("copy the post office into a folder, and bundle that",),
                )
            yield name

    def _fits(self, name: str) -> bool:
        place = names.parse_object_name(name)
        if place is None:
            self._skip(name, "not a name of the protocol")
            return False
        if isinstance(place, names.Slot):
            return True
        return place.kind in _KINDS or (place.kind == "sealed" and self.sealed)

    def names(self) -> Iterator[str]:
        """All names to be looked at, sorted: those listed, and in each channel the next ones, which a list may omit."""
        listed = self._listed() if self._sorted is None else iter(self._sorted)
        last = ""
        for name in _with_next(merge(listed, self.also, sorted(self._folders)), self._is_there):
            if name > last:
                last = name
                yield name
            elif name < last:  # the same name twice is one object
                self._skip(name, "the post office lists it out of order")

    def _is_there(self, name: str) -> bool:
        try:
            return self.post.size(name) is not None
        except UnreachableError as error:
            self._lose(name, error)
            return False

    def _sealed_of_channels(self) -> Iterator[str]:
        from cipherpost.dispatch.header import parse_header
        from cipherpost.errors import NewerError, NotAuthenticError
        from cipherpost.note import split

        for folder in self._folders:
            for name in self._names(folder):
                place = names.parse_object_name(name)
                if not isinstance(place, names.Slot) or place.channel == ROSTER_CHANNEL:
                    continue
                try:
                    header = parse_header(split(self.post.get(name, limits.HEADER_BYTES)).text)
                except (NotAuthenticError, NewerError, UnableError):
                    continue  # what cannot be read is told when its turn comes
                for each in header.sealed:
                    yield names.sealed_name(self.network, header.office, each.hash)

    # ---- packing -----------------------------------------------------------------------------------------------------

    def pack(self, name: str, writer: TarWriter) -> None:
        """Append one object; one that is not there, or too large, is told; one that cannot be read is remembered.

        Raises:
            UnreachableError: the post office went away.
        """
        try:
            with self.post.stream(name) as source:
                names.check_size(name, source.size)
                if not self._lost:  # nothing will come of it otherwise; but all that cannot be read is named
                    writer.add(name, source.size, _Plain(source))
                    self.packed += 1
        except NoSuchObjectError:
            self._skip(name, "it is listed, and not given out")
        except TooLargeError as error:
            self._skip(name, f"too large: {error.rule}")
        except (UnreachableError, SourceChangedError) as error:
            self._lose(name, error)

    def _skip(self, name: str, reason: str) -> None:
        if len(self.skipped) < limits.SKIPPED:
            self.skipped[shown(name, 300)[1:-1]] = reason

    def _lose(self, name: str, error: UnableError) -> None:
        self.post.size(names.note_name(self.network, ROSTER_CHANNEL, 1))  # raises if all of it went away
        if len(self._lost) < _NAMED:
            self._lost.append(f"{name}: {error.what}")
        else:
            self._lost_more += 1

    def check_complete(self) -> None:
        """Refuse a bundle in which something is missing that is there.

        Raises:
            BundleIncompleteError: naming what.
        """
        if self._lost:
            more = f" and {self._lost_more} more" if self._lost_more else ""
            raise BundleIncompleteError(
                f"{len(self._lost) + self._lost_more} objects cannot be read: {'; '.join(self._lost)}{more}",
                where=self.post.url,
                rule="a bundle holds all that is there; none was written",
                hints=("repeat the command when they can be read", "copy the post office elsewhere, and bundle that"),
            )

    def all_skipped(self) -> dict[str, str]:
        """What was left out, by name, and the reason."""
        told = {**self.skipped, **self.post.skipped}
        return {name: told[name] for name in sorted(told)}


class _Plain:
    """An object as `TarWriter` reads it."""

    def __init__(self, source: "ObjectReader") -> None:
        self._source = source

    def read(self, size: int, /) -> bytes:
        return self._source.read(size) or b""


def _with_next(found: Iterable[str], is_there: Callable[[str], bool]) -> Iterator[str]:
    """``found``, and in each channel the next two numbers after any that is there: a list may leave them out.

    Args:
        found: sorted names; one that ends in a slash says that there is such a channel.
    """
    folder, last = "", 0
    for name in found:
        slot = names.parse_object_name(name)
        here = name[: name.rindex("/") + 1]
        if here != folder:
            yield from _next(folder, last, None, is_there)
            folder, last = (here if name == here or isinstance(slot, names.Slot) else ""), 0
        if isinstance(slot, names.Slot):
            yield from _next(folder, last, slot.number, is_there)
            last = max(last, slot.number - (slot.alternate is not None))
        if slot is not None:
            yield name
    yield from _next(folder, last, None, is_there)


def _next(folder: str, last: int, before: int | None, is_there: Callable[[str], bool]) -> Iterator[str]:
    number, misses = last + 1, 0 if folder else _ASKED
    while misses < _ASKED and number < (before or limits.NUMBER + 1):
        name = f"{folder}{number:08d}.note"
        if is_there(name):
            yield name
        else:
            misses += 1
        number += 1
