"""One officer at work: a home, a post office, a clock, randomness and somewhere to show progress.

Everything a workflow needs from the world comes through here, so that a test can put another clock or another post
office in its place. What costs time (keys, the chain, the line) is opened at its first use.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from cipherpost.home.settings import Settings, read_settings
from cipherpost.text import CENTER, format_time

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.chain.network import Chain
    from cipherpost.home.copies import Copies
    from cipherpost.home.journal import Journal
    from cipherpost.home.keys import KeyRing
    from cipherpost.home.machine import MachineRecord
    from cipherpost.home.mail import Mail
    from cipherpost.home.outbox import Outbox
    from cipherpost.home.recipients import Recipients
    from cipherpost.home.stated import StatedHeads
    from cipherpost.home.vault import Vault
    from cipherpost.ledger.ledger import Ledger
    from cipherpost.postoffice import PostOffice
    from cipherpost.roster.fold import Roster

Step = Callable[[int], None]
"""Advances a piece of work by so many of its units."""


class Progress(Protocol):
    """Where long work shows how far it is."""

    def work(self, title: str, total: int | None, unit: str = "") -> AbstractContextManager[Step]:
        """A piece of work of ``total`` units (bytes when ``unit`` is ``B``; None: not known)."""


class Silent:
    """A `Progress` that shows nothing."""

    def work(self, title: str, total: int | None, unit: str = "") -> AbstractContextManager[Step]:
        """Nothing to see."""
        return nullcontext(lambda _amount: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Guards that the user set aside for this one command."""

    stale_ok: bool = False
    clock_ok: bool = False
    alone: bool = False


