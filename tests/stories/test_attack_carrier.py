"""What a carrier may do to single objects: forge, replay, exchange, cut, lose; who finds it, and how."""

import pytest
from carrierkit import ALL, SAMARA, Stage, ends_with, false_key, found, refusals
from storykit import key_of, next_header, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, PETROV, STASOVA, subjects

from cipherpost.dispatch.header import RosterRef, format_header
from cipherpost.note import Purpose, SignerKey, Text, split

# ---- whose word it is ------------------------------------------------------------------------------------------------


def test_v5_a_carrier_forges_the_next_circular(any_stage: Stage) -> None:
    """The carrier lays a circular in stasova's name into the next slot, signed with a key of his own.

    Tver's fetch and the audit call it forged (3); the other letters come, and the true number 2 is posted beside it.
    """
    net = any_stage.net
    net.send(STASOVA, "one", "all")
    forged = false_key(STASOVA).sign(Text(Purpose.DISPATCH, format_header(next_header(net, STASOVA, ALL))))
    any_stage.lay(any_stage.name("center/all/2"), forged)
    net.send(STASOVA, "to tver", "tver")
    fetched = net.fetch(IVANOV)
    assert sorted(subjects(fetched)) == ["one", "to tver"]
    assert (refusals(fetched), fetched.exit_code) == ([("ForgedError", "center/all/2")], 3)
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("forged", "center/all/2")], 3)
    assert net.send(STASOVA, "two", "all").number == 2
    assert subjects(net.fetch(IVANOV)) == ["two"]


def test_v5_a_carrier_strips_a_signature_and_has_another_sign(any_stage: Stage) -> None:
    """He takes stasova's line off a circular and has a clerk of tver, whom he bribed, sign the same text.

    Samara's fetch and the audit call it forged (3). Stasova's next fetch puts the true note back, and samara reads it.
    """
    net = any_stage.net
    net.send(STASOVA, "the circular", "all")
    text = split(any_stage.note("center/all/1")).text
    any_stage.lay(any_stage.name("center/all/1"), key_of(net, PETROV).sign(Text(Purpose.DISPATCH, text)))
    fetched = net.fetch(ORLOV)
    assert (subjects(fetched), fetched.exit_code) == ([], 3)
    assert refusals(fetched) == [("ForgedError", "center/all/1")]
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("forged", "center/all/1")], 3)
    assert net.fetch(STASOVA).restored == ["center/all/1"]
    assert subjects(net.fetch(ORLOV)) == ["the circular"]


# ---- replays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "reader"),
    [("center/tver/2", IVANOV), ("center/samara/1", ORLOV), ("tver/center/1", STASOVA)],
    ids=["same-channel", "another-channel", "other-direction"],
)
def test_v2_a_carrier_replays_an_instruction(any_stage: Stage, place: str, reader: str) -> None:
    """An instruction to tver is shown a second time: as the next one, to samara, and as tver's own answer.

    Whoever reads there, and the audit, call it misplaced (3); it is delivered once, where it belongs; the slot that it
    occupies takes the next true dispatch all the same.
    """
    net = any_stage.net
    net.send(STASOVA, "to tver", "tver")
    any_stage.carrier.replay(any_stage.name("center/tver/1"), any_stage.name(place))
    fetched = net.fetch(reader)
    assert ("MisplacedError", place) in refusals(fetched)
    assert fetched.exit_code == 3
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("misplaced", place)], 3)
    who, audience = {"center/tver/2": (STASOVA, "tver"), "center/samara/1": (STASOVA, "samara")}.get(
        place, (IVANOV, "center")
    )
    assert str(net.send(who, "a true one", audience).place) == place
    assert "a true one" in subjects(net.fetch(reader))


def test_v2_a_carrier_replays_a_dispatch_of_another_network(any_stage: Stage) -> None:
    """The carrier serves another network too, and brings what its center has truly signed there.

    Tver's fetch and the audit call it misplaced (3). Had that network the same name, and stasova the same key in both,
    it would still cite a roster that nobody here has: held (6), `disagrees`, and read by nobody.
    """
    net = any_stage.net
    header = next_header(net, STASOVA, ALL)
    other = SignerKey("other/center/stasova", b"\2" * 32)
    any_stage.lay(
        any_stage.name("center/all/1"),
        other.sign(Text(Purpose.DISPATCH, format_header(header._replace(network="other")))),
    )
    fetched = net.fetch(IVANOV)
    assert (refusals(fetched), fetched.exit_code) == ([("MisplacedError", "center/all/1")], 3)
    assert found(any_stage.audit()) == [("misplaced", "center/all/1")]
    assert header.roster is not None
    same_name = header._replace(roster=RosterRef(header.roster.number, "ab" * 32))
    any_stage.lay(any_stage.name("center/all/1"), signed(net, STASOVA, same_name))
    assert net.fetch(IVANOV).exit_code == 6
    report = any_stage.audit()
    assert (found(report), ends_with(report)) == ([("held", "center/all/1"), ("disagrees", "center/all/1")], 6)


