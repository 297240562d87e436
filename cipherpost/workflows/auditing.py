"""Audit a network without reading a letter: everything a post office holds, verified by somebody who trusts nobody.

Checks V1 to V8 are those of `cipherpost.chain`, run anew from the genesis, V11 is that of `cipherpost.ledger`; what
headers say of others is held against what is there; with ``sealed`` the sealed files are looked at too (V9). The
result depends on the post office, the judging time, and, in a home, on what that home had verified before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain as chained
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from cipherpost.chain.findings import Finding
from cipherpost.chain.history import History
from cipherpost.chain.network import Chain
from cipherpost.desk import Progress, Silent, absolute
from cipherpost.dispatch.header import Head
from cipherpost.errors import NewerError, NotAuthenticError, UseError
from cipherpost.ledger.ledger import Ledger
from cipherpost.note import split
from cipherpost.postoffice import NoSuchObjectError, names
from cipherpost.text import format_time, sha256
from cipherpost.workflows import audience_keys, audit_again, earlier_audits
from cipherpost.workflows.audit_reading import ROSTER_CHANNEL, Reader
from cipherpost.workflows.audit_report import Report, many
from cipherpost.workflows.audit_words import Words
from cipherpost.workflows.moments import check_ahead
from cipherpost.workflows.verifying import Verified, verify_file

if TYPE_CHECKING:
    from cipherpost.desk import Desk
    from cipherpost.home.audited import Audited
    from cipherpost.postoffice import PostOffice

__all__ = [
    "GenesisAlteredError",
    "NoPostOfficeError",
    "Remembered",
    "Report",
    "Subject",
    "Verified",
    "audit",
    "verify_file",
]

_NOT_SEALED: Final = "V9, the sealed files: that they are there, whole, and sealed to enough readers (--sealed)"
_ROUNDS: Final = 3
"""How often all is read while entries of the roster come late: one alone is not what a liar has to stop at."""
_NOT_AGAIN: Final = (
    "what an earlier audit of this home verified: of each channel only the last number was asked for again, and nothing"
    " was listed that no reader asks for (--full)"
)
_NOT_READ: Final = "V10, the letters: an audit opens none"


class NoPostOfficeError(UseError):
    """Outside a home an audit must be told which post office."""


class TwoPlacesError(UseError):
    """An audit of a post office and of a bundle at once."""


class GenesisAlteredError(NotAuthenticError):
    """No network of the post office has the fingerprint, and of one the first roster entry is missing or altered."""


class Remembered(NamedTuple):
    """A dispatch that a home verified before; ``note`` gives its bytes, None where only its hash was told."""

    channel: str
    number: int
    hash: str
    note: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is audited: a post office, a network in it, and what the auditor's home remembers of it.

    ``remembered`` gives dispatches in any order; ``clock`` is the machine's where None is given. ``office``: whose home
    audits; ``opener`` opens what it can of earlier signed audits, to tell known findings from new ones. ``audited``:
    what that home keeps of earlier audits, so that only what is new costs time; None: all is read from zero.
    """

    post: "PostOffice"
    network: str
    fingerprint: str
    remembered: Callable[[], Iterable[Remembered]] = tuple
    clock: Callable[[], datetime] | None = None
    office: str | None = None
    opener: earlier_audits.Opener = earlier_audits.outside
    audited: "Audited | None" = None

    @classmethod
    def outside(cls, post_url: str | None, fingerprint: str, *, bundle: str | None = None) -> "Subject":
        """The network of a post office, or of a bundle, whose genesis has this fingerprint, in hex or as it is spoken.

        Raises:
            NoPostOfficeError: no post office was named. TwoPlacesError: a bundle too.
            NetworkNameError: no network there has it. GenesisAlteredError: it may have had, see there.
            TextError: it is no fingerprint.
        """
        from cipherpost.workflows.networks import NetworkNameError, find_network

        if post_url is None and bundle is None:
            raise NoPostOfficeError(
                "which post office is to be audited",
                rule="outside a home, a fingerprint goes with a post office",
                hints=("cipherpost audit --post PLACE --fingerprint F",),
            )
        post = _open(post_url, bundle)
        try:
            network, full = find_network(post, fingerprint)
        except NetworkNameError:
            _check_geneses(post)
            raise
        return cls(post=post, network=network, fingerprint=full)

    @classmethod
    def of_home(
        cls, desk: "Desk", *, bundle: str | None = None, may_ask: bool = False, full: bool = False
    ) -> "Subject":
        """The network of a home, at its post office or the one named for this command, or in a bundle.

        Args:
            may_ask: the passphrase may be asked for only to open what other auditors signed: it is given already.
            full: from zero, whatever was verified before.
        """
        from cipherpost.home.audited import Audited

        audited = None
        if bundle is None and desk.post.url == absolute(desk.settings.post):  # kept of the home's own post office alone
            audited = Audited(desk.home, url=desk.post.url, fingerprint=desk.fingerprint)
            if full:
                audited.drop()
        return cls(
            post=desk.post if bundle is None else _open(None, bundle),
            network=desk.network,
            fingerprint=desk.fingerprint,
            remembered=lambda: _remembered(desk),
            clock=desk.now,
            office=desk.office,
            opener=earlier_audits.of_desk(desk, may_ask=may_ask),
            audited=audited,
        )


