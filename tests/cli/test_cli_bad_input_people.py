"""Bad input, one test an item: what people carry, say and mistype on their way in."""

import textwrap
from dataclasses import replace

import pytest
from cliharness import check_words, files, refused, state_of

from cipherpost.card import parse_card, sign_card
from cipherpost.carry import armor, dearmor

LETTER = "Order\n\nDo it.\n"


def quoted(text):
    return "".join(f"> > {line}\n" for line in text.splitlines())


def wrapped(text):
    return "".join(textwrap.fill(line, 40, break_on_hyphens=False) + "\n" for line in text.splitlines())


def in_mail(text):
    return f"Dear colleague,\n\nhere it is:\n\n{text}\n-- \nThe center\n"


MANGLED = {
    "quoting": lambda text: quoted(text).encode(),
    "wrapping": lambda text: wrapped(text).encode(),
    "joined lines": lambda text: text.replace("\n", " ").encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "byte-order mark": lambda text: text.encode("utf-8-sig"),
    "mail": lambda text: in_mail(text).encode(),
    "all of it": lambda text: quoted(in_mail(wrapped(text))).replace("\n", "\r\n").encode("utf-16"),
}


# ---- what is carried -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
def test_an_invitation_comes_through_mangled_mail(net, mangle):
    path = net.invite("penza")
    path.write_bytes(mangle(path.read_text()))
    assert net.join(path, "sidorov", "penza")["office"] == "penza"


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
def test_a_card_comes_through_mangled_mail(net, mangle):
    joined = net.join(net.invite("penza"), "sidorov", "penza")
    card = net.write("penza.card", mangle(net.ok("penza", "card").out))
    done = net.ok("center", "admit", str(card), "--heard", joined["spoken"], "--json")
    assert done.json["admitted"] == ["penza/sidorov"]
    assert "admitted" in net.ok("penza", "fetch").err


@pytest.mark.parametrize("harm", ["cut", "letter changed", "letter lost", "nothing carried", "another kind"])
def test_an_invitation_that_was_damaged_is_refused(net, harm):
    path = net.invite("penza")
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    changed = {
        "cut": "".join(lines[:3]),
        "letter changed": text.replace(lines[2][5], "A" if lines[2][5] != "A" else "B", 1),
        "letter lost": "".join([*lines[:2], lines[2][1:], *lines[3:]]),
        "nothing carried": "Dear colleague,\n",
        "another kind": net.ok("tver", "card").out,
    }
    path.write_text(changed[harm])
    done = net.run("penza", "join", str(path), "--officer", "sidorov", "--no-passphrase")
    refused(done, 3, str(path))
    assert done.hints
    assert not net.home("penza").exists(), "nothing is half made"


def test_an_invitation_that_is_not_there(net):
    done = net.run("penza", "join", "nowhere.invitation", "--officer", "sidorov", "--no-passphrase")
    refused(done, 1, "nowhere.invitation")
    assert not net.home("penza").exists()


def test_a_card_that_was_damaged_is_refused_and_the_good_ones_admitted(net):
    net.join(net.invite("penza"), "sidorov", "penza")
    net.join(net.invite("tula"), "gusev", "tula")
    good = net.write("penza.card", net.ok("penza", "card").out)
    bad = net.write("tula.card", net.ok("tula", "card").out[:-300])
    done = net.run("center", "admit", str(good), str(bad), "--json")
    assert done.code == 3
    assert done.json["admitted"] == ["penza/sidorov"]
    assert "not admitted:" in done.err
    assert "tula.card" in done.err
    check_words(done)


# ---- the spoken number ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [1, 7, 12])
def test_a_spoken_number_with_one_wrong_group_names_the_group(net, group):
    joined = net.join(net.invite("penza"), "sidorov", "penza")
    groups = joined["spoken"].split()
    right = groups[group - 1]
    groups[group - 1] = f"{(int(groups[group - 1]) + 1) % 100000:05d}"
    before = files(net.post)
    done = net.run("center", "admit", "penza/sidorov", "--heard", " ".join(groups))
    refused(done, 3, f"group {group} of the number", "penza/sidorov", groups[group - 1])
    assert right not in done.err, "who sees the right digits is tempted to type them unheard"
    assert files(net.post) == before
    net.ok("center", "admit", "penza/sidorov", "--heard", joined["spoken"].replace(" ", ""))


