"""Blind changes of bytes, drawn by lot from a given number: what the tests do, on few inputs."""

import random
from collections.abc import Iterator, Sequence

_CHOICE = (
    b"",
    b"\n",
    b"\n\n",
    b"\0",
    b" ",
    b"-",
    b"\xff",
    b"\xe2\x80\x94 ",
    b"\r\n",
    b"99999999999",
    b"[" * 99,
    b'"\\ud800"',
)


def changed(seeds: Sequence[bytes], count: int, *, lot: int) -> Iterator[bytes]:
    """``count`` inputs: seeds with one to four places flipped, cut, doubled, or mixed with another seed."""
    draw = random.Random(lot)
    for _ in range(count):
        data = draw.choice(seeds)
        for _ in range(draw.randint(1, 4)):
            data = _change(draw, data, seeds)
        yield data


def _change(draw: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    one, two = sorted((draw.randint(0, len(data)), draw.randint(0, len(data))))
    two = min(two, one + draw.choice((1, 8, 64, 4096)))
    kind = draw.randrange(6)
    if kind == 0 and data:
        at = min(one, len(data) - 1)
        return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:one] + data[two:]
    if kind == 2:
        return data[:two] + data[one:two] * draw.choice((1, 2, 40)) + data[two:]
    if kind == 3:
        other = draw.choice(seeds)
        return data[:one] + other[draw.randint(0, len(other)) :]
    if kind == 4:
        return data[:one] + draw.choice(_CHOICE) + data[two:]
    return data[:one]
