"""``duty add``, ``end``, ``list``: what the roster says of regular reports, and what makes no sense there."""

import pytest
from cliharness import Clock, Net, refused, state_of


@pytest.fixture
def forms(net: Net) -> Net:
    """The forms that ship with the program are published; it is 4 March 2024."""
    for name in ("monthly-return", "conference-before", "conference-after"):
        net.ok("center", "form", "publish", name)
    return net


def entry(net: Net, number: int) -> str:
    """The statements of a roster entry."""
    note = net.note("center/roster", number).read_text()
    return note.partition("\n\n")[2].partition("\n\n")[0]


def newest(net: Net) -> int:
    return int(net.ok("center", "roster", "--json").json["number"])


def add(net: Net, *words: str) -> str:
    """The statement that a duty became."""
    before = newest(net)
    done = net.ok("center", "duty", "add", *words)
    assert done.lines == [f"center/roster/{before + 1}"]
    return entry(net, before + 1)


# ---- stating one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "statement", "said"),
    [
        (
            "monthly-return all monthly --due 5 --grace 3 --from 2026-12",
            "duty monthly-return all monthly due 5 grace 3 from 2026-12",
            "every month, due 5 days after its end, grace 3, from 2026-12",
        ),
        (
            "monthly-return tver monthly --due 0",
            "duty monthly-return tver monthly due 0 from 2024-03",
            "every month, due on its last day, from 2024-03",
        ),
        (
            "monthly-return all weekly --due 1",
            "duty monthly-return all weekly due 1 from 2024-w10",
            "every week, due 1 day after its end, from 2024-w10",
        ),
        (
            "monthly-return all quarterly --due 20",
            "duty monthly-return all quarterly due 20 from 2024-q1",
            "every quarter, due 20 days after its end, from 2024-q1",
        ),
        (
            "monthly-return all yearly --due 30",
            "duty monthly-return all yearly due 30 from 2024",
            "every year, due 30 days after its end, from 2024",
        ),
        (
            "monthly-return all once --on 2024-12-15 --grace 1",
            "duty monthly-return all once 2024-12-15 grace 1",
            "once, by 2024-12-15, grace 1",
        ),
        (
            "conference-before all event",
            "duty conference-before all event from 2024-03-04",
            "before each event, from 2024-03-04",
        ),
        (
            "conference-after all event --within 7 --from 2024-02-01",
            "duty conference-after all event within 7 from 2024-02-01",
            "within 7 days after each event, from 2024-02-01",
        ),
    ],
)
def test_a_duty_is_stated_in_the_roster_and_said_in_words(forms: Net, words: str, statement: str, said: str) -> None:
    before = newest(forms)
    done = forms.ok("center", "duty", "add", *words.split())
    form, audience, _ = words.split(" ", 2)
    assert done.err == f"cipherpost: {form} {audience}: {said}\n"
    assert entry(forms, before + 1) == statement
    title = "Tver Gubernia Committee" if audience == "tver" else audience
    assert forms.ok("center", "duty", "list").lines == ["\t".join((form, audience, title, said))]


def test_the_running_period_is_that_of_the_networks_zone(forms: Net, clock: Clock) -> None:
    clock.now = clock.now.replace(day=31, hour=22)
    forms.ok("center", "settings", "timezone", "Europe/Moscow")
    assert add(forms, "monthly-return", "all", "monthly", "--due", "5").endswith("from 2024-04")


def test_a_duty_that_stands_so_is_not_stated_again(forms: Net) -> None:
    add(forms, "monthly-return", "all", "monthly", "--due", "5", "--from", "2024-01")
    before = newest(forms)
    for more in ([], ["--from", "2024-01"]):
        done = forms.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", *more)
        assert done.lines == [f"center/roster/{before}"]
        assert "says so already" in done.err
    assert newest(forms) == before


