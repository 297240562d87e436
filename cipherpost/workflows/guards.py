"""What must be right before this officer's key signs: the clock, the center heard of lately, no copy of this home.

Each guard can be set aside for one command by the person who knows better (`cipherpost.desk.Overrides`).
"""

from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.chain import freshness
from cipherpost.errors import NewerError, NotAuthenticError, UnableError
from cipherpost.text import CENTER, ROSTER, format_time
from cipherpost.workflows.moving import check_not_moved

if TYPE_CHECKING:
    from collections.abc import Collection

    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.note import SignerKey
    from cipherpost.workflows.plans import Plan


class NotKeeperError(NotAuthenticError):
    """Only keepers sign the roster."""


class KeysUnderWayError(UnableError):
    """The roster has other keys of this officer than those with which this home signs."""


def signing_key(desk: "Desk", plan: "Plan") -> "SignerKey":
    """The key to sign with now: the one that the roster has.

    From the card of new keys to the entry that states them nothing is signed, but by a keeper entries of the roster
    and what he says of them to the other keepers, with the old key (docs/protocol.md, "Authority"): no cut touches an
    entry, and keepers who change their keys at the same time would wait for each other for ever.

    Raises:
        KeysUnderWayError: the keys of this home are not the roster's, or not yet.
    """
    ring = desk.keys
    now = desk.roster.officer(desk.office, desk.officer, desk.roster.newest)
    if now is None or ring.signer.verifier == now.vkey:
        return ring.signer
    old = next((each for each in ring.signers if each.verifier == now.vkey), None)
    if old is not None and (plan.kind == ROSTER or plan.keeps):
        return old
    if old is None:
        raise KeysUnderWayError(
            f"the roster has other keys of {desk.office}/{desk.officer} than this home",
            rule="a signature counts with the keys of the roster",
            hints=("cipherpost fetch", "tell the center, if you have made no new keys"),
        )
    raise KeysUnderWayError(
        "your new keys are not in the roster yet",
        rule="from the card to the entry this home signs nothing",
        hints=("cipherpost fetch    (once the center has admitted the new card)", "cipherpost card"),
    )


def check_ready(desk: "Desk", plan: "Plan") -> None:
    """May what is planned be signed here and now? Asked before it is kept: what is refused must not go later (I10).

    Raises:
        KeysUnderWayError: see `signing_key`. CenterSilentError: see `check_sealing`. As `check_signing`.
    """
    signing_key(desk, plan)
    check_not_stale(desk, plan)


def check_not_stale(desk: "Desk", plan: "Plan") -> None:
    """As `check_ready`, for a letter: what only awaits new keys may wait in the outbox for them."""
    from cipherpost.dispatch.header import Header

    if plan.kind != ROSTER:
        check_sealing(desk)
    number, previous = desk.chain.channel(plan.channel).tip
    header = Header(
        network=desk.network,
        channel=plan.channel,
        number=number + 1,
        previous=previous,
        time=desk.time(),
        by=desk.officer,
        kind=plan.kind,
    )
    check_signing(desk, header)


def check_signing(desk: "Desk", header: "Header") -> None:
    """May this header be signed here and now?

    Raises:
        ClockBehindError, ClockAheadError: unless ``--clock-ok``.
        MovedAwayError, ForgottenError: see `cipherpost.workflows.moving`; MovedError: likewise, unless ``--alone``.
        NotKeeperError: a roster entry by an officer who is no keeper.
        ForkHeldError, NewerError: the channel has stopped.
    """
    stopped = desk.chain.channel(header.channel).stopped
    if stopped is not None:
        raise stopped
    if header.kind == ROSTER and header.number > 1 and desk.officer not in desk.roster.keepers(desk.roster.newest):
        raise not_keeper(desk)
    if not desk.overrides.clock_ok:
        freshness.check_clock(header.time, newest_center_time(desk), _store_stamp(desk, header.time))
    check_not_moved(desk, header.channel, header.number)


def _store_stamp(desk: "Desk", time: str) -> str | None:
    """The newest time that the post office stamped on anything.

    A folder stamps only what is written: where nobody wrote for long it is asked to stamp something new.
    """
    from cipherpost.postoffice import fresh_stamp

    stamp = desk.post.stamp
    if stamp is not None and freshness.clock_ahead(time, format_time(stamp)):
        stamp = fresh_stamp(desk.post, desk.network, desk.office, random=desk.random)
    return None if stamp is None else format_time(stamp)


def check_keeper(desk: "Desk") -> None:
    """Refuse early what only a keeper can do.

    Raises:
        NotKeeperError: naming the keepers.
    """
    if not desk.is_center or desk.officer not in desk.roster.keepers(desk.roster.newest):
        raise not_keeper(desk)


def not_keeper(desk: "Desk") -> NotKeeperError:
    """The refusal that names who could do it."""
    keepers = ", ".join(desk.roster.keepers(desk.roster.newest))
    return NotKeeperError(
        f"{desk.office}/{desk.officer} does not keep the roster",
        rule=f"roster entries are signed by the keepers of the center: {keepers}",
        hints=(f"ask {keepers}",),
    )


def check_sealing(desk: "Desk") -> None:
    """Refuse to seal on what may be an old roster: somebody may have been expelled since.

    Raises:
        NewerError: the roster goes on with an entry that this version does not understand.
        CenterSilentError: the center was silent for longer than its interval, unless ``--stale-ok``.
    """
    stopped = desk.chain.channel(f"{CENTER}/{ROSTER}").stopped
    if isinstance(stopped, NewerError):
        raise stopped
    if desk.is_center or desk.overrides.stale_ok:
        return
    newest = newest_center_time(desk)
    if newest is not None:
        now = freshness.judged_now(desk.time(), desk.mail.meta("last fetch"), newest)
        freshness.check_fresh(newest, now, check_days(desk))


def check_days(desk: "Desk") -> int:
    """The center's check interval in days."""
    stated = desk.roster.check_days(CENTER, desk.roster.newest)
    return stated if stated else limits.CHECK_INTERVAL_DAYS


def newest_center_time(desk: "Desk", *, audiences: "Collection[str] | None" = None) -> str | None:
    """The newest believable time of the center's dispatches and roster entries that this home has verified.

    Args:
        audiences: to these only.
    """
    parts = ((name, *name.split("/")) for name in desk.mail.last_times())
    channels = [name for name, office, to in parts if office == CENTER and (audiences is None or to in audiences)]
    return freshness.newest_center_time(
        [row.time for row in desk.mail.rows(name) if row.status == "counts"] for name in channels
    )
