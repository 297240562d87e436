"""The whole round: notes, what waits, letters small to large, receipts, and putting back what others miss."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cipherpost.chain.checks import ForkHeldError, code_of
from cipherpost.errors import (
    CipherpostError,
    ForkError,
    GapError,
    NewerError,
    NotAuthenticError,
    NotForUsError,
    gravest,
)
from cipherpost.home.copies import CopyIncompleteError
from cipherpost.home.files import DiskError
from cipherpost.postoffice import NoSuchObjectError, OccupiedError, UnreadableObjectError
from cipherpost.text import CENTER
from cipherpost.workflows import (
    acking,
    admission,
    cards,
    checking,
    evidence,
    fork_news,
    forms,
    forwarding,
    letters,
    moving,
    originals,
    proposals,
    proposing,
    racing,
    remarks,
    restoring,
    rotating,
    status,
    syncing,
    unreadable,
    voided,
)
from cipherpost.workflows.composing import put_bare
from cipherpost.workflows.draining import drain
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry
    from cipherpost.chain.forks import Fork
    from cipherpost.desk import Desk
    from cipherpost.letter import Letter
    from cipherpost.workflows.proposals import Proposal
    from cipherpost.workflows.rotating import Renewal
    from cipherpost.workflows.voided import Voided

_ANOTHER_TIME: Final = (CopyIncompleteError, DiskError, NoSuchObjectError, OccupiedError, UnreadableObjectError)
_LETTERLESS: Final = frozenset({"receipt", "check", "roster"})


@dataclass(slots=True)
class Fetched:
    """What one round did.

    ``new``: letters opened; ``held``: dispatches that wait for something missing, and letters left for later;
    ``unreadable``: letters that failed; ``known``: those that failed in an earlier round, and were not opened again;
    ``refused``: notes that do not count; ``missing``: numbers, by channel; ``sealed_before``: letters sealed before
    this officer was a reader, seen for the first time; ``owed``: one line about this office's open debts; ``to_sign``:
    proposals that wait for this officer; ``own``: his own proposals of which he was not told yet how they fared;
    ``awaited``: for what this home waits before it signs, since it moved;
    ``voided``: what counted before and does not now, since the roster cut it off, or another of its number stands;
    ``forks``: open ones that were not told of yet; ``alarm``: that another signs with this home's key; ``steps``: what
    to do about a fork or an alarm, before all else.
    """

    new: list["Entry"] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict, repr=False)
    held: list[tuple[str, int, str]] = field(default_factory=list)
    unreadable: list[CipherpostError] = field(default_factory=list)
    known: list[CipherpostError] = field(default_factory=list)
    refused: list[CipherpostError] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    waiting: list[CipherpostError] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    missing: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    sealed_before: set[str] = field(default_factory=set)
    not_admitted: CipherpostError | None = None
    renewal: "Renewal | None" = None
    just_admitted: bool = False
    cards_waiting: int = 0
    awaited: list[str] = field(default_factory=list)
    owed: str | None = None
    to_sign: list[str] = field(default_factory=list)
    own: list["Proposal"] = field(default_factory=list)
    stopped: list[CipherpostError] = field(default_factory=list)
    voided: "list[Voided]" = field(default_factory=list)
    forks: "list[Fork]" = field(default_factory=list)
    alarm: str | None = None
    steps: tuple[str, ...] = ()

    @property
    def before_you(self) -> int:
        """How many letters were sealed before this officer was a reader, and nobody has shared yet."""
        return len(self.sealed_before)

    @property
    def exit_code(self) -> int:
        """The gravest of all that happened (docs/troubleshooting.md, "Exit codes")."""
        errors = [*self.unreadable, *self.refused, *self.waiting, *self.stopped]
        codes = {error.exit_code for error in errors}
        if self.missing or any(why != LEFT_FOR_LATER for _, _, why in self.held):
            codes.add(GapError.exit_code)
        if self.not_admitted is not None:
            codes.add(self.not_admitted.exit_code)
        if self.forks:
            codes.add(ForkError.exit_code)
        return gravest(codes)

    def as_json(self) -> dict[str, Any]:
        """The object of the table in docs/troubleshooting.md."""
        return {
            "new": [_place(entry) for entry in self.new],
            "held": [{"channel": channel, "number": number, "reason": why} for channel, number, why in self.held],
            "unreadable": [_refusal(error) for error in (*self.unreadable, *self.known, *self.refused)],
            "posted": [item.as_json() for item in self.posted],
            "restored": self.restored,
            "missing": [
                {"channel": channel, "first": first, "last": last}
                for channel, gaps in self.missing.items()
                for first, last in gaps
            ],
            "voided": [each.as_json() for each in self.voided],
            "forks": [fork_news.as_json(each) for each in self.forks],
        }


LEFT_FOR_LATER: Final = "left at the post office for its size"


def _place(entry: "Entry") -> dict[str, Any]:
    header = entry.header
    return {"channel": header.channel, "number": header.number, "kind": header.kind, "from": header.office}


def _refusal(error: CipherpostError) -> dict[str, Any]:
    return {"channel": error.channel, "number": error.number, "class": type(error).__name__, "reason": str(error)}


# ---- the round ---------------------------------------------------------------------------------------------------


def fetch(desk: "Desk", *, max_size: int | None = None, receipts: bool = True, full: bool = False) -> Fetched:
    """Get what is new, open it, say so, and put back what others miss.

    Args:
        max_size: letters above so many bytes are left for later.
        receipts: False: write nothing to the post office.
        full: list every channel instead of asking for the next numbers.

    Raises:
        UnableError: the post office does not answer; nothing is lost.
    """
    receipts = receipts and desk.machine.away() is None  # a home that was given away reads, and writes nothing
    result = _round(desk, max_size=max_size, receipts=receipts, full=full)
    result.voided = voided.news(desk)
    result.forks = fork_news.news(desk)
    alarm = moving.alarm(desk)
    result.alarm = alarm.what if alarm is not None else None
    result.steps = alarm.steps if alarm is not None and alarm.steps else _fork_steps(desk, result)
    return result


def _fork_steps(desk: "Desk", result: Fetched) -> tuple[str, ...]:
    places = [f"{error.channel}/{error.number}" for error in result.stopped if isinstance(error, ForkHeldError)]
    places += [fork_news.place(each) for each in result.forks]
    return fork_news.steps(desk, places[0]) if places else ()


def _round(desk: "Desk", *, max_size: int | None, receipts: bool, full: bool) -> Fetched:
    result = Fetched()
    synced = syncing.sync(desk, full=full)
    result.refused = _once([*synced.refused, *_unauthorized(desk, synced.new)])
    result.missing = synced.missing
    result.renewal = rotating.go_on(desk, deliver=receipts)
    if not _admitted(desk, result, receipts=receipts):
        return result
    settles = receipts
    if result.renewal is not None and result.renewal.entry is None:
        receipts = False  # from the card to the entry nothing is signed
    racing.look_again_everywhere(desk, synced)
    evidence.note_down(desk, synced.new)
    _note_held(desk, result)
    if desk.outbox.items():
        desk.keys.signer  # noqa: B018  a wrong passphrase ends the round here, and is no fault of any letter
    if receipts:
        result.waiting += evidence.lay(desk)
        _drain(desk, result)
        _settle_races(desk, result)
    _open_new(desk, result, max_size)
    if result.renewal is not None and result.renewal.entry is None and settles:
        result.renewal = rotating.complete(desk)
        result.waiting += [result.renewal.trouble] if result.renewal and result.renewal.trouble else []
    if receipts:
        _finish_proposals(desk, result)
        _give_receipts(desk, result)
        put_back = restoring.restore(desk)
        cards.put_back(desk, put_back)
        result.restored = put_back.places
        result.waiting += put_back.failed
        for plan in list(checking.due_checks(desk)):
            _put_once(desk, plan)
        _drain(desk, result)
    if desk.officer in desk.roster.keepers(desk.roster.newest) and desk.is_center:
        result.cards_waiting = admission.count_waiting(desk)
    result.own = proposals.news_of_own(desk)
    result.awaited = moving.awaited(desk)
    status.refresh(desk)
    result.owed = status.owed_line(desk)
    if proposals.may_be_open(desk):
        result.to_sign = [each.place for each in proposals.waiting_for(desk)]
    return result


def _unauthorized(desk: "Desk", new: "Sequence[Entry]") -> Iterator[CipherpostError]:
    """Why each new dispatch does not count that its officer signed and may not send: he alone, or that kind, there."""
    for each in new:
        entry = desk.chain.channel(each.header.channel).by_hash(each.hash)
        reason = entry.reason if entry is not None and entry.status == "void" else None
        if reason is not None and code_of(reason) == "unauthorized":
            yield syncing.placed(reason, each.header.channel, each.header.number)


def _once(errors: list[CipherpostError]) -> list[CipherpostError]:
    return list({(error.channel, error.number, error.what): error for error in errors}.values())


def _admitted(desk: "Desk", result: Fetched, *, receipts: bool) -> bool:
    from cipherpost.workflows.addressing import NotAdmittedError, check_admitted
    from cipherpost.workflows.founding import deliver_card, read_own_card

    try:
        check_admitted(desk)
    except NotAdmittedError as error:
        result.not_admitted = error
        if desk.mail.meta("admitted") is not None:
            desk.mail.set_meta(status.LOST, error.what)
        mine = read_own_card(desk)
        if receipts and all(each.card != mine.hash for each in desk.roster.keys(desk.office, desk.officer)):
            deliver_card(desk, mine)
        return False
    if desk.mail.meta(status.LOST):
        desk.mail.set_meta(status.LOST, "")
    if desk.mail.meta("admitted") is None:
        desk.mail.set_meta("admitted", desk.time())
        result.just_admitted = not desk.is_center or desk.roster.newest > 1
    return True


def _settle_races(desk: "Desk", result: Fetched) -> None:
    """Settle what is open in own channels, then give what lost a new number."""
    for plan in list(racing.checks(desk)):
        _put_once(desk, plan)
    _drain(desk, result)
    result.waiting += racing.send_again(desk)
    _drain(desk, result)


def _put_once(desk: "Desk", plan: Plan) -> None:
    """Put a receipt or check into the outbox, unless one for the same channel waits there: it will say it all."""
    for item in desk.outbox.items():
        waiting = Plan.from_dict(item.plan())
        if (waiting.channel, waiting.letter) == (plan.channel, None) and waiting.kind in {"receipt", "check"}:
            return
    put_bare(desk, plan)


def _note_held(desk: "Desk", result: Fetched) -> None:
    """List what waits, but for what waits in vain: dispatches of those whom the roster has cut off."""
    for channel in syncing.readable(desk):
        view = desk.chain.channel(channel)
        waits = [
            (channel, entry.header.number, entry.reason.what if entry.reason else "something it builds upon is missing")
            for entry in view.held()
            if syncing.binds(desk, entry)
        ]
        result.held += dict.fromkeys(waits)  # of a number on both sides of a fork it is said once
        if view.stopped is not None:
            result.stopped.append(view.stopped)


def _drain(desk: "Desk", result: Fetched) -> None:
    for _, outcome in drain(desk):
        if isinstance(outcome, Posted):
            result.posted.append(outcome)
        elif not any(str(outcome) == str(error) for error in result.waiting):
            result.waiting.append(outcome)


def _finish_proposals(desk: "Desk", result: Fetched) -> None:
    """Sign this officer's own proposals and post what he completed, if an earlier run was cut off before."""
    for outcome in proposing.finish(desk) if proposals.may_be_open(desk) else ():
        if isinstance(outcome, Posted):
            result.posted.append(outcome)
        else:
            result.waiting.append(outcome)


