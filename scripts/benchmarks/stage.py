"""A network to measure with: a center's real home, and as many committees as are asked for."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from cipherpost.age import HybridIdentity
from cipherpost.desk import Desk
from cipherpost.dispatch.header import Header, RosterRef, Sealed
from cipherpost.letter import Attachment, LetterDraft
from cipherpost.note import SignerKey
from cipherpost.roster import words
from cipherpost.roster.statements import format_statements
from cipherpost.text import sha256
from cipherpost.workflows.composing import put_bare, put_letter
from cipherpost.workflows.founding import found
from cipherpost.workflows.placing import post_item
from cipherpost.workflows.plans import Plan

if TYPE_CHECKING:
    from cipherpost.home.outbox import Item

NETWORK: Final = "bench"
OFFICER: Final = "stasova"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a letter goes to, and how many stanzas it then has, the center's own officer included as the last."""

    name: str
    stanzas: int

    @property
    def kind(self) -> str:
        """The kind of a letter from the center to it."""
        return "message" if self.name == "center" else "circular"


class Stage:
    """The center at its desk, in ``folder``.

    Args:
        sizes: for each, `audience` gives one with so many stanzas; the roster has as many committees as the largest
            needs.
    """

    def __init__(self, folder: Path, sizes: tuple[int, ...] = (1,)) -> None:
        self._closing = ExitStack()
        founded = found(network=NETWORK, officer=OFFICER, post=str(folder / "post"), home=folder / "home")
        self.post = folder / "post"
        self.desk = self._closing.enter_context(Desk.open(founded.home))
        self.desk.lock()
        self._audiences = {1: Audience("center", 1)}
        if max(sizes) > 1:
            self._admit(max(sizes) - 1)
            self._group(size for size in sizes if size > 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def audience(self, stanzas: int) -> Audience:
        """The audience for which a letter has so many stanzas."""
        return self._audiences[stanzas]

    def write(self, to: Audience, *, body: str, attachments: tuple[Attachment, ...] = ()) -> "Item":
        """A letter in the outbox, as `send` leaves it there before it has a place."""
        channel = f"center/{to.name}"
        plan = Plan(channel=channel, kind=to.kind, created=self.desk.time())
        return put_letter(self.desk, plan, self.draft(to, body=body, attachments=attachments))

    def draft(self, to: Audience, *, body: str, attachments: tuple[Attachment, ...] = ()) -> LetterDraft:
        """A letter before it is written."""
        return LetterDraft(
            fingerprint=self.desk.fingerprint,
            from_office="center",
            to=(to.name,),
            kind=to.kind,
            written=self.desk.time(),
            subject="A letter of the benchmark",
            body=body,
            attachments=attachments,
        )

    def header(self, to: Audience, letter: str, sealed: Sealed) -> Header:
        """The header of number 1 of the channel to ``to``."""
        newest = self.desk.roster.newest
        roster_hash = self.desk.roster.hash_of(newest)
        assert roster_hash is not None
        return Header(
            network=NETWORK,
            channel=f"center/{to.name}",
            number=1,
            previous=None,
            time=self.desk.time(),
            by=OFFICER,
            kind=to.kind,
            roster=RosterRef(newest, roster_hash),
            letter=letter,
            sealed=(sealed,),
        )

    def _admit(self, count: int) -> None:
        statements: list[words.Statement] = []
        keys = {}
        for number in range(1, count + 1):
            office = _committee(number)
            card = sha256(office.encode())
            vkey = SignerKey(f"{NETWORK}/{office}/clerk", bytes.fromhex(card)).verifier
            statements += [words.Office(office, "committee"), words.Officer(office, "clerk", vkey, card)]
            keys[card] = HybridIdentity.generate().recipient.raw
        self.state(statements)
        self.desk.recipients.add(keys)

    def _group(self, sizes: Iterable[int]) -> None:
        groups: list[words.Statement] = []
        for size in sizes:
            name = f"of-{size}"
            groups.append(words.Group(name, tuple(_committee(number) for number in range(1, size))))
            self._audiences[size] = Audience(name, size)
        self.state(groups)

    def state(self, statements: list[words.Statement]) -> None:
        """The next entry of the roster."""
        made = format_statements(statements)
        plan = Plan(channel="center/roster", kind="roster", created=self.desk.time(), statements=made)
        post_item(self.desk, put_bare(self.desk, plan))


def _committee(number: int) -> str:
    return f"c{number:05}"
