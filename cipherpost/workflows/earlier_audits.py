"""The last signed audit of each auditor, opened with the keys of a home, to tell known findings from new ones.

Nothing is asked for while nothing was found that is not known. A passphrase is asked for only where this office itself
has signed audits; whoever has no key is told that the findings could not be told apart.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from cipherpost import limits
from cipherpost.errors import CipherpostError, MalformedError, NotAuthenticError
from cipherpost.text import CENTER, sha256
from cipherpost.workflows.audit_data import audit_in
from cipherpost.workflows.audit_known import Listing, mark

if TYPE_CHECKING:
    from cipherpost.chain.findings import Finding
    from cipherpost.chain.network import Chain
    from cipherpost.chain.node import Node
    from cipherpost.desk import Desk
    from cipherpost.dispatch.header import Header
    from cipherpost.postoffice import ObjectReader, PostOffice

_AUDIT = "audit"
Opener = Callable[["Chain", "PostOffice", "Sequence[Node]"], "Opened"]
"""Opens what it can of the audits given."""


class Opened(NamedTuple):
    """What was opened of earlier audits, and of the others why not, as (place, clause)."""

    listings: tuple[Listing, ...] = ()
    shut: tuple[tuple[str, str], ...] = ()


class AuditUnreadableError(NotAuthenticError):
    """A signed audit that does not say what an audit says."""


def last_audits(chain: "Chain") -> "list[Node]":
    """The last audit of each office that counts and was not taken back by a later dispatch, by the office's name."""
    found: list[Node] = []
    for name in sorted(chain.channels):
        office, _, audience = name.partition("/")
        if audience != CENTER or chain.roster.role(office) != "auditor":
            continue
        view = chain.channels[name]
        taken = {node.target for node in view.telling() if node.target is not None}
        found += deque((node for node in view.of_kind(_AUDIT) if node.number not in taken), maxlen=1)
    return found


def tell_apart(
    chain: "Chain", post: "PostOffice", findings: "Iterable[Finding]", opener: Opener
) -> "tuple[tuple[Finding, ...], tuple[str, ...]]":
    """Findings with those marked that an earlier audit lists; and what could not be told, as clauses.

    Raises:
        WrongPassphraseError: what was given does not open the keys.
    """
    given = tuple(findings)
    if all(each.known_since for each in given):
        return given, ()
    audits = last_audits(chain)
    if not audits:
        return given, ()
    opened = opener(chain, post, audits)
    told = tuple(mark(given, opened.listings))
    if all(each.known_since for each in told):
        return told, ()
    return told, tuple(
        f"whether findings are known: {place} may list them, and {why}" for place, why in sorted(opened.shut)
    )


def outside(chain: "Chain", post: "PostOffice", audits: "Sequence[Node]") -> Opened:
    """Opens nothing: there is no home, and so no key."""
    return Opened(shut=tuple((_place(node), "no key to it is here") for node in audits))


def of_desk(desk: "Desk", *, may_ask: bool) -> Opener:
    """Opens what is sealed to this officer.

    Args:
        may_ask: the passphrase was given already, so that asking for it bothers nobody.
    """

    def opener(chain: "Chain", post: "PostOffice", audits: "Sequence[Node]") -> Opened:
        mine = {node: _stanza(desk, chain, node.header) for node in audits}
        shut = [(_place(node), "it was not sealed to you") for node, at in mine.items() if at is None]
        due = {node: at for node, at in mine.items() if at is not None}
        if not due:
            return Opened(shut=tuple(shut))
        why = _why_no_keys(desk, may_ask=may_ask or any(node.office == desk.office for node in due))
        if why is not None:
            return Opened(shut=(*shut, *((_place(node), why) for node in due)))
        listings = []
        for node, at in due.items():
            try:
                listings.append(_read(desk, post, node, at))
            except CipherpostError as error:  # one bad letter hides no finding of another (I7)
                shut.append((_place(node), error.what))
        return Opened(tuple(listings), tuple(shut))

    return opener


def _place(node: "Node") -> str:
    return f"{node.channel}/{node.number}"


def _stanza(desk: "Desk", chain: "Chain", header: "Header") -> int | None:
    """This officer's place among the readers of an audit, by the roster as it was audited; None: he is not."""
    from cipherpost.workflows.letters import own_stanza

    assert header.roster is not None
    readers = chain.roster.readers(header.kind, (CENTER,), header.office, header.roster.number)
    return own_stanza(desk, readers)


