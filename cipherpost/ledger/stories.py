"""The reports of one debt: the first that stands, its corrections, what repeats it, what was cancelled."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cipherpost.ledger.account import Account, Filing, Key
from cipherpost.ledger.debt import Debt


class Story(NamedTuple):
    """``versions``: the report and its corrections, by number; empty where none stands. ``repeats``: further reports
    that supersede none of them. ``cancelled``: the number of the dispatch that took the newest report back.
    """

    versions: tuple[Filing, ...] = ()
    repeats: tuple[Filing, ...] = ()
    cancelled: int | None = None


NOTHING = Story()


class Told(NamedTuple):
    """A debt with the story of its reports."""

    debt: Debt
    story: Story


def tell(account: Account, key: Key, as_of: str) -> Story:
    """The story of one debt as it was at ``as_of``."""
    filings: Sequence[Filing] = account.filings(key)
    if not filings:
        return NOTHING
    if account.latest > as_of:
        filings = [each for each in filings if account.known(each.number, each.time, as_of)]
        if not filings:
            return NOTHING
    if len(filings) == 1 and not filings[0].cancels and filings[0].number not in account.targets:
        return Story((filings[0],))
    return _tell(account, key, filings, as_of)


def _tell(account: Account, key: Key, filings: Sequence[Filing], as_of: str) -> Story:
    chains: dict[int, list[Filing]] = {}
    root_of: dict[int, int] = {}
    for each in filings:
        if each.cancels:
            continue
        root = root_of.get(each.target, each.number) if each.target is not None else each.number
        root_of[each.number] = root
        chains.setdefault(root, []).append(each)
    cancelled: dict[int, int] = {}
    for number, root in root_of.items():
        for taken in account.targets.get(number, ()):
            if (taken.cancels or taken.key != key) and account.known(taken.number, taken.time, as_of):
                cancelled[root] = max(taken.number, cancelled.get(root, 0))
    standing = [chain for root, chain in sorted(chains.items()) if root not in cancelled]
    taken_back = max(cancelled.values(), default=None)
    if not standing:
        return Story(cancelled=taken_back)
    return Story(tuple(standing[0]), tuple(_firsts(standing[1:])), taken_back)


def _firsts(chains: Iterable[Sequence[Filing]]) -> Iterable[Filing]:
    return (chain[0] for chain in chains)
