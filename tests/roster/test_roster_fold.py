"""The fold: what every statement does from which entry on, and what makes no sense."""

import pytest
from rosterkit import GENESIS, NETWORK, Net, officer, seen, sha, vkey, whole

from cipherpost.dispatch.periods import parse_day
from cipherpost.errors import NewerError, UseError
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
    UnknownAudienceError,
    UnknownZoneError,
)
from cipherpost.roster.statements import NewerStatementError, StatementError, parse_statements

H = sha("x")
CENTER = f"office center center\ntitle center Central Committee\n{officer('center/stasova')}"


@pytest.fixture
def net():
    """Entry 1 genesis, 2: tver, samara, saratov with an officer each, 3: an auditor, 4: minsk without officers."""
    net = Net()
    net.offices("tver", "samara", "saratov")
    net.offices("audit", role="auditor")
    net.state("office minsk committee", "title minsk Minsk")
    return net


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
    monkeypatch.setattr("cipherpost.roster.fold.parse_statements", lambda data: parse)
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


# ---- groups, audiences, readers ------------------------------------------------------------------------------------


def test_members_are_offices_in_good_standing_in_order_of_admission(net):
    roster = net.roster
    net.state("group volga minsk samara saratov tver")
    net.state("suspend samara")
    assert roster.members("all", 4) == ("tver", "samara", "saratov")
    assert roster.members("all", 6) == ("tver", "saratov")
    assert roster.members("volga", 5) == ("tver", "samara", "saratov")
    assert roster.members("volga", 6) == ("tver", "saratov")
    assert roster.members("samara", 6) == ("samara",)
    assert roster.groups(6) == {"volga": ("minsk", "samara", "saratov", "tver")}
    assert roster.groups(4) == {}
    assert (roster.is_group("volga", 4), roster.is_group("volga", 5), roster.is_group("all", 1)) == (False, True, True)


def test_a_group_stated_again_is_replaced(net):
    net.state("group volga samara saratov")
    net.state("group volga tver")
    net.state("group volga none")
    assert [net.roster.members("volga", at) for at in (5, 6, 7)] == [("samara", "saratov"), ("tver",), ()]


@pytest.mark.parametrize(("name", "hint"), [("tvr", "tver"), ("volgaa", "volga"), ("xyz", "cipherpost roster")])
def test_i10_an_unknown_audience_names_the_nearest(net, name, hint):
    net.state("group volga tver")
    with pytest.raises(UnknownAudienceError) as caught:
        net.roster.members(name, 5)
    assert hint in caught.value.hints[0]
    assert isinstance(caught.value, UseError)


def test_an_audience_is_unknown_before_it_is_stated(net):
    net.state("group volga tver")
    for audience in ("volga", "minsk"):
        with pytest.raises(UnknownAudienceError):
            net.roster.members(audience, 3)


def test_readers_stand_in_order_each_once(net):
    net.state(officer("center/sverdlov"), officer("tver/petrov"), "escrow report audit tver", "group volga samara tver")
    net.state("escrow report audit center", "escrow message saratov", "escrow circular audit")

    def names(*given):
        return [f"{each.office}/{each.name}" for each in net.roster.readers(*given)]

    center, tver = ["center/stasova", "center/sverdlov"], ["tver/ivanov", "tver/petrov"]
    assert names("report", ["center"], "samara", 5) == [*center, "samara/ivanov", *tver, "audit/ivanov"]
    assert names("report", ["center"], "samara", 6) == [*center, "samara/ivanov", "audit/ivanov"]
    assert names("report", ["center"], "samara", 4) == ["center/stasova", "samara/ivanov"]
    assert names("instruction", ["samara", "volga"], "center", 6) == [*tver, "samara/ivanov", *center]
    assert names("message", ["tver"], "tver", 6) == [*tver, "saratov/ivanov"]
    assert names("key", ["volga"], "center", 6) == [*tver, "samara/ivanov", *center, "audit/ivanov"]
    assert names("key", ["volga"], "tver", 6) == [*tver, "samara/ivanov", "saratov/ivanov"]


def test_i6_a_suspended_office_reads_nothing_new(net):
    net.state("suspend tver")
    assert "tver" not in {each.office for each in net.roster.readers("circular", ["all"], "center", 5)}
    assert net.roster.readers("instruction", ["tver"], "center", 5) == net.roster.officers("center", 5)


# ---- channels ------------------------------------------------------------------------------------------------------


