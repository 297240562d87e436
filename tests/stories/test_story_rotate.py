"""Stories of keys over time: rotated, stolen, lost, destroyed. Each plays with real homes."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from dying import every_death
from storykit import lay
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, PETROV, ROSTER, STASOVA, Net, subjects

from cipherpost.age import HybridIdentity
from cipherpost.card import Card, sign_card
from cipherpost.carry import armor
from cipherpost.desk import Desk
from cipherpost.dispatch.header import Ack, Head, Header, RosterRef, format_header
from cipherpost.note import Purpose, SignerKey, Text
from cipherpost.postoffice import UnreachableError, names
from cipherpost.text import format_time
from cipherpost.workflows import admission, destroying, endorsing, founding, keepers, reading, rotating, standing
from cipherpost.workflows.renewing import Replaced


def rotate(net: Net, who: str) -> rotating.Renewal:
    with net.desk(who) as desk:
        return rotating.rotate(desk)


def admit(net: Net, *given: str, heard: str | None = None, by: str = STASOVA) -> admission.Admission:
    with net.desk(by) as desk:
        return admission.admit(desk, given, heard=heard)


def compromise(net: Net, who: str) -> None:
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "compromised", who))


def forge(net: Net, thief: Desk, channel: str) -> None:
    """A thief's dispatch with the stolen key, in the next slot; he cites the entry at which the key was good."""
    number, previous = thief.chain.channel(channel).tip
    newest = thief.roster.newest
    header = Header(
        network=NETWORK,
        channel=channel,
        number=number + 1,
        previous=previous,
        time=format_time(net.now),
        by=thief.officer,
        kind="receipt",
        roster=RosterRef(newest, thief.roster.hash_of(newest) or ""),
        acks=(Ack("center/tver", 0, None, "seen"),),
    )
    lay(net, header, thief.keys.signer.sign(Text(Purpose.DISPATCH, format_header(header))))


def test_a_clerk_rotates_his_keys_and_nobody_misses_a_letter(net: Net) -> None:
    net.send(IVANOV, "with the old key", "center")
    net.send(STASOVA, "under way to the old key", "tver")
    begun = rotate(net, IVANOV)
    assert begun.delivered
    assert begun.entry is None
    assert begun.replaces is not None
    assert [(head.channel, head.number) for head in begun.heads] == [("tver/center", 1)]

    waits = net.send(IVANOV, "written in between", "center")
    assert waits.number is None
    assert type(waits.waiting).__name__ == "KeysUnderWayError"
    round_ = net.fetch(IVANOV)
    assert subjects(round_) == ["under way to the old key"]
    assert round_.renewal is not None
    assert round_.renewal.waiting == 1
    assert round_.posted == []

    done = admit(net, IVANOV)
    assert done.admitted == [IVANOV]
    assert done.refused == []
    assert next(cut.line().split()[0] for cut in done.replaced[0].cuts) == "tver/center/1"
    net.send(STASOVA, "to the new key", "tver")

    round_ = net.fetch(IVANOV)
    assert round_.renewal is not None
    assert round_.renewal.entry == done.posted.number
    assert subjects(round_) == ["to the new key"]
    assert "tver/center" in {item.channel for item in round_.posted}
    assert "written in between" in subjects(net.fetch(STASOVA))
    with net.desk(IVANOV) as desk:
        assert len(desk.keys.signers) == 1
        assert len(desk.keys.identities) == 2
    net.clean()


# ---- cards that vouch for nothing --------------------------------------------------------------------------------


def forged_card(
    net: Net, officer: str, *, replaced: SignerKey | None = None, heads: tuple[Head, ...] = ()
) -> tuple[str, SignerKey]:
    """A card for ``officer`` with a stranger's new keys, signed by ``replaced`` too, as a file; and its secret."""
    office, _, name = officer.partition("/")
    full = f"{NETWORK}/{office}/{name}"
    stranger = SignerKey(full, b"\x51" * 32)
    old = replaced or SignerKey(full, b"\x52" * 32)
    card = Card(
        fingerprint=net.fingerprint,
        network=NETWORK,
        office=office,
        officer=name,
        time=format_time(net.now),
        vkey=stranger.verifier,
        recipient_text=HybridIdentity.generate().recipient.text,
        replaces=old.verifier,
        heads=heads,
    )
    path = net.root / "forged.card"
    path.write_text(armor("CARD", sign_card(card, stranger, old)))
    return str(path), stranger


