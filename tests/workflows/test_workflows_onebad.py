"""One object that cannot be read or written is listed, and the round goes on (I7)."""

import shutil

import pytest
from simulator import HostilePost
from test_workflows_races import replaced_after_tver_fetched
from test_workflows_stated import say
from workflowkit import BAZHANOV, IVANOV, NETWORK, ORLOV, STASOVA, Net, subjects

from cipherpost.dispatch.header import Ack
from cipherpost.postoffice import UnreadableObjectError, names
from cipherpost.postoffice.memory import BytesReader


def sealed_name(net: Net, who: str, place: str) -> str:
    header = net.header(who, place)
    return names.sealed_name(NETWORK, header.office, header.sealed[0].hash)


def test_i7_a_file_in_place_of_the_evidence_folder_stops_no_letter(net: Net) -> None:
    net.send(STASOVA, "one", "all")
    net.everybody_fetches()
    say(net, STASOVA, "center/tver", "receipt", acks=(Ack("tver/center", 1, "ab" * 32, "received"),))
    net.send(BAZHANOV, "two", "all")
    on_disk(net)
    blocked = net.root / "post" / NETWORK / "tver" / "evidence"
    blocked.write_bytes(b"")
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["two"]
    assert [type(error).__name__ for error in fetched.waiting] == ["OccupiedError"]
    assert fetched.exit_code == 1
    blocked.unlink()
    assert net.fetch(IVANOV).exit_code == 0
    assert [path.suffix for path in blocked.iterdir()] == [".note"], "it stayed due"


def on_disk(net: Net) -> None:
    """From now on the post office is the directory, with all that lies in the store."""
    folder = net.root / "post"
    shutil.rmtree(folder)
    for name, data in net.store.objects.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    net.on_disk()


def test_i7_a_folder_in_place_of_a_sealed_file_stops_no_putting_back(net: Net) -> None:
    net.send(STASOVA, "one", "all")
    net.send(STASOVA, "two", "tver")
    net.send(STASOVA, "three", "samara")
    blocked, lost = sealed_name(net, STASOVA, "center/samara/1"), sealed_name(net, STASOVA, "center/tver/1")
    on_disk(net)
    for name in (blocked, lost):
        (net.root / "post" / name).unlink()
    (net.root / "post" / blocked).mkdir()
    fetched = net.fetch(STASOVA)
    assert fetched.restored == ["center/tver/1"]
    assert [(type(error).__name__, error.channel, error.number) for error in fetched.waiting] == [
        ("OccupiedError", "center/samara", 1)
    ]
    assert subjects(net.fetch(IVANOV)) == ["one", "two"]
    bad = net.fetch(ORLOV)
    assert subjects(bad) == ["one"]
    assert len(net.fetch(STASOVA).waiting) == 1, "once, though samara has called it missing too"
    assert [str(error)[: len("center/samara/1")] for error in bad.unreadable] == ["center/samara/1"]


def test_i7_a_letter_that_lost_a_race_and_its_sealed_file_too_waits_for_it(net: Net) -> None:
    replaced_after_tver_fetched(net)
    name = sealed_name(net, STASOVA, "center/all/1")
    (net.home(STASOVA) / "mail" / "sealed" / name.rpartition("/")[2]).unlink()
    kept = net.store.objects.pop(name)
    net.send(BAZHANOV, "three", "center")
    fetched = net.fetch(STASOVA)
    assert [(type(error).__name__, error.channel, error.number) for error in fetched.waiting] == [
        ("LetterMissingError", "center/all", 1)
    ]
    net.store.objects[name] = kept
    sent = net.fetch(STASOVA)
    assert [posted.kind for posted in sent.posted] == ["circular"]
    assert subjects(net.fetch(ORLOV)) == ["from the second", "from the first"]


def test_i7_a_file_that_shrinks_while_it_is_read_stops_no_other(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    net.send(STASOVA, "one", "all")
    net.send(STASOVA, "two, and a little more", "all")
    name = sealed_name(net, STASOVA, "center/all/1")
    assert net.post is not None
    with monkeypatch.context() as patch:
        real = net.post.stream
        half = net.store.objects[name][:1000]
        patch.setattr(net.post, "stream", lambda n, at=0: BytesReader(half, at) if n == name else real(n, at))
        fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["two, and a little more"]
    assert [(type(error).__name__, error.channel, error.number) for error in fetched.unreadable] == [
        ("CopyIncompleteError", "center/all", 1)
    ]
    assert "failed" not in net.ack_words(STASOVA, "center/all", 1).get("tver", []), (
        "what came is kept, nobody is blamed"
    )
    assert subjects(net.fetch(IVANOV)) == ["one"]


def test_i7_a_note_and_a_letter_that_may_not_be_read_end_no_round(net: Net) -> None:
    def unreadable() -> UnreadableObjectError:
        return UnreadableObjectError("this may not be read")

    net.send(STASOVA, "to all", "all")
    sealed = net.header(STASOVA, str(net.send(STASOVA, "unreadable", "tver").place)).sealed[0].hash
    net.send(STASOVA, "to tver", "tver")
    post = net.posts[IVANOV] = HostilePost(net.store)
    post.fail("stream", f"*{sealed}.age", error=unreadable, times=None)
    post.fail("get", "rkpb/center/all/00000001.note", error=unreadable, times=None)
    fetched = net.fetch(IVANOV)
    assert subjects(fetched) == ["to tver"]
    assert {type(error) for error in (*fetched.refused, *fetched.unreadable)} == {UnreadableObjectError}
    assert fetched.exit_code == 6, "a head line tells that a number is missing"
    del net.posts[IVANOV]
    assert set(subjects(net.fetch(IVANOV))) == {"to all", "unreadable"}
