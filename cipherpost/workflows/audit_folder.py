"""``audit --evidence``: one folder for a court, from which whoever knows the fingerprint finds the same.

The bundle is made first, and all else is made of it: what the post office shows afterwards changes nothing, and the
same notes, judging time and version give the same bytes. It is an outsider's audit: nothing of a home goes in, neither
what it remembers nor what it can open. The folder is written beside its place, and takes its name when it is whole.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.chain import forks
from cipherpost.chain.judging import Judge
from cipherpost.chain.opening import ROSTER_CHANNEL, open_note
from cipherpost.desk import Progress, Silent
from cipherpost.errors import CipherpostError, UnableError
from cipherpost.home.files import NewFile, disk_errors, flush_folder
from cipherpost.postoffice import names
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.text import sha256
from cipherpost.workflows import auditing, bundling, earlier_audits, proving
from cipherpost.workflows.audit_folder_words import command_words, readme
from cipherpost.workflows.shipped import shipped

if TYPE_CHECKING:
    from cipherpost.chain.findings import Finding
    from cipherpost.chain.network import Chain
    from cipherpost.chain.node import Node
    from cipherpost.postoffice import PostOffice
    from cipherpost.workflows.audit_reading import Reader
    from cipherpost.workflows.audit_report import Report
    from cipherpost.workflows.auditing import Subject

SUMS: Final = "SHA256SUMS"
README: Final = "README.txt"
PROOFS: Final = "proofs"
VERIFIER: Final = "mini_verify.py"
_ROUNDS: Final = 3
"""How often a bundle is made anew since an audit of it has asked for more."""
_SUMS_BYTES: Final = 1 << 20

Render = Callable[["Report"], Mapping[str, str]]
"""Makes of a report the files that tell it, by their names."""


class EvidencePlaceError(UnableError):
    """The place for a folder of evidence is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A folder that was written.

    ``report``: what its files tell, as anybody finds it; ``own``: what the home that made it finds in the same bytes,
    with what it remembers and can open; outside of a home the same. ``sums``: SHA-256 of ``SHA256SUMS``, which stands
    for all of the folder.
    """

    path: Path
    bundled: bundling.Bundled
    report: "Report"
    own: "Report"
    proofs: tuple[str, ...]
    sums: str

    @property
    def left_out(self) -> int:
        """Findings of the home that nobody else could check, and so are not in the folder."""
        told = {_key(each) for each in self.report.findings}
        return sum(_key(each) not in told for each in self.own.findings)

    @property
    def known(self) -> int:
        """Findings of the folder that the home knows to have been known before."""
        return sum(each.known_since is not None for each in self.own.findings) - sum(
            each.known_since is not None for each in self.report.findings
        )


def _key(finding: "Finding") -> tuple[str, str | None, int | None, str]:
    return finding.code, finding.channel, finding.number, finding.detail


def write(
    subject: "Subject",
    folder: Path,
    *,
    render: Render,
    sealed: bool = False,
    as_of: datetime | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Evidence:
    """Bundle a network, audit the bundle, and write all of it into ``folder``: whole, or not at all.

    Args:
        render: gives the page and the texts of the report.
        sealed: with the sealed files, which are looked at then (V9).
        as_of: the judging time; now where None is given.
        force: instead of an earlier folder of evidence.

    Raises:
        EvidencePlaceError: something else is there. Whatever `bundling.make` and `auditing.audit` raise.
        DiskError: the disk refused.
    """
    from cipherpost.desk import utc_now

    check_place(folder, force=force)
    moment = as_of or (subject.clock or utc_now)()
    progress = progress or Silent()
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = folder.parent / f".new-{secrets.token_hex(8)}"
        beside.mkdir()
    try:
        bundle = beside / f"{subject.network}.bundle"
        outside = _outside(subject, subject.post)
        report, bundled, proofs = _judge(outside, bundle, sealed=sealed, moment=moment, progress=progress)
        own = report
        if subject.office is not None:
            own = auditing.audit(_at_home(subject, bundle), sealed=sealed, as_of=moment, progress=progress)
        files = {f"{PROOFS}/{name}": data for name, data in proofs.items()}
        files |= {name: words.encode() for name, words in render(report).items()}
        files[VERIFIER] = shipped("scripts", VERIFIER).encode()
        files["repeat.txt"] = command_words(report, bundle.name).encode()
        files[README] = readme(report, bundled, bundle.name, sorted(files), _skipped(bundled)).encode()
        sums = _write(beside, files, {bundle.name: bundled.hash})
        with disk_errors(folder):
            _give_name(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Evidence(
        path=folder,
        bundled=replace(bundled, path=str(folder / bundle.name)),
        report=report,
        own=own,
        proofs=tuple(proofs),
        sums=sums,
    )


# ---- the place -------------------------------------------------------------------------------------------------------


def check_place(folder: Path, *, force: bool) -> None:
    """Refuse a place that is taken: a folder that holds anything, unless it is evidence and may be replaced.

    Raises:
        EvidencePlaceError: with what to do.
    """
    taken = folder.is_symlink() or folder.exists()
    if not taken or (folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())):
        return
    ours = folder.is_dir() and not folder.is_symlink() and _is_evidence(folder)
    if ours and force:
        return
    raise EvidencePlaceError(
        "there is something in this place already" if not ours else "there is an earlier folder of evidence",
        where=str(folder),
        rule="evidence has a folder of its own; nothing else is written over"
        if not ours
        else "nothing is written over",
        hints=("name another folder behind --evidence", *(("add --force",) if ours else ())),
    )


def _is_evidence(folder: Path) -> bool:
    """Whether a folder holds what `SUMS` lists, and nothing besides."""
    try:
        with (folder / SUMS).open("rb") as file:
            listed = {line.partition("  ")[2] for line in file.read(_SUMS_BYTES).decode().splitlines()}
        there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    except (OSError, UnicodeDecodeError):
        return False
    return README in listed and there == listed | {SUMS}


def _give_name(beside: Path, folder: Path) -> None:
    if folder.is_dir():
        old = folder.parent / f".old-{secrets.token_hex(8)}"
        folder.rename(old)
        try:
            beside.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        beside.rename(folder)
    flush_folder(folder.parent)


def _write(folder: Path, files: Mapping[str, bytes], written: Mapping[str, str]) -> str:
    """Write ``files`` and, last of all, the sums; gives their hash. ``written``: hashes of what is there already."""
    with disk_errors(folder):
        for name in files:
            (folder / name).parent.mkdir(exist_ok=True)
    hashes = dict(written)
    for name, data in files.items():
        with NewFile(folder / name, replace=False) as file:
            file.write(data)
        hashes[name] = sha256(data)
    sums = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()
    with NewFile(folder / SUMS, replace=False) as file:
        file.write(sums)
    return sha256(sums)


# ---- what goes in ----------------------------------------------------------------------------------------------------


def _judge(
    subject: "Subject", bundle: Path, *, sealed: bool, moment: datetime, progress: Progress
) -> "tuple[Report, bundling.Bundled, dict[str, bytes]]":
    """Make the bundle, and audit it; and once more with what the audit asked for in vain and the post office has."""
    also: frozenset[str] = frozenset()
    proofs: dict[str, bytes] = {}
    absent: set[str] = set()

    def look(reader: "Reader") -> None:
        absent.update(reader.absent - also)
        proofs.clear()
        proofs.update(_proofs(reader))

    for _ in range(_ROUNDS):
        bundled = bundling.make(subject, bundle, also=also, sealed=sealed, force=bool(also), progress=progress)
        inside = _outside(subject, BundlePost(bundle))
        absent.clear()
        report = auditing.audit(inside, sealed=sealed, as_of=moment, progress=progress, witness=look)
        with closing(subject.post):
            more = {name for name in sorted(absent) if subject.post.size(name) is not None}
        if not more:
            break
        also |= more
    return report, bundled, proofs


def _outside(subject: "Subject", post: "PostOffice") -> "Subject":
    """The same network without a home."""
    return auditing.Subject(post=post, network=subject.network, fingerprint=subject.fingerprint, clock=subject.clock)


def _at_home(subject: "Subject", bundle: Path) -> "Subject":
    """The bundle as the home sees it that made it; earlier audits are opened where their sealed files lie."""

    def opener(chain: "Chain", _post: "PostOffice", audits: "Sequence[Node]") -> earlier_audits.Opened:
        with closing(subject.post):
            return subject.opener(chain, subject.post, audits)

    return auditing.Subject(
        post=BundlePost(bundle),
        network=subject.network,
        fingerprint=subject.fingerprint,
        remembered=subject.remembered,
        clock=subject.clock,
        office=subject.office,
        opener=opener,
    )


def _proofs(reader: "Reader") -> Iterator[tuple[str, bytes]]:
    """(name, proof) of every two sides of a fork that prove something."""
    chain = reader.chain
    found = list(forks.forks(chain))
    if not found:
        return
    notes = _Notes(reader)
    view = chain.channels[ROSTER_CHANNEL]
    entries = [view.standing(number) for number in range(1, chain.roster.newest + 1)]
    roster = [note for node in entries if node is not None and (note := notes.of(node)) is not None]
    branches = {fork.channel: forks.Branches(chain.channels[fork.channel]) for fork in found}
    for fork in found:
        yield from proving.proofs_of(chain.fingerprint, fork, branches[fork.channel], roster, notes.of)


class _Notes:
    """Finds the notes of dispatches in a bundle again, under whatever names they lie there."""

    def __init__(self, reader: "Reader") -> None:
        self._post = reader.post
        self._network = reader.chain.network
        self._judge = Judge(reader.chain.roster)
        self._aside: dict[str, list[str]] | None = None

    def of(self, node: "Node") -> bytes | None:
        """A note with this text and a signature that counts; None where there is none."""
        beside = self._post.names(names.slot_prefix(self._network, node.channel, node.number))
        for name in (*beside, *self._evidence().get(node.hash, ())):
            try:
                note = self._post.get(name, limits.ROSTER_BYTES)
                opened = open_note(note, network=self._network, channel=node.channel, number=node.number)
                if opened.hash == node.hash and self._judge.signer(opened):
                    return note
            except CipherpostError:
                continue  # a copy of it that is damaged; another may be whole, and a proof is verified when it is built
        return None

    def _evidence(self) -> dict[str, list[str]]:
        if self._aside is None:
            self._aside = {}
            for name in self._post.names(names.network_prefix(self._network)):
                place = names.parse_object_name(name) if "/evidence/" in name else None
                if isinstance(place, names.Other):
                    self._aside.setdefault(place.hash, []).append(name)
        return self._aside


def _skipped(bundled: bundling.Bundled) -> dict[str, str]:
    """Objects of the network that are not in the bundle, and why; what else lay there differs from copy to copy."""
    return {name: why for name, why in bundled.skipped.items() if names.is_object_name(name)}
