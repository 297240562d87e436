"""Keys of all kinds: their texts, what they open, and that secrets stay where they are."""

import os
import traceback

import pytest

from cipherpost.age import (
    HeaderError,
    HybridIdentity,
    HybridRecipient,
    KeyFormatError,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    X25519Recipient,
    format_identity_file,
    parse_identity,
    parse_identity_file,
    parse_recipient,
)
from cipherpost.age.bech32 import encode
from cipherpost.age.header import Stanza, encode_base64
from cipherpost.age.keys import IDENTITY_FILE_BYTES
from cipherpost.errors import UseError

FILE_KEY = bytes(range(16))
IDENTITIES = [HybridIdentity, X25519Identity]

# The examples of c2sp.org/age.
HYBRID_EXAMPLE = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
X25519_EXAMPLE = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
X25519_RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

# Points of Curve25519 that lead every secret to zero, RFC 7748 section 6.1 and its references.
LOW_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    b"\xec" + b"\xff" * 30 + b"\x7f",
    b"\xed" + b"\xff" * 30 + b"\x7f",
    b"\xee" + b"\xff" * 30 + b"\x7f",
]


def test_examples_of_the_specification():
    hybrid = parse_identity(HYBRID_EXAMPLE)
    assert isinstance(hybrid, HybridIdentity)
    assert hybrid.recipient.text.startswith(
        "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrqtzdxz95p"
    )
    assert hybrid.recipient.text.endswith("hh6gjtqmwze9pyyzk3tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k")
    classic = parse_identity(X25519_EXAMPLE)
    assert isinstance(classic, X25519Identity)
    assert classic.seed == b"B" * 32
    assert classic.recipient.text == X25519_RECIPIENT


@pytest.mark.parametrize("kind", IDENTITIES)
def test_texts_lead_back(kind: type[HybridIdentity] | type[X25519Identity]):
    identity = kind.generate()
    assert kind.from_text(identity.text).seed == kind.from_seed(identity.seed).seed == identity.seed
    again = parse_identity(identity.text)
    assert type(again) is kind
    assert again.recipient == identity.recipient
    recipient = parse_recipient(identity.recipient.text)
    assert recipient == identity.recipient == type(recipient).from_bytes(recipient.raw)
    assert {recipient, identity.recipient} == {recipient}
    assert recipient != kind.generate().recipient
    assert identity.seed != kind.generate().seed


def test_lengths():
    recipient = HybridIdentity.generate().recipient
    assert (len(recipient.raw), len(recipient.text)) == (1216, 1959)
    stanza = recipient.wrap(FILE_KEY)
    assert (len(stanza.arguments(1)[0]), len(stanza.body)) == (1494, 32)


@pytest.mark.parametrize("kind", IDENTITIES)
def test_only_the_right_identity_opens_a_stanza(kind: type[HybridIdentity] | type[X25519Identity]):
    identity = kind.generate()
    stanza = identity.recipient.wrap(FILE_KEY)
    assert stanza != identity.recipient.wrap(FILE_KEY)
    assert identity.unwrap(stanza) == FILE_KEY
    for other in (kind.generate(), *(other.generate() for other in IDENTITIES if other is not kind)):
        assert other.unwrap(stanza) is None
    assert ScryptIdentity("passphrase").unwrap(stanza) is None
    assert identity.unwrap(Stanza(stanza.line, bytes(32))) is None
    assert identity.unwrap(Stanza("other" + stanza.line, stanza.body)) is None


@pytest.mark.parametrize("kind", IDENTITIES)
def test_malformed_stanzas(kind: type[HybridIdentity] | type[X25519Identity]):
    identity = kind.generate()
    line, body = identity.recipient.wrap(FILE_KEY)
    name, argument = line.split(" ")
    for wrong in (
        Stanza(line, body[:-1]),
        Stanza(line, body + b"\0"),
        Stanza(name, body),
        Stanza(f"{line} more", body),
        Stanza(line[:-1], body),
        Stanza(f"{line}A", body),
        Stanza(f"{name} {'?' * len(argument)}", body),
    ):
        with pytest.raises(HeaderError):
            identity.unwrap(wrong)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_points_of_low_order(point: bytes):
    with pytest.raises(KeyFormatError, match="low order"):
        X25519Recipient.from_bytes(point).wrap(FILE_KEY)
    with pytest.raises(HeaderError, match="low order"):
        X25519Identity.generate().unwrap(Stanza(f"X25519 {encode_base64(point)}", bytes(32)))
    hybrid = HybridIdentity.generate()
    with pytest.raises(KeyFormatError, match="not a post-quantum public key"):
        HybridRecipient.from_bytes(hybrid.recipient.raw[:1184] + point).wrap(FILE_KEY)
    with pytest.raises(HeaderError, match="low order"):
        hybrid.unwrap(Stanza(f"mlkem768x25519 {encode_base64(bytes(1088) + point)}", bytes(32)))


