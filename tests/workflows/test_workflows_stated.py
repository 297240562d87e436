"""What offices state about each other, truly or not: how long it holds, and how often it is answered."""

from workflowkit import IVANOV, NETWORK, ORLOV, PETROV, STASOVA, Net

from cipherpost.dispatch.header import Ack, Head, Header, Missing, RosterRef, format_header
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.workflows import standing


def say(net: Net, who: str, channel: str, kind: str = "check", **lines: object) -> Header:
    """Post a header with lines that no honest program would write; signed, linked and in its place."""
    with net.desk(who) as desk:
        newest = desk.roster.newest
        number, previous = desk.chain.channel(channel).tip
        header = Header(
            network=NETWORK,
            channel=channel,
            number=number + 1,
            previous=previous,
            time=desk.time(),
            by=desk.officer,
            kind=kind,
            roster=RosterRef(newest, desk.roster.hash_of(newest) or ""),
            **lines,  # type: ignore[arg-type]
        )
        note = desk.keys.signer.sign(Text(Purpose.DISPATCH, format_header(header)))
    net.store.objects[names.note_name(NETWORK, channel, header.number)] = note
    return header


def suspend(net: Net, office: str, *cut: str) -> None:
    """Suspend an office; nothing of it counts in the channels to the audiences ``cut``."""
    with net.desk(STASOVA) as desk:
        nothing = [f"{office}/{audience}/0" for audience in cut]
        standing.take(desk, standing.plan(desk, "suspend", office, cuts=nothing))


def reinstate(net: Net, office: str) -> None:
    with net.desk(STASOVA) as desk:
        standing.reinstate(desk, office)


def boast(net: Net) -> None:
    """Ivanov tells samara that tver has sent ever so much to volga."""
    net.everybody_fetches()
    say(net, IVANOV, "tver/samara", heads=(Head("tver/volga", 99_999_999, "ab" * 32),))
    assert net.fetch(ORLOV).missing == {"tver/volga": [(1, 99_999_999)]}


def test_v3_a_head_line_holds_until_its_office_says_otherwise(net: Net) -> None:
    boast(net)
    net.fetch(PETROV)
    net.send(PETROV, "only this", "samara")
    fetched = net.fetch(ORLOV)
    assert fetched.missing == {}
    assert fetched.exit_code == 0
    said = net.header(ORLOV, "samara/tver/2")
    assert said.missing == (), "and samara calls nothing missing any more"


def test_v3_a_head_line_is_forgotten_with_the_header_that_said_it(net: Net) -> None:
    boast(net)
    suspend(net, "tver", "samara")
    assert net.fetch(ORLOV).missing == {}
    reinstate(net, "tver")
    assert net.fetch(ORLOV).missing == {}, "nor does it come back"


def test_v3_head_lines_of_an_office_without_standing_stop_nobody(net: Net) -> None:
    """What it said before its cut still counts, and it can take nothing back."""
    boast(net)
    suspend(net, "tver")
    assert net.fetch(ORLOV).missing == {}


# ---- how often it is answered ------------------------------------------------------------------------------------


def test_i11_whoever_calls_everything_missing_is_answered_once(net: Net) -> None:
    """However much one dispatch calls missing, the sealed files are looked at by size; and nothing is done twice."""
    for at in range(5):
        net.send(STASOVA, f"circular {at}", "all")
    net.everybody_fetches()
    say(net, IVANOV, "tver/center", missing=(Missing("center/all", 1, 99_999_999),))
    looked = [looks(net, STASOVA) for _ in range(3)]
    assert [streams for streams, _ in looked] == [0, 0, 0]
    assert looked[0][1] > 5, "each note was looked for"
    assert looked[1] == looked[2]
    assert looked[2][1] < 5, "but once"


def test_i11_whoever_says_failed_makes_the_sender_read_his_letter_once(net: Net) -> None:
    sent = net.send(STASOVA, "a circular", "all")
    for streams in ([1, 0, 0], [1, 0]):
        net.fetch(IVANOV, receipts=False)
        say(net, IVANOV, "tver/center", acks=(Ack("center/all", 1, sent.hash, "failed"),))
        assert [looks(net, STASOVA)[0] for _ in streams] == streams


def test_i11_words_of_an_office_without_standing_are_not_answered(net: Net) -> None:
    net.send(STASOVA, "one", "all")
    net.send(STASOVA, "two", "all")
    net.everybody_fetches()
    say(net, IVANOV, "tver/center", missing=(Missing("center/all", 1, 1),))
    net.store.objects[names.note_name(NETWORK, "center/all", 1)] = b"junk"
    suspend(net, "tver")
    assert net.fetch(STASOVA).restored == []
    reinstate(net, "tver")
    assert net.fetch(STASOVA).restored == ["center/all/1"]


def looks(net: Net, who: str) -> tuple[int, int]:
    """How often a round of ``who`` reads sealed files, and how often notes of center/all."""
    assert net.post is not None
    counted = [("stream", "*/sealed/*"), ("get", "*/center/all/*")]
    before = [net.post.count(*each) for each in counted]  # type: ignore[arg-type]
    net.fetch(who)
    streams, notes = (net.post.count(*each) - b for each, b in zip(counted, before, strict=True))  # type: ignore[arg-type]
    return streams, notes
