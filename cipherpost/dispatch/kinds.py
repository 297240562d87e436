"""What each kind of dispatch carries, from whom to whom, and whose signatures it needs (check V6).

`KINDS` is the matrix of docs/protocol.md, "Kinds"; `matrix` gives its rows. `check_lines` needs the header alone;
`check_place` needs what the roster says of the two halves of the channel. Beyond the matrix:

- letter and sealed stand together; one sealed line, save in kind key; a report has them unless it is nil or cancels
- draft stands exactly when endorsed does
- due does not stand beside cancels, nor nil beside cancels
- key names an own group channel in kind key to one office, stands nowhere in kind key to a group, and names an earlier
  number of the channel in other kinds to a group
- a decision speaks of the office it is written to, and of a due of the office that decides
- head, ack and missing stand only in dispatches to one office; a receipt, and a check to one office, has at least one.
  Heads are of the sender's other channels; acked and missing are channels of the office written to, but an auditor
  speaks to the center of any
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Final, Literal, NamedTuple

from cipherpost.dispatch.header import LINES, Decision, Header, Report
from cipherpost.errors import NotAuthenticError
from cipherpost.text import CENTER

Threshold = Literal["keepers", "office", "one"]
Audience = Literal["office", "group", "own", "roster"]

ROLES: Final = frozenset({"center", "committee", "auditor"})
COMMON: Final = tuple(line.word for line in LINES if line.most == 0)
"""Words of the lines that every header has."""
OPTIONAL: Final = (*(line.word for line in LINES if line.most), "statements")
"""Words of the others, in order; ``statements`` stands for what follows the empty line."""
POINTERS: Final = frozenset({"head", "ack", "missing"})


class KindLinesError(NotAuthenticError):
    """A header lacks a line that its kind requires, or has one that the kind does not allow (V6)."""


class KindPlaceError(NotAuthenticError):
    """A dispatch stands in a channel where its kind may not, or speaks of a channel that it may not (V6)."""


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A row of the matrix.

    ``roles`` may post it, to an audience that is one of ``audiences``; ``to_center``: to the center alone;
    ``as_member``: to a group as its lateral member alone, be it the center.
    ``required`` and ``allowed``: words of `OPTIONAL`, none in both. ``threshold``: the signatures it needs, of more
    than half of the keepers, of as many officers as the threshold of the office says, or of one.
    """

    name: str
    roles: frozenset[str]
    audiences: frozenset[str]
    threshold: Threshold
    required: frozenset[str]
    allowed: frozenset[str]
    to_center: bool = False
    as_member: bool = False


_ALL_KINDS: Final = (
    Kind(
        name="roster",
        roles=_words("center"),
        audiences=_words("roster"),
        threshold="keepers",
        required=_words("statements"),
        allowed=_words("draft endorsed"),
    ),
    Kind(
        name="circular",
        roles=_words("center"),
        audiences=_words("group"),
        threshold="office",
        required=_words("roster letter sealed"),
        allowed=_words("draft key reply supersedes cancels due endorsed"),
    ),
    Kind(
        name="instruction",
        roles=_words("center"),
        audiences=_words("office"),
        threshold="office",
        required=_words("roster letter sealed"),
        allowed=_words("draft reply supersedes cancels due endorsed") | POINTERS,
    ),
    Kind(
        name="decision",
        roles=_words("center"),
        audiences=_words("office"),
        threshold="office",
        required=_words("roster letter sealed decision"),
        allowed=_words("draft reply supersedes cancels endorsed") | POINTERS,
    ),
    Kind(
        name="report",
        roles=_words("committee auditor"),
        audiences=_words("office"),
        threshold="office",
        required=_words("roster report"),
        allowed=_words("draft letter sealed reply supersedes cancels endorsed") | POINTERS,
        to_center=True,
    ),
    Kind(
        name="audit",
        roles=_words("auditor"),
        audiences=_words("office"),
        threshold="office",
        required=_words("roster letter sealed heads"),
        allowed=_words("draft reply supersedes cancels endorsed") | POINTERS,
        to_center=True,
    ),
    Kind(
        name="message",
        roles=ROLES,
        audiences=_words("office own group"),
        threshold="one",
        required=_words("roster letter sealed"),
        allowed=_words("key reply supersedes cancels") | POINTERS,
        as_member=True,
    ),
    Kind(
        name="key",
        roles=ROLES,
        audiences=_words("office own group"),
        threshold="one",
        required=_words("roster letter sealed"),
        allowed=_words("key") | POINTERS,
    ),
    Kind(
        name="receipt",
        roles=ROLES,
        audiences=_words("office own"),
        threshold="one",
        required=_words("roster"),
        allowed=POINTERS,
    ),
    Kind(
        name="check",
        roles=ROLES,
        audiences=_words("office own group"),
        threshold="one",
        required=_words("roster"),
        allowed=POINTERS,
    ),
)
KINDS: Final = {kind.name: kind for kind in _ALL_KINDS}
"""Every kind by its word, in the order of the docs."""