# ---- letters -----------------------------------------------------------------------------------------------------


def _open_new(desk: "Desk", result: Fetched, max_size: int | None) -> None:
    """Fetch and open every letter that is due, the small ones first; one that fails stops no other (I7)."""
    todo = [entry for channel in syncing.readable(desk) for entry in _unsettled(desk, channel, result)]
    if todo:
        desk.keys.identities  # noqa: B018  here too: a wrong passphrase is no fault of any letter
    todo.sort(key=lambda entry: (sum(part.size for part in entry.header.sealed), entry.header.time))
    with desk.progress.work("letters", len(todo)) as step:
        for entry in todo:
            _open_one(desk, entry, result, max_size)
            step(1)
    _note_shared(desk, result, *originals.again(desk))
    result.new.sort(key=lambda entry: (entry.header.time, entry.header.channel, entry.header.number))
    for channel in {entry.header.channel for entry in todo}:
        _settle(desk, channel)


def _unsettled(desk: "Desk", channel: str, result: Fetched) -> Iterator["Entry"]:
    """Counting dispatches with a letter for this officer that was not opened yet."""
    settled = int(desk.mail.meta(f"opened {channel}") or 0)
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        if row.number <= settled or row.status != "counts" or row.kind in _LETTERLESS:
            continue
        entry = view.by_hash(row.hash)
        if entry is None or entry.header.letter is None or _is_done(desk, entry):
            continue
        if letters.is_before_you(desk, entry.header):
            if desk.mail.meta(f"before {entry.hash}") is None and _is_mine_by_office(desk, entry):
                desk.mail.set_meta(f"before {entry.hash}", "1")
                result.sealed_before.add(entry.hash)
            continue
        known = unreadable.known(desk, entry)
        if known is not None:
            result.known.append(known)
            continue
        yield entry


