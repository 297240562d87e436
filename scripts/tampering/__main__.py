"""``scripts/tamper``: alter every object of a stored network everywhere; count what is noticed, and by kind.

    scripts/tamper                                   the network of tests/vectors
    scripts/tamper ./post --fingerprint F            any post office
    scripts/tamper rkpb.bundle --fingerprint F       or bundle
    scripts/tamper --quick                           every 20th alteration

Ends with 1 where an alteration was not noticed that is none of those that do not matter (docs/threat-model.md).
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Final

from cipherpost.postoffice import PostOffice, open_post_office
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.workflows.networks import find_network
from tampering.altering import COLUMNS
from tampering.judging import HARMLESS, NOTICED, UNNOTICED, Network
from tampering.trying import Count, alter, exchange, pairs

_VECTORS: Final = Path(__file__).resolve().parents[2] / "tests" / "vectors"
_QUICK: Final = 20
_TOGETHER: Final = 25
"""Exchanges of objects that one process takes at a time."""


def main() -> int:
    """Alter, count and print."""
    asked = _arguments()
    begun = time.monotonic()
    network = load(asked.place, asked.fingerprint)
    counts: Counter[Count] = Counter()
    missed: list[str] = []
    given = (asked.place, asked.fingerprint)
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        work = [pool.submit(_alter, *given, at, asked.step) for at in _largest_first(network)]
        two = list(pairs(network))[:: asked.step]
        chosen = [range(at, min(at + _TOGETHER, len(two))) for at in range(0, len(two), _TOGETHER)]
        work += [pool.submit(_exchange, *given, part, asked.step) for part in chosen]
        for at, done in enumerate(as_completed(work), 1):
            found, unnoticed = done.result()
            counts += found
            missed += unnoticed
            sys.stderr.write(f"\r{at} of {len(work)} parts ")
            sys.stderr.flush()
    sys.stderr.write("\n")
    sys.stdout.write("\n".join(report(counts, missed, time.monotonic() - begun)) + "\n")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/tamper", description="Alter a stored network everywhere.")
    parser.add_argument("place", nargs="?", default=str(_VECTORS / "post"), help="a post office, or a bundle")
    parser.add_argument("--fingerprint", help="of the network")
    parser.add_argument("--quick", dest="step", action="store_const", const=_QUICK, default=1, help="a sample")
    asked = parser.parse_args()
    if asked.fingerprint is None:
        if asked.place != str(_VECTORS / "post"):
            parser.error("which network? add --fingerprint F")
        asked.fingerprint = (_VECTORS / "formats" / "fingerprint.txt").read_text("ascii").split()[0]
    return asked


@cache
def load(place: str, fingerprint: str) -> Network:
    """The network that is altered; read once in each process."""
    post: PostOffice = BundlePost(place) if Path(place).is_file() else open_post_office(str(Path(place).absolute()))
    return Network.of(post, *find_network(post, fingerprint))


def _largest_first(network: Network) -> Iterator[int]:
    sizes = [(len(network.objects[place.name]), at) for at, place in enumerate(network.places)]
    yield from (at for _, at in sorted(sizes, reverse=True))


def _alter(place: str, fingerprint: str, at: int, step: int) -> tuple[Counter[Count], list[str]]:
    network = load(place, fingerprint)
    return alter(network, network.places[at], step=step)


def _exchange(place: str, fingerprint: str, part: range, step: int) -> tuple[Counter[Count], list[str]]:
    network = load(place, fingerprint)
    return exchange(network, list(pairs(network))[::step][part.start : part.stop])


def report(counts: Counter[Count], missed: list[str], seconds: float) -> Iterator[str]:
    """The table by kind of object and kind of change, then what does not matter, then what was missed."""
    kinds = sorted({each.kind for each in counts})
    tried: Counter[tuple[str, str]] = Counter()
    for each, number in counts.items():
        tried[each.kind, each.manner] += number
    yield f"{'':<16}" + "".join(f"{kind:>12}" for kind in kinds)
    for manner in COLUMNS:
        yield f"{manner:<16}" + "".join(f"{tried[kind, manner] or '-':>12}" for kind in kinds)
    for word in (NOTICED, *HARMLESS, UNNOTICED):
        found = Counter(dict.fromkeys(kinds, 0))
        for each, number in counts.items():
            if each.word == word:
                found[each.kind] += number
        yield f"{word:<16}" + "".join(f"{found[kind] or '-':>12}" for kind in kinds)
    for word, why in HARMLESS.items():
        yield f"{word}: {why}"
    total, bad = sum(tried.values()), len(missed)
    yield f"{total:,} alterations in {seconds:.0f} s; {bad:,} that matter were not noticed"
    yield from missed[:100]


if __name__ == "__main__":
    sys.exit(main())
