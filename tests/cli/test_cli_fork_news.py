"""A fork is told of by the fetch that finds it, and stays in `status` until it is settled."""

import shutil

import pytest
from cliharness import Net, check_words

from cipherpost.note import split
from cipherpost.text import sha256

TVER = "tver/center"


@pytest.fixture
def sticks(net: Net) -> Net:
    """Two copies of tver's home write to the center on two sticks; the center has read the first."""
    net.ok("tver", "fetch")
    net.ok("center", "fetch")
    net.ok("tver", "fetch")
    other = net.root / "stick"
    shutil.copytree(net.home("tver"), net.home("copy"))
    shutil.copytree(net.post, other)
    write(net, "tver", "mine")
    net.ok("center", "fetch")
    for at in (1, 2):
        write(net, "copy", f"of the copy {at}", "--post", str(other))
    return net


def both_go_on(net: Net) -> None:
    """Each copy writes one more, and the copy's last is a number that the center has from nobody."""
    write(net, "tver", "mine too")
    write(net, "copy", "of the copy 3", "--post", str(net.root / "stick"))
    net.run("center", "fetch")


def write(net: Net, home: str, text: str, *more: str) -> None:
    elsewhere = {"CIPHERPOST_STATE_DIR": str(net.root / f"state of {home}")} if home == "copy" else None
    letter = str(net.write(f"{text}.md", f"{text}\n"))
    net.ok(home, "send", letter, "--to", "center", "--alone", *more, env=elsewhere)
    net.clock.ahead(minutes=1)


def test_i3_fetch_tells_once_of_a_fork_with_both_sides_and_of_the_letter_that_counts_no_more(sticks: Net) -> None:
    stick = ("--post", str(sticks.root / "stick"))
    done = sticks.run("center", "fetch", *stick)
    assert done.code == 7
    check_words(done)
    (fork,) = (line for line in done.err.splitlines() if "fork: " in line)
    assert f"{TVER}/2: " in fork
    assert fork.count(" by ivanov, message of ") == 2
    assert fork.count("(stands)") == 1
    (gone,) = (line for line in done.err.splitlines() if "counts no more: " in line)
    assert f"{TVER}/2 by tver/ivanov: another dispatch of this number stands" in gone
    assert done.hints[0].startswith("cipherpost forks")
    assert "telephone" in done.hints[1]
    (line,) = (line for line in sticks.ok("center", "status").lines if line.startswith("fork "))
    assert f"{TVER}/2" in line
    again = sticks.ok("center", "fetch", *stick)
    assert "fork: " not in again.err
    assert sticks.ok("center", "status", "--json").json["forks"] == [f"{TVER}/2"]


def test_i3_where_both_sides_go_on_the_hints_are_to_look_and_to_telephone_and_nothing_is_said_twice(
    sticks: Net,
) -> None:
    both_go_on(sticks)
    stick = ("--post", str(sticks.root / "stick"))
    for done in (sticks.run("center", "fetch", *stick), sticks.run("center", "fetch", *stick)):
        assert done.code == 7
        check_words(done)
        assert done.hints[0].startswith("cipherpost forks")
        assert "telephone" in done.hints[1]
        held = [line for line in done.err.splitlines() if "held: " in line]
        assert held
        assert len(held) == len(set(held))


@pytest.mark.parametrize("whose", ["mine", "the copy's"])
def test_i3_a_settled_fork_alarms_neither_status_nor_forks_nor_audit(sticks: Net, whose: str) -> None:
    both_go_on(sticks)
    told = sticks.run("center", "fetch", "--post", str(sticks.root / "stick"), "--json").json
    assert [(each["channel"], each["number"]) for each in told["forks"]] == [(TVER, 2), (TVER, 3)]
    mine = sha256(split(sticks.note(TVER, 2).read_bytes()).text)
    (stands,) = (each["hash"] for each in told["forks"][0]["sides"] if (each["hash"] == mine) == (whose == "mine"))
    sticks.ok("center", "settle", f"{TVER}/2", stands[:16], "-y")
    assert sticks.ok("center", "status", "--json").json["forks"] == []
    assert sticks.ok("center", "forks").code == 0
    for note in (sticks.root / "stick/rkpb/tver/center").glob(
        "0000000[34].note"
    ):  # 2 of the copy is on the stick alone
        text_hash = sha256(split(note.read_bytes()).text)
        shutil.copy(note, sticks.post / "rkpb/tver/center" / f"{note.stem}.{text_hash[:16]}.note")
    findings = sticks.run("center", "audit", "--all", "--full", "--json").json["findings"]
    forks = [each for each in findings if each["code"] == "fork"]
    assert 3 in {each["number"] for each in forks}
    settled_in = f"center/roster/{sticks.ok('center', 'roster', '--json').json['number']}"
    assert {each["known_since"] for each in forks} == {settled_in}
    assert sticks.run("center", "audit", "--full").code != 7
