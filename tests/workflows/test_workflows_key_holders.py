"""A sealing key that stands on another's card: what was meant for one officer would open for another."""

import secrets
from pathlib import Path

import pytest
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, ROSTER, STASOVA, Net

from cipherpost.card import Card, parse_card, sign_card
from cipherpost.carry import armor
from cipherpost.home.recipients import RECIPIENTS
from cipherpost.note import SignerKey
from cipherpost.roster import words
from cipherpost.text import format_time
from cipherpost.workflows import admission, endorsing, founding, keepers, proposing, standing
from cipherpost.workflows.key_holders import SealingKeyTakenError
from cipherpost.workflows.vetting import EntryUnfitError


def recipient_of(net: Net, who: str) -> str:
    with net.desk(who) as desk:
        return founding.read_own_card(desk).card.recipient_text


def card_with(net: Net, who: str, recipient: str) -> bytes:
    """A good card of a new officer, with his own signing key and another's sealing key."""
    office, _, name = who.partition("/")
    signer = SignerKey(f"{NETWORK}/{who}", secrets.token_bytes(32))
    card = Card(
        fingerprint=net.fingerprint,
        network=NETWORK,
        office=office,
        officer=name,
        time=format_time(net.now),
        vkey=signer.verifier,
        recipient_text=recipient,
    )
    return sign_card(card, signer)


def file_of(net: Net, *cards: bytes) -> Path:
    path = net.root / "new.card"
    path.write_text("\n".join(armor("CARD", each) for each in cards))
    return path


def refusals(net: Net, *cards: bytes) -> list[str]:
    with net.desk(STASOVA) as desk:
        result = admission.admit(desk, [str(file_of(net, *cards))])
    assert all(isinstance(each, SealingKeyTakenError) for each in result.refused)
    return [str(each) for each in result.refused]


@pytest.mark.parametrize("kept", ["keys", "cards"])
def test_a_card_with_the_sealing_key_of_another_officer_is_not_admitted(net: Net, kept: str) -> None:
    net.fetch(STASOVA)  # by which the center has met every card
    if kept == "cards":
        (net.home(STASOVA) / RECIPIENTS).unlink(missing_ok=True)
    (why,) = refusals(net, card_with(net, "tver/sokolov", recipient_of(net, ORLOV)))
    assert "that of samara/orlov" in why
    with net.desk(STASOVA) as desk:
        assert desk.roster.officer("tver", "sokolov", desk.roster.newest) is None


def test_the_sealing_key_of_who_has_left_is_not_admitted_either(net: Net) -> None:
    net.fetch(STASOVA)
    recipient = recipient_of(net, IVANOV)
    with net.desk(STASOVA) as desk:
        standing.take(desk, standing.plan(desk, "retire", IVANOV))
    (why,) = refusals(net, card_with(net, "tver/sokolov", recipient))
    assert "that of tver/ivanov" in why


def test_i7_of_two_new_cards_with_one_sealing_key_the_first_is_admitted(net: Net, tmp_path: Path) -> None:
    with net.desk(STASOVA) as desk:
        invitation = tmp_path / "tver.invitation"
        invitation.write_text(admission.invite(desk, "tver"))
    joined = founding.join(str(invitation), officer="sokolov", home=net.home("tver/sokolov"), clock=net.clock)
    with net.desk("tver/sokolov") as desk:
        good = founding.read_own_card(desk)
    copy = card_with(net, "samara/volkov", good.card.recipient_text)
    (why,) = refusals(net, good.note, copy)
    assert "that of tver/sokolov" in why
    assert joined.spoken == good.spoken
    with net.desk(STASOVA) as desk:
        assert desk.roster.officer("tver", "sokolov", desk.roster.newest) is not None
        assert desk.roster.officer("samara", "volkov", desk.roster.newest) is None


def test_a_keeper_does_not_endorse_an_entry_with_a_copied_sealing_key(net: Net) -> None:
    """The keeper who proposed it is dishonest, or his program is another."""
    with net.desk(STASOVA) as desk:
        posted = keepers.state(desk, keepers.plan(desk, ["stasova", "bazhanov"]))
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk:
        endorsing.endorse(desk, str(posted.number))
    net.fetch(STASOVA)
    note = card_with(net, "tver/sokolov", recipient_of(net, ORLOV))
    card = parse_card(note)
    statement = words.Officer("tver", "sokolov", card.card.vkey, card.hash, unchecked=True)
    with net.desk(STASOVA) as desk:
        data = f"{statement}\n".encode()
        made = proposing._put_entry(desk, data, [note], amends=None, until=proposing.last_day(desk))
        done = proposing.post_proposal(desk, made)
    assert done.proposed == ROSTER
    net.fetch(BAZHANOV)
    with net.desk(BAZHANOV) as desk, pytest.raises(EntryUnfitError, match="that of samara/orlov"):
        endorsing.endorse(desk, str(done.number))
