"""Bad input, one test an item: the post office itself, and what lies in its slots."""

import errno
import os

import pytest
from cliharness import check_words, files, refused, state_of
from simulator import HostilePost

from cipherpost.postoffice.directory import DirectoryPost
from cipherpost.postoffice.folders import AnchoredFolder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are held otherwise there")
LETTER = "Order\n\nDo it.\n"


def sick(monkeypatch, code, *steps):
    """Every post office opened from now on fails with ``code`` at these steps of a folder."""

    def fail(*_):
        raise OSError(code, os.strerror(code))

    def opened(self, name, flags):
        return fail() if flags & os.O_WRONLY else AnchoredFolder.open(self, name, flags)

    parts = {"open": opened, "link": fail, "replace": fail, "make": fail}
    folder = type("Sick", (AnchoredFolder,), {step: parts[step] for step in steps})
    monkeypatch.setattr("cipherpost.postoffice.open_post_office", lambda url: DirectoryPost(url, folder=folder))


def waits(net, home="center"):
    """What waits in a home's outbox."""
    rows = net.ok(home, "outbox", "--json").json["dispatches"]
    return [row["channel"] for row in rows if row["state"] == "waiting"]


def test_a_post_office_that_is_unreachable_keeps_the_letter_for_later(net):
    away = net.post.rename(net.root / "away")
    done = net.run("center", "send", "-", "--to", "tver", stdin=LETTER)
    refused(done, 1, str(net.post), "there is no such folder")
    assert done.out == "center/tver/-\n"
    assert any("nothing is lost" in hint for hint in done.hints)
    assert not net.post.exists(), "a post office is not made anew where it is missing"
    assert waits(net) == ["center/tver"]
    refused(net.run("tver", "fetch"), 1, str(net.post), "there is no such folder")
    for words in (("status",), ("inbox",), ("outbox",), ("roster",), ("read", "center/all/1")):
        net.ok("tver", *words)
    away.rename(net.post)
    done = net.ok("center", "fetch")
    assert "sent: center/tver/1" in done.err
    assert waits(net) == []


def test_a_post_office_that_is_unreachable_while_founding_leaves_no_home(empty):
    (empty.root / "homes").mkdir()
    words = ("init", "rkpb", "--officer", "stasova", "--post", str(empty.root / "no" / "post"), "--no-passphrase")
    refused(empty.run("center", *words), 1, str(empty.root / "no"))
    assert files(empty.root) == {}
    assert not empty.home("center").exists()


def test_joining_needs_no_post_office(net):
    invitation = net.invite("penza")
    away = net.post.rename(net.root / "away")
    done = net.ok("penza", "join", str(invitation), "--officer", "sidorov", "--no-passphrase")
    assert "the post office was not reached: send the center the file" in done.err
    away.rename(net.post)
    assert net.run("penza", "fetch").code == 4
    assert "penza/sidorov" in net.ok("center", "cards").out


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_post_office_that_is_read_only(net, monkeypatch, code):
    before = files(net.post)
    with monkeypatch.context() as patch:
        sick(patch, code, "open", "link", "replace", "make")
        done = net.run("center", "send", "-", "--to", "all", stdin=LETTER)
        refused(done, 1, str(net.post))
        assert any("nothing is lost" in hint for hint in done.hints)
        refused(net.run("center", "office", "add", "penza"), 1, str(net.post))
        net.ok("tver", "read")
        done = net.run("tver", "fetch")
        assert done.code == 1, "the receipt waits"
        check_words(done)
        net.ok("samara", "fetch", "--no-receipts")
    assert files(net.post) == before
    assert waits(net)[0] == "center/all"
    net.ok("center", "fetch")
    assert waits(net) == []
    assert net.ok("tver", "fetch", "--json").json["new"][0]["number"] == 2


def test_a_post_office_that_is_full(net, monkeypatch):
    before = files(net.post)
    with monkeypatch.context() as patch:
        sick(patch, errno.ENOSPC, "open")
        done = net.run("center", "send", "-", "--to", "all", stdin=LETTER)
        refused(done, 1, str(net.post), "full")
        assert any("nothing is lost" in hint for hint in done.hints)
    assert files(net.post) == before
    assert waits(net) == ["center/all"]
    assert net.ok("center", "send", "-", "--to", "all", stdin=LETTER).out == "center/all/2\n"
    assert waits(net) == [], "sent once, though it was asked for twice"
    assert not net.note("center/all", 3).exists()


def test_a_post_office_that_is_empty(net):
    net.post.rename(net.root / "away")
    net.post.mkdir()
    refused(net.run("tver", "fetch"), 1, str(net.post), "rkpb", "first roster entry is missing")
    done = net.run("center", "send", "-", "--to", "all", stdin=LETTER)
    refused(done, 1, str(net.post), "first roster entry is missing")
    assert files(net.post) == {}, "nothing is written into the wrong folder"
    assert waits(net) == ["center/all"]
    before = state_of(net.home("tver"))
    refused(net.run("center", "office", "add", "penza"), 1, str(net.post))
    assert files(net.post) == {}
    assert state_of(net.home("tver")) == before


