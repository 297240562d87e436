"""What senders may do with sealing and with archives, their own keys in hand. Each story says who finds it, and how."""

from collections.abc import Callable

import pytest
from carrierkit import ALL, BACK, TVER, Stage, ends_with, found, refusals
from letters import archive
from senderkit import Papers, deliver, letter, recipients, sealed_to
from storykit import lay, signed
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net, join, subjects

from cipherpost import age, limits
from cipherpost.dispatch.header import KeyRef, Sealed
from cipherpost.workflows import offices, reading, standing

COMMITTEES = (IVANOV, PETROV, ORLOV)
EVERYBODY = (*COMMITTEES, STASOVA, BAZHANOV)


# ---- who is sealed to ----------------------------------------------------------------------------------------------


def test_v9_a_recipient_is_left_out_of_a_sealing(stage: Stage) -> None:
    """Stasova seals a circular to all but orlov, and signs a header like any other.

    Orlov's fetch cannot open it (4), lists it, says so to the center by `failed`, and reads the rest; the others read
    it. `audit --sealed` counts one recipient too few: `readers` (0; `--strict` 3).
    """
    net = stage.net
    deliver(
        net, STASOVA, ALL, "circular", letter(net, "not for samara"), recipients(net, *EVERYBODY[:2], *EVERYBODY[3:])
    )
    net.send(BAZHANOV, "for all", "all")
    fetched = net.fetch(ORLOV)
    assert subjects(fetched) == ["for all"]
    assert (refusals(fetched), fetched.exit_code) == ([("NoMatchError", "center/all/1")], 4)
    assert subjects(net.fetch(IVANOV)) == ["a letter", "for all"]
    net.fetch(BAZHANOV)
    assert net.ack_words(BAZHANOV, ALL, 1)["samara"] == ["failed"]
    report = stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("readers", "center/all/1")], 0)
    assert report.exit_code(strict=True, everything=False) == 3
    assert found(stage.audit()) == []


def test_v9_a_stanza_is_left_out_and_a_dummy_put_in(stage: Stage) -> None:
    """The same, and in orlov's place stands a stanza for a key that nobody here knows: so the number is right.

    No audit finds it, since the number proves nothing about who. Orlov's fetch does (4), and his `failed` is public;
    who holds the other key reads along, as he would from any reader. The rest is read.
    """
    net = stage.net
    spy = age.HybridIdentity.generate()
    readers = [*recipients(net, IVANOV, PETROV), spy.recipient, *recipients(net, STASOVA, BAZHANOV)]
    deliver(net, STASOVA, ALL, "circular", letter(net, "not for samara"), readers)
    net.send(BAZHANOV, "for all", "all")
    fetched = net.fetch(ORLOV)
    assert subjects(fetched) == ["for all"]
    assert (refusals(fetched), fetched.exit_code) == ([("NoMatchError", "center/all/1")], 4)
    assert found(stage.audit(sealed=True)) == []
    net.fetch(BAZHANOV)
    assert net.ack_words(BAZHANOV, ALL, 1)["samara"] == ["failed"]


def test_v9_an_officer_seals_to_more_than_are_due(stage: Stage) -> None:
    """Stasova seals a letter to tver to samara too, or to a spy, beside all who are due: nobody can find that.

    A letter may have several audiences, so more stanzas are no finding; each stanza costs its reader's trust in the
    sender, as if he had shown the text.
    """
    net = stage.net
    readers = recipients(net, IVANOV, PETROV, STASOVA, BAZHANOV, ORLOV)
    deliver(net, STASOVA, TVER, "instruction", letter(net, "x", to=("tver",), kind="instruction"), readers)
    assert subjects(net.fetch(IVANOV)) == ["a letter"]
    assert found(stage.audit(sealed=True)) == []


@pytest.mark.parametrize("mixed", [False, True], ids=["classic-alone", "classic-beside-hybrid"])
def test_v9_a_letter_is_downgraded_from_hybrid_to_classic(stage: Stage, mixed: bool) -> None:
    """Stasova's program, or a thief's, seals to X25519 keys, alone or beside the hybrid ones of the roster.

    Whoever opens it refuses it (3), whoever has no stanza cannot (4), and both go on; `audit --sealed` says
    `downgraded` (3), pointing to the sender.
    """
    net = stage.net
    classic = age.X25519Identity.generate().recipient
    readers = [*(recipients(net, *EVERYBODY) if mixed else ()), classic]
    deliver(net, STASOVA, ALL, "circular", letter(net, "weak"), readers)
    net.send(BAZHANOV, "strong", "all")
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["strong"]
    assert refusals(fetched) == [("DowngradedError" if mixed else "NoMatchError", "center/all/1")]
    assert fetched.exit_code == (3 if mixed else 4)
    report = stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("downgraded", "center/all/1")], 3)


# ---- audience keys -------------------------------------------------------------------------------------------------


