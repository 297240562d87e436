"""Stories about letters written without a line to an office that loses its standing before the line is back."""

import pytest
from storykit import post_entry
from workflowkit import BAZHANOV, IVANOV, ORLOV, STASOVA, Net, subjects

from cipherpost.errors import UnableError
from cipherpost.workflows import draining, standing
from cipherpost.workflows.addressing import AudienceError
from cipherpost.workflows.draining import NothingToDropError
from cipherpost.workflows.fetching import Fetched
from cipherpost.workflows.stranded import AddresseeGoneError


def write_without_a_line(net: Net, who: str, text: str, to: str) -> None:
    net.fetch(who)
    net.post.knobs.down = True
    assert net.send(who, text, to).number is None
    net.post.knobs.down = False


def waits(fetched: Fetched) -> AddresseeGoneError:
    (error,) = fetched.waiting
    assert isinstance(error, AddresseeGoneError)
    assert fetched.exit_code == UnableError.exit_code
    return error


def under(net: Net, prefix: str) -> list[str]:
    return [name for name in net.objects() if name.startswith(prefix)]


def test_i4_a_letter_to_an_office_suspended_meanwhile_is_kept_and_goes_once_it_is_reinstated(net: Net) -> None:
    write_without_a_line(net, BAZHANOV, "to tver", "tver")
    sealed = under(net, "rkpb/center/sealed/")
    entry = post_entry(net, "stasova", "suspend tver").number
    for _ in range(2):
        error = waits(net.fetch(BAZHANOV))
        assert error.what == (
            f"the letter is not sealed to tver: tver was suspended in entry {entry} of the roster, posted by stasova"
        )
        assert "nothing is lost: the letter waits in the outbox" in error.rule
        assert error.hints == (
            "cipherpost reinstate tver    (the next fetch sends the letter then)",
            "cipherpost outbox center/tver --drop    (to give it up)",
        )
    assert under(net, "rkpb/center/tver/") == [], "no header, no number"
    assert under(net, "rkpb/center/sealed/") == sealed, "and nothing sealed"
    assert net.send(BAZHANOV, "to samara", "samara").number == 1, "it stops no letter to another"

    net.fetch(STASOVA, receipts=False)  # her home learns of what was signed by hand
    post_entry(net, "stasova", "reinstate tver")
    assert [item.place for item in net.fetch(BAZHANOV).posted] == ["center/tver/1"]
    assert subjects(net.fetch(IVANOV)) == ["to tver"]


def test_a_letter_that_waits_does_not_keep_a_keeper_from_reinstating_the_office(net: Net) -> None:
    """Two keepers; what one of them wrote waits, and he proposes the very entry that ends the waiting."""
    post_entry(net, "stasova", "keepers bazhanov stasova", endorsers=["bazhanov"])
    net.fetch(BAZHANOV)
    write_without_a_line(net, BAZHANOV, "to tver", "tver")
    net.fetch(STASOVA, receipts=False)
    post_entry(net, "stasova", "suspend tver", endorsers=["bazhanov"])
    waits(net.fetch(BAZHANOV))
    with net.desk(BAZHANOV) as desk:
        assert standing.reinstate(desk, "tver").proposed == "center/roster"


def test_a_letter_to_an_office_dissolved_meanwhile_is_given_up_by_a_person_alone(net: Net) -> None:
    write_without_a_line(net, BAZHANOV, "to tver", "tver")
    with net.desk(BAZHANOV) as desk, pytest.raises(NothingToDropError):
        draining.drop(desk, "center/samara")  # nothing waits there
    post_entry(net, "stasova", "dissolve tver")
    error = waits(net.fetch(BAZHANOV))
    assert "tver was dissolved in entry" in error.what
    assert error.hints == ("cipherpost outbox center/tver --drop    (to give it up)",)
    with net.desk(BAZHANOV) as desk:
        assert draining.drop(desk, "center/tver") == 1
        assert desk.outbox.items() == ()
    fetched = net.fetch(BAZHANOV)
    assert (fetched.waiting, fetched.exit_code) == ([], 0)


def test_a_committee_is_told_too_whom_it_cannot_write_to_any_more(net: Net) -> None:
    write_without_a_line(net, IVANOV, "to samara", "samara")
    post_entry(net, "stasova", "suspend samara")
    error = waits(net.fetch(IVANOV))
    assert "samara was suspended in entry" in error.what
    assert error.hints[0] == (
        "ask the center to type: cipherpost reinstate samara    (the next fetch sends the letter then)"
    )
    assert under(net, "rkpb/tver/samara/") == []


def test_v6_a_letter_to_an_office_that_left_the_common_group_takes_no_number(net: Net) -> None:
    """Nobody would count it, and it would stand in the channel for ever."""
    write_without_a_line(net, IVANOV, "to samara", "samara")
    post_entry(net, "stasova", "group volga tver")
    error = waits(net.fetch(IVANOV))
    assert "tver does not write to samara" in error.what
    assert under(net, "rkpb/tver/samara/") == []


def test_a_letter_to_a_group_goes_to_those_of_it_who_are_left(net: Net) -> None:
    write_without_a_line(net, BAZHANOV, "to all", "all")
    post_entry(net, "stasova", "suspend tver")
    assert [item.place for item in net.fetch(BAZHANOV).posted] == ["center/all/1"]
    assert subjects(net.fetch(ORLOV)) == ["to all"]
    with pytest.raises(AudienceError):
        net.send(BAZHANOV, "more", "tver")
