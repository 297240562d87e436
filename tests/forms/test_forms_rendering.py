"""What a report's letter holds: the text for people, and the envelope that comes back as it was."""

import json
from typing import Any

import pytest
from forms.samples import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits, strictjson
from cipherpost.forms.builtin import BUILTIN, builtin
from cipherpost.forms.rendering import (
    LETTER_SHOWN,
    EnvelopeError,
    ReportTooLargeError,
    envelope,
    parse_envelope,
    render,
)

FORM = builtin("monthly-return")
GOOD = {"data": {}, "form": "monthly-return", "hash": FORM.hash, "period": "2026-10", "version": 1}


# ---- data.json -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sampled_from(BUILTIN), st.integers(0, 10_000), st.sampled_from(["2026-10", "2026-w47", "e7k2m4qaz", "2026"]))
def test_an_envelope_comes_back_as_it_was_put_in(name: str, seed: int, period: str) -> None:
    form, data = builtin(name), sample(name, seed)
    whole = envelope(form, period, data)
    found = parse_envelope(whole, where="tver/center/12")
    assert (found.form, found.version, found.hash, found.period) == (name, 1, form.hash, period)
    assert found.data == data
    assert envelope(form, found.period, found.data) == whole


@settings(deadline=None)
@given(st.data())
def test_one_changed_byte_of_an_envelope_is_another_envelope_or_refused(choice: st.DataObject) -> None:
    whole = envelope(FORM, "2026-10", sample("monthly-return", 3))
    changed = bytearray(whole)
    changed[choice.draw(st.integers(0, len(whole) - 1))] ^= choice.draw(st.integers(1, 255))
    try:
        found = parse_envelope(bytes(changed))
    except EnvelopeError:
        return
    assert found != parse_envelope(whole)


def test_an_envelope_is_written_in_its_one_form() -> None:
    assert envelope(FORM, "2026-10", {"demands_total": 3}) == (
        b'{"data":{"demands_total":3},"form":"monthly-return","hash":"%b","period":"2026-10","version":1}'
        % FORM.hash.encode()
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps(GOOD).encode(),  # not canonical: spaces
        strictjson.canonical(GOOD | {"more": 1}),
        strictjson.canonical({key: value for key, value in GOOD.items() if key != "hash"}),
        strictjson.canonical(GOOD | {"data": []}),
        strictjson.canonical(GOOD | {"form": 7}),
        strictjson.canonical(GOOD | {"form": "../x"}),
        strictjson.canonical(GOOD | {"hash": "00"}),
        strictjson.canonical(GOOD | {"period": "2026-13"}),
        strictjson.canonical(GOOD | {"period": None}),
        strictjson.canonical(GOOD | {"version": 0}),
        strictjson.canonical(GOOD | {"version": True}),
        strictjson.canonical(GOOD | {"version": "1"}),
        strictjson.canonical(GOOD | {"version": limits.NUMBER + 1}),
        strictjson.canonical(GOOD).replace(b"{}", b'{"a":1.5}'),
        b" " * (limits.DATA_BYTES + 1),
    ],
)
def test_what_is_no_envelope_is_refused_with_its_dispatch(content: bytes) -> None:
    with pytest.raises(EnvelopeError) as caught:
        parse_envelope(content, where="tver/center/12")
    assert type(caught.value) is EnvelopeError
    assert caught.value.exit_code == 3
    assert caught.value.where == "tver/center/12"


def test_i11_a_report_larger_than_a_letter_is_refused_before_it_is_sealed() -> None:
    items = [{"text": "x" * limits.REPORT_TEXT}] * 170
    with pytest.raises(ReportTooLargeError) as caught:
        envelope(builtin("conference-after"), "e7k2m4qaz", {"resolutions": items})
    assert caught.value.exit_code == 2


# ---- the text for people -------------------------------------------------------------------------------------------


def test_a_report_is_shown_as_titles_and_values() -> None:
    data: dict[str, Any] = {
        "demands_total": 2,
        "reports_held_total": "not collected",
        "reports_held": [{"date": "2026-10-05", "party_member": False, "attendance": 0, "progress": "good\n\nvery"}],
        "demands": [{"text": "bread", "category": "land", "raised_by": 3}, {"text": "soap"}],
    }
    assert render(FORM, data) == (
        "Monthly return\n\n"
        "Business reports held, in all: not collected\n\n"
        "Business reports held:\n"
        "  1. Day: 2026-10-05; Party member: no; Attendance: 0; Progress: good very\n\n"
        "Demands raised, in all: 2\n\n"
        "Demands raised:\n"
        "  1. Demand: bread; Category: land; Raised by: 3\n"
        "  2. Demand: soap\n"
    )


def test_a_list_of_one_column_needs_no_titles() -> None:
    assert "Agenda:\n  1. Seed\n  2. Land\n" in render(
        builtin("conference-before"), {"agenda": [{"item": "Seed"}, {"item": "Land"}]}
    )


def test_a_long_report_is_cut_in_the_letter_and_says_so() -> None:
    long = render(FORM, {"remarks": "word " * 10_000})
    assert len(long) < 3_000
    assert "[cut here]" in long
    many = render(builtin("conference-after"), {"resolutions": [{"text": "t"}] * 500})
    assert "300 more in data.json" in many
    most = render(builtin("conference-after"), {"resolutions": [{"text": "t" * 5_000}] * 500})
    assert len(most) < LETTER_SHOWN + 100
    assert most.endswith("data.json of this letter has the whole]\n")
