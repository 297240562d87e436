"""Parts of the work, each for one process: an object with all its alterations, or all objects of a kind."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tampering.altering import DELETED, EXCHANGED, MANNERS
from tampering.judging import EACH, NOTICED, UNNOTICED, Network, Place

_SLOW = 40
"""Of an object that only the audit of the whole can judge, so many alterations are judged for each manner."""


class Count(NamedTuple):
    """How many alterations of one kind of object, in one manner, came out as ``word``."""

    kind: str
    manner: str
    word: str


def alter(network: Network, place: Place, *, step: int = 1, each: int = EACH) -> tuple[Counter[Count], list[str]]:
    """All alterations of one object's bytes, or every ``step``-th; how they came out, and what was not noticed."""
    judge, clean = network.judge(place), network.objects[place.name]
    counts: Counter[Count] = Counter()
    missed = []
    for manner, alterations in MANNERS.items():
        stride = step
        if judge.quick(clean) is None and place.kind != "card":  # the audit of the whole, each time
            stride = max(step, sum(1 for _ in alterations(clean)) // _SLOW)
        for at, altered in enumerate(itertools.islice(alterations(clean), 0, None, stride)):
            if altered == clean:
                continue
            word = judge.word(altered, thorough=at % each == 0)
            counts[Count(place.kind, manner, word)] += 1
            if word == UNNOTICED:
                missed.append(f"{place.name}, {manner} at {at * stride}")
    word = judge.word(None, thorough=True)
    counts[Count(place.kind, DELETED, word)] += 1
    if word == UNNOTICED:
        missed.append(f"{place.name}, deleted")
    return counts, missed


def pairs(network: Network) -> Iterator[tuple[Place, Place]]:
    """Each two objects of one kind."""
    for kind in sorted({place.kind for place in network.places}):
        yield from itertools.combinations([place for place in network.places if place.kind == kind], 2)


def exchange(network: Network, two: Sequence[tuple[Place, Place]]) -> tuple[Counter[Count], list[str]]:
    """Each two objects lie under each other's names."""
    counts: Counter[Count] = Counter()
    missed = []
    for one, other in two:
        left, right = network.objects[one.name], network.objects[other.name]
        if left == right:
            continue
        if one.kind == "card":
            words = {network.judge(one).word(right, thorough=True), network.judge(other).word(left, thorough=True)}
        else:
            about = network.about(one) | network.about(other)
            found = network.audited({one.name: right, other.name: left}, about)
            words = {NOTICED if found else network.judge(one).unnoticed(right)}
        word = NOTICED if NOTICED in words else min(words)
        counts[Count(one.kind, EXCHANGED, word)] += 1
        if word == UNNOTICED:
            missed.append(f"{one.name} and {other.name}, exchanged")
    return counts, missed
