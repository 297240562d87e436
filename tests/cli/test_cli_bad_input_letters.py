"""Bad input, one test an item: audiences, texts, attachments, and letters that were harmed on their way."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from cliharness import check_words, files, refused, state_of

from cipherpost.workflows import sending

LETTER = "Order\n\nDo it.\n"
BIDI = "\u202egnp.exe\u2066"


def sends_nothing(net, home, code, *words, parts=(), stdin=LETTER):
    """A `send` that is refused before anything is made: the home and the post office are as they were."""
    net.ok(home, "fetch")
    before, kept = files(net.post), state_of(net.home(home))
    done = net.run(home, "send", *words, stdin=stdin)
    refused(done, code, *parts)
    assert done.out == ""
    assert files(net.post) == before
    assert state_of(net.home(home)) == kept
    return done


# ---- audiences -----------------------------------------------------------------------------------------------------


def test_an_unknown_audience_is_refused_with_the_nearest_name(net):
    done = sends_nothing(net, "center", 2, "-", "--to", "samarra", parts=("samarra",))
    assert any("samara" in hint for hint in done.hints)
    sends_nothing(net, "center", 2, "-", "--to", "tver", "--to", "nowhere", parts=("nowhere",))
    sends_nothing(net, "center", 2, "-", "--to", "../tver", parts=("../tver",))
    sends_nothing(net, "center", 2, "-", "--to", "roster", parts=("roster",))


def test_a_suspended_audience(net):
    net.ok("center", "suspend", "tver", "-y")
    done = sends_nothing(net, "center", 2, "-", "--to", "tver", parts=("tver is suspended",))
    assert "cipherpost reinstate tver" in done.hints
    net.ok("samara", "fetch")
    refused(net.run("tver", "send", "-", "--to", "center", stdin=LETTER), 4, "tver is suspended")
    assert net.run("tver", "fetch").code == 4
    assert "Prepare the conferences" in net.ok("tver", "read", "center/all/1").out, "old mail stays good"


def test_an_empty_group(net):
    net.ok("center", "group", "volga", "samara", "tver")
    net.ok("center", "suspend", "samara", "-y")
    net.ok("center", "suspend", "tver", "-y")
    for audience in ("volga", "all"):
        done = sends_nothing(net, "center", 2, "-", "--to", audience, parts=(f"nobody is in '{audience}'",))
        assert done.hints


def test_an_audience_that_one_may_not_write_to(net):
    for audience in ("samara", "all", "audit"):
        done = sends_nothing(net, "tver", 2, "-", "--to", audience, parts=(f"tver does not write to {audience}",))
        assert "cipherpost send FILE --to center" in done.hints


def test_what_only_the_center_can_ask_for(net):
    sends_nothing(net, "tver", 2, "-", "--to", "center", "--due", "2026-12-15", parts=("only circulars",))
    sends_nothing(net, "center", 2, "-", "--to", "all", "--complied", parts=("--complied needs a day",))
    sends_nothing(net, "center", 2, "-", "--to", "all", "--due", "soon", parts=("soon",))
    sends_nothing(net, "center", 2, "-", "--to", "all", "--due", "2024-03-03", parts=("2024-03-03 is over",))
    before = files(net.post)
    for words in (("office", "add", "penza"), ("group", "x", "tver"), ("suspend", "samara", "-y"), ("admit", "x/y")):
        refused(net.run("tver", *words), 3, "does not keep the roster", "stasova")
    assert files(net.post) == before


# ---- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "\ufeff", "\ufeff\n"])
def test_an_empty_letter(net, text):
    sends_nothing(net, "center", 2, "-", "--to", "all", stdin=text, parts=("the letter is empty",))
    path = net.write("empty.md", text)
    sends_nothing(net, "center", 2, str(path), "--to", "all", parts=("the letter is empty",))


def test_an_empty_reply(net):
    before = files(net.post)
    refused(net.run("tver", "reply", "center/all/1", "-m", " "), 2, "the letter is empty")
    refused(net.run("tver", "reply", "center/all/1"), 2, "behind -m")
    assert files(net.post) == before


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "Приказ".encode("koi8-r"), b"fine\n\xc3(", b"\xed\xa0\x80"])
def test_a_text_that_is_not_utf8(net, data):
    path = net.write("order.txt", data)
    done = sends_nothing(net, "center", 2, str(path), "--to", "all", parts=(str(path), "is not UTF-8", "byte "))
    assert done.hints == [f"--attach {path}"]
    sends_nothing(net, "center", 2, "-", "--to", "all", stdin=data, parts=("is not UTF-8",))


def test_a_text_that_is_too_large(net):
    path = net.write("order.txt", b"x" * (4 * 1024 * 1024 + 1))
    sends_nothing(net, "center", 2, str(path), "--to", "all", parts=(str(path), "above 4 MiB"))


def test_a_file_that_is_not_there(net):
    sends_nothing(net, "center", 1, "nowhere.md", "--to", "all", parts=("nowhere.md", "No such file"))
    sends_nothing(net, "center", 1, str(net.root), "--to", "all", parts=(str(net.root),))
    sends_nothing(net, "center", 1, "-", "--to", "all", "--attach", "nowhere.pdf", parts=("nowhere.pdf",))


@pytest.mark.parametrize("subject", ["", "x" * 121, "\u200b"])
def test_a_subject_that_is_none(net, subject):
    sends_nothing(net, "center", 2, "-", "--to", "all", "--subject", subject, parts=("the subject",))


# ---- attachments ---------------------------------------------------------------------------------------------------


def test_an_attachment_that_is_a_folder(net):
    sends_nothing(
        net, "center", 2, "-", "--to", "all", "--attach", str(net.root), parts=("a folder cannot be attached",)
    )


def test_an_attachment_that_is_no_regular_file(net):
    os.mkfifo(net.root / "pipe")
    for path in (net.root / "pipe", "/dev/zero"):
        words = ("-", "--to", "all", "--attach", str(path))
        sends_nothing(net, "center", 2, *words, parts=(str(path), "only a regular file"))


@pytest.mark.parametrize("name", ["plan\n.pdf", "plan\x1b[2J.pdf", "plan\x7f", BIDI, "CON.txt", "nul", "a:b", "end."])
def test_an_attachment_whose_name_cannot_be_saved_everywhere(net, name):
    path = net.write(name, b"%PDF")
    done = sends_nothing(net, "center", 2, "-", "--to", "all", "--attach", str(path))
    assert done.hints


def test_an_attachment_of_300_bytes_in_its_name(net):
    path = net.root / ("x" * 300)
    sends_nothing(net, "center", 1, "-", "--to", "all", "--attach", str(path), parts=("name too long",))


@pytest.mark.parametrize(("first", "second"), [("plan.pdf", "plan.pdf"), ("plan.pdf", "Plan.PDF")])
def test_two_attachments_of_one_name(net, first, second):
    (net.root / "a").mkdir()
    (net.root / "b").mkdir()
    one, two = net.write(f"a/{first}", b"1"), net.write(f"b/{second}", b"2")
    words = ("-", "--to", "all", "--attach", str(one), "--attach", str(two))
    sends_nothing(net, "center", 2, *words, parts=(second,))


def test_an_attachment_named_by_a_path_goes_by_its_own_name(net):
    net.write("plan.pdf", b"%PDF")
    net.ok("center", "send", "-", "--to", "tver", "--attach", "../plan.pdf", stdin=LETTER)
    net.ok("tver", "fetch")
    net.ok("tver", "read", "center/tver/1", "--save", str(net.root / "saved"))
    assert files(net.root / "saved") == {"plan.pdf": b"%PDF", "center-tver-1.txt": LETTER.encode()}


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "x\x1b[2J", "x\n", "x" * 300, "..", "", "a\\b"])
def test_an_attachment_that_a_hostile_sender_named(net, monkeypatch, name):
    """The center's own officer signs and seals it; the reader's checks stand alone."""
    path = net.write("plan.pdf", b"%PDF")
    with monkeypatch.context() as patch:
        hostile(patch, name)
        net.run("center", "send", "-", "--to", "tver", "--attach", str(path), stdin=LETTER)
    assert net.note("center/tver", 1).exists()
    done = net.run("tver", "fetch")
    assert done.code == 3, done
    assert "center/tver/1" in done.err
    check_words(done)
    done = net.run("tver", "read", "center/tver/1", "--save", str(net.root / "saved"))
    refused(done, 3, "center/tver/1")
    assert not (net.root / "saved").exists() or files(net.root / "saved") == {}
    assert not (net.root / "x").exists()


def hostile(patch, name):
    """A sender whose program writes whatever name it is told."""
    patch.setattr("cipherpost.letter.writing.check_attachment_names", lambda _: None)
    patch.setattr("cipherpost.letter.papers.name_problem", lambda _: None)
    for module in ("tar", "ustar"):
        patch.setattr(f"cipherpost.{module}.check_name", str.encode)
    made = sending._attachment
    patch.setattr(sending, "_attachment", lambda path: replace(made(path), name=name))


# ---- shown harmlessly ----------------------------------------------------------------------------------------------


def test_a_subject_and_body_with_terminal_escapes_and_overrides_are_shown_harmlessly(net):
    body = f"Title \x1b]0;owned\x07 {BIDI}\n\nclear \x1b[2J\x9b31m red {BIDI} \r over\x00\n"
    net.ok("center", "send", "-", "--to", "all", stdin=body)
    net.ok("tver", "fetch")
    for words in (("inbox",), ("read", "center/all/2"), ("status",)):
        for tty in (False, True):
            done = net.ok("tver", *words, tty=tty)
            for bad in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\x00", "\u202e", "\u2066"):
                assert bad not in done.out + done.err, (words, tty, bad)
    assert "\\u001b[2J" in net.ok("tver", "read", "center/all/2").out
    assert net.ok("tver", "read", "center/all/2", "--json").json["body"] == body.replace("\r", "\n"), "JSON is exact"
    done = net.run("tver", "read", "center/all/2", "--json")
    assert json.loads(done.out)
    assert "\x1b" not in done.out


def test_a_title_with_terminal_escapes_and_overrides_is_kept_without_them(net):
    net.ok("center", "office", "add", "penza", "--title", f"Penza\x1b[2J {BIDI}")
    done = net.ok("center", "roster")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


def test_names_on_the_command_line_are_shown_harmlessly(net):
    for words in (
        ("send", "-", "--to", "x\x1b[2J"),
        ("read", "x\x1b[2J"),
        ("invite", "x\x1b[2J"),
        ("group", "x\x1b[2J"),
        ("admit", "x\x1b[2J"),
        ("admit", "x\x1b[2J/y"),
        ("x\x1b[2J",),
        ("join", "x\x1b[2J", "--officer", "y"),
        ("roster", "x\x1b[2J"),
        ("--home", "x\x1b[2J", "status"),
        ("fetch", "--max-size", "x\x1b[2J"),
        ("--post", "x\x1b[2J", "fetch"),
    ):
        done = net.run("center", *words, stdin=LETTER)
        assert done.code in {1, 2}, done
        assert "\x1b" not in done.err + done.out
        check_words(done)


# ---- notes and sealed files harmed on their way --------------------------------------------------------------------


@pytest.fixture
def sent(net):
    """A second circular and an instruction to tver lie at the post office; tver has neither."""
    net.ok("center", "send", "-", "--to", "all", stdin="Second\n")
    net.ok("center", "send", "-", "--to", "tver", stdin=LETTER)
    return net


def sealed_of(net, channel, number):
    line = next(line for line in net.note(channel, number).read_text().split("\n") if line.startswith("sealed "))
    return net.post / "rkpb" / "center" / "sealed" / f"{line.split()[1]}.age"


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


HARM_TO_NOTES = {
    "altered": lambda data: data.replace(b"kind circular", b"kind decision"),
    "altered by one bit": lambda data: flipped(data, 120),
    "altered signature": lambda data: flipped(data, len(data) - 20),
    "truncated": lambda data: data[: len(data) // 2],
    "oversized": lambda data: data + b"x" * 70_000,
    "emptied": lambda _: b"",
}


@pytest.mark.parametrize("harm", HARM_TO_NOTES.values(), ids=HARM_TO_NOTES)
def test_a_note_that_was(sent, harm):
    note = sent.note("center/all", 2)
    good = note.read_bytes()
    note.write_bytes(harm(good))
    done = sent.run("tver", "fetch")
    assert done.code == 3, done
    assert "not accepted: center/all/2" in done.err
    assert "center/tver/1  instruction  Order" in done.out, "one bad item stops no other"
    check_words(done)
    found = sent.run("tver", "fetch", "--json").json["unreadable"]
    assert [(each["channel"], each["number"]) for each in found] == [("center/all", 2)]
    note.write_bytes(good)
    assert "center/all/2  circular  Second" in sent.ok("tver", "fetch").out


def test_a_note_that_was_swapped_with_another(sent):
    one, other = sent.note("center/all", 2), sent.note("center/tver", 1)
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    done = sent.run("tver", "fetch")
    assert done.code == 3
    assert "not accepted: center/all/2" in done.err
    assert "not accepted: center/tver/1" in done.err
    check_words(done)


def test_a_note_that_is_missing_is_named_and_what_follows_is_held(sent):
    sent.ok("center", "send", "-", "--to", "all", stdin="Third\n")
    note = sent.note("center/all", 2)
    note.rename(sent.root / "lost.note")
    done = sent.run("tver", "fetch")
    assert done.code == 6, done
    assert "missing: center/all: 2" in done.err
    assert "held: center/all/3" in done.err
    check_words(done)
    refused(sent.run("tver", "read", "center/all/3"), 6, "center/all/3", "held")
    rows = sent.ok("tver", "inbox", "--json").json["dispatches"]
    assert {row["number"]: (row["state"], row["subject"]) for row in rows if row["channel"] == "center/all"} == {
        1: ("new", "Prepare the conferences"),
        3: ("held", None),
    }
    done = sent.ok("tver", "read", "center/all/3", "--out-of-order")
    assert "an earlier number is missing" in done.err
    assert "Third" in done.out
    before = (sent.root / "lost.note").read_bytes()
    done = sent.ok("center", "fetch")
    assert "put back at the post office" in done.err
    assert note.read_bytes() == before
    done = sent.ok("tver", "fetch")
    assert "center/all/2  circular  Second" in done.out
    assert "center/all/3  circular  Third" in done.out


HARM_TO_SEALED = {
    "altered": lambda data: flipped(data, len(data) - 30),
    "altered in its header": lambda data: flipped(data, 60),
    "truncated": lambda data: data[:-17],
    "oversized": lambda data: data + b"x",
    "emptied": lambda _: b"",
}


@pytest.mark.parametrize("harm", HARM_TO_SEALED.values(), ids=HARM_TO_SEALED)
def test_a_sealed_file_that_was(sent, harm):
    path = sealed_of(sent, "center/tver", 1)
    good = path.read_bytes()
    path.write_bytes(harm(good))
    done = sent.run("tver", "fetch")
    assert done.code == 3, done
    assert "not accepted: center/tver/1" in done.err
    assert "altered or replaced" in done.err
    assert "center/all/2  circular  Second" in done.out
    check_words(done)
    refused(sent.run("tver", "read", "center/tver/1"), 3, "center/tver/1")
    assert not sent.run("tver", "read", "center/tver/1", "--save", str(sent.root / "saved")).out
    rows = {row["channel"]: row for row in sent.ok("tver", "inbox", "--json").json["dispatches"]}
    assert (rows["center/tver"]["state"], rows["center/tver"]["subject"]) == ("unreadable", None)
    done = sent.ok("center", "fetch")
    assert "put back at the post office" in done.err, "the receipt said failed"
    assert path.read_bytes() == good
    assert "center/tver/1  instruction  Order" in sent.ok("tver", "fetch").out


def test_a_sealed_file_that_was_swapped_with_another(sent):
    one, other = sealed_of(sent, "center/tver", 1), sealed_of(sent, "center/all", 2)
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    done = sent.run("tver", "fetch")
    assert done.code == 3
    assert "not accepted: center/tver/1" in done.err
    assert "not accepted: center/all/2" in done.err
    assert done.out == ""
    check_words(done)


def test_a_sealed_file_that_is_missing(sent):
    path = sealed_of(sent, "center/tver", 1)
    good = path.read_bytes()
    path.unlink()
    done = sent.run("tver", "fetch")
    assert done.code == 6, done
    assert "center/tver/1" in done.err
    assert "not at the post office" in done.err
    check_words(done)
    refused(sent.run("tver", "read", "center/tver/1"), 6, "center/tver/1")
    sent.ok("center", "fetch")
    assert path.read_bytes() == good
    sent.ok("tver", "fetch")


def test_a_dispatch_moved_to_another_channel(sent):
    """A carrier puts the circular into a channel of its own choice."""
    shutil.copy(sent.note("center/all", 2), sent.note("center/tver", 2))
    done = sent.run("tver", "fetch")
    assert done.code == 3
    assert "not accepted: center/tver/2" in done.err
    check_words(done)


def test_a_letter_left_for_later_for_its_size(sent):
    path = sent.write("big.bin", b"x" * 200_000)
    sent.ok("center", "send", "-", "--to", "tver", "--attach", str(path), stdin="Big\n")
    done = sent.ok("tver", "fetch", "--max-size", "100kB")
    assert "held: center/tver/2: left at the post office for its size" in done.err
    assert "center/tver/2  instruction  Big" in sent.ok("tver", "fetch").out


@pytest.mark.parametrize("command", ["reply", "complied"])
def test_what_asks_for_nothing_is_not_answered(net, command):
    """A receipt under the number that was meant to be an order's."""
    net.ok("tver", "send", "-", "--to", "center", stdin="Order\n\nDo it.\n")
    net.ok("center", "fetch")
    net.ok("tver", "fetch")
    rows = [path for path in net.post.rglob("*.note") if b"\nkind receipt\n" in path.read_bytes()]
    mine = next(path for path in rows if path.parent.parent.name == "center")
    place = f"center/{mine.parent.name}/{int(mine.stem)}"
    done = net.run("tver", command, place, *(["-m", "Yes."] if command == "reply" else []))
    refused(done, 2, "this is a receipt; it asks for nothing")
