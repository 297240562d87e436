"""Who belongs: suspension and cuts, newcomers, second officers, lateral groups, and silence of the center."""

from datetime import timedelta

import pytest
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, REVIZOR, STASOVA, Net, join, send, subjects

from cipherpost.chain.freshness import CenterSilentError, ClockAheadError, ClockBehindError
from cipherpost.errors import CipherpostError, UseError
from cipherpost.workflows import offices, reading, standing
from cipherpost.workflows.addressing import AudienceError, NotAdmittedError


def suspend(net: Net, office: str) -> standing.Loss:
    with net.desk(STASOVA) as desk:
        plan = standing.plan(desk, "suspend", office)
        standing.take(desk, plan)
        return plan


def reinstate(net: Net, office: str) -> None:
    with net.desk(STASOVA) as desk:
        standing.reinstate(desk, office)


def inbox(net: Net, who: str) -> dict[str, str]:
    with net.desk(who) as desk:
        return {row.place: row.state for row in reading.inbox(desk)}


# ---- I6 ----------------------------------------------------------------------------------------------------------


def test_i6_suspension_leaves_old_mail_good_and_stops_new(net: Net) -> None:
    net.send(IVANOV, "before", "center")
    net.send(STASOVA, "to all", "all")
    net.fetch(IVANOV)
    plan = suspend(net, "tver")
    assert ("tver/center", 2) in {(channel, number) for channel, number, _ in plan.cuts}

    # What it sent before counts, opens, and was opened by nobody until now.
    assert subjects(net.fetch(BAZHANOV)) == ["before"]
    assert net.clean().channel("tver/center").last.header.number == 2  # type: ignore[union-attr]

    # It learns so, sends nothing more, and still reads what it has.
    fetched = net.fetch(IVANOV)
    assert isinstance(fetched.not_admitted, NotAdmittedError)
    with pytest.raises(NotAdmittedError, match="tver is suspended"):
        net.send(IVANOV, "after", "center")
    with net.desk(IVANOV) as desk:
        assert reading.read(desk, "center/all/1").body.strip() == "to all"

    # Nothing is sealed to it.
    with pytest.raises(AudienceError):
        net.send(STASOVA, "to you", "tver")
    posted = net.send(STASOVA, "without tver", "all")
    assert posted.to == ("samara",)
    assert posted.unreached == {"tver": "suspended"}
    net.clean()


def test_i6_what_a_suspended_office_posts_all_the_same_does_not_count(net: Net) -> None:
    """Its program has not heard of the entry: the carrier froze what it sees."""
    from simulator import HostilePost

    net.send(IVANOV, "before", "center")
    frozen = net.posts[IVANOV] = HostilePost(net.store)
    suspend(net, "tver")
    frozen.withhold("rkpb/center/roster/*")
    frozen.knobs.withheld.clear()
    newest = net.verify()[0].roster.newest
    frozen.withhold(f"rkpb/center/roster/{newest:08d}.note")
    assert net.send(IVANOV, "after", "center").number == 2
    fetched = net.fetch(STASOVA)
    assert subjects(fetched) == ["before"]
    chain, findings = net.verify()
    assert chain.channel("tver/center").last.header.number == 1  # type: ignore[union-attr]
    assert {(found.code, found.channel, found.number) for found in findings} == {("void", "tver/center", 2)}


def test_i6_a_reinstated_office_goes_on_and_links_over_what_did_not_count(net: Net) -> None:
    test_i6_what_a_suspended_office_posts_all_the_same_does_not_count(net)
    del net.posts[IVANOV]
    reinstate(net, "tver")
    net.fetch(IVANOV)
    assert net.send(IVANOV, "back again", "center").number == 3
    assert subjects(net.fetch(STASOVA)) == ["back again"]
    assert net.send(STASOVA, "welcome back", "tver").number is not None
    assert subjects(net.fetch(PETROV)) == ["welcome back"]
    chain, _ = net.verify()
    assert [node.number for node in chain.channel("tver/center").counting()][:2] == [1, 3]


def test_i6_suspended_while_its_mail_was_under_way(net: Net) -> None:
    """Circulars sent while it was away stay sealed to others; reinstated it reads what comes from then on."""
    suspend(net, "tver")
    net.send(STASOVA, "in between", "all")
    reinstate(net, "tver")
    net.send(STASOVA, "afterwards", "all")
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["afterwards"]
    assert fetched.exit_code == 0
    assert inbox(net, IVANOV)["center/all/1"] == "before-you"
    net.clean()


def test_the_center_is_never_suspended_and_nobody_twice(net: Net) -> None:
    suspend(net, "tver")
    for office in ("center", "tver", "nowhere"):
        with net.desk(STASOVA) as desk, pytest.raises(UseError):
            standing.plan(desk, "suspend", office)


# ---- officers and groups -----------------------------------------------------------------------------------------


def test_a_newcomer_facing_old_circulars_finds_them_before_you_without_error(net: Net) -> None:
    for at in range(13):
        net.send(STASOVA, f"old {at}", "all")
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza", role="committee")])
        join(net, desk, "penza/savin", clock=net.clock)
    net.send(STASOVA, "new", "all")
    fetched = net.fetch("penza/savin")
    assert fetched.exit_code == 0
    assert fetched.before_you == 13
    assert subjects(fetched) == ["new"]
    assert list(inbox(net, "penza/savin").values()) == ["before-you"] * 13 + ["new"]
    net.fetch(STASOVA)
    said = {number: net.ack_words(STASOVA, "center/all", number).get("penza", []) for number in (1, 13, 14)}
    assert "received" not in said[1] + said[13]
    assert "received" in said[14]
    assert net.fetch("penza/savin").before_you == 0, "they are told of once"
    net.clean()


