"""Taking an office's standing away, with the cuts that keep valid what it sent, and giving it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cipherpost.errors import UseError
from cipherpost.text import CENTER
from cipherpost.workflows import entries, syncing
from cipherpost.workflows.admission import known_office
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """What a suspension will state: for each channel of the office the last number that counts (0, None: none)."""

    office: str
    title: str
    cuts: tuple[tuple[str, int, str | None], ...]

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        yield f"suspending {self.office} ({self.title}); what counts of it ends with:"
        for channel, number, digest in self.cuts:
            yield (
                f"  {channel}/{number} {digest[:16] if digest else ''}".rstrip() if number else f"  {channel}: nothing"
            )


def plan_suspension(desk: "Desk", office: str) -> Suspension:
    """Look at everything the office sent, and plan the cuts at what was verified.

    Raises:
        UseError: there is no such office, it is the center, or it has no standing.
        NotKeeperError: see `entries.prepare`.
    """
    entries.prepare(desk)
    newest = desk.roster.newest
    state = desk.roster.state(office, newest)
    if office == CENTER:
        raise UseError("the center cannot be suspended", rule="its officers are retired one by one")
    known_office(desk, office)
    if state != "good":
        raise UseError(
            f"{office} cannot be suspended: it is {state}",
            rule="only an office in good standing has something to lose",
            hints=("cipherpost roster",),
        )
    cuts = []
    for channel in desk.roster.channels(newest):
        if channel.partition("/")[0] == office:
            syncing.follow(desk, channel)
            last = desk.chain.channel(channel).last
            cuts.append((channel, last.header.number, last.hash) if last else (channel, 0, None))
    return Suspension(office=office, title=desk.roster.title(office, newest), cuts=tuple(sorted(cuts)))


def suspend(desk: "Desk", plan: Suspension, *, dry_run: bool = False) -> Posted:
    """Post the suspension with its cuts."""
    from cipherpost.roster import words

    entry = desk.roster.newest + 1
    statements: list[Statement] = [words.Suspend(plan.office)]
    statements += [words.Cut(entry, channel, number, digest) for channel, number, digest in plan.cuts]
    return entries.post(desk, statements, dry_run=dry_run)


def reinstate(desk: "Desk", office: str, *, dry_run: bool = False) -> Posted:
    """Give a suspended office its standing back, with the same keys."""
    from cipherpost.roster import words

    entries.prepare(desk)
    known_office(desk, office)
    return entries.post(desk, [words.Reinstate(office)], dry_run=dry_run)