def _is_mine_by_office(desk: "Desk", entry: "Entry") -> bool:
    """Whether a letter is to this office at all: an auditor looks at many that are not."""
    header = entry.header
    return desk.office in desk.roster.members(header.audience, desk.roster.newest)


def _is_done(desk: "Desk", entry: "Entry") -> bool:
    """Whether the letter was opened: known by its outline, whoever sent it."""
    return desk.mail.box(f"letter {entry.hash}") is not None


def _settle(desk: "Desk", channel: str) -> None:
    """Remember up to where a channel has nothing left to open, so that the next round need not look."""
    settled = int(desk.mail.meta(f"opened {channel}") or 0)
    view = desk.chain.channel(channel)
    for row in desk.mail.rows(channel):
        if row.number <= settled:
            continue
        if row.status == "counts" and row.kind not in _LETTERLESS:
            entry = view.by_hash(row.hash)
            open_still = entry is not None and entry.header.letter is not None and not _is_done(desk, entry)
            if entry is not None and open_still and not letters.is_before_you(desk, entry.header):
                break
        settled = row.number
    desk.mail.set_meta(f"opened {channel}", str(settled))


def _open_one(desk: "Desk", entry: "Entry", result: Fetched, max_size: int | None) -> None:
    header = entry.header
    try:
        letters.fetch_sealed(desk, header, max_size=max_size)
        letter = letters.open_letter(desk, header)
    except letters.TooBigForNowError:
        result.held.append((header.channel, header.number, LEFT_FOR_LATER))
        return
    except letters.LetterMissingError as error:
        with desk.mail.transaction():
            _say(desk, entry, "failed")
            remarks.keep(desk, entry, error)
        result.unreadable.append(error)
        return
    except (NotAuthenticError, NotForUsError, NewerError) as error:
        with desk.mail.transaction():
            _say(desk, entry, "failed")
            unreadable.remember(desk, entry, error)
            remarks.keep(desk, entry, error)
        result.unreadable.append(syncing.placed(error, header.channel, header.number))
        return
    except _ANOTHER_TIME as error:  # another time it may be whole
        result.unreadable.append(syncing.placed(error, header.channel, header.number))
        return
    _note_shared(desk, result, *originals.take(desk, entry, letter))
    with desk.mail.transaction():
        outline = letters.outline_of(letter)
        letters.keep_outline(desk, entry.hash, outline)
        forms.keep_form(desk, header, letter)
        remarks.look(desk, entry, letter)
        proposals.keep_said(desk, entry, letter)
        _say(desk, entry, "received")
    result.subjects[entry.hash] = outline.subject
    if header.office != desk.office:
        result.new.append(entry)
    result.unreadable += [each.refused for each in forwarding.read_each(desk, entry, letter) if each.refused]