def _why_no_keys(desk: "Desk", *, may_ask: bool) -> str | None:
    """Why nothing can be opened; None: the keys are open.

    Raises:
        WrongPassphraseError: what was given does not open them.
    """
    from cipherpost.home import agent
    from cipherpost.home.keys import WrongPassphraseError

    try:
        if not may_ask and desk.keys.has_passphrase and agent.seconds_left(desk.home) is None:
            return "the keys are locked (cipherpost unlock, then audit again)"
        desk.keys.identities  # noqa: B018  opens them
    except WrongPassphraseError:
        raise
    except CipherpostError as error:
        return error.what
    return None


def _read(desk: "Desk", post: "PostOffice", node: "Node", at: int) -> Listing:
    """Open one audit after every check of a letter.

    Raises:
        NotAuthenticError: it is not what was signed, or says no audit. UnableError: it is not to be had.
    """
    from cipherpost.letter import check_letterhead
    from cipherpost.workflows import letters

    header = _header(desk, post, node)
    sealed = header.sealed[0]
    if sealed.size > limits.AUDIT_LETTER_BYTES:
        raise AuditUnreadableError(f"it has {sealed.size} bytes", rule=f"at most {limits.AUDIT_LETTER_BYTES}")
    with _opened(desk, post, header) as file:
        outcome, found = letters.unseal(file, header, desk.keys.identities, first=at)
    if found != sealed.hash:
        raise AuditUnreadableError("its sealed file is not the one that was signed", rule="V9")
    if isinstance(outcome, CipherpostError):
        raise outcome
    check_letterhead(outcome, header, desk.fingerprint)
    if outcome.data is None:
        raise AuditUnreadableError("it holds no findings for programs", rule="its data.json lists them")
    try:
        audit = audit_in(outcome.data)
    except MalformedError as error:
        raise AuditUnreadableError(f"{error.what}: {error.rule}" if error.rule else error.what) from None
    if header.heads_file is None or audit.heads != header.heads_file.hash:
        raise AuditUnreadableError(
            "it was made over other heads than its header names", rule="an audit has one heads file"
        )
    return Listing(_place(node), audit.findings)


def _header(desk: "Desk", post: "PostOffice", node: "Node") -> "Header":
    """The whole header of a node that was judged; of most, a chain keeps no more than it needs."""
    from cipherpost.dispatch.header import parse_header
    from cipherpost.note import split
    from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError, names

    plain = names.note_name(desk.network, node.channel, node.number)
    aside = names.alternate_name(desk.network, node.channel, node.number, node.hash)
    kept = desk.mail.note(node.hash)
    for name in (plain, aside):
        try:
            text = split(kept if kept is not None else post.get(name, names.size_limit(name))).text
        except (NoSuchObjectError, ForeignObjectError, NotAuthenticError):
            continue
        if sha256(text) == node.hash:
            return parse_header(text)
    raise AuditUnreadableError("its note is not there any more", rule="it was there a moment ago")


@contextmanager
def _opened(desk: "Desk", post: "PostOffice", header: "Header") -> "Iterator[_Bounded]":
    """The sealed file, from this home if it is here, else from the post office that is audited."""
    from cipherpost.postoffice import NoSuchObjectError, names

    sealed = header.sealed[0]
    if desk.copies.has(sealed.hash):
        with desk.copies.open(sealed.hash) as kept:
            yield _Bounded(kept, sealed.size + 1)
        return
    with ExitStack() as closing:
        try:
            source = closing.enter_context(post.stream(names.sealed_name(desk.network, header.office, sealed.hash)))
        except NoSuchObjectError:
            raise AuditUnreadableError("its sealed file is not there", rule="V9") from None
        yield _Bounded(source, sealed.size + 1)


class _Bounded:
    """A file of which no more than ``most`` bytes are read."""

    def __init__(self, source: "BinaryIO | ObjectReader", most: int) -> None:
        self._source = source
        self._left = most

    def read(self, size: int = -1, /) -> bytes:
        """As the source's."""
        data = self._source.read(self._left if size < 0 else min(size, self._left)) or b""
        self._left -= len(data)
        return data
