"""The same ledger for everybody with the same notes, and for one who asked all along."""

from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgerkit import AFTER, BEFORE, EVENT, MONTHLY, RETURN, Net, ack, admit, midnight, moment

from cipherpost.chain.network import Chain
from cipherpost.ledger.ledger import Ledger

TIMES = [
    "2026-10-15T00:00:00Z",
    "2026-11-03T00:00:00Z",
    "2026-11-20T00:00:00Z",
    "2026-12-05T00:00:00Z",
    "2026-12-24T00:00:00Z",
]


def year():
    """A few months in which much happens."""
    net = Net("tver", "kursk", "perm", duties=(MONTHLY, BEFORE, AFTER))
    net.report("2026-11-02T09:00:00Z")
    net.report("2026-11-03T09:00:00Z", office="kursk", nil=True, seen=False)
    net.look("2026-11-12T09:00:00Z", office="perm")
    order = net.order("2026-11-12T10:00:00Z", "2026-11-30")
    net.report("2026-11-05T09:00:00Z", office="perm", seen="2026-11-14T09:00:00Z")
    net.report("2026-11-20T09:00:00Z", supersedes=1)
    net.reply("2026-11-21T09:00:00Z", order)
    held = net.report("2026-11-22T09:00:00Z", "conference-before", EVENT, held="2026-12-01")
    net.report("2026-11-25T09:00:00Z", "conference-before", EVENT, held="2026-12-03", supersedes=held.number)
    net.decide("2026-11-26T09:00:00Z", "excused", order, office="kursk")
    net.entry("2026-11-28T09:00:00Z", *admit("omsk"), "timezone Europe/Berlin")
    net.decide("2026-12-01T09:00:00Z", "sent-back", until="2026-12-10", office="perm")
    net.report("2026-12-02T09:00:00Z", period="2026-11", office="omsk")
    net.report("2026-12-09T09:00:00Z", office="perm", supersedes=1, seen=False)
    net.ack("2026-12-10T09:00:00Z", net.tips["perm/center"], "seen", by="audit")
    net.report("2026-12-05T09:00:00Z", "conference-after", EVENT, held="2026-12-03", office="kursk")
    return net


NET = year()


def seen(chain, offices=None):
    ledger = Ledger(chain)
    return [(ledger.debts(time, offices=offices), ledger.findings(time)) for time in TIMES]


def fed(notes):
    chain = Chain("rkpb", NET.fingerprint)
    for made in notes:
        chain.offer(made.channel, made.number, made.note)
    return chain


ALL = seen(NET.chain())


