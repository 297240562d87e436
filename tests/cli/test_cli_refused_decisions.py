"""A decision that was refused is not carried out later; one typed twice is named; what is awaited is said."""

import shutil

import pytest
from cliharness import Net, refused


def waiting(net: Net, home: str) -> int:
    found = net.ok(home, "status", "--json").json["outbox"]
    assert isinstance(found, int)
    return found


def colleague(net: Net, officer: str, home: str) -> None:
    path = net.root / f"{officer}.invitation"
    net.ok("center", "invite", "center", "-o", str(path))
    joined = net.join(path, officer, home)
    net.ok("center", "admit", f"center/{officer}", "--heard", joined["spoken"])
    net.ok(home, "fetch")


@pytest.fixture
def two(net: Net) -> Net:
    """Two officers sign what the center sends."""
    colleague(net, "sverdlov", "second")
    net.ok("center", "settings", "threshold", "center", "2")
    net.ok("second", "fetch")
    return net


@pytest.fixture
def keepers(net: Net) -> Net:
    """Two keepers sign every entry of the roster."""
    colleague(net, "sverdlov", "second")
    net.ok("center", "keepers", "stasova", "sverdlov", "-y")
    net.ok("second", "fetch")
    number = net.ok("second", "proposals", "--json").json["proposals"]
    for each in number:
        net.ok("second", "endorse", str(each["number"]))
    net.ok("center", "fetch")
    return net


def propose(net: Net, text: str = "On the tenth.\n") -> str:
    place: str = net.ok("center", "send", str(net.write("circular.md", text)), "--to", "all").out.strip()
    net.ok("second", "fetch")
    return place.rpartition("/")[2]


def numbers(net: Net, channel: str) -> int:
    return len(list((net.post / "rkpb" / channel).glob("*.note")))


# ---- refused, and left as it was ---------------------------------------------------------------------------------


def test_i10_an_endorsement_refused_for_new_keys_under_way_is_not_posted_by_the_next_fetch(two: Net) -> None:
    number = propose(two)
    two.ok("second", "keys", "rotate")
    refused(two.run("second", "endorse", number), 1, "your new keys are not in the roster yet")
    assert waiting(two, "second") == 0
    sent = numbers(two, "center/all")
    two.ok("center", "admit", "center/sverdlov")
    assert "sent: center/all" not in two.ok("second", "fetch").err
    assert numbers(two, "center/all") == sent


def test_i10_an_entry_refused_in_a_home_that_moved_is_not_proposed_by_the_next_fetch(keepers: Net) -> None:
    shutil.copytree(keepers.home("second"), keepers.home("copy"))
    refused(keepers.run("copy", "settings", "check", "tver", "weekly"), 5, "this home has moved")
    assert waiting(keepers, "copy") == 0
    keepers.clock.ahead(minutes=1)
    keepers.ok("center", "send", str(keepers.write("more.md", "More.\n")), "--to", "center")
    told = keepers.run("copy", "fetch")
    assert "sent: center/center" not in told.err
    assert keepers.ok("copy", "proposals", "--json").json["proposals"] == []


def test_i10_a_withdrawal_and_a_refusal_in_a_home_that_moved_leave_nothing_behind(two: Net) -> None:
    number = propose(two)
    for who, words in (("second", ("decline", number, "-m", "No.")), ("center", ("withdraw", number))):
        shutil.copytree(two.home(who), two.home(f"{who}-copy"))
        refused(two.run(f"{who}-copy", *words), 5, "this home has moved")
        assert waiting(two, f"{who}-copy") == 0


def test_a_letter_that_waits_says_so_and_how_it_is_let_go(net: Net) -> None:
    net.ok("tver", "keys", "rotate")
    letter = str(net.write("letter.md", "In between.\n"))
    done = net.run("tver", "send", letter, "--to", "center")
    assert done.code == 1
    assert "nothing is lost" in done.err
    assert "to let it go unsent: cipherpost outbox tver/center --drop" in done.err
    assert waiting(net, "tver") == 1
    net.ok("tver", "outbox", "tver/center", "--drop", "-y")
    assert waiting(net, "tver") == 0
    net.ok("center", "admit", "tver/ivanov")
    net.ok("tver", "fetch")
    assert numbers(net, "tver/center") <= 1  # a receipt


