"""V9 without a key: sealed files are there, have the hash and size that headers sign, and are sealed to enough readers.

What a header of an age file tells is not authenticated by itself; the hash that the officer signed vouches for it. The
right number of recipients proves nothing about who they are (docs/threat-model.md, "How much an audit shows").
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cipherpost.chain.findings import Finding
from cipherpost.errors import MalformedError
from cipherpost.postoffice import NoSuchObjectError, UnreachableError, names
from cipherpost.workflows.letters import HYBRID_STANZA

if TYPE_CHECKING:
    from cipherpost.chain.network import Chain
    from cipherpost.chain.node import Node
    from cipherpost.desk import Progress, Step
    from cipherpost.dispatch.header import Header, Sealed
    from cipherpost.workflows.audit_reading import Reader

_BLOCK: Final = 1 << 20
_GREASE: Final = "-grease"
"""The end of stanza types that mean nothing (c2sp.org/age, "Recipient stanza")."""


class Looked(NamedTuple):
    """What one sealed file turned out to be: a finding's code and detail, or the number of its recipients."""

    code: str = ""
    detail: str = ""
    recipients: int = 0


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes | None: ...


def check_sealed(reader: "Reader", progress: "Progress") -> Iterator[Finding]:
    """V9 of every dispatch that counts; a file that serves several is read once.

    Raises:
        UnreachableError: the post office went away.
    """
    chain = reader.chain
    due = [node for view in chain.channels.values() for node in view.counting() if node.header.sealed]
    looked: dict[tuple[str, str, int], Looked | None] = {}
    total = sum(sealed.size for node in due for sealed in node.header.sealed)
    with progress.work("sealed files", total, "B") as step:
        for node in due:
            found = []
            for sealed in node.header.sealed:
                key = (node.office, *sealed)
                if key in looked:
                    step(sealed.size)
                else:
                    looked[key] = _look(reader, node, sealed, step)
                found.append(looked[key])
            yield from _findings(chain, node, found)


def _findings(chain: "Chain", node: "Node", found: "list[Looked | None]") -> Iterator[Finding]:
    seen = [each for each in found if each is not None]
    wrong = [each for each in seen if each.code]
    for each in dict.fromkeys(wrong):
        yield _of(node, each.code, each.detail)
    if wrong or len(seen) < len(found):
        return
    recipients = sum(each.recipients for each in seen)
    if node.header.key is not None and node.kind != "key":
        if recipients != 1:
            yield _of(node, "readers", f"sealed to {recipients} recipients where one audience key is named")
        return
    due = readers_due(chain, node.header)
    if recipients < due:
        yield _of(node, "readers", f"sealed to {recipients} of {due} readers")


def readers_due(chain: "Chain", header: "Header") -> int:
    """How many officers are due to be able to read a letter, as of the roster entry that its header relies on."""
    assert header.roster is not None
    return len(chain.roster.readers(header.kind, (header.audience,), header.office, header.roster.number))


def _look(reader: "Reader", node: "Node", sealed: "Sealed", step: "Step") -> Looked | None:
    """What the file is; None where it is there and could not be read."""
    name = names.sealed_name(reader.chain.network, node.office, sealed.hash)
    try:
        with reader.post.stream(name) as source:
            if source.size != sealed.size:
                return Looked("swapped", f"the file has {source.size} bytes where the header says {sealed.size}")
            return _read(source, sealed, step)
    except NoSuchObjectError:
        return Looked("letter-missing", f"the file {sealed.hash[:16]}... is not there")
    except UnreachableError as error:
        reader.pass_over(name, error)
        return None


def _read(source: _Readable, sealed: "Sealed", step: "Step") -> Looked:
    """Read a file once, to its end: its header is looked at on the way, and believed if the hash is right."""
    from cipherpost import age

    hashing = _Hashing(source, step, sealed.size + 1)  # one byte more, since a store may give more than it says
    result: Looked
    try:
        types = age.inspect(hashing).types
    except MalformedError as error:
        result = Looked("downgraded", f"it is signed and is no age file: {error.what}")
    else:
        result = _judge(types)
    while hashing.read(_BLOCK):
        pass
    if hashing.digest.hexdigest() != sealed.hash:
        return Looked("swapped", "the file's bytes have another hash than the header says")
    return result


def _judge(types: "tuple[str, ...]") -> Looked:
    meant = [kind for kind in types if not kind.endswith(_GREASE)]
    weaker = sorted({kind for kind in meant if kind != HYBRID_STANZA})
    if weaker:
        return Looked("downgraded", f"it is sealed to recipients of the kind {weaker[0]}, not {HYBRID_STANZA}")
    return Looked(recipients=len(meant))


class _Hashing:
    """Passes reads on up to ``most`` bytes, and hashes and counts them."""

    def __init__(self, source: _Readable, step: "Step", most: int) -> None:
        self._source = source
        self._step = step
        self._left = most
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """As the source's."""
        data = self._source.read(self._left if size < 0 else min(size, self._left)) or b""
        self._left -= len(data)
        self.digest.update(data)
        self._step(len(data))
        return data


def _of(node: "Node", code: str, detail: str) -> Finding:
    return Finding(
        code=code, channel=node.channel, number=node.number, office=node.office, detail=detail, time=node.time
    )
