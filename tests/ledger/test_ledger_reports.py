"""The reports of one debt: nil, early, corrected, repeated, cancelled; and what the center decides about it."""

import pytest
from ledgerkit import RETURN, Net, ack, midnight, moment

DEADLINE = midnight("2026-11-05")
LATER = "2026-12-24T00:00:00Z"


def shown(net, as_of=LATER):
    debt = net.debt(as_of)
    return str(debt.state), debt.facts


# ---- reports ---------------------------------------------------------------------------------------------------------


def test_v11_the_first_report_is_the_report_and_another_a_repeat() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    second = net.report("2026-11-03T09:00:00Z")
    debt = net.debt(LATER)
    assert (debt.report, debt.latest, str(debt.state), debt.facts) == (first.place, first.place, "on-time", ("repeat",))
    (finding,) = [each for each in net.ledger().findings("2026-11-20T00:00:00Z") if each.code == "repeat"]
    assert (finding.channel, finding.number, finding.office) == ("tver/center", second.number, "tver")


def test_v11_corrections_keep_both() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    second = net.report("2026-11-03T09:00:00Z", supersedes=first.number)
    third = net.report("2026-11-20T09:00:00Z", supersedes=second.number)
    debt = net.debt(LATER)
    assert (debt.report, debt.latest) == (first.place, third.place)
    assert shown(net) == ("corrected", ("corrected",))
    assert "repeat" not in net.codes(LATER)


def test_v11_two_corrections_of_the_same_report_are_no_repeat() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.report("2026-11-03T09:00:00Z", supersedes=first.number)
    last = net.report("2026-11-04T09:00:00Z", supersedes=first.number)
    assert net.debt(LATER).latest == last.place
    assert shown(net) == ("corrected", ("corrected",))


def test_v11_a_correction_shows_from_its_time_on() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.report("2026-11-20T09:00:00Z", supersedes=first.number)
    assert shown(net, "2026-11-20T08:59:59Z") == ("on-time", ())
    assert shown(net, "2026-11-20T09:00:00Z") == ("corrected", ("corrected",))


def test_v11_nil_is_a_report() -> None:
    net = Net()
    net.report("2026-11-02T09:00:00Z", nil=True)
    assert shown(net) == ("nil", ("nil",))


@pytest.mark.parametrize(("seconds", "state"), [(0, "corrected"), (1, "late")])
def test_v11_nil_on_the_first_and_data_as_a_correction_is_judged_by_the_data(seconds, state) -> None:
    net = Net()
    first = net.report("2026-11-01T09:00:00Z", nil=True)
    net.report(moment(DEADLINE, seconds), supersedes=first.number)
    assert shown(net)[0] == state
    assert "nil" not in net.debt(LATER).facts


def test_v11_a_late_nil_stays_late_whatever_corrects_it() -> None:
    net = Net()
    first = net.report(moment(DEADLINE, 1), nil=True)
    net.report("2026-11-02T09:00:00Z", supersedes=first.number, seen=False)
    assert shown(net) == ("late", ("corrected", "late"))


def test_v11_data_corrected_to_nil_is_nil() -> None:
    net = Net()
    first = net.report("2026-11-01T09:00:00Z")
    net.report("2026-11-20T09:00:00Z", supersedes=first.number, nil=True)
    assert shown(net) == ("nil", ("corrected", "nil"))


def test_v11_a_cancelled_report_leaves_the_debt_open() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.report("2026-11-04T09:00:00Z", cancels=first.number)
    assert net.debt("2026-11-04T12:00:00Z").report is None
    assert shown(net, "2026-11-04T12:00:00Z") == ("due", ())
    assert shown(net) == ("overdue", ())
    again = net.report("2026-11-05T09:00:00Z")
    assert net.debt(LATER).report == again.place
    assert shown(net) == ("on-time", ())


def test_v11_a_cancelled_correction_takes_the_report_with_it() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    second = net.report("2026-11-03T09:00:00Z", supersedes=first.number)
    net.report("2026-11-04T09:00:00Z", cancels=second.number)
    assert shown(net) == ("overdue", ())


def test_v11_a_report_superseded_by_one_about_another_month_is_taken_back() -> None:
    net = Net()
    wrong = net.report("2026-11-02T09:00:00Z")
    net.report("2026-12-02T09:00:00Z", period="2026-11", supersedes=wrong.number)
    assert net.state(LATER) == "overdue"
    assert net.state(LATER, f"{RETURN} 2026-11") == "on-time"


def test_v11_a_report_that_nobody_owes_is_no_debt() -> None:
    net = Net()
    net.report("2026-11-02T09:00:00Z", period="2026-05")
    net.report("2026-11-02T10:00:00Z", "census", "2026-11-01")
    assert net.names("2026-11-20T00:00:00Z") == [f"{RETURN} 2026-10", f"{RETURN} 2026-11"]


# ---- the center's decisions ------------------------------------------------------------------------------------------


def test_v11_excused_and_owed_again() -> None:
    net = Net()
    verdict = net.decide("2026-11-20T09:00:00Z", "excused")
    assert net.state("2026-11-20T08:59:59Z") == "overdue"
    debt = net.debt("2026-11-20T09:00:00Z")
    assert (str(debt.state), debt.decision, debt.judged_by) == ("excused", verdict.place, "decision")
    net.decide("2026-11-21T09:00:00Z", "owed")
    assert net.debt(LATER).decision is None
    assert net.state(LATER) == "overdue"


