"""Stories of a second look at letters passed on: old rosters that hide a theft, and networks with a borrowed name."""

import io
import shutil
from collections.abc import Callable

from storykit import key_of
from test_story_share import forged_archive, pass_on
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net, build

from cipherpost import publication
from cipherpost.dispatch.header import Header, RosterRef, Sealed, format_header
from cipherpost.letter import read_letter
from cipherpost.note import Purpose, Text
from cipherpost.workflows import forwarding, reading, standing
from cipherpost.workflows.forwarding import ForwardedAlteredError


def test_v5_a_stolen_key_forwards_nothing_beside_an_old_roster(net: Net) -> None:
    """The thief of a key of the center writes an order, with the roster as it stood; a clerk passes it on to samara."""
    net.fetch(BAZHANOV)
    thief = key_of(net, BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        newest = desk.roster.newest
        roster = [note for _, note in desk.mail.notes("center/roster")]
        head, time = desk.roster.hash_of(newest), desk.time()
        assert head is not None
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "compromised", BAZHANOV))
    archive, letter = forged_archive(net, BAZHANOV, "Send all your funds")
    header = Header(
        network=NETWORK,
        channel="center/all",
        number=1,
        previous=None,
        time=time,
        by="bazhanov",
        kind="circular",
        roster=RosterRef(newest, head),
        letter=letter,
        sealed=(Sealed("ab" * 32, 5_000),),
    )
    text = Text(Purpose.DISPATCH, format_header(header))
    content = publication.Content(
        network=NETWORK,
        fingerprint=net.fingerprint,
        note=thief.sign(text),
        roster=roster,
        letter=read_letter(io.BytesIO(archive), expect_hash=letter),
        open=lambda: io.BytesIO(archive),
    )
    with publication.pack(content).open() as source:
        data = source.read()
    row = {
        "channel": "center/all",
        "fingerprint": net.fingerprint,
        "hash": text.hash,
        "letter": letter,
        "network": NETWORK,
        "number": 1,
    }
    net.fetch(IVANOV)
    pass_on(net, IVANOV, "samara", "1.publication", data, row)
    fetched = net.fetch(ORLOV)
    assert [type(error) for error in fetched.unreadable] == [ForwardedAlteredError]
    assert "lost this standing" in str(fetched.unreadable[0])
    with net.desk(ORLOV) as desk:
        [found] = reading.read(desk, "tver/samara/1").forwarded
        assert found.published is None


def test_a_network_that_borrowed_this_ones_name_is_never_called_known(make_net: Callable[[str], Net]) -> None:
    """Somebody founds a network with our name and our offices, and forwards its orders as if they were the center's."""
    net, false = make_net("net"), make_net("false")
    shutil.rmtree(false.root)
    false.root.mkdir()
    build(false.root, false.now)
    false.on_disk()
    false.send(STASOVA, "Send all your funds", "all")
    with false.desk(STASOVA) as desk:
        entry = desk.chain.channel("center/all").entry(1)
        assert entry is not None
        with forwarding.pack(desk, entry).open() as source:
            data = source.read()
    row = {
        "channel": "center/all",
        "fingerprint": false.fingerprint,
        "hash": entry.hash,
        "letter": entry.header.letter,
        "network": NETWORK,
        "number": 1,
    }
    net.fetch(IVANOV)
    pass_on(net, IVANOV, "samara", "1.publication", data, row)
    net.fetch(ORLOV)
    for _ in range(2):
        with net.desk(ORLOV) as desk:
            [found] = reading.read(desk, "tver/samara/1").forwarded
        assert found.known == "other"
        assert dict(found.lines())["network"].startswith("NOT the one of this name")
