"""The forms that ship with the package: the monthly return, and the reports before and after a conference."""

from functools import lru_cache
from importlib import resources
from typing import Final

from cipherpost.forms.schema import Form, parse_form

BUILTIN: Final = ("monthly-return", "conference-before", "conference-after")
"""Their names. A center may publish newer versions of them, or take other names for its own."""


@lru_cache(maxsize=len(BUILTIN))
def builtin(name: str) -> Form:
    """The form of that name as it ships.

    Raises:
        KeyError: ``name`` is not one of `BUILTIN`: a mistake of the caller.
    """
    if name not in BUILTIN:
        raise KeyError(name)
    file = resources.files("cipherpost.forms") / "builtin" / f"{name}.json"
    return parse_form(file.read_bytes(), where=name)


def builtin_by_hash(digest: str) -> Form | None:
    """The form whose file has that SHA-256, if it ships with the package."""
    return next((form for name in BUILTIN if (form := builtin(name)).hash == digest), None)
