"""A home that was restored, copied or moved signs only where it cannot repeat a number (I3).

It signs on a channel again when two things hold. Another office has spoken of the channel since, so that what was
signed elsewhere before then has had its answer. And nothing that anybody says of the channel goes beyond what lies
here: whoever acks number 5 where this home knows 4 says that it has forgotten one. The first can be set aside by a
person who knows that no other copy is at work; the second is no matter of opinion.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost import limits
from cipherpost.errors import GapError, StaleError
from cipherpost.text import ROSTER, format_time, parse_time

if TYPE_CHECKING:
    from cipherpost.desk import Desk

_CALLED_MISSING: Final = re.compile(r"([a-z0-9-]+/[a-z0-9-]+)/[0-9]+-([0-9]+)")


ANOTHER_COPY: Final = "another copy of it"
"""How the reason begins where somebody has signed with the key of this home: a copy, or a thief."""


class MovedError(StaleError):
    """This home was restored, copied or moved, and nobody has answered it since: a copy may be at work (I3)."""


class MovedAwayError(StaleError):
    """This home was given to another machine, and signs nothing more here (I3)."""


class ForgottenError(GapError):
    """Others know of a later number of an own channel than this home, which was restored or copied, does (I3)."""


_STOLEN: Final = "if you made no copy, your keys are in other hands"
_TELEPHONE: Final = "telephone the center at once (docs/keys.md)"


class Alarm(NamedTuple):
    """That another signs with this home's key; ``steps`` is empty where the center has acted upon it."""

    what: str
    steps: tuple[str, ...]

    def line(self) -> str:
        """For `status`, where no hints stand beside."""
        return f"{self.what}; {_TELEPHONE}" if self.steps else self.what


def alarm(desk: "Desk") -> Alarm | None:
    """That another signs with the key of this home, until its officer says ``--alone`` or the keys are replaced.

    That others have answered since frees the channels of a home that was copied, and says nothing of a thief.
    """
    from cipherpost.workflows.status import LOST

    state = desk.machine.moved_state()
    if state is None or not state.reason.startswith(ANOTHER_COPY):
        return None
    what = f"another signs with this home's key: {state.reason}"
    if desk.mail.meta(LOST):
        return Alarm(f"{what}; what these keys sign counts no more", ())
    return Alarm(what, (f"{_STOLEN}: {_TELEPHONE}",))


def note_moved(desk: "Desk", reason: str, since: str) -> None:
    """Remember that this home has moved; an alarm that it bears already stays."""
    state = desk.machine.moved_state()
    if state is not None and state.reason.startswith(ANOTHER_COPY):
        reason = state.reason
    desk.machine.mark_moved(reason, since)


def check_not_away(desk: "Desk") -> None:
    """Refuse to sign anything in a home that was given to another machine; nothing sets this aside.

    Raises:
        MovedAwayError: naming the way back.
    """
    away = desk.machine.away()
    if away is not None:
        raise MovedAwayError(
            f"this home was given to the machine {away.to} on {away.since}",
            where=str(desk.home),
            rule="it signs there now, and only reads here",
            hints=(
                f'cipherpost keys move --to "{away.to}" -o FILE    (writes the file for that machine once more)',
                "cipherpost keys move --cancel    (the number was wrong, or no machine has taken it up)",
            ),
        )


def check_not_moved(desk: "Desk", channel: str, number: int) -> None:
    """May this home sign ``number`` of its own ``channel``?

    Raises:
        MovedAwayError: it was given to another machine.
        MovedError: nobody has spoken of the channel since it moved, unless ``--alone``.
        ForgottenError: somebody has spoken of this number or a later one, which is not here.
    """
    check_not_away(desk)
    moved = desk.machine.check()
    if moved is not None:
        note_moved(desk, moved.reason, moved_at(desk))
    state = desk.machine.moved_state()
    if state is None or (channel in state.cleared and not desk.overrides.alone):
        return
    beyond = max(_known_elsewhere(desk, channel, number), default=0)
    if beyond:
        raise _forgotten(desk, channel, beyond)
    if desk.overrides.alone:
        desk.machine.clear_all()
    elif spoken_of_since(desk, channel, _corrected(desk, state.since)):
        desk.machine.clear(channel)
    else:
        raise _unanswered(desk, channel, state.reason)


def not_free(desk: "Desk") -> list[str]:
    """The own channels with dispatches in which this home, having moved, could not sign now; sorted."""
    state = desk.machine.moved_state()
    if state is None:
        return []
    since = _corrected(desk, state.since)
    found = []
    for channel in {*desk.roster.channels_of(desk.office), *desk.mail.posted()}:
        number, _ = desk.chain.channel(channel).tip
        if not number or channel in state.cleared or (channel.endswith(f"/{ROSTER}") and not _keeps(desk)):
            continue
        if not spoken_of_since(desk, channel, since) or any(_known_elsewhere(desk, channel, number + 1)):
            found.append(channel)
    return sorted(found)