def utc_now() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class Desk:
    """An officer's desk; `close` gives back the lock and whatever else was opened.

    Args:
        home: the officer's folder.
        settings: what its ``cipherpost.toml`` says.
        post: another post office than the home's own.
        passphrase: asked at most once, when the keys are under one.
        trace: told each step, for those who want to watch (``-v``).
        clock, random: the world's time (aware, UTC) and so many random bytes.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        *,
        post: "str | PostOffice | None" = None,
        passphrase: Callable[[], str] | None = None,
        progress: Progress | None = None,
        overrides: Overrides | None = None,
        trace: Callable[[str], None] = lambda _text: None,
        clock: Callable[[], datetime] | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.home = home
        self.settings = settings
        self.progress: Progress = progress or Silent()
        self.overrides = overrides or Overrides()
        self.random = random
        self.trace = trace
        self._clock = clock or utc_now
        self._post = post
        self._passphrase = passphrase
        self._closing = ExitStack()
        self._locked = False
        self.channels: dict[str, None] = {}
        self.channels_at = -1
        """The channels this office reads, and the roster entry they were found at (`workflows.syncing.readable`)."""
        self.own_cards: tuple[SignedCard, ...] | None = None
        """This officer's cards, once they were read (`workflows.owncards`)."""

    @classmethod
    def open(cls, home: Path, **given: object) -> Self:
        """The desk of an existing home; ``given`` as for the class.

        Raises:
            NoHomeError, SettingsError: see `cipherpost.home.settings.read_settings`.
        """
        return cls(home, read_settings(home), **given)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the lock, the database and the line."""
        self._closing.close()

    def lock(self) -> None:
        """Be the only one that writes in this home until `close`.

        Raises:
            HomeBusyError: another command is at work in it.
        """
        from cipherpost.home import lock

        self._closing.enter_context(lock.writing(self.home, timeout=10))
        self._locked = True

    # ---- who ---------------------------------------------------------------------------------------------------------

    @property
    def network(self) -> str:
        """The network's name."""
        return self.settings.network

    @property
    def fingerprint(self) -> str:
        """The hash of the network's genesis.

        Raises:
            UnfinishedHomeError: it is being founded, or a kill came while it was.
        """
        if self.settings.fingerprint is None:
            from cipherpost.home.settings import unfinished

            raise unfinished(self.home)
        return self.settings.fingerprint

    @property
    def office(self) -> str:
        """The office this officer acts for."""
        return self.settings.office

    @property
    def officer(self) -> str:
        """The officer's name."""
        return self.settings.officer

    @property
    def is_center(self) -> bool:
        """Whether the office is the center."""
        return self.office == CENTER

    # ---- the world ---------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The moment, in whole seconds."""
        return self._clock().replace(microsecond=0)

    def time(self) -> str:
        """The moment in the protocol's form."""
        return format_time(self.now())

    @cached_property
    def post(self) -> "PostOffice":
        """The post office of this command."""
        from cipherpost.postoffice import open_post_office

        if self._post is None or isinstance(self._post, str):
            opened = open_post_office(absolute(self._post) if self._post else self.settings.post)
        else:
            opened = self._post
        self._closing.callback(opened.close)
        self.trace(f"home {self.home}, post office {opened.url}")
        return opened

    # ---- the home ----------------------------------------------------------------------------------------------------

    @cached_property
    def mail(self) -> "Mail":
        """The local database of verified notes and what follows from them."""
        from cipherpost.home.mail import Mail

        mail = Mail(self.home)
        self._closing.callback(mail.close)
        return mail

    @cached_property
    def journal(self) -> "Journal":
        """What this officer's key has signed."""
        from cipherpost.home.journal import Journal

        return Journal(self.home)

    @cached_property
    def outbox(self) -> "Outbox":
        """What waits to be posted."""
        from cipherpost.home.outbox import Outbox

        return Outbox(self.home)

    @cached_property
    def copies(self) -> "Copies":
        """The sealed files kept in the home."""
        from cipherpost.home.copies import Copies

        return Copies(self.home)

    @cached_property
    def recipients(self) -> "Recipients":
        """The raw sealing keys of others."""
        from cipherpost.home.recipients import Recipients

        return Recipients(self.home)

    @cached_property
    def machine(self) -> "MachineRecord":
        """Where this home lives."""
        from cipherpost.home.machine import MachineRecord, state_folder

        return MachineRecord(self.home, state_dir=state_folder(os.environ))

    @cached_property
    def keys(self) -> "KeyRing":
        """The officer's secret keys; asks for the passphrase if there is one and `unlock` does not hold them.

        Raises:
            WrongPassphraseError, KeyMissingError: see `cipherpost.home.keys`.
        """
        from cipherpost.home import keys

        return keys.open_ring(self.home, self.settings, self._passphrase)

    @cached_property
    def vault(self) -> "Vault":
        """Small secret things of the home, under the officer's own key."""
        from cipherpost.home.vault import Vault

        return Vault(self.home, self.keys, self.mail)

    # ---- the network -------------------------------------------------------------------------------------------------

    @cached_property
    def chain(self) -> "Chain":
        """The network as this home has verified it; what it learns is kept by `cipherpost.workflows.syncing`."""
        from cipherpost.home.verified import KeptRoster, load_chain

        kept = KeptRoster(self.home)
        chain = load_chain(self.mail, self.network, self.fingerprint, kept)

        def keep() -> None:
            if self._locked:
                kept.save(chain)

        self._closing.callback(keep)
        return chain

    @cached_property
    def stated(self) -> "StatedHeads":
        """The last numbers that offices state of their own channels, as far as this home has verified them."""
        from cipherpost.home.stated import StatedHeads

        return StatedHeads(self.mail)

    @cached_property
    def ledger(self) -> "Ledger":
        """Who owes what by what this home has verified; kept, since asking again costs only what is new."""
        from cipherpost.ledger.ledger import Ledger

        return Ledger(self.chain)

    @property
    def roster(self) -> "Roster":
        """The roster as this home has verified it."""
        return self.chain.roster


def absolute(post: str) -> str:
    """How a user names a post office, made to mean the same from every folder."""
    from cipherpost.home.settings import is_absolute

    return post if is_absolute(post) else str(Path(post).expanduser().absolute())
