"""The page of a publication: the text for people, who signed it, what that proves and what not, what was left out.

Version 1. Publications that were handed out hold this page byte for byte, and are refused when it is another: so it
has a template and a style of its own, which never change, and what is shown harmlessly is a fixed table, not that of
the Unicode that happens to be installed. Who wants another page adds a version.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import quote

from markupsafe import Markup, escape

from cipherpost.pages.building import page
from cipherpost.publication import LETTER_JSON, MANIFEST, MEMBERS, NOTE, WHOLE, Published
from cipherpost.text import spoken

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Controls, marks that nobody sees, and those that turn the direction of writing; joiners, LF and tab are none."""


class _File(NamedTuple):
    name: Markup
    type: Markup
    size: str
    link: str


def publication_page(published: Published) -> bytes:
    """``index.html`` of a publication: the same bytes for the same publication, whenever and wherever it is made."""
    letter, header = published.letter, published.header
    text = page(
        "publication-1.html.j2",
        style="publication-1.css",
        facts=[(_safe(name), _safe(value)) for name, value in _facts(published)],
        subject=_safe(letter.subject),
        network=_safe(published.network),
        place=_safe(published.place),
        sender=_safe(_titled(header.office, published.title)),
        body=None if letter.body is None else _safe(letter.body),
        data=None if letter.data is None else _safe(letter.data.decode("utf-8")),
        files=[
            _File(_safe(each.name), _safe(each.type), f"{each.size:,}", _link(published, each.path))
            for each in letter.attachments
        ],
        kept=len(letter.members),
        left_out=published.left_out,
        hash=_safe(published.hash),
        fingerprint=_safe(published.fingerprint),
        spoken=_in_fours(spoken(published.fingerprint)),
        entries=published.entries,
        endorsed=len(header.endorsed),
        files_of={"manifest": MANIFEST, "note": NOTE, "whole": WHOLE, "letter": LETTER_JSON, "members": MEMBERS},
    )
    return text.encode()


def _safe(text: str) -> Markup:
    return escape(_UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def _in_fours(number: str) -> list[str]:
    groups = number.split()
    return [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]


def _link(published: Published, path: str) -> str:
    return quote(MEMBERS + path) if published.left_out else WHOLE


def _facts(published: Published) -> list[tuple[str, str]]:
    header = published.header
    facts = [
        ("Network", published.network),
        ("From", _titled(header.office, published.title)),
        ("To", _titled(header.audience, published.to_title)),
        ("Number", published.place),
        ("Kind", header.kind),
        ("Signed by", ", ".join(published.signers)),
        ("Time", f"{header.time}, by the sender's clock"),
    ]
    if header.reply is not None:
        facts.append(("In reply to", f"{header.reply.channel}/{header.reply.number}"))
    if header.supersedes is not None:
        facts.append(("Takes the place of", f"{header.channel}/{header.supersedes}"))
    if header.cancels is not None:
        facts.append(("Cancels", f"{header.channel}/{header.cancels}"))
    if header.due is not None:
        facts.append(("Asks for", f"{_DUE[header.due.what]} by {header.due.day.isoformat()}"))
    if header.report is not None:
        nil = ", nil" if header.report.nil else ""
        facts.append(("Report", f"{header.report.form} {header.report.period}{nil}"))
    return facts


_DUE: Final = {"reply": "a reply", "complied": "word that it is carried out"}


def _titled(name: str, title: str) -> str:
    return name if title == name else f"{title} ({name})"