def test_lateral_groups_open_channels_between_their_members(net):
    roster = net.roster
    net.state("group volga samara saratov")
    net.state("lateral volga")
    net.state("group volga samara tver")
    net.state("lateral volga end")
    assert [roster.lateral("volga", at) for at in range(5, 9)] == [False, True, True, False]
    assert roster.lateral_member("samara", "volga", 6)
    assert roster.lateral_member("samara", "saratov", 6)
    assert not roster.lateral_member("samara", "saratov", 7)
    assert roster.lateral_member("samara", "tver", 7)
    assert not roster.lateral_member("tver", "volga", 6)
    assert not roster.lateral_member("samara", "tver", 8)
    assert {"samara/volga", "saratov/volga", "samara/saratov", "saratov/samara"} <= set(roster.channels(6))
    assert "samara/volga" not in roster.channels(5)
    assert "tver/samara" not in roster.channels(6)
    assert {"tver/samara", "tver/volga", "saratov/volga"} <= set(roster.channels(8))  # what was sent stays to be read
    assert "saratov/tver" not in roster.channels(8)


def test_lateral_groups_are_bounded():
    names = [f"o{at:03}" for at in range(257)]
    net = Net()
    net.state(*(f"office {name} committee" for name in names))
    net.state(f"group big {' '.join(names)}")
    with pytest.raises(LateralError):
        net.state("lateral big")
    net.state(f"group big {' '.join(names[:3])}", "lateral big")
    with pytest.raises(LateralError):
        net.state(f"group big {' '.join(names)}")


def test_everybody_looks_at_what_he_may_read_and_nowhere_else(net):
    roster = net.roster
    net.state("group volga samara saratov", "lateral volga")
    net.state("group volga saratov tver", "escrow message minsk")
    tver = {"center/roster", "center/all", "center/tver", "tver/center", "tver/tver"}
    assert set(roster.channels_read_by("tver", 5)) == tver
    lateral = {"center/volga", "samara/volga", "saratov/volga", "tver/volga", "saratov/tver", "tver/saratov"}
    assert set(roster.channels_read_by("tver", 6)) == tver | lateral
    assert "center/volga" in roster.channels_read_by("samara", 6)  # was a member: what came then is still his
    center = set(roster.channels_read_by("center", 6))
    assert {"center/volga", "tver/center", "center/minsk", "audit/center"} <= center
    assert not center & {"tver/tver", "saratov/tver", "tver/volga"}
    assert roster.channels_read_by("audit", 6) == roster.channels(6)
    assert roster.channels_read_by("minsk", 6) == roster.channels(6)
    assert set(roster.channels_read_by("minsk", 5)) < set(roster.channels(5))
    for office in roster.offices(6):
        channels = roster.channels_read_by(office, 6)
        assert len(channels) == len(set(channels))


# ---- cuts, pins ------------------------------------------------------------------------------------------------------


def test_cuts_are_per_entry_the_last_holds_and_what_is_not_named_is_cut_at_0(net):
    net.state("suspend tver", f"cut 5 tver/center 20 {H}")
    assert net.roster.cut(5, "tver/center") == (20, H)
    assert net.roster.cut(5, "tver/tver") == (0, None)
    net.state("reinstate tver")
    net.state("retire tver/ivanov", f"cut 7 tver/center 31 {sha('31')}", f"cut 5 tver/center 22 {sha('22')}")
    assert net.roster.cut(5, "tver/center") == (22, sha("22"))
    assert net.roster.cut(7, "tver/center") == (31, sha("31"))
    net.state("cut 7 tver/center 0 none")
    assert net.roster.cut(7, "tver/center") == (0, None)
    assert net.roster.taken(5) == net.roster.taken(7) == {"tver": ("ivanov",)}
    assert net.roster.taken(6) == {}


def test_settlements_and_cuts_in_force_pin(net):
    roster = net.roster
    net.state(f"settle tver/center 14 {sha('14')}")
    net.state("suspend tver", f"cut 6 tver/center 20 {H}", "cut 6 tver/tver 0 none")
    assert roster.pins("tver/center") == ((14, sha("14")), (20, H))
    assert roster.pins("tver/tver") == roster.pins("samara/center") == ()
    net.state(f"cut 6 tver/center 18 {sha('18')}")  # moved: the old one pins no more
    assert roster.pins("tver/center") == ((14, sha("14")), (18, sha("18")))
    net.state(f"settle tver/center 14 {sha('other 14')}")  # the later word on one number holds, and stands last
    assert roster.pins("tver/center") == ((18, sha("18")), (14, sha("other 14")))


def test_an_entry_tells_which_channels_are_judged_again(net):
    assert net.roster.rejudged(2) == ()
    net.state(f"settle samara/center 3 {H}", "suspend tver")
    assert set(net.roster.rejudged(5)) == {"samara/center", "tver/center", "tver/tver"}
    net.state("cut 5 tver/center 0 none")
    assert net.roster.rejudged(6) == ("tver/center",)
    net.state(officer("center/stasova", 1))
    assert "center/roster" not in net.roster.rejudged(7)
    assert "center/all" in net.roster.rejudged(7)