def _open(post_url: str | None, bundle: str | None) -> "PostOffice":
    from cipherpost.postoffice import open_post_office
    from cipherpost.postoffice.bundle import BundlePost

    if bundle is None:
        assert post_url is not None
        return open_post_office(absolute(post_url))
    if post_url is not None:
        raise TwoPlacesError(
            "a post office and a bundle are both named", rule="one audit, one place: --post or --bundle"
        )
    return BundlePost(bundle)


def _check_geneses(post: "PostOffice") -> None:
    """Tell a post office that was tampered with from one that is another network's.

    Raises:
        GenesisAlteredError: see there.
    """
    from cipherpost.workflows.networks import networks_of

    for network in networks_of(post):
        genesis = names.note_name(network, ROSTER_CHANNEL, 1)
        try:
            note = post.get(genesis, names.size_limit(genesis))
            Chain(network, sha256(split(note).text)).offer(ROSTER_CHANNEL, 1, note)
        except (NoSuchObjectError, NotAuthenticError, NewerError) as error:
            raise GenesisAlteredError(
                f"the first roster entry of {network} is missing or altered: {error.what}",
                where=f"{post.url}: {genesis}",
                rule="a network is known by the hash of its genesis, and no other one here has this fingerprint",
                hints=(f"audit another copy of this post office, or of {network}",),
            ) from None


def _remembered(desk: "Desk") -> Iterator[Remembered]:
    def note(hashed: str) -> Callable[[], bytes | None]:
        return lambda: desk.mail.note(hashed)

    pin = desk.settings.roster
    if pin is not None:
        yield Remembered(ROSTER_CHANNEL, pin.number, pin.hash, lambda: None)
    for channel, rows in desk.mail.all_rows():
        for row in rows:
            yield Remembered(channel, row.number, row.hash, note(row.hash))


# ---- the audit -------------------------------------------------------------------------------------------------------


def audit(
    subject: Subject,
    *,
    sealed: bool = False,
    as_of: datetime | None = None,
    progress: Progress | None = None,
    witness: Callable[[Reader], None] | None = None,
) -> Report:
    """Verify everything of a network that its post office holds.

    Args:
        sealed: fetch and look at every sealed file too (V9).
        as_of: the judging time for silence and clocks; now where None is given.
        witness: is shown all that was read and judged, while the post office can still be asked.

    Raises:
        TooFarAheadError: see `cipherpost.workflows.moments`.
        UnreachableError: the post office does not answer.
    """
    from cipherpost.desk import utc_now

    progress = progress or Silent()
    now = format_time((subject.clock or utc_now)())
    moment = format_time(as_of) if as_of else now
    with closing(subject.post):
        reader, found = _read(subject, progress, sealed=sealed)
        chain = reader.chain
        times = (view.last.header.time for view in chain.channels.values() if view.last is not None)
        check_ahead(moment, [now, *times])
        ledger = Ledger(chain)
        found |= _look(reader, subject, ledger, moment, sealed=sealed, progress=progress)
        if witness is not None:
            witness(reader)
    _keep(subject, reader)
    with closing(subject.post):
        findings, untold = earlier_audits.tell_apart(chain, subject.post, _without_echoes(found), subject.opener)
    return _report(reader, ledger, findings, as_of=moment, sealed=sealed, untold=untold)


