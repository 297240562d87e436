"""Cards that the carrier lost or spoiled: who puts them back, and that letters go on being sealed meanwhile."""

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net, subjects

from cipherpost import limits
from cipherpost.postoffice import names
from cipherpost.workflows import admission
from cipherpost.workflows.admission import Admission, AlreadyAdmittedError
from cipherpost.workflows.sealing import CardMissingError, recipients


def card_names(net: Net, who: str) -> list[str]:
    """Where the card of an officer may lie: with the center, and with his own office."""
    with net.desk(who) as desk:
        digest = admission.own_card(desk).hash
        return [names.card_name(NETWORK, office, digest) for office in ("center", desk.office)]


def lose(net: Net, who: str) -> list[str]:
    places = card_names(net, who)
    for place in places:
        net.store.objects.pop(place, None)
    return places


def admit_by_file(net: Net, who: str, **given: bool) -> Admission:
    """The keeper types `admit FILE`, with the card as its officer has it."""
    with net.desk(who) as desk:
        armored = admission.own_card(desk).armored
    file = net.root / "again.card"
    file.write_text(armored)
    with net.desk(STASOVA) as desk:
        return admission.admit(desk, [str(file)], **given)  # type: ignore[arg-type]


def test_i4_a_lost_card_is_put_back_by_the_centers_round(net: Net) -> None:
    place, _ = lose(net, IVANOV)
    net.everybody_fetches()
    lose(net, IVANOV)
    with pytest.raises(CardMissingError), net.desk(BAZHANOV) as desk:
        recipients(desk, desk.roster.officers("tver", desk.roster.newest))
    assert net.fetch(STASOVA).restored == ["card tver/ivanov"]
    assert place in net.objects()
    assert net.send(BAZHANOV, "one", "tver").number == 1
    assert net.fetch(STASOVA).restored == []


def test_i4_a_card_met_by_a_colleague_is_put_back_by_him_too(net: Net) -> None:
    net.fetch(BAZHANOV)
    lose(net, IVANOV)
    assert net.fetch(BAZHANOV).restored == ["card tver/ivanov"]


def test_i4_an_officer_puts_back_his_own_card(net: Net) -> None:
    net.fetch(IVANOV)
    center, own = lose(net, IVANOV)
    net.store.objects[own] = b"torn"
    assert net.fetch(IVANOV).restored == ["card tver/ivanov"]
    assert center not in net.objects(), "but writes under his own prefix only"
    assert net.send(BAZHANOV, "one", "tver").number == 1


def test_i4_a_founder_puts_back_the_own_card(net: Net) -> None:
    lose(net, STASOVA)
    assert net.fetch(STASOVA).restored == ["card center/stasova"]
    assert net.send(IVANOV, "one", "center").number == 1


@pytest.mark.parametrize("junk", [None, b"", b"x" * (limits.CARD_BYTES + 1)])
def test_admit_puts_back_the_card_of_the_roster(net: Net, junk: bytes | None) -> None:
    place, _ = lose(net, IVANOV)
    if junk is not None:
        net.store.objects[place] = junk
    newest = net.clean().roster.newest
    assert admit_by_file(net, IVANOV, dry_run=True).restored == ["tver/ivanov"]
    assert net.objects().get(place) == junk, "a dry run writes nothing"
    done = admit_by_file(net, IVANOV)
    assert (done.restored, done.admitted, done.refused, done.posted) == (["tver/ivanov"], [], [], None)
    assert net.send(BAZHANOV, "one", "tver").number == 1
    assert net.clean().roster.newest == newest, "no entry was made of it"


def test_admit_of_a_card_that_lies_there_stays_refused(net: Net) -> None:
    done = admit_by_file(net, IVANOV)
    assert [type(error) for error in done.refused] == [AlreadyAdmittedError]
    assert done.restored == []


def test_i7_junk_in_place_of_the_centers_copy_leads_to_the_offices_own(net: Net) -> None:
    for who in (IVANOV, ORLOV):
        place, own = card_names(net, who)
        assert own in net.objects() or net.fetch(who).restored
        net.store.objects[place] = b"x" * (limits.CARD_BYTES + 1)
    net.send(BAZHANOV, "one", "all")
    assert subjects(net.fetch(ORLOV)) == ["one"]
