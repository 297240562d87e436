"""Standing taken away, with the cuts that keep valid what was sent before, and given back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from cipherpost.errors import UseError
from cipherpost.text import CENTER
from cipherpost.workflows import entries
from cipherpost.workflows.admission import known_office
from cipherpost.workflows.cuts import PlannedCut, acknowledged, choose, count_held, heads_before, verified_heads
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.build import Heads, Taking
    from cipherpost.roster.state import OfficerInfo
    from cipherpost.roster.words import Statement

Word = Literal["suspend", "dissolve", "retire", "compromised"]

_DOING: Final[dict[Word, str]] = {
    "suspend": "suspending",
    "dissolve": "dissolving",
    "retire": "retiring",
    "compromised": "declaring compromised the keys of",
}
_HONEST: Final[tuple[Word, ...]] = ("suspend", "retire")
"""Losses of those whom nobody accuses: what the center acknowledged should go on counting."""


class NothingToTakeError(UseError):
    """The office or officer has no standing that could be taken away."""


class SinceError(UseError):
    """The day from which keys are not trusted lies ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What taking standing away will state, for the person who decides.

    ``officer`` is None where the whole office loses it; ``entry`` is the one whose cuts these are; ``notes`` are
    sentences on what is worth knowing before; ``question`` None: no need to ask.
    """

    word: Word
    office: str
    officer: str | None
    title: str
    entry: int
    cuts: tuple[PlannedCut, ...]
    statements: "tuple[Statement, ...]"
    notes: tuple[str, ...] = ()
    question: str | None = None

    @property
    def because(self) -> str:
        """Why the question is asked."""
        if self.word == "suspend":
            return f"this takes all standing from {self.office} (until `reinstate`) and needs a yes"
        return "this cannot be undone and needs a yes"

    @property
    def who(self) -> str:
        """``tver``, or ``tver/ivanov``."""
        return self.office if self.officer is None else f"{self.office}/{self.officer}"

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        if self.cuts:
            yield f"{_DOING[self.word]} {self.who} ({self.title}); what counts of it ends with:"
        else:
            yield f"{_DOING[self.word]} {self.who} ({self.title}); it has no standing to lose, so nothing is cut"
        yield from (f"  {cut.line()}" for cut in self.cuts)
        yield from self.notes


# ---- planning ------------------------------------------------------------------------------------------------------


def plan(desk: "Desk", word: Word, who: str, *, cuts: Sequence[str] = (), since: date | None = None) -> Loss:
    """Look at everything the office sent, and plan the cuts at what was verified.

    Args:
        who: an office, or ``tver/ivanov`` for `retire` and `compromised`.
        cuts: lower ones chosen by a person, as places: ``tver/center/18``, or ``tver/center/0`` for nothing.
        since: cut at what others had acknowledged before this day (UTC); what was stolen then signs any date.

    Raises:
        NotKeeperError: see `entries.prepare`. UnknownOfficeError: no such office.
        NothingToTakeError: no such officer, no standing, or the center as a whole.
        SinceError: that day has not come yet.
        CutChoiceError, CutBeyondError: see `cipherpost.workflows.cuts.choose`.
        LastKeeperError: nobody could sign the roster any more.
    """
    from cipherpost.roster import build

    office, officer = _named(desk, word, who)
    if since is not None and since > desk.now().date():
        raise SinceError(
            f"{since} has not come yet",
            rule="--since is the first day (UTC) on which the keys may have been in other hands",
            hints=(f"cipherpost {word} {who} --cut {office}/{CENTER}/NUMBER    (for a theft today)",),
        )
    entries.prepare(desk)
    known_office(desk, office)
    _check_standing(desk, word, office, officer)
    taking = _taking(word, office, officer)
    newest = desk.roster.newest
    lost = _last_tenure(desk, office, officer)
    until = lost.until if officer is not None and lost is not None else None
    gone = until is not None
    entry = newest + 1 if until is None else until
    found = verified_heads(desk, office)
    base = found if since is None else heads_before(desk, found, since)
    if gone:  # the cuts of the entry that took the standing away hold, but for those that are lowered now
        heads = choose(desk, office, _lower(desk, entry, base), cuts, top=found)
        statements: list[Statement] = [taking, *_moved(entry, heads)]
    else:
        heads = choose(desk, office, base, cuts, top=found)
        there = {channel: head for channel, head in heads.items() if head[0]}
        statements = list(build.take_away(desk.roster, [taking], there))
    planned = _planned(entry, statements)
    return Loss(
        word=word,
        office=office,
        officer=officer,
        title=desk.roster.title(office, newest),
        entry=entry,
        cuts=planned,
        statements=tuple(statements),
        notes=tuple(_notes(desk, word, office, officer, planned, statements)),
        question=_question(desk, word, office, officer, planned),
    )


def take(desk: "Desk", loss: Loss, *, dry_run: bool = False) -> Posted:
    """Post what was planned."""
    return entries.post(desk, loss.statements, dry_run=dry_run)


def reinstate(desk: "Desk", office: str, *, dry_run: bool = False) -> Posted:
    """Give a suspended office its standing back, with the same keys."""
    from cipherpost.roster import words

    entries.prepare(desk)
    known_office(desk, office)
    return entries.post(desk, [words.Reinstate(office)], dry_run=dry_run)


def _named(desk: "Desk", word: Word, who: str) -> tuple[str, str | None]:
    office, slash, officer = who.partition("/")
    if word in {"retire", "compromised"}:
        if not slash or not officer:
            raise NothingToTakeError(
                f"{who}: which officer of it?",
                rule=f"{word} is about one officer",
                hints=tuple(_meant(desk, word, office)),
            )
        return office, officer
    if slash:
        raise NothingToTakeError(
            f"{who}: that is one officer",
            rule=f"{word} is about a whole office",
            hints=(f"cipherpost retire {who}", f"cipherpost {word} {office}"),
        )
    if office == CENTER:
        raise NothingToTakeError(
            f"the center cannot be {'suspended' if word == 'suspend' else 'dissolved'}",
            rule="its officers are retired one by one",
            hints=(f"cipherpost retire {CENTER}/NAME",),
        )
    return office, None


def _meant(desk: "Desk", word: Word, name: str) -> Iterator[str]:
    """What somebody may have meant who named an officer by half: the office alone, or the officer alone."""
    if desk.roster.office(name) is not None:
        yield f"cipherpost {word} {name}/NAME"
        yield f"cipherpost roster {name}"
        return
    newest = desk.roster.newest
    bearers = [each for each in desk.roster.offices(newest) if desk.roster.officer(each, name, newest) is not None]
    yield from (f"cipherpost {word} {office}/{name}" for office in bearers[:2])
    if not bearers:
        yield "cipherpost roster"


def _check_standing(desk: "Desk", word: Word, office: str, officer: str | None) -> None:
    """Refuse what the roster would refuse, in the words of who asks; the roster itself is asked before posting."""
    state = desk.roster.state(office, desk.roster.newest)
    if officer is not None:
        if not desk.roster.keys(office, officer):
            raise NothingToTakeError(
                f"there is no officer {office}/{officer}",
                rule="the roster names them",
                hints=(f"cipherpost roster {office}",),
            )
    elif state == "dissolved" or (word == "suspend" and state != "good"):
        raise NothingToTakeError(
            f"{office} cannot be {'suspended' if word == 'suspend' else 'dissolved'}: it is {state}",
            rule="only an office in good standing has something to lose",
            hints=("cipherpost roster",),
        )


def _taking(word: Word, office: str, officer: str | None) -> "Taking":
    from cipherpost.roster import words

    if officer is None:
        return words.Suspend(office) if word == "suspend" else words.Dissolve(office)
    return words.Retire(office, officer) if word == "retire" else words.Compromised(office, officer)


def _last_tenure(desk: "Desk", office: str, officer: str | None) -> "OfficerInfo | None":
    """The newest stretch of standing: the officer's, or anybody's of the office; None: it never had an officer."""
    tenures = desk.roster.keys(office, officer) if officer is not None else desk.roster.tenures(office)
    return tenures[-1] if tenures else None


def _lower(desk: "Desk", entry: int, heads: "Heads") -> "Heads":
    """Those of ``heads`` that lie below the cuts of ``entry``."""
    return {channel: head for channel, head in heads.items() if head[0] < desk.roster.cut(entry, channel).number}


def _moved(entry: int, heads: "Heads") -> "list[Statement]":
    from cipherpost.roster import words

    return [words.Cut(entry, channel, number, digest or None) for channel, (number, digest) in sorted(heads.items())]


def _planned(entry: int, statements: "Sequence[Statement]") -> tuple[PlannedCut, ...]:
    from cipherpost.roster.words import Cut

    stated = (each for each in statements if isinstance(each, Cut) and each.entry == entry)
    return tuple(PlannedCut(each.channel, each.number, each.hash) for each in stated)


# ---- what the person should know -------------------------------------------------------------------------------------


def _notes(
    desk: "Desk",
    word: Word,
    office: str,
    officer: str | None,
    cuts: Sequence[PlannedCut],
    statements: "Sequence[Statement]",
) -> Iterator[str]:
    from cipherpost.roster.words import Keepers

    for cut in cuts:
        yield from _about_cut(desk, word, cut)
    for said in statements:
        if isinstance(said, Keepers):
            yield f"keepers from then on: {', '.join(said.names)}"
    newest = desk.roster.newest
    needed, left = desk.roster.threshold(office, newest), len(_left(desk, office, officer))
    if officer is not None and 0 < left < needed:
        yield f"the threshold of {office} is {needed}, and {left} of its officers stay: admit others, or lower it"
    if word == "compromised":
        yield "what was sealed to these keys before can be read by whoever has them"


def _about_cut(desk: "Desk", word: Word, cut: PlannedCut) -> Iterator[str]:
    acked = acknowledged(desk, cut.channel)
    if acked > cut.number:
        lost = f"{cut.channel}/{cut.number + 1}" + (f" to {acked}" if acked > cut.number + 1 else "")
        yield f"the center has acknowledged {lost}, which will count no more" + (
            f"; auditors will list it as {'uncounted' if word in _HONEST else 'void'}"
        )
    waiting = count_held(desk, cut.channel)
    if waiting:
        yield (
            f"{waiting} of {cut.channel} wait for an earlier number: what comes of them later counts only "
            f"if you move the cut (cipherpost cut)"
        )


def _left(desk: "Desk", office: str, officer: str | None) -> "list[OfficerInfo]":
    if officer is None:
        return []
    return [each for each in desk.roster.officers(office, desk.roster.newest) if each.name != officer]


def _question(desk: "Desk", word: Word, office: str, officer: str | None, cuts: Sequence[PlannedCut]) -> str | None:
    """What to ask before it is done; retiring one officer of several needs no question."""
    if officer is None:
        return f"{word.capitalize()} {office}?"
    if word == "compromised":
        return f"Declare the keys of {office}/{officer} compromised?"
    present = desk.roster.officer(office, officer, desk.roster.newest) is not None
    if present and not _left(desk, office, officer):
        return f"Retire {officer}, the last officer of {office}?"
    if any(acknowledged(desk, cut.channel) > cut.number for cut in cuts):
        return f"Retire {office}/{officer}, and let go of what the center has acknowledged?"
    return None
