"""What a publication holds and proves, whole and with members left out, as a folder and as one file."""

import io
from pathlib import Path

import pytest
from workflowkit import IVANOV, STASOVA, Net

from cipherpost import publication
from cipherpost.note import split
from cipherpost.text import sha256, spoken
from cipherpost.workflows import publishing

TEXT = "To the people\n\nConferences are held in December.\n"


@pytest.fixture
def sent(net: Net, tmp_path: Path) -> Net:
    """A circular with two attachments, which everybody has."""
    plan, names = tmp_path / "plan.pdf", tmp_path / "names.txt"
    plan.write_bytes(b"%PDF" + bytes(200_000))
    names.write_text("Petrov, of 4 Garden Street")
    net.send(STASOVA, TEXT, "all", attach=(plan, names))
    net.everybody_fetches()
    return net


def packed(net: Net, who: str = IVANOV, *omit: str) -> bytes:
    with net.desk(who) as desk:
        made = publication.pack(publishing.content(desk, "center/all/1", omit=omit))
        with made.open() as source:
            data = source.read()
        assert len(data) == made.size
        return data


def test_i8_whoever_knows_the_fingerprint_verifies_text_signers_and_number_without_a_home(sent: Net) -> None:
    data = packed(sent)
    for fingerprint in (sent.fingerprint, " ".join(spoken(sent.fingerprint))):
        found = publication.verify(io.BytesIO(data), fingerprint)
        assert (found.place, found.signers, found.letter.body) == ("center/all/1", ("stasova",), TEXT)
        assert found.left_out == 0
        assert found.hash == sha256(split(sent.note("center/all/1")).text)
