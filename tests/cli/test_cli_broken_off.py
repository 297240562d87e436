"""I4: commands whose first try was broken off: the second makes the rest, and says nothing twice."""

import errno
import os

import pytest
from cliharness import Net, refused

from cipherpost.home import files


def newest(net: Net) -> int:
    return int(net.ok("center", "roster", "--json").json["number"])


@pytest.mark.parametrize(
    "words", [("group", "north", "tver", "samara"), ("office", "title", "tver", "The Committee of Tver")]
)
def test_i4_a_statement_that_stands_already_is_not_stated_again(net: Net, words: tuple[str, ...]) -> None:
    before = newest(net)
    first = net.ok("center", *words)
    again = net.ok("center", *words)
    assert again.lines == first.lines == [f"center/roster/{before + 1}"]
    assert "says so already" in again.err
    assert "says so already" not in first.err
    assert newest(net) == before + 1


def test_a_group_with_the_same_members_may_become_lateral(net: Net) -> None:
    net.ok("center", "group", "north", "tver", "samara")
    before = newest(net)
    net.ok("center", "group", "north", "tver", "samara", "--lateral")
    assert newest(net) == before + 1


def test_i4_a_form_stated_while_the_line_was_lost_is_sent_by_the_same_command(net: Net, monkeypatch) -> None:
    """The entry waited in the outbox: what comes before the second try's own posts it, and it is not new any more."""
    from cipherpost.errors import UnableError
    from cipherpost.workflows import placing

    real, failed = placing._claim, []

    def lost(desk, header, note):
        if not failed:
            failed.append(header.kind)
            raise UnableError("the line is down")
        return real(desk, header, note)

    monkeypatch.setattr(placing, "_claim", lost)
    net.run("center", "form", "publish", "conference-before")
    assert failed == ["roster"]
    assert net.ok("center", "form", "publish", "conference-before").lines[-1] == "center/all/2"
    assert len(net.ok("center", "form", "list", "--json").json["forms"]) >= 1
    net.ok("tver", "fetch")
    assert "conference-before" in net.ok("tver", "form", "list").out


# ---- documents -------------------------------------------------------------------------------------------------------


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)


def test_i4_a_document_for_which_there_was_no_room_is_not_there_by_halves(net: Net) -> None:
    out = net.root / "an.invitation"
    with pytest.MonkeyPatch.context() as patch:
        no_room(patch)
        refused(net.run("center", "invite", "tver", "-o", str(out)), 1, "full")
    assert [path.name for path in net.root.iterdir() if path.name.startswith((".new-", "an."))] == []
    net.ok("center", "invite", "tver", "-o", str(out))
    before = out.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        no_room(patch)
        refused(net.run("center", "invite", "tver", "-o", str(out), "--force"), 1, "full")
    assert out.read_bytes() == before


def test_a_document_is_read_by_whom_the_system_lets_and_one_that_gives_way_hands_on_its_mode(net: Net) -> None:
    out = net.root / "a.card"
    old = os.umask(0o022)
    try:
        net.ok("tver", "card", "-o", str(out))
        assert out.stat().st_mode & 0o777 == 0o644
        out.chmod(0o600)
        net.ok("tver", "card", "-o", str(out), "--force")
    finally:
        os.umask(old)
    assert out.stat().st_mode & 0o777 == 0o600
    refused(net.run("tver", "card", "-o", str(out)), 1, "already")


def test_a_document_is_written_through_a_link_that_is_there(net: Net) -> None:
    there, link = net.root / "there", net.root / "link"
    there.write_bytes(b"old")
    link.symlink_to(there)
    files.write_document(link, b"new", replace=True)
    assert link.is_symlink()
    assert there.read_bytes() == b"new"
    with pytest.raises(files.AlreadyThereError):
        files.write_document(link, b"newer", replace=False)


def test_i4_a_proof_for_which_there_was_no_room_is_not_there_by_halves(tmp_path) -> None:
    """The second try would take a torn one for another's file, and refuse."""
    from cipherpost.workflows import proving

    path = tmp_path / "a.proof"
    with pytest.MonkeyPatch.context() as patch:
        no_room(patch)
        with pytest.raises(files.DiskError):
            proving._write(path, b"proof")
    assert list(tmp_path.iterdir()) == []
    proving._write(path, b"proof")
    proving._write(path, b"proof")
    assert path.read_bytes() == b"proof"