# ---- losses ----------------------------------------------------------------------------------------------------------


def test_v3_a_carrier_loses_the_last_number_before_anybody_has_spoken_of_it(any_stage: Stage) -> None:
    """The newest report is swallowed, and nobody has acked it: no fetch and no audit can know of it.

    Its sender's next fetch looks for its newest numbers, finds it gone, and puts it back.
    """
    net = any_stage.net
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    before = any_stage.carrier.state()
    net.send(IVANOV, "the report", "center")
    for name in any_stage.carrier.state().keys() - before.keys():
        remove(any_stage, name)
    assert net.fetch(STASOVA).exit_code == 0
    any_stage.clean()
    assert net.fetch(IVANOV).restored == ["tver/center/2"]
    assert subjects(net.fetch(STASOVA)) == ["the report"]


def remove(stage: Stage, name: str) -> None:
    """Take an object out of the store itself."""
    if hasattr(stage.store, "objects"):
        del stage.store.objects[name]
    else:
        (stage.net.root / "post" / name).unlink()


def test_v3_a_carrier_withholds_a_whole_channel_from_its_reader(stage: Stage) -> None:
    """Samara is never shown what the center writes to it alone. Its fetch finds nothing.

    The center's `status` sees that nobody acks it, and after the interval an auditor who is shown it reads `unheard`
    (5). Had samara acked anything of it, an audit that is not shown it would read `gap` (6). Samara goes on with
    everything else.
    """
    net = stage.net
    net.everybody_fetches()
    stage.shown_to(ORLOV).withhold(f"{NETWORK}/{SAMARA}/*")
    net.send(STASOVA, "to samara alone", "samara")
    net.send(STASOVA, "to all", "all")
    fetched = net.fetch(ORLOV)
    assert (subjects(fetched), fetched.exit_code) == (["to all"], 0)
    assert net.ack_words(STASOVA, SAMARA, 1) == {}
    report = stage.audit(days=31)
    assert ("unheard", "center/samara/1") in found(report)
    assert ends_with(report) == 5
    del net.posts[ORLOV]
    assert subjects(net.fetch(ORLOV)) == ["to samara alone"]
    stage.shown_to("stranger").withhold(f"{NETWORK}/{SAMARA}/*")
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("gap", "center/samara/1")], 6)


# ---- exchanges -------------------------------------------------------------------------------------------------------


def test_i2_a_carrier_brings_a_channel_in_another_order(any_stage: Stage) -> None:
    """Three circulars are shown under each other's numbers.

    Tver reads the one that is where it belongs or none, and calls the others misplaced (3), as the audit does; shown in
    their own order, all are read.
    """
    net = any_stage.net
    for text in ("one", "two", "three"):
        net.send(STASOVA, text, "all")
    any_stage.carrier.reorder(f"{NETWORK}/{ALL}/")
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == ([], 3)
    assert ("MisplacedError", "center/all/1") in refusals(fetched)
    report = any_stage.audit()
    assert {("misplaced", "center/all/1"), ("misplaced", "center/all/3")} <= {*found(report)}
    assert ends_with(report) == 3
    any_stage.carrier.heal()
    assert subjects(net.fetch(IVANOV)) == ["one", "two", "three"]
    any_stage.clean()


def test_v3_a_carrier_brings_the_newest_first(any_stage: Stage) -> None:
    """Number 3 comes today and the two before it tomorrow: it is held (6) until then, and read in its order."""
    net = any_stage.net
    for text in ("one", "two", "three"):
        net.send(STASOVA, text, "all")
    any_stage.carrier.withhold(any_stage.name("center/all/1"), any_stage.name("center/all/2"))
    fetched = net.fetch(IVANOV, full=True)
    assert (subjects(fetched), fetched.exit_code) == ([], 6)
    assert [number for _, number, _ in fetched.held] == [3]
    assert found(any_stage.audit())[-1] == ("held", "center/all/3")
    any_stage.carrier.heal()
    assert subjects(net.fetch(IVANOV)) == ["one", "two", "three"]


