"""V9 at the reader: the sealed file is read once, and whatever else is wrong with it, its hash decides."""

from collections.abc import Callable
from pathlib import Path

import pytest
from workflowkit import IVANOV, STASOVA, Net

from cipherpost import age
from cipherpost.workflows import reading
from cipherpost.workflows.letters import LetterSwappedError, open_letter

PLACE = "center/all/1"
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "no age file at all": lambda _: b"junk",
    "empty": lambda _: b"",
    "altered in its version line": lambda data: b"A" + data[1:],
    "altered in a stanza, so that no key opens it": lambda data: data[:400] + bytes([data[400] ^ 1]) + data[401:],
    "altered in its payload": lambda data: data[:-30] + bytes([data[-30] ^ 1]) + data[-29:],
    "cut short": lambda data: data[:-1],
    "longer": lambda data: data + b"\n",
}


@pytest.fixture
def received(net: Net, tmp_path: Path) -> Net:
    file = tmp_path / "agenda.txt"
    file.write_text("1. Elections\n")
    net.send(STASOVA, "Prepare the conference.", "all", attach=(file,))
    net.fetch(IVANOV)
    return net


@pytest.mark.parametrize("how", DAMAGE)
def test_v9_a_damaged_copy_is_named_as_such_whatever_it_led_to(received: Net, how: str, tmp_path: Path) -> None:
    header = received.header(IVANOV, PLACE)
    folder = tmp_path / "saved"
    with received.desk(IVANOV) as desk:
        copy = desk.copies.path(header.sealed[0].hash)
        copy.write_bytes(DAMAGE[how](copy.read_bytes()))
        with pytest.raises(LetterSwappedError) as refused:
            open_letter(desk, header)
        assert (refused.value.channel, refused.value.number) == ("center/all", 1)
        assert not copy.exists()
        assert reading.read(desk, PLACE, save=folder).body.startswith("Prepare")  # it is fetched again
    assert sorted(path.name for path in folder.iterdir()) == ["agenda.txt", "center-all-1.txt"]


def test_v9_another_payload_under_the_same_readers_is_not_the_letter(received: Net, tmp_path: Path) -> None:
    header = received.header(IVANOV, PLACE)
    with received.desk(IVANOV) as desk:
        copy = desk.copies.path(header.sealed[0].hash)
        with copy.open("rb") as source:
            plain = age.decrypt(desk.keys.identities, source).read()
        with copy.open("wb") as sink, age.Encryptor([desk.keys.recipient], sink) as writer:
            writer.write(plain)  # all of V10 would pass
        saved: list[str] = []
        with pytest.raises(LetterSwappedError):
            open_letter(desk, header, save=lambda info: saved.append(info.name))  # type: ignore[func-returns-value]
        assert saved == ["agenda.txt"]
        assert not copy.exists()