def test_a_rotation_card_signed_by_a_third_party_gives_nobody_keys(net: Net) -> None:
    path, _ = forged_card(net, IVANOV)
    done = admit(net, path)
    assert [type(error).__name__ for error in done.refused] == ["RotationKeyError"]
    assert "replaces a key that tver/ivanov never had" in str(done.refused[0])
    assert done.posted is None
    with net.desk(STASOVA) as desk:  # another officer's good key does not vouch either: its name is on it
        petrov = desk.roster.officer("tver", "petrov", desk.roster.newest)
        assert petrov is not None
        assert petrov.vkey.name.endswith("petrov")


def test_a_rotation_card_replayed_later_brings_no_old_key_back(net: Net) -> None:
    rotate(net, IVANOV)
    with net.desk(IVANOV) as desk:
        first = str(net.root / "first.card")
        (net.root / "first.card").write_text(admission.own_card(desk).armored)
    admit(net, IVANOV)
    net.fetch(IVANOV)
    net.later(hours=1)
    rotate(net, IVANOV)
    admit(net, IVANOV)
    net.fetch(IVANOV)

    again = admit(net, first)
    assert [type(error).__name__ for error in again.refused] == ["AlreadyAdmittedError"]
    with net.desk(IVANOV) as desk:
        assert desk.keys.signer.verifier == desk.roster.officer("tver", "ivanov", 99).vkey
    net.send(IVANOV, "after two rotations", "center")
    net.clean()


def test_a_card_made_before_the_key_was_declared_compromised_comes_too_late(net: Net) -> None:
    begun = rotate(net, IVANOV)
    net.fetch(STASOVA)
    compromise(net, IVANOV)
    late = admit(net, IVANOV)
    assert late.posted is None
    assert [type(error).__name__ for error in late.refused] == ["RotationKeyError"]
    assert "(compromised)" in str(late.refused[0])
    assert any("keys rotate" in hint for hint in late.refused[0].hints)
    assert begun.replaces is not None


def test_v5_a_stolen_key_that_goes_on_writing_convinces_nobody_after_the_cut(net: Net, tmp_path: Path) -> None:
    """The thief copies the whole home; the honest clerk tells the center, and goes on in the same series."""
    net.send(IVANOV, "honest 1", "center")
    stolen = tmp_path / "stolen"
    shutil.copytree(net.home(IVANOV), stolen)
    net.fetch(STASOVA)
    net.fetch(IVANOV)
    compromise(net, IVANOV)

    with net.desk(IVANOV, home=stolen) as thief:
        forge(net, thief, "tver/center")
    net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        assert desk.chain.channel("tver/center").last.header.number == 1

    renewal = rotate(net, IVANOV)
    assert renewal.replaces is None
    assert renewal.heads == ()
    refused = admit(net, IVANOV)
    assert [type(error).__name__ for error in refused.refused] == ["HeardNeededError"]
    done = admit(net, IVANOV, heard=renewal.spoken)
    assert done.admitted == [IVANOV]
    net.fetch(IVANOV)
    posted = net.send(IVANOV, "honest again", "center")
    assert posted.number is not None
    assert subjects(net.fetch(STASOVA)) == ["honest again"]
    chain, findings = net.verify()
    counting = [node.by for node in chain.channel("tver/center").counting()]
    assert counting == ["ivanov", "ivanov"]
    assert {finding.code for finding in findings} <= {"void"}


# ---- everything lost ---------------------------------------------------------------------------------------------


def test_a_committee_that_lost_everything_goes_on_in_its_own_series(net: Net) -> None:
    """New home, old name: the number is read aloud, the old keys are cut, the series continues."""
    net.send(ORLOV, "before the fire 1", "center")
    net.send(ORLOV, "before the fire 2", "center")
    net.send(STASOVA, "sealed to the lost key", "samara")
    net.fetch(STASOVA)
    shutil.rmtree(net.home(ORLOV))

    with net.desk(STASOVA) as desk:
        invitation = net.root / "again.invitation"
        invitation.write_text(admission.invite(desk, "samara"))
    joined = founding.join(str(invitation), officer="orlov", home=net.home(ORLOV), clock=net.clock)
    card = str(joined.card_file)
    assert [type(error).__name__ for error in admit(net, card).refused] == ["HeardNeededError"]
    done = admit(net, card, heard=joined.spoken)
    assert done.replaced[0].question is not None
    assert "samara/center/2" in [cut.line().split()[0] for cut in done.replaced[0].cuts]

    round_ = net.fetch(ORLOV)
    assert round_.unreadable == []
    assert round_.new == []
    assert round_.before_you == 1
    assert net.send(ORLOV, "after the fire", "center").number == 3 + len(round_.posted)
    assert "after the fire" in subjects(net.fetch(STASOVA))
    net.send(STASOVA, "to the new key", "samara")
    assert subjects(net.fetch(ORLOV)) == ["to the new key"]
    net.clean()


