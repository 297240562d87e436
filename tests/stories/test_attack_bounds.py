"""Objects and listings without an end, and listings of what is not so: nobody waits for ever, nothing stops."""

from pathlib import Path

import pytest
from carrierkit import Stage, ends_with, found, refusals
from simulator import HostilePost
from storykit import next_header, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, STASOVA, subjects

from cipherpost.dispatch.header import Ack
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.workflows import admission, audit_reading, bundling, forks, syncing
from cipherpost.workflows.auditing import Subject
from cipherpost.workflows.bundling import BundleIncompleteError
from cipherpost.workflows.networks import TooManyNetworksError, find_network

# ---- objects without an end ------------------------------------------------------------------------------------------


def test_i11_a_note_has_no_end(any_stage: Stage) -> None:
    """Number 2 goes on for ever. Tver's fetch reads 64 KiB of it and no more (3); number 1 and other channels are read.

    The audit calls it malformed (3).
    """
    net = any_stage.net
    for text in ("one", "two"):
        net.send(STASOVA, text, "all")
    net.send(STASOVA, "to tver", "tver")
    any_stage.carrier.make_endless(any_stage.name("center/all/2"))
    fetched = net.fetch(IVANOV)
    assert sorted(subjects(fetched)) == ["one", "to tver"]
    assert ("TooLargeError", "center/all/2") in refusals(fetched)
    assert fetched.exit_code == 3
    report = any_stage.audit()
    assert ("malformed", "center/all/2") in found(report)
    assert ends_with(report) == 3


def test_i11_a_sealed_file_has_no_end(any_stage: Stage) -> None:
    """The store says the right size of a letter and then sends more and more.

    Tver's fetch takes the bytes that the header signs and one block more, and refuses the file (3); `audit --sealed`
    calls it swapped (3); the sender, asked to put it back, reads no more either. The other letter is read.
    """
    net = any_stage.net
    net.send(STASOVA, "one", "tver")
    net.send(STASOVA, "two", "tver")
    any_stage.carrier.make_endless(any_stage.sealed(STASOVA, "center/tver/1"))
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == (["two"], 3)
    assert refusals(fetched) == [("LetterSwappedError", "center/tver/1")]
    report = any_stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("swapped", "center/tver/1")], 3)
    assert net.fetch(STASOVA).exit_code == 0, "tver has said that it does not open"
    any_stage.carrier.heal()
    assert subjects(net.fetch(IVANOV)) == ["one"]


