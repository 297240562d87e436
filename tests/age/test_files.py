"""Whole files: who can open them, what goes together, and that nothing broken passes."""

import io
import shutil
import tarfile

import pytest

from cipherpost.age import (
    ArmorError,
    ArmorReader,
    Encryptor,
    HeaderError,
    HmacError,
    HybridIdentity,
    HybridRecipient,
    KeyFormatError,
    MixedRecipientsError,
    NoMatchError,
    NoRecipientsError,
    PayloadError,
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    WriterStateError,
    X25519Identity,
    decrypt,
    encrypt,
    inspect,
    open_any,
)
from cipherpost.age.header import STANZAS, print_end, print_unsigned, read_header
from cipherpost.age.primitives import header_mac
from cipherpost.age.stream import CHUNK
from cipherpost.errors import NotAuthenticError, NotForUsError, UseError

from .support import Dribble, released, seal, unseal

HYBRID = [HybridIdentity.from_seed(bytes([number]) * 32) for number in range(4)]
CLASSIC = [X25519Identity.from_seed(bytes([number]) * 32) for number in range(4)]
PLAIN = bytes(range(256)) * 600


@pytest.mark.parametrize("identities", [HYBRID, CLASSIC])
@pytest.mark.parametrize("armor", [False, True])
def test_every_recipient_opens_the_file(identities: list[HybridIdentity] | list[X25519Identity], armor: bool):
    sink = io.BytesIO()
    encrypt([identity.recipient for identity in identities[:3]], Dribble(PLAIN), sink, armor=armor)
    file = sink.getvalue()
    assert file.startswith(b"-----BEGIN AGE" if armor else b"age-encryption.org/v1\n")
    for number, identity in enumerate(identities[:3]):
        for source in (io.BytesIO(file), Dribble(file)):
            plain = decrypt([identities[3], identity], open_any(source))
            assert plain.opened == number
            assert len(plain.stanzas) == 3
            assert plain.read() == PLAIN
            assert plain.read() == plain.read(1) == b""
    with pytest.raises(NoMatchError) as caught:
        decrypt([identities[3]], open_any(io.BytesIO(file)))
    assert isinstance(caught.value, NotForUsError)
    assert caught.value.hints


def test_passphrase():
    file = seal([ScryptRecipient("correct horse", log_n=4)], PLAIN)
    assert unseal(ScryptIdentity("correct horse"), file) == PLAIN
    with pytest.raises(NoMatchError):
        unseal(ScryptIdentity("battery staple"), file)
    plain = decrypt([ScryptIdentity("battery staple"), ScryptIdentity("correct horse")], io.BytesIO(file))
    assert plain.stanzas == ("scrypt",)


def test_another_kind_of_identity_is_no_match():
    files = [
        seal([HYBRID[0].recipient], b"a"),
        seal([CLASSIC[0].recipient], b"a"),
        seal([ScryptRecipient("a", log_n=1)], b"a"),
    ]
    identities = [HYBRID[0], CLASSIC[0], ScryptIdentity("a")]
    for number, file in enumerate(files):
        others = identities[:number] + identities[number + 1 :]
        with pytest.raises(NoMatchError):
            decrypt(others, io.BytesIO(file))
        with pytest.raises(NoMatchError):
            decrypt([], io.BytesIO(file))
        assert decrypt(identities, io.BytesIO(file)).read() == b"a"


@pytest.mark.parametrize(
    "recipients",
    [
        [HYBRID[0].recipient, CLASSIC[0].recipient],
        [CLASSIC[0].recipient, HYBRID[0].recipient, HYBRID[1].recipient],
        [HYBRID[0].recipient, ScryptRecipient("a")],
        [ScryptRecipient("a"), CLASSIC[0].recipient],
        [ScryptRecipient("a"), ScryptRecipient("a")],
    ],
)
def test_kinds_never_mix(recipients: list[Recipient]):
    sink = io.BytesIO()
    with pytest.raises(MixedRecipientsError):
        Encryptor(recipients, sink)
    assert sink.getvalue() == b""


