"""I4: a kill at any moment leaves the old state or the new one, and running again finishes what was begun."""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from dying import every_death
from workflowkit import (
    BAZHANOV,
    IVANOV,
    NETWORK,
    ORLOV,
    STASOVA,
    Net,
    send,
    subjects,
)

from cipherpost.desk import Desk, Overrides
from cipherpost.postoffice import names
from cipherpost.workflows import admission, fetching, founding, standing

DEATHS = {"send": 80, "reply": 80, "fetch": 20, "admit": 20, "suspend": 10, "init": 20, "join": 40}
"""So many kills at least, so that no test passes because nothing was killed."""


def letters_of(net: Net, channel: str) -> list[str]:
    """The hash of each letter that counts in a channel, as a stranger sees it."""
    return [node.header.letter for node in net.clean().channel(channel).counting() if node.header.letter]


def outbox(net: Net, who: str) -> int:
    with net.desk(who) as desk:
        return len(desk.outbox.items())


# ---- send --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 70_000], ids=["plain", "attachment"])
def test_i4_send_killed_at_every_step_sends_once_and_skips_no_number(
    net: Net, tmp_path: Path, size: int | None
) -> None:
    attach: tuple[Path, ...] = ()
    if size is not None:
        attach = (tmp_path / "figures.bin",)
        attach[0].write_bytes(bytes(size))

    def act(step: int) -> None:
        net.send(STASOVA, f"letter {step}", "all", attach=attach)

    deaths = 0
    for step in every_death(act):
        deaths = step
        if step % 3 == 0:  # any command that posts finishes it, or finds nothing begun
            net.fetch(STASOVA)
        posted = net.send(STASOVA, f"letter {step}", "all", attach=attach)
        assert posted.number == step, f"died at step {step}"
        assert outbox(net, STASOVA) == 0
    assert deaths >= DEATHS["send"]
    assert len(letters_of(net, "center/all")) == len(set(letters_of(net, "center/all"))) == deaths + 1
    expected = [f"letter {number}" for number in range(1, deaths + 2)]
    for who in (IVANOV, ORLOV):
        assert subjects(net.fetch(who)) == expected
    assert subjects(net.fetch(IVANOV)) == []
    net.clean()


def test_i4_reply_with_receipts_killed_at_every_step(net: Net) -> None:
    """A letter that carries acks: they are said once, whatever was killed."""
    net.send(STASOVA, "the question", "all")
    net.fetch(IVANOV, receipts=False)

    def act(step: int) -> None:
        net.reply(IVANOV, "center/all/1", f"answer {step}")

    deaths = 0
    for step in every_death(act):
        deaths = step
        assert net.reply(IVANOV, "center/all/1", f"answer {step}").number == step
    net.fetch(STASOVA)
    words = net.ack_words(STASOVA, "center/all", 1)["tver"]
    assert [word for word in words if word != "seen"] == ["received"]
    assert len(letters_of(net, "tver/center")) == deaths + 1
    assert deaths >= DEATHS["reply"]


def _send_in_a_process(ready: Connection, home: Path, text: str, attach: tuple[Path, ...]) -> None:
    with Desk.open(home) as desk:
        desk.lock()
        ready.send(True)
        send(desk, text, "all", attach=attach)


