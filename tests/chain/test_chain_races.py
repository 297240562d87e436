"""Races, forks, pins and cuts; and that the order of arrival decides nothing but an open race."""

from itertools import groupby

import pytest
from chainkit import NOW, Net, ack, codes, counting, feed, offer, officer, reason, sha, signer, status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cipherpost.chain import forks
from cipherpost.chain.channel import Entry
from cipherpost.chain.checks import ForkHeldError
from cipherpost.chain.network import RowsBrokenError
from cipherpost.errors import ForkError, NewerError, NotAuthenticError

CHANNEL = "tver/center"


@pytest.fixture
def net():
    made = Net()
    made.found("tver", "kursk")
    made.entry(officer("tver/orlov"))
    return made


def race(net, sides=2):
    one = net.make(CHANNEL)
    return one, *(net.make(CHANNEL, one, by=by) for by in ("ivanov", "petrova", "orlov")[:sides])


# ---- races -----------------------------------------------------------------------------------------------------------


def test_race_the_one_taken_first_stays_until_the_next_links(net):
    one, left, right = race(net)
    for first, second in ((left, right), (right, left)):
        chain = net.chain(one, first, second)
        assert (status(chain, first), status(chain, second)) == ("counts", "void")
        assert reason(chain, second) == "RaceLostError"
        assert codes(chain) == ["race"]
        assert chain.channel(CHANNEL).stopped is None


@pytest.mark.parametrize("winner", [1, 2])
def test_race_the_one_that_the_next_counting_one_links_to_stands(net, winner):
    sides = race(net)
    after = net.make(CHANNEL, sides[winner])
    loser = sides[3 - winner]
    for order in ((*sides, after), (sides[0], sides[2], sides[1], after), (after, *reversed(sides))):
        chain = net.chain(*order)
        assert counting(chain, CHANNEL) == [sides[0].hash, sides[winner].hash, after.hash]
        assert status(chain, loser) == "void"
        assert codes(chain) == ["race"]


def test_race_with_three_sides_is_settled_by_the_next(net):
    one, *sides = race(net, 3)
    after = net.make(CHANNEL, sides[2])
    chain = net.chain(one, *sides)
    assert codes(chain) == ["race", "race"]
    offer(chain, after)
    assert [status(chain, each) for each in sides] == ["void", "void", "counts"]


def test_race_a_void_side_is_no_race(net):
    one = net.make(CHANNEL)
    wrong = net.make(CHANNEL, one, kind="circular")
    right = net.make(CHANNEL, one, by="petrova")
    for order in ((one, wrong, right), (one, right, wrong)):
        chain = net.chain(*order)
        assert counting(chain, CHANNEL) == [one.hash, right.hash]
        assert codes(chain) == ["unauthorized"]


def test_race_a_void_dispatch_that_a_counting_one_links_to_stands_over_a_lone_side(net):
    one = net.make(CHANNEL)
    wrong = net.make(CHANNEL, one, kind="circular")
    lone = net.make(CHANNEL, one, by="petrova")
    after = net.make(CHANNEL, wrong)
    chain = net.chain(one, wrong, lone)
    assert status(chain, lone) == "counts"
    offer(chain, after)
    assert [status(chain, each) for each in (wrong, lone, after)] == ["void", "void", "counts"]


def test_race_what_a_void_dispatch_links_to_settles_nothing(net):
    one, left, right = race(net)
    wrong = net.make(CHANNEL, right, kind="circular")
    chain = net.chain(one, left, right, wrong)
    assert status(chain, left) == "counts"
    assert status(chain, wrong) == "void"


def test_race_a_held_side_waits_without_disturbing(net):
    one = net.make(CHANNEL)
    net.entry("title tver Tver")
    later = net.make(CHANNEL, one, by="petrova")
    now = net.make(CHANNEL, one, roster=3)
    chain = net.chain(one, later, now, entries=3)
    assert [status(chain, each) for each in (later, now)] == ["held", "counts"]
    assert [entry.hash for entry in chain.channel(CHANNEL).held()] == [later.hash]
    feed(chain, net.entries)
    assert [status(chain, each) for each in (later, now)] == ["void", "counts"]


# ---- forks -----------------------------------------------------------------------------------------------------------