def test_a_passphrase_beside_another_stanza_is_refused():
    file_key = bytes(16)
    stanzas = [ScryptRecipient("a", log_n=1).wrap(file_key), CLASSIC[0].recipient.wrap(file_key)]
    for order in (stanzas, stanzas[::-1], [stanzas[0], stanzas[0]]):
        unsigned = print_unsigned(order)
        file = unsigned + print_end(header_mac(file_key, unsigned)) + bytes(32)
        for identity in (ScryptIdentity("a"), CLASSIC[0]):
            with pytest.raises(HeaderError, match="passphrase"):
                decrypt([identity], io.BytesIO(file))


def test_a_malformed_stanza_is_named():
    file_key = bytes(16)
    stanzas = [CLASSIC[1].recipient.wrap(file_key), CLASSIC[0].recipient.wrap(file_key)._replace(body=b"")]
    file = print_unsigned(stanzas) + print_end(bytes(32)) + bytes(32)
    with pytest.raises(HeaderError, match="body of a stanza") as caught:
        decrypt([CLASSIC[0]], io.BytesIO(file))
    assert caught.value.where == "stanza 2"
    with pytest.raises(NoMatchError):
        decrypt([HYBRID[0]], io.BytesIO(file))


def test_recipients_that_cannot_be_written():
    sink = io.BytesIO()
    with pytest.raises(NoRecipientsError):
        Encryptor([], sink)
    with pytest.raises(KeyFormatError):
        Encryptor([HYBRID[0].recipient, HybridRecipient.from_bytes(b"\xff" * 1216)], sink)
    with pytest.raises(UseError):
        Encryptor([HYBRID[0].recipient], sink, file_key=bytes(15))
    with pytest.raises(UseError, match="too many"):
        Encryptor([Cheap()] * (STANZAS + 1), sink)
    assert sink.getvalue() == b""


class Cheap:
    """A recipient of a kind that does not exist, whose stanza costs nothing."""

    kind = "classic"

    def wrap(self, file_key: bytes, /):
        from cipherpost.age.header import Stanza

        return Stanza("cheap", b"")


def test_the_given_file_key_is_used():
    sink = io.BytesIO()
    encrypt([CLASSIC[0].recipient], io.BytesIO(b"a"), sink, file_key=b"K" * 16)
    header, _ = read_header(io.BytesIO(sink.getvalue()))
    assert CLASSIC[0].unwrap(header.stanzas[0]) == b"K" * 16
    keys = set()
    for _ in range(4):
        header, _ = read_header(io.BytesIO(seal([CLASSIC[0].recipient], b"a")))
        keys.add(CLASSIC[0].unwrap(header.stanzas[0]))
    assert len(keys) == 4


@pytest.mark.parametrize("identities", [HYBRID, CLASSIC])
@pytest.mark.parametrize("first", [None, -1, 0, 1, 2, 3, 10**9])
def test_first_only_changes_the_order(identities: list[HybridIdentity] | list[X25519Identity], first: int | None):
    file = seal([identity.recipient for identity in identities[:3]], b"a")
    for identity in identities[:3]:
        assert unseal(identity, file, first=first) == b"a"
    with pytest.raises(NoMatchError):
        unseal(identities[3], file, first=first)


def test_first_is_tried_before_the_others():
    class Counting:
        tried: list[str]

        def unwrap(self, stanza, /):
            self.tried.append(stanza.line)
            return CLASSIC[2].unwrap(stanza)

    file = seal([identity.recipient for identity in CLASSIC], b"a")
    identity = Counting()
    for first, tries in ((None, 3), (2, 1), (3, 4)):
        identity.tried = []
        assert unseal(identity, file, first=first) == b"a"
        assert len(identity.tried) == len(set(identity.tried)) == tries


@pytest.mark.parametrize("identity", [HYBRID[0], CLASSIC[0], ScryptIdentity("a")])
def test_every_altered_byte_is_noticed(identity: HybridIdentity | X25519Identity | ScryptIdentity):
    recipient = ScryptRecipient("a", log_n=1) if isinstance(identity, ScryptIdentity) else identity.recipient
    file = seal([recipient], b"attack at dawn")
    assert unseal(identity, file) == b"attack at dawn"
    errors = set()
    for at in range(len(file)):
        for flip in (1, 0x20, 0x80):
            altered = bytearray(file)
            altered[at] ^= flip
            with pytest.raises((NotAuthenticError, NoMatchError)) as caught:
                unseal(identity, bytes(altered))
            errors.add(type(caught.value))
    assert errors == {HeaderError, NoMatchError, HmacError, PayloadError}


