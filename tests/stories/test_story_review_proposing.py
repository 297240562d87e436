"""Stories of what colleagues put before each other to sign: nonsense, others' keys, a stolen key at work."""

import dataclasses
import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from storykit import hash_of, key_of, lay, next_header, signed
from workflowkit import BAZHANOV, IVANOV, NETWORK, ROSTER, STASOVA, Net, join, send, settle

from cipherpost import limits
from cipherpost.age import HybridIdentity
from cipherpost.card import Card, SignedCard, parse_card, sign_card
from cipherpost.carry import armor
from cipherpost.desk import Desk
from cipherpost.dispatch.draft import Draft, format_draft
from cipherpost.errors import UnableError
from cipherpost.home.outbox import Item
from cipherpost.letter import Attachment
from cipherpost.note import SignerKey
from cipherpost.postoffice import names
from cipherpost.roster import words
from cipherpost.roster.words import Statement
from cipherpost.workflows import (
    admission,
    authority,
    enclosed,
    endorsing,
    entries,
    guards,
    placing,
    proposals,
    proposing,
    reading,
    rotating,
    signing,
    standing,
    vetting,
)
from cipherpost.workflows.placing import post_item
from cipherpost.workflows.results import Posted
from cipherpost.workflows.reviewing import Review

KAGAN = "center/kagan"


def decree(net: Net, *statements: Statement) -> None:
    """An entry of the roster by its one keeper."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, statements)


@pytest.fixture
def two(net: Net) -> Net:
    """Two officers of the center sign what it sends."""
    decree(net, words.Threshold("center", 2))
    net.fetch(BAZHANOV, receipts=False)
    return net


@pytest.fixture
def keepers(net: Net) -> Net:
    """Stasova and bazhanov keep the roster."""
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        posted = entries.post(desk, [words.Keepers(("bazhanov", "stasova"))])
    endorse(net, BAZHANOV, posted.number)
    net.fetch(STASOVA)
    net.fetch(BAZHANOV)
    return net


def endorse(net: Net, who: str, number: int | None, **given: object) -> Posted:
    with net.desk(who, **given) as desk:
        return endorsing.endorse(desk, str(number))


def review(net: Net, who: str, number: int) -> Review:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        shown = reading.read(desk, f"center/center/{number}")
    assert isinstance(shown, Review)
    return shown


def proposal(net: Net, who: str, number: int | None) -> proposals.Proposal:
    net.fetch(who, receipts=False)
    with net.desk(who) as desk:
        return proposals.find(desk, str(number), fetch=True)


def attachment(name: str, data: bytes) -> Attachment:
    return Attachment(name=name, type="application/x-tar", size=len(data), open=lambda: BytesIO(data))


def say(net: Net, who: str, about: dict[str, object], *attached: Attachment) -> int:
    """A proposal that no command would make, posted by an officer's real program, with his signature behind it."""
    with net.desk(who) as desk:
        data = json.dumps({"proposal": about}).encode()
        plan = proposing.own_plan(desk)
        item = signing.put_message(desk, plan, subject="Please sign", body="-\n", data=data, attachments=attached)
        number = post_item(desk, item).number
    assert number is not None
    return number


def archive_of(net: Net, who: str, number: int) -> tuple[str, bytes]:
    """The letter of a proposal: its hash, and its archive."""
    with net.desk(who) as desk:
        found = proposals.find(desk, str(number))
        with desk.outbox.compose(desk.now()) as composing:
            enclosed.take_out(desk, composing, found)
            with enclosed.Unsealed(desk, composing.open_letter) as plain:
                return str(found.draft.letter), plain.read()


# ---- what would not count ------------------------------------------------------------------------------------------

