"""What dishonest officers seal: letters that no command would make, signed with real keys, laid where readers look."""

import io
from collections.abc import Callable, Iterable, Sequence

from letters import archive
from storykit import lay, next_header, signed
from workflowkit import NETWORK, Net

from cipherpost import age
from cipherpost.age.header import print_end, print_unsigned, read_header
from cipherpost.age.primitives import NONCE, Identity, Recipient, header_mac, payload_key
from cipherpost.age.stream import PayloadWriter
from cipherpost.dispatch.header import Header, Sealed
from cipherpost.letter import Letterhead, MemberInfo, commitment, print_letterhead, print_members
from cipherpost.postoffice import names
from cipherpost.text import sha256

SALT = bytes(32)


def recipient(net: Net, who: str) -> age.HybridRecipient:
    """The sealing key on an officer's card."""
    with net.desk(who) as desk:
        return desk.keys.recipient


def recipients(net: Net, *who: str) -> list[age.HybridRecipient]:
    return [recipient(net, each) for each in who]


# ---- letters -------------------------------------------------------------------------------------------------------


class Papers:
    """A letter with any members and consistent papers: ``data`` the archive, ``hash`` that of its letter.json."""

    def __init__(
        self,
        net: Net,
        members: Sequence[tuple[str, str, bytes]],
        *,
        from_office: str = "center",
        to: Sequence[str] = ("all",),
        kind: str = "circular",
        subject: str = "a letter",
        pack: Callable[[list[tuple[str, bytes]]], bytes] = archive,
    ) -> None:
        infos = [MemberInfo(path=path, type=word, size=len(data), salt=SALT) for path, word, data in members]
        head = Letterhead(
            fingerprint=net.fingerprint,
            from_office=from_office,
            to=tuple(to),
            kind=kind,
            written="2026-11-22T09:00:00Z",
            subject=subject,
            salt=SALT,
            commitments=tuple(commitment(info, data) for info, (_, _, data) in zip(infos, members, strict=True)),
        )
        paper = print_letterhead(head)
        listed = [("members.json", print_members(infos)), *((path, data) for path, _, data in members)]
        self.data = pack([*listed, ("letter.json", paper)])
        self.hash = sha256(paper)


def letter(net: Net, body: str, **head: object) -> Papers:
    """One with a body alone."""
    return Papers(net, [("body.txt", "text/plain", body.encode())], **head)  # type: ignore[arg-type]


def taken(net: Net, who: str, place: str) -> Papers:
    """The letter of a dispatch as one of its readers takes it out of its envelope, salts and all."""
    header, papers = net.header(who, place), letter(net, "-")
    assert header.letter is not None
    file = net.store.objects[names.sealed_name(NETWORK, header.office, header.sealed[0].hash)]
    papers.data, papers.hash = opened(net, who, file), header.letter
    return papers


def opened(net: Net, who: str, file: bytes) -> bytes:
    """What an age file holds for an officer, as `age -d` shows it."""
    with net.desk(who) as desk:
        return age.decrypt(desk.keys.identities, io.BytesIO(file)).read()


# ---- sealing -------------------------------------------------------------------------------------------------------


def sealed_to(readers: Sequence[Recipient], data: bytes) -> bytes:
    """An age file; kinds of recipients may be mixed, which our own `age.encrypt` refuses."""
    sink, file_key, nonce = io.BytesIO(), b"\5" * 16, b"\6" * NONCE
    unsigned = print_unsigned(reader.wrap(file_key) for reader in readers)
    sink.write(unsigned + print_end(header_mac(file_key, unsigned)) + nonce)
    return _payload(sink, file_key, nonce, data)


def other_payload(sealed: bytes, identities: Iterable[Identity], data: bytes) -> bytes:
    """What any reader can make: another payload under the very header of a file that was sealed to him among others."""
    header, _ = read_header(io.BytesIO(sealed))
    keys = (identity.unwrap(stanza) for identity in identities for stanza in header.stanzas)
    file_key = next(key for key in keys if key is not None)
    sink, nonce = io.BytesIO(), b"\7" * NONCE
    sink.write(sealed[: header.size] + nonce)
    return _payload(sink, file_key, nonce, data)


def _payload(sink: io.BytesIO, file_key: bytes, nonce: bytes, data: bytes) -> bytes:
    writer = PayloadWriter(payload_key(file_key, nonce), sink)
    writer.write(data)
    writer.finish()
    return sink.getvalue()


# ---- delivering ----------------------------------------------------------------------------------------------------


def deliver(
    net: Net,
    who: str,
    channel: str,
    kind: str,
    papers: Papers,
    readers: Sequence[Recipient] | bytes,
    **lines: object,
) -> Header:
    """The next dispatch of a channel, its letter sealed to ``readers`` or, where these are bytes, in that very file."""
    file = readers if isinstance(readers, bytes) else sealed_to(readers, papers.data)
    sealed = Sealed(sha256(file), len(file))
    office = channel.partition("/")[0]
    net.store.objects[names.sealed_name(NETWORK, office, sealed.hash)] = file
    lines = {"letter": papers.hash, "sealed": (sealed,)} | lines
    header = next_header(net, who, channel, kind, **lines)
    lay(net, header, signed(net, who, header))
    return header
