"""What is owed, told at `fetch` and kept for `status`; who looks after a deadline; the same returns for everybody."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from workflowkit import IVANOV, ORLOV, REVIZOR, STASOVA, Net

from cipherpost.dispatch.header import Header
from cipherpost.ledger.calendar import next_period, period_days
from cipherpost.ledger.debt import State
from cipherpost.roster.refusals import UnknownAudienceError
from cipherpost.workflows import acking, auditing, duties, forms, owing, reading, reporting, returns, sending, status
from cipherpost.workflows.returns import FormNotStatedError, NotForCommitteesError
from cipherpost.workflows.typed import TypedError

FORM = "monthly-return"


@pytest.fixture
def month(net: Net) -> str:
    """A duty for the running month, known to all: due 5 days after its end, with 3 days of grace."""
    with net.desk(STASOVA) as desk:
        forms.publish(desk, forms.form_to_publish(desk, FORM))
        duties.add(desk, duties.Asked(form=FORM, audience="all", rhythm="monthly", due=5, grace=3))
    net.fetch(IVANOV)
    return f"{net.now:%Y-%m}"


def at_noon(net: Net, period: str, after: int) -> None:
    """Noon of so many days after the end of a period."""
    day = period_days(period)[1] + timedelta(days=after)
    net.now = max(net.now, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def nil(net: Net, who: str, period: str, why: str = "No reports were held.", **given: object) -> str:
    with net.desk(who, stale_ok=True, **given) as desk:
        return reporting.send_nil(desk, reporting.begin(desk, FORM, period), why).place


def order(net: Net, to: str, days: int) -> str:
    with net.desk(STASOVA) as desk:
        letter = sending.text_of("Say what you have", subject=None, attachments=(), subject_from_text=True)
        day = net.now.date() + timedelta(days=days)
        return sending.send(desk, letter, audiences=[to], due=day)[0].place


# ---- what an office is told --------------------------------------------------------------------------------------


def test_fetch_says_what_is_owed_and_stops_when_it_is_reported(net, month):
    at_noon(net, month, 2)
    day = period_days(month)[1] + timedelta(days=5)
    assert net.fetch(IVANOV).owed == f"you owe 1 report; first: {FORM} {month} by {day}"
    nil(net, IVANOV, month)
    assert net.fetch(IVANOV).owed is None, "the running month has more than a month's time"
    assert net.fetch(STASOVA).owed is None


def test_what_is_overdue_is_said_to_be(net, month):
    at_noon(net, month, 6)
    assert net.fetch(IVANOV).owed.endswith("(overdue)")


def test_orders_and_reports_are_counted_apart_and_the_soonest_named(net, month):
    at_noon(net, month, 1)
    net.fetch(STASOVA)
    order(net, "tver", 3)
    told = net.fetch(IVANOV).owed
    assert told is not None
    assert told.startswith("you owe 1 report and 1 answer; first: reply to center/tver/")


def test_status_keeps_the_rows_of_the_ledger_and_turns_due_into_overdue(net, month):
    at_noon(net, month, 2)
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        found = status.status(desk)
        assert [(each["form"], each["period"], each["state"]) for each in found.as_json()["owed"]] == [
            (FORM, month, "due")
        ]
        assert "overdue" not in dict(found.lines())["owed"]
    at_noon(net, month, 7)
    with net.desk(IVANOV) as desk:
        assert "overdue" in dict(status.status(desk).lines())["owed"], "though nothing was fetched since"


def test_status_loads_no_ledger(net, month):
    code = (
        "import sys; from pathlib import Path; from cipherpost.desk import Desk;"
        "from cipherpost.workflows import status; desk = Desk.open(Path(sys.argv[1])); status.status(desk);"
        "print(*(name for name in sys.modules if name.startswith(('cipherpost.ledger', 'cipherpost.chain.network'))))"
    )
    words = [sys.executable, "-c", code, str(net.home(IVANOV))]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "\n"


def test_owed_lists_what_is_open_soonest_first(net, month):
    at_noon(net, month, 2)
    net.fetch(STASOVA)
    place = order(net, "tver", 1)
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        found = owing.owed(desk)
        assert [debt.name for debt in found.debts] == [
            f"reply to {place}",
            f"{FORM} {month}",
            f"{FORM} {next_period(month)}",
        ]
        assert [debt.office for debt in found.debts] == ["tver"] * 3
        assert list(found.hints()) == [f"cipherpost reply {place} FILE"]
        words = [words for _, _, words in found.cells()]
        assert words[:2] == ["due in 1 day", "due in 3 days"]
        assert words[2].startswith("not over yet, due in ")


def test_a_reply_pays_an_order(net, month):
    place = order(net, "tver", 9)
    net.fetch(IVANOV)
    net.reply(IVANOV, place, "Nothing")
    with net.desk(IVANOV) as desk:
        assert [debt.order for debt in owing.owed(desk).debts] == [None]


# ---- who looks after a deadline ----------------------------------------------------------------------------------


def checks(net: Net, office: str) -> list[Header]:
    with net.desk(STASOVA) as desk:
        headers = [node.header for node in desk.chain.channel(f"center/{office}").counting()]
        return [header for header in headers if header.kind == "check"]


def test_the_first_fetch_after_deadline_and_grace_tells_each_debtor_how_far_its_channel_goes(net, month):
    nil(net, ORLOV, month)
    net.fetch(STASOVA)
    at_noon(net, month, 8)
    net.fetch(STASOVA)
    assert checks(net, "tver") == [], "the grace is not over"
    at_noon(net, month, 9)
    net.fetch(STASOVA)
    (found,) = checks(net, "tver")
    with net.desk(STASOVA) as desk:
        last = desk.chain.channel("tver/center").last
    assert ("tver/center", last.header.number) in {(ack.channel, ack.number) for ack in found.acks}
    for _ in range(3):
        net.later(days=1)
        net.fetch(STASOVA)
    assert len(checks(net, "tver")) == 1, "it is said once"
    assert checks(net, "samara") == [], "who has reported is not told"


def acks_of_check(net: Net, office: str) -> set[tuple[str, int, str]]:
    """What a check of the center to ``office`` would carry now."""
    with net.desk(STASOVA) as desk:
        number, previous = desk.chain.channel(f"center/{office}").tip
        bare = Header(
            network="rkpb",
            channel=f"center/{office}",
            number=number + 1,
            previous=previous,
            time=desk.time(),
            by="stasova",
            kind="check",
        )
        return {(ack.channel, ack.number, ack.word) for ack in acking.with_acks(desk, bare).acks}


def test_a_check_says_that_nothing_is_there_yet(net, month):
    assert ("samara/center", 0, "seen") in acks_of_check(net, "samara")


def test_a_check_says_how_far_the_channel_goes_whatever_else_it_says(net, month):
    first = net.send(IVANOV, "First", "center").number
    last = net.send(IVANOV, "Second", "center").number
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        reading.read(desk, f"tver/center/{first}")
    assert acks_of_check(net, "tver") >= {("tver/center", first, "read"), ("tver/center", last, "seen")}


def test_a_report_dated_back_behind_the_check_is_late(net, month):
    at_noon(net, month, 3)
    net.fetch(IVANOV)
    lagging = net.now
    at_noon(net, month, 9)
    net.fetch(STASOVA)
    place = nil(net, IVANOV, month, clock=lambda: lagging, clock_ok=True)
    net.later(hours=1)
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        found = {debt.office: debt for debt in returns.returns(desk, month).debts}
    assert net.header(STASOVA, place).time < f"{period_days(month)[1] + timedelta(days=5)}"
    assert (found["tver"].state, found["tver"].judged_by) == (State.LATE, "center-check")


# ---- the returns -------------------------------------------------------------------------------------------------


def test_i8_center_and_auditor_get_the_same_returns(net, month):
    at_noon(net, month, 2)
    nil(net, ORLOV, month)
    order(net, "all", 4)
    at_noon(net, month, 9)
    for who in (STASOVA, IVANOV, ORLOV, REVIZOR, STASOVA, REVIZOR):
        net.later(hours=1)
        net.fetch(who)
    moment = net.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    tables = []
    for who in (STASOVA, REVIZOR):
        with net.desk(who) as desk:
            found = returns.returns(desk, as_of=moment)
            tables.append((found.as_json(), found.matrix))
    assert tables[0] == tables[1]
    states = {(row["office"], row["period"]): row["state"] for row in tables[0][0]["debts"] if row["form"]}
    assert states["samara", month] == "nil"
    assert states["tver", month] == "overdue"
    assert {row["order"] for row in tables[0][0]["debts"]} > {None}


def test_v11_an_audit_finds_what_is_overdue_and_late_and_ends_well_all_the_same(net, month):
    at_noon(net, month, 9)
    nil(net, ORLOV, month)
    with net.desk(REVIZOR) as desk:
        report = auditing.audit(auditing.Subject.of_home(desk))
    assert {(each.code, each.office, each.number) for each in report.findings} >= {
        ("overdue", "tver", None),
        ("late", "samara", 1),
    }
    assert not any("V11" in clause for clause in report.not_checked)
    assert report.exit_code(strict=False, everything=False) == 0
    assert report.exit_code(strict=True, everything=False) == 3
    assert "cipherpost remind" in " ".join(line.strip() for line in report.lines())


def test_returns_are_narrowed_by_period_form_and_group(net, month):
    at_noon(net, month, 2)
    net.fetch(STASOVA)
    place = order(net, "all", 40)
    with net.desk(STASOVA) as desk:
        asked: Callable[..., set[tuple[str, str | None]]] = lambda *words, **given: {  # noqa: E731
            (debt.office, debt.period or debt.order) for debt in returns.returns(desk, *words, **given).debts
        }
        assert asked(month) == {("tver", month), ("samara", month)}
        assert asked(group="tver") == {("tver", month), ("tver", next_period(month)), ("tver", place)}
        assert asked(form=FORM, group="volga") == asked(month) | asked(next_period(month), form=FORM)
        assert asked("2031") == set()
        with pytest.raises(FormNotStatedError, match="monthly-retrun"):
            returns.returns(desk, form="monthly-retrun")
        with pytest.raises(UnknownAudienceError, match="volgo"):
            returns.returns(desk, group="volgo")
        with pytest.raises(TypedError, match="2026-13"):
            returns.returns(desk, "2026-13")


def test_a_committee_is_told_to_ask_what_it_owes_itself(net, month):
    with net.desk(IVANOV) as desk, pytest.raises(NotForCommitteesError) as refused:
        returns.returns(desk)
    assert refused.value.hints == ("cipherpost owed",)
