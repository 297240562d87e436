"""I3: a home that was copied, restored or moved signs nothing until somebody else has spoken of the channel."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from simulator import HostilePost
from workflowkit import IVANOV, NETWORK, PETROV, STASOVA, Net, send

from cipherpost.errors import ForkError
from cipherpost.home.machine import MACHINE
from cipherpost.postoffice import names
from cipherpost.workflows import fetching
from cipherpost.workflows.composing import put_bare
from cipherpost.workflows.moving import MovedError
from cipherpost.workflows.placing import OwnForkError
from cipherpost.workflows.plans import Plan


@pytest.fixture
def sent(net: Net) -> Net:
    """Tver has sent one letter, which nobody has acknowledged yet."""
    assert net.send(IVANOV, "one", "center").number == 1
    net.later(minutes=1)
    return net


def copy_of(net: Net, who: str, name: str) -> Path:
    target = net.root / name
    shutil.copytree(net.home(who), target)
    return target


def restore(net: Net, who: str, backup: Path) -> None:
    shutil.rmtree(net.home(who))
    shutil.copytree(backup, net.home(who))


def send_from(net: Net, home: Path, text: str, to: str = "center", **given: object):
    with net.desk(IVANOV, home=home, **given) as desk:
        return send(desk, text, to)


def each_number_signed_once(*homes: Path) -> None:
    """Over all copies of a home together, unless one of them was told that it is alone."""
    signed: dict[tuple[str, str], set[str]] = {}
    for home in homes:
        for line in (home / "journal").read_text().splitlines():
            _, _, channel, number, digest = line.split()
            signed.setdefault((channel, number), set()).add(digest)
    assert all(len(digests) == 1 for digests in signed.values())


def test_i3_a_copied_home_signs_only_after_another_office_has_answered_the_channel(sent: Net) -> None:
    copy = copy_of(sent, IVANOV, "copy")
    waiting = send_from(sent, copy, "from the copy").waiting
    assert isinstance(waiting, MovedError)
    assert waiting.exit_code == 5
    # Looking and opening go on; a dispatch dated before is no answer.
    with sent.desk(IVANOV, home=copy) as desk:
        assert len(desk.outbox.items()) == 1, "the letter is not lost"
    assert isinstance(send_from(sent, copy, "from the copy").waiting, MovedError)
    with sent.desk(IVANOV, home=copy) as desk:
        assert len(desk.outbox.items()) == 1, "asking again puts nothing twice"
    assert sent.clean().channel("tver/center").last.header.number == 1  # type: ignore[union-attr]
    sent.later(minutes=1)
    sent.fetch(STASOVA)  # its receipt acks tver/center
    with sent.desk(IVANOV, home=copy) as desk:
        posted = fetching.fetch(desk).posted
    assert [(each.channel, each.number) for each in posted][:1] == [("tver/center", 2)]
    each_number_signed_once(sent.home(IVANOV), copy)
    sent.clean()


def test_i3_a_home_on_another_machine_counts_as_moved(sent: Net) -> None:
    path = sent.home(IVANOV) / MACHINE
    record = json.loads(path.read_bytes())
    record["machine"] = "0" * 64
    path.write_text(json.dumps(record))
    assert isinstance(sent.send(IVANOV, "two", "center").waiting, MovedError)


def test_i3_an_answer_dated_before_the_move_frees_nothing(sent: Net) -> None:
    sent.fetch(STASOVA)
    sent.fetch(IVANOV)
    sent.later(minutes=1)
    copy = copy_of(sent, IVANOV, "copy")
    assert isinstance(send_from(sent, copy, "two").waiting, MovedError)


def test_i3_alone_overrides_once_and_for_all_channels(sent: Net) -> None:
    copy = copy_of(sent, IVANOV, "copy")
    assert send_from(sent, copy, "two", alone=True).number == 2
    assert send_from(sent, copy, "three").number == 3
    assert send_from(sent, copy, "to ourselves", "tver").number == 1


def test_i3_a_restored_older_home_is_noticed_and_goes_on_after_the_number_it_forgot(sent: Net) -> None:
    backup = copy_of(sent, IVANOV, "backup")
    assert sent.send(IVANOV, "two", "center").number == 2
    restore(sent, IVANOV, backup)
    sent.later(minutes=1)
    assert isinstance(sent.send(IVANOV, "three", "center").waiting, MovedError)
    sent.later(minutes=1)
    sent.fetch(STASOVA)
    posted = sent.fetch(IVANOV).posted
    assert (posted[0].channel, posted[0].number) == ("tver/center", 3)
    sent.clean()


def test_i3_a_restored_home_whose_outside_record_is_lost_too_notices_its_own_signature(
    sent: Net, tmp_path: Path
) -> None:
    backup = copy_of(sent, IVANOV, "backup")
    assert sent.send(IVANOV, "two", "center").number == 2
    restore(sent, IVANOV, backup)
    shutil.rmtree(tmp_path / "state")
    waiting = sent.send(IVANOV, "three", "center").waiting
    assert isinstance(waiting, MovedError)
    assert "tver/center/2" in waiting.what
    assert sent.send(PETROV, "of a colleague", "center").number == 3, "a colleague is not held up"


def test_i3_a_colleagues_newer_dispatch_frees_the_own_channel(sent: Net) -> None:
    copy = copy_of(sent, IVANOV, "copy")
    assert isinstance(send_from(sent, copy, "to ourselves", "tver").waiting, MovedError)
    sent.later(minutes=1)
    assert sent.send(PETROV, "I am here", "tver").number == 1
    assert send_from(sent, copy, "to ourselves", "tver").number == 2
    assert isinstance(send_from(sent, copy, "to the center").waiting, MovedError), "only that channel is free"


def test_i3_the_own_key_in_another_copy_is_a_fork_noticed_and_the_letter_is_not_lost(
    sent: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy posts number 2 between the look and the post of the original."""
    copy = copy_of(sent, IVANOV, "copy")
    real, done = HostilePost.create, []
    slot = names.note_name(NETWORK, "tver/center", 2)

    def create(self: HostilePost, name: str, data: bytes) -> bool:
        if name == slot and not done:
            done.append(True)
            assert send_from(sent, copy, "from the copy", alone=True).number == 2
        return real(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(HostilePost, "create", create)
        waiting = sent.send(IVANOV, "from the original", "center").waiting
    assert isinstance(waiting, OwnForkError)
    assert isinstance(waiting, ForkError)
    assert waiting.exit_code == 7
    with sent.desk(IVANOV) as desk:
        assert desk.machine.moved_state() is not None
        assert len(desk.outbox.items()) == 1, "the letter is not lost"
    sent.clean()  # the second header of number 2 was posted nowhere
    assert isinstance(sent.fetch(IVANOV).waiting[0], MovedError)
    sent.later(minutes=1)
    sent.fetch(STASOVA)
    posted = sent.fetch(IVANOV).posted
    assert (posted[0].channel, posted[0].number) == ("tver/center", 3)
    assert sent.fetch(STASOVA).subjects.keys() == {posted[0].hash}
    sent.clean()


def test_i3_receipts_of_a_moved_home_do_not_pile_up(sent: Net) -> None:
    sent.send(STASOVA, "to all", "all")
    copy = copy_of(sent, IVANOV, "copy")
    for _ in range(4):
        with sent.desk(IVANOV, home=copy) as desk:
            assert isinstance(fetching.fetch(desk).waiting[0], MovedError)
            waiting = Counter(item.plan()["kind"] for item in desk.outbox.items())
        assert waiting == {"receipt": 1}


@pytest.mark.parametrize("to", ["tver", "check"])
def test_i3_a_restored_home_is_freed_by_the_next_letter_or_check_though_all_was_acked_before(net: Net, to: str) -> None:
    """The center has nothing new to say of tver/center; that it says the same again, later, is what counts."""
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    net.fetch(IVANOV)
    net.later(minutes=1)
    path = net.home(IVANOV) / MACHINE
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"machine": "0" * 64}))
    waiting = net.send(IVANOV, "two", "center").waiting
    assert isinstance(waiting, MovedError)
    assert waiting.hints[0] == "cipherpost fetch    (once center has sent this office a letter)"
    net.later(minutes=1)
    if to == "check":
        with net.desk(STASOVA) as desk:
            put_bare(desk, Plan(channel="center/tver", kind="check", created=desk.time()))
        net.fetch(STASOVA)
    else:
        net.send(STASOVA, "an order", "tver")
    assert [ack.number for ack in net.header(STASOVA, "center/tver/2").acks] == [1]
    posted = net.fetch(IVANOV).posted
    assert ("tver/center", 2) in [(each.channel, each.number) for each in posted]
    net.clean()
