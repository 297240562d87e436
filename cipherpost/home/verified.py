"""The chain as a home left it: what was verified once is taken up without verifying it again.

Of the roster, which every command needs and which has thousands of entries after some years, the home keeps in
``mail/roster`` what they say in all (`cipherpost.roster.snapshot`). That file counts only while the newest entry it was
made from is one of the verified entries, by its hash; entries above it are folded again. It is private like all of a
home, and can be removed at any time.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.text import CENTER, ROSTER

if TYPE_CHECKING:
    from cipherpost.chain.network import Chain
    from cipherpost.home.mail import Mail
    from cipherpost.roster.snapshot import Snapshot

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
KEPT: Final = "mail/roster"


class KeptRoster:
    """The roster as ``home`` keeps it; `save` wants the home's lock."""

    def __init__(self, home: Path) -> None:
        self._path = home / KEPT
        self._number = 0

    def load(self, network: str, fingerprint: str) -> "Snapshot | None":
        """What is kept, None where there is nothing that is whole and made by this program."""
        from cipherpost.roster import snapshot

        try:
            text = self._path.read_bytes()
        except OSError:
            return None
        return snapshot.load(text, network=network, fingerprint=fingerprint)

    def taken(self, number: int) -> None:
        """It was taken up: nothing is to be saved before there are more entries than ``number``."""
        self._number = number

    def drop(self) -> None:
        """Remove it: the next command folds all entries again."""
        with suppress(OSError):
            self._path.unlink()

    def save(self, chain: "Chain") -> None:
        """Keep the roster of ``chain``, if it has other entries than what is kept; or go without."""
        from cipherpost.home.files import DiskError, write_file
        from cipherpost.roster import snapshot

        if chain.roster.newest != self._number:
            with suppress(DiskError):
                write_file(self._path, snapshot.dump(chain.roster.folded, chain.network))


def load_chain(mail: "Mail", network: str, fingerprint: str, kept: KeptRoster | None = None) -> "Chain":
    """The chain of a home: the roster as ``kept``, or folded again, all else restored, what waits offered anew.

    Raises:
        DamagedStateError: the database cannot be read.
    """
    from cipherpost.chain.network import Chain

    chain = Chain(network, fingerprint)

    def load(_number: int, text_hash: str) -> bytes:
        note = mail.note(text_hash)
        assert note is not None  # rows and notes are written together
        return note

    folded = kept.load(network, fingerprint) if kept is not None else None
    if kept is not None and folded is not None:
        rows = mail.rows(ROSTER_CHANNEL)[: folded.number]
        if chain.restore_roster(folded, rows, load):
            kept.taken(folded.number)
    for number, note in mail.notes(ROSTER_CHANNEL, above=chain.roster.newest):
        chain.offer(ROSTER_CHANNEL, number, note)
    chain.channel(ROSTER_CHANNEL).tree.changed = None
    for channel, rows in mail.all_rows(but=ROSTER_CHANNEL):
        chain.restore(channel, rows, load)
    for channel, number, note in mail.waiting():
        try:
            chain.offer(channel, number, note)
        except (NotAuthenticError, NewerError):
            continue
    return chain
