"""Signed notes (c2sp.org/signed-note): the spec's own example, and one reason for each malformed note."""

import base64
import hashlib
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cipherpost.note import (
    SMALL_ORDER,
    NoteError,
    Purpose,
    SignatureInvalidError,
    SignerKey,
    Text,
    VerifierKey,
    VerifierKeyError,
    key_name,
    split,
)
from cipherpost.text import TextError

SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_LINE = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
SPEC_TEXT = b"This is an example message.\n"
SPEC_NOTE = SPEC_TEXT + b"\n" + SPEC_LINE

ALICE = SignerKey("rkpb/tver/ivanov", b"a" * 32)
BOB = SignerKey("rkpb/tver/petrov", b"b" * 32)
TEXT = Text(Purpose.DISPATCH, b"cipherpost/v1\nnetwork rkpb\n\nstatement\n")
DASH = "— ".encode()


def test_the_example_of_the_specification_verifies():
    key = VerifierKey.parse(SPEC_VKEY)
    assert str(key) == SPEC_VKEY
    assert key.name == "example.com/foo"
    assert key.key_id.hex() == "530d903a"
    found = split(SPEC_NOTE)
    assert found.text == SPEC_TEXT
    assert found.verify(key) == SPEC_TEXT


@pytest.mark.parametrize("at", range(len(SPEC_TEXT)))
def test_the_example_with_a_byte_changed_does_not(at):
    changed = bytearray(SPEC_NOTE)
    changed[at] ^= 1
    with pytest.raises((NoteError, SignatureInvalidError)):
        split(bytes(changed)).verify(VerifierKey.parse(SPEC_VKEY))


def test_lines_of_unknown_keys_are_not_looked_at():
    key = VerifierKey.parse(SPEC_VKEY)
    same_name = DASH + b"example.com/foo " + base64.b64encode(b"idid" + bytes(64)) + b"\n"
    same_id = DASH + b"example.com/bar " + base64.b64encode(key.key_id + bytes(64)) + b"\n"
    later_type = DASH + b"example.com/baz " + base64.b64encode(b"idid" + bytes(5000)) + b"\n"
    note = SPEC_TEXT + b"\n" + same_name + same_id + SPEC_LINE + later_type * 16
    assert split(note).verify(key) == SPEC_TEXT


def test_every_line_of_the_known_key_must_verify():
    key = VerifierKey.parse(SPEC_VKEY)
    for bad in (bytes(64), bytes(63), bytes(1)):
        line = DASH + b"example.com/foo " + base64.b64encode(key.key_id + bad) + b"\n"
        for note in (SPEC_NOTE + line, SPEC_TEXT + b"\n" + line + SPEC_LINE):
            with pytest.raises(SignatureInvalidError):
                split(note).verify(key)


def test_a_note_that_the_key_did_not_sign_does_not_verify():
    with pytest.raises(SignatureInvalidError, match="bears no signature of rkpb/tver/petrov"):
        split(ALICE.sign(TEXT)).verify(BOB.verifier)
    renamed = VerifierKey("rkpb/tver/sidorov", ALICE.verifier.public)
    with pytest.raises(SignatureInvalidError, match="bears no signature"):
        split(ALICE.sign(TEXT)).verify(renamed)


