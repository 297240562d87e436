"""Reports of a network that never was, under the forms that ship, and what they add up to."""

import random
from functools import lru_cache
from typing import Any, Final

from pagekit import NASTY, titles

from cipherpost.forms.builtin import builtin
from cipherpost.ledger.collation import Filing, Total, totals
from cipherpost.ledger.returns import Coverage

FORM: Final = builtin("monthly-return")
_WORDS: Final = ("none held", "not known", "not collected")
_DEMANDS: Final = (
    "Bread by the card, and on the day that stands on it",
    "Дрова для школы до первого снега",
    NASTY,
    "Repair the bridge at Gorodnya;\nthe carts take the ford, and from November there is none",
)


def filing(office: str, *, older: bool = False) -> Filing:
    """What one office says of 2026-10; if ``older``, under a version of the form that asks for no demands."""
    chance = random.Random(office)
    data: dict[str, Any] = {
        "reports_held_total": _count(chance, 20),
        "demands_total": _count(chance, 12),
        "reports_held": [
            {
                "date": f"2026-10-{chance.randint(1, 31):02}",
                "speaker_office": chance.choice(["food supply", "economic council", "education"]),
                "audience": chance.choice(["workers of the Volga mill", "деревня Городня", NASTY]),
                "attendance": _count(chance, 400),
                **({"party_member": chance.random() < 0.6} if chance.random() < 0.8 else {}),
            }
            for _ in range(chance.randint(1, 4))
        ],
        "demands": [
            {
                "text": chance.choice(_DEMANDS),
                "category": chance.choice(["food and supply", "housing and fuel", "education", "other"]),
                "raised_by": _count(chance, 300),
            }
            for _ in range(chance.randint(1, 5))
        ],
    }
    if chance.random() < 0.3:
        data["remarks"] = chance.choice(["The roads were closed for nine days.", NASTY])
    fields = FORM.fields
    if older:
        fields = tuple(field for field in fields if field.name != "demands")
        del data["demands"]
    return Filing(office, "2026-10", f"{office}/center/{chance.randint(3, 40)}", fields, data)


def _count(chance: random.Random, most: int) -> int | str:
    return chance.randint(0, most) if chance.random() < 0.85 else chance.choice(_WORDS)


@lru_cache
def collated(count: int, older: int = 0) -> tuple[tuple[Total, ...], Coverage]:
    """The totals of ``count`` offices, of which every tenth sent nothing, and ``older`` use an older form."""
    offices = list(titles(count))
    missing = offices[5::10]
    sent = [office for office in offices if office not in missing]
    filings = [filing(office, older=at < older) for at, office in enumerate(sent)]
    coverage = Coverage(
        reported=len(filings) + 1,
        owed=count,
        late=2,
        nil=1,
        missing=tuple(missing),
        left_out=("office-001 (unreadable)",),
    )
    return totals(filings, FORM.fields), coverage
