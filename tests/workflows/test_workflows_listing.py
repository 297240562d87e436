"""What lists need: a center with thousands of offices waits for its inbox as long as one with ten."""

import subprocess
import sys

import pytest
from workflowkit import IVANOV, STASOVA

from cipherpost.roster import words
from cipherpost.roster.fold import Roster
from cipherpost.workflows import entries, offices, outbox, reading
from cipherpost.workflows import roster as rosters

NOT_FOR_LISTS = {
    f"cipherpost.{name}"
    for name in (
        "chain.survey", "workflows.dispatching", "workflows.entries", "workflows.forms", "workflows.forwarding",
        "workflows.originals", "workflows.placing", "workflows.plans", "roster.grammar", "age", "letter.reading",
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("module", "call"),
    [("outbox", "listing(desk)"), ("reading", "inbox(desk)"), ("roster", "view(desk).groups_of('x')")],
)
def test_lists_load_nothing_that_only_letters_need(net, module, call):
    code = (
        "import sys; from pathlib import Path; from cipherpost.desk import Desk;"
        f"from cipherpost.workflows import {module} as work; desk = Desk.open(Path(sys.argv[1])); work.{call};"
        "print(*sys.modules)"
    )
    words = [sys.executable, "-c", code, str(net.home(STASOVA))]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) & NOT_FOR_LISTS == set()


def test_lists_and_one_office_go_through_no_list_of_all(net, monkeypatch):
    net.send(STASOVA, "to all", "all")
    net.fetch(IVANOV)
    net.send(IVANOV, "an answer", "center")
    net.fetch(STASOVA)

    def refuse(*_: object) -> None:
        raise AssertionError("all offices or channels were gone through")

    for name in ("channels", "channels_of", "channels_read_by", "offices", "_find_members"):
        monkeypatch.setattr(Roster, name, refuse)
    with net.desk(STASOVA) as desk:
        assert [row.subject for row in reading.inbox(desk)] == ["an answer"]
        assert dict(rosters.view(desk).office_lines("tver"))["groups"] == "all, volga"
    monkeypatch.undo()
    with net.desk(STASOVA) as desk:
        assert "to all" in [row.subject for row in outbox.listing(desk)]


def test_the_groups_of_one_office_are_those_that_name_it(net):
    with net.desk(STASOVA) as desk:
        entries.post(desk, [words.Group("lake", ("tver",))])
        offices.declare(desk, [offices.NewOffice(name="penza", role="committee", title="Samara")])
    with net.desk(STASOVA) as desk:
        view = rosters.view(desk)
        groups = view.groups()
        for office in view.roster.offices(view.roster.newest):
            assert view.groups_of(office) == [name for name, members in groups.items() if office in members]
        assert view.groups_of("tver") == ["all", "volga", "lake"]
        assert view.groups_of("penza") == []
