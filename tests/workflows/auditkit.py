"""A small network in a post office in memory, to be audited after somebody tampered with it."""

import hashlib
from datetime import datetime

from chain.chainkit import NOW, Net
from chain.chainkit import ack as ack_of
from second_verifier import agree

from cipherpost.dispatch.header import Sealed
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import parse_time
from cipherpost.workflows.auditing import Remembered, Subject, audit

__all__ = ["NOW", "Board", "ack_of", "found", "places"]


class Board:
    """``net`` makes notes, `post` lays them into ``store``, `audit` audits it."""

    def __init__(self):
        self.net = Net()
        self.net.found("tver", "kursk")
        self.store = MemoryPost()

    def name(self, channel, number, alternate=None):
        if alternate is not None:
            return names.alternate_name(self.net.network, channel, number, alternate)
        return names.note_name(self.net.network, channel, number)

    def post(self, *notes):
        """Lay notes into their slots; the roster's newest entries too."""
        for made in (*self.net.entries, *notes):
            self.store.create(self.name(*made.slot), made.note)

    def seal(self, data, office="center"):
        """Lay a sealed file down; the `sealed` line for it."""
        sealed = Sealed(hashlib.sha256(data).hexdigest(), len(data))
        self.store.put(names.sealed_name(self.net.network, office, sealed.hash), data)
        return (sealed,)

    def subject(self, *, post=None, remembered=()):
        return Subject(
            post=self.store if post is None else post,
            network=self.net.network,
            fingerprint=self.net.fingerprint,
            remembered=lambda: [Remembered(m.channel, m.number, m.hash, lambda m=m: m.note) for m in remembered],
            clock=lambda: parse_time(NOW),
        )

    def audit(self, *, post=None, remembered=(), sealed=False, as_of=None):
        moment = as_of if as_of is None or isinstance(as_of, datetime) else parse_time(as_of)
        agree(self.store if post is None else post, self.net.network, self.net.fingerprint, moment or parse_time(NOW))
        return audit(self.subject(post=post, remembered=remembered), sealed=sealed, as_of=moment)


def found(report):
    """(code, place) of every finding, gravest first."""
    return [
        (each["code"], "/".join(str(part) for part in (each["channel"], each["number"]) if part is not None))
        for each in report.as_json()["findings"]
    ]


def places(report, code):
    return [place for what, place in found(report) if what == code]


def lines(report):
    shown = list(report.lines())
    assert all(len(line) <= 80 for line in shown)
    return shown
