"""The members of a publication, its manifest, what it proves, and the ways in which it may not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard

from cipherpost import limits
from cipherpost.dispatch.header import Header
from cipherpost.errors import NewerError, NotAuthenticError, UseError
from cipherpost.letter import Kept, Letter, parse_kept, print_kept
from cipherpost.strictjson import canonical, parse_canonical
from cipherpost.text import is_name

MANIFEST: Final = "publication.json"
NOTE: Final = "header.note"
ROSTER: Final = "roster/"
WHOLE: Final = "letter.tar"
LETTER_JSON: Final = "letter.json"
MEMBERS: Final = "members/"
PAGE: Final = "index.html"
PAGE_VERSION: Final = 1
"""Of the page's wording and form; publications that were handed out hold it byte for byte."""

_FORMAT: Final = "cipherpost/v1 publication"
MANIFEST_BYTES: Final = 2 * limits.LETTER_JSON_BYTES
AGAIN: Final = (
    "ask for it again, as it was made",
    "who published it makes it anew: cipherpost publish CHANNEL/NUMBER",
)


class PublicationError(NotAuthenticError):
    """Not a publication as it was made: altered, cut short, or put together by somebody else."""


class PublicationRosterError(NotAuthenticError):
    """The roster in a publication is not whole, or not the one that the dispatch relies on."""


class PublicationPageError(NotAuthenticError):
    """The page for people does not say what was verified."""


class SettledOtherwiseError(NotAuthenticError):
    """The roster settles that another dispatch than the one published stands under its number."""


class NewerPublicationError(NewerError):
    """The publication was made by a newer cipherpost."""


class NothingToPublishError(UseError):
    """The dispatch cannot be published: it carries no letter, or nothing of it would be left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publication proves.

    ``note`` is the dispatch as it lies in the publication, ``hash`` that of its text; ``title`` and ``to_title`` what
    people called its office and audience at the roster entry relied on. ``letter`` holds the members that are there,
    ``left_out`` says how many are not. ``entries``: the newest roster entry in it, ``roster_hash`` its hash.
    ``settled``: the lowest number of the channel, not below the dispatch's, that the roster settles; None: none.
    """

    network: str
    fingerprint: str
    header: Header
    note: bytes = field(repr=False)
    hash: str
    title: str
    to_title: str
    letter: Letter = field(repr=False)
    left_out: int
    entries: int
    roster_hash: str
    settled: int | None = None

    @property
    def place(self) -> str:
        """``center/all/14``."""
        return f"{self.header.channel}/{self.header.number}"

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signed: the officer who posted it, then those who endorsed it."""
        return (self.header.by, *(each.officer for each in self.header.endorsed))

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, value) of what is shown."""
        header, letter = self.header, self.letter
        yield "publication", "good: this is what was signed under this number"
        yield "dispatch", self.place
        yield "kind", header.kind
        yield "from", _titled(header.office, self.title)
        yield "to", _titled(header.audience, self.to_title)
        yield "signed by", ", ".join(self.signers)
        yield "time", f"{header.time}, by the sender's clock"
        yield "subject", letter.subject
        for each in letter.members:
            yield "shown", f"{each.path}, {each.size} bytes"
        if self.left_out:
            yield "left out", f"{self.left_out} of {self.left_out + len(letter.members)} parts of the letter"
        yield "hash", self.hash
        yield "roster", f"entries 1 to {self.entries}; what came after them is not in it"
        if self.settled is not None:
            yield "settled", self._settlement()
        yield "not proved", "that it is the last word, or that nothing else bears this number: an audit tells"

    def _settlement(self) -> str:
        if self.settled == self.header.number:
            return "the center has stated in the roster that this dispatch, and no other, has its number"
        later = f"{self.header.channel}/{self.settled}"
        return f"the center has stated in the roster which dispatch is {later}; an audit tells if it follows this one"

    def as_json(self) -> dict[str, Any]:
        """The object that ``verify --json`` and ``publish --json`` print."""
        header, letter = self.header, self.letter
        return {
            "publication": True,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "channel": header.channel,
            "number": header.number,
            "hash": self.hash,
            "kind": header.kind,
            "from": header.office,
            "title": self.title,
            "to": header.audience,
            "signers": list(self.signers),
            "time": header.time,
            "roster": self.entries,
            "settled": self.settled,
            "subject": letter.subject,
            "body": letter.body,
            "body_type": letter.body_type,
            "members": [{"name": each.path, "type": each.type, "bytes": each.size} for each in letter.members],
            "left_out": self.left_out,
        }


def _titled(name: str, title: str) -> str:
    return name if title == name else f"{name} ({title})"


Page = Callable[[Published], bytes]
"""Makes ``index.html``; the same of the same (see `cipherpost.pages.publication`)."""


def print_manifest(published: Published, kept: Sequence[Kept] | None, *, page: bool) -> bytes:
    """The bytes of ``publication.json``; ``kept``: of a letter that is not published whole."""
    header = published.header
    return canonical(
        {
            "channel": header.channel,
            "fingerprint": published.fingerprint,
            "format": _FORMAT,
            "hash": published.hash,
            "members": None if kept is None else print_kept(kept),
            "network": published.network,
            "number": header.number,
            "page": PAGE_VERSION if page else 0,
            "roster": {"hash": published.roster_hash, "number": published.entries},
        }
    )


class Told(NamedTuple):
    """What ``publication.json`` says that is needed to read the rest; ``kept``: None of a whole letter."""

    network: str
    channel: str
    number: int
    kept: tuple[Kept, ...] | None
    page: int
    entries: int


def parse_manifest(data: bytes) -> Told:
    """Read ``publication.json``; whether it says what the rest says is seen by printing it anew.

    Raises:
        NewerPublicationError: of a later version. PublicationError, JsonError, LetterError: another structure.
    """
    value = parse_canonical(data, limit=MANIFEST_BYTES, where=MANIFEST)
    found = value if isinstance(value, dict) else {}
    word = found.get("format")
    newer_page = type(found.get("page")) is int and found["page"] > PAGE_VERSION
    if isinstance(word, str) and word.startswith("cipherpost/v") and (word != _FORMAT or newer_page):
        raise NewerPublicationError(
            "the publication was made by a newer cipherpost",
            where=MANIFEST,
            hints=("update cipherpost, then verify it again",),
        )
    roster: Any = found.get("roster")
    entries = roster.get("number") if isinstance(roster, dict) else None
    network, channel, number = found.get("network"), found.get("channel"), found.get("number")
    office, _, audience = channel.partition("/") if isinstance(channel, str) else ("", "", "")
    if (
        not (isinstance(network, str) and is_name(network) and is_name(office) and is_name(audience))
        or not isinstance(channel, str)
        or not (_is_number(number) and _is_number(entries))
        or found.get("page") not in (0, PAGE_VERSION)
    ):
        raise altered(f"{MANIFEST} does not say what is published")
    rows = found.get("members")
    kept = None if rows is None else parse_kept(rows, MANIFEST)
    return Told(network, channel, number, kept, found["page"], entries)


def _is_number(value: Any) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= limits.NUMBER


def altered(what: str) -> PublicationError:
    """The refusal of what is not as it was made."""
    return PublicationError(what, rule="a publication is verified as a whole, each byte of it", hints=AGAIN)