_NOTHING = "0" * 64
NONSENSE: dict[str, tuple[dict[str, object], str]] = {
    "an uncounted target": ({"supersedes": "1"}, "number 1 cannot be superseded"),
    "a target that is not lower": ({"cancels": "9"}, "names number 9"),
    "a circular to one office": ({"channel": "center/tver"}, "a circular to tver"),
    "an instruction to a group": ({"kind": "instruction"}, "a instruction to all"),
    "nobody of that name": ({"channel": "center/kursk"}, "no office or group kursk"),
    "a report of the center": ({"kind": "report", "report": "monthly-return 2026-10"}, "a report from a center"),
    "what reaches nobody": ({"channel": "center/volga"}, "nobody is in 'volga'"),
    "no letter": ({"letter": None}, "a circular without the line letter"),
    "a decision about nothing": ({"kind": "decision", "channel": "center/tver"}, "a decision without the line"),
    "what is cancelled is due": ({"cancels": "1", "due": "2026-12-15 reply"}, "due and cancels together"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_v6_a_colleague_proposes_what_would_not_count_and_nobody_signs_it(two: Net, case: str) -> None:
    """The check 1 of center/all is no circular, and so needs no two signatures: a circular cannot supersede it."""
    lines, why = NONSENSE[case]
    decree(two, words.Group("volga", ()))
    check = next_header(two, BAZHANOV, "center/all")
    lay(two, check, signed(two, BAZHANOV, check))
    two.fetch(STASOVA)
    real = two.send(STASOVA, "On the tenth, in Tver.", "all").number
    assert real is not None
    letter, archive = archive_of(two, STASOVA, real)
    about = {"channel": "center/all", "kind": "circular", "until": "2026-12-22", "letter": letter, **lines}
    about = {word: value for word, value in about.items() if value is not None}
    number = say(two, STASOVA, about, attachment("letter", archive))
    two.fetch(BAZHANOV)
    with pytest.raises(vetting.DraftUnfitError, match=why):
        endorse(two, BAZHANOV, number)
    assert proposal(two, BAZHANOV, number).signers in {(), ("stasova",)}


# ---- whose keys an entry states ------------------------------------------------------------------------------------


def key(office: str, officer: str, seed: int) -> SignerKey:
    return SignerKey(f"{NETWORK}/{office}/{officer}", bytes([seed]) * 32)


def card_of(net: Net, office: str, officer: str, seed: int, **changes: object) -> SignedCard:
    """A card as whoever likes makes one, with a key of his own; ``replaced``: the secret of the key it replaces."""
    replaced = changes.pop("replaced", None)
    assert replaced is None or isinstance(replaced, SignerKey)
    signer = key(office, officer, seed)
    card = Card(
        fingerprint=net.fingerprint,
        network=NETWORK,
        office=office,
        officer=officer,
        time="2026-11-22T09:00:00Z",
        vkey=signer.verifier,
        recipient_text=HybridIdentity.from_seed(bytes([seed]) * 32).recipient.text,
        replaces=replaced.verifier if replaced else None,
    )
    return parse_card(sign_card(dataclasses.replace(card, **changes), signer, replaced))  # type: ignore[arg-type]


def states(card: SignedCard, *, unchecked: bool = False) -> words.Officer:
    said = card.card
    return words.Officer(said.office, said.officer, said.vkey, card.hash, unchecked=unchecked)


def propose_entry(net: Net, *statements: Statement, cards: tuple[SignedCard, ...] = ()) -> int:
    """What stasova proposes, without any of the checks of her commands."""
    with net.desk(STASOVA) as desk:
        number = proposing.propose_entry(desk, statements, cards=[card.note for card in cards]).number
    assert number is not None
    return number


def cuts(net: Net, office: str, heads: dict[str, tuple[int, str | None]] | None = None) -> list[words.Cut]:
    """What the next entry cuts of an office; without heads nothing of it stays."""
    with net.desk(STASOVA) as desk:
        entry = desk.roster.newest + 1
        channels = [name for name in sorted(desk.roster.channels_of(office)) if name != ROSTER]
    return [words.Cut(entry, name, *(heads or {}).get(name, (0, None))) for name in channels]


def refused(net: Net, number: int, why: str) -> None:
    net.fetch(BAZHANOV, receipts=False)
    with pytest.raises(vetting.EntryUnfitError, match=why):
        endorse(net, BAZHANOV, number)
    assert proposal(net, STASOVA, number).signers == ("stasova",)


def test_a_good_card_is_attached_and_the_entry_states_the_keys_of_another(keepers: Net) -> None:
    """Bazhanov telephones with kagan, and compares the number that `read` shows him: it is that of the keys stated."""
    good, false = card_of(keepers, "center", "kagan", 1), card_of(keepers, "center", "kagan", 2)
    keepers.store.objects[names.card_name(NETWORK, "center", false.hash)] = false.note
    number = propose_entry(keepers, states(false), cards=(good,))
    ((who, spoken, how),) = review(keepers, BAZHANOV, number).keys
    assert (who, spoken) == (KAGAN, "")
    assert how.startswith("NO CARD")
    both = card_of(keepers, "center", "kagan", 3)
    with keepers.desk(STASOVA) as desk:
        endorsing.withdraw(desk, str(number))
    number = propose_entry(keepers, states(both), cards=(good, both))
    assert [said[:2] for said in review(keepers, BAZHANOV, number).keys] == [(KAGAN, both.spoken)]
    assert endorse(keepers, BAZHANOV, number).channel == ROSTER
    assert names.card_name(NETWORK, "center", good.hash) not in keepers.store.objects


def test_an_entry_states_keys_of_which_nobody_has_a_card(keepers: Net) -> None:
    """Nothing could be sealed to kagan, and so nothing to the center, by anybody."""
    card = card_of(keepers, "center", "kagan", 1)
    refused(keepers, propose_entry(keepers, states(card)), "neither attached nor at the post office")


def test_an_entry_states_the_keys_of_a_card_for_another_network(keepers: Net) -> None:
    card = card_of(keepers, "tver", "sokolov", 1, fingerprint="0" * 64)
    refused(keepers, propose_entry(keepers, states(card), cards=(card,)), "for another network")


def test_i11_what_is_attached_as_a_card_is_none(keepers: Net) -> None:
    good = card_of(keepers, "tver", "sokolov", 1)
    with keepers.desk(STASOVA) as desk:
        newest = desk.roster.newest
        head = desk.roster.hash_of(newest)
    about = {"channel": ROSTER, "kind": "roster", "until": "2026-12-22", "number": str(newest + 1), "previous": head}
    about["statements"] = f"{states(good)}\n"
    number = say(keepers, STASOVA, about, attachment(f"{good.hash}.card", b"\xff no card\n"))
    keepers.fetch(STASOVA)
    refused(keepers, number, "not the card of that name")
    assert review(keepers, BAZHANOV, number).keys[0][1] == ""


def test_new_keys_are_vouched_for_by_a_key_that_is_not_in_force(keepers: Net) -> None:
    """A thief's rotation card, signed by a key that ivanov never had, or that of somebody else."""
    card = card_of(keepers, "tver", "ivanov", 1, replaced=key("tver", "ivanov", 2))
    number = propose_entry(keepers, states(card), *cuts(keepers, "tver"), cards=(card,))
    assert "DOES NOT VOUCH" in review(keepers, BAZHANOV, number).keys[0][2]
    refused(keepers, number, "a key that tver/ivanov never had")


def test_new_keys_that_no_old_key_vouches_for_need_a_number_that_was_heard(keepers: Net) -> None:
    """Stasova alone heard it; the other keeper is told so, and may telephone himself."""
    card = card_of(keepers, "tver", "ivanov", 1)
    number = propose_entry(keepers, states(card, unchecked=True), *cuts(keepers, "tver"), cards=(card,))
    refused(keepers, number, "none of them has signed this card")
    with keepers.desk(STASOVA) as desk:
        endorsing.withdraw(desk, str(number))
    number = propose_entry(keepers, states(card), *cuts(keepers, "tver"), cards=(card,))
    assert review(keepers, BAZHANOV, number).keys == (
        (
            IVANOV,
            card.spoken,
            "THE KEY IN FORCE DOES NOT VOUCH FOR IT; stasova says that the number was read aloud",
        ),
    )
    assert endorse(keepers, BAZHANOV, number).channel == ROSTER


def test_a_true_rotation_and_an_unchecked_newcomer_say_so(keepers: Net) -> None:
    rotation = card_of(keepers, "tver", "ivanov", 1, replaced=key_of(keepers, IVANOV))
    newcomer = card_of(keepers, "tver", "sokolov", 2)
    stated = (states(rotation), states(newcomer, unchecked=True))
    number = propose_entry(keepers, *stated, *cuts(keepers, "tver"), cards=(rotation, newcomer))
    assert [said[2] for said in review(keepers, BAZHANOV, number).keys] == [
        "the key in force vouches for it",
        "unchecked",
    ]
    assert endorse(keepers, BAZHANOV, number).channel == ROSTER
    keepers.clean()


def test_an_entry_cuts_at_a_text_that_nobody_has(keepers: Net) -> None:
    """It would pin tver's channel to nothing, and stop it for ever."""
    keepers.send(IVANOV, "one", "center")
    keepers.fetch(STASOVA)
    card = card_of(keepers, "tver", "ivanov", 1, replaced=key_of(keepers, IVANOV))
    wrong = cuts(keepers, "tver", {"tver/center": (1, "0" * 64)})
    refused(keepers, propose_entry(keepers, states(card), *wrong, cards=(card,)), "another text for tver/center/1")


def test_an_entry_cuts_off_what_counts_and_read_says_so(keepers: Net) -> None:
    for text in ("one", "two", "three"):
        keepers.send(IVANOV, text, "center")
    keepers.fetch(STASOVA)
    last = keepers.header(STASOVA, "tver/center/1")
    low = cuts(keepers, "tver", {"tver/center": (1, hash_of(last))})
    number = propose_entry(keepers, words.Retire("tver", "ivanov"), *low)
    assert review(keepers, BAZHANOV, number).warnings == ("tver/center/2 counts no more, up to 3",)


@pytest.mark.parametrize("place", [{"number": "20"}, {"previous": "0" * 64}])
def test_a_keeper_signs_no_entry_for_a_place_that_he_does_not_see(keepers: Net, place: dict[str, str]) -> None:
    """It would be judged by a state that is not here yet, and bind him for that number."""
    with keepers.desk(STASOVA) as desk:
        newest = desk.roster.newest
        head = desk.roster.hash_of(newest)
    about = {"channel": ROSTER, "kind": "roster", "until": "2026-12-22", "number": str(newest + 1), "previous": head}
    number = say(keepers, STASOVA, {**about, "statements": "title tver Tver\n", **place})
    keepers.fetch(BAZHANOV)
    with pytest.raises(vetting.DraftUnfitError, match=f"the draft is for entry {place.get('number', newest + 1)}"):
        endorse(keepers, BAZHANOV, number)


def test_a_card_whose_sealing_key_is_none_is_not_admitted(keepers: Net, tmp_path: Path) -> None:
    """One letter of its checksum is wrong: nothing could be sealed to this officer, nor to all."""
    good = card_of(keepers, "tver", "sokolov", 1)
    text = good.card.recipient_text
    false = card_of(keepers, "tver", "sokolov", 1, recipient_text=text[:-1] + ("q" if text[-1] != "q" else "p"))
    path = tmp_path / "sokolov.card"
    path.write_text(armor("CARD", false.note))
    with keepers.desk(STASOVA) as desk:
        done = admission.admit(desk, [str(path)])
    assert done.posted is None
    assert len(done.refused) == 1
    refused(keepers, propose_entry(keepers, states(false), cards=(false,)), "sealing key")


# ---- while it waits for signatures ---------------------------------------------------------------------------------


def rekey(net: Net, who: str) -> None:
    """An officer whose keys were stolen joins anew; his number is read aloud."""
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "compromised", who))
    with net.desk(who) as desk:
        new = rotating.rotate(desk)
    with net.desk(STASOVA) as desk:
        admission.admit(desk, [who], heard=new.spoken)
    net.fetch(who)


