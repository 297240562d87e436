"""``retire``, ``compromised``, ``suspend``, ``dissolve``, ``cut``, ``keepers``, thresholds, ``forks``, ``settle``."""

import pytest
from cliharness import Net, refused

from cipherpost.note import split
from cipherpost.text import sha256

TVER = "tver/center"


def statements(net: Net) -> list[str]:
    number = newest(net)
    return net.note("center/roster", number).read_text().partition("\n\n")[2].partition("\n\n")[0].splitlines()


def newest(net: Net) -> int:
    return int(net.ok("center", "roster", "--json").json["number"])


@pytest.fixture
def sent(net: Net) -> Net:
    """Tver sent two letters, 2 and 3 behind a receipt, and the center acknowledged them."""
    for at in (1, 2):
        net.ok("tver", "reply", "center/all/1", "-m", f"answer {at}")
    net.ok("center", "fetch")
    return net


@pytest.fixture
def colleague(sent: Net) -> Net:
    """Petrov is a second officer of tver, in the home petrov."""
    sent.ok("center", "invite", "tver", "-o", str(sent.root / "again.invitation"))
    joined = sent.join(sent.root / "again.invitation", "petrov", "petrov")
    sent.ok("center", "admit", "tver/petrov", "--heard", joined["spoken"])
    return sent


# ---- losses ----------------------------------------------------------------------------------------------------------


def test_retiring_one_of_two_shows_the_cuts_and_does_not_ask(colleague: Net) -> None:
    before = newest(colleague)
    plan = colleague.ok("center", "retire", "tver/ivanov", "-n")
    last = int(colleague.ok("center", "roster", "--json").json["number"])
    assert last == before
    assert "retiring tver/ivanov (Tver Gubernia Committee); what counts of it ends with:" in plan.err
    assert f"{TVER}/" in plan.err
    assert "tver/tver: nothing" in plan.err
    done = colleague.ok("center", "retire", "tver/ivanov", "--json").json
    head = {cut["channel"]: cut["number"] for cut in done["cuts"]}
    assert head == {TVER: head[TVER], "tver/tver": 0}
    assert head[TVER] >= 2
    assert statements(colleague)[0] == "retire tver/ivanov"
    assert len(statements(colleague)) == 3
    refused(colleague.run("tver", "reply", "center/all/1", "-m", "again"), 4, "no standing")
    former = [line for line in colleague.ok("center", "roster", "tver").lines if line.startswith("former")]
    assert len(former) == 1
    assert f"ivanov: retired in entry {newest(colleague)} (" in former[0]


@pytest.mark.parametrize("words", ["retire tver/ivanov", "compromised tver/ivanov", "suspend tver", "dissolve tver"])
def test_what_cannot_be_undone_needs_a_yes_where_nobody_can_be_asked(sent: Net, words: str) -> None:
    before = newest(sent)
    refused(sent.run("center", *words.split()), 2, "needs a yes")
    assert newest(sent) == before
    assert sent.ok("center", *words.split(), "-y").lines == [f"center/roster/{before + 1}"]
    assert statements(sent)[0] == words


def test_a_lower_cut_is_chosen_and_what_it_costs_is_said(sent: Net) -> None:
    done = sent.ok("center", "compromised", "tver/ivanov", "--cut", f"{TVER}/2", "-y")
    assert f"the center has acknowledged {TVER}/3" in done.err
    assert f"  {TVER}/2 " in done.err
    places = sent.ok("center", "inbox", "--json").json["dispatches"]
    assert [row["number"] for row in places if row["channel"] == TVER] == [2]


