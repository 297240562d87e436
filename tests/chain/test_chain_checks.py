"""One story per check, V1 to V8, and the invariants I2 and I6."""

import pytest
from chainkit import NOW, Net, ack, codes, counting, draft, feed, offer, officer, reason, sha, signer, status

from cipherpost import limits
from cipherpost.chain.checks import (
    DraftExpiredError,
    DraftSpentError,
    ForgedError,
    MisplacedError,
    StatementsError,
)
from cipherpost.chain.findings import CODES
from cipherpost.dispatch.header import Ack, Decision, Head, HeaderMalformedError, Reply
from cipherpost.dispatch.kinds import KindLinesError
from cipherpost.errors import NewerError, NotAuthenticError, TooLargeError
from cipherpost.note import NoteError, Purpose, Text


@pytest.fixture
def net():
    made = Net()
    made.found("tver", "kursk")
    return made


# ---- V1 --------------------------------------------------------------------------------------------------------------


def test_v1_a_note_above_the_limit_is_refused_before_it_is_parsed(net):
    with pytest.raises(TooLargeError):
        net.chain().offer("tver/center", 1, b"\n" * (limits.HEADER_BYTES + 1))


@pytest.mark.parametrize("junk", [b"", b"\n", b"\n\n", b"<html>502</html>", b"\x00" * 40, b"cipherpost/v1\n\n"])
def test_v1_junk_is_refused_and_listed_as_malformed(net, junk):
    chain = net.chain()
    with pytest.raises((NoteError, HeaderMalformedError)):
        chain.offer("tver/center", 1, junk)
    assert codes(chain) == ["malformed"]
    assert chain.channel("tver/center").next == 1


def test_v1_any_byte_changed_is_refused(net):
    made = net.make("tver/center")
    chain = net.chain()
    for at in range(len(made.note)):
        broken = bytearray(made.note)
        broken[at] ^= 1
        with pytest.raises((NotAuthenticError, NewerError)):
            chain.offer("tver/center", 1, bytes(broken))
    assert not list(chain.channel("tver/center").entries())


def test_v1_the_quick_way_and_the_plain_way_take_the_same_notes(net):
    made = net.make("tver/center")
    other = signer("tver/petrova").signature_line(made.text)
    two = made.note + other
    assert offer(net.chain(), made).counts
    assert net.chain().offer("tver/center", 1, two).hash == made.hash  # a dispatch is its text
    line = made.note.rpartition(b"\n\n")[2]
    for tail in (line + b"\n", line[:-1], b" " + line, line.replace(b"=\n", b"\n"), b""):
        with pytest.raises(NotAuthenticError):
            net.chain().offer("tver/center", 1, made.text.data + b"\n" + tail)


def test_v1_a_signed_note_of_a_newer_version_says_update_and_what_links_to_it_is_held(net):
    newer = b"cipherpost/v2\nnew things\n"
    key = signer("tver/ivanov")
    body = object.__new__(Text)
    object.__setattr__(body, "purpose", Purpose.DISPATCH)
    object.__setattr__(body, "data", newer)
    first = net.make("tver/center")
    after = net.make("tver/center", number=3, previous=body.hash)
    chain = net.chain(first)
    for _ in range(2):
        with pytest.raises(NewerError):
            chain.offer("tver/center", 2, key.sign(body))
    assert isinstance(chain.channel("tver/center").stopped, NewerError)
    assert offer(chain, after).status == "held"
    with pytest.raises(ForgedError):  # unsigned it is junk
        chain.offer("tver/center", 2, signer("tver/ivanov", 9).sign(body))
    with pytest.raises(ForgedError):  # so it is in another office's channel
        chain.offer("kursk/center", 2, key.sign(body))


def test_v1_one_stolen_key_of_three_keepers_does_not_stop_the_roster_with_a_note_of_a_newer_version():
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"))
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    chain = net.chain()
    body = object.__new__(Text)
    object.__setattr__(body, "purpose", Purpose.DISPATCH)
    object.__setattr__(body, "data", b"cipherpost/v2\nnew things\n")
    note = signer("center/stasova").sign(body)
    with pytest.raises(ForgedError):
        chain.offer("center/roster", 4, note)
    assert chain.channel("center/roster").stopped is None
    with pytest.raises(NewerError):
        chain.offer("center/roster", 4, note + signer("center/kagan").sign(body).rpartition(b"\n\n")[2])
    assert isinstance(chain.channel("center/roster").stopped, NewerError)