def test_i3_the_same_officer_twice_in_one_slot_is_a_fork_and_does_not_stop_reading(net):
    one = net.make(CHANNEL)
    left, right = net.make(CHANNEL, one), net.make(CHANNEL, one, time="2026-11-23T09:00:00Z")
    chain = net.chain(one, left, right)
    (finding,) = chain.findings("2026-12-01T00:00:00Z")
    assert (finding.code, finding.number, finding.exit_code) == ("fork", 2, 7)
    assert (status(chain, left), chain.channel(CHANNEL).stopped) == ("counts", None)
    after = net.make(CHANNEL, right, time=right.header.time)
    offer(chain, after)
    assert [status(chain, each) for each in (left, right, after)] == ["void", "counts", "counts"]
    assert codes(chain) == ["fork"]


def test_i3_a_fork_is_seen_though_one_side_is_held(net):
    one, two = net.run(CHANNEL, 2)
    three = net.make(CHANNEL, two)
    other = net.make(CHANNEL, number=3, previous=signer("tver/orlov").verifier.public.hex())
    assert "fork" in codes(net.chain(one, two, three, other))


def fork(net):
    one, left, right = race(net)
    return one, left, right, net.make(CHANNEL, left, by="orlov"), net.make(CHANNEL, right, by="petrova")


def test_fork_two_sides_that_both_go_on_stop_reading_at_the_last_common_number(net):
    one, *_, more_right = notes = fork(net)
    chain = net.chain(*notes)
    view = chain.channel(CHANNEL)
    assert [status(chain, each) for each in notes] == ["counts", "held", "held", "held", "held"]
    assert view.fork == 1
    assert isinstance(view.stopped, ForkHeldError)
    assert isinstance(view.stopped, ForkError)
    assert view.last.hash == one.hash
    assert set(codes(chain)) == {"fork", "held"}
    further = net.make(CHANNEL, more_right)
    assert offer(chain, further).status == "held"


@pytest.mark.parametrize("side", [1, 2])
def test_fork_settle_ends_it_for_everybody_by_itself(net, side):
    notes = fork(net)
    chain = net.chain(*notes)
    assert chain.channel(CHANNEL).fork == 1
    settle = net.entry(f"settle {CHANNEL} 2 {notes[side].hash}")
    offer(chain, settle)
    late = net.chain(*reversed(notes))
    for each in (chain, late):
        assert counting(each, CHANNEL) == [notes[0].hash, notes[side].hash, notes[side + 2].hash]
        assert each.channel(CHANNEL).stopped is None
        (finding,) = [found for found in each.findings("2026-12-01T00:00:00Z") if found.exit_code or found.known_since]
        assert (finding.code, finding.known_since, finding.exit_code) == ("fork", "center/roster/4", 0)
    further = net.make(CHANNEL, notes[side + 2])
    assert offer(chain, further).counts


def test_pin_holds_below_its_number_once_its_note_is_here(net):
    one, left, right, more_left, more_right = notes = fork(net)
    settle = net.entry(f"settle {CHANNEL} 3 {more_right.hash}")
    chain = net.chain(one, left, more_left)
    assert settle
    assert [status(chain, each) for each in (one, left, more_left)] == ["counts", "counts", "void"]
    feed(chain, [right, more_right])
    assert counting(chain, CHANNEL) == [one.hash, right.hash, more_right.hash]
    assert counting(net.chain(*notes), CHANNEL) == counting(chain, CHANNEL)


def test_pin_a_later_settlement_replaces_an_earlier_one_that_it_contradicts(net):
    one, left, right, _, more_right = notes = fork(net)
    net.entry(f"settle {CHANNEL} 2 {left.hash}")
    assert counting(net.chain(*notes), CHANNEL)[1] == left.hash
    net.entry(f"settle {CHANNEL} 3 {more_right.hash}")
    assert counting(net.chain(*notes), CHANNEL) == [one.hash, right.hash, more_right.hash]


def test_fork_of_the_roster_is_seen_and_the_one_taken_first_stays(net):
    left = net.entry("title tver Left")
    right = net.entry("title tver Right", number=4, previous=net.entries[2].hash)
    chain = net.chain()
    assert offer(chain, right).status == "void"
    assert codes(chain) == ["fork"]
    more_left = net.entry("title tver More")
    assert offer(chain, more_left).counts
    assert chain.roster.title("tver", 5) == "More"
    beyond = net.entry("title tver Other", number=5, previous=right.hash)
    assert offer(chain, beyond).status == "held"
    assert chain.channel("center/roster").fork == 3
    last = net.entry("title tver Last")
    assert offer(chain, last).status == "held"
    assert chain.roster.newest == 5
    assert left.hash == chain.roster.hash_of(4)


