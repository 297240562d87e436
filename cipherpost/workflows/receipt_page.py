"""What a receipt says: the facts it proves, and the page for people that lies in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from cipherpost.dispatch.header import Header


class Said(NamedTuple):
    """What the other office said: ``word`` about ``number`` of the channel, in ``place``; time by its own clock."""

    word: str
    number: int
    officer: str
    place: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt proves: ``said`` of the dispatch by the office written to; ``entries``: of the roster in it."""

    network: str
    fingerprint: str
    header: "Header"
    hash: str
    title: str
    to: str
    said: tuple[Said, ...]
    entries: int

    @property
    def place(self) -> str:
        """The dispatch: ``tver/center/12``."""
        return f"{self.header.channel}/{self.header.number}"

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signed the dispatch: the officer who posted it, then those who endorsed it."""
        return (self.header.by, *(each.officer for each in self.header.endorsed))

    @property
    def report(self) -> str:
        """The report it carries, empty where it is none."""
        report = self.header.report
        return "" if report is None else f"{report.form} {report.period}{' nil' if report.nil else ''}"

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, value) of what is shown."""
        header = self.header
        yield "receipt", f"good: {header.audience} has said that it has this dispatch"
        yield "dispatch", self.place
        yield "kind", header.kind + (f", {self.report}" if self.report else "")
        yield "from", _titled(header.office, self.title)
        yield "to", _titled(header.audience, self.to)
        yield "signed by", ", ".join(self.signers)
        yield "time", f"{header.time}, by the sender's clock"
        yield "hash", self.hash
        for each in header.sealed:
            yield "sealed file", f"{each.hash}, {each.size} bytes; not in the receipt"
        for said in self.said:
            yield f"said {said.word}", f"{self.about(said)}by {said.officer}, {said.place} of {said.time}"
        yield "roster", f"entries 1 to {self.entries}; what came after them is not in it"

    def about(self, said: Said) -> str:
        """What a word is about, where it is not the dispatch itself."""
        return "" if said.number == self.header.number else f"of number {said.number} and all before it, "

    def as_json(self) -> dict[str, Any]:
        """The object that ``verify --json`` prints."""
        header = self.header
        return {
            "receipt": True,
            "network": self.network,
            "fingerprint": self.fingerprint,
            "channel": header.channel,
            "number": header.number,
            "hash": self.hash,
            "kind": header.kind,
            "report": self.report or None,
            "from": header.office,
            "title": self.title,
            "to": header.audience,
            "signers": list(self.signers),
            "time": header.time,
            "roster": self.entries,
            "sealed": [{"hash": each.hash, "bytes": each.size} for each in header.sealed],
            "said": [
                {"word": said.word, "number": said.number, "by": said.officer, "in": said.place, "time": said.time}
                for said in self.said
            ],
        }


def _titled(name: str, title: str) -> str:
    return name if title == name else f"{name} ({title})"


# ---- the page -------------------------------------------------------------------------------------------------------

_TEXT: Final = """\
A RECEIPT

{receiver} has said, and signed, that it has the
dispatch {place} of {sender}.

Do not believe this page: check the file that it lies in. Nobody needs a key, a
home or a line for that:

    cipherpost verify FILE --fingerprint \\
      {fingerprint}

You must know from elsewhere that this is the fingerprint of the network
{network}; the center publishes it.

{facts}

What this proves
- An officer of {office}, in good standing by the roster, signed the dispatch
  of this hash.
- An officer of {audience}, in good standing by the roster, signed that it has
  it. "seen": the dispatch is there and counts, and so does all before it.
  "received": its letter was opened and verified. "read": it was shown to a
  person. "failed": the dispatch counts, and its letter could not be opened.
- The dispatch names its sealed file by the hash. Whoever has that file and can
  open it can show what was sent.

What this does not prove
- What the letter says, or that anybody agrees with it.
- That the times are right: each is by the clock of the one who signed.
- What came later: a correction, a cancellation, or an entry of the roster after
  number {entries} that takes back what an officer signed. An audit of the whole
  post office shows these.
"""
"""The page of version 1. Receipts that were handed out hold it word for word: change it, and they are refused."""


def page(receipt: Receipt) -> bytes:
    """``README.txt`` of a receipt; a part of its format, so that it never changes."""
    header = receipt.header
    facts = [
        ("dispatch", receipt.place),
        ("kind", header.kind),
        *([("report", receipt.report)] if receipt.report else []),
        ("signed by", ", ".join(receipt.signers)),
        ("time", header.time),
        ("hash", receipt.hash),
        *(("sealed file", f"{each.hash}, {each.size} bytes") for each in header.sealed),
        *(
            (f"said {each.word}", f"{receipt.about(each)}{each.place} of {each.time}, by {each.officer}")
            for each in receipt.said
        ),
        ("roster", f"entries 1 to {receipt.entries}"),
    ]
    return _TEXT.format(
        receiver=_titled(header.audience, receipt.to),
        sender=_titled(header.office, receipt.title),
        place=receipt.place,
        network=receipt.network,
        fingerprint=receipt.fingerprint,
        office=header.office,
        audience=header.audience,
        entries=receipt.entries,
        facts="\n".join(f"    {name:<13}  {value}" for name, value in facts),
    ).encode()