def test_a_thief_proposes_and_the_new_keys_sign_nothing_of_it_by_themselves(two: Net) -> None:
    """Up to the cut his proposal counts as bazhanov's; what completes one's own proposals must not take it for that."""
    thief = shutil.copytree(two.home(BAZHANOV), two.root / "homes" / "thief")
    settle(thief)
    with two.desk(BAZHANOV, home=thief) as desk:
        assert send(desk, "Burn the lists.", "all").proposed
    two.fetch(STASOVA)
    rekey(two, BAZHANOV)
    two.fetch(BAZHANOV)
    two.fetch(STASOVA)
    with two.desk(STASOVA) as desk:
        (found,) = proposals.listing(desk)
        assert (found.by, found.signers, found.state) == ("bazhanov", (), "open")


@pytest.mark.parametrize("word", ["suspend", "dissolve"])
def test_an_office_loses_its_standing_before_the_second_signature(two: Net, word: standing.Word) -> None:
    number = two.send(STASOVA, "To Samara.", "samara").number
    assert number is not None
    with two.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, word, "samara"))
    with pytest.raises(vetting.DraftUnfitError, match=f"samara is {word.removesuffix('e')}ed"):
        endorse(two, BAZHANOV, number)
    assert review(two, BAZHANOV, number).warnings == (f"it is not to be signed: samara is {word.removesuffix('e')}ed",)
    assert two.verify()[0].channel("center/samara").tip[0] == 0


