import io
import os
import pickle
import stat
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.age import EmptyPassphraseError, HybridIdentity, decrypt
from cipherpost.home.envelope import open_bytes, seal_bytes
from cipherpost.home.files import sweep
from cipherpost.home.keys import (
    KeyDamagedError,
    KeyExistsError,
    KeyMissingError,
    KeyOfAnotherError,
    KeyRing,
    PassphraseNeededError,
    WrongPassphraseError,
    create_keys,
)
from cipherpost.note import Purpose, Text

NAME = "rkpb/tver/ivanov"
LOW = 4
TEXT = Text(Purpose.DISPATCH, b"cipherpost/v1\nnetwork rkpb\n")


class Asked:
    """A passphrase source that counts how often it was asked."""

    def __init__(self, passphrase: str) -> None:
        self.passphrase = passphrase
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return self.passphrase


def ring(home: Path, passphrase: str | None = "correct horse", name: str = NAME) -> KeyRing:
    return KeyRing(home / "keys", name, passphrase=None if passphrase is None else Asked(passphrase))


def make(home: Path, passphrase: str | None = "correct horse", name: str = NAME) -> KeyRing:
    return create_keys(home, name, passphrase, log_n=LOW)


def test_keys_are_opened_again_with_one_question(tmp_path: Path) -> None:
    made = make(tmp_path)
    asked = Asked("correct horse")
    again = KeyRing(tmp_path / "keys", NAME, passphrase=asked)
    assert again.signer.verifier == made.signer.verifier
    assert again.signer.verifier.name == NAME
    assert [each.text for each in again.identities] == [made.identities[0].text]
    assert again.recipient == made.recipient
    assert asked.times == 1


def test_one_scrypt_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cipherpost.age import scrypt

    make(tmp_path)
    work: list[int] = []
    real = scrypt._wrap_key
    monkeypatch.setattr(scrypt, "_wrap_key", lambda *given: work.append(given[2]) or real(*given))
    opened = ring(tmp_path)
    assert opened.signer.verifier.name == NAME
    assert opened.identities[0].text in opened.identity_file().decode()
    assert len(opened.signers) == 1
    assert work == [LOW]


