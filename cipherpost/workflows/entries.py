"""Making roster entries: statements checked against the newest state, then numbered, signed and posted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cipherpost.errors import GapError, NotAuthenticError, UseError
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import guards, syncing
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement

ROSTER_CHANNEL = f"{CENTER}/{ROSTER}"


class EntryRefusedError(UseError):
    """What was asked for makes no sense in the roster as it stands; nothing was posted."""


def prepare(desk: "Desk") -> None:
    """Bring the roster up to date and finish what waits, before statements are made on it.

    Raises:
        NotKeeperError: this officer cannot sign an entry.
        UnreachableError: entries are made with the line up.
    """
    from cipherpost.workflows import proposals, proposing
    from cipherpost.workflows.draining import drain_or_raise

    if not desk.is_center:
        guards.check_keeper(desk)  # no newer entry can make a keeper of him
    syncing.follow_roster(desk)
    guards.check_keeper(desk)
    drain_or_raise(desk)
    if proposals.may_be_open(desk):
        proposing.finish(desk)
    guards.check_keeper(desk)


def try_out(desk: "Desk", statements: "Sequence[Statement]") -> bytes:
    """The bytes of an entry that would be accepted now.

    Raises:
        RosterEntryError, StatementError, TooLargeError: the roster would refuse it; nothing was posted.
    """
    from cipherpost.roster.statements import format_statements

    data = format_statements(statements)
    try_out_bytes(desk, data)
    return data


def try_own(desk: "Desk", statements: "Sequence[Statement]") -> bytes:
    """As `try_out`, for the user's own statements: what is wrong with them is a slip, and nobody's forgery.

    Raises:
        EntryRefusedError: the roster would refuse them; nothing was posted.
    """
    try:
        return try_out(desk, statements)
    except NotAuthenticError as error:
        raise EntryRefusedError(error.what, rule=error.rule, hints=error.hints or ("cipherpost roster",)) from None


def try_out_bytes(desk: "Desk", data: bytes) -> None:
    """As `try_out`, for statements in their form already."""
    from cipherpost.dispatch.header import Header
    from cipherpost.roster.fold import Roster

    trial = Roster()
    for number in range(1, desk.roster.newest + 1):
        entry = desk.chain.channel(ROSTER_CHANNEL).entry(number)
        if entry is None:
            raise GapError(
                "an entry of the roster is missing here",
                channel=ROSTER_CHANNEL,
                number=number,
                hints=("cipherpost fetch",),
            )
        trial.apply(entry.header, entry.hash)
    number = trial.newest + 1
    header = Header(
        network=desk.network,
        channel=ROSTER_CHANNEL,
        number=number,
        previous=trial.hash_of(number - 1),
        time=desk.time(),
        by=desk.officer,
        kind=ROSTER,
        statements=data,
    )
    trial.apply(header, "0" * 64)


def stated_before(desk: "Desk") -> Posted:
    """The answer to who states what is so already: the newest entry, and nothing is posted."""
    newest = desk.roster.newest
    return Posted(
        channel=ROSTER_CHANNEL,
        kind=ROSTER,
        number=newest,
        hash=desk.roster.hash_of(newest),
        time=desk.roster.time_of(newest),
        already=True,
    )


def post(
    desk: "Desk", statements: "Sequence[Statement]", *, cards: Sequence[bytes] = (), dry_run: bool = False
) -> Posted:
    """Post one entry; where other keepers must sign it too, propose it to them (`Posted.proposed`).

    Args:
        cards: notes of the cards whose keys it states; they lie under ``center/cards`` before it is posted.

    Raises:
        EntryRefusedError: the roster would refuse it; with ``dry_run`` too.
    """
    from cipherpost.workflows import authority, proposing
    from cipherpost.workflows.composing import put_bare
    from cipherpost.workflows.placing import post_item

    data = try_own(desk, statements)
    if not authority.needs_no_other(desk, data):
        return proposing.propose_entry(desk, statements, cards=cards, dry_run=dry_run)
    if dry_run:
        return Posted(channel=ROSTER_CHANNEL, kind=ROSTER, number=desk.roster.newest + 1, dry_run=True)
    plan = Plan(channel=ROSTER_CHANNEL, kind=ROSTER, created=desk.time(), statements=data)
    guards.check_ready(desk, plan)
    lay_cards(desk, cards)
    return post_item(desk, put_bare(desk, plan), tried=True)


def lay_cards(desk: "Desk", cards: Sequence[bytes]) -> None:
    """Put cards where everybody looks for those of the roster; one that lies there stays.

    Raises:
        CardError, CardSignatureError: one is no card.
    """
    from cipherpost.card import parse_card
    from cipherpost.postoffice import names

    for note in cards:
        card = parse_card(note)
        desk.post.create(names.card_name(desk.network, CENTER, card.hash), note)
        desk.mail.keep_card(card.hash, note)
