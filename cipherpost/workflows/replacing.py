"""Superseding and cancelling: what a new letter replaces, and whether that still stands (V6)."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from cipherpost.dispatch.kinds import same_threshold
from cipherpost.errors import UseError
from cipherpost.text import TextError, parse_place, shown
from cipherpost.workflows import letters
from cipherpost.workflows.addressing import kind_for

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk

_QUIET: Final = frozenset({"receipt", "check", "roster", "key"})


class ReplacePlaceError(UseError):
    """What is to be superseded or cancelled is not named by one number of one channel."""


class NotReplaceableError(UseError):
    """The dispatch named cannot be superseded or cancelled by a letter of this office (V6)."""


class ReplacedAlreadyError(UseError):
    """The letter named was superseded or cancelled before."""


def replaced(entries: "Iterable[Entry]") -> dict[int, tuple[str, int]]:
    """Number to (``superseded`` or ``cancelled``, by which number), of the counting dispatches of one channel."""
    found = {}
    for entry in entries:
        header = entry.header
        if header.supersedes is not None:
            found[header.supersedes] = ("superseded", header.number)
        if header.cancels is not None:
            found[header.cancels] = ("cancelled", header.number)
    return found


def replaced_in(desk: "Desk", channel: str, above: int = 0) -> dict[int, tuple[str, int]]:
    """What dispatches above number ``above`` of a channel replace; see `replaced`."""
    view = desk.chain.channel(channel)
    found = (view.by_hash(row.hash) for row in desk.mail.rows(channel, above) if row.kind not in _QUIET)
    return replaced(entry for entry in found if entry is not None and entry.status == "counts")


def later_word(desk: "Desk", word: str) -> tuple[str, str] | None:
    """Of a dispatch named ``center/all/13``: (``superseded`` or ``cancelled``, the place of the later one), or None."""
    channel, _, number = word.rpartition("/")
    found = replaced_in(desk, channel, int(number)).get(int(number))
    return None if found is None else (found[0], f"{channel}/{found[1]}")


def place(desk: "Desk", word: str, audiences: Sequence[str]) -> tuple[str, int]:
    """Audience and number of what is replaced, from ``13`` beside one audience, or from ``center/all/13``.

    Raises:
        ReplacePlaceError: neither.
    """
    if word.isdecimal() and len(audiences) == 1:
        return audiences[0], int(word)
    try:
        channel, number = parse_place(word)
    except TextError:
        raise ReplacePlaceError(
            f"{shown(word)} names no letter to be replaced" if not word.isdecimal() else "a number needs its audience",
            rule="one letter of one channel, such as 13 beside --to all, or center/all/13",
            hints=("cipherpost outbox",),
        ) from None
    office, _, audience = channel.partition("/")
    if office != desk.office:
        raise NotReplaceableError(
            "it is another office's letter",
            where=word,
            rule="an office supersedes and cancels its own letters",
            hints=(f"cipherpost reply {word} FILE",),
        )
    if any(each != audience for each in audiences):
        raise ReplacePlaceError(
            f"the letter to be replaced went to {audience}, the new one would go elsewhere",
            where=word,
            rule="a letter is superseded or cancelled in its own channel",
            hints=(f"--to {audience}",),
        )
    return audience, number


def target(desk: "Desk", channel: str, number: int) -> "Entry":
    """The letter of an own channel that is to be superseded or cancelled.

    Raises:
        NoSuchDispatchError: it is not here. NotReplaceableError: what V6 would refuse, and why.
    """
    where = f"{channel}/{number}"
    entry = letters.entry_at(desk, where)
    kind = entry.header.kind
    if entry.status != "counts":
        raise NotReplaceableError(
            f"it does not count: {entry.reason.what if entry.reason else entry.status}",
            where=where,
            rule="V6: only what counts is superseded or cancelled",
            hints=("cipherpost fetch",),
        )
    if kind in _QUIET:
        raise NotReplaceableError(
            f"it is a {kind}, and says nothing that could be taken back",
            where=where,
            rule="letters are superseded and cancelled",
            hints=("cipherpost outbox",),
        )
    report = entry.header.report
    if report is not None:
        raise NotReplaceableError(
            "it is a report",
            where=where,
            rule="V6: a report is corrected or cancelled by a report",
            hints=(
                f"cipherpost correct {report.form} {report.period} --edit",
                f'cipherpost correct {report.form} {report.period} --cancel -m "WHY"',
            ),
        )
    if entry.header.decision is not None:
        raise NotReplaceableError(
            "it is a decision",
            where=where,
            rule="the last decision on a report holds; each is taken back by its own command",
            hints=(f"cipherpost {_COMMANDS.get(entry.header.decision.verdict, 'accept')} --help    (--withdraw)",),
        )
    new = kind_for(desk, channel.partition("/")[2])
    if not same_threshold(kind, new):
        raise NotReplaceableError(
            f"it is of the kind {kind}, and a {new} needs other signatures",
            where=where,
            rule="V6: superseded or cancelled is what needs the same signatures",
            hints=("cipherpost outbox",),
        )
    return entry


_COMMANDS: Final = {"excused": "excuse", "extended": "extend", "sent-back": "send-back"}


def check_not_proposed(desk: "Desk", entry: "Entry") -> None:
    """Refuse to propose a second letter in the place of one, while the first waits for signatures.

    Raises:
        ReplacedAlreadyError: naming the proposal.
    """
    from cipherpost.workflows import proposals

    header = entry.header
    for each in proposals.listing(desk) if proposals.may_be_open(desk) else ():
        draft = each.draft
        if each.is_open and draft.channel == header.channel and header.number in {draft.supersedes, draft.cancels}:
            raise ReplacedAlreadyError(
                f"proposal {each.number} would {'supersede' if draft.supersedes else 'cancel'} it",
                where=f"{header.channel}/{header.number}",
                rule="the last letter is the one to be superseded or cancelled",
                hints=(f"cipherpost read {each.place}", f"cipherpost amend {each.number} FILE"),
            )


def check_stands(desk: "Desk", entry: "Entry") -> None:
    """Refuse a letter that was replaced before; not for the very letter that replaced it.

    Raises:
        ReplacedAlreadyError: naming the one that did.
    """
    header = entry.header
    how = replaced_in(desk, header.channel, header.number).get(header.number)
    if how is None:
        return
    word, by = how
    hint = (
        f"cipherpost send FILE --to {header.audience} --supersedes {by}"
        if word == "superseded"
        else f"cipherpost send FILE --to {header.audience}"
    )
    raise ReplacedAlreadyError(
        f"number {by} {word} it before",
        where=f"{header.channel}/{header.number}",
        rule="the last letter is the one to be superseded or cancelled",
        hints=(f"cipherpost read {header.channel}/{by}", hint),
    )
