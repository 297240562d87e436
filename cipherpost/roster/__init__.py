"""Who belongs, with which keys, and who owes what: the statements, their fold, and what follows for standing."""
