"""The fold: what every statement does from which entry on, and what makes no sense."""

import pytest
from rosterkit import GENESIS, NETWORK, Net, officer, seen, sha, vkey, whole

from cipherpost.errors import NewerError
from cipherpost.note import VerifierKey
from cipherpost.roster.fold import Roster
from cipherpost.roster.refusals import (
    CutStatementError,
    DutyError,
    EntryPlaceError,
    FormError,
    GenesisError,
    KeepersError,
    KeyTakenError,
    LateralError,
    NameTakenError,
    NameUnknownError,
    OfficeStateError,
    RosterEntryError,
    StandingChangeError,
    UnknownZoneError,
)
from cipherpost.roster.statements import NewerStatementError, StatementError, parse_statements

H = sha("x")
CENTER = f"office center center\ntitle center Central Committee\n{officer('center/stasova')}"


# ---- the genesis and the order of entries ------------------------------------------------------------------------


def test_the_genesis_founds_the_network():
    roster = Net().roster
    assert (roster.network, roster.fingerprint, roster.newest) == (NETWORK, sha("entry 1"), 1)
    assert roster.keepers(1) == ("stasova",)
    assert roster.title("center", 1) == "Central Committee"
    assert [each.name for each in roster.officers("center", 1)] == ["stasova"]
    assert roster.channels(1) == ("center/roster", "center/all", "center/center")
    assert roster.timezone(1) == "+00:00"
    assert roster.check_days("center", 1) == 30
    assert (roster.keepers(0), roster.offices(0), roster.state("center", 0)) == ((), (), None)


@pytest.mark.parametrize(
    ("genesis", "error"),
    [
        (CENTER, GenesisError),
        (f"keepers stasova\noffice center center\n{officer('center/stasova')}", GenesisError),
        (f"keepers stasova sverdlov\n{CENTER}\n{officer('center/sverdlov')}", GenesisError),
        (f"keepers sverdlov\n{CENTER}", KeepersError),
        ("keepers stasova\noffice center center\ntitle center C", KeepersError),
        (f"keepers stasova\noffice tver committee\n{officer('tver/stasova')}", KeepersError),
        (GENESIS.replace(f"{vkey('center/stasova')}", f"{vkey('center/stasova', network='other')}"), KeyTakenError),
    ],
)
def test_a_genesis_states_one_keeper_and_the_center(genesis, error):
    net = Net(genesis="")
    with pytest.raises(error):
        net.state(genesis)
    assert (net.roster.newest, net.roster.network, net.roster.channels(1)) == (0, None, ())
    net.state(GENESIS)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 3},
        {"number": 1, "previous": None},
        {"previous": sha("another")},
        {"network": "other"},
        {"channel": "center/all"},
        {"kind": "check"},
    ],
)
def test_entries_follow_one_another(changes):
    net = Net()
    before = whole(net.roster)
    with pytest.raises(EntryPlaceError):
        net.state("office tver committee", **changes)
    assert whole(net.roster) == before


def test_a_genesis_of_another_network_is_refused():
    roster = Roster(NETWORK, sha("another genesis"))
    with pytest.raises(EntryPlaceError):
        roster.apply(Net(genesis="").header(GENESIS), sha("entry 1"))
    assert roster.newest == 0


def test_entries_are_kept_with_hash_and_time(net):
    assert [entry.number for entry in net.roster.entries] == [1, 2, 3, 4]
    assert net.roster.hash_of(3) == sha("entry 3")
    assert net.roster.time_of(3) == "2026-11-22T09:00:00Z"
    assert (net.roster.hash_of(0), net.roster.hash_of(5), net.roster.time_of(5)) == (None, None, None)


# ---- an entry that makes no sense ----------------------------------------------------------------------------------

