"""A receipt in a file: the proof that an office has what another sent to it, for whoever knows the fingerprint.

    README.txt                              what it proves, and what not
    rkpb/center/roster/00000001.note ...    every entry of the roster, number 1 first
    rkpb/tver/center/00000012.note          the dispatch; where only a higher number was acked, those up to it
    rkpb/center/tver/00000005.note          the dispatches of the other office that say so, by number

An archive as `cipherpost.tar` writes it, its members named as at a post office. All of it is determined by the notes,
the page too, so that a receipt in which any byte was changed is refused.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cipherpost import limits
from cipherpost.dispatch.header import Ack, Header
from cipherpost.errors import NotAuthenticError, UnableError, UseError
from cipherpost.postoffice import names
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import letters
from cipherpost.workflows.receipt_page import Receipt, Said, page
from cipherpost.workflows.verifying import known_fingerprint

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.chain.opening import Opened
    from cipherpost.desk import Desk
    from cipherpost.home.mail import AckRow
    from cipherpost.roster.fold import Roster
    from cipherpost.tar import Member

ROSTER_CHANNEL: Final = f"{CENTER}/{ROSTER}"
PAGE: Final = "README.txt"
_PAGE_BYTES: Final = 64 * limits.KIB
_AGAIN: Final = (
    "ask for the file again, as an attached file",
    "who sent the dispatch makes it anew: cipherpost outbox CHANNEL/NUMBER --receipt FILE",
)
_RANK: Final = {"seen": 0, "failed": 1, "received": 2, "read": 3}


class NoReceiptYetError(UnableError):
    """The office written to has not said yet that it has the dispatch."""


class ReceiptRefusedError(UseError):
    """No receipt can be had for this dispatch."""


class ReceiptAlteredError(NotAuthenticError):
    """The file is not a receipt as it was made: altered, cut short, or put together by somebody else."""


class ReceiptSignatureError(NotAuthenticError):
    """A dispatch in a receipt is not signed by an officer in good standing at the roster entry it names."""


# ---- making one -----------------------------------------------------------------------------------------------------


def make(desk: "Desk", place: str) -> tuple[Receipt, bytes]:
    """The receipt for a dispatch of this office, and its file.

    Raises:
        NoSuchDispatchError: it is not here. ReceiptRefusedError: it is another office's, to a group, or does not count.
        NoReceiptYetError: the office written to has said nothing of it yet.
    """
    entry = _own(desk, place)
    header = entry.header
    rows = _best(desk, entry)
    notes = {(ROSTER_CHANNEL, number): note for number, note in desk.mail.notes(ROSTER_CHANNEL)}
    last = max((row.number for row in rows), default=0)
    for number, note in desk.mail.notes(header.channel):
        if header.number <= number <= last:
            notes[header.channel, number] = note
    for row in rows:
        said_in = desk.chain.channel(row.via_channel).entry(row.via_number)
        kept = desk.mail.note(said_in.hash) if said_in is not None else None
        assert kept is not None  # acks are kept of counting dispatches that are here
        notes[row.via_channel, row.via_number] = kept
    receipt = _judge(desk.network, desk.fingerprint, notes)
    return receipt, _pack(receipt, notes)


def _own(desk: "Desk", place: str) -> "Entry":
    entry = letters.entry_at(desk, place)
    header = entry.header
    at = header.roster.number if header.roster else 0
    if header.office != desk.office:
        what, rule = "this is not your office's dispatch", "who sent it has use for a receipt"
    elif header.channel == ROSTER_CHANNEL or desk.roster.is_group(header.audience, at):
        what, rule = "this was not written to one office", "a receipt is what one office said"
    elif header.audience == header.office:
        what, rule = "this was written to your own office", "a receipt is what another office said"
    elif not entry.counts:
        what, rule = f"this dispatch is {entry.status}", "only what counts is received"
    else:
        return entry
    raise ReceiptRefusedError(what, where=place, rule=rule, hints=("cipherpost outbox", f"cipherpost outbox {place}"))


def _best(desk: "Desk", entry: "Entry") -> "list[AckRow]":
    """The highest word of the office written to, and the first that it said at all; often they are one."""
    header = entry.header
    hashes = {row.number: row.hash for row in desk.mail.rows(header.channel)}
    rows = [
        row
        for row in desk.mail.acks(header.channel, header.number)
        if row.office == header.audience
        and row.via_channel == f"{header.audience}/{header.office}"
        and row.word in _RANK
        and row.hash == hashes.get(row.number)
    ]
    if not rows:
        raise NoReceiptYetError(
            f"{header.audience} has not said yet that it has this",
            channel=header.channel,
            number=header.number,
            rule="a receipt is made of what the office written to has signed",
            hints=("cipherpost fetch    (again later)", f"cipherpost outbox {header.channel}/{header.number}"),
        )
    best = max(rows, key=lambda row: (_RANK[row.word], -row.number, -row.via_number))
    first = min(rows, key=lambda row: (row.via_number, row.number, -_RANK[row.word]))
    return sorted({best, first}, key=lambda row: row.via_number)


def _pack(receipt: Receipt, notes: dict[tuple[str, int], bytes]) -> bytes:
    from cipherpost.tar import TarWriter

    sink = io.BytesIO()
    archive = TarWriter(sink)
    text = page(receipt)
    archive.add(PAGE, len(text), text)
    for channel, number in _in_order(receipt.header.channel, notes):
        note = notes[channel, number]
        archive.add(names.note_name(receipt.network, channel, number), len(note), note)
    archive.close()
    return sink.getvalue()


def _in_order(channel: str, places: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The roster, the dispatch and what links to it, what the other office said; each by number."""
    return sorted(places, key=lambda place: (place[0] != ROSTER_CHANNEL, place[0] != channel, place))