def _keep(subject: Subject, reader: Reader) -> None:
    """Keep for the next audit of the home what is straight."""
    roster, again, channels = reader.chain.roster, reader.again, reader.chain.channels
    if subject.audited is not None and roster.newest:
        same = again.done - again.grown if again is not None else set()
        same = {name for name in same if name not in channels or channels[name].straight}
        if again is not None:  # what was lost stays known, and is missed again
            same |= {columns.channel for columns in again.lost}
        subject.audited.save(
            roster, reader.wanted, audit_again.rows(reader.chain, reader.wanted, same), anew=again is None
        )


def _read(subject: Subject, progress: Progress, *, sealed: bool) -> tuple[Reader, set[Finding]]:
    """Read and judge all notes, and what the roster lost; anew where entries of the roster came late."""
    also: frozenset[str] = frozenset()
    for _ in range(_ROUNDS):
        chain = Chain(subject.network, subject.fingerprint)
        reader = Reader(subject.post, chain, progress, sealed=sealed, also=also, audited=subject.audited)
        reader.read_roster()
        found = set(_rollbacks(reader, subject, of_roster=True)) if chain.roster.newest else set()
        reader.read_rest()
        if not reader.entries:
            break
        also |= reader.entries
    reader.unread |= dict.fromkeys(reader.entries, "this entry of the roster came late, again and again")
    return reader, found


def _look(
    reader: Reader, subject: Subject, ledger: Ledger, moment: str, *, sealed: bool, progress: Progress
) -> set[Finding]:
    chain = reader.chain
    found: set[Finding] = set()
    if chain.roster.newest:
        found.update(_rollbacks(reader, subject, of_roster=False))
        words = Words(chain)
        found.update(words.read_heads_files(reader))
        found.update(words.rollbacks(subject.office, found))
        found.update(words.missing())
        found.update(words.silence(moment))
        found.update(audience_keys.look(chain))
        if sealed:
            from cipherpost.workflows.sealed_check import check_sealed

            found.update(check_sealed(reader, progress))
    else:
        found.add(_no_genesis())
    found.update(reader.findings())
    found.update(chain.findings(moment))
    found.update(ledger.findings(moment))
    return found


def _no_genesis() -> Finding:
    return Finding(
        code="gap",
        channel=ROSTER_CHANNEL,
        number=1,
        office="center",
        detail="the first entry of the roster is missing; nothing can be verified without it",
    )


def _rollbacks(reader: Reader, subject: Subject, *, of_roster: bool) -> Iterator[Finding]:
    """What this home verified before and the post office no longer shows, one finding for each run of numbers.

    Where another dispatch lies in its place, the chain is given the one remembered too, and judges race or fork: of the
    roster, which may grow by that, before anything else is judged.
    """
    gone: dict[str, set[int]] = {}
    for each in chained(subject.remembered(), _audited_before(reader)):
        if (each.channel == ROSTER_CHANNEL) is not of_roster:
            continue
        view = reader.chain.channel(each.channel)
        if view.hash_at(each.number) == each.hash or (not view.straight and view.by_hash(each.hash) is not None):
            continue
        if view.long >= each.number if view.straight else view.candidates(each.number):
            reader.whole(each.channel)
            _offer(reader.chain, each)
            what = f"this home verified another number {each.number} before: {each.hash[:16]}..."
            yield _rollback(each.channel, each.number, what, about=each.hash)
        else:
            gone.setdefault(each.channel, set()).add(each.number)
    for channel, numbers in gone.items():
        for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
            first, *rest = [number for _, number in run]
            what = f"numbers {first} to {rest[-1]} are gone" if rest else f"number {first} is gone"
            yield _rollback(channel, first, f"{what}; this home verified it before", last=rest[-1] if rest else first)


