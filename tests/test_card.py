"""Cards and invitations: one form, signed by the keys they name, and nothing that contradicts itself."""

import base64
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost import limits
from cipherpost.card import (
    Card,
    CardError,
    CardSignatureError,
    CardTooLargeError,
    Invitation,
    InvitationError,
    NewerCardError,
    card_text,
    format_invitation,
    parse_card,
    parse_cards,
    parse_invitation,
    sign_card,
)
from cipherpost.dispatch.header import Head, RosterRef
from cipherpost.errors import CipherpostError, NotAuthenticError
from cipherpost.note import NoteError, SignerKey
from cipherpost.text import sha256, spoken

NAME = "rkpb/tver/ivanov"
KEY = SignerKey(NAME, b"\x01" * 32)
OLD = SignerKey(NAME, b"\x02" * 32)
OTHER = SignerKey("rkpb/samara/petrov", b"\x03" * 32)
RECIPIENT = "age1pq1" + "qpzry9x8gf2tvdw0s3jn54khce6mua7l" * 61
HASH = "ab" * 32
CARD = Card(
    fingerprint=HASH,
    network="rkpb",
    office="tver",
    officer="ivanov",
    time="2026-11-22T09:00:00Z",
    vkey=KEY.verifier,
    recipient_text=RECIPIENT,
)
ROTATION = dataclasses.replace(
    CARD, replaces=OLD.verifier, heads=(Head("tver/center", 20, HASH), Head("tver/tver", 3, HASH))
)
FOUNDER = dataclasses.replace(CARD, fingerprint=None)
INVITATION = Invitation(
    network="rkpb",
    fingerprint=HASH,
    roster=RosterRef(7, HASH),
    office="tver",
    post="/media/my stick/post",
    title="Tver Gubernia Committee",
)


def note(text: bytes, *signers: SignerKey) -> bytes:
    """A note of any text, as somebody makes it who does not use this program."""
    from cipherpost.note import Purpose, Text

    wrapped = Text(Purpose.CARD, text)
    return text + b"\n" + b"".join(signer.signature_line(wrapped) for signer in signers or (KEY,))


# ---- cards -------------------------------------------------------------------------------------------------------


def test_a_card_line_by_line() -> None:
    assert len(RECIPIENT) == 1959
    assert card_text(ROTATION).data.decode() == (
        f"cipherpost/v1 card\nfingerprint {HASH}\nnetwork rkpb\noffice tver\nofficer ivanov\n"
        f"time 2026-11-22T09:00:00Z\nsign {KEY.verifier}\nseal {RECIPIENT}\nreplaces {OLD.verifier}\n"
        f"head tver/center 20 {HASH}\nhead tver/tver 3 {HASH}\n"
    )
    assert card_text(FOUNDER).data.startswith(b"cipherpost/v1 card\nfingerprint none\n")


@pytest.mark.parametrize("card", [CARD, FOUNDER, ROTATION])
def test_a_signed_card_is_read_as_it_was_written(card: Card) -> None:
    signed = sign_card(card, KEY, OLD if card.replaces else None)
    found = parse_card(signed)
    assert found.card == card
    assert found.note == signed
    assert card_text(found.card).data == signed[: signed.rindex(b"\n\n") + 1]


def test_hash_and_spoken_number_are_those_of_the_text() -> None:
    found = parse_card(sign_card(CARD, KEY))
    assert found.hash == sha256(card_text(CARD).data) == card_text(CARD).hash
    assert found.spoken == spoken(found.hash)
    extra = OTHER.signature_line(card_text(CARD))
    assert parse_card(sign_card(CARD, KEY) + extra).hash == found.hash


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_i2_any_one_changed_byte_of_a_card_is_refused(data: st.DataObject) -> None:
    signed = sign_card(ROTATION, KEY, OLD)
    at = data.draw(st.integers(0, len(signed) - 1))
    changed = signed[:at] + bytes([signed[at] ^ data.draw(st.integers(1, 255))]) + signed[at + 1 :]
    with pytest.raises(CipherpostError):
        parse_card(changed)


def test_a_card_cut_anywhere_is_refused() -> None:
    signed = sign_card(CARD, KEY)
    for length in range(len(signed)):
        with pytest.raises(NotAuthenticError):
            parse_card(signed[:length])


def test_a_card_is_signed_by_its_own_key() -> None:
    text = card_text(CARD).data
    for signer in (OTHER, OLD):
        with pytest.raises(CardSignatureError):
            parse_card(note(text, signer))
    with pytest.raises(NoteError):
        parse_card(text)


