"""The draft: what the colleagues of an officer sign before he posts (docs/protocol.md, "Endorsing").

    cipherpost/v1 draft
    fingerprint 4f0c...
    channel center/all
    kind circular
    draft 31 2026-12-22
    letter 55c0...

It holds the network's fingerprint and those lines of the header that say what is done, in the header's order, and
neither its place nor its time, roster entry, key or ciphertext: so a lost race or a new sealing needs no new
endorsement. A draft of kind roster also holds number and previous, behind the channel, and after an empty line the
statements; an endorsement of it is good for one place only.
"""

import re
from typing import Any, Final, NamedTuple

from cipherpost import limits
from cipherpost.dispatch.header import LINES, Decision, DraftRef, Due, Header, HeadsFile, Reply, Report, RosterRef
from cipherpost.dispatch.kinds import KINDS
from cipherpost.dispatch.lines import Line, check_statements, expression, format_lines, read_values
from cipherpost.errors import MalformedError, TooLargeError
from cipherpost.note import Purpose, Text
from cipherpost.text import ROSTER, TextError


class DraftMalformedError(MalformedError):
    """Bytes that are not a draft, or a header that cannot have one."""


class Draft(NamedTuple):
    """A draft taken apart; fields mean what they mean in `Header`. Only kind roster has number and previous."""

    fingerprint: str
    channel: str
    number: int | None
    previous: str | None
    kind: str
    draft: DraftRef
    letter: str | None = None
    reply: Reply | None = None
    supersedes: int | None = None
    cancels: int | None = None
    due: Due | None = None
    report: Report | None = None
    decision: Decision | None = None
    heads_file: HeadsFile | None = None
    statements: bytes = b""


_TAKEN: Final = [
    "channel",
    "number",
    "previous",
    "kind",
    "draft",
    "letter",
    "reply",
    "supersedes",
    "cancels",
    "due",
    "report",
    "decision",
    "heads",
]
_HASH: Final = "[0-9a-f]{64}"
_OTHERWISE: Final[dict[str, dict[str, Any]]] = {
    "number": {"most": 1},
    "previous": {"most": 1, "pattern": _HASH},  # the genesis has no draft
    "draft": {"most": 0},
}
"""Where a row of a draft differs from that of a header."""
_ROWS: Final = (
    Line("fingerprint", "HASH", _HASH, 0, str, str),
    *(line._replace(**_OTHERWISE.get(line.word, {})) for line in LINES if line.word in _TAKEN),
)
_DRAFT: Final = re.compile(Purpose.DRAFT + "\n" + "".join(map(expression, _ROWS)))
_READERS: Final = tuple(line.read for line in _ROWS)
_ABSENT: Final = (None,) * len(_ROWS)


def draft_text(fingerprint: str, header: Header) -> Text:
    """The text that the endorsements of ``header`` sign, in the network of ``fingerprint`` (hex).

    Raises:
        DraftMalformedError: the header has no line draft, or its kind is posted by one officer alone.
    """
    return format_draft(draft_of(fingerprint, header))


def draft_of(fingerprint: str, header: Header) -> Draft:
    """The draft that ``header`` carries out.

    Raises:
        DraftMalformedError: it has no line draft.
    """
    if header.draft is None:
        raise DraftMalformedError(
            "the header has no line draft", rule="what is endorsed names its draft", channel=header.channel
        )
    in_place = header.kind == ROSTER
    return Draft(
        fingerprint,
        header.channel,
        header.number if in_place else None,
        header.previous if in_place else None,
        header.kind,
        header.draft,
        header.letter,
        header.reply,
        header.supersedes,
        header.cancels,
        header.due,
        header.report,
        header.decision,
        header.heads_file,
        header.statements,
    )


def header_of(
    draft: Draft, *, network: str, number: int, previous: str | None, time: str, by: str, roster: RosterRef | None
) -> Header:
    """The header that carries out ``draft`` at a place and time; what is sealed and endorsed is still to be added.

    Raises:
        DraftMalformedError: a draft of kind roster is good for one place, and this is another.
    """
    if draft.kind == ROSTER and (draft.number, draft.previous) != (number, previous):
        raise DraftMalformedError(
            f"the draft is for entry {draft.number} of the roster", rule="one draft, one place", number=number
        )
    kept: dict[str, Any] = draft._asdict()
    del kept["fingerprint"]
    return Header(
        **kept | {"network": network, "number": number, "previous": previous, "time": time, "by": by, "roster": roster}
    )


def format_draft(draft: Draft) -> Text:
    """The one text that parses to ``draft``, as it is signed.

    Raises:
        DraftMalformedError, TooLargeError: there is none, since a field has a value that no draft may have.
    """
    data = f"{Purpose.DRAFT}\n".encode() + format_lines(_ROWS, draft[:-1])
    if draft.statements:
        data += b"\n" + draft.statements
    if parse_draft(data) != draft:
        raise DraftMalformedError("this draft cannot be printed", rule="it would be read as another")
    return Text(Purpose.DRAFT, data)


def parse_draft(data: bytes) -> Draft:
    """The draft that ``data`` is; what format_draft prints, and nothing else.

    Raises:
        TooLargeError: above the limits of its kind.
        DraftMalformedError: any other form, a kind that is never endorsed, or lines that its kind does not have.
    """
    at = data.find(b"\n\n")
    lines = data if at < 0 else data[: at + 1]
    if len(lines) > limits.HEADER_BYTES or len(data) > limits.ROSTER_BYTES:
        raise TooLargeError(f"the draft has {len(data)} bytes", rule="at most what its dispatch may have")
    match = _DRAFT.fullmatch(lines.decode("latin-1"))
    if match is None:
        raise DraftMalformedError("this is not a draft", rule=f"{Purpose.DRAFT}, fingerprint, then lines of a header")
    try:
        draft = Draft._make((*read_values(match, _READERS, _ABSENT), b"" if at < 0 else data[at + 2 :]))
        if draft.kind == ROSTER:
            check_statements(draft.statements)
    except TextError as error:
        raise DraftMalformedError(error.what, where="the draft", rule=error.rule) from None
    _check(draft, has_statements=at >= 0)
    return draft


def _check(draft: Draft, *, has_statements: bool) -> None:
    kind = KINDS[draft.kind]
    if kind.threshold == "one":
        raise DraftMalformedError(f"a draft of a {kind.name}", rule="one officer posts it without endorsement")
    if {draft.number is not None, draft.previous is not None, has_statements} != {kind.name == ROSTER}:
        raise DraftMalformedError(
            "number, previous and statements do not fit the kind", rule="all three in kind roster, none elsewhere"
        )
    if draft.supersedes and draft.cancels:
        raise DraftMalformedError("the draft both supersedes and cancels", rule="one of the two")
    for line, value in zip(_ROWS, draft[:-1], strict=True):
        if line.most and value and line.word not in {*kind.required, *kind.allowed, "number", "previous"}:
            raise DraftMalformedError(f"a draft of a {kind.name} with the line {line.word}", rule="its kind has none")
