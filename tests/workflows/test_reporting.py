"""Reports at work: what stands of several, what a colleague did, what a stick brought late, what a kill leaves."""

import json
from datetime import date, datetime, timedelta

import pytest
from workflowkit import IVANOV, ORLOV, PETROV, REVIZOR, STASOVA, Net

from cipherpost.chain.channel import Entry
from cipherpost.dispatch.header import Header, Report
from cipherpost.forms.checking import InvalidDataError
from cipherpost.forms.schema import parse_form
from cipherpost.roster import words
from cipherpost.workflows import drafts, duties, earlier, entries, forms, obligations, reporting
from cipherpost.workflows.results import Posted

FORM = "monthly-return"
DATA = {"reports_held_total": 3, "demands_total": 1}


@pytest.fixture
def month(net: Net) -> str:
    """The running month, owed by all from it on, known to all."""
    with net.desk(STASOVA) as desk:
        for name in (FORM, "conference-before", "conference-after"):
            forms.publish(desk, forms.form_to_publish(desk, name))
        duties.add(desk, duties.Asked(form=FORM, audience="all", rhythm="monthly", due=5))
        duties.add(desk, duties.Asked(form="conference-before", audience="all", rhythm="event"))
        duties.add(desk, duties.Asked(form="conference-after", audience="all", rhythm="event", within=7))
    net.everybody_fetches()
    return f"{net.now:%Y-%m}"


def state(net: Net, said: words.Statement) -> None:
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [said])


def report(net: Net, who: str, period: str, data: object = DATA) -> Posted:
    with net.desk(who) as desk:
        return reporting.send(desk, reporting.begin(desk, FORM, period), data)  # type: ignore[arg-type]


def correct(net: Net, who: str, period: str, data: object) -> Posted:
    with net.desk(who) as desk:
        return reporting.send(desk, reporting.begin_correction(desk, FORM, period), data)  # type: ignore[arg-type]


# ---- what stands ---------------------------------------------------------------------------------------------------


def versions(*rows: tuple[int, int | None, int | None]) -> list[Entry]:
    """Reports of one debt: number, what it supersedes, what it cancels."""
    said = Report(FORM, "2026-10", None, False)
    return [
        Entry(
            Header(
                network="rkpb",
                channel="tver/center",
                number=number,
                previous="0" * 64,
                time="2026-11-01T00:00:00Z",
                by="ivanov",
                kind="report",
                report=said,
                supersedes=supersedes,
                cancels=cancels,
            ),
            f"{number:064}",
            "counts",
        )
        for number, supersedes, cancels in rows
    ]


@pytest.mark.parametrize(
    ("rows", "stands"),
    [
        ([], None),
        ([(3, None, None)], 3),
        ([(3, None, None), (5, None, None)], 3),
        ([(3, None, None), (5, 3, None)], 5),
        ([(3, None, None), (5, 3, None), (7, 5, None)], 7),
        ([(3, None, None), (5, 3, None), (7, 3, None)], 7),
        ([(3, None, None), (5, None, None), (7, 5, None)], 3),
        ([(3, None, None), (5, None, 3)], None),
        ([(3, None, None), (5, 3, None), (7, None, 5)], None),
        ([(3, None, None), (5, 3, None), (7, None, 3)], None),
        ([(3, None, None), (5, None, 3), (7, None, None)], 7),
        ([(3, None, None), (5, None, None), (7, None, 3)], 5),
        ([(3, None, None), (5, None, 3), (7, None, 5)], None),
    ],
)
def test_of_several_reports_one_stands(rows: list[tuple[int, int | None, int | None]], stands: int | None) -> None:
    found = earlier.last_version(versions(*rows))
    assert (found.header.number if found else None) == stands


def test_the_ledger_and_the_clerk_agree_on_what_stands(net: Net, month: str) -> None:
    first = report(net, IVANOV, month)
    second = correct(net, IVANOV, month, {**DATA, "reports_held_total": 4})
    with net.desk(IVANOV) as desk:
        debt = obligations.find(desk, FORM, month)
        stands = earlier.newest_version(desk, FORM, month)
        assert stands is not None
        assert (debt.report, debt.latest) == (first.place, second.place)
        assert stands.header.number == second.number


