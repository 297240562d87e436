"""What this office sent, what waits, and what each addressee has said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import UseError
from cipherpost.text import ROSTER
from cipherpost.workflows import letters, proposals, syncing
from cipherpost.workflows.replacing import replaced_in

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.home.mail import AckRow
    from cipherpost.home.outbox import Item

_RANK: Final = {"seen": 0, "failed": 1, "received": 2, "read": 3}
_QUIET: Final = frozenset({"receipt", "check", "roster"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeState:
    """What one addressee has: silent, seen, failed, received, read, complied, unable; or why it was not reached."""

    office: str
    title: str
    state: str
    time: str | None = None
    by: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"office": self.office, "title": self.title, "state": self.state, "time": self.time, "by": self.by}


HIDDEN: Final = "(sealed to keys that this home has not)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One dispatch of this office, or an item that waits (``number`` None)."""

    channel: str
    number: int | None
    kind: str
    to: tuple[str, ...]
    time: str | None
    subject: str | None = field(repr=False)
    due: tuple[str, str] | None
    state: str
    offices: tuple[OfficeState, ...]
    detailed: bool = False
    replaced_by: tuple[str, int] | None = None
    """(``superseded`` or ``cancelled``, by which number of the channel)."""
    hidden: bool = False
    """Sealed to keys that this home has not: by a colleague before this officer came, or to older keys of his."""

    @property
    def place(self) -> str:
        """``center/all/14``, or the channel for one that waits."""
        return self.channel if self.number is None else f"{self.channel}/{self.number}"

    def count(self, *states: str) -> int:
        """How many addressees are in one of these states."""
        return sum(each.state in states for each in self.offices)

    def _by(self, word: str) -> int | None:
        return self.replaced_by[1] if self.replaced_by and self.replaced_by[0] == word else None

    def cells(self) -> list[str]:
        """For a table; whoever read it has also received it."""
        if self.state in {"waiting", "proposed"}:
            return [
                f"{self.place} ({'waits' if self.state == 'waiting' else 'proposed'})",
                str(len(self.to)),
                self.subject or "",
                "",
                "",
                "",
                "",
            ]
        mark = f"[{' by '.join(map(str, self.replaced_by))}] " if self.replaced_by else ""
        received = self.count("received", "read", "complied", "unable")
        return [
            self.place,
            str(len(self.to)),
            (mark + (HIDDEN if self.hidden else self.subject or "")).strip(),
            str(received),
            str(self.count("read", "complied", "unable")),
            str(self.count("complied")),
            str(self.count("silent", "failed", "seen")),
        ]

    def lines(self) -> Iterator[tuple[str, str]]:
        """The head above the table of addressees."""
        yield "number", self.place
        yield "kind", self.kind
        yield "subject", HIDDEN if self.hidden else self.subject or ""
        yield "time", self.time or ""
        if self.due:
            yield "due", f"{self.due[1]} by {self.due[0]}"
        if self.replaced_by:
            yield self.replaced_by[0], f"by {self.channel}/{self.replaced_by[1]}"
        total = len(self.offices)
        words = []
        for label, states in (
            ("received", ("received", "read", "complied", "unable")),
            ("read", ("read", "complied", "unable")),
            ("complied", ("complied",)),
            ("unable", ("unable",)),
            ("could not open it", ("failed",)),
            ("silent", ("silent", "seen")),
        ):
            if self.count(*states) or label in {"received", "silent"}:
                words.append(f"{self.count(*states)} {label}")
        yield "addressees", f"{total}: {'; '.join(words)}"

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        values: dict[str, Any] = {
            "channel": self.channel,
            "number": self.number,
            "kind": self.kind,
            "to": list(self.to),
            "time": self.time,
            "subject": self.subject,
            "due": None if self.due is None else {"day": self.due[0], "what": self.due[1]},
            "state": self.state,
            "superseded_by": self._by("superseded"),
            "cancelled_by": self._by("cancelled"),
            "seen": self.count("seen"),
            "received": self.count("received"),
            "read": self.count("read"),
            "complied": self.count("complied"),
            "unable": self.count("unable"),
            "silent": self.count("silent"),
        }
        if self.detailed:
            values["offices"] = [each.as_json() for each in self.offices]
        return values


