"""What officers of one office say of a draft in their own channel (docs/protocol.md, "Proposals").

A proposal, an endorsement and a refusal are messages of the office to itself; their ``data.json`` is one of

    {"proposal": {"channel": "center/all", "kind": "circular", "until": "2026-12-22", "letter": "55c0..."}}
    {"endorsement": {"draft": 31, "officer": "sverdlov", "signature": "<base64>"}}
    {"declined": {"draft": 31}}

A proposal holds every line of its draft but the number, which is that of the message, each as it stands in a header.
"""

import base64
import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cipherpost import limits
from cipherpost.dispatch.draft import Draft, format_draft, parse_draft
from cipherpost.dispatch.header import DraftRef, Endorsement
from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.note import Purpose
from cipherpost.strictjson import canonical
from cipherpost.text import CENTER, ROSTER, TextError, parse_base64

if TYPE_CHECKING:
    from cipherpost.letter import Letter
    from cipherpost.workflows.plans import Plan

ATTACHED_LETTER: Final = "letter"
"""The attachment of a proposal that is the archive of the letter to be sent."""
ATTACHED_HEADS: Final = "heads.txt"
"""The attachment of a proposal of kind audit that is its heads file."""
CARD_SUFFIX: Final = ".card"
_ORDER: Final = (
    "channel", "number", "previous", "kind", "draft", "letter", "reply", "supersedes", "cancels", "due", "report",
    "decision", "heads",
)  # fmt: skip
_SIGNATURE_BYTES: Final = 64
_MOST_BYTES: Final = 2 * limits.ROSTER_BYTES
"""The largest ``data.json`` that speaks of a draft: statements, in which each line feed takes two bytes."""
_MOST_REASON: Final = 1_000
"""Characters of a reason to decline that lists show; all of it is in the letter."""


class Said(NamedTuple):
    """What one message says: ``word`` is proposal, endorsement, declined, or empty for any other letter.

    ``about``: the object under that word; ``reason``: the body of a refusal; ``cards``: names of attached cards.
    """

    word: str = ""
    about: dict[str, Any] = {}  # noqa: RUF012  never changed
    subject: str = ""
    reason: str = ""
    cards: tuple[str, ...] = ()

    def as_bytes(self) -> bytes:
        """For the vault."""
        return json.dumps(self).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Said":
        """What `as_bytes` made."""
        word, about, subject, reason, cards = json.loads(data)
        return cls(word, about, subject, reason, tuple(cards))


def said_in(letter: "Letter") -> Said:
    """What a letter of the own office says of a draft; nothing, where its data has not this form."""
    value = letter.said.value if letter.said is not None else None
    if letter.data is not None and len(letter.data) > _MOST_BYTES:
        return Said()
    if not isinstance(value, dict) or len(value) != 1:
        return Said()
    ((word, about),) = value.items()
    if word not in {"proposal", "endorsement", "declined"} or not isinstance(about, dict):
        return Said()
    cards = tuple(info.name for info in letter.attachments if info.name.endswith(CARD_SUFFIX))
    reason = (letter.body or "")[:_MOST_REASON] if word == "declined" else ""
    return Said(word, about, letter.subject, reason, cards)


# ---- proposals -----------------------------------------------------------------------------------------------------


def proposal_data(draft: Draft) -> bytes:
    """The ``data.json`` that proposes ``draft``, whose number is not known yet and may be any."""
    lines, _, statements = format_draft(draft).data.decode().partition("\n\n")
    about: dict[str, Any] = dict(line.split(" ", 1) for line in lines.strip("\n").split("\n")[2:])
    about["until"] = about.pop("draft").split(" ")[1]
    if statements:
        about["statements"] = statements
    return canonical({"proposal": about})


def draft_in(said: Said, *, fingerprint: str, number: int) -> Draft | None:
    """The draft that message ``number`` proposes; None where it is not one that anybody may endorse."""
    from cipherpost.roster.statements import parse_statements

    about = dict(said.about)
    until, statements = about.pop("until", None), about.pop("statements", None)
    values = [until, *about.values(), *([] if statements is None else [statements])]
    if not all(isinstance(each, str) for each in values) or not set(about) <= set(_ORDER) - {"draft"}:
        return None
    about["draft"] = f"{number} {until}"
    lines = [f"fingerprint {fingerprint}", *(f"{word} {about[word]}" for word in _ORDER if word in about)]
    if any("\n" in line for line in lines):
        return None
    text = "\n".join([Purpose.DRAFT.value, *lines, ""]) + ("" if statements is None else f"\n{statements}")
    try:
        draft = parse_draft(text.encode())
        if draft.statements:
            parse_statements(draft.statements)
    except (NotAuthenticError, NewerError, UnicodeEncodeError):
        return None
    return draft if (draft.kind == ROSTER) == (draft.channel == f"{CENTER}/{ROSTER}") else None


def draft_of_plan(
    plan: "Plan", *, fingerprint: str, until: date, number: int | None = None, previous: str | None = None
) -> Draft:
    """The draft of what is planned, before its proposal has a number; ``number`` and ``previous``: of kind roster."""
    return Draft(
        fingerprint,
        plan.channel,
        number,
        previous,
        plan.kind,
        DraftRef(1, until),
        plan.letter,
        plan.reply,
        plan.supersedes,
        plan.cancels,
        plan.due,
        plan.report,
        plan.decision,
        plan.heads_file,
        plan.statements,
    )


# ---- endorsements --------------------------------------------------------------------------------------------------


def endorsement_data(draft: int, given: Endorsement) -> bytes:
    """The ``data.json`` that endorses."""
    signature = base64.b64encode(given.signature).decode()
    return canonical({"endorsement": {"draft": draft, "officer": given.officer, "signature": signature}})


def endorsement_in(said: Said, *, draft: int) -> Endorsement | None:
    """The endorsement in a message about proposal ``draft``; nothing is verified."""
    officer, word = said.about.get("officer"), said.about.get("signature")
    about = said.about
    if set(about) != {"draft", "officer", "signature"} or type(about["draft"]) is not int or about["draft"] != draft:
        return None
    if not isinstance(officer, str) or not isinstance(word, str):
        return None
    try:
        signature = parse_base64(word)
    except TextError:
        return None
    return Endorsement(officer, signature) if len(signature) == _SIGNATURE_BYTES else None


def declined_data(draft: int) -> bytes:
    """The ``data.json`` that declines."""
    return canonical({"declined": {"draft": draft}})