def test_keys_stolen_on_a_day_are_cut_at_what_others_had_acknowledged_before_it(sent: Net) -> None:
    sent.clock.ahead(days=2)
    day = sent.clock.now.date().isoformat()
    sent.ok("tver", "fetch")
    sent.ok("tver", "reply", "center/all/1", "-m", "by the thief")
    done = sent.ok("center", "compromised", "tver/ivanov", "--since", day, "-y", "--json").json
    assert {cut["channel"]: cut["number"] for cut in done["cuts"]}[TVER] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("retire", "tver"), "which officer of it"),
        (("retire", "tver/nobody"), "there is no officer tver/nobody"),
        (("retire", "center/stasova"), "stasova is the only keeper"),
        (("suspend", "center"), "the center cannot be suspended"),
        (("dissolve", "tver/ivanov"), "that is one officer"),
        (("compromised", "tver/ivanov", "--cut", f"{TVER}/99"), "above the last that counts"),
        (("compromised", "tver/ivanov", "--cut", "samara/center/1"), "no channel that tver is cut off in"),
        (("compromised", "tver/ivanov", "--cut", "tver"), "is not a channel"),
        (("cut", f"{TVER}/1"), "0 entries took standing away in tver"),
        (("cut", f"{TVER}/1", "--entry", "2"), "entry 2 took nobody's standing away in tver"),
        (("cut", "center/roster/1"), "is no channel in which anybody is cut off"),
        (("cut", "--entry", "2"), "which cut is to be moved"),
        (("settle", f"{TVER}/1"), "1 signed dispatch"),
        (("settle", "center/roster/2"), "the roster cannot settle itself"),
        (("keepers", "nobody"), "nobody is no officer of the center"),
        (("keepers", "stasova", "stasova"), "stasova is named twice"),
        (("keepers", "center/stasova"), "name the officer alone"),
        (("settings", "threshold", "center", "0"), "cannot be asked for"),
        (("settings", "threshold", "center", "18"), "cannot be asked for"),
        (("settings", "threshold", "nowhere", "2"), "there is no office"),
    ],
)
def test_i10_what_makes_no_sense_is_refused_and_posts_nothing(sent: Net, words: tuple[str, ...], said: str) -> None:
    before = newest(sent)
    refused(sent.run("center", *words, "-y"), 2, said)
    assert newest(sent) == before


@pytest.mark.parametrize(
    "words", ["retire samara/petrova", "suspend samara", "cut samara/center/0", "settle center/all/1"]
)
def test_only_keepers_take_standing_away(net: Net, words: str) -> None:
    refused(net.run("tver", *words.split(), "-y"), 3, "does not keep the roster")


def test_a_dissolved_office_is_written_to_no_more_and_keeps_its_line_in_the_ledger(owed: Net) -> None:
    owed.ok("tver", "report", "monthly-return", "2024-03", "--nil", "-m", "none held")
    owed.ok("center", "fetch")
    owed.ok("center", "dissolve", "tver", "-y")
    owed.write("order.md", "To tver.\n")
    refused(owed.run("center", "send", str(owed.root / "order.md"), "--to", "tver"), 2, "tver is dissolved")
    entry = newest(owed)
    found = owed.ok("center", "returns", "2024-03", "--json").json
    assert {row["office"]: row["state"] for row in found["debts"] if row["form"]} == {"tver": "nil", "samara": "due"}
    since = {"office": "tver", "state": "dissolved", "entry": entry, "title": "Tver Gubernia Committee"}
    assert [{name: each[name] for name in since} for each in found["left"]] == [since]
    line = (
        f"tver (Tver Gubernia Committee): dissolved since 2024-04-02, entry {entry} of the roster; owes nothing since"
    )
    assert line in owed.ok("audit", "fetch", "-q").out + owed.ok("audit", "returns", "2024-03").out
    assert owed.ok("center", "returns", "2024-05", "--json").json["left"] == []
    owed.ok("center", "returns", "--html", str(owed.root / "returns.html"))
    assert f"<li>{line}</li>" in (owed.root / "returns.html").read_text()


# ---- cuts ------------------------------------------------------------------------------------------------------------


def test_cuts_are_listed_and_moved(sent: Net) -> None:
    assert "nobody has lost standing" in sent.ok("center", "cut").err
    sent.ok("center", "compromised", "tver/ivanov", "--cut", f"{TVER}/1", "-y")
    entry = newest(sent)
    rows = sent.ok("center", "cut", "--json").json["cuts"]
    (row,) = (row for row in rows if row["channel"] == TVER)
    assert (row["entry"], row["officers"], row["number"]) == (entry, ["tver/ivanov"], 1)
    assert row["above"][0] == 2
    assert f"{TVER}/1" in sent.ok("center", "cut").out
    done = sent.ok("center", "cut", f"{TVER}/2", "-y")
    assert done.lines == [f"center/roster/{entry + 1}"]
    assert "ends with tver/center/2" in done.err
    assert "not with number 1" in done.err
    assert statements(sent)[0].startswith(f"cut {entry} {TVER} 2 ")
    refused(sent.run("center", "cut", f"{TVER}/1"), 2, "needs a yes")
    refused(sent.run("center", "cut", f"{TVER}/3", "--hash", "0123456789abcdef"), 2, "is not 0123456789abcdef")
    sent.ok("center", "cut", f"{TVER}/0", "-y")
    assert statements(sent) == [f"cut {entry} {TVER} 0 none"]
    assert sent.ok("center", "inbox", "--json").json["dispatches"] == []


