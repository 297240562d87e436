"""The archive of a letter that lies whole inside of a proposal: taken out sealed, checked, and read again.

It is on the disk only sealed to this office, in a folder of the outbox that is gone when nobody needs it (I5).
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from cipherpost.errors import NotAuthenticError
from cipherpost.workflows.proposal_data import ATTACHED_HEADS, ATTACHED_LETTER

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Head
    from cipherpost.home.outbox import Composing
    from cipherpost.letter import Attachment, Letter, MemberInfo, Save
    from cipherpost.tar import Sink
    from cipherpost.workflows.proposals import Proposal


class NoLetterError(NotAuthenticError):
    """Something was proposed without the letter that would be sent."""


class NoHeadsError(NotAuthenticError):
    """An audit was proposed without the heads file that it names."""


class Unsealed:
    """The plaintext of a sealed file of this home, as something to read from and to close."""

    def __init__(self, desk: "Desk", open_file: Callable[[], BinaryIO]) -> None:
        from cipherpost.age import decrypt

        self._file = open_file()
        self._plain = decrypt(desk.keys.identities, self._file)

    def read(self, size: int = -1, /) -> bytes:
        """As of any file."""
        return self._plain.read(size)

    def finish(self) -> int:
        """Verify the rest without keeping it; how many bytes it was."""
        return self._plain.finish()

    def close(self) -> None:
        """Close the sealed file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def opener(desk: "Desk", open_file: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    """Opens the plaintext of a sealed file each time anew, as attachments want it."""
    return lambda: cast("BinaryIO", Unsealed(desk, open_file))


def plain_size(desk: "Desk", open_file: Callable[[], BinaryIO]) -> int:
    """Bytes of the plaintext of a sealed file."""
    with Unsealed(desk, open_file) as plain:
        return plain.finish()


def take_out(desk: "Desk", composing: "Composing", proposal: "Proposal", *, save: "Save | None" = None) -> "Letter":
    """Put the archive that a proposal proposes to send into an item, and give its letter after every check.

    Args:
        save: as for `cipherpost.letter.read_letter`, for the attachments of that letter.

    Raises:
        NotAuthenticError: the proposal, the archive in it, its letterhead or its heads file fails; the item must not be
            committed.
        UnableError: the proposal is not at the post office.
    """
    from cipherpost.age import Encryptor
    from cipherpost.dispatch.draft import header_of
    from cipherpost.letter import check_letterhead, read_letter
    from cipherpost.workflows import composing as work
    from cipherpost.workflows import letters, syncing
    from cipherpost.workflows.sealing import recipients

    entry, draft = entry_of(desk, proposal), proposal.draft
    if draft.letter is None:
        rule = "what more officers sign has a letter here, though a nil report or one that cancels needs none"
        raise _no_letter(proposal, "no letter is proposed", rule)
    letters.fetch_sealed(desk, entry.header)
    keys = recipients(desk, work.colleagues_known(desk))
    with ExitStack() as closing:
        file = closing.enter_context(composing.letter())
        sinks: dict[str, Sink] = {ATTACHED_LETTER: closing.enter_context(Encryptor(keys, file))}
        if draft.heads_file is not None:
            sinks[ATTACHED_HEADS] = closing.enter_context(composing.heads())
        proposing = letters.open_letter(desk, entry.header, save=lambda info: sinks.get(info.name))
    if all(info.name != ATTACHED_LETTER for info in proposing.attachments):
        raise _no_letter(
            proposal, "it has no letter attached", f"the letter to be sent is the attachment {ATTACHED_LETTER!r}"
        )
    if draft.heads_file is not None:
        heads(desk, proposal)
    header = header_of(
        draft, network=desk.network, number=1, previous=None, time=desk.time(), by=desk.officer, roster=None
    )
    try:
        with Unsealed(desk, composing.open_letter) as plain:
            letter = read_letter(plain, expect_hash=draft.letter, save=save)
        check_letterhead(letter, header, desk.fingerprint)
    except NotAuthenticError as error:
        raise syncing.placed(error, entry.header.channel, proposal.number) from None
    return letter


def _no_letter(proposal: "Proposal", what: str, rule: str) -> NoLetterError:
    hints = (f'cipherpost decline {proposal.number} -m "..."',)
    return NoLetterError(what, where=proposal.place, rule=rule, hints=hints)


def entry_of(desk: "Desk", proposal: "Proposal") -> "Entry":
    """The message that proposes."""
    entry = desk.chain.channel(f"{proposal.office}/{proposal.office}").by_hash(proposal.hash)
    assert entry is not None
    return entry


@contextmanager
def reading(desk: "Desk", proposal: "Proposal", *, save: "Save | None" = None) -> "Iterator[Letter]":
    """The letter that a proposal proposes to send, while its archive lies sealed in the outbox; gone afterwards."""
    with desk.outbox.compose(desk.now()) as composing:
        yield take_out(desk, composing, proposal, save=save)


@contextmanager
def unpacked(desk: "Desk", proposal: "Proposal") -> "Iterator[tuple[Letter, tuple[Attachment, ...]]]":
    """The letter that a proposal proposes to send, and its attachments, each sealed to this officer while it lasts."""
    from cipherpost.age import Encryptor
    from cipherpost.letter import Attachment

    with desk.outbox.compose(desk.now()) as composing, ExitStack() as closing:
        spooled: dict[str, Path] = {}

        def save(info: "MemberInfo") -> "Sink":
            name = str(len(spooled))
            spooled[info.name] = composing.spooled(name)
            file = closing.enter_context(composing.spool(name))
            return closing.enter_context(Encryptor([desk.keys.recipient], file))

        letter = take_out(desk, composing, proposal, save=save)
        closing.close()
        yield (
            letter,
            tuple(
                Attachment(
                    name=info.name,
                    type=info.type,
                    size=info.size,
                    open=opener(desk, partial(_open, spooled[info.name])),
                )
                for info in letter.attachments
            ),
        )


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def cards(desk: "Desk", proposal: "Proposal") -> dict[str, bytes]:
    """The cards attached to a proposal of a roster entry, by name of the attachment."""
    from cipherpost import limits

    return _attached(desk, proposal, proposal.cards, limits.CARD_BYTES)


def heads(desk: "Desk", proposal: "Proposal") -> "tuple[Head, ...]":
    """The heads file attached to a proposal of an audit.

    Raises:
        NoHeadsError: there is none, or another than the draft names. HeadsMalformedError: it is no heads file.
    """
    from cipherpost.dispatch.heads import parse_heads
    from cipherpost.text import sha256

    stated = proposal.draft.heads_file
    assert stated is not None
    data = _attached(desk, proposal, (ATTACHED_HEADS,), stated.size).get(ATTACHED_HEADS)
    if data is None or (sha256(data), len(data)) != stated:
        hints = (f'cipherpost decline {proposal.number} -m "..."',)
        what = "it has no heads file attached" if data is None else "another heads file is attached than it names"
        rule = f"the heads file of an audit is the attachment {ATTACHED_HEADS!r}"
        raise NoHeadsError(what, where=proposal.place, rule=rule, hints=hints)
    return parse_heads(data)


def _attached(desk: "Desk", proposal: "Proposal", wanted: "Collection[str]", most: int) -> dict[str, bytes]:
    """Attachments of a proposal by name, none of them above ``most`` bytes."""
    import io

    from cipherpost.errors import TooLargeError
    from cipherpost.workflows import letters

    entry = entry_of(desk, proposal)
    letters.fetch_sealed(desk, entry.header)
    sinks: dict[str, io.BytesIO] = {}

    def save(info: "MemberInfo") -> "io.BytesIO | None":
        if info.name not in wanted:
            return None
        if info.size > most:
            raise TooLargeError(f"{info.name} has {info.size} bytes", rule=f"here it has at most {most}")
        return sinks.setdefault(info.name, io.BytesIO())

    letters.open_letter(desk, entry.header, save=save)
    return {name: sink.getvalue() for name, sink in sinks.items()}