# ---- colleagues ----------------------------------------------------------------------------------------------------


def test_i4_a_colleague_does_not_report_the_same_debt_again(net: Net, month: str) -> None:
    place = report(net, IVANOV, month).place
    again = report(net, PETROV, month)
    assert (again.place, again.already) == (place, True)
    with pytest.raises(reporting.AlreadyReportedError, match=place):
        report(net, PETROV, month, {**DATA, "reports_held_total": 4})


def test_a_colleague_corrects_and_the_next_correction_supersedes_his(net: Net, month: str) -> None:
    report(net, IVANOV, month)
    second = correct(net, PETROV, month, {**DATA, "reports_held_total": 4})
    third = correct(net, IVANOV, month, {**DATA, "reports_held_total": 5})
    assert net.header(IVANOV, third.place).supersedes == second.number


def test_a_colleague_may_send_while_somebody_types(net: Net, month: str) -> None:
    """What is checked before the editor opens is checked again when it is sent."""
    with net.desk(IVANOV) as desk:
        reporting.begin(desk, FORM, month)
    place = report(net, PETROV, month, {**DATA, "reports_held_total": 4}).place
    with pytest.raises(reporting.AlreadyReportedError, match=place):
        report(net, IVANOV, month)


def test_an_auditor_reports_what_he_owes(net: Net, month: str) -> None:
    with net.desk(REVIZOR) as desk, pytest.raises(obligations.NotOwedError, match="no report is owed now"):
        reporting.begin(desk, FORM, month)
    state(net, words.Duty(form=FORM, audience="audit", rhythm="monthly", due=5, first=month))
    net.fetch(REVIZOR)
    assert report(net, REVIZOR, month).channel == "audit/center"


# ---- events --------------------------------------------------------------------------------------------------------


def before(day: date) -> dict[str, object]:
    return {
        "place": "Tver",
        "date": str(day),
        "agenda": [{"item": "Food supply"}],
        "conditions": "Quiet.",
        "preparedness": "Ready.",
        "responsible": "The bureau",
    }


def announce(net: Net, who: str, day: date, given: date | None = None) -> tuple[Posted, str]:
    with net.desk(who) as desk:
        task = reporting.begin(desk, "conference-before", None, new_event=True, day=given)
        return reporting.send(desk, task, before(day)), task.period


def test_an_auditor_is_told_whose_event_it_is(net: Net, month: str) -> None:
    day = net.now.date() + timedelta(days=3)
    _, event = announce(net, ORLOV, day)
    state(net, words.Duty(form="conference-after", audience="audit", rhythm="event", within=7))
    net.fetch(REVIZOR)
    with net.desk(REVIZOR) as desk, pytest.raises(obligations.UnknownEventError, match="an event of samara"):
        reporting.begin(desk, "conference-after", event)


def test_moving_the_form_s_day_moves_the_conference(net: Net, month: str) -> None:
    day = net.now.date() + timedelta(days=3)
    _, event = announce(net, IVANOV, day)
    moved = day + timedelta(days=2)
    with net.desk(IVANOV) as desk:
        task = reporting.begin_correction(desk, "conference-before", event)
        done = reporting.send(desk, task, before(moved))
        assert obligations.find(desk, "conference-before", event).held == moved
    said = net.header(IVANOV, done.place).report
    assert said is not None
    assert said.day == moved


def test_two_conferences_of_one_day_are_two_events(net: Net, month: str) -> None:
    day = net.now.date() + timedelta(days=3)
    first, _ = announce(net, IVANOV, day)
    with net.desk(IVANOV) as desk:
        task = reporting.begin(desk, "conference-before", None, new_event=True, day=day)
        second = reporting.send(desk, task, {**before(day), "place": "Rzhev"})
    assert second.place != first.place
    assert announce(net, IVANOV, day)[0].place == first.place