def save(desk: "Desk", place: str, path: Path, *, force: bool = False) -> Receipt:
    """Write the receipt for a dispatch into a file.

    Raises:
        UnableError: the file is there and ``force`` was not given; and as `make`.
    """
    from cipherpost.home.files import write_file

    receipt, data = make(desk, place)
    if path.exists() and not force:
        raise UnableError(
            "the file is there already", where=str(path), rule="nothing is written over", hints=("add --force",)
        )
    write_file(path, data)
    return receipt


# ---- verifying one --------------------------------------------------------------------------------------------------


def is_receipt(path: Path) -> bool:
    """Whether a file means to be a receipt, however damaged: an archive, or one that begins with the page."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(512)
    return head[257:262] == b"ustar" or head.startswith(PAGE.encode())


def verify(path: Path, fingerprint: str) -> Receipt:
    """Verify a receipt without a home: signatures, standing at the entries cited, the hash that was acked.

    Args:
        fingerprint: of the network, in hex or as it is spoken.

    Raises:
        ReceiptAlteredError: any byte is not as it was made. ReceiptSignatureError: a signature that does not count.
        OtherNetworkError: of another network than the fingerprint's. NewerError: made by a newer program.
        TextError: the fingerprint is none.
    """
    try:
        with path.open("rb") as file:
            network, text, notes = _unpack(file)
        genesis = notes.get((ROSTER_CHANNEL, 1))
        if genesis is None:
            raise _altered("it does not hold the first entry of the roster")
        full = known_fingerprint(genesis, fingerprint, where=names.note_name(network, ROSTER_CHANNEL, 1))
        receipt = _judge(network, full, notes)
        if text != page(receipt):
            raise _altered(f"{PAGE} does not say what the notes say")
    except NotAuthenticError as error:
        error.where = error.where or ("" if error.channel else str(path))
        error.hints = error.hints or _AGAIN
        raise
    return receipt


def _altered(what: str) -> ReceiptAlteredError:
    return ReceiptAlteredError(
        what,
        rule="a receipt is verified as a whole, each byte of it",
        hints=_AGAIN,
    )


def _unpack(file: BinaryIO) -> tuple[str, bytes, dict[tuple[str, int], bytes]]:
    """The network, the page, and the notes; their names in the one order."""
    from cipherpost.tar import TarReader

    text, notes, networks = b"", dict[tuple[str, int], bytes](), set[str]()
    for at, member in enumerate(TarReader(file)):
        if at == 0:
            if member.name != PAGE:
                raise _altered(f"it does not begin with {PAGE}")
            text = member.read_all(_PAGE_BYTES)
            continue
        slot = names.parse_object_name(member.name)
        if not isinstance(slot, names.Slot) or slot.alternate is not None:
            raise _altered("it holds something that is no note")
        networks.add(slot.network)
        notes[slot.channel, slot.number] = _note(member)
    channels = [channel for channel, _ in notes if channel != ROSTER_CHANNEL]
    if len(networks) != 1 or not channels or list(notes) != _in_order(channels[0], notes):
        raise _altered("its notes are not those of one dispatch of one network, in their order")
    return networks.pop(), text, notes


def _note(member: "Member") -> bytes:
    return member.read_all(names.size_limit(member.name))


# ---- what the notes prove --------------------------------------------------------------------------------------------


def _judge(network: str, fingerprint: str, notes: dict[tuple[str, int], bytes]) -> Receipt:
    """What ``notes`` prove, all of which are needed for it."""
    roster = _roster(network, fingerprint, [each for each in notes.items() if each[0][0] == ROSTER_CHANNEL])
    rest = {place: note for place, note in notes.items() if place[0] != ROSTER_CHANNEL}
    channel = next(iter(rest))[0]
    mine = {number: note for (name, number), note in rest.items() if name == channel}
    others = {place: note for place, note in rest.items() if place[0] != channel}
    number = min(mine)
    opened = _signed(roster, network, (channel, number), mine[number])
    hashes = _linked(network, channel, mine, opened)
    said = _said(roster, network, opened.header, hashes, others)
    last = max((each.number for each in said), default=0)
    if last != max(mine):
        raise _altered("it holds dispatches that nothing was said of")
    at = opened.header.roster.number if opened.header.roster else 0
    return Receipt(
        network=network,
        fingerprint=fingerprint,
        header=opened.header,
        hash=opened.hash,
        title=roster.title(opened.header.office, at),
        to=roster.title(opened.header.audience, at),
        said=said,
        entries=roster.newest,
    )


def _roster(network: str, fingerprint: str, entries: Sequence[tuple[tuple[str, int], bytes]]) -> "Roster":
    from cipherpost.chain.network import Chain

    chain = Chain(network, fingerprint)
    for (_, number), note in entries:
        chain.offer(ROSTER_CHANNEL, number, note)
    if chain.roster.newest != len(entries):
        raise _altered("entries of the roster are missing, or do not follow one another")
    return chain.roster


def _signed(roster: "Roster", network: str, place: tuple[str, int], note: bytes) -> "Opened":
    """One dispatch by itself: its form, the signature, the standing at the entry it cites, and enough endorsers."""
    from cipherpost.chain.opening import open_note, verifies
    from cipherpost.dispatch.kinds import check_lines
    from cipherpost.roster.standing import check_endorsements, may_sign

    channel, number = place
    opened = open_note(note, network=network, channel=channel, number=number)
    header = opened.header
    cited = header.roster
    if cited is None or roster.hash_of(cited.number) != cited.hash:
        raise ReceiptSignatureError(
            "it relies on an entry of the roster that is not in the receipt",
            channel=channel,
            number=number,
            rule="who may sign is told by the entry that a dispatch cites",
        )
    key = may_sign(roster, channel=channel, number=number, officer=header.by, at=cited.number)
    if not any(key_id == key.key_id and verifies(key.public, line, opened.text) for key_id, line in opened.lines):
        raise ReceiptSignatureError(
            f"the signature of {header.office}/{header.by} does not verify",
            channel=channel,
            number=number,
            rule="the officer named by the line by has signed, with the key of the roster",
        )
    check_lines(header)
    check_endorsements(roster, header)
    return opened


def _linked(network: str, channel: str, mine: dict[int, bytes], first: "Opened") -> dict[int, str]:
    """The hash of each number from the dispatch on: each names the hash of the one before, so one word covers all."""
    from cipherpost.chain.opening import open_note

    hashes = {first.header.number: first.hash}
    for number in sorted(mine)[1:]:
        opened = open_note(mine[number], network=network, channel=channel, number=number)
        if opened.header.previous != hashes.get(number - 1):
            raise _altered("its dispatches do not follow one another")
        hashes[number] = opened.hash
    return hashes


def _said(
    roster: "Roster", network: str, header: Header, hashes: dict[int, str], others: dict[tuple[str, int], bytes]
) -> tuple[Said, ...]:
    """What the office written to says of the dispatch in each of its own that are here."""
    channel = f"{header.audience}/{header.office}"
    found: list[Said] = []
    for place, note in others.items():
        if place[0] != channel:
            raise _altered("it holds a dispatch that is not an answer to this one")
        opened = _signed(roster, network, place, note)
        words = [ack for ack in opened.header.acks if _speaks_of(ack, header, hashes)]
        if not words:
            raise _altered(f"{place[0]}/{place[1]} says nothing of this dispatch")
        best = max(words, key=lambda ack: (_RANK[ack.word], -ack.number))
        said = Said(best.word, best.number, opened.header.by, f"{place[0]}/{place[1]}", opened.header.time)
        found.append(said)
    if not found:
        raise _altered("nobody says in it that the dispatch was received")
    return tuple(found)


def _speaks_of(ack: Ack, header: Header, hashes: dict[int, str]) -> bool:
    """Whether a line is about this very dispatch: `seen` of a number above covers it, where the links lead there."""
    if ack.channel != header.channel or ack.word not in _RANK or ack.hash is None or hashes.get(ack.number) != ack.hash:
        return False
    return ack.number == header.number or ack.word == "seen"