def awaited(desk: "Desk") -> list[str]:
    """One line for each own channel on which this home signs nothing yet: what it waits for."""
    lines = []
    for channel in not_free(desk):
        beyond = max(_known_elsewhere(desk, channel, desk.chain.channel(channel).tip[0] + 1), default=0)
        freed = f"{_who_frees(desk, channel)} has sent this office a letter"
        what = f"number {beyond} is here again" if beyond else freed
        lines.append(f"this home has moved, and signs on {channel} once {what}")
    return lines


def _keeps(desk: "Desk") -> bool:
    return desk.officer in desk.roster.keepers(desk.roster.newest)


def moved_at(desk: "Desk") -> str:
    """The moment, but never before what is known to have happened: the clock of a new machine may be behind.

    A stamp of the store further ahead than any clock may be is not believed: it would hold the home up for as long.
    """
    from cipherpost.workflows.guards import newest_center_time

    stamp, most = desk.post.stamp, desk.now() + timedelta(seconds=limits.CLOCK_AHEAD_SECONDS)
    stamped = format_time(stamp) if stamp is not None and stamp <= most else ""
    return max(desk.time(), newest_center_time(desk) or "", stamped)


def _corrected(desk: "Desk", since: str) -> str:
    """``since`` by this clock, put right by as much as the clock is shown to be behind.

    A new machine whose clock is ten hours slow would else take the answers of the last ten hours for new ones.
    """
    slow = parse_time(moved_at(desk)) - desk.now()
    return format_time(parse_time(since) + slow) if slow > timedelta() else since


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


# ---- what others know and this home does not ---------------------------------------------------------------------


def _known_elsewhere(desk: "Desk", channel: str, number: int) -> Iterator[int]:
    """Numbers from ``number`` on that somebody speaks of, of texts that are not here."""
    if channel.endswith(f"/{ROSTER}"):
        yield from _entries_relied_on(desk)
        return
    view = desk.chain.channel(channel)
    for row in desk.mail.acks_above(channel, number - 1):
        if _is_believed(desk, row.office) and row.hash is not None and view.by_hash(row.hash) is None:
            yield row.number
    for name, value in desk.mail.metas("missing "):
        if _is_believed(desk, name.removeprefix("missing ")):
            yield from (int(n) for named, n in _CALLED_MISSING.findall(value) if named == channel and int(n) >= number)
    stated = desk.stated.of(channel)
    if stated is not None and stated.number >= number and view.by_hash(stated.hash) is None:
        yield stated.number
    last, text_hash = desk.mail.posted().get(channel, (0, ""))
    if last >= number and view.by_hash(text_hash) is None:
        yield last
    signed = desk.journal.signed(channel)
    if number not in signed:  # to post it as it was signed is no second header
        yield from (n for n, text_hash in signed.items() if n > number and view.by_hash(text_hash) is None)


def _is_believed(desk: "Desk", office: str) -> bool:
    """Another office in good standing: one that lies, so that this home cannot go on, can be suspended."""
    return office != desk.office and desk.roster.good(office, desk.roster.newest)


def _entries_relied_on(desk: "Desk") -> Iterator[int]:
    """Roster entries that a signed dispatch relies on, and that are not here."""
    newest = desk.roster.newest
    for view in desk.chain.channels.values():
        for entry in view.held():
            cited = entry.header.roster
            if cited is not None and cited.number > newest and view.tree.known[entry.hash].signed:
                yield cited.number


# ---- refusals ----------------------------------------------------------------------------------------------------


def _forgotten(desk: "Desk", channel: str, beyond: int) -> ForgottenError:
    return ForgottenError(
        "this number was used before by this officer or a colleague, and is not here",
        channel=channel,
        number=beyond,
        rule="a home signs no number that others already speak of",
        hints=(
            "cipherpost fetch    (once the post office shows it again)",
            "tell the center, if it is lost for good (docs/keys.md)",
        ),
    )


def _unanswered(desk: "Desk", channel: str, reason: str) -> MovedError:
    freed = f"once {_who_frees(desk, channel)} has sent this office a letter"
    if reason.startswith(ANOTHER_COPY):
        return MovedError(
            f"this home has moved ({reason}), and nobody has answered it on this channel since",
            channel=channel,
            rule="who has a copy of this home has its keys: your own copy, or a thief",
            hints=(
                f"{_STOLEN}: {_TELEPHONE}",
                f"cipherpost fetch    (if the copy is yours: use one only, and {freed})",
            ),
        )
    return MovedError(
        f"this home has moved ({reason}), and nobody has answered it on this channel since",
        channel=channel,
        rule="a home that was copied or restored could sign a number a second time",
        hints=(
            f"cipherpost fetch    ({freed})",
            "--alone, if no other copy of it is in use",
        ),
    )


def _who_frees(desk: "Desk", channel: str) -> str:
    """Whose next letter speaks of the channel: whoever reads it."""
    audience = channel.partition("/")[2]
    if audience == desk.office:
        return "a colleague"
    if audience == ROSTER:
        return "any other office"
    if desk.roster.is_group(audience, desk.roster.newest):
        return f"an office of {audience}"
    return audience