@pytest.mark.parametrize("declared", [False, True])
def test_fork_of_the_roster_with_a_founders_stolen_key_is_listed_and_stops_nobody(declared):
    """She was the only keeper once, and now two of three sign; the thief has what was enough then."""
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"), "office tver committee", "title tver Tver")
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    if declared:
        net.entry("compromised center/stasova", "keepers bazhanov kagan", by="kagan", endorsers=["bazhanov"], draft=32)
    chain = net.chain()
    rival = net.entry("title center Thief", number=2, previous=net.fingerprint)
    beyond = net.entry("title center Thieves", number=3, previous=rival.hash)
    for each in (rival, beyond):
        assert offer(chain, each).status == "void"
    assert chain.channel("center/roster").stopped is None
    listed = [each for each in chain.findings(NOW) if each.code == "fork"]
    assert [(each.number, each.known_since, each.exit_code) for each in listed] == [
        (number, "center/roster/3", 0) for number in (2, 3)
    ]
    assert [(each.number, each.settled, each.stops) for each in forks.forks(chain)] == [
        (number, "center/roster/3", False) for number in (2, 3)
    ]
    last = net.entry("title tver Last", by="kagan", endorsers=["bazhanov"], draft=33)
    assert offer(chain, last).counts
    assert chain.channel("center/roster").held() == ()


def test_i3_fork_of_the_roster_is_over_once_its_signers_keep_it_no_more(net):
    """A lone keeper whose home was restored signed twice: nothing can be pinned there, and other keys end it."""
    net.entry("title tver Left")
    rival = net.entry("title tver Right", number=4, previous=net.entries[2].hash)
    chain = net.chain()
    offer(chain, rival)
    (fork,) = forks.forks(chain)
    assert (fork.number, fork.settled) == (4, None)
    feed(chain, [net.entry(officer("center/bazhanov")), net.entry("keepers bazhanov", endorsers=["bazhanov"])])
    (fork,) = forks.forks(chain)
    assert (fork.number, fork.settled) == (4, "center/roster/6")


@pytest.mark.parametrize(("endorsers", "settled"), [((), "center/roster/4"), (("kagan",), None)])
def test_i3_another_entry_whose_earlier_ones_are_hidden_is_a_fork_only_if_most_keepers_signed_it(endorsers, settled):
    """One keeper alone can sign what he likes; two of three who did not sign what was taken are a fork."""
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"), "office tver committee", "title tver Tver")
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    net.entry("title tver One", endorsers=["bazhanov"], draft=32)
    chain = net.chain()
    other = net.entry("title tver Two", number=4, previous=sha("hidden"), endorsers=endorsers, draft=33)
    offer(chain, other)
    (fork,) = forks.forks(chain)
    assert (fork.number, fork.settled, fork.stops) == (4, settled, False)
    assert [each.exit_code for each in chain.findings(NOW) if each.code == "fork"] == [0 if settled else 7]


def test_i3_two_sides_that_the_carrier_alone_can_have_made_point_to_nobody(net):
    """It shows two officers of one office two post offices, and each goes on in good faith."""
    one, left, right = race(net)
    chain = net.chain(one, left, right, net.make(CHANNEL, left), net.make(CHANNEL, right, by="petrova"))
    (fork,) = (each for each in chain.findings(NOW) if each.code == "fork")
    assert (fork.number, fork.points_to, fork.exit_code) == (2, "nobody", 7)
    twice = net.make(CHANNEL, one, time="2026-11-22T10:00:00Z")
    (fork,) = (each for each in net.chain(one, left, twice).findings(NOW) if each.code == "fork")
    assert (fork.points_to, fork.detail) == (
        "sender", "whoever held the key of ivanov signed two dispatches with this number"
    )  # fmt: skip


def stolen(net):
    """Ivanov's key was stolen and declared so behind number 2, and he has new ones from the next entry on."""
    sent = net.run(CHANNEL, 2)
    net.entry("compromised tver/ivanov", f"cut 4 {CHANNEL} 2 {sent[1].hash}")
    net.entry(officer("tver/ivanov", 1))
    return sent, net.run(CHANNEL, 2, sent[1], key=signer("tver/ivanov", 1))


