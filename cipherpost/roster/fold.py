"""The roster: entries folded one after another, and look-ups of what holds at any of them.

`Roster.apply` adds an entry, or refuses it as a whole. Every look-up takes the number ``at`` of an entry and gives what
holds from that entry to the next; numbers above the newest give what holds now, 0 gives what holds before the genesis.
Only what has no ``at`` (cuts, pins, keys) speaks of all entries: a later one may change how an earlier dispatch is
judged. Who signed an entry is judged by `cipherpost.roster.standing` before it is applied.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.note import VerifierKey
from cipherpost.roster import channels
from cipherpost.roster.refusals import EntryPlaceError, unknown_audience
from cipherpost.roster.state import (
    ROSTER_CHANNEL,
    CutInfo,
    Entry,
    FormInfo,
    OfficeInfo,
    OfficerInfo,
    Pin,
    Pinned,
    Standing,
    State,
    Undo,
)
from cipherpost.text import ALL, CENTER

if TYPE_CHECKING:
    from cipherpost.dispatch.header import Header
    from cipherpost.roster.duties import DutyInfo
    from cipherpost.roster.words import Statement

DEFAULT_ZONE: Final = "+00:00"
"""Where days end when the roster states no time zone."""
_NO_CUT: Final = CutInfo(0, None)
_CACHED: Final = 64


class Roster:
    """All entries so far.

    Args:
        network, fingerprint: of the genesis to come, where they are known; else the genesis decides.
    """

    __slots__ = ("_fingerprint", "_members", "_network", "_state")

    def __init__(self, network: str | None = None, fingerprint: str | None = None) -> None:
        self._network = network
        self._fingerprint = fingerprint
        self._state = State()
        self._members: dict[tuple[str, int], tuple[str, ...]] = {}

    def apply(self, header: "Header", hash: str) -> None:
        """Add the next entry: ``header`` of kind roster, ``hash`` of its text.

        Raises:
            EntryPlaceError: not the next entry of this network's roster.
            RosterEntryError, StatementError, TooLargeError: a statement makes no sense in the state before it.
            NewerStatementError, UnknownZoneError: made by a newer cipherpost.
            In each case the roster is as before.
        """
        from cipherpost.roster.change import Change
        from cipherpost.roster.rules import apply_statements
        from cipherpost.roster.statements import parse_statements

        self._check_place(header, hash)
        statements = parse_statements(header.statements)
        with Undo() as undo:
            change = Change(self._state, undo, number=header.number, network=header.network)
            apply_statements(change, statements)
        self._network, self._fingerprint = header.network, self._fingerprint or hash
        self._state.entries.append(Entry(header.number, hash, header.time, header.by, statements))

    def restore(self, state: State) -> None:
        """Take up what was folded before, with its entries, into a roster that has none yet; nothing is checked."""
        self._state = state

    @property
    def folded(self) -> State:
        """All that was folded so far, for `cipherpost.roster.snapshot`."""
        return self._state

    def check(self, statements: "Sequence[Statement]") -> None:
        """Try ``statements`` as those of the next entry, and leave the roster as it is.

        Raises:
            As `apply`.
        """
        from cipherpost.roster.change import Change
        from cipherpost.roster.rules import apply_statements
        from cipherpost.roster.statements import format_statements, parse_statements

        parsed = parse_statements(format_statements(statements))
        with Undo() as undo:
            apply_statements(Change(self._state, undo, number=self.newest + 1, network=self._network or ""), parsed)
            undo.back()

    def _check_place(self, header: "Header", hash: str) -> None:
        wrong = ""
        if header.kind != "roster" or header.channel != ROSTER_CHANNEL:
            wrong = "it is no entry of a roster"
        elif self._network not in (None, header.network):
            wrong = f"it is of the network {header.network}"
        elif header.number != self.newest + 1:
            wrong = f"the next entry is {self.newest + 1}"
        elif header.previous != self.hash_of(self.newest):
            wrong = "it follows another entry than the newest"
        elif header.number == 1 and self._fingerprint not in (None, hash):
            wrong = "it is the genesis of another network"
        if wrong:
            raise EntryPlaceError(
                wrong, channel=header.channel, number=header.number, rule="entries follow one another"
            )

    # ---- entries -----------------------------------------------------------------------------------------------------

    @property
    def network(self) -> str | None:
        """The name of the network; None before the genesis, unless it was given."""
        return self._network

    @property
    def fingerprint(self) -> str | None:
        """The hash of the genesis; None before it, unless it was given."""
        return self._fingerprint

    @property
    def newest(self) -> int:
        """The number of the last entry, 0 when there is none."""
        return len(self._state.entries)

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries, number 1 first."""
        return self._state.entries

    def hash_of(self, number: int) -> str | None:
        """The hash of an entry's text; None when the roster does not have it (or for 0)."""
        return self._state.entries[number - 1].hash if 1 <= number <= self.newest else None

    def time_of(self, number: int) -> str | None:
        """The time of an entry, as its header has it; None when the roster does not have it."""
        return self._state.entries[number - 1].time if 1 <= number <= self.newest else None

    # ---- offices and officers ----------------------------------------------------------------------------------------

    def office(self, name: str) -> OfficeInfo | None:
        """An office that was ever stated."""
        office = self._state.offices.get(name)
        return office.info if office else None

    def role(self, name: str) -> str | None:
        """``center``, ``committee`` or ``auditor``; None when there never was such an office."""
        office = self._state.offices.get(name)
        return office.info.role if office else None

    def offices(self, at: int) -> tuple[str, ...]:
        """Every office stated up to ``at``, dissolved ones too, in order of admission: that of their statements."""
        offices = self._state.offices
        return tuple(offices if at >= self.newest else [name for name in offices if offices[name].info.since <= at])

    def title(self, name: str, at: int) -> str:
        """What people call an office or group: its name, when no title is stated."""
        titles = self._state.titles.get(name)
        return (titles.at(at) if titles else None) or name

    def state(self, office: str, at: int) -> Standing | None:
        """``declared`` (it never had an officer), ``good``, ``suspended`` or ``dissolved``; None: not stated yet."""
        found = self._state.offices.get(office)
        return found.states.at(at) if found else None

    def good(self, office: str, at: int) -> bool:
        """Whether an office is in good standing; it may have no officer left."""
        return self.state(office, at) == "good"

    def officers(self, office: str, at: int) -> tuple[OfficerInfo, ...]:
        """Those in good standing, in order of admission: that of the statements of their keys."""
        found = self._state.offices.get(office)
        return tuple([each for each in found.tenures if each.good(at)]) if found else ()

    def officer(self, office: str, name: str, at: int) -> OfficerInfo | None:
        """The officer of that name, if in good standing at ``at``."""
        return next((each for each in reversed(self.keys(office, name)) if each.good(at)), None)

    def keys(self, office: str, officer: str) -> tuple[OfficerInfo, ...]:
        """Every stretch of standing ever under this name, oldest first."""
        found = self._state.offices.get(office)
        if found is None:
            return ()
        return tuple([found.tenures[place] for place in found.by_name.get(officer, ())])

    def tenures(self, office: str) -> tuple[OfficerInfo, ...]:
        """Every stretch of standing of any officer of the office, in order of admission."""
        found = self._state.offices.get(office)
        return tuple(found.tenures) if found else ()

    def threshold(self, office: str, at: int) -> int:
        """How many officers sign the office's threshold kinds; 1 when none is stated."""
        thresholds = self._state.thresholds.get(office)
        return (thresholds.at(at) if thresholds else None) or 1

    def threshold_waiting(self, office: str) -> int | None:
        """A threshold stated for the office that binds as soon as it has so many officers."""
        return self._state.waiting.get(office)

    def keepers(self, at: int) -> tuple[str, ...]:
        """Names of the officers of the center who sign the roster, sorted."""
        return self._state.keepers.at(at) or ()

    def keeper_keys(self, at: int) -> dict[str, VerifierKey]:
        """The keepers with the keys that they sign with."""
        names = self.keepers(at)
        return {each.name: each.vkey for each in self.officers(CENTER, at) if each.name in names}

    @property
    def recovery(self) -> tuple[int, tuple[VerifierKey, ...]] | None:
        """Reserved: how many of which keys."""
        return self._state.recovery

    # ---- groups, audiences, readers ----------------------------------------------------------------------------------

    def groups(self, at: int) -> dict[str, tuple[str, ...]]:
        """Groups to their members as stated, sorted by name, whatever their standing."""
        found = {name: history.at(at) for name, history in self._state.groups.items()}
        return {name: members for name, members in found.items() if members is not None}

    def is_group(self, name: str, at: int) -> bool:
        """Whether ``name`` is ``all`` or a group stated up to ``at``."""
        if name == ALL:
            return True
        group = self._state.groups.get(name)
        return group is not None and group.at(at) is not None

    def members(self, audience: str, at: int) -> tuple[str, ...]:
        """The offices of an audience, in order of admission.

        Of ``all``: every committee in good standing; of a group: its members in good standing; of an office: itself.

        Raises:
            UnknownAudienceError: no office or group of that name at ``at``; the hint names the nearest.
        """
        found = self._members.get((audience, at))
        if found is None:
            found = self._find_members(audience, at)
            if at <= self.newest:  # what holds at a past entry never changes
                if len(self._members) >= _CACHED:
                    self._members.clear()
                self._members[audience, at] = found
        return found

    def _find_members(self, audience: str, at: int) -> tuple[str, ...]:
        offices = self._state.offices
        if audience == ALL:
            good = {office: good for entry, office, good in self._state.moves if entry <= at}
            return tuple([name for name in offices if good.get(name)])
        if self.is_group(audience, at):
            return self._ordered(name for name in self._state.groups[audience].at(at) or () if self.good(name, at))
        if self.state(audience, at) is not None:
            return (audience,)
        raise unknown_audience(audience, [ALL, *offices, *self._state.groups])

    def _ordered(self, offices: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(offices), key=lambda name: self._state.offices[name].info.order))

    def lateral(self, group: str, at: int) -> bool:
        """Whether the members of ``group`` may write to it and to each other."""
        history = self._state.lateral.get(group)
        return bool(history and history.at(at))

    def lateral_member(self, office: str, audience: str, at: int) -> bool:
        """Whether a lateral group lets ``office`` write to ``audience``: to the group itself, or to a member of it."""
        for group in self._state.groups_of.get(office, ()):
            if self.lateral(group, at):
                members = self._state.groups[group].at(at) or ()
                if office in members and (audience == group or audience in members):
                    return True
        return False

    def escrow(self, kind: str, at: int) -> tuple[str, ...]:
        """Offices that read letters of ``kind`` beside those they are meant for, in order of admission."""
        history = self._state.escrow.get(kind)
        return self._ordered(history.at(at) or ()) if history else ()

    def readers(self, kind: str, to: Sequence[str], office: str, at: int) -> tuple[OfficerInfo, ...]:
        """Every officer to whom a letter is sealed, in the order of its stanzas, each once.

        Officers of the offices in ``to``, of ``office`` (the sender's), of the escrow; each in order of admission of
        office and officer. What is sealed to an audience key is read by the holders of that key: so kind ``key`` takes
        in the escrow of the kinds that such a key seals.

        Raises:
            UnknownAudienceError: no office or group of a name in ``to``.
        """
        addressed = self._ordered(name for audience in to for name in self.members(audience, at))
        escrow = self.escrow(kind, at)
        if kind == "key":
            escrow = self._ordered(escrow + self.escrow("circular" if office == CENTER else "message", at))
        offices = dict.fromkeys((*addressed, office, *escrow))
        return tuple([officer for name in offices for officer in self.officers(name, at)])

    # ---- channels ----------------------------------------------------------------------------------------------------

    def channels(self, at: int) -> tuple[str, ...]:
        """Every channel that an entry up to ``at`` lets exist, also if a later one lets nobody write there any more."""
        return self._since(channels.every(self._state), at)

    def channels_of(self, office: str) -> tuple[str, ...]:
        """The channels in which an office sends, or ever could."""
        return tuple(channels.sent_by(self._state, office))

    def channels_read_by(self, office: str, at: int) -> tuple[str, ...]:
        """The channels an office looks at: the roster, those to it and to every group it ever was in, and its own.

        An auditor, and an office that ever was escrow, look at all.
        """
        role = self.role(office)
        if role == "auditor" or 0 < self._state.escrowed.get(office, 0) <= at:
            return self.channels(at)
        groups = [name for name, since in self._state.groups_of.get(office, {}).items() if since <= at]
        audiences = [office, *([ALL] if role == "committee" else []), *groups]
        found = [ROSTER_CHANNEL, *(channel for name in audiences for channel in channels.sent_to(self._state, name))]
        return self._since(dict.fromkeys((*found, *channels.sent_by(self._state, office))), at)

    def reads(self, office: str, channel: str, at: int) -> bool:
        """Whether ``channel`` is one of `channels_read_by`, which has thousands where the office is a center."""
        state = self._state
        since = channels.since(state, channel)
        if since is None or since > at:
            return False
        role = self.role(office)
        sender, _, audience = channel.partition("/")
        if channel == ROSTER_CHANNEL or office in (sender, audience) or (audience == ALL and role == "committee"):
            return True
        everywhere = role == "auditor" or 0 < state.escrowed.get(office, 0) <= at
        return everywhere or 0 < state.groups_of.get(office, {}).get(audience, 0) <= at

    def _since(self, found: Iterable[str], at: int) -> tuple[str, ...]:
        if at >= self.newest > 0:
            return tuple(found)
        state = self._state
        return tuple([channel for channel in found if (channels.since(state, channel) or at + 1) <= at])

    def cut(self, entry: int, channel: str) -> CutInfo:
        """The last number of ``channel`` that counts of those who lost their standing in ``entry``.

        Of several statements the newest holds; where none names the channel: number 0.
        """
        for each in reversed(self.pinned(channel)):
            if each.cut == entry:
                return CutInfo(*each.pin) if each.pin is not None else _NO_CUT
        return _NO_CUT

    def pinned(self, channel: str) -> Sequence[Pinned]:
        """Every statement that cuts or settles a channel, oldest first."""
        return self._state.pins.get(channel, ())

    def pins(self, channel: str) -> tuple[Pin, ...]:
        """What settlements and the cuts in force say of a channel, oldest first, one for each number.

        Where two cannot both hold, the later one does: it was stated to correct the other.
        """
        newest: dict[tuple[str, int], Pin | None] = {}
        for cut, pin, _ in self.pinned(channel):
            key = ("cut", cut) if cut is not None else ("settle", pin.number if pin else 0)
            newest.pop(key, None)
            newest[key] = pin
        by_number: dict[int, Pin] = {}
        for pin in newest.values():
            if pin is not None:
                by_number.pop(pin.number, None)
                by_number[pin.number] = pin
        return tuple(by_number.values())

    def taken(self, entry: int) -> dict[str, tuple[str, ...]]:
        """Office to the names of its officers who lost their standing, or their old keys, in ``entry``."""
        return {office: tuple(names) for office, names in self._state.taken.get(entry, {}).items()}

    def rejudged(self, entry: int) -> tuple[str, ...]:
        """The channels in which ``entry`` may change what counts."""
        from cipherpost.roster.words import Cut, Settle

        found = [channel for office in self.taken(entry) for channel in channels.sent_by(self._state, office)]
        if 1 <= entry <= self.newest:
            said = self._state.entries[entry - 1].statements
            found += [each.channel for each in said if isinstance(each, (Cut, Settle))]
        return tuple(channel for channel in dict.fromkeys(found) if channel != ROSTER_CHANNEL)

    # ---- settings and obligations ------------------------------------------------------------------------------------

    def forms(self, at: int) -> Mapping[str, FormInfo]:
        """Forms by name, each in its newest version."""
        found = {name: history.at(at) for name, history in self._state.forms.items()}
        return {name: form for name, form in found.items() if form is not None}

    def stated_forms(self) -> tuple[FormInfo, ...]:
        """Every version of every form, oldest first."""
        found = [form for history in self._state.forms.values() for _, form in history.told()]
        return tuple(sorted(found, key=lambda form: form.since))

    def duties(self, at: int) -> "tuple[DutyInfo, ...]":
        """Every duty that is about any period, in the order they were stated; `DutyInfo.covers` says which."""
        return self._state.duties.at(at)

    def timezone(self, at: int) -> str:
        """The zone in which days end, a name of the IANA data base or an offset; `DEFAULT_ZONE` when none is stated."""
        return self._state.timezone.at(at) or DEFAULT_ZONE

    def check_days(self, office: str, at: int) -> int:
        """How many days of silence are usual."""
        history = self._state.checks.get(office)
        return (history.at(at) if history else None) or limits.CHECK_INTERVAL_DAYS
