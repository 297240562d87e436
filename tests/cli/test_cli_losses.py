"""What people are told about standing, cuts and keys, by the commands and by those that meet the consequences."""

import shutil
from datetime import timedelta

import pytest
from cliharness import Net, Result, check_words, refused

from cipherpost.postoffice.directory import DirectoryPost

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
    assert "another copy of it, or a thief, has signed tver/center/" in done.err
    assert done.hints[0].startswith("if you made no copy, your keys are in other hands: telephone the center")
    assert "--alone" not in done.err
    attention = [line for line in net.ok("tver", "status").lines if line.startswith("attention")]
    assert ["telephone the center" in line for line in attention] == [True]


def test_the_alarm_of_a_theft_stays_until_the_clerk_says_alone_or_has_new_keys(net: Net) -> None:
    """The center answers what the thief wrote: that frees the channels of a copy, and says nothing of the thief."""

    def alarms(done: Result) -> bool:
        said = [
            line for line in done.err.splitlines() + done.lines if "another copy of it, or a thief, has signed" in line
        ]
        return len(said) == 1

    shutil.copytree(net.home("tver"), net.home("thief"))
    letter = str(net.write("thief.md", "by the thief\n"))
    elsewhere = {"CIPHERPOST_STATE_DIR": str(net.root / "elsewhere")}
    net.ok("thief", "send", letter, "--to", "center", "--alone", env=elsewhere)
    for office in ("tver", "center", "tver"):
        net.clock.ahead(minutes=1)
        told = net.run(office, "fetch")
    net.ok("tver", "reply", "center/all/1", "-m", "by the clerk")
    for done in (told, net.run("tver", "fetch"), net.ok("tver", "status"), net.run("tver", "doctor")):
        assert alarms(done)
        assert "telephone the center at once" in done.err + done.out
        assert "use one copy only" not in done.err
        check_words(done)
    shutil.copytree(net.home("tver"), net.home("lost"))
    net.ok("tver", "reply", "center/all/1", "-m", "it was my own copy", "--alone")
    assert not any(alarms(net.run("tver", word)) for word in ("fetch", "status", "doctor"))

    net.ok("center", "compromised", "tver/ivanov", "-y")
    net.run("lost", "fetch")
    done = net.run("lost", "doctor")
    assert alarms(done)
    assert "what these keys sign counts no more" in done.out
    assert "telephone" not in done.err
    assert "use one copy only" not in done.err


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


# ---- cuts ------------------------------------------------------------------------------------------------------------


def test_since_a_day_that_has_not_come_is_refused(net: Net) -> None:
    ahead = (net.clock.now + timedelta(days=1)).date().isoformat()
    done = net.run("center", "compromised", "tver/ivanov", "--since", ahead, "-y")
    refused(done, 2, "has not come yet")
    assert any("--cut tver/center/NUMBER" in hint for hint in done.hints)
    net.ok("center", "compromised", "tver/ivanov", "--since", net.clock.now.date().isoformat(), "-n")


def test_the_questions_say_what_can_be_undone(net: Net) -> None:
    told = refused(net.run("center", "suspend", "tver"), 2, "until `reinstate`")
    assert "cannot be undone" not in told
    refused(net.run("center", "dissolve", "tver"), 2, "cannot be undone")
    net.ok("center", "retire", "tver/ivanov", "-y")
    told = refused(net.run("center", "cut", f"{TVER}/0"), 2, "until a later cut")
    assert "cannot be undone" not in told


@pytest.fixture
def two_lost(net: Net) -> Net:
    """Petrov signed tver/center/2, ivanov the next; both have lost their standing since, and are cut at 1."""
    net.ok("center", "invite", "tver", "-o", str(net.root / "again.invitation"))
    joined = net.join(net.root / "again.invitation", "petrov", "petrov")
    net.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    for home in ("petrov", "tver"):
        net.ok(home, "fetch", "--no-receipts")
        net.ok(home, "reply", "center/all/1", "-m", f"of {home}")
    net.ok("center", "fetch")
    net.ok("center", "compromised", "tver/petrov", "--cut", f"{TVER}/1", "-y")
    net.ok("center", "compromised", "tver/ivanov", "--cut", f"{TVER}/1", "-y")
    return net


def test_the_entry_is_meant_that_cut_off_who_signed_the_number(two_lost: Net) -> None:
    rows = two_lost.ok("center", "cut", "--json").json["cuts"]
    entries = {row["officers"][0]: row["entry"] for row in rows if row["channel"] == TVER}
    above = {row["officers"][0]: row["above"] for row in rows if row["channel"] == TVER}
    assert above == {"tver/petrov": [2], "tver/ivanov": [3]}
    for who, number in (("tver/petrov", 2), ("tver/ivanov", 3)):
        done = two_lost.ok("center", "cut", f"{TVER}/{number}", "-n")
        assert f"what counts of {who} cut off in entry {entries[who]} ends with {TVER}/{number}" in done.err
    done = two_lost.run("center", "cut", f"{TVER}/0", "-y")
    refused(done, 2, "2 entries took standing away in tver", f"{entries['tver/petrov']} (petrov)")
    assert done.hints[0] == f"cipherpost cut {TVER}/0 --entry {entries['tver/ivanov']}"


