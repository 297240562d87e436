"""Letters shared with those who cannot open them: the exact originals, proved by their own headers."""

import json
from pathlib import Path

import pytest
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net, join, subjects

from cipherpost.desk import Desk, Overrides
from cipherpost.workflows import letters, originals, reading, sharing
from cipherpost.workflows.sharing import NoSuchOfficerError, NotItsLetterError, RangeError, Shared

NEW = "tver/lebedev"
NOTHING = Shared(posted=(), places=(), left_out=())


def admit(net: Net, who: str) -> None:
    """One more officer joins and is admitted; whoever is admitted later cannot open what is older."""
    with net.desk(STASOVA) as desk:
        join(net, desk, who, clock=net.clock, overrides=Overrides())


def share(net: Net, who: str, *ranges: str, to: str, **given: bool) -> Shared:
    with net.desk(who) as desk:
        return sharing.share(desk, ranges, to=to, **given)


def states(net: Net, who: str) -> dict[str, str]:
    with net.desk(who) as desk:
        return states_of(desk)


def states_of(desk: Desk) -> dict[str, str]:
    return {row.place: row.state for row in reading.inbox(desk)}


def test_a_letter_sealed_before_him_opens_to_a_new_officer_when_it_was_shared(net: Net, tmp_path: Path) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text("the plan" * 50_000)
    net.send(STASOVA, "First circular", "all", attach=(plan,))
    net.send(STASOVA, "Second circular", "all")
    admit(net, NEW)
    net.fetch(NEW)
    assert states(net, NEW) == {"center/all/1": "before-you", "center/all/2": "before-you"}
    with net.desk(NEW) as desk, pytest.raises(reading.BeforeYouError):
        reading.read(desk, "center/all/1")
    done = share(net, STASOVA, "center/all/1-2", to="tver")
    assert [posted.channel for posted in done.posted] == ["center/tver"]
    assert done.places == ("center/all/1", "center/all/2")
    fetched = net.fetch(NEW)
    assert fetched.exit_code == 0
    assert subjects(fetched) == ["First circular", "Second circular", "Shared: center/all/1 to center/all/2"]
    with net.desk(NEW) as desk:
        shown = reading.read(desk, "center/all/1", save=tmp_path / "saved")
        carrier = reading.read(desk, done.posted[0].place)
    assert shown.body == "First circular"
    assert shown.shared_in == (done.posted[0].place, "center")
    assert (tmp_path / "saved" / "plan.txt").read_text() == plan.read_text()
    assert list(carrier.hints())[-2:] == ["cipherpost read center/all/1", "cipherpost read center/all/2"]
    assert "center/all/1" in carrier.body
    assert states(net, NEW)["center/all/1"] == "read"
    net.fetch(NEW)
    net.fetch(STASOVA)
    assert "read" in net.ack_words(STASOVA, "center/all", 1)["tver"]
    net.clean()


def test_i5_what_is_shared_lies_in_plain_on_no_disk(net: Net) -> None:
    net.send(STASOVA, "A secret never to be seen", "all")
    admit(net, NEW)
    share(net, STASOVA, "center/all/1", to="tver")
    net.fetch(NEW)
    for home in (net.home(STASOVA), net.home(NEW)):
        for path in home.rglob("*"):
            assert not path.is_file() or b"never to be seen" not in path.read_bytes(), path


