"""A network for the tests of the chain: officers sign, the roster grows, and any note can be made, right or wrong."""

import hashlib
from datetime import date

from cipherpost.chain.network import Chain
from cipherpost.dispatch.draft import draft_text
from cipherpost.dispatch.header import Ack, DraftRef, Endorsement, Header, RosterRef, Sealed, format_header
from cipherpost.note import Purpose, SignerKey, Text

NETWORK = "rkpb"
NOW = "2026-12-01T00:00:00Z"
TIME = "2026-11-22T09:00:00Z"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def signer(path, generation=0, network=NETWORK):
    return SignerKey(f"{network}/{path}", hashlib.sha256(f"{path} {generation}".encode()).digest())


def officer(path, generation=0, network=NETWORK):
    return f"officer {path} {signer(path, generation, network).verifier} {sha(f'card {path} {generation} {network}')}"


class Made:
    """A note as its sender made it."""

    def __init__(self, header, key):
        self.header = header
        self.text = Text(Purpose.DISPATCH, format_header(header))
        self.hash = self.text.hash
        self.note = key.sign(self.text)
        self.channel, self.number = header.channel, header.number
        self.slot = (self.channel, self.number)

    def __repr__(self):
        return f"<{self.channel}/{self.number} by {self.header.by} {self.hash[:6]}>"


class Net:
    """Makes the notes of a network; `chain` gives a verifier that was fed the roster."""

    def __init__(self, *, network=NETWORK, keepers=("stasova",)):
        self.network = network
        self.entries = []
        self.entry(
            f"keepers {keepers[0]}",
            "office center center",
            "title center Central Committee",
            officer(f"center/{keepers[0]}", network=network),
        )
        self.fingerprint = self.entries[0].hash

    def entry(self, *lines, by="stasova", number=None, previous=..., key=None, endorsers=(), draft=31, **changes):
        """Make the next roster entry."""
        number = number or len(self.entries) + 1
        if previous is ...:
            previous = self.entries[number - 2].hash if number > 1 else None
        header = Header(
            network=self.network,
            channel="center/roster",
            number=number,
            previous=previous,
            time=f"2026-11-{min(number, 28):02}T08:00:00Z",
            by=by,
            kind="roster",
            statements="".join(f"{line}\n" for line in lines).encode(),
        )._replace(**changes)
        if endorsers:
            header = self.endorse(header._replace(draft=DraftRef(draft, date(2026, 12, 22))), endorsers)
        made = Made(header, key or signer(f"center/{by}", network=self.network))
        if number == len(self.entries) + 1:
            self.entries.append(made)
        return made

    def endorse(self, header, officers):
        fingerprint = self.entries[0].hash
        blank = header._replace(endorsed=(Endorsement("nobody", bytes(64)),))
        signed = sorted(
            (name, signer(f"{header.office}/{name}", network=self.network).sign_raw(draft_text(fingerprint, blank)))
            for name in officers
        )
        return header._replace(endorsed=tuple(Endorsement(*each) for each in signed))

    def found(self, *offices, role="committee"):
        """Admit offices with two officers each, ivanov and petrova, in one entry."""
        lines = []
        for office in offices:
            lines += [f"office {office} {role}", officer(f"{office}/ivanov"), officer(f"{office}/petrova")]
        return self.entry(*lines)

    def make(self, channel, after=None, *, by="ivanov", kind="message", roster=None, key=None, endorsers=(), **changes):
        """Make the dispatch that follows ``after`` (None: number 1), relying on the newest entry or ``roster``."""
        at = len(self.entries) if roster is None else roster
        letter = kind not in {"check", "receipt", "report"}
        header = Header(
            network=self.network,
            channel=channel,
            number=after.number + 1 if after else 1,
            previous=after.hash if after else None,
            time=TIME,
            by=by,
            kind=kind,
            roster=RosterRef(at, self.entries[at - 1].hash) if 0 < at <= len(self.entries) else None,
            letter=sha("letter") if letter else None,
            sealed=(Sealed(sha("sealed"), 1000),) if letter else (),
        )._replace(**changes)
        if endorsers:
            header = self.endorse(header, endorsers)
        return Made(header, key or signer(f"{header.office}/{by}", network=self.network))

    def run(self, channel, count, after=None, **changes):
        """Make ``count`` dispatches that follow one another."""
        made = []
        for _ in range(count):
            after = self.make(channel, after, **changes)
            made.append(after)
        return made

    def chain(self, *notes, entries=None):
        """A verifier with the roster so far (or its first ``entries``), fed ``notes``."""
        chain = Chain(self.network, self.fingerprint)
        feed(chain, self.entries[:entries])
        feed(chain, notes)
        return chain


def feed(chain, notes):
    """Offer notes; gives the last entry."""
    entry = None
    for made in notes:
        entry = chain.offer(made.channel, made.number, made.note)
    return entry


def offer(chain, made):
    return chain.offer(made.channel, made.number, made.note)


def status(chain, made):
    """counts, void or held; refused when the chain does not have it."""
    entry = chain.channel(made.channel).by_hash(made.hash)
    return entry.status if entry else "refused"


def reason(chain, made):
    return type(chain.channel(made.channel).by_hash(made.hash).reason).__name__


def counting(chain, channel):
    return [node.hash for node in chain.channel(channel).counting()]


def codes(chain, now=NOW):
    return [finding.code for finding in chain.findings(now)]


def ack(made, word="received"):
    return Ack(made.channel, made.number, made.hash, word)


def draft(number=5, until="2026-12-22"):
    return DraftRef(number, date.fromisoformat(until))