def test_i3_a_thief_with_the_old_key_makes_no_forger_of_the_officer_with_the_new_one(net):
    """He signs each number that the officer signs; what he signs is void, and the officer is accused of nothing."""
    sent, new = stolen(net)
    thiefs = [net.make(CHANNEL, above, roster=3) for above in (sent[1], new[0])]
    for chain in (net.chain(*sent, *new, *thiefs), net.chain(*sent, *thiefs, *new)):
        assert not {"fork", "race"} & set(codes(chain))
        assert {status(chain, each) for each in thiefs} == {"void"}
        assert counting(chain, CHANNEL) == [each.hash for each in (*sent, *new)]
    rows = list(net.chain(*sent, *new).channel(CHANNEL).rows())
    home = net.chain()
    home.restore(CHANNEL, rows, pytest.fail)
    feed(home, thiefs)
    assert list(forks.forks(home)) == []


@pytest.mark.parametrize("entry", [3, 5])
def test_i3_a_key_that_lost_its_standing_alarms_nobody_for_ever(net, entry):
    """Who stole it signs a number twice, and whatever entry he cites, that is settled since the key was struck off."""
    sent, new = stolen(net)
    times = ("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z")
    thiefs = [net.make(CHANNEL, new[0], roster=entry, time=time) for time in times]
    chain = net.chain(*sent, *new, *thiefs)
    (fork,) = (each for each in chain.findings(NOW) if each.code == "fork")
    assert (fork.number, fork.known_since) == (4, "center/roster/4")
    net.entry(f"cut 4 {CHANNEL} 4 {new[1].hash}")
    feed(chain, net.entries[-1:])
    (fork,) = forks.forks(chain)
    assert fork.settled == "center/roster/6"


def test_i3_a_key_in_good_standing_that_signs_twice_is_settled_by_nothing(net):
    """Neither by a colleague who was struck off, nor by a loss that was stated and taken back."""
    one = net.make(CHANNEL)
    net.entry("retire tver/petrova", f"cut 4 {CHANNEL} 1 {one.hash}")
    net.entry("suspend tver", f"cut 5 {CHANNEL} 1 {one.hash}")
    net.entry("reinstate tver")
    twice = [net.make(CHANNEL, one, time=time) for time in ("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z")]
    (fork,) = forks.forks(net.chain(one, *twice))
    assert fork.settled is None


def test_v3_two_entries_by_one_keeper_that_both_wait_contradict_nothing_yet(net):
    chain = net.chain()
    for word in ("one", "two"):
        offer(chain, net.entry(f"title tver {word.title()}", number=9, previous=sha(word)))
    assert list(forks.forks(chain)) == []


def test_v3_an_entry_far_ahead_by_a_key_that_was_declared_stolen_is_waited_for_no_more():
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"))
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    chain = net.chain()
    far = net.entry("title center Thief", number=99_999_999, previous=sha("none"))
    assert offer(chain, far).status == "held"
    assert chain.channel("center/roster").gaps() != ()
    offer(
        chain,
        net.entry("compromised center/stasova", "keepers bazhanov kagan", by="kagan", endorsers=["bazhanov"], draft=32),
    )
    assert status(chain, far) == "void"
    assert (chain.channel("center/roster").gaps(), chain.channel("center/roster").wanted()) == ((), ())


# ---- cuts ------------------------------------------------------------------------------------------------------------


def test_cut_a_colleague_who_honestly_cites_an_older_entry_still_counts(net):
    notes = net.run(CHANNEL, 2)
    stolen = net.make(CHANNEL, notes[1])
    colleague = net.make(CHANNEL, stolen, by="petrova")
    chain = net.chain(*notes, stolen, colleague)
    offer(chain, net.entry("compromised tver/ivanov", f"cut 4 {CHANNEL} 2 {notes[1].hash}"))
    assert [status(chain, each) for each in (*notes, stolen, colleague)] == ["counts", "counts", "void", "counts"]
    assert reason(chain, stolen) == "CutError"


def test_cut_a_channel_not_named_is_cut_at_zero_and_a_later_entry_moves_the_cut(net):
    notes = net.run(CHANNEL, 3)
    chain = net.chain(*notes)
    offer(chain, net.entry("suspend tver"))
    assert [status(chain, each) for each in notes] == ["void"] * 3
    offer(chain, net.entry(f"cut 4 {CHANNEL} 2 {notes[1].hash}"))
    assert [status(chain, each) for each in notes] == ["counts", "counts", "void"]
    offer(chain, net.entry(f"cut 4 {CHANNEL} 3 {notes[2].hash}"))
    assert [status(chain, each) for each in notes] == ["counts"] * 3
    assert codes(chain) == []