# ---- V2, I2 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "number"), [("tver/center", 2), ("kursk/center", 1), ("tver/tver", 1)])
def test_v2_i2_a_dispatch_moved_to_another_place_is_refused(net, channel, number):
    chain = net.chain()
    with pytest.raises(MisplacedError):
        chain.offer(channel, number, net.make("tver/center").note)
    assert codes(chain) == ["misplaced"]


def test_v2_i2_a_dispatch_of_another_network_is_refused(net):
    other = Net(network="other")
    other.found("tver")
    with pytest.raises(MisplacedError):
        offer(net.chain(), other.make("tver/center"))
    twin = Net(keepers=("sverdlov",))  # the same name, another genesis
    with pytest.raises(MisplacedError):
        net.chain(entries=0).offer(*twin.entries[0].slot, twin.entries[0].note)


@pytest.mark.parametrize(
    "change",
    [
        {"channel": "tver/tver"},
        {"number": 2, "previous": sha("x")},
        {"kind": "key"},
        {"time": "2026-11-22T09:00:01Z"},
        {"network": "other"},
        {"by": "petrova"},
        {"letter": sha("other letter")},
    ],
)
def test_i2_no_line_of_a_header_can_be_changed_under_its_signature(net, change):
    good = net.make("tver/center")
    forged = net.make(**{"channel": "tver/center", **change})
    note = forged.text.data + b"\n" + good.note.rpartition(b"\n\n")[2]
    with pytest.raises(NotAuthenticError):
        net.chain().offer(forged.channel, forged.number, note)
    with pytest.raises(NotAuthenticError):
        net.chain().offer("tver/center", 1, note)


# ---- V3 --------------------------------------------------------------------------------------------------------------


def test_v3_a_dispatch_after_a_gap_is_held_and_counts_when_the_gap_is_filled(net):
    one, two, three, four = net.run("tver/center", 4)
    chain = net.chain(one, four)
    view = chain.channel("tver/center")
    assert status(chain, four) == "held"
    assert reason(chain, four) == "GapHeldError"
    assert view.gaps() == ((2, 3),)
    assert view.wanted() == ((3, three.hash),)
    assert view.next == 2
    assert set(codes(chain)) == {"gap", "held"}
    feed(chain, [three, two])
    assert [each.status for each in view.entries()] == ["counts"] * 4
    assert (view.next, view.tip, view.gaps(), view.held()) == (5, (4, four.hash), (), ())


def test_v3_a_link_to_another_hash_is_held_and_says_which_note_is_wanted(net):
    one = net.make("tver/center")
    other = net.make("tver/center", by="petrova")
    two = net.make("tver/center", other)
    chain = net.chain(one, two)
    assert status(chain, two) == "held"
    assert chain.channel("tver/center").wanted() == ((1, other.hash),)


def test_v3_a_link_to_another_number_is_never_resolved(net):
    one, two = net.run("tver/center", 2)
    wrong = net.make("tver/center", number=3, previous=one.hash)
    for notes in ([one, two, wrong], [wrong, two, one], [two, wrong, one]):
        assert status(net.chain(*notes), wrong) == "held"


def test_v3_honest_dispatches_may_link_over_void_ones(net):
    one = net.make("tver/center")
    wrong = net.make("tver/center", one, kind="circular")  # only the center may
    after = net.make("tver/center", wrong, by="petrova")
    chain = net.chain(one, wrong, after)
    assert [status(chain, each) for each in (one, wrong, after)] == ["counts", "void", "counts"]
    assert codes(chain) == ["unauthorized"]


def test_v3_what_nobody_links_to_is_junk_and_never_linked_over(net):
    one = net.make("tver/center")
    junk = net.make("tver/center", one, key=signer("tver/ivanov", 66))
    after = net.make("tver/center", junk)
    chain = net.chain(one)
    with pytest.raises(ForgedError):
        offer(chain, junk)
    assert offer(chain, after).status == "held"