@pytest.mark.parametrize("heard", ["", "12345", "words and more words", "1 2 3 4 5 6 7 8 9 10 11 12"])
def test_a_spoken_number_that_is_none(net, heard):
    net.join(net.invite("penza"), "sidorov", "penza")
    before = files(net.post)
    done = net.run("center", "admit", "penza/sidorov", "--heard", heard)
    refused(done, 2)
    assert "twelve groups of five digits" in done.err
    assert files(net.post) == before


def test_a_fingerprint_with_one_wrong_group_is_that_of_no_network(net):
    fingerprint = net.ok("center", "roster", "--json").json["spoken"].split()
    fingerprint[3] = f"{(int(fingerprint[3]) + 1) % 100000:05d}"
    words = ("join", str(net.post), "--fingerprint", " ".join(fingerprint), "--office", "penza", "--officer", "sidorov")
    refused(net.run("penza", *words, "--no-passphrase"), 2, "no network of this post office", "rkpb")
    assert not net.home("penza").exists()


@pytest.mark.parametrize(
    ("heard", "said"),
    [("13539 x6393", "the spoken number holds 'x'"), ("13539 46393", "the spoken number has 10 digits")],
)
def test_i10_a_number_that_is_none_says_what_is_wrong_with_it(net, heard, said):
    refused(net.run("center", "admit", "tver/ivanov", "--heard", heard), 2, said)
    refused(net.run(None, "audit", "--post", str(net.post), "--fingerprint", "9c3fab01"), 2, "has 8 characters in hex")


def test_i10_an_officer_or_office_named_by_half_is_completed(net):
    done = net.run("center", "retire", "ivanov", "-y")
    refused(done, 2, "which officer of it")
    assert done.hints == ["cipherpost retire tver/ivanov"]
    done = net.run("center", "suspend", "tverr", "-y")
    refused(done, 2, "there is no office 'tverr'")
    assert done.hints == ["did you mean tver?", "cipherpost roster"]


def test_i10_a_wrong_key_at_a_question_is_asked_again_in_the_programs_words(net):
    done = net.run("center", "suspend", "tver", tty=True, stdin="q\nn\n")
    assert done.code == 2
    assert "type y for yes, or n for no" in done.err
    assert "invalid input" not in done.err


def test_i10_a_home_that_is_not_there_to_forward_through_is_no_matter_of_this_home(net):
    done = net.run("tver", "forward", "center/all/1", "--to", "all", "--with-home", str(net.root / "nohome"))
    refused(done, 2, "there is no home here", "nohome")
    assert done.hints == ["look at the name behind --with-home"]


def test_keys_of_a_retired_officer_are_not_called_new_and_an_empty_list_has_no_head(net):
    assert "cut off" not in net.ok("center", "cut", tty=True).out
    assert "subject" not in net.ok("center", "proposals", tty=True).out
    net.ok("center", "retire", "tver/ivanov", "-y")
    net.run("tver", "fetch")
    shown = net.ok("tver", "keys", "show")
    assert "not in force yet" not in shown.out
    assert "(lost by: retire)" in shown.out
    assert net.ok("tver", "keys", "show", "--json").json["entry"] is None


# ---- mistyped ------------------------------------------------------------------------------------------------------


def test_a_mistyped_office_is_refused_with_the_nearest_name(net):
    before = files(net.post)
    for words in (
        ("invite", "tevr"),
        ("admit", "tevr/ivanov"),
        ("send", "-", "--to", "tevr"),
        ("group", "volga", "tevr"),
    ):
        done = net.run("center", *words, stdin=LETTER)
        assert done.code == 2, done
        assert "tevr" in done.err
        assert any("tver" in hint for hint in done.hints), done
        check_words(done)
    for words in (("roster", "tevr"), ("suspend", "tevr", "-y"), ("reinstate", "tevr")):
        done = net.run("center", *words)
        assert done.code == 2, done
        assert "tevr" in done.err
        check_words(done)
    assert files(net.post) == before


