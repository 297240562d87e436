import os
import stat
from pathlib import Path

import pytest

from cipherpost.home.recipients import KEY_BYTES, RECIPIENTS, Recipients


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_i5_the_keys_of_others_are_the_officers_own_business_too(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    before = os.umask(0)
    try:
        Recipients(tmp_path).add({"ab" * 32: bytes(KEY_BYTES)})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / RECIPIENTS).stat().st_mode) == 0o600


def test_keys_are_kept_and_a_torn_end_gives_way(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    Recipients(tmp_path).add({"ab" * 32: bytes(KEY_BYTES)})
    path = tmp_path / RECIPIENTS
    path.write_bytes(path.read_bytes() + b"torn")
    Recipients(tmp_path).add({"cd" * 32: bytes([1]) * KEY_BYTES})
    known = Recipients(tmp_path)
    assert known.get("ab" * 32) == bytes(KEY_BYTES)
    assert known.get("cd" * 32) == bytes([1]) * KEY_BYTES
    assert known.get("ef" * 32) is None
