"""From the outbox into a slot: number, acks, seal, journal, sign, post, read back.

One order for everybody and for recovery after a kill: each step leaves its result in the outbox before the next
begins, and running again goes on where the last run stopped (I3, I4). The note is the commit.
"""

from typing import TYPE_CHECKING

from cipherpost import limits
from cipherpost.dispatch.header import Header, RosterRef, Sealed, format_header, parse_header
from cipherpost.errors import ForkError, GapError, NotAuthenticError, UnableError
from cipherpost.note import Purpose, Text
from cipherpost.text import CENTER, ROSTER
from cipherpost.workflows import acking, guards, heads_files, racing, stranded, syncing
from cipherpost.workflows.moving import ANOTHER_COPY
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted
from cipherpost.workflows.sealing import seal_item

if TYPE_CHECKING:
    from cipherpost.chain.channel import Entry, Numbers
    from cipherpost.desk import Desk
    from cipherpost.home.outbox import Item

ROSTER_CHANNEL = f"{CENTER}/{ROSTER}"
_TRIES = 50
"""Races lost in a row before giving up; each is somebody else's success."""


class OwnForkError(ForkError):
    """The slot holds another dispatch signed by this very officer: a copy of this home is at work."""


class NotPostedError(UnableError):
    """The post office did not keep what it said it took; the letter waits in the outbox."""


class RosterMovedError(UnableError):
    """A roster entry that was being made no longer fits, since another keeper's came first."""


class NothingToSayError(UnableError):
    """A receipt that waits has nothing left to say: something posted in between has said it."""


def post_item(desk: "Desk", item: "Item", *, tried: bool = False) -> Posted:
    """Bring one item of the outbox to its slot; when this returns it was read back, and the item is gone.

    Args:
        tried: the statements of a roster entry were found good just now (`cipherpost.workflows.entries.try_out`).

    Raises:
        NothingToSayError, RosterMovedError: the item is gone, and nothing was posted.
        UnableError: no line, a full store, ...: the item waits.
        ReplacedAlreadyError: what it would supersede or cancel was replaced meanwhile; the item waits.
        StaleError: a guard refused to sign (`cipherpost.workflows.guards`).
        AddresseeGoneError: the office written to has lost its standing meanwhile; the letter waits.
        OwnForkError: nothing more is signed on this channel.
        GapError: numbers of the own channel are missing at the post office.
    """
    from cipherpost.workflows import proposing

    plan = Plan.from_dict(item.plan())
    begun = item.stage() in {"headed", "signed"} and _still_fits(desk, item)
    stands = None if begun else _standing(desk, plan)
    if stands is not None:
        return _let_go(desk, item, stands)
    if not begun:  # one that is journaled was sealed before, and its number is no other's any more
        stranded.check(desk, plan)
    if not begun and proposing.needs_others(desk, plan):
        return proposing.propose_item(desk, item, plan)
    for _ in range(_TRIES):
        if plan.kind == "roster" and not tried:
            _check_statements(desk, item, plan)
        tried = False
        note = _signed_note(desk, item, plan)
        text = item.header()
        header = parse_header(text)
        _upload(desk, item, header)
        if _claim(desk, header, note):
            return _finish(desk, item, header, note)
        item.clear_header()  # the number was taken; nothing of ours stands anywhere
        syncing.follow(desk, header.channel)
    raise NotPostedError(
        "every number was taken by somebody else just before",
        channel=plan.channel,
        rule="nothing is lost: the letter waits in the outbox",
        hints=("cipherpost fetch",),
    )


# ---- what was sent from here before this home was put back -------------------------------------------------------


def _standing(desk: "Desk", plan: Plan) -> "Entry | None":
    """The dispatch under which just this letter stands already: sent after the backup that this home was put back from.

    Each letter has a salt of its own, so its hash is like no other's.
    """
    if plan.letter is None:
        return None
    view = desk.chain.channel(plan.channel)
    for node in reversed(view.tree.path):
        if node.time < plan.created:
            break
        if node.kind == plan.kind and node.verdict is None and node.header.letter == plan.letter:
            return view.by_hash(node.hash)
    return None


def _let_go(desk: "Desk", item: "Item", entry: "Entry") -> Posted:
    header = entry.header
    _keep_outline(desk, item, header, entry.hash)
    to = desk.roster.members(header.audience, desk.roster.newest)
    item.remove()
    return Posted(
        channel=header.channel,
        kind=header.kind,
        number=header.number,
        hash=entry.hash,
        time=header.time,
        to=to,
        already=True,
    )


# ---- number and sign ---------------------------------------------------------------------------------------------


