"""Letters passed on with their proof: within a network, and by a committee into a network of its own."""

from pathlib import Path

import pytest
from workflowkit import IVANOV, ORLOV, REVIZOR, STASOVA, Net, build, settle, subjects

from cipherpost import publication
from cipherpost.desk import Desk, Overrides
from cipherpost.workflows import forwarding, reading
from cipherpost.workflows.forwarding import NotForwardableError
from cipherpost.workflows.results import Posted

OWN = Overrides(clock_ok=True)


def forward(net: Net, who: str, place: str, *to: str, **given: object) -> list[Posted]:
    with net.desk(who) as desk:
        return forwarding.forward(desk, place, audiences=to, **given)


def read(net: Net, who: str, place: str, **given: object) -> reading.Shown:
    with net.desk(who) as desk:
        return reading.read(desk, place, **given)


@pytest.fixture
def uyezds(make_net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    """A network of its own, whose center is in truth the committee of the other one."""
    monkeypatch.setattr("workflowkit.NETWORK", "uyezds")
    other = Net(tmp_path / "uyezds", make_net("outer").now)
    other.root.mkdir()
    build(other.root, other.now)
    for home in (other.root / "homes").iterdir():
        settle(home)
    folder = other.root / "post"
    for path in folder.rglob("*"):
        if path.is_file():
            other.store.objects[path.relative_to(folder).as_posix()] = path.read_bytes()
    return other


def test_within_the_network_the_reader_sees_who_forwarded_it_and_who_signed_it(net: Net, tmp_path: Path) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text("the plan" * 9_000)
    net.send(STASOVA, "Order for tver alone", "tver", attach=(plan,))
    net.fetch(IVANOV)
    done = forward(net, IVANOV, "center/tver/1", "volga", text="For your information.")
    assert [posted.channel for posted in done] == ["tver/volga"]
    assert subjects(net.fetch(ORLOV)) == ["Forwarded: Order for tver alone"]
    shown = read(net, ORLOV, "tver/volga/1", save=tmp_path / "saved")
    assert shown.body.startswith("For your information.\n")
    assert dict(shown.head_lines())["from"] == "tver (Tver), signed by ivanov"
    [found] = shown.forwarded
    lines = dict(found.lines())
    assert lines["forwarded"] == "center/tver/1 of the network rkpb"
    assert lines["from"] == "center (Center of rkpb), signed by stasova"
    assert lines["network"] == "this one"
    assert found.published is not None
    assert found.published.letter.body == "Order for tver alone"
    saved = {path.name: path for path in (tmp_path / "saved").iterdir()}
    assert saved["plan.txt"].read_text() == plan.read_text()
    assert saved["rkpb-center-tver-1.txt"].read_text() == "Order for tver alone"
    with saved["1.publication"].open("rb") as file:  # what was saved convinces others, without a home
        assert publication.verify(file, net.fingerprint).place == "center/tver/1"
    net.clean()


def test_a_committee_passes_a_circular_on_in_its_own_network(net: Net, uyezds: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    net.fetch(IVANOV)
    with net.desk(IVANOV) as desk, Desk.open(uyezds.home(STASOVA), post=uyezds.post, clock=uyezds.clock) as through:
        through.lock()
        [done] = forwarding.forward(desk, "center/all/1", audiences=["all"], through=through)
        [again] = forwarding.forward(desk, "center/all/1", audiences=["all"], through=through)
    assert (done.channel, done.kind, done.number) == ("center/all", "circular", 1)
    assert again.already
    assert uyezds.fingerprint != net.fingerprint
    uyezds.fetch(ORLOV)
    shown = read(uyezds, ORLOV, "center/all/1")
    [found] = shown.forwarded
    assert found.published is not None
    assert (found.known, found.passed.fingerprint) == ("new", net.fingerprint)
    assert "fingerprint" in dict(found.lines())
    assert found.as_json()["body"] == "Circular"
    again = read(uyezds, ORLOV, "center/all/1").forwarded[0]
    assert again.known == "known"
    told = dict(again.lines())
    assert "if you never compared its fingerprint" in told["network"], "nobody ever said that it was compared"
    assert told["fingerprint"]
    uyezds.clean()


def test_what_carries_no_letter_is_not_forwarded(net: Net) -> None:
    net.send(STASOVA, "Circular", "all")
    net.fetch(IVANOV)
    net.fetch(REVIZOR)
    with pytest.raises(NotForwardableError, match="receipt"):
        forward(net, IVANOV, "tver/center/1", "samara")
    net.clean()


def test_the_forwarder_says_that_a_letter_was_superseded_since(net: Net) -> None:
    from cipherpost.workflows import sending

    net.send(STASOVA, "Come on Monday", "all")
    with net.desk(STASOVA) as desk:
        sending.cancel(desk, "center/all/1", None)
    net.fetch(IVANOV)
    forward(net, IVANOV, "center/all/1", "samara")
    net.fetch(ORLOV)
    assert "Number 2 of center/all has cancelled it since." in read(net, ORLOV, "tver/samara/1").body


def test_what_a_forwarded_letter_forwards_itself_is_named_with_how_it_is_opened(net: Net, tmp_path: Path) -> None:
    net.send(STASOVA, "Order for tver alone", "tver")
    net.fetch(IVANOV)
    forward(net, IVANOV, "center/tver/1", "volga")
    net.fetch(ORLOV)
    forward(net, ORLOV, "tver/volga/1", "center")
    net.fetch(STASOVA)
    shown = read(net, STASOVA, "samara/center/1")
    [found] = shown.forwarded
    lines = dict(found.lines())
    assert lines["forwarded"] == "tver/volga/1 of the network rkpb"
    assert lines["within"] == "center/tver/1 of the network rkpb, forwarded by tver: not opened here"
    assert lines["to open it"].startswith("cipherpost read samara/center/1 --save DIR, then: cipherpost verify DIR/")
    assert found.as_json()["within"] == ["center/tver/1"]
    read(net, STASOVA, "samara/center/1", save=tmp_path / "saved")
    name = lines["to open it"].split("DIR/")[1].split(" ")[0]
    with (tmp_path / "saved" / name).open("rb") as file:
        assert publication.verify(file, net.fingerprint).place == "center/tver/1"