def test_hand_over_by_the_old_clerk_brings_all_that_is_the_offices_and_only_once(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    net.send(STASOVA, "Order for tver", "tver")
    net.send(STASOVA, "Order for samara", "samara")
    net.fetch(IVANOV)
    written = net.send(IVANOV, "From tver", "center").place
    net.send(IVANOV, "Note of the office", "tver")
    admit(net, NEW)
    net.send(STASOVA, "After the admission", "all")
    net.fetch(IVANOV)
    done = share(net, IVANOV, to=NEW, everything=True)
    assert [posted.channel for posted in done.posted] == ["tver/tver"]
    assert set(done.places) == {"center/all/1", "center/tver/1", written, "tver/tver/1"}
    net.fetch(NEW)
    with net.desk(NEW) as desk:
        for place in done.places:
            assert reading.read(desk, place).body
        assert reading.read(desk, "tver/tver/1").body == "Note of the office"
    assert share(net, IVANOV, to=NEW, everything=True) == NOTHING
    net.send(IVANOV, "In between", "tver")
    assert share(net, IVANOV, to=NEW, everything=True) == NOTHING
    net.clean()


def test_hand_over_by_the_center_and_a_reader_passes_on_what_was_shared_with_him(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    admit(net, NEW)
    done = share(net, BAZHANOV, to=NEW, everything=True)
    assert done.places == ("center/all/1",)
    net.fetch(NEW)
    admit(net, "tver/orlova")
    again = share(net, NEW, to="tver/orlova", everything=True)
    assert again.places == ("center/all/1",)
    net.fetch("tver/orlova")
    with net.desk("tver/orlova") as desk:
        assert reading.read(desk, "center/all/1").body == "Circular"


def test_what_cannot_be_shared_is_refused_with_the_reason(net: Net) -> None:
    net.send(STASOVA, "Order for samara", "samara")
    net.send(STASOVA, "Circular", "all")
    net.fetch(IVANOV)
    net.fetch(STASOVA)
    with pytest.raises(NotItsLetterError) as caught:
        share(net, STASOVA, "center/samara/1", to="tver")
    assert caught.value.hints == ("cipherpost forward center/samara/1 --to tver",)
    with pytest.raises(NoSuchOfficerError):
        share(net, STASOVA, "center/all/1", to="tver/nobody")
    for words in (("center/all/1-",), ("center/all/2-1",), ("center",), (), ("center/all/2-1",)):
        with pytest.raises(RangeError):
            share(net, STASOVA, *words, to="tver")
    with pytest.raises(RangeError, match="receipt"):
        share(net, STASOVA, "tver/center/1", to="tver")
    assert share(net, STASOVA, to=PETROV, everything=True) == NOTHING
    net.clean()


def test_a_dry_run_sends_nothing_and_says_what_would_go(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    before = net.objects()
    done = share(net, STASOVA, "center/all/1", to="tver", dry_run=True)
    assert done.posted[0].dry_run
    assert done.posted[0].readers[:2] == (IVANOV, PETROV)
    assert net.objects() == before


def test_i9_json_of_a_shared_letter_names_where_it_came_from(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    net.fetch(ORLOV)
    share(net, STASOVA, "center/all/1", to="samara")
    net.fetch(ORLOV)
    with net.desk(ORLOV) as desk:  # who can open it himself reads his own copy
        assert json.loads(json.dumps(reading.read(desk, "center/all/1").as_json()))["shared_in"] is None


def test_i4_a_kill_between_a_message_and_what_it_shares_loses_nothing(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.send(STASOVA, "First", "all")
    net.send(STASOVA, "Second", "all")
    admit(net, NEW)
    share(net, STASOVA, "center/all/1-2", to="tver")
    keep = letters.keep_outline
    for last in (2, 3):  # while it is remembered what came; then before the message itself counts as opened
        calls = iter(range(1, 9))

        def die(*given: object, calls=calls, last=last) -> None:
            if next(calls) == last:
                raise KeyboardInterrupt
            keep(*given)

        with monkeypatch.context() as patch:
            patch.setattr(letters, "keep_outline", die)
            with pytest.raises(KeyboardInterrupt):
                net.fetch(NEW)
    assert net.fetch(NEW).exit_code == 0
    with net.desk(NEW) as desk:
        assert [reading.read(desk, f"center/all/{number}").body for number in (1, 2)] == ["First", "Second"]
    assert states(net, NEW)["center/all/2"] == "read"


def test_a_large_message_left_for_later_shares_when_it_is_read(net: Net) -> None:
    from cipherpost.workflows import fetching

    net.send(STASOVA, "First", "all")
    admit(net, NEW)
    place = share(net, STASOVA, "center/all/1", to="tver").posted[0].place
    with net.desk(NEW) as desk:
        fetching.fetch(desk, max_size=10)
        assert states_of(desk)["center/all/1"] == "before-you"
        reading.read(desk, place)
        assert states_of(desk)["center/all/1"] == "new"
        assert reading.read(desk, "center/all/1").body == "First"


def test_what_was_shared_opens_for_whatever_opens_letters(net: Net) -> None:
    """An officer of the center admitted later adds up reports that were handed over to him."""
    sent = net.send(IVANOV, "From tver", "center").place
    net.fetch(STASOVA)
    admit(net, "center/artem")
    share(net, STASOVA, to="center/artem", everything=True)
    net.fetch("center/artem")
    with net.desk("center/artem") as desk:
        entry = letters.entry_at(desk, sent)
        assert originals.open_letter(desk, entry).body == "From tver"
        assert originals.find(desk, entry) is not None


def test_a_round_in_which_nothing_is_to_be_opened_asks_for_no_keys(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    admit(net, NEW)
    share(net, STASOVA, "center/all/1", to="tver")
    for who in (NEW, STASOVA, NEW):
        net.fetch(who)
    with net.desk(NEW) as desk:
        assert originals.again(desk) == ([], [])
        assert "keys" not in vars(desk)