@pytest.mark.parametrize(
    "begins",
    [b"age-encryption.org/v1\n" + b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n", b"age-encryption.org/v1\n-> "],
    ids=["stanzas", "one-line"],
)
def test_i11_an_age_header_has_no_end(stage: Stage, begins: bytes) -> None:
    """In the place of a letter lies an age file of 40 MiB whose header never comes to its end.

    Its size is not the one signed: tver's fetch takes none of it (3), `audit --sealed` calls it swapped (3).
    """
    net = stage.net
    net.send(STASOVA, "one", "tver")
    net.send(STASOVA, "two", "tver")
    stage.carrier.replace(stage.sealed(STASOVA, "center/tver/1"), (begins * (40_000_000 // len(begins)))[:40_000_000])
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == (["two"], 3)
    report = stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("swapped", "center/tver/1")], 3)


# ---- listings without an end -----------------------------------------------------------------------------------------

ENDLESS = {
    "numbers": lambda at: names.note_name(NETWORK, "center/all", 10 + at),
    "alternates": lambda at: names.alternate_name(NETWORK, "center/all", 2, f"{at:064x}"[::-1]),
    "networks": lambda at: f"n{at}/center/all/00000001.note",
    "foreign": lambda at: f"photo-{at}.jpg",
    "one-name": lambda _: names.note_name(NETWORK, "center/all", 1),
    "evidence": lambda at: names.evidence_name(NETWORK, "tver", f"{at:064x}"),
    "cards": lambda at: names.card_name(NETWORK, "tver", f"{at:064x}"),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_i11_a_listing_has_no_end(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    """A listing goes on for ever, with made up names or always the same.

    Tver's fetch, which lists to explain a gap, and the center's `forks` and `cards` look at so many names and go on
    (6, for the gap); no bundle is made of it (1). The audit cuts the listing off and says so (1), verifies what it has,
    finds the gap (6), and names a slot with more alternates than anybody looks at (3); an outsider still finds the
    network.
    """
    net = stage.net
    for bound in ((audit_reading, "LISTED"), (syncing, "_LISTED")):
        monkeypatch.setattr(*bound, 300)
    for text in ("one", "two", "three"):
        net.send(STASOVA, text, "all")
    net.send(STASOVA, "to tver", "tver")
    stage.carrier.withhold(stage.name("center/all/2"))
    stage.carrier.list_endlessly(ENDLESS[what])
    fetched = net.fetch(IVANOV)
    assert {"one", "to tver"} == {*subjects(fetched)}
    assert fetched.exit_code == 6
    report = stage.audit()
    with pytest.raises(BundleIncompleteError):
        bundling.make(Subject(post=stage.carrier, network=NETWORK, fingerprint=net.fingerprint), tmp_path / "bundle")
    assert ("gap", "center/all/2") in found(report)
    assert report.unread
    assert ends_with(report) == (3 if what == "alternates" else 6)
    assert report.dispatches > 10
    assert find_network(stage.carrier, net.fingerprint) == (NETWORK, net.fingerprint)
    with net.desk(BAZHANOV) as desk:
        syncing.sync(desk)
        assert forks.look(desk).exit_code == 0
    with net.desk(STASOVA) as desk:
        admission.count_waiting(desk)
        assert admission.waiting_cards(desk) == []


def test_i11_a_post_office_lists_networks_for_ever_or_the_same_one(net_named: MemoryPost) -> None:
    """Whoever looks for a network by its fingerprint gives up after so many, and says that he did not see them all (1).

    He is not told that no network there has this fingerprint: it may be the next.
    """
    post = HostilePost(net_named)
    post.list_endlessly(lambda at: f"n{at:05d}/center/roster/00000001.note")
    post.knobs.careless = True
    with pytest.raises(TooManyNetworksError, match="cannot all be looked at") as caught:
        find_network(post, "ab" * 32)
    assert caught.value.exit_code == 1


@pytest.fixture
def net_named() -> MemoryPost:
    post = MemoryPost()
    post.create(names.note_name("other", "center/roster", 1), b"junk")
    return post


# ---- listings that lie -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["omits", "repeats", "unsorted", "foreign", "other-prefix", "cut-short"])
def test_i8_a_listing_lies(any_stage: Stage, how: str) -> None:
    """A listing leaves names out, repeats them, is not sorted, holds foreign names, all names or only the first few.

    Readers ask for the next number and do not care. The audit of it finds what it finds of an honest one, with the same
    spoken number; where notes were there and not listed it says that others may be.
    """
    net = any_stage.net
    for text in ("one", "two", "three"):
        net.send(STASOVA, text, "all")
    net.send(IVANOV, "a report", "center")
    honest = any_stage.audit()
    carrier = any_stage.carrier
    lies = {
        "omits": lambda: carrier.omit("*/center/all/*", "*/roster/*"),
        "repeats": lambda: carrier.repeat_names(3),
        "unsorted": carrier.unsort,
        "foreign": lambda: carrier.invent(
            "READ ME.txt", "rkpb/", f"{NETWORK}/../x", "rkpb/center/all/1.note", "\x1b[2J"
        ),
        "other-prefix": carrier.ignore_bounds,
        "cut-short": lambda: carrier.truncate_listing(4),
    }
    lies[how]()
    report = any_stage.audit()
    assert (found(report), report.dispatches) == ([], honest.dispatches)
    assert list(report.lines())[-1] == list(honest.lines())[-1]
    assert any("does not list" in said for said in report.as_json()["not_checked"]) == (how in {"omits", "cut-short"})
    fetched = net.fetch(IVANOV, full=True)
    assert (subjects(fetched), fetched.exit_code) == (["one", "two", "three"], 0)


def test_v3_a_listing_names_what_is_not_there(any_stage: Stage) -> None:
    """A number that nobody posted is listed, and asked for there is nothing.

    The audit calls it a gap (6), which points to the carrier; readers never ask, and the true number takes its place.
    """
    net = any_stage.net
    net.send(STASOVA, "one", "all")
    any_stage.carrier.invent(any_stage.name("center/all/2"))
    assert net.fetch(IVANOV, full=True).exit_code == 0
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("gap", "center/all/2")], 6)
    assert net.send(STASOVA, "two", "all").number == 2
    assert found(any_stage.audit()) == []


def test_i11_words_about_numbers_without_an_end_cost_nothing(stage: Stage) -> None:
    """Tver says that it has the center's numbers up to the last of all. Nobody looks for them one by one; gap (6)."""
    net = stage.net
    net.everybody_fetches()
    header = next_header(net, IVANOV, "tver/center", acks=(Ack("center/all", 99_999_999, "ab" * 32, "seen"),))
    stage.lay(stage.name(f"tver/center/{header.number}"), signed(net, IVANOV, header))
    assert net.fetch(STASOVA).exit_code == 0
    before = len(stage.carrier.calls)
    report = stage.audit()
    assert ("gap", "center/all/1") in found(report)
    assert ends_with(report) == 6
    assert len(stage.carrier.calls) - before < 500
