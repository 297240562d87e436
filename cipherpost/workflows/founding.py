"""How a home comes into being: the founder's with its network, everybody else's with an invitation."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.errors import NewerError, UseError
from cipherpost.home.journal import JOURNAL
from cipherpost.home.settings import (
    SETTINGS,
    RosterPin,
    Settings,
    begin_home,
    create_home,
    default_home,
    drop_unfinished,
    finish_home,
    is_unfinished,
    read_settings,
    save_settings,
)
from cipherpost.text import (
    CENTER,
    check_free_text,
    clean_free_text,
    format_time,
    parse_name,
    shown,
    spoken,
)
from cipherpost.workflows.networks import find_network
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.card import Card, Invitation, SignedCard
    from cipherpost.desk import Desk
    from cipherpost.home.keys import KeyRing
    from cipherpost.postoffice import PostOffice

Passphrase = Callable[[], str]


class OccupiedNetworkError(UseError):
    """The post office already has a network of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A network that was founded."""

    fingerprint: str
    home: Path
    post: str

    @property
    def spoken(self) -> str:
        """The fingerprint as it is read aloud."""
        return spoken(self.fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A home that waits for admission; ``delivered``: its card lies at the post office."""

    network: str
    fingerprint: str
    office: str
    home: Path
    card_file: Path
    card_hash: str
    delivered: bool

    @property
    def spoken(self) -> str:
        """The number that the clerk reads to the center."""
        return spoken(self.card_hash)


# ---- founding ----------------------------------------------------------------------------------------------------


def found(
    *,
    network: str,
    officer: str,
    post: str,
    title: str | None = None,
    timezone: str | None = None,
    home: Path | None = None,
    passphrase: Passphrase | None = None,
    **world: object,
) -> Founded:
    """Found a network: keys, a card, and the genesis at the post office; ``passphrase`` None: unprotected keys.

    Args:
        post: as the user named it; its folder is made if missing.
        home: else the user's data folder.
        world: clock, random and the like, as `Desk` takes them.

    Raises:
        UseError: a name, title or zone without its form.
        ClockAheadError, HomeExistsError, UnfitStoreError, OccupiedNetworkError: before anything is made.
    """
    from cipherpost.desk import Desk, absolute
    from cipherpost.postoffice import create_post_office, prove

    with typed():
        parse_name(network)
        parse_name(officer)
        titled = check_free_text(clean_free_text(title or f"Center of {network}"), "title")
    _check_zone(timezone)
    where = absolute(post)
    store = create_post_office(where)
    prove(store, network)
    place = home or _default_home(network, CENTER, officer)
    settings = _settings(network=network, office=CENTER, officer=officer, post=where, clock=world.get("clock"))
    _check_clock(store, settings.created)
    begun = _begun(place, settings)
    if begun is not None and begun.fingerprint is not None:
        return _go_on_founding(place, begun, passphrase, world)
    _check_vacant(store, network)
    secret = passphrase() if passphrase else None
    _drop_begun(place, begun)
    begin_home(place)
    create_home(place, settings)
    with Desk(place, settings, passphrase=passphrase, **world) as desk:  # type: ignore[arg-type]
        desk.lock()
        ring = _make_keys(desk, secret)
        card = _make_card(desk, ring)
        genesis = _genesis(desk, card, title=titled, timezone=timezone)
        fingerprint = _post_genesis(desk, ring, card, genesis)
    finish_home(place)
    return Founded(fingerprint=fingerprint, home=place, post=where)


def _begun(place: Path, settings: Settings) -> Settings | None:
    """The settings of a home that a kill left unfinished, where it is the one that is being made now."""
    if not is_unfinished(place) or not (place / SETTINGS).is_file():
        return None
    begun = read_settings(place)
    same = (begun.network, begun.office, begun.officer) == (settings.network, settings.office, settings.officer)
    return begun if same and begun.fingerprint in {None, settings.fingerprint or begun.fingerprint} else None


