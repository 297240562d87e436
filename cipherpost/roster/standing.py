"""Whose signature counts (docs/protocol.md, "Authority"; check V5).

A signature on number n of a channel counts when its key was in good standing at the header's roster entry and, for
every later entry that took this standing away, n is not above the cut of that entry for the channel. Times decide
nothing; only the roster does, so that all who have the same roster agree. The roster's own entries are judged once, by
the state before them, and by no cut.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from cipherpost.dispatch.header import Header
from cipherpost.dispatch.kinds import KINDS
from cipherpost.errors import NotAuthenticError
from cipherpost.note import SignatureInvalidError, Text, VerifierKey
from cipherpost.roster.fold import Roster
from cipherpost.roster.state import OfficerInfo
from cipherpost.text import CENTER

if TYPE_CHECKING:
    from cipherpost.roster.words import Statement


class StandingError(NotAuthenticError):
    """A signature that does not count."""


class UnknownSignerError(StandingError):
    """The roster never knew an officer of this name in this office."""


class NoStandingError(StandingError):
    """The officer was not in good standing at the roster entry that the header cites."""


class CutOffError(StandingError):
    """The officer lost his standing later, and the number is above the cut for the channel."""


class EndorsementError(StandingError):
    """An endorsement that may not stand there, or that does not verify."""


class ThresholdError(StandingError):
    """Fewer officers signed than the threshold asks for."""


class KeeperSignersError(StandingError):
    """A roster entry not signed by more than half of the keepers, before it and, where they change, after it."""


def may_sign(roster: Roster, *, channel: str, number: int, officer: str, at: int) -> VerifierKey:
    """The key with which ``officer`` of the sending office signs ``number`` of ``channel``, relying on entry ``at``.

    Raises:
        UnknownSignerError: there never was such an officer.
        NoStandingError: not in good standing at ``at``.
        CutOffError: a later entry took the standing away and cuts the channel below ``number``.
    """
    office = channel.partition("/")[0]
    tenures = roster.keys(office, officer)
    if len(tenures) == 1 and tenures[0].until is None and tenures[0].since <= at:
        return tenures[0].vkey
    tenure = next((each for each in tenures if each.good(at)), None)
    if tenure is None:
        raise _no_standing(roster, tenures, channel=channel, number=number, officer=officer, at=at)
    for each in tenures:
        if each.until is not None and each.until > at and each.vkey == tenure.vkey:
            cut = roster.cut(each.until, channel)
            if number > cut.number:
                raise CutOffError(
                    f"{office}/{officer} lost this standing in entry {each.until} of the roster ({each.cause}), "
                    "and this is cut off: it counts no more",
                    channel=channel,
                    number=number,
                    rule=f"of those who did, what counts in {channel} ends with number {cut.number}",
                    hints=(f"ask the center: a later entry of the roster can move the cut of entry {each.until}",),
                )
    return tenure.vkey


def _no_standing(
    roster: Roster, tenures: tuple[OfficerInfo, ...], *, channel: str, number: int, officer: str, at: int
) -> StandingError:
    office = channel.partition("/")[0]
    if not tenures:
        return UnknownSignerError(
            f"the roster knows no officer {office}/{officer}",
            channel=channel,
            number=number,
            rule=f"it was read up to entry {roster.newest}",
        )
    since = [each.since for each in tenures if each.since > at]
    lost = [each for each in tenures if each.until is not None and each.until <= at]
    why = f"he lost it in entry {lost[-1].until} ({lost[-1].cause})" if lost else f"he is from entry {since[0]}"
    return NoStandingError(
        f"{office}/{officer} was in no good standing at entry {at} of the roster: {why}",
        channel=channel,
        number=number,
        rule="a signature counts by the standing at the entry that its header cites",
    )


# ---- endorsements ------------------------------------------------------------------------------------------------


def check_endorsements(roster: Roster, header: Header) -> tuple[str, ...]:
    """Check that enough officers signed a dispatch that is no roster entry; gives their names, ``by`` first.

    The signature and standing of ``by`` are the caller's to check (`may_sign`). An endorser who lost his standing
    later, with a cut below this number, is not counted.

    Raises:
        EndorsementError: by ``by`` himself, by nobody of his office in good standing, not valid, or none is due.
        ThresholdError: too few.
        DraftMalformedError: endorsed without a draft (V6 refuses it too).
    """
    at = header.roster.number if header.roster else 0
    needed = roster.threshold(header.office, at) if KINDS[header.kind].threshold == "office" else 1
    if needed == 1 and header.endorsed:
        raise _wrong(header, "it is endorsed", "where one officer is enough, none endorses")
    signers = [header.by]
    if header.endorsed:
        from cipherpost.dispatch.draft import draft_text

        draft = draft_text(roster.fingerprint or "", header)
        for each in header.endorsed:
            if each.officer == header.by:
                raise _wrong(header, f"{each.officer} endorses what he posts himself", "endorsers are others")
            if _endorses(roster, header, draft, each.officer, each.signature):
                signers.append(each.officer)
    if len(signers) < needed:
        raise ThresholdError(
            f"{len(signers)} of {needed} officers signed",
            channel=header.channel,
            number=header.number,
            rule=f"the threshold of {header.office} at entry {at} of the roster",
        )
    return tuple(signers)


def _endorses(roster: Roster, header: Header, draft: Text, officer: str, signature: bytes) -> bool:
    """Whether a valid endorsement counts; what is invalid raises."""
    at = header.roster.number if header.roster else 0
    info = roster.officer(header.office, officer, at)
    if info is None:
        raise _wrong(
            header, f"the endorser {officer} is no officer of {header.office}", f"in good standing at entry {at}"
        )
    try:
        info.vkey.verify_raw(signature, draft)
        may_sign(roster, channel=header.channel, number=header.number, officer=officer, at=at)
    except SignatureInvalidError as error:
        raise _wrong(header, f"{officer}'s endorsement: {error.what}", "it signs the draft of this dispatch") from None
    except CutOffError:
        return False
    return True


def _wrong(header: Header, what: str, rule: str) -> EndorsementError:
    return EndorsementError(what, channel=header.channel, number=header.number, rule=rule)


# ---- the roster's own entries --------------------------------------------------------------------------------------


def check_roster_signers(roster: Roster, header: Header, fingerprint: str) -> VerifierKey:
    """Check that the keepers sign entry ``header``, the next one; gives the key that ``by``'s note must verify with.

    More than half of the keepers before the entry sign it, as ``by`` and ``endorsed``; where it changes keepers or
    their keys, more than half of the new ones too. ``by`` is a keeper before the entry and signs with the key he has
    there; when the entry gives him new keys, he may endorse with them too, so that a lone keeper can replace his keys.
    The genesis is signed by its one keeper, with the key it states.

    Args:
        fingerprint: of the network; drafts hold it.

    Raises:
        KeeperSignersError: too few, or ``by`` is no keeper.
        EndorsementError: an endorser is no keeper, or his signature does not verify.
        StatementError: the statements cannot be read. NewerStatementError: made by a newer cipherpost, and signed by
            more than half of the keepers: nothing after it is trusted, so one stolen key shall not do for it.
        DraftMalformedError: endorsed without a draft (V6 refuses it too).
    """
    from cipherpost.dispatch.draft import draft_text
    from cipherpost.roster.grammar import NewerStatementError
    from cipherpost.roster.statements import parse_statements

    try:
        statements = parse_statements(header.statements)
    except NewerStatementError:
        _check_newer_signers(roster, header, fingerprint)
        raise
    if header.number == 1:
        return _check_genesis_signer(header, statements)
    old = roster.keeper_keys(header.number - 1)
    new = keepers_after(roster, header.number - 1, statements)
    if header.by not in old:
        raise _too_few(header, f"{header.by} is no keeper", "a keeper posts the entry")
    by_old, by_new = {header.by}, {header.by} if new.get(header.by) == old[header.by] else set()
    draft = draft_text(fingerprint, header) if header.endorsed else None
    for each in header.endorsed:
        before, after = old.get(each.officer), new.get(each.officer)
        if each.officer == header.by:
            before, after = None, after if after != before else None  # his old key is on the note itself
        keys = {"old": before, "new": after}
        signed = {age for age, key in keys.items() if key and draft and _verifies(key, each.signature, draft)}
        if not signed:
            raise _wrong(header, f"the endorsement of {each.officer} counts for nothing", "keepers sign the draft")
        by_old |= {each.officer} if "old" in signed else set()
        by_new |= {each.officer} if "new" in signed else set()
    _check_majority(header, by_old, old, "the keepers before this entry")
    if new != old:
        _check_majority(header, by_new, new, "the keepers after this entry, with their keys")
    return old[header.by]


def _check_newer_signers(roster: Roster, header: Header, fingerprint: str) -> None:
    """Whether more than half of the keepers signed an entry that says what only a later version can read."""
    from cipherpost.dispatch.draft import draft_text

    old = roster.keeper_keys(header.number - 1) if header.number > 1 else {}
    draft = draft_text(fingerprint, header) if header.endorsed else None
    signed = {header.by} & old.keys()
    for each in header.endorsed:
        key = old.get(each.officer)
        if key is not None and draft is not None and _verifies(key, each.signature, draft):
            signed.add(each.officer)
    if old:
        _check_majority(header, signed, old, "the keepers before this entry")


def entry_signers(roster: Roster, header: Header) -> dict[str, bytes]:
    """Who signed an entry that `check_roster_signers` found good, with the public keys of the entry before it."""
    known = {info.name: info.vkey.public for info in roster.officers(CENTER, header.number - 1)}
    names = (header.by, *(each.officer for each in header.endorsed))
    return {name: known[name] for name in names if name in known}


def standing_signers(roster: Roster, header: Header, keys: Collection[bytes], fingerprint: str) -> dict[str, bytes]:
    """Which of today's keepers signed an entry whose earlier ones are not here, with their public keys.

    Args:
        keys: the public keys that the note itself verifies with.
        fingerprint: of the network; drafts hold it.
    """
    from cipherpost.dispatch.draft import draft_text

    keepers = roster.keeper_keys(roster.newest)
    found = {header.by: keepers[header.by].public} if header.by in keepers else {}
    found = {name: key for name, key in found.items() if key in keys}
    if header.draft is not None and header.endorsed:
        draft = draft_text(fingerprint, header)
        for each in header.endorsed:
            key_now = keepers.get(each.officer)
            if key_now is not None and _verifies(key_now, each.signature, draft):
                found[each.officer] = key_now.public
    return found


def are_majority(roster: Roster, signers: Mapping[str, bytes], at: int) -> bool:
    """Whether these are more than half of the keepers as of entry ``at``, with the keys that they have there."""
    keepers = roster.keeper_keys(at)
    return 2 * sum(signers.get(name) == key.public for name, key in keepers.items()) > len(keepers)


def _check_genesis_signer(header: Header, statements: "tuple[Statement, ...]") -> VerifierKey:
    from cipherpost.roster.words import Keepers, Officer

    keepers = [each.names for each in statements if isinstance(each, Keepers)]
    keys = {each.name: each.vkey for each in statements if isinstance(each, Officer) and each.office == CENTER}
    if keepers[-1:] != [(header.by,)] or header.by not in keys:
        raise _too_few(header, "the genesis is not posted by its one keeper", "he signs it alone")
    if header.endorsed or header.draft:
        raise _wrong(header, "the genesis is endorsed", "its keeper signs it alone")
    return keys[header.by]


def keepers_after(roster: Roster, before: int, statements: "tuple[Statement, ...]") -> dict[str, VerifierKey]:
    """The keepers as an entry leaves them; one it names without keys is for `Roster.apply` to refuse."""
    from cipherpost.roster.words import Keepers, Officer

    names = set(roster.keepers(before))
    keys = {each.name: each.vkey for each in roster.officers(CENTER, before)}
    for each in statements:
        if isinstance(each, Keepers):
            names = set(each.names)
        elif isinstance(each, Officer) and each.office == CENTER:
            keys[each.name] = each.vkey
    return {name: key for name, key in keys.items() if name in names}


def _verifies(key: VerifierKey, signature: bytes, draft: Text) -> bool:
    try:
        key.verify_raw(signature, draft)
    except SignatureInvalidError:
        return False
    return True


def _check_majority(header: Header, signed: set[str], keepers: dict[str, VerifierKey], who: str) -> None:
    count = len(signed & keepers.keys())
    if 2 * count <= len(keepers):
        raise _too_few(header, f"{count} of {len(keepers)} signed", f"more than half of {who} sign")


def _too_few(header: Header, what: str, rule: str) -> KeeperSignersError:
    return KeeperSignersError(what, channel=header.channel, number=header.number, rule=rule)
