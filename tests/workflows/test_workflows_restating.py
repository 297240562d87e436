"""A proposed roster entry that another entry overtook, proposed anew for the next number."""

import pytest
from workflowkit import BAZHANOV, IVANOV, ROSTER, STASOVA, Net, join

from cipherpost.errors import UseError
from cipherpost.roster import words
from cipherpost.roster.statements import parse_statements
from cipherpost.roster.words import Statement
from cipherpost.workflows import admission, endorsing, entries, keepers, proposals, rotating, standing
from cipherpost.workflows.renewing import RotationKeyError
from cipherpost.workflows.restating import Restated
from cipherpost.workflows.results import Posted

KAGAN, LUNINA = "center/kagan", "center/lunina"


def endorse(net: Net, who: str, posted: Posted) -> Posted:
    net.fetch(who)
    with net.desk(who) as desk:
        return endorsing.endorse(desk, str(posted.number))


def state(net: Net, who: str, *statements: Statement) -> Posted:
    with net.desk(who) as desk:
        entries.prepare(desk)
        return entries.post(desk, statements)


@pytest.fixture
def board(net: Net) -> Net:
    """Stasova, bazhanov and kagan keep the roster; lunina is an officer of the center beside them."""
    with net.desk(STASOVA) as desk:
        join(net, desk, KAGAN, clock=net.clock)
        join(net, desk, LUNINA, clock=net.clock)
        posted = keepers.state(desk, keepers.plan(desk, ["stasova", "bazhanov", "kagan"]))
    endorse(net, BAZHANOV, posted)
    for who in (STASOVA, BAZHANOV, KAGAN, LUNINA):
        net.fetch(who)
    return net


def amend(net: Net, who: str, posted: Posted) -> tuple[Posted, Restated, tuple[Statement, ...]]:
    """Amended; what was shown before, and what is proposed now."""
    shown: list[Restated] = []
    net.fetch(who)
    with net.desk(who) as desk:
        again = endorsing.amend(desk, str(posted.number), None, agree=shown.append)
        stated = parse_statements(proposals.find(desk, str(again.number)).draft.statements)
    return again, shown[0], stated


def test_who_became_a_keeper_meanwhile_stays_one_when_another_is_retired(board: Net) -> None:
    """Kagan's proposal says who keeps the roster without bazhanov, as it was before lunina came."""
    with board.desk(KAGAN) as desk:
        retired = standing.take(desk, standing.plan(desk, "retire", BAZHANOV))
    with board.desk(STASOVA) as desk:
        first = keepers.state(desk, keepers.plan(desk, ["stasova", "bazhanov", "kagan", "lunina"]))
    endorse(board, BAZHANOV, first)
    assert endorse(board, LUNINA, first).signed == ("stasova", "bazhanov", "lunina")
    board.fetch(STASOVA)
    again, shown, stated = amend(board, KAGAN, retired)
    assert [each.names for each in stated if isinstance(each, words.Keepers)] == [("kagan", "lunina", "stasova")]
    assert shown.question is not None
    assert "keepers would be kagan, lunina, stasova; proposed were kagan, stasova" in " ".join(shown.lines())
    for who in (STASOVA, LUNINA):
        endorse(board, who, again)
    board.fetch(KAGAN)
    with board.desk(KAGAN) as desk:
        assert desk.roster.keepers(desk.roster.newest) == ("kagan", "lunina", "stasova")


def test_keepers_that_are_so_by_now_are_not_proposed_again(board: Net) -> None:
    all_four = ["stasova", "bazhanov", "kagan", "lunina"]
    with board.desk(KAGAN) as desk:
        mine = keepers.state(desk, keepers.plan(desk, all_four))
    with board.desk(BAZHANOV) as desk:
        first = keepers.state(desk, keepers.plan(desk, all_four))
    for who in (STASOVA, LUNINA):
        endorse(board, who, first)
    for who in (BAZHANOV, KAGAN):
        board.fetch(who)
    with board.desk(KAGAN) as desk:
        assert desk.roster.keepers(desk.roster.newest) == tuple(sorted(all_four))
        with pytest.raises(entries.EntryRefusedError, match="so already") as caught:
            endorsing.amend(desk, str(mine.number), None)
    assert caught.value.hints[0] == f"cipherpost withdraw {mine.number}"


