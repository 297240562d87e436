"""A proposal as an officer looks at it before he signs: the very text, who signed, and what an amendment changed."""

import difflib
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cipherpost import limits
from cipherpost.dispatch.draft import format_draft
from cipherpost.errors import CipherpostError
from cipherpost.text import ROSTER
from cipherpost.workflows import enclosed, letters, proposals, vetting
from cipherpost.workflows.saving import Saver

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.dispatch.draft import Draft
    from cipherpost.dispatch.header import Header
    from cipherpost.letter import Letter, MemberInfo, Save
    from cipherpost.tar import Sink
    from cipherpost.workflows.proposals import Proposal

_PLACE: frozenset[str] = frozenset({"fingerprint", "draft", "letter", "previous"})
"""Lines of a draft that say nothing to a person, or change with each amendment by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a proposal proposes, opened and checked; ``letter`` is None for a roster entry.

    ``lines``: all of it as text, to be compared; attachments by their hashes.
    """

    letter: "Letter | None" = field(repr=False)
    body: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A proposal shown; it has what `cipherpost.workflows.reading.Shown` has for whoever shows it.

    ``diff``: a unified diff from the text that it amends; ``keys``: of each officer to whom a roster entry gives keys
    his name, the spoken number of the card that it names, and who vouches for it; ``warnings``: what a signer should
    know besides.
    """

    header: "Header"
    proposal: "Proposal"
    content: Content
    readers: tuple[str, ...]
    diff: tuple[str, ...] = field(repr=False)
    keys: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]
    saved: tuple[Path, ...]
    officer: str
    forwarded: tuple[Any, ...] = ()
    refused: tuple[Any, ...] = ()

    @property
    def body(self) -> str:
        """The text proposed, or the statements."""
        return self.content.body

    def banners(self) -> Iterator[tuple[str, str]]:
        """Notices that stand above it, by name, each with what it is about."""
        if self.proposal.state == "amended":
            yield "superseded", f"{self.proposal.office}/{self.proposal.office}/{self.proposal.gone_by}"
        if self.proposal.state == "withdrawn":
            yield "cancelled", f"{self.proposal.office}/{self.proposal.office}/{self.proposal.gone_by}"

    def head_lines(self) -> Iterator[tuple[str, str]]:
        """What is proposed, by whom, and how it stands."""
        proposal, letter = self.proposal, self.content.letter
        yield "proposal", f"{proposal.place} by {proposal.by}, {proposal.time}"
        yield from _draft_lines(proposal.draft)
        yield "subject", letter.subject if letter is not None else ""
        for info in letter.attachments if letter is not None else ():
            yield "attached", f"{info.name} ({info.size:,} bytes)".replace(",", " ")
        for name, spoken, how in self.keys:
            yield "card", f"{name}: {spoken}" if spoken else name
            yield "vouched", f"{name}: {how}"
        for why in self.warnings:
            yield "take care", why
        yield "until", proposal.until.isoformat()
        yield "state", proposal.stands()
        yield "signed", ", ".join(proposal.signers)
        yield "waits for", ", ".join(proposal.awaited)
        for name, why in proposal.declined:
            yield "declined", f"by {name}: {' '.join(why.split())}"
        for why in proposal.ignored:
            yield "not counted", why

    def saved_lines(self) -> Iterator[str]:
        """What was written where."""
        for path in self.saved:
            yield f"saved: {path}"

    def hints(self) -> Iterator[str]:
        """What to do next."""
        proposal = self.proposal
        if proposal.state == "amended":
            yield f"cipherpost read {proposal.office}/{proposal.office}/{proposal.gone_by}"
        elif self.officer in proposal.awaited:
            yield f"cipherpost endorse {proposal.number}"
            yield f'cipherpost decline {proposal.number} -m "..."'
        elif self.content.letter is not None and self.content.letter.attachments and not self.saved:
            yield f"cipherpost read {proposal.place} --save DIR"

    def as_json(self) -> dict[str, Any]:
        """As of any letter that is read; subject, body, data and attachments are those of the letter proposed."""
        import json

        header, letter = self.header, self.content.letter
        gone = self.proposal.gone_by
        return {
            "channel": header.channel,
            "number": header.number,
            "kind": header.kind,
            "from": header.office,
            "to": header.audience,
            "signers": [header.by],
            "time": header.time,
            "subject": letter.subject if letter is not None else self.proposal.subject,
            "state": "read",
            "due": None,
            "reply_to": None,
            "supersedes": header.supersedes,
            "superseded_by": gone if self.proposal.state == "amended" else None,
            "cancelled_by": gone if self.proposal.state == "withdrawn" else None,
            "attachments": [
                {"name": info.name, "type": info.type, "bytes": info.size}
                for info in (letter.attachments if letter is not None else ())
            ],
            "bytes": sum(part.size for part in header.sealed),
            "answered_by": None,
            "hash": self.proposal.hash,
            "roster": header.roster.number if header.roster else None,
            "body": self.body,
            "body_type": letter.body_type if letter is not None else "txt",
            "data": json.loads(letter.data) if letter is not None and letter.data is not None else None,
            "readers": list(self.readers),
            "proposal": {
                **self.proposal.as_json(),
                "diff": list(self.diff),
                "cards": [{"officer": name, "spoken": spoken, "vouched": how} for name, spoken, how in self.keys],
                "warnings": list(self.warnings),
            },
        }


def review(desk: "Desk", proposal: "Proposal", *, save: Path | None = None, force: bool = False) -> Review:
    """Open what a proposal proposes, after every check, and compare it with what it amends.

    Args:
        save: a folder for the text and the attachments of the letter proposed.

    Raises:
        NotAuthenticError: the letter proposed is not what the proposal says; nothing was shown or saved.
        UnableError: it is not in this home and not at the post office, or a file is in the way.
    """
    saved: tuple[Path, ...] = ()
    if save is None:
        content = look(desk, proposal)
    else:
        with Saver(save, force=force) as saver:
            content = look(desk, proposal, save=saver.attachment)
            ending = content.letter.body_type if content.letter is not None and content.letter.body_type else "txt"
            saver.text(f"{proposal.place.replace('/', '-')}.{ending}", content.body)
            saved = saver.commit()
    header = enclosed.entry_of(desk, proposal).header
    return Review(
        header=header,
        proposal=proposal,
        content=content,
        readers=tuple(f"{each.office}/{each.name}" for each in letters.readers(desk, header)),
        diff=_changes(desk, proposal, content),
        keys=tuple(_keys(desk, proposal)),
        warnings=tuple(_warnings(desk, proposal, content)) if proposal.is_open else (),
        saved=saved,
        officer=desk.officer,
    )


def look(desk: "Desk", proposal: "Proposal", *, save: "Save | None" = None) -> Content:
    """Open what a proposal proposes, after every check.

    Raises:
        NotAuthenticError, UnableError: as `review`.
    """
    draft = proposal.draft
    head = [f"{name}: {value}" for name, value in _draft_lines(draft)]
    if draft.kind == ROSTER:
        statements = draft.statements.decode()
        return Content(letter=None, body=statements, lines=(*head, "", *statements.splitlines()))
    found: list[tuple[str, hashlib._Hash]] = []

    def hashed(info: "MemberInfo") -> "Sink":
        digest = hashlib.sha256()
        found.append((info.name, digest))
        return _Both(digest, save(info) if save is not None else None)

    with enclosed.reading(desk, proposal, save=hashed) as letter:
        body = letter.body or ""
    head += [f"subject: {letter.subject}"]
    head += [f"attached: {name}, sha256 {digest.hexdigest()}" for name, digest in found]
    if letter.data is not None:
        head += [f"data.json: sha256 {hashlib.sha256(letter.data).hexdigest()}"]
    counted = _counted(desk, draft, letter)
    return Content(letter=letter, body=body, lines=(*head, "", *body.splitlines(), *counted.splitlines()))


def _counted(desk: "Desk", draft: "Draft", letter: "Letter") -> str:
    """The figures of a proposed report, by its form, where its text for people says something else; else nothing."""
    from cipherpost.workflows.forms import readable

    if draft.report is None or letter.data is None:
        return ""
    figures = readable(desk, letter.data)
    return "" if figures.split() == (letter.body or "").split() else figures


class _Both(io.RawIOBase):
    """Hands bytes to a digest, and on to wherever they are saved."""

    def __init__(self, digest: "hashlib._Hash", sink: "Sink | None") -> None:
        super().__init__()
        self._digest = digest
        self._sink = sink

    def write(self, data: Any, /) -> int:
        """As the sink's."""
        self._digest.update(data)
        if self._sink is not None:
            self._sink.write(data)
        return len(data)