def _audited_before(reader: Reader) -> Iterator[Remembered]:
    """What an earlier audit verified of channels that are not as they were then."""
    for columns in reader.again.lost if reader.again is not None else ():
        for node in columns.nodes():
            yield Remembered(columns.channel, node.number, node.hash, lambda: None)


def _rollback(channel: str, number: int, detail: str, *, last: int | None = None, about: str = "") -> Finding:
    office = channel.partition("/")[0]
    return Finding(
        code="rollback", channel=channel, number=number, office=office, detail=detail, last=last, about=about
    )


def _offer(chain: Chain, each: Remembered) -> None:
    note = each.note()
    if note is None:
        return
    try:
        chain.offer(each.channel, each.number, note)
    except (NotAuthenticError, NewerError):
        return  # the chain lists it


def _without_echoes(found: set[Finding]) -> tuple[Finding, ...]:
    """Drop what another finding of the same gap says with more words."""
    by_place: dict[tuple[str | None, int | None], list[Finding]] = {}
    for each in found:
        if each.code == "gap":
            by_place.setdefault((each.channel, each.number), []).append(each)
    echoes = {
        each for same in by_place.values() for each in sorted(same, key=lambda one: (-len(one.detail), one.detail))[1:]
    }
    return tuple(found - echoes)


def _report(
    reader: Reader,
    ledger: Ledger,
    findings: tuple[Finding, ...],
    *,
    as_of: str,
    sealed: bool,
    untold: tuple[str, ...],
) -> Report:
    chain, newest = reader.chain, reader.chain.roster.newest
    heads: list[Head] = []
    histories: list[History] = []
    for view in chain.channels.values():
        last = view.last
        seen = view.history(chain.roster.check_days(view.office, newest))
        if last is not None and seen is not None:
            heads.append(Head(view.name, last.header.number, last.hash))
            histories.append(seen)
    offices = {head.channel.partition("/")[0] for head in heads} | {each.office for each in findings if each.office}
    return Report(
        network=chain.network,
        fingerprint=chain.fingerprint,
        roster=Head(ROSTER_CHANNEL, newest, chain.roster.hash_of(newest) or "") if newest else None,
        as_of=as_of,
        dispatches=sum(each.many for each in histories),
        heads=tuple(sorted(heads)),
        findings=findings,
        not_checked=(*_not_checked(reader, sealed=sealed), *untold),
        sealed=sealed,
        unread=reader.unread,
        skipped=dict(reader.post.skipped),
        titles=_titles(chain, offices),
        histories=tuple(sorted(histories)),
        debts=ledger.debts(as_of),
        owing=_titles(chain, chain.roster.offices(newest)),
        zone=chain.roster.timezone(newest) if newest else "",
    )


def _titles(chain: Chain, offices: Iterable[str]) -> Mapping[str, str]:
    return {office: chain.roster.title(office, chain.roster.newest) for office in offices}


def _not_checked(reader: Reader, *, sealed: bool) -> Iterator[str]:
    if not sealed:
        yield _NOT_SEALED
    elif aside := _sealed_aside(reader.chain):
        yield f"V9, the sealed files of what is held or does not count: {many(aside, 'dispatch', 'dispatches')}"
    yield _NOT_READ
    if reader.chain.roster.newest == 0:
        yield "everything but the roster: without its first entry nobody is known"
    if reader.again is not None and reader.again.done:
        yield _NOT_AGAIN
    if reader.unlisted:
        yield (f"what else may lie there: the post office does not list all it holds ({reader.unlisted} or more notes)")
    if reader.named_more:
        yield (
            "what dispatches name and is not here, to the end: more than is asked for under evidence, where another"
            " side may lie unlisted"
        )
    for view in reader.chain.channels.values():
        if isinstance(view.stopped, NewerError):
            number = view.tree.end.number + 1
            yield f"{view.name} from number {number} on: made by a newer cipherpost; update it, then audit again"
    for name in reader.newer:
        yield f"{name}: made by a newer cipherpost"


def _sealed_aside(chain: Chain) -> int:
    """How many dispatches with a letter are here and do not count."""
    views = (view for view in chain.channels.values() if not view.straight)
    return sum(bool(entry.header.sealed) and not entry.counts for view in views for entry in view.entries())