def test_a_mistyped_command_is_refused_with_the_nearest_name(net):
    refused(net.run("tver", "fecth"), 2, "fecth", "fetch")


@pytest.mark.parametrize(
    "place", ["center/all", "center/all/x", "center/all/0", "center", "a/b/c/d", "../x/1", "all/1"]
)
def test_a_mistyped_number_of_a_dispatch(net, place):
    for words in (("read", place), ("outbox", place), ("complied", place), ("reply", place, "-m", "x")):
        refused(net.run("tver", *words), 2, "center/all/14")


def test_a_number_that_does_not_exist(net):
    for words in (("read", "center/all/77"), ("outbox", "tver/center/77"), ("reply", "center/all/77", "-m", "x")):
        refused(net.run("tver", *words), 1, "/77", "no such dispatch")


def test_names_that_are_no_names(net):
    for name in ("Tver", "tver committee", "con", "../tver", "", "a" * 64, "all", "center", "tver\n", "tv\x1bver"):
        refused(net.run("center", "office", "add", name), 2)
    refused(net.run("penza", "join", str(net.invite("penza")), "--officer", "Sidorov", "--no-passphrase"), 2, "Sidorov")
    assert not net.home("penza").exists()


# ---- cards ---------------------------------------------------------------------------------------------------------


def card_of(net, home):
    return dearmor(net.ok(home, "card").out.encode(), "CARD")


def test_a_card_with_a_bad_signature(net):
    net.join(net.invite("penza"), "sidorov", "penza")
    note = card_of(net, "penza")
    at = note.rindex(b" ") + 10
    forged = note[:at] + (b"A" if note[at : at + 1] != b"A" else b"B") + note[at + 1 :]
    path = net.write("penza.card", armor("CARD", forged))
    before = files(net.post)
    done = net.run("center", "admit", str(path))
    assert done.code == 3, done
    assert "not admitted:" in done.err
    assert "penza/sidorov" in done.err
    check_words(done)
    assert files(net.post) == before


def test_a_card_with_anothers_name(net):
    """Samara's officer makes a card with his own key, and calls himself tver/petrova."""
    net.join(net.invite("penza"), "sidorov", "penza")
    with net.desk("penza") as desk:
        mine = parse_card(card_of(net, "penza")).card
        signer = type(desk.keys.signer)("rkpb/tver/sidorov", desk.keys.signer.secret_seed())
        forged = sign_card(replace(mine, office="tver", officer="sidorov", vkey=signer.verifier), signer)
    spoken = parse_card(forged).spoken
    path = net.write("penza.card", armor("CARD", forged))
    net.ok("center", "admit", "penza/sidorov")
    before = files(net.post)
    done = net.run("center", "admit", str(path), "--heard", spoken)
    assert done.code == 3, done
    assert "tver/sidorov" in done.err
    check_words(done)
    assert files(net.post) == before, "a key enters the roster once, under one name"


def test_a_card_under_another_offices_prefix_is_passed_over(net):
    net.join(net.invite("penza"), "sidorov", "penza")
    note = card_of(net, "penza")
    place = net.post / "rkpb" / "samara" / "cards"
    place.mkdir(exist_ok=True)
    (place / f"{parse_card(note).hash}.card").write_bytes(note)
    listed = net.ok("center", "cards", "--json").json["cards"]
    assert [(each["office"], each["officer"]) for each in listed] == [("penza", "sidorov")]
    done = net.run("center", "admit", "samara/sidorov")
    assert done.code == 1
    assert "no card of samara/sidorov" in done.err


def test_a_card_admitted_twice(net):
    before = files(net.post)
    done = net.run("center", "admit", "tver/ivanov")
    assert done.code == 2, done
    assert "tver/ivanov is admitted with this card already" in done.err
    check_words(done)
    assert files(net.post) == before