def test_v11_much_happens_in_it() -> None:
    states = {str(debt.state) for debts, _ in ALL for debt in debts}
    assert states >= {"late", "nil", "corrected", "on-time", "overdue", "sent-back", "excused", "due", "not-due"}
    assert {each.code for _, found in ALL for each in found} >= {"late", "overdue", "order"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_v11_i8_the_order_in_which_notes_come_changes_nothing(random) -> None:
    notes = [*NET.notes]
    random.shuffle(notes)
    roster = [made for made in notes if made.channel == "center/roster"]
    rest = [made for made in notes if made.channel != "center/roster"]
    random.shuffle(rest)
    assert seen(fed([*sorted(roster, key=lambda made: made.number), *rest])) == ALL


def test_v11_i8_center_and_auditor_get_the_same_from_what_their_homes_kept() -> None:
    """Another home takes up rows and reads headers from the notes it kept."""
    kept = {(made.channel, made.number): made.note for made in NET.notes}
    whole, restored = NET.chain(), Chain("rkpb", NET.fingerprint)
    for name in sorted(whole.channels, key=lambda name: name != "center/roster"):
        if name == "center/roster":
            for entry in whole.channel(name).entries():
                restored.offer(name, entry.header.number, kept[name, entry.header.number])
            continue
        rows = whole.channel(name).rows()
        restored.restore(name, rows, lambda number, _hash, name=name: kept[name, number])
    assert seen(restored) == ALL


def test_v11_i8_each_office_sees_of_itself_what_all_see() -> None:
    for office in ("tver", "kursk", "perm", "omsk"):
        own = [
            made
            for made in NET.notes
            if office in made.channel.split("/") or made.channel.split("/")[1] in {"roster", "all"}
        ]
        mine = [debts for debts, _ in seen(fed(own), offices={office})]
        theirs = [tuple(debt for debt in debts if debt.office == office) for debts, _ in ALL]
        if office != "perm":  # the auditor's ack goes to the center alone
            assert mine == theirs


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_v11_one_ledger_kept_while_the_chain_grows_says_what_a_new_one_says(data) -> None:
    chain = Chain("rkpb", NET.fingerprint)
    ledger = Ledger(chain)
    channels = {
        name: [*made]
        for name, made in groupby(sorted(NET.notes, key=lambda each: each.channel), key=lambda each: each.channel)
    }
    for made in channels["center/roster"][:2]:
        chain.offer(made.channel, made.number, made.note)
    left = [made for made in NET.notes if made not in channels["center/roster"][:2]]
    left = data.draw(st.permutations(left))
    while left:
        count = data.draw(st.integers(1, 8))
        for made in left[:count]:
            chain.offer(made.channel, made.number, made.note)
        left = left[count:]
        time = data.draw(st.sampled_from([*TIMES, midnight("2026-11-05"), moment(midnight("2026-11-05"), 1)]))
        assert ledger.debts(time) == Ledger(chain).debts(time)
        assert ledger.findings(time) == Ledger(chain).findings(time)
    assert [(ledger.debts(time), ledger.findings(time)) for time in TIMES] == ALL


def test_v11_asking_again_gives_the_same_rows_and_only_what_is_new_is_judged() -> None:
    net = Net("tver", "kursk")
    net.report("2026-11-02T09:00:00Z")
    chain = net.chain()
    ledger = Ledger(chain)
    before = ledger.debts("2026-11-20T00:00:00Z")
    made = net.report("2026-11-20T09:00:00Z", office="kursk", seen=False)
    chain.offer(made.channel, made.number, made.note)
    after = ledger.debts("2026-11-20T12:00:00Z")
    changed = [debt for debt in after if not any(debt is other for other in before)]
    assert {debt.office for debt in changed} == {"kursk"}
    assert [str(debt.state) for debt in after if debt.office == "kursk" and debt.name == f"{RETURN} 2026-10"] == [
        "late"
    ]


def test_v11_time_passing_over_a_deadline_is_noticed() -> None:
    ledger = Net().ledger()
    late = midnight("2026-11-05")
    for time, state in (
        (moment(late, -1), "due"),
        (late, "due"),
        (moment(late, 1), "overdue"),
        (late, "due"),
        ("2026-10-20T00:00:00Z", "not-due"),
    ):
        assert str(ledger.debts(time)[0].state) == state


def kept_and_new(net, *parts, as_of):
    """The debts of a ledger that was asked after each part of the notes came; they are those of a new one."""
    chain = Chain("rkpb", net.fingerprint)
    ledger = Ledger(chain)
    for part in parts:
        for made in part:
            chain.offer(made.channel, made.number, made.note)
        assert ledger.debts(as_of) == Ledger(chain).debts(as_of)
        assert ledger.findings(as_of) == Ledger(chain).findings(as_of)
    return ledger


def test_v11_what_is_said_of_an_office_before_its_admission_came_is_looked_at_again() -> None:
    """Its channel was looked at when nobody here knew it as an office; then the roster came."""
    net = Net("tver")
    net.entry("2026-10-02T09:00:00Z", *admit("omsk"), *admit("control", "auditor", ("petrov",)))
    net.report("2026-11-02T09:00:00Z", office="tver", seen=False)
    net.send("control/center", "2026-11-03T09:00:00Z", by="petrov", kind="receipt", acks=(ack(net.notes[-1], "seen"),))
    net.order("2026-11-04T09:00:00Z", "2026-11-10", to="omsk")
    first, second = net.look("2026-11-05T09:00:00Z", office="omsk"), net.look("2026-11-20T09:00:00Z", office="omsk")
    early = [made for made in net.notes if made not in (net.notes[2], first)]
    ledger = kept_and_new(net, early, [net.notes[2]], as_of="2026-11-21T00:00:00Z")
    assert second in early
    states = {
        (debt.office, debt.name): (str(debt.state), debt.judged_by) for debt in ledger.debts("2026-11-21T00:00:00Z")
    }
    assert states["tver", f"{RETURN} 2026-10"] == ("on-time", "receipt")
    assert states["omsk", f"{RETURN} 2026-10"] == ("unknown", None)
    ledger = kept_and_new(net, early, [net.notes[2]], [first], as_of="2026-11-21T00:00:00Z")
    assert {str(debt.state) for debt in ledger.debts("2026-11-21T00:00:00Z", offices=["omsk"])} == {
        "overdue",
        "not-due",
    }


def test_v11_a_race_that_an_entry_of_the_roster_opens_is_noticed() -> None:
    net = Net("tver")
    made = net.report("2026-11-02T09:00:00Z", seen=False)
    entry = net.entry("2026-11-03T09:00:00Z", "group volga tver")
    other = net.report("2026-11-03T10:00:00Z", seen=False, after=None, by="petrova")
    rest = [each for each in net.notes if each not in (made, entry, other)]
    ledger = kept_and_new(net, [*rest, made], [other], [entry], as_of="2026-11-20T00:00:00Z")
    (debt, _) = ledger.debts("2026-11-20T00:00:00Z")
    assert str(debt.state) == "unknown"


def test_v11_i8_while_a_race_is_open_it_does_not_matter_which_side_was_read_first() -> None:
    """An ack of one side shows what stands below it, to whoever took the other side first, too."""
    net = Net("tver")
    made = net.report("2026-11-02T09:00:00Z", seen=False)
    one = net.send("tver/center", "2026-11-03T09:00:00Z", after=made)
    other = net.send("tver/center", "2026-11-03T09:01:00Z", after=made, by="petrova")
    net.ack("2026-11-03T10:00:00Z", one, "seen", by="audit")
    rest = [each for each in net.notes if each not in (one, other)]
    for first, second in ((one, other), (other, one)):
        ledger = kept_and_new(net, [*rest, first], [second], as_of="2026-11-20T00:00:00Z")
        debt = ledger.debts("2026-11-20T00:00:00Z")[0]
        assert (debt.report, debt.judged_by, debt.evidence) == (made.place, "receipt", "audit/center/1")
