"""Unknown: where the channel is not whole, nobody is said to owe what may have been sent."""

import pytest
from ledgerkit import RETURN, Made, Net, ack, head, moment

LATER = "2026-12-24T00:00:00Z"
NOVEMBER = f"{RETURN} 2026-11"


@pytest.fixture
def net():
    """October was reported, then a message was sent; November is missing."""
    made = Net("tver", "kursk")
    made.report("2026-11-02T09:00:00Z")
    return made


def test_v11_i9_a_gap_makes_open_debts_unknown_and_never_overdue(net) -> None:
    lost = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    after = net.send("tver/center", "2026-12-03T09:00:00Z")
    assert net.state(LATER, NOVEMBER) == "on-time"
    assert net.state(LATER, NOVEMBER, without=[lost]) == "unknown"
    assert net.state(LATER, f"{RETURN} 2026-12", without=[lost]) == "unknown"
    assert net.state(LATER, without=[lost]) == "on-time"  # what is there is judged
    assert net.state(LATER, NOVEMBER, without=[lost, after]) == "overdue"
    assert net.state(LATER, NOVEMBER, office="kursk", without=[lost]) == "overdue"
    assert set(net.codes(LATER, without=[lost])) == {"overdue", "unknown"}


def test_v11_an_ack_of_a_number_that_is_not_here_makes_them_unknown(net) -> None:
    lost = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    assert net.state(LATER, NOVEMBER, without=[lost]) == "overdue"
    net.ack("2026-12-02T12:00:00Z", lost)
    assert net.state(LATER, NOVEMBER, without=[lost]) == "unknown"


def test_v11_so_does_the_auditors_ack(net) -> None:
    lost = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    net.ack("2026-12-02T12:00:00Z", lost, "seen", by="audit")
    assert net.state(LATER, NOVEMBER, without=[lost]) == "unknown"


def test_v11_so_does_a_head_that_the_office_states_elsewhere(net) -> None:
    lost = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    net.send("tver/tver", "2026-12-03T09:00:00Z", heads=(head(lost),))
    assert net.state(LATER, NOVEMBER, without=[lost]) == "unknown"
    assert net.state(LATER, NOVEMBER) == "on-time"


def test_v11_a_lost_decision_makes_them_unknown_too(net) -> None:
    lost = net.decide("2026-12-10T09:00:00Z", "excused", (RETURN, "2026-11"))
    net.send("tver/center", "2026-12-12T09:00:00Z", kind="receipt", acks=(ack(lost),))
    assert net.state(LATER, NOVEMBER) == "excused"
    assert net.state(LATER, NOVEMBER, without=[lost]) == "unknown"


def test_v11_what_one_office_says_of_another_or_of_a_group_makes_nothing_unknown(net) -> None:
    order = net.order("2026-12-01T09:00:00Z", "2026-12-15")
    ghost = ack(order)._replace(number=99)
    net.send("tver/center", "2026-12-12T09:00:00Z", kind="receipt", acks=(ghost,))
    assert {str(debt.state) for debt in net.debts(LATER) if debt.order} == {"overdue"}


def test_v11_a_lost_circular_leaves_unknown_whether_an_order_still_stands(net) -> None:
    net.order("2026-12-01T09:00:00Z", "2026-12-15")
    lost = net.send("center/all", "2026-12-02T09:00:00Z", kind="circular", cancels=1)
    net.send("center/all", "2026-12-03T09:00:00Z", kind="circular")
    orders = [str(debt.state) for debt in net.debts(LATER, without=[lost]) if debt.order]
    assert orders == ["unknown", "unknown"]
    assert net.state(LATER, NOVEMBER, without=[lost]) == "overdue"


def race(net):
    """Two officers send number 3 at once: one reports, the other writes."""
    before = net.tips["tver/center"]
    report = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    letter = net.send("tver/center", "2026-12-02T09:00:30Z", after=before, by="petrova")
    return report, letter


def test_v11_i8_an_open_race_is_unknown_whichever_came_first(net) -> None:
    report, letter = race(net)
    rest = [made for made in net.notes if made not in (report, letter)]
    for last in ((report, letter), (letter, report)):
        assert net.state(LATER, NOVEMBER, order=[*rest, *last]) == "unknown"


@pytest.mark.parametrize(("winner", "state"), [(0, "on-time"), (1, "overdue")])
def test_v11_a_race_that_ended_is_known(net, winner, state) -> None:
    sides = race(net)
    net.send("tver/center", "2026-12-03T09:00:00Z", after=sides[winner])
    assert net.state(LATER, NOVEMBER) == state


def test_v11_a_fork_is_unknown_until_it_is_settled(net) -> None:
    sides = race(net)
    ends = [net.send("tver/center", "2026-12-03T09:00:00Z", after=side) for side in sides]
    assert net.state(LATER, NOVEMBER) == "unknown"
    net.entry("2026-12-20T09:00:00Z", f"settle tver/center {ends[0].number} {ends[0].hash}")
    assert net.state(LATER, NOVEMBER) == "on-time"


def test_v11_what_waits_for_a_roster_entry_is_unknown(net) -> None:
    entry = net.entry("2026-12-01T09:00:00Z", "title tver Tver")
    net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    assert net.state(LATER, NOVEMBER, without=[entry]) == "unknown"
    assert net.state(LATER, NOVEMBER) == "on-time"


def test_v11_sent_back_and_excused_stand_before_unknown(net) -> None:
    net.decide("2026-12-10T09:00:00Z", "excused", (RETURN, "2026-11"))
    net.send("tver/center", "2026-12-11T09:00:00Z")
    lost = net.tips["tver/center"]
    net.send("tver/center", "2026-12-12T09:00:00Z")
    assert net.state(LATER, NOVEMBER, without=[lost]) == "excused"
    assert net.state(LATER, f"{RETURN} 2026-12", without=[lost]) == "unknown"


def test_v11_what_a_cut_left_out_is_not_missing(net) -> None:
    second = net.report("2026-12-02T09:00:00Z", period="2026-11", seen=False)
    net.ack("2026-12-02T12:00:00Z", second)
    first = next(made for made in net.notes if made.channel == "tver/center")
    assert isinstance(first, Made)
    cut = f"cut 3 tver/center 1 {first.hash}"
    net.entry(moment("2026-12-20T09:00:00Z", 0), "retire tver/ivanov", cut)
    assert net.state(LATER, NOVEMBER) == "overdue"
