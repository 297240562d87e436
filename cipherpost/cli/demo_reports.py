"""The second half of ``cipherpost demo``: three months of reports, three conferences, and what they add up to."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from cipherpost.cli.demo_stage import Stage

DUE: Final = 5
GRACE: Final = 3
_SPEAKERS: Final = ("food supply", "economic council", "public health", "education", "social security")
_PLACES: Final = (
    "workers of the mill",
    "the village meeting",
    "the railway shops",
    "a women's meeting",
    "the garrison",
)
_DEMANDS: Final = (
    ("Bread at the fixed price before the holidays.", "food and supply"),
    ("Boots for those who work in the forest.", "work and wages"),
    ("A doctor once a week.", "health"),
    ("Timber for the school roof.", "education"),
    ("Seed before the sowing.", "land"),
)


class Months:
    """The last three whole months whose reports are due before ``now``, and the eve of the first."""

    def __init__(self, now: datetime) -> None:
        last = (now - timedelta(days=DUE + GRACE + 2)).date().replace(day=1) - timedelta(days=1)
        days = [last]
        while len(days) < 3:
            days.append(days[-1].replace(day=1) - timedelta(days=1))
        self.ends: list[date] = sorted(days)
        self.eve: datetime = _noon(self.ends[0].replace(day=1) - timedelta(days=10))

    @property
    def names(self) -> list[str]:
        """``2026-08`` and so on."""
        return [f"{end:%Y-%m}" for end in self.ends]


class ThreeMonths:
    """Twenty committees over three months: most report in time, and a few do what happens in life."""

    def __init__(self, stage: Stage, names: Sequence[str], months: Months) -> None:
        self.stage = stage
        self.names = names
        self.months = months

    def play(self) -> None:
        """All of it, up to the center's last look."""
        self._state_duties()
        for at, end in enumerate(self.months.ends):
            self._hold_conference(at, end)
            self._month(at, end)

    # ---- what is owed ------------------------------------------------------------------------------------------------

    def _state_duties(self) -> None:
        first = self.months.names[0]
        with self.stage.part("The center publishes its forms and states who owes which report, and when."):
            for form in ("monthly-return", "conference-before", "conference-after"):
                self.stage.run("center", "form", "publish", form, show=form == "monthly-return", lines=2)
            duties = (
                ("monthly-return", "all", "monthly", "--due", str(DUE), "--grace", str(GRACE), "--from", first),
                ("conference-before", "all", "event"),
                ("conference-after", "all", "event", "--within", "7"),
            )
            for duty in duties:
                self.stage.run("center", "duty", "add", *duty, lines=1)
            for name in self.names:
                self.stage.run(name, "fetch", show=False)
            self.stage.say(f"  What {self.names[0]} owes from now on:")
            self.stage.run(self.names[0], "owed", lines=6)

    # ---- a month -----------------------------------------------------------------------------------------------------

    def _month(self, at: int, end: date) -> None:
        period = f"{end:%Y-%m}"
        with self.stage.part(f"{end:%B}: the committees report by the {DUE}th of the next month."):
            self.stage.until(_noon(end + timedelta(days=2)))
            self.stage.run("center", "fetch", show=False)  # says that it is there, if it was silent for long
            late = self._late(at)
            for count, name in enumerate(self.names):
                self.stage.run(name, "fetch", show=False)
                if name not in late and name != self._missing(at):
                    self._report(name, period, count, at)
                self.stage.progress(count + 1, len(self.names))
            self.stage.until(_noon(end + timedelta(days=DUE - 1)))
            self._correct(at, period)
            self.stage.run("center", "fetch", show=False)
            if at == 1 and "tula" in self.names:
                self.stage.say("  The line to Tula is down, and the center excuses it.")
                self.stage.run("center", "excuse", "tula", "monthly-return", period, "-m", "Floods; the line is down.")
            self.stage.until(_noon(end + timedelta(days=DUE + 2)))
            for name in late:
                self.stage.say(f"  {name.title()} reports two days late.")
                self.stage.run(name, "fetch", show=False)
                self._report(name, period, self.names.index(name), at, show=True)
            self.stage.until(_noon(end + timedelta(days=DUE + GRACE + 1)))
            self.stage.run("center", "fetch", lines=3)
            self.stage.run("center", "returns", period, "--form", "monthly-return", lines=30)

    def _late(self, at: int) -> list[str]:
        return [name for name in (("samara",), ("samara", "perm"), ("kursk",))[at] if name in self.names]

    def _missing(self, at: int) -> str | None:
        return (None, "tula", "tambov")[at]

    def _report(self, name: str, period: str, count: int, at: int, *, show: bool = False) -> None:
        if name == "penza" and at == 0:
            why = "No business report was held: the speakers were at the front."
            self.stage.say("  Penza has nothing to report, and says why.")
            self.stage.run(name, "report", "monthly-return", period, "--nil", "-m", why, lines=1)
            return
        data = self._write(f"{name}-{period}.json", monthly_data(period, seed=count * 7 + at * 3))
        self.stage.run(name, "report", "monthly-return", period, "--data", data, show=show or count == 0, lines=1)

    def _correct(self, at: int, period: str) -> None:
        if at != 2 or "ryazan" not in self.names:
            return
        self.stage.say("  Ryazan finds a mistake in what it sent, and corrects it; both stay.")
        data = self._write(f"ryazan-{period}-corrected.json", monthly_data(period, seed=99))
        self.stage.run("ryazan", "fetch", show=False)
        self.stage.run("ryazan", "correct", "monthly-return", period, "--data", data, lines=1)

    def _write(self, name: str, data: dict[str, Any]) -> str:
        path = self.stage.folder / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return str(path)

    # ---- conferences -------------------------------------------------------------------------------------------------

    def _hold_conference(self, at: int, end: date) -> None:
        name = ("tver", "saratov", "orel")[at]
        if name not in self.names:
            return
        day = end.replace(day=16)
        title = name.title()
        if name == "orel":
            self.stage.until(_noon(day + timedelta(days=3)))
            with self.stage.part(f"{title} held a conference and reports only afterwards; the ledger will notice."):
                data = self._write(f"{name}-after.json", after_data(at))
                new = ("--new-event", "--day", day.isoformat())
                self.stage.run(name, "fetch", show=False)
                self.stage.run(name, "report", "conference-after", *new, "--data", data, lines=1)
            return
        with self.stage.part(f"{title} holds a conference on {day.day} {day:%B}, and reports before and after it."):
            self.stage.until(_noon(day - timedelta(days=4)))
            data = self._write(f"{name}-before.json", before_data(title, day))
            self.stage.run(name, "fetch", show=False)
            self.stage.run(name, "report", "conference-before", "--new-event", "--data", data, lines=1)
            self.stage.run("center", "fetch", show=False)
            self.stage.until(_noon(day + timedelta(days=2)))
            owed = self.stage.ask(name, "owed")["debts"]
            event = next(debt["event"] for debt in owed if debt["form"] == "conference-after")
            data = self._write(f"{name}-after.json", after_data(at))
            self.stage.run(name, "report", "conference-after", event, "--data", data, lines=1)

    # ---- what it adds up to ------------------------------------------------------------------------------------------

    def show(self) -> None:
        """The sum of the last month, and the returns."""
        last = self.months.names[-1]
        with self.stage.part(f"The center opens the returns of {self.months.ends[-1]:%B} and adds them up."):
            self.stage.run("center", "collate", "monthly-return", last, lines=14)
        with self.stage.part("The auditor, who can open no report, gets the same returns as the center."):
            self.stage.run("audit", "fetch", show=False)
            self.stage.run("audit", "returns", lines=60)
            self.stage.run("center", "returns", "--html", self.stage.path("returns.html"), lines=1)


