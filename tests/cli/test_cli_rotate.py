"""`keys rotate`, `keys destroy`, ages of keys, and `admit` of new keys, as people type them."""

from cliharness import check_words


def test_keys_are_rotated_with_three_commands(net):
    begun = net.ok("tver", "keys", "rotate")
    assert "your new keys wait for the roster" in begun.err
    assert begun.hints[-1] == "the center types: cipherpost admit tver/ivanov"
    assert "new keys" in net.ok("tver", "status").out
    waits = net.run("tver", "send", "-", "--to", "center", stdin="in between")
    assert waits.code == 1
    assert "your new keys are not in the roster yet" in waits.err
    check_words(waits)

    cards = net.ok("center", "cards")
    assert cards.hints == ["cipherpost admit tver/ivanov    (the key in force vouches for it)"]
    done = net.ok("center", "admit", "tver/ivanov")
    assert "new keys for tver/ivanov; what counts of the old ones ends with:" in done.err
    assert "unchecked" not in done.err
    fetched = net.ok("tver", "fetch")
    assert "your new keys are in force" in fetched.err
    assert "sent: tver/center/" in fetched.err
    shown = net.ok("tver", "keys", "show", "--json").json
    assert shown["entry"] == net.ok("center", "roster", "--json").json["number"]
    assert len(shown["older"]) == 1


def test_keys_rotate_says_in_json_what_the_center_needs(net):
    given = net.ok("tver", "keys", "rotate", "--json").json
    assert given["entry"] is None
    assert given["delivered"] is True
    assert given["replaces"].startswith("rkpb/tver/ivanov+")
    again = net.ok("tver", "keys", "rotate", "--json").json
    assert again["card"] == given["card"]
    admitted = net.ok("center", "admit", "tver/ivanov", "--json").json
    assert admitted["replaced"][0]["vouched"] is True
    assert {cut["channel"] for cut in admitted["replaced"][0]["cuts"]} >= {"tver/center", "tver/tver"}


def test_the_only_keeper_needs_nobody(net):
    before = net.ok("center", "roster", "--json").json["number"]
    done = net.ok("center", "keys", "rotate")
    assert f"your new keys are in force: entry {before + 1}" in done.err
    net.ok("center", "send", "-", "--to", "all", stdin="with the new key")
    net.ok("tver", "fetch")
    assert net.ok("center", "audit", "--json").json["ok"] is True


def test_old_keys_are_destroyed_by_name_of_what_they_open(net):
    net.ok("center", "send", "-", "--to", "tver", stdin="to the old key")
    net.ok("tver", "fetch")
    nothing = net.run("tver", "keys", "destroy", "--before", "2030-01-01", "-y")
    assert nothing.code == 1
    check_words(nothing)
    net.ok("tver", "keys", "rotate")
    net.ok("center", "admit", "tver/ivanov")
    net.ok("tver", "fetch")
    day = f"{net.clock.now.date().replace(year=net.clock.now.year + 1)}"
    unasked = net.run("tver", "keys", "destroy", "--before", day)
    assert unasked.code == 2
    assert unasked.hints == ["add -y"]
    dry = net.ok("tver", "keys", "destroy", "--before", day, "-n")
    assert "center/tver: 1" in dry.err
    assert net.ok("tver", "read", "center/tver/1").out
    done = net.ok("tver", "keys", "destroy", "--before", day, "-y", "--json").json
    assert done["destroyed"][0]["letters"]["center/tver"] == [1]
    gone = net.run("tver", "read", "center/tver/1")
    assert gone.code == 4
    check_words(gone)
    assert net.ok("tver", "keys", "show", "--json").json["older"] == []


def test_the_roster_names_keys_that_are_older_than_a_year(net):
    assert "keys older than" not in net.ok("center", "roster").err
    net.clock.ahead(days=366)
    said = net.ok("center", "roster")
    assert "keys older than 365 days: " in said.err
    assert "center/stasova (" in said.err
    assert any("keys rotate" in hint for hint in said.hints)
    officers = net.ok("center", "roster", "--json").json["offices"][0]["officers"]
    assert officers[0]["old"] is True
    shown = net.ok("tver", "keys", "show")
    assert "new keys are advised once a year" in shown.err
