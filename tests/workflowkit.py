"""A small network with homes, a clock that tests set, and a post office that tests break.

Homes and post office lie in folders of a test; `build` makes them, `tests/workflows/conftest.py` copies them.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator import HostilePost

from cipherpost.chain.findings import Finding
from cipherpost.chain.network import Chain
from cipherpost.desk import Desk, Overrides
from cipherpost.dispatch.header import Header
from cipherpost.errors import CipherpostError
from cipherpost.home.machine import MACHINE
from cipherpost.home.settings import read_settings
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import format_time
from cipherpost.workflows import admission, fetching, founding, offices, sending
from cipherpost.workflows.fetching import Fetched
from cipherpost.workflows.results import Posted

NETWORK = "rkpb"
ROSTER = "center/roster"
PEOPLE = ("center/stasova", "center/bazhanov", "tver/ivanov", "tver/petrov", "samara/orlov", "audit/revizor")
STASOVA, BAZHANOV, IVANOV, PETROV, ORLOV, REVIZOR = PEOPLE
OFFICES = {"tver": "committee", "samara": "committee", "audit": "auditor"}


class Net:
    """The network as a test plays it; officers are named ``tver/ivanov``."""

    def __init__(self, root: Path, start: datetime) -> None:
        self.root = root
        self.now = start
        self.store = MemoryPost(clock=self.clock)
        self.post: HostilePost | None = HostilePost(self.store)
        """None: the directory ``root/post``, and the machine's own clock."""
        self.posts: dict[str, HostilePost] = {}
        """Officers to whom the carrier shows something else."""

    # ---- the world -----------------------------------------------------------------------------------------------

    def clock(self) -> datetime:
        return self.now if self.post is not None else datetime.now(UTC)

    def later(self, **ago: float) -> None:
        """Let time pass, as for `timedelta`."""
        self.now += timedelta(**ago)

    def home(self, who: str) -> Path:
        return self.root / "homes" / who.replace("/", "-")

    def desk(self, who: str, *, home: Path | None = None, **given: object) -> Desk:
        """An officer's desk, locked; ``given`` as for `Overrides`, and ``clock``."""
        clock = given.pop("clock", self.clock)
        desk = Desk.open(
            home or self.home(who),
            post=self.posts.get(who, self.post),
            clock=clock,
            overrides=Overrides(**given),  # type: ignore[arg-type]
        )
        desk.lock()
        return desk

    def on_disk(self) -> None:
        """From now on the post office is the directory."""
        self.post = None

    # ---- acts ----------------------------------------------------------------------------------------------------

    def send(self, who: str, text: str, to: str, *, attach: tuple[Path, ...] = (), **given: object) -> Posted:
        with self.desk(who, **given) as desk:
            return send(desk, text, to, attach=attach)

    def reply(self, who: str, place: str, text: str, **given: object) -> Posted:
        with self.desk(who, **given) as desk:
            letter = sending.text_of(text, subject=None, attachments=())
            return sending.reply(desk, place, letter)[0]

    def fetch(self, who: str, *, receipts: bool = True, full: bool = False, **given: object) -> Fetched:
        with self.desk(who, **given) as desk:
            return fetching.fetch(desk, receipts=receipts, full=full)

    def everybody_fetches(self) -> dict[str, Fetched]:
        return {who: self.fetch(who) for who in PEOPLE}

    # ---- looking -------------------------------------------------------------------------------------------------

    def objects(self) -> dict[str, bytes]:
        """Everything at the post office, as it really lies there."""
        if self.post is not None:
            return dict(self.store.objects)
        folder = self.root / "post"
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def note(self, place: str) -> bytes:
        channel, _, number = place.rpartition("/")
        return self.objects()[names.note_name(NETWORK, channel, int(number))]

    def header(self, who: str, place: str) -> Header:
        channel, _, number = place.rpartition("/")
        with self.desk(who) as desk:
            entry = desk.chain.channel(channel).entry(int(number))
            assert entry is not None, f"{who} has no {place}"
            return entry.header

    def verify(self) -> tuple[Chain, tuple[Finding, ...]]:
        """The whole post office judged from nothing, as by a stranger who knows the fingerprint alone."""
        chain = Chain(NETWORK, self.fingerprint)
        notes = []
        for name, data in self.objects().items():
            slot = names.parse_object_name(name)
            if isinstance(slot, names.Slot):
                notes.append((slot.channel != ROSTER, slot.channel, slot.number, data))
        for _, channel, number, data in sorted(notes):
            try:
                chain.offer(channel, number, data)
            except CipherpostError:
                continue  # it stands among the findings
        return chain, chain.findings(format_time(self.clock()))

    def clean(self) -> Chain:
        """The judged state, after asserting that nothing at all was found."""
        chain, findings = self.verify()
        assert findings == ()
        for view in chain.channels.values():
            numbers = [node.number for node in view.counting()]
            assert numbers == list(range(1, len(numbers) + 1)), f"{view.name} skips a number"
            assert not view.held()
        return chain

    @property
    def fingerprint(self) -> str:
        found = read_settings(self.home(STASOVA)).fingerprint
        assert found is not None
        return found

    def ack_words(self, who: str, channel: str, number: int) -> dict[str, list[str]]:
        """What each office has said of one dispatch, as one officer knows it."""
        said: dict[str, list[str]] = {}
        with self.desk(who) as desk:
            for row in desk.mail.acks(channel, number):
                said.setdefault(row.office, []).append(row.word)
        return said


def send(desk: Desk, text: str, to: str, *, attach: tuple[Path, ...] = ()) -> Posted:
    """One letter, its text the subject too."""
    letter = sending.text_of(text, subject=None, attachments=attach, subject_from_text=True)
    return sending.send(desk, letter, audiences=[to])[0]


def subjects(fetched: Fetched) -> list[str]:
    """What a round brought, by subject."""
    return [fetched.subjects[entry.hash] for entry in fetched.new]


# ---- the template ------------------------------------------------------------------------------------------------


def build(root: Path, start: datetime) -> None:
    """Found, declare, join, admit: on the directory, in the order of `PEOPLE`."""
    world = {"clock": lambda: start, "overrides": Overrides(clock_ok=True)}
    post = str(root / "post")
    net = Net(root, start)
    net.on_disk()
    founding.found(network=NETWORK, officer="stasova", post=post, home=net.home(STASOVA), **world)
    with Desk.open(net.home(STASOVA), **world) as desk:
        desk.lock()
        offices.declare(desk, [offices.NewOffice(name=n, title=n.title(), role=r) for n, r in OFFICES.items()])
        for who in PEOPLE[1:]:
            join(net, desk, who, **world)
        admission.set_group(desk, "volga", ["tver", "samara"], lateral=True)


def join(net: Net, keeper: Desk, who: str, **world: object) -> None:
    """Invite, join and admit one officer by the spoken number."""
    office, _, officer = who.partition("/")
    invitation = net.root / f"{office}-{officer}.invitation"
    invitation.write_text(admission.invite(keeper, office))
    joined = founding.join(str(invitation), officer=officer, home=net.home(who), **world)
    # An invitation names the directory, where the card is left; a test may have another post office.
    word = str(joined.card_file) if isinstance(keeper.post, HostilePost) else who
    admission.admit(keeper, [word], heard=joined.spoken)


def settle(home: Path) -> None:
    """Make a copied home's record say that it always lived where it lies."""
    path = home / MACHINE
    record = json.loads(path.read_bytes())
    record["path"] = str(home.resolve())
    path.write_text(json.dumps(record))
