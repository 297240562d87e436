"""The ledger of a network: every debt, judged from roster and counting headers alone (V11, docs/protocol.md)."""

from collections.abc import Collection

from cipherpost.chain.findings import Finding
from cipherpost.chain.network import Chain
from cipherpost.ledger.debt import Debt


class Ledger:
    """Who owed what, and what became of it, at any time.

    A function of roster, counting headers and the judging time, never of letters: the same for everybody with the same
    notes. It may be kept while the chain grows: asking again costs what is new.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def debts(self, as_of: str, *, offices: Collection[str] | None = None) -> tuple[Debt, ...]:
        """Every debt at the time ``as_of``, sorted by deadline, office (in order of admission), form and period.

        Args:
            as_of: the judging time, ``2026-12-06T00:00:00Z``.
            offices: only what these owe; None: all.
        """
        return ()

    def findings(self, as_of: str) -> tuple[Finding, ...]:
        """The findings of V11 at the time ``as_of``: repeat, order, late, overdue, unknown."""
        return ()