# ---- forms, duties, settings -----------------------------------------------------------------------------------------


def test_forms_have_versions(net):
    net.state(f"form f 1 {H}")
    net.state(f"form f 4 {sha('y')}")
    assert net.roster.forms(4) == {}
    assert net.roster.forms(5)["f"][:4] == ("f", 1, H, 5)
    assert net.roster.forms(6)["f"].version == 4


@pytest.fixture
def owing(net):
    net.state(f"form f 1 {H}")
    return net


def covered(net, at, *periods):
    return [[period for period in periods if duty.covers(period)] for duty in net.roster.duties(at)]


MONTHS = ("2026-11", "2026-12", "2027-01", "2027-02", "2027-03")


def test_no_duty_before_its_first_period(owing):
    owing.state("duty f all monthly due 5 grace 3 from 2026-12")
    (duty,) = owing.roster.duties(6)
    assert (duty.form, duty.audience, duty.rhythm, duty.due, duty.grace, duty.entry) == ("f", "all", "monthly", 5, 3, 6)
    assert covered(owing, 6, *MONTHS) == [list(MONTHS[1:])]
    assert owing.roster.duties(5) == ()


def test_a_duty_stated_anew_leaves_the_periods_before_to_the_old_one(owing):
    owing.state("duty f all monthly due 5 from 2026-12")
    owing.state("duty f all monthly due 9 from 2027-02")
    assert covered(owing, 7, *MONTHS) == [["2026-12", "2027-01"], ["2027-02", "2027-03"]]
    owing.state("duty f all monthly due 7 from 2026-11")
    assert covered(owing, 8, *MONTHS) == [list(MONTHS)]
    assert covered(owing, 6, *MONTHS) == [list(MONTHS[1:])]


def test_a_duty_ends_with_its_last_period(owing):
    owing.state("duty f all monthly due 5 from 2026-12")
    owing.state("duty f all end 2027-02")
    owing.state("duty f all end 2027-01")
    with pytest.raises(DutyError):
        owing.state("duty f all end 2027-02")
    assert covered(owing, 8, *MONTHS) == [["2026-12", "2027-01"]]
    owing.state("duty f all end 2026-11")
    assert owing.roster.duties(9) == ()
    owing.state("duty f all monthly due 5 from 2027-03")
    assert covered(owing, 10, *MONTHS) == [["2027-03"]]


def test_duties_of_other_rhythms_and_audiences_stand_beside_each_other(owing):
    owing.state("group volga samara", "duty f all monthly due 5 from 2026-12", "duty f all yearly due 5 from 2027",
                "duty f volga monthly due 2 from 2026-12", "duty f tver event")  # fmt: skip
    owing.state("duty f all end 2027")
    assert [(duty.audience, duty.rhythm, duty.last) for duty in owing.roster.duties(7)] == [
        ("all", "monthly", None), ("all", "yearly", "2027"), ("volga", "monthly", None), ("tver", "event", None),
    ]  # fmt: skip


def test_duties_of_one_day_and_of_events(owing):
    owing.state("duty f all once 2026-12-01", "duty f all once 2027-01-15 grace 2", "duty f all event within 7")
    assert [duty.day for duty in owing.roster.duties(6)] == [parse_day("2026-12-01"), parse_day("2027-01-15"), None]
    assert covered(owing, 6, "2026-12-01", "2027-01-15") == [
        ["2026-12-01"],
        ["2027-01-15"],
        ["2026-12-01", "2027-01-15"],
    ]
    owing.state("duty f all event within 3 from 2027-01-01")
    assert covered(owing, 7, "2026-12-01", "2027-01-15")[2:] == [["2026-12-01"], ["2027-01-15"]]
    owing.state("duty f all end 2026-12-31")
    assert covered(owing, 8, "2026-12-01", "2027-01-15") == [["2026-12-01"], ["2026-12-01"]]
    owing.state("duty f all event")
    assert covered(owing, 9, "2026-12-01", "2027-01-15") == [["2026-12-01"], ["2026-12-01", "2027-01-15"]]


def test_settings_hold_from_their_entry(net):
    net.state("timezone Europe/Moscow", "check center weekly", "check tver quarterly", "escrow report audit")
    net.state("timezone +03:00", "check center daily", "escrow report audit tver", "requires 1")
    roster = net.roster
    assert [roster.timezone(at) for at in (4, 5, 6)] == ["+00:00", "Europe/Moscow", "+03:00"]
    assert [roster.check_days("center", at) for at in (4, 5, 6)] == [30, 7, 1]
    assert roster.check_days("tver", 6) == 92
    assert [roster.escrow("report", at) for at in (4, 5, 6)] == [(), ("audit",), ("tver", "audit")]
    assert roster.escrow("message", 6) == ()
