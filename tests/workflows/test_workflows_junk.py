"""Junk and stolen keys stop an honest office no longer than they must."""

from workflowkit import IVANOV, NETWORK, STASOVA, Net, join, subjects

from cipherpost import limits
from cipherpost.desk import Overrides
from cipherpost.dispatch.header import Ack, Header, RosterRef, format_header
from cipherpost.errors import GapError
from cipherpost.note import Purpose, SignerKey, Text, split
from cipherpost.postoffice import names
from cipherpost.text import sha256
from cipherpost.workflows import offices, standing, syncing


def far_ahead(net: Net, number: int, *, roster: int | None = None, key: SignerKey | None = None) -> str:
    """A check in ivanov's name that links to nothing, put into tver/center; the name of its slot."""
    with net.desk(IVANOV) as desk:
        newest = desk.roster.newest
        header = Header(
            network=NETWORK,
            channel="tver/center",
            number=number,
            previous=None if number == 1 else "ab" * 32,
            time=desk.time(),
            by="petrov" if key is None else "ivanov",
            kind="check",
            roster=RosterRef(roster or newest, desk.roster.hash_of(newest) or ""),
            acks=(Ack("center/tver", 0, None, "seen"),),
        )
        text = Text(Purpose.DISPATCH, format_header(header))
        name = names.note_name(NETWORK, "tver/center", number)
        net.store.objects[name] = (key or petrov(net)).sign(text)
    return name


def petrov(net: Net) -> SignerKey:
    """The key of ivanov's colleague, as a thief has it."""
    with net.desk("tver/petrov") as desk:
        return desk.keys.signer


def test_i4_junk_in_the_rosters_next_slot_stops_no_entry(net: Net) -> None:
    net.everybody_fetches()
    with net.desk(STASOVA) as desk:
        next_slot = names.note_name(NETWORK, "center/roster", desk.roster.newest + 1)
        net.store.objects[next_slot] = b""
        posted = offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
    assert posted.hash is not None
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        assert desk.roster.office("penza") is not None


def test_i4_a_stolen_key_far_ahead_does_not_stop_the_honest_office(net: Net) -> None:
    """Nobody else has heard of numbers 1 to 49; who reads waits for them no longer than until the roster cuts."""
    net.everybody_fetches()
    far_ahead(net, 50)
    assert net.fetch(IVANOV, full=True).missing == {"tver/center": [(1, 49)]}
    assert net.send(IVANOV, "is anybody there", "center").number == 1
    read = net.fetch(STASOVA, full=True)
    assert subjects(read) == ["is anybody there"]
    assert read.exit_code == GapError.exit_code
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "suspend", "tver"))
        standing.reinstate(desk, "tver")
    net.fetch(IVANOV)
    assert net.fetch(STASOVA, full=True).exit_code == 0
    assert net.send(IVANOV, "here again", "center").number == 2


def test_i4_what_a_colleague_sent_and_others_acked_is_waited_for(net: Net) -> None:
    """The carrier lost petrov's first number before ivanov saw it, and the center has acked it."""
    net.everybody_fetches()
    net.send("tver/petrov", "one", "center")
    net.send("tver/petrov", "two", "center")
    net.fetch(STASOVA)
    lost = names.note_name(NETWORK, "tver/center", 1)
    kept = net.store.objects.pop(lost)
    net.fetch(IVANOV)
    waiting = net.send(IVANOV, "three", "center").waiting
    assert isinstance(waiting, GapError)
    assert "--alone" in " ".join(waiting.hints)
    net.store.objects[lost] = kept
    assert [item.number for item in net.fetch(IVANOV).posted if item.kind == "message"] == [3]


def test_i11_a_note_that_nobody_signed_is_not_kept(net: Net) -> None:
    net.everybody_fetches()
    name = far_ahead(net, 1, roster=99_999_999, key=SignerKey(f"{NETWORK}/tver/ivanov", b"\1" * 32))
    kept = net.store.objects[name]
    for at in range(3, 9):  # no one has to hold any key to write these
        net.store.objects[names.note_name(NETWORK, "tver/center", at)] = kept.replace(
            b"number 1", f"number {at}".encode()
        )
    for _ in range(2):
        assert net.fetch(STASOVA).exit_code == 0, "anybody can write a note that cites a roster entry nobody has"
    with net.desk(STASOVA) as desk:
        assert desk.mail.rows("tver/center") == []
        assert desk.mail.waiting() == []
        assert desk.chain.channel("tver/center").unsigned == {}
    assert net.send(IVANOV, "all the same", "center").number == 1
    assert subjects(net.fetch(STASOVA)) == ["all the same"]


def test_i4_a_note_by_an_officer_whose_entry_comes_later_is_met_again(net: Net) -> None:
    """It was not kept while the roster was held back, and is taken when the roster comes."""
    net.everybody_fetches()
    before = dict(net.store.objects)
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza", role="committee")])
        join(net, desk, "penza/lenina", clock=net.clock, overrides=Overrides(clock_ok=True))
    late = {name: data for name, data in net.store.objects.items() if name not in before and "/roster/" in name}
    assert len(late) == 2
    with net.desk(IVANOV) as desk:
        number = desk.roster.newest + 2
        header = Header(
            network=NETWORK,
            channel="center/roster",
            number=number,
            previous=None,
            time=desk.time(),
            by="nobody",
            kind="roster",
            statements=b"title tver Tver\n",
        )
        note = net.store.objects[names.note_name(NETWORK, "center/roster", number)]
        first = net.store.objects.pop(names.note_name(NETWORK, "center/roster", number - 1))
        hashed = sha256(split(first).text)
        forged = SignerKey(f"{NETWORK}/center/nobody", b"\2" * 32)
        text = Text(Purpose.DISPATCH, format_header(header._replace(previous=hashed)))
        assert syncing.take_note(desk, "center/roster", number, forged.sign(text)).status == "held"
        assert desk.mail.waiting() == []
        for at, data in ((number - 1, first), (number, note)):
            assert syncing.take_note(desk, "center/roster", at, data).counts


def flooded(net: Net, number: int) -> None:
    """Junk in a slot of center/all and under more alternate names than a reader looks at, all before the true one."""
    net.store.objects[names.note_name(NETWORK, "center/all", number)] = b"junk"
    for at in range(limits.ALTERNATES + 6):
        net.store.objects[names.alternate_name(NETWORK, "center/all", number, f"{at:016x}".ljust(64, "0"))] = b"junk"


def test_i4_a_slot_full_of_junk_delays_its_note_until_a_head_names_it(net: Net) -> None:
    net.everybody_fetches()
    flooded(net, 1)
    assert net.send(STASOVA, "in the flood", "all").number == 1
    assert subjects(net.fetch(IVANOV)) == [], "hidden, for the time being"
    net.send(STASOVA, "to you alone", "tver")  # its header states the head of center/all
    assert {*subjects(net.fetch(IVANOV)), *subjects(net.fetch(IVANOV))} == {"in the flood", "to you alone"}


def test_i4_slots_full_of_junk_delay_their_notes_until_the_next_number(net: Net) -> None:
    """Each note names the one before, which is then asked for by its own name."""
    net.everybody_fetches()
    for number in (1, 2, 3):
        flooded(net, number)
        net.send(STASOVA, f"circular {number}", "all")
    assert subjects(net.fetch(IVANOV)) == []
    net.send(STASOVA, "circular 4", "all")
    assert subjects(net.fetch(IVANOV)) == [f"circular {number}" for number in (1, 2, 3, 4)]