@pytest.mark.parametrize(
    ("note", "what"),
    [
        (b"", "no empty line"),
        (b"text\n", "no empty line"),
        (SPEC_TEXT + SPEC_LINE, "no empty line"),
        (SPEC_TEXT + b"\n", "no signature line"),
        (b"\n" + SPEC_NOTE[len(SPEC_TEXT) :], "the text is empty"),
        (SPEC_NOTE[:-1], "signature line 1 is malformed"),
        (SPEC_NOTE + b"x", "signature line 2 is malformed"),
        (SPEC_NOTE + b"\n", "no signature line"),
        (SPEC_TEXT + b"\n" + b"junk\n" + SPEC_LINE, "signature line 1 is malformed"),
        (SPEC_NOTE + b"junk\n", "signature line 2 is malformed"),
        (SPEC_NOTE.replace("— ".encode(), b"- "), "signature line 1 is malformed"),
        (SPEC_NOTE.replace("— ".encode(), "—".encode()), "signature line 1 is malformed"),
        (SPEC_NOTE.replace("— ".encode(), "—  ".encode()), "signature line 1 is malformed"),
        (SPEC_NOTE.replace("— ".encode(), "\u2013 ".encode()), "signature line 1 is malformed"),
        (SPEC_NOTE.replace(b"foo ", b"fo+o "), "signature line 1 is malformed"),
        (SPEC_NOTE.replace(b"foo ", b"fo o "), "signature line 1 is malformed"),
        (SPEC_NOTE.replace(b"foo ", "fo\u00a0o ".encode()), "a space in its key name"),
        (SPEC_NOTE.replace(b"foo ", "fo\u2003o ".encode()), "a space in its key name"),
        (SPEC_NOTE.replace(b"foo ", "fo\u2028o ".encode()), "a space in its key name"),
        (SPEC_NOTE.replace(b"yaQM=", b"yaQM= "), "signature line 1 is malformed"),
        (SPEC_NOTE.replace(b"yaQM=", b"yaQN="), "not canonical"),
        (SPEC_NOTE.replace(b"yaQM=", b"yaQM"), "not base64"),
        (SPEC_NOTE.replace(b"yaQM=", b"yaQ-="), "signature line 1 is malformed"),
        (SPEC_TEXT + b"\n" + DASH + b"foo AAAAAA==\n", "no signature behind the key id"),
        (SPEC_TEXT + b"\n" + DASH + b"foo AAAA\n", "no signature behind the key id"),
        (SPEC_NOTE.replace(b"\n", b"\r\n"), "no empty line"),
        (SPEC_NOTE.replace(b"message.", b"message\t"), "a control character"),
        (SPEC_NOTE.replace(b"message.", b"message\0"), "a control character"),
        (SPEC_NOTE.replace(b"message.", b"message\r"), "a control character"),
        (SPEC_NOTE.replace(b"message.", b"message\x7f"), "a control character"),
        (SPEC_NOTE.replace(b"message.", b"message\xff"), "not UTF-8"),
        (SPEC_NOTE.replace(b"message.", b"message\xed\xa0\x80"), "not UTF-8"),
    ],
)
def test_v1_each_malformed_note_is_refused_for_its_own_reason(note, what):
    with pytest.raises(NoteError, match=what):
        split(note)


def test_a_note_is_split_at_its_last_empty_line():
    assert split(ALICE.sign(TEXT)).text == TEXT.data
    inner = SPEC_NOTE + b"\n" + SPEC_LINE
    assert split(inner).text == SPEC_NOTE


def test_one_text_bears_lines_of_several_keys():
    note = ALICE.sign(TEXT) + BOB.signature_line(TEXT)
    for key in (ALICE.verifier, BOB.verifier):
        assert split(note).verify(key) == TEXT.data
    assert [name for name, _, _ in split(note).lines] == ["rkpb/tver/ivanov", "rkpb/tver/petrov"]


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=80), st.binary(min_size=32, max_size=32)
)
@settings(max_examples=50, deadline=None)
def test_what_is_signed_is_what_is_read(body, seed):
    data = f"cipherpost/v1\n{body}\n".encode()
    key = SignerKey("rkpb/tver/ivanov", seed)
    text = Text(Purpose.DISPATCH, data)
    found = split(key.sign(text))
    assert found.verify(key.verifier) == data
    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    key.verifier.verify_raw(key.sign_raw(text), text)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_i2_any_byte_of_a_note_changed_no_longer_verifies(data):
    note = bytearray(ALICE.sign(TEXT))
    at = data.draw(st.integers(0, len(note) - 1))
    note[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != note[at]))
    with pytest.raises((NoteError, SignatureInvalidError)):
        split(bytes(note)).verify(ALICE.verifier)


def test_a_bare_signature_is_of_one_text_by_one_key():
    draft = Text(Purpose.DRAFT, b"cipherpost/v1 draft\nx\n")
    signature = ALICE.sign_raw(draft)
    assert len(signature) == 64
    ALICE.verifier.verify_raw(signature, draft)
    for key, signed, text in (
        (BOB.verifier, signature, draft),
        (ALICE.verifier, signature, Text(Purpose.DRAFT, b"cipherpost/v1 draft\ny\n")),
        (ALICE.verifier, signature[:-1], draft),
        (ALICE.verifier, signature + b"\0", draft),
        (ALICE.verifier, b"", draft),
    ):
        with pytest.raises(SignatureInvalidError):
            key.verify_raw(signed, text)


