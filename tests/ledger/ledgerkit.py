"""A small network whose officers sign what they say at times that a test chooses; its ledger is asked at any time."""

import hashlib
from datetime import date, timedelta

from cipherpost.chain.network import Chain
from cipherpost.dispatch.header import (
    Ack,
    Decision,
    Due,
    Head,
    Header,
    Reply,
    Report,
    RosterRef,
    Sealed,
    format_header,
)
from cipherpost.ledger import calendar
from cipherpost.ledger.ledger import Ledger
from cipherpost.note import Purpose, SignerKey, Text

NETWORK = "rkpb"
ZONE = "Europe/Moscow"
MONTHLY = "duty monthly-return all monthly due 5 grace 3 from 2026-10"
BEFORE = "duty conference-before all event"
AFTER = "duty conference-after all event within 7"
EVENT = "e7k2m4qaz"
RETURN = "monthly-return"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def signer(path):
    return SignerKey(f"{NETWORK}/{path}", hashlib.sha256(path.encode()).digest())


def officer(path):
    return f"officer {path} {signer(path).verifier} {sha(f'card {path}')}"


def admit(office, role="committee", officers=("ivanov", "petrova")):
    return [f"office {office} {role}", *(officer(f"{office}/{name}") for name in officers)]


def day(word):
    return date.fromisoformat(word)


def midnight(word, zone=ZONE):
    """24:00 of a day, given as 2026-11-05, in the network's zone."""
    return calendar.end_of(day(word), zone)


def moment(time, seconds):
    """Some seconds later than a time of the protocol."""
    from cipherpost.text import format_time, parse_time

    return format_time(parse_time(time) + timedelta(seconds=seconds))


class Made:
    """A note as its sender made it."""

    def __init__(self, header):
        self.header = header
        text = Text(Purpose.DISPATCH, format_header(header))
        self.hash = text.hash
        self.note = signer(f"{header.office}/{header.by}").sign(text)
        self.channel, self.number = header.channel, header.number
        self.place = f"{self.channel}/{self.number}"