def test_v3_the_tip_lies_above_trailing_void_dispatches(net):
    one = net.make("tver/center")
    wrong = net.make("tver/center", one, kind="circular")
    chain = net.chain(one, wrong)
    view = chain.channel("tver/center")
    assert view.last.hash == one.hash
    assert view.tip == (2, wrong.hash)
    assert view.next == 3


# ---- V4 --------------------------------------------------------------------------------------------------------------


def test_v4_a_dispatch_that_relies_on_an_entry_not_here_is_held_until_it_comes(net):
    one = net.make("tver/center")
    net.entry("title tver Tver")
    two, three = net.run("tver/center", 2, one)
    chain = net.chain(one, two, three, entries=2)
    assert [status(chain, each) for each in (one, two, three)] == ["counts", "held", "held"]
    assert reason(chain, two) == "RosterHeldError"
    feed(chain, net.entries[2:])
    assert [status(chain, each) for each in (two, three)] == ["counts"] * 2


def test_v4_a_new_officer_is_held_until_the_entry_that_admits_him_comes(net):
    net.entry(officer("tver/orlov"))
    made = net.make("tver/center", by="orlov")
    forged = net.make("tver/center", by="orlov", time="2026-11-23T09:00:00Z", key=signer("tver/orlov", 3))
    chain = net.chain(made, forged, entries=2)
    assert [status(chain, each) for each in (made, forged)] == ["held", "held"]
    assert chain.channel("tver/center").gaps() == ()  # nobody vouches for them yet
    feed(chain, net.entries)
    assert [status(chain, each) for each in (made, forged)] == ["counts", "refused"]
    assert codes(chain) == ["forged"]


def test_v4_a_bad_copy_that_came_first_hides_no_good_one(net):
    net.entry(officer("tver/orlov"))
    made = net.make("tver/center", by="orlov")
    bad = signer("tver/orlov", 3).sign(made.text)
    for copies in ([bad, made.note], [made.note, bad]):
        chain = net.chain(entries=2)
        for copy in copies:
            assert chain.offer("tver/center", 1, copy).status == "held"
        feed(chain, net.entries)
        assert status(chain, made) == "counts"
        with pytest.raises(ForgedError):
            chain.offer("tver/center", 1, bad)


def test_v5_a_key_admitted_later_does_not_count_whichever_came_first(net):
    made = net.make("tver/center", by="orlov")
    over = net.make("tver/center", made)
    net.entry(officer("tver/orlov"))
    early, late = net.chain(entries=2), net.chain(made, over)
    with pytest.raises(ForgedError):
        offer(early, made)
    feed(early, [over, *net.entries])
    for chain in (early, late):
        assert [status(chain, each) for each in (made, over)] == ["void", "counts"]
        assert codes(chain) == ["unauthorized"]


def test_v4_another_hash_of_the_entry_relied_on_is_held_and_disagrees(net):
    made = net.make("tver/center", roster=2)
    twin = Net()
    twin.found("tver", "orel")
    chain = twin.chain(made)
    assert status(chain, made) == "held"
    assert reason(chain, made) == "RosterDisagreesError"
    assert codes(chain) == ["disagrees", "held"]


def test_v4_an_older_entry_than_that_of_the_last_counting_one_is_void(net):
    net.entry("title tver Tver")
    one = net.make("tver/center")
    old = net.make("tver/center", one, by="petrova", roster=2)
    after = net.make("tver/center", old)
    chain = net.chain(one, old, after)
    assert [status(chain, each) for each in (one, old, after)] == ["counts", "void", "counts"]
    assert reason(chain, old) == "RosterOlderError"
    assert codes(chain) == ["old-roster"]


def test_v4_compares_with_the_last_counting_one_not_with_a_void_one(net):
    net.entry("title tver Tver")
    one = net.make("tver/center", roster=2)
    void = net.make("tver/center", one, kind="circular")
    after = net.make("tver/center", void, roster=2)
    assert status(net.chain(one, void, after), after) == "counts"


# ---- V5 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["tver/petrova", "kursk/ivanov", "center/stasova"])
def test_v5_i2_a_dispatch_stripped_and_signed_by_another_is_refused(net, key):
    made = net.make("tver/center")
    with pytest.raises(ForgedError):
        net.chain().offer("tver/center", 1, signer(key).sign(made.text))


