"""What a cut makes void after it was read is told of once, to the center and to committees alike."""

from storykit import post_entry
from workflowkit import BAZHANOV, IVANOV, ORLOV, PETROV, STASOVA, Net

from cipherpost.cli.fetched import notice_lines
from cipherpost.workflows import cuts, standing
from cipherpost.workflows.fetching import Fetched

LOST = "tver/ivanov lost this standing in entry {} of the roster (compromised), and this is cut off: it counts no more"


def voided(fetched: Fetched) -> list[tuple[str, int, str, str]]:
    return [(each.channel, each.number, each.kind, each.sender) for each in fetched.voided]


def told(fetched: Fetched) -> list[str]:
    return [line for line in notice_lines(fetched) if line.startswith("counts no more")]


def rob(net: Net, *places: str) -> int:
    """Ivanov's keys are stolen, and what he sent is cut; the entry that says so."""
    with net.desk(STASOVA) as desk:
        plan = standing.plan(desk, "compromised", IVANOV, cuts=places)
        standing.take(desk, plan)
        return desk.roster.newest


def four_letters(net: Net) -> None:
    """Three by ivanov, one by petrov between them; all have read them."""
    for who, text in ((IVANOV, "one"), (IVANOV, "two"), (PETROV, "three"), (IVANOV, "four")):
        net.fetch(who, receipts=False)
        net.send(who, text, "center")
        net.send(who, f"{text} to volga", "volga")
    for who in (STASOVA, BAZHANOV, PETROV, ORLOV):
        net.fetch(who, receipts=False)


def test_what_a_cut_made_void_is_told_once_to_the_center_and_to_committees(net: Net) -> None:
    four_letters(net)
    entry = rob(net, "tver/center/1", "tver/volga/1")
    why = LOST.format(entry)

    for who in (STASOVA, BAZHANOV, PETROV):
        fetched = net.fetch(who, receipts=False)
        found = [each for each in voided(fetched) if each[0] == "tver/center"]
        assert found == [("tver/center", 2, "message", IVANOV), ("tver/center", 4, "message", IVANOV)]
        assert told(fetched)[0] == f"counts no more: tver/center/2, 4 by tver/ivanov: {why}"
        assert fetched.as_json()["voided"][0] == {
            "channel": "tver/center",
            "number": 2,
            "kind": "message",
            "sender": "tver/ivanov",
            "reason": why,
        }
        assert net.fetch(who, receipts=False).voided == [], "once is enough"
    samara = net.fetch(ORLOV, receipts=False)
    assert voided(samara) == [("tver/volga", 2, "message", IVANOV), ("tver/volga", 4, "message", IVANOV)]
    assert told(samara) == [f"counts no more: tver/volga/2, 4 by tver/ivanov: {why}"]


def test_what_never_counted_here_is_not_told_of(net: Net) -> None:
    """Orlov meets the letters and the entry that cut them off in one round."""
    net.send(IVANOV, "one", "volga")
    rob(net, "tver/volga/0")
    assert net.fetch(ORLOV, receipts=False).voided == []


def test_i4_what_a_round_without_a_line_could_not_tell_the_next_one_tells(net: Net) -> None:
    """Any command may learn of the entry first; `fetch` tells all the same."""
    four_letters(net)
    rob(net, "tver/center/3", "tver/volga/3")
    net.send(ORLOV, "hello", "volga")  # looks at the roster before it posts
    assert voided(net.fetch(ORLOV, receipts=False)) == [("tver/volga", 4, "message", IVANOV)]


def test_what_counts_again_before_anybody_was_told_is_not_told_of(net: Net) -> None:
    four_letters(net)
    rob(net, "tver/center/1", "tver/volga/4")
    with net.desk(STASOVA) as desk:
        cuts.move(desk, cuts.plan_move(desk, ["tver/center/2"]))
    assert voided(net.fetch(STASOVA, receipts=False)) == [("tver/center", 4, "message", IVANOV)]
    assert voided(net.fetch(BAZHANOV, receipts=False)) == [("tver/center", 4, "message", IVANOV)]


def test_the_office_that_is_suspended_is_told_too(net: Net) -> None:
    four_letters(net)
    post_entry(net, "stasova", "suspend tver")  # names no channel: all of it is cut off
    fetched = net.fetch(IVANOV, receipts=False)
    assert fetched.not_admitted is not None
    assert ("tver/center", 4, "message", IVANOV) in voided(fetched)
    assert told(fetched)