def test_i7_a_carrier_cuts_a_note_and_a_sealed_file_short(any_stage: Stage) -> None:
    """The second circular's note ends in its middle, and of the third letter only the age header comes.

    Fetch and audit say `malformed` (3) and `swapped` (3); the first is read; once shown whole, the others are too.
    """
    net = any_stage.net
    for text in ("one", "two"):
        net.send(STASOVA, text, "all")
    net.send(STASOVA, "to tver", "tver")
    sealed = any_stage.sealed(STASOVA, "center/tver/1")
    any_stage.carrier.truncate(any_stage.name("center/all/2"), 200)
    any_stage.carrier.truncate(sealed, 1500)
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["one"]
    assert fetched.exit_code == 3
    assert {place for _, place in refusals(fetched)} == {"center/all/2", "center/tver/1"}
    assert ("LetterSwappedError", "center/tver/1") in refusals(fetched)
    report = any_stage.audit(sealed=True)
    assert {("malformed", "center/all/2"), ("swapped", "center/tver/1")} <= {*found(report)}
    assert ends_with(report) == 3
    any_stage.carrier.heal()
    assert sorted(subjects(net.fetch(IVANOV))) == ["to tver", "two"]
    assert found(any_stage.audit(sealed=True)) == []


def test_v9_a_carrier_exchanges_the_sealed_files_of_two_letters(any_stage: Stage) -> None:
    """Under the hash of each of two letters lies the other, both sealed by the center to the same readers.

    Tver's fetch refuses both as swapped (3), and so does `audit --sealed`; an audit of the notes alone cannot see it.
    The third letter is read, and both once they lie where they belong.
    """
    net = any_stage.net
    for text in ("number one", "number two", "number three"):
        net.send(STASOVA, text, "tver")
    any_stage.carrier.swap(any_stage.sealed(STASOVA, "center/tver/1"), any_stage.sealed(STASOVA, "center/tver/2"))
    fetched = net.fetch(IVANOV)
    assert (subjects(fetched), fetched.exit_code) == (["number three"], 3)
    assert refusals(fetched) == [("LetterSwappedError", "center/tver/1"), ("LetterSwappedError", "center/tver/2")]
    report = any_stage.audit(sealed=True)
    assert ends_with(report) == 3
    assert {place for code, place in found(report) if code == "swapped"} == {"center/tver/1", "center/tver/2"}
    assert ends_with(any_stage.audit()) == 0
    any_stage.carrier.heal()
    assert subjects(net.fetch(IVANOV)) == ["number one", "number two"]


# ---- races that he makes look like forks -----------------------------------------------------------------------------


def test_i4_a_carrier_keeps_a_race_and_shows_it_as_if_somebody_had_forked(stage: Stage) -> None:
    """Two officers took number 1 at once; the carrier kept both, and shows tver the one and samara the other.

    Nobody is accused: the audit lists a `race`, and that tver's ack `disagrees` (0). Bazhanov's fetch, which is shown
    both, settles it by a check and sends his letter anew; everybody follows.
    """
    net = stage.net
    refused = stage.apart(BAZHANOV)
    net.send(BAZHANOV, "from bazhanov", "all")
    net.send(STASOVA, "from stasova", "all")
    stage.bring(refused.state(), aside=("center/all/1",))
    del net.posts[BAZHANOV]
    tver = stage.shown_to(IVANOV)
    tver.replace(stage.name("center/all/1"), refused.state()[stage.name("center/all/1")])
    assert subjects(net.fetch(IVANOV)) == ["from bazhanov"]
    assert subjects(net.fetch(ORLOV)) == ["from stasova"]
    report = stage.audit()
    assert (found(report), ends_with(report)) == ([("race", "center/all/1"), ("disagrees", "tver/center/1")], 0)
    posted = net.fetch(BAZHANOV).posted
    assert ("center/all", "check") in [(each.channel, each.kind) for each in posted]
    tver.heal()
    assert subjects(net.fetch(IVANOV)) == ["from stasova", "from bazhanov"]
    assert {net.header(who, "center/all/1").by for who in (IVANOV, ORLOV)} == {"stasova"}
    assert subjects(net.fetch(ORLOV)) == ["from bazhanov"], "under a new number"
    report = stage.audit()
    assert "fork" not in {code for code, _ in found(report)}
    assert ends_with(report) == 0