def test_a_card_given_twice_is_admitted_once(net):
    net.join(net.invite("penza"), "sidorov", "penza")
    card = net.write("penza.card", net.ok("penza", "card").out)
    copy = net.write("copy.card", net.ok("penza", "card").out)
    assert net.ok("center", "admit", str(card), str(copy), "--json").json["admitted"] == ["penza/sidorov"]


def test_a_card_for_a_name_that_has_keys(net):
    joined = net.join(net.invite("penza"), "sidorov", "penza")
    net.ok("center", "admit", "penza/sidorov", "--heard", joined["spoken"])
    again = net.join(net.root / "penza.invitation", "sidorov", "thief")
    before = files(net.post)
    unheard = net.run("center", "admit", "penza/sidorov")
    assert unheard.code == 2, unheard
    assert "the roster has keys of penza/sidorov, and none of them has signed this card" in unheard.err
    check_words(unheard)
    unasked = net.run("center", "admit", "penza/sidorov", "--heard", again["spoken"])
    assert unasked.code == 2, unasked
    assert "what counts of the old ones ends with" in unasked.err
    assert unasked.hints == ["add -y"]
    assert files(net.post) == before


def test_a_card_for_another_network(net, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    words = ("--officer", "dan", "--no-passphrase")
    net.ok(None, "--home", str(other / "home"), "init", "aid", *words, "--post", str(other / "post"))
    net.ok(None, "--home", str(other / "home"), "office", "add", "tver")
    net.ok(None, "--home", str(other / "home"), "invite", "tver", "-o", str(other / "tver.invitation"))
    net.join(other / "tver.invitation", "egorov", "egorov")
    card = net.write("egorov.card", net.ok("egorov", "card").out)
    done = net.run("center", "admit", str(card))
    assert done.code == 3, done
    assert "another network" in done.err
    check_words(done)


def test_several_cards_of_one_name_are_told_apart_by_the_number(net):
    invitation = net.invite("penza")
    joined = net.join(invitation, "sidorov", "penza")
    net.join(invitation, "sidorov", "thief")
    done = net.run("center", "admit", "penza/sidorov")
    assert done.code == 2
    assert "2 cards of penza/sidorov" in done.err
    check_words(done)
    net.ok("center", "admit", "penza/sidorov", "--heard", joined["spoken"])
    assert net.run("thief", "fetch").code == 4
    assert "you are admitted" in net.ok("penza", "fetch").err


def test_an_officer_of_the_center_is_not_admitted_in_a_batch(net):
    net.ok("center", "invite", "center", "-o", str(net.root / "center.invitation"))
    net.join(net.root / "center.invitation", "sverdlov", "second")
    net.join(net.invite("penza"), "sidorov", "penza")
    done = net.run("center", "admit", "center/sverdlov", "penza/sidorov", "--json")
    assert done.code == 2
    assert done.json["admitted"] == ["penza/sidorov"]
    assert "never in a batch" in done.err
    check_words(done)


def test_joining_into_a_home_that_is_there(net):
    before = state_of(net.home("tver"))
    invitation = net.invite("penza")
    refused(net.run("tver", "join", str(invitation), "--officer", "sidorov", "--no-passphrase"), 2, "is a home already")
    assert state_of(net.home("tver")) == before


def test_founding_twice_in_one_post_office(net):
    before = files(net.post)
    words = ("init", "rkpb", "--officer", "dan", "--post", str(net.post), "--no-passphrase")
    refused(net.run("other", *words), 2, "already has a network", str(net.post))
    assert files(net.post) == before
    assert not net.home("other").exists()


def test_not_admitted_yet_tells_the_number_and_whose_turn_it_is(net):
    joined = net.join(net.invite("penza"), "sidorov", "penza")
    done = net.run("penza", "fetch")
    assert done.code == 4
    assert joined["spoken"] in done.err
    check_words(done)
    refused(net.run("penza", "send", "-", "--to", "center", stdin=LETTER), 4, "not admitted yet", joined["spoken"])
    assert net.ok("penza", "outbox").out == ""


def test_a_newcomer_facing_thirteen_old_circulars(net):
    for at in range(2, 14):
        net.ok("center", "send", "-", "--to", "all", stdin=f"Circular {at}\n")
    net.admit("penza", "sidorov")
    done = net.ok("penza", "fetch")
    assert "13 letters" in done.err
    assert "before you were a reader" in done.err
    assert not (net.post / "rkpb" / "penza" / "center").exists(), "nothing is acked that cannot be read"
    rows = net.ok("penza", "inbox", "--json").json["dispatches"]
    assert [(row["number"], row["state"], row["subject"]) for row in rows] == [
        (at, "before-you", None) for at in range(1, 14)
    ]
    refused(net.run("penza", "read", "center/all/5"), 4, "center/all/5", "before you were a reader")
    net.ok("center", "send", "-", "--to", "all", stdin="Circular 14\n")
    done = net.ok("penza", "fetch")
    assert done.out == "center/all/14  circular  Circular 14\n"
    assert net.ok("penza", "status", "--json").json["new"] == 1
    net.ok("center", "fetch")
    offices = net.ok("center", "outbox", "center/all/14", "--json").json["dispatches"][0]["offices"]
    assert {each["office"]: each["state"] for each in offices}["penza"] == "received"


def test_what_makes_no_sense_in_the_roster_as_it_stands_is_wrong_use(net):
    net.ok("center", "group", "volga", "samara")
    net.ok("center", "suspend", "samara", "-y")
    net.ok("center", "fetch")
    before, kept = files(net.post), state_of(net.home("center"))
    for words in (
        ("office", "add", "tver"),
        ("office", "add", "volga"),
        ("group", "tver", "samara"),
        ("suspend", "samara", "-y"),
        ("suspend", "center", "-y"),
        ("reinstate", "tver"),
        ("group", "volga"),
        ("office", "add"),
        ("office", "add", "x", "--role", "keeper"),
        ("office", "add", "x", "--title", "t" * 121),
    ):
        refused(net.run("center", *words), 2)
    assert files(net.post) == before
    assert state_of(net.home("center")) == kept


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ("penza,Penza,committee,more\n", "line 1 has 4 columns"),
        ("penza,Penza\ntula,Tula,king\n", "line 2"),
        ("name,title\n", "no office"),
        ("penza,Penza\nPenza!,Penza\n", "Penza!"),
        ("penza,Penza\npenza,Penza\n", "penza"),
        (b"penza,\xff\n", "UTF-8"),
    ],
)
def test_a_table_of_offices_with_a_mistake_declares_none(net, table, part):
    path = net.write("offices.csv", table)
    before = files(net.post)
    refused(net.run("center", "office", "add", "--from", str(path)), 2, part)
    assert files(net.post) == before


