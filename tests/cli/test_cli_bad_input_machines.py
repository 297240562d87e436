"""Copied homes and wrong clocks, each through the command line: a clear error, and nothing done by halves."""

import os
import shutil
from datetime import UTC, datetime

import pytest
from cliharness import files, refused

from cipherpost.postoffice.directory import DirectoryPost

LETTER = "Order\n\nDo it.\n"


# ---- a copied home -------------------------------------------------------------------------------------------------


def test_a_copied_home_signs_nothing_until_another_office_has_answered(net):
    shutil.copytree(net.home("tver"), net.home("copy"))
    net.ok("tver", "send", "-", "--to", "center", stdin=LETTER)
    before = files(net.post)
    done = net.run("copy", "send", "-", "--to", "center", stdin="Another\n")
    refused(done, 5, "moved", "tver/center")
    assert files(net.post) == before
    assert "another copy of it, or a thief" in " ".join(net.ok("copy", "status").out.split())
    assert net.run("copy", "doctor").code == 1
    net.clock.ahead(hours=1)
    net.ok("center", "fetch")
    net.clock.ahead(hours=1)
    done = net.ok("copy", "fetch")
    assert "sent: tver/center/3" in done.err


def test_a_copied_home_used_on_two_machines_signs_no_number_twice(net, monkeypatch):
    shutil.copytree(net.home("tver"), net.home("copy"))
    monkeypatch.setattr("cipherpost.home.machine.machine_id", lambda _: "0" * 64)
    refused(net.run("copy", "send", "-", "--to", "center", stdin="Another\n"), 5, "another machine", "tver/center")
    assert not net.note("tver/center", 2).exists()


def test_a_copied_home_that_signs_alone_is_found_out(net, monkeypatch):
    """Both copies number at the same moment: the second is told, and keeps its letter."""
    shutil.copytree(net.home("tver"), net.home("copy"))
    net.ok("tver", "send", "-", "--to", "center", stdin=LETTER)
    first = net.note("tver/center", 2)
    first.rename(net.root / "first.note")
    create = DirectoryPost.create

    def late(self, name, data):
        if name.endswith("tver/center/00000002.note"):
            shutil.copy(net.root / "first.note", first)
        return create(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(DirectoryPost, "create", late)
        done = net.run("copy", "send", "-", "--to", "center", "--alone", stdin="Another\n")
    refused(done, 7, "tver/center/2", "your own key")
    assert first.read_bytes() == (net.root / "first.note").read_bytes()
    rows = net.ok("copy", "outbox", "--json").json["dispatches"]
    assert [(row["state"], row["subject"]) for row in rows if row["state"] == "waiting"] == [("waiting", "Another")]
    assert "another copy of it, or a thief" in " ".join(net.ok("copy", "status").out.split())
    refused(net.run("copy", "send", "-", "--to", "center", stdin="Third\n"), 5, "moved")


def test_a_restored_older_home_signs_nothing(net):
    shutil.copytree(net.home("tver"), net.root / "backup")
    net.ok("tver", "send", "-", "--to", "center", stdin=LETTER)
    shutil.rmtree(net.home("tver"))
    (net.root / "backup").rename(net.home("tver"))
    net.note("tver/center", 2).rename(net.root / "lost.note")  # the carrier does not show it either
    before = files(net.post)
    refused(
        net.run("tver", "send", "-", "--to", "center", stdin="Another\n"), 5, "older than what this machine remembers"
    )
    assert files(net.post) == before


# ---- clocks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2015, 2036])
@pytest.mark.parametrize("home", ["center", "tver"])
def test_a_clock_of(net, year, home):
    right = net.clock.now
    net.clock.now = datetime(year, 3, 4, 9, tzinfo=UTC)
    before = files(net.post)
    to = "all" if home == "center" else "center"
    done = net.run(home, "send", "-", "--to", to, "--stale-ok", stdin=LETTER)
    refused(done, 5, str(year), "clock")
    assert any("--clock-ok" in hint for hint in done.hints)
    assert files(net.post) == before
    net.clock.now = right
    assert net.run(home, "fetch").code == 0
    rows = net.ok(home, "outbox", "--json").json["dispatches"]
    assert rows[-1]["state"] == "posted"
    assert rows[-1]["time"].startswith("2024-")


def test_a_clock_of_2036_founds_nothing(empty):
    (empty.root / "homes").mkdir()
    empty.clock.now = datetime(2036, 3, 4, 9, tzinfo=UTC)
    words = ("init", "rkpb", "--officer", "stasova", "--post", str(empty.post), "--no-passphrase")
    refused(empty.run("center", *words), 5, "2036", "clock")
    assert not empty.home("center").exists()
    assert not [name for name in files(empty.post) if name.endswith(".note")]


def test_a_clock_set_back_hides_no_silence(net):
    net.clock.ahead(days=40)
    refused(net.run("tver", "send", "-", "--to", "center", stdin=LETTER), 5, "nothing of the center", "30 days")
    net.ok("tver", "fetch", "--no-receipts")
    net.clock.ahead(days=-40)
    done = net.run("tver", "send", "-", "--to", "center", stdin="Another\n")
    refused(done, 5, "nothing of the center", "30 days")
    assert any("--stale-ok" in hint for hint in done.hints)
    net.ok("tver", "send", "-", "--to", "center", "--stale-ok", stdin="Another\n")


def test_a_clock_set_back_by_an_hour_does_no_harm(net):
    net.clock.ahead(hours=-3)
    net.ok("tver", "send", "-", "--to", "center", stdin=LETTER)
    assert net.ok("center", "fetch").out.startswith("tver/center/2")


def test_a_post_office_in_which_nothing_was_written_for_long_stops_nobody(net):
    """A folder stamps only what is written: old stamps alone do not say that a clock is ahead."""
    for path in net.post.rglob("*"):
        os.utime(path, (net.clock.now.timestamp() - 5 * 86400,) * 2)
    net.ok("tver", "send", "-", "--to", "center", stdin=LETTER)