def _signed_note(desk: "Desk", item: "Item", plan: Plan) -> bytes:
    """The note of this item: what an earlier run signed if its number is still free, else a new one."""
    if item.stage() in {"headed", "signed"} and not _still_fits(desk, item):
        item.clear_header()
    if item.stage() == "signed":
        return item.note()
    key = guards.signing_key(desk, plan)
    if item.stage() != "headed":
        header = _header(desk, item, plan)
        if plan.kind in {"receipt", "check"} and not _says_something(desk, header):
            item.remove()
            raise NothingToSayError("nothing is left to be said", channel=plan.channel, rule="it was said in between")
        item.set_header(format_header(header))
    text = Text(Purpose.DISPATCH, item.header())
    header = parse_header(text.data)
    guards.check_signing(desk, header)
    desk.journal.may_sign(header.channel, header.number, text.hash)
    desk.journal.record(
        time=header.time,
        generation=desk.machine.bump(),
        channel=header.channel,
        number=header.number,
        hash=text.hash,
    )
    item.set_note(key.sign(text))
    return item.note()


def _still_fits(desk: "Desk", item: "Item") -> bool:
    """Whether the header made by an earlier run can still be posted as it stands.

    Once it is journaled it must be, unless its number was taken; before that it is made anew, with a fresh roster.
    """
    text = item.header()
    header = parse_header(text)
    if desk.journal.find(header.channel, header.number) is None:
        return False
    view = desk.chain.channel(header.channel)
    if view.by_hash(Text(Purpose.DISPATCH, text).hash) is not None:
        return True
    if any(entry.status != "held" for entry in view.candidates(header.number)):
        return False
    if header.previous is None:
        return True
    below = view.by_hash(header.previous)  # one side of an open race will do: this settles it
    return below is not None and below.header.number == header.number - 1


def _says_something(desk: "Desk", header: Header) -> bool:
    if header.heads or header.acks or header.missing:
        return True
    return header.kind == "check" and desk.roster.is_group(header.audience, desk.roster.newest)


def _check_statements(desk: "Desk", item: "Item", plan: Plan) -> None:
    """Refuse to sign a roster entry that waited until it no longer fits; an entry that nobody accepts blocks its slot.

    One that is journaled is posted as it stands: its place is that for which it was tried.
    """
    from cipherpost.workflows.entries import try_out_bytes

    if desk.roster.newest == 0 or (item.stage() in {"headed", "signed"} and _still_fits(desk, item)):
        return
    try:
        try_out_bytes(desk, plan.statements)
    except NotAuthenticError as error:
        item.remove()
        raise RosterMovedError(
            f"a roster entry that waited no longer fits: {error.what}",
            channel=ROSTER_CHANNEL,
            rule="it was let go, and nothing of it was posted",
            hints=("cipherpost roster", "do again what is still wanted"),
        ) from error


def _header(desk: "Desk", item: "Item", plan: Plan) -> Header:
    _check_whole(desk, plan.channel)
    _check_replaces(desk, plan)
    number, previous = racing.link(desk, plan.channel)
    newest = desk.roster.newest
    header = Header(
        network=desk.network,
        channel=plan.channel,
        number=number + 1,
        previous=previous,
        time=desk.time(),
        by=desk.officer,
        kind=plan.kind,
    )
    if plan.kind == "roster":
        return _endorsed(desk, item, plan, header._replace(statements=plan.statements))
    roster_hash = desk.roster.hash_of(newest)
    assert roster_hash is not None
    header = header._replace(
        roster=RosterRef(newest, roster_hash),
        letter=plan.letter,
        reply=plan.reply,
        supersedes=plan.supersedes,
        cancels=plan.cancels,
        due=plan.due,
        report=plan.report,
        decision=plan.decision,
        heads_file=plan.heads_file,
    )
    header = _endorsed(desk, item, plan, header)
    sealed: tuple[Sealed, ...] = ()
    if plan.letter is not None:
        readers = desk.roster.readers(plan.kind, (plan.audience,), plan.office, newest)
        guards.check_sealing(desk)
        sealed = (seal_item(desk, item, readers),)
    return acking.with_acks(desk, header._replace(sealed=sealed), plan.acks)


def _check_replaces(desk: "Desk", plan: Plan) -> None:
    """Sign no second letter in the place of one: two officers, or two homes without a line, may have written at once.

    A report is judged by the ledger, an answer to a proposal by the proposal, and what was endorsed by its own.

    Raises:
        ReplacedAlreadyError: the letter stays in the outbox.
    """
    from cipherpost.workflows import letters, replacing

    number = plan.supersedes or plan.cancels
    if number is None or plan.report is not None or plan.endorsed or plan.audience == plan.office:
        return
    try:
        replacing.check_stands(desk, letters.entry_at(desk, f"{plan.channel}/{number}"))
    except replacing.ReplacedAlreadyError as error:
        error.hints = (f"cipherpost outbox {plan.channel} --drop    (let it go)", *error.hints[1:])
        raise


