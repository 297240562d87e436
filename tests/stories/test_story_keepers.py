"""Stories about the keepers: who may sign an entry of the roster, and what becomes of those who may not."""

import pytest
from storykit import entry, key_of, lay, newest, post_entry, signed
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net, join

from cipherpost.chain.checks import ForgedError, RosterForkError, UnauthorizedError
from cipherpost.dispatch.header import format_header
from cipherpost.errors import CipherpostError
from cipherpost.note import Purpose, Text
from cipherpost.workflows import endorsing, keepers, offices, standing
from cipherpost.workflows.entries import EntryRefusedError
from cipherpost.workflows.fetching import Fetched
from cipherpost.workflows.guards import NotKeeperError
from cipherpost.workflows.results import Posted

KAGAN = "center/kagan"


@pytest.fixture
def one(net: Net) -> Net:
    """Stasova keeps the roster alone; everybody has it."""
    for who in (STASOVA, BAZHANOV, IVANOV, ORLOV):
        net.fetch(who, receipts=False)
    return net


@pytest.fixture
def two(net: Net) -> Net:
    """Stasova and bazhanov keep the roster; both signed for it."""
    post_entry(net, "stasova", "keepers bazhanov stasova", endorsers=["bazhanov"])
    for who in (STASOVA, BAZHANOV, IVANOV, ORLOV):
        net.fetch(who, receipts=False)
    return net


