"""Sizes as people type them: ``500kB``, ``10 MB``, ``2GB``; decimal units."""

import re
from typing import Final

_UNITS: Final = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
_SIZE: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]))? ?([a-zA-Z]{0,2})")


def parse_size(word: str) -> int:
    """Bytes.

    Raises:
        UseError: not a number and one of B, kB, MB, GB.
    """
    from cipherpost.errors import UseError
    from cipherpost.text import shown

    match = _SIZE.fullmatch(word.strip())
    unit = _UNITS.get(match[3].lower()) if match else None
    if match is None or unit is None:
        raise UseError(f"{shown(word)} is not a size", rule="a number and B, kB, MB or GB", hints=("--max-size 10MB",))
    return int(match[1]) * unit + int(match[2] or "0") * unit // 10
