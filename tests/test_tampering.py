"""Every byte of what a small network stores is flipped, and every file cut at every length: each one is noticed.

A note does not count for a reader who has all the others, and the audit of the whole, run each 25th time, names its
channel and number. A sealed file is `swapped`. Cards are noticed by whoever seals to them. How often all this was tried
stands at the end of a run (`conftest`).
"""

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace

import pytest
from story import NETWORK, POST, Drawer, Story

from cipherpost.chain.network import Chain
from cipherpost.desk import Silent
from cipherpost.dispatch.header import parse_header
from cipherpost.errors import NewerError, NotAuthenticError
from cipherpost.note import split
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time
from cipherpost.workflows.audit_reading import Reader
from cipherpost.workflows.auditing import Report, Subject, audit
from cipherpost.workflows.sealed_check import check_sealed
from cipherpost.workflows.sealing import CardWrongError, recipients

NOW = parse_time("2026-11-23T12:00:00Z")


class Small(Story):
    """The story up to its first endorsed decision: nine notes, four letters, four officers."""

    def __init__(self) -> None:
        super(Story, self).__init__(Drawer(POST))
        self._found()
        self._admit()
        self._write()
        self._answer()
        self._endorse()


@cache
def network() -> Small:
    return Small()


def look(objects: dict[str, bytes], *, sealed: bool = False) -> Report:
    post = MemoryPost()
    post.objects = objects
    return audit(Subject(post=post, network=NETWORK, fingerprint=network().fingerprint), sealed=sealed, as_of=NOW)


def flips(data: bytes) -> Iterator[bytes]:
    """Each byte with one bit changed: another bit from byte to byte, so that all eight have their turn."""
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def cuts(data: bytes) -> Iterator[bytes]:
    """The first so many bytes, from none on."""
    for length in range(len(data)):
        yield data[:length]


NOTES = [name for name in network().objects if isinstance(names.parse_object_name(name), names.Slot)]
NOTES.sort(key=lambda name: "center/roster/" not in name)
CARDS = [name for name in network().objects if "center/cards/" in name]
SEALED = [name for name in network().objects if "/sealed/" in name][:3]
MANNERS = pytest.mark.parametrize("manner", [flips, cuts], ids=["flipped", "cut"])


def test_untouched_nothing_is_found_and_the_network_is_as_large_as_said() -> None:
    report = look(dict(network().objects), sealed=True)
    assert (report.findings, report.dispatches) == ((), 9)
    assert (len(NOTES), len(SEALED), len(CARDS)) == (9, 3, 4)
    assert sum(2 * len(network().objects[name]) for name in (*NOTES, *SEALED, *CARDS)) > 70_000


@MANNERS
@pytest.mark.parametrize("name", NOTES)
def test_i2_v1_v2_v5_a_note_altered_anywhere_is_noticed(name, manner, record_property) -> None:
    objects = dict(network().objects)
    slot, clean = names.parse_object_name(name), objects[name]
    chain = verified(objects, without=name)
    tried = 0
    for altered in manner(clean):
        assert not counts(chain, slot, altered), altered
        if tried % 25 == 0:
            objects[name] = altered
            report = look(objects)
            found = {(each.channel, each.number) for each in report.findings if each.exit_code}
            assert (slot.channel, slot.number) in found, altered
            assert report.exit_code(strict=False, everything=False), altered
            assert report.dispatches < len(NOTES), altered
        tried += 1
    assert tried == len(clean)
    assert counts(verified(objects, without=name), slot, clean)
    record_property("tampered", tried)


def verified(objects: dict[str, bytes], *, without: str) -> Chain:
    """A fresh chain over all notes but one."""
    chain = Chain(NETWORK, network().fingerprint)
    for name in NOTES:
        slot = names.parse_object_name(name)
        if name != without:
            chain.offer(slot.channel, slot.number, objects[name])
    return chain


def counts(chain: Chain, slot: names.Slot, note: bytes) -> bool:
    """Whether a note counts when it is offered to a reader who has all the others."""
    try:
        entry = chain.offer(slot.channel, slot.number, note)
    except (NotAuthenticError, NewerError):
        entry = None
    stands = chain.channel(slot.channel).entry(slot.number)
    return stands is not None or (entry is not None and entry.counts)


@MANNERS
@pytest.mark.parametrize("name", SEALED)
def test_v9_a_sealed_file_altered_anywhere_is_noticed(name, manner, record_property) -> None:
    post = MemoryPost()
    post.objects = dict(network().objects)
    reader = Reader(post, Chain(NETWORK, network().fingerprint), Silent(), sealed=True)
    reader.read_roster()
    reader.read_rest()
    clean, digits = post.objects[name], names.parse_object_name(name).hash
    headers = (parse_header(split(post.objects[note]).text) for note in NOTES)
    (at,) = ((header.channel, header.number) for header in headers if header.sealed and header.sealed[0].hash == digits)
    assert list(check_sealed(reader, Silent())) == []
    tried = 0
    for altered in manner(clean):
        post.objects[name] = altered
        found = [(each.code, each.channel, each.number) for each in check_sealed(reader, Silent())]
        assert found == [("swapped", *at)], altered
        if tried % 500 == 0:
            report = look(post.objects, sealed=True)
            assert [(each.code, each.channel, each.number) for each in report.findings] == found
            assert report.dispatches == 9  # the header counts, the letter is refused
        tried += 1
    assert tried == len(clean) > 5_000
    record_property("tampered", tried)


@MANNERS
@pytest.mark.parametrize("name", CARDS)
def test_a_card_altered_anywhere_is_noticed_and_the_other_copy_taken(name, manner, record_property) -> None:
    """Both copies altered: nobody seals to it. One altered: the other one serves."""
    card = names.parse_object_name(name)
    roster = network().chain.roster
    offices = roster.offices(roster.newest)
    officers = [each for office in offices for each in roster.officers(office, roster.newest)]
    (officer,) = (each for each in officers if each.card == card.hash)
    own = names.card_name(NETWORK, officer.office, card.hash)
    clean, tried = network().objects[name], 0
    right = keys({name: clean}, officer)
    for altered in manner(clean):
        with pytest.raises(CardWrongError):
            keys({name: altered, own: altered}, officer)
        if own != name and (tried < 20 or tried % 20 == 0):
            assert keys({name: altered, own: clean}, officer) == right
        tried += 1
    assert tried == len(clean)
    record_property("tampered", tried)


def keys(objects: dict[str, bytes], officer: object) -> list[bytes]:
    """The sealing keys that the program takes for an officer from a post office that holds ``objects``."""
    post, known = MemoryPost(), {}
    post.objects = objects
    taken = SimpleNamespace(get=known.get, add=known.update)
    desk = SimpleNamespace(post=post, network=NETWORK, recipients=taken, progress=Silent(), is_center=True)
    return [each.raw for each in recipients(desk, [officer])]