def test_a_rotation_is_signed_by_the_key_it_replaces_too() -> None:
    text = card_text(ROTATION).data
    for signers in ((KEY,), (OLD,), (KEY, OTHER)):
        with pytest.raises(CardSignatureError):
            parse_card(note(text, *signers))
    assert parse_card(note(text, OTHER, OLD, KEY)).card == ROTATION


@pytest.mark.parametrize("count", [3, 200])
def test_i7_many_cards_are_judged_as_each_alone_and_in_order(count: int) -> None:
    signed = (sign_card(ROTATION, KEY, OLD), note(card_text(CARD).data, OTHER), sign_card(CARD, KEY), b"no card\n")
    notes = [signed[at % 4] for at in range(count)]
    results = list(parse_cards(notes))
    assert len(results) == count
    for given_note, found in zip(notes, results, strict=True):
        if isinstance(found, NotAuthenticError):
            with pytest.raises(type(found), match=found.what):
                parse_card(given_note)
        else:
            assert found == parse_card(given_note)
    refused = [isinstance(found, NotAuthenticError) for found in results]
    assert refused == [at % 4 in (1, 3) for at in range(count)]
    assert list(parse_cards([])) == []


@pytest.mark.parametrize("keys", [(OLD, None), (KEY, OLD), (OTHER, None)])
def test_a_card_is_not_signed_with_other_keys_than_it_names(keys: tuple[SignerKey, SignerKey | None]) -> None:
    with pytest.raises(CardError):
        sign_card(CARD, *keys)
    with pytest.raises(CardError):
        sign_card(ROTATION, KEY, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "other"},
        {"office": "samara"},
        {"officer": "petrov"},
        {"officer": "Ivanov"},
        {"officer": "center"},
        {"office": "all"},
        {"office": "con"},
        {"time": "2026-02-30T09:00:00Z"},
        {"time": "2026-11-22T09:00:00Z\nsign x"},
        {"fingerprint": "none "},
        {"fingerprint": "AB" * 32},
        {"recipient_text": RECIPIENT[:-1]},
        {"recipient_text": RECIPIENT + "q"},
        {"recipient_text": RECIPIENT[:-1] + "b"},
        {"recipient_text": RECIPIENT.upper()},
        {"recipient_text": "age1" + "q" * 58},
        {"vkey": OTHER.verifier},
        {"heads": (Head("tver/center", 1, HASH),)},
        {"replaces": OTHER.verifier},
        {"replaces": KEY.verifier},
        {"replaces": OLD.verifier, "fingerprint": None},
        {"replaces": OLD.verifier, "heads": (Head("samara/center", 1, HASH),)},
        {"replaces": OLD.verifier, "heads": (Head("tver/center", 0, HASH),)},
        {"replaces": OLD.verifier, "heads": (Head("tver/center", 1, "none"),)},
        {"replaces": OLD.verifier, "heads": (Head("tver", 1, HASH),)},
        {"replaces": OLD.verifier, "heads": (Head("tver/tver", 1, HASH), Head("tver/center", 1, HASH))},
        {"replaces": OLD.verifier, "heads": (Head("tver/center", 1, HASH), Head("tver/center", 2, HASH))},
    ],
)
def test_cards_that_contradict_themselves_are_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(CardError):
        card_text(dataclasses.replace(CARD, **changes))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(b"card\n", b"card \n", 1),
        lambda t: t.replace(b"office tver\n", b""),
        lambda t: t.replace(b"office tver\n", b"office tver\noffice tver\n"),
        lambda t: t.replace(b"office tver\nofficer ivanov\n", b"officer ivanov\noffice tver\n"),
        lambda t: t.replace(b"office tver", b"office  tver"),
        lambda t: t.replace(b"office tver", b"office tver\r"),
        lambda t: t + b"note hello\n",
        lambda t: t + b"\n",
        lambda t: t.replace(b"head tver/center 20", b"head tver/center 020"),
        lambda t: t.replace(b"head tver/center 20", b"head tver/center +20"),
    ],
)
def test_a_card_in_another_form_is_refused_even_when_signed(change: Callable[[bytes], bytes]) -> None:
    text = card_text(ROTATION).data
    assert change(text) != text
    with pytest.raises(NotAuthenticError):
        parse_card(note(change(text), KEY, OLD)) if change(text).startswith(b"cipherpost/v1 card\n") else parse_card(
            change(text) + b"\n" + KEY.signature_line(card_text(ROTATION))
        )


