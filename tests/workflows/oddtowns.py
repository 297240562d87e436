"""Networks made at random, mostly right and odd here and there, as a post office may hold them."""

from datetime import date

from chain.chainkit import Made, Net, draft, officer, sha, signer

from cipherpost.dispatch.header import (
    Ack,
    Decision,
    Due,
    Head,
    HeadsFile,
    KeyRef,
    Missing,
    Reply,
    Report,
    RosterRef,
    Sealed,
    format_header,
)  # fmt: skip
from cipherpost.dispatch.heads import format_heads
from cipherpost.errors import CipherpostError
from cipherpost.note import Purpose, Text
from cipherpost.postoffice import names
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.text import sha256

FORM, BEFORE, AFTER = "monthly-return", "conference-before", "conference-after"
COMMITTEES = ("tver", "kursk", "orel", "pskov")
AUDITORS = ("audit", "review")
GROUPS = ("east", "north")
BY_OFFICE = {"circular", "instruction", "decision", "report", "audit"}
EVENT = "e7k2m9qa2b"
CHANNELS = (
    "center/all", "center/north", "center/center", *(f"center/{each}" for each in (*COMMITTEES, "audit")),
    *(f"{each}/center" for each in (*COMMITTEES, *AUDITORS)), "tver/east", "kursk/east", "orel/orel", "tver/kursk",
    "review/review", "nobody/center",
)  # fmt: skip


