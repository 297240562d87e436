"""Valid data for each form that ships with the package, varied by a whole number."""

import random
from datetime import date, timedelta
from typing import Any

WORDS = ("none held", "not known", "not collected")
OFFICES = ("food supply", "economic council", "public health", "education", "war commissariat", "land department")
AUDIENCES = ("workers of the Volga mill", "village of Gorodnya", "a women's meeting", "the railway workshops")
DEMANDS = (
    ("more bread", "food and supply"),
    ("firewood for the schools", "housing and fuel"),
    ("wages paid on the day", "work and wages"),
    ("seed before the spring", "land"),
    ("a feldsher in every volost", "health"),
    ("paper and ink", "education"),
)
PROGRESS = (
    "Heard with attention; many questions.",
    "Lively; two spoke against.\nResolved to support.",
    "Coldly received.",
)


def sample(form: str, seed: int = 0) -> dict[str, Any]:
    """Data of the builtin ``form`` that passes its check; the same for the same seed, other for most others."""
    dice = random.Random(f"{form} {seed}")  # the same on every machine
    return {
        "monthly-return": monthly_return,
        "conference-before": conference_before,
        "conference-after": conference_after,
    }[form](dice)


def monthly_return(dice: random.Random) -> dict[str, Any]:
    held = [report_held(dice) for _ in range(dice.randrange(5))]
    raised = demands(dice)
    data: dict[str, Any] = {
        "reports_held_total": len(held) + dice.randrange(3) if held else dice.choice(WORDS),
        "demands_total": len(raised) if raised else dice.choice(WORDS),
    }
    if held:
        data["reports_held"] = held
    if raised:
        data["demands"] = raised
    if dice.random() < 0.3:
        data["remarks"] = "The roads were bad; two volosts did not answer."
    return data


def report_held(dice: random.Random) -> dict[str, Any]:
    item: dict[str, Any] = {
        "date": a_day(dice),
        "speaker_office": dice.choice(OFFICES),
        "audience": dice.choice(AUDIENCES),
        "attendance": count(dice, 400),
    }
    if dice.random() < 0.8:
        item["party_member"] = dice.random() < 0.5
    if dice.random() < 0.7:
        item["progress"] = dice.choice(PROGRESS)
    return item


def demands(dice: random.Random) -> list[dict[str, Any]]:
    chosen = dice.sample(DEMANDS, dice.randrange(4))
    return [{"text": text, "category": category, "raised_by": count(dice, 200)} for text, category in chosen]


def conference_before(dice: random.Random) -> dict[str, Any]:
    items = ("Report on food supply", "Election of delegates", "The spring sowing", "Schools", "Any other matter")
    return {
        "place": dice.choice(("Tver, Workers' Club", "Gorodnya, the school", "Rzhev, People's House")),
        "date": a_day(dice),
        "agenda": [{"item": item} for item in dice.sample(items, 1 + dice.randrange(4))],
        "conditions": dice.choice(("The mood is firm; bread is short.", "Roads are open.\nNo strikes.")),
        "preparedness": dice.choice(("Speakers are named.", "Delegates are elected in 7 of 9 volosts.")),
        "responsible": dice.choice(("A. Petrov", "the women's section")),
    }


def conference_after(dice: random.Random) -> dict[str, Any]:
    data: dict[str, Any] = {
        "attendance": count(dice, 300),
        "course": dice.choice(
            ("Calm throughout.", "Debate on supply; a minority abstained.\nClosed with a vote of thanks.")
        ),
        "success": dice.choice(("full", "in part", "none", "broken off")),
    }
    groups = dice.sample(("members", "candidates", "without party", "women"), dice.randrange(5))
    texts = dice.sample(
        ("To support the supply committees.", "To open a reading room.", "To sow all land."), dice.randrange(4)
    )
    lists = {
        "composition": [{"group": group, "number": count(dice, 100)} for group in groups],
        "resolutions": [{"text": each} for each in texts],
        "demands": demands(dice),
    }
    return data | {name: items for name, items in lists.items() if items}


def count(dice: random.Random, most: int) -> int | str:
    """A number, or now and then one of the words that stand instead."""
    return dice.choice(WORDS) if dice.random() < 0.1 else dice.randrange(most)


def a_day(dice: random.Random) -> str:
    return (date(2026, 10, 1) + timedelta(days=dice.randrange(31))).isoformat()