def test_the_report_after_begins_with_what_was_said_before_where_fields_match(net: Net, month: str) -> None:
    day = net.now.date() + timedelta(days=3)
    _, event = announce(net, IVANOV, day)
    net.later(days=3)
    schema = json.loads(forms.builtin_form("conference-after").data)
    schema["$id"] = "urn:cipherpost:form:conference-after:2"
    schema["properties"] |= {"place": {"type": "string"}, "date": {"type": "string", "format": "date"}}
    with net.desk(STASOVA) as desk:
        forms.publish(desk, parse_form(json.dumps(schema).encode()))
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        task = reporting.begin(desk, "conference-after", event)
    assert dict(task.known) == {"place": "Tver", "date": str(day)}
    assert task.before is not None
    assert "Ready." in task.before.body


# ---- drafts --------------------------------------------------------------------------------------------------------


def test_i5_drafts_are_sealed_and_bound_to_their_report(net: Net, month: str) -> None:
    with net.desk(IVANOV) as desk:
        drafts.save(desk, drafts.Draft(form=FORM, period=month, text='remarks = "Zarya"'))
        drafts.save(desk, drafts.Draft(form=FORM, period="2026-01", touched=False, text="untouched"))
        assert [(each.form, each.period) for each in drafts.listing(desk)] == [(FORM, month)]
    files = [path for path in net.home(IVANOV).rglob("*") if path.is_file()]
    assert all(b"Zarya" not in path.read_bytes() for path in files)
    with net.desk(IVANOV) as desk:
        found = drafts.load(desk, FORM, month)
        assert found is not None
        assert "Zarya" in found.text
        assert "Zarya" not in repr(found)
        assert drafts.load(desk, FORM, "2026-01") is None


def test_drafts_outlive_a_rebuilt_database(net: Net, month: str) -> None:
    from cipherpost.home.database import MAIL, rebuild

    with net.desk(IVANOV) as desk:
        drafts.save(desk, drafts.Draft(form=FORM, period=month, text="typed"))
    rebuild(net.home(IVANOV) / MAIL)
    with net.desk(IVANOV) as desk:
        assert [each.text for each in drafts.listing(desk)] == ["typed"]


def test_i4_a_sheet_that_ends_with_an_error_is_rescued(net: Net, month: str) -> None:
    home = net.home(IVANOV)

    def fail() -> None:
        with drafts.open_sheet(home, FORM, month) as sheet:
            sheet.write("typed\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (home / drafts.EDITING).exists()
    with net.desk(IVANOV) as desk:
        drafts.rescue(desk)
        found = drafts.load(desk, FORM, month)
        assert found is not None
        assert found.text == "typed\n"
    assert not (home / drafts.EDITING).exists()


def test_a_sheet_in_use_is_neither_rescued_nor_opened_twice(net: Net, month: str) -> None:
    home = net.home(IVANOV)
    with drafts.open_sheet(home, FORM, month) as sheet:
        sheet.write("typing")
        with pytest.raises(drafts.SheetBusyError), drafts.open_sheet(home, FORM, month):
            raise AssertionError
        with net.desk(IVANOV) as desk:
            drafts.rescue(desk)
            assert drafts.listing(desk) == []
        assert sheet.read() == "typing"
    assert not (home / drafts.EDITING).exists()


# ---- nothing half done ---------------------------------------------------------------------------------------------


def test_what_is_refused_leaves_nothing_in_the_outbox(net: Net, month: str) -> None:
    for data in ({"reports_held_total": -1}, {**DATA, "remarks": "x" * 10_000_000}):
        with pytest.raises(InvalidDataError):
            report(net, IVANOV, month, data)
    with net.desk(IVANOV) as desk:
        assert not desk.outbox.items()
    net.clean()


def test_the_period_begins_in_the_zone_of_the_network(net: Net, month: str) -> None:
    """At 22:00 UTC of a month's last day it is the next month in Moscow."""
    state(net, words.Timezone("Europe/Moscow"))
    last = (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1)
    net.now = datetime.fromisoformat(f"{last}T00:00:00+00:00") - timedelta(hours=2)
    net.fetch(STASOVA, clock_ok=True)
    net.fetch(IVANOV, clock_ok=True)
    with net.desk(IVANOV, clock_ok=True, stale_ok=True) as desk:
        reporting.begin(desk, FORM, f"{last:%Y-%m}")
        with pytest.raises(obligations.FuturePeriodError):
            reporting.begin(desk, FORM, f"{last + timedelta(days=32):%Y-%m}")
