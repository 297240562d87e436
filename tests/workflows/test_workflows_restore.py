"""What the carrier lost or spoiled is put back by its sender, byte for byte; one bad item stops nothing else (I7)."""

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net, subjects

from cipherpost.dispatch.header import Ack, format_header
from cipherpost.errors import NotAuthenticError, UnableError
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.workflows import offices
from cipherpost.workflows.letters import LetterMissingError, LetterSwappedError


def sealed_name(net: Net, place: str) -> str:
    header = net.header(STASOVA, place)
    return names.sealed_name(NETWORK, header.office, header.sealed[0].hash)


def slot(place: str) -> str:
    channel, _, number = place.rpartition("/")
    return names.note_name(NETWORK, channel, int(number))


def words(net: Net, place: str) -> list[str]:
    channel, _, number = place.rpartition("/")
    return net.ack_words(STASOVA, channel, int(number)).get("tver", [])


def spoil(net: Net, place: str, change: object) -> tuple[str, bytes]:
    """Do something to the sealed file of one letter; its name and its true bytes."""
    name = sealed_name(net, place)
    kept = net.store.objects[name]
    if change is None:
        del net.store.objects[name]
    else:
        net.store.objects[name] = change(kept)  # type: ignore[operator]
    return name, kept


def put_back_after(net: Net, change: object, error: type[Exception]) -> None:
    net.send(STASOVA, "good", "all")
    net.send(STASOVA, "spoiled", "all")
    net.send(STASOVA, "good too", "tver")
    name, kept = spoil(net, "center/all/2", change)

    fetched = net.fetch(IVANOV)
    assert sorted(subjects(fetched)) == ["good", "good too"], "one bad item stops no other"
    (refused,) = fetched.unreadable
    assert isinstance(refused, error)
    assert (refused.channel, refused.number) == ("center/all", 2)
    assert fetched.exit_code in {3, 6}

    restored = net.fetch(STASOVA).restored
    assert restored == ["center/all/2"]
    assert net.store.objects[name] == kept, "identical bytes"
    assert words(net, "center/all/2") == ["failed"]
    assert net.fetch(STASOVA).restored == [], "once is enough"

    assert subjects(net.fetch(IVANOV)) == ["spoiled"]
    net.fetch(STASOVA)
    assert words(net, "center/all/2") == ["failed", "received"]
    net.clean()


def test_i7_a_sealed_file_that_was_replaced_is_put_back(net: Net) -> None:
    put_back_after(net, lambda kept: bytes(len(kept)), LetterSwappedError)


def test_i7_a_sealed_file_that_was_cut_is_put_back(net: Net) -> None:
    put_back_after(net, lambda kept: kept[:-1], LetterSwappedError)


def test_i7_a_sealed_file_that_was_lost_is_put_back(net: Net) -> None:
    put_back_after(net, None, LetterMissingError)


def test_a_missing_number_is_called_missing_and_restored_by_the_center(net: Net) -> None:
    for at in range(1, 16):
        net.send(STASOVA, f"circular {at}", "all")
    kept = net.store.objects.pop(slot("center/all/13"))
    name = sealed_name(net, "center/all/13")
    sealed = net.store.objects.pop(name)

    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == [f"circular {at}" for at in range(1, 13)]
    assert fetched.missing == {"center/all": [(13, 13)]}
    assert [(channel, number) for channel, number, _ in fetched.held] == [("center/all", 14), ("center/all", 15)]
    assert fetched.exit_code == 6
    said = net.header(IVANOV, "tver/center/1").missing
    assert [(line.channel, line.first, line.last) for line in said] == [("center/all", 13, 13)]
    assert net.fetch(IVANOV).posted == [], "the same is not said twice"

    assert net.fetch(STASOVA).restored == ["center/all/13"]
    assert net.store.objects[slot("center/all/13")] == kept, "identical bytes"
    assert net.store.objects[name] == sealed, "identical bytes"

    assert subjects(net.fetch(IVANOV)) == ["circular 13", "circular 14", "circular 15"]
    assert net.header(IVANOV, "tver/center/2").missing == ()
    assert net.fetch(STASOVA).restored == []
    net.clean()


def test_a_second_officer_restores_from_what_he_fetched(net: Net) -> None:
    """Bazhanov never sent it; his copies are as good."""
    net.send(STASOVA, "one", "all")
    net.send(STASOVA, "two", "all")
    net.fetch(BAZHANOV)
    kept = net.store.objects.pop(slot("center/all/1"))
    net.fetch(IVANOV)
    assert net.fetch(BAZHANOV).restored == ["center/all/1"]
    assert net.store.objects[slot("center/all/1")] == kept


def test_junk_in_the_next_slot_is_told_and_gone_around(net: Net) -> None:
    """Whoever writes to the post office occupies the center's next number; the note goes to its alternate name."""
    net.send(STASOVA, "one", "all")
    net.store.objects[slot("center/all/2")] = b"junk"
    posted = net.send(STASOVA, "two", "all")
    assert posted.number == 2
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["one", "two"]
    assert all(isinstance(error, NotAuthenticError) for error in fetched.refused)
    assert {(error.channel, error.number) for error in fetched.refused} == {("center/all", 2)}
    assert net.send(STASOVA, "three", "all").number == 3
    assert subjects(net.fetch(ORLOV)) == ["one", "two", "three"]
    chain, findings = net.verify()
    assert [(found.code, found.number) for found in findings] == [("malformed", 2)]
    assert chain.channel("center/all").last.header.number == 3  # type: ignore[union-attr]


