"""Verify one dispatch, given the file of its note in a post office or a copy of one.

The roster and the rest of its channel are read from the same folder: without them nobody can say whether it counts.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cipherpost import limits
from cipherpost.chain.findings import Finding
from cipherpost.chain.fingerprint import OtherNetworkError, check_fingerprint, known_fingerprint
from cipherpost.errors import NotAuthenticError, UnableError, UseError
from cipherpost.postoffice import NoSuchObjectError, names
from cipherpost.text import format_time
from cipherpost.workflows.audit_reading import ROSTER_CHANNEL, Reader

if TYPE_CHECKING:
    from cipherpost.chain.network import Chain
    from cipherpost.dispatch.header import Header
    from cipherpost.postoffice import PostOffice


__all__ = [
    "GenesisMissingError",
    "NotePathError",
    "OtherNetworkError",
    "Verified",
    "check_fingerprint",
    "known_fingerprint",
    "verify_file",
]


class NotePathError(UseError):
    """The path is not that of a note in a post office."""


class GenesisMissingError(UnableError):
    """The folder does not hold the first entry of the roster, so nobody is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A dispatch that counts.

    ``title`` is that of its office and ``to`` that of its audience, as of the roster entry relied on; ``findings``
    what there is to say of it that does not keep it from counting (V7).
    """

    network: str
    fingerprint: str
    header: "Header"
    hash: str
    title: str
    to: str
    findings: tuple[Finding, ...] = ()

    @property
    def signers(self) -> list[str]:
        """Who signed: the officer who posted it, then those who endorsed it."""
        return [self.header.by, *(each.officer for each in self.header.endorsed)]

    def as_json(self) -> dict[str, Any]:
        """The object that ``verify --json`` prints."""
        header = self.header
        return {
            "counts": True,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "channel": header.channel,
            "number": header.number,
            "hash": self.hash,
            "kind": header.kind,
            "from": header.office,
            "title": self.title,
            "to": header.audience,
            "signers": self.signers,
            "time": header.time,
            "roster": header.roster.number if header.roster else header.number - 1,
            "sealed": [{"hash": each.hash, "bytes": each.size} for each in header.sealed],
            "findings": [{"code": each.code, "detail": each.detail} for each in self.findings],
        }

    def lines(self) -> list[tuple[str, str]]:
        """(name, value) of what is shown."""
        header = self.header
        return [
            ("counts", "yes: signed by who may sign it, in its place, with all before it"),
            ("dispatch", f"{header.channel}/{header.number}"),
            ("kind", header.kind),
            ("from", _titled(header.office, self.title)),
            ("to", _titled(header.audience, self.to)),
            ("signed by", ", ".join(self.signers)),
            ("time", f"{header.time}, by the sender's clock"),
            ("hash", self.hash),
            *(("sealed file", f"{each.hash}, {each.size} bytes; not looked at") for each in header.sealed),
            *((f"finding {each.code}", each.detail) for each in self.findings),
        ]


def verify_file(path: Path, fingerprint: str) -> Verified:
    """Verify the dispatch whose note is at ``path``.

    Args:
        path: ``<post office>/<network>/<office>/<audience>/00000014.note``, or an alternate beside it; the post office
            is a folder or a bundle.
        fingerprint: of the network, in hex or as it is spoken.

    Raises:
        NotePathError: the path is not of that form. NoSuchObjectError: there is no such file.
        OtherNetworkError, GenesisMissingError: the folder is of another network; of none.
        NotAuthenticError, GapError, ForkError, NewerError: the class of the check that failed (V1 to V6).
        TextError: the fingerprint is none.
    """
    from cipherpost.chain.network import Chain
    from cipherpost.desk import Silent, utc_now
    from cipherpost.postoffice import open_post_office
    from cipherpost.postoffice.bundle import BundlePost

    root, name, slot = _place(path)
    with closing(BundlePost(root) if Path(root).is_file() else open_post_office(root)) as post:
        note = post.get(name, names.size_limit(name))
        chain = Chain(slot.network, _full_fingerprint(post, slot.network, fingerprint))
        reader = Reader(post, chain, Silent())
        reader.read_channel(ROSTER_CHANNEL)
        if slot.channel != ROSTER_CHANNEL:
            reader.read_channel(slot.channel)
    try:
        entry = chain.offer(slot.channel, slot.number, note)
        if entry.reason is not None:
            raise entry.reason
    except (NotAuthenticError, UnableError) as error:
        if error.channel is None:
            error.channel, error.number = slot.channel, slot.number
        raise
    here = (each for each in reader.findings() if (each.channel, each.number) == (slot.channel, slot.number))
    about = chain.findings_of(slot.channel, slot.number, format_time(utc_now()))
    return _verified(chain, entry.header, entry.hash, (*about, *here))


def _place(path: Path) -> tuple[str, str, names.Slot]:
    """The post office, the object's name in it, and what that name says."""
    whole = path.expanduser().absolute()
    name = "/".join(whole.parts[-4:])
    slot = names.parse_object_name(name)
    if len(whole.parts) < 5 or not isinstance(slot, names.Slot):
        raise NotePathError(
            "this is not the file of a note in a post office",
            where=str(path),
            rule="such a file is <post office>/<network>/<office>/<audience>/00000014.note",
            hints=("copy the folder of the network as a whole, and name the file in it",),
        )
    return str(whole.parents[3]), name, slot


def _full_fingerprint(post: "PostOffice", network: str, fingerprint: str) -> str:
    """The fingerprint in hex; one that was spoken is compared with the genesis of the folder."""
    name = names.note_name(network, ROSTER_CHANNEL, 1)
    try:
        genesis = post.get(name, limits.ROSTER_BYTES)
    except NoSuchObjectError:
        check_fingerprint(fingerprint)
        raise GenesisMissingError(
            "the first entry of the network's roster is not here",
            where=name,
            rule="the roster says who may sign; it is read from the same folder",
            hints=("copy the folder of the network as a whole",),
        ) from None
    return known_fingerprint(genesis, fingerprint, where=name)


def _verified(chain: "Chain", header: "Header", hashed: str, findings: tuple[Finding, ...]) -> Verified:
    at = header.roster.number if header.roster is not None else header.number
    return Verified(
        network=chain.network,
        fingerprint=chain.fingerprint,
        header=header,
        hash=hashed,
        title=chain.roster.title(header.office, at),
        to=chain.roster.title(header.audience, at),
        findings=findings,
    )


def _titled(name: str, title: str) -> str:
    return name if title == name else f"{name} ({title})"
