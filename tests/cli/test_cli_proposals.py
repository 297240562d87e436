"""``propose``, ``proposals``, ``amend``, ``endorse``, ``decline``, ``withdraw``, as two officers type them."""

import pytest
from cliharness import Net, refused

from cipherpost.roster import words
from cipherpost.workflows import entries


def decree(net: Net, *statements: words.Statement) -> None:
    """An entry of the roster by its one keeper."""
    with net.desk("center") as desk:
        desk.lock()
        entries.prepare(desk)
        entries.post(desk, statements)


@pytest.fixture
def two(net: Net) -> Net:
    """The center has a second officer, and both sign what it sends."""
    path = net.root / "center.invitation"
    net.ok("center", "invite", "center", "-o", str(path))
    joined = net.join(path, "sverdlov", "second")
    net.ok("center", "admit", "center/sverdlov", "--heard", joined["spoken"])
    decree(net, words.Threshold("center", 2))
    net.ok("second", "fetch")
    return net


def propose(net: Net, text: str = "On the tenth.\n") -> str:
    """The proposal's number."""
    done = net.ok("center", "send", str(net.write("circular.md", text)), "--to", "all")
    place = done.out.strip()
    assert place.startswith("center/center/")
    return place.rpartition("/")[2]


def test_send_says_that_it_only_proposed_and_for_whom_it_waits(two: Net) -> None:
    done = two.ok("center", "send", str(two.write("circular.md", "On the tenth.\n")), "--to", "all")
    assert done.out == "center/center/1\n"
    assert "proposed as center/center/1 for center/all: 1 of 2 have signed; waits for sverdlov" in done.err
    again = two.ok("center", "send", str(two.root / "circular.md"), "--to", "all", "--json").json
    assert again["posted"] is False
    assert (again["proposed"], again["signed"], again["needed"], again["awaited"]) == (
        "center/all",
        ["stasova"],
        2,
        ["sverdlov"],
    )


def test_a_proposal_is_listed_read_amended_endorsed_and_posted(two: Net) -> None:
    number = propose(two, "To all\n\nOn the tenth.\n")
    two.clock.ahead(minutes=1)
    fetched = two.ok("second", "fetch")
    assert f"1 proposal waits for your signature: center/center/{number}" in fetched.err
    assert two.ok("second", "status", "--json").json["proposals"] == 1
    better = two.write("better.md", "To all\n\nOn the twelfth.\n")
    amended = two.ok("second", "amend", number, str(better)).out.strip()
    two.clock.ahead(minutes=1)
    two.ok("center", "fetch")
    shown = two.ok("center", "read", amended)
    assert "On the twelfth." in shown.out
    assert "\n-On the tenth.\n+On the twelfth.\n" in shown.out
    assert shown.hints[0] == f"cipherpost endorse {amended.rpartition('/')[2]}"
    listed = two.ok("center", "proposals", "--all", "--json").json["proposals"]
    assert [(each["state"], each["signed"]) for each in listed] == [("amended", ["stasova"]), ("open", ["sverdlov"])]
    assert two.ok("center", "endorse", amended).out == "center/all/2\n"
    assert two.ok("center", "proposals").err == "cipherpost: nothing waits for signatures\n"
    assert "On the twelfth." in two.ok("tver", "fetch").out + two.ok("tver", "read", "center/all/2").out


def test_read_of_a_proposal_tells_scripts_what_it_proposes(two: Net) -> None:
    number = propose(two)
    found = two.ok("center", "read", f"center/center/{number}", "--json").json
    assert (found["subject"], found["body"]) == ("On the tenth.", "On the tenth.\n")
    assert (found["proposal"]["proposed"], found["proposal"]["until"]) == ("center/all", found["proposal"]["until"])
    assert found["proposal"]["diff"] == []


def test_outbox_lists_what_is_proposed_and_not_the_messages_about_it(two: Net) -> None:
    propose(two)
    rows = two.ok("center", "outbox", "--json").json["dispatches"]
    assert [(row["channel"], row["state"]) for row in rows] == [("center/all", "posted"), ("center/all", "proposed")]


