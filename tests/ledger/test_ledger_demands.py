"""Demands: their names, which count as one, which are answered, and the letters that say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.ledger.demands import (
    Demand,
    DemandIdError,
    DemandStatementError,
    Statement,
    carried,
    demands_of,
    format_statement,
    groups,
    is_statement,
    judged,
    parse_id,
    parse_statement,
)
from cipherpost.strictjson import JsonError, canonical

HASH = "ab" * 32


def demand(name: str, text: str = "Fuel for the schools", raised_by: int | str = 12) -> Demand:
    office = name.partition("/")[0]
    return Demand(id=name, office=office, form="monthly-return", period="2026-10", text=text, raised_by=raised_by)


TVER, OMSK, PERM = (demand(f"{office}/center/12#3") for office in ("tver", "omsk", "perm"))
ALL = (TVER, OMSK, PERM)


def same(*demands: Demand) -> Statement:
    return Statement(word="same", ids=tuple(each.id for each in demands))


def answered(*demands: Demand, by: str = "center/all/14") -> Statement:
    return Statement(word="answered", ids=tuple(each.id for each in demands), by=by, hash=HASH)


# ---- names ---------------------------------------------------------------------------------------------------------


def test_a_demand_is_named_by_its_report_and_its_place_there() -> None:
    data = {"demands": [{"text": "Fuel", "category": "housing", "raised_by": 4}, {"text": "Bread"}]}
    found = demands_of(office="tver", form="monthly-return", period="2026-10", dispatch="tver/center/12", data=data)
    assert [each.id for each in found] == ["tver/center/12#1", "tver/center/12#2"]
    assert (found[0].text, found[0].category, found[0].raised_by) == ("Fuel", "housing", 4)
    assert found[1].category is None
    assert parse_id("tver/center/12#2")[:] == ("tver/center", 12, 2)
    assert str(parse_id("tver/center/12#2")) == "tver/center/12#2"


@pytest.mark.parametrize("word", ["tver/center/12", "tver/center/12#0", "tver/center/12#", "12#3", "tver/center/12#03"])
def test_other_words_name_no_demand(word: str) -> None:
    with pytest.raises(DemandIdError):
        parse_id(word)


# ---- what the center says ------------------------------------------------------------------------------------------


def test_equal_demands_are_counted_together_where_the_first_stands() -> None:
    found = groups(judged(ALL, [same(OMSK, PERM)]))
    assert [each.ids for each in found] == [(TVER.id,), (OMSK.id, PERM.id)]
    assert found[1].offices == ("omsk", "perm")
    assert (found[1].raised_by, found[1].said_by) == (24, 2)


def test_groups_that_share_a_demand_become_one_and_one_can_be_taken_out_again() -> None:
    assert len(groups(judged(ALL, [same(TVER, OMSK), same(OMSK, PERM)]))) == 1
    found = groups(judged(ALL, [same(*ALL), Statement(word="apart", ids=(OMSK.id,))]))
    assert [each.ids for each in found] == [(TVER.id, PERM.id), (OMSK.id,)]


def test_i9_who_did_not_say_how_many_raised_it_is_not_counted_as_none() -> None:
    silent = demand("omsk/center/12#3", raised_by="not known")
    (one,) = groups(judged((TVER, silent), [same(TVER, silent)]))
    assert (one.raised_by, one.said_by, len(one.demands)) == (12, 1, 2)
    assert groups((silent,))[0].raised_by is None


def test_the_last_answer_holds_and_can_be_taken_back() -> None:
    said = [answered(TVER, OMSK), answered(TVER, by="center/all/20"), Statement(word="open", ids=(OMSK.id,))]
    assert [each.answered_by for each in judged(ALL, said)] == ["center/all/20", None, None]


def test_what_is_said_of_a_demand_follows_it_into_the_correction() -> None:
    before = (demand("tver/center/12#1", "Bread"), demand("tver/center/12#2", "Fuel"))
    now = (demand("tver/center/14#1", "Fuel"), demand("tver/center/14#2", "Salt"))
    names = carried(before, now)
    assert names == {"tver/center/12#2": "tver/center/14#1"}
    found = judged(now, [answered(*before)], {**names, "tver/center/12#1": ""})
    assert [each.answered_by for each in found] == ["center/all/14", None]


def test_of_equal_texts_each_keeps_its_own_successor() -> None:
    before = tuple(demand(f"tver/center/12#{at}", "Fuel") for at in (1, 2, 3))
    now = tuple(demand(f"tver/center/14#{at}", "Fuel") for at in (1, 2))
    assert carried(before, now) == {before[0].id: now[0].id, before[1].id: now[1].id}


def test_statements_about_demands_that_are_not_here_change_nothing() -> None:
    assert judged((TVER,), [same(TVER, OMSK), answered(PERM)]) == (TVER,)


# ---- their letters -------------------------------------------------------------------------------------------------

IDS = st.lists(st.sampled_from([each.id for each in ALL]), min_size=1, max_size=3, unique=True).map(tuple)
STATEMENTS = st.one_of(
    st.builds(Statement, word=st.sampled_from(("same", "apart", "open")), ids=IDS),
    st.builds(Statement, word=st.just("answered"), ids=IDS, by=st.just("center/all/14"), hash=st.just(HASH)),
)


@given(STATEMENTS)
def test_a_statement_is_read_as_it_was_written(said: Statement) -> None:
    data = format_statement(said)
    assert is_statement(data)
    assert parse_statement(data) == said


FORM = "cipherpost/v1 demands"


@pytest.mark.parametrize(
    "given",
    [
        {"format": FORM},
        {"format": FORM, "same": []},
        {"format": FORM, "same": ["tver/center/12"]},
        {"format": FORM, "same": "tver/center/12#1"},
        {"format": FORM, "same": [TVER.id], "apart": [TVER.id]},
        {"format": FORM, "answered": [TVER.id]},
        {"format": FORM, "answered": [TVER.id], "by": "all", "hash": HASH},
        {"format": FORM, "answered": [TVER.id], "by": "center/all/1", "hash": "x"},
        {"format": FORM, "same": [TVER.id], "more": 1},
        {"format": "cipherpost/v2 demands", "same": [TVER.id]},
        [FORM],
    ],
)
def test_other_statements_are_refused(given: object) -> None:
    with pytest.raises(DemandStatementError):
        parse_statement(canonical(given))
    with pytest.raises((DemandStatementError, JsonError)):
        parse_statement(canonical(given)[:-1])
