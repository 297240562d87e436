"""Two officers at once, and stores that answer one thing and do another (docs/protocol.md, "Races and forks")."""

import subprocess
import sys
import threading

import pytest
from dying import every_death
from workflowkit import (
    BAZHANOV,
    IVANOV,
    NETWORK,
    ORLOV,
    PETROV,
    STASOVA,
    Net,
    send,
    subjects,
)

from cipherpost.postoffice import names
from cipherpost.workflows import syncing

PAIRS = 50


def all_slot(number: int) -> str:
    return names.note_name(NETWORK, "center/all", number)


def test_races_two_officers_at_once_fifty_times_both_succeed_with_contiguous_numbers(net: Net) -> None:
    net.on_disk()
    gate, failures = threading.Barrier(2), []

    def officer(who: str) -> None:
        try:
            for at in range(PAIRS):
                gate.wait(timeout=60)
                posted = net.send(who, f"{who} {at}", "all")
                assert posted.number is not None, posted.waiting
        except BaseException as error:
            failures.append(error)
            gate.abort()

    threads = [threading.Thread(target=officer, args=(who,)) for who in (STASOVA, BAZHANOV)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    chain = net.clean()
    counting = list(chain.channel("center/all").counting())
    assert len(counting) == 2 * PAIRS
    assert sum(node.by == "stasova" for node in counting) == PAIRS
    brought = {who: subjects(net.fetch(who)) for who in (IVANOV, ORLOV)}
    assert brought[IVANOV] == brought[ORLOV]
    assert sorted(brought[IVANOV]) == sorted(f"{who} {at}" for who in (STASOVA, BAZHANOV) for at in range(PAIRS))
    net.clean()


_SENDER = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from workflowkit import Desk, send
sys.stdin.readline()
with Desk.open(Path(sys.argv[1])) as desk:
    desk.lock()
    for at in range(5):
        print(send(desk, f"{{sys.argv[2]}} {{at}}", "all").place)
"""


def test_races_of_two_processes(net: Net) -> None:
    net.on_disk()
    program = _SENDER.format(path=[path for path in sys.path if path])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(net.home(who)), who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in (STASOVA, BAZHANOV)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    places = [place for process in running for place in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(places) == sorted(f"center/all/{number}" for number in range(1, 11))
    net.clean()


def both_send(net: Net, monkeypatch: pytest.MonkeyPatch, first: str = STASOVA, second: str = BAZHANOV) -> None:
    """``second`` sends; at the moment when his note is about to be created, ``first`` posts hers."""
    real = type(net.post).create
    done: list[bool] = []

    def create(self: object, name: str, data: bytes) -> bool:
        if name == all_slot(1) and not done:
            done.append(True)
            assert net.send(first, "from the first", "all").number == 1
        return real(self, name, data)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(net.post), "create", create)
        posted = net.send(second, "from the second", "all")
    assert posted.number is not None
    assert done


LETTERS = ["from the first", "from the second"]


def all_is_well(net: Net, *, people: tuple[str, ...] = (IVANOV, PETROV, ORLOV)) -> None:
    """Nobody is frozen, every letter has come exactly once to all who look now, and both officers can send."""
    for _ in range(3):
        net.fetch(STASOVA)
        net.fetch(BAZHANOV)
    for who in people:
        assert sorted(subjects(net.fetch(who))) == LETTERS, who
    for who in (STASOVA, BAZHANOV, STASOVA):
        assert net.send(who, f"then {who}", "all").number is not None
        net.later(seconds=1)
        for each in people:
            fetched = net.fetch(each)
            assert subjects(fetched) in ([f"then {who}"], []), each
            assert fetched.exit_code == 0
    chain, _ = net.verify()
    view = chain.channel("center/all")
    numbers = [node.number for node in view.counting()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert view.stopped is None


def test_races_the_loser_numbers_the_same_letter_anew(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    both_send(net, monkeypatch)
    assert [net.header(STASOVA, "center/all/1").by, net.clean().channel("center/all").last.header.by] == [  # type: ignore[union-attr]
        "stasova",
        "bazhanov",
    ]
    all_is_well(net)
    net.clean()


@pytest.mark.parametrize("knob", ["refuse_but_keep", "both_created", "overwrite"])
def test_races_on_a_store_that_answers_one_thing_and_does_another(
    net: Net, monkeypatch: pytest.MonkeyPatch, knob: str
) -> None:
    getattr(net.post.knobs, knob).append("*/center/all/*")
    both_send(net, monkeypatch)
    all_is_well(net)


def replaced_after_tver_fetched(net: Net) -> bytes:
    """Stasova posts number 1, tver fetches it, and then the store lets bazhanov's replace it; gives her note."""
    assert net.send(STASOVA, "from the first", "all").number == 1
    lost = net.note("center/all/1")
    del net.store.objects[all_slot(1)]
    with net.desk(BAZHANOV) as desk:
        syncing.sync(desk)
        net.store.objects[all_slot(1)] = lost
        assert subjects(net.fetch(IVANOV)) == ["from the first"]
        net.post.knobs.overwrite.append("*/center/all/*")
        del net.store.objects[all_slot(1)]
        assert send(desk, "from the second", "all").number == 1
    return lost


def test_races_a_reader_who_took_the_other_side_follows_the_check(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tver fetched before the store let the second note replace the first."""
    lost = replaced_after_tver_fetched(net)
    # Stasova sees both: her round settles it by a check, and gives her letter a new number.
    fetched = net.fetch(STASOVA)
    assert [posted.kind for posted in fetched.posted][:2] == ["check", "circular"]
    assert net.header(STASOVA, "center/all/1").by == "bazhanov"
    # Tver follows, gets the other letter too, and the one it has read under the new number.
    brought = subjects(net.fetch(IVANOV))
    assert "from the second" in brought
    assert net.header(IVANOV, "center/all/1").by == "bazhanov"
    assert sorted(subjects(net.fetch(ORLOV))) == LETTERS
    # The loser's note lies under the evidence of those who had it.
    evidence = [name for name, data in net.objects().items() if data == lost]
    assert sorted(name.split("/")[1] for name in evidence) == ["center", "tver"]
    assert net.fetch(STASOVA).posted == []
    for who in (BAZHANOV, STASOVA):
        assert net.send(who, f"then {who}", "all").number is not None
    # All that a stranger sees of it: tver has acked another text than the one that stands.
    _, findings = net.verify()
    assert {(found.code, found.channel) for found in findings} == {("disagrees", "tver/center")}
    net.fetch(STASOVA)
    assert net.ack_words(STASOVA, "center/all", 1)["tver"].count("received") == 2


def test_races_the_next_letter_links_to_the_side_in_the_plain_slot_and_settles_it(net: Net) -> None:
    """Stasova has not fetched since: one more look at the slot before signing keeps two officers from a fork."""
    replaced_after_tver_fetched(net)
    assert net.send(STASOVA, "the next", "all").number == 2
    assert net.header(STASOVA, "center/all/1").by == "bazhanov"
    # Tver holds the other side of number 1, and number 2 makes it look at that slot again.
    fetched = net.fetch(IVANOV)
    assert sorted(subjects(fetched)) == ["from the second", "the next"]
    assert fetched.exit_code == 0
    assert [posted.number for posted in net.fetch(STASOVA).posted if posted.channel == "center/all"] == [3]
    assert net.send(BAZHANOV, "and on", "all").number == 4
    for who in (IVANOV, ORLOV):
        assert net.fetch(who).exit_code == 0
        assert net.header(who, "center/all/4").by == "bazhanov"


def test_i4_a_round_that_settles_a_race_killed_at_every_step_sends_the_lost_letter_once(net: Net) -> None:
    net.post.knobs.overwrite.append("*/center/all/*")

    def race(at: int) -> None:
        """Stasova's note of a number is replaced by bazhanov's after it was read back."""
        with net.desk(BAZHANOV) as desk:
            syncing.sync(desk)
            posted = net.send(STASOVA, f"first {at}", "all")
            del net.store.objects[all_slot(posted.number or 0)]
            assert send(desk, f"second {at}", "all").number == posted.number

    race(1)
    deaths = 0
    for death in every_death(lambda _: net.fetch(STASOVA), stride=7):
        deaths = death
        net.fetch(STASOVA)
        race(death + 1)
    net.fetch(STASOVA)
    assert deaths >= 8
    chain, _ = net.verify()
    letters = [node.header.letter for node in chain.channel("center/all").counting() if node.header.letter]
    assert len(letters) == len(set(letters)) == 2 * (deaths + 1)
    wanted = sorted(f"{side} {at}" for side in ("first", "second") for at in range(1, deaths + 2))
    assert sorted(subjects(net.fetch(ORLOV))) == wanted