def test_a_contradicted_note_is_laid_under_evidence(net: Net) -> None:
    """Tver acks another text of center/all/1 than the center has: the center lays down its own."""
    net.send(STASOVA, "one", "all")
    kept = net.note("center/all/1")
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:  # its program was shown something else
        header = desk.chain.channel("tver/center").entry(1).header  # type: ignore[union-attr]
        lie = header._replace(number=2, previous=desk.chain.channel("tver/center").tip[1])
        lie = lie._replace(acks=(Ack("center/all", 1, "0" * 64, "read"),), heads=())
        note = desk.keys.signer.sign(Text(Purpose.DISPATCH, format_header(lie)))
    net.store.objects[slot("tver/center/2")] = note
    net.fetch(STASOVA)
    evidence = [name for name, data in net.objects().items() if data == kept and "/evidence/" in name]
    assert [name.split("/")[1] for name in evidence] == ["center"]
    before = len(net.objects())
    net.fetch(STASOVA)
    assert len(net.objects()) == before
    assert [found.code for found in net.verify()[1]] == ["disagrees"]


# ---- the roster, and what nobody calls missing ---------------------------------------------------------------------


def declare(net: Net, *names_of_offices: str) -> None:
    """One roster entry for each office."""
    with net.desk(STASOVA) as desk:
        for name in names_of_offices:
            offices.declare(desk, [offices.NewOffice(name=name, title=name.title(), role="committee")])


def test_i4_a_lost_roster_entry_is_put_back_by_the_center_unasked(net: Net) -> None:
    declare(net, "kazan", "ufa")
    kept = net.store.objects.pop(slot("center/roster/9"))
    assert net.fetch(IVANOV).missing == {"center/roster": [(9, 9)]}
    assert net.fetch(BAZHANOV).restored == [], "he has not got it himself"
    assert net.fetch(STASOVA).restored == ["center/roster/9"]
    assert net.store.objects[slot("center/roster/9")] == kept, "identical bytes"
    assert net.fetch(STASOVA).restored == []
    assert net.fetch(IVANOV).exit_code == 0
    with net.desk(IVANOV) as desk:
        assert desk.roster.newest == 10
    net.clean()


def test_i4_a_roster_with_its_first_entry_lost_is_not_taken_for_an_empty_folder(net: Net) -> None:
    net.everybody_fetches()
    kept = net.store.objects.pop(slot("center/roster/1"))
    assert net.fetch(IVANOV).exit_code == 0
    assert net.fetch(STASOVA).restored == ["center/roster/1"]
    assert net.store.objects[slot("center/roster/1")] == kept
    for name in [name for name in net.store.objects if "/center/roster/" in name]:
        del net.store.objects[name]
    with pytest.raises(UnableError):
        net.fetch(STASOVA)


def test_i4_a_reader_says_which_roster_entry_it_lacks_and_the_center_acts(net: Net) -> None:
    """Junk of the same size looks whole to the center, until somebody says that it is not."""
    declare(net, "kazan", "ufa")
    kept = net.store.objects[slot("center/roster/9")]
    net.store.objects[slot("center/roster/9")] = bytes(len(kept))
    (posted,) = net.fetch(IVANOV).posted
    said = net.header(IVANOV, posted.place).missing
    assert [(line.channel, line.first, line.last) for line in said] == [("center/roster", 9, 9)]
    assert net.fetch(STASOVA).restored == ["center/roster/9"]
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        assert desk.roster.newest == 10
    assert net.fetch(STASOVA).restored == []
    assert net.header(IVANOV, "tver/center/2").missing == ()


def test_i4_a_post_office_that_went_back_to_an_older_state_is_filled_again_by_the_writers(net: Net) -> None:
    old = net.objects()
    for at in range(3):
        net.send(STASOVA, f"circular {at}", "all")
    net.send(IVANOV, "to the center", "center")
    net.fetch(STASOVA)
    net.fetch(IVANOV)
    new = net.objects()
    net.store.objects.clear()
    net.store.objects.update(old)
    assert net.fetch(STASOVA).restored == ["center/all/3", "center/all/2", "center/all/1", "center/tver/1"]
    assert net.fetch(IVANOV).restored == ["tver/center/2", "tver/center/1"]
    assert net.objects() == new, "identical bytes"
    assert net.fetch(STASOVA).restored == []


def test_i7_what_cannot_be_put_back_is_told_and_stops_nothing(net: Net) -> None:
    net.send(STASOVA, "one", "all")
    net.send(STASOVA, "two", "tver")
    del net.store.objects[slot("center/all/1")]
    del net.store.objects[slot("center/tver/1")]
    assert net.post is not None
    net.post.knobs.full = True
    fetched = net.fetch(STASOVA)
    assert {(error.channel, error.number) for error in fetched.waiting} == {("center/all", 1), ("center/tver", 1)}
    assert fetched.exit_code == 1
    net.post.heal()
    assert net.fetch(STASOVA).restored == ["center/all/1", "center/tver/1"]
