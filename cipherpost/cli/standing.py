"""``retire``, ``compromised``, ``suspend``, ``dissolve``, ``reinstate``, ``cut``: who has standing, and up to where."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, confirm

if TYPE_CHECKING:
    from cipherpost.workflows.standing import Word

_CUT = click.option(
    "--cut", "cuts", multiple=True, metavar="C/N", help="Cut lower there: tver/center/18, or 0 for nothing."
)
_DRY = click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and the cuts.")
_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@command()
@click.argument("officer", metavar="OFFICE/OFFICER")
@_CUT
@_DRY
@_YES
def retire(session: Session, officer: str, cuts: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """An officer leaves: nothing more is sealed to him, or counts of him.

    What he sent up to now stays valid: the entry names, for each channel of
    the office, the last number that the center has verified. His name is not
    given again. If his keys may be in other hands: `compromised`.

    \b
    Example:
      cipherpost retire tver/ivanov
    """
    _take(session, "retire", officer, cuts=cuts, dry_run=dry_run, yes=yes)


@command()
@click.argument("officer", metavar="OFFICE/OFFICER")
@click.option("--since", type=Day(), metavar="DAY", help="Cut at what others had acknowledged before that day (UTC).")
@_CUT
@_DRY
@_YES
def compromised(
    session: Session, officer: str, since: date | None, cuts: tuple[str, ...], dry_run: bool, yes: bool
) -> None:
    """An officer's keys may be in other hands: a stolen computer, a lost stick.

    As `retire`, but he may come back with new keys (`admit`). The cuts are at
    what the center has verified; if the thief has been writing, choose lower
    ones: with --since, which knows whole days (UTC), or for a theft on the
    same day with --cut.

    \b
    Examples:
      cipherpost compromised tver/ivanov
      cipherpost compromised tver/ivanov --since 2026-11-20
      cipherpost compromised tver/ivanov --cut tver/center/18
    """
    _take(session, "compromised", officer, cuts=cuts, since=since, dry_run=dry_run, yes=yes)


@command()
@click.argument("office")
@_CUT
@_DRY
@_YES
def suspend(session: Session, office: str, cuts: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Take OFFICE's standing away: nothing more is sealed to it or counts of it.

    What it sent up to now stays valid: the entry names, for each of its
    channels, the last number that the center has verified.
    """
    _take(session, "suspend", office, cuts=cuts, dry_run=dry_run, yes=yes)


@command()
@click.argument("office")
@_CUT
@_DRY
@_YES
def dissolve(session: Session, office: str, cuts: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """OFFICE ends for good: it is not taken back, and its name not given again.

    What it sent up to now stays valid, and stands in the ledger; it owes
    nothing from then on.

    \b
    Example:
      cipherpost dissolve tver
    """
    _take(session, "dissolve", office, cuts=cuts, dry_run=dry_run, yes=yes)


def _take(
    session: Session,
    word: "Word",
    who: str,
    *,
    cuts: Sequence[str],
    since: date | None = None,
    dry_run: bool,
    yes: bool,
) -> None:
    from cipherpost.workflows import standing

    desk = session.desk(write=True)
    plan = standing.plan(desk, word, who, cuts=cuts, since=since)
    if not session.quiet and not session.as_json:
        for line in plan.lines():
            output.tell(output.safe(line))
    if plan.question is not None and not dry_run:
        confirm(plan.question, yes=yes, because=plan.because)
    done = standing.take(desk, plan, dry_run=dry_run)
    output.posted(session, done, extra={"cuts": [cut.as_json() for cut in plan.cuts]})


@command()
@click.argument("office")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
def reinstate(session: Session, office: str, dry_run: bool) -> None:
    """Take OFFICE back with the keys it had; it reads and counts from now on."""
    from cipherpost.workflows import standing

    output.posted(session, standing.reinstate(session.desk(write=True), office, dry_run=dry_run))


@command()
@click.argument("places", nargs=-1, metavar="[C/N...]")
@click.option("--entry", type=int, metavar="NUMBER", help="The roster entry that took the standing away.")
@click.option("--hash", "named", metavar="HASH", help="Of the dispatch at C/N, or its first 8 digits or more.")
@_DRY
@_YES
def cut(
    session: Session, places: tuple[str, ...], entry: int | None, named: str | None, dry_run: bool, yes: bool
) -> None:
    """List where those who lost their standing were cut off, or move a cut.

    A report that was still on a stick when its clerk was retired counts once
    the cut is moved up to it, and with it all that these keys signed below, a
    thief's letter too: what counts again is listed, and asked about. What a
    thief wrote before it was noticed counts no more once it is moved down. 0
    stands for nothing. Where several entries took standing away in the channel,
    the one is meant that cut off the officer who signed C/N; --entry names
    another.

    \b
    Examples:
      cipherpost cut
      cipherpost cut tver/center/22
      cipherpost cut tver/center/22 --entry 8 --hash 3f2a9c01
    """
    from cipherpost.errors import UseError
    from cipherpost.workflows import cuts

    if not places:
        if entry is not None or named is not None:
            raise UseError("which cut is to be moved?", hints=("cipherpost cut tver/center/22",))
        _list(session)
        return
    desk = session.desk(write=True)
    plan = cuts.plan_move(desk, places, entry=entry, named=named)
    if not session.quiet and not session.as_json:
        for line in plan.lines():
            output.tell(output.safe(line))
    if plan.question is not None and not dry_run:
        confirm(plan.question, yes=yes, because=plan.because)
    done = cuts.move(desk, plan, dry_run=dry_run)
    output.posted(
        session,
        done,
        extra={
            "cuts": [each.as_json() for each in plan.cuts],
            "counts_again": [each.as_json() for each in plan.again],
            "counts_no_more": [each.as_json() for each in plan.gone],
        },
    )


def _list(session: Session) -> None:
    from cipherpost.workflows import cuts

    found = cuts.in_force(session.desk())
    if session.as_json:
        output.emit({"cuts": [each.as_json() for each in found]})
        return
    rows = [
        [
            str(each.entry),
            " ".join(each.officers),
            f"{each.channel}/{each.number}" if each.number else f"{each.channel}: nothing",
            (each.hash or "")[:16],
            ", ".join(map(str, each.above)),
        ]
        for each in found
    ]
    if rows:
        output.table(["entry", "cut off", "the last that counts", "hash", "above it"], rows)
    if not rows and not session.quiet:
        output.tell("nobody has lost standing up to now")
