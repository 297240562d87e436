"""A letter that came whole and does not open is opened once, not in every round."""

import hashlib
import os

import pytest
from test_workflows_stated import say
from workflowkit import IVANOV, NETWORK, PETROV, STASOVA, Net, subjects

from cipherpost.age import HybridIdentity
from cipherpost.dispatch.header import Sealed
from cipherpost.errors import NotAuthenticError
from cipherpost.postoffice import names
from cipherpost.workflows import fetching, letters, reading


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The places of the letters that were opened, or tried."""
    found: list[str] = []
    real = letters.open_letter

    def open_letter(desk, header, **given):  # type: ignore[no-untyped-def]
        found.append(f"{header.channel}/{header.number}")
        return real(desk, header, **given)

    monkeypatch.setattr(letters, "open_letter", open_letter)
    return found


def send_junk(net: Net) -> str:
    """Tver signs the hash of a sealed file that is no letter at all; the place."""
    net.everybody_fetches()
    junk = b"age-encryption.org/v1\nnothing of the kind\n"
    sealed = Sealed(hashlib.sha256(junk).hexdigest(), len(junk))
    net.store.objects[names.sealed_name(NETWORK, "tver", sealed.hash)] = junk
    header = say(net, IVANOV, "tver/center", "message", letter="ab" * 32, sealed=(sealed,))
    return f"tver/center/{header.number}"


def state_of(net: Net, place: str) -> str:
    with net.desk(STASOVA) as desk:
        return next(row.state for row in reading.inbox(desk) if row.place == place)


def test_i11_a_letter_that_does_not_open_is_opened_once(net: Net, opened: list[str]) -> None:
    place = send_junk(net)
    first = net.fetch(STASOVA)
    assert (first.exit_code, len(first.unreadable), opened) == (3, 1, [place])
    for _ in range(2):
        again = net.fetch(STASOVA)
        assert again.exit_code == 0, "it was said once"
        assert again.unreadable == []
        assert [f"{error.channel}/{error.number}" for error in again.known] == [place], "but it is listed"
        assert again.as_json()["unreadable"][0]["class"] == "StillUnreadableError"
    assert opened == [place]
    assert state_of(net, place) == "unreadable"
    # The next letter of the same channel comes in all the same.
    net.fetch(PETROV)
    net.send(PETROV, "a good one", "center")
    assert subjects(net.fetch(STASOVA)) == ["a good one"]


def test_i10_a_letter_that_does_not_open_says_whose_turn_it_is(net: Net) -> None:
    place = send_junk(net)
    (error,) = net.fetch(STASOVA).unreadable
    assert error.hints == (f"tell tver that {place} does not open, and to send it again",)
    with net.desk(STASOVA) as desk, pytest.raises(NotAuthenticError) as refused:
        reading.read(desk, place)
    assert refused.value.hints == error.hints


def test_read_tries_an_unreadable_letter_again_when_it_is_asked_to(net: Net, opened: list[str]) -> None:
    place = send_junk(net)
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk, pytest.raises(NotAuthenticError):
        reading.read(desk, place)
    assert opened == [place, place]


@pytest.mark.parametrize("change", ["keys", "program"])
def test_other_keys_or_another_program_try_it_again(
    net: Net, opened: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    place = send_junk(net)
    net.fetch(STASOVA)
    if change == "keys":
        with net.desk(STASOVA) as desk:
            desk.keys.rotate(HybridIdentity.generate(), os.urandom(32))
    else:
        monkeypatch.setattr("cipherpost.workflows.unreadable.__version__", "99.0")
    assert net.fetch(STASOVA, receipts=False).exit_code == 3
    assert net.fetch(STASOVA, receipts=False).exit_code == 0
    assert opened == [place, place]


def test_v9_a_swapped_file_is_fetched_again_until_it_is_the_right_one(net: Net) -> None:
    sent = net.send(STASOVA, "a letter", "tver")
    assert sent.number == 1
    digest = net.header(STASOVA, "center/tver/1").sealed[0].hash
    name = names.sealed_name(NETWORK, "center", digest)
    right = net.store.objects[name]
    net.store.objects[name] = bytes(len(right))
    for _ in range(2):
        assert net.fetch(IVANOV, receipts=False).exit_code == 3, "the carrier can still mend it"
    net.store.objects[name] = right
    assert subjects(net.fetch(IVANOV)) == ["a letter"]


def test_i7_a_wrong_passphrase_is_no_fault_of_any_letter(net: Net) -> None:
    with net.desk(IVANOV) as desk:
        desk.keys.change_passphrase("right", log_n=8)
    net.send(STASOVA, "a letter", "tver")
    with net.desk(IVANOV) as desk:
        desk._passphrase = lambda: "wrong"
        with pytest.raises(Exception, match="passphrase"):
            fetching.fetch(desk, receipts=False)
        assert desk.mail.mine("center/tver", 1) == []
        assert desk.mail.metas("unreadable ") == []