def test_what_is_there_is_not_written_over(net):
    there = net.write("there", "mine")
    invitation = net.invite("penza")
    refused(net.run("center", "invite", "penza", "-o", str(there)), 1, str(there), "written over")
    refused(net.run("tver", "card", "-o", str(there)), 1, str(there), "written over")
    words = ("join", str(invitation), "--officer", "sidorov", "--no-passphrase", "-o", str(there))
    refused(net.run("penza", *words), 2, str(there))
    assert there.read_text() == "mine"
    assert not net.home("penza").exists()
    net.ok("center", "invite", "penza", "-o", str(there), "--force")
    assert "BEGIN CIPHERPOST INVITATION" in there.read_text()


def test_what_is_not_for_this_officer(net):
    net.ok("center", "send", "-", "--to", "samara", stdin=LETTER)
    net.ok("tver", "fetch")
    refused(net.run("tver", "read", "center/samara/1"), 1, "center/samara/1", "no such dispatch")
    net.ok("audit", "fetch")
    for place in ("center/all/1", "center/samara/1"):
        refused(net.run("audit", "read", place), 4, place)
    refused(net.run("center", "read", "tver/center/1"), 2, "tver/center/1", "carries no letter")
    refused(net.run("center", "reply", "center/all/1", "-m", "x"), 2, "your own office's letter")
    refused(net.run("tver", "outbox", "center/all/1"), 2, "not your office's")