SUSPENDED = ("suspend tver",)
REFUSED = [
    ((), "officer", [officer("kiev/ivanov")], NameUnknownError, "no office kiev"),
    ((), "an office twice", ["office tver committee"], NameTakenError, "name of an office"),
    ((), "a second center", ["office center center"], NameTakenError, "name of an office"),
    ((), "an office named as a group", ["group volga tver", "office volga committee"], NameTakenError, "of a group"),
    ((), "a group named as an office", ["group tver samara"], NameTakenError, "name of an office"),
    ((), "a group of nobody known", ["group volga kiev tver"], NameUnknownError, "no office kiev"),
    ((), "a group of groups", ["group volga tver", "group don volga"], NameUnknownError, "no office volga"),
    ((), "a title of nobody", ["title kiev Kiev"], NameUnknownError, "no office kiev"),
    (
        (),
        "a key twice",
        [officer("tver/petrov"), officer("tver/petrov", card=sha("2"))],
        KeyTakenError,
        "key was given",
    ),
    ((), "the same keys again", [officer("tver/ivanov", card=sha("2"))], KeyTakenError, "given to tver/ivanov"),
    ((), "a card twice", [officer("tver/petrov", card=sha("card tver/ivanov 0"))], KeyTakenError, "card was admitted"),
    ((), "another network", [officer("tver/petrov", network="other")], KeyTakenError, "of the network other"),
    ((), "a keeper unknown", ["keepers lenin"], KeepersError, "lenin"),
    ((), "a keeper of a committee", ["keepers ivanov stasova"], KeepersError, "ivanov"),
    ((), "the keeper retires", ["retire center/stasova"], KeepersError, "stasova"),
    ((), "retire nobody", ["retire tver/petrov"], NameUnknownError, "no officer tver/petrov"),
    ((), "retire twice", ["retire tver/ivanov", "retire tver/ivanov"], StandingChangeError, "no good standing"),
    ((), "admit and retire", [officer("tver/petrov"), "retire tver/petrov"], StandingChangeError, "in one entry"),
    ((), "admit and rotate", [officer("tver/p"), officer("tver/p", 1)], StandingChangeError, "in one entry"),
    ((), "admit after retiring", ["retire tver/ivanov", officer("tver/ivanov", 1)], NameTakenError, "was retired"),
    ((), "suspend who is not there", ["suspend kiev"], NameUnknownError, "no office kiev"),
    ((), "suspend a declared office", ["suspend minsk"], OfficeStateError, "minsk is declared"),
    (SUSPENDED, "suspend twice", ["suspend tver"], OfficeStateError, "tver is suspended"),
    ((), "reinstate a good office", ["reinstate tver"], OfficeStateError, "tver is good"),
    ((), "suspend and reinstate at once", ["suspend tver", "reinstate tver"], OfficeStateError, "changes twice"),
    (SUSPENDED, "reinstate and suspend at once", ["reinstate tver", "suspend tver"], OfficeStateError, "changes twice"),
    (SUSPENDED, "an officer of a suspended office", [officer("tver/petrov")], OfficeStateError, "is suspended"),
    (("dissolve tver",), "dissolve twice", ["dissolve tver"], OfficeStateError, "is dissolved"),
    (("dissolve tver",), "reinstate after the end", ["reinstate tver"], OfficeStateError, "is dissolved"),
    (("dissolve tver",), "title after the end", ["title tver T"], OfficeStateError, "is dissolved"),
    (("dissolve tver",), "group after the end", ["group volga samara tver"], OfficeStateError, "is dissolved"),
    (("dissolve tver",), "officer after the end", [officer("tver/petrov")], OfficeStateError, "is dissolved"),
    (("dissolve tver",), "the name again", ["office tver committee"], NameTakenError, "name of an office"),
    ((), "a cut of nothing", [f"cut 2 tver/center 3 {H}"], CutStatementError, "lost his standing in entry 2"),
    ((), "a cut of the future", [f"cut 9 tver/center 3 {H}"], CutStatementError, "in entry 9"),
    (SUSPENDED, "a cut of another office", ["cut 5 samara/center 0 none"], CutStatementError, "no officer of samara"),
    (SUSPENDED, "a cut of no channel", ["cut 5 tver/samara 0 none"], NameUnknownError, "no channel tver/samara"),
    (SUSPENDED, "a cut twice", ["cut 5 tver/center 0 none"] * 2, CutStatementError, "twice"),
    ((), "a cut before its reason", ["cut 5 tver/center 0 none", "suspend tver"], CutStatementError, "comes after"),
    ((), "settle no channel", [f"settle tver/all 3 {H}"], NameUnknownError, "no channel tver/all"),
    ((), "settle twice", [f"settle tver/center 3 {H}"] * 2, CutStatementError, "twice"),
    ((), "lateral of no group", ["lateral volga"], NameUnknownError, "no group volga"),
    ((), "lateral ends before it begins", ["group volga tver", "lateral volga end"], LateralError, "not lateral"),
    ((), "lateral twice", ["group volga tver", "lateral volga", "lateral volga"], LateralError, "already"),
    ((), "recovery later", [f"recovery 1 {vkey('center/r')}"], GenesisError, "in the genesis"),
    ((), "a version again", [f"form f 2 {H}", f"form f 2 {sha('y')}"], FormError, "versions rise"),
    ((), "a duty without form", ["duty f all event"], NameUnknownError, "no form f"),
    ((), "a duty of nobody", [f"form f 1 {H}", "duty f kiev event"], NameUnknownError, "no office kiev"),
    ((), "an end of nothing", [f"form f 1 {H}", "duty f all end 2027"], DutyError, "owes no f"),
    ((), "escrow of nobody", ["escrow report kiev"], NameUnknownError, "no office kiev"),
    ((), "check of nobody", ["check kiev weekly"], NameUnknownError, "no office kiev"),
    ((), "threshold of nobody", ["threshold kiev 2"], NameUnknownError, "no office kiev"),
    ((), "no zone", ["timezone Europe/Atlantis"], UnknownZoneError, "Atlantis"),
    ((), "a zone by another case", ["timezone europe/moscow"], UnknownZoneError, "europe/moscow"),
    ((), "malformed", ["suspend tver samara"], StatementError, "too few or too many"),
    ((), "newer", ["witness tver"], NewerStatementError, "newer"),
]


