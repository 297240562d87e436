"""Forwarding: a letter passed on to people who have neither its channel nor its network, with what proves it.

A letter whose data is ``{"originals": [{"channel", "fingerprint", "hash", "letter", "network", "number"}, ...]}`` has
the attachments ``1.publication``, ``2.publication``, ...: of each a publication as one archive, without a page (see
docs/protocol.md, "Letters passed on"). Who forwarded it is who signed the letter around it; that the text was sealed
under that number, in that network, the publication proves to everybody who knows the network's fingerprint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from cipherpost import limits
from cipherpost.errors import CipherpostError, NotAuthenticError, UseError
from cipherpost.strictjson import canonical
from cipherpost.text import TextError, is_name, parse_hash, spoken
from cipherpost.workflows import letters, originals, replacing
from cipherpost.workflows.addressing import check_admitted, kind_for
from cipherpost.workflows.dispatching import Outgoing, finish_begun, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter, MemberInfo, Save
    from cipherpost.publication import Packed, Published
    from cipherpost.tar import Sink

_FOLDER: Final = "attachments/"
_FIELDS: Final = {"channel", "fingerprint", "hash", "letter", "network", "number"}
Known = Literal["own", "known", "new", "other"]
"""Of the network that a letter came from: this one; met before; never met; another of the name of this one or of one
met before."""


class ForwardedDataError(NotAuthenticError):
    """A letter does not list what it forwards as it must."""


class ForwardedAlteredError(NotAuthenticError):
    """What is forwarded is not the letter that was sealed under that number."""


class NotForwardableError(UseError):
    """The dispatch cannot be forwarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What a letter says that it forwards: the dispatch, hashes of its header's text and of its letter.json."""

    network: str
    fingerprint: str
    channel: str
    number: int
    hash: str
    letter: str
    at: int

    @property
    def place(self) -> str:
        """``center/all/14``."""
        return f"{self.channel}/{self.number}"

    @property
    def file(self) -> str:
        """The name of its attachment."""
        return f"{self.at}.publication"

    def row(self) -> dict[str, Any]:
        """What data.json says of it."""
        return {name: getattr(self, name) for name in sorted(_FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A forwarded letter: verified (``published``), or why it is not what it is passed off as (``refused``).

    ``carrier``: the place of the letter that forwards it, ``samara/center/1``.
    """

    carrier: str
    passed: Passed
    known: Known
    published: "Published | None" = field(default=None, repr=False)
    refused: CipherpostError | None = None

    @property
    def within(self) -> "tuple[Passed, ...]":
        """What the forwarded letter says that it forwards itself; not opened here."""
        try:
            return named(self.published.letter) if self.published is not None else ()
        except ForwardedDataError:
            return ()

    def lines(self) -> Iterator[tuple[str, str]]:
        """The original's head, for people; none where it was refused."""
        published = self.published
        if published is None:
            return
        yield "forwarded", f"{self.passed.place} of the network {self.passed.network}"
        title = published.title if published.title != published.header.office else ""
        yield "from", f"{published.header.office}{f' ({title})' if title else ''}, signed by {_all(published.signers)}"
        yield "to", published.header.audience
        yield "kind", published.header.kind
        yield "time", published.header.time
        yield "subject", published.letter.subject
        for info in published.letter.attachments:
            yield "attached", f"{info.name} ({info.size:,} bytes)".replace(",", " ")
        yield "proved", f"the text is what was sealed under that number; roster of entry {published.entries}"
        yield "network", _NETWORKS[self.known]
        if self.known != "own":
            yield "fingerprint", spoken(self.passed.fingerprint)
        for each in self.within:
            by = published.header.office
            yield "within", f"{each.place} of the network {each.network}, forwarded by {by}: not opened here"
            file = f"DIR/{_saved_name(self.passed, each.file)}"
            yield (
                "to open it",
                f"cipherpost read {self.carrier} --save DIR, then: cipherpost verify {file} --fingerprint "
                f"{each.fingerprint}",
            )

    def as_json(self) -> dict[str, Any]:
        """The object for scripts."""
        published = self.published
        return {
            **self.passed.row(),
            "known": self.known,
            "verified": published is not None,
            "from": published.header.office if published else None,
            "title": published.title if published else None,
            "signers": list(published.signers) if published else None,
            "time": published.header.time if published else None,
            "kind": published.header.kind if published else None,
            "subject": published.letter.subject if published else None,
            "body": published.letter.body if published else None,
            "refused": str(self.refused) if self.refused else None,
            "within": [each.place for each in self.within],
        }


_NETWORKS: Final = {
    "own": "this one",
    "known": "the one that letters were forwarded from before; if you never compared its fingerprint, do by telephone",
    "new": "met here for the first time; compare its fingerprint by telephone before you rely on it",
    "other": "NOT the one of this name that is known here; compare the fingerprint by telephone",
}


def _saved_name(passed: Passed, name: str) -> str:
    """What an attachment of a forwarded letter is saved as: what it forwards itself has the name of the outer one."""
    return f"{passed.network}-{passed.place.replace('/', '-')}-{name}" if name.endswith(".publication") else name


def _all(names: Sequence[str]) -> str:
    return ", ".join(names)


# ---- sending ---------------------------------------------------------------------------------------------------------


def forward(
    source: "Desk",
    place: str,
    *,
    audiences: Sequence[str],
    through: "Desk | None" = None,
    text: str | None = None,
    even_if_sent: bool = False,
    dry_run: bool = False,
) -> list[Posted]:
    """Pass a letter on, with its own header, the exact text, and the roster that proves who signed it.

    Args:
        source: the desk that has the letter.
        through: the desk that sends, of another network or office; None: the same.
        text: what whoever forwards it says of it.

    Raises:
        NotForwardableError, NothingToPublishError: it does not count, carries no letter or an audience key.
        NoSuchDispatchError, NotForUsError, NotAuthenticError: it is not here, or does not open.
        AudienceError: see there.
    """
    desk = through or source
    line = line_error(desk)
    check_admitted(desk)
    if not dry_run:
        finish_begun(desk, line)
    plans = [
        Plan(channel=f"{desk.office}/{audience}", kind=kind_for(desk, audience), created=desk.time())
        for audience in dict.fromkeys(audiences)
    ]
    letter = _outgoing(source, letters.entry_at(source, place), text)
    return [send_one(desk, plan, letter, line, even_if_sent=even_if_sent, dry_run=dry_run) for plan in plans]


def pack(desk: "Desk", entry: "Entry") -> "Packed":
    """The publication, as one archive without a page, of a letter that this home has by whatever way.

    Raises:
        As `forward`.
    """
    from cipherpost import publication

    header = entry.header
    place = f"{header.channel}/{header.number}"
    if entry.status != "counts":
        raise NotForwardableError(
            f"it does not count: {entry.reason.what if entry.reason else entry.status}",
            where=place,
            rule="only what counts is passed on",
            hints=("cipherpost fetch",),
        )
    if header.letter is None:
        raise NotForwardableError(
            f"this is a {header.kind}; it carries no letter", where=place, hints=("cipherpost inbox",)
        )
    note = desk.mail.note(entry.hash)
    assert note is not None  # it counts, so it is kept
    content = publication.Content(
        network=desk.network,
        fingerprint=desk.fingerprint,
        note=note,
        roster=[each for _, each in desk.mail.notes("center/roster")],
        letter=originals.open_letter(desk, entry),
        open=lambda: originals.archive(desk, entry),
    )
    return publication.pack(content)


def _outgoing(desk: "Desk", entry: "Entry", text: str | None) -> Outgoing:
    from cipherpost.letter import Attachment

    packed = pack(desk, entry)
    found = packed.published
    header, subject = found.header, found.letter.subject
    passed = Passed(
        network=desk.network,
        fingerprint=desk.fingerprint,
        channel=header.channel,
        number=header.number,
        hash=found.hash,
        letter=found.letter.hash,
        at=1,
    )
    title = f" ({found.title})" if found.title != header.office else ""
    lines = [text.strip(), ""] if text is not None and text.strip() else []
    lines += [
        f"Forwarded: {passed.place} of the network {desk.network}, {header.kind} of {header.time[:10]}",
        f"from {header.office}{title}, signed by {_all(found.signers)}: {subject}",
    ]
    later = replacing.replaced_in(desk, header.channel, header.number).get(header.number)
    if later is not None:
        lines.append(f"Number {later[1]} of {header.channel} has {later[0]} it since.")
    return Outgoing(
        body="\n".join(lines) + "\n",
        body_type="txt",
        subject=f"Forwarded: {subject}"[: limits.FREE_TEXT].strip(),
        attachments=(Attachment(name=passed.file, type=originals.TYPE, size=packed.size, open=packed.open),),
        data=canonical({"originals": [passed.row()]}),
    )


# ---- reading ---------------------------------------------------------------------------------------------------------


def named(letter: "Letter") -> tuple[Passed, ...]:
    """What a letter says that it forwards; nothing where it forwards nothing.

    Raises:
        ForwardedDataError: it lists something, but not as it must, or its attachments are others.
    """
    said = letter.said.value if letter.said is not None else None
    rows = said.get("originals") if isinstance(said, dict) else None
    if not isinstance(rows, list) or not any(isinstance(row, dict) and "network" in row for row in rows):
        return ()
    assert isinstance(said, dict)
    found = tuple(_passed(row, at) for at, row in enumerate(rows, 1))
    files = [(each.name, each.type) for each in letter.attachments if each.name.endswith(".publication")]
    if said.keys() != {"originals"} or files != [(each.file, originals.TYPE) for each in found]:
        raise _malformed("its attachments are not the publications that it lists")
    return found


def _passed(row: Any, at: int) -> Passed:
    right = isinstance(row, dict) and row.keys() == _FIELDS
    right = right and all(isinstance(value, str) for name, value in row.items() if name != "number")
    if right:
        office, _, audience = row["channel"].partition("/")
        right = is_name(office) and is_name(audience) and is_name(row["network"])
        right = right and type(row["number"]) is int and 0 < row["number"] <= limits.NUMBER
    try:
        if right:
            for name in ("fingerprint", "hash", "letter"):
                parse_hash(row[name])
            return Passed(**row, at=at)
    except TextError:
        pass
    raise _malformed(f"what it forwards as number {at} is not named as it must be")


def _malformed(what: str) -> ForwardedDataError:
    return ForwardedDataError(
        what, rule="a letter that forwards others lists them, and brings these", hints=("ask its sender to do it anew",)
    )


def read_each(desk: "Desk", entry: "Entry", letter: "Letter", save: "Save | None" = None) -> tuple[Forwarded, ...]:
    """What an opened letter forwards, each verified or with the reason why it is not; in the letter's order.

    Args:
        save: gets the attachments of what is forwarded; nothing of one that is refused is to be kept.
    """
    try:
        todo = {_FOLDER + each.file: each for each in named(letter)}
    except ForwardedDataError:
        return ()  # a letter of somebody's own making: it is shown as it stands, and claims nothing
    if not todo:
        return ()
    found = originals.find(desk, entry)
    if found is not None:  # forwarded in a letter that was itself shared: too deep to be looked into
        return ()
    result = []
    with originals.members(desk, entry.header) as archive:
        for member in archive:
            passed = todo.get(member.name)
            if passed is not None:
                result.append(_read(desk, entry, passed, member, save))
    return tuple(result)


def _read(desk: "Desk", entry: "Entry", passed: Passed, member: Any, save: "Save | None") -> Forwarded:
    from cipherpost import publication

    known = _known(desk, passed)
    header = entry.header
    carrier = f"{header.channel}/{header.number}"

    def named_apart(info: "MemberInfo") -> "Sink | None":
        assert save is not None
        return save(replace(info, path=_FOLDER + _saved_name(passed, info.name)))

    try:
        published = publication.verify(member, passed.fingerprint, save=named_apart if save is not None else None)
        _check_said(passed, published)
        _check_own(desk, passed, published)
    except (CipherpostError, TextError) as error:
        what = error.what if isinstance(error, CipherpostError) else str(error)
        refused = ForwardedAlteredError(
            f"what {header.office}/{header.by} forwarded as {passed.place} of the network {passed.network} is not the "
            f"letter of this number: {what}",
            rule="V10: a letter that is forwarded is what its own header signs",
            hints=(f"tell {header.office}, and ask for {passed.place} by another way",),
            channel=header.channel,
            number=header.number,
        )
        return Forwarded(carrier=carrier, passed=passed, known=known, refused=refused)
    return Forwarded(carrier=carrier, passed=passed, known=known, published=published)


def _check_said(passed: Passed, published: "Published") -> None:
    """The publication is of the very dispatch that the letter names."""
    header = published.header
    if (header.network, header.channel, header.number, published.hash, published.letter.hash) != (
        passed.network,
        passed.channel,
        passed.number,
        passed.hash,
        passed.letter,
    ):
        raise ForwardedAlteredError("it is another dispatch than the letter around it names")


def _check_own(desk: "Desk", passed: Passed, published: "Published") -> None:
    """Of this office's own network the roster and the dispatch are the ones verified here."""
    if passed.fingerprint != desk.fingerprint:
        return
    from cipherpost.workflows.published import compare

    here = desk.roster.hash_of(published.entries) if published.entries <= desk.roster.newest else None
    if here is not None and here != published.roster_hash:
        raise ForwardedAlteredError("its roster is not the one of this network")
    compare(desk, published)  # its roster may end before the entry that took a stolen key away


def _known(desk: "Desk", passed: Passed) -> Known:
    if passed.fingerprint == desk.fingerprint:
        return "own"
    if passed.network == desk.network:
        return "other"
    met = desk.mail.meta(f"network {passed.network}")
    return "new" if met is None else "known" if met == passed.fingerprint else "other"


def remember(desk: "Desk", forwarded: Sequence[Forwarded]) -> None:
    """Remember the networks that letters came from, once a person was shown them; the first of a name is kept."""
    for each in forwarded:
        if each.published is not None and each.known == "new":
            desk.mail.set_meta(f"network {each.passed.network}", each.passed.fingerprint)
