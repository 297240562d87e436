"""Late or not: what a receipt, the own time, what was relied on, and a look of the center show."""

from ledgerkit import MONTHLY, Net, ack, midnight, moment

DEADLINE = midnight("2026-11-05")
LIMIT = midnight("2026-11-08")
"""The deadline and three days of grace."""
LATER = "2026-12-24T00:00:00Z"


def judged(net, as_of=LATER):
    debt = net.debt(as_of)
    return str(debt.state), debt.judged_by, debt.evidence


def test_v11_seen_by_the_deadline_is_in_time_by_the_receipt() -> None:
    net = Net()
    made = net.report("2026-11-05T12:00:00Z", seen=False)
    receipt = net.ack(DEADLINE, made)
    assert judged(net) == ("on-time", "receipt", receipt.place)


def test_v11_seen_a_second_later_is_in_time_by_its_own_word() -> None:
    net = Net()
    made = net.report("2026-11-05T12:00:00Z", seen=False)
    net.ack(moment(DEADLINE, 1), made)
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_a_receipt_in_time_outweighs_a_wrong_clock() -> None:
    net = Net()
    made = net.report("2036-01-01T00:00:00Z", seen=False)
    assert net.state("2026-11-05T12:00:00Z") == "due"
    receipt = net.ack("2026-11-05T12:00:00Z", made)
    assert judged(net, "2026-11-05T12:00:00Z") == ("on-time", "receipt", receipt.place)


def test_v11_the_auditor_sees_as_well_as_the_center() -> None:
    net = Net()
    made = net.report("2026-11-07T12:00:00Z", seen=False)
    assert judged(net)[0] == "late"
    receipt = net.ack("2026-11-05T12:00:00Z", made, "seen", by="audit")
    assert judged(net) == ("on-time", "receipt", receipt.place)


def test_v11_an_ack_of_a_later_number_sees_all_below() -> None:
    net = Net()
    net.report("2026-11-04T12:00:00Z", seen=False)
    other = net.send("tver/center", "2026-11-04T13:00:00Z")
    receipt = net.ack("2026-11-05T12:00:00Z", other)
    assert judged(net) == ("on-time", "receipt", receipt.place)


def test_v11_an_ack_of_another_text_sees_nothing() -> None:
    net = Net()
    made = net.report("2026-11-04T12:00:00Z", seen=False)
    net.send("center/tver", "2026-11-05T12:00:00Z", kind="receipt", acks=(ack(made)._replace(hash="ab" * 32),))
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_dated_after_the_deadline_is_late() -> None:
    net = Net()
    made = net.report(moment(DEADLINE, 1))
    assert judged(net) == ("late", "own-time", made.place)
    assert "late" in net.debt(LATER).facts


def test_v11_a_committee_that_backdates_is_told_by_what_it_acks() -> None:
    net = Net()
    circular = net.send("center/all", moment(DEADLINE, 1), kind="circular")
    made = net.report("2026-11-05T12:00:00Z", acks=(ack(circular),), seen="2026-11-07T12:00:00Z")
    assert judged(net) == ("late", "relied", circular.place)
    assert made.header.time < DEADLINE


def test_v11_what_an_earlier_dispatch_of_its_channel_acks_is_relied_on_too() -> None:
    net = Net()
    circular = net.send("center/all", moment(DEADLINE, 1), kind="circular")
    net.send("tver/center", "2026-11-05T11:00:00Z", kind="receipt", acks=(ack(circular),))
    net.report("2026-11-05T12:00:00Z", seen=False)
    assert judged(net) == ("late", "relied", circular.place)


def test_v11_what_was_signed_by_the_deadline_may_be_relied_on() -> None:
    net = Net()
    circular = net.send("center/all", DEADLINE, kind="circular")
    made = net.report("2026-11-05T12:00:00Z", acks=(ack(circular),), seen=False)
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_a_committee_that_backdates_is_told_by_the_roster_it_cites() -> None:
    net = Net()
    entry = net.entry(moment(DEADLINE, 1), "title tver Tver")
    net.report("2026-11-05T12:00:00Z", seen=False)
    assert judged(net) == ("late", "relied", entry.place)


def test_v11_a_wrong_clock_of_the_center_is_relied_on_by_nobody() -> None:
    net = Net()
    circular = net.send("center/all", "2036-01-01T00:00:00Z", kind="circular")
    net.report("2026-11-05T12:00:00Z", acks=(ack(circular),), seen=False)
    assert judged(net)[:2] == ("late", "relied")
    net.send("center/all", "2026-11-04T12:00:00Z", kind="circular")  # the battery was changed
    assert judged(net)[:2] == ("on-time", "own-time")


def test_v11_a_committee_that_backdates_beyond_the_grace_is_told_by_the_center_that_looked() -> None:
    net = Net()
    look = net.look(moment(LIMIT, 1))
    net.report("2026-11-05T12:00:00Z", seen="2026-11-12T12:00:00Z")
    assert judged(net) == ("late", "center-check", look.place)


def test_v11_within_the_grace_no_look_tells() -> None:
    net = Net()
    net.look(LIMIT)
    made = net.report("2026-11-05T12:00:00Z", seen="2026-11-12T12:00:00Z")
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_a_look_with_some_lower_number_tells_as_well() -> None:
    net = Net()
    first = net.send("tver/center", "2026-10-20T12:00:00Z")
    look = net.look(moment(LIMIT, 1), first)
    net.report("2026-11-05T12:00:00Z", seen="2026-11-12T12:00:00Z")
    assert judged(net) == ("late", "center-check", look.place)


def test_v11_an_old_letter_that_is_read_late_is_no_look() -> None:
    net = Net()
    first = net.send("tver/center", "2026-10-20T12:00:00Z")
    made = net.report("2026-11-05T12:00:00Z", seen=False)
    net.ack(moment(LIMIT, 1), first, "read")
    net.ack("2026-11-12T12:00:00Z", made)
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_a_report_on_a_stick_past_the_deadline_is_in_time() -> None:
    net = Net()
    made = net.report("2026-11-04T12:00:00Z", seen="2026-11-08T12:00:00Z")
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_a_center_that_looks_a_week_late_makes_nobody_late() -> None:
    net = Net()
    made = net.report("2026-11-04T12:00:00Z", seen="2026-11-15T12:00:00Z")
    assert judged(net) == ("on-time", "own-time", made.place)
    net.look("2026-11-20T12:00:00Z")  # it moved house and forgot: it had more before
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_only_the_center_looks() -> None:
    net = Net()
    first = net.send("tver/center", "2026-10-20T12:00:00Z")
    made = net.report("2026-11-05T12:00:00Z", seen=False)
    net.ack(moment(LIMIT, 1), first, "seen", by="audit")
    assert judged(net) == ("on-time", "own-time", made.place)


def test_v11_what_was_not_there_yet_is_not_judged() -> None:
    net = Net()
    net.report("2026-11-05T12:00:00Z", seen="2026-11-12T12:00:00Z")
    assert net.state("2026-11-05T11:59:59Z") == "due"
    assert judged(net, "2026-11-05T12:00:00Z")[:2] == ("on-time", "own-time")


def test_v11_the_own_time_is_judged_until_a_receipt_comes() -> None:
    net = Net(duties=(MONTHLY,))
    net.report("2026-11-04T12:00:00Z", seen="2026-11-04T13:00:00Z")
    assert judged(net, "2026-11-04T12:59:59Z")[1] == "own-time"
    assert judged(net, "2026-11-04T13:00:00Z")[1] == "receipt"