def test_a_second_officer_of_a_committee_reads_and_goes_on(net: Net) -> None:
    net.send(STASOVA, "one", "tver")
    with net.desk(STASOVA) as desk:
        join(net, desk, "tver/rybin", clock=net.clock)
    net.send(STASOVA, "two", "tver")
    assert subjects(net.fetch("tver/rybin")) == ["two"]
    assert inbox(net, "tver/rybin") == {"center/tver/1": "before-you", "center/tver/2": "new"}
    assert subjects(net.fetch(IVANOV)) == ["one", "two"]
    first = net.send("tver/rybin", "from the new one", "center")
    second = net.send(IVANOV, "from the old one", "center")
    assert (second.number or 0) == (first.number or 0) + 1
    assert subjects(net.fetch(STASOVA)) == ["from the new one", "from the old one"]
    net.clean()


def test_the_second_officer_of_the_center_sends_and_the_first_continues(net: Net) -> None:
    for at, who in enumerate((STASOVA, BAZHANOV, BAZHANOV, STASOVA), 1):
        assert net.send(who, f"letter {at}", "all").number == at
    assert subjects(net.fetch(IVANOV)) == [f"letter {at}" for at in range(1, 5)]
    net.reply(IVANOV, "center/all/2", "an answer")
    assert subjects(net.fetch(STASOVA)) == ["Re: letter 2"]
    assert subjects(net.fetch(BAZHANOV)) == ["Re: letter 2"]
    net.clean()


def test_members_of_a_lateral_group_write_to_it_and_to_each_other(net: Net) -> None:
    assert net.send(IVANOV, "to the region", "volga").place == "tver/volga/1"
    assert net.send(IVANOV, "to you", "samara").place == "tver/samara/1"
    assert sorted(subjects(net.fetch(ORLOV))) == ["to the region", "to you"]
    assert subjects(net.fetch(PETROV)) == [], "an office's own letter is no news to it"
    assert subjects(net.fetch(STASOVA)) == []
    net.fetch(IVANOV)
    assert net.ack_words(IVANOV, "tver/volga", 1) == {"samara": ["received"]}
    with pytest.raises(AudienceError):
        net.send(REVIZOR, "to you", "samara")
    net.clean()


def test_a_letter_to_the_own_office_reaches_the_colleague(net: Net) -> None:
    assert net.send(IVANOV, "for petrov", "tver").place == "tver/tver/1"
    fetched = net.fetch(PETROV)
    assert fetched.exit_code == 0
    with net.desk(PETROV) as desk:
        assert reading.read(desk, "tver/tver/1").body.strip() == "for petrov"
    assert net.fetch(PETROV).posted == []


# ---- freshness ---------------------------------------------------------------------------------------------------


def test_a_silent_center_stops_sealing_until_it_is_heard_of_or_overruled(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.fetch(IVANOV)
    net.later(days=29)
    assert net.send(IVANOV, "in time", "center").number is not None
    net.later(days=2)
    waiting = net.send(IVANOV, "too late", "center").waiting
    assert isinstance(waiting, CenterSilentError)
    assert waiting.exit_code == 5
    with net.desk(IVANOV) as desk:
        assert len(desk.outbox.items()) == 1, "nothing is lost"
    assert net.send(PETROV, "I know better", "center", stale_ok=True).number is not None
    # The center itself may always seal, and its round breaks the silence.
    net.fetch(STASOVA)
    assert [posted.kind for posted in net.fetch(IVANOV).posted][:1] == ["message"]
    net.clean()


def test_a_clock_set_back_hides_no_silence(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.later(days=31)
    net.fetch(IVANOV)
    net.later(days=-31)
    assert isinstance(net.send(IVANOV, "now?", "center").waiting, CenterSilentError)


@pytest.mark.parametrize(
    ("days", "error"),
    [(-2, ClockBehindError), (-4000, ClockBehindError), (2, ClockAheadError), (3650, ClockAheadError)],
)
def test_a_wrong_clock_signs_nothing(net: Net, days: int, error: type[CipherpostError]) -> None:
    net.send(STASOVA, "to all", "all")
    net.fetch(IVANOV)
    wrong = net.now + timedelta(days=days)
    with net.desk(IVANOV, clock=lambda: wrong, stale_ok=True) as desk:
        waiting = send(desk, "dated", "center").waiting
    assert isinstance(waiting, error)
    assert waiting.exit_code == 5
    assert net.clean().channel("tver/center").last.header.kind == "receipt", "only what was said before"  # type: ignore[union-attr]
    # With a right clock it goes as it was written.
    assert net.fetch(IVANOV).posted[0].number is not None
    net.clean()


def test_a_clock_of_2036_in_the_center_is_left_behind_by_its_next_dispatch(net: Net) -> None:
    net.send(STASOVA, "to all", "all")
    net.later(days=3650)
    net.send(STASOVA, "from the future", "all", clock_ok=True)
    net.later(days=-3650)
    net.fetch(IVANOV, receipts=False)
    assert isinstance(
        net.send(IVANOV, "dated now", "center", stale_ok=True).waiting, ClockBehindError | CenterSilentError
    )
    net.send(BAZHANOV, "a sane one", "all", clock_ok=True)
    posted = net.fetch(IVANOV, stale_ok=True).posted
    assert any(each.kind == "message" for each in posted)
    _, findings = net.verify()
    assert {found.code for found in findings} == {"clock"}


def test_cards_of_those_who_are_admitted_wait_no_more(net: Net) -> None:
    assert any("/center/cards/" in name for name in net.objects()), "the center keeps copies of all"
    assert net.fetch(STASOVA).cards_waiting == 0
