"""``outbox C/N --receipt FILE`` and ``verify FILE``: what an office can prove, and that nobody can prove more."""

import hashlib
import io
import shutil
from pathlib import Path

import pytest
from cliharness import Clock, Net, Result, refused

from cipherpost.desk import Desk
from cipherpost.dispatch.header import Ack, Header, Report, Sealed
from cipherpost.tar import TarReader, TarWriter
from cipherpost.text import spoken
from cipherpost.workflows.receipt_page import Receipt, Said, page


@pytest.fixture
def received(net: Net, clock: Clock) -> Net:
    """tver wrote to the center, which read it; tver knows."""
    net.write("letter.md", "Our report.\n")
    net.ok("tver", "send", str(net.root / "letter.md"), "--to", "center")
    clock.ahead(minutes=5)
    net.ok("center", "fetch")
    net.ok("center", "read", "tver/center/2")
    clock.ahead(minutes=5)
    net.ok("center", "fetch")
    net.ok("tver", "fetch")
    return net


def fingerprint(net: Net) -> str:
    return str(net.ok("tver", "roster", "--json").json["fingerprint"])


def make(net: Net, *more: str) -> Path:
    path = net.root / "proof.receipt"
    done = net.ok("tver", "outbox", "tver/center/2", "--receipt", str(path), *more)
    assert done.lines == [str(path)]
    return path


def verify(net: Net, path: Path, *more: str, known: str | None = None) -> Result:
    """Without a home, as by a stranger."""
    return net.run(None, "verify", str(path), "--fingerprint", known or fingerprint(net), *more)


def members(data: bytes) -> dict[str, bytes]:
    return {each.name: each.read_all(1 << 22) for each in TarReader(io.BytesIO(data))}