@pytest.mark.parametrize(("before", "what", "lines", "error", "reason"), REFUSED, ids=[each[1] for each in REFUSED])
def test_v1_an_entry_that_makes_no_sense_is_refused_whole(net, before, what, lines, error, reason):
    for line in before:
        net.state(line)
    known = whole(net.roster)
    # Good statements of every sort before the bad one leave nothing behind.
    good = [
        "office kazan committee", officer("kazan/ivanov"), "title kazan Kazan", "group urals kazan samara",
        "lateral urals", f"form census 1 {H}", "duty census urals yearly due 30 from 2027", "escrow message audit",
        "timezone Europe/Moscow", "check center weekly", "threshold samara 2", officer("samara/petrov"),
        officer("saratov/ivanov", 1), f"cut {net.roster.newest + 1} saratov/center 0 none",
        f"settle audit/center 2 {H}", "suspend audit", "title center Center", officer("center/sverdlov"),
        "keepers stasova sverdlov",
    ]  # fmt: skip
    good = [line for line in good if not (what.startswith("a keeper") and "keepers" in str(line))]
    with pytest.raises(error) as caught:
        net.state(*good, *lines)
    assert reason in f"{caught.value} {caught.value.rule}"
    assert whole(net.roster) == known
    if issubclass(error, RosterEntryError):
        assert caught.value.where.startswith(f"center/roster/{net.roster.newest + 1}")
        assert caught.value.exit_code == 3
    net.state(*good)


def test_check_tries_statements_and_leaves_nothing(net):
    before = whole(net.roster)
    statements = Net().roster.entries[0].statements
    with pytest.raises(RosterEntryError):
        net.roster.check(statements)
    net.roster.check([officer("minsk/ivanov")])
    assert whole(net.roster) == before


def test_an_unknown_zone_is_made_by_a_newer_program(net):
    with pytest.raises(NewerError):
        net.state("timezone Europe/Atlantis")


