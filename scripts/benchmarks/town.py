"""A large network to audit: a center, its committees and an auditor, years of circulars, reports and receipts.

Its dispatches are made by as many processes as there are processors, each with some committees, and lie in a directory
without the care that a post office takes for a crash, and in a bundle of the same objects.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.stage import NETWORK, OFFICER, Stage
from cipherpost import ustar
from cipherpost.dispatch.header import Ack, Due, Header, Report, RosterRef, Sealed, format_header
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.text import format_time, sha256

FORM: Final = "monthly-return"
MONTHS: Final = 60
_LETTER: Final = sha256(b"letter")
_SEALED: Final = (Sealed(sha256(b"sealed"), 12_345),)


class Place(NamedTuple):
    """A note's channel and number, its hash, and its own time."""

    channel: str
    number: int
    hash: str
    time: str


class Given(NamedTuple):
    """What a process needs to make the dispatches of some committees."""

    post: str
    roster: RosterRef
    center: bytes
    circulars: tuple[Place, ...]
    when: "When"


class When(NamedTuple):
    """How ``each`` dispatches of a channel are spread over `MONTHS` months from ``start`` on."""

    start: datetime
    each: int

    def time(self, at: float) -> datetime:
        """When dispatch ``at`` is signed."""
        return self.start + timedelta(days=30.4 * MONTHS * at / self.each)

    def month(self, at: int) -> int:
        """How many months are over by then."""
        time = self.time(at)
        return 12 * (time.year - self.start.year) + time.month - self.start.month

    def period(self, month: int) -> str:
        """The name of a month, counted from the first."""
        year, number = divmod(self.start.month - 1 + month, 12)
        return f"{self.start.year + year}-{number + 1:02}"


class Writer:
    """Makes and lays down the dispatches of one channel, one after the other."""

    def __init__(self, post: Path, channel: str, signer: SignerKey, by: str, roster: RosterRef) -> None:
        self._folder = post / names.channel_prefix(NETWORK, channel)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._signer = signer
        self._base = Header(NETWORK, channel, 1, None, "", by, "", roster)
        self.last = Place(channel, 0, "", "")

    def go_on(self) -> None:
        """Go on behind the last note that lies there."""
        last = max(self._folder.iterdir())
        text = split(last.read_bytes()).text
        self.last = Place(self._base.channel, int(last.name[:8]), sha256(text), "")

    def write(self, kind: str, time: datetime, **lines: Any) -> Place:
        """The next dispatch; a letter goes with every kind but receipts."""
        number = self.last.number + 1
        if kind != "receipt":
            lines |= {"letter": _LETTER, "sealed": _SEALED}
        moment = format_time(time)
        header = self._base._replace(number=number, previous=self.last.hash or None, time=moment, kind=kind, **lines)
        text = Text(Purpose.DISPATCH, format_header(header))
        (self._folder / f"{number:08}.note").write_bytes(self._signer.sign(text))
        self.last = Place(header.channel, number, text.hash, moment)
        return self.last


def signer_of(office: str) -> SignerKey:
    """The key of a committee's clerk."""
    return SignerKey(f"{NETWORK}/{office}/clerk", hashlib.sha256(office.encode()).digest())


def begin(stage: Stage, committees: int) -> tuple[str, ...]:
    """State the committees, an auditor, and what is owed each month; the names of the committees."""
    offices = tuple(f"c{number:05}" for number in range(1, committees + 1))
    stated: list[words.Statement] = []
    for office in (*offices, "audit"):
        card = sha256(office.encode())
        role: words.Role = "auditor" if office == "audit" else "committee"
        stated += [words.Office(office, role), words.Officer(office, "clerk", signer_of(office).verifier, card)]
    stage.state(stated)
    from cipherpost.roster.statements import parse_statements

    first = _when(stage, 1).period(0)
    duty = f"form {FORM} 1 {sha256(b'form')}\nduty {FORM} all monthly due 5 grace 3 from {first}\n"
    stage.state(list(parse_statements(duty.encode())))
    return offices


def fill(stage: Stage, offices: Sequence[str], each: int) -> int:
    """Lay down about ``each`` dispatches in every channel; how many there are in all, without the roster."""
    roster = stage.desk.roster
    newest = roster.hash_of(roster.newest)
    assert newest is not None
    reference = RosterRef(roster.newest, newest)
    center = stage.desk.keys.signer
    when = _when(stage, each)
    circulars = tuple(_circulars(stage.post, center, reference, when))
    given = Given(str(stage.post), reference, center.secret_seed(), circulars, when)
    shares = [offices[at : at + 8] for at in range(0, len(offices), 8)]
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_begin, initargs=(given,)) as helpers:
        made = sum(helpers.map(_fill_some, shares))
    return made + len(circulars) + _audits(stage.post, reference, when)