def test_i3_new_keys_sign_no_number_below_the_cut_that_the_carrier_hides(net: Net) -> None:
    """The carrier hides the last letter from the new home: the cut says that it exists, so its number is not signed."""
    net.send(ORLOV, "one", "center")
    net.send(ORLOV, "two", "center")
    net.fetch(STASOVA)
    shutil.rmtree(net.home(ORLOV))
    with net.desk(STASOVA) as desk:
        invitation = net.root / "again.invitation"
        invitation.write_text(admission.invite(desk, "samara"))
    joined = founding.join(str(invitation), officer="orlov", home=net.home(ORLOV), clock=net.clock)
    admit(net, str(joined.card_file), heard=joined.spoken)
    net.post.withhold(names.note_name(NETWORK, "samara/center", 2))
    posted = net.send(ORLOV, "three", "center")
    assert posted.number is None
    assert type(posted.waiting).__name__ == "GapError"


# ---- destroyed on purpose ----------------------------------------------------------------------------------------


def test_i6_old_letters_open_until_their_key_is_destroyed_on_purpose(net: Net) -> None:
    net.send(STASOVA, "sealed to the old key", "tver")
    net.fetch(IVANOV)
    rotate(net, IVANOV)
    admit(net, IVANOV)
    net.fetch(IVANOV)
    net.later(days=1)
    net.send(STASOVA, "sealed to the new key", "tver")
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk:
        assert reading.read(desk, "center/tver/1").body.strip() == "sealed to the old key"
        with pytest.raises(destroying.NothingToDestroyError):
            destroying.plan(desk, net.now.date() - timedelta(days=30))
        doomed = destroying.plan(desk, net.now.date() + timedelta(days=1))
        assert [dict(key.letters)["center/tver"] for key in doomed] == [(1,)]
        destroying.destroy(desk, doomed)
    with net.desk(IVANOV) as desk:
        assert len(desk.keys.identities) == 1
        with pytest.raises(reading.BeforeYouError, match="older keys of yours"):
            reading.read(desk, "center/tver/1")
        assert "new key" in reading.read(desk, "center/tver/2").body
    assert net.fetch(IVANOV).unreadable == []
    net.clean()


# ---- keepers -----------------------------------------------------------------------------------------------------


def test_the_only_keeper_replaces_his_keys_by_himself(net: Net) -> None:
    net.send(STASOVA, "with the old key", "all")
    with net.desk(STASOVA) as desk:
        old = desk.keys.signer.verifier
    done = rotate(net, STASOVA)
    assert done.entry is not None
    with net.desk(STASOVA) as desk:
        entry = desk.chain.channel(ROSTER).entry(done.entry)
        assert entry is not None
        assert [each.officer for each in entry.header.endorsed] == ["stasova"]
        assert len(desk.keys.signers) == 1
        assert desk.keys.signer.verifier == desk.roster.keeper_keys(done.entry)["stasova"] != old
    net.send(STASOVA, "with the new key", "all")
    assert subjects(net.fetch(IVANOV)) == ["with the old key", "with the new key"]
    admit_group(net)
    net.clean()


def admit_group(net: Net) -> None:
    """Another roster entry: the new key signs alone again."""
    with net.desk(STASOVA) as desk:
        admission.set_group(desk, "upper", ["tver"])


@pytest.mark.parametrize("at", ["before-post", "after-post"])
def test_i4_an_only_keeper_whose_entry_was_cut_off_goes_on(net: Net, at: str) -> None:
    name = names.note_name(NETWORK, ROSTER, net_newest(net) + 1)
    net.post.fail("create", name, when="before" if at == "before-post" else "after")
    with pytest.raises(UnreachableError):
        rotate(net, STASOVA)
    net.post.heal()
    round_ = net.fetch(STASOVA)
    assert round_.renewal is not None
    assert round_.renewal.entry == net_newest(net)
    net.send(STASOVA, "goes on", "all")
    net.clean()


def net_newest(net: Net) -> int:
    with net.desk(STASOVA) as desk:
        return desk.roster.newest


def test_one_of_two_keepers_replaces_his_keys_with_the_other(net: Net) -> None:
    make_keepers(net, "stasova", "bazhanov")
    waits = rotate(net, BAZHANOV)
    assert waits.entry is None
    proposed = admit(net, BAZHANOV).posted
    assert proposed is not None
    assert proposed.proposed == ROSTER
    round_ = net.fetch(BAZHANOV)
    assert round_.waiting == []
    assert round_.renewal is not None
    assert round_.renewal.entry is not None
    assert net.header(BAZHANOV, f"{ROSTER}/{round_.renewal.entry}").by == "bazhanov"
    net.fetch(STASOVA)
    net.send(BAZHANOV, "with the new key", "all")
    assert "with the new key" in subjects(net.fetch(IVANOV))
    net.clean()


