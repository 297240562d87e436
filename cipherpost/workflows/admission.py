"""Who comes in: invitations written, cards compared and admitted, groups named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cipherpost import limits
from cipherpost.errors import CipherpostError, MalformedError, NotAuthenticError, UnableError, UseError
from cipherpost.text import (
    CENTER,
    first_difference,
    parse_name,
    parse_spoken,
    shown,
    spoken,
)
from cipherpost.workflows import entries, renewing
from cipherpost.workflows.cards import check_sealing_key, lay_down, lies_there
from cipherpost.workflows.key_holders import KeyHolders
from cipherpost.workflows.offices import NewOffice, office_statements
from cipherpost.workflows.results import Posted
from cipherpost.workflows.typed import typed

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement
    from cipherpost.workflows.renewing import Replaced


class UnknownOfficeError(UseError):
    """No office of this name was declared."""


class SpokenDiffersError(NotAuthenticError):
    """The number that was read aloud is not that of the card: somebody else's card, or a slip of the tongue."""


class ForeignCardError(NotAuthenticError):
    """A card for another network, or one that does not belong where it was found."""


class NoCardError(UnableError):
    """No card of this officer is at the post office."""


class SeveralCardsError(UseError):
    """More than one card of an officer lies at the post office."""


class AlreadyAdmittedError(UseError):
    """The roster has this very card already."""


# ---- groups ------------------------------------------------------------------------------------------------------


def set_group(
    desk: "Desk", name: str, offices: Sequence[str], *, lateral: bool = False, dry_run: bool = False
) -> Posted:
    """Name a set of offices, or replace its members; what is so already is not stated again.

    Raises:
        RosterEntryError: an office is not known, or the name is taken.
    """
    from cipherpost.roster import words

    with typed():
        parse_name(name)
    entries.prepare(desk)
    for office in offices:
        known_office(desk, office)
    newest, members = desk.roster.newest, tuple(sorted(set(offices)))
    statements: list[Statement] = []
    if desk.roster.groups(newest).get(name) != members:
        statements.append(words.Group(name, members))
    if lateral and not desk.roster.lateral(name, newest):
        statements.append(words.Lateral(name))
    if not statements:
        return entries.stated_before(desk)
    return entries.post(desk, statements, dry_run=dry_run)


def known_office(desk: "Desk", name: str) -> None:
    """Refuse the name of an office that was not declared.

    Raises:
        UnknownOfficeError: with the nearest known name.
    """
    import difflib

    if desk.roster.office(name) is not None:
        return
    known = desk.roster.offices(desk.roster.newest)
    near = difflib.get_close_matches(name, known, n=1)
    hints = [f"did you mean {near[0]}?"] if near else []
    raise UnknownOfficeError(
        f"there is no office {shown(name)}",
        rule="an office is declared before it is invited or admitted",
        hints=(*hints, "cipherpost roster" if near else f'cipherpost office add {name} --title "..."'),
    )


# ---- invitations and cards ---------------------------------------------------------------------------------------


def invite(desk: "Desk", office: str) -> str:
    """An invitation for one office, armored.

    Raises:
        UnknownOfficeError: it was not declared.
    """
    from cipherpost.card import Invitation, format_invitation
    from cipherpost.carry import armor
    from cipherpost.dispatch.header import RosterRef

    known_office(desk, office)
    newest = desk.roster.newest
    head = desk.roster.hash_of(newest)
    assert head is not None
    invitation = Invitation(
        network=desk.network,
        fingerprint=desk.fingerprint,
        roster=RosterRef(newest, head),
        office=office,
        post=desk.settings.post,
        title=desk.roster.title(office, newest),
    )
    return armor("INVITATION", format_invitation(invitation))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCard:
    """This officer's card, ready to be carried."""

    office: str
    officer: str
    hash: str
    armored: str

    @property
    def spoken(self) -> str:
        """The number to read aloud."""
        return spoken(self.hash)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "office": self.office,
            "officer": self.officer,
            "hash": self.hash,
            "spoken": self.spoken,
            "card": self.armored,
        }


