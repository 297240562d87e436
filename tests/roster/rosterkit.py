"""A network for the tests of the roster: keys made from names, entries applied in order."""

import hashlib

from cipherpost.dispatch.draft import draft_text
from cipherpost.dispatch.header import DraftRef, Endorsement, Header, RosterRef, Sealed
from cipherpost.dispatch.periods import parse_day
from cipherpost.note import SignerKey
from cipherpost.roster.fold import Roster
from cipherpost.roster.statements import Officer

NETWORK = "rkpb"
TIME = "2026-11-22T09:00:00Z"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def signer(path, generation=0, network=NETWORK):
    return SignerKey(f"{network}/{path}", hashlib.sha256(f"{path} {generation}".encode()).digest())


def vkey(path, generation=0, network=NETWORK):
    return signer(path, generation, network).verifier


def officer(path, generation=0, *, network=NETWORK, card=None):
    office, name = path.split("/")
    return Officer(office, name, vkey(path, generation, network), card or sha(f"card {path} {generation}"))


GENESIS = f"keepers stasova\noffice center center\ntitle center Central Committee\n{officer('center/stasova')}\n"


class Net:
    """A roster under test; `state` applies an entry given as text."""

    def __init__(self, genesis=GENESIS):
        self.roster = Roster()
        if genesis:
            self.state(genesis)

    def header(self, text, **changes):
        number = self.roster.newest + 1
        fields = {
            "network": NETWORK,
            "channel": "center/roster",
            "number": number,
            "previous": self.roster.hash_of(number - 1),
            "time": TIME,
            "by": "stasova",
            "kind": "roster",
            "statements": text.encode() if text.endswith("\n") else f"{text}\n".encode(),
        }
        return Header(**{**fields, **changes})

    def state(self, *lines, **changes):
        """Apply one entry; gives its number."""
        header = self.header("\n".join(str(line) for line in lines), **changes)
        self.roster.apply(header, sha(f"entry {header.number}"))
        return header.number

    def offices(self, *names, role="committee"):
        """Admit offices, each with its officer ivanov; one entry."""
        return self.state(*(line for name in names for line in (f"office {name} {role}", officer(f"{name}/ivanov"))))


def seen(roster, at=None):
    """What the look-ups answer about everything; for comparing."""
    at = roster.newest if at is None else at
    offices = roster.offices(at)
    channels = roster.channels(at)
    return {
        "offices": [(name, roster.office(name), roster.title(name, at), roster.state(name, at)) for name in offices],
        "officers": [[(o.name, o.vkey, o.card, o.since) for o in roster.officers(name, at)] for name in offices],
        "thresholds": [roster.threshold(name, at) for name in offices],
        "checks": [roster.check_days(name, at) for name in offices],
        "groups": roster.groups(at),
        "lateral": [roster.lateral(name, at) for name in roster.groups(at)],
        "keepers": roster.keeper_keys(at),
        "forms": roster.forms(at),
        "duties": roster.duties(at),
        "escrow": [roster.escrow(kind, at) for kind in ("report", "message", "circular", "key")],
        "timezone": roster.timezone(at),
        "channels": channels,
        "read": [roster.channels_read_by(name, at) for name in offices],
        "all": roster.members("all", at),
    }


def whole(roster):
    """What the look-ups answer about every entry, and what speaks of all entries."""
    state = roster._state
    ever = {
        "keys": [roster.keys(office, name) for office in state.offices for name in state.offices[office].by_name],
        "cuts": {name: [roster.cut(at, name) for at in range(roster.newest + 2)] for name in state.pins},
        "pinned": {name: list(pinned) for name, pinned in state.pins.items() if pinned},
        "pins": {channel: roster.pins(channel) for channel in roster.channels(roster.newest)},
        "taken": [roster.taken(entry) for entry in range(roster.newest + 2)],
        "waiting": dict(state.waiting),
        "left": dict(state.left),
        "used": (dict(state.keys), dict(state.cards)),
        "recovery": roster.recovery,
    }
    return [ever, *(seen(roster, at) for at in range(roster.newest + 2))]


def dispatch(channel, number, by, at, kind="instruction", endorsers=(), fingerprint="", signers=None):
    """A header that relies on entry ``at``, endorsed by officers (names) with their first keys."""
    office = channel.partition("/")[0]
    header = Header(
        NETWORK, channel, number, sha("before") if number > 1 else None, TIME, by, kind,
        roster=RosterRef(at, sha(f"entry {at}")), letter=sha("letter"), sealed=(Sealed(sha("sealed"), 9),),
        draft=DraftRef(31, parse_day("2026-12-22")) if endorsers else None,
    )  # fmt: skip
    return endorse(
        header, {name: (signers or {}).get(name) or signer(f"{office}/{name}") for name in endorsers}, fingerprint
    )


def endorse(header, keys, fingerprint):
    """``header`` with endorsements by the keys given, name to signer."""
    if not keys:
        return header
    header = header._replace(draft=header.draft or DraftRef(31, parse_day("2026-12-22")))
    text = draft_text(fingerprint, header)
    return header._replace(endorsed=tuple(Endorsement(name, keys[name].sign_raw(text)) for name in sorted(keys)))
