"""What must be right before this officer's key signs: the clock, the center heard of lately, no copy of this home.

Each guard can be set aside for one command by the person who knows better (`cipherpost.desk.Overrides`).
"""

from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.chain import freshness
from cipherpost.errors import NewerError, NotAuthenticError, StaleError
from cipherpost.text import CENTER, ROSTER, format_time

if TYPE_CHECKING:
    from collections.abc import Collection

    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header


class MovedError(StaleError):
    """This home was restored, copied or moved, and nobody has answered it since: a copy may be at work (I3)."""


class NotKeeperError(NotAuthenticError):
    """Only keepers sign the roster."""


def check_signing(desk: "Desk", header: "Header") -> None:
    """May this header be signed here and now?

    Raises:
        ClockBehindError, ClockAheadError: unless ``--clock-ok``.
        MovedError: unless ``--alone``.
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
    _check_not_moved(desk, header)


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


def _check_not_moved(desk: "Desk", header: "Header") -> None:
    """A home that was moved signs on a channel only after somebody else has spoken of it, or alone on purpose."""
    moved = desk.machine.check()
    if moved is not None and not desk.overrides.alone:
        desk.machine.mark_moved(moved.reason, desk.time())
    if desk.overrides.alone:
        if moved is not None:
            desk.machine.mark_moved(moved.reason, desk.time())
        desk.machine.clear_all()
        return
    state = desk.machine.moved_state()
    if state is None or header.channel in state.cleared:
        return
    if spoken_of_since(desk, header.channel, state.since):
        desk.machine.clear(header.channel)
        return
    raise MovedError(
        f"this home has moved ({state.reason}), and nobody has answered it on this channel since",
        channel=header.channel,
        rule="a home that was copied or restored could sign a number a second time",
        hints=(
            f"cipherpost fetch    (once {_who_frees(desk, header)} has sent this office a letter)",
            "--alone, if no other copy of it is in use",
        ),
    )


def _who_frees(desk: "Desk", header: "Header") -> str:
    """Whose next letter speaks of the channel: whoever reads it."""
    if header.audience == desk.office:
        return "a colleague"
    if header.audience == ROSTER:
        return "any other office"
    if desk.roster.is_group(header.audience, desk.roster.newest):
        return f"an office of {header.audience}"
    return header.audience


def spoken_of_since(desk: "Desk", channel: str, since: str) -> bool:
    """Whether a dispatch of another office, timed after ``since``, acks ``channel``.

    On a channel of the office with itself a colleague's newer dispatch there does as well; the roster is acked by
    every header that relies on it.
    """
    office, _, audience = channel.partition("/")
    if audience == ROSTER:
        last = desk.mail.last_times()
        return any(name.partition("/")[0] != office and time > since for name, time in last.items())
    if audience == office:
        rows = desk.mail.rows(channel)
        if any(row.by != desk.officer and row.time > since and row.status == "counts" for row in rows):
            return True
    return any(row.office != office and row.time > since for row in desk.mail.acks_of(channel))
