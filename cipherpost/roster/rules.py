"""What each statement does to the roster, and when it makes no sense (docs/protocol.md, "The roster")."""

from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from cipherpost import limits
from cipherpost.note import VerifierKey
from cipherpost.roster import channels, words
from cipherpost.roster.change import Change
from cipherpost.roster.grammar import is_offset
from cipherpost.roster.refusals import (
    CutStatementError,
    DutyError,
    FormError,
    GenesisError,
    KeyTakenError,
    LateralError,
    NameTakenError,
    NameUnknownError,
    OfficeStateError,
    StandingChangeError,
    UnknownZoneError,
)
from cipherpost.roster.state import ROSTER_CHANNEL, Cause, FormInfo, Office, OfficeInfo, OfficerInfo, Pin, Pinned
from cipherpost.text import ALL, shown


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of time zones of the package tzdata: those of the machine may be others, or differ by case."""
    return frozenset((resources.files("tzdata") / "zones").read_text("ascii").split())


def apply_statements(change: Change, statements: tuple[words.Statement, ...]) -> None:
    """Take up all statements of an entry, in order.

    Raises:
        RosterEntryError: the subclass for the first rule broken.
        UnknownZoneError: a time zone of a newer set of zones.
    """
    for at, statement in enumerate(statements, 1):
        change.at, change.statement = at, statement
        _RULES[type(statement)](change, statement)
    change.at = 0
    change.check_end()


# ---- the rules, one a statement ----------------------------------------------------------------------------------


def _keepers(change: Change, said: words.Keepers) -> None:
    change.state.keepers.set(change.number, said.names, change.undo)


def _recovery(change: Change, said: words.Recovery) -> None:
    if change.number != 1 or change.state.recovery is not None:
        raise change.refuse(GenesisError, "recovery keys are stated here", "once, in the genesis")
    for key in said.keys:
        change.claim_key(key)
    change.undo.add(lambda: setattr(change.state, "recovery", None))
    change.state.recovery = (said.count, said.keys)


def _new_office(change: Change, said: words.Office) -> None:
    name = said.name
    if name in change.state.offices or name in change.state.groups:
        other = "an office" if name in change.state.offices else "a group"
        raise change.refuse(NameTakenError, f"{name} is the name of {other}", "names are given once, ever")
    office = Office(OfficeInfo(name, said.role, change.number, len(change.state.offices)))
    change.set_state(office, "declared")
    change.undo.put(change.state.offices, name, office)


def _title(change: Change, said: words.Title) -> None:
    if said.name not in change.state.groups:
        change.office(said.name)
    change.record(change.state.titles, said.name, said.text)


def _officer(change: Change, said: words.Officer) -> None:
    office = change.office(said.office)
    if office.states.last == "suspended":
        raise change.refuse(OfficeStateError, f"{said.office} is suspended", "it gets no officers, nor keys")
    before = office.last(said.name)
    if before is not None:
        _check_again(change, office, before, said.vkey)
    change.claim_key(said.vkey)
    if said.card in change.state.cards:
        holder = change.state.cards[said.card]
        raise change.refuse(KeyTakenError, f"the card was admitted as {holder}'s", "a card enters once, ever")
    change.undo.put(change.state.cards, said.card, f"{said.office}/{said.name}")
    if before is not None and before.until is None:
        change.end(office, before, "rotate")
    change.undo.drop(change.state.left, (said.office, said.name))
    office.add(
        OfficerInfo(
            office=said.office,
            name=said.name,
            vkey=said.vkey,
            card=said.card,
            unchecked=said.unchecked,
            since=change.number,
        ),
        change.undo,
    )
    if office.states.last == "declared":
        change.set_state(office, "good")
    change.counted.add(said.office)


def _check_again(change: Change, office: Office, before: OfficerInfo, new: VerifierKey) -> None:
    """A name is not given twice, save to new keys of the same officer."""
    path = f"{before.office}/{before.name}"
    if change.state.left.get((before.office, before.name)) == "retire":
        raise change.refuse(
            NameTakenError, f"{path} was retired", "names are given once, ever", "admit under another name"
        )
    ids = {office.tenures[place].vkey.key_id for place in office.by_name[before.name]}
    if new.key_id in ids and new.public not in change.state.keys:
        raise change.refuse(KeyTakenError, f"the key has the id of an older key of {path}", "ids differ under one name")


def _threshold(change: Change, said: words.Threshold) -> None:
    change.office(said.office)
    change.undo.put(change.state.waiting, said.office, said.count)
    change.counted.add(said.office)


def _group(change: Change, said: words.Group) -> None:
    name = said.name
    if name in change.state.offices:
        raise change.refuse(NameTakenError, f"{name} is the name of an office", "names are given once, ever")
    for member in said.members:
        change.office(member)
    change.record(change.state.groups, name, said.members)
    for member in said.members:
        groups = change.state.groups_of.get(member)
        if groups is None:
            change.undo.put(change.state.groups_of, member, {})
            groups = change.state.groups_of[member]
        if name not in groups:
            change.undo.put(groups, name, change.number)
    if name in change.state.lateral and change.state.lateral[name].last:
        _open_lateral(change, name, said.members)


def _lateral(change: Change, said: words.Lateral) -> None:
    group = change.state.groups.get(said.group)
    if group is None:
        raise change.refuse(NameUnknownError, f"there is no group {said.group}", "a group is stated before it is named")
    now = said.group in change.state.lateral and change.state.lateral[said.group].last
    if bool(now) == said.on:
        raise change.refuse(LateralError, f"{said.group} is {'' if now else 'not '}lateral already")
    change.record(change.state.lateral, said.group, said.on)
    if said.on:
        _open_lateral(change, said.group, group.last or ())


def _open_lateral(change: Change, group: str, members: tuple[str, ...]) -> None:
    if len(members) > limits.LATERAL_MEMBERS:
        raise change.refuse(
            LateralError,
            f"{group} has {len(members)} members",
            f"a lateral group has at most {limits.LATERAL_MEMBERS}",
        )
    for office in members:
        for other in (group, *members):
            channels.let_write(change.state, office, other, change.number, change.undo)


def _retire(change: Change, said: words.Retire) -> None:
    _leave(change, said.office, said.officer, "retire")


def _compromised(change: Change, said: words.Compromised) -> None:
    _leave(change, said.office, said.officer, "compromised")


def _leave(change: Change, office_name: str, officer: str, cause: Cause) -> None:
    """An officer goes, or his keys do. Who has no standing can still lose his return with a suspended office (by either
    word), his claim to new keys (retire), or the trust in what he signed (compromised, with a cut moved).
    """
    office = change.office(office_name)
    tenure = office.last(officer)
    path = f"{office_name}/{officer}"
    if tenure is None:
        raise change.refuse(NameUnknownError, f"there is no officer {path}")
    before = change.state.left.get((office_name, officer))
    if tenure.until is None:
        change.end(office, tenure, cause)
    elif before == cause or (cause == "compromised" and tenure.compromised is not None):
        raise change.refuse(StandingChangeError, f"{path} is in no good standing", "only standing can be taken away")
    elif cause == "compromised":
        office.mark(tenure._replace(compromised=change.number), change.undo)
    if before != "retire":
        change.undo.put(change.state.left, (office_name, officer), cause)


def _suspend(change: Change, said: words.Suspend) -> None:
    office = change.office(said.office)
    change.move(office, to="suspended", only=("good",))
    for tenure in office.present():
        change.end(office, tenure, "suspend")


def _reinstate(change: Change, said: words.Reinstate) -> None:
    office = change.office(said.office)
    suspended_in = office.states.newest
    change.move(office, to="good", only=("suspended",))
    for tenure in list(office.tenures):
        gone = change.state.left.get((tenure.office, tenure.name))
        if tenure.until == suspended_in and tenure.cause == "suspend" and gone is None:
            again = tenure._replace(since=change.number, until=None, cause=None)
            office.add(again, change.undo)
    change.counted.add(said.office)


def _dissolve(change: Change, said: words.Dissolve) -> None:
    office = change.office(said.office)
    change.move(office, to="dissolved", only=("declared", "good", "suspended"))
    for tenure in office.present():
        change.end(office, tenure, "dissolve")


def _cut(change: Change, said: words.Cut) -> None:
    office = said.channel.partition("/")[0]
    _check_channel(change, said.channel, ("cut", said.entry, said.channel))
    if office not in change.state.taken.get(said.entry, {}):
        raise change.refuse(
            CutStatementError,
            f"no officer of {office} lost his standing in entry {said.entry}",
            "a cut belongs to the entry that took standing away, and comes after that statement",
        )
    _pin(change, said.channel, said.entry, None if said.hash is None else Pin(said.number, said.hash))


def _settle(change: Change, said: words.Settle) -> None:
    _check_channel(change, said.channel, ("settle", said.channel, said.number))
    _pin(change, said.channel, None, Pin(said.number, said.hash))


def _check_channel(change: Change, channel: str, said: tuple[object, ...]) -> None:
    if channels.since(change.state, channel) is None:
        raise change.refuse(NameUnknownError, f"there is no channel {channel}")
    if said in change.named:
        raise change.refuse(CutStatementError, "this is said twice in one entry")
    change.named.add(said)


def _pin(change: Change, channel: str, entry: int | None, pin: Pin | None) -> None:
    if channel not in change.state.pins:
        change.undo.put(change.state.pins, channel, [])
    change.undo.push(change.state.pins[channel], Pinned(entry, pin, change.number))


def _form(change: Change, said: words.Form) -> None:
    known = change.state.forms.get(said.name)
    last = known.last if known else None
    if last is not None and said.version <= last.version:
        raise change.refuse(FormError, f"version {last.version} of {said.name} was stated before", "versions rise")
    change.record(change.state.forms, said.name, FormInfo(said.name, said.version, said.hash, change.number))


def _duty(change: Change, said: words.Duty) -> None:
    if said.form not in change.state.forms:
        raise change.refuse(NameUnknownError, f"there is no form {said.form}", "a form is stated before it is owed")
    if said.audience != ALL and said.audience not in change.state.groups:
        change.office(said.audience)
    _take_up(change, said)


def _duty_end(change: Change, said: words.DutyEnd) -> None:
    if not change.state.duties.changes(said, change.number):
        raise change.refuse(
            DutyError, f"{said.audience} owes no {said.form} after {said.last}", "only what is owed can end"
        )
    _take_up(change, said)


def _take_up(change: Change, said: words.Duty | words.DutyEnd) -> None:
    change.state.duties.add(said, change.number)
    change.undo.add(lambda: change.state.duties.remove(said))


def _escrow(change: Change, said: words.Escrow) -> None:
    for office in said.offices:
        change.office(office)
        if office not in change.state.escrowed:
            change.undo.put(change.state.escrowed, office, change.number)
    change.record(change.state.escrow, said.kind, said.offices)


def _timezone(change: Change, said: words.Timezone) -> None:
    if not is_offset(said.zone) and said.zone not in zones():
        raise UnknownZoneError(
            f"the time zone {shown(said.zone)} is not known here",
            where=f"{ROSTER_CHANNEL}/{change.number}",
            rule="the zones are those of the package tzdata",
            hints=("update tzdata and cipherpost",),
            channel=ROSTER_CHANNEL,
            number=change.number,
        )
    change.state.timezone.set(change.number, said.zone, change.undo)


def _check(change: Change, said: words.Check) -> None:
    change.office(said.office)
    change.record(change.state.checks, said.office, words.CHECK_DAYS[said.interval])


def _requires(change: Change, said: words.Requires) -> None:
    """Nothing: a level above this program's does not get past the grammar."""


_RULES: Final[dict[type, Callable[[Change, Any], None]]] = {
    words.Keepers: _keepers,
    words.Recovery: _recovery,
    words.Office: _new_office,
    words.Title: _title,
    words.Officer: _officer,
    words.Threshold: _threshold,
    words.Group: _group,
    words.Lateral: _lateral,
    words.Retire: _retire,
    words.Compromised: _compromised,
    words.Suspend: _suspend,
    words.Reinstate: _reinstate,
    words.Dissolve: _dissolve,
    words.Cut: _cut,
    words.Settle: _settle,
    words.Form: _form,
    words.Duty: _duty,
    words.DutyEnd: _duty_end,
    words.Escrow: _escrow,
    words.Timezone: _timezone,
    words.Check: _check,
    words.Requires: _requires,
}