class Net:
    """A center in Moscow's time, its committees, an auditor, and three forms; ``duties`` are stated at the founding."""

    def __init__(self, *offices, duties=(MONTHLY,), zone=ZONE, founded="2026-09-01T08:00:00Z"):
        self.notes, self.tips = [], {}
        self.entry(founded, "keepers stasova", "office center center", "title center Center", officer("center/stasova"))
        self.fingerprint = self.notes[0].hash
        lines = [line for office in offices or ("tver",) for line in admit(office)]
        lines += admit("audit", "auditor", ("petrov",))
        forms = [f"form {form} 1 {sha(form)}" for form in (RETURN, "conference-before", "conference-after", "census")]
        self.entry(founded, f"timezone {zone}", *lines, *forms, *duties)

    # ---- what is signed ----------------------------------------------------------------------------------------------

    def entry(self, time, *lines):
        statements = "".join(f"{line}\n" for line in lines).encode()
        return self._keep("center/roster", time, "stasova", kind="roster", roster=None, statements=statements)

    def send(self, channel, time, *, after=..., **lines):
        """The next dispatch of a channel, or one that follows ``after``; a kind with a letter has one."""
        by = {"center": "stasova", "audit": "petrov"}.get(channel.partition("/")[0], "ivanov")
        kind = lines.get("kind", "message")
        report = lines.get("report")
        bare = kind in {"check", "receipt"} or (report is not None and (report.nil or lines.get("cancels")))
        if not bare:
            lines |= {"letter": sha("letter"), "sealed": (Sealed(sha("sealed"), 1000),)}
        if "acks" in lines:
            lines["acks"] = tuple(sorted(lines["acks"], key=lambda ack: (ack.channel.encode(), ack.number, ack.word)))
        return self._keep(channel, time, lines.pop("by", by), after=after, **lines)

    def _keep(self, channel, time, by, *, after=..., roster=..., kind="message", **lines):
        before = self.tips.get(channel) if after is ... else after
        if roster is ...:
            entry = self.tips["center/roster"]
            roster = RosterRef(entry.number, entry.hash)
        header = Header(
            network=NETWORK,
            channel=channel,
            number=before.number + 1 if before else 1,
            previous=before.hash if before else None,
            time=time,
            by=by,
            kind=kind,
            roster=roster,
        )
        made = Made(header._replace(**lines))
        self.notes.append(made)
        self.tips[channel] = made
        return made

    def report(self, time, form=RETURN, period="2026-10", *, office="tver", nil=False, held=None, seen=True, **lines):
        """A report; ``seen``: the center acks it a minute later, or at the time given."""
        report = Report(form, period, day(held) if held else None, nil)
        made = self.send(f"{office}/center", time, kind="report", report=report, **lines)
        if seen:
            self.ack(moment(time, 60) if seen is True else seen, made)
        return made

    def ack(self, time, made, word="received", *, by="center"):
        """The center, or the auditor, acks a dispatch."""
        to = made.channel.partition("/")[0] if by == "center" else "center"
        return self.send(f"{by}/{to}", time, kind="receipt", acks=(ack(made, word),))

    def look(self, time, made=None, *, office="tver"):
        """The center says how far it has the channel of an office."""
        have = ack(made, "seen") if made else Ack(f"{office}/center", 0, None, "seen")
        return self.send(f"center/{office}", time, kind="check", acks=(have,))

    def decide(self, time, verdict, about=(RETURN, "2026-10"), until=None, *, office="tver"):
        """A verdict; ``about`` is (form, period), or the dispatch that makes a debt."""
        until = day(until) if until else None
        if isinstance(about, Made):
            said = Decision(verdict, office, None, None, about.channel, about.number, until)
        else:
            said = Decision(verdict, office, *about, None, None, until)
        return self.send(f"center/{office}", time, kind="decision", decision=said)

    def order(self, time, last, what="reply", *, to="all", **lines):
        """A circular or instruction with a debt for each addressee."""
        kind = "circular" if to == "all" else "instruction"
        return self.send(f"center/{to}", time, kind=kind, due=Due(day(last), what), **lines)

    def reply(self, time, order, *, office="tver", seen=True, **lines):
        made = self.send(f"{office}/center", time, reply=Reply(order.channel, order.number, order.hash), **lines)
        if seen:
            self.ack(moment(time, 60) if seen is True else seen, made)
        return made

    def act(self, time, order, word, *, office="tver", seen=True):
        """complied, unable or withdrawn."""
        made = self.send(f"{office}/center", time, kind="receipt", acks=(ack(order, word),))
        if seen:
            self.ack(moment(time, 60), made, "seen")
        return made

    # ---- what the ledger says ----------------------------------------------------------------------------------------

    def chain(self, *, without=(), order=None):
        chain = Chain(NETWORK, self.fingerprint)
        for made in order or self.notes:
            if made not in without:
                chain.offer(made.channel, made.number, made.note)
        return chain

    def ledger(self, **given):
        return Ledger(self.chain(**given))

    def debts(self, as_of, **given):
        return self.ledger(**given).debts(as_of)

    def debt(self, as_of, name=f"{RETURN} 2026-10", office="tver", **given):
        """The one debt of that name of an office."""
        (found,) = [debt for debt in self.debts(as_of, **given) if (debt.office, debt.name) == (office, name)]
        return found

    def names(self, as_of, office="tver", **given):
        return [debt.name for debt in self.debts(as_of, **given) if debt.office == office]

    def state(self, as_of, name=f"{RETURN} 2026-10", office="tver", **given):
        return str(self.debt(as_of, name, office, **given).state)

    def codes(self, as_of, **given):
        return [finding.code for finding in self.ledger(**given).findings(as_of)]


def ack(made, word="received"):
    return Ack(made.channel, made.number, made.hash, word)


def head(made):
    return Head(made.channel, made.number, made.hash)