def test_what_was_complete_is_let_go_when_its_office_was_suspended_meanwhile(two: Net) -> None:
    """Another number came first, so that the header is made anew; the proposal stays, in case samara comes back."""
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    two.fetch(KAGAN)
    first, second = (two.send(STASOVA, text, "samara").number for text in ("one", "two"))
    two.fetch(BAZHANOV)
    assert two.post is not None
    two.post.fail("create", "rkpb/center/samara/*", times=None)
    assert endorse(two, BAZHANOV, first).waiting is not None
    two.post.heal()
    assert endorse(two, KAGAN, second).place == "center/samara/1"
    with two.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "suspend", "samara"))
    (error,) = two.fetch(BAZHANOV).waiting
    assert isinstance(error, signing.DraftLetGoError)
    assert "samara is suspended" in error.what
    assert proposal(two, STASOVA, first).state == "open"
    two.clean()


def test_one_letter_is_proposed_under_two_numbers_and_posted_under_one(two: Net) -> None:
    """Whoever has signed the first would let the colleague post it twice by signing the second."""
    first = two.send(STASOVA, "One million roubles.", "all").number
    assert first is not None
    draft = proposal(two, STASOVA, first).draft
    letter, archive = archive_of(two, STASOVA, first)
    about: dict[str, object] = {"channel": "center/all", "kind": "circular", "letter": letter}
    again = say(two, STASOVA, {**about, "until": draft.draft.until.isoformat()}, attachment("letter", archive))
    two.fetch(STASOVA)
    assert endorse(two, BAZHANOV, first).place == "center/all/1"
    found = proposal(two, BAZHANOV, again)
    assert (found.signers, found.stands()) == (("stasova",), "posted as center/all/1")
    assert endorse(two, BAZHANOV, again).already


