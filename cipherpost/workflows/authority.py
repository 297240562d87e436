"""How many officers must sign, and who they are (docs/protocol.md, "Authority")."""

from typing import TYPE_CHECKING

from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.desk import Desk


def signers_needed(desk: "Desk", channel: str, kind: str) -> int:
    """How many officers of the sending office sign a dispatch of ``kind`` on ``channel`` now; 1: nobody else.

    Of a roster entry that changes the keepers or their keys, more than half of the new ones sign too; that depends on
    its statements, and `cipherpost.workflows.proposing.propose_entry` sees to it.
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
    if kind != "roster":
        return names
    keepers = set(desk.roster.keepers(newest))
    assert office == CENTER  # V6: the roster is the center's
    return tuple(name for name in names if name in keepers)
