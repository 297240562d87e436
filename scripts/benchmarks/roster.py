"""A roster of 10,000 offices whose keys were rotated 5,000 times: verified for the first time, and needed again later.

First: every entry judged by a new verifier, and every card with all its signatures; the floor is libsodium looking at
the same signatures alone. Later: whole commands in a home that has such a roster, beside one that does not need it.
"""

import hashlib
import os
import random
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from nacl.bindings import crypto_sign_open

from benchmarks.measure import Figure, in_turns
from benchmarks.stage import NETWORK, OFFICER, Stage
from cipherpost.card import Card, parse_cards, sign_card
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
        subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, env=environ)

    needs = (("outbox",), ("inbox",), ("roster", _office(7)))
    for words_ in needs:
        run(*words_)  # the first makes what the later ones take up
    status, *found = in_turns(runs, lambda: run("status"), *(lambda words_=words_: run(*words_) for words_ in needs))
    for words_, seconds in zip(needs, found, strict=True):
        yield Figure(
            group=GROUP,
            name=f"  {' '.join(words_)}, beyond status",
            ours=seconds - status,
            target=_MOST_LATER,
        )


def _office(number: int) -> str:
    return f"c{number:05}"


class _Roster:
    """Entries as a center's one keeper signs them, and the cards that they name.

    Each rotation brings a card signed by both keys, and the cuts of the old one.
    """

    def __init__(self, stage: Stage, offices: int, rotations: int) -> None:
        self._desk = stage.desk
        self._signer = stage.desk.keys.signer
        self.public = self._signer.verifier.public
        self.fingerprint = stage.desk.fingerprint
        self.notes = [note for _, note in stage.desk.mail.notes(ROSTER)]
        self.cards: list[bytes] = []
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
            heads = [words.Cut(entry, f"{name}/{to}", 20, sha256(to.encode())) for to in (name, "center")]
            stated += sorted(heads, key=lambda cut: cut.channel)
        self._entry(stated)

    def _officer(self, office: str, key: SignerKey, old: SignerKey | None) -> words.Officer:
        heads = (Head(f"{office}/center", 20, sha256(b"center")), Head(f"{office}/{office}", 20, sha256(b"own")))
        card = Card(
            fingerprint=self.fingerprint,
            network=NETWORK,
            office=office,
            officer=_CLERK,
            time="2026-11-22T09:00:00Z",
            vkey=key.verifier,
            recipient_text="age1pq1" + "".join(self._random.choices(_LETTERS, k=1952)),
            replaces=None if old is None else old.verifier,
            heads=() if old is None else tuple(sorted(heads)),
        )
        self.cards.append(sign_card(card, key, old))
        return words.Officer(office, _CLERK, key.verifier, sha256(split(self.cards[-1]).text))

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


def _key(office: str, age: int) -> SignerKey:
    name = f"{NETWORK}/{office}/{_CLERK}"
    return SignerKey(name, hashlib.sha256(f"{name} {age}".encode()).digest())


class _Job:
    def __init__(self, made: _Roster) -> None:
        self._made = made
        self._signed: list[tuple[bytes, bytes]] = []
        keys = {
            (key.name, key.key_id): key.public
            for card in parse_cards(made.cards)
            for key in (card.card.vkey, card.card.replaces)
            if key is not None
        }
        for card in made.cards:
            parts = split(card)
            self._signed += [(signature + parts.text, keys[name, key_id]) for name, key_id, signature in parts.lines]
        public = made.public
        self._signed += [(parts.lines[0][2] + parts.text, public) for parts in map(split, made.notes)]

    def verify(self) -> None:
        """Every entry offered to a new verifier, every card read and verified."""
        chain = Chain(NETWORK, self._made.fingerprint)
        entries = list(chain.offer_all(ROSTER, enumerate(self._made.notes, 1)))
        assert all(entry.counts for entry in entries)
        deque(parse_cards(self._made.cards), maxlen=0)

    def floor(self) -> None:
        """Every signature."""
        for signed, public in self._signed:
            crypto_sign_open(signed, public)
