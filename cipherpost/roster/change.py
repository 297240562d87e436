"""One entry on its way into the roster: what its rules share, and what must hold at its end.

The rules themselves, one for each statement, are in `cipherpost.roster.rules`.
"""

from typing import TypeVar

from cipherpost.note import VerifierKey
from cipherpost.roster.refusals import (
    GenesisError,
    KeepersError,
    KeyTakenError,
    NameUnknownError,
    OfficeStateError,
    RosterEntryError,
    StandingChangeError,
)
from cipherpost.roster.state import (
    ROSTER_CHANNEL,
    Cause,
    History,
    Move,
    Office,
    OfficerInfo,
    Standing,
    State,
    Undo,
)
from cipherpost.roster.words import Statement
from cipherpost.text import CENTER, shown

T = TypeVar("T")


class Change:
    """One entry on its way into the roster.

    Args:
        state: what is changed; every change is noted in ``undo``.
        number: of the entry; the one after the newest.
        network: of its header.
    """

    def __init__(self, state: State, undo: Undo, *, number: int, network: str) -> None:
        self.state = state
        self.undo = undo
        self.number = number
        self.network = network
        self.at = 0
        self.statement: Statement | None = None
        self._moved: set[str] = set()
        """Offices whose own state this entry changed."""
        self.counted: set[str] = set()
        """Offices whose officers or threshold this entry changed."""
        self.named: set[tuple[object, ...]] = set()
        """Cuts and settlements of this entry."""

    # ---- helpers ---------------------------------------------------------------------------------------------------

    def refuse(self, error: type[RosterEntryError], what: str, rule: str = "", hint: str = "") -> RosterEntryError:
        """The error to raise, saying at which statement."""
        where = f"{ROSTER_CHANNEL}/{self.number}"
        if self.at:
            where += f", statement {self.at} {shown(str(self.statement), 60)}"
        hints = (hint,) if hint else ()
        return error(what, where=where, rule=rule, hints=hints, channel=ROSTER_CHANNEL, number=self.number)

    def record(self, table: dict[str, History[T]], key: str, value: T) -> None:
        """Let ``value`` hold from this entry."""
        if key not in table:
            self.undo.put(table, key, History())
        table[key].set(self.number, value, self.undo)

    def office(self, name: str) -> Office:
        """The office of that name, which is not dissolved."""
        office = self.state.offices.get(name)
        if office is None:
            raise self.refuse(NameUnknownError, f"there is no office {name}", "an office is stated before it is named")
        if office.states.last == "dissolved":
            raise self.refuse(OfficeStateError, f"{name} is dissolved", "nothing is stated of an office after that")
        return office

    def move(self, office: Office, *, to: Standing, only: tuple[Standing, ...]) -> None:
        """Change an office's state."""
        name, state = office.info.name, office.states.last
        if state not in only:
            raise self.refuse(OfficeStateError, f"{name} is {state}", f"only an office that is {' or '.join(only)}")
        if name in self._moved:
            raise self.refuse(OfficeStateError, f"the state of {name} changes twice", "once in an entry")
        self._moved.add(name)
        self.set_state(office, to)

    def set_state(self, office: Office, to: Standing) -> None:
        """Let an office's state be ``to`` from this entry."""
        office.states.set(self.number, to, self.undo)
        if office.info.role == "committee":
            self.undo.push(self.state.moves, Move(self.number, office.info.name, to == "good"))

    def end(self, office: Office, tenure: OfficerInfo, cause: Cause) -> None:
        """Take an officer's standing away."""
        if tenure.since == self.number:
            raise self.refuse(
                StandingChangeError,
                f"{tenure.office}/{tenure.name} gains and loses standing in one entry",
                "an entry takes away only what was there before it",
            )
        office.end(tenure, self.number, cause, self.undo)
        offices = self.state.taken.get(self.number)
        if offices is None:
            self.undo.put(self.state.taken, self.number, {})
            offices = self.state.taken[self.number]
        if tenure.office not in offices:
            self.undo.put(offices, tenure.office, [])
        self.undo.push(offices[tenure.office], tenure.name)
        self.counted.add(tenure.office)

    def claim_key(self, vkey: VerifierKey) -> None:
        """Take up a signing key, which is of this network and was never given before."""
        network, _, officer = vkey.name.partition("/")
        if network != self.network:
            raise self.refuse(KeyTakenError, f"the key is of the network {network}", f"this is {self.network}")
        if vkey.public in self.state.keys:
            holder = self.state.keys[vkey.public]
            raise self.refuse(KeyTakenError, f"the signing key was given to {holder}", "a key enters once, ever")
        self.undo.put(self.state.keys, vkey.public, officer)

    # ---- at the end of the entry -----------------------------------------------------------------------------------

    def check_end(self) -> None:
        """Bind the thresholds that can be met now, and check what holds between entries.

        Raises:
            KeepersError, GenesisError: it does not.
        """
        for office in self.counted:
            self._bind(office)
        self._check_keepers()
        if self.number == 1:
            self._check_genesis()

    def _bind(self, office: str) -> None:
        """A threshold binds from the entry at which the office first has so many officers."""
        count = self.state.waiting.get(office)
        if count is not None and len(self.state.offices[office].present()) >= count:
            self.record(self.state.thresholds, office, count)
            self.undo.drop(self.state.waiting, office)

    def _check_keepers(self) -> None:
        center = self.state.offices.get(CENTER)
        present = {each.name for each in center.present()} if center else set()
        wrong = [name for name in self.state.keepers.last or () if name not in present]
        if wrong:
            raise self.refuse(
                KeepersError,
                f"the keeper {wrong[0]} is no officer of the center in good standing at the end of this entry",
                "keepers are",
                "state other keepers in the same entry",
            )

    def _check_genesis(self) -> None:
        if len(self.state.keepers.last or ()) != 1:
            raise self.refuse(GenesisError, "the genesis does not state exactly one keeper", "he alone signs it")
        if CENTER not in self.state.titles:
            raise self.refuse(GenesisError, "the genesis states no title of the center")