def test_i10_a_malformed_card_names_the_line() -> None:
    text = card_text(CARD).data
    with pytest.raises(CardError, match="line 4 is not 'office'"):
        parse_card(note(text.replace(b"office tver\n", b"")))
    with pytest.raises(CardError, match="line 9 must not be there"):
        parse_card(note(text + b"extra\n"))


def test_a_newer_card_or_invitation_says_so() -> None:
    for parse, data in (
        (parse_card, sign_card(CARD, KEY).replace(b"/v1 ", b"/v2 ", 1)),
        (parse_invitation, format_invitation(INVITATION).replace(b"/v1 ", b"/v12 ")),
    ):
        with pytest.raises(NewerCardError) as caught:
            parse(data)
        assert caught.value.exit_code == 1


def test_i11_cards_and_invitations_are_bounded() -> None:
    for parse in (parse_card, parse_invitation):
        with pytest.raises(CardTooLargeError):
            parse(b"x" * (limits.CARD_BYTES + 1))


def test_a_rotation_card_of_an_office_with_many_channels_fits() -> None:
    heads = tuple(Head(f"tver/o{at:03}", 99_999_999, HASH) for at in range(500))
    card = dataclasses.replace(ROTATION, heads=heads)
    assert parse_card(sign_card(card, KEY, OLD)).card == card


# ---- invitations -------------------------------------------------------------------------------------------------


def test_an_invitation_line_by_line() -> None:
    with_key = dataclasses.replace(INVITATION, store_key=base64.b64encode(b"age-encryption.org/v1\n").decode())
    assert format_invitation(INVITATION).decode() == (
        f"cipherpost/v1 invitation\nnetwork rkpb\nfingerprint {HASH}\nroster 7 {HASH}\noffice tver\n"
        "post /media/my stick/post\ntitle Tver Gubernia Committee\n"
    )
    assert f"office tver\nstore {with_key.store_key}\npost " in format_invitation(with_key).decode()
    assert parse_invitation(format_invitation(with_key)) == with_key


@pytest.mark.parametrize(
    "post",
    [
        *("s3://bucket/prefix", "C:\\Post Office\\rkpb", "\\\\server\\share", "file:///srv/post", "/дом/почта"),
        *("./post", "x", "/mac/e\u0301", "a" * 1024),
    ],
)
def test_addresses_of_post_offices_are_free(post: str) -> None:
    made = dataclasses.replace(INVITATION, post=post)
    assert parse_invitation(format_invitation(made)) == made


@settings(deadline=None)
@given(
    st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=60),
    st.integers(1, limits.NUMBER),
    st.none() | st.binary(min_size=1, max_size=200).map(lambda raw: base64.b64encode(raw).decode()),
)
def test_an_invitation_is_read_as_it_was_written(post: str, number: int, store: str | None) -> None:
    made = dataclasses.replace(INVITATION, post=post, roster=RosterRef(number, HASH), store_key=store)
    printed = format_invitation(made)
    assert parse_invitation(printed) == made
    assert format_invitation(parse_invitation(printed)) == printed


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_one_changed_byte_of_an_invitation_is_refused_or_says_something_else(data: st.DataObject) -> None:
    printed = format_invitation(INVITATION)
    at = data.draw(st.integers(0, len(printed) - 1))
    changed = printed[:at] + bytes([printed[at] ^ data.draw(st.integers(1, 255))]) + printed[at + 1 :]
    try:
        found = parse_invitation(changed)
    except CipherpostError:
        return
    assert found != INVITATION
    assert format_invitation(found) == changed


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "RKPB"},
        {"network": "center"},
        {"office": "all"},
        {"fingerprint": "none"},
        {"roster": RosterRef(0, HASH)},
        {"roster": RosterRef(1, "none")},
        {"post": ""},
        {"post": " x"},
        {"post": "x "},
        {"post": "a\nb"},
        {"post": "a\x1bb"},
        {"post": "\u202ea"},
        {"post": "\ud800"},
        {"post": "a" * 1025},
        {"title": ""},
        {"title": "a\nb"},
        {"title": "a\nstore x"},
        {"title": "e\u0301"},
        {"title": "x" * 121},
        {"store_key": ""},
        {"store_key": "a b"},
        {"store_key": "QQ"},
        {"store_key": "QR=="},
    ],
)
def test_invitations_that_cannot_be_read_are_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(InvitationError):
        format_invitation(dataclasses.replace(INVITATION, **changes))


def test_an_invitation_to_the_center_itself() -> None:
    made = dataclasses.replace(INVITATION, office="center")
    assert parse_invitation(format_invitation(made)) == made