def _when(stage: Stage, each: int) -> When:
    return When(stage.desk.now() - timedelta(days=30.4 * MONTHS + 2), each)


def _circulars(post: Path, center: SignerKey, roster: RosterRef, when: When) -> Iterator[Place]:
    writer = Writer(post, "center/all", center, OFFICER, roster)
    for at in range(when.each):
        due = Due((when.time(at) + timedelta(days=30)).date(), "complied") if at % 100 == 50 else None
        yield writer.write("circular", when.time(at), due=due)


def _audits(post: Path, roster: RosterRef, when: When) -> int:
    writer = Writer(post, "audit/center", signer_of("audit"), "clerk", roster)
    for at in range(when.each):
        writer.write("message", when.time(at))
    return when.each


_given: Given | None = None


def _begin(given: Given) -> None:
    global _given  # noqa: PLW0603  one process, one network
    _given = given


def _fill_some(offices: Sequence[str]) -> int:
    return sum(_fill(office) for office in offices)


def _fill(office: str) -> int:
    """One committee and the center: of ten dispatches three are receipts for what came since the last one."""
    assert _given is not None
    post, roster, when = Path(_given.post), _given.roster, _given.when
    center = SignerKey(f"{NETWORK}/center/{OFFICER}", _given.center)
    own = Writer(post, f"{office}/center", signer_of(office), "clerk", roster)
    told = Writer(post, f"center/{office}", center, OFFICER, roster)
    month, heard, circulars = 0, [list[Place](), list[Place]()], iter(_given.circulars)
    coming = next(circulars, None)
    for at in range(when.each):
        time = when.time(at)
        while coming is not None and coming.time <= format_time(time):
            heard[0].append(coming)
            coming = next(circulars, None)
        if at % 10 in {3, 6, 9}:
            own.write("receipt", time + timedelta(minutes=30), acks=_acks(heard[0]))
            told.write("receipt", time + timedelta(minutes=40), acks=_acks(heard[1]))
            heard = [[], []]
            continue
        if month < when.month(at):
            report = Report(FORM, when.period(month), None, nil=False)
            heard[1].append(own.write("report", time, report=report))
            month += 1
        else:
            heard[1].append(own.write("message", time))
        heard[0].append(told.write("message", time + timedelta(minutes=5)))
    return own.last.number + told.last.number


def _acks(heard: Sequence[Place]) -> tuple[Ack, ...]:
    """As a fetch says it: each was received, and each channel is seen whole to its last."""
    received = [Ack(place.channel, place.number, place.hash, "received") for place in heard]
    seen = {place.channel: Ack(place.channel, place.number, place.hash, "seen") for place in heard}
    return tuple(sorted([*received, *seen.values()], key=lambda each: (each.channel, each.number, each.word)))


def extend(stage: Stage, offices: Sequence[str], many: int) -> int:
    """Lay down up to ``many`` more messages, one behind each channel between a committee and the center; how many."""
    roster = stage.desk.roster
    newest = roster.hash_of(roster.newest)
    assert newest is not None
    reference = RosterRef(roster.newest, newest)
    center = stage.desk.keys.signer
    made = 0
    for office in offices:
        for channel, signer, by in (
            (f"{office}/center", signer_of(office), "clerk"),
            (f"center/{office}", center, OFFICER),
        ):
            if made < many:
                writer = Writer(stage.post, channel, signer, by, reference)
                writer.go_on()
                writer.write("message", stage.desk.now())
                made += 1
    return made


def pack(post: Path, bundle: Path) -> None:
    """The bundle of all objects of a directory."""
    root = post / NETWORK
    with bundle.open("wb") as file:
        folders = sorted((folder for folder in root.glob("*/*")), key=lambda each: f"{each.relative_to(post)}/")
        for folder in folders:
            for each in sorted(folder.iterdir()):
                data = each.read_bytes()
                file.write(ustar.header(each.relative_to(post).as_posix().encode(), len(data), b"0"))
                file.write(data + bytes(-len(data) % ustar.BLOCK))
        file.write(bytes(ustar.END_BYTES))
