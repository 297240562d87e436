"""Acks, heads and missing numbers: what this office says, along the way, to the office it writes to.

What one officer has acked his colleagues do not repeat; `seen` is added where the chain is whole further than the
office has said, and in all but receipts also where it is not (docs/protocol.md, "Acks").
"""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

from cipherpost import limits
from cipherpost.dispatch.header import Ack, Head, Header, Missing, format_header
from cipherpost.text import ALL, CENTER
from cipherpost.workflows.syncing import ROSTER_CHANNEL, missing_numbers, readable

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.home.mail import Mine

_RANK: Final = {"seen": 0, "failed": 1, "received": 2, "read": 3}
_ROUTINE: Final = frozenset({"receipt", "check"})
"""Kinds that are never answered with a receipt of their own."""
_SIGNATURE: Final = 512
"""Bytes kept free for the signature line of a note: names of three times 63 letters, and 100 of base64."""


def with_acks(desk: "Desk", header: Header, explicit: tuple[Ack, ...] = ()) -> Header:
    """``header`` with all it can say to the office it goes to; to a group nothing, or it would grow with the group."""
    to = header.audience
    if desk.roster.is_group(to, desk.roster.newest):
        return header
    said = pending(desk, to)
    if header.kind == "check":
        have = _have(desk, header)
        if all((ack.channel, ack.number) != (have.channel, have.number) for ack in said):
            said.insert(0, have)  # first, since of many acks those are left for a further one that come last
    acks = {(ack.channel, ack.number, ack.word): ack for ack in (*explicit, *said)}
    if header.kind != "receipt":
        spoken_of = {channel for channel, _, _ in acks}
        acks |= {(ack.channel, ack.number, ack.word): ack for ack in _again(desk, to, spoken_of)}
    header = header._replace(
        heads=tuple(_heads(desk, header.channel, to))[: limits.HEADS], missing=tuple(missing(desk, to))
    )
    return header._replace(acks=_fitting(header, acks.values()))


def _fitting(header: Header, acks: Iterable[Ack]) -> tuple[Ack, ...]:
    """The first of ``acks`` that a note has room for, in the order of the format; the rest goes into a further one."""
    room = limits.HEADER_BYTES - len(format_header(header)) - _SIGNATURE
    taken: list[Ack] = []
    for ack in islice(acks, limits.ACKS):
        room -= len(f"ack {ack.channel} {ack.number} {ack.hash or 'none'} {ack.word}\n")
        if room < 0:
            break
        taken.append(ack)
    return tuple(sorted(taken, key=_ack_order))


def _have(desk: "Desk", header: Header) -> Ack:
    """What a check always says: how far the other side's channel to this office is whole, though it was said before.

    Number 0 says that nothing is there yet. The ledger relies on it where a report is late because it was not there.
    """
    channel = f"{header.audience}/{header.office}"
    last = desk.chain.channel(channel).last
    return Ack(channel, last.header.number, last.hash, "seen") if last else Ack(channel, 0, None, "seen")


def _again(desk: "Desk", to: str, spoken_of: set[str]) -> Iterable[Ack]:
    """How far each channel of ``to`` is whole, where nothing newer is to be said of it.

    It was said before; said again it is news to a home that was moved or restored since (`moving.spoken_of_since`).
    """
    if to == desk.office:
        return
    read = readable(desk)
    for channel in desk.roster.channels_of(to):
        if channel in read and channel not in spoken_of and channel != ROSTER_CHANNEL:
            last = desk.chain.channel(channel).last
            if last is not None:
                yield Ack(channel, last.header.number, last.hash, "seen")


def _ack_order(ack: Ack) -> tuple[bytes, int, str]:
    return ack.channel.encode(), ack.number, ack.word


# ---- acks --------------------------------------------------------------------------------------------------------


def heard_channels(desk: "Desk", to: str) -> list[str]:
    """The channels about which this office speaks to ``to``: those that come from it; an auditor, of all."""
    own, roster = desk.office, desk.roster
    if to == CENTER and roster.role(own) == "auditor":
        return [name for name in readable(desk) if name.partition("/")[0] != own and name != ROSTER_CHANNEL]
    if to == own:
        return []
    read = readable(desk)
    return [name for name in roster.channels_of(to) if name in read and name != ROSTER_CHANNEL]


def pending(desk: "Desk", to: str) -> list[Ack]:
    """What is still to be said to an office: receipts of letters, acts, and how far its channels are whole."""
    channels = set(heard_channels(desk, to))
    auditor = desk.roster.role(desk.office) == "auditor"
    mine = [each for each in desk.mail.unposted(None if auditor else to) if each.channel in channels]
    acks = _receipts(desk, mine) + _acts(mine)
    for channel in sorted(channels):
        seen = _seen(desk, channel, {ack.number for ack in acks if ack.channel == channel})
        if seen is not None:
            acks.append(seen)
    return acks