def test_a_post_office_of_another_network(net, empty, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    words = ("--officer", "dan", "--no-passphrase")
    net.ok(None, "--home", str(other / "home"), "init", "aid", *words, "--post", str(other / "post"))
    before = files(other / "post")
    refused(net.run("tver", "fetch", "--post", str(other / "post")), 1, "rkpb", str(other / "post"))
    refused(net.run("center", "send", "-", "--to", "all", "--post", str(other / "post"), stdin=LETTER), 1, "rkpb")
    assert files(other / "post") == before


def test_a_post_office_of_another_network_of_the_same_name(net, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    words = ("--officer", "dan", "--no-passphrase")
    net.ok(None, "--home", str(other / "home"), "init", "rkpb", *words, "--post", str(other / "post"))
    before = files(other / "post")
    home = state_of(net.home("tver"))
    refused(net.run("tver", "fetch", "--post", str(other / "post")), 3, "another network of the name rkpb")
    refused(
        net.run("center", "send", "-", "--to", "all", "--post", str(other / "post"), stdin=LETTER), 3, "another network"
    )
    assert files(other / "post") == before
    assert state_of(net.home("tver")) == home


@pytest.mark.parametrize(
    "junk",
    [b"", b"\0" * 300, b"junk\n", b"cipherpost/v1\nnetwork rkpb\nchannel center/all\nnumber 2\nprev"],
    ids=["nothing", "zeros", "junk", "torn upload"],
)
def test_a_slot_that_holds_what_does_not_count(net, junk):
    net.note("center/all", 2).write_bytes(junk)
    done = net.run("tver", "fetch")
    assert done.code == 3
    assert "not accepted: center/all/2" in done.err
    check_words(done)
    done = net.ok("center", "send", "-", "--to", "all", stdin=LETTER)
    assert done.out == "center/all/2\n"
    assert net.note("center/all", 2).read_bytes() == junk, "a note is never written over"
    assert len(list(net.note("center/all", 2).parent.glob("00000002.????????????????.note"))) == 1
    done = net.run("tver", "fetch")
    assert "center/all/2  circular  Order" in done.out
    assert net.ok("center", "send", "-", "--to", "all", stdin="More\n").out == "center/all/3\n"
    assert "center/all/3  circular  More" in net.run("samara", "fetch").out
    assert [row["state"] for row in net.ok("samara", "inbox", "--json").json["dispatches"]] == ["new"] * 3


def test_a_slot_that_holds_half_of_the_note_that_belongs_there(net):
    net.ok("center", "send", "-", "--to", "all", stdin=LETTER)
    whole = net.note("center/all", 2).read_bytes()
    net.note("center/all", 2).write_bytes(whole[:200])
    done = net.run("tver", "fetch")
    assert done.code == 3
    assert "not accepted: center/all/2" in done.err
    check_words(done)
    net.note("center/all", 2).write_bytes(whole)
    assert net.ok("tver", "fetch", "--json").json["new"] == [
        {"channel": "center/all", "number": 2, "kind": "circular", "from": "center"}
    ]


def test_a_directory_that_refuses_hard_links(net, monkeypatch):
    sick(monkeypatch, errno.EPERM, "link")
    assert net.ok("center", "send", "-", "--to", "all", stdin=LETTER).out == "center/all/2\n"
    net.ok("tver", "fetch")
    assert net.ok("tver", "reply", "center/all/2", "-m", "Done").out.startswith("tver/center/")
    assert not [name for name in files(net.post) if ".part" in name or ".claim" in name]


def test_a_directory_that_refuses_hard_links_can_hold_a_new_network(empty, monkeypatch):
    sick(monkeypatch, errno.EPERM, "link")
    empty.found()
    empty.admit("tver", "ivanov")
    empty.ok("center", "send", "-", "--to", "tver", stdin=LETTER)
    assert "center/tver/1  instruction  Order" in empty.ok("tver", "fetch").out


# ---- versions to come ----------------------------------------------------------------------------------------------


def test_a_note_that_says_cipherpost_v2_and_is_signed_asks_for_an_update(net):
    text = net.next_text("center", "center/all").replace(b"cipherpost/v1", b"cipherpost/v2")
    net.note("center/all", 2).write_bytes(net.sign("center", text))
    done = net.run("tver", "fetch")
    assert done.code == 1, done
    assert "center/all/2" in done.err
    assert "newer cipherpost" in done.err
    check_words(done)
    assert [row["number"] for row in net.ok("tver", "inbox", "--json").json["dispatches"]] == [1]


def test_a_note_that_says_cipherpost_v2_and_is_not_signed_is_junk(net):
    text = net.next_text("center", "center/all").replace(b"cipherpost/v1", b"cipherpost/v2")
    net.note("center/all", 2).write_bytes(net.sign("samara", text))
    done = net.run("tver", "fetch")
    assert done.code == 3, done
    assert "not accepted: center/all/2" in done.err
    assert net.ok("center", "send", "-", "--to", "all", stdin=LETTER).out == "center/all/2\n", "junk stops nobody"
    assert "center/all/2  circular  Order" in net.run("tver", "fetch").out


def test_a_roster_entry_with_an_unknown_word_asks_for_an_update(net):
    text = net.next_text("center", "center/roster", "roster", roster=None, statements=b"suspend tver\n")
    net.note("center/roster", 8).write_bytes(net.sign("center", text.replace(b"suspend tver", b"periwig tver")))
    done = net.run("tver", "fetch")
    assert done.code == 1, done
    assert "center/roster/8" in done.err
    assert "newer cipherpost" in done.err
    check_words(done)
    done = net.run("tver", "send", "-", "--to", "center", stdin=LETTER)
    refused(done, 1, "center/roster/8", "newer cipherpost")  # who reads may have changed: nothing is sealed
    assert waits(net, "tver") == ["tver/center"]


# ---- stranger things -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", ["folder", "link", "link to nothing", "pipe"])
def test_a_slot_that_holds_no_regular_file(net, thing):
    slot = net.note("center/all", 2)
    if thing == "folder":
        slot.mkdir()
    elif thing == "pipe":
        os.mkfifo(slot)
    else:
        slot.symlink_to(net.note("center/all", 1) if thing == "link" else net.root / "nothing")
    check_words(net.run("tver", "fetch"))
    assert net.ok("center", "send", "-", "--to", "all", stdin=LETTER).out == "center/all/2\n"
    assert "center/all/2  circular  Order" in net.run("tver", "fetch").out
    assert net.ok("center", "send", "-", "--to", "all", stdin="More\n").out == "center/all/3\n"
    assert "center/all/3  circular  More" in net.run("samara", "fetch").out


def test_a_slot_flooded_with_alternates_costs_a_bounded_number_of_looks(net, monkeypatch):
    net.note("center/all", 2).write_bytes(b"junk")
    for at in range(1000):
        net.note("center/all", 2).with_name(f"00000002.{at:016x}.note").write_bytes(b"junk")
    looked = []
    get = DirectoryPost.get
    monkeypatch.setattr(
        DirectoryPost, "get", lambda self, name, limit: (looked.append(name), get(self, name, limit))[1]
    )
    done = net.run("tver", "fetch")
    assert done.code == 3
    assert len(looked) < 200
    assert len(done.err.splitlines()) < 100


def test_a_line_that_breaks_in_the_middle_of_a_letter_is_taken_up_again(net, monkeypatch):
    big = net.root / "big.bin"
    big.write_bytes(os.urandom(3_000_000))
    net.ok("center", "send", "-", "--to", "tver", "--attach", str(big), stdin="Big\n")
    hostile = HostilePost(DirectoryPost(net.post))
    hostile.fail("stream", "*.age", when="midway")
    monkeypatch.setattr("cipherpost.postoffice.open_post_office", lambda _: hostile)
    refused(net.run("tver", "fetch"), 1, "the line is down")
    refused(net.run("tver", "read", "center/tver/9"), 1, "no such dispatch")
    done = net.ok("tver", "fetch")
    assert done.out == "center/tver/1  instruction  Big\n"
    net.ok("tver", "read", "center/tver/1", "--save", str(net.root / "saved"))
    assert (net.root / "saved" / "big.bin").read_bytes() == big.read_bytes()


def test_a_store_that_answers_created_and_keeps_nothing(net, monkeypatch):
    hostile = HostilePost(DirectoryPost(net.post))
    hostile.knobs.lose.append("*.note")
    with monkeypatch.context() as patch:
        patch.setattr("cipherpost.postoffice.open_post_office", lambda _: hostile)
        refused(net.run("center", "send", "-", "--to", "all", stdin=LETTER), 1, "center/all/2", "did not keep")
    assert waits(net) == ["center/all"]
    net.ok("center", "fetch")
    assert net.note("center/all", 2).exists()


def test_a_store_that_keeps_half_of_a_sealed_file(net, monkeypatch):
    hostile = HostilePost(DirectoryPost(net.post))
    hostile.knobs.torn["*.age"] = 1000
    with monkeypatch.context() as patch:
        patch.setattr("cipherpost.postoffice.open_post_office", lambda _: hostile)
        refused(net.run("center", "send", "-", "--to", "all", stdin=LETTER), 1, "did not keep the sealed file")
    assert not net.note("center/all", 2).exists(), "the note is the commit"
    net.ok("center", "fetch")
    assert "center/all/2  circular  Order" in net.ok("tver", "fetch").out


@pytest.mark.parametrize("place", ["s3://bucket/prefix", "ftp://host/post", "http://host/post", "", "file://far/post"])
def test_a_post_office_of_a_kind_that_is_not_there(net, place):
    done = net.run("tver", "fetch", "--post", place) if place else net.run("tver", "fetch", "--post", " ")
    assert done.code in {1, 2}, done
    refused(done, done.code)


def test_a_post_office_that_is_a_file(net):
    net.write("file", "x")
    refused(net.run("tver", "fetch", "--post", str(net.root / "file")), 1, str(net.root / "file"))