def test_i10_a_cut_moved_up_names_all_that_counts_again_and_asks(sent: Net) -> None:
    """Number 2 is the thief's, 3 the honest clerk's: giving 3 back gives 2 back too, and that is said before."""
    sent.ok("center", "compromised", "tver/ivanov", "--cut", f"{TVER}/1", "-y")
    before = newest(sent)
    for words in (("-n",), ()):
        told = sent.run("center", "cut", f"{TVER}/3", *words)
        for number in (2, 3):
            assert f"counts again: {TVER}/{number} by tver/ivanov, message of 2024-" in told.err
        assert "these keys were in other hands" in told.err
    refused(told, 2, f"this lets {TVER}/2, {TVER}/3 count again (until a later cut) and needs a yes")
    assert newest(sent) == before
    done = sent.ok("center", "cut", f"{TVER}/3", "-y", "--json").json
    assert [each["number"] for each in done["counts_again"]] == [2, 3]
    assert done["counts_no_more"] == []
    told = sent.ok("center", "cut", f"{TVER}/2", "-n")
    assert f"counts no more: {TVER}/3 by tver/ivanov, message of 2024-" in told.err
    assert f"{TVER}/2 by" not in told.err
    done = sent.ok("center", "cut", f"{TVER}/2", "-y", "--json").json
    assert [each["number"] for each in done["counts_no_more"]] == [3]
    places = sent.ok("center", "inbox", "--json").json["dispatches"]
    assert [row["number"] for row in places if row["channel"] == TVER] == [2]


def test_after_new_keys_the_cut_of_who_left_is_meant_and_a_number_that_is_not_there_says_so(sent: Net) -> None:
    sent.ok("tver", "keys", "rotate")
    sent.ok("center", "admit", "tver/ivanov")
    sent.ok("tver", "fetch")
    sent.ok("tver", "reply", "center/all/1", "-m", "by the new key")
    sent.ok("center", "retire", "tver/ivanov", "--cut", f"{TVER}/3", "-y")
    entry = newest(sent)
    assert f"cut off in entry {entry} ends with {TVER}/4" in sent.ok("center", "cut", f"{TVER}/4", "-n").err
    assert f"cut off in entry {entry} ends with {TVER}: nothing" in sent.ok("center", "cut", f"{TVER}/0", "-n").err
    refused(sent.run("center", "cut", f"{TVER}/99"), 2, "there is no such number here", "the last is")


# ---- keepers and thresholds ------------------------------------------------------------------------------------------


def test_keepers_are_shown(net: Net) -> None:
    assert net.ok("tver", "keepers", "--json").json == {"keepers": ["stasova"], "needed": 1, "since": 1, "others": []}
    assert net.ok("tver", "keepers").lines[:2] == ["keepers         stasova", "sign an entry   1 of 1"]
    assert "they are the keepers already" in net.ok("center", "keepers", "stasova").err


def test_two_keepers_are_asked_about_since_the_loss_of_one_is_the_end(net: Net) -> None:
    net.ok("center", "invite", "center", "-o", str(net.root / "center.invitation"))
    joined = net.join(net.root / "center.invitation", "sverdlov", "sverdlov")
    net.ok("center", "admit", "center/sverdlov", "--heard", joined["spoken"])
    done = net.ok("center", "keepers", "stasova", "sverdlov", "-n")
    assert "2 of 2 sign each" in done.err
    assert "1 of 1 before it and 2 of 2 after it" in done.err
    refused(net.run("center", "keepers", "stasova", "sverdlov"), 2, "lock everybody out")


