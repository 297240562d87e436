"""What officers are told of proposals: by ``fetch``, ``status``, ``proposals``, ``endorse``, ``owed``, dry runs."""

import re

import pytest
from cliharness import Net, refused

from cipherpost.roster import words
from cipherpost.workflows import entries, replacing


@pytest.fixture
def two(net: Net) -> Net:
    """The center has a second officer, and both sign what it sends."""
    second(net, "center", "sverdlov", "second")
    return net


def second(net: Net, office: str, officer: str, home: str) -> None:
    path = net.root / f"{office}-2.invitation"
    net.ok("center", "invite", office, "-o", str(path))
    joined = net.join(path, officer, home)
    net.ok("center", "admit", f"{office}/{officer}", "--heard", joined["spoken"])
    with net.desk("center") as desk:
        desk.lock()
        entries.prepare(desk)
        entries.post(desk, [words.Threshold(office, 2)])
    for each in {home, "center" if office == "center" else office}:
        net.ok(each, "fetch")


def propose(net: Net, text: str = "On the tenth.\n") -> str:
    done = net.ok("center", "send", str(net.write("circular.md", text)), "--to", "all")
    return done.out.strip().rpartition("/")[2]


def test_the_proposer_is_told_of_a_refusal_everywhere_and_by_fetch_once(two: Net) -> None:
    number = propose(two)
    assert "1 of yours not posted yet" in two.ok("center", "status").out
    two.ok("second", "fetch")
    done = two.ok("second", "decline", number, "-m", "The day is a holiday.")
    assert f"proposal {number} is declined" in done.err
    told = two.ok("center", "fetch").err
    assert f"your proposal center/center/{number}: declined by sverdlov; too few are left" in told
    assert f"cipherpost read center/center/{number}" in told
    assert "your proposal" not in two.ok("center", "fetch").err
    assert "declined by sverdlov; too few are left" in two.ok("center", "proposals").out
    shown = two.ok("center", "status")
    assert "1 of yours not posted yet; 1 declined by a colleague" in shown.out
    assert "cipherpost proposals" in shown.hints
    done = two.ok("center", "withdraw", number)
    assert f"proposal {number} is withdrawn" in done.err
    assert two.ok("center", "proposals").out == ""
    assert "not posted yet" not in two.ok("center", "status").out


def test_fetch_tells_the_proposer_that_his_proposal_was_posted(two: Net) -> None:
    number = propose(two)
    two.ok("second", "fetch")
    place = two.ok("second", "endorse", number).out.strip()
    assert "your proposal" not in two.ok("second", "fetch").err
    two.ok("center", "send", str(two.write("note.md", "A note.\n")), "--to", "center")  # it hears of it before a fetch
    assert f"your proposal center/center/{number}: posted as {place}" in two.ok("center", "fetch").err
    assert "your proposal" not in two.ok("center", "fetch").err


def test_who_posted_it_stands_among_those_who_signed(two: Net) -> None:
    number = propose(two)
    two.ok("second", "fetch")
    two.ok("second", "endorse", number)
    two.ok("center", "fetch")
    (row,) = two.ok("center", "proposals", "--all", "--json").json["proposals"]
    assert (row["state"], row["signed"]) == ("posted", ["stasova", "sverdlov"])


def test_endorsing_what_is_closed_is_refused_to_who_had_signed_it_too(two: Net) -> None:
    number = propose(two)
    two.ok("center", "withdraw", number)
    refused(two.run("center", "endorse", number), 2, "the proposal is closed: stasova withdrew it")
    again = propose(two, "On the twelfth.\n")
    assert "you have signed it before" in two.ok("center", "endorse", again).err


def test_endorsing_what_was_posted_says_that_it_was(two: Net) -> None:
    third = two.root / "center-3.invitation"
    two.ok("center", "invite", "center", "-o", str(third))
    joined = two.join(third, "lenin", "third")
    two.ok("center", "admit", "center/lenin", "--heard", joined["spoken"])
    for home in ("second", "third"):
        two.ok(home, "fetch")
    number = propose(two)
    two.ok("second", "fetch")
    place = two.ok("second", "endorse", number).out.strip()
    done = two.ok("third", "endorse", number)
    assert done.out.strip() == place
    assert f"posted already as {place}; your signature was not needed" in done.err
    assert done.err.count("sent before") == 0
    two.ok("second", "fetch")
    assert "not needed" not in two.ok("second", "endorse", number).err


def test_a_dry_run_of_the_last_signature_says_that_it_would_be_sent(two: Net) -> None:
    number = propose(two)
    two.ok("second", "fetch")
    tried = two.ok("second", "endorse", number, "-n")
    assert "nothing was sent; it would go to" in tried.err
    assert "proposed" not in tried.err
    assert two.ok("second", "proposals", "--json").json["proposals"][0]["signed"] == ["stasova"]


def test_an_office_that_is_only_proposed_is_not_invited_yet(two: Net) -> None:
    done = two.ok("center", "keepers", "stasova", "sverdlov", "-y")
    two.ok("second", "fetch")
    two.ok("second", "endorse", done.out.strip().rpartition("/")[2])
    two.ok("center", "fetch")
    added = two.ok("center", "office", "add", "penza", "--title", "Penza")
    assert "once the entry is posted: cipherpost invite penza" in added.err
    rows = [line.split("\t") for line in two.ok("center", "proposals").out.splitlines()]
    number = added.out.strip().rpartition("/")[2]
    assert (rows[0][0], rows[0][2].split(",")[0], rows[0][3]) == (number, "office penza committee", "center/roster")