def own_card(desk: "Desk") -> OwnCard:
    """The card of this home."""
    from cipherpost.carry import armor
    from cipherpost.workflows.founding import read_own_card

    signed = read_own_card(desk)
    return OwnCard(office=desk.office, officer=desk.officer, hash=signed.hash, armored=armor("CARD", signed.note))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCard:
    """A card at the post office whose keys are not in the roster; ``vouched``: signed by the key in force too."""

    office: str
    officer: str
    title: str
    hash: str
    time: str
    vouched: bool = False

    @property
    def spoken(self) -> str:
        """The number that the clerk should read."""
        return spoken(self.hash)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "office": self.office,
            "officer": self.officer,
            "title": self.title,
            "hash": self.hash,
            "spoken": self.spoken,
            "time": self.time,
            "vouched": self.vouched,
        }


def waiting_cards(desk: "Desk") -> list[WaitingCard]:
    """Cards of declared offices that nobody has admitted; what is no card of theirs is passed over."""
    from cipherpost.workflows import syncing

    syncing.follow_roster(desk)
    newest = desk.roster.newest
    found = []
    for office in desk.roster.offices(newest):
        for card in _cards_of(desk, office):
            if not _is_admitted(desk, card):
                found.append(
                    WaitingCard(
                        office=office,
                        officer=card.card.officer,
                        title=desk.roster.title(office, newest),
                        hash=card.hash,
                        time=card.card.time,
                        vouched=renewing.is_vouched(desk, card),
                    )
                )
    return sorted(found, key=lambda each: (each.office, each.officer, each.time))


def count_waiting(desk: "Desk") -> int:
    """How many cards lie under offices' own prefixes, by their names alone, that no entry has or proposes to have."""
    from itertools import islice

    from cipherpost.postoffice import names
    from cipherpost.workflows import proposals
    from cipherpost.workflows.proposal_data import CARD_SUFFIX

    count = 0
    offices = desk.roster.offices(desk.roster.newest)
    known = {each.card for office in offices for each in desk.roster.tenures(office)}  # the center keeps copies of all
    opened = (each for each in proposals.listing(desk) if each.is_open) if proposals.may_be_open(desk) else ()
    known |= {name.removesuffix(CARD_SUFFIX) for each in opened for name in each.cards}
    for office in offices:
        listed = desk.post.names(names.kind_prefix(desk.network, office, "card"))
        parsed = (names.parse_object_name(name) for name in islice(listed, limits.CARDS_OF_OFFICE))
        count += sum(isinstance(each, names.Other) and each.hash not in known for each in parsed)
    return count


def _cards_of(desk: "Desk", office: str) -> "list[SignedCard]":
    """The good cards that lie under an office's own prefix."""
    from itertools import islice

    from cipherpost.card import parse_card
    from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, listed, names

    found = []
    others = _cards_of_others(desk, office)
    prefix = names.kind_prefix(desk.network, office, "card")
    there = listed(desk.post, prefix, most=len(others) + limits.CARDS_OF_OFFICE)
    parsed = ((name, names.parse_object_name(name)) for name in there)
    own = (name for name, each in parsed if not (isinstance(each, names.Other) and each.hash in others))
    for name in islice(own, limits.CARDS_OF_OFFICE):
        try:
            card = parse_card(desk.post.get(name, limits.CARD_BYTES))
        except (NotAuthenticError, NoSuchObjectError, ForeignObjectError):
            continue
        if (card.card.office, card.card.network, card.card.fingerprint) == (office, desk.network, desk.fingerprint):
            found.append(card)
    return found


def _cards_of_others(desk: "Desk", office: str) -> set[str]:
    """Cards that lie among those of the center because it keeps copies of all that it admitted."""
    if office != CENTER:
        return set()
    roster = desk.roster
    return {each.card for name in roster.offices(roster.newest) if name != office for each in roster.tenures(name)}


def _is_admitted(desk: "Desk", card: "SignedCard") -> bool:
    tenures = desk.roster.keys(card.card.office, card.card.officer)
    return any(each.card == card.hash for each in tenures)


def _is_lost(desk: "Desk", card: "SignedCard") -> bool:
    """Whether a card that the roster has is not to be found where everybody looks for it first."""
    return _is_admitted(desk, card) and not lies_there(desk, CENTER, card.hash, card.note)


