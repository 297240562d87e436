"""Conferences: reported before and after, moved, cancelled, forgotten."""

from ledgerkit import AFTER, BEFORE, EVENT, Net, midnight, moment

DUTIES = (BEFORE, AFTER)
HELD = "2026-12-10"
BEGINS = midnight("2026-12-09")
LATER = "2027-01-20T00:00:00Z"
FIRST, SECOND = f"conference-before {EVENT}", f"conference-after {EVENT}"


def conference(**given):
    net = Net(duties=DUTIES)
    made = net.report("2026-12-01T09:00:00Z", "conference-before", EVENT, held=HELD, **given)
    return net, made


def after(net, time="2026-12-12T09:00:00Z", held=HELD, **given):
    return net.report(time, "conference-after", EVENT, held=held, **given)


def test_v11_a_conference_reported_before_and_after() -> None:
    net, _ = conference()
    after(net)
    assert [(debt.name, str(debt.state), str(debt.held)) for debt in net.debts(LATER)] == [
        (FIRST, "on-time", HELD),
        (SECOND, "on-time", HELD),
    ]
    assert net.codes(LATER) == []


def test_v11_nothing_is_owed_for_events_that_nobody_named() -> None:
    net, _ = conference()
    assert net.debts("2026-12-01T08:59:59Z") == ()
    assert len(net.debts("2026-12-01T09:00:00Z")) == 2


def test_v11_an_event_that_never_got_its_after_report_is_overdue() -> None:
    net, _ = conference()
    assert net.state(LATER, SECOND) == "overdue"
    assert net.codes(LATER) == ["overdue"]


def test_v11_an_after_report_without_its_before_report_is_out_of_order() -> None:
    net = Net(duties=DUTIES)
    made = after(net)
    assert net.state(LATER, FIRST) == "overdue"
    assert net.debt(LATER, SECOND).facts == ("no report before it",)
    (finding,) = [each for each in net.ledger().findings(LATER) if each.code == "order"]
    assert (finding.channel, finding.number) == (made.channel, made.number)


def test_v11_a_before_report_of_a_higher_number_is_out_of_order_too() -> None:
    net = Net(duties=DUTIES)
    after(net)
    net.report("2026-12-09T09:00:00Z", "conference-before", EVENT, held=HELD)
    assert net.state(LATER, FIRST) == "on-time"
    assert "order" in net.codes(LATER)


def test_v11_a_before_report_acked_only_after_the_day_is_remarked() -> None:
    for seconds, facts in ((0, ()), (1, ("acked after the day",))):
        net, _ = conference(seen=moment(BEGINS, seconds))
        debt = net.debt(LATER, FIRST)
        assert (str(debt.state), debt.facts) == ("on-time", facts)


def test_v11_a_conference_moved_to_another_day_takes_its_deadlines_along() -> None:
    net, first = conference()
    assert net.debt("2026-12-05T00:00:00Z", SECOND).deadline == midnight("2026-12-17")
    net.report("2026-12-08T09:00:00Z", "conference-before", EVENT, held="2026-12-20", supersedes=first.number)
    before, behind = net.debts("2026-12-18T00:00:00Z")
    assert (before.deadline, str(before.state), before.facts) == (midnight("2026-12-19"), "corrected", ("corrected",))
    assert (behind.deadline, str(behind.state)) == (midnight("2026-12-27"), "not-due")
    assert net.state("2026-12-07T00:00:00Z", FIRST) == "on-time"
    after(net, "2026-12-27T09:00:00Z", "2026-12-20")
    assert net.state(LATER, SECOND) == "on-time"


def test_v11_naming_another_day_after_it_makes_no_late_report_early() -> None:
    net = Net(duties=DUTIES)
    first = net.report("2026-12-11T09:00:00Z", "conference-before", EVENT, held=HELD)
    assert net.state(LATER, FIRST) == "late"
    net.report("2026-12-12T09:00:00Z", "conference-before", EVENT, held="2026-12-20", supersedes=first.number)
    debt = net.debt(LATER, FIRST)
    assert (str(debt.state), debt.deadline) == ("late", BEGINS)
    assert "moved after the day" in debt.facts
    assert net.debt(LATER, SECOND).deadline == midnight("2026-12-27"), "what is owed afterwards follows the day held"


def test_v11_the_day_is_that_of_the_newest_report_before_it_whatever_the_one_after_says() -> None:
    net, _ = conference()
    after(net, held="2026-12-11")
    assert {str(debt.held) for debt in net.debts(LATER)} == {HELD}


def test_v11_a_cancelled_conference_is_moot_by_its_own_word_until_the_center_agrees() -> None:
    net, first = conference()
    net.report("2026-12-05T09:00:00Z", "conference-before", EVENT, held=HELD, cancels=first.number)
    assert net.state("2026-12-05T08:59:59Z", SECOND) == "not-due"
    for debt in net.debts(LATER):
        assert (str(debt.state), debt.facts) == ("moot", ("by its own word",))
    assert net.codes(LATER) == []
    verdict = net.decide("2026-12-06T09:00:00Z", "excused", ("conference-before", EVENT))
    before, behind = net.debts(LATER)
    assert (str(before.state), before.facts) == (str(behind.state), behind.facts) == ("moot", ("agreed",))
    assert (before.judged_by, before.evidence) == ("decision", verdict.place)


def test_v11_a_conference_called_anew_is_owed_again() -> None:
    net, first = conference()
    net.report("2026-12-05T09:00:00Z", "conference-before", EVENT, held=HELD, cancels=first.number)
    net.report("2026-12-06T09:00:00Z", "conference-before", EVENT, held="2026-12-15")
    assert net.state("2026-12-10T00:00:00Z", FIRST) == "on-time"
    assert net.state(LATER, SECOND) == "overdue"


def test_v11_a_cancelled_after_report_leaves_the_event() -> None:
    net, _ = conference()
    made = after(net)
    net.report("2026-12-13T09:00:00Z", "conference-after", EVENT, held=HELD, cancels=made.number)
    assert net.state(LATER, FIRST) == "on-time"
    assert net.state(LATER, SECOND) == "overdue"


def test_v11_only_events_from_the_first_day_to_the_last_are_owed() -> None:
    net = Net(duties=(f"{BEFORE} from 2026-12-10", f"{AFTER} from 2026-12-11"))
    net.report("2026-12-01T09:00:00Z", "conference-before", EVENT, held=HELD)
    assert net.names(LATER) == [FIRST]
    net.entry("2026-12-02T09:00:00Z", "duty conference-before all end 2026-12-09")
    assert net.names(LATER) == []


def test_v11_nobody_owes_a_report_before_a_day_that_was_over_when_it_was_asked_for() -> None:
    net = Net(duties=(AFTER,))
    net.report("2026-10-12T09:00:00Z", "conference-after", EVENT, held="2026-10-10")
    net.entry("2026-11-01T09:00:00Z", BEFORE)
    assert net.names(LATER) == [SECOND]


def test_v11_an_event_belongs_to_the_office_that_named_it() -> None:
    net = Net("tver", "kursk", duties=DUTIES)
    net.report("2026-12-01T09:00:00Z", "conference-before", EVENT, held=HELD)
    assert net.names(LATER, "kursk") == []


def test_v11_an_after_report_that_is_sent_before_the_day_is_early() -> None:
    for seconds, facts in ((-1, ("early",)), (0, ())):
        net, _ = conference()
        after(net, moment(BEGINS, seconds))
        assert net.debt(LATER, SECOND).facts == facts
