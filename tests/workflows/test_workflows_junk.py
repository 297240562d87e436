"""Junk and stolen keys stop an honest office no longer than they must."""

from workflowkit import IVANOV, NETWORK, STASOVA, Net, subjects

from cipherpost.dispatch.header import Ack, Header, RosterRef, format_header
from cipherpost.errors import GapError
from cipherpost.note import Purpose, SignerKey, Text
from cipherpost.postoffice import names
from cipherpost.workflows import offices, standing


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
        standing.suspend(desk, standing.plan_suspension(desk, "tver"))
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
    before = net.fetch(STASOVA)
    assert before.exit_code == 6, "it may be signed by somebody whom a roster entry under way admits"
    with net.desk(STASOVA) as desk:
        assert desk.mail.rows("tver/center") == []
        assert desk.mail.waiting() == []
    del net.store.objects[name]
    assert net.fetch(STASOVA).exit_code == 0
