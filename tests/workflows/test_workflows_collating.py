"""Collation from home to home: what is added up, what is left out, and that an auditor gets the same bytes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from filedkit import FORM, MONTHLY, demand, figures, oblige, period, report
from workflowkit import IVANOV, ORLOV, REVIZOR, STASOVA, Net

from cipherpost.errors import UseError
from cipherpost.forms.schema import parse_form
from cipherpost.home.copies import SEALED
from cipherpost.ledger.collation import Total
from cipherpost.pages.collation import collation_page
from cipherpost.roster import words
from cipherpost.strictjson import canonical
from cipherpost.workflows import abreast, entries, letters, remarks
from cipherpost.workflows.collating import Collation, NoSuchListError, NothingToCollateError, collate
from cipherpost.workflows.opening import NoKeyToReportsError
from cipherpost.workflows.returns import NotForCommitteesError


def collated(net: Net, who: str, **given: Any) -> Collation:
    with net.desk(who) as desk:
        return collate(desk, given.pop("form", FORM), given.pop("about", period(net)), **given)


def total(found: Collation, name: str) -> Total:
    return next(each for each in found.totals if each.name == name)


@pytest.fixture
def owing(net: Net) -> Net:
    """The network after the duty was stated and everybody knows."""
    oblige(net)
    return net


def both_report(net: Net) -> None:
    report(net, IVANOV, figures(3, 1, demand("Fuel")))
    report(net, ORLOV, figures("not known", 2, demand("Fuel", "not known"), demand("Bread", 7)))
    net.later(minutes=1)
    net.fetch(STASOVA)
    net.fetch(REVIZOR)


# ---- what is added up ------------------------------------------------------------------------------------------------


def test_i9_sums_stand_beside_what_was_not_counted_and_under_their_coverage(owing: Net) -> None:
    both_report(owing)
    found = collated(owing, STASOVA)
    held = total(found, "reports_held_total")
    assert (held.sum, len(held.given)) == (3, 1)
    assert held.no_number["not known"] == ("samara/center/1",)
    assert total(found, "demands_total").sum == 3
    assert found.coverage.line().startswith("2 of 2 reported; 0 late; 0 nil; 0 unknown")
    listed = total(found, "demands")
    assert listed.sum == 3
    raised = next(column for column in listed.columns if column.name == "raised_by")
    assert [(said.place, said.value) for said in raised.given] == [("tver/center/1#1", 12), ("samara/center/1#2", 7)]


def test_i9_silence_and_nil_are_not_blank(owing: Net) -> None:
    report(owing, IVANOV, None)
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    found = collated(owing, STASOVA)
    assert found.coverage.line().startswith("1 of 2 reported; 0 late; 1 nil; 0 unknown")
    assert "samara" in found.coverage.line()
    assert total(found, "demands_total").as_json()["blank"] == []
    columns, rows = found.table()
    assert columns[:5] == ["office", "title", "period", "dispatch", "state"]
    assert [(row["office"], row["state"], row["dispatch"]) for row in rows] == [
        ("tver", "nil", "tver/center/1"),
        ("samara", "due", None),
    ]


def test_a_correction_takes_the_place_of_what_it_corrects(owing: Net) -> None:
    first = report(owing, IVANOV, figures(3))
    owing.later(minutes=1)
    report(owing, IVANOV, figures(5), supersedes=first.number)
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    held = total(collated(owing, STASOVA), "reports_held_total")
    assert [(said.place, said.value) for said in held.given] == [("tver/center/2", 5)]


def test_the_offices_of_a_group_or_one_office_alone(owing: Net) -> None:
    both_report(owing)
    found = collated(owing, STASOVA, group="samara")
    assert [each.office for each in found.opened.filings] == ["samara"]
    assert found.coverage.line().startswith("1 of 1 reported")
    assert len(collated(owing, STASOVA, group="volga").opened.filings) == 2


def test_rows_of_a_list_name_office_dispatch_and_item(owing: Net) -> None:
    both_report(owing)
    columns, rows = collated(owing, STASOVA).items("demands")
    assert columns == ["office", "title", "period", "dispatch", "item", "text", "category", "raised_by"]
    assert [(row["dispatch"], row["item"], row["text"]) for row in rows] == [
        ("tver/center/1", 1, "Fuel"),
        ("samara/center/1", 1, "Fuel"),
        ("samara/center/1", 2, "Bread"),
    ]
    with pytest.raises(NoSuchListError) as refused:
        collated(owing, STASOVA).items("demand")
    assert "demands" in refused.value.rule


# ---- the same for everybody ------------------------------------------------------------------------------------------


def test_i8_an_auditor_with_escrow_gets_the_same_bytes_as_the_center(owing: Net) -> None:
    both_report(owing)
    owing.later(days=1)
    bad = report(owing, IVANOV, None, raw=b"{}", supersedes=1)
    owing.later(minutes=1)
    at = owing.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    owing.fetch(REVIZOR)
    printed = []
    for who in (STASOVA, REVIZOR):
        found = collated(owing, who, as_of=at)
        assert [each.dispatch for each in found.remarks] == [bad.place]
        page = collation_page(
            found.totals,
            network=found.network,
            form=found.form,
            period=found.period,
            as_of=found.as_of,
            coverage=found.coverage,
            titles=found.titles,
            remarks=[each.place for each in found.remarks],
        )
        printed.append((json.dumps(found.as_json()), found.table(), found.items("demands"), page))
        owing.later(hours=3)
    assert printed[0] == printed[1]


def test_later_reports_do_not_change_what_was_collated_as_of_before(owing: Net) -> None:
    report(owing, IVANOV, figures(3))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    at = owing.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    before = collated(owing, STASOVA, as_of=at).as_json()
    owing.later(minutes=5)
    report(owing, ORLOV, figures(4))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    assert collated(owing, STASOVA, as_of=at).as_json() == before
    assert len(collated(owing, STASOVA).opened.filings) == 2


def test_an_auditor_to_whom_nothing_is_escrowed_gets_no_figures_and_is_told_why(net: Net) -> None:
    oblige(net, escrow=False)
    both_report(net)
    with pytest.raises(NoKeyToReportsError) as refused:
        collated(net, REVIZOR)
    assert "any of the 2 reports" in refused.value.what
    report(net, IVANOV, None, supersedes=1)
    net.later(minutes=1)
    net.fetch(REVIZOR)
    with pytest.raises(NoKeyToReportsError) as refused:
        collated(net, REVIZOR)
    assert "the only report" in refused.value.what, "a nil report needs no key"


def test_where_nothing_is_to_be_opened_no_key_is_missed(net: Net) -> None:
    oblige(net, escrow=False)
    report(net, IVANOV, None)
    net.later(minutes=1)
    net.fetch(REVIZOR)
    assert collated(net, REVIZOR).coverage.line().startswith("1 of 2 reported; 0 late; 1 nil")


def test_a_committee_is_told_what_it_can_ask_instead(owing: Net) -> None:
    with pytest.raises(NotForCommitteesError) as refused:
        collated(owing, IVANOV)
    assert refused.value.hints == ("cipherpost owed",)


# ---- what cannot be read ---------------------------------------------------------------------------------------------

SEND_BACK = 'cipherpost send-back tver monthly-return {} --until DATE -m "{}"'


def wrong(data: Any = None, **change: Any) -> bytes:
    """A data.json that a careless program could have made; ``change``: of its members."""
    return canonical(
        {
            "data": figures() if data is None else data,
            "form": FORM,
            "hash": MONTHLY.hash,
            "period": "2026-10",
            "version": 1,
            **change,
        }
    )


WRONG = {
    b"[]": "not a report's data.json",
    wrong({}): "the report is empty",
    wrong({"reports_held_total": -1, "demands_total": 2}): "reports_held_total",
    wrong({"reports_held_total": 1, "demands_total": 2, "secret": "x"}): "the form has no such field",
    wrong(form="conference-before"): "another form or period",
    wrong(period="2001-01"): "another form or period",
    wrong(version=2): "monthly-return 2 that the roster does not state",
    wrong(hash="0" * 64): "monthly-return 1 that the roster does not state",
}


def test_i7_reports_with_wrong_data_are_remarks_and_stop_nothing(owing: Net) -> None:
    month = period(owing)
    said = {}
    for at, (raw, reason) in enumerate(WRONG.items()):
        right = raw.replace(b"2026-10", month.encode())
        said[report(owing, IVANOV, None, raw=right, supersedes=at or None).place] = reason
    report(owing, ORLOV, figures(4))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    with owing.desk(STASOVA) as desk:
        kept = remarks.remarks(desk)
    assert list(kept) == list(said)
    for place, reason in said.items():
        assert reason in kept[place], place
    found = collated(owing, STASOVA)
    (remark,) = found.remarks
    assert (remark.dispatch, remark.reason) == list(kept.items())[-1]
    assert remark.hint == SEND_BACK.format(month, remark.reason.replace('"', "'"))
    assert total(found, "reports_held_total").sum == 4
    assert "left out: tver (unreadable)" in found.coverage.line()
    assert found.table()[1][0]["state"] == "unreadable"


def test_i5_a_remark_names_the_field_and_never_what_was_written_there(owing: Net) -> None:
    report(owing, IVANOV, None, raw=wrong({"reports_held_total": "confidential", "demands_total": 2}))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    (remark,) = collated(owing, STASOVA).remarks
    assert "confidential" not in remark.reason
    on_disk = b"".join(path.read_bytes() for path in owing.home(STASOVA).rglob("*") if path.is_file())
    assert remark.reason.encode() not in on_disk
    assert b"confidential" not in on_disk


def test_i7_a_letter_that_is_not_at_the_post_office_is_a_remark_until_it_comes(owing: Net) -> None:
    report(owing, IVANOV, figures(3))
    report(owing, ORLOV, figures(4))
    assert owing.post is not None
    owing.post.withhold("rkpb/tver/sealed/*")
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    found = collated(owing, STASOVA)
    assert [(each.dispatch, each.theirs) for each in found.remarks] == [("tver/center/1", True)]
    assert total(found, "reports_held_total").sum == 4
    owing.post.heal()
    found = collated(owing, STASOVA)
    assert total(found, "reports_held_total").sum == 7
    assert found.remarks == ()
    with owing.desk(STASOVA) as desk:
        assert remarks.remarks(desk) == {}


def test_i7_without_a_line_what_is_not_here_is_left_out_and_nobody_is_blamed(owing: Net) -> None:
    report(owing, IVANOV, figures(3))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    for path in (owing.home(STASOVA) / SEALED).rglob("*"):
        if path.is_file():
            path.unlink()
    assert owing.post is not None
    owing.post.knobs.down = True
    (remark,) = collated(owing, STASOVA).remarks
    assert not remark.theirs
    with owing.desk(STASOVA) as desk:
        assert remarks.remarks(desk) == {}


def test_a_corrected_report_leaves_no_remark_in_the_returns(owing: Net) -> None:
    first = report(owing, IVANOV, None, raw=wrong({}))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    report(owing, IVANOV, figures(6), supersedes=first.number)
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    found = collated(owing, STASOVA)
    assert (found.remarks, total(found, "reports_held_total").sum) == ((), 6)


def test_i5_no_plaintext_of_any_report_stays_in_the_home(owing: Net) -> None:
    text = "Firewood for the reading rooms of Kalyazin"
    report(owing, IVANOV, figures(1, 1, demand(text)))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    assert len(collated(owing, STASOVA).opened.filings) == 1
    for path in (each for each in Path(owing.home(STASOVA)).rglob("*") if each.is_file()):
        assert text.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("share", [1, 9])
def test_i7_helping_processes_give_the_same_collation_and_leave_bad_reports_to_be_named(
    owing: Net, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    report(owing, IVANOV, None, raw=wrong({}))
    report(owing, ORLOV, figures(4, 1, demand("Bread")))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    alone = collated(owing, STASOVA).as_json()
    monkeypatch.setattr(abreast, "LEAST", 1)
    monkeypatch.setattr(abreast, "_SHARE", share)
    monkeypatch.setattr(abreast, "processors", lambda: 2)
    assert collated(owing, STASOVA).as_json() == alone
    assert len(alone["remarks"]) == len(alone["reports"]) == 1


@pytest.mark.parametrize("small", [letters.SMALL, 0])
def test_i7_reports_opened_together_or_as_large_ones_give_the_same_collation(
    owing: Net, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    report(owing, IVANOV, None, raw=wrong({}))
    report(owing, ORLOV, figures(4, 1, demand("Bread")))
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    alone = collated(owing, STASOVA).as_json()
    opened: list[abreast.Found | None] = []

    def here(jobs: Any, *tools: Any) -> Any:
        opened.extend(abreast._open_share(jobs, abreast._Tools(*tools)))
        return iter(opened)

    monkeypatch.setattr(abreast, "LEAST", 1)
    monkeypatch.setattr(abreast, "processors", lambda: 2)
    monkeypatch.setattr(abreast, "open_many", here)
    monkeypatch.setattr(letters, "SMALL", small)
    assert collated(owing, STASOVA).as_json() == alone
    assert sorted(each is None for each in opened) == [False, True]


def test_i7_helpers_that_die_cost_time_and_nothing_else(owing: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    both_report(owing)
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    alone = collated(owing, STASOVA).as_json()
    done: list[int] = []
    share = abreast._open_share

    def here(jobs: Any, tools: Any) -> Any:
        done.append(len(jobs))
        return share(jobs, tools)

    monkeypatch.setattr(abreast, "LEAST", 1)
    monkeypatch.setattr(abreast, "_SHARE", 1)
    monkeypatch.setattr(abreast, "processors", lambda: 2)
    monkeypatch.setattr(abreast, "_begin", os.kill)  # takes other arguments: each helper ends as it begins
    monkeypatch.setattr(abreast, "_open_share", here)
    assert collated(owing, STASOVA).as_json() == alone
    assert done == [1, 1]


# ---- versions of a form ----------------------------------------------------------------------------------------------


def test_i6_a_report_stays_valid_under_the_version_it_was_made_for(owing: Net) -> None:
    report(owing, IVANOV, figures(3))
    newer = json.loads(MONTHLY.data)
    newer["$id"] = "urn:cipherpost:form:monthly-return:2"
    newer["properties"]["choirs"] = {"type": "integer", "title": "Choirs"}
    form = parse_form(canonical(newer))
    with owing.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Form(FORM, 2, form.hash)])
        desk.vault.put(f"form {form.hash}", form.data)
    owing.later(minutes=1)
    owing.fetch(ORLOV)
    report(owing, ORLOV, figures(4, choirs=2), form=form)
    owing.later(minutes=1)
    owing.fetch(STASOVA)
    found = collated(owing, STASOVA)
    assert (found.form.version, found.remarks) == (2, ())
    assert total(found, "reports_held_total").sum == 7
    choirs = total(found, "choirs")
    assert (choirs.sum, choirs.not_asked, choirs.blank) == (2, ("tver/center/1",), ())


@pytest.mark.parametrize("about", ["2031-01", "e7k2m4qaz"])
def test_a_period_in_which_nothing_is_owed_is_refused(owing: Net, about: str) -> None:
    with pytest.raises(NothingToCollateError):
        collated(owing, STASOVA, about=about)


def test_words_that_are_no_period_and_unknown_forms_are_wrong_use(owing: Net) -> None:
    with pytest.raises(UseError):
        collated(owing, STASOVA, about="october")
    with pytest.raises(UseError):
        collated(owing, STASOVA, form="monthly")
    with pytest.raises(UseError):
        collated(owing, STASOVA, group="nowhere")
