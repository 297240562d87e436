"""What people are told about standing, cuts and keys, by the commands and by those that meet the consequences."""

import shutil

from cliharness import Net, check_words, refused

TVER = "tver/center"


# ---- losses ----------------------------------------------------------------------------------------------------------


def test_an_office_declared_by_mistake_is_dissolved_before_anybody_joined(net: Net) -> None:
    net.ok("center", "office", "add", "volga")
    assert "nothing is cut" in net.ok("center", "dissolve", "volga", "-n").err
    refused(net.run("center", "dissolve", "volga"), 2, "needs a yes")
    net.ok("center", "dissolve", "volga", "-y")
    offices = {row["name"]: row["state"] for row in net.ok("center", "roster", "--json").json["offices"]}
    assert offices["volga"] == "dissolved"
    refused(net.run("center", "suspend", "volga", "-y"), 2, "it is dissolved")


def test_an_officer_who_lost_his_standing_sees_it_first_and_owes_nothing(owed: Net) -> None:
    assert owed.ok("tver", "status", "--json").json["owed"]
    owed.ok("center", "suspend", "tver", "-y")
    told = owed.run("tver", "fetch")
    assert told.code == 4
    check_words(told)
    assert not any(line.rstrip().endswith(";") for line in told.err.splitlines())
    assert owed.ok("tver", "status", "--json").json["owed"] == []
    shown = owed.ok("tver", "status").lines
    assert shown[2] == "standing     tver is suspended; what you received stays readable"
    assert not any(line.startswith("owed") for line in shown)
    owed.ok("center", "reinstate", "tver")
    owed.ok("tver", "fetch")
    assert not any(line.startswith("standing") for line in owed.ok("tver", "status").lines)
    owed.ok("center", "retire", "tver/ivanov", "-y")
    told = owed.run("tver", "fetch")
    assert "has no standing any more (retired in entry" in told.err
    assert "any more (retired in entry" in owed.ok("tver", "status").lines[2]


# ---- the robbed ------------------------------------------------------------------------------------------------------


def test_a_robbed_clerk_is_told_to_telephone_and_not_to_go_on_alone(net: Net) -> None:
    """A thief signs with a copy of the home; the honest program says whose keys are in whose hands."""
    shutil.copytree(net.home("tver"), net.home("thief"))
    letter = str(net.write("thief.md", "by the thief\n"))
    elsewhere = {"CIPHERPOST_STATE_DIR": str(net.root / "elsewhere")}
    net.ok("thief", "send", letter, "--to", "center", "--alone", env=elsewhere)
    net.clock.ahead(minutes=1)
    net.run("tver", "fetch")
    done = net.run("tver", "reply", "center/all/1", "-m", "by the clerk")
    assert done.code in {1, 5}
    check_words(done)
    assert "another copy of it has signed tver/center/" in done.err
    assert done.hints[0].startswith("if you made no copy, your keys are in other hands: telephone the center")
    assert "--alone" not in done.err
    attention = [line for line in net.ok("tver", "status").lines if line.startswith("attention")]
    assert ["telephone the center" in line for line in attention] == [True]


def test_the_attention_line_goes_when_a_home_that_moved_is_free_again(net: Net) -> None:
    def attention() -> list[str]:
        return [line.split(None, 1)[1] for line in net.ok("again", "status").lines if line.startswith("attention")]

    net.ok("tver", "reply", "center/all/1", "-m", "one")
    net.ok("center", "fetch")
    net.ok("tver", "fetch")
    net.clock.ahead(minutes=1)
    shutil.copytree(net.home("tver"), net.home("again"))
    assert attention()[0].startswith("this home has moved: ")
    letter = str(net.write("letter.md", "two\n"))
    assert net.run("again", "send", letter, "--to", "center").code != 0
    assert attention()[0].startswith("this home has moved: ")
    net.clock.ahead(minutes=1)
    net.ok("center", "send", letter, "--to", "tver")
    net.ok("again", "fetch")
    assert attention() == []
    with net.desk("again") as desk:
        state = desk.machine.moved_state()
    assert state is not None
    assert state.cleared == {TVER}, "where it has never signed, it still waits"


# ---- joined anew -----------------------------------------------------------------------------------------------------


def test_who_lost_everything_and_joins_anew_is_not_told_of_a_thief(net: Net) -> None:
    net.ok("center", "invite", "tver", "-o", str(net.root / "again.invitation"))
    spoken = net.join(net.root / "again.invitation", "ivanov", "anew")["spoken"]
    done = net.run("anew", "fetch")
    assert done.code == 4
    assert "the roster has older keys of tver/ivanov; your new keys are not admitted yet" in done.err
    assert spoken in done.err
    assert "somebody else" not in done.err
    check_words(done)
    net.ok("center", "admit", "tver/ivanov", "--heard", spoken, "-y")
    done = net.run("tver", "fetch")
    assert "newer keys of tver/ivanov than this home" in done.err
    assert "somebody else has joined under your name" in done.err
