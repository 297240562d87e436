"""The proof of a fork: what convinces, what does not, and that no byte of it can be another."""

import io

import pytest
from chainkit import Net, officer, sha, signer

from cipherpost.chain import proofs
from cipherpost.chain.checks import ForgedError
from cipherpost.chain.fingerprint import OtherNetworkError
from cipherpost.dispatch.header import RosterRef
from cipherpost.errors import NotAuthenticError
from cipherpost.tar import TarReader, TarWriter
from cipherpost.text import spoken

CHANNEL = "tver/center"
LATER = "2026-11-23T09:00:00Z"


@pytest.fixture
def net():
    made = Net()
    made.found("tver", "kursk")
    return made


def build(net, one, other, entries=None):
    notes = [[each.note for each in side] for side in (one, other)]
    return proofs.build(net.fingerprint, [each.note for each in net.entries[:entries]], *notes)


def twice(net):
    one = net.make(CHANNEL)
    return net.make(CHANNEL, one), net.make(CHANNEL, one, time=LATER)


def went_on(net):
    """Two sides of tver/center from number 2: each officer, and then his colleague, build on what they saw."""
    one = net.make(CHANNEL)
    left, right = net.make(CHANNEL, one), net.make(CHANNEL, one, by="petrova")
    return net.run(CHANNEL, 2, left), net.run(CHANNEL, 2, right, by="petrova"), left, right


def members(data):
    return [(each.name, each.read_all(1 << 22)) for each in TarReader(io.BytesIO(data))]


def packed(found):
    sink = io.BytesIO()
    archive = TarWriter(sink)
    for name, content in found:
        archive.add(name, len(content), content)
    archive.close()
    return sink.getvalue()


# ---- what convinces --------------------------------------------------------------------------------------------------


def test_i3_two_texts_under_one_key_convince_whoever_knows_the_fingerprint(net):
    left, right = twice(net)
    data = build(net, [left], [right])
    for known in (net.fingerprint, spoken(net.fingerprint)):
        proved = proofs.verify(data, known)
        assert (proved.what, proved.channel, proved.number, proved.both) == ("twice", CHANNEL, 2, ("tver/ivanov",))
        assert {side.hash for side in proved.sides} == {left.hash, right.hash}
        assert len(proved.roster) == 2
    page = dict(members(data))["fork.txt"].decode()
    assert "whoever held this key of tver/ivanov signed two dispatches" in page
    assert "the key may be stolen" in page
    assert spoken(net.fingerprint) in " ".join(page.split())


def test_a_fork_has_one_proof_whoever_makes_it_and_whenever(net):
    left, right = twice(net)
    data = build(net, [left], [right])
    after = net.make(CHANNEL, left)
    net.entry("title tver Tver")
    net.entry("retire tver/ivanov", f"cut 4 {CHANNEL} 1 {left.header.previous}")
    stray = right.note + signer("kursk/ivanov").signature_line(right.text)
    assert build(net, [right], [left, after]) == data
    assert proofs.build(net.fingerprint, [each.note for each in net.entries], [left.note], [stray]) == data


def test_i3_two_sides_that_both_go_on_prove_that_the_officers_saw_different_things(net):
    lefts, rights, left, right = went_on(net)
    proved = proofs.verify(build(net, [left, *lefts], [right, *rights]), net.fingerprint)
    assert (proved.what, proved.both, {side.last for side in proved.sides}) == ("went-on", (), {3})
    assert proved.proved.endswith("signed under a key of tver/ivanov and a key of tver/petrova") or (
        proved.proved.endswith("signed under a key of tver/petrova and a key of tver/ivanov")
    )
    assert "anything against either of them" in proved.not_proved


def test_i3_a_proof_with_a_roster_cut_short_claims_nothing_that_the_rest_of_it_refutes(net):
    """Petrova's key was stolen and declared so; who shows the thief's side leaves that entry out of the file."""
    one, *lefts = net.run(CHANNEL, 3)
    right = net.make(CHANNEL, one, by="petrova")
    sides = lefts, [right, net.make(CHANNEL, right, by="petrova")]
    net.entry("compromised tver/petrova", f"cut 3 {CHANNEL} 1 {one.hash}")
    with pytest.raises(proofs.NothingProvedError):
        build(net, *sides)
    stolen = build(net, *sides, entries=2)
    again = net.make(CHANNEL, one, by="petrova", roster=2, time=LATER)
    for data in (stolen, build(net, [right], [again])):
        proved = proofs.verify(data, net.fingerprint)
        page = " ".join(dict(members(data))["fork.txt"].decode().split())
        for told in (page, f"{proved.proved} {proved.not_proved}", str(proved.as_json())):
            assert "key of tver/petrova" in told
            assert "saw different things" not in told
            assert "entries of the roster after number 2 are not in this file" in told


def test_a_side_goes_on_over_what_does_not_count_to_the_first_that_does(net):
    lefts, _, left, right = went_on(net)
    void = net.make(CHANNEL, right, by="petrova", kind="circular")
    rights = net.run(CHANNEL, 2, void, by="petrova")
    proved = proofs.verify(build(net, [left, *lefts], [right, void, *rights]), net.fingerprint)
    assert {side.header.by: side.last for side in proved.sides} == {"ivanov": 3, "petrova": 4}