def test_equal_key_ids_under_one_name_are_refused(net, monkeypatch):
    new = officer("tver/ivanov", 1)
    text = f"{new}"
    assert new.vkey.public != vkey("tver/ivanov").public
    net.roster.check([new])
    header = net.header(text)
    parse = parse_statements(header.statements)
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda self: b"same"))
    monkeypatch.setattr("cipherpost.roster.statements.parse_statements", lambda data: parse)
    with pytest.raises(KeyTakenError, match="id of an older key"):
        net.roster.apply(header, sha("entry 5"))


# ---- any past entry is a look-up ---------------------------------------------------------------------------------


def test_every_past_entry_is_a_look_up(net):
    lines = [
        ["title tver Tver Gubernia Committee", "group volga samara saratov", f"form f 1 {H}"],
        [officer("minsk/ivanov"), "lateral volga", "duty f all monthly due 5 from 2026-12", "check center weekly"],
        [officer("tver/petrov"), "threshold tver 2", "timezone Europe/Moscow", "escrow report audit"],
        ["suspend samara", f"form f 2 {sha('y')}", "duty f all monthly due 9 from 2027-02"],
        [officer("center/sverdlov"), "keepers stasova sverdlov", "group volga none", "lateral volga end"],
        ["reinstate samara", "title tver T", "threshold tver 1", "check center daily", "escrow report none"],
        ["dissolve saratov", officer("tver/ivanov", 1), "timezone +03:00", "duty f all end 2027-06"],
    ]
    told = [seen(net.roster)]
    for entry in lines:
        net.state(*entry)
        told.append(seen(net.roster))
    for at, expected in enumerate(told, 4):
        assert seen(net.roster, at) == expected
    assert len({repr(each) for each in told}) == len(told)


def test_folding_stored_entries_again_gives_the_same(net):
    net.state("group volga samara tver", "lateral volga", "suspend tver", "cut 5 tver/center 0 none")
    again = Net(genesis="")
    for entry in net.roster.entries:
        again.state(*entry.statements)
    assert whole(again.roster) == whole(net.roster)


# ---- offices, officers, thresholds -------------------------------------------------------------------------------


def test_an_office_is_declared_good_suspended_dissolved(net):
    roster = net.roster
    net.state(officer("minsk/ivanov"))
    net.state("suspend minsk")
    net.state("reinstate minsk")
    net.state("dissolve minsk")
    states = [roster.state("minsk", at) for at in range(3, 9)]
    assert states == [None, "declared", "good", "suspended", "good", "dissolved"]
    assert [len(roster.officers("minsk", at)) for at in range(3, 9)] == [0, 0, 1, 0, 1, 0]
    assert [at for at in range(10) if roster.good("minsk", at)] == [5, 7]
    assert (roster.state("kiev", 9), roster.officers("kiev", 9), roster.office("kiev"), roster.role("kiev")) == (
        None, (), None, None,
    )  # fmt: skip


def test_reinstated_officers_have_the_same_keys_and_a_new_stretch_of_standing(net):
    roster = net.roster
    net.state(officer("tver/petrov"), officer("tver/sidorov"), officer("tver/orlov"))
    net.state("retire tver/orlov")
    assert net.state("suspend tver") == 7
    net.state("retire tver/petrov")
    net.state("compromised tver/sidorov")
    net.state("reinstate tver")
    assert [(each.name, each.since) for each in roster.officers("tver", 10)] == [("ivanov", 10)]
    first, second = roster.keys("tver", "ivanov")
    assert (first.since, first.until, first.cause) == (2, 7, "suspend")
    assert (second.since, second.until, second.vkey) == (10, None, first.vkey)
    assert roster.keys("tver", "sidorov")[0].compromised == 9
    net.state(officer("tver/sidorov", 1))
    with pytest.raises(NameTakenError):
        net.state(officer("tver/petrov", 1))
    assert [each.name for each in roster.officers("tver", 11)] == ["ivanov", "sidorov"]