def test_v5_an_officer_unknown_to_the_roster_is_refused(net):
    with pytest.raises(ForgedError):
        offer(net.chain(), net.make("tver/center", by="nobody"))


def test_v5_a_suspended_offices_later_notes_do_not_count(net):
    good = net.run("tver/center", 2)
    net.entry("suspend tver", f"cut 3 tver/center 2 {good[1].hash}")
    late = net.make("tver/center", good[1])  # cites the entry that suspends it
    backdated = net.make("tver/center", late, roster=2)
    chain = net.chain(*good, late, backdated)
    assert [status(chain, each) for each in (*good, late, backdated)] == ["counts", "counts", "void", "void"]
    assert reason(chain, late) == "UnauthorizedError"
    assert reason(chain, backdated) == "CutError"
    assert codes(chain) == ["unauthorized", "void"]


def test_v5_i6_what_counted_before_rotation_and_retirement_still_counts(net):
    old = net.run("tver/center", 2)
    net.entry(officer("tver/ivanov", 1), f"cut 3 tver/center 2 {old[1].hash}")
    new = net.make("tver/center", old[1], key=signer("tver/ivanov", 1))
    stolen = net.make("tver/center", new)  # with the old key
    net.entry("retire tver/petrova")
    chain = net.chain(*old, new, stolen)
    assert [status(chain, each) for each in (*old, new, stolen)] == ["counts", "counts", "counts", "void"]
    assert reason(chain, stolen) == "UnauthorizedError"
    in_time = net.chain(*old, new, entries=2)
    feed(in_time, net.entries)
    assert counting(in_time, "tver/center") == [each.hash for each in (*old, new)]


def test_v5_a_threshold_needs_as_many_endorsers(net):
    net.entry(officer("center/sverdlov"), "threshold center 2")
    alone = net.make("center/all", by="stasova", kind="circular")
    both = net.make("center/all", by="stasova", kind="circular", draft=draft(), endorsers=("sverdlov",))
    chain = net.chain(alone)
    assert reason(chain, alone) == "UnauthorizedError"
    assert offer(chain, both).counts
    assert offer(net.chain(), net.make("center/tver", by="stasova")).counts  # a message needs one


def test_v5_a_wrong_endorsement_does_not_count(net):
    net.entry(officer("center/sverdlov"), "threshold center 2")
    good = net.make("center/all", by="stasova", kind="circular", draft=draft(), endorsers=("sverdlov",))
    moved = net.make("center/all", by="stasova", kind="circular", draft=draft(6), endorsed=good.header.endorsed)
    chain = net.chain(moved)
    assert reason(chain, moved) == "UnauthorizedError"


def test_v5_an_endorser_cut_off_later_is_not_counted_above_the_cut(net):
    net.entry(officer("center/sverdlov"), "threshold center 2")
    first = net.make("center/all", by="stasova", kind="circular", draft=draft(5), endorsers=("sverdlov",))
    second = net.make("center/all", first, by="stasova", kind="circular", draft=draft(6), endorsers=("sverdlov",))
    chain = net.chain(first, second)
    assert len(counting(chain, "center/all")) == 2
    feed(chain, [net.entry("retire center/sverdlov", f"cut 4 center/all 1 {first.hash}")])
    assert [status(chain, each) for each in (first, second)] == ["counts", "void"]
    feed(chain, [net.entry(f"cut 4 center/all 2 {second.hash}")])
    assert status(chain, second) == "counts"


# ---- V6 --------------------------------------------------------------------------------------------------------------


def test_v6_a_kind_stands_only_where_its_office_may_post_it(net):
    cases = [
        net.make("tver/center", kind="instruction"),
        net.make("tver/kursk"),
        net.make("tver/all"),
        net.make("center/tver", by="stasova", kind="circular"),
        net.make("center/nowhere", by="stasova"),
    ]
    for made in cases:
        assert reason(net.chain(made), made) in {"KindPlaceError"}, made