def audience_key(net: Net, *readers: str) -> int:
    """Bazhanov gives an audience key for center/all, whose letter nobody here looks into; its number."""
    net.fetch(BAZHANOV, receipts=False)
    identity = age.HybridIdentity.generate()
    data = f'{{"audience":"all","identity":"{identity.text}","recipient":"{identity.recipient.text}"}}\n'
    papers = Papers(net, [("data.json", "application/json", data.encode())], kind="key")
    return deliver(net, BAZHANOV, ALL, "key", papers, recipients(net, *readers)).number


def test_i8_a_removed_reader_is_still_sealed_to_by_an_old_audience_key(stage: Stage) -> None:
    """Samara is expelled, and the center goes on to seal its circulars to the audience key that samara holds.

    Every audit says `removed-reader` (0; `--strict` 3), pointing to the sender, with who holds it; and nothing of the
    circular before, or of the next one under a new key.
    """
    net = stage.net
    number = audience_key(net, *EVERYBODY)
    under = recipients(net, STASOVA)
    net.fetch(BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "before"), under, key=KeyRef(None, number))
    net.fetch(BAZHANOV)
    assert found(stage.audit(sealed=True)) == []
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "suspend", "samara"))
    net.fetch(BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "after"), under, key=KeyRef(None, number))
    net.fetch(BAZHANOV)
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("removed-reader", "center/all/3")], 0)
    assert report.exit_code(strict=True, everything=False) == 3
    assert "samara/orlov" in report.findings[0].detail
    renewed = audience_key(net, IVANOV, PETROV, STASOVA, BAZHANOV)
    net.fetch(BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "renewed"), under, key=KeyRef(None, renewed))
    assert found(stage.audit()) == [("removed-reader", "center/all/3")]


def test_i8_an_office_is_not_given_the_audience_key(stage: Stage) -> None:
    """Penza is admitted, and the circulars go on under a key that it was never given, so it can read none of them.

    Every audit says `not-given` (0; `--strict` 3) until the key is handed on in penza's own channel.
    """
    net = stage.net
    number = audience_key(net, *EVERYBODY)
    with net.desk(STASOVA) as desk:
        offices.declare(desk, [offices.NewOffice(name="penza", title="Penza")])
        join(net, desk, "penza/belov")
    net.fetch(BAZHANOV)
    under = recipients(net, STASOVA)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "new"), under, key=KeyRef(None, number))
    net.fetch(BAZHANOV)
    deliver(net, BAZHANOV, ALL, "circular", letter(net, "newer"), under, key=KeyRef(None, number))
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("not-given", "center/all/2")], 0)
    assert "penza" in report.findings[0].detail
    papers = letter(net, "the key", to=("penza",), kind="key")
    handed = recipients(net, "penza/belov", STASOVA, BAZHANOV)
    deliver(net, BAZHANOV, "center/penza", "key", papers, handed, key=KeyRef(ALL, number))
    assert found(stage.audit()) == []


# ---- what is in the archive ----------------------------------------------------------------------------------------


def with_link(kind: bytes) -> Callable[[list[tuple[str, bytes]]], bytes]:
    """Packs, and makes the attachment a member of another kind that leads elsewhere."""

    def pack(members: list[tuple[str, bytes]]) -> bytes:
        return rewritten(archive(members), {156: kind, 157: b"/etc/passwd"})

    return pack


def rewritten(data: bytes, fields: dict[int, bytes]) -> bytes:
    """An archive with other bytes in the header of its attachment, whose checksum is right again."""
    at = next(at for at in range(0, len(data), 512) if data.startswith(b"attachments/", at))
    head = bytearray(data[at : at + 512])
    for start, value in (*fields.items(), (148, b" " * 8)):
        head[start : start + len(value)] = value
    head[148:156] = b"%06o\0 " % sum(head)
    return data[:at] + head + data[at + 512 :]


HOSTILE: dict[str, Callable[[list[tuple[str, bytes]]], bytes]] = {
    "symbolic-link": with_link(b"2"),
    "hard-link": with_link(b"1"),
    "character-device": with_link(b"3"),
    "block-device": with_link(b"4"),
    "folder": with_link(b"5"),
    "pipe": with_link(b"6"),
}
"""What a member is made to be."""