def packed(found: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    archive = TarWriter(sink)
    for name, data in found.items():
        archive.add(name, len(data), data)
    archive.close()
    return sink.getvalue()


def test_a_receipt_holds_the_dispatch_the_answers_and_the_roster_and_says_what_it_proves(received: Net) -> None:
    found = members(make(received).read_bytes())
    entries = received.ok("tver", "roster", "--json").json["number"]
    assert list(found) == [
        "README.txt",
        *(f"rkpb/center/roster/{at:08d}.note" for at in range(1, entries + 1)),
        "rkpb/tver/center/00000002.note",
        "rkpb/center/tver/00000001.note",
        "rkpb/center/tver/00000002.note",
    ]
    assert found["rkpb/tver/center/00000002.note"] == received.note("tver/center", 2).read_bytes()
    text = found["README.txt"].decode()
    for words in (fingerprint(received), "What this proves", "What this does not prove", "said read", "said received"):
        assert words in text
    assert "Our report" not in packed(found).decode("latin-1")


def test_anybody_verifies_it_without_a_home_by_hex_or_spoken_number(received: Net) -> None:
    path = make(received)
    done = verify(received, path)
    assert (done.code, done.err) == (0, "")
    shown = dict(line.split("  ", 1) for line in done.lines)
    assert shown["dispatch"].strip() == "tver/center/2"
    assert shown["from"].strip() == "tver (Tver Gubernia Committee)"
    assert shown["said read"].strip().startswith("by stasova, center/tver/2 of 2024-03-04T")
    told = verify(received, path, "--json", known=spoken(fingerprint(received))).json
    fields = "receipt network fingerprint channel number hash kind report from title to signers time roster sealed said"
    assert set(told) == set(fields.split())
    assert set(told["said"][0]) == {"word", "number", "by", "in", "time"}
    note = received.note("tver/center", 2).read_bytes()
    text = note[: note.rindex(b"\n\n") + 1]
    assert told["hash"] == hashlib.sha256(text).hexdigest()
    assert [(each["word"], each["in"]) for each in told["said"]] == [
        ("received", "center/tver/1"),
        ("read", "center/tver/2"),
    ]


def test_the_same_state_gives_the_same_bytes_and_nothing_is_written_over(received: Net) -> None:
    path = make(received)
    before = path.read_bytes()
    again = received.run("tver", "outbox", "tver/center/2", "--receipt", str(path))
    refused(again, 1, "the file is there already")
    make(received, "--force")
    assert path.read_bytes() == before


def test_a_changed_byte_anywhere_is_refused(received: Net) -> None:
    path, known = make(received), fingerprint(received)
    whole = path.read_bytes()
    step = max(1, len(whole) // 150)
    for at in [*range(0, len(whole), step), 0, 257, len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = verify(received, path, known=known)
        assert done.code == 3, (at, done)
        refused(done, 3)
        assert done.hints, done
    for wrong in (whole[:-512], whole + bytes(512), whole[: len(whole) // 2]):
        path.write_bytes(wrong)
        refused(verify(received, path, known=known), 3)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("page", "README.txt does not say what the notes say"),
        ("roster", "entries of the roster are missing"),
        ("genesis", "first entry of the roster"),
        ("answers", "nobody says in it"),
        ("order", "in their order"),
        ("more", "nothing of this dispatch"),
        ("stranger", "no note"),
    ],
)
def test_what_was_put_together_by_somebody_else_is_refused(received: Net, change: str, word: str) -> None:
    path = make(received)
    found = members(path.read_bytes())
    answers = [name for name in found if name.startswith("rkpb/center/tver/")]
    if change == "page":
        found["README.txt"] = found["README.txt"].replace(b"What this proves", b"The center agrees")
    elif change == "roster":
        del found["rkpb/center/roster/00000003.note"]
    elif change == "genesis":
        del found["rkpb/center/roster/00000001.note"]
    elif change == "answers":
        found = {name: data for name, data in found.items() if name not in answers}
    elif change == "order":
        found = {**{"README.txt": found["README.txt"]}, **dict(reversed([*found.items()][1:]))}
    elif change == "more":
        other = Ack("tver/center", 1, "1" * 64, "read")
        made = received.next_text("center", "center/tver", "check", acks=(other,))
        found["rkpb/center/tver/00000003.note"] = received.sign("center", made)
    else:
        found["letter.txt"] = b"The center agrees.\n"
    path.write_bytes(packed(found))
    refused(verify(received, path), 3, word)


def test_v5_an_answer_signed_by_another_key_or_of_another_hash_is_refused(received: Net) -> None:
    path = make(received)
    found = members(path.read_bytes())
    answer = "rkpb/center/tver/00000002.note"
    genuine = found[answer]
    text = genuine[: genuine.rindex(b"\n\n") + 1]
    found[answer] = received.sign("tver", text)  # the committee signs its own receipt
    path.write_bytes(packed(found))
    refused(verify(received, path), 3, "center/tver/2")
    other = Ack("tver/center", 2, "0" * 64, "read")
    made = received.sign("center", received.next_text("center", "center/tver", "check", acks=(other,)))
    found[answer] = genuine
    found["rkpb/center/tver/00000003.note"] = made
    path.write_bytes(packed(found))
    refused(verify(received, path), 3, "nothing of this dispatch")


def test_another_network_and_no_fingerprint_are_refused(received: Net) -> None:
    path = make(received)
    refused(verify(received, path, known="0" * 64), 3, "another network")
    refused(verify(received, path, known="twelve"), 3)


def test_nothing_is_proved_before_the_center_spoke_nor_of_what_is_not_ones_own(net: Net) -> None:
    net.write("letter.md", "Our report.\n")
    net.ok("tver", "send", str(net.root / "letter.md"), "--to", "center")
    path = net.root / "proof.receipt"
    early = net.run("tver", "outbox", "tver/center/2", "--receipt", str(path))
    refused(early, 1, "center has not said yet")
    assert "cipherpost fetch    (again later)" in early.hints
    refused(net.run("tver", "outbox", "center/all/1", "--receipt", str(path)), 2, "not your office's")
    refused(net.run("center", "outbox", "center/all/1", "--receipt", str(path)), 2, "not written to one office")
    refused(net.run("tver", "outbox", "--receipt", str(path)), 2, "for one dispatch")
    assert not path.exists()


def test_a_word_about_a_higher_number_covers_it_by_the_links_between(net: Net, clock: Clock) -> None:
    net.write("letter.md", "Our report.\n")
    net.ok("tver", "send", str(net.root / "letter.md"), "--to", "center")
    net.write("more.md", "More.\n")
    net.ok("tver", "send", str(net.root / "more.md"), "--to", "center")
    with net.desk("tver") as desk:
        head = desk.chain.channel("tver/center").tip
    assert head[0] == 3
    seen = Ack("tver/center", 3, head[1], "seen")
    made = net.sign("center", net.next_text("center", "center/tver", "check", acks=(seen,)))
    net.note("center/tver", 1).parent.mkdir(exist_ok=True)
    net.note("center/tver", 1).write_bytes(made)
    clock.ahead(minutes=5)
    net.ok("tver", "fetch")
    path = make(net)
    assert "rkpb/tver/center/00000003.note" in members(path.read_bytes())
    done = verify(net, path)
    assert done.code == 0, done
    assert "of number 3 and all before it" in done.out
    found = members(path.read_bytes())
    found.pop("rkpb/tver/center/00000003.note")
    path.write_bytes(packed(found))
    refused(verify(net, path), 3)


def test_a_receipt_needs_nothing_else_on_disk(received: Net, tmp_path_factory: pytest.TempPathFactory) -> None:
    path, known = make(received), fingerprint(received)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a file.bin"
    shutil.copy(path, elsewhere)
    shutil.rmtree(received.root / "homes")
    shutil.rmtree(received.post)
    assert received.run(None, "verify", str(elsewhere), "--fingerprint", known).code == 0


def test_i2_a_receipt_of_one_dispatch_is_none_of_another(received: Net) -> None:
    """The center's word names one hash; beside another dispatch it says nothing."""
    found = members(make(received).read_bytes())
    found["rkpb/tver/center/00000002.note"] = received.note("tver/center", 1).read_bytes()
    path = received.write("other.receipt", packed(found))
    refused(verify(received, path), 3)


def test_the_desk_is_not_written_to(received: Net) -> None:
    with Desk.open(received.home("tver")) as desk:
        count = desk.mail.count()
    make(received)
    with Desk.open(received.home("tver")) as desk:
        assert desk.mail.count() == count


def test_the_page_never_changes_since_receipts_that_were_handed_out_hold_it() -> None:
    receipt = Receipt(
        network="rkpb",
        fingerprint="f" * 64,
        header=Header(
            network="rkpb",
            channel="tver/center",
            number=12,
            previous="b" * 64,
            time="2026-11-22T09:00:00Z",
            by="ivanov",
            kind="report",
            sealed=(Sealed("c" * 64, 2048),),
            report=Report("monthly-return", "2026-10", None, False),
        ),
        hash="a" * 64,
        title="Tver Gubernia Committee",
        to="Central Committee",
        said=(Said("received", 12, "stasova", "center/tver/5", "2026-11-23T09:00:00Z"),),
        entries=7,
    )
    pinned = "f6147885d199f0b836b47888bf5d8ae3425b003cd64f22cb114aa941fcb7a41e"
    assert hashlib.sha256(page(receipt)).hexdigest() == pinned, page(receipt).decode()
