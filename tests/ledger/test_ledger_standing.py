"""Who owes: offices admitted, suspended, reinstated, dissolved in the middle of a period; groups; single offices."""

import pytest
from ledgerkit import MONTHLY, RETURN, Net, admit, midnight, moment

END, DEADLINE = midnight("2026-10-31"), midnight("2026-11-05")
LATER = "2026-11-20T00:00:00Z"
OCTOBER = f"{RETURN} 2026-10"


def test_v11_an_office_admitted_in_the_middle_of_a_period_owes_it() -> None:
    net = Net()
    net.entry("2026-10-20T08:00:00Z", *admit("kursk"))
    assert net.names("2026-10-20T07:59:59Z", "kursk") == []
    assert net.state("2026-10-20T08:00:00Z", office="kursk") == "not-due"
    assert net.state(LATER, office="kursk") == "overdue"


@pytest.mark.parametrize(("seconds", "owes"), [(0, True), (1, False)])
def test_v11_an_office_admitted_after_the_end_does_not(seconds, owes) -> None:
    net = Net()
    net.entry(moment(END, seconds), *admit("kursk"))
    assert (OCTOBER in net.names(LATER, "kursk")) == owes
    assert f"{RETURN} 2026-11" in net.names(LATER, "kursk")


def test_v11_an_office_without_an_officer_owes_nothing_yet() -> None:
    net = Net()
    net.entry("2026-10-02T08:00:00Z", "office kursk committee")
    assert net.names(LATER, "kursk") == []


def test_v11_an_office_suspended_at_the_end_of_a_period_does_not_owe_it() -> None:
    net = Net("tver", "kursk")
    net.entry("2026-10-20T08:00:00Z", "suspend kursk")
    assert net.names("2026-10-20T07:59:59Z", "kursk") == [OCTOBER]
    assert net.names("2026-10-20T08:00:00Z", "kursk") == []
    net.entry("2026-11-03T08:00:00Z", "reinstate kursk")
    assert net.names(LATER, "kursk") == [f"{RETURN} 2026-11"]


def test_v11_an_office_suspended_and_reinstated_within_a_period_owes_it() -> None:
    net = Net("tver", "kursk")
    net.entry("2026-10-10T08:00:00Z", "suspend kursk")
    net.entry("2026-10-20T08:00:00Z", "reinstate kursk")
    assert net.state(LATER, office="kursk") == "overdue"


@pytest.mark.parametrize(("seconds", "owes"), [(0, False), (1, True)])
@pytest.mark.parametrize("word", ["suspend", "dissolve"])
def test_v11_an_office_that_lost_its_standing_by_the_deadline_does_not_owe(word, seconds, owes) -> None:
    net = Net("tver", "kursk")
    net.entry(moment(DEADLINE, seconds), f"{word} kursk")
    assert net.state(moment(DEADLINE, -1), office="kursk") == "due"
    assert (OCTOBER in net.names(LATER, "kursk")) == owes
    assert net.state(LATER) == "overdue"


def test_v11_what_was_reported_is_listed_though_it_is_not_owed_any_more() -> None:
    net = Net("tver", "kursk")
    made = net.report("2026-11-02T09:00:00Z", office="kursk")
    cut = f"cut 3 kursk/center {made.number} {made.hash}"
    net.entry("2026-11-04T08:00:00Z", "suspend kursk", cut)
    assert net.state(LATER, office="kursk") == "on-time"
    assert net.names(LATER, "kursk") == [OCTOBER]


def test_v11_a_group_owes_what_is_asked_of_it() -> None:
    net = Net("tver", "kursk", "perm", duties=("group volga kursk tver", MONTHLY.replace("all", "volga")))
    assert {debt.office for debt in net.debts("2026-10-15T00:00:00Z")} == {"tver", "kursk"}
    net.entry("2026-10-20T08:00:00Z", "group volga kursk perm")
    assert {debt.office for debt in net.debts("2026-10-25T00:00:00Z")} == {"kursk", "perm"}
    assert net.names(LATER, "tver") == []


def test_v11_who_leaves_a_group_after_the_end_still_owes() -> None:
    net = Net("tver", "kursk", duties=("group volga kursk tver", MONTHLY.replace("all", "volga")))
    net.entry(moment(END, 1), "group volga kursk")
    assert net.names(LATER) == [OCTOBER]


def test_v11_one_office_or_an_auditor_may_owe() -> None:
    net = Net("tver", "kursk", duties=(MONTHLY.replace("all", "kursk"), MONTHLY.replace("all", "audit")))
    assert {debt.office for debt in net.debts("2026-10-15T00:00:00Z")} == {"kursk", "audit"}


def test_v11_debts_stand_by_deadline_and_order_of_admission() -> None:
    net = Net("tver", "kursk", duties=(MONTHLY, "duty census all once 2026-11-05"))
    rows = [(debt.office, debt.name) for debt in net.debts("2026-10-15T00:00:00Z")]
    census = "census 2026-11-05"
    assert rows == [("tver", census), ("tver", OCTOBER), ("kursk", census), ("kursk", OCTOBER)]
    ledger = net.ledger()
    assert [debt.name for debt in ledger.debts("2026-10-15T00:00:00Z", offices={"kursk"})] == [census, OCTOBER]
