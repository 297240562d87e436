"""Audits that never were: clean ones, one with every kind of finding, and one of a thousand channels."""

import hashlib
import random
from datetime import date, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Final

from pagekit import NASTY, debts, titles

from cipherpost.chain.findings import CODES, Finding
from cipherpost.chain.history import dated, history
from cipherpost.dispatch.header import Head
from cipherpost.workflows.audit_report import Report

AS_OF: Final = "2027-01-12T09:00:00Z"
_BEGAN: Final = date(2026, 1, 5)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def past(channel: str, days: list[int]):
    """The history of a channel with one dispatch on each of these days after the first."""
    nodes = [
        SimpleNamespace(number=at, time=f"{_BEGAN + timedelta(days=day)}T09:00:00Z") for at, day in enumerate(days, 1)
    ]
    made = history(channel, *dated(nodes), 30)
    assert made is not None
    return made


def report(channels: dict[str, list[int]], findings=(), **more) -> Report:
    """A report; ``channels``: the days on which each was written to."""
    histories = tuple(past(name, days) for name, days in sorted(channels.items()) if days)
    fields = {
        "network": "rkpb",
        "fingerprint": sha("genesis"),
        "roster": Head("center/roster", 7, sha("roster")),
        "as_of": AS_OF,
        "dispatches": sum(each.many for each in histories),
        "heads": tuple(Head(each.channel, each.last, sha(each.channel)) for each in histories),
        "findings": tuple(findings),
        "not_checked": ("V9, the sealed files", "V10, the letters: an audit opens none"),
        "histories": histories,
        "titles": {"center": "Central Committee"},
        "zone": "Europe/Moscow",
    }
    return Report(**{**fields, **more})


def steady(chance: random.Random, every: float, until: int = 370) -> list[int]:
    days, day = [], chance.uniform(0, 20)
    while day < until:
        days.append(int(day))
        day += chance.expovariate(1 / every)
    return days


@lru_cache
def clean() -> Report:
    """Three channels and the roster."""
    chance = random.Random(3)
    made = {name: steady(chance, 9) for name in ("center/all", "center/tver", "tver/center")}
    made["tver/center"] = [day for day in made["tver/center"] if not 100 < day < 190]
    return report({"center/roster": [0, 3, 60, 200], **made}, owing={"tver": "Tver Gubernia Committee"})


def every_finding() -> list[Finding]:
    """Two of each code, one known one."""
    found = []
    for at, code in enumerate(CODES):
        office = f"office-{at % 6:03}"
        for number in (3 + at, 9 + at // 2):
            time = None if code in {"gap", "forged"} else f"{_BEGAN + timedelta(days=11 * at + number)}T09:00:00Z"
            detail = f"what was found is told here in a clause: {NASTY}" if code == "void" else f"a clause on {code}"
            found.append(
                Finding(code=code, channel=f"{office}/center", number=number, office=office, detail=detail, time=time)
            )
    found.append(Finding(code="stale", office="center", detail="nothing of the center is newer than it was"))
    found.append(Finding(code="gap", channel="samara/center", number=1, office="samara", detail="numbers 1 to 4"))
    since = Finding(code="fork", channel="office-001/center", number=5, office="office-001", detail="two dispatches")
    return [*found, since.known("center/roster/6")]


@lru_cache
def bad() -> Report:
    """Every kind of finding, and the ledger of six offices, one with a title that wants to break the page."""
    chance = random.Random(6)
    made = {"center/all": steady(chance, 12), "center/roster": [0, 1, 40, 80, 200, 250, 300]}
    for office in titles(6):
        made[f"{office}/center"] = steady(chance, 8 + 4 * (len(made) % 4))
        made[f"center/{office}"] = steady(chance, 25)
    return report(
        made,
        every_finding(),
        titles={"center": "Central Committee", **titles(6)},
        owing=titles(6),
        debts=tuple(debts(6)),
        unread={"rkpb/tver/center/00000009.note": f"input or output error {NASTY}"},
    )


@lru_cache
def large(offices: int = 333) -> Report:
    """A thousand channels, findings in some of them."""
    chance = random.Random(offices)
    made = {"center/all": steady(chance, 3), "center/roster": steady(chance, 30)}
    found = []
    for office in titles(offices):
        made[f"{office}/center"] = steady(chance, 12)
        made[f"center/{office}"] = steady(chance, 40)
        made[f"{office}/{office}"] = steady(chance, 20)
        if chance.random() < 0.1:
            code = chance.choice(["gap", "fork", "forged", "late", "overdue", "overdue", "clock"])
            number = chance.randrange(1, 20)
            channel = f"{office}/center"
            found.append(
                Finding(code=code, channel=channel, number=number, office=office, detail=f"a clause on {code}")
            )
    return report(
        made, found, titles={"center": "Central Committee", **titles(offices)}, owing=titles(offices),
        debts=tuple(debts(offices)),
    )  # fmt: skip