def test_stated_again_it_changes_from_the_running_period_on(forms: Net) -> None:
    add(forms, "monthly-return", "all", "monthly", "--due", "5", "--from", "2024-01")
    done = forms.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "10")
    assert "it takes the place of: every month, due 5 days after its end, from 2024-01" in done.err
    forms.ok("tver", "fetch")
    rows = forms.ok("tver", "duty", "list", "--json").json["duties"]
    fields = "form audience title rhythm due within day grace from until before entry words"
    assert set(rows[0]) == set(fields.split())
    assert [(row["due"], row["from"], row["before"], row["until"]) for row in rows] == [
        (5, "2024-01", "2024-03", None),
        (10, "2024-03", None, None),
    ]
    assert rows[0]["words"] == "every month, due 5 days after its end, from 2024-01, only before 2024-03"


def test_a_dry_run_posts_nothing_and_says_what_would_be(forms: Net) -> None:
    before, state = newest(forms), state_of(forms.home("center"))
    done = forms.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", "-n")
    assert done.lines == [f"center/roster/{before + 1}"]
    assert "nothing was posted" in done.err
    assert "every month, due 5 days" in done.err
    assert state_of(forms.home("center")) == state
    assert forms.ok("center", "duty", "list").lines == []


def test_for_scripts_it_is_one_object(forms: Net) -> None:
    told = forms.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", "--json").json
    assert (told["channel"], told["kind"], told["posted"]) == ("center/roster", "roster", True)
    assert told["duty"] == "every month, due 5 days after its end, from 2024-03"


