"""What dishonest officers do in stories: notes that no command would make, signed with real keys."""

from collections.abc import Sequence
from datetime import date

from workflowkit import NETWORK, ROSTER, Net

from cipherpost.dispatch.draft import draft_text
from cipherpost.dispatch.header import DraftRef, Endorsement, Header, RosterRef, format_header
from cipherpost.note import Purpose, SignerKey, Text
from cipherpost.postoffice import names


def key_of(net: Net, who: str) -> SignerKey:
    """An officer's signing key, as a thief of his computer has it."""
    with net.desk(who) as desk:
        return desk.keys.signer


def signed(net: Net, who: str, header: Header) -> bytes:
    return key_of(net, who).sign(Text(Purpose.DISPATCH, format_header(header)))


def hash_of(header: Header) -> str:
    return Text(Purpose.DISPATCH, format_header(header)).hash


def lay(net: Net, header: Header, note: bytes, *, aside: bool = False) -> str:
    """Put a note where readers look; gives its hash."""
    hashed = hash_of(header)
    place = header.channel, header.number
    name = names.alternate_name(NETWORK, *place, hashed) if aside else names.note_name(NETWORK, *place)
    net.store.objects[name] = note
    return hashed


def entry(net: Net, by: str, *lines: str, endorsers: Sequence[str] = (), **changes: object) -> tuple[Header, bytes]:
    """A roster entry by keepers (``stasova``), made by hand over the newest that ``by`` knows."""
    with net.desk(f"center/{by}") as desk:
        newest, time = desk.roster.newest, desk.time()
        header = Header(
            network=NETWORK,
            channel=ROSTER,
            number=newest + 1,
            previous=desk.roster.hash_of(newest),
            time=time,
            by=by,
            kind="roster",
            statements="".join(f"{line}\n" for line in lines).encode(),
        )._replace(**changes)
    if endorsers:
        blank = header._replace(
            draft=DraftRef(header.number, date.fromisoformat(time[:10])),
            endorsed=tuple(Endorsement(name, bytes(64)) for name in sorted(endorsers)),
        )
        draft = draft_text(net.fingerprint, blank)
        header = blank._replace(
            endorsed=tuple(
                Endorsement(name, key_of(net, f"center/{name}").sign_raw(draft)) for name in sorted(endorsers)
            )
        )
    return header, signed(net, f"center/{by}", header)


def post_entry(net: Net, by: str, *lines: str, endorsers: Sequence[str] = (), **changes: object) -> Header:
    """The same, posted."""
    header, note = entry(net, by, *lines, endorsers=endorsers, **changes)
    lay(net, header, note)
    return header


def next_header(net: Net, who: str, channel: str, kind: str = "check", **lines: object) -> Header:
    """The next dispatch of a channel as an officer's home knows it."""
    with net.desk(who) as desk:
        number, previous = desk.chain.channel(channel).tip
        newest = desk.roster.newest
        head = desk.roster.hash_of(newest)
        assert head is not None
        return Header(
            network=NETWORK,
            channel=channel,
            number=number + 1,
            previous=previous,
            time=desk.time(),
            by=desk.officer,
            kind=kind,
            roster=RosterRef(newest, head),
        )._replace(**lines)


def newest(net: Net, who: str) -> int:
    """The newest roster entry of a home."""
    with net.desk(who) as desk:
        return desk.roster.newest