def test_v6_a_kind_has_the_lines_it_requires_and_no_others(net):
    without = net.make("tver/center", letter=None, sealed=())
    receipt = net.make("tver/center", kind="receipt", letter=sha("a"), acks=(Ack("center/tver", 0, None, "seen"),))
    for made in (without, receipt):
        chain = net.chain(made)
        assert reason(chain, made) == KindLinesError.__name__
        assert codes(chain) == ["malformed"]


def test_v6_a_draft_expires_by_the_headers_own_time_and_is_used_once(net):
    net.entry(officer("center/sverdlov"), "threshold center 2")
    fields = {"by": "stasova", "kind": "circular", "endorsers": ("sverdlov",)}
    late = net.make("center/all", draft=draft(4, "2026-11-21"), **fields)
    first = net.make("center/all", late, draft=draft(5, "2026-11-22"), **fields)
    again = net.make("center/all", first, draft=draft(5, "2026-11-22"), **fields)
    chain = net.chain(late, first, again)
    assert [status(chain, each) for each in (late, first, again)] == ["void", "counts", "void"]
    assert (reason(chain, late), reason(chain, again)) == ("DraftExpiredError", "DraftSpentError")


def test_v6_a_void_dispatch_does_not_spend_its_draft(net):
    net.entry(officer("center/sverdlov"), "threshold center 2")
    fields = {"by": "stasova", "endorsers": ("sverdlov",), "draft": draft(5)}
    wrong = net.make("center/all", kind="instruction", **fields)
    right = net.make("center/all", wrong, kind="circular", **fields)
    assert status(net.chain(wrong, right), right) == "counts"


def test_v6_the_target_counts_and_needs_the_same_signatures(net):
    one = net.make("center/tver", by="stasova")
    void = net.make("center/tver", one, by="stasova", kind="circular")
    order = net.make("center/tver", void, by="stasova", kind="instruction")
    chain = net.chain(one, void, order)
    for target, kind, verdict in [
        (1, "message", "counts"),
        (2, "message", "void"),
        (3, "message", "void"),
        (3, "decision", "counts"),
        (1, "instruction", "void"),
    ]:
        decision = Decision("excused", "tver", "monthly-return", "2026-10", None, None, None)
        fields = {"decision": decision} if kind == "decision" else {}
        made = net.make("center/tver", order, by="stasova", kind=kind, supersedes=target, **fields)
        assert status(net.chain(one, void, order, made), made) == verdict, (target, kind)
    assert len(counting(chain, "center/tver")) == 2


# ---- V7 --------------------------------------------------------------------------------------------------------------


def test_v7_a_clock_that_goes_back_or_runs_ahead_is_a_finding_and_never_refused(net):
    one = net.make("tver/center", time="2036-01-01T00:00:00Z")
    two = net.make("tver/center", one)
    chain = net.chain(one, two)
    assert len(counting(chain, "tver/center")) == 2
    assert codes(chain) == ["clock", "clock"]
    assert codes(chain, "2035-12-31T00:00:00Z") == ["clock"]
    assert [each.code for each in chain.findings_of("tver/center", 2, "2026-12-01T00:00:00Z")] == ["clock"]


# ---- V8 --------------------------------------------------------------------------------------------------------------


def test_v8_an_ack_of_another_hash_is_a_finding_that_points_to_nobody(net):
    ours = net.make("center/tver", by="stasova")
    good = net.make("tver/center", kind="receipt", acks=(ack(ours),))
    other = net.make("tver/center", good, kind="receipt", acks=(Ack("center/tver", 1, sha("other"), "seen"),))
    chain = net.chain(good, other)
    assert codes(chain) == []  # nothing to compare with yet
    offer(chain, ours)
    (finding,) = chain.findings("2026-12-01T00:00:00Z")
    assert (finding.code, finding.channel, finding.number) == ("disagrees", "tver/center", 2)
    assert (finding.points_to, finding.exit_code) == ("nobody", 0)
    assert status(chain, other) == "counts"


def test_v8_heads_and_replies_are_compared_too(net):
    note = net.make("tver/tver")
    head = net.make("tver/center", kind="check", heads=(Head("tver/tver", 1, sha("x")),))
    reply = net.make("tver/center", head, reply=Reply("center/tver", 1, sha("y")))
    asked = net.make("center/tver", by="stasova")
    roster = net.make("tver/center", reply, kind="receipt", acks=(Ack("center/roster", 2, sha("z"), "seen"),))
    chain = net.chain(note, head, reply, asked, roster)
    assert codes(chain) == ["disagrees"] * 3


