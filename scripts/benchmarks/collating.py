"""Collating the sealed reports of many committees: verified, opened, checked against their form, added up.

The floor is what no program can do without: each signature verified by libsodium, each file key opened by the library's
HPKE, each report's JSON parsed. Ours is the command in a home that has fetched: the home is opened, its roster and
ledger are made, every report is opened, checked and added up. Memory is that of a process of its own which collates
once, and of those that help it.
"""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread, get_native_id
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from nacl.bindings import crypto_sign_open

from benchmarks.measure import Figure, high_water, in_turns, peak_memory
from benchmarks.stage import NETWORK, Stage
from cipherpost.age import Encryptor, HybridIdentity, HybridRecipient
from cipherpost.chain.network import Chain
from cipherpost.desk import Desk
from cipherpost.dispatch.header import Header, Report, RosterRef, Sealed, format_header
from cipherpost.forms.builtin import builtin
from cipherpost.forms.rendering import envelope
from cipherpost.home.copies import SEALED
from cipherpost.letter import LetterDraft, write_letter
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.roster import words
from cipherpost.text import sha256
from cipherpost.workflows import entries
from cipherpost.workflows.collating import Collation, collate

GROUP: Final = "collating"
_FORM: Final = "monthly-return"
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_MEMORY: Final = 300.0
_TIMES: Final = 3.0


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    count = 2_000 if quick else 10_000
    period = f"{datetime.now(UTC):%Y-%m}"
    with Stage(folder, (count + 1,)) as stage:
        notes = _Reports(stage, period).lay(count)
        fingerprint, home = stage.desk.fingerprint, stage.desk.home
        roster = [note for _, note in stage.desk.mail.notes("center/roster")]
    job = _Job(home, fingerprint, roster, notes, period)
    whole, collated, floor = in_turns(3, job.verify_and_collate, job.collate, job.floor)
    floor_is = "signature, HPKE, JSON alone"
    yield Figure(
        group=GROUP,
        name=f"collate {count:,} reports",
        ours=collated,
        floor=floor,
        floor_is=floor_is,
        target=_TIMES,
    )
    yield Figure(group=GROUP, name="  every note verified anew too", ours=whole, floor=floor, floor_is=floor_is)
    command = [sys.executable, "-m", "benchmarks.collating", str(home), period]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    yield Figure(group=GROUP, name="  memory, helpers included", ours=float(done.stdout), target=_MEMORY, unit="MiB")


# ---- the reports ---------------------------------------------------------------------------------------------------


def _data(number: int) -> dict[str, object]:
    """A return of about 2 kB, as a program sends it."""
    meeting = {
        "date": f"{datetime.now(UTC):%Y-%m}-07",
        "speaker_office": "food supply",
        "audience": f"workers of mill number {number}",
        "attendance": 40 + number % 200,
        "progress": "The report was heard to its end; eleven questions, mostly about the price of salt.",
    }
    demand = {
        "text": "Firewood for the reading rooms before the first frost, and paraffin for the evening classes.",
        "category": "housing and fuel",
        "raised_by": 12 + number % 30,
    }
    return {
        "reports_held_total": 4,
        "reports_held": [meeting] * 4,
        "demands_total": 4,
        "demands": [demand] * 4,
        "remarks": f"The roads of district {number} were closed for nine days.",
    }


@dataclass(frozen=True, slots=True)
class _Note:
    """One report: its slot, its note, and what the floor needs of it."""

    channel: str
    note: bytes
    signed: bytes
    public: bytes
    data: bytes


