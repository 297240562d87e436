"""The stage of stories about a hostile carrier: one store, in memory or on a disk, and what it shows to whom."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from second_verifier import agree
from simulator import HostilePost, State
from workflowkit import NETWORK, Net

from cipherpost.note import SignerKey, split
from cipherpost.postoffice import names
from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import sha256
from cipherpost.workflows.auditing import Report, Subject, audit
from cipherpost.workflows.fetching import Fetched

ALL, TVER, SAMARA, BACK, ROSTER = "center/all", "center/tver", "center/samara", "tver/center", "center/roster"


class TimedDirectory(DirectoryPost):
    """A directory whose disk goes by the clock of the story."""

    def __init__(self, root: Path, clock: Callable[[], datetime]) -> None:
        super().__init__(str(root))
        self._story = clock

    @property
    def stamp(self) -> datetime:
        """Now, in the story."""
        return self._story()


class Stage:
    """A network whose carrier lies; ``carrier`` is what all see for whom no view of their own was made."""

    def __init__(self, net: Net, store: MemoryPost | DirectoryPost) -> None:
        self.net = net
        self.store = store
        self.carrier = net.post = HostilePost(store)

    def shown_to(self, *who: str) -> HostilePost:
        """A view for some officers, honest until it is told to lie; "stranger" is who audits without a home."""
        view = self.carrier.view()
        self.net.posts |= dict.fromkeys(who, view)
        return view

    def apart(self, *who: str) -> HostilePost:
        """A second post office, as this one is now: from here on these officers are in a world of their own."""
        copy = MemoryPost(clock=self.net.clock)
        copy.objects = dict(self.carrier.state())
        view = HostilePost(copy)
        self.net.posts |= dict.fromkeys(who, view)
        return view

    def bring(self, objects: State, *, aside: tuple[str, ...] = ()) -> None:
        """Add objects to the store; the notes of the places ``aside`` under their alternate names."""
        moved = {self.name(place) for place in aside}
        there = self.carrier.state()
        for name, data in objects.items():
            slot = names.parse_object_name(name)
            if name in moved and isinstance(slot, names.Slot):
                hashed = sha256(split(data).text)
                self.lay(names.alternate_name(NETWORK, slot.channel, slot.number, hashed), data)
            elif name not in there:
                self.lay(name, data)

    # ---- what lies there -----------------------------------------------------------------------------------------

    def name(self, place: str) -> str:
        """The object of a dispatch such as ``center/all/1``."""
        channel, _, number = place.rpartition("/")
        return names.note_name(NETWORK, channel, int(number))

    def sealed(self, who: str, place: str) -> str:
        """The sealed file of a dispatch that ``who`` has."""
        header = self.net.header(who, place)
        return names.sealed_name(NETWORK, header.office, header.sealed[0].hash)

    def note(self, place: str) -> bytes:
        return self.carrier.state()[self.name(place)]

    def lay(self, name: str, data: bytes) -> None:
        """Write into the store itself, over whatever is there."""
        if isinstance(self.store, MemoryPost):
            self.store.objects[name] = data
            return
        path = self.net.root / "post" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    # ---- who looks -----------------------------------------------------------------------------------------------

    def audit(self, by: str = "stranger", *, sealed: bool = False, days: int = 0) -> Report:
        """An audit by an officer from his home, or by a stranger who knows the fingerprint; ``days`` later than now.

        What a stranger finds of headers, the second verifier must find too.
        """
        as_of = self.net.now + timedelta(days=days) if days else None
        if by != "stranger":
            with self.net.desk(by) as desk:
                return audit(Subject.of_home(desk), sealed=sealed, as_of=as_of)
        subject = Subject(
            post=self.net.posts.get(by, self.carrier),
            network=NETWORK,
            fingerprint=self.net.fingerprint,
            clock=self.net.clock,
        )
        agree(subject.post, NETWORK, self.net.fingerprint, as_of or self.net.now)
        return audit(subject, sealed=sealed, as_of=as_of)

    def clean(self) -> None:
        """Nothing at all is found any more."""
        report = self.audit()
        assert found(report) == []
        assert report.unread == {}


def posted_by_a_thief(thief: Net, who: str, text: str, to: str) -> State:
    """What is posted from a stolen copy of a home, on a machine of its own; ``thief`` is a copy of the network."""
    before, state = thief.objects(), thief.root / "state"
    shutil.copytree(thief.root.parent / "state", state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIPHERPOST_STATE_DIR", str(state))
        posted = thief.send(who, text, to)
    assert posted.number is not None, posted.waiting
    return {name: data for name, data in thief.objects().items() if name not in before}


def found(report: Report) -> list[tuple[str, str]]:
    """(code, place) of every finding, gravest first."""
    return [
        (each["code"], "/".join(str(part) for part in (each["channel"], each["number"]) if part is not None))
        for each in report.as_json()["findings"]
    ]


def ends_with(report: Report) -> int:
    """The exit code."""
    return report.exit_code(strict=False, everything=False)


def refusals(fetched: Fetched) -> list[tuple[str, str]]:
    """What a round refused, as (class, place), notes and letters."""
    errors = [*fetched.refused, *fetched.unreadable]
    return [(type(error).__name__, f"{error.channel}/{error.number}") for error in errors]


def false_key(who: str) -> SignerKey:
    """A key of the carrier's own making under an officer's name."""
    return SignerKey(f"{NETWORK}/{who}", b"\1" * 32)
