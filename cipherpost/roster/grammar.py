"""Reading one statement: each parser takes the words behind the first (grammar: `cipherpost.roster.statements`).

A parser unpacks as many words as there must be, so that too few or too many raise ValueError; what is wrong with one
word is a `TextError`.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final, cast

from cipherpost import limits
from cipherpost.dispatch.periods import PeriodKind, parse_day, period_kind
from cipherpost.errors import MalformedError, NewerError
from cipherpost.note import VerifierKey
from cipherpost.roster.words import (
    CHECK_DAYS,
    LETTER_KINDS,
    LEVEL,
    NONE,
    RHYTHMS,
    ROLES,
    THRESHOLD_MOST,
    Check,
    Compromised,
    Cut,
    Dissolve,
    Duty,
    DutyEnd,
    Escrow,
    Form,
    Group,
    Keepers,
    Lateral,
    Office,
    Officer,
    Recovery,
    Reinstate,
    Requires,
    Retire,
    Role,
    Settle,
    Statement,
    Suspend,
    Threshold,
    Timezone,
    Title,
)
from cipherpost.text import (
    ALL,
    CENTER,
    ROSTER,
    TextError,
    check_free_text,
    parse_channel,
    parse_hash,
    parse_name,
    parse_number,
    shown,
)


class StatementError(MalformedError):
    """A line that is not a statement in its one form, or a list of statements outside its limits."""


class NewerStatementError(NewerError):
    """A statement of a later version: this program cannot know what the roster says from here on."""


# ---- words -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def _name(word: str) -> str:
    return parse_name(word)


@lru_cache(maxsize=1 << 14)
def _office(word: str) -> str:
    """An office, the center among them, or a group; ``none`` is no name of either."""
    if word == NONE:
        raise TextError("'none' cannot be a name of an office or group", rule="it means none of them")
    return word if word == CENTER else parse_name(word)


@lru_cache(maxsize=1 << 14)
def _channel(word: str) -> str:
    office, audience = parse_channel(word)
    if NONE in (office, audience):
        raise TextError(f"{shown(word)} is not a channel", rule="'none' is no name of an office or group")
    if audience == ROSTER:
        raise TextError("the roster can be neither cut nor settled", rule="its entries are judged once and never void")
    return word


def _committee(word: str) -> str:
    """A name of an office or group other than the center."""
    if word == CENTER:
        raise TextError("the center cannot stand here")
    return _office(word)


def _officer(word: str) -> tuple[str, str]:
    office, slash, officer = word.partition("/")
    if not slash:
        raise TextError(f"{shown(word)} is not an officer", rule="an office, a slash, a name")
    return _office(office), _name(officer)


def _one_of(word: str, known: Iterable[str]) -> str:
    if word not in known:
        raise TextError(f"{shown(word)} cannot stand here", rule=f"one of {', '.join(known)}")
    return word


def _days(word: str, *, least: int = 0) -> int:
    days = parse_number(word, zero=True)
    if not least <= days <= limits.DUTY_DAYS:
        raise TextError(f"{days} days cannot stand here", rule=f"{least} to {limits.DUTY_DAYS}")
    return days


def _sorted(words: list[str], most: int, parse: Callable[[str], str]) -> tuple[str, ...]:
    if not 1 <= len(words) <= most:
        raise TextError(f"the list has {len(words)} names", rule=f"1 to {most}")
    found = tuple([parse(word) for word in words])
    if any(before >= after for before, after in pairwise(found)):
        raise TextError("the list is out of order", rule="sorted as bytes, no two alike")
    return found


def _offices_or_none(words: list[str], parse: Callable[[str], str]) -> tuple[str, ...]:
    return () if words == [NONE] else _sorted(words, limits.STATEMENTS, parse)


# ---- statements; each takes the words behind the first and unpacks as many as there must be ----------------------


def _parse_keepers(words: list[str]) -> Keepers:
    return Keepers(_sorted(words, limits.KEEPERS, _name))


def _parse_recovery(words: list[str]) -> Recovery:
    count, *keys = words
    _sorted(keys, limits.KEEPERS, str)
    if not 1 <= parse_number(count) <= len(keys):
        raise TextError(f"{count} of {len(keys)} keys cannot be")
    found = tuple([VerifierKey.parse(key) for key in keys])
    for key in found:
        key.officer()
    return Recovery(int(count), found)


def _parse_office(words: list[str]) -> Office:
    name, role = words
    if (name == CENTER) != (role == CENTER):
        raise TextError("one office is the center, and bears that name")
    return Office(_office(name), cast(Role, _one_of(role, ROLES)))


def _parse_title(words: list[str]) -> Title:
    name, *text = words
    return Title(_office(name), check_free_text(" ".join(text), "title"))


def _parse_officer(words: list[str]) -> Officer:
    path, key, card, *rest = words
    if rest not in ([], ["unchecked"]):
        raise TextError("behind the card stands nothing, or 'unchecked'")
    office, name = _officer(path)
    vkey = VerifierKey.parse(key)
    network, _, path_of_key = vkey.name.partition("/")
    if path_of_key != path:
        raise TextError(f"the key of {path} bears the name {shown(vkey.name)}", rule="network/office/officer")
    _name(network)
    return Officer(office, name, vkey, parse_hash(card), bool(rest))


def _parse_threshold(words: list[str]) -> Threshold:
    office, count = words
    if parse_number(count) > THRESHOLD_MOST:
        raise TextError(f"a threshold of {count} cannot be met", rule=f"1 to {THRESHOLD_MOST}")
    return Threshold(_office(office), int(count))


def _parse_group(words: list[str]) -> Group:
    name, *members = words
    return Group(_committee(name), _offices_or_none(members, _committee))


def _parse_lateral(words: list[str]) -> Lateral:
    group, *rest = words
    if rest not in ([], ["end"]):
        raise TextError("behind the group stands nothing, or 'end'")
    return Lateral(_committee(group), not rest)


def _parse_retire(words: list[str]) -> Retire:
    (path,) = words
    return Retire(*_officer(path))


def _parse_compromised(words: list[str]) -> Compromised:
    (path,) = words
    return Compromised(*_officer(path))


def _parse_suspend(words: list[str]) -> Suspend:
    (office,) = words
    return Suspend(_committee(office))


def _parse_reinstate(words: list[str]) -> Reinstate:
    (office,) = words
    return Reinstate(_committee(office))


def _parse_dissolve(words: list[str]) -> Dissolve:
    (office,) = words
    return Dissolve(_committee(office))


def _parse_cut(words: list[str]) -> Cut:
    entry, channel, number, hashed = words
    if (number == "0") != (hashed == NONE):
        raise TextError("number 0 and hash none stand together, and only together")
    text_hash = None if hashed == NONE else parse_hash(hashed)
    return Cut(parse_number(entry), _channel(channel), parse_number(number, zero=True), text_hash)


def _parse_settle(words: list[str]) -> Settle:
    channel, number, hashed = words
    return Settle(_channel(channel), parse_number(number), parse_hash(hashed))


def _parse_form(words: list[str]) -> Form:
    name, version, hashed = words
    return Form(_name(name), parse_number(version), parse_hash(hashed))


def _parse_duty(words: list[str]) -> Duty | DutyEnd:
    form, audience, rhythm, *rest = words
    _name(form)
    if audience != ALL:
        _committee(audience)
    if rhythm == "end":
        (last,) = rest
        if period_kind(last) is PeriodKind.EVENT:
            raise TextError("a duty cannot end with one event", rule="give the last day")
        return DutyEnd(form, audience, last)
    kind = RHYTHMS[_one_of(rhythm, RHYTHMS)]
    day = parse_day(rest.pop(0)) if kind is PeriodKind.DAY and rest else None
    named = _options(rest, _DUTY_OPTIONS[kind])
    if kind is PeriodKind.DAY:
        if day is None:
            raise TextError("this duty names no day")
    elif kind is PeriodKind.EVENT:
        if "from" in named:
            parse_day(named["from"])
    elif not named.keys() >= {"due", "from"} or period_kind(named["from"]) is not kind:
        raise TextError(f"a {rhythm} duty says when it is due and which {kind} is the first")
    return Duty(
        form=form,
        audience=audience,
        rhythm=rhythm,
        due=_days(named["due"]) if "due" in named else None,
        within=_days(named["within"]) if "within" in named else None,
        day=day,
        grace=_days(named["grace"], least=1) if "grace" in named else 0,
        first=named.get("from"),
    )


_DUTY_OPTIONS: Final = {
    **dict.fromkeys(RHYTHMS.values(), ("due", "grace", "from")),
    PeriodKind.DAY: ("grace",),
    PeriodKind.EVENT: ("within", "grace", "from"),
}


def _options(words: list[str], order: tuple[str, ...]) -> dict[str, str]:
    """``words`` as pairs of a word of ``order`` and its value; each at most once, in that order."""
    named = dict(zip(words[::2], words[1::2], strict=True))
    if list(words[::2]) != [word for word in order if word in named]:
        raise TextError("these words cannot stand here, or not in this order", rule=f"in order: {', '.join(order)}")
    return named


def _parse_escrow(words: list[str]) -> Escrow:
    kind, *offices = words
    return Escrow(_one_of(kind, LETTER_KINDS), _offices_or_none(offices, _office))


_ZONE: Final = re.compile(r"(?=.{1,64}\Z)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*)*")
_OFFSET: Final = re.compile(r"(?!-00:00)[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")


def _parse_timezone(words: list[str]) -> Timezone:
    (zone,) = words
    if not _ZONE.fullmatch(zone) and not _OFFSET.fullmatch(zone):
        raise TextError(f"{shown(zone)} is not a zone", rule="Europe/Moscow or +03:00")
    return Timezone(zone)


def is_offset(zone: str) -> bool:
    """Whether the zone of a `Timezone` is an offset from UTC, ``+03:00``, and not a name."""
    return zone[0] in "+-"


def _parse_check(words: list[str]) -> Check:
    office, interval = words
    return Check(_office(office), _one_of(interval, CHECK_DAYS))


def _parse_requires(words: list[str]) -> Requires:
    (level,) = words
    if parse_number(level) > LEVEL:
        raise newer(f"asks for programs of level {level}")
    return Requires(int(level))


PARSERS: Final[dict[str, Callable[[list[str]], Statement]]] = {
    "keepers": _parse_keepers,
    "recovery": _parse_recovery,
    "office": _parse_office,
    "title": _parse_title,
    "officer": _parse_officer,
    "threshold": _parse_threshold,
    "group": _parse_group,
    "lateral": _parse_lateral,
    "retire": _parse_retire,
    "compromised": _parse_compromised,
    "suspend": _parse_suspend,
    "reinstate": _parse_reinstate,
    "dissolve": _parse_dissolve,
    "cut": _parse_cut,
    "settle": _parse_settle,
    "form": _parse_form,
    "duty": _parse_duty,
    "escrow": _parse_escrow,
    "timezone": _parse_timezone,
    "check": _parse_check,
    "requires": _parse_requires,
}
WORDS: Final = tuple(PARSERS)
"""The first words of statements."""
"""The parser of each first word."""


def newer(what: str) -> NewerStatementError:
    """The refusal of a roster that ``what``."""
    return NewerStatementError(
        f"the roster {what}, made by a newer cipherpost",
        rule="nothing after it is trusted until this program is updated",
        hints=("update cipherpost",),
    )
