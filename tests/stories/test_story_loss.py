"""Stories about those who lost their standing: the dismissed, the robbed, the expelled, and what was under way."""

from datetime import timedelta
from pathlib import Path

import pytest
from simulator import HostilePost
from storykit import hash_of, lay, next_header, signed
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, REVIZOR, STASOVA, Net, subjects

from cipherpost.chain.checks import CutError
from cipherpost.dispatch.header import Ack
from cipherpost.errors import ForkError, UseError
from cipherpost.roster.build import LastKeeperError
from cipherpost.workflows import auditing, cuts, entries, forks, network_settings, reading, standing
from cipherpost.workflows.addressing import AudienceError, NotAdmittedError
from cipherpost.workflows.cuts import CutBeyondError, CutChoiceError, CutHashError
from cipherpost.workflows.forks import SettleError
from cipherpost.workflows.moving import MovedError
from cipherpost.workflows.results import Posted
from cipherpost.workflows.standing import NothingToTakeError, Word

TVER = "tver/center"


def take(net: Net, word: Word, who: str, **given: object) -> standing.Loss:
    with net.desk(STASOVA) as desk:
        plan = standing.plan(desk, word, who, **given)  # type: ignore[arg-type]
        standing.take(desk, plan)
        return plan


def move(net: Net, *places: str, **given: object) -> Posted:
    with net.desk(STASOVA) as desk:
        return cuts.move(desk, cuts.plan_move(desk, places, **given))  # type: ignore[arg-type]


def cut_of(plan: standing.Loss, channel: str) -> int:
    (number,) = (cut.number for cut in plan.cuts if cut.channel == channel)
    return number


def counting(net: Net, channel: str = TVER) -> list[tuple[int, str]]:
    """(number, officer) of what counts for a stranger who sees all."""
    return [(node.number, node.by) for node in net.verify()[0].channel(channel).counting()]


def codes(net: Net) -> set[tuple[str, str | None, int | None]]:
    return {(each.code, each.channel, each.number) for each in net.verify()[1]}


def blind(net: Net, *who: str) -> None:
    """From now on the carrier shows these officers no newer roster entry."""
    newest = net.verify()[0].roster.newest
    for each in who:
        post = net.posts[each] = HostilePost(net.store)
        post.withhold(*(f"rkpb/center/roster/{number:08d}.note" for number in range(newest + 1, newest + 50)))


def write_by_hand(net: Net, who: str, channel: str = TVER, **lines: object) -> tuple[int, str]:
    """What a thief posts with an officer's key: a check, over what the officer's home knows; number and hash."""
    header = next_header(net, who, channel, "check", acks=(Ack("center/tver", 0, None, "seen"),), **lines)
    return header.number, lay(net, header, signed(net, who, header))


# ---- the dismissed ---------------------------------------------------------------------------------------------------


def test_v5_a_dismissed_officer_cites_the_old_roster_for_months_beside_an_honest_colleague(net: Net) -> None:
    """The carrier keeps the entry that retired ivanov from both; petrov, who has done nothing, loses nothing."""
    net.send(IVANOV, "before", "center")
    net.fetch(PETROV)
    blind(net, IVANOV, PETROV)
    plan = take(net, "retire", IVANOV)
    assert (cut_of(plan, TVER), plan.question) == (1, None)
    for month in range(3):
        net.later(days=9)
        assert net.send(IVANOV, f"ivanov {month}", "center").number is not None
        net.fetch(PETROV, receipts=False)
        assert net.send(PETROV, f"petrov {month}", "center").number is not None
    brought = net.fetch(STASOVA)
    assert subjects(brought) == ["before", "petrov 0", "petrov 1", "petrov 2"]
    assert {by for number, by in counting(net) if number > 1} == {"petrov"}
    # All auditors agree, whenever they look, and ivanov hears of it as soon as the carrier lets him.
    with net.desk(REVIZOR) as desk:
        report = auditing.audit(auditing.Subject.of_home(desk))
    assert {found.code for found in report.findings if found.office == "tver"} == {"void"}
    del net.posts[IVANOV]
    assert isinstance(net.fetch(IVANOV).not_admitted, NotAdmittedError)
    with pytest.raises(NotAdmittedError, match="no standing any more"):
        net.send(IVANOV, "once more", "center")