class OddTown:
    """A network as ``rng`` (`random.Random`) makes it; `lay` puts it into a post office."""

    def __init__(self, rng):
        self.rng = rng
        self.net = Net()
        self.ends = {}
        self.made = []
        self.evidence = []
        self.junk = {}
        self.beside = []
        self.heads_files = []
        self.generation = {}
        self.odd = rng.choice((0.003, 0.01, 0.03, 0.1))
        self.roster = self.net.chain().roster
        self.entry("office tver committee", *self.officers("tver"), "office kursk committee", *self.officers("kursk"))
        self.entry("office orel committee", *self.officers("orel"), "office pskov committee", *self.officers("pskov"))
        self.entry("office audit auditor", *self.officers("audit"), "office review auditor", *self.officers("review"))
        self.entry("group east kursk orel tver", "group north orel pskov", "lateral east")
        self.entry(f"form {FORM} 1 {sha('form')}", f"duty {FORM} all monthly due 5 grace 3 from 2026-08")
        if rng.random() < 0.7:
            self.entry(f"form {BEFORE} 1 {sha('b')}", f"form {AFTER} 1 {sha('a')}", f"duty {BEFORE} all event",
                       f"duty {AFTER} all event within 7")  # fmt: skip
        if rng.random() < 0.6:
            self.entry(officer("center/sverdlov"), "threshold center 2")
        if rng.random() < 0.3:
            self.entry("threshold tver 2")
        for _ in range(rng.randrange(15, 90)):
            self.step()

    def officers(self, office):
        return officer(f"{office}/ivanov"), officer(f"{office}/petrova")

    def is_odd(self, much=1.0):
        return self.rng.random() < self.odd * much

    # ---- the roster --------------------------------------------------------------------------------------------------

    def entry(self, *lines):
        made = self.net.entry(*lines)
        try:
            self.roster = self.net.chain().roster
        except CipherpostError:
            self.net.entries.pop()
        return made

    def cuts(self, office):
        number, rng = len(self.net.entries) + 1, self.rng
        for channel, notes in sorted(self.ends.items()):
            if channel.partition("/")[0] == office and notes and rng.random() < 0.8:
                at = rng.choice(notes[-3:])
                yield f"cut {number} {channel} {at.number} {at.hash if rng.random() < 0.9 else sha('other')}"

    def change(self):
        rng = self.rng
        office = rng.choice((*COMMITTEES, *AUDITORS))
        who = f"{office}/{rng.choice(('ivanov', 'petrova'))}"
        what = rng.randrange(12)
        if what == 0:
            self.entry(f"retire {who}", *self.cuts(office))
        elif what == 1:
            self.entry(f"compromised {who}", *self.cuts(office))
        elif what == 2:
            self.entry(f"suspend {office}", *self.cuts(office))
        elif what == 3:
            self.entry(f"reinstate {office}")
        elif what == 4:
            self.entry(f"dissolve {office}", *self.cuts(office))
        elif what == 5:
            generation = self.generation.get(who, 0) + 1
            before = len(self.net.entries)
            self.entry(officer(who, generation), *self.cuts(office))
            if len(self.net.entries) > before:
                self.generation[who] = generation
        elif what == 6 and self.made:
            at = rng.choice(self.made)
            self.entry(f"settle {at.channel} {at.number} {at.hash if rng.random() < 0.8 else sha('other')}")
        elif what == 7:
            self.entry(f"check {rng.choice(('center', office))} {rng.choice(('weekly', 'monthly', 'daily'))}")
        elif what == 8:
            self.entry(f"timezone {rng.choice(('Europe/Moscow', '+03:00', 'America/New_York'))}")
        elif what == 9:
            self.entry(f"escrow report {rng.choice(('audit', 'none'))}")
        elif what == 10:
            self.entry(f"threshold {office} {rng.choice((1, 2))}")
        else:
            self.entry(officer(f"{office}/newman"))

    # ---- dispatches --------------------------------------------------------------------------------------------------

    def step(self):
        if self.rng.random() < 0.05:
            self.change()
        else:
            self.dispatch(self.rng.choice(CHANNELS))

    def time(self):
        rng = self.rng
        if self.is_odd():
            return rng.choice(("2062-01-01T00:00:00Z", "2026-12-03T00:00:00Z", "2020-02-29T12:00:00Z"))
        at = len(self.made) + (rng.randrange(-30, 30) if self.is_odd(3) else 0)
        day = max(0, at + 20)
        return f"2026-{9 + day // 28 % 4:02}-{1 + day % 28:02}T{rng.randrange(24):02}:00:00Z"

    def hash_of(self, made):
        return sha("another text") if self.is_odd() else made.hash

    def cited(self, prefix=""):
        fitting = [each for each in self.made if each.channel.startswith(prefix)]
        return self.rng.choice(fitting[-12:]) if fitting else None

    def acks(self, prefix):
        rng, found = self.rng, {}
        for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
            at = self.cited(prefix)
            word = rng.choice(("seen", "received", "read", "received", "failed", "complied", "unable", "withdrawn"))
            if at is not None:
                number = at.number + (rng.randrange(1, 4) if self.is_odd() else 0)
                found[at.channel, number, word] = Ack(at.channel, number, self.hash_of(at), word)
        if rng.random() < 0.05:
            where = f"{prefix or 'tver/'}center" if not prefix.startswith("center") else "center/all"
            if not any(ack.channel == where for ack in found.values()):
                found[where, 0, "none"] = Ack(where, 0, None, "seen")
        return tuple(sorted(found.values(), key=lambda a: (a.channel.encode(), a.number, a.word)))

    def head_lines(self, office, channel):
        found = {}
        if self.rng.random() < 0.15:
            at = self.cited(f"{office}/")
            if at is not None and at.channel != channel:
                number = at.number + (3 if self.is_odd() else 0)
                found[at.channel] = Head(at.channel, number, self.hash_of(at))
        return tuple(found.values())

    def dispatch(self, channel):
        rng, net = self.rng, self.net
        newest = len(net.entries)
        office, _, audience = channel.partition("/")
        notes = self.ends.setdefault(channel, [])
        after = notes[-1] if notes else None
        fields = self.fields(office, audience, channel)
        fields["time"] = self.time()
        names_ = [
            each for each in ("ivanov", "petrova", "newman") if self.roster.officer(office, each, newest) is not None
        ]
        by = "stasova" if office == "center" else rng.choice(names_ or ["ivanov"])
        if self.is_odd():
            by = rng.choice(("newman", "nobody", "sverdlov"))
        key = signer(f"{office}/{by}", self.generation.get(f"{office}/{by}", 0))
        if self.is_odd(0.5):
            key = signer(f"{office}/{by}", rng.choice((0, 1, 2)))
        roster = newest
        if self.is_odd(2):
            roster = rng.randrange(1, newest + 1)
        needed = fields["kind"] in BY_OFFICE and self.roster.threshold(office, newest) > 1
        if needed is not self.is_odd():
            others = ("sverdlov",) if office == "center" else ("ivanov", "petrova")
            fields["endorsers"] = tuple(each for each in others if each != by or self.is_odd())
            last_day = "2027-12-31" if not self.is_odd() else "2026-10-10"
            fields["draft"] = draft(len(self.made) + 1 if not self.is_odd(4) else 7, last_day)
        if self.is_odd(0.5) and after is not None:
            after = rng.choice(notes)
        if self.is_odd(0.3) and after is not None:
            fields["number"] = after.number + rng.choice((1, 2, 3))
        if self.is_odd(0.3):
            fields["roster"] = newest + 1
        try:
            made = self.make(channel, after, by=by, pen=key, at=roster, **fields)
        except CipherpostError:
            return  # no header can be so
        self.place(made, notes)

    def make(self, channel, after, *, by, pen, at, endorsers=(), roster=None, draft=None, **fields):
        net = self.net
        ref = RosterRef(at, net.entries[at - 1].hash)
        if roster is not None:
            ref = RosterRef(roster, sha("to come"))
        elif self.is_odd(0.3):
            ref = RosterRef(at, sha("another entry"))
        plain = net.make(channel, after, by=by, key=pen, kind="message").header
        header = plain._replace(roster=ref, letter=None, sealed=())._replace(**fields)
        if endorsers:
            header = net.endorse(header._replace(draft=draft), endorsers)
        Text(Purpose.DISPATCH, format_header(header))
        return Made(header, pen)

    def place(self, made, notes):
        rng, odd = self.rng, self.is_odd
        notes.append(made)
        self.made.append(made)
        if odd(0.4):
            return  # never posted, or lost
        slot = names.note_name(self.net.network, *made.slot)
        if slot in self.junk or odd(0.3):
            self.beside.append((names.alternate_name(self.net.network, *made.slot, made.hash), made.note))
            return
        note = made.note
        if odd(0.2):
            note = rng.choice((b"junk", made.note[:-5], made.note + b"x", b"", made.note.replace(b"/v1", b"/v2", 1),
                               rng.choice(self.made).note))  # fmt: skip
        elif odd(0.2):
            note = (
                made.note
                + signer(f"{made.channel.partition('/')[0]}/petrova").sign(made.text)[len(made.text.data) + 1 :]
            )
        self.junk[slot] = note
        if odd(0.4):
            self.evidence.append((rng.choice(("tver", "center", "audit")), made))
        if odd(0.2):
            twin = self.twin(made)
            if twin is not None:
                if rng.random() < 0.5:
                    self.evidence.append((rng.choice(("tver", "center", "audit")), twin))
                else:
                    self.beside.append((names.alternate_name(self.net.network, *twin.slot, twin.hash), twin.note))
                if rng.random() < 0.3:
                    notes.append(twin)
                    self.made.append(twin)

    def twin(self, made):
        by = self.rng.choice((made.header.by, "petrova"))
        header = made.header._replace(time="2026-11-05T10:00:00Z", by=by, draft=None, endorsed=())
        try:
            return Made(header, signer(f"{header.office}/{by}", self.generation.get(f"{header.office}/{by}", 0)))
        except CipherpostError:
            return None

    # ---- what headers say --------------------------------------------------------------------------------------------

    def fields(self, office, audience, channel):
        rng, letter = self.rng, {"letter": sha("letter"), "sealed": (Sealed(sha("sealed"), 1000),)}
        role = "center" if office == "center" else "auditor" if office in AUDITORS else "committee"
        group = audience in {"all", *GROUPS}
        if group:
            kind = rng.choice(
                ("circular", "circular", "key", "check") if role == "center" else ("message", "check", "key")
            )
        elif audience == office:
            kind = rng.choice(("message", "check", "receipt"))
        elif role == "center":
            kind = rng.choice(("instruction", "decision", "receipt", "check", "message", "key"))
        elif role == "auditor":
            kind = rng.choice(("audit", "receipt", "check", "message", "report"))
        else:
            kind = rng.choice(("report", "report", "report", "message", "receipt", "check"))
        if self.is_odd(0.5):
            kind = rng.choice(("circular", "report", "audit", "decision", "instruction", "receipt", "key"))
        found = {"kind": kind}
        if kind not in {"check", "receipt"}:
            found |= letter
        if kind == "report":
            found["report"] = self.report()
            if found["report"].nil and rng.random() < 0.7:
                del found["letter"], found["sealed"]
        if kind == "decision":
            found["decision"] = self.decision(audience)
        if kind in {"circular", "instruction"} and rng.random() < 0.6:
            found["due"] = Due(
                date(2026, rng.choice((10, 11, 12)), rng.randrange(1, 28)), rng.choice(("reply", "complied"))
            )
        if kind == "audit":
            found["heads_file"] = self.heads_file()
        if kind == "key" and not group:
            found["key"] = KeyRef(f"{office}/{rng.choice(('all', 'north', 'east'))}", rng.randrange(1, 6))
        if group and kind in {"circular", "message"} and rng.random() < 0.4:
            found["key"] = KeyRef(None, rng.randrange(1, 6))
        if not group:
            prefix = "" if role == "auditor" and audience == "center" else f"{audience}/"
            found["acks"] = self.acks(prefix)
            found["heads"] = self.head_lines(office, channel)
            if rng.random() < 0.1 and self.cited(prefix):
                at = self.cited(prefix)
                found["missing"] = (Missing(at.channel, at.number + 1, at.number + 2),)
            if kind in {"check", "receipt"} and not (found["acks"] or found["heads"]) and not self.is_odd():
                found["missing"] = (Missing(f"{audience}/{office}", 90, 90),)
        if kind in {"message", "report", "instruction"} and rng.random() < 0.3:
            at = self.cited("center/" if rng.random() < 0.7 else "")
            if at is not None:
                found["reply"] = Reply(*at.slot, self.hash_of(at))
        notes = self.ends.get(channel, ())
        if notes and kind not in {"check", "receipt", "key"} and rng.random() < 0.2:
            low = [at for at in notes if self.is_odd(2) or (at.header.kind in BY_OFFICE) is (kind in BY_OFFICE)]
            if low:
                which = rng.choice(("supersedes", "cancels"))
                found[which] = rng.choice(low).number
                if which == "cancels" and not self.is_odd():
                    found.pop("due", None)
        return found

    def report(self):
        rng = self.rng
        what = rng.random()
        if what < 0.7:
            return Report(FORM, rng.choice(("2026-08", "2026-09", "2026-10", "2026-11")), None, rng.random() < 0.2)
        form = rng.choice((BEFORE, AFTER))
        return Report(form, EVENT, date(2026, rng.choice((10, 11)), rng.randrange(1, 28)), nil=False)

    def decision(self, office):
        rng = self.rng
        verdict = rng.choice(("excused", "accepted", "owed", "extended", "sent-back"))
        day = date(2026, 11, rng.randrange(1, 28)) if verdict in {"extended", "sent-back"} else None
        order = self.cited("center/") if rng.random() < 0.3 else None
        if order is not None:
            return Decision(verdict, office, None, None, *order.slot, day)
        return Decision(verdict, office, FORM, rng.choice(("2026-08", "2026-09", "2026-10")), None, None, day)

    def heads_file(self):
        rng, heads = self.rng, {}
        for _ in range(rng.randrange(1, 5)):
            at = self.cited()
            if at is not None:
                number = at.number + (2 if self.is_odd() else 0)
                heads[at.channel] = Head(at.channel, number, self.hash_of(at))
        heads = heads or {"tver/center": Head("tver/center", 1, sha("far"))}
        data = format_heads(tuple(sorted(heads.values(), key=lambda each: each.channel.encode())))
        if not self.is_odd():
            self.heads_files.append(data)
        return HeadsFile(sha256(data), len(data))

    # ---- the post office -------------------------------------------------------------------------------------------

    def lay(self, post=None):
        net, post = self.net, post or MemoryPost()
        entries = net.entries
        for made in entries:
            post.create(names.note_name(net.network, *made.slot), made.note)
        for name, note in (*self.junk.items(), *self.beside):
            post.create(name, note)
        for office, made in self.evidence:
            post.put(names.evidence_name(net.network, office, made.hash), made.note)
        for data in self.heads_files:
            for auditor in AUDITORS:
                post.put(names.heads_name(net.network, auditor, sha256(data)), data)
        return post

    def remembered(self):
        """What a home remembers, most of it there."""
        return [made for made in self.made if self.rng.random() < 0.1]
