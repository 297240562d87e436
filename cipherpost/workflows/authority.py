"""How many officers must sign, and who they are (docs/protocol.md, "Authority")."""

from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.text import CENTER, ROSTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cipherpost.desk import Desk
    from cipherpost.dispatch.draft import Draft
    from cipherpost.dispatch.header import Endorsement
    from cipherpost.note import VerifierKey
    from cipherpost.workflows.proposal import Signature, Tally


def signers_needed(desk: "Desk", channel: str, kind: str) -> int:
    """How many officers of the sending office sign a dispatch of ``kind`` on ``channel`` now; 1: nobody else.

    Of a roster entry that changes the keepers or their keys, more than half of the new ones sign too; that depends on
    its statements, and `who_must` and `needs_no_other` see to it.
    """
    from cipherpost.dispatch.kinds import KINDS

    newest = desk.roster.newest
    threshold = KINDS[kind].threshold
    if threshold == "keepers":
        return len(desk.roster.keepers(newest)) // 2 + 1
    if threshold == "office":
        return desk.roster.threshold(channel.partition("/")[0], newest)
    return 1


def who_signs(desk: "Desk", channel: str, kind: str) -> tuple[str, ...]:
    """The officers whose signatures count for it now, in the roster's order."""
    newest = desk.roster.newest
    office = channel.partition("/")[0]
    names = tuple(each.name for each in desk.roster.officers(office, newest))
    if kind != ROSTER:
        return names
    keepers = set(desk.roster.keepers(newest))
    assert office == CENTER  # V6: the roster is the center's
    return tuple(name for name in names if name in keepers)


def keepers_after(desk: "Desk", statements: bytes) -> "dict[str, VerifierKey]":
    """The keepers, with their keys, as the next entry with these statements would leave them."""
    from cipherpost.roster import standing
    from cipherpost.roster.statements import parse_statements

    return standing.keepers_after(desk.roster, desk.roster.newest, parse_statements(statements))


def who_must(desk: "Desk", draft: "Draft") -> tuple[int, tuple[str, ...]]:
    """How many must sign a draft now, and the officers whose signatures count.

    A roster entry needs more than half of the keepers, and more than half of those that it makes keepers.
    """
    names = who_signs(desk, draft.channel, draft.kind)
    if not draft.statements:
        return signers_needed(desk, draft.channel, draft.kind), names
    newest = desk.roster.newest
    old, new = set(desk.roster.keepers(newest)), set(keepers_after(desk, draft.statements))
    here = tuple(each.name for each in desk.roster.officers(CENTER, newest) if each.name in old | new)
    half = len(old) // 2 + 1, len(new) // 2 + 1
    return sum(half) - min(len(old & new), *half), here


def tallies(desk: "Desk", draft: "Draft", signed: "Iterable[tuple[str, bool]]") -> "tuple[Tally, ...]":
    """How many of those who must sign a draft have.

    Args:
        signed: officers, each with whether he signed by the key that the proposed entry gives him.
    """
    from cipherpost.workflows.proposal import Tally

    given = list(signed)
    needed, names = who_must(desk, draft)
    all_signed = tuple(name for name in names if any(name == each for each, _ in given))
    newest = desk.roster.newest
    old = desk.roster.keeper_keys(newest) if draft.statements else {}
    new = keepers_after(desk, draft.statements) if draft.statements else {}
    if old == new:
        return (Tally("", names, all_signed, needed),)
    now = {each.name: each.vkey for each in desk.roster.officers(CENTER, newest)}
    by_old = {name for name, fresh in given if name in old and not fresh}
    by_new = {name for name, fresh in given if name in new and (fresh or new[name] == now.get(name))}
    return tuple(
        Tally(who, tuple(n for n in names if n in keys), tuple(n for n in names if n in by), len(keys) // 2 + 1)
        for who, keys, by in (("keepers now", old, by_old), ("keepers to be", new, by_new))
    )


def posters(desk: "Desk", draft: "Draft", signed: "Sequence[Signature]") -> tuple[str, ...]:
    """The officers who have signed and may post a draft that has enough signatures, in the order in which they did."""
    names = who_must(desk, draft)[1]
    signers = [name for name in dict.fromkeys(each.officer for each in signed) if name in names]
    return tuple(name for name in signers if enough(desk, draft, signed, name) is not None)


def keys_of_signers(desk: "Desk", draft: "Draft") -> "dict[str, list[tuple[VerifierKey, bool]]]":
    """The keys that may endorse a draft, by officer; True: one that the proposed roster entry gives him."""
    newest = desk.roster.newest
    office = draft.channel.partition("/")[0]
    _, names = who_must(desk, draft)
    found = {each.name: [(each.vkey, False)] for each in desk.roster.officers(office, newest) if each.name in names}
    if draft.statements:
        for name, key in keepers_after(desk, draft.statements).items():
            if name in found and found[name][0][0] != key:
                found[name].append((key, True))
    return found


def needs_no_other(desk: "Desk", statements: bytes) -> bool:
    """Whether this officer's signature on the note is all that the next roster entry needs."""
    from cipherpost.dispatch.header import Header
    from cipherpost.roster.standing import KeeperSignersError, check_roster_signers

    header = Header(
        network=desk.network,
        channel=f"{CENTER}/{ROSTER}",
        number=desk.roster.newest + 1,
        previous=desk.roster.hash_of(desk.roster.newest),
        time=desk.time(),
        by=desk.officer,
        kind=ROSTER,
        statements=statements,
    )
    try:
        check_roster_signers(desk.roster, header, desk.fingerprint)
    except KeeperSignersError:
        return False
    return True


def enough(desk: "Desk", draft: "Draft", signed: "Sequence[Signature]", by: str) -> "tuple[Endorsement, ...] | None":
    """The endorsements of others with which ``by`` may post a draft now; None where they are too few."""
    from cipherpost.dispatch.header import Endorsement

    chosen = {each.officer: each for each in reversed(signed) if each.officer != by or each.fresh}
    endorsed = tuple(Endorsement(name, chosen[name].signature) for name in sorted(chosen))
    if draft.statements:
        return _fewer(desk, draft, endorsed, by) if _keepers_agree(desk, draft, endorsed, by) else None
    needed = signers_needed(desk, draft.channel, draft.kind)
    if needed == 1:
        return ()
    return endorsed[: limits.ENDORSED] if 1 + len(endorsed) >= needed else None


def _fewer(desk: "Desk", draft: "Draft", endorsed: "tuple[Endorsement, ...]", by: str) -> "tuple[Endorsement, ...]":
    """As many as a header holds, and still enough; of 15 keepers and 15 other ones after them, no more are needed."""
    for each in endorsed:
        if len(endorsed) <= limits.ENDORSED:
            break
        fewer = tuple(other for other in endorsed if other != each)
        endorsed = fewer if _keepers_agree(desk, draft, fewer, by) else endorsed
    return endorsed


def _keepers_agree(desk: "Desk", draft: "Draft", endorsed: "tuple[Endorsement, ...]", by: str) -> bool:
    from cipherpost.dispatch.draft import header_of
    from cipherpost.roster.standing import StandingError, check_roster_signers

    number = desk.roster.newest + 1
    if (draft.number, draft.previous) != (number, desk.roster.hash_of(number - 1)):
        return False
    header = header_of(
        draft, network=desk.network, number=number, previous=draft.previous, time=desk.time(), by=by, roster=None
    )
    try:
        check_roster_signers(desk.roster, header._replace(endorsed=endorsed), desk.fingerprint)
    except StandingError:
        return False
    return True