def is_replaced(desk: "Desk", plan: Plan) -> bool:
    """Whether what waits would replace a letter that was replaced meanwhile."""
    from cipherpost.workflows.replacing import ReplacedAlreadyError

    try:
        _check_replaces(desk, plan)
    except ReplacedAlreadyError:
        return True
    return False


def _endorsed(desk: "Desk", item: "Item", plan: Plan, header: Header) -> Header:
    """``header`` with the endorsements that it was planned with, if they still are enough and the draft is unused."""
    from cipherpost.workflows import signing

    if not plan.endorsed:
        return header
    return signing.check_draft(desk, item, header._replace(draft=plan.draft, endorsed=plan.endorsed))


def _check_whole(desk: "Desk", channel: str) -> None:
    """Do not number past what a colleague in good standing has sent and the carrier has lost.

    A thief of his key can sign any number. So others must have spoken of what is missing; then a person who knows
    better may go on, and a cut in the roster ends it.
    """
    _check_pins(desk, channel)
    missing = desk.chain.channel(channel).gaps()
    if missing and not desk.overrides.alone and _was_sent(desk, channel, missing[0]):
        raise GapError(
            "an earlier number of this office's own channel is missing at the post office",
            channel=channel,
            number=missing[0].first,
            rule="a new dispatch follows on the last one",
            hints=(
                "let the colleague who sent it run: cipherpost fetch    (it puts back what is missing)",
                "--alone, if no colleague has sent it",
            ),
        )


def _check_pins(desk: "Desk", channel: str) -> None:
    """Do not sign a number that the roster has pinned to a text which is not here: it would never count (I3).

    Who has new keys knows by the cut of the old ones how far his series goes, whatever the carrier shows him.
    """
    view = desk.chain.channel(channel)
    for pin in desk.roster.pins(channel):
        if pin.number > view.tree.end.number and view.by_hash(pin.hash) is None:
            raise GapError(
                f"the roster says that this channel goes up to number {pin.number}, which is missing here",
                channel=channel,
                number=pin.number,
                rule="a new dispatch follows on the last one that the roster names",
                hints=(
                    "cipherpost fetch    (again later, or from another post office)",
                    f"if it is lost for good, the center types: cipherpost cut {channel}/{view.tree.end.number}",
                ),
            )


def _was_sent(desk: "Desk", channel: str, missing: "Numbers") -> bool:
    """Whether more than the dispatch above a gap, by a colleague in good standing, tells that the numbers were used."""
    newest = desk.roster.newest
    colleagues = {info.name for info in desk.roster.officers(desk.office, newest)} - {desk.officer}
    above = desk.chain.channel(channel).candidates(missing.last + 1)
    if not any(entry.header.by in colleagues for entry in above):
        return False
    known = max(desk.mail.posted().get(channel, (0, ""))[0], syncing.stated_head(desk, channel) or 0)
    acks = (row for row in desk.mail.acks_of(channel) if row.office != desk.office)
    return known >= missing.first or any(
        row.number >= missing.first and desk.roster.good(row.office, newest) for row in acks
    )


# ---- post --------------------------------------------------------------------------------------------------------


def _upload(desk: "Desk", item: "Item", header: Header) -> None:
    """Put the sealed file, and before it the heads file of an audit, where readers look, unless it is there already."""
    from cipherpost.postoffice import names

    if header.heads_file is not None:
        heads_files.put(desk, header.office, header.heads_file, item.open_heads)
    for sealed in header.sealed:
        name = names.sealed_name(desk.network, header.office, sealed.hash)
        if desk.post.size(name) == sealed.size and stored_hash(desk, name, sealed.size) == sealed.hash:
            continue
        desk.trace(f"putting {name} ({sealed.size} bytes)")
        with item.sealed_path(sealed.hash).open("rb") as file:
            desk.post.put(name, file)
        if desk.post.size(name) != sealed.size:
            raise NotPostedError(
                "the post office did not keep the sealed file",
                where=name,
                rule="nothing is lost: the letter waits in the outbox",
                hints=("cipherpost fetch", "cipherpost doctor"),
            )


