"""Demands from report to answer: at the center, at its other officers, and at those who raised them."""

from typing import Any

import pytest
from filedkit import FORM, demand, figures, oblige, period, report
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, REVIZOR, STASOVA, Net, subjects

from cipherpost.errors import CipherpostError, UseError
from cipherpost.ledger.demands import Demand, DemandIdError, Statement, format_statement
from cipherpost.roster import words
from cipherpost.workflows import demands, standing
from cipherpost.workflows.addressing import AudienceError
from cipherpost.workflows.answering import (
    NoAnswerError,
    NoSuchDemandError,
    SameDemandsError,
    say_answered,
    say_same,
)
from cipherpost.workflows.demands import Demands, listing, news
from cipherpost.workflows.dispatching import Outgoing, line_error, send_one
from cipherpost.workflows.plans import Plan
from cipherpost.workflows.results import Posted

TVER, SAMARA, BREAD = "tver/center/1#1", "samara/center/1#1", "samara/center/1#2"


def seen(net: Net, who: str, **given: Any) -> Demands:
    with net.desk(who) as desk:
        return listing(desk, **given)


def by_id(found: Demands) -> dict[str, Demand]:
    return {each.id: each for each in found.demands}


def same(net: Net, *ids: str, who: str = STASOVA, **given: Any) -> Posted:
    net.later(minutes=1)
    with net.desk(who) as desk:
        return say_same(desk, ids, **given)


def answer(
    net: Net, *ids: str, by: str | None, who: str = STASOVA, **given: Any
) -> tuple[list[Posted], dict[str, str]]:
    net.later(minutes=1)
    with net.desk(who) as desk:
        return say_answered(desk, ids, by, **given)


@pytest.fixture
def raised(net: Net) -> Net:
    """Tver and Samara demand fuel, Samara bread too; the center has a circular that could answer."""
    oblige(net, words.Escrow("message", ("audit",)))
    report(net, IVANOV, figures(3, 1, demand("Fuel for the schools")))
    report(net, ORLOV, figures(3, 2, demand("Firewood for schools", 30), demand("Bread", "not known")))
    net.later(minutes=1)
    net.fetch(STASOVA)
    net.send(STASOVA, "Fuel is on its way.", "all")
    return net


# ---- the list --------------------------------------------------------------------------------------------------------


def test_each_demand_is_listed_with_its_name_office_and_period(raised: Net) -> None:
    found = seen(raised, STASOVA)
    assert [each.id for each in found.demands] == [TVER, SAMARA, BREAD]
    row = found.rows()[0]
    assert (row["office"], row["period"], row["category"]) == ("tver", period(raised), "housing and fuel")
    assert (row["text"], row["raised_by"]) == ("Fuel for the schools", 12)
    assert seen(raised, STASOVA, period=period(raised)).coverage.line().startswith("2 of 2 reported")
    assert seen(raised, STASOVA, period="2031-01").demands == ()


def test_a_committee_sees_its_own_demands_alone(raised: Net) -> None:
    assert [each.id for each in seen(raised, IVANOV).demands] == [TVER]
    assert [each.id for each in seen(raised, ORLOV, form=FORM).demands] == [SAMARA, BREAD]


def test_other_words_than_forms_and_periods_are_wrong_use(raised: Net) -> None:
    for given in ({"form": "yearly"}, {"period": "october"}):
        with pytest.raises(UseError):
            seen(raised, STASOVA, **given)


# ---- the same --------------------------------------------------------------------------------------------------------


def test_equal_demands_are_counted_together_for_every_officer_of_the_center(raised: Net) -> None:
    posted = same(raised, TVER, SAMARA)
    assert posted.place == "center/center/1"
    raised.fetch(BAZHANOV)
    raised.fetch(REVIZOR)
    for who in (STASOVA, BAZHANOV, REVIZOR):
        first, bread = seen(raised, who).groups
        assert (first.ids, first.raised_by, first.offices) == ((TVER, SAMARA), 42, ("tver", "samara"))
        assert (bread.ids, bread.raised_by) == ((BREAD,), None)


def test_what_was_called_the_same_can_be_taken_back(raised: Net) -> None:
    same(raised, TVER, SAMARA)
    same(raised, SAMARA, apart=True)
    assert len(seen(raised, STASOVA).groups) == 3
    same(raised, TVER, SAMARA)
    assert len(seen(raised, STASOVA).groups) == 2


def test_i4_saying_the_same_twice_posts_once(raised: Net) -> None:
    first = same(raised, TVER, SAMARA)
    again = same(raised, TVER, SAMARA)
    assert (again.already, again.place) == (True, first.place)


def test_only_demands_that_are_there_are_called_the_same_and_two_at_least(raised: Net) -> None:
    refusals: list[tuple[type[CipherpostError], tuple[str, ...]]] = [
        (SameDemandsError, (TVER,)),
        (SameDemandsError, (TVER, TVER)),
        (NoSuchDemandError, (TVER, "tver/center/1#2")),
        (NoSuchDemandError, (TVER, "perm/center/1#1")),
        (DemandIdError, (TVER, "tver/center/1")),
    ]
    for refusal, ids in refusals:
        with pytest.raises(refusal):
            same(raised, *ids)
    with pytest.raises(AudienceError):
        same(raised, TVER, SAMARA, who=IVANOV)
    assert not any("center/center/" in name for name in raised.objects())


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_reaches_each_office_that_raised_it_and_its_next_form(raised: Net) -> None:
    same(raised, TVER, SAMARA)
    posted, left_out = answer(raised, TVER, by="center/all/1")
    assert ([each.channel for each in posted], left_out) == (["center/tver", "center/samara"], {})
    assert {each: got.answered_by for each, got in by_id(seen(raised, STASOVA)).items()} == {
        TVER: "center/all/1",
        SAMARA: "center/all/1",
        BREAD: None,
    }
    for who, name in ((IVANOV, TVER), (PETROV, TVER), (ORLOV, SAMARA)):
        assert "Your demands are answered" in subjects(raised.fetch(who))
        assert by_id(seen(raised, who))[name].answered_by == "center/all/1"
        with raised.desk(who) as desk:
            (line,) = news(desk, FORM)
            assert line.startswith(f"demand {name} is answered by center/all/1: ")
    raised.later(minutes=1)
    report(raised, ORLOV, figures(3), supersedes=1)
    with raised.desk(ORLOV) as desk:
        assert news(desk, FORM) == []