def test_an_officer_whose_new_keys_are_under_way_signs_nothing_that_they_would_undo(two: Net) -> None:
    """His signature would wait for the new keys, and be one of the old: nobody would count it, or tell him."""
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    decree(two, words.Threshold("center", 3))
    number = two.send(STASOVA, "On the tenth.", "all").number
    two.fetch(BAZHANOV)
    with two.desk(BAZHANOV) as desk:
        rotating.rotate(desk)
    with pytest.raises(guards.KeysUnderWayError):
        endorse(two, BAZHANOV, number)
    with two.desk(BAZHANOV) as desk:
        assert desk.outbox.items() == ()
    with two.desk(STASOVA) as desk:
        admission.admit(desk, [BAZHANOV])
    two.fetch(BAZHANOV)
    assert endorse(two, BAZHANOV, number).signed == ("stasova", "bazhanov")
    assert endorse(two, KAGAN, number).place == "center/all/1"


def test_a_signature_of_a_key_that_was_replaced_meanwhile_is_given_again(two: Net) -> None:
    """Nobody counts the old one; the proposer's program signs anew by itself, since this home has proposed it."""
    number = two.send(BAZHANOV, "On the tenth.", "all").number
    with two.desk(BAZHANOV) as desk:
        rotating.rotate(desk)
    with two.desk(STASOVA) as desk:
        admission.admit(desk, [BAZHANOV])
    found = proposal(two, STASOVA, number)
    assert (found.signers, found.state) == ((), "open")
    assert "not one of bazhanov" in found.ignored[0]
    two.fetch(BAZHANOV)
    assert proposal(two, STASOVA, number).signers == ("bazhanov",)
    assert endorse(two, STASOVA, number).place == "center/all/1"
    two.clean()


def test_a_proposer_is_retired_and_the_others_sign_what_he_proposed(two: Net) -> None:
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    two.fetch(KAGAN)
    number = two.send(KAGAN, "On the tenth.", "all").number
    two.fetch(STASOVA)
    with two.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "retire", KAGAN))
    assert endorse(two, BAZHANOV, number).awaited == ("stasova",)
    assert endorse(two, STASOVA, number).place == "center/all/1"
    assert [each.officer for each in two.header(STASOVA, "center/all/1").endorsed] == ["bazhanov"]
    two.clean()


def test_no_letter_lies_in_a_proposal(two: Net) -> None:
    about: dict[str, object] = {"channel": "center/all", "kind": "circular", "until": "2026-12-22"}
    number = say(two, STASOVA, {**about, "letter": "0" * 64})
    two.fetch(BAZHANOV)
    with pytest.raises(enclosed.NoLetterError, match="no letter attached"):
        endorse(two, BAZHANOV, number)
    with two.desk(BAZHANOV) as desk, pytest.raises(enclosed.NoLetterError):
        reading.read(desk, f"center/center/{number}")


