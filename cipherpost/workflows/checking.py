"""Checks: "this is my last number, this is what I have", posted so that silence always means something."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cipherpost.text import ALL, CENTER, ROSTER, parse_time
from cipherpost.workflows import guards
from cipherpost.workflows.plans import Plan

if TYPE_CHECKING:
    from cipherpost.desk import Desk


def due_checks(desk: "Desk") -> Iterator[Plan]:
    """The checks that are due now: the center's to all when it has been silent for its interval, and to each office
    that has not acknowledged for the interval what was sent to it alone.
    """
    if desk.is_center and desk.roster.members(ALL, desk.roster.newest) and _silent(desk):
        yield Plan(channel=f"{CENTER}/{ALL}", kind="check", created=desk.time())
    limit = timedelta(days=guards.check_days(desk))
    for channel, last in desk.mail.last_times().items():
        office, _, audience = channel.partition("/")
        if office != desk.office or audience in {ROSTER, desk.office}:
            continue
        if desk.roster.is_group(audience, desk.roster.newest) or not desk.roster.good(audience, desk.roster.newest):
            continue
        if _unacked(desk, channel, audience) and desk.now() - parse_time(last) > limit:
            yield Plan(channel=channel, kind="check", created=desk.time())


def _silent(desk: "Desk") -> bool:
    """Whether nothing of the center, roster included, is younger than its interval."""
    newest = guards.newest_center_time(desk)
    return newest is not None and desk.now() - parse_time(newest) > timedelta(days=guards.check_days(desk))


def _unacked(desk: "Desk", channel: str, audience: str) -> bool:
    """Whether the last dispatch of a channel to one office has no ack of that office."""
    last = desk.chain.channel(channel).last
    if last is None or last.header.kind in {"receipt", "check"}:
        return False
    return not any(row.office == audience for row in desk.mail.acks(channel, last.header.number))
