import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from killing import every_kill

from cipherpost.chain.node import Node
from cipherpost.chain.rows import Row
from cipherpost.dispatch.header import Ack, Header, RosterRef, format_header
from cipherpost.errors import NewerError
from cipherpost.home import database
from cipherpost.home.files import DiskError
from cipherpost.home.mail import DamagedStateError, Mail, MailBusyError
from cipherpost.note import Purpose, SignerKey, Text

SIGNER = SignerKey("rkpb/tver/ivanov", b"\x01" * 32)
HASH = "ab" * 32


def header(number: int, channel: str = "tver/center", acks: tuple[Ack, ...] = ()) -> Header:
    return Header(
        network="rkpb",
        channel=channel,
        number=number,
        previous=None if number == 1 else f"{number - 1:064x}",
        time=f"2026-11-22T09:00:{number % 60:02d}Z",
        by="ivanov",
        kind="receipt",
        roster=RosterRef(7, HASH),
        acks=acks or (Ack("center/all", number, HASH, "seen"),),
    )


def note(number: int, channel: str = "tver/center", **more: tuple[Ack, ...]) -> tuple[Row, bytes]:
    text = Text(Purpose.DISPATCH, format_header(header(number, channel, **more)))
    return Node.of(header(number, channel, **more), text.hash).row("counts"), SIGNER.sign(text)


def put(mail: Mail, number: int, channel: str = "tver/center") -> Row:
    row, data = note(number, channel)
    mail.put(channel, row, data)
    return row


