"""New keys for this officer: made, stated on a card that the old key signs too, in force once the roster has them.

From the card to the entry this home signs nothing (letters wait in the outbox) and reads as before. Where the old keys
were declared compromised nothing can be signed with them: then the card stands alone, and its number is read aloud.
A kill at any point leaves what the next `fetch` or `keys rotate` goes on with.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cipherpost.dispatch.header import Head, parse_header
from cipherpost.errors import CipherpostError, UnableError, UseError
from cipherpost.home import rotation
from cipherpost.note import Purpose, Text
from cipherpost.text import spoken
from cipherpost.workflows import keeper_keys, owncards, syncing
from cipherpost.workflows.dispatching import finish_begun, line_error
from cipherpost.workflows.founding import deliver_card, read_own_card, save_own_card
from cipherpost.workflows.moving import check_not_away

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item
    from cipherpost.home.rotation import Rotation
    from cipherpost.note import SignerKey
    from cipherpost.roster.state import OfficerInfo

_BYTES = 32


class SignedWaitsError(UnableError):
    """Something that the old key has signed is not posted yet; the card would cut it off."""


class NoNewKeysError(UseError):
    """This officer can have no new keys: he was retired, or never admitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Where a change of keys stands.

    ``replaces``: the old key has signed the card too, so that its number need not be heard; ``heads``: the last numbers
    it states; ``delivered``: the card lies at the post office; ``entry``: the roster entry that states the new keys,
    None until then; ``waiting``: so many letters wait in the outbox for it; ``trouble``: why an only keeper could not
    post that entry himself just now.
    """

    office: str
    officer: str
    card: str
    signs: str
    replaces: str | None
    heads: tuple[Head, ...]
    delivered: bool
    entry: int | None
    waiting: int
    trouble: CipherpostError | None = None

    @property
    def spoken(self) -> str:
        """The number of the new card."""
        return spoken(self.card)

    @property
    def admission(self) -> str:
        """What a keeper types."""
        heard = "" if self.replaces else ' --heard "NUMBER"'
        return f"cipherpost admit {self.office}/{self.officer}{heard}"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "office": self.office,
            "officer": self.officer,
            "card": self.card,
            "spoken": self.spoken,
            "signing_key": self.signs,
            "replaces": self.replaces,
            "heads": [{"channel": head.channel, "number": head.number, "hash": head.hash} for head in self.heads],
            "delivered": self.delivered,
            "entry": self.entry,
            "waiting": self.waiting,
        }


# ---- beginning -------------------------------------------------------------------------------------------------------


def rotate(desk: "Desk") -> Renewal:
    """Make new keys and their card, or go on with those that were made and are not in force yet.

    Works without a line too, unless something signed waits to be posted; the card is then carried as a file. An only
    keeper posts the entry himself, and needs the line.

    Raises:
        NotAdmittedError, NoNewKeysError: there is nothing to replace.
        MovedAwayError: this home was given to another machine, which makes them.
        SignedWaitsError: what the old key has signed goes first.
        WrongPassphraseError and the like: the old keys cannot be opened.
    """
    check_not_away(desk)
    line = line_error(desk)
    if under_way(desk) is None:
        _check_may_begin(desk)
        finish_begun(desk, line)
        _check_nothing_signed(desk)
        desk.keys.signer  # noqa: B018  a wrong passphrase is told before anything is noted
        mine = read_own_card(desk)
        draft = keeper_keys.announce(desk, line) if keeper_keys.keeps_alone(desk) else None
        rotation.begin(desk.home, desk.officer, rotation.Rotation(since=desk.time(), card=mine.hash, draft=draft))
    found = go_on(desk)
    assert found is not None
    if found.trouble is not None:
        raise found.trouble
    return found


def under_way(desk: "Desk") -> "Rotation | None":
    """The change of keys that this home has begun and the roster does not have yet."""
    return rotation.under_way(desk.home, desk.officer)


def _check_may_begin(desk: "Desk") -> None:
    from cipherpost.workflows.addressing import check_admitted

    if current(desk) is not None or not desk.roster.keys(desk.office, desk.officer):
        check_admitted(desk)
        return
    if not _compromised(desk):
        raise NoNewKeysError(
            f"{desk.office}/{desk.officer} has no standing, and gets no new keys",
            rule="an officer who was retired comes back under another name; an office that was suspended waits",
            hints=("ask the center",),
        )


def current(desk: "Desk") -> "OfficerInfo | None":
    """This officer as the newest roster entry has him."""
    return desk.roster.officer(desk.office, desk.officer, desk.roster.newest)


def _compromised(desk: "Desk") -> bool:
    """Whether it was his keys that lost their standing, and not he: then he may have new ones."""
    good = desk.roster.state(desk.office, desk.roster.newest) == "good"
    tenures = desk.roster.keys(desk.office, desk.officer)
    return good and bool(tenures) and tenures[-1].compromised is not None


def _check_nothing_signed(desk: "Desk") -> None:
    """Refuse while a header of the old key is journaled or signed and not posted.

    A compromised key has nothing to lose: what it signed is numbered and signed anew.
    """
    if current(desk) is None:
        return
    for item in desk.outbox.items():
        if _is_signed(desk, item):
            raise SignedWaitsError(
                "something that the old key has signed waits to be posted",
                channel=parse_header(item.header()).channel,
                rule="the card states the last numbers of the old key",
                hints=("cipherpost fetch    (it posts what waits)", "cipherpost keys rotate    (then)"),
            )


def _is_signed(desk: "Desk", item: "Item") -> bool:
    """Whether its header is journaled: that it is signed cannot be taken back."""
    if item.stage() not in {"headed", "signed"}:
        return False
    header = parse_header(item.header())
    return desk.journal.find(header.channel, header.number) is not None


# ---- going on --------------------------------------------------------------------------------------------------------


def go_on(desk: "Desk", *, deliver: bool = True) -> Renewal | None:
    """Do the next step of a change of keys that has begun; None where none has.

    The roster must have been followed as far as there is a line.

    Args:
        deliver: leave the card at the post office.
    """
    begun = under_way(desk)
    if begun is None:
        return None
    card = read_own_card(desk)
    if card.hash == begun.card:
        card = _make(desk, card)
    trouble = keeper_keys.enter(desk, card, begun.draft) if deliver and begun.draft is not None else None
    now = current(desk)
    if now is None or now.card != card.hash:
        delivered = deliver and deliver_card(desk, card)
        return _renewal(desk, card, delivered=delivered, entry=None, trouble=trouble)
    _finish(desk, card)
    return _renewal(desk, card, delivered=True, entry=now.since)


def complete(desk: "Desk") -> Renewal | None:
    """Post the entry of a keeper's own new keys that a colleague has proposed, once enough keepers signed it.

    Returns:
        Where the change of keys stands then; None where none had begun.
    """
    begun = under_way(desk)
    if begun is None:
        return None
    card = read_own_card(desk)
    trouble = keeper_keys.complete(desk, card) if card.hash != begun.card else None
    found = go_on(desk)
    assert found is not None
    return replace(found, trouble=trouble) if trouble is not None and found.entry is None else found


def finish(desk: "Desk") -> None:
    """End a change of keys that the roster has; before anything is signed with the new ones."""
    begun = under_way(desk)
    if begun is not None:
        card, now = read_own_card(desk), current(desk)
        if now is not None and card.hash != begun.card and now.card == card.hash:
            _finish(desk, card)


def _make(desk: "Desk", old: "SignedCard") -> "SignedCard":
    """New keys beside the old ones, and the card that both sign."""
    from cipherpost.age import HybridIdentity
    from cipherpost.card import Card, parse_card, sign_card

    ring, now = desk.keys, current(desk)
    rotation.keep_card(desk.home, old)
    if ring.signer.verifier == old.card.vkey:
        begun = ring.recipient.text != old.card.recipient_text  # a kill came between the two files
        ring.rotate(ring.identities[0] if begun else HybridIdentity.generate(), desk.random(_BYTES))
    replaced = _old_signer(desk, old) if now is not None and now.card == old.hash else None
    card = Card(
        fingerprint=desk.fingerprint,
        network=desk.network,
        office=desk.office,
        officer=desk.officer,
        time=desk.time(),
        vkey=ring.signer.verifier,
        recipient_text=ring.recipient.text,
        replaces=replaced.verifier if replaced else None,
        heads=_heads(desk) if replaced else (),
    )
    signed = parse_card(sign_card(card, ring.signer, replaced))
    save_own_card(desk, signed)
    desk.recipients.add({signed.hash: ring.recipient.raw})
    owncards.forget_own_cards(desk)
    return signed


def _old_signer(desk: "Desk", old: "SignedCard") -> "SignerKey":
    return next(each for each in desk.keys.signers if each.verifier == old.card.vkey)


def _heads(desk: "Desk") -> tuple[Head, ...]:
    """The last dispatch of each own channel, as far as it counts here."""
    found = []
    for channel in sorted(desk.roster.channels_of(desk.office)):
        last = desk.chain.channel(channel).last if channel != syncing.ROSTER_CHANNEL else None
        if last is not None:
            found.append(Head(channel, last.header.number, last.hash))
    return tuple(found)


def _finish(desk: "Desk", card: "SignedCard") -> None:
    """The roster has the new keys: the old signing key goes, and a home that had moved is free (I3)."""
    from cipherpost.home.files import wipe_left
    from cipherpost.home.keys import KEYS

    if card.card.replaces is None:
        _begin_anew(desk)
    desk.keys.drop_old_signers()
    wipe_left(desk.home / KEYS)
    desk.machine.clear_all()
    rotation.end(desk.home, desk.officer)


def _begin_anew(desk: "Desk") -> None:
    """After compromised keys: what they signed and nobody has counts never, and is numbered and signed anew."""
    for item in desk.outbox.items():
        if item.stage() in {"headed", "signed"}:
            header = item.header()
            posted = desk.chain.channel(parse_header(header).channel).by_hash(Text(Purpose.DISPATCH, header).hash)
            if posted is None or posted.status != "counts":
                item.clear_header()
    desk.journal.put_aside()


def _renewal(
    desk: "Desk",
    card: "SignedCard",
    *,
    delivered: bool,
    entry: int | None,
    trouble: CipherpostError | None = None,
) -> Renewal:
    said = card.card
    return Renewal(
        office=desk.office,
        officer=desk.officer,
        card=card.hash,
        signs=str(said.vkey),
        replaces=str(said.replaces) if said.replaces else None,
        heads=said.heads,
        delivered=delivered,
        entry=entry,
        waiting=len(desk.outbox.items()),
        trouble=trouble,
    )