def test_i6_what_a_retired_officer_sent_still_counts_opens_and_is_read_by_his_colleague(net: Net) -> None:
    net.send(IVANOV, "before", "center")
    net.send(STASOVA, "to tver", "tver")
    net.fetch(PETROV)
    take(net, "retire", IVANOV)
    assert subjects(net.fetch(BAZHANOV)) == ["before"]
    net.send(STASOVA, "without ivanov", "tver")
    assert subjects(net.fetch(PETROV)) == ["without ivanov"]
    with net.desk(STASOVA) as desk:
        row = desk.chain.channel("center/tver").last
        assert row is not None
        readers = desk.roster.readers("instruction", ("tver",), "center", desk.roster.newest)
        assert "ivanov" not in {each.name for each in readers if each.office == "tver"}
    net.clean()


def test_a_report_still_on_a_stick_counts_once_the_cut_is_moved_up_to_it(net: Net) -> None:
    """Ivanov wrote it in time, and was retired before it came."""
    net.fetch(PETROV)
    net.fetch(IVANOV)
    net.send(IVANOV, "one", "center")
    stick = net.posts[IVANOV] = HostilePost(net.store)
    before = set(net.store.objects)
    net.send(IVANOV, "two", "center")
    late = {name: net.store.objects.pop(name) for name in set(net.store.objects) - before}
    plan = take(net, "retire", IVANOV)
    assert cut_of(plan, TVER) == 1
    net.store.objects.update(late)
    assert subjects(net.fetch(STASOVA)) == ["one"]
    with net.desk(STASOVA) as desk:
        (known,) = (each for each in cuts.in_force(desk) if each.channel == TVER)
        assert (known.number, known.above) == (1, (2,))
    move(net, f"{TVER}/2")
    assert subjects(net.fetch(STASOVA)) == ["two"]
    assert subjects(net.fetch(BAZHANOV)) == ["one", "two"]
    net.clean()
    assert stick is net.posts[IVANOV]


