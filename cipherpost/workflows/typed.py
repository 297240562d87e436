"""What a person typed: a slip in it is wrong use of a command, and nobody's forgery."""

from collections.abc import Iterator
from contextlib import contextmanager

from cipherpost.errors import UseError
from cipherpost.text import TextError


class TypedError(UseError):
    """A name, number, title or subject on the command line does not have its form."""


@contextmanager
def typed(*hints: str) -> Iterator[None]:
    """Turn a `TextError` about what was typed into wrong use (exit 2), with these hints.

    Raises:
        TypedError: as the text's own error says.
    """
    try:
        yield
    except TextError as error:
        raise TypedError(error.what, where=error.where, rule=error.rule, hints=error.hints or hints) from None