def test_decline_and_withdraw_close_a_proposal(two: Net) -> None:
    number = propose(two)
    two.ok("second", "fetch")
    two.ok("second", "decline", number, "-m", "The day is a holiday.")
    two.ok("center", "fetch")
    assert "declined" in two.ok("center", "read", f"center/center/{number}").out
    two.ok("center", "withdraw", number)
    two.ok("second", "fetch")
    refused(two.run("second", "endorse", number), 2, "the proposal is closed", "stasova withdrew it")


def test_what_cannot_be_signed_is_refused_in_words(two: Net) -> None:
    refused(two.run("center", "endorse", "99"), 2, "'99' is no proposal")
    refused(
        two.run("center", "propose", str(two.write("note.md", "A note.\n")), "--to", "center"),
        2,
        "nobody else has to sign",
    )
    day = two.run("center", "propose", str(two.root / "note.md"), "--to", "all", "--until", "2001-01-01")
    refused(day, 2, "the day 2001-01-01 is over")
    number = propose(two)
    two.ok("second", "fetch")
    refused(two.run("second", "withdraw", number), 2, "a proposal of stasova")
    refused(two.run("second", "amend", number), 2, "there is no new text")
    refused(two.run("center", "decline", number, "-m", "No."), 2, "you have signed")


def test_a_dry_run_signs_nothing(two: Net) -> None:
    done = two.ok("center", "send", str(two.write("circular.md", "On the tenth.\n")), "--to", "all", "-n")
    assert "1 of 2 have signed" in done.err
    number = propose(two)
    two.ok("second", "fetch")
    two.ok("second", "endorse", number, "-n")
    assert two.ok("second", "proposals", "--json").json["proposals"][0]["signed"] == ["stasova"]


def test_a_report_of_a_committee_of_two_counts_once_both_have_signed(owed: Net) -> None:
    path = owed.root / "second.invitation"
    owed.ok("center", "invite", "tver", "-o", str(path))
    joined = owed.join(path, "petrov", "petrov")
    owed.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    decree(owed, words.Threshold("tver", 2))
    for home in ("tver", "petrov"):
        owed.ok(home, "fetch")
    done = owed.ok("tver", "report", "monthly-return", "2024-03", "--nil", "-m", "Nothing was held.")
    assert "proposed as tver/tver/1 for tver/center: 1 of 2 have signed; waits for petrov" in done.err
    refused(
        owed.run("tver", "report", "monthly-return", "2024-03", "--nil", "-m", "Another reason."),
        2,
        "is proposed to your colleagues",
    )
    owed.ok("petrov", "fetch")
    assert "Nothing was held." in owed.ok("petrov", "read", "tver/tver/1").out
    sent = owed.ok("petrov", "endorse", "1").out.strip()
    assert sent.startswith("tver/center/")
    owed.ok("center", "fetch")
    rows = owed.ok("center", "returns", "2024-03", "--json").json["debts"]
    assert [row["dispatch"] for row in rows if row["office"] == "tver" and row["form"] == "monthly-return"] == [sent]


def test_statements_are_not_proposed_anew_unseen_once_letters_came_above_their_cuts(two: Net) -> None:
    done = two.ok("center", "keepers", "stasova", "sverdlov", "-y")
    two.ok("second", "fetch")
    two.ok("second", "endorse", done.out.strip().rpartition("/")[2])
    two.ok("center", "fetch")
    number = two.ok("center", "suspend", "tver", "-y").out.strip().rpartition("/")[2]
    last = two.ok("tver", "send", str(two.write("more.md", "More.\n")), "--to", "center").out.strip()
    tried = two.ok("center", "amend", number, "-n")
    assert f"{last} counts no more" in tried.err
    assert "would state:" in tried.err
    refused(two.run("center", "amend", number), 2, "needs a yes")
    assert two.ok("center", "proposals", "--json").json["proposals"][0]["state"] == "open"
    again = two.ok("center", "amend", number, "-y").out.strip().rpartition("/")[2]
    assert [each["number"] for each in two.ok("center", "proposals", "--json").json["proposals"]] == [int(again)]
