"""What the roster holds for audiences, channels, duties and settings, at any entry."""

import pytest
from rosterkit import Net, officer, sha

from cipherpost.dispatch.periods import parse_day
from cipherpost.errors import UseError
from cipherpost.roster.refusals import (
    DutyError,
    LateralError,
    UnknownAudienceError,
)

H = sha("x")
CENTER = f"office center center\ntitle center Central Committee\n{officer('center/stasova')}"


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


def test_one_channel_is_told_to_be_read_by_an_office_as_in_the_list_of_all(net):
    roster = net.roster
    net.state("group volga samara saratov", "lateral volga")
    net.state("group volga saratov tver", "escrow message minsk")
    net.state("group lake minsk tver", "dissolve samara")
    channels = {*roster.channels(roster.newest), "tver/samara", "samara/tver", "center/none", "none/center"}
    for at in range(roster.newest + 2):
        for office in (*roster.offices(roster.newest), "none"):
            told = {channel for channel in channels if roster.reads(office, channel, at)}
            assert told == set(roster.channels_read_by(office, at)), (office, at)


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