@pytest.mark.parametrize(
    ("words", "part", "hint"),
    [
        ("yearly-return all yearly --due 5", "no form yearly-return", "cipherpost form publish yearly-return"),
        ("monthly-retrun all monthly --due 5", "no form monthly-retrun", "did you mean monthly-return?"),
        ("monthly-return tevr monthly --due 5", "no office or group", "did you mean tver?"),
        ("monthly-return center monthly --due 5", "center is the center", "cipherpost roster"),
        ("monthly-return audit monthly --due 5", "audit is an auditor", "cipherpost roster"),
        ("monthly-return all monthly", "how many days after the month's end it is due", "add --due 5"),
        ("monthly-return all monthly --due 5 --within 3", "has no --within", "cipherpost duty add --help"),
        ("monthly-return all monthly --due 5 --from 2024", "does not begin with '2024'", "--from 2027-01"),
        ("monthly-return all monthly --due 5 --from 2024-13", "has no '2024-13'", ""),
        ("monthly-return all once", "says when it is due", "add --on 2027-01-05"),
        ("monthly-return all once --on 2024-03-03", "is over", "give a later day behind --on"),
        ("conference-before all event --due 5", "has no --due", "cipherpost duty add --help"),
        ("conference-before all event --from 2024-03", "is not a day", "give a day like 2026-12-01 behind --from"),
        ("monthly-return all daily", "daily", ""),
        ("monthly-return all monthly --due 400", "400", ""),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_posted(forms: Net, words: str, part: str, hint: str) -> None:
    before = newest(forms)
    done = forms.run("center", "duty", "add", *words.split())
    refused(done, 2, part)
    assert not hint or hint in done.hints, done
    assert newest(forms) == before


def test_a_form_that_ships_with_the_program_is_published_first(net: Net) -> None:
    done = net.run("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5")
    refused(done, 2, "the network has no form monthly-return", "published before it is owed")
    assert done.hints == ["cipherpost form publish monthly-return"]


def test_only_a_keeper_states_duties(forms: Net) -> None:
    refused(forms.run("tver", "duty", "add", "monthly-return", "all", "monthly", "--due", "5"), 3)


# ---- ending one ------------------------------------------------------------------------------------------------------


def test_a_duty_ends_with_the_last_period_owed(forms: Net) -> None:
    add(forms, "monthly-return", "all", "monthly", "--due", "5")
    before = newest(forms)
    done = forms.ok("center", "duty", "end", "monthly-return", "all", "--until", "2024-06")
    assert done.lines == [f"center/roster/{before + 1}"]
    assert done.err == "cipherpost: monthly-return all: until 2024-06\n"
    assert entry(forms, before + 1) == "duty monthly-return all end 2024-06"
    assert forms.ok("center", "duty", "list").out.endswith("from 2024-03, until 2024-06\n")
    again = forms.run("center", "duty", "end", "monthly-return", "all", "--until", "2024-06")
    refused(again, 2, "owes no monthly-return after 2024-06 as it is")


def test_an_end_in_the_past_says_what_it_takes_away(forms: Net) -> None:
    add(forms, "monthly-return", "all", "monthly", "--due", "5", "--from", "2023-10")
    done = forms.ok("center", "duty", "end", "monthly-return", "all", "--until", "2023-12")
    assert "what was owed for a month after 2023-12 is owed no longer" in done.err


def test_events_end_with_a_day(forms: Net) -> None:
    add(forms, "conference-after", "all", "event", "--within", "7")
    forms.ok("center", "duty", "end", "conference-after", "all", "--until", "2024-12-31")
    assert "until 2024-12-31" in forms.ok("center", "duty", "list").out


@pytest.mark.parametrize(
    ("words", "part", "hint"),
    [
        ("yearly-return all --until 2024-06", "all owes no yearly-return", "cipherpost duty list"),
        (
            "monthly-return all --until 2024",
            "does not end with '2024'",
            "cipherpost duty end monthly-return all --until 2027-01",
        ),
        ("monthly-return all --until june", "is not a period", ""),
        ("monthly-return all --until e7k2m4qaz", "does not end with", ""),
        ("monthly-return tevr --until 2024-06", "no office or group", "did you mean tver?"),
    ],
)
def test_an_end_of_what_is_not_owed_is_refused(forms: Net, words: str, part: str, hint: str) -> None:
    add(forms, "monthly-return", "all", "monthly", "--due", "5")
    before = newest(forms)
    done = forms.run("center", "duty", "end", *words.split())
    refused(done, 2, part)
    assert not hint or hint in done.hints, done
    assert newest(forms) == before


def test_an_end_for_one_who_owes_it_with_others_names_the_duty_and_what_can_be_done(forms: Net) -> None:
    forms.ok("center", "group", "volga", "samara", "tver")
    forms.ok("center", "group", "north", "samara")
    add(forms, "monthly-return", "all", "monthly", "--due", "5")
    add(forms, "conference-after", "volga", "event", "--within", "7")
    done = forms.run("center", "duty", "end", "monthly-return", "tver", "--until", "2024-06")
    refused(done, 2, "tver owes monthly-return only through all", "every month, due 5 days after its end")
    assert done.hints[0].startswith("cipherpost excuse tver monthly-return PERIOD -m WHY ")
    assert done.hints[1].startswith("cipherpost duty end monthly-return all --until 2024-06 ")
    for audience in ("tver", "north"):
        done = forms.run("center", "duty", "end", "conference-after", audience, "--until", "2024-06-30")
        refused(done, 2, f"{audience} owes conference-after only through volga")
    done = forms.run("center", "duty", "end", "conference-before", "tver", "--until", "2024-06-30")
    refused(done, 2, "tver owes no conference-before")


def test_periods_that_nobody_owes_are_told_when_the_duty_is_stated(forms: Net, clock: Clock) -> None:
    words = ("duty", "add", "monthly-return", "all", "monthly", "--due", "5", "-n")
    done = forms.ok("center", *words, "--from", "2023-11")
    assert "nobody owes monthly-return for 2023-11 to 2024-02: no office of all was admitted by then" in done.err
    assert "the first period owed is 2024-03" in done.err
    assert "nobody owes" not in forms.ok("center", *words, "--from", "2024-03").err
    forms.ok("center", "office", "add", "ufa", "--title", "Ufa")
    lone = ("duty", "add", "monthly-return", "ufa", "monthly", "--due", "5", "-n", "--from", "2024-02")
    done = forms.ok("center", *lone)
    assert "nobody owes monthly-return for 2024-02: no office of ufa was admitted by then" in done.err
    assert "nobody owes it for the running period either" in done.err
    clock.ahead(days=40)
    forms.ok("center", *(word for word in words if word != "-n"), "--from", "2024-01")
    rows = forms.ok("center", "returns", "--json").json["debts"]
    assert {row["period"] for row in rows} == {"2024-03", "2024-04"}


def test_nothing_owed_is_said_so(net: Net) -> None:
    done = net.ok("tver", "duty", "list")
    assert done.out == ""
    assert "nothing is owed regularly" in done.err
