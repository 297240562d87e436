"""A roster of 10,000 offices whose keys were rotated 5,000 times: verified for the first time, and needed again later.

First: every entry judged by a new verifier, and every card with all its signatures; the floor is libsodium looking at
the same signatures alone. Later: whole commands in the center's home, beyond one that does not need the roster.
"""

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks.measure import Figure, in_turns
from benchmarks.stage import NETWORK, OFFICER, Stage
from cipherpost.card import Card, SignedCard, parse_cards, sign_card
from cipherpost.chain.channel import Entry
from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import Head, Header, format_header
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.roster import words
from cipherpost.roster.statements import format_statements
from cipherpost.text import sha256

GROUP: Final = "a roster of years"
ROSTER: Final = "center/roster"
_CLERK: Final = "clerk"
_AT_ONCE: Final = 5_000
"""Offices founded in one entry, with title and officer."""
_A_DAY: Final = 10
"""Rotations admitted in one entry."""
_LETTERS: Final = "023456789acdefghjklmnpqrstuvwxyz"
_MOST_LATER: Final = 0.1


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    offices = 1_000 if quick else 10_000
    with Stage(folder) as stage:
        made = _Roster(stage, offices, offices // 2)
        made.keep()
        job = _Job(made)
    first, floor = in_turns(3, job.verify, job.floor)
    yield Figure(
        group=GROUP,
        name=f"{offices:,} offices, {offices // 2:,} rotations",
        ours=first,
        floor=floor,
        floor_is="every signature alone; the target is 3 s at least",
        target=max(1.5, 3.0 / floor),
    )
    yield from _later(folder / "home", runs=5 if quick else 11)


def _later(home: Path, *, runs: int) -> Iterator[Figure]:
    program = str(Path(sys.executable).with_name("cipherpost"))
    environ = {**os.environ, "CIPHERPOST_HOME": str(home)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles a program anew at each start

    def run(*words: str) -> None:
        subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)

    run("outbox")  # compiled once
    status, *found = in_turns(
        runs, lambda: run("status"), lambda: run("outbox"), lambda: run("inbox"), lambda: run("roster", _office(7))
    )
    for name, seconds in zip(("outbox", "inbox", "roster OFFICE"), found, strict=True):
        yield Figure(group=GROUP, name=f"{name}, beyond status", ours=seconds - status, target=_MOST_LATER)


def _office(number: int) -> str:
    return f"c{number:05}"


class _Roster:
    """Entries as a center's one keeper signs them, and the cards that they name.

    Each rotation brings a card signed by both keys, and the cuts of the old one.
    """

    def __init__(self, stage: Stage, offices: int, rotations: int) -> None:
        self._desk = stage.desk
        self._signer = stage.desk.keys.signer
        self.fingerprint = stage.desk.fingerprint
        self.notes = [note for _, note in stage.desk.mail.notes(ROSTER)]
        self.cards: list[bytes] = []
        self.signed: list[tuple[bytes, bytes]] = []
        """Signature and text, and the key, of each signature line of all these."""
        self._random = random.Random(4)
        for at in range(1, offices + 1, _AT_ONCE):
            self._found(range(at, min(at + _AT_ONCE, offices + 1)))
        for at in range(1, rotations + 1, _A_DAY):
            self._rotate(range(at, min(at + _A_DAY, rotations + 1)))

    def keep(self) -> None:
        """Lay the entries into the center's home, as a fetch leaves them."""
        chain, mail = self._desk.chain, self._desk.mail
        with mail.transaction():
            for number, note in list(enumerate(self.notes, 1))[1:]:
                entry = chain.offer(ROSTER, number, note)
                assert entry.counts
                mail.put(ROSTER, chain.channel(ROSTER).tree.known[entry.hash].row("counts"), note)

    def _found(self, numbers: Sequence[int]) -> None:
        stated: list[words.Statement] = []
        for number in numbers:
            name = _office(number)
            stated += [words.Office(name, "committee"), words.Title(name, f"Committee of district {number}")]
            stated.append(self._officer(name, _key(name, 1), None))
        self._entry(stated)

    def _rotate(self, numbers: Sequence[int]) -> None:
        entry = len(self.notes) + 1
        stated: list[words.Statement] = []
        for number in numbers:
            name = _office(number)
            stated.append(self._officer(name, _key(name, 2), _key(name, 1)))
            stated += [words.Cut(entry, f"{name}/{to}", 20, sha256(to.encode())) for to in (name, "center")]
        self._entry(stated)

    def _officer(self, office: str, key: SignerKey, old: SignerKey | None) -> words.Officer:
        heads = tuple(Head(f"{office}/{to}", 20, sha256(to.encode())) for to in (office, "center"))
        card = Card(
            fingerprint=self.fingerprint,
            network=NETWORK,
            office=office,
            officer=_CLERK,
            time="2026-11-22T09:00:00Z",
            vkey=key.verifier,
            recipient_text="age1pq1" + "".join(self._random.choices(_LETTERS, k=1952)),
            replaces=None if old is None else old.verifier,
            heads=() if old is None else heads,
        )
        self.cards.append(sign_card(card, key, old))
        text = split(self.cards[-1]).text
        self._count(self.cards[-1], key, *([] if old is None else [old]))
        return words.Officer(office, _CLERK, key.verifier, sha256(text))

    def _entry(self, stated: Sequence[words.Statement]) -> None:
        header = Header(
            network=NETWORK,
            channel=ROSTER,
            number=len(self.notes) + 1,
            previous=sha256(split(self.notes[-1]).text),
            time=self._desk.time(),
            by=OFFICER,
            kind="roster",
            statements=format_statements(stated),
        )
        self.notes.append(self._signer.sign(Text(Purpose.DISPATCH, format_header(header))))
        self._count(self.notes[-1], self._signer)

    def _count(self, note: bytes, *signers: SignerKey) -> None:
        parts = split(note)
        pairs = zip(parts.lines, signers, strict=True)
        self.signed += [(signature + parts.text, signer.verifier.public) for (_, _, signature), signer in pairs]


def _key(office: str, age: int) -> SignerKey:
    name = f"{NETWORK}/{office}/{_CLERK}"
    return SignerKey(name, hashlib.sha256(f"{name} {age}".encode()).digest())


class _Job:
    def __init__(self, made: _Roster) -> None:
        self._made = made

    def verify(self) -> None:
        """Every entry offered to a new verifier, every card read and verified."""
        chain = Chain(NETWORK, self._made.fingerprint)
        entries = chain.offer_all(ROSTER, enumerate(self._made.notes, 1))
        assert all(isinstance(entry, Entry) and entry.counts for entry in entries)
        assert all(isinstance(card, SignedCard) for card in parse_cards(self._made.cards))

    def floor(self) -> None:
        """Every signature."""
        for signed, public in self._made.signed:
            crypto_sign_open(signed, public)
