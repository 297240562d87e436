"""What tests of debts do at the command line with the network of the fixture ``owed``: see `tests/cli/conftest.py`."""

from typing import Any

from cliharness import Clock, Net

from cipherpost.dispatch.header import Decision, Header, parse_header

MARCH = ("monthly-return", "2024-03")


def round_(net: Net, clock: Clock, *homes: str) -> None:
    for home in homes or ("tver", "samara", "center", "tver", "samara"):
        clock.ahead(minutes=1)
        net.ok(home, "fetch")


def order(net: Net) -> str:
    rows = net.ok("center", "outbox", "--json").json["dispatches"]
    return next(f"{row['channel']}/{row['number']}" for row in rows if row["due"])


def nil(net: Net, clock: Clock, *words: str) -> str:
    """A report of tver, which the center has; its place."""
    place = net.ok("tver", *(words or ("report", *MARCH, "--nil", "-m", "No reports were held."))).lines[0]
    round_(net, clock, "center", "tver")
    return place


def header_of(net: Net, place: str) -> Header:
    channel, _, number = place.rpartition("/")
    note = net.note(channel, int(number)).read_bytes()
    return parse_header(note[: note.rindex(b"\n\n") + 1])


def decision(net: Net, place: str) -> Decision:
    header = header_of(net, place)
    assert header.kind == "decision"
    assert header.decision is not None
    return header.decision


def debt(net: Net, office: str, period: str, home: str = "center") -> dict[str, Any]:
    rows = net.ok(home, *(("returns",) if home != office else ("owed", "--all")), "--json").json["debts"]
    return next(
        row for row in rows if row["office"] == office and period in {row["period"], row["event"], row["order"]}
    )


def decided(net: Net, *words: str) -> str:
    done = net.ok("center", *words)
    (place,) = done.lines
    return place


def texts(net: Net, home: str, place: str) -> dict[str, Any]:
    return net.ok(home, "read", place, "--json").json
