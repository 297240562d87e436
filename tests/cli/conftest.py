"""A small network and a way to run commands in it as a user would: words in; exit code, streams and files out.

The network is built once, with a clock that stands in the past (the files of a post office bear the machine's real
time, so a clock ahead of it would rightly be refused), and every test gets a copy of its own. A copied home counts
as moved; so the copy's records of where it lives are written anew, as if it had been made there.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cliharness import CLOCK, Clock, Net, copy_network
from owedkit import round_

BEGIN = datetime(2024, 3, 4, 9, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The one clock of all commands that run in this process."""
    made = Clock(BEGIN)
    monkeypatch.setattr(CLOCK, made)
    return made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rkpb: a center with one officer, the committees tver and samara, one auditor, one circular that all have."""
    root = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(BEGIN)
        patch.setattr(CLOCK, clock)
        net = Net(root, clock)
        net.found()
        net.admit("tver", "ivanov", "Tver Gubernia Committee")
        net.admit("samara", "petrova", "Samara Gubernia Committee")
        net.admit("audit", "orlov", "Audit Commission", role="auditor")
        clock.ahead(hours=1)
        net.write("circular.md", "# Prepare the conferences\n\nReport before and after each.\n")
        net.ok("center", "send", str(root / "circular.md"), "--to", "all")
        for home in ("tver", "samara", "audit", "center"):
            clock.ahead(minutes=1)
            net.ok(home, "fetch")
        (root / "clock.json").write_text(json.dumps(clock.now.isoformat()))
    return root


@pytest.fixture
def empty(tmp_path: Path, clock: Clock) -> Net:
    """A folder in which nothing was founded."""
    return Net(tmp_path, clock)


@pytest.fixture
def net(tmp_path: Path, template: Path, clock: Clock) -> Net:
    """The network of `template`, all of it one's own."""
    clock.now = datetime.fromisoformat(json.loads((template / "clock.json").read_text()))
    copy_network(template, tmp_path)
    return Net(tmp_path, clock)


@pytest.fixture(scope="session")
def owing(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Clock]:
    """From March 2024 a monthly return is owed, and it is 2 April: March's is due on the 5th.

    A report before each event is owed too, and the answer to an order of the center on the 20th.
    """
    root = tmp_path_factory.mktemp("owed")
    copy_network(template, root)
    clock = Clock(datetime.fromisoformat(json.loads((template / "clock.json").read_text())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CLOCK, clock)
        net = Net(root, clock)
        for name in ("monthly-return", "conference-before", "conference-after"):
            net.ok("center", "form", "publish", name)
        net.ok("center", "duty", "add", "monthly-return", "all", "monthly", "--due", "5", "--from", "2024-03")
        net.ok("center", "duty", "add", "conference-before", "all", "event")
        net.ok("center", "group", "volga", "samara", "tver")
        net.write("order.md", "Say how many you are.\n")
        net.ok("center", "send", str(root / "order.md"), "--to", "all", "--due", "2024-04-20")
        round_(net, clock)
    clock.now = clock.now.replace(month=4, day=2)
    return root, clock


@pytest.fixture
def owed(owing: tuple[Path, Clock], tmp_path: Path, clock: Clock) -> Net:
    """The network of `owing`, all of it one's own."""
    root, stood = owing
    clock.now = stood.now
    copy_network(root, tmp_path)
    return Net(tmp_path, clock)