def test_a_letter_that_a_moved_home_has_not_signed_is_let_go(net: Net) -> None:
    net.ok("tver", "reply", "center/all/1", "-m", "one")
    shutil.copytree(net.home("tver"), net.home("copy"))
    letter = str(net.write("letter.md", "two\n"))
    assert net.run("copy", "send", letter, "--to", "center").code == 5
    assert waiting(net, "copy") == 1
    net.ok("copy", "outbox", "tver/center", "--drop", "-y")
    assert waiting(net, "copy") == 0


# ---- what is awaited ---------------------------------------------------------------------------------------------


def test_the_first_fetch_after_a_restore_says_what_is_awaited(net: Net) -> None:
    net.ok("tver", "reply", "center/all/1", "-m", "one")
    words = net.write("words", "six words that nobody guesses at all\n")
    backup = str(net.root / "tver.backup")
    net.ok("tver", "keys", "backup", "-o", backup, "--new-passphrase-file", str(words))
    net.ok("again", "keys", "restore", backup, "--passphrase-file", str(words))
    told = net.run("again", "fetch", "--passphrase-file", str(words))
    assert "this home has moved, and signs on tver/center once center has sent this office a letter" in told.err
    assert "`cipherpost fetch` says what is awaited" in net.ok("again", "status").out


# ---- typed twice -------------------------------------------------------------------------------------------------


def test_the_same_entry_typed_twice_is_named_as_proposed_already(keepers: Net) -> None:
    first = keepers.ok("center", "suspend", "tver", "-y").out.strip()
    again = keepers.ok("center", "suspend", "tver", "-y")
    assert again.out.strip() == first
    assert f"already proposed as {first}" in again.err
    assert "waits for sverdlov" in again.err
    assert "says so already" not in again.err


def test_a_card_whose_admission_is_proposed_waits_no_more(keepers: Net) -> None:
    path = keepers.root / "petrov.invitation"
    keepers.ok("center", "invite", "tver", "-o", str(path))
    joined = keepers.join(path, "petrov", "petrov")
    assert "1 card waits for admission" in keepers.ok("center", "fetch").err
    done = keepers.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    again = keepers.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    assert again.out == done.out
    assert "already proposed as" in again.err
    assert "for admission" not in keepers.ok("center", "fetch").err


def test_a_duty_to_a_form_that_is_only_proposed_names_the_proposal(keepers: Net) -> None:
    place = keepers.ok("center", "form", "publish", "monthly-return").out.split()[0]
    done = keepers.run("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5")
    refused(done, 2, "is only proposed", place)
    assert done.hints == [f"sverdlov types: cipherpost endorse {place.rpartition('/')[2]}"]


def test_who_has_signed_and_endorses_again_is_told_for_whom_it_waits(two: Net) -> None:
    number = propose(two)
    two.ok("second", "endorse", number)
    again = two.ok("second", "endorse", number)
    assert "the others type" not in again.err


# ---- how it stands -----------------------------------------------------------------------------------------------


def test_who_endorses_what_he_had_declined_is_told_and_is_listed_once(two: Net) -> None:
    number = propose(two)
    two.ok("second", "decline", number, "-m", "The day is a holiday.")
    colleague(two, "molotov", "third")
    two.ok("second", "fetch")
    done = two.ok("second", "endorse", number)
    assert "you had declined it; your signature takes the place of that" in done.err
    shown = two.ok("second", "read", f"center/center/{number}")
    assert "declined" not in shown.out


def test_an_amendment_that_changes_nothing_is_refused(two: Net) -> None:
    number = propose(two)
    same = str(two.root / "circular.md")
    refused(two.run("second", "amend", number, same), 2, "this is the text that is proposed already")
    signed = two.ok("center", "proposals", "--json").json["proposals"][0]["signed"]
    assert signed == ["stasova"]
    two.ok("second", "amend", number, str(two.write("better.md", "On the twelfth.\n")))