class _Reports:
    """Lays signed and sealed reports into the center's home, as a fetch leaves them."""

    def __init__(self, stage: Stage, period: str) -> None:
        self._stage = stage
        self._desk = stage.desk
        self._period = period
        self._form = builtin(_FORM)

    def lay(self, count: int) -> list[_Note]:
        """One report of each of so many committees."""
        duty = words.Duty(form=_FORM, audience="all", rhythm="monthly", due=5, first=self._period)
        entries.post(self._desk, [words.Form(_FORM, 1, self._form.hash), duty])
        (self._desk.home / SEALED).mkdir(parents=True, exist_ok=True)
        own = self._desk.roster.officers("center", self._desk.roster.newest)[0]
        raw = self._desk.recipients.get(own.card)
        center = HybridRecipient.from_bytes(raw) if raw else self._desk.keys.identities[0].recipient
        clerk = HybridIdentity.generate().recipient
        with self._desk.mail.transaction():
            return [self._lay(office, number, [center, clerk]) for number, office in enumerate(self._offices(count), 1)]

    def _offices(self, count: int) -> tuple[str, ...]:
        return self._desk.roster.members("all", self._desk.roster.newest)[:count]

    def _lay(self, office: str, number: int, readers: list[HybridRecipient]) -> _Note:
        data = envelope(self._form, self._period, _data(number))
        file = io.BytesIO()
        draft = LetterDraft(
            fingerprint=self._desk.fingerprint,
            from_office=office,
            to=("center",),
            kind="report",
            written=self._desk.time(),
            subject="Monthly return",
            body="A monthly return.\n",
            data=data,
        )
        with Encryptor(readers, file) as writer:
            letter = write_letter(draft, writer, random=os.urandom).letter_hash
        sealed = file.getvalue()
        digest = sha256(sealed)
        self._desk.copies.path(digest).write_bytes(sealed)
        signer = SignerKey(f"{NETWORK}/{office}/clerk", bytes.fromhex(sha256(office.encode())))
        note = signer.sign(
            Text(Purpose.DISPATCH, format_header(self._header(office, letter, Sealed(digest, len(sealed)))))
        )
        self._keep(f"{office}/center", note)
        parts = split(note)
        return _Note(f"{office}/center", note, parts.lines[0][2] + parts.text, signer.verifier.public, data)

    def _header(self, office: str, letter: str, sealed: Sealed) -> Header:
        newest = self._desk.roster.newest
        head = self._desk.roster.hash_of(newest)
        assert head is not None
        return Header(
            network=NETWORK,
            channel=f"{office}/center",
            number=1,
            previous=None,
            time=self._desk.time(),
            by="clerk",
            kind="report",
            roster=RosterRef(newest, head),
            letter=letter,
            sealed=(sealed,),
            report=Report(_FORM, self._period, None, False),
        )

    def _keep(self, channel: str, note: bytes) -> None:
        entry = self._desk.chain.offer(channel, 1, note)
        assert entry.counts
        node = self._desk.chain.channel(channel).tree.known[entry.hash]
        self._desk.mail.put(channel, node.row("counts"), note)


# ---- what is measured ----------------------------------------------------------------------------------------------


class _Job:
    def __init__(self, home: Path, fingerprint: str, roster: list[bytes], notes: list[_Note], period: str) -> None:
        self._home = home
        self._fingerprint = fingerprint
        self._roster = roster
        self._notes = notes
        self._period = period
        self._suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
        self._key = MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())
        self._file_key = self._suite.encrypt(bytes(16), self._key.public_key(), info=_INFO)

    def verify_and_collate(self) -> None:
        """Every note judged by a new verifier, then as below."""
        chain = Chain(NETWORK, self._fingerprint)
        for number, note in enumerate(self._roster, 1):
            chain.offer("center/roster", number, note)
        for each in self._notes:
            assert chain.offer(each.channel, 1, each.note).counts
        self.collate()

    def collate(self) -> None:
        """As the command does it: the home opened, the ledger asked, every report opened, checked, added up."""
        found = run(self._home, self._period)
        assert len(found.opened.filings) == len(self._notes)
        assert not found.remarks

    def floor(self) -> None:
        """The same work by the libraries alone."""
        for each in self._notes:
            crypto_sign_open(each.signed, each.public)
            self._suite.decrypt(self._file_key, self._key, info=_INFO)
            json.loads(each.data)


def run(home: Path, period: str) -> Collation:
    """Collate once in a home."""
    with Desk.open(home) as desk:
        desk.lock()
        return collate(desk, _FORM, period)


class _Watch(Thread):
    """MiB that the processes which help this one held at most, in all.

    Looked at while they live: what the kernel says of them afterwards counts the process that started them too.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._children = Path(f"/proc/self/task/{get_native_id()}/children")
        self._most: dict[str, float] = {}

    def run(self) -> None:
        """Look again and again; where there is no /proc, nothing is found."""
        while self._children.exists():
            for pid in self._children.read_text("ascii").split():
                with suppress(OSError, StopIteration):
                    self._most[pid] = high_water(Path(f"/proc/{pid}/status"))
            time.sleep(0.02)

    def most(self) -> float:
        """Of all of them."""
        return sum(self._most.values())


if __name__ == "__main__":
    from cipherpost.cli import collect_seldom

    collect_seldom()
    watch = _Watch()
    watch.start()
    run(Path(sys.argv[1]), sys.argv[2])
    print(peak_memory() + watch.most())