@pytest.mark.parametrize("identity", [HYBRID[0], CLASSIC[0]])
def test_every_cut_and_addition_is_noticed(identity: HybridIdentity | X25519Identity):
    file = seal([identity.recipient], b"attack at dawn")
    for end in range(len(file)):
        with pytest.raises((HeaderError, PayloadError)):
            unseal(identity, file[:end])
    for more in (b"\0", b"\n", bytes(16), file):
        with pytest.raises(PayloadError):
            unseal(identity, file + more)


def test_a_stanza_added_or_taken_away_is_noticed():
    file_key = b"K" * 16
    sink = io.BytesIO()
    encrypt([identity.recipient for identity in HYBRID[:2]], io.BytesIO(b"a"), sink, file_key=file_key)
    file = sink.getvalue()
    header, _ = read_header(io.BytesIO(file))
    for stanzas in (
        header.stanzas[:1],
        header.stanzas[::-1],
        (*header.stanzas, HYBRID[2].recipient.wrap(file_key)),
        (*header.stanzas, header.stanzas[0]),
    ):
        with pytest.raises(HmacError):
            unseal(HYBRID[0], print_unsigned(stanzas) + print_end(header.mac) + file[header.size :])


def test_what_was_verified_is_given_out_before_the_error():
    file = bytearray(seal([CLASSIC[0].recipient], bytes(3 * CHUNK)))
    file[-CHUNK] ^= 1  # in the last of three chunks
    for size in (1000, CHUNK, CHUNK + 1, 10 * CHUNK):
        plain, error = released(decrypt([CLASSIC[0]], io.BytesIO(bytes(file))), size)
        assert plain == bytes(2 * CHUNK)
        assert isinstance(error, PayloadError)
        assert error.where == "chunk 3"
    for action in (lambda plain: plain.read(), lambda plain: plain.finish()):
        plain = decrypt([CLASSIC[0]], io.BytesIO(bytes(file)))
        with pytest.raises(PayloadError):
            action(plain)
        with pytest.raises(PayloadError):
            plain.read(1)


def test_finish_verifies_the_rest():
    file = seal([CLASSIC[0].recipient], PLAIN)
    plain = decrypt([CLASSIC[0]], io.BytesIO(file))
    assert plain.read(10) == PLAIN[:10]
    assert plain.finish() == len(PLAIN) - 10
    assert plain.finish() == 0
    plain = decrypt([CLASSIC[0]], io.BytesIO(file + b"x"))
    assert plain.read(10) == PLAIN[:10]
    with pytest.raises(PayloadError):
        plain.finish()


def test_reads_give_what_was_asked_for():
    file = seal([CLASSIC[0].recipient], PLAIN)
    plain = decrypt([CLASSIC[0]], Dribble(file))
    assert plain.read(0) == b""
    assert plain.read(CHUNK + 10) == PLAIN[: CHUNK + 10]
    assert plain.read(1) == PLAIN[CHUNK + 10 : CHUNK + 11]
    assert plain.read(10**9) == PLAIN[CHUNK + 11 :]


def test_a_tar_archive_through_both_ends():
    sink = io.BytesIO()
    with Encryptor([HYBRID[0].recipient], sink) as writer, tarfile.open(fileobj=writer, mode="w|") as archive:
        member = tarfile.TarInfo("letter")
        member.size = len(PLAIN)
        archive.addfile(member, io.BytesIO(PLAIN))
    plain = decrypt([HYBRID[0]], io.BytesIO(sink.getvalue()))
    with tarfile.open(fileobj=plain, mode="r|") as archive:
        (found,) = [(one.name, archive.extractfile(one).read()) for one in archive]
    assert found == ("letter", PLAIN)
    assert plain.finish() == 0