def make_keepers(net: Net, *officers: str) -> None:
    """More keepers by the one there is; those who become keepers endorse the entry that makes them."""
    with net.desk(STASOVA) as desk:
        posted = keepers.state(desk, keepers.plan(desk, officers))
    for officer in officers[1:]:
        if posted.proposed is not None:
            net.fetch(f"center/{officer}")
            with net.desk(f"center/{officer}") as desk:
                endorsing.endorse(desk, str(posted.number))
    for officer in officers:
        net.fetch(f"center/{officer}")


# ---- kills -------------------------------------------------------------------------------------------------------


def test_i4_a_rotation_killed_at_any_step_goes_on(net: Net) -> None:
    net.send(IVANOV, "with the old key", "center")
    for _ in every_death(lambda _: rotate(net, IVANOV)):
        with net.desk(IVANOV) as desk:
            assert len(desk.keys.signers) <= 2
            assert len(desk.keys.identities) <= 2, "a key that a killed run made is used"
    admit(net, IVANOV)
    for _ in every_death(lambda _: net.fetch(IVANOV)):
        pass
    with net.desk(IVANOV) as desk:
        assert rotating.under_way(desk) is None
        assert len(desk.keys.signers) == 1
    assert net.send(IVANOV, "with the new key", "center").number is not None
    net.clean()


# ---- heads and cuts ----------------------------------------------------------------------------------------------


def test_v5_what_was_on_a_stick_when_the_keys_were_rotated_still_counts(net: Net) -> None:
    """The center has not seen number 2 yet; the card states it, so the old key is cut there and not below."""
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    stick = dict(net.store.objects)
    net.send(IVANOV, "two, on a stick", "center")
    rotate(net, IVANOV)
    carried = {name: data for name, data in net.store.objects.items() if name not in stick and "/center/" in name}
    for name in carried:
        del net.store.objects[name]
    done = admit(net, IVANOV)
    assert done.replaced[0].beyond == ("tver/center/2",)
    net.store.objects.update(carried)
    assert "two, on a stick" in subjects(net.fetch(STASOVA))
    net.fetch(IVANOV)
    net.send(IVANOV, "three", "center")
    net.clean()


def test_a_card_that_states_another_text_than_the_center_has_is_refused(net: Net) -> None:
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    with net.desk(IVANOV) as desk:
        old = desk.keys.signer
    path, _ = forged_card(net, IVANOV, replaced=old, heads=(Head("tver/center", 1, "ab" * 32),))
    done = admit(net, path)
    assert [type(error).__name__ for error in done.refused] == ["CardHeadsError"]
    assert "another text for tver/center/1" in str(done.refused[0])
    assert done.posted is None


def test_a_card_that_states_numbers_nobody_can_have_written_is_asked_about(net: Net) -> None:
    """A thief of the old key states a head so high that the honest clerk's series would never come up to it."""
    net.send(IVANOV, "one", "center")
    net.fetch(STASOVA)
    with net.desk(IVANOV) as desk:
        old = desk.keys.signer
    for number, asked in ((1_001, False), (9_000_000, True)):
        path, _ = forged_card(net, IVANOV, replaced=old, heads=(Head("tver/center", number, "ab" * 32),))
        seen: list[Replaced] = []
        with net.desk(STASOVA) as desk:
            admission.admit(desk, [path], agree=seen.append, dry_run=True)
        (change,) = seen
        assert (change.question is not None) == asked
        assert ("tver/center/9000000" in str(change.question)) == asked
        assert any("a thief of the old key" in line for line in change.lines()) == asked


def test_two_officers_of_one_office_rotate_in_one_entry(net: Net) -> None:
    net.send(IVANOV, "one", "center")
    net.send(PETROV, "two", "center")
    rotate(net, IVANOV)
    rotate(net, PETROV)
    done = admit(net, IVANOV, PETROV)
    assert done.refused == []
    assert sorted(done.admitted) == [IVANOV, PETROV]
    for who in (IVANOV, PETROV):
        assert net.fetch(who).renewal.entry == done.posted.number
        net.send(who, f"new key of {who}", "center")
    net.clean()


def test_i2_a_colleague_goes_on_while_the_other_rotates(net: Net) -> None:
    rotate(net, IVANOV)
    net.send(PETROV, "in between", "center")
    admit(net, IVANOV)
    net.send(PETROV, "after", "center")
    net.fetch(IVANOV)
    net.send(IVANOV, "with the new key", "center")
    net.clean()