class Row(NamedTuple):
    """A row of the matrix as docs/protocol.md prints it; ``required`` and ``allowed`` are in the order of lines."""

    kind: str
    roles: tuple[str, ...]
    audiences: tuple[str, ...]
    signatures: Threshold
    required: tuple[str, ...]
    allowed: tuple[str, ...]


def matrix() -> tuple[Row, ...]:
    """The rows of the matrix, for comparing the documentation with the code."""
    return tuple(
        Row(
            kind.name,
            tuple(sorted(kind.roles)),
            ("center",) if kind.to_center else tuple(sorted(kind.audiences)),
            kind.threshold,
            tuple(word for word in OPTIONAL if word in kind.required),
            tuple(word for word in OPTIONAL if word in kind.allowed),
        )
        for kind in _ALL_KINDS
    )


def same_threshold(one: str, other: str) -> bool:
    """Whether two kinds need the same signatures, as one that supersedes or cancels another must."""
    return KINDS[one].threshold == KINDS[other].threshold


# ---- lines ---------------------------------------------------------------------------------------------------------


def check_lines(header: Header) -> None:
    """Check that a parsed header has the lines its kind requires, and no others (V6).

    Raises:
        KindLinesError: naming the line.
    """
    wrong = _wrong_lines(header.kind, tuple(compress(OPTIONAL, header[len(COMMON) :])))
    if wrong is not None:
        raise _lines(header, *wrong)
    if len(header.sealed) > 1 and header.kind != "key":
        raise _lines(header, f"a {header.kind} with {len(header.sealed)} sealed files", "only kind key has several")
    if header.report:
        _check_report(header, header.report)
    if header.decision:
        _check_decision(header, header.decision)
    for word, target in (("supersedes", header.supersedes), ("cancels", header.cancels)):
        if target is not None and target >= header.number:
            raise _lines(header, f"the line {word} names number {target}", "an earlier number of the channel")


@lru_cache(maxsize=1 << 10)
def _wrong_lines(name: str, words: tuple[str, ...]) -> tuple[str, str] | None:
    """What is wrong with a header of kind ``name`` that has these of `OPTIONAL`, and the rule; None: nothing."""
    kind, present = KINDS[name], set(words)
    if lacking := kind.required - present:
        return f"a {name} without the line {_first(lacking)}", "its kind requires it"
    if excess := present - kind.required - kind.allowed:
        return f"a {name} with the line {_first(excess)}", "its kind does not allow it"
    if ("letter" in present) != ("sealed" in present):
        return "one of the lines letter and sealed is missing", "both or neither"
    if ("draft" in present) != ("endorsed" in present):
        return "one of the lines draft and endorsed is missing", "both or neither"
    if {"due", "cancels"} <= present:
        return "the lines due and cancels together", "what cancels asks for nothing"
    return None


def _check_report(header: Header, report: Report) -> None:
    if report.nil and header.cancels:
        raise _lines(header, "a report that is nil and cancels", "one of the two")
    if not (header.sealed or report.nil or header.cancels):
        raise _lines(header, "a report without a letter", "only one that is nil or cancels has none")