def test_what_was_cut_off_says_by_which_entry_when_it_is_read_and_audited(two_lost: Net) -> None:
    newest = two_lost.ok("center", "roster", "--json").json["number"]
    done = two_lost.run("center", "read", f"{TVER}/3")
    refused(done, 3, f"entry {newest} of the roster (compromised)", "counts no more")
    assert "move the cut" in done.err
    two_lost.run("audit", "fetch")
    found = two_lost.run("audit", "audit", "--json").json["findings"]
    ((void, points_to, detail),) = ((f["code"], f["points_to"], f["detail"]) for f in found if f["number"] == 3)
    assert (void, points_to) == ("void", "nobody")
    assert f"lost this standing in entry {newest} of the roster (compromised)" in detail


def test_a_cut_below_what_was_acknowledged_says_as_what_auditors_will_list_it(net: Net) -> None:
    net.ok("tver", "reply", "center/all/1", "-m", "one")
    net.ok("center", "fetch")
    for word, code in (("compromised", "void"), ("retire", "uncounted")):
        done = net.ok("center", word, "tver/ivanov", "--cut", f"{TVER}/1", "-n")
        assert f"auditors will list it as {code}" in done.err


# ---- homes that are not made to the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("killed", ["/cards/", "/00000001.note"])
def test_a_home_whose_founding_was_interrupted_says_how_it_goes_on(
    empty: Net, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    (empty.root / "homes").mkdir()
    real = DirectoryPost.create

    def create(self: DirectoryPost, name: str, data: bytes) -> bool:
        if killed in name:
            raise KeyboardInterrupt
        return real(self, name, data)

    words = ("init", "rkpb", "--officer", "stasova", "--post", str(empty.post), "--no-passphrase")
    with monkeypatch.context() as patch:
        patch.setattr(DirectoryPost, "create", create)
        assert empty.run("center", *words).code == 130
    for command in ("roster", "keepers"):
        done = empty.run("center", command)
        refused(done, 1, "not made to the end yet")
        assert "cipherpost init" in done.hints[0]
    shown = empty.ok("center", "status")
    assert "run the same `cipherpost init` once more" in shown.out
    assert "tell the center" not in shown.out
    done = empty.run("center", "doctor")
    assert done.code == 1
    assert "not made to the end yet" in done.out
    check_words(done)
    empty.ok("center", *words)
    assert empty.ok("center", "keepers", "--json").json["keepers"] == ["stasova"]
    assert "founding" not in empty.ok("center", "status").out


def test_before_the_first_fetch_a_home_has_no_roster_to_show(net: Net) -> None:
    net.join(net.invite("volga"), "sokolov", "volga")
    for command in ("roster", "keepers"):
        done = net.run("volga", command)
        refused(done, 1, "no entry of the roster is here yet")
        assert done.hints == ["cipherpost fetch"]


def test_an_audience_that_does_not_exist_is_refused_with_a_command_that_can_be_pasted(net: Net) -> None:
    done = net.run("tver", "forward", "center/all/1", "--to", "uyezds")
    refused(done, 2, "no office or group 'uyezds'")
    assert done.hints == ["cipherpost roster    (shows all names)"]


def test_where_nothing_is_owed_no_empty_table_is_shown(net: Net) -> None:
    shown = net.ok("tver", "owed", tty=True)
    assert shown.out == ""
    assert "nothing is owed" in shown.err


def test_who_joined_anew_sees_what_he_cannot_open_named_and_what_was_shared_counted_once(net: Net) -> None:
    net.write("own.md", "To ourselves.\n")
    net.ok("tver", "send", str(net.root / "own.md"), "--to", "tver")
    net.ok("center", "invite", "tver", "-o", str(net.root / "again.invitation"))
    spoken = net.join(net.root / "again.invitation", "ivanov", "anew")["spoken"]
    net.ok("center", "admit", "tver/ivanov", "--heard", spoken, "-y")
    net.clock.ahead(minutes=1)
    net.ok("center", "share", "center/all/1", "--to", "tver")
    told = net.ok("anew", "fetch")
    assert any(line.startswith("center/all/1 ") for line in told.lines)
    assert "you are admitted" in told.err
    assert "before you were a reader; ask the center for them (1 letter)" in told.err, "the own one, not the shared"
    rows = [line.split("\t") for line in net.ok("anew", "outbox").lines]
    assert [row[2] for row in rows if row[0] == "tver/tver/1"] == ["(sealed to keys that this home has not)"]
    sent = net.ok("anew", "outbox", "--json").json["dispatches"]
    assert [row["subject"] for row in sent if row["channel"] == "tver/tver"] == [None]