def test_no_office_is_told_of_the_demands_of_another(raised: Net) -> None:
    same(raised, TVER, SAMARA)
    answer(raised, TVER, by="center/all/1")
    raised.fetch(IVANOV)
    assert by_id(seen(raised, IVANOV))[TVER].answered_by == "center/all/1"
    with raised.desk(IVANOV) as desk:
        (kept,) = (value for name, value in desk.vault.get_all("demands ").items() if value)
    assert TVER.encode() in kept
    assert b"samara" not in kept


def test_an_answer_can_be_taken_back(raised: Net) -> None:
    answer(raised, TVER, by="center/all/1")
    answer(raised, TVER, by=None)
    assert by_id(seen(raised, STASOVA))[TVER].answered_by is None
    raised.fetch(IVANOV)
    assert by_id(seen(raised, IVANOV))[TVER].answered_by is None


def test_what_did_not_go_to_those_who_raised_it_answers_nothing(raised: Net) -> None:
    alone = raised.send(STASOVA, "For Samara alone.", "samara").place
    for place in (alone, "tver/center/1"):
        with pytest.raises(NoAnswerError):
            answer(raised, TVER, by=place)
    answer(raised, BREAD, by=alone)
    assert by_id(seen(raised, STASOVA))[BREAD].answered_by == alone


def test_i7_an_office_that_cannot_be_written_to_keeps_no_other_from_its_answer(raised: Net) -> None:
    same(raised, TVER, SAMARA)
    with raised.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "suspend", "samara"))
    posted, left_out = answer(raised, TVER, by="center/all/1")
    assert [each.channel for each in posted] == ["center/tver"]
    assert left_out == {"samara": "samara is suspended"}


def test_what_was_said_of_a_demand_follows_it_into_a_correction(raised: Net) -> None:
    answer(raised, TVER, by="center/all/1")
    raised.later(minutes=1)
    report(raised, IVANOV, figures(3, 2, demand("Salt"), demand("Fuel for the schools")), supersedes=1)
    raised.later(minutes=1)
    raised.fetch(STASOVA)
    found = by_id(seen(raised, STASOVA))
    moved = next(name for name, each in found.items() if each.text == "Fuel for the schools")
    assert found[moved].answered_by == "center/all/1"
    assert sum(each.answered_by is not None for each in found.values()) == 1
    same(raised, TVER, SAMARA)  # the old name still means it
    assert by_id(seen(raised, STASOVA))[SAMARA].same == (moved, SAMARA)


# ---- statements of others --------------------------------------------------------------------------------------------


def state(net: Net, who: str, channel: str, said: Statement) -> Posted:
    net.later(minutes=1)
    with net.desk(who) as desk:
        plan = Plan(channel=channel, kind="message", created=desk.time())
        letter = Outgoing(body="So.\n", body_type="txt", subject="So", data=format_statement(said))
        return send_one(desk, plan, letter, line_error(desk), even_if_sent=True, dry_run=False)


def test_only_the_center_says_what_became_of_demands(raised: Net) -> None:
    said = Statement(word="answered", ids=(TVER, SAMARA), by="center/all/1", hash="0" * 64)
    state(raised, IVANOV, "tver/center", said)
    state(raised, IVANOV, "tver/tver", said)
    raised.fetch(STASOVA)
    raised.fetch(PETROV)
    assert all(each.answered_by is None for each in seen(raised, STASOVA).demands)
    assert all(each.answered_by is None for each in seen(raised, PETROV).demands)


def test_i7_a_statement_that_names_another_answer_than_is_here_is_listed_and_counts_for_nothing(raised: Net) -> None:
    said = Statement(word="answered", ids=(TVER,), by="center/all/1", hash="0" * 64)
    posted = state(raised, STASOVA, "center/tver", said)
    found = seen(raised, STASOVA)
    assert by_id(found)[TVER].answered_by is None
    (refused,) = found.refused
    assert isinstance(refused, demands.AnswerDisagreesError)
    assert (refused.channel, refused.number) == (posted.channel, posted.number)


def test_a_letter_to_one_office_says_nothing_of_the_demands_of_another(raised: Net) -> None:
    hash = raised.header(STASOVA, "center/all/1")
    with raised.desk(STASOVA) as desk:
        entry = desk.chain.channel("center/all").entry(hash.number)
        assert entry is not None
    said = Statement(word="answered", ids=(TVER, SAMARA), by="center/all/1", hash=entry.hash)
    state(raised, STASOVA, "center/tver", said)
    found = by_id(seen(raised, STASOVA))
    assert (found[TVER].answered_by, found[SAMARA].answered_by) == ("center/all/1", None)
