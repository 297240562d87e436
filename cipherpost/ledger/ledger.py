"""The ledger of a network: every debt, judged from roster and counting headers alone (V11, docs/protocol.md)."""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from cipherpost.chain.findings import Finding, sort_key
from cipherpost.chain.network import Chain
from cipherpost.ledger.account import Decided, Key
from cipherpost.ledger.book import Book
from cipherpost.ledger.debt import Debt
from cipherpost.ledger.events import event_debts
from cipherpost.ledger.findings import debt_findings
from cipherpost.ledger.judging import Clock
from cipherpost.ledger.orders import order_debt
from cipherpost.ledger.regular import regular_debts
from cipherpost.ledger.rosters import Left, Rosters
from cipherpost.ledger.stories import NOTHING, Told
from cipherpost.ledger.terms import AFTER, Terms, terms_at
from cipherpost.text import parse_place

_FEW: Final = 100
"""Offices whose debts are put into the sorted list one by one."""
_Key = tuple[str, int, str, str]


class _Judged(NamedTuple):
    """The debts of one office, sorted; they hold from ``as_of`` to ``until``, not included (None: without end)."""

    as_of: str
    until: str | None
    debts: tuple[Debt, ...]
    told: tuple[Told, ...]
    """Those of which V11 may have something to say."""

    def holds(self, as_of: str) -> bool:
        return self.as_of <= as_of and (self.until is None or as_of < self.until)


class Ledger:
    """Who owed what, and what became of it, at any time.

    A function of roster, counting headers and the judging time, never of letters: the same for everybody with the same
    notes. It may be kept while the chain grows: asking again costs what is new.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain: Final = chain
        self._rosters = Rosters(chain.roster)
        self._book = Book(chain)
        self._terms: Terms | None = None
        self._terms_from = ""
        self._judged: dict[str, _Judged] = {}
        self._all: list[Debt] = []
        self._listed: dict[str, _Judged] = {}
        """What `_all` was made of."""
        self._order: dict[str, int] = {}

    def debts(self, as_of: str, *, offices: Collection[str] | None = None) -> tuple[Debt, ...]:
        """Every debt at the time ``as_of``, sorted by deadline, office (in order of admission), form and period.

        Args:
            as_of: the judging time, ``2026-12-06T00:00:00Z``.
            offices: only what these owe; None: all.
        """
        terms = self._prepare(as_of)
        if offices is not None:
            found = [debt for name in offices for debt in self._judge(name, terms, as_of).debts]
            return tuple(sorted(found, key=self._key))
        self._list(terms, as_of)
        return tuple(self._all)

    def left(self, as_of: str) -> tuple[Left, ...]:
        """The offices without standing at the time ``as_of``, which owe nothing since; the last that left first."""
        self._prepare(as_of)
        return self._rosters.left(as_of)

    def decisions(self, debt: Debt, as_of: str) -> list[Decided]:
        """The center's verdicts on a debt at the time ``as_of``, by number, those taken back with ``owed`` too."""
        self._prepare(as_of)
        if debt.order is None:
            key: Key = (str(debt.form), str(debt.period))
        else:
            key = parse_place(debt.order)
        return self._book.account(debt.office).decided(key, as_of)

    def findings(self, as_of: str) -> tuple[Finding, ...]:
        """The findings of V11 at the time ``as_of``: repeat, order, late, overdue, unknown; sorted by place."""
        self._list(self._prepare(as_of), as_of)
        told = (pair for name in self._order for pair in self._judged[name].told)
        return tuple(sorted((each for debt, story in told for each in debt_findings(debt, story)), key=sort_key))

    # ---- what is new -------------------------------------------------------------------------------------------------

    def _prepare(self, as_of: str) -> Terms:
        grown = self._rosters.grow()
        if self._book.refresh():
            self._judged.clear()
        if grown:
            self._order = {name: at for at, name in enumerate(self.chain.roster.offices(self.chain.roster.newest))}
        terms = self._terms
        if terms is None or grown or as_of < self._terms_from or (terms.until is not None and as_of >= terms.until):
            terms = self._terms = terms_at(self._rosters, as_of)
            self._terms_from = as_of
            self._judged.clear()
        return terms

    def _judge(self, office: str, terms: Terms, as_of: str) -> _Judged:
        account = self._book.account(office)
        found = self._judged.get(office)
        if found is None or account.dirty or not found.holds(as_of):
            until = terms.until if account.latest <= as_of else as_of + AFTER
            found = self._judged[office] = self._judge_anew(office, terms, Clock(as_of, until))
            account.dirty = False
        return found

    def _judge_anew(self, office: str, terms: Terms, clock: Clock) -> _Judged:
        book, account = self._book, self._book.account(office)
        told: list[Told] = []
        debts = regular_debts(book, account, terms.terms, clock, told)
        for each in event_debts(book, self._rosters, account, clock) if account.events else ():
            told.append(each)
            debts.append(each.debt)
        for order in account.orders:
            debt = order_debt(book, self._rosters, account, order, clock)
            if debt is not None:
                told.append(Told(debt, NOTHING))
                debts.append(debt)
        if account.events or account.orders or account.decisions:
            debts.sort(key=self._key)
        return _Judged(clock.as_of, clock.until, tuple(debts), tuple(told))

    # ---- all of them, sorted -----------------------------------------------------------------------------------------

    def _key(self, debt: Debt) -> _Key:
        return debt.deadline, self._order.get(debt.office, 0), debt.form or "", debt.period or debt.order or ""

    def _list(self, terms: Terms, as_of: str) -> None:
        listed = self._listed
        changed: list[tuple[str, _Judged]] = []
        for name in self._order:
            judged = self._judge(name, terms, as_of)
            if listed.get(name) is not judged:
                changed.append((name, judged))
        if len(changed) <= _FEW:
            for name, judged in changed:
                self._exchange(listed[name].debts if name in listed else (), judged.debts)
        else:
            self._list_anew()
        listed.update(changed)

    def _exchange(self, old: Iterable[Debt], new: Iterable[Debt]) -> None:
        debts = self._all
        for debt in old:
            del debts[bisect_left(debts, self._key(debt), key=self._key)]
        for debt in new:
            debts.insert(bisect_left(debts, self._key(debt), key=self._key), debt)

    def _list_anew(self) -> None:
        by_deadline: dict[str, list[Debt]] = {}
        for name in self._order:
            for debt in self._judged[name].debts:
                by_deadline.setdefault(debt.deadline, []).append(debt)
        self._all = [debt for deadline in sorted(by_deadline) for debt in by_deadline[deadline]]