def _drop_begun(place: Path, begun: Settings | None) -> None:
    """Empty an unfinished home: it has no settings yet, or is this very one, and then nobody knows its keys."""
    if not is_unfinished(place):
        return
    unused = begun is not None and (begun.fingerprint is None or not (place / JOURNAL).is_file())
    if unused or not (place / SETTINGS).is_file():
        drop_unfinished(place)


def _go_on_founding(place: Path, begun: Settings, passphrase: Passphrase | None, world: dict[str, object]) -> Founded:
    """The genesis is signed, and waits in the outbox or was posted."""
    from cipherpost.desk import Desk
    from cipherpost.workflows.draining import drain_or_raise

    with Desk(place, begun, passphrase=passphrase, **world) as desk:  # type: ignore[arg-type]
        desk.lock()
        drain_or_raise(desk)
        desk.mail.set_meta("admitted", desk.time())
        fingerprint = desk.fingerprint
    finish_home(place)
    return Founded(fingerprint=fingerprint, home=place, post=begun.post)


def _check_clock(store: "PostOffice", now: str) -> None:
    """Refuse to date a genesis far ahead of what the store has just stamped: all that follows would seem older."""
    from cipherpost.chain.freshness import ClockAheadError, clock_ahead

    stamp = None if store.stamp is None else format_time(store.stamp)
    if clock_ahead(now, stamp):
        raise ClockAheadError(
            f"this clock says {now}, and the post office answered at {stamp}",
            rule="a network is not founded while the clock is over a day ahead of the post office",
            hints=("set this machine's clock",),
        )


def _check_zone(timezone: str | None) -> None:
    """Refuse a zone that a roster cannot state, before anything is made."""
    from cipherpost.roster.grammar import StatementError
    from cipherpost.roster.rules import zones
    from cipherpost.roster.statements import format_statements
    from cipherpost.roster.words import Timezone

    if timezone is None:
        return
    try:
        format_statements([Timezone(timezone)])
        known = timezone[0] in "+-" or timezone in zones()
    except (StatementError, NewerError):
        known = False
    if not known:
        raise UseError(
            f"{shown(timezone)} is not a time zone",
            rule="a name such as Europe/Moscow, or +03:00",
            hints=("leave out --timezone for UTC",),
        )


def _check_vacant(store: "PostOffice", network: str) -> None:
    from cipherpost.postoffice import names

    taken = store.size(names.note_name(network, f"{CENTER}/roster", 1))
    if taken is not None:
        raise OccupiedNetworkError(
            f"the post office already has a network {network!r}",
            where=store.url,
            rule="a network is founded once",
            hints=("choose another name or another folder", "to join it: cipherpost join INVITATION --officer NAME"),
        )


def _default_home(network: str, office: str, officer: str) -> Path:
    import platformdirs

    data = Path(platformdirs.user_data_dir("cipherpost", appauthor=False))
    named = os.environ.get("CIPHERPOST_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return default_home(
        data, Settings(network=network, office=office, officer=officer, post="/", created="2026-01-01T00:00:00Z")
    )


def _settings(
    *,
    network: str,
    office: str,
    officer: str,
    post: str,
    fingerprint: str | None = None,
    roster: RosterPin | None = None,
    clock: object = None,
) -> Settings:
    from cipherpost.desk import utc_now

    now: datetime = clock() if callable(clock) else utc_now()
    return Settings(
        network=network,
        office=office,
        officer=officer,
        post=post,
        created=format_time(now),
        fingerprint=fingerprint,
        roster=roster,
    )


def _make_keys(desk: "Desk", passphrase: str | None) -> "KeyRing":
    from cipherpost.home import keys

    desk.machine.register()
    return keys.create_keys(desk.home, desk.settings.key_name, passphrase)