@pytest.mark.parametrize("how", HOSTILE)
def test_v10_a_letter_holds_links_and_devices(stage: Stage, how: str) -> None:
    """A clerk of tver packs a link, a device, a folder or a pipe where an attachment belongs, hashes and sizes right.

    The center's fetch refuses the letter (3) and reads the next; asked for again, it is refused again, and nothing is
    saved anywhere. An audit opens no letters, and finds nothing.
    """
    net = stage.net
    papers = Papers(
        net,
        [("body.txt", "text/plain", b"see the plan"), ("attachments/plan", "text/plain", b"")],
        from_office="tver",
        to=("center",),
        kind="message",
        pack=HOSTILE[how],
    )
    hostile(stage, papers, "ArchiveKindError")


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "..", "a/b", "a\\..\\b", "x\x00y", "a\u202eb", "x\n", "-" * 300]
)
def test_v10_an_attachments_name_leads_elsewhere(stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A clerk of tver names an attachment so that whoever extracts by names would write outside of his folder.

    The center's fetch refuses the letter (3) and reads the next; nothing is ever saved under a name from an archive
    that was not looked at.
    """
    net = stage.net
    with monkeypatch.context() as patch:
        patch.setattr("cipherpost.letter.papers.name_problem", lambda _: None)
        for module in ("tar", "ustar"):
            patch.setattr(f"cipherpost.{module}.check_name", str.encode)
        papers = Papers(
            net,
            [("body.txt", "text/plain", b"see the plan"), (f"attachments/{name}", "text/plain", b"x")],
            from_office="tver",
            to=("center",),
            kind="message",
        )
    hostile(stage, papers, "MembersError")


def hostile(stage: Stage, papers: Papers, error: str) -> None:
    """Ivanov sends it to the center, and petrov an honest letter: the one is refused, also when asked for again."""
    net = stage.net
    net.fetch(IVANOV)
    deliver(net, IVANOV, BACK, "message", papers, recipients(net, STASOVA, BAZHANOV, IVANOV, PETROV))
    net.send(PETROV, "an honest word", "center")
    fetched = net.fetch(STASOVA)
    assert subjects(fetched) == ["an honest word"]
    assert (refusals(fetched), fetched.exit_code) == ([(error, "tver/center/1")], 3)
    folder = net.root / "saved"
    with net.desk(STASOVA) as desk, pytest.raises(type(fetched.unreadable[0])):
        reading.read(desk, "tver/center/1", save=folder)
    assert not folder.exists() or list(folder.iterdir()) == []
    assert found(stage.audit(sealed=True)) == []


# ---- too much of it ------------------------------------------------------------------------------------------------


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels + b"\n"


def a_million_brackets(net: Net) -> Papers:
    return of_tver(net, [("data.json", "application/json", deep(1_000_000))])


def one_level_too_deep(net: Net) -> Papers:
    return of_tver(net, [("data.json", "application/json", deep(limits.JSON_DEPTH + 1))])


def one_member_too_many(net: Net) -> Papers:
    return of_tver(net, [(f"attachments/{at}", "text/plain", b"") for at in range(limits.MEMBERS + 1)])


def a_member_that_says_a_terabyte(net: Net) -> Papers:
    size = b"\x80" + limits.SIZE.to_bytes(11)
    members = [("body.txt", "text/plain", b"x"), ("attachments/big", "text/plain", b"")]
    return of_tver(net, members, pack=lambda packed: rewritten(archive(packed), {124: size}))


def a_member_that_says_eight_gigabytes(net: Net) -> Papers:
    members = [("body.txt", "text/plain", b"x"), ("attachments/big", "text/plain", b"")]
    return of_tver(net, members, pack=lambda packed: rewritten(archive(packed), {124: b"7" * 11}))


def papers_nested_without_end(net: Net) -> Papers:
    return of_tver(
        net,
        [("body.txt", "text/plain", b"x")],
        pack=lambda members: archive([("members.json", deep(100_000)), *members[1:]]),
    )


def of_tver(net: Net, members: list[tuple[str, str, bytes]], **more: object) -> Papers:
    return Papers(net, members, from_office="tver", to=("center",), kind="message", **more)  # type: ignore[arg-type]


BOMBS: dict[Callable[[Net], Papers], str] = {
    a_million_brackets: "JsonTooLargeError",
    one_level_too_deep: "JsonTooLargeError",
    papers_nested_without_end: "JsonTooLargeError",
    one_member_too_many: "TooLargeError",
    a_member_that_says_a_terabyte: "ArchiveFieldError",
    a_member_that_says_eight_gigabytes: "MembersError",
}


@pytest.mark.parametrize("make", BOMBS, ids=lambda make: make.__name__)
def test_i11_a_letter_is_a_bomb(stage: Stage, make: Callable[[Net], Papers]) -> None:
    """A clerk of tver seals what would cost its reader all memory or time: JSON nested a million times, a member that
    says a terabyte, members without number.

    The center's fetch refuses the letter by its limits (3) and reads the next.
    """
    hostile(stage, make(stage.net), BOMBS[make])


def test_i11_a_header_promises_a_terabyte(stage: Stage) -> None:
    """A header says that its letter has a terabyte; what lies there is small, or is not there at all.

    No memory is asked for: the center's fetch and `audit --sealed` say swapped (3), since the size is another, and go
    on with the next letter.
    """
    net = stage.net
    net.fetch(IVANOV)
    papers = of_tver(net, [("body.txt", "text/plain", b"x")])
    file = sealed_to(recipients(net, STASOVA, BAZHANOV, IVANOV, PETROV), papers.data)
    header = deliver(net, IVANOV, BACK, "message", papers, file)
    header = header._replace(sealed=(Sealed(header.sealed[0].hash, limits.SIZE),))
    lay(net, header, signed(net, IVANOV, header))
    net.send(PETROV, "an honest word", "center")
    fetched = net.fetch(STASOVA)
    assert subjects(fetched) == ["an honest word"]
    assert (refusals(fetched), fetched.exit_code) == ([("LetterSwappedError", "tver/center/1")], 3)
    report = stage.audit(sealed=True)
    assert (found(report), ends_with(report)) == ([("swapped", "tver/center/1")], 3)
