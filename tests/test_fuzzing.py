"""Every parser, fed what nobody meant: it refuses with an exception of the package's own, or takes it.

This is the blind and short form of ``scripts/fuzz``, which is led by coverage and runs for as long as one likes.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from fuzzing.mutating import changed
from fuzzing.seeds import SEEDS
from fuzzing.targets import TARGETS, refused

TRIED = {"bundle": 150, "publication": 60, "fork-proof": 60, "chain": 60, "age-decryption": 60, "letter": 150}


def test_every_parser_has_seeds():
    assert SEEDS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_there_and_good(name):
    seeds = SEEDS[name]()
    assert seeds
    if name not in {"age-armor", "age-decryption"}:  # whose seeds are partly for other readers
        assert not all(refused(TARGETS[name], seed) for seed in seeds)


@pytest.mark.parametrize("name", TARGETS)
def test_i10_only_refusals_of_our_own_come_out(name):
    seeds = SEEDS[name]()
    for data in (b"", *changed(seeds, TRIED.get(name, 400), lot=len(name))):
        refused(TARGETS[name], data)