def test_v11_extended_moves_the_deadline() -> None:
    net = Net()
    net.decide("2026-11-04T09:00:00Z", "extended", until="2026-11-20")
    late = midnight("2026-11-20")
    debt = net.debt("2026-11-10T00:00:00Z")
    assert (str(debt.state), debt.facts) == ("extended", ("extended from 2026-11-05",))
    assert (str(debt.day), debt.deadline) == ("2026-11-20", late)
    assert net.state(late) == "extended"
    assert net.state(moment(late, 1)) == "overdue"
    net.report(late)
    assert shown(net) == ("on-time", ("extended from 2026-11-05",))


def test_v11_an_extension_granted_afterwards_makes_a_late_report_good() -> None:
    net = Net()
    net.report("2026-11-08T09:00:00Z")
    assert shown(net)[0] == "late"
    net.decide("2026-11-09T09:00:00Z", "extended", until="2026-11-08")
    assert shown(net) == ("on-time", ("extended from 2026-11-05",))


def test_v11_an_extension_stays_when_the_report_is_accepted() -> None:
    net = Net()
    net.decide("2026-11-04T09:00:00Z", "extended", until="2026-11-20")
    net.report("2026-11-15T09:00:00Z")
    net.decide("2026-11-16T09:00:00Z", "accepted")
    assert shown(net) == ("on-time", ("accepted", "extended from 2026-11-05"))


def test_v11_accepted_is_a_fact_beside_late() -> None:
    net = Net()
    net.report("2026-11-08T09:00:00Z")
    net.decide("2026-11-09T09:00:00Z", "accepted")
    assert shown(net) == ("late", ("accepted", "late"))


def test_v11_sent_back_until_a_correction_that_is_judged_by_the_new_day() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.report("2026-11-09T09:00:00Z", supersedes=first.number)
    verdict = net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    last = midnight("2026-11-20")
    debt = net.debt(last)
    assert (str(debt.state), debt.facts, debt.deadline) == ("sent-back", ("corrected", "sent back"), last)
    assert (debt.judged_by, debt.evidence) == ("decision", verdict.place)
    assert shown(net, moment(last, 1)) == ("sent-back", ("corrected", "overdue", "sent back"))
    assert "overdue" in net.codes(moment(last, 1))
    net.report(last, supersedes=first.number)
    assert shown(net) == ("corrected", ("corrected", "sent back"))


def test_v11_sent_back_and_corrected_too_late_is_late() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    net.report(moment(midnight("2026-11-20"), 1), supersedes=first.number)
    assert shown(net)[0] == "late"


def test_v11_a_correction_dated_before_it_was_sent_back_is_no_answer() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    net.report("2026-11-10T09:00:00Z", supersedes=first.number)
    assert shown(net)[0] == "sent-back"


def test_v11_an_office_whose_clock_is_behind_answers_what_it_acked_all_the_same() -> None:
    """The ack shows that the correction was made after the verdict, whatever the clocks say."""
    for early in (True, False):
        net = Net()
        first = net.report("2026-11-02T09:00:00Z")
        verdict = net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
        if early:  # with a receipt before it
            net.send("tver/center", "2026-11-10T06:59:00Z", kind="receipt", acks=(ack(verdict, "read"),))
        lines = {} if early else {"acks": (ack(verdict),)}
        fixed = net.report("2026-11-10T07:00:00Z", supersedes=first.number, seen="2026-11-10T09:05:00Z", **lines)
        assert shown(net) == ("corrected", ("corrected", "sent back"))
        net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
        assert shown(net)[0] == "sent-back", "the second verdict was not acked"
        net.ack("2026-11-10T09:10:00Z", fixed)
        assert shown(net)[0] == "sent-back"


def test_v11_owed_takes_back_that_a_report_was_sent_back() -> None:
    net = Net()
    net.report("2026-11-02T09:00:00Z")
    net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    net.decide("2026-11-11T09:00:00Z", "owed")
    assert shown(net) == ("on-time", ())


def test_v11_a_correction_that_was_accepted_stays_judged_by_the_day_it_was_given() -> None:
    net = Net()
    first = net.report("2026-11-02T09:00:00Z")
    net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    net.report("2026-11-12T09:00:00Z", supersedes=first.number)
    net.decide("2026-11-13T09:00:00Z", "accepted")
    assert shown(net) == ("corrected", ("accepted", "corrected", "sent back"))


@pytest.mark.parametrize(("sent", "state"), [("2026-11-02", "on-time"), ("2026-11-08", "late")])
def test_v11_what_was_sent_back_and_accepted_without_a_correction_is_judged_as_it_was(sent: str, state: str) -> None:
    net = Net()
    net.report(f"{sent}T09:00:00Z")
    net.decide("2026-11-10T09:00:00Z", "sent-back", until="2026-11-20")
    net.decide("2026-11-13T09:00:00Z", "accepted")
    assert shown(net)[0] == state


def test_v11_of_several_verdicts_the_last_by_number_holds() -> None:
    net = Net()
    net.decide("2026-11-12T09:00:00Z", "excused")
    net.decide("2026-11-11T09:00:00Z", "extended", until="2027-01-20")
    assert shown(net) == ("extended", ("extended from 2026-11-05",))


def test_v11_a_verdict_is_about_one_debt_of_one_office() -> None:
    net = Net("tver", "kursk")
    net.decide("2026-11-04T09:00:00Z", "excused")
    assert net.state(LATER, f"{RETURN} 2026-11") == "overdue"
    assert net.state(LATER, office="kursk") == "overdue"


def test_v11_a_verdict_that_was_cancelled_or_superseded_by_another_holds_no_more() -> None:
    net = Net()
    verdict = net.decide("2026-11-10T09:00:00Z", "excused")
    net.send("center/tver", "2026-11-11T09:00:00Z", kind="instruction", cancels=verdict.number)
    assert net.state("2026-11-10T12:00:00Z") == "excused"
    assert net.state(LATER) == "overdue"