def test_an_only_keepers_new_keys_wait_for_days_and_are_endorsed_anew(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He was killed before he signed the entry. Signed after the day of its draft, it blocks the roster for ever."""
    real = placing.post_item

    def dies(desk: Desk, item: Item, *, tried: bool = False) -> Posted:
        if item.plan()["kind"] == "roster":
            raise UnableError("the power is gone")
        return real(desk, item, tried=tried)

    with monkeypatch.context() as patch, net.desk(STASOVA) as desk:
        patch.setattr(placing, "post_item", dies)
        with pytest.raises(UnableError, match="the power is gone"):
            rotating.rotate(desk)
    net.later(days=3)
    for _ in range(2):
        net.fetch(STASOVA)
    with net.desk(STASOVA) as desk:
        assert len(desk.roster.keys("center", "stasova")) == 2
    net.clean()


def test_more_keepers_sign_than_a_header_holds_and_enough_of_them_are_chosen(net: Net) -> None:
    """Three keepers give way to fifteen others, and all seventeen colleagues have signed before stasova posts."""
    names_ = [f"o{at:02}" for at in range(1, 18)]
    cards = {name: card_of(net, "center", name, at) for at, name in enumerate(names_, 1)}
    with net.desk(STASOVA) as desk:
        entries.prepare(desk)
        entries.post(desk, [states(card) for card in cards.values()], cards=[card.note for card in cards.values()])

    def signed_by(draft: Draft, *officers: str) -> tuple[proposals.Signature, ...]:
        keys = {name: key("center", name, at) for at, name in enumerate(names_, 1)}
        return tuple(proposals.Signature(name, keys[name].sign_raw(format_draft(draft))) for name in officers)

    for keepers, signers in ((("o01", "o02", "stasova"), ("o01", "o02")), (tuple(names_[2:]), tuple(names_))):
        number = propose_entry(net, words.Keepers(keepers))
        with net.desk(STASOVA) as desk:
            found = proposals.find(desk, str(number))
            endorsed = authority.enough(desk, found.draft, signed_by(found.draft, *signers), "stasova")
            assert endorsed is not None
            assert len(endorsed) <= limits.ENDORSED
            assert post_item(desk, signing.put_dispatch(desk, found, endorsed)).channel == ROSTER
    with net.desk(STASOVA) as desk:
        assert desk.roster.keepers(desk.roster.newest) == tuple(names_[2:])
    net.clean()


def test_more_cards_are_admitted_at_once_than_a_proposal_holds(keepers: Net) -> None:
    card = card_of(keepers, "tver", "sokolov", 1)
    with keepers.desk(STASOVA) as desk:
        with pytest.raises(proposing.TooManyCardsError, match="999 cards"):
            proposing.propose_entry(desk, [states(card)], cards=[card.note] * 999)
        assert desk.outbox.items() == ()


def offline(net: Net, down: bool) -> None:
    assert net.post is not None
    net.post.knobs.down = down


def decline(net: Net, who: str, number: int | None) -> Posted:
    with net.desk(who) as desk:
        return endorsing.decline(desk, str(number), "Not on the tenth.")


def test_an_officer_signs_without_a_line_and_then_declines(two: Net) -> None:
    """His signature is in the outbox, and cannot be taken back: he is not told that he declined."""
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    decree(two, words.Threshold("center", 3))
    number = two.send(STASOVA, "On the tenth.", "all").number
    two.fetch(BAZHANOV)
    offline(two, True)
    assert endorse(two, BAZHANOV, number).waiting is not None
    with pytest.raises(endorsing.SignedAlreadyError):
        decline(two, BAZHANOV, number)
    offline(two, False)
    two.fetch(BAZHANOV)
    assert proposal(two, STASOVA, number).signers == ("stasova", "bazhanov")


def test_an_officer_declines_without_a_line_and_then_signs(two: Net) -> None:
    """Both are said, in their order; the signature counts."""
    with two.desk(STASOVA) as desk:
        join(two, desk, KAGAN, clock=two.clock)
    decree(two, words.Threshold("center", 3))
    number = two.send(STASOVA, "On the tenth.", "all").number
    two.fetch(BAZHANOV)
    offline(two, True)
    assert decline(two, BAZHANOV, number).waiting is not None
    assert endorse(two, BAZHANOV, number).waiting is not None
    offline(two, False)
    two.fetch(BAZHANOV)
    found = proposal(two, STASOVA, number)
    assert (found.signers, found.declined) == (("stasova", "bazhanov"), ())