@pytest.fixture
def three(net: Net) -> Net:
    """Kagan is the third keeper."""
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    post_entry(net, "stasova", "keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    for who in (STASOVA, BAZHANOV, KAGAN, IVANOV, ORLOV):
        net.fetch(who, receipts=False)
    return net


def refusal(fetched: Fetched, kind: type[Exception]) -> str:
    """The one refusal of a round."""
    (error,) = fetched.refused
    assert isinstance(error, kind)
    assert fetched.exit_code == 3
    return str(error)


def declare(net: Net, who: str, name: str) -> None:
    with net.desk(who) as desk:
        offices.declare(desk, [offices.NewOffice(name=name, title=name.title())])


# ---- who signed too little -------------------------------------------------------------------------------------------


def test_v5_an_entry_signed_by_the_new_keeper_alone_is_refused(one: Net) -> None:
    """Bazhanov makes himself the keeper; the old keeper never signed it."""
    before = newest(one, IVANOV)
    post_entry(one, "bazhanov", "keepers bazhanov")
    assert "was no keeper" in refusal(one.fetch(IVANOV), UnauthorizedError)
    assert newest(one, IVANOV) == before


def test_v5_an_entry_signed_by_the_old_keeper_alone_is_refused(one: Net) -> None:
    """Stasova hands the roster to bazhanov, who has not signed that he has his keys: the network would be locked."""
    before = newest(one, IVANOV)
    post_entry(one, "stasova", "keepers bazhanov")
    assert "0 of 1 signed (V5: more than half of the keepers after" in refusal(one.fetch(IVANOV), UnauthorizedError)
    assert newest(one, IVANOV) == before


def test_v5_an_entry_signed_by_half_of_the_keepers_is_refused(two: Net) -> None:
    """One of two keepers admits an office behind the other's back."""
    before = newest(two, IVANOV)
    post_entry(two, "bazhanov", "office penza committee")
    assert "1 of 2 signed" in refusal(two.fetch(IVANOV), UnauthorizedError)
    assert newest(two, IVANOV) == before
    # What they then sign together goes beside it, and everybody finds it there.
    header, note = entry(two, "stasova", "office kursk committee", endorsers=["bazhanov"])
    lay(two, header, note, aside=True)
    assert two.fetch(ORLOV, full=True).exit_code == 3  # the junk is told of
    assert newest(two, ORLOV) == before + 1


def test_v5_a_keeper_does_not_endorse_under_two_names_with_one_key(three: Net) -> None:
    """Bazhanov signs for kagan with his own key."""
    before = newest(three, IVANOV)
    header, _ = entry(three, "bazhanov", "office penza committee", endorsers=["stasova"])
    forged = header._replace(endorsed=(header.endorsed[0]._replace(officer="kagan"),))
    lay(three, forged, signed(three, BAZHANOV, forged))
    assert "endorsement of kagan counts for nothing" in refusal(three.fetch(IVANOV), UnauthorizedError)
    assert newest(three, IVANOV) == before


def test_v3_an_entry_that_skips_a_number_waits_and_changes_nothing(one: Net) -> None:
    """Stasova's stolen home numbers an entry two ahead; nobody acts upon it, and the honest one takes its place."""
    before = newest(one, STASOVA)
    header = post_entry(one, "stasova", "retire tver/ivanov", number=before + 2, previous="ab" * 32)
    fetched = one.fetch(ORLOV)
    assert fetched.exit_code == 6
    assert ("center/roster", header.number) in {(channel, number) for channel, number, _ in fetched.held}
    assert newest(one, ORLOV) == before
    assert one.send(IVANOV, "still here", "center").number is not None


def test_v5_i3_a_dismissed_keeper_cannot_fork_the_roster(three: Net) -> None:
    """Stasova is voted out; her computer goes on from the entry before, with all she has."""
    old = entry(three, "stasova", "retire center/bazhanov", "keepers kagan stasova")
    post_entry(three, "bazhanov", "keepers bazhanov kagan", endorsers=["kagan"])
    for who in (BAZHANOV, IVANOV):
        three.fetch(who, receipts=False)
    at = newest(three, IVANOV)
    lay(three, *old, aside=True)
    for who in (ORLOV, STASOVA):
        assert three.fetch(who, receipts=False).stopped == []
        assert newest(three, who) == at
    chain, findings = three.verify()
    assert chain.roster.keepers(at) == ("bazhanov", "kagan")
    assert [(each.code, each.number, each.detail) for each in findings] == [("unauthorized", at, "1 of 3 signed")]
    with pytest.raises(NotKeeperError, match="does not keep the roster"):
        declare(three, STASOVA, "penza")


def test_v5_a_retired_keepers_own_entry_counts_for_nothing(three: Net) -> None:
    post_entry(three, "bazhanov", "retire center/stasova", "keepers bazhanov kagan", endorsers=["kagan"])
    three.fetch(IVANOV)
    at = newest(three, IVANOV)
    three.fetch(STASOVA, receipts=False)
    with pytest.raises(NotKeeperError):
        declare(three, STASOVA, "penza")
    # By hand, as her stolen home would.
    header = post_entry(three, "stasova", "office penza committee")
    assert "was no keeper" in refusal(three.fetch(IVANOV), UnauthorizedError)
    assert (header.number, newest(three, IVANOV)) == (at + 1, at)


# ---- two at the same minute ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["stasova", "bazhanov"])
def test_v5_of_two_keepers_who_admit_at_the_same_minute_one_finds_the_second_signature(three: Net, first: str) -> None:
    """Kagan endorses one draft for one number. Whichever came to the slot first, that one is the entry."""
    at = newest(three, IVANOV) + 1
    good = entry(three, "stasova", "office penza committee", endorsers=["kagan"])
    lone = entry(three, "bazhanov", "office kursk committee")
    in_slot, beside = (good, lone) if first == "stasova" else (lone, good)
    lay(three, *in_slot)
    lay(three, *beside, aside=True)
    for who in (IVANOV, ORLOV):
        three.fetch(who, full=True)
        assert newest(three, who) == at
        with three.desk(who) as desk:
            assert desk.roster.state("penza", at) == "declared"
            assert desk.roster.state("kursk", at) is None


def test_i3_a_keeper_who_endorses_both_is_caught_and_nobody_changes_sides(three: Net) -> None:
    """Kagan signs for both. Each reader stays with the entry he took; both are a proof against kagan, and exit 7."""
    left = entry(three, "stasova", "office penza committee", endorsers=["kagan"])
    right = entry(three, "bazhanov", "office kursk committee", endorsers=["kagan"])
    lay(three, *left)
    three.fetch(IVANOV)
    lay(three, *right, aside=True)
    three.fetch(IVANOV, full=True)
    with three.desk(IVANOV) as desk:
        assert desk.roster.state("penza", desk.roster.newest) == "declared"
    chain, findings = three.verify()
    assert {(each.code, each.exit_code, each.number) for each in findings} == {("fork", 7, left[0].number)}
    (rival,) = (each for each in chain.channel("center/roster").candidates(left[0].number) if not each.counts)
    assert isinstance(rival.reason, RosterForkError)


def test_v5_a_thief_of_one_keepers_computer_changes_nothing(three: Net) -> None:
    """He retires the others and makes himself the only keeper: one signature of three."""
    at = newest(three, IVANOV)
    cut = "cut {} center/all 0 none"
    post_entry(three, "stasova", "retire center/bazhanov", "retire center/kagan", "keepers stasova", cut.format(at + 1))
    assert "1 of 3 signed" in refusal(three.fetch(IVANOV), UnauthorizedError)
    assert newest(three, IVANOV) == at


def test_v5_an_entry_with_a_stolen_name_and_no_key_is_forged(one: Net) -> None:
    """Ivanov signs an entry in the name of stasova, with his own key."""
    header, _ = entry(one, "stasova", "office penza committee")
    lay(one, header, key_of(one, IVANOV).sign(Text(Purpose.DISPATCH, format_header(header))))
    assert "no valid signature of center/stasova" in refusal(one.fetch(ORLOV), ForgedError)


# ---- with the commands that keepers use ------------------------------------------------------------------------------


def endorse(net: Net, who: str, number: int | None) -> Posted:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        return endorsing.endorse(desk, str(number))


def keep(net: Net, *names: str) -> Posted:
    with net.desk(STASOVA) as desk:
        return keepers.state(desk, keepers.plan(desk, names))


@pytest.fixture
def board(net: Net) -> Net:
    """Three keepers, made by `keepers` and `endorse`."""
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
    posted = keep(net, "stasova", "bazhanov", "kagan")
    assert (posted.proposed, posted.needed) == ("center/roster", 2)
    endorse(net, BAZHANOV, posted.number)
    for who in (STASOVA, BAZHANOV, KAGAN, IVANOV):  # she posts what he has signed, since he is no keeper yet
        net.fetch(who, receipts=who == STASOVA)
    return net


def test_three_keepers_are_made_and_show_that_two_of_them_sign(board: Net) -> None:
    with board.desk(IVANOV) as desk:
        shown = keepers.show(desk)
    assert (shown.keepers, shown.needed, shown.others) == (("bazhanov", "kagan", "stasova"), 2, ())
    assert shown.since == newest(board, IVANOV)
    board.clean()


def test_v5_an_officer_is_retired_by_two_of_three_and_his_cuts_are_those_that_they_saw(board: Net) -> None:
    board.send(IVANOV, "before", "center")
    with board.desk(STASOVA) as desk:
        posted = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    assert posted.proposed == "center/roster"
    with board.desk(BAZHANOV) as desk:
        assert desk.roster.officer("tver", "ivanov", desk.roster.newest) is not None
    done = endorse(board, BAZHANOV, posted.number)
    assert done.channel == "center/roster"
    board.fetch(PETROV)
    with board.desk(PETROV) as desk:
        assert done.number is not None
        assert desk.roster.cut(done.number, "tver/center").number == 1
    board.clean()


def test_two_keepers_who_dismiss_at_the_same_minute_the_second_is_proposed_anew_with_its_cuts(board: Net) -> None:
    """Both numbered their entry alike. The cuts of the second name its own entry, so they are made anew with it."""
    board.send(IVANOV, "before", "center")
    board.fetch(BAZHANOV)
    with board.desk(STASOVA) as desk:
        first = standing.take(desk, standing.plan(desk, "suspend", "samara"))
    with board.desk(BAZHANOV) as desk:
        second = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    assert first.number != second.number
    done = endorse(board, KAGAN, first.number)
    assert done.channel == "center/roster"
    with pytest.raises(CipherpostError):
        endorse(board, KAGAN, second.number)
    board.fetch(BAZHANOV)
    with board.desk(BAZHANOV) as desk:
        again = endorsing.amend(desk, str(second.number), None)
    last = endorse(board, STASOVA, again.number)
    assert last.number is not None
    assert done.number is not None
    assert last.number == done.number + 1
    board.fetch(BAZHANOV)
    with board.desk(BAZHANOV) as desk:
        assert desk.roster.cut(last.number, "tver/center").number == 1
        assert desk.roster.taken(last.number) == {"tver": ("ivanov",)}
    board.clean()


def test_i10_two_keepers_who_retire_the_same_man_the_second_is_told_to_withdraw(board: Net) -> None:
    with board.desk(STASOVA) as desk:
        first = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    with board.desk(BAZHANOV) as desk:
        second = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    endorse(board, KAGAN, first.number)
    board.fetch(BAZHANOV)
    with board.desk(BAZHANOV) as desk, pytest.raises(EntryRefusedError) as caught:
        endorsing.amend(desk, str(second.number), None)
    assert caught.value.hints[0] == f"cipherpost withdraw {second.number}"
    board.clean()


def test_v5_a_keeper_who_was_robbed_is_replaced_by_the_two_others(board: Net) -> None:
    """The thief has stasova's home, and all it knows; the two others need nobody else."""
    with board.desk(BAZHANOV) as desk:
        plan = standing.plan(desk, "compromised", STASOVA)
        assert "keepers from then on: bazhanov, kagan" in plan.lines()
        posted = standing.take(desk, plan)
    done = endorse(board, KAGAN, posted.number)
    board.fetch(STASOVA, receipts=False)
    with pytest.raises(CipherpostError), board.desk(STASOVA) as desk:
        keepers.plan(desk, ["stasova"])
    header = post_entry(board, "stasova", "keepers stasova")
    assert "was no keeper" in refusal(board.fetch(IVANOV), UnauthorizedError)
    assert header.number == newest(board, IVANOV) + 1
    assert done.number == newest(board, IVANOV)


# ---- long absent -----------------------------------------------------------------------------------------------------


def test_a_committee_long_absent_catches_up_through_changes_of_keepers_and_keys(three: Net) -> None:
    """The keepers who were there when it last looked are all gone."""
    for at in range(3):
        net_entry(three, f"office new-{at} committee", by="stasova", endorsers=["bazhanov"])
    net_entry(three, "keepers bazhanov kagan", by="stasova", endorsers=["bazhanov", "kagan"])
    net_entry(three, "retire center/stasova", by="kagan", endorsers=["bazhanov"])
    net_entry(three, "office last committee", by="kagan", endorsers=["bazhanov"])
    fetched = three.fetch(IVANOV)
    assert (fetched.exit_code, fetched.refused) == (0, [])
    with three.desk(IVANOV) as desk:
        assert desk.roster.keepers(desk.roster.newest) == ("bazhanov", "kagan")
        assert desk.roster.state("last", desk.roster.newest) == "declared"


def net_entry(net: Net, line: str, *, by: str, endorsers: list[str]) -> None:
    net.fetch(f"center/{by}", receipts=False)
    post_entry(net, by, line, endorsers=endorsers)
