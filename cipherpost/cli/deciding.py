"""``send-back``, ``accept``, ``extend``, ``excuse``, ``remind``: what the center says of what is owed."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cipherpost.cli import output
from cipherpost.cli.options import Day, Session, command, override

if TYPE_CHECKING:
    from cipherpost.workflows.deciding import Decided

_DAY = Day()
_WORDS = "OFFICE FORM PERIOD|PLACE"


def _deciding(*, dated: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a decision."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = [
            click.argument("words", nargs=-1, metavar=_WORDS),
            *([click.option("--until", type=_DAY, metavar="DATE", help="The new day.")] if dated else []),
            click.option("-m", "--message", metavar="WHY", help="The reason; only the office reads it."),
            click.option("--withdraw", is_flag=True, help="Take back all decisions on this debt."),
            click.option("-n", "--dry-run", is_flag=True, help="Say what would be done."),
            override,
        ]
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@command("send-back")
@_deciding(dated=True)
def send_back(session: Session, words: tuple[str, ...], until: date | None, **given: Any) -> int:
    """Return a report to the office, to be corrected until a day.

    Name it by office, form and period, or by its place.

    \b
    Examples:
      cipherpost send-back tver monthly-return 2026-10 --until 2026-12-01 \\
        -m "Attendance is missing in the second meeting."
      cipherpost send-back tver/center/12 --withdraw -m "Our mistake."
    """
    return _decide(session, "sent-back", words, until=until, dated=True, **given)


@command()
@_deciding(dated=False)
def accept(session: Session, words: tuple[str, ...], **given: Any) -> int:
    """Accept a report as it is, or agree that an event was called off.

    \b
    Example:
      cipherpost accept tver monthly-return 2026-10 -m "Complete; thank you."
    """
    return _decide(session, "accepted", words, **given)


@command()
@_deciding(dated=True)
def extend(session: Session, words: tuple[str, ...], until: date | None, **given: Any) -> int:
    """Give an office, or each office of a group, more time.

    \b
    Examples:
      cipherpost extend tver monthly-return 2026-10 --until 2026-12-01 \\
        -m "The roads are closed."
      cipherpost extend volga center/all/14 --until 2026-12-01 -m "Elections."
    """
    return _decide(session, "extended", words, until=until, dated=True, **given)


@command()
@_deciding(dated=False)
def excuse(session: Session, words: tuple[str, ...], **given: Any) -> int:
    """Let an office, or each office of a group, off a report or an answer.

    \b
    Examples:
      cipherpost excuse tver monthly-return 2026-10 -m "The archive burned."
      cipherpost excuse volga center/all/14 -m "Settled by telephone."
    """
    return _decide(session, "excused", words, **given)


def _decide(
    session: Session,
    verdict: str,
    words: tuple[str, ...],
    *,
    message: str | None,
    withdraw: bool,
    dry_run: bool,
    until: date | None = None,
    dated: bool = False,
) -> int:
    from cipherpost.errors import UseError
    from cipherpost.workflows import deciding

    name = deciding.COMMANDS[verdict]
    if message is None or not message.strip():
        raise UseError("a decision needs a reason", rule="it goes sealed to the office", hints=('add -m "WHY"',))
    if dated and not withdraw and until is None:
        raise UseError(f"{name} needs a day", hints=("add --until DATE",))
    if withdraw and until is not None:
        raise UseError("--until and --withdraw exclude each other", hints=(f"cipherpost {name} --help",))
    asked = deciding.Verdict(word=verdict, why=message, day=until, withdraw=withdraw)
    return _show(session, deciding.decide(session.desk(write=True), words, asked, dry_run=dry_run))


def _show(session: Session, done: "Decided") -> int:
    code = output.sent(session, done.posted, whole=done.as_json())
    for channel, taken in (done.takes_back or {}).items():
        if taken and not session.quiet:
            output.tell(f"taken back in {channel}: {'; '.join(map(str, taken))}")
    for office, reason in done.left_out.items():
        output.tell(f"left out: {output.safe(f'{office}: {reason}')}")
    return code


@command()
@click.argument("about", required=False, metavar="[PERIOD|CHANNEL/NUMBER]")
@click.option("--group", metavar="GROUP", help="Only the offices of this group, or one office.")
@click.option("-m", "--message", metavar="TEXT", help="Put this before the list.")
@click.option("--soon", type=click.IntRange(0, 366), metavar="DAYS", help="Also what is due within DAYS (7).")
@click.option("-n", "--dry-run", is_flag=True, help="Say who would be reminded of what.")
@override
def remind(
    session: Session, about: str | None, group: str | None, message: str | None, soon: int | None, dry_run: bool
) -> int:
    """Write to each office that owes something: one letter, all its debts.

    It names what is overdue, sent back, or due within a week; with a period or
    an order, only that, whenever it is due. Who owes nothing gets no letter,
    and the same reminder is not sent twice on a day.

    \b
    Examples:
      cipherpost remind
      cipherpost remind 2026-10 --group volga -m "We need this on Monday."
    """
    from cipherpost.workflows import reminding

    done = reminding.remind(
        session.desk(write=True),
        about,
        group=group,
        text=message,
        soon=reminding.SOON_DAYS if soon is None else soon,
        dry_run=dry_run,
    )
    whole = {
        "dispatches": [each.as_json() for each in done.sent],
        "left_out": [{"office": office, "reason": reason} for office, reason in done.left_out.items()],
        "unknown": list(done.unknown),
    }
    code = 0
    if dry_run and not session.as_json:
        for each in done.sent:
            output.say(each.posted.place)
        output.tell("nothing was sent")
    else:
        code = output.sent(session, [each.posted for each in done.sent], whole=whole)
    if session.quiet:
        return code
    for each in (sent for sent in done.sent if not sent.posted.already):
        output.tell(f"{'would remind' if dry_run else 'reminded'} {output.safe(each.line())}")
    for office, reason in done.left_out.items():
        output.tell(f"not reminded: {output.safe(f'{office}: {reason}')}")
    if done.unknown:
        output.tell(f"not known what they owe, since something of theirs is missing here: {', '.join(done.unknown)}")
    if not done.sent and not done.left_out:
        output.tell("nobody is to be reminded: nothing is overdue, sent back, or due soon")
    return code