def _receipts(desk: "Desk", mine: "Iterable[Mine]") -> list[Ack]:
    """The highest word for each letter, unless a colleague said as much."""
    best: dict[tuple[str, int, str], str] = {}
    for each in mine:
        key = (each.channel, each.number, each.hash)
        if each.word in _RANK and _RANK[each.word] > _RANK.get(best.get(key, ""), -1):
            best[key] = each.word
    return [
        Ack(channel, number, digest, word)
        for (channel, number, digest), word in best.items()
        if _RANK[word] > _said(desk, channel, number, digest)
    ]


def _said(desk: "Desk", channel: str, number: int, digest: str) -> int:
    """How much this office has said of one dispatch already, as a rank; -1: nothing."""
    own = (row for row in desk.mail.acks(channel, number) if (row.office, row.hash) == (desk.office, digest))
    return max((_RANK.get(row.word, -1) for row in own if row.word != "seen"), default=-1)


def _acts(mine: "Iterable[Mine]") -> list[Ack]:
    """The last of complied, unable, withdrawn for each dispatch."""
    last: dict[tuple[str, int, str], str] = {}
    for each in mine:
        if each.word not in _RANK:
            last[each.channel, each.number, each.hash] = each.word
    return [Ack(channel, number, digest, word) for (channel, number, digest), word in last.items()]


def _seen(desk: "Desk", channel: str, acked_now: set[int]) -> Ack | None:
    """How far the channel is whole, if that is further than all acks together say."""
    last = desk.chain.channel(channel).last
    if last is None:
        return None
    own = [row for row in desk.mail.acks_of(channel) if row.office == desk.office]
    covered = max((row.number for row in own if row.word == "seen"), default=0)
    spoken_of = {row.number for row in own} | acked_now
    while covered + 1 in spoken_of:
        covered += 1
    return Ack(channel, last.header.number, last.hash, "seen") if last.header.number > covered else None


def mark_posted(desk: "Desk", header: Header) -> None:
    """Remember that a header which was posted has said what it says."""
    said = {(ack.channel, ack.number, ack.hash) for ack in header.acks}
    ids = [each.id for each in desk.mail.unposted() if (each.channel, each.number, each.hash) in said]
    desk.mail.mark_posted(ids, header.channel, header.number)


# ---- heads and missing numbers -----------------------------------------------------------------------------------


def _heads(desk: "Desk", channel: str, to: str) -> Iterable[Head]:
    """The own last number in each other channel that ``to`` reads."""
    if to == desk.office:
        return
    newest = desk.roster.newest
    for name in sorted(_group_channels(desk), key=str.encode):
        if name != channel and to in desk.roster.members(name.partition("/")[2], newest):
            last = desk.chain.channel(name).last
            if last is not None:
                yield Head(name, last.header.number, last.hash)


def _group_channels(desk: "Desk") -> list[str]:
    """The own channels to groups."""
    newest = desk.roster.newest
    groups = (ALL, *desk.roster.groups(newest))
    mine = set(desk.roster.channels_of(desk.office))
    return [name for name in (f"{desk.office}/{group}" for group in groups) if name in mine]


def missing(desk: "Desk", to: str) -> list[Missing]:
    """The numbers that this office lacks of what ``to`` sent, the first `limits.MISSING` of them.

    The center hears of gaps in the roster too. No more, since they are compared with what was stated: what no header
    can hold would be said again without end.
    """
    heard = heard_channels(desk, to)
    if CENTER == to != desk.office:
        heard.append(ROSTER_CHANNEL)
    channels = sorted(heard, key=str.encode)
    found = [Missing(name, first, last) for name in channels for first, last in missing_numbers(desk, name)]
    return found[: limits.MISSING]


# ---- when to speak -----------------------------------------------------------------------------------------------


def owes_receipt(desk: "Desk", to: str) -> bool:
    """Whether something is to be said that is worth a dispatch of its own: never for receipts and checks alone."""
    channels = heard_channels(desk, to)
    acks = pending(desk, to)
    if any(ack.word != "seen" for ack in acks):
        return True
    if misses(desk, to):
        return True
    if desk.roster.role(desk.office) != "auditor":
        return False
    return any(_has_news(desk, name) for name in channels if any(ack.channel == name for ack in acks))


def misses(desk: "Desk", to: str) -> bool:
    """Whether other numbers of ``to`` are missing than this office has said."""
    return _spell(missing(desk, to)) != (desk.mail.meta(f"stated missing {to}") or "")


def _has_news(desk: "Desk", channel: str) -> bool:
    """Whether anything but receipts and checks came after the last number this office said it has seen."""
    own = [row.number for row in desk.mail.acks_of(channel) if row.office == desk.office]
    seen = max(own, default=0)
    return any(row.number > seen and row.kind not in _ROUTINE for row in desk.mail.rows(channel))


def mark_missing_stated(desk: "Desk", header: Header) -> None:
    """Remember which numbers were called missing, so that the same is not said again."""
    if header.audience != header.office:
        desk.mail.set_meta(f"stated missing {header.audience}", _spell(header.missing))


def _spell(lines: Iterable[Missing]) -> str:
    return " ".join(f"{line.channel}/{line.first}-{line.last}" for line in lines)