@pytest.mark.parametrize("armor", [False, True])
@pytest.mark.parametrize("size", [0, 10, CHUNK, CHUNK + 1])
def test_an_exception_leaves_no_valid_end(armor: bool, size: int):
    sink = io.BytesIO()
    writer = Encryptor([CLASSIC[0].recipient], sink, armor=armor)
    writer.write(bytes(size))
    with pytest.raises(ZeroDivisionError), writer:
        writer.write(bytes(1 // 0))
    for action in (writer.close, lambda: writer.write(b"a")):
        with pytest.raises(WriterStateError):
            action()
    with pytest.raises((PayloadError, ArmorError)):
        decrypt([CLASSIC[0]], open_any(io.BytesIO(sink.getvalue()))).read()


def test_a_sink_that_fails_leaves_no_valid_end():
    class Full(io.BytesIO):
        def write(self, data, /):
            if self.tell() > CHUNK:
                raise OSError(28, "No space left on device")
            return super().write(data)

    sink = Full()
    writer = Encryptor([CLASSIC[0].recipient], sink)
    with pytest.raises(OSError, match="No space left"):
        writer.write(bytes(4 * CHUNK))
    with pytest.raises(WriterStateError):
        writer.close()
    with pytest.raises(PayloadError):
        unseal(CLASSIC[0], sink.getvalue())


def test_a_finished_file_takes_no_more():
    sink = io.BytesIO()
    with Encryptor([CLASSIC[0].recipient], sink) as writer:
        assert writer.write(memoryview(b"abc")) == 3
        writer.close()
    with pytest.raises(WriterStateError):
        writer.write(b"d")
    with pytest.raises(WriterStateError):
        writer.close()
    assert unseal(CLASSIC[0], sink.getvalue()) == b"abc"


def test_a_raw_sink_that_takes_little_at_a_time():
    class Stingy(io.BytesIO):
        def write(self, data, /):
            return super().write(data[:1000])

    sink = Stingy()
    encrypt([CLASSIC[0].recipient], io.BytesIO(PLAIN), sink, armor=True)
    assert decrypt([CLASSIC[0]], open_any(io.BytesIO(sink.getvalue()))).read() == PLAIN


def test_files_on_disk(tmp_path):
    (tmp_path / "plain").write_bytes(PLAIN)
    with (tmp_path / "plain").open("rb") as source, (tmp_path / "file.age").open("wb", buffering=0) as sink:
        encrypt([HYBRID[0].recipient], source, sink)
    with (tmp_path / "file.age").open("rb", buffering=0) as source, (tmp_path / "again").open("wb") as sink:
        shutil.copyfileobj(decrypt([HYBRID[0]], source), sink)
    assert (tmp_path / "again").read_bytes() == PLAIN


def test_inspect():
    file = seal([identity.recipient for identity in HYBRID[:3]], b"a" * 100)
    info = inspect(io.BytesIO(file))
    assert (info.types, info.count) == (("mlkem768x25519",) * 3, 3)
    assert info.size == len(file) - 16 - 100 - 16
    assert inspect(Dribble(file)) == info
    assert inspect(io.BytesIO(seal([ScryptRecipient("a", log_n=1)], b""))).types == ("scrypt",)
    with pytest.raises(HeaderError):
        inspect(io.BytesIO(b"not age"))


def test_open_any():
    file = seal([CLASSIC[0].recipient], b"a")
    text = seal([CLASSIC[0].recipient], b"a", armor=True)
    for data, kind in (
        (file, False),
        (text, True),
        (b" \r\n\n" + text, True),
        (b"\n\n", True),
        (b"", False),
        (b"\0", False),
    ):
        assert isinstance(open_any(io.BytesIO(data)), ArmorReader) is kind
    assert decrypt([CLASSIC[0]], open_any(Dribble(file))).read() == b"a"
    with pytest.raises(HeaderError, match="not an age file"):
        decrypt([CLASSIC[0]], open_any(io.BytesIO(b"")))


def test_errors_say_what_to_do():
    with pytest.raises(HeaderError) as armored:
        inspect(io.BytesIO(seal([CLASSIC[0].recipient], b"a", armor=True)))
    with pytest.raises(PayloadError) as cut:
        unseal(CLASSIC[0], seal([CLASSIC[0].recipient], b"a")[:-1])
    for error in (armored.value, cut.value):
        assert error.what
        assert error.rule
        assert error.hints
        assert error.exit_code == 3