def _make_card(desk: "Desk", ring: "KeyRing") -> "SignedCard":
    from cipherpost.card import Card, parse_card, sign_card

    card = Card(
        fingerprint=desk.settings.fingerprint,
        network=desk.network,
        office=desk.office,
        officer=desk.officer,
        time=desk.time(),
        vkey=ring.signer.verifier,
        recipient_text=ring.identities[0].recipient.text,
    )
    signed = parse_card(sign_card(card, ring.signer))
    save_own_card(desk, signed)
    desk.recipients.add({signed.hash: ring.identities[0].recipient.raw})
    return signed


def own_card_file(home: Path, card: "Card | Settings") -> Path:
    """Where a home keeps its own card, armored, ready to be carried."""
    return home / f"{card.office}-{card.officer}.card"


def save_own_card(desk: "Desk", signed: "SignedCard") -> Path:
    """Write this officer's card into the home, armored."""
    from cipherpost.carry import armor
    from cipherpost.home.files import write_file

    path = own_card_file(desk.home, signed.card)
    write_file(path, armor("CARD", signed.note).encode())
    return path


def read_own_card(desk: "Desk") -> "SignedCard":
    """This officer's card, from the home.

    Raises:
        UnableError: the file is missing or damaged.
    """
    from cipherpost.card import parse_card
    from cipherpost.carry import dearmor
    from cipherpost.errors import UnableError

    path = own_card_file(desk.home, desk.settings)
    if not path.is_file():
        raise UnableError("this home has lost its card", where=str(path), hints=("cipherpost doctor",))
    return parse_card(dearmor(path.read_bytes(), "CARD", where=str(path)))


def _genesis(desk: "Desk", card: "SignedCard", *, title: str, timezone: str | None) -> bytes:
    """The statements of the first entry: keepers, the center, its title and its officer."""
    from cipherpost.roster import build, words
    from cipherpost.roster.statements import format_statements

    founder = words.Officer(CENTER, desk.officer, card.card.vkey, card.hash)
    return format_statements(build.genesis(founder, title=title, timezone=timezone))


def _post_genesis(desk: "Desk", ring: "KeyRing", card: "SignedCard", statements: bytes) -> str:
    """Sign and post the genesis; from the moment its fingerprint is in the settings the home is complete."""
    from dataclasses import replace

    from cipherpost.chain.network import Chain
    from cipherpost.dispatch.header import Header, format_header
    from cipherpost.note import Purpose, Text
    from cipherpost.postoffice import names
    from cipherpost.workflows.composing import put_bare
    from cipherpost.workflows.placing import post_item
    from cipherpost.workflows.plans import Plan

    header = Header(
        network=desk.network,
        channel=f"{CENTER}/roster",
        number=1,
        previous=None,
        time=desk.time(),
        by=desk.officer,
        kind="roster",
        statements=statements,
    )
    text = Text(Purpose.DISPATCH, format_header(header))
    note = ring.signer.sign(text)
    Chain(desk.network, text.hash).offer(header.channel, 1, note)  # refuses what nobody would accept
    desk.journal.record(
        time=header.time, generation=desk.machine.bump(), channel=header.channel, number=1, hash=text.hash
    )
    item = put_bare(desk, Plan(channel=header.channel, kind=header.kind, created=header.time, statements=statements))
    item.set_header(text.data)
    item.set_note(note)
    desk.post.create(names.card_name(desk.network, CENTER, card.hash), card.note)
    # From here on any command that posts finishes what is begun.
    desk.settings = replace(desk.settings, fingerprint=text.hash)
    save_settings(desk.home, desk.settings)
    post_item(desk, item)
    desk.mail.set_meta("admitted", header.time)
    return text.hash


# ---- joining -----------------------------------------------------------------------------------------------------