def _draft_lines(draft: "Draft") -> Iterator[tuple[str, str]]:
    """The lines of a draft that tell a person what is done."""
    lines = format_draft(draft).data.decode().partition("\n\n")[0].strip("\n").split("\n")[1:]
    for line in lines:
        word, _, value = line.partition(" ")
        if word not in _PLACE:
            yield {"channel": "for", "number": "entry", "reply": "answers"}.get(word, word), value


def _changes(desk: "Desk", proposal: "Proposal", content: Content) -> tuple[str, ...]:
    """What changed since the proposal that this one amends; an earlier text that cannot be opened stops nothing.

    A report is not amended but proposed anew: it is compared with what was proposed last for the same period.
    """
    report = proposal.draft.report
    before = [
        each
        for each in proposals.listing(desk)
        if each.number == proposal.amends
        or (proposal.amends is None and report is not None and _same_debt(each, proposal))
    ]
    if not before:
        return (
            () if proposal.amends is None else (f"proposal {proposal.amends}, which it amends, cannot be opened here",)
        )
    try:
        old = look(desk, before[-1])
    except CipherpostError as error:
        return (f"proposal {before[-1].number}, before it, cannot be opened here: {error.what}",)
    return unified(old.lines, content.lines, before[-1].place, proposal.place)