def test_i3_two_entries_of_the_roster_that_enough_keepers_signed_name_those_who_signed_both():
    net = Net()
    net.entry(officer("center/bazhanov"), officer("center/kagan"), "office tver committee", "title tver Tver")
    net.entry("keepers bazhanov kagan stasova", endorsers=["bazhanov"])
    left = net.entry("title tver Left", endorsers=["kagan"], draft=32)
    right = net.entry(
        "title tver Right", by="bazhanov", number=4, previous=net.entries[2].hash, endorsers=["kagan"], draft=33
    )
    net.entry("title tver More", endorsers=["kagan"], draft=34)
    data = build(net, [left], [right])
    proved = proofs.verify(data, net.fingerprint)
    assert (proved.what, proved.both, len(proved.roster)) == ("roster", ("center/kagan",), 3)
    assert "told that one was withdrawn" in proved.not_proved
    alone = net.entry("title tver Alone", by="bazhanov", number=4, previous=net.entries[2].hash)
    with pytest.raises(proofs.NothingProvedError):
        build(net, [left], [alone])
    once_more = net.entry("title tver Again", number=4, previous=sha("hidden"))
    assert proofs.verify(build(net, [left], [once_more]), net.fingerprint).what == "twice"


# ---- what does not ---------------------------------------------------------------------------------------------------


def test_i3_a_race_is_no_fork_and_no_proof(net):
    lefts, rights, left, right = went_on(net)
    for one, other in (
        ([left], [right]),
        ([left, *lefts], [right]),
        ([left, *lefts], [right, net.make(CHANNEL, right, by="petrova", kind="circular")]),
    ):
        with pytest.raises(proofs.NothingProvedError, match="this blames nobody"):
            build(net, one, other)
    data = build(net, [left, *lefts], [right, *rights])
    race = packed([each for each in members(data) if not each[0].endswith("/00000003.note") or "roster" in each[0]])
    with pytest.raises(proofs.NothingProvedError):
        proofs.verify(race, net.fingerprint)


def test_new_keys_that_sign_a_number_of_the_old_ones_again_blame_nobody(net):
    """The home burnt down with a letter on its way; the officer goes on with new keys from where others stand."""
    one = net.make(CHANNEL)
    lost = net.make(CHANNEL, one)
    net.entry(officer("tver/ivanov", 1), f"cut 3 {CHANNEL} 1 {one.hash}")
    anew = net.make(CHANNEL, one, key=signer("tver/ivanov", 1), time=LATER)
    with pytest.raises(proofs.NothingProvedError):
        build(net, [lost], [anew])


def test_what_is_one_dispatch_or_of_two_numbers_proves_nothing(net):
    left, right = twice(net)
    elsewhere = net.make("kursk/center", None)
    for one, other in ((left, left), (left, net.make(CHANNEL, left)), (left, elsewhere)):
        with pytest.raises(proofs.NothingProvedError):
            build(net, [one], [other])
    forged = net.make(CHANNEL, None, key=signer("kursk/ivanov"), number=2, previous=left.header.previous)
    with pytest.raises(ForgedError):
        build(net, [right], [forged])


def test_a_text_that_cites_what_the_proof_lacks_is_still_under_the_key(net):
    """A thief names a roster entry that never was: his key is under both all the same."""
    left, _ = twice(net)
    right = net.make(CHANNEL, None, number=2, previous=sha("x"))
    right = net.make(CHANNEL, None, number=2, previous=left.header.previous, roster=2, time=LATER)
    far = right.header._replace(roster=RosterRef(999, sha("far")))
    made = type(right)(far, signer("tver/ivanov"))
    assert proofs.verify(build(net, [left], [made]), net.fingerprint).what == "twice"


# ---- altered ---------------------------------------------------------------------------------------------------------


def test_any_changed_byte_of_a_proof_is_refused(net):
    data = build(net, *([each] for each in twice(net)))
    for at in range(0, len(data), 7):
        with pytest.raises(NotAuthenticError):
            proofs.verify(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], net.fingerprint)
    for broken in (b"", data[:-1], data[:-512], data + b"x", data + bytes(512)):
        with pytest.raises(NotAuthenticError):
            proofs.verify(broken, net.fingerprint)


def test_a_proof_of_another_network_is_refused(net):
    other = Net(network="other")
    data = build(net, *([each] for each in twice(net)))
    with pytest.raises(OtherNetworkError):
        proofs.verify(data, other.fingerprint)


def test_a_proof_put_together_otherwise_is_refused(net):
    left, right = twice(net)
    found = members(build(net, [left], [right]))
    page, *notes = found
    net.entry("title tver Tver")
    swapped = [(f"{'b' if name[0] == 'a' else 'a'}{name[1:]}", note) for name, note in notes if name[0] in "ab"]
    for others in (
        notes,
        [*notes, page],
        [page, *notes[:-1]],
        [page, *notes[1:]],
        [page, *notes, ("c/00000002.note", left.note)],
        [page, *notes[:2], ("roster/00000003.note", net.entries[2].note), *notes[2:]],
        [page, *notes, ("b/00000003.note", net.make(CHANNEL, right).note)],
        [page, *notes[:2], *sorted(swapped)],
        [(page[0], page[1].replace(b"It does not prove", b"It also proves")), *notes],
    ):
        with pytest.raises(NotAuthenticError):
            proofs.verify(packed(others), net.fingerprint)
    assert proofs.verify(packed(found), net.fingerprint).number == 2


def test_the_page_of_a_proof_fits_in_80_columns_whatever_it_proves(net):
    one, other = twice(net)
    left, right, first, second = went_on(net)
    for data in (build(net, [one], [other]), build(net, [first, *left], [second, *right])):
        text = members(data)[0][1].decode()
        assert all(len(line) <= 80 for line in text.splitlines())
        proved = proofs.verify(data, net.fingerprint)
        assert f"This file proves: {proved.proved}. It does not prove: {proved.not_proved}." in " ".join(text.split())
