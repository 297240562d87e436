from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from killing import every_kill

from cipherpost.home.files import sweep
from cipherpost.home.keys import KeyRing, create_keys
from cipherpost.home.mail import Mail
from cipherpost.home.vault import Vault, VaultDamagedError, lock, unlock

KEY = b"k" * 32


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return create_keys(tmp_path, "rkpb/tver/ivanov", None)


@given(name=st.text(max_size=30), value=st.binary(max_size=300))
def test_what_is_locked_is_unlocked_under_its_name_only(name: str, value: bytes) -> None:
    box = lock(KEY, name, value)
    assert unlock(KEY, name, box) == value
    assert lock(KEY, name, value) != box
    with pytest.raises(VaultDamagedError):
        unlock(KEY, name + "x", box)
    with pytest.raises(VaultDamagedError):
        unlock(b"j" * 32, name, box)


def test_any_changed_byte_of_a_box_is_noticed() -> None:
    box = lock(KEY, "name", b"value")
    for at in range(len(box)):
        with pytest.raises(VaultDamagedError):
            unlock(KEY, "name", box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :])
        with pytest.raises(VaultDamagedError):
            unlock(KEY, "name", box[:at])


def test_i5_subjects_of_like_length_cannot_be_told_apart() -> None:
    assert len(lock(KEY, "name", b"a")) == len(lock(KEY, "name", b"a longer subject, all the same"))


def test_i5_nothing_of_a_value_lies_open(tmp_path: Path, ring: KeyRing) -> None:
    with Mail(tmp_path) as mail:
        Vault(tmp_path, ring, mail).put("subject center/all 14", b"the spring sowing")
    with Mail(tmp_path) as mail:
        again = Vault(tmp_path, ring, mail)
        assert again.get("subject center/all 14") == b"the spring sowing"
        assert again.get("subject center/all 15") is None
        assert "sowing" not in repr(again)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"sowing" not in path.read_bytes()


def test_values_go_with_the_transaction_they_stand_in(tmp_path: Path, ring: KeyRing) -> None:
    with Mail(tmp_path) as mail:
        vault = Vault(tmp_path, ring, mail)
        vault.put("a 1", b"one")

        def act() -> None:
            with mail.transaction():
                vault.put("a 2", b"two")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            act()
        vault.put("b 1", b"other")
        assert vault.get_all("a ") == {"a 1": b"one"}
        vault.remove("a 1")
        assert vault.get_all("") == {"b 1": b"other"}


def test_i7_a_damaged_value_does_not_hide_the_others(tmp_path: Path, ring: KeyRing) -> None:
    with Mail(tmp_path) as mail:
        vault = Vault(tmp_path, ring, mail)
        vault.put("a 1", b"one")
        vault.put("a 2", b"two")
        mail.put_box("a 1", mail.box("a 2") or b"")
        assert vault.get_all("a ") == {"a 2": b"two"}
        with pytest.raises(VaultDamagedError):
            vault.get("a 1")


def test_a_lost_key_is_told_and_the_vault_begun_anew(tmp_path: Path, ring: KeyRing) -> None:
    with Mail(tmp_path) as mail:
        Vault(tmp_path, ring, mail).put("a", b"one")
        (tmp_path / "keys" / "vault.age").write_bytes(b"age-encryption.org/v1\nnot really")
        with pytest.raises(VaultDamagedError) as caught:
            Vault(tmp_path, ring, mail).get("a")
        assert caught.value.hints == ("cipherpost doctor --rebuild",)
        vault = Vault(tmp_path, ring, mail)
        vault.reset()
        assert vault.get("a") is None
        vault.put("a", b"again")
        assert Vault(tmp_path, ring, mail).get("a") == b"again"


def test_i4_the_first_value_killed_anywhere_can_be_kept_again(tmp_path: Path, ring: KeyRing) -> None:
    with Mail(tmp_path) as mail:
        for _ in every_kill(lambda: Vault(tmp_path, ring, mail).put("a", b"one")):
            sweep(tmp_path / "keys")
            assert Vault(tmp_path, ring, mail).get("a") in {None, b"one"}
            (tmp_path / "keys" / "vault.age").unlink(missing_ok=True)
            mail.drop_box("a")