# ---- admission ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Admission:
    """What `admit` did: one entry with the good ones, and for each of the others its refusal.

    ``restored``: officers of the roster whose very card was lost at the post office, and lies there again.
    ``replaced``: those who had keys before, with what counts of these.
    """

    admitted: list[str] = field(default_factory=list)
    replaced: "list[Replaced]" = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    refused: list[CipherpostError] = field(default_factory=list)
    posted: Posted | None = None


def admit(
    desk: "Desk",
    given: Sequence[str],
    *,
    heard: str | None = None,
    role: str | None = None,
    agree: "Callable[[Replaced], None] | None" = None,
    dry_run: bool = False,
) -> Admission:
    """Admit officers by their cards: the good ones in one entry, the others listed (I7).

    A card of an officer with keys gives him new ones (`cipherpost.workflows.renewing`).

    Args:
        given: ``office/officer`` for a card at the post office, or the path of a file with one or more cards.
        heard: the number that was read aloud; for one card only.
        role: declare offices not known yet, in this role.
        agree: told of each change of keys before anything is posted; it raises where a person says no.

    Raises:
        SpokenDiffersError: naming the first group that differs; nothing was posted.
        UseError: the number was given for several cards.
    """
    if heard is not None:
        with typed("let the clerk read it once more: cipherpost card"):
            parse_spoken(heard)
    entries.prepare(desk)
    result = Admission()
    cards = _collect(desk, given, result, heard)
    if heard is not None and cards:
        _compare(cards, heard)
    cutting, holders = renewing.Cutting(desk), KeyHolders(desk, keep=not dry_run)
    planned: list[tuple[SignedCard, list[Statement]]] = []
    for card in cards:
        if _is_lost(desk, card):
            if not dry_run:
                lay_down(desk, CENTER, card.hash, card.note)
            result.restored.append(f"{card.card.office}/{card.card.officer}")
            continue
        try:
            more = _admission_statements(desk, card, checked=heard is not None, role=role, batch=len(cards) > 1)
            cutting.check_heads(card)
            holders.take(card)
        except (NotAuthenticError, UseError) as error:
            result.refused.append(error)
        else:
            planned.append((card, more))
    good = _admissible(desk, planned, result)
    taken = [card for card, _ in good]
    if not taken:
        return result
    statements = cutting.with_cuts([each for _, more in good for each in more], taken)
    result.replaced = [cutting.replaced(statements, card) for card in taken if _had_keys(desk, card)]
    for each in result.replaced:
        if agree is not None:
            agree(each)
    result.posted = entries.post(desk, statements, cards=[card.note for card in taken], dry_run=dry_run)
    if result.posted.proposed is None:
        result.admitted = [f"{card.card.office}/{card.card.officer}" for card in taken]
    return result


def _had_keys(desk: "Desk", card: "SignedCard") -> bool:
    return bool(desk.roster.keys(card.card.office, card.card.officer))


_Planned = tuple["SignedCard", "list[Statement]"]


def _admissible(desk: "Desk", planned: list[_Planned], result: Admission) -> list[_Planned]:
    """Those that the roster would take together; the others are found by halving, and their refusals kept."""
    if not planned:
        return []
    try:
        entries.try_out(desk, [each for _, more in planned for each in more])
    except NotAuthenticError as error:
        if len(planned) == 1:
            result.refused.append(error)
            return []
        middle = len(planned) // 2
        left = _admissible(desk, planned[:middle], result)
        right = _admissible(desk, planned[middle:], result)
        return _together(desk, left, right, result)
    return planned


def _together(desk: "Desk", left: list[_Planned], right: list[_Planned], result: Admission) -> list[_Planned]:
    """Two halves that are good by themselves may still claim one name or key twice: then the later ones lose."""
    try:
        entries.try_out(desk, [each for _, more in (*left, *right) for each in more])
    except NotAuthenticError:
        for one in right:
            try:
                entries.try_out(desk, [each for _, more in (*left, one) for each in more])
            except NotAuthenticError as error:
                result.refused.append(error)
            else:
                left = [*left, one]
        return left
    return [*left, *right]