# ---- the table -------------------------------------------------------------------------------------------------------


def test_every_code_has_a_grade_an_exit_code_and_somebody_to_ask():
    assert len(CODES) == 27
    for code, row in CODES.items():
        assert row.exit_code in {0, 3, 5, 6, 7}, code
        assert row.grade == {0: "notice", 5: "warning", 6: "warning", 3: "alarm", 7: "alarm"}[row.exit_code]
        assert row.points_to in {"carrier", "sender", "center", "nobody"}


def test_offering_again_changes_nothing(net):
    made = net.run("tver/center", 3)
    chain = net.chain(*made)
    before = list(chain.channel("tver/center").entries())
    feed(chain, [*made, *net.entries, *reversed(made)])
    assert list(chain.channel("tver/center").entries()) == before


def test_v5_a_bad_copy_of_a_waiting_entry_hides_no_good_one(net):
    third = net.entry("title tver Tver")
    fourth = net.entry("title tver Tver Gubernia Committee")
    bad = signer("center/stasova", 9).sign(fourth.text)
    for copies in ([bad, fourth.note], [fourth.note, bad]):
        chain = net.chain(entries=2)
        for copy in copies:
            assert chain.offer(*fourth.slot, copy).status == "held"
        offer(chain, third)
        assert chain.roster.newest == 4
        assert codes(chain) == ["forged"]
        with pytest.raises(ForgedError):
            chain.offer(*fourth.slot, bad)


def test_v6_a_draft_of_the_roster_is_used_once_and_in_time(net):
    net.entry(officer("center/sverdlov"), officer("center/orlov"))
    net.entry("keepers orlov stasova sverdlov", endorsers=("orlov", "sverdlov"), draft=1)
    net.entry("title tver Tver", endorsers=("orlov",), draft=2)
    chain = net.chain()
    again = net.entry("title tver Again", endorsers=("orlov",), draft=2, number=6)
    net.entries.pop()
    late = net.entry("title tver Late", endorsers=("orlov",), draft=3, time="2026-12-23T00:00:00Z", number=6)
    net.entries.pop()
    for made, error in ((again, DraftSpentError), (late, DraftExpiredError)):
        with pytest.raises(error):
            offer(chain, made)
    assert chain.roster.newest == 5


def test_v6_an_entry_with_a_malformed_statement_is_refused(net):
    with pytest.raises(StatementsError):
        offer(net.chain(), net.entry("threshold center none"))


def test_v5_what_hangs_nowhere_above_a_cut_of_its_signer_makes_no_gap(net):
    """A stolen key signs number 50, which links to nothing; once it is cut off nobody waits for 2 to 49."""
    one = net.make("tver/center")
    far = net.make("tver/center", number=50, previous=sha("nothing"), by="petrova")
    chain = net.chain(one, far)
    view = chain.channel("tver/center")
    assert view.gaps() == ((2, 49),)
    offer(chain, net.entry("retire tver/petrova", f"cut {len(net.entries) + 1} tver/center 1 {one.hash}"))
    assert (view.gaps(), view.held(), view.wanted()) == ((), (), ())
    assert reason(chain, far) == "CutError"
    assert view.tip == (1, one.hash)


def test_v6_what_was_signed_without_its_form_points_to_who_signed_it(net):
    """The carrier can put junk there, but make no keeper sign a statement that makes no sense."""
    chain = net.chain()
    with pytest.raises(StatementsError):
        offer(chain, net.entry("retire nobody/here"))
    net.entries.pop()
    with pytest.raises(NoteError):
        chain.offer("kursk/center", 1, b"junk")
    offer(chain, net.make("tver/center", letter=None, sealed=()))
    assert {(each.code, each.channel, each.points_to) for each in chain.findings(NOW)} == {
        ("malformed", "center/roster", "sender"),
        ("malformed", "tver/center", "sender"),
        ("malformed", "kursk/center", "carrier"),
    }