def overtaken(board: Net, who: str, *statements: Statement) -> None:
    """The two others post these as the entry that was proposed."""
    other = BAZHANOV if who != BAZHANOV else KAGAN
    assert endorse(board, other, state(board, STASOVA, *statements)).channel == ROSTER


def test_v5_letters_that_came_since_are_shown_before_an_old_cut_is_restated(board: Net) -> None:
    board.send(IVANOV, "before", "center")
    with board.desk(KAGAN) as desk:
        retired = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    overtaken(board, KAGAN, words.Title("samara", "Samara Committee"))
    board.send(IVANOV, "since", "center")
    again, shown, stated = amend(board, KAGAN, retired)
    cut = {each.channel: each.number for each in stated if isinstance(each, words.Cut)}
    assert cut["tver/center"] == 1
    assert shown.doubts == ("tver/center/2 counts no more",)
    assert shown.question is not None
    assert endorse(board, STASOVA, again).channel == ROSTER


def test_v5_a_channel_that_came_since_is_cut_at_what_was_verified_and_not_at_nothing(board: Net) -> None:
    with board.desk(KAGAN) as desk:
        retired = standing.take(desk, standing.plan(desk, "retire", IVANOV))
    overtaken(board, KAGAN, words.Group("north", ("samara", "tver")), words.Lateral("north"))
    board.fetch(IVANOV)
    board.send(IVANOV, "to the north", "north")
    again, shown, stated = amend(board, KAGAN, retired)
    cuts = {each.channel: (each.entry, each.number) for each in stated if isinstance(each, words.Cut)}
    assert cuts["tver/north"] == (shown.entry, 1)
    assert shown.doubts == ()
    assert shown.question is None
    assert endorse(board, STASOVA, again).channel == ROSTER
    board.clean()


def test_what_another_entry_said_otherwise_since_is_shown(board: Net) -> None:
    mine = state(board, KAGAN, words.Threshold("center", 2), words.Title("tver", "Tver Gubernia"))
    overtaken(board, KAGAN, words.Threshold("center", 3), words.Title("samara", "Samara Committee"))

    def refuse(restated: Restated) -> None:
        if restated.question is not None:
            raise UseError(" ".join(restated.doubts))

    board.fetch(KAGAN)
    with board.desk(KAGAN) as desk, pytest.raises(UseError, match=r"entry \d+ has stated: threshold center 3$"):
        endorsing.amend(desk, str(mine.number), None, agree=refuse)
    with board.desk(KAGAN) as desk:
        assert proposals.find(desk, str(mine.number)).state == "overtaken"


def test_what_nobody_touched_is_proposed_anew_without_a_question(board: Net) -> None:
    mine = state(board, KAGAN, words.Title("tver", "Tver Gubernia"))
    overtaken(board, KAGAN, words.Title("samara", "Samara Committee"))
    again, shown, stated = amend(board, KAGAN, mine)
    assert (shown.question, list(shown.lines())) == (None, [])
    assert stated == (words.Title("tver", "Tver Gubernia"),)
    assert endorse(board, STASOVA, again).channel == ROSTER


def test_new_keys_are_not_proposed_anew_once_the_old_ones_are_compromised(board: Net) -> None:
    """The card may be the thief's: the key that vouched for it is worth nothing any more."""
    with board.desk(IVANOV) as desk:
        rotating.rotate(desk)
    with board.desk(KAGAN) as desk:
        mine = admission.admit(desk, [IVANOV]).posted
    assert mine is not None
    with board.desk(STASOVA) as desk:
        robbed = standing.take(desk, standing.plan(desk, "compromised", IVANOV))
    assert endorse(board, BAZHANOV, robbed).channel == ROSTER
    board.fetch(KAGAN)
    with board.desk(KAGAN) as desk, pytest.raises(RotationKeyError, match="lost its standing") as caught:
        endorsing.amend(desk, str(mine.number), None)
    assert caught.value.hints[0] == f"cipherpost withdraw {mine.number}"
