"""What is new, owed, waiting, silent: counted when something changes, so that looking costs nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cipherpost.text import CENTER, parse_time

if TYPE_CHECKING:
    from cipherpost.desk import Desk

Proposed = Mapping[tuple[str, str], tuple[str, bool]]
"""(form, period) to a proposal's place and whether it waits for this officer: `workflows.proposals.reported`."""
BACK_UP: Final = "cipherpost keys backup -o FILE"
"""How a home is backed up."""
LOST: Final = "lost standing"
"""The fact in which the home keeps how its officer lost his standing; empty: he has it, or never had."""
_RUNNING: Final = frozenset({"not-due", "due", "extended"})
"""States of debts that are overdue as soon as their time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """``lost``: how this officer or his office lost standing; ``founding``: the network has no genesis yet.

    ``owed``: what is due of this office, soonest first, as `cipherpost.workflows.owing.kept` gives it, and
    ``proposed_in`` the proposals of reports that are under way for it; ``silent``: offices not heard of for longer
    than their interval. ``unsent``: what is typed to send each form that is in force and was sent to nobody.
    ``backup``: why one is to be made. ``forks``: the places of those that are known here and not settled.
    """

    network: str
    office: str
    officer: str
    title: str
    admitted: bool
    lost: str | None
    founding: bool
    new: int
    next_place: str | None
    owed: tuple[dict[str, Any], ...]
    outbox: int
    silent: tuple[str, ...]
    proposals: int
    proposed: int
    declined: int
    moved: str | None
    renewing: bool
    last_fetch: str | None
    now: str
    unsent: tuple[str, ...]
    backup: str | None
    proposed_in: Proposed
    forks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {
            "network": self.network,
            "office": self.office,
            "officer": self.officer,
            "new": self.new,
            "owed": [debt["row"] for debt in self.owed],
            "outbox": self.outbox,
            "silent": list(self.silent),
            "proposals": self.proposals,
            "proposed": self.proposed,
            "declined": self.declined,
            "forks": list(self.forks),
        }

    def lines(self) -> Iterator[tuple[str, str]]:
        """Names and values for a person."""
        title = "" if self.title == self.office else f" ({self.title})"
        yield "network", self.network
        yield "you are", f"{self.officer}, {self.office}{title}"
        if self.lost:
            yield "standing", f"{self.lost}; what you received stays readable"
        if self.founding:
            yield "founding", "not finished: run the same `cipherpost init` once more"
        elif not self.admitted and not self.lost:
            yield "admitted", "not yet: tell the center the number that `cipherpost card` shows"
        yield "new letters", str(self.new)
        yield "waiting", f"{self.outbox} in the outbox"
        for debt in self.owed[:5]:
            yield "owed", debt_line(debt, self.now, self.proposed_in)
        if len(self.owed) > 5:
            yield "owed", f"and {len(self.owed) - 5} more"
        if self.proposals:
            yield "proposals", f"{self.proposals} to be endorsed or declined"
        if self.proposed:
            declined = f"; {self.declined} declined by a colleague" if self.declined else ""
            yield "proposed", f"{self.proposed} of yours not posted yet{declined}"
        for command in self.unsent:
            yield "form", f"in force, and sent to nobody yet: {command}"
        if self.silent:
            more = f" and {len(self.silent) - 8} more" if len(self.silent) > 8 else ""
            yield "silent", ", ".join(self.silent[:8]) + more
        if self.renewing:
            yield "new keys", "wait for the roster; until then this home reads, and signs nothing"
        if self.backup:
            yield "backup", f"{self.backup}: {BACK_UP}"
        yield from self._attention()
        yield "last fetch", self.last_fetch or "never"

    def _attention(self) -> Iterator[tuple[str, str]]:
        if self.forks:
            more = f" and {len(self.forks) - 1} more" if len(self.forks) > 1 else ""
            yield "fork", f"{self.forks[0]}{more}: two signed dispatches of one number: cipherpost forks"
        if self.moved:
            yield "attention", self.moved

    def next_steps(self) -> Iterator[str]:
        """At most two commands."""
        if self.founding:
            return
        if self.new and self.next_place:
            yield f"cipherpost read {self.next_place}"
        if self.proposals or self.declined:
            yield "cipherpost proposals"
        if self.outbox or not (self.new or self.proposals or self.declined):
            yield "cipherpost fetch"


def status(desk: "Desk") -> Status:
    """What this home knows without a line and without keys."""
    from cipherpost.home import rotation
    from cipherpost.home.settings import is_unfinished

    kept = json.loads(desk.mail.meta("status") or "{}")
    lost = desk.mail.meta(LOST) or None
    debts = () if lost else tuple(kept.get("debts", ()))
    own = [declined for day, declined in kept.get("proposed", ()) if day >= desk.time()[:10]]
    return Status(
        network=desk.network,
        office=desk.office,
        officer=desk.officer,
        title=kept.get("title", desk.office),
        admitted=desk.mail.meta("admitted") is not None,
        new=kept.get("new", 0),
        next_place=kept.get("next"),
        lost=lost,
        founding=is_unfinished(desk.home) and desk.is_center and desk.mail.meta("admitted") is None,
        owed=debts,
        outbox=len(desk.outbox.items()),
        silent=_silent(desk, kept.get("days", 30), kept.get("heard_of", [])),
        proposals=sum(day >= desk.time()[:10] for day in kept.get("proposals", ())),
        proposed=len(own),
        declined=sum(own),
        moved=_moved(desk, kept.get("free since")),
        renewing=rotation.under_way(desk.home, desk.officer) is not None,
        last_fetch=desk.mail.meta("last fetch"),
        now=desk.time(),
        unsent=tuple(kept.get("unsent", ())),
        backup=None if lost or desk.machine.away() else _backup(desk, kept.get("keys since")),
        proposed_in=_proposed_in(desk) if debts else {},
        forks=tuple(kept.get("forks", ())),
    )


def _backup(desk: "Desk", keys_since: str | None) -> str | None:
    from cipherpost.home import last_backup

    return last_backup.why_wanted(desk.home, posted=bool(desk.mail.posted()), keys_since=keys_since)


def _moved(desk: "Desk", free: str | None) -> str | None:
    """What is to be known of a home that moved; nothing once it is ``free`` of what it waited for since then.

    That another signs with its key is said however free it is.
    """
    from cipherpost.workflows import moving

    away = desk.machine.away()
    if away is not None:
        return f"this home has moved: to the machine {away.to}, and only reads here"
    alarm = moving.alarm(desk)
    if alarm is not None:
        return alarm.line()
    now, state = desk.machine.check(), desk.machine.moved_state()
    if now is not None:
        return f"this home has moved: {now.reason}"
    if state is None or state.since == free:
        return None
    return f"this home has moved: {state.reason}; `cipherpost fetch` says what is awaited before it signs"


def _proposed_in(desk: "Desk") -> Proposed:
    """The open proposals of this office's reports, as they were counted last."""
    if desk.mail.meta("proposals") is None:
        return {}
    from cipherpost.workflows import proposals

    return proposals.reported(desk)