def _same_debt(one: "Proposal", other: "Proposal") -> bool:
    """Whether ``one`` proposed a report of the same form and period before ``other`` did."""
    mine, its = one.draft.report, other.draft.report
    return mine is not None and its is not None and one.number < other.number and mine[:2] == its[:2]


def unified(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> tuple[str, ...]:
    """A unified diff, without line feeds; nothing where both are the same."""
    if max(len(old), len(new)) > limits.DIFF_LINES:
        return (f"the text has more than {limits.DIFF_LINES} lines; its changes are not shown",)
    return tuple(difflib.unified_diff(old, new, old_name, new_name, lineterm=""))


def _keys(desk: "Desk", proposal: "Proposal") -> Iterator[tuple[str, str, str]]:
    if proposal.draft.kind == ROSTER:
        for each in vetting.stated_keys(desk, proposal, fetch=False):
            spoken = each.card.spoken if each.card is not None else ""
            yield each.who, spoken, vetting.keys_in_words(desk, proposal.by, each)


def _warnings(desk: "Desk", proposal: "Proposal", content: Content) -> Iterator[str]:
    why = vetting.why_unfit(desk, proposal.draft)
    if why is not None:
        yield f"it is not to be signed: {why.what}"
    others = vetting.other_heads(desk, proposal)
    if others:
        yield f"ITS HEADS NAME ANOTHER {', '.join(others[:3])} than the one verified here: do not sign, compare first"
    if content.letter is not None and _counted(desk, proposal.draft, content.letter):
        yield "ITS TEXT IS NOT WHAT ITS FIGURES SAY, and the figures are what is counted: read --json shows them"
    if proposal.draft.kind == ROSTER:
        yield from vetting.cuts_in_words(desk, proposal)
