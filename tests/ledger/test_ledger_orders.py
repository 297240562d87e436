"""One-off debts: circulars and instructions with a due line, answered by a reply or by compliance."""

import pytest
from ledgerkit import Net, ack, admit, midnight, moment

LAST = "2026-12-15"
DEADLINE = midnight(LAST)
LATER = "2027-01-20T00:00:00Z"


def ordered(what="reply", *offices, to="all"):
    net = Net(*(offices or ("tver",)), duties=())
    return net, net.order("2026-12-01T09:00:00Z", LAST, what, to=to)


def state(net, as_of=LATER, office="tver"):
    (debt,) = [each for each in net.debts(as_of) if each.office == office]
    return str(debt.state)


def test_v11_a_due_line_is_a_debt_of_each_addressee() -> None:
    net, order = ordered("reply", "tver", "kursk")
    assert net.debts("2026-12-01T08:59:59Z") == ()
    first, second = net.debts("2026-12-01T09:00:00Z")
    assert (first.office, second.office) == ("tver", "kursk")
    assert (first.name, first.order, first.what) == ("reply to center/all/1", order.place, "reply")
    assert (first.form, first.period, first.deadline, str(first.day)) == (None, None, DEADLINE, LAST)
    assert state(net, DEADLINE) == "due"
    assert state(net, moment(DEADLINE, 1)) == "overdue"
    assert net.codes(LATER) == ["overdue", "overdue"]


def test_v11_an_instruction_asks_one_office() -> None:
    net, _ = ordered("reply", "tver", "kursk", to="kursk")
    assert [debt.office for debt in net.debts(LATER)] == ["kursk"]


@pytest.mark.parametrize(("seconds", "paid"), [(0, "on-time"), (1, "late")])
def test_v11_a_reply_pays_and_is_judged_as_a_report_is(seconds, paid) -> None:
    net, order = ordered()
    reply = net.reply(moment(DEADLINE, seconds), order)
    (debt,) = net.debts(LATER)
    assert (str(debt.state), debt.report, debt.evidence) == (paid, reply.place, reply.place)


@pytest.mark.parametrize(("seconds", "paid"), [(0, "on-time"), (1, "late")])
def test_v11_compliance_pays_what_asks_for_it(seconds, paid) -> None:
    net, order = ordered("complied")
    net.reply("2026-12-02T09:00:00Z", order)
    assert state(net, "2026-12-03T09:00:00Z") == "due"
    act = net.act(moment(DEADLINE, seconds), order, "complied")
    (debt,) = net.debts(LATER)
    assert (str(debt.state), debt.report, debt.name) == (paid, act.place, "compliance with center/all/1")


def test_v11_compliance_withdrawn_leaves_it_open_and_unable_is_a_fact() -> None:
    net, order = ordered("complied")
    net.act("2026-12-02T09:00:00Z", order, "complied")
    assert state(net, "2026-12-02T12:00:00Z") == "on-time"
    net.act("2026-12-03T09:00:00Z", order, "withdrawn")
    assert state(net, "2026-12-03T12:00:00Z") == "due"
    net.act("2026-12-04T09:00:00Z", order, "unable")
    (debt,) = net.debts(LATER)
    assert (str(debt.state), debt.facts) == ("overdue", ("unable",))
    net.act("2026-12-05T09:00:00Z", order, "complied")
    assert state(net) == "on-time"


def test_v11_a_reply_to_another_text_pays_nothing() -> None:
    net, order = ordered()
    other = net.order("2026-12-01T10:00:00Z", LAST)
    net.reply("2026-12-02T09:00:00Z", other)
    assert {debt.order: str(debt.state) for debt in net.debts(LATER)} == {
        order.place: "overdue",
        other.place: "on-time",
    }


def test_v11_a_reply_that_was_cancelled_pays_nothing() -> None:
    net, order = ordered()
    reply = net.reply("2026-12-02T09:00:00Z", order)
    net.send("tver/center", "2026-12-03T09:00:00Z", cancels=reply.number)
    assert state(net, "2026-12-02T12:00:00Z") == "on-time"
    assert state(net) == "overdue"


@pytest.mark.parametrize(("line", "fact"), [("supersedes", "order superseded"), ("cancels", "order cancelled")])
def test_v11_an_order_that_was_taken_back_is_moot(line, fact) -> None:
    net, order = ordered()
    net.send("center/all", "2026-12-03T09:00:00Z", kind="circular", **{line: order.number})
    assert state(net, "2026-12-02T09:00:00Z") == "due"
    (debt,) = net.debts(LATER)
    assert (str(debt.state), debt.facts) == ("moot", (fact,))


def test_v11_who_was_not_addressed_or_lost_his_standing_by_the_day_owes_nothing() -> None:
    net, _ = ordered("reply", "tver", "kursk")
    net.entry("2026-12-02T08:00:00Z", *admit("perm"))
    net.entry("2026-12-10T08:00:00Z", "suspend kursk")
    assert [debt.office for debt in net.debts(LATER)] == ["tver"]
    assert [debt.office for debt in net.debts("2026-12-09T08:00:00Z")] == ["tver", "kursk"]


def test_v11_decisions_speak_of_orders_too() -> None:
    net, order = ordered()
    net.decide("2026-12-10T09:00:00Z", "extended", order, "2026-12-31")
    assert state(net, midnight("2026-12-31")) == "extended"
    net.decide("2027-01-02T09:00:00Z", "excused", order)
    assert state(net) == "excused"


def test_v11_a_reply_that_was_sent_back_waits_for_another() -> None:
    net, order = ordered()
    net.reply("2026-12-02T09:00:00Z", order)
    net.decide("2026-12-10T09:00:00Z", "sent-back", order, "2026-12-20")
    assert state(net) == "sent-back"
    net.reply("2026-12-19T09:00:00Z", order)
    assert state(net) == "corrected"


def test_v11_a_second_reply_by_a_clock_that_is_behind_answers_what_it_acks() -> None:
    net, order = ordered()
    net.reply("2026-12-02T09:00:00Z", order)
    verdict = net.decide("2026-12-10T09:00:00Z", "sent-back", order, "2026-12-20")
    net.reply("2026-12-10T08:00:00Z", order, seen="2026-12-10T10:00:00Z", acks=(ack(verdict),))
    assert state(net) == "corrected"


def test_v11_a_day_ends_in_the_networks_zone() -> None:
    net = Net(duties=(), zone="Asia/Kathmandu")
    net.order("2026-12-01T09:00:00Z", LAST)
    assert net.debts(LATER)[0].deadline == "2026-12-15T18:15:00Z"
