"""Statements of a roster entry that was proposed and not posted, for the next number (`amend` without a text).

Since they were made the roster has changed: another entry took their number, and more may have come. What follows from
the roster is made anew: keepers are changed as they were to be changed, new keys are stated and cut as `admit` does it
today, and channels that came since are cut too. What a person chose is restated as it was, and he is told where another
entry said otherwise since, or where a cut now leaves out letters that have come.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cipherpost.errors import NotAuthenticError, UseError
from cipherpost.text import CENTER
from cipherpost.workflows import entries, renewing, vetting

if TYPE_CHECKING:
    from cipherpost.card import SignedCard
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Statement
    from cipherpost.workflows.proposals import Proposal

_MOST_SHOWN: Final = 120
"""Characters of a statement that are shown."""
_ABOUT: Final = {"cut": 2, "duty": 2, "timezone": 0}
"""How many words after the first say what a statement is about; else one."""
_ALIKE: Final = {
    "retire": "officer",
    "compromised": "officer",
    "reinstate": "suspend",
    "dissolve": "suspend",
}
"""First words of statements that are about the same thing as others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """The statements as they are to be proposed now; ``notes``: how they changed; ``doubts``: what to think about."""

    place: str
    entry: int
    statements: "tuple[Statement, ...]"
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def question(self) -> str | None:
        """What a person must say yes to; None: nothing has changed that he decided."""
        return f"Propose it so, as entry {self.entry} of the roster?" if self.doubts else None

    def lines(self) -> Iterator[str]:
        """For the person who decides."""
        if not self.doubts and not self.notes:
            return
        yield f"since {self.place} was proposed something has changed:"
        yield from (f"  {each}" for each in (*self.doubts, *self.notes))
        yield f"entry {self.entry} would state:"
        yield from (f"  {_short(each)}" for each in self.statements)


def restate(desk: "Desk", proposal: "Proposal") -> Restated:
    """The statements of a proposed entry for the next number, against the roster and the letters of today.

    Raises:
        EntryRefusedError: the roster would refuse them, or they say nothing any more.
        NotAuthenticError: keys that it states are good no more (`renewing.statements_for`).
        UnableError: the post office does not answer.
    """
    from cipherpost.roster.statements import parse_statements

    stated = parse_statements(proposal.draft.statements)
    try:
        statements = _keepers(desk, proposal, stated)
        statements, cards = _keys(desk, proposal, statements)
        statements = _cuts(desk, proposal, statements, cards)
        if not statements:
            raise entries.EntryRefusedError("it is so already", rule="an entry states what is not so yet")
        entries.try_own(desk, statements)
    except (NotAuthenticError, UseError) as error:  # what was posted meanwhile has made it needless, or wrong
        error.hints = (f"cipherpost withdraw {proposal.number}", *error.hints[:1])
        raise
    return Restated(
        place=proposal.place,
        entry=desk.roster.newest + 1,
        statements=tuple(statements),
        notes=tuple(_made_anew(proposal, stated, statements)),
        doubts=(
            *_other_keepers(stated, statements),
            *_said_since(desk, proposal, statements),
            *vetting.uncounted(desk, statements),
        ),
    )


# ---- made anew -----------------------------------------------------------------------------------------------------


def _keepers(desk: "Desk", proposal: "Proposal", stated: "Sequence[Statement]") -> "list[Statement]":
    """The statements, with the keepers that come of the same change to those of today."""
    from cipherpost.roster.words import Compromised, Keepers, Retire

    now = set(desk.roster.keepers(desk.roster.newest))
    before = set(desk.roster.keepers(_number(proposal) - 1))
    wanted = next((set(each.names) for each in reversed(stated) if isinstance(each, Keepers)), before)
    left = {each.officer for each in stated if isinstance(each, Retire | Compromised) and each.office == CENTER}
    after = ((now - (before - wanted)) | (wanted - before)) - left
    if not after:
        raise entries.EntryRefusedError("nobody would keep the roster any more", rule="keepers sign the roster")
    others: list[Statement] = [each for each in stated if not isinstance(each, Keepers)]
    if after == now:
        return others
    at = next((place for place, each in enumerate(stated) if isinstance(each, Keepers)), len(others))
    return [*others[:at], Keepers(tuple(sorted(after))), *others[at:]]


