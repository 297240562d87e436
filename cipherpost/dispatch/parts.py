"""The values that the lines of a header hold, and the header made of them; `cipherpost.dispatch.header` reads them."""

from datetime import date
from typing import Final, NamedTuple

MAGIC: Final = "cipherpost/v1"
KIND_WORDS: Final = (
    "roster", "circular", "instruction", "decision", "report", "audit", "message", "key", "receipt", "check",
)  # fmt: skip
ACK_WORDS: Final = ("seen", "received", "read", "failed", "complied", "unable", "withdrawn")
VERDICTS: Final = ("excused", "extended", "sent-back", "accepted", "owed")
DATED_VERDICTS: Final = frozenset({"extended", "sent-back"})
"""The verdicts that name a new day; the others name none."""
DUE_WORDS: Final = ("reply", "complied")


class RosterRef(NamedTuple):
    """The roster head relied on: number of the entry, hash of its text."""

    number: int
    hash: str


class DraftRef(NamedTuple):
    """Number of the proposal in the office's own channel, and the last day on which it may be posted."""

    number: int
    until: date


class Sealed(NamedTuple):
    """One age file: SHA-256 in hex, size in bytes."""

    hash: str
    size: int


class KeyRef(NamedTuple):
    """The dispatch that carried an audience key; ``channel`` is None where it is the header's own channel."""

    channel: str | None
    number: int


class Reply(NamedTuple):
    """The dispatch answered."""

    channel: str
    number: int
    hash: str


class Due(NamedTuple):
    """A debt of every addressee until the end of ``day``: ``what`` is ``reply`` or ``complied``."""

    day: date
    what: str


class Report(NamedTuple):
    """The debt that a report pays; ``day`` is the day an event is held, None for other periods."""

    form: str
    period: str
    day: date | None
    nil: bool


class Decision(NamedTuple):
    """A verdict on one debt of ``office``: of ``form`` and ``period``, or of the ``due`` of ``channel`` and ``number``.

    ``day`` is the new day of the verdicts ``extended`` and ``sent-back``, None for the others.
    """

    verdict: str
    office: str
    form: str | None
    period: str | None
    channel: str | None
    number: int | None
    day: date | None


class HeadsFile(NamedTuple):
    """The public file of head lines of an audit: SHA-256 in hex, size in bytes."""

    hash: str
    size: int


class Head(NamedTuple):
    """The last dispatch of a channel: its number and the hash of its text."""

    channel: str
    number: int
    hash: str


class Ack(NamedTuple):
    """An officer's ``word`` (of `ACK_WORDS`) about a dispatch; number 0 and hash None: nothing there yet."""

    channel: str
    number: int
    hash: str | None
    word: str


class Missing(NamedTuple):
    """Numbers of a channel that are not to be found, ``first`` and ``last`` included."""

    channel: str
    first: int
    last: int


class Endorsement(NamedTuple):
    """A colleague's signature (64 bytes) of the draft."""

    officer: str
    signature: bytes


class Header(NamedTuple):
    """A header taken apart; fields stand in the order of its lines. ``time`` stays text: it sorts as time does."""

    network: str
    channel: str
    number: int
    previous: str | None
    time: str
    by: str
    kind: str
    roster: RosterRef | None = None
    draft: DraftRef | None = None
    letter: str | None = None
    sealed: tuple[Sealed, ...] = ()
    key: KeyRef | None = None
    reply: Reply | None = None
    supersedes: int | None = None
    cancels: int | None = None
    due: Due | None = None
    report: Report | None = None
    decision: Decision | None = None
    heads_file: HeadsFile | None = None
    heads: tuple[Head, ...] = ()
    acks: tuple[Ack, ...] = ()
    missing: tuple[Missing, ...] = ()
    endorsed: tuple[Endorsement, ...] = ()
    statements: bytes = b""

    @property
    def office(self) -> str:
        """Who sends: the first half of the channel."""
        return self.channel.partition("/")[0]

    @property
    def audience(self) -> str:
        """Who is addressed, an office or group: the second half of the channel."""
        return self.channel.partition("/")[2]
