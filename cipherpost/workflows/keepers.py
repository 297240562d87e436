"""The keepers: the officers of the center who sign the roster, more than half of them each entry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cipherpost.errors import UseError
from cipherpost.text import CENTER
from cipherpost.workflows import entries
from cipherpost.workflows.results import Posted
from cipherpost.workflows.roster import check_begun

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.words import Keepers

_MOST: Final = 15
"""Keepers that the roster's grammar has room for."""


class KeeperNameError(UseError):
    """Who is named cannot be a keeper, or is named twice."""


def majority(count: int) -> int:
    """More than half of ``count``."""
    return count // 2 + 1


# ---- what is ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The keepers now; ``others`` are officers of the center who are none."""

    keepers: tuple[str, ...]
    others: tuple[str, ...]
    since: int

    @property
    def needed(self) -> int:
        """How many of them sign an entry."""
        return majority(len(self.keepers))

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, value) for people."""
        yield "keepers", ", ".join(self.keepers)
        yield "sign an entry", f"{self.needed} of {len(self.keepers)}"
        yield "since", f"entry {self.since}"
        yield "other officers", ", ".join(self.others) or "none"

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        return {"keepers": list(self.keepers), "needed": self.needed, "since": self.since, "others": list(self.others)}


def show(desk: "Desk") -> Shown:
    """The keepers as this home has verified them.

    Raises:
        UnfinishedHomeError, NoRosterError: see `cipherpost.workflows.roster.check_begun`.
    """
    check_begun(desk)
    roster, newest = desk.roster, desk.roster.newest
    names = roster.keepers(newest)
    since = next(at for at in range(newest, 0, -1) if at == 1 or roster.keepers(at - 1) != names)
    officers = (each.name for each in roster.officers(CENTER, newest))
    return Shown(keepers=names, others=tuple(name for name in officers if name not in names), since=since)


# ---- what shall be ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Other keepers about to be stated; ``statement`` None: it is so already. ``question`` None: no need to ask."""

    statement: "Keepers | None"
    lines: tuple[str, ...]
    question: str | None = None


def plan(desk: "Desk", names: Sequence[str]) -> Change:
    """Check who shall keep the roster from now on: all of them, not only the new ones.

    Raises:
        NotKeeperError, UnreachableError: see `entries.prepare`.
        KeeperNameError: somebody is no officer of the center in good standing, is named twice, or they are too many.
    """
    from cipherpost.roster.words import Keepers

    entries.prepare(desk)
    for name in names:
        _check_name(desk, name, names)
    if len(names) > _MOST:
        raise KeeperNameError(f"{len(names)} keepers", rule=f"at most {_MOST}", hints=("three are enough",))
    newest = desk.roster.newest
    before, after = desk.roster.keepers(newest), tuple(sorted(names))
    if before == after:
        return Change(statement=None, lines=("they are the keepers already",))
    return Change(
        statement=Keepers(after), lines=tuple(_lines(before, after)), question=_question(len(before), len(after))
    )


def state(desk: "Desk", change: Change, *, dry_run: bool = False) -> Posted:
    """Post the entry, or propose it where others must sign; what is so already is answered with the newest entry."""
    if change.statement is not None:
        return entries.post(desk, [change.statement], dry_run=dry_run)
    return entries.stated_before(desk)


def _check_name(desk: "Desk", word: str, names: Sequence[str]) -> None:
    import difflib

    if word.startswith(f"{CENTER}/"):
        raise KeeperNameError(
            f"{word}: name the officer alone",
            rule="keepers are officers of the center",
            hints=("cipherpost keepers --help",),
        )
    if list(names).count(word) > 1:
        raise KeeperNameError(f"{word} is named twice", hints=("cipherpost keepers",))
    newest = desk.roster.newest
    there = [each.name for each in desk.roster.officers(CENTER, newest)]
    if word not in there:
        left = bool(desk.roster.keys(CENTER, word))
        near = difflib.get_close_matches(word, there, n=1)
        hint = f"cipherpost roster {CENTER}" if left else f"cipherpost admit {CENTER}/{word} --heard NUMBER"
        raise KeeperNameError(
            f"{word} {'is in no good standing' if left else 'is no officer of the center'}",
            rule=f"keepers are officers of the center: {', '.join(there)}",
            hints=(f"did you mean {near[0]}?" if near and not left else hint,),
        )


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield f"keepers from the next entry on: {', '.join(after)}; {majority(len(after))} of {len(after)} sign each"
    stay = len(set(before) & set(after))
    yield (
        f"this entry is signed by {majority(len(before))} of {len(before)} before it and {majority(len(after))} of "
        f"{len(after)} after it; {stay or 'none'} of them {'is' if stay == 1 else 'are'} both"
    )
    gone = [name for name in before if name not in after]
    if gone:
        yield f"no longer: {', '.join(gone)}; officers of the center they stay, until retired"


def _question(before: int, after: int) -> str | None:
    """Ask where the loss of one keeper's keys would stop the roster for good."""
    if after == 2:
        return "Two keepers must both sign: if one loses his keys, nobody can change the roster any more. Go on?"
    if after == 1 < before:
        return "One keeper alone can admit and replace anyone; if he loses his keys, nobody can. Go on?"
    return None
