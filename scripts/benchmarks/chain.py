"""Verifying the dispatches of one channel, V1 to V8, beside libsodium looking at the same signatures alone."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks.measure import Figure, in_turns
from benchmarks.stage import NETWORK, OFFICER, Stage
from cipherpost import limits
from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import Header, Sealed, format_header
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.postoffice import PostOffice, names, open_post_office
from cipherpost.text import format_time, sha256

GROUP: Final = "verifying"
CHANNEL: Final = "center/all"
_ROSTER: Final = "center/roster"
_LATER: Final = "2027-12-01T00:00:00Z"
_FLOOR: Final = "libsodium's verification alone"


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    count = 10_000 if quick else 100_000
    with Stage(folder) as stage:
        desk = stage.desk
        signer = desk.keys.signer
        notes = _notes(stage, signer, count)
        roster = [desk.post.get(names.note_name(NETWORK, _ROSTER, at), limits.ROSTER_BYTES) for at in (1,)]
        _lay(folder / "post", notes)
        job = _Job(notes, signer.verifier.public, desk.fingerprint, roster)
        store = open_post_office(str(folder / "post"))
        memory, directory, floor = in_turns(3, job.from_memory, lambda: job.from_directory(store), job.floor)
        store.close()
    for name, ours, target in (("memory", memory, 0.7), ("a directory", directory, 0.5)):
        yield Figure(
            group=GROUP,
            name=f"{count:,} dispatches from {name}",
            ours=ours,
            floor=floor,
            floor_is=_FLOOR,
            target=target,
            faster=True,
        )


class _Job:
    def __init__(self, notes: Sequence[bytes], public: bytes, fingerprint: str, roster: Sequence[bytes]) -> None:
        self._notes = notes
        self._public = public
        self._fingerprint = fingerprint
        self._roster = roster
        self._signed = [parts.lines[0][2] + parts.text for parts in map(split, notes)]

    def _chain(self) -> Chain:
        chain = Chain(NETWORK, self._fingerprint)
        for number, note in enumerate(self._roster, 1):
            chain.offer(_ROSTER, number, note)
        return chain

    def from_memory(self) -> None:
        """Every note, by a new verifier."""
        chain = self._chain()
        self._verify(chain, enumerate(self._notes, 1))

    def from_directory(self, store: PostOffice) -> None:
        """The same, each note read from its slot."""
        chain = self._chain()
        self._verify(
            chain,
            (
                (number, store.get(names.note_name(NETWORK, CHANNEL, number), limits.HEADER_BYTES))
                for number in range(1, len(self._notes) + 1)
            ),
        )

    def _verify(self, chain: Chain, notes: Iterable[tuple[int, bytes]]) -> None:
        """V1 to V8, as an audit does it."""
        deque(chain.offer_all(CHANNEL, notes), maxlen=0)
        assert not chain.findings(_LATER)
        last = chain.channel(CHANNEL).last
        assert last is not None
        assert last.header.number == len(self._notes)

    def floor(self) -> None:
        """Every signature."""
        for signed in self._signed:
            crypto_sign_open(signed, self._public)


def _notes(stage: Stage, signer: SignerKey, count: int) -> list[bytes]:
    """Circulars that follow one another, as a center with one officer signs them."""
    first = stage.header(stage.audience(1), sha256(b"letter"), Sealed(sha256(b"sealed"), 12_345))
    start = datetime(2026, 11, 22, 9, tzinfo=UTC)
    notes, previous = [], None
    for number in range(1, count + 1):
        time = format_time(start + timedelta(seconds=number))
        header: Header = first._replace(
            channel=CHANNEL, kind="circular", by=OFFICER, number=number, previous=previous, time=time
        )
        text = Text(Purpose.DISPATCH, format_header(header))
        notes.append(signer.sign(text))
        previous = text.hash
    return notes


def _lay(post: Path, notes: Sequence[bytes]) -> None:
    """Put notes into their slots without the care that a post office takes for a crash."""
    (post / names.channel_prefix(NETWORK, CHANNEL)).mkdir(parents=True)
    for number, note in enumerate(notes, 1):
        (post / names.note_name(NETWORK, CHANNEL, number)).write_bytes(note)
