"""What a publication holds and proves, whole and with members left out, as a folder and as one file."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from workflowkit import BAZHANOV, IVANOV, ORLOV, STASOVA, Net

from cipherpost import publication
from cipherpost.errors import CipherpostError, NotAuthenticError
from cipherpost.note import split
from cipherpost.pages.publication import publication_page
from cipherpost.roster import words
from cipherpost.tar import Reader
from cipherpost.text import sha256, spoken
from cipherpost.workflows import endorsing, entries, publishing, sending, standing

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


def verified(net: Net, data: bytes) -> publication.Published:
    return publication.verify(io.BytesIO(data), net.fingerprint)


def test_v5_a_circular_that_two_had_to_sign_is_published_with_both_names(net: Net) -> None:
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [words.Threshold("center", 2)])
    number = net.send(STASOVA, TEXT, "all").number
    with net.desk(BAZHANOV) as desk:
        endorsing.endorse(desk, str(number))
    net.fetch(IVANOV)
    found = verified(net, packed(net))
    assert found.signers == ("bazhanov", "stasova")
    assert found.letter.body == TEXT


def test_i6_what_an_officer_signed_is_published_after_he_was_retired(net: Net) -> None:
    net.send(BAZHANOV, TEXT, "all")
    net.everybody_fetches()
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "retire", BAZHANOV))
    net.everybody_fetches()
    found = verified(net, packed(net))
    assert found.signers == ("bazhanov",)
    assert found.header.roster is not None
    assert found.entries > found.header.roster.number
    assert found.settled == 1, "the cut pins the channel up to its number"


def test_what_a_letter_says_to_its_own_office_alone_is_published_only_by_its_readers(net: Net) -> None:
    net.send(STASOVA, "To tver alone", "tver")
    net.everybody_fetches()
    with net.desk(ORLOV) as desk, pytest.raises(CipherpostError):
        publishing.content(desk, "center/tver/1")
    with net.desk(IVANOV) as desk:
        assert publication.pack(publishing.content(desk, "center/tver/1")).published.place == "center/tver/1"


def test_whoever_publishes_is_told_what_came_later(sent: Net) -> None:
    with sent.desk(IVANOV) as desk:
        made = publication.pack(publishing.content(desk, "center/all/1"))
        assert publishing.later_word(desk, made.published) is None
    with sent.desk(STASOVA) as desk:
        letter = sending.text_of("A better plan", subject=None, attachments=(), subject_from_text=True)
        sending.send(desk, letter, audiences=["all"], supersedes="1")
    sent.fetch(IVANOV)
    with sent.desk(IVANOV) as desk:
        made = publication.pack(publishing.content(desk, "center/all/1"))
        assert publishing.later_word(desk, made.published) == ("superseded", 2)


def test_nothing_is_left_where_what_was_written_does_not_verify(sent: Net, tmp_path: Path) -> None:
    """A disk that keeps other bytes than it was given: the folder does not come into being."""
    with sent.desk(IVANOV) as desk:
        made = publication.pack(publishing.content(desk, "center/all/1"), page=publication_page)
        broken = made._replace(members=lambda: _one_bit_off(made.members()))
        for one_file in (False, True):
            with pytest.raises(NotAuthenticError):
                publishing.save(desk, broken, tmp_path / "out" / "public", one_file=one_file, page=publication_page)
            assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("one_file", [False, True])
def test_i5_what_a_killed_publish_left_beside_its_place_goes_with_the_next_one(
    sent: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_file: bool
) -> None:
    folder = tmp_path / "out"
    strange = folder / ".new-0123456789abcdef-0123456789abcdef"  # whose it is nobody knows
    strange.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")

    def save(who: str, name: str) -> None:
        with sent.desk(who) as desk:
            made = publication.pack(publishing.content(desk, "center/all/1"), page=publication_page)
            publishing.save(desk, made, folder / name, one_file=one_file, page=publication_page)

    def left() -> set[Path]:
        return set(folder.glob(".new-*")) - {strange}

    def killed(who: str, name: str) -> Path:
        before = left()
        with monkeypatch.context() as power:
            power.setattr(publishing.published, "verify", _fail)
            power.setattr(publishing, "_clear", lambda _path: None)  # a kill clears nothing away
            with pytest.raises(_PowerFailsError):
                save(who, name)
        (found,) = left() - before
        return found

    mine, another, samara = killed(IVANOV, "public"), killed(IVANOV, "another"), killed(ORLOV, "public")
    link = mine.with_name(f"{mine.name}f")
    link.symlink_to(elsewhere)
    save(IVANOV, "public")
    assert left() == {another, samara, link}, "another place, another home and a link are left alone"
    assert (elsewhere / "kept").read_text() == "kept"
    save(IVANOV, "another")
    assert left() == {samara, link}


class _PowerFailsError(Exception):
    pass


def _fail(*_args: object, **_given: object) -> None:
    raise _PowerFailsError


def _one_bit_off(members: Iterator[tuple[str, int, bytes | Reader]]) -> Iterator[tuple[str, int, bytes | Reader]]:
    for name, size, source in members:
        if name == "letter.tar":
            assert not isinstance(source, bytes)
            data = b"".join(iter(lambda reader=source: reader.read(1 << 16), b""))  # type: ignore[misc]
            yield name, size, data[:5_000] + bytes([data[5_000] ^ 1]) + data[5_001:]
        else:
            yield name, size, source
