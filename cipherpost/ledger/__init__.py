"""The ledger: who owes what, who has sent it, what it adds up to (docs/protocol.md, "Duties and debts")."""