def join(
    invitation: str,
    *,
    officer: str,
    fingerprint: str | None = None,
    office: str | None = None,
    post: str | None = None,
    home: Path | None = None,
    out: Path | None = None,
    passphrase: Passphrase | None = None,
    **world: object,
) -> Joined:
    """Make a home, keys and a card for an office that was invited; needs no line.

    Args:
        invitation: the file; or a post office, and then ``fingerprint`` and ``office`` too.
        post: another post office than the invitation names (a stick has another letter here).
        out: where the card is written too.

    Raises:
        UseError, InvitationError, DamagedError: before anything is made.
    """
    from cipherpost.carry import armor
    from cipherpost.desk import Desk, absolute

    with typed():
        parse_name(officer)
    invited = _invited(invitation, fingerprint=fingerprint, office=office, post=post)
    place = home or _default_home(invited.network, invited.office, officer)
    settings = _settings(
        network=invited.network,
        office=invited.office,
        officer=officer,
        post=absolute(post or invited.post),
        fingerprint=invited.fingerprint,
        roster=RosterPin(number=invited.roster.number, hash=invited.roster.hash),
        clock=world.get("clock"),
    )
    begun = _begun(place, settings)
    goes_on = begun is not None and own_card_file(place, begun).is_file()
    if out is not None and out.exists() and not goes_on:
        raise UseError("the card's file is there already", where=str(out), hints=("name another with -o",))
    if not goes_on:
        secret = passphrase() if passphrase else None
        _drop_begun(place, begun)
        begin_home(place)
        create_home(place, settings)
    with Desk(place, begun if begun and goes_on else settings, passphrase=passphrase, **world) as desk:  # type: ignore[arg-type]
        desk.lock()
        card = read_own_card(desk) if goes_on else _make_card(desk, _make_keys(desk, secret))
        path = own_card_file(place, card.card)
        if out is not None:
            out.write_text(armor("CARD", card.note), encoding="utf-8")
            path = out
        delivered = deliver_card(desk, card)
    finish_home(place)
    return Joined(
        network=invited.network,
        fingerprint=invited.fingerprint,
        office=invited.office,
        home=place,
        card_file=path,
        card_hash=card.hash,
        delivered=delivered,
    )


def deliver_card(desk: "Desk", card: "SignedCard") -> bool:
    """Leave the card under the own office's cards, if the post office can be reached."""
    from cipherpost.errors import UnableError
    from cipherpost.postoffice import names

    name = names.card_name(desk.network, desk.office, card.hash)
    try:
        desk.post.create(name, card.note)
        return desk.post.get(name, limits.CARD_BYTES) == card.note
    except UnableError:
        return False


def _invited(given: str, *, fingerprint: str | None, office: str | None, post: str | None) -> "Invitation":
    from cipherpost.card import parse_invitation
    from cipherpost.carry import dearmor

    if fingerprint is None and office is None:
        path = Path(given).expanduser()
        if path.is_dir():
            raise UseError(
                f"{given} is a folder, not an invitation",
                rule="a post office alone does not say who you are",
                hints=(f"cipherpost join {given} --fingerprint F --office NAME --officer NAME",),
            )
        with path.open("rb") as file:
            data = file.read(limits.CARRIED_BYTES + 1)
        return parse_invitation(dearmor(data, "INVITATION", where=str(path)))
    if fingerprint is None or office is None:
        raise UseError("--fingerprint and --office go together", hints=("cipherpost join --help",))
    return _found_network(post or given, fingerprint, office)


def _found_network(post: str, fingerprint: str, office: str) -> "Invitation":
    """What an invitation would have said, from the genesis that has this fingerprint."""
    from cipherpost.card import Invitation
    from cipherpost.desk import absolute
    from cipherpost.dispatch.header import RosterRef
    from cipherpost.postoffice import open_post_office

    with typed():
        parse_name(office, reserved=office == CENTER)
    where = absolute(post)
    store = open_post_office(where)
    network, full = find_network(store, fingerprint)
    return Invitation(
        network=network, fingerprint=full, roster=RosterRef(1, full), office=office, post=where, title=office
    )