def test_cut_judges_restored_records_again_without_their_notes(net):
    notes = net.run(CHANNEL, 3)
    rows = list(net.chain(*notes).channel(CHANNEL).rows())
    chain = net.chain()
    chain.restore(CHANNEL, rows, pytest.fail)
    offer(chain, net.entry("suspend tver", f"cut 4 {CHANNEL} 2 {notes[1].hash}"))
    assert [node.number for node in chain.channel(CHANNEL).counting()] == [1, 2]


def test_cut_a_pin_chooses_the_side_that_the_center_verified(net):
    one, _, right, _, more_right = notes = fork(net)
    net.entry("retire tver/orlov", f"cut 4 {CHANNEL} 2 {right.hash}")
    chain = net.chain(*notes)
    assert counting(chain, CHANNEL) == [one.hash, right.hash, more_right.hash]


@pytest.mark.parametrize(("statement", "extra"), [("suspend tver", ["uncounted"]), ("dissolve tver", [])])
def test_cut_below_what_the_center_acknowledged_is_a_finding(net, statement, extra):
    notes = net.run(CHANNEL, 3)
    receipt = net.make("center/tver", by="stasova", kind="receipt", acks=(ack(notes[1], "seen"),))
    net.entry(statement, f"cut 4 {CHANNEL} 1 {notes[0].hash}")
    assert sorted(codes(net.chain(*notes, receipt))) == [*extra, "void", "void"]


def test_pin_an_honest_run_through_its_number_is_taken_note_by_note(net):
    notes = net.run(CHANNEL, 4)
    net.entry(f"settle {CHANNEL} 3 {notes[2].hash}")
    chain = net.chain(*notes[:3])
    other = net.make(CHANNEL, notes[1], by="petrova")
    assert offer(chain, other).status == "void"
    assert offer(chain, notes[3]).counts
    assert len(counting(chain, CHANNEL)) == 4


# ---- looking again ---------------------------------------------------------------------------------------------------


def test_numbers_where_nothing_counts_yet_are_looked_at_again(net):
    one, two = net.run(CHANNEL, 2)
    void = net.make(CHANNEL, two, kind="circular")
    view = net.chain(one, two, void).channel(CHANNEL)
    assert (view.next, view.again) == (4, range(3, 4))
    right = net.make(CHANNEL, two, by="petrova")
    view = net.chain(one, two, void, right).channel(CHANNEL)
    assert (view.next, view.again, view.tip) == (4, range(4, 4), (3, right.hash))


def test_a_fork_that_goes_on_and_on_is_not_judged_from_the_start_each_time(net):
    one, left, right, more_left, more_right = notes = fork(net)
    chain = net.chain(*notes)
    tree = chain.channel(CHANNEL).tree
    tree._choose = pytest.fail
    feed(chain, net.run(CHANNEL, 3, more_left))
    feed(chain, net.run(CHANNEL, 3, more_right, by="petrova"))
    for each in net.run("tver/center", 2, more_left, kind="circular"):
        offer(chain, each)
    assert chain.channel(CHANNEL).fork == 1
    assert status(chain, left) == status(chain, right) == "held"
    assert status(chain, one) == "counts"


# ---- restoring -------------------------------------------------------------------------------------------------------


def test_restore_goes_on_where_it_was(net):
    one = net.make(CHANNEL)
    void = net.make(CHANNEL, one, kind="circular")
    two = net.make(CHANNEL, void, by="petrova")
    notes = {(each.number, each.hash): each.note for each in (one, void, two)}
    first = net.chain(one, void, two)
    rows = list(first.channel(CHANNEL).rows())
    assert [row.status for row in rows] == ["counts", "void", "counts"]
    chain = net.chain()
    chain.restore(CHANNEL, rows, lambda number, hashed: notes[number, hashed])
    assert list(chain.channel(CHANNEL).entries()) != []
    assert [status(chain, each) for each in (one, void, two)] == ["counts", "void", "counts"]
    assert codes(chain) == codes(first)
    after = net.make(CHANNEL, two)
    assert offer(chain, after).counts
    assert list(chain.channel(CHANNEL).rows(3)) == list(net.chain(one, void, two, after).channel(CHANNEL).rows(3))
    assert chain.channel(CHANNEL).entry(3).header == two.header


