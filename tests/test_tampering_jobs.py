"""A sample of what ``scripts/tamper`` does over the stored network of the test vectors: nothing that matters unnoticed.

`test_tampering` plays every flip and every cut of a smaller network.
"""

import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from tampering.__main__ import load, report
from tampering.altering import COLUMNS, MANNERS
from tampering.judging import HARMLESS, NOTICED, UNNOTICED, Network
from tampering.trying import Count, alter, exchange, pairs

VECTORS = Path(__file__).parent / "vectors"
PAGE = Path(__file__).parents[1] / "docs" / "threat-model.md"
KINDS = ("alternate", "card", "evidence", "heads", "note", "roster", "sealed")
STEP = {"sealed": 997, "card": 499, "alternate": 397, "evidence": 397}
OF = {"sealed": 18, "note": 12}
"""Of so many objects one is altered."""


def network() -> Network:
    return load(str(VECTORS / "post"), (VECTORS / "formats" / "fingerprint.txt").read_text().split()[0])


def test_each_manner_alters_and_does_so_everywhere() -> None:
    data = b"one\ntwo\nthree\n"
    for name, manner in MANNERS.items():
        altered = list(manner(data))
        assert altered
        assert data not in altered
        lines = {"line repeated": 3, "line deleted": 3, "lines swapped": 2, "bytes swapped": len(data) - 2}
        assert len(altered) == lines.get(name, len(data))
    assert len({each[0] ^ data[0] for each in islice(MANNERS["flipped"](data), 1)}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_i2_a_stored_object_altered_in_any_manner_is_noticed(kind: str, record_property) -> None:
    clean = network()
    counts: Counter[Count] = Counter()
    for place in [each for each in clean.places if each.kind == kind][:: OF.get(kind, 4)]:
        found, missed = alter(clean, place, step=STEP.get(kind, 89), each=50)
        assert missed == []
        counts += found
    two = [each for each in pairs(clean) if each[0].kind == kind][::151]
    found, missed = exchange(clean, two)
    assert missed == []
    counts += found
    assert {each.kind for each in counts} == {kind}
    assert {each.manner for each in counts} >= {*MANNERS, "object deleted"} - {"bytes swapped"}
    assert sum(number for each, number in counts.items() if each.word == NOTICED) > 10
    assert {each.word for each in counts} <= {NOTICED, *HARMLESS}
    record_property("tampered", sum(number for each, number in counts.items() if each.word == NOTICED))


def test_the_last_number_of_a_channel_that_nobody_acknowledged_can_be_lost_and_no_other() -> None:
    clean = network()
    found = {place.name: clean.judge(place).word(None, thorough=True) for place in clean.places if place.kind == "note"}
    lost = sorted(name for name, word in found.items() if word == "last one")
    assert set(found.values()) <= {NOTICED, "last one", "spare copy"}
    assert 0 < len(lost) < len(found) / 3
    for name in lost:
        channel, _, note = name.rpartition("/")
        assert max(each for each in found if each.startswith(f"{channel}/0")) == f"{channel}/{note}"


def test_what_is_not_noticed_is_counted_as_such() -> None:
    """A judge that looks away is found out: the same bytes are no alteration that the audit finds."""
    clean = network()
    place = next(each for each in clean.places if each.kind == "roster")
    assert clean.judge(place).word(clean.objects[place.name], thorough=False) == "same dispatch"
    counts = Counter({Count("note", "flipped", UNNOTICED): 1, Count("note", "cut", NOTICED): 2})
    lines = list(report(counts, ["rkpb/center/all/00000001.note, flipped at 7"], 1.0))
    assert [line.split() for line in lines if line.startswith(UNNOTICED)] == [["NOT", "NOTICED", "1"]]
    assert lines[-1] == "rkpb/center/all/00000001.note, flipped at 7"
    assert all(any(line.startswith(manner) for line in lines) for manner in COLUMNS)


def test_what_does_not_matter_stands_in_the_threat_model() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [word for word in HARMLESS if f"| {word} |" not in page] == []