def debt_line(debt: Mapping[str, Any], now: str, proposed: Proposed) -> str:
    """One debt: ``monthly-return 2026-10 by 2026-11-05``, with how it stands unless it simply is due.

    A proposal of the report that colleagues have to sign is named behind it.
    """
    row = debt["row"]
    overdue = row["state"] in _RUNNING and debt["deadline"] <= now  # time has passed since it was counted
    state = "overdue" if overdue else "" if row["state"] in {"due", "not-due"} else row["state"].replace("-", " ")
    proposal = proposed.get((row["form"], row["period"] or row["event"]))
    where = f"; proposed in {proposal[0]}" if proposal else ""
    return f"{debt['name']} by {row['due']}{f' ({state})' if state else ''}{where}"


def owed_line(desk: "Desk") -> str | None:
    """How many debts of this office are open, and which is first; None where none is."""
    kept = json.loads(desk.mail.meta("status") or "{}").get("debts", ())
    if not kept:
        return None
    orders = sum(debt["row"]["order"] is not None for debt in kept)
    counts = [(len(kept) - orders, "report"), (orders, "answer")]
    what = " and ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)
    return f"you owe {what}; first: {debt_line(kept[0], desk.time(), _proposed_in(desk))}"


def _silent(desk: "Desk", days: int, expected: list[str]) -> tuple[str, ...]:
    """The offices of which something was expected and nothing younger than the interval is known."""
    heard: dict[str, str] = {}
    for channel, last in desk.mail.last_times().items():
        office = channel.partition("/")[0]
        heard[office] = max(heard.get(office, ""), last)
    limit = timedelta(days=days)
    late = (name for name in expected if name not in heard or desk.now() - parse_time(heard[name]) > limit)
    return tuple(late)


def refresh(desk: "Desk") -> None:
    """Count anew; every command that changes what is new or owed ends with this."""
    from cipherpost.workflows import fork_news, forms, guards, moving, owing, owncards, proposals, reading

    newest = desk.roster.newest
    rows = reading.received(desk)
    new = [row for row in rows if row.state == "new"]
    offices = (name for name in desk.roster.offices(newest) if desk.roster.state(name, newest) == "good")
    expected = [name for name in offices if name != desk.office] if desk.is_center else [CENTER]
    if desk.is_center:
        expected = [name for name in expected if desk.roster.role(name) == "committee"]
    proposed = proposals.count(desk)
    kept = {
        "title": desk.roster.title(desk.office, newest),
        "new": len(new),
        "next": new[0].place if new else None,
        "debts": owing.kept(desk, asked=any(row.due for row in rows)),
        "proposals": proposed.waiting,
        "proposed": proposed.own,
        "unsent": forms.unsent(desk),
        "keys since": owncards.keys_since(desk),
        "days": guards.check_days(desk),
        "heard_of": expected,
        "forks": [fork_news.place(each) for each in fork_news.open_forks(desk)],
    }
    state = desk.machine.moved_state()
    if state is not None and not moving.not_free(desk):
        kept["free since"] = state.since
    desk.mail.set_meta("status", json.dumps(kept))