def test_restore_refuses_records_that_do_not_hang_together(net):
    rows = list(net.chain(*net.run(CHANNEL, 3)).channel(CHANNEL).rows())
    for broken in (rows[1:], [rows[0], rows[2]], [rows[0], rows[1]._replace(previous="0" * 64)]):
        with pytest.raises(RowsBrokenError):
            net.chain().restore(CHANNEL, broken, pytest.fail)


# ---- any order -------------------------------------------------------------------------------------------------------


def world():
    """Every kind of trouble at once; in each slot at most one race, and all of them settled."""
    net = Net()
    net.found("tver", "kursk")
    net.entry(officer("tver/orlov"))
    one, left, right = race(net)
    three = net.make(CHANNEL, right, by="petrova")
    void = net.make(CHANNEL, three, kind="circular")
    five = net.make(CHANNEL, void)
    net.entry(officer("tver/ivanov", 1), f"cut 4 {CHANNEL} 5 {five.hash}")
    six = net.make(CHANNEL, five, key=signer("tver/ivanov", 1))
    copied = net.make(CHANNEL, five)  # the same text as six, signed with the old key
    stolen = net.make(CHANNEL, five, time="2026-11-22T09:30:00Z")
    twice = net.make(CHANNEL, six, by="orlov"), net.make(CHANNEL, six, by="orlov", time="2026-11-23T09:00:00Z")
    eight = net.make(CHANNEL, twice[0], by="petrova")
    net.entry("retire tver/orlov", f"cut 5 {CHANNEL} 7 {twice[0].hash}")
    beyond = net.make(CHANNEL, eight, by="orlov", roster=4)
    held = net.make(CHANNEL, number=12, previous="1" * 64, by="petrova")
    answer = net.run("center/tver", 3, by="stasova")
    notes = [one, left, right, three, void, five, six, copied, stolen, *twice, eight, beyond, held, *answer]
    return net, notes


NET, NOTES = world()
TRUTH = NET.chain(*NOTES)
EXPECTED = {each: (status(TRUTH, each), reason(TRUTH, each)) for each in NOTES}


def test_the_world_of_the_next_test_has_every_status():
    assert {verdict for verdict, _ in EXPECTED.values()} == {"counts", "void", "held"}
    assert len(counting(TRUTH, CHANNEL)) == 7
    assert set(codes(TRUTH)) == {"race", "fork", "void", "unauthorized", "gap", "held"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations([*NET.entries, *NOTES]))
def test_any_order_of_arrival_ends_in_the_same_state(order):
    chain = NET.chain(*order, entries=0)
    assert {each: (status(chain, each), reason(chain, each)) for each in NOTES} == EXPECTED
    assert chain.findings("2026-12-01T00:00:00Z") == TRUTH.findings("2026-12-01T00:00:00Z")
    assert chain.roster.newest == len(NET.entries)
    for name, view in TRUTH.channels.items():
        assert (chain.channels[name].tip, chain.channels[name].next) == (view.tip, view.next)
        assert chain.channels[name].gaps() == view.gaps()


def _with_bad_ones(order):
    """Each note, and after every third one junk, a note of another number or a wrong signature."""
    for at, made in enumerate(order):
        yield made.channel, made.number, made.note
        wrong_signature = made.note[:-20] + (b"A" if made.note[-20:-19] != b"A" else b"B") + made.note[-19:]
        bad = ((made.number, b"junk\n"), (made.number + 1, made.note), (made.number, wrong_signature))[at // 3 % 3]
        if at % 3 == 2:
            yield made.channel, *bad


def _offered(chain, channel, number, note):
    try:
        return chain.offer(channel, number, note)
    except (NotAuthenticError, NewerError) as error:
        return error


def _said(results):
    return [each if isinstance(each, Entry) and each.counts else (type(each), str(each)) for each in results]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations([*NET.entries, *NOTES]), st.integers(1, 5))
def test_notes_offered_together_end_as_those_offered_one_by_one(order, together):
    one_by_one, batches = NET.chain(entries=0), NET.chain(entries=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cipherpost.chain.network._AT_ONCE", together)
        for channel, found in groupby(_with_bad_ones(order), key=lambda each: each[0]):
            notes = [(number, note) for _, number, note in found]
            expected = [_offered(one_by_one, channel, number, note) for number, note in notes]
            assert _said(batches.offer_all(channel, notes)) == _said(expected)
    assert batches.findings(NOW) == one_by_one.findings(NOW)
    assert {"malformed", "misplaced", "forged"} <= {each.code for each in batches.findings(NOW)}
