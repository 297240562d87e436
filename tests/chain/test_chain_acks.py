"""Acks: which word holds, who said it; missing numbers and stated heads."""

import pytest
from chainkit import TIME, Net, sha
from hypothesis import given
from hypothesis import strategies as st

from cipherpost.chain.acks import Acks, Standing
from cipherpost.dispatch.header import ACK_WORDS, Ack, Head, Missing

ASKED = "center/all"


@pytest.fixture(scope="module")
def net():
    made = Net()
    made.found("tver", "kursk")
    return made


def said(net, *words, by="ivanov", office="tver", number=1, time=TIME, **changes):
    acks = tuple(Ack(ASKED, at, sha(str(at)) if at else None, word) for at, word in words)
    header = net.make("tver/center", kind="receipt", by=by, acks=acks, time=time, **changes).header
    return header._replace(channel=f"{office}/center", number=number)


def fold(*headers):
    acks = Acks()
    for header in headers:
        acks.add(header)
    return acks


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (["seen", "received"], "received"),
        (["read", "received", "seen"], "read"),
        (["failed", "seen"], "failed"),
        (["failed", "received"], "received"),
        (["received", "failed"], "received"),
    ],
)
def test_the_highest_word_holds_and_failed_only_while_neither_received_nor_read(net, words, holds):
    acks = fold(*(said(net, (3, word), number=at) for at, word in enumerate(words, 1)))
    assert acks.best(ASKED, 3, "tver").have.word == holds
    assert acks.of(ASKED, 3)["tver"]["ivanov"].have.word == holds


@pytest.mark.parametrize(
    ("words", "holds"),
    [(["complied", "withdrawn"], None), (["withdrawn", "unable"], "unable"), (["unable", "complied"], "complied")],
)
def test_of_complied_unable_and_withdrawn_the_last_holds(net, words, holds):
    acks = fold(*(said(net, (3, word), number=at) for at, word in enumerate(words, 1)))
    act = acks.best(ASKED, 3, "tver").act
    assert (act and act.word) == holds


def test_a_colleague_may_take_back_what_an_officer_said(net):
    acks = fold(said(net, (3, "complied"), number=1), said(net, (3, "withdrawn"), number=2, by="petrova"))
    assert acks.best(ASKED, 3, "tver").act is None
    assert acks.of(ASKED, 3)["tver"]["ivanov"].act.word == "complied"


def test_only_seen_covers_lower_numbers_and_the_earliest_time_holds(net):
    acks = fold(
        said(net, (5, "seen"), number=1, time="2026-11-22T10:00:00Z"),
        said(net, (9, "read"), number=2, time="2026-11-22T11:00:00Z"),
        said(net, (8, "seen"), number=3, time="2026-11-22T12:00:00Z"),
    )
    assert [acks.best(ASKED, at, "tver").have.number for at in (1, 5, 6, 8)] == [1, 1, 3, 3]
    assert acks.best(ASKED, 9, "tver").have.word == "read"
    assert acks.best(ASKED, 10, "tver") == Standing(None, None)
    assert acks.high("tver", ASKED) == 8


def test_nothing_there_yet_is_said_and_is_not_silence(net):
    acks = fold(said(net, (0, "seen")))
    assert (acks.high("tver", ASKED), acks.high("kursk", ASKED)) == (0, None)
    assert acks.of(ASKED, 1) == {}


def test_offices_and_officers_are_kept_apart(net):
    acks = fold(
        said(net, (2, "read")), said(net, (2, "seen"), by="petrova", number=2), said(net, (2, "failed"), office="kursk")
    )
    found = acks.of(ASKED, 2)
    assert {office: {who: each.have.word for who, each in officers.items()} for office, officers in found.items()} == {
        "tver": {"ivanov": "read", "petrova": "seen"},
        "kursk": {"ivanov": "failed"},
    }


def test_missing_is_what_was_last_stated_and_heads_the_highest(net):
    first = said(net, (7, "seen"), missing=(Missing(ASKED, 3, 5),), heads=(Head("tver/tver", 4, sha("4")),))
    acks = fold(first)
    assert acks.missing("tver", ASKED) == (Missing(ASKED, 3, 5),)
    acks.add(said(net, number=2, heads=(Head("tver/tver", 3, sha("3")),))._replace(acks=()))
    assert acks.missing("tver", ASKED) == (Missing(ASKED, 3, 5),)
    acks.add(said(net, (9, "seen"), number=3))
    assert acks.missing("tver", ASKED) == ()
    assert acks.stated_heads("tver") == {"tver/tver": Head("tver/tver", 4, sha("4"))}


WORDS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(ACK_WORDS)), min_size=1, max_size=12)


@given(WORDS, st.integers(1, 6))
def test_the_order_between_channels_decides_nothing(words, number):
    headers = [
        said(NET, word, office=office, number=at, time=f"2026-11-22T{at:02}:00:00Z")
        for at, word in enumerate(words, 1)
        for office in ("tver", "kursk")
    ]
    one_by_one = sorted(headers, key=lambda header: header.office)
    assert fold(*headers).of(ASKED, number) == fold(*one_by_one).of(ASKED, number)


NET = Net()
NET.found("tver", "kursk")