def test_owed_names_the_proposal_that_pays_a_debt(owed: Net) -> None:
    second(owed, "tver", "petrov", "petrov")
    owed.ok("tver", "report", "monthly-return", "2024-03", "--nil", "-m", "Nothing was held.")
    owed.ok("petrov", "fetch")
    for home in ("tver", "petrov"):
        lines = owed.ok(home, "owed").out.splitlines()
        (paid,) = (line for line in lines if "2024-03" in line and "monthly-return" in line)
        assert paid.endswith("; proposed in tver/tver/1")
        assert sum("proposed in" in line for line in lines) == 1
    owed.ok("petrov", "endorse", "1")
    assert "proposed in" not in owed.ok("petrov", "owed").out


def test_a_letter_is_not_replaced_twice_by_proposals(two: Net) -> None:
    first = propose(two)
    two.ok("second", "fetch")
    place = two.ok("second", "endorse", first).out.strip()
    two.ok("center", "fetch")
    better = str(two.write("better.md", "On the twelfth.\n"))
    one = two.ok("center", "send", better, "--supersedes", place).out.strip().rpartition("/")[2]
    other = str(two.write("other.md", "On the thirteenth.\n"))
    refused(two.run("center", "send", other, "--supersedes", place), 2, f"proposal {one} would supersede it")


def test_what_was_replaced_meanwhile_is_not_endorsed(two: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    first = propose(two)
    two.ok("second", "fetch")
    place = two.ok("second", "endorse", first).out.strip()
    two.ok("center", "fetch")
    numbers = []
    with monkeypatch.context() as patch:  # two officers at the same minute, each before he hears of the other
        patch.setattr(replacing, "check_not_proposed", lambda *_: None)
        for name, text in (("a.md", "On the twelfth.\n"), ("b.md", "On the thirteenth.\n")):
            done = two.ok("center", "send", str(two.write(name, text)), "--supersedes", place)
            numbers.append(done.out.strip().rpartition("/")[2])
    two.ok("second", "fetch")
    two.ok("second", "endorse", numbers[0])
    refused(two.run("second", "endorse", numbers[1]), 2, f"superseded or cancelled {place} before")
    refused(two.run("second", "endorse", numbers[1], "-n"), 2, f"superseded or cancelled {place} before")
    assert f"cipherpost withdraw {numbers[1]}" in two.run("center", "amend", numbers[1], str(two.root / "b.md")).err


def test_the_list_at_eighty_columns_breaks_no_number(two: Net) -> None:
    long = two.write("long.md", "On the conference of the Volga committees, its day, its place and its agenda.\n")
    for at in range(12):
        two.ok("center", "send", str(long), "--to", "all", "--subject", f"{at} On the conference of the committees")
    done = two.ok("center", "proposals", tty=True)
    lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines() if line.strip()]
    assert max(len(line.rstrip()) for line in lines) <= 80, done.out
    numbers = [line.split()[0] for line in lines if line.split()[0].isdecimal()]
    listed = two.ok("center", "proposals", "--json").json["proposals"]
    assert numbers == [str(row["number"]) for row in listed]
    assert len(numbers) == 12


def test_fetch_reminds_the_proposer_to_send_a_form_that_is_in_force_now(two: Net) -> None:
    done = two.ok("center", "keepers", "stasova", "sverdlov", "-y")
    two.ok("second", "fetch")
    two.ok("second", "endorse", done.out.strip().rpartition("/")[2])
    two.ok("center", "fetch")
    number = two.ok("center", "form", "publish", "monthly-return").out.strip().rpartition("/")[2]
    two.ok("second", "fetch")
    assert two.ok("second", "endorse", number).out.startswith("center/roster/")
    assert "send it now: cipherpost form publish monthly-return" in two.ok("center", "fetch").err


def test_a_form_in_force_is_marked_until_its_text_was_sent(two: Net) -> None:
    """Entry and text both wait for the second signature; nothing says that all is done before it is."""
    command = "cipherpost form publish monthly-return"
    done = two.ok("center", "keepers", "stasova", "sverdlov", "-y")
    two.ok("second", "fetch")
    two.ok("second", "endorse", done.out.strip().rpartition("/")[2])
    two.ok("center", "fetch")

    def publish() -> str:
        return two.ok("center", "form", "publish", "monthly-return").out.strip().rpartition("/")[2]

    def state(home: str) -> object:
        rows = two.ok(home, "form", "list", "--json").json["forms"]
        return next(row["sent"] for row in rows if row["name"] == "monthly-return")

    def told(home: str) -> bool:
        return f"in force, and sent to nobody yet: {command}" in two.ok(home, "status").out

    entry = publish()
    assert (state("center"), told("center")) == (None, False), "it is not in force"
    two.ok("second", "fetch")
    two.ok("second", "endorse", entry)
    for home in ("center", "second"):
        two.ok(home, "fetch")
        assert (state(home), told(home)) == (False, True)
        listed = two.ok(home, "form", "list")
        assert "in force, not sent yet" in listed.out
        assert command in listed.hints
    letter = publish()
    assert (state("center"), told("center")) == (False, True), "proposed is not sent"
    two.ok("second", "fetch")
    assert two.ok("second", "endorse", letter).out.startswith("center/all/")
    for home in ("second", "center"):
        two.ok(home, "fetch")
        assert (state(home), told(home)) == (True, False), home
    assert state("tver") is None


def test_what_waits_for_a_letter_replaced_meanwhile_is_let_go_only_with_a_yes(net: Net) -> None:
    refused(net.run("center", "outbox", "--drop", "-y"), 2, "in which channel")
    refused(net.run("center", "outbox", "center/all", "--drop"), 2, "needs a yes")
    refused(net.run("center", "outbox", "center/all", "--drop", "-y"), 2, "no letter waits there")