def _check_decision(header: Header, decision: Decision) -> None:
    if decision.office != header.audience:
        raise _lines(header, f"a decision about {decision.office}", "it is written to the office whose debt it is")
    if decision.channel is not None and decision.channel.partition("/")[0] != header.office:
        raise _lines(header, f"a decision about a due of {decision.channel}", "a debt to the office that decides")


def _first(words: Iterable[str]) -> str:
    return min(words, key=OPTIONAL.index)


def _lines(header: Header, what: str, rule: str) -> KindLinesError:
    return KindLinesError(what, rule=rule, channel=header.channel, number=header.number)


# ---- place ---------------------------------------------------------------------------------------------------------


def check_place(
    header: Header,
    *,
    role: str,
    audience_is: Audience,
    audience_role: str | None,
    lateral_member: bool,
) -> None:
    """Check that the kind may stand in its channel, and what depends on the sort of audience (V6).

    Of a header without the lines key, head, ack and missing nothing but kind and channel is looked at.

    Args:
        header: one that `check_lines` has passed.
        role: of the sending office: center, committee or auditor.
        audience_is: ``roster`` for center/roster, ``own`` for an office's channel to itself, ``office`` or ``group``.
        audience_role: the role of the audience where it is one office (itself included), else None.
        lateral_member: the sender belongs to the audience, a lateral group; or shares one with the audience, an office.

    Raises:
        KindPlaceError: naming what is out of place.
    """
    kind = KINDS[header.kind]
    if role not in kind.roles:
        raise _place(header, f"a {kind.name} from a {role}", f"only from {_either(kind.roles)}")
    if audience_is not in kind.audiences or (kind.to_center and audience_role != CENTER):
        to = "to the center only" if kind.to_center else f"only to: {_either(kind.audiences)}"
        raise _place(header, f"a {kind.name} to {header.audience}", to)
    if not (audience_is == "own" or CENTER in {role, audience_role} or lateral_member):
        raise _place(
            header,
            f"{header.office} does not write to {header.audience}",
            "an office writes to the center, to itself, and among the members of a lateral group",
        )
    if kind.as_member and audience_is == "group" and not lateral_member:
        raise _place(header, f"a {kind.name} to the group {header.audience}", "only among a lateral group's members")
    _check_key(header, audience_is)
    _check_pointers(header, audience_is, any_channel=role == "auditor" and audience_role == CENTER)


def _check_key(header: Header, audience_is: Audience) -> None:
    key = header.key
    to_group = audience_is == "group"
    if header.kind != "key":
        if key is not None and (not to_group or key.channel is not None or key.number >= header.number):
            raise _place(header, "the line key is out of place", "to a group: an earlier number of the same channel")
        return
    if to_group and key is not None:
        raise _place(header, "a new key with the line key", "to a group the dispatch is itself the key's place")
    if not to_group and (key is None or key.channel is None):
        raise _place(header, "a key handed on without its channel", "to one office: key CHANNEL N")
    if (
        key is not None
        and key.channel is not None
        and (key.channel.partition("/")[0] != header.office or key.channel == header.channel)
    ):
        raise _place(header, f"a key of {key.channel} handed on", "only those of the office's own group channels")


def _check_pointers(header: Header, audience_is: Audience, *, any_channel: bool) -> None:
    pointers = bool(header.heads or header.acks or header.missing)
    if audience_is in {"group", "roster"}:
        if pointers:
            raise _place(header, "lines head, ack or missing to many", "they stand in what is written to one office")
        return
    if not pointers and header.kind in {"receipt", "check"}:
        raise _place(header, f"a {header.kind} that says nothing", "at least one line head, ack or missing")
    own, audience = header.office + "/", header.audience + "/"
    for head in header.heads:
        if not head.channel.startswith(own) or head.channel == header.channel:
            raise _place(header, f"a line head for {head.channel}", "the sender's own channels beside this one")
    if any_channel:
        return
    for channel in (*(ack.channel for ack in header.acks), *(missing.channel for missing in header.missing)):
        if not channel.startswith(audience):
            raise _place(header, f"a line about {channel}", "channels of the office that is written to")


def _either(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))


def _place(header: Header, what: str, rule: str) -> KindPlaceError:
    return KindPlaceError(what, rule=rule, channel=header.channel, number=header.number)