def test_a_threshold_says_when_it_binds(net: Net) -> None:
    done = net.ok("center", "settings", "threshold", "tver", "2")
    assert "has 1 officer: the threshold binds from the entry at which it has 2, and stays 1 until then" in done.err
    assert statements(net) == ["threshold tver 2"]
    assert "2, as soon as it has so many officers" in net.ok("center", "settings").out
    assert net.ok("center", "settings", "--json").json["threshold"] == {}
    assert "says so already" in net.ok("center", "settings", "threshold", "tver", "2").err
    net.ok("center", "settings", "threshold", "tver", "1")
    assert "threshold" not in net.ok("center", "settings").out


# ---- forks -----------------------------------------------------------------------------------------------------------


def test_where_no_fork_is_none_is_listed(net: Net) -> None:
    assert "no fork is known here" in net.ok("center", "forks").err
    assert net.ok("tver", "forks", "--no-evidence", "--json").json == {
        "forks": [],
        "evidence": [],
        "refused": [],
        "proofs": [],
    }


def test_a_fork_ends_with_7_until_it_is_settled(sent: Net) -> None:
    """Another copy of tver's home signed a second number 2; the center's other clerk laid it down."""
    honest = sent.note(TVER, 2).read_text().splitlines()
    lines = sent.next_text("tver", TVER, "check").decode().splitlines()
    data = "".join(
        f"{line}\n" for line in (*lines[:3], *honest[3:5], *lines[5:], "ack center/all 0 none seen")
    ).encode()
    evidence = sent.post / "rkpb" / "center" / "evidence" / f"{sha256(data)}.note"
    evidence.parent.mkdir(parents=True, exist_ok=True)
    evidence.write_bytes(sent.sign("tver", data))
    done = sent.run("center", "forks", "-o", str(sent.root / "proofs"))
    assert done.code == 7
    assert [line.split()[:2] for line in done.lines] == [[f"{TVER}/2", "ivanov"]] * 2
    assert "whoever held the key of ivanov signed two dispatches with this number; not settled" in done.err
    narrow = sent.run("center", "forks", tty=True, env={"NO_COLOR": "1", "COLUMNS": "80"}).out
    for line in done.lines:  # the hash is typed again, and a moment is broken between day and time
        _, _, _, dated, named, *_ = line.split("\t")
        assert named in narrow
        assert set(dated.split("T")) <= set(narrow.split())
    (proof,) = (sent.root / "proofs").iterdir()
    # Who knows nothing but the fingerprint is convinced by the file alone.
    known = "--fingerprint", sent.ok("center", "roster", "--json").json["fingerprint"]
    shown = sent.run(None, "verify", str(proof), *known)
    assert (shown.code, "signed two dispatches with one number" in " ".join(shown.out.split())) == (0, True)
    assert "the key may be stolen" in " ".join(shown.out.split())
    as_json = sent.run(None, "verify", str(proof), *known, "--json").json
    assert (as_json["proof"], as_json["both"], as_json["number"]) == ("twice", ["tver/ivanov"], 2)
    assert {side["hash"] for side in as_json["sides"]} == {
        sha256(data),
        sha256(split(sent.note(TVER, 2).read_bytes()).text),
    }
    broken = sent.root / "broken.proof"
    broken.write_bytes(proof.read_bytes().replace(b"It does not prove", b"It really proves!"))
    refused(sent.run(None, "verify", str(broken), *known), 3, "not what its notes make")
    refused(sent.run(None, "verify", str(proof), "--fingerprint", "ab" * 32), 3, "another network")
    assert sent.run("audit", "forks", "--no-evidence").code == 0
    sent.ok("audit", "fetch")
    told = sent.run("audit", "forks", str(proof), "--no-evidence", "--json")
    assert (told.code, [fork["number"] for fork in told.json["forks"]]) == (7, [2])
    refused(sent.run("center", "settle", f"{TVER}/2", "-y"), 2, "which one stands")
    (stands,) = (
        side["hash"]
        for fork in sent.run("center", "forks", "--json").json["forks"]
        for side in fork["sides"]
        if side["stands"]
    )
    refused(sent.run("center", "settle", f"{TVER}/2", stands[:16]), 2, "needs a yes")
    done = sent.ok("center", "settle", f"{TVER}/2", stands[:16], "-y")
    assert statements(sent) == [f"settle {TVER} 2 {stands}"]
    assert sent.ok("center", "forks").code == 0
    assert "says so already" in sent.ok("center", "settle", f"{TVER}/2", stands[:16], "-y").err