def _keys(
    desk: "Desk", proposal: "Proposal", statements: "Sequence[Statement]"
) -> "tuple[list[Statement], list[SignedCard]]":
    """The statements, with the keys of officers who have some stated as their cards are worth today; and the cards."""
    from cipherpost.roster.words import Officer

    cards = {each.officer: each.card for each in vetting.stated_keys(desk, proposal) if each.card is not None}
    found: list[Statement] = []
    for each in statements:
        card = cards.get(each) if isinstance(each, Officer) else None
        if isinstance(each, Officer) and card is not None and desk.roster.keys(each.office, each.name):
            found += renewing.statements_for(desk, card, heard=not each.unchecked)
        else:
            found.append(each)
    return found, list(cards.values())


def _cuts(
    desk: "Desk", proposal: "Proposal", statements: "Sequence[Statement]", cards: "Sequence[SignedCard]"
) -> "list[Statement]":
    """The statements, with the cuts of who loses his standing by them: new keys as `admit` cuts them today; all
    others, which a person may have chosen, as they were, with what was verified of channels that came since.
    """
    from cipherpost.roster.words import Cut, Officer

    number, new = _number(proposal), desk.roster.newest + 1
    old = {each.channel: each for each in statements if isinstance(each, Cut) and each.entry == number}
    others = [each for each in statements if each not in old.values()]
    cutting = renewing.Cutting(desk)
    for card in cards:
        cutting.check_heads(card)
    taken = {office for office, _ in vetting.losing(desk, [each for each in others if not isinstance(each, Officer)])}
    renewed = [each for each in cutting.with_cuts(others, cards) if each not in others]
    found = [*others, *(each for each in renewed if isinstance(each, Cut) and _office(each.channel) not in taken)]
    again = {_office(each.channel) for each in found if isinstance(each, Cut) and each.entry == new}
    heads = {channel: head for office in taken for channel, head in cutting.verified(office).items()}
    for channel in sorted({*old, *(name for office in taken for name in _channels(desk, office))}):
        if _office(channel) not in again:
            last = heads.get(channel)
            now = Cut(new, channel, *last) if last is not None else Cut(new, channel, 0, None)
            found.append(replace(old[channel], entry=new) if channel in old else now)
    return found


def _channels(desk: "Desk", office: str) -> Iterator[str]:
    return (name for name in desk.roster.channels_of(office) if name != entries.ROSTER_CHANNEL)


def _office(channel: str) -> str:
    return channel.partition("/")[0]


def _number(proposal: "Proposal") -> int:
    assert proposal.draft.number is not None
    return proposal.draft.number


# ---- what the proposer should know ---------------------------------------------------------------------------------


def _made_anew(proposal: "Proposal", old: "Sequence[Statement]", new: "Sequence[Statement]") -> Iterator[str]:
    """Statements that are others than were proposed; a cut that only goes to the new number is the same."""
    from cipherpost.roster.words import Cut, Keepers

    number = _number(proposal)
    cuts = {(each.channel, each.number, each.hash) for each in old if isinstance(each, Cut) and each.entry == number}
    for each in new:
        if each in old or isinstance(each, Keepers):
            continue
        if not isinstance(each, Cut):
            yield f"made anew: {_short(each)}"
        elif (each.channel, each.number, each.hash) not in cuts:
            yield f"made anew: the cut in {each.channel}, at number {each.number}"


def _other_keepers(old: "Sequence[Statement]", new: "Sequence[Statement]") -> Iterator[str]:
    """How the keepers differ from those that were proposed."""
    from cipherpost.roster.words import Keepers

    was, now = ([each.names for each in those if isinstance(each, Keepers)][-1:] for those in (old, new))
    if was != now:
        proposed = f"; proposed were {', '.join(was[0])}" if was else ""
        yield (f"keepers would be {', '.join(now[0])}" if now else "the keepers would stay as they are") + proposed


def _said_since(desk: "Desk", proposal: "Proposal", statements: "Sequence[Statement]") -> Iterator[str]:
    """What entries since have stated of the same things, otherwise."""
    from cipherpost.roster.statements import parse_statements

    mine = {about: each for each in statements if (about := _about(each)) is not None}
    for number in range(_number(proposal), desk.roster.newest + 1):
        entry = desk.chain.channel(entries.ROSTER_CHANNEL).entry(number)
        assert entry is not None  # the roster was read up to its newest
        for each in parse_statements(entry.header.statements):
            about = _about(each)
            if about in mine and each != mine[about]:
                yield f"entry {number} has stated: {_short(each)}"


def _about(statement: "Statement") -> tuple[str, ...] | None:
    """What a statement is about; None for keepers, who are compared by name."""
    word, *rest = str(statement).split(" ")
    return None if word == "keepers" else (_ALIKE.get(word, word), *rest[: _ABOUT.get(word, 1)])


def _short(statement: "Statement") -> str:
    line = str(statement)
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."