def test_rows_come_back_as_the_chain_gave_them(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        rows = [put(mail, number) for number in (2, 1, 3)]
        whole = rows[0]._replace(draft=31, target=1, endorsers=("a", "b"), status="void", previous=None)
        mail.put("tver/center", whole, b"ignored: the first note of a text is kept")
    with Mail(tmp_path) as mail:
        assert mail.rows("tver/center") == [rows[1], whole, rows[2]]
        assert mail.note(whole.hash) == note(2)[1]
        assert [number for number, _ in mail.notes("tver/center")] == [1, 2, 3]
        assert list(mail.all_rows()) == [("tver/center", mail.rows("tver/center"))]
        assert mail.last_times() == {"tver/center": "2026-11-22T09:00:03Z"}
        assert mail.rows("tver/all") == []


def test_what_waits_is_offered_again_the_roster_first(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        for channel, number in (("audit/center", 4), ("tver/center", 9), ("center/roster", 2), ("tver/center", 2)):
            row, data = note(number, channel)
            mail.put(channel, row, data, status="waiting", reason="held")
        put(mail, 1)
        assert [(channel, number) for channel, number, _ in mail.waiting()] == [
            ("center/roster", 2),
            ("audit/center", 4),
            ("tver/center", 2),
            ("tver/center", 9),
        ]
        assert [row.number for row in mail.rows("tver/center")] == [1]


def test_a_path_judged_anew_replaces_the_old_one(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        first, second, third = (put(mail, number) for number in (1, 2, 3))
        mail.set_path("tver/center", [first, second._replace(status="void")])
        assert mail.rows("tver/center") == [first, second._replace(status="void")]
        assert [number for _, number, _ in mail.waiting()] == [third.number]
        mail.drop("tver/center", 3, third.hash)
        assert mail.waiting() == []
        assert mail.note(third.hash) is None


def test_i4_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    def act(mail: Mail) -> None:
        with mail.transaction():
            put(mail, 1)
            mail.set_file(HASH, 10, "have")
            with mail.transaction():
                mail.set_meta("run", "2026")
            raise RuntimeError

    with Mail(tmp_path) as mail:
        with pytest.raises(RuntimeError):
            act(mail)
        assert (mail.count(), mail.file(HASH), mail.meta("run")) == (0, None, None)
        put(mail, 1)
        assert mail.count() == 1


def test_acks_tell_who_has_what(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        mail.add_acks(header(1, acks=(Ack("center/all", 5, HASH, "read"), Ack("center/all", 6, HASH, "seen"))))
        mail.add_acks(header(2, "samara/center", acks=(Ack("center/all", 4, HASH, "seen"),)))
        mail.add_acks(header(2, "samara/center", acks=(Ack("center/all", 4, HASH, "seen"),)))
        assert [(ack.office, ack.word, ack.number) for ack in mail.acks("center/all", 5)] == [
            ("tver", "read", 5),
            ("tver", "seen", 6),
        ]
        assert {ack.office for ack in mail.acks("center/all", 3)} == {"tver", "samara"}
        assert len(mail.acks_of("center/all")) == 3
        (ack,) = [each for each in mail.acks_of("center/all") if each.office == "samara"]
        assert (ack.officer, ack.via_channel, ack.via_number) == ("ivanov", "samara/center", 2)
        mail.drop_acks("tver/center", 1)
        assert len(mail.acks_of("center/all")) == 1


def test_own_words_wait_until_they_are_posted_and_are_said_once(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:

        def say(word: str) -> bool:
            return mail.add_mine("center/all", 14, HASH, word, "2026-11-22T09:00:00Z")

        said = [say(word) for word in ("received", "read", "received", "complied", "complied", "unable", "complied")]
        assert said == [True, True, False, True, False, True, True]
        assert [each.word for each in mail.unposted()] == ["received", "read", "complied", "unable", "complied"]
        mail.mark_posted([each.id for each in mail.unposted()[:2]], "tver/center", 3)
        assert [each.word for each in mail.unposted()] == ["complied", "unable", "complied"]
        assert mail.mine("center/all", 14)[0].via_number == 3
        assert len(mail.mine("center/all")) == len(mail.mine()) == 5
        assert mail.mine("center/all", 15) == []
        with pytest.raises(ValueError, match="not a word"):
            say("shrugged")


def test_files_heads_and_facts(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        mail.set_file("a" * 64, 300, "held")
        mail.set_file("b" * 64, 200, "held")
        mail.set_file("c" * 64, 100, "have")
        assert [file.size for file in mail.files("held")] == [200, 300]
        mail.set_posted("tver/center", 3, HASH)
        assert mail.posted() == {"tver/center": (3, HASH)}
        mail.set_meta("last-fetch", "2026-11-22T09:00:00Z")
        assert mail.meta("last-fetch") == "2026-11-22T09:00:00Z"


# ---- the file ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_database_is_the_officers_own(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        put(mail, 1)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


def test_readers_see_the_last_whole_state_while_another_writes(tmp_path: Path) -> None:
    with Mail(tmp_path) as writer, Mail(tmp_path) as reader:
        put(writer, 1)
        with writer.transaction():
            put(writer, 2)
            assert reader.count() == 1
        assert reader.count() == 2


def test_a_second_writer_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0)
    with Mail(tmp_path) as first, Mail(tmp_path) as second, first.transaction():
        put(first, 1)
        with pytest.raises(MailBusyError):
            put(second, 2)


def test_a_database_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    Mail(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "mail.sqlite3")) as base:
        base.execute("PRAGMA user_version = 2")
    with pytest.raises(NewerError, match="newer"):
        Mail(tmp_path)


def damage(home: Path) -> None:
    """Spoil pages in the middle of the file."""
    with Mail(home) as mail:
        for number in range(1, 200):
            put(mail, number)
        mail.add_mine("center/all", 14, HASH, "complied", "2026-11-22T09:00:00Z")
        mail.put_box("subject center/all 14", b"box")
    path = home / "mail.sqlite3"
    data = bytearray(path.read_bytes())
    at = len(data) // 4096 // 2 * 4096
    data[at : at + 3 * 4096] = b"\xa5" * (3 * 4096)
    path.write_bytes(data)


def test_a_damaged_database_says_what_to_do_and_is_rebuilt(tmp_path: Path) -> None:
    damage(tmp_path)
    with Mail(tmp_path) as mail, pytest.raises(DamagedStateError) as caught:
        mail.check()
    assert caught.value.hints == ("cipherpost doctor --rebuild",)
    assert caught.value.exit_code == 1
    count = database.rebuild(tmp_path / "mail.sqlite3")
    assert 0 < count < 200
    with Mail(tmp_path) as mail:
        mail.check()
        assert mail.count() == len(mail.waiting()) == count
        assert mail.rows("tver/center") == []
        for _, number, data in mail.waiting():
            assert data == note(number)[1]
        assert [each.word for each in mail.unposted()] == ["complied"]
        assert mail.box("subject center/all 14") == b"box"
    assert [path.name for path in tmp_path.iterdir()] == ["mail.sqlite3"]


@pytest.mark.parametrize("content", [b"", b"junk that is no database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_database_any_more_is_rebuilt_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mail.sqlite3").write_bytes(content)
    if content:
        with pytest.raises(DamagedStateError):
            Mail(tmp_path)
    assert database.rebuild(tmp_path / "mail.sqlite3") == 0
    with Mail(tmp_path) as mail:
        assert mail.count() == 0


def test_i1_a_note_changed_on_the_disk_is_not_taken_over(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        put(mail, 1)
        put(mail, 2)
    with closing(sqlite3.connect(tmp_path / "mail.sqlite3")) as base, base:
        base.execute("UPDATE notes SET note = replace(CAST(note AS TEXT), 'seen', 'read') WHERE number = 1")
    assert database.rebuild(tmp_path / "mail.sqlite3") == 1
    with Mail(tmp_path) as mail:
        assert [number for _, number, _ in mail.waiting()] == [2]


def test_i4_a_rebuild_killed_anywhere_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        for number in (1, 2, 3):
            put(mail, number)
    for _ in every_kill(lambda: database.rebuild(tmp_path / "mail.sqlite3")):
        with Mail(tmp_path) as mail:
            assert mail.count() == 3


def test_i4_a_full_disk_is_told_and_leaves_the_old_state(tmp_path: Path) -> None:
    with Mail(tmp_path) as mail:
        put(mail, 1)
        mail._base.execute("PRAGMA max_page_count = 1")

        def fill() -> None:
            for number in range(2, 500):
                put(mail, number)

        with pytest.raises(DiskError, match="full"):
            fill()
        assert mail.note(note(1)[0].hash) == note(1)[1]
        mail.check()


def test_i4_a_killed_writer_leaves_whole_transactions(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cipherpost.home.mail import Mail\n"
        "mail = Mail(Path(sys.argv[1]))\n"
        "for number in range(1, 99999):\n"
        "    with mail.transaction():\n"
        "        mail.set_posted('tver/center', number, 'x')\n"
        "        mail.set_meta('posted', str(number))\n"
    )
    Mail(tmp_path).close()
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) as process, Mail(tmp_path) as mail:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and int(mail.meta("posted") or 0) < 20:
            time.sleep(0.01)
        process.kill()
    with Mail(tmp_path) as mail:
        mail.check()
        (number, _) = mail.posted()["tver/center"]
        assert str(number) == mail.meta("posted")
        assert number >= 20


def test_i4_a_commit_that_fails_leaves_nothing_open_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite may leave a transaction open whose commit found no room; the next one could not begin."""
    real = Mail._run
    failing = [True]

    def run(self: Mail, sql: str, values: object = ()) -> list[object]:
        if sql == "COMMIT" and failing:
            failing.clear()
            raise DiskError("the disk is full")
        return real(self, sql, values)

    with Mail(tmp_path) as mail:
        monkeypatch.setattr(Mail, "_run", run)
        with pytest.raises(DiskError), mail.transaction():
            mail.set_meta("lost", "1")
        assert mail.meta("lost") is None
        with mail.transaction():
            mail.set_meta("kept", "1")
        assert mail.meta("kept") == "1"
