"""A network with forms and duties, and an editor that does what a test says."""

import json

import pytest
from cliharness import copy_network
from reportkit import AFTER, BEFORE, RETURN, Editor, impose


@pytest.fixture(scope="session")
def duties(tmp_path_factory, template):
    """The network of `template` with forms and duties."""
    from datetime import datetime

    from cliharness import CLOCK, Clock, Net

    root = tmp_path_factory.mktemp("duties")
    copy_network(template, root)
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(datetime.fromisoformat(json.loads((template / "clock.json").read_text())))
        patch.setattr(CLOCK, clock)
        net = Net(root, clock)
        impose(net)
        (root / "clock.json").write_text(json.dumps(clock.now.isoformat()))
    return root


@pytest.fixture
def net(tmp_path, duties, clock):
    from datetime import datetime

    from cliharness import Net

    clock.now = datetime.fromisoformat(json.loads((duties / "clock.json").read_text()))
    copy_network(duties, tmp_path)
    made = Net(tmp_path, clock)
    for name, words in {"return.json": RETURN, "before.json": BEFORE, "after.json": AFTER}.items():
        made.write(name, words)
    return made


@pytest.fixture
def editor(tmp_path):
    return Editor(tmp_path / "editor")