def test_only_officers_of_the_last_suspension_come_back(net):
    net.state(officer("tver/petrov"))
    net.state("suspend tver")
    net.state("retire tver/petrov")
    net.state("reinstate tver")
    net.state("suspend tver")
    net.state("reinstate tver")
    assert [each.name for each in net.roster.officers("tver", 10)] == ["ivanov"]
    assert [each.until for each in net.roster.keys("tver", "ivanov")] == [6, 9, None]


def test_new_keys_under_a_name_end_the_old_ones(net):
    assert net.state(officer("tver/ivanov", 1)) == 5
    old, new = net.roster.keys("tver", "ivanov")
    assert (old.until, old.cause, new.since, new.until) == (5, "rotate", 5, None)
    assert net.roster.officer("tver", "ivanov", 4) == old
    assert net.roster.officer("tver", "ivanov", 5) == new
    assert net.roster.taken(5) == {"tver": ("ivanov",)}


def test_compromised_keys_can_be_replaced_in_the_same_entry(net):
    net.state("compromised tver/ivanov", officer("tver/ivanov", 1))
    old, new = net.roster.keys("tver", "ivanov")
    assert (old.until, old.cause, old.compromised, new.since) == (5, "compromised", 5, 5)
    with pytest.raises(KeyTakenError):
        net.state(officer("tver/ivanov", card=sha("2")))


def test_a_retired_officers_keys_can_be_declared_compromised_once(net):
    net.state("retire tver/ivanov", "cut 5 tver/center 0 none")
    net.state("compromised tver/ivanov", f"cut 5 tver/center 3 {H}")
    assert net.roster.keys("tver", "ivanov")[0].compromised == 6
    assert net.roster.keys("tver", "ivanov")[0].cause == "retire"
    with pytest.raises(StandingChangeError):
        net.state("compromised tver/ivanov")


def test_unchecked_officers_are_told(net):
    net.state(f"{officer('tver/petrov')} unchecked")
    assert [each.unchecked for each in net.roster.officers("tver", 5)] == [False, True]


def test_a_threshold_binds_when_the_office_first_has_so_many_officers(net):
    roster = net.roster
    net.state("threshold tver 3")  # 5
    net.state(officer("tver/petrov"))  # 6
    net.state(officer("tver/sidorov"), "retire tver/petrov")  # 7: still two
    assert roster.threshold_waiting("tver") == 3
    net.state(officer("tver/orlov"))  # 8
    net.state("retire tver/orlov")  # 9: bound once, it stays
    net.state("threshold tver 2")  # 10: there are two
    assert [roster.threshold("tver", at) for at in range(4, 11)] == [1, 1, 1, 1, 3, 3, 2]
    assert roster.threshold_waiting("tver") is None


def test_a_threshold_that_waits_can_be_taken_back(net):
    net.state("threshold tver 3")
    net.state("threshold tver 1")
    net.state(officer("tver/petrov"), officer("tver/sidorov"))
    assert net.roster.threshold("tver", 7) == 1


def test_keepers_change_with_the_entry(net):
    net.state(officer("center/sverdlov"), officer("center/lenin"), "keepers lenin stasova sverdlov")
    net.state("keepers lenin sverdlov", "retire center/stasova")
    assert net.roster.keepers(4) == ("stasova",)
    assert net.roster.keepers(5) == ("lenin", "stasova", "sverdlov")
    assert net.roster.keeper_keys(6) == {name: vkey(f"center/{name}") for name in ("lenin", "sverdlov")}


def test_recovery_keys_are_kept_and_never_an_officers():
    net = Net(genesis="")
    with pytest.raises(KeyTakenError):
        net.state(f"recovery 1 {vkey('center/stasova')}", GENESIS.strip())
    net.state(f"recovery 1 {vkey('center/vault')}", GENESIS.strip())
    assert net.roster.recovery == (1, (vkey("center/vault"),))
    with pytest.raises(KeyTakenError):
        net.state(officer("center/vault"))