def test_the_seal_file_is_a_standard_age_identity_file(tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    make(tmp_path)
    plain = pyrage.passphrase.decrypt((tmp_path / "keys" / "ivanov.seal").read_bytes(), "correct horse")
    assert plain.decode().splitlines()[-1].startswith("AGE-SECRET-KEY-PQ-1")
    bare = make(tmp_path / "bare", None)
    assert (tmp_path / "bare" / "keys" / "ivanov.seal").read_bytes() == bare.identity_file()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_key_files_are_the_officers_own(tmp_path: Path) -> None:
    make(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {"ivanov.seal": 0o600, "ivanov.sign": 0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_i5_under_a_passphrase_no_file_holds_a_secret(tmp_path: Path) -> None:
    made = make(tmp_path)
    secrets = (made.signer.secret_seed(), made.identities[0].seed, made.identities[0].text.encode())
    for path in (tmp_path / "keys").iterdir():
        assert not any(secret in path.read_bytes() for secret in secrets)
    assert made.identities[0].text not in repr(made)
    with pytest.raises(TypeError):
        pickle.dumps(made)


def test_a_wrong_passphrase_is_told_apart(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(WrongPassphraseError, match="does not open") as caught:
        _ = ring(tmp_path, "guess-7531").signer
    assert caught.value.exit_code == 4
    assert "guess-7531" not in str(caught.value)
    with pytest.raises(PassphraseNeededError) as needed:
        _ = ring(tmp_path, None).signer
    assert any("--passphrase-file" in hint for hint in needed.value.hints)


def test_an_empty_passphrase_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(EmptyPassphraseError):
        make(tmp_path, "")
    assert not list((tmp_path / "keys").iterdir())


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    made = make(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    with pytest.raises(KeyExistsError):
        make(tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    assert ring(tmp_path).recipient == made.recipient


@pytest.mark.parametrize("kind", ["seal", "sign"])
def test_a_missing_key_is_named(tmp_path: Path, kind: str) -> None:
    make(tmp_path)
    (tmp_path / "keys" / f"ivanov.{kind}").unlink()
    with pytest.raises(KeyMissingError, match=rf"ivanov\.{kind}"):
        _ = ring(tmp_path).signer


def test_the_key_of_another_officer_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(KeyOfAnotherError, match=NAME) as caught:
        _ = ring(tmp_path, name="rkpb/samara/ivanov").signer
    assert caught.value.exit_code == 4


def test_the_signing_key_of_another_backup_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "a")
    make(tmp_path / "b")
    (tmp_path / "a" / "keys" / "ivanov.sign").write_bytes((tmp_path / "b" / "keys" / "ivanov.sign").read_bytes())
    with pytest.raises(KeyOfAnotherError, match="another key"):
        _ = ring(tmp_path / "a").signer


@pytest.mark.parametrize("kind", ["seal", "sign"])
def test_a_damaged_key_file_is_named_and_not_quoted(tmp_path: Path, kind: str) -> None:
    made = make(tmp_path, None)
    path = tmp_path / "keys" / f"ivanov.{kind}"
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    with pytest.raises(KeyDamagedError, match=rf"ivanov\.{kind}") as caught:
        _ = ring(tmp_path, None).signer
    assert made.identities[0].text[-20:-12] not in repr(caught.getrepr(chain=True))


@pytest.mark.parametrize(
    "plain", [b"", b"cipherpost/v1 signing keys\n", b"cipherpost/v1 signing keys\nrkpb/tver/ivanov AAAA\n", b"junk"]
)
def test_signing_keys_of_another_form_are_damaged(tmp_path: Path, plain: bytes) -> None:
    made = make(tmp_path)
    (tmp_path / "keys" / "ivanov.sign").write_bytes(seal_bytes([made.recipient], plain))
    with pytest.raises(KeyDamagedError):
        _ = ring(tmp_path).signer


def test_i4_the_old_or_the_new_passphrase_opens_after_any_kill(tmp_path: Path) -> None:
    make(tmp_path, "old")
    opened = ring(tmp_path, "old")
    before = opened.signer.verifier

    def opens(passphrase: str) -> bool:
        try:
            return ring(tmp_path, passphrase).signer.verifier == before
        except WrongPassphraseError:
            return False

    for _ in every_kill(lambda: opened.change_passphrase("new", log_n=LOW)):
        assert opens("old") != opens("new")
        sweep(tmp_path / "keys")
        assert len(list((tmp_path / "keys").iterdir())) == 2
    assert opens("new")
    opened.change_passphrase(None)
    assert not opened.has_passphrase
    assert ring(tmp_path, None).signer.verifier == before


def test_i6_after_a_rotation_old_mail_still_opens(tmp_path: Path) -> None:
    made = make(tmp_path)
    letter = seal_bytes([made.recipient], b"old mail")
    made.rotate(HybridIdentity.generate(), b"\x07" * 32, log_n=LOW)
    again = ring(tmp_path)
    assert len(again.identities) == len(again.signers) == 2
    assert again.recipient != again.identities[1].recipient
    assert again.signer.verifier != again.signers[1].verifier
    assert decrypt(again.identities, io.BytesIO(letter)).read() == b"old mail"
    again.drop_old_signers()
    assert len(ring(tmp_path).signers) == 1


def test_i6_a_rotation_killed_anywhere_opens_everything_and_signs(tmp_path: Path) -> None:
    made = make(tmp_path)
    letter = seal_bytes([made.recipient], b"old mail")
    identity = HybridIdentity.generate()
    for _ in every_kill(lambda: ring(tmp_path).rotate(identity, b"\x07" * 32, log_n=LOW)):
        found = ring(tmp_path)
        assert open_bytes(found.identities, letter) == b"old mail"
        found.signer.sign(TEXT)
        if found.signer.verifier != made.signer.verifier:
            assert found.recipient == identity.recipient


def test_an_old_identity_is_destroyed_on_purpose_and_what_else_lies_here_is_saved(tmp_path: Path) -> None:
    made = make(tmp_path)
    old = made.recipient
    (tmp_path / "keys" / "vault.age").write_bytes(seal_bytes([old], b"key of the vault"))
    made.rotate(HybridIdentity.generate(), b"\x07" * 32, log_n=LOW)
    with pytest.raises(KeyMissingError):
        made.drop_identity(made.recipient, log_n=LOW)
    ring(tmp_path).drop_identity(old, log_n=LOW)
    again = ring(tmp_path)
    assert [each.recipient for each in again.identities] == [made.recipient]
    assert again.signer.verifier == made.signer.verifier
    assert open_bytes(again.identities, (tmp_path / "keys" / "vault.age").read_bytes()) == b"key of the vault"


def test_i4_making_keys_killed_anywhere_can_be_done_again(tmp_path: Path) -> None:
    for _ in every_kill(lambda: make(tmp_path)):
        if (tmp_path / "keys" / "ivanov.seal").exists():
            assert ring(tmp_path).signer
            for path in (tmp_path / "keys").iterdir():
                path.unlink()


def test_keys_held_by_unlock_need_no_passphrase(tmp_path: Path) -> None:
    made = make(tmp_path)
    seen: list[str] = []

    def unlocked(seal_hash: str) -> bytes | None:
        seen.append(seal_hash)
        return made.identity_file()

    asked = Asked("correct horse")
    opened = KeyRing(tmp_path / "keys", NAME, passphrase=asked, unlocked=unlocked)
    assert opened.signer.verifier == made.signer.verifier
    assert (asked.times, seen) == (0, [made.seal_hash()])
    opened.rotate(HybridIdentity.generate(), b"\x07" * 32, log_n=LOW)
    assert asked.times == 1
    assert ring(tmp_path).signer.verifier == opened.signer.verifier