def _note_shared(
    desk: "Desk", result: Fetched, good: "list[tuple[Entry, Letter]]", refused: list[CipherpostError]
) -> None:
    """Letters that somebody shared are listed as if they had opened by themselves."""
    for entry, letter in good:
        result.sealed_before.discard(entry.hash)
        result.subjects[entry.hash] = letter.subject
        if entry.header.office != desk.office:
            result.new.append(entry)
    result.unreadable += refused


def _say(desk: "Desk", entry: "Entry", word: str) -> None:
    """Remember a word for the sender; an office does not send itself receipts."""
    header = entry.header
    if header.office != desk.office:
        desk.mail.add_mine(header.channel, header.number, entry.hash, word, desk.time())


# ---- receipts ----------------------------------------------------------------------------------------------------


def _give_receipts(desk: "Desk", result: Fetched) -> None:
    """One receipt for each office to which something is to be said; a check where only numbers are missing."""
    for office in _to_be_told(desk):
        while _may_write(desk, office) and acking.owes_receipt(desk, office):
            before = len(result.posted)
            kind = "receipt" if acking.pending(desk, office) else "check"
            _put_once(desk, Plan(channel=f"{desk.office}/{office}", kind=kind, created=desk.time()))
            _drain(desk, result)
            if len(result.posted) == before:  # it waits, and says all when its time comes
                break


def _to_be_told(desk: "Desk") -> list[str]:
    """The offices to which something may have to be said: those of which something came, is missing, or was."""
    if desk.roster.role(desk.office) == "auditor":
        return [CENTER]
    senders = dict.fromkeys(name.partition("/")[0] for name in syncing.readable(desk))
    told = desk.mail.offices_to_tell()
    return [name for name in senders if name != desk.office and (name in told or acking.misses(desk, name))]


def _may_write(desk: "Desk", office: str) -> bool:
    """Whether this office may address ``office``, and somebody is there to read it."""
    newest = desk.roster.newest
    if desk.roster.state(office, newest) not in {"good", "declared"}:
        return False
    if desk.is_center or office == CENTER:
        return True
    return desk.roster.lateral_member(desk.office, office, newest)