def _collect(desk: "Desk", given: Sequence[str], result: Admission, heard: str | None) -> "list[SignedCard]":
    """The cards named, each once; those that cannot be read become refusals."""
    found: dict[str, SignedCard] = {}
    for word in given:
        try:
            for card in _cards_named(desk, word, heard):
                found[card.hash] = card
        except (MalformedError, NotAuthenticError, UseError, UnableError) as error:
            result.refused.append(error)
    return list(found.values())


def _cards_named(desk: "Desk", word: str, heard: str | None) -> "list[SignedCard]":
    from cipherpost.card import parse_card
    from cipherpost.carry import dearmor_all

    path = Path(word)
    office, slash, officer = word.partition("/")
    if path.is_file():
        with path.open("rb") as file:
            data = file.read(limits.CARRIED_BYTES + 1)
        return [parse_card(each) for each in dearmor_all(data, "CARD", where=word)]
    if not slash or "/" in officer or "." in word:
        raise UseError(
            f"{word}: there is no such file", rule="name a file, or OFFICE/OFFICER", hints=("cipherpost cards",)
        )
    known_office(desk, office)
    cards = [card for card in _cards_of(desk, office) if card.card.officer == officer]
    if not cards:
        raise NoCardError(
            f"no card of {word} lies at the post office",
            rule="a card is left there by `join`, when it can reach it",
            hints=("cipherpost cards", f"let {officer} send the card's file, then: cipherpost admit FILE"),
        )
    new = [card for card in cards if not _is_admitted(desk, card)] or cards
    if heard is None:  # of several, the one that the key in force vouches for
        new = [card for card in new if renewing.is_vouched(desk, card)] or new
    said = [card for card in new if heard is not None and parse_spoken(heard) == card.spoken.split()]
    if len(new) > 1 and len(said) != 1:
        # Whoever writes to the post office may add a card; only the spoken number tells which one is the clerk's.
        numbers = "; ".join(card.spoken for card in new[:3])
        raise SeveralCardsError(
            f"{len(new)} cards of {word} lie at the post office: {numbers}",
            rule="the clerk's number tells which one is his",
            hints=("let the clerk send the card's file, then: cipherpost admit FILE",),
        )
    return said or new


def _compare(cards: "Sequence[SignedCard]", heard: str) -> None:
    """Compare the number heard with that of the one card."""
    if len(cards) != 1:
        raise UseError(
            f"one number was heard, and there are {len(cards)} cards",
            rule="each card has a number of its own",
            hints=("admit them one by one",),
        )
    card = cards[0]
    differs = first_difference(parse_spoken(heard), card.spoken)
    if differs is not None:
        raise SpokenDiffersError(
            f"group {differs} of the number, heard as {parse_spoken(heard)[differs - 1]}, is not that of the card",
            where=f"the card of {card.card.office}/{card.card.officer}",
            rule="one wrong group means another card",
            hints=("let the clerk read it once more: cipherpost card", "if it still differs, admit nobody"),
        )


def _admission_statements(
    desk: "Desk", card: "SignedCard", *, checked: bool, role: str | None, batch: bool
) -> "list[Statement]":
    from cipherpost.roster import words

    said = card.card
    name = f"{said.office}/{said.officer}"
    if (said.network, said.fingerprint) != (desk.network, desk.fingerprint):
        raise ForeignCardError(
            "the card is for another network",
            where=f"the card of {name}",
            rule=f"a card names the fingerprint of the network it is for; this is {desk.network}",
            hints=("let the clerk join again with this network's invitation",),
        )
    if _is_admitted(desk, card):
        raise AlreadyAdmittedError(f"{name} is admitted with this card already", hints=("cipherpost roster",))
    check_sealing_key(card)
    if said.office == CENTER and batch:
        raise UseError(
            f"{name} would become an officer of the center",
            rule="officers of the center are admitted by name, never in a batch",
            hints=(f"cipherpost admit {name} --heard NUMBER",),
        )
    if said.replaces is not None or _had_keys(desk, card):
        return renewing.statements_for(desk, card, heard=checked)
    statements: list[Statement] = []
    if desk.roster.office(said.office) is None:
        if role is None:
            known_office(desk, said.office)
        statements += office_statements([NewOffice(name=said.office, title=said.office, role=role or "committee")])
    statements.append(words.Officer(said.office, said.officer, said.vkey, card.hash, unchecked=not checked))
    return statements
