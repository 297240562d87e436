"""Acks and checks: who says what of a dispatch, when, and that nobody answers an answer."""

import pytest
from workflowkit import BAZHANOV, IVANOV, ORLOV, PEOPLE, PETROV, REVIZOR, STASOVA, Net, subjects

from cipherpost import limits
from cipherpost.dispatch.header import Ack, Head, Header, Missing, RosterRef, format_header
from cipherpost.note import Purpose, Text
from cipherpost.workflows import acking, outbox, reading, sending


def states(net: Net, place: str, *, who: str = STASOVA) -> dict[str, str]:
    """What the sender's outbox shows of one dispatch."""
    with net.desk(who) as desk:
        return {each.office: each.state for each in outbox.one(desk, place).offices}


def read(net: Net, who: str, place: str) -> str:
    with net.desk(who) as desk:
        return reading.read(desk, place).body


def comply(net: Net, who: str, place: str, word: str = "complied", why: str | None = None) -> None:
    with net.desk(who) as desk:
        assert all(posted.number for posted in sending.comply(desk, place, word, why=why))


def quiet(net: Net) -> None:
    """Everybody's further rounds post nothing at all."""
    for _ in range(2):
        for who in PEOPLE:
            net.later(seconds=1)
            assert net.fetch(who).posted == [], who


def settle(net: Net) -> None:
    for _ in range(2):
        net.everybody_fetches()


def test_acks_climb_from_silent_to_complied_and_back(net: Net) -> None:
    assert net.send(STASOVA, "do this", "all").number == 1
    assert states(net, "center/all/1") == {"tver": "silent", "samara": "silent"}

    net.fetch(IVANOV)
    net.fetch(STASOVA)
    assert states(net, "center/all/1") == {"tver": "received", "samara": "silent"}

    assert read(net, IVANOV, "center/all/1").strip() == "do this"
    net.fetch(IVANOV)
    net.fetch(STASOVA)
    assert states(net, "center/all/1")["tver"] == "read"

    comply(net, IVANOV, "center/all/1")
    net.fetch(STASOVA)
    assert states(net, "center/all/1")["tver"] == "complied"

    comply(net, IVANOV, "center/all/1", "withdrawn")
    net.fetch(STASOVA)
    assert states(net, "center/all/1")["tver"] == "read"

    net.fetch(PETROV)
    comply(net, PETROV, "center/all/1", "unable", why="we have no paper")
    assert subjects(net.fetch(STASOVA)) == ["Unable: center/all/1"]
    assert states(net, "center/all/1")["tver"] == "unable"
    with net.desk(BAZHANOV) as desk:
        assert desk.mail.acks("center/all", 1) == [], "who has not fetched knows nothing of it"
    net.fetch(BAZHANOV)
    assert states(net, "center/all/1", who=BAZHANOV)["tver"] == "unable"
    net.clean()


def test_acks_of_an_officer_are_not_repeated_by_his_colleague(net: Net) -> None:
    net.send(STASOVA, "news", "all")
    assert [posted.place for posted in net.fetch(IVANOV).posted] == ["tver/center/1"]
    assert subjects(fetched := net.fetch(PETROV)) == ["news"]
    assert fetched.posted == []
    # Only more than was said is said: petrov reads what ivanov has received.
    read(net, PETROV, "center/all/1")
    assert [posted.place for posted in net.fetch(PETROV).posted] == ["tver/center/2"]
    assert net.header(PETROV, "tver/center/2").acks[0].word == "read"
    read(net, IVANOV, "center/all/1")
    assert net.fetch(IVANOV).posted == []