def stored_hash(desk: "Desk", name: str, size: int) -> str:
    """SHA-256 in hex of an object of ``size`` bytes at the post office, read as a stream.

    Raises:
        NoSuchObjectError, UnreachableError: it cannot be read.
    """
    import hashlib

    digest = hashlib.sha256()
    with desk.post.stream(name) as stored, desk.progress.work("checking", size, "B") as step:
        left = size + 1  # one byte more, since a store may give more than it says
        while left and (block := stored.read(min(left, 1 << 20))):
            left -= len(block)
            digest.update(block)
            step(len(block))
    return digest.hexdigest()


def _claim(desk: "Desk", header: Header, note: bytes) -> bool:
    """Try to become number ``header.number``; False when somebody else has it.

    What the store answers is its courtesy; what is read back decides. A slot that holds something that does not
    count leaves the alternate name, which nobody can have occupied.
    """
    from cipherpost.postoffice import names

    name = names.note_name(desk.network, header.channel, header.number)
    desk.trace(f"posting {name}")
    desk.post.create(name, note)
    if _read_back(desk, name) == note:
        return True
    syncing.take_slot(desk, header.channel, header.number)
    text_hash = Text(Purpose.DISPATCH, format_header(header)).hash
    view = desk.chain.channel(header.channel)
    others = [entry for entry in view.candidates(header.number) if entry.hash != text_hash]
    if any(syncing.is_by_own_key(desk, entry) for entry in others):
        raise _own_fork(desk, header)
    if view.by_hash(text_hash) is None and any(entry.status in {"counts", "void"} for entry in others):
        return False
    alternate = names.alternate_name(desk.network, header.channel, header.number, text_hash)
    desk.post.create(alternate, note)
    if _read_back(desk, alternate) == note:
        return True
    raise NotPostedError(
        "the post office did not keep what it took",
        channel=header.channel,
        number=header.number,
        rule="only what is read back is posted; nothing is lost: the letter waits in the outbox",
        hints=("cipherpost doctor", "cipherpost fetch"),
    )


def _read_back(desk: "Desk", name: str) -> bytes | None:
    from cipherpost.errors import TooLargeError
    from cipherpost.postoffice import ForeignObjectError, NoSuchObjectError

    try:
        return desk.post.get(name, limits.ROSTER_BYTES)
    except (NoSuchObjectError, ForeignObjectError, TooLargeError):
        return None


def _own_fork(desk: "Desk", header: Header) -> OwnForkError:
    desk.machine.mark_moved(f"{ANOTHER_COPY}, or a thief, is at work", desk.time())
    return OwnForkError(
        "the post office holds another dispatch with this number, signed by your own key",
        channel=header.channel,
        number=header.number,
        rule="one number, one header: a copy of this home is at work, or somebody has your key",
        hints=(
            "if you made no copy, your keys are in other hands: telephone the center at once (docs/keys.md)",
            "if the copy is yours: use one home only, and tell the center",
        ),
    )


def _finish(desk: "Desk", item: "Item", header: Header, note: bytes) -> Posted:
    """Take up the own dispatch as anybody else would, keep the sealed file, and let the item go."""
    try:
        entry = syncing.take_note(desk, header.channel, header.number, note)
    except NotAuthenticError:
        item.clear_header()
        raise
    with desk.mail.transaction():
        desk.mail.set_posted(header.channel, header.number, entry.hash)
        acking.mark_posted(desk, header)
        acking.mark_missing_stated(desk, header)
    for sealed in header.sealed:
        desk.copies.take(item.sealed_path(sealed.hash), sealed.hash)
        desk.mail.set_file(sealed.hash, sealed.size, "have")
    if header.heads_file is not None:
        heads_files.keep(desk, header.heads_file, item.open_heads)
    _keep_outline(desk, item, header, entry.hash)
    to = () if header.kind == "roster" else desk.roster.members(header.audience, desk.roster.newest)
    item.remove()
    return Posted(
        channel=header.channel, kind=header.kind, number=header.number, hash=entry.hash, time=header.time, to=to
    )


def _keep_outline(desk: "Desk", item: "Item", header: Header, text_hash: str) -> None:
    """What lists show of the letter, and what a second `send` of the same compares with, now under its number."""
    import json

    name = f"outgoing {item.name}"
    kept = desk.vault.get(name) if header.letter is not None else None
    if kept is None:
        return
    digest, outline, *made_of = json.loads(kept)
    with desk.mail.transaction():
        if made_of and digest:
            desk.vault.put(f"digest {text_hash}", digest.encode())
        desk.vault.put(f"letter {text_hash}", outline.encode())
        desk.vault.put(f"last {header.channel}", json.dumps([digest, header.number, text_hash]).encode())
        desk.vault.remove(name)