@pytest.mark.parametrize("purpose", Purpose)
def test_an_officer_signs_only_texts_of_the_protocol(purpose):
    Text(purpose, purpose.encode() + b"\nx\n")
    first = purpose.encode()
    for data in (b"", b"x\n", first, first + b"\nx", first + b" x\n", b"\n" + first, first + b"\r\nx\n"):
        with pytest.raises(NoteError):
            Text(purpose, data)


def test_no_text_serves_two_purposes():
    for purpose in Purpose:
        for other in Purpose:
            if other is not purpose:
                with pytest.raises(NoteError):
                    Text(other, purpose.encode() + b"\nx\n")


def vkey(name=b"foo", raw=b"\x01" + ALICE.verifier.public, key_id=None):
    key_id = key_id or hashlib.sha256(name + b"\n" + raw).hexdigest()[:8]
    return f"{name.decode()}+{key_id}+{base64.b64encode(raw).decode()}"


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("", "not a verifier key"),
        ("foo", "not a verifier key"),
        (SPEC_VKEY.replace("foo", ""), "the id of the key"),
        (SPEC_VKEY.replace("example.com/foo", ""), "not a verifier key"),
        (SPEC_VKEY.replace("/foo", "/f oo"), "not a verifier key"),
        (SPEC_VKEY.replace("/foo", "/f\u2003oo"), "not a verifier key"),
        (SPEC_VKEY.replace("530d903a", "530D903A"), "not a verifier key"),
        (SPEC_VKEY.replace("530d903a", "530d903"), "not a verifier key"),
        (SPEC_VKEY.replace("530d903a", "530d903b"), "the id of the key"),
        (SPEC_VKEY.replace("/foo", "/bar"), "the id of the key"),
        (SPEC_VKEY + "\n", "not a verifier key"),
        (SPEC_VKEY[:-1], "not base64"),
        (SPEC_VKEY[:-1] + "=", "not base64|not an Ed25519 key|not canonical"),
        (vkey(raw=b"\x02" + ALICE.verifier.public), "not an Ed25519 key"),
        (vkey(raw=b"\x01" + ALICE.verifier.public[:-1]), "not an Ed25519 key"),
        (vkey(raw=b"\x01" + ALICE.verifier.public + b"\0"), "not an Ed25519 key"),
        (vkey(key_id="00000000"), "the id of the key"),
    ],
)
def test_each_malformed_verifier_key_is_refused_for_its_own_reason(word, what):
    with pytest.raises(VerifierKeyError, match=what):
        VerifierKey.parse(word)


PRIME = 2**255 - 19
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
ORDER_8_Y = int.from_bytes(ORDER_8, "little") % 2**255
SMALL_Y = [0, 1, PRIME - 1, PRIME, PRIME + 1, ORDER_8_Y, PRIME - ORDER_8_Y]


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", SMALL_Y)
def test_every_encoding_of_a_point_of_small_order_is_refused(y, sign):
    public = (y + (sign << 255)).to_bytes(32, "little")
    assert public in SMALL_ORDER
    with pytest.raises(VerifierKeyError, match="small order"):
        VerifierKey.parse(vkey(raw=b"\x01" + public))


def test_an_officers_key_is_named_after_network_office_and_officer():
    assert key_name("rkpb", "center", "stasova") == "rkpb/center/stasova"
    assert VerifierKey("rkpb/center/stasova", bytes(32)).officer() == ("rkpb", "center", "stasova")
    for name in ("rkpb", "rkpb/tver", "a/b/c/d", "rkpb/tver/Ivanov", "rkpb/all/ivanov", "rkpb/tver/", "/a/b"):
        with pytest.raises(TextError):
            VerifierKey(name, bytes(32)).officer()


def test_i5_a_secret_key_shows_nothing_of_itself():
    assert ALICE.secret_seed() == b"a" * 32
    assert "61" * 4 not in repr(ALICE)
    assert "aaaa" not in repr(ALICE)
    assert repr(ALICE) == "<SignerKey rkpb/tver/ivanov>"
    with pytest.raises(TypeError):
        pickle.dumps(ALICE)


def test_the_hash_of_a_text_does_not_depend_on_who_signed_it():
    assert TEXT.hash == hashlib.sha256(split(ALICE.sign(TEXT)).text).hexdigest()
    assert TEXT.hash == hashlib.sha256(split(BOB.sign(TEXT)).text).hexdigest()