def _noon(day: date | datetime) -> datetime:
    return datetime.combine(day.date() if isinstance(day, datetime) else day, time(9), UTC)


# ---- figures ---------------------------------------------------------------------------------------------------------


def monthly_data(period: str, *, seed: int) -> dict[str, Any]:
    """A monthly return with figures that differ by ``seed``."""
    held = [
        {
            "date": f"{period}-{4 + (seed + row * 6) % 24:02}",
            "speaker_office": _SPEAKERS[(seed + row) % len(_SPEAKERS)],
            "party_member": (seed + row) % 3 != 0,
            "audience": _PLACES[(seed + 2 * row) % len(_PLACES)],
            "attendance": 40 + (seed * 37 + row * 61) % 400 if (seed + row) % 5 else "not known",
            "progress": "Heard to the end; questions about supply.",
        }
        for row in range(1 + seed % 4)
    ]
    demands = [
        {"text": text, "category": category, "raised_by": 5 + (seed * 13) % 80 if seed % 4 else "not collected"}
        for text, category in _DEMANDS[seed % 3 : seed % 3 + 1 + seed % 2]
    ]
    return {
        "reports_held_total": len(held) + seed % 2,
        "reports_held": held,
        "demands_total": len(demands),
        "demands": demands,
    }


def before_data(title: str, day: date) -> dict[str, Any]:
    """A report before a conference."""
    return {
        "place": f"{title}, the people's house",
        "date": day.isoformat(),
        "agenda": [{"item": "Food supply"}, {"item": "Elections to the council"}],
        "conditions": "The roads are passable; two uyezds have no line.",
        "preparedness": "Speakers are named, the hall is heated.",
        "responsible": "The bureau of the committee",
    }


def after_data(seed: int) -> dict[str, Any]:
    """A report after a conference."""
    present = 180 + 40 * seed
    return {
        "attendance": present,
        "composition": [{"group": "without party", "number": present - 30}, {"group": "members", "number": 30}],
        "course": "Two days, in order.",
        "success": "in part" if seed else "full",
        "resolutions": [{"text": "On the autumn sowing."}],
        "demands": [{"text": _DEMANDS[seed][0], "category": _DEMANDS[seed][1], "raised_by": "not known"}],
    }