def _run_and_kill(home: Path, text: str, attach: tuple[Path, ...], delay: float | None) -> tuple[bool, float]:
    """A process that sends, killed so long after it has begun (None: left alone); whether it was, and its seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workflowkit", "cipherpost.workflows.placing", "cipherpost.age"])
    ready, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_send_in_a_process, args=(theirs, home, text, attach))
    child.start()
    assert ready.recv()
    begun = time.monotonic()
    child.join(delay)
    lasted = time.monotonic() - begun
    child.kill()
    child.join()
    ready.close()
    theirs.close()
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0, lasted


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_i4_send_killed_dead_at_random_moments(net: Net, tmp_path: Path) -> None:
    """Real processes and kill -9, on the directory; half of them with an attachment."""
    net.on_disk()
    attachment = tmp_path / "figures.bin"
    attachment.write_bytes(bytes(300_000))
    dice = random.Random(20261122)
    home = net.home(STASOVA)
    killed, midway, lasts = 0, 0, None
    for number in range(1, 31):
        attach = (attachment,) if number % 2 else ()
        text = f"letter {number}"
        was_killed, lasted = _run_and_kill(home, text, attach, lasts and dice.uniform(0, lasts))
        lasts = lasts if was_killed else lasted  # on a busy machine from one to the next another
        killed += was_killed
        midway += was_killed and any((home / "outbox").iterdir())
        posted = net.send(STASOVA, text, "all", attach=attach)
        assert posted.number == number
        assert outbox(net, STASOVA) == 0
    assert killed >= 8
    assert midway >= 1, "some were killed with a letter in the outbox"
    assert len(set(letters_of(net, "center/all"))) == 30
    assert subjects(net.fetch(IVANOV)) == [f"letter {number}" for number in range(1, 31)]
    left = [path for path in home.rglob("*") if path.name.startswith(".new-")]
    assert len(left) <= killed  # a torn temporary file is swept up by the next writer in its folder


# ---- fetch -------------------------------------------------------------------------------------------------------


def test_i4_fetch_killed_at_every_step_opens_each_letter_once_and_says_so_once(net: Net) -> None:
    brought: Counter[str] = Counter()

    def act(step: int) -> None:
        net.send(STASOVA, f"to all {step}", "all") if step not in sent else None
        sent.add(step)

    sent: set[int] = set()

    def round_of(step: int) -> None:
        brought.update(subjects(net.fetch(IVANOV)))

    deaths, step = 0, 0
    act(1)
    net.send(STASOVA, "to tver 1", "tver")
    for step in every_death(round_of, stride=3):
        deaths = step
        brought.update(subjects(net.fetch(IVANOV)))
        assert outbox(net, IVANOV) == 0
        act(step + 1)
        net.send(STASOVA, f"to tver {step + 1}", "tver")
    assert deaths >= DEATHS["fetch"]
    assert max(brought.values()) == 1
    total = deaths + 1
    with net.desk(IVANOV) as desk:
        kept = [name for name, _ in desk.mail.boxes("letter ")]
    assert len(kept) == 2 * total
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        for channel in ("center/all", "center/tver"):
            received = [
                row.number for row in desk.mail.acks_of(channel) if (row.office, row.word) == ("tver", "received")
            ]
            assert sorted(received) == list(range(1, total + 1))
    net.clean()


# ---- roster: admit, suspend --------------------------------------------------------------------------------------


def test_i4_admit_killed_at_every_step(net: Net) -> None:
    invitation = net.root / "tver.invitation"
    with net.desk(STASOVA) as desk:
        invitation.write_text(admission.invite(desk, "tver"))
    cards: dict[int, tuple[str, str]] = {}

    def card(step: int) -> tuple[str, str]:
        if step not in cards:
            joined = founding.join(
                str(invitation), officer=f"clerk-{step}", home=net.root / f"clerk-{step}", clock=net.clock
            )
            cards[step] = str(joined.card_file), joined.spoken
        return cards[step]

    def act(step: int) -> None:
        with net.desk(STASOVA) as desk:
            admission.admit(desk, [card(step)[0]], heard=card(step)[1])

    deaths = 0
    card(1)
    for step in every_death(act, stride=2):
        deaths = step
        with net.desk(STASOVA) as desk:
            again = admission.admit(desk, [card(step)[0]], heard=card(step)[1])
            done = again.admitted or [type(error).__name__ for error in again.refused]
            assert done in ([f"tver/clerk-{step}"], ["AlreadyAdmittedError"])
            assert len(desk.outbox.items()) == 0
        card(step + 1)
    roster = net.clean().roster
    officers = [officer.name for officer in roster.officers("tver", roster.newest)]
    assert officers[2:] == [f"clerk-{step}" for step in range(1, deaths + 2)]
    assert deaths >= DEATHS["admit"]
    # Whoever is admitted can be written to.
    assert net.send(BAZHANOV, "welcome", "tver").number == 1
    net.clean()


def test_i4_suspend_and_reinstate_killed_at_every_step(net: Net) -> None:
    net.fetch(IVANOV)
    net.send(IVANOV, "before", "center")

    def suspend(_step: int) -> None:
        with net.desk(STASOVA) as desk:
            if desk.roster.state("tver", desk.roster.newest) == "good":
                standing.take(desk, standing.plan(desk, "suspend", "tver"))

    def reinstate(_step: int) -> None:
        with net.desk(STASOVA) as desk:
            net_state = fetching.fetch(desk)
            assert net_state.waiting == []
            if desk.roster.state("tver", desk.roster.newest) == "suspended":
                standing.reinstate(desk, "tver")

    deaths = 0
    for step in every_death(suspend, stride=4):
        deaths = step
        net.fetch(STASOVA)  # finishes what was begun
        suspend(step)
        chain = net.clean()
        assert chain.roster.state("tver", chain.roster.newest) == "suspended"
        assert chain.channel("tver/center").last is not None, "what counted still counts"
        reinstate(step)
    reinstate(deaths + 1)
    assert deaths >= DEATHS["suspend"]
    net.fetch(IVANOV)
    assert net.send(IVANOV, "after", "center").number == 2


# ---- init, join --------------------------------------------------------------------------------------------------


def test_i4_init_killed_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIPHERPOST_STATE_DIR", str(tmp_path / "state"))

    for step in range(1, 200):
        (tmp_path / str(step)).mkdir()

    def act(step: int) -> founding.Founded:
        root = tmp_path / str(step)
        return founding.found(network=NETWORK, officer="stasova", post=str(root / "post"), home=root / "home")

    deaths = 0
    for step in every_death(act, stride=5):
        deaths = step
        _found_again(tmp_path / str(step), act, step)
    assert deaths >= DEATHS["init"]


def _found_again(root: Path, act: Callable[[int], founding.Founded], step: int) -> None:
    from cipherpost.workflows.founding import OccupiedNetworkError

    try:
        fingerprint = act(step).fingerprint
    except OccupiedNetworkError:
        with Desk.open(root / "home") as desk:  # it was founded, and any command finishes what is left
            fingerprint = desk.fingerprint
    with Desk.open(root / "home", overrides=Overrides()) as desk:
        desk.lock()
        assert fetching.fetch(desk).exit_code == 0, f"died at step {step}"
        assert desk.outbox.items() == ()
        assert send(desk, "to myself", "center").number == 1, f"died at step {step}"
        assert desk.roster.newest == 1
        assert desk.fingerprint == fingerprint
        assert desk.post.size(names.card_name(NETWORK, "center", desk.roster.officers("center", 1)[0].card)) is not None


def test_i4_join_killed_at_every_step(net: Net) -> None:
    net.on_disk()
    invitation = net.root / "tver.invitation"
    with net.desk(STASOVA) as desk:
        invitation.write_text(admission.invite(desk, "tver"))

    def act(step: int) -> founding.Joined:
        return founding.join(str(invitation), officer=f"clerk-{step}", home=net.root / f"clerk-{step}")

    deaths = 0
    for step in every_death(act):
        deaths = step
        joined = act(step)
        with net.desk(STASOVA) as desk:
            cards = [card for card in admission.waiting_cards(desk) if card.officer == f"clerk-{step}"]
            assert [card.hash for card in cards] == [joined.card_hash], f"died at step {step}"
    assert deaths >= DEATHS["join"]
