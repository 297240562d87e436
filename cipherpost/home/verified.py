"""The chain as a home left it: what was verified once is taken up without verifying it again."""

from typing import TYPE_CHECKING, Final

from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.text import CENTER, ROSTER

if TYPE_CHECKING:
    from cipherpost.chain.network import Chain
    from cipherpost.home.mail import Mail

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"


def load_chain(mail: "Mail", network: str, fingerprint: str) -> "Chain":
    """The chain of a home: the roster folded again, all else restored, what waits offered anew.

    Raises:
        DamagedStateError: the database cannot be read.
    """
    from cipherpost.chain.network import Chain

    chain = Chain(network, fingerprint)

    def load(_number: int, text_hash: str) -> bytes:
        note = mail.note(text_hash)
        assert note is not None  # rows and notes are written together
        return note

    for number, note in mail.notes(ROSTER_CHANNEL):
        chain.offer(ROSTER_CHANNEL, number, note)
    chain.channel(ROSTER_CHANNEL).tree.changed = None
    for channel, rows in mail.all_rows():
        if channel != ROSTER_CHANNEL:
            chain.restore(channel, rows, load)
    for channel, number, note in mail.waiting():
        try:
            chain.offer(channel, number, note)
        except (NotAuthenticError, NewerError):
            continue
    return chain
