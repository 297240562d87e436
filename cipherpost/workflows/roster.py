"""The roster as people and scripts look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cipherpost.errors import UnableError, UseError
from cipherpost.text import ALL, spoken
from cipherpost.workflows.key_ages import KeyAge, key_age, old_keys

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.roster.fold import Roster


@dataclass(frozen=True, slots=True)
class View:
    """The newest state of a roster, and when each office was last heard of."""

    network: str
    fingerprint: str
    roster: "Roster"
    last_heard: dict[str, str]
    now: datetime

    def old_keys(self) -> list[KeyAge]:
        """Keys in force that are older than is advised, the oldest first."""
        return old_keys(self.roster, self.now)

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Named groups and their members, and ``all``."""
        newest = self.roster.newest
        return {"all": self.roster.members("all", newest), **self.roster.groups(newest)}

    def groups_of(self, office: str) -> list[str]:
        """The names in `groups` under which ``office`` stands; quick, since all may have thousands of members."""
        roster, newest = self.roster, self.roster.newest
        everybody = [ALL] if roster.role(office) == "committee" and roster.good(office, newest) else []
        return everybody + [name for name, members in roster.groups(newest).items() if office in members]

    def head_lines(self) -> Iterator[tuple[str, str]]:
        """What stands above the table."""
        newest = self.roster.newest
        yield "network", self.network
        yield "fingerprint", self.fingerprint
        yield "spoken", spoken(self.fingerprint)
        yield "newest entry", f"{newest} of {self.roster.time_of(newest)}"
        yield "keepers", ", ".join(self.roster.keepers(newest))
        yield "time zone", self.roster.timezone(newest)
        groups = self.roster.groups(newest)
        yield "groups", ", ".join(groups)

    def rows(self) -> Iterator[list[str]]:
        """A line an office, for a table; a star stands before officers admitted unchecked."""
        newest = self.roster.newest
        for name in self.roster.offices(newest):
            officers = self._officers(name)
            shown = ", ".join(("*" if each.unchecked else "") + each.name for each in officers)
            state = str(self.roster.state(name, newest))
            heard = self.last_heard.get(name, "")[:10]
            yield [name, self.roster.title(name, newest), str(self.roster.role(name)), state, shown, heard]

    def _officers(self, office: str) -> "tuple[Any, ...]":
        return self.roster.officers(office, self.roster.newest)

    def office_lines(self, office: str) -> Iterator[tuple[str, str]]:
        """All of one office.

        Raises:
            UseError: there is none of this name.
        """
        newest = self.roster.newest
        info = self.roster.office(office)
        if info is None:
            raise UseError(f"there is no office {office!r}", hints=("cipherpost roster",))
        yield "office", office
        yield "title", self.roster.title(office, newest)
        yield "role", info.role
        yield "state", str(self.roster.state(office, newest))
        yield "since", f"entry {info.since} of {self.roster.time_of(info.since)}"
        yield "threshold", str(self.roster.threshold(office, newest))
        yield "groups", ", ".join(self.groups_of(office))
        yield "last heard", self.last_heard.get(office, "never")
        for officer in self._officers(office):
            yield "officer", officer.name + (" (unchecked: nobody heard the number)" if officer.unchecked else "")
            yield "  signs with", str(officer.vkey)
            age = key_age(self.roster, officer, self.now)
            yield "  keys since", f"{age.since}" + (f" ({age.days} days: new ones are advised)" if age.is_old else "")
            yield "  card", officer.card
            yield "  spoken", spoken(officer.card)
        for each in self.roster.tenures(office):
            if each.until is not None and each.cause is not None:
                stolen = each.compromised is not None and each.cause != "compromised"
                also = f"; declared compromised in entry {each.compromised}" if stolen else ""
                yield "former", f"{each.name}: {_LOST[each.cause]} in entry {each.until}{also} ({each.vkey})"

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        roster, newest = self.roster, self.roster.newest
        return {
            "network": self.network,
            "fingerprint": self.fingerprint,
            "spoken": spoken(self.fingerprint),
            "number": newest,
            "head": roster.hash_of(newest),
            "keepers": list(roster.keepers(newest)),
            "offices": [self._office_json(name) for name in roster.offices(newest)],
            "groups": {name: list(members) for name, members in self.groups().items()},
            "duties": [_duty_json(duty) for duty in roster.duties(newest)],
            "forms": {
                name: {"version": form.version, "hash": form.hash} for name, form in roster.forms(newest).items()
            },
            "escrow": {kind: list(offices) for kind in _KINDS if (offices := roster.escrow(kind, newest))},
            "timezone": roster.timezone(newest),
        }

    def _office_json(self, name: str) -> dict[str, Any]:
        roster, newest = self.roster, self.roster.newest
        info = roster.office(name)
        assert info is not None
        return {
            "name": name,
            "title": roster.title(name, newest),
            "role": info.role,
            "state": roster.state(name, newest),
            "since": info.since,
            "threshold": roster.threshold(name, newest),
            "groups": self.groups_of(name),
            "last_heard": self.last_heard.get(name),
            "officers": [
                {
                    "name": each.name,
                    "key": str(each.vkey),
                    "card": each.card,
                    "spoken": spoken(each.card),
                    "unchecked": each.unchecked,
                    "since": each.since,
                    "keys_since": key_age(roster, each, self.now).since,
                    "old": key_age(roster, each, self.now).is_old,
                }
                for each in self._officers(name)
            ],
        }


_LOST = {
    "retire": "retired",
    "compromised": "declared compromised",
    "suspend": "suspended with the office",
    "dissolve": "dissolved with the office",
    "rotate": "got new keys",
}
"""How a stretch of standing ended, in words."""
_KINDS = ("circular", "instruction", "decision", "report", "audit", "message", "key")


def _duty_json(duty: Any) -> dict[str, Any]:
    return {name: str(getattr(duty, name)) for name in ("form", "audience", "rhythm")}


class NoRosterError(UnableError):
    """This home has not got the roster yet."""


def check_begun(desk: "Desk") -> None:
    """Refuse to show of a roster what is not here yet.

    Raises:
        UnfinishedHomeError: this very home founds the network, and was interrupted.
        NoRosterError: nothing was fetched yet.
    """
    from cipherpost.home.settings import is_unfinished, unfinished

    if desk.roster.newest:
        return
    if is_unfinished(desk.home):
        raise unfinished(desk.home)
    raise NoRosterError(
        "no entry of the roster is here yet", rule="it comes from the post office", hints=("cipherpost fetch",)
    )


def view(desk: "Desk") -> View:
    """The roster as this home has verified it.

    Raises:
        UnfinishedHomeError, NoRosterError: see `check_begun`.
    """
    check_begun(desk)
    heard: dict[str, str] = {}
    for channel, last in desk.mail.last_times().items():
        office = channel.partition("/")[0]
        heard[office] = max(heard.get(office, ""), last)
    return View(desk.network, desk.fingerprint, desk.roster, heard, desk.now())