def test_acks_receipts_and_checks_are_never_answered(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.send(BAZHANOV, "to tver", "tver")
    net.send(IVANOV, "to the center", "center")
    settle(net)
    before = len(net.objects())
    quiet(net)
    assert len(net.objects()) == before
    net.clean()


def test_acks_of_an_auditor_say_only_seen(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.send(IVANOV, "to the center", "center")
    settle(net)
    chain = net.clean()
    words = {ack.word for node in chain.channel("audit/center").counting() for ack in node.header.acks}
    assert words == {"seen"}
    told = {ack.channel for node in chain.channel("audit/center").counting() for ack in node.header.acks}
    assert {"center/all", "tver/center"} <= told, "an auditor speaks of every channel"
    assert states(net, "center/all/1")["tver"] == "received"


def test_acks_ride_on_a_reply_and_its_heads_tell_of_other_channels(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.fetch(IVANOV, receipts=False)
    assert net.reply(IVANOV, "center/all/1", "we heard you").number == 1
    header = net.header(IVANOV, "tver/center/1")
    assert [(ack.channel, ack.number, ack.word) for ack in header.acks] == [("center/all", 1, "received")]
    assert net.fetch(IVANOV).posted == [], "the reply has said it"
    net.fetch(STASOVA)
    net.send(STASOVA, "to you alone", "tver")
    heads = net.header(STASOVA, "center/tver/2").heads
    assert [(head.channel, head.number) for head in heads] == [("center/all", 1)]


def test_acks_a_head_line_tells_of_a_withheld_tail(net: Net) -> None:
    """The carrier hides the newest circular from tver; the center's next letter to tver names it."""
    net.send(STASOVA, "shown", "all")
    net.fetch(IVANOV)
    net.send(STASOVA, "hidden", "all")
    net.post.withhold("rkpb/center/all/00000002.*")
    assert net.fetch(IVANOV).missing == {}
    net.send(STASOVA, "to you alone", "tver")
    fetched = net.fetch(IVANOV)
    assert fetched.missing == {"center/all": [(2, 2)]}
    assert fetched.exit_code == 6
    (posted,) = fetched.posted
    said = net.header(IVANOV, posted.place).missing
    assert [(line.channel, line.first, line.last) for line in said] == [("center/all", 2, 2)]
    net.post.heal()
    assert subjects(net.fetch(IVANOV)) == ["hidden"]


def test_acks_the_silent_center_posts_a_check_to_all(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    settle(net)
    net.later(days=14)
    assert net.fetch(STASOVA).posted == []
    net.later(days=2)
    assert [(posted.kind, posted.place) for posted in net.fetch(BAZHANOV).posted] == [("check", "center/all/2")]
    assert net.fetch(STASOVA).posted == [], "one officer's check is the office's"
    header = net.header(BAZHANOV, "center/all/2")
    assert (header.acks, header.heads, header.missing) == ((), (), ())
    net.fetch(IVANOV)
    net.clean()


def test_acks_a_word_to_one_office_does_not_break_the_silence_towards_the_others(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    settle(net)
    net.later(days=14)
    net.send(STASOVA, "to you alone", "samara")
    net.later(days=2)
    assert "center/all" in {posted.channel for posted in net.fetch(STASOVA).posted}


def test_acks_what_nobody_acknowledged_is_followed_by_one_check(net: Net) -> None:
    net.send(STASOVA, "to you alone", "samara")
    net.later(days=31)
    posted = {(each.kind, each.channel) for each in net.fetch(STASOVA).posted}
    assert posted == {("check", "center/all"), ("check", "center/samara")}
    assert Ack("samara/center", 0, None, "seen") in net.header(STASOVA, "center/samara/2").acks, "nothing came yet"
    net.later(days=20)
    assert all(each.channel != "center/samara" for each in net.fetch(STASOVA).posted)
    net.clean()


@pytest.mark.parametrize("who", [STASOVA, IVANOV, REVIZOR])
def test_acks_without_receipts_nothing_is_written(net: Net, who: str) -> None:
    net.send(STASOVA, "to all", "all")
    net.send(ORLOV, "to the center", "center")
    net.later(days=40)
    before = net.objects()
    net.fetch(who, receipts=False)
    assert net.objects() == before


def test_i11_a_header_with_all_there_is_to_say_stays_within_a_note(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of 63 letters, 300 acks, 64 heads, 64 gaps: the acks that find no room go into a further receipt."""

    def channel(at: int) -> str:
        return f"tver{at:059d}/" + "c" * 63

    digest = "ab" * 32
    said = [Ack(channel(at), limits.NUMBER, digest, "received") for at in reversed(range(300))]
    heads = [Head(channel(at), limits.NUMBER, digest) for at in range(limits.HEADS)]
    gaps = [Missing(channel(at), 10_000_000, limits.NUMBER) for at in range(limits.MISSING)]
    monkeypatch.setattr(acking, "pending", lambda _desk, _to: said)
    monkeypatch.setattr(acking, "_heads", lambda *_: heads)
    monkeypatch.setattr(acking, "missing", lambda *_: gaps)
    act = Ack("tver/center", 1, digest, "complied")
    with net.desk(STASOVA) as desk:
        newest = desk.roster.newest
        bare = Header(
            network="rkpb",
            channel="center/tver",
            number=limits.NUMBER,
            previous=digest,
            time=desk.time(),
            by="stasova",
            kind="receipt",
            roster=RosterRef(newest, desk.roster.hash_of(newest) or ""),
        )
        full = acking.with_acks(desk, bare, (act,))
        note = desk.keys.signer.sign(Text(Purpose.DISPATCH, format_header(full)))
    assert limits.HEADER_BYTES - 1024 < len(note) <= limits.HEADER_BYTES
    assert (len(full.heads), len(full.missing)) == (limits.HEADS, limits.MISSING)
    assert act in full.acks, "what the officer wants to say is said"
    assert set(full.acks) - {act} == set(said[: len(full.acks) - 1]), "and the rest in its order, the oldest first"