def test_what_is_not_a_public_key():
    raw = b"\xff" * 1184 + HybridIdentity.generate().recipient.raw[1184:]
    with pytest.raises(KeyFormatError, match="not a post-quantum public key"):
        HybridRecipient.from_text(encode("age1pq", raw))
    with pytest.raises(KeyFormatError, match="not a post-quantum public key"):
        HybridRecipient.from_bytes(raw).wrap(FILE_KEY)
    for size in (0, 1215, 1217):
        with pytest.raises(KeyFormatError):
            HybridRecipient.from_bytes(bytes(size))
    for size in (0, 31, 33):
        with pytest.raises(KeyFormatError):
            X25519Recipient.from_bytes(bytes(size))
        for kind in IDENTITIES:
            with pytest.raises(KeyFormatError):
                kind.from_seed(bytes(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age",
        "age1",
        "age1pq1",
        X25519_RECIPIENT.upper(),
        X25519_RECIPIENT[:-1],
        X25519_RECIPIENT + "\n",
        " " + X25519_RECIPIENT,
        encode("age", bytes(31)),
        encode("age", bytes(1216)),
        encode("age1pq", bytes(32)),
        encode("age1tag", bytes(33)),
        X25519_EXAMPLE,
        HYBRID_EXAMPLE,
    ],
)
def test_texts_that_are_no_recipient(text: str):
    with pytest.raises(KeyFormatError):
        parse_recipient(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        X25519_EXAMPLE.lower(),
        HYBRID_EXAMPLE.lower(),
        X25519_EXAMPLE[:-1],
        X25519_EXAMPLE[:-1] + "Q",
        HYBRID_EXAMPLE + " ",
        encode("age-secret-key-", bytes(33)).upper(),
        encode("age-secret-key-pq-", bytes(64)).upper(),
        encode("age-plugin-x-", bytes(32)).upper(),
        X25519_RECIPIENT,
    ],
)
def test_texts_that_are_no_identity(text: str):
    with pytest.raises(KeyFormatError):
        parse_identity(text)


def test_no_secret_is_shown():
    for identity in (kind.generate() for kind in IDENTITIES):
        secret = identity.text
        assert secret not in f"{identity!r} {identity} {identity.recipient!r}"
        wrong = secret[:-1] + ("Q" if secret[-1] != "Q" else "P")
        with pytest.raises(KeyFormatError) as caught:
            parse_identity(wrong)
        shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert wrong[20:40] not in shown
        assert caught.value.__context__ is None
        with pytest.raises(KeyFormatError) as caught:
            parse_identity_file(secret.encode() + b"\n\xff")
        assert caught.value.__context__ is None
        assert secret[20:40] not in repr(vars(caught.value))
    assert "horse" not in f"{ScryptIdentity('horse')!r} {ScryptRecipient('horse')!r}"
    assert repr(X25519Recipient.from_text(X25519_RECIPIENT)) == "X25519Recipient(age1zvkyg2lqzraa2lnj…)"


@pytest.mark.parametrize("kind", IDENTITIES)
def test_identity_files(kind: type[HybridIdentity] | type[X25519Identity]):
    identity = kind.generate()
    data = format_identity_file(identity, [f"public key: {identity.recipient.text}", "Ключ"])
    assert data.endswith(identity.text.encode() + b"\n")
    assert data.count(b"\n") == 3
    (again,) = parse_identity_file(data)
    assert again.seed == identity.seed
    both = parse_identity_file(b"\n" + data.replace(b"\n", b"\r\n") + b"# \xc3\xa4\n\n" + X25519_EXAMPLE.encode())
    assert [one.seed for one in both] == [identity.seed, b"B" * 32]
    assert format_identity_file(identity) == identity.text.encode() + b"\n"


@pytest.mark.parametrize("comment", ["a\nb", "a\rb", "\0", "a\u2028b", "\x1b[2J"])
def test_a_comment_is_one_line(comment: str):
    with pytest.raises(UseError):
        format_identity_file(X25519Identity.generate(), [comment])


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", ""),
        (b"# only comments\n", ""),
        (b"# \xff\n" + X25519_EXAMPLE.encode(), ""),
        (b"#" * (IDENTITY_FILE_BYTES + 1), ""),
        (b"\n" + X25519_EXAMPLE.encode() + b"\n" + X25519_RECIPIENT.encode(), "line 3"),
        (X25519_EXAMPLE.encode() + b" \n", "line 1"),
        (b" # not a comment\n" + X25519_EXAMPLE.encode(), "line 1"),
        (X25519_EXAMPLE.encode() + b"\x0b" + X25519_EXAMPLE.encode(), "line 1"),
    ],
)
def test_bad_identity_files(data: bytes, where: str):
    with pytest.raises(KeyFormatError) as caught:
        parse_identity_file(data)
    assert caught.value.where == where


def test_passphrases():
    recipient = ScryptRecipient("Пароль", log_n=4)
    stanza = recipient.wrap(FILE_KEY)
    assert stanza != recipient.wrap(FILE_KEY)
    assert ScryptIdentity("Пароль".encode()).unwrap(stanza) == FILE_KEY
    assert ScryptIdentity("пароль").unwrap(stanza) is None
    assert ScryptIdentity("Пароль", max_log_n=4).unwrap(stanza) == FILE_KEY
    with pytest.raises(HeaderError, match="too much work"):
        ScryptIdentity("Пароль", max_log_n=3).unwrap(stanza)


@pytest.mark.parametrize("work", ["0", "01", "+4", "4 ", "0x4", "-4", "4a", "٤", "9" * 5000, "21", ""])
def test_work_factors(work: str):
    salt = encode_base64(os.urandom(16))
    with pytest.raises(HeaderError):
        ScryptIdentity("a").unwrap(Stanza(f"scrypt {salt} {work}", bytes(32)))


def test_passphrases_that_make_no_sense():
    for passphrase in ("", b""):
        with pytest.raises(UseError):
            ScryptRecipient(passphrase)
        with pytest.raises(UseError):
            ScryptIdentity(passphrase)
    for log_n in (0, -1, 31):
        with pytest.raises(UseError):
            ScryptRecipient("a", log_n=log_n)
