"""Letters that supersede or cancel earlier ones: what is refused, and what readers are told at once."""

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net

from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.workflows import draining, endorsing, entries, forwarding, outbox, reading, sending
from cipherpost.workflows.replacing import NotReplaceableError, ReplacedAlreadyError, ReplacePlaceError
from cipherpost.workflows.results import Posted


def send(net: Net, who: str, text: str, *to: str, **given: object) -> Posted:
    with net.desk(who) as desk:
        letter = sending.text_of(text, subject=None, attachments=(), subject_from_text=True)
        return sending.send(desk, letter, audiences=to, **given)[0]


def rows(net: Net, who: str) -> dict[str, reading.Row]:
    with net.desk(who) as desk:
        return {row.place: row for row in reading.inbox(desk)}


def test_opening_a_superseded_letter_says_at_once_which_one_took_its_place(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    net.fetch(IVANOV)
    done = send(net, STASOVA, "Come on Tuesday", "all", supersedes="1")
    assert (done.channel, done.number) == ("center/all", 2)
    assert net.header(STASOVA, "center/all/2").supersedes == 1
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        old, new = reading.read(desk, "center/all/1"), reading.read(desk, "center/all/2")
    assert list(old.banners()) == [("superseded", "center/all/2")]
    assert list(old.hints()) == ["cipherpost read center/all/2"]
    assert ("supersedes", "center/all/1") in list(new.head_lines())
    assert old.body == "Come on Monday"
    assert rows(net, IVANOV)["center/all/1"].cells()[2] == "[superseded by 2] Come on Monday"
    chain = net.clean()
    assert [node.kind for node in chain.channel("center/all").counting()] == ["circular", "circular"]


def test_a_cancelled_letter_is_marked_for_readers_and_sender(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    with net.desk(STASOVA) as desk:
        done = sending.cancel(desk, "center/all/1", "The hall is closed.")
    assert done.place == "center/all/2"
    net.fetch(IVANOV)
    row = rows(net, IVANOV)["center/all/1"]
    assert row.cancelled_by == 2
    assert row.cells()[2].startswith("[cancelled by 2]")
    with net.desk(IVANOV) as desk:
        shown = reading.read(desk, "center/all/2")
        assert list(reading.read(desk, "center/all/1").banners()) == [("cancelled", "center/all/2")]
    assert shown.row.subject == "Cancelled: Come on Monday"
    assert "The hall is closed." in shown.body
    with net.desk(STASOVA) as desk:
        first = outbox.one(desk, "center/all/1")
        assert first.as_json()["cancelled_by"] == 2
        assert ("cancelled", "by center/all/2") in list(first.lines())


def test_i4_the_same_again_is_answered_with_its_number(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    for already in (False, True):
        done = send(net, STASOVA, "Come on Tuesday", supersedes="center/all/1")
        assert (done.number, done.already) == (2, already)
    with net.desk(STASOVA) as desk:
        assert not sending.cancel(desk, "center/all/2", "WHY").already
        assert sending.cancel(desk, "center/all/2", "WHY").already
    assert net.header(STASOVA, "center/all/3").cancels == 2


def test_a_letter_is_replaced_once_and_then_its_successor(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    send(net, STASOVA, "Come on Tuesday", "all", supersedes="1")
    with pytest.raises(ReplacedAlreadyError) as caught:
        send(net, STASOVA, "Come on Friday", "all", supersedes="1")
    assert caught.value.hints[1] == "cipherpost send FILE --to all --supersedes 2"
    assert send(net, STASOVA, "Come on Friday", "all", supersedes="2").number == 3


def test_only_own_letters_of_one_channel_are_replaced(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    net.fetch(IVANOV)
    with pytest.raises(NotReplaceableError, match="another office"):
        send(net, IVANOV, "No", supersedes="center/all/1")
    with pytest.raises(NotReplaceableError, match="receipt"):
        send(net, IVANOV, "No", "center", supersedes="1")
    for to, word in ((("tver",), "center/all/1"), (("all",), "x"), (("all", "tver"), "1"), ((), "1")):
        with pytest.raises(ReplacePlaceError):
            send(net, STASOVA, "Other", *to, supersedes=word)
    net.clean()


def test_where_two_must_sign_a_cancellation_and_a_letter_passed_on_are_proposed_first(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    net.send(STASOVA, "Order for tver alone", "tver")
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("center", 2)])
    net.fetch(BAZHANOV)
    with net.desk(STASOVA) as desk:
        done = sending.cancel(desk, "center/all/1", "The hall is closed.")
        again = sending.cancel(desk, "center/all/1", "The hall is closed.")
        passed = forwarding.forward(desk, "center/tver/1", audiences=["samara"])[0]
    assert (done.proposed, again.number) == ("center/all", done.number)
    assert passed.proposed == "center/samara"
    net.fetch(BAZHANOV)
    for number in (done.number, passed.number):
        with net.desk(BAZHANOV) as desk:
            assert endorsing.endorse(desk, str(number)).hash is not None
    net.fetch(ORLOV)
    assert rows(net, ORLOV)["center/all/1"].cancelled_by == 2
    [(place, _)] = [(place, row) for place, row in rows(net, ORLOV).items() if place.startswith("center/samara")]
    with net.desk(ORLOV) as desk:
        [found] = reading.read(desk, place).forwarded
    assert found.published is not None
    assert found.published.letter.body == "Order for tver alone"
    with net.desk(STASOVA) as desk, pytest.raises(ReplacedAlreadyError):
        sending.cancel(desk, "center/all/1", "Another reason.")
    net.clean()


def test_i4_a_letter_whose_target_was_replaced_while_it_waited_stays_in_the_outbox(net: Net) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    net.fetch(BAZHANOV)
    assert net.post is not None
    net.post.fail("create", "rkpb/center/all/*", times=None)
    assert send(net, STASOVA, "Come on Tuesday", "all", supersedes="1").waiting is not None
    net.post.heal()
    assert send(net, BAZHANOV, "Come on Wednesday", "all", supersedes="1").number == 2
    (error,) = net.fetch(STASOVA).waiting
    assert isinstance(error, ReplacedAlreadyError)
    assert "number 2 superseded it before" in str(error)
    assert error.hints[0].startswith("cipherpost outbox center/all --drop")
    with net.desk(STASOVA) as desk:
        assert [(each.state, each.subject) for each in outbox.listing(desk)][-1] == ("waiting", "Come on Tuesday")
    assert net.send(STASOVA, "Another matter", "all").number == 3  # what can never go holds up nothing
    with net.desk(STASOVA) as desk:
        assert draining.drop(desk, "center/all") == 1
        assert desk.outbox.items() == ()
        with pytest.raises(draining.NothingToDropError):
            draining.drop(desk, "center/all")
    net.clean()


def test_of_two_letters_for_the_same_one_at_the_same_moment_one_is_posted(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.send(STASOVA, "Come on Monday", "all")
    net.fetch(BAZHANOV)
    slot, real, done = names.note_name(NETWORK, "center/all", 2), type(net.post).create, []

    def create(post: object, name: str, data: bytes) -> bool:
        if name == slot and not done:
            done.append(name)
            assert send(net, BAZHANOV, "Come on Wednesday", "all", cancels="1").number == 2
        return real(post, name, data)

    monkeypatch.setattr(type(net.post), "create", create)
    sent = send(net, STASOVA, "Come on Tuesday", "all", supersedes="1")
    assert isinstance(sent.waiting, ReplacedAlreadyError)
    monkeypatch.undo()
    chain = net.clean()
    assert len(list(chain.channel("center/all").counting())) == 2
