"""``settings``: time zone, escrow and usual silence, one roster entry each."""

import pytest
from cliharness import Net, refused


def statements(net: Net, number: int) -> str:
    note = net.note("center/roster", number).read_text()
    return note.partition("\n\n")[2].partition("\n\n")[0]


def newest(net: Net) -> int:
    return int(net.ok("center", "roster", "--json").json["number"])


def test_settings_are_shown(net: Net) -> None:
    assert net.ok("tver", "settings").lines == [
        "timezone  +00:00",
        "escrow    none: nobody reads but those written to and the sender's own office",
        "check     center (Center of rkpb): 30 days, since none is stated",
    ]
    assert net.ok("tver", "settings", "--json").json == {
        "timezone": "+00:00",
        "escrow": {},
        "check": {"center": 30},
        "threshold": {},
    }


@pytest.mark.parametrize(
    ("words", "statement", "said"),
    [
        ("timezone Europe/Moscow", "timezone Europe/Moscow", "days end at 24:00 in Europe/Moscow, no longer in +00:00"),
        ("timezone +03:00", "timezone +03:00", "days end at 24:00 in +03:00"),
        ("check center weekly", "check center weekly", "silence is usual for weekly (7 days)"),
        (
            "check tver daily",
            "check tver daily",
            "of tver (Tver Gubernia Committee), silence is usual for daily (1 day)",
        ),
        (
            "escrow report audit -y",
            "escrow report audit",
            "every report is sealed to audit (Audit Commission) too",
        ),
        ("escrow report samara audit -y", "escrow report audit samara", "samara (Samara Gubernia Committee), audit"),
    ],
)
def test_each_is_one_entry_of_the_roster(net: Net, words: str, statement: str, said: str) -> None:
    before = newest(net)
    done = net.ok("center", "settings", *words.split())
    assert done.lines == [f"center/roster/{before + 1}"]
    assert said in done.err
    assert statements(net, before + 1) == statement
    again = net.ok("center", "settings", *words.split())
    assert again.lines == [f"center/roster/{before + 1}"]
    assert "says so already" in again.err
    assert newest(net) == before + 1


def test_what_was_stated_is_shown_to_everybody(net: Net) -> None:
    net.ok("center", "settings", "timezone", "Europe/Moscow")
    net.ok("center", "settings", "escrow", "report", "audit", "-y")
    net.ok("center", "settings", "check", "tver", "monthly")
    net.ok("samara", "fetch")
    assert net.ok("samara", "settings").lines == [
        "timezone  Europe/Moscow",
        "escrow    report: read by audit (Audit Commission) too",
        "check     center (Center of rkpb): 30 days, since none is stated",
        "check     tver (Tver Gubernia Committee): monthly (31 days)",
    ]


def test_escrow_lets_others_read_and_so_needs_a_yes(net: Net) -> None:
    before = newest(net)
    done = net.run("center", "settings", "escrow", "report", "audit")
    refused(done, 2, "needs a yes")
    assert "add -y" in done.hints
    assert newest(net) == before
    net.ok("center", "settings", "escrow", "report", "audit", "-n")
    assert newest(net) == before
    net.ok("center", "settings", "escrow", "report", "audit", "-y")
    closed = net.ok("center", "settings", "escrow", "report", "none")  # lets nobody read, and needs none
    assert "no report is sealed to audit (Audit Commission) any more; what they have they keep" in closed.err
    assert net.ok("center", "settings", "--json").json["escrow"] == {}


def test_what_escrow_is_for_the_auditor_reads_from_then_on(net: Net) -> None:
    net.ok("center", "settings", "escrow", "message", "audit", "-y")
    net.ok("tver", "fetch")
    net.write("letter.md", "The figures.\n")
    done = net.ok("tver", "send", str(net.root / "letter.md"), "--to", "center", "-n")
    assert "audit/orlov" in done.err


@pytest.mark.parametrize(
    ("words", "part", "hint"),
    [
        ("zone UTC", "no setting 'zone'", "cipherpost settings"),
        ("timezone", "timezone with 0 words", "cipherpost settings --help"),
        ("timezone Europe/Moskow", "no time zone 'Europe/Moskow'", "did you mean Europe/Moscow"),
        ("timezone moscow", "no time zone 'moscow'", "did you mean Europe/Moscow"),
        ("timezone +25:00", "no time zone '+25:00'", "cipherpost settings timezone +03:00"),
        ("timezone ../UTC", "no time zone '../UTC'", ""),
        ("escrow report", "escrow with 1 words", "cipherpost settings --help"),
        ("escrow letter audit -y", "'letter' is no kind of letter", "cipherpost settings --help"),
        ("escrow report adit -y", "no office 'adit'", "did you mean audit?"),
        ("escrow report none audit -y", "none and an office together", "cipherpost settings --help"),
        ("check center hourly", "'hourly' is no interval", "cipherpost settings check center weekly"),
        ("check tevr weekly", "no office 'tevr'", "did you mean tver?"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_posted(net: Net, words: str, part: str, hint: str) -> None:
    before = newest(net)
    done = net.run("center", "settings", *words.split())
    refused(done, 2, part)
    assert not hint or any(each.startswith(hint) for each in done.hints), done
    assert newest(net) == before


def test_no_escrow_with_an_office_without_standing(net: Net) -> None:
    net.ok("center", "suspend", "samara", "-y")
    refused(net.run("center", "settings", "escrow", "report", "samara", "-y"), 2, "samara is suspended")


def test_only_a_keeper_states_settings(net: Net) -> None:
    refused(net.run("tver", "settings", "timezone", "UTC"), 3)


def test_for_scripts_it_is_one_object(net: Net) -> None:
    told = net.ok("center", "settings", "check", "center", "weekly", "--json").json
    assert (told["channel"], told["posted"]) == ("center/roster", True)