def listing(desk: "Desk") -> list[Sent]:
    """Every letter of this office, oldest first, then what is proposed, and what waits."""
    found = []
    aside = proposals.about_drafts(desk)
    for channel in syncing.begun(desk):
        if channel.partition("/")[0] == desk.office and channel != syncing.ROSTER_CHANNEL:
            view = desk.chain.channel(channel)
            acks = desk.mail.acks_of(channel)
            gone = replaced_in(desk, channel)
            for row in desk.mail.rows(channel):
                if row.hash in aside:
                    continue
                entry = view.by_hash(row.hash) if row.kind not in _QUIET and row.status == "counts" else None
                if entry is not None:
                    found.append(_sent(desk, entry, acks, gone))
    found.sort(key=lambda each: (each.time or "", each.place))
    return [*found, *_proposed(desk), *(_waits(desk, item) for item in desk.outbox.items())]


def one(desk: "Desk", place: str) -> Sent:
    """One dispatch of this office with what each addressee said.

    Raises:
        UseError: it is another office's. NoSuchDispatchError: it is not here.
    """
    from dataclasses import replace

    entry = letters.entry_at(desk, place)
    if entry.header.office != desk.office:
        raise UseError(
            "this is not your office's dispatch",
            where=place,
            rule="an office sees who has its own letters",
            hints=("cipherpost outbox", f"cipherpost read {place}"),
        )
    channel = entry.header.channel
    gone = replaced_in(desk, channel, entry.header.number)
    return replace(_sent(desk, entry, desk.mail.acks_of(channel), gone), detailed=True)


def _sent(desk: "Desk", entry: "Entry", acks: "list[AckRow]", gone: dict[int, tuple[str, int]]) -> Sent:
    header = entry.header
    outline = letters.outlines(desk, [entry.hash]).get(entry.hash)
    at = header.roster.number if header.roster else header.number
    to = () if header.audience == ROSTER else desk.roster.members(header.audience, at)
    return Sent(
        channel=header.channel,
        number=header.number,
        kind=header.kind,
        to=to,
        time=header.time,
        subject=outline.subject if outline else None,
        hidden=outline is None and header.letter is not None and letters.is_before_you(desk, header),
        due=(header.due.day.isoformat(), header.due.what) if header.due else None,
        state="posted",
        offices=tuple(_office_state(desk, office, entry, acks) for office in to if office != desk.office),
        replaced_by=gone.get(header.number),
    )


def _office_state(desk: "Desk", office: str, entry: "Entry", acks: "list[AckRow]") -> OfficeState:
    number = entry.header.number
    title = desk.roster.title(office, desk.roster.newest)
    words = [row for row in acks if row.office == office and (row.hash == entry.hash or _covers(row, number))]
    acts = [row for row in words if row.word in {"complied", "unable", "withdrawn"}]
    if acts and acts[-1].word != "withdrawn":
        best = acts[-1]
    else:
        receipts = [row for row in words if row.word in _RANK]
        if not receipts:
            return OfficeState(office=office, title=title, state="silent")
        best = max(receipts, key=lambda row: (_RANK[row.word], row.via_number))
    return OfficeState(office=office, title=title, state=best.word, time=best.time, by=best.officer)


def _covers(row: "AckRow", number: int) -> bool:
    return row.word == "seen" and row.number > number


def _proposed(desk: "Desk") -> Iterator[Sent]:
    """What waits for the signatures of colleagues."""
    for each in proposals.listing(desk):
        if each.is_open:
            draft = each.draft
            audience = draft.channel.partition("/")[2]
            yield Sent(
                channel=draft.channel,
                number=None,
                kind=draft.kind,
                to=() if audience == ROSTER else desk.roster.members(audience, desk.roster.newest),
                time=None,
                subject=each.subject,
                due=(draft.due.day.isoformat(), draft.due.what) if draft.due else None,
                state="proposed",
                offices=(),
            )


def _waits(desk: "Desk", item: "Item") -> Sent:
    import json

    from cipherpost.workflows.plans import Plan

    plan = Plan.from_dict(item.plan())
    kept = desk.vault.get(f"outgoing {item.name}") if plan.letter is not None else None
    outline = letters.Outline.from_bytes(json.loads(kept)[1].encode()) if kept else None
    return Sent(
        channel=plan.channel,
        number=None,
        kind=plan.kind,
        to=() if plan.audience == ROSTER else desk.roster.members(plan.audience, desk.roster.newest),
        time=None,
        subject=outline.subject if outline else None,
        due=(plan.due.day.isoformat(), plan.due.what) if plan.due else None,
        state="waiting",
        offices=(),
    )
