"""The ledger of a large network over a year: judged once, and again after one more report."""

import gc
import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.measure import Figure, seconds
from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import Ack, Header, Report, RosterRef, Sealed, format_header
from cipherpost.ledger.ledger import Ledger
from cipherpost.note import Purpose, SignerKey, Text
from cipherpost.text import sha256

GROUP: Final = "the ledger"
NETWORK: Final = "rkpb"
FORM: Final = "monthly-return"
NOW: Final = "2027-01-20T12:00:00Z"
LATER: Final = "2027-01-20T12:05:00Z"
_SEALED: Final = (Sealed(sha256(b"sealed"), 12_345),)


def figures(_folder: Path, *, quick: bool) -> Iterator[Figure]:
    """All figures of this module."""
    offices = 1_000 if quick else 10_000
    stage = _Stage(offices)
    ledger = Ledger(stage.chain)
    first = seconds(lambda: ledger.debts(NOW), gc.collect)
    assert len(ledger.debts(NOW)) == 13 * offices  # twelve months, and the one that runs
    stage.report(0, "2027-01")
    again = seconds(lambda: ledger.debts(LATER), gc.collect)
    yield Figure(group=GROUP, name=f"{offices:,} offices, 12 months", ours=first, target=1.5)
    yield Figure(group=GROUP, name="the same, after one more report", ours=again, target=0.1)


class _Stage:
    """A network whose offices each sent a report for every month of 2026, and the center's receipts for them.

    Every tenth office is late once, and every twentieth has left one out.
    """

    def __init__(self, offices: int) -> None:
        self._entries: list[Text] = []
        self._tips: dict[str, Text] = {}
        self._numbers: dict[str, int] = {}
        self._signers: dict[str, SignerKey] = {}
        self.names = [f"office-{at:05}" for at in range(offices)]
        genesis = self._entry(
            1,
            "2025-12-01T09:00:00Z",
            ["keepers stasova", "office center center", "title center Center", *self._officer("center", "stasova")],
        )
        self.chain = Chain(NETWORK, genesis[0].hash)
        self._offer_entry(genesis)
        lines = [line for name in self.names for line in (f"office {name} committee", *self._officer(name, "ivanov"))]
        for at in range(0, len(lines), 10_000):
            self._offer_entry(self._entry(len(self._entries) + 1, "2025-12-02T09:00:00Z", lines[at : at + 10_000]))
        stated = [f"form {FORM} 1 {sha256(b'form')}", f"duty {FORM} all monthly due 5 grace 3 from 2026-01"]
        self._offer_entry(self._entry(len(self._entries) + 1, "2025-12-03T09:00:00Z", stated))
        for at, name in enumerate(self.names):
            self._year(at, name)

    def _officer(self, office: str, name: str) -> list[str]:
        path = f"{office}/{name}"
        key = SignerKey(f"{NETWORK}/{path}", hashlib.sha256(path.encode()).digest())
        self._signers[office] = key
        return [f"officer {path} {key.verifier} {sha256(path.encode())}"]

    def _entry(self, number: int, moment: str, lines: list[str]) -> tuple[Text, bytes]:
        header = Header(
            network=NETWORK,
            channel="center/roster",
            number=number,
            previous=self._entries[-1].hash if self._entries else None,
            time=moment,
            by="stasova",
            kind="roster",
            statements="".join(f"{line}\n" for line in lines).encode(),
        )
        text = Text(Purpose.DISPATCH, format_header(header))
        return text, self._signers["center"].sign(text)

    def _offer_entry(self, entry: tuple[Text, bytes]) -> None:
        self._entries.append(entry[0])
        self.chain.offer("center/roster", len(self._entries), entry[1])

    def _year(self, at: int, name: str) -> None:
        own, told = [], []
        for month in range(1, 13):
            if at % 20 == 1 and month == 1 + at // 20 % 12:
                continue
            late = at % 10 == 0 and month == 1 + at // 10 % 12
            day = f"{2026 + month // 12}-{month % 12 + 1:02}-{12 if late else 3:02}"
            report = self._dispatch(
                f"{name}/center",
                f"{day}T09:00:00Z",
                kind="report",
                report=Report(FORM, f"2026-{month:02}", None, nil=False),
                letter=sha256(b"letter"),
                sealed=_SEALED,
            )
            own.append(report[1:])
            ack = Ack(f"{name}/center", report[1], report[0].hash, "received")
            told.append(self._dispatch(f"center/{name}", f"{day}T15:00:00Z", kind="receipt", acks=(ack,))[1:])
        deque(self.chain.offer_all(f"{name}/center", own), maxlen=0)
        deque(self.chain.offer_all(f"center/{name}", told), maxlen=0)

    def report(self, at: int, period: str) -> None:
        """One more report."""
        channel = f"{self.names[at]}/center"
        made = self._dispatch(
            channel,
            "2027-01-20T12:01:00Z",
            kind="report",
            report=Report(FORM, period, None, nil=False),
            letter=sha256(b"letter"),
            sealed=_SEALED,
        )
        assert self.chain.offer(channel, *made[1:]).counts

    def _dispatch(self, channel: str, moment: str, **lines: object) -> tuple[Text, int, bytes]:
        office = channel.partition("/")[0]
        number = self._numbers.get(channel, 0) + 1
        before = self._tips.get(channel)
        header = Header(
            network=NETWORK,
            channel=channel,
            number=number,
            previous=before.hash if before is not None else None,
            time=moment,
            by="stasova" if office == "center" else "ivanov",
            roster=RosterRef(len(self._entries), self._entries[-1].hash),
            **lines,  # type: ignore[arg-type]
        )
        text = Text(Purpose.DISPATCH, format_header(header))
        self._tips[channel], self._numbers[channel] = text, number
        return text, number, self._signers[office].sign(text)