def test_who_leaves_takes_no_keeper_along_and_the_last_keeper_cannot_leave(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        for word in ("retire", "compromised"):
            with pytest.raises(LastKeeperError, match="stasova is the only keeper"):
                standing.plan(desk, word, STASOVA)  # type: ignore[arg-type]
        plan = standing.plan(desk, "retire", BAZHANOV)
        assert {cut.channel for cut in plan.cuts} == {
            name for name in desk.roster.channels_of("center") if name != "center/roster"
        }


@pytest.mark.parametrize(
    ("word", "who", "said"),
    [
        ("retire", "tver", "which officer of it"),
        ("retire", "tver/nobody", "there is no officer tver/nobody"),
        ("suspend", "tver/ivanov", "that is one officer"),
        ("dissolve", "center", "the center cannot be dissolved"),
        ("dissolve", "nowhere", "there is no office"),
    ],
)
def test_i10_what_nobody_can_lose_is_refused_with_what_can_be_done(net: Net, word: Word, who: str, said: str) -> None:
    with net.desk(STASOVA) as desk, pytest.raises(UseError, match=said) as caught:
        standing.plan(desk, word, who)
    assert caught.value.hints
    with net.desk(STASOVA) as desk:
        before = desk.roster.newest
    assert net.verify()[0].roster.newest == before


def test_nobody_is_retired_twice_and_his_keys_may_still_be_declared_stolen(net: Net) -> None:
    net.send(IVANOV, "one", "center")
    net.send(IVANOV, "two", "center")
    net.fetch(STASOVA)
    retired = take(net, "retire", IVANOV)
    with net.desk(STASOVA) as desk, pytest.raises(entries.EntryRefusedError, match="no good standing"):
        standing.take(desk, standing.plan(desk, "retire", IVANOV))
    plan = take(net, "compromised", IVANOV, cuts=[f"{TVER}/1"])
    assert plan.entry == retired.entry
    assert [(cut.channel, cut.number) for cut in plan.cuts] == [(TVER, 1)]
    assert counting(net) == [(1, "ivanov")]


def test_who_decides_is_told_what_waits_and_who_is_left(net: Net) -> None:
    net.send(IVANOV, "one", "center")
    net.send(IVANOV, "two", "center")
    hidden = net.posts[STASOVA] = HostilePost(net.store)
    hidden.withhold(f"rkpb/{TVER}/00000001.note")
    with net.desk(STASOVA) as desk:
        plan = standing.plan(desk, "retire", IVANOV)
    assert cut_of(plan, TVER) == 0
    assert any(line.startswith(f"1 of {TVER} wait for an earlier number") for line in plan.lines())
    with net.desk(STASOVA) as desk:
        network_settings.state(desk, network_settings.plan(desk, ["threshold", "center", "2"]))
        plan = standing.plan(desk, "retire", BAZHANOV)
    assert "the threshold of center is 2, and 1 of its officers stay: admit others, or lower it" in plan.lines()


# ---- the robbed ------------------------------------------------------------------------------------------------------


def test_v5_a_stolen_key_backdates_and_the_center_cuts_at_what_it_had_acknowledged(net: Net) -> None:
    """The thief dates his letters before the theft; only the words of others tell what was there by then."""
    net.send(IVANOV, "honest", "center")
    net.later(minutes=5)
    net.fetch(STASOVA)  # acknowledges it
    net.later(days=3)
    stolen_on = net.now.date()
    backdated = (net.now - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    net.fetch(IVANOV, receipts=False)
    number, hashed = write_by_hand(net, IVANOV, time=backdated)
    net.fetch(STASOVA)
    assert (number, "ivanov") in counting(net)
    plan = take(net, "compromised", IVANOV, since=stolen_on)
    assert cut_of(plan, TVER) == 1
    assert plan.question is not None
    assert counting(net) == [(1, "ivanov")]
    entry = net.verify()[0].channel(TVER).by_hash(hashed)
    assert entry is not None
    assert isinstance(entry.reason, CutError)
    with net.desk(BAZHANOV) as desk:
        assert reading.inbox(desk) == []
    assert subjects(net.fetch(BAZHANOV)) == ["honest"]


def test_v5_a_stolen_key_that_goes_on_writing_stops_the_honest_office_only_until_it_is_cut(net: Net) -> None:
    """The thief takes the next two numbers. Ivanov's own home notices and signs nothing; his colleague goes on."""
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    net.fetch(PETROV)
    header = next_header(net, IVANOV, TVER, "check", acks=(Ack("center/tver", 0, None, "seen"),))
    for number in (header.number, header.number + 1):
        header = header._replace(number=number)
        header = header._replace(previous=lay(net, header, signed(net, IVANOV, header)))
    assert isinstance(net.send(IVANOV, "two", "center").waiting, MovedError | ForkError)
    net.fetch(PETROV, receipts=False)
    fourth = net.send(PETROV, "I go on", "center")
    assert fourth.number == header.number + 1
    net.fetch(STASOVA)
    assert [by for _, by in counting(net)] == ["ivanov", "ivanov", "ivanov", "petrov"]
    take(net, "compromised", IVANOV, cuts=[f"{TVER}/1"])
    assert counting(net) == [(1, "ivanov"), (fourth.number, "petrov")]
    net.fetch(PETROV)
    assert net.send(PETROV, "and on", "center").number is not None
    assert subjects(net.fetch(BAZHANOV)) == ["one", "I go on", "and on"]
    # What the thief writes now convinces nobody, though he links to the newest.
    latest = next_header(net, PETROV, TVER, "check", acks=(Ack("center/tver", 0, None, "seen"),), by="ivanov")
    lay(net, latest._replace(roster=header.roster), signed(net, IVANOV, latest._replace(roster=header.roster)))
    before = counting(net)
    net.fetch(STASOVA)
    assert counting(net) == before


# ---- cuts that are wrong ---------------------------------------------------------------------------------------------


@pytest.fixture
def three(net: Net) -> Net:
    """Tver sent three letters, and the center has acknowledged two."""
    for text in ("one", "two"):
        net.send(IVANOV, text, "center")
    net.fetch(STASOVA)
    net.send(IVANOV, "three", "center")
    return net


def test_a_cut_beyond_the_head_in_another_office_or_the_roster_is_refused(three: Net) -> None:
    with three.desk(STASOVA) as desk:
        for place, error in (
            (f"{TVER}/4", CutBeyondError),
            ("tver/tver/1", CutBeyondError),
            ("samara/center/1", CutChoiceError),
            ("center/roster/1", CutChoiceError),
        ):
            with pytest.raises(error):
                standing.plan(desk, "retire", IVANOV, cuts=[place])
    assert counting(three) == [(1, "ivanov"), (2, "ivanov"), (3, "ivanov")]


def test_a_cut_below_what_the_center_acknowledged_is_said_asked_and_listed_as_uncounted(three: Net) -> None:
    plan = take(three, "retire", IVANOV, cuts=[f"{TVER}/1"])
    assert plan.question is not None
    assert any(f"acknowledged {TVER}/2, which will count no more" in line for line in plan.lines())
    assert ("uncounted", TVER, 2) in codes(three)
    assert ("uncounted", TVER, 3) not in codes(three)
    move(three, f"{TVER}/3")
    assert codes(three) == set()
    assert len(counting(three)) == 3


def test_a_cut_with_a_wrong_hash_is_refused_and_nothing_is_moved(three: Net) -> None:
    take(three, "retire", IVANOV, cuts=[f"{TVER}/2"])
    with three.desk(STASOVA) as desk:
        with pytest.raises(CutHashError, match="is not 0123456789"):
            cuts.plan_move(desk, [f"{TVER}/3"], named="0123456789")
        with pytest.raises(CutBeyondError):
            cuts.plan_move(desk, [f"{TVER}/9"])
        with pytest.raises(CutChoiceError, match="so already"):
            cuts.plan_move(desk, [f"{TVER}/2"])
        with pytest.raises(CutChoiceError, match="took nobody's standing away"):
            cuts.plan_move(desk, [f"{TVER}/3"], entry=1)
        with pytest.raises(CutChoiceError, match="nothing to move"):
            cuts.plan_move(desk, ["samara/center/0"])
    assert len(counting(three)) == 2


# ---- the expelled ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["suspend", "dissolve"])
def test_i6_an_expelled_office_gets_nothing_more_and_what_it_sent_stays(net: Net, word: Word) -> None:
    net.send(IVANOV, "before", "center")
    net.send(STASOVA, "old", "tver")
    plan = take(net, word, "tver")
    assert plan.question is not None
    with pytest.raises(AudienceError, match=f"tver is {word}"):
        net.send(STASOVA, "new", "tver")
    posted = net.send(STASOVA, "to all", "all")
    assert posted.to == ("samara",)
    net.send(ORLOV, "to our region", "volga")
    for who, channel in ((STASOVA, "center/all"), (ORLOV, "samara/volga")):
        header = net.header(who, f"{channel}/1")
        with net.desk(who) as desk:
            assert header.roster is not None
            audience = header.audience
            readers = desk.roster.readers(header.kind, (audience,), header.office, header.roster.number)
        assert "tver" not in {each.office for each in readers}
    # Its own old mail stays readable at home; its old letter opens at the center.
    fetched = net.fetch(IVANOV)
    assert isinstance(fetched.not_admitted, NotAdmittedError)
    assert subjects(net.fetch(BAZHANOV)) == ["before"]
    net.clean()


def test_a_dissolved_office_never_comes_back(net: Net) -> None:
    take(net, "dissolve", "tver")
    with net.desk(STASOVA) as desk:
        with pytest.raises(entries.EntryRefusedError, match="dissolved"):
            standing.reinstate(desk, "tver")
        with pytest.raises(NothingToTakeError, match="it is dissolved"):
            standing.plan(desk, "dissolve", "tver")


def test_a_suspended_office_is_dissolved_and_nothing_more_is_cut(net: Net) -> None:
    net.send(IVANOV, "before", "center")
    take(net, "suspend", "tver")
    assert take(net, "dissolve", "tver").cuts == ()
    assert counting(net) == [(1, "ivanov")]


# ---- forks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def forked(net: Net) -> tuple[Net, str, str]:
    """Two sides of tver/center both go on from number 2: ivanov's home, and a copy that stasova alone was shown."""
    net.send(IVANOV, "one", "center")
    shown = net.posts[STASOVA] = HostilePost(net.store)
    header = next_header(net, IVANOV, TVER, "check", acks=(Ack("center/tver", 0, None, "seen"),))
    copy = hash_of(header)
    for each in (header, header._replace(number=3, previous=copy)):
        shown.replace(f"rkpb/{TVER}/{each.number:08d}.note", signed(net, IVANOV, each))
    assert subjects(net.fetch(STASOVA, receipts=False)) == ["one"]
    for text in ("two", "three", "four"):
        net.send(IVANOV, text, "center")
    del net.posts[STASOVA]
    with net.desk(IVANOV) as desk:
        entry = desk.chain.channel(TVER).entry(2)
        assert entry is not None
    return net, entry.hash, copy


def test_i3_a_fork_is_listed_with_both_sides_proved_and_settled_for_everybody(
    forked: tuple[Net, str, str], tmp_path: Path
) -> None:
    net, honest, copy = forked
    fetched = net.fetch(STASOVA)
    assert (fetched.exit_code, subjects(fetched)) == (7, [])
    with net.desk(STASOVA) as desk:
        found = forks.look(desk)
        fork, above = found.forks
        assert (fork.channel, fork.number, fork.stops, fork.settled, found.exit_code) == (TVER, 2, True, None, 7)
        assert (above.number, above.stops) == (3, False)
        assert {side.hash: side.last for side in fork.sides} == {honest: 4, copy: 3}
        forks.write_proofs(desk, found, tmp_path / "proofs")
        proof, _ = found.proofs
        again = forks.look(desk)
        forks.write_proofs(desk, again, tmp_path / "proofs")
    assert b"whoever held this key of tver/ivanov signed two dispatches" in proof.read_bytes()
    # A committee to which the proof was handed over finds it by itself; altered, it proves nothing.
    altered = tmp_path / "altered.proof"
    altered.write_bytes(proof.read_bytes().replace(b"kind message", b"kind receipt", 1))
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        assert len(forks.look(desk, [altered], evidence=False).refused) == 1
        told = forks.look(desk, [proof], evidence=False)
        assert [(each.channel, each.number) for each in told.forks] == [(TVER, 2)]
    with net.desk(ORLOV) as desk:
        (refused,) = forks.look(desk, [proof], evidence=False).refused
        assert "not read here" in str(refused)
    with net.desk(STASOVA) as desk:
        for named, said in ((None, "which one stands"), ("abcdef01", "none of them"), (honest[:7], "none of them")):
            with pytest.raises(SettleError, match=said):
                forks.plan_settlement(desk, f"{TVER}/2", named)
        plan = forks.plan_settlement(desk, f"{TVER}/2", honest[:12])
        assert any("2 to 3" in line and "count no more" in line for line in plan.lines())
        forks.settle(desk, plan)
        assert forks.settle(desk, forks.plan_settlement(desk, f"{TVER}/2", honest)).already
        assert forks.look(desk).exit_code == 0
    assert subjects(net.fetch(STASOVA)) == ["two", "three", "four"]
    assert net.fetch(BAZHANOV).stopped == []


def test_settling_needs_two_sides_and_never_concerns_the_roster(net: Net) -> None:
    net.send(IVANOV, "one", "center")
    with net.desk(STASOVA) as desk:
        for place, said in (
            (f"{TVER}/1", "1 signed dispatch"),
            (f"{TVER}/7", "no signed"),
            ("center/roster/2", "itself"),
        ):
            with pytest.raises(SettleError, match=said):
                forks.plan_settlement(desk, place, "ab" * 32)


def test_i3_evidence_of_an_office_shows_the_other_side_though_the_carrier_hides_it(net: Net) -> None:
    """Stasova's stolen home writes center/all/1 to samara alone; what samara lays down tells tver and the center."""
    net.everybody_fetches()
    header = next_header(net, STASOVA, "center/all", "check")
    note = signed(net, STASOVA, header)
    name = f"rkpb/center/all/{header.number:08d}.note"
    shown = net.posts[ORLOV] = HostilePost(net.store)
    shown.replace(name, note)
    net.fetch(ORLOV)
    net.send(STASOVA, "the true one", "all")
    shown.knobs.replaced.clear()
    net.send(STASOVA, "the next", "all")
    net.fetch(ORLOV, full=True)
    with net.desk(IVANOV) as desk:
        assert forks.look(desk, evidence=False).forks == []
        found = forks.look(desk)
    assert found.taken == [f"center/all/{header.number}"]
    assert [(fork.channel, fork.number) for fork in found.forks] == [("center/all", header.number)]
    assert found.exit_code == 7


def test_i7_junk_under_evidence_is_passed_over_and_told(net: Net) -> None:
    net.store.objects[f"rkpb/samara/evidence/{'ab' * 32}.note"] = b"junk"
    net.store.objects[f"rkpb/samara/evidence/{'cd' * 32}.note"] = net.note("center/roster/2")
    with net.desk(STASOVA) as desk:
        found = forks.look(desk)
    assert (found.forks, found.taken, len(found.refused), found.exit_code) == ([], [], 2, 0)


def test_i11_junk_under_evidence_is_fetched_once_and_again_when_the_roster_has_grown(net: Net) -> None:
    """Whoever runs the store may fill it up; each look goes on behind what the last one went through."""
    assert net.post is not None
    names = [f"rkpb/samara/evidence/{number:064x}.note" for number in range(1, 1_203)]
    net.store.objects |= dict.fromkeys(names, b"junk")

    def fetched() -> int:
        before = net.post.count("get", "rkpb/samara/evidence/*")
        with net.desk(STASOVA) as desk:
            forks.look(desk)
        return net.post.count("get", "rkpb/samara/evidence/*") - before

    assert [fetched() for _ in range(3)] == [1_000, 202, 0]
    with net.desk(STASOVA) as desk:
        assert forks.look(desk).before == 1_202
        network_settings.state(desk, network_settings.plan(desk, ["check", "center", "weekly"]))
    assert fetched() == 1_000


@pytest.mark.parametrize("hidden", ["by junk", "by not listing it"])
def test_i3_evidence_that_an_ack_names_is_asked_for_whatever_is_listed(net: Net, hidden: str) -> None:
    """Samara was shown another center/all/1, and says so; the store hides what it laid down from the center."""
    net.everybody_fetches()
    header = next_header(net, STASOVA, "center/all", "check")
    note = signed(net, STASOVA, header)
    shown = net.posts[ORLOV] = HostilePost(net.store)
    shown.replace(f"rkpb/center/all/{header.number:08d}.note", note)
    net.fetch(ORLOV)
    net.send(ORLOV, "what I have seen", "center")
    net.send(STASOVA, "the true one", "all")
    shown.knobs.replaced.clear()
    net.send(STASOVA, "the next", "all")
    net.fetch(ORLOV, full=True)
    laid = f"rkpb/samara/evidence/{hash_of(header)}.note"
    assert laid in net.store.objects
    net.fetch(STASOVA, receipts=False)
    hiding = net.posts[STASOVA] = HostilePost(net.store)
    if hidden == "by junk":
        net.store.objects |= {f"rkpb/samara/evidence/{number:064x}.note": b"junk" for number in range(1_001)}
    else:
        hiding.knobs.unlisted.append(laid)
    with net.desk(STASOVA) as desk:
        found = forks.look(desk)
    assert [(fork.channel, fork.number) for fork in found.forks] == [("center/all", header.number)]
